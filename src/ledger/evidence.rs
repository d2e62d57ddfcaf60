//! Evidence: the files that are kept beside the journal, each under its SHA-256, before an event names them. Which files
//! an event names is in [`crate::record::evidence`].

use super::Ledger;
use crate::store::{Blob, Condition, StoreError};
use std::io::{Read, Write};
use std::path::PathBuf;

impl Ledger {
    /// Keeps a file under its SHA-256, durable on return; of a ledger in a folder, never all of it is in memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_blob(&self, bytes: &mut dyn Read) -> Result<Blob, StoreError> {
        self.store.put_blob(bytes)
    }

    /// Copies the file with this SHA-256, and tells how it was found: only of a whole one the copy is worth anything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn copy_blob(&self, sha256: &str, to: &mut dyn Write) -> Result<Condition, StoreError> {
        self.store.copy_blob(sha256, to)
    }

    /// Removes a file that was put here and that no entry names.
    pub(crate) fn remove_blob(&self, sha256: &str) -> Result<(), StoreError> {
        self.store.remove_blob(sha256)
    }

    /// Where the file with this SHA-256 is, or would be; nothing for a ledger in memory.
    #[must_use]
    pub fn blob_path(&self, sha256: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("blobs").join(sha256))
    }
}
