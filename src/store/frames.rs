//! Frames in sled: where the journal's lines lie, several to a value.
//!
//! Everything here is derived and may be lost: whoever meets an error throws the frames away and reads the journal,
//! which is in [`super::journal`]. sled panics on some damage, hangs on other, and opens some as a shorter history, so that it
//! is [`super::contained`], each value is checked when it is read, and a gap is an error. What is written is not waited for.

use super::contained::{Broken, Contained, contained};
use super::frame::Frame;
use super::segment::Place;
use crate::trail::hash::LeafHash;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Frames after which the background is asked to flush.
const FLUSH_AFTER: u32 = 64;
/// Memory that sled may take for its pages: those of several million lines.
const CACHE: u64 = 16 << 20;
/// Longer than the largest index takes to open: beyond it, sled hangs, and building anew is faster.
const OPENING: Duration = Duration::from_mins(1);
/// How long nothing may come to an end that waits in the queue before a read: beyond it, the journal is faster.
const READING: Duration = Duration::from_secs(2);
/// Longer than a close takes that has much to write: beyond it, the next opening judges what was written.
const CLOSING: Duration = Duration::from_secs(10);

/// What sled knows of a journal, and the frame that is not complete yet.
#[derive(Debug)]
pub(super) struct Frames {
    trees: Arc<Contained<Trees>>,
    stored: Stored,
    waiting: Option<Frame>,
    /// The last line that was taken, of which the frame needs the hash once it is complete.
    line: Vec<u8>,
    end: u64,
}

/// The complete frames, for readers, who wait for nobody who writes, and for whom nobody waits. They keep nothing open.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    trees: Weak<Contained<Trees>>,
    /// The sequence after the last line that is in one of them.
    complete: Arc<AtomicU64>,
}

/// sled itself.
struct Trees {
    // Dropped in this order.
    flusher: Option<(SyncSender<()>, JoinHandle<()>)>,
    whole: sled::Tree,
    db: sled::Db,
    unflushed: u32,
}

impl Frames {
    /// Opens what sled has in a folder, or begins anew in one that is missing.
    pub(super) fn open(path: &Path) -> Result<Self, Broken> {
        let path = path.to_owned();
        let trees = Contained::begin(OPENING, move || Trees::open(&path))?;
        let trees = Arc::new(trees);
        let stored = Stored { trees: Arc::downgrade(&trees), complete: Arc::default() };
        let mut opened = Self { trees, stored, waiting: None, line: Vec::new(), end: 0 };
        opened.end = opened.last()?.map_or(0, |frame| frame.end());
        opened.stored.complete.store(opened.end, Ordering::Release);
        Ok(opened)
    }

    /// Closes sled, and says how many lines are in complete frames. Nobody has them for reading any more.
    pub(super) fn close(self) -> Result<u64, Broken> {
        let complete = self.complete();
        let trees = Arc::into_inner(self.trees).ok_or("sled is being read")?;
        trees.end(CLOSING, Trees::close)?;
        Ok(complete)
    }

    /// What readers ask.
    pub(super) fn stored(&self) -> &Stored {
        &self.stored
    }

    /// Waits until what was written until now is in sled's files, and says how many lines are in complete frames.
    pub(super) fn flush(&self) -> Result<u64, Broken> {
        self.trees.ask(CLOSING, |trees| trees.db.flush().map_err(said))?;
        Ok(self.complete())
    }

    /// The sequence after the last line that is known here.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The sequence after the last line that is in a complete frame.
    pub(super) fn complete(&self) -> u64 {
        self.stored.complete()
    }

    /// The last complete frame.
    pub(super) fn last(&self) -> Result<Option<Frame>, Broken> {
        self.trees.ask(READING, |trees| match trees.whole.last().map_err(said)? {
            Some((key, value)) => {
                Frame::decode(&key, &value).map(Some).ok_or_else(|| "a frame is damaged".into())
            }
            None => Ok(None),
        })
    }

    /// Takes the journal's next line.
    pub(super) fn push(&mut self, sequence: u64, place: Place, line: &[u8]) -> Result<(), Broken> {
        let length = u16::try_from(line.len()).map_err(|error| error.to_string())?;
        if sequence != self.end {
            return Err(format!("line {sequence} was taken for line {}", self.end));
        }
        self.end += 1;
        if self.waiting.as_ref().is_some_and(|frame| !frame.fits(place)) {
            self.write_waiting()?;
        }
        line.clone_into(&mut self.line);
        let frame = self.waiting.get_or_insert_with(|| Frame::new(sequence, place));
        frame.push(length);
        if frame.is_full() { self.write_waiting() } else { Ok(()) }
    }

    fn write_waiting(&mut self) -> Result<(), Broken> {
        let Some(mut frame) = self.waiting.take() else { return Ok(()) };
        frame.last = LeafHash::of(&self.line);
        let end = frame.end();
        self.trees.tell(move |trees| {
            trees.whole.insert(frame.first.to_be_bytes(), frame.encode()).map_err(said)?;
            trees.ask_to_flush();
            Ok(())
        })?;
        // Whoever asks for it from here on is answered after it was written.
        self.stored.complete.store(end, Ordering::Release);
        Ok(())
    }
}

impl Stored {
    fn complete(&self) -> u64 {
        self.complete.load(Ordering::Acquire)
    }

    /// The frame with a line; none where it is not complete yet.
    pub(super) fn holding(&self, sequence: u64) -> Result<Option<Frame>, Broken> {
        if sequence >= self.complete() {
            return Ok(None);
        }
        let trees = self.trees.upgrade().ok_or("sled was given up")?;
        trees.ask(READING, move |trees| {
            let upto = ..=sequence.to_be_bytes();
            let found = trees.whole.range(upto).next_back().transpose().map_err(said)?;
            let frame = found.and_then(|(key, value)| Frame::decode(&key, &value));
            frame
                .filter(|frame| sequence < frame.end())
                .map(Some)
                .ok_or_else(|| "a frame is missing or damaged".into())
        })
    }
}

impl Trees {
    fn open(path: &Path) -> Result<Self, Broken> {
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
        Ok(Self { flusher: flusher(whole.clone()), whole, db, unflushed: 0 })
    }

    fn ask_to_flush(&mut self) {
        self.unflushed += 1;
        if self.unflushed >= FLUSH_AFTER {
            self.unflushed = 0;
            // A full channel is a flush that has not begun yet, and will have these frames too.
            let _ = self.flusher.as_ref().map(|(sender, _)| sender.try_send(()));
        }
    }

    /// Where it cannot be flushed, it is not dropped either, which flushes again and again.
    fn close(mut self) -> Result<(), Broken> {
        let flushed = self.db.flush().map(drop).map_err(said);
        if flushed.is_err() {
            std::mem::forget(self);
            return flushed;
        }
        if let Some((sender, thread)) = self.flusher.take() {
            drop(sender);
            // It contains its own panics.
            let _ = thread.join();
        }
        drop(self);
        Ok(())
    }
}

/// A thread that flushes when asked to, so that no frame waits for it, until its sender is dropped.
fn flusher(tree: sled::Tree) -> Option<(SyncSender<()>, JoinHandle<()>)> {
    let (sender, asked) = mpsc::sync_channel(1);
    let flush = move || {
        while asked.recv().is_ok() {
            if contained(|| tree.flush().map_err(said)).is_err() {
                // As above.
                std::mem::forget(tree);
                return;
            }
        }
    };
    // Without it, sled writes when its buffers are full, and on closing.
    let named = thread::Builder::new().name(super::contained::THREAD.to_owned());
    named.spawn(flush).ok().map(|thread| (sender, thread))
}

fn said(error: sled::Error) -> Broken {
    // sled's own words speak of its inside; the remedy is the same for all.
    match error {
        sled::Error::Io(error) => format!("`sled` could not be read or written ({})", error.kind()),
        sled::Error::Corruption { .. } => "`sled` was damaged".to_owned(),
        _ => "`sled` failed".to_owned(),
    }
}

#[cfg(test)]
impl Frames {
    /// Gives sled something to do of which it does not come back.
    pub(super) fn hang(&self) {
        let hang = |_: &mut Trees| loop {
            thread::sleep(OPENING);
        };
        self.trees.tell(hang).unwrap();
    }

    /// Makes it as if sled panicked.
    pub(super) fn panic(&self) {
        self.trees.tell(|_| panic!("as sled does")).unwrap();
    }
}
