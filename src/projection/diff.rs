//! The difference of two readings: one change for each thing that they say otherwise, and what made it so.
//!
//! All that was said between two moments, whether it changed anything or not, is not here but in [`super::timeline`].

mod comparing;
mod passing;

use super::board::{self, Row};
use super::filter::Filter;
use super::indicators::{self, Measured};
use super::reading::Reading;
use super::timeline::{stream, stream_of_basis};
use crate::domain::action;
use crate::domain::assertion::{Health, Lifecycle};
use crate::domain::date::Effective;
use crate::domain::instrument::{self, Standing, Update};
use crate::domain::plan::Action;
use crate::domain::status::Axis;
use crate::domain::value::{Code, Text, words};
use crate::domain::word::{Word, Words};
use crate::record::history::{History, Spoken};
use comparing::{Comparing, stands};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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

    const fn of(word: &Word) -> Self {
        Self::Entry { sequence: word.sequence, effective: Some(word.effective) }
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
/// the plan, and of their bases. `measured` is asked what was measured of an action by its words in the later reading, where that
/// has changed.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<'a, W: Spoken, E: From<W::Fault>>(
    before: Side<'a, W>,
    after: Side<'a, W>,
    filter: &Filter,
    measured: &mut dyn FnMut(&Code, &Words) -> Result<Measured, E>,
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
        measured: &mut dyn FnMut(&Code, &Words) -> Result<Measured, E>,
        changes: &mut Vec<Change>,
    ) -> Result<(), E> {
        let (before, after) = (self.before.history, self.after.history);
        let state = before.state.programme.actions.get(name(row));
        let (words, parties) = (after.words.of(row.action)?, after.state.parties());
        let mut found = Comparing {
            subject: stream(name(row)),
            words: &words,
            parties: &parties,
            first: before.state.head.size,
            days: (self.before.reading.effective, self.after.reading.effective),
            grace_days: after.state.grace_days(),
            changes,
        };
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
        found.joint(Field::Joint, axes, |word| word.lifecycle);
        let together = |axis: &Axis<'_, Lifecycle>| (axis.joint, stands(axis));
        found.differ(Field::Lifecycle, (stands(axes.0), stands(axes.1)), |found| {
            found.since(|word| word.lifecycle, together, &together(axes.1))
        });
        found.each(Field::Lifecycle, None, axes, |word| word.lifecycle);
        let axes = (&old.status.health, &row.status.health);
        found.joint(Field::HealthJoint, axes, |word| word.health);
        let together = |axis: &Axis<'_, Health>| (axis.joint, axis.value);
        found.differ(Field::Health, (axes.0.value, axes.1.value), |found| {
            found.since(|word| word.health, together, &together(axes.1))
        });
        found.each(Field::Health, None, axes, |word| word.health);
        // A word makes a health fresh, and time alone makes it stale.
        let newest = |axis: &Axis<'_, Health>| {
            axis.voices.iter().filter_map(|voice| voice.word.as_ref()).map(|word| word.sequence).max()
        };
        let said = |found: &Comparing<'_>| found.since(|word| word.health, newest, &newest(axes.1));
        let fresh = |found: &Comparing<'_>| if row.stale { Cause::Time } else { said(found) };
        found.differ(Field::HealthStale, (Some(old.stale), Some(row.stale)), fresh);
        found.windows(self.after.history.state.programme.period(), old, row);
        if self.may_have_measured(&words) {
            let (action, measured) = (name(row), measured(name(row), &words)?);
            let known = before.words(action)?;
            let [old, new] = [(&known, self.before.reading), (&words, self.after.reading)]
                .map(|(words, reading)| indicators::of(action, words, &measured, reading));
            found.indicators(action, &measured, (&old, &new));
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
            .filter(|word| word.measures.is_some())
            .any(|word| is_in(&self.before, word) != is_in(&self.after, word))
    }

    fn instrument(&self, base: &instrument::State, changes: &mut Vec<Change>) {
        let (before, reference) = (&self.before.history.state, &base.instrument.reference);
        let known = before.programme.instruments.get(reference);
        let subject = stream_of_basis(reference);
        let mut found = Comparing {
            subject,
            words: &Words::NONE,
            parties: &[],
            first: before.head.size,
            days: (None, None),
            grace_days: 0,
            changes,
        };
        found.differ(Field::Plan, (known.map(|_| "created"), Some("created")), |_| {
            Cause::entry(base.registered)
        });
        let day = self.after.reading.effective;
        let (old, new) = (known.map(|base| base.standing(self.before.reading.effective)), base.standing(day));
        let said = |update: Option<&Update>| {
            update.map_or(Cause::entry(base.registered), |update| Cause::Entry {
                sequence: update.sequence,
                effective: Some(update.effective),
            })
        };
        let state = |standing: &Standing<'_>| standing.state;
        found.differ(Field::State, (old.as_ref().map(state), Some(new.state)), |_| {
            said(base.since_of(day, state))
        });
        let expires = |standing: &Standing<'_>| standing.expires;
        found.differ(Field::Expires, (old.as_ref().and_then(expires), new.expires), |_| {
            said(base.since_of(day, expires))
        });
    }
}
