//! The reader of the canonical form: one pass over the bytes, in which every departure is met where it stands.
//!
//! Everything that is verified passes here first, so strings are passed over eight bytes at a time. What the form is, is
//! said in [`super`].

use super::{Fault, INTEGERS, LEVELS, Member, NotCanonical};
use std::borrow::Cow;

/// Reads values in canonical form from the front.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// What stands between the quotes of a string, escapes included.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Inside<'a> {
    /// ASCII without an escape, as nearly every name is.
    Plain(&'a str),
    /// Any other.
    Other(&'a str),
}

impl<'a> Reader<'a> {
    /// # Errors
    /// [`Fault::Encoding`].
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, NotCanonical> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| NotCanonical { offset: error.valid_up_to(), fault: Fault::Encoding })?;
        Ok(Self::new(text))
    }

    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn fault(&self, fault: Fault) -> NotCanonical {
        NotCanonical {
            offset: self.at,
            fault: if self.at < self.bytes.len() { fault } else { Fault::Truncated },
        }
    }

    pub(crate) fn end(&self) -> Result<(), NotCanonical> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.fault(Fault::Trailing)) }
    }

    pub(crate) fn take(&mut self, byte: u8) -> Result<(), NotCanonical> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.fault(Fault::Unexpected))
    }

    pub(super) fn value(&mut self, level: usize) -> Result<(), NotCanonical> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b'{') => self.object(level + 1, &mut |_| {}),
            Some(b'[') => self.array(level + 1),
            Some(b'-' | b'0'..=b'9') => self.number().map(|_| ()),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => Err(self.fault(Fault::Null)),
            _ => Err(self.fault(Fault::Value)),
        }
    }

    pub(crate) fn word(&mut self, word: &str) -> Result<(), NotCanonical> {
        word.bytes().try_for_each(|byte| self.take(byte))
    }

    fn deeper(&self, level: usize) -> Result<(), NotCanonical> {
        if level > LEVELS { Err(self.fault(Fault::Depth)) } else { Ok(()) }
    }

    fn array(&mut self, level: usize) -> Result<(), NotCanonical> {
        self.deeper(level)?;
        self.take(b'[')?;
        if self.peek() == Some(b']') {
            return self.take(b']');
        }
        loop {
            self.value(level)?;
            if self.peek() == Some(b']') {
                return self.take(b']');
            }
            self.take(b',')?;
        }
    }

    pub(super) fn object(
        &mut self,
        level: usize,
        each: &mut impl FnMut(Member<'a>),
    ) -> Result<(), NotCanonical> {
        self.deeper(level)?;
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            return self.take(b'}');
        }
        let mut before: Option<Inside<'a>> = None;
        loop {
            let start = self.at;
            let name = self.string()?;
            if matches!(name, Inside::Other(name) if !name.is_ascii()) {
                return Err(NotCanonical { offset: start, fault: Fault::NameNotAscii });
            }
            if before.is_some_and(|before| !before.comes_before(name)) {
                return Err(NotCanonical { offset: start, fault: Fault::Order });
            }
            before = Some(name);
            self.take(b':')?;
            let value = self.raw(level)?;
            each(Member { name: name.as_str(), value, start });
            if self.peek() == Some(b'}') {
                return self.take(b'}');
            }
            self.take(b',')?;
        }
    }

    /// Reads the member of this name in the outermost object, if it stands here.
    #[inline]
    pub(crate) fn member(&mut self, name: &'static str) -> Result<Option<Member<'a>>, NotCanonical> {
        let start = self.at;
        let rest = self
            .text
            .get(start..)
            .and_then(|rest| rest.strip_prefix('"')?.strip_prefix(name)?.strip_prefix("\":"));
        if rest.is_none() {
            return Ok(None);
        }
        self.at += name.len() + "\"\":".len();
        let value = self.raw(1)?;
        Ok(Some(Member { name, value, start }))
    }

    /// Reads a value and returns it as it stands.
    fn raw(&mut self, level: usize) -> Result<&'a str, NotCanonical> {
        let start = self.at;
        self.value(level)?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Reads a string.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Inside<'a>, NotCanonical> {
        self.take(b'"')?;
        let start = self.at;
        self.pass();
        let plain = self.peek() == Some(b'"');
        if !plain {
            self.rest_of_string()?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(if plain { Inside::Plain(text) } else { Inside::Other(text) })
    }

    /// Passes over characters that stand for themselves, as long as there are eight bytes to look at.
    #[inline]
    fn pass(&mut self) {
        let mut at = self.at;
        while let Some(eight) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let marks = marked(u64::from_le_bytes(*eight));
            if marks != 0 {
                // The first byte is the lowest one.
                at += marks.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        self.at = at;
    }

    /// Passes over all that stands before the quote at the end, whatever it is.
    #[inline(never)]
    fn rest_of_string(&mut self) -> Result<(), NotCanonical> {
        loop {
            match self.peek() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => match self.bytes.get(self.at + 1) {
                    Some(b'"' | b'\\' | b't' | b'n') => self.at += 2,
                    _ => return Err(self.fault(Fault::Escape)),
                },
                Some(0x00..=0x1F | 0x7F) => return Err(self.fault(Fault::Control)),
                Some(0x20..=0x7E) => self.at += 1,
                Some(_) => self.wide()?,
                None => return Err(self.fault(Fault::Truncated)),
            }
            self.pass();
        }
    }

    fn wide(&mut self) -> Result<(), NotCanonical> {
        let Some(character) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            return Err(self.fault(Fault::Encoding));
        };
        match u32::from(character) {
            0x80..=0x9F => Err(self.fault(Fault::Control)),
            0xFDD0..=0xFDEF => Err(self.fault(Fault::Noncharacter)),
            code if code & 0xFFFE == 0xFFFE => Err(self.fault(Fault::Noncharacter)),
            _ => {
                self.at += character.len_utf8();
                Ok(())
            }
        }
    }

    pub(crate) fn number(&mut self) -> Result<i64, NotCanonical> {
        let start = self.at;
        let refused = NotCanonical { offset: start, fault: Fault::Number };
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let digits = self.at;
        let mut magnitude: i64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            magnitude = magnitude.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let length = self.at - digits;
        let zero_first = self.bytes.get(digits) == Some(&b'0');
        let plain = length > 0
            && !(zero_first && (length > 1 || negative))
            && magnitude.unsigned_abs() < INTEGERS
            && !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        if plain { Ok(if negative { -magnitude } else { magnitude }) } else { Err(refused) }
    }
}

impl<'a> Inside<'a> {
    /// What stands between the quotes of a value that was read, if it is a string.
    pub(crate) fn of(value: &'a str) -> Option<Self> {
        value.strip_prefix('"')?.strip_suffix('"').map(Self::Other)
    }

    pub(crate) const fn as_str(self) -> &'a str {
        match self {
            Self::Plain(text) | Self::Other(text) => text,
        }
    }

    /// The text that is meant.
    #[inline]
    pub(crate) fn unescaped(self) -> Cow<'a, str> {
        match self {
            Self::Other(text) if text.contains('\\') => Cow::Owned(unescaped(text)),
            Self::Plain(text) | Self::Other(text) => Cow::Borrowed(text),
        }
    }

    /// Whether a name comes before another once both are unescaped.
    fn comes_before(self, other: Self) -> bool {
        let (Self::Plain(name), Self::Plain(other)) = (self, other) else {
            return self.unescaped() < other.unescaped();
        };
        // Mostly the first letter tells.
        match (name.as_bytes().first(), other.as_bytes().first()) {
            (one, another) if one == another => name < other,
            (one, another) => one < another,
        }
    }
}

/// Marks, by their highest bits, the bytes that do not stand for themselves in a string: a quote, a backslash, those below
/// 0x20, 0x7f and those from 0x80 on. Only the lowest mark counts: what is carried over from a byte that is marked may mark
/// the bytes above it, too.
const fn marked(eight: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    let below_space = eight.wrapping_sub(ONES * 0x20);
    let quote = (eight ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (eight ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let delete = eight.wrapping_add(ONES);
    (below_space | quote | backslash | delete | eight) & HIGHEST
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                other => other.unwrap_or(character),
            },
            _ => character,
        });
    }
    plain
}
