//! Rebuilding: what is derived from the entries is thrown away and made anew.

use super::{Ledger, LedgerError, snapshot};
use crate::store::embedded::Embedded;
use crate::store::{StoreError, rows};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

impl Ledger {
    /// Makes `sled`, the index and the tree anew, and cuts what was never acknowledged; `progress` hears how many entries
    /// were read, from the first again for the second time.
    ///
    /// # Errors
    /// As [`Ledger::open`]: where the entries were cut or changed, nothing is thrown away that tells so.
    pub fn rebuild(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Self, LedgerError> {
        // What it says is said of what was found, and not of what is thrown away here.
        let notices = Self::open(folder, progress)?.notices;
        Embedded::forget_derived(folder)?;
        for derived in [snapshot::FOLDER, rows::FOLDER] {
            let path = folder.join(derived);
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    let doing = "removed";
                    return Err(StoreError::System { path, doing, source: error }.into());
                }
                _ => {}
            }
        }
        let ledger = Self { notices, ..Self::open(folder, progress)? };
        ledger.keep()?;
        ledger.with_tree::<_, LedgerError>(|tree, store| Ok(tree.keep_up(store)?))?;
        Ok(ledger)
    }
}
