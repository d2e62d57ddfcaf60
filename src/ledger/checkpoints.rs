//! Checkpoints: where the ledger stood, signed by its own key, and kept with the cosignatures that came back.
//!
//! ```text
//! checkpoints/000000000129    a signed note of C2SP: the tree of the first 129 entries
//! ```
//!
//! The newest is kept, and each that somebody cosigned. What a party's witness does is in [`super::witness`], and what its key
//! remembers in [`super::anchor`].

use super::anchor::{Anchor, AnchorError};
use super::tree::Tree;
use super::{Ledger, LedgerError, forked};
use crate::record::authority::Key;
use crate::record::history::State;
use crate::store::{Store, StoreError, write_durably};
use crate::trail::checkpoint::{Checkpoint, CheckpointFault, SignedCheckpoint};
use crate::trail::hash::NodeHash;
use crate::trail::key::{SigningKey, VerifierKey};
use crate::trail::merkle::Prover;
use crate::trail::note::Signature;
use crate::trail::witness::{self, WitnessFault};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folder within a ledger's.
pub const FOLDER: &str = "checkpoints";

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
         FROM`, or a copy of the newest backup"
    )]
    Behind {
        /// How many were signed.
        known: u64,
        /// How many are here.
        size: u64,
    },
    /// Other entries than were signed.
    #[error(
        "{known} entries were signed on this desk that are not those here: this is another history. Record nothing; `annals \
         verify --against OTHER` tells where it parts from the other side's copy; move this folder away, and make it again with \
         `annals bundle restore FILE` or `annals mirror FROM`"
    )]
    Beside {
        /// How many were signed.
        known: u64,
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
pub struct Taken {
    /// As it is kept now.
    pub signed: SignedCheckpoint,
    /// The witnesses whose cosignatures are new here, by key id, and when they signed, in POSIX seconds.
    pub new: Vec<(String, u64)>,
    /// Lines of keys that are not known here: nothing was taken of them.
    pub unknown: Vec<Signature>,
}

/// Those that are kept, in a ledger's folder or in memory.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    folder: Option<PathBuf>,
    memory: Mutex<BTreeMap<u64, SignedCheckpoint>>,
}

impl Checkpoints {
    pub(super) fn new(ledger: Option<&Path>) -> Self {
        Self { folder: ledger.map(|ledger| ledger.join(FOLDER)), memory: Mutex::default() }
    }

    fn memory(&self) -> MutexGuard<'_, BTreeMap<u64, SignedCheckpoint>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sizes(&self) -> Result<Vec<u64>, CheckpointError> {
        let Some(folder) = &self.folder else { return Ok(self.memory().keys().copied().collect()) };
        sizes(folder)
    }

    fn of(&self, size: u64) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        match &self.folder {
            None => Ok(self.memory().get(&size).cloned()),
            Some(folder) => {
                let path = folder.join(name(size));
                let kept = read(&path)?;
                match kept.as_ref().map(|kept| kept.checkpoint().size()).filter(|found| *found != size) {
                    Some(size) => Err(CheckpointError::Misnamed { path, size }),
                    None => Ok(kept),
                }
            }
        }
    }

    fn all(&self) -> Result<Vec<SignedCheckpoint>, CheckpointError> {
        self.sizes()?.into_iter().filter_map(|size| self.of(size).transpose()).collect()
    }

    fn keep(&self, signed: &SignedCheckpoint) -> Result<(), CheckpointError> {
        let size = signed.checkpoint().size();
        if let Some(ledger) = self.folder.as_deref().and_then(Path::parent) {
            forked::refuse(ledger)?;
        }
        let Some(folder) = &self.folder else {
            self.memory().insert(size, signed.clone());
            return Ok(());
        };
        fs::create_dir_all(folder).map_err(system(folder, "made"))?;
        Ok(write_durably(folder, &name(size), signed.to_string().as_bytes())?)
    }

    /// Lets go of one that nobody but the ledger signed.
    fn forget(&self, signed: &SignedCheckpoint) {
        let size = signed.checkpoint().size();
        // Where it cannot be removed, it only takes room.
        match &self.folder {
            None => drop(self.memory().remove(&size)),
            Some(folder) => drop(fs::remove_file(folder.join(name(size)))),
        }
    }
}

/// The checkpoints that are kept in a ledger's folder, the smallest first; they are not verified.
///
/// # Errors
/// [`CheckpointError::Damaged`]; [`CheckpointError::Ledger`].
pub fn in_folder(ledger: &Path) -> Result<Vec<SignedCheckpoint>, CheckpointError> {
    Checkpoints::new(Some(ledger)).all()
}

/// Copies the checkpoints of a ledger's folder into another one, up to a size; with whatever was cosigned there already.
///
/// # Errors
/// As [`in_folder`].
pub(super) fn copy(ledger: &Path, to: &Path, size: u64) -> Result<(), CheckpointError> {
    let copy = Checkpoints::new(Some(to));
    for mut signed in in_folder(ledger)?.into_iter().filter(|signed| signed.checkpoint().size() <= size) {
        let kept = copy.of(signed.checkpoint().size())?;
        if let Some(kept) = &kept {
            // One of another history is refused with the entries.
            signed.merge(kept)?;
        }
        if kept.as_ref() != Some(&signed) {
            copy.keep(&signed)?;
        }
    }
    Ok(())
}

impl Ledger {
    /// Signs where the ledger stands with its own key, which remembers it in `anchor`, and keeps the checkpoint. Where the
    /// newest one is of all entries, that is given again.
    ///
    /// # Errors
    /// [`CheckpointError`]: the key signs nothing that does not continue all it signed before.
    pub fn checkpoint(&self, key: &SigningKey, anchor: &Anchor) -> Result<SignedCheckpoint, CheckpointError> {
        let state = self.state();
        let (origin, own) = known(&state, state.head.size)?;
        let verifier = key.verifier();
        if verifier != *own {
            return Err(CheckpointError::Key { expected: own.keyid(), found: verifier.keyid() });
        }
        let held = anchor.hold(origin)?;
        let kept = self.newest_checkpoint()?.filter(|kept| is_signed(kept, &state));
        let remembered = held.recall(&verifier)?;
        // What lies in the folder excuses nothing that the key remembers otherwise.
        let known: Vec<_> =
            [&kept, &remembered].into_iter().flatten().map(SignedCheckpoint::checkpoint).collect();
        let (size, root) = self.continued(&known)?;
        let checkpoint = Checkpoint::new(origin, size, root)?;
        let again =
            [kept.clone(), remembered].into_iter().flatten().find(|known| *known.checkpoint() == checkpoint);
        let signed = again.map_or_else(|| SignedCheckpoint::sign(checkpoint, key), Ok)?;
        held.remember(&verifier, &signed)?;
        if kept.as_ref() != Some(&signed) {
            self.checkpoints.keep(&signed)?;
        }
        let lone = |kept: &SignedCheckpoint| kept.note().signatures().len() == 1;
        if let Some(kept) = kept.filter(|kept| lone(kept) && kept.checkpoint() != signed.checkpoint()) {
            self.checkpoints.forget(&kept);
        }
        Ok(signed)
    }

    /// Size and root of all entries, computed from them, and from the last that was signed of them; they continue each that was.
    fn continued(&self, signed: &[&Checkpoint]) -> Result<(u64, NodeHash), CheckpointError> {
        let last = signed.iter().max_by_key(|last| last.size());
        let size = self.head().size;
        if let Some(known) = last.map(|last| last.size()).filter(|known| *known > size) {
            return Err(CheckpointError::Behind { known, size });
        }
        self.with_tree(|tree, store| {
            if !tree.certify(last.map(|last| (last.size(), last.root())), store)? {
                return Err(CheckpointError::Beside { known: last.map_or(0, |last| last.size()) });
            }
            for each in signed {
                if !tree.is_of(each.size(), each.root(), store)? {
                    return Err(CheckpointError::Beside { known: each.size() });
                }
            }
            Ok((tree.size(), tree.root()))
        })
    }

    /// Refuses a ledger that is behind or beside what the keys of this desk signed for it.
    ///
    /// # Errors
    /// [`CheckpointError::Behind`], [`CheckpointError::Beside`], [`CheckpointError::Anchor`].
    pub fn follows(&self, anchor: &Anchor) -> Result<bool, CheckpointError> {
        let state = self.state();
        let Some(origin) = state.origin() else { return Ok(false) };
        let remembered = anchor.recall(origin)?;
        // What was signed for another founding of the same name says nothing of this one.
        let own = |known: &&SignedCheckpoint| is_signed(known, &state);
        let last = remembered.iter().filter(own).max_by_key(|known| known.checkpoint().size());
        if let Some(last) = last.map(SignedCheckpoint::checkpoint) {
            let (known, size) = (last.size(), self.head().size);
            if known > size {
                return Err(CheckpointError::Behind { known, size });
            }
            if !self.is_root(known, last.root())? {
                return Err(CheckpointError::Beside { known });
            }
        }
        Ok(last.is_some())
    }

    /// Every checkpoint that is kept, the smallest first.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`]; [`CheckpointError::Ledger`].
    pub fn checkpoints(&self) -> Result<Vec<SignedCheckpoint>, CheckpointError> {
        self.checkpoints.all()
    }

    /// The newest checkpoint that is kept.
    ///
    /// # Errors
    /// As [`Self::checkpoints`].
    pub fn newest_checkpoint(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        let newest = self.checkpoints.sizes()?.pop();
        newest.map_or(Ok(None), |size| self.checkpoints.of(size))
    }

    /// The checkpoint of a size, where it is kept.
    ///
    /// # Errors
    /// As [`Self::checkpoints`].
    pub fn checkpoint_of(&self, size: u64) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        self.checkpoints.of(size)
    }

    /// Takes the cosignatures of a copy of a checkpoint in, each verified; one of a known witness that does not hold refuses all.
    ///
    /// # Errors
    /// [`CheckpointError`]; nothing was taken then.
    pub fn take_cosignatures(&self, copy: &SignedCheckpoint) -> Result<Taken, CheckpointError> {
        let state = self.state();
        self.is_own(copy, &state)?;
        let checkpoint = copy.checkpoint();
        let kept = self.checkpoints.of(checkpoint.size())?;
        let mut lines: Vec<Signature> =
            kept.iter().flat_map(|kept| kept.note().signatures()).cloned().collect();
        let (mut new, mut unknown) = (Vec::new(), Vec::new());
        for line in copy.note().signatures() {
            let named = |(_, key): &(&str, &Key)| {
                key.signer.is_witness() && line.names(&key.vkey) && key.is_in_force_at(checkpoint.size())
            };
            if let Some((keyid, key)) = state.keys.iter().find(named) {
                let time = witness::verify(&key.vkey, checkpoint, line)?;
                new.extend((!lines.contains(line)).then(|| (keyid.to_owned(), time)));
                lines.push(line.clone());
            } else if state.ledger_keys().any(|key| line.names(key)) {
                lines.push(line.clone());
            } else {
                unknown.push(line.clone());
            }
        }
        let signed = SignedCheckpoint::with(checkpoint.clone(), lines)?;
        if kept.as_ref() != Some(&signed) {
            self.checkpoints.keep(&signed)?;
        }
        Ok(Taken { signed, new, unknown })
    }

    /// Whether a checkpoint is of this ledger, signed by its key, and of these entries.
    pub(super) fn is_own(&self, signed: &SignedCheckpoint, state: &State) -> Result<(), CheckpointError> {
        let checkpoint = signed.checkpoint();
        // By the key of its time: one that was replaced since signs no more, and what it signed stands.
        let (origin, key) = known(state, checkpoint.size().min(state.head.size))?;
        if checkpoint.origin() != origin {
            let (expected, found) = (origin.to_owned(), checkpoint.origin().to_owned());
            return Err(CheckpointError::Origin { expected, found });
        }
        signed.signed_by(key)?;
        let (size, here) = (checkpoint.size(), self.head().size);
        if size > here {
            return Err(CheckpointError::Ahead { size, here });
        }
        if !self.is_root(size, checkpoint.root())? {
            return Err(CheckpointError::Differs(size));
        }
        Ok(())
    }

    /// Whether a root is that of the tree of the first entries, whatever is kept of it.
    fn is_root(&self, size: u64, root: NodeHash) -> Result<bool, LedgerError> {
        self.with_tree(|tree, store| Ok(tree.is_of(size, root, store)?))
    }

    /// The root of the tree of the first entries.
    ///
    /// # Errors
    /// [`LedgerError`], where they cannot be read.
    pub fn root(&self, size: u64) -> Result<NodeHash, LedgerError> {
        self.with_tree(|tree, store| {
            tree.follow(store)?;
            Ok(Prover::new(tree, size).root()?)
        })
    }

    /// Works with the tree of all entries; what is kept of it is read or made first.
    pub(super) fn with_tree<T, E: From<LedgerError>>(
        &self,
        work: impl FnOnce(&mut Tree, &dyn Store) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tree = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
        let mut opened = match tree.take() {
            Some(opened) => opened,
            None => Tree::open(self.folder.as_deref(), self.store.as_ref())?,
        };
        let done = work(&mut opened, self.store.as_ref())?;
        *tree = Some(opened);
        Ok(done)
    }
}

/// The origin of a ledger that was opened, and its key when it had a size.
fn known(state: &State, size: u64) -> Result<(&str, &VerifierKey), CheckpointError> {
    state.origin().zip(state.ledger_key_at(size)).ok_or(CheckpointError::Empty)
}

/// Whether a checkpoint is signed by a key that the ledger has had.
fn is_signed(signed: &SignedCheckpoint, state: &State) -> bool {
    state.ledger_keys().any(|key| signed.signed_by(key).is_ok())
}

fn name(size: u64) -> String {
    format!("{size:012}")
}

fn sizes(folder: &Path) -> Result<Vec<u64>, CheckpointError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(system(folder, "read")(error).into()),
    };
    let mut sizes = Vec::new();
    for entry in entries {
        let file = entry.map_err(system(folder, "read"))?.file_name();
        let size = file.to_str().and_then(|file| file.parse().ok().filter(|size| name(*size) == file));
        sizes.extend(size);
    }
    sizes.sort_unstable();
    Ok(sizes)
}

fn read(path: &Path) -> Result<Option<SignedCheckpoint>, CheckpointError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(system(path, "read")(error).into()),
    };
    let damaged = |source| CheckpointError::Damaged { path: path.to_owned(), source };
    SignedCheckpoint::parse(&bytes).map(Some).map_err(damaged)
}

fn system(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::System { path, doing, source }
}
