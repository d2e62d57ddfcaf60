//! A file on its way to somebody else: it has its name only when it is whole, whatever ends the program before. Half an export
//! would pass for a shorter ledger.
//!
//! Until then it lies beside the place that it is made for, under `<name>.<six letters or digits>.part`.

use crate::store::disk;
use crate::store::writing::Writing;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// Who may read the file, as far as the system tells users apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// As every other file of this user.
    Usual,
    /// Its owner alone, for withheld values.
    Owner,
}

/// A file that is made; dropped before it is finished, it is gone.
#[derive(Debug)]
pub struct Outgoing {
    path: PathBuf,
    part: TempPath,
    out: BufWriter<Writing>,
}

impl Outgoing {
    /// Begins a file whose name is free.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`], where it is not; what the system says, where none can be made there.
    pub fn create(path: &Path, readers: Readers) -> io::Result<Self> {
        refuse_taken(path)?;
        let mut name = OsString::from(path.file_name().ok_or(ErrorKind::InvalidInput)?);
        name.push(".");
        let mut part = tempfile::Builder::new();
        part.prefix(&name).suffix(".part");
        #[cfg(unix)]
        if readers == Readers::Usual {
            // As far as this user lets others read.
            part.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        let (file, part) = part.tempfile_in(folder_of(path))?.into_parts();
        let out = BufWriter::with_capacity(1 << 16, Writing::of(part.to_path_buf(), file));
        Ok(Self { path: path.to_owned(), part, out })
    }

    /// Makes what was written last under its name, and says how many bytes it has.
    ///
    /// # Errors
    /// As [`Self::create`], where somebody took the name meanwhile; what the system says. Nothing is left then.
    pub fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        self.out.get_ref().sync()?;
        let length = fs::metadata(&self.part)?.len();
        self.part.persist_noclobber(&self.path)?;
        match disk::sync_folder(folder_of(&self.path)) {
            // Some network file systems sync no folder.
            Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
                let _ = fs::remove_file(&self.path);
                Err(error)
            }
            _ => Ok(length),
        }
    }
}

/// The folder in which a file lies.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Refuses a name that is not free.
fn refuse_taken(path: &Path) -> io::Result<()> {
    // A link that leads nowhere has its name, too.
    match path.symlink_metadata() {
        Ok(_) => Err(io::Error::new(ErrorKind::AlreadyExists, "something of this name is there")),
        Err(_) => Ok(()),
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for Outgoing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::faults::{Fault, arm};
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_nothing_is_left_of_one_that_is_not() {
        for (fault, after) in Fault::ALL.into_iter().flat_map(|fault| (0..4).map(move |after| (fault, after)))
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("export");
            let armed = arm(folder.path(), after, fault, false);
            let written = Outgoing::create(&path, Readers::Usual).and_then(|mut file| {
                file.write_all(b"all of it")?;
                assert!(!path.exists(), "it has no name yet");
                file.finish()
            });
            // One that is whole, and whose name may be lost, is not handed over.
            assert_eq!(written.is_err(), armed.met(), "{fault:?} {after}");
            match written {
                Ok(length) => {
                    assert_eq!((length, fs::read(&path).unwrap().as_slice()), (9, &b"all of it"[..]));
                    assert_eq!(names(folder.path()).len(), 1);
                }
                Err(_) => assert!(names(folder.path()).is_empty(), "{fault:?} {after}"),
            }
        }
    }

    #[test]
    fn what_is_there_is_not_replaced_even_where_it_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        let mut file = Outgoing::create(&path, Readers::Owner).unwrap();
        let part = folder.path().join(names(folder.path()).pop().unwrap());
        assert_eq!(fs::metadata(part).unwrap().permissions().mode() & 0o77, 0, "nobody else reads it");
        file.write_all(b"ours").unwrap();
        fs::write(&path, "theirs").unwrap();
        assert_eq!(file.finish().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(Outgoing::create(&path, Readers::Usual).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(folder.path()).len(), 1);
    }
}
