//! A copy of a store's journal and blobs in another folder: byte for byte, segment by segment, so that a file of one can stand
//! in for the same file of the other. What lies beside them, and in which order all is copied, is not here.

use super::embedded::Embedded;
use super::folder::Folder;
use super::journal::{Journal, SEGMENT_LIMIT};
use super::segment::{Segment, file, list};
use super::{Condition, Head, Store, StoreError, blobs, disk, said};
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes that are read at a time.
const CHUNK: usize = 1 << 20;

/// The folder of a copy, held as long as it is written to.
#[derive(Debug)]
pub struct Copy {
    folder: Folder,
    head: Head,
}

/// Why a copy cannot be brought up to date: nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of the original, or one within it.
    #[error("{}: lies in the ledger's own folder; name another, best on another disk", .0.display())]
    Inside(PathBuf),
    /// It was never a prefix.
    #[error("{}: the copy of another ledger; name a new folder", .0.display())]
    Another(PathBuf),
    /// It is not a prefix any more.
    #[error(
        "{}: byte {offset}: not what the ledger has there: one of them was changed, or written to by itself; verify both, \
         and name a new folder",
        path.display()
    )]
    Differs {
        /// The file of the copy.
        path: PathBuf,
        /// Where in it.
        offset: u64,
    },
    /// It has more than the original.
    #[error(
        "{}: {copy} entries, and the ledger has {original}: the ledger was cut, or the copy written to by itself; verify \
         both before anything else",
        path.display()
    )]
    Ahead {
        /// The copy.
        path: PathBuf,
        /// How many entries the copy has.
        copy: u64,
        /// How many the original has.
        original: u64,
    },
}

impl Copy {
    /// Opens a copy, or begins one in a folder that is missing or empty. Whoever writes to it as to a ledger, or copies into
    /// it, has to wait.
    ///
    /// # Errors
    /// [`CopyError::Inside`]; [`CopyError::Store`], as [`Embedded::create`] and [`Embedded::open`].
    pub fn open(path: &Path, original: &Path) -> Result<Self, CopyError> {
        if is_within(path, original) {
            return Err(CopyError::Inside(path.to_owned()));
        }
        let folder = match Folder::open(path) {
            Err(StoreError::NoLedger(_)) => Folder::create(path)?,
            opened => opened?,
        };
        // What an interrupted run left may have been erased since.
        blobs::clear(&folder.blobs())?;
        let head = Journal::scan(&folder.journal(), SEGMENT_LIMIT, None, &mut |_, _, _| {})?.head();
        Ok(Self { folder, head })
    }

    /// Where it stands.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Whether all that it has is what the original has from its beginning, byte for byte.
    ///
    /// # Errors
    /// [`CopyError::Another`], [`CopyError::Ahead`], [`CopyError::Differs`]; [`CopyError::Store`].
    pub fn compare(&self, original: &Embedded) -> Result<(), CopyError> {
        let segments = list(&self.folder.journal())?;
        Beginning { folder: &self.folder, segments, head: self.head }.compare(original)
    }

    /// Appends what the original has and it has not, durable on return; it was compared before.
    ///
    /// # Errors
    /// [`StoreError`]: what was appended until then is appended to the next time.
    pub fn extend(&mut self, original: &Embedded) -> Result<(), StoreError> {
        let (ours, theirs) = (self.folder.journal(), original.folder().journal());
        for segment in original.segments() {
            append(&file(&theirs, segment.first), &file(&ours, segment.first), segment)?;
        }
        disk::sync_folder(&ours).map_err(said(&ours, "synced"))?;
        self.head = original.head();
        Ok(())
    }

    /// Copies a blob of the original, if it is whole there; returns whether it is whole here then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_blob(&self, original: &Embedded, sha256: &str) -> Result<bool, StoreError> {
        let ours = self.folder.blobs();
        if let Ok(Condition::Whole) = blobs::copy(&ours, sha256, &mut io::sink()) {
            return Ok(true);
        }
        let theirs = original.folder().blobs();
        match blobs::copy(&theirs, sha256, &mut io::sink())? {
            Condition::Missing | Condition::Changed => Ok(false),
            Condition::Whole => {
                let path = theirs.join(sha256);
                let mut file = disk::open(&path).map_err(said(&path, "read"))?;
                // Read again, so that it counts as what it is now.
                Ok(blobs::put(&ours, &mut file)?.sha256 == sha256)
            }
        }
    }

    /// Copies the blobs of the original that are meant and whole, by their names and the folder that they lie in, and says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_blobs(
        &self,
        original: &Embedded,
        meant: &dyn Fn(&Path, &str) -> bool,
    ) -> Result<u64, StoreError> {
        let folder = original.folder().blobs();
        let mut taken = 0;
        for name in blobs::names(&folder)?.into_iter().filter(|name| meant(&folder, name)) {
            taken += u64::from(self.take_blob(original, &name)?);
        }
        Ok(taken)
    }

    /// Removes the blobs that are not to be kept, and says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn retain_blobs(&self, keep: &dyn Fn(&str) -> bool) -> Result<u64, StoreError> {
        let folder = self.folder.blobs();
        let mut removed = 0;
        for name in blobs::names(&folder)?.into_iter().filter(|name| !keep(name)) {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(said(&path, "removed"))?;
            removed += 1;
        }
        if removed > 0 {
            disk::sync_folder(&folder).map_err(said(&folder, "synced"))?;
        }
        Ok(removed)
    }
}

/// As [`Copy::compare`], of a copy that is looked at: it takes no lock and changes nothing. The copy was opened before the original, to
/// which somebody may append and continue the copy with that.
///
/// # Errors
/// As [`Copy::compare`].
pub fn compare(copy: &Embedded, original: &Embedded) -> Result<(), CopyError> {
    let (folder, segments) = (copy.folder(), copy.segments());
    Beginning { folder, segments, head: copy.head() }.compare(original)
}

/// As [`compare`], with what follows the copy's last whole line: what an interrupted run left of the next one is a beginning of that,
/// and anything else is not.
///
/// # Errors
/// As [`Copy::compare`].
pub fn compare_whole(copy: &Embedded, original: &Embedded) -> Result<(), CopyError> {
    let (folder, mut segments) = (copy.folder(), copy.segments());
    if let Some(last) = segments.last_mut() {
        last.length += copy.unfinished();
    }
    Beginning { folder, segments, head: copy.head() }.compare(original)
}

/// What is to be a beginning of an original.
struct Beginning<'a> {
    folder: &'a Folder,
    segments: Vec<Segment>,
    head: Head,
}

impl Beginning<'_> {
    fn compare(self, original: &Embedded) -> Result<(), CopyError> {
        let (ours, theirs) = (self.folder.journal(), original.folder().journal());
        for own in self.segments.iter().filter(|own| own.length > 0) {
            let path = file(&ours, own.first);
            let of = original.segments().into_iter().find(|segment| segment.first == own.first);
            let Some(of) = of else { return Err(self.differs(path, own.first, 0, original)) };
            if let Some(offset) = differing(&path, &file(&theirs, own.first), own.length.min(of.length))? {
                return Err(self.differs(path, own.first, offset, original));
            }
            if own.length > of.length {
                return Err(self.differs(path, own.first, of.length, original));
            }
        }
        Ok(())
    }

    /// Which of the refusals it is.
    fn differs(&self, path: PathBuf, first: u64, offset: u64, original: &Embedded) -> CopyError {
        // Where the first entry is another, nothing after it can be the same.
        if first == 0 && is_in_first_line(&path, offset) {
            return CopyError::Another(self.folder.path().to_owned());
        }
        let (copy, original) = (self.head.size, original.head().size);
        if copy > original {
            return CopyError::Ahead { path: self.folder.path().to_owned(), copy, original };
        }
        CopyError::Differs { path, offset }
    }
}

/// Whether a folder is another, or lies within it; as far as it is there.
fn is_within(path: &Path, other: &Path) -> bool {
    let Ok(other) = other.canonicalize() else { return false };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = absolute.ancestors().find_map(|ancestor| ancestor.canonicalize().ok());
    there.is_some_and(|there| there.starts_with(&other))
}

/// The first byte in which two files differ, up to a length that both have.
fn differing(ours: &Path, theirs: &Path, length: u64) -> Result<Option<u64>, StoreError> {
    let open = |path: &Path| disk::open(path).map_err(said(path, "read")).map(|file| file.take(length));
    let (mut own, mut other) = (open(ours)?, open(theirs)?);
    let (mut a, mut b) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut offset = 0;
    while offset < length {
        let next = usize::try_from(length - offset).unwrap_or(CHUNK).min(CHUNK);
        let (Some(a), Some(b)) = (a.get_mut(..next), b.get_mut(..next)) else { break };
        own.read_exact(a).map_err(said(ours, "read"))?;
        other.read_exact(b).map_err(said(theirs, "read"))?;
        if let Some(at) = a.iter().zip(&*b).position(|(a, b)| a != b) {
            return Ok(Some(offset + at as u64));
        }
        offset += next as u64;
    }
    Ok(None)
}

/// Whether no line ends before an offset.
fn is_in_first_line(path: &Path, offset: u64) -> bool {
    let mut bytes = Vec::new();
    // No entry is as long as that.
    let limit = offset.min(1 << 17);
    let read = disk::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    read.is_ok() && !bytes.contains(&b'\n')
}

/// Appends to a file what another has more, up to its last whole line.
fn append(from: &Path, to: &Path, segment: Segment) -> Result<(), StoreError> {
    let copy = OpenOptions::new().append(true).create(true).open(to).map_err(said(to, "opened"))?;
    let mut length = copy.metadata().map_err(said(to, "read"))?.len();
    if length == segment.length && length > 0 {
        return Ok(());
    }
    let mut original = disk::open(from).map_err(said(from, "read"))?;
    original.seek(SeekFrom::Start(length)).map_err(said(from, "read"))?;
    let mut bytes = vec![0; CHUNK];
    while length < segment.length {
        let next = usize::try_from(segment.length - length).unwrap_or(CHUNK).min(CHUNK);
        let Some(bytes) = bytes.get_mut(..next) else { break };
        original.read_exact(bytes).map_err(said(from, "read"))?;
        disk::write(to, &copy, bytes).map_err(said(to, "written"))?;
        length += next as u64;
    }
    disk::sync_all(to, &copy).map_err(said(to, "synced"))
}
