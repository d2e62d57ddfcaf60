//! The store port: an append-only log of lines, and nothing that interprets them.
//!
//! **The contract.** A store holds lines at sequences from 0. Its head is their number and the leaf hash of the last.
//! `append` names the head that the caller knows: if the store's differs, nothing is stored and the caller learns the
//! store's. Otherwise the whole batch is stored, and durable when the call returns. A call that never returned may have
//! left a prefix of its batch. After [`AppendError::InDoubt`] the store takes nothing more until it is opened again: the
//! caller reads the head then and compares hashes, and never resends blindly.
//!
//! Engines: [`memory`], and [`journal`], plain files that anybody can read. One suite runs against both.

pub mod journal;
pub mod memory;

#[cfg(test)]
mod contract;

use crate::trail::hash::LeafHash;
use std::ops::Range;
use std::path::PathBuf;

/// Where a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries it has.
    pub size: u64,
    /// Leaf hash of the last one; [`LeafHash::NONE`] where there is none.
    pub leaf: LeafHash,
}

impl Head {
    /// The head of a log without entries.
    pub const EMPTY: Self = Self { size: 0, leaf: LeafHash::NONE };
}

/// Why a store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else writes.
    #[error("{}: another process is writing to this ledger; wait for it, or end it", .0.display())]
    Held(PathBuf),
    /// Opened for reading.
    #[error("{}: opened for reading only; open it for writing to append", .0.display())]
    ReadOnly(PathBuf),
    /// The bytes on disk are not those that were written.
    #[error("{}: byte {offset}: {what}; restore this file from the other side's copy or a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// A line that a log of lines cannot hold.
    #[error("a line of {0} bytes: 1 to 65535 bytes without a newline are expected")]
    Line(usize),
    /// An earlier append ended in doubt.
    #[error("{}: an earlier append ended in doubt; open the ledger again and compare its head", .0.display())]
    Doubtful(PathBuf),
    /// The system said no.
    #[error("{}: cannot be {doing}; check the disk's space and the folder's permissions", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The log has moved on: nothing was stored.
    #[error("the log has {} entries by now, others than the caller knew", .0.size)]
    Conflict(Head),
    /// Nothing was stored.
    #[error("nothing was stored")]
    Failed(#[from] StoreError),
    /// A part or all of the batch may have been stored.
    #[error("the batch may have been stored in part or whole; open the ledger again and compare its head")]
    InDoubt(#[source] StoreError),
}

/// An append-only log of lines.
pub trait Store: Send {
    /// Where the log stands.
    fn head(&self) -> Head;

    /// Appends lines, given without their newlines, if the log stands at `expected`.
    ///
    /// # Errors
    /// [`AppendError`]: whether nothing was stored is said by its kind.
    fn append(&mut self, expected: Head, batch: &[Vec<u8>]) -> Result<Head, AppendError>;

    /// Hands the lines of a range, as far as there are any, to `each` in their order.
    ///
    /// # Errors
    /// [`StoreError`], where they cannot be read.
    fn read(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError>;
}

/// The head after a batch, whose lines are checked on the way.
fn advance(head: Head, batch: &[Vec<u8>]) -> Result<Head, StoreError> {
    let fits = |line: &&Vec<u8>| {
        (1..=crate::trail::entry::ENTRY_LIMIT).contains(&line.len()) && !line.contains(&b'\n')
    };
    if let Some(line) = batch.iter().find(|line| !fits(line)) {
        return Err(StoreError::Line(line.len()));
    }
    let leaf = batch.last().map_or(head.leaf, |line| LeafHash::of(line));
    Ok(Head { size: head.size + batch.len() as u64, leaf })
}
