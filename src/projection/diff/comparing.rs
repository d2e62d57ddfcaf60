//! What of one subject two readings say otherwise, field by field, and what made it so.

use super::passing::{Passing, tasks};
use super::{CONTESTED, Cause, Change, Field};
use crate::domain::action;
use crate::domain::assertion::{Lifecycle, OccurrenceState, Role};
use crate::domain::assignment::Assignment;
use crate::domain::course::Course;
use crate::domain::date::{Effective, Period};
use crate::domain::status::{Axis, Joint, Turn, Voice};
use crate::domain::value::Code;
use crate::domain::word::{Word, Words};
use crate::projection::board::{Row, Window};
use crate::projection::indicators::{Given, Measured, Series};
use crate::record::state::State;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// The changes of one subject, as they are found.
pub(super) struct Comparing<'a> {
    pub(super) subject: String,
    /// What was said of it, as the later reading knows it.
    pub(super) words: &'a Words,
    pub(super) parties: &'a [&'a Code],
    /// The first entry that the earlier reading does not have.
    pub(super) first: u64,
    /// The days by which the earlier reading and the later one are effective.
    pub(super) days: (Option<NaiveDate>, Option<NaiveDate>),
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
        self.differ(field, joints, |found| found.since(value, |axis| axis.joint, &axes.1.joint));
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
            let own = |axis: &Axis<'_, T>| voice(axis, after.party).and_then(says);
            let cause = |found: &Self| found.since(&value, own, &says(after));
            if let Some(change) = self.differ(field, (says(before), says(after)), cause) {
                change.party = Some(after.party.clone());
                change.window = window;
            }
        }
    }

    /// Each window with what is known of it, and each party's word.
    pub(super) fn windows(&mut self, period: Option<Period>, old: &Row<'_>, new: &Row<'_>) {
        let (schedule, rested) = (old.action.schedule(period), old.rested());
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
            // Before the plan says that there is a window, it is as open as any, but where the action rested: there it was none. One that
            // was open is gone without a word, as one comes that is open.
            let open = Some(Window::Open);
            let was = before.0.or(open.filter(|_| !rested(schedule.last_day(name))));
            let known = match (was, after.0) {
                (None, now) if now == open => (None, None),
                (was, None) if was == open => (None, None),
                known => known,
            };
            let of_window = |word: &Word| {
                word.occurrence.filter(|of| of.window.begin() == name.begin()).map(|of| of.state)
            };
            let cause = |found: &Self| {
                let together = |axis: &Axis<'_, OccurrenceState>| (axis.joint, axis.value);
                let now = together(axes.1);
                if together(axes.0) == now {
                    found.rested(old, new)
                } else {
                    found.since(of_window, together, &now)
                }
            };
            if let Some(change) = self.differ(Field::Occurrence, known, cause) {
                change.window = Some(name);
            }
            self.each(Field::Occurrence, Some(name), axes, of_window);
        }
    }

    /// What each party gave last as the value of each indicator.
    pub(super) fn indicators(
        &mut self,
        action: &Code,
        measured: &Measured,
        (old, new): (&[Series<'_>], &[Series<'_>]),
    ) {
        let gone = old.iter().filter(|series| latest(new, series).is_none());
        for series in new.iter().chain(gone) {
            let (before, after) = (latest(old, series), latest(new, series));
            let amounts = (before.map(Given::amount), after.map(Given::amount));
            let value = |word: &Word| measured.amount(action, word, series.name);
            let own = |axis: &Axis<'_, _>| voice(axis, series.party).and_then(|voice| voice.says);
            let now = after.map(|given| (given.value, given.unit));
            if let Some(change) =
                self.differ(Field::Indicator, amounts, |found| found.since(value, own, &now))
            {
                change.party = Some(series.party.clone());
                change.indicator = Some(series.name.clone());
            }
        }
    }

    /// Which institutions have the action, and until when; what was assigned to an institution whose work has passed to another
    /// is gone from the one and come to the other.
    pub(super) fn held(&mut self, state: &State, old: &Row<'_>, new: &Row<'_>) {
        let role = |tasks: &[&Assignment]| {
            let leads = tasks.iter().find(|task| task.role == Role::Lead);
            leads.or(tasks.first()).map(|task| task.role.to_string())
        };
        let due = |tasks: &[&Assignment]| {
            let all: BTreeMap<NaiveDate, String> =
                tasks.iter().filter_map(|task| task.due).map(|due| (due.end(), due.to_string())).collect();
            (!all.is_empty()).then(|| all.into_values().collect::<Vec<_>>().join(", "))
        };
        let names: BTreeSet<&Code> = old.held.iter().chain(&new.held).map(|held| held.institution).collect();
        for name in names {
            let (before, after) = (tasks(&old.held, name), tasks(&new.held, name));
            let Some(party) = after.first().or(before.first()).map(|task| &task.party) else { continue };
            let mut differ = |field, what: &dyn Fn(&[&Assignment]) -> Option<String>| {
                let told = (what(&before), what(&after));
                let passing = Passing { state, action: new.action, institution: name, what };
                if let Some(change) = self.differ(field, told, |found| passing.since(found.first, found.days))
                {
                    change.party = Some(party.clone());
                    change.institution = Some(name.clone());
                }
            };
            differ(Field::Role, &role);
            differ(Field::Due, &due);
        }
    }

    /// What made something of the words on an axis what it is in the later reading: the word that is true since a day after that of the
    /// earlier reading, from which on they are that; else the entry that the earlier reading does not have; or nothing but time. `value`
    /// is what a word says there, and `what` tells what is looked at.
    pub(super) fn since<T: Copy + PartialEq, V: PartialEq>(
        &self,
        value: impl Fn(&Word) -> Option<T>,
        what: impl Fn(&Axis<'_, T>) -> V,
        now: &V,
    ) -> Cause {
        let (words, parties, grace_days, known) = (self.words, self.parties, self.grace_days, self.first);
        let course = |effective| Course { words, parties, effective, grace_days, known };
        let (from, to) = self.days;
        if let Some(day) = from.filter(|_| from != to) {
            let mut steps = Vec::new();
            course(to).unfold(day, &value, &mut |word, axis| steps.push((word, what(axis) == *now)));
            let begin = |word: Option<&Word>| word.map(|word| word.effective.begin());
            let mut found = None;
            // Only as of the end of a day does anybody read it.
            for day in steps.chunk_by(|(one, _), (next, _)| begin(*one) == begin(*next)) {
                let mut same = day.iter().rev().take_while(|(_, is_now)| *is_now).peekable();
                let is_now = same.peek().is_some();
                let first = same.last().and_then(|(word, _)| *word);
                found = is_now.then(|| found.take().unwrap_or(first));
            }
            if let Some(word) = found.flatten() {
                return Cause::of(word);
            }
        }
        let mut found = None;
        course(from).follow(self.first, &value, &mut |step, axis| {
            let is_now = step.mark.sequence >= self.first && what(axis) == *now;
            let cause = step.word.map_or(Cause::entry(step.mark.sequence), Cause::of);
            found = is_now.then(|| found.unwrap_or(cause));
        });
        found.unwrap_or(Cause::Time)
    }

    /// What made an action one that rests, or one that goes on, in the later reading alone: the newest word that did; or nothing but time.
    fn rested(&self, old: &Row<'_>, new: &Row<'_>) -> Cause {
        let rests = new.suspended.iter().filter(|rest| !old.suspended.contains(rest));
        let turns = rests.flat_map(|rest| [Some(rest.since), rest.until]).flatten();
        let newer = |turn: &Turn| {
            turn.sequence >= self.first || self.days.0.is_some_and(|day| turn.effective.begin() > day)
        };
        let newest = turns.filter(newer).max_by_key(|turn| turn.sequence);
        newest.map_or(Cause::Time, |turn| Cause::Entry {
            sequence: turn.sequence,
            effective: Some(turn.effective),
        })
    }
}

/// What a party says on an axis.
fn voice<'v, T>(axis: &'v Axis<'_, T>, party: &Code) -> Option<&'v Voice<'v, T>> {
    axis.voices.iter().find(|voice| voice.party == party)
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
