//! Erasing: what an erasure asks for, once its entry is durable. The file that a value names goes, where it is confidential evidence
//! and nothing else names it, and then the line that holds the value.
//!
//! ```text
//! erasing    a sentence for whoever looks into the folder
//! ```
//!
//! That file is there before the entry, and until nothing is left of what was erased: a line may have been changed since, so that no
//! digest finds it, and only this file tells the next writer that it is to look.

use super::sequencer::Turn;
use super::{Ledger, LedgerError};
use crate::record::archive::{Archive, Holding};
use crate::record::evidence::{self, Shown};
use crate::record::upcast;
use crate::record::withheld;
use crate::store::{Condition, StoreError, disk, said, write_durably};
use crate::trail::disclosure::Digest;
use crate::trail::entry::Entry;
use std::fs;
use std::io::{self, ErrorKind};
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

/// Says in a folder, durable on return, that something is to be removed.
pub(super) fn put_down(folder: &Path) -> Result<(), StoreError> {
    found(folder).map_or_else(|| write_durably(folder, FILE, WORDS.as_bytes()), |_| Ok(()))
}

/// Who names a file, other than what was erased.
enum Naming {
    Nobody,
    Somebody,
    /// The entry with this sequence may: its file has the same size, and its digest is not at hand.
    Perhaps(u64),
}

impl Ledger {
    /// Whether something is to be removed, whatever a digest finds.
    pub(super) fn is_erasing(&self) -> bool {
        self.folder.as_deref().and_then(found).is_some()
    }

    /// Says so, where the ledger has a folder.
    pub(super) fn begin_erasing(&self) -> Result<(), StoreError> {
        self.folder.as_deref().map_or(Ok(()), put_down)
    }

    /// Removes what these digests are of, and every line but those of which an entry holds the digest: the value may be in one that
    /// was changed since. Whoever has the turn does.
    pub(super) fn erase(&self, _turn: &mut Turn, erased: &[Digest]) -> Result<(), LedgerError> {
        // A file is found by the value, so it goes first; what cannot go keeps nothing else.
        let files: Vec<Result<(), LedgerError>> =
            erased.iter().map(|digest| self.erase_file(digest)).collect();
        let held = |holding| matches!(holding, Some(Holding::Held { .. }));
        self.disclosures.retain(&mut |digest| Ok(held(self.past().index.by_digest(digest)?)))?;
        files.into_iter().collect::<Result<(), LedgerError>>()?;
        let Some(path) = self.folder.as_deref().and_then(found) else { return Ok(()) };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(said(&path, "removed")(error).into()),
            _ => Ok(self
                .folder
                .as_deref()
                .map_or(Ok(()), disk::sync_folder)
                .map_err(said(&path, "removed"))?),
        }
    }

    /// Removes the file that an erased value names. Where its line is not here, or was changed, that is one of the size which the
    /// entry tells in clear, and which nothing else names.
    fn erase_file(&self, digest: &Digest) -> Result<(), LedgerError> {
        let Some(size) = self.size_of(digest)? else { return Ok(()) };
        let known = self.disclosures.get(digest)?.filter(|each| each.name() == withheld::FILE_DIGEST);
        let names = match known.as_ref().and_then(|each| each.value().as_str()) {
            Some(name) => vec![name.to_owned()],
            None => self.store.blobs_of(size)?,
        };
        for name in names {
            match self.naming(&name, size)? {
                Naming::Nobody => self.store.remove_blob(&name)?,
                Naming::Perhaps(sequence)
                    if self.store.copy_blob(&name, &mut io::sink())? != Condition::Missing =>
                {
                    let path = self.blob_path(&name).unwrap_or_else(|| name.into());
                    return Err(LedgerError::Lingering { path, sequence });
                }
                Naming::Somebody | Naming::Perhaps(_) => {}
            }
        }
        Ok(())
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
            named |= event.data.members().get("plan_sha256").is_some_and(|plan| plan == sha256);
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
