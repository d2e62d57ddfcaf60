//! Entries and the requests that they are made of: one line of canonical JSON each, an event of CloudEvents 1.0.
//!
//! An author writes and signs an [`Event`]; with its signature it is a [`Request`]. The ledger adds a [`Seal`] and the
//! whole is an [`Entry`]. In canonical order the signed bytes are the entry with two runs cut out:
//!
//! ```text
//! {"basehash":…,"data":…,"datacontenttype":…,"id":…,"keyid":…,"ledger":…,
//!  "prevhash":…,"recordedtime":…,"sequence":…,"signature":…,                    ← cut
//!  "source":…,"specversion":…,
//!  "streamprevhash":…,"streamversion":…,                                        ← cut
//!  "subject":…,"time":…,"type":…}
//! ```
//!
//! What `data` means and who may sign it is not here.

use super::attribute::{CORRELATION, Fields, INSTANT, Name, VERSION_7, is_correlation, is_version_7};
pub use super::attribute::{EntryFault, parse_id, parse_timestamp, timestamp};
use super::canonical::{Fault, NotCanonical};
use super::data::Data;
use super::excerpt::Excerpt;
use super::hash::{Head, LeafHash};
use super::key::{Kind, SigningKey, VerifierKey};
use super::parts::{Parts, text, within};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use memchr::memrchr_iter;
use std::ops::Range;
use std::sync::OnceLock;
use uuid::Uuid;

/// The longest entry in bytes, without its newline (the limit of C2SP tlog-tiles).
pub const ENTRY_LIMIT: usize = 65_535;

/// The longest signed part in bytes, so that the ledger's part always fits.
pub const SIGNED_LIMIT: usize = 64_512;

/// What stands before the signed bytes, so that a signature over an entry is never one over something else.
pub const CONTEXT: &[u8] = b"annals/entry/v1\n";

/// What an author says: the signed attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The ledger's origin.
    pub ledger: Excerpt,
    /// UUIDv7; with the party it is the idempotency key.
    pub id: Uuid,
    /// Who speaks: `parties/KR`, `parties/KR/institutions/MOTIE`, `ledger`.
    pub source: Excerpt,
    /// What happened, in the past tense: `annals.action.progressed.v1`.
    pub kind: Excerpt,
    /// The stream: `actions/1.G2G.3`.
    pub subject: Excerpt,
    /// When the author said it, to the millisecond.
    pub time: DateTime<Utc>,
    /// The signing key.
    pub keyid: Excerpt,
    /// The newest entry that the author had verified.
    pub basehash: LeafHash,
    /// The entry that this one answers.
    pub causationid: Option<Uuid>,
    /// What it belongs to.
    pub correlationid: Option<Excerpt>,
    /// The event's own fields.
    pub data: Data,
}

/// An event that its author has signed.
#[derive(Debug, Clone)]
pub struct Request {
    /// What was said.
    pub event: Event,
    /// Ed25519 over [`CONTEXT`] and the canonical bytes of the event.
    pub signature: [u8; 64],
    /// What it was read from, or what was signed.
    line: Excerpt,
    /// Where the signed bytes stand in it: before `source` and before `subject` it may have what is not signed.
    signed: [Range<usize>; 3],
}

/// What the ledger adds when it appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Position in the ledger, from 0.
    pub sequence: u64,
    /// When the ledger took it.
    pub recordedtime: DateTime<Utc>,
    /// Leaf hash of the entry before.
    pub prevhash: LeafHash,
    /// Position in its stream, from 1.
    pub streamversion: u64,
    /// Leaf hash of the entry before in the same stream.
    pub streamprevhash: LeafHash,
}

/// A request sealed at its position.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was asked.
    pub request: Request,
    /// What the ledger added.
    pub seal: Seal,
    leaf: OnceLock<LeafHash>,
    length: usize,
}

impl Event {
    /// The canonical bytes of the signed attributes.
    ///
    /// # Errors
    /// [`EntryFault::Form`] where `data` has no canonical form; [`EntryFault::Attribute`] where an id is not a UUIDv7, the
    /// time not to the millisecond, or the correlation empty or with a control character; [`EntryFault::Length`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryFault> {
        self.write().map(|(line, _)| line.into_bytes())
    }

    /// Refuses to sign, or to record what somebody else signed, what no other reader takes for the attribute of an event. Entries that
    /// were recorded before this was asked for are read as they are.
    ///
    /// # Errors
    /// [`EntryFault::Attribute`], where the correlation is empty or has a control character.
    pub fn correlated(&self) -> Result<(), EntryFault> {
        match self.correlationid.as_deref().filter(|id| !is_correlation(id)) {
            Some(_) => Err(Name::CorrelationId.is_not(CORRELATION)),
            None => Ok(()),
        }
    }

    /// The canonical text, and where `source` and `subject` begin in it.
    fn write(&self) -> Result<(String, [usize; 2]), EntryFault> {
        // What could not be read back is never signed.
        for (name, id) in [(Name::Id, Some(self.id)), (Name::CausationId, self.causationid)] {
            if id.is_some_and(|id| !is_version_7(id)) {
                return Err(name.is_not(VERSION_7));
            }
        }
        let time = timestamp(self.time);
        if parse_timestamp(&time) != Some(self.time) {
            return Err(Name::Time.is_not(INSTANT));
        }
        self.correlated()?;
        let unwritten = |_| NotCanonical { offset: 0, fault: Fault::Value };
        let quoted = |text: &str| serde_json::to_string(text).map_err(unwritten);
        let mut line = String::with_capacity(self.data.as_str().len() + 768);
        let mut put = |name: Name, value: &str| {
            line.push(if line.is_empty() { '{' } else { ',' });
            for part in ["\"", name.as_str(), "\":", value] {
                line.push_str(part);
            }
        };
        put(Name::BaseHash, &quoted(&self.basehash.to_string())?);
        if let Some(id) = self.causationid {
            put(Name::CausationId, &quoted(&id.to_string())?);
        }
        if let Some(id) = &self.correlationid {
            put(Name::CorrelationId, &quoted(id)?);
        }
        put(Name::Data, self.data.as_str());
        put(Name::DataContentType, "\"application/json\"");
        put(Name::Id, &quoted(&self.id.to_string())?);
        put(Name::KeyId, &quoted(&self.keyid)?);
        put(Name::Ledger, &quoted(&self.ledger)?);
        put(Name::Source, &quoted(&self.source)?);
        put(Name::SpecVersion, "\"1.0\"");
        put(Name::Subject, &quoted(&self.subject)?);
        put(Name::Time, &quoted(&time)?);
        put(Name::Type, &quoted(&self.kind)?);
        line.push('}');
        // What the texts hold is checked once all stands in its place.
        let fields = Fields::of_request(line.as_bytes())?;
        let cuts = [fields.span(Name::Source)?.start, fields.span(Name::Subject)?.start];
        within(line.len(), SIGNED_LIMIT)?;
        Ok((line, cuts))
    }

    /// Signs the event.
    ///
    /// # Errors
    /// As [`Event::to_bytes`].
    pub fn sign(self, key: &SigningKey) -> Result<Request, EntryFault> {
        let (line, [source, subject]) = self.write()?;
        let signature = key.sign(&[CONTEXT, line.as_bytes()].concat());
        let signed = [0..source, source..subject, subject..line.len()];
        Ok(Request { event: self, signature, line: line.into(), signed })
    }
}

impl Request {
    /// What was read of a line.
    fn of(parts: Parts<'_>, line: &Excerpt) -> Self {
        let event = Event {
            ledger: line.holding(parts.ledger),
            id: parts.id,
            source: line.holding(parts.source),
            kind: line.holding(parts.kind),
            subject: line.holding(parts.subject),
            time: parts.time,
            keyid: line.holding(parts.keyid),
            basehash: parts.basehash,
            causationid: parts.causationid,
            correlationid: parts.correlationid.map(|id| line.holding(id)),
            data: Data::read(line.part(parts.data)),
        };
        Self { event, signature: parts.signature, line: line.clone(), signed: parts.signed }
    }

    /// Reads the canonical bytes of a request.
    ///
    /// # Errors
    /// [`EntryFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryFault> {
        let line = Excerpt::from(text(bytes)?.to_owned());
        Ok(Self::of(Parts::of_request(line.as_str())?, &line))
    }

    /// The signed bytes: equal for two requests that say the same.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        self.pieces().concat()
    }

    /// The signed bytes, where they stand.
    fn pieces(&self) -> [&[u8]; 3] {
        self.signed.each_ref().map(|piece| self.line.bytes(piece))
    }

    /// The request as one canonical line, without newline.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.with(&format!("\"signature\":\"{}\",", STANDARD.encode(self.signature)), "")
    }

    /// The signed bytes with runs of members put in before `source` and before `subject`.
    fn with(&self, first: &str, second: &str) -> Vec<u8> {
        let [head, middle, tail] = self.pieces();
        [head, first.as_bytes(), middle, second.as_bytes(), tail].concat()
    }

    /// Whether `key` is the named key, one that signs entries, and its signature valid.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        let [head, middle, tail] = self.pieces();
        key.kind() == Kind::Ed25519
            && key.is_named(&self.event.keyid)
            && key.verifies_parts(&[CONTEXT, head, middle, tail], &self.signature)
    }

    /// Seals the request: the bytes of the entry, without newline, and the entry.
    #[must_use]
    pub fn seal(self, seal: Seal) -> (Vec<u8>, Entry) {
        let first = format!(
            "\"prevhash\":\"{}\",\"recordedtime\":\"{}\",\"sequence\":\"{:012}\",\"signature\":\"{}\",",
            seal.prevhash,
            timestamp(seal.recordedtime),
            seal.sequence,
            STANDARD.encode(self.signature)
        );
        let second = format!(
            "\"streamprevhash\":\"{}\",\"streamversion\":{},",
            seal.streamprevhash, seal.streamversion
        );
        let bytes = self.with(&first, &second);
        let (leaf, length) = (LeafHash::of(&bytes), bytes.len());
        (bytes, Entry { request: self, seal, leaf: leaf.into(), length })
    }
}

impl PartialEq for Request {
    /// What was said, and the signature: where it was read from makes no difference.
    fn eq(&self, other: &Self) -> bool {
        (&self.event, &self.signature) == (&other.event, &other.signature)
    }
}

impl Entry {
    /// Its stream, which ends with it.
    #[must_use]
    pub fn stream(&self) -> Head {
        Head { size: self.seal.streamversion, leaf: self.leaf() }
    }

    /// Reads the bytes of an entry, without newline.
    ///
    /// # Errors
    /// [`EntryFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryFault> {
        Self::read(&text(bytes)?.to_owned().into())
    }

    /// Reads the text of an entry, without newline.
    pub(super) fn read(line: &Excerpt) -> Result<Self, EntryFault> {
        let (parts, seal) = Parts::of_entry(line.as_str())?;
        Ok(Self {
            request: Request::of(parts, line),
            seal,
            leaf: OnceLock::new(),
            length: line.as_str().len(),
        })
    }

    /// The hash of its bytes, computed when it is asked for first: whoever only reads what entries say needs none.
    #[must_use]
    pub fn leaf(&self) -> LeafHash {
        // What was sealed here knows it; of what was read the line is the whole entry.
        *self.leaf.get_or_init(|| LeafHash::of(self.request.line.as_str().as_bytes()))
    }

    /// How many bytes it has, without newline.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }
}

impl PartialEq for Entry {
    /// What was sealed, from which all its bytes follow.
    fn eq(&self, other: &Self) -> bool {
        (&self.request, &self.seal) == (&other.request, &other.seal)
    }
}

/// The sequence that an entry's bytes name. Of bytes that are no entry's anything may be said.
#[must_use]
pub fn sequence(entry: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"sequence\":\"";
    // No attribute after it can hold a quotation mark, and `data` stands before it. Its one `q` is a rare letter.
    let is_here = |end: usize| entry.get(..end).is_some_and(|before| before.ends_with(NAME));
    let mut ends = memrchr_iter(b'q', entry).map(|at| at + NAME.len() - 3);
    let at = ends.find(|end| is_here(*end))?;
    let digits = std::str::from_utf8(entry.get(at..at + 12)?).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests;
