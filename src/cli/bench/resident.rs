//! Memory: how much of it a process takes at most that writes, and one that verifies. Linux tells it.

use super::super::failure::Failure;
use super::super::output;
use super::measured::{Measured, Work};
use super::sample::{Sample, own};
use super::stopwatch::megabytes;
use super::writing::{Author, WRITERS, at_once, shares};
use annals::exchange::specimen::{FEWEST, Note, Specimen};
use annals::ledger::Ledger;
use clap::ValueEnum;
use std::path::Path;

/// What is done in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    Writing,
    Verifying,
}

/// How many entries each writer records.
const EACH: usize = 16;

/// Both lines of the table.
pub(super) fn measure(sample: &Sample) -> Result<Vec<Measured>, Failure> {
    let writers = "opened for writing, 1,024 entries from 64 writers, and the state kept";
    Ok(vec![
        resident(sample, Part::Writing, Work::MemoryWriting, writers)?,
        resident(
            sample,
            Part::Verifying,
            Work::MemoryVerifying,
            "every entry verified, as `annals verify` does",
        )?,
    ])
}

fn resident(sample: &Sample, part: Part, work: Work, what: &str) -> Result<Measured, Failure> {
    let bar = output::waiting("measuring memory");
    let named = part.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let answer = own(
        &sample.home,
        &[Path::new("bench"), Path::new("--part"), Path::new(&named), Path::new("--ledger"), &sample.ledger],
    )?;
    bar.finish_and_clear();
    let kilobytes = std::str::from_utf8(&answer).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let ours = kilobytes.map(|kilobytes| megabytes(kilobytes * 1024));
    let how = match ours {
        Some(_) => format!("the most that a process of its own took (VmHWM): {what}"),
        None => "not measured here: it is asked of Linux".to_owned(),
    };
    Ok(Measured { work, limit: None, ours, how })
}

/// Does a part, and prints how many kilobytes it took, where the system tells it.
pub(super) fn run(part: Part, ledger: &Path) -> Result<(), Failure> {
    match part {
        Part::Verifying => drop(Ledger::verify_folder(ledger, Vec::new(), &mut |_, _| {})?),
        Part::Writing => {
            // Its keys are those of every specimen, and its actions are in all of them.
            let specimen = Specimen::new(FEWEST)?;
            let ledger = Ledger::open(ledger, &mut annals::ledger::quietly)?;
            let mut author = Author::new(&specimen, &ledger);
            at_once(&ledger, shares(author.assertions(WRITERS * EACH, Note::Without)?))?;
            output::keep(&ledger);
        }
    }
    output::line(&most().map(|kilobytes| kilobytes.to_string()).unwrap_or_default())
}

/// The most memory that this process took so far, in kilobytes.
fn most() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
