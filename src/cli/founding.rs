//! `annals init`: the founding of a ledger by one party, in a folder that is new.

use super::failure::{Failure, file};
use super::files;
use super::key;
use super::output::{self, Format, Standing};
use super::place;
use super::settings::Settings;
use super::signing;
use annals::domain::party::Author;
use annals::domain::plan::Plan;
use annals::domain::value::{Code, Sha256 as Digest, Text};
use annals::exchange::keyring::Keyring;
use annals::ledger::anchor::Anchor;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::{Ledger, LedgerError};
use annals::record::charter;
use annals::record::founding::{Clock, Founder, Opened, RULES, check_origin};
use annals::record::ids;
use annals::record::request::{Draft, Speaker};
use annals::record::role::Role;
use annals::trail::entry::EntryFault;
use annals::trail::hash::{Head, LeafHash, hex, sha256};
use annals::trail::key::{Kind, SigningKey, VerifierKey};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Found a ledger: open it and lay the plan down
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals key new DK --founding
  annals init plan.json --as DK --party KR=KR/authority-1+… --party KR=… --party KR=…
  annals init plan.json --as DK --both-sides

The other party then answers with `annals accede`. Nothing is overwritten.")]
pub(crate) struct Init {
    /// The plan document
    plan: PathBuf,
    /// The party that opens the ledger
    #[arg(long = "as", value_name = "PARTY")]
    founder: Code,
    /// A founding key of a party, as its `key new --founding` printed it; once for each key
    #[arg(long = "party", value_name = "PARTY=VKEY", value_parser = party_key)]
    parties: Vec<(Code, VerifierKey)>,
    /// Make all parties' keys here, accede for them and register a coordinator for each. Whoever holds both sides' keys
    /// can write both sides' words: such a ledger proves nothing between the parties
    #[arg(long)]
    both_sides: bool,
    /// The ledger's name, a URL without its scheme [default: annals.local/<plan id>]
    #[arg(long)]
    origin: Option<String>,
    /// Recorded times are told by the authors: a demonstration, a training, a test; every answer says so
    #[arg(long)]
    illustrative: bool,
    /// When it is signed [default: now]
    #[arg(long, env = "ANNALS_TIME", value_parser = signing::instant)]
    time: Option<DateTime<Utc>>,
    /// Check everything, and write nothing
    #[arg(long)]
    dry_run: bool,
}

fn party_key(text: &str) -> Result<(Code, VerifierKey), String> {
    let (party, vkey) = text.split_once('=').ok_or("PARTY=VKEY is expected, such as KR=KR/authority-1+…")?;
    let party = Code::try_from(party.to_owned()).map_err(|fault| fault.to_string())?;
    Ok((party, VerifierKey::parse(vkey).map_err(|fault| fault.to_string())?))
}

impl Init {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let bytes = files::read(&self.plan, files::PLAN_LIMIT)?;
        let plan = super::plan::read(&self.plan, &bytes)?;
        let time = self.time.unwrap_or_else(signing::now);
        let clock = if self.illustrative { Clock::Illustrative } else { Clock::Real };
        let origin = self.origin.unwrap_or_else(|| default_origin(&plan));
        let found = Founding {
            plan: &plan,
            bytes: &bytes,
            origin: &origin,
            founder: &self.founder,
            keys: &self.parties,
            keyring: settings.keyring()?,
            anchor: settings.anchor().ok(),
            clock,
            time,
            both_sides: self.both_sides,
            in_earnest: !self.dry_run,
        };
        if self.dry_run {
            let ledger = Ledger::in_memory();
            let scratch = place::scratch()?;
            let keyring = if self.both_sides {
                Keyring::new(scratch.join("keys"))
            } else {
                settings.keyring()?.clone()
            };
            let done = Founding { keyring: &keyring, ..found }.lay(&ledger);
            std::fs::remove_dir_all(&scratch).map_err(file(&scratch, "removed"))?;
            done?;
            let (entries, actions) = (ledger.head().size, plan.actions.len());
            let text = format!("{entries} entries would be recorded; nothing was.");
            let members = json!({"origin": origin, "actions": actions, "entries": entries, "dry_run": true});
            let standing = Standing { head: Head::EMPTY, illustrative: self.illustrative };
            output::answer("founding", &text, members, &standing, settings.format)?;
            return Ok(ExitCode::SUCCESS);
        }
        place::build(&settings.ledger, |part| {
            let ledger = Ledger::create(part)?;
            found.lay(&ledger)?;
            settings.keep(&ledger);
            Ok(())
        })?;
        let ledger = settings.reading()?;
        self::report(&ledger, &settings.ledger, settings.format, self.both_sides)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A name made of the plan's, in the letters that an origin may have.
fn default_origin(plan: &Plan) -> String {
    format!("annals.local/{}", plan.id.as_str().to_lowercase().replace('_', "-"))
}

fn report(ledger: &Ledger, folder: &Path, format: Format, both_sides: bool) -> Result<(), Failure> {
    let state = ledger.state();
    let first = ledger.entry(0)?.map_or(LeafHash::NONE, |entry| entry.leaf());
    let (origin, actions) = (state.origin().unwrap_or_default(), state.programme.actions.len());
    let next = match (both_sides, state.parties().len()) {
        (true, _) => {
            "The keys of all parties are on this desk: good for trying it out, and no proof between the parties. Record with\n\
             `annals record progress ACTION --as PARTY --lifecycle under_way`."
        }
        (false, 0..=2) => {
            "Hand the hash of the first entry to the other party through another channel; it verifies the ledger and answers with\n\
             `annals accede`; in a copy of it with `annals accede -o FILE`, which you take in with `annals answer`."
        }
        (false, _) => {
            "Hand the hash of the first entry to the other parties through another channel; each verifies the ledger and answers with\n\
             `annals accede`; in a copy of it with `annals accede -o FILE`, which you take in with `annals answer`."
        }
    };
    let text = format!("{origin} founded in {}: {actions} actions\n  first {first}", folder.display());
    let members = json!({
        "origin": origin, "first": first, "actions": actions, "entries": state.head.size, "dry_run": false,
    });
    output::answer("founding", &text, members, &Standing::of(ledger), format)?;
    if format == Format::Table { output::line(next) } else { Ok(()) }
}

/// What a founding needs.
pub(crate) struct Founding<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) bytes: &'a [u8],
    pub(crate) origin: &'a str,
    pub(crate) founder: &'a Code,
    pub(crate) keys: &'a [(Code, VerifierKey)],
    pub(crate) keyring: &'a Keyring,
    /// Where its keys remember what they signed.
    pub(crate) anchor: Option<&'a Anchor>,
    pub(crate) clock: Clock,
    pub(crate) time: DateTime<Utc>,
    pub(crate) both_sides: bool,
    /// Whether the keys that are made here are kept.
    pub(crate) in_earnest: bool,
}

impl Founding<'_> {
    pub(crate) fn lay(&self, ledger: &Ledger) -> Result<(), Failure> {
        check_origin(self.origin).map_err(|refusal| Failure::usage(refusal.to_string()))?;
        let known = self.plan.parties.iter().any(|party| party.id == *self.founder);
        if !known {
            let ids: Vec<&str> = self.plan.parties.iter().map(|party| party.id.as_str()).collect();
            let text =
                format!("{} is not a party of this plan; its parties are {}", self.founder, ids.join(", "));
            return Err(Failure::usage(text));
        }
        let parties =
            self.plan.parties.iter().map(|party| self.founder_of(party)).collect::<Result<_, _>>()?;
        let value = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let sha256 = Digest::try_from(sha256(self.bytes)).map_err(|fault| value(&fault))?;
        let opened = Opened {
            clock: self.clock,
            ledger_key: self.ledger_key()?.verifier(),
            nonce: Text::try_from(hex(&output::salt())).map_err(|fault| value(&fault))?,
            origin: Text::try_from(self.origin.to_owned()).map_err(|fault| value(&fault))?,
            parties,
            plan_sha256: sha256.clone(),
            rules: RULES,
        };
        let drafts = charter::drafts(self.plan, &sha256, &opened, self.founder, self.time)
            .map_err(|error| value(&error))?;
        let signer = self.signer(&opened)?;
        let mut drafts = drafts.into_iter();
        if let Some(draft) = drafts.next() {
            let first = sign(&draft, self.origin, LeafHash::NONE, &signer)?;
            settle(ledger.record_all(vec![first], Utc::now())?)?;
        }
        let base = ledger.head().leaf;
        let rest: Result<Vec<_>, EntryFault> =
            drafts.map(|draft| sign(&draft, self.origin, base, &signer)).collect();
        settle(ledger.record_all(rest?, Utc::now())?)?;
        ledger.put_blob(&mut &*self.bytes).map_err(LedgerError::from)?;
        if self.both_sides { self.others(ledger, &sha256) } else { Ok(()) }
    }

    /// The other parties accede, and every party gets a coordinator.
    fn others(&self, ledger: &Ledger, sha256: &Digest) -> Result<(), Failure> {
        let others = self.plan.parties.iter().filter(|party| party.id != *self.founder);
        for party in others {
            super::accede::accede(ledger, self.keyring, &party.id, sha256, self.time)?;
        }
        for party in &self.plan.parties {
            let speaker = Speaker(Author { party: party.id.clone(), institution: None });
            key::register(ledger, self.keyring, &speaker, Role::Coordinator, self.time)?;
        }
        Ok(())
    }

    fn founder_of(&self, party: &annals::domain::plan::Party) -> Result<Founder, Failure> {
        let named = self.keys.iter().filter(|(id, _)| *id == party.id).map(|(_, vkey)| vkey.clone());
        let mut keys: Vec<VerifierKey> = named.collect();
        if keys.is_empty() && (self.both_sides || party.id == *self.founder) {
            keys = self.held(party.id.as_str())?;
            if keys.is_empty() && self.both_sides {
                let made = key::founding_set(self.keyring, party.id.as_str())?;
                keys = made.iter().map(SigningKey::verifier).collect();
            }
        }
        if keys.is_empty() {
            let id = &party.id;
            let text = if *id == *self.founder {
                format!(
                    "no founding keys of {id} are in {}: run `annals key new {id} --founding`",
                    self.keyring.folder().display()
                )
            } else {
                format!(
                    "name the founding keys of {id} with `--party {id}=VKEY`: {id} prints them with `annals key new {id} --founding`"
                )
            };
            return Err(Failure::usage(text));
        }
        let (witness, authority) = keys.into_iter().partition(|key| key.kind() == Kind::Cosignature);
        let (id, name, time_zone) = (party.id.clone(), party.name.clone(), party.time_zone);
        Ok(Founder { id, name, time_zone, authority, witness })
    }

    /// The founding keys of a party that are held here, by their names.
    fn held(&self, party: &str) -> Result<Vec<VerifierKey>, Failure> {
        let mut keys = Vec::new();
        for id in self.keyring.ids()? {
            if ["authority", "witness"].iter().any(|role| id.starts_with(&format!("{party}/{role}"))) {
                keys.push(self.keyring.key(&id)?.verifier());
            }
        }
        Ok(keys)
    }

    fn ledger_key(&self) -> Result<SigningKey, Failure> {
        let prefix = format!("{}+", self.origin);
        match self.keyring.ids()?.into_iter().find(|id| id.starts_with(&prefix)) {
            Some(id) if !self.has_signed(&id)? => Ok(self.keyring.key(&id)?),
            _ if self.in_earnest => Ok(self.keyring.make(self.origin, Kind::Ed25519, &output::random())?),
            _ => SigningKey::from_seed(self.origin, Kind::Ed25519, &output::random())
                .map_err(|fault| Failure::usage(fault.to_string())),
        }
    }

    /// Whether the key has signed for a ledger of this name before, which is another one: no key signs for two.
    fn has_signed(&self, keyid: &str) -> Result<bool, Failure> {
        let Some(anchor) = self.anchor else { return Ok(false) };
        let key = self.keyring.key(keyid)?.verifier();
        let known = anchor.recall(self.origin, [&key]).map_err(CheckpointError::from)?;
        Ok(!known.is_empty())
    }

    fn signer(&self, opened: &Opened) -> Result<SigningKey, Failure> {
        let own = opened.parties.iter().filter(|party| party.id == *self.founder);
        let ids = own.flat_map(|party| &party.authority).map(VerifierKey::keyid);
        let held = ids.into_iter().find(|id| self.keyring.holds(id)).ok_or_else(|| {
            let folder = self.keyring.folder().display();
            Failure::usage(format!("no authority key of {} is in {folder}", self.founder))
        })?;
        Ok(self.keyring.key(&held)?)
    }
}

type Signed = (annals::trail::entry::Request, Vec<annals::trail::disclosure::Disclosure>);

fn sign(draft: &Draft, origin: &str, base: LeafHash, key: &SigningKey) -> Result<Signed, EntryFault> {
    let id = ids::new(draft.time, output::random());
    draft.sign(id, origin, base, key, &mut output::salt)
}

/// The first refusal among the answers to a batch, if there is one.
fn settle(
    answers: Vec<Result<annals::ledger::Receipt, annals::ledger::RecordError>>,
) -> Result<(), annals::ledger::RecordError> {
    answers.into_iter().try_for_each(|answer| answer.map(|_| ()))
}
