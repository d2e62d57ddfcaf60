//! Rebuilding: what is derived from the entries is thrown away and made anew.

use super::{Ledger, LedgerError, snapshot};
use crate::store::StoreError;
use crate::store::embedded::Embedded;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

impl Ledger {
    /// Makes `sled` and the index anew, and cuts what was never acknowledged; `progress` hears how many entries were
    /// read, from the first again for the second time.
    ///
    /// # Errors
    /// As [`Ledger::open`]: where the entries were cut or changed, nothing is thrown away that tells so.
    pub fn rebuild(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Self, LedgerError> {
        drop(Self::open(folder, progress)?);
        Embedded::forget_derived(folder)?;
        let kept = folder.join(snapshot::FOLDER);
        match fs::remove_dir_all(&kept) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                let doing = "removed";
                return Err(StoreError::System { path: kept, doing, source: error }.into());
            }
            _ => {}
        }
        let ledger = Self::open(folder, progress)?;
        ledger.keep()?;
        Ok(ledger)
    }
}
