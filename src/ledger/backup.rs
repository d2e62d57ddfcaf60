//! A backup: the folder of a ledger again, up to a head that is whole, while somebody writes. It opens as a ledger, verifies to
//! the same head, and is continued by the next backup.
//!
//! What an entry names was durable before it. So the entries are read first, then what they name; and the other way round in
//! the backup, which is sound at every moment: a backup that was interrupted is one of fewer entries.

use super::checkpoints::{self, CheckpointError};
use super::disclosures::{self, Disclosures, DisclosuresError};
use super::named::{Named, Withheld};
use super::past::Past;
use super::shelf::Shelf;
use super::{LedgerError, copied, forked, lines, past, quietly, shelf, snapshot};
use crate::record::completeness::{Completed, Completeness, Unsound};
use crate::record::state::State;
use crate::store::copy::{Copy, CopyError};
use crate::store::disk;
use crate::store::embedded::Embedded;
use crate::store::runs::Runs;
use crate::store::writing::Replacing;
use crate::store::{Head, StoreError};
use crate::trail::checkpoint::SignedCheckpoint;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What a backup holds, and what this run made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Where it stands.
    pub head: Head,
    /// How many entries it had before.
    pub before: u64,
    /// How many withheld values it holds.
    pub disclosures: u64,
    /// How many files it holds.
    pub files: u64,
    /// How many withheld values and files it held that the ledger holds no more.
    pub removed: u64,
    /// How many files entries name that neither has whole.
    pub missing: u64,
    /// How many checkpoints of the ledger cannot be read, or do not hold: what the backup has in their place stays.
    pub unread: u64,
    /// Checkpoints of the backup of which nothing holds, and that the ledger has no sound one for.
    pub lost: Vec<PathBuf>,
}

/// Why there is no backup, or none of a later moment.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The ledger.
    #[error("the ledger cannot be read")]
    Ledger(#[from] LedgerError),
    /// The copy.
    #[error("not backed up")]
    Copy(#[from] CopyError),
    /// Withheld values that were lost would be lost in the backup, too.
    #[error(
        "{}: damaged or missing, and the backup still has what it held: mend it first, as `annals doctor` says", .0.display()
    )]
    Lost(PathBuf),
    /// It would be a copy no more, take records, and hold values that were not handed over to it.
    #[error(
        "{}: a copy of a ledger that is recorded elsewhere, or the backup of one, and this ledger is none: name another \
         folder; where the copy took the ledger's place, and this is its backup, delete this file, too", .0.display()
    )]
    OnCopy(PathBuf),
    /// A ledger would become a copy, in which nothing can be recorded any more.
    #[error(
        "{}: no copy, and this ledger is one of a ledger that is recorded elsewhere: that is a ledger by itself, or the \
         backup of one; name another folder", .0.display()
    )]
    OnLedger(PathBuf),
    /// Two histories were signed.
    #[error(
        "{}: it was signed, and is of another history than the ledger's own: nothing was backed up, and neither is to be deleted; \
         `annals checkpoint --take` with this file writes the fork down; where it lies in the backup, name another folder for that", .0.display()
    )]
    Forked(PathBuf),
    /// The checkpoints.
    #[error("the checkpoints cannot be copied")]
    Checkpoints(#[from] CheckpointError),
    /// A file beside the journal.
    #[error("{}: cannot be {doing}; check the disk's space and the folder's permissions", path.display())]
    Beside {
        /// The file.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Copy(error.into())
    }
}

impl From<DisclosuresError> for BackupError {
    fn from(error: DisclosuresError) -> Self {
        Self::Ledger(error.into())
    }
}

/// Backs the ledger in a folder up into another one, which is missing, empty, or its earlier backup. Takes no lock of the
/// ledger, which may be written to meanwhile; `progress` hears how many entries were read.
///
/// # Errors
/// [`BackupError`]. Where it was refused, nothing was changed; where a disk failed, it is completed by the next run.
pub fn back_up(folder: &Path, to: &Path, progress: &mut dyn FnMut(u64)) -> Result<Backup, BackupError> {
    // What lies in the place of something else is told before anything is made.
    let is_copy = copied::found(folder).map_err(LedgerError::from)?.is_some();
    // Before the journal, to which somebody may append and keep a snapshot of that.
    let kept = snapshot::head(folder);
    let signed = |place| Ok::<_, BackupError>(Completeness::new(shelf::in_folder(place)?.0));
    let (mut own, mut theirs) = (signed(folder)?, signed(to)?);
    let original = Embedded::open_whole(folder).map_err(LedgerError::from)?;
    lines::open(&folder.join(disclosures::FILE))?;
    past::has(&original, kept, folder)?;
    let mut named = Named::default();
    past::fold(&original, Head::EMPTY, &mut |(entry, fact, held)| {
        progress(entry.seal.sequence + 1);
        own.take(entry.leaf());
        theirs.take(entry.leaf());
        Ok(named.take(&entry, &fact, &held)?)
    })?;
    let state = Past::of(&original, Some(folder), &mut quietly)?.state;
    // One of the ledger's own goes into no backup, not even a new one.
    refuse_forked(folder, &own.finish(&state, None), &state)?;
    let mut copy = Copy::open(to, folder)?;
    copy.compare(&original)?;
    refuse_forked(to, &theirs.finish(&state, None), &state)?;
    let checkpoints = Checkpoints::merged(folder, to, &state)?;
    let before = copy.head().size;
    mark(is_copy, to, before)?;
    let (kept, dropped) = copy_disclosures(folder, to, &mut named)?;
    let (mut files, mut missing) = (0, 0);
    for (name, wanted) in named.files() {
        let whole = copy.take_blob(&original, name)?;
        files += u64::from(whole);
        missing += u64::from(!whole && *wanted);
    }
    let erased = |blobs: &Path, name: &str| {
        let size = fs::metadata(blobs.join(name)).map(|found| found.len());
        named.is_lingering(name) || size.is_ok_and(|size| named.is_erased_size(size))
    };
    // Where a value is not at hand, nobody knows which file it names: then all are kept but those that were erased.
    let all = kept == named.withheld();
    let may_be_named =
        |blobs: &Path, name: &str| !all && !named.files().contains_key(name) && !erased(blobs, name);
    files += copy.take_blobs(&original, &may_be_named)?;
    copy.extend(&original)?;
    let Checkpoints { keep, unread, lost } = checkpoints;
    let shelf = Shelf::new(Some(to));
    keep.iter().try_for_each(|signed| shelf.keep(signed))?;
    let lost = lost.into_iter().collect();
    forked::copy(folder, to)?;
    let blobs = to.join("blobs");
    let stays = |name: &str| named.files().contains_key(name) || may_be_named(&blobs, name);
    let removed = dropped + copy.retain_blobs(&stays)?;
    Ok(Backup { head: copy.head(), before, disclosures: kept, files, removed, missing, unread, lost })
}

fn refuse_forked(folder: &Path, completed: &Completed, state: &State) -> Result<(), BackupError> {
    let forked = beside(completed, state).into_iter().next();
    forked.map_or(Ok(()), |(signed, _)| Err(BackupError::Forked(checkpoint(folder, &signed))))
}

/// What becomes of the checkpoints.
#[derive(Debug, Default)]
struct Checkpoints {
    /// What the backup has not, or not so.
    keep: Vec<SignedCheckpoint>,
    /// How many of the ledger's cannot be read, or do not hold.
    unread: u64,
    /// What lies in the backup, of which nothing holds there or here, and stays.
    lost: BTreeSet<PathBuf>,
}

impl Checkpoints {
    /// Line by line whatever holds of either; those of the backup that were signed are of this history.
    fn merged(folder: &Path, to: &Path, state: &State) -> Result<Self, BackupError> {
        let ((own, unread), (there, lost)) = (shelf::in_folder(folder)?, shelf::in_folder(to)?);
        let mut merged = Self { unread: unread.len() as u64, ..Self::default() };
        let lost = lost.into_iter().filter_map(|error| match error {
            CheckpointError::Damaged { path, .. } | CheckpointError::Misnamed { path, .. } => Some(path),
            _ => None,
        });
        merged.lost.extend(lost);
        let mut sound: BTreeMap<u64, SignedCheckpoint> = BTreeMap::new();
        for signed in &there {
            match checkpoints::sound(signed, state) {
                Some(held) => drop(sound.insert(signed.checkpoint().size(), held)),
                None => drop(merged.lost.insert(checkpoint(to, signed))),
            }
        }
        for signed in own.into_iter().filter(|signed| signed.checkpoint().size() <= state.head.size) {
            let (size, held) = (signed.checkpoint().size(), checkpoints::sound(&signed, state));
            merged.unread += u64::from(held.as_ref() != Some(&signed));
            let Some(held) = held else { continue };
            merged.lost.remove(&checkpoint(to, &held));
            let kept = sound.entry(size).or_insert_with(|| held.clone());
            if kept.checkpoint() != held.checkpoint() {
                return Err(BackupError::Forked(checkpoint(folder, &held)));
            }
            kept.merge(&held).map_err(CheckpointError::from)?;
        }
        merged.keep = sound.into_values().filter(|signed| !there.contains(signed)).collect();
        Ok(merged)
    }
}

/// Where a checkpoint is kept in the folder of a ledger.
pub(super) fn checkpoint(folder: &Path, signed: &SignedCheckpoint) -> PathBuf {
    folder.join(shelf::FOLDER).join(shelf::name(signed.checkpoint().size()))
}

/// The checkpoints of a backup that were signed, or cosigned, for a ledger and are not of its entries, each with why.
pub(super) fn beside(completed: &Completed, state: &State) -> Vec<(SignedCheckpoint, Unsound)> {
    let standings = completed.standings.iter().filter_map(|standing| match &standing.verdict {
        Err(unsound @ Unsound::Fork { .. }) => Some((standing.signed.clone(), unsound.clone())),
        _ => None,
    });
    standings.filter(|(signed, _)| checkpoints::sound(signed, state).is_some()).collect()
}

/// A folder that has entries is a copy where the ledger is one, and none where it is none; a new one becomes what the ledger is.
fn mark(is_copy: bool, to: &Path, size: u64) -> Result<(), BackupError> {
    match copied::found(to).map_err(LedgerError::from)? {
        Some(mark) if !is_copy => Err(BackupError::OnCopy(mark)),
        None if is_copy && size > 0 => Err(BackupError::OnLedger(to.to_owned())),
        None if is_copy => Ok(copied::put_down(to)?),
        Some(_) | None => Ok(()),
    }
}

/// Writes the disclosures that entries hold anew, so that what was erased is gone; says how many there are, and how many went.
/// What an entry holds and only the backup has is not lost with the ledger's.
fn copy_disclosures(folder: &Path, to: &Path, named: &mut Named) -> Result<(u64, u64), BackupError> {
    let (from, path) = (folder.join(disclosures::FILE), to.join(disclosures::FILE));
    let failed = |doing| {
        let path = path.clone();
        move |source| BackupError::Beside { path, doing, source }
    };
    // Begun before anything else: what an interrupted backup left holds values, and goes with it.
    let part = to.join(format!("{}.part", disclosures::FILE));
    let mut out = BufWriter::new(Replacing::begin(part).map_err(failed("written"))?);
    let held = Disclosures::open(to, false)?;
    let (mut kept, mut still, mut damaged) = (0, 0, false);
    let mut seen = Runs::<32, 0>::new(true);
    let there = lines::once::<BackupError>(folder, &mut |line| {
        let fit = line.fit();
        damaged |= fit.is_none();
        let Some(disclosure) = fit else { return Ok(()) };
        // One that was erased may be back, from an older copy.
        if named.takes(&disclosure)? == Withheld::Held {
            let digest = disclosure.digest();
            kept += 1;
            still += u64::from(held.has(&digest)?);
            seen.insert(*digest.bytes(), [])?;
            writeln!(out, "\"{}\"", disclosure.encoded()).map_err(failed("written"))?;
        }
        Ok(())
    })?;
    let whole = there.is_some() && !damaged;
    let had = held.at_hand()?.count();
    if !whole && had > still {
        return Err(BackupError::Lost(from));
    }
    lines::once::<BackupError>(to, &mut |line| {
        let Some(disclosure) = line.fit() else { return Ok(()) };
        let known = seen.get(disclosure.digest().bytes())?.is_some();
        if !known && named.takes(&disclosure)? == Withheld::Held {
            (kept, still) = (kept + 1, still + 1);
            writeln!(out, "\"{}\"", disclosure.encoded()).map_err(failed("written"))?;
        }
        Ok(())
    })?;
    let out = out.into_inner().map_err(io::IntoInnerError::into_error);
    let written = out.and_then(|out| out.put(&path)).and_then(|()| disk::sync_folder(to));
    written.map_err(failed("written"))?;
    Ok((kept, had.saturating_sub(still)))
}
