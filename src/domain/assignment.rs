//! Who has an action: the institutions that have taken it on, and those that were relieved of it.

use super::assertion::Role;
use super::date::Effective;
use super::party;
use super::value::Code;
use super::versions::Versions;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
}

impl Assignment {
    /// Whether it begins by a day, if one is given; one that does not say when has begun.
    fn begins_by(&self, day: Option<NaiveDate>) -> bool {
        day.zip(self.effective).is_none_or(|(day, effective)| effective.begin() <= day)
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
    /// Since when, by that entry, where it says so.
    pub effective: Option<Effective>,
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
    taken: Versions<BTreeMap<Code, Assignment>>,
    relieved: Versions<BTreeMap<Code, Assignment>>,
}

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
        self.taken.iter().filter(|(_, assignment)| assignment.role == Role::Lead)
    }

    /// The tasks as they are held, by institution: each by the one to whose hands it has passed. They are those of a day, of which
    /// what begins later, an assignment, a release or a succession, is left out; or all that is known, where none is given. `parties`
    /// tell which work has passed to whom.
    ///
    /// Nothing is assigned anew when an institution is merged or renamed: what it had is read as its successor's. What is
    /// said of the successor's own task afterwards, that it has it or is relieved of it, counts instead.
    #[must_use]
    pub fn held<'a>(
        &'a self,
        parties: &'a BTreeMap<Code, Arc<party::State>>,
        by: Option<NaiveDate>,
    ) -> Vec<Responsibility<'a>> {
        let held = |assigned: &'a Code| {
            let task = self.task(assigned, by).filter(|task| task.role != Role::Relieved)?;
            let mut held = Responsibility {
                institution: assigned,
                assigned,
                task,
                since: task.sequence,
                effective: task.effective,
            };
            for next in parties.get(&task.party)?.successors(assigned) {
                if by.is_some_and(|day| next.effective.begin() > day) {
                    break;
                }
                if self.task(&next.successor, by).is_some_and(|own| own.sequence > next.since()) {
                    return None;
                }
                held.institution = &next.successor;
                if next.since() > held.since {
                    (held.since, held.effective) = (next.since(), Some(next.effective));
                }
            }
            Some(held)
        };
        let mut all: Vec<Responsibility<'a>> =
            self.taken.keys().chain(self.relieved.keys()).filter_map(held).collect();
        all.sort_by_key(|held| (held.institution, held.assigned));
        all
    }

    /// Since which entry something of a held task is what it is, of what begins by a day, and since when it is that by this entry.
    pub fn since_of<V: PartialEq>(
        &self,
        held: &Responsibility<'_>,
        by: Option<NaiveDate>,
        what: impl Fn(&Assignment) -> V,
    ) -> (u64, Option<Effective>) {
        let versions = [&self.taken, &self.relieved].into_iter().flat_map(Versions::all);
        let all: BTreeMap<u64, &Assignment> = versions
            .filter_map(|tasks| tasks.get(held.assigned))
            .filter(|task| task.begins_by(by))
            .map(|task| (task.sequence, task))
            .collect();
        let is_same = |task: &&&Assignment| task.role != Role::Relieved && what(task) == what(held.task);
        let first = all.values().rev().take_while(is_same).last();
        // Where it has passed to another since, that has it since then.
        let first = first.filter(|_| held.since == held.task.sequence);
        first.map_or((held.since, held.effective), |first| (first.sequence, first.effective))
    }

    /// What was said last of an institution's task, that it has it or is relieved of it, of what begins by a day, or of all.
    #[must_use]
    pub fn task(&self, institution: &Code, by: Option<NaiveDate>) -> Option<&Assignment> {
        let newest = [&self.taken, &self.relieved].map(|tasks| {
            let mut own = tasks.all().rev().filter_map(|tasks| tasks.get(institution));
            own.find(|task| task.begins_by(by))
        });
        newest.into_iter().flatten().max_by_key(|task| task.sequence)
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
        with.insert(institution.clone(), assignment);
        to.change(sequence, with);
    }

    /// Those that lead have it done by a date.
    pub fn set_due(&mut self, due: Effective, sequence: u64) {
        let mut all = (*self.taken).clone();
        for assignment in all.values_mut().filter(|assignment| assignment.role == Role::Lead) {
            (assignment.due, assignment.sequence) = (Some(due), sequence);
        }
        self.taken.change(sequence, all);
    }
}

impl Deref for Assignments {
    type Target = BTreeMap<Code, Assignment>;

    fn deref(&self) -> &Self::Target {
        &self.taken
    }
}
