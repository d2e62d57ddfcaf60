//! What is known of every entry: its id, its leaf hash and the digests that it holds, so that a request can be judged
//! against all that came before.
//!
//! It grows with the entries, by 24 bytes for an id and 40 for a hash, unlike the state, which grows with what is said of the
//! actions. Hashes are kept whole: whoever writes a request chooses what it names, so that half of one could be imitated.

use crate::trail::disclosure::Digest;
use crate::trail::hash::LeafHash;
use std::collections::HashMap;
use uuid::Uuid;

/// The entries by what names them.
#[derive(Debug, Clone, Default)]
pub struct Index {
    ids: Names<16>,
    leaves: Names<32>,
    digests: Names<32>,
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
        self.leaves.get(leaf.0)
    }

    /// Whether an entry holds this digest.
    #[must_use]
    pub fn holds(&self, digest: &Digest) -> bool {
        self.digests.get(*digest.bytes()).is_some()
    }

    /// Takes the next entry.
    pub fn push(&mut self, sequence: u64, id: Uuid, leaf: LeafHash, digests: impl Iterator<Item = Digest>) {
        self.ids.insert(*id.as_bytes(), sequence);
        self.leaves.insert(leaf.0, sequence);
        for digest in digests {
            self.digests.insert(*digest.bytes(), sequence);
        }
    }
}

/// Names in their order, which take a third of a hash table's room, and the newest ones, which are merged into them.
#[derive(Debug, Clone)]
struct Names<const N: usize> {
    sorted: Vec<([u8; N], u64)>,
    newest: HashMap<[u8; N], u64>,
}

impl<const N: usize> Default for Names<N> {
    fn default() -> Self {
        Self { sorted: Vec::new(), newest: HashMap::new() }
    }
}

impl<const N: usize> Names<N> {
    fn get(&self, name: [u8; N]) -> Option<u64> {
        let place = || self.sorted.binary_search_by_key(&name, |(name, _)| *name).ok();
        let newest = self.newest.get(&name).copied();
        newest.or_else(|| place().and_then(|at| self.sorted.get(at)).map(|(_, sequence)| *sequence))
    }

    fn insert(&mut self, name: [u8; N], sequence: u64) {
        self.newest.insert(name, sequence);
        // Merged whenever they are an eighth of the others: each is moved about eight times, however many there are.
        if self.newest.len() > 1024 + self.sorted.len() / 8 {
            let mut newest: Vec<_> = self.newest.drain().collect();
            newest.sort_unstable();
            self.merge(&newest);
        }
    }

    /// Merges from the end, in place, so that nothing is copied twice.
    fn merge(&mut self, newest: &[([u8; N], u64)]) {
        let mut old = self.sorted.len();
        self.sorted.reserve_exact(newest.len());
        self.sorted.resize(old + newest.len(), ([0; N], 0));
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

    fn put(&mut self, at: usize, name: ([u8; N], u64)) {
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

    #[test]
    fn half_a_hash_is_not_the_hash() {
        let mut index = Index::default();
        let mut leaf = LeafHash([7; 32]);
        index.push(0, Uuid::nil(), leaf, std::iter::empty());
        assert_eq!(index.by_leaf(leaf), Some(0));
        leaf.0[31] ^= 1;
        assert_eq!(index.by_leaf(leaf), None);
    }

    proptest! {
        #[test]
        fn names_are_found_as_in_a_map(seed in any::<u64>(), count in 0_u64..6_000) {
            let (mut names, mut map) = (Names::<16>::default(), BTreeMap::new());
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
