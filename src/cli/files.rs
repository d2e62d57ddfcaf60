//! Files that are handed over: read up to a limit, and written where there was none.

use super::failure::{Failure, file};
use annals::exchange::layout::limited;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

/// The most bytes of a plan document: one of seventy actions has some fifty thousand.
pub(crate) const PLAN_LIMIT: u64 = 16 << 20;

/// The most bytes of a file of requests: a quarter of a million of them.
pub(crate) const REQUESTS_LIMIT: u64 = 256 << 20;

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

/// Refuses a file that could not be made, before anything else is done that is told in it.
pub(crate) fn can_be_made(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(file(path, "made")(ErrorKind::NotFound.into()));
    }
    if path.exists() { Err(file(path, "made")(ErrorKind::AlreadyExists.into())) } else { Ok(()) }
}

/// Makes a file that was not there, for withheld values: nobody but its owner reads it before it is handed over.
pub(crate) fn make_private(path: &Path) -> Result<File, Failure> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(file(path, "made"))
}

/// Writes a file that was not there, whole and durable or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_by(path, |out| out.write_all(bytes).map_err(file(path, "written")))
}

/// The same, as `put` puts it down piece by piece.
pub(crate) fn write_by(
    path: &Path,
    put: impl FnOnce(&mut BufWriter<&File>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let output = File::create_new(path).map_err(file(path, "made"))?;
    let mut buffer = BufWriter::new(&output);
    let written = put(&mut buffer)
        .and_then(|()| buffer.flush().and_then(|()| output.sync_all()).map_err(file(path, "written")));
    written.inspect_err(|_| {
        // A half is worth nothing.
        let _ = fs::remove_file(path);
    })
}
