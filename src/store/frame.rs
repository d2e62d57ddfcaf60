//! A frame: where consecutive lines of one segment lie, as one value, with a checksum, because sled opens some damage as if it
//! were none. The lines are the journal's alone: each byte of an entry is written once.
//!
//! Where frames are kept is in [`super::frames`].

use super::segment::Place;
use crate::trail::hash::LeafHash;
use sha2::{Digest, Sha256};

/// So many that sled has little to do for each line, and so few that little is read where its last frame is not complete.
pub(super) const FRAME_LINES: usize = 50;

/// Consecutive lines of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Sequence of the first line.
    pub(super) first: u64,
    /// Place of the first line.
    pub(super) place: Place,
    /// In bytes, without newlines.
    lengths: Vec<u16>,
    /// Of the last line: a journal that has it is the one that the frame was made of.
    pub(super) last: LeafHash,
}

impl Frame {
    pub(super) const fn new(first: u64, place: Place) -> Self {
        Self { first, place, lengths: Vec::new(), last: LeafHash::NONE }
    }

    /// Whether a line at a place goes in, where another does.
    pub(super) const fn fits(&self, place: Place) -> bool {
        self.place.segment == place.segment
    }

    pub(super) fn push(&mut self, length: u16) {
        self.lengths.push(length);
    }

    /// Whether no other line goes in.
    pub(super) fn is_full(&self) -> bool {
        self.lengths.len() == FRAME_LINES
    }

    /// The sequence after the last line.
    pub(super) fn end(&self) -> u64 {
        self.first + self.lengths.len() as u64
    }

    /// The offset after the last line and its newline.
    pub(super) fn end_offset(&self) -> u64 {
        self.place.offset + self.lengths.iter().map(|length| u64::from(*length) + 1).sum::<u64>()
    }

    /// The lines: their sequences, places, and lengths in bytes without newline.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, Place, usize)> + Clone {
        let mut place = self.place;
        (self.first..).zip(&self.lengths).map(move |(sequence, length)| {
            let here = place;
            place.offset += u64::from(*length) + 1;
            (sequence, here, usize::from(*length))
        })
    }

    /// Whether a line lies where this says. Of the last its hash has to be the same, too.
    pub(super) fn has(&self, sequence: u64, place: Place, line: &[u8]) -> bool {
        self.lines().any(|known| known == (sequence, place, line.len()))
            && (sequence + 1 < self.end() || self.last == LeafHash::of(line))
    }

    /// `checksum (8) segment (8) offset (8) last (32) lines (1) lengths (2 each)`, numbers big-endian.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(57 + 2 * self.lengths.len());
        value.extend(self.place.segment.to_be_bytes());
        value.extend(self.place.offset.to_be_bytes());
        value.extend(self.last.0);
        value.extend(u8::try_from(self.lengths.len()));
        value.extend(self.lengths.iter().flat_map(|length| length.to_be_bytes()));
        sealed(&self.first.to_be_bytes(), &value)
    }

    pub(super) fn decode(key: &[u8], value: &[u8]) -> Option<Self> {
        let value = unsealed(key, value)?;
        let (segment, value) = value.split_first_chunk()?;
        let (offset, value) = value.split_first_chunk()?;
        let (last, value) = value.split_first_chunk()?;
        let (count, value) = value.split_first()?;
        let (lengths, []) = value.as_chunks() else { return None };
        let place = Place { segment: u64::from_be_bytes(*segment), offset: u64::from_be_bytes(*offset) };
        let lengths: Vec<u16> = lengths.iter().map(|length| u16::from_be_bytes(*length)).collect();
        let first = u64::from_be_bytes(key.try_into().ok()?);
        (lengths.len() == usize::from(*count)).then_some(Self {
            first,
            place,
            lengths,
            last: LeafHash(*last),
        })
    }
}

fn checksum(key: &[u8], value: &[u8]) -> [u8; 8] {
    let digest = Sha256::new().chain_update(key).chain_update(value).finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

/// A value with a checksum over it and its key.
fn sealed(key: &[u8], value: &[u8]) -> Vec<u8> {
    [checksum(key, value).as_slice(), value].concat()
}

/// The value, if it is the one that was sealed under this key.
fn unsealed<'a>(key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (sum, value) = value.split_first_chunk::<8>()?;
    (*sum == checksum(key, value)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { segment: 3, offset: 70 };

    fn frame() -> Frame {
        Frame { first: 5, place: PLACE, lengths: vec![3, 1], last: LeafHash::of(b"x") }
    }

    #[test]
    fn a_frame_is_read_back_as_written_and_a_changed_bit_is_refused() {
        let (frame, key) = (frame(), 5_u64.to_be_bytes());
        let value = frame.encode();
        assert_eq!(Frame::decode(&key, &value), Some(frame.clone()));
        let after = Place { offset: 74, ..PLACE };
        assert_eq!(frame.lines().collect::<Vec<_>>(), [(5, PLACE, 3), (6, after, 1)]);
        assert_eq!((frame.end(), frame.end_offset()), (7, 76));
        assert_eq!(Frame::decode(&6_u64.to_be_bytes(), &value), None);
        for bit in 0..value.len() * 8 {
            let mut changed = value.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Frame::decode(&key, &changed), None);
        }
        assert_eq!(Frame::decode(&key, &value[..value.len() - 1]), None);
    }

    #[test]
    fn a_frame_that_holds_lines_as_an_earlier_version_wrote_it_is_none() {
        let (key, lines) = (5_u64.to_be_bytes(), [b"one".as_slice(), &[b'x'; 29]]);
        let mut value = [PLACE.segment.to_be_bytes(), PLACE.offset.to_be_bytes()].concat();
        value.push(2);
        value.extend(lines.iter().flat_map(|line| u16::try_from(line.len()).unwrap().to_be_bytes()));
        value.extend(lines.concat());
        assert_eq!(unsealed(&key, &sealed(&key, &value)), Some(value.as_slice()));
        assert_eq!(Frame::decode(&key, &sealed(&key, &value)), None);
    }

    #[test]
    fn a_frame_knows_its_lines_by_their_places_and_the_last_by_its_hash() {
        let (frame, after) = (frame(), Place { offset: 74, ..PLACE });
        assert!(frame.has(5, PLACE, b"one") && frame.has(6, after, b"x"));
        assert!(frame.has(5, PLACE, b"two"), "another of the same length");
        for (sequence, place, line) in
            [(5, after, "one"), (5, PLACE, "four"), (6, after, "y"), (6, PLACE, "x"), (7, after, "x")]
        {
            assert!(!frame.has(sequence, place, line.as_bytes()), "{sequence} {line}");
        }
    }
}
