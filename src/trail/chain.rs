//! Form and chains alone: whether lines are entries that follow each other, in the log and in their streams.
//!
//! A long history is followed in ranges that do not know of each other, which are joined afterwards; what is found does
//! not depend on where it was cut. Nothing is kept of the lines but the ends of their streams. Times, signatures and rules
//! are not here.
//!
//! ```
//! use annals::trail::chain::Range;
//! use annals::trail::hash::Head;
//! let lines: Vec<&[u8]> = include_bytes!("../../tests/vectors/entries.jsonl").trim_ascii().split(|byte| *byte == b'\n').collect();
//! let (first, second) = lines.split_at(3);
//! let whole = Range::of(0, first).join(Range::of(3, second));
//! assert_eq!(whole.head().unwrap().size, 6);
//! ```

use super::attribute::EntryFault;
use super::hash::{Head, LeafHash};
use super::parts::{Parts, text};
use std::collections::HashMap;

/// The first entry that does not follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry} does not follow those before it")]
pub struct Broken {
    /// Its place among the lines, from 0.
    pub entry: u64,
    /// What is wrong with it.
    #[source]
    pub fault: ChainFault,
}

/// Why an entry does not follow those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// It is none.
    #[error("it is not an entry")]
    Form(#[from] EntryFault),
    /// Its sequence is not its place.
    #[error("its sequence is {found}; {expected} was expected")]
    Sequence {
        /// Its place.
        expected: u64,
        /// As it says.
        found: u64,
    },
    /// It names another entry before it.
    #[error("its prevhash is {found}; {expected} was expected")]
    Chain {
        /// Leaf hash of the entry before it.
        expected: LeafHash,
        /// As it says.
        found: LeafHash,
    },
    /// It does not continue its stream.
    #[error(
        "it follows version {} of `{subject}`, {}; version {}, {}, was expected",
        found.size, found.leaf, expected.size, expected.leaf
    )]
    Stream {
        /// Which stream.
        subject: String,
        /// Where the stream stands.
        expected: Head,
        /// As it says.
        found: Head,
    },
}

/// Lines from a place in the log on, as far as they follow each other, and as far as their neighbours have to know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The place of the first line, and of the one after the last that follows.
    first: u64,
    end: u64,
    /// Leaf hash of what stands before the first line, as that says; nothing where there is no line.
    before: Option<LeafHash>,
    /// Leaf hash of what stands before `end`, where that is known.
    last: Option<LeafHash>,
    streams: HashMap<String, Stream>,
    broken: Option<Broken>,
}

/// A stream within a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stream {
    /// The place of its first entry within the range.
    entry: u64,
    /// Where it stood before, as that entry says.
    before: Head,
    last: Head,
}

impl Range {
    /// Follows lines, given without their newlines, from the place `first` in the log on: 0 is its begin.
    #[must_use]
    pub fn of(first: u64, lines: impl IntoIterator<Item: AsRef<[u8]>>) -> Self {
        Self::with_leaves(first, lines, &mut |_| {})
    }

    /// As [`Self::of`]; `each` hears the leaf hash of each line that follows, for whoever builds the tree over them.
    pub fn with_leaves(
        first: u64,
        lines: impl IntoIterator<Item: AsRef<[u8]>>,
        each: &mut dyn FnMut(LeafHash),
    ) -> Self {
        let last = (first == 0).then_some(LeafHash::NONE);
        let mut range = Self { first, end: first, before: None, last, streams: HashMap::new(), broken: None };
        let followed = range.follow_all(lines.into_iter(), each);
        range.broken = followed.err().map(|fault| Broken { entry: range.end, fault });
        range
    }

    fn follow_all(
        &mut self,
        mut lines: impl Iterator<Item: AsRef<[u8]>>,
        each: &mut dyn FnMut(LeafHash),
    ) -> Result<(), ChainFault> {
        let mut follow = |line: &[u8], leaf| self.follow(line, leaf).map(|()| each(leaf));
        while let Some(one) = lines.next() {
            let one = one.as_ref();
            let Some(other) = lines.next() else { return follow(one, LeafHash::of(one)) };
            let other = other.as_ref();
            let [leaf, after] = LeafHash::of_two(one, other);
            follow(one, leaf)?;
            follow(other, after)?;
        }
        Ok(())
    }

    fn follow(&mut self, line: &[u8], leaf: LeafHash) -> Result<(), ChainFault> {
        let (parts, seal) = Parts::of_entry(text(line)?)?;
        in_place(self.end, seal.sequence)?;
        linked(self.last, seal.prevhash)?;
        // A version is at least 1.
        let before = Head { size: seal.streamversion.saturating_sub(1), leaf: seal.streamprevhash };
        let last = Head { size: seal.streamversion, leaf };
        match self.streams.get_mut(parts.subject.as_ref()) {
            Some(stream) => {
                continued(&parts.subject, stream.last, before)?;
                stream.last = last;
            }
            None => self.begin(parts.subject.into_owned(), Stream { entry: self.end, before, last })?,
        }
        self.before.get_or_insert(seal.prevhash);
        self.last = Some(leaf);
        self.end += 1;
        Ok(())
    }

    /// Takes a stream of which the range has no entry yet: from the begin of the log on, there is none.
    fn begin(&mut self, subject: String, stream: Stream) -> Result<(), ChainFault> {
        if self.first == 0 {
            continued(&subject, Head::EMPTY, stream.before)?;
        }
        self.streams.insert(subject, stream);
        Ok(())
    }

    /// This range and the next one as one.
    #[must_use]
    pub fn join(mut self, next: Self) -> Self {
        if self.broken.is_some() {
            return self;
        }
        let at_border = next.before.map_or(Ok(()), |before| {
            in_place(self.end, next.first)?;
            linked(self.last, before)
        });
        if let Err(fault) = at_border {
            self.broken = Some(Broken { entry: self.end, fault });
            return self;
        }
        let streams = next.streams.into_iter().filter_map(|(subject, stream)| {
            let fault = match self.streams.get_mut(&subject) {
                Some(ours) => {
                    let before = std::mem::replace(&mut ours.last, stream.last);
                    continued(&subject, before, stream.before)
                }
                None => self.begin(subject, stream),
            };
            fault.err().map(|fault| Broken { entry: stream.entry, fault })
        });
        // Each is of another entry, so it is always the same one that is the first.
        self.broken = streams.chain(next.broken).min_by_key(|broken| broken.entry);
        self.before = self.before.or(next.before);
        self.last = next.last.or(self.last);
        self.end = next.end;
        self
    }

    /// Follows the next line.
    pub fn push(&mut self, line: &[u8]) {
        if self.broken.is_none()
            && let Err(fault) = self.follow(line, LeafHash::of(line))
        {
            self.broken = Some(Broken { entry: self.end, fault });
        }
    }

    /// Whether a line does not follow.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// The head that the lines leave, where they begin with the log.
    ///
    /// # Errors
    /// [`Broken`], at the first entry that does not follow those before it.
    pub fn head(self) -> Result<Head, Broken> {
        let head = Head { size: self.end, leaf: self.last.unwrap_or_default() };
        self.broken.map_or(Ok(head), Err)
    }
}

fn in_place(expected: u64, found: u64) -> Result<(), ChainFault> {
    if expected == found { Ok(()) } else { Err(ChainFault::Sequence { expected, found }) }
}

/// Whatever stands before the first line of a range is believed until the ranges are joined.
fn linked(before: Option<LeafHash>, found: LeafHash) -> Result<(), ChainFault> {
    match before {
        Some(expected) if expected != found => Err(ChainFault::Chain { expected, found }),
        _ => Ok(()),
    }
}

fn continued(subject: &str, expected: Head, found: Head) -> Result<(), ChainFault> {
    if expected == found {
        return Ok(());
    }
    Err(ChainFault::Stream { subject: subject.to_owned(), expected, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: &str = include_str!("../../tests/vectors/history.jsonl");

    /// What is found, the same wherever the lines are cut into two, and where each is a range of its own.
    fn followed(lines: &[&str]) -> Result<Head, (u64, ChainFault)> {
        let whole = Range::of(0, lines).head();
        let range = |from: usize, to: usize| Range::of(from as u64, &lines[from..to]);
        for cut in 0..=lines.len() {
            assert_eq!(range(0, cut).join(range(cut, lines.len())).head(), whole, "{cut}");
        }
        let (first, single) = (range(0, 0), |at| range(at, at + 1));
        assert_eq!((0..lines.len()).map(single).fold(first.clone(), Range::join).head(), whole);
        let others = (0..lines.len()).map(single).reduce(Range::join);
        assert_eq!(others.map_or(first.clone(), |others| first.join(others)).head(), whole);
        let mut pushed = Range::of(0, [[0; 0]; 0]);
        for line in lines {
            pushed.push(line.as_bytes());
        }
        assert_eq!((pushed.is_broken(), pushed.head()), (whole.is_err(), whole.clone()));
        whole.map_err(|broken| (broken.entry, broken.fault))
    }

    #[test]
    fn a_sound_history_leaves_its_head_however_it_is_shared_out() {
        let lines: Vec<&str> = ENTRIES.lines().collect();
        let leaf = LeafHash::of(lines[lines.len() - 1].as_bytes());
        assert_eq!(followed(&lines), Ok(Head { size: lines.len() as u64, leaf }));
        assert_eq!(followed(&[]), Ok(Head::EMPTY));
    }

    #[test]
    fn an_entry_that_was_dropped_repeated_or_moved_is_found_at_its_place() {
        let lines: Vec<&str> = ENTRIES.lines().collect();
        for at in 1..lines.len() - 1 {
            let (mut dropped, mut repeated, mut moved) = (lines.clone(), lines.clone(), lines.clone());
            dropped.remove(at);
            repeated.insert(at, lines[at - 1]);
            moved.swap(at, at + 1);
            let place = at as u64;
            for (damaged, found) in [(dropped, place + 1), (repeated, place - 1), (moved, place + 1)] {
                assert_eq!(followed(&damaged), Err((place, ChainFault::Sequence { expected: place, found })));
            }
        }
    }

    #[test]
    fn an_entry_that_was_changed_is_found_by_the_one_after_it() {
        let lines: Vec<&str> = ENTRIES.lines().collect();
        for at in 0..lines.len() {
            let (mut damaged, place) = (lines.clone(), at as u64);
            let changed = lines[at].replace("\"source\":\"parties/", "\"source\":\"parties/X");
            damaged[at] = &changed;
            match followed(&damaged) {
                Err((entry, ChainFault::Chain { expected, .. })) => {
                    assert_eq!((entry, expected), (place + 1, LeafHash::of(changed.as_bytes())));
                }
                // A chain cannot see that its tail is another.
                found => assert!(found.is_ok() && at + 1 == lines.len(), "{at}: {found:?}"),
            }
            damaged[at] = "{}";
            assert!(matches!(followed(&damaged), Err((entry, ChainFault::Form(_))) if entry == place));
        }
    }

    #[test]
    fn an_entry_that_does_not_continue_its_stream_is_found_though_the_log_is_whole() {
        let lines: Vec<&str> = ENTRIES.lines().collect();
        for at in 1..lines.len() {
            let (from, version) = lines[at].rsplit_once("\"streamversion\":").unwrap();
            let changed = format!("{from}\"streamversion\":1{version}");
            let mut damaged = lines[..at].to_vec();
            damaged.push(&changed);
            let found = followed(&damaged);
            assert!(
                matches!(found, Err((entry, ChainFault::Stream { .. })) if entry == at as u64),
                "{found:?}"
            );
        }
        let hash = |text: &str| {
            let (_, rest) = text.split_once("\"streamprevhash\":\"").unwrap();
            rest[..64].to_owned()
        };
        let last = lines.len() - 1;
        let changed = lines[last].replace(&hash(lines[last]), &"1".repeat(64));
        let mut damaged = lines;
        damaged[last] = &changed;
        assert!(matches!(followed(&damaged), Err((_, ChainFault::Stream { .. }))));
    }

    #[test]
    fn a_fault_says_what_was_expected() {
        let lines: Vec<&str> = ENTRIES.lines().take(2).collect();
        let broken = Range::of(0, [lines[1]]).head().unwrap_err();
        assert_eq!(broken.to_string(), "entry 0 does not follow those before it");
        assert_eq!(broken.fault.to_string(), "its sequence is 1; 0 was expected");
    }
}
