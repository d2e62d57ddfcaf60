//! `annals doctor`, `annals rebuild`: what is wrong with the ledger's folder, and what is derived made anew.

use super::failure::Failure;
use super::output::{self, Format, Standing};
use super::settings::Settings;
use annals::ledger::Ledger;
use annals::ledger::examination::{Examination, Finding, Gravity, UNNAMED, examine};
use annals::report::table::Cell;
use chrono::Utc;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Say what is wrong with the ledger's folder, and which commands mend it
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals doctor
  annals doctor --backup /mnt/backup/dk-kr    what your backup has of it, and remedies that name it

Nothing is changed, and nobody who writes is kept waiting. It looks at the files: whether every
entry was signed and admitted is for `annals verify` to say.

  fine        good to know
  untidy      nothing is lost, and the next command that writes mends it, or the one that is told
  wrong       something beside the entries is not as it was, or soon in the way
  grave       the entries are not as they were, or nobody can go on
  unreadable  it cannot be looked at

Exit codes: 0 healthy, 1 something is to be mended, 3 something cannot be read.")]
pub(crate) struct Doctor {
    /// What is held against the ledger, and restored from [default: the word BACKUP]
    #[arg(long, value_name = "DIR")]
    backup: Option<PathBuf>,
}

impl Doctor {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let backup = self.backup.unwrap_or_else(|| PathBuf::from(UNNAMED));
        let bar = output::progress("looking");
        let (ledger, anchor) = (&settings.ledger, settings.known_anchor());
        let found = examine(ledger, &backup, anchor, Utc::now(), &mut |read| bar.set_position(read))?;
        bar.finish_and_clear();
        match settings.format {
            Format::Json => output::object(&answer(&found))?,
            Format::Csv => output::rows(&COLUMNS, &rows(&found), found.illustrative)?,
            Format::Table => output::words(&table(&found, settings))?,
        }
        Ok(match found.gravity() {
            Gravity::Fine => ExitCode::SUCCESS,
            Gravity::Untidy | Gravity::Wrong | Gravity::Grave => ExitCode::from(1),
            Gravity::Unreadable => ExitCode::from(3),
        })
    }
}

const COLUMNS: [&str; 5] = ["about", "gravity", "what", "remedy", "commands"];

fn conclusion(found: &Examination) -> &'static str {
    match found.gravity() {
        Gravity::Fine => "healthy",
        Gravity::Untidy => "nothing is lost, and something is to be tidied up",
        Gravity::Wrong => "the entries are there, and something beside them is to be mended",
        Gravity::Grave => "nobody can go on until it is mended",
        Gravity::Unreadable => "it cannot all be looked at",
    }
}

fn table(found: &Examination, settings: &Settings) -> String {
    let finding = |finding: &Finding| {
        let sign = output::sign((finding.gravity > Gravity::Untidy).then_some(false));
        let commands: Vec<String> =
            finding.commands.iter().map(|command| format!("    {command}\n")).collect();
        let commands = commands.concat();
        let (about, gravity) = (finding.about.as_str(), finding.gravity.as_str());
        let end = if commands.is_empty() { "" } else { ":" };
        format!("{sign} {about}, {gravity}: {}\n  {}{end}\n{commands}\n", finding.what, finding.remedy)
    };
    let findings: String = found.findings.iter().map(finding).collect();
    let illustrative = if found.illustrative { ", illustrative" } else { "" };
    let entries = output::count(found.head.size, "entry", "entries");
    let (folder, head) = (settings.ledger.display(), found.head.leaf);
    format!("{findings}{folder}: {}\n  head  {head} ({entries}{illustrative})\n", conclusion(found))
}

fn rows(found: &Examination) -> Vec<Vec<Cell>> {
    let row = |finding: &Finding| {
        vec![
            Cell::text(finding.about.as_str()),
            Cell::text(finding.gravity.as_str()),
            Cell::text(&finding.what),
            Cell::text(&finding.remedy),
            Cell::List(finding.commands.clone()),
        ]
    };
    found.findings.iter().map(row).collect()
}

fn answer(found: &Examination) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "about": finding.about.as_str(), "gravity": finding.gravity.as_str(), "what": finding.what,
            "remedy": finding.remedy, "commands": finding.commands,
        })
    };
    json!({
        "kind": "examination",
        "healthy": found.gravity() == Gravity::Fine,
        "conclusion": conclusion(found),
        "size": found.head.size,
        "head": found.head.leaf,
        "illustrative": found.illustrative,
        "findings": found.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

/// Make anew what is derived from the entries
#[derive(Args)]
#[command(after_help = "\
Example:
  annals rebuild

`sled`, `index` and `tile` are thrown away and made again from the journal, and a last line that
was never acknowledged is cut, as by any command that writes. A journal that was cut or changed
is refused.")]
pub(crate) struct Rebuild {}

impl Rebuild {
    pub(crate) fn run(settings: &Settings) -> Result<ExitCode, Failure> {
        let bar = output::progress("rebuilding");
        settings.refuse_cutting()?;
        let ledger = Ledger::rebuild(&settings.ledger, &mut |read| bar.set_position(read))?;
        bar.finish_and_clear();
        for notice in ledger.notices() {
            output::tell(notice);
        }
        let text = "made anew from the journal";
        output::answer("rebuild", text, json!({}), &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
