//! The journal: plain files, one entry a line, synced once per batch. It is the truth of the embedded store.
//!
//! A segment is named by the sequence of its first line. A last line without its newline was never acknowledged: it is
//! cut when writing begins, and passed over by readers, who take no lock. What is derived from the journal is in
//! [`super::frames`].

use super::blobs::sync_folder;
use super::segment::{EachLine, Place, Segment, file, follows, last_line, lines, list, near};
use super::{AppendError, Head, StoreError, advance, disk, said};
use crate::trail::entry;
use crate::trail::hash::LeafHash;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Bytes after which the next batch begins a new segment: small enough to copy by hand, large enough to be few.
pub(super) const SEGMENT_LIMIT: u64 = 64 << 20;

/// Bytes of a journal that are read whole in no time, so that damage anywhere is found.
const SHORT: u64 = 8 << 20;

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
        Self { folder: folder.to_owned(), limit, tail, whole, unfinished }
    }

    fn whole(&self) -> RwLockReadGuard<'_, Whole> {
        self.whole.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn grown(&self) -> RwLockWriteGuard<'_, Whole> {
        self.whole.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts a last line that was never acknowledged, and takes appends from here on. The caller holds the lock.
    pub(super) fn begin_writing(&mut self) -> Result<(), StoreError> {
        let Some(last) = self.whole().segments.last().copied() else {
            let writer = self.begin_segment()?;
            self.tail = Mutex::new(Tail { writer: Some(writer), doubtful: false });
            return Ok(());
        };
        let path = file(&self.folder, last.first);
        let writer = OpenOptions::new().append(true).open(&path).map_err(said(&path, "opened"))?;
        disk::set_len(&path, &writer, last.length).map_err(said(&path, "cut to its last whole line"))?;
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
        batch: &[Vec<u8>],
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
        let bytes = [batch.join(&b'\n').as_slice(), if batch.is_empty() { b"" } else { b"\n" }].concat();
        if let Err(error) = disk::write(&path, writer, &bytes).map_err(said(&path, "written")) {
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
            last.length += bytes.len() as u64;
        }
        whole.head = head;
        Ok(head)
    }

    /// Hands out the lines of a range with their places.
    pub(super) fn read(&self, range: Range<u64>, each: EachLine<'_>) -> Result<(), StoreError> {
        let Whole { segments, head } = self.whole().clone();
        let end = range.end.min(head.size);
        let before = segments.partition_point(|segment| segment.first <= range.start).saturating_sub(1);
        let after = segments.iter().skip(1).map(|next| next.first).chain([head.size]);
        let wanted = segments.iter().zip(after).skip(before);
        for (segment, after) in wanted.take_while(|(segment, _)| segment.first < end) {
            let path = file(&self.folder, segment.first);
            let (first, place) = near(&path, *segment, after, range.start)?;
            let mut stopped = false;
            let read = lines(&path, first, place, segment.length, &mut |sequence, place, line| {
                if (range.start..end).contains(&sequence) {
                    each(sequence, place, line);
                }
                stopped = sequence + 1 >= end;
                !stopped
            })?;
            if !stopped && read.offset < segment.length {
                let what = "the file ends before the lines that were here".to_owned();
                return Err(StoreError::Damaged { path, offset: read.offset, what });
            }
        }
        Ok(())
    }

    /// The line of a known length at a place.
    pub(super) fn line(&self, place: Place, length: usize) -> Result<Vec<u8>, StoreError> {
        let path = file(&self.folder, place.segment);
        let mut opened = File::open(&path).map_err(said(&path, "opened"))?;
        opened.seek(SeekFrom::Start(place.offset)).map_err(said(&path, "read"))?;
        let mut line = vec![0; length + 1];
        let read = opened.read_exact(&mut line);
        if read.is_err() || line.pop() != Some(b'\n') || line.contains(&b'\n') {
            let what = format!("no line of {length} bytes is here");
            return Err(StoreError::Damaged { path, offset: place.offset, what });
        }
        Ok(line)
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
mod tests {
    use super::*;
    use std::fs;

    /// Segments of more than 8 bytes are left behind.
    fn open(folder: &Path) -> Result<Journal, StoreError> {
        let mut journal = Journal::scan(folder, 8, None, &mut |_, _, _| {})?;
        journal.begin_writing()?;
        Ok(journal)
    }

    /// The head after a line, and where it went.
    fn append(journal: &Journal, head: Head, line: &str) -> Result<(Head, Place), AppendError> {
        let mut place = None;
        let head = journal.append(head, &[line.as_bytes().to_vec()], &mut |first| place = Some(first))?;
        Ok((head, place.unwrap()))
    }

    fn written(folder: &Path) -> Head {
        let journal = open(folder).unwrap();
        let mut head = Head::EMPTY;
        for line in ["line-0", "line-1", "line-2", "line-3", "line-4"] {
            head = append(&journal, head, line).unwrap().0;
        }
        head
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn all(journal: &Journal) -> Vec<(u64, Place, String)> {
        let mut found = Vec::new();
        let mut each =
            |at, place, line: &[u8]| found.push((at, place, String::from_utf8(line.to_vec()).unwrap()));
        journal.read(0..9, &mut each).unwrap();
        found
    }

    #[test]
    fn a_segment_is_plain_text_named_by_its_first_sequence() {
        let folder = tempfile::tempdir().unwrap();
        let head = written(folder.path());
        assert_eq!(names(folder.path()), ["000000000000.jsonl", "000000000002.jsonl", "000000000004.jsonl"]);
        assert_eq!(fs::read(file(folder.path(), 2)).unwrap(), b"line-2\nline-3\n");
        let journal = open(folder.path()).unwrap();
        assert_eq!(journal.head(), head);
        let found = all(&journal);
        assert_eq!(found.len(), 5);
        assert_eq!(found[3], (3, Place { segment: 2, offset: 7 }, "line-3".to_owned()));
        assert_eq!(journal.line(found[3].1, 6).unwrap(), b"line-3");
        assert!(journal.line(found[3].1, 5).is_err());
    }

    #[test]
    fn a_known_line_spares_the_lines_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let head = written(folder.path());
        let mut seen = Vec::new();
        let from = Some((3, Place { segment: 2, offset: 7 }));
        let journal = Journal::scan(folder.path(), 8, from, &mut |at, _, _| seen.push(at)).unwrap();
        assert_eq!((journal.head(), seen), (head, vec![3, 4]));
        assert_eq!(all(&journal).len(), 5);
        for (segment, offset) in [(2, 6), (2, 14), (2, 70), (1, 0), (6, 0)] {
            let from = Some((3, Place { segment, offset }));
            assert!(Journal::scan(folder.path(), 8, from, &mut |_, _, _| {}).is_err(), "{segment} {offset}");
        }
    }

    #[test]
    fn a_line_without_its_newline_was_never_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let head = written(folder.path());
        fs::write(file(folder.path(), 4), b"line-4\nline").unwrap();
        assert_eq!(Journal::scan(folder.path(), 8, None, &mut |_, _, _| {}).unwrap().head(), head);
        assert_eq!(fs::read(file(folder.path(), 4)).unwrap(), b"line-4\nline", "readers change nothing");
        assert_eq!(open(folder.path()).unwrap().head(), head);
        assert_eq!(fs::read(file(folder.path(), 4)).unwrap(), b"line-4\n");
    }

    #[test]
    fn a_segment_that_was_begun_and_never_written_to_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let head = written(folder.path());
        fs::write(file(folder.path(), 5), b"").unwrap();
        let journal = open(folder.path()).unwrap();
        assert_eq!(journal.head(), head);
        let place = append(&journal, head, "line-5").unwrap().1;
        assert_eq!(place, Place { segment: 5, offset: 0 });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn after_an_append_in_doubt_nothing_is_taken_until_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let head = written(folder.path());
        let journal = open(folder.path()).unwrap();
        // It takes no bytes, and what it took cannot be taken back.
        journal.tail.lock().unwrap().writer =
            Some(OpenOptions::new().append(true).open("/dev/full").unwrap());
        let refused = append(&journal, head, "line-5");
        assert!(matches!(refused, Err(AppendError::InDoubt(StoreError::Full { .. }))));
        let refused = append(&journal, head, "line-5");
        assert!(matches!(refused, Err(AppendError::Failed(StoreError::Doubtful(_)))));
        drop(journal);
        assert!(append(&open(folder.path()).unwrap(), head, "line-5").is_ok());
    }

    #[test]
    fn every_range_is_found_whether_lines_name_their_sequences_or_not() {
        let plain: fn(u64) -> String = |line| format!("line {line}");
        let named: fn(u64) -> String = |line| {
            format!("{}\"sequence\":\"{line:012}\"", "x".repeat(usize::try_from(line * line % 97).unwrap()))
        };
        let astray: fn(u64) -> String = |line| format!("\"sequence\":\"{:012}\"", line * 7_919 % 1_000);
        for (text, sound) in [(plain, true), (named, true), (astray, false)] {
            let folder = tempfile::tempdir().unwrap();
            let lines: Vec<_> = (0..1_000).map(|line| text(line).into_bytes()).collect();
            let mut appended = Journal::scan(folder.path(), 20_000, None, &mut |_, _, _| {}).unwrap();
            appended.begin_writing().unwrap();
            for batch in lines.chunks(70) {
                appended.append(appended.head(), batch, &mut |_| {}).unwrap();
            }
            let scanned = Journal::scan(folder.path(), 20_000, None, &mut |_, _, _| {}).unwrap();
            for start in [0, 1, 16, 17, 255, 256, 257, 511, 600, 999, 1_000] {
                for journal in [&appended, &scanned] {
                    let mut found = Vec::new();
                    let mut each = |at, _, line: &[u8]| found.push((at, line.to_vec()));
                    journal.read(start..start + 300, &mut each).unwrap();
                    let expected =
                        (0..).zip(lines.clone()).filter(|(at, _)| (start..start + 300).contains(at));
                    let expected: Vec<_> = expected.collect();
                    assert!(!sound || found == expected, "from {start}");
                    assert!(found.len() <= expected.len());
                }
            }
        }
    }

    #[test]
    fn a_reader_opens_a_journal_by_the_ends_of_its_segments() {
        let folder = tempfile::tempdir().unwrap();
        let line = |at: u64| format!("\"sequence\":\"{at:012}\"").into_bytes();
        let mut journal = Journal::scan(folder.path(), 100, None, &mut |_, _, _| {}).unwrap();
        journal.begin_writing().unwrap();
        for at in 0..20 {
            journal.append(journal.head(), &[line(at)], &mut |_| {}).unwrap();
        }
        let last = journal.segments().last().unwrap().first;
        let opened = || Journal::ends(folder.path(), 100).unwrap();
        assert_eq!(opened().unwrap().head(), journal.head());
        let mut torn = fs::read(file(folder.path(), last)).unwrap();
        torn.extend(b"\"sequence\":\"00");
        fs::write(file(folder.path(), last), &torn).unwrap();
        let reader = opened().unwrap();
        assert_eq!((reader.head(), reader.unfinished()), (journal.head(), 14));
        torn.extend(vec![0; 300_000]);
        fs::write(file(folder.path(), last), &torn).unwrap();
        assert!(opened().is_none(), "nothing ends near the end, so all is read");
        let reader = Journal::open(folder.path(), 100).unwrap();
        assert_eq!((reader.head(), reader.unfinished()), (journal.head(), 300_014));
        fs::remove_file(file(folder.path(), journal.segments()[1].first)).unwrap();
        assert!(opened().is_none());
        assert!(matches!(Journal::open(folder.path(), 100), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn damage_is_named_with_its_place_and_nothing_is_changed() {
        let long = [b"line-2\n", &*vec![b'x'; 65_536], b"\n"].concat();
        let check = |segment, bytes: Option<&[u8]>, at, place, said: &str| {
            let folder = tempfile::tempdir().unwrap();
            written(folder.path());
            let path = file(folder.path(), segment);
            match bytes {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let refused = open(folder.path()).unwrap_err();
            assert!(refused.to_string().contains(said), "{refused}");
            let StoreError::Damaged { path: named, offset, .. } = refused else { panic!("{refused}") };
            assert_eq!((named, offset), (file(folder.path(), at), place));
            assert_eq!(fs::read(&path).ok().as_deref(), bytes);
        };
        check(2, Some(b"line-2\n\nline-3\n"), 2, 7, "an empty line");
        check(2, Some(&long), 2, 7, "a line of more than 65535 bytes");
        check(2, Some(b"line-2\nline"), 2, 7, "a line without its newline");
        check(2, Some(b"line-2\n"), 3, 0, "missing: entries 3 to 3");
        check(2, Some(b"line-2\nline-3\nline-4\n"), 4, 0, "the lines before it end at 5");
        check(2, None, 2, 0, "missing: entries 2 to 3");
        check(0, None, 0, 0, "missing: entries 0 to 1");
    }
}
