//! What is known of every entry: its id, its leaf hash and the digests that it holds, so that a request can be judged
//! against all that came before.
//!
//! It grows with the entries (about 150 bytes each), unlike the state, which grows with what is said of the actions.

use crate::trail::disclosure::Digest;
use crate::trail::hash::LeafHash;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The entries by what names them.
#[derive(Debug, Clone, Default)]
pub struct Index {
    ids: HashMap<Uuid, u64>,
    leaves: HashMap<LeafHash, u64>,
    digests: HashSet<Digest>,
}

impl Index {
    /// The sequence of the entry with this id.
    #[must_use]
    pub fn by_id(&self, id: Uuid) -> Option<u64> {
        self.ids.get(&id).copied()
    }

    /// The sequence of the entry with this leaf hash.
    #[must_use]
    pub fn by_leaf(&self, leaf: LeafHash) -> Option<u64> {
        self.leaves.get(&leaf).copied()
    }

    /// Whether an entry holds this digest.
    #[must_use]
    pub fn holds(&self, digest: &Digest) -> bool {
        self.digests.contains(digest)
    }

    /// Takes the next entry.
    pub fn push(&mut self, sequence: u64, id: Uuid, leaf: LeafHash, digests: impl Iterator<Item = Digest>) {
        self.ids.insert(id, sequence);
        self.leaves.insert(leaf, sequence);
        self.digests.extend(digests);
    }
}
