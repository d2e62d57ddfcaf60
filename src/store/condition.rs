//! The condition of a ledger's folder: what lies there, looked at without a lock and without changing anything. What it means
//! for the ledger is not here.

use super::embedded::Embedded;
use super::folder::{self, Folder};
use super::frames::Frames;
use super::generation::Generations;
use super::{Condition, Store, StoreError, blobs};
#[cfg(unix)]
use rustix::{
    fs::{Access, access, statvfs},
    io::Errno,
};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What sled is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Derived {
    /// It says of every line where it lies, and which was the last.
    Sound,
    /// There is none.
    Missing,
    /// Whoever wrote last did not close it.
    NotClosed,
    /// It was closed when the journal had so many entries less.
    Behind(u64),
    /// It was closed, or built, when the journal had so many entries, which are more than there are.
    Ahead(u64),
    /// It is not what the journal has, for this reason.
    Broken(String),
    /// It could not be looked at, for this reason.
    Unknown(String),
}

/// What this user may not do, of all that whoever writes has to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forbidden {
    /// What cannot be read.
    pub reading: Vec<PathBuf>,
    /// What cannot be written to.
    pub writing: Vec<PathBuf>,
    /// Whether nothing at all can be written to: then nobody meant it to be.
    pub all: bool,
    /// Whether its disk is mounted for reading only: no right helps.
    pub mounted: bool,
}

/// What the marker says of the format.
///
/// # Errors
/// [`StoreError::NoLedger`], [`StoreError::Newer`], [`StoreError::Marker`]; [`StoreError::Denied`], [`StoreError::System`].
pub fn marker(folder: &Path) -> Result<(), StoreError> {
    folder::check_marker(folder)
}

/// The process that writes, if there is one and the system tells: asking for the lock could keep a writer out. It is found by the
/// inode alone, since some file systems tell another device here than of the file.
#[must_use]
#[cfg(unix)]
pub fn writer(folder: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let inode = fs::metadata(folder.join("lock")).ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        // 1: FLOCK  ADVISORY  WRITE 4711 fe:01:1312807 0 EOF
        let [_, "FLOCK", _, "WRITE", process, file, ..] = line.split_whitespace().collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let same = file.rsplit(':').next().and_then(|inode| inode.parse().ok()) == Some(inode);
        same.then(|| process.parse().ok()).flatten()
    })
}

/// What sled is worth beside the journal, which was read before. It is looked at in a copy, so that nothing is changed.
#[must_use]
pub fn derived(store: &Embedded, folder: &Path) -> Derived {
    let generations = Generations::read(&Folder::unmarked(folder).sled());
    let Some(current) = generations.current() else { return Derived::Missing };
    let size = store.head().size;
    if !generations.folder(current.folder).is_dir() {
        return Derived::Missing;
    }
    if current.entries > size {
        return Derived::Ahead(current.entries);
    }
    let Some(head) = current.head else {
        return Derived::Broken("it had failed, or is of an earlier version".to_owned());
    };
    if !current.closed {
        return Derived::NotClosed;
    }
    if current.entries < size {
        return Derived::Behind(size - current.entries);
    }
    if head != store.head().leaf {
        return Derived::Broken(format!("entry {} is another there", size.saturating_sub(1)));
    }
    if let Some(path) = generations.strange(current.folder) {
        return Derived::Broken(format!("{} is no file", path.display()));
    }
    let scratch = match tempfile::tempdir() {
        Ok(scratch) => scratch,
        Err(error) => return Derived::Unknown(error.to_string()),
    };
    let copy = Generations::read(scratch.path());
    if let Err(error) = generations.copy_out(current.folder, &copy.folder(current.folder)) {
        return Derived::Unknown(error.to_string());
    }
    match frames_agree(&copy.folder(current.folder), store, current.frames) {
        Ok(()) => Derived::Sound,
        Err(reason) => Derived::Broken(reason),
    }
}

/// Whether each frame says where the journal's lines lie.
fn frames_agree(path: &Path, store: &Embedded, complete: u64) -> Result<(), String> {
    let frames = Frames::open(path)?;
    if frames.end() != complete {
        return Err(format!("it has {} entries in frames, and had {complete}", frames.end()));
    }
    let mut agreed = Ok(None);
    let read = store.read_placed(0..complete, &mut |sequence, place, line| {
        let Ok(frame) = &mut agreed else { return };
        if frame.as_ref().is_none_or(|frame: &super::frame::Frame| frame.end() <= sequence) {
            match frames.stored().holding(sequence) {
                Ok(next) => *frame = next,
                Err(reason) => {
                    agreed = Err(reason);
                    return;
                }
            }
        }
        if !frame.as_ref().is_some_and(|frame| frame.has(sequence, place, line)) {
            agreed = Err(format!("entry {sequence} is another there, or lies elsewhere"));
        }
    });
    read.map_err(|error| error.to_string())?;
    agreed?;
    let _ = frames.close();
    Ok(())
}

/// The names of the files that are kept, each with whether its bytes are still its own; none where that cannot be read.
///
/// # Errors
/// [`StoreError`], where the folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<(String, Option<bool>)>, StoreError> {
    let blobs = Folder::unmarked(folder).blobs();
    let whole = |name: &str| {
        let found = blobs::copy(&blobs, name, &mut io::sink()).ok();
        found.map(|found| found == Condition::Whole)
    };
    let names = blobs::names(&blobs)?;
    Ok(names.into_iter().map(|name| (name.clone(), whole(&name))).collect())
}

/// Whether a file is kept, and its bytes are still its own.
#[must_use]
pub fn has_file(folder: &Path, name: &str) -> bool {
    let blobs = Folder::unmarked(folder).blobs();
    blobs::copy(&blobs, name, &mut io::sink()).is_ok_and(|found| found == Condition::Whole)
}

/// What was begun and never ended, in the folder and beside it.
#[must_use]
pub fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let within =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let name =
        |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let part = |path: &PathBuf| name(path) == ".part" || path.extension().is_some_and(|end| end == "part");
    let mut found: Vec<PathBuf> = [folder.to_owned(), folder.join("blobs"), folder.join("checkpoints")]
        .iter()
        .flat_map(|folder| within(folder))
        .filter(part)
        .collect();
    // A ledger that is made takes its place when it is whole.
    if let (Some(parent), Some(own)) = (folder.parent(), folder.file_name()) {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let begins = format!("{}.part-", own.to_string_lossy());
        found.extend(within(parent).filter(|path| name(path).starts_with(&begins)));
    }
    found.sort();
    found
}

/// How many bytes there is room for, where the system tells.
#[must_use]
#[cfg(unix)]
pub fn room(folder: &Path) -> Option<u64> {
    let disk = statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether what lies at a path is this user's, who gives every right to it.
#[must_use]
#[cfg(unix)]
pub fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid();
    user.is_root() || fs::metadata(path).is_ok_and(|data| data.uid() == user.as_raw())
}

/// What this user may not do.
#[must_use]
#[cfg(unix)]
pub fn forbidden(folder: &Path) -> Forbidden {
    let mounted = access(folder, Access::WRITE_OK) == Err(Errno::ROFS);
    let mut found = Forbidden { all: true, mounted, ..Forbidden::default() };
    look(folder, &mut found);
    found
}

#[cfg(unix)]
fn look(path: &Path, found: &mut Forbidden) {
    let Ok(data) = fs::symlink_metadata(path) else { return };
    let read = if data.is_dir() { Access::READ_OK | Access::EXEC_OK } else { Access::READ_OK };
    match access(path, read) {
        // A symbolic link that leads nowhere: no right to it helps.
        Err(Errno::NOENT | Errno::LOOP) => return,
        Err(_) => found.reading.push(path.to_owned()),
        Ok(()) => {}
    }
    if access(path, Access::WRITE_OK).is_err() {
        found.writing.push(path.to_owned());
    } else {
        found.all = false;
    }
    if data.is_dir() {
        let mut inner: Vec<PathBuf> =
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        inner.sort();
        for path in &inner {
            look(path, found);
        }
    }
}

/// Other systems are not asked.
#[cfg(not(unix))]
mod elsewhere {
    use super::{Forbidden, Path};

    /// Not known here.
    #[must_use]
    pub fn writer(_: &Path) -> Option<u32> {
        None
    }

    /// Not known here.
    #[must_use]
    pub fn room(_: &Path) -> Option<u64> {
        None
    }

    /// Not known here.
    #[must_use]
    pub fn forbidden(_: &Path) -> Forbidden {
        Forbidden::default()
    }

    /// Not known here.
    #[must_use]
    pub fn is_own(_: &Path) -> bool {
        true
    }
}
#[cfg(not(unix))]
pub use elsewhere::{forbidden, is_own, room, writer};
