//! What lies beside the entries: files, leftovers, that this is a copy or has forked; and what is around the folder: rights, room,
//! a writer.

use super::{Examining, Gravity, Named, Part, condition, remedy};
use crate::ledger::{copied, forked};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Bytes of room below which it is said: a segment of the journal.
const ROOM: u64 = 64 << 20;
/// How many files are named in commands where nobody knows whether a backup has them.
const MOST: usize = 1000;
/// How many paths are named one by one.
pub(super) const NAMED: usize = 5;

impl Examining<'_> {
    /// What can be seen whatever the entries say.
    pub(super) fn around(&mut self) {
        if let Some(process) = self.writer {
            let what = format!("process {process} is writing to this ledger, and nobody else can");
            self.add(Part::Lock, Gravity::Fine, what, ("wait for it before you mend anything", Vec::new()));
        }
        let forbidden = condition::forbidden(self.folder);
        let (gravity, what) = match (&forbidden.reading[..], &forbidden.writing[..]) {
            ([], []) => (Gravity::Fine, String::new()),
            ([], _) if forbidden.mounted => {
                (Gravity::Fine, "the disk is mounted for reading only: nothing can be recorded".to_owned())
            }
            ([], _) if forbidden.all => {
                (Gravity::Fine, "this user may read the ledger, and not write to it".to_owned())
            }
            ([], writing) => (Gravity::Wrong, format!("this user may not write to {}", few(writing))),
            (reading, _) => (Gravity::Unreadable, format!("this user may not read {}", few(reading))),
        };
        if !what.is_empty() {
            let rights = self.remedies.rights();
            self.add(
                Part::Rights,
                gravity,
                what,
                if gravity == Gravity::Fine && forbidden.mounted { remedy::mounted() } else { rights },
            );
        }
        if let Some(room) = condition::room(self.folder).filter(|room| *room < ROOM) {
            let what = format!("the disk has room for {} KB: soon nothing more can be recorded", room >> 10);
            self.add(Part::Room, Gravity::Wrong, what, remedy::room());
        }
        if let Ok(Some(path)) = copied::found(self.folder) {
            let what = format!("{}: this is a copy of a ledger that is recorded elsewhere", path.display());
            self.add(Part::Copy, Gravity::Fine, what, remedy::copy());
        }
        if let Some(path) = forked::found(self.folder) {
            let found = match forked::read(&path) {
                Some(_) => "two histories of this ledger were signed, and at most one of them is true",
                None => "it says that the ledger has forked, and holds no fork that can be read",
            };
            let what = format!("{}: {found}: nothing is written here", path.display());
            self.add(Part::Fork, Gravity::Grave, what, remedy::fork());
        }
        self.read_checkpoints();
        // Whoever writes may be about to end what was begun.
        if self.writer.is_none() {
            for path in condition::leftovers(self.folder) {
                let what = format!("{}: was begun, and never came to be a part of a ledger", path.display());
                self.add(Part::Leftovers, Gravity::Untidy, what, remedy::remove(&path));
            }
        }
    }

    pub(super) fn files(&mut self, named: &Named) {
        if self.is_taken(&self.folder.join("blobs")) {
            return;
        }
        let kept: BTreeMap<String, Option<bool>> = match condition::files(self.folder) {
            Ok(kept) => kept.into_iter().collect(),
            Err(error) => return self.unreadable(Part::Files, &error),
        };
        for (name, whole) in &kept {
            let path = self.folder.join("blobs").join(name);
            if self.is_taken(&path) {
                continue;
            }
            let (what, gravity, remedy) = match whole {
                None => (
                    format!("{}: cannot be read", path.display()),
                    Gravity::Unreadable,
                    self.remedies.rights(),
                ),
                // The entry that names it may be about to come, may have been cut, or withholds the name.
                Some(_) if !named.files().contains_key(name) => {
                    let known = self.at_hand && !named.is_lingering(name);
                    if self.writer.is_some() || self.is_grave() || !known {
                        continue;
                    }
                    let what = format!("{}: no entry names it", path.display());
                    // It may have been added for an entry that is to come; or be one that was erased.
                    if named.has_erased_file() {
                        (what, Gravity::Untidy, ("if none is to name it, delete it", remedy::remove(&path).1))
                    } else {
                        (what, Gravity::Fine, ("if none is to name it, delete it", Vec::new()))
                    }
                }
                Some(false) => {
                    let what = format!("{}: its bytes are not those that an entry names", path.display());
                    (what, Gravity::Wrong, self.remedies.file(name))
                }
                Some(true) => continue,
            };
            self.add(Part::Files, gravity, what, remedy);
        }
        // Whoever restored a ledger, or was told of evidence that the other side keeps, never had them; where a backup has them,
        // they were here.
        let missing =
            |(name, wanted): (&String, &bool)| (*wanted && !kept.contains_key(name)).then(|| name.into());
        let missing: Vec<PathBuf> = named.files().iter().filter_map(missing).collect();
        if missing.is_empty() {
            return;
        }
        let fact =
            format!("{} of the files that entries name are not kept here: {}", missing.len(), few(&missing));
        let offered = self.remedies.has_files(&missing);
        if offered.is_empty() {
            let remedy = "if they were here, take them from a backup or from the other side";
            // Where a backup can be looked at, it has none of them.
            let known = self.remedies.backup.is_dir() || missing.len() > MOST;
            let commands = if known { Vec::new() } else { self.remedies.files(&missing) };
            self.add(Part::Files, Gravity::Fine, fact, (remedy, commands));
        } else {
            let what = format!("{fact}; the backup has {} of them", offered.len());
            let remedy = ("take them from the backup", self.remedies.files(&offered));
            self.add(Part::Files, Gravity::Wrong, what, remedy);
        }
    }
}

fn few(paths: &[PathBuf]) -> String {
    let named: Vec<String> = paths.iter().take(NAMED).map(|path| path.display().to_string()).collect();
    let more = paths.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}
