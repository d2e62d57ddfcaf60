//! A refusal: a rule's no to a request, by name.

use super::fact::FactFault;
use super::{adoption, attestation, authority, erasure, founding};
use crate::domain::programme;
use crate::domain::value::Code;
use crate::trail::disclosure::Digest;
use crate::trail::hash::LeafHash;
use uuid::Uuid;

/// A rule's no to a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a fact that this version knows.
    #[error(transparent)]
    Fact(#[from] FactFault),
    /// For another ledger.
    #[error("the request was signed for the ledger {found}, and this is {expected}")]
    Ledger {
        /// As signed.
        found: String,
        /// This one.
        expected: String,
    },
    /// An id that is taken.
    #[error(
        "the id {0} was recorded already, at sequence {1}, and with other content: look at that entry; the same is sent again as it was signed, and something new under a new id"
    )]
    Id(Uuid, u64),
    /// A base that is not an entry of this ledger.
    #[error("basehash {0} is not an entry of this ledger: verify the ledger and sign again")]
    Base(LeafHash),
    /// An answer to nothing that came before.
    #[error("causationid {0} is not an entry at or before basehash: what does it answer?")]
    Cause(Uuid),
    /// On less than its stream holds.
    #[error(
        "{subject} has an entry {last}, and this was signed on entry {base}, before it: look at it, and sign again"
    )]
    Unseen {
        /// The stream.
        subject: String,
        /// Its last entry.
        last: u64,
        /// The entry that it was signed on.
        base: u64,
    },
    /// Said in the future.
    #[error("it was said at {found}, more than 5 minutes after {now}: set the clock of one of both machines")]
    Clock {
        /// When it was said.
        found: String,
        /// When it was to be recorded.
        now: String,
    },
    /// For a party that is none.
    #[error("`{1}` is withheld for `{0}`, which is not a party of this ledger{2}")]
    Audience(Code, String, String),
    /// A digest used before.
    #[error("the digest {0} of `{1}` was used before: a salt is used once")]
    Digest(Digest, String),
    /// By a key that may not.
    #[error(transparent)]
    Authority(#[from] authority::Refusal),
    /// At the founding.
    #[error(transparent)]
    Founding(#[from] founding::Refusal),
    /// Of what is adopted.
    #[error(transparent)]
    Adoption(#[from] adoption::Refusal),
    /// Of what is attested.
    #[error(transparent)]
    Attestation(#[from] attestation::Refusal),
    /// Of what is to be erased.
    #[error(transparent)]
    Erasure(#[from] erasure::Refusal),
    /// In the programme.
    #[error(transparent)]
    Programme(#[from] programme::Refusal),
}
