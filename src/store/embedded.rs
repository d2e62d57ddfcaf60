//! The embedded store: one folder with a journal, which is the truth, and sled, which makes it quick.
//!
//! ```text
//! annals.json   the marker, {"format":1}
//! lock          held by the one process that writes
//! journal/      000000000000.jsonl, …: the entries, one a line
//! sled/         where each of them lies, derived; may be deleted while nobody writes
//! blobs/        files named by their SHA-256
//! ```
//!
//! A reader takes no lock and opens no sled, which would lock: it has the journal.

use super::contained::Broken;
use super::folder::Folder;
use super::frames::{Frames, Stored};
use super::generation::{self, Current, Generations};
use super::journal::{Journal, SEGMENT_LIMIT};
use super::recovery::{self, Recovered, WITHOUT};
use super::segment::{EachLine, Place, Segment};
use super::{AppendError, Blob, Condition, Head, Store, StoreError, blobs, said};
use crate::trail::lines::Lines;
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Lines above which a read looks for the first of them in the journal: to ask sled for each frame would take longer.
const LONG: u64 = 256;
/// What is said of sled where the journal has a line that does not lie where a frame says.
const ELSEWHERE: &str = "`sled` was wrong about where an entry lies";

/// A log in a folder.
#[derive(Debug)]
pub struct Embedded {
    // Closed in this order: the lock is given back last.
    /// What readers ask before the journal, if it is of use.
    stored: Option<Stored>,
    /// Why it is not any more: from then on the journal answers.
    broken: OnceLock<Broken>,
    /// Held while what was appended is taken in: nobody who reads waits for that.
    derived: Mutex<Derived>,
    journal: Journal,
    /// Held while a blob is put or removed.
    blobs: Mutex<()>,
    writes: bool,
    folder: Folder,
}

/// The frames, as far as they are of use.
#[derive(Debug)]
struct Derived {
    frames: Option<Frames>,
    generations: Generations,
    notices: Vec<String>,
}

impl Embedded {
    /// Makes a ledger in a folder that is missing or empty, and opens it for writing.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::Foreign`], [`StoreError::Held`]; [`StoreError::Full`],
    /// [`StoreError::Denied`], [`StoreError::Mounted`], [`StoreError::System`].
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        Self::open_for_writing(Folder::create(folder)?, SEGMENT_LIMIT, 0)
    }

    /// Opens a ledger as the one process that writes, and heals what is derived; [`Self::notices`] says what was.
    ///
    /// # Errors
    /// [`StoreError::NoLedger`], [`StoreError::Newer`], [`StoreError::Marker`], [`StoreError::Held`];
    /// [`StoreError::Damaged`] and [`StoreError::Cut`], which change nothing; [`StoreError::Full`],
    /// [`StoreError::Denied`], [`StoreError::Mounted`], [`StoreError::System`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_knowing(folder, 0)
    }

    /// As above, where so many entries are known to have been there: a last line is not cut that may be one of them.
    ///
    /// # Errors
    /// As above; [`StoreError::Torn`].
    pub fn open_knowing(folder: &Path, known: u64) -> Result<Self, StoreError> {
        Self::open_for_writing(Folder::open(folder)?, SEGMENT_LIMIT, known)
    }

    /// Opens a ledger for reading, as far as it is whole at this moment. Takes no lock and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NoLedger`], [`StoreError::Newer`], [`StoreError::Marker`]; [`StoreError::Damaged`];
    /// [`StoreError::Denied`], [`StoreError::System`].
    pub fn open_read_only(folder: &Path) -> Result<Self, StoreError> {
        Self::read_only(Folder::open_read_only(folder)?, &|journal| Journal::open(journal, SEGMENT_LIMIT))
    }

    /// As above, with every line of the journal looked at: for whoever trusts nothing.
    ///
    /// # Errors
    /// As above.
    pub fn open_whole(folder: &Path) -> Result<Self, StoreError> {
        Self::whole(Folder::open_read_only(folder)?)
    }

    /// As above, whatever the marker says.
    ///
    /// # Errors
    /// As above, but for those of the marker.
    pub fn open_unmarked(folder: &Path) -> Result<Self, StoreError> {
        Self::whole(Folder::unmarked(folder))
    }

    /// Removes what is derived, or whatever is in its place, as the one process that writes: `sled`, which the next opening makes
    /// anew, and what is called so beside it.
    ///
    /// # Errors
    /// As [`Self::open`], but for those of the journal.
    pub fn forget_derived(folder: &Path, beside: &[&str]) -> Result<(), StoreError> {
        let folder = Folder::open(folder)?;
        let beside = beside.iter().map(|name| folder.path().join(name));
        let mut derived = std::iter::once(folder.sled()).chain(beside);
        derived.try_for_each(|path| generation::remove(&path).map_err(said(&path, "removed")))
    }

    /// Whether a folder has nothing that is derived: neither `sled` nor what is called so beside it.
    #[must_use]
    pub fn is_bare(folder: &Path, beside: &[&str]) -> bool {
        let beside = beside.iter().map(|name| folder.join(name));
        let mut derived = std::iter::once(Folder::unmarked(folder).sled()).chain(beside);
        derived.all(|path| path.symlink_metadata().is_err())
    }

    fn whole(folder: Folder) -> Result<Self, StoreError> {
        Self::read_only(folder, &|journal| Journal::scan(journal, SEGMENT_LIMIT, None, &mut |_, _, _| {}))
    }

    fn read_only(
        folder: Folder,
        open: &dyn Fn(&Path) -> Result<Journal, StoreError>,
    ) -> Result<Self, StoreError> {
        // Before the journal, to which somebody may append and close `sled` after that.
        let generations = Generations::read(&folder.sled());
        let derived = Derived { frames: None, generations, notices: Vec::new() };
        Ok(Self::new(derived, open(&folder.journal())?, folder, false))
    }

    /// Refuses a journal that has fewer entries than when `sled` was closed, or ends within a line that may be one of those that are
    /// known: before it is opened for writing, which changes what is derived.
    ///
    /// # Errors
    /// [`StoreError::Cut`], [`StoreError::Torn`].
    pub fn refuse_cut(&self, known: u64) -> Result<(), StoreError> {
        let (path, journal) = (self.folder.journal(), self.journal.head().size);
        let entries = self.derived().generations.current().map_or(0, |current| current.entries);
        if journal < entries {
            return Err(StoreError::Cut { path, journal, known: entries });
        }
        refuse_torn(&self.journal, path, known)
    }

    fn new(derived: Derived, journal: Journal, folder: Folder, writes: bool) -> Self {
        let stored = derived.frames.as_ref().map(|frames| frames.stored().clone());
        let (derived, broken) = (Mutex::new(derived), OnceLock::new());
        Self { stored, broken, derived, journal, blobs: Mutex::default(), writes, folder }
    }

    fn derived(&self) -> MutexGuard<'_, Derived> {
        self.derived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes lines in that are durable in the journal, so that nothing that sled says can undo them.
    fn take_in(&self, first: u64, place: Place, lines: &Lines) {
        let mut derived = self.derived();
        let entries = first + lines.len() as u64;
        if let Some(reason) = self.broken.get() {
            derived.give_up(reason, entries);
        } else if let Err(reason) = derived.push(first, place, lines) {
            derived.give_up(&reason, entries);
            // Only the first reason is kept.
            let _ = self.broken.set(reason);
        }
    }

    /// How many bytes follow the last whole line: a write in progress, or one that was never acknowledged.
    #[must_use]
    pub fn unfinished(&self) -> u64 {
        self.journal.unfinished()
    }

    /// What was healed, in sentences for whoever runs the ledger.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.derived().notices.clone()
    }

    /// Where everything is.
    pub(super) const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What each segment has of whole lines.
    pub(super) fn segments(&self) -> Vec<Segment> {
        self.journal.segments()
    }

    /// As [`Self::open_knowing`], with segments of another size.
    pub(super) fn open_for_writing(folder: Folder, limit: u64, known: u64) -> Result<Self, StoreError> {
        let mut notices = Vec::new();
        let recovered = recovery::open(&folder, limit, &mut notices)?;
        let Recovered { mut journal, frames, generations, durable } = recovered;
        refuse_torn(&journal, folder.journal(), known)?;
        journal.begin_writing(durable)?;
        blobs::clear(&folder.blobs())?;
        Ok(Self::new(Derived { frames, generations, notices }, journal, folder, true))
    }

    /// Does something where blobs are kept and removed: one after the other, for there is one name for what is not whole yet.
    fn with_blobs<T>(&self, then: impl FnOnce(&Path) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if !self.writes {
            return Err(StoreError::ReadOnly(self.folder.path().to_owned()));
        }
        let _one = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        then(&self.folder.blobs())
    }

    /// The journal's lines with their places.
    pub(super) fn read_placed(&self, range: Range<u64>, each: EachLine<'_>) -> Result<(), StoreError> {
        self.journal.read(range, each)
    }

    /// Hands out lines that lie where complete frames say, and returns where these end, or were at fault.
    fn read_frames(
        &self,
        stored: &Stored,
        range: Range<u64>,
        each: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<u64, (u64, Broken)> {
        let mut next = range.start;
        while next < range.end
            && let Some(frame) = stored.holding(next).map_err(|error| (next, error))?
        {
            let wanted = frame.lines().filter(move |(sequence, ..)| (next..range.end).contains(sequence));
            self.journal.at(wanted, each).map_err(|_| (next, ELSEWHERE.to_owned()))?;
            if frame.end() <= next {
                return Err((next, "a frame is missing".to_owned()));
            }
            next = frame.end();
        }
        Ok(next)
    }
}

fn refuse_torn(journal: &Journal, path: PathBuf, known: u64) -> Result<(), StoreError> {
    let (bytes, size) = (journal.unfinished(), journal.head().size);
    if bytes > 0 && size < known { Err(StoreError::Torn { path, bytes, known, size }) } else { Ok(()) }
}

impl Derived {
    fn push(&mut self, first: u64, mut place: Place, lines: &Lines) -> Result<(), Broken> {
        let Some(frames) = &mut self.frames else { return Ok(()) };
        (first..).zip(lines.iter()).try_for_each(|(sequence, line)| {
            let here = place;
            place.offset += line.len() as u64 + 1;
            frames.push(sequence, here, line)
        })
    }

    /// Throws the frames away: the journal answers until the ledger is opened again, which rebuilds them. Nobody waits for
    /// sled, which ends by itself or not at all.
    fn give_up(&mut self, reason: &str, entries: u64) {
        if self.frames.take().is_none() {
            return;
        }
        // Where that cannot be said, it was not closed, and is judged on opening.
        let _ = self.generations.give_up(entries);
        self.notices.push(format!("{reason}: {WITHOUT}"));
    }
}

impl Store for Embedded {
    fn head(&self) -> Head {
        self.journal.head()
    }

    fn append(&self, expected: Head, batch: &Lines) -> Result<Head, AppendError> {
        self.journal.append(expected, batch, &mut |place| self.take_in(expected.size, place, batch))
    }

    fn read(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        // Whoever asks for everything asks the journal alone, however little it is.
        let long = range.end.saturating_sub(range.start) > LONG;
        let mut range = range.start..range.end.min(self.journal.head().size);
        let mut fault = None;
        if let Some(stored) = self.stored.as_ref().filter(|_| !long && self.broken.get().is_none()) {
            range.start = self.read_frames(stored, range.clone(), each).unwrap_or_else(|(next, reason)| {
                fault = Some(reason);
                next
            });
        }
        if range.is_empty() {
            return Ok(());
        }
        self.journal.read(range, &mut |sequence, _, line| each(sequence, line))?;
        // Where the journal cannot be read either, it is not sled that is at fault; only the first reason is kept.
        if let Some(reason) = fault {
            let _ = self.broken.set(reason);
        }
        Ok(())
    }

    fn pick(&self, hints: &[super::LineHint], each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        self.journal.pick(hints, each)
    }

    fn put_blob(&self, bytes: &mut dyn Read) -> Result<Blob, StoreError> {
        self.with_blobs(|folder| blobs::put(folder, bytes))
    }

    fn copy_blob(&self, sha256: &str, to: &mut dyn Write) -> Result<Condition, StoreError> {
        blobs::copy(&self.folder.blobs(), sha256, to)
    }

    fn blob_size(&self, sha256: &str) -> Result<Option<u64>, StoreError> {
        blobs::size(&self.folder.blobs(), sha256)
    }

    fn blobs_of(&self, size: u64) -> Result<Vec<String>, StoreError> {
        blobs::of(&self.folder.blobs(), size)
    }

    fn remove_blob(&self, sha256: &str) -> Result<(), StoreError> {
        self.with_blobs(|folder| blobs::remove(folder, sha256))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stored = None;
        let derived = self.derived.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Head { size: entries, leaf } = self.journal.head();
        if let Some(reason) = self.broken.get() {
            derived.give_up(reason, entries);
        }
        let Derived { frames, generations, .. } = derived;
        let (Some(frames), Some(current)) = (frames.take(), generations.current()) else { return };
        // Where it cannot be closed, or that cannot be said, the next opening judges what was written.
        if let Ok(frames) = frames.close() {
            let _ =
                generations.switch(Current { closed: true, entries, frames, head: Some(leaf), ..current });
        }
    }
}

#[cfg(test)]
mod tests;
