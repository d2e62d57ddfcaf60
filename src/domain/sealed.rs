//! Fields that can be withheld: an event holds a digest in their place, so a rule sees that one is there, never what it
//! says.
//!
//! On the wire a digest stands in `_sd`; before an event is typed, `record` moves each to a member named `_sd.<field>`,
//! so that a field in clear and a withheld one can never be mistaken for each other. How digests are made is not here.

use super::value::Code;
use serde::{Deserialize, Serialize};

/// Every field that is withheld wherever it stands. The digest of a file (`sha256`) joins them where the evidence says
/// that it is confidential.
pub const DISCLOSABLE: [&str; 7] =
    ["contact", "filename", "holder", "note", "officer", "rationale", "reason"];

/// What stands before the name of a withheld field in a typed event.
pub const PREFIX: &str = "_sd.";

/// A withheld field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The digest of its disclosure.
    pub digest: String,
    /// For whom it is.
    #[serde(default, skip_serializing_if = "Audience::is_public")]
    pub audience: Audience,
}

/// For whom a withheld field is meant; the author signs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Audience {
    /// Everybody.
    #[default]
    Public,
    /// The parties to the plan.
    Parties,
    /// One party.
    Party(Code),
}

impl Audience {
    /// The words that no party's id may be.
    pub const WORDS: [&str; 2] = ["public", "parties"];

    const fn is_public(&self) -> bool {
        matches!(self, Self::Public)
    }

    /// Whether a reader may see what is for this audience: what is public, everybody; what is for the parties, each of them; what is
    /// for one party, that one; and what a party withheld itself, that party. `source` is who withheld it: `parties/KR`.
    #[must_use]
    pub fn admits(&self, reader: &Self, source: &str) -> bool {
        let own = |party: &Code| {
            let rest = source.strip_prefix("parties/").and_then(|rest| rest.strip_prefix(party.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match (self, reader) {
            (Self::Public, _) => true,
            (Self::Parties, reader) => *reader != Self::Public,
            (Self::Party(party), Self::Party(reader)) => reader == party || own(reader),
            (Self::Party(_), Self::Public | Self::Parties) => false,
        }
    }
}

impl TryFrom<String> for Audience {
    type Error = super::value::NotAValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "public" => Ok(Self::Public),
            "parties" => Ok(Self::Parties),
            _ => Code::try_from(text).map(Self::Party),
        }
    }
}

impl From<Audience> for String {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Public => "public".to_owned(),
            Audience::Parties => "parties".to_owned(),
            Audience::Party(code) => code.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_sees_what_is_meant_for_it_and_what_it_said_itself() {
        let audience = |text: &str| Audience::try_from(text.to_owned()).unwrap();
        let seen = |reader: &str, whom: &str, source: &str| audience(whom).admits(&audience(reader), source);
        for (reader, sees) in [
            ("public", [true, false, false, false]),
            ("parties", [true, true, false, false]),
            ("DK", [true, true, true, false]),
            ("KR", [true, true, true, true]),
        ] {
            let found = ["public", "parties", "DK", "KR"]
                .map(|whom| seen(reader, whom, "parties/KR/institutions/MSIT"));
            assert_eq!(found, sees, "{reader}");
        }
        assert!(!seen("K", "DK", "parties/KR"));
    }
}
