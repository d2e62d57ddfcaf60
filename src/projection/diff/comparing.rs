//! What of one subject two readings say otherwise, field by field, and what made it so.

use super::{CONTESTED, Cause, Change, Field};
use crate::domain::action;
use crate::domain::assertion::{Lifecycle, OccurrenceState, Role};
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
    pub(super) fn each<T: Copy + PartialEq + Display>(
        &mut self,
        field: Field,
        window: Option<Effective>,
        axes: (&Axis<'_, T>, &Axis<'_, T>),
        value: impl Fn(&Word) -> Option<T>,
    ) {
        for (before, after) in axes.0.voices.iter().zip(&axes.1.voices) {
            let own = |axis: &Axis<'_, T>| {
                axis.voices.iter().find(|voice| voice.party == after.party).and_then(says)
            };
            let since = |found: &Self| found.since(axes.1, &value, own);
            let cause = |found: &Self| since(found).unwrap_or_else(|| found.own(before, after));
            if let Some(change) = self.differ(field, (says(before), says(after)), cause) {
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
            self.each(Field::Occurrence, Some(name), axes, of_window);
        }
    }

    /// What each party gave last as the value of each indicator.
    pub(super) fn indicators(&mut self, old: &[Series<'_>], new: &[Series<'_>]) {
        let gone = old.iter().filter(|series| find(new, series).is_none());
        for series in new.iter().chain(gone) {
            let latest = |all| find(all, series).map(|series| &series.latest);
            let (before, after) = (latest(old), latest(new));
            let amounts = (before.map(Given::amount), after.map(Given::amount));
            let cause = |found: &Self| {
                let word = |given: &Given<'_>| found.words.at(given.sequence);
                let same = find(new, series).into_iter().flat_map(|series| &series.same);
                found.said(before.and_then(word), same.filter_map(word))
            };
            if let Some(change) = self.differ(Field::Indicator, amounts, cause) {
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
            let (tasks, day) = (&new.action.assignments, self.effective);
            let relieved = tasks.task(name, day).filter(|task| task.role == Role::Relieved);
            let relieved = relieved.map(|task| (task.sequence, task.effective));
            let passed = || {
                let next = state.programme.parties.get(&last.task.party)?.successors(name).next()?;
                Some((next.since(), Some(next.effective)))
            };
            let gone = relieved.or_else(passed).unwrap_or((last.since, last.effective));
            let mut task = |field, differs: (Option<String>, Option<String>), since: Option<_>| {
                let (sequence, effective) = since.unwrap_or(gone);
                if let Some(change) = self.differ(field, differs, |_| Cause::Entry { sequence, effective }) {
                    change.party = Some(last.task.party.clone());
                    change.institution = Some(name.clone());
                }
            };
            let role = |held: Responsibility<'_>| held.task.role.to_string();
            let since = after.map(|held| tasks.since_of(&held, day, |task| task.role));
            task(Field::Role, (before.map(role), after.map(role)), since);
            let due = |held: Responsibility<'_>| Some(held.task.due?.to_string());
            let since = after.map(|held| tasks.since_of(&held, day, |task| task.due));
            task(Field::Due, (before.and_then(due), after.and_then(due)), since);
        }
    }

    /// What made a party's word on an axis another one.
    fn own<T>(&self, before: &Voice<'_, T>, after: &Voice<'_, T>) -> Cause {
        self.said(before.word.as_ref(), after.word.as_ref().into_iter())
    }

    /// What put words, which say the same, in the place of another: the first of them that was said since, or is true only now; or else
    /// the correction of the one before.
    fn said<'w>(&self, before: Option<&Word>, mut after: impl Iterator<Item = &'w Word>) -> Cause {
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
        match (after.find(newer), before.and_then(gone)) {
            (Some(word), _) => Cause::Entry { sequence: word.sequence, effective: Some(word.effective) },
            (None, Some(correction)) => Cause::entry(correction),
            (None, None) => Cause::Time,
        }
    }

    /// What made another thing of the words on an axis together: the entry from which on they are it; or the newest correction, where
    /// that alone did; or nothing but time. `value` is what a word says there, and `what` tells what is looked at.
    pub(super) fn together<T: Copy + PartialEq, V: PartialEq>(
        &self,
        axes: (&Axis<'_, T>, &Axis<'_, T>),
        value: impl Fn(&Word) -> Option<T>,
        what: impl Fn(&Axis<'_, T>) -> V,
    ) -> Cause {
        let since = self.since(axes.1, &value, what).or_else(|| self.corrected(value));
        since.unwrap_or_else(|| self.newest(axes))
    }

    /// The entry from which on the words on an axis are what they are now, as each changed them in its turn; nothing, where the earlier
    /// reading has all of these.
    fn since<T: Copy + PartialEq, V: PartialEq>(
        &self,
        now: &Axis<'_, T>,
        value: impl Fn(&Word) -> Option<T>,
        what: impl Fn(&Axis<'_, T>) -> V,
    ) -> Option<Cause> {
        let parties: Vec<&Code> = now.voices.iter().map(|voice| voice.party).collect();
        let course = Course {
            words: self.words,
            parties: &parties,
            effective: self.effective,
            grace_days: self.grace_days,
            corrected: false,
        };
        // What is true only by the later day may have been said at any time.
        let first = if self.is_same_day { self.first } else { 0 };
        let (wanted, mut found) = (what(now), None);
        course.follow(first, &value, &mut |step, axis| {
            let cause = step.word.map_or(Cause::entry(step.mark.sequence), |word| Cause::Entry {
                sequence: word.sequence,
                effective: Some(word.effective),
            });
            // As it was before, without what was corrected since, it is nobody's who spoke later.
            let cause = Some(cause).filter(|_| step.mark.sequence >= first);
            found = (what(axis) == wanted).then(|| found.take().unwrap_or(cause));
        });
        found.flatten()
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

/// The same indicator of the same party.
fn find<'s, 'a>(all: &'s [Series<'a>], of: &Series<'_>) -> Option<&'s Series<'a>> {
    all.iter().find(|each| (each.name, each.party) == (of.name, of.party))
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
