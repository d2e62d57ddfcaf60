//! The disclosures of a ledger, kept beside its journal: one JSON string a line, durable before the entry that holds the
//! digest. Erasing one is not here yet.

use crate::trail::disclosure::{Digest, Disclosure};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file within a ledger's folder.
pub const FILE: &str = "disclosures.jsonl";

/// The disclosures at hand, by their digests.
#[derive(Debug, Default)]
pub struct Disclosures {
    held: HashMap<Digest, Disclosure>,
    damaged: Vec<usize>,
    file: Option<Kept>,
}

/// The file, and how many of its bytes are whole lines.
#[derive(Debug)]
struct Kept {
    file: File,
    path: PathBuf,
    length: u64,
}

/// Why disclosures cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be {doing}; make room, or give this user the right to it", path.display())]
pub struct DisclosuresError {
    path: PathBuf,
    doing: &'static str,
    source: io::Error,
}

impl Disclosures {
    /// Reads the disclosures in a folder, if there are any. A line that is none is passed over, and its field counts as
    /// withheld; for writing, a last line that was never finished is cut.
    ///
    /// # Errors
    /// Where the file cannot be read, or not be opened for writing.
    pub fn open(folder: &Path, writable: bool) -> Result<Self, DisclosuresError> {
        let path = folder.join(FILE);
        let failed = |doing| {
            let path = path.clone();
            move |source| DisclosuresError { path, doing, source }
        };
        let text = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed("read")(error)),
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut opened = Self::default();
        let lines = text.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
        for (number, line) in (1..).zip(lines) {
            let disclosure = serde_json::from_slice::<String>(line).ok();
            match disclosure.and_then(|text| Disclosure::parse(&text).ok()) {
                Some(disclosure) => drop(opened.held.insert(disclosure.digest(), disclosure)),
                None => opened.damaged.push(number),
            }
        }
        if writable {
            let file = OpenOptions::new().create(true).append(true).open(&path);
            let file = file.map_err(failed("opened for writing"))?;
            let length = whole as u64;
            // The name of a new file is durable once its folder is.
            file.set_len(length)
                .and_then(|()| file.sync_all())
                .and_then(|()| File::open(folder)?.sync_all())
                .map_err(failed("cut to its last whole line"))?;
            opened.file = Some(Kept { file, path, length });
        }
        Ok(opened)
    }

    /// The numbers of the lines that are no disclosures, from 1.
    #[must_use]
    pub fn damaged(&self) -> &[usize] {
        &self.damaged
    }

    /// The disclosure with this digest, if it is at hand.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<&Disclosure> {
        self.held.get(digest)
    }

    /// The names of the fields, by digest.
    #[must_use]
    pub fn names(&self) -> HashMap<Digest, String> {
        let name = |(digest, disclosure): (&Digest, &Disclosure)| (*digest, disclosure.name().to_owned());
        self.held.iter().map(name).collect()
    }

    /// Every disclosure at hand.
    pub fn iter(&self) -> impl Iterator<Item = &Disclosure> {
        self.held.values()
    }

    /// Keeps disclosures, durable on return.
    ///
    /// # Errors
    /// Where they cannot be written: none of them is kept then.
    pub fn keep(&mut self, disclosures: Vec<Disclosure>) -> Result<(), DisclosuresError> {
        let new: Vec<Disclosure> =
            disclosures.into_iter().filter(|each| !self.held.contains_key(&each.digest())).collect();
        if let (Some(kept), false) = (&mut self.file, new.is_empty()) {
            let lines: Vec<&str> = new.iter().flat_map(|each| ["\"", each.encoded(), "\"\n"]).collect();
            kept.write(lines.concat().as_bytes())?;
        }
        self.held.extend(new.into_iter().map(|each| (each.digest(), each)));
        Ok(())
    }
}

impl Kept {
    fn write(&mut self, lines: &[u8]) -> Result<(), DisclosuresError> {
        // What a write that failed left behind would run into the next line.
        let written = self
            .file
            .set_len(self.length)
            .and_then(|()| self.file.write_all(lines))
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.length += lines.len() as u64;
                Ok(())
            }
            Err(source) => Err(DisclosuresError { path: self.path.clone(), doing: "written", source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Disclosure {
        Disclosure::new([7; 16], "note", &text.into())
    }

    #[test]
    fn a_line_that_is_none_is_passed_over_and_an_unfinished_one_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Disclosures::open(folder.path(), true).unwrap();
        kept.keep(vec![note("one"), note("two")]).unwrap();
        let path = folder.path().join(FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("garbage\n\n{text}\"WyJ")).unwrap();
        let read = Disclosures::open(folder.path(), false).unwrap();
        assert_eq!((read.damaged(), read.iter().count()), (&[1, 2][..], 2));
        let mut kept = Disclosures::open(folder.path(), true).unwrap();
        kept.keep(vec![note("three"), note("one")]).unwrap();
        let read = Disclosures::open(folder.path(), false).unwrap();
        assert_eq!((read.damaged(), read.iter().count()), (&[1, 2][..], 3));
        assert!(read.get(&note("three").digest()).is_some());
    }

    #[test]
    fn what_a_failed_write_left_does_not_run_into_the_next_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Disclosures::open(folder.path(), true).unwrap();
        kept.keep(vec![note("one")]).unwrap();
        let path = folder.path().join(FILE);
        // A write that was cut off by a full disk.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\"WyJ").unwrap();
        kept.keep(vec![note("two")]).unwrap();
        let read = Disclosures::open(folder.path(), false).unwrap();
        assert_eq!((read.damaged().len(), read.iter().count()), (0, 2));
    }
}
