//! The parts of a request or an entry, read and checked where they stand: nothing of a line is copied but texts that hold
//! an escape.
//!
//! Whoever keeps a request or an entry has it in [`super::entry`]; what the attributes have to be is in
//! [`super::attribute`].

use super::attribute::{EntryFault, Fields, Name};
use super::entry::{ENTRY_LIMIT, SIGNED_LIMIT, Seal};
use super::hash::LeafHash;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use uuid::Uuid;

/// What an author says and signs; each part as in [`super::entry::Event`].
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
    /// An object.
    pub(super) data: &'a str,
    pub(super) signature: [u8; 64],
    /// The signed bytes, between which the runs lie that are not signed.
    pub(super) signed: [&'a [u8]; 3],
}

impl<'a> Parts<'a> {
    /// Reads a request.
    pub(super) fn of_request(bytes: &'a [u8]) -> Result<Self, EntryFault> {
        within(bytes.len(), ENTRY_LIMIT)?;
        Self::of(&Fields::of_request(bytes)?, bytes)
    }

    /// Reads an entry.
    pub(super) fn of_entry(bytes: &'a [u8]) -> Result<(Self, Seal), EntryFault> {
        within(bytes.len(), ENTRY_LIMIT)?;
        let fields = Fields::of_entry(bytes)?;
        Ok((Self::of(&fields, bytes)?, seal(&fields)?))
    }

    fn of(fields: &Fields<'a>, bytes: &'a [u8]) -> Result<Self, EntryFault> {
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
            signed: signed(fields, bytes)?,
        };
        within(parts.signed.iter().map(|part| part.len()).sum(), SIGNED_LIMIT)?;
        Ok(parts)
    }
}

/// Refuses what is longer than a limit, in bytes.
pub(super) fn within(found: usize, limit: usize) -> Result<(), EntryFault> {
    if found > limit { Err(EntryFault::Length { found, limit }) } else { Ok(()) }
}

fn signature(fields: &Fields<'_>) -> Result<[u8; 64], EntryFault> {
    let text = fields.code(Name::Signature)?;
    // The decoder asks for room in threes.
    let mut decoded = [0; 66];
    let length = STANDARD.decode_slice(text, &mut decoded).ok().filter(|length| *length == 64);
    let signature = length.and_then(|_| decoded.first_chunk()).copied();
    signature.ok_or_else(|| Name::Signature.is_not("88 characters of standard base64, an Ed25519 signature"))
}

/// In canonical order all that is not signed stands before `source` and before `subject`.
fn signed<'a>(fields: &Fields<'a>, bytes: &'a [u8]) -> Result<[&'a [u8]; 3], EntryFault> {
    // With the comma after it.
    let after = |name| fields.span(name).map(|span| span.end + 1);
    let (source, subject) = (fields.span(Name::Source)?.start, fields.span(Name::Subject)?.start);
    let pieces = [0..after(Name::Ledger)?, source..after(Name::SpecVersion)?, subject..bytes.len()];
    Ok(pieces.map(|piece| bytes.get(piece).unwrap_or_default()))
}

fn seal(fields: &Fields<'_>) -> Result<Seal, EntryFault> {
    let sequence = fields.code(Name::Sequence)?;
    Ok(Seal {
        sequence: (sequence.len() == 12 && sequence.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| sequence.parse().ok())
            .flatten()
            .ok_or_else(|| Name::Sequence.is_not("a number of twelve digits"))?,
        recordedtime: fields.time(Name::RecordedTime)?,
        prevhash: fields.hash(Name::PrevHash)?,
        streamversion: fields.count(Name::StreamVersion)?,
        streamprevhash: fields.hash(Name::StreamPrevHash)?,
    })
}
