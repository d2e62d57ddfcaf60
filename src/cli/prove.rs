//! `annals prove`: that an entry lies under a checkpoint, in a file that anybody can verify alone.

use super::checkpoint;
use super::failure::Failure;
use super::output::{self, Standing};
use super::settings::Settings;
use annals::ledger::Ledger;
use annals::ledger::proving::ProveError;
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::entry::parse_id;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Prove that an entry is in the ledger, under a checkpoint that the ledger signed and witnesses cosigned
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals prove 129 -o 129.tlog-proof                  under the newest checkpoint that is witnessed
  annals prove 129 --checkpoint 150                   under the one of 150 entries
  annals verify 129.tlog-proof --policy policy.txt    on the other side, with nothing else

The file is a tlog-proof of C2SP: the entry itself, the way from its hash to the root of the tree,
and the checkpoint with all its signatures.")]
pub(crate) struct Prove {
    /// An entry by sequence or id
    #[arg(value_name = "ENTRY")]
    what: String,
    /// Under the checkpoint of so many entries [default: the newest one that is witnessed, or else the newest]
    #[arg(long, value_name = "SIZE")]
    checkpoint: Option<u64>,
    /// Into this file, which must not exist [default: <sequence>.tlog-proof]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Prove {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let sequence = sequence(&ledger, &self.what)?;
        let under = under(&ledger, sequence, self.checkpoint)?;
        let proof = ledger.prove(sequence, &under)?;
        let path = self.output.unwrap_or_else(|| PathBuf::from(format!("{sequence}.tlog-proof")));
        checkpoint::write(&path, proof.to_string().as_bytes())?;
        let size = output::count(under.checkpoint().size(), "entry", "entries");
        let by = checkpoint::cosigned(&under, &ledger.state());
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
            "sequence": sequence, "checkpoint": checkpoint::members(&under, &ledger.state()), "file": path,
        });
        output::answer("proof", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The sequence of an entry that is named by it or by its id.
fn sequence(ledger: &Ledger, what: &str) -> Result<u64, Failure> {
    let unknown = || Failure::usage(format!("`{what}` is no entry here: its sequence or its id is expected"));
    if let Some(id) = parse_id(what) {
        return ledger.recorded(id)?.map(|entry| entry.seal.sequence).ok_or_else(unknown);
    }
    what.parse().ok().filter(|sequence| *sequence < ledger.head().size).ok_or_else(unknown)
}

/// The checkpoint under which an entry is proved.
pub(crate) fn under(ledger: &Ledger, sequence: u64, size: Option<u64>) -> Result<SignedCheckpoint, Failure> {
    let missing = || ProveError::Uncovered(sequence).into();
    if let Some(size) = size {
        return ledger.checkpoint_of(size)?.ok_or_else(missing);
    }
    let state = ledger.state();
    let covers = |signed: &SignedCheckpoint| signed.checkpoint().size() > sequence;
    let kept: Vec<SignedCheckpoint> = ledger.checkpoints()?.into_iter().filter(covers).collect();
    // By as many as there are, and then as new as there is.
    let best = kept.into_iter().max_by_key(|signed| checkpoint::cosigned(signed, &state).len());
    best.ok_or_else(missing)
}
