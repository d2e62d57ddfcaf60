//! `annals report`: the evaluation of a review as a document, in the dialect that the file's name asks for.

use super::audit;
use super::axes::{Axes, review};
use super::failure::Failure;
use super::files;
use super::output::{self, Standing};
use super::settings::Settings;
use annals::domain::value::Code;
use annals::ledger::{Cut, Ledger};
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::projection::{board, evaluation, version};
use annals::report::audit::exceptions as exceptions_table;
use annals::report::document::{Document, Section};
use annals::report::table::Report as Table;
use annals::report::{answers, evaluation as table, markdown, version as versions, xlsx};
use clap::Args;
use serde_json::json;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write the evaluation of a review as a document: what stood, what was found, what was decided
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals report R2022 -o evaluation.xlsx
  annals report R2022 -o evaluation.md

It is made from the reading on which the review was opened, and from what was found and decided until it was closed, or by now: the same
head gives the same bytes. A workbook has a sheet for each table, with typed dates, frozen headings and filters; what only machines
read is in hidden columns.")]
pub(crate) struct Report {
    /// The review
    review: Code,
    /// Into this file, which must not exist: its name ends with .xlsx or .md
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// The dialects.
#[derive(Clone, Copy)]
enum Dialect {
    Xlsx,
    Markdown,
}

impl Dialect {
    fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("xlsx") => Ok(Self::Xlsx),
            Some("md") => Ok(Self::Markdown),
            _ => Err(Failure::usage(format!(
                "{}: a name that ends with .xlsx or .md is expected",
                path.display()
            ))),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Markdown => "markdown",
        }
    }
}

impl Report {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let dialect = Dialect::of(&self.output)?;
        if self.output.exists() {
            return Err(super::failure::file(&self.output, "made")(io::Error::from(
                ErrorKind::AlreadyExists,
            )));
        }
        let ledger = settings.reading()?;
        let document = self.document(&ledger)?;
        let bytes = match dialect {
            Dialect::Markdown => markdown::of(&document).into_bytes(),
            Dialect::Xlsx => xlsx::of(&document)
                .map_err(|error| Failure::usage(format!("no workbook can be made: {error}")))?,
        };
        files::write(&self.output, &bytes)?;
        let text = format!("{} written to {}", document.title, self.output.display());
        let members = json!({
            "review": self.review, "file": self.output.display().to_string(), "dialect": dialect.as_str(), "bytes": bytes.len(),
        });
        output::answer("report", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }

    /// What is written, from two readings: the one on which the review was opened, and the one in which it was closed, or the last.
    fn document(&self, ledger: &Ledger) -> Result<Document, Failure> {
        let whole = ledger.state();
        let closed = review(&whole, &self.review)?.closed;
        let (then, before) = Axes::of_review(self.review.clone(), None).read(ledger)?;
        let state = ledger.at(closed.map(Cut::Sequence))?.state;
        let after = Reading { illustrative: before.illustrative, ..Reading::of(&state, None, None, None) };
        let (named, readings) = ((&self.review, review(&state, &self.review)?), (&before, &after));
        let filter = Filter::default();
        let board = board::of(&then, &before, &filter)?;
        let rows = evaluation::actions(&state, &self.review, &filter);
        let judged = evaluation::lines(&state, named.1);
        let mut decided = version::decided(&state.programme, named.1.sequence, after.head.size);
        decided.retain(|decided| decided.proposal.decision.review == self.review);
        let exceptions = audit::told(ledger, &then, &before)?;
        let section = |heading, about, report: Table| Section { heading, about, report: report.in_full() };
        let title = state.programme.plan.as_deref().map_or("", |plan| plan.title.as_str());
        let name = self.output.file_name().map_or_else(|| "FILE".into(), |name| name.to_string_lossy());
        Ok(Document {
            title: format!("{}: {title}", self.review),
            command: format!("annals report {} -o {name}", self.review),
            sections: vec![
                section(
                    "Findings",
                    "What each side finds of each action, and what is decided.",
                    table::actions(&state, named, readings, &rows, &board),
                ),
                section(
                    "Criteria",
                    "What each side finds of the lines of effort, by the criteria of the OECD DAC.",
                    table::lines(&state, named, readings, &judged),
                ),
                section(
                    "Decisions",
                    "What was decided in the review, and took effect.",
                    versions::diff(&before, &after, &decided),
                ),
                section(
                    "Status",
                    "Where every action stood in the reading of the review.",
                    answers::status(&then, &before, &filter)?,
                ),
                section(
                    "Exceptions",
                    "What an auditor looks at first in that reading; whether files are at hand is told by `annals evidence check`.",
                    exceptions_table(&before, &exceptions),
                ),
            ],
        })
    }
}
