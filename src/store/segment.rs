//! The segments of a journal: their names, their lines, and that each begins where the one before it ends.

use super::disk;
use super::{StoreError, said};
use crate::trail::entry::{self, ENTRY_LIMIT};
use memchr::memchr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Lines that are read over rather than looked for.
const NEAR: u64 = 16;
/// Bytes that most lines are shorter than. To read more of a scattered history takes longer than to read again where one is not.
const LIKELY: usize = 3 << 9;
/// How often a place is guessed at.
const GUESSES: usize = 24;

/// Where a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Sequence of the first line in its segment.
    pub(super) segment: u64,
    /// Bytes before the line in its segment.
    pub(super) offset: u64,
}

/// A segment, and how many of its bytes are whole lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) length: u64,
}

/// Hands out a line with its sequence and place.
pub(super) type EachLine<'a> = &'a mut dyn FnMut(u64, Place, &[u8]);

/// Where whole lines end, and whether anything comes after them.
#[derive(Debug)]
pub(super) struct End {
    pub(super) sequence: u64,
    pub(super) offset: u64,
    pub(super) torn: bool,
}

/// The file of a segment.
pub(super) fn file(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:012}.jsonl"))
}

/// The segments of a folder in their order; lengths are those of the files, torn lines included.
pub(super) fn list(folder: &Path) -> Result<Vec<Segment>, StoreError> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let what = "the folder is missing".to_owned();
            return Err(StoreError::Damaged { path: folder.to_owned(), offset: 0, what });
        }
        entries => entries.map_err(said(folder, "read"))?,
    };
    for entry in entries {
        let entry = entry.map_err(said(folder, "read"))?;
        let name = entry.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
        let is_number =
            |digits: &&str| digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let Some(first) = digits.filter(is_number).and_then(|digits| digits.parse().ok()) else { continue };
        let length = entry.metadata().map_err(said(&entry.path(), "read"))?.len();
        found.push(Segment { first, length });
    }
    found.sort_by_key(|segment: &Segment| segment.first);
    if let Some(first) = found.first().filter(|segment| segment.first > 0) {
        follows(folder, first.first, 0)?;
    }
    Ok(found)
}

/// Whether a segment begins where the lines before it end.
pub(super) fn follows(folder: &Path, first: u64, next: u64) -> Result<(), StoreError> {
    let (path, what) = match first.checked_sub(next) {
        Some(0) => return Ok(()),
        Some(_) => (file(folder, next), format!("missing: entries {next} to {}", first - 1)),
        None => (file(folder, first), format!("begins at {first}, and the lines before it end at {next}")),
    };
    Err(StoreError::Damaged { path, offset: 0, what })
}

/// Hands whole lines to `each` until it says no.
pub(super) fn lines(
    path: &Path,
    mut sequence: u64,
    mut place: Place,
    limit: u64,
    each: &mut dyn FnMut(u64, Place, &[u8]) -> bool,
) -> Result<End, StoreError> {
    let damaged = |offset, what| Err(StoreError::Damaged { path: path.to_owned(), offset, what });
    let mut opened = match disk::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return damaged(0, "the file is missing".to_owned());
        }
        opened => opened.map_err(said(path, "read"))?,
    };
    if let Some(before) = place.offset.checked_sub(1) {
        opened.seek(SeekFrom::Start(before)).map_err(said(path, "read"))?;
        let mut newline = [0];
        if opened.read_exact(&mut newline).is_err() || newline != *b"\n" {
            return damaged(place.offset, "no line begins here".to_owned());
        }
    }
    // With room for the longest line and its newline, and for no more: a longer line is never whole in it.
    let mut reader =
        BufReader::with_capacity(ENTRY_LIMIT + 1, opened.take(limit.saturating_sub(place.offset)));
    let mut line = Vec::new();
    let longest = ENTRY_LIMIT as u64 + 1;
    loop {
        let buffer = reader.fill_buf().map_err(said(path, "read"))?;
        let (goes_on, taken) = match memchr(b'\n', buffer).and_then(|length| buffer.get(..length)) {
            Some([]) => return damaged(place.offset, "an empty line".to_owned()),
            // Nearly each line lies in the buffer, and is handed out from there.
            Some(line) => {
                let goes_on = each(sequence, place, line);
                let taken = line.len() + 1;
                reader.consume(taken);
                (goes_on, taken as u64)
            }
            None => {
                line.clear();
                reader.by_ref().take(longest).read_until(b'\n', &mut line).map_err(said(path, "read"))?;
                let taken = line.len() as u64;
                if line.pop_if(|byte| *byte == b'\n').is_none() {
                    // Zeros or garbage after a power cut may be long; a newline after them tells that lines were written here.
                    if taken == longest && newline_follows(&mut reader).map_err(said(path, "read"))? {
                        return damaged(place.offset, format!("a line of more than {ENTRY_LIMIT} bytes"));
                    }
                    return Ok(End { sequence, offset: place.offset, torn: taken > 0 });
                }
                (each(sequence, place, &line), taken)
            }
        };
        place.offset += taken;
        sequence += 1;
        if !goes_on {
            return Ok(End { sequence, offset: place.offset, torn: false });
        }
    }
}

/// The last whole line of a segment, and where it ends; nothing where none ends near the end of the file.
pub(super) fn last_line(path: &Path, length: u64) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
    let opened = disk::open(path).map_err(said(path, "read"))?;
    for size in [8 << 10, 4 * ENTRY_LIMIT as u64] {
        let begin = length.saturating_sub(size);
        let mut tail = vec![0; usize::try_from(length - begin).unwrap_or(0)];
        opened.read_exact_at(&mut tail, begin).map_err(said(path, "read"))?;
        let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else { continue };
        let before = tail.get(..end).unwrap_or_default();
        let from = before.iter().rposition(|byte| *byte == b'\n').map(|before| before + 1);
        if let Some(from) = from.or((begin == 0).then_some(0)) {
            let line = before.get(from..).unwrap_or_default().to_vec();
            return Ok(Some((line, begin + end as u64 + 1)));
        }
    }
    Ok(None)
}

/// A line at or before a sequence, near it, and where it begins: found by the sequences that lines name, of which the one that
/// follows the segment is `end`. Where they do not name any, or lead astray, it is the first.
pub(super) fn near(
    path: &Path,
    segment: Segment,
    end: u64,
    sequence: u64,
) -> Result<(u64, Place), StoreError> {
    let (mut low, mut high) = ((segment.first, 0), (end, segment.length));
    let at = |(sequence, offset)| (sequence, Place { segment: segment.first, offset });
    if sequence.saturating_sub(low.0) <= NEAR {
        return Ok(at(low));
    }
    let opened = disk::open(path).map_err(said(path, "read"))?;
    // Lines are of like length, so that a few guesses are enough; where they are not, the nearest so far has to do.
    for _ in 0..GUESSES {
        let (lines, bytes) = (high.0.saturating_sub(low.0).max(1), high.1.saturating_sub(low.1));
        let wanted = sequence.saturating_sub(low.0);
        if wanted <= NEAR {
            break;
        }
        let guess = u128::from(bytes) * u128::from(wanted - NEAR / 2) / u128::from(lines);
        let guess = low.1 + u64::try_from(guess).unwrap_or(0);
        let Some((offset, line)) = line_after(&opened, guess).map_err(said(path, "read"))? else { break };
        match entry::sequence(&line) {
            Some(found) if found > low.0 && found <= sequence => low = (found, offset),
            Some(found) if found > sequence && found < high.0 => high = (found, offset),
            _ => break,
        }
    }
    Ok(at(low))
}

/// Reads the line that begins at an offset, without its newline, where a whole one does; `bytes` is the room for it.
pub(super) fn line_at<'b>(
    opened: &File,
    offset: u64,
    bytes: &'b mut Vec<u8>,
) -> io::Result<Option<&'b [u8]>> {
    // With the newline of the line before, where there is one.
    let before = usize::from(offset > 0);
    let mut line = None;
    for size in [LIKELY, 4 << 10, ENTRY_LIMIT + 2] {
        bytes.resize(size, 0);
        let read = opened.read_at(bytes, offset - before as u64)?;
        bytes.truncate(read);
        let Some((newline, rest)) = bytes.split_at_checked(before) else { break };
        if newline.iter().any(|byte| *byte != b'\n') {
            break;
        }
        line = memchr(b'\n', rest).map(|length| before..before + length);
        if line.is_some() {
            break;
        }
    }
    Ok(line.and_then(|line| bytes.get(line)))
}

/// The first whole line that begins after an offset, and where it does.
fn line_after(opened: &File, offset: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
    let mut bytes = Vec::new();
    for size in [4 << 10, 2 * ENTRY_LIMIT + 2] {
        bytes.resize(size, 0);
        let read = opened.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let skipped = lines.next().map_or(0, <[u8]>::len);
        if let Some(line) = lines.next().and_then(|line| line.strip_suffix(b"\n")) {
            return Ok(Some((offset + skipped as u64, line.to_vec())));
        }
    }
    Ok(None)
}

fn newline_follows(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() || buffer.contains(&b'\n') {
            return Ok(!buffer.is_empty());
        }
        let taken = buffer.len();
        reader.consume(taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_line_of_any_length_is_read_where_it_begins_and_nowhere_else() {
        let mut opened = tempfile::tempfile().unwrap();
        let sizes = [LIKELY, 4 << 10, ENTRY_LIMIT];
        let lengths = sizes.iter().flat_map(|size| (size.saturating_sub(3)..=size + 2).chain([1]));
        let lengths: Vec<usize> = lengths.filter(|length| *length <= ENTRY_LIMIT).collect();
        for length in &lengths {
            opened.write_all(&[&*vec![b'-'; *length], b"\n"].concat()).unwrap();
        }
        opened.write_all(b"torn").unwrap();
        let (mut offset, mut bytes) = (0, Vec::new());
        for length in lengths {
            let line = line_at(&opened, offset, &mut bytes).unwrap();
            assert!(line == Some(&vec![b'-'; length]), "{length}");
            assert_eq!(line_at(&opened, offset + 1, &mut bytes).unwrap(), None, "{length}");
            offset += length as u64 + 1;
        }
        for torn in [offset, offset + 4, offset + 99] {
            assert_eq!(line_at(&opened, torn, &mut bytes).unwrap(), None);
        }
    }
}
