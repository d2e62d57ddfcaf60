//! Plan documents on disk.

use super::failure::Failure;
use annals::domain::plan::Plan;
use std::path::Path;

/// Reads the bytes of a plan document.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Plan, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Failure::usage(format!("{}: not UTF-8 from byte {} on", path.display(), error.valid_up_to()))
    })?;
    Plan::read(text).map_err(|faults| Failure::Plan { path: path.to_owned(), faults })
}
