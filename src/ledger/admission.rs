//! Admission: whether a request is taken after the past and those that were admitted before it, and its receipt.

use super::copied::NoMark;
use super::disclosures::DisclosuresError;
use super::evidence::sized;
use super::past::Past;
use crate::record::archive::{Archive, Holding};
use crate::record::authority::Keys;
use crate::record::fact::Fact;
use crate::record::prepared::Claim;
use crate::record::refusal::Refusal;
use crate::record::withheld::{self, WithheldFault, WithheldField};
use crate::store::{AppendError, Store, StoreError};
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::{Entry, EntryFault, Request};
use crate::trail::hash::LeafHash;
use crate::trail::lines::Lines;
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::sync::Arc;
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
    /// An attribute that nothing is recorded with any more.
    #[error(transparent)]
    Attribute(#[from] EntryFault),
    /// A disclosure that belongs to no field of the request.
    #[error("a disclosure of `{0}` is handed over, and the request holds no such digest")]
    Stray(String),
    /// A disclosure whose value its field cannot have.
    #[error(transparent)]
    Disclosed(#[from] WithheldFault),
    /// A file that is kept here has another size than the request says.
    #[error(
        "file {number} is said to have {said} bytes, and the one that is kept here under its SHA-256 has {kept}: say its `size` as it is, or \
         let `--evidence FILE` measure it"
    )]
    Sized {
        /// Its place among the files of the request, from 1.
        number: usize,
        /// What the request says.
        said: u64,
        /// How many bytes it has.
        kept: u64,
    },
    /// The folder holds a copy.
    #[error(
        "{}: here is a copy, and the ledger would not know what is recorded in it: sign a request into a file (`annals request`, or `-o FILE` with \
         the command), which the ledger takes in; where the ledger is lost, and all agree that this copy takes its place, delete this file", .0.display()
    )]
    Copy(PathBuf),
    /// Something in the place of the mark of a copy.
    #[error(transparent)]
    NoMark(#[from] NoMark),
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

impl RecordError {
    /// Whether it is not known what was stored: then nothing more is, until the ledger is opened again.
    pub(super) fn is_in_doubt(&self) -> bool {
        match self {
            Self::Store(error) => {
                matches!(**error, AppendError::InDoubt(_) | AppendError::Failed(StoreError::Doubtful(_)))
            }
            Self::Doubtful => true,
            Self::Refused(_)
            | Self::Attribute(_)
            | Self::Stray(_)
            | Self::Disclosed(_)
            | Self::Sized { .. }
            | Self::Copy(_)
            | Self::NoMark(_)
            | Self::Disclosures(_) => false,
        }
    }
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

/// Requests of one caller.
pub(super) struct Job {
    asked: Vec<Asked>,
    now: DateTime<Utc>,
}

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
pub(super) struct Batch {
    pub(super) lines: Lines,
    pub(super) leaves: Vec<LeafHash>,
    pub(super) kept: Vec<Disclosure>,
    /// Those of requests that were recorded before: most of them are at hand.
    pub(super) again: Vec<Disclosure>,
    /// The digests of values that are to be removed.
    pub(super) erased: Vec<Digest>,
    /// Those that were to be removed before.
    pub(super) gone: Vec<Digest>,
}

impl Job {
    pub(super) fn new(requests: Vec<(Request, Vec<Disclosure>)>, keys: &Keys, now: DateTime<Utc>) -> Self {
        let asked = requests.into_iter().map(|(request, disclosures)| Asked::new(request, disclosures, keys));
        Self { asked: asked.collect(), now }
    }
}

impl Asked {
    fn new(request: Request, disclosures: Vec<Disclosure>, keys: &Keys) -> Self {
        let claim = Claim::of(&request, keys);
        let own = belong(&disclosures, claim.held());
        Self { request, claim, disclosures, own }
    }
}

/// What is to be done with a request that nothing speaks against.
enum Judged<'a> {
    /// It was recorded before.
    Repeated(Receipt),
    /// It is to be recorded at this time.
    Admitted(&'a (Fact, Vec<WithheldField>), DateTime<Utc>),
}

impl Past {
    /// Admits requests one after the other, until one is refused.
    pub(super) fn admit_all(
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

    /// Whether a request would be admitted.
    pub(super) fn judge(
        &mut self,
        store: &dyn Store,
        request: &Request,
        disclosures: &[Disclosure],
        now: DateTime<Utc>,
    ) -> Result<(), RecordError> {
        let claim = Claim::of(request, &self.state.keys);
        let own = belong(disclosures, claim.held());
        self.judged(store, (request, disclosures), &claim, own, now, &Lines::default()).map(|_| ())
    }

    fn admit(
        &mut self,
        store: &dyn Store,
        asked: Asked,
        now: DateTime<Utc>,
        batch: &mut Batch,
    ) -> Result<Receipt, RecordError> {
        let Asked { request, claim, disclosures, own } = asked;
        let judged = self.judged(store, (&request, &disclosures), &claim, own, now, &batch.lines)?;
        let ((fact, held), recorded) = match judged {
            Judged::Repeated(receipt) => {
                // A ledger that was restored from its entries gets what is withheld back in this way, but what was erased.
                for each in disclosures {
                    let known = self.index.by_digest(&each.digest()).map_err(AppendError::Failed)?;
                    batch.again.extend(Some(each).filter(|_| matches!(known, Some(Holding::Held { .. }))));
                }
                batch.gone.extend(claim.erased());
                return Ok(receipt);
            }
            Judged::Admitted(read, recorded) => (read, recorded),
        };
        let event = &request.event;
        let (id, seal) = (event.id, self.state.seal(self.index.stream(&event.subject), recorded));
        let (bytes, entry) = request.seal(seal);
        self.take(&entry, fact, held).map_err(AppendError::Failed)?;
        batch.lines.push(&bytes);
        batch.leaves.push(entry.leaf());
        batch.kept.extend(disclosures);
        batch.erased.extend(claim.erased());
        Ok(Receipt { sequence: entry.seal.sequence, id, leaf: entry.leaf(), repeated: false })
    }

    fn judged<'a>(
        &mut self,
        store: &dyn Store,
        (request, disclosures): (&Request, &[Disclosure]),
        claim: &'a Claim,
        own: Result<(), RecordError>,
        now: DateTime<Utc>,
        batch: &Lines,
    ) -> Result<Judged<'a>, RecordError> {
        if let Some(receipt) = self.first_receipt(store, request, batch)? {
            // What is signed is the same, so the digests are those of the recorded entry.
            own?;
            return Ok(Judged::Repeated(receipt));
        }
        request.event.correlated()?;
        let recorded = self.state.recording(&request.event, now);
        let judgement = self.state.decide(&mut self.index, request, claim, recorded);
        let read = judgement.map_err(AppendError::Failed)??;
        own?;
        sized(store, &request.event, disclosures)?;
        Ok(Judged::Admitted(read, recorded))
    }

    /// The first receipt of a request that was recorded before, in the store or in the batch at hand.
    fn first_receipt(
        &mut self,
        store: &dyn Store,
        request: &Request,
        batch: &Lines,
    ) -> Result<Option<Receipt>, RecordError> {
        let id = request.event.id;
        let known = self.index.by_id(id).map_err(AppendError::Failed)?;
        let Some(sequence) = known else { return Ok(None) };
        let stored = self.size();
        let mut first = None;
        match usize::try_from(sequence.saturating_sub(stored)).ok().filter(|_| sequence >= stored) {
            Some(at) => first = Entry::parse(batch.line(at)).ok(),
            None => store
                .read(sequence..sequence + 1, &mut |_, line| first = Entry::parse(line).ok())
                .map_err(AppendError::Failed)?,
        }
        match first.filter(|first| first.request.signed() == request.signed()) {
            Some(entry) => Ok(Some(Receipt { sequence, id, leaf: entry.leaf(), repeated: true })),
            None => Err(Refusal::Id(id, sequence).into()),
        }
    }
}

/// Whether each disclosure is one of the request's, and holds what its field can have.
fn belong(disclosures: &[Disclosure], held: &[WithheldField]) -> Result<(), RecordError> {
    let own = |each: &Disclosure| {
        let digest = each.digest();
        held.iter().any(|held| held.digest == digest && held.name == each.name())
    };
    match disclosures.iter().find(|each| !own(each)) {
        Some(stray) => Err(RecordError::Stray(stray.name().to_owned())),
        None => Ok(disclosures.iter().try_for_each(withheld::check_value)?),
    }
}
