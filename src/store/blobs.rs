//! Blobs: files named by the SHA-256 of their bytes, so that a name proves what it names.

use super::{StoreError, disk, said};
use crate::trail::hash::sha256;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

/// Keeps bytes in a folder under their digest, which it returns.
pub(super) fn put(folder: &Path, bytes: &[u8]) -> Result<String, StoreError> {
    let name = sha256(bytes);
    // A copy of a ledger may have left the empty folder out.
    if !folder.is_dir() {
        fs::create_dir_all(folder).map_err(said(folder, "made"))?;
        folder.parent().map_or(Ok(()), sync_folder)?;
    }
    // A blob that is whole is left alone; one that was damaged is healed by its own bytes.
    if get(folder, &name).is_ok_and(|known| known.is_some()) {
        sync_folder(folder)?;
    } else {
        write_durably(folder, &name, bytes)?;
    }
    Ok(name)
}

/// The bytes of a digest, checked again.
pub(super) fn get(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    // A name comes from outside: anything but a digest could be a way out of the folder.
    if !is_name(name) {
        return Ok(None);
    }
    let path = folder.join(name);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(said(&path, "read"))?,
    };
    if sha256(&bytes) != name {
        let what = "its bytes are not those of its name".to_owned();
        return Err(StoreError::Damaged { path, offset: 0, what });
    }
    Ok(Some(bytes))
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

fn is_name(name: &str) -> bool {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.len() == 64 && name.bytes().all(digit)
}

/// Writes a file so that it is there whole or not at all, and there for good on return.
pub(super) fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    // One process writes, so one name is enough, and what an interrupted write left there is overwritten.
    let (temporary, path) = (folder.join(".part"), folder.join(name));
    let file = File::create(&temporary).map_err(said(&temporary, "made"))?;
    let written = disk::write(&temporary, &file, bytes).and_then(|()| disk::sync_all(&temporary, &file));
    if let Err(error) = written {
        // Room is given back at once where the disk is full.
        let _ = fs::remove_file(&temporary);
        return Err(said(&path, "written")(error));
    }
    disk::rename(&temporary, &path).map_err(said(&path, "written"))?;
    sync_folder(folder)
}

/// A new name is durable only with the folder that holds it.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    disk::sync_folder(folder).map_err(said(folder, "synced"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_a_file_that_sha256sum_checks() {
        let folder = tempfile::tempdir().unwrap();
        // printf 'evidence' | sha256sum
        let name = "ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e";
        let put = put(folder.path(), b"evidence").unwrap();
        assert_eq!(put, name);
        assert_eq!(fs::read(folder.path().join(put)).unwrap(), b"evidence");
    }

    #[test]
    fn a_blob_that_changed_is_damage_until_it_is_put_again() {
        let folder = tempfile::tempdir().unwrap();
        let name = put(folder.path(), b"evidence").unwrap();
        fs::write(folder.path().join(&name), b"another").unwrap();
        let refused = get(folder.path(), &name);
        assert!(matches!(refused, Err(StoreError::Damaged { path, .. }) if path.ends_with(&name)));
        assert_eq!(put(folder.path(), b"evidence").unwrap(), name);
        assert_eq!(get(folder.path(), &name).unwrap().unwrap(), b"evidence");
    }

    #[test]
    fn a_name_that_is_no_digest_finds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), b"s").unwrap();
        for name in ["secret", "../secret", "", ".part", &"A".repeat(64)] {
            assert_eq!(get(folder.path(), name).unwrap(), None);
        }
    }
}
