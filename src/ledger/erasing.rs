//! Erasing: what an erasure asks for, once its entry is durable. The file that a value names goes, where it is confidential evidence
//! and nothing else names it, and then the line that holds the value.
//!
//! ```text
//! erasing    a sentence for whoever looks into the folder
//!            a digest that is erased, for each a line; with the SHA-256 of the file that it names, where that is known
//! ```
//!
//! That file is there before the entry, and until nothing is left of what was erased: a line may have been changed since, so that no
//! digest finds it, and only this file tells the next writer that it is to look.

use super::disclosures::DisclosuresError;
use super::sequencer::Turn;
use super::{Ledger, LedgerError};
use crate::record::archive::{Archive, Holding};
use crate::record::evidence::{self, Shown};
use crate::record::upcast;
use crate::record::withheld;
use crate::store::{Condition, StoreError, disk, said, write_durably};
use crate::trail::disclosure::Digest;
use crate::trail::entry::Entry;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file in a ledger's folder.
const FILE: &str = "erasing";

const WORDS: &str = "A value was erased, and something of it may still be in this folder. The next command that writes to the \
                     ledger removes it, and this file.\n";

/// The file that says that an erasure is not complete, if it is there.
#[must_use]
pub fn found(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(FILE);
    path.symlink_metadata().is_ok().then_some(path)
}

/// What is to be removed: digests, each with the file that it names, where that is known.
type Begun = BTreeMap<Digest, Option<String>>;

/// What the file in a folder says; nothing of a line that is none.
fn begun(folder: &Path) -> Begun {
    // A pipe in its place is not waited for.
    let bytes = disk::read(&folder.join(FILE)).unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap_or_default();
    let line = |line: &str| {
        let (digest, name) = line.split_once(' ').map_or((line, None), |(digest, name)| (digest, Some(name)));
        Some((Digest::parse(digest)?, name.map(str::to_owned)))
    };
    text.lines().filter_map(line).collect()
}

/// Says in a folder, durable on return, what is to be removed.
fn put_down(folder: &Path, begun: &Begun) -> Result<(), StoreError> {
    let line = |(digest, name): (&Digest, &Option<String>)| {
        format!("{digest}{}\n", name.as_ref().map_or_else(String::new, |name| format!(" {name}")))
    };
    let lines: String = begun.iter().map(line).collect();
    write_durably(folder, FILE, format!("{WORDS}{lines}").as_bytes())
}

/// Who names a file, other than what was erased.
enum Naming {
    Nobody,
    Somebody,
    /// The entry with this sequence may: its file has the same size, and its digest is not at hand.
    Perhaps(u64),
}

impl Ledger {
    /// What is to be removed, whatever a digest finds.
    pub(super) fn erasing(&self) -> Vec<Digest> {
        self.folder.as_deref().map(begun).unwrap_or_default().into_keys().collect()
    }

    /// Says what is to be removed, where the ledger has a folder.
    pub(super) fn begin_erasing(&self, erased: &[Digest]) -> Result<(), DisclosuresError> {
        let Some(folder) = self.folder.as_ref().filter(|_| !erased.is_empty()) else { return Ok(()) };
        let before = begun(folder);
        let mut all = before.clone();
        for digest in erased {
            let known = self.disclosures.get(digest)?.filter(|each| each.name() == withheld::FILE_DIGEST);
            let name = known.and_then(|each| each.value().as_str().map(str::to_owned));
            let known = all.entry(*digest).or_default();
            *known = name.or(known.take());
        }
        Ok(if all == before { Ok(()) } else { put_down(folder, &all) }?)
    }

    /// Removes what these digests are of, and every line but those of which an entry holds the digest: the value may be in one that
    /// was changed since. Whoever has the turn does. What nobody can tell is left for one who `tells` it.
    pub(super) fn erase(&self, _turn: &mut Turn, erased: &[Digest], tells: bool) -> Result<(), LedgerError> {
        self.begin_erasing(erased)?;
        let all = match &self.folder {
            Some(folder) => begun(folder),
            None => erased.iter().map(|digest| (*digest, None)).collect(),
        };
        // A file is found by the value, so it goes first; what cannot go keeps nothing else.
        let (mut left, mut why) = (Begun::new(), None);
        for (digest, name) in all {
            if let Err(fault) = self.erase_file(&digest, name.clone()) {
                if !(tells && matches!(fault, LedgerError::Unidentified(_))) {
                    left.insert(digest, name);
                }
                why = why.or(Some(fault));
            }
        }
        let held = |holding| matches!(holding, Some(Holding::Held { .. }));
        self.disclosures.retain(&mut |digest| Ok(held(self.past().index.by_digest(digest)?)))?;
        if let Some(folder) = &self.folder {
            if !left.is_empty() {
                put_down(folder, &left)?;
            } else if let Some(path) = found(folder) {
                let removed = fs::remove_file(&path).and_then(|()| disk::sync_folder(folder));
                removed.map_err(said(&path, "removed"))?;
            }
        }
        why.map_or(Ok(()), Err)
    }

    /// Removes the file that an erased value names, where nothing else names it. Where its line is not here, or was changed, that is the
    /// one of the size which the entry tells in clear, and which nothing names.
    fn erase_file(&self, digest: &Digest, name: Option<String>) -> Result<(), LedgerError> {
        let Some(size) = self.size_of(digest)? else { return Ok(()) };
        let value = self.disclosures.get(digest)?.filter(|each| each.name() == withheld::FILE_DIGEST);
        let name = name.or_else(|| value.as_ref().and_then(|each| each.value().as_str().map(str::to_owned)));
        let path = |name: &str| self.blob_path(name).unwrap_or_else(|| name.into());
        if let Some(name) = name {
            if self.store.copy_blob(&name, &mut io::sink())? == Condition::Missing {
                return Ok(());
            }
            return match self.naming(&name, size)? {
                Naming::Somebody => Ok(()),
                Naming::Nobody => Ok(self.store.remove_blob(&name)?),
                Naming::Perhaps(sequence) => Err(LedgerError::Lingering { path: path(&name), sequence }),
            };
        }
        let mut perhaps = Vec::new();
        for name in self.store.blobs_of(size)? {
            match self.naming(&name, size)? {
                Naming::Somebody => {}
                Naming::Nobody => perhaps.push((name, true)),
                Naming::Perhaps(_) => perhaps.push((name, false)),
            }
        }
        match perhaps.as_slice() {
            [] => Ok(()),
            [(name, true)] => Ok(self.store.remove_blob(name)?),
            some => Err(LedgerError::Unidentified(some.iter().map(|(name, _)| path(name)).collect())),
        }
    }

    /// How large the file is, in bytes, whose digest was erased; nothing where something else was.
    fn size_of(&self, digest: &Digest) -> Result<Option<u64>, LedgerError> {
        let Some(Holding::Erased { sequence }) = self.past().index.by_digest(digest)? else {
            return Ok(None);
        };
        let erasing = self.entry(sequence)?.and_then(|entry| entry.request.event.causationid);
        let Some(holder) = erasing.map_or(Ok(None), |id| self.recorded(id))? else { return Ok(None) };
        let files = evidence::files(&holder.request.event, &|_| None);
        let own = files.iter().find(|file| matches!(&file.sha256, Shown::Withheld(held) if held == digest));
        Ok(own.map(|file| file.size))
    }

    /// Whether an entry names a file with this SHA-256: in clear, or by a digest that was not erased.
    fn naming(&self, sha256: &str, size: u64) -> Result<Naming, LedgerError> {
        let (mut named, mut withheld) = (false, Vec::new());
        self.store.read(0..u64::MAX, &mut |sequence, line| {
            // Few lines are worth being read as an entry.
            let has = |part: &str| std::str::from_utf8(line).is_ok_and(|line| line.contains(part));
            if named || !(has("\"evidence\"") || has(sha256)) {
                return;
            }
            let Ok(entry) = Entry::parse(line) else { return };
            let event = &*upcast::newest(&entry.request.event);
            let members = event.data.members();
            let plan = [
                members.get("plan_sha256"),
                members.get("document").and_then(|document| document.get("sha256")),
            ];
            named |= plan.into_iter().flatten().any(|plan| plan == sha256);
            for file in evidence::files(event, &|_| None) {
                named |= file.sha256.clear() == Some(sha256);
                if let (Shown::Withheld(digest), true) = (file.sha256, file.size == size) {
                    withheld.push((sequence, digest));
                }
            }
        })?;
        let mut perhaps = None;
        for (sequence, digest) in withheld {
            if !matches!(self.past().index.by_digest(&digest)?, Some(Holding::Held { .. })) {
                continue;
            }
            match self.disclosures.get(&digest)? {
                Some(each) => named |= each.value() == sha256,
                None => perhaps = perhaps.or(Some(sequence)),
            }
        }
        Ok(match perhaps {
            _ if named => Naming::Somebody,
            Some(sequence) => Naming::Perhaps(sequence),
            None => Naming::Nobody,
        })
    }
}
