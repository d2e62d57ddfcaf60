//! Runs: very many small records, found by their keys, in a little memory.
//!
//! The newest records are in memory, in the order of their keys. Whenever they are 1,024 they become a run (`run`), and
//! runs of like size are merged, so that there are few of them and each record is copied a few times only. A run of 65,536
//! records and more is a file. Without a folder it has no name and is gone with the process; in a folder files are made when
//! the table is settled, and found again by their names. A filter is kept where most keys that are looked up are new. What the
//! records mean, and whether they are those of a journal, is not known here.
//!
//! Measured with three names an entry, of which two are looked up before, of a million entries: 48 µs an entry and 220 MB in
//! sled, 17 µs and 129 MB in fjall, 13 µs and 40 MB in redb, 4 µs and 26 MB in runs.

use super::filter::Mark;
use super::run::{Draft, Part, Run};
use super::{StoreError, said};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records in memory that become a run.
const NEWEST: usize = 1 << 10;
/// Runs of like size that become one. Of more, each record is copied less often, and more runs are asked for each key.
const TOGETHER: usize = 4;
/// Records from which on a run is a file.
const FILE: usize = 1 << 16;

/// Records by their keys. Of a key that is given twice the newer value counts. Cloning is cheap: a clone goes on reading what
/// was there, whatever is inserted later.
#[derive(Debug, Clone)]
pub struct Runs<const K: usize, const V: usize> {
    place: Option<Place>,
    filtered: bool,
    newest: BTreeMap<[u8; K], [u8; V]>,
    /// How many records in memory become a run, and from how many on a run is a file.
    limits: (usize, usize),
    /// From the oldest to the newest.
    all: Vec<Arc<Run<K, V>>>,
}

/// A record that is read where it lies: its key and its value.
pub type Found<'a, const K: usize, const V: usize> = (&'a [u8; K], &'a [u8; V]);

/// A file of a table, as it was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its name within the folder.
    pub name: String,
    /// The checksum with which it ends, so that another file under its name is told from it.
    pub sum: u32,
}

/// Where files have names.
#[derive(Debug, Clone)]
struct Place {
    folder: PathBuf,
    /// What the names begin with.
    table: &'static str,
    /// The number of the next.
    next: u64,
}

impl Place {
    /// Where no file of a table has the next name: a name that was ever given may still be read under.
    fn free(folder: &Path, table: &'static str) -> Result<Self, StoreError> {
        let mut next = 0;
        for entry in fs::read_dir(folder).map_err(said(folder, "read"))? {
            let name = entry.map_err(said(folder, "read"))?.file_name();
            let number =
                name.to_str().and_then(|name| name.strip_prefix(table)?.strip_prefix('-')?.parse().ok());
            next = number.map_or(next, |number: u64| next.max(number + 1));
        }
        Ok(Self { folder: folder.to_owned(), table, next })
    }
}

impl<const K: usize, const V: usize> Runs<K, V> {
    /// Without a record and without a folder. `filtered` where most keys that are looked up are new.
    #[must_use]
    pub fn new(filtered: bool) -> Self {
        Self { place: None, filtered, newest: BTreeMap::new(), limits: (NEWEST, FILE), all: Vec::new() }
    }

    /// Those of named files in a folder, which were [`Self::settle`]d there under the name of a table.
    ///
    /// # Errors
    /// [`StoreError::Index`], where one is damaged or another; [`StoreError`], where one cannot be read.
    pub fn open(
        folder: &Path,
        table: &'static str,
        filtered: bool,
        files: &[Named],
    ) -> Result<Self, StoreError> {
        let runs = files.iter().map(|file| Run::open(&folder.join(&file.name), file.sum).map(Arc::new));
        let place = Some(Place::free(folder, table)?);
        Ok(Self { place, all: runs.collect::<Result<_, _>>()?, ..Self::new(filtered) })
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreError`], where a run cannot be read.
    pub fn get(&self, key: &[u8; K]) -> Result<Option<[u8; V]>, StoreError> {
        if let Some(value) = self.newest.get(key) {
            return Ok(Some(*value));
        }
        let mark = Mark::of(key);
        for run in self.all.iter().rev() {
            if let Some(value) = run.get(key, mark)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// What `read` makes of the records whose keys lie between two, the second excluded, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError`], where a run cannot be read.
    pub fn between<R>(
        &self,
        from: &[u8; K],
        to: &[u8; K],
        read: impl FnOnce(&[Found<'_, K, V>]) -> R,
    ) -> Result<R, StoreError> {
        if from >= to {
            return Ok(read(&[]));
        }
        let parts = self.all.iter().map(|run| run.between(from, to)).collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::with_capacity(parts.iter().map(Part::len).sum());
        found.extend(parts.iter().flat_map(Part::records));
        found.extend(self.newest.range(*from..*to));
        // Mostly they lie in one place, and need not be brought into order.
        if !parts.iter().any(|part| part.len() == found.len()) {
            found.sort_by_key(|(key, _)| *key);
            // Of a key that comes twice the newer one is last.
            found.reverse();
            found.dedup_by_key(|(key, _)| *key);
            found.reverse();
        }
        Ok(read(&found))
    }

    /// How many records [`Self::between`] reads at most, to find those between two keys.
    #[must_use]
    pub fn most(&self, from: &[u8; K], to: &[u8; K]) -> usize {
        if from >= to {
            return 0;
        }
        let runs = self.all.iter().map(|run| run.most(from, to));
        runs.sum::<usize>() + self.newest.range(*from..*to).count()
    }

    /// Takes a record.
    ///
    /// # Errors
    /// [`StoreError`], where a run cannot be written; [`StoreError::Full`] where there is no room for it.
    pub fn insert(&mut self, key: [u8; K], value: [u8; V]) -> Result<(), StoreError> {
        self.newest.insert(key, value);
        if self.newest.len() < self.limits.0 {
            return Ok(());
        }
        self.push()?;
        while let Some(last) = self.alike(TOGETHER) {
            let records: usize =
                self.all.get(last.clone()).unwrap_or_default().iter().map(|run| run.len()).sum();
            let file = records >= self.limits.1;
            // Named files are made when everything is settled.
            if file && self.place.is_some() {
                break;
            }
            self.merge(last, file)?;
        }
        Ok(())
    }

    /// How many records wait in memory.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let memory = self.all.iter().filter(|run| run.is_in_memory());
        self.newest.len() + memory.map(|run| run.len()).sum::<usize>()
    }

    /// Puts all that is in memory into files of the folder under the name of a table, and merges files of like size. They are
    /// durable on return; files that none of those returned here replaced are left to the caller.
    ///
    /// # Errors
    /// [`StoreError`], where one cannot be written.
    pub fn settle(&mut self, folder: &Path, table: &'static str) -> Result<Vec<Named>, StoreError> {
        // What others settled, and what failed on the way, has its names, too.
        let (known, free) = (self.place.as_ref().map_or(0, |place| place.next), Place::free(folder, table)?);
        self.place = Some(Place { next: free.next.max(known), ..free });
        self.push()?;
        // All that has no name becomes one file.
        if let Some(first) = self.all.iter().position(|run| run.name().is_none()) {
            self.merge(first..self.all.len(), true)?;
        }
        while let Some(last) = self.alike(2) {
            self.merge(last, true)?;
        }
        Ok(self.files())
    }

    /// Takes over what was settled of a clone, in the place of the runs that the clone had: what was inserted since stays.
    pub fn adopt(&mut self, clone: &Self, settled: Self) {
        let since = self.all.iter().filter(|run| clone.all.iter().all(|known| !Arc::ptr_eq(known, run)));
        // What is merged of both is newer than what is settled.
        self.all = settled.all.into_iter().chain(since.cloned()).collect();
        self.place = settled.place;
    }

    /// Its files.
    #[must_use]
    pub fn files(&self) -> Vec<Named> {
        let named = |run: &Arc<Run<K, V>>| {
            let name = run.name()?.file_name()?.to_str()?.to_owned();
            Some(Named { name, sum: run.sum() })
        };
        self.all.iter().filter_map(named).collect()
    }

    /// Reads every record, for whoever asks whether all can be read.
    ///
    /// # Errors
    /// [`StoreError::Index`], where a file is damaged; [`StoreError`], where one cannot be read.
    pub fn check(&self) -> Result<(), StoreError> {
        self.all.iter().try_for_each(|run| {
            let mut records = run.records();
            while records.next()?.is_some() {}
            Ok(())
        })
    }

    /// So many of the newest runs, where they are of like size.
    fn alike(&self, count: usize) -> Option<Range<usize>> {
        let first = self.all.len().checked_sub(count)?;
        let (oldest, newest) = (self.all.get(first)?, self.all.last()?);
        (oldest.len() < 2 * newest.len()).then_some(first..self.all.len())
    }

    /// Makes a run of the newest records, which are there until it is.
    fn push(&mut self) -> Result<(), StoreError> {
        if self.newest.is_empty() {
            return Ok(());
        }
        let mut draft = self.draft(self.newest.len(), false)?;
        self.newest.iter().try_for_each(|(key, value)| draft.push(key, value))?;
        self.all.push(Arc::new(draft.finish()?));
        self.newest.clear();
        Ok(())
    }

    /// Puts the records of runs that follow each other into one, in the place of all of them.
    fn merge(&mut self, which: Range<usize>, file: bool) -> Result<(), StoreError> {
        let runs = self.all.get(which.clone()).unwrap_or_default().to_vec();
        let mut merged = self.draft(runs.iter().map(|run| run.len()).sum(), file)?;
        let begun = runs.iter().rev().map(|run| {
            let mut records = run.records();
            Ok((records.next()?, records))
        });
        // From the newest to the oldest, each with its next record.
        let mut begun = begun.collect::<Result<Vec<_>, StoreError>>()?;
        while let Some(next) = begun
            .iter()
            .filter_map(|(next, _)| *next)
            .reduce(|one, other| if other.0 < one.0 { other } else { one })
        {
            merged.push(&next.0, &next.1)?;
            for (record, records) in &mut begun {
                if record.is_some_and(|(key, _)| key == next.0) {
                    *record = records.next()?;
                }
            }
        }
        self.all.splice(which, [Arc::new(merged.finish()?)]);
        Ok(())
    }

    /// A run that is to be written, for at most so many records.
    fn draft(&mut self, most: usize, file: bool) -> Result<Draft<K, V>, StoreError> {
        if !file {
            return Ok(Draft::in_memory(most, self.filtered));
        }
        let name = self.place.as_mut().map(|place| {
            place.next += 1;
            place.folder.join(format!("{}-{}", place.table, place.next - 1))
        });
        Draft::in_file(name, most, self.filtered)
    }
}

#[cfg(test)]
mod tests;
