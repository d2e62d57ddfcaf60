//! Files that are handed over: read up to a limit, and written where there was none.

use super::failure::{Failure, file};
use annals::exchange::layout::limited;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// The bytes of a file of no more than so many.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    File::open(path).and_then(|input| limited(input, limit)).map_err(file(path, "read"))
}

/// What the bytes of a file are, as `parse` reads them; `what` they are to be is said where they are not.
pub(crate) fn parsed<T, E: Error + Send + Sync + 'static>(
    path: &Path,
    limit: u64,
    what: &'static str,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<T, Failure> {
    parse(&read(path, limit)?).map_err(|fault| Failure::Note {
        path: path.to_owned(),
        what,
        source: Box::new(fault),
    })
}

/// Writes a file that was not there, whole and durable or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut output = File::create_new(path).map_err(file(path, "made"))?;
    let written = output.write_all(bytes).and_then(|()| output.sync_all());
    written.map_err(|error| {
        // A half is worth nothing.
        let _ = fs::remove_file(path);
        file(path, "written")(error)
    })
}
