//! Small files verified alone: that an entry lies under a checkpoint, all entries of a stream, a checkpoint, two that cannot both
//! be true.

use super::super::checkpoint::{self, instant, shown};
use super::super::failure::Failure;
use super::super::files;
use super::super::output::{self, Format};
use super::kind::Kind;
use annals::record::account::Account;
use annals::record::causes;
use annals::report::table::Cell;
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::entry::Entry;
use annals::trail::fork::Fork;
use annals::trail::hash::LeafHash;
use annals::trail::merkle;
use annals::trail::note::NOTE_LIMIT;
use annals::trail::policy::Policy;
use annals::trail::proof::Proof;
use annals::trail::quorum::Backing;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

/// The most bytes of a proof or a fork: an entry in base64, two checkpoints, and what connects them.
const LIMIT: u64 = 3 * NOTE_LIMIT as u64;
/// The most bytes of an account, which is read into memory: some sixty thousand entries.
const ACCOUNT_LIMIT: u64 = 1 << 26;

/// One thing that was looked at: whether it holds, and what there is to say.
struct Line {
    check: &'static str,
    holds: Option<bool>,
    words: String,
}

impl Line {
    fn new(check: &'static str, holds: Option<bool>, words: String) -> Self {
        Self { check, holds, words }
    }
}

/// What was found.
struct Judged {
    kind: Kind,
    lines: Vec<Line>,
    /// What is known of it besides.
    members: Map<String, Value>,
    /// Whether enough witnesses vouch for it, which they do not where none is asked for; nothing where nobody was given whose word
    /// counts.
    witnessed: Option<bool>,
}

/// Verifies a file of one of these kinds, under keys that are known from elsewhere.
pub(super) fn verify(
    kind: Kind,
    target: &Path,
    policy: Option<&Policy>,
    format: Format,
) -> Result<ExitCode, Failure> {
    let judged = match kind {
        Kind::Proof => of_proof(&files::parsed(target, LIMIT, "not a proof", Proof::parse)?, policy),
        Kind::Checkpoint => of_checkpoint(&checkpoint::read(target)?, policy),
        Kind::Account => {
            let read = |bytes: &[u8]| match Account::parse(bytes) {
                Err(fault) if fault.is_of_what_it_says() => Ok(Judged::refuted(kind, "entries", &fault)),
                read => read.map(|account| of_account(&account, policy)),
            };
            files::parsed(target, ACCOUNT_LIMIT, "not an account", read)?
        }
        Kind::Fork => {
            let read = |bytes: &[u8]| match Fork::parse(bytes) {
                Err(fault) if fault.is_of_what_it_says() => {
                    Ok(Judged::refuted(kind, "contradiction", &fault))
                }
                read => read.map(|fork| of_fork(&fork, policy)),
            };
            files::parsed(target, LIMIT, "not a fork", read)?
        }
    };
    judged.show(format)
}

fn of_proof(proof: &Proof, policy: Option<&Policy>) -> Judged {
    let checkpoint = proof.checkpoint().checkpoint();
    let entry = proof.extra().map(|extra| (LeafHash::of(extra), Entry::parse(extra)));
    let mut lines = vec![match &entry {
        None => Line::new(
            "entry",
            Some(false),
            "the proof does not hold it: it cannot be told what is proved".to_owned(),
        ),
        Some((_, Err(fault))) => {
            Line::new("entry", Some(false), format!("it is none: {}", causes::of(fault)))
        }
        Some((_, Ok(entry))) => {
            let (event, at) = (&entry.request.event, entry.seal.sequence);
            let what = format!("{at}: {} in {}, under the key {}", event.kind, event.subject, event.keyid);
            let (place, origin) = (proof.index(), checkpoint.origin());
            let (fits, but) = match (at == place, event.ledger == origin) {
                (true, true) => (true, String::new()),
                (false, _) => (false, format!("; the proof is of entry {place}")),
                (_, false) => (false, format!("; it is of {}, and the checkpoint of {origin}", event.ledger)),
            };
            Line::new("entry", Some(fits), format!("{what}{but}"))
        }
    }];
    let leaf = entry.as_ref().map(|(leaf, _)| *leaf);
    let (index, size) = (proof.index(), checkpoint.size());
    let included = leaf.map(|leaf| merkle::includes(leaf, index, size, proof.path(), checkpoint.root()));
    lines.push(match included {
        None => Line::new("inclusion", None, "nothing to look for".to_owned()),
        Some(Ok(())) => Line::new("inclusion", Some(true), format!("entry {index} of {size}")),
        Some(Err(fault)) => Line::new("inclusion", Some(false), fault.to_string()),
    });
    let mut members = about(checkpoint);
    members.insert("sequence".to_owned(), index.into());
    members.extend(leaf.map(|leaf| ("leaf".to_owned(), leaf.to_string().into())));
    let mut judged = Judged { kind: Kind::Proof, lines, members, witnessed: None };
    judged.signatures(proof.checkpoint(), policy);
    judged
}

fn of_account(account: &Account, policy: Option<&Policy>) -> Judged {
    let signed = account.attestation().checkpoint();
    let entries = output::count(account.entries().len() as u64, "entry", "entries");
    let (subject, size) = (account.subject(), account.size());
    let mut lines = vec![
        Line::new("entries", Some(true), format!("{entries} of {subject}, each naming the one before it")),
        Line::new(
            "complete",
            Some(true),
            format!("all among the first {size} entries of the ledger, as it attested"),
        ),
        Line::new("inclusion", Some(true), format!("entry {size} of {}", signed.checkpoint().size())),
    ];
    let logs = policy.map(Policy::logs).unwrap_or_default();
    lines.extend(policy.map(|_| {
        let by = logs.iter().find(|log| account.is_attested_by(&log.key));
        let words = by.map_or("by no key of the policy".to_owned(), |log| format!("by {}", log.key.keyid()));
        Line::new("attested", Some(by.is_some()), words)
    }));
    let mut members = about(signed.checkpoint());
    members.insert("subject".to_owned(), subject.into());
    members.insert("attested".to_owned(), size.into());
    let sequences: Vec<u64> = account.entries().iter().map(|entry| entry.seal.sequence).collect();
    members.insert("sequences".to_owned(), sequences.into());
    let mut judged = Judged { kind: Kind::Account, lines, members, witnessed: None };
    judged.signatures(signed, policy);
    judged
}

fn of_checkpoint(signed: &SignedCheckpoint, policy: Option<&Policy>) -> Judged {
    let members = about(signed.checkpoint());
    let mut judged = Judged { kind: Kind::Checkpoint, lines: Vec::new(), members, witnessed: None };
    judged.signatures(signed, policy);
    judged
}

fn of_fork(fork: &Fork, policy: Option<&Policy>) -> Judged {
    let [first, second] = fork.checkpoints();
    let (one, other) = (first.checkpoint(), second.checkpoint());
    let words = format!(
        "{} entries with the root {}, and {} with {}",
        one.size(),
        one.root(),
        other.size(),
        other.root()
    );
    let mut lines = vec![Line::new("contradiction", Some(true), words)];
    let logs = policy.map(Policy::logs).unwrap_or_default();
    let by = logs.iter().find(|log| fork.signed_by(&log.key).is_ok());
    lines.push(match (by, policy) {
        (Some(log), _) => Line::new("ledger", Some(true), format!("both signed by {}", log.key.keyid())),
        (None, Some(_)) => Line::new("ledger", Some(false), "no key of the policy signed both".to_owned()),
        (None, None) => Line::new("ledger", None, GIVE.to_owned()),
    });
    let mut members = about(one);
    members.insert("other".to_owned(), about(other).into());
    Judged { kind: Kind::Fork, lines, members, witnessed: None }
}

const GIVE: &str = "not checked: give `--policy` the keys that you have from elsewhere";

fn about(checkpoint: &Checkpoint) -> Map<String, Value> {
    let (origin, size, root) = (checkpoint.origin(), checkpoint.size(), checkpoint.root().to_string());
    [("origin", json!(origin)), ("size", json!(size)), ("root", json!(root))]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

impl Judged {
    /// What contradicts itself, so that nothing else is to be looked at.
    fn refuted(kind: Kind, check: &'static str, fault: &dyn Error) -> Self {
        let lines = vec![Line::new(check, Some(false), causes::of(fault))];
        Self { kind, lines, members: Map::new(), witnessed: None }
    }

    /// Who signed a checkpoint, as far as their keys are known.
    fn signatures(&mut self, signed: &SignedCheckpoint, policy: Option<&Policy>) {
        let Some(policy) = policy else {
            let names: Vec<String> = signed.note().signatures().iter().map(shown).collect();
            self.lines.push(Line::new(
                "signatures",
                None,
                format!("{GIVE} (there are some by {})", names.join(", ")),
            ));
            return;
        };
        let verdict = match policy.judge(signed) {
            Err(distrust) => {
                self.lines.push(Line::new("ledger", Some(false), causes::of(&distrust)));
                return;
            }
            Ok(verdict) => verdict,
        };
        self.lines.push(Line::new("ledger", Some(true), format!("signed by {}", verdict.log.keyid())));
        let times = &verdict.witnessing.times;
        let witnesses: Vec<String> = times
            .iter()
            .map(|(witness, time)| match time {
                Some(time) => format!("{} at {}", witness.name, instant(*time)),
                // What does not hold was refused before.
                None if signed.note().signatures().iter().any(|line| line.names(&witness.key)) => {
                    format!("not {}, whose cosignature tells no time and counts for nothing", witness.name)
                }
                None => format!("not {}", witness.name),
            })
            .collect();
        let is_met = verdict.witnessing.backing == Backing::Witnessed;
        let words = witnesses.join(", ");
        self.lines.push(if policy.asks_nobody() {
            let besides = if words.is_empty() { words } else { format!(" ({words})") };
            let words = format!("the policy asks for none: nobody but the log vouches for it{besides}");
            Line::new("witnesses", None, words)
        } else {
            Line::new("witnesses", Some(is_met), words)
        });
        self.witnessed = Some(is_met && !policy.asks_nobody());
        let ignored = policy.unknown(signed);
        if !ignored.is_empty() {
            let names: Vec<String> = ignored.into_iter().map(shown).collect();
            let words = format!("passed over, of nobody whom the policy lists: {}", names.join(", "));
            self.lines.push(Line::new("others", None, words));
        }
        let named: Vec<Value> = times
            .iter()
            .filter_map(|(witness, time)| {
                Some(json!({"name": witness.name.to_string(), "time": instant((*time)?)}))
            })
            .collect();
        self.members.insert("witnesses".to_owned(), named.into());
    }

    fn holds(&self) -> bool {
        self.lines.iter().all(|line| line.holds != Some(false))
    }

    fn conclusion(&self) -> &'static str {
        let authenticated = self.lines.iter().any(|line| line.check == "ledger" && line.holds == Some(true));
        match (self.kind, self.holds(), authenticated, self.witnessed) {
            (Kind::Fork, true, true, _) => {
                "A FORK: the ledger's key signed two histories, of which at most one is true"
            }
            (Kind::Fork, true, false, _) => {
                "two histories, of which at most one is true; whose they are, is not known"
            }
            (Kind::Fork, false, ..) if self.members.is_empty() => {
                "NOT SHOWN: this file proves no fork as it is; take it as it was sent"
            }
            (Kind::Fork, false, ..) => "NO FORK of a ledger that you know",
            (Kind::Account, true, _, Some(true)) => {
                "witnessed: these are all its entries up to then, as enough of the parties vouch"
            }
            (Kind::Proof, true, _, Some(true)) => {
                "witnessed: the entry is in the ledger, as enough of its parties vouch"
            }
            (Kind::Checkpoint, true, _, Some(true)) => {
                "witnessed: enough of the parties vouch for this many entries"
            }
            (_, true, _, Some(false)) => {
                "recorded: the ledger vouches for it, and nobody else: the policy asks for no witness"
            }
            (Kind::Account | Kind::Proof, true, ..) => "self-consistent; whose ledger it is, is not known",
            (Kind::Checkpoint, true, ..) => "a checkpoint; whose, is not known",
            (_, false, true, Some(false)) if self.only_witnesses_fail() => {
                "recorded: the ledger vouches for it, and too few of its parties do"
            }
            (_, false, ..) => "NOT PROVED: do not rely on it",
        }
    }

    fn only_witnesses_fail(&self) -> bool {
        self.lines.iter().all(|line| line.check == "witnesses" || line.holds != Some(false))
    }

    fn limits(&self) -> &'static str {
        match self.kind {
            Kind::Proof | Kind::Account => {
                "Not proved: that its author signed it, with a key in force, and that the rules held (verify the ledger for that); nor that what was said is true."
            }
            Kind::Checkpoint => {
                "Not proved: what the entries say; verify a ledger or a bundle with `--checkpoints`."
            }
            Kind::Fork => "Not proved: which of the two is the right one. That is for people to decide.",
        }
    }

    fn show(&self, format: Format) -> Result<ExitCode, Failure> {
        match format {
            Format::Table => {
                let line =
                    |line: &Line| format!("{:<14}{} {}\n", line.check, output::sign(line.holds), line.words);
                let text: String = self.lines.iter().map(line).collect();
                output::words(&format!("{text}\n{}\n{}\n", self.conclusion(), self.limits()))?;
            }
            Format::Json => {
                let mut value = self.members.clone();
                let checks: Vec<Value> = self
                    .lines
                    .iter()
                    .map(|line| {
                        let mut value = json!({"check": line.check, "words": line.words});
                        if let Some(members) = value.as_object_mut() {
                            members.extend(line.holds.map(|holds| ("holds".to_owned(), holds.into())));
                        }
                        value
                    })
                    .collect();
                value.insert("kind".to_owned(), format!("verified_{}", self.kind).into());
                value.insert("holds".to_owned(), self.holds().into());
                value.extend(self.witnessed.map(|witnessed| ("witnessed".to_owned(), witnessed.into())));
                value.insert("conclusion".to_owned(), self.conclusion().into());
                value.insert("limits".to_owned(), self.limits().into());
                value.insert("checks".to_owned(), checks.into());
                output::object(&value.into())?;
            }
            Format::Csv => {
                let row = |line: &Line| {
                    vec![
                        Cell::text(line.check),
                        line.holds.map_or(Cell::Empty, Cell::Flag),
                        Cell::text(line.words.clone()),
                    ]
                };
                output::plain(&["check", "holds", "words"], &self.lines.iter().map(row).collect::<Vec<_>>())?;
            }
        }
        Ok(ExitCode::from(u8::from(!self.holds())))
    }
}
