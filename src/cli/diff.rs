//! `annals diff`: what one reading says otherwise than another.

use super::axes::{self, Axes, Which, any_cut, day};
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::words;
use annals::domain::value::Code;
use annals::domain::word::Words;
use annals::ledger::{Cut, Ledger};
use annals::projection::diff::{self, Cause, Side};
use annals::projection::filter::Filter;
use annals::record::state::State;
use annals::report::diff::{Spoken, diff as table};
use chrono::NaiveDate;
use clap::Args;
use std::collections::BTreeMap;
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
  annals diff --review R2022 R2023                     what both reviews looked at

A date means what was recorded by its end. A reading is a pair: up to which entry, and as effective when. An action is \
compared where the filters admit it in either reading. A row names what made it so, and nobody who said the same again; what was \
said and corrected in between counts as never said. Where a row names nobody, time alone passed.")]
pub(crate) struct Diff {
    /// Up to which entry or day the earlier reading goes [default: the end, where only effective days are compared]
    #[arg(value_name = "FROM", value_parser = any_cut, required_unless_present_any = ["effective_from", "review"])]
    from: Option<Cut>,
    /// Up to which entry or day the later one goes [default: the end]
    #[arg(value_name = "TO", value_parser = any_cut)]
    to: Option<Cut>,
    /// The readings of two reviews, the earlier first
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"],
          conflicts_with_all = ["from", "to", "effective", "effective_from", "effective_to"], value_parser = words::review)]
    review: Vec<Code>,
    /// Only this action
    #[arg(long, value_parser = words::action::<String>)]
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
        let [first, second] = match self.review.as_slice() {
            [first, second] => [first, second].map(|review| Axes::of_review(review.clone(), self.today)),
            _ => [Axes::of(self.from, from, self.today), Axes::of(self.to, to, self.today)],
        };
        let ((before, earlier), (after, later)) = (first.read(&ledger)?, second.read(&ledger)?);
        if before.state.head.size > after.state.head.size {
            let (from, to) = (before.state.head.size, after.state.head.size);
            return Err(Failure::usage(format!(
                "the earlier reading would have {from} entries, and the later one {to}: give the earlier moment first"
            )));
        }
        let recorded = earlier.recorded.zip(later.recorded);
        let days = recorded.filter(|(from, to)| from > to).unwrap_or((earlier.today, later.today));
        if days.0 > days.1 {
            return Err(Failure::usage(format!(
                "the earlier reading would be as of {}, and the later one as of {}: give the earlier moment first",
                days.0, days.1
            )));
        }
        let whole = ledger.state();
        let action = self.action.map(|action| axes::known(&whole, &action)).transpose()?;
        let filter = Filter { action, ..self.which.filter(&whole)? };
        let side = |history, reading| Side { history, reading };
        let measured = &mut |action: &Code, words: &Words| ledger.measured(&later, Some((action, words)));
        let found = diff::of(side(&before, &earlier), side(&after, &later), &filter, measured)?;
        let spoken = spoken(&ledger, &after.state, found.changes.iter().map(|change| change.cause))?;
        output::report(&table(&earlier, &later, &found, &spoken), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Who spoke in the entries that made the changes, when, and the sentences that go with them.
pub(super) fn spoken(
    ledger: &Ledger,
    state: &State,
    causes: impl IntoIterator<Item = Cause>,
) -> Result<BTreeMap<u64, Spoken>, Failure> {
    let (mut spoken, disclosed) = (BTreeMap::new(), ledger.disclosed()?);
    for cause in causes {
        if let Cause::Entry { sequence, .. } = cause
            && !spoken.contains_key(&sequence)
            && let Some(entry) = ledger.entry(sequence)?
        {
            let (told, day) = (disclosed.told(&entry), state.day(entry.seal.recordedtime));
            spoken.insert(sequence, Spoken { source: entry.request.event.source.to_string(), day, told });
        }
    }
    Ok(spoken)
}
