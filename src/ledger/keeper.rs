//! The keeper: keeps snapshots beside the writer, one at a time. The past is copied, which is cheap; the copy is put into files,
//! and the past takes over what was written. Nobody waits for that but those who ask to.

use super::LedgerError;
use super::index::NEWEST;
use super::past::Past;
use super::snapshot;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// How many times as many entries as are worth keeping may be in memory before the writer waits for the keeper.
const BEHIND: usize = 4;

/// Keeps what the past is.
#[derive(Debug)]
pub(super) struct Keeper {
    /// The ledger's; without one nothing is kept.
    folder: Option<PathBuf>,
    /// Held by whoever keeps a snapshot, and the thread that does meanwhile.
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The right to keep the next snapshot.
pub(super) struct Ready<'a> {
    folder: Option<&'a Path>,
    thread: MutexGuard<'a, Option<JoinHandle<()>>>,
}

impl Keeper {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, thread: Mutex::default() }
    }

    /// Waits until nobody keeps a snapshot. Whoever has the turn asks, and may give it back before it goes on.
    pub(super) fn ready(&self) -> Ready<'_> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ready = Ready { folder: self.folder.as_deref(), thread };
        finish(&mut ready.thread);
        ready
    }

    /// Sees to it that what is in memory does not grow. The past is durable, and `copy` is made of it where it is worth it.
    pub(super) fn keep_up(&self, past: &Arc<Mutex<Past>>, waiting: usize, copy: impl FnOnce() -> Past) {
        let Some(folder) = self.folder.clone().filter(|_| waiting >= NEWEST) else { return };
        let busy = self
            .thread
            .try_lock()
            .map_or(true, |thread| thread.as_ref().is_some_and(|thread| !thread.is_finished()));
        if busy && waiting < BEHIND * NEWEST {
            return;
        }
        let (mut ready, past, copy) = (self.ready(), Arc::clone(past), copy());
        // What cannot be kept stays in memory, and a later commit tries again.
        *ready.thread = thread::Builder::new().spawn(move || drop(keep(&folder, &past, copy))).ok();
    }
}

impl Ready<'_> {
    /// Keeps a copy, which is of the past.
    pub(super) fn keep(self, past: &Mutex<Past>, copy: Past) -> Result<(), LedgerError> {
        self.folder.map_or(Ok(()), |folder| keep(folder, past, copy))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        finish(self.thread.get_mut().unwrap_or_else(PoisonError::into_inner));
    }
}

fn finish(thread: &mut Option<JoinHandle<()>>) {
    if let Some(thread) = thread.take() {
        // One that panicked has kept nothing.
        let _ = thread.join();
    }
}

fn keep(folder: &Path, past: &Mutex<Past>, copy: Past) -> Result<(), LedgerError> {
    let Past { state, mut index, .. } = copy;
    let tables = index.tables();
    snapshot::keep(folder, &state, &mut index)?;
    let mut past = past.lock().unwrap_or_else(PoisonError::into_inner);
    past.index.adopt(&tables, index);
    past.kept = state.head.size;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Ledger, quietly};
    use super::*;
    use crate::store::disk::faults::hold;
    use crate::trail::entry::Entry;
    use chrono::Utc;

    const HISTORY: &str = include_str!("../../tests/vectors/history.jsonl");

    #[test]
    fn nobody_waits_for_a_snapshot_that_is_kept_beside() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(folder.path()).unwrap();
        let mut requests = HISTORY.lines().map(|line| Entry::parse(line.as_bytes()).unwrap().request);
        let mut record = |count| {
            let requests = requests.by_ref().take(count).map(|request| (request, Vec::new())).collect();
            assert!(ledger.record_all(requests, Utc::now()).unwrap().iter().all(Result::is_ok));
            ledger.head()
        };
        let known = record(18);
        let begin = || ledger.keeper.keep_up(&ledger.past, NEWEST, || ledger.past().copy());
        let disk = hold(&folder.path().join(snapshot::FOLDER));
        begin();
        disk.wait();
        let head = record(4);
        // One is enough.
        begin();
        assert_eq!(snapshot::head(folder.path()), None);
        drop(disk);
        drop(ledger.keeper.ready());
        assert_eq!(snapshot::head(folder.path()), Some(known));
        assert_eq!(ledger.past().unkept(), 4);
        begin();
        drop(ledger);
        assert_eq!(snapshot::head(folder.path()), Some(head), "it is waited for at the end");
        assert_eq!(Ledger::open(folder.path(), &mut quietly).unwrap().head(), head);
    }
}
