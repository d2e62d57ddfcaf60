//! When a recurring action is due: the windows of its cycle, and of those that it had before.

use super::State;
use crate::domain::date::{Cycle, Effective, Period, Unit};
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::iter;

/// A cycle that was clarified, or none, of an action that was not there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// What it was, if there was one.
    pub cycle: Option<Cycle>,
    /// The sequence of the entry that made another of it.
    pub sequence: u64,
    /// The day on which that was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
}

impl State {
    /// The name of a window that begins on a day, as its users write it: the year where windows are years, the month
    /// where they begin with one.
    #[must_use]
    pub fn window_name(&self, begin: NaiveDate) -> Effective {
        name(self.action.cycle.as_ref(), begin)
    }

    /// The windows of a recurring action within a period, each with its last day, by its cycle as it is; none where that is not
    /// known.
    #[must_use]
    pub fn windows(&self, period: Period) -> Vec<(NaiveDate, NaiveDate)> {
        cut(self.action.cycle.as_ref(), period)
    }

    /// When something was or is due within a period; never, where that is not known.
    #[must_use]
    pub fn schedule(&self, period: Option<Period>) -> Schedule<'_> {
        Schedule { state: self, period, due: period.map(|period| self.due(period)).unwrap_or_default() }
    }

    fn due(&self, period: Period) -> Vec<(Effective, NaiveDate)> {
        let formers = self.former.iter().map(|former| (former.cycle.as_ref(), Some(former.day)));
        let (mut since, mut windows): (_, Vec<(Effective, NaiveDate)>) = (NaiveDate::MIN, Vec::new());
        for (cycle, until) in formers.chain([(self.action.cycle.as_ref(), None)]) {
            // No day is in two windows: of one that runs on after one that was over what is left is one.
            let over = windows.last().and_then(|(_, end)| end.succ_opt()).unwrap_or(NaiveDate::MIN);
            let own = cut(cycle, period)
                .into_iter()
                .filter(|(_, end)| *end >= over.max(since) && until.is_none_or(|until| *end < until));
            windows.extend(own.map(|(begin, end)| (name(cycle, begin.max(over)), end)));
            since = until.unwrap_or(since);
        }
        windows
    }
}

/// The windows in which something was or is due: one that was over when its cycle was clarified, or the action added to the plan, is
/// one of the cycle before, or none. Of one that ran then, what was over is in none where the windows of the cycle since begin within
/// it: by the one cycle it was not due yet, and by the other nobody knew that it would be.
#[derive(Debug, Clone)]
pub struct Schedule<'a> {
    state: &'a State,
    period: Option<Period>,
    due: Vec<(Effective, NaiveDate)>,
}

impl Schedule<'_> {
    /// Each by its name, with its last day, in their order.
    #[must_use]
    pub fn windows(&self) -> &[(Effective, NaiveDate)] {
        &self.due
    }

    /// The one that begins as another does.
    #[must_use]
    pub fn window(&self, like: Effective) -> Option<&(Effective, NaiveDate)> {
        let at = self.due.binary_search_by_key(&like.begin(), |(known, _)| known.begin()).ok()?;
        self.due.get(at)
    }

    /// The one in which all of a date lies.
    #[must_use]
    pub fn holding(&self, date: Effective) -> Option<&(Effective, NaiveDate)> {
        self.due.iter().find(|(name, end)| date.is_within(name.begin(), *end))
    }

    /// The last day of a window, of those that somebody spoke of, too: as the schedule has it, or the newest cycle that has one which
    /// begins as it does and was not over when that cycle began, or of its own name.
    #[must_use]
    pub fn last_day(&self, window: Effective) -> NaiveDate {
        if let Some((_, end)) = self.window(window) {
            return *end;
        }
        let formers = self.state.former.iter().rev();
        let cycles = iter::once(self.state.action.cycle.as_ref())
            .chain(formers.clone().map(|former| former.cycle.as_ref()))
            .zip(formers.map(|former| former.day).chain([NaiveDate::MIN]));
        let windows = cycles.filter_map(|(cycle, since)| Some((cut(cycle, self.period?), since)));
        let mut ends = windows.flat_map(|(windows, since)| {
            windows.into_iter().filter(move |(begin, end)| *begin == window.begin() && *end >= since)
        });
        ends.next().map_or_else(|| window.end(), |(_, end)| end)
    }
}

/// How the window of a cycle is called that begins on a day.
fn name(cycle: Option<&Cycle>, begin: NaiveDate) -> Effective {
    Effective::named(begin, matches!(cycle, Some(Cycle::Every { unit: Unit::Years, .. })))
}

/// The windows of a cycle within a period, each with its last day, which is not after the period's.
fn cut(cycle: Option<&Cycle>, period: Period) -> Vec<(NaiveDate, NaiveDate)> {
    let Some(Cycle::Every { count, unit }) = cycle else { return Vec::new() };
    let months = match unit {
        Unit::Months => *count,
        Unit::Years => count.saturating_mul(12),
    };
    // Each is counted from the first, so that a period that begins on the 31st does not drift.
    let begin = |number: u32| {
        let months = Months::new(months.saturating_mul(number));
        period.begin().checked_add_months(months).filter(|begin| *begin <= period.end())
    };
    let end = |number: u32| {
        let next = period.begin().checked_add_months(Months::new(months.saturating_mul(number + 1)));
        next.and_then(|next| next.pred_opt()).map(|end| end.min(period.end()))
    };
    (0..).map_while(|number| begin(number).zip(end(number))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assertion::{Occurrence, OccurrenceState};
    use crate::domain::party::Author;
    use crate::domain::plan::Action;
    use crate::domain::word::{Place, Said, Word, Words};
    use serde_json::json;
    use std::sync::Arc;

    /// An action whose cycles were clarified, each on a day.
    fn clarified(cycles: &[(&str, &str)]) -> State {
        let action = |cycle: &str| -> Action {
            let action = json!({
                "ref": "1.G2G.1", "line": 1, "track": "G2G", "text": "A meeting.", "kind": "recurring", "cycle": cycle,
                "firmness": "will", "institutions": [], "basis": [], "notes": []
            });
            serde_json::from_value(action).unwrap()
        };
        let mut state = State::new(7, 7, action(cycles[0].0));
        for ((before, day), (after, _)) in cycles.iter().zip(cycles.iter().skip(1)) {
            let day = day.parse().unwrap();
            let sequence = state.action.since() + 10;
            state.former.push(Former { cycle: action(before).cycle, sequence, day });
            state.action.change(sequence, action(after));
        }
        state
    }

    fn period() -> Period {
        serde_json::from_value(json!({"start": "2021", "end": "2024"})).unwrap()
    }

    fn names(state: &State) -> Vec<String> {
        let schedule = state.schedule(Some(period()));
        schedule.windows().iter().map(|(name, end)| format!("{name} {end}")).collect()
    }

    #[test]
    fn a_window_that_was_over_is_one_of_the_cycle_that_it_had() {
        let halves = ["2023-01 2023-06-30", "2023-07 2023-12-31", "2024-01 2024-06-30", "2024-07 2024-12-31"];
        // Of an ambiguous word nothing is generated, and nothing is missed, before it was clarified.
        let ambiguous = clarified(&[("ambiguous:bi-annual", "2023-02-21"), ("P6M", "")]);
        assert_eq!(names(&ambiguous), halves);
        let yearly = clarified(&[("P1Y", "2023-02-21"), ("P6M", "")]);
        let all = [&["2021 2021-12-31", "2022 2022-12-31"][..], &halves].concat();
        assert_eq!(names(&yearly), all);
        // On the last day of a window it is not over.
        let last = clarified(&[("P1Y", "2022-12-31"), ("P6M", "")]);
        assert_eq!(names(&last)[1], "2022-07 2022-12-31");
        // Nor was what was over of a longer one missed: nothing of it was due by then, and what is left is due by quarters.
        let shorter = clarified(&[("P2Y", "2022-08-01"), ("P3M", "")]);
        assert_eq!(names(&shorter)[..2], ["2022-07 2022-09-30", "2022-10 2022-12-31"]);
        let twice = clarified(&[("P1Y", "2022-02-01"), ("P6M", "2023-02-01"), ("P1Y", "")]);
        let all = [
            "2021 2021-12-31",
            "2022-01 2022-06-30",
            "2022-07 2022-12-31",
            "2023 2023-12-31",
            "2024 2024-12-31",
        ];
        assert_eq!(names(&twice), all);
        // What became of a half of a year is not what becomes of the year, of which the other half is left.
        let longer = clarified(&[("P6M", "2022-08-01"), ("P1Y", "")]);
        let all = [
            "2021-01 2021-06-30",
            "2021-07 2021-12-31",
            "2022-01 2022-06-30",
            "2022-07 2022-12-31",
            "2023 2023-12-31",
            "2024 2024-12-31",
        ];
        assert_eq!(names(&longer), all);
        // Thirds of a year that were over leave the last of them to the second half.
        let thirds = clarified(&[("P4M", "2022-10-01"), ("P6M", "2023-01-05"), ("P2Y", "")]);
        let all = [
            "2021-01 2021-04-30",
            "2021-05 2021-08-31",
            "2021-09 2021-12-31",
            "2022-01 2022-04-30",
            "2022-05 2022-08-31",
            "2022-09 2022-12-31",
            "2023 2024-12-31",
        ];
        assert_eq!(names(&thirds), all);
        // As it was after a number of entries.
        let before = Arc::new(twice).until(18).unwrap();
        assert_eq!(names(&before), names(&clarified(&[("P1Y", "2022-02-01"), ("P6M", "")])));
    }

    #[test]
    fn what_was_due_or_spoken_of_can_be_reported_and_so_can_the_windows_of_the_cycle_as_it_is() {
        let longer = clarified(&[("P6M", "2022-08-01"), ("P1Y", "")]);
        let said = |window: &str| -> Occurrence {
            serde_json::from_value(json!({"window": window, "state": "held"})).unwrap()
        };
        let occurs = |words: &Words, window: &str| {
            longer.occurs(words, &said(window), Some(period())).map_err(|refusal| refusal.to_string())
        };
        let schedule = longer.schedule(Some(period()));
        let due = schedule.windows().iter().map(|(name, _)| name.to_string());
        let yearly = ["2021", "2022", "2023", "2024"].map(str::to_owned);
        assert!(due.chain(yearly).all(|window| occurs(&Words::NONE, &window).is_ok()));
        let refused = occurs(&Words::NONE, "2023-07").unwrap_err();
        assert!(refused.contains("2021-01, 2021-07, 2022-01, 2022-07, 2023, 2024"), "{refused}");
        // It was planned before the cycle was another.
        let author = Author { party: "DK".parse().unwrap(), institution: None };
        let (id, day, effective) = (uuid::Uuid::nil(), period().begin(), "2022-06".parse().unwrap());
        let place = Place { id, sequence: 9, day, author: &author, answers: None };
        let planned = Occurrence { state: OccurrenceState::Planned, ..said("2023-07") };
        let word = Word { occurrence: Some(planned), ..Word::spoken(&place, effective, Said::Progressed) };
        let words: Words = [word].into_iter().collect();
        assert_eq!(occurs(&words, "2023-07"), Ok(()));
        assert!(occurs(&words, "2024-07").is_err());
        let ends = |window: &str| schedule.last_day(said(window).window).to_string();
        assert_eq!((ends("2022-07"), ends("2022-01")), ("2022-12-31".to_owned(), "2022-06-30".to_owned()));
        assert_eq!((ends("2023"), ends("2023-07")), ("2023-12-31".to_owned(), "2023-12-31".to_owned()));
        assert_eq!(ends("2022-03"), "2022-03-31");
        // Of one that was not over by then nobody knew that it would close before that.
        let shorter = clarified(&[("P1Y", "2022-05-15"), ("P3M", "")]);
        let schedule = shorter.schedule(Some(period()));
        let ends = |window: &str| schedule.last_day(said(window).window).to_string();
        assert_eq!((ends("2022"), ends("2022-04")), ("2022-12-31".to_owned(), "2022-06-30".to_owned()));
        assert_eq!((ends("2021"), ends("2023-01")), ("2021-12-31".to_owned(), "2023-03-31".to_owned()));
    }

    #[test]
    fn the_last_window_closes_with_the_period() {
        assert_eq!(names(&clarified(&[("P3Y", "")])), ["2021 2023-12-31", "2024 2024-12-31"]);
    }
}
