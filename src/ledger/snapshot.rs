//! What a history leaves, kept as a file, named by nothing but its own head: a ledger that is opened for reading folds only
//! what came after it, and verification compares it with what replaying gives.
//!
//! ```text
//! {"reducer":3,"state":{…}}                     the state
//! {"action":"1.G2G.1","words":[…]}              what was said of each action, one a line
//! "5f0c…"                                       SHA-256 of the lines before
//! ```
//!
//! It can be deleted at any time. A damaged one is passed over; whoever changes its hash too is found out by verifying, not
//! by reading.

use super::LedgerError;
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::record::beside::Kept;
use crate::record::history::{History, State};
use crate::store::StoreError;
use crate::trail::hash::{Head, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// The file within a ledger's folder.
pub const FILE: &str = "state.jsonl";

/// Raised whenever the state or what is folded into it changes: older snapshots are passed over.
const REDUCER: u32 = 3;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First<S> {
    reducer: u32,
    state: S,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said<C, W> {
    action: C,
    words: W,
}

/// The history that was kept. One that cannot be read, is damaged, or was kept by another version of the program is worth
/// as much as none: it is made anew from the journal.
#[must_use]
pub fn load(folder: &Path) -> Option<History> {
    let mut history = History::default();
    history.state = read(folder, &mut |action, words| {
        history.words.insert(action, Arc::new(words));
    })?;
    Some(history)
}

/// The head that was kept.
#[must_use]
pub fn head(folder: &Path) -> Option<Head> {
    read(folder, &mut |_, _| {}).map(|state| state.head)
}

/// What was kept, as far as it is compared, and whether something was that [`load`] passes over.
#[must_use]
pub fn compared(folder: &Path) -> (Option<Kept>, bool) {
    let mut words = BTreeMap::new();
    let state = read(folder, &mut |action, said| {
        words.insert(action, Kept::digest(&said));
    });
    let unreadable = state.is_none() && folder.join(FILE).exists();
    (state.map(|state| Kept { state, words }), unreadable)
}

/// Reads a snapshot line by line: never more of it is in memory than the state and one action's words.
fn read(folder: &Path, each: &mut dyn FnMut(Code, Words)) -> Option<State> {
    let mut lines = BufReader::new(File::open(folder.join(FILE)).ok()?);
    let (mut line, mut hash) = (Vec::new(), Sha256::new());
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        lines.read_until(b'\n', line).ok().filter(|_| line.ends_with(b"\n"))
    };
    next(&mut line)?;
    hash.update(&line);
    let first: First<State> = serde_json::from_slice(&line).ok()?;
    if first.reducer != REDUCER {
        return None;
    }
    loop {
        next(&mut line)?;
        if let Ok(digest) = serde_json::from_slice::<String>(&line) {
            let whole = next(&mut line).is_none() && line.is_empty();
            return (whole && digest == hex(&hash.finalize())).then_some(first.state);
        }
        hash.update(&line);
        let Said { action, words } = serde_json::from_slice(&line).ok()?;
        each(action, words);
    }
}

/// Keeps a state and what was said of each of its actions, in place of the one before.
///
/// # Errors
/// [`LedgerError::Snapshot`], where the file cannot be written; [`LedgerError::Store`], where the words cannot be had.
pub fn keep(
    folder: &Path,
    state: &State,
    words: &mut dyn FnMut(&Code) -> Result<Arc<Words>, StoreError>,
) -> Result<(), LedgerError> {
    let failed = |source| LedgerError::Snapshot { path: folder.to_owned(), source };
    let part = folder.join(format!("{FILE}.part"));
    let file = File::create(&part).map_err(failed)?;
    let mut out = Hashed { out: BufWriter::with_capacity(1 << 16, file), hash: Sha256::new() };
    out.line(&First { reducer: REDUCER, state }).map_err(failed)?;
    for action in state.programme.actions.keys() {
        out.line(&Said { action, words: &*words(action)? }).map_err(failed)?;
    }
    out.finish().and_then(|()| fs::rename(&part, folder.join(FILE))).map_err(failed)
}

/// Lines on their way into a file, and their hash.
struct Hashed {
    out: BufWriter<File>,
    hash: Sha256,
}

impl Hashed {
    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        self.hash.update(&line);
        self.out.write_all(&line)
    }

    fn finish(mut self) -> io::Result<()> {
        writeln!(self.out, "\"{}\"", hex(&self.hash.finalize()))?;
        self.out.flush()
    }
}
