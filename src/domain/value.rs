//! References and texts, checked once, at birth: whoever holds one need not check it again.

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest reference or id, in bytes.
pub const CODE_LIMIT: usize = 64;

/// The longest text, in bytes; an entry of 65,535 bytes holds one of them and its attributes.
pub const TEXT_LIMIT: usize = 32_768;

/// Why a text is not the value that is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAValue {
    /// Not a reference or id.
    #[error(
        "`{0}` is not a reference: 1 to 64 of the letters A to Z and a to z, digits, `.`, `_` and `-`, the first a letter or digit"
    )]
    Code(String),
    /// An empty text.
    #[error("an empty text: leave it out, or say something")]
    Empty,
    /// A text beyond the limit.
    #[error("a text of {0} bytes, and {TEXT_LIMIT} are allowed: shorten it")]
    Length(usize),
    /// A character that cannot be recorded.
    #[error(
        "the character U+{0:04X} is refused: control characters other than tab and newline, and noncharacters, are"
    )]
    Character(u32),
    /// Not a digest.
    #[error("`{0}` is not a SHA-256 digest: 64 lower-case hexadecimal digits")]
    Digest(String),
    /// Not a time zone.
    #[error("`{0}` is not an IANA time zone such as Asia/Seoul")]
    Zone(String),
}

macro_rules! checked {
    ($(#[$doc:meta])* $name:ident($held:ty), $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "String")]
        pub struct $name($held);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAValue;

            fn try_from(text: String) -> Result<Self, NotAValue> {
                text.parse()
            }
        }

        impl FromStr for $name {
            type Err = NotAValue;

            fn from_str(text: &str) -> Result<Self, NotAValue> {
                let check: fn(&str) -> Result<(), NotAValue> = $check;
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::shape::parsed(deserializer)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked! {
    /// A reference or id, `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`: `1.G2G.3`, `KR`, `K-SURE`.
    Code(SmolStr), |text| {
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if first && rest && text.len() <= CODE_LIMIT {
            return Ok(());
        }
        Err(NotAValue::Code(text.chars().take(CODE_LIMIT + 1).collect()))
    }
}

checked! {
    /// Words in any language.
    Text(SmolStr), |text| match first_refused(text) {
        _ if text.trim().is_empty() => Err(NotAValue::Empty),
        _ if text.len() > TEXT_LIMIT => Err(NotAValue::Length(text.len())),
        Some(character) => Err(NotAValue::Character(character.into())),
        None => Ok(()),
    }
}

checked! {
    /// The SHA-256 digest of a file, as text.
    Sha256(Arc<str>), |text| {
        if text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(());
        }
        Err(NotAValue::Digest(text.chars().take(80).collect()))
    }
}

/// An IANA time zone: `Asia/Seoul`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Zone(Tz);

impl Zone {
    /// The zone.
    #[must_use]
    pub const fn get(self) -> Tz {
        self.0
    }
}

impl FromStr for Zone {
    type Err = NotAValue;

    fn from_str(text: &str) -> Result<Self, NotAValue> {
        text.parse().map(Self).map_err(|_| NotAValue::Zone(text.chars().take(80).collect()))
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::shape::parsed(deserializer)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0.name().to_owned()
    }
}

/// An axis and its words, each written as it stands in an event.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each variant is its word")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As written in an event.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use words;

/// A sentence that offers the nearest of some names, or nothing where none is near: ` (did you mean 1.G2G.3?)`.
#[must_use]
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let lower = name.to_lowercase();
    names
        .map(|other| (strsim::jaro_winkler(&lower, &other.to_lowercase()), other))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, other)| format!(" (did you mean {other}?)"))
        .unwrap_or_default()
}

/// A number and what it counts: `1 entry`, `2 entries`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Words that somebody else wrote, as a terminal shows them: what would command it, or turn round what follows (the embeddings,
/// overrides and isolates of Unicode UAX #9), is escaped. Lines and tabs stay.
///
/// ```
/// use annals::domain::value::shown;
/// assert_eq!(shown("said\u{1b}[2J, \u{202e}deliarf"), r"said\u{1b}[2J, \u{202e}deliarf");
/// assert_eq!(shown("이행\u{200f} ok"), "이행\u{200f} ok");
/// ```
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    let commands = |character: char| {
        character.is_control() && !matches!(character, '\t' | '\n')
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(commands) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if commands(character) { escaped.extend(character.escape_unicode()) } else { escaped.push(character) }
    }
    Cow::Owned(escaped)
}

/// As [`shown`], in one line: what somebody else named must not look like lines of the program's own.
///
/// ```
/// use annals::domain::value::in_line;
/// assert_eq!(in_line("minutes.txt\n7/2: \u{1b}"), r"minutes.txt\n7/2: \u{1b}");
/// ```
#[must_use]
pub fn in_line(text: &str) -> String {
    shown(text).replace('\n', "\\n").replace('\t', "\\t")
}

fn first_refused(text: &str) -> Option<char> {
    // Most texts are letters, digits and spaces alone, which are told by their bytes.
    let told = text.bytes().fold(true, |told, byte| told & matches!(byte, b' '..=b'~'));
    if told { None } else { text.chars().find(|character| refused(*character)) }
}

/// Whether a character cannot be recorded.
pub(super) fn refused(character: char) -> bool {
    let code = u32::from(character);
    (character.is_control() && !matches!(character, '\t' | '\n'))
        || (0xFDD0..=0xFDEF).contains(&code)
        || code & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Result<Code, NotAValue> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_reference_is_of_its_alphabet_and_length() {
        for good in ["1.G2G.3", "KR", "K-SURE", "a", &"x".repeat(64)] {
            assert!(code(good).is_ok(), "{good}");
        }
        for bad in ["", ".a", "-a", "a b", "a/b", "한국", &"x".repeat(65)] {
            assert!(matches!(code(bad), Err(NotAValue::Code(_))), "{bad}");
        }
    }

    #[test]
    fn a_text_says_something_and_holds_no_control_character() {
        let text = |text: &str| Text::try_from(text.to_owned());
        assert!(text("회의\tholdt\n").is_ok());
        assert_eq!(text(" \n"), Err(NotAValue::Empty));
        assert_eq!(text("a\u{85}"), Err(NotAValue::Character(0x85)));
        assert_eq!(text("a\u{fffe}"), Err(NotAValue::Character(0xfffe)));
        assert_eq!(text(&"x".repeat(TEXT_LIMIT + 1)), Err(NotAValue::Length(TEXT_LIMIT + 1)));
    }

    #[test]
    fn zones_and_digests_are_known_by_their_form() {
        assert!("Europe/Kobenhavn".parse::<Zone>().is_err());
        for zone in chrono_tz::TZ_VARIANTS {
            assert_eq!(zone.name().parse::<Zone>().map(String::from), Ok(zone.name().to_owned()));
        }
        assert!(Sha256::try_from("0".repeat(64)).is_ok());
        assert!(Sha256::try_from("F".repeat(64)).is_err());
    }
}
