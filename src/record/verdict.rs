//! Verdicts: what is checked of a history, what each check found, and where it first failed.
//!
//! How they are come by is in [`super::verify`].

use crate::trail::hash::LeafHash;
use std::fmt;

/// What is checked, each with a verdict of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Each line is an entry in canonical form, within its limits.
    Form,
    /// Sequences count from 0 and recorded times never go back.
    Order,
    /// Each entry names the leaf hash of the one before.
    Chain,
    /// Each entry names its position and its predecessor within its stream.
    Streams,
    /// Each entry is signed by the registered key that it names, for this ledger.
    Signatures,
    /// Each key was in force and might say this, at that moment.
    Authority,
    /// Each event, decided again on the state before it, is admitted.
    Rules,
    /// Each disclosure at hand is the one that its entry holds the digest of, under its name.
    Disclosures,
    /// The state that was kept is the one that replaying gives.
    ReadModels,
}

impl Check {
    /// Every check, in the order in which verdicts are given.
    pub const ALL: [Self; 9] = [
        Self::Form,
        Self::Order,
        Self::Chain,
        Self::Streams,
        Self::Signatures,
        Self::Authority,
        Self::Rules,
        Self::Disclosures,
        Self::ReadModels,
    ];

    /// The check's name in machine output.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Order => "order",
            Self::Chain => "chain",
            Self::Streams => "streams",
            Self::Signatures => "signatures",
            Self::Authority => "authority",
            Self::Rules => "rules",
            Self::Disclosures => "disclosures",
            Self::ReadModels => "read_models",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Form => "canonical form",
            Self::Order => "sequence and times",
            Self::Chain => "chain",
            Self::Streams => "stream chains",
            Self::Signatures => "signatures",
            Self::Authority => "authority",
            Self::Rules => "rules",
            Self::Disclosures => "disclosures",
            Self::ReadModels => "read models",
        })
    }
}

/// The first entry at which a check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Position of the entry, counted from 0.
    pub entry: u64,
    /// What was expected there.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry, expected, found } = self;
        write!(f, "entry {entry}: expected {expected}, found {found}")
    }
}

/// What one check says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Which one.
    pub check: Check,
    /// How many entries it covered.
    pub covered: u64,
    /// The first failure.
    pub finding: Option<Finding>,
    /// Why it had nothing to check, where it had not.
    pub idle: Option<&'static str>,
}

/// What is said of a history. Where it is part of a refusal, only what was found first is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many entries were given.
    pub size: u64,
    /// Leaf hash of the first one, by which a reader knows from outside whose ledger it is.
    pub first: LeafHash,
    /// Leaf hash of the last one.
    pub head: LeafHash,
    /// How many streams they belong to.
    pub streams: u64,
    /// How many withheld fields the entries hold, and of how many the disclosure is at hand and was not erased.
    pub withheld: (u64, u64),
    /// How many of these fields were erased.
    pub erased: u64,
    /// Of how many of those the disclosure is at hand all the same: an erasure that is not complete here.
    pub lingering: u64,
    /// How many disclosures are at hand that belong to no entry.
    pub stray: u64,
    /// How many lines stand among the disclosures that are none.
    pub damaged: usize,
    /// How many bytes follow the last whole line of a journal: a write in progress, or one that was never acknowledged.
    pub unfinished: u64,
    /// Whether the recorded times were told by the authors.
    pub illustrative: bool,
    /// One for each check.
    pub verdicts: Vec<Verdict>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first_bad() {
            Some(finding) => finding.fmt(f),
            None => write!(f, "{} entries, and nothing wrong was found", self.size),
        }
    }
}

impl Report {
    /// Whether every check that had something to check covered every entry and found nothing.
    #[must_use]
    pub fn holds(&self) -> bool {
        let covered = |verdict: &Verdict| verdict.idle.is_some() || verdict.covered == self.size;
        self.verdicts.iter().all(|verdict| verdict.finding.is_none() && covered(verdict))
    }

    /// What was found at the first entry at which any check failed; nothing where none did.
    #[must_use]
    pub fn first_bad(&self) -> Option<&Finding> {
        self.verdicts.iter().filter_map(|verdict| verdict.finding.as_ref()).min_by_key(|found| found.entry)
    }
}
