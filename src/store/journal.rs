//! The journal: plain files, one entry a line, synced once per batch. It is the truth of the embedded store.
//!
//! A segment is named by the sequence of its first line. A last line without its newline was never acknowledged: it is
//! cut when writing begins, and passed over by readers, who take no lock. What is derived from the journal is in
//! [`super::frames`].

use super::blobs::sync_folder;
use super::segment::{EachLine, Place, Segment, file, follows, last_line, line_at, lines, list, near};
use super::{AppendError, Head, StoreError, advance, disk, said};
use crate::trail::entry;
use crate::trail::hash::LeafHash;
use crate::trail::lines::Lines;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::mem;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Bytes after which the next batch begins a new segment: small enough to copy by hand, large enough to be few.
pub(super) const SEGMENT_LIMIT: u64 = 64 << 20;

/// Bytes of a journal that are read whole in no time, so that damage anywhere is found.
const SHORT: u64 = 8 << 20;

/// Segments that are kept open for readers: 2 GB of lines.
const KEPT: usize = 32;

/// A log in files of lines.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    limit: u64,
    /// Held while an append runs.
    tail: Mutex<Tail>,
    /// What readers see: all of it is durable.
    whole: RwLock<Whole>,
    /// Bytes after the last whole line, when it was scanned.
    unfinished: u64,
    /// Segments in which lines were read by their places, by their first lines: whoever reads a scattered history asks for each again.
    open: Mutex<BTreeMap<u64, Arc<File>>>,
}

#[derive(Debug, Default)]
struct Tail {
    /// Absent until writing begins.
    writer: Option<File>,
    doubtful: bool,
}

#[derive(Debug, Clone)]
struct Whole {
    segments: Vec<Segment>,
    head: Head,
}

impl Journal {
    /// Reads a journal from a known line on, or from its first, as far as it is whole. Nothing is changed.
    pub(super) fn scan(
        folder: &Path,
        limit: u64,
        from: Option<(u64, Place)>,
        each: EachLine<'_>,
    ) -> Result<Self, StoreError> {
        let mut segments = list(folder)?;
        let (mut next, start) = from.unwrap_or((0, Place { segment: 0, offset: 0 }));
        let (mut head, mut unfinished) = (Head::EMPTY, 0);
        let mut place = start;
        let last = segments.last().map(|segment| segment.first);
        for segment in segments.iter_mut().skip_while(|segment| segment.first < start.segment) {
            let path = file(folder, segment.first);
            if segment.first != place.segment {
                follows(folder, segment.first, next)?;
                place = Place { segment: segment.first, offset: 0 };
            }
            let end = lines(&path, next, place, u64::MAX, &mut |sequence, place, line| {
                head = Head { size: sequence + 1, leaf: LeafHash::of(line) };
                each(sequence, place, line);
                true
            })?;
            if end.torn && last != Some(segment.first) {
                let what = "a line without its newline, and the journal goes on".to_owned();
                return Err(StoreError::Damaged { path, offset: end.offset, what });
            }
            unfinished = segment.length.saturating_sub(end.offset);
            segment.length = end.offset;
            next = end.sequence;
        }
        if from.is_some() && head == Head::EMPTY {
            let what = "no line begins here".to_owned();
            return Err(StoreError::Damaged {
                path: file(folder, start.segment),
                offset: start.offset,
                what,
            });
        }
        Ok(Self::of(folder, limit, Whole { segments, head }, unfinished))
    }

    /// Opens a journal for reading, up to its last whole line. Of a long one the ends of its segments are read, which name the
    /// sequences of their last lines; whatever is unusual about them is judged by reading everything.
    pub(super) fn open(folder: &Path, limit: u64) -> Result<Self, StoreError> {
        let short = list(folder)?.iter().map(|segment| segment.length).sum::<u64>() <= SHORT;
        match if short { Ok(None) } else { Self::ends(folder, limit) } {
            Ok(Some(journal)) => Ok(journal),
            Ok(None) | Err(_) => Self::scan(folder, limit, None, &mut |_, _, _| {}),
        }
    }

    fn ends(folder: &Path, limit: u64) -> Result<Option<Self>, StoreError> {
        let mut segments = list(folder)?;
        let (mut head, mut unfinished) = (Head::EMPTY, 0);
        for segment in &mut segments {
            if segment.first != head.size || unfinished > 0 {
                return Ok(None);
            }
            if segment.length == 0 {
                continue;
            }
            let Some((line, end)) = last_line(&file(folder, segment.first), segment.length)? else {
                return Ok(None);
            };
            let Some(sequence) = entry::sequence(&line).filter(|sequence| *sequence >= segment.first) else {
                return Ok(None);
            };
            head = Head { size: sequence + 1, leaf: LeafHash::of(&line) };
            unfinished = segment.length - end;
            segment.length = end;
        }
        Ok(Some(Self::of(folder, limit, Whole { segments, head }, unfinished)))
    }

    fn of(folder: &Path, limit: u64, whole: Whole, unfinished: u64) -> Self {
        let (tail, whole) = (Mutex::default(), RwLock::new(whole));
        Self { folder: folder.to_owned(), limit, tail, whole, unfinished, open: Mutex::default() }
    }

    fn whole(&self) -> RwLockReadGuard<'_, Whole> {
        self.whole.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn grown(&self) -> RwLockWriteGuard<'_, Whole> {
        self.whole.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts a last line that was never acknowledged, and takes appends from here on; so many entries are known to be durable, and
    /// the others are on return. The caller holds the lock.
    pub(super) fn begin_writing(&mut self, durable: u64) -> Result<(), StoreError> {
        let Some(last) = self.whole().segments.last().copied() else {
            let writer = self.begin_segment()?;
            self.tail = Mutex::new(Tail { writer: Some(writer), doubtful: false });
            return Ok(());
        };
        let path = file(&self.folder, last.first);
        let writer = OpenOptions::new().append(true).open(&path).map_err(said(&path, "opened"))?;
        disk::set_len(&path, &writer, last.length).map_err(said(&path, "cut to its last whole line"))?;
        if self.head().size > durable {
            // No segment begins before all of the one before it is durable.
            disk::write_again(&path).map_err(said(&path, "written"))?;
        }
        disk::sync_all(&path, &writer).map_err(said(&path, "synced"))?;
        sync_folder(&self.folder)?;
        self.tail = Mutex::new(Tail { writer: Some(writer), doubtful: false });
        self.unfinished = 0;
        Ok(())
    }

    pub(super) fn head(&self) -> Head {
        self.whole().head
    }

    pub(super) fn unfinished(&self) -> u64 {
        self.unfinished
    }

    pub(super) fn segments(&self) -> Vec<Segment> {
        self.whole().segments.clone()
    }

    /// Appends as [`super::Store::append`] promises; `durable` hears where the first line went, before anybody reads it.
    pub(super) fn append(
        &self,
        expected: Head,
        batch: &Lines,
        durable: &mut dyn FnMut(Place),
    ) -> Result<Head, AppendError> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.doubtful {
            return Err(AppendError::Failed(StoreError::Doubtful(self.folder.clone())));
        }
        let (known, last) = {
            let whole = self.whole();
            (whole.head, whole.segments.last().copied())
        };
        if expected != known {
            return Err(AppendError::Conflict(known));
        }
        let head = advance(known, batch)?;
        if last.is_some_and(|last| last.length > self.limit) && tail.writer.is_some() {
            tail.writer = Some(self.begin_segment()?);
        }
        let last = self.whole().segments.last().copied();
        let Tail { writer: Some(writer), doubtful } = &mut *tail else {
            return Err(AppendError::Failed(StoreError::ReadOnly(self.folder.clone())));
        };
        let Segment { first: segment, length: offset } = last.unwrap_or(Segment { first: 0, length: 0 });
        let path = file(&self.folder, segment);
        if let Err(error) = disk::write(&path, writer, batch.bytes()).map_err(said(&path, "written")) {
            // What was written in part is taken back; only where that succeeds is it known that nothing was stored.
            let taken_back = disk::set_len(&path, writer, offset);
            if taken_back.and_then(|()| disk::sync_all(&path, writer)).is_ok() {
                return Err(AppendError::Failed(error));
            }
            *doubtful = true;
            return Err(AppendError::InDoubt(error));
        }
        if let Err(error) = disk::sync_data(&path, writer).map_err(said(&path, "synced")) {
            // After a failed sync the kernel may have dropped the pages or kept them: nothing is known.
            *doubtful = true;
            return Err(AppendError::InDoubt(error));
        }
        durable(Place { segment, offset });
        let mut whole = self.grown();
        if let Some(last) = whole.segments.last_mut() {
            last.length += batch.bytes().len() as u64;
        }
        whole.head = head;
        Ok(head)
    }

    /// Hands out the lines of a range with their places.
    pub(super) fn read(&self, range: Range<u64>, each: EachLine<'_>) -> Result<(), StoreError> {
        let Whole { segments, head } = self.whole().clone();
        let end = range.end.min(head.size);
        if range.start >= end {
            return Ok(());
        }
        let before = segments.partition_point(|segment| segment.first <= range.start).saturating_sub(1);
        let after = segments.iter().skip(1).map(|next| next.first).chain([head.size]);
        let wanted = segments.iter().zip(after).skip(before);
        for (segment, after) in wanted.take_while(|(segment, _)| segment.first < end) {
            let path = file(&self.folder, segment.first);
            let (mut from, mut place) = near(&path, *segment, after, range.start)?;
            loop {
                let (mut found, mut stopped) = (false, false);
                let read = lines(&path, from, place, segment.length, &mut |sequence, place, line| {
                    if (range.start..end).contains(&sequence) {
                        found = true;
                        each(sequence, place, line);
                    }
                    stopped = sequence + 1 >= end;
                    !stopped
                })?;
                if !stopped && read.offset < segment.length {
                    let what = "the file ends before the lines that were here".to_owned();
                    return Err(StoreError::Damaged { path, offset: read.offset, what });
                }
                if found || place.offset == 0 {
                    break;
                }
                // A line that names the sequence of another has led astray.
                (from, place) = (segment.first, Place { segment: segment.first, offset: 0 });
            }
        }
        Ok(())
    }

    /// Hands out the lines that hints are of, in their order; what is not there is looked for.
    pub(super) fn pick(
        &self,
        hints: &[super::LineHint],
        each: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<(), StoreError> {
        let segments = self.segments();
        let begins = segments.iter().scan(0, |sum, segment| Some(mem::replace(sum, *sum + segment.length)));
        let begins: Vec<u64> = begins.collect();
        let mut opened: Option<(u64, Arc<File>)> = None;
        let mut bytes = Vec::new();
        let mut found = |hint: &super::LineHint, each: &mut dyn FnMut(u64, &[u8])| {
            let at = segments.partition_point(|segment| segment.first <= hint.sequence).saturating_sub(1);
            let (segment, begin) = (segments.get(at)?, begins.get(at)?);
            let offset = hint.before.checked_sub(*begin).filter(|offset| *offset < segment.length)?;
            if opened.as_ref().is_none_or(|(first, _)| *first != segment.first) {
                opened = Some((segment.first, self.opened(segment.first)?));
            }
            let (_, file) = opened.as_ref()?;
            let line = line_at(file, offset, &mut bytes).ok()?;
            let line = line.filter(|line| entry::sequence(line) == Some(hint.sequence))?;
            each(hint.sequence, line);
            Some(())
        };
        for hint in hints {
            if found(hint, each).is_some() {
                continue;
            }
            let one = hint.sequence..hint.sequence.saturating_add(1);
            self.read(one, &mut |sequence, _, line| each(sequence, line))?;
        }
        Ok(())
    }

    /// A segment, open for reading; nothing where it cannot be opened, which is told by whoever reads it whole.
    fn opened(&self, first: u64) -> Option<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&first) {
            return Some(Arc::clone(file));
        }
        let file = Arc::new(disk::open(&file(&self.folder, first)).ok()?);
        if open.len() == KEPT {
            open.pop_first();
        }
        open.insert(first, Arc::clone(&file));
        Some(file)
    }

    /// Hands out consecutive lines of one segment, of which places and lengths are known; none of them where one does not lie there.
    pub(super) fn at(
        &self,
        lines: impl Iterator<Item = (u64, Place, usize)> + Clone,
        each: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<(), StoreError> {
        let Some((_, place, _)) = lines.clone().next() else { return Ok(()) };
        let path = file(&self.folder, place.segment);
        // With the newline of the line before, where there is one.
        let before = usize::from(place.offset > 0);
        let mut bytes = vec![0; before + lines.clone().map(|(.., length)| length + 1).sum::<usize>()];
        let opened = disk::open(&path).map_err(said(&path, "read"))?;
        let read = opened.read_exact_at(&mut bytes, place.offset - before as u64);
        let (newline, mut rest) = bytes.split_at(before);
        let begins = newline.iter().all(|byte| *byte == b'\n');
        let found = lines.map(|(sequence, _, length)| {
            let (line, after) = rest.split_at_checked(length)?;
            rest = after.strip_prefix(b"\n")?;
            (!line.contains(&b'\n')).then_some((sequence, line))
        });
        let Some(found) = found.collect::<Option<Vec<_>>>().filter(|_| read.is_ok() && begins) else {
            let what = "no lines of known lengths are here".to_owned();
            return Err(StoreError::Damaged { path, offset: place.offset, what });
        };
        for (sequence, line) in found {
            each(sequence, line);
        }
        Ok(())
    }

    fn begin_segment(&self) -> Result<File, StoreError> {
        let first = self.head().size;
        let path = file(&self.folder, first);
        let options = OpenOptions::new().append(true).create(true).open(&path);
        let writer = options.map_err(said(&path, "made"))?;
        // One that was begun before the disk failed is empty, and taken up; anything else is not ours to write to.
        if writer.metadata().map_err(said(&path, "read"))?.len() > 0 {
            let what = "lines that the segment before does not lead to".to_owned();
            return Err(StoreError::Damaged { path, offset: 0, what });
        }
        disk::sync_all(&path, &writer).map_err(said(&path, "synced"))?;
        sync_folder(&self.folder)?;
        self.grown().segments.push(Segment { first, length: 0 });
        Ok(writer)
    }
}

#[cfg(test)]
mod tests;
