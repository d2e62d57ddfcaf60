//! The store in memory: the contract at its shortest, for tests and for trying things out. Nothing in it is durable.

use super::{AppendError, Blob, Condition, Head, Store, StoreError, advance};
use crate::trail::hash::sha256;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::ops::Range;

/// A log that is gone with its process.
#[derive(Debug)]
pub struct Memory {
    lines: Vec<Vec<u8>>,
    head: Head,
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { lines: Vec::new(), head: Head::EMPTY, blobs: BTreeMap::new() }
    }
}

impl Store for Memory {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, expected: Head, batch: &[Vec<u8>]) -> Result<Head, AppendError> {
        if expected != self.head {
            return Err(AppendError::Conflict(self.head));
        }
        self.head = advance(self.head, batch)?;
        self.lines.extend_from_slice(batch);
        Ok(self.head)
    }

    fn read(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        let place = |sequence| usize::try_from(sequence).unwrap_or(usize::MAX);
        let count = place(range.end.saturating_sub(range.start));
        for (sequence, line) in (range.start..).zip(self.lines.iter().skip(place(range.start)).take(count)) {
            each(sequence, line);
        }
        Ok(())
    }

    fn put_blob(&mut self, bytes: &mut dyn Read) -> Result<Blob, StoreError> {
        let mut all = Vec::new();
        bytes.read_to_end(&mut all).map_err(StoreError::Input)?;
        let (sha256, size) = (sha256(&all), all.len() as u64);
        let known = self.blobs.insert(sha256.clone(), all).is_some();
        let before = if known { Condition::Whole } else { Condition::Missing };
        Ok(Blob { sha256, size, before })
    }

    fn copy_blob(&self, sha256: &str, to: &mut dyn Write) -> Result<Condition, StoreError> {
        let Some(bytes) = self.blobs.get(sha256) else { return Ok(Condition::Missing) };
        to.write_all(bytes).map_err(StoreError::Output)?;
        Ok(Condition::Whole)
    }

    fn remove_blob(&mut self, sha256: &str) -> Result<(), StoreError> {
        self.blobs.remove(sha256);
        Ok(())
    }
}
