//! Truncation: a journal that has fewer entries than it had, or others, which no chain tells. What was kept beside it does: a snapshot,
//! and the checkpoints, which the ledger's key signed or a witness cosigned.
//!
//! What the keys of a desk remember outside the folder is in [`super::anchor`].

use super::past::follows;
use super::shelf::Shelf;
use super::{Ledger, LedgerError, checkpoints, copied, disclosures, forked, lines, past, snapshot};
use crate::store::embedded::Embedded;
use crate::store::{Head, Store, StoreError};
use std::path::Path;

/// The sizes of the checkpoints that are kept in a ledger's folder.
pub(super) fn signed(folder: &Path) -> Vec<u64> {
    Shelf::new(Some(folder)).sizes().unwrap_or_default()
}

/// How many entries are known to have been there, whatever the journal has. Nothing is changed.
pub(super) fn known(folder: &Path) -> u64 {
    let kept = snapshot::head(folder).map_or(0, |head| head.size);
    let newest = signed(folder).last().copied().unwrap_or_default();
    // In a copy that is behind, following is what brings the entries back.
    if newest <= kept || copied::is_one(folder) {
        return kept;
    }
    // What cannot be opened says so when it is opened for writing.
    if Embedded::open_read_only(folder).map_or(newest, |store| store.head().size) >= newest {
        return kept;
    }
    let beyond = Ledger::open_read_only(folder).map(|ledger| ledger.signed_beyond(&signed(folder)));
    // Where the entries cannot be read, nobody can tell whose key it was.
    beyond.map_or(newest, Option::unwrap_or_default).max(kept)
}

/// What a reader is told where more entries are known than there are.
pub(super) fn notice(known: u64, size: u64) -> Option<String> {
    (known > size).then(|| {
        format!(
            "there were {known} entries, and {size} are left: the journal was cut; compare it with the other side's copy"
        )
    })
}

/// What a reader is told of a journal beside which a state of more entries was kept, or of others.
pub(super) fn compared(store: &dyn Store, kept: Head) -> Option<String> {
    let exchanged = || {
        format!(
            "the journal has not the {} entries of which `index` keeps the state: it was changed, or exchanged for another, or `index` is another ledger's; \
             `annals doctor` says what mends it",
            kept.size
        )
    };
    notice(kept.size, store.head().size).or_else(|| (!follows(store, kept)).then(exchanged))
}

impl Ledger {
    /// Whether the journal in a folder ends within a line, and nothing in the folder tells that it was acknowledged: whoever opens it
    /// for writing cuts that line.
    #[must_use]
    pub fn is_to_be_cut(folder: &Path) -> bool {
        let unfinished = |store: &Embedded| store.unfinished() > 0 && known(folder) <= store.head().size;
        Embedded::open_read_only(folder).is_ok_and(|store| unfinished(&store))
    }

    /// Refuses, before anything is changed, a folder that nobody is to go on in: two histories were signed, what is withheld cannot be
    /// read, or the journal is damaged or not the one that was there. sled, made anew of that, would vouch for it. What this user may
    /// not read is told by whoever opens it.
    ///
    /// # Errors
    /// [`LedgerError`], by name.
    pub fn refuse_changed(folder: &Path) -> Result<(), LedgerError> {
        Self::unchanged(folder).map(drop)
    }

    /// As above; gives how many entries are known to have been there, and those that are, as far as this user may read them.
    pub(super) fn unchanged(folder: &Path) -> Result<(u64, Option<Embedded>), LedgerError> {
        forked::refuse(folder)?;
        copied::found(folder)?;
        // Before the journal, to which somebody may append and keep a snapshot of that.
        let (kept, known) = (snapshot::head(folder), known(folder));
        let store = match Embedded::open_read_only(folder) {
            Ok(store) => store,
            Err(error @ StoreError::Damaged { .. }) => return Err(error.into()),
            Err(_) => return Ok((known, None)),
        };
        lines::open(&folder.join(disclosures::FILE))?;
        store.refuse_cut(known)?;
        past::has(&store, kept, folder)?;
        let size = store.head().size;
        // What the state was kept of is here, so that it was signed.
        if size < known {
            Err(LedgerError::Signed { path: folder.to_owned(), known, size })
        } else {
            Ok((known, Some(store)))
        }
    }

    /// The largest of some sizes beyond what is here of which a checkpoint is kept that a key of the ledger signed, or a witness
    /// cosigned: the entry that replaced the ledger's key may be among those that are gone.
    pub(super) fn signed_beyond(&self, sizes: &[u64]) -> Option<u64> {
        let (state, here) = (self.state(), self.head().size);
        let beyond = sizes.iter().copied().filter(|size| *size > here);
        let kept = beyond.filter_map(|size| self.shelf.of(size).ok().flatten());
        // Where no entry is left, nobody can tell whose key it was.
        let signed = kept.filter(|signed| here == 0 || checkpoints::is_known(signed, &state));
        signed.last().map(|signed| signed.checkpoint().size())
    }
}
