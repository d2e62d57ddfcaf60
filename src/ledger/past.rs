//! The past: what a store's entries leave, as far as they were read.

use super::index::{Index, Sayings};
use super::{LedgerError, SMALL, snapshot};
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::record::archive::Archive;
use crate::record::cores;
use crate::record::fact::Fact;
use crate::record::history::Spoken;
use crate::record::state::State;
use crate::record::verify::Verifier;
use crate::record::withheld::WithheldField;
use crate::store::{Head, Store, StoreError};
use crate::trail::entry::{Entry, EntryFault};
use crate::trail::hash::LeafHash;
use crate::trail::lines::Lines;
use chrono::{DateTime, Utc};
use std::mem;
use std::path::Path;
use std::sync::Arc;

/// Lines that are read before they are parsed.
const PAGE: usize = 1024;
/// Bytes of words in memory where a ledger is open: those of some thousand actions with a hundred words each. They are taken as words are
/// asked for.
const ROOM: usize = 80 << 20;
/// Lines that are worth a thread.
pub(super) const SHARE: usize = 64;

/// An entry, what it says, and the digests that it holds.
pub(super) type Read = (Entry, Fact, Vec<WithheldField>);

/// What entries leave. While a commit runs it is ahead of what is durable, which is told by truncation.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) state: State,
    pub(super) index: Index,
    /// How many of the entries a snapshot in the ledger's folder knows.
    pub(super) kept: u64,
    /// The last entry that is durable, and when it was recorded.
    durable: (Head, DateTime<Utc>),
}

impl Default for Past {
    fn default() -> Self {
        Self::new(State::default(), Index::default(), 0)
    }
}

impl Past {
    /// What durable entries leave.
    pub(super) fn new(state: State, index: Index, kept: u64) -> Self {
        let durable = (state.head, state.recorded);
        Self { state, index: index.with_room(ROOM), kept, durable }
    }

    /// Says that all it took is durable.
    pub(super) const fn settle(&mut self) {
        self.durable = (self.state.head, self.state.recorded);
    }

    /// The same at a moment when all of it is durable, to be kept beside this one.
    pub(super) fn copy(&self) -> Self {
        Self::new(self.state.clone(), self.index.copy(), self.kept)
    }

    /// How many entries are durable.
    pub(super) const fn size(&self) -> u64 {
        self.durable.0.size
    }

    /// How many entries the snapshot does not know that was begun with or kept since.
    pub(super) const fn unkept(&self) -> u64 {
        self.size().saturating_sub(self.kept)
    }

    /// The state after the last entry that is durable. Cheap: what did not change is shared.
    pub(super) fn state(&self) -> State {
        let (head, recorded) = self.durable;
        if self.state.head == head { self.state.clone() } else { self.state.until(head, recorded) }
    }

    /// What was said of an action up to the last entry that is durable.
    pub(super) fn words(&mut self, action: &Code) -> Result<Arc<Words>, StoreError> {
        if self.state.head == self.durable.0 {
            return self.index.words(action);
        }
        let state = self.state.programme.actions.get(action);
        state.map_or_else(|| Ok(Arc::default()), |state| self.sayings().of(state))
    }

    /// What was said up to the last entry that is durable.
    pub(super) fn sayings(&self) -> Sayings {
        self.index.sayings(self.size())
    }

    /// What the entries of a store leave, for whoever goes on writing. From the newest snapshot in a folder that is one of theirs, what
    /// came after is judged as by verifying: nobody continues, and signs, what somebody else put there. Of a small ledger all
    /// is read; `progress` hears how many entries were.
    ///
    /// # Errors
    /// [`LedgerError::Unverified`]; [`LedgerError`], where the entries cannot be read or do not follow each other.
    pub(super) fn continued(
        store: &dyn Store,
        folder: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, LedgerError> {
        let kept = snapshot::load(folder).filter(|past| follows(store, past.state.head));
        let kept = match kept.map(|kept| kept.and_judged(store, progress)) {
            // What is derived and damaged is made anew.
            None | Some(Err(LedgerError::Store(StoreError::Index(_)))) => {
                Self::default().and_judged(store, progress)?
            }
            Some(judged) => judged?,
        };
        // A small one is read whole, so that one that was changed anywhere is not continued.
        if store.head().size <= SMALL { Self::default().and_after(store, progress) } else { Ok(kept) }
    }

    /// With the entries that a store has after these, which are judged as by verifying.
    ///
    /// # Errors
    /// As [`Self::continued`].
    pub(super) fn and_judged(
        self,
        store: &dyn Store,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, LedgerError> {
        let from = self.state.head;
        if from == store.head() {
            return Ok(self);
        }
        let (mut verifier, mut taken) = (Verifier::after(self.index, self.state), Ok(()));
        store.read(from.size..u64::MAX, &mut |at, line| {
            if taken.is_ok() {
                taken = verifier.push(line);
                progress(at + 1);
            }
        })?;
        taken?;
        let (report, state, index) = verifier.finish_with_state()?;
        let Some(finding) = report.first_bad() else {
            return Ok(Self::new(state, index, self.kept));
        };
        // One that is none, or says what only a newer version knows, is told as whoever reads it tells it.
        let mut read = Ok(());
        store.read(finding.entry..finding.entry + 1, &mut |at, line| {
            read = read_entry(at, Entry::parse(line)).map(drop);
        })?;
        read.and(Err(LedgerError::Unverified(finding.clone())))
    }

    /// What the entries of a store leave. From the newest snapshot in a folder that is one of theirs, only what came after
    /// is read; `progress` hears how many entries were.
    ///
    /// # Errors
    /// [`LedgerError`], where the entries cannot be read or do not follow each other.
    pub(super) fn of(
        store: &dyn Store,
        folder: Option<&Path>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, LedgerError> {
        let kept = folder.and_then(snapshot::load).filter(|past| follows(store, past.state.head));
        let Some(kept) = kept else { return Self::default().and_after(store, progress) };
        match kept.and_after(store, progress) {
            // What is derived and damaged is made anew.
            Err(LedgerError::Store(StoreError::Index(_))) => Self::default().and_after(store, progress),
            read => read,
        }
    }

    fn and_after(mut self, store: &dyn Store, progress: &mut dyn FnMut(u64)) -> Result<Self, LedgerError> {
        let from = self.state.head;
        fold(store, from, &mut |(entry, fact, held)| {
            progress(entry.seal.sequence + 1);
            Ok(self.take(&entry, &fact, &held)?)
        })?;
        self.settle();
        Ok(self)
    }

    pub(super) fn take(
        &mut self,
        entry: &Entry,
        fact: &Fact,
        held: &[WithheldField],
    ) -> Result<(), StoreError> {
        self.state.take(&mut self.index, entry, fact, held)
    }
}

/// What a line says that was read as an entry at a sequence.
pub(super) fn read_entry(at: u64, read: Result<Entry, EntryFault>) -> Result<Read, LedgerError> {
    let entry = read.map_err(|fault| LedgerError::Entry(at, fault))?;
    let (fact, held) = read_fact(at, &entry)?;
    Ok((entry, fact, held))
}

/// What an entry says that was read at a sequence.
pub(super) fn read_fact(at: u64, entry: &Entry) -> Result<(Fact, Vec<WithheldField>), LedgerError> {
    // Of a journal that was damaged another line may be found in its place.
    if entry.seal.sequence != at {
        return Err(LedgerError::Broken(at));
    }
    Fact::read(&entry.request.event).map_err(|fault| LedgerError::Fact(at, fault))
}

/// Reads the entries after a head; each names the one before, so that a ledger that was tampered with is not
/// continued. Signatures and rules are `verify`'s.
pub(super) fn fold(
    store: &dyn Store,
    from: Head,
    each: &mut dyn FnMut(Read) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut taken = Ok(());
    let (mut before, mut next) = (from.leaf, from.size);
    let mut page = Lines::default();
    let mut take = |page: &mut Lines| {
        let lines = mem::take(page).share();
        let places: Vec<usize> = (0..lines.len()).collect();
        let read = cores::share(&places, SHARE, &|place| {
            let read = lines.entry(*place).inspect(|entry| _ = entry.leaf());
            read_entry(next + *place as u64, read)
        });
        for read in read {
            let read = read?;
            if before != read.0.seal.prevhash {
                return Err(LedgerError::Broken(next));
            }
            before = read.0.leaf();
            next += 1;
            each(read)?;
        }
        *page = lines.into_empty();
        Ok(())
    };
    let mut expected = from.size;
    store.read(from.size..u64::MAX, &mut |at, line| {
        if taken.is_ok() && at != expected {
            taken = Err(LedgerError::Broken(expected));
        }
        if taken.is_ok() {
            page.push(line);
            expected += 1;
            if page.len() == PAGE {
                taken = take(&mut page);
            }
        }
    })?;
    taken.and_then(|()| take(&mut page))
}

/// Refuses a store that has not what a kept state in the ledger's folder knows.
pub(super) fn has(store: &dyn Store, kept: Option<Head>, folder: &Path) -> Result<(), LedgerError> {
    match kept.filter(|known| !follows(store, *known)) {
        Some(known) => {
            Err(LedgerError::Changed { path: folder.to_owned(), known: known.size, size: store.head().size })
        }
        None => Ok(()),
    }
}

/// Whether a head is one of a store's: its last entry is there.
pub(super) fn follows(store: &dyn Store, head: Head) -> bool {
    let Some(last) = head.size.checked_sub(1) else { return false };
    let mut leaf = None;
    let read = store.read(last..head.size, &mut |_, line| leaf = Some(LeafHash::of(line)));
    read.is_ok() && leaf == Some(head.leaf)
}
