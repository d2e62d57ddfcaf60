//! The sequencer: judges requests in their order against the state in memory, and appends what is admitted under one
//! commit. It is the one place where anything is written.

use super::disclosures::Disclosures;
use super::index::NEWEST;
use super::past::Past;
use super::{LedgerError, Receipt, RecordError, snapshot};
use crate::record::archive::{Archive, Holding};
use crate::record::fact::Fact;
use crate::record::refusal::Refusal;
use crate::record::withheld::{self, Held};
use crate::store::{AppendError, Head, Store};
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::{Entry, Request};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

/// A store, and what its entries leave.
pub(super) struct Sequencer {
    pub(super) store: Box<dyn Store>,
    pub(super) past: Past,
    pub(super) disclosures: Disclosures,
    /// Where snapshots are kept.
    folder: Option<PathBuf>,
    doubtful: bool,
}

/// What is to be done with a request that nothing speaks against.
enum Judged {
    /// It was recorded before.
    Repeated(Receipt, Fact),
    /// It is to be recorded at this time.
    Admitted(Fact, Vec<Held>, DateTime<Utc>),
}

impl Sequencer {
    pub(super) fn new(
        store: Box<dyn Store>,
        past: Past,
        disclosures: Disclosures,
        folder: Option<PathBuf>,
    ) -> Self {
        Self { store, past, disclosures, folder, doubtful: false }
    }

    /// Keeps a snapshot, where the one that was begun with knows fewer entries.
    pub(super) fn keep(&mut self) -> Result<(), LedgerError> {
        match self.folder.as_deref().filter(|_| self.unkept() > 0 && !self.doubtful) {
            Some(folder) => snapshot::keep(folder, &mut self.past),
            None => Ok(()),
        }
    }

    /// How many entries the snapshot does not know that was begun with or kept since.
    pub(super) fn unkept(&self) -> u64 {
        self.past.state.head.size.saturating_sub(self.past.kept)
    }

    pub(super) fn record(
        &mut self,
        requests: Vec<(Request, Vec<Disclosure>)>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Receipt, RecordError>>, RecordError> {
        if self.doubtful {
            return Err(RecordError::Doubtful);
        }
        let expected = self.past.state.head;
        let (mut batch, mut kept, mut erased) = (Vec::new(), Vec::new(), Vec::new());
        let mut receipts = Vec::with_capacity(requests.len());
        for (request, disclosures) in requests {
            let receipt = self.admit(request, disclosures, now, &mut batch, &mut kept, &mut erased);
            let refused = receipt.is_err();
            receipts.push(receipt);
            if refused {
                break;
            }
        }
        // From here on the history in memory is ahead of the store.
        self.doubtful = true;
        if let Err(error) = self.write(expected, kept, &batch) {
            self.reread();
            return Err(error);
        }
        self.doubtful = false;
        // What cannot be removed now is removed when the ledger is opened; `Ledger::complete_erasures` tells why.
        let _ = self.erase(&erased);
        // An archive that failed may have taken a part of the request that it failed on.
        if let Some(Err(RecordError::Store(_))) = receipts.last() {
            self.doubtful = true;
            self.reread();
        }
        if self.past.index.waiting() >= NEWEST {
            // What cannot be kept stays in memory, and the next commit tries again.
            let _ = self.keep();
        }
        Ok(receipts)
    }

    /// Disclosures first: an entry whose disclosure was lost could never be read.
    fn write(&mut self, expected: Head, kept: Vec<Disclosure>, batch: &[Vec<u8>]) -> Result<(), RecordError> {
        self.disclosures.keep(kept)?;
        if !batch.is_empty() {
            self.store.append(expected, batch)?;
        }
        Ok(())
    }

    /// After a write that failed, the past is what the store has; where that cannot be read, nothing more is taken.
    fn reread(&mut self) {
        if let Ok(past) = Past::of(self.store.as_ref(), self.folder.as_deref(), &mut super::quietly) {
            (self.past, self.doubtful) = (past, false);
        }
    }

    fn admit(
        &mut self,
        request: Request,
        disclosures: Vec<Disclosure>,
        now: DateTime<Utc>,
        batch: &mut Vec<Vec<u8>>,
        kept: &mut Vec<Disclosure>,
        erased: &mut Vec<Digest>,
    ) -> Result<Receipt, RecordError> {
        let (fact, held, recorded) = match self.judged(&request, &disclosures, now, batch)? {
            Judged::Repeated(receipt, fact) => {
                // A ledger that was restored from its entries gets what is withheld back in this way, but what was erased.
                for each in disclosures {
                    let known = self.past.index.by_digest(&each.digest()).map_err(AppendError::Failed)?;
                    kept.extend(Some(each).filter(|_| matches!(known, Some(Holding::Held { .. }))));
                }
                erased.extend(fact.erased());
                return Ok(receipt);
            }
            Judged::Admitted(fact, held, recorded) => (fact, held, recorded),
        };
        erased.extend(fact.erased());
        let (id, seal) = (
            request.event.id,
            self.past.state.seal(self.past.index.stream(&request.event.subject), recorded),
        );
        let (bytes, entry) = request.seal(seal);
        self.past.take(&entry, &fact, &held).map_err(AppendError::Failed)?;
        batch.push(bytes);
        kept.extend(disclosures);
        Ok(Receipt { sequence: entry.seal.sequence, id, leaf: entry.leaf, repeated: false })
    }

    /// Whether a request would be admitted now.
    pub(super) fn judge(
        &mut self,
        request: &Request,
        disclosures: &[Disclosure],
        now: DateTime<Utc>,
    ) -> Result<(), RecordError> {
        self.judged(request, disclosures, now, &[]).map(|_| ())
    }

    fn judged(
        &mut self,
        request: &Request,
        disclosures: &[Disclosure],
        now: DateTime<Utc>,
        batch: &[Vec<u8>],
    ) -> Result<Judged, RecordError> {
        if let Some(receipt) = self.first_receipt(request, batch)? {
            // What is signed is the same, so the digests are those of the recorded entry.
            let (fact, held) = Fact::read(&request.event).map_err(Refusal::from)?;
            belongs(disclosures, &held)?;
            return Ok(Judged::Repeated(receipt, fact));
        }
        let Past { state, index, .. } = &mut self.past;
        let recorded = state.recording(&request.event, now);
        let decided = state.decide(index, request, recorded).map_err(AppendError::Failed)?;
        let (fact, held) = decided?;
        belongs(disclosures, &held)?;
        Ok(Judged::Admitted(fact, held, recorded))
    }

    /// The first receipt of a request that was recorded before, in the store or in the batch at hand.
    fn first_receipt(
        &mut self,
        request: &Request,
        batch: &[Vec<u8>],
    ) -> Result<Option<Receipt>, RecordError> {
        let id = request.event.id;
        let known = self.past.index.by_id(id).map_err(AppendError::Failed)?;
        let Some(sequence) = known else { return Ok(None) };
        let stored = self.store.head().size;
        let mut first = None;
        match usize::try_from(sequence.saturating_sub(stored)).ok().filter(|_| sequence >= stored) {
            Some(at) => first = batch.get(at).and_then(|line| Entry::parse(line).ok()),
            None => self
                .store
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
fn belongs(disclosures: &[Disclosure], held: &[Held]) -> Result<(), RecordError> {
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
        ledger.sequencer().past.index.spoil(&action);
        let refused = ledger.record(said.clone(), Vec::new());
        assert!(matches!(refused, Err(RecordError::Store(AppendError::Failed(StoreError::Scratch)))));
        assert_eq!(ledger.at(None).unwrap().in_memory().unwrap(), before);
        let receipt = ledger.record(said, Vec::new()).unwrap();
        assert_eq!((receipt.sequence, receipt.repeated), (at as u64, false));
    }
}
