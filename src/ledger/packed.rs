//! Words packed: the bytes in which an action's words lie on the shelf, 51 to a word. They are derived, and read by the
//! process that wrote them; nothing of them is hashed or signed.
//!
//! ```text
//! parties (2), each with its length (1); then for each word
//! id (16) sequence (8) answers (8) day (4) effective (4) window (4) party (2)
//! said outcome occurrence lifecycle health (1 each)
//! ```
//!
//! Numbers are big-endian. A word of an axis is its place among all of it, from 1; 0 where nothing is said.

use crate::domain::assertion::{Health, Lifecycle, OccurrenceState, Outcome};
use crate::domain::date::Effective;
use crate::domain::value::Code;
use crate::domain::word::{Said, Word, Words};
use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

/// Bytes of a word.
const RECORD: usize = 51;
/// Set in `said` where the word was voided.
const VOIDED: u8 = 0x80;

/// The bytes of words; none where more than 65,535 parties spoke.
pub(super) fn pack(words: &Words) -> Option<Vec<u8>> {
    let mut parties: Vec<&Code> = Vec::new();
    let mut bytes = Vec::with_capacity(RECORD * words.all().len());
    for word in words.all() {
        let party = parties.iter().position(|party| **party == word.party).unwrap_or(parties.len());
        if party == parties.len() {
            parties.push(&word.party);
        }
        let (said, answers, outcome) = match word.said {
            Said::Progressed => (0, 0, 0),
            Said::Confirmed(at) => (1, at, 0),
            Said::Contested(at) => (2, at, 0),
            Said::Verified(at, outcome) => (3, at, place(Outcome::ALL, Some(outcome))),
        };
        let (window, occurrence) = word.occurrence.unzip();
        bytes.extend(word.id.as_bytes());
        bytes.extend(word.sequence.to_be_bytes());
        bytes.extend(answers.to_be_bytes());
        bytes.extend(word.day.num_days_from_ce().to_be_bytes());
        bytes.extend(word.effective.to_bits().to_be_bytes());
        bytes.extend(window.map_or(0, Effective::to_bits).to_be_bytes());
        bytes.extend(u16::try_from(party).ok()?.to_be_bytes());
        bytes.extend([
            if word.voided { said | VOIDED } else { said },
            outcome,
            place(OccurrenceState::ALL, occurrence),
            place(Lifecycle::ALL, word.lifecycle),
            place(Health::ALL, word.health),
        ]);
    }
    let mut head = u16::try_from(parties.len()).ok()?.to_be_bytes().to_vec();
    for party in parties {
        head.push(u8::try_from(party.as_str().len()).ok()?);
        head.extend(party.as_str().bytes());
    }
    Some([head, bytes].concat())
}

/// The words of bytes, each party's under one name; none where they are no words.
pub(super) fn unpack(bytes: &[u8]) -> Option<Words> {
    let (count, mut rest) = bytes.split_first_chunk()?;
    let mut parties: Vec<Code> = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first()?;
        let (party, after) = after.split_at_checked(usize::from(*length))?;
        parties.push(std::str::from_utf8(party).ok()?.parse().ok()?);
        rest = after;
    }
    let (records, []) = rest.as_chunks::<RECORD>() else { return None };
    records.iter().map(|record| word(record, &parties)).collect()
}

fn word(record: &[u8], parties: &[Code]) -> Option<Word> {
    let (id, rest) = record.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (answers, rest) = rest.split_first_chunk()?;
    let (day, rest) = rest.split_first_chunk()?;
    let (effective, rest) = rest.split_first_chunk()?;
    let (window, rest) = rest.split_first_chunk()?;
    let (party, rest) = rest.split_first_chunk()?;
    let [said, outcome, occurrence, lifecycle, health] = rest else { return None };
    let answers = u64::from_be_bytes(*answers);
    let window = || Effective::from_bits(u32::from_be_bytes(*window));
    Some(Word {
        id: Uuid::from_bytes(*id),
        sequence: u64::from_be_bytes(*sequence),
        day: NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(*day))?,
        party: parties.get(usize::from(u16::from_be_bytes(*party)))?.clone(),
        effective: Effective::from_bits(u32::from_be_bytes(*effective))?,
        said: match said & !VOIDED {
            0 => Said::Progressed,
            1 => Said::Confirmed(answers),
            2 => Said::Contested(answers),
            3 => Said::Verified(answers, at(Outcome::ALL, *outcome)?),
            _ => return None,
        },
        lifecycle: at(Lifecycle::ALL, *lifecycle),
        health: at(Health::ALL, *health),
        occurrence: match at(OccurrenceState::ALL, *occurrence) {
            Some(state) => Some((window()?, state)),
            None => None,
        },
        voided: said & VOIDED != 0,
    })
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
    use proptest::prelude::*;

    fn one<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        proptest::sample::select(all)
    }

    fn dates() -> impl Strategy<Value = Effective> {
        proptest::sample::select(vec!["0000", "2021", "2021-04", "2024-02-29", "9999-12-31"])
            .prop_map(|text| text.parse().unwrap())
    }

    prop_compose! {
        fn words_of_one(sequence: u64)(
            id in any::<u128>(),
            party in one(&["DK", "KR", "GL"]),
            (effective, window, state) in (dates(), dates(), one(OccurrenceState::ALL)),
            (kind, answers, outcome) in (0..4, any::<u64>(), one(Outcome::ALL)),
            lifecycle in proptest::option::of(one(Lifecycle::ALL)),
            health in proptest::option::of(one(Health::ALL)),
            (occurs, voided) in (any::<bool>(), any::<bool>()),
        ) -> Word {
            Word {
                id: Uuid::from_u128(id),
                sequence,
                day: "2022-12-31".parse().unwrap(),
                party: party.parse().unwrap(),
                effective,
                said: match kind {
                    0 => Said::Progressed,
                    1 => Said::Confirmed(answers),
                    2 => Said::Contested(answers),
                    _ => Said::Verified(answers, outcome),
                },
                lifecycle,
                health,
                occurrence: occurs.then_some((window, state)),
                voided,
            }
        }
    }

    proptest! {
        #[test]
        fn words_are_read_back_as_they_were(words in (0..20_u64).prop_flat_map(|count| {
            (0..count).map(words_of_one).collect::<Vec<_>>()
        })) {
            let words: Words = words.into_iter().collect();
            let bytes = pack(&words).unwrap();
            prop_assert_eq!(unpack(&bytes), Some(words));
            prop_assert_eq!(unpack(&bytes[..bytes.len() - 1]), None);
        }

        #[test]
        fn other_bytes_are_no_words_or_words_but_never_a_panic(bytes in any::<Vec<u8>>()) {
            let _ = unpack(&bytes);
        }
    }
}
