//! `annals verify`: a verdict for each check on an export, then one conclusion and what it does not prove.

use super::Failure;
use annals::record::verify::{Check, Finding, Report, Verifier};
use annals::trail::entry::ENTRY_LIMIT;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const LIMITS: &str = "Not checked yet: signatures, authority, rules. Not provable from a chain alone: that no newer \
                      entries were cut off, and that the parties are who they say.";

/// Verify an export: canonical form, sequence and times, chain, stream chains.
#[derive(Args)]
#[command(
    after_help = "Example:\n  annals verify tests/vectors/entries.jsonl\n\nExit code 1 where a check fails."
)]
pub(crate) struct Verify {
    /// The export: one entry a line.
    file: PathBuf,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
}

impl Verify {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let report = read(&self.file).map_err(|source| Failure::Read { path: self.file, source })?;
        match self.format {
            Format::Table => print!("{}", table(&report)),
            Format::Json => println!("{}", answer(&report)),
        }
        Ok(ExitCode::from(u8::from(!report.holds())))
    }
}

fn read(path: &Path) -> std::io::Result<Report> {
    let mut file = BufReader::new(File::open(path)?);
    let mut verifier = Verifier::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than an entry and its newline: enough to see that a line is too long, whatever its length.
        if file.by_ref().take(ENTRY_LIMIT as u64 + 2).read_until(b'\n', &mut line)? == 0 {
            return Ok(verifier.finish());
        }
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            verifier.push_torn(&line);
            return Ok(verifier.finish());
        }
        verifier.push(&line);
    }
}

fn table(report: &Report) -> String {
    let line = |(check, covered, finding): &(Check, u64, Option<Finding>)| {
        let verdict = match finding {
            Some(finding) => {
                format!("✕ entry {}: expected {}, found {}", finding.entry, finding.expected, finding.found)
            }
            None if *covered == report.size => format!("✓ {covered} of {covered} entries"),
            None => format!("… not known beyond the first {covered} of {} entries", report.size),
        };
        format!("{:<20}{verdict}\n", check.to_string())
    };
    let text: Vec<String> = report.verdicts.iter().map(line).collect();
    let conclusion =
        if report.holds() { "self-consistent, parties not authenticated" } else { "NOT CONSISTENT" };
    format!(
        "{}\n{conclusion}: {} entries in {} streams, head {}\n{LIMITS}\n",
        text.concat(),
        report.size,
        report.streams,
        report.head
    )
}

fn answer(report: &Report) -> serde_json::Value {
    let verdicts: serde_json::Map<_, _> = report
        .verdicts
        .iter()
        .map(|(check, covered, finding)| {
            let mut verdict =
                json!({"holds": finding.is_none() && *covered == report.size, "covered": covered});
            if let (Some(members), Some(finding)) = (verdict.as_object_mut(), finding) {
                members.insert("entry".to_owned(), finding.entry.into());
                members.insert("expected".to_owned(), finding.expected.as_str().into());
                members.insert("found".to_owned(), finding.found.as_str().into());
            }
            (check.key().to_owned(), verdict)
        })
        .collect();
    json!({
        "holds": report.holds(), "size": report.size, "streams": report.streams,
        "head": report.head.to_string(), "verdicts": verdicts, "limits": LIMITS,
    })
}
