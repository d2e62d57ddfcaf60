//! The rows of a Merkle tree: all hashes at a height, one after the other, in a file each or in memory.
//!
//! ```text
//! tile/0     leaf hashes: tile/0/000 of tlog-tiles are its first 8,192 bytes, tile/0/001 the next
//! tile/4     the hashes of subtrees of 16 leaves, which no tile has and proofs are quicker with
//! tile/8     those of 256 leaves: tile/1/000 of tlog-tiles are its first 8,192 bytes
//! ```
//!
//! They are derived and may be lost: nothing here is synced. Which hashes they are to be is not known here.

use super::disk;
use super::{StoreError, said};
use crate::trail::hash::NodeHash;
use crate::trail::merkle::{STEP, Tiles};
use crate::trail::tile::{self, Kind, Tile, WIDTH};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The folder within a ledger's.
pub const FOLDER: &str = "tile";

const HASH: u64 = 32;

/// The rows of a tree, the lowest first.
#[derive(Debug, Default)]
pub struct Rows {
    folder: Option<PathBuf>,
    rows: Vec<Row>,
}

/// A row: what lies in a file, and what is not written there.
#[derive(Debug, Default)]
struct Row {
    file: Option<File>,
    /// Whether the file was opened for writing.
    writes: bool,
    /// How many hashes of the file count.
    kept: u64,
    tail: Vec<NodeHash>,
}

impl Row {
    fn len(&self) -> u64 {
        self.kept + self.tail.len() as u64
    }

    /// Hashes from one on, as many as there are of them.
    fn read(&self, from: u64, count: usize) -> std::io::Result<Vec<NodeHash>> {
        let to = from.saturating_add(count as u64);
        let in_file = from.min(self.kept)..to.min(self.kept);
        let mut hashes = Vec::new();
        if let Some(file) = self.file.as_ref().filter(|_| !in_file.is_empty()) {
            let mut bytes =
                vec![0; usize::try_from((in_file.end - in_file.start) * HASH).unwrap_or_default()];
            file.read_exact_at(&mut bytes, in_file.start * HASH)?;
            hashes = tile::hashes(&bytes).unwrap_or_default();
        }
        let place = |at: u64| usize::try_from(at.saturating_sub(self.kept)).unwrap_or(usize::MAX);
        let tail = place(from).min(self.tail.len())..place(to).min(self.tail.len());
        hashes.extend(self.tail.get(tail).unwrap_or_default());
        Ok(hashes)
    }
}

impl Rows {
    /// Rows in memory, empty.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { folder: None, rows: heights().map(|_| Row::default()).collect() }
    }

    /// The rows that lie in a ledger's folder, as many as there are. Nothing is written before [`Self::flush`].
    ///
    /// # Errors
    /// [`StoreError`], where they cannot be read.
    pub fn open(ledger: &Path) -> Result<Self, StoreError> {
        let folder = ledger.join(FOLDER);
        let mut rows = Self { folder: Some(folder.clone()), ..Self::in_memory() };
        for (height, row) in heights().zip(&mut rows.rows) {
            let path = folder.join(height.to_string());
            match disk::open(&path) {
                Ok(file) => {
                    row.kept = file.metadata().map_err(said(&path, "read"))?.len() / HASH;
                    row.file = Some(file);
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(said(&path, "read")(error)),
            }
        }
        Ok(rows)
    }

    /// How many leaves there are, and all that a tree of them has above.
    #[must_use]
    pub fn size(&self) -> u64 {
        let size = self.rows.first().map_or(0, Row::len);
        let whole = heights().zip(&self.rows).all(|(height, row)| row.len() >= size >> height);
        // One that is shorter than the leaves ask for was lost apart from the others.
        if whole { size } else { 0 }
    }

    /// Lets go of all hashes that a tree of a size has not; a larger one has all that are left.
    pub fn cut(&mut self, size: u64) {
        for (height, row) in heights().zip(&mut self.rows) {
            let rows = size >> height;
            let tail = usize::try_from(rows.saturating_sub(row.kept)).unwrap_or(usize::MAX);
            row.tail.truncate(tail);
            row.writes &= row.kept <= rows;
            row.kept = row.kept.min(rows);
        }
    }

    /// Adds the next hash at a height.
    pub fn push(&mut self, height: u8, hash: NodeHash) {
        if let Some((_, row)) = heights().zip(&mut self.rows).find(|(known, _)| *known == u32::from(height)) {
            row.tail.push(hash);
        }
    }

    /// Writes what is not written yet, where the rows lie in a folder, and cuts what does not count.
    ///
    /// # Errors
    /// [`StoreError`], where it cannot be written.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        // From above: a lower row that is shorter tells how many leaves count.
        let waiting = |(_, row): &(u32, &mut Row)| !row.tail.is_empty();
        let rows: Vec<_> = heights().zip(&mut self.rows).filter(waiting).collect();
        for (height, row) in rows.into_iter().rev() {
            let path = folder.join(height.to_string());
            write(folder, &path, row).map_err(said(&path, "written"))?;
        }
        Ok(())
    }
}

fn write(folder: &Path, path: &Path, row: &mut Row) -> std::io::Result<()> {
    if !row.writes {
        std::fs::create_dir_all(folder)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.set_len(row.kept * HASH)?;
        row.file = Some(file);
        row.writes = true;
    }
    if let Some(file) = &row.file {
        file.write_all_at(&tile::bytes(&row.tail), row.kept * HASH)?;
        row.kept += row.tail.len() as u64;
        row.tail.clear();
    }
    Ok(())
}

/// The heights at which there are rows.
fn heights() -> impl Iterator<Item = u32> {
    (0..u64::BITS).step_by(STEP as usize)
}

impl Tiles for Rows {
    type Fault = StoreError;

    fn tile(&self, tile: Tile) -> Result<Vec<NodeHash>, StoreError> {
        let Kind::Hashes(level) = tile.kind else { return Ok(Vec::new()) };
        Ok(self.nodes(8 * u32::from(level), tile.index * WIDTH, usize::from(tile.width))?.unwrap_or_default())
    }

    fn nodes(&self, height: u32, from: u64, count: usize) -> Result<Option<Vec<NodeHash>>, StoreError> {
        let Some((_, row)) = heights().zip(&self.rows).find(|(known, _)| *known == height) else {
            return Ok(None);
        };
        let read = row.read(from, count);
        read.map(Some).map_err(|error| {
            let path = self.folder.clone().unwrap_or_default().join(height.to_string());
            said(&path, "read")(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::hash::LeafHash;
    use crate::trail::merkle::{Frontier, Prover};

    fn root(rows: &Rows, size: u64) -> NodeHash {
        Prover::new(rows, size).root().unwrap()
    }

    fn grow(rows: &mut Rows, frontier: &mut Frontier, to: u64) {
        while frontier.size() < to {
            let leaf = LeafHash::of(&frontier.size().to_be_bytes());
            frontier.push(leaf, &mut |level, hash| rows.push(level, hash));
        }
    }

    #[test]
    fn rows_are_the_same_in_memory_in_files_and_partly_in_each() {
        let folder = tempfile::tempdir().unwrap();
        let (mut memory, mut frontier) = (Rows::in_memory(), Frontier::default());
        grow(&mut memory, &mut frontier, 700);
        let (mut rows, mut growing) = (Rows::open(folder.path()).unwrap(), Frontier::default());
        for size in [1, 255, 256, 300, 512, 513, 700] {
            grow(&mut rows, &mut growing, size);
            assert_eq!(root(&rows, size), root(&memory, size));
            rows.flush().unwrap();
            assert_eq!(root(&rows, size), root(&memory, size));
            let again = Rows::open(folder.path()).unwrap();
            assert_eq!(again.size(), size);
            assert_eq!(root(&again, size), root(&memory, size));
        }
    }

    #[test]
    fn what_was_cut_is_gone_and_what_comes_then_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let (mut rows, mut frontier) = (Rows::open(folder.path()).unwrap(), Frontier::default());
        grow(&mut rows, &mut frontier, 600);
        rows.flush().unwrap();
        for mut rows in [rows, Rows::open(folder.path()).unwrap()] {
            rows.cut(300);
            let mut frontier = Frontier::of(&rows, 300).unwrap();
            let leaf = LeafHash::of(b"another");
            frontier.push(leaf, &mut |level, hash| rows.push(level, hash));
            rows.flush().unwrap();
            let again = Rows::open(folder.path()).unwrap();
            assert_eq!(again.size(), 301, "a higher row may be longer");
            assert_eq!(root(&again, 301), frontier.root());
        }
    }

    #[test]
    fn a_part_of_a_hash_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut rows, mut frontier) = (Rows::open(folder.path()).unwrap(), Frontier::default());
        grow(&mut rows, &mut frontier, 3);
        rows.flush().unwrap();
        let path = folder.path().join(FOLDER).join("0");
        File::options().write(true).open(path).unwrap().set_len(70).unwrap();
        assert_eq!(Rows::open(folder.path()).unwrap().size(), 2);
    }

    #[test]
    fn leaves_above_which_hashes_are_missing_count_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut rows, mut frontier) = (Rows::open(folder.path()).unwrap(), Frontier::default());
        grow(&mut rows, &mut frontier, 300);
        rows.flush().unwrap();
        for height in ["4", "8"] {
            let path = folder.path().join(FOLDER).join(height);
            let whole = std::fs::read(&path).unwrap();
            std::fs::write(&path, &whole[32..]).unwrap();
            assert_eq!(Rows::open(folder.path()).unwrap().size(), 0);
            std::fs::write(&path, whole).unwrap();
        }
        assert_eq!(Rows::open(folder.path()).unwrap().size(), 300);
    }
}
