//! The disclosures of a ledger, kept beside its journal: one JSON string a line, durable before the entry that holds the
//! digest. How they lie in their file is in `lines`, and which of them are to be removed in
//! [`super::privacy`].

use super::LedgerError;
use super::lines::{DisclosureLines, Line, open, scan};
use crate::record::withheld::Shown;
use crate::store::StoreError;
use crate::store::runs::Runs;
use crate::trail::disclosure::{Digest, Disclosure};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use super::lines::FILE;

/// The disclosures at hand, by their digests. Threads share them: whoever reads does not wait for a write.
#[derive(Debug, Default)]
pub struct Disclosures(Kept);

/// Where they are.
#[derive(Debug)]
enum Kept {
    Memory(InMemory),
    Folder(DisclosureLines),
}

/// Why disclosures cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum DisclosuresError {
    /// The file.
    #[error("{}: cannot be {doing}{}", path.display(), remedy(source.kind()))]
    File {
        /// The file.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no room for the digests.
    #[error(transparent)]
    Names(#[from] StoreError),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Memory(RwLock::default())
    }
}

const fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ": the disk is full; make room and try again"
        }
        io::ErrorKind::ReadOnlyFilesystem => ": its disk is mounted for reading only; mount it for writing",
        io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory => {
            ": something else lies in its place, and `annals doctor` says what mends it"
        }
        _ => "; check the disk's space, and give this user the right to it",
    }
}

impl Disclosures {
    /// Finds the disclosures in a folder, if there are any. A line that is none is passed over, and its field counts as
    /// withheld; for writing, a last line that was never finished is cut. A file above 8 MB is read when one is asked for.
    ///
    /// # Errors
    /// Where the file cannot be read, or not be opened for writing.
    pub fn open(folder: &Path, writable: bool) -> Result<Self, DisclosuresError> {
        Ok(Self(Kept::Folder(DisclosureLines::find(folder, writable)?)))
    }

    /// The numbers of the lines that are no disclosures, from 1, those among them whose value no field can have; in a file above
    /// 8 MB nobody has looked before one is asked for.
    #[must_use]
    pub fn damaged(&self) -> Vec<usize> {
        match &self.0 {
            Kept::Memory(_) => Vec::new(),
            Kept::Folder(lines) => lines.damaged(),
        }
    }

    /// What is said where lines are damaged.
    pub(super) fn notice(&self) -> Option<String> {
        let damaged = self.damaged();
        let lines: Vec<String> = damaged.iter().take(5).map(ToString::to_string).collect();
        let more = if damaged.len() > 5 { " and more" } else { "" };
        (!lines.is_empty()).then(|| {
            format!(
                "{FILE}: no disclosure in line {}{more}: their fields count as withheld",
                lines.join(", ")
            )
        })
    }

    /// The disclosure with this digest, if it is at hand.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn get(&self, digest: &Digest) -> Result<Option<Disclosure>, DisclosuresError> {
        match &self.0 {
            Kept::Memory(held) => Ok(read(held).get(digest).cloned()),
            Kept::Folder(lines) => lines.get(digest),
        }
    }

    /// Whether there is a line with this digest, even if its value is one that its field cannot have.
    ///
    /// # Errors
    /// Where the digests cannot be read.
    pub fn has(&self, digest: &Digest) -> Result<bool, DisclosuresError> {
        match &self.0 {
            Kept::Memory(held) => Ok(read(held).contains_key(digest)),
            Kept::Folder(lines) => lines.has(digest),
        }
    }

    /// Which are at hand, without their values.
    ///
    /// # Errors
    /// Where they cannot be read, and where there is no room for the digests.
    pub fn at_hand(&self) -> Result<AtHand, LedgerError> {
        let mut at_hand = AtHand::default();
        match &self.0 {
            Kept::Memory(held) => read(held).values().try_for_each(|each| at_hand.push(each))?,
            Kept::Folder(lines) => {
                lines.scan(&mut |line| at_hand.take(line))?;
            }
        }
        Ok(at_hand)
    }

    /// Hands over every disclosure at hand.
    ///
    /// # Errors
    /// Where they cannot be read, or what the taker says.
    pub fn each<E: From<DisclosuresError>>(
        &self,
        each: &mut dyn FnMut(Disclosure) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.0 {
            Kept::Memory(held) => {
                let all: Vec<Disclosure> = read(held).values().cloned().collect();
                all.into_iter().try_for_each(each)
            }
            Kept::Folder(lines) => {
                let take = &mut |line: Line| line.fit().map_or(Ok(()), &mut *each);
                lines.scan(take).map(drop)
            }
        }
    }

    /// Keeps disclosures, durable on return; those that are at hand are not written again.
    ///
    /// # Errors
    /// Where they cannot be written: none of them is kept then.
    pub fn keep(&self, disclosures: Vec<Disclosure>) -> Result<(), DisclosuresError> {
        let (mut new, mut seen) = (Vec::new(), HashSet::new());
        for each in disclosures {
            let digest = each.digest();
            if !self.has(&digest)? && seen.insert(digest) {
                new.push(each);
            }
        }
        self.add(new)
    }

    /// As [`Self::keep`], those that nobody can have kept: their digests are new. Where one is there all the same, it is there
    /// twice then, which says nothing more.
    ///
    /// # Errors
    /// As [`Self::keep`].
    pub fn add(&self, new: Vec<Disclosure>) -> Result<(), DisclosuresError> {
        match &self.0 {
            Kept::Memory(held) => written(held).extend(new.into_iter().map(|each| (each.digest(), each))),
            Kept::Folder(_) if new.is_empty() => {}
            Kept::Folder(lines) => lines.append(&new)?,
        }
        Ok(())
    }

    /// Keeps only those with these digests, and removes every other line for good, the damaged ones with them: nobody can
    /// tell whose value is in one. After a crash the file is the old one or the new one.
    ///
    /// # Errors
    /// What `wanted` says, and where the file cannot be written anew: it is the old one then, or the new one where only the last step
    /// was reported as failed; and what is kept later is kept in the one that it is.
    pub fn retain(
        &self,
        wanted: &mut dyn FnMut(&Digest) -> Result<bool, StoreError>,
    ) -> Result<(), DisclosuresError> {
        match &self.0 {
            Kept::Memory(held) => {
                let mut held = written(held);
                let unwanted: Result<Vec<Digest>, StoreError> = held
                    .keys()
                    .filter_map(|digest| {
                        wanted(digest).map(|wanted| (!wanted).then_some(*digest)).transpose()
                    })
                    .collect();
                for digest in unwanted? {
                    held.remove(&digest);
                }
                Ok(())
            }
            Kept::Folder(lines) => lines.rewrite(wanted),
        }
    }
}

type InMemory = RwLock<HashMap<Digest, Disclosure>>;

fn read(held: &InMemory) -> RwLockReadGuard<'_, HashMap<Digest, Disclosure>> {
    held.read().unwrap_or_else(PoisonError::into_inner)
}

fn written(held: &InMemory) -> RwLockWriteGuard<'_, HashMap<Digest, Disclosure>> {
    held.write().unwrap_or_else(PoisonError::into_inner)
}

/// Which disclosures are at hand, and of which fields they are, without their values.
#[derive(Debug)]
pub struct AtHand {
    /// Each with the place of what it shows.
    digests: Runs<32, 8>,
    shown: Vec<Shown>,
    count: u64,
    damaged: usize,
}

impl Default for AtHand {
    fn default() -> Self {
        Self { digests: Runs::new(true), shown: Vec::new(), count: 0, damaged: 0 }
    }
}

impl AtHand {
    /// Of the disclosures in a folder, if there are any.
    ///
    /// # Errors
    /// [`LedgerError::Disclosures`], where the file cannot be read; [`LedgerError::Store`], where there is no room for the
    /// digests.
    pub fn read(folder: &Path) -> Result<Self, LedgerError> {
        let mut read = Self::default();
        let path = folder.join(FILE);
        scan(open(&path)?.as_ref(), u64::MAX, &path, &mut |line| read.take(line))?;
        Ok(read)
    }

    fn take(&mut self, line: Line) -> Result<(), LedgerError> {
        self.damaged += usize::from(line.disclosure.is_none());
        Ok(line.disclosure.map_or(Ok(()), |disclosure| self.push(&disclosure))?)
    }

    /// How many there are whose field can have their value, each under another digest.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many lines are no disclosures, those among them whose value their field cannot have.
    #[must_use]
    pub const fn damaged(&self) -> usize {
        self.damaged
    }

    /// What the one with this digest shows.
    ///
    /// # Errors
    /// [`StoreError`], where the digests cannot be read.
    pub fn shown(&mut self, digest: &Digest) -> Result<Option<Shown>, StoreError> {
        let place = self.digests.get(digest.bytes())?.map(u64::from_be_bytes);
        let place = place.and_then(|place| usize::try_from(place).ok());
        Ok(place.and_then(|place| self.shown.get(place)).cloned())
    }

    /// Takes one more.
    ///
    /// # Errors
    /// [`StoreError`], where there is no room for the digests.
    pub fn push(&mut self, disclosure: &Disclosure) -> Result<(), StoreError> {
        let digest = disclosure.digest();
        if self.digests.get(digest.bytes())?.is_some() {
            return Ok(());
        }
        // There are few fields, so that few are remembered.
        let shown = Shown::of(disclosure);
        if shown.fits {
            self.count += 1;
        } else {
            self.damaged += 1;
        }
        let place = self.shown.iter().position(|known| *known == shown).unwrap_or(self.shown.len());
        if place == self.shown.len() {
            self.shown.push(shown);
        }
        self.digests.insert(*digest.bytes(), (place as u64).to_be_bytes())
    }
}

#[cfg(test)]
mod tests;
