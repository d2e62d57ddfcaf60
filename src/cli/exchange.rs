//! `annals import`, `export`, `restore`: what crosses the border of a ledger.

use super::failure::{Failure, Stage, file};
use super::files;
use super::key::Maker;
use super::output::{self, Standing};
use super::place;
use super::settings::Settings;
use annals::exchange::export::{self, ExportError};
use annals::exchange::import::{self, ImportError, LineError};
use annals::exchange::keyring::Keyring;
use annals::exchange::outgoing::Readers;
use annals::exchange::restore::{self, RestoreError};
use annals::ledger::{Ledger, RecordError};
use annals::record::verdict::Report;
use annals::trail::hash::{Head, sha256};
use clap::Args;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Record a file of requests, one a line
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals import requests.jsonl --dry-run
  annals import history.jsonl --make-keys

A line is a signed request, or a draft that a key held here signs. Every line is read before any is recorded; the rules judge one \
after another. An import that was interrupted is completed by repeating it with the same file: what was recorded is passed over.")]
pub(crate) struct Import {
    /// The file of requests
    file: PathBuf,
    /// Judge line after line as if each were recorded that is not refused, name those that are, and record nothing
    #[arg(long)]
    dry_run: bool,
    /// Make and register the keys that the file's speakers lack (illustrative ledgers only)
    #[arg(long, conflicts_with = "dry_run")]
    make_keys: bool,
}

impl Import {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let bytes = files::requests(&self.file)?;
        let ledger = settings.recording_unless(self.dry_run, None)?;
        let before = Standing::of(&ledger);
        let keyring = settings.keyring()?;
        let summary = if self.dry_run {
            try_out(&ledger, keyring, &self.file, &bytes)?
        } else {
            bring_in(&ledger, keyring, &self.file, &bytes, self.make_keys)?
        };
        let before = if self.dry_run {
            before
        } else {
            ledger.complete_erasures().map_err(Failure::Lingering)?;
            settings.keep(&ledger);
            Standing::of(&ledger)
        };
        let word = if self.dry_run { "would be recorded; nothing was" } else { "recorded" };
        let recorded = output::count(summary.recorded, "request", "requests");
        let mut text = format!("{recorded} {word}, {} had been before", summary.repeated);
        let values =
            (summary.erased > 0).then(|| output::count(summary.erased, "withheld value", "withheld values"));
        text.extend(
            values.map(|values| format!("; {values} of theirs had been erased, and not taken in again")),
        );
        let members = json!({
            "dry_run": self.dry_run, "recorded": summary.recorded, "repeated": summary.repeated,
            "erased": summary.erased,
        });
        output::answer("import", &text, members, &before, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The lines of a file, numbered.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    (1..).zip(bytes.split(|byte| *byte == b'\n'))
}

/// Tries the bytes of a file out on a copy of the ledger, and names every line that would be refused.
fn try_out(
    ledger: &Ledger,
    keyring: &Keyring,
    path: &Path,
    bytes: &[u8],
) -> Result<import::Summary, Failure> {
    let sha256 = sha256(bytes);
    let mut salt = output::salt;
    let (mut import, mut faults) = (import::Import::new(ledger, keyring, &sha256, &mut salt), Vec::new());
    let failed = |ImportError { line, source }| {
        let path = path.to_owned();
        Failure::Import { path, line, source, stage: Stage::Nothing }
    };
    let bar = output::progress("judging");
    for (line, text) in lines(bytes) {
        // Each is committed alone, so that one that is refused takes none with it.
        let tried = import::check(line, text).and_then(|()| import.push(line, text));
        match tried.and_then(|()| import.commit()) {
            Err(error) if is_of_the_system(&error.source) => return Err(failed(error)),
            tried => faults.extend(tried.err()),
        }
        bar.inc(1);
    }
    let summary = import.finish().map_err(failed)?;
    bar.finish_and_clear();
    if faults.is_empty() { Ok(summary) } else { Err(Failure::Tried { path: path.to_owned(), faults }) }
}

/// Whether a line ended an import for want of a disk or an engine, and may be sound.
const fn is_of_the_system(error: &LineError) -> bool {
    matches!(
        error,
        LineError::Ledger(_)
            | LineError::Record(RecordError::Store(_) | RecordError::Disclosures(_) | RecordError::Doubtful)
    )
}

/// Imports the bytes of a file, and makes the keys that its speakers lack where that is wanted.
pub(crate) fn bring_in(
    ledger: &Ledger,
    keyring: &Keyring,
    path: &Path,
    bytes: &[u8],
    make_keys: bool,
) -> Result<import::Summary, Failure> {
    let sha256 = sha256(bytes);
    let failed =
        |ImportError { line, source }, stage| Failure::Import { path: path.to_owned(), line, source, stage };
    for (line, text) in lines(bytes) {
        import::check(line, text).map_err(|error| failed(error, Stage::Nothing))?;
    }
    let before = ledger.head().size;
    let stage = |error: ImportError| {
        let stage = match ledger.head().size > before {
            // Nothing is wrong with the file.
            true if matches!(error.source, LineError::Key(_)) || is_of_the_system(&error.source) => {
                Stage::Repeat
            }
            true => Stage::Part,
            false => Stage::Nothing,
        };
        failed(error, stage)
    };
    let mut salt = output::salt;
    let mut import = import::Import::new(ledger, keyring, &sha256, &mut salt);
    let mut maker = make_keys.then(|| Maker::new(ledger, keyring)).transpose()?;
    let bar = output::progress("importing");
    for (line, text) in lines(bytes) {
        if let Some(maker) = &mut maker {
            maker.make(text, || import.commit().map_err(stage))?;
        }
        import.push(line, text).map_err(stage)?;
        bar.inc(1);
    }
    let summary = import.finish().map_err(stage)?;
    bar.finish_and_clear();
    Ok(summary)
}

/// Write the entries, byte for byte as they are stored
#[derive(Args)]
#[command(after_help = "\
Example:
  annals export --output dk-kr.jsonl && annals verify dk-kr.jsonl

Withheld values are not among the entries.")]
pub(crate) struct Export {
    /// Into this file, which must not exist [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        if ledger.head().size == 0 {
            return Err(Failure::usage(format!("{}: no entry to export", settings.ledger.display())));
        }
        let Some(path) = &self.output else {
            return match export::write(&ledger, &mut BufWriter::new(std::io::stdout().lock())) {
                // A reader that has seen enough (`| head`) is no failure.
                Err(ExportError::Write(error)) if error.kind() != ErrorKind::BrokenPipe => {
                    Err(Failure::Answer(error))
                }
                Err(ExportError::Ledger(error)) => Err(error.into()),
                _ => Ok(ExitCode::SUCCESS),
            };
        };
        files::write_by(path, Readers::Usual, |out| {
            export::write(&ledger, out).map_err(|error| match error {
                ExportError::Write(error) => file(path, "written")(error),
                ExportError::Ledger(error) => error.into(),
            })
        })?;
        let standing = Standing::of(&ledger);
        let entries = output::count(standing.head.size, "entry", "entries");
        let text = format!("{entries} written to {}", path.display());
        let first = ledger.entry(0)?.map(|entry| entry.leaf());
        output::answer("export", &text, json!({"first": first}), &standing, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Make a ledger from an export; it ends at the same head
#[derive(Args)]
#[command(after_help = "\
Example:
  annals restore dk-kr.jsonl --ledger ./restored

Every entry is verified; nothing is left behind where one does not hold. Withheld values are not in an export.")]
pub(crate) struct Restore {
    /// The export: one entry a line
    file: PathBuf,
    /// Verify every entry, and make nothing
    #[arg(long)]
    dry_run: bool,
}

impl Restore {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        if self.dry_run {
            return self.try_out(settings);
        }
        let input = File::open(&self.file).map_err(file(&self.file, "read"))?;
        let report = place::build(&settings.ledger, |part| {
            let refused = |source| Failure::Restore { path: self.file.clone(), source };
            let mut restore = restore::Restore::new(part).map_err(refused)?;
            let bar = output::progress("restoring");
            let mut failed: Option<RestoreError> = None;
            export::lines(input, &mut |line, whole| {
                bar.inc(1);
                if failed.is_none() {
                    let taken = if whole { restore.push(line) } else { restore.push_torn(line) };
                    failed = taken.err();
                }
                Ok::<(), std::io::Error>(())
            })
            .map_err(file(&self.file, "read"))?;
            bar.finish_and_clear();
            failed.map_or(Ok(()), Err).map_err(refused)?;
            restore.finish().map_err(refused)
        })?;
        self.answer(&report, settings)
    }

    fn try_out(&self, settings: &Settings) -> Result<ExitCode, Failure> {
        place::refuse_taken(&settings.ledger)?;
        let input = File::open(&self.file).map_err(file(&self.file, "read"))?;
        let bar = output::progress("verifying");
        let verified = export::verify(input, Vec::new(), &mut |at, _| bar.set_position(at + 1));
        bar.finish_and_clear();
        let (report, _) = verified.map_err(|error| Failure::verification(&self.file, error.into()))?;
        if !report.holds() {
            let source = RestoreError::Refused(Box::new(report));
            return Err(Failure::Restore { path: self.file.clone(), source });
        }
        if report.size == 0 {
            return Err(Failure::Restore { path: self.file.clone(), source: RestoreError::Empty });
        }
        self.answer(&report, settings)
    }

    fn answer(&self, report: &Report, settings: &Settings) -> Result<ExitCode, Failure> {
        let done = if self.dry_run {
            "nothing was made".to_owned()
        } else {
            format!("restored to {}", settings.ledger.display())
        };
        let text = format!("{} verified; {done}", output::count(report.size, "entry", "entries"));
        let head = Head { size: report.size, leaf: report.head };
        let standing = Standing { head, illustrative: report.illustrative };
        output::answer("restore", &text, json!({"dry_run": self.dry_run}), &standing, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
