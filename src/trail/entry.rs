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

use super::canonical::{self, Member, NotCanonical};
use super::hash::LeafHash;
use super::key::{Kind, SigningKey, VerifierKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::{Uuid, Variant};

/// The longest entry in bytes, without its newline (the limit of C2SP tlog-tiles).
pub const ENTRY_LIMIT: usize = 65_535;

/// The longest signed part in bytes, so that the ledger's part always fits.
pub const SIGNED_LIMIT: usize = 64_512;

/// What stands before the signed bytes, so that a signature over an entry is never one over something else.
pub const CONTEXT: &[u8] = b"annals/entry/v1\n";

const VERSION_7: &str = "a UUID of version 7 in lower case";
const INSTANT: &str = "an instant such as 2021-04-14T09:30:00.000Z";

const SIGNATURE: &str = "signature";
const SEALED: [&str; 5] = ["prevhash", "recordedtime", "sequence", "streamprevhash", "streamversion"];
const SIGNED: [&str; 13] = [
    "basehash",
    "causationid",
    "correlationid",
    "data",
    "datacontenttype",
    "id",
    "keyid",
    "ledger",
    "source",
    "specversion",
    "subject",
    "time",
    "type",
];

/// Why bytes are not a request or an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    /// Not in canonical form.
    #[error("not in canonical form")]
    Form(#[from] NotCanonical),
    /// Longer than the limit.
    #[error(
        "{found} bytes long, and {limit} are allowed: shorten its texts, or put them into a file as evidence"
    )]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// An attribute that this version does not know.
    #[error("the attribute `{0}` is unknown")]
    Unknown(String),
    /// An attribute that must be there.
    #[error("the attribute `{0}` is missing")]
    Missing(&'static str),
    /// An attribute of another shape than its own.
    #[error("the attribute `{name}` is not {expected}")]
    Attribute {
        /// Which one.
        name: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
}

/// What an author says: the signed attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The ledger's origin.
    pub ledger: String,
    /// UUIDv7; with the party it is the idempotency key.
    pub id: Uuid,
    /// Who speaks: `parties/KR`, `parties/KR/institutions/MOTIE`, `ledger`.
    pub source: String,
    /// What happened, in the past tense: `annals.action.progressed.v1`.
    pub kind: String,
    /// The stream: `actions/1.G2G.3`.
    pub subject: String,
    /// When the author said it, to the millisecond.
    pub time: DateTime<Utc>,
    /// The signing key.
    pub keyid: String,
    /// The newest entry that the author had verified.
    pub basehash: LeafHash,
    /// The entry that this one answers.
    pub causationid: Option<Uuid>,
    /// What it belongs to.
    pub correlationid: Option<String>,
    /// The event's own fields, an object.
    pub data: Map<String, Value>,
}

/// An event that its author has signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What was said.
    pub event: Event,
    /// Ed25519 over [`CONTEXT`] and the canonical bytes of the event.
    pub signature: [u8; 64],
    signed: Vec<u8>,
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
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What was asked.
    pub request: Request,
    /// What the ledger added.
    pub seal: Seal,
    /// The hash of its bytes.
    pub leaf: LeafHash,
}

impl Event {
    /// The canonical bytes of the signed attributes.
    ///
    /// # Errors
    /// [`EntryFault::Form`] where `data` has no canonical form; [`EntryFault::Attribute`] where an id is not a UUIDv7 or the
    /// time not to the millisecond; [`EntryFault::Length`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryFault> {
        // What could not be read back is never signed.
        for (name, id) in [("id", Some(self.id)), ("causationid", self.causationid)] {
            if id.is_some_and(|id| !is_version_7(id)) {
                return Err(EntryFault::Attribute { name, expected: VERSION_7 });
            }
        }
        if parse_timestamp(&timestamp(self.time)) != Some(self.time) {
            return Err(EntryFault::Attribute { name: "time", expected: INSTANT });
        }
        let mut members = Map::new();
        let mut put = |name: &str, value: String| members.insert(name.to_owned(), Value::String(value));
        put("specversion", "1.0".to_owned());
        put("ledger", self.ledger.clone());
        put("id", self.id.to_string());
        put("source", self.source.clone());
        put("type", self.kind.clone());
        put("subject", self.subject.clone());
        put("time", timestamp(self.time));
        put("datacontenttype", "application/json".to_owned());
        put("keyid", self.keyid.clone());
        put("basehash", self.basehash.to_string());
        if let Some(id) = self.causationid {
            put("causationid", id.to_string());
        }
        if let Some(id) = &self.correlationid {
            put("correlationid", id.clone());
        }
        members.insert("data".to_owned(), Value::Object(self.data.clone()));
        let bytes = canonical::write(&Value::Object(members))?;
        within(bytes.len(), SIGNED_LIMIT)?;
        Ok(bytes)
    }

    /// Signs the event.
    ///
    /// # Errors
    /// As [`Event::to_bytes`].
    pub fn sign(self, key: &SigningKey) -> Result<Request, EntryFault> {
        let signed = self.to_bytes()?;
        let signature = key.sign(&[CONTEXT, &signed].concat());
        Ok(Request { event: self, signature, signed })
    }
}

impl Request {
    /// Reads the canonical bytes of a request.
    ///
    /// # Errors
    /// [`EntryFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryFault> {
        within(bytes.len(), ENTRY_LIMIT)?;
        let members = canonical::members(bytes)?;
        let fields = Fields::new(bytes, &members, false)?;
        fields.request(bytes, &members)
    }

    /// The signed bytes: equal for two requests that say the same.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        &self.signed
    }

    /// The request as one canonical line, without newline.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let run = format!("\"signature\":\"{}\",", STANDARD.encode(self.signature));
        splice(&self.signed, &[("source", run)])
    }

    /// Whether `key` is the named key, one that signs entries, and its signature valid.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        key.kind() == Kind::Ed25519
            && key.keyid() == self.event.keyid
            && key.verifies(&[CONTEXT, &self.signed].concat(), &self.signature)
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
        let bytes = splice(&self.signed, &[("source", first), ("subject", second)]);
        let leaf = LeafHash::of(&bytes);
        (bytes, Entry { request: self, seal, leaf })
    }
}

impl Entry {
    /// Reads the bytes of an entry, without newline.
    ///
    /// # Errors
    /// [`EntryFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryFault> {
        within(bytes.len(), ENTRY_LIMIT)?;
        let members = canonical::members(bytes)?;
        let fields = Fields::new(bytes, &members, true)?;
        let request = fields.request(bytes, &members)?;
        let sequence = fields.text("sequence")?;
        let seal = Seal {
            sequence: (sequence.len() == 12 && sequence.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| sequence.parse().ok())
                .flatten()
                .ok_or(EntryFault::Attribute { name: "sequence", expected: "a number of twelve digits" })?,
            recordedtime: fields.time("recordedtime")?,
            prevhash: fields.hash("prevhash")?,
            streamversion: fields
                .raw("streamversion")?
                .parse()
                .ok()
                .filter(|version| *version > 0)
                .ok_or(EntryFault::Attribute { name: "streamversion", expected: "an integer from 1" })?,
            streamprevhash: fields.hash("streamprevhash")?,
        };
        Ok(Self { request, seal, leaf: LeafHash::of(bytes) })
    }
}

/// An instant as it is hashed: RFC 3339, UTC, milliseconds, `Z`.
///
/// ```
/// use annals::trail::entry::{parse_timestamp, timestamp};
/// let instant = parse_timestamp("2021-04-14T09:30:00.000Z").unwrap();
/// assert_eq!(timestamp(instant), "2021-04-14T09:30:00.000Z");
/// assert!(parse_timestamp("2021-04-14T09:30:60.000Z").is_none());
/// ```
#[must_use]
pub fn timestamp(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads an instant in the one form that [`timestamp`] writes; second 60 is none.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    // Writing it back refuses every other form at once: offsets, lower case, other precisions, leap seconds.
    (timestamp(instant) == text && text.get(17..19) != Some("60")).then_some(instant)
}

/// The stream that an entry's bytes name, if they are an entry's.
#[must_use]
pub fn subject(entry: &[u8]) -> Option<&str> {
    let members = canonical::members(entry).ok()?;
    let member = members.iter().find(|member| member.name == "subject")?;
    let text = std::str::from_utf8(entry.get(member.value.clone())?).ok()?;
    text.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('\\'))
}

/// Reads a UUID of version 7 in the one form in which it is hashed.
#[must_use]
pub fn parse_id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|id| is_version_7(*id) && id.to_string() == text)
}

fn is_version_7(id: Uuid) -> bool {
    id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122
}

fn within(found: usize, limit: usize) -> Result<(), EntryFault> {
    if found > limit { Err(EntryFault::Length { found, limit }) } else { Ok(()) }
}

/// Puts runs of members into signed bytes, each before the member that it is listed with.
fn splice(signed: &[u8], runs: &[(&str, String)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(signed.len() + 512);
    let mut from = 0;
    // The signed bytes were checked when the request was made, so their members can be read again.
    for member in canonical::members(signed).unwrap_or_default() {
        for (_, run) in runs.iter().filter(|(before, _)| *before == member.name) {
            bytes.extend_from_slice(signed.get(from..member.span.start).unwrap_or_default());
            bytes.extend_from_slice(run.as_bytes());
            from = member.span.start;
        }
    }
    bytes.extend_from_slice(signed.get(from..).unwrap_or_default());
    bytes
}

/// The members of a request or an entry, by name.
struct Fields<'a> {
    values: BTreeMap<&'a str, &'a str>,
}

impl<'a> Fields<'a> {
    fn new(bytes: &'a [u8], members: &[Member<'a>], sealed: bool) -> Result<Self, EntryFault> {
        let mut values = BTreeMap::new();
        for member in members {
            let known = SIGNED.contains(&member.name)
                || member.name == SIGNATURE
                || (sealed && SEALED.contains(&member.name));
            if !known {
                return Err(EntryFault::Unknown(member.name.to_owned()));
            }
            let value = bytes.get(member.value.clone()).unwrap_or_default();
            values.insert(member.name, std::str::from_utf8(value).unwrap_or_default());
        }
        Ok(Self { values })
    }

    fn raw(&self, name: &'static str) -> Result<&'a str, EntryFault> {
        self.values.get(name).copied().ok_or(EntryFault::Missing(name))
    }

    fn text(&self, name: &'static str) -> Result<String, EntryFault> {
        serde_json::from_str(self.raw(name)?).map_err(|_| EntryFault::Attribute { name, expected: "a text" })
    }

    fn is(&self, name: &'static str, text: &str, expected: &'static str) -> Result<(), EntryFault> {
        if self.text(name)? == text { Ok(()) } else { Err(EntryFault::Attribute { name, expected }) }
    }

    fn hash(&self, name: &'static str) -> Result<LeafHash, EntryFault> {
        let expected = "a hash of 64 lower-case hexadecimal digits";
        self.text(name)?.parse().map_err(|_| EntryFault::Attribute { name, expected })
    }

    fn time(&self, name: &'static str) -> Result<DateTime<Utc>, EntryFault> {
        parse_timestamp(&self.text(name)?).ok_or(EntryFault::Attribute { name, expected: INSTANT })
    }

    fn id(&self, name: &'static str) -> Result<Uuid, EntryFault> {
        parse_id(&self.text(name)?).ok_or(EntryFault::Attribute { name, expected: VERSION_7 })
    }

    fn request(&self, bytes: &[u8], members: &[Member<'_>]) -> Result<Request, EntryFault> {
        self.is("specversion", "1.0", "\"1.0\"")?;
        self.is("datacontenttype", "application/json", "\"application/json\"")?;
        let optional = |name| self.values.contains_key(name);
        let data = EntryFault::Attribute { name: "data", expected: "an object" };
        let event = Event {
            ledger: self.text("ledger")?,
            id: self.id("id")?,
            source: self.text("source")?,
            kind: self.text("type")?,
            subject: self.text("subject")?,
            time: self.time("time")?,
            keyid: self.text("keyid")?,
            basehash: self.hash("basehash")?,
            causationid: if optional("causationid") { Some(self.id("causationid")?) } else { None },
            correlationid: if optional("correlationid") { Some(self.text("correlationid")?) } else { None },
            data: serde_json::from_str(self.raw("data")?).map_err(|_| data)?,
        };
        let expected = "88 characters of standard base64, an Ed25519 signature";
        let signature = STANDARD
            .decode(self.text(SIGNATURE)?)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(EntryFault::Attribute { name: SIGNATURE, expected })?;
        let signed = signed_part(bytes, members);
        within(signed.len(), SIGNED_LIMIT)?;
        Ok(Request { event, signature, signed })
    }
}

fn signed_part(bytes: &[u8], members: &[Member<'_>]) -> Vec<u8> {
    let mut signed = Vec::with_capacity(bytes.len());
    signed.push(b'{');
    for member in members.iter().filter(|member| SIGNED.contains(&member.name)) {
        if signed.len() > 1 {
            signed.push(b',');
        }
        signed.extend_from_slice(bytes.get(member.span.clone()).unwrap_or_default());
    }
    signed.push(b'}');
    signed
}

#[cfg(test)]
mod tests;
