//! The archive: what deciding looks up in the history before, beyond the state: which entry a name names, and what was
//! said of an action. It grows with the entries, so that where it lies is for whoever reads them to say.

use super::withheld::Shown;
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::trail::disclosure::Digest;
use crate::trail::entry::Entry;
use crate::trail::hash::{Head, LeafHash};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use uuid::Uuid;

/// Names of entries, and the words of actions. A name is kept whole: whoever writes a request chooses what it names, so
/// that a part of one could be imitated.
pub trait Archive {
    /// Why it cannot be asked.
    type Fault;

    /// The sequence of the entry with this id.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    fn by_id(&mut self, id: Uuid) -> Result<Option<u64>, Self::Fault>;

    /// The sequence of the entry with this leaf hash.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    fn by_leaf(&mut self, leaf: LeafHash) -> Result<Option<u64>, Self::Fault>;

    /// Where this digest is held.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    fn by_digest(&mut self, digest: &Digest) -> Result<Option<Holding>, Self::Fault>;

    /// The last entry of a stream.
    fn stream(&self, subject: &str) -> Head;

    /// Every stream with its last entry, in byte order of their subjects.
    fn streams(&self) -> impl Iterator<Item = (&str, Head)>;

    /// What was said of an action.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    fn words(&mut self, action: &Code) -> Result<Arc<Words>, Self::Fault>;

    /// What the disclosure with this digest shows, where one is at hand.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    fn disclosed(&mut self, digest: &Digest) -> Result<Option<Shown>, Self::Fault>;

    /// Takes the names of the next entry, which is the last of its stream then.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    fn name(&mut self, entry: &Entry) -> Result<(), Self::Fault>;

    /// Takes where a digest is held, in place of what was known of it.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    fn hold(&mut self, digest: &Digest, holding: Holding) -> Result<(), Self::Fault>;

    /// Takes what was said of an action, with what the entry with a sequence says now.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    fn say(
        &mut self,
        action: &Code,
        sequence: u64,
        say: &mut dyn FnMut(&mut Words),
    ) -> Result<(), Self::Fault>;
}

/// Where a digest is held, in 64 bits: one that says whether its disclosure was erased, 15 for the party's place in the
/// opening, and 48 for the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// By an entry.
    Held {
        /// Of the entry.
        sequence: u64,
        /// The place of the entry's party in the opening, or [`Holding::NOBODY`].
        party: u16,
    },
    /// By an entry, and its disclosure was erased.
    Erased {
        /// Of the entry that erased it.
        sequence: u64,
    },
}

impl Holding {
    /// The place of whoever is no party. What it says is refused, and only verifying reads on after that.
    pub const NOBODY: u16 = 0x7FFF;
    const ERASED: u64 = 1 << 63;
    const SEQUENCE: u64 = (1 << 48) - 1;

    /// As a number.
    #[must_use]
    pub fn pack(self) -> u64 {
        match self {
            Self::Held { sequence, party } => {
                u64::from(party & Self::NOBODY) << 48 | sequence & Self::SEQUENCE
            }
            Self::Erased { sequence } => Self::ERASED | sequence & Self::SEQUENCE,
        }
    }

    /// The holding that a number is.
    #[must_use]
    pub fn unpack(number: u64) -> Self {
        let sequence = number & Self::SEQUENCE;
        if number & Self::ERASED != 0 {
            return Self::Erased { sequence };
        }
        Self::Held { sequence, party: u16::try_from(number >> 48).unwrap_or(Self::NOBODY) }
    }
}

/// An archive in memory, for a history that fits.
#[derive(Debug, Default)]
pub struct Whole {
    ids: HashMap<Uuid, u64>,
    leaves: HashMap<LeafHash, u64>,
    digests: HashMap<Digest, Holding>,
    streams: BTreeMap<String, Head>,
    words: BTreeMap<Code, Arc<Words>>,
    /// What the disclosures at hand show.
    pub disclosures: HashMap<Digest, Shown>,
}

impl Archive for Whole {
    type Fault = Infallible;

    fn by_id(&mut self, id: Uuid) -> Result<Option<u64>, Infallible> {
        Ok(self.ids.get(&id).copied())
    }

    fn by_leaf(&mut self, leaf: LeafHash) -> Result<Option<u64>, Infallible> {
        Ok(self.leaves.get(&leaf).copied())
    }

    fn by_digest(&mut self, digest: &Digest) -> Result<Option<Holding>, Infallible> {
        Ok(self.digests.get(digest).copied())
    }

    fn stream(&self, subject: &str) -> Head {
        self.streams.get(subject).copied().unwrap_or(Head::EMPTY)
    }

    fn streams(&self) -> impl Iterator<Item = (&str, Head)> {
        self.streams.iter().map(|(subject, head)| (subject.as_str(), *head))
    }

    fn words(&mut self, action: &Code) -> Result<Arc<Words>, Infallible> {
        Ok(self.words.get(action).cloned().unwrap_or_default())
    }

    fn disclosed(&mut self, digest: &Digest) -> Result<Option<Shown>, Infallible> {
        Ok(self.disclosures.get(digest).cloned())
    }

    fn name(&mut self, entry: &Entry) -> Result<(), Infallible> {
        let sequence = entry.seal.sequence;
        self.ids.insert(entry.request.event.id, sequence);
        self.leaves.insert(entry.leaf(), sequence);
        self.streams.insert(entry.request.event.subject.to_string(), entry.stream());
        Ok(())
    }

    fn hold(&mut self, digest: &Digest, holding: Holding) -> Result<(), Infallible> {
        self.digests.insert(*digest, holding);
        Ok(())
    }

    fn say(&mut self, action: &Code, _: u64, say: &mut dyn FnMut(&mut Words)) -> Result<(), Infallible> {
        say(Arc::make_mut(self.words.entry(action.clone()).or_default()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: &str = include_str!("../../tests/vectors/entries.jsonl");

    #[test]
    fn half_a_hash_is_not_the_hash() {
        let entry = Entry::parse(ENTRIES.lines().next().unwrap().as_bytes()).unwrap();
        let mut archive = Whole::default();
        archive.name(&entry).unwrap();
        let mut leaf = entry.leaf();
        assert_eq!(archive.by_leaf(leaf), Ok(Some(0)));
        leaf.0[31] ^= 1;
        assert_eq!(archive.by_leaf(leaf), Ok(None));
    }

    #[test]
    fn a_holding_is_a_number_and_back() {
        for sequence in [0, 1, (1 << 48) - 1] {
            for holding in [
                Holding::Held { sequence, party: 0 },
                Holding::Held { sequence, party: 1 },
                Holding::Held { sequence, party: Holding::NOBODY },
                Holding::Erased { sequence },
            ] {
                assert_eq!(Holding::unpack(holding.pack()), holding);
            }
        }
        assert_eq!(Holding::Held { sequence: 7, party: 1 }.pack(), 0x0001_0000_0000_0007);
        assert_eq!(Holding::Erased { sequence: 7 }.pack(), 0x8000_0000_0000_0007);
    }
}
