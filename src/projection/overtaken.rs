//! Overtaken: on which axes a word changes nothing of where its party stands, because another of its own is true since a later day.
//!
//! Whose words the ledger takes is not here: a word on what was before is as good as any.

use super::silence::On;
use crate::domain::date::Effective;
use crate::domain::word::{Said, Word, Words};

/// A word on an axis that is effective later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overtaken {
    /// On what.
    pub on: On,
    /// The entry of the later word.
    pub by: u64,
    /// Since when it is true.
    pub since: Effective,
    /// Whether that is the same day, and the entry what all decided after the word that is contested.
    pub decided: bool,
}

/// Of each axis of which the word of an entry says something: the word of the same party that counts instead, if there is one.
#[must_use]
pub fn of(words: &Words, sequence: u64) -> Vec<Overtaken> {
    let Some(word) = words.at(sequence).filter(|word| word.voided.is_none()) else { return Vec::new() };
    let later = |on: On, says: &dyn Fn(&Word) -> bool| {
        let own = words.standing().filter(|other| other.is_of(&word.party) && counts(words, other));
        let newest = own.filter(|other| says(other)).max_by_key(|other| other.place());
        let by = newest.filter(|other| says(word) && other.place() > word.place());
        by.map(|other| Overtaken { on, by: other.sequence, since: other.effective, decided: false })
    };
    let contested = match word.said {
        Said::Contested(at) if word.lifecycle.is_none() => words.at(at),
        _ => None,
    };
    let decided = contested
        .filter(|contested| contested.lifecycle.is_some())
        .and_then(|contested| words.decided_since(contested))
        .map(|by| Overtaken { on: On::Lifecycle, by: by.sequence, since: by.effective, decided: true });
    let window = word.occurrence.map(|occurrence| occurrence.window);
    let of_window = |other: &Word| {
        other.occurrence.map(|occurrence| occurrence.window.begin()) == window.map(|of| of.begin())
    };
    [
        decided.or_else(|| later(On::Lifecycle, &|other| other.lifecycle.is_some())),
        later(On::Health, &|other| other.health.is_some()),
        window.and_then(|window| later(On::Window(window), &of_window)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether a word says where its party stands: an auditor's does not, nor a contest of what was corrected.
fn counts(words: &Words, word: &Word) -> bool {
    match word.said {
        Said::Progressed | Said::Confirmed(_) | Said::Decided => true,
        Said::Contested(at) => words.at(at).is_some_and(|contested| contested.voided.is_none()),
        Said::Verified(..) => false,
    }
}
