//! The file of disclosures: one JSON string a line, of which only the places are in memory.

use super::disclosures::DisclosuresError;
use crate::record::withheld;
use crate::store::StoreError;
use crate::store::disk;
use crate::store::runs::Runs;
use crate::store::writing::Replacing;
use crate::trail::disclosure::{DISCLOSURE_LIMIT, Digest, Disclosure};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The file within a ledger's folder.
pub const FILE: &str = "disclosures.jsonl";

/// The file, and where in it each disclosure is. Threads share it: whoever reads does not wait for a write.
#[derive(Debug)]
pub(super) struct DisclosureLines {
    folder: PathBuf,
    writes: bool,
    /// Held while the file is written.
    tail: Mutex<()>,
    whole: RwLock<Whole>,
}

/// What is durable of it.
#[derive(Debug, Default)]
struct Whole {
    /// None where there is none to read.
    file: Option<Arc<File>>,
    /// How many of its bytes are whole lines.
    length: u64,
    /// Looked for when they are first asked for, where there are very many.
    places: Option<Runs<32, 8>>,
    /// The numbers of the lines that are none, from 1.
    damaged: Vec<usize>,
}

/// The longest line, in bytes: a disclosure between quotes, and a newline.
const LINE: u64 = DISCLOSURE_LIMIT as u64 + 3;

/// Bytes of a file that is read whole in no time, so that damage anywhere in it is told.
const SHORT: u64 = 8 << 20;

/// A whole line.
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    /// Where it begins.
    pub(super) at: u64,
    /// What it holds, if it is one by its form.
    pub(super) disclosure: Option<Disclosure>,
}

impl Line {
    /// The disclosure that it holds: one whose field cannot have its value is none.
    pub(super) fn fit(self) -> Option<Disclosure> {
        self.disclosure.filter(is_fit)
    }
}

fn is_fit(disclosure: &Disclosure) -> bool {
    withheld::check_value(disclosure).is_ok()
}

fn parse(line: &[u8]) -> Option<Disclosure> {
    let text = serde_json::from_slice::<String>(line).ok()?;
    Disclosure::parse(&text).ok()
}

impl DisclosureLines {
    /// Finds the places of the disclosures in a folder.
    pub(super) fn find(folder: &Path, writes: bool) -> Result<Self, DisclosuresError> {
        let whole = Whole::find(folder, writes)?;
        Ok(Self { folder: folder.to_owned(), writes, tail: Mutex::default(), whole: RwLock::new(whole) })
    }

    fn whole(&self) -> RwLockReadGuard<'_, Whole> {
        self.whole.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> RwLockWriteGuard<'_, Whole> {
        self.whole.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The numbers of the lines that are none, as far as anybody has looked.
    pub(super) fn damaged(&self) -> Vec<usize> {
        self.whole().damaged.clone()
    }

    /// Where the disclosure with a digest is, and in which file.
    fn place(&self, digest: &Digest) -> Result<Option<(u64, Arc<File>)>, DisclosuresError> {
        if self.whole().places.is_none() {
            let mut whole = self.changed();
            // Another may have found them meanwhile.
            if whole.places.is_none() {
                whole.find_places(&self.path())?;
            }
        }
        let whole = self.whole();
        let place = whole.places.as_ref().map(|places| places.get(digest.bytes())).transpose()?;
        Ok(place.flatten().map(u64::from_be_bytes).zip(whole.file.clone()))
    }

    pub(super) fn has(&self, digest: &Digest) -> Result<bool, DisclosuresError> {
        Ok(self.place(digest)?.is_some())
    }

    /// Hands over each whole line.
    pub(super) fn scan<E: From<DisclosuresError>>(
        &self,
        each: &mut dyn FnMut(Line) -> Result<(), E>,
    ) -> Result<u64, E> {
        let (file, length) = {
            let whole = self.whole();
            (whole.file.clone(), whole.length)
        };
        scan(file.as_deref(), length, &self.path(), each)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    pub(super) fn get(&self, digest: &Digest) -> Result<Option<Disclosure>, DisclosuresError> {
        let Some((place, file)) = self.place(digest)? else { return Ok(None) };
        let mut line = Vec::new();
        let from = BufReader::with_capacity(1 << 10, Reading { file: &file, at: place });
        from.take(LINE).read_until(b'\n', &mut line).map_err(failed(&self.path(), "read"))?;
        // What another process has done to the file since is no reason to show something else.
        Ok(parse(&line).filter(|found| found.digest() == *digest && is_fit(found)))
    }

    pub(super) fn append(&self, new: &[Disclosure]) -> Result<(), DisclosuresError> {
        let _one = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path();
        let (file, mut length) = {
            let whole = self.whole();
            (whole.file.clone(), whole.length)
        };
        let Some(file) = file.filter(|_| self.writes) else {
            return Err(StoreError::ReadOnly(self.folder.clone()).into());
        };
        let lines: Vec<&str> = new.iter().flat_map(|each| ["\"", each.encoded(), "\"\n"]).collect();
        // What a write that failed left behind would run into the next line.
        disk::set_len(&path, &file, length)
            .and_then(|()| disk::write(&path, &file, lines.concat().as_bytes()))
            .and_then(|()| disk::sync_data(&path, &file))
            .inspect_err(|_| {
                // Whoever opens the file next would take for durable what the kernel alone may hold.
                let _ = disk::set_len(&path, &file, length);
            })
            .map_err(failed(&path, "written"))?;
        let mut whole = self.changed();
        for each in new {
            let at = length.to_be_bytes();
            let inserted =
                whole.places.as_mut().map_or(Ok(()), |places| places.insert(*each.digest().bytes(), at));
            if inserted.is_err() {
                // It is durable, whatever else is full: its place is looked for when it is asked for.
                whole.places = None;
            }
            length += each.encoded().len() as u64 + 3;
        }
        whole.length = length;
        Ok(())
    }

    pub(super) fn rewrite(
        &self,
        wanted: &mut dyn FnMut(&Digest) -> Result<bool, StoreError>,
    ) -> Result<(), DisclosuresError> {
        let _one = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.writes {
            return Err(StoreError::ReadOnly(self.folder.clone()).into());
        }
        let part = part(&self.folder);
        let file = Replacing::begin(part.clone()).map_err(failed(&part, "made"))?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        self.scan::<DisclosuresError>(&mut |line| {
            let Some(disclosure) = line.fit() else { return Ok(()) };
            if !wanted(&disclosure.digest())? {
                return Ok(());
            }
            writeln!(out, "\"{}\"", disclosure.encoded()).map_err(failed(&part, "written"))
        })?;
        let out = out.into_inner().map_err(io::IntoInnerError::into_error);
        let put = out.and_then(|out| out.put(&self.path())).map_err(failed(&self.path(), "written anew"));
        // What was open until now has no name any more, also where that was done and reported as failed: it is read until the new one
        // is, and nothing is ever written to it.
        match Whole::find(&self.folder, true) {
            Ok(whole) => *self.changed() = whole,
            Err(error) => {
                self.changed().file = None;
                return put.and(Err(error));
            }
        }
        put
    }
}

impl Whole {
    fn find(folder: &Path, writes: bool) -> Result<Self, DisclosuresError> {
        let path = folder.join(FILE);
        let file = open(&path)?;
        let length = match &file {
            Some(file) => file.metadata().map_err(failed(&path, "read"))?.len(),
            None => 0,
        };
        let mut found = Self { file: file.map(Arc::new), length, ..Self::default() };
        match found.last_end().map_err(failed(&path, "read"))?.filter(|_| length > SHORT) {
            Some(end) => {
                // One that lacks its newline alone is whole.
                let mut tail = Vec::new();
                let reading = found
                    .file
                    .as_ref()
                    .map(|file| Reading { file, at: end }.take(LINE).read_to_end(&mut tail));
                reading.transpose().map_err(failed(&path, "read"))?;
                found.length = if parse(&tail).is_some() { end + tail.len() as u64 } else { end };
            }
            None => found.length = found.find_places(&path)?,
        }
        if writes {
            found.begin_writing(folder)?;
        }
        Ok(found)
    }

    /// Where the last whole line ends, if one does near the end.
    fn last_end(&self) -> io::Result<Option<u64>> {
        let Some(file) = &self.file else { return Ok(None) };
        let begin = self.length.saturating_sub(LINE);
        let mut tail = Vec::new();
        Reading { file, at: begin }.take(LINE).read_to_end(&mut tail)?;
        Ok(tail.iter().rposition(|byte| *byte == b'\n').map(|at| begin + at as u64 + 1))
    }

    /// Finds the place of each, and says how many bytes are whole lines.
    fn find_places(&mut self, path: &Path) -> Result<u64, DisclosuresError> {
        let (mut places, mut damaged) = (Runs::new(true), Vec::new());
        let length = scan::<DisclosuresError>(self.file.as_deref(), self.length, path, &mut |line| {
            // One whose value is none has its place, too: it is to be found when it is erased.
            if let Some(disclosure) = &line.disclosure {
                places.insert(*disclosure.digest().bytes(), line.at.to_be_bytes())?;
            }
            let (number, fit) = (line.number, line.fit());
            damaged.extend(fit.is_none().then_some(number));
            Ok(())
        })?;
        (self.places, self.damaged) = (Some(places), damaged);
        Ok(length)
    }

    fn begin_writing(&mut self, folder: &Path) -> Result<(), DisclosuresError> {
        let (path, part) = (folder.join(FILE), part(folder));
        // One that a crash left holds values, too.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&part, "removed")(error));
            }
            _ => {}
        }
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path);
        let file = file.map_err(failed(&path, "opened for writing"))?;
        let mut tail = Vec::new();
        let reading = Reading { file: &file, at: self.length };
        reading.take(LINE).read_to_end(&mut tail).map_err(failed(&path, "read"))?;
        // One that lacks its newline alone is whole: its entry may be there, and an entry is never without it.
        if let Some(disclosure) = parse(&tail) {
            let ended = self.length + tail.len() as u64;
            disk::set_len(&path, &file, ended)
                .and_then(|()| disk::write(&path, &file, b"\n"))
                .map_err(failed(&path, "ended"))?;
            if let Some(places) = &mut self.places {
                places.insert(*disclosure.digest().bytes(), self.length.to_be_bytes())?;
            }
            self.length = ended + 1;
        }
        let mut last = [0];
        if self.length > 0
            && file.read_at(&mut last, self.length - 1).is_ok_and(|read| read == 1)
            && last != *b"\n"
        {
            disk::set_len(&path, &file, self.length)
                .and_then(|()| disk::write(&path, &file, b"\n"))
                .map_err(failed(&path, "ended"))?;
            self.length += 1;
        }
        // The name of a new file is durable once its folder is.
        disk::set_len(&path, &file, self.length)
            .and_then(|()| disk::sync_all(&path, &file))
            .and_then(|()| disk::sync_folder(folder))
            .map_err(failed(&path, "cut to its last whole line"))?;
        self.file = Some(Arc::new(file));
        Ok(())
    }
}

/// What is written anew, until it has its name.
fn part(folder: &Path) -> PathBuf {
    folder.join(format!("{FILE}.part"))
}

/// A file read from a place on; others may read it elsewhere meanwhile.
struct Reading<'a> {
    file: &'a File,
    at: u64,
}

impl Read for Reading<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The file, if there is one. What a symbolic link led to may lie elsewhere: to read on as if there were none would hide it.
pub(super) fn open(path: &Path) -> Result<Option<File>, DisclosuresError> {
    const NOWHERE: &str = "it is a symbolic link that leads nowhere: move it away";
    let is_none = |kind| matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    let opened = match disk::open(path) {
        Err(error) if is_none(error.kind()) => match fs::symlink_metadata(path) {
            Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, NOWHERE)),
            Err(_) => return Ok(None),
        },
        opened => opened,
    };
    opened.map(Some).map_err(failed(path, "read"))
}

/// Hands over the whole lines of a folder's file, but a disclosure only the first time; says whether a line without an end
/// follows, where there is such a file.
pub(super) fn once<E: From<DisclosuresError> + From<StoreError>>(
    folder: &Path,
    each: &mut dyn FnMut(Line) -> Result<(), E>,
) -> Result<Option<bool>, E> {
    let path = folder.join(FILE);
    let Some(file) = open(&path)? else { return Ok(None) };
    let mut seen = Runs::<32, 0>::new(true);
    let whole = scan::<E>(Some(&file), u64::MAX, &path, &mut |line| {
        if let Some(disclosure) = &line.disclosure {
            let digest = disclosure.digest();
            if seen.get(digest.bytes())?.is_some() {
                return Ok(());
            }
            seen.insert(*digest.bytes(), [])?;
        }
        each(line)
    })?;
    let length = file.metadata().map_err(failed(&path, "read"))?.len();
    Ok(Some(length > whole))
}

/// Hands over each whole line of so many bytes; returns how many they are. Never more of a line is read than a disclosure can hold.
pub(super) fn scan<E: From<DisclosuresError>>(
    file: Option<&File>,
    bytes: u64,
    path: &Path,
    each: &mut dyn FnMut(Line) -> Result<(), E>,
) -> Result<u64, E> {
    let Some(file) = file else { return Ok(0) };
    let mut file = BufReader::with_capacity(1 << 16, Reading { file, at: 0 }.take(bytes));
    let (mut whole, mut length, mut number, mut line) = (0, 0, 1, Vec::new());
    let mut fits = true;
    loop {
        let taken =
            file.by_ref().take(LINE + 1).read_until(b'\n', &mut line).map_err(failed(path, "read"))?;
        if taken == 0 {
            // One that lacks its newline alone is whole.
            if let Some(disclosure) = parse(&line).filter(|_| fits) {
                each(Line { number, at: whole, disclosure: Some(disclosure) })?;
                whole = length;
            }
            return Ok(whole);
        }
        length += taken as u64;
        if line.last() != Some(&b'\n') {
            // The rest of a line that is too long says nothing; one byte of it tells that it is none. A shorter one is the last.
            if line.len() as u64 > LINE {
                line.truncate(1);
                fits = false;
            }
            continue;
        }
        let disclosure = if fits { parse(&line) } else { None };
        each(Line { number, at: whole, disclosure })?;
        (whole, number, fits) = (length, number + 1, true);
        line.clear();
    }
}

fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> DisclosuresError {
    let path = path.to_owned();
    move |source| DisclosuresError::File { path, doing, source }
}
