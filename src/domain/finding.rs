//! A finding: what a party makes of an action, or of a line of effort, in a review, and what it rests on.
//!
//! What the findings of several parties make together is derived, never typed: [`of`].

use super::assertion::{self, Evidence};
use super::sealed::Sealed;
use super::value::{Code, words};
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// How far something was completed (Open Government Partnership, Independent Reporting Mechanism), or that nothing tells.
    Finding {
        NoEvidence = "no_evidence",
        NotStarted = "not_started",
        Limited = "limited",
        Substantial = "substantial",
        Complete = "complete",
    }
}

words! {
    /// By what a line of effort is judged (OECD DAC, Better Criteria for Better Evaluation, 2019).
    Criterion {
        Relevance = "relevance",
        Coherence = "coherence",
        Effectiveness = "effectiveness",
        Efficiency = "efficiency",
        Impact = "impact",
        Sustainability = "sustainability",
    }
}

/// What a finding rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grounds<'a> {
    /// The sequences of the entries that are cited.
    pub entries: &'a [u64],
    /// Files put forward.
    pub evidence: &'a [Evidence],
}

/// Why a finding is refused for what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An entry that its author had not seen.
    #[error("it cites entry {0}, which is not among the entries up to {1} that it was signed on")]
    Unseen(u64, u64),
    /// Cited twice, or in another order.
    #[error("it cites entry {0} after entry {1}: each is cited once, in their order")]
    Order(u64, u64),
    /// A file.
    #[error(transparent)]
    Assertion(#[from] assertion::Refusal),
}

impl Grounds<'_> {
    /// Whether each entry is cited once and lies at or before `base`, and each file names its digest once.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn check(&self, base: u64) -> Result<(), Refusal> {
        if let Some((before, after)) =
            self.entries.iter().zip(self.entries.iter().skip(1)).find(|(before, after)| before >= after)
        {
            return Err(Refusal::Order(*after, *before));
        }
        if let Some(last) = self.entries.last().filter(|last| **last > base) {
            return Err(Refusal::Unseen(*last, base));
        }
        Ok(assertion::named(self.evidence)?)
    }
}

/// A party's finding on an action, in a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessed {
    /// In which one.
    pub review: Code,
    /// What is found.
    pub finding: Finding,
    /// The sequences of the entries that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<u64>,
    /// Files that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Why.
    #[serde(rename = "_sd.rationale", default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<Sealed>,
}

impl Assessed {
    /// What it rests on.
    #[must_use]
    pub fn grounds(&self) -> Grounds<'_> {
        Grounds { entries: &self.entries, evidence: &self.evidence }
    }
}

/// How the parties' findings stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Joint {
    /// Nobody has found anything.
    None,
    /// Not all have.
    OneSided,
    /// All have, and the same.
    Same,
    /// They differ.
    Different,
}

impl Joint {
    /// Every value, in order.
    pub const ALL: [Self; 4] = [Self::None, Self::OneSided, Self::Same, Self::Different];

    /// As written in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OneSided => "one_sided",
            Self::Same => "same",
            Self::Different => "different",
        }
    }
}

impl fmt::Display for Joint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the parties' latest findings make together; and the finding, where all who found anything found the same.
#[must_use]
pub fn of(findings: &[Option<Finding>]) -> (Joint, Option<Finding>) {
    let mut found = findings.iter().flatten();
    let Some(first) = found.next() else { return (Joint::None, None) };
    if found.any(|other| other != first) {
        return (Joint::Different, None);
    }
    let all = findings.iter().all(Option::is_some);
    (if all { Joint::Same } else { Joint::OneSided }, Some(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_joint_finding_follows_from_those_of_the_parties() {
        let (limited, complete) = (Some(Finding::Limited), Some(Finding::Complete));
        assert_eq!(of(&[None, None]), (Joint::None, None));
        assert_eq!(of(&[limited, None]), (Joint::OneSided, limited));
        assert_eq!(of(&[limited, limited]), (Joint::Same, limited));
        assert_eq!(of(&[limited, complete]), (Joint::Different, None));
        assert_eq!(of(&[limited, None, complete]), (Joint::Different, None));
        assert_eq!(of(&[limited, limited, None]), (Joint::OneSided, limited));
    }

    #[test]
    fn entries_are_cited_once_in_their_order_and_were_seen() {
        let check = |entries: &[u64]| Grounds { entries, evidence: &[] }.check(9);
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[0, 3, 9]), Ok(()));
        assert_eq!(check(&[3, 3]), Err(Refusal::Order(3, 3)));
        assert_eq!(check(&[3, 2]), Err(Refusal::Order(2, 3)));
        assert_eq!(check(&[3, 10]), Err(Refusal::Unseen(10, 9)));
    }
}
