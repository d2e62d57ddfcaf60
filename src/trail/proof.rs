//! Proofs as files: that an entry lies under a signed checkpoint, to be verified offline (C2SP tlog-proof, "Format").
//!
//! ```text
//! c2sp.org/tlog-proof@v1␊
//! extra eyJiYXNl…␊                                          only where there is some, base64
//! index 4␊                                                  position of the entry, from 0
//! Q6WA6zkd…␊                                                hashes from the leaf's sibling upwards
//! SpeWJO5Z…␊
//! ␊
//! annals.example/vectors␊                                   the checkpoint with its signatures, verbatim
//! …
//! ```
//!
//! Whether the hashes lead from the leaf to the root is not here, but in [`super::merkle`]; whether the checkpoint is
//! to be believed is said by a [`super::policy`].

use super::checkpoint::{CheckpointFault, SignedCheckpoint, decimal};
use super::hash::{NodeHash, NotANode};
use super::merkle::PROOF_LIMIT;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The first line of a proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The longest extra data, in bytes: as long as an entry.
pub const EXTRA_LIMIT: usize = 65_535;

/// Why bytes are not a proof, or cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// Another file, or another version of the format.
    #[error("a proof begins with the line `c2sp.org/tlog-proof@v1`")]
    Header,
    /// Cut off, or not text.
    #[error("the proof ends before its checkpoint, or is not UTF-8: was it copied whole?")]
    Unended,
    /// Changed on the way.
    #[error(
        "the proof holds `\\r\\n`, as some programs put there: lines end with a newline (0x0a) alone; take the file as it was sent"
    )]
    Returns,
    /// Extra data that is not such.
    #[error("extra data is base64 of 1 to 65535 bytes, padded; without any, the line is left out")]
    Extra,
    /// Not a position.
    #[error(
        "`{0}` is not the position of an entry: `index <decimal digits without leading zeros>` is expected"
    )]
    Index(String),
    /// Not a hash.
    #[error("line {0} of the hashes of the proof is none")]
    Hash(usize, #[source] NotANode),
    /// Too many hashes.
    #[error("a proof has at most 63 hashes, since a log has less than 2^63 entries")]
    Path,
    /// Not a checkpoint.
    #[error("what follows the hashes of the proof is not a signed checkpoint")]
    Checkpoint(#[from] CheckpointFault),
    /// An entry that the checkpoint does not cover.
    #[error(
        "entry {index} is not among the {size} of the checkpoint: positions begin with 0; take a later one"
    )]
    Beyond {
        /// The position.
        index: u64,
        /// The size in the checkpoint.
        size: u64,
    },
}

/// That an entry is at a position of a log: the claim, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    extra: Option<Vec<u8>>,
    index: u64,
    path: Vec<NodeHash>,
    checkpoint: SignedCheckpoint,
}

impl Proof {
    /// Puts a proof together. Empty extra data is none.
    ///
    /// # Errors
    /// [`ProofFault::Extra`], [`ProofFault::Path`], [`ProofFault::Beyond`].
    pub fn new(
        extra: Option<Vec<u8>>,
        index: u64,
        path: Vec<NodeHash>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, ProofFault> {
        let extra = extra.filter(|extra| !extra.is_empty());
        if extra.as_ref().is_some_and(|extra| extra.len() > EXTRA_LIMIT) {
            return Err(ProofFault::Extra);
        }
        if path.len() > PROOF_LIMIT {
            return Err(ProofFault::Path);
        }
        let size = checkpoint.checkpoint().size();
        if index >= size {
            return Err(ProofFault::Beyond { index, size });
        }
        Ok(Self { extra, index, path, checkpoint })
    }

    /// Reads a proof; only the form that [`fmt::Display`] writes is accepted.
    ///
    /// # Errors
    /// [`ProofFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| ProofFault::Unended)?;
        let unended = || if text.contains("\r\n") { ProofFault::Returns } else { ProofFault::Unended };
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(unended)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(ProofFault::Header);
        }
        let mut line = lines.next().unwrap_or_default();
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix("extra ") {
            extra = Some(data(encoded).ok_or(ProofFault::Extra)?);
            line = lines.next().unwrap_or_default();
        }
        let index = line.strip_prefix("index ").and_then(decimal);
        let index = index.ok_or_else(|| ProofFault::Index(line.chars().take(80).collect()))?;
        let mut path = Vec::new();
        for (number, hash) in (1..).zip(lines) {
            if number > PROOF_LIMIT {
                return Err(ProofFault::Path);
            }
            path.push(hash.parse().map_err(|fault| ProofFault::Hash(number, fault))?);
        }
        Self::new(extra, index, path, SignedCheckpoint::parse(checkpoint.as_bytes())?)
    }

    /// Data that the application gave along. Nothing authenticates it.
    #[must_use]
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The position of the entry, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The hashes beside the way from the leaf to the root (RFC 6962 §2.1.1).
    #[must_use]
    pub fn path(&self) -> &[NodeHash] {
        &self.path
    }

    /// The checkpoint under which the entry lies.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

fn data(encoded: &str) -> Option<Vec<u8>> {
    // Four characters of base64 for three bytes: what is longer is not decoded at all.
    if encoded.len() > EXTRA_LIMIT.div_ceil(3) * 4 {
        return None;
    }
    STANDARD.decode(encoded).ok().filter(|extra| !extra.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::checkpoint::Checkpoint;
    use crate::trail::key::{Kind, SigningKey};
    use proptest::prelude::*;

    fn signed(size: u64) -> SignedCheckpoint {
        let key = SigningKey::from_seed("a.example/plan", Kind::Ed25519, &[1; 32]).unwrap();
        let checkpoint = Checkpoint::new("a.example/plan", size, NodeHash([7; 32])).unwrap();
        SignedCheckpoint::sign(checkpoint, &key).unwrap()
    }

    fn proof(extra: Option<&[u8]>) -> Proof {
        let path = vec![NodeHash([1; 32]), NodeHash([2; 32])];
        Proof::new(extra.map(<[u8]>::to_vec), 4, path, signed(6)).unwrap()
    }

    #[test]
    fn a_proof_is_written_as_the_specification_draws_it() {
        let (one, two) = (NodeHash([1; 32]), NodeHash([2; 32]));
        let rest = format!("index 4\n{one}\n{two}\n\n{}", signed(6));
        for (extra, line) in [(None, ""), (Some(&b"{\"a\":1}"[..]), "extra eyJhIjoxfQ==\n")] {
            let text = format!("c2sp.org/tlog-proof@v1\n{line}{rest}");
            assert_eq!(proof(extra).to_string(), text);
            assert_eq!(Proof::parse(text.as_bytes()), Ok(proof(extra)));
        }
        let alone = Proof::new(None, 0, Vec::new(), signed(1)).unwrap();
        assert_eq!(Proof::parse(alone.to_string().as_bytes()), Ok(alone));
    }

    #[test]
    fn each_fault_of_a_proof_has_its_name() {
        let text = proof(Some(b"e")).to_string();
        let fault = |from: &str, to: &str| {
            assert!(text.contains(from));
            Proof::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
        };
        let hash = NodeHash([1; 32]).to_string();
        assert_eq!(fault("@v1", "@v2"), ProofFault::Header);
        assert_eq!(fault("c2sp", "\nc2sp"), ProofFault::Header);
        assert!(matches!(fault("\n\n", "\n"), ProofFault::Hash(3, _)));
        for end in [0, 1, text.find("\n\n").unwrap() + 1] {
            assert_eq!(Proof::parse(&text.as_bytes()[..end]), Err(ProofFault::Unended));
        }
        assert_eq!(Proof::parse(&[text.as_bytes(), b"\xff"].concat()), Err(ProofFault::Unended));
        assert_eq!(Proof::parse(text.replace('\n', "\r\n").as_bytes()), Err(ProofFault::Returns));
        for extra in ["extra ", "extra ZR==", "extra ZQ", "extra ZQ== ", "extra  ZQ==", "extra Z-=="] {
            assert_eq!(fault("extra ZQ==", extra), ProofFault::Extra, "{extra:?}");
        }
        for line in ["extra", "extra\tZQ==", "Extra ZQ=="] {
            assert_eq!(fault("extra ZQ==", line), ProofFault::Index(line.to_owned()));
        }
        for line in [
            "index 04",
            "index +4",
            "index",
            "index ",
            "index  4",
            "Index 4",
            "index 4 ",
            "index 9223372036854775808",
        ] {
            assert_eq!(fault("index 4", line), ProofFault::Index(line.to_owned()));
        }
        assert!(matches!(fault("index 4", "extra ZQ==\nindex 4"), ProofFault::Index(_)), "once");
        assert!(matches!(fault(&hash, "A"), ProofFault::Hash(1, _)));
        assert!(matches!(fault(&hash, &format!("{hash} ")), ProofFault::Hash(1, _)));
        assert_eq!(fault("index 4", "index 6"), ProofFault::Beyond { index: 6, size: 6 });
        assert!(matches!(fault("\n\n", "\n\n\n"), ProofFault::Checkpoint(_)));
        assert!(matches!(fault("example/plan\n6\n", "example/plan\n06\n"), ProofFault::Checkpoint(_)));
    }

    #[test]
    fn the_limits_hold() {
        let deep = |hashes| Proof::new(None, 4, vec![NodeHash([1; 32]); hashes], signed(6));
        let deepest = deep(63).unwrap().to_string();
        assert!(Proof::parse(deepest.as_bytes()).is_ok());
        assert_eq!(deep(64), Err(ProofFault::Path));
        let deeper = deepest.replacen("\n\n", &format!("\n{}\n\n", NodeHash([1; 32])), 1);
        assert_eq!(Proof::parse(deeper.as_bytes()), Err(ProofFault::Path));
        let with = |extra| Proof::new(Some(vec![7; extra]), 4, Vec::new(), signed(6));
        let longest = with(EXTRA_LIMIT).unwrap();
        assert_eq!(Proof::parse(longest.to_string().as_bytes()), Ok(longest));
        assert_eq!(with(EXTRA_LIMIT + 1), Err(ProofFault::Extra));
        let longer = format!("extra {}\nindex", STANDARD.encode(vec![7; EXTRA_LIMIT + 1]));
        let longer = proof(None).to_string().replacen("index", &longer, 1);
        assert_eq!(Proof::parse(longer.as_bytes()), Err(ProofFault::Extra));
        assert_eq!(with(0).unwrap().extra(), None);
        assert_eq!(
            Proof::new(None, 0, Vec::new(), signed_empty()),
            Err(ProofFault::Beyond { index: 0, size: 0 })
        );
    }

    fn signed_empty() -> SignedCheckpoint {
        let key = SigningKey::from_seed("a", Kind::Ed25519, &[1; 32]).unwrap();
        SignedCheckpoint::sign(Checkpoint::new("a", 0, NodeHash::empty()).unwrap(), &key).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_back_identically(
            at: prop::sample::Index,
            byte in prop_oneof![Just(b'\n'), Just(b'0'), Just(b'='), 0x20_u8..0x7f],
            edit in 0..3_u8,
        ) {
            let mut bytes = proof(Some(b"ee")).to_string().into_bytes();
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
            if let Ok(proof) = Proof::parse(&bytes) {
                prop_assert_eq!(proof.to_string().into_bytes(), bytes);
            }
        }

        #[test]
        fn arbitrary_bytes_are_answered_and_never_panic(bytes: Vec<u8>, lines in "(index |extra |[0-9A-Z=]|\n){0,40}") {
            let _ = Proof::parse(&bytes);
            let _ = Proof::parse(format!("{HEADER}\n{lines}").as_bytes());
        }
    }
}
