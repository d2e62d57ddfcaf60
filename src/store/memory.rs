//! The store in memory: the contract at its shortest, for tests and for trying things out. Nothing in it is durable.

use super::{AppendError, Blob, Condition, Head, Store, StoreError, advance};
use crate::trail::hash::sha256;
use crate::trail::lines::Lines;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A log that is gone with its process.
#[derive(Default)]
pub struct Memory {
    kept: RwLock<Kept>,
    /// Whose files are here as well.
    behind: Option<Box<dyn Store>>,
}

#[derive(Debug)]
struct Kept {
    /// Shared with whoever reads, so that nobody who appends waits for them.
    lines: Vec<Arc<[u8]>>,
    head: Head,
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { lines: Vec::new(), head: Head::EMPTY, blobs: BTreeMap::new() }
    }
}

impl Memory {
    /// Lets the files of another store be found in this one.
    pub fn before(&mut self, other: Box<dyn Store>) {
        self.behind = Some(other);
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn head(&self) -> Head {
        self.kept().head
    }

    fn append(&self, expected: Head, batch: &Lines) -> Result<Head, AppendError> {
        let mut kept = self.changed();
        if expected != kept.head {
            return Err(AppendError::Conflict(kept.head));
        }
        kept.head = advance(kept.head, batch)?;
        kept.lines.extend(batch.iter().map(Arc::from));
        Ok(kept.head)
    }

    fn read(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        let place = |sequence| usize::try_from(sequence).unwrap_or(usize::MAX);
        let count = place(range.end.saturating_sub(range.start));
        let lines: Vec<Arc<[u8]>> =
            self.kept().lines.iter().skip(place(range.start)).take(count).cloned().collect();
        (range.start..).zip(lines).for_each(|(sequence, line)| each(sequence, &line));
        Ok(())
    }

    fn put_blob(&self, bytes: &mut dyn Read) -> Result<Blob, StoreError> {
        let mut all = Vec::new();
        bytes.read_to_end(&mut all).map_err(StoreError::Input)?;
        let (sha256, size) = (sha256(&all), all.len() as u64);
        let known = self.changed().blobs.insert(sha256.clone(), all).is_some();
        let before = if known { Condition::Whole } else { Condition::Missing };
        Ok(Blob { sha256, size, before })
    }

    fn copy_blob(&self, sha256: &str, to: &mut dyn Write) -> Result<Condition, StoreError> {
        let Some(bytes) = self.kept().blobs.get(sha256).cloned() else {
            return self
                .behind
                .as_ref()
                .map_or(Ok(Condition::Missing), |behind| behind.copy_blob(sha256, to));
        };
        to.write_all(&bytes).map_err(StoreError::Output)?;
        Ok(Condition::Whole)
    }

    fn blob_size(&self, sha256: &str) -> Result<Option<u64>, StoreError> {
        let own = self.kept().blobs.get(sha256).map(|bytes| bytes.len() as u64);
        match &self.behind {
            Some(behind) if own.is_none() => behind.blob_size(sha256),
            _ => Ok(own),
        }
    }

    fn blobs_of(&self, size: u64) -> Result<Vec<String>, StoreError> {
        let kept = self.kept();
        let same = kept.blobs.iter().filter(|(_, bytes)| bytes.len() as u64 == size);
        Ok(same.map(|(sha256, _)| sha256.clone()).collect())
    }

    fn remove_blob(&self, sha256: &str) -> Result<(), StoreError> {
        self.changed().blobs.remove(sha256);
        Ok(())
    }
}
