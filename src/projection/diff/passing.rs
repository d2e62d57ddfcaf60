//! How a task came to an institution, or went from it: by what was said of it, and by what was said of whose work it took over.

use super::Cause;
use crate::domain::action;
use crate::domain::assignment::{Assignment, Responsibility};
use crate::domain::date::Effective;
use crate::domain::value::Code;
use crate::record::history::State;
use chrono::NaiveDate;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Something of the task that an institution has of an action.
pub(super) struct Passing<'a> {
    /// What the later reading knows.
    pub(super) state: &'a State,
    pub(super) action: &'a action::State,
    pub(super) institution: &'a Code,
    /// What is looked at.
    pub(super) what: &'a dyn Fn(&Assignment) -> Option<String>,
}

/// What was said, since when it is true, and the day on which it begins.
#[derive(Debug, Clone, Copy)]
struct Said {
    sequence: u64,
    effective: Option<Effective>,
    begin: NaiveDate,
}

impl Passing<'_> {
    /// What made it what it is in the later reading: what is true since a day after that of the earlier reading, from which on it is
    /// that; else the entry that the earlier reading does not have, which begins with `first`; or nothing but time.
    pub(super) fn since(&self, first: u64, (from, to): (Option<NaiveDate>, Option<NaiveDate>)) -> Cause {
        let mut said = self.said();
        let (now, newest) = (self.at(u64::MAX, to), u64::MAX);
        let turn = |before, steps: &[(Said, Option<String>)]| {
            let mut found = (before == now).then_some(None);
            for (said, then) in steps {
                found = (*then == now).then(|| found.take().unwrap_or(Some(*said)));
            }
            found.flatten().map(|Said { sequence, effective, .. }| Cause::Entry { sequence, effective })
        };
        if let Some(day) = from.filter(|_| from != to) {
            // Of what begins on a day the newest counts.
            said.sort_by_key(|said| (said.begin, Reverse(said.sequence)));
            let within = said.iter().filter(|said| said.begin > day && to.is_none_or(|to| said.begin <= to));
            let steps: Vec<_> = within.map(|said| (*said, self.at(newest, Some(said.begin)))).collect();
            if let Some(cause) = turn(self.at(newest, from), &steps) {
                return cause;
            }
        }
        said.sort_by_key(|said| said.sequence);
        let new = said.iter().filter(|said| said.sequence >= first);
        let steps: Vec<_> = new.map(|said| (*said, self.at(said.sequence + 1, from))).collect();
        turn(self.at(first, from), &steps).unwrap_or(Cause::Time)
    }

    /// What it is after a number of entries, of what begins by a day.
    fn at(&self, size: u64, day: Option<NaiveDate>) -> Option<String> {
        let parties = self.state.programme.parties.iter();
        let then = parties.filter_map(|(code, party)| Some((code.clone(), Arc::new(party.until(size)?))));
        let (parties, assignments) = (then.collect(), self.action.assignments.until(size)?);
        task(&assignments.held(&parties, day), self.institution).and_then(self.what)
    }

    /// All that was said of it, of the tasks of those whose work the institution took over, and of their succession.
    fn said(&self) -> Vec<Said> {
        let programme = &self.state.programme;
        let tasks = self.action.assignments.said();
        let comes = |institution: &Code| programme.passed(institution).any(|next| next == self.institution);
        let tasks = tasks.into_iter().filter(|(institution, _)| comes(institution));
        let mut from = BTreeSet::from([self.institution]);
        let mut said: Vec<Said> = tasks
            .map(|(institution, task)| {
                from.insert(institution);
                Said { sequence: task.since(), effective: task.effective(), begin: task.begin() }
            })
            .collect();
        let parties = || programme.parties.values();
        let next = |institution| parties().flat_map(move |party| party.successors(institution));
        said.extend(from.into_iter().flat_map(next).map(|next| Said {
            sequence: next.since(),
            effective: Some(next.effective),
            begin: next.effective.begin(),
        }));
        said
    }
}

/// As what an institution has an action: of several tasks that passed to it, as its lead.
pub(super) fn task<'a>(held: &[Responsibility<'a>], institution: &Code) -> Option<&'a Assignment> {
    let own = held.iter().filter(|held| held.institution == institution);
    own.max_by_key(|held| held.weight()).map(|held| held.task)
}
