//! Lines that are taken together, and the entries that they are, which share their text: a long history is read without memory of
//! its own for each entry.
//!
//! ```
//! use annals::trail::lines::Lines;
//! let mut lines = Lines::default();
//! include_str!("../../tests/vectors/entries.jsonl").lines().for_each(|line| lines.push(line.as_bytes()));
//! let lines = lines.share();
//! assert_eq!((lines.len(), lines.entry(5).unwrap().seal.sequence), (6, 5));
//! ```

use super::attribute::EntryFault;
use super::entry::Entry;
use super::excerpt::Excerpt;
use std::ops::Range;
use std::sync::Arc;

/// Lines, without their newlines.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
}

/// Lines whose text is shared.
#[derive(Debug)]
pub struct Shared {
    text: Text,
    ends: Vec<usize>,
}

/// The lines, one directly after the other.
#[derive(Debug)]
enum Text {
    Whole(Arc<String>),
    /// Where one of them is no text.
    Bytes(Vec<u8>),
}

impl Lines {
    /// Takes the next line, whatever it is.
    pub fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The same to be read, by all cores at once.
    #[must_use]
    pub fn share(self) -> Shared {
        let text = String::from_utf8(self.bytes)
            .map_or_else(|error| Text::Bytes(error.into_bytes()), |text| Text::Whole(Arc::new(text)));
        Shared { text, ends: self.ends }
    }
}

impl Shared {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A line, by its place from 0; of one that is not there nothing.
    #[must_use]
    pub fn line(&self, place: usize) -> &[u8] {
        let bytes = match &self.text {
            Text::Whole(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        };
        bytes.get(self.at(place)).unwrap_or_default()
    }

    /// The entry that a line is.
    ///
    /// # Errors
    /// [`EntryFault`], by name.
    pub fn entry(&self, place: usize) -> Result<Entry, EntryFault> {
        let excerpt = match &self.text {
            // Two lines may share a character that neither has.
            Text::Whole(text) => Excerpt::of(text, self.at(place)),
            Text::Bytes(_) => None,
        };
        excerpt.map_or_else(|| Entry::parse(self.line(place)), |line| Entry::read(&line))
    }

    /// No lines, in the memory that these have had, where no entry shares it any more.
    #[must_use]
    pub fn into_empty(self) -> Lines {
        let Self { text, mut ends } = self;
        let bytes = match text {
            Text::Whole(text) => Arc::into_inner(text).map(String::into_bytes),
            Text::Bytes(bytes) => Some(bytes),
        };
        let mut bytes = bytes.unwrap_or_default();
        bytes.clear();
        ends.clear();
        Lines { bytes, ends }
    }

    fn at(&self, place: usize) -> Range<usize> {
        let begin = place.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let end = self.ends.get(place).copied();
        begin.zip(end).map_or(0..0, |(begin, end)| begin..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: &str = include_str!("../../tests/vectors/entries.jsonl");

    fn shared<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Shared {
        let mut taken = Lines::default();
        lines.into_iter().for_each(|line| taken.push(line));
        taken.share()
    }

    #[test]
    fn an_entry_that_shares_its_text_is_the_one_that_has_its_own() {
        let lines = || ENTRIES.lines().map(str::as_bytes);
        let bad: &[u8] = b"\xc3";
        for all in [lines().collect::<Vec<_>>(), lines().chain([bad]).collect()] {
            let shared = shared(all.iter().copied());
            for (place, line) in all.iter().enumerate() {
                assert_eq!(shared.line(place), *line);
                assert_eq!(shared.entry(place), Entry::parse(line));
                if let Ok(entry) = shared.entry(place) {
                    assert_eq!(entry.leaf(), Entry::parse(line).unwrap().leaf());
                    assert_eq!(entry.request.to_bytes(), Entry::parse(line).unwrap().request.to_bytes());
                }
            }
            assert_eq!((shared.len(), shared.line(9)), (all.len(), b"".as_slice()));
            assert!(shared.entry(9).is_err());
            assert!(shared.into_empty().is_empty());
        }
    }

    #[test]
    fn a_character_that_two_lines_share_is_in_neither() {
        let [before, after] = ["æ".as_bytes()[..1].to_vec(), "æ".as_bytes()[1..].to_vec()];
        let shared = shared([&*before, &after]);
        assert!(matches!(shared.text, Text::Whole(_)));
        for (place, line) in [before, after].iter().enumerate() {
            assert_eq!(shared.entry(place), Entry::parse(line));
        }
    }

    #[test]
    fn what_is_still_read_keeps_its_text() {
        let lines = shared(ENTRIES.lines().map(str::as_bytes));
        let entry = lines.entry(3).unwrap();
        let mut next = lines.into_empty();
        next.push(b"other");
        assert_eq!(entry, Entry::parse(ENTRIES.lines().nth(3).unwrap().as_bytes()).unwrap());
    }
}
