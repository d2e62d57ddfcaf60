//! Recovery: sled is brought up to date with the journal, or rebuilt from it where it is missing, beside or broken.
//!
//! The journal is never changed here, and never guessed at: where it is damaged or was cut, that is the answer. Nor is sled
//! changed that counts: what was not closed is tried in a copy, and what is rebuilt counts when it is whole.

use super::StoreError;
use super::contained::Broken;
use super::folder::Folder;
use super::frame::FRAME_LINES;
use super::frames::Frames;
use super::generation::{Current, Generations};
use super::journal::Journal;
use super::segment::Place;
use crate::trail::hash::LeafHash;

/// What is said where the journal alone answers.
pub(super) const WITHOUT: &str = "the ledger works without `sled`, more slowly, until it is opened again";

/// What was opened.
pub(super) struct Recovered {
    pub(super) journal: Journal,
    pub(super) frames: Option<Frames>,
    pub(super) generations: Generations,
    /// So many entries are known to be durable; of others that there are, whoever wrote them may have been told otherwise.
    pub(super) durable: u64,
}

/// Opens the journal, with sled as far as it can be had, and says in notices what was healed.
pub(super) fn open(folder: &Folder, limit: u64, notices: &mut Vec<String>) -> Result<Recovered, StoreError> {
    let mut generations = Generations::read(&folder.sled());
    let durable = generations.current().filter(|current| current.closed).map_or(0, |current| current.entries);
    let (journal, frames) = match quickly(folder, &mut generations, limit, notices) {
        Ok((journal, frames)) => (journal, Some(frames)),
        Err((known, reason)) => {
            let (journal, frames) = anew(folder, &mut generations, limit, known)?;
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
    if frames.is_some() {
        generations.sweep();
        if journal.head().size == 0 {
            // Nothing was rebuilt that anybody could miss.
            notices.clear();
        }
    }
    Ok(Recovered { journal, frames, generations, durable })
}

/// Opens the journal from where sled knows it, and brings sled up to date; or says why not, and how far sled knew it.
fn quickly(
    folder: &Folder,
    generations: &mut Generations,
    limit: u64,
    notices: &mut Vec<String>,
) -> Result<(Journal, Frames), (u64, Broken)> {
    let Some(current) = generations.current() else { return Err((0, "`sled` was missing".to_owned())) };
    let Some(head) = current.head else {
        return Err((current.entries, "`sled` had failed, or was of an earlier version".to_owned()));
    };
    let failed = |error: std::io::Error| {
        (current.entries, format!("`sled` could not be read or written ({})", error.kind()))
    };
    if let Some(path) = generations.strange(current.folder) {
        return Err((current.entries, format!("`sled` was damaged ({} is no file)", path.display())));
    }
    let number = if current.closed {
        generations.switch(Current { closed: false, ..current }).map_err(failed)?;
        current.folder
    } else {
        let copy = generations.next().map_err(failed)?;
        generations.copy(current.folder, copy).map_err(failed)?;
        copy
    };
    let path = generations.folder(number);
    // sled would begin anew there.
    let mut frames = if path.is_dir() { Frames::open(&path) } else { Err("`sled` was missing".to_owned()) }
        .map_err(|error| (current.entries, error))?;
    let caught_up = catch_up(&mut frames, (current, head), folder, limit, notices).and_then(|journal| {
        if number != current.folder {
            let switched = generations.switch(Current { folder: number, ..current });
            switched.map_err(|error| failed(error).1)?;
        }
        Ok(journal)
    });
    match caught_up {
        Ok(journal) => Ok((journal, frames)),
        Err(reason) => {
            // Closed before anything else is made of it, as far as it can be.
            let known = frames.complete().max(current.entries);
            let _ = frames.close();
            Err((known, reason))
        }
    }
}

/// Reads what the journal has after the last complete frame, and whether the two agree until there.
fn catch_up(
    frames: &mut Frames,
    (current, head): (Current, LeafHash),
    folder: &Folder,
    limit: u64,
    notices: &mut Vec<String>,
) -> Result<Journal, Broken> {
    let beside = || "`sled` and the journal disagreed".to_owned();
    let (complete, last) = (frames.end(), frames.last()?);
    // Where it has the frames that it was closed with, it knew of the lines that waited for theirs, too.
    let known = if complete == current.frames { current.entries.max(complete) } else { complete };
    let from = last.as_ref().map(|frame| (frame.first, frame.place));
    let (mut agreed, mut same_head, mut pushed) = (0, true, Ok(()));
    let journal = Journal::scan(&folder.journal(), limit, from, &mut |sequence, place, line| {
        if sequence + 1 == current.entries {
            same_head = LeafHash::of(line) == head;
        }
        if sequence >= complete {
            if pushed.is_ok() {
                pushed = frames.push(sequence, place, line);
            }
            return;
        }
        agreed += u64::from(last.as_ref().is_some_and(|last| last.has(sequence, place, line)));
    });
    // If it is the journal's fault, reading it whole will say so.
    let journal = journal.map_err(|_| beside())?;
    pushed?;
    let size = journal.head().size;
    let last_is_same = last.is_none_or(|last| last.end() - last.first == agreed);
    if !last_is_same || !same_head || size < known || !segments_agree(&journal, frames, from)? {
        return Err(beside());
    }
    if size > known.max(complete + FRAME_LINES as u64) || complete < current.frames {
        let behind = size - known;
        notices.push(format!("`sled` was {behind} entries behind the journal: it was brought up to date"));
    }
    Ok(journal)
}

/// Whether the segments that were not read end where the frames say.
fn segments_agree(journal: &Journal, frames: &Frames, from: Option<(u64, Place)>) -> Result<bool, Broken> {
    let unread = from.map_or(0, |(_, place)| place.segment);
    let segments = journal.segments();
    for (segment, after) in segments.iter().zip(segments.iter().skip(1)) {
        if after.first > unread {
            break;
        }
        let frame = frames.stored().holding(after.first - 1)?;
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
    generations: &mut Generations,
    limit: u64,
    known: u64,
) -> Result<(Journal, Result<Frames, Broken>), StoreError> {
    let path = folder.journal();
    // Before anything is made: a journal that is damaged or cut may need what sled knows to be judged by.
    let journal = Journal::scan(&path, limit, None, &mut |_, _, _| {})?.head().size;
    if journal < known {
        return Err(StoreError::Cut { path, journal, known });
    }
    let number = generations.next();
    let opened = |number: &u64| Frames::open(&generations.folder(*number));
    let mut frames = number.as_ref().map_err(ToString::to_string).and_then(opened);
    let journal = Journal::scan(&path, limit, None, &mut |sequence, place, line| {
        if let Ok(opened) = &mut frames
            && let Err(error) = opened.push(sequence, place, line)
        {
            frames = Err(error);
        }
    })?;
    let Ok(folder) = number else { return Ok((journal, frames)) };
    let entries = journal.head().size;
    let frames = frames.and_then(|built| {
        let head = Some(journal.head().leaf);
        let current = Current { folder, closed: false, entries, frames: built.flush()?, head };
        generations.switch(current).map_err(|error| error.to_string())?;
        Ok(built)
    });
    if frames.is_err() {
        // Room is given back at once where the disk is full.
        generations.discard(folder);
    }
    Ok((journal, frames))
}
