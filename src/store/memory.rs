//! The store in memory: the contract at its shortest, for tests and for trying things out. Nothing in it is durable.

use super::{AppendError, Head, Store, StoreError, advance};
use std::ops::Range;

/// A log that is gone with its process.
#[derive(Debug)]
pub struct Memory {
    lines: Vec<Vec<u8>>,
    head: Head,
}

impl Default for Memory {
    fn default() -> Self {
        Self { lines: Vec::new(), head: Head::EMPTY }
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
        for (sequence, line) in (0..).zip(&self.lines).filter(|(sequence, _)| range.contains(sequence)) {
            each(sequence, line);
        }
        Ok(())
    }
}
