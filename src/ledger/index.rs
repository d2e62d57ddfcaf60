//! The index: what is looked up in a history that is too long for memory. Which entry a name names, which entries a stream
//! has, and what was said of an action.
//!
//! It is derived from the entries and may be lost. What lies in it has the form of `packed`, in the tables of
//! [`crate::store::runs`]; in a ledger's folder it is kept with a [`super::snapshot`] of the state.

use super::disclosures::AtHand;
use super::packed::{self, Key, Latest, Packed, Sequence};
use super::recent::Recent;
use crate::domain::action;
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::record::archive::{Archive, Holding};
use crate::record::cores;
use crate::record::history::{self, Spoken};
use crate::record::withheld::Shown;
use crate::store::runs::{Named, Runs};
use crate::store::{LineHint, StoreError};
use crate::trail::disclosure::Digest;
use crate::trail::entry::Entry;
use crate::trail::hash::{Head, LeafHash};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Records of several actions that are read together, unless one has more.
const TOGETHER: usize = 1 << 11;
/// Bytes of words in memory of whoever only verifies. Whoever opens a ledger, or follows another, says how many there are to be.
const LEAST: usize = 32 << 20;
/// Entries whose names are in memory: when they are more, the index is worth keeping.
pub(super) const NEWEST: usize = 1 << 16;

/// Names, streams and words, in a memory that grows with the plan and not with the history.
#[derive(Debug)]
pub struct Index {
    tables: Tables,
    streams: HashMap<String, Stream>,
    /// How many bytes of lines there are, newlines counted.
    bytes: u64,
    /// Who spoke; a word names its party by its place here.
    parties: Vec<Code>,
    recent: Recent,
    disclosures: AtHand,
}

#[derive(Debug, Clone)]
pub(super) struct Tables {
    ids: Runs<16, 8>,
    leaves: Runs<32, 8>,
    digests: Runs<32, 8>,
    /// With how many bytes of lines there are before each entry, newlines counted.
    streams: Runs<16, 8>,
    words: Runs<16, { packed::WORD }>,
}

/// A stream: the sequence of its first entry, by which its records are found, and its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    first: u64,
    head: Head,
}

/// What of an index lies in files, and what a snapshot says of the rest.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settled {
    ids: Vec<Named>,
    leaves: Vec<Named>,
    digests: Vec<Named>,
    entries: Vec<Named>,
    words: Vec<Named>,
    streams: BTreeMap<String, Stream>,
    bytes: u64,
    parties: Vec<Code>,
}

impl Settled {
    /// The names of its files.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        let tables = [&self.ids, &self.leaves, &self.digests, &self.entries, &self.words];
        tables.into_iter().flatten().map(|file| file.name.as_str())
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::beside(AtHand::default())
    }
}

impl Index {
    /// An empty index, beside disclosures that are at hand.
    #[must_use]
    pub fn beside(disclosures: AtHand) -> Self {
        let tables = Tables {
            ids: Runs::new(true),
            leaves: Runs::new(true),
            digests: Runs::new(true),
            streams: Runs::new(false),
            words: Runs::new(false),
        };
        Self {
            tables,
            streams: HashMap::new(),
            bytes: 0,
            parties: Vec::new(),
            recent: Recent::new(LEAST),
            disclosures,
        }
    }

    /// As it was settled in a folder.
    ///
    /// # Errors
    /// [`StoreError`], where its files are damaged or cannot be read.
    pub(super) fn open(folder: &Path, settled: Settled) -> Result<Self, StoreError> {
        let tables = Tables {
            ids: Runs::open(folder, "ids", true, &settled.ids)?,
            leaves: Runs::open(folder, "leaves", true, &settled.leaves)?,
            digests: Runs::open(folder, "digests", true, &settled.digests)?,
            streams: Runs::open(folder, "streams", false, &settled.entries)?,
            words: Runs::open(folder, "words", false, &settled.words)?,
        };
        let Settled { streams, bytes, parties, .. } = settled;
        let streams = streams.into_iter().collect();
        Ok(Self { tables, streams, bytes, parties, ..Self::default() })
    }

    /// The same with so many bytes for words in memory, which are read again where they do not fit.
    #[must_use]
    pub(super) fn with_room(mut self, bytes: usize) -> Self {
        self.recent.give_room(bytes);
        self
    }

    /// The same at this moment, to be settled beside this one.
    pub(super) fn copy(&self) -> Self {
        Self {
            tables: self.tables.clone(),
            streams: self.streams.clone(),
            bytes: self.bytes,
            parties: self.parties.clone(),
            ..Self::default()
        }
    }

    /// Takes over what was settled of a copy, which had these tables.
    pub(super) fn adopt(&mut self, copied: &Tables, settled: Self) {
        let Tables { ids, leaves, digests, streams, words } = settled.tables;
        self.tables.ids.adopt(&copied.ids, ids);
        self.tables.leaves.adopt(&copied.leaves, leaves);
        self.tables.digests.adopt(&copied.digests, digests);
        self.tables.streams.adopt(&copied.streams, streams);
        self.tables.words.adopt(&copied.words, words);
    }

    pub(super) fn tables(&self) -> Tables {
        self.tables.clone()
    }

    /// Puts everything into files of a folder, which are durable on return.
    ///
    /// # Errors
    /// [`StoreError`], where they cannot be written.
    pub(super) fn settle(&mut self, folder: &Path) -> Result<Settled, StoreError> {
        let Tables { ids, leaves, digests, streams, words } = &mut self.tables;
        // They are about as many bytes as the others.
        let two = Mutex::new((words, digests));
        let settle_two = || {
            let (words, digests) = &mut *two.lock().unwrap_or_else(PoisonError::into_inner);
            Ok::<_, StoreError>((words.settle(folder, "words")?, digests.settle(folder, "digests")?))
        };
        let settle_three = || {
            let named = (ids.settle(folder, "ids")?, leaves.settle(folder, "leaves")?);
            Ok::<_, StoreError>((named, streams.settle(folder, "streams")?))
        };
        let (three, two) = cores::both(settle_three, &settle_two);
        let (((ids, leaves), entries), (words, digests)) = (three?, two?);
        Ok(Settled {
            ids,
            leaves,
            digests,
            entries,
            words,
            streams: self.streams.iter().map(|(subject, stream)| (subject.clone(), *stream)).collect(),
            bytes: self.bytes,
            parties: self.parties.clone(),
        })
    }

    /// Reads all that lies in files, for whoever asks whether it can be read.
    ///
    /// # Errors
    /// [`StoreError::Index`], where a file is damaged; [`StoreError`], where one cannot be read.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Tables { ids, leaves, digests, streams, words } = &self.tables;
        ids.check()?;
        leaves.check()?;
        digests.check()?;
        streams.check()?;
        words.check()
    }

    /// How many entries are in memory, at most.
    pub(super) fn waiting(&self) -> usize {
        let Tables { ids, digests, .. } = &self.tables;
        ids.waiting().max(digests.waiting())
    }

    /// Where a stream's entries are whose sequences lie in a range.
    ///
    /// # Errors
    /// [`StoreError`], where they cannot be read.
    pub fn entries(&self, subject: &str, range: Range<u64>) -> Result<Vec<LineHint>, StoreError> {
        let Some(stream) = self.streams.get(subject) else { return Ok(Vec::new()) };
        let key = |sequence| Key::new(stream.first, sequence).0;
        self.tables.streams.between(&key(range.start), &key(range.end), |found| {
            let hint = |(key, before): &(&[u8; 16], &[u8; 8])| LineHint {
                sequence: Key(**key).sequence(),
                before: u64::from_be_bytes(**before),
            };
            found.iter().map(hint).collect()
        })
    }

    /// What was said before an entry, for readers that do not wait for the next.
    pub(super) fn sayings(&self, size: u64) -> Sayings {
        Sayings { words: self.tables.words.clone(), parties: self.parties.clone(), size }
    }

    fn spoken(&mut self, action: &Code) -> Result<Arc<Words>, StoreError> {
        if let Some(words) = self.recent.get(action) {
            return Ok(words);
        }
        let words = match self.streams.get(&format!("actions/{action}")) {
            Some(stream) => said(&self.tables.words, stream.first, u64::MAX, &self.parties)?,
            None => Words::NONE,
        };
        Ok(self.recent.put(action, Arc::new(words)))
    }
}

impl Archive for Index {
    type Fault = StoreError;

    fn by_id(&mut self, id: Uuid) -> Result<Option<u64>, StoreError> {
        Ok(self.tables.ids.get(id.as_bytes())?.map(u64::from_be_bytes))
    }

    fn by_leaf(&mut self, leaf: LeafHash) -> Result<Option<u64>, StoreError> {
        Ok(self.tables.leaves.get(&leaf.0)?.map(u64::from_be_bytes))
    }

    fn by_digest(&mut self, digest: &Digest) -> Result<Option<Holding>, StoreError> {
        let holding = self.tables.digests.get(digest.bytes())?;
        Ok(holding.map(|holding| Holding::unpack(u64::from_be_bytes(holding))))
    }

    fn stream(&self, subject: &str) -> Head {
        self.streams.get(subject).map_or(Head::EMPTY, |stream| stream.head)
    }

    fn streams(&self) -> impl Iterator<Item = (&str, Head)> {
        let mut streams: Vec<_> =
            self.streams.iter().map(|(subject, stream)| (subject.as_str(), stream.head)).collect();
        streams.sort_unstable_by_key(|(subject, _)| *subject);
        streams.into_iter()
    }

    fn words(&mut self, action: &Code) -> Result<Arc<Words>, StoreError> {
        self.spoken(action)
    }

    fn disclosed(&mut self, digest: &Digest) -> Result<Option<Shown>, StoreError> {
        self.disclosures.shown(digest)
    }

    fn hold(&mut self, digest: &Digest, holding: Holding) -> Result<(), StoreError> {
        self.tables.digests.insert(*digest.bytes(), holding.pack().to_be_bytes())
    }

    fn name(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let (sequence, subject) = (entry.seal.sequence, entry.request.event.subject.as_str());
        let Tables { ids, leaves, streams, .. } = &mut self.tables;
        let value: Sequence = sequence.to_be_bytes();
        ids.insert(*entry.request.event.id.as_bytes(), value)?;
        leaves.insert(entry.leaf().0, value)?;
        let head = entry.stream();
        let first = match self.streams.get_mut(subject) {
            Some(stream) => {
                stream.head = head;
                stream.first
            }
            None => self.streams.entry(subject.to_owned()).or_insert(Stream { first: sequence, head }).first,
        };
        streams.insert(Key::new(first, sequence).0, self.bytes.to_be_bytes())?;
        self.bytes += entry.length() as u64 + 1;
        Ok(())
    }

    fn say(
        &mut self,
        action: &Code,
        sequence: u64,
        say: &mut dyn FnMut(&mut Words),
    ) -> Result<(), StoreError> {
        drop(self.spoken(action)?);
        let record = self.recent.change(action, |words| {
            say(words);
            Packed::of(words, sequence, &mut self.parties)
        });
        match (record.flatten(), self.streams.get(&format!("actions/{action}"))) {
            (Some(Packed(record)), Some(stream)) => {
                self.tables.words.insert(Key::new(stream.first, sequence).0, record)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
impl Index {
    /// Makes it as if the disk gave back something else than an action's words.
    pub(super) fn spoil(&mut self, action: &Code) {
        self.recent.release(action);
        if let Some(stream) = self.streams.get(&format!("actions/{action}")) {
            self.tables.words.insert(Key::new(stream.first, 0).0, [0xff; packed::WORD]).unwrap();
        }
    }
}

/// What was said of each action before an entry. Whatever is said later, it stays what it is.
#[derive(Debug, Clone)]
pub struct Sayings {
    words: Runs<16, { packed::WORD }>,
    parties: Vec<Code>,
    size: u64,
}

impl Sayings {
    /// As they were after a number of entries.
    pub(super) fn until(self, size: u64) -> Self {
        Self { size: size.min(self.size), ..self }
    }
}

impl Spoken for Sayings {
    type Fault = StoreError;

    fn of(&self, action: &action::State) -> Result<Arc<Words>, StoreError> {
        said(&self.words, action.first, self.size, &self.parties).map(Arc::new)
    }

    fn latest(
        &self,
        actions: &[&action::State],
        parties: &[&Code],
        by: Option<NaiveDate>,
    ) -> Result<Vec<history::Latest>, StoreError> {
        let (Some(begin), Some(end)) = (actions.first(), actions.last()) else { return Ok(Vec::new()) };
        let (from, to) = (Key::new(begin.first, 0).0, Key::new(end.first, self.size).0);
        if actions.len() > 1 && self.words.most(&from, &to) > TOGETHER {
            let (left, right) = actions.split_at(actions.len() / 2);
            let (left, right) = (self.latest(left, parties, by)?, self.latest(right, parties, by)?);
            return Ok(left.into_iter().chain(right).collect());
        }
        let latest = Latest::by(by, &self.parties, parties);
        let words = self.words.between(&from, &to, |found| {
            let first = |records: &[packed::Record<'_>]| records.first().map(|(key, _)| Key(**key).first());
            let streams = found.chunk_by(|(one, _), (next, _)| Key(**one).first() == Key(**next).first());
            let mut streams = streams.peekable();
            let words = |action: &&action::State| {
                // Of others than these actions, too; and of some of these there are none.
                while streams.next_if(|records| first(records) < Some(action.first)).is_some() {}
                let own = streams.next_if(|records| first(records) == Some(action.first)).unwrap_or_default();
                let before = own.partition_point(|(key, _)| Key(**key).sequence() < self.size);
                latest.of(own.get(..before).unwrap_or_default(), action.recurs())
            };
            actions.iter().map(words).collect::<Option<Vec<_>>>()
        })?;
        let words = words.ok_or(StoreError::Scratch)?;
        Ok(words.into_iter().map(|(words, rests)| (Arc::new(words), rests)).collect())
    }
}

fn said(
    words: &Runs<16, { packed::WORD }>,
    first: u64,
    size: u64,
    parties: &[Code],
) -> Result<Words, StoreError> {
    let (from, to) = (Key::new(first, 0).0, Key::new(first, size).0);
    words.between(&from, &to, |found| packed::words(found, parties))?.ok_or(StoreError::Scratch)
}
