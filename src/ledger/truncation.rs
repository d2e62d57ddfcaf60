//! Truncation: a journal that has fewer entries than it had, which no chain tells. What was kept beside it does: a snapshot, and the
//! checkpoints, which the ledger's key signed.
//!
//! What the keys of a desk remember outside the folder is in [`super::anchor`].

use super::shelf::Shelf;
use super::{Ledger, LedgerError, checkpoints};
use crate::store::Store;
use crate::store::embedded::Embedded;
use std::path::Path;

/// Refuses to write to a ledger in a folder that has fewer entries than its key signed, before a last line is cut that may have been
/// acknowledged. Where `sled` is there, that refuses, and has what is missing.
pub(super) fn refuse(folder: &Path) -> Result<(), LedgerError> {
    if folder.join("sled").exists() {
        return Ok(());
    }
    let newest = Shelf::new(Some(folder)).sizes().ok().and_then(|sizes| sizes.last().copied());
    // What cannot be opened says so when it is opened for writing.
    let Some((newest, store)) = newest.zip(Embedded::open_read_only(folder).ok()) else { return Ok(()) };
    let size = store.head().size;
    if newest <= size {
        return Ok(());
    }
    Ledger::open_read_only(folder)?.refuse_truncated()
}

/// What a reader is told where more entries are known than there are.
pub(super) fn notice(known: u64, size: u64) -> Option<String> {
    (known > size).then(|| {
        format!(
            "there were {known} entries, and {size} are left: the journal was cut; compare it with the other side's copy"
        )
    })
}

impl Ledger {
    /// Refuses to go on where the ledger's key signed more entries than there are.
    pub(super) fn refuse_truncated(&self) -> Result<(), LedgerError> {
        match self.folder.clone().zip(self.signed_beyond()) {
            Some((path, known)) => Err(LedgerError::Signed { path, known, size: self.head().size }),
            None => Ok(()),
        }
    }

    /// How many entries the newest kept checkpoint is of that a key of the ledger signed of more than there are.
    pub(super) fn signed_beyond(&self) -> Option<u64> {
        let (state, here) = (self.state(), self.head().size);
        let beyond = self.shelf.sizes().ok()?.into_iter().filter(|size| *size > here);
        let kept = beyond.filter_map(|size| self.shelf.of(size).ok().flatten());
        // Where no entry is left, nobody can tell whose key it was.
        let signed = kept.filter(|signed| here == 0 || checkpoints::is_signed(signed, &state));
        signed.last().map(|signed| signed.checkpoint().size())
    }
}
