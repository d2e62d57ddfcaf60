//! A fork: two checkpoints that one log signed and that cannot both be true, in one file that a third party verifies.
//!
//! ```text
//! annals/fork/v1
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     the root that the second has for the size of the first
//! …                                                and the consistency proof of it, a hash a line
//!
//! <the first checkpoint, with its signatures>
//!
//! <the second, of as many entries or more>
//! ```
//!
//! Of two checkpoints of one size, the two roots say enough. Of different sizes, the proof shows which root the larger tree had
//! when it was as large as the smaller one (RFC 6962 §2.1.2): that is another than the smaller checkpoint states. Nothing else can
//! be told from the file: not which of the two histories is the right one.

use super::checkpoint::{CheckpointFault, SignedCheckpoint};
use super::hash::{NodeHash, NotANode};
use super::key::VerifierKey;
use super::merkle::{self, PROOF_LIMIT, Prover, Tiles};
use super::note::NOTE_LIMIT;
use std::fmt;

const HEADER: &str = "annals/fork/v1";

/// The most bytes of a fork: two checkpoints with all their signatures, and what connects them.
pub const FORK_LIMIT: u64 = 3 * NOTE_LIMIT as u64;

/// Two checkpoints and what connects them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    first: SignedCheckpoint,
    second: SignedCheckpoint,
    /// The root that the second has for the size of the first.
    then: NodeHash,
    path: Vec<NodeHash>,
}

/// Why a text is no fork, or why the two checkpoints do not show one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkFault {
    /// Not of the form.
    #[error("not a fork: `{HEADER}`, a root, at most {PROOF_LIMIT} hashes and two checkpoints are expected")]
    Form,
    /// Changed on the way.
    #[error(
        "the fork holds `\\r\\n`, as some programs put there: lines end with a newline (0x0a) alone; take the file as it was sent"
    )]
    Returns,
    /// A line that is no hash.
    #[error("line {0} is no hash")]
    Hash(usize, #[source] NotANode),
    /// A checkpoint that is none, or is not signed by the log.
    #[error("the {0} checkpoint does not count")]
    Checkpoint(&'static str, #[source] CheckpointFault),
    /// Two logs.
    #[error("the checkpoints are of two logs, {0} and {1}")]
    Origins(String, String),
    /// The larger one first.
    #[error("the first checkpoint is of {0} entries, and the second of {1}: the smaller one comes first")]
    Order(u64, u64),
    /// A proof that does not lead to the second.
    #[error("what connects the two proves nothing")]
    Proof(#[source] merkle::ProofFault),
    /// Another root than the proof leads to.
    #[error("the proof leads to another root than is stated")]
    Stated,
    /// The second continues the first.
    #[error("there is no fork: both checkpoints can be true")]
    None,
}

impl ForkFault {
    /// Whether a file is a fork by its form, and does not show what it says.
    #[must_use]
    pub const fn is_of_what_it_says(&self) -> bool {
        match self {
            Self::Form | Self::Returns | Self::Hash(..) | Self::Checkpoint(..) => false,
            Self::Origins(..) | Self::Order(..) | Self::Proof(_) | Self::Stated | Self::None => true,
        }
    }
}

impl Fork {
    /// Two checkpoints that cannot both be true. `then` is the root that the second has for the size of the first, and `path`
    /// the consistency proof of it, without hashes where both are of one size.
    ///
    /// # Errors
    /// [`ForkFault`], where they do not show a fork. Signatures are not looked at.
    pub fn new(
        first: SignedCheckpoint,
        second: SignedCheckpoint,
        then: NodeHash,
        path: Vec<NodeHash>,
    ) -> Result<Self, ForkFault> {
        let (one, other) = (first.checkpoint(), second.checkpoint());
        if one.origin() != other.origin() {
            return Err(ForkFault::Origins(one.origin().to_owned(), other.origin().to_owned()));
        }
        if one.size() > other.size() {
            return Err(ForkFault::Order(one.size(), other.size()));
        }
        let (earlier, later) = ((one.size(), then), (other.size(), other.root()));
        let told = merkle::continued(earlier, later, &path).map_err(ForkFault::Proof)?;
        if told != then {
            return Err(ForkFault::Stated);
        }
        if then == one.root() {
            return Err(ForkFault::None);
        }
        Ok(Self { first, second, then, path })
    }

    /// Two checkpoints that cannot both be true, the larger one of the tree that tiles hold; nothing where they can, or where the
    /// tiles prove nothing. Signatures are not looked at.
    ///
    /// # Errors
    /// Where a tile cannot be had.
    pub fn between<T: Tiles>(
        tiles: &T,
        first: &SignedCheckpoint,
        second: &SignedCheckpoint,
    ) -> Result<Option<Self>, T::Fault> {
        let (old, new) = (first.checkpoint().size(), second.checkpoint().size());
        let (then, path) = if old == new {
            (second.checkpoint().root(), Vec::new())
        } else {
            (Prover::new(tiles, old).root()?, Prover::new(tiles, new).consistency(old)?)
        };
        Ok(Self::new(first.clone(), second.clone(), then, path).ok())
    }

    /// Reads a fork; only the form that [`fmt::Display`] writes is accepted. Signatures are not looked at.
    ///
    /// # Errors
    /// [`ForkFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, ForkFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| ForkFault::Form)?;
        if text.contains("\r\n") {
            return Err(ForkFault::Returns);
        }
        let text = text.strip_suffix('\n').ok_or(ForkFault::Form)?;
        // A checkpoint is its text, an empty line and its signatures; there is no other empty line in it.
        let parts: Vec<&str> = text.split("\n\n").collect();
        let [head, first, signed, second, cosigned] = parts.as_slice() else { return Err(ForkFault::Form) };
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(ForkFault::Form);
        }
        let hash = |(at, line): (usize, &str)| line.parse().map_err(|fault| ForkFault::Hash(at, fault));
        let mut hashes = (2..).zip(lines).map(hash);
        let then = hashes.next().ok_or(ForkFault::Form)??;
        let path: Vec<NodeHash> = hashes.take(PROOF_LIMIT + 1).collect::<Result<_, _>>()?;
        if path.len() > PROOF_LIMIT {
            return Err(ForkFault::Form);
        }
        let read = |which, text: &str, lines: &str| {
            let note = format!("{text}\n\n{lines}\n");
            SignedCheckpoint::parse(note.as_bytes()).map_err(|fault| ForkFault::Checkpoint(which, fault))
        };
        Self::new(read("first", first, signed)?, read("second", second, cosigned)?, then, path)
    }

    /// Whether the log, whose key is known from elsewhere, signed both.
    ///
    /// # Errors
    /// [`ForkFault::Checkpoint`].
    pub fn signed_by(&self, log: &VerifierKey) -> Result<(), ForkFault> {
        let by = |which, signed: &SignedCheckpoint| {
            signed.signed_by(log).map_err(|fault| ForkFault::Checkpoint(which, fault))
        };
        by("first", &self.first)?;
        by("second", &self.second)
    }

    /// The two checkpoints, the smaller one first.
    #[must_use]
    pub const fn checkpoints(&self) -> [&SignedCheckpoint; 2] {
        [&self.first, &self.second]
    }
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\n{}", self.then)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}\n{}", self.first, self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::checkpoint::Checkpoint;
    use crate::trail::hash::LeafHash;
    use crate::trail::key::{Kind, SigningKey};
    use crate::trail::merkle::Whole;
    use proptest::prelude::*;

    fn key() -> SigningKey {
        SigningKey::from_seed("a.example/plan", Kind::Ed25519, &[7; 32]).unwrap()
    }

    /// A history of so many entries that became another one after some.
    fn history(size: u64, common: u64) -> (Whole, SignedCheckpoint) {
        let mut tree = Whole::default();
        for at in 0..size {
            tree.push(LeafHash::of(&[u8::try_from(at).unwrap(), u8::from(at >= common)]));
        }
        let checkpoint = Checkpoint::new("a.example/plan", size, tree.frontier().root()).unwrap();
        (tree, SignedCheckpoint::sign(checkpoint, &key()).unwrap())
    }

    fn fork(first: u64, second: u64) -> Option<Fork> {
        let ((_, first), (tree, second)) = (history(first, 3), history(second, 9));
        let Ok(fork) = Fork::between(&tree, &first, &second);
        fork
    }

    #[test]
    fn two_histories_that_part_are_shown_whatever_their_sizes() {
        for (first, second) in (1..12).flat_map(|first| (first..12).map(move |second| (first, second))) {
            // The first is another one from its fourth entry on, and the second from its tenth.
            let fork = fork(first, second);
            assert_eq!(fork.is_some(), first > 3, "{first} {second}");
            if let Some(fork) = fork {
                assert_eq!(Fork::parse(fork.to_string().as_bytes()), Ok(fork.clone()));
                assert_eq!(fork.signed_by(&key().verifier()), Ok(()));
            }
        }
    }

    #[test]
    fn each_fault_of_a_fork_has_its_name() {
        let fork = fork(5, 11).unwrap();
        let text = fork.to_string();
        let parse = |text: &str| Fork::parse(text.as_bytes()).unwrap_err();
        assert_eq!(parse(&text.replace("fork/v1", "fork/v2")), ForkFault::Form);
        assert_eq!(parse(text.trim_end()), ForkFault::Form);
        assert_eq!(parse(&text.replace('\n', "\r\n")), ForkFault::Returns);
        assert!(matches!(parse(&format!("{text}\n")), ForkFault::Checkpoint("second", _)));
        let (head, rest) = text.split_once("\n\n").unwrap();
        let (root, last) = (head.lines().nth(1).unwrap(), head.lines().last().unwrap());
        assert!(matches!(parse(&text.replacen(last, &last.replace('=', "#"), 1)), ForkFault::Hash(..)));
        assert!(matches!(parse(&text.replacen(&format!("{last}\n"), "", 1)), ForkFault::Proof(_)));
        let many = format!("{head}\n{}\n\n{rest}", vec![last; 64].join("\n"));
        assert_eq!(parse(&many), ForkFault::Form);
        assert!(matches!(parse(&text.replacen(root, &NodeHash::empty().to_string(), 1)), ForkFault::Stated));
        let [first, second] = fork.checkpoints().map(Clone::clone);
        let swapped = Fork::new(second.clone(), first, fork.then, fork.path.clone());
        assert_eq!(swapped, Err(ForkFault::Order(11, 5)));
        let same = Fork::new(second.clone(), second.clone(), second.checkpoint().root(), Vec::new());
        assert_eq!(same, Err(ForkFault::None));
        let other = SigningKey::from_seed("a.example/plan", Kind::Ed25519, &[8; 32]).unwrap();
        assert!(matches!(fork.signed_by(&other.verifier()), Err(ForkFault::Checkpoint("first", _))));
    }

    #[test]
    fn a_fork_of_a_log_that_signs_with_ml_dsa_is_one() {
        let [first, second] = fork(5, 11).unwrap().checkpoints().map(Clone::clone);
        let signed = |signed: &SignedCheckpoint| {
            let (key, line) =
                crate::trail::witness::post_quantum("a.example/plan", 5, 0, signed.checkpoint());
            (key, SignedCheckpoint::with(signed.checkpoint().clone(), [line]).unwrap())
        };
        let ((key, first), (_, second)) = (signed(&first), signed(&second));
        let classical = fork(5, 11).unwrap();
        let fork = Fork::new(first, second, classical.then, classical.path.clone()).unwrap();
        assert_eq!(fork.signed_by(&key), Ok(()));
        assert!(classical.signed_by(&key).is_err());
        let (other, _) = crate::trail::key::post_quantum("a.example/plan", 6);
        assert!(fork.signed_by(&other).is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_back_identically(at: prop::sample::Index, byte: u8) {
            let mut text = fork(5, 11).unwrap().to_string().into_bytes();
            let at = at.index(text.len());
            text[at] = byte;
            if let Ok(fork) = Fork::parse(&text) {
                prop_assert_eq!(fork.to_string().into_bytes(), text);
            }
        }
    }
}
