//! Plan documents on disk, and `annals plan`: the plan as the reviews left it.

use super::axes::{Axes, Which};
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use annals::domain;
use annals::domain::action;
use annals::domain::date::Effective;
use annals::ledger::{Cut, Ledger};
use annals::projection::reading::Reading;
use annals::projection::version::Decided;
use annals::projection::{board, version};
use annals::record::founding::Clock;
use annals::record::state::State;
use annals::report::version as table;
use clap::{Args, Subcommand};
use std::path::Path;
use std::process::ExitCode;

/// Reads the bytes of a plan document.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<domain::plan::Plan, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Failure::usage(format!("{}: not UTF-8 from byte {} on", path.display(), error.valid_up_to()))
    })?;
    domain::plan::Plan::read(text).map_err(|faults| Failure::Plan { path: path.to_owned(), faults })
}

/// The plan in its versions: as it was founded, and as each review left it
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  annals plan show --version 1
  annals plan diff 1 2")]
pub(crate) enum Plan {
    Show(Show),
    Diff(Diff),
}

impl Plan {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        match self {
            Self::Show(command) => command.run(settings),
            Self::Diff(command) => command.run(settings),
        }
    }
}

/// Every action of the plan, as it reads now or in a version
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals plan show
  annals plan show --version 1                         as it was signed
  annals plan show --version 2 --line 3 --format csv

Version 1 is the plan as it was founded; each review that is closed makes the next.")]
pub(crate) struct Show {
    /// In this version [default: with all that was decided by now]
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["at", "recorded", "review"])]
    version: Option<u64>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

/// What was decided between two versions: text word by word, cycles, leads, dates, and what ended or began
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals plan diff 1 2
  annals plan diff 1                                   from the signed text to what holds now
  annals plan diff 1 2 --format json")]
pub(crate) struct Diff {
    /// The earlier version
    #[arg(value_name = "FROM")]
    from: u64,
    /// The later one [default: with all that was decided by now]
    #[arg(value_name = "TO")]
    to: Option<u64>,
}

impl Show {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let whole = ledger.state();
        let mut axes = self.axes;
        if let Some(number) = self.version {
            axes.at = Some(cut(&whole, number)?);
        }
        let (history, reading) = axes.read(&ledger)?;
        let filter = self.which.filter(&whole)?;
        let state = &history.state;
        let version = version::all(state).into_iter().next_back();
        let rows = board::of(&history, &reading, &filter)?;
        let actions: Vec<&action::State> = rows.iter().map(|row| row.action).collect();
        output::report(&table::show(state, &reading, version, &actions), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Diff {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let whole = ledger.state();
        if let Some(to) = self.to.filter(|to| *to < self.from) {
            return Err(Failure::usage(format!(
                "version {to} comes before {}: give the earlier one first",
                self.from
            )));
        }
        let to = self.to.map(|to| cut(&whole, to)).transpose()?;
        let illustrative = whole.clock() == Some(Clock::Illustrative);
        let reading = |cut: Option<Cut>| -> Result<Reading, Failure> {
            Ok(Reading { illustrative, ..Reading::of(&ledger.at(cut)?.state, None, None, None) })
        };
        let (before, after) = (reading(Some(cut(&whole, self.from)?))?, reading(to)?);
        let mut decided = version::decided(&whole.programme, before.head.size, after.head.size);
        date(&ledger, &whole, &mut decided)?;
        output::report(&table::diff(&before, &after, &decided), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Says of decisions since when they hold where nobody said it: the day of the last consent.
pub(crate) fn date(ledger: &Ledger, state: &State, decided: &mut [Decided<'_>]) -> Result<(), Failure> {
    for each in decided.iter_mut().filter(|each| each.effective.is_none()) {
        let entry = ledger.entry(each.sequence)?;
        each.effective = entry.map(|entry| Effective::day(state.day(entry.seal.recordedtime)));
    }
    Ok(())
}

/// Up to which entry a version goes.
fn cut(state: &State, number: u64) -> Result<Cut, Failure> {
    let versions = version::all(state);
    let known = versions.iter().find(|version| version.number == number);
    let known = known.ok_or_else(|| {
        let there_are = match versions.len() {
            0 | 1 => "there is version 1 alone".to_owned(),
            last => format!("there are 1 to {last}"),
        };
        Failure::usage(format!(
            "the plan has no version {number}; {there_are}: each review that is closed makes the next"
        ))
    })?;
    Ok(known.size.checked_sub(1).map_or(Cut::Start, Cut::Sequence))
}
