//! Who has an action: the institutions that have taken it on, and those that were relieved of it.

use super::assertion::Role;
use super::date::Effective;
use super::party;
use super::value::Code;
use super::versions::Versions;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

/// An institution's task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Whose institution it is.
    pub party: Code,
    /// As what.
    pub role: Role,
    /// Until when.
    pub due: Option<Effective>,
    /// Since when, where that was said.
    pub effective: Option<Effective>,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// The sequence of the entry that says so.
    pub sequence: u64,
    /// The decision that its date is of, where one gave it another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

/// A decision by which a task is to be done by another date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The sequence of its entry.
    pub sequence: u64,
    /// Since when.
    pub effective: Effective,
}

impl Assignment {
    /// The entry that made it what it is.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.moved.map_or(self.sequence, |moved| moved.sequence)
    }

    /// Since when it is true, where that was said by this entry.
    #[must_use]
    pub fn effective(&self) -> Option<Effective> {
        self.moved.map(|moved| moved.effective).or(self.effective)
    }

    /// The day on which it begins: that on which it was recorded, where nothing else is said. A date that was decided as of before
    /// is that of the task from its first day on.
    #[must_use]
    pub fn begin(&self) -> NaiveDate {
        let own = self.effective.map(|effective| effective.begin());
        let moved = self.moved.map(|moved| moved.effective.begin());
        own.max(moved).unwrap_or(self.day)
    }
}

/// A task in somebody's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Responsibility<'a> {
    /// Who has it.
    pub institution: &'a Code,
    /// To whom it was assigned: the same, or one whose work has passed to it.
    pub assigned: &'a Code,
    /// What was assigned.
    pub task: &'a Assignment,
    /// The sequence of the entry since which they have it: of the assignment, or of the succession.
    pub since: u64,
}

impl Responsibility<'_> {
    /// By what one of several tasks that passed to an institution goes before the others: as the lead, then the newest.
    #[must_use]
    pub fn weight(&self) -> (bool, u64) {
        (self.task.role == Role::Lead, self.since)
    }
}

/// By institution, those that have an action; it reads as these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignments {
    taken: Versions<Tasks>,
    relieved: Versions<Tasks>,
}

/// Those that an entry leaves as they were are shared: of an action there are as many versions as entries on who has it.
type Tasks = BTreeMap<Code, Arc<Assignment>>;

impl Assignments {
    /// Those of an action that an entry creates: nobody has taken it on.
    #[must_use]
    pub fn new(sequence: u64) -> Self {
        let nobody = || Versions::new(sequence, BTreeMap::new());
        Self { taken: nobody(), relieved: nobody() }
    }

    /// The sequence of the entry that made them what they are.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.taken.since().max(self.relieved.since())
    }

    /// As they were after a number of entries; nothing where the action was not there yet.
    #[must_use]
    pub fn until(&self, size: u64) -> Option<Self> {
        Some(Self { taken: self.taken.until(size)?, relieved: self.relieved.until(size)? })
    }

    /// Those that lead.
    pub fn leads(&self) -> impl Iterator<Item = (&Code, &Assignment)> {
        let all = self.taken.iter().map(|(institution, assignment)| (institution, &**assignment));
        all.filter(|(_, assignment)| assignment.role == Role::Lead)
    }

    /// The tasks as they are held, by institution: each by the one to whose hands it has passed. They are those of a day, of which
    /// what begins later, an assignment, a release, a date or a succession, is left out; or all that is known, where none is given.
    /// `parties` tell which work has passed to whom.
    ///
    /// Nothing is assigned anew when an institution is merged or renamed: what it had is read as its successor's. What is
    /// said of the successor's own task afterwards, that it has it or is relieved of it, counts instead.
    #[must_use]
    pub fn held<'a>(
        &'a self,
        parties: &'a BTreeMap<Code, Arc<party::State>>,
        by: Option<NaiveDate>,
    ) -> Vec<Responsibility<'a>> {
        let held = |(assigned, task): (&'a Code, &'a Assignment)| {
            let mut held = Responsibility { institution: assigned, assigned, task, since: task.sequence };
            for next in parties.get(&task.party)?.successors(assigned) {
                if by.is_some_and(|day| next.effective.begin() > day) {
                    break;
                }
                if self.task(&next.successor, by).is_some_and(|own| own.sequence > next.since()) {
                    return None;
                }
                held.institution = &next.successor;
                held.since = held.since.max(next.since());
            }
            Some(held)
        };
        let mut all: Vec<Responsibility<'a>> = self.tasks(by).filter_map(held).collect();
        all.sort_by_key(|held| (held.institution, held.assigned));
        all
    }

    /// The sequences of the entries by which it has passed from the hands of one institution into those of another.
    #[must_use]
    pub fn passed(&self, parties: &BTreeMap<Code, Arc<party::State>>) -> BTreeSet<u64> {
        let said = self.said();
        let relieved = |institution: &Code, (since, until): (u64, u64)| {
            let own = |(body, task): &&(&Code, &Assignment)| {
                *body == institution && (since..until).contains(&task.since())
            };
            said.iter().rfind(own).is_some_and(|(_, task)| task.role == Role::Relieved)
        };
        let mut passed = BTreeSet::new();
        for (assigned, task) in &said {
            let Some(party) = parties.get(&task.party) else { continue };
            let (mut holder, mut since) = (*assigned, task.since());
            for next in party.successors(assigned) {
                let until = next.since();
                // Whoever has it may be relieved of it before its work passes on, and so may the one to whom it was assigned.
                if relieved(holder, (since, until)) || relieved(assigned, (task.since(), until)) {
                    break;
                }
                passed.insert(until);
                (holder, since) = (&next.successor, until);
            }
        }
        passed
    }

    /// By institution the tasks of a day, or all that are known.
    pub fn tasks(&self, by: Option<NaiveDate>) -> impl Iterator<Item = (&Code, &Assignment)> {
        let all = self.taken.keys().chain(self.relieved.keys());
        let tasks = all.filter_map(move |institution| Some((institution, self.task(institution, by)?)));
        tasks.filter(|(_, task)| task.role != Role::Relieved)
    }

    /// Everything that was said of tasks, in the order of the ledger.
    #[must_use]
    pub fn said(&self) -> Vec<(&Code, &Assignment)> {
        let versions = [&self.taken, &self.relieved].into_iter().flat_map(Versions::all).flatten();
        let all: BTreeMap<(u64, &Code), &Assignment> =
            versions.map(|(institution, task)| ((task.since(), institution), &**task)).collect();
        all.into_iter().map(|((_, institution), task)| (institution, task)).collect()
    }

    /// Since when an institution has had its task, in whichever role, since it was relieved of it last. Nothing where that was not said: what
    /// is said first has always been so.
    #[must_use]
    pub fn begins(&self, institution: &Code) -> Option<Effective> {
        let said = self.said();
        let own = said.iter().rev().filter(|(assigned, _)| *assigned == institution);
        let since = own.map_while(|(_, task)| (task.role != Role::Relieved).then_some(task.effective));
        since.collect::<Option<Vec<_>>>()?.into_iter().min_by_key(Effective::begin)
    }

    /// What was said last of an institution's task, that it has it or is relieved of it, of what begins by a day, or of all. Where nothing
    /// had begun, what was said first counts, if it does not say since when.
    fn task(&self, institution: &Code, by: Option<NaiveDate>) -> Option<&Assignment> {
        let newest = [&self.taken, &self.relieved].map(|tasks| {
            let mut own = tasks.all().rev().filter_map(|tasks| tasks.get(institution));
            own.find(|task| by.is_none_or(|day| task.begin() <= day))
        });
        let first = || {
            let all = [&self.taken, &self.relieved].into_iter().flat_map(Versions::all);
            let own = all.filter_map(|tasks| tasks.get(institution));
            own.min_by_key(|task| task.sequence).filter(|task| task.effective.is_none())
        };
        newest.into_iter().flatten().max_by_key(|task| task.sequence).or_else(first).map(AsRef::as_ref)
    }

    /// An institution takes the action on, or is relieved of it.
    pub fn assign(&mut self, institution: &Code, assignment: Assignment) {
        let sequence = assignment.sequence;
        let (from, to) = match assignment.role {
            Role::Relieved => (&mut self.taken, &mut self.relieved),
            Role::Lead | Role::Support => (&mut self.relieved, &mut self.taken),
        };
        if from.contains_key(institution) {
            let mut others = (**from).clone();
            others.remove(institution);
            from.change(sequence, others);
        }
        let mut with = (**to).clone();
        with.insert(institution.clone(), Arc::new(assignment));
        to.change(sequence, with);
    }

    /// Those that lead have it done by a date, as was decided.
    pub fn set_due(&mut self, due: Effective, moved: Moved) {
        let mut all = (*self.taken).clone();
        for assignment in all.values_mut().filter(|assignment| assignment.role == Role::Lead) {
            let assignment = Arc::make_mut(assignment);
            (assignment.due, assignment.moved) = (Some(due), Some(moved));
        }
        self.taken.change(moved.sequence, all);
    }
}

impl Deref for Assignments {
    type Target = Tasks;

    fn deref(&self) -> &Self::Target {
        &self.taken
    }
}
