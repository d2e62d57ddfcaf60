//! The store port: an append-only log of lines beside content-addressed blobs. Of a line it reads the sequence alone, by which
//! lines are found in a long file; nothing else here interprets one.
//!
//! **The contract.** A store holds lines at sequences from 0. Its head is their number and the leaf hash of the last.
//! `append` names the head that the caller knows: if the store's differs, nothing is stored and the caller learns the
//! store's. Otherwise the whole batch is stored, and durable when the call returns. A call that never returned may have
//! left a prefix of its batch. After [`AppendError::InDoubt`] the store takes nothing more until it is opened again: the
//! caller reads the head then and compares hashes, and never resends blindly. Threads share a store: one append runs after the
//! other, and whoever reads meanwhile waits for none and sees what was durable before it. A blob is durable when `put_blob`
//! returns, and putting it twice is the same as once; it is gone for good when `remove_blob` returns.
//!
//! Beside the port: [`runs`], for what a long history makes too large for memory, and [`rows`], for the hashes of its tree.
//!
//! Engines: [`memory`], and [`embedded`], a folder of plain files that anybody can read. One suite runs against both. Of such a
//! folder, [`condition`] tells what lies in it, without a lock, and [`copy`] brings journal and blobs into another, byte for byte.
//! What may panic, fail or hang has a thread of its own in [`contained`].

mod blobs;
pub mod condition;
pub mod contained;
pub mod copy;
pub(crate) mod disk;
pub mod embedded;
mod filter;
mod folder;
mod frame;
mod frames;
mod generation;
mod journal;
pub mod memory;
mod recovery;
pub mod rows;
mod run;
pub mod runs;
mod segment;
pub(crate) mod writing;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod damage;

pub use crate::trail::hash::Head;
use crate::trail::hash::LeafHash;
use crate::trail::lines::Lines;
pub(crate) use blobs::write_durably;
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why a store cannot be made, opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No folder, or none that a ledger was made in.
    #[error("{}: no ledger is here; name its folder, or run `annals init`", .0.display())]
    NoLedger(PathBuf),
    /// A ledger is here already.
    #[error("{}: a ledger is here already; open it, or name another folder", .0.display())]
    Exists(PathBuf),
    /// Something else is here already.
    #[error("{}: not a ledger's, and nothing is overwritten; name an empty folder or a new one", .0.display())]
    Foreign(PathBuf),
    /// Made by a later version of this program.
    #[error("{}: format {format}, and this program knows formats up to 1; use a newer annals", path.display())]
    Newer {
        /// The marker.
        path: PathBuf,
        /// The format that it names.
        format: u64,
    },
    /// The marker is not what was written.
    #[error("{}: missing or unreadable; write {{\"format\":1}} and a newline into it if a ledger is here", .0.display())]
    Marker(PathBuf),
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
    /// The journal has lost lines from its end.
    #[error(
        "{}: {journal} entries, and there were {known}: the journal was cut; restore it from the other side's copy or \
         a backup, or delete the folder `sled` beside it to accept the shorter history",
        path.display()
    )]
    Cut {
        /// The journal's folder.
        path: PathBuf,
        /// How many entries it has.
        journal: u64,
        /// How many it had.
        known: u64,
    },
    /// A last line without its end, of a journal that is known to have had it.
    #[error(
        "{}: there were {known} entries, and the journal has {size} now and {bytes} bytes of another, which nobody cuts: its end was lost; \
         restore it from the other side's copy or a backup (`annals doctor --backup DIR`)",
        path.display()
    )]
    Torn {
        /// The journal's folder.
        path: PathBuf,
        /// How many bytes follow the last whole line.
        bytes: u64,
        /// How many entries there were.
        known: u64,
        /// How many there are.
        size: u64,
    },
    /// A line that a log of lines cannot hold.
    #[error("a line of {0} bytes: 1 to 65535 bytes without a newline are expected")]
    Line(usize),
    /// An earlier append ended in doubt.
    #[error("{}: an earlier append ended in doubt; open the ledger again and compare its head", .0.display())]
    Doubtful(PathBuf),
    /// A part of the index is not what was written.
    #[error("{}: damaged; delete the folder `index` in the ledger, which is made anew from the journal", .0.display())]
    Index(PathBuf),
    /// What lies beside for a while is not what was put there.
    #[error("{}: what this process put there is not given back; check the disk", std::env::temp_dir().display())]
    Scratch,
    /// What is to be kept.
    #[error("what is to be kept cannot be read")]
    Input(#[source] io::Error),
    /// Where it is to be copied to.
    #[error("the copy cannot be written")]
    Output(#[source] io::Error),
    /// No room.
    #[error("{}: cannot be {doing}: the disk is full; make room and try again", path.display())]
    Full {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
    },
    /// No permission.
    #[error(
        "{}: cannot be {doing}: not permitted; give this user the right to it{}",
        path.display(),
        alone(doing)
    )]
    Denied {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
    },
    /// No disk that takes anything.
    #[error(
        "{}: cannot be {doing}: its disk is mounted for reading only; mount it for writing{}",
        path.display(),
        alone(doing)
    )]
    Mounted {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
    },
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
pub trait Store: Send + Sync {
    /// Where the log stands.
    fn head(&self) -> Head;

    /// Appends lines if the log stands at `expected`.
    ///
    /// # Errors
    /// [`AppendError`]: whether nothing was stored is said by its kind.
    fn append(&self, expected: Head, batch: &Lines) -> Result<Head, AppendError>;

    /// Hands the lines of a range, as far as there are any, to `each` in their order, which asks the store for nothing
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError`], where they cannot be read.
    fn read(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError>;

    /// Hands the lines that hints are of to `each`, in their order, as [`Self::read`] would; what is not where it was said to
    /// be is looked for.
    ///
    /// # Errors
    /// [`StoreError`], where they cannot be read.
    fn pick(&self, hints: &[LineHint], each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        hints.iter().try_for_each(|hint| self.read(hint.sequence..hint.sequence.saturating_add(1), each))
    }

    /// Keeps bytes under their SHA-256, to their end; but for the engine in memory, never all of them are in memory.
    ///
    /// # Errors
    /// [`StoreError::Input`] where they cannot be read; [`StoreError`]: nothing is found under that hash then, unless it was
    /// there before.
    fn put_blob(&self, bytes: &mut dyn Read) -> Result<Blob, StoreError>;

    /// Copies the bytes with this SHA-256, and tells how they were found: only where they are whole, the copy is worth
    /// anything.
    ///
    /// # Errors
    /// [`StoreError::Output`] where the copy cannot be written; [`StoreError`], where they cannot be read.
    fn copy_blob(&self, sha256: &str, to: &mut dyn Write) -> Result<Condition, StoreError>;

    /// How many bytes are kept under this SHA-256, whatever they are by now; nothing where none are.
    ///
    /// # Errors
    /// [`StoreError`].
    fn blob_size(&self, sha256: &str) -> Result<Option<u64>, StoreError>;

    /// The SHA-256 under which as many bytes are kept, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    fn blobs_of(&self, size: u64) -> Result<Vec<String>, StoreError>;

    /// Removes the bytes with this SHA-256, if they are kept here.
    ///
    /// # Errors
    /// [`StoreError`].
    fn remove_blob(&self, sha256: &str) -> Result<(), StoreError>;
}

/// Where a line is, as somebody remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineHint {
    /// Its sequence.
    pub sequence: u64,
    /// How many bytes of lines there are before it, newlines counted.
    pub before: u64,
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Of its bytes: 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
    /// How it was found before.
    pub before: Condition,
}

/// How a blob is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Its bytes are those of its name.
    Whole,
    /// It is not here.
    Missing,
    /// Its bytes are others.
    Changed,
}

/// The head after a batch, whose lines are checked on the way.
fn advance(head: Head, batch: &Lines) -> Result<Head, StoreError> {
    let fits =
        |line: &&[u8]| (1..=crate::trail::entry::ENTRY_LIMIT).contains(&line.len()) && !line.contains(&b'\n');
    if let Some(line) = batch.iter().find(|line| !fits(line)) {
        return Err(StoreError::Line(line.len()));
    }
    let leaf = batch.len().checked_sub(1).map_or(head.leaf, |last| LeafHash::of(batch.line(last)));
    Ok(Head { size: head.size + batch.len() as u64, leaf })
}

/// What is said to whoever may not write.
fn alone(doing: &str) -> &'static str {
    if doing == "read" { "" } else { " (what only reads the ledger needs no right to write)" }
}

/// Names what the system refused: the two refusals that a reader can lift have errors of their own.
pub(crate) fn said(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { path, doing },
        ErrorKind::PermissionDenied => StoreError::Denied { path, doing },
        ErrorKind::ReadOnlyFilesystem => StoreError::Mounted { path, doing },
        _ => StoreError::System { path, doing, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_missing_right_are_said_with_their_remedies() {
        for (kind, remedy) in [
            (ErrorKind::StorageFull, "/l/journal: cannot be written: the disk is full; make room"),
            (ErrorKind::QuotaExceeded, "make room"),
            (ErrorKind::PermissionDenied, "/l/journal: cannot be written: not permitted; give this user"),
            (ErrorKind::ReadOnlyFilesystem, "is mounted for reading only; mount it"),
            (ErrorKind::NotADirectory, "cannot be written; check"),
        ] {
            let error = said(Path::new("/l/journal"), "written")(io::Error::from(kind));
            assert!(error.to_string().contains(remedy), "{error}");
        }
        let error = said(Path::new("/l/journal"), "read")(io::Error::from(ErrorKind::PermissionDenied));
        assert!(error.to_string().ends_with("give this user the right to it"), "{error}");
    }
}
