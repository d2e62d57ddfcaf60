//! `annals report`: the evaluation of a review as a document, in the dialect that the file's name asks for.

use super::axes::{Axes, review as reviewed};
use super::document::Edition;
use super::failure::Failure;
use super::settings::Settings;
use super::{plan, privacy, words};
use annals::domain::review;
use annals::domain::sealed::Audience;
use annals::domain::value::Code;
use annals::ledger::{Cut, Ledger};
use annals::projection::evaluation::Said;
use annals::projection::filter::Filter;
use annals::projection::indicators;
use annals::projection::reading::Reading;
use annals::projection::timeline::speaker;
use annals::projection::{board, evaluation, version};
use annals::report::audit::exceptions as exceptions_table;
use annals::report::course::{self, Step};
use annals::report::document::{Document, Layout, Section};
use annals::report::table::{Cell, Report as Table};
use annals::report::{
    answers, bases, evaluation as table, indicators as measures, names, reasons, tally, version as versions,
};
use annals::trail::entry::Entry;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// The table that stands in a report only where anything was measured.
const MEASURED: &str = "indicators";

/// Write the evaluation of a review as a document: what stood, what was found, what was decided
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals report R2022 -o evaluation.html                     a page that verifies itself, offline
  annals report R2022 -o evaluation.pdf --lang ko            the same on paper, printed by Chromium
  annals report R2022 -o evaluation.xlsx                     a sheet for each table; also .md, .json
  annals report R2022 -o findings.csv --section findings     one table; --bom for some spreadsheets
  annals report R2022 -o joint.html --for parties            with the reasons that were given

It is made from the reading on which the review was opened, and from what was found and decided until it was closed, or by now: the same
head gives the same bytes (of a PDF: the same page; its printer writes the time into it). The page holds the entries that it rests on, and \
the checkpoint that vouches for them. The tables are results, findings, criteria, decisions, progress, status, indicators where any were given, bases, exceptions, course and names; and with --for, reasons: what was withheld of \
findings, proposals and refusals, as far as that reader may see it and it is at hand. Labels are in English, Danish or Korean; the plan's own words, and the keys and words of JSON and \
CSV, stay as they are. What only machines read is in hidden columns of a workbook.")]
pub(crate) struct Report {
    /// The review
    #[arg(value_parser = words::review)]
    review: Code,
    /// With the reasons that this reader may see: public, parties, or a party such as DK
    #[arg(long = "for", value_name = "READER", value_parser = words::audience)]
    reader: Option<Audience>,
    #[command(flatten)]
    edition: Edition,
}

impl Report {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        self.edition.dialect()?;
        if self.reader.is_none() && self.edition.is_of("reasons") {
            return Err(Failure::usage(
                "reasons are for a reader: add --for, with public, parties or a party".to_owned(),
            ));
        }
        let ledger = settings.reading()?;
        let document = self.document(&ledger)?;
        let of = json!({"review": self.review});
        self.edition.write(&ledger, &document, ("report", of), settings)?;
        Ok(ExitCode::SUCCESS)
    }

    /// What is written, from two readings: the one on which the review was opened, and the one in which it was closed, or the last.
    fn document(&self, ledger: &Ledger) -> Result<Document, Failure> {
        let whole = ledger.state();
        let closed = reviewed(&whole, &self.review)?.closed;
        let (then, before) = Axes::of_review(self.review.clone(), None).read(ledger)?;
        let state = ledger.at(closed.map(Cut::Sequence))?.state;
        let after = Reading { illustrative: before.illustrative, ..Reading::of(&state, None, None, None) };
        let (named, readings) = ((&self.review, reviewed(&state, &self.review)?), (&before, &after));
        let filter = Filter::default();
        let board = board::of(&then, &before, &filter)?;
        let rows = evaluation::actions(&state, &self.review, &filter);
        let judged = evaluation::lines(&state, named.1);
        let mut decided = version::decided(&state.programme, named.1.sequence, after.head.size);
        decided.retain(|decided| decided.proposal.decision.review == self.review);
        plan::date(ledger, &state, &mut decided)?;
        let exceptions = ledger.exceptions_told(&then, &before)?;
        let measured = ledger.measured(&before, None)?;
        let measured = indicators::all(&then, &board, &measured, &before)?;
        let plan = state.programme.plan.as_deref();
        let findings = table::actions(&state, named, readings, &rows, &board);
        let facts = findings.facts.clone();
        let section = |name, report: Table| Section::new(name, report.in_full());
        let mut sections = vec![
            section("results", tally::results(&state, readings, &rows, &board)),
            section("findings", findings),
            section("criteria", table::lines(&state, named, readings, &judged)),
            section("decisions", versions::diff(&before, &after, &decided)),
            section("progress", tally::progress(&then.state, &before, &board)),
            section("status", answers::status(&then, &before, &filter)?),
            section("bases", bases::of(&then.state, &before)),
            section("exceptions", exceptions_table(&before, &exceptions)),
            section("course", course::of(&state, readings, &Self::course(ledger, named.1)?)),
            section("names", names::of(&state, &after)),
        ];
        if !measured.is_empty() || self.edition.is_of(MEASURED) {
            let bases = sections.iter().position(|section| section.name == "bases").unwrap_or_default();
            sections.insert(bases, section(MEASURED, measures::of(&before, &measured)));
        }
        if let Some(reader) = &self.reader {
            let said = Self::reasons(ledger, reader, evaluation::said(named.1, &rows, &judged))?;
            let decisions = sections.iter().position(|section| section.name == "decisions");
            sections.insert(
                decisions.map_or(0, |at| at + 1),
                section("reasons", reasons::of(readings, reader, &said)),
            );
        }
        Ok(Document {
            title: format!("{}: {}", self.review, plan.map_or("", |plan| plan.title.as_str())),
            language: plan.map(|plan| plan.document.language.to_string()),
            command: self.edition.again(
                &format!("report {}", self.review),
                self.reader.iter().map(|reader| ("--for", String::from(reader.clone()))).collect(),
            ),
            size: after.head.size,
            facts,
            sections: self.edition.sections(sections)?,
            layout: Layout::Chapters,
        })
    }

    /// When the review was opened, signed and closed, with the entries that say so.
    fn course(ledger: &Ledger, review: &review::State) -> Result<Vec<(Step, Entry)>, Failure> {
        let mut steps = Vec::new();
        for (step, sequence) in course::steps(review) {
            steps.extend(ledger.entry(sequence)?.map(|entry| (step, entry)));
        }
        Ok(steps)
    }

    /// What was said with a reason, with who said it, and that as far as the reader may see it.
    fn reasons<'a>(
        ledger: &Ledger,
        reader: &Audience,
        said: Vec<Said<'a>>,
    ) -> Result<Vec<(Said<'a>, String, Cell)>, Failure> {
        privacy::known_reader(ledger, reader)?;
        let disclosed = ledger.disclosed()?;
        let mut reasons = Vec::new();
        for said in said {
            let Some(entry) = ledger.entry(said.sequence)? else { continue };
            match disclosed.reason(reader, &entry)? {
                Cell::Empty => {}
                reason => reasons.push((said, speaker(&entry.request.event.source), reason)),
            }
        }
        Ok(reasons)
    }
}
