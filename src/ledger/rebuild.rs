//! Rebuilding: what is derived from the entries is thrown away and made anew.

use super::{Ledger, LedgerError, snapshot};
use crate::store::embedded::Embedded;
use crate::store::rows;
use std::path::Path;

/// What is derived, beside `sled`.
const BESIDE: [&str; 2] = [snapshot::FOLDER, rows::FOLDER];

impl Ledger {
    /// Whether nothing in a folder is derived, as in a backup: nobody has written to it as to a ledger.
    #[must_use]
    pub fn is_bare(folder: &Path) -> bool {
        Embedded::is_bare(folder, &BESIDE)
    }

    /// Makes `sled`, the index and the tree anew, and cuts what was never acknowledged; `progress` hears how many entries
    /// were read, from the first again for the second time.
    ///
    /// # Errors
    /// As [`Ledger::open`]: where the entries were cut or changed, nothing is thrown away that tells so.
    pub fn rebuild(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Self, LedgerError> {
        // What it says is said of what was found, and not of what is thrown away here.
        let notices = Self::open(folder, progress)?.notices;
        Embedded::forget_derived(folder, &BESIDE)?;
        let ledger = Self { notices, ..Self::open(folder, progress)? };
        ledger.keep()?;
        ledger.with_tree::<_, LedgerError>(|tree, store| Ok(tree.keep_up(store)?))?;
        Ok(ledger)
    }
}
