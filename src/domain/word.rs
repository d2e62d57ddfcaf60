//! A word: what somebody said of an action, as far as later words and the joint status need it.

use super::assertion::{Health, Lifecycle, OccurrenceState, Outcome};
use super::date::Effective;
use super::party::Author;
use super::value::Code;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where an event stands in the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The id of its entry.
    pub id: Uuid,
    /// The sequence of its entry.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Who spoke.
    pub author: &'a Author,
    /// The entry that is answered.
    pub answers: Option<Uuid>,
}

/// What was said, kept for as long as the action: the fold needs no more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The entry's id.
    pub id: Uuid,
    /// The entry's sequence.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Whose word it is.
    pub party: Code,
    /// Since when it is true.
    pub effective: Effective,
    /// What kind of word it is.
    pub said: Said,
    /// Where the action stands.
    pub lifecycle: Option<Lifecycle>,
    /// How it is doing.
    pub health: Option<Health>,
    /// Where the occurrence of a window stands.
    pub occurrence: Option<(Effective, OccurrenceState)>,
    /// Whether its author corrected it.
    pub voided: bool,
}

/// The kinds of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// An assertion.
    Progressed,
    /// The confirmer's own, equal assertion.
    Confirmed(Uuid),
    /// What is answered does not hold; its axes are those of what is answered.
    Contested(Uuid),
    /// An auditor's finding.
    Verified(Uuid, Outcome),
}

impl Said {
    /// What it answers.
    #[must_use]
    pub const fn answers(self) -> Option<Uuid> {
        match self {
            Self::Progressed => None,
            Self::Confirmed(id) | Self::Contested(id) | Self::Verified(id, _) => Some(id),
        }
    }
}

impl Word {
    /// A word that says nothing on any axis yet.
    #[must_use]
    pub fn spoken(place: &Place<'_>, effective: Effective, said: Said) -> Self {
        Self {
            id: place.id,
            sequence: place.sequence,
            day: place.day,
            party: place.author.party.clone(),
            effective,
            said,
            lifecycle: None,
            health: None,
            occurrence: None,
            voided: false,
        }
    }
}
