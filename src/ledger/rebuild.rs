//! Rebuilding: what is derived from the entries is thrown away and made anew.

use super::past::Past;
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
    /// were read.
    ///
    /// # Errors
    /// As [`Ledger::open`], of all entries: where they were cut or changed, nothing is thrown away that tells so.
    pub fn rebuild(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Self, LedgerError> {
        let (known, _) = Self::unchanged(folder)?;
        let judged = Past::default().and_judged(&Embedded::open_whole(folder)?, progress)?;
        // What it says is said of what was found, and not of what is thrown away here.
        let notices = Self::opened(folder, known, judged.copy(), progress)?.notices;
        Embedded::forget_derived(folder, &BESIDE)?;
        let ledger = Self { notices, ..Self::opened(folder, known, judged, progress)? };
        ledger.keep()?;
        ledger.with_tree::<_, LedgerError>(|tree, store| Ok(tree.keep_up(store)?))?;
        Ok(ledger)
    }
}
