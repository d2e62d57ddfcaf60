//! The ledger's Merkle tree: kept up with each commit, made anew from the entries where it is missing, behind or beside them.
//!
//! It is derived. What is proved with it is verified before it is given away, and no root is signed that was not computed from
//! entries, from the last root that was signed on: [`Tree::certify`].

pub(super) mod compared;

use super::{Ledger, LedgerError};
use crate::store::rows::Rows;
use crate::store::{Store, StoreError};
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::{self, Frontier, Prover, Tiles};
use crate::trail::tile::{self, Tile};
use compared::Compared;
use std::path::Path;
use std::sync::{PoisonError, TryLockError};

/// The hashes of all entries, and of what stands above them.
#[derive(Debug)]
pub(super) struct Tree {
    rows: Rows,
    frontier: Frontier,
    /// Whether the frontier is known to be that of the entries, and not only of what was kept.
    certified: bool,
}

impl Tree {
    /// That of a store's entries, from what a ledger's folder has of it.
    pub(super) fn open(folder: Option<&Path>, store: &dyn Store) -> Result<Self, LedgerError> {
        let rows = folder.map_or_else(|| Ok(Rows::in_memory()), Rows::open)?;
        let size = rows.size().min(store.head().size);
        // Each entry names the one before it: where the last hash is the last entry's, nobody has exchanged one alone.
        let size = if same_last(&rows, store, size)? { size } else { 0 };
        let mut tree = Self { rows, frontier: Frontier::default(), certified: size == 0 };
        tree.rows.cut(size);
        tree.frontier = Frontier::of(&tree.rows, size)?;
        tree.follow(store)?;
        Ok(tree)
    }

    /// Takes what the store has beyond it.
    pub(super) fn follow(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        store.read(self.frontier.size()..store.head().size, &mut |_, line| self.push(LeafHash::of(line)))
    }

    /// Takes what the store has beyond it, and keeps it.
    pub(super) fn keep_up(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        self.follow(store)?;
        self.rows.flush()
    }

    fn push(&mut self, leaf: LeafHash) {
        self.frontier.push(leaf, &mut |height, hash| self.rows.push(height, hash));
    }

    /// Makes sure that it is the tree of the entries: from the last root that was signed on, or from the first entry. What is
    /// kept and differs is made anew. Says whether the entries are still those that were signed.
    pub(super) fn certify(
        &mut self,
        signed: Option<(u64, NodeHash)>,
        store: &dyn Store,
    ) -> Result<bool, StoreError> {
        if let Some((size, root)) = signed {
            if size > self.size() {
                return Ok(false);
            }
            if !self.certified && !self.follows(size, root, store)? {
                self.remake(store)?;
            }
            if Prover::new(&self.rows, size).root()? != root {
                return Ok(false);
            }
        } else if !self.certified {
            self.remake(store)?;
        }
        self.certified = true;
        Ok(true)
    }

    /// Whether what is kept has this root, and continues it with the entries.
    fn follows(&self, size: u64, root: NodeHash, store: &dyn Store) -> Result<bool, StoreError> {
        let mut frontier = Frontier::of(&self.rows, size)?;
        if frontier.root() != root || !self.leads(size, root, store)? {
            return Ok(false);
        }
        store.read(size..self.frontier.size(), &mut |_, line| {
            frontier.push(LeafHash::of(line), &mut |_, _| {});
        })?;
        Ok(frontier == self.frontier)
    }

    /// Whether a root is that of the first entries. What is kept may be anybody's: it is believed where it leads from the last
    /// one of them to the root, since each names the one before it, and made anew where it does not.
    pub(super) fn is_of(&mut self, size: u64, root: NodeHash, store: &dyn Store) -> Result<bool, StoreError> {
        if self.leads(size, root, store)? {
            return Ok(true);
        }
        if !self.certified {
            self.remake(store)?;
        }
        Ok(Prover::new(&self.rows, size).root()? == root)
    }

    /// Whether the first entries, each of them read, have a root. What is kept of their tree and differs is made anew.
    pub(super) fn is_of_all(
        &mut self,
        size: u64,
        root: NodeHash,
        store: &dyn Store,
    ) -> Result<bool, StoreError> {
        let (rows, mut compared) = (&self.rows, Compared::default());
        store.read(0..size, &mut |_, line| compared.take(rows, LeafHash::of(line)))?;
        let found = compared.frontier();
        if (found.size(), found.root()) != (size, root) {
            return Ok(false);
        }
        if !compared.holds(rows) {
            self.remake(store)?;
        }
        Ok(true)
    }

    /// Whether what is kept leads from the last of the first entries to a root.
    fn leads(&self, size: u64, root: NodeHash, store: &dyn Store) -> Result<bool, StoreError> {
        let Some(last) = size.checked_sub(1) else { return Ok(root == NodeHash::empty()) };
        let mut leaf = None;
        store.read(last..size, &mut |_, line| leaf = Some(LeafHash::of(line)))?;
        let path = Prover::new(&self.rows, size).inclusion(last)?;
        Ok(leaf.is_some_and(|leaf| merkle::includes(leaf, last, size, &path, root).is_ok()))
    }

    /// Computes it from the first entry on.
    pub(super) fn remake(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        self.rows.cut(0);
        self.frontier = Frontier::default();
        self.follow(store)?;
        self.certified = true;
        Ok(())
    }

    /// How many entries it has.
    pub(super) const fn size(&self) -> u64 {
        self.frontier.size()
    }
}

impl Tiles for Tree {
    type Fault = StoreError;

    fn tile(&self, tile: Tile) -> Result<Vec<NodeHash>, StoreError> {
        self.rows.tile(tile)
    }

    fn nodes(&self, height: u32, from: u64, count: usize) -> Result<Option<Vec<NodeHash>>, StoreError> {
        self.rows.nodes(height, from, count)
    }
}

impl Ledger {
    /// The root of the tree of the first entries.
    ///
    /// # Errors
    /// [`LedgerError`], where they cannot be read.
    pub fn root(&self, size: u64) -> Result<NodeHash, LedgerError> {
        self.with_tree(|tree, _| Ok(Prover::new(tree, size).root()?))
    }

    /// Whether a root is that of the tree of the first entries, whatever is kept of it.
    ///
    /// # Errors
    /// [`LedgerError`], where they cannot be read.
    pub fn has_root(&self, size: u64, root: NodeHash) -> Result<bool, LedgerError> {
        self.with_tree(|tree, store| Ok(tree.is_of(size, root, store)?))
    }

    /// As [`Self::has_root`], believing nothing that is kept: each of the entries is read.
    ///
    /// # Errors
    /// [`LedgerError`], where they cannot be read.
    pub fn is_of_all(&self, size: u64, root: NodeHash) -> Result<bool, LedgerError> {
        self.with_tree(|tree, store| Ok(tree.is_of_all(size, root, store)?))
    }

    /// The complete subtrees of all entries.
    ///
    /// # Errors
    /// [`LedgerError`], where they cannot be read.
    pub fn frontier(&self) -> Result<Frontier, LedgerError> {
        self.with_tree(|tree, _| Ok(tree.frontier.clone()))
    }

    /// The bytes of a tile of hashes.
    ///
    /// # Errors
    /// [`LedgerError`], where it cannot be read.
    pub fn hashes(&self, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        self.with_tree(|tree, _| Ok(tile::bytes(&tree.tile(tile)?)))
    }

    /// Computes the tree from the first entry on, where what is kept of it does not lead where it should.
    ///
    /// # Errors
    /// [`LedgerError`], where the entries cannot be read.
    pub fn remake_tree(&self) -> Result<(), LedgerError> {
        self.with_tree(|tree, store| Ok(tree.remake(store)?))
    }

    /// Keeps the tree up with entries that were written after so many, whose hashes need not be read back. Where somebody works
    /// with it, who may compute all of it, nobody waits: what it lacks is read by whoever comes next.
    ///
    /// # Errors
    /// [`LedgerError`], where what it lacks besides cannot be read, or it cannot be kept.
    pub(super) fn keep_tree_up(&self, size: u64, written: &[LeafHash]) -> Result<(), LedgerError> {
        let mut tree = match self.tree.try_lock() {
            Ok(tree) => tree,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        if let Some(tree) = tree.as_mut().filter(|tree| tree.size() == size) {
            for leaf in written {
                tree.push(*leaf);
            }
        }
        self.work(&mut tree, |tree, store| Ok(tree.keep_up(store)?))
    }

    /// Works with the tree of all entries; what is kept of it is read or made first.
    pub(super) fn with_tree<T, E: From<LedgerError>>(
        &self,
        work: impl FnOnce(&mut Tree, &dyn Store) -> Result<T, E>,
    ) -> Result<T, E> {
        self.work(&mut self.tree.lock().unwrap_or_else(PoisonError::into_inner), work)
    }

    fn work<T, E: From<LedgerError>>(
        &self,
        tree: &mut Option<Tree>,
        work: impl FnOnce(&mut Tree, &dyn Store) -> Result<T, E>,
    ) -> Result<T, E> {
        let store = self.store.as_ref();
        let mut opened = match tree.take() {
            Some(opened) => opened,
            None => Tree::open(self.folder.as_deref(), store)?,
        };
        opened.follow(store).map_err(LedgerError::from)?;
        let done = work(&mut opened, store)?;
        *tree = Some(opened);
        Ok(done)
    }
}

/// Whether the last of the first hashes is that of the entry there.
fn same_last(rows: &Rows, store: &dyn Store, size: u64) -> Result<bool, StoreError> {
    let Some(last) = size.checked_sub(1) else { return Ok(true) };
    let mut found = None;
    store.read(last..size, &mut |_, line| found = Some(NodeHash::from(LeafHash::of(line))))?;
    let kept = rows.nodes(0, last, 1)?.unwrap_or_default().pop();
    Ok(found.is_some() && found == kept)
}
