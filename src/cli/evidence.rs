//! `annals evidence`: the files that are put forward: kept with the ledger, looked after, and taken out again.

use super::axes::{self, Axes};
use super::failure::Failure;
use super::output::{self, Format, Standing};
use super::settings::Settings;
use super::words;
use annals::exchange::evidence::{self as files, Offered};
use annals::ledger::{Ledger, LedgerError};
use annals::projection::timeline::stream;
use annals::record::evidence::Shown;
use annals::report::evidence::Availability;
use annals::report::table::Cell;
use annals::store::Condition;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Keep, check and open the files that are put forward as evidence
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  annals evidence add minutes.pdf photo.jpg
  annals evidence check 1.G2G.3
  annals evidence open 140 -o minutes.pdf

The ledger names a file by its SHA-256 and its size; the bytes are kept beside it, in `blobs/`.")]
pub(crate) enum Evidence {
    Add(Add),
    Check(Check),
    Open(Open),
}

impl Evidence {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        match self {
            Self::Add(command) => command.run(settings),
            Self::Check(command) => command.run(settings),
            Self::Open(command) => command.run(settings),
        }
    }
}

/// Keep files with the ledger, each under its SHA-256
#[derive(Args)]
#[command(after_help = "\
Example:
  annals evidence add minutes.pdf photo.jpg

Nothing is recorded: `annals record progress --evidence FILE` names a file, and keeps it, too. Adding a file that an entry \
names already brings it back where it is missing or has changed; a second time nothing happens. The name of a file is not \
kept with it.")]
pub(crate) struct Add {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Name their digests, and keep nothing
    #[arg(long)]
    dry_run: bool,
}

/// A file that was added.
struct Added {
    offered: Offered,
    before: Condition,
}

impl Add {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let offered =
            self.files.iter().map(|path| Ok(Offered::read(path)?)).collect::<Result<Vec<_>, Failure>>()?;
        let ledger = if self.dry_run { settings.reading()? } else { settings.writing()? };
        let mut added = Vec::new();
        for offered in offered {
            let before = if self.dry_run {
                ledger.copy_blob(&offered.sha256, &mut io::sink()).map_err(LedgerError::from)?
            } else {
                offered.keep(&ledger)?
            };
            added.push(Added { offered, before });
        }
        match settings.format {
            Format::Table => added.iter().try_for_each(|added| output::line(&added.line(self.dry_run)))?,
            Format::Csv => {
                let rows: Vec<_> = added.iter().map(Added::cells).collect();
                output::plain(&["path", "sha256", "size", "mediatype", "before"], &rows)?;
            }
            Format::Json => {
                let all: Vec<Value> = added.iter().map(Added::member).collect();
                output::object(&json!({"kind": "files", "dry_run": self.dry_run, "files": all}))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Added {
    const fn before(&self) -> &'static str {
        match self.before {
            Condition::Whole => "found",
            Condition::Missing => "missing",
            Condition::Changed => "changed",
        }
    }

    fn mediatype(&self) -> String {
        mime_guess::from_path(&self.offered.path).first_or_octet_stream().to_string()
    }

    fn line(&self, dry_run: bool) -> String {
        let word = match (self.before, dry_run) {
            (Condition::Whole, _) => "here before",
            (_, true) => "not kept",
            (Condition::Missing, false) => "added",
            (Condition::Changed, false) => "mended",
        };
        let Offered { path, sha256, size } = &self.offered;
        format!("{word:<12}{sha256}  {size} bytes, {}, {}", self.mediatype(), path.display())
    }

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(self.offered.path.display().to_string()),
            Cell::text(self.offered.sha256.as_str()),
            Cell::Number(self.offered.size),
            Cell::text(self.mediatype()),
            Cell::text(self.before()),
        ]
    }

    fn member(&self) -> Value {
        json!({
            "path": output::path(&self.offered.path), "sha256": self.offered.sha256,
            "size": self.offered.size, "mediatype": self.mediatype(), "before": self.before(),
        })
    }
}

/// Whether every file that was put forward is still here, and unchanged
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals evidence check
  annals evidence check 1.G2G.3 --format csv

A file is found, missing, changed (its SHA-256 or its size is not the one that was named), withheld (its digest is not \
disclosed here), or erased. Each is read to its end. Exit code 1 where one is missing or has changed; `annals evidence add FILE` brings it \
back, but for one whose size its entry says wrongly, which `annals evidence open` tells.")]
pub(crate) struct Check {
    /// Only what was put forward for this action
    #[arg(value_parser = words::action::<String>)]
    action: Option<String>,
}

impl Check {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = Axes::default().read(&ledger)?;
        let wanted = self.action.map(|action| axes::known(&ledger.state(), &action)).transpose()?;
        let wanted = wanted.as_ref().map(stream);
        let checked = ledger.exhibits(&history, &reading, wanted.as_deref())?;
        output::report(&annals::report::evidence::evidence(&reading, &checked), settings.format)?;
        let bad =
            checked.iter().any(|file| matches!(file.found, Availability::Missing | Availability::Changed));
        Ok(ExitCode::from(u8::from(bad)))
    }
}

/// Take a file out of the ledger's folder, under its own name
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals evidence open 140                   the one file of entry 140, under its own name
  annals evidence open 140/2 -o photo.jpg    its second file
  annals evidence open ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e

Its bytes are checked on the way, and nothing is overwritten.")]
pub(crate) struct Open {
    /// An entry by sequence or id, with the number of the file where it has several; or the file's SHA-256
    #[arg(value_name = "ENTRY[/FILE]|SHA256")]
    what: String,
    /// Under this name, which must be free [default: its own name, in the current folder]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Open {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (sha256, said, filename) = self.named(&ledger)?;
        let path = self.output.unwrap_or_else(|| files::own_name(filename.as_deref(), &sha256));
        let bytes = files::open(&ledger, &sha256, said, &path)?;
        let how = if said.is_some() { "as they were put forward" } else { "as their SHA-256 says" };
        let text = format!("{bytes} bytes, {how}, written to {}", path.display());
        let members = json!({"sha256": sha256, "bytes": bytes, "path": output::path(&path)});
        output::answer("opened", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }

    /// The digest of the file that is meant; how many bytes it has as an entry says, and its name.
    fn named(&self, ledger: &Ledger) -> Result<(String, Option<u64>, Option<String>), Failure> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if self.what.len() == 64 && self.what.bytes().all(digit) {
            return Ok((self.what.clone(), None, None));
        }
        let (entry, number) = match self.what.split_once('/') {
            Some((entry, number)) => (entry, Some(number)),
            None => (self.what.as_str(), None),
        };
        let entry = axes::entry(ledger, entry)?;
        let disclosed = ledger.disclosed()?;
        let known = |digest: &str| disclosed.known(digest);
        let all = annals::record::evidence::files(&entry.request.event, &known);
        let sequence = entry.seal.sequence;
        let list = || {
            all.iter().map(|file| format!("\n  {sequence}/{}: {}", file.number, disclosed.words(file, false)))
        };
        let file = match (number, all.as_slice()) {
            (_, []) => return Err(Failure::usage(format!("entry {sequence} puts no file forward"))),
            (None, [file]) => Some(file),
            (None, _) => None,
            (Some(number), files) => files.iter().find(|file| file.number.to_string() == number),
        };
        let Some(file) = file else {
            let list: String = list().collect();
            return Err(Failure::usage(format!("entry {sequence} has these files; name one of them:{list}")));
        };
        match &file.sha256 {
            Shown::Clear(sha256) => {
                Ok((sha256.clone(), Some(file.size), file.filename.clear().map(str::to_owned)))
            }
            _ => Err(Failure::usage(format!(
                "the digest of {sequence}/{} is {}: without it nobody can tell which file it is",
                file.number,
                disclosed.without_digest(file).as_str()
            ))),
        }
    }
}
