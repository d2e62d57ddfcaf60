//! Two histories compared: how many entries they have in common, which of them knows more, or where they part.

use crate::ledger::LedgerError;
use crate::store::StoreError;
use crate::store::rows::Rows;
use crate::trail::checkpoint::SignedCheckpoint;
use crate::trail::fork::Fork;
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::{Frontier, Tiles};
use crate::trail::tile::{Kind, WIDTH};
use std::io;

/// The leaf hashes of a history, with the tree above them, in a temporary folder: comparing takes no more memory, however long it
/// is.
#[derive(Debug)]
pub struct Leaves {
    rows: Rows,
    frontier: Frontier,
    folder: tempfile::TempDir,
}

/// How two histories stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// They are the same.
    Same,
    /// The second goes on after the first ends, by so many entries.
    More(u64),
    /// The first goes on after the second ends, by so many entries.
    Less(u64),
    /// They part at this entry, and both go on: a fork.
    Parted(u64),
}

/// Hashes that are in memory before they are written.
const WAITING: u64 = 4096;

impl Leaves {
    /// None yet.
    ///
    /// # Errors
    /// Where there is no room for them.
    pub fn new() -> Result<Self, LedgerError> {
        let made = tempfile::tempdir().map_err(failed)?;
        Ok(Self { rows: Rows::open(made.path())?, frontier: Frontier::default(), folder: made })
    }

    /// Takes the next entry, given without its newline.
    ///
    /// # Errors
    /// Where there is no room for it.
    pub fn push(&mut self, line: &[u8]) -> Result<(), LedgerError> {
        self.frontier.push(LeafHash::of(line), &mut |height, hash| self.rows.push(height, hash));
        if self.size().is_multiple_of(WAITING) {
            self.rows.flush()?;
        }
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Compares this history with another one.
    ///
    /// # Errors
    /// Where the hashes cannot be read again.
    pub fn compare(&self, other: &Self) -> Result<Compared, LedgerError> {
        let (size, theirs) = (self.size(), other.size());
        let both = size.min(theirs);
        for index in 0..both.div_ceil(WIDTH) {
            let (one, two) = (self.hashes(index, both)?, other.hashes(index, both)?);
            if let Some(at) = one.iter().zip(&two).position(|(one, two)| one != two) {
                return Ok(Compared::Parted(index * WIDTH + at as u64));
            }
        }
        Ok(match theirs.cmp(&size) {
            std::cmp::Ordering::Equal => Compared::Same,
            std::cmp::Ordering::Greater => Compared::More(theirs - size),
            std::cmp::Ordering::Less => Compared::Less(size - theirs),
        })
    }

    /// Two checkpoints that one key signed and that cannot both be true, as a file, where the larger one is of this history; nothing
    /// where they can both be true.
    ///
    /// # Errors
    /// Where the hashes cannot be read again.
    pub fn fork(
        &self,
        first: &SignedCheckpoint,
        second: &SignedCheckpoint,
    ) -> Result<Option<Fork>, LedgerError> {
        let (old, new) = (first.checkpoint().size(), second.checkpoint().size());
        if old > new || new > self.size() {
            return Ok(None);
        }
        Ok(Fork::between(&self.rows, first, second)?)
    }

    fn hashes(&self, index: u64, size: u64) -> Result<Vec<NodeHash>, LedgerError> {
        // The folder is there as long as the hashes are.
        let _ = &self.folder;
        let tile = Kind::Hashes(0).tile(index, size);
        Ok(tile.map_or_else(|| Ok(Vec::new()), |tile| self.rows.tile(tile))?)
    }
}

fn failed(source: io::Error) -> StoreError {
    StoreError::System { path: std::env::temp_dir(), doing: "written to", source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u64, other: u64) -> Leaves {
        let mut leaves = Leaves::new().unwrap();
        for at in 0..count {
            leaves.push(format!("{at} {}", at >= other).as_bytes()).unwrap();
        }
        leaves
    }

    #[test]
    fn two_histories_are_the_same_or_one_knows_more_or_they_part() {
        let ours = leaves(700, 700);
        for (theirs, compared) in [
            (leaves(700, 700), Compared::Same),
            (leaves(0, 0), Compared::Less(700)),
            (leaves(256, 700), Compared::Less(444)),
            (leaves(5000, 5000), Compared::More(4300)),
            (leaves(700, 699), Compared::Parted(699)),
            (leaves(700, 0), Compared::Parted(0)),
            (leaves(257, 256), Compared::Parted(256)),
        ] {
            assert_eq!(ours.compare(&theirs).unwrap(), compared);
        }
    }
}
