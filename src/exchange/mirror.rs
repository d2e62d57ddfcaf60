//! Mirror: a copy of a ledger that follows what its log publishes, and believes none of it.
//!
//! The log's key, which the opening entry names, must have signed the checkpoint; the published hashes must lead from what is here
//! to its root; each entry must have its hash there; and each is judged by the rules before it is stored, byte for byte. What the
//! log signed before, as far as it is known here, must be a beginning of what it signs now: where it is not, both are a fork, which
//! is put down for people to decide ([`crate::ledger::forked`]). Where the files lie is a [`Source`].

use super::layout::{CHECKPOINT, ENTRIES_LIMIT, LayoutError, Source, each_entry, entries, fetch};
use crate::ledger::anchor::{Anchor, AnchorError};
use crate::ledger::checkpoints::{CheckpointError, Taken};
use crate::ledger::following::{FollowError, Following};
use crate::ledger::{Ledger, LedgerError, forked};
use crate::record::adoption;
use crate::record::fact::Fact;
use crate::record::founding::Opened;
use crate::record::verdict::Report;
use crate::store::AppendError;
use crate::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use crate::trail::entry::Entry;
use crate::trail::fork::Fork;
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::key::VerifierKey;
use crate::trail::merkle::{self, Prover, Tiles};
use crate::trail::note::NOTE_LIMIT;
use crate::trail::tile::{self, Kind, Tile, WIDTH};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

/// Where a copy stands after it was brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrored {
    /// The checkpoint that the log publishes, with all cosignatures that are kept of it here.
    pub taken: Taken,
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
    #[error("what is published is not whole")]
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
        "the log signed entries that do not verify, and they are not taken: show the other side what `annals verify` says of an export"
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
        let other = first.filter(|expected| *expected != leaf);
        other.map_or(Ok(()), |expected| Err(MirrorError::First { expected, found: leaf }))?;
        let keys = [&opened.ledger_key];
        self.is_of(opened.origin.as_str(), &keys, 0)?;
        let known = remembered(opened.origin.as_str(), &keys, anchor)?;
        self.continues(&known, None)?;
        let ledger = self.take(Ledger::create(folder)?, progress)?;
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
        if let Some(path) = forked::found(folder) {
            return Err(LedgerError::Forked(path).into());
        }
        let copy = Ledger::open_read_only(folder)?;
        let found = copy.entry(0)?.map_or(LeafHash::NONE, |entry| entry.leaf);
        let other = first.filter(|expected| *expected != found);
        other.map_or(Ok(()), |expected| Err(MirrorError::First { expected, found }))?;
        let state = copy.state();
        let origin = state.origin().ok_or(CheckpointError::Empty)?;
        let keys: Vec<&VerifierKey> = state.ledger_keys().collect();
        self.is_of(origin, &keys, copy.head().size)?;
        let judged = self.continues(&remembered(origin, &keys, anchor)?, Some(&copy));
        if let Err(MirrorError::Forked(fork)) = &judged {
            forked::put_down(folder, fork)?;
        }
        judged?;
        let before = copy.head().size;
        let copy = if before == self.at().0 {
            copy
        } else {
            drop(copy);
            self.take(Ledger::open(folder, &mut crate::ledger::quietly)?, progress)?
        };
        Ok(Mirrored { taken: copy.take_cosignatures(&self.signed)?, before, first: found })
    }

    /// The opening entry that is published, and what it says.
    fn opening(&self) -> Result<(LeafHash, Opened), MirrorError> {
        let tile = Kind::Entries.tile(0, self.at().0).ok_or(MirrorError::Empty)?;
        let (_, bytes, width) = fetch(&mut *self.source.borrow_mut(), tile, ENTRIES_LIMIT)?;
        let first = entries(&bytes, width).and_then(|lines| Entry::parse(lines.first()?).ok());
        let entry = first.ok_or(MirrorError::Opening)?;
        let opened = Fact::opening(&entry.request.event).ok_or(MirrorError::Opening)?;
        Ok((entry.leaf, opened))
    }

    /// Whether the checkpoint is of a ledger, and signed by a key that it has had, or that the entries from one on give it. Which of
    /// them is in force is judged when these are taken.
    fn is_of(&self, expected: &str, keys: &[&VerifierKey], from: u64) -> Result<(), MirrorError> {
        let found = self.signed.checkpoint().origin();
        if expected != found {
            return Err(MirrorError::Origin { expected: expected.to_owned(), found: found.to_owned() });
        }
        let mut refused = None;
        for key in keys {
            match self.signed.signed_by(key) {
                Ok(()) => return Ok(()),
                Err(fault) => refused = Some(fault),
            }
        }
        match refused {
            Some(fault) if !self.replaces(from)? => Err(MirrorError::Signature(fault)),
            _ => Ok(()),
        }
    }

    /// Whether an entry from one on adopts a policy with a key that signed the checkpoint.
    fn replaces(&self, from: u64) -> Result<bool, LayoutError> {
        let mut found = false;
        each_entry(&mut *self.source.borrow_mut(), from, self.at().0, &mut |_, line| {
            let event = Entry::parse(line).ok().map(|entry| entry.request.event);
            let fact = event.and_then(|event| Fact::read(&event).ok());
            if let Some((Fact::Adopted(adoption::Event::Policy(adopted)), _)) = fact {
                let mut logs = adopted.policy.policy().logs().iter();
                found |= logs.any(|log| self.signed.signed_by(&log.key).is_ok());
            }
            Ok::<_, LayoutError>(())
        })?;
        Ok(found)
    }

    /// Whether all that is known of the log is a beginning of what it publishes: what keys of this desk signed, and what a copy has.
    fn continues(&self, known: &[SignedCheckpoint], copy: Option<&Ledger>) -> Result<(), MirrorError> {
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
        for again in [true, false] {
            let same = if here > size {
                copy.root(size)? == root
            } else {
                self.differs(here, copy.root(here)?)?.is_none()
            };
            if same {
                let known = here;
                return if here > size { Err(MirrorError::Behind { known, size }) } else { Ok(()) };
            }
            if again {
                // What is kept of the tree may be what is wrong.
                copy.remake_tree()?;
            }
        }
        // Of what was signed for these entries, the newest tells it.
        for kept in copy.checkpoints()?.iter().rev() {
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
        let Some((then, path)) = self.differs(known.checkpoint().size(), known.checkpoint().root())? else {
            return Ok(());
        };
        let fork = Fork::new(known.clone(), self.signed.clone(), then, path);
        Err(fork.map_or_else(|_| MirrorError::Hashes(self.at().0), |fork| MirrorError::Forked(fork.into())))
    }

    /// Nothing where the tree that is published continues one of a size and a root; else which root it had at that size, and the
    /// proof of it.
    fn differs(&self, old: u64, before: NodeHash) -> Result<Option<(NodeHash, Vec<NodeHash>)>, MirrorError> {
        let (size, root) = self.at();
        let path = Prover::new(self, size).consistency(old)?;
        if merkle::continues((old, before), (size, root), &path).is_ok() {
            return Ok(None);
        }
        let then = if old == size { root } else { Prover::new(self, old).root()? };
        match merkle::continued((old, then), (size, root), &path) {
            Ok(told) if told == then => Ok(Some((then, path))),
            _ => Err(MirrorError::Hashes(size)),
        }
    }

    /// Takes what is published beyond a copy's own entries: their hashes first, as far as the root that was signed.
    fn take(&self, copy: Ledger, progress: &mut dyn FnMut(u64)) -> Result<Ledger, MirrorError> {
        let (size, root) = self.at();
        let mut frontier = copy.frontier()?;
        let from = frontier.size();
        if from >= size {
            // Somebody else brought it up to date meanwhile.
            return Ok(copy);
        }
        let leaves = self.leaves(from, size)?;
        for leaf in &leaves {
            frontier.push(*leaf, &mut |_, _| {});
        }
        if (frontier.size(), frontier.root()) != (size, root) {
            return Err(MirrorError::Hashes(size));
        }
        let mut following = Following::of(copy);
        let mut leaves = leaves.into_iter();
        each_entry::<MirrorError>(&mut *self.source.borrow_mut(), from, size, &mut |at, line| {
            if leaves.next() != Some(LeafHash::of(line)) {
                return Err(MirrorError::Entry(at));
            }
            progress(at + 1);
            Ok(following.push(line)?)
        })?;
        Ok(following.finish()?)
    }

    /// The published leaf hashes from one on.
    fn leaves(&self, from: u64, size: u64) -> Result<Vec<LeafHash>, MirrorError> {
        let mut leaves = Vec::new();
        for index in from / WIDTH..size.div_ceil(WIDTH) {
            let Some(tile) = Kind::Hashes(0).tile(index, size) else { break };
            let known = usize::try_from(from.saturating_sub(index * WIDTH)).unwrap_or_default();
            leaves.extend(self.hashes(tile)?.into_iter().skip(known).map(|hash| LeafHash(hash.0)));
        }
        Ok(leaves)
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

/// What keys of this desk signed for the same ledger, the smallest first.
fn remembered(
    origin: &str,
    keys: &[&VerifierKey],
    anchor: Option<&Anchor>,
) -> Result<Vec<SignedCheckpoint>, MirrorError> {
    let mut known = anchor.map_or(Ok(Vec::new()), |anchor| anchor.recall(origin))?;
    // What was signed for another founding of the same name says nothing of this one.
    known.retain(|known| keys.iter().any(|key| known.signed_by(key).is_ok()));
    Ok(known)
}

#[cfg(test)]
mod tests;
