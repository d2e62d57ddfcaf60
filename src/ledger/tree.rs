//! The ledger's Merkle tree: kept up with each commit, made anew from the entries where it is missing, behind or beside them.
//!
//! It is derived. What is proved with it is verified before it is given away, and no root is signed that was not computed from
//! entries, from the last root that was signed on: [`Tree::certify`].

use super::LedgerError;
use crate::store::rows::Rows;
use crate::store::{Store, StoreError};
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::{self, Frontier, Prover, Tiles};
use crate::trail::tile::{Kind, TOP, Tile, WIDTH};
use std::path::Path;

/// The hashes of all entries, and of what stands above them.
#[derive(Debug)]
pub(super) struct Tree {
    rows: Rows,
    frontier: Frontier,
    /// Whether the frontier is known to be that of the entries, and not only of what was kept.
    certified: bool,
}

/// Makes the tree of a store's entries in a ledger's folder, as far as it is not there.
pub(crate) fn make(folder: &Path, store: &dyn Store) -> Result<(), LedgerError> {
    Ok(Tree::open(Some(folder), store)?.keep_up(store)?)
}

impl Tree {
    /// That of a store's entries, from what a ledger's folder has of it.
    pub(super) fn open(folder: Option<&Path>, store: &dyn Store) -> Result<Self, LedgerError> {
        let rows = folder.map_or_else(|| Ok(Rows::in_memory()), Rows::open)?;
        let size = rows.len(0).min(store.head().size);
        let whole = (1..=TOP).all(|level| rows.len(level) >= Kind::Hashes(level).rows(size));
        // Each entry names the one before it: where the last hash is the last entry's, nobody has exchanged one alone.
        let size = if whole && same_last(&rows, store, size)? { size } else { 0 };
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
        self.frontier.push(leaf, &mut |level, hash| self.rows.push(level, hash));
    }

    /// Makes sure that it is the tree of the entries: from the last root that was signed on, or from the first entry. What is
    /// kept and differs is made anew. Says whether the entries are still those that were signed.
    pub(super) fn certify(
        &mut self,
        signed: Option<(u64, NodeHash)>,
        store: &dyn Store,
    ) -> Result<bool, StoreError> {
        self.follow(store)?;
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
        self.follow(store)?;
        if self.leads(size, root, store)? {
            return Ok(true);
        }
        if !self.certified {
            self.remake(store)?;
        }
        Ok(Prover::new(&self.rows, size).root()? == root)
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

    /// The complete subtrees that it is made of.
    pub(super) const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Its root.
    pub(super) fn root(&self) -> NodeHash {
        self.frontier.root()
    }
}

impl Tiles for Tree {
    type Fault = StoreError;

    fn tile(&self, tile: Tile) -> Result<Vec<NodeHash>, StoreError> {
        self.rows.tile(tile)
    }
}

/// Whether the last of the first hashes is that of the entry there.
fn same_last(rows: &Rows, store: &dyn Store, size: u64) -> Result<bool, StoreError> {
    let Some(last) = size.checked_sub(1) else { return Ok(true) };
    let mut found = None;
    store.read(last..size, &mut |_, line| found = Some(NodeHash::from(LeafHash::of(line))))?;
    let tile = Kind::Hashes(0).tile(last / WIDTH, size);
    let kept = tile.map_or(Ok(Vec::new()), |tile| rows.tile(tile))?.pop();
    Ok(found.is_some() && found == kept)
}
