//! The backup, held against the ledger: whether its entries are the first of the ledger's, how many came after them, and whether what
//! was signed there is of this history.

use super::{Examining, Gravity, Part, UNNAMED, condition, remedy};
use crate::domain::value::counted;
use crate::ledger::{LedgerError, backup, copied, lines, past, shelf};
use crate::record::completeness::{Completed, Completeness, Standing, Unsound};
use crate::record::state::State;
use crate::store::copy::{self, CopyError};
use crate::store::embedded::Embedded;
use crate::store::{Store, StoreError};
use crate::trail::hash::LeafHash;
use std::path::Path;

/// A backup, opened before the ledger: somebody may record, and back that up, meanwhile.
pub(super) struct Saved {
    store: Result<Embedded, StoreError>,
    signed: Completeness,
}

impl Saved {
    /// What lies in the folder of a backup; nothing where there is none.
    pub(super) fn open(folder: &Path) -> Option<Self> {
        let store = match Embedded::open_whole(folder) {
            Err(StoreError::NoLedger(_)) => return None,
            store => store,
        };
        // One that cannot be read vouches for nothing.
        let signed = shelf::in_folder(folder).map(|(signed, _)| signed).unwrap_or_default();
        Some(Self { store, signed: Completeness::new(signed) })
    }

    /// Takes the ledger's next entry.
    pub(super) fn take(&mut self, leaf: LeafHash) {
        self.signed.take(leaf);
    }
}

impl Examining<'_> {
    /// Where the journal is not as it was, nothing is held against it.
    pub(super) fn backup(&mut self, saved: Option<Saved>, store: &Embedded, state: &State) {
        let folder = self.remedies.backup;
        if saved.is_none() && folder != Path::new(UNNAMED) {
            let what = format!("{}: no backup is there", folder.display());
            self.add(Part::Backup, Gravity::Wrong, what, remedy::named());
        }
        let Some(Saved { store: saved, signed }) = saved.filter(|_| !self.is_cut()) else { return };
        let completed = signed.finish(state, None);
        let beside = backup::beside(&completed, state);
        for (signed, unsound) in &beside {
            let path = backup::checkpoint(folder, signed);
            let what = format!("{}: it was signed, and is of another history: {unsound}", path.display());
            self.add(Part::Fork, Gravity::Wrong, what, remedy::forked_backup());
        }
        let compared = saved.map_err(CopyError::from).and_then(|saved| {
            let size = saved.head().size;
            match copy::compare(&saved, store) {
                // The ledger is a beginning of its backup, where it should be the other way round.
                Err(_) if size > state.head.size && is_continued(store, &saved) => Ok(size),
                compared => compared.map(|()| size),
            }
        });
        match compared {
            Ok(size) if size > state.head.size => self.behind(size, state.head.size),
            Err(CopyError::Store(error @ (StoreError::Denied { .. } | StoreError::System { .. }))) => {
                let what = format!("the backup was not looked at: {error}");
                self.add(Part::Backup, Gravity::Fine, what, remedy::right_to(folder));
            }
            Err(error) => {
                let what = format!("the backup is no beginning of this ledger: {error}");
                self.add(Part::Backup, Gravity::Wrong, what, remedy::no_backup());
            }
            Ok(size) if self.is_signed_beyond(&completed, size) => {}
            // What is refused is not to be done.
            Ok(_) if !beside.is_empty() || !is_alike(self.folder, folder) => {}
            Ok(_) if self.is_damaged_beside() => {}
            Ok(size) if size < state.head.size => {
                let what = format!(
                    "{}: a backup of the first {size} entries, which are those here; {} came after it",
                    folder.display(),
                    state.head.size - size
                );
                // It may have what is lost here.
                let wrong = self.findings.iter().any(|finding| finding.gravity >= Gravity::Wrong);
                self.add(Part::Backup, Gravity::Fine, what, self.remedies.back_up(wrong));
            }
            Ok(_) => {}
        }
    }

    /// Tells of values and files in the backup that are not what they were: they would restore nothing.
    fn is_damaged_beside(&mut self) -> bool {
        let folder = self.remedies.backup;
        let mut damaged = 0;
        let read = lines::once::<LedgerError>(folder, &mut |line| {
            damaged += u64::from(line.fit().is_none());
            Ok(())
        });
        let torn = matches!(read, Ok(Some(true)));
        let files = condition::files(folder).unwrap_or_default();
        let changed = files.iter().filter(|(_, whole)| *whole == Some(false)).count() as u64;
        let lines = counted(damaged + u64::from(torn), "line", "lines");
        let files = counted(changed, "file", "files");
        let what = match (damaged > 0 || torn, changed > 0) {
            (false, false) => return false,
            (true, false) => format!("{lines} of its withheld values restore nothing"),
            (false, true) => format!("{files} in it changed since, and restore nothing"),
            (true, true) => format!("{lines} of its withheld values and {files} in it restore nothing"),
        };
        // It may have what is lost here.
        let wrong = self.findings.iter().any(|finding| finding.gravity >= Gravity::Wrong);
        let what = format!("{}: {what}", folder.display());
        self.add(Part::Backup, Gravity::Wrong, what, self.remedies.back_up(wrong));
        true
    }

    /// Tells of a checkpoint in the backup that the ledger's key signed of more entries than either has.
    fn is_signed_beyond(&mut self, completed: &Completed, size: u64) -> bool {
        let cut = |standing: &Standing| matches!(standing.verdict, Err(Unsound::Cut { .. }));
        let Some(Standing { signed, .. }) = completed.standings.iter().rfind(|standing| cut(standing)) else {
            return false;
        };
        let known = signed.checkpoint().size();
        if copied::is_one(self.folder) || known <= size {
            return false;
        }
        let what = format!(
            "{}: a checkpoint of {known} entries, which the ledger's key signed, and {} are here",
            backup::checkpoint(self.remedies.backup, signed).display(),
            completed.size
        );
        self.add(Part::Journal, Gravity::Grave, what, self.remedies.cut(known));
        true
    }

    /// The backup has more entries than the ledger, which is a beginning of it.
    fn behind(&mut self, known: u64, size: u64) {
        let what = format!(
            "{}: a backup of {known} entries, of which the first {size} are all that is here",
            self.remedies.backup.display()
        );
        if copied::is_one(self.folder) {
            let brought = ("`annals mirror` brings it up", Vec::new());
            self.add(Part::Copy, Gravity::Fine, format!("{what}: this copy is behind"), brought);
        } else {
            let what = format!("{what}: the journal was cut, or an older one was put in its place");
            self.add(Part::Journal, Gravity::Grave, what, self.remedies.cut(known));
        }
    }
}

/// Whether the entries of a backup begin with those of a ledger, and the others follow them.
fn is_continued(store: &Embedded, saved: &Embedded) -> bool {
    copy::compare(store, saved).is_ok() && past::fold(saved, store.head(), &mut |_| Ok(())).is_ok()
}

/// Whether both are copies of a ledger that is recorded elsewhere, or neither is.
fn is_alike(folder: &Path, backup: &Path) -> bool {
    copied::is_one(folder) == copied::is_one(backup)
}
