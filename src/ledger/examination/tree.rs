//! The tree that is kept, held against the entries while they are read.

use super::{Found, Gravity, Part};
use crate::store::rows::{self, Rows};
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::{Frontier, STEP, Tiles};
use std::collections::BTreeMap;

/// How many hashes are compared at a time.
const PAGE: usize = 256;

/// What is kept of a tree, and the tree of the entries that were read.
pub(super) struct Compared {
    rows: Rows,
    /// How many entries it is kept of.
    size: u64,
    frontier: Frontier,
    /// By their height, hashes that are to be kept, and were not compared yet.
    pages: BTreeMap<u8, Page>,
    /// Whether another hash is kept somewhere.
    differs: bool,
}

#[derive(Default)]
struct Page {
    from: u64,
    hashes: Vec<NodeHash>,
}

impl Compared {
    /// Takes the next entry.
    pub(super) fn take(&mut self, leaf: LeafHash) {
        // Of what came later nothing needs to be kept.
        if self.differs || self.frontier.size() == self.size {
            return;
        }
        let pages = &mut self.pages;
        self.frontier.push(leaf, &mut |height, hash| pages.entry(height).or_default().hashes.push(hash));
        self.differs = pages
            .iter_mut()
            .any(|(height, page)| page.hashes.len() == PAGE && !is_kept(&self.rows, *height, page));
    }

    /// Whether it is the tree of the entries, as far as it is kept.
    fn holds(mut self) -> bool {
        let rows = &self.rows;
        !self.differs && self.pages.iter_mut().all(|(height, page)| is_kept(rows, *height, page))
    }
}

/// Whether the hashes of a page are those that are kept; the next page begins behind them.
fn is_kept(rows: &Rows, height: u8, page: &mut Page) -> bool {
    let kept = rows.nodes(u32::from(height), page.from, page.hashes.len());
    let same = matches!(kept, Ok(Some(kept)) if kept == page.hashes);
    page.from += page.hashes.len() as u64;
    page.hashes.clear();
    same
}

/// Whether there are rows that count for nothing, because another that they need was lost.
fn is_torn(rows: &Rows) -> bool {
    let mut heights = (0..u64::BITS).step_by(STEP as usize);
    let has_some =
        |height| rows.nodes(height, 0, 1).is_ok_and(|kept| kept.is_some_and(|kept| !kept.is_empty()));
    rows.size() == 0 && heights.any(has_some)
}

impl Found<'_> {
    /// What is kept of the tree, to be compared; a writer changes it.
    pub(super) fn tree(&self) -> Option<Compared> {
        if self.writer.is_some() || self.has_taken(Part::State) {
            return None;
        }
        let rows = Rows::open(self.folder).ok()?;
        let (size, differs) = (rows.size(), is_torn(&rows));
        let (frontier, pages) = (Frontier::default(), BTreeMap::new());
        Some(Compared { rows, size, frontier, pages, differs })
    }

    /// Where the journal was cut, that is said already, and with it the tree is another.
    pub(super) fn verify_tree(&mut self, compared: Option<Compared>) {
        if self.is_cut() || compared.is_none_or(Compared::holds) {
            return;
        }
        let what = format!(
            "`{}` is not the tree of the entries: proofs need all of them to be read, and what is published of it proves nothing",
            rows::FOLDER
        );
        self.add(Part::State, Gravity::Wrong, what, self.remedies.anew());
    }
}
