//! `annals report`: the evaluation of a review as a document, in the dialect that the file's name asks for.

use super::axes::{Axes, review};
use super::failure::{Failure, file};
use super::files;
use super::output::{self, Standing};
use super::settings::Settings;
use super::{again, audit, print, words};
use annals::domain::value::{Code, nearest};
use annals::ledger::{Cut, Ledger};
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::projection::{board, evaluation, version};
use annals::report::audit::exceptions as exceptions_table;
use annals::report::document::{Document, Section};
use annals::report::html::{self, Held};
use annals::report::labels::{Labels, Language};
use annals::report::table::Report as Table;
use annals::report::{
    answers, csv, evaluation as table, json as dialect, markdown, tally, version as versions, xlsx,
};
use clap::Args;
use serde_json::json;
use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write the evaluation of a review as a document: what stood, what was found, what was decided
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals report R2022 -o evaluation.html                     a page that verifies itself in a browser, without a network
  annals report R2022 -o evaluation.pdf --lang ko            the same on paper, printed by Chromium
  annals report R2022 -o evaluation.xlsx                     a sheet for each table; also .md and .json
  annals report R2022 -o findings.csv --section findings     one of the tables; --bom for a spreadsheet that guesses

It is made from the reading on which the review was opened, and from what was found and decided until it was closed, or by now: the same
head gives the same bytes (of a PDF: the same page; its printer writes the time into it). The page holds the entries that it rests on, and \
the checkpoint that vouches for them. Labels are in English, Danish or Korean; the plan's own words, and the keys and words of JSON and \
CSV, stay as they are. What only machines read is in hidden columns of a workbook.")]
pub(crate) struct Report {
    /// The review
    review: Code,
    /// Into this file, which must not exist: its name ends with .html, .pdf, .xlsx, .md, .json or .csv
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// In which language: en, da or ko
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = words::language())]
    lang: Language,
    /// Only this table: results, findings, criteria, decisions, progress, status or exceptions
    #[arg(long, value_name = "NAME")]
    section: Option<String>,
    /// With a byte order mark, by which a spreadsheet knows that a CSV is in UTF-8
    #[arg(long)]
    bom: bool,
    /// The browser that prints a PDF [default: the first of chromium, google-chrome and chrome that is found]
    #[arg(long, env = "ANNALS_CHROMIUM", value_name = "PROGRAM")]
    chromium: Option<PathBuf>,
}

/// The dialects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Html,
    Pdf,
    Xlsx,
    Markdown,
    Json,
    Csv,
}

impl Dialect {
    fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => Ok(Self::Html),
            Some("pdf") => Ok(Self::Pdf),
            Some("xlsx") => Ok(Self::Xlsx),
            Some("md") => Ok(Self::Markdown),
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            _ => Err(Failure::usage(format!(
                "{}: a name that ends with .html, .pdf, .xlsx, .md, .json or .csv is expected",
                path.display()
            ))),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Xlsx => "xlsx",
            Self::Markdown => "markdown",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

impl Report {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let dialect = Dialect::of(&self.output)?;
        if self.bom && dialect != Dialect::Csv {
            return Err(Failure::usage("--bom is for .csv".to_owned()));
        }
        if self.output.exists() {
            return Err(file(&self.output, "made")(io::Error::from(ErrorKind::AlreadyExists)));
        }
        let ledger = settings.reading()?;
        let document = self.document(&ledger)?;
        let labels = Labels::of(self.lang);
        match dialect {
            Dialect::Html => self.page(&ledger, &document, &labels)?,
            Dialect::Pdf => {
                let page = html::of(&document, &labels, None);
                let page = [page.head, page.tail].concat();
                print::pdf(self.chromium.as_deref(), &page, &self.output)?;
            }
            Dialect::Xlsx => {
                let bytes = xlsx::of(&document, &labels)
                    .map_err(|error| Failure::usage(format!("no workbook can be made: {error}")))?;
                files::write(&self.output, &bytes)?;
            }
            Dialect::Markdown => files::write(&self.output, markdown::of(&document, &labels).as_bytes())?,
            Dialect::Json => {
                files::write(&self.output, format!("{}\n", dialect::document(&document)).as_bytes())?;
            }
            Dialect::Csv => files::write(&self.output, &self.rows(&document)?)?,
        }
        let bytes = self.output.metadata().map_err(file(&self.output, "read"))?.len();
        let text = format!("{} written to {}", document.title, self.output.display());
        let members = json!({
            "review": self.review, "file": self.output.display().to_string(), "dialect": dialect.as_str(),
            "language": self.lang, "bytes": bytes,
        });
        output::answer("report", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }

    /// One table as CSV.
    fn rows(&self, document: &Document) -> Result<Vec<u8>, Failure> {
        let [section] = document.sections.as_slice() else {
            let names: Vec<&str> = document.sections.iter().map(|section| section.name).collect();
            return Err(Failure::usage(format!(
                "a CSV has one table: give --section, one of {}",
                names.join(", ")
            )));
        };
        let rows = csv::of(&section.report).map_err(|error| Failure::Answer(error.into()))?;
        Ok(if self.bom { [b"\xEF\xBB\xBF".as_slice(), &rows].concat() } else { rows })
    }

    /// The page with the entries that it rests on, which are never all in memory.
    fn page(&self, ledger: &Ledger, document: &Document, labels: &Labels) -> Result<(), Failure> {
        let held = match ledger.vouched(document.size)? {
            Some((checkpoint, path)) => Held {
                checkpoint: Some(checkpoint.to_string()),
                consistency: path.iter().map(ToString::to_string).collect(),
            },
            None => Held::default(),
        };
        let page = html::of(document, labels, Some(&held));
        files::write_by(&self.output, |out| {
            let told = |error| file(&self.output, "written")(error);
            out.write_all(page.head.as_bytes()).map_err(told)?;
            let mut failed = None;
            ledger.read(0..document.size, &mut |_, line| {
                let line = html::escaped(&String::from_utf8_lossy(line));
                match out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failed = Some(error);
                        ControlFlow::Break(())
                    }
                }
            })?;
            failed.map_or(Ok(()), |error| Err(told(error)))?;
            out.write_all(page.tail.as_bytes()).map_err(told)
        })
    }

    /// How it is made again, into a file of the same name.
    fn command(&self) -> String {
        let name = self.output.file_name().map_or_else(|| "FILE".into(), |name| name.to_string_lossy());
        let language = (self.lang != Language::En).then(|| ("--lang", self.lang.to_string()));
        let section = self.section.clone().map(|section| ("--section", section));
        let options = [("-o", name.into_owned())].into_iter().chain(language).chain(section);
        again::command(&format!("report {}", self.review), options) + if self.bom { " --bom" } else { "" }
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
        let plan = state.programme.plan.as_deref();
        let findings = table::actions(&state, named, readings, &rows, &board);
        let facts = findings.facts.clone();
        let section = |name, report: Table| Section { name, report: report.in_full() };
        let mut sections = vec![
            section("results", tally::results(&state, readings, &rows)),
            section("findings", findings),
            section("criteria", table::lines(&state, named, readings, &judged)),
            section("decisions", versions::diff(&before, &after, &decided)),
            section("progress", tally::progress(&then.state, &before, &board)),
            section("status", answers::status(&then, &before, &filter)?),
            section("exceptions", exceptions_table(&before, &exceptions)),
        ];
        if let Some(wanted) = &self.section {
            let all: Vec<&str> = sections.iter().map(|section| section.name).collect();
            if !all.contains(&wanted.as_str()) {
                let hint = nearest(wanted, all.iter().copied());
                return Err(Failure::usage(format!(
                    "there is no section {wanted}{hint}: {}",
                    all.join(", ")
                )));
            }
            sections.retain(|section| section.name == wanted);
        }
        Ok(Document {
            title: format!("{}: {}", self.review, plan.map_or("", |plan| plan.title.as_str())),
            language: plan.map(|plan| plan.document.language.to_string()),
            command: self.command(),
            size: after.head.size,
            facts,
            sections,
        })
    }
}
