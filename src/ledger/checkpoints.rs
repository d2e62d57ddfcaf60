//! Checkpoints: where the ledger stood, signed by its own key, and kept with the cosignatures that came back.
//!
//! The newest is kept, and each that somebody cosigned: where, is in [`super::shelf`]. What a party's witness does is in
//! [`super::witness`], and what its key remembers in [`super::anchor`].

mod signatories;

use super::anchor::{Anchor, AnchorError};
use super::{Ledger, LedgerError, forked};
use crate::record::state::State;
use crate::store::embedded::Embedded;
use crate::store::{Store, StoreError};
use crate::trail::checkpoint::{Checkpoint, CheckpointFault, SignedCheckpoint};
use crate::trail::hash::NodeHash;
use crate::trail::key::{SigningKey, VerifierKey};
use crate::trail::merkle::Prover;
use crate::trail::note::Signature;
use crate::trail::witness::{self, WitnessFault};
pub use signatories::cosigned;
use signatories::{By, by, is_signed};
pub(super) use signatories::{holding, holds, is_known, sound};
use std::path::{Path, PathBuf};

/// Why no checkpoint is signed or taken in.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Nothing to sign.
    #[error("an empty ledger has no checkpoint: found it first")]
    Empty,
    /// Not the ledger's key.
    #[error("the ledger's key is {expected}, and this is {found}")]
    Key {
        /// In force.
        expected: String,
        /// As given.
        found: String,
    },
    /// Fewer entries than were signed.
    #[error(
        "{known} entries were signed on this desk, and {size} are here: an older state was put in their place. Record nothing; \
         move this folder away, and make it again from the newest that there is: `annals bundle restore FILE`, `annals mirror \
         FROM`, or a copy of the newest backup. Where this is the newest, and both sides agree that nothing more is left, move {} \
         away: the keys of this desk forget then what they signed", memory.display()
    )]
    Behind {
        /// How many were signed.
        known: u64,
        /// How many are here.
        size: u64,
        /// Where that is remembered.
        memory: PathBuf,
    },
    /// Other entries than were signed.
    #[error(
        "{known} entries were signed on this desk that are not those here: this is another history. Record nothing; `annals \
         verify --against OTHER` tells where it parts from the other side's copy; move this folder away, and make it again with \
         `annals bundle restore FILE` or `annals mirror FROM`. Where both sides have decided that this history counts, move {} away: the \
         keys of this desk forget then what they signed", memory.display()
    )]
    Beside {
        /// How many were signed.
        known: u64,
        /// Where that is remembered.
        memory: PathBuf,
    },
    /// A copy of another log's.
    #[error("the checkpoint is of {found}, and this ledger is {expected}")]
    Origin {
        /// This ledger's.
        expected: String,
        /// The checkpoint's.
        found: String,
    },
    /// A copy of more entries than are here.
    #[error("the checkpoint is of {size} entries, and {here} are here: bring this copy up to date first")]
    Ahead {
        /// The checkpoint's.
        size: u64,
        /// How many there are.
        here: u64,
    },
    /// A copy that says something else.
    #[error("the checkpoint of {0} entries has another root than the entries here: it is of another history")]
    Differs(u64),
    /// Entries that were changed since.
    #[error(
        "the {0} entries here are not those that their checkpoint was signed of: one was changed since; run `annals verify`, and \
         `annals doctor` says what mends it"
    )]
    Changed(u64),
    /// A copy whose signatures do not hold.
    #[error("the checkpoint is refused")]
    Signed(#[from] CheckpointFault),
    /// A cosignature that does not hold.
    #[error("a cosignature is refused, and nothing of the checkpoint was taken")]
    Cosigned(#[from] WitnessFault),
    /// What the keys of this desk remember.
    #[error("what the key signed before is not known")]
    Anchor(#[from] AnchorError),
    /// A kept one that is none.
    #[error("{}: not the checkpoint that was kept there; delete it, and take it from the other side again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CheckpointFault,
    },
    /// A kept one under the name of another.
    #[error("{}: the checkpoint in it is of {size} entries, so that it was not kept there; delete it", path.display())]
    Misnamed {
        /// The file.
        path: PathBuf,
        /// Of how many entries it is.
        size: u64,
    },
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<StoreError> for CheckpointError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

/// What was taken of a copy of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// As it is kept now.
    pub signed: SignedCheckpoint,
    /// The witnesses whose cosignatures are new here, or earlier than those that were, by key id, and when they signed, in POSIX
    /// seconds.
    pub new: Vec<(String, u64)>,
    /// Lines of keys that are not known here: nothing was taken of them.
    pub unknown: Vec<Signature>,
    /// The witnesses, by key id, of which a line holds and tells no time: nothing was taken of it.
    pub undated: Vec<String>,
}

impl Ledger {
    /// Signs where the ledger stands with its own key, which remembers it in `anchor`, and keeps the checkpoint. Where the
    /// newest one is of all entries, that is given again.
    ///
    /// # Errors
    /// [`CheckpointError`]: the key signs nothing that does not continue all it signed before.
    pub fn checkpoint(&self, key: &SigningKey, anchor: &Anchor) -> Result<SignedCheckpoint, CheckpointError> {
        let held = anchor.hold(self.state().origin().ok_or(CheckpointError::Empty)?)?;
        let _alone = self.shelf.alone()?;
        // What is signed is what this key speaks for: another may be the ledger's after the next entry.
        let state = self.state();
        let (origin, own) = known(&state, state.head.size)?;
        let verifier = key.verifier();
        if verifier != *own {
            return Err(CheckpointError::Key { expected: own.keyid(), found: verifier.keyid() });
        }
        let found = self.newest_checkpoint()?;
        let kept = found.as_ref().map(|found| holding(found, &state)).transpose()?;
        let kept = kept.filter(|kept| is_signed(kept, &state));
        let remembered = held.recall(&verifier, state.ledger_keys())?;
        // What lies in the folder excuses nothing that the key remembers otherwise.
        let known: Vec<_> =
            [&kept, &remembered].into_iter().flatten().map(SignedCheckpoint::checkpoint).collect();
        let root = self.continued(state.head.size, &known, &|| anchor.of(origin))?;
        let checkpoint = Checkpoint::new(origin, state.head.size, root)?;
        let again =
            [kept.clone(), remembered].into_iter().flatten().find(|known| *known.checkpoint() == checkpoint);
        let mut signed = SignedCheckpoint::sign(checkpoint, key)?;
        if let Some(mut again) = again {
            // What another of the ledger's keys signed is signed with this one, too.
            again.merge(&signed)?;
            signed = again;
        }
        held.remember(&verifier, &signed)?;
        if found.as_ref() != Some(&signed) {
            self.shelf.keep(&signed)?;
        }
        let lone = |kept: &SignedCheckpoint| kept.note().signatures().len() == 1;
        if let Some(kept) = kept.filter(|kept| lone(kept) && kept.checkpoint() != signed.checkpoint()) {
            self.shelf.forget(&kept);
        }
        Ok(signed)
    }

    /// The root of the first entries, computed from them, and from the last that was signed of them; they continue each that was.
    fn continued(
        &self,
        size: u64,
        signed: &[&Checkpoint],
        memory: &dyn Fn() -> PathBuf,
    ) -> Result<NodeHash, CheckpointError> {
        let last = signed.iter().max_by_key(|last| last.size());
        if let Some(known) = last.map(|last| last.size()).filter(|known| *known > size) {
            return Err(CheckpointError::Behind { known, size, memory: memory() });
        }
        self.with_tree(|tree, store| {
            if !tree.certify(last.map(|last| (last.size(), last.root())), store)? {
                let known = last.map_or(0, |last| last.size());
                return Err(CheckpointError::Beside { known, memory: memory() });
            }
            for each in signed {
                if !tree.is_of(each.size(), each.root(), store)? {
                    return Err(CheckpointError::Beside { known: each.size(), memory: memory() });
                }
            }
            Ok(Prover::new(tree, size).root()?)
        })
    }

    /// Refuses a ledger that is behind or beside what the keys of this desk signed for it; says whether they signed anything.
    ///
    /// # Errors
    /// [`CheckpointError::Behind`], [`CheckpointError::Beside`]; [`CheckpointError::Anchor`], [`CheckpointError::Ledger`].
    pub fn follows(&self, anchor: &Anchor) -> Result<bool, CheckpointError> {
        let state = self.state();
        let Some(origin) = state.origin() else { return Ok(false) };
        let signed = anchor.recall(origin, state.ledger_keys())?;
        // The entry that replaced the ledger's key may be one of those that are gone: the witnesses stayed.
        let all = anchor.every(origin)?.into_iter().map(|(_, known)| known);
        let cosigned = all.filter(|known| !cosigned(known, &state).is_empty());
        let remembered: Vec<_> = signed.into_iter().chain(cosigned).collect();
        let last = remembered.iter().max_by_key(|known| known.checkpoint().size());
        if let Some(last) = last.map(SignedCheckpoint::checkpoint) {
            let (known, size) = (last.size(), self.head().size);
            if known > size {
                return Err(CheckpointError::Behind { known, size, memory: anchor.of(origin) });
            }
            if !self.has_root(known, last.root())? {
                return Err(CheckpointError::Beside { known, memory: anchor.of(origin) });
            }
        }
        Ok(last.is_some())
    }

    /// As [`Self::follows`], of the ledger in a folder to which somebody may be writing.
    ///
    /// # Errors
    /// As [`Self::follows`].
    pub fn is_followed(folder: &Path, anchor: &Anchor) -> Result<bool, CheckpointError> {
        loop {
            match Self::open_read_only(folder)?.follows(anchor) {
                // What was signed since it was opened is there by now.
                Err(CheckpointError::Behind { known, .. }) if Self::has_by_now(folder, known) => {}
                told => return told,
            }
        }
    }

    fn has_by_now(folder: &Path, known: u64) -> bool {
        Embedded::open_read_only(folder).is_ok_and(|store| store.head().size >= known)
    }

    /// The checkpoints that are kept, the smallest first, as far as they can be read: one that is damaged takes nothing from what
    /// another one vouches for.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`], [`CheckpointError::Misnamed`], where none is left; [`CheckpointError::Ledger`], where the system
    /// does not give one.
    pub fn readable_checkpoints(&self) -> Result<Vec<SignedCheckpoint>, CheckpointError> {
        let (kept, unread) = self.kept_checkpoints()?;
        unread.into_iter().next().filter(|_| kept.is_empty()).map_or(Ok(kept), Err)
    }

    /// All that are kept, the smallest first, and what lies in the place of others and is none.
    ///
    /// # Errors
    /// [`CheckpointError::Ledger`], where the system does not give one.
    pub fn kept_checkpoints(&self) -> Result<(Vec<SignedCheckpoint>, Vec<CheckpointError>), CheckpointError> {
        self.shelf.whole()
    }

    /// Of how many entries the checkpoints are that are kept, the smallest first.
    ///
    /// # Errors
    /// [`CheckpointError::Ledger`], where their folder cannot be read.
    pub fn checkpoint_sizes(&self) -> Result<Vec<u64>, CheckpointError> {
        self.shelf.sizes()
    }

    /// The newest checkpoint that is kept.
    ///
    /// # Errors
    /// As [`Self::readable_checkpoints`].
    pub fn newest_checkpoint(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        let newest = self.shelf.sizes()?.pop();
        newest.map_or(Ok(None), |size| self.shelf.of(size))
    }

    /// The newest checkpoint of the entries that are here, each of which was read and is under its root: what is handed over on it
    /// is what was signed. Another process may have made a newer one since.
    ///
    /// # Errors
    /// As [`Self::readable_checkpoints`] and [`Self::owns`]; [`CheckpointError::Changed`].
    pub fn newest_whole(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        let here = |signed: &SignedCheckpoint| signed.checkpoint().size() <= self.head().size;
        let newest = match self.newest_checkpoint()?.filter(here) {
            None => self.kept_checkpoints()?.0.into_iter().rfind(here),
            newest => newest,
        };
        if let Some(signed) = &newest {
            let (size, root) = (signed.checkpoint().size(), signed.checkpoint().root());
            self.owns(signed)?;
            if !self.is_of_all(size, root)? {
                return Err(CheckpointError::Changed(size));
            }
        }
        Ok(newest)
    }

    /// The checkpoint of a size, where it is kept.
    ///
    /// # Errors
    /// As [`Self::readable_checkpoints`].
    pub fn checkpoint_of(&self, size: u64) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        self.shelf.of(size)
    }

    /// Takes the cosignatures of a copy of a checkpoint in, each verified; one of a known witness that does not hold refuses all.
    ///
    /// # Errors
    /// [`CheckpointError`]; nothing was taken then.
    pub fn take_cosignatures(&self, copy: &SignedCheckpoint) -> Result<Merged, CheckpointError> {
        let state = self.state();
        if let Err(error) = self.owns(copy) {
            let parted = self.parted(&error, copy, Vec::new())?.and(self.folder.as_deref());
            return Err(parted.map_or(error, |folder| LedgerError::Forked(folder.join(forked::FILE)).into()));
        }
        let checkpoint = copy.checkpoint();
        let _alone = self.shelf.alone()?;
        let kept = self.shelf.of(checkpoint.size())?;
        let held = kept.as_ref().map(|kept| holding(kept, &state)).transpose()?;
        let own = held.iter().filter(|held| held.checkpoint() == checkpoint);
        let mut lines: Vec<Signature> = own.flat_map(|held| held.note().signatures()).cloned().collect();
        let (mut new, mut unknown, mut undated) = (Vec::new(), Vec::new(), Vec::new());
        for line in copy.note().signatures() {
            match by(line, copy, &state)? {
                By::Nobody => unknown.push(line.clone()),
                By::Undated(keyid) => undated.push(keyid),
                By::Ledger => drop(witness::put(&mut lines, line)),
                By::Witness(keyid, time) => {
                    if witness::put(&mut lines, line) {
                        new.retain(|(known, _)| *known != keyid);
                        new.push((keyid, time));
                    }
                }
            }
        }
        let signed = SignedCheckpoint::with(checkpoint.clone(), lines)?;
        if kept.as_ref() != Some(&signed) {
            self.shelf.keep(&signed)?;
        }
        Ok(Merged { signed, new, unknown, undated })
    }

    /// Whether a checkpoint is of this ledger, signed by its key, and of these entries; one line of any key that is known here and
    /// does not hold refuses it whole.
    ///
    /// # Errors
    /// [`CheckpointError`], by name.
    pub fn owns(&self, signed: &SignedCheckpoint) -> Result<(), CheckpointError> {
        let (state, checkpoint) = (self.state(), signed.checkpoint());
        // By the key of its time: one that was replaced since signs no more, and what it signed stands.
        let (origin, key) = known(&state, checkpoint.size().min(state.head.size))?;
        if checkpoint.origin() != origin {
            let (expected, found) = (origin.to_owned(), checkpoint.origin().to_owned());
            return Err(CheckpointError::Origin { expected, found });
        }
        signed.signed_by(key)?;
        for line in signed.note().signatures() {
            by(line, signed, &state)?;
        }
        let (size, here) = (checkpoint.size(), self.head().size);
        if size > here {
            return Err(CheckpointError::Ahead { size, here });
        }
        if !self.has_root(size, checkpoint.root())? {
            return Err(CheckpointError::Differs(size));
        }
        Ok(())
    }
}

/// The origin of a ledger that was opened, and its key when it had a size.
fn known(state: &State, size: u64) -> Result<(&str, &VerifierKey), CheckpointError> {
    state.origin().zip(state.ledger_key_at(size)).ok_or(CheckpointError::Empty)
}
