//! Joint status, derived and never typed: what the parties' latest words make together, axis by axis.

use super::assertion::{Health, Lifecycle, Occurrence, OccurrenceState, Outcome};
use super::date::Effective;
use super::value::Code;
use super::word::{Said, Word, Words};
use chrono::NaiveDate;
use serde::Serialize;
use std::fmt;

/// How the parties' latest words stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Joint {
    /// Nobody has spoken. Silence is not consent.
    Silent,
    /// Not all have spoken, or a differing word is older than the days of grace.
    OneSided,
    /// All have spoken, and their words match.
    Agreed,
    /// They differ.
    Disputed,
}

impl Joint {
    /// Every value, in order.
    pub const ALL: [Self; 4] = [Self::Silent, Self::OneSided, Self::Agreed, Self::Disputed];

    /// As written in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::OneSided => "one_sided",
            Self::Agreed => "agreed",
            Self::Disputed => "disputed",
        }
    }
}

impl fmt::Display for Joint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How well an assertion is assured, as far as others have spoken on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Nobody has answered.
    Submitted,
    /// Another party says the same.
    Confirmed,
    /// Another party says otherwise.
    Contested,
    /// An auditor found that it holds.
    Verified,
    /// An auditor found that it holds in part.
    Qualified,
}

impl Assurance {
    /// Of the assertion at this sequence; none where it is not one that stands.
    #[must_use]
    pub fn of(words: &Words, sequence: u64) -> Option<Self> {
        words.at(sequence).filter(|word| word.voided.is_none() && word.said == Said::Progressed)?;
        let answers = words.standing().filter(|word| word.said.answers() == Some(sequence));
        let assured = answers.map(|word| match word.said {
            Said::Progressed | Said::Decided => Self::Submitted,
            Said::Confirmed(_) => Self::Confirmed,
            Said::Contested(_) => Self::Contested,
            Said::Verified(_, Outcome::Upheld) => Self::Verified,
            Said::Verified(_, Outcome::Qualified) => Self::Qualified,
        });
        Some(assured.max().unwrap_or(Self::Submitted))
    }

    /// As written in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Confirmed => "confirmed",
            Self::Contested => "contested",
            Self::Verified => "verified",
            Self::Qualified => "qualified",
        }
    }
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One axis of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis<'a, T> {
    /// How the words stand to each other.
    pub joint: Joint,
    /// What is agreed, or what one side says last where it speaks alone.
    pub value: Option<T>,
    /// What each party said last, in the order in which the parties were given.
    pub voices: Vec<Voice<'a, T>>,
}

/// What one party said last on an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice<'a, T> {
    /// Which party.
    pub party: &'a Code,
    /// Its word, unless it is silent.
    pub word: Option<Word>,
    /// What the word says; nothing where it contests another's.
    pub says: Option<T>,
}

impl Axis<'_, OccurrenceState> {
    /// On which date the occurrence was or is to be, as whoever spoke of it last says; none where the parties differ on it.
    #[must_use]
    pub fn date(&self) -> Option<Effective> {
        let said =
            self.voices.iter().filter(|voice| voice.says.is_some()).filter_map(|voice| voice.word.as_ref());
        let newest = said.max_by_key(|word| word.sequence).filter(|_| self.joint != Joint::Disputed)?;
        newest.occurrence?.date
    }
}

impl<'a, T: Copy + PartialEq> Axis<'a, T> {
    /// What the parties' latest words make together.
    #[must_use]
    pub fn of(voices: Vec<Voice<'a, T>>, grace_days: u16) -> Self {
        let spoken: Vec<(&Word, Option<T>)> =
            voices.iter().filter_map(|voice| Some((voice.word.as_ref()?, voice.says))).collect();
        let differing: Vec<(&Word, &Word)> = spoken
            .iter()
            .enumerate()
            .flat_map(|(at, one)| spoken.iter().skip(at + 1).map(move |other| (one, other)))
            .filter(|(one, other)| differ(one.1, other.1))
            .map(|(one, other)| (one.0, other.0))
            .collect();
        let live = |(one, other): &(&Word, &Word)| within_grace(one, other, grace_days);
        let joint = if spoken.is_empty() {
            Joint::Silent
        } else if differing.iter().any(live) {
            Joint::Disputed
        } else if !differing.is_empty() || spoken.len() < voices.len() {
            Joint::OneSided
        } else {
            Joint::Agreed
        };
        let newest = spoken.iter().max_by_key(|(word, _)| word.sequence).and_then(|(_, says)| *says);
        let value = if joint == Joint::Disputed { None } else { newest };
        Self { joint, value, voices }
    }
}

/// Whether two parties say otherwise; whoever contests says only that it is otherwise.
fn differ<T: Copy + PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.is_none() || one != other
}

/// Whether of two differing words neither is too old to be one.
fn within_grace(one: &Word, other: &Word, grace_days: u16) -> bool {
    (one.day - other.day).num_days().unsigned_abs() <= u64::from(grace_days)
}

pub(super) const fn is_contest(word: &Word) -> bool {
    matches!(word.said, Said::Contested(_))
}

/// An action's axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status<'a> {
    /// Where it stands; its joint status is the action's.
    pub lifecycle: Axis<'a, Lifecycle>,
    /// How it is doing.
    pub health: Axis<'a, Health>,
    /// Each occurrence that anybody spoke of.
    pub occurrences: Vec<(Effective, Axis<'a, OccurrenceState>)>,
    /// The newest word that stands.
    pub latest: Option<Word>,
}

impl Status<'_> {
    /// The day since when all parties agree that there is nothing more to do, if they do.
    #[must_use]
    pub fn over(&self) -> Option<NaiveDate> {
        let axis = &self.lifecycle;
        let agreed = axis.joint == Joint::Agreed && axis.value.is_some_and(Lifecycle::is_over);
        let words = axis.voices.iter().filter_map(|voice| voice.word.as_ref());
        words.map(|word| word.effective.begin()).max().filter(|_| agreed)
    }

    /// The windows whose occurrences were given the date on which one was held: postponed to it, mostly, since it is another's date
    /// then. A whole year says too little of which it was.
    #[must_use]
    pub fn given(&self, held: Effective) -> Vec<Effective> {
        let is_on = |date: Effective| {
            let days = (date.end() - date.begin()).num_days();
            held.is_within(date.begin(), date.end()) && days <= 31
        };
        let stands = |axis: &Axis<'_, OccurrenceState>| axis.value != Some(OccurrenceState::Cancelled);
        let given = |(_, axis): &&(_, Axis<'_, _>)| stands(axis) && axis.date().is_some_and(is_on);
        self.occurrences.iter().filter(given).map(|(window, _)| *window).collect()
    }
}

/// A time in which an action was suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest<T = Turn> {
    /// Since the first day of this.
    pub since: T,
    /// Until the first day of this, unless it goes on.
    pub until: Option<T>,
}

/// A word by which an action began to rest, or to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Of its entry.
    pub sequence: u64,
    /// Since when it is true.
    pub effective: Effective,
}

impl Rest {
    /// Whether it is of a day.
    #[must_use]
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.since.effective.begin() <= day && self.until.is_none_or(|until| day < until.effective.begin())
    }
}

/// Derives an action's status.
///
/// Of each party counts its latest standing word whose date begins by `effective` (any, if none is given), ties by
/// sequence; `grace_days` counts the recorded days between two differing words.
#[must_use]
pub fn of<'a>(
    words: &Words,
    parties: &[&'a Code],
    effective: Option<NaiveDate>,
    grace_days: u16,
) -> Status<'a> {
    let (mut lifecycle, mut health) = (Latest::of(parties), Latest::of(parties));
    let mut windows: Vec<(&Word, Effective, Latest<'_, OccurrenceState>)> = Vec::new();
    let mut latest: Option<&Word> = None;
    let within = |word: &&Word| effective.is_none_or(|day| word.effective.begin() <= day);
    for word in words.standing().filter(within).filter(|word| counts(words, word)) {
        latest = Some(word);
        if word.said == Said::Decided {
            (0..parties.len()).for_each(|party| lifecycle.take(Some(party), word, word.lifecycle));
            continue;
        }
        let party = parties.iter().position(|party| **party == word.party);
        lifecycle.take(party, word, word.lifecycle);
        health.take(party, word, word.health);
        let Some(Occurrence { window, state, .. }) = word.occurrence else { continue };
        let known = windows.iter_mut().find(|(_, other, _)| other.begin() == window.begin());
        if let Some((first, name, latest)) = known {
            // It is called as the first word calls it.
            if word.place() < first.place() {
                (*first, *name) = (word, window);
            }
            latest.take(party, word, Some(state));
        } else {
            let mut latest = Latest::of(parties);
            latest.take(party, word, Some(state));
            windows.push((word, window, latest));
        }
    }
    windows.sort_by_key(|(_, window, _)| window.begin());
    let occurrences =
        windows.into_iter().map(|(_, window, latest)| (window, latest.axis(parties, grace_days)));
    Status {
        lifecycle: lifecycle.axis(parties, grace_days),
        health: health.axis(parties, grace_days),
        occurrences: occurrences.collect(),
        latest: latest.cloned(),
    }
}

/// When all parties agreed that an action was suspended, from the first time on, of what is true by a day, or of all; that each said so
/// last as of then is enough, whatever they say by now.
#[must_use]
pub fn suspensions(words: &Words, parties: &[&Code], effective: Option<NaiveDate>) -> Vec<Rest> {
    let within = |word: &&Word| effective.is_none_or(|day| word.effective.begin() <= day);
    let counting = words.standing().filter(within).filter(|word| counts(words, word));
    let mut said: Vec<&Word> = counting.filter(|word| word.lifecycle.is_some()).collect();
    said.sort_by_key(|word| word.place());
    let mut found = Suspensions::of(parties.len());
    for word in said {
        let party = parties.iter().position(|party| **party == word.party);
        let turn = Turn { sequence: word.sequence, effective: word.effective };
        let suspended = word.lifecycle == Some(Lifecycle::Suspended) && !is_contest(word);
        if word.said == Said::Decided {
            found.decide(suspended, turn);
        } else if let Some(party) = party {
            found.take(party, suspended, turn);
        }
    }
    found.rests()
}

/// Follows what parties say of an action's lifecycle along the effective axis; `T` is by what a word is known.
#[derive(Debug)]
pub struct Suspensions<T> {
    /// Whether each party says that it is suspended.
    says: Vec<bool>,
    rests: Vec<Rest<T>>,
}

impl<T> Suspensions<T> {
    /// Before any of so many parties said a word.
    #[must_use]
    pub fn of(parties: usize) -> Self {
        Self { says: vec![false; parties], rests: Vec::new() }
    }

    /// Takes whether a party, by its place, says that it is suspended, in the order of [`Word::place`].
    pub fn take(&mut self, party: usize, suspended: bool, turn: T) {
        if let Some(says) = self.says.get_mut(party) {
            *says = suspended;
            self.turn(turn);
        }
    }

    /// Takes what all decide, in the same order.
    pub fn decide(&mut self, suspended: bool, turn: T) {
        self.says.fill(suspended);
        self.turn(turn);
    }

    fn turn(&mut self, turn: T) {
        let suspended = self.says.iter().all(|says| *says);
        match self.rests.last_mut().filter(|rest| rest.until.is_none()) {
            None if suspended => self.rests.push(Rest { since: turn, until: None }),
            Some(rest) if !suspended => rest.until = Some(turn),
            _ => {}
        }
    }

    /// When all agreed that it was.
    #[must_use]
    pub fn rests(self) -> Vec<Rest<T>> {
        self.rests
    }
}

/// Whether a word that stands says something on the axes. A contest falls with what it contests; a confirmation, being the
/// confirmer's own assertion, does not.
#[must_use]
pub fn counts(words: &Words, word: &Word) -> bool {
    match word.said {
        Said::Progressed | Said::Confirmed(_) | Said::Decided => true,
        Said::Contested(at) => words.at(at).is_some_and(|contested| contested.voided.is_none()),
        Said::Verified(..) => false,
    }
}

/// Of each party the latest word on an axis, so far.
struct Latest<'w, T>(Vec<Option<(&'w Word, T)>>);

impl<'w, T: Copy + PartialEq> Latest<'w, T> {
    fn of(parties: &[&Code]) -> Self {
        Self(parties.iter().map(|_| None).collect())
    }

    fn take(&mut self, party: Option<usize>, word: &'w Word, value: Option<T>) {
        if let (Some(latest), Some(value)) = (party.and_then(|party| self.0.get_mut(party)), value)
            && latest.is_none_or(|(other, _)| other.place() < word.place())
        {
            *latest = Some((word, value));
        }
    }

    fn axis<'a>(self, parties: &[&'a Code], grace_days: u16) -> Axis<'a, T> {
        let says = |(word, value): (&'w Word, T)| (word, if is_contest(word) { None } else { Some(value) });
        let latest: Vec<Option<(&Word, Option<T>)>> = self.0.into_iter().map(|each| each.map(says)).collect();
        let voice = |(party, latest): (&&'a Code, Option<(&Word, Option<T>)>)| {
            let (word, says) = latest.unzip();
            Voice { party, word: word.cloned(), says: says.flatten() }
        };
        Axis::of(parties.iter().zip(latest).map(voice).collect(), grace_days)
    }
}
