//! Frames: the journal's lines again, several to a value in sled, and which stream each belongs to.
//!
//! Everything here is derived and may be lost: whoever meets an error throws the frames away and reads the journal,
//! which is in [`super::journal`]. sled panics on some damage and opens other damage as a shorter history, so that each
//! value is checked when it is read, a gap is an error, and a panic is contained.

use super::segment::Place;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Measured: larger values spill into files that sled never syncs.
const FRAME_BYTES: usize = 7_500;
const FRAME_LINES: usize = 14;
/// Lines per value of the stream index.
const BLOCK: u64 = 256;
/// Frames after which the background is asked to flush.
const FLUSH_AFTER: u32 = 64;
/// Memory that sled may take for its pages.
const CACHE: u64 = 64 << 20;
/// Longer than the largest index takes to open: beyond it, sled hangs, and building anew is faster.
const PATIENCE: Duration = Duration::from_mins(1);

/// What went wrong in sled, in words; there is one remedy for all of it.
pub(super) type Broken = String;

/// Consecutive lines of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Sequence of the first line.
    pub(super) first: u64,
    /// Place of the first line.
    pub(super) place: Place,
    lengths: Vec<u16>,
    /// The lines without their newlines; empty where the one line is too long and only the journal has it.
    body: Vec<u8>,
}

/// What sled knows of a journal, and the lines that wait for their frame to be complete.
#[derive(Debug)]
pub(super) struct Frames {
    db: sled::Db,
    whole: sled::Tree,
    streams: sled::Tree,
    waiting: Option<Frame>,
    /// Streams of the lines since the last whole block.
    block: BTreeMap<[u8; 16], Vec<u8>>,
    end: u64,
    /// How many lines the journal had when sled was last closed, as far as sled knows.
    known: u64,
    unflushed: u32,
    flusher: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl Frame {
    fn new(first: u64, place: Place) -> Self {
        Self { first, place, lengths: Vec::new(), body: Vec::new() }
    }

    /// The sequence after the last line.
    pub(super) fn end(&self) -> u64 {
        self.first + self.lengths.len() as u64
    }

    /// The offset after the last line and its newline.
    pub(super) fn end_offset(&self) -> u64 {
        self.place.offset + self.lengths.iter().map(|length| u64::from(*length) + 1).sum::<u64>()
    }

    /// The length of the line that only the journal has.
    pub(super) fn pointer(&self) -> Option<usize> {
        self.lengths.first().filter(|_| self.body.is_empty()).map(|length| usize::from(*length))
    }

    /// The lines with their sequences; none where it is a pointer.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut rest = self.body.as_slice();
        (self.first..).zip(&self.lengths).map_while(move |(sequence, length)| {
            let (line, after) = rest.split_at_checked(usize::from(*length))?;
            rest = after;
            Some((sequence, line))
        })
    }

    /// `checksum (8) segment (8) offset (8) lines (1) lengths (2 each) body`, numbers big-endian.
    fn encode(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(25 + 2 * self.lengths.len() + self.body.len());
        value.extend(self.place.segment.to_be_bytes());
        value.extend(self.place.offset.to_be_bytes());
        value.extend(u8::try_from(self.lengths.len()));
        value.extend(self.lengths.iter().flat_map(|length| length.to_be_bytes()));
        value.extend(&self.body);
        sealed(&self.first.to_be_bytes(), &value)
    }

    fn decode(key: &[u8], value: &[u8]) -> Option<Self> {
        let value = unsealed(key, value)?;
        let (segment, value) = value.split_first_chunk()?;
        let (offset, value) = value.split_first_chunk()?;
        let (count, value) = value.split_first()?;
        let (lengths, body) = value.split_at_checked(usize::from(*count) * 2)?;
        let place = Place { segment: u64::from_be_bytes(*segment), offset: u64::from_be_bytes(*offset) };
        let lengths = lengths.as_chunks().0.iter().map(|length| u16::from_be_bytes(*length)).collect();
        let first = u64::from_be_bytes(key.try_into().ok()?);
        Some(Self { first, place, lengths, body: body.to_vec() })
    }
}

impl Frames {
    /// Opens what sled has in a folder, or begins anew in one that is missing.
    pub(super) fn open(path: &Path) -> Result<Self, Broken> {
        let path = path.to_owned();
        let (sender, opened) = mpsc::sync_channel(1);
        // In a thread of its own, because some damage makes sled hang; a hanging thread is left behind.
        thread::Builder::new()
            .name("sled".to_owned())
            .spawn(move || sender.send(contained(|| Self::open_patiently(&path))).is_ok())
            .map_err(|error| error.to_string())?;
        opened.recv_timeout(PATIENCE).map_err(|_| "sled did not open in time".to_owned())?
    }

    fn open_patiently(path: &Path) -> Result<Self, Broken> {
        let config = sled::Config::new().path(path).cache_capacity(CACHE).flush_every_ms(None);
        let begun = Instant::now();
        let db = loop {
            match config.open() {
                // sled's own threads may hold its lock for a moment after it was closed.
                Err(sled::Error::Io(error))
                    if error.to_string().contains("acquire lock") && begun.elapsed().as_secs() < 5 =>
                {
                    thread::sleep(Duration::from_millis(10));
                }
                opened => break opened.map_err(said)?,
            }
        };
        let whole = db.open_tree("frames").map_err(said)?;
        let streams = db.open_tree("streams").map_err(said)?;
        let flusher = flusher(whole.clone());
        let (waiting, block) = (None, BTreeMap::new());
        let mut opened = Self { db, whole, streams, waiting, block, end: 0, known: 0, unflushed: 0, flusher };
        opened.end = opened.last()?.map_or(0, |frame| frame.end());
        let size = opened.db.get("size").map_err(said)?;
        let number = size.as_deref().and_then(|size| unsealed(b"size", size)?.as_array().copied());
        opened.known = number.map_or(0, u64::from_be_bytes);
        Ok(opened)
    }

    /// Closes sled, which may panic at that too.
    pub(super) fn close(self) {
        let close = || {
            drop(self);
            Ok(())
        };
        // Whatever is lost here is read from the journal again.
        let _ = contained(close);
    }

    /// The sequence after the last line that is known here.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// How many lines the journal had at least.
    pub(super) fn known(&self) -> u64 {
        self.known.max(self.end)
    }

    /// The last complete frame.
    pub(super) fn last(&self) -> Result<Option<Frame>, Broken> {
        contained(|| match self.whole.last().map_err(said)? {
            Some((key, value)) => {
                Frame::decode(&key, &value).map(Some).ok_or_else(|| "a frame is damaged".into())
            }
            None => Ok(None),
        })
    }

    /// The frame with a line; none where it is not complete yet.
    pub(super) fn holding(&self, sequence: u64) -> Result<Option<Frame>, Broken> {
        let first_waiting = self.waiting.as_ref().map_or(self.end, |frame| frame.first);
        if sequence >= first_waiting {
            return Ok(None);
        }
        contained(|| {
            let upto = ..=sequence.to_be_bytes();
            let found = self.whole.range(upto).next_back().transpose().map_err(said)?;
            let frame = found.and_then(|(key, value)| Frame::decode(&key, &value));
            frame
                .filter(|frame| sequence < frame.end())
                .map(Some)
                .ok_or_else(|| "a frame is missing or damaged".into())
        })
    }

    /// The lines that wait for their frame to be complete.
    pub(super) fn waiting(&self) -> Option<&Frame> {
        self.waiting.as_ref()
    }

    /// The line from which on the journal must be read again after opening: the first of an incomplete block.
    pub(super) fn resume(&self) -> u64 {
        self.end / BLOCK * BLOCK
    }

    /// Says again which stream a line belongs to that has its frame already.
    pub(super) fn index(&mut self, sequence: u64, stream: Option<&str>) {
        if let (Some(stream), Ok(position)) = (stream, u8::try_from(sequence % BLOCK)) {
            self.block.entry(stream_key(stream)).or_default().push(position);
        }
    }

    /// Takes the journal's next line.
    pub(super) fn push(
        &mut self,
        sequence: u64,
        place: Place,
        line: &[u8],
        stream: Option<&str>,
    ) -> Result<(), Broken> {
        let length = u16::try_from(line.len()).map_err(|error| error.to_string())?;
        if sequence != self.end {
            return Err(format!("line {sequence} was taken for line {}", self.end));
        }
        self.index(sequence, stream);
        self.end += 1;
        if self.end.is_multiple_of(BLOCK) {
            // Before its frame, so that every block below the last frame is whole.
            self.write_block(sequence / BLOCK)?;
        }
        let fits = |frame: &Frame| {
            frame.place.segment == place.segment && frame.body.len() + line.len() <= FRAME_BYTES
        };
        if self.waiting.as_ref().is_some_and(|frame| !fits(frame)) {
            self.write_waiting()?;
        }
        let frame = self.waiting.get_or_insert_with(|| Frame::new(sequence, place));
        frame.lengths.push(length);
        if line.len() <= FRAME_BYTES {
            frame.body.extend_from_slice(line);
        }
        if frame.lengths.len() == FRAME_LINES || frame.body.is_empty() {
            self.write_waiting()?;
        }
        Ok(())
    }

    /// The sequences of a stream's lines.
    pub(super) fn sequences(&self, stream: &str) -> Result<Vec<u64>, Broken> {
        let key = stream_key(stream);
        let mut found = Vec::new();
        contained(|| {
            let mut next = 0;
            for entry in self.streams.range(..(self.end / BLOCK).to_be_bytes()) {
                let (number, block) = entry.map_err(said)?;
                let missing = || format!("block {next} of the stream index is missing or damaged");
                let mut block = unsealed(&number, &block)
                    .filter(|_| *number == u64::to_be_bytes(next))
                    .ok_or_else(missing)?;
                while let Some((of, rest)) = block.split_first_chunk::<16>() {
                    let (count, rest) = rest.split_first().ok_or_else(missing)?;
                    let (positions, rest) =
                        rest.split_at_checked(usize::from(*count) + 1).ok_or_else(missing)?;
                    if *of == key {
                        found.extend(positions.iter().map(|position| next * BLOCK + u64::from(*position)));
                    }
                    block = rest;
                }
                next += 1;
            }
            let whole = next == self.end / BLOCK;
            if whole { Ok(()) } else { Err(format!("block {next} of the stream index is missing")) }
        })?;
        let positions = self.block.get(&key).into_iter().flatten();
        found.extend(positions.map(|position| self.resume() + u64::from(*position)));
        Ok(found)
    }

    fn write_waiting(&mut self) -> Result<(), Broken> {
        let Some(frame) = self.waiting.take() else { return Ok(()) };
        contained(|| self.whole.insert(frame.first.to_be_bytes(), frame.encode()).map_err(said))?;
        self.unflushed += 1;
        if self.unflushed >= FLUSH_AFTER {
            self.unflushed = 0;
            // A full channel is a flush that has not begun yet, and will have this frame too.
            let _ = self.flusher.as_ref().map(|(sender, _)| sender.try_send(()));
        }
        Ok(())
    }

    /// `checksum (8)`, then for each stream `key (16) positions less one (1) positions (1 each)`.
    fn write_block(&mut self, number: u64) -> Result<(), Broken> {
        let mut value = Vec::new();
        for (key, positions) in std::mem::take(&mut self.block) {
            value.extend(key);
            value.extend(u8::try_from(positions.len().saturating_sub(1)));
            value.extend(positions);
        }
        let key = number.to_be_bytes();
        contained(|| self.streams.insert(key, sealed(&key, &value)).map_err(said)).map(|_| ())
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.flusher.take() {
            drop(sender);
            // It contains its own panics.
            let _ = thread.join();
        }
        let size = sealed(b"size", &self.known().to_be_bytes());
        let write = || self.db.insert("size", size).and_then(|_| self.db.flush()).map_err(said);
        // Whatever is lost here is read from the journal again.
        let _ = contained(write);
    }
}

/// A thread that flushes when asked to, off the path of an append, until its sender is dropped.
fn flusher(tree: sled::Tree) -> Option<(SyncSender<()>, JoinHandle<()>)> {
    let (sender, asked) = mpsc::sync_channel(1);
    let flush = move || {
        while asked.recv().is_ok() {
            if contained(|| tree.flush().map_err(said)).is_err() {
                return;
            }
        }
    };
    // Without it, sled writes when its buffers are full, and on closing.
    thread::Builder::new().spawn(flush).ok().map(|thread| (sender, thread))
}

/// Runs something in sled and turns its panic into an error.
pub(super) fn contained<T>(run: impl FnOnce() -> Result<T, Broken>) -> Result<T, Broken> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("sled panicked".to_owned()))
}

fn said(error: sled::Error) -> Broken {
    // sled's own words speak of its inside; the remedy is the same for all.
    match error {
        sled::Error::Io(error) => format!("`sled` could not be read or written ({})", error.kind()),
        sled::Error::Corruption { .. } => "`sled` was damaged".to_owned(),
        _ => "`sled` failed".to_owned(),
    }
}

/// Sixteen bytes stand for a stream: names may be longer than a key should be.
fn stream_key(stream: &str) -> [u8; 16] {
    Sha256::digest(stream).first_chunk().copied().unwrap_or_default()
}

fn checksum(key: &[u8], value: &[u8]) -> [u8; 8] {
    let digest = Sha256::new().chain_update(key).chain_update(value).finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

fn sealed(key: &[u8], value: &[u8]) -> Vec<u8> {
    [checksum(key, value).as_slice(), value].concat()
}

fn unsealed<'a>(key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (sum, value) = value.split_first_chunk::<8>()?;
    (*sum == checksum(key, value)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_back_as_written_and_a_changed_bit_is_refused() {
        let place = Place { segment: 3, offset: 70 };
        let frame = Frame { first: 5, place, lengths: vec![3, 1], body: b"onex".to_vec() };
        let (key, value) = (5_u64.to_be_bytes(), frame.encode());
        assert_eq!(Frame::decode(&key, &value), Some(frame.clone()));
        assert_eq!(frame.lines().collect::<Vec<_>>(), [(5, b"one".as_slice()), (6, b"x")]);
        assert_eq!((frame.end(), frame.end_offset(), frame.pointer()), (7, 76, None));
        assert_eq!(Frame::decode(&6_u64.to_be_bytes(), &value), None);
        for bit in 0..value.len() * 8 {
            let mut changed = value.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Frame::decode(&key, &changed), None);
        }
        assert_eq!(Frame::decode(&key, &value[..value.len() - 1]), None);
    }

    #[test]
    fn a_panic_in_sled_is_an_error() {
        assert_eq!(contained(|| Ok(1)), Ok(1));
        assert_eq!(
            contained(|| -> Result<(), Broken> { panic!("as sled does") }),
            Err("sled panicked".into())
        );
    }
}
