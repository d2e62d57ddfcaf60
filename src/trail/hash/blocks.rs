//! SHA-256 by its blocks (FIPS 180-4 §5.1.1, §6.2): where a hasher's buffer takes longer than the hash, and where two messages
//! are hashed at once.

use sha2::block_api::compress256;
use std::slice;

/// What is hashed before the first block (FIPS 180-4 §5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

type Block = [u8; 64];

/// A zero byte and an entry, padded: a one bit, and at the end how many bits there are.
struct Blocks<'a> {
    first: Block,
    middle: &'a [Block],
    last: [Block; 2],
    /// Whether what follows the middle needs both of the last ones.
    both: bool,
}

impl<'a> Blocks<'a> {
    /// Those of an entry that fills a block at least, as every one does.
    fn of(entry: &'a [u8]) -> Option<Self> {
        let (begin, rest) = entry.split_first_chunk::<63>()?;
        let (middle, end) = rest.as_chunks();
        let (mut first, mut last, both) = ([0; 64], [[0; 64]; 2], end.len() > 64 - 1 - 8);
        first[1..].copy_from_slice(begin);
        let (text, padding) = last.as_flattened_mut().split_at_mut_checked(end.len())?;
        text.copy_from_slice(end);
        *padding.first_mut()? = 0x80;
        let bits = 8 * (entry.len() as u64 + 1);
        *last.get_mut(usize::from(both))?.last_chunk_mut()? = bits.to_be_bytes();
        Some(Self { first, middle, last, both })
    }

    fn last(&self) -> &[Block] {
        if self.both { &self.last } else { slice::from_ref(&self.last[0]) }
    }
}

/// The hash of blocks that are whole.
pub(super) fn hash(blocks: &[Block]) -> [u8; 32] {
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    bytes(state)
}

/// The leaf hashes of two entries. Each step of a block waits for the one before it: while it does, the processor has the other
/// entry's block. Two take 1.4 times as long as one.
pub(super) fn two_leaves(one: &[u8], other: &[u8]) -> Option<[[u8; 32]; 2]> {
    let (one, other) = (Blocks::of(one)?, Blocks::of(other)?);
    let (mut state, mut beside) = (INITIAL, INITIAL);
    compress256(&mut state, slice::from_ref(&one.first));
    compress256(&mut beside, slice::from_ref(&other.first));
    for (block, another) in one.middle.iter().zip(other.middle) {
        compress256(&mut state, slice::from_ref(block));
        compress256(&mut beside, slice::from_ref(another));
    }
    let both = one.middle.len().min(other.middle.len());
    compress256(&mut state, one.middle.get(both..)?);
    compress256(&mut beside, other.middle.get(both..)?);
    compress256(&mut state, one.last());
    compress256(&mut beside, other.last());
    Some([bytes(state), bytes(beside)])
}

fn bytes(state: [u32; 8]) -> [u8; 32] {
    let mut hash = [0; 32];
    let (words, _) = hash.as_chunks_mut();
    words.iter_mut().zip(state).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
    hash
}
