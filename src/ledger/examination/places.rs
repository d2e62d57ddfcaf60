//! The places of files and folders, where something else may lie instead: no right to it helps.

use super::remedy::Remedy;
use super::{DISCLOSURES, Examining, Gravity, Part};
use crate::ledger::{copied, shelf};
use crate::store::rows;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

impl Examining<'_> {
    /// Whatever has taken the place of a file or a folder.
    pub(super) fn places(&mut self) {
        let digits = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let segment = |name: &str| name.strip_suffix(".jsonl").is_some_and(digits);
        let hash = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        for (about, gravity, folder) in [
            (Part::Journal, Gravity::Grave, "journal"),
            (Part::Files, Gravity::Wrong, "blobs"),
            (Part::Checkpoints, Gravity::Wrong, shelf::FOLDER),
            (Part::State, Gravity::Wrong, rows::FOLDER),
        ] {
            self.place(about, gravity, self.folder.join(folder), true);
        }
        for (about, name) in [
            (Part::Marker, "annals.json"),
            (Part::Lock, "lock"),
            (Part::Disclosures, DISCLOSURES),
            (Part::Copy, copied::FILE),
        ] {
            self.place(about, Gravity::Grave, self.folder.join(name), false);
        }
        for (about, gravity, paths) in [
            (Part::Journal, Gravity::Grave, self.within("journal", &segment)),
            (Part::Files, Gravity::Wrong, self.within("blobs", &hash)),
            (Part::Checkpoints, Gravity::Wrong, self.within(shelf::FOLDER, &digits)),
            (Part::State, Gravity::Wrong, self.within(rows::FOLDER, &digits)),
        ] {
            for path in paths {
                self.place(about, gravity, path, false);
            }
        }
    }

    /// Tells what lies in the place of a file, or of a folder.
    fn place(&mut self, about: Part, gravity: Gravity, path: PathBuf, folder: bool) {
        let Some(found) = instead(&path, folder) else { return };
        let belongs = if folder { "folder" } else { "file" };
        let what = format!("{}: {found} lies where a {belongs} belongs", path.display());
        let remedy = self.replaced(about, &path, folder);
        self.add(about, gravity, what, remedy);
        self.taken.push((about, path));
    }

    fn replaced(&self, about: Part, path: &Path, folder: bool) -> Remedy {
        let remedies = self.remedies;
        let restored = match about {
            Part::State => return remedies.anew(),
            Part::Marker => remedies.marker().1,
            Part::Disclosures => remedies.offered(DISCLOSURES, remedies.disclosures(&[]).1),
            Part::Checkpoints if folder => remedies.offered(shelf::FOLDER, remedies.checkpoints().1),
            Part::Checkpoints => remedies.kept_checkpoint(path).into_iter().collect(),
            Part::Journal => remedies.copied(path).into_iter().collect(),
            // Of files, what lies in a backup may have been erased since: which are missing is told once they can be looked for.
            _ => Vec::new(),
        };
        remedies.instead(path, restored)
    }

    /// What lies in a folder of the ledger under the names of its files.
    fn within(&self, folder: &str, named: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
        let of_file = entries.filter(|entry| entry.file_name().to_str().is_some_and(named));
        let mut found: Vec<PathBuf> = of_file.map(|entry| entry.path()).collect();
        found.sort();
        found
    }

    /// Whether something else lies there, which is said already.
    pub(super) fn is_taken(&self, path: &Path) -> bool {
        self.taken.iter().any(|(_, taken)| taken == path)
    }

    /// Whether something else lies in a place of this part.
    pub(super) fn has_taken(&self, about: Part) -> bool {
        self.taken.iter().any(|(taken, _)| *taken == about)
    }
}

/// What lies where a file belongs, or a folder, and is none.
pub(super) fn instead(path: &Path, folder: bool) -> Option<&'static str> {
    match fs::metadata(path) {
        Ok(data) if data.is_dir() => (!folder).then_some("a directory"),
        Ok(data) if data.is_file() => folder.then_some("a file"),
        Ok(_) => Some("a pipe, a socket or a device"),
        // Whoever has the right to see where it leads would see it.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
        Err(_) => fs::symlink_metadata(path)
            .is_ok_and(|data| data.is_symlink())
            .then_some("a symbolic link that leads nowhere"),
    }
}
