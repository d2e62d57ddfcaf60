//! Evidence: the files that are kept beside the journal, each under its SHA-256, before an event names them, and how they are
//! found. Which files an event names is in [`crate::record::evidence`].

use super::index::Sayings;
use super::{Ledger, LedgerError, RecordError};
use crate::projection::evidence::exhibits;
use crate::projection::reading::Reading;
use crate::record::evidence;
use crate::record::fact::Fact;
use crate::record::history::{History, Recalled};
use crate::report::evidence::{Availability, Checked};
use crate::store::{Blob, Condition, Store, StoreError};
use crate::trail::disclosure::Disclosure;
use crate::trail::entry::{Entry, Event};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

impl Ledger {
    /// Keeps a file under its SHA-256, durable on return; of a ledger in a folder, never all of it is in memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_blob(&self, bytes: &mut dyn Read) -> Result<Blob, StoreError> {
        self.store.put_blob(bytes)
    }

    /// Copies the file with this SHA-256, and tells how it was found: only of a whole one the copy is worth anything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn copy_blob(&self, sha256: &str, to: &mut dyn Write) -> Result<Condition, StoreError> {
        self.store.copy_blob(sha256, to)
    }

    /// How many bytes are kept under this SHA-256, unread: they may be others by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn blob_size(&self, sha256: &str) -> Result<Option<u64>, StoreError> {
        self.store.blob_size(sha256)
    }

    /// Removes a file that was put here and that no entry names.
    pub(crate) fn remove_blob(&self, sha256: &str) -> Result<(), StoreError> {
        self.store.remove_blob(sha256)
    }

    /// Where the file with this SHA-256 is, or would be; nothing for a ledger in memory.
    #[must_use]
    pub fn blob_path(&self, sha256: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("blobs").join(sha256))
    }

    /// Every file that was put forward up to the head of a reading, in a stream or in any, with how it is found: each is read to
    /// its end.
    /// `history` is the reading's.
    ///
    /// # Errors
    /// [`LedgerError`], where entries cannot be read, or a file that is there.
    pub fn exhibits(
        &self,
        history: &History<Sayings>,
        reading: &Reading,
        wanted: Option<&str>,
    ) -> Result<Vec<Checked>, LedgerError> {
        let (mut all, mut spoken, disclosed) = (Vec::new(), Recalled::new(history), self.disclosed()?);
        let mut take = |entry: &Entry, fact: &Fact| {
            if !evidence::files(&entry.request.event, &|_| None).is_empty() {
                let words = spoken.words(fact.action())?;
                all.extend(exhibits(entry, &words, &|digest| disclosed.known(digest)));
            }
            Ok(())
        };
        let range = 0..reading.head.size;
        match wanted {
            Some(subject) => self.stream(subject, range, &mut take)?,
            None => self.replay(range, &mut take)?,
        }
        // A file that several entries name is read once.
        let mut read: HashMap<String, Availability> = HashMap::new();
        let mut checked = Vec::with_capacity(all.len());
        for exhibit in all {
            let sha256 = exhibit.file.sha256.clear().map(str::to_owned);
            let found = match &sha256 {
                None => disclosed.without_digest(&exhibit.file),
                Some(sha256) => {
                    let found = match read.get(sha256) {
                        Some(known) => *known,
                        None => found(self.copy_blob(sha256, &mut io::sink())?),
                    };
                    read.insert(sha256.clone(), found);
                    // One entry may say its size wrongly, and another not.
                    match found {
                        Availability::Found if self.blob_size(sha256)? != Some(exhibit.file.size) => {
                            Availability::Changed
                        }
                        found => found,
                    }
                }
            };
            let path = sha256.and_then(|sha256| self.blob_path(&sha256));
            checked.push(Checked { exhibit, found, path });
        }
        Ok(checked)
    }
}

/// Refuses a request that says of a file kept here another size than it has: by its size an erased one is found whose digest is lost.
/// A file that is kept elsewhere is taken at its word.
pub(super) fn sized(store: &dyn Store, event: &Event, disclosures: &[Disclosure]) -> Result<(), RecordError> {
    let known = |digest: &str| disclosures.iter().find(|each| each.digest().to_string() == digest).cloned();
    for file in evidence::files(event, &known) {
        let Some(sha256) = file.sha256.clear() else { continue };
        let Ok(Some(kept)) = store.blob_size(sha256) else { continue };
        // One that has changed here, or cannot be read, says nothing of the file that was meant.
        let is_whole = || matches!(store.copy_blob(sha256, &mut io::sink()), Ok(Condition::Whole));
        if kept != file.size && is_whole() {
            return Err(RecordError::Sized { number: file.number, said: file.size, kept });
        }
    }
    Ok(())
}

const fn found(condition: Condition) -> Availability {
    match condition {
        Condition::Whole => Availability::Found,
        Condition::Missing => Availability::Missing,
        Condition::Changed => Availability::Changed,
    }
}
