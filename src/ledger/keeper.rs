//! The keeper: keeps snapshots beside the writer, one at a time. The past is copied; the copy is put into files, and the past takes
//! over what was written. Writers wait for that where they are far ahead, and otherwise only those who ask to.

use super::LedgerError;
use super::index::NEWEST;
use super::past::Past;
use super::snapshot;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};

/// How many times as many entries as are worth keeping may be in memory before the writer waits for the keeper.
const BEHIND: usize = 4;

/// Keeps what the past is.
#[derive(Debug)]
pub(super) struct Keeper {
    /// The ledger's; without one nothing is kept.
    folder: Option<PathBuf>,
    /// Held by whoever keeps a snapshot.
    running: Mutex<Running>,
}

/// The thread that keeps a snapshot, and from how many entries in memory on the next one is worth it.
#[derive(Debug)]
struct Running {
    thread: Option<JoinHandle<Result<(), LedgerError>>>,
    from: usize,
}

/// The right to keep the next snapshot.
pub(super) struct Ready<'a> {
    folder: Option<&'a Path>,
    _running: MutexGuard<'a, Running>,
}

impl Running {
    fn is_busy(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Waits for the thread; what could not be kept stays in memory, and is tried again when there is more.
    fn finish(&mut self, waiting: usize) {
        if let Some(thread) = self.thread.take() {
            let kept = matches!(thread.join(), Ok(Ok(())));
            self.from = if kept { NEWEST } else { waiting + NEWEST };
        }
    }
}

impl Keeper {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, running: Mutex::new(Running { thread: None, from: NEWEST }) }
    }

    /// Waits until nobody keeps a snapshot. Whoever has the turn asks, and may give it back before it goes on.
    pub(super) fn ready(&self) -> Ready<'_> {
        let mut running = self.lock();
        running.finish(0);
        Ready { folder: self.folder.as_deref(), _running: running }
    }

    /// Sees to it that what is in memory does not grow. The past is durable, and `copy` is made of it where it is worth it.
    pub(super) fn keep_up(&self, past: &Arc<Mutex<Past>>, waiting: usize, copy: impl FnOnce() -> Past) {
        let Some(folder) = self.folder.clone().filter(|_| waiting >= NEWEST) else { return };
        let may_wait = waiting >= BEHIND * NEWEST;
        let mut running = match self.running.try_lock() {
            Err(TryLockError::WouldBlock) if !may_wait => return,
            Err(_) => self.lock(),
            Ok(running) => running,
        };
        if running.is_busy() && !may_wait {
            return;
        }
        running.finish(waiting);
        if waiting >= running.from {
            let (past, copy) = (Arc::clone(past), copy());
            running.thread = thread::Builder::new().spawn(move || keep(&folder, &past, copy)).ok();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.running.get_mut().unwrap_or_else(PoisonError::into_inner).finish(0);
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
