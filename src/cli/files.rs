//! Files that are handed over: read up to a limit, and written where there was none.

use super::failure::{Failure, file};
use annals::exchange::layout::limited;
use annals::exchange::outgoing::{Outgoing, Readers};
use std::error::Error;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The most bytes of a plan document: one of seventy actions has some fifty thousand.
pub(crate) const PLAN_LIMIT: u64 = 16 << 20;

/// The most bytes of a file of requests: a quarter of a million of them.
pub(crate) const REQUESTS_LIMIT: u64 = 256 << 20;

/// The bytes of a file of no more than so many.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    File::open(path).and_then(|input| limited(input, limit)).map_err(file(path, "read"))
}

/// A file of requests, an object of JSON on each line. A spreadsheet is refused as what it is.
pub(crate) fn requests(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = read(path, REQUESTS_LIMIT)?;
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let named = ["csv", "tsv", "xls", "xlsx", "ods"].iter().any(|sheet| extension == *sheet);
    if bytes.starts_with(b"PK\x03\x04") || (named && !bytes.starts_with(b"{")) {
        let path = path.display();
        return Err(Failure::usage(format!(
            "{path}: line 1 is no object of JSON, as each line of a file of requests is: a sheet that came back is taken in with \
             `annals sheet in`, and a bundle with `annals mirror` or `annals restore`"
        )));
    }
    Ok(bytes)
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

/// Writes a file that was not there, whole and durable or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_by(path, Readers::Usual, |out| out.write_all(bytes).map_err(file(path, "written")))
}

/// The same, as `put` puts it down piece by piece.
pub(crate) fn write_by<T>(
    path: &Path,
    readers: Readers,
    put: impl FnOnce(&mut Outgoing) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut out = Outgoing::create(path, readers).map_err(file(path, "made"))?;
    let put = put(&mut out)?;
    out.finish().map_err(file(path, "written"))?;
    Ok(put)
}
