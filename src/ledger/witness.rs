//! A party's witness: cosigns checkpoints of the entries that it holds, has verified one by one, and that continue all it
//! cosigned before.
//!
//! A checkpoint of another history than it cosigned before is a matter for people: both are put into one file, in the ledger's folder
//! ([`super::forked`]).

use super::anchor::Anchor;
use super::checkpoints::{CheckpointError, holding};
use super::index::Index;
use super::{Ledger, LedgerError, forked};
use crate::record::authority;
use crate::record::beside::Beside;
use crate::record::founding::Clock;
use crate::record::judgement::CLOCK_TOLERANCE;
use crate::record::verdict::Report;
use crate::record::verify::Verifier;
use crate::trail::checkpoint::SignedCheckpoint;
use crate::trail::fork::Fork;
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::key::{SigningKey, VerifierKey};
use crate::trail::merkle::Frontier;
use crate::trail::witness::{self, WitnessFault};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// A key that may not.
    #[error("this key does not cosign here")]
    Key(#[source] authority::Refusal),
    /// A key of another role.
    #[error("{0} is no witness's key: a witness cosigns, with a key of that role")]
    Role(String),
    /// The entries do not verify.
    #[error(
        "the entries do not verify, and nothing is cosigned: {0}; `annals verify` says what else is wrong"
    )]
    Refused(Box<Report>),
    /// From the future.
    #[error(
        "the last entry says it was recorded at {recorded}, and the clock of this computer says {now}: set it right"
    )]
    Clock {
        /// When the last entry was recorded.
        recorded: DateTime<Utc>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// A clock that tells no time.
    #[error("the clock of this computer says {0}, before 1970: set it right")]
    Unset(DateTime<Utc>),
    /// A smaller one than before.
    #[error(
        "this witness cosigned {known} entries already, and the checkpoint is of {size}: ask for a newer one"
    )]
    Older {
        /// Of the last that it cosigned.
        known: u64,
        /// Of this one.
        size: u64,
    },
    /// A smaller one than is kept here: a cosignature says that its tree is the largest that the witness has seen.
    #[error(
        "a checkpoint of {known} entries is kept here, and this one is of {size}: cosign that, with `annals cosign --as PARTY`"
    )]
    Newer {
        /// Of the newest that is kept.
        known: u64,
        /// Of this one.
        size: u64,
    },
    /// Other entries than before.
    #[error(
        "this witness cosigned {0} entries that are not those here: this is another history, for people to decide"
    )]
    Forked(u64, Option<Box<Fork>>),
    /// Another history than that of these entries, by the ledger's own key.
    #[error(
        "the ledger's key signed {} and {} entries that cannot both be true: these are two histories, for people to decide",
        .0.checkpoints()[0].checkpoint().size(),
        .0.checkpoints()[1].checkpoint().size()
    )]
    Parted(Box<Fork>),
    /// The checkpoint.
    #[error("the checkpoint is not cosigned")]
    Checkpoint(#[from] CheckpointError),
    /// The cosignature.
    #[error("the cosignature cannot be made")]
    Witness(#[from] WitnessFault),
}

impl From<LedgerError> for CosignError {
    fn from(error: LedgerError) -> Self {
        Self::Checkpoint(error.into())
    }
}

impl Ledger {
    /// Whether a witness's key cosigned a checkpoint that is kept here, and `anchor` remembers nothing of it.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn is_forgotten(&self, key: &VerifierKey, anchor: &Anchor) -> Result<bool, CheckpointError> {
        let state = self.state();
        let is_by = |signed: &SignedCheckpoint| matches!(witness::cosigned(signed, key), Ok(Some(_)));
        let remembered = anchor.every(state.origin().unwrap_or_default())?;
        Ok(!remembered.iter().any(|(_, signed)| is_by(signed))
            && self.readable_checkpoints()?.iter().any(is_by))
    }

    /// Cosigns a checkpoint with a party's witness key, which remembers it in `anchor` before anybody has it. Every entry up to it
    /// is verified; `progress` hears how many were. What is returned has one line of each key that is known here: of this witness,
    /// that which it made first.
    ///
    /// # Errors
    /// [`CosignError`]; nothing is signed then.
    pub fn cosign(
        &self,
        signed: &SignedCheckpoint,
        key: &SigningKey,
        anchor: &Anchor,
        now: DateTime<Utc>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<SignedCheckpoint, CosignError> {
        let state = self.state();
        let verifier = key.verifier();
        let known = state.keys.in_force(&verifier.keyid()).map_err(CosignError::Key)?;
        if !known.signer.is_witness() || known.vkey != verifier {
            return Err(CosignError::Role(verifier.keyid()));
        }
        self.refuse_forked()?;
        if let Err(error) = self.owns(signed) {
            let remembered = anchor.recall(signed.checkpoint().origin(), state.ledger_keys());
            let parted = self.parted(&error, signed, remembered.map_err(CheckpointError::from)?)?;
            return Err(parted.map_or_else(|| error.into(), |fork| CosignError::Parted(fork.into())));
        }
        let checkpoint = signed.checkpoint();
        let size = checkpoint.size();
        let held = anchor.hold(checkpoint.origin()).map_err(CheckpointError::from)?;
        let last = held.recall(&verifier, []).map_err(CheckpointError::from)?;
        let before = last.as_ref().map_or(0, |last| last.checkpoint().size());
        if before > size {
            return Err(CosignError::Older { known: before, size });
        }
        if let Some(known) = self.newest_checkpoint()?.filter(|newest| self.owns(newest).is_ok())
            && known.checkpoint().size() > size
        {
            return Err(CosignError::Newer { known: known.checkpoint().size(), size });
        }
        // Nor beside what its key signed otherwise, however that came here.
        for kept in self.readable_checkpoints()? {
            if let Err(error) = self.owns(&kept)
                && let Some(fork) = self.parted(&error, &kept, vec![signed.clone()])?
            {
                return Err(CosignError::Parted(fork.into()));
            }
        }
        let roots = self.verified([before, size], progress)?;
        if let Some(last) = last.filter(|last| roots.get(&before) != Some(&last.checkpoint().root())) {
            let fork = self.fork(&last, signed)?.map(Box::new);
            if let (Some(fork), Some(folder)) = (&fork, &self.folder) {
                forked::put_down(folder, fork)?;
            }
            return Err(CosignError::Forked(before, fork));
        }
        if roots.get(&size) != Some(&checkpoint.root()) {
            return Err(CheckpointError::Differs(size).into());
        }
        let recorded = self.recorded_at(size)?;
        if state.clock() == Some(Clock::Real) && recorded.is_some_and(|at| at > now + CLOCK_TOLERANCE) {
            let recorded = recorded.unwrap_or(now);
            return Err(CosignError::Clock { recorded, now });
        }
        let time = u64::try_from(now.timestamp()).ok().filter(|time| *time > 0);
        let time = time.ok_or(CosignError::Unset(now))?;
        let own = SignedCheckpoint::with(checkpoint.clone(), [witness::cosign(key, checkpoint, time)?]);
        let mut cosigned = holding(signed, &state)?;
        own.and_then(|own| cosigned.merge(&own)).map_err(CheckpointError::from)?;
        held.remember(&verifier, &cosigned).map_err(CheckpointError::from)?;
        Ok(cosigned)
    }

    /// Verifies the first entries, one by one, and computes the roots of the trees of some sizes.
    fn verified(
        &self,
        sizes: [u64; 2],
        progress: &mut dyn FnMut(u64),
    ) -> Result<BTreeMap<u64, NodeHash>, CosignError> {
        let size = sizes.into_iter().max().unwrap_or_default();
        let (mut frontier, mut roots) = (Frontier::default(), BTreeMap::new());
        let verifier = Verifier::new(Index::default(), Beside::default());
        let report = self.judge_entries(verifier, size, &mut |at, line| {
            if sizes.contains(&at) {
                roots.insert(at, frontier.root());
            }
            frontier.push(LeafHash::of(line), &mut |_, _| {});
            progress(at + 1);
        })?;
        roots.insert(size, frontier.root());
        if report.holds() { Ok(roots) } else { Err(CosignError::Refused(Box::new(report))) }
    }

    fn recorded_at(&self, size: u64) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let last = size.checked_sub(1).map_or(Ok(None), |last| self.entry(last))?;
        Ok(last.map(|last| last.seal.recordedtime))
    }

    /// Puts a fork down where a checkpoint that the ledger's key signed is not of these entries, and one is known that is.
    pub(super) fn parted(
        &self,
        error: &CheckpointError,
        signed: &SignedCheckpoint,
        remembered: Vec<SignedCheckpoint>,
    ) -> Result<Option<Fork>, CheckpointError> {
        let CheckpointError::Differs(_) = error else { return Ok(None) };
        for known in self.readable_checkpoints()?.into_iter().chain(remembered).rev() {
            if self.owns(&known).is_ok()
                && let Some(fork) = self.fork(&known, signed)?
            {
                self.folder.as_deref().map_or(Ok(()), |folder| forked::put_down(folder, &fork).map(drop))?;
                return Ok(Some(fork));
            }
        }
        Ok(None)
    }

    /// Two checkpoints that the ledger's key signed and that cannot both be true, as a file; nothing where these entries do not
    /// tell, because they are neither's.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn fork(
        &self,
        one: &SignedCheckpoint,
        other: &SignedCheckpoint,
    ) -> Result<Option<Fork>, LedgerError> {
        let size = |signed: &SignedCheckpoint| signed.checkpoint().size();
        let (first, second) = if size(one) <= size(other) { (one, other) } else { (other, one) };
        // Of two of one size, neither needs to be of these entries.
        if size(first) != size(second) && size(second) > self.head().size {
            return Ok(None);
        }
        self.with_tree(|tree, _| Ok(Fork::between(tree, first, second)?))
    }
}
