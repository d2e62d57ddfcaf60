//! Tiles: 256 hashes of the Merkle tree that lie side by side, and where they are kept (C2SP tlog-tiles, "Merkle Tree", "Log
//! entries").
//!
//! ```text
//! tile/0/000              the first 256 leaf hashes
//! tile/1/x001/234         at level 1: each hash stands for 256 leaves
//! tile/0/273.p/112        the rightmost one of a level is partial: 112 hashes
//! tile/entries/000        the entries whose hashes tile/0/000 holds, each after its length in two bytes, big-endian
//! ```
//!
//! A hash at level *l* is that of a complete subtree of 256^l leaves, so that it never changes; the hashes between two levels
//! are computed. What is proved with them is in [`super::merkle`].

use super::hash::NodeHash;
use std::fmt;
use std::str::FromStr;

/// How many hashes a whole tile has.
pub const WIDTH: u64 = 256;
/// The highest level of a tile that a tree of less than 2^64 leaves has.
pub const TOP: u8 = 7;

/// Some of the hashes of one level, or the entries below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What lies in it.
    pub kind: Kind,
    /// Its place within its level, from 0.
    pub index: u64,
    /// How many hashes or entries it has, 1 to 256.
    pub width: u16,
}

/// What lies in a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Hashes, each of a complete subtree of 256^level leaves.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// Why a text is not the path of a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the path of a tile, such as `tile/0/x001/234` or `tile/entries/000.p/17`")]
pub struct NotATile(String);

impl Kind {
    /// How many of them a tree of a size has (C2SP tlog-tiles, "Partial Tiles").
    #[must_use]
    pub const fn rows(self, size: u64) -> u64 {
        match self {
            Self::Entries | Self::Hashes(0) => size,
            Self::Hashes(level @ 1..=TOP) => size >> (8 * level),
            Self::Hashes(_) => 0,
        }
    }

    /// The tile at a place, as a tree of a size has it.
    #[must_use]
    pub fn tile(self, index: u64, size: u64) -> Option<Tile> {
        let left = self.rows(size).checked_sub(index.checked_mul(WIDTH)?)?;
        let width = u16::try_from(left.min(WIDTH)).ok().filter(|width| *width > 0)?;
        Some(Tile { kind: self, index, width })
    }
}

impl Tile {
    /// The tiles that a tree has and a smaller one of the same log has not, level by level; entries last.
    ///
    /// ```
    /// use annals::trail::tile::Tile;
    /// let paths: Vec<String> = Tile::between(255, 257).map(|tile| tile.to_string()).collect();
    /// assert_eq!(
    ///     paths,
    ///     ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/1"]
    /// );
    /// ```
    pub fn between(old: u64, new: u64) -> impl Iterator<Item = Self> {
        let kinds = (0..=TOP).map(Kind::Hashes).chain([Kind::Entries]);
        kinds.flat_map(move |kind| {
            let (old, rows) = (kind.rows(old), kind.rows(new));
            let range = if old < rows { old / WIDTH..rows.div_ceil(WIDTH) } else { 0..0 };
            range.filter_map(move |index| kind.tile(index, new))
        })
    }

    /// Whether all its places are taken, so that it never changes.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        u64::from(self.width) == WIDTH
    }
}

impl fmt::Display for Tile {
    /// Its path: the index in parts of three digits, all but the last after an `x` (C2SP tlog-tiles, "Merkle Tree").
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Hashes(level) => write!(f, "tile/{level}/")?,
            Kind::Entries => f.write_str("tile/entries/")?,
        }
        let mut parts = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            parts.push(rest % 1000);
            rest /= 1000;
        }
        for part in parts.iter().skip(1).rev() {
            write!(f, "x{part:03}/")?;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.is_whole() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for Tile {
    type Err = NotATile;

    fn from_str(text: &str) -> Result<Self, NotATile> {
        // One path for one tile: what is read is what would be written.
        let tile = read(text).filter(|tile| tile.to_string() == text);
        tile.ok_or_else(|| NotATile(text.chars().take(120).collect()))
    }
}

fn read(text: &str) -> Option<Tile> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => Kind::Entries,
        level => Kind::Hashes(level.parse().ok().filter(|level| *level <= TOP)?),
    };
    let (rest, width) = match rest.split_once(".p/") {
        Some((rest, width)) => {
            (rest, width.parse().ok().filter(|width| (1..WIDTH).contains(&u64::from(*width)))?)
        }
        None => (rest, 256),
    };
    let mut index = 0_u64;
    for part in rest.split('/') {
        let part: u64 = part.strip_prefix('x').unwrap_or(part).parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(part)?;
    }
    Some(Tile { kind, index, width })
}

/// Hashes as a tile holds them, one after the other.
#[must_use]
pub fn bytes(hashes: &[NodeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes that bytes of a tile are; nothing where a part of one is over.
#[must_use]
pub fn hashes(bytes: &[u8]) -> Option<Vec<NodeHash>> {
    let (hashes, rest) = bytes.as_chunks();
    rest.is_empty().then(|| hashes.iter().copied().map(NodeHash).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_tiles_of_a_tree_are_those_of_the_specification() {
        // C2SP tlog-tiles, "Partial Tiles".
        let tiles: Vec<Tile> = Tile::between(0, 70_000).collect();
        let of = |kind| tiles.iter().filter(move |tile| tile.kind == kind);
        let partial =
            |kind| of(kind).filter(|tile| !tile.is_whole()).map(|tile| tile.width).collect::<Vec<_>>();
        let levels = [0, 1, 2, 3].map(Kind::Hashes);
        assert_eq!(levels.map(|kind| of(kind).count()), [274, 2, 1, 0]);
        assert_eq!(levels.map(partial), [vec![112], vec![17], vec![1], vec![]]);
        assert_eq!((of(Kind::Entries).count(), partial(Kind::Entries)), (274, vec![112]));
        let paths: Vec<String> = Tile::between(0, 256).map(|tile| tile.to_string()).collect();
        assert_eq!(paths, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    }

    #[test]
    fn a_path_is_read_back_as_written_and_in_no_other_form() {
        let tile = Tile { kind: Kind::Hashes(1), index: 1_234_067, width: 256 };
        assert_eq!(tile.to_string(), "tile/1/x001/x234/067");
        for other in [
            "tile/8/000",
            "tile/01/000",
            "tile/0/0",
            "tile/0/x000/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/entries/",
            "tile/0/+01",
            "tile/0/000/",
            "/tile/0/000",
            "tile/data/000",
            "tile/0/000.p/1/",
            "",
        ] {
            assert!(other.parse::<Tile>().is_err(), "{other}");
        }
    }

    #[test]
    fn nothing_is_above_the_highest_level() {
        assert_eq!(Kind::Hashes(TOP).rows(u64::MAX), 255);
        assert_eq!(Kind::Hashes(TOP + 1).rows(u64::MAX), 0);
        assert_eq!(Kind::Entries.tile(1, 256), None);
        assert_eq!(Kind::Entries.tile(u64::MAX, u64::MAX), None);
    }

    #[test]
    fn half_a_hash_is_none() {
        let both = [NodeHash::empty(), NodeHash([7; 32])];
        assert_eq!(hashes(&bytes(&both)), Some(both.to_vec()));
        assert_eq!(hashes(&bytes(&both)[1..]), None);
    }

    proptest! {
        #[test]
        fn every_tile_has_a_path(level in 0..=TOP, index: u64, width in 1_u16..=256, entries: bool) {
            let kind = if entries { Kind::Entries } else { Kind::Hashes(level) };
            let tile = Tile { kind, index, width };
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }
    }
}
