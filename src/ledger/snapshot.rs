//! The state kept as a file, named by nothing but its own head: a ledger that is opened for reading folds only what came
//! after it, and verification compares it with what replaying gives.

use crate::record::history::State;
use crate::trail::hash::sha256;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The file within a ledger's folder. It can be deleted at any time. Its first line is the SHA-256 of the second, so that
/// a damaged one is passed over; whoever changes both is found out by verifying, not by reading.
pub const FILE: &str = "state.json";

/// Raised whenever the state or what is folded into it changes: older snapshots are passed over.
const REDUCER: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Snapshot<S> {
    reducer: u32,
    state: S,
}

/// The state that was kept. One that cannot be read, is damaged, or was kept by another version of the program is worth
/// as much as none: it is made anew from the journal.
#[must_use]
pub fn load(folder: &Path) -> Option<State> {
    let text = fs::read_to_string(folder.join(FILE)).ok()?;
    let (digest, text) = text.split_once('\n')?;
    let text = Some(text).filter(|text| sha256(text.as_bytes()) == digest)?;
    let snapshot: Snapshot<State> = serde_json::from_str(text).ok()?;
    (snapshot.reducer == REDUCER).then_some(snapshot.state)
}

/// Whether something was kept that [`load`] passes over.
#[must_use]
pub fn is_unreadable(folder: &Path) -> bool {
    folder.join(FILE).exists() && load(folder).is_none()
}

/// Keeps the state, in place of the one before.
///
/// # Errors
/// Where it cannot be written.
pub fn keep(folder: &Path, state: &State) -> io::Result<()> {
    let part = folder.join(format!("{FILE}.part"));
    let text = serde_json::to_vec(&Snapshot { reducer: REDUCER, state })?;
    let mut file = File::create(&part)?;
    file.write_all(format!("{}\n", sha256(&text)).as_bytes())?;
    file.write_all(&text)?;
    fs::rename(&part, folder.join(FILE))
}
