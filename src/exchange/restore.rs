//! Restore: the entries of an export, byte for byte, into a new ledger that ends at the same head. Every entry is verified
//! before it is written.

use crate::ledger::LedgerError;
use crate::ledger::disclosures::Disclosures;
use crate::ledger::index::Index;
use crate::ledger::{snapshot, tree};
use crate::record::beside::Beside;
use crate::record::verdict::Report;
use crate::record::verify::Verifier;
use crate::store::embedded::Embedded;
use crate::store::{AppendError, Head, Store, StoreError};
use std::path::{Path, PathBuf};

/// How many entries are written under one commit: nothing is acknowledged before all are.
const BATCH: u64 = 8192;

/// Why an export is not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The entries do not verify.
    #[error("the entries do not verify: `annals verify` with its name shows the first bad one")]
    Refused(Box<Report>),
    /// Nothing to restore.
    #[error("it holds no entry: an export has at least the opening")]
    Empty,
    /// The store.
    #[error("the ledger cannot be made")]
    Store(#[from] LedgerError),
    /// There is no room for what has to be remembered of the entries.
    #[error("what verifying remembers cannot be kept")]
    Verify(#[from] StoreError),
    /// The store, while writing.
    #[error("the entries cannot be written")]
    Append(#[from] AppendError),
}

/// Writes verified entries into a folder that is new or empty.
pub struct Restore {
    folder: PathBuf,
    verifier: Verifier<Index>,
    store: Embedded,
    head: Head,
    /// What is not written yet.
    waiting: Vec<Vec<u8>>,
}

impl Restore {
    /// Begins in a folder that is new or empty.
    ///
    /// # Errors
    /// [`RestoreError::Store`].
    pub fn new(folder: &Path) -> Result<Self, RestoreError> {
        let store = Embedded::create(folder).map_err(LedgerError::from)?;
        // Where the file is missing, withheld values were lost; an export never has any.
        Disclosures::open(folder, true).map_err(LedgerError::from)?;
        let verifier = Verifier::new(Index::default(), Beside::default());
        Ok(Self { folder: folder.to_owned(), verifier, store, head: Head::EMPTY, waiting: Vec::new() })
    }

    /// Takes the next entry, without its newline.
    ///
    /// # Errors
    /// [`RestoreError::Append`]; [`RestoreError::Verify`].
    pub fn push(&mut self, line: &[u8]) -> Result<(), RestoreError> {
        self.verifier.push(line)?;
        self.waiting.push(line.to_vec());
        let judged = self.verifier.judged().saturating_sub(self.head.size);
        if judged >= BATCH { self.commit(judged) } else { Ok(()) }
    }

    /// Takes what stands where a whole line should.
    ///
    /// # Errors
    /// [`RestoreError::Verify`].
    pub fn push_torn(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        Ok(self.verifier.push_torn(bytes)?)
    }

    fn commit(&mut self, count: u64) -> Result<(), RestoreError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.waiting.len());
        let batch: Vec<Vec<u8>> = self.waiting.drain(..count).collect();
        self.head = self.store.append(self.head, &batch)?;
        Ok(())
    }

    /// Commits what is left, and keeps what it leaves, so that it is not read again when the ledger is opened.
    ///
    /// # Errors
    /// [`RestoreError::Refused`] where the entries do not verify: the folder is then to be thrown away.
    pub fn finish(self) -> Result<Report, RestoreError> {
        let Self { folder, verifier, store, head, waiting } = self;
        let (report, state, mut index) = verifier.finish_with_state()?;
        if !report.holds() {
            return Err(RestoreError::Refused(Box::new(report)));
        }
        if report.size == 0 {
            return Err(RestoreError::Empty);
        }
        store.append(head, &waiting)?;
        tree::make(&folder, &store)?;
        snapshot::keep(&folder, &state, &mut index)?;
        Ok(report)
    }
}
