//! The canonical form: the subset of RFC 8785 in which entries are hashed and signed.
//!
//! Keys are ASCII, in byte order, each once; no white space; in strings only `\"`, `\\`, `\t` and
//! `\n` are escaped, and no other control character, surrogate or noncharacter occurs; numbers are integers below
//! 2^53 in magnitude; at most [`LEVELS`] levels. Within these limits there is one way to write a value, so bytes are
//! checked as they stand and never written again in order to be verified.
//!
//! What the members mean is not here: see [`super::entry`].

mod reader;

pub(crate) use reader::{Inside, Reader};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;
use std::ops::Range;
use std::str::Utf8Error;
use unicode_normalization::UnicodeNormalization;

/// The deepest nesting of objects and arrays; the outermost is the first level.
pub const LEVELS: usize = 16;

/// Integers lie strictly between minus and plus this number (2^53).
pub const INTEGERS: u64 = 1 << 53;

/// Why bytes are not in canonical form, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {fault}")]
pub struct NotCanonical {
    /// The offset of the first byte at fault, from 0.
    pub offset: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// The byte order mark (Unicode 23.8), which some programs put before a text, and which is no part of it.
pub const MARK: &str = "\u{feff}";

/// What can be wrong with a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its sentence")]
pub enum Fault {
    #[error("not UTF-8")]
    Encoding,
    #[error("a value is expected here")]
    Value,
    #[error("this character is not expected here; canonical form has no white space")]
    Unexpected,
    #[error("the text ends too early")]
    Truncated,
    #[error("bytes follow after the end of the value")]
    Trailing,
    #[error(
        "a carriage return stands at the end of the line, as some programs put there: take the file as it was sent"
    )]
    Return,
    #[error("a byte order mark stands before it, as some programs put there: take the file as it was sent")]
    Mark,
    #[error("a member's name is not ASCII")]
    NameNotAscii,
    #[error("member names are not in ascending byte order, or one occurs twice")]
    Order,
    #[error("only \\\", \\\\, \\t and \\n are written as escapes")]
    Escape,
    #[error("control characters other than tab and newline are refused")]
    Control,
    #[error("a Unicode noncharacter is refused")]
    Noncharacter,
    #[error("numbers are integers below 2^53 without sign plus, leading zeros, point or exponent")]
    Number,
    #[error("null is refused: an absent member is left out")]
    Null,
    #[error("nested deeper than 16 levels")]
    Depth,
}

/// A member of the outermost object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// The name as it stands between its quotes.
    pub(crate) name: &'a str,
    /// The value as it stands.
    pub(crate) value: &'a str,
    /// Where the quote before the name stands.
    pub(crate) start: usize,
}

impl Member<'_> {
    /// From the quote before the name to the last byte of the value.
    pub(crate) fn span(&self) -> Range<usize> {
        self.start..self.start + "\"\":".len() + self.name.len() + self.value.len()
    }
}

/// The text that bytes are.
pub(super) fn text(bytes: &[u8]) -> Result<&str, NotCanonical> {
    let refused = |error: Utf8Error| NotCanonical { offset: error.valid_up_to(), fault: Fault::Encoding };
    std::str::from_utf8(bytes).map_err(refused)
}

/// Checks that `bytes` are one object in canonical form, and gives its members in order.
pub(super) fn members<'a>(bytes: &'a [u8], mut each: impl FnMut(Member<'a>)) -> Result<(), NotCanonical> {
    let mut reader = Reader::of(bytes)?;
    let read = if reader.peek() == Some(b'{') { reader.object(1, &mut each) } else { Err(Fault::Unexpected) };
    read.and_then(|()| reader.end()).map_err(|fault| reader.refused(fault))
}

/// Checks that `bytes` are one value in canonical form.
///
/// # Errors
/// [`NotCanonical`] with the first byte at fault.
pub fn check(bytes: &[u8]) -> Result<(), NotCanonical> {
    let mut reader = Reader::of(bytes)?;
    let read = reader.value(0).and_then(|()| reader.end());
    read.map_err(|fault| reader.refused(fault))
}

/// Writes a value in canonical form. Its text is not normalised: see [`normalise`].
///
/// ```
/// use annals::trail::canonical;
/// let value = serde_json::json!({"b": "\u{e6}\n", "a": [1, true]});
/// assert_eq!(canonical::write(&value).unwrap(), "{\"a\":[1,true],\"b\":\"æ\\n\"}".as_bytes());
/// ```
///
/// # Errors
/// [`NotCanonical`] where the value has no canonical form: a decimal, a null, a control character, too deep a nesting.
/// The offset counts in the bytes that would have been written.
pub fn write(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    let mut bytes = Vec::with_capacity(512);
    // serde_json keeps members in byte order and writes the shortest escapes; what it may write beyond the canonical
    // form is refused by the check.
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    value.serialize(&mut serializer).map_err(|_| NotCanonical { offset: 0, fault: Fault::Value })?;
    check(&bytes)?;
    Ok(bytes)
}

/// Reads JSON as people write it (white space, members in any order), refusing a member that occurs twice.
///
/// # Errors
/// `serde_json`'s error, which names line and column.
pub fn read(text: &str) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Once.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Brings every text of a value into Unicode normalisation form C, as writers do before they sign.
pub fn normalise(value: &mut Value) {
    match value {
        Value::String(text) => {
            if !unicode_normalization::is_nfc(text) {
                *text = nfc(text);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(normalise),
        Value::Object(members) => members.values_mut().for_each(normalise),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text in Unicode normalisation form C.
#[must_use]
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// Deserialises a [`Value`] in which no member occurs twice; `serde_json` alone would keep the last.
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = values.next_element_seed(Once)? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Once)?;
            if object.contains_key(&name) {
                return Err(serde::de::Error::custom(format!("the member `{name}` occurs twice")));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
