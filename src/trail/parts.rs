//! The parts of a request or an entry, read and checked where they stand: nothing of a line is copied but texts that hold
//! an escape.
//!
//! Whoever keeps a request or an entry has it in [`super::entry`]; what the attributes have to be is in
//! [`super::attribute`].

mod at_once;

use super::attribute::{EntryFault, Fields, Name};
use super::canonical;
use super::entry::{ENTRY_LIMIT, SIGNED_LIMIT, Seal};
use super::hash::LeafHash;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::ops::Range;
use uuid::Uuid;

/// What an author says and signs; each part as in [`super::entry::Event`].
#[derive(Debug, PartialEq)]
pub(super) struct Parts<'a> {
    pub(super) ledger: Cow<'a, str>,
    pub(super) id: Uuid,
    pub(super) source: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) subject: Cow<'a, str>,
    pub(super) time: DateTime<Utc>,
    pub(super) keyid: Cow<'a, str>,
    pub(super) basehash: LeafHash,
    pub(super) causationid: Option<Uuid>,
    pub(super) correlationid: Option<Cow<'a, str>>,
    /// Where the object stands.
    pub(super) data: Range<usize>,
    pub(super) signature: [u8; 64],
    /// Where the signed bytes stand, between which the runs lie that are not signed.
    pub(super) signed: [Range<usize>; 3],
}

impl<'a> Parts<'a> {
    /// Reads a request.
    pub(super) fn of_request(line: &'a str) -> Result<Self, EntryFault> {
        within(line.len(), ENTRY_LIMIT)?;
        at_once::request(line).map_or_else(|| Self::of(&Fields::of_request(line.as_bytes())?, line.len()), Ok)
    }

    /// Reads an entry.
    pub(super) fn of_entry(line: &'a str) -> Result<(Self, Seal), EntryFault> {
        within(line.len(), ENTRY_LIMIT)?;
        at_once::entry(line).map_or_else(|| Self::one_by_one(line), Ok)
    }

    /// Reads the attributes of an entry one after another, so that the first fault is named.
    fn one_by_one(line: &'a str) -> Result<(Self, Seal), EntryFault> {
        let fields = Fields::of_entry(line.as_bytes())?;
        Ok((Self::of(&fields, line.len())?, seal(&fields)?))
    }

    fn of(fields: &Fields<'a>, end: usize) -> Result<Self, EntryFault> {
        fields.is(Name::SpecVersion, "1.0", "\"1.0\"")?;
        fields.is(Name::DataContentType, "application/json", "\"application/json\"")?;
        let parts = Self {
            ledger: fields.text(Name::Ledger)?,
            id: fields.id(Name::Id)?,
            source: fields.text(Name::Source)?,
            kind: fields.text(Name::Type)?,
            subject: fields.text(Name::Subject)?,
            time: fields.time(Name::Time)?,
            keyid: fields.text(Name::KeyId)?,
            basehash: fields.hash(Name::BaseHash)?,
            causationid: fields.optional(Name::CausationId, Fields::id)?,
            correlationid: fields.optional(Name::CorrelationId, Fields::text)?,
            data: fields.object(Name::Data)?,
            signature: signature(fields)?,
            signed: signed(fields, end)?,
        };
        within(parts.signed.iter().map(ExactSizeIterator::len).sum(), SIGNED_LIMIT)?;
        Ok(parts)
    }
}

/// The text that the bytes of a request or an entry are.
pub(super) fn text(bytes: &[u8]) -> Result<&str, EntryFault> {
    within(bytes.len(), ENTRY_LIMIT)?;
    Ok(canonical::text(bytes)?)
}

/// Refuses what is longer than a limit, in bytes.
pub(super) fn within(found: usize, limit: usize) -> Result<(), EntryFault> {
    if found > limit { Err(EntryFault::Length { found, limit }) } else { Ok(()) }
}

fn signature(fields: &Fields<'_>) -> Result<[u8; 64], EntryFault> {
    let signature = fields.code(Name::Signature)?.as_bytes().try_into().ok().and_then(decoded);
    signature.ok_or_else(|| Name::Signature.is_not("88 characters of standard base64, an Ed25519 signature"))
}

/// What each character of standard base64 stands for; any other byte has all bits, of which some stay above what four of them
/// stand for, wherever it is put.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which would refuse it")]
const SEXTETS: [u32; 256] = {
    let mut sextets = [u32::MAX; 256];
    let mut alphabet: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut sextet = 0;
    while let [character, rest @ ..] = alphabet {
        sextets[*character as usize] = sextet;
        (sextet, alphabet) = (sextet + 1, rest);
    }
    sextets
};

/// The signature that is written so, eight characters at a time, which are six bytes. Each entry has one.
fn decoded(text: &[u8; 88]) -> Option<[u8; 64]> {
    let sextet = |character: u8| SEXTETS.get(usize::from(character)).copied().unwrap_or(u32::MAX);
    let four = |[a, b, c, d]: [u8; 4]| sextet(a) << 18 | sextet(b) << 12 | sextet(c) << 6 | sextet(d);
    let mut text = *text;
    let padding = text.last_chunk_mut().filter(|padding| *padding == b"==")?;
    *padding = *b"AA";
    // Two bytes more than are written for, and two that the last step writes after them.
    let (mut bytes, mut refused) = ([0; 68], 0);
    for (at, [a, b, c, d, e, f, g, h]) in (0..).step_by(6).zip(text.as_chunks().0) {
        let (high, low) = (four([*a, *b, *c, *d]), four([*e, *f, *g, *h]));
        refused |= (high | low) >> 24;
        let six = u64::from(high) << 40 | u64::from(low) << 16;
        *bytes.get_mut(at..)?.first_chunk_mut()? = six.to_be_bytes();
    }
    let (signature, rest) = bytes.split_first_chunk()?;
    (refused == 0 && rest == [0; 4]).then_some(*signature)
}

/// In canonical order all that is not signed stands before `source` and before `subject`.
fn signed(fields: &Fields<'_>, end: usize) -> Result<[Range<usize>; 3], EntryFault> {
    // With the comma after it.
    let after = |name| fields.span(name).map(|span| span.end + 1);
    let (source, subject) = (fields.span(Name::Source)?.start, fields.span(Name::Subject)?.start);
    Ok([0..after(Name::Ledger)?, source..after(Name::SpecVersion)?, subject..end])
}

/// A number of twelve digits.
fn place(digits: &[u8; 12]) -> Option<u64> {
    let add = |number, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'));
    digits.iter().try_fold(0, add)
}

fn seal(fields: &Fields<'_>) -> Result<Seal, EntryFault> {
    let sequence = fields.code(Name::Sequence)?.as_bytes().try_into().ok().and_then(place);
    Ok(Seal {
        sequence: sequence.ok_or_else(|| Name::Sequence.is_not("a number of twelve digits"))?,
        recordedtime: fields.time(Name::RecordedTime)?,
        prevhash: fields.hash(Name::PrevHash)?,
        streamversion: fields.count(Name::StreamVersion)?,
        streamprevhash: fields.hash(Name::StreamPrevHash)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::entry::Entry;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn a_signature_is_read_as_the_library_reads_it() {
        let mut random = fastrand::Rng::with_seed(7);
        let library = |text: &[u8; 88]| STANDARD.decode(text).ok()?.try_into().ok();
        for _ in 0..2_000 {
            let signature: [u8; 64] = std::array::from_fn(|_| random.u8(..));
            let text: [u8; 88] = STANDARD.encode(signature).into_bytes().try_into().unwrap();
            assert_eq!(decoded(&text), Some(signature));
            let at = random.usize(..88);
            for byte in 0..=u8::MAX {
                let mut text = text;
                // Whatever the last character before the padding is, it has four bits of the signature alone.
                text[if byte % 3 == 0 { 85 } else { at }] = byte;
                assert_eq!(decoded(&text), library(&text), "{}", text.escape_ascii());
            }
        }
    }

    /// One by one, as a request.
    fn request(line: &str) -> Result<Parts<'_>, EntryFault> {
        Parts::of(&Fields::of_request(line.as_bytes())?, line.len())
    }

    #[test]
    fn what_is_read_at_once_is_what_is_read_one_by_one() {
        const HISTORIES: [&str; 2] = [
            include_str!("../../tests/vectors/entries.jsonl"),
            include_str!("../../tests/vectors/history.jsonl"),
        ];
        let mut random = fastrand::Rng::with_seed(7);
        for line in HISTORIES.iter().flat_map(|history| history.lines()) {
            let signed = Entry::parse(line.as_bytes()).unwrap().request.to_bytes();
            let is_read = std::str::from_utf8(&signed).is_ok_and(|signed| at_once::request(signed).is_some());
            assert!(is_read && at_once::entry(line).is_some());
            for text in [line.as_bytes(), &signed] {
                for _ in 0..1_000 {
                    let mut bytes = text.to_vec();
                    let (at, end) = (random.usize(..bytes.len()), random.usize(..bytes.len()));
                    match random.u8(..6) {
                        0 => bytes[at] = b"\"{},:a"[random.usize(..6)],
                        1 => bytes[at] = random.u8(..),
                        2 => bytes[at] ^= 1 << random.u8(..8),
                        3 => drop(bytes.drain(at..end.max(at))),
                        4 => drop(bytes.splice(at..at, text.iter().copied().skip(end).take(30)).count()),
                        _ => {}
                    }
                    let Ok(said) = super::text(&bytes) else { continue };
                    assert_eq!(at_once::entry(said), Parts::one_by_one(said).ok(), "{said}");
                    assert_eq!(at_once::request(said), request(said).ok(), "{said}");
                }
            }
        }
    }
}
