//! A word: what somebody said of an action, as far as later words and the joint status need it; and all of an action's.

use super::assertion::{Health, Lifecycle, Occurrence, Outcome};
use super::date::Effective;
use super::party::Author;
use super::value::Code;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use uuid::Uuid;

/// Where an event stands in the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The id of its entry.
    pub id: Uuid,
    /// The sequence of its entry.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Who spoke.
    pub author: &'a Author,
    /// The entry that is answered.
    pub answers: Option<Uuid>,
}

/// Which entry did something, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The sequence of the entry.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
}

impl Place<'_> {
    /// The entry and its day.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark { sequence: self.sequence, day: self.day }
    }
}

/// What was said, kept for as long as the action: the fold needs no more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The entry's id.
    pub id: Uuid,
    /// The entry's sequence.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Whose word it is.
    pub party: Code,
    /// Since when it is true.
    pub effective: Effective,
    /// What kind of word it is.
    pub said: Said,
    /// Where the action stands.
    pub lifecycle: Option<Lifecycle>,
    /// How it is doing.
    pub health: Option<Health>,
    /// Where the occurrence of a window stands.
    pub occurrence: Option<Occurrence>,
    /// Of which indicators it gives values, or answers another's: a sum of their names. The values are not kept here.
    pub measures: Option<NonZeroU32>,
    /// The entry in which its author corrected it.
    pub voided: Option<Mark>,
}

/// The kinds of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// An assertion.
    Progressed,
    /// The confirmer's own assertion, equal to the word at this sequence.
    Confirmed(u64),
    /// The word at this sequence does not hold; the axes are those of that word.
    Contested(u64),
    /// An auditor's finding on the word at this sequence.
    Verified(u64, Outcome),
    /// What all parties decided in a review: the word of each of them. Its author is the last who agreed.
    Decided,
}

impl Said {
    /// What it answers.
    #[must_use]
    pub const fn answers(self) -> Option<u64> {
        match self {
            Self::Progressed | Self::Decided => None,
            Self::Confirmed(word) | Self::Contested(word) | Self::Verified(word, _) => Some(word),
        }
    }
}

impl Word {
    /// Whether it is a party's own.
    #[must_use]
    pub fn is_of(&self, party: &Code) -> bool {
        self.party == *party || self.said == Said::Decided
    }

    /// The entry that says it, and its day.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark { sequence: self.sequence, day: self.day }
    }

    /// Where it stands on the effective axis: of two that are true since the same day the later one comes after the other.
    #[must_use]
    pub const fn place(&self) -> (NaiveDate, u64) {
        (self.effective.begin(), self.sequence)
    }

    /// A word that says nothing on any axis yet.
    #[must_use]
    pub fn spoken(place: &Place<'_>, effective: Effective, said: Said) -> Self {
        Self {
            id: place.id,
            sequence: place.sequence,
            day: place.day,
            party: place.author.party.clone(),
            effective,
            said,
            lifecycle: None,
            health: None,
            occurrence: None,
            measures: None,
            voided: None,
        }
    }
}

/// All that was said of one action, in the order of the ledger. It grows with the history, so that a ledger keeps it apart
/// from the state that every request is judged by, and has at hand what is spoken of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    all: Vec<Word>,
    /// The latest day on which one of them begins to be true.
    latest: NaiveDate,
    /// How much earlier than one before it any of them begins, at most: who has found one need not ask those that lie further back.
    back: TimeDelta,
}

impl Words {
    /// Nothing was said.
    pub const NONE: Self = Self { all: Vec::new(), latest: NaiveDate::MIN, back: TimeDelta::zero() };

    /// Each word, whether it stands or not.
    #[must_use]
    pub fn all(&self) -> &[Word] {
        &self.all
    }

    /// The words that stand.
    #[must_use]
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = &Word> {
        self.all.iter().filter(|word| word.voided.is_none())
    }

    /// The word of an entry.
    #[must_use]
    pub fn at(&self, sequence: u64) -> Option<&Word> {
        self.all.binary_search_by_key(&sequence, |word| word.sequence).ok().and_then(|at| self.all.get(at))
    }

    /// The word of the entry with an id; mostly one of the newest.
    #[must_use]
    pub fn by_id(&self, id: Uuid) -> Option<&Word> {
        self.all.iter().rfind(|word| word.id == id)
    }

    /// What all decided after a word, as of the same day: of that day it is the newer one.
    #[must_use]
    pub fn decided_since(&self, word: &Word) -> Option<&Word> {
        let mut later = self.standing().rev().take_while(|other| other.sequence > word.sequence);
        later.find(|other| other.said == Said::Decided && other.effective.begin() == word.effective.begin())
    }

    /// Whether a party said anything that stands, whatever it is about, of what is true by a day, or of any.
    #[must_use]
    pub fn spoken_by(&self, party: &Code, effective: Option<NaiveDate>) -> bool {
        let within = |word: &Word| effective.is_none_or(|day| word.effective.begin() <= day);
        let own = |word: &Word| word.is_of(party) && !matches!(word.said, Said::Verified(..));
        self.standing().any(|word| own(word) && within(word))
    }

    /// How much memory they take, in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<Word>()
    }

    /// Adds the newest.
    pub fn say(&mut self, word: Word) {
        // Words are most of what a ledger keeps in memory, and to move them to where there is room is most of what they take.
        if self.all.len() == self.all.capacity() {
            self.all.reserve_exact(self.all.len() / 2 + 4);
        }
        let begin = word.effective.begin();
        self.back = self.back.max(self.latest - begin);
        self.latest = self.latest.max(begin);
        self.all.push(word);
    }

    /// Voids the word of the entry with an id, if there is one, by another.
    pub fn void(&mut self, id: Uuid, by: Mark) {
        if let Some(word) = self.all.iter_mut().rfind(|word| word.id == id) {
            word.voided = Some(by);
        }
    }

    /// As they were after a number of entries.
    #[must_use]
    pub fn until(&self, size: u64) -> Self {
        let said = self.all.iter().take_while(|word| word.sequence < size);
        said.map(|word| Word { voided: word.voided.filter(|by| by.sequence < size), ..word.clone() })
            .collect()
    }

    /// The word before and the word after a moment on the effective axis, among a party's own lifecycles.
    #[must_use]
    pub fn neighbours(&self, party: &Code, effective: Effective) -> (Option<&Word>, Option<&Word>) {
        let (mut before, mut after): (Option<&Word>, Option<&Word>) = (None, None);
        // No word before one begins later than it by more than any went back.
        let mut reach = NaiveDate::MAX;
        for word in self.all.iter().rev() {
            if before.is_some_and(|before| reach <= before.effective.begin()) {
                break;
            }
            reach = reach.min(word.effective.begin() + self.back);
            if word.voided.is_some() || word.lifecycle.is_none() || matches!(word.said, Said::Contested(_)) {
                continue;
            }
            let is_after = word.effective.begin() > effective.begin();
            let known = if is_after { &mut after } else { &mut before };
            let nearer = known.is_none_or(|known| (word.place() < known.place()) == is_after);
            if nearer && word.is_of(party) {
                *known = Some(word);
            }
        }
        (before, after)
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::NONE
    }
}

impl FromIterator<Word> for Words {
    fn from_iter<I: IntoIterator<Item = Word>>(words: I) -> Self {
        let words = words.into_iter();
        let mut all = Self { all: Vec::with_capacity(words.size_hint().0), ..Self::NONE };
        words.for_each(|word| all.say(word));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word(sequence: u64, (party, day, lifecycle, contests, voided): (bool, u32, bool, bool, bool)) -> Word {
        let party = if party { "DK" } else { "KR" };
        let author = Author { party: party.parse().unwrap(), institution: None };
        let today = "2024-12-31".parse().unwrap();
        let place = Place {
            id: Uuid::from_u128(u128::from(sequence)),
            sequence,
            day: today,
            author: &author,
            answers: None,
        };
        let effective = Effective::day(NaiveDate::from_ymd_opt(2021, 1, 1 + day).unwrap());
        let said = if contests { Said::Contested(0) } else { Said::Progressed };
        Word {
            lifecycle: lifecycle.then_some(Lifecycle::UnderWay),
            voided: voided.then_some(Mark { sequence: sequence + 1, day: today }),
            ..Word::spoken(&place, effective, said)
        }
    }

    /// The same by asking every word.
    fn nearest<'a>(words: &'a Words, party: &Code, day: NaiveDate) -> (Option<&'a Word>, Option<&'a Word>) {
        let own = |word: &&Word| {
            word.lifecycle.is_some() && word.is_of(party) && !matches!(word.said, Said::Contested(_))
        };
        let own: Vec<&Word> = words.standing().filter(own).collect();
        let (before, after): (Vec<&Word>, Vec<&Word>) =
            own.into_iter().partition(|word| word.effective.begin() <= day);
        let place = |word: &&Word| word.place();
        (before.into_iter().max_by_key(place), after.into_iter().min_by_key(place))
    }

    proptest! {
        #[test]
        fn the_nearest_words_are_found_without_asking_all(
            said in proptest::collection::vec((any::<bool>(), 0..28_u32, any::<bool>(), proptest::bool::weighted(0.2), proptest::bool::weighted(0.2)), 0..12)
        ) {
            let mut one_by_one = Words::default();
            for (sequence, said) in (0..).zip(&said) {
                one_by_one.say(word(sequence, *said));
            }
            let at_once: Words = (0..).zip(&said).map(|(sequence, said)| word(sequence, *said)).collect();
            prop_assert_eq!(&at_once, &one_by_one);
            for party in ["DK", "KR"] {
                let party = party.parse().unwrap();
                for day in 1..=28 {
                    let day = NaiveDate::from_ymd_opt(2021, 1, day).unwrap();
                    prop_assert_eq!(at_once.neighbours(&party, Effective::day(day)), nearest(&at_once, &party, day));
                }
            }
        }
    }
}
