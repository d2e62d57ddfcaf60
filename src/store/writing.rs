//! Files that are written in parts, and those that take the place of others once they are whole. The calls that bring bytes to the
//! disk are [`super::disk`]'s.

use super::disk;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that is written in parts.
#[derive(Debug)]
pub(crate) struct Writing {
    path: PathBuf,
    file: File,
}

impl Writing {
    /// A file that is there.
    pub(crate) const fn of(path: PathBuf, file: File) -> Self {
        Self { path, file }
    }

    /// The file, written.
    pub(crate) fn file(self) -> File {
        self.file
    }

    /// Makes what was written last.
    pub(crate) fn sync(&self) -> io::Result<()> {
        disk::sync_all(&self.path, &self.file)
    }
}

impl Seek for Writing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        disk::write(&self.path, &self.file, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file that is in its place whole or not at all. Until it is put there it lies beside, and it is gone where it does not come
/// to that:
/// room is given back at once where the disk is full, and no value is left in it.
#[derive(Debug)]
pub(crate) struct Replacing {
    part: Writing,
    /// Whether nothing is left beside.
    put: bool,
}

impl Replacing {
    /// Begins a file under the name that it has until it is whole, in the place of what an interrupted write left there.
    pub(crate) fn begin(part: PathBuf) -> io::Result<Self> {
        let file = File::create(&part)?;
        Ok(Self { part: Writing::of(part, file), put: false })
    }

    /// Leaves it, where it is not wanted after all.
    pub(crate) fn discard(mut self) -> io::Result<()> {
        self.put = true;
        fs::remove_file(&self.part.path)
    }

    /// Puts it in its place, with bytes that last. Its name does once its folder is synced.
    pub(crate) fn put(mut self, path: &Path) -> io::Result<()> {
        self.part.sync()?;
        disk::rename(&self.part.path, path)?;
        self.put = true;
        Ok(())
    }
}

impl Write for Replacing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.part.flush()
    }
}

impl Drop for Replacing {
    fn drop(&mut self) {
        if !self.put {
            // What cannot be removed is overwritten by the next.
            let _ = fs::remove_file(&self.part.path);
        }
    }
}
