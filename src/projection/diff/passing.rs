//! How a task came to an institution, or went from it: by what was said of it, and by what was said of whose work it took over.

use super::Cause;
use crate::domain::action;
use crate::domain::assignment::{Assignment, Responsibility};
use crate::domain::date::Effective;
use crate::domain::value::Code;
use crate::record::state::State;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Something of the tasks that an institution has of an action.
pub(super) struct Passing<'a> {
    /// What the later reading knows.
    pub(super) state: &'a State,
    pub(super) action: &'a action::State,
    pub(super) institution: &'a Code,
    /// What is looked at.
    pub(super) what: &'a dyn Fn(&[&Assignment]) -> Option<String>,
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
        const ALL: u64 = u64::MAX;
        let now = self.at(ALL, to);
        let is_now = |size, day| self.at(size, day) == now;
        let turn = |before: bool, steps: &mut dyn Iterator<Item = (Said, bool)>| {
            let mut found = before.then_some(None);
            for (said, is_now) in steps {
                found = is_now.then(|| found.take().unwrap_or(Some(said)));
            }
            found.flatten().map(|Said { sequence, effective, .. }| Cause::Entry { sequence, effective })
        };
        if let Some(day) = from.filter(|_| from != to) {
            let mut said = self.said();
            said.sort_by_key(|said| (said.begin, said.sequence));
            said.retain(|said| to.is_none_or(|to| said.begin <= to));
            let mut days = said.chunk_by(|one, next| one.begin == next.begin).filter_map(|all| {
                let (newest, day) =
                    all.last().filter(|said| said.begin > day).map(|said| (said, Some(said.begin)))?;
                // Of what begins on a day the first after which it is that.
                let same = all.iter().rev().take_while(|said| is_now(said.sequence + 1, day)).last();
                Some((*same.unwrap_or(newest), is_now(ALL, day)))
            });
            if let Some(cause) = turn(is_now(ALL, from), &mut days) {
                return cause;
            }
        }
        let mut said = self.said();
        said.sort_by_key(|said| said.sequence);
        let mut steps = said
            .into_iter()
            .filter(|said| said.sequence >= first)
            .map(|said| (said, is_now(said.sequence + 1, from)));
        turn(is_now(first, from), &mut steps).unwrap_or(Cause::Time)
    }

    /// What it is after a number of entries, of what begins by a day.
    fn at(&self, size: u64, day: Option<NaiveDate>) -> Option<String> {
        let parties = self.state.programme.parties.iter();
        let then = parties.filter_map(|(code, party)| Some((code.clone(), Arc::new(party.until(size)?))));
        let (parties, assignments) = (then.collect(), self.action.assignments.until(size)?);
        let held = assignments.held(&parties, day);
        (self.what)(&tasks(&held, self.institution))
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

/// The tasks that an institution has of an action: its own, and what passed to it.
pub(super) fn tasks<'a>(held: &[Responsibility<'a>], institution: &Code) -> Vec<&'a Assignment> {
    held.iter().filter(|held| held.institution == institution).map(|held| held.task).collect()
}
