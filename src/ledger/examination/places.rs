//! The places of files, where a directory may lie instead: no right to it helps.

use super::{DISCLOSURES, Found, Gravity, Part};
use crate::ledger::shelf;
use crate::store::rows;
use std::fs;
use std::path::PathBuf;

impl Found<'_> {
    /// Each directory that has taken the place of a file.
    pub(super) fn places(&mut self) {
        let digits = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let segment = |name: &str| name.strip_suffix(".jsonl").is_some_and(digits);
        let hash = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let only = |wanted: &'static str| move |name: &str| name == wanted;
        let found = [
            (Part::Marker, Gravity::Grave, self.directories("", &only("annals.json"))),
            (Part::Lock, Gravity::Grave, self.directories("", &only("lock"))),
            (Part::Disclosures, Gravity::Grave, self.directories("", &only(DISCLOSURES))),
            (Part::Journal, Gravity::Grave, self.directories("journal", &segment)),
            (Part::Files, Gravity::Wrong, self.directories("blobs", &hash)),
            (Part::Checkpoints, Gravity::Wrong, self.directories(shelf::FOLDER, &digits)),
            (Part::State, Gravity::Wrong, self.directories(rows::FOLDER, &digits)),
        ];
        for (about, gravity, paths) in found {
            for path in paths {
                let what = format!("{}: a directory lies where a file belongs", path.display());
                self.add(about, gravity, what, self.remedies.directory(&path));
                self.taken.push(about);
            }
        }
    }

    /// The directories in a folder of the ledger whose names are those of files.
    fn directories(&self, folder: &str, named: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
        let of_file = entries.filter(|entry| entry.file_name().to_str().is_some_and(named));
        let mut found: Vec<PathBuf> =
            of_file.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        found.sort();
        found
    }
}
