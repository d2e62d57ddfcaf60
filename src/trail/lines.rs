//! Lines that are taken together, as they stand in a file, and the entries that they are, which share their text: a long history is
//! read without memory of its own for each entry.
//!
//! ```
//! use annals::trail::lines::Lines;
//! let lines: Lines = include_str!("../../tests/vectors/entries.jsonl").lines().collect();
//! let lines = lines.share();
//! assert_eq!((lines.len(), lines.entry(5).unwrap().seal.sequence), (6, 5));
//! ```

use super::attribute::EntryFault;
use super::entry::Entry;
use super::excerpt::Excerpt;
use std::ops::Range;
use std::sync::Arc;

/// Lines, given without their newlines.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Lines {
    /// With a newline after each.
    bytes: Vec<u8>,
    /// Where each of them ends, before its newline.
    ends: Vec<usize>,
}

/// Lines whose text is shared.
#[derive(Debug)]
pub struct Shared {
    text: Text,
    ends: Vec<usize>,
}

/// The lines with a newline after each.
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
        self.bytes.push(b'\n');
    }

    /// A line, by its place from 0; of one that is not there nothing.
    #[must_use]
    pub fn line(&self, place: usize) -> &[u8] {
        self.bytes.get(at(&self.ends, place)).unwrap_or_default()
    }

    /// Each of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|place| self.line(place))
    }

    /// All of them with a newline after each, as a file has them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Leaves so many of the first, and gives the others.
    #[must_use]
    pub fn split_off(&mut self, count: usize) -> Self {
        let mut after = self.ends.split_off(count.min(self.len()));
        let begin = at(&self.ends, self.len()).start;
        for end in &mut after {
            *end -= begin;
        }
        Self { bytes: self.bytes.split_off(begin), ends: after }
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
        bytes.get(at(&self.ends, place)).unwrap_or_default()
    }

    /// The entry that a line is.
    ///
    /// # Errors
    /// [`EntryFault`], by name.
    pub fn entry(&self, place: usize) -> Result<Entry, EntryFault> {
        let excerpt = match &self.text {
            // Each begins and ends beside a newline, so that none has a part of a character.
            Text::Whole(text) => Excerpt::of(text, at(&self.ends, place)),
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
}

impl<L: AsRef<[u8]>> FromIterator<L> for Lines {
    fn from_iter<I: IntoIterator<Item = L>>(lines: I) -> Self {
        let mut taken = Self::default();
        lines.into_iter().for_each(|line| taken.push(line.as_ref()));
        taken
    }
}

/// Where a line stands; where there is none, from where the lines before it end.
fn at(ends: &[usize], place: usize) -> Range<usize> {
    let before = place.checked_sub(1).and_then(|before| ends.get(before).or(ends.last()));
    let begin = before.map_or(0, |end| end + 1);
    begin..ends.get(place).copied().unwrap_or(begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: &str = include_str!("../../tests/vectors/entries.jsonl");

    #[test]
    fn an_entry_that_shares_its_text_is_the_one_that_has_its_own() {
        let lines = || ENTRIES.lines().map(str::as_bytes);
        let bad: &[u8] = b"\xc3";
        for all in [lines().collect::<Vec<_>>(), lines().chain([bad]).collect()] {
            let shared = all.iter().collect::<Lines>().share();
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
    fn lines_are_kept_as_a_file_has_them_and_parted_where_one_wants() {
        let all: [&[u8]; 5] = [b"one", b"", b"two\nin one", b"\xff", b"five"];
        for count in 0..7 {
            let mut lines: Lines = all.iter().collect();
            assert_eq!(lines.bytes(), b"one\n\ntwo\nin one\n\xff\nfive\n");
            let rest = lines.split_off(count);
            let (first, others) = all.split_at(count.min(5));
            assert!(
                lines.iter().eq(first.iter().copied()) && rest.iter().eq(others.iter().copied()),
                "{count}"
            );
            assert_eq!((lines, rest), (first.iter().collect(), others.iter().collect()));
        }
    }

    #[test]
    fn what_is_still_read_keeps_its_text() {
        let lines = ENTRIES.lines().collect::<Lines>().share();
        let entry = lines.entry(3).unwrap();
        let mut next = lines.into_empty();
        next.push(b"other");
        assert_eq!(entry, Entry::parse(ENTRIES.lines().nth(3).unwrap().as_bytes()).unwrap());
    }
}
