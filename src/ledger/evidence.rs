//! Evidence: the files that are kept beside the journal, each under its SHA-256, before an event names them, and how they are
//! found. Which files an event names is in [`crate::record::evidence`].

use super::index::Sayings;
use super::{Ledger, LedgerError};
use crate::projection::evidence::exhibits;
use crate::projection::reading::Reading;
use crate::record::evidence;
use crate::record::fact::Fact;
use crate::record::history::{History, Recalled};
use crate::report::evidence::{Availability, Checked};
use crate::store::{Blob, Condition, StoreError};
use crate::trail::entry::Entry;
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
                    if let Some(known) = read.get(sha256) {
                        *known
                    } else {
                        let found = found(self.copy_blob(sha256, &mut io::sink())?);
                        read.insert(sha256.clone(), found);
                        found
                    }
                }
            };
            let path = sha256.and_then(|sha256| self.blob_path(&sha256));
            checked.push(Checked { exhibit, found, path });
        }
        Ok(checked)
    }
}

const fn found(condition: Condition) -> Availability {
    match condition {
        Condition::Whole => Availability::Found,
        Condition::Missing => Availability::Missing,
        Condition::Changed => Availability::Changed,
    }
}
