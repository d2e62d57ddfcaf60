//! The archive of a history of any length: names in runs, and the words of the actions that are spoken of now in memory,
//! all others on a shelf. Nothing of it outlives the process.

use super::disclosures::AtHand;
use super::packed::{pack, unpack};
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::record::archive::{Archive, Holding};
use crate::store::StoreError;
use crate::store::names::Names;
use crate::store::shelf::Shelf;
use crate::trail::disclosure::Digest;
use crate::trail::entry::Entry;
use crate::trail::hash::LeafHash;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Bytes of words in memory, but for the longest of one action.
const WORDS: usize = 48 << 20;

/// Names and words, in a memory that does not grow with the history.
#[derive(Debug)]
pub struct Scratch {
    ids: Names<16>,
    leaves: Names<32>,
    digests: Names<32>,
    spoken: HashMap<Code, Spoken>,
    /// How much memory they take.
    bytes: usize,
    /// The most that they may take.
    limit: usize,
    /// How often words were asked for.
    turn: u64,
    shelf: Shelf,
    disclosures: AtHand,
}

#[derive(Debug)]
struct Spoken {
    words: Arc<Words>,
    turn: u64,
    /// Whether the shelf has others.
    changed: bool,
}

impl Default for Scratch {
    fn default() -> Self {
        Self::beside(AtHand::default())
    }
}

impl Scratch {
    /// An empty archive, beside disclosures that are at hand.
    #[must_use]
    pub fn beside(disclosures: AtHand) -> Self {
        Self {
            ids: Names::default(),
            leaves: Names::default(),
            digests: Names::default(),
            spoken: HashMap::new(),
            bytes: 0,
            limit: WORDS,
            turn: 0,
            shelf: Shelf::default(),
            disclosures,
        }
    }

    fn spoken(&mut self, action: &Code) -> Result<&mut Spoken, StoreError> {
        self.turn += 1;
        if !self.spoken.contains_key(action) {
            let value = self.shelf.get(action.as_str())?;
            // The file is nobody else's: bytes that are no words are a disk's that does not give back what it was given.
            let words = value.map_or(Some(Words::NONE), |value| unpack(&value)).ok_or(StoreError::Scratch)?;
            self.bytes += words.bytes();
            let spoken = Spoken { words: Arc::new(words), turn: 0, changed: false };
            self.spoken.insert(action.clone(), spoken);
            self.make_room(action)?;
        }
        let turn = self.turn;
        let spoken = self.spoken.get_mut(action).ok_or(StoreError::Scratch)?;
        spoken.turn = turn;
        Ok(spoken)
    }

    /// Puts the words that were not asked for longest on the shelf, until a quarter of the room is free.
    fn make_room(&mut self, but: &Code) -> Result<(), StoreError> {
        if self.bytes <= self.limit {
            return Ok(());
        }
        let others = self.spoken.iter().filter(|(action, _)| *action != but);
        let mut turns: Vec<(u64, Code)> =
            others.map(|(action, spoken)| (spoken.turn, action.clone())).collect();
        turns.sort_unstable();
        for (_, action) in turns {
            if self.bytes <= self.limit / 4 * 3 {
                break;
            }
            let Some(spoken) = self.spoken.remove(&action) else { continue };
            self.bytes -= spoken.words.bytes();
            if spoken.changed {
                let value = pack(&spoken.words).ok_or(StoreError::Scratch)?;
                self.shelf.put(action.as_str(), &value)?;
            }
        }
        Ok(())
    }
}

impl Archive for Scratch {
    type Fault = StoreError;

    fn by_id(&mut self, id: Uuid) -> Result<Option<u64>, StoreError> {
        self.ids.get(id.as_bytes())
    }

    fn by_leaf(&mut self, leaf: LeafHash) -> Result<Option<u64>, StoreError> {
        self.leaves.get(&leaf.0)
    }

    fn by_digest(&mut self, digest: &Digest) -> Result<Option<Holding>, StoreError> {
        Ok(self.digests.get(digest.bytes())?.map(Holding::unpack))
    }

    fn words(&mut self, action: &Code) -> Result<Arc<Words>, StoreError> {
        Ok(self.spoken(action)?.words.clone())
    }

    fn disclosed(&mut self, digest: &Digest) -> Result<Option<String>, StoreError> {
        self.disclosures.field(digest)
    }

    fn name(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let sequence = entry.seal.sequence;
        self.ids.insert(*entry.request.event.id.as_bytes(), sequence)?;
        self.leaves.insert(entry.leaf.0, sequence)
    }

    fn hold(&mut self, digest: &Digest, holding: Holding) -> Result<(), StoreError> {
        self.digests.insert(*digest.bytes(), holding.pack())
    }

    fn say(&mut self, action: &Code, say: &mut dyn FnMut(&mut Words)) -> Result<(), StoreError> {
        let spoken = self.spoken(action)?;
        let before = spoken.words.bytes();
        // Copied only where a reader has them too.
        say(Arc::make_mut(&mut spoken.words));
        spoken.changed = true;
        let after = spoken.words.bytes();
        self.bytes = self.bytes + after - before;
        self.make_room(action)
    }
}

#[cfg(test)]
impl Scratch {
    /// Makes it as if the disk gave back something else than an action's words.
    pub(super) fn spoil(&mut self, action: &Code) {
        self.spoken.remove(action);
        self.shelf.put(action.as_str(), b"others").unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assertion::Lifecycle;
    use crate::domain::party::Author;
    use crate::domain::word::{Place, Said, Word};

    #[test]
    fn words_that_went_to_the_shelf_come_back_as_they_were() {
        let party: Code = "KR".parse().unwrap();
        let author = Author { party, institution: None };
        let action = |number: u64| Code::try_from(format!("1.G2G.{number}")).unwrap();
        let mut whole = crate::record::archive::Whole::default();
        let mut scratch = Scratch { limit: 20_000, ..Scratch::default() };
        for sequence in 0..3_000_u64 {
            let spoken = action(sequence * sequence % 37);
            let id = Uuid::from_u128(sequence.into());
            let day = "2021-04-14".parse().unwrap();
            let place = Place { id, sequence, day, author: &author, answers: None };
            let mut say = |words: &mut Words| {
                let effective = format!("20{:02}-05", sequence % 100).parse().unwrap();
                let word = Word::spoken(&place, effective, Said::Progressed);
                words.say(Word { lifecycle: Some(Lifecycle::UnderWay), ..word });
                if sequence % 5 == 0 {
                    let first = words.all()[0].id;
                    words.void(first);
                }
            };
            scratch.say(&spoken, &mut say).unwrap();
            whole.say(&spoken, &mut say).unwrap();
            let longest = scratch.spoken.values().map(|spoken| spoken.words.bytes()).max().unwrap();
            assert!(scratch.bytes <= scratch.limit.max(longest), "{} bytes", scratch.bytes);
            let bytes: usize = scratch.spoken.values().map(|spoken| spoken.words.bytes()).sum();
            assert_eq!(scratch.bytes, bytes);
        }
        assert!(scratch.spoken.len() < 19, "some are on the shelf");
        for number in 0..40 {
            let number = action(number);
            assert_eq!(scratch.words(&number).unwrap(), whole.words(&number).unwrap(), "{number}");
        }
    }
}
