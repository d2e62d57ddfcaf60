//! The ledger: opens a store, records what the rules admit, reads it back at any moment and verifies it.
//!
//! Entries are sealed by [`Ledger::record`] alone; those that were sealed elsewhere are appended by [`following`]. Signing is not
//! here: a request arrives signed.
//!
//! Locks are taken in this order: the turn of the queue, the keeper's, the tree's, those of the disclosures, the past's, that of the
//! keys; last those of the store, which asks nobody. Before the tree's come the locks in files, the anchor's and then that of
//! `checkpoints/`. A commit waits for a reader where one has the past, for a moment, or looks for the places of the withheld values,
//! once; for whoever has the turn to do something else; and, where it erases a file, for one that is being put.
//!
//! - `sequencer`: the one place where an entry is sealed; `queue`, in which those wait who come while it is busy; `admission`,
//!   whether a request is taken;
//! - `replay`: what is read again, entry by entry; [`reading`], on which axes;
//! - `verification`: what is judged anew, trusting nothing that was kept;
//! - `past`: what the entries leave, read when a ledger is opened; `truncation`: that there were more;
//! - [`index`]: what is looked up in a history that is too long for memory; `packed`, its records, and `recent`, what is in memory of
//!   them;
//! - [`disclosures`]: withheld values, beside the journal, and `lines`, their file;
//! - [`privacy`]: what is taken in of them, and what is removed;
//! - [`checkpoints`]: where the ledger stood, signed and cosigned; [`shelf`], where these are kept; `tree`, what is signed;
//!   [`anchor`], what keys remember;
//! - [`witness`]: a party's cosignatures; [`proving`]: that an entry lies under a checkpoint;
//! - [`following`]: entries that were sealed elsewhere; [`copied`]: that all of them are; [`forked`]: two histories of one ledger, and
//!   nothing written until people have decided;
//! - `evidence`: the files that are kept beside the journal; `named`, what entries name of them and of withheld values; [`disclosed`],
//!   what is shown of these;
//! - [`timeline`]: what was said up to a reading; `audit`: its assertions, and the exceptions among them;
//! - [`snapshot`]: state and index kept in files, and `keeper`, who does so beside the writer;
//! - [`backup`]: the folder again in another place, while it is being written;
//! - [`examination`]: what is wrong with a folder, and what mends it; `rebuild`: what is derived, made anew.

mod admission;
pub mod anchor;
mod audit;
pub mod backup;
pub mod checkpoints;
pub mod copied;
pub mod disclosed;
pub mod disclosures;
pub mod erasing;
mod evidence;
pub mod examination;
pub mod following;
pub mod forked;
pub mod index;
mod keeper;
mod lines;
mod named;
mod packed;
mod past;
pub mod privacy;
pub mod proving;
mod queue;
pub mod reading;
mod rebuild;
mod recent;
mod replay;
mod sequencer;
pub mod shelf;
pub mod snapshot;
pub mod timeline;
mod tree;
mod truncation;
mod verification;
pub mod witness;

#[cfg(test)]
pub(crate) mod faults;

use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::record::archive::Archive;
use crate::record::attestation::Attested;
use crate::record::authority::Keys;
use crate::record::founding::Clock;
use crate::record::judgement::CLOCK_TOLERANCE;
use crate::record::state::State;
use crate::record::verdict::Finding;
use crate::store::embedded::Embedded;
use crate::store::memory::Memory;
use crate::store::{AppendError, Head, Store, StoreError};
use crate::trail::entry::{Entry, EntryFault, timestamp};
use crate::trail::lines::Lines;
use admission::Job;
pub use admission::{Receipt, RecordError};
use chrono::{DateTime, Utc};
use disclosures::{Disclosures, DisclosuresError};
use keeper::Keeper;
use past::{Past, read_entry};
use queue::Queue;
pub use replay::Cut;
use sequencer::{Answer, Turn};
use shelf::Shelf;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tree::Tree;

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
    /// An entry that nobody judged before it was written, and that does not verify.
    #[error(
        "nothing is written after an entry that does not verify: {0}; run `annals verify`, and restore the journal from the other \
         side's copy or a backup (`annals doctor --backup DIR`)"
    )]
    Unverified(Finding),
    /// The journal is not the one that was there.
    #[error(
        "{}: there were {known} entries, and the journal has {size} now, or others: it was cut or changed; restore it from the \
         other side's copy or a backup, or delete the folder `index` beside it to accept it as it is",
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
    /// The journal has fewer entries than were signed.
    #[error(
        "{}: a checkpoint of {known} entries is kept in `checkpoints`, which the ledger's key signed or a witness cosigned, and the \
         journal has {size} now: it was cut; restore it from the other side's copy or a backup (`annals doctor --backup DIR`), or move that checkpoint away to accept it \
         as it is",
        path.display()
    )]
    Signed {
        /// The ledger's folder.
        path: PathBuf,
        /// How many entries were signed.
        known: u64,
        /// How many there are.
        size: u64,
    },
    /// Something in the place of the mark of a copy.
    #[error(transparent)]
    NoMark(#[from] copied::NoMark),
    /// Something in the place of a fork.
    #[error(
        "{}: it stops every write here, and holds no two histories that can be read: find out who put it there, and move it away to go \
         on", .0.display()
    )]
    NoFork(PathBuf),
    /// Two histories were signed.
    #[error(
        "{}: the ledger's key signed two histories that cannot both be true: decide with the other side which one counts, hand this \
         file to whoever has to know, and move it away to go on here", .0.display()
    )]
    Forked(PathBuf),
    /// No such entry.
    #[error("this ledger has no entry with the {0}")]
    Cut(Cut),
    /// A file that was erased, and that another entry may name.
    #[error(
        "{}: the file was erased, and entry {sequence} may name it, too, whose digest is not at hand here: take that value in \
         (`annals disclose --take FILE`), or delete the file if that entry names another", path.display()
    )]
    Lingering {
        /// The file.
        path: PathBuf,
        /// The entry that may name it.
        sequence: u64,
    },
    /// Files of which one may be that which was erased.
    #[error(
        "nothing here tells which file was erased, whose value is not at hand: it may be {}; delete it if it is", paths(.0)
    )]
    Unidentified(Vec<PathBuf>),
    /// The snapshot.
    #[error("{}: no snapshot could be kept; nothing is lost, and the next command reads more", path.display())]
    Snapshot {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Entries up to which a snapshot costs nothing to speak of, and tells readers when the journal was cut.
const SMALL: u64 = 4096;

/// Hears of progress and says nothing: `Ledger::open(folder, &mut quietly)`.
pub const fn quietly(_: u64) {}

/// A ledger in a folder or in memory. Threads share it: those who write are committed together, and those who read see what is
/// durable and wait for no sync.
pub struct Ledger {
    /// Dropped first: what it keeps is whole before the store gives the folder to another process.
    keeper: Keeper,
    store: Box<dyn Store>,
    /// Held by the sequencer while it judges, and by readers for a moment.
    past: Arc<Mutex<Past>>,
    /// Those of the past, so that a signature is checked before anybody waits.
    keys: RwLock<Arc<Keys>>,
    disclosures: Disclosures,
    /// Read when it is asked for, and kept up from then on.
    tree: Mutex<Option<Tree>>,
    shelf: Shelf,
    queue: Queue<Job, Answer, Turn>,
    folder: Option<PathBuf>,
    notices: Vec<String>,
}

fn paths(all: &[PathBuf]) -> String {
    all.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" or ")
}

impl Ledger {
    /// A ledger in memory, empty.
    #[must_use]
    pub fn in_memory() -> Self {
        let store = Box::new(Memory::default());
        Self::with(store, Past::default(), Disclosures::default(), None, Vec::new())
    }

    /// Makes an empty ledger in a folder that is new or empty.
    ///
    /// # Errors
    /// [`LedgerError::Store`], for instance where something is there already; [`LedgerError::Disclosures`].
    pub fn create(folder: &Path) -> Result<Self, LedgerError> {
        let store = Box::new(Embedded::create(folder)?);
        let disclosures = Disclosures::open(folder, true)?;
        Ok(Self::with(store, Past::default(), disclosures, Some(folder.to_owned()), Vec::new()))
    }

    /// Opens the ledger in a folder for writing; `progress` hears how many entries were read. Of up to 4,096 entries all are
    /// read; of more, those after the newest snapshot. What came after it is judged as by verifying.
    ///
    /// # Errors
    /// [`LedgerError`]; one process writes to a ledger at a time.
    pub fn open(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Self, LedgerError> {
        let (known, store) = Self::unchanged(folder)?;
        // Before sled takes in what may not be an entry at all.
        let judged =
            store.map_or_else(|| Ok(Past::default()), |store| Past::continued(&store, folder, progress));
        Self::opened(folder, known, judged?, progress)
    }

    /// Opens the ledger in a folder for writing, which is unchanged as far as it was judged.
    fn opened(
        folder: &Path,
        known: u64,
        judged: Past,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, LedgerError> {
        let store = Embedded::open_knowing(folder, known)?;
        let notices = store.notices();
        // Somebody may have recorded meanwhile.
        let past = judged.and_judged(&store, progress)?;
        let late = clock(&past.state, Utc::now());
        let disclosures = Disclosures::open(folder, true)?;
        let mut ledger = Self::with(Box::new(store), past, disclosures, Some(folder.to_owned()), notices);
        ledger.notices.extend(ledger.disclosures.notice().into_iter().chain(late));
        ledger.notices.extend(ledger.complete());
        Ok(ledger)
    }

    /// Opens the ledger in a folder for reading, without a lock: up to the last entry that is whole. From a snapshot only
    /// what came after it is folded.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_read_only(folder: &Path) -> Result<Self, LedgerError> {
        // Before the journal, to which somebody may append and keep a snapshot of that.
        let (kept, signed) = (snapshot::head(folder), truncation::signed(folder));
        let store = Embedded::open_read_only(folder)?;
        let mut notices = store.notices();
        let others = kept.and_then(|kept| truncation::compared(&store, kept));
        let told = others.is_some();
        notices.extend(others);
        let past = Past::of(&store, Some(folder), &mut quietly)?;
        let disclosures = Disclosures::open(folder, false)?;
        notices.extend(disclosures.notice().into_iter().chain(forked::notice(folder)));
        let mut ledger = Self::with(Box::new(store), past, disclosures, Some(folder.to_owned()), notices);
        if !told {
            let signed = ledger.signed_beyond(&signed).unwrap_or_default();
            ledger.notices.extend(truncation::notice(signed, ledger.head().size));
        }
        Ok(ledger)
    }

    /// The same history in memory, to try something out on. Files are looked for where they were, and kept in memory alone.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn copy_in_memory(self) -> Result<Self, LedgerError> {
        let mut store = Memory::default();
        let mut past = Past::default();
        let mut lines = Lines::default();
        let mut failed = None;
        self.read(0..u64::MAX, &mut |at, line| {
            let read = read_entry(at, Entry::parse(line));
            let taken = read.and_then(|(entry, fact, held)| Ok(past.take(&entry, &fact, &held)?));
            lines.push(line);
            failed = taken.err();
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failed.map_or(Ok(()), Err)?;
        store.append(Head::EMPTY, &lines).map_err(|error| match error {
            AppendError::Failed(error) | AppendError::InDoubt(error) => LedgerError::Store(error),
            AppendError::Conflict(head) => LedgerError::Broken(head.size),
        })?;
        past.settle();
        let disclosures = Disclosures::default();
        disclosures.add(self.disclosures()?)?;
        store.before(self.store);
        Ok(Self::with(Box::new(store), past, disclosures, None, Vec::new()))
    }

    fn with(
        store: Box<dyn Store>,
        past: Past,
        disclosures: Disclosures,
        folder: Option<PathBuf>,
        notices: Vec<String>,
    ) -> Self {
        let keys = RwLock::new(Arc::clone(&past.state.keys));
        let queue = Queue::new(Turn::default());
        let keeper = Keeper::new(folder.clone());
        let (tree, shelf) = (Mutex::default(), Shelf::new(folder.as_deref()));
        let past = Arc::new(Mutex::new(past));
        Self { keeper, store, past, keys, disclosures, tree, shelf, queue, folder, notices }
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        // After a panic the sequencer takes nothing more, and readers see what is durable.
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was healed when the ledger was opened, for its user to read.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The state after the last entry. Cheap: what did not change is shared.
    #[must_use]
    pub fn state(&self) -> State {
        self.past().state()
    }

    /// What was said of an action.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub fn words(&self, action: &Code) -> Result<Arc<Words>, LedgerError> {
        Ok(self.past().words(action)?)
    }

    /// What the ledger can attest of its streams now, and the entry on which that is signed.
    #[must_use]
    pub fn attestable(&self) -> (Attested, Head) {
        let past = self.past();
        (Attested::of(past.state.head.size, past.index.streams()), past.state.head)
    }

    /// Where the ledger stands.
    #[must_use]
    pub fn head(&self) -> Head {
        self.store.head()
    }
}

/// What is said where the last entry was recorded later than it is now: times never go back, so that they stand still.
pub(crate) fn clock(state: &State, now: DateTime<Utc>) -> Option<String> {
    let ahead = state.clock() == Some(Clock::Real) && state.recorded > now + CLOCK_TOLERANCE;
    ahead.then(|| {
        format!(
            "the last entry was recorded at {}, and the clock of this computer says {}: set it right; if it was ahead \
             before and is right now, entries bear the former time until then",
            timestamp(state.recorded),
            timestamp(now)
        )
    })
}
