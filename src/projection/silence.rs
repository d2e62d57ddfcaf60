//! Silence: actions of which nothing was said, or not by all, or not lately; and what was disputed and never settled.
//!
//! What cannot be tracked at all is not here but in [`super::lint`]; what has a date that is not over yet, in
//! [`super::agenda`].

use super::board::{self, Row, Window};
use super::filter::Filter;
use super::reading::Reading;
use super::timeline::stream;
use crate::domain::assertion::Lifecycle;
use crate::domain::course::Course;
use crate::domain::date::Effective;
use crate::domain::duration::Duration;
use crate::domain::status::{Axis, Joint, Voice};
use crate::domain::value::{Code, words};
use crate::domain::word::{Mark, Said, Word, Words};
use crate::record::history::{History, Spoken};
use crate::record::state::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// After how many days a party that says nothing is silent, where nothing else is asked for.
pub const SILENT_DAYS: u32 = 180;

/// How long an action may be one-sided.
pub const ONE_SIDED: Duration = Duration::Months(12);

/// One silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// What it is about: `actions/1.G2G.3`.
    pub subject: String,
    /// What is missing.
    pub why: Why,
    /// Since when it is so; nothing where nobody ever spoke.
    pub since: Option<NaiveDate>,
    /// The entry since which it is so.
    pub sequence: Option<u64>,
}

words! {
    /// The kinds of silence, in the order in which an action's are listed.
    Rule {
        NoEvent = "no_event",
        NoWord = "no_word",
        OneSided = "one_sided",
        Disputed = "disputed",
        StaleHealth = "stale_health",
        WindowPassed = "window_passed",
    }
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing was recorded since the action was created.
    NoEvent,
    /// A party has said nothing lately: not since an entry, or never.
    NoWord(Code, Option<u64>),
    /// Some parties have spoken and the others never have; or all have, and what the others said is too old to count.
    OneSided {
        /// Whose words count.
        spoken: Vec<Code>,
        /// Who never spoke.
        silent: Vec<Code>,
    },
    /// What each party that spoke says; nothing where it only contests what another says.
    Disputed(On, Vec<(Code, Option<String>)>),
    /// No word on its health for more than [`board::STALE_DAYS`].
    StaleHealth,
    /// A window is over, and nobody said what became of it.
    WindowPassed(Effective),
}

/// On what parties differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Where the action stands.
    Lifecycle,
    /// How it is doing.
    Health,
    /// What became of a window.
    Window(Effective),
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lifecycle => f.pad("lifecycle"),
            Self::Health => f.pad("health"),
            Self::Window(name) => name.fmt(f),
        }
    }
}

impl Silence {
    /// For how many days it has been so, by the day by which something counts as missed, or else as stale; what was recorded after that
    /// is as recent as can be.
    #[must_use]
    pub fn days(&self, reading: &Reading) -> Option<u64> {
        let day = if matches!(self.why, Why::WindowPassed(_)) { reading.day() } else { reading.today };
        let days = |since: NaiveDate| u64::try_from((day - since).num_days()).unwrap_or(0);
        self.since.map(days)
    }
}

impl Why {
    /// Which kind it is.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        match self {
            Self::NoEvent => Rule::NoEvent,
            Self::NoWord(..) => Rule::NoWord,
            Self::OneSided { .. } => Rule::OneSided,
            Self::Disputed(..) => Rule::Disputed,
            Self::StaleHealth => Rule::StaleHealth,
            Self::WindowPassed(_) => Rule::WindowPassed,
        }
    }

    /// Who is silent, where one party is.
    #[must_use]
    pub const fn party(&self) -> Option<&Code> {
        match self {
            Self::NoWord(party, _) => Some(party),
            _ => None,
        }
    }

    /// On what they differ, or the window that passed.
    #[must_use]
    pub const fn on(&self) -> Option<On> {
        match self {
            Self::Disputed(on, _) => Some(*on),
            Self::WindowPassed(window) => Some(On::Window(*window)),
            _ => None,
        }
    }
}

/// Every silence of the actions that a filter admits; a party is silent that has said nothing from `since` on.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<W: Spoken>(
    history: &History<W>,
    reading: &Reading,
    filter: &Filter,
    since: NaiveDate,
) -> Result<Vec<Silence>, W::Fault> {
    let parties = history.state.parties();
    let mut found = Vec::new();
    for row in &board::of(history, reading, filter)? {
        let words = history.words.of(row.action)?;
        found.extend(action(&history.state, &words, reading, row, &parties, since));
    }
    Ok(found)
}

fn action(
    state: &State,
    words: &Words,
    reading: &Reading,
    row: &Row<'_>,
    parties: &[&Code],
    since: NaiveDate,
) -> Vec<Silence> {
    let created = row.action.action.born();
    let unchanged = row.action.since() == created && words.all().is_empty();
    // Whoever reviews it has spoken of it, too; what proposed it came before.
    let decisions = state.programme.decisions.get(&row.action.action.reference);
    let reviewed = decisions.is_some_and(|decisions| {
        !decisions.findings.is_empty()
            || decisions.proposals.iter().any(|proposal| proposal.sequence > created)
    });
    let untouched = unchanged && !reviewed;
    let (effective, grace_days) = (reading.effective, state.grace_days());
    let course = Course { words, parties, effective, grace_days, known: u64::MAX };
    let mut found = Vec::new();
    if untouched {
        found.push(silence(row, Why::NoEvent, None));
    } else if row.status.over().is_none() {
        let within = |word: &&Word| reading.effective.is_none_or(|day| word.effective.begin() <= day);
        // That a word was corrected, or is an answer, makes its author no more silent.
        let words = words.all().iter().filter(within);
        let spoken: Vec<&Word> = words.filter(|word| !matches!(word.said, Said::Verified(..))).collect();
        found.extend(parties.iter().filter_map(|party| quiet(row, &spoken, party, since)));
        found.extend(one_sided(row, &course, reading));
    }
    found.extend(disputes(row, &course));
    if row.stale && row.status.over().is_none() {
        let word = row
            .status
            .health
            .voices
            .iter()
            .filter_map(|voice| voice.word.as_ref())
            .max_by_key(|word| word.day);
        found.push(silence(row, Why::StaleHealth, word.map(Word::mark)));
    }
    found.extend(passed(row, state));
    found
}

fn silence(row: &Row<'_>, why: Why, since: Option<Mark>) -> Silence {
    let subject = stream(&row.action.action.reference);
    Silence { subject, why, since: since.map(|by| by.day), sequence: since.map(|by| by.sequence) }
}

/// A party that has said nothing lately, and corrected nothing. What it finds and decides in a review says nothing of how the action goes.
fn quiet(row: &Row<'_>, words: &[&Word], party: &Code, since: NaiveDate) -> Option<Silence> {
    let own = words.iter().filter(|word| word.party == *party && word.said != Said::Decided);
    let said = own.flat_map(|word| [Some(word.mark()), word.voided]);
    let last = said.flatten().max_by_key(|by| by.sequence);
    if last.is_some_and(|by| by.day >= since) {
        return None;
    }
    let why = Why::NoWord(party.clone(), last.map(|by| by.sequence));
    Some(silence(row, why, last))
}

/// Whether one side alone counts, and has for too long: since it spoke, since its word made the other's too old, or since the other took
/// its own back.
fn one_sided(row: &Row<'_>, course: &Course<'_, '_>, reading: &Reading) -> Option<Silence> {
    let axis = &row.status.lifecycle;
    if axis.joint != Joint::OneSided {
        return None;
    }
    let since = course.since(|word| word.lifecycle, |axis| (axis.joint, sides(axis)))?;
    if ONE_SIDED.after(since.day) >= reading.today {
        return None;
    }
    let (spoken, silent) = sides(axis);
    Some(silence(row, Why::OneSided { spoken, silent }, Some(since)))
}

/// Whose words count where one side alone does, and who says nothing.
fn sides(axis: &Axis<'_, Lifecycle>) -> (Vec<Code>, Vec<Code>) {
    let names = |counts: &dyn Fn(&Voice<'_, Lifecycle>) -> bool| -> Vec<Code> {
        axis.voices.iter().filter(|voice| counts(voice)).map(|voice| voice.party.clone()).collect()
    };
    let silent = names(&|voice| voice.word.is_none());
    let spoken = names(&|voice| voice.word.is_some() && (!silent.is_empty() || voice.says == axis.value));
    (spoken, silent)
}

/// The axes on which the parties differ.
fn disputes(row: &Row<'_>, course: &Course<'_, '_>) -> Vec<Silence> {
    let status = &row.status;
    let mut found = Vec::new();
    found.extend(dispute(row, &status.lifecycle, On::Lifecycle, course, |word| word.lifecycle));
    // How something does that is over by the word of all is of no concern any more.
    let health = dispute(row, &status.health, On::Health, course, |word| word.health);
    found.extend(health.filter(|_| row.status.over().is_none()));
    for (window, axis) in &status.occurrences {
        let of_window =
            |word: &Word| word.occurrence.filter(|of| of.window.begin() == window.begin()).map(|of| of.state);
        let name = row.windows.iter().find(|(name, _)| name.begin() == window.begin());
        let on = On::Window(name.map_or(*window, |(name, _)| *name));
        found.extend(dispute(row, axis, on, course, of_window));
    }
    found
}

fn dispute<T: fmt::Display + Copy + PartialEq>(
    row: &Row<'_>,
    axis: &Axis<'_, T>,
    on: On,
    course: &Course<'_, '_>,
    value: impl Fn(&Word) -> Option<T>,
) -> Option<Silence> {
    if axis.joint != Joint::Disputed {
        return None;
    }
    let spoken = axis.voices.iter().filter(|voice| voice.word.is_some());
    let says = spoken.map(|voice| (voice.party.clone(), voice.says.as_ref().map(ToString::to_string)));
    let why = Why::Disputed(on, says.collect());
    Some(silence(row, why, course.since(value, |axis| axis.joint)))
}

/// The windows that are over, and of which nobody said more than that they were planned.
fn passed(row: &Row<'_>, state: &State) -> Vec<Silence> {
    let schedule = row.action.schedule(state.programme.period());
    let missed = row.windows.iter().filter(|(_, window)| *window == Window::Missed);
    missed
        .map(|(name, _)| Silence {
            since: Some(schedule.last_day(*name)),
            ..silence(row, Why::WindowPassed(*name), None)
        })
        .collect()
}
