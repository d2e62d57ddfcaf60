//! `annals attest`: the ledger itself signs which streams it has, and where each of them ends.

use super::failure::Failure;
use super::output::{self, Standing};
use super::settings::Settings;
use super::signing;
use annals::record::ids;
use annals::record::state::State;
use annals::trail::key::{SigningKey, VerifierKey};
use chrono::{DateTime, Utc};
use clap::Args;
use std::process::ExitCode;

/// Attest all streams and where they end, with the ledger's own key
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals attest
  annals attest --dry-run

An entry of the ledger itself, signed on the entry before it. Whoever has it can be shown that
they were given *all* the entries of an action, and none was left out. Do it before something is
handed over, and at the end of a period.

It needs the ledger's key, which `annals init` made: it lies with the keys of whoever founded the
ledger.")]
pub(crate) struct Attest {
    /// When it is signed [default: now]
    #[arg(long, env = "ANNALS_TIME", value_parser = signing::instant)]
    time: Option<DateTime<Utc>>,
    /// Judge it, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Attest {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.recording_unless(self.dry_run, None)?;
        let state = ledger.state();
        let key = own_key(&state, settings)?;
        let before = Standing::of(&ledger);
        let (attested, head) = ledger.attestable();
        let time = self.time.unwrap_or_else(signing::now);
        let id = ids::new(time, output::random());
        let request = attested.sign(id, time, state.origin().unwrap_or_default(), head.leaf, &key)?;
        let receipt = ledger.record(request, Vec::new())?;
        if self.dry_run {
            output::tried(&[], &before, settings.format)?;
        } else {
            output::receipt(&receipt, &[], &Standing::of(&ledger), false, settings.format)?;
            settings.keep(&ledger);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The ledger's key in force.
pub(crate) fn own_key(state: &State, settings: &Settings) -> Result<SigningKey, Failure> {
    let keyid = state.ledger_key_at(state.head.size).map(VerifierKey::keyid);
    let keyid = keyid.ok_or_else(|| {
        Failure::usage("nothing was recorded yet: found the ledger, with `annals init`".to_owned())
    })?;
    let keyring = settings.keyring()?;
    if keyring.holds(&keyid) {
        return Ok(keyring.key(&keyid)?);
    }
    let folder = keyring.folder().display();
    Err(Failure::usage(format!(
        "the ledger's key {keyid} is not in {folder}: it lies with the keys of whoever founded the ledger or made it; name \
         their folder with `--keys DIR`"
    )))
}
