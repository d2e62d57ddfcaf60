//! Who signs a change, with which key and when: what every command that records has in common.
//!
//! What becomes of several that are asked for together is in `ask`.

mod ask;

pub(crate) use ask::{Asked, overtaken};

use super::failure::Failure;
use super::output::{self, Standing};
use super::request;
use super::settings::Settings;
use super::words;
use annals::domain::sealed::Audience;
use annals::exchange::evidence::Offered;
use annals::exchange::import::{NoKey, key_for};
use annals::exchange::keyring::Keyring;
use annals::ledger::{Ledger, Receipt, RecordError};
use annals::record::ids;
use annals::record::refusal::Refusal;
use annals::record::request::{Draft, Speaker};
use annals::record::role::Role;
use annals::trail::disclosure::{Digest, Disclosure};
use annals::trail::entry::{Entry, Event, Request, parse_id, parse_timestamp};
use annals::trail::key::SigningKey;
use chrono::{DateTime, SubsecRound, Utc};
use clap::Args;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use uuid::Uuid;

/// Who signs, with what, and when.
#[derive(Args)]
pub(crate) struct Signing {
    /// Who speaks: a party such as KR, or an institution of it such as KR/MSIT
    #[arg(long = "as", value_name = "WHO", help_heading = SIGNING)]
    pub(crate) speaker: Speaker,
    /// The id of the key, where several could sign
    #[arg(long = "key", id = "signing_key", value_name = "KEYID", help_heading = SIGNING)]
    key: Option<String>,
    /// The change's id, a UUIDv7: a retry under the same id records nothing twice. Of several actions the first bears it, and the
    /// ids of the others are derived from it in their order
    #[arg(long, value_name = "UUID", value_parser = id, help_heading = SIGNING)]
    pub(crate) id: Option<Uuid>,
    /// When it is said, such as 2021-04-14T09:30:00.000Z [default: now]
    #[arg(long, env = "ANNALS_TIME", value_parser = instant, help_heading = SIGNING)]
    time: Option<DateTime<Utc>>,
    /// What it belongs to, such as a meeting [default: with several actions, the id of the first entry]
    #[arg(long, value_name = "TEXT", help_heading = SIGNING)]
    correlation: Option<String>,
    /// For whom withheld fields are: public, parties, or a party. It is signed and respected by what hands the ledger over;
    /// whoever has the ledger's folder, or is sent a file of requests, can read them all
    #[arg(long, default_value = "parties", value_name = "WHOM", help_heading = SIGNING, value_parser = words::audience)]
    audience: Audience,
    /// Write the receipt as a proof into this file: the entry, under a checkpoint that the ledger's key signs at once
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run", help_heading = SIGNING)]
    proof: Option<PathBuf>,
    /// Sign it into this file of requests, for the side that runs the ledger, and record nothing here
    #[arg(long, short, value_name = "FILE", conflicts_with = "proof", help_heading = SIGNING)]
    output: Option<PathBuf>,
    /// Judge it, and record nothing
    #[arg(long, help_heading = SIGNING)]
    pub(crate) dry_run: bool,
}

const SIGNING: &str = "Signing";

/// The member of an event that says since when it is true.
pub(crate) const EFFECTIVE: &str = "effective";

/// One change before it is signed.
pub(crate) struct Change {
    pub(crate) subject: String,
    /// The event's type without prefix and version: `action.progressed`.
    pub(crate) kind: &'static str,
    pub(crate) data: Map<String, Value>,
    pub(crate) answers: Option<Uuid>,
    /// The files that it puts forward.
    pub(crate) evidence: Vec<Offered>,
    /// Whether its `effective` is only the day on which it was asked for.
    pub(crate) undated: bool,
}

impl Change {
    pub(crate) fn new(subject: String, kind: &'static str, data: Map<String, Value>) -> Self {
        Self { subject, kind, data, answers: None, evidence: Vec::new(), undated: false }
    }
}

impl Signing {
    /// Whether it is signed into a file of requests, and not recorded.
    pub(crate) const fn is_for_a_file(&self) -> bool {
        self.output.is_some()
    }

    /// The ledger to record in: a copy in memory where nothing is to be written.
    pub(crate) fn ledger(&self, settings: &Settings) -> Result<Ledger, Failure> {
        if settings.asks && self.output.is_none() {
            return Err(Failure::usage(
                "name the file for the request with `-o FILE`; `annals record` records it here".to_owned(),
            ));
        }
        settings.recording_unless(self.dry_run, self.output.as_deref())
    }

    /// The entry that this repeats under its id, if one does.
    pub(crate) fn repeats(&self, ledger: &Ledger) -> Result<Option<Entry>, Failure> {
        Ok(self.id.map_or(Ok(None), |id| ledger.recorded(id))?)
    }

    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.time.unwrap_or_else(now)
    }

    /// Signs a change, records it and prints its receipt.
    pub(crate) fn record(
        self,
        ledger: &Ledger,
        settings: &Settings,
        change: Change,
    ) -> Result<ExitCode, Failure> {
        self.record_all(ledger, settings, vec![change])
    }

    /// Signs changes that belong together, records them under one commit, and prints their receipts.
    pub(crate) fn record_all(
        self,
        ledger: &Ledger,
        settings: &Settings,
        changes: Vec<Change>,
    ) -> Result<ExitCode, Failure> {
        let before = Standing::of(ledger);
        let asked = self.ask(ledger, settings, changes)?;
        let unrecorded: Vec<&Asked> = asked.iter().filter(|asked| asked.receipt.is_none()).collect();
        if let Some(path) = self.file().filter(|_| !unrecorded.is_empty()) {
            let ids: Vec<Uuid> = unrecorded.iter().map(|asked| asked.id).collect();
            let files: Vec<&Offered> = asked.iter().flat_map(|asked| &asked.evidence).collect();
            let held = unrecorded.iter().filter(|asked| asked.held).count();
            request::tell(&ids, held, &files, path, &before, settings.format)?;
            return Ok(ExitCode::SUCCESS);
        }
        let after = if unrecorded.is_empty() { Standing::of(ledger) } else { before };
        match asked.as_slice() {
            [Asked { receipt: None, overtaken, .. }] => output::tried(overtaken, &after, settings.format)?,
            [Asked { receipt: Some(receipt), overtaken, .. }] => {
                output::receipt(receipt, overtaken, &after, self.dry_run, settings.format)?;
            }
            several => output::receipts(several, &after, self.dry_run, settings.format)?,
        }
        match (&self.proof, asked.first().and_then(|asked| asked.receipt)) {
            _ if !unrecorded.is_empty() => {}
            (Some(path), Some(receipt)) => {
                output::keep(ledger);
                prove(ledger, settings, receipt.sequence, path)?;
            }
            _ => settings.keep(ledger),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the receipt as a proof, under a checkpoint of now.
fn prove(ledger: &Ledger, settings: &Settings, sequence: u64, path: &Path) -> Result<(), Failure> {
    let signed = settings.checkpoint(ledger)?.ok_or_else(|| {
        Failure::usage(
            "it is recorded, and no proof was written: the ledger's key, which signs the checkpoint, is not on this desk"
                .to_owned(),
        )
    })?;
    super::files::write(path, ledger.prove(sequence, &signed)?.to_string().as_bytes())
}

/// A member that is there only if it has a value.
pub(crate) fn put(data: &mut Map<String, Value>, name: &str, value: Option<impl ToString>) {
    if let Some(value) = value {
        data.insert(name.to_owned(), value.to_string().into());
    }
}

/// The present, to the millisecond, as it is signed.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

/// Reads an instant on the command line.
pub(crate) fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    parse_timestamp(text).ok_or_else(|| "an instant such as 2021-04-14T09:30:00.000Z is expected".to_owned())
}

fn id(text: &str) -> Result<Uuid, String> {
    let example = "01795a70-9c00-7f4a-884d-de944e2fd581";
    parse_id(text).ok_or_else(|| format!("a UUID of version 7 in lower case is expected, such as {example}"))
}

/// Signs a draft on the ledger's head and records it.
pub(crate) fn commit(ledger: &Ledger, draft: &Draft, key: &SigningKey) -> Result<Receipt, Failure> {
    let (request, disclosures) = sign(ledger, draft, key)?;
    Ok(ledger.record(request, disclosures)?)
}

/// Whether the rules admit requests, each by what is recorded now.
pub(crate) fn judge(ledger: &Ledger, signed: &[(Request, Vec<Disclosure>)]) -> Result<(), Failure> {
    let now = Utc::now();
    Ok(signed.iter().try_for_each(|(request, disclosures)| ledger.judge(request, disclosures, now))?)
}

/// Signs a draft on the ledger's head.
pub(crate) fn sign(
    ledger: &Ledger,
    draft: &Draft,
    key: &SigningKey,
) -> Result<(Request, Vec<Disclosure>), Failure> {
    let state = ledger.state();
    let id = draft.id.unwrap_or_else(|| ids::new(draft.time, output::random()));
    let origin = state.origin().unwrap_or_default();
    Ok(draft.sign(id, origin, state.head.leaf, key, &mut output::salt)?)
}

/// The first receipt of a change that is repeated under its id.
fn repeated(
    ledger: &Ledger,
    draft: &mut Draft,
    timed: bool,
    undated: bool,
) -> Result<Option<Receipt>, Failure> {
    let Some(id) = draft.id else { return Ok(None) };
    let Some(entry) = ledger.recorded(id)? else { return Ok(None) };
    let known = |digest: &str| Digest::parse(digest).and_then(|digest| ledger.disclosure(&digest));
    if says_again(draft, &entry.request.event, timed, undated, &known) {
        return Ok(Some(Receipt { sequence: entry.seal.sequence, id, leaf: entry.leaf(), repeated: true }));
    }
    Err(RecordError::Refused(Refusal::Id(id, entry.seal.sequence)).into())
}

/// Whether an event says what is said again under its id. Its times count only where they are given again.
fn says_again(
    draft: &mut Draft,
    event: &Event,
    timed: bool,
    undated: bool,
    known: &dyn Fn(&str) -> Option<Disclosure>,
) -> bool {
    if !timed {
        draft.time = event.time;
    }
    if let Some(effective) = event.data.members().get(EFFECTIVE).filter(|_| undated) {
        draft.data.insert(EFFECTIVE.to_owned(), effective.clone());
    }
    draft.says(event, known)
}

/// The one key in force that is held here and speaks so.
fn the_one_key(ledger: &Ledger, keyring: &Keyring, draft: &Draft) -> Result<SigningKey, Failure> {
    let state = ledger.state();
    let (author, role) = (&draft.speaker.0, draft.role());
    let ids = state.keys.of(author, role).into_iter().map(|key| key.vkey.keyid());
    let held: Vec<String> = ids.filter(|id| keyring.holds(id)).collect();
    // A party's authority keys are alike: which of them signs is no question to ask.
    if held.len() > 1 && role != Role::Authority {
        return Err(NoKey::Several(author.to_string(), role.to_string(), held.join(", ")).into());
    }
    Ok(key_for(ledger, keyring, draft)?)
}
