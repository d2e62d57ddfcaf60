//! Words packed: the records in which the index holds what was said of an action.
//!
//! ```text
//! key     sequence of the action's first entry (8) sequence (8)
//! value   id (16) answers (8) day (3) effective (3) window (3) date (3) party (2)
//!         said outcome occurrence lifecycle health (1 each) measures (4)
//! ```
//!
//! Numbers are big-endian. A word of an axis is its place among all of it, from 1; 0 where nothing is said, as where an occurrence has
//! no date. A correction is a record as well, and has its day and the word that it voids, so that the records before an entry give the
//! words as they were then.

use crate::domain::assertion::{Health, Lifecycle, Occurrence, OccurrenceState, Outcome};
use crate::domain::date::Effective;
use crate::domain::value::Code;
use crate::domain::word::{Mark, Said, Word, Words};
use crate::store::runs::Found;
use std::num::NonZeroU32;
use uuid::Uuid;

mod latest;

pub(super) use latest::Latest;

/// Bytes of a word.
pub(super) const WORD: usize = 47;
/// Where it says what kind of word it is.
const SAID: usize = 38;
/// What `said` is of a contest, of an auditor's finding, of a correction and of a decision.
const CONTESTED: u8 = 2;
const VERIFIED: u8 = 3;
const VOIDS: u8 = 4;
const DECIDED: u8 = 5;

/// The bytes of a sequence.
pub(super) type Sequence = [u8; 8];

/// The key of a record of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key(pub(super) [u8; 16]);

impl Key {
    /// Of the entry with a sequence, in the stream that begins with another.
    pub(super) fn new(first: u64, sequence: u64) -> Self {
        Self((u128::from(first) << 64 | u128::from(sequence)).to_be_bytes())
    }

    /// Of the entry that its stream begins with.
    pub(super) fn first(self) -> u64 {
        self.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    pub(super) fn sequence(self) -> u64 {
        self.0.last_chunk().map_or(0, |sequence| u64::from_be_bytes(*sequence))
    }
}

/// A record of a word or of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed(pub(super) [u8; WORD]);

impl Packed {
    /// What the entry with a sequence added to words, if it did; a party that speaks for the first time joins `parties`.
    pub(super) fn of(words: &Words, sequence: u64, parties: &mut Vec<Code>) -> Option<Self> {
        if let Some(word) = words.all().last().filter(|word| word.sequence == sequence) {
            return Self::word(word, parties);
        }
        let voided =
            words.all().iter().rfind(|word| word.voided.is_some_and(|by| by.sequence == sequence))?;
        let mut record = [0; WORD];
        record.get_mut(16..24)?.copy_from_slice(&voided.sequence.to_be_bytes());
        record.get_mut(24..27)?.copy_from_slice(&date(Effective::day(voided.voided?.day)));
        *record.get_mut(SAID)? = VOIDS;
        Some(Self(record))
    }

    fn word(word: &Word, parties: &mut Vec<Code>) -> Option<Self> {
        let party = parties.iter().position(|party| *party == word.party).unwrap_or(parties.len());
        if party == parties.len() {
            parties.push(word.party.clone());
        }
        let (said, answers, outcome) = match word.said {
            Said::Progressed => (0, 0, 0),
            Said::Confirmed(at) => (1, at, 0),
            Said::Contested(at) => (CONTESTED, at, 0),
            Said::Verified(at, outcome) => (VERIFIED, at, place(Outcome::ALL, Some(outcome))),
            Said::Decided => (DECIDED, 0, 0),
        };
        let occurrence = word.occurrence;
        let fields: [&[u8]; 9] = [
            word.id.as_bytes(),
            &answers.to_be_bytes(),
            &date(Effective::day(word.day)),
            &date(word.effective),
            &occurrence.map_or([0; 3], |said| date(said.window)),
            &occurrence.and_then(|said| said.date).map_or([0; 3], date),
            &u16::try_from(party).ok()?.to_be_bytes(),
            &[
                said,
                outcome,
                place(OccurrenceState::ALL, occurrence.map(|said| said.state)),
                place(Lifecycle::ALL, word.lifecycle),
                place(Health::ALL, word.health),
            ],
            &word.measures.map_or(0, NonZeroU32::get).to_be_bytes(),
        ];
        let (mut record, mut end) = ([0; WORD], 0);
        for field in fields {
            record.get_mut(end..end + field.len())?.copy_from_slice(field);
            end += field.len();
        }
        (end == WORD).then_some(Self(record))
    }
}

/// A record of a stream, where it lies.
pub(super) type Record<'a> = Found<'a, 16, WORD>;

/// The words of one action, of its records in the order of their keys; none where they are others. A word names its party by its
/// place among `parties`.
pub(super) fn words(records: &[Record<'_>], parties: &[Code]) -> Option<Words> {
    let mut words: Vec<Word> = Vec::with_capacity(records.len());
    for (key, record) in records {
        let (sequence, fields) = (Key(**key).sequence(), Fields::of(record));
        if fields.said == VOIDS {
            let voided = words.binary_search_by_key(&fields.answers, |word| word.sequence).ok()?;
            let day = Effective::from_bits(fields.day)?.begin();
            words.get_mut(voided)?.voided = Some(Mark { sequence, day });
        } else {
            words.push(fields.word(sequence, parties)?);
        }
    }
    Some(words.into_iter().collect())
}

/// What a record says, in numbers.
#[derive(Debug, Clone, Copy)]
struct Fields {
    id: [u8; 16],
    answers: u64,
    day: u32,
    effective: u32,
    window: u32,
    date: u32,
    party: u16,
    said: u8,
    outcome: u8,
    occurrence: u8,
    lifecycle: u8,
    health: u8,
    measures: u32,
}

impl Fields {
    fn of(record: &[u8; WORD]) -> Self {
        let mut rest = record.as_slice();
        Self {
            id: next(&mut rest),
            answers: u64::from_be_bytes(next(&mut rest)),
            day: bits(next(&mut rest)),
            effective: bits(next(&mut rest)),
            window: bits(next(&mut rest)),
            date: bits(next(&mut rest)),
            party: u16::from_be_bytes(next(&mut rest)),
            said: u8::from_be_bytes(next(&mut rest)),
            outcome: u8::from_be_bytes(next(&mut rest)),
            occurrence: u8::from_be_bytes(next(&mut rest)),
            lifecycle: u8::from_be_bytes(next(&mut rest)),
            health: u8::from_be_bytes(next(&mut rest)),
            measures: u32::from_be_bytes(next(&mut rest)),
        }
    }

    fn word(&self, sequence: u64, parties: &[Code]) -> Option<Word> {
        Some(Word {
            id: Uuid::from_bytes(self.id),
            sequence,
            day: Effective::from_bits(self.day)?.begin(),
            party: parties.get(usize::from(self.party))?.clone(),
            effective: Effective::from_bits(self.effective)?,
            said: match self.said {
                0 => Said::Progressed,
                1 => Said::Confirmed(self.answers),
                CONTESTED => Said::Contested(self.answers),
                VERIFIED => Said::Verified(self.answers, at(Outcome::ALL, self.outcome)?),
                DECIDED => Said::Decided,
                _ => return None,
            },
            lifecycle: at(Lifecycle::ALL, self.lifecycle),
            health: at(Health::ALL, self.health),
            occurrence: match at(OccurrenceState::ALL, self.occurrence) {
                Some(state) => Some(Occurrence {
                    window: Effective::from_bits(self.window)?,
                    state,
                    date: if self.date == 0 { None } else { Some(Effective::from_bits(self.date)?) },
                }),
                None => None,
            },
            measures: NonZeroU32::new(self.measures),
            voided: None,
        })
    }
}

/// A date as three bytes: its number is smaller than 2^24.
fn date(date: Effective) -> [u8; 3] {
    let [_, bytes @ ..] = date.to_bits().to_be_bytes();
    bytes
}

/// The number of a date.
const fn bits([high, middle, low]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, high, middle, low])
}

/// The next bytes of a record, which has them: the lengths of its fields make its own.
fn next<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (bytes, after) = rest.split_first_chunk().unwrap_or((&[0; N], &[]));
    *rest = after;
    *bytes
}

fn place<T: PartialEq>(all: &[T], one: Option<T>) -> u8 {
    let at = one.and_then(|one| all.iter().position(|each| *each == one)).map_or(0, |at| at + 1);
    u8::try_from(at).unwrap_or(0)
}

fn at<T: Copy>(all: &[T], place: u8) -> Option<T> {
    usize::from(place).checked_sub(1).and_then(|at| all.get(at)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::status;
    use proptest::prelude::*;

    fn found(records: &[([u8; 16], [u8; WORD])]) -> Vec<Record<'_>> {
        records.iter().map(|(key, record)| (key, record)).collect()
    }

    fn one<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        proptest::sample::select(all)
    }

    fn dates() -> impl Strategy<Value = Effective> {
        proptest::sample::select(vec![
            "0000-01-01",
            "0000",
            "2021",
            "2021-01",
            "2021-04",
            "2024-02-29",
            "9999-12-31",
        ])
        .prop_map(|text| text.parse().unwrap())
    }

    prop_compose! {
        fn words_of_one(sequence: u64)(
            id in any::<u64>(),
            party in one(&["DK", "KR", "GL"]),
            (effective, window, state, date) in (dates(), dates(), one(OccurrenceState::ALL), proptest::option::of(dates())),
            (kind, outcome) in (0..5, one(Outcome::ALL)),
            answers in prop_oneof![0..=sequence, any::<u64>()],
            lifecycle in proptest::option::of(one(Lifecycle::ALL)),
            health in proptest::option::of(one(Health::ALL)),
            (occurs, measures) in any::<(bool, u32)>(),
        ) -> Word {
            Word {
                id: Uuid::from_u64_pair(id, sequence),
                sequence,
                day: "2022-12-31".parse().unwrap(),
                party: party.parse().unwrap(),
                effective,
                said: match kind {
                    0 => Said::Progressed,
                    1 => Said::Confirmed(answers),
                    2 => Said::Contested(answers),
                    3 => Said::Decided,
                    _ => Said::Verified(answers, outcome),
                },
                lifecycle,
                health,
                occurrence: occurs.then_some(Occurrence { window, state, date }),
                measures: NonZeroU32::new(measures),
                voided: None,
            }
        }
    }

    proptest! {
        #[test]
        fn words_are_read_back_as_they_were_after_any_entry_and_the_latest_make_their_status(
            said in (0..20_u64).prop_flat_map(|count| (0..count).map(|at| words_of_one(2 * at)).collect::<Vec<_>>()),
            voided in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
        ) {
            let (mut parties, mut records, mut then) = (Vec::new(), Vec::new(), vec![Words::NONE]);
            let mut words = Words::NONE;
            let mut next = |words: &Words, sequence| {
                records.extend(Packed::of(words, sequence, &mut parties).map(|record| (Key::new(7, sequence).0, record.0)));
                then.push(words.clone());
            };
            for word in said {
                let sequence = word.sequence;
                words.say(word);
                next(&words, sequence);
                if let Some(of) = voided.get(usize::try_from(sequence / 2).unwrap() / 4) {
                    let of = &words.all()[of.index(words.all().len())];
                    if of.voided.is_none() {
                        let id = of.id;
                        words.void(id, Mark { sequence: sequence + 1, day: "2023-02-03".parse().unwrap() });
                        next(&words, sequence + 1);
                    }
                }
            }
            prop_assert_eq!(records.len() + 1, then.len());
            for (count, then) in then.iter().enumerate() {
                prop_assert_eq!(super::words(&found(&records[..count]), &parties).unwrap(), then.clone());
                let size = records.get(count).map_or(u64::MAX, |(key, _)| Key(*key).sequence());
                prop_assert_eq!(&words.until(size), then);
            }
            let (ours, others) = (["KR", "DK", "FO"].map(|party| party.parse().unwrap()), parties.as_slice());
            let speakers: Vec<&Code> = ours.iter().collect();
            for (count, then) in then.iter().enumerate() {
                for by in [None, Some("2020-12-31"), Some("2021-01-01"), Some("2021-04-30"), Some("2024-02-29")] {
                    let by = by.map(|day| day.parse().unwrap());
                    let latest = Latest::by(by, others, &speakers);
                    let (latest, rests) = latest.of(&found(&records[..count]), true).unwrap();
                    prop_assert_eq!(status::of(&latest, &speakers, by, 30), status::of(then, &speakers, by, 30));
                    prop_assert_eq!(rests, status::suspensions(then, &speakers, by));
                    prop_assert!(latest.all().iter().all(|word| word.voided.is_none()));
                }
            }
        }

        #[test]
        fn other_bytes_are_no_words_or_words_but_never_a_panic(records in any::<Vec<([u8; 16], [[u8; 16]; 3])>>()) {
            let record = |bytes: [[u8; 16]; 3]| bytes.concat()[..WORD].try_into().unwrap();
            let records: Vec<_> = records.into_iter().map(|(key, value)| (key, record(value))).collect();
            let parties = ["KR".parse().unwrap()];
            let _ = words(&found(&records), &parties);
            let _ = Latest::by(None, &parties, &[&parties[0]]).of(&found(&records), true);
        }
    }
}
