//! Restore: the entries of an export or a bundle, byte for byte, into a new ledger that ends at the same head. Every entry is
//! verified before it is written.

use crate::ledger::following::{FollowError, Following};
use crate::ledger::{Ledger, LedgerError};
use crate::record::verdict::Report;
use crate::store::AppendError;
use std::path::Path;

/// Why an export is not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The entries do not verify.
    #[error("the entries do not verify: {0}; `annals verify` with its name says what else is wrong")]
    Refused(Box<Report>),
    /// Nothing to restore.
    #[error("it holds no entry: an export has at least the opening")]
    Empty,
    /// The store.
    #[error("the ledger cannot be made")]
    Store(#[from] LedgerError),
    /// The store, while writing.
    #[error("the entries cannot be written")]
    Append(#[from] AppendError),
}

impl From<FollowError> for RestoreError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Refused(report) => Self::Refused(report),
            FollowError::Ledger(error) => Self::Store(error),
            FollowError::Append(error) => Self::Append(error),
        }
    }
}

/// Writes verified entries into a folder that is new or empty.
pub struct Restore(Following);

impl Restore {
    /// Begins in a folder that is new or empty.
    ///
    /// # Errors
    /// [`RestoreError::Store`].
    pub fn new(folder: &Path) -> Result<Self, RestoreError> {
        Ok(Self(Following::of(Ledger::create(folder)?)?))
    }

    /// Takes the next entry, without its newline.
    ///
    /// # Errors
    /// [`RestoreError`]: the folder is then to be thrown away.
    pub fn push(&mut self, line: &[u8]) -> Result<(), RestoreError> {
        Ok(self.0.push(line)?)
    }

    /// Takes what stands where a whole line should, and refuses it.
    ///
    /// # Errors
    /// [`RestoreError::Refused`]; [`RestoreError::Store`], where what the entries leave cannot be read or written.
    pub fn push_torn(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        Ok(self.0.push_torn(bytes)?)
    }

    /// Commits what is left, and keeps what it leaves, so that it is not read again when the ledger is opened.
    ///
    /// # Errors
    /// [`RestoreError`]: the folder is then to be thrown away.
    pub fn finish(self) -> Result<Report, RestoreError> {
        let is_opened = |state: &crate::record::state::State| {
            if state.head.size > 0 { Ok(()) } else { Err(RestoreError::Empty) }
        };
        self.0.finish(is_opened).map(|(_, report)| report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::specimen::Specimen;
    use crate::ledger::faults::each_in_turn;
    use crate::store::disk::faults::Fault;
    use std::fs;

    fn restored(folder: &Path, lines: &[Vec<u8>]) -> Result<Report, RestoreError> {
        let mut restore = Restore(Following::of(Ledger::create(folder)?)?.in_batches(512));
        lines.iter().try_for_each(|line| restore.push(line))?;
        restore.finish()
    }

    #[test]
    fn what_is_restored_is_whole_or_an_error_and_nothing_is_written_after_that() {
        // More than are judged at a time, so that some are written while others are judged.
        let batches = Specimen::new(2_200).unwrap().map(Result::unwrap);
        let lines: Vec<Vec<u8>> = batches.flat_map(|batch| batch.lines).collect();
        for (fault, lasting) in [(Fault::NotDone, false), (Fault::Done, true)] {
            let (mut refused, mut whole) = (0, 0);
            let calls = each_in_turn(fault, lasting, |folder, armed, what| {
                let path = folder.join("ledger");
                let restored = restored(&path, &lines);
                let met = armed.met();
                drop(armed);
                match restored {
                    Ok(report) => {
                        whole += 1;
                        let ledger = Ledger::open(&path, &mut |_| {}).unwrap();
                        assert_eq!(
                            (report.head, report.size),
                            (ledger.head().leaf, lines.len() as u64),
                            "{what}"
                        );
                        assert!(ledger.verify(&mut |_| {}).unwrap().holds(), "{what}");
                    }
                    Err(error) => {
                        refused += 1;
                        assert!(met, "{what}: {error}");
                        // Whoever throws it away finds nobody writing.
                        assert!(fs::remove_dir_all(&path).is_ok() || !path.exists(), "{what}");
                    }
                }
                met
            });
            // What is derived may fail, and is made anew.
            assert!(calls > 4 && refused > 2 && whole > 0, "{calls} calls, {refused} refused, {whole} whole");
        }
    }
}
