//! Versions: a thing as it is, and as it was before, each since the entry that made it so.
//!
//! What changes in the programme keeps its versions, so that how it stood after any entry is told without reading the
//! entries again. What is said of an action is not here but in [`super::word`].

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

/// A thing that reads as its newest version. Cloning it is cheap: the versions are shared.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions<T> {
    /// The sequence of the entry that made it what it is.
    since: u64,
    now: Arc<T>,
    /// The versions before, from the oldest on.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    before: Vec<(u64, Arc<T>)>,
}

impl<T> Versions<T> {
    /// A thing that an entry brings into being.
    pub fn new(sequence: u64, thing: T) -> Self {
        Self { since: sequence, now: Arc::new(thing), before: Vec::new() }
    }

    /// The sequence of the entry that brought it into being.
    #[must_use]
    pub fn born(&self) -> u64 {
        self.before.first().map_or(self.since, |(sequence, _)| *sequence)
    }

    /// The sequence of the entry that made it what it is.
    #[must_use]
    pub const fn since(&self) -> u64 {
        self.since
    }

    /// The sequence of the entry since which something of it is what it is.
    pub fn since_of<V: PartialEq>(&self, what: impl Fn(&T) -> V) -> u64 {
        let now = what(&self.now);
        let same = self.before.iter().rev().take_while(|(_, before)| what(before) == now);
        same.last().map_or(self.since, |(sequence, _)| *sequence)
    }

    /// All versions, from the oldest to the one that it reads as.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.before.iter().map(|(_, before)| before).chain([&self.now]).map(AsRef::as_ref)
    }

    /// Takes the version that a later entry makes.
    pub fn change(&mut self, sequence: u64, thing: T) {
        let before = std::mem::replace(&mut self.now, Arc::new(thing));
        self.before.push((std::mem::replace(&mut self.since, sequence), before));
    }
}

impl<T> Versions<T> {
    /// As it was after a number of entries; nothing where it was not there yet.
    #[must_use]
    pub fn until(&self, size: u64) -> Option<Self> {
        if self.since < size {
            return Some(self.clone());
        }
        let known = self.before.partition_point(|(sequence, _)| *sequence < size);
        let (before, (since, now)) =
            self.before.get(..known)?.split_last().map(|(now, before)| (before, now))?;
        Some(Self { since: *since, now: Arc::clone(now), before: before.to_vec() })
    }
}

/// Things as they were after a number of entries, without those that were not there yet.
pub(super) fn until<K: Ord + Clone, T>(
    things: &BTreeMap<K, Versions<T>>,
    size: u64,
) -> BTreeMap<K, Versions<T>> {
    things.iter().filter_map(|(name, thing)| Some((name.clone(), thing.until(size)?))).collect()
}

impl<T> Clone for Versions<T> {
    fn clone(&self) -> Self {
        Self { since: self.since, now: Arc::clone(&self.now), before: self.before.clone() }
    }
}

impl<T> Deref for Versions<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_reads_as_it_was_after_any_number_of_entries() {
        let mut thing = Versions::new(3, 'a');
        thing.change(5, 'b');
        thing.change(9, 'c');
        assert_eq!((*thing, thing.born(), thing.since()), ('c', 3, 9));
        let then = |size| thing.until(size).map(|then| *then);
        assert_eq!(
            [0, 3, 4, 5, 6, 9, 10].map(then),
            [None, None, Some('a'), Some('a'), Some('b'), Some('b'), Some('c')]
        );
        assert_eq!(thing.until(6).unwrap().until(4), thing.until(4));
        assert_eq!(thing.all().rev().collect::<String>(), "cba");
        assert_eq!(thing.until(10), Some(thing));
    }
}
