//! Checkpoints: the size and the root of a log, as a signed note of three lines (C2SP tlog-checkpoint, "Note text").
//!
//! ```text
//! annals.example/vectors␊                                   origin: the name of the log and of its key
//! 6␊                                                        how many entries, decimal
//! 40rzQz0MIX1r60s9bhpK1jCc5SkfFreHYYbTuWUE/cQ=␊             root of the tree over them, base64
//! ```
//!
//! These bytes are what the log signs. How a root is computed is not here, but in [`super::merkle`]; cosignatures are
//! made in [`super::witness`], and who must have made them is said by a [`super::policy`].

use super::hash::{NodeHash, NotANode};
use super::key::{Kind, SigningKey, VerifierKey};
use super::note::{Forged, Note, NoteFault, Signature};
use super::witness;
use std::fmt;

/// The largest size of a log: what a signed number of 64 bits holds, since other implementations count with those.
pub const SIZE_LIMIT: u64 = (1 << 63) - 1;

/// Why a note is not a checkpoint, or not the one that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// Not even a note.
    #[error("a checkpoint is a signed note, and this is none")]
    Note(#[from] NoteFault),
    /// Fewer than three lines.
    #[error("a checkpoint has three lines, origin, size and root, this one has fewer")]
    Lines,
    /// More than three lines.
    #[error(
        "the checkpoint has extension lines, which no auditor can check: exactly three lines are accepted"
    )]
    Extension,
    /// No name of a log.
    #[error("`{0}` is not an origin: it is not empty and has no newline or other control character")]
    Origin(String),
    /// Not a size.
    #[error("`{0}` is not a size: decimal digits without leading zeros, at most 9223372036854775807")]
    Size(String),
    /// Not a root.
    #[error("the third line of a checkpoint is the root of its tree")]
    Root(#[from] NotANode),
    /// Entries of a log that has none.
    #[error(
        "the root at size 0 is the hash of nothing, 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=, not {0}"
    )]
    NotEmpty(NodeHash),
    /// A key of another log, or of something else.
    #[error("the key {key} is not the log's: one of type 0x01 or 0x06 named {origin} is")]
    Key {
        /// The key's name and id.
        key: String,
        /// The log of the checkpoint.
        origin: String,
    },
    /// Not signed by the log.
    #[error("the checkpoint is not signed by {0}: was the key replaced since, or is this another log?")]
    Unsigned(String),
    /// A signature that does not hold.
    #[error("the checkpoint is refused")]
    Forged(#[from] Forged),
    /// Two checkpoints where one was expected.
    #[error("signatures are merged where both copies say the same, these differ: {0} and {1} entries of {2}")]
    Different(u64, u64, String),
}

/// Where a log stands: its name, its size, the root of its tree. Nobody has signed it yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: NodeHash,
}

impl Checkpoint {
    /// States where a log stands.
    ///
    /// # Errors
    /// [`CheckpointFault::Origin`], [`CheckpointFault::Size`], [`CheckpointFault::NotEmpty`].
    pub fn new(origin: &str, size: u64, root: NodeHash) -> Result<Self, CheckpointFault> {
        if origin.is_empty() || origin.contains(|c| c < ' ') {
            return Err(CheckpointFault::Origin(origin.chars().take(80).collect()));
        }
        if size > SIZE_LIMIT {
            return Err(CheckpointFault::Size(size.to_string()));
        }
        if size == 0 && root != NodeHash::empty() {
            return Err(CheckpointFault::NotEmpty(root));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Reads the text of a checkpoint; only the form that [`fmt::Display`] writes is accepted.
    ///
    /// # Errors
    /// [`CheckpointFault`], by name.
    pub fn parse(text: &str) -> Result<Self, CheckpointFault> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointFault::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointFault::Lines);
        };
        if lines.next().is_some() {
            return Err(CheckpointFault::Extension);
        }
        let number = decimal(size).ok_or_else(|| CheckpointFault::Size(size.chars().take(80).collect()))?;
        Self::new(origin, number, root.parse()?)
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries the log has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree over them.
    #[must_use]
    pub const fn root(&self) -> NodeHash {
        self.root
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

/// A checkpoint with its signatures, which hold or do not: nothing is believed before they are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Signs a checkpoint with the log's key, of type 0x01, whose name is the origin (C2SP tlog-checkpoint, "Signatures").
    ///
    /// # Errors
    /// [`CheckpointFault::Key`] where it is another key, [`CheckpointFault::Note`] where an origin is too long.
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Result<Self, CheckpointFault> {
        checkpoint.is_of(&key.verifier())?;
        let mut signed = Self::with(checkpoint, [])?;
        signed.note.sign(key)?;
        Ok(signed)
    }

    /// Reads a checkpoint with its signatures; only the form that [`fmt::Display`] writes is accepted.
    ///
    /// # Errors
    /// [`CheckpointFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointFault> {
        let note = Note::parse(bytes)?;
        Ok(Self { checkpoint: Checkpoint::parse(note.text())?, note })
    }

    /// A checkpoint with lines of those who signed it, which are not verified; each is taken once.
    ///
    /// # Errors
    /// [`CheckpointFault::Note`] where a limit of notes is reached.
    pub fn with(
        checkpoint: Checkpoint,
        lines: impl IntoIterator<Item = Signature>,
    ) -> Result<Self, CheckpointFault> {
        let mut note = Note::new(&checkpoint.to_string())?;
        lines.into_iter().try_for_each(|line| note.push(line))?;
        Ok(Self { checkpoint, note })
    }

    /// What is signed.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, with everybody's signatures.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Whether the log signed it, with this key.
    ///
    /// # Errors
    /// [`CheckpointFault::Key`] where the key is another log's, [`CheckpointFault::Unsigned`],
    /// [`CheckpointFault::Forged`].
    pub fn signed_by(&self, log: &VerifierKey) -> Result<(), CheckpointFault> {
        self.checkpoint.is_of(log)?;
        if self.has_line_of(log)? { Ok(()) } else { Err(CheckpointFault::Unsigned(log.keyid())) }
    }

    /// Whether there is a signature by a log's key, of either type, whatever the log is called.
    pub(super) fn has_line_of(&self, log: &VerifierKey) -> Result<bool, Forged> {
        match log.kind() {
            Kind::MlDsa44 => witness::signed_as_one(self, log),
            Kind::Ed25519 | Kind::Cosignature => Ok(self.note.signed_by(log)?.is_some()),
        }
    }

    /// Adds a line, such as a witness's answer, unless it is there already. It is not verified.
    ///
    /// # Errors
    /// [`CheckpointFault::Note`] where a limit of notes is reached; nothing is added.
    pub fn push(&mut self, signature: Signature) -> Result<(), CheckpointFault> {
        Ok(self.note.push(signature)?)
    }

    /// Takes over the signatures of another copy, of each key one ([`witness::put`]). They are not verified: judge the copy
    /// first, since one forged line of a known key would have the merged checkpoint refused.
    ///
    /// # Errors
    /// [`CheckpointFault::Different`], and those of [`Self::push`]; nothing is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), CheckpointFault> {
        let (mine, theirs) = (&self.checkpoint, &other.checkpoint);
        if mine != theirs {
            return Err(CheckpointFault::Different(mine.size, theirs.size, theirs.origin.clone()));
        }
        let mut lines = Vec::new();
        for line in self.note.signatures().iter().chain(other.note.signatures()) {
            witness::put(&mut lines, line);
        }
        *self = Self::with(self.checkpoint.clone(), lines)?;
        Ok(())
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}

/// Reads the one decimal form of a number up to [`SIZE_LIMIT`].
pub(super) fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| *number <= SIZE_LIMIT && number.to_string() == text)
}

impl Checkpoint {
    fn is_of(&self, log: &VerifierKey) -> Result<(), CheckpointFault> {
        if log.kind() != Kind::Cosignature && log.name() == self.origin {
            return Ok(());
        }
        Err(CheckpointFault::Key { key: log.keyid(), origin: self.origin.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // C2SP tlog-checkpoint, at its beginning.
    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const LINE: &str = "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    const EMPTY: &str = "a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name, Kind::Ed25519, &[seed; 32]).unwrap()
    }

    fn signed(size: u64, seed: u8) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new("a.example/plan", size, NodeHash([7; 32])).unwrap();
        SignedCheckpoint::sign(checkpoint, &key("a.example/plan", seed)).unwrap()
    }

    #[test]
    fn the_example_of_the_specification_is_read_and_written_back() {
        let whole = format!("{TEXT}\n{LINE}");
        let signed = SignedCheckpoint::parse(whole.as_bytes()).unwrap();
        let checkpoint = signed.checkpoint();
        assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.root().to_string(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
        assert_eq!((checkpoint.to_string().as_str(), signed.to_string()), (TEXT, whole));
    }

    #[test]
    fn a_checkpoint_is_signed_by_its_own_log_alone() {
        let mut mine = signed(6, 1);
        let (log, later) = (key("a.example/plan", 1).verifier(), key("a.example/plan", 2).verifier());
        assert_eq!(mine.signed_by(&log), Ok(()));
        assert_eq!(mine.signed_by(&later), Err(CheckpointFault::Unsigned(later.keyid())));
        let witness = SigningKey::from_seed("a.example/plan", Kind::Cosignature, &[1; 32]).unwrap();
        for other in [&key("b.example/plan", 1), &witness] {
            let fault = Err(CheckpointFault::Key {
                key: other.verifier().keyid(),
                origin: "a.example/plan".to_owned(),
            });
            assert_eq!(mine.signed_by(&other.verifier()), fault);
            assert_eq!(SignedCheckpoint::sign(mine.checkpoint().clone(), other).map(|_| ()), fault);
        }
        mine.push(Signature::of(&log, &[0; 64])).unwrap();
        assert_eq!(mine.signed_by(&log), Err(CheckpointFault::Forged(Forged(log.keyid()))));
    }

    #[test]
    fn signatures_of_two_copies_are_merged_once_each() {
        let (mut mine, theirs) = (signed(6, 1), signed(6, 2));
        mine.merge(&theirs).unwrap();
        mine.merge(&theirs).unwrap();
        assert_eq!(mine.note().signatures().len(), 2);
        assert_eq!(mine.signed_by(&key("a.example/plan", 2).verifier()), Ok(()));
        let before = mine.clone();
        let fault = CheckpointFault::Different(6, 7, "a.example/plan".to_owned());
        assert_eq!(mine.merge(&signed(7, 1)), Err(fault));
        let mut full = signed(6, 3);
        for number in 1..100_u8 {
            full.push(Signature::of(&key("b", number).verifier(), &[number])).unwrap();
        }
        assert_eq!(mine.merge(&full), Err(CheckpointFault::Note(NoteFault::Signatures)));
        assert_eq!(mine, before, "all or nothing");
    }

    #[test]
    fn each_fault_of_a_checkpoint_has_its_name() {
        let fault = |text: &str| Checkpoint::parse(text).unwrap_err();
        assert_eq!(Checkpoint::parse(EMPTY).unwrap().root(), NodeHash::empty());
        for text in ["", "\n", "a\n", "a\n0\n", "a\n0", EMPTY.trim_end()] {
            assert_eq!(fault(text), CheckpointFault::Lines, "{text:?}");
        }
        for tail in ["\n", "extension\n", "a\nb\n"] {
            assert_eq!(fault(&format!("{TEXT}{tail}")), CheckpointFault::Extension, "{tail:?}");
        }
        assert_eq!(fault(&EMPTY[1..]), CheckpointFault::Origin(String::new()));
        assert_eq!(fault(&EMPTY.replace("a\n", "\t\n")), CheckpointFault::Origin("\t".to_owned()));
        for size in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "0x1", "１", "9223372036854775808"] {
            let text = EMPTY.replace("\n0\n", &format!("\n{size}\n"));
            assert_eq!(fault(&text), CheckpointFault::Size(size.to_owned()));
        }
        assert!(Checkpoint::parse(&EMPTY.replace("\n0\n", "\n9223372036854775807\n")).is_ok());
        assert!(matches!(fault(&TEXT.replace("2I=", "2J=")), CheckpointFault::Root(_)), "unused bits");
        assert!(matches!(fault(&TEXT.replace("2I=", "2I")), CheckpointFault::Root(_)), "no padding");
        assert!(matches!(fault(&TEXT.replace("20852163", "0")), CheckpointFault::NotEmpty(_)));
        assert_eq!(SignedCheckpoint::parse(TEXT.as_bytes()), Err(CheckpointFault::Note(NoteFault::Unsigned)));
        let beyond = Checkpoint::new("a", SIZE_LIMIT + 1, NodeHash::empty());
        assert_eq!(beyond, Err(CheckpointFault::Size("9223372036854775808".to_owned())));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_back_identically(
            text in prop_oneof![Just(TEXT), Just(EMPTY)],
            at: prop::sample::Index,
            byte in prop_oneof![Just(b'\n'), Just(b'0'), 0x20_u8..0x7f],
            inserted: bool,
        ) {
            let mut bytes = format!("{text}\n{LINE}").into_bytes();
            let at = at.index(text.len() + 2);
            if inserted { bytes.insert(at, byte) } else { bytes[at] = byte }
            if let Ok(signed) = SignedCheckpoint::parse(&bytes) {
                prop_assert_eq!(signed.to_string().into_bytes(), bytes);
                prop_assert_eq!(signed.checkpoint().to_string(), signed.note().text());
            }
        }

        #[test]
        fn arbitrary_text_is_answered_and_never_panics(text: String, lines in "[a-z\n0-9=]{0,60}") {
            let _ = (Checkpoint::parse(&text), Checkpoint::parse(&lines));
            let _ = SignedCheckpoint::parse(format!("{lines}\n{LINE}").as_bytes());
        }
    }
}
