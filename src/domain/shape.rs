//! Shape: typed values out of JSON, each fault named by its path.
//!
//! What the values mean is checked where they are born. An object is an object here: serde alone would take an array of
//! its members for one, which no schema does.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, Error as _, IntoDeserializer, MapAccess, Unexpected, Visitor};
use serde_json::{Error, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901); `/` for the whole.
    pub path: String,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl Fault {
    /// The fault that a reader met, with the path to it.
    #[must_use]
    pub fn of(error: serde_path_to_error::Error<Error>) -> Self {
        Self { path: pointer(error.path()), what: error.into_inner().to_string() }
    }
}

/// Reads a typed value.
///
/// # Errors
/// The first [`Fault`].
pub fn read<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(Strict(value)).map_err(Fault::of)
}

/// For `deserialize_with`: an optional member that is there has a value, and null is refused, as it is in an entry.
///
/// # Errors
/// What the value's own reader says.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// For `deserialize_with`: an object in which no name occurs twice.
///
/// # Errors
/// Where one does, or what the value's own reader says.
pub fn distinct<'de, D: Deserializer<'de>, K: Deserialize<'de> + Ord + fmt::Display, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<K, T>, D::Error> {
    struct Distinct<K, T>(PhantomData<(K, T)>);

    impl<'de, K: Deserialize<'de> + Ord + fmt::Display, T: Deserialize<'de>> Visitor<'de> for Distinct<K, T> {
        type Value = BTreeMap<K, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((name, value)) = members.next_entry::<K, T>()? {
                if map.contains_key(&name) {
                    return Err(A::Error::custom(format!("duplicate field `{name}`")));
                }
                map.insert(name, value);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Distinct(PhantomData))
}

/// For an `impl Deserialize`: a text that says what its own parser reads, without a copy in between.
///
/// # Errors
/// Where it is no text, or what the parser says.
pub fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct Parsed<T>(PhantomData<T>);

    impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Parsed<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Parsed(PhantomData))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    });
    let path: String = segments.collect();
    if path.is_empty() { "/".to_owned() } else { path }
}

struct Strict<'de>(&'de Value);

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(Strict))),
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.as_str(), Strict(value)));
                visitor.visit_map(MapDeserializer::new(members))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            // serde_json's own map would be empty.
            Value::Null => Err(Error::invalid_type(Unexpected::Unit, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    /// A word of an axis is a text, never an object with the word as its member.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(Error::custom("a word is expected, as text")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Strict<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assertion::{Lifecycle, Occurrence};
    use serde_json::json;

    #[test]
    fn an_object_is_no_array_and_a_word_no_object() {
        assert!(read::<Occurrence>(&json!({"window": "2022", "state": "held"})).is_ok());
        let fault = read::<Occurrence>(&json!(["2022", "held"])).unwrap_err();
        assert!(fault.what.contains("sequence"), "{fault}");
        assert!(read::<Lifecycle>(&json!("planned")).is_ok());
        for other in [json!({"planned": null}), json!(["planned"]), json!(null), json!(1)] {
            assert!(read::<Lifecycle>(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_fault_is_named_by_its_path() {
        let fault = read::<Vec<Occurrence>>(&json!([{"window": "2022", "state": "lost"}])).unwrap_err();
        assert_eq!(fault.path, "/0/state");
        let fault = read::<Occurrence>(&json!({"window": "2022", "state": "held", "a/b~": 1})).unwrap_err();
        assert_eq!(fault.path, "/a~1b~0");
    }
}
