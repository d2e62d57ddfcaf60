//! A copy of a ledger that is recorded elsewhere: the file that says so lies in its folder, and nothing is recorded there. Entries
//! that the ledger does not know would be a second history, of which its next entries could say nothing.
//!
//! ```text
//! copy    a sentence for whoever looks into the folder
//! ```

use super::{Ledger, LedgerError, RecordError};
use crate::store::write_durably;
use std::fs;
use std::path::{Path, PathBuf};

/// The file in a ledger's folder.
pub(super) const FILE: &str = "copy";

const WORDS: &str = "This folder is a copy that `annals mirror` keeps of a ledger that is recorded elsewhere. Nothing is recorded \
                     here while this file is here.\n";

/// What lies in the place of the file, and is none: nobody put it there without a reason, and it says nothing of a copy.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{}: it stops what is recorded here, and is no file that marks a copy: find out who put it there, and move it away to go on",
    .0.display()
)]
pub struct NoMark(PathBuf);

/// The file that says that a folder holds a copy, if it does.
///
/// # Errors
/// [`NoMark`].
pub fn found(folder: &Path) -> Result<Option<PathBuf>, NoMark> {
    let path = folder.join(FILE);
    match fs::metadata(&path) {
        Ok(data) if data.is_file() => Ok(Some(path)),
        _ if fs::symlink_metadata(&path).is_ok() => Err(NoMark(path)),
        _ => Ok(None),
    }
}

/// Whether a folder says that it holds a copy.
#[must_use]
pub fn is_one(folder: &Path) -> bool {
    matches!(found(folder), Ok(Some(_)))
}

/// Says in a folder, durable on return, that it holds a copy.
pub(super) fn put_down(folder: &Path) -> Result<(), LedgerError> {
    match found(folder)? {
        Some(_) => Ok(()),
        None => Ok(write_durably(folder, FILE, WORDS.as_bytes())?),
    }
}

impl Ledger {
    /// Says that this ledger is a copy of one that is recorded elsewhere.
    pub(crate) fn put_down_as_copy(&self) -> Result<(), LedgerError> {
        self.folder.as_deref().map_or(Ok(()), put_down)
    }
}

/// Refuses to record in a folder that says that it holds a copy, which need not be opened yet: whoever opens it for writing heals it.
///
/// # Errors
/// [`RecordError::Copy`], [`RecordError::NoMark`].
pub fn refuse(folder: &Path) -> Result<(), RecordError> {
    found(folder)?.map_or(Ok(()), |path| Err(RecordError::Copy(path)))
}
