//! Erasing: a party's authority has a value that an entry of its party withholds removed for good, wherever the ledger is
//! kept. The entry, its digest and every proof stay as they are.
//!
//! ```text
//! {"_sd":{"reason":"…"},"basis":"GDPR Art. 17(1)(a)","digest":"X9yH…"}
//! ```
//!
//! Digest and basis stand in clear: every holder must know what to remove, and everybody under which law it was. How the
//! value's bytes are removed is not here but in `ledger`.

use super::archive::Holding;
use crate::domain::sealed::Sealed;
use crate::domain::value::{Code, Text};
use crate::trail::disclosure::Digest;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A withheld value is removed for good.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Of its disclosure.
    #[serde(deserialize_with = "digest")]
    pub digest: Digest,
    /// The law that asks for it.
    pub basis: Text,
    /// Why.
    #[serde(rename = "_sd.reason")]
    pub reason: Sealed,
}

fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = "is not a digest: 43 characters of base64url are expected";
    Digest::parse(&text).ok_or_else(|| {
        D::Error::custom(format!("`{}` {expected}", text.chars().take(64).collect::<String>()))
    })
}

/// Why a value is not erased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody withholds it.
    #[error("no entry before holds the digest {0}: there is nothing to erase")]
    Unknown(Digest),
    /// Another party's.
    #[error("entry {sequence} is {holder}'s: its own authority erases what it withholds, and nobody else")]
    OtherParty {
        /// The entry that holds the digest.
        sequence: u64,
        /// Whose it is.
        holder: String,
    },
    /// Erased before.
    #[error("it was erased already, by entry {0}")]
    Twice(u64),
    /// Without the entry that holds it, or with another.
    #[error("causationid must name entry {0}, which holds the digest")]
    Cause(u64),
}

impl Erased {
    /// Whether a party may erase this. `holding` is where its digest is held, `cause` the entry that the event answers, and
    /// `parties` are those of the ledger, in the order of its opening.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn check(
        &self,
        holding: Option<Holding>,
        cause: Option<u64>,
        party: &Code,
        parties: &[&Code],
    ) -> Result<(), Refusal> {
        match holding {
            None => Err(Refusal::Unknown(self.digest)),
            Some(Holding::Erased { sequence }) => Err(Refusal::Twice(sequence)),
            Some(Holding::Held { sequence, party: place }) => {
                let holder = parties.get(usize::from(place));
                if holder != Some(&party) {
                    let holder = holder.map_or_else(|| "nobody".to_owned(), ToString::to_string);
                    return Err(Refusal::OtherParty { sequence, holder });
                }
                if cause == Some(sequence) { Ok(()) } else { Err(Refusal::Cause(sequence)) }
            }
        }
    }
}
