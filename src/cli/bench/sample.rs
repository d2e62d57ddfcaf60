//! The ledger that is measured: a specimen as an export, restored as `annals restore` does it, with its disclosures beside
//! it.

use super::super::failure::{Failure, file};
use super::super::output;
use super::machine::Machine;
use super::measured::{Measured, Work};
use super::stopwatch::{megabytes, rate, timed};
use annals::exchange::specimen::Specimen;
use annals::ledger::LedgerError;
use annals::ledger::disclosures::Disclosures;
use annals::trail::disclosure::Disclosure;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How many bytes are written at a time where only the bytes count.
const BLOCK: usize = 1 << 20;

/// A ledger, and from what it was made.
pub(super) struct Sample {
    pub(super) home: PathBuf,
    pub(super) ledger: PathBuf,
    pub(super) specimen: Specimen,
    pub(super) entries: u64,
    /// Of the entries with their newlines.
    pub(super) bytes: u64,
    /// How long it took to make up, sign and seal the entries, and to write the export.
    pub(super) made: Duration,
    /// How long the bytes of the export take to be written.
    written: Duration,
    /// How long restoring took.
    pub(super) restored: Duration,
}

impl Sample {
    /// Makes a ledger of so many entries in a folder.
    pub(super) fn make(home: &Path, entries: u64) -> Result<Self, Failure> {
        let (export, ledger) = (home.join("export.jsonl"), home.join("ledger"));
        let mut specimen = Specimen::new(entries)?;
        let (made, written_out) = timed(|| write_out(&mut specimen, &export));
        let (bytes, disclosures) = written_out?;
        let written = write_again(&export, &home.join("bytes"))?;
        // What waits to be written would be written while something else is measured.
        sync(home).map_err(file(home, "synced"))?;
        let (restored, done) = timed(|| {
            let arguments = [Path::new("restore"), &export, Path::new("--ledger"), &ledger];
            own(home, &arguments)
        });
        done?;
        let beside = Disclosures::open(&ledger, true).map_err(LedgerError::from)?;
        beside.add(disclosures).map_err(LedgerError::from)?;
        sync(home).map_err(file(home, "synced"))?;
        let home = home.to_owned();
        Ok(Self { home, ledger, specimen, entries, bytes, made, written, restored })
    }

    /// The line of the table on restoring.
    pub(super) fn restored(&self, machine: &Machine) -> Measured {
        let checks = machine.checks(self.entries);
        let ours = self.restored.saturating_sub(checks).max(Duration::from_millis(1));
        Measured {
            work: Work::Restore,
            limit: Some(rate(self.entries, self.written)),
            ours: Some(rate(self.entries, ours)),
            how: format!(
                "entries a second; `annals restore` as a process took {:.2} s, of which {:.2} s are strict checks of as many \
                 signatures on all cores; the limit is the export's bytes written once and synced",
                self.restored.as_secs_f64(),
                checks.as_secs_f64()
            ),
        }
    }

    /// The line of the table on the folder.
    pub(super) fn size(&self) -> Result<Measured, Failure> {
        let bytes = size_of(&self.ledger).map_err(file(&self.ledger, "read"))?;
        Ok(Measured {
            work: Work::Folder,
            limit: Some(megabytes(self.bytes)),
            ours: Some(megabytes(bytes)),
            how: "the lengths of all files in the ledger's folder, with its disclosures; the limit is the export".to_owned(),
        })
    }
}

/// Writes the entries into a file; returns their bytes and what they withhold.
fn write_out(specimen: &mut Specimen, export: &Path) -> Result<(u64, Vec<Disclosure>), Failure> {
    let bar = output::progress("making up a ledger");
    let out = File::create_new(export).map_err(file(export, "made"))?;
    let mut out = BufWriter::with_capacity(BLOCK, out);
    let (mut bytes, mut disclosures) = (0, Vec::new());
    for batch in specimen {
        let batch = batch?;
        for line in &batch.lines {
            bytes += line.len() as u64 + 1;
            out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(file(export, "written"))?;
        }
        bar.inc(batch.lines.len() as u64);
        disclosures.extend(batch.disclosures);
    }
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)
        .and_then(|out| out.sync_data())
        .map_err(file(export, "written"))?;
    bar.finish_and_clear();
    Ok((bytes, disclosures))
}

/// How long it takes to write the bytes of a file again and to sync them.
fn write_again(from: &Path, to: &Path) -> Result<Duration, Failure> {
    let mut input = File::open(from).map_err(file(from, "read"))?;
    let mut out = File::create_new(to).map_err(file(to, "made"))?;
    let (mut block, mut took) = (vec![0; BLOCK], Duration::ZERO);
    loop {
        let read = input.read(&mut block).map_err(file(from, "read"))?;
        if read == 0 {
            break;
        }
        let (time, done) = timed(|| out.write_all(block.get(..read).unwrap_or_default()));
        done.map_err(file(to, "written"))?;
        took += time;
    }
    let (time, synced) = timed(|| out.sync_data());
    synced.and_then(|()| fs::remove_file(to)).map_err(file(to, "written"))?;
    Ok(took + time)
}

/// Runs this program in a process of its own, with nothing of the user's settings, and returns what it answers.
pub(super) fn own(home: &Path, arguments: &[&Path]) -> Result<Vec<u8>, Failure> {
    let program = std::env::current_exe().map_err(file(Path::new("annals"), "found"))?;
    let mut command = Command::new(&program);
    let own = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANNALS_"));
    own.for_each(|(name, _)| {
        command.env_remove(name);
    });
    command.args(arguments).current_dir(home).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(file(&program, "run"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    Err(Failure::Process(words.join(" ")))
}

fn sync(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { sync(&path)? } else { File::open(&path)?.sync_all()? }
    }
    Ok(())
}

fn size_of(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
