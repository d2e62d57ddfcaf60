//! Remedies: what mends a finding, in words and as the commands of a shell.

use super::DISCLOSURES;
use crate::ledger::past::follows;
use crate::ledger::{LedgerError, lines, shelf, snapshot, truncation, verification};
use crate::store::Store;
use crate::store::copy;
use crate::store::embedded::Embedded;
use crate::store::{condition, disk};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Words and commands.
pub(super) type Remedy = (&'static str, Vec<String>);

/// How many files one command copies: a shell takes no line of any length.
const AT_ONCE: usize = 100;

/// Remedies for a ledger's folder, with what is restored from a backup.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remedies<'a> {
    pub(super) folder: &'a Path,
    pub(super) backup: &'a Path,
}

impl Remedies<'_> {
    /// What is derived is made anew, and what was never acknowledged is cut.
    pub(super) fn rebuild(self) -> Remedy {
        (
            "the next command that writes mends it, or this one",
            vec![format!("annals rebuild --ledger {}", quoted(self.folder))],
        )
    }

    /// As above, where no command that writes needs it.
    pub(super) fn anew(self) -> Remedy {
        ("make it anew", self.rebuild().1)
    }

    pub(super) fn marker(self) -> Remedy {
        let marker = quoted(&self.folder.join("annals.json"));
        ("write it again", vec![format!("printf '{{\"format\":1}}\\n' > {marker}")])
    }

    pub(super) fn journal(self) -> Remedy {
        self.journal_of(0)
    }

    /// As above, where so many entries are known outside the folder.
    fn journal_of(self, known: u64) -> Remedy {
        const WORDS: &str = "put it aside, and take that of a backup or of the other side; entries that came after it are then \
                             in what was put aside";
        // What has fewer entries brings the same finding back.
        const BEHIND: &str = "the backup has fewer entries than were here: put the journal aside, and take that of the other side, if \
                              it has all; whoever accepts what the backup has, and has signed no more of it, puts that journal here, \
                              and deletes `sled`, `index` and the checkpoints of more entries, too";
        const BESIDE: &str = "the backup has other entries than were here, or those of another ledger: put the journal aside, and take \
                              that of the other side or of another backup";
        const UNSOUND: &str = "the journal of the backup does not verify, either (`annals verify` with its name says where): put the journal \
                               aside, and take that of the other side or of another backup; nothing of either is to be deleted before";
        const NONE: &str = "the backup has no journal: put the journal aside, and take that of the other side or of another backup";
        let (journal, from) = (self.folder.join("journal"), self.backup.join("journal"));
        if !self.offers(&from) {
            return (NONE, Vec::new());
        }
        if self.is_behind(known) {
            return (BEHIND, Vec::new());
        }
        if self.is_beside() {
            return (BESIDE, Vec::new());
        }
        if !self.is_sound() {
            return (UNSOUND, Vec::new());
        }
        let put_aside = journal.exists().then(|| self.aside(&journal)).flatten();
        let copy = format!("cp -r {} {}", quoted(&from), quoted(&journal));
        (WORDS, put_aside.into_iter().chain([copy]).collect())
    }

    /// What lies in the ledger's folder, or in one of its folders, is moved to where nobody reads it.
    fn aside(self, path: &Path) -> Option<String> {
        aside(path, self.folder)
    }

    /// What belongs there is told as missing then, with where it comes from, if nothing restores it.
    pub(super) fn instead(self, path: &Path, restored: Vec<String>) -> Remedy {
        let words = if restored.is_empty() {
            "move it away, and ask again"
        } else {
            "move it away, put there what belongs there, and ask again"
        };
        (words, self.aside(path).into_iter().chain(restored).collect())
    }

    /// Copies what a backup has in the place of a path of the ledger.
    pub(super) fn copied(self, path: &Path) -> Option<String> {
        let from = self.backup.join(path.strip_prefix(self.folder).ok()?);
        self.offers(&from).then(|| format!("cp -r {} {}", quoted(&from), quoted(path)))
    }

    /// Commands that take something from a backup, if it has that.
    pub(super) fn offered(self, name: &str, commands: Vec<String>) -> Vec<String> {
        if self.offers(&self.backup.join(name)) { commands } else { Vec::new() }
    }

    /// It is signed anew with the next entry; what was cosigned is not.
    pub(super) fn checkpoint(self, path: &Path) -> Remedy {
        const WORDS: &str = "move it away; the next entry signs another, and one that was cosigned is taken in again from a \
                             backup or from the other side with `annals checkpoint --take`";
        (WORDS, self.aside(path).into_iter().chain(self.kept_checkpoint(path)).collect())
    }

    /// Takes a checkpoint in that a backup has, and that is another than what lies here under its name.
    pub(super) fn kept_checkpoint(self, path: &Path) -> Option<String> {
        let from = self.backup.join(shelf::FOLDER).join(path.file_name()?);
        let same = disk::read(&from).is_ok_and(|kept| disk::read(path).is_ok_and(|here| here == kept));
        (self.offers(&from) && !same).then(|| self.take_checkpoint(&from))
    }

    /// What a backup has, where it has it, and what the keys of this desk remember.
    pub(super) fn newest(self, path: &Path, remembered: &[PathBuf]) -> Remedy {
        let kept = path.file_name().map(|name| self.backup.join(shelf::FOLDER).join(name));
        let all = kept.iter().filter(|kept| kept.is_file()).chain(remembered);
        (
            "the next entry signs another; take this one in again, with what a backup or the other side has of its cosignatures",
            all.map(|from| self.take_checkpoint(from)).collect(),
        )
    }

    fn take_checkpoint(self, from: &Path) -> String {
        format!("annals checkpoint --take {} --ledger {}", quoted(from), quoted(self.folder))
    }

    /// Whether there may be something in a backup: not, where that can be looked at and has none.
    fn offers(self, from: &Path) -> bool {
        let is_empty = || fs::read_dir(from).is_ok_and(|mut entries| entries.next().is_none());
        !self.backup.is_dir() || from.exists() && !is_empty()
    }

    /// So many entries were there.
    pub(super) fn cut(self, known: u64) -> Remedy {
        const WORDS: &str = "put it aside, and take that of a backup or of the other side, if that has what is missing; whoever \
                             accepts the history as it is, and has signed no more of it, deletes `sled` and `index` instead";
        let (words, commands) = self.journal_of(known);
        (if commands.is_empty() { words } else { WORDS }, commands)
    }

    /// What is told of a backup that is looked at as a ledger: where what is named as its backup continues it up to where it was
    /// known, it is brought up to date from there.
    pub(super) fn older(self, store: &Embedded, known: u64) -> Remedy {
        const WORDS: &str = "where the ledger is at hand, `annals backup` brings this folder up to date, and `annals doctor --backup` there \
                             says what it is worth; where the ledger is lost, record nothing in this one: make it again from the newest \
                             that there is (`annals bundle restore FILE`, `annals mirror FROM`, or a newer backup)";
        let newer = self.kept_journal().filter(|newer| newer.head().size >= known);
        let continues = newer.is_some_and(|newer| copy::compare(store, &newer).is_ok());
        (WORDS, if continues { vec![backed_up(self.backup, self.folder)] } else { Vec::new() })
    }

    /// A backup has fewer entries. Where something is wrong here, that is mended first.
    pub(super) fn back_up(self, wrong: bool) -> Remedy {
        if wrong {
            return ("mend what is wrong here, and then bring it up to date", Vec::new());
        }
        ("bring it up to date", vec![backed_up(self.folder, self.backup)])
    }

    /// Whether the backup's journal has fewer entries than were here, as far as that is known.
    fn is_behind(self, known: u64) -> bool {
        let known = || truncation::known(self.folder).max(known);
        self.kept_journal().is_some_and(|store| store.head().size < known())
    }

    /// Whether it has not the entries of which the state was kept here.
    fn is_beside(self) -> bool {
        let known = snapshot::head(self.folder);
        known.zip(self.kept_journal()).is_some_and(|(known, store)| !follows(&store, known))
    }

    /// Whether the backup's entries hold, as far as there are any that can be read.
    fn is_sound(self) -> bool {
        !self.backup.join("journal").is_dir()
            || self.kept_journal().is_some_and(|store| verification::is_sound(&store))
    }

    fn kept_journal(self) -> Option<Embedded> {
        self.backup.join("journal").is_dir().then(|| Embedded::open_unmarked(self.backup).ok()).flatten()
    }

    /// The lines are numbered from 1.
    pub(super) fn disclosures(self, damaged: &[usize]) -> Remedy {
        let (path, kept) = (self.folder.join(DISCLOSURES), quoted(&self.backup.join(DISCLOSURES)));
        let deleted = damaged.iter().map(|line| format!("{line}d")).collect::<Vec<_>>().join(";");
        let delete = (!deleted.is_empty()).then(|| format!("sed -i '{deleted}' {}", quoted(&path)));
        let take = |from: &str| format!("annals disclose --take {from} --ledger {}", quoted(self.folder));
        // A file in which one line is none is refused whole.
        let unfit = self.unfit_disclosures();
        let taken = if unfit.is_empty() {
            vec![take(&kept)]
        } else {
            let sound = quoted(&path.with_extension("sound"));
            // Whatever becomes of it, no value is left beside.
            vec![format!("sed '{}' {kept} > {sound}; {}; rm {sound}", unfit.join(";"), take(&sound))]
        };
        (
            "take them from a backup or from the other side, but for what was erased",
            delete.into_iter().chain(taken).collect(),
        )
    }

    /// What `sed` deletes of a backup's disclosures, so that the others are taken.
    fn unfit_disclosures(self) -> Vec<String> {
        let mut unfit = Vec::new();
        let read = lines::once::<LedgerError>(self.backup, &mut |line| {
            let number = line.number;
            unfit.extend(line.fit().is_none().then(|| format!("{number}d")));
            Ok(())
        });
        if let Ok(Some(true)) = read {
            unfit.push("$d".to_owned());
        }
        unfit
    }

    /// Whoever opens the ledger for writing completes what an erasure asks for.
    pub(super) fn erased(self) -> Remedy {
        ("the next command that writes removes them for good, or this one", self.rebuild().1)
    }

    pub(super) fn file(self, name: &str) -> Remedy {
        let named = [name.into()];
        // Where a backup can be looked at, one that was changed there, too, restores nothing.
        let offered = if self.backup.is_dir() { self.has_files(&named) } else { named.to_vec() };
        ("take it from a backup or from the other side", self.files(&offered))
    }

    /// Which files a backup has, whole.
    pub(super) fn has_files(self, names: &[PathBuf]) -> Vec<PathBuf> {
        let is_whole =
            |name: &&PathBuf| name.to_str().is_some_and(|name| condition::has_file(self.backup, name));
        names.iter().filter(is_whole).cloned().collect()
    }

    /// The commands that take files from a backup, each by its name: what else it has may have been erased since.
    pub(super) fn files(self, names: &[PathBuf]) -> Vec<String> {
        let (from, to) = (self.backup.join("blobs"), quoted(&self.folder.join("blobs")));
        let copy = |names: &[PathBuf]| {
            let from: Vec<String> = names.iter().map(|name| quoted(&from.join(name))).collect();
            format!("mkdir -p {to} && cp {} {to}", from.join(" "))
        };
        names.chunks(AT_ONCE).map(copy).collect()
    }

    pub(super) fn checkpoints(self) -> Remedy {
        let (from, to) = (quoted(&self.backup.join("checkpoints")), quoted(&self.folder.join("checkpoints")));
        (
            "if there were any, take them from a backup, or those that were handed over with `annals checkpoint --take`",
            vec![format!("mkdir -p {to} && cp {from}/* {to}")],
        )
    }

    pub(super) fn rights(self) -> Remedy {
        right_to(self.folder)
    }
}

fn backed_up(ledger: &Path, to: &Path) -> String {
    format!("annals backup {} --ledger {}", quoted(to), quoted(ledger))
}

/// Moves what lies at a path into a folder where nobody reads it.
fn aside(path: &Path, into: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    let mut asides = (1..).map(|number| into.join(format!("{name}.aside-{number}")));
    let aside = asides.find(|aside| fs::symlink_metadata(aside).is_err())?;
    Some(format!("mv {} {}", quoted(path), quoted(&aside)))
}

/// What is said of something that nobody needs back.
pub(super) const MOVE: &str = "move it away";

/// What is said of a memory that is not as it was.
pub(super) const REMEMBER: &str = "put it back from a backup of this desk; where there is none, move it away, and go on only when \
                                   the other side confirms where the ledger stands (`annals verify --against OTHER` compares the copies)";

/// What lies outside the ledger's folder is moved away within its own.
pub(super) fn beside_it(path: &Path, words: &'static str) -> Remedy {
    (words, aside(path, path.parent().unwrap_or(path)).into_iter().collect())
}

/// As [`Remedies::rights`], outside the ledger's folder.
pub(super) fn right_to(path: &Path) -> Remedy {
    // Nobody gives everybody a right to what is withheld, and which group or list is meant, nobody knows here.
    const OTHERS: &str = "whose it is, gives this user the right to it, by a group or an access list: what is withheld is not for everybody";
    if !condition::is_own(path) {
        return (OTHERS, Vec::new());
    }
    ("give this user the right to it", vec![format!("chmod -R u+rwX {}", quoted(path))])
}

/// What is said of a disk that takes nothing.
pub(super) const fn mounted() -> Remedy {
    ("mount it for writing before anything is recorded or mended", Vec::new())
}

pub(super) fn remove(path: &Path) -> Remedy {
    ("delete it", vec![format!("rm -r {}", quoted(path))])
}

/// Both cannot be true, and no command says which one is.
pub(super) const fn beside() -> Remedy {
    const WORDS: &str = "record nothing: `annals verify --against OTHER` tells where these entries part from those of the \
                         other side or of a backup; take the journal from there, or move the checkpoint away if it is the \
                         false one";
    (WORDS, Vec::new())
}

pub(super) const fn fork() -> Remedy {
    const WORDS: &str = "no command decides it: agree with the other side which history counts, hand this file to whoever \
                         has to know, and move it away to go on here";
    (WORDS, Vec::new())
}

/// As above, where nothing was written down yet.
pub(super) const fn forked_backup() -> Remedy {
    const WORDS: &str = "it is evidence, and not to be deleted: back up into another folder, and find out with the other side who signed it; \
                         `annals checkpoint --take` with this file writes the fork down, and stops every write here until people have \
                         decided";
    (WORDS, Vec::new())
}

pub(super) const fn named() -> Remedy {
    ("name the folder that `annals backup` wrote to; where its disk is not mounted, mount it", Vec::new())
}

/// It may have what nobody else has.
pub(super) const fn no_backup() -> Remedy {
    const WORDS: &str =
        "back up into another folder, and keep this one until both are verified (`annals verify DIR`)";
    (WORDS, Vec::new())
}

pub(super) const fn copy() -> Remedy {
    const WORDS: &str = "`annals mirror` keeps it up; where the ledger is lost, and all agree that this copy takes its place, \
                         delete this file to record here";
    (WORDS, Vec::new())
}

pub(super) const fn room() -> Remedy {
    ("make room, or move the ledger to a larger disk", Vec::new())
}

pub(super) const fn clock() -> Remedy {
    const WORDS: &str = "set the clock of this computer right; if it is right, it was ahead when the last entry was \
                         recorded: entries bear that time until then, and nothing else is wrong with them";
    (WORDS, Vec::new())
}

/// A path or another text, as one word of a shell. Of what begins as an option does, which only a path may, the folder is said.
#[must_use]
pub fn quoted(word: &(impl AsRef<OsStr> + ?Sized)) -> String {
    let text = word.as_ref().to_string_lossy();
    let text = if text.starts_with('-') { format!("./{text}").into() } else { text };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        for (path, word) in [
            ("annals-ledger", "annals-ledger"),
            ("/mnt/backup/dk-kr_1.0", "/mnt/backup/dk-kr_1.0"),
            ("my ledger", "'my ledger'"),
            ("the officer's", "'the officer'\\''s'"),
            ("-r", "./-r"),
            ("-my ledger", "'./-my ledger'"),
            ("원장", "'원장'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(path), word);
        }
    }
}
