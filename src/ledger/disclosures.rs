//! The disclosures of a ledger, kept beside its journal: one JSON string a line, durable before the entry that holds the
//! digest. Erasing one is not here yet.

use super::LedgerError;
use crate::record::withheld;
use crate::store::runs::Runs;
use crate::store::{StoreError, disk};
use crate::trail::disclosure::{DISCLOSURE_LIMIT, Digest, Disclosure};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
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
#[error("{}: cannot be {doing}{}", path.display(), remedy(source.kind()))]
pub struct DisclosuresError {
    path: PathBuf,
    doing: &'static str,
    source: io::Error,
}

const fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ": the disk is full; make room and try again"
        }
        _ => "; check the disk's space, and give this user the right to it",
    }
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
        let mut opened = Self::default();
        let length = scan(&path, &mut |number, disclosure| {
            match disclosure {
                Some(disclosure) => drop(opened.held.insert(disclosure.digest(), disclosure)),
                None => opened.damaged.push(number),
            }
            Ok::<(), DisclosuresError>(())
        })?;
        if writable {
            let file = OpenOptions::new().create(true).append(true).open(&path);
            let file = file.map_err(failed("opened for writing"))?;
            // The name of a new file is durable once its folder is.
            disk::set_len(&path, &file, length)
                .and_then(|()| disk::sync_all(&path, &file))
                .and_then(|()| disk::sync_folder(folder))
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

    /// Which are at hand, without their values.
    ///
    /// # Errors
    /// [`StoreError`], where there is no room for the digests.
    pub fn at_hand(&self) -> Result<AtHand, StoreError> {
        let mut at_hand = AtHand::default();
        self.iter().try_for_each(|each| at_hand.push(each))?;
        Ok(at_hand)
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

/// Which disclosures are at hand, and of which fields they are, without their values.
#[derive(Debug)]
pub struct AtHand {
    /// Each with the place of its field's name.
    digests: Runs<32, 8>,
    fields: Vec<String>,
    count: u64,
    damaged: usize,
}

impl Default for AtHand {
    fn default() -> Self {
        Self { digests: Runs::new(true), fields: Vec::new(), count: 0, damaged: 0 }
    }
}

impl AtHand {
    /// Of the disclosures in a folder, if there are any.
    ///
    /// # Errors
    /// [`LedgerError::Disclosures`], where the file cannot be read; [`LedgerError::Store`], where there is no room for the
    /// digests.
    pub fn read(folder: &Path) -> Result<Self, LedgerError> {
        let mut read = Self::default();
        scan(&folder.join(FILE), &mut |_, disclosure| {
            read.damaged += usize::from(disclosure.is_none());
            disclosure.map_or(Ok(()), |disclosure| read.push(&disclosure)).map_err(LedgerError::from)
        })?;
        Ok(read)
    }

    /// How many there are, each under another digest.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many lines are no disclosures.
    #[must_use]
    pub const fn damaged(&self) -> usize {
        self.damaged
    }

    /// The field of the one with this digest.
    ///
    /// # Errors
    /// [`StoreError`], where the digests cannot be read.
    pub fn field(&mut self, digest: &Digest) -> Result<Option<String>, StoreError> {
        let place = self.digests.get(digest.bytes())?.map(u64::from_be_bytes);
        let place = place.and_then(|place| usize::try_from(place).ok());
        Ok(place.and_then(|place| self.fields.get(place)).cloned())
    }

    fn push(&mut self, disclosure: &Disclosure) -> Result<(), StoreError> {
        let digest = disclosure.digest();
        if self.digests.get(digest.bytes())?.is_some() {
            return Ok(());
        }
        // There are few fields, and only as many are remembered: a name comes from outside.
        let known = withheld::can_be_withheld(disclosure.name());
        let name = if known { disclosure.name() } else { "another" };
        let place = self.fields.iter().position(|field| field == name).unwrap_or(self.fields.len());
        if place == self.fields.len() {
            self.fields.push(name.to_owned());
        }
        self.count += 1;
        self.digests.insert(*digest.bytes(), (place as u64).to_be_bytes())
    }
}

/// Hands over each whole line with its number from 1 and the disclosure that it holds, if it is one; returns how many bytes
/// they are. Never more of a line is read than a disclosure can hold.
fn scan<E: From<DisclosuresError>>(
    path: &Path,
    each: &mut dyn FnMut(usize, Option<Disclosure>) -> Result<(), E>,
) -> Result<u64, E> {
    let failed = |source| DisclosuresError { path: path.to_owned(), doing: "read", source };
    let mut file = match File::open(path) {
        Ok(file) => BufReader::with_capacity(1 << 16, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error).into()),
    };
    let (mut whole, mut length, mut number, mut line) = (0, 0, 1, Vec::new());
    loop {
        let begins = line.is_empty();
        let limit = DISCLOSURE_LIMIT as u64 + 4;
        let taken = file.by_ref().take(limit).read_until(b'\n', &mut line).map_err(failed)?;
        if taken == 0 {
            return Ok(whole);
        }
        length += taken as u64;
        if line.last() != Some(&b'\n') {
            // The rest of a line that is too long says nothing; one byte of it tells that it is none.
            line.truncate(1);
            continue;
        }
        let text = if begins { serde_json::from_slice::<String>(&line).ok() } else { None };
        each(number, text.and_then(|text| Disclosure::parse(&text).ok()))?;
        (whole, number) = (length, number + 1);
        line.clear();
    }
}

impl Kept {
    fn write(&mut self, lines: &[u8]) -> Result<(), DisclosuresError> {
        // What a write that failed left behind would run into the next line.
        let written = disk::set_len(&self.path, &self.file, self.length)
            .and_then(|()| disk::write(&self.path, &self.file, lines))
            .and_then(|()| disk::sync_data(&self.path, &self.file));
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
    use std::io::Write;

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
