//! Verification: every entry of a ledger judged anew, with what stands beside it.

use super::disclosures::AtHand;
use super::index::Index;
use super::{Ledger, LedgerError, snapshot};
use crate::record::beside::Beside;
use crate::record::state::State;
use crate::record::verdict::Report;
use crate::record::verify::Verifier;
use crate::store::Store;
use crate::store::embedded::Embedded;
use crate::trail::hash::LeafHash;
use std::ops::ControlFlow;
use std::path::Path;

/// Whether every entry of a store holds, with nothing beside them.
pub(super) fn is_sound(store: &dyn Store) -> bool {
    let mut verifier = Verifier::new(Index::default(), Beside::default());
    let mut taken = Ok(());
    let read = store.read(0..u64::MAX, &mut |_, line| {
        if taken.is_ok() {
            taken = verifier.push(line);
        }
    });
    let report = read.and(taken).and_then(|()| verifier.finish_with_state());
    report.is_ok_and(|(report, ..)| report.first_bad().is_none())
}

impl Ledger {
    /// Verifies every entry, the disclosures at hand and the state that was kept; `progress` hears how many were read.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger cannot be read. What is wrong with it is in the report.
    pub fn verify(&self, progress: &mut dyn FnMut(u64)) -> Result<Report, LedgerError> {
        let (kept, unreadable) =
            self.folder.as_deref().map(snapshot::compared).transpose()?.unwrap_or_default();
        let at_hand = self.disclosures.at_hand()?;
        let (disclosures, damaged) = (at_hand.count(), at_hand.damaged());
        let beside = Beside { disclosures, damaged, kept, unreadable, ..Beside::default() };
        let verifier = Verifier::new(Index::beside(at_hand), beside);
        self.judge_entries(verifier, u64::MAX, &mut |at, _| progress(at + 1))
    }

    /// Has the first entries judged; each is handed over before it is.
    pub(super) fn judge_entries(
        &self,
        mut verifier: Verifier<Index>,
        size: u64,
        each: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<Report, LedgerError> {
        let mut failed = None;
        self.read(0..size, &mut |at, line| {
            each(at, line);
            failed = verifier.push(line).err();
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failed.map_or(Ok(()), Err)?;
        Ok(verifier.finish()?)
    }

    /// Verifies the ledger in a folder, whatever state it is in, without a lock: as [`Ledger::verify`], for entries that
    /// [`Ledger::open`] would refuse to continue. `seen` are leaf hashes that somebody saw in it before, and each line is handed to
    /// `each`, too. With the state that the entries leave, as far as they could be judged.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger cannot be read.
    pub fn verify_folder(
        folder: &Path,
        seen: Vec<LeafHash>,
        each: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<(Report, State), LedgerError> {
        // Before the journal, to which somebody may append and keep a snapshot of that.
        let (kept, unreadable) = snapshot::compared(folder)?;
        let store = Embedded::open_whole(folder)?;
        let at_hand = AtHand::read(folder)?;
        let beside = Beside {
            disclosures: at_hand.count(),
            damaged: at_hand.damaged(),
            kept,
            unreadable,
            unfinished: store.unfinished(),
            seen,
        };
        let mut verifier = Verifier::new(Index::beside(at_hand), beside);
        let mut taken = Ok(());
        store.read(0..u64::MAX, &mut |at, line| {
            if taken.is_ok() {
                taken = verifier.push(line);
                each(at, line);
            }
        })?;
        taken?;
        let (report, state, _) = verifier.finish_with_state()?;
        Ok((report, state))
    }
}
