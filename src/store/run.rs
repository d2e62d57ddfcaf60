//! A run: records in the order of their keys, in memory or in a file, which never changes.
//!
//! ```text
//! record …      key (K bytes), value (V bytes)
//! fence …       the first key of each block of records
//! checksum …    CRC-32 of each block (4)
//! filter …      words of 64 bits (8 each)
//! records (8) block (8) blocks (8) words (8) checksum of all since the last record (4)
//! ```
//!
//! Numbers are little-endian. Fences, checksums and the filter are in memory. How runs make a table is in [`super::runs`].

use super::disk;
use super::filter::{Filter, Mark};
use super::writing::Writing;
use super::{StoreError, said};
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};
use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Most blocks of a run.
const BLOCKS: usize = 1 << 14;
/// Fewest records of a block.
const BLOCK: usize = 64;
/// Records from which on a file is worth a sync.
const SYNCED: usize = 1 << 10;
/// Bytes that are written at a time.
const WRITTEN: usize = 1 << 18;
/// Bytes of the last part of a file.
const TAIL: usize = 36;

/// A record.
pub(super) type Record<const K: usize, const V: usize> = ([u8; K], [u8; V]);

#[derive(Debug)]
pub(super) struct Run<const K: usize, const V: usize> {
    bytes: Bytes,
    count: usize,
    /// Records in a block.
    block: usize,
    fences: Vec<[u8; K]>,
    sums: Vec<u32>,
    filter: Filter,
    /// The last checksum of a file, which is of the others and so of all of it.
    sum: u32,
}

#[derive(Debug)]
enum Bytes {
    Memory(Vec<u8>),
    File { file: File, name: Option<PathBuf> },
}

impl<const K: usize, const V: usize> Run<K, V> {
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    pub(super) const fn is_in_memory(&self) -> bool {
        matches!(self.bytes, Bytes::Memory(_))
    }

    /// Its file, if that has a name.
    pub(super) fn name(&self) -> Option<&Path> {
        match &self.bytes {
            Bytes::File { name, .. } => name.as_deref(),
            Bytes::Memory(_) => None,
        }
    }

    fn path(&self) -> PathBuf {
        self.name().map_or_else(std::env::temp_dir, Path::to_owned)
    }

    /// The last checksum of its file.
    pub(super) const fn sum(&self) -> u32 {
        self.sum
    }

    /// One in a named file, which ends with this checksum.
    pub(super) fn open(path: &Path, sum: u32) -> Result<Self, StoreError> {
        let file = disk::open(path).map_err(said(path, "read"))?;
        let length = file.metadata().map_err(said(path, "read"))?.len();
        let bytes = Bytes::File { file, name: Some(path.to_owned()) };
        let run = Self {
            bytes,
            count: 0,
            block: 0,
            fences: Vec::new(),
            sums: Vec::new(),
            filter: Filter::default(),
            sum,
        };
        run.described(length)?.ok_or_else(|| StoreError::Index(path.to_owned()))
    }

    /// Reads what stands after the records.
    fn described(mut self, length: u64) -> Result<Option<Self>, StoreError> {
        let (Bytes::File { file, .. }, Some(end)) = (&self.bytes, length.checked_sub(TAIL as u64)) else {
            return Ok(None);
        };
        let tail = self.read(file, end, TAIL)?;
        let (numbers, sum) = tail.split_at(TAIL - 4);
        let mut numbers = numbers.as_chunks().0.iter().map(|number| u64::from_le_bytes(*number));
        let mut number =
            || numbers.next().and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX);
        let (count, block, blocks, words) = (number(), number(), number(), number());
        let part = |size: usize, count: usize| size.checked_mul(count);
        let parts = [part(K + V, count), part(K + 4, blocks), part(8, words)];
        let [Some(records), Some(fences), Some(filter)] = parts else { return Ok(None) };
        let whole =
            records.checked_add(fences).and_then(|size| size.checked_add(filter)).map(|size| size as u64);
        if whole != Some(end) || block == 0 || count.div_ceil(block) != blocks {
            return Ok(None);
        }
        let described = self.read(file, records as u64, fences + filter)?;
        let mut hash = crc32fast::Hasher::new();
        hash.update(&described);
        hash.update(tail.get(..TAIL - 4).unwrap_or_default());
        // A sound file of another ledger, or an older one, is another file.
        if hash.finalize().to_le_bytes() != *sum || self.sum.to_le_bytes() != *sum {
            return Ok(None);
        }
        let (fences, rest) = described.split_at(K * blocks);
        let (sums, words) = rest.split_at(4 * blocks);
        self.fences = fences.as_chunks().0.to_vec();
        self.sums = sums.as_chunks().0.iter().map(|sum| u32::from_le_bytes(*sum)).collect();
        self.filter = Filter::of(words.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect());
        (self.count, self.block) = (count, block);
        Ok(Some(self))
    }

    /// So many bytes of its file.
    fn read(&self, file: &File, begin: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        read(file, begin, length).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => StoreError::Index(self.path()),
            _ => said(&self.path(), "read")(error),
        })
    }

    /// The records of blocks, the second excluded, as bytes that are checked.
    fn blocks(&self, from: usize, to: usize) -> Result<Cow<'_, [u8]>, StoreError> {
        let record = K + V;
        let (begin, end) = (from * self.block * record, (to * self.block).min(self.count) * record);
        let bytes = match &self.bytes {
            Bytes::Memory(bytes) => return Ok(Cow::Borrowed(bytes.get(begin..end).unwrap_or_default())),
            Bytes::File { file, .. } => self.read(file, begin as u64, end.saturating_sub(begin))?,
        };
        let sums = self.sums.get(from..to).unwrap_or_default();
        if bytes.chunks(self.block * record).map(crc32fast::hash).ne(sums.iter().copied()) {
            return Err(StoreError::Index(self.path()));
        }
        Ok(Cow::Owned(bytes))
    }

    /// The block that a key lies in, if it lies in one.
    fn block_of(&self, key: &[u8; K]) -> Option<usize> {
        self.fences.partition_point(|fence| fence <= key).checked_sub(1)
    }

    /// The value of a key, which `mark` stands for.
    pub(super) fn get(&self, key: &[u8; K], mark: Mark) -> Result<Option<[u8; V]>, StoreError> {
        if !self.filter.may_have(mark) {
            return Ok(None);
        }
        let Some(block) = self.block_of(key) else { return Ok(None) };
        let bytes = self.blocks(block, block + 1)?;
        let found = record::<K, V>(&bytes, before::<K, V>(&bytes, key));
        Ok(found.filter(|(found, _)| found == key).map(|(_, value)| value))
    }

    /// In which blocks keys between two can lie, the second excluded.
    fn blocks_between(&self, from: &[u8; K], to: &[u8; K]) -> Range<usize> {
        self.block_of(from).unwrap_or(0)..self.fences.partition_point(|fence| fence < to)
    }

    /// How many records those blocks have at most.
    pub(super) fn most(&self, from: &[u8; K], to: &[u8; K]) -> usize {
        self.blocks_between(from, to).len() * self.block
    }

    /// The records whose keys lie between two, the second excluded.
    pub(super) fn between(&self, from: &[u8; K], to: &[u8; K]) -> Result<Part<'_, K, V>, StoreError> {
        let blocks = self.blocks_between(from, to);
        let bytes =
            if blocks.is_empty() { Cow::Borrowed(&[][..]) } else { self.blocks(blocks.start, blocks.end)? };
        let range = before::<K, V>(&bytes, from)..before::<K, V>(&bytes, to);
        Ok(Part { bytes, range })
    }

    /// All records.
    pub(super) const fn records(&self) -> Records<'_, K, V> {
        Records { run: self, bytes: Cow::Borrowed(&[]), at: 0, block: 0 }
    }
}

/// Some records of a run.
pub(super) struct Part<'a, const K: usize, const V: usize> {
    bytes: Cow<'a, [u8]>,
    range: Range<usize>,
}

impl<const K: usize, const V: usize> Part<'_, K, V> {
    pub(super) fn len(&self) -> usize {
        self.range.len()
    }

    pub(super) fn records(&self) -> impl Iterator<Item = (&[u8; K], &[u8; V])> {
        let bytes = self.bytes.get(self.range.start * (K + V)..self.range.end * (K + V)).unwrap_or_default();
        bytes.chunks_exact(K + V).filter_map(|record| {
            let (key, value) = record.split_first_chunk()?;
            Some((key, value.first_chunk()?))
        })
    }
}

/// The records of a run, from the first on.
pub(super) struct Records<'a, const K: usize, const V: usize> {
    run: &'a Run<K, V>,
    bytes: Cow<'a, [u8]>,
    at: usize,
    block: usize,
}

impl<const K: usize, const V: usize> Records<'_, K, V> {
    pub(super) fn next(&mut self) -> Result<Option<Record<K, V>>, StoreError> {
        if let Some(next) = record(&self.bytes, self.at) {
            self.at += 1;
            return Ok(Some(next));
        }
        if self.block >= self.run.fences.len() {
            return Ok(None);
        }
        // Many blocks at a time, which is what a disk likes.
        let to = (self.block + 64).min(self.run.fences.len());
        self.bytes = self.run.blocks(self.block, to)?;
        (self.block, self.at) = (to, 1);
        Ok(record(&self.bytes, 0))
    }
}

/// So many bytes of a file, in memory that is not cleared first.
fn read(file: &File, begin: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let at = begin + bytes.len() as u64;
        match pread(file, spare_capacity(&mut bytes), at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// How many records have keys below one; they are in order.
fn before<const K: usize, const V: usize>(bytes: &[u8], key: &[u8; K]) -> usize {
    let (mut from, mut to) = (0, bytes.len() / (K + V));
    while from < to {
        let middle = from + (to - from) / 2;
        let is_below = record::<K, V>(bytes, middle).is_some_and(|(found, _)| found < *key);
        (from, to) = if is_below { (middle + 1, to) } else { (from, middle) };
    }
    from
}

fn record<const K: usize, const V: usize>(bytes: &[u8], at: usize) -> Option<Record<K, V>> {
    let bytes = bytes.get(at * (K + V)..(at + 1) * (K + V))?;
    let (key, value) = bytes.split_first_chunk()?;
    Some((*key, value.try_into().ok()?))
}

/// A run that is being written.
pub(super) struct Draft<const K: usize, const V: usize> {
    /// The file that it becomes, and its name; of one in memory nothing.
    out: Option<(Writing, Option<PathBuf>)>,
    /// What is not in the file yet.
    bytes: Vec<u8>,
    /// Where in it the block begins that is being written.
    begun: usize,
    count: usize,
    block: usize,
    fences: Vec<[u8; K]>,
    sums: Vec<u32>,
    filter: Filter,
}

impl<const K: usize, const V: usize> Draft<K, V> {
    /// One in memory, for at most so many records; with a filter, where most keys that are looked up are new.
    pub(super) fn in_memory(most: usize, filtered: bool) -> Self {
        Self::new(None, most, filtered)
    }

    /// One in a file, which has no name where none is given.
    pub(super) fn in_file(name: Option<PathBuf>, most: usize, filtered: bool) -> Result<Self, StoreError> {
        let file = match &name {
            None => tempfile::tempfile().map_err(said(&std::env::temp_dir(), "made"))?,
            Some(path) => {
                let mut options = OpenOptions::new();
                options.read(true).write(true).create_new(true).open(path).map_err(said(path, "made"))?
            }
        };
        let out = Writing::of(name.clone().unwrap_or_else(std::env::temp_dir), file);
        Ok(Self::new(Some((out, name)), most, filtered))
    }

    fn new(out: Option<(Writing, Option<PathBuf>)>, most: usize, filtered: bool) -> Self {
        let filter = if filtered { Filter::new(most) } else { Filter::default() };
        let block = most.div_ceil(BLOCKS).max(BLOCK);
        let bytes =
            Vec::with_capacity(if out.is_some() { WRITTEN + block * (K + V) } else { most * (K + V) });
        Self { out, bytes, begun: 0, count: 0, block, fences: Vec::new(), sums: Vec::new(), filter }
    }

    pub(super) fn push(&mut self, key: &[u8; K], value: &[u8; V]) -> Result<(), StoreError> {
        if self.bytes.len() - self.begun == self.block * (K + V) {
            self.end_block()?;
        }
        if self.bytes.len() == self.begun {
            self.fences.push(*key);
        }
        self.count += 1;
        self.filter.add(key);
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), StoreError> {
        if self.out.is_some() {
            // What is in memory is not damaged.
            self.sums.push(crc32fast::hash(self.bytes.get(self.begun..).unwrap_or_default()));
            if self.bytes.len() >= WRITTEN {
                self.write()?;
            }
        }
        self.begun = self.bytes.len();
        Ok(())
    }

    /// Writes what is not in the file yet.
    fn write(&mut self) -> Result<(), StoreError> {
        if let Some((out, name)) = &mut self.out {
            let written = out.write_all(&self.bytes).map_err(|error| {
                // Room is given back at once where the disk is full.
                let _ = name.as_ref().map(fs::remove_file);
                said(&name.clone().unwrap_or_else(std::env::temp_dir), "written")(error)
            });
            self.bytes.clear();
            written?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Run<K, V>, StoreError> {
        if self.bytes.len() > self.begun {
            self.end_block()?;
        }
        let mut sum = 0;
        if self.out.is_some() {
            let begin = self.bytes.len();
            self.bytes.extend(self.fences.iter().flatten());
            self.bytes.extend(self.sums.iter().flat_map(|sum| sum.to_le_bytes()));
            self.bytes.extend(self.filter.words().iter().flat_map(|word| word.to_le_bytes()));
            for number in [self.count, self.block, self.fences.len(), self.filter.words().len()] {
                self.bytes.extend((number as u64).to_le_bytes());
            }
            sum = crc32fast::hash(self.bytes.get(begin..).unwrap_or_default());
            self.bytes.extend(sum.to_le_bytes());
            self.write()?;
        }
        let bytes = match self.out {
            None => Bytes::Memory(self.bytes),
            Some((out, name)) => {
                // Smaller ones are made anew in no time.
                if let Some(path) = name.as_ref().filter(|_| self.count >= SYNCED) {
                    out.sync().map_err(said(path, "synced"))?;
                }
                Bytes::File { file: out.file(), name }
            }
        };
        let Self { count, block, fences, sums, filter, .. } = self;
        Ok(Run { bytes, count, block, fences, sums, filter, sum })
    }
}
