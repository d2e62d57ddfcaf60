//! The journal: one plain file, one entry a line, synced once per batch. It is the truth of the embedded store.
//!
//! A last line without its newline was never acknowledged: it is cut when the journal is opened for writing, and passed
//! over by readers, who take no lock. Segments, and what is derived from the journal, are not here.

use super::{AppendError, Head, Store, StoreError, advance};
use crate::trail::entry::ENTRY_LIMIT;
use crate::trail::hash::LeafHash;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A log in a file of lines.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// Absent where it was opened for reading.
    writer: Option<File>,
    head: Head,
    /// Bytes that hold whole lines.
    length: u64,
    doubtful: bool,
}

impl Journal {
    /// Opens `folder/000000000000.jsonl` for writing, and makes both where they are missing.
    ///
    /// # Errors
    /// [`StoreError::Held`] where another process writes; [`StoreError::Damaged`]; [`StoreError::System`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(said(folder, "made"))?;
        let path = folder.join("000000000000.jsonl");
        let options = OpenOptions::new().read(true).append(true).create(true).open(&path);
        let file = options.map_err(said(&path, "opened"))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::Held(path.clone()),
            TryLockError::Error(source) => StoreError::System { path: path.clone(), doing: "locked", source },
        })?;
        let (head, length) = scan(&path)?;
        file.set_len(length).map_err(said(&path, "cut to its last whole line"))?;
        file.sync_all().map_err(said(&path, "synced"))?;
        // A new file is durable only with the folders that name it.
        for folder in folder.ancestors().take(2) {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(said(folder, "synced"))?;
        }
        Ok(Self { path, writer: Some(file), head, length, doubtful: false })
    }

    /// Opens the journal of a folder for reading, as far as it is whole at this moment.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]; [`StoreError::System`].
    pub fn open_read_only(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("000000000000.jsonl");
        let (head, length) = scan(&path)?;
        Ok(Self { path, writer: None, head, length, doubtful: false })
    }
}

impl Store for Journal {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, expected: Head, batch: &[Vec<u8>]) -> Result<Head, AppendError> {
        if self.doubtful {
            return Err(AppendError::Failed(StoreError::Doubtful(self.path.clone())));
        }
        if expected != self.head {
            return Err(AppendError::Conflict(self.head));
        }
        let head = advance(self.head, batch)?;
        let Some(file) = &mut self.writer else {
            return Err(AppendError::Failed(StoreError::ReadOnly(self.path.clone())));
        };
        let bytes: Vec<u8> = batch.iter().flat_map(|line| line.iter().chain(b"\n")).copied().collect();
        let written = file.write_all(&bytes).map_err(said(&self.path, "written"));
        if let Err(error) = written {
            // What was written in part is taken back; only where that succeeds is it known that nothing was stored.
            if file.set_len(self.length).and_then(|()| file.sync_all()).is_ok() {
                return Err(AppendError::Failed(error));
            }
            self.doubtful = true;
            return Err(AppendError::InDoubt(error));
        }
        if let Err(error) = file.sync_data().map_err(said(&self.path, "synced")) {
            // After a failed sync the kernel may have dropped the pages or kept them: nothing is known.
            self.doubtful = true;
            return Err(AppendError::InDoubt(error));
        }
        self.length += bytes.len() as u64;
        self.head = head;
        Ok(head)
    }

    fn read(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        let end = range.end.min(self.head.size);
        lines(&self.path, self.length, &mut |sequence, line| {
            if range.contains(&sequence) {
                each(sequence, line);
            }
            sequence + 1 < end
        })
        .map(|_| ())
    }
}

/// The head of a file's whole lines, and how many bytes they take.
fn scan(path: &Path) -> Result<(Head, u64), StoreError> {
    let mut head = Head::EMPTY;
    let length = lines(path, u64::MAX, &mut |sequence, line| {
        head = Head { size: sequence + 1, leaf: LeafHash::of(line) };
        true
    })?;
    Ok((head, length))
}

/// Hands whole lines to `each` until it says no; returns the bytes that they took.
fn lines(path: &Path, limit: u64, each: &mut dyn FnMut(u64, &[u8]) -> bool) -> Result<u64, StoreError> {
    let file = File::open(path).map_err(said(path, "opened"))?;
    let mut reader = BufReader::with_capacity(1 << 16, file.take(limit));
    let (mut line, mut offset) = (Vec::new(), 0);
    for sequence in 0.. {
        line.clear();
        let longest = ENTRY_LIMIT as u64 + 2;
        reader.by_ref().take(longest).read_until(b'\n', &mut line).map_err(said(path, "read"))?;
        let taken = line.len() as u64;
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            if taken == longest {
                let what = format!("a line of more than {ENTRY_LIMIT} bytes");
                return Err(StoreError::Damaged { path: path.to_owned(), offset, what });
            }
            break;
        }
        if line.is_empty() {
            let what = "an empty line".to_owned();
            return Err(StoreError::Damaged { path: path.to_owned(), offset, what });
        }
        offset += taken;
        if !each(sequence, &line) {
            break;
        }
    }
    Ok(offset)
}

fn said(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::System { path, doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path) -> Head {
        let mut journal = Journal::open(folder).unwrap();
        journal.append(Head::EMPTY, &[b"one".to_vec(), b"two".to_vec()]).unwrap()
    }

    fn file(folder: &Path) -> PathBuf {
        folder.join("000000000000.jsonl")
    }

    #[test]
    fn what_was_appended_is_there_when_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let head = written(folder.path());
        assert_eq!(Journal::open(folder.path()).unwrap().head(), head);
        assert_eq!(fs::read(file(folder.path())).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn a_line_without_its_newline_was_never_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let head = written(folder.path());
        fs::write(file(folder.path()), b"one\ntwo\nthr").unwrap();
        assert_eq!(Journal::open_read_only(folder.path()).unwrap().head(), head);
        assert_eq!(fs::read(file(folder.path())).unwrap(), b"one\ntwo\nthr", "readers change nothing");
        assert_eq!(Journal::open(folder.path()).unwrap().head(), head);
        assert_eq!(fs::read(file(folder.path())).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn one_process_writes_and_readers_take_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let head = written(folder.path());
        let _writer = Journal::open(folder.path()).unwrap();
        assert!(matches!(Journal::open(folder.path()), Err(StoreError::Held(_))));
        let mut reader = Journal::open_read_only(folder.path()).unwrap();
        let refused = reader.append(head, &[b"three".to_vec()]);
        assert!(matches!(refused, Err(AppendError::Failed(StoreError::ReadOnly(_)))));
    }

    #[test]
    fn damage_is_named_with_its_place_and_nothing_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        for (damage, at) in
            [(b"one\n\ntwo\n".to_vec(), 4), ([b"one\n", &*vec![b'x'; 70_000], b"\n"].concat(), 4)]
        {
            fs::write(file(folder.path()), &damage).unwrap();
            let refused = Journal::open(folder.path());
            assert!(matches!(refused, Err(StoreError::Damaged { offset, .. }) if offset == at));
            assert_eq!(fs::read(file(folder.path())).unwrap(), damage);
        }
    }
}
