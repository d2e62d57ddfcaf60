//! The reader of the canonical form: one pass over the bytes, in which every departure is met where it stands.
//!
//! Everything that is verified passes here first, so strings are passed over eight bytes at a time. What the form is, is
//! said in [`super`].

use super::{Fault, INTEGERS, LEVELS, MARK, Member, NotCanonical};
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
        super::text(bytes).map(Self::new)
    }

    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What is wrong, and where: a fault is met where the reader stands.
    pub(super) fn refused(&self, fault: Fault) -> NotCanonical {
        let fault = match (fault, self.bytes.get(self.at..).unwrap_or_default()) {
            (_, []) => Fault::Truncated,
            (Fault::Trailing, b"\r") => Fault::Return,
            (Fault::Unexpected | Fault::Value, rest) if self.at == 0 && rest.starts_with(MARK.as_bytes()) => {
                Fault::Mark
            }
            _ => fault,
        };
        NotCanonical { offset: self.at, fault }
    }

    fn refuse<T>(&mut self, at: usize, fault: Fault) -> Result<T, Fault> {
        self.at = at;
        Err(fault)
    }

    pub(crate) fn end(&self) -> Result<(), Fault> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(Fault::Trailing) }
    }

    pub(crate) fn take(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(Fault::Unexpected)
    }

    pub(super) fn value(&mut self, level: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.text().map(|_| ()),
            Some(b'{') => self.object(level + 1, &mut |_| {}),
            Some(b'[') => self.array(level + 1),
            Some(b'-' | b'0'..=b'9') => self.number().map(|_| ()),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => Err(Fault::Null),
            _ => Err(Fault::Value),
        }
    }

    pub(crate) fn word(&mut self, word: &str) -> Result<(), Fault> {
        word.bytes().try_for_each(|byte| self.take(byte))
    }

    fn array(&mut self, level: usize) -> Result<(), Fault> {
        deeper(level)?;
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

    pub(super) fn object(&mut self, level: usize, each: &mut impl FnMut(Member<'a>)) -> Result<(), Fault> {
        deeper(level)?;
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            return self.take(b'}');
        }
        let mut before: Option<Inside<'a>> = None;
        loop {
            let start = self.at;
            let name = self.string()?;
            if matches!(name, Inside::Other(name) if !name.is_ascii()) {
                return self.refuse(start, Fault::NameNotAscii);
            }
            if before.is_some_and(|before| !before.comes_before(name)) {
                return self.refuse(start, Fault::Order);
            }
            before = Some(name);
            self.take(b':')?;
            let value = self.at;
            self.value(level)?;
            each(Member { name: name.as_str(), value: self.since(value), start });
            if self.peek() == Some(b'}') {
                return self.take(b'}');
            }
            self.take(b',')?;
        }
    }

    /// Passes over this text, if it stands here.
    #[inline]
    pub(crate) fn literal(&mut self, text: &str) -> Option<()> {
        self.bytes.get(self.at..)?.starts_with(text.as_bytes()).then(|| self.at += text.len())
    }

    /// Passes over a string of so many bytes, which may be any: whoever decodes them has to know each.
    #[inline]
    pub(crate) fn quoted<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let [b'"', rest @ ..] = self.bytes.get(self.at..)? else { return None };
        let (inside, rest) = rest.split_first_chunk()?;
        self.at += "\"\"".len() + N;
        if rest.first() == Some(&b'"') { Some(inside) } else { None }
    }

    /// Where it stands.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Reads an object within the outermost one, and returns it as it stands.
    pub(crate) fn inner(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        self.object(2, &mut |_| {})?;
        Ok(self.since(start))
    }

    /// Reads a string.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Inside<'a>, Fault> {
        let start = self.at + 1;
        let plain = self.text()?;
        let text = self.text.get(start..self.at - 1).unwrap_or_default();
        Ok(if plain { Inside::Plain(text) } else { Inside::Other(text) })
    }

    /// Passes over a string, and says whether it is ASCII without an escape.
    fn text(&mut self) -> Result<bool, Fault> {
        self.take(b'"')?;
        self.pass();
        let plain = self.peek() == Some(b'"');
        if !plain {
            self.rest_of_string()?;
        }
        self.at += 1;
        Ok(plain)
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
    fn rest_of_string(&mut self) -> Result<(), Fault> {
        loop {
            match self.peek() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => match self.bytes.get(self.at + 1) {
                    Some(b'"' | b'\\' | b't' | b'n') => self.at += 2,
                    _ => return Err(Fault::Escape),
                },
                Some(0x00..=0x1F | 0x7F) => return Err(Fault::Control),
                Some(0x20..=0x7E) => self.at += 1,
                Some(_) => self.wide()?,
                None => return Err(Fault::Truncated),
            }
            self.pass();
        }
    }

    fn wide(&mut self) -> Result<(), Fault> {
        let Some(character) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            return Err(Fault::Encoding);
        };
        match u32::from(character) {
            0x80..=0x9F => Err(Fault::Control),
            0xFDD0..=0xFDEF => Err(Fault::Noncharacter),
            code if code & 0xFFFE == 0xFFFE => Err(Fault::Noncharacter),
            _ => {
                self.at += character.len_utf8();
                Ok(())
            }
        }
    }

    pub(crate) fn number(&mut self) -> Result<i64, Fault> {
        let start = self.at;
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
        if plain {
            return Ok(if negative { -magnitude } else { magnitude });
        }
        self.refuse(start, Fault::Number)
    }
}

const fn deeper(level: usize) -> Result<(), Fault> {
    if level > LEVELS { Err(Fault::Depth) } else { Ok(()) }
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
            Self::Other(text) if memchr::memchr(b'\\', text.as_bytes()).is_some() => {
                Cow::Owned(unescaped(text))
            }
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
