//! The tree that is kept, held against the entries while they are read.

use super::{Examining, Gravity, Part};
use crate::ledger::tree::compared::Compared;
use crate::store::rows::{self, Rows};
use crate::trail::hash::LeafHash;
use crate::trail::merkle::{STEP, Tiles};

/// The tree that is kept.
pub(super) struct Kept {
    rows: Rows,
    /// How many entries it is of.
    size: u64,
    compared: Compared,
    /// Whether it counts for nothing.
    torn: bool,
}

impl Kept {
    /// Takes the next entry.
    pub(super) fn take(&mut self, leaf: LeafHash) {
        // Of what came later nothing needs to be kept.
        if self.compared.frontier().size() < self.size {
            self.compared.take(&self.rows, leaf);
        }
    }

    /// Whether it is the tree of the entries.
    fn holds(self) -> bool {
        !self.torn && self.compared.holds(&self.rows)
    }
}

/// Whether there are rows that count for nothing, because another that they need was lost.
fn is_torn(rows: &Rows) -> bool {
    let mut heights = (0..u64::BITS).step_by(STEP as usize);
    let has_some =
        |height| rows.nodes(height, 0, 1).is_ok_and(|kept| kept.is_some_and(|kept| !kept.is_empty()));
    rows.size() == 0 && heights.any(has_some)
}

impl Examining<'_> {
    /// What is kept of the tree, to be compared; a writer changes it.
    pub(super) fn tree(&self) -> Option<Kept> {
        if self.writer.is_some() || self.has_taken(Part::State) {
            return None;
        }
        let rows = Rows::open(self.folder).ok()?;
        let (size, torn) = (rows.size(), is_torn(&rows));
        Some(Kept { rows, size, compared: Compared::default(), torn })
    }

    /// Where the journal was cut, that is said already, and with it the tree is another.
    pub(super) fn verify_tree(&mut self, kept: Option<Kept>) {
        if self.is_cut() || kept.is_none_or(Kept::holds) {
            return;
        }
        let what = format!(
            "`{}` is not the tree of the entries: proofs need all of them to be read, and what is published of it proves nothing",
            rows::FOLDER
        );
        self.add(Part::State, Gravity::Wrong, what, self.remedies.anew());
    }
}
