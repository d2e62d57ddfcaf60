//! `annals status`, `show`, `timeline`, `replay`, `lint`: what reads, each on both time axes.

use super::axes::{self, Axes, Which, any_cut};
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::words;
use annals::domain::plan::Action;
use annals::ledger::Cut;
use annals::ledger::index::Sayings;
use annals::projection::filter::Filter;
use annals::projection::indicators;
use annals::projection::reading::Reading;
use annals::projection::timeline::{Item, stream, stream_of_basis};
use annals::projection::{board, evaluation, lint};
use annals::record::history::History;
use annals::record::request::Speaker;
use annals::report::{action, answers, moments};
use clap::Args;
use std::collections::HashSet;
use std::process::ExitCode;

/// Where every action stands
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals status --line 1 --joint one_sided
  annals status --recorded 2022-12-31 --effective 2022-12-31
  annals status --format csv > board.csv")]
pub(crate) struct Status {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Status {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let filter = self.which.filter(&ledger.state())?;
        let report = answers::status(&history, &reading, &filter)?;
        output::report(&report, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// One action: its text, its status, its indicators, and all that was said of it
#[derive(Args)]
#[command(after_help = "Example:\n  annals show 1.G2G.3 --effective 2022-12-31")]
pub(crate) struct Show {
    /// The action
    #[arg(value_parser = words::action::<String>)]
    action: String,
    #[command(flatten)]
    axes: Axes,
}

impl Show {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let named = axes::known(&ledger.state(), &self.action)?;
        let (items, notes) = ledger.timeline(&history, &reading, Some(&named), 0)?;
        let words = history.words(&named)?;
        let measured = ledger.measured(&reading, Some((&named, &words)))?;
        let state = &history.state;
        match state.programme.actions.get(&named) {
            Some(found) => {
                let row = board::row(&history, found, &state.parties(), &reading)?;
                let series = indicators::of(&named, &words, &measured, &reading);
                let report = action::show(state, &reading, &row, &words, &series, &items, &notes);
                output::report(&report, settings.format)?;
                Ok(ExitCode::SUCCESS)
            }
            None => Err(Failure::usage(format!("{named} was not created by then"))),
        }
    }
}

/// What was said, in the order of the ledger
#[derive(Args)]
#[command(after_help = "Examples:\n  annals timeline\n  annals timeline 1.G2G.3 --format json")]
pub(crate) struct Timeline {
    /// Only what was said of this action
    #[arg(value_parser = words::action::<String>)]
    action: Option<String>,
    /// Only what this party said, or this institution of it: KR, KR/MSIT
    #[arg(long, value_name = "WHO")]
    by: Option<Speaker>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Timeline {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let whole = ledger.state();
        let action = self.action.map(|action| axes::known(&whole, &action)).transpose()?;
        self.by.iter().try_for_each(|by| axes::speaker(&whole, by))?;
        let filtered = !self.which.is_empty();
        let filter = self.which.filter(&whole)?;
        let (mut items, notes) = ledger.timeline(&history, &reading, action.as_ref(), 0)?;
        if filtered {
            retain(&mut items, &history, &reading, &filter)?;
        }
        said_by(&mut items, self.by.as_ref());
        output::report(&moments::timeline(&reading, &items, &notes), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Replay the history between two moments: what changed, who said so, when it was true and when it was known
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals replay --to 2022-12-31
  annals replay --from 2022-12-31 --to 2023-12-31 --line 2
  annals replay 1.G2G.3 --from 140 --to 170
  annals replay --to 2022-12-31 --effective 2022-06-30

A date means what was recorded by its end. `--to D` reads as `--recorded D`, and `--to SEQUENCE` as `--at SEQUENCE`.")]
pub(crate) struct Replay {
    /// Only what was said of this action
    #[arg(value_parser = words::action::<String>)]
    action: Option<String>,
    /// Only what this party said, or this institution of it: KR, KR/MSIT
    #[arg(long, value_name = "WHO")]
    by: Option<Speaker>,
    /// After this entry or day [default: the beginning]
    #[arg(long, value_name = "DATE|SEQUENCE|HASH", value_parser = any_cut)]
    from: Option<Cut>,
    /// Up to this entry or day [default: the end]
    #[arg(long, value_name = "DATE|SEQUENCE|HASH", value_parser = any_cut, conflicts_with_all = ["at", "recorded", "review"])]
    to: Option<Cut>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Replay {
    pub(crate) fn run(mut self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        match self.to {
            Some(Cut::Day(day)) => self.axes.recorded = Some(day),
            Some(cut) => self.axes.at = Some(cut),
            None => {}
        }
        let before = ledger.at(Some(self.from.unwrap_or(Cut::Start)))?;
        let (after, reading) = self.axes.read(&ledger)?;
        if before.state.head.size > after.state.head.size {
            let (from, to) = (before.state.head.size, after.state.head.size);
            return Err(Failure::usage(format!(
                "the replay would begin after {from} entries and end after {to}: give `--from` the earlier moment"
            )));
        }
        let named = self.action.map(|action| axes::known(&ledger.state(), &action)).transpose()?;
        self.by.iter().try_for_each(|by| axes::speaker(&ledger.state(), by))?;
        let filtered = !self.which.is_empty();
        let filter = Filter { action: named.clone(), ..self.which.filter(&ledger.state())? };
        let (mut items, notes) = ledger.timeline(&after, &reading, named.as_ref(), before.state.head.size)?;
        if filtered {
            retain(&mut items, &after, &reading, &filter)?;
        }
        said_by(&mut items, self.by.as_ref());
        let report = moments::replay(&before, &after, &reading, &filter, &items, &notes)?;
        output::report(&report, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Keeps what somebody said: a party with its institutions, or one of these.
fn said_by(items: &mut Vec<Item>, who: Option<&Speaker>) {
    if let Some(Speaker(who)) = who {
        let source = who.source();
        let within = format!("{source}/");
        items.retain(|item| item.source == source || item.source.starts_with(&within));
    }
}

/// Keeps what was said of the actions that a filter admits, of those that are only proposed, too; of their bases; and that work on them
/// has passed from one institution to another.
pub(super) fn retain(
    items: &mut Vec<Item>,
    history: &History<Sayings>,
    reading: &Reading,
    filter: &Filter,
) -> Result<(), Failure> {
    let programme = &history.state.programme;
    let rows = board::of(history, reading, filter)?;
    let actions: Vec<&Action> = rows.iter().map(|row| &*row.action.action).collect();
    let bases = filter.bases(programme, &actions).into_iter();
    let bases = bases.map(|base| stream_of_basis(&base.instrument.reference));
    let proposed = evaluation::proposed(programme, filter).into_iter().map(|(reference, _)| reference);
    let actions = actions.iter().map(|action| &action.reference).chain(proposed).map(stream);
    let subjects: HashSet<String> = actions.chain(bases).collect();
    let passed: HashSet<u64> = rows.iter().flat_map(|row| programme.successions(row.action)).collect();
    items.retain(|item| subjects.contains(&item.subject) || passed.contains(&item.sequence));
    Ok(())
}

/// What cannot be tracked yet: no body, no lead, no cycle, a basis that does not hold and what rests on it, what ends before it begins, a goal under another name
#[derive(Args)]
#[command(after_help = "Example:\n  annals lint --line 1")]
pub(crate) struct Lint {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Lint {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let filter = self.which.filter(&ledger.state())?;
        let gaps = lint::of(&history, &reading, &filter)?;
        output::report(&answers::lint(&reading, &gaps), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
