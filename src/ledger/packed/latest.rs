//! The latest words: those that alone make an action's status, found among its records without unpacking the others. Of one that has
//! windows, those belong to them with which a party said that it is suspended, or no more.
//!
//! A status is what each party said last on each axis, and which word stands for it follows from a few numbers of a record.
//! What the words make together is not known here: [`crate::domain::status::of`] makes the same of the latest as of all.

use super::{CONTESTED, DECIDED, Fields, Key, Record, VERIFIED, VOIDS, own, place};
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
        Self { parties: own(parties), until }
    }

    /// The latest words of the action that has these records, in the order of their keys; none where they are no words. Of one that
    /// `recurs` it is asked when it was suspended.
    pub(in crate::ledger) fn words(&self, records: &[Record<'_>], recurs: bool) -> Option<Words> {
        let chosen = self.chosen(records, recurs)?;
        let chosen = chosen.iter().filter_map(|at| records.get(*at));
        chosen.map(|(key, record)| Fields::of(record).word(Key(**key).sequence(), &self.parties)).collect()
    }

    /// The places of those that count, in order.
    fn chosen(&self, records: &[Record<'_>], recurs: bool) -> Option<Vec<usize>> {
        let (mut voided, mut occurs, mut rested) = (BTreeSet::new(), false, false);
        let suspended = place(Lifecycle::ALL, Some(Lifecycle::Suspended));
        for record in records.iter().map(|(_, record)| Fields::of(record)) {
            occurs |= record.occurrence > 0;
            rested |= record.lifecycle == suspended;
            if record.said == VOIDS {
                voided.insert(record.answers);
            }
        }
        // When it was suspended is told by all turns, and asked of what has windows.
        let turns = (recurs || occurs) && rested;
        let (mut axes, mut newest) = (Axes::of(self.parties.len()), None);
        let mut rests: Vec<(u32, usize, usize, bool)> = Vec::new();
        // From the newest on: of two that are true since the same day it counts.
        for (at, (key, record)) in records.iter().enumerate().rev() {
            let word = Fields::of(record);
            // A contest falls with what it contests.
            let falls = word.said == CONTESTED
                && (voided.contains(&word.answers) || contested(records, &word).is_none());
            let choice = (first_day(word.effective), at);
            let says = word.said != VOIDS && word.said != VERIFIED && choice.0 <= self.until;
            if falls || !says || voided.contains(&Key(**key).sequence()) {
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
        let answers = chosen.iter().filter_map(|at| records.get(*at));
        let answers = answers.filter_map(|(_, word)| contested(records, &Fields::of(word)));
        let answers: Vec<usize> = answers.collect();
        chosen.extend(answers);
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
}

/// Where the word stands among records that another contests.
fn contested(records: &[Record<'_>], word: &Fields) -> Option<usize> {
    let sequence = Some(word.answers).filter(|_| word.said == CONTESTED)?;
    let at = records.binary_search_by_key(&sequence, |(key, _)| Key(**key).sequence()).ok()?;
    records.get(at).filter(|(_, contested)| Fields::of(contested).said != VOIDS).map(|_| at)
}

/// The first day of a date, as numbers that can be compared.
const fn first_day(bits: u32) -> u32 {
    bits >> 2
}
