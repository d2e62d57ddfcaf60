//! Compact ranges: the complete subtrees (RFC 6962 §2.1) that leaves next to each other are made of, whichever is the first of
//! them. Ranges that were computed apart, each on a core of its own, are joined into one.

use super::STEP;
use crate::trail::hash::{LeafHash, NodeHash};

/// The complete subtrees of a range of leaves, each as large as it can be, from the left to the right. At most 126 hashes.
///
/// ```
/// use annals::trail::hash::LeafHash;
/// use annals::trail::merkle::{Compact, Frontier};
/// let (mut left, mut right, mut whole) = (Compact::default(), Compact::at(3), Frontier::default());
/// for number in 0..7_u8 {
///     let leaf = LeafHash::of(&[number]);
///     if number < 3 { left.push(leaf, &mut |_, _| {}) } else { right.push(leaf, &mut |_, _| {}) }
///     whole.push(leaf, &mut |_, _| {});
/// }
/// assert_eq!(left.join(right).and_then(Frontier::of_range), Some(whole));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compact {
    first: u64,
    end: u64,
    nodes: Vec<NodeHash>,
}

impl Compact {
    /// Without a leaf yet; the first is to be at this place of the tree.
    #[must_use]
    pub const fn at(first: u64) -> Self {
        Self { first, end: first, nodes: Vec::new() }
    }

    /// The place of its first leaf.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The place after its last leaf.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// The roots of its subtrees, from the left to the right.
    #[must_use]
    pub fn nodes(&self) -> &[NodeHash] {
        &self.nodes
    }

    /// Takes the next leaf, and hands over the hashes that are worth keeping of it, each with its height: its own, at 0, and that of
    /// each subtree of 16, 256, 4,096, … leaves that it completes. Those at 0, 8, 16, … are the hashes of tiles.
    pub fn push(&mut self, leaf: LeafHash, each: &mut dyn FnMut(u8, NodeHash)) {
        let node = leaf.into();
        each(0, node);
        self.add(0, node, each);
    }

    /// This range and the next one as one; nothing where that does not begin where this one ends.
    #[must_use]
    pub fn join(mut self, next: Self) -> Option<Self> {
        if next.first != self.end {
            return None;
        }
        let mut from = next.first;
        for node in next.nodes {
            // As large as where it begins and where all ends allow.
            let level = from.trailing_zeros().min((next.end - from).ilog2());
            from += 1 << level;
            self.add(level, node, &mut |_, _| {});
        }
        Some(self)
    }

    /// Takes the next complete subtree of 2^level leaves.
    pub(super) fn add(&mut self, mut level: u32, mut node: NodeHash, each: &mut dyn FnMut(u8, NodeHash)) {
        self.end += 1 << level;
        // As long as it is the right half of a larger one, whose left half is here, too.
        while self.end.trailing_zeros() > level && self.end - self.first >= 2 << level {
            let Some(left) = self.nodes.pop() else { break };
            node = NodeHash::above(left, node);
            level += 1;
            if level.is_multiple_of(STEP) {
                each(u8::try_from(level).unwrap_or(u8::MAX), node);
            }
        }
        self.nodes.push(node);
    }
}
