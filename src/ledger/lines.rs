//! The file of disclosures: one JSON string a line, of which only the places are in memory.

use super::disclosures::DisclosuresError;
use crate::store::StoreError;
use crate::store::disk::{self, Writing};
use crate::store::runs::Runs;
use crate::trail::disclosure::{DISCLOSURE_LIMIT, Digest, Disclosure};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file within a ledger's folder.
pub const FILE: &str = "disclosures.jsonl";

/// The file, and where in it each disclosure is.
#[derive(Debug)]
pub(super) struct Lines {
    folder: PathBuf,
    /// None where there is none to read.
    file: Option<File>,
    /// How many of its bytes are whole lines.
    length: u64,
    /// Looked for when they are first asked for, where there are very many and nobody writes.
    places: Option<Runs<32, 8>>,
    writes: bool,
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
    /// What it holds, if it is one.
    pub(super) disclosure: Option<Disclosure>,
}

fn parse(line: &[u8]) -> Option<Disclosure> {
    let text = serde_json::from_slice::<String>(line).ok()?;
    Disclosure::parse(&text).ok()
}

impl Lines {
    /// Finds the places of the disclosures in a folder; `damaged` hears of the lines that are none.
    pub(super) fn find(
        folder: &Path,
        writes: bool,
        damaged: &mut dyn FnMut(usize),
    ) -> Result<Self, DisclosuresError> {
        let path = folder.join(FILE);
        let file = open(&path)?;
        let length = match &file {
            Some(file) => file.metadata().map_err(failed(&path, "read"))?.len(),
            None => 0,
        };
        let mut found = Self { folder: folder.to_owned(), file, length, places: None, writes };
        if writes || length <= SHORT {
            found.length = found.find_places(damaged)?;
        }
        if writes {
            found.begin_writing()?;
        }
        Ok(found)
    }

    /// Finds the place of each, and says how many bytes are whole lines.
    fn find_places(&mut self, damaged: &mut dyn FnMut(usize)) -> Result<u64, DisclosuresError> {
        let mut places = Runs::new(true);
        let length = self.scan::<DisclosuresError>(&mut |line| {
            match line.disclosure {
                Some(disclosure) => places.insert(*disclosure.digest().bytes(), line.at.to_be_bytes())?,
                None => damaged(line.number),
            }
            Ok(())
        })?;
        self.places = Some(places);
        Ok(length)
    }

    fn place(&mut self, digest: &Digest) -> Result<Option<u64>, DisclosuresError> {
        if self.places.is_none() {
            self.find_places(&mut |_| {})?;
        }
        let place = self.places.as_ref().map(|places| places.get(digest.bytes())).transpose()?;
        Ok(place.flatten().map(u64::from_be_bytes))
    }

    pub(super) fn has(&mut self, digest: &Digest) -> Result<bool, DisclosuresError> {
        Ok(self.place(digest)?.is_some())
    }

    /// Hands over each whole line.
    pub(super) fn scan<E: From<DisclosuresError>>(
        &self,
        each: &mut dyn FnMut(Line) -> Result<(), E>,
    ) -> Result<u64, E> {
        scan(self.file.as_ref(), &self.path(), each)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// What is written anew, until it has its name.
    fn part(&self) -> PathBuf {
        self.folder.join(format!("{FILE}.part"))
    }

    fn begin_writing(&mut self) -> Result<(), DisclosuresError> {
        // One that a crash left holds values, too.
        match fs::remove_file(self.part()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&self.part(), "removed")(error));
            }
            _ => {}
        }
        let file = OpenOptions::new().create(true).read(true).append(true).open(self.path());
        let file = file.map_err(failed(&self.path(), "opened for writing"))?;
        // The name of a new file is durable once its folder is.
        disk::set_len(&self.path(), &file, self.length)
            .and_then(|()| disk::sync_all(&self.path(), &file))
            .and_then(|()| disk::sync_folder(&self.folder))
            .map_err(failed(&self.path(), "cut to its last whole line"))?;
        self.file = Some(file);
        Ok(())
    }

    pub(super) fn get(&mut self, digest: &Digest) -> Result<Option<Disclosure>, DisclosuresError> {
        let (Some(place), Some(mut file)) = (self.place(digest)?, self.file.as_ref()) else {
            return Ok(None);
        };
        let mut line = Vec::new();
        file.seek(SeekFrom::Start(place))
            .and_then(|_| BufReader::with_capacity(1 << 10, file).take(LINE).read_until(b'\n', &mut line))
            .map_err(failed(&self.path(), "read"))?;
        // What another process has done to the file since is no reason to show something else.
        Ok(parse(&line).filter(|found| found.digest() == *digest))
    }

    pub(super) fn append(&mut self, new: &[Disclosure]) -> Result<(), DisclosuresError> {
        let path = self.path();
        let Some(file) = self.file.as_ref().filter(|_| self.writes) else {
            return Err(StoreError::ReadOnly(self.folder.clone()).into());
        };
        let lines: Vec<&str> = new.iter().flat_map(|each| ["\"", each.encoded(), "\"\n"]).collect();
        // What a write that failed left behind would run into the next line.
        disk::set_len(&path, file, self.length)
            .and_then(|()| disk::write(&path, file, lines.concat().as_bytes()))
            .and_then(|()| disk::sync_data(&path, file))
            .map_err(failed(&path, "written"))?;
        for each in new {
            if let Some(places) = &mut self.places {
                places.insert(*each.digest().bytes(), self.length.to_be_bytes())?;
            }
            self.length += each.encoded().len() as u64 + 3;
        }
        Ok(())
    }

    pub(super) fn rewrite(
        &mut self,
        wanted: &mut dyn FnMut(&Digest) -> Result<bool, StoreError>,
    ) -> Result<(), DisclosuresError> {
        if !self.writes {
            return Err(StoreError::ReadOnly(self.folder.clone()).into());
        }
        let part = self.part();
        let file = Writing::create(part.clone()).map_err(failed(&part, "made"))?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        let written = self.scan::<DisclosuresError>(&mut |line| {
            let Some(disclosure) = line.disclosure else { return Ok(()) };
            if !wanted(&disclosure.digest())? {
                return Ok(());
            }
            writeln!(out, "\"{}\"", disclosure.encoded()).map_err(failed(&part, "written"))
        });
        let named = written.and_then(|_| {
            let whole = out.flush().and_then(|()| out.get_ref().sync());
            whole
                .and_then(|()| disk::rename(&part, &self.path()))
                .map_err(failed(&self.path(), "written anew"))
        });
        if named.is_err() {
            // Room is given back at once where the disk is full, and no value is left in it.
            let _ = fs::remove_file(&part);
        }
        named?;
        // What was open until now has no name any more: nothing is ever written to it.
        self.file = None;
        *self = Self::find(&self.folder, true, &mut |_| {})?;
        Ok(())
    }
}

/// The file, if there is one.
pub(super) fn open(path: &Path) -> Result<Option<File>, DisclosuresError> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some).map_err(failed(path, "read")),
    }
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
    let whole = scan::<E>(Some(&file), &path, &mut |line| {
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

/// Hands over each whole line; returns how many bytes they are. Never more of a line is read than a disclosure can hold.
pub(super) fn scan<E: From<DisclosuresError>>(
    file: Option<&File>,
    path: &Path,
    each: &mut dyn FnMut(Line) -> Result<(), E>,
) -> Result<u64, E> {
    let Some(mut file) = file else { return Ok(0) };
    file.seek(SeekFrom::Start(0)).map_err(failed(path, "read"))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let (mut whole, mut length, mut number, mut line) = (0, 0, 1, Vec::new());
    loop {
        let begins = line.is_empty();
        let taken =
            file.by_ref().take(LINE + 1).read_until(b'\n', &mut line).map_err(failed(path, "read"))?;
        if taken == 0 {
            return Ok(whole);
        }
        length += taken as u64;
        if line.last() != Some(&b'\n') {
            // The rest of a line that is too long says nothing; one byte of it tells that it is none.
            line.truncate(1);
            continue;
        }
        let disclosure = if begins { parse(&line) } else { None };
        each(Line { number, at: whole, disclosure })?;
        (whole, number) = (length, number + 1);
        line.clear();
    }
}

fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> DisclosuresError {
    let path = path.to_owned();
    move |source| DisclosuresError::File { path, doing, source }
}
