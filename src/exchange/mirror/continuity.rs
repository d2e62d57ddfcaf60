//! Whether what a log publishes continues what is known of it, or shows another history. It is computed from the published tiles,
//! which prove it or prove nothing.

use super::super::layout::{LayoutError, Source};
use super::{Log, MirrorError};
use crate::ledger::Ledger;
use crate::trail::checkpoint::SignedCheckpoint;
use crate::trail::fork::Fork;
use crate::trail::hash::NodeHash;
use crate::trail::merkle::{self, Prover, Tiles};
use crate::trail::tile::Tile;

impl<S: Source> Log<S> {
    /// Whether all that is known of the log is a beginning of what it publishes: what keys of this desk signed, and what a copy has.
    pub(super) fn continues(
        &self,
        known: &[SignedCheckpoint],
        copy: Option<&Ledger>,
    ) -> Result<(), MirrorError> {
        let size = self.at().0;
        let (earlier, later): (Vec<_>, Vec<_>) =
            known.iter().partition(|known| known.checkpoint().size() <= size);
        earlier.into_iter().try_for_each(|known| self.no_fork(known))?;
        if let Some(copy) = copy {
            self.continues_copy(copy)?;
        }
        for known in later.into_iter().rev() {
            if let Some(fork) = copy.map_or(Ok(None), |copy| copy.fork(&self.signed, known))? {
                return Err(MirrorError::Forked(fork.into()));
            }
            // What nobody but the log's own key has signed may not be published yet.
            if known.note().signatures().len() > 1 {
                return Err(MirrorError::Behind { known: known.checkpoint().size(), size });
            }
        }
        Ok(())
    }

    /// Whether what a copy has is a beginning of what is published.
    fn continues_copy(&self, copy: &Ledger) -> Result<(), MirrorError> {
        let (size, root) = self.at();
        let here = copy.head().size;
        if here > size {
            if copy.has_root(size, root)? {
                // More that the log signed, or that was written here by itself.
                let signed = copy.readable_checkpoints()?.iter().any(|kept| kept.checkpoint().size() > size);
                return Err(if signed {
                    MirrorError::Behind { known: here, size }
                } else {
                    MirrorError::Beside { here }
                });
            }
        } else if copy.has_root(here, self.root_at(here)?.0)? {
            return Ok(());
        }
        // Of what was signed for these entries, the newest tells it.
        for kept in copy.readable_checkpoints()?.iter().rev() {
            if kept.checkpoint().size() <= size {
                self.no_fork(kept)?;
            } else if let Some(fork) = copy.fork(&self.signed, kept)? {
                return Err(MirrorError::Forked(fork.into()));
            }
        }
        Err(MirrorError::Beside { here })
    }

    /// Refuses what cannot be true together with an earlier checkpoint of the same log.
    fn no_fork(&self, known: &SignedCheckpoint) -> Result<(), MirrorError> {
        let (then, path) = self.root_at(known.checkpoint().size())?;
        if then == known.checkpoint().root() {
            return Ok(());
        }
        let fork = Fork::new(known.clone(), self.signed.clone(), then, path);
        Err(fork.map_or_else(|_| MirrorError::Hashes(self.at().0), |fork| MirrorError::Forked(fork.into())))
    }

    /// Which root the tree that is published had at a size, and the proof of it.
    fn root_at(&self, old: u64) -> Result<(NodeHash, Vec<NodeHash>), MirrorError> {
        let (size, root) = self.at();
        let path = Prover::new(self, size).consistency(old)?;
        let then = if old == size { root } else { Prover::new(self, old).root()? };
        match merkle::continued((old, then), (size, root), &path) {
            Ok(told) if told == then => Ok((then, path)),
            _ => Err(MirrorError::Hashes(size)),
        }
    }
}

impl<S: Source> Tiles for Log<S> {
    type Fault = LayoutError;

    fn tile(&self, tile: Tile) -> Result<Vec<NodeHash>, LayoutError> {
        // Of a smaller tree the same tile may never have been published: it is the beginning of the one that is.
        let published = tile.kind.tile(tile.index, self.at().0).unwrap_or(tile);
        let known = self.fetched.borrow().get(&published).cloned();
        let mut hashes = match known {
            Some(hashes) => hashes,
            None => self.hashes(published)?,
        };
        self.fetched.borrow_mut().entry(published).or_insert_with(|| hashes.clone());
        hashes.truncate(usize::from(tile.width));
        Ok(hashes)
    }
}
