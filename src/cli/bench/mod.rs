//! `annals bench`: what this program costs on this machine and this disk, beside the limit that the machine itself sets.
//!
//! - `measured`: the lines of the table: what is measured, and what is to be reached;
//! - `stopwatch`: medians of repetitions;
//! - `machine`: what the machine can do without this program;
//! - `sample`: the ledger that is measured;
//! - `writing`, `reading`, `judging`, `proving`, `resident`: the measurements;
//! - `answer`: how they are told.

mod answer;
mod judging;
mod machine;
mod measured;
mod proving;
mod reading;
mod resident;
mod sample;
mod stopwatch;
mod writing;

use super::failure::{Failure, file};
use super::output::Format;
use super::settings::Settings;
use annals::exchange::specimen::FEWEST;
use clap::Args;
use machine::Machine;
use measured::{Measured, Work};
use resident::Part;
use sample::Sample;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measure what this program costs here, beside the machine's own limit
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals bench                                     100,000 entries, about a minute
  annals bench --entries 1000000 --folder /mnt/x   a million, on another disk: about 5 GB
  annals bench --only append,writers --json

A ledger is made up in a new folder on the disk that is measured, and removed afterwards; a run that
is interrupted leaves it, under the name annals-bench-…. Limit and ours are measured in turn, in one
run. What is to be reached is meant for a million entries on a quiet machine.")]
pub(crate) struct Bench {
    /// How many entries the ledger has
    #[arg(long, value_name = "N", default_value = "100000", value_parser = clap::value_parser!(u64).range(FEWEST..))]
    entries: u64,
    /// In a new folder within this one
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Only these lines of the table
    #[arg(long, value_name = "LINE", value_enum, value_delimiter = ',')]
    only: Vec<Work>,
    /// Leave the ledger where it was made
    #[arg(long)]
    keep: bool,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
    /// Do this in a process of its own, and say how much memory it took
    #[arg(long, hide = true)]
    part: Option<Part>,
}

impl Bench {
    pub(crate) fn run(&self, settings: &Settings) -> Result<ExitCode, Failure> {
        if let Some(part) = self.part {
            resident::run(part, &settings.ledger)?;
            return Ok(ExitCode::SUCCESS);
        }
        let folder = self.folder.canonicalize().map_err(file(&self.folder, "found"))?;
        let made = tempfile::Builder::new().prefix("annals-bench-").tempdir_in(&folder);
        let home = made.map_err(file(&folder, "written to"))?;
        let machine = Machine::measure(home.path())?;
        let sample = Sample::make(home.path(), self.entries)?;
        let measured = self.measure(&sample, &machine)?;
        let kept = self.keep.then(|| home.keep());
        let format = if self.json { Format::Json } else { settings.format };
        answer::print(&machine, &sample, &measured, kept.as_deref(), format)?;
        Ok(ExitCode::SUCCESS)
    }

    fn wants(&self, works: &[Work]) -> bool {
        self.only.is_empty() || works.iter().any(|work| self.only.contains(work))
    }

    fn measure(&self, sample: &Sample, machine: &Machine) -> Result<Vec<Measured>, Failure> {
        use Work::{
            Append, AppendNote, Bundle, History, Links, MemoryVerifying, MemoryWriting, Opening, Proof,
            Proved, Reading, Replay, Signatures, State, Tree, Writers,
        };
        let mut all = vec![sample.restored(machine), sample.size()?];
        if self.wants(&[Opening]) {
            all.push(reading::opening(sample)?);
        }
        if self.wants(&[Reading, State, History]) {
            all.extend(reading::readings(sample)?);
        }
        if self.wants(&[Proof]) {
            all.push(proving::proofs(sample)?);
        }
        if self.wants(&[Links, Signatures, Replay, Bundle]) {
            all.extend(judging::all(sample)?);
        }
        if self.wants(&[Append, AppendNote, Writers]) {
            all.extend(writing::all(sample, machine)?);
        }
        if self.wants(&[Tree, Proved]) {
            all.extend(proving::writing(sample)?);
        }
        if self.wants(&[MemoryWriting, MemoryVerifying]) {
            all.extend(resident::measure(sample)?);
        }
        all.retain(|line| self.wants(&[line.work]));
        all.sort_by_key(|line| line.work);
        Ok(all)
    }
}
