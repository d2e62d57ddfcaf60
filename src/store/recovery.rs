//! Recovery: sled is brought up to date with the journal, or rebuilt from it where it is missing, beside or broken.
//!
//! The journal is never changed here, and never guessed at: where it is damaged or was cut, that is the answer.

use super::folder::Folder;
use super::frames::{Broken, Frame, Frames};
use super::journal::Journal;
use super::segment::Place;
use super::{StoreError, StreamOf};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// What is said where the journal alone answers.
pub(super) const WITHOUT: &str = "the ledger works without `sled`, more slowly, until it is opened again";

/// Opens the journal, with sled as far as it can be had, and says in notices what was healed.
pub(super) fn open(
    folder: &Folder,
    stream_of: StreamOf,
    limit: u64,
    notices: &mut Vec<String>,
) -> Result<(Journal, Option<Frames>), StoreError> {
    let (journal, frames) = match quickly(folder, stream_of, limit, notices) {
        Ok((journal, frames)) => (journal, Some(frames)),
        Err((known, reason)) => {
            let (journal, frames) = anew(folder, stream_of, limit, known)?;
            notices.push(match &frames {
                Ok(_) => {
                    let size = journal.head().size;
                    format!("{reason}: `sled` was rebuilt from the journal's {size} entries")
                }
                Err(error) => format!("{reason}, and rebuilding it failed ({error}): {WITHOUT}"),
            });
            (journal, frames.ok())
        }
    };
    if journal.head().size == 0 && frames.is_some() {
        // Nothing was rebuilt that anybody could miss.
        notices.clear();
    }
    Ok((journal, frames))
}

/// Opens the journal from where sled knows it, and brings sled up to date; or says why not, and how far sled knew it.
fn quickly(
    folder: &Folder,
    stream_of: StreamOf,
    limit: u64,
    notices: &mut Vec<String>,
) -> Result<(Journal, Frames), (u64, Broken)> {
    let path = folder.sled();
    if !path.exists() {
        return Err((0, "`sled` was missing".to_owned()));
    }
    let mut frames = Frames::open(&path).map_err(|error| (0, error))?;
    match catch_up(&mut frames, folder, stream_of, limit, notices) {
        Ok(journal) => Ok((journal, frames)),
        Err(reason) => {
            let known = frames.known();
            frames.close();
            Err((known, reason))
        }
    }
}

/// Reads what the journal has after the last complete frame, and whether the two agree until there.
fn catch_up(
    frames: &mut Frames,
    folder: &Folder,
    stream_of: StreamOf,
    limit: u64,
    notices: &mut Vec<String>,
) -> Result<Journal, Broken> {
    let beside = || "`sled` and the journal disagreed".to_owned();
    let (known, complete, resume, last) = (frames.known(), frames.end(), frames.resume(), frames.last()?);
    let from =
        frames.holding(resume.min(complete.saturating_sub(1)))?.map(|frame| (frame.first, frame.place));
    let (mut agreed, mut pushed) = (0, Ok(()));
    let journal = Journal::scan(&folder.journal(), limit, from, &mut |sequence, place, line| {
        if sequence >= complete {
            if pushed.is_ok() {
                pushed = frames.push(sequence, place, line, stream_of(line));
            }
            return;
        }
        if sequence >= resume {
            frames.index(sequence, stream_of(line));
        }
        agreed += u64::from(last.as_ref().is_some_and(|last| is_in(last, sequence, place, line)));
    });
    // If it is the journal's fault, reading it whole will say so.
    let journal = journal.map_err(|_| beside())?;
    pushed?;
    let size = journal.head().size;
    let last_is_same = last.is_none_or(|last| last.end() - last.first == agreed);
    if !last_is_same || size < known || !segments_agree(&journal, frames, from)? {
        return Err(beside());
    }
    if size > known.max(complete + 14) {
        let behind = size - known;
        notices.push(format!("`sled` was {behind} entries behind the journal: it was brought up to date"));
    }
    Ok(journal)
}

/// Whether a line is a frame's at its sequence and place.
fn is_in(frame: &Frame, sequence: u64, place: Place, line: &[u8]) -> bool {
    if sequence == frame.first && place != frame.place {
        return false;
    }
    match frame.pointer() {
        Some(length) => sequence == frame.first && line.len() == length,
        None => frame.lines().any(|known| known == (sequence, line)),
    }
}

/// Whether the segments that were not read end where the frames say.
fn segments_agree(journal: &Journal, frames: &Frames, from: Option<(u64, Place)>) -> Result<bool, Broken> {
    let unread = from.map_or(0, |(_, place)| place.segment);
    for (segment, after) in journal.segments().iter().zip(journal.segments().iter().skip(1)) {
        if after.first > unread {
            break;
        }
        let frame = frames.holding(after.first - 1)?;
        let same = frame.is_some_and(|frame| {
            frame.place.segment == segment.first
                && frame.end() == after.first
                && frame.end_offset() == segment.length
        });
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the whole journal into a fresh sled, unless the journal is shorter than it was.
fn anew(
    folder: &Folder,
    stream_of: StreamOf,
    limit: u64,
    known: u64,
) -> Result<(Journal, Result<Frames, Broken>), StoreError> {
    let path = folder.journal();
    // Before anything is removed: a journal that is damaged or cut may need it to be judged by.
    let journal = Journal::scan(&path, limit, None, &mut |_, _, _| {})?.head().size;
    if journal < known {
        return Err(StoreError::Cut { path, journal, known });
    }
    let sled = folder.sled();
    let mut frames = remove(&sled).map_err(|error| error.to_string()).and_then(|()| Frames::open(&sled));
    let journal = Journal::scan(&path, limit, None, &mut |sequence, place, line| {
        if let Ok(opened) = &mut frames
            && let Err(error) = opened.push(sequence, place, line, stream_of(line))
        {
            frames = Err(error);
        }
    })?;
    Ok((journal, frames))
}

/// Removes sled's folder, or whatever is in its place.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}
