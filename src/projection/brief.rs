//! A brief: of some actions and their bases what changed, what is at risk, and of what nobody speaks, subject by subject.

use super::agenda::{self, Item, Matter};
use super::board::{Row, Window};
use super::diff::{self, Cause, Change, Field, Side};
use super::filter::Filter;
use super::indicators::Measured;
use super::silence::{self, On, Silence, Why};
use super::timeline::stream;
use crate::domain::assertion::Health;
use crate::domain::duration::Duration;
use crate::domain::status::Joint;
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::record::history::Spoken;
use chrono::NaiveDate;
use std::cmp::Reverse;

/// A brief.
#[derive(Debug, Clone)]
pub struct Brief<'a> {
    /// The actions that the filter admits in the later reading.
    pub board: Vec<Row<'a>>,
    /// What changed between the readings, the newest first.
    pub changed: Vec<About<Changed>>,
    /// What is at risk in the later one, the gravest first.
    pub at_risk: Vec<About<Risk<'a>>>,
    /// Of what nobody speaks there, the longest first.
    pub silent: Vec<About<Silence>>,
}

/// What there is to tell of one subject.
#[derive(Debug, Clone)]
pub struct About<T> {
    /// What it is about: `actions/1.G2G.3`, `instruments/1.B1`.
    pub subject: String,
    /// What there is to tell.
    pub what: Vec<T>,
}

/// What one entry, or time alone, changed of a subject.
#[derive(Debug, Clone)]
pub struct Changed {
    /// What made it so.
    pub cause: Cause,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// Why a subject is at risk.
#[derive(Debug, Clone)]
pub enum Risk<'a> {
    /// A party says that it is.
    Health(Code, Health),
    /// It is overdue, or due soon, and nobody has said that it is done.
    Due(Item<'a>, Standing),
    /// The parties differ, or one side has stood alone for too long.
    Apart(Silence),
}

/// How something with a date stands to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its last day is over.
    Overdue,
    /// It is today or to come.
    Due,
}

impl Risk<'_> {
    /// The gravest are the least.
    fn gravity(&self) -> (u8, Option<NaiveDate>) {
        let off_track = |silence: &Silence| match &silence.why {
            Why::Disputed(On::Health, said) => {
                said.iter().any(|(_, said)| said.as_deref() == Some(Health::OffTrack.as_str()))
            }
            _ => false,
        };
        match self {
            Self::Health(_, Health::OffTrack) => (0, None),
            Self::Apart(silence) if off_track(silence) => (0, None),
            Self::Due(item, Standing::Overdue) => (1, Some(item.closes)),
            Self::Apart(silence) if silence.why.rule() == silence::Rule::Disputed => (2, silence.since),
            Self::Health(..) => (3, None),
            Self::Apart(silence) => (4, silence.since),
            Self::Due(item, Standing::Due) => (5, Some(item.closes)),
        }
    }
}

/// The brief on the actions that a filter admits: of what closes `within` a time, and of the parties that have said nothing from
/// `since` on; `measured` is asked as by [`diff::of`].
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<'a, W: Spoken, E: From<W::Fault>>(
    before: Side<'a, W>,
    after: Side<'a, W>,
    filter: &Filter,
    within: Duration,
    since: NaiveDate,
    measured: &mut dyn FnMut(&Code, &Words) -> Result<Measured, E>,
) -> Result<Brief<'a>, E> {
    let (history, reading) = (after.history, after.reading);
    let found = diff::of(before, after, filter, measured)?;
    let mut risks: Vec<(String, Risk<'a>)> = found.after.iter().flat_map(said).collect();
    for item in agenda::of(history, reading, filter, within)? {
        let standing = if item.is_overdue(reading) { Standing::Overdue } else { Standing::Due };
        // That the parties differ on a window is told as such.
        if !matches!(item.matter, Matter::Window(_, Window::Said(Joint::Disputed, _), _)) {
            risks.push((item.subject.clone(), Risk::Due(item, standing)));
        }
    }
    let mut silent = Vec::new();
    for silence in silence::of(history, reading, filter, since)? {
        let subject = silence.subject.clone();
        // A window that passed is told once: as overdue, where it still is.
        let overdue = |(of, risk): &(String, Risk<'_>)| match (risk, &silence.why) {
            (Risk::Due(item, _), Why::WindowPassed(name)) => {
                *of == subject && item.matter == Matter::Window(*name, Window::Missed, None)
            }
            _ => false,
        };
        if risks.iter().any(overdue) {
            continue;
        }
        match silence.why.rule() {
            silence::Rule::OneSided | silence::Rule::Disputed => {
                risks.push((subject, Risk::Apart(silence)));
            }
            silence::Rule::NoEvent
            | silence::Rule::NoWord
            | silence::Rule::StaleHealth
            | silence::Rule::WindowPassed => silent.push((subject, silence)),
        }
    }
    let (mut at_risk, mut silent) = (gathered(risks), gathered(silent));
    for about in &mut at_risk {
        about.what.sort_by_key(Risk::gravity);
    }
    at_risk.sort_by_key(|about| about.what.first().map(Risk::gravity));
    // Nobody ever spoke of what is silent since no day.
    silent.sort_by_key(|about| about.what.iter().map(|silence| silence.since).min());
    Ok(Brief { board: found.after, changed: changed(found.changes), at_risk, silent })
}

/// What parties say is at risk or off track, of what is not over; where they differ on it, that is told of all of them together.
fn said<'a>(row: &Row<'a>) -> Vec<(String, Risk<'a>)> {
    let axis = &row.status.health;
    let voices = axis.voices.iter().filter(|_| axis.joint != Joint::Disputed && row.status.over().is_none());
    let poor = voices.filter_map(|voice| {
        let health = voice.says.filter(|health| *health != Health::OnTrack)?;
        Some((stream(&row.action.action.reference), Risk::Health(voice.party.clone(), health)))
    });
    poor.collect()
}

/// What there is to tell of each subject, in the order in which they come first.
fn gathered<T>(found: Vec<(String, T)>) -> Vec<About<T>> {
    let mut all: Vec<About<T>> = Vec::new();
    for (subject, each) in found {
        match all.iter_mut().find(|about| about.subject == subject) {
            Some(about) => about.what.push(each),
            None => all.push(About { subject, what: vec![each] }),
        }
    }
    all
}

/// The changes of each subject, put together by what made them.
fn changed(changes: Vec<Change>) -> Vec<About<Changed>> {
    let all = gathered(changes.into_iter().map(|change| (change.subject.clone(), change)).collect());
    let told = |about: About<Change>| About { subject: about.subject, what: by_cause(about.what) };
    let mut all: Vec<About<Changed>> = all.into_iter().map(told).collect();
    all.sort_by_key(|about| Reverse(about.what.first().and_then(|changed| entry(changed.cause))));
    all
}

/// The newest first, and last what time alone changed.
fn by_cause(changes: Vec<Change>) -> Vec<Changed> {
    let mut all: Vec<Changed> = Vec::new();
    for change in changes {
        match all.iter_mut().find(|same| entry(same.cause) == entry(change.cause)) {
            Some(same) => same.changes.push(change),
            None => all.push(Changed { cause: change.cause, changes: vec![change] }),
        }
    }
    for changed in &mut all {
        // What all words make together follows from a party's own, which stands beside it.
        if changed.changes.iter().any(|change| is_a_word(change) && change.party.is_some()) {
            changed.changes.retain(|change| !is_a_word(change) || change.party.is_some());
        }
    }
    all.sort_by_key(|changed| Reverse(entry(changed.cause)));
    all
}

fn entry(cause: Cause) -> Option<u64> {
    match cause {
        Cause::Entry { sequence, .. } => Some(sequence),
        Cause::Time => None,
    }
}

/// Whether it is a party's word, or what all words make together.
const fn is_a_word(change: &Change) -> bool {
    matches!(
        change.field,
        Field::Joint
            | Field::Lifecycle
            | Field::HealthJoint
            | Field::Health
            | Field::HealthStale
            | Field::Occurrence
    )
}
