//! The disk: the few calls by which bytes come to last. All that a ledger must not lose goes through them, so that tests can make
//! each fail in turn, over the real file system. What is read of it is opened here, too: what is neither a file nor a folder, such
//! as a pipe, is refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Opens a file that is read. What is neither file nor folder is refused: of a pipe nobody may ever write the other end.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() || kind.is_dir() {
        return File::open(path);
    }
    Err(io::Error::new(
        ErrorKind::InvalidInput,
        "it is no file, but a pipe, a socket or a device: move it away",
    ))
}

/// Opens a file that is locked, as [`open`], and makes it where there is none.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    match open(path) {
        Err(error) if ![ErrorKind::NotFound, ErrorKind::PermissionDenied].contains(&error.kind()) => {
            Err(error)
        }
        _ => OpenOptions::new().write(true).create(true).truncate(false).open(path),
    }
}

/// All bytes of a file, as [`open`].
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes bytes where the file stands.
pub(crate) fn write(path: &Path, mut file: &File, bytes: &[u8]) -> io::Result<()> {
    #[cfg(test)]
    if faults::half(path) {
        file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
        return Err(faults::error());
    }
    call(path, || file.write_all(bytes))
}

/// Writes the bytes of a file once more, as they are, for whoever syncs it next. After a sync that failed the kernel may hold
/// what the disk has not, and take it for written: to sync alone would then do nothing, and succeed.
pub(crate) fn write_again(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let (mut place, mut bytes) = (0, vec![0; 1 << 20]);
    loop {
        let read = file.read_at(&mut bytes, place)?;
        if read == 0 {
            return Ok(());
        }
        file.seek(SeekFrom::Start(place))?;
        write(path, &file, bytes.get(..read).unwrap_or_default())?;
        place += read as u64;
    }
}

/// Makes the bytes of a file last.
pub(crate) fn sync_data(path: &Path, file: &File) -> io::Result<()> {
    call(path, || file.sync_data())
}

/// Makes the bytes of a file last, and what is known of it.
pub(crate) fn sync_all(path: &Path, file: &File) -> io::Result<()> {
    call(path, || file.sync_all())
}

/// Cuts a file to a length.
pub(crate) fn set_len(path: &Path, file: &File, length: u64) -> io::Result<()> {
    call(path, || file.set_len(length))
}

/// Gives a file another name, in the place of what had it.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    call(from, || fs::rename(from, to))
}

/// Makes the names in a folder last: a new name is durable only with the folder that holds it.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    call(folder, || File::open(folder)?.sync_all())
}

/// Makes a folder and those that it lies in, as far as they are not there, each of which lasts on return.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(folder);
    if !parent.as_os_str().is_empty() {
        make_folder(parent)?;
    }
    match fs::create_dir(folder) {
        // Somebody else may have made it meanwhile, and not synced it yet.
        Err(error) if !folder.is_dir() => Err(error),
        Err(_) => sync_folder(parent),
        Ok(()) => sync_folder(parent).inspect_err(|_| {
            // Whoever tries again makes it again, and syncs that.
            let _ = fs::remove_dir(folder);
        }),
    }
}

fn call(path: &Path, call: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    #[cfg(test)]
    return faults::meet(path, call);
    #[cfg(not(test))]
    {
        // Only the tests tell folders apart.
        let _ = path;
        call()
    }
}

/// Faults that are put in the way of these calls, in one folder and what lies below it.
#[cfg(test)]
pub(crate) mod faults {
    use std::io;
    use std::path::{Path, PathBuf};
    use std::sync::{Condvar, Mutex, PoisonError};

    /// What becomes of the call that fails.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Fault {
        /// It is not done.
        NotDone,
        /// It is done, and reported as failed.
        Done,
        /// Of a write, half is done; only writes count.
        Half,
    }

    impl Fault {
        pub(crate) const ALL: [Self; 3] = [Self::NotDone, Self::Done, Self::Half];
    }

    #[derive(Debug)]
    struct Planned {
        folder: PathBuf,
        /// How many calls succeed before.
        left: u64,
        fault: Fault,
        /// Whether every call from then on fails, and not that one alone.
        lasting: bool,
        met: bool,
    }

    static PLANNED: Mutex<Vec<Planned>> = Mutex::new(Vec::new());

    /// Removes the fault when it is dropped.
    #[derive(Debug)]
    pub(crate) struct Armed(PathBuf);

    /// Lets the call after so many fail, or all from then on.
    pub(crate) fn arm(folder: &Path, after: u64, fault: Fault, lasting: bool) -> Armed {
        let planned = Planned { folder: folder.to_owned(), left: after, fault, lasting, met: false };
        all(|faults| faults.push(planned));
        Armed(folder.to_owned())
    }

    impl Armed {
        /// Whether the call was made that was to fail.
        pub(crate) fn met(&self) -> bool {
            all(|faults| faults.iter().any(|planned| planned.folder == self.0 && planned.met))
        }
    }

    impl Drop for Armed {
        fn drop(&mut self) {
            all(|faults| faults.retain(|planned| planned.folder != self.0));
        }
    }

    fn all<T>(act: impl FnOnce(&mut Vec<Planned>) -> T) -> T {
        act(&mut PLANNED.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn fault(path: &Path, counts: impl Fn(Fault) -> bool) -> Option<Fault> {
        all(|faults| {
            let planned = faults.iter_mut().find(|planned| path.starts_with(&planned.folder))?;
            if !counts(planned.fault) || planned.met && !planned.lasting {
                return None;
            }
            if planned.left > 0 {
                planned.left -= 1;
                return None;
            }
            planned.met = true;
            Some(planned.fault)
        })
    }

    /// Calls that wait, and how many do.
    static HELD: Mutex<Vec<(PathBuf, u64)>> = Mutex::new(Vec::new());
    static CHANGED: Condvar = Condvar::new();

    /// Lets the calls go on when it is dropped.
    #[derive(Debug)]
    pub(crate) struct Holding(PathBuf);

    /// Keeps every call on a file, or below a folder, waiting.
    pub(crate) fn hold(path: &Path) -> Holding {
        HELD.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), 0));
        Holding(path.to_owned())
    }

    impl Holding {
        /// Waits until a call is kept waiting.
        pub(crate) fn wait(&self) {
            let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
            let nobody = |held: &mut Vec<(PathBuf, u64)>| {
                held.iter().all(|(path, waiting)| *path != self.0 || *waiting == 0)
            };
            drop(CHANGED.wait_while(held, nobody).unwrap_or_else(PoisonError::into_inner));
        }
    }

    impl Drop for Holding {
        fn drop(&mut self) {
            HELD.lock().unwrap_or_else(PoisonError::into_inner).retain(|(path, _)| *path != self.0);
            CHANGED.notify_all();
        }
    }

    fn wait(path: &Path) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, waiting)) = held.iter_mut().find(|(held, _)| path.starts_with(held)) {
            *waiting += 1;
            CHANGED.notify_all();
            let is_held =
                |held: &mut Vec<(PathBuf, u64)>| held.iter().any(|(held, _)| path.starts_with(held));
            drop(CHANGED.wait_while(held, is_held).unwrap_or_else(PoisonError::into_inner));
        }
    }

    pub(super) fn half(path: &Path) -> bool {
        fault(path, |fault| fault == Fault::Half).is_some()
    }

    pub(super) fn meet(path: &Path, call: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        wait(path);
        match fault(path, |fault| fault != Fault::Half) {
            None => call(),
            Some(Fault::Done) => call().and_then(|()| Err(error())),
            Some(Fault::NotDone | Fault::Half) => Err(error()),
        }
    }

    pub(super) fn error() -> io::Error {
        io::Error::other("a fault of the test")
    }
}

#[cfg(test)]
mod tests {
    use super::faults::{Fault, arm};
    use super::make_folder;
    use crate::store::journal::Journal;
    use crate::trail::lines::Lines;
    use std::fs;
    use std::path::Path;

    /// Segments of more than 8 bytes are left behind.
    fn open(folder: &Path) -> Result<Journal, crate::store::StoreError> {
        let mut journal = Journal::scan(folder, 8, None, &mut |_, _, _| {})?;
        journal.begin_writing(0)?;
        Ok(journal)
    }

    fn all(journal: &Journal) -> Vec<String> {
        let mut found = Vec::new();
        let mut each = |_, _, line: &[u8]| found.push(String::from_utf8(line.to_vec()).unwrap());
        journal.read(0..99, &mut each).unwrap();
        found
    }

    #[test]
    fn whatever_fails_when_segments_begin_the_lines_are_whole_and_go_on() {
        for (fault, lasting) in Fault::ALL.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
            for after in 0.. {
                let folder = tempfile::tempdir().unwrap();
                let armed = arm(folder.path(), after, fault, lasting);
                let mut known = Vec::new();
                if let Ok(journal) = open(folder.path()) {
                    for number in 0..5 {
                        let line = format!("line-{number}").into_bytes();
                        // Whatever fails, the next is tried.
                        if journal.append(journal.head(), &Lines::from_iter([&line]), &mut |_| {}).is_ok() {
                            known.push(String::from_utf8(line).unwrap());
                        }
                    }
                }
                let met = armed.met();
                drop(armed);
                let journal = open(folder.path()).unwrap();
                let there = all(&journal);
                let mut rest = there.iter();
                assert!(known.iter().all(|line| rest.any(|there| there == line)), "{known:?} in {there:?}");
                assert!(there.is_sorted() && there.len() <= known.len() + 1, "{there:?}");
                journal.append(journal.head(), &Lines::from_iter(["line-9"]), &mut |_| {}).unwrap();
                assert_eq!(open(folder.path()).unwrap().head(), journal.head());
                if !met {
                    assert!(known.len() == 5 && after > if fault == Fault::Half { 4 } else { 15 }, "{after}");
                    break;
                }
            }
        }
    }

    #[test]
    fn a_folder_is_made_only_where_each_that_it_lies_in_lasts() {
        let home = tempfile::tempdir().unwrap();
        let inner = home.path().join("a/b/c");
        for (after, made) in [(0, "a"), (1, "a/b"), (2, "a/b/c")] {
            let armed = arm(home.path(), after, Fault::NotDone, false);
            assert!(make_folder(&inner).is_err() && armed.met(), "{made}");
            drop(armed);
            let made = home.path().join(made);
            assert!(!made.exists() && made.parent().unwrap().is_dir(), "whoever tries again syncs it");
            if after > 0 {
                fs::remove_dir_all(home.path().join("a")).unwrap();
            }
        }
        make_folder(&inner).unwrap();
        let armed = arm(home.path(), 0, Fault::NotDone, true);
        make_folder(&inner).unwrap();
        assert!(!armed.met(), "one that is there is left alone");
        drop(armed);
        fs::write(inner.join("file"), b"").unwrap();
        assert!(make_folder(&inner.join("file/d")).is_err());
    }
}
