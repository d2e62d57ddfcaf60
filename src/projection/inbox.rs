//! The inbox of a party: what others said that awaits its answer.
//!
//! What they said since a moment, whether it awaits one or not, is a part of [`super::timeline`].

use super::board::{self, Row};
use super::evaluation;
use super::filter::Filter;
use super::reading::Reading;
use crate::domain::date::Effective;
use crate::domain::status::Axis;
use crate::domain::value::{Code, words};
use crate::domain::word::{Said, Word, Words};
use crate::record::history::{History, Spoken};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// Which answer is awaited: to an assertion, the same or that it does not hold; to a contest of an own word, its correction
    /// or a new word; to a proposal in a review, consent or that there is none.
    Awaited {
        ConfirmOrContest = "confirm_or_contest",
        CorrectOrRestate = "correct_or_restate",
        AgreeOrDecline = "agree_or_decline",
    }
}

/// The entries of others that await an answer of a party, on the actions that a filter admits, by sequence.
///
/// An assertion that stands awaits one until the party confirms or contests it, says the same or anything later on its axes,
/// or its author says something newer. A contest of the party's own word awaits one until the party says something later on
/// the axes of that word, or either is corrected. A proposal awaits one as long as it can be agreed to and the party has not.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<W: Spoken>(
    history: &History<W>,
    reading: &Reading,
    filter: &Filter,
    party: &Code,
) -> Result<BTreeMap<u64, Awaited>, W::Fault> {
    let mut found = BTreeMap::new();
    for row in &board::of(history, reading, filter)? {
        found.extend(awaited(row, &*history.words.of(row.action)?, reading, party));
    }
    for row in evaluation::proposed(&history.state, filter) {
        let open = row.into_iter().filter(|proposal| proposal.awaited(&[party]) == [party]);
        found.extend(open.map(|proposal| (proposal.sequence, Awaited::AgreeOrDecline)));
    }
    Ok(found)
}

fn awaited(row: &Row<'_>, words: &Words, reading: &Reading, party: &Code) -> Vec<(u64, Awaited)> {
    let within = |word: &&Word| reading.effective.is_none_or(|day| word.effective.begin() <= day);
    let own = words.standing().filter(|word| word.party == *party);
    let answer = |word: &Word| match word.said {
        Said::Confirmed(at) | Said::Contested(at) => Some(at),
        Said::Progressed | Said::Verified(..) | Said::Decided => None,
    };
    let answered: BTreeSet<u64> = own.filter_map(answer).collect();
    // What says nothing on an axis is outlived by whatever is said next.
    let last = |whose: &Code| words.standing().rfind(|word| word.party == *whose).map(|word| word.sequence);
    let of = |word: &Word| match word.said {
        Said::Progressed if answered.contains(&word.sequence) => None,
        Said::Progressed => {
            let axes = axes(row, word, party);
            let open = axes.iter().any(|axis| axis.awaits(word));
            let open = open || (axes.is_empty() && last(&word.party) == Some(word.sequence));
            open.then_some(Awaited::ConfirmOrContest)
        }
        Said::Contested(at) => {
            let own = words.at(at).filter(|own| own.party == *party && own.voided.is_none())?;
            let axes = axes(row, own, party);
            let open = axes.iter().any(|axis| axis.ours_before(word));
            let open = open || (axes.is_empty() && last(party) < Some(word.sequence));
            open.then_some(Awaited::CorrectOrRestate)
        }
        Said::Confirmed(_) | Said::Verified(..) | Said::Decided => None,
    };
    let others = words.standing().filter(within).filter(|word| word.party != *party);
    others.filter_map(|word| Some((word.sequence, of(word)?))).collect()
}

/// An axis on which a word says something: what its author and a party said last there, and whether that is the same.
struct Opposed<'a> {
    theirs: Option<&'a Word>,
    ours: Option<&'a Word>,
    same: bool,
}

impl Opposed<'_> {
    /// Whether an assertion is its author's last word here, and the party says otherwise or has said nothing since.
    fn awaits(&self, word: &Word) -> bool {
        let newest = self.theirs.is_some_and(|theirs| theirs.sequence == word.sequence);
        newest && !self.same && self.ours_before(word)
    }

    /// Whether the party has said nothing here since a word.
    fn ours_before(&self, word: &Word) -> bool {
        self.ours.is_none_or(|ours| ours.sequence < word.sequence)
    }
}

/// The axes on which a word says something.
fn axes<'a>(row: &'a Row<'_>, word: &Word, party: &Code) -> Vec<Opposed<'a>> {
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

fn spoken<'a, T: PartialEq>(axis: &'a Axis<'_, T>, author: &Code, party: &Code) -> Opposed<'a> {
    let of = |whose: &Code| axis.voices.iter().find(|voice| voice.party == whose);
    let (theirs, ours) = (of(author), of(party));
    Opposed {
        theirs: theirs.and_then(|voice| voice.word.as_ref()),
        ours: ours.and_then(|voice| voice.word.as_ref()),
        same: ours.zip(theirs).is_some_and(|(one, other)| one.says.is_some() && one.says == other.says),
    }
}
