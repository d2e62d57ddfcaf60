//! The ledger: opens a store, records what the rules admit, reads it back at any moment and verifies it.
//!
//! Everything that writes goes through [`Ledger::record`]. Signing is not here: a request arrives signed.
//!
//! - `sequencer`: the one place where anything is written;
//! - `replay`: what is read again, entry by entry;
//! - `verification`: what is judged anew, trusting nothing that was kept;
//! - `catch_up`: what is read when a ledger is opened;
//! - [`archive`]: what is looked up in a history that is too long for memory, and `packed`, its bytes;
//! - [`disclosures`]: withheld values, beside the journal, and `lines`, their file;
//! - [`privacy`]: what is taken in of them, and what is removed;
//! - `evidence`: the files that are kept beside the journal;
//! - [`snapshot`]: the state kept as a file.

pub mod archive;
mod catch_up;
pub mod disclosures;
mod evidence;
mod lines;
mod packed;
pub mod privacy;
mod replay;
mod sequencer;
pub mod snapshot;
mod verification;

use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::record::archive::Archive;
use crate::record::history::State;
use crate::record::refusal::Refusal;
use crate::record::withheld::WithheldFault;
use crate::store::embedded::Embedded;
use crate::store::memory::Memory;
use crate::store::{AppendError, Head, Store, StoreError};
use crate::trail::disclosure::Disclosure;
use crate::trail::entry::{self, EntryFault, Request};
use crate::trail::hash::LeafHash;
use catch_up::{fold, follows, read_entry};
use chrono::{DateTime, Utc};
use disclosures::{Disclosures, DisclosuresError};
pub use replay::Cut;
use sequencer::{Past, Sequencer};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// What the ledger says of a request that it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Receipt {
    /// The entry's position.
    pub sequence: u64,
    /// The entry's id.
    pub id: Uuid,
    /// The entry's leaf hash.
    pub leaf: LeafHash,
    /// Whether the same request was recorded before, and this is its first receipt again.
    pub repeated: bool,
}

/// Why a request was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The rules said no; the ledger is unchanged.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// A disclosure that belongs to no field of the request.
    #[error("a disclosure of `{0}` is handed over, and the request holds no such digest")]
    Stray(String),
    /// A disclosure whose value its field cannot have.
    #[error(transparent)]
    Disclosed(#[from] WithheldFault),
    /// The store could not append.
    #[error("not recorded")]
    Store(#[from] AppendError),
    /// The disclosures could not be kept; nothing was recorded.
    #[error("not recorded: the disclosures could not be kept")]
    Disclosures(#[from] DisclosuresError),
    /// An earlier append ended in doubt.
    #[error("an earlier write ended in doubt: open the ledger again and repeat the request under its id")]
    Doubtful,
}

/// Why a ledger cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disclosures.
    #[error(transparent)]
    Disclosures(#[from] DisclosuresError),
    /// An entry that is none.
    #[error("entry {0} is not an entry: run `annals verify`")]
    Entry(u64, #[source] EntryFault),
    /// An entry of a type that this version does not know.
    #[error("entry {0} states nothing that this program knows: use a newer annals, or run `annals verify`")]
    Fact(u64, #[source] crate::record::fact::FactFault),
    /// An entry that does not follow the one before.
    #[error("entry {0} does not follow the one before it: run `annals verify`")]
    Broken(u64),
    /// The last entry is nobody's.
    #[error("entry {0}, the last one, is not signed by the key that it names: run `annals verify`")]
    Unsigned(u64),
    /// The journal is not the one that was there.
    #[error(
        "{}: there were {known} entries, and the journal has {size} now, or others: it was cut or changed; restore it from the \
         other side's copy or a backup, or delete `state.jsonl` beside it to accept it as it is",
        path.display()
    )]
    Changed {
        /// The ledger's folder.
        path: PathBuf,
        /// How many entries there were.
        known: u64,
        /// How many there are.
        size: u64,
    },
    /// No such entry.
    #[error("this ledger has no entry with the {0}")]
    Cut(Cut),
    /// The snapshot.
    #[error("{}: the state could not be kept; nothing is lost, and the next command reads more", path.display())]
    Snapshot {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Hears of progress and says nothing: `Ledger::open(folder, &mut quietly)`.
pub const fn quietly(_: u64) {}

/// A ledger in a folder or in memory. Threads may share it.
pub struct Ledger {
    sequencer: Mutex<Sequencer>,
    folder: Option<PathBuf>,
    notices: Vec<String>,
}

impl Ledger {
    /// A ledger in memory, empty.
    #[must_use]
    pub fn in_memory() -> Self {
        let store = Box::new(Memory::new(entry::subject));
        let disclosures = Disclosures::default();
        Self::with(Sequencer::new(store, Past::default(), disclosures), None, Vec::new())
    }

    /// Makes an empty ledger in a folder that is new or empty.
    ///
    /// # Errors
    /// [`LedgerError::Store`], for instance where something is there already.
    pub fn create(folder: &Path) -> Result<Self, LedgerError> {
        let store = Box::new(Embedded::create(folder, entry::subject)?);
        let disclosures = Disclosures::open(folder, true)?;
        let sequencer = Sequencer::new(store, Past::default(), disclosures);
        Ok(Self::with(sequencer, Some(folder.to_owned()), Vec::new()))
    }

    /// Opens the ledger in a folder for writing; `progress` hears how many entries were read.
    ///
    /// # Errors
    /// [`LedgerError`]; one process writes to a ledger at a time.
    pub fn open(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Self, LedgerError> {
        let store = Embedded::open(folder, entry::subject)?;
        let mut notices = store.notices().to_vec();
        if let Some(known) = snapshot::head(folder).filter(|head| head.size > 0)
            && !follows(&store, known)
        {
            let (path, known, size) = (folder.to_owned(), known.size, store.head().size);
            return Err(LedgerError::Changed { path, known, size });
        }
        let (mut past, mut signed) = (Past::default(), true);
        fold(&store, Head::EMPTY, &mut |entry, fact, held| {
            progress(entry.seal.sequence + 1);
            past.take(&entry, &fact, &held)?;
            // No later entry names the last one: its signature alone tells whether it is as it was written.
            if past.state.head == store.head() {
                signed = past.state.keys.signed(&entry.request);
            }
            Ok(())
        })?;
        if !signed {
            return Err(LedgerError::Unsigned(store.head().size.saturating_sub(1)));
        }
        let disclosures = Disclosures::open(folder, true)?;
        notices.extend(withheld(&disclosures));
        let mut sequencer = Sequencer::new(Box::new(store), past, disclosures);
        notices.extend(sequencer.complete());
        Ok(Self::with(sequencer, Some(folder.to_owned()), notices))
    }

    /// Opens the ledger in a folder for reading, without a lock: up to the last entry that is whole. From a state that
    /// was kept only what came after it is folded.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_read_only(folder: &Path) -> Result<Self, LedgerError> {
        let store = Embedded::open_read_only(folder, entry::subject)?;
        let mut notices = store.notices().to_vec();
        let kept = snapshot::load(folder);
        notices.extend(kept.as_ref().and_then(|kept| cut(kept.state.head, store.head())));
        let kept = kept.filter(|kept| follows(&store, kept.state.head)).unwrap_or_default();
        let mut past = Past { state: kept.state, unnamed: true, ..Past::default() };
        for (action, mut words) in kept.words {
            past.archive.say(&action, &mut |said| std::mem::swap(said, Arc::make_mut(&mut words)))?;
        }
        fold(&store, past.state.head, &mut |entry, fact, held| Ok(past.take(&entry, &fact, &held)?))?;
        let disclosures = Disclosures::open(folder, false)?;
        notices.extend(withheld(&disclosures));
        let sequencer = Sequencer::new(Box::new(store), past, disclosures);
        Ok(Self::with(sequencer, Some(folder.to_owned()), notices))
    }

    /// The same history in memory, to try something out on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn copy_in_memory(&self) -> Result<Self, LedgerError> {
        let mut store = Memory::new(entry::subject);
        let mut past = Past::default();
        let mut lines = Vec::new();
        let mut failed = None;
        self.read(0..u64::MAX, &mut |at, line| {
            let read = read_entry(at, line);
            let taken = read.and_then(|(entry, fact, held)| Ok(past.take(&entry, &fact, &held)?));
            lines.push(line.to_vec());
            failed = taken.err();
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failed.map_or(Ok(()), Err)?;
        store.append(Head::EMPTY, &lines).map_err(|error| match error {
            AppendError::Failed(error) | AppendError::InDoubt(error) => LedgerError::Store(error),
            AppendError::Conflict(head) => LedgerError::Broken(head.size),
        })?;
        let mut disclosures = Disclosures::default();
        disclosures.keep(self.disclosures()?)?;
        let sequencer = Sequencer::new(Box::new(store), past, disclosures);
        Ok(Self::with(sequencer, None, Vec::new()))
    }

    fn with(sequencer: Sequencer, folder: Option<PathBuf>, notices: Vec<String>) -> Self {
        Self { sequencer: Mutex::new(sequencer), folder, notices }
    }

    fn sequencer(&self) -> MutexGuard<'_, Sequencer> {
        // One that panicked left nothing half done: what it changed first is what it had decided.
        self.sequencer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was healed when the ledger was opened, for its user to read.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The state after the last entry. Cheap: what did not change is shared.
    #[must_use]
    pub fn state(&self) -> State {
        self.sequencer().past.state.clone()
    }

    /// What was said of an action.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub fn words(&self, action: &Code) -> Result<Arc<Words>, LedgerError> {
        Ok(self.sequencer().past.archive.words(action)?)
    }

    /// Where the ledger stands.
    #[must_use]
    pub fn head(&self) -> Head {
        self.sequencer().past.state.head
    }

    /// Records one request, durable on return. The same signed attributes again are answered with the first receipt.
    ///
    /// # Errors
    /// [`RecordError`]; after a refusal the ledger is unchanged.
    pub fn record(&self, request: Request, disclosures: Vec<Disclosure>) -> Result<Receipt, RecordError> {
        let mut receipts = self.record_all(vec![(request, disclosures)], Utc::now())?;
        match receipts.pop() {
            Some(receipt) => receipt,
            None => Err(RecordError::Doubtful),
        }
    }

    /// Records requests under one commit, each judged after those before it. The first that is refused ends it: its
    /// refusal is the last answer, and those before it stand. `now` is the ledger's clock.
    ///
    /// # Errors
    /// [`RecordError`] where nothing was recorded, or the commit is in doubt.
    pub fn record_all(
        &self,
        requests: Vec<(Request, Vec<Disclosure>)>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Receipt, RecordError>>, RecordError> {
        self.sequencer().record(requests, now)
    }

    /// Whether a request would be recorded now; nothing is written.
    ///
    /// # Errors
    /// [`RecordError`], as [`Ledger::record`].
    pub fn judge(
        &self,
        request: &Request,
        disclosures: &[Disclosure],
        now: DateTime<Utc>,
    ) -> Result<(), RecordError> {
        self.sequencer().judge(request, disclosures, now)
    }

    /// Keeps the state, so that the next reader folds only what comes after.
    ///
    /// # Errors
    /// [`LedgerError::Snapshot`].
    pub fn keep(&self) -> Result<(), LedgerError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let past = &mut self.sequencer().past;
        snapshot::keep(folder, &past.state, &mut |action| past.archive.words(action))
    }
}

/// What is said where lines of the disclosures are damaged.
fn withheld(disclosures: &Disclosures) -> Option<String> {
    let lines: Vec<String> = disclosures.damaged().iter().take(5).map(ToString::to_string).collect();
    let more = if disclosures.damaged().len() > 5 { " and more" } else { "" };
    (!lines.is_empty()).then(|| {
        format!(
            "{}: no disclosure in line {}{more}: their fields count as withheld",
            disclosures::FILE,
            lines.join(", ")
        )
    })
}

/// What is said where a kept state knows more entries than there are.
fn cut(kept: Head, store: Head) -> Option<String> {
    (kept.size > store.size).then(|| {
        format!(
            "there were {} entries, and {} are left: the journal was cut; compare it with the other side's copy",
            kept.size, store.size
        )
    })
}
