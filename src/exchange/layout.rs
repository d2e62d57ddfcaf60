//! The layout of tlog-tiles (C2SP): a log as files that anybody can serve, and the entries read back from them.
//!
//! ```text
//! checkpoint                   the newest that is given away
//! tile/0/000                   256 leaf hashes
//! tile/entries/000             their entries, each after its length in two bytes, big-endian
//! tile/entries/001.p/17        the last ones of a log of 273
//! ```
//!
//! Where the files lie is a [`Source`]: a folder, a bundle, a server. What is read is believed by nobody before it is verified.

use crate::ledger::{Ledger, LedgerError};
use crate::store::disk;
use crate::trail::entry::ENTRY_LIMIT;
use crate::trail::tile::{Kind, Tile, WIDTH};
use std::io::{self, ErrorKind, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// The name of the newest checkpoint.
pub const CHECKPOINT: &str = "checkpoint";

/// The most bytes that an entry tile has.
pub const ENTRIES_LIMIT: u64 = WIDTH * (ENTRY_LIMIT as u64 + 2);

/// Where the files of a log lie.
pub trait Source {
    /// The bytes of a file; nothing where there is none. One that is longer than `limit` is an error.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn read(&mut self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>>;
}

/// Why entries cannot be read from a layout.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file that ought to be there.
    #[error("`{0}` is missing: the log was not published whole, or a part of it was lost")]
    Missing(String),
    /// A file whose bytes are not of its form.
    #[error("`{0}` is not what its name says: {1}")]
    Form(String, &'static str),
    /// A file that cannot be read.
    #[error("`{0}` cannot be read")]
    Read(String, #[source] io::Error),
}

impl Ledger {
    /// The bytes of a tile, of hashes or of entries, as tlog-tiles has it.
    ///
    /// # Errors
    /// [`LedgerError`], where it cannot be read.
    pub fn tile(&self, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        if let Kind::Hashes(_) = tile.kind {
            return self.hashes(tile);
        }
        let from = tile.index * WIDTH;
        let mut bytes = Vec::new();
        self.read(from..from + u64::from(tile.width), &mut |_, line| {
            // A line is never longer than the two bytes can say.
            bytes.extend_from_slice(&u16::try_from(line.len()).unwrap_or_default().to_be_bytes());
            bytes.extend_from_slice(line);
            ControlFlow::Continue(())
        })?;
        Ok(bytes)
    }
}

/// The entries in the bytes of a tile, as many as its width says (C2SP tlog-tiles, "Log entries"); nothing where the bytes are
/// otherwise.
#[must_use]
pub fn entries(mut bytes: &[u8], width: u16) -> Option<Vec<&[u8]>> {
    let mut found = Vec::with_capacity(usize::from(width));
    for _ in 0..width {
        let (length, rest) = bytes.split_first_chunk()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        found.push(entry);
        bytes = rest;
    }
    bytes.is_empty().then_some(found)
}

/// Takes an entry and its sequence.
pub type TakeEntry<'a, E> = dyn FnMut(u64, &[u8]) -> Result<(), E> + 'a;

/// Hands over the entries from one sequence up to a size, as a log of that size has them: of its last tile the partial one, or the
/// whole one that came later. An error of `each` ends it.
///
/// # Errors
/// [`LayoutError`], or what `each` says.
pub fn each_entry<E: From<LayoutError>>(
    source: &mut impl Source,
    from: u64,
    size: u64,
    each: &mut TakeEntry<'_, E>,
) -> Result<(), E> {
    for index in from / WIDTH..size.div_ceil(WIDTH) {
        let Some(tile) = Kind::Entries.tile(index, size) else { break };
        let (path, bytes, width) = fetch(source, tile, ENTRIES_LIMIT)?;
        let form =
            || LayoutError::Form(path.clone(), "entries after their lengths are expected, as many as it has");
        let read = entries(&bytes, width).ok_or_else(form)?;
        for (at, line) in (index * WIDTH..size).zip(read).filter(|(at, _)| *at >= from) {
            each(at, line)?;
        }
    }
    Ok(())
}

/// A tile, or the whole one in place of a partial one: its path, its bytes and how many rows it has.
///
/// # Errors
/// [`LayoutError::Missing`], [`LayoutError::Read`].
pub fn fetch(
    source: &mut impl Source,
    tile: Tile,
    limit: u64,
) -> Result<(String, Vec<u8>, u16), LayoutError> {
    let whole = Tile { width: 256, ..tile };
    for tile in if tile.is_whole() { vec![tile] } else { vec![tile, whole] } {
        let path = tile.to_string();
        let read = source.read(&path, limit).map_err(|error| LayoutError::Read(path.clone(), error))?;
        if let Some(bytes) = read {
            return Ok((path, bytes, tile.width));
        }
    }
    Err(LayoutError::Missing(tile.to_string()))
}

/// The files of a log in a folder.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Source for Folder {
    fn read(&mut self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        match disk::open(&self.0.join(path)) {
            Ok(file) => limited(file, limit).map(Some),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// All bytes, if they are not more than a limit.
///
/// # Errors
/// Where there are more, or they cannot be read.
pub fn limited(input: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is longer than {limit} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back_as_many_as_there_are_and_no_byte_more() {
        let bytes = [&[0, 2][..], b"ab", &[0, 0], &[0, 1], b"c"].concat();
        assert_eq!(entries(&bytes, 3), Some(vec![&b"ab"[..], b"", b"c"]));
        for width in [0, 1, 2, 4] {
            assert_eq!(entries(&bytes, width), None, "{width}");
        }
        assert_eq!(entries(&bytes[..bytes.len() - 1], 3), None);
        assert_eq!(entries(&[], 0), Some(Vec::new()));
    }

    #[test]
    fn a_partial_tile_may_have_become_whole_since() {
        let folder = tempfile::tempdir().unwrap();
        let line = |at: u16| [&[0, 2][..], &at.to_be_bytes()].concat();
        let whole: Vec<u8> = (0..256).flat_map(line).collect();
        std::fs::create_dir_all(folder.path().join("tile/entries")).unwrap();
        std::fs::write(folder.path().join("tile/entries/000"), whole).unwrap();
        let mut source = Folder(folder.path().to_owned());
        let mut read = Vec::new();
        let mut each = |at, line: &[u8]| {
            read.push((at, line.to_vec()));
            Ok::<_, LayoutError>(())
        };
        each_entry(&mut source, 3, 5, &mut each).unwrap();
        assert_eq!(read, [(3, vec![0, 3]), (4, vec![0, 4])]);
        let missing = each_entry(&mut source, 0, 257, &mut |_, _| Ok::<_, LayoutError>(()));
        assert!(matches!(missing, Err(LayoutError::Missing(path)) if path == "tile/entries/001.p/1"));
    }
}
