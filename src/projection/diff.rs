//! The difference of two readings: one change for each thing that they say otherwise, and what made it so.
//!
//! All that was said between two moments, whether it changed anything or not, is not here but in [`super::timeline`].

use super::board::{self, Row, Window};
use super::filter::Filter;
use super::indicators::{self, Given, Measured, Series};
use super::reading::Reading;
use super::timeline::stream;
use crate::domain::action;
use crate::domain::assertion::{Lifecycle, OccurrenceState};
use crate::domain::assignment::Responsibility;
use crate::domain::date::Effective;
use crate::domain::instrument::{self, Standing, Update};
use crate::domain::plan::Action;
use crate::domain::status::{Axis, Joint, Voice};
use crate::domain::value::{Code, Text, words};
use crate::domain::word::{Said, Word, Words};
use crate::record::history::{History, Spoken, State};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// One of the two readings, with its history.
pub struct Side<'a, W> {
    /// What was known.
    pub history: &'a History<W>,
    /// On which axes.
    pub reading: &'a Reading,
}

/// One thing that the two readings say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is about: `actions/1.G2G.3`, `instruments/1.B1`.
    pub subject: String,
    /// What of it.
    pub field: Field,
    /// Whose word it is; nothing where it is what all words make together.
    pub party: Option<Code>,
    /// Of which window.
    pub window: Option<Effective>,
    /// Of which institution.
    pub institution: Option<Code>,
    /// Of which indicator.
    pub indicator: Option<Text>,
    /// What the earlier reading says; nothing where it says nothing.
    pub old: Option<String>,
    /// What the later one says.
    pub new: Option<String>,
    /// What made it so.
    pub cause: Cause,
}

words! {
    /// What can change, in the order in which it is listed: of an action, what all words make together before each party's.
    Field {
        Plan = "plan",
        Text = "text",
        Cycle = "cycle",
        Successors = "successors",
        Joint = "joint",
        Lifecycle = "lifecycle",
        HealthJoint = "health_joint",
        Health = "health",
        HealthStale = "health_stale",
        Occurrence = "occurrence",
        Indicator = "indicator",
        Role = "role",
        Due = "due",
        State = "state",
        Expires = "expires",
    }
}

/// What a party says on an axis where it only contests the other side's word.
pub const CONTESTED: &str = "contested";

/// What made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The entry with this sequence: a word, its correction, or what laid the thing down.
    Entry {
        /// The entry.
        sequence: u64,
        /// Since when what it says is true, where it says so.
        effective: Option<Effective>,
    },
    /// Nobody said anything: time passed.
    Time,
}

impl Cause {
    /// An entry that says of nothing since when it is true.
    const fn entry(sequence: u64) -> Self {
        Self::Entry { sequence, effective: None }
    }
}

/// What differs, and where the actions stand in both readings.
#[derive(Debug, Clone)]
pub struct Diff<'a> {
    /// The actions that the filter admits in the earlier reading.
    pub before: Vec<Row<'a>>,
    /// Those that it admits in the later one.
    pub after: Vec<Row<'a>>,
    /// What the later one says otherwise.
    pub changes: Vec<Change>,
}

/// What the later reading says otherwise than the earlier one, of the actions that a filter admits in either, in the order of
/// the plan, and of their bases. Of who has an action and when it is due counts what was recorded, as on the board. `measured` is
/// asked what was measured of an action up to the later reading, where that can have changed.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<'a, W: Spoken, E: From<W::Fault>>(
    before: Side<'a, W>,
    after: Side<'a, W>,
    filter: &Filter,
    measured: &mut dyn FnMut(&Code) -> Result<Measured, E>,
) -> Result<Diff<'a>, E> {
    let rows = |side: &Side<'a, W>, filter: &Filter| board::of(side.history, side.reading, filter);
    let (old, new) = (rows(&before, filter)?, rows(&after, filter)?);
    let known: BTreeMap<&Code, &Row<'a>> = old.iter().map(|row| (name(row), row)).collect();
    let (mut all, admitted) = (new.clone(), new.iter().map(name).collect::<BTreeSet<_>>());
    // What only the earlier reading admits is looked at in the later one, too.
    if known.keys().any(|name| !admitted.contains(name)) {
        all = rows(&after, &Filter::default())?;
        all.retain(|row| admitted.contains(name(row)) || known.contains_key(name(row)));
    }
    let since = Since { before, after };
    let mut changes = Vec::new();
    for row in &all {
        since.action(known.get(name(row)).copied(), row, measured, &mut changes)?;
    }
    let actions: Vec<&Action> = all.iter().map(|row| &*row.action.action).collect();
    for base in filter.bases(&since.after.history.state.programme, &actions) {
        since.instrument(base, &mut changes);
    }
    Ok(Diff { before: old, after: new, changes })
}

fn name<'a>(row: &Row<'a>) -> &'a Code {
    &row.action.action.reference
}

/// The two readings.
struct Since<'a, W> {
    before: Side<'a, W>,
    after: Side<'a, W>,
}

impl<'a, W: Spoken> Since<'a, W> {
    fn action<E: From<W::Fault>>(
        &self,
        known: Option<&Row<'a>>,
        row: &Row<'a>,
        measured: &mut dyn FnMut(&Code) -> Result<Measured, E>,
        changes: &mut Vec<Change>,
    ) -> Result<(), E> {
        let (before, after) = (self.before.history, self.after.history);
        let state = before.state.programme.actions.get(name(row));
        let words = after.words.of(row.action)?;
        let mut found =
            Comparing { subject: stream(name(row)), words: &words, first: before.state.head.size, changes };
        found.differ(Field::Plan, (state.map(|_| "created"), Some("created")), |_| {
            Cause::entry(row.action.action.born())
        });
        if let Some(old) = state {
            found.defined(old, row.action);
        }
        // What was not there yet is as if nobody had spoken of it.
        let bare =
            action::State::new(row.action.action.born(), row.action.first, (*row.action.action).clone());
        let read = || {
            let parties = after.state.parties();
            let mut row =
                board::row(before, state.map_or(&bare, AsRef::as_ref), &parties, self.before.reading)?;
            if state.is_none() {
                row.windows.clear();
            }
            Ok(row)
        };
        let other = known.is_none().then(read).transpose()?;
        let Some(old) = known.or(other.as_ref()) else { return Ok(()) };
        let axes = (&old.status.lifecycle, &row.status.lifecycle);
        found.joint(Field::Joint, axes);
        found.differ(Field::Lifecycle, (stands(axes.0), stands(axes.1)), |found| found.together(axes));
        found.each(Field::Lifecycle, None, axes);
        let axes = (&old.status.health, &row.status.health);
        found.joint(Field::HealthJoint, axes);
        found.differ(Field::Health, (axes.0.value, axes.1.value), |found| found.together(axes));
        found.each(Field::Health, None, axes);
        // A word makes a health fresh, and time alone makes it stale.
        let fresh = |found: &Comparing<'_>| if row.stale { Cause::Time } else { found.together(axes) };
        found.differ(Field::HealthStale, (Some(old.stale), Some(row.stale)), fresh);
        found.windows(old, row);
        if self.may_have_measured(&words) {
            let (action, measured) = (name(row), measured(name(row))?);
            let known = before.words(action)?;
            let [old, new] = [(&known, self.before.reading), (&words, self.after.reading)]
                .map(|(words, reading)| indicators::of(action, words, &measured, reading));
            found.indicators(&old, &new);
        }
        found.held(&self.after.history.state, old, row);
        Ok(())
    }

    /// Whether a word that gives the value of an indicator is in one of the readings alone.
    fn may_have_measured(&self, words: &Words) -> bool {
        let is_in = |side: &Side<'_, W>, word: &Word| {
            let size = side.history.state.head.size;
            word.sequence < size
                && word.voided.is_none_or(|by| by.sequence >= size)
                && side.reading.effective.is_none_or(|day| word.effective.begin() <= day)
        };
        words
            .all()
            .iter()
            .filter(|word| word.measures)
            .any(|word| is_in(&self.before, word) != is_in(&self.after, word))
    }

    fn instrument(&self, base: &instrument::State, changes: &mut Vec<Change>) {
        let (before, reference) = (&self.before.history.state, &base.instrument.reference);
        let known = before.programme.instruments.get(reference);
        let subject = format!("instruments/{reference}");
        let mut found = Comparing { subject, words: &Words::NONE, first: before.head.size, changes };
        found.differ(Field::Plan, (known.map(|_| "created"), Some("created")), |_| {
            Cause::entry(base.registered)
        });
        let old = known.map(|base| base.standing(self.before.reading.effective));
        let new = base.standing(self.after.reading.effective);
        let said = |update: Option<&Update>| {
            update.map_or(Cause::entry(base.registered), |update| Cause::Entry {
                sequence: update.sequence,
                effective: Some(update.effective),
            })
        };
        let state = |standing: &Standing<'_>| standing.state;
        found.differ(Field::State, (old.as_ref().map(state), Some(new.state)), |_| said(new.last));
        let expires = old.and_then(|standing| standing.expires);
        found.differ(Field::Expires, (expires, new.expires), |_| said(new.told));
    }
}

/// The changes of one subject, as they are found.
struct Comparing<'a> {
    subject: String,
    /// What was said of it, as the later reading knows it.
    words: &'a Words,
    /// The first entry that the earlier reading does not have.
    first: u64,
    changes: &'a mut Vec<Change>,
}

impl Comparing<'_> {
    /// Takes a change where old and new differ.
    fn differ<T: Display + PartialEq>(
        &mut self,
        field: Field,
        (old, new): (Option<T>, Option<T>),
        cause: impl FnOnce(&Self) -> Cause,
    ) -> Option<&mut Change> {
        if old == new {
            return None;
        }
        let (old, new) = (old.map(|old| old.to_string()), new.map(|new| new.to_string()));
        let (subject, cause) = (self.subject.clone(), cause(self));
        let (party, window, institution, indicator) = (None, None, None, None);
        self.changes.push(Change { subject, field, party, window, institution, indicator, old, new, cause });
        self.changes.last_mut()
    }

    /// What reviews decided that the action is, and in which others it goes on.
    fn defined(&mut self, old: &action::State, new: &action::State) {
        let since = |_: &Self| Cause::entry(new.action.since());
        let (before, after) = (&old.action, &new.action);
        self.differ(Field::Text, (Some(&before.text), Some(&after.text)), since);
        self.differ(Field::Cycle, (before.cycle.as_ref(), after.cycle.as_ref()), since);
        let successors = |state: &action::State| {
            let ended = state.ended.as_ref().filter(|ended| !ended.successors.is_empty());
            ended.map(|ended| ended.successors.iter().map(Code::as_str).collect::<Vec<_>>().join(", "))
        };
        self.differ(Field::Successors, (successors(old), successors(new)), |_| {
            Cause::entry(new.ended.since())
        });
    }

    /// How the words on an axis stand to each other.
    fn joint<T>(&mut self, field: Field, axes: (&Axis<'_, T>, &Axis<'_, T>)) {
        self.differ(field, (Some(axes.0.joint), Some(axes.1.joint)), |found| found.together(axes));
    }

    /// Each party's own word on an axis.
    fn each<T: Display>(
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
    fn windows(&mut self, old: &Row<'_>, new: &Row<'_>) {
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
            let old = before.0.unwrap_or(open);
            let known = (Some(old), after.0.or((old == open).then_some(open)));
            if let Some(change) = self.differ(Field::Occurrence, known, |found| found.together(axes)) {
                change.window = Some(name);
            }
            self.each(Field::Occurrence, Some(name), axes);
        }
    }

    /// What each party gave last as the value of each indicator.
    fn indicators(&mut self, old: &[Series<'_>], new: &[Series<'_>]) {
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
    fn held(&mut self, state: &State, old: &Row<'_>, new: &Row<'_>) {
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

    /// What made the words on an axis another thing together: what changed the newest of them, or nothing but time.
    fn together<T>(&self, (old, new): (&Axis<'_, T>, &Axis<'_, T>)) -> Cause {
        let sequence = |voice: &Voice<'_, T>| voice.word.as_ref().map(|word| word.sequence);
        let moved =
            old.voices.iter().zip(&new.voices).filter(|(one, other)| sequence(one) != sequence(other));
        let place = |cause: &Cause| match cause {
            Cause::Entry { sequence, .. } => Some(*sequence),
            Cause::Time => None,
        };
        moved.map(|(one, other)| self.own(one, other)).max_by_key(place).unwrap_or(Cause::Time)
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
fn stands(axis: &Axis<'_, Lifecycle>) -> Option<Lifecycle> {
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
