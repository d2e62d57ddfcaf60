//! Who signs a change, with which key and when: what every command that records has in common.

use super::failure::Failure;
use super::output::{self, Standing};
use super::settings::Settings;
use annals::domain::sealed::Audience;
use annals::exchange::evidence::Offered;
use annals::exchange::import::{NoKey, key_for};
use annals::exchange::keyring::Keyring;
use annals::ledger::{Ledger, Receipt, RecordError};
use annals::record::refusal::Refusal;
use annals::record::request::{Draft, Meant, Speaker, new_id};
use annals::record::role::Role;
use annals::trail::disclosure::{Digest, Disclosure};
use annals::trail::entry::{Entry, Request, parse_id, parse_timestamp};
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
    /// The change's id, a UUIDv7: a retry under the same id records nothing twice
    #[arg(long, value_name = "UUID", value_parser = id, help_heading = SIGNING)]
    id: Option<Uuid>,
    /// When it is said, such as 2021-04-14T09:30:00.000Z [default: now]
    #[arg(long, env = "ANNALS_TIME", value_parser = instant, help_heading = SIGNING)]
    time: Option<DateTime<Utc>>,
    /// What it belongs to: a meeting that counts for several actions
    #[arg(long, value_name = "TEXT", help_heading = SIGNING)]
    correlation: Option<String>,
    /// For whom withheld fields are: public, parties, or a party. It is signed and respected by what hands the ledger over;
    /// whoever has the ledger's folder can read them all
    #[arg(long, default_value = "parties", value_name = "WHOM", help_heading = SIGNING,
          value_parser = |text: &str| Audience::try_from(text.to_owned()))]
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
    /// The ledger to record in: a copy in memory where nothing is to be written.
    pub(crate) fn ledger(&self, settings: &Settings) -> Result<Ledger, Failure> {
        if settings.asks && self.output.is_none() {
            return Err(Failure::usage(
                "name the file for the request with `-o FILE`; `annals record` records it here".to_owned(),
            ));
        }
        if self.dry_run || self.output.is_some() { settings.trying() } else { settings.recording() }
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
        let mut draft =
            Draft::of_party(&self.speaker.0.party, change.subject, change.kind, self.time(), change.data);
        if let Some(path) = &self.proof {
            settings.proves(ledger, path)?;
        }
        draft.speaker = self.speaker;
        (draft.id, draft.causationid, draft.correlationid) = (self.id, change.answers, self.correlation);
        draft.audience = Some(Meant::All(self.audience));
        let before = Standing::of(ledger);
        let receipt = if let Some(receipt) =
            repeated(ledger, &mut draft, self.time.is_some(), change.undated)?
        {
            receipt
        } else {
            let key = match &self.key {
                Some(keyid) => settings.keyring()?.key(keyid)?,
                None => the_one_key(ledger, settings.keyring()?, &draft)?,
            };
            if let Some(path) = self.output.as_ref().filter(|_| !self.dry_run) {
                return super::request::put(ledger, &draft, &key, path, &change.evidence, settings.format);
            }
            commit(ledger, &draft, &key, &change.evidence)?
        };
        if self.dry_run && !receipt.repeated {
            output::tried(&before, settings.format)?;
        } else {
            output::receipt(&receipt, &Standing::of(ledger), self.dry_run, settings.format)?;
            match &self.proof {
                None => settings.keep(ledger),
                Some(path) => {
                    output::keep(ledger);
                    prove(ledger, settings, receipt.sequence, path)?;
                }
            }
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

/// Signs a draft on the ledger's head and records it. Its files are kept before the event that names them, and after the
/// rules have admitted it, so that a refusal leaves nothing behind.
pub(crate) fn commit(
    ledger: &Ledger,
    draft: &Draft,
    key: &SigningKey,
    evidence: &[Offered],
) -> Result<Receipt, Failure> {
    let (request, disclosures) = sign(ledger, draft, key)?;
    if !evidence.is_empty() {
        ledger.judge(&request, &disclosures, Utc::now())?;
        evidence.iter().try_for_each(|file| file.keep(ledger).map(drop))?;
    }
    Ok(ledger.record(request, disclosures)?)
}

/// Signs a draft on the ledger's head.
pub(crate) fn sign(
    ledger: &Ledger,
    draft: &Draft,
    key: &SigningKey,
) -> Result<(Request, Vec<Disclosure>), Failure> {
    let state = ledger.state();
    let id = draft.id.unwrap_or_else(|| new_id(draft.time, output::random()));
    let origin = state.origin().unwrap_or_default();
    Ok(draft.sign(id, origin, state.head.leaf, key, &mut output::salt)?)
}

/// The first receipt of a change that is repeated under its id. Its times count only where they are given again.
fn repeated(
    ledger: &Ledger,
    draft: &mut Draft,
    timed: bool,
    undated: bool,
) -> Result<Option<Receipt>, Failure> {
    let Some(id) = draft.id else { return Ok(None) };
    let Some(entry) = ledger.recorded(id)? else { return Ok(None) };
    if !timed {
        draft.time = entry.request.event.time;
    }
    if let Some(effective) = entry.request.event.data.members().get(EFFECTIVE).filter(|_| undated) {
        draft.data.insert(EFFECTIVE.to_owned(), effective.clone());
    }
    let known = |digest: &str| Digest::parse(digest).and_then(|digest| ledger.disclosure(&digest));
    if draft.says(&entry.request.event, &known) {
        return Ok(Some(Receipt { sequence: entry.seal.sequence, id, leaf: entry.leaf, repeated: true }));
    }
    Err(RecordError::Refused(Refusal::Id(id, entry.seal.sequence)).into())
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
