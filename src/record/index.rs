//! What is known of every entry: its id, its leaf hash and the digests that it holds, so that a request can be judged
//! against all that came before.
//!
//! It grows with the entries, by 24 bytes for each of the three, unlike the state, which grows with what is said of the
//! actions. Of a hash 128 bits are kept: enough that nobody makes another with the same.

use crate::trail::disclosure::Digest;
use crate::trail::hash::LeafHash;
use std::collections::HashMap;
use uuid::Uuid;

/// The entries by what names them.
#[derive(Debug, Clone, Default)]
pub struct Index {
    ids: Names,
    leaves: Names,
    digests: Names,
}

impl Index {
    /// The sequence of the entry with this id.
    #[must_use]
    pub fn by_id(&self, id: Uuid) -> Option<u64> {
        self.ids.get(*id.as_bytes())
    }

    /// The sequence of the entry with this leaf hash.
    #[must_use]
    pub fn by_leaf(&self, leaf: LeafHash) -> Option<u64> {
        self.leaves.get(beginning(&leaf.0))
    }

    /// Whether an entry holds this digest.
    #[must_use]
    pub fn holds(&self, digest: &Digest) -> bool {
        self.digests.get(beginning(digest.bytes())).is_some()
    }

    /// Takes the next entry.
    pub fn push(&mut self, sequence: u64, id: Uuid, leaf: LeafHash, digests: impl Iterator<Item = Digest>) {
        self.ids.insert(*id.as_bytes(), sequence);
        self.leaves.insert(beginning(&leaf.0), sequence);
        for digest in digests {
            self.digests.insert(beginning(digest.bytes()), sequence);
        }
    }
}

fn beginning(hash: &[u8; 32]) -> [u8; 16] {
    hash.first_chunk().copied().unwrap_or_default()
}

type Name = ([u8; 16], u64);

/// Names in their order, which take a third of a hash table's room, and the newest ones, which are merged into them.
#[derive(Debug, Clone, Default)]
struct Names {
    sorted: Vec<Name>,
    newest: HashMap<[u8; 16], u64>,
}

impl Names {
    fn get(&self, name: [u8; 16]) -> Option<u64> {
        let place = || self.sorted.binary_search_by_key(&name, |(name, _)| *name).ok();
        let newest = self.newest.get(&name).copied();
        newest.or_else(|| place().and_then(|at| self.sorted.get(at)).map(|(_, sequence)| *sequence))
    }

    fn insert(&mut self, name: [u8; 16], sequence: u64) {
        self.newest.insert(name, sequence);
        // Merged whenever they are an eighth of the others: each is moved about eight times, however many there are.
        if self.newest.len() > 1024 + self.sorted.len() / 8 {
            let mut newest: Vec<Name> = self.newest.drain().collect();
            newest.sort_unstable();
            self.merge(&newest);
        }
    }

    /// Merges from the end, in place, so that nothing is copied twice.
    fn merge(&mut self, newest: &[Name]) {
        let mut old = self.sorted.len();
        self.sorted.reserve_exact(newest.len());
        self.sorted.resize(old + newest.len(), Name::default());
        let mut free = self.sorted.len();
        for name in newest.iter().rev() {
            while let Some(greater) =
                old.checked_sub(1).and_then(|at| self.sorted.get(at)).filter(|it| *it > name)
            {
                let greater = *greater;
                (old, free) = (old - 1, free - 1);
                self.put(free, greater);
            }
            free -= 1;
            self.put(free, *name);
        }
    }

    fn put(&mut self, at: usize, name: Name) {
        if let Some(place) = self.sorted.get_mut(at) {
            *place = name;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn names_are_found_as_in_a_map(seed in any::<u64>(), count in 0_u64..6_000) {
            let (mut names, mut map) = (Names::default(), BTreeMap::new());
            for sequence in 0..count {
                let name = u128::from(seed.wrapping_mul(2 * sequence + 1)).to_be_bytes();
                names.insert(name, sequence);
                map.insert(name, sequence);
            }
            prop_assert!(names.sorted.is_sorted());
            for (name, sequence) in map {
                prop_assert_eq!(names.get(name), Some(sequence));
            }
            prop_assert_eq!(names.get([0xff; 16]), None);
        }
    }
}
