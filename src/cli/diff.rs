//! `annals diff`: what one reading says otherwise than another.

use super::axes::{Axes, Which, any_cut, day};
use super::entries;
use super::evidence::Hidden;
use super::failure::Failure;
use super::output;
use super::read::{known, told};
use super::settings::Settings;
use annals::ledger::{Cut, Ledger};
use annals::projection::diff::{self, Cause, Change, Side};
use annals::projection::filter::Filter;
use annals::record::history::State;
use annals::report::diff::{Spoken, diff as table};
use chrono::NaiveDate;
use clap::Args;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::process::ExitCode;

/// Compare two readings: what the later one says otherwise, who said so, since when it is true and when it was known
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals diff 2022-12-31 2023-12-31                    what was known at the end of each year
  annals diff 2022-12-31                               what was known then, and what is now
  annals diff --effective-from 2022-12-31 --effective-to 2023-12-31
                                                       known today: where things stood then
  annals diff 2022-12-31 2023-12-31 --effective 2022-12-31
                                                       what became known of 2022 a year later
  annals diff 140 170 --action 1.G2G.3

A date means what was recorded by its end. A reading is a pair: up to which entry, and as effective when. An action is \
compared where the filters admit it in either reading. Where a row names nobody, time alone passed.")]
pub(crate) struct Diff {
    /// Up to which entry or day the earlier reading goes [default: the end, where only effective days are compared]
    #[arg(value_name = "FROM", value_parser = any_cut, required_unless_present = "effective_from")]
    from: Option<Cut>,
    /// Up to which entry or day the later one goes [default: the end]
    #[arg(value_name = "TO", value_parser = any_cut)]
    to: Option<Cut>,
    /// Only this action
    #[arg(long)]
    action: Option<String>,
    /// Both readings as effective by this day: words whose date begins by then
    #[arg(long, value_name = "DAY", value_parser = day, conflicts_with_all = ["effective_from", "effective_to"])]
    effective: Option<NaiveDate>,
    /// The earlier reading as effective by this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    effective_from: Option<NaiveDate>,
    /// The later reading as effective by this day [default: as effective by any]
    #[arg(long, value_name = "DAY", value_parser = day, requires = "effective_from")]
    effective_to: Option<NaiveDate>,
    /// The day on which something counts as stale or missed in both [default: of each, the day up to which it goes,
    /// or today; in an illustrative ledger the day of its last entry]
    #[arg(long, env = "ANNALS_TODAY", value_name = "DAY", value_parser = day)]
    today: Option<NaiveDate>,
    #[command(flatten)]
    which: Which,
}

impl Diff {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (from, to) = (self.effective_from.or(self.effective), self.effective_to.or(self.effective));
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(Failure::usage(format!(
                "the earlier reading would be as effective by {from}, and the later one by {to}: give `--effective-from` the \
                 earlier day"
            )));
        }
        let (before, earlier) = Axes::of(self.from, from, self.today).read(&ledger)?;
        let (after, later) = Axes::of(self.to, to, self.today).read(&ledger)?;
        if before.state.head.size > after.state.head.size {
            let (from, to) = (before.state.head.size, after.state.head.size);
            return Err(Failure::usage(format!(
                "the earlier reading would have {from} entries, and the later one {to}: give the earlier moment first"
            )));
        }
        let whole = ledger.state();
        let action = self.action.map(|action| known(&whole, &action)).transpose()?;
        let filter = Filter { action, ..self.which.filter(&whole)? };
        let side = |history, reading| Side { history, reading };
        let mut found = diff::of(side(&before, &earlier), side(&after, &later), &filter)?;
        let between = before.state.head.size..after.state.head.size;
        attribute(&ledger, &after.state, &mut found.changes, between)?;
        let spoken = spoken(&ledger, &found.changes)?;
        output::report(&table(&earlier, &later, &found, &spoken), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Finds the entries of those causes that the history does not keep, in one pass over what was recorded between the readings.
fn attribute(
    ledger: &Ledger,
    state: &State,
    changes: &mut [Change],
    between: Range<u64>,
) -> Result<(), Failure> {
    let mut wanted: BTreeMap<String, Vec<&mut Change>> = BTreeMap::new();
    for change in changes {
        if matches!(change.cause, Cause::Corrected(_) | Cause::Created) {
            wanted.entry(change.subject.clone()).or_default().push(change);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    entries::each(ledger, between, &mut |entry| {
        let event = &entry.request.event;
        let corrects = event.kind == "annals.action.corrected.v1";
        for change in wanted.get_mut(&event.subject).into_iter().flatten() {
            let is = match &change.cause {
                Cause::Corrected(id) => corrects && event.causationid == Some(*id),
                Cause::Created => entry.seal.streamversion == 1,
                Cause::Said { .. } | Cause::Time => false,
            };
            if is {
                let day = state.day(entry.seal.recordedtime);
                change.cause = Cause::Said { sequence: entry.seal.sequence, day, effective: None };
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Who spoke in the entries that made the changes, and the sentences that go with them.
fn spoken(ledger: &Ledger, changes: &[Change]) -> Result<BTreeMap<u64, Spoken>, Failure> {
    let (mut spoken, hidden) = (BTreeMap::new(), Hidden::of(ledger)?);
    for change in changes {
        if let Cause::Said { sequence, .. } = change.cause
            && !spoken.contains_key(&sequence)
            && let Some(entry) = ledger.entry(sequence)?
        {
            let told = told(ledger, &hidden, &entry);
            spoken.insert(sequence, Spoken { source: entry.request.event.source, told });
        }
    }
    Ok(spoken)
}
