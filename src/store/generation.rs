//! The generations of sled: numbered folders, of which one counts, and the file that says which.
//!
//! ```text
//! sled/current.jsonl   {"folder":2,"closed":true,"entries":1005,"frames":1000,"head":"5f0c…"}, and the SHA-256 of this line
//! sled/2/              sled's own files
//! ```
//!
//! Nothing is rebuilt or tried in place: as long as one of sled's threads lives, hanging or not, it may write into the folder
//! that it was opened in, and opening a folder that was not closed changes it. A new folder counts from the moment at which
//! it is whole, by one rename; until then the one before it does. What sled is asked is in [`super::frames`].

use super::disk;
use crate::trail::hash::{LeafHash, sha256};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

const FILE: &str = "current.jsonl";
const PART: &str = "current.part";

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Current {
    /// The folder that counts.
    pub(super) folder: u64,
    /// Whether whoever wrote to it last has closed it.
    pub(super) closed: bool,
    /// How many entries the journal had when it was closed last, or was built.
    pub(super) entries: u64,
    /// How many of them were in complete frames then.
    pub(super) frames: u64,
    /// The leaf hash of the last of them; none where the folder is of no use: it failed, or is of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<LeafHash>,
}

/// Where sled lives.
#[derive(Debug)]
pub(super) struct Generations {
    path: PathBuf,
    current: Option<Current>,
}

impl Generations {
    /// Reads what there is; one whose file is missing or damaged is none. Nothing is changed.
    pub(super) fn read(path: &Path) -> Self {
        let text = disk::read(&path.join(FILE)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let current = text.as_deref().and_then(|text| {
            let (line, sum) = text.split_once('\n')?;
            (sum.trim_end() == sha256(line.as_bytes())).then(|| serde_json::from_str(line).ok())?
        });
        Self { path: path.to_owned(), current }
    }

    pub(super) fn current(&self) -> Option<Current> {
        self.current
    }

    /// The path of a numbered folder.
    pub(super) fn folder(&self, number: u64) -> PathBuf {
        self.path.join(number.to_string())
    }

    /// A number above all that were used, so that nobody's thread knows its folder.
    pub(super) fn next(&self) -> io::Result<u64> {
        if !self.path.is_dir() {
            remove(&self.path)?;
            fs::create_dir(&self.path)?;
        }
        let mut last = self.current.map_or(0, |current| current.folder);
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            last = last.max(name.to_str().and_then(|name| name.parse().ok()).unwrap_or(0));
        }
        Ok(last.saturating_add(1))
    }

    /// Copies a folder to another number; a copy that has no room is removed again.
    pub(super) fn copy(&self, from: u64, to: u64) -> io::Result<()> {
        let (from, to) = (self.folder(from), self.folder(to));
        copy(&from, &to).inspect_err(|_| drop(remove(&to)))
    }

    /// What lies in a folder and is neither a file nor a folder: of a pipe nobody may ever write the other end.
    pub(super) fn strange(&self, number: u64) -> Option<PathBuf> {
        strange(&self.folder(number))
    }

    /// Copies a folder to where nobody lives.
    pub(super) fn copy_out(&self, from: u64, to: &Path) -> io::Result<()> {
        copy(&self.folder(from), to)
    }

    /// From now on this is what counts.
    pub(super) fn switch(&mut self, current: Current) -> io::Result<()> {
        let line = serde_json::to_string(&current)?;
        let part = self.path.join(PART);
        remove(&part)?;
        fs::write(&part, format!("{line}\n{}\n", sha256(line.as_bytes())))?;
        fs::rename(&part, self.path.join(FILE))?;
        self.current = Some(current);
        Ok(())
    }

    /// From now on nothing counts but that there were so many entries; the folders are removed when the ledger is opened again.
    pub(super) fn give_up(&mut self, entries: u64) -> io::Result<()> {
        let Some(current) = self.current else { return Ok(()) };
        self.switch(Current { closed: false, entries, head: None, ..current })
    }

    /// Removes a folder that did not come to count.
    pub(super) fn discard(&self, number: u64) {
        // Where it cannot be removed, it is swept away later.
        let _ = remove(&self.folder(number));
    }

    /// Removes whatever does not count: what was rebuilt, tried and left.
    pub(super) fn sweep(&self) {
        let Some(current) = self.current else { return };
        let kept = [FILE.to_owned(), current.folder.to_string()];
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if !kept.iter().any(|kept| entry.file_name() == **kept) {
                // It stands in nobody's way, and the next who opens the ledger tries again.
                let _ = remove(&entry.path());
            }
        }
    }
}

/// Removes a folder with all that is in it, or whatever is in its place.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

fn strange(folder: &Path) -> Option<PathBuf> {
    let mut paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    paths.find_map(|path| match fs::symlink_metadata(&path) {
        Ok(data) if data.is_dir() => strange(&path),
        Ok(data) if !data.is_file() => Some(path),
        _ => None,
    })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&path, &to)?;
        } else {
            fs::copy(&path, &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURRENT: Current =
        Current { folder: 3, closed: true, entries: 1_005, frames: 994, head: Some(LeafHash([7; 32])) };

    #[test]
    fn what_counts_is_read_back_and_a_changed_bit_makes_it_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sled");
        let mut generations = Generations::read(&path);
        assert_eq!((generations.current(), generations.next().unwrap()), (None, 1));
        generations.switch(CURRENT).unwrap();
        assert_eq!(Generations::read(&path).current(), Some(CURRENT));
        let bytes = fs::read(path.join(FILE)).unwrap();
        let line = format!(
            "{{\"folder\":3,\"closed\":true,\"entries\":1005,\"frames\":994,\"head\":\"{}\"}}\n",
            "07".repeat(32)
        );
        assert!(bytes.starts_with(line.as_bytes()));
        for bit in 0..(bytes.len() - 1) * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            fs::write(path.join(FILE), changed).unwrap();
            assert_eq!(Generations::read(&path).current(), None, "bit {bit}");
        }
    }

    #[test]
    fn what_was_given_up_is_of_no_use_and_how_many_entries_there_were_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let mut generations = Generations::read(folder.path());
        generations.give_up(7).unwrap();
        assert_eq!(Generations::read(folder.path()).current(), None);
        generations.switch(CURRENT).unwrap();
        generations.give_up(1_007).unwrap();
        let given_up = Current { closed: false, entries: 1_007, head: None, ..CURRENT };
        assert_eq!(Generations::read(folder.path()).current(), Some(given_up));
    }

    #[test]
    fn a_new_folder_has_a_number_of_its_own_and_what_does_not_count_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut generations = Generations::read(folder.path());
        for number in [3, 4, 7] {
            fs::create_dir(generations.folder(number)).unwrap();
        }
        fs::write(folder.path().join("db"), "of an earlier version").unwrap();
        generations.sweep();
        assert!(generations.folder(7).exists(), "nothing is known to count");
        generations.switch(CURRENT).unwrap();
        assert_eq!(generations.next().unwrap(), 8);
        fs::write(generations.folder(3).join("db"), "bytes").unwrap();
        generations.copy(3, 8).unwrap();
        assert_eq!(fs::read(generations.folder(8).join("db")).unwrap(), b"bytes");
        assert!(generations.copy(9, 10).is_err() && !generations.folder(10).exists());
        generations.sweep();
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["3", FILE]);
    }
}
