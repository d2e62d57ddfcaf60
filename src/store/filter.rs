//! A filter (Bloom 1970): which keys may be in a run. A key that it has not is not there.

use std::hash::{DefaultHasher, Hasher};

/// Words of 64 bits in a filter: enough for 10 bits a key, of which one in a hundred is taken for another, up to 800,000 keys;
/// above that the filter spares less.
const WORDS: usize = 1 << 17;
/// Bits that a key sets.
const BITS: u64 = 4;

/// Which keys may be there; without words, any.
#[derive(Debug, Default)]
pub(super) struct Filter(Vec<u64>);

/// What stands for a key in every filter. Whoever chooses keys may choose some that look alike here: that costs time, and finds
/// nothing wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(u64);

impl Mark {
    pub(super) fn of(key: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(key);
        Self(hasher.finish())
    }
}

impl Filter {
    /// For so many keys.
    pub(super) fn new(keys: usize) -> Self {
        Self(vec![0; (keys / 6).clamp(1, WORDS)])
    }

    /// As it was written down.
    pub(super) const fn of(words: Vec<u64>) -> Self {
        Self(words)
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.0
    }

    pub(super) fn add(&mut self, key: &[u8]) {
        if self.0.is_empty() {
            return;
        }
        for (word, bit) in self.bits(Mark::of(key)) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    pub(super) fn may_have(&self, mark: Mark) -> bool {
        let has = |(word, bit): (usize, u64)| self.0.get(word).is_some_and(|word| word & bit != 0);
        self.0.is_empty() || self.bits(mark).all(has)
    }

    /// The words and the bits in them that stand for a key.
    fn bits(&self, Mark(mark): Mark) -> impl Iterator<Item = (usize, u64)> + use<> {
        let size = self.0.len() as u64 * 64;
        (0..BITS)
            .map(move |bit| mark.wrapping_add(bit.wrapping_mul(mark.rotate_left(32) | 1)) % size)
            .map(|bit| (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_every_key_of_its_run_and_few_others() {
        let mut filter = Filter::new(10_000);
        let mark = |number: u64| Mark::of(&number.to_le_bytes());
        (0..10_000_u64).for_each(|number| filter.add(&number.to_le_bytes()));
        assert!((0..10_000).all(|number| filter.may_have(mark(number))));
        let others = (10_000..20_000).filter(|number| filter.may_have(mark(*number))).count();
        assert!(others < 200, "{others} of 10,000 are taken for others");
        assert!(Filter::default().may_have(mark(7)), "one without words says nothing");
    }
}
