//! Attributes: the members of a request or an entry, each in the one form in which it is hashed.

use super::canonical::{self, Inside, Member, NotCanonical};
use super::hash::LeafHash;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use std::borrow::Cow;
use std::ops::Range;
use uuid::{Uuid, Variant};

pub(super) const VERSION_7: &str = "a UUID of version 7 in lower case";
pub(super) const CORRELATION: &str =
    "a text on one line: give one that is not empty and has no tab, line break or other control character";
pub(super) const INSTANT: &str = "an instant such as 2021-04-14T09:30:00.000Z";

/// The names of the attributes, in byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    BaseHash,
    CausationId,
    CorrelationId,
    Data,
    DataContentType,
    Id,
    KeyId,
    Ledger,
    PrevHash,
    RecordedTime,
    Sequence,
    Signature,
    Source,
    SpecVersion,
    StreamPrevHash,
    StreamVersion,
    Subject,
    Time,
    Type,
}

impl Name {
    const ALL: [Self; 19] = [
        Self::BaseHash,
        Self::CausationId,
        Self::CorrelationId,
        Self::Data,
        Self::DataContentType,
        Self::Id,
        Self::KeyId,
        Self::Ledger,
        Self::PrevHash,
        Self::RecordedTime,
        Self::Sequence,
        Self::Signature,
        Self::Source,
        Self::SpecVersion,
        Self::StreamPrevHash,
        Self::StreamVersion,
        Self::Subject,
        Self::Time,
        Self::Type,
    ];

    /// As it is written.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::BaseHash => "basehash",
            Self::CausationId => "causationid",
            Self::CorrelationId => "correlationid",
            Self::Data => "data",
            Self::DataContentType => "datacontenttype",
            Self::Id => "id",
            Self::KeyId => "keyid",
            Self::Ledger => "ledger",
            Self::PrevHash => "prevhash",
            Self::RecordedTime => "recordedtime",
            Self::Sequence => "sequence",
            Self::Signature => "signature",
            Self::Source => "source",
            Self::SpecVersion => "specversion",
            Self::StreamPrevHash => "streamprevhash",
            Self::StreamVersion => "streamversion",
            Self::Subject => "subject",
            Self::Time => "time",
            Self::Type => "type",
        }
    }

    /// Whether the ledger adds it.
    const fn is_sealed(self) -> bool {
        matches!(
            self,
            Self::PrevHash | Self::RecordedTime | Self::Sequence | Self::StreamPrevHash | Self::StreamVersion
        )
    }

    /// The fault of one of another shape.
    pub(super) const fn is_not(self, expected: &'static str) -> EntryFault {
        EntryFault::Attribute { name: self.as_str(), expected }
    }
}

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
pub fn parse_timestamp(text: impl AsRef<[u8]>) -> Option<DateTime<Utc>> {
    #[rustfmt::skip]
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'.', f0, f1, f2, b'Z'] =
        *text.as_ref()
    else {
        return None;
    };
    let number = |digits: &[u8]| {
        let add = |number, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'));
        digits.iter().try_fold(0, add)
    };
    let year = i32::try_from(number(&[y0, y1, y2, y3])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&[m0, m1])?, number(&[d0, d1])?)?;
    let (hour, minute) = (number(&[h0, h1])?, number(&[n0, n1])?);
    let (second, millis) = (number(&[s0, s1])?, number(&[f0, f1, f2])?);
    date.and_hms_milli_opt(hour, minute, second, millis).map(|instant| instant.and_utc())
}

/// Reads a UUID of version 7 in the one form in which it is hashed.
#[must_use]
pub fn parse_id(text: impl AsRef<[u8]>) -> Option<Uuid> {
    let text = text.as_ref();
    // No other form that the library reads is as long as the one with hyphens.
    let is_written = text.len() == 36 && !text.iter().any(u8::is_ascii_uppercase);
    Uuid::try_parse_ascii(text).ok().filter(|id| is_written && is_version_7(*id))
}

pub(super) fn is_version_7(id: Uuid) -> bool {
    id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122
}

/// Whether a text can be the correlation of an event that is signed now (CloudEvents 1.0, type `String`, and the extension for
/// correlation).
pub(super) fn is_correlation(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

/// The members of a request or an entry, by name.
pub(super) struct Fields<'a>([Option<Member<'a>>; Name::ALL.len()]);

impl<'a> Fields<'a> {
    /// Those of a request.
    pub(super) fn of_request(bytes: &'a [u8]) -> Result<Self, EntryFault> {
        Self::of(bytes, |name| !name.is_sealed())
    }

    /// Those of an entry.
    pub(super) fn of_entry(bytes: &'a [u8]) -> Result<Self, EntryFault> {
        Self::of(bytes, |_| true)
    }

    fn of(bytes: &'a [u8], allowed: fn(Name) -> bool) -> Result<Self, EntryFault> {
        let mut fields = Self([const { None }; Name::ALL.len()]);
        let mut unknown = None;
        // Both are in byte order, so each name is looked for after the one before it.
        let mut places = Name::ALL.into_iter().zip(&mut fields.0);
        canonical::members(bytes, |member| match places.find(|(name, _)| name.as_str() == member.name) {
            Some((name, place)) if allowed(name) => *place = Some(member),
            _ => {
                unknown.get_or_insert(member.name);
            }
        })?;
        unknown.map_or(Ok(fields), |name| Err(EntryFault::Unknown(name.to_owned())))
    }

    fn member(&self, name: Name) -> Result<&Member<'a>, EntryFault> {
        self.0.get(name as usize).and_then(Option::as_ref).ok_or(EntryFault::Missing(name.as_str()))
    }

    /// From where to where it stands, with its name.
    pub(super) fn span(&self, name: Name) -> Result<Range<usize>, EntryFault> {
        self.member(name).map(Member::span)
    }

    /// Reads an attribute that need not be there.
    pub(super) fn optional<T>(
        &self,
        name: Name,
        read: fn(&Self, Name) -> Result<T, EntryFault>,
    ) -> Result<Option<T>, EntryFault> {
        if self.member(name).is_ok() { read(self, name).map(Some) } else { Ok(None) }
    }

    pub(super) fn text(&self, name: Name) -> Result<Cow<'a, str>, EntryFault> {
        self.inside(name).map(Inside::unescaped)
    }

    /// A text that holds no escape if it is what it has to be, so that it need not be looked for.
    pub(super) fn code(&self, name: Name) -> Result<&'a str, EntryFault> {
        self.inside(name).map(Inside::as_str)
    }

    fn inside(&self, name: Name) -> Result<Inside<'a>, EntryFault> {
        Inside::of(self.member(name)?.value).ok_or_else(|| name.is_not("a text"))
    }

    /// From where to where an object stands.
    pub(super) fn object(&self, name: Name) -> Result<Range<usize>, EntryFault> {
        let (value, end) = (self.member(name)?.value, self.span(name)?.end);
        if value.starts_with('{') { Ok(end - value.len()..end) } else { Err(name.is_not("an object")) }
    }

    /// An integer from 1.
    pub(super) fn count(&self, name: Name) -> Result<u64, EntryFault> {
        let count = self.member(name)?.value.parse().ok().filter(|count| *count > 0);
        count.ok_or_else(|| name.is_not("an integer from 1"))
    }

    pub(super) fn is(&self, name: Name, text: &str, expected: &'static str) -> Result<(), EntryFault> {
        if self.code(name)? == text { Ok(()) } else { Err(name.is_not(expected)) }
    }

    pub(super) fn hash(&self, name: Name) -> Result<LeafHash, EntryFault> {
        let hash = self.code(name)?.parse();
        hash.map_err(|_| name.is_not("a hash of 64 lower-case hexadecimal digits"))
    }

    pub(super) fn time(&self, name: Name) -> Result<DateTime<Utc>, EntryFault> {
        parse_timestamp(self.code(name)?).ok_or_else(|| name.is_not(INSTANT))
    }

    pub(super) fn id(&self, name: Name) -> Result<Uuid, EntryFault> {
        parse_id(self.code(name)?).ok_or_else(|| name.is_not(VERSION_7))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library's way: whatever it reads, if it writes it back identically.
    fn slowly(text: &str) -> Option<DateTime<Utc>> {
        let instant = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        (timestamp(instant) == text && text.get(17..19) != Some("60")).then_some(instant)
    }

    #[test]
    fn the_names_are_in_byte_order_and_each_finds_its_place() {
        assert!(Name::ALL.is_sorted_by(|one, other| one.as_str() < other.as_str()));
        assert!(Name::ALL.iter().enumerate().all(|(at, name)| *name as usize == at));
    }

    #[test]
    fn an_instant_is_read_in_the_form_that_is_written_and_in_no_other() {
        let days = (0..10_000)
            .flat_map(|year| [(1, 1), (2, 28), (2, 29), (2, 30), (6, 31), (12, 31)].map(|day| (year, day)));
        for (year, (month, day)) in days {
            let text = format!("{year:04}-{month:02}-{day:02}T23:59:59.{:03}Z", year % 1000);
            assert_eq!(parse_timestamp(&text), slowly(&text), "{text}");
        }
        for number in 0..100 {
            for text in [
                format!("2021-{number:02}-14T09:30:00.000Z"),
                format!("2021-04-{number:02}T09:30:00.000Z"),
                format!("2021-04-14T{number:02}:30:00.000Z"),
                format!("2021-04-14T09:{number:02}:00.000Z"),
                format!("2016-12-31T23:59:{number:02}.000Z"),
            ] {
                assert_eq!(parse_timestamp(&text), slowly(&text), "{text}");
            }
        }
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..50_000 {
            let mut text = b"2024-02-29T09:30:59.999Z".to_vec();
            for _ in 0..random.u8(1..4) {
                let (at, other) = (random.usize(..text.len()), b"0123456789-:.+TtZz "[random.usize(..19)]);
                match random.u8(..8) {
                    0 => text.insert(at, other),
                    1 => drop(text.remove(at)),
                    _ => text[at] = other,
                }
            }
            let text = String::from_utf8(text).unwrap();
            assert_eq!(parse_timestamp(&text), slowly(&text), "{text}");
        }
    }

    #[test]
    fn an_id_is_read_in_the_form_that_is_written_and_in_no_other() {
        let text = "01784d33-3c40-7000-8000-0000000000ab";
        assert_eq!(parse_id(text).map(|id| id.to_string()).as_deref(), Some(text));
        let simple = text.replace('-', "");
        for other in [
            text.to_uppercase(),
            simple,
            format!("{{{text}}}"),
            format!("urn:uuid:{text}"),
            text.replace("-7", "-4"),
            text.replace("-8", "-c"),
            text.replace("01784d33-", "01784d3-3"),
        ] {
            assert_eq!(parse_id(&other), None, "{other}");
        }
    }
}
