//! An event's data typed straight from its text, each withheld field in its typed place, with nothing built in between.
//!
//! Every entry of a history passes here. What is accepted here is accepted by [`withheld::unfold`](super::withheld::unfold)
//! and [`shape::read`](crate::domain::shape::read), too, and reads the same; what is refused here they judge, who can say
//! what is wrong, and where.

use super::withheld::{AUDIENCES, DIGESTS, WithheldField};
use crate::domain::sealed::{Audience, PREFIX};
use crate::trail::canonical::{Fault, Inside, Reader};
use crate::trail::data::Data;
use crate::trail::disclosure::Digest;
use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use std::borrow::Cow;
use std::fmt;
use std::vec::IntoIter;

/// The audience of a field for which `_aud` names none.
const PUBLIC: &str = Audience::WORDS[0];

/// It was not read here. Why not, is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not read")]
pub(super) struct Refused;

impl serde::de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl From<Fault> for Refused {
    fn from(_: Fault) -> Self {
        Self
    }
}

/// Reads typed data; the digests that it holds join `held`, in the order of `withheld::unfold`.
pub(super) fn read<T: DeserializeOwned>(data: &Data, held: &mut Vec<WithheldField>) -> Result<T, Refused> {
    let mut text = Text { reader: Reader::new(data.as_str()), held };
    let value = T::deserialize(&mut text)?;
    text.reader.end()?;
    Ok(value)
}

struct Text<'h, 'de> {
    reader: Reader<'de>,
    held: &'h mut Vec<WithheldField>,
}

impl<'de> Text<'_, 'de> {
    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        self.reader.take(b'{')?;
        let mut members =
            Members { text: self, begun: false, waiting: IntoIter::default(), now: None, own: Vec::new() };
        let value = visitor.visit_map(&mut members)?;
        // Those of the objects within come first.
        let Members { own, .. } = members;
        self.held.extend(own);
        self.reader.take(b'}')?;
        Ok(value)
    }

    fn array<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        self.reader.take(b'[')?;
        let value = visitor.visit_seq(Items { text: self, begun: false })?;
        self.reader.take(b']')?;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &mut Text<'_, 'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.reader.peek() {
            Some(b'"') => match self.reader.string()?.unescaped() {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b'{') => self.object(visitor),
            Some(b'[') => self.array(visitor),
            Some(b't') => self.reader.word("true").map(|()| visitor.visit_bool(true))?,
            Some(b'f') => self.reader.word("false").map(|()| visitor.visit_bool(false))?,
            _ => match self.reader.number()? {
                number if number < 0 => visitor.visit_i64(number),
                number => visitor.visit_u64(number.unsigned_abs()),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    /// An object is no array of its members.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.object(visitor)
    }

    /// A word of an axis is a text.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_enum(self.reader.string()?.unescaped().into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// The items of an array.
struct Items<'t, 'h, 'de> {
    text: &'t mut Text<'h, 'de>,
    begun: bool,
}

impl<'de> SeqAccess<'de> for Items<'_, '_, 'de> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        if self.text.reader.peek() == Some(b']') {
            return Ok(None);
        }
        if std::mem::replace(&mut self.begun, true) {
            self.text.reader.take(b',')?;
        }
        seed.deserialize(&mut *self.text).map(Some)
    }
}

/// The members of an object, with the withheld fields in their typed places.
struct Members<'t, 'h, 'de> {
    text: &'t mut Text<'h, 'de>,
    begun: bool,
    /// Withheld fields that are still to be given, each with its name.
    waiting: IntoIter<(&'de str, Withheld<'de>)>,
    /// The one whose name was given.
    now: Option<Withheld<'de>>,
    /// The digests that the object holds itself.
    own: Vec<WithheldField>,
}

impl<'de> Members<'_, '_, 'de> {
    fn name(&mut self) -> Result<&'de str, Refused> {
        if std::mem::replace(&mut self.begun, true) {
            self.text.reader.take(b',')?;
        }
        let name = self.text.reader.string()?;
        self.text.reader.take(b':')?;
        plain(name)
    }

    /// An object of texts that is not empty.
    fn texts(&mut self) -> Result<Vec<(&'de str, &'de str)>, Refused> {
        let reader = &mut self.text.reader;
        let mut texts = Vec::new();
        reader.take(b'{')?;
        loop {
            let name = plain(reader.string()?)?;
            reader.take(b':')?;
            texts.push((name, plain(reader.string()?)?));
            if reader.peek() == Some(b'}') {
                reader.take(b'}')?;
                return Ok(texts);
            }
            reader.take(b',')?;
        }
    }

    /// Takes the digests, each with the audience that stands beside it, in the same order.
    fn hold(&mut self, audiences: Vec<(&'de str, &'de str)>) -> Result<(), Refused> {
        let mut audiences = audiences.into_iter().peekable();
        let mut waiting = Vec::new();
        for (name, text) in self.texts()? {
            let digest = Digest::parse(text).ok_or(Refused)?;
            let marked = audiences.next_if(|(marked, _)| *marked == name).map(|(_, word)| word);
            let audience = Audience::try_from(marked.unwrap_or(PUBLIC).to_owned()).map_err(|_| Refused)?;
            if marked.is_some() && audience == Audience::Public {
                return Err(Refused);
            }
            self.own.push(WithheldField { digest, name: name.to_owned(), audience });
            waiting.push((name, Withheld([("digest", text), ("audience", marked.unwrap_or(PUBLIC))])));
        }
        self.waiting = waiting.into_iter();
        if audiences.next().is_some() { Err(Refused) } else { Ok(()) }
    }
}

impl<'de> MapAccess<'de> for &mut Members<'_, '_, 'de> {
    type Error = Refused;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        loop {
            if let Some((name, withheld)) = self.waiting.next() {
                self.now = Some(withheld);
                return seed.deserialize(format!("{PREFIX}{name}").into_deserializer()).map(Some);
            }
            if self.text.reader.peek() == Some(b'}') {
                return Ok(None);
            }
            match self.name()? {
                // In byte order no name that is known stands between the two.
                AUDIENCES => {
                    let audiences = self.texts()?;
                    if self.name()? != DIGESTS {
                        return Err(Refused);
                    }
                    self.hold(audiences)?;
                }
                DIGESTS => self.hold(Vec::new())?,
                reserved if reserved.starts_with('_') => return Err(Refused),
                name => return seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refused> {
        match self.now.take() {
            Some(withheld) => seed.deserialize(withheld),
            None => seed.deserialize(&mut *self.text),
        }
    }
}

/// The typed form of a withheld field, which may be optional.
struct Withheld<'de>([(&'static str, &'de str); 2]);

impl<'de> Deserializer<'de> for Withheld<'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_map(MapDeserializer::new(
            self.0.into_iter().map(|(name, text)| (name, BorrowedStrDeserializer::new(text))),
        ))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_some(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        newtype_struct tuple_struct map struct enum identifier ignored_any
    }
}

/// A text without escapes: no name of a field, no digest and no audience has one.
fn plain(text: Inside<'_>) -> Result<&str, Refused> {
    match text.unescaped() {
        Cow::Borrowed(text) => Ok(text),
        Cow::Owned(_) => Err(Refused),
    }
}
