//! The checkpoints that are kept: whether each can be read, and whether it is signed and of these entries.

use super::{Examining, Gravity, Part, remedy, why};
use crate::domain::value::counted;
use crate::ledger::{checkpoints, shelf};
use crate::record::completeness::{Completed, Unsound};
use crate::record::state::State;
use crate::store::disk;
use crate::trail::checkpoint::SignedCheckpoint;
use std::cell::OnceCell;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

impl Examining<'_> {
    /// Each alone, before the entries are read: whoever writes signs what is there already.
    pub(super) fn read_checkpoints(&mut self) {
        let folder = self.folder.join(shelf::FOLDER);
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let number = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok().filter(|name| number(name)))
            .collect();
        names.sort();
        for name in names {
            let path = folder.join(&name);
            let why = match disk::read(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    let what = format!("{}: cannot be read: {error}", path.display());
                    self.add(Part::Checkpoints, Gravity::Unreadable, what, self.remedies.rights());
                    continue;
                }
                Ok(bytes) => match SignedCheckpoint::parse(&bytes) {
                    Err(fault) => fault.to_string(),
                    Ok(signed) if name.parse() == Ok(signed.checkpoint().size()) => {
                        self.kept.push((path, signed));
                        continue;
                    }
                    Ok(signed) => format!("it is of {} entries", signed.checkpoint().size()),
                },
            };
            let what = format!("{}: not the checkpoint that was kept there: {why}", path.display());
            self.add(Part::Checkpoints, Gravity::Wrong, what, self.remedies.checkpoint(&path));
        }
    }

    /// Those that somebody cosigned, and that a backup has and the folder has not: nothing in the folder tells that they were lost.
    pub(super) fn lost_checkpoints(&mut self, state: &State) {
        let kept = self.folder.join(shelf::FOLDER);
        let Ok((saved, _)) = shelf::in_folder(self.remedies.backup) else { return };
        let size = state.head.size;
        let own = |signed: &SignedCheckpoint| {
            // Of one in which a line does not hold nothing is taken in: the next backup leaves what does.
            signed.checkpoint().size() <= size
                && checkpoints::holds(signed, state)
                && !checkpoints::cosigned(signed, state).is_empty()
        };
        // Of one that is damaged that is said.
        let path = |signed: &SignedCheckpoint| kept.join(shelf::name(signed.checkpoint().size()));
        let saved: Vec<(PathBuf, &SignedCheckpoint)> =
            saved.iter().filter(|signed| own(signed)).map(|signed| (path(signed), signed)).collect();
        self.lost_cosignatures(&saved, state);
        let lost = saved.into_iter().map(|(path, _)| path).filter(|path| fs::symlink_metadata(path).is_err());
        if !kept.exists() {
            let many = lost.count();
            if many > 0 {
                let many = counted(many as u64, "checkpoint that was", "checkpoints that were");
                let what = format!("no checkpoint is kept, and the backup has {many} cosigned");
                self.add(Part::Checkpoints, Gravity::Untidy, what, self.remedies.checkpoints());
            }
            return;
        }
        for path in lost {
            let what = format!("{}: it was cosigned, and only the backup has it", path.display());
            let commands = self.remedies.kept_checkpoint(&path).into_iter().collect();
            self.add(Part::Checkpoints, Gravity::Untidy, what, ("take it in again", commands));
        }
    }

    /// Those of checkpoints that are kept here, where a line of somebody who cosigned is gone: the others are as sound as they were.
    fn lost_cosignatures(&mut self, saved: &[(PathBuf, &SignedCheckpoint)], state: &State) {
        let by = |signed: &SignedCheckpoint| {
            checkpoints::cosigned(signed, state).into_iter().map(|(keyid, _)| keyid).collect::<Vec<_>>()
        };
        let mut found = Vec::new();
        for (path, signed) in saved {
            let Some((_, here)) = self.kept.iter().find(|(kept, _)| kept == path) else { continue };
            let known = by(here);
            let lost: Vec<String> = by(signed).into_iter().filter(|keyid| !known.contains(keyid)).collect();
            let same = here.checkpoint() == signed.checkpoint();
            if same && checkpoints::holds(here, state) && !lost.is_empty() {
                let what = format!(
                    "{}: {} cosigned it, and only the backup has that",
                    path.display(),
                    lost.join(", ")
                );
                found.push((what, self.remedies.kept_checkpoint(path).into_iter().collect()));
            }
        }
        for (what, commands) in found {
            self.add(Part::Checkpoints, Gravity::Untidy, what, ("take it in again", commands));
        }
    }

    /// What they say of the entries, as `annals verify` judges it. Where the journal is not as it was, it is mended first: a
    /// checkpoint that is not of what is left may be of what is missing.
    pub(super) fn verify_checkpoints(&mut self, completed: &Completed, state: &State) {
        if self.is_cut() {
            return;
        }
        let (mut found, journal) = (Vec::new(), OnceCell::new());
        // The backup's entries are verified for it.
        let journal = || journal.get_or_init(|| self.remedies.journal()).clone();
        for standing in &completed.standings {
            let Err(unsound) = &standing.verdict else { continue };
            let signed = &standing.signed;
            let Some((path, _)) = self.kept.iter().find(|(_, kept)| kept == signed) else { continue };
            let own = state.ledger_keys().any(|key| signed.signed_by(key).is_ok());
            let what = format!("{}: does not verify: {}", path.display(), why(unsound));
            found.push(match unsound {
                Unsound::Cut { .. } => (Part::Journal, Gravity::Grave, what, journal()),
                Unsound::Unopened if completed.size == 0 && signed.checkpoint().size() > 0 => {
                    let signed = signed.checkpoint().size();
                    let what =
                        format!("{}: it is of {signed} entries, and the journal has none", path.display());
                    (Part::Journal, Gravity::Grave, what, journal())
                }
                // The journal was put in the place of another, or the key signed both.
                Unsound::Fork { .. } if own => (Part::Checkpoints, Gravity::Grave, what, remedy::beside()),
                _ => (Part::Checkpoints, Gravity::Wrong, what, self.remedies.checkpoint(path)),
            });
        }
        let cut = found.iter().any(|(about, ..)| *about == Part::Journal);
        for (about, gravity, what, remedy) in found {
            if !cut || gravity == Gravity::Grave {
                self.add(about, gravity, what, remedy);
            }
        }
    }
}
