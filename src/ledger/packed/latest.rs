//! The latest words: those that alone make an action's status, found among its records without unpacking the others; and when an
//! action that has windows was suspended.
//!
//! A status is what each party said last on each axis, and which word stands for it follows from a few numbers of a record.
//! What the words make together is not known here: [`crate::domain::status::of`] makes the same of the latest as of all.

use super::{CONTESTED, DECIDED, Fields, Key, Record, VERIFIED, VOIDS, place};
use crate::domain::assertion::Lifecycle;
use crate::domain::date::Effective;
use crate::domain::status::{Rest, Suspensions, Turn};
use crate::domain::value::Code;
use crate::domain::word::Words;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// Finds the latest words of one action after the other.
pub(in crate::ledger) struct Latest {
    parties: Vec<Code>,
    /// Of each of these its place among the parties whose words count.
    seats: Vec<Option<usize>>,
    /// How many there are of those.
    seated: usize,
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
    /// Of words that are true by a day, or of any, in which a word names its party by its place among `known`; those of `parties` count.
    pub(in crate::ledger) fn by(effective: Option<NaiveDate>, known: &[Code], parties: &[&Code]) -> Self {
        let until = effective.map_or(u32::MAX, |day| first_day(Effective::day(day).to_bits()));
        let seat = |known| parties.iter().position(|party| *party == known);
        Self {
            parties: known.to_vec(),
            seats: known.iter().map(seat).collect(),
            seated: parties.len(),
            until,
        }
    }

    /// The latest words of the action that has these records, in the order of their keys, and of one that `recurs`, or of whose windows
    /// anybody spoke, when it was suspended; none where they are no words.
    pub(in crate::ledger) fn of(&self, records: &[Record<'_>], recurs: bool) -> Option<(Words, Vec<Rest>)> {
        let (chosen, rests) = self.chosen(records, recurs)?;
        let chosen = chosen.iter().filter_map(|at| records.get(*at));
        let word = |(key, record): &Record<'_>| Fields::of(record).word(Key(**key).sequence(), &self.parties);
        Some((chosen.map(word).collect::<Option<_>>()?, rests))
    }

    /// The places of those that count, in order, and when it was suspended.
    fn chosen(&self, records: &[Record<'_>], recurs: bool) -> Option<(Vec<usize>, Vec<Rest>)> {
        let (mut voided, mut occurs, mut rested) = (BTreeSet::new(), false, false);
        let suspended = place(Lifecycle::ALL, Some(Lifecycle::Suspended));
        for record in records.iter().map(|(_, record)| Fields::of(record)) {
            occurs |= record.occurrence > 0;
            rested |= record.lifecycle == suspended;
            if record.said == VOIDS {
                voided.insert(record.answers);
            }
        }
        let asked = (recurs || occurs) && rested;
        let (mut axes, mut newest) = (Axes::of(self.parties.len()), None);
        let mut said = Vec::with_capacity(if asked { records.len() } else { 0 });
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
                if asked {
                    said.push(u64::from(choice.0) << 32 | u64::from(u32::try_from(at).ok()?));
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
        let mut chosen = Vec::with_capacity(axes.latest.len() + 1);
        chosen.extend(axes.places().chain(newest));
        let answers = chosen.iter().filter_map(|at| records.get(*at));
        let answers = answers.filter_map(|(_, word)| contested(records, &Fields::of(word)));
        let answers: Vec<usize> = answers.collect();
        chosen.extend(answers);
        chosen.sort_unstable();
        chosen.dedup();
        Some((chosen, self.rests(records, said)?))
    }

    /// When all parties agreed that it was suspended, by words on its lifecycle: of each its first day, and in the lower half its place,
    /// since to sort wider things took a tenth of a reading.
    fn rests(&self, records: &[Record<'_>], mut said: Vec<u64>) -> Option<Vec<Rest>> {
        let suspended = place(Lifecycle::ALL, Some(Lifecycle::Suspended));
        let mut found = Suspensions::of(self.seated);
        said.sort_unstable();
        for said in said {
            let at = usize::try_from(said & u64::from(u32::MAX)).ok()?;
            let word = Fields::of(records.get(at)?.1);
            let rests = word.lifecycle == suspended && word.said != CONTESTED;
            if word.said == DECIDED {
                found.decide(rests, at);
            } else if let Some(seat) = self.seats.get(usize::from(word.party))? {
                found.take(*seat, rests, at);
            }
        }
        let turn = |at: usize| {
            let (key, record) = records.get(at)?;
            let effective = Effective::from_bits(Fields::of(record).effective)?;
            Some(Turn { sequence: Key(**key).sequence(), effective })
        };
        let rest = |rest: Rest<usize>| {
            let until = rest.until.map_or(Some(None), |at| turn(at).map(Some))?;
            Some(Rest { since: turn(rest.since)?, until })
        };
        found.rests().into_iter().map(rest).collect()
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
