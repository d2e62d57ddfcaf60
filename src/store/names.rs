//! Names: where each of very many names is, in a little memory.
//!
//! The newest names are in memory. Whenever they are 65,536, they become a run: a file of records in the order of their
//! names, `name (N bytes) sequence (8, big-endian)`. Runs of like size are merged, so that there are few of them and each
//! name is copied a few times only. Of a run at most 4,096 names are in memory, and a filter (Bloom 1970) of at most
//! 1 MB, because most names that are looked up are new: a name that the filter has not is not in the run. The files have no
//! name themselves and are gone with the process.
//!
//! Measured with three names an entry, of which two are looked up before, of a million entries: 48 µs an entry and 220 MB in
//! sled, 17 µs and 129 MB in fjall, 13 µs and 40 MB in redb, 4 µs and 26 MB in runs.

use super::{StoreError, said};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// Names in memory: at 40 bytes each, and a little more for the table that they are in, 5 MB.
const NEWEST: usize = 1 << 16;
/// Names of a run in memory.
const FENCES: usize = 4096;
/// Records that are read at once.
const BLOCK: usize = 128;
/// Words of 64 bits in a filter: enough for 10 bits a name, of which one name in a hundred is taken for another, up to
/// 800,000 names; above that the filter spares less.
const FILTER: usize = 1 << 17;
/// Bits that a name sets.
const BITS: u64 = 4;

/// Names of a length, each with a sequence. Of a name that is given twice the newer sequence counts.
#[derive(Debug)]
pub struct Names<const N: usize> {
    newest: HashMap<[u8; N], u64>,
    /// How many names in memory become a run.
    limit: usize,
    /// From the oldest to the newest.
    runs: Vec<Run<N>>,
}

#[derive(Debug)]
struct Run<const N: usize> {
    file: File,
    count: usize,
    /// Every so many records one stands among the fences.
    stride: usize,
    fences: Vec<[u8; N]>,
    filter: Filter,
}

/// Which names may be there.
#[derive(Debug)]
struct Filter(Vec<u64>);

impl Filter {
    fn new(names: usize) -> Self {
        Self(vec![0; (names / 6).clamp(1, FILTER)])
    }

    /// The words and the bits in them that stand for a name.
    fn bits<const N: usize>(&self, name: &[u8; N]) -> impl Iterator<Item = (usize, u64)> + use<N> {
        // Whoever chooses names may choose some that look alike here: that costs time, and finds nothing wrong.
        let mut hasher = DefaultHasher::new();
        hasher.write(name);
        let (hash, size) = (hasher.finish(), self.0.len() as u64 * 64);
        (0..BITS)
            .map(move |bit| hash.wrapping_add(bit.wrapping_mul(hash.rotate_left(32) | 1)) % size)
            .map(|bit| (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64)))
    }

    fn add<const N: usize>(&mut self, name: &[u8; N]) {
        for (word, bit) in self.bits(name) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    fn may_have<const N: usize>(&self, name: &[u8; N]) -> bool {
        self.bits(name).all(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }
}

impl<const N: usize> Default for Names<N> {
    fn default() -> Self {
        Self { newest: HashMap::new(), limit: NEWEST, runs: Vec::new() }
    }
}

impl<const N: usize> Names<N> {
    /// The sequence of a name.
    ///
    /// # Errors
    /// [`StoreError`], where a run cannot be read.
    pub fn get(&mut self, name: &[u8; N]) -> Result<Option<u64>, StoreError> {
        if let Some(sequence) = self.newest.get(name) {
            return Ok(Some(*sequence));
        }
        for run in self.runs.iter_mut().rev() {
            if let Some(sequence) = run.get(name)? {
                return Ok(Some(sequence));
            }
        }
        Ok(None)
    }

    /// Takes a name.
    ///
    /// # Errors
    /// [`StoreError`], where a run cannot be written; [`StoreError::Full`] where the temporary folder is full.
    pub fn insert(&mut self, name: [u8; N], sequence: u64) -> Result<(), StoreError> {
        self.newest.insert(name, sequence);
        if self.newest.len() < self.limit {
            return Ok(());
        }
        let mut newest: Vec<_> = self.newest.drain().collect();
        newest.sort_unstable();
        let mut run = Draft::new(newest.len())?;
        for (name, sequence) in newest {
            run.push(name, sequence)?;
        }
        self.runs.push(run.finish()?);
        while let [.., older, newer] = self.runs.as_mut_slice()
            && older.count < 2 * newer.count
        {
            let merged = merge(older, newer)?;
            self.runs.truncate(self.runs.len() - 2);
            self.runs.push(merged);
        }
        Ok(())
    }
}

impl<const N: usize> Run<N> {
    fn get(&mut self, name: &[u8; N]) -> Result<Option<u64>, StoreError> {
        if !self.filter.may_have(name) {
            return Ok(None);
        }
        let Some(fence) = self.fences.partition_point(|fence| fence <= name).checked_sub(1) else {
            return Ok(None);
        };
        let (mut from, mut to) = (fence * self.stride, ((fence + 1) * self.stride).min(self.count));
        let mut records = vec![0; BLOCK * (N + 8)];
        while to - from > BLOCK {
            let middle = from + (to - from) / 2;
            let mut first = self.read(middle, records.get_mut(..N + 8).unwrap_or_default())?;
            match first.next().map(|(first, _)| first.cmp(name)) {
                Some(Ordering::Greater) => to = middle,
                _ => from = middle,
            }
        }
        let here = records.get_mut(..(to - from) * (N + 8)).unwrap_or_default();
        let mut found = self.read(from, here)?.find(|(known, _)| known == name);
        Ok(found.take().map(|(_, sequence)| sequence))
    }

    /// The records from one on, as many as the buffer holds.
    fn read<'a>(
        &mut self,
        from: usize,
        buffer: &'a mut [u8],
    ) -> Result<impl Iterator<Item = ([u8; N], u64)> + use<'a, N>, StoreError> {
        let begin = SeekFrom::Start((from * (N + 8)) as u64);
        self.file.seek(begin).and_then(|_| self.file.read_exact(buffer)).map_err(failed("read"))?;
        Ok(buffer.chunks_exact(N + 8).filter_map(record))
    }

    fn records(&mut self) -> Result<impl Iterator<Item = Result<([u8; N], u64), StoreError>>, StoreError> {
        self.file.rewind().map_err(failed("read"))?;
        let (mut reader, mut bytes) = (BufReader::with_capacity(1 << 16, &self.file), vec![0; N + 8]);
        let each = move |_| {
            let read = reader.read_exact(&mut bytes).map_err(failed("read"));
            read.map(|()| record(&bytes)).transpose()
        };
        Ok((0..self.count).map_while(each))
    }
}

fn record<const N: usize>(bytes: &[u8]) -> Option<([u8; N], u64)> {
    let (name, sequence) = bytes.split_first_chunk()?;
    Some((*name, u64::from_be_bytes(sequence.try_into().ok()?)))
}

/// A run that is being written.
struct Draft<const N: usize> {
    out: BufWriter<File>,
    count: usize,
    stride: usize,
    fences: Vec<[u8; N]>,
    filter: Filter,
}

impl<const N: usize> Draft<N> {
    /// For at most so many names.
    fn new(most: usize) -> Result<Self, StoreError> {
        let file = tempfile::tempfile().map_err(failed("made"))?;
        let out = BufWriter::with_capacity(1 << 16, file);
        let stride = most.div_ceil(FENCES).max(BLOCK);
        Ok(Self { out, count: 0, stride, fences: Vec::new(), filter: Filter::new(most) })
    }

    fn push(&mut self, name: [u8; N], sequence: u64) -> Result<(), StoreError> {
        if self.count.is_multiple_of(self.stride) {
            self.fences.push(name);
        }
        self.count += 1;
        self.filter.add(&name);
        let written = self.out.write_all(&name).and_then(|()| self.out.write_all(&sequence.to_be_bytes()));
        written.map_err(failed("written"))
    }

    fn finish(self) -> Result<Run<N>, StoreError> {
        let Self { out, count, stride, fences, filter } = self;
        let file = out.into_inner().map_err(|error| failed("written")(error.into_error()))?;
        Ok(Run { file, count, stride, fences, filter })
    }
}

fn merge<const N: usize>(older: &mut Run<N>, newer: &mut Run<N>) -> Result<Run<N>, StoreError> {
    let mut merged = Draft::new(older.count + newer.count)?;
    let (mut old, mut new) = (older.records()?, newer.records()?);
    let (mut left, mut right) = (old.next().transpose()?, new.next().transpose()?);
    loop {
        let next = match (left, right) {
            (Some((left, _)), Some((right, _))) => left.cmp(&right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return merged.finish(),
        };
        if let Some((name, sequence)) = if next == Ordering::Less { left } else { right } {
            merged.push(name, sequence)?;
        }
        if next.is_le() {
            left = old.next().transpose()?;
        }
        if next.is_ge() {
            right = new.next().transpose()?;
        }
    }
}

/// What failed in a file of the temporary folder.
pub(super) fn failed(doing: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    move |error| said(&std::env::temp_dir(), doing)(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn names_are_found_as_in_a_map(seed in any::<u64>(), count in 0_u64..2_000, limit in 20_usize..300) {
            let (mut names, mut map) = (Names::<16> { limit, ..Names::default() }, BTreeMap::new());
            for sequence in 0..count {
                // Every seventh name is one that was given before.
                let of = if sequence % 7 == 6 { sequence / 2 } else { sequence };
                let name = u128::from(seed.wrapping_mul(2 * of + 1)).to_be_bytes();
                names.insert(name, sequence).unwrap();
                map.insert(name, sequence);
            }
            prop_assert!(names.runs.iter().map(|run| run.count).is_sorted_by(|older, newer| older > newer));
            prop_assert!(names.runs.len() <= 8);
            for (name, sequence) in map {
                prop_assert_eq!(names.get(&name).unwrap(), Some(sequence));
            }
            prop_assert_eq!(names.get(&[0xff; 16]).unwrap(), None);
            prop_assert_eq!(names.get(&[0; 16]).unwrap(), None);
        }
    }

    #[test]
    fn a_filter_has_every_name_of_its_run_and_few_others() {
        let mut filter = Filter::new(10_000);
        let name = |number: u64| u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)).to_be_bytes();
        (0..10_000).for_each(|number| filter.add(&name(number)));
        assert!((0..10_000).all(|number| filter.may_have(&name(number))));
        let others = (10_000..20_000).filter(|number| filter.may_have(&name(*number))).count();
        assert!(others < 200, "{others} of 10,000 are taken for others");
    }

    #[test]
    fn between_two_fences_a_name_is_found_by_halving() {
        let mut run = Draft::<4>::new(0).unwrap();
        run.stride = 5_000;
        for number in 0..12_345_u32 {
            run.push((2 * number).to_be_bytes(), number.into()).unwrap();
        }
        let mut run = run.finish().unwrap();
        assert_eq!(run.fences.len(), 3);
        for number in 0..12_345_u32 {
            assert_eq!(run.get(&(2 * number).to_be_bytes()).unwrap(), Some(number.into()));
            assert_eq!(run.get(&(2 * number + 1).to_be_bytes()).unwrap(), None);
        }
    }
}
