//! Following: entries of this ledger that were sealed elsewhere, judged one by one after its own and appended byte for byte.
//!
//! Whoever hands them over knows where they come from, and that they lie under a root that the ledger's key signed: that is not
//! here. Nothing is sealed, and no rule is passed over.

use super::index::Index;
use super::past::Past;
use super::{Ledger, LedgerError, snapshot};
use crate::record::beside::Beside;
use crate::record::history::State;
use crate::record::verdict::Report;
use crate::record::verify::Verifier;
use crate::store::{AppendError, Head, StoreError};
use std::sync::{Arc, PoisonError};

/// How many entries are written under one commit.
const BATCH: u64 = 8192;

/// Why an entry that was sealed elsewhere is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The rules, or a signature, or the form.
    #[error("the entries do not verify")]
    Refused(Box<Report>),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store, while writing.
    #[error("the entries cannot be written")]
    Append(#[from] AppendError),
}

impl From<StoreError> for FollowError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

/// A ledger that takes what was sealed elsewhere.
pub struct Following {
    ledger: Ledger,
    verifier: Verifier<Index>,
    head: Head,
    /// What is not written yet.
    waiting: Vec<Vec<u8>>,
    /// Whether nothing is written before all is judged.
    holds: bool,
}

impl Following {
    /// Begins after the last entry of a ledger that is open for writing.
    #[must_use]
    pub fn of(ledger: Ledger) -> Self {
        let Past { state, index, .. } = ledger.past().copy();
        let head = state.head;
        Self { ledger, verifier: Verifier::after(index, state), head, waiting: Vec::new(), holds: false }
    }

    /// Writes nothing before all is judged: where it is told by the last entries alone whether they count.
    #[must_use]
    pub fn holding(self) -> Self {
        Self { holds: true, ..self }
    }

    /// Takes the next entry, without its newline. It is durable once [`Self::finish`] has returned.
    ///
    /// # Errors
    /// [`FollowError`]. Of what was taken before, some may be written: as much as was judged good.
    pub fn push(&mut self, line: &[u8]) -> Result<(), FollowError> {
        self.verifier.push(line)?;
        self.waiting.push(line.to_vec());
        let judged = self.verifier.judged().saturating_sub(self.head.size);
        if !self.verifier.holds() {
            return Err(self.refused());
        }
        if judged >= BATCH && !self.holds { self.commit(judged) } else { Ok(()) }
    }

    /// Takes what stands where a whole line should, and refuses it.
    ///
    /// # Errors
    /// [`FollowError::Refused`].
    pub fn push_torn(&mut self, bytes: &[u8]) -> Result<(), FollowError> {
        self.verifier.push_torn(bytes)?;
        Err(self.refused())
    }

    fn refused(&mut self) -> FollowError {
        let done = Verifier::new(Index::default(), Beside::default());
        match std::mem::replace(&mut self.verifier, done).finish() {
            Ok(report) => FollowError::Refused(Box::new(report)),
            Err(error) => error.into(),
        }
    }

    fn commit(&mut self, count: u64) -> Result<(), FollowError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.waiting.len());
        let batch: Vec<Vec<u8>> = self.waiting.drain(..count).collect();
        self.head = self.ledger.store.append(self.head, &batch)?;
        Ok(())
    }

    /// Writes what is left, if what the entries leave is as somebody wants it, removes the values that were erased, keeps what it
    /// leaves, and gives the ledger back, with the report on all entries.
    ///
    /// # Errors
    /// [`FollowError`], as [`Self::push`]; what `wanted` says.
    pub fn finish<E: From<FollowError>>(
        self,
        wanted: impl FnOnce(&State) -> Result<(), E>,
    ) -> Result<(Ledger, Report), E> {
        let Self { ledger, verifier, head, waiting, .. } = self;
        let (report, state, index) = verifier.finish_with_state().map_err(FollowError::from)?;
        if !report.holds() {
            return Err(FollowError::Refused(Box::new(report)).into());
        }
        wanted(&state)?;
        Ok((write(ledger, (state, index), head, &waiting)?, report))
    }
}

/// Writes the last entries, and lets the ledger go on from what all of them leave.
fn write(
    ledger: Ledger,
    (state, mut index): (State, Index),
    head: Head,
    waiting: &[Vec<u8>],
) -> Result<Ledger, FollowError> {
    if !waiting.is_empty() {
        ledger.store.append(head, waiting)?;
    }
    let folder = ledger.folder.as_deref();
    let kept = folder.map_or(Ok(()), |folder| snapshot::keep(folder, &state, &mut index));
    let size = state.head.size;
    let past = Past::new(state, index, size);
    *ledger.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&past.state.keys);
    *ledger.past() = past;
    kept?;
    // It is derived: where it cannot be kept up now, whoever asks for it next reads what it lacks.
    let _ = ledger.with_tree::<_, LedgerError>(|tree, store| Ok(tree.keep_up(store)?));
    ledger.complete_erasures()?;
    Ok(ledger)
}
