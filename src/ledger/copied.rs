//! A copy of a ledger that is recorded elsewhere: the file that says so lies in its folder, and nothing is recorded there. Entries
//! that the ledger does not know would be a second history, of which its next entries could say nothing.
//!
//! ```text
//! copy    a sentence for whoever looks into the folder
//! ```

use super::{Ledger, RecordError};
use crate::store::{StoreError, write_durably};
use std::path::{Path, PathBuf};

/// The file in a ledger's folder.
const FILE: &str = "copy";

const WORDS: &str = "This folder is a copy that `annals mirror` keeps of a ledger that is recorded elsewhere. Nothing is recorded \
                     here while this file is here.\n";

/// The file that says that a folder holds a copy, if it does.
#[must_use]
pub fn found(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(FILE);
    // Whatever lies there was not put there without a reason.
    path.symlink_metadata().is_ok().then_some(path)
}

/// Says in a folder, durable on return, that it holds a copy.
pub(super) fn put_down(folder: &Path) -> Result<(), StoreError> {
    found(folder).map_or_else(|| write_durably(folder, FILE, WORDS.as_bytes()), |_| Ok(()))
}

impl Ledger {
    /// Says that this ledger is a copy of one that is recorded elsewhere.
    pub(crate) fn put_down_as_copy(&self) -> Result<(), StoreError> {
        self.folder.as_deref().map_or(Ok(()), put_down)
    }

    /// Refuses to record in a copy.
    ///
    /// # Errors
    /// [`RecordError::Copy`].
    pub fn refuse_copied(&self) -> Result<(), RecordError> {
        self.folder.as_deref().and_then(found).map_or(Ok(()), |path| Err(RecordError::Copy(path)))
    }
}
