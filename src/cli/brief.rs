//! `annals brief`: one page on a line of effort: what changed, what is at risk, what is silent.

use super::axes::{Axes, Which, any_cut, review, seen};
use super::diff::spoken;
use super::document::Edition;
use super::failure::Failure;
use super::settings::Settings;
use super::words;
use super::{again, output};
use annals::domain::duration::Duration;
use annals::domain::value::Code;
use annals::domain::word::Words;
use annals::ledger::{Cut, Ledger};
use annals::projection::diff::Side;
use annals::projection::reading::Reading;
use annals::projection::silence::SILENT_DAYS;
use annals::projection::{brief, version};
use annals::record::state::State;
use annals::report::brief as table;
use annals::report::document::{Document, Layout};
use annals::report::table::{Cell, Fact};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// Write one page on a line of effort: what changed, what is at risk, of what nobody speaks
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals brief 2 -o science.html                             a page that verifies itself, offline
  annals brief 2 -o science.pdf --lang da                    the same on paper, printed by Chromium
  annals brief 2 -o science.md --since 2024-06-01            what changed from that day on
  annals brief 2 -o science.html --review R2023              as it stood when that review was opened
  annals brief 2 -o risks.csv --section at_risk              one of changed, at_risk and silent

What changed is told since the last review that was opened before the reading, or else since the plan was founded. At risk is what a party \
calls so, what is overdue or due soon, and where the sides differ or one has stood alone for more than a year; silent is a party that has \
said nothing for 180 days. A page shows as much as fits on it, and says how many more there are and with which command they are listed: \
.xlsx, .json and .csv have all of it. The same head, axes and day give the same bytes (of a PDF: the same page).")]
pub(crate) struct Brief {
    /// The number of the line of effort
    #[arg(value_name = "LINE", value_parser = words::line)]
    line: u16,
    /// What changed from this day on, or after this entry [default: since the last review]
    #[arg(long, value_name = "DATE|SEQUENCE|HASH", value_parser = any_cut)]
    since: Option<Cut>,
    /// What changed since the reading on which this review was opened
    #[arg(long, value_name = "REVIEW", conflicts_with = "since", value_parser = words::review)]
    since_review: Option<Code>,
    /// How far ahead to look for what is due: days, weeks, months or years, such as 60d, 8w, 6m, 1y or P60D
    #[arg(long, value_name = "DURATION", default_value = WITHIN)]
    within: Duration,
    #[command(flatten)]
    edition: Edition,
    #[command(flatten)]
    axes: Axes,
}

/// How far ahead is looked where nobody says it.
const WITHIN: &str = "60d";

/// Since when it is told what changed.
enum Since {
    Review(Code),
    Cut(Cut),
}

impl Brief {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        self.edition.dialect()?;
        let ledger = settings.reading()?;
        let document = self.document(&ledger)?;
        self.edition.write(&ledger, &document, ("brief", json!({"line": self.line})), settings)?;
        Ok(ExitCode::SUCCESS)
    }

    fn document(&self, ledger: &Ledger) -> Result<Document, Failure> {
        let (history, reading) = self.axes.read(ledger)?;
        let filter = Which::of_line(self.line).filter(&ledger.state())?;
        let since = self.since(&ledger.state(), &history.state)?;
        let (before, mut earlier) = since.axes(&reading).read(ledger)?;
        // Nothing comes about by going back in time.
        earlier.today = earlier.today.min(reading.today);
        let (from, to) = (earlier.head.size, reading.head.size);
        if from > to {
            return Err(Failure::usage(format!(
                "what changed would be told after {}, and the reading has {to}: give `--since` an earlier moment",
                output::count(from, "entry", "entries")
            )));
        }
        let state = &history.state;
        let plan = state.programme.plan.as_deref();
        let line = plan.and_then(|plan| plan.lines.iter().find(|line| line.number == self.line));
        let silent = Duration::Days(SILENT_DAYS).before(reading.today);
        let sides = [(&before, &earlier), (&history, &reading)];
        let [earlier_side, later_side] = sides.map(|(history, reading)| Side { history, reading });
        let measured = &mut |action: &Code, words: &Words| ledger.measured(&reading, Some((action, words)));
        let brief = brief::of(earlier_side, later_side, &filter, self.within, silent, measured)?;
        let causes = brief.changed.iter().flat_map(|about| &about.what).map(|changed| changed.cause);
        let spoken = spoken(ledger, state, causes)?;
        let sections = table::sections(state, (&earlier, &reading), &brief, &spoken);
        let mut sections = self.edition.sections(sections)?;
        let (what, options) = (format!("brief {}", self.line), self.chosen(&since, &reading));
        if self.edition.dialect()?.is_read() {
            let listing = |section: &str| {
                let whole = [("-o", format!("{section}.csv")), ("--section", section.to_owned())];
                again::command(&what, options.iter().cloned().chain(whole))
            };
            table::on_a_page(&mut sections, &self.edition.labels(), listing);
        }
        let facts = [
            Fact::new("plan", Cell::maybe(plan.map(|plan| plan.title.as_str()))),
            Fact::new("since", Cell::text(since.told())),
        ];
        Ok(Document {
            title: format!("{}. {}", self.line, line.map_or("", |line| line.title.as_str())),
            language: plan.map(|plan| plan.document.language.to_string()),
            command: self.edition.again(&what, options),
            size: reading.head.size,
            facts: facts.into_iter().chain(table::facts(&brief)).collect(),
            sections,
            layout: Layout::Page,
        })
    }

    /// Since when it is told what changed: what was asked for, or the last review that was opened by the reading, or the founding.
    fn since(&self, whole: &State, state: &State) -> Result<Since, Failure> {
        if let Some(name) = &self.since_review {
            return review(whole, name).map(|_| Since::Review(name.clone()));
        }
        if let Some(cut) = self.since {
            return Ok(Since::Cut(cut));
        }
        let last = state.programme.reviews.iter().max_by_key(|(_, review)| review.opened.size);
        let founded = || version::all(state).first().and_then(|version| version.size.checked_sub(1));
        Ok(last.map_or_else(
            || Since::Cut(founded().map_or(Cut::Start, Cut::Sequence)),
            |(name, _)| Since::Review(name.clone()),
        ))
    }

    /// The options by which the same is told again, on whatever day.
    fn chosen(&self, since: &Since, reading: &Reading) -> Vec<(&'static str, String)> {
        let since = match since {
            Since::Review(name) => ("--since-review", name.to_string()),
            Since::Cut(_) => ("--since", since.told()),
        };
        let today = ("--today", reading.today.to_string());
        let within = again::unless(WITHIN, ("--within", self.within));
        [since].into_iter().chain(within).chain(self.axes.again(reading)).chain([today]).collect()
    }
}

impl Since {
    /// The axes of the earlier reading, which is as effective by the same day as the later one, unless it is that of a review.
    fn axes(&self, later: &Reading) -> Axes {
        match self {
            Self::Review(name) => Axes::of_review(name.clone(), None),
            Self::Cut(cut) => Axes::of(Some(seen(*cut)), later.effective, None),
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Review(name) => name.to_string(),
            Self::Cut(Cut::Start) => "0".to_owned(),
            Self::Cut(Cut::Sequence(sequence)) => sequence.to_string(),
            Self::Cut(Cut::Leaf(leaf)) => leaf.to_string(),
            Self::Cut(Cut::Day(day)) => day.to_string(),
        }
    }
}
