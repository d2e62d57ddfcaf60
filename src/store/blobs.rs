//! Blobs: files named by the SHA-256 of their bytes, so that a name proves what it names. However large one is, only a
//! part of it is in memory at a time.
//!
//! Small files under names of their own are written here as blobs are, whole or not at all: [`write_durably`].

use super::writing::Replacing;
use super::{Blob, Condition, StoreError, disk, said};
use crate::trail::hash::hex;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// Bytes that are in memory at a time.
const PIECE: usize = 1 << 16;

/// What is being written, until it has its name. One process writes, so one name is enough.
const PART: &str = ".part";

/// Keeps what is read in a folder under its digest.
pub(super) fn put(folder: &Path, bytes: &mut dyn Read) -> Result<Blob, StoreError> {
    // A copy of a ledger may have left the empty folder out.
    disk::make_folder(folder).map_err(said(folder, "made"))?;
    let part = folder.join(PART);
    let mut out = Replacing::begin(part.clone()).map_err(said(&part, "made"))?;
    let (sha256, size) = hashed(bytes, &mut out).map_err(|fault| match fault {
        Fault::Read(error) => StoreError::Input(error),
        Fault::Write(error) => said(&part, "written")(error),
    })?;
    // A blob that is whole is left alone; one that was damaged is healed by its own bytes.
    let before = copy(folder, &sha256, &mut io::sink()).unwrap_or(Condition::Changed);
    match before {
        Condition::Whole => out.discard().map_err(said(&part, "removed"))?,
        Condition::Missing | Condition::Changed => {
            let path = folder.join(&sha256);
            out.put(&path).map_err(said(&path, "written"))?;
        }
    }
    sync_folder(folder)?;
    Ok(Blob { sha256, size, before })
}

/// Copies the bytes of a digest, checked on the way: where they have changed, what was written counts for nothing.
pub(super) fn copy(folder: &Path, name: &str, to: &mut dyn Write) -> Result<Condition, StoreError> {
    if !is_name(name) {
        return Ok(Condition::Missing);
    }
    let path = folder.join(name);
    let mut file = match disk::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Condition::Missing),
        // A pipe or a device, which is not the file, whatever it would give.
        Err(error) if error.kind() == ErrorKind::InvalidInput => return Ok(Condition::Changed),
        opened => opened.map_err(said(&path, "read"))?,
    };
    let (sha256, _) = match hashed(&mut file, to) {
        Err(Fault::Read(error)) if error.kind() == ErrorKind::IsADirectory => return Ok(Condition::Changed),
        Err(Fault::Read(error)) => return Err(said(&path, "read")(error)),
        Err(Fault::Write(error)) => return Err(StoreError::Output(error)),
        Ok(hashed) => hashed,
    };
    Ok(if sha256 == name { Condition::Whole } else { Condition::Changed })
}

/// How many bytes there are of a digest, unread.
pub(super) fn size(folder: &Path, name: &str) -> Result<Option<u64>, StoreError> {
    if !is_name(name) {
        return Ok(None);
    }
    let path = folder.join(name);
    match fs::metadata(&path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        found => Ok(Some(found.map_err(said(&path, "read"))?.len())),
    }
}

/// The names of those that have so many bytes, in order.
pub(super) fn of(folder: &Path, size: u64) -> Result<Vec<String>, StoreError> {
    let mut names = names(folder)?;
    names.retain(|name| fs::metadata(folder.join(name)).is_ok_and(|found| found.len() == size));
    Ok(names)
}

/// Removes the bytes of a digest, for good on return.
pub(super) fn remove(folder: &Path, name: &str) -> Result<(), StoreError> {
    if is_name(name) {
        gone(&folder.join(name))?;
    }
    clear(folder)?;
    if folder.is_dir() { sync_folder(folder) } else { Ok(()) }
}

/// Removes what an interrupted write left.
pub(super) fn clear(folder: &Path) -> Result<(), StoreError> {
    gone(&folder.join(PART))
}

fn gone(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(said(path, "removed")(error))
        }
        _ => Ok(()),
    }
}

/// A name comes from outside: anything but a digest could be a way out of the folder.
fn is_name(name: &str) -> bool {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.len() == 64 && name.bytes().all(digit)
}

/// Which side of a copy failed.
enum Fault {
    Read(io::Error),
    Write(io::Error),
}

/// Copies everything, and returns its digest and its length.
fn hashed(from: &mut dyn Read, to: &mut dyn Write) -> Result<(String, u64), Fault> {
    let (mut hash, mut size, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        let read = match from.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.map_err(Fault::Read)?,
        };
        let bytes = piece.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Ok((hex(&hash.finalize()), size));
        }
        hash.update(bytes);
        to.write_all(bytes).map_err(Fault::Write)?;
        size += read as u64;
    }
}

/// The names of all that are kept, in order.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(said(folder, "read"))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(said(folder, "read"))?.file_name();
        names.extend(name.into_string().ok().filter(|name| is_name(name)));
    }
    names.sort_unstable();
    Ok(names)
}

/// Writes a file so that it is there whole or not at all, and there for good on return.
pub(crate) fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let path = folder.join(name);
    let part = folder.join(PART);
    let mut out = Replacing::begin(part.clone()).map_err(said(&part, "made"))?;
    let written = out.write_all(bytes).and_then(|()| out.put(&path));
    written.map_err(said(&path, "written"))?;
    sync_folder(folder)
}

/// A new name is durable only with the folder that holds it.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    disk::sync_folder(folder).map_err(said(folder, "synced"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // printf 'evidence' | sha256sum
    const NAME: &str = "ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e";

    fn kept(folder: &Path) -> Blob {
        put(folder, &mut &b"evidence"[..]).unwrap()
    }

    fn found(folder: &Path, name: &str) -> (Condition, Vec<u8>) {
        let mut bytes = Vec::new();
        (copy(folder, name, &mut bytes).unwrap(), bytes)
    }

    #[test]
    fn a_blob_is_a_file_that_sha256sum_checks() {
        let folder = tempfile::tempdir().unwrap();
        let blob = kept(folder.path());
        assert_eq!(blob, Blob { sha256: NAME.to_owned(), size: 8, before: Condition::Missing });
        assert_eq!(fs::read(folder.path().join(NAME)).unwrap(), b"evidence");
        assert_eq!(kept(folder.path()).before, Condition::Whole);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_blob_that_changed_says_so_until_it_is_put_again() {
        let folder = tempfile::tempdir().unwrap();
        kept(folder.path());
        fs::write(folder.path().join(NAME), b"another").unwrap();
        assert_eq!(found(folder.path(), NAME).0, Condition::Changed);
        assert_eq!(kept(folder.path()).before, Condition::Changed);
        assert_eq!(found(folder.path(), NAME), (Condition::Whole, b"evidence".to_vec()));
    }

    #[test]
    fn whatever_else_lies_in_the_place_of_a_blob_is_not_the_blob() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(NAME)).unwrap();
        assert_eq!(found(folder.path(), NAME).0, Condition::Changed);
        fs::remove_dir(folder.path().join(NAME)).unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join(NAME)).unwrap();
        assert_eq!(found(folder.path(), NAME).0, Condition::Changed);
    }

    #[test]
    fn a_name_that_is_no_digest_finds_and_removes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("blobs");
        kept(&inner);
        for path in [inner.join("secret"), folder.path().join("secret"), folder.path().join("A".repeat(64))] {
            fs::write(path, b"s").unwrap();
        }
        for name in ["secret", "../secret", "", &"A".repeat(64)] {
            assert_eq!(found(&inner, name), (Condition::Missing, Vec::new()));
            remove(&inner, name).unwrap();
        }
        assert_eq!(
            (fs::read_dir(&inner).unwrap().count(), fs::read_dir(folder.path()).unwrap().count()),
            (2, 3)
        );
    }

    #[test]
    fn what_is_removed_is_gone_and_so_is_what_an_interrupted_write_left() {
        let folder = tempfile::tempdir().unwrap();
        kept(folder.path());
        fs::write(folder.path().join(PART), b"evid").unwrap();
        for _ in 0..2 {
            remove(folder.path(), NAME).unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn where_the_source_fails_nothing_is_kept() {
        struct Failing(usize);
        impl Read for Failing {
            fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 3 { Err(io::Error::other("torn off")) } else { Ok(piece.len()) }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(put(folder.path(), &mut Failing(0)), Err(StoreError::Input(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
