//! Replaying: the entries read again, one by one, and the history up to any of them.

use super::index::Sayings;
use super::past::{SHARE, read_entry, read_fact};
use super::{Ledger, LedgerError};
use crate::domain::date::Effective;
use crate::domain::review::Axis;
use crate::record::archive::Archive;
use crate::record::cores;
use crate::record::fact::Fact;
use crate::record::history::History;
use crate::record::state::State;
use crate::store::{Head, LineHint, StoreError};
use crate::trail::chain::Range as Chain;
use crate::trail::entry::Entry;
use crate::trail::hash::LeafHash;
use crate::trail::lines::{Lines, Shared};
use chrono::NaiveDate;
use std::ops::{ControlFlow, Range};
use uuid::Uuid;

/// How many entries are in memory at a time.
const PAGE: usize = 1024;

/// Hears some lines at a time, with their sequences, and may stop.
type EachPage<'a, E> = &'a mut dyn FnMut(&[u64], &Shared) -> Result<ControlFlow<()>, E>;

/// Up to which entry a history is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Before the first entry.
    Start,
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
            Self::Start => f.write_str("start"),
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
        self.pages(range, &mut |sequences, page| {
            let mut lines = (0..).zip(sequences);
            Ok(lines.try_for_each(|(place, at)| each(*at, page.line(place))))
        })
    }

    /// The lines of a range, some at a time.
    fn pages<E: From<StoreError>>(&self, range: Range<u64>, each: EachPage<'_, E>) -> Result<(), E> {
        let end = range.end.min(self.store.head().size);
        let (mut from, mut sequences, mut lines) = (range.start, Vec::new(), Lines::default());
        while from < end {
            let to = (from + PAGE as u64).min(end);
            sequences.clear();
            self.store.read(from..to, &mut |at, line| {
                sequences.push(at);
                lines.push(line);
            })?;
            // The store is done before anybody is called, who may ask the ledger for more.
            let page = lines.share();
            if each(&sequences, &page)?.is_break() {
                break;
            }
            (from, lines) = (to, page.into_empty());
        }
        Ok(())
    }

    /// As [`Self::read`], from the first entry on, as long as each follows those before it: for what leaves the house.
    ///
    /// # Errors
    /// [`LedgerError::Broken`], [`LedgerError::Store`].
    pub fn follow(
        &self,
        size: u64,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let mut chain = Chain::of(0, [[0; 0]; 0]);
        self.read(0..size, &mut |_, line| {
            chain.push(line);
            let stops = chain.is_broken() || each(line).is_break();
            if stops { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        chain.head().map(drop).map_err(|broken| LedgerError::Broken(broken.entry))
    }

    /// The entries of a range, each with what it says, as far as there are any; an error of `each` ends it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn replay(
        &self,
        range: Range<u64>,
        each: &mut dyn FnMut(&Entry, &Fact) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.pages(range, &mut |sequences, page| {
            for (place, at) in (0..).zip(sequences) {
                let entry = page.entry(place).map_err(|fault| LedgerError::Entry(*at, fault))?;
                let (fact, _) = read_fact(*at, &entry)?;
                each(&entry, &fact)?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The history that the first entries leave, in memory: replayed from them, whatever is kept.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Cut`], where there are not so many.
    pub fn replayed(&self, size: u64) -> Result<History, LedgerError> {
        let mut history = History::default();
        let Some(last) = size.checked_sub(1) else { return Ok(history) };
        let last = self.entry(last)?.ok_or(LedgerError::Cut(Cut::Sequence(last)))?;
        self.replay(0..size, &mut |entry, fact| {
            history.pass(entry, fact);
            Ok(())
        })?;
        history.end(&last);
        Ok(history)
    }

    /// As [`Self::replay`], the entries of a stream alone.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn stream(
        &self,
        subject: &str,
        range: Range<u64>,
        each: &mut dyn FnMut(&Entry, &Fact) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.stream_of(subject, range, &|_| true, each)
    }

    /// As [`Self::stream`], of the sequences that are wanted.
    pub(super) fn stream_of(
        &self,
        subject: &str,
        range: Range<u64>,
        wanted: &dyn Fn(u64) -> bool,
        each: &mut dyn FnMut(&Entry, &Fact) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let mut hints = self.hints(subject, range)?;
        hints.retain(|hint| wanted(hint.sequence));
        for hints in hints.chunks(PAGE) {
            let shares: Vec<&[LineHint]> = hints.chunks(SHARE).collect();
            let picked = cores::share(&shares, 1, &|hints| {
                let (mut sequences, mut lines) = (Vec::with_capacity(hints.len()), Lines::default());
                self.store.pick(hints, &mut |at, line| {
                    sequences.push(at);
                    lines.push(line);
                })?;
                let lines = lines.share();
                let read = (0..).zip(sequences).map(|(place, at)| read_entry(at, lines.entry(place)));
                Ok::<_, StoreError>(read.collect::<Vec<_>>())
            });
            for read in picked {
                for read in read? {
                    let (entry, fact, _) = read?;
                    each(&entry, &fact)?;
                }
            }
        }
        Ok(())
    }

    /// Where a review is opened by its cut-off: as `recorded`, at the last entry that was recorded by the end of it; as `effective`, at
    /// the last one. Nothing was recorded by a cut-off at which the head has no entries.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn frozen(&self, axis: Axis, cutoff: Effective) -> Result<Head, LedgerError> {
        match axis {
            Axis::Recorded => Ok(self.at(Some(Cut::Day(cutoff.end())))?.state.head),
            Axis::Effective => Ok(self.head()),
        }
    }

    /// The history of the entries up to a cut, or of all. Nothing is folded: what changes knows since when it is what it is.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Cut`] where the cut names no entry.
    pub fn at(&self, cut: Option<Cut>) -> Result<History<Sayings>, LedgerError> {
        let (state, words) = {
            let past = self.past();
            (past.state(), past.sayings())
        };
        let Some(cut) = cut else { return Ok(History { state, words }) };
        let size = match cut {
            Cut::Start => Some(0),
            Cut::Sequence(sequence) => Some(sequence).filter(|at| *at < state.head.size).map(|at| at + 1),
            Cut::Leaf(leaf) => self.past().index.by_leaf(leaf)?.map(|at| at + 1),
            Cut::Day(day) => Some(self.size_at(&state, day)?),
        };
        let size = size.filter(|size| *size <= state.head.size).ok_or(LedgerError::Cut(cut))?;
        let last = size.checked_sub(1).map_or(Ok(None), |last| self.entry(last))?;
        let head = last.as_ref().map_or(Head::EMPTY, |last| Head { size, leaf: last.leaf() });
        let recorded = last.map_or(state.recorded, |last| last.seal.recordedtime);
        Ok(History { state: state.until(head, recorded), words: words.until(size) })
    }

    /// How many entries were recorded by the end of a day, in the zone where it ends last. Recorded times never go back.
    fn size_at(&self, state: &State, day: NaiveDate) -> Result<u64, LedgerError> {
        let Some(founding) = &state.founding else { return Ok(0) };
        let end = founding.end_of(day);
        if state.recorded < end {
            return Ok(state.head.size);
        }
        let (mut from, mut to) = (0, state.head.size.saturating_sub(1));
        while from < to {
            let middle = from + (to - from) / 2;
            match self.entry(middle)? {
                Some(entry) if entry.seal.recordedtime < end => from = middle + 1,
                _ => to = middle,
            }
        }
        Ok(from)
    }

    /// The sequences of a stream's entries, as many as there are before one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sequences(&self, subject: &str, size: u64) -> Result<Vec<u64>, StoreError> {
        Ok(self.hints(subject, 0..size)?.into_iter().map(|hint| hint.sequence).collect())
    }

    fn hints(&self, subject: &str, range: Range<u64>) -> Result<Vec<LineHint>, StoreError> {
        let past = self.past();
        past.index.entries(subject, range.start..range.end.min(past.size()))
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn recorded(&self, id: Uuid) -> Result<Option<Entry>, LedgerError> {
        let sequence = self.past().index.by_id(id)?;
        let entry = sequence.map_or(Ok(None), |sequence| self.entry(sequence))?;
        Ok(entry.filter(|entry| entry.request.event.id == id))
    }

    /// One entry.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn entry(&self, sequence: u64) -> Result<Option<Entry>, LedgerError> {
        let mut found = None;
        self.read(sequence..sequence.saturating_add(1), &mut |at, line| {
            let entry = Entry::parse(line).map_err(|fault| LedgerError::Entry(at, fault));
            found = Some(entry.and_then(|entry| {
                if entry.seal.sequence == at { Ok(entry) } else { Err(LedgerError::Broken(at)) }
            }));
            ControlFlow::Break(())
        })?;
        found.transpose()
    }
}
