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

pub use super::attribute::{EntryFault, parse_id, parse_timestamp, timestamp};
use super::attribute::{Fields, INSTANT, SIGNATURE, SIGNED, VERSION_7, is_version_7};
use super::canonical::{self, Member};
use super::hash::{Head, LeafHash};
use super::key::{Kind, SigningKey, VerifierKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
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
        Self::of(&fields, bytes, &members)
    }

    fn of(fields: &Fields<'_>, bytes: &[u8], members: &[Member<'_>]) -> Result<Self, EntryFault> {
        fields.is("specversion", "1.0", "\"1.0\"")?;
        fields.is("datacontenttype", "application/json", "\"application/json\"")?;
        let optional = |name| fields.has(name);
        let data = EntryFault::Attribute { name: "data", expected: "an object" };
        let event = Event {
            ledger: fields.text("ledger")?,
            id: fields.id("id")?,
            source: fields.text("source")?,
            kind: fields.text("type")?,
            subject: fields.text("subject")?,
            time: fields.time("time")?,
            keyid: fields.text("keyid")?,
            basehash: fields.hash("basehash")?,
            causationid: if optional("causationid") { Some(fields.id("causationid")?) } else { None },
            correlationid: if optional("correlationid") { Some(fields.text("correlationid")?) } else { None },
            data: serde_json::from_str(fields.raw("data")?).map_err(|_| data)?,
        };
        let expected = "88 characters of standard base64, an Ed25519 signature";
        let signature = STANDARD
            .decode(fields.text(SIGNATURE)?)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(EntryFault::Attribute { name: SIGNATURE, expected })?;
        let signed = signed_part(bytes, members);
        within(signed.len(), SIGNED_LIMIT)?;
        Ok(Self { event, signature, signed })
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
    /// Its stream, which ends with it.
    #[must_use]
    pub const fn stream(&self) -> Head {
        Head { size: self.seal.streamversion, leaf: self.leaf }
    }

    /// Reads the bytes of an entry, without newline.
    ///
    /// # Errors
    /// [`EntryFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryFault> {
        within(bytes.len(), ENTRY_LIMIT)?;
        let members = canonical::members(bytes)?;
        let fields = Fields::new(bytes, &members, true)?;
        let request = Request::of(&fields, bytes, &members)?;
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

/// The sequence that an entry's bytes name. Of bytes that are no entry's anything may be said.
#[must_use]
pub fn sequence(entry: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"sequence\":\"";
    // No attribute after it can hold a quotation mark, and `data` stands before it.
    let at = entry.windows(NAME.len()).rposition(|here| here == NAME)? + NAME.len();
    let digits = std::str::from_utf8(entry.get(at..at + 12)?).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
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
