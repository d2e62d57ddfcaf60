//! The shelf: checkpoints as they are kept, in a ledger's folder or in memory.
//!
//! ```text
//! checkpoints/000000000129    a signed note of C2SP: the tree of the first 129 entries
//! ```
//!
//! What lies there is read, not verified; which of them are signed and taken in is in [`super::checkpoints`].

use super::checkpoints::CheckpointError;
use super::forked;
use crate::store::disk;
use crate::store::{said, write_durably};
use crate::trail::checkpoint::SignedCheckpoint;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folder within a ledger's.
pub const FOLDER: &str = "checkpoints";

/// Those that are kept, in a ledger's folder or in memory.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    folder: Option<PathBuf>,
    memory: Mutex<BTreeMap<u64, SignedCheckpoint>>,
    /// Held by the one thread of this process that reads, merges and writes.
    one: Mutex<()>,
}

/// The right to read, merge and write, until it is dropped.
pub(super) struct Alone<'a> {
    _one: MutexGuard<'a, ()>,
    _folder: Option<fs::File>,
}

impl Shelf {
    pub(super) fn new(ledger: Option<&Path>) -> Self {
        Self { folder: ledger.map(|ledger| ledger.join(FOLDER)), ..Self::default() }
    }

    fn memory(&self) -> MutexGuard<'_, BTreeMap<u64, SignedCheckpoint>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sizes(&self) -> Result<Vec<u64>, CheckpointError> {
        let Some(folder) = &self.folder else { return Ok(self.memory().keys().copied().collect()) };
        sizes(folder)
    }

    pub(super) fn of(&self, size: u64) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        match &self.folder {
            None => Ok(self.memory().get(&size).cloned()),
            Some(folder) => {
                let path = folder.join(name(size));
                let kept = read(&path)?;
                match kept.as_ref().map(|kept| kept.checkpoint().size()).filter(|found| *found != size) {
                    Some(size) => Err(CheckpointError::Misnamed { path, size }),
                    None => Ok(kept),
                }
            }
        }
    }

    /// All that are checkpoints, and what lies in the place of others.
    pub(super) fn whole(&self) -> Result<(Vec<SignedCheckpoint>, Vec<CheckpointError>), CheckpointError> {
        let (mut kept, mut unread) = (Vec::new(), Vec::new());
        for size in self.sizes()? {
            match self.of(size) {
                Ok(found) => kept.extend(found),
                Err(error @ (CheckpointError::Damaged { .. } | CheckpointError::Misnamed { .. })) => {
                    unread.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok((kept, unread))
    }

    /// Keeps everybody else waiting who reads, merges and writes here, whatever process it is, until what is returned is dropped:
    /// whoever cosigns holds no lock of the ledger. Some network file systems lock no folder; there the last who writes counts.
    pub(super) fn alone(&self) -> Result<Alone<'_>, CheckpointError> {
        let one = self.one.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = &self.folder else { return Ok(Alone { _one: one, _folder: None }) };
        disk::make_folder(folder).map_err(said(folder, "made"))?;
        let opened = disk::open(folder).map_err(said(folder, "read"))?;
        Ok(Alone { _one: one, _folder: opened.lock().is_ok().then_some(opened) })
    }

    pub(super) fn keep(&self, signed: &SignedCheckpoint) -> Result<(), CheckpointError> {
        let size = signed.checkpoint().size();
        if let Some(ledger) = self.folder.as_deref().and_then(Path::parent) {
            forked::refuse(ledger)?;
        }
        let Some(folder) = &self.folder else {
            self.memory().insert(size, signed.clone());
            return Ok(());
        };
        disk::make_folder(folder).map_err(said(folder, "made"))?;
        Ok(write_durably(folder, &name(size), signed.to_string().as_bytes())?)
    }

    /// Lets go of one that nobody but the ledger signed.
    pub(super) fn forget(&self, signed: &SignedCheckpoint) {
        let size = signed.checkpoint().size();
        // Where it cannot be removed, it only takes room.
        match &self.folder {
            None => drop(self.memory().remove(&size)),
            Some(folder) => drop(fs::remove_file(folder.join(name(size)))),
        }
    }
}

/// The checkpoints that are kept in a ledger's folder, the smallest first, which are not verified; and what lies in the place of
/// others: [`CheckpointError::Damaged`], [`CheckpointError::Misnamed`].
///
/// # Errors
/// [`CheckpointError::Ledger`].
pub fn in_folder(ledger: &Path) -> Result<(Vec<SignedCheckpoint>, Vec<CheckpointError>), CheckpointError> {
    Shelf::new(Some(ledger)).whole()
}

/// What the file of a checkpoint of a size is called.
pub(super) fn name(size: u64) -> String {
    format!("{size:012}")
}

fn sizes(folder: &Path) -> Result<Vec<u64>, CheckpointError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(said(folder, "read")(error).into()),
    };
    let mut sizes = Vec::new();
    for entry in entries {
        let file = entry.map_err(said(folder, "read"))?.file_name();
        let size = file.to_str().and_then(|file| file.parse().ok().filter(|size| name(*size) == file));
        sizes.extend(size);
    }
    sizes.sort_unstable();
    Ok(sizes)
}

fn read(path: &Path) -> Result<Option<SignedCheckpoint>, CheckpointError> {
    let bytes = match disk::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(said(path, "read")(error).into()),
    };
    let damaged = |source| CheckpointError::Damaged { path: path.to_owned(), source };
    SignedCheckpoint::parse(&bytes).map(Some).map_err(damaged)
}
