//! The segments of a journal: how they are named, and that each begins where the one before it ends.

use super::{StoreError, said};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Sequence of the first line in its segment.
    pub(super) segment: u64,
    /// Bytes before the line in its segment.
    pub(super) offset: u64,
}

/// A segment, and how many of its bytes are whole lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) length: u64,
}

/// The file of a segment.
pub(super) fn file(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:012}.jsonl"))
}

/// The segments of a folder in their order; lengths are those of the files, torn lines included.
pub(super) fn list(folder: &Path) -> Result<Vec<Segment>, StoreError> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let what = "the folder is missing".to_owned();
            return Err(StoreError::Damaged { path: folder.to_owned(), offset: 0, what });
        }
        entries => entries.map_err(said(folder, "read"))?,
    };
    for entry in entries {
        let entry = entry.map_err(said(folder, "read"))?;
        let name = entry.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
        let Some(first) = digits.filter(|digits| digits.len() == 12).and_then(|digits| digits.parse().ok())
        else {
            continue;
        };
        let length = entry.metadata().map_err(said(&entry.path(), "read"))?.len();
        found.push(Segment { first, length });
    }
    found.sort_by_key(|segment: &Segment| segment.first);
    if let Some(first) = found.first().filter(|segment| segment.first > 0) {
        follows(folder, first.first, 0)?;
    }
    Ok(found)
}

/// Whether a segment begins where the lines before it end.
pub(super) fn follows(folder: &Path, first: u64, next: u64) -> Result<(), StoreError> {
    let (path, what) = match first.checked_sub(next) {
        Some(0) => return Ok(()),
        Some(_) => (file(folder, next), format!("missing: entries {next} to {}", first - 1)),
        None => (file(folder, first), format!("begins at {first}, and the lines before it end at {next}")),
    };
    Err(StoreError::Damaged { path, offset: 0, what })
}
