//! `annals review list` and `show`: the reviews, and what one of them finds and decides.

use super::super::axes::{Axes, Which, review};
use super::super::failure::Failure;
use super::super::output;
use super::super::settings::Settings;
use super::super::words;
use annals::domain::value::Code;
use annals::ledger::Cut;
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::projection::{board, evaluation};
use annals::report::evaluation as table;
use clap::Args;
use std::process::ExitCode;

/// Every review, and where it stands
#[derive(Args)]
#[command(after_help = "Example:\n  annals review list")]
pub(crate) struct List {
    #[command(flatten)]
    axes: Axes,
}

/// What a review finds and decides, both sides beside each other
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals review show R2022
  annals review show R2022 --line 2 --format csv
  annals review show R2022 --criteria                  the lines of effort, by the DAC's criteria

Where the actions stood is that of the reading on which the review was opened. Of a review that is closed everything is as it was then,
however much is recorded later; `annals plan diff` shows what it changed.")]
pub(crate) struct Show {
    /// The review
    #[arg(value_parser = words::review)]
    review: Code,
    /// The lines of effort, by each criterion, instead of the actions
    #[arg(long)]
    criteria: bool,
    #[command(flatten)]
    which: Which,
}

impl List {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        output::report(&table::list(&history.state, &reading), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Show {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let whole = ledger.state();
        let closed = review(&whole, &self.review)?.closed;
        let (then, before) = Axes::of_review(self.review.clone(), None).read(&ledger)?;
        let filter = self.which.filter(&whole)?;
        let state = ledger.at(closed.map(Cut::Sequence))?.state;
        let after = Reading { illustrative: before.illustrative, ..Reading::of(&state, None, None, None) };
        let (named, readings) = ((&self.review, review(&state, &self.review)?), (&before, &after));
        let report = if self.criteria {
            let mut judged = evaluation::lines(&state, named.1);
            judged.retain(|judged| filter.line.is_none_or(|line| line == judged.line.number));
            table::lines(&state, named, readings, &judged)
        } else {
            let board = board::of(&then, &before, &Filter::default())?;
            let rows = evaluation::actions(&state, &self.review, &filter);
            table::actions(&state, named, readings, &rows, &board)
        };
        output::report(&report, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
