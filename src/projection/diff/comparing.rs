//! What of one subject two readings say otherwise, field by field, and what made it so.

use super::{CONTESTED, Cause, Change, Field};
use crate::domain::action;
use crate::domain::assertion::{Lifecycle, OccurrenceState};
use crate::domain::assignment::Responsibility;
use crate::domain::course::Course;
use crate::domain::date::Effective;
use crate::domain::status::{Axis, Joint, Voice};
use crate::domain::value::Code;
use crate::domain::word::{Said, Word, Words};
use crate::projection::board::{Row, Window};
use crate::projection::indicators::{Given, Series};
use crate::record::history::State;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use std::fmt::Display;

/// The changes of one subject, as they are found.
pub(super) struct Comparing<'a> {
    pub(super) subject: String,
    /// What was said of it, as the later reading knows it.
    pub(super) words: &'a Words,
    /// The first entry that the earlier reading does not have.
    pub(super) first: u64,
    /// The day by which the later reading is effective, and whether the earlier one is by the same.
    pub(super) effective: Option<NaiveDate>,
    pub(super) is_same_day: bool,
    /// In how many days two differing words are a dispute.
    pub(super) grace_days: u16,
    pub(super) changes: &'a mut Vec<Change>,
}

impl Comparing<'_> {
    /// Takes a change where old and new differ.
    pub(super) fn differ<T: Display>(
        &mut self,
        field: Field,
        (old, new): (Option<T>, Option<T>),
        cause: impl FnOnce(&Self) -> Cause,
    ) -> Option<&mut Change> {
        let (old, new) = (old.map(|old| old.to_string()), new.map(|new| new.to_string()));
        if old == new {
            return None;
        }
        let (subject, cause) = (self.subject.clone(), cause(self));
        let (party, window, institution, indicator) = (None, None, None, None);
        self.changes.push(Change { subject, field, party, window, institution, indicator, old, new, cause });
        self.changes.last_mut()
    }

    /// What reviews decided that the action is, and in which others it goes on.
    pub(super) fn defined(&mut self, old: &action::State, new: &action::State) {
        let (before, after) = (&old.action, &new.action);
        self.differ(Field::Text, (Some(&before.text), Some(&after.text)), |_| {
            Cause::entry(after.since_of(|action| action.text.clone()))
        });
        self.differ(Field::Cycle, (before.cycle.as_ref(), after.cycle.as_ref()), |_| {
            Cause::entry(after.since_of(|action| action.cycle.clone()))
        });
        let successors = |state: &action::State| {
            let ended = state.ended.as_ref().filter(|ended| !ended.successors.is_empty());
            ended.map(|ended| ended.successors.iter().map(Code::as_str).collect::<Vec<_>>().join(", "))
        };
        self.differ(Field::Successors, (successors(old), successors(new)), |_| {
            Cause::entry(new.ended.since())
        });
    }

    /// How the words on an axis stand to each other.
    pub(super) fn joint<T: Copy + PartialEq>(
        &mut self,
        field: Field,
        axes: (&Axis<'_, T>, &Axis<'_, T>),
        value: impl Fn(&Word) -> Option<T>,
    ) {
        let joints = (Some(axes.0.joint), Some(axes.1.joint));
        self.differ(field, joints, |found| found.together(axes, value, |axis| axis.joint));
    }

    /// Each party's own word on an axis.
    pub(super) fn each<T: Display>(
        &mut self,
        field: Field,
        window: Option<Effective>,
        (old, new): (&Axis<'_, T>, &Axis<'_, T>),
    ) {
        for (before, after) in old.voices.iter().zip(&new.voices) {
            let own = (says(before), says(after));
            if let Some(change) = self.differ(field, own, |found| found.own(before, after)) {
                change.party = Some(after.party.clone());
                change.window = window;
            }
        }
    }

    /// Each window with what is known of it, and each party's word.
    pub(super) fn windows(&mut self, old: &Row<'_>, new: &Row<'_>) {
        let silent = new.status.lifecycle.voices.iter();
        let silent = silent.map(|voice| Voice { party: voice.party, word: None, says: None });
        let nothing = Axis { joint: Joint::Silent, value: None, voices: silent.collect() };
        let mut names: Vec<Effective> = new.windows.iter().map(|(name, _)| *name).collect();
        let gone = old.windows.iter().map(|(name, _)| *name);
        names.extend(gone.filter(|name| new.windows.iter().all(|(other, _)| other.begin() != name.begin())));
        names.sort_by_key(Effective::begin);
        for name in names {
            let (before, after) = (occurrence(old, name), occurrence(new, name));
            let axes = (before.1.unwrap_or(&nothing), after.1.unwrap_or(&nothing));
            // Before the plan says that there is a window, it is as open as any; and one that was open is gone without a word.
            let open = Window::Open;
            let was = before.0.unwrap_or(open);
            let known = (Some(was), after.0.or((was == open).then_some(open)));
            let of_window = |word: &Word| {
                word.occurrence.filter(|(of, _)| of.begin() == name.begin()).map(|(_, state)| state)
            };
            let cause = |found: &Self| {
                let said = (axes.0.joint, axes.0.value) != (axes.1.joint, axes.1.value);
                if said {
                    found.together(axes, of_window, |axis| (axis.joint, axis.value))
                } else {
                    found.rested(old, new)
                }
            };
            if let Some(change) = self.differ(Field::Occurrence, known, cause) {
                change.window = Some(name);
            }
            self.each(Field::Occurrence, Some(name), axes);
        }
    }

    /// What each party gave last as the value of each indicator.
    pub(super) fn indicators(&mut self, old: &[Series<'_>], new: &[Series<'_>]) {
        let words = self.words;
        let gone = old.iter().filter(|series| latest(new, series).is_none());
        for series in new.iter().chain(gone) {
            let (before, after) = (latest(old, series), latest(new, series));
            let amounts = (before.map(Given::amount), after.map(Given::amount));
            let word = |given: Option<&Given<'_>>| given.and_then(|given| words.at(given.sequence));
            if let Some(change) =
                self.differ(Field::Indicator, amounts, |found| found.said(word(before), word(after)))
            {
                change.party = Some(series.party.clone());
                change.indicator = Some(series.name.clone());
            }
        }
    }

    /// Which institutions have the action, and until when; what was assigned to an institution whose work has passed to another
    /// is gone from the one and come to the other.
    pub(super) fn held(&mut self, state: &State, old: &Row<'_>, new: &Row<'_>) {
        let names: BTreeSet<&Code> = old.held.iter().chain(&new.held).map(|held| held.institution).collect();
        for name in names {
            let (before, after) = (task(old, name), task(new, name));
            let Some(last) = after.or(before) else { continue };
            let party = state.programme.parties.get(&last.task.party);
            let passed = || party.and_then(|party| party.successors(name).next());
            let (sequence, effective) = match new.action.assignments.relieved(name) {
                _ if after.is_some() => (last.since, last.effective),
                Some(relieved) => (relieved.sequence, relieved.effective),
                None => {
                    passed().map_or((last.since, last.effective), |next| (next.since(), Some(next.effective)))
                }
            };
            let said = || Cause::Entry { sequence, effective };
            let mark = |change: Option<&mut Change>| {
                if let Some(change) = change {
                    change.party = Some(last.task.party.clone());
                    change.institution = Some(name.clone());
                }
            };
            let role = |held: Option<Responsibility<'_>>| held.map(|held| held.task.role);
            let due = |held: Option<Responsibility<'_>>| held.and_then(|held| held.task.due);
            mark(self.differ(Field::Role, (role(before), role(after)), |_| said()));
            mark(self.differ(Field::Due, (due(before), due(after)), |_| said()));
        }
    }

    /// What made a party's word on an axis another one.
    fn own<T>(&self, before: &Voice<'_, T>, after: &Voice<'_, T>) -> Cause {
        self.said(before.word.as_ref(), after.word.as_ref())
    }

    /// What put a word in the place of another: that it was said since, or is true only now; or else the correction of the one
    /// before.
    fn said(&self, before: Option<&Word>, after: Option<&Word>) -> Cause {
        let newer =
            |word: &&Word| word.sequence >= self.first || before.is_none_or(|old| word.place() > old.place());
        let gone = |word: &Word| {
            let voided = |at: u64| self.words.at(at).and_then(|word| word.voided).map(|by| by.sequence);
            voided(word.sequence).or_else(|| match word.said {
                // A contest falls with what it contests.
                Said::Contested(at) => voided(at),
                _ => None,
            })
        };
        match (after.filter(newer), before.and_then(gone)) {
            (Some(word), _) => Cause::Entry { sequence: word.sequence, effective: Some(word.effective) },
            (None, Some(correction)) => Cause::entry(correction),
            (None, None) => Cause::Time,
        }
    }

    /// What made another thing of the words on an axis together: the entry from which on they are it, as each changed them in its turn;
    /// or the newest correction, where that alone did; or nothing but time. `value` is what a word says there, and `what` tells what is
    /// looked at.
    pub(super) fn together<T: Copy + PartialEq, V: PartialEq>(
        &self,
        (old, new): (&Axis<'_, T>, &Axis<'_, T>),
        value: impl Fn(&Word) -> Option<T>,
        what: impl Fn(&Axis<'_, T>) -> V,
    ) -> Cause {
        let parties: Vec<&Code> = new.voices.iter().map(|voice| voice.party).collect();
        let course = Course {
            words: self.words,
            parties: &parties,
            effective: self.effective,
            grace_days: self.grace_days,
            corrected: false,
        };
        // What is true only by the later day may have been said at any time.
        let first = if self.is_same_day { self.first } else { 0 };
        let (wanted, mut found) = (what(new), None);
        course.follow(first, &value, &mut |step, axis| {
            let cause = step.word.map_or(Cause::entry(step.mark.sequence), |word| Cause::Entry {
                sequence: word.sequence,
                effective: Some(word.effective),
            });
            // As it was before, without what was corrected since, it is nobody's who spoke later.
            let cause = Some(cause).filter(|_| step.mark.sequence >= first);
            found = (what(axis) == wanted).then(|| found.take().unwrap_or(cause));
        });
        match found {
            Some(Some(cause)) => cause,
            Some(None) => self.corrected(value).unwrap_or_else(|| self.newest((old, new))),
            None => self.newest((old, new)),
        }
    }

    /// The newest correction of a word on an axis.
    fn corrected<T>(&self, value: impl Fn(&Word) -> Option<T>) -> Option<Cause> {
        let own = self.words.all().iter().filter(|word| value(word).is_some());
        let corrections = own.filter_map(|word| word.voided).map(|by| by.sequence);
        corrections.filter(|sequence| *sequence >= self.first).max().map(Cause::entry)
    }

    /// The newest of what changed the parties' words on an axis, or nothing but time.
    pub(super) fn newest<T>(&self, (old, new): (&Axis<'_, T>, &Axis<'_, T>)) -> Cause {
        let sequence = |voice: &Voice<'_, T>| voice.word.as_ref().map(|word| word.sequence);
        let moved =
            old.voices.iter().zip(&new.voices).filter(|(one, other)| sequence(one) != sequence(other));
        let newest = moved.map(|(one, other)| self.own(one, other)).max_by_key(|cause| match cause {
            Cause::Entry { sequence, .. } => Some(*sequence),
            Cause::Time => None,
        });
        newest.unwrap_or(Cause::Time)
    }

    /// What made an action one that rests, or one that goes on, in the later reading alone: the newest word that did; or nothing but time.
    fn rested(&self, old: &Row<'_>, new: &Row<'_>) -> Cause {
        let rests = new.suspended.iter().filter(|rest| !old.suspended.contains(rest));
        let turns = rests.flat_map(|rest| [Some(rest.since), rest.until]).flatten();
        let newest = turns.filter(|turn| turn.sequence >= self.first).max_by_key(|turn| turn.sequence);
        newest.map_or(Cause::Time, |turn| Cause::Entry {
            sequence: turn.sequence,
            effective: Some(turn.effective),
        })
    }
}

/// As what an institution has an action: of several tasks that passed to it, as its lead.
fn task<'r>(row: &Row<'r>, institution: &Code) -> Option<Responsibility<'r>> {
    let own = row.held.iter().filter(|held| held.institution == institution);
    own.max_by_key(|held| held.weight()).copied()
}

/// What the party of a series gave last as the value of its indicator.
fn latest<'s, 'a>(all: &'s [Series<'a>], of: &Series<'_>) -> Option<&'s Given<'a>> {
    all.iter().find(|each| (each.name, each.party) == (of.name, of.party)).map(|series| &series.latest)
}

/// Where an action stands: what nobody has spoken of is planned.
pub(super) fn stands(axis: &Axis<'_, Lifecycle>) -> Option<Lifecycle> {
    axis.value.or((axis.joint == Joint::Silent).then_some(Lifecycle::Planned))
}

/// A party's word on an axis; whoever contests says only that.
fn says<T: Display>(voice: &Voice<'_, T>) -> Option<String> {
    voice.word.as_ref().map(|_| voice.says.as_ref().map_or_else(|| CONTESTED.to_owned(), ToString::to_string))
}

/// What is known of a window, where there is one, and what was said of it.
fn occurrence<'r>(
    row: &'r Row<'_>,
    name: Effective,
) -> (Option<Window>, Option<&'r Axis<'r, OccurrenceState>>) {
    let known = row.windows.iter().find(|(other, _)| other.begin() == name.begin());
    let axis = row.status.occurrences.iter().find(|(window, _)| window.begin() == name.begin());
    (known.map(|(_, window)| *window), axis.map(|(_, axis)| axis))
}
