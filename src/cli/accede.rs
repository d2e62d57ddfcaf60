//! `annals accede`: the other party's answer, after which the ledger takes what happens.

use super::failure::{Failure, file};
use super::output;
use super::record;
use super::settings::Settings;
use annals::domain::value::{Code, Sha256 as Digest};
use annals::exchange::import::key_for;
use annals::exchange::keyring::Keyring;
use annals::ledger::{Ledger, Receipt};
use annals::trail::hash::sha256;
use chrono::{DateTime, SubsecRound, Utc};
use clap::Args;
use serde_json::Map;
use std::path::PathBuf;
use std::process::ExitCode;

/// Accede to a ledger that another party founded
#[derive(Args)]
#[command(after_help = "\
Example:
  annals accede --as KR --plan plan.json

The ledger is verified first, and the plan compared with your own copy of it.")]
pub(crate) struct Accede {
    /// The party that accedes
    #[arg(long = "as", value_name = "PARTY")]
    party: Code,
    /// Your own copy of the plan document
    #[arg(long)]
    plan: PathBuf,
    /// When it is signed [default: now]
    #[arg(long, value_parser = super::founding::instant)]
    time: Option<DateTime<Utc>>,
}

impl Accede {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let bytes = std::fs::read(&self.plan).map_err(file(&self.plan, "read"))?;
        let sha256 = Digest::try_from(sha256(&bytes)).map_err(|fault| Failure::usage(fault.to_string()))?;
        let report = super::verify::of(&settings.ledger)?;
        if !report.holds() {
            eprint!("{}", super::verify::table(&report, None));
            return Ok(ExitCode::from(1));
        }
        let ledger = settings.writing()?;
        let time = self.time.unwrap_or_else(|| Utc::now().trunc_subsecs(3));
        let receipt = accede(&ledger, &settings.keyring, &self.party, &sha256, time)?;
        ledger.keep()?;
        output::receipt(&receipt, ledger.head(), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Signs and records a party's accession.
pub(crate) fn accede(
    ledger: &Ledger,
    keyring: &Keyring,
    party: &Code,
    plan_sha256: &Digest,
    time: DateTime<Utc>,
) -> Result<Receipt, Failure> {
    let mut data = Map::new();
    data.insert("plan_sha256".to_owned(), plan_sha256.as_str().into());
    let draft = record::draft(party, "ledger".to_owned(), "ledger.acceded", time, data);
    let key = key_for(ledger, keyring, &draft)?;
    record::commit(ledger, &draft, &key)
}
