//! The leaf hash and the head of a log: SHA-256 over a zero byte and the bytes of an entry (RFC 6962 §2.1).
//!
//! One hash serves the chain, the stream chain and the Merkle tree, so that a link cannot be true in one and false
//! in another. How two hashes of the tree give the one above them is here as well; the tree itself is not, but in
//! [`super::merkle`].

mod blocks;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A SHA-256 hash, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LeafHash(pub [u8; 32]);

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a hash: 64 lower-case hexadecimal digits are expected")]
pub struct NotAHash(String);

impl LeafHash {
    /// What stands where there is no entry before: 64 zeros.
    pub const NONE: Self = Self([0; 32]);

    /// The leaf hash of one entry, given without its newline (RFC 6962 §2.1).
    ///
    /// ```
    /// use annals::trail::hash::LeafHash;
    /// // printf '\0{}' | sha256sum
    /// assert_eq!(
    ///     LeafHash::of(b"{}").to_string(),
    ///     "28a3a18f6cd6406b086e9ffda1f9b8a13dbcf44b0f3f32cb9031a11fd053acf9"
    /// );
    /// ```
    #[must_use]
    pub fn of(entry: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update([0]);
        hasher.update(entry);
        Self(hasher.finalize().into())
    }

    /// The leaf hashes of two entries, in less time than one after the other.
    pub(super) fn of_two(one: &[u8], other: &[u8]) -> [Self; 2] {
        let both = blocks::two_leaves(one, other).map(|both| both.map(Self));
        both.unwrap_or_else(|| [Self::of(one), Self::of(other)])
    }

    /// The hash that digits are written for. Of each entry three are read: in steps that do not depend on each other, the
    /// compiler does many at once.
    pub(super) fn decode(digits: &[u8; 64]) -> Option<Self> {
        let (mut values, mut refused) = ([0; 64], 0);
        for (value, digit) in values.iter_mut().zip(digits) {
            // Letters have a bit that figures have not. What is no digit is not what would be written for its value.
            *value = (digit & 15) + (digit >> 6) * 9;
            let written = *value + if *value < 10 { b'0' } else { b'a' - 10 };
            refused |= (written ^ digit) | (*value & !15);
        }
        let (pairs, _) = values.as_chunks();
        let mut hash = [0; 32];
        hash.iter_mut().zip(pairs).for_each(|(byte, [high, low])| *byte = high << 4 | low);
        (refused == 0).then_some(Self(hash))
    }
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    String::from_utf8(digits(bytes).collect()).unwrap_or_default()
}

/// The same digits, one by one.
pub(super) fn digits(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    bytes.iter().flat_map(move |byte| [digit(byte >> 4), digit(byte & 15)])
}

/// SHA-256 of a file, as it is written everywhere.
///
/// ```
/// assert!(annals::trail::hash::sha256(b"").starts_with("e3b0c44298fc1c14"));
/// ```
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl fmt::Display for LeafHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for LeafHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for LeafHash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        text.parse()
    }
}

impl From<LeafHash> for String {
    fn from(hash: LeafHash) -> Self {
        hash.to_string()
    }
}

/// A hash of the Merkle tree, of a leaf or of what stands above leaves: 44 characters of base64, as checkpoints, proofs and
/// tiles of C2SP write it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeHash(pub [u8; 32]);

/// Why a text is not a hash of the tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a hash of the tree: 44 characters of base64, of 32 bytes, are expected")]
pub struct NotANode(String);

impl NodeHash {
    /// The hash of a node above two others: SHA-256 over a one byte and both (RFC 6962 §2.1).
    #[must_use]
    pub fn above(left: Self, right: Self) -> Self {
        // The 65 bytes are two blocks: of a proof hundreds are computed, and a hasher's buffer takes longer than they do.
        let [mut first, mut last] = [[0; 64]; 2];
        first[0] = 1;
        first[1..33].copy_from_slice(&left.0);
        first[33..].copy_from_slice(&right.0[..31]);
        // Padded as FIPS 180-4 §5.1.1 says: a one bit, and at the end how many bits there are.
        [last[0], last[1]] = [right.0[31], 0x80];
        last[62..].copy_from_slice(&(65_u16 * 8).to_be_bytes());
        Self(blocks::hash(&[first, last]))
    }

    /// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1).
    #[must_use]
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }
}

impl From<LeafHash> for NodeHash {
    fn from(leaf: LeafHash) -> Self {
        Self(leaf.0)
    }
}

impl FromStr for NodeHash {
    type Err = NotANode;

    fn from_str(text: &str) -> Result<Self, NotANode> {
        // Decoding is strict: padded, and the unused bits of the last character are zero.
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| NotANode(text.chars().take(80).collect()))
    }
}

impl fmt::Display for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How many entries it has.
    pub size: u64,
    /// Leaf hash of the last one; [`LeafHash::NONE`] where there is none.
    pub leaf: LeafHash,
}

impl Head {
    /// The head of a log without entries.
    pub const EMPTY: Self = Self { size: 0, leaf: LeafHash::NONE };
}

impl FromStr for LeafHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let hash = text.as_bytes().try_into().ok().and_then(Self::decode);
        hash.ok_or_else(|| NotAHash(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_byte_is_a_digit() {
        for (byte, at) in (0..=0x7F_u8).flat_map(|byte| [0, 1, 63].map(|at| (byte, at))) {
            let mut text = "0a".repeat(32);
            text.replace_range(at..=at, &char::from(byte).to_string());
            let digit = byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert_eq!(text.parse::<LeafHash>().map(|hash| hash.to_string()).ok(), digit.then_some(text));
        }
    }

    #[test]
    fn two_are_hashed_as_each_alone_whatever_their_lengths() {
        let bytes: Vec<u8> = (0..400_u32).map(|at| at.wrapping_mul(157).to_le_bytes()[0]).collect();
        for one in 0..=bytes.len() {
            for other in [0, 62, 63, 64, 118, 119, 127, 128, 191, 300, one.saturating_sub(1), one] {
                let (one, other) = (&bytes[..one], &bytes[bytes.len() - other..]);
                assert_eq!(LeafHash::of_two(one, other), [LeafHash::of(one), LeafHash::of(other)]);
                let fill_a_block = one.len().min(other.len()) >= 63;
                assert_eq!(blocks::two_leaves(one, other).is_some(), fill_a_block);
            }
        }
    }

    #[test]
    fn a_node_is_the_hash_of_a_one_byte_and_both_below_it() {
        for (left, right) in [([0; 32], [0xff; 32]), ([0x80; 32], [1; 32])] {
            let plain = Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize();
            assert_eq!(NodeHash::above(NodeHash(left), NodeHash(right)).0, <[u8; 32]>::from(plain));
        }
    }

    #[test]
    fn a_hash_of_the_tree_is_read_back_as_written_and_in_no_other_form() {
        let hash = NodeHash::above(LeafHash::of(b"a").into(), NodeHash::empty());
        let text = hash.to_string();
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!(NodeHash::empty().to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let loose = format!("{}V=", &NodeHash::empty().to_string()[..42]);
        for other in [&text[..43], &format!("{text}\n"), &format!("={text}"), &loose, "", "AAAA"] {
            assert!(other.parse::<NodeHash>().is_err(), "{other}");
        }
    }

    #[test]
    fn a_hash_is_read_back_as_written_and_in_no_other_form() {
        let hash = LeafHash::of(b"an entry");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for other in [hash.to_string().to_uppercase(), format!("{hash}0"), hash.to_string()[1..].to_owned()] {
            assert!(other.parse::<LeafHash>().is_err(), "{other}");
        }
    }
}
