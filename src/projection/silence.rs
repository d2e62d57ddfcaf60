//! Silence: actions of which nothing was said, or not by all, or not lately; and what was disputed and never settled.
//!
//! What cannot be tracked at all is not here but in [`super::lint`]; what has a date that is not over yet, in
//! [`super::agenda`].

use super::agenda::{last_day, over};
use super::board::{self, Row, Window};
use super::filter::Filter;
use super::lint::Gap;
use super::reading::Reading;
use super::timeline::stream;
use crate::domain::duration::Duration;
use crate::domain::status::{Axis, Joint, Voice};
use crate::domain::value::Code;
use crate::domain::word::{Said, Word, Words};
use crate::record::history::{History, Spoken, State};
use chrono::NaiveDate;
use std::fmt::Display;

/// After how many days a party that says nothing is silent, where nothing else is asked for.
pub const SILENT_DAYS: u32 = 180;

/// How long an action may be one-sided.
pub const ONE_SIDED: Duration = Duration::Months(12);

/// One silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence<'a> {
    /// What it is about, its name in machine output, and words for it.
    pub gap: Gap,
    /// Who is silent, where one party is.
    pub party: Option<&'a Code>,
    /// On what they differ: `lifecycle`, `health`, or the name of a window; or the window that passed.
    pub on: Option<String>,
    /// Since when it is so; nothing where nobody ever spoke.
    pub since: Option<NaiveDate>,
    /// The entry since which it is so.
    pub sequence: Option<u64>,
}

/// The names of the silences in machine output, in the order in which an action's are listed.
pub const RULES: [&str; 6] =
    ["no_event", "no_word", "one_sided", "disputed", "stale_health", "window_passed"];

/// Every silence of the actions that a filter admits; a party is silent that has said nothing from `since` on.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<'a, W: Spoken>(
    history: &'a History<W>,
    reading: &Reading,
    filter: &Filter,
    since: NaiveDate,
) -> Result<Vec<Silence<'a>>, W::Fault> {
    let parties = history.state.parties();
    let mut found = Vec::new();
    for row in &board::of(history, reading, filter)? {
        let words = history.words.of(row.action)?;
        found.extend(action(&history.state, &words, reading, row, &parties, since));
    }
    Ok(found)
}

fn action<'a>(
    state: &State,
    words: &Words,
    reading: &Reading,
    row: &Row<'a>,
    parties: &[&'a Code],
    since: NaiveDate,
) -> Vec<Silence<'a>> {
    let untouched = row.action.since() == row.action.action.born() && words.all().is_empty();
    let mut found = Vec::new();
    if untouched {
        found.push(silence(row, "no_event", None, "nothing was recorded since it was created".to_owned()));
    } else if over(row).is_none() {
        let within = |word: &&Word| reading.effective.is_none_or(|day| word.effective.begin() <= day);
        // That a word was corrected, or is an answer, makes its author no more silent.
        let words = words.all().iter().filter(within);
        let spoken: Vec<&Word> = words.filter(|word| !matches!(word.said, Said::Verified(..))).collect();
        found.extend(parties.iter().filter_map(|party| quiet(row, &spoken, party, since)));
        found.extend(one_sided(row, &spoken, reading));
    }
    found.extend(disputes(row));
    if row.stale && over(row).is_none() {
        let word = row
            .status
            .health
            .voices
            .iter()
            .filter_map(|voice| voice.word.as_ref())
            .max_by_key(|word| word.day);
        let what = format!("no word on its health for more than {} days", board::STALE_DAYS);
        found.push(silence(row, "stale_health", word, what));
    }
    found.extend(passed(row, state));
    found
}

fn silence<'a>(row: &Row<'a>, rule: &'static str, word: Option<&Word>, what: String) -> Silence<'a> {
    let gap = Gap { subject: stream(&row.action.action.reference), rule, what };
    let (since, sequence) = (word.map(|word| word.day), word.map(|word| word.sequence));
    Silence { gap, party: None, on: None, since, sequence }
}

/// A party that has said nothing lately.
fn quiet<'a>(row: &Row<'a>, words: &[&Word], party: &'a Code, since: NaiveDate) -> Option<Silence<'a>> {
    let last = words.iter().copied().rfind(|word| word.is_of(party));
    if last.is_some_and(|word| word.day >= since) {
        return None;
    }
    let what = match last {
        Some(word) => format!("{party} said nothing since entry {}", word.sequence),
        None => format!("{party} has never spoken"),
    };
    Some(Silence { party: Some(party), ..silence(row, "no_word", last, what) })
}

/// Whether one side alone counts, and has for too long: since it spoke first, or since its word made the other's too old.
fn one_sided<'a>(row: &Row<'a>, words: &[&Word], reading: &Reading) -> Option<Silence<'a>> {
    let axis = &row.status.lifecycle;
    let names = |spoken: bool| {
        let voices = axis.voices.iter().filter(|voice| voice.word.is_some() == spoken);
        voices.map(|voice| voice.party.as_str()).collect::<Vec<_>>().join(", ")
    };
    let newest =
        axis.voices.iter().filter_map(|voice| voice.word.as_ref()).max_by_key(|word| word.sequence)?;
    let silent = names(false);
    let since = if silent.is_empty() {
        newest
    } else {
        words.iter().copied().find(|word| word.voided.is_none() && word.lifecycle.is_some()).unwrap_or(newest)
    };
    if axis.joint != Joint::OneSided || ONE_SIDED.after(since.day) >= reading.today {
        return None;
    }
    let what = if silent.is_empty() {
        format!("the word of {} stands alone: what the other side said before is too old", newest.party)
    } else {
        format!("{} has spoken, and {silent} never has", names(true))
    };
    Some(silence(row, "one_sided", Some(since), what))
}

/// The axes on which the parties differ.
fn disputes<'a>(row: &Row<'a>) -> Vec<Silence<'a>> {
    let status = &row.status;
    let mut found = Vec::new();
    found.extend(dispute(row, &status.lifecycle, "lifecycle".to_owned()));
    found.extend(dispute(row, &status.health, "health".to_owned()));
    for (window, axis) in &status.occurrences {
        let name = row.windows.iter().find(|(name, _)| name.begin() == window.begin());
        let name = name.map_or_else(|| window.to_string(), |(name, _)| name.to_string());
        found.extend(dispute(row, axis, name));
    }
    found
}

fn dispute<'a, T: Display>(row: &Row<'a>, axis: &Axis<'_, T>, on: String) -> Option<Silence<'a>> {
    if axis.joint != Joint::Disputed {
        return None;
    }
    let says = |voice: &Voice<'_, T>| match (&voice.word, &voice.says) {
        (None, _) => None,
        (Some(_), None) => Some(format!("{} contests", voice.party)),
        (Some(_), Some(says)) => Some(format!("{} says {}", voice.party, says.to_string().replace('_', " "))),
    };
    let says: Vec<String> = axis.voices.iter().filter_map(says).collect();
    let newest = axis.voices.iter().filter_map(|voice| voice.word.as_ref()).max_by_key(|word| word.sequence);
    let what = format!("{on}: {}", says.join(", "));
    Some(Silence { on: Some(on), ..silence(row, "disputed", newest, what) })
}

/// The windows that are over, and of which nobody said more than that they were planned.
fn passed<'a>(row: &Row<'a>, state: &State) -> Vec<Silence<'a>> {
    let grid = state.programme.period().map(|period| row.action.windows(period)).unwrap_or_default();
    let over = over(row);
    let missed = row
        .windows
        .iter()
        .filter(|(name, window)| *window == Window::Missed && over.is_none_or(|since| name.begin() <= since));
    missed
        .map(|(name, _)| Silence {
            on: Some(name.to_string()),
            since: Some(last_day(&grid, *name)),
            ..silence(
                row,
                "window_passed",
                None,
                format!("the window {name} passed, and nobody said what became of it"),
            )
        })
        .collect()
}
