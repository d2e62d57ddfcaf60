//! The place of a new ledger: refused where something is there, and taken only by a ledger that is whole.

use super::failure::{Failure, file};
use super::output;
use annals::ledger::LedgerError;
use annals::store::StoreError;
use annals::trail::hash::hex;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Builds a ledger beside its place and moves it there when it is whole, so that a founding that was interrupted leaves no
/// half of a ledger where one is expected.
pub(crate) fn build<T>(folder: &Path, build: impl FnOnce(&Path) -> Result<T, Failure>) -> Result<T, Failure> {
    refuse_taken(folder)?;
    let mut name = folder.as_os_str().to_owned();
    // A name of its own: what somebody else has there, or builds there, is left alone.
    name.push(format!(".part-{}", hex(&output::random::<4>())));
    let part = PathBuf::from(name);
    let moved = build(&part).and_then(|done| {
        if folder.exists() {
            std::fs::remove_dir(folder).map_err(file(folder, "replaced"))?;
        }
        std::fs::rename(&part, folder).map_err(file(folder, "made"))?;
        Ok(done)
    });
    let done = moved.inspect_err(|_| drop(std::fs::remove_dir_all(&part)))?;
    // The new name is durable once the folder that holds it is.
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(file(parent, "synced"))?;
    Ok(done)
}

/// Refuses a place where something is already.
pub(crate) fn refuse_taken(folder: &Path) -> Result<(), Failure> {
    let taken = |error: fn(PathBuf) -> StoreError| Err(LedgerError::Store(error(folder.to_owned())).into());
    if !folder.exists() {
        return Ok(());
    }
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) if folder.join("annals.json").exists() => taken(StoreError::Exists),
        _ => taken(StoreError::Foreign),
    }
}

/// A folder for what is thrown away at once.
pub(crate) fn scratch() -> Result<PathBuf, Failure> {
    let name = format!("annals-{}", uuid::Uuid::from_bytes(output::salt()));
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir(&path).map_err(file(&path, "made"))?;
    Ok(path)
}
