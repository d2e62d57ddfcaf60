//! A frame: consecutive lines of one segment as one value, with a checksum, because sled opens some damage as if it were none.
//!
//! Where frames are kept is in [`super::frames`].

use super::segment::Place;
use sha2::{Digest, Sha256};

/// Measured: larger values spill into files that sled never syncs.
const FRAME_BYTES: usize = 7_500;
pub(super) const FRAME_LINES: usize = 14;

/// Consecutive lines of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Sequence of the first line.
    pub(super) first: u64,
    /// Place of the first line.
    pub(super) place: Place,
    lengths: Vec<u16>,
    /// The lines without their newlines; empty where the one line is too long and only the journal has it.
    body: Vec<u8>,
}

impl Frame {
    pub(super) fn new(first: u64, place: Place) -> Self {
        Self { first, place, lengths: Vec::new(), body: Vec::new() }
    }

    /// Whether another line goes in.
    pub(super) fn fits(&self, place: Place, line: &[u8]) -> bool {
        self.place.segment == place.segment && self.body.len() + line.len() <= FRAME_BYTES
    }

    pub(super) fn push(&mut self, length: u16, line: &[u8]) {
        self.lengths.push(length);
        if line.len() <= FRAME_BYTES {
            self.body.extend_from_slice(line);
        }
    }

    /// Whether no other line goes in, however short.
    pub(super) fn is_full(&self) -> bool {
        self.lengths.len() == FRAME_LINES || self.body.is_empty()
    }

    /// The sequence after the last line.
    pub(super) fn end(&self) -> u64 {
        self.first + self.lengths.len() as u64
    }

    /// The offset after the last line and its newline.
    pub(super) fn end_offset(&self) -> u64 {
        self.place.offset + self.lengths.iter().map(|length| u64::from(*length) + 1).sum::<u64>()
    }

    /// The length of the line that only the journal has.
    pub(super) fn pointer(&self) -> Option<usize> {
        self.lengths.first().filter(|_| self.body.is_empty()).map(|length| usize::from(*length))
    }

    /// The lines with their sequences; none where it is a pointer.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut rest = self.body.as_slice();
        (self.first..).zip(&self.lengths).map_while(move |(sequence, length)| {
            let (line, after) = rest.split_at_checked(usize::from(*length))?;
            rest = after;
            Some((sequence, line))
        })
    }

    /// `checksum (8) segment (8) offset (8) lines (1) lengths (2 each) body`, numbers big-endian.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(25 + 2 * self.lengths.len() + self.body.len());
        value.extend(self.place.segment.to_be_bytes());
        value.extend(self.place.offset.to_be_bytes());
        value.extend(u8::try_from(self.lengths.len()));
        value.extend(self.lengths.iter().flat_map(|length| length.to_be_bytes()));
        value.extend(&self.body);
        sealed(&self.first.to_be_bytes(), &value)
    }

    pub(super) fn decode(key: &[u8], value: &[u8]) -> Option<Self> {
        let value = unsealed(key, value)?;
        let (segment, value) = value.split_first_chunk()?;
        let (offset, value) = value.split_first_chunk()?;
        let (count, value) = value.split_first()?;
        let (lengths, body) = value.split_at_checked(usize::from(*count) * 2)?;
        let place = Place { segment: u64::from_be_bytes(*segment), offset: u64::from_be_bytes(*offset) };
        let lengths = lengths.as_chunks().0.iter().map(|length| u16::from_be_bytes(*length)).collect();
        let first = u64::from_be_bytes(key.try_into().ok()?);
        Some(Self { first, place, lengths, body: body.to_vec() })
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

    #[test]
    fn a_frame_is_read_back_as_written_and_a_changed_bit_is_refused() {
        let place = Place { segment: 3, offset: 70 };
        let frame = Frame { first: 5, place, lengths: vec![3, 1], body: b"onex".to_vec() };
        let (key, value) = (5_u64.to_be_bytes(), frame.encode());
        assert_eq!(Frame::decode(&key, &value), Some(frame.clone()));
        assert_eq!(frame.lines().collect::<Vec<_>>(), [(5, b"one".as_slice()), (6, b"x")]);
        assert_eq!((frame.end(), frame.end_offset(), frame.pointer()), (7, 76, None));
        assert_eq!(Frame::decode(&6_u64.to_be_bytes(), &value), None);
        for bit in 0..value.len() * 8 {
            let mut changed = value.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Frame::decode(&key, &changed), None);
        }
        assert_eq!(Frame::decode(&key, &value[..value.len() - 1]), None);
    }
}
