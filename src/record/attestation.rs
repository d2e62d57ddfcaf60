//! Attesting: the ledger signs which streams it has and where each of them ends, so that anybody can be shown that these are
//! *all* the entries of a stream.
//!
//! ```text
//! {"count":12,"root":"5f0c…","size":20}
//! ```
//!
//! The root is that of a Merkle tree (RFC 6962 §2.1) over the streams among the entries before, in byte order of their
//! subjects; [`leaf`] draws a leaf's bytes. With a leaf, its path to the root and the chain of the stream that it names, nothing
//! of that stream can be left out.
//!
//! Who may sign this is not here but in [`super::authority`].

use crate::trail::entry::{EntryFault, Event, Request};
use crate::trail::hash::{Head, LeafHash, NodeHash};
use crate::trail::key::SigningKey;
use crate::trail::merkle::{self, Frontier, ProofFault, Prover, Whole};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The type of the event.
pub const KIND: &str = "annals.streams.attested.v1";

/// Where every stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attested {
    /// How many streams there are among the entries before, that of the ledger among them.
    pub count: u64,
    /// The root of the tree over them, in lower-case hexadecimal.
    #[serde(with = "hexadecimal")]
    pub root: NodeHash,
    /// How many entries those are: the own sequence.
    pub size: u64,
}

/// A root as the leaf hashes of entries are written.
mod hexadecimal {
    use super::{Deserialize, LeafHash, NodeHash, Serialize};

    pub(super) fn serialize<S: serde::Serializer>(root: &NodeHash, serializer: S) -> Result<S::Ok, S::Error> {
        LeafHash(root.0).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<NodeHash, D::Error> {
        LeafHash::deserialize(deserializer).map(NodeHash::from)
    }
}

/// Why streams are not attested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Signed on an earlier entry.
    #[error(
        "an attestation is signed on the entry right before it, {0}: sign again, on the head of the ledger"
    )]
    Base(LeafHash),
    /// Of another number of entries.
    #[error("it attests to {found} entries, and {expected} come before it")]
    Size {
        /// As signed.
        found: u64,
        /// How many there are.
        expected: u64,
    },
    /// Of another number of streams.
    #[error("it attests to {found} streams, and the entries before it are of {expected}")]
    Count {
        /// As signed.
        found: u64,
        /// How many there are.
        expected: u64,
    },
    /// Of other streams.
    #[error("it attests to other streams: their root is {expected}, and {found} was signed")]
    Root {
        /// As signed.
        found: LeafHash,
        /// What the streams give.
        expected: LeafHash,
    },
}

/// A leaf's bytes, in canonical form: what a stream is called, how many entries it has, and the leaf hash of the last.
///
/// ```
/// use annals::record::attestation::leaf;
/// use annals::trail::hash::{Head, LeafHash};
/// let head = Head { size: 3, leaf: LeafHash::of(b"{}") };
/// let bytes = concat!(
///     r#"{"head":"28a3a18f6cd6406b086e9ffda1f9b8a13dbcf44b0f3f32cb9031a11fd053acf9","#,
///     r#""subject":"actions/1.G2G.3","version":3}"#
/// );
/// assert_eq!(leaf("actions/1.G2G.3", head), bytes.as_bytes());
/// ```
#[must_use]
pub fn leaf(subject: &str, head: Head) -> Vec<u8> {
    // The shortest escapes, as every subject of an entry is written.
    let subject = Value::from(subject);
    format!("{{\"head\":\"{}\",\"subject\":{subject},\"version\":{}}}", head.leaf, head.size).into_bytes()
}

/// The tree over streams, given in byte order of their subjects.
pub fn tree<'a>(streams: impl IntoIterator<Item = (&'a str, Head)>) -> Frontier {
    let mut tree = Frontier::default();
    for (subject, head) in streams {
        tree.push(LeafHash::of(&leaf(subject, head)), &mut |_, _| {});
    }
    tree
}

impl Attested {
    /// What can be attested after a number of entries, which have these streams, in byte order of their subjects.
    #[must_use]
    pub fn of<'a>(size: u64, streams: impl IntoIterator<Item = (&'a str, Head)>) -> Self {
        let tree = tree(streams);
        Self { count: tree.size(), root: tree.root(), size }
    }

    /// Whether this can be attested after the entries up to a head, signed on the entry `base`. `streams` is their tree.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn check(&self, base: LeafHash, head: Head, streams: &Frontier) -> Result<(), Refusal> {
        if base != head.leaf {
            return Err(Refusal::Base(head.leaf));
        }
        if self.size != head.size {
            return Err(Refusal::Size { found: self.size, expected: head.size });
        }
        if self.count != streams.size() {
            return Err(Refusal::Count { found: self.count, expected: streams.size() });
        }
        if self.root != streams.root() {
            let [found, expected] = [self.root, streams.root()].map(|root| LeafHash(root.0));
            return Err(Refusal::Root { found, expected });
        }
        Ok(())
    }

    /// Signs it, for the ledger of an origin, on its last entry and with its key.
    ///
    /// # Errors
    /// [`EntryFault`], where it cannot be written.
    pub fn sign(
        &self,
        id: Uuid,
        time: DateTime<Utc>,
        origin: &str,
        base: LeafHash,
        key: &SigningKey,
    ) -> Result<Request, EntryFault> {
        let Self { count, root, size } = self;
        let data = serde_json::json!({"count": count, "root": LeafHash(root.0), "size": size});
        let event = Event {
            ledger: origin.into(),
            id,
            source: "ledger".into(),
            kind: KIND.into(),
            subject: "ledger".into(),
            time,
            keyid: key.verifier().keyid().into(),
            basehash: base,
            causationid: None,
            correlationid: None,
            data: data.as_object().cloned().unwrap_or_default().into(),
        };
        event.sign(key)
    }
}

/// That a stream ended with an entry when it was attested: with the chain of the stream up to there, these are all its
/// entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The stream.
    pub subject: String,
    /// Its last entry, and how many it has.
    pub head: Head,
    /// The place of its leaf, from 0.
    pub index: u64,
    /// What stands beside the way from the leaf to the root (RFC 6962 §2.1.1).
    pub path: Vec<NodeHash>,
}

impl Ending {
    /// That of a stream among all that were attested, which are given in byte order of their subjects; none of one that is not
    /// among them.
    #[must_use]
    pub fn of<'a>(streams: impl IntoIterator<Item = (&'a str, Head)>, subject: &str) -> Option<Self> {
        let (mut tree, mut found) = (Whole::default(), None);
        for (each, head) in streams {
            if each == subject {
                found = Some((tree.frontier().size(), head));
            }
            tree.push(LeafHash::of(&leaf(each, head)));
        }
        let (index, head) = found?;
        let Ok(path) = Prover::new(&tree, tree.frontier().size()).inclusion(index);
        Some(Self { subject: subject.to_owned(), head, index, path })
    }

    /// Whether it leads to what was attested.
    ///
    /// # Errors
    /// [`ProofFault`].
    pub fn check(&self, attested: &Attested) -> Result<(), ProofFault> {
        let leaf = LeafHash::of(&leaf(&self.subject, self.head));
        merkle::includes(leaf, self.index, attested.count, &self.path, attested.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(number: u64) -> Head {
        Head { size: number + 1, leaf: LeafHash::of(&number.to_be_bytes()) }
    }

    fn streams(count: u64) -> Vec<(String, Head)> {
        (0..count).map(|number| (format!("actions/{number:04}"), head(number))).collect()
    }

    fn borrowed(streams: &[(String, Head)]) -> impl Iterator<Item = (&str, Head)> {
        streams.iter().map(|(subject, head)| (subject.as_str(), *head))
    }

    /// `printf '\0%s' "$leaf" | sha256sum`, and of two of them in bytes after `\1`.
    #[test]
    fn two_streams_have_this_root() {
        let head = |size| Head { size, leaf: LeafHash::of(b"{}") };
        let attested = Attested::of(5, [("ledger", head(2)), ("plan", head(3))]);
        let text = serde_json::to_string(&attested).unwrap();
        assert_eq!(
            text,
            "{\"count\":2,\"root\":\"f0529b720bbc9907392ef80280d4579c69932bd200606d515bbe66a500230640\",\"size\":5}"
        );
        assert_eq!(serde_json::from_str::<Attested>(&text).unwrap(), attested);
    }

    #[test]
    fn a_subject_is_written_as_in_an_entry() {
        for subject in ["ledger", "parties/DK", "a\"b\\c\td\ne", "actions/한국", "a/b\u{2028}"] {
            let bytes = leaf(subject, head(1));
            let value = serde_json::json!({"subject": subject, "version": 2, "head": head(1).leaf});
            assert_eq!(bytes, crate::trail::canonical::write(&value).unwrap());
        }
    }

    #[test]
    fn every_stream_is_shown_to_be_complete_and_no_other_is() {
        for count in [1, 2, 3, 7, 8, 255, 256, 257, 600] {
            let streams = streams(count);
            let attested = Attested::of(9_999, borrowed(&streams));
            assert_eq!(attested.count, count);
            for (index, (subject, head)) in (0..).zip(&streams).step_by(if count > 8 { 37 } else { 1 }) {
                let complete = Ending::of(borrowed(&streams), subject).unwrap();
                assert_eq!((complete.index, complete.head), (index, *head));
                assert_eq!(complete.check(&attested), Ok(()), "{subject} of {count}");
                let shorter = Head { size: head.size - 1, ..*head };
                let earlier = Ending { head: shorter, ..complete.clone() };
                assert!(earlier.check(&attested).is_err());
                let other = Ending { subject: "actions/9999".to_owned(), ..complete };
                assert!(other.check(&attested).is_err());
            }
            assert_eq!(Ending::of(borrowed(&streams), "actions/9999"), None);
        }
    }

    #[test]
    fn each_difference_is_refused_by_name() {
        let streams = streams(3);
        let (tree, at) = (tree(borrowed(&streams)), Head { size: 6, leaf: LeafHash::of(b"head") });
        let attested = Attested::of(6, borrowed(&streams));
        assert_eq!(attested.check(at.leaf, at, &tree), Ok(()));
        assert_eq!(attested.check(LeafHash::NONE, at, &tree), Err(Refusal::Base(at.leaf)));
        let size = Attested { size: 5, ..attested }.check(at.leaf, at, &tree);
        assert_eq!(size, Err(Refusal::Size { found: 5, expected: 6 }));
        let count = Attested { count: 2, ..attested }.check(at.leaf, at, &tree);
        assert_eq!(count, Err(Refusal::Count { found: 2, expected: 3 }));
        let root = Attested { root: NodeHash::empty(), ..attested }.check(at.leaf, at, &tree);
        assert!(matches!(root, Err(Refusal::Root { .. })));
    }
}
