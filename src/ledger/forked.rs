//! A fork that was found: the file that says so lies in the ledger's folder, and nothing is written there until people have decided.
//!
//! ```text
//! fork    two checkpoints that the ledger's key signed and that cannot both be true
//! ```
//!
//! Its form is in [`crate::trail::fork`].

use super::{Ledger, LedgerError};
use crate::store::{StoreError, disk, said, write_durably};
use crate::trail::fork::{FORK_LIMIT, Fork};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The file in a ledger's folder.
pub const FILE: &str = "fork";

/// The fork that was found in the ledger in a folder.
#[must_use]
pub fn found(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(FILE);
    // Whatever lies there was not put there without a reason.
    path.symlink_metadata().is_ok().then_some(path)
}

/// The fork in a file that was found; nothing where it holds none that can be read.
#[must_use]
pub fn read(path: &Path) -> Option<Fork> {
    let mut bytes = Vec::new();
    disk::open(path).ok()?.take(FORK_LIMIT).read_to_end(&mut bytes).ok()?;
    Fork::parse(&bytes).ok()
}

/// Puts a fork into a ledger's folder, durable on return; the first that was found stays.
///
/// # Errors
/// [`LedgerError::Store`].
pub fn put_down(folder: &Path, fork: &Fork) -> Result<PathBuf, LedgerError> {
    if let Some(path) = found(folder) {
        return Ok(path);
    }
    write_durably(folder, FILE, fork.to_string().as_bytes())?;
    Ok(folder.join(FILE))
}

/// Puts the fork that was found in one folder into another, where none is.
pub(super) fn copy(folder: &Path, to: &Path) -> Result<(), StoreError> {
    match found(folder) {
        Some(path) if found(to).is_none() => {
            let bytes = disk::read(&path).map_err(said(&path, "read"))?;
            write_durably(to, FILE, &bytes)
        }
        _ => Ok(()),
    }
}

/// Refuses to go on where a fork was found.
pub(crate) fn refuse(folder: &Path) -> Result<(), LedgerError> {
    let Some(path) = found(folder) else { return Ok(()) };
    Err(if read(&path).is_some() { LedgerError::Forked(path) } else { LedgerError::NoFork(path) })
}

/// What a reader is told.
pub(super) fn notice(folder: &Path) -> Option<String> {
    let path = found(folder)?;
    Some(match read(&path) {
        Some(_) => format!(
            "{}: two histories of this ledger were signed; nothing is written here until people have decided",
            path.display()
        ),
        None => LedgerError::NoFork(path).to_string(),
    })
}

impl Ledger {
    /// Refuses to sign where a fork was found.
    pub(super) fn refuse_forked(&self) -> Result<(), LedgerError> {
        self.folder.as_deref().map_or(Ok(()), refuse)
    }
}
