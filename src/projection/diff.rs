//! The difference of two readings: one change for each thing that they say otherwise, and what made it so.
//!
//! All that was said between two moments, whether it changed anything or not, is not here but in [`super::timeline`].

use super::board::{self, Row, Window};
use super::filter::Filter;
use super::reading::Reading;
use super::timeline::stream;
use crate::domain::action::{self, Assignment};
use crate::domain::assertion::{Lifecycle, OccurrenceState, Role};
use crate::domain::date::Effective;
use crate::domain::instrument::{self, Standing, Update};
use crate::domain::plan::Action;
use crate::domain::status::{Axis, Joint, Voice};
use crate::domain::value::Code;
use crate::domain::word::{Said, Word, Words};
use crate::record::history::History;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use std::fmt::Display;
use uuid::Uuid;

/// One of the two readings, with its history.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What was known.
    pub history: &'a History,
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
    /// What the earlier reading says; nothing where it says nothing.
    pub old: Option<String>,
    /// What the later one says.
    pub new: Option<String>,
    /// What made it so.
    pub cause: Cause,
}

/// What can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its word")]
pub enum Field {
    Plan,
    Joint,
    Lifecycle,
    HealthJoint,
    Health,
    HealthStale,
    Occurrence,
    Role,
    Due,
    State,
    Expires,
}

impl Field {
    /// Every field, in the order in which those of an action are listed.
    pub const ALL: [Self; 11] = [
        Self::Plan,
        Self::Joint,
        Self::Lifecycle,
        Self::HealthJoint,
        Self::Health,
        Self::HealthStale,
        Self::Occurrence,
        Self::Role,
        Self::Due,
        Self::State,
        Self::Expires,
    ];

    /// As written in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Joint => "joint",
            Self::Lifecycle => "lifecycle",
            Self::HealthJoint => "health_joint",
            Self::Health => "health",
            Self::HealthStale => "health_stale",
            Self::Occurrence => "occurrence",
            Self::Role => "role",
            Self::Due => "due",
            Self::State => "state",
            Self::Expires => "expires",
        }
    }
}

/// What a party says on an axis where it only contests the other side's word.
pub const CONTESTED: &str = "contested";

/// What made a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The entry with this sequence, recorded on this day, says so, and since when it is true where it says that.
    Said {
        /// The entry.
        sequence: u64,
        /// When it was recorded.
        day: NaiveDate,
        /// Since when it is true.
        effective: Option<Effective>,
    },
    /// The author of the entry with this id corrected it: the correction stands in the same stream, and which entry that is
    /// the history does not keep.
    Corrected(Uuid),
    /// It was laid down: the first entry of its stream.
    Created,
    /// Nobody said anything: time passed.
    Time,
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
/// the plan, and of their bases. Of who has an action and when it is due counts what was recorded, as on the board.
#[must_use]
pub fn of<'a>(before: Side<'a>, after: Side<'a>, filter: &Filter) -> Diff<'a> {
    let rows = |side: Side<'a>, filter: &Filter| board::of(side.history, side.reading, filter);
    let (old, new) = (rows(before, filter), rows(after, filter));
    let names = |rows: &[Row<'a>]| -> BTreeSet<&'a Code> {
        rows.iter().map(|row| &row.action.action.reference).collect()
    };
    let meant = &names(&old) | &names(&new);
    // What only the earlier reading admits is looked at in the later one, too.
    let others = if meant.len() > new.len() { rows(after, &Filter::default()) } else { Vec::new() };
    let others = others.iter().filter(|row| meant.contains(&row.action.action.reference));
    let all: Vec<&Row<'a>> = if meant.len() > new.len() { others.collect() } else { new.iter().collect() };
    let mut changes = Vec::new();
    for row in &all {
        let known = old.iter().find(|old| old.action.action.reference == row.action.action.reference);
        action(before, after, known, row, &mut changes);
    }
    let actions: Vec<&Action> = all.iter().map(|row| &row.action.action).collect();
    for base in filter.bases(&after.history.state.programme, &actions) {
        instrument(before, after, base, &mut changes);
    }
    Diff { before: old, after: new, changes }
}

/// The changes of one subject, as they are found.
struct Found<'a> {
    subject: String,
    changes: &'a mut Vec<Change>,
}

impl Found<'_> {
    /// Takes a change where old and new differ.
    fn differ<T: Display + PartialEq>(
        &mut self,
        field: Field,
        (old, new): (Option<T>, Option<T>),
        cause: impl FnOnce() -> Cause,
    ) -> Option<&mut Change> {
        if old == new {
            return None;
        }
        let (old, new) = (old.map(|old| old.to_string()), new.map(|new| new.to_string()));
        let subject = self.subject.clone();
        let (party, window, institution) = (None, None, None);
        let cause = cause();
        self.changes.push(Change { subject, field, party, window, institution, old, new, cause });
        self.changes.last_mut()
    }
}

fn action<'a>(
    before: Side<'a>,
    after: Side<'a>,
    known: Option<&Row<'a>>,
    row: &Row<'a>,
    changes: &mut Vec<Change>,
) {
    let reference = &row.action.action.reference;
    let words = after.history.words(reference);
    let mut found = Found { subject: stream(reference), changes };
    let state = before.history.state.programme.actions.get(reference);
    found.differ(Field::Plan, (state.map(|_| "created"), Some("created")), || Cause::Created);

    // What was not there yet is as if nobody had spoken of it.
    let bare = action::State::new(row.action.action.clone());
    let read = || {
        let parties = after.history.state.parties();
        board::row(before.history, state.map_or(&bare, AsRef::as_ref), &parties, before.reading)
    };
    let other = known.is_none().then(read);
    let Some(old) = known.or(other.as_ref()) else { return };
    let pair = (&old.status.lifecycle, &row.status.lifecycle);
    found.differ(Field::Joint, (Some(pair.0.joint), Some(pair.1.joint)), || together(words, pair));
    found.differ(Field::Lifecycle, (stands(pair.0), stands(pair.1)), || together(words, pair));
    each(&mut found, Field::Lifecycle, None, words, pair);
    let pair = (&old.status.health, &row.status.health);
    found.differ(Field::HealthJoint, (Some(pair.0.joint), Some(pair.1.joint)), || together(words, pair));
    found.differ(Field::Health, (pair.0.value, pair.1.value), || together(words, pair));
    each(&mut found, Field::Health, None, words, pair);
    // A word makes a health fresh, and time alone makes it stale.
    let fresh = || if row.stale { Cause::Time } else { together(words, pair) };
    found.differ(Field::HealthStale, (Some(old.stale), Some(row.stale)), fresh);
    windows(&mut found, words, old, row);
    assignments(&mut found, old.action, row.action);
}

/// Where an action stands: what nobody has spoken of is planned.
fn stands(axis: &Axis<'_, Lifecycle>) -> Option<Lifecycle> {
    axis.value.or((axis.joint == Joint::Silent).then_some(Lifecycle::Planned))
}

/// Each party's own word on an axis.
fn each<T: Display + PartialEq + Copy>(
    found: &mut Found<'_>,
    field: Field,
    window: Option<Effective>,
    words: &Words,
    (old, new): (&Axis<'_, T>, &Axis<'_, T>),
) {
    for (before, after) in old.voices.iter().zip(&new.voices) {
        let own = (says(before), says(after));
        if let Some(change) = found.differ(field, own, || own_cause(words, before, after)) {
            change.party = Some(after.party.clone());
            change.window = window;
        }
    }
}

/// A party's word on an axis; whoever contests says only that.
fn says<T: Display>(voice: &Voice<'_, T>) -> Option<String> {
    voice.word.map(|_| voice.says.as_ref().map_or_else(|| CONTESTED.to_owned(), ToString::to_string))
}

/// What made a party's word on an axis another one: its newer word, or the correction of the one before.
fn own_cause<T>(words: &Words, before: &Voice<'_, T>, after: &Voice<'_, T>) -> Cause {
    let gone = |word: &Word| {
        // A contest falls with what it contests.
        let fallen =
            |at: u64| words.at(at).filter(|contested| contested.voided).map(|contested| contested.id);
        let own = words.at(word.sequence).filter(|word| word.voided).map(|word| word.id);
        own.or(match word.said {
            Said::Contested(at) => fallen(at),
            _ => None,
        })
    };
    let newer = after.word.filter(|word| before.word.is_none_or(|old| word.sequence > old.sequence));
    match (newer, before.word.and_then(gone), after.word) {
        (None, Some(corrected), _) => Cause::Corrected(corrected),
        (Some(word), ..) | (None, None, Some(word)) => said(word),
        (None, None, None) => Cause::Time,
    }
}

/// What made the words on an axis another thing together: what changed the newest of them; or nothing but time.
fn together<T>(words: &Words, (old, new): (&Axis<'_, T>, &Axis<'_, T>)) -> Cause {
    let sequence = |voice: &Voice<'_, T>| voice.word.map(|word| word.sequence);
    let moved = old.voices.iter().zip(&new.voices).filter(|(one, other)| sequence(one) != sequence(other));
    let causes = moved.map(|(one, other)| own_cause(words, one, other));
    // A correction is later than what it corrects, and where there is one it is what the newest word is seen without.
    let place = |cause: &Cause| match cause {
        Cause::Said { sequence, .. } => *sequence,
        Cause::Corrected(id) => words.by_id(*id).map_or(0, |word| word.sequence),
        Cause::Created | Cause::Time => 0,
    };
    causes.max_by_key(place).unwrap_or(Cause::Time)
}

fn said(word: &Word) -> Cause {
    Cause::Said { sequence: word.sequence, day: word.day, effective: Some(word.effective) }
}

/// Each window with what is known of it, and each party's word.
fn windows(found: &mut Found<'_>, words: &Words, old: &Row<'_>, new: &Row<'_>) {
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
        let known = (Some(before.0), Some(after.0));
        if let Some(change) = found.differ(Field::Occurrence, known, || together(words, axes)) {
            change.window = Some(name);
        }
        each(found, Field::Occurrence, Some(name), words, axes);
    }
}

/// What is known of a window; before the plan says that there is one, it is as open as any.
fn occurrence<'r>(row: &'r Row<'_>, name: Effective) -> (Window, Option<&'r Axis<'r, OccurrenceState>>) {
    let known = row.windows.iter().find(|(other, _)| other.begin() == name.begin());
    let axis = row.status.occurrences.iter().find(|(window, _)| window.begin() == name.begin());
    (known.map_or(Window::Open, |(_, window)| *window), axis.map(|(_, axis)| axis))
}

/// Which institutions have the action, and until when.
fn assignments(found: &mut Found<'_>, old: &action::State, new: &action::State) {
    let names: BTreeSet<&Code> = old.assignments.keys().chain(new.assignments.keys()).collect();
    for name in names {
        let (before, after) = (old.assignments.get(name), new.assignments.get(name));
        let Some(last) = after.or_else(|| new.relieved.get(name)).or(before) else { continue };
        let cause = || Cause::Said { sequence: last.sequence, day: last.day, effective: last.effective };
        let role = |task: Option<&Assignment>| task.map(|task| task.role);
        let due = |task: Option<&Assignment>| task.and_then(|task| task.due);
        let mark = |change: Option<&mut Change>| {
            if let Some(change) = change {
                change.party = Some(last.party.clone());
                change.institution = Some(name.clone());
            }
        };
        mark(found.differ::<Role>(Field::Role, (role(before), role(after)), cause));
        mark(found.differ(Field::Due, (due(before), due(after)), cause));
    }
}

fn instrument(before: Side<'_>, after: Side<'_>, base: &instrument::State, changes: &mut Vec<Change>) {
    let known = before.history.state.programme.instruments.get(&base.instrument.reference);
    let mut found = Found { subject: format!("instruments/{}", base.instrument.reference), changes };
    found.differ(Field::Plan, (known.map(|_| "created"), Some("created")), || Cause::Created);
    let (old, new) =
        (known.map(|base| base.standing(before.reading.effective)), base.standing(after.reading.effective));
    let said = |update: Option<&Update>| {
        update.map_or(Cause::Created, |update| Cause::Said {
            sequence: update.sequence,
            day: update.day,
            effective: Some(update.effective),
        })
    };
    let state = |standing: &Standing<'_>| standing.state;
    found.differ(Field::State, (old.as_ref().map(state), Some(new.state)), || said(new.last));
    let expires = old.and_then(|standing| standing.expires);
    found.differ(Field::Expires, (expires, new.expires), || said(new.told));
}
