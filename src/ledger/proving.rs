//! Proofs: that an entry lies under a checkpoint, given away only after they were verified here.

use super::checkpoints::{CheckpointError, cosigned};
use super::tree::Tree;
use super::{Ledger, LedgerError};
use crate::record::account::{Account, AccountFault};
use crate::record::attestation::Ending;
use crate::record::completeness::policy_at;
use crate::record::fact::Fact;
use crate::record::state::State;
use crate::store::StoreError;
use crate::trail::checkpoint::SignedCheckpoint;
use crate::trail::entry::Entry;
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::{self, Prover};
use crate::trail::proof::{Proof, ProofFault};
use crate::trail::quorum::Backing;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Why an entry is not proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// No such entry.
    #[error("there is no entry {0}")]
    Missing(u64),
    /// No checkpoint of as many entries.
    #[error("no checkpoint covers entry {0} yet: make one with `annals checkpoint`")]
    Uncovered(u64),
    /// The entries are others than those that were signed.
    #[error("the checkpoint of {size} entries has another root than the entries here: run `annals verify`")]
    Beside {
        /// The checkpoint's.
        size: u64,
        /// Where the entries lead.
        source: merkle::ProofFault,
    },
    /// No attestation under the checkpoint.
    #[error(
        "the ledger has attested to no streams among the first {0} entries: `annals attest`, then `annals checkpoint`"
    )]
    Unattested(u64),
    /// No such stream.
    #[error("the streams that the ledger attested to have no `{0}`")]
    Stream(String),
    /// The account would be none.
    #[error("the account cannot be written: run `annals verify`")]
    Account(#[from] AccountFault),
    /// The proof would not be one.
    #[error("the proof cannot be written")]
    Proof(#[from] ProofFault),
    /// The checkpoints.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl From<LedgerError> for ProveError {
    fn from(error: LedgerError) -> Self {
        Self::Checkpoint(error.into())
    }
}

impl From<StoreError> for ProveError {
    fn from(error: StoreError) -> Self {
        Self::Checkpoint(error.into())
    }
}

impl Ledger {
    /// Proves that an entry lies under a checkpoint. The entry itself is the proof's extra data, so that it can be verified with
    /// nothing else at hand.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(&self, sequence: u64, under: &SignedCheckpoint) -> Result<Proof, ProveError> {
        let (size, root) = (under.checkpoint().size(), under.checkpoint().root());
        if sequence >= size {
            return Err(ProveError::Uncovered(sequence));
        }
        let mut line = None;
        self.read(sequence..sequence + 1, &mut |_, bytes| {
            line = Some(bytes.to_vec());
            ControlFlow::Break(())
        })?;
        let line = line.ok_or(ProveError::Missing(sequence))?;
        let path = self.path(LeafHash::of(&line), sequence, (size, root))?;
        Ok(Proof::new(Some(line), sequence, path, under.clone())?)
    }

    /// All entries of a stream as they were attested last, with the proof that they are all.
    ///
    /// # Errors
    /// [`ProveError::Unattested`], [`ProveError::Stream`]; [`ProveError`].
    pub fn account(&self, subject: &str, under: &SignedCheckpoint) -> Result<Account, ProveError> {
        let covered = under.checkpoint().size();
        let mut attested = None;
        self.stream("ledger", 0..covered, &mut |entry, fact| {
            if let Fact::Attested(found) = fact {
                attested = Some((entry.seal.sequence, *found));
            }
            Ok(())
        })?;
        let (sequence, attested) = attested.ok_or(ProveError::Unattested(covered))?;
        // Every stream has to be placed: this reads all entries before, and keeps where each stream ended.
        let mut streams = BTreeMap::new();
        let mut failed = None;
        self.read(0..attested.size, &mut |at, line| {
            let read = Entry::parse(line).map_err(|fault| LedgerError::Entry(at, fault));
            match read {
                Ok(entry) => {
                    let stream = entry.stream();
                    streams.insert(entry.request.event.subject.to_string(), stream);
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or(Ok(()), Err)?;
        let heads = streams.iter().map(|(subject, head)| (subject.as_str(), *head));
        let ending = Ending::of(heads, subject).ok_or_else(|| ProveError::Stream(subject.to_owned()))?;
        let mut lines = Vec::new();
        for sequence in self.sequences(subject, attested.size)? {
            self.read(sequence..sequence + 1, &mut |_, line| {
                lines.push(String::from_utf8_lossy(line).into_owned());
                ControlFlow::Break(())
            })?;
        }
        Ok(Account::new(ending, lines, self.prove(sequence, under)?)?)
    }

    /// The checkpoints of more entries than `sequence` that are kept and hold, the best one last: the newest that enough witnesses
    /// cosigned, or else the newest of those that most have.
    ///
    /// # Errors
    /// Why one does not hold, where none is left; [`ProveError::Uncovered`], where there is none.
    pub fn covering(&self, sequence: u64) -> Result<Vec<SignedCheckpoint>, ProveError> {
        let state = self.state();
        let kept = self.readable_checkpoints()?.into_iter();
        let (mut found, refused) = self.holding(kept.filter(|signed| signed.checkpoint().size() > sequence));
        found.sort_by_key(|signed| {
            (is_witnessed(signed, &state), cosigned(signed, &state).len(), signed.checkpoint().size())
        });
        let none = || refused.map_or(ProveError::Uncovered(sequence), Into::into);
        if found.is_empty() { Err(none()) } else { Ok(found) }
    }

    /// Those that hold, and why another one does not: what was changed in the folder is not given away.
    fn holding(
        &self,
        kept: impl Iterator<Item = SignedCheckpoint>,
    ) -> (Vec<SignedCheckpoint>, Option<CheckpointError>) {
        let (mut found, mut refused) = (Vec::new(), None);
        for signed in kept {
            match self.owns(&signed) {
                Ok(()) => found.push(signed),
                Err(error) => refused = Some(error),
            }
        }
        (found, refused)
    }

    /// What vouches for the first `size` entries: the smallest checkpoint of as many or more that enough witnesses cosigned, with the
    /// proof that it continues these; else the largest of fewer. Once there is one of the first kind, it stays the same whatever is
    /// recorded or signed later; what the ledger alone signed does not, and vouches for nothing.
    ///
    /// # Errors
    /// Why one does not hold, where none is left that does; [`ProveError`].
    pub fn vouched(&self, size: u64) -> Result<Option<(SignedCheckpoint, Vec<NodeHash>)>, ProveError> {
        let (state, here) = (self.state(), self.head().size);
        // One that is ahead was made since this ledger was opened.
        let kept = self.readable_checkpoints()?.into_iter();
        // Nor does whoever has these entries alone know a key that replaced the ledger's later.
        let known = |signed: &SignedCheckpoint| {
            signed.checkpoint().size() <= size
                || state.ledger_key_at(size).is_some_and(|key| signed.signed_by(key).is_ok())
        };
        let kept = kept.filter(|signed| {
            signed.checkpoint().size() <= here && known(signed) && is_witnessed(signed, &state)
        });
        let (found, refused) = self.holding(kept);
        let (fewer, more): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|signed| signed.checkpoint().size() < size);
        let smallest = more.into_iter().min_by_key(|signed| signed.checkpoint().size());
        let largest = fewer.into_iter().max_by_key(|signed| signed.checkpoint().size());
        let Some(best) = smallest.or(largest) else {
            return refused.map_or(Ok(None), |error| Err(error.into()));
        };
        let of @ (whole, _) = (best.checkpoint().size(), best.checkpoint().root());
        if whole <= size {
            return Ok(Some((best, Vec::new())));
        }
        let path = self.led(whole, |tree| {
            let before = Prover::new(tree, size).root()?;
            let path = Prover::new(tree, whole).consistency(size)?;
            Ok(merkle::continues((size, before), of, &path).map(|()| path))
        })?;
        Ok(Some((best, path)))
    }

    /// The way from a leaf to a root.
    fn path(
        &self,
        leaf: LeafHash,
        index: u64,
        (size, root): (u64, NodeHash),
    ) -> Result<Vec<NodeHash>, ProveError> {
        self.led(size, |tree| {
            let path = Prover::new(tree, size).inclusion(index)?;
            Ok(merkle::includes(leaf, index, size, &path, root).map(|()| path))
        })
    }

    /// A way that leads under the checkpoint of a size. What is kept of the tree and does not lead there is made anew, once.
    fn led(
        &self,
        size: u64,
        lead: impl Fn(&Tree) -> Result<Result<Vec<NodeHash>, merkle::ProofFault>, StoreError>,
    ) -> Result<Vec<NodeHash>, ProveError> {
        self.with_tree(|tree, store| {
            if let Ok(path) = lead(tree)? {
                return Ok(path);
            }
            // Whoever reads changes nothing: it is kept by the next who writes.
            tree.remake(store)?;
            lead(tree)?.map_err(|source| ProveError::Beside { size, source })
        })
    }
}

/// Whether enough witnesses have cosigned a checkpoint, by the policy that was in force at its size.
fn is_witnessed(signed: &SignedCheckpoint, state: &State) -> bool {
    let policy = policy_at(state, signed.checkpoint().size()).ok();
    let found = policy.and_then(|policy| Some(policy.witnessed(signed).ok()?.backing));
    found == Some(Backing::Witnessed)
}
