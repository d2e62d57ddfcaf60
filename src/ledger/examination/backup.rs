//! The backup, held against the ledger: whether its entries are the first of the ledger's, how many came after them, and whether what
//! was signed there is of this history.

use super::{Examining, Gravity, Named, Part, UNNAMED, condition, remedy, why};
use crate::domain::value::counted;
use crate::ledger::{LedgerError, backup, copied, lines, past, shelf};
use crate::record::completeness::{Completed, Completeness, Standing, Unsound};
use crate::record::state::State;
use crate::store::copy::{self, CopyError};
use crate::store::embedded::Embedded;
use crate::store::runs::Runs;
use crate::store::{Store, StoreError};
use crate::trail::disclosure::Disclosure;
use crate::trail::hash::LeafHash;
use std::collections::BTreeMap;
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
    pub(super) fn backup(&mut self, saved: Option<Saved>, store: &Embedded, state: &State, named: &Named) {
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
            match copy::compare_whole(&saved, store) {
                // The ledger is a beginning of its backup, where it should be the other way round.
                Err(_) if size > state.head.size && is_continued(store, &saved) => Ok(size),
                compared => compared.map(|()| size),
            }
        });
        let size = match compared {
            Ok(size) => size,
            Err(CopyError::Store(error @ (StoreError::Denied { .. } | StoreError::System { .. }))) => {
                let what = format!("the backup was not looked at: {error}");
                return self.add(Part::Backup, Gravity::Fine, what, remedy::right_to(folder));
            }
            Err(error) => {
                let what = format!("the backup is no beginning of this ledger: {error}");
                return self.add(Part::Backup, Gravity::Wrong, what, remedy::no_backup());
            }
        };
        let is_cut = if size > state.head.size {
            self.behind(size, state.head.size);
            true
        } else {
            self.is_signed_beyond(&completed)
        };
        // What is refused is not to be done, and may not be needed before what is lost here was taken from there.
        let refused = is_cut || !beside.is_empty() || !is_alike(self.folder, folder);
        let wrong = refused || self.findings.iter().any(|finding| finding.gravity >= Gravity::Wrong);
        // Of what came after it the backup has no value and no file.
        self.saved_beside(wrong, (size == state.head.size && !refused).then_some(named));
        if size < state.head.size && !refused {
            let what = format!(
                "{}: a backup of the first {size} entries, which are those here; {} came after it",
                folder.display(),
                state.head.size - size
            );
            self.add(Part::Backup, Gravity::Fine, what, self.remedies.back_up(wrong));
        }
    }

    /// Tells of values and files in the backup that would restore nothing, and of those that it lacks of what entries name and is here.
    fn saved_beside(&mut self, wrong: bool, named: Option<&Named>) {
        let folder = self.remedies.backup;
        let what = match worth(self.folder, folder, named) {
            Ok(None) => return,
            Ok(Some(what)) => what,
            Err(error) => format!("its values and files cannot be read: {}", why(&error)),
        };
        let what = format!("{}: {what}", folder.display());
        self.add(Part::Backup, Gravity::Wrong, what, self.remedies.back_up(wrong));
    }

    /// Tells of a checkpoint in the backup that the ledger's key signed of more entries than either has.
    fn is_signed_beyond(&mut self, completed: &Completed) -> bool {
        let cut = |standing: &Standing| matches!(standing.verdict, Err(Unsound::Cut { .. }));
        let Some(Standing { signed, .. }) = completed.standings.iter().rfind(|standing| cut(standing)) else {
            return false;
        };
        // A copy that is behind is followed.
        if copied::is_one(self.folder) {
            return false;
        }
        let known = signed.checkpoint().size();
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

/// What is to be said of the values and files in a backup, held against those in a ledger that are `named`; nothing where all is well.
fn worth(folder: &Path, backup: &Path, named: Option<&Named>) -> Result<Option<String>, LedgerError> {
    let (mut there, mut damaged, mut lacking) = (Runs::<32, 0>::new(true), 0, 0);
    let torn = lines::once::<LedgerError>(backup, &mut |line| {
        match line.fit() {
            Some(disclosure) => there.insert(*disclosure.digest().bytes(), [])?,
            None => damaged += 1,
        }
        Ok(())
    })?;
    damaged += u64::from(torn == Some(true));
    let files: BTreeMap<String, Option<bool>> = condition::files(backup)?.into_iter().collect();
    let mut unsound = files.values().filter(|whole| **whole != Some(true)).count() as u64;
    if let Some(named) = named {
        lines::once::<LedgerError>(folder, &mut |line| {
            let Some(digest) = line.fit().as_ref().map(Disclosure::digest) else { return Ok(()) };
            lacking += u64::from(there.get(digest.bytes())?.is_none() && named.holds(&digest)?);
            Ok(())
        })?;
        let gone = |name: &&String| !files.contains_key(*name) && condition::has_file(folder, name);
        unsound += named.files().keys().filter(gone).count() as u64;
    }
    let told = [
        (
            damaged,
            counted(damaged, "line of its withheld values is none", "lines of its withheld values are none"),
        ),
        (
            lacking,
            counted(
                lacking,
                "withheld value is here and not there",
                "withheld values are here and not there",
            ),
        ),
        (
            unsound,
            counted(
                unsound,
                "file is missing or has changed there",
                "files are missing or have changed there",
            ),
        ),
    ];
    let told: Vec<String> = told.into_iter().filter(|(count, _)| *count > 0).map(|(_, told)| told).collect();
    Ok((!told.is_empty()).then(|| told.join(", ")))
}

/// Whether the entries of a backup begin with those of a ledger, and the others follow them.
fn is_continued(store: &Embedded, saved: &Embedded) -> bool {
    copy::compare(store, saved).is_ok() && past::fold(saved, store.head(), &mut |_| Ok(())).is_ok()
}

/// Whether both are copies of a ledger that is recorded elsewhere, or neither is.
fn is_alike(folder: &Path, backup: &Path) -> bool {
    copied::is_one(folder) == copied::is_one(backup)
}
