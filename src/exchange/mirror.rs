//! Mirror: a copy of a ledger that follows what its log publishes, and believes none of it.
//!
//! The log's key, which the opening entry names, or whichever all parties adopted in its place, must have signed the checkpoint;
//! the published hashes must lead from what is here to its root; each entry must have its hash there; and each is judged by the
//! rules before it is stored, byte for byte. What the log signed before, as far as it is known here, must be a beginning of what it
//! signs now: where it is not, both are a fork, which is put down for people to decide ([`crate::ledger::forked`]). Where the files
//! lie is a [`Source`].

use super::layout::{CHECKPOINT, ENTRIES_LIMIT, LayoutError, Source, each_entry, entries, fetch};
use crate::ledger::anchor::{Anchor, AnchorError};
use crate::ledger::checkpoints::{CheckpointError, Merged};
use crate::ledger::following::{FollowError, Following};
use crate::ledger::{Ledger, LedgerError, forked};
use crate::record::fact::Fact;
use crate::record::founding::Opened;
use crate::record::state::State;
use crate::record::verdict::Report;
use crate::store::runs::Runs;
use crate::store::{AppendError, StoreError};
use crate::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use crate::trail::entry::Entry;
use crate::trail::fork::Fork;
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::key::VerifierKey;
use crate::trail::note::NOTE_LIMIT;
use crate::trail::tile::{self, Kind, Tile, WIDTH};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

mod continuity;

/// Where a copy stands after it was brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrored {
    /// The checkpoint that the log publishes, with all cosignatures that are kept of it here.
    pub taken: Merged,
    /// How many entries the copy had before.
    pub before: u64,
    /// The leaf hash of the opening entry: whose ledger it is, said in 64 digits.
    pub first: LeafHash,
}

/// Why a copy is not brought up to date. What was stored until then is under the root that the log signed, and judged.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// Nothing there.
    #[error("no log is published there: `checkpoint` is missing; check the address")]
    Nothing,
    /// Something else there.
    #[error("`checkpoint` is none: check the address")]
    Form(#[source] CheckpointFault),
    /// A log without entries.
    #[error("the log that is published there has no entry yet")]
    Empty,
    /// The first entry is no opening.
    #[error("the first entry that is published opens no ledger: check the address")]
    Opening,
    /// Another ledger than was named.
    #[error("the ledger begins with the entry {found}, and {expected} was asked for: it is another one")]
    First {
        /// As asked for.
        expected: LeafHash,
        /// As found.
        found: LeafHash,
    },
    /// Another log.
    #[error("the log that is published there is {found}, and the ledger is {expected}: check the address")]
    Origin {
        /// Of the copy, or of the opening entry.
        expected: String,
        /// Of the checkpoint.
        found: String,
    },
    /// Not the log's signature.
    #[error("the published checkpoint is not the log's")]
    Signature(#[source] CheckpointFault),
    /// A file that is missing or is none.
    #[error("what is published is not taken: it could not be read, or is not whole")]
    Layout(#[from] LayoutError),
    /// Hashes that lead elsewhere.
    #[error(
        "the hashes that are published do not lead to the root that the log signed for {0} entries: a tile was changed; ask the other \
         side to publish it again"
    )]
    Hashes(u64),
    /// An entry that has another hash.
    #[error(
        "entry {0} is not the one whose hash the log signed: it was changed on the way; ask the other side to publish it again"
    )]
    Entry(u64),
    /// Entries that the rules refuse, whoever signed the root above them.
    #[error(
        "the log signed entries that do not verify, and they are not taken: {0}; show it to the other side, and what `annals verify` \
         says of an export"
    )]
    Refused(Box<Report>),
    /// Fewer entries than are known.
    #[error(
        "the log publishes {size} entries, and signed {known} before: it is behind, or was cut; ask the other side"
    )]
    Behind {
        /// How many are known.
        known: u64,
        /// How many are published.
        size: u64,
    },
    /// Two histories.
    #[error("the log signed {} and {} entries that cannot both be true: it has forked", .0.checkpoints()[0].checkpoint().size(), .0.checkpoints()[1].checkpoint().size())]
    Forked(Box<Fork>),
    /// Entries here that nobody signed.
    #[error(
        "the {here} entries here are not those of the log, and no checkpoint of them is kept: this copy was changed or written to by \
         itself; move it away and mirror again"
    )]
    Beside {
        /// How many there are.
        here: u64,
    },
    /// The checkpoint, or a cosignature of it.
    #[error("the published checkpoint is not taken")]
    Checkpoint(#[from] CheckpointError),
    /// The copy.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The copy, while it was written.
    #[error("the entries cannot be written")]
    Append(#[from] AppendError),
}

impl From<FollowError> for MirrorError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Refused(report) => Self::Refused(report),
            FollowError::Ledger(error) => Self::Ledger(error),
            FollowError::Append(error) => Self::Append(error),
        }
    }
}

impl From<AnchorError> for MirrorError {
    fn from(error: AnchorError) -> Self {
        Self::Checkpoint(error.into())
    }
}

/// What a log publishes, as far as its key has signed for it.
#[derive(Debug)]
pub struct Log<S> {
    source: RefCell<S>,
    signed: SignedCheckpoint,
    /// The tiles that proofs needed by now.
    fetched: RefCell<BTreeMap<Tile, Vec<NodeHash>>>,
}

impl<S: Source> Log<S> {
    /// Reads the newest checkpoint.
    ///
    /// # Errors
    /// [`MirrorError::Nothing`], [`MirrorError::Form`], [`MirrorError::Layout`].
    pub fn read(mut source: S) -> Result<Self, MirrorError> {
        let read = source.read(CHECKPOINT, NOTE_LIMIT as u64);
        let bytes = read.map_err(|error| LayoutError::Read(CHECKPOINT.to_owned(), error))?;
        let signed =
            SignedCheckpoint::parse(&bytes.ok_or(MirrorError::Nothing)?).map_err(MirrorError::Form)?;
        Ok(Self { source: RefCell::new(source), signed, fetched: RefCell::default() })
    }

    /// The checkpoint that it publishes.
    #[must_use]
    pub const fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    fn at(&self) -> (u64, NodeHash) {
        (self.signed.checkpoint().size(), self.signed.checkpoint().root())
    }

    /// Makes a copy in a folder that is new or empty. `first` is the leaf hash of the opening entry, from elsewhere: without it
    /// nobody knows whose ledger it is. `progress` hears how many entries were read.
    ///
    /// # Errors
    /// [`MirrorError`]: the folder is then to be thrown away.
    pub fn begin(
        &self,
        folder: &Path,
        first: Option<LeafHash>,
        anchor: Option<&Anchor>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Mirrored, MirrorError> {
        let (leaf, opened) = self.opening()?;
        is_first(first, leaf)?;
        self.is_of(opened.origin.as_str())?;
        let named = self.named_by(Some(&opened.ledger_key))?;
        if named {
            self.continues(&self.remembered([&opened.ledger_key], anchor)?, None)?;
        }
        let ledger = self.take(Ledger::create(folder)?, named, anchor, progress)?;
        Ok(Mirrored { taken: ledger.take_cosignatures(&self.signed)?, before: 0, first: leaf })
    }

    /// Brings the copy in a folder up to date. It is opened for writing only where there is something new.
    ///
    /// # Errors
    /// [`MirrorError`]. [`MirrorError::Forked`] is put down in the folder, which is not written to from then on.
    pub fn follow(
        &self,
        folder: &Path,
        first: Option<LeafHash>,
        anchor: Option<&Anchor>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Mirrored, MirrorError> {
        forked::refuse(folder)?;
        let copy = Ledger::open_read_only(folder)?;
        let found = copy.entry(0)?.map_or(LeafHash::NONE, |entry| entry.leaf());
        is_first(first, found)?;
        let (state, before, size) = (copy.state(), copy.head().size, self.at().0);
        self.is_of(state.origin().ok_or(CheckpointError::Empty)?)?;
        let named = self.named_by(state.ledger_key_at(size.min(before)))?;
        self.is_unforged(&state)?;
        let judged = self.continues(&self.remembered(state.ledger_keys(), anchor)?, Some(&copy));
        match judged {
            // What may be nobody's is no fork of the log.
            _ if !named && size <= before => self.signed_by(&state)?,
            Err(_) if !named => self.signed_by(&state)?,
            Err(MirrorError::Forked(fork)) => {
                forked::put_down(folder, &fork)?;
                return Err(MirrorError::Forked(fork));
            }
            judged => judged?,
        }
        let copy = if before == size {
            copy
        } else {
            drop(copy);
            self.take(Ledger::open(folder, &mut crate::ledger::quietly)?, named, anchor, progress)?
        };
        Ok(Mirrored { taken: copy.take_cosignatures(&self.signed)?, before, first: found })
    }

    /// The opening entry that is published, and what it says.
    fn opening(&self) -> Result<(LeafHash, Opened), MirrorError> {
        let tile = Kind::Entries.tile(0, self.at().0).ok_or(MirrorError::Empty)?;
        let (path, bytes, width) = fetch(&mut *self.source.borrow_mut(), tile, ENTRIES_LIMIT)?;
        let lines = entries(&bytes, width);
        let lines = lines.ok_or(LayoutError::Form(path, "entries are expected, as many as its name says"))?;
        let first = lines.first().and_then(|line| Entry::parse(line).ok());
        let entry = first.ok_or(MirrorError::Opening)?;
        let opened = Fact::opening(&entry.request.event).ok_or(MirrorError::Opening)?;
        Ok((entry.leaf(), opened))
    }

    /// Whether the checkpoint is of a ledger.
    fn is_of(&self, expected: &str) -> Result<(), MirrorError> {
        let found = self.signed.checkpoint().origin();
        if expected == found {
            return Ok(());
        }
        Err(MirrorError::Origin { expected: expected.to_owned(), found: found.to_owned() })
    }

    /// Whether the checkpoint is signed by the key that is known. If it is not, the key may have been replaced by entries that are
    /// not known yet: they tell it.
    fn named_by(&self, key: Option<&VerifierKey>) -> Result<bool, MirrorError> {
        match self.signed.signed_by(key.ok_or(CheckpointError::Empty)?) {
            Ok(()) => Ok(true),
            Err(CheckpointFault::Unsigned(_)) => Ok(false),
            Err(fault) => Err(MirrorError::Signature(fault)),
        }
    }

    /// Whether the checkpoint is signed by the log's key of its time, as far as entries tell.
    fn signed_by(&self, state: &State) -> Result<(), MirrorError> {
        let key = state.ledger_key_at(self.at().0.min(state.head.size)).ok_or(CheckpointError::Empty)?;
        self.signed.signed_by(key).map_err(MirrorError::Signature)?;
        self.is_unforged(state)
    }

    /// No key that the log has had is named by a line that does not hold.
    fn is_unforged(&self, state: &State) -> Result<(), MirrorError> {
        state.ledger_keys().try_for_each(|key| self.named_by(Some(key)).map(drop))
    }

    /// Takes what is published beyond a copy's own entries: their hashes first, as far as the root that was signed.
    /// Where it is not `named` who signed that, nothing is written before the entries have told it.
    fn take(
        &self,
        copy: Ledger,
        named: bool,
        anchor: Option<&Anchor>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Ledger, MirrorError> {
        let (size, root) = self.at();
        let mut frontier = copy.frontier()?;
        let from = frontier.size();
        if from >= size {
            // Somebody else brought it up to date meanwhile.
            return Ok(copy);
        }
        // There may be more than memory should hold, and nobody has said yet that the size is a true one.
        let mut leaves = Runs::<8, 32>::new(false);
        self.each_leaf(from, size, &mut |at, leaf| {
            frontier.push(leaf, &mut |_, _| {});
            leaves.insert(at.to_be_bytes(), leaf.0)
        })?;
        if (frontier.size(), frontier.root()) != (size, root) {
            return Err(MirrorError::Hashes(size));
        }
        copy.put_down_as_copy()?;
        let following = Following::of(copy)?;
        // A copy that is begun holds nothing yet that would have to stay as it is, and is thrown away.
        let mut following = if named || from == 0 { following } else { following.holding() };
        each_entry::<MirrorError>(&mut *self.source.borrow_mut(), from, size, &mut |at, line| {
            if leaves.get(&at.to_be_bytes()).map_err(LedgerError::from)? != Some(LeafHash::of(line).0) {
                return Err(MirrorError::Entry(at));
            }
            progress(at + 1);
            Ok(following.push(line)?)
        })?;
        let wanted = |state: &State| {
            self.signed_by(state)?;
            // Keys that were not known before may have signed something at this desk.
            if named { Ok(()) } else { self.continues(&self.remembered(state.ledger_keys(), anchor)?, None) }
        };
        following.finish(wanted).map(|(copy, _)| copy)
    }

    /// What keys of this desk signed for the same ledger, the smallest first.
    fn remembered<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
        anchor: Option<&Anchor>,
    ) -> Result<Vec<SignedCheckpoint>, MirrorError> {
        let origin = self.signed.checkpoint().origin();
        Ok(anchor.map_or(Ok(Vec::new()), |anchor| anchor.recall(origin, keys))?)
    }

    /// Hands over the published leaf hashes from one on, with their sequences.
    fn each_leaf(
        &self,
        from: u64,
        size: u64,
        each: &mut dyn FnMut(u64, LeafHash) -> Result<(), StoreError>,
    ) -> Result<(), MirrorError> {
        for index in from / WIDTH..size.div_ceil(WIDTH) {
            let Some(tile) = Kind::Hashes(0).tile(index, size) else { break };
            for (at, hash) in (index * WIDTH..size).zip(self.hashes(tile)?).filter(|(at, _)| *at >= from) {
                each(at, LeafHash(hash.0)).map_err(LedgerError::from)?;
            }
        }
        Ok(())
    }

    /// The hashes of a tile that is published.
    fn hashes(&self, tile: Tile) -> Result<Vec<NodeHash>, LayoutError> {
        let (path, bytes, width) = fetch(&mut *self.source.borrow_mut(), tile, WIDTH * 32)?;
        let hashes = tile::hashes(&bytes).filter(|hashes| hashes.len() == usize::from(width));
        let mut hashes =
            hashes.ok_or(LayoutError::Form(path, "hashes of 32 bytes are expected, as many as it has"))?;
        hashes.truncate(usize::from(tile.width));
        Ok(hashes)
    }
}

/// Whether an opening entry is the one that was asked for.
fn is_first(expected: Option<LeafHash>, found: LeafHash) -> Result<(), MirrorError> {
    match expected.filter(|expected| *expected != found) {
        Some(expected) => Err(MirrorError::First { expected, found }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
