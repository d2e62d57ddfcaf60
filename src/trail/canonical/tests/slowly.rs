//! The form checked byte by byte, as simply as it can be said: what the quick reader is held against.

use super::super::{Fault, INTEGERS, LEVELS, NotCanonical};
use std::ops::Range;

/// Name, value and span of a member, as they stand.
pub(super) type Member<'a> = (&'a str, &'a str, Range<usize>);

/// As [`super::super::members`].
pub(super) fn members(bytes: &[u8]) -> Result<Vec<Member<'_>>, NotCanonical> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| NotCanonical { offset: error.valid_up_to(), fault: Fault::Encoding })?;
    let mut reader = Reader { text, bytes, at: 0 };
    let mut members = Vec::new();
    if reader.peek() != Some(b'{') {
        return Err(reader.fault(Fault::Unexpected));
    }
    reader.object(1, Some(&mut members))?;
    reader.end()?;
    Ok(members)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn fault(&self, fault: Fault) -> NotCanonical {
        let fault = match self.bytes.get(self.at) {
            None => Fault::Truncated,
            Some(b'\r') if fault == Fault::Trailing && self.at + 1 == self.bytes.len() => Fault::Return,
            Some(_) if self.at == 0 && self.text.starts_with('\u{feff}') => Fault::Mark,
            Some(_) => fault,
        };
        NotCanonical { offset: self.at, fault }
    }

    fn end(&self) -> Result<(), NotCanonical> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.fault(Fault::Trailing)) }
    }

    fn take(&mut self, byte: u8) -> Result<(), NotCanonical> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.fault(Fault::Unexpected))
    }

    fn value(&mut self, level: usize) -> Result<(), NotCanonical> {
        match self.peek() {
            Some(b'{') => self.object(level + 1, None),
            Some(b'[') => self.array(level + 1),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => Err(self.fault(Fault::Null)),
            _ => Err(self.fault(Fault::Value)),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), NotCanonical> {
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

    fn object(
        &mut self,
        level: usize,
        mut members: Option<&mut Vec<Member<'a>>>,
    ) -> Result<(), NotCanonical> {
        self.deeper(level)?;
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            return self.take(b'}');
        }
        let mut before: Option<&'a str> = None;
        loop {
            let start = self.at;
            let name = self.string()?;
            if !name.is_ascii() {
                return Err(NotCanonical { offset: start, fault: Fault::NameNotAscii });
            }
            if before.is_some_and(|before| !ascending(before, name)) {
                return Err(NotCanonical { offset: start, fault: Fault::Order });
            }
            before = Some(name);
            self.take(b':')?;
            let value = self.at;
            self.value(level)?;
            if let Some(members) = members.as_deref_mut() {
                let value = self.text.get(value..self.at).unwrap_or_default();
                members.push((name, value, start..self.at));
            }
            if self.peek() == Some(b'}') {
                return self.take(b'}');
            }
            self.take(b',')?;
        }
    }

    /// Reads a string and returns it as it stands between its quotes, escapes included.
    fn string(&mut self) -> Result<&'a str, NotCanonical> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let inside = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(inside);
                }
                Some(b'\\') => match self.bytes.get(self.at + 1) {
                    Some(b'"' | b'\\' | b't' | b'n') => self.at += 2,
                    _ => return Err(self.fault(Fault::Escape)),
                },
                Some(0x00..=0x1F | 0x7F) => return Err(self.fault(Fault::Control)),
                Some(0x20..=0x7E) => self.at += 1,
                Some(_) => self.wide()?,
                None => return Err(self.fault(Fault::Truncated)),
            }
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

    fn number(&mut self) -> Result<(), NotCanonical> {
        let start = self.at;
        let refused = NotCanonical { offset: start, fault: Fault::Number };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digits = self.at;
        let mut magnitude: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            magnitude = magnitude.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let length = self.at - digits;
        let zero_first = self.bytes.get(digits) == Some(&b'0');
        let plain = length > 0
            && !(zero_first && (length > 1 || digits > start))
            && magnitude < INTEGERS
            && !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        if plain { Ok(()) } else { Err(refused) }
    }
}

/// Whether `name` comes after `before` once both are unescaped.
fn ascending(before: &str, name: &str) -> bool {
    if before.contains('\\') || name.contains('\\') {
        return unescaped(before) < unescaped(name);
    }
    before < name
}

fn unescaped(name: &str) -> Vec<u8> {
    let mut bytes = name.bytes();
    let mut plain = Vec::with_capacity(name.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next() {
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(other) => other,
                None => byte,
            },
            _ => byte,
        });
    }
    plain
}
