//! The inbox of a party: what others said that awaits its answer.
//!
//! What they said since a moment, whether it awaits one or not, is a part of [`super::timeline`].

use super::board::{self, Row};
use super::filter::Filter;
use super::reading::Reading;
use crate::domain::date::Effective;
use crate::domain::status::Axis;
use crate::domain::value::Code;
use crate::domain::word::{Said, Word, Words};
use crate::record::history::History;
use std::collections::BTreeMap;

/// Which answer is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// To an assertion: the same, or that it does not hold.
    ConfirmOrContest,
    /// To a contest of an own word: its correction, or a new word.
    CorrectOrRestate,
}

impl Awaited {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::ConfirmOrContest, Self::CorrectOrRestate];

    /// As written in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmOrContest => "confirm_or_contest",
            Self::CorrectOrRestate => "correct_or_restate",
        }
    }
}

/// The entries of others that await an answer of a party, on the actions that a filter admits, by sequence.
///
/// An assertion that stands awaits one until the party confirms or contests it, says the same or anything later on its axes,
/// or its author says something newer. A contest of the party's own word awaits one until the party says something later on
/// the axes of that word, or either is corrected.
#[must_use]
pub fn of(history: &History, reading: &Reading, filter: &Filter, party: &Code) -> BTreeMap<u64, Awaited> {
    let rows = board::of(history, reading, filter);
    rows.iter()
        .flat_map(|row| awaited(row, history.words(&row.action.action.reference), reading, party))
        .collect()
}

fn awaited(row: &Row<'_>, words: &Words, reading: &Reading, party: &Code) -> Vec<(u64, Awaited)> {
    let within = |word: &&Word| reading.effective.is_none_or(|day| word.effective.begin() <= day);
    let of = |word: &Word| match word.said {
        Said::Progressed => awaits(row, words, word, party).then_some(Awaited::ConfirmOrContest),
        Said::Contested(at) => {
            let own = words.at(at).filter(|own| own.party == *party && !own.voided)?;
            restates(row, words, own, word, party).then_some(Awaited::CorrectOrRestate)
        }
        Said::Confirmed(_) | Said::Verified(..) => None,
    };
    let others = words.standing().filter(within).filter(|word| word.party != *party);
    others.filter_map(|word| Some((word.sequence, of(word)?))).collect()
}

/// Whether an assertion of another is neither answered nor outlived.
fn awaits(row: &Row<'_>, words: &Words, word: &Word, party: &Code) -> bool {
    let answers = |own: &Word| {
        own.party == *party
            && matches!(own.said, Said::Confirmed(at) | Said::Contested(at) if at == word.sequence)
    };
    if words.standing().any(answers) {
        return false;
    }
    let axes = axes(row, word, party);
    if axes.is_empty() {
        // It says something beside the axes: a note, a measured value, a file.
        return !words.standing().any(|later| later.party == word.party && later.sequence > word.sequence);
    }
    axes.iter().any(|axis| {
        let newest = axis.theirs.is_some_and(|theirs| theirs.sequence == word.sequence);
        newest && !axis.same && axis.ours.is_none_or(|ours| ours.sequence < word.sequence)
    })
}

/// Whether a party has said nothing on the axes of its own word since another contested it.
fn restates(row: &Row<'_>, words: &Words, own: &Word, contest: &Word, party: &Code) -> bool {
    let axes = axes(row, own, party);
    if axes.is_empty() {
        return !words.standing().any(|later| later.party == *party && later.sequence > contest.sequence);
    }
    axes.iter().any(|axis| axis.ours.is_none_or(|ours| ours.sequence < contest.sequence))
}

/// An axis on which a word says something: what its author and a party said last there, and whether that is the same.
struct Spoken<'a> {
    theirs: Option<&'a Word>,
    ours: Option<&'a Word>,
    same: bool,
}

/// The axes on which a word says something.
fn axes<'a>(row: &Row<'a>, word: &Word, party: &Code) -> Vec<Spoken<'a>> {
    let status = &row.status;
    let mut axes = Vec::new();
    axes.extend(word.lifecycle.map(|_| spoken(&status.lifecycle, &word.party, party)));
    axes.extend(word.health.map(|_| spoken(&status.health, &word.party, party)));
    let here = |window: Effective| {
        status.occurrences.iter().find(|(other, _)| other.begin() == window.begin()).map(|(_, axis)| axis)
    };
    let occurrence = word.occurrence.and_then(|(window, _)| here(window));
    axes.extend(occurrence.map(|axis| spoken(axis, &word.party, party)));
    axes
}

fn spoken<'a, T: PartialEq>(axis: &Axis<'a, T>, author: &Code, party: &Code) -> Spoken<'a> {
    let of = |whose: &Code| axis.voices.iter().find(|voice| voice.party == whose);
    let (theirs, ours) = (of(author), of(party));
    Spoken {
        theirs: theirs.and_then(|voice| voice.word),
        ours: ours.and_then(|voice| voice.word),
        same: ours.zip(theirs).is_some_and(|(one, other)| one.says.is_some() && one.says == other.says),
    }
}
