//! The sequencer: judges requests in their order against the past in memory, and appends what is admitted under one
//! commit, however many wait. It is the one place where anything is written.

use super::disclosures::DisclosuresError;
use super::index::NEWEST;
use super::past::Past;
use super::{Ledger, LedgerError, SMALL, snapshot};
use crate::record::archive::{Archive, Holding};
use crate::record::authority::Keys;
use crate::record::fact::Fact;
use crate::record::prepared::Claim;
use crate::record::refusal::Refusal;
use crate::record::withheld::{self, Held, WithheldFault};
use crate::store::{AppendError, Head, Store};
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::{Entry, Request};
use crate::trail::hash::LeafHash;
use chrono::{DateTime, Utc};
use std::sync::{Arc, PoisonError};
use std::vec;
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
#[derive(Debug, Clone, thiserror::Error)]
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
    Store(#[from] Arc<AppendError>),
    /// The disclosures could not be kept; nothing was recorded.
    #[error("not recorded: the disclosures could not be kept")]
    Disclosures(#[from] Arc<DisclosuresError>),
    /// An earlier append ended in doubt.
    #[error("an earlier write ended in doubt: open the ledger again and repeat the request under its id")]
    Doubtful,
}

impl From<AppendError> for RecordError {
    fn from(error: AppendError) -> Self {
        Arc::new(error).into()
    }
}

impl From<DisclosuresError> for RecordError {
    fn from(error: DisclosuresError) -> Self {
        Arc::new(error).into()
    }
}

/// Entries that are folded in about the time that a snapshot of a large ledger takes.
pub(super) const SPARED: u64 = 1024;

/// What whoever writes has in hand, one at a time.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Whether it may be that the store has something else than memory.
    doubtful: bool,
}

/// Requests of one caller.
pub(super) struct Job {
    asked: Vec<Asked>,
    now: DateTime<Utc>,
}

/// What became of them.
pub(super) type Answer = Result<Vec<Result<Receipt, RecordError>>, RecordError>;

/// A request, as far as it was prepared before anybody waits.
struct Asked {
    request: Request,
    claim: Claim,
    disclosures: Vec<Disclosure>,
    /// Whether its disclosures belong to it.
    own: Result<(), RecordError>,
}

/// What is admitted and not written yet.
#[derive(Default)]
struct Batch {
    lines: Vec<Vec<u8>>,
    kept: Vec<Disclosure>,
    erased: Vec<Digest>,
}

impl Asked {
    fn new(request: Request, disclosures: Vec<Disclosure>, keys: &Keys) -> Self {
        let claim = Claim::of(&request, keys);
        let own = belong(&disclosures, claim.held());
        Self { request, claim, disclosures, own }
    }
}

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
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let asked = |(request, disclosures)| Asked::new(request, disclosures, &keys);
        let job = Job { asked: requests.into_iter().map(asked).collect(), now };
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
        let _turn = self.queue.turn();
        let mut past = self.past();
        let asked = Asked::new(request.clone(), disclosures.to_vec(), &past.state.keys);
        past.judged(self.store.as_ref(), &asked.request, &asked.claim, asked.own, now, &[]).map(|_| ())
    }

    /// Keeps a snapshot, so that whoever opens the ledger next folds only what comes after.
    ///
    /// # Errors
    /// [`LedgerError::Snapshot`], [`LedgerError::Store`].
    pub fn keep(&self) -> Result<(), LedgerError> {
        self.keep_now(&self.queue.turn())
    }

    /// As [`Ledger::keep`], where that spares more than it costs.
    ///
    /// # Errors
    /// [`LedgerError::Snapshot`], [`LedgerError::Store`].
    pub fn keep_up(&self) -> Result<(), LedgerError> {
        let turn = self.queue.turn();
        let worth = {
            let past = self.past();
            past.size() <= SMALL || past.unkept() >= SPARED
        };
        if worth { self.keep_now(&turn) } else { Ok(()) }
    }

    fn keep_now(&self, turn: &Turn) -> Result<(), LedgerError> {
        let mut past = self.past();
        match self.folder.as_deref().filter(|_| past.unkept() > 0 && !turn.doubtful) {
            Some(folder) => snapshot::keep(folder, &mut past),
            None => Ok(()),
        }
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
            while let Some(job) = jobs.next().filter(|_| !failed) {
                let receipts = past.admit_all(self.store.as_ref(), job, &mut batch);
                failed = matches!(receipts.last(), Some(Err(RecordError::Store(_))));
                answers.push(Ok(receipts));
            }
            expected
        };
        let Batch { lines, kept, erased } = batch;
        match self.write(expected, kept, &lines) {
            Ok(()) => {
                self.settle();
                turn.doubtful = false;
                // What cannot be removed now is removed when the ledger is opened; `Ledger::complete_erasures` tells why.
                let _ = self.erase(turn, &erased);
            }
            Err(error) => {
                let unwritten = answers.iter_mut().skip(first);
                unwritten.for_each(|answer| *answer = Err(error.clone()));
                failed = true;
            }
        }
        if failed {
            self.reread(turn);
        }
        if self.past().index.waiting() >= NEWEST {
            // What cannot be kept stays in memory, and the next commit tries again.
            let _ = self.keep_now(turn);
        }
    }

    /// Disclosures first: an entry whose disclosure was lost could never be read.
    fn write(&self, expected: Head, kept: Vec<Disclosure>, lines: &[Vec<u8>]) -> Result<(), RecordError> {
        self.disclosures.keep(kept)?;
        if !lines.is_empty() {
            self.store.append(expected, lines)?;
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

    /// After a write that failed, the past is what the store has; where that cannot be read, nothing more is taken.
    fn reread(&self, turn: &mut Turn) {
        let read = Past::of(self.store.as_ref(), self.folder.as_deref(), &mut super::quietly);
        turn.doubtful = read.is_err();
        if let Ok(past) = read {
            *self.past() = past;
            self.settle();
        }
    }
}

/// What is to be done with a request that nothing speaks against.
enum Judged<'a> {
    /// It was recorded before.
    Repeated(Receipt),
    /// It is to be recorded at this time.
    Admitted(&'a (Fact, Vec<Held>), DateTime<Utc>),
}

impl Past {
    /// How many entries the snapshot does not know that was begun with or kept since.
    fn unkept(&self) -> u64 {
        self.size().saturating_sub(self.kept)
    }

    /// Admits requests one after the other, until one is refused.
    fn admit_all(
        &mut self,
        store: &dyn Store,
        job: Job,
        batch: &mut Batch,
    ) -> Vec<Result<Receipt, RecordError>> {
        let mut receipts = Vec::with_capacity(job.asked.len());
        for asked in job.asked {
            let receipt = self.admit(store, asked, job.now, batch);
            let refused = receipt.is_err();
            receipts.push(receipt);
            if refused {
                break;
            }
        }
        receipts
    }

    fn admit(
        &mut self,
        store: &dyn Store,
        asked: Asked,
        now: DateTime<Utc>,
        batch: &mut Batch,
    ) -> Result<Receipt, RecordError> {
        let Asked { request, claim, disclosures, own } = asked;
        let judged = self.judged(store, &request, &claim, own, now, &batch.lines)?;
        batch.erased.extend(claim.erased());
        let ((fact, held), recorded) = match judged {
            Judged::Repeated(receipt) => {
                // A ledger that was restored from its entries gets what is withheld back in this way, but what was erased.
                for each in disclosures {
                    let known = self.index.by_digest(&each.digest()).map_err(AppendError::Failed)?;
                    batch.kept.extend(Some(each).filter(|_| matches!(known, Some(Holding::Held { .. }))));
                }
                return Ok(receipt);
            }
            Judged::Admitted(read, recorded) => (read, recorded),
        };
        let event = &request.event;
        let (id, seal) = (event.id, self.state.seal(self.index.stream(&event.subject), recorded));
        let (bytes, entry) = request.seal(seal);
        self.take(&entry, fact, held).map_err(AppendError::Failed)?;
        batch.lines.push(bytes);
        batch.kept.extend(disclosures);
        Ok(Receipt { sequence: entry.seal.sequence, id, leaf: entry.leaf, repeated: false })
    }

    fn judged<'a>(
        &mut self,
        store: &dyn Store,
        request: &Request,
        claim: &'a Claim,
        own: Result<(), RecordError>,
        now: DateTime<Utc>,
        batch: &[Vec<u8>],
    ) -> Result<Judged<'a>, RecordError> {
        if let Some(receipt) = self.first_receipt(store, request, batch)? {
            // What is signed is the same, so the digests are those of the recorded entry.
            own?;
            return Ok(Judged::Repeated(receipt));
        }
        let recorded = self.state.recording(&request.event, now);
        let judgement = self.state.decide(&mut self.index, request, claim, recorded);
        let read = judgement.map_err(AppendError::Failed)??;
        own?;
        Ok(Judged::Admitted(read, recorded))
    }

    /// The first receipt of a request that was recorded before, in the store or in the batch at hand.
    fn first_receipt(
        &mut self,
        store: &dyn Store,
        request: &Request,
        batch: &[Vec<u8>],
    ) -> Result<Option<Receipt>, RecordError> {
        let id = request.event.id;
        let known = self.index.by_id(id).map_err(AppendError::Failed)?;
        let Some(sequence) = known else { return Ok(None) };
        let stored = self.size();
        let mut first = None;
        match usize::try_from(sequence.saturating_sub(stored)).ok().filter(|_| sequence >= stored) {
            Some(at) => first = batch.get(at).and_then(|line| Entry::parse(line).ok()),
            None => store
                .read(sequence..sequence + 1, &mut |_, line| first = Entry::parse(line).ok())
                .map_err(AppendError::Failed)?,
        }
        match first.filter(|first| first.request.signed() == request.signed()) {
            Some(entry) => Ok(Some(Receipt { sequence, id, leaf: entry.leaf, repeated: true })),
            None => Err(Refusal::Id(id, sequence).into()),
        }
    }
}

/// Whether each disclosure is one of the request's, and holds what its field can have.
fn belong(disclosures: &[Disclosure], held: &[Held]) -> Result<(), RecordError> {
    let own = |each: &Disclosure| {
        let digest = each.digest();
        held.iter().any(|held| held.digest == digest && held.name == each.name())
    };
    match disclosures.iter().find(|each| !own(each)) {
        Some(stray) => Err(RecordError::Stray(stray.name().to_owned())),
        None => Ok(disclosures.iter().try_for_each(withheld::check_value)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use crate::store::StoreError;

    #[test]
    fn after_an_archive_that_failed_the_same_request_is_taken_again() {
        const HISTORY: &str = include_str!("../../tests/vectors/history.jsonl");
        let request = |line: &str| (Entry::parse(line.as_bytes()).unwrap().request, Vec::new());
        let at = HISTORY.lines().position(|line| line.contains("action.progressed")).unwrap();
        let ledger = Ledger::in_memory();
        let founding = HISTORY.lines().take(at).map(request).collect();
        assert!(ledger.record_all(founding, Utc::now()).unwrap().iter().all(Result::is_ok));
        let before = ledger.at(None).unwrap().in_memory().unwrap();
        let (said, _) = request(HISTORY.lines().nth(at).unwrap());
        let action = said.event.subject.strip_prefix("actions/").unwrap().parse().unwrap();
        ledger.past().index.spoil(&action);
        let refused = ledger.record(said.clone(), Vec::new());
        assert!(
            matches!(&refused, Err(RecordError::Store(error)) if matches!(**error, AppendError::Failed(StoreError::Scratch)))
        );
        assert_eq!(ledger.at(None).unwrap().in_memory().unwrap(), before);
        let receipt = ledger.record(said, Vec::new()).unwrap();
        assert_eq!((receipt.sequence, receipt.repeated), (at as u64, false));
    }
}
