//! `annals accede`: the other party's answer, after which the ledger takes what happens.

use super::failure::Failure;
use super::files;
use super::output::{self, Standing};
use super::request;
use super::settings::Settings;
use super::signing;
use annals::domain::value::{Code, Sha256};
use annals::exchange::import::key_for;
use annals::exchange::keyring::Keyring;
use annals::ledger::{Ledger, Receipt, RecordError};
use annals::record::authority::Key;
use annals::record::charter;
use annals::record::founding;
use annals::record::request::Draft;
use annals::record::state::State;
use annals::trail::hash::LeafHash;
use annals::trail::hash::sha256;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::Map;
use std::path::PathBuf;
use std::process::ExitCode;

/// Accede to a ledger that another party founded
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals accede --as KR --plan plan.json                       in a folder that both share
  annals accede --as KR --plan plan.json -o accession.jsonl    to be sent to whoever runs it

The ledger is verified first. Then the plan as it was laid down is compared with your own copy, action by action, and the \
keys that the opening lists for you with those that are held here.")]
pub(crate) struct Accede {
    /// The party that accedes
    #[arg(long = "as", value_name = "PARTY")]
    party: Code,
    /// Your own copy of the plan document
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The leaf hash of entry 0, as the opener told you through another channel
    #[arg(long, value_name = "HASH")]
    first: Option<LeafHash>,
    /// When it is signed [default: now]
    #[arg(long, env = "ANNALS_TIME", value_parser = signing::instant)]
    time: Option<DateTime<Utc>>,
    /// Sign it into this file of requests, for the side that runs the ledger, and record nothing here
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Check everything, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Accede {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let bytes = files::read(&self.plan, files::PLAN_LIMIT)?;
        let plan = super::plan::read(&self.plan, &bytes)?;
        let digest = Sha256::try_from(sha256(&bytes)).map_err(|fault| Failure::usage(fault.to_string()))?;
        let found = super::verify::of(&settings.ledger)?;
        let report = &found.report;
        if let Some(first) = self.first.filter(|first| *first != report.first) {
            let text =
                format!("another ledger: its first entry is {}, and you were told {first}", report.first);
            return Err(Failure::usage(text));
        }
        if !found.holds() {
            output::aside(&super::verify::table(&found));
            return Ok(ExitCode::from(1));
        }
        let ledger = settings.recording_unless(self.dry_run, self.output.as_deref())?;
        let state = ledger.state();
        let differences = charter::differences(&plan, &digest, &state);
        if !differences.is_empty() {
            // Since it acceded, actions may have become others than were laid down.
            let acceded = state.founding.as_ref().is_some_and(|founding| founding.takes_part(&self.party));
            let refusal = || RecordError::Refused(founding::Refusal::Acceded(self.party).into());
            return Err(if acceded {
                refusal().into()
            } else {
                Failure::OtherPlan { path: self.plan, differences }
            });
        }
        self.compare_keys(&state, settings.keyring()?);
        let (time, before) = (self.time.unwrap_or_else(signing::now), Standing::of(&ledger));
        if let Some(path) = self.output.as_ref().filter(|_| !self.dry_run) {
            let draft = draft(&self.party, &digest, time);
            let key = key_for(&ledger, settings.keyring()?, &draft)?;
            let signed = signing::sign(&ledger, &draft, &key)?;
            let id = signed.0.event.id;
            request::put(&ledger, &[signed], path)?;
            request::tell(&[id], 0, &[], path, &before, settings.format)?;
            return Ok(ExitCode::SUCCESS);
        }
        let receipt = accede(&ledger, settings.keyring()?, &self.party, &digest, time)?;
        if self.dry_run {
            output::tried(&[], &before, settings.format)?;
        } else {
            output::receipt(&receipt, &[], &Standing::of(&ledger), false, settings.format)?;
            settings.keep(&ledger);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Whoever founds the ledger could have listed other keys than those handed over.
    fn compare_keys(&self, state: &State, keyring: &Keyring) {
        let own = |key: &Key| key.signer.author().is_some_and(|author| author.party == self.party);
        let own = state.keys.iter().filter(|(_, key)| own(key));
        for (keyid, key) in own.filter(|(keyid, _)| !keyring.holds(keyid)) {
            output::tell(format_args!(
                "listed for {}, and not held here; is it yours? {keyid} ({})",
                self.party,
                key.signer.role()
            ));
        }
    }
}

/// Signs and records a party's accession.
pub(crate) fn accede(
    ledger: &Ledger,
    keyring: &Keyring,
    party: &Code,
    plan_sha256: &Sha256,
    time: DateTime<Utc>,
) -> Result<Receipt, Failure> {
    let draft = draft(party, plan_sha256, time);
    let key = key_for(ledger, keyring, &draft)?;
    signing::commit(ledger, &draft, &key)
}

fn draft(party: &Code, plan_sha256: &Sha256, time: DateTime<Utc>) -> Draft {
    let mut data = Map::new();
    data.insert("plan_sha256".to_owned(), plan_sha256.as_str().into());
    Draft::of_party(party, "ledger".to_owned(), "ledger.acceded", time, data)
}
