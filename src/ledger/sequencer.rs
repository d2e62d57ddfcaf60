//! The sequencer: does all jobs that wait under one commit, in their order, and shows readers what is durable then. It is the
//! one place where an entry is sealed; whether a request is taken is said in `admission`.

use super::admission::{Batch, Job, Receipt, RecordError};
use super::past::Past;
use super::{Ledger, LedgerError, SMALL, copied};
use crate::store::Head;
use crate::trail::disclosure::Disclosure;
use crate::trail::entry::Request;
use chrono::{DateTime, Utc};
use std::mem;
use std::sync::{Arc, PoisonError};
use std::vec;

/// Entries that are folded in about the time that a snapshot of a large ledger takes.
pub(super) const SPARED: u64 = 1024;

/// What whoever writes has in hand, one at a time.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Whether it may be that the store has something else than memory.
    doubtful: bool,
    /// Whether a write failed: disclosures may be there whose entries are not.
    failed: bool,
}

/// What became of the requests of a job.
pub(super) type Answer = Result<Vec<Result<Receipt, RecordError>>, RecordError>;

impl Ledger {
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
        self.folder.as_deref().map_or(Ok(()), copied::refuse)?;
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let job = Job::new(requests, &keys, now);
        let answer = self.queue.submit(job, |turn, jobs| self.commit(turn, jobs));
        answer.unwrap_or(Err(RecordError::Doubtful))
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
        // After the commit that runs, so that it is judged by what is durable.
        let turn = self.queue.turn();
        if turn.doubtful {
            return Err(RecordError::Doubtful);
        }
        self.past().judge(self.store.as_ref(), request, disclosures, now)
    }

    /// Keeps a snapshot, so that whoever opens the ledger next folds only what comes after.
    ///
    /// # Errors
    /// [`LedgerError::Snapshot`], [`LedgerError::Store`].
    pub fn keep(&self) -> Result<(), LedgerError> {
        self.keep_where(|past| past.unkept() > 0)
    }

    /// As [`Ledger::keep`], where that spares more than it costs.
    ///
    /// # Errors
    /// [`LedgerError::Snapshot`], [`LedgerError::Store`].
    pub fn keep_up(&self) -> Result<(), LedgerError> {
        self.keep_where(|past| past.unkept() >= if past.size() <= SMALL { 1 } else { SPARED })
    }

    fn keep_where(&self, worth: impl FnOnce(&Past) -> bool) -> Result<(), LedgerError> {
        let (ready, copy) = {
            let turn = self.queue.turn();
            let ready = self.keeper.ready();
            let past = self.past();
            (ready, (!turn.doubtful && worth(&past)).then(|| past.copy()))
        };
        copy.map_or(Ok(()), |copy| ready.keep(&self.past, copy))
    }

    /// Does all jobs that wait under one commit.
    fn commit(&self, turn: &mut Turn, jobs: Vec<Job>) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(jobs.len());
        let mut jobs = jobs.into_iter();
        while jobs.len() > 0 {
            if turn.doubtful {
                answers.extend(jobs.by_ref().map(|_| Err(RecordError::Doubtful)));
            } else {
                // Memory is ahead of the store until the commit is written; that is doubtful for whoever comes after a panic.
                turn.doubtful = true;
                self.commit_some(turn, &mut jobs, &mut answers);
            }
        }
        answers
    }

    /// As above, up to a job on which the archive fails: it may have taken a part of that, and has to be read again.
    fn commit_some(&self, turn: &mut Turn, jobs: &mut vec::IntoIter<Job>, answers: &mut Vec<Answer>) {
        let (first, mut failed, mut batch) = (answers.len(), false, Batch::default());
        let expected = {
            let mut past = self.past();
            let expected = past.state.head;
            while !failed && let Some(job) = jobs.next() {
                let receipts = past.admit_all(self.store.as_ref(), job, &mut batch);
                failed = matches!(receipts.last(), Some(Err(RecordError::Store(_))));
                answers.push(Ok(receipts));
            }
            expected
        };
        match self.write(expected, &mut batch, turn.failed) {
            Ok(()) if failed => self.reread(turn),
            Ok(()) => {
                self.settle();
                // It is derived: where it cannot be kept up now, whoever asks for it next reads what it lacks.
                let _ = self.keep_tree_up(expected.size, &batch.leaves);
                turn.doubtful = false;
            }
            Err(error) => {
                turn.failed = true;
                batch.erased.clear();
                if !error.is_in_doubt() {
                    self.reread(turn);
                }
                let unwritten = answers.iter_mut().skip(first);
                unwritten.for_each(|answer| *answer = Err(error.clone()));
            }
        }
        if !turn.doubtful {
            for digest in batch.gone {
                // It is not known where it is, or gone.
                let here = self.erasing().contains(&digest) || self.disclosures.has(&digest).unwrap_or(true);
                batch.erased.extend(here.then_some(digest));
            }
        }
        if !turn.doubtful && !batch.erased.is_empty() {
            // What cannot be removed now is removed when the ledger is opened; `Ledger::complete_erasures` tells why.
            let _ = self.erase(turn, &batch.erased, false);
        }
        if !turn.doubtful {
            let waiting = self.past().index.waiting();
            self.keeper.keep_up(&self.past, waiting, || self.past().copy());
        }
    }

    /// Disclosures first: an entry whose disclosure was lost could never be read.
    fn write(&self, expected: Head, batch: &mut Batch, failed: bool) -> Result<(), RecordError> {
        for each in batch.again.drain(..) {
            if !self.disclosures.has(&each.digest())? {
                batch.kept.push(each);
            }
        }
        let kept = mem::take(&mut batch.kept);
        if failed {
            self.disclosures.keep(kept)?;
        } else {
            self.disclosures.add(kept)?;
        }
        if !batch.erased.is_empty() {
            self.begin_erasing(&batch.erased)?;
        }
        if !batch.lines.is_empty() {
            self.store.append(expected, &batch.lines)?;
        }
        Ok(())
    }

    /// Shows readers what was written.
    fn settle(&self) {
        let mut past = self.past();
        past.settle();
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *keys = Arc::clone(&past.state.keys);
    }

    /// Makes the past what the store has; where that cannot be read, nothing more is taken.
    fn reread(&self, turn: &mut Turn) {
        // What is kept meanwhile would be of a past that is no more.
        let _nobody = self.keeper.ready();
        let read = Past::of(self.store.as_ref(), self.folder.as_deref(), &mut super::quietly);
        turn.doubtful = read.is_err();
        if let Ok(past) = read {
            *self.past() = past;
            self.settle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use crate::store::{AppendError, StoreError};
    use crate::trail::entry::Entry;
    use std::thread;

    const HISTORY: &str = include_str!("../../tests/vectors/history.jsonl");

    fn request(line: &str) -> (Request, Vec<Disclosure>) {
        (Entry::parse(line.as_bytes()).unwrap().request, Vec::new())
    }

    /// A ledger as it was before the first entry of a type, and how many entries that are.
    fn before(kind: &str) -> (Ledger, usize) {
        let at = HISTORY.lines().position(|line| line.contains(kind)).unwrap();
        let ledger = Ledger::in_memory();
        let founding = HISTORY.lines().take(at).map(request).collect();
        assert!(ledger.record_all(founding, Utc::now()).unwrap().iter().all(Result::is_ok));
        (ledger, at)
    }

    /// Spoils the words of the action that a request speaks of.
    fn spoil(ledger: &Ledger, request: &Request) {
        let action = request.event.subject.strip_prefix("actions/").unwrap().parse().unwrap();
        ledger.past().index.spoil(&action);
    }

    fn is_spoilt(receipt: Result<Receipt, RecordError>) -> bool {
        matches!(receipt, Err(RecordError::Store(error)) if matches!(*error, AppendError::Failed(StoreError::Scratch)))
    }

    #[test]
    fn after_an_archive_that_failed_the_same_request_is_taken_again() {
        let (ledger, at) = before("action.progressed");
        let before = ledger.at(None).unwrap().in_memory().unwrap();
        let (said, _) = request(HISTORY.lines().nth(at).unwrap());
        spoil(&ledger, &said);
        assert!(is_spoilt(ledger.record(said.clone(), Vec::new())));
        assert_eq!(ledger.at(None).unwrap().in_memory().unwrap(), before);
        let receipt = ledger.record(said, Vec::new()).unwrap();
        assert_eq!((receipt.sequence, receipt.repeated), (at as u64, false));
    }

    #[test]
    fn no_commit_waits_for_whoever_works_with_the_tree() {
        let (ledger, at) = before("action.progressed");
        let (said, _) = request(HISTORY.lines().nth(at).unwrap());
        let tree_size = || ledger.with_tree(|tree, _| Ok::<_, LedgerError>(tree.size())).unwrap();
        let proving = ledger.with_tree(|tree, _| {
            let recorded =
                thread::scope(|scope| scope.spawn(|| ledger.record(said, Vec::new())).join().unwrap());
            assert_eq!(recorded.unwrap().sequence, at as u64);
            Ok::<_, LedgerError>(tree.size())
        });
        assert_eq!(proving.unwrap(), at as u64);
        assert_eq!(tree_size(), at as u64 + 1, "whoever comes next reads what it lacks");
    }

    #[test]
    fn of_those_committed_together_each_has_its_own_answer_whatever_becomes_of_the_others() {
        let (ledger, at) = before("instrument.updated");
        let mut lines = HISTORY.lines().skip(at).map(|line| request(line).0);
        let (second, first) = (lines.next().unwrap(), lines.next().unwrap());
        let mut forged = lines.last().unwrap();
        forged.signature[0] ^= 1;
        spoil(&ledger, &first);
        let asked = [&second, &forged, &first, &second, &first].map(|request| (request.clone(), Vec::new()));
        let jobs = asked.map(|asked| Job::new(vec![asked], &ledger.state().keys, Utc::now())).into();
        let mut answers =
            ledger.commit(&mut ledger.queue.turn(), jobs).into_iter().map(|answer| answer.unwrap().remove(0));
        let mut next = || answers.next().unwrap();
        assert_eq!(next().unwrap().sequence, at as u64);
        assert!(matches!(next(), Err(RecordError::Refused(_))));
        assert!(is_spoilt(next()), "and is read again, with what was committed");
        let repeated = next().unwrap();
        assert_eq!((repeated.sequence, repeated.repeated), (at as u64, true));
        assert_eq!(next().unwrap().sequence, at as u64 + 1);
        assert_eq!(ledger.head().size, at as u64 + 2);
    }
}
