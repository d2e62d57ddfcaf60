//! Publish: a ledger's newest checkpoint and the tiles below it, as files that any web server can serve (C2SP tlog-tiles).
//!
//! ```text
//! tile/…         written first, each whole or not at all, and never written again
//! checkpoint     last, so that whoever reads it finds all that it covers
//! ```
//!
//! Whoever publishes makes public what stands in clear in the entries. Withheld values and evidence are not among them. Who reads
//! what was published is in [`super::mirror`].

use super::layout::{CHECKPOINT, entries};
use crate::ledger::checkpoints::CheckpointError;
use crate::ledger::{Ledger, LedgerError};
use crate::store::disk;
use crate::store::writing::Replacing;
use crate::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::Frontier;
use crate::trail::note::NOTE_LIMIT;
use crate::trail::tile::{self, Kind, Tile, WIDTH};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What is being written, until it has its name.
const PART: &str = ".part";

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The checkpoint that is served now.
    pub signed: SignedCheckpoint,
    /// Of how many entries the one before was.
    pub before: u64,
    /// How many tiles were written.
    pub tiles: u64,
}

/// Why nothing is published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Nobody signed anything yet.
    #[error(
        "no checkpoint is kept here, and only what is signed is published: make one with `annals checkpoint`"
    )]
    Unsigned,
    /// Other files.
    #[error("{}: not of a log that was published, and nothing is mixed with it: name an empty folder or a new one", .0.display())]
    Foreign(PathBuf),
    /// What is published there is no checkpoint.
    #[error("{}: not a checkpoint: whoever serves this folder has to say what it is; name a new one", path.display())]
    NotOne {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CheckpointFault,
    },
    /// Another log, another history, or a longer one.
    #[error("{}: what is published there is no beginning of this ledger, and is left as it is; name a new folder", path.display())]
    Another {
        /// The file.
        path: PathBuf,
        /// In which way.
        source: Box<CheckpointError>,
    },
    /// A newer checkpoint, which is not kept here any more.
    #[error(
        "{}: of {published} entries, and the newest checkpoint that is kept here is of {kept}: what is published is never taken back; take that \
         one in again (`annals checkpoint --take`), and publish then", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Of how many entries it is.
        published: u64,
        /// Of how many the newest here is.
        kept: u64,
    },
    /// A tile that this ledger has otherwise.
    #[error(
        "{}: not what this ledger has there: it was changed, or is of another history; name a new folder, or delete this file if it \
         was damaged", .0.display()
    )]
    Differs(PathBuf),
    /// The hashes that were kept do not belong to the entries, even when they are made anew.
    #[error("`{0}` does not lead to the root that was signed: run `annals verify`")]
    Unsound(Tile),
    /// The ledger's checkpoints.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The system said no.
    #[error("{}: cannot be {doing}; what was published before is served as it was", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl From<LedgerError> for PublishError {
    fn from(error: LedgerError) -> Self {
        Self::Checkpoint(error.into())
    }
}

/// Publishes a ledger's newest checkpoint into a folder that is missing, empty, or holds what was published of it before. Only what
/// it lacks is written, and where nothing is new, all that is there is held against the ledger; `progress` hears how many entries
/// were. Whoever publishes into it meanwhile waits.
///
/// # Errors
/// [`PublishError`]. Where it was refused, nothing was changed; where a disk failed, the checkpoint before is served, and the next
/// run completes it.
pub fn publish(ledger: &Ledger, to: &Path, progress: &mut dyn FnMut(u64)) -> Result<Published, PublishError> {
    let mut signed = ledger.newest_whole()?.ok_or(PublishError::Unsigned)?;
    let size = signed.checkpoint().size();
    let new = !to.exists();
    if !new {
        refuse_foreign(to)?;
    }
    disk::make_folder(to).map_err(system(to, "made"))?;
    // The folder itself is the lock: nothing that nobody asked for is served.
    let lock = File::open(to).map_err(system(to, "opened"))?;
    lock.lock().map_err(system(to, "locked"))?;
    let before = served(ledger, to)?;
    let old = before.as_ref().map_or(0, |before| before.checkpoint().size());
    if old > size {
        return Err(PublishError::Newer { path: to.join(CHECKPOINT), published: old, kept: size });
    }
    // Who cosigned what is served is not taken back, either.
    if let Some(served) = before.as_ref().filter(|before| before.checkpoint() == signed.checkpoint()) {
        signed.merge(served).map_err(CheckpointError::from)?;
    }
    let mut lacking: Vec<Tile> = lacking(to, old, size)?;
    lacking.extend(passed(ledger, old, size)?);
    let mut folder = Writer { root: to, touched: BTreeSet::new() };
    for tile in &lacking {
        // What was begun and not finished is of this ledger, or nothing is written.
        folder.compare(*tile, ledger)?;
    }
    let (mut tiles, mut written) = (0, 0);
    for tile in lacking {
        if !folder.has(tile) {
            folder.put(&tile.to_string(), &sound(ledger, tile)?)?;
            tiles += 1;
        }
        // Those of the trees between are parts of these.
        if tile.kind == Kind::Entries && tile.kind.tile(tile.index, size) == Some(tile) {
            written += u64::from(tile.width);
            progress(written);
        }
    }
    if new {
        folder.touched.extend(to.parent().map(Path::to_owned));
    }
    folder.settle()?;
    if before.as_ref() != Some(&signed) {
        folder.put(CHECKPOINT, signed.to_string().as_bytes())?;
        folder.settle()?;
    }
    Ok(Published { signed, before: old, tiles })
}

/// In a folder without a checkpoint nothing lies but what an interrupted run left.
fn refuse_foreign(to: &Path) -> Result<(), PublishError> {
    if !to.is_dir() {
        return Err(PublishError::Foreign(to.to_owned()));
    }
    if to.join(CHECKPOINT).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(to).map_err(system(to, "read"))? {
        let name = entry.map_err(system(to, "read"))?.file_name();
        if name != "tile" && name != PART {
            return Err(PublishError::Foreign(to.join(name)));
        }
    }
    Ok(())
}

/// The checkpoint that is served by now: of this ledger, and of no more entries than are here.
fn served(ledger: &Ledger, to: &Path) -> Result<Option<SignedCheckpoint>, PublishError> {
    let path = to.join(CHECKPOINT);
    let file = match disk::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(system(&path, "read")(error)),
    };
    let bytes = super::layout::limited(file, NOTE_LIMIT as u64).map_err(system(&path, "read"))?;
    let signed = SignedCheckpoint::parse(&bytes)
        .map_err(|source| PublishError::NotOne { path: path.clone(), source })?;
    let another = |error| PublishError::Another { path, source: Box::new(error) };
    ledger.owns(&signed).map_err(another)?;
    Ok(Some(signed))
}

/// The tiles that a folder has not, of the tree of a size; whatever lies beyond what is served there is among them, and all, where
/// nothing is new: whoever publishes the same again wants to know that it is there.
fn lacking(to: &Path, old: u64, size: u64) -> Result<Vec<Tile>, PublishError> {
    let new: BTreeSet<Tile> = Tile::between(old, size).collect();
    let mut lacking = Vec::new();
    for tile in Tile::between(0, size) {
        let path = to.join(tile.to_string());
        let there = path.try_exists().map_err(system(&path, "read"))?;
        if !there || new.contains(&tile) || old == size {
            lacking.push(tile);
        }
    }
    Ok(lacking)
}

/// The partial tiles of the trees between two sizes of which a checkpoint is kept, where the whole tile is not there yet: whoever has
/// that checkpoint asks for them (C2SP tlog-tiles, "Partial Tiles").
fn passed(ledger: &Ledger, old: u64, size: u64) -> Result<BTreeSet<Tile>, PublishError> {
    let between = ledger.checkpoint_sizes()?.into_iter().filter(|kept| old < *kept && *kept < size);
    let whole = |tile: &Tile| tile.kind.tile(tile.index, size).is_some_and(|tile| tile.is_whole());
    Ok(between
        .flat_map(|kept| Tile::between(0, kept))
        .filter(|tile| !tile.is_whole() && !whole(tile))
        .collect())
}

/// The bytes of a tile, after they were checked: its hashes are those of the entries, or of the tiles below. What is kept of the
/// tree and differs is made anew, once.
fn sound(ledger: &Ledger, tile: Tile) -> Result<Vec<u8>, PublishError> {
    for again in [true, false] {
        let bytes = ledger.tile(tile)?;
        if holds(ledger, tile, &bytes)? {
            return Ok(bytes);
        }
        if again {
            ledger.remake_tree()?;
        }
    }
    Err(PublishError::Unsound(tile))
}

fn holds(ledger: &Ledger, tile: Tile, bytes: &[u8]) -> Result<bool, LedgerError> {
    let expected: Vec<NodeHash> = match tile.kind {
        Kind::Entries => {
            let Some(lines) = entries(bytes, tile.width) else { return Ok(false) };
            let leaves = lines.into_iter().map(|line| NodeHash::from(LeafHash::of(line)));
            let hashes = ledger.tile(Tile { kind: Kind::Hashes(0), ..tile })?;
            return Ok(tile::bytes(&leaves.collect::<Vec<_>>()) == hashes);
        }
        Kind::Hashes(0) => return holds_entries(ledger, tile, bytes),
        Kind::Hashes(level) => {
            let first = tile.index * WIDTH;
            let below = (first..first + u64::from(tile.width)).map(|index| {
                let hashes = ledger.tile(Tile { kind: Kind::Hashes(level - 1), index, width: 256 })?;
                Ok(tile::hashes(&hashes).map(|hashes| above(&hashes)))
            });
            below.collect::<Result<Option<_>, LedgerError>>()?.unwrap_or_default()
        }
    };
    Ok(tile::bytes(&expected) == bytes)
}

fn holds_entries(ledger: &Ledger, tile: Tile, bytes: &[u8]) -> Result<bool, LedgerError> {
    let lines = ledger.tile(Tile { kind: Kind::Entries, ..tile })?;
    let leaves = entries(&lines, tile.width).unwrap_or_default();
    let leaves: Vec<NodeHash> = leaves.into_iter().map(|line| LeafHash::of(line).into()).collect();
    Ok(tile::bytes(&leaves) == bytes)
}

/// The hash above those of a whole tile.
fn above(hashes: &[NodeHash]) -> NodeHash {
    let mut frontier = Frontier::default();
    // What stands at the lowest level of a tile is as a leaf to what stands above it.
    for hash in hashes {
        frontier.push(LeafHash(hash.0), &mut |_, _| {});
    }
    frontier.root()
}

/// Writes into the folder.
struct Writer<'a> {
    root: &'a Path,
    /// The folders whose names are not durable yet.
    touched: BTreeSet<PathBuf>,
}

impl Writer<'_> {
    fn has(&self, tile: Tile) -> bool {
        self.root.join(tile.to_string()).exists()
    }

    fn compare(&self, tile: Tile, ledger: &Ledger) -> Result<(), PublishError> {
        let path = self.root.join(tile.to_string());
        let there = match disk::read(&path) {
            Ok(there) => there,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(());
            }
            Err(error) => return Err(system(&path, "read")(error)),
        };
        if there == sound(ledger, tile)? { Ok(()) } else { Err(PublishError::Differs(path)) }
    }

    /// Puts a file in its place, whole; its name is durable once the folders are.
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let (part, path) = (self.root.join(PART), self.root.join(name));
        let folder = path.parent().unwrap_or(self.root);
        fs::create_dir_all(folder).map_err(system(folder, "made"))?;
        let written =
            Replacing::begin(part).and_then(|mut file| file.write_all(bytes).and_then(|()| file.put(&path)));
        written.map_err(system(&path, "written"))?;
        let within = folder.ancestors().take_while(|folder| folder.starts_with(self.root));
        self.touched.extend(within.map(Path::to_owned));
        Ok(())
    }

    /// Makes the names of all that was put last, those within before those that hold them.
    fn settle(&mut self) -> Result<(), PublishError> {
        for folder in std::mem::take(&mut self.touched).iter().rev() {
            disk::sync_folder(folder).map_err(system(folder, "synced"))?;
        }
        Ok(())
    }
}

fn system(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::System { path, doing, source }
}

#[cfg(test)]
pub(super) mod tests;
