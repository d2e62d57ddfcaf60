//! `annals accede`: the other party's answer, after which the ledger takes what happens.

use super::failure::{Failure, file};
use super::output::{self, Standing};
use super::settings::Settings;
use super::signing;
use annals::domain::value::{Code, Sha256};
use annals::exchange::import::key_for;
use annals::exchange::keyring::Keyring;
use annals::ledger::{Ledger, Receipt};
use annals::record::charter;
use annals::record::history::State;
use annals::record::request::Draft;
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
Example:
  annals accede --as KR --plan plan.json

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
    /// Check everything, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Accede {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let bytes = std::fs::read(&self.plan).map_err(file(&self.plan, "read"))?;
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
            anstream::eprint!("{}", super::verify::table(&found));
            return Ok(ExitCode::from(1));
        }
        let ledger = if self.dry_run { settings.trying()? } else { settings.writing()? };
        let state = ledger.state();
        let differences = charter::differences(&plan, &digest, &state);
        if !differences.is_empty() {
            return Err(Failure::OtherPlan { path: self.plan, differences });
        }
        self.compare_keys(&state, settings.keyring()?);
        let (time, before) = (self.time.unwrap_or_else(signing::now), Standing::of(&ledger));
        let receipt = accede(&ledger, settings.keyring()?, &self.party, &digest, time)?;
        if self.dry_run {
            output::tried(&before, settings.format)?;
        } else {
            output::receipt(&receipt, &Standing::of(&ledger), false, settings.format)?;
            settings.keep(&ledger);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Whoever founds the ledger could have listed other keys than those handed over.
    fn compare_keys(&self, state: &State, keyring: &Keyring) {
        let own = state.keys.iter().filter(|(_, key)| key.author.party == self.party);
        for (keyid, key) in own.filter(|(keyid, _)| !keyring.holds(keyid)) {
            eprintln!(
                "annals: listed for {}, and not held here; is it yours? {keyid} ({})",
                self.party, key.role
            );
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
    let mut data = Map::new();
    data.insert("plan_sha256".to_owned(), plan_sha256.as_str().into());
    let draft = Draft::of_party(party, "ledger".to_owned(), "ledger.acceded", time, data);
    let key = key_for(ledger, keyring, &draft)?;
    signing::commit(ledger, &draft, &key, &[])
}
