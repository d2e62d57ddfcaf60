//! `annals prove`: that an entry lies under a checkpoint, or that these are all entries of an action, in a file that anybody can
//! verify alone.

use super::checkpoint;
use super::failure::Failure;
use super::files;
use super::output::{self, Standing};
use super::settings::Settings;
use super::words;
use annals::domain::value::Code;
use annals::ledger::Ledger;
use annals::ledger::checkpoints;
use annals::ledger::proving::ProveError;
use annals::record::account::Account;
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::entry::parse_id;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Prove that an entry is in the ledger, or that these are all entries of an action
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals prove 129 -o 129.tlog-proof                  under the newest checkpoint that is witnessed
  annals prove 129 --checkpoint 150                   under the one of 150 entries
  annals prove 1.G2G.3                                an action's entries, and that they are all
  annals verify 129.tlog-proof --policy policy.txt    on the other side, with nothing else

The file is a tlog-proof of C2SP: the entry itself, the way from its hash to the root of the tree,
and the checkpoint with all its signatures. Of an action, an account is written: its entries, the
place of their last one among all streams, as the ledger attested to it (`annals attest`), and the
proof of that. What was recorded after the attestation is not in it.")]
pub(crate) struct Prove {
    /// An entry by sequence or id, or an action
    #[arg(value_name = "ENTRY|ACTION")]
    what: String,
    /// Under the checkpoint of so many entries [default: the newest that enough witnesses cosigned, or else the one that most have]
    #[arg(long, value_name = "SIZE")]
    checkpoint: Option<u64>,
    /// Into this file, which must not exist [default: <sequence>.tlog-proof, or <stream>.account]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Prove {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        if let Some(subject) = subject(&ledger, &self.what) {
            return self.account(&ledger, &subject, settings);
        }
        let sequence = sequence(&ledger, &self.what)?;
        let under = under(&ledger, sequence, self.checkpoint)?;
        let proof = ledger.prove(sequence, &under)?;
        let path = self.output.unwrap_or_else(|| PathBuf::from(format!("{sequence}.tlog-proof")));
        files::write(&path, proof.to_string().as_bytes())?;
        let size = output::count(under.checkpoint().size(), "entry", "entries");
        let by = checkpoints::cosigned(&under, &ledger.state());
        let by = match by.as_slice() {
            [] => "signed by the ledger alone".to_owned(),
            by => format!(
                "cosigned by {}",
                by.iter().map(|(keyid, _)| keyid.as_str()).collect::<Vec<_>>().join(", ")
            ),
        };
        let text = format!(
            "entry {sequence} proved under the checkpoint of {size}, {by}\n  written to {}",
            path.display()
        );
        let members = json!({
            "sequence": sequence, "checkpoint": checkpoint::members(&under, &ledger.state()), "file": output::path(&path),
        });
        output::answer("proof", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Prove {
    /// An account, under the checkpoint that is asked for, or the one of those that cover an attestation that most have cosigned.
    fn accounted(&self, ledger: &Ledger, subject: &str) -> Result<(SignedCheckpoint, Account), Failure> {
        if self.checkpoint.is_some() {
            let under = under(ledger, 0, self.checkpoint)?;
            let account = ledger.account(subject, &under)?;
            return Ok((under, account));
        }
        let mut kept = ledger.covering(0)?;
        let mut failed = ProveError::Uncovered(0);
        while let Some(under) = kept.pop() {
            match ledger.account(subject, &under) {
                Ok(account) => return Ok((under, account)),
                // One of fewer witnesses may cover an attestation, or a later one.
                Err(error @ (ProveError::Unattested(_) | ProveError::Stream(_))) => failed = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(failed.into())
    }

    /// All entries of an action, with the proof that they are all.
    fn account(&self, ledger: &Ledger, subject: &str, settings: &Settings) -> Result<ExitCode, Failure> {
        let (under, account) = self.accounted(ledger, subject)?;
        let name = || PathBuf::from(format!("{}.account", subject.replace('/', "-")));
        let path = self.output.clone().unwrap_or_else(name);
        files::write(&path, account.to_string().as_bytes())?;
        let count = account.entries().len() as u64;
        let text = format!(
            "{} of {subject} proved to be all among the first {} of the ledger\n  written to {}",
            output::count(count, "entry", "entries"),
            account.size(),
            path.display()
        );
        let members = json!({
            "subject": subject, "entries": count, "attested": account.size(),
            "checkpoint": checkpoint::members(&under, &ledger.state()), "file": output::path(&path),
        });
        output::answer("account", &text, members, &Standing::of(ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The stream of an action that is named.
fn subject(ledger: &Ledger, what: &str) -> Option<String> {
    let action: Code = words::action(what).ok()?;
    ledger.state().programme.actions.contains_key(&action).then(|| format!("actions/{action}"))
}

/// The sequence of an entry that is named by it or by its id.
fn sequence(ledger: &Ledger, what: &str) -> Result<u64, Failure> {
    let unknown = || {
        Failure::usage(format!("`{what}` is no entry here: its sequence, its id or an action is expected"))
    };
    if let Some(id) = parse_id(what) {
        return ledger.recorded(id)?.map(|entry| entry.seal.sequence).ok_or_else(unknown);
    }
    what.parse().ok().filter(|sequence| *sequence < ledger.head().size).ok_or_else(unknown)
}

/// The checkpoint under which an entry is proved.
pub(crate) fn under(ledger: &Ledger, sequence: u64, size: Option<u64>) -> Result<SignedCheckpoint, Failure> {
    let missing = || ProveError::Uncovered(sequence);
    let Some(size) = size else { return Ok(ledger.covering(sequence)?.pop().ok_or_else(missing)?) };
    let signed = ledger.checkpoint_of(size)?.ok_or_else(missing)?;
    ledger.owns(&signed)?;
    Ok(signed)
}
