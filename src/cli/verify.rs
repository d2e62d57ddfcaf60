//! `annals verify`: a verdict for each check on a ledger or an export, then one conclusion and what it does not prove.

use super::Failure;
use super::failure::file;
use super::output::{self, Format};
use super::settings::Settings;
use annals::exchange::export::{self, VerifyError};
use annals::ledger::{Ledger, LedgerError};
use annals::record::verdict::{Report, Verdict};
use annals::report::table::Cell;
use annals::trail::hash::LeafHash;
use clap::Args;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const LIMITS: &str = "Not proved: that no newer entries were cut off (there are no countersigned checkpoints yet; `--seen` \
                      asks for what you saw), that what was said is true, that the writer's clock was right, and that the \
                      files put forward as evidence are still at hand.";

/// Verify a ledger or an export, entry by entry, trusting nobody
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals verify                            the ledger in ./annals-ledger
  annals verify export.jsonl               an export, with nothing beside it
  annals verify --first 5f0c…              and that it is the ledger that was founded
  annals verify --seen 91ab…               and that it still holds what you saw then

Exit code 1 where a check fails; the first bad entry is named with what was expected.

Memory does not grow with the history: what has to be looked up again lies in the temporary
folder (TMPDIR), about 200 bytes an entry.")]
pub(crate) struct Verify {
    /// A ledger's folder or an export [default: the ledger]
    target: Option<PathBuf>,
    /// The leaf hash of entry 0, known from elsewhere: it tells whose ledger this is
    #[arg(long, value_name = "HASH")]
    first: Option<LeafHash>,
    /// A leaf hash that you saw in this ledger before, such as its head then; once for each
    #[arg(long, value_name = "HASH")]
    seen: Vec<LeafHash>,
}

impl Verify {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        if let Some(target) = self.target.as_ref().filter(|target| !target.exists()) {
            return Err(file(target, "verified")(std::io::ErrorKind::NotFound.into()));
        }
        let target = self.target.as_ref().unwrap_or(&settings.ledger);
        let report = of(target, self.seen.clone())?;
        let known = self.first.map(|first| report.size > 0 && first == report.first);
        match settings.format {
            Format::Table => output::write(table(&report, known).as_bytes())?,
            Format::Json => output::object(&answer(&report, known))?,
            Format::Csv => output::rows(&COLUMNS, &rows(&report), report.illustrative)?,
        }
        Ok(ExitCode::from(u8::from(!report.holds() || known == Some(false))))
    }
}

/// The report on a ledger's folder or an export.
pub(crate) fn of(target: &Path, seen: Vec<LeafHash>) -> Result<Report, Failure> {
    let bar = output::progress("verifying");
    if target.is_dir() || !target.exists() {
        let report = Ledger::verify_folder(target, seen, &mut |read| bar.set_position(read))?;
        bar.finish_and_clear();
        return Ok(report);
    }
    let input = File::open(target).map_err(file(target, "read"))?;
    let report =
        export::verify(input, seen, &mut |read| bar.set_position(read)).map_err(|error| match error {
            VerifyError::Read(error) => file(target, "read")(error),
            VerifyError::Store(error) => LedgerError::from(error).into(),
        })?;
    bar.finish_and_clear();
    Ok(report)
}

fn conclusion(report: &Report, known: Option<bool>) -> &'static str {
    match (report.holds(), known) {
        (false, _) => "NOT CONSISTENT: do not rely on it beyond the first bad entry",
        (true, None) if report.size == 0 => "empty: there is nothing to verify",
        (true, Some(_)) if report.size == 0 => {
            "EMPTY: it has no first entry, so it is not the ledger that you know"
        }
        (true, Some(false)) => "ANOTHER LEDGER: consistent, and its first entry is not the one that you know",
        (true, Some(true)) => "consistent, and the ledger whose first entry you know",
        (true, None) => "self-consistent, parties not authenticated (give `--first` the hash of entry 0)",
    }
}

pub(crate) fn table(report: &Report, known: Option<bool>) -> String {
    let line = |verdict: &Verdict| {
        let (sign, words) = match (&verdict.finding, verdict.idle) {
            (Some(finding), _) => (
                Some(false),
                format!("entry {}: expected {}, found {}", finding.entry, finding.expected, finding.found),
            ),
            (None, Some(idle)) => (None, idle.to_owned()),
            (None, None) if verdict.covered == report.size => {
                (Some(true), format!("{} of {} entries", verdict.covered, report.size))
            }
            (None, None) => {
                (None, format!("not known beyond the first {} of {} entries", verdict.covered, report.size))
            }
        };
        format!("{:<20}{} {words}\n", verdict.check.to_string(), output::sign(sign))
    };
    let text: String = report.verdicts.iter().map(line).collect();
    let mut more: Vec<String> = Vec::new();
    if let (held @ 1.., disclosed) = report.withheld {
        let erased = match report.erased {
            0 => String::new(),
            erased => format!(", {erased} erased"),
        };
        more.push(format!("\n{disclosed} of {held} withheld fields disclosed here{erased}"));
    }
    if report.lingering > 0 {
        more.push(format!(
            "\n{} still in this folder: the next command that writes to the ledger removes what is left",
            output::count(report.lingering, "erased value is", "erased values are")
        ));
    }
    if report.stray > 0 {
        more.push(format!("\n{} disclosures here belong to no entry", report.stray));
    }
    if report.damaged > 0 {
        more.push(format!(
            "\n{} lines of disclosures.jsonl are none: their fields count as withheld",
            report.damaged
        ));
    }
    if report.unfinished > 0 {
        more.push(format!(
            "\nThe journal ends with {} bytes of a line that was never finished: a write in progress, or one that was never \
             acknowledged",
            report.unfinished
        ));
    }
    if report.illustrative {
        more.push("\nIllustrative: recorded times were told by the authors.".to_owned());
    }
    format!(
        "{text}\n{}\n{} entries in {} streams, head {}\nfirst entry {}{}\n{LIMITS}\n",
        conclusion(report, known),
        report.size,
        report.streams,
        report.head,
        report.first,
        more.concat(),
    )
}

const COLUMNS: [&str; 7] = ["check", "holds", "covered", "entry", "expected", "found", "idle"];

/// What a check says; nothing where it had nothing to check and found nothing.
fn holds(verdict: &Verdict, report: &Report) -> Option<bool> {
    match (&verdict.finding, verdict.idle) {
        (Some(_), _) => Some(false),
        (None, Some(_)) => None,
        (None, None) => Some(verdict.covered == report.size),
    }
}

/// One row a check; whether a check that had nothing to check holds, is left open.
fn rows(report: &Report) -> Vec<Vec<Cell>> {
    let row = |verdict: &Verdict| {
        let finding = verdict.finding.as_ref();
        vec![
            Cell::text(verdict.check.key()),
            holds(verdict, report).map_or(Cell::Empty, Cell::Flag),
            Cell::Number(verdict.covered),
            finding.map_or(Cell::Empty, |finding| Cell::Number(finding.entry)),
            Cell::maybe(finding.map(|finding| &finding.expected)),
            Cell::maybe(finding.map(|finding| &finding.found)),
            Cell::maybe(verdict.idle),
        ]
    };
    report.verdicts.iter().map(row).collect()
}

fn answer(report: &Report, known: Option<bool>) -> Value {
    let verdicts: Map<String, Value> = report
        .verdicts
        .iter()
        .map(|verdict| {
            let mut value = json!({"covered": verdict.covered});
            if let Some(members) = value.as_object_mut() {
                members.extend(holds(verdict, report).map(|holds| ("holds".to_owned(), holds.into())));
                if let Some(idle) = verdict.idle {
                    members.insert("idle".to_owned(), idle.into());
                }
                if let Some(finding) = &verdict.finding {
                    members.insert("entry".to_owned(), finding.entry.into());
                    members.insert("expected".to_owned(), finding.expected.as_str().into());
                    members.insert("found".to_owned(), finding.found.as_str().into());
                }
            }
            (verdict.check.key().to_owned(), value)
        })
        .collect();
    let mut value = json!({
        "kind": "verification",
        "holds": report.holds() && known != Some(false),
        "conclusion": conclusion(report, known),
        "size": report.size,
        "streams": report.streams,
        "first": report.first,
        "head": report.head,
        "withheld": report.withheld.0,
        "disclosed": report.withheld.1,
        "erased": report.erased,
        "lingering": report.lingering,
        "stray": report.stray,
        "damaged": report.damaged,
        "unfinished": report.unfinished,
        "illustrative": report.illustrative,
        "verdicts": verdicts,
        "limits": LIMITS,
    });
    if let (Some(members), Some(known)) = (value.as_object_mut(), known) {
        members.insert("authenticated".to_owned(), known.into());
    }
    value
}
