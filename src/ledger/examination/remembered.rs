//! What the keys of this desk remember: whether it can be read, whether the entries follow it, and whether the newest checkpoint is
//! kept here, too.

use super::places::instead;
use super::{Examining, Gravity, Part, remedy, why};
use crate::ledger::anchor::{Anchor, AnchorError};
use crate::ledger::checkpoints::CheckpointError;
use crate::ledger::{Ledger, copied, shelf};
use crate::record::state::State;
use crate::store::disk;
use crate::store::embedded::Embedded;
use crate::trail::checkpoint::SignedCheckpoint;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

impl Examining<'_> {
    /// What the keys of this desk remember tells whether the entries were cut or exchanged, where nothing in the folder does.
    pub(super) fn remembered(&mut self, anchor: Option<&Anchor>, store: &Embedded, state: &State) {
        let Some(anchor) = anchor.filter(|_| !self.is_cut()) else { return };
        let Some(origin) = state.origin() else { return };
        let memory = anchor.of(origin);
        let lock = memory.join("lock");
        if let Some(found) = instead(&lock, false) {
            let what = format!("{}: {found} lies where a file belongs", lock.display());
            self.add(Part::Anchor, Gravity::Grave, what, remedy::beside_it(&lock, remedy::MOVE));
        }
        let remembered = match anchor.recall(origin, state.ledger_keys()) {
            Ok(remembered) => remembered,
            Err(error) => return self.forgotten(&error),
        };
        match Ledger::is_followed(self.folder, anchor) {
            Err(CheckpointError::Behind { known, size, .. }) if copied::is_one(self.folder) => {
                let what = format!(
                    "{known} entries were signed on this desk, and this copy has {size}: it is behind"
                );
                self.add(
                    Part::Copy,
                    Gravity::Fine,
                    what,
                    ("`annals mirror` brings it up, once they are published", Vec::new()),
                );
            }
            // It may lie where it was made, or in the place of the ledger: nothing in it tells that.
            Err(CheckpointError::Behind { known, size, memory }) if Ledger::is_bare(self.folder) => {
                let what = format!(
                    "{known} entries were signed on this desk, and {size} are here, with nothing that is derived from them: a backup \
                     that is older than what this desk knows. Where none is newer, and both sides agree that nothing more is left, move \
                     {} away: the keys of this desk forget then what they signed",
                    memory.display()
                );
                self.add(Part::Journal, Gravity::Grave, what, self.remedies.older(store, known));
            }
            Err(error @ (CheckpointError::Behind { known, .. } | CheckpointError::Beside { known, .. })) => {
                self.add(Part::Journal, Gravity::Grave, error.to_string(), self.remedies.cut(known));
            }
            Ok(true) if !self.has_taken(Part::Checkpoints) => self.newest(&remembered, &memory),
            _ => {}
        }
    }

    /// Whoever restored the ledger has no checkpoints; whoever has some had the newest that was signed here, too.
    fn newest(&mut self, remembered: &[SignedCheckpoint], memory: &Path) {
        let folder = self.folder.join(shelf::FOLDER);
        if !folder.exists() {
            // Where a backup has some, that is said.
            if self.findings.iter().all(|finding| finding.about != Part::Checkpoints) {
                let what = "no checkpoint is kept, and this desk signed some: what was cosigned is not proved here any more";
                self.add(Part::Checkpoints, Gravity::Fine, what.to_owned(), self.remedies.checkpoints());
            }
            return;
        }
        let Some(newest) = remembered.last().map(|newest| newest.checkpoint().size()) else { return };
        let here = self.kept.iter().map(|(_, kept)| kept.checkpoint().size()).max().unwrap_or_default();
        let path = folder.join(shelf::name(newest));
        // Of one that is damaged that is said, and whoever writes may be about to put it there.
        if here >= newest || self.writer.is_some() || fs::symlink_metadata(&path).is_ok() {
            return;
        }
        let what = format!(
            "{}: this desk signed a checkpoint of {newest} entries, and it is not kept here: the newest were lost, or older ones \
             put in their place",
            path.display()
        );
        self.add(Part::Checkpoints, Gravity::Untidy, what, self.remedies.newest(&path, &of(memory, newest)));
    }

    /// Whoever records asks what its key signed before, and is refused.
    fn forgotten(&mut self, error: &AnchorError) {
        let (path, denied) = match error {
            AnchorError::Damaged { path, .. } => (path, false),
            AnchorError::System { path, source, .. } => (path, source.kind() == ErrorKind::PermissionDenied),
        };
        // Of a folder, something that it lies in may have been exchanged.
        let path = path.ancestors().find(|path| fs::symlink_metadata(path).is_ok()).unwrap_or(path);
        let cause = match error {
            AnchorError::Damaged { source, .. } => why(source),
            AnchorError::System { source, .. } => source.to_string(),
        };
        let what =
            format!("{}: what the keys of this desk signed last cannot be read: {cause}", path.display());
        if denied {
            self.add(Part::Anchor, Gravity::Unreadable, what, remedy::right_to(path));
        } else {
            self.add(Part::Anchor, Gravity::Grave, what, remedy::beside_it(path, remedy::REMEMBER));
        }
    }
}

/// The files of a memory that hold a checkpoint of a size.
fn of(memory: &Path, size: u64) -> Vec<PathBuf> {
    let paths = fs::read_dir(memory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_of = |path: &PathBuf| {
        let signed = disk::read(path).ok().and_then(|bytes| SignedCheckpoint::parse(&bytes).ok());
        signed.is_some_and(|signed| signed.checkpoint().size() == size)
    };
    let named = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "checkpoint");
    let mut found: Vec<PathBuf> = paths.filter(named).filter(is_of).collect();
    found.sort();
    found
}
