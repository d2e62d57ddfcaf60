//! Replaying: the entries read again, one by one or up to a cut, with the state that they leave.

use super::catch_up::read_entry;
use super::{Ledger, LedgerError};
use crate::record::archive::Archive;
use crate::record::fact::Fact;
use crate::record::history::{History, State};
use crate::store::StoreError;
use crate::trail::entry::Entry;
use crate::trail::hash::LeafHash;
use chrono::NaiveDate;
use std::ops::{ControlFlow, Range};
use uuid::Uuid;

/// How many entries are read at a time: the writer waits for no longer than that.
const PAGE: u64 = 1024;

/// Up to which entry a history is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The entry with this sequence is the last.
    Sequence(u64),
    /// The entry with this leaf hash is the last.
    Leaf(LeafHash),
    /// What was recorded by the end of this day, in the zone where it ends last.
    Day(NaiveDate),
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sequence(sequence) => write!(f, "sequence {sequence}"),
            Self::Leaf(leaf) => write!(f, "leaf hash {leaf}"),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

impl Ledger {
    /// The lines of a range, without their newlines, as far as there are any; `each` may stop.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn read(
        &self,
        range: Range<u64>,
        each: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut from = range.start;
        let end = range.end.min(self.sequencer().store.head().size);
        let mut flow = ControlFlow::Continue(());
        while from < end && flow.is_continue() {
            let to = (from + PAGE).min(end);
            let mut page = Vec::new();
            self.sequencer().store.read(from..to, &mut |at, line| page.push((at, line.to_vec())))?;
            // The lock is given back before anybody is called, who may ask the ledger for more.
            for (at, line) in &page {
                flow = each(*at, line);
                if flow.is_break() {
                    break;
                }
            }
            from = to;
        }
        Ok(())
    }

    /// Entry by entry with the state before it, from the first to the last.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn replay(
        &self,
        each: &mut dyn FnMut(&State, &Entry, &Fact) -> ControlFlow<()>,
    ) -> Result<History, LedgerError> {
        let mut history = History::default();
        let mut failed = None;
        self.read(0..u64::MAX, &mut |at, line| match read_entry(at, line) {
            Ok((entry, fact, _)) => {
                each(&history.state, &entry, &fact)?;
                history.evolve(&entry, &fact);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        failed.map_or(Ok(history), Err)
    }

    /// The history of the entries up to a cut, or of all.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Cut`] where the cut names no entry.
    pub fn at(&self, cut: Option<Cut>) -> Result<History, LedgerError> {
        let Some(cut) = cut else { return Ok(self.sequencer().past.history()?) };
        let limit = match cut {
            Cut::Day(day) => self.state().founding.map(|founding| founding.end_of(day)),
            Cut::Sequence(_) | Cut::Leaf(_) => None,
        };
        let mut found = limit.is_some();
        let history = self.replay(&mut |before, entry, _| {
            let stop = match cut {
                Cut::Sequence(sequence) => entry.seal.sequence > sequence,
                Cut::Leaf(leaf) => before.head.leaf == leaf,
                Cut::Day(_) => limit.is_some_and(|limit| entry.seal.recordedtime >= limit),
            };
            found |= cut == Cut::Sequence(entry.seal.sequence) || cut == Cut::Leaf(entry.leaf);
            if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if found || matches!(cut, Cut::Day(_)) { Ok(history) } else { Err(LedgerError::Cut(cut)) }
    }

    /// The sequences of a stream's entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sequences(&self, subject: &str) -> Result<Vec<u64>, StoreError> {
        self.sequencer().store.sequences(subject)
    }

    /// The entry with this id. A ledger opened for writing knows where it is; one opened for reading looks through all.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn recorded(&self, id: Uuid) -> Result<Option<Entry>, LedgerError> {
        let (unnamed, sequence) = {
            let past = &mut self.sequencer().past;
            (past.unnamed, past.archive.by_id(id)?)
        };
        if !unnamed {
            return sequence.map_or(Ok(None), |sequence| self.entry(sequence));
        }
        let mut found = None;
        self.replay(&mut |_, entry, _| {
            if entry.request.event.id == id {
                found = Some(entry.clone());
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// One entry.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn entry(&self, sequence: u64) -> Result<Option<Entry>, LedgerError> {
        let mut found = None;
        self.read(sequence..sequence.saturating_add(1), &mut |at, line| {
            found = Some(read_entry(at, line));
            ControlFlow::Break(())
        })?;
        found.transpose().map(|found| found.map(|(entry, _, _)| entry))
    }
}
