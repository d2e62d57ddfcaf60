//! The folder of a ledger: its marker, its lock and where everything is. What the files hold is not here.

use super::blobs::{sync_folder, write_durably};
use super::disk;
use super::{StoreError, said};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const MARKER: &str = "annals.json";
/// What an interrupted `create` may have left beside the marker.
const OURS: [&str; 5] = [".part", "blobs", "journal", "lock", "sled"];

/// A folder that a ledger lives in.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Held as long as this process writes.
    _lock: Option<File>,
}

impl Folder {
    /// Makes the folder of a new ledger.
    pub(super) fn create(path: &Path) -> Result<Self, StoreError> {
        if path.exists() {
            refuse_foreign(path)?;
        }
        disk::make_folder(path).and_then(|()| close_to_others(path)).map_err(said(path, "made"))?;
        let folder = Self { path: path.to_owned(), _lock: Some(lock(path)?) };
        // Another `create` may have ended while this one waited for nothing but the lock.
        refuse_foreign(path)?;
        for inner in [folder.journal(), folder.blobs()] {
            disk::make_folder(&inner).map_err(said(&inner, "made"))?;
        }
        // The marker comes last: a folder that has one is whole.
        write_durably(path, MARKER, b"{\"format\":1}\n")?;
        // One that an interrupted `create` made may not last yet.
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok(folder)
    }

    /// Opens a ledger's folder as the one process that writes.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        check_marker(path)?;
        Ok(Self { path: path.to_owned(), _lock: Some(lock(path)?) })
    }

    /// Opens a ledger's folder for reading: no lock, and nothing is changed.
    pub(super) fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        check_marker(path)?;
        Ok(Self { path: path.to_owned(), _lock: None })
    }

    /// As above, whatever the marker says.
    pub(super) fn unmarked(path: &Path) -> Self {
        Self { path: path.to_owned(), _lock: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    pub(super) fn sled(&self) -> PathBuf {
        self.path.join("sled")
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }
}

/// Refuses a ledger, and whatever is not an empty folder or what an interrupted `create` left.
fn refuse_foreign(path: &Path) -> Result<(), StoreError> {
    let foreign = || StoreError::Foreign(path.to_owned());
    if !path.is_dir() {
        return Err(foreign());
    }
    if path.join(MARKER).exists() {
        return Err(StoreError::Exists(path.to_owned()));
    }
    for entry in fs::read_dir(path).map_err(said(path, "read"))? {
        let name = entry.map_err(said(path, "read"))?.file_name();
        if !OURS.iter().any(|ours| name == *ours) {
            return Err(foreign());
        }
    }
    // Lines without a marker are a ledger that lost it, not the beginning of another.
    if holds_something(&path.join("journal")) || holds_something(&path.join("blobs")) {
        return Err(foreign());
    }
    Ok(())
}

/// Withheld values and evidence lie in it: those who share no group with its owner may not look. Whoever wants otherwise says so to
/// the system, and nothing changes it back.
fn close_to_others(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)?.permissions().mode();
        fs::set_permissions(path, fs::Permissions::from_mode(mode & !0o007))?;
    }
    Ok(())
}

fn holds_something(folder: &Path) -> bool {
    let full = |entry: std::io::Result<fs::DirEntry>| {
        entry.and_then(|entry| entry.metadata()).is_ok_and(|data| data.len() > 0)
    };
    fs::read_dir(folder).is_ok_and(|mut entries| entries.any(full))
}

/// What the marker says of the format.
pub(super) fn check_marker(path: &Path) -> Result<(), StoreError> {
    let marker = path.join(MARKER);
    let bytes = match disk::read(&marker) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            // A journal without its marker is a ledger that lost it.
            let lost = holds_something(&path.join("journal"));
            return Err(if lost {
                StoreError::Marker(marker)
            } else {
                StoreError::NoLedger(path.to_owned())
            });
        }
        read => read.map_err(said(&marker, "read"))?,
    };
    let known: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
    match known.as_ref().and_then(|known| known.get("format")).and_then(serde_json::Value::as_u64) {
        Some(1) => Ok(()),
        Some(format) if format > 1 => Err(StoreError::Newer { path: marker, format }),
        _ => Err(StoreError::Marker(marker)),
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let path = path.join("lock");
    let file = disk::open_lock(&path).map_err(said(&path, "opened"))?;
    // A process that this one begins has all that this one had open until it is another program: what was given back is held until then.
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(source)) => return Err(said(&path, "locked")(source)),
        }
    }
    Err(StoreError::Held(path))
}

/// How often a lock is asked for that somebody has, and how long each time is waited.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_folder_without_a_marker_is_no_ledger() {
        let folder = here();
        for path in [folder.path().to_owned(), folder.path().join("none")] {
            for opened in [Folder::open(&path), Folder::open_read_only(&path)] {
                let refused = opened.unwrap_err();
                assert!(matches!(&refused, StoreError::NoLedger(named) if *named == path));
                assert!(refused.to_string().contains("run `annals init`"));
            }
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made by looking");
    }

    #[test]
    fn nothing_foreign_is_overwritten() {
        let folder = here();
        fs::write(folder.path().join("thesis.doc"), b"years of work").unwrap();
        let file = folder.path().join("thesis.doc");
        for path in [folder.path(), &file] {
            assert!(matches!(Folder::create(path), Err(StoreError::Foreign(named)) if named == path));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_ledger_is_made_once() {
        let folder = here();
        drop(Folder::create(folder.path()).unwrap());
        assert!(matches!(Folder::create(folder.path()), Err(StoreError::Exists(_))));
        assert_eq!(fs::read(folder.path().join(MARKER)).unwrap(), b"{\"format\":1}\n");
        assert!(Folder::open(folder.path()).is_ok());
    }

    #[test]
    fn an_interrupted_create_does_not_stand_in_the_way() {
        let folder = here();
        for left in ["journal", "blobs", "sled"] {
            fs::create_dir(folder.path().join(left)).unwrap();
        }
        for left in ["lock", ".part", "journal/000000000000.jsonl"] {
            fs::write(folder.path().join(left), b"").unwrap();
        }
        assert!(Folder::create(folder.path()).is_ok());
    }

    #[test]
    fn lines_without_a_marker_are_not_taken_for_a_new_ledger() {
        let folder = here();
        fs::create_dir(folder.path().join("journal")).unwrap();
        fs::write(folder.path().join("journal/000000000000.jsonl"), b"a line\n").unwrap();
        assert!(matches!(Folder::create(folder.path()), Err(StoreError::Foreign(_))));
    }

    #[test]
    fn a_marker_says_which_format_and_a_later_one_needs_a_later_program() {
        let folder = here();
        drop(Folder::create(folder.path()).unwrap());
        let marker = folder.path().join(MARKER);
        fs::write(&marker, b"{\"format\":2,\"engine\":\"other\"}\n").unwrap();
        let refused = Folder::open(folder.path()).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { format: 2, .. }));
        assert!(
            refused
                .to_string()
                .ends_with("format 2, and this program knows formats up to 1; use a newer annals")
        );
        for text in ["", "{}", "{\"format\":0}", "{\"format\":\"1\"}", "format 1"] {
            fs::write(&marker, text).unwrap();
            assert!(matches!(Folder::open(folder.path()), Err(StoreError::Marker(path)) if path == marker));
        }
    }

    #[test]
    fn one_process_writes_and_readers_take_no_lock() {
        let folder = here();
        let writer = Folder::create(folder.path()).unwrap();
        let refused = Folder::open(folder.path()).unwrap_err();
        assert!(matches!(refused, StoreError::Held(_)), "{refused}");
        assert!(Folder::open_read_only(folder.path()).is_ok());
        drop(writer);
        let writer = Folder::open(folder.path()).unwrap();
        // Held for a moment more, as by a process that is being begun.
        let later = thread::spawn(move || {
            thread::sleep(PAUSE * 3);
            drop(writer);
        });
        assert!(Folder::open(folder.path()).is_ok());
        later.join().unwrap();
    }
}
