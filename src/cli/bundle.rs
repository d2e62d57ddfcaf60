//! `annals bundle`: all of a ledger that somebody may see, in one file: written, verified, restored.

use super::checkpoint;
use super::failure::{Failure, file};
use super::files;
use super::output::{self, Standing};
use super::place;
use super::settings::Settings;
use super::verify::Verify;
use super::words;
use annals::domain::sealed::Audience;
use annals::exchange::bundle;
use annals::exchange::bundle::pack::{self, PackError, Recipe};
use annals::exchange::outgoing::Readers;
use annals::ledger::Ledger;
use annals::trail::hash::Head;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write all of a ledger that somebody may see into one file, verify such a file, or make a ledger from it
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  annals bundle export -o for-kr.bundle --for KR --evidence
  annals bundle verify for-kr.bundle
  annals bundle restore for-kr.bundle --ledger copy")]
pub(crate) enum Bundle {
    Export(Export),
    /// Verify a bundle as `annals verify` does, with no store and no network
    #[command(mut_arg("target", |target| target.required(true).value_name("FILE").help("The bundle")))]
    Verify(Verify),
    Restore(Restore),
}

impl Bundle {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        match self {
            Self::Export(command) => command.run(settings),
            Self::Verify(command) => {
                if let Some(path) = command.target().filter(|target| target.exists()) {
                    let opened = bundle::Bundle::open(path);
                    opened
                        .map_err(|error| Failure::Bundle { path: path.to_owned(), source: error.into() })?;
                }
                command.run(settings)
            }
            Self::Restore(command) => command.run(settings),
        }
    }
}

/// Write a bundle, up to the newest checkpoint
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals bundle export -o for-kr.bundle --for KR --evidence     for the other side
  annals bundle export -o public.bundle --for public            for everybody
  annals bundle export -o all.bundle --for parties --evidence   for the auditors of both

A bundle is a ZIP: every entry, the tree, the checkpoints with their cosignatures, and those
withheld values and files that its reader may see. Its README.txt says how it is verified without
this program. What is in clear in the entries is in every bundle.")]
pub(crate) struct Export {
    /// For whom: public, parties (what each of them may see), or a party
    #[arg(long = "for", value_name = "WHOM", value_parser = words::audience)]
    reader: Audience,
    /// With the files whose names its reader may see
    #[arg(long)]
    evidence: bool,
    /// Into this file, which must not exist
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

impl Export {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let recipe = Recipe { reader: self.reader, evidence: self.evidence, answers: Vec::new() };
        let (text, members) = write(&ledger, &recipe, &self.output)?;
        output::answer("bundle", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a bundle into a file that was not there, and says what it holds.
pub(crate) fn write(ledger: &Ledger, recipe: &Recipe, path: &Path) -> Result<(String, Value), Failure> {
    super::privacy::known_reader(ledger, &recipe.reader)?;
    let bar = output::progress("bundling");
    let packed = files::write_by(path, Readers::Owner, |out| {
        let refused = |error| match error {
            PackError::Write(error) => file(path, "written")(error),
            source => Failure::Pack { path: path.to_owned(), source },
        };
        pack::pack(ledger, recipe, out, &mut |read| bar.set_position(read)).map_err(refused)
    });
    bar.finish_and_clear();
    let packed = packed?;
    if packed.left_out > 0 {
        let checkpoints = output::count(packed.left_out, "checkpoint", "checkpoints");
        output::tell(format_args!(
            "left out: {checkpoints} kept here that cannot be read, or whose signatures do not hold; `annals doctor` says what mends that"
        ));
    }
    let (size, reader) = (packed.checkpoint.checkpoint().size(), String::from(recipe.reader.clone()));
    let whom = match &recipe.reader {
        Audience::Public => "everybody",
        Audience::Parties => "the parties",
        Audience::Party(party) => party.as_str(),
    };
    let mut text = format!(
        "{} for {whom}, with {}, {} and {}, written to {}",
        output::count(size, "entry", "entries"),
        output::count(packed.checkpoints, "cosigned checkpoint", "cosigned checkpoints"),
        output::count(packed.handed.written, "withheld value", "withheld values"),
        output::count(packed.files, "file", "files"),
        path.display()
    );
    if packed.handed.missing > 0 {
        let values = output::count(packed.handed.missing, "withheld value", "withheld values");
        text.extend([format!(
            "\n  {values} for such a reader not at hand here; `annals doctor` says where they come from, if they were"
        )]);
    }
    if packed.missing > 0 {
        let files = output::count(packed.missing, "file that it may see is", "files that it may see are");
        text.extend([format!(
            "\n  {files} not kept here whole; `annals evidence check` names what is missing"
        )]);
    }
    let later = ledger.head().size.saturating_sub(size);
    if later > 0 {
        let entries = output::count(later, "entry is", "entries are");
        text.extend([format!("\n  {entries} after the newest checkpoint, and not in it")]);
    }
    let members = json!({
        "file": output::path(path), "for": reader, "checkpoint": checkpoint::members(&packed.checkpoint, &ledger.state()),
        "checkpoints": packed.checkpoints, "disclosures": packed.handed, "files": packed.files,
        "missing": packed.missing, "later": later,
    });
    Ok((text, members))
}

/// Make a ledger from a bundle; it ends at the same head
#[derive(Args)]
#[command(after_help = "\
Example:
  annals bundle restore for-kr.bundle --ledger ./dk-kr

Every entry, the withheld values, the files and the checkpoints are verified; nothing is left behind
where one does not hold. Whoever holds the ledger's key goes on writing from there; everybody else
has a copy to read, to verify and to cosign.")]
pub(crate) struct Restore {
    /// The bundle
    file: PathBuf,
}

impl Restore {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let refused = |source| Failure::Unpack { path: self.file.clone(), source };
        let mut bundle = bundle::Bundle::open(&self.file).map_err(|error| refused(error.into()))?;
        let unpacked = place::build(&settings.ledger, |part| {
            let bar = output::progress("restoring");
            let unpacked = bundle::restore::restore(&mut bundle, part, &mut |read| bar.set_position(read));
            bar.finish_and_clear();
            unpacked.map_err(refused)
        })?;
        let report = &unpacked.report;
        let mut text = format!(
            "{} verified, with {}, {} and {}; restored to {}",
            output::count(report.size, "entry", "entries"),
            output::count(unpacked.beside.disclosures, "withheld value", "withheld values"),
            output::count(unpacked.beside.files, "file", "files"),
            output::count(unpacked.beside.checkpoints, "checkpoint", "checkpoints"),
            settings.ledger.display()
        );
        if unpacked.beside.stray > 0 {
            let stray = output::count(unpacked.beside.stray, "disclosure was", "disclosures were");
            text.extend([format!("\n  {stray} left out: no entry withholds a field under such a digest")]);
        }
        let members = json!({
            "dry_run": false, "disclosures": unpacked.beside.disclosures, "files": unpacked.beside.files,
            "checkpoints": unpacked.beside.checkpoints,
        });
        let head = Head { size: report.size, leaf: report.head };
        let standing = Standing { head, illustrative: report.illustrative };
        output::answer("restore", &text, members, &standing, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
