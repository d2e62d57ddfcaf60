//! The Merkle tree over the entries (RFC 6962 §2.1, RFC 9162 §2.1): its root, and the proofs that an entry is in it and that a
//! later tree continues it.
//!
//! ```text
//! leaf   SHA-256(0x00 ‖ entry)          the leaf hash that the chain has, too
//! node   SHA-256(0x01 ‖ left ‖ right)
//! ```
//!
//! Proofs are computed from [`Tiles`] alone, wherever these are kept, and verified with nothing else at hand. Who signed a root
//! is in [`super::checkpoint`].

mod compact;

pub use compact::Compact;

use super::hash::{LeafHash, NodeHash};
use super::tile::{Kind, TOP, Tile, WIDTH};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

/// The most hashes that a proof has: a tree of less than 2^63 leaves is that high.
pub const PROOF_LIMIT: usize = 63;

/// Between two heights at which hashes are worth keeping. With tiles alone, whose hashes stand 8 apart, a proof computes hundreds of
/// nodes; with those half way between, a tenth.
pub const STEP: u32 = 4;

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// There is no such leaf.
    #[error("a tree of {size} leaves has no leaf {index}")]
    Index {
        /// Which leaf.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// The tree to be continued is larger.
    #[error("a tree of {new} leaves does not continue one of {old}")]
    Sizes {
        /// Of the earlier tree.
        old: u64,
        /// Of the later one.
        new: u64,
    },
    /// Too few or too many hashes.
    #[error("{found} hashes, and {expected} belong to such a proof")]
    Length {
        /// How many belong to it.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// The hashes lead elsewhere.
    #[error("the hashes lead to the root {found}, and {expected} was expected")]
    Root {
        /// Whose root it is to be.
        expected: NodeHash,
        /// Where they lead.
        found: NodeHash,
    },
}

/// The complete subtrees that a tree is made of, the largest first: enough to make it grow, and to know its root. At most 64
/// hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier(Compact);

impl Frontier {
    /// That of the first leaves that tiles hold.
    ///
    /// # Errors
    /// Where a tile cannot be had.
    pub fn of<T: Tiles>(tiles: &T, size: u64) -> Result<Self, T::Fault> {
        let mut prover = Prover::new(tiles, size);
        let mut found = Compact::default();
        for level in (0..64).rev().filter(|level| size >> level & 1 == 1) {
            let node = prover.complete(level, found.end() >> level)?;
            found.add(level, node, &mut |_, _| {});
        }
        Ok(Self(found))
    }

    /// That of leaves of which the first is the first of the tree; of others, there is none.
    #[must_use]
    pub fn of_range(range: Compact) -> Option<Self> {
        (range.first() == 0).then_some(Self(range))
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.0.end()
    }

    /// Takes the next leaf, and hands over the hashes that are worth keeping of it, as [`Compact::push`].
    pub fn push(&mut self, leaf: LeafHash, each: &mut dyn FnMut(u8, NodeHash)) {
        self.0.push(leaf, each);
    }

    /// The root of the tree (RFC 6962 §2.1).
    #[must_use]
    pub fn root(&self) -> NodeHash {
        let above = |right, left| NodeHash::above(left, right);
        self.0.nodes().iter().rev().copied().reduce(above).unwrap_or_else(NodeHash::empty)
    }
}

/// Where tiles are kept.
pub trait Tiles {
    /// Why one cannot be had.
    type Fault;

    /// The hashes of a tile, as many as its width says.
    ///
    /// # Errors
    /// Where they cannot be had.
    fn tile(&self, tile: Tile) -> Result<Vec<NodeHash>, Self::Fault>;

    /// The hashes of complete subtrees of 2^height leaves, from one on, where these are kept at every [`STEP`]; nothing where only
    /// tiles are.
    ///
    /// # Errors
    /// Where they cannot be had.
    fn nodes(&self, height: u32, from: u64, count: usize) -> Result<Option<Vec<NodeHash>>, Self::Fault> {
        let _ = (height, from, count);
        Ok(None)
    }
}

/// A tree in memory, with its tiles, for one that fits.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    frontier: Frontier,
    rows: [Vec<NodeHash>; TOP as usize + 1],
}

impl Whole {
    /// Takes the next leaf.
    pub fn push(&mut self, leaf: LeafHash) {
        let rows = &mut self.rows;
        self.frontier.push(leaf, &mut |height, hash| {
            if let Some(row) = rows.get_mut(usize::from(height / 8)).filter(|_| height % 8 == 0) {
                row.push(hash);
            }
        });
    }

    /// The complete subtrees that it is made of.
    #[must_use]
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }
}

impl Tiles for Whole {
    type Fault = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<NodeHash>, Infallible> {
        let Kind::Hashes(level) = tile.kind else { return Ok(Vec::new()) };
        let row = self.rows.get(usize::from(level)).map_or(&[][..], Vec::as_slice);
        let tiles = row.chunks(256).nth(usize::try_from(tile.index).unwrap_or(usize::MAX));
        let hashes = tiles.and_then(|hashes| hashes.get(..usize::from(tile.width)));
        Ok(hashes.unwrap_or_default().to_vec())
    }
}

/// The tree of the first leaves that tiles hold, to prove things of. Each tile is fetched once and each hash computed once, and
/// both are kept: for many proofs there is no quicker way than one prover, and for one it is dropped.
pub struct Prover<'a, T> {
    tiles: &'a T,
    size: u64,
    fetched: BTreeMap<Tile, Vec<NodeHash>>,
    known: HashMap<(u32, u64), NodeHash>,
}

impl<'a, T: Tiles> Prover<'a, T> {
    /// The tree of a size.
    #[must_use]
    pub fn new(tiles: &'a T, size: u64) -> Self {
        Self { tiles, size, fetched: BTreeMap::new(), known: HashMap::new() }
    }

    /// The root of the tree (RFC 6962 §2.1).
    ///
    /// # Errors
    /// Where a tile cannot be had.
    pub fn root(&mut self) -> Result<NodeHash, T::Fault> {
        if self.size == 0 { Ok(NodeHash::empty()) } else { self.over(0, self.size) }
    }

    /// The proof that a leaf is in the tree (RFC 6962 §2.1.1): from the leaf's sibling up to the child of the root. There is none
    /// where the tree has no such leaf.
    ///
    /// # Errors
    /// Where a tile cannot be had.
    pub fn inclusion(&mut self, index: u64) -> Result<Vec<NodeHash>, T::Fault> {
        let mut path = Vec::new();
        let (mut from, mut to) = (0, if index < self.size { self.size } else { 0 });
        while to - from > 1 {
            let middle = from + split(to - from);
            let beside = if index < middle { (middle, to) } else { (from, middle) };
            path.push(beside);
            (from, to) = if index < middle { (from, middle) } else { (middle, to) };
        }
        path.into_iter().rev().map(|(from, to)| self.over(from, to)).collect()
    }

    /// The proof that the tree continues a smaller one (RFC 6962 §2.1.2). It has no hash where the sizes are the same or the
    /// smaller tree is empty.
    ///
    /// # Errors
    /// Where a tile cannot be had.
    pub fn consistency(&mut self, old: u64) -> Result<Vec<NodeHash>, T::Fault> {
        let mut path = Vec::new();
        let (mut from, mut to) = (0, if old == 0 || old > self.size { 0 } else { self.size });
        while old < to {
            let middle = from + split(to - from);
            let beside = if old <= middle { (middle, to) } else { (from, middle) };
            path.push(beside);
            (from, to) = if old <= middle { (from, middle) } else { (middle, to) };
        }
        // The verifier knows the old root, and needs to be told of its last part only where that is not all of it.
        path.extend((from > 0).then_some((from, to)));
        path.into_iter().rev().map(|(from, to)| self.over(from, to)).collect()
    }

    /// The node over leaves that begin where a subtree does.
    fn over(&mut self, from: u64, to: u64) -> Result<NodeHash, T::Fault> {
        let size = to - from;
        if !size.is_power_of_two() {
            let middle = from + split(size);
            return Ok(NodeHash::above(self.over(from, middle)?, self.over(middle, to)?));
        }
        let level = size.trailing_zeros();
        self.complete(level, from >> level)
    }

    /// The root of a complete subtree of 2^level leaves.
    fn complete(&mut self, level: u32, index: u64) -> Result<NodeHash, T::Fault> {
        if let Some(known) = self.known.get(&(level, index)) {
            return Ok(*known);
        }
        let below = level % STEP;
        let mut nodes = match self.tiles.nodes(level - below, index << below, 1 << below)? {
            Some(nodes) => nodes,
            None => self.of_tile(level, index)?,
        };
        while nodes.len() > 1 {
            let (pairs, _) = nodes.as_chunks::<2>();
            nodes = pairs.iter().map(|[left, right]| NodeHash::above(*left, *right)).collect();
        }
        // Of fewer hashes than there have to be, nothing can be proved.
        let node = nodes.pop().unwrap_or_else(NodeHash::empty);
        self.known.insert((level, index), node);
        Ok(node)
    }

    /// The hashes of a tile below such a subtree.
    fn of_tile(&mut self, level: u32, index: u64) -> Result<Vec<NodeHash>, T::Fault> {
        let (row, below) = (u8::try_from(level / 8).unwrap_or(TOP), level % 8);
        let first = index << below;
        let within = usize::try_from(first % WIDTH).unwrap_or_default();
        // Asked for within the tree alone, which has such a tile.
        let Some(tile) = Kind::Hashes(row).tile(first / WIDTH, self.size) else { return Ok(Vec::new()) };
        let hashes = match self.fetched.entry(tile) {
            Entry::Occupied(fetched) => fetched.into_mut(),
            Entry::Vacant(place) => place.insert(self.tiles.tile(tile)?),
        };
        Ok(hashes.get(within..within + (1 << below)).unwrap_or_default().to_vec())
    }
}

/// Where the proof of an inclusion leads: the root of the tree in which the leaf is (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofFault::Index`], [`ProofFault::Length`].
pub fn rooted(leaf: NodeHash, index: u64, size: u64, path: &[NodeHash]) -> Result<NodeHash, ProofFault> {
    let last = size.checked_sub(1).filter(|last| index <= *last).ok_or(ProofFault::Index { index, size })?;
    let expected = height(index, last);
    if path.len() != expected {
        return Err(ProofFault::Length { expected, found: path.len() });
    }
    let (mut at, mut last, mut node) = (index, last, leaf);
    for beside in path {
        // On the right edge the levels on which nothing stands beside are passed over.
        while at == last && at & 1 == 0 {
            (at, last) = (at >> 1, last >> 1);
        }
        node = if at & 1 == 1 { NodeHash::above(*beside, node) } else { NodeHash::above(node, *beside) };
        (at, last) = (at >> 1, last >> 1);
    }
    Ok(node)
}

/// Whether a leaf is in the tree of a size and a root (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofFault`].
pub fn includes(
    leaf: LeafHash,
    index: u64,
    size: u64,
    path: &[NodeHash],
    root: NodeHash,
) -> Result<(), ProofFault> {
    same(root, rooted(leaf.into(), index, size, path)?)
}

/// The root of the earlier one of two trees, as the proof has it that the later one, of a known root, continues it (RFC 9162
/// §2.1.4.2). `claimed` is what the earlier root is said to be; a proof holds it where its size is a power of two.
///
/// # Errors
/// [`ProofFault`], where the proof does not lead to the later root.
pub fn continued(
    (old, claimed): (u64, NodeHash),
    (new, root): (u64, NodeHash),
    path: &[NodeHash],
) -> Result<NodeHash, ProofFault> {
    if old > new {
        return Err(ProofFault::Sizes { old, new });
    }
    if old == 0 || old == new {
        let expected = 0;
        if !path.is_empty() {
            return Err(ProofFault::Length { expected, found: path.len() });
        }
        return Ok(if old == 0 { NodeHash::empty() } else { root });
    }
    // From the last leaf of the old tree up, past the levels on which all of it is one complete subtree.
    let whole = old.trailing_zeros();
    let (mut at, mut last) = ((old - 1) >> whole, (new - 1) >> whole);
    let told = usize::from(at > 0);
    let expected = height(at, last) + told;
    if path.len() != expected {
        return Err(ProofFault::Length { expected, found: path.len() });
    }
    let mut path = path.iter().copied();
    let first = if told == 1 { path.next().unwrap_or(claimed) } else { claimed };
    let (mut earlier, mut later) = (first, first);
    for beside in path {
        while at == last && at & 1 == 0 {
            (at, last) = (at >> 1, last >> 1);
        }
        if at & 1 == 1 {
            (earlier, later) = (NodeHash::above(beside, earlier), NodeHash::above(beside, later));
        } else {
            later = NodeHash::above(later, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    same(root, later)?;
    Ok(earlier)
}

/// Whether a tree continues an earlier one (RFC 9162 §2.1.4.2).
///
/// # Errors
/// [`ProofFault`].
pub fn continues(
    (old, earlier): (u64, NodeHash),
    later: (u64, NodeHash),
    path: &[NodeHash],
) -> Result<(), ProofFault> {
    same(earlier, continued((old, earlier), later, path)?)
}

fn same(expected: NodeHash, found: NodeHash) -> Result<(), ProofFault> {
    if expected == found { Ok(()) } else { Err(ProofFault::Root { expected, found }) }
}

/// On how many levels something stands beside the way from a leaf to the root, where `last` is the last leaf's place.
const fn height(index: u64, last: u64) -> usize {
    // Below the level on which both ways meet every level counts, and above it those on which the way comes from the right.
    let meet = u64::BITS - (index ^ last).leading_zeros();
    let above = if meet == u64::BITS { 0 } else { index >> meet };
    (meet + above.count_ones()) as usize
}

/// The largest power of two below a number, which is at least 2: `k` of RFC 6962 §2.1.
const fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

#[cfg(test)]
mod tests;
