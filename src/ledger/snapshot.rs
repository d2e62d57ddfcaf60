//! Snapshots: what the entries leave, kept in a folder, so that whoever opens the ledger folds only what came after.
//!
//! ```text
//! index/state-000000065536-5f0c….10.jsonl  named by the head that it was taken at and by the reducer's version
//!   {"state":{…}}                          the state
//!   {"ids":[{"name":"ids-0",…}],…}         the index: its files beside this one with their checksums, and the ends of the streams
//!   "5f0c…"                                SHA-256 of the lines before
//! ```
//!
//! The folder can be deleted at any time. A snapshot that is damaged (of a long index that is found where it is read), or was kept by
//! another version of the program, is passed over; whoever changes its hash too is found out by verifying, not by reading.

use super::LedgerError;
use super::index::{Index, Settled};
use super::past::Past;
use crate::record::archive::Archive;
use crate::record::beside::Kept;
use crate::record::cores;
use crate::record::state::State;
use crate::store::StoreError;
use crate::store::disk;
use crate::store::writing::Replacing;
use crate::trail::hash::{Head, LeafHash, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// The folder within a ledger's.
pub const FOLDER: &str = "index";

/// Raised whenever the state, the index or what is folded into them changes: older snapshots are passed over.
const REDUCER: u32 = 15;
/// Bytes of files that are read whole in no time, so that damage anywhere in them is found before anybody is answered.
const SHORT: u64 = 8 << 20;
/// How often a reader looks again for what a writer replaced meanwhile.
const TRIES: usize = 16;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<S> {
    state: S,
}

/// The head that the newest snapshot was taken at, of whichever version of the program.
#[must_use]
pub fn head(folder: &Path) -> Option<Head> {
    names(folder).into_iter().map(|(head, ..)| head).max_by_key(|head| head.size)
}

/// The newest snapshot that can be read.
pub(super) fn load(folder: &Path) -> Option<Past> {
    for _ in 0..TRIES {
        let known = names(folder);
        let mut own: Vec<_> = known.iter().filter(|(_, reducer, _)| *reducer == REDUCER).collect();
        own.sort_by_key(|(head, ..)| std::cmp::Reverse(head.size));
        if let Some(past) = own.into_iter().find_map(|(head, _, name)| read(folder, *head, name)) {
            return Some(past);
        }
        // A writer may have replaced what was found here.
        if names(folder) == known {
            return None;
        }
    }
    None
}

/// What was kept, as far as it is compared, and whether something was that [`load`] passes over.
pub(super) fn compared(folder: &Path) -> Result<(Option<Kept>, bool), LedgerError> {
    let Some(Past { state, index, .. }) = load(folder) else {
        return Ok((None, !names(folder).is_empty()));
    };
    match index.check() {
        Err(StoreError::Index(_)) => return Ok((None, true)),
        checked => checked?,
    }
    // Each action's words are asked for once.
    let mut index = index.with_room(0);
    let mut kept = Kept { state, ..Kept::default() };
    for action in kept.state.programme.actions.keys() {
        match index.words(action) {
            Ok(words) => kept.words.insert(action.clone(), Kept::digest(&words)),
            Err(StoreError::Index(_) | StoreError::Scratch) => return Ok((None, true)),
            Err(error) => return Err(error.into()),
        };
    }
    Ok((Some(kept), false))
}

/// Keeps what entries leave, all of them durable, in place of what was kept before, so that nobody has to read them again.
///
/// # Errors
/// [`LedgerError::Snapshot`], where the snapshot cannot be written; [`LedgerError::Store`], where the index cannot.
pub fn keep(folder: &Path, state: &State, index: &mut Index) -> Result<(), LedgerError> {
    let path = folder.join(FOLDER);
    let failed = |source| LedgerError::Snapshot { path: path.clone(), source };
    fs::create_dir_all(&path).map_err(failed)?;
    let settled = index.settle(&path)?;
    let Head { size, leaf } = state.head;
    let name = format!("state-{size:012}-{leaf}.{REDUCER}.jsonl");
    write(&path, &name, state, &settled).map_err(failed)?;
    // What this snapshot replaced is nobody's any more: readers that have it open go on reading it.
    let used: HashSet<&str> = settled.files().chain([name.as_str()]).collect();
    for entry in fs::read_dir(&path).map_err(failed)?.filter_map(Result::ok) {
        if entry.file_name().to_str().is_none_or(|name| !used.contains(name)) {
            // Where it cannot be removed, it only takes room.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn write(folder: &Path, name: &str, state: &State, settled: &Settled) -> io::Result<()> {
    let mut lines = serde_json::to_vec(&Line { state })?;
    lines.push(b'\n');
    serde_json::to_writer(&mut lines, settled)?;
    lines.push(b'\n');
    let hash = hex(&Sha256::digest(&lines));
    writeln!(lines, "\"{hash}\"")?;
    let mut file = Replacing::begin(folder.join(".part"))?;
    file.write_all(&lines)?;
    file.put(&folder.join(name))?;
    disk::sync_folder(folder)
}

/// The snapshots of a folder: at which head, by which version, and under which name.
fn names(folder: &Path) -> Vec<(Head, u32, String)> {
    let parse = |name: &str| {
        let (head, reducer) = name.strip_prefix("state-")?.strip_suffix(".jsonl")?.split_once('.')?;
        let (size, leaf) = head.split_once('-')?;
        let head = Head { size: size.parse().ok()?, leaf: leaf.parse::<LeafHash>().ok()? };
        Some((head, reducer.parse().ok()?, name.to_owned()))
    };
    let Ok(entries) = fs::read_dir(folder.join(FOLDER)) else { return Vec::new() };
    let entries = entries.filter_map(Result::ok);
    let mut names: Vec<_> = entries.filter_map(|entry| parse(entry.file_name().to_str()?)).collect();
    names.sort_by_key(|(head, reducer, _)| (head.size, *reducer));
    names
}

/// What stands before the last line, and that line.
fn last_line(lines: &[u8]) -> Option<(&[u8], &[u8])> {
    let whole = lines.strip_suffix(b"\n")?;
    whole.split_at_checked(whole.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1))
}

fn read(folder: &Path, head: Head, name: &str) -> Option<Past> {
    let index = folder.join(FOLDER);
    let bytes = disk::read(&index.join(name)).ok()?;
    let (lines, hash) = last_line(&bytes)?;
    let (first, second) = last_line(lines)?;
    // The state takes longest to read; whether these are the bytes that were kept is found meanwhile.
    let (state, index) =
        cores::both(|| serde_json::from_slice::<Line<State>>(first).ok().map(|line| line.state), &|| {
            let kept = serde_json::from_slice::<String>(hash).ok()?;
            let settled = || serde_json::from_slice::<Settled>(second).ok();
            let settled = settled().filter(|_| kept == hex(&Sha256::digest(lines)))?;
            let lengths =
                settled.files().map(|name| fs::metadata(index.join(name)).map_or(0, |file| file.len()));
            let short = lengths.sum::<u64>() <= SHORT;
            Index::open(&index, settled).ok().filter(|index| !short || index.check().is_ok())
        });
    let (state, index) = state.zip(index)?;
    (state.head == head).then(|| Past::new(state, index, head.size))
}
