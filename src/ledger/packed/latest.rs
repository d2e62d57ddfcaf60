//! The latest words: those that alone make an action's status, found among its records without unpacking the others. Of one that was
//! ever suspended, those belong to them with which a party said so, or no more.
//!
//! A status is what each party said last on each axis, and which word stands for it follows from a few numbers of a record.
//! What the words make together is not known here: [`crate::domain::status::of`] makes the same of the latest as of all.

use super::{CONTESTED, DECIDED, Fields, Key, VERIFIED, VOIDS, WORD, own, place};
use crate::domain::assertion::Lifecycle;
use crate::domain::date::Effective;
use crate::domain::value::Code;
use crate::domain::word::Words;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// Finds the latest words of one action after the other.
pub(in crate::ledger) struct Latest {
    parties: Vec<Code>,
    /// The last first day of what counts.
    until: u32,
    /// Those of one action, in the order of their keys.
    records: Vec<(u64, Fields)>,
}

/// A word's first day, and its place among the records.
type Choice = (u32, usize);

/// What was said last on the axes, by whom: of each axis the place of a decision, which is the word of all, and after it the
/// parties'.
struct Axes {
    voices: usize,
    latest: Vec<Option<Choice>>,
    /// The windows whose axes stand behind those of lifecycle and health, and their first words.
    windows: Vec<(u32, Choice)>,
}

impl Axes {
    const LIFECYCLE: usize = 0;
    const HEALTH: usize = 1;

    fn of(parties: usize) -> Self {
        let voices = parties + 1;
        Self { voices, latest: vec![None; 2 * voices], windows: Vec::new() }
    }

    /// Takes a word that was said before all that were taken.
    fn take(&mut self, axis: usize, voice: usize, word: Choice) -> Option<()> {
        let latest = self.latest.get_mut(axis * self.voices..)?.get_mut(..self.voices)?.get_mut(voice)?;
        if latest.is_none_or(|(day, _)| day < word.0) {
            *latest = Some(word);
        }
        Some(())
    }

    /// The axis of a window, of which an earlier word is known now.
    fn window(&mut self, begin: u32, word: Choice) -> usize {
        // Mostly the one that was spoken of just now.
        if let Some(at) = self.windows.iter().rposition(|(window, _)| *window == begin) {
            if let Some((_, first)) = self.windows.get_mut(at).filter(|(_, first)| word.0 <= first.0) {
                *first = word;
            }
            return 2 + at;
        }
        self.windows.push((begin, word));
        self.latest.resize(self.latest.len() + self.voices, None);
        1 + self.windows.len()
    }

    /// The places of the words that count.
    fn places(&self) -> impl Iterator<Item = usize> {
        // A window is called as its first word calls it.
        let named = self.windows.iter().map(|(_, first)| first);
        self.latest.iter().flatten().chain(named).map(|(_, at)| *at)
    }
}

impl Latest {
    /// Of words that are true by a day, or of any; a word names its party by its place among these.
    pub(in crate::ledger) fn by(effective: Option<NaiveDate>, parties: &[Code]) -> Self {
        let until = effective.map_or(u32::MAX, |day| first_day(Effective::day(day).to_bits()));
        Self { parties: own(parties), until, records: Vec::new() }
    }

    pub(in crate::ledger) fn take(&mut self, key: Key, record: &[u8; WORD]) {
        self.records.push((key.sequence(), Fields::of(record)));
    }

    /// The latest words of the action whose records were taken since the last; none where they are no words.
    pub(in crate::ledger) fn words(&mut self) -> Option<Words> {
        let chosen = self.chosen()?;
        let chosen = chosen.iter().filter_map(|at| self.records.get(*at));
        let words = chosen.map(|(sequence, fields)| fields.word(*sequence, &self.parties)).collect();
        self.records.clear();
        words
    }

    /// The places of those that count, in order.
    fn chosen(&self) -> Option<Vec<usize>> {
        let voids = self.records.iter().filter(|(_, record)| record.said == VOIDS);
        let voided: BTreeSet<u64> = voids.map(|(_, record)| record.answers).collect();
        let (mut axes, mut newest) = (Axes::of(self.parties.len()), None);
        // When an action was suspended is told by all of its turns.
        let suspended = place(Lifecycle::ALL, Some(Lifecycle::Suspended));
        let turns = self.records.iter().any(|(_, word)| word.lifecycle == suspended);
        let mut rests: Vec<(u32, usize, usize, bool)> = Vec::new();
        // From the newest on: of two that are true since the same day it counts.
        for (at, (sequence, word)) in self.records.iter().enumerate().rev() {
            // A contest falls with what it contests.
            let falls =
                word.said == CONTESTED && (voided.contains(&word.answers) || self.contested(word).is_none());
            let choice = (first_day(word.effective), at);
            let says = word.said != VOIDS && word.said != VERIFIED && choice.0 <= self.until;
            if falls || !says || voided.contains(sequence) {
                continue;
            }
            // It is told whatever it says.
            newest = newest.or(Some(at));
            let decided = word.said == DECIDED;
            let voice = if decided { 0 } else { usize::from(word.party) + 1 };
            if word.lifecycle > 0 {
                if turns {
                    rests.push((choice.0, at, voice, word.lifecycle == suspended && word.said != CONTESTED));
                }
                axes.take(Axes::LIFECYCLE, voice, choice)?;
            }
            if word.health > 0 && !decided {
                axes.take(Axes::HEALTH, voice, choice)?;
            }
            if word.occurrence > 0 && !decided {
                let window = axes.window(first_day(word.window), choice);
                axes.take(window, voice, choice)?;
            }
        }
        let mut chosen = self.turns(rests);
        chosen.extend(axes.places().chain(newest));
        let answers = chosen.iter().filter_map(|at| self.records.get(*at));
        let contested: Vec<usize> = answers.filter_map(|(_, word)| self.contested(word)).collect();
        chosen.extend(contested);
        chosen.sort_unstable();
        chosen.dedup();
        Some(chosen)
    }

    /// Of words on the lifecycle, each with its first day, its place, whose it is and whether it says that the action is suspended, those
    /// with which that changes for any voice: of the others nobody can tell that they were said.
    fn turns(&self, mut rests: Vec<(u32, usize, usize, bool)>) -> Vec<usize> {
        rests.sort_unstable();
        let mut says = vec![false; self.parties.len() + 1];
        let mut turns = Vec::new();
        for (_, at, voice, suspended) in rests {
            if voice == 0 {
                // A decision is the word of all.
                if says.iter().any(|says| *says != suspended) {
                    turns.push(at);
                }
                says.fill(suspended);
            } else if let Some(says) = says.get_mut(voice)
                && std::mem::replace(says, suspended) != suspended
            {
                turns.push(at);
            }
        }
        turns
    }

    /// Where the word stands that another contests.
    fn contested(&self, word: &Fields) -> Option<usize> {
        let sequence = Some(word.answers).filter(|_| word.said == CONTESTED)?;
        let at = self.records.binary_search_by_key(&sequence, |(sequence, _)| *sequence).ok()?;
        self.records.get(at).filter(|(_, contested)| contested.said != VOIDS).map(|_| at)
    }
}

/// The first day of a date, as numbers that can be compared.
const fn first_day(bits: u32) -> u32 {
    bits >> 2
}
