//! What a key may sign: the roles of the parties' keys, and the ledger itself.

use crate::domain::party::Author;
use crate::trail::key::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a party's key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The party itself: its keys, institutions and instruments, the founding, what is adopted and what is erased, and its
    /// signature under a review.
    Authority,
    /// Everything on actions and reviews, but an auditor's finding and the party's signature under a review.
    Coordinator,
    /// Assertions on the actions of its institution.
    Officer,
    /// Findings on assertions.
    Auditor,
    /// Cosignatures, never an entry.
    Witness,
}

/// What the party itself signs.
const AUTHORITY: [&str; 14] = [
    "ledger.opened",
    "ledger.acceded",
    "policy.adopted",
    "rules.adopted",
    "disclosure.erased",
    "plan.adopted",
    "key.registered",
    "key.revoked",
    "institution.registered",
    "institution.succeeded",
    "instrument.registered",
    "instrument.updated",
    "action.created",
    "review.signed",
];

/// What a coordinator signs, beside what an officer does. An action is created by an authority in the founding, and by a
/// coordinator's last consent after it.
const COORDINATOR: [&str; 10] = [
    "action.assigned",
    "action.created",
    "action.assessed",
    "action.proposed",
    "action.agreed",
    "action.declined",
    "action.modified",
    "review.opened",
    "review.assessed",
    "review.closed",
];

/// What an officer signs, on the actions of the own institution, and a coordinator on every action.
const OFFICER: [&str; 4] = ["action.progressed", "action.confirmed", "action.contested", "action.corrected"];

/// What the ledger itself signs, beside its checkpoints.
const LEDGER: &str = "streams.attested";

/// A type without the prefix and the version that all of them have.
fn word(kind: &str) -> Option<&str> {
    kind.strip_prefix("annals.").and_then(|rest| rest.strip_suffix(".v1"))
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Authority, Self::Coordinator, Self::Officer, Self::Auditor, Self::Witness];

    /// As written in an event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Coordinator => "coordinator",
            Self::Officer => "officer",
            Self::Auditor => "auditor",
            Self::Witness => "witness",
        }
    }

    /// The type of key that it needs.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Witness => Kind::Cosignature,
            Self::Authority | Self::Coordinator | Self::Officer | Self::Auditor => Kind::Ed25519,
        }
    }

    /// Whether it may sign an event of a type.
    #[must_use]
    pub fn signs(self, kind: &str) -> bool {
        let Some(kind) = word(kind) else { return false };
        match self {
            Self::Authority => AUTHORITY.contains(&kind),
            Self::Coordinator => COORDINATOR.contains(&kind) || OFFICER.contains(&kind),
            Self::Officer => OFFICER.contains(&kind),
            Self::Auditor => kind == "action.verified",
            Self::Witness => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who signs with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signer {
    /// The ledger itself, which is of no party.
    Ledger,
    /// A party or an institution of it, in a role.
    Party(Author, Role),
}

impl Signer {
    /// Who speaks, where it is a party or an institution of it.
    #[must_use]
    pub const fn author(&self) -> Option<&Author> {
        match self {
            Self::Ledger => None,
            Self::Party(author, _) => Some(author),
        }
    }

    /// As an entry's `source` names it.
    #[must_use]
    pub fn source(&self) -> String {
        self.author().map_or_else(|| "ledger".to_owned(), Author::source)
    }

    /// Whether an entry's `source` names it.
    #[must_use]
    pub fn is_source(&self, source: &str) -> bool {
        self.author().map_or(source == "ledger", |author| author.is_source(source))
    }

    /// The name of its role.
    #[must_use]
    pub const fn role(&self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Party(_, role) => role.as_str(),
        }
    }

    /// Whether it cosigns checkpoints.
    #[must_use]
    pub const fn is_witness(&self) -> bool {
        matches!(self, Self::Party(_, Role::Witness))
    }

    /// Whether it may sign an event of a type.
    #[must_use]
    pub fn signs(&self, kind: &str) -> bool {
        match self {
            Self::Ledger => word(kind) == Some(LEDGER),
            Self::Party(_, role) => role.signs(kind),
        }
    }
}
