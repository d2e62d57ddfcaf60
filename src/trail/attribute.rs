//! Attributes: the members of a request or an entry, each in the one form in which it is hashed.

use super::canonical::{Member, NotCanonical};
use super::hash::LeafHash;
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::BTreeMap;
use uuid::{Uuid, Variant};

pub(super) const VERSION_7: &str = "a UUID of version 7 in lower case";
pub(super) const INSTANT: &str = "an instant such as 2021-04-14T09:30:00.000Z";

pub(super) const SIGNATURE: &str = "signature";
pub(super) const SEALED: [&str; 5] =
    ["prevhash", "recordedtime", "sequence", "streamprevhash", "streamversion"];
pub(super) const SIGNED: [&str; 13] = [
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

/// An instant as it is hashed: RFC 3339, UTC, milliseconds, `Z`.
///
/// ```
/// use annals::trail::attribute::{parse_timestamp, timestamp};
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

/// Reads a UUID of version 7 in the one form in which it is hashed.
#[must_use]
pub fn parse_id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|id| is_version_7(*id) && id.to_string() == text)
}

pub(super) fn is_version_7(id: Uuid) -> bool {
    id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122
}

/// The members of a request or an entry, by name.
pub(super) struct Fields<'a> {
    values: BTreeMap<&'a str, &'a str>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], members: &[Member<'a>], sealed: bool) -> Result<Self, EntryFault> {
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

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub(super) fn raw(&self, name: &'static str) -> Result<&'a str, EntryFault> {
        self.values.get(name).copied().ok_or(EntryFault::Missing(name))
    }

    pub(super) fn text(&self, name: &'static str) -> Result<String, EntryFault> {
        serde_json::from_str(self.raw(name)?).map_err(|_| EntryFault::Attribute { name, expected: "a text" })
    }

    pub(super) fn is(
        &self,
        name: &'static str,
        text: &str,
        expected: &'static str,
    ) -> Result<(), EntryFault> {
        if self.text(name)? == text { Ok(()) } else { Err(EntryFault::Attribute { name, expected }) }
    }

    pub(super) fn hash(&self, name: &'static str) -> Result<LeafHash, EntryFault> {
        let expected = "a hash of 64 lower-case hexadecimal digits";
        self.text(name)?.parse().map_err(|_| EntryFault::Attribute { name, expected })
    }

    pub(super) fn time(&self, name: &'static str) -> Result<DateTime<Utc>, EntryFault> {
        parse_timestamp(&self.text(name)?).ok_or(EntryFault::Attribute { name, expected: INSTANT })
    }

    pub(super) fn id(&self, name: &'static str) -> Result<Uuid, EntryFault> {
        parse_id(&self.text(name)?).ok_or(EntryFault::Attribute { name, expected: VERSION_7 })
    }
}
