//! The shelf: values that memory is not to hold all the time, each under its name. They lie in a file that has no name
//! itself and is gone with the process.

use super::StoreError;
use super::names::failed;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

/// Bytes of values that were replaced, above which the file is written anew if they are more than half of it.
const SLACK: u64 = 16 << 20;

/// Values by name; memory holds where each is.
#[derive(Debug, Default)]
pub struct Shelf {
    file: Option<File>,
    /// Offset and length of each value.
    places: HashMap<String, (u64, usize)>,
    end: u64,
    live: u64,
}

impl Shelf {
    /// The value under a name.
    ///
    /// # Errors
    /// [`StoreError`], where it cannot be read.
    pub fn get(&mut self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (Some(file), Some((offset, length))) = (&mut self.file, self.places.get(name)) else {
            return Ok(None);
        };
        let mut value = vec![0; *length];
        let begin = SeekFrom::Start(*offset);
        file.seek(begin).and_then(|_| file.read_exact(&mut value)).map_err(failed("read"))?;
        Ok(Some(value))
    }

    /// Puts a value under a name, in place of the one before.
    ///
    /// # Errors
    /// [`StoreError`], where it cannot be written; [`StoreError::Full`] where the temporary folder is full.
    pub fn put(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.write(name, value)?;
        if self.end - self.live > SLACK.max(self.live) {
            self.compact()?;
        }
        Ok(())
    }

    fn write(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile().map_err(failed("made"))?,
        };
        let file = self.file.insert(file);
        let end = SeekFrom::Start(self.end);
        file.seek(end).and_then(|_| file.write_all(value)).map_err(failed("written"))?;
        let before = self.places.insert(name.to_owned(), (self.end, value.len()));
        self.end += value.len() as u64;
        self.live += value.len() as u64;
        self.live -= before.map_or(0, |(_, length)| length as u64);
        Ok(())
    }

    fn compact(&mut self) -> Result<(), StoreError> {
        let mut compacted = Self::default();
        for name in self.places.keys().cloned().collect::<Vec<_>>() {
            if let Some(value) = self.get(&name)? {
                compacted.write(&name, &value)?;
            }
        }
        *self = compacted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_is_the_one_that_is_found_and_the_file_stays_small() {
        let mut shelf = Shelf::default();
        assert_eq!(shelf.get("a").unwrap(), None);
        for round in 0..100_u8 {
            for name in ["a", "b", "c"] {
                shelf.put(name, &vec![round; 100_000 + usize::from(round)]).unwrap();
            }
            assert!(shelf.end <= SLACK + 2 * shelf.live, "{} bytes for {}", shelf.end, shelf.live);
        }
        for name in ["a", "b", "c"] {
            assert_eq!(shelf.get(name).unwrap().unwrap(), vec![99; 100_099]);
        }
        assert_eq!(shelf.live, 3 * 100_099);
    }
}
