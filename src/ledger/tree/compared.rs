//! What is kept of a tree, held against entries as they are read, of which never more than a page is in memory.

use crate::store::rows::Rows;
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::{Frontier, Tiles};
use std::collections::BTreeMap;

/// How many hashes are compared at a time.
const PAGE: usize = 256;

/// The tree of the entries that were read, beside the one that is kept.
#[derive(Default)]
pub(in crate::ledger) struct Compared {
    frontier: Frontier,
    /// By their height, hashes that are to be kept, and were not compared yet.
    pages: BTreeMap<u8, Page>,
    differs: bool,
}

#[derive(Default)]
struct Page {
    from: u64,
    hashes: Vec<NodeHash>,
}

impl Compared {
    /// Takes the next entry.
    pub(in crate::ledger) fn take(&mut self, rows: &Rows, leaf: LeafHash) {
        let pages = &mut self.pages;
        self.frontier.push(leaf, &mut |height, hash| pages.entry(height).or_default().hashes.push(hash));
        for (height, page) in pages.iter_mut().filter(|(_, page)| page.hashes.len() == PAGE) {
            self.differs |= !is_kept(rows, *height, page);
        }
    }

    /// The tree of the entries that were taken.
    pub(in crate::ledger) const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Whether what is kept is all of that tree.
    pub(in crate::ledger) fn holds(mut self, rows: &Rows) -> bool {
        !self.differs && self.pages.iter_mut().all(|(height, page)| is_kept(rows, *height, page))
    }
}

/// Whether the hashes of a page are those that are kept; the next page begins behind them. What cannot be read is not.
fn is_kept(rows: &Rows, height: u8, page: &mut Page) -> bool {
    let kept = rows.nodes(u32::from(height), page.from, page.hashes.len());
    let same = matches!(kept, Ok(Some(kept)) if kept == page.hashes);
    page.from += page.hashes.len() as u64;
    page.hashes.clear();
    same
}
