//! The archive: what deciding looks up in the history before, beyond the state: which entry a name names, and what was
//! said of an action. It grows with the entries, so that where it lies is for whoever reads them to say.

use super::withheld::Held;
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

    /// The sequence of the entry that holds this digest.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    fn by_digest(&mut self, digest: &Digest) -> Result<Option<u64>, Self::Fault>;

    /// The last entry of a stream.
    fn stream(&self, subject: &str) -> Head;

    /// What was said of an action.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    fn words(&mut self, action: &Code) -> Result<Arc<Words>, Self::Fault>;

    /// The name of the field that the disclosure with this digest is of, where one is at hand.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    fn disclosed(&mut self, digest: &Digest) -> Result<Option<String>, Self::Fault>;

    /// Takes the names of the next entry, which is the last of its stream then.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    fn name(&mut self, entry: &Entry, held: &[Held]) -> Result<(), Self::Fault>;

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

/// An archive in memory, for a history that fits.
#[derive(Debug, Default)]
pub struct Whole {
    ids: HashMap<Uuid, u64>,
    leaves: HashMap<LeafHash, u64>,
    digests: HashMap<Digest, u64>,
    streams: HashMap<String, Head>,
    words: BTreeMap<Code, Arc<Words>>,
    /// The disclosures at hand, by the name of their field.
    pub disclosures: HashMap<Digest, String>,
}

impl Archive for Whole {
    type Fault = Infallible;

    fn by_id(&mut self, id: Uuid) -> Result<Option<u64>, Infallible> {
        Ok(self.ids.get(&id).copied())
    }

    fn by_leaf(&mut self, leaf: LeafHash) -> Result<Option<u64>, Infallible> {
        Ok(self.leaves.get(&leaf).copied())
    }

    fn by_digest(&mut self, digest: &Digest) -> Result<Option<u64>, Infallible> {
        Ok(self.digests.get(digest).copied())
    }

    fn stream(&self, subject: &str) -> Head {
        self.streams.get(subject).copied().unwrap_or(Head::EMPTY)
    }

    fn words(&mut self, action: &Code) -> Result<Arc<Words>, Infallible> {
        Ok(self.words.get(action).cloned().unwrap_or_default())
    }

    fn disclosed(&mut self, digest: &Digest) -> Result<Option<String>, Infallible> {
        Ok(self.disclosures.get(digest).cloned())
    }

    fn name(&mut self, entry: &Entry, held: &[Held]) -> Result<(), Infallible> {
        let sequence = entry.seal.sequence;
        self.ids.insert(entry.request.event.id, sequence);
        self.leaves.insert(entry.leaf, sequence);
        self.streams.insert(entry.request.event.subject.clone(), entry.stream());
        self.digests.extend(held.iter().map(|each| (each.digest, sequence)));
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
        archive.name(&entry, &[]).unwrap();
        let mut leaf = entry.leaf;
        assert_eq!(archive.by_leaf(leaf), Ok(Some(0)));
        leaf.0[31] ^= 1;
        assert_eq!(archive.by_leaf(leaf), Ok(None));
    }
}
