//! Following: entries of this ledger that were sealed elsewhere, judged one by one after its own and appended byte for byte.
//!
//! Whoever hands them over knows where they come from, and that they lie under a root that the ledger's key signed: that is not
//! here. Nothing is sealed, and no rule is passed over.

use super::index::Index;
use super::past::Past;
use super::{Ledger, LedgerError, snapshot};
use crate::record::beside::Beside;
use crate::record::fact::Fact;
use crate::record::state::State;
use crate::record::verdict::Report;
use crate::record::verify::Verifier;
use crate::store::{AppendError, StoreError, said};
use crate::trail::hash::LeafHash;
use crate::trail::lines::Lines;
use std::mem;
use std::panic;
use std::path::PathBuf;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};

/// How many entries are written under one commit.
const BATCH: u64 = 8192;

/// Bytes of words in memory: what is taken speaks of any action, and nobody else works meanwhile.
const ROOM: usize = 160 << 20;

/// Why an entry that was sealed elsewhere is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The rules, or a signature, or the form.
    #[error("the entries do not verify: {0}")]
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
    verifier: Verifier<Index>,
    writer: Writer,
    /// Entries that were there before.
    from: u64,
    /// What is not written yet.
    waiting: Lines,
    /// The leaf hashes of those of them that are judged.
    leaves: Vec<LeafHash>,
    /// [`BATCH`], but in tests.
    batch: u64,
    /// Whether nothing is written before all is judged.
    holds: bool,
}

impl Following {
    /// Begins after the last entry of a ledger that is open for writing.
    ///
    /// # Errors
    /// [`FollowError::Ledger`], where no thread can be had to write with.
    pub fn of(ledger: Ledger) -> Result<Self, FollowError> {
        let Past { state, index, .. } = ledger.past().copy();
        let (from, writer) = (state.head.size, Writer::begin(ledger)?);
        Ok(Self {
            verifier: Verifier::after(index.with_room(ROOM), state),
            writer,
            from,
            waiting: Lines::default(),
            leaves: Vec::new(),
            batch: BATCH,
            holds: false,
        })
    }

    /// Writes nothing before all is judged: where it is told by the last entries alone whether they count.
    #[must_use]
    pub fn holding(self) -> Self {
        Self { holds: true, ..self }
    }

    /// Writes so many entries under one commit.
    #[cfg(test)]
    pub(crate) fn in_batches(self, batch: u64) -> Self {
        Self { batch, ..self }
    }

    /// Takes the next entry, without its newline. It is durable once [`Self::finish`] has returned.
    ///
    /// # Errors
    /// [`FollowError`]. Of what was taken before, some may be written: as much as was judged good.
    pub fn push(&mut self, line: &[u8]) -> Result<(), FollowError> {
        self.leaves.extend(self.verifier.push_hashed(line)?);
        self.waiting.push(line);
        let judged = self.leaves.len() as u64;
        if !self.verifier.holds() {
            return Err(self.refused());
        }
        if judged >= self.batch && !self.holds { self.commit() } else { Ok(()) }
    }

    /// Takes what stands where a whole line should, and refuses it.
    ///
    /// # Errors
    /// [`FollowError::Refused`]; [`FollowError::Ledger`], where what the entries leave cannot be read or written.
    pub fn push_torn(&mut self, bytes: &[u8]) -> Result<(), FollowError> {
        self.verifier.push_torn(bytes)?;
        Err(self.refused())
    }

    fn refused(&mut self) -> FollowError {
        let done = Verifier::new(Index::default(), Beside::default());
        match mem::replace(&mut self.verifier, done).finish() {
            Ok(report) => FollowError::Refused(Box::new(report)),
            Err(error) => error.into(),
        }
    }

    fn commit(&mut self) -> Result<(), FollowError> {
        let leaves = mem::take(&mut self.leaves);
        let later = self.waiting.split_off(leaves.len());
        self.writer.write(mem::replace(&mut self.waiting, later), leaves)
    }

    /// Writes what is left, if what the entries leave is as somebody wants it, removes the values that were erased, keeps what it
    /// leaves, and gives the ledger back, with the report on the entries that came.
    ///
    /// # Errors
    /// [`FollowError`], as [`Self::push`]; what `wanted` says.
    pub fn finish<E: From<FollowError>>(
        self,
        wanted: impl FnOnce(&State) -> Result<(), E>,
    ) -> Result<(Ledger, Report), E> {
        let Self { verifier, mut writer, waiting, leaves, from, .. } = self;
        let (report, state, index) = verifier.finish_with_state().map_err(FollowError::from)?;
        if !report.holds() {
            return Err(FollowError::Refused(Box::new(report)).into());
        }
        wanted(&state)?;
        writer.write(waiting, leaves)?;
        Ok((settled(writer.end()?, from, state, index)?, report))
    }
}

/// The thread that writes what is judged while the next entries are, so that no core waits for the disk. It has the ledger
/// meanwhile.
struct Writer {
    folder: PathBuf,
    batches: Option<SyncSender<(Lines, Vec<LeafHash>)>>,
    thread: Option<JoinHandle<Result<Ledger, AppendError>>>,
}

impl Writer {
    fn begin(ledger: Ledger) -> Result<Self, StoreError> {
        let (batches, taken) = mpsc::sync_channel::<(Lines, Vec<LeafHash>)>(1);
        let folder = ledger.folder.clone().unwrap_or_default();
        let write = move || {
            for (batch, leaves) in taken {
                let before = ledger.head();
                ledger.store.append(before, &batch)?;
                // It is derived: where it cannot be kept up now, whoever asks for it next reads what it lacks.
                let _ = ledger.keep_tree_up(before.size, &leaves);
            }
            Ok(ledger)
        };
        let begun = thread::Builder::new().spawn(write);
        let thread = begun.map_err(said(&folder, "written to"))?;
        Ok(Self { folder, batches: Some(batches), thread: Some(thread) })
    }

    /// Writes a batch, of the first of which the leaf hashes are known, once those before it are written. What the disk refuses is told
    /// at one of the next two, or at the end.
    fn write(&mut self, batch: Lines, leaves: Vec<LeafHash>) -> Result<(), FollowError> {
        let taken = self.batches.as_ref().is_some_and(|batches| batches.send((batch, leaves)).is_ok());
        // It takes no more where one before could not be written, and says why.
        if taken { Ok(()) } else { self.end().and_then(|_| Err(self.doubtful())) }
    }

    /// Waits until all is written, and gives the ledger back.
    fn end(&mut self) -> Result<Ledger, FollowError> {
        self.batches = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => Ok(ended?),
            Some(Err(panicked)) => panic::resume_unwind(panicked),
            None => Err(self.doubtful()),
        }
    }

    fn doubtful(&self) -> FollowError {
        StoreError::Doubtful(self.folder.clone()).into()
    }
}

impl Drop for Writer {
    /// Nothing is written any more to a folder that somebody throws away.
    fn drop(&mut self) {
        self.batches = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Lets the ledger go on from what its entries leave.
fn settled(ledger: Ledger, from: u64, state: State, mut index: Index) -> Result<Ledger, FollowError> {
    let folder = ledger.folder.as_deref();
    let kept = folder.map_or(Ok(()), |folder| snapshot::keep(folder, &state, &mut index));
    let size = state.head.size;
    let past = Past::new(state, index, size);
    *ledger.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&past.state.keys);
    *ledger.past() = past;
    kept?;
    let mut erased = Vec::new();
    ledger.stream("ledger", from..size, &mut |_, fact| {
        if let Fact::Erased(fact) = fact {
            erased.push(fact.digest);
        }
        Ok(())
    })?;
    if !erased.is_empty() {
        // What cannot be removed now is told by whoever writes next: the entries are taken all the same.
        let _ = ledger.erase(&mut ledger.queue.turn(), &erased, false);
    }
    Ok(ledger)
}
