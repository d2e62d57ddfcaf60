//! A review: a frozen reading that the parties judge together, from opening to signed close.
//!
//! What it finds and decides of each action is in [`super::decision`]; whether all of it is settled, for [`super::programme`] to say.

use super::assertion::{self, Evidence};
use super::date::{Effective, Period};
use super::finding::{self, Criterion, Finding, Grounds};
use super::sealed::Sealed;
use super::value::{Code, Sha256, words};
use super::word::Place;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// What happens to a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It begins, on a reading.
    Opened(Opened),
    /// A party finds something of a line of effort.
    Assessed(Assessed),
    /// A party accepts it as a whole.
    Signed(Signed),
    /// It ends, and the plan has its next version.
    Closed(Closed),
}

words! {
    /// On which time axis the cut-off of a reading lies.
    Axis { Recorded = "recorded", Effective = "effective" }
}

/// A review begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// What it looks back on.
    pub period: Period,
    /// On which axis the cut-off lies.
    pub axis: Axis,
    /// By the end of which the reading ends.
    pub cutoff: Effective,
    /// How many entries the reading has.
    pub size: NonZeroU64,
    /// The leaf hash of the last of them.
    pub head: Sha256,
}

/// A party's finding on a line of effort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessed {
    /// Which line.
    pub line: u16,
    /// By what it is judged.
    pub criterion: Criterion,
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

/// A party accepts the review as a whole, as far as the entry that this was signed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// A sentence on it.
    #[serde(rename = "_sd.note", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed>,
}

/// The review ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// A sentence on it.
    #[serde(rename = "_sd.note", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed>,
}

/// Why something may not happen to a review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Opened already.
    #[error("the review {0} was opened already, by entry {1}: give another name")]
    Known(Code, u64),
    /// Not opened.
    #[error("there is no review {0}{1}")]
    Unknown(Code, String),
    /// Over.
    #[error(
        "the review {0} was closed by entry {1}: what it decided stands, and the next review may decide otherwise"
    )]
    Closed(Code, u64),
    /// A cut-off that is still to come.
    #[error(
        "the cut-off {0} ends after {1}, the day on which it is recorded: a review looks back, so give a day that is over"
    )]
    Cutoff(Effective, NaiveDate),
    /// A reading that is not of this ledger.
    #[error(
        "entry {at} has not the leaf hash {head} that the reading names: it is no reading of this ledger"
    )]
    Reading {
        /// The last entry of the reading.
        at: u64,
        /// Its leaf hash, as named.
        head: Sha256,
    },
    /// Something in the future.
    #[error(transparent)]
    Assertion(#[from] assertion::Refusal),
    /// What a finding rests on.
    #[error(transparent)]
    Finding(#[from] finding::Refusal),
    /// Something is still proposed.
    #[error("{count} {}, the first on {first}: agree or decline before the review is signed", if *.count == 1 { "proposal is open" } else { "proposals are open" })]
    Open {
        /// How many.
        count: usize,
        /// On which action.
        first: Code,
    },
    /// Signed without having seen all.
    #[error(
        "{0} signs on entry {1}, and entry {2} was found or decided after it: look at it, and sign again"
    )]
    Unseen(Code, u64, u64),
    /// Signed, and something came after.
    #[error("{0} signed in entry {1}, and entry {2} was found or decided after it: {0} has to sign again")]
    Outdated(Code, u64, u64),
    /// Signed already.
    #[error("{0} signed the review already, in entry {1}, and nothing was found or decided since")]
    Signed(Code, u64),
    /// Not signed.
    #[error("{0} has not signed the review: its authority does, with `annals review sign`")]
    Unsigned(Code),
}

/// A finding of a party on a line of effort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The sequence of the entry that says so.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Who finds it.
    pub party: Code,
    /// Of which line.
    pub line: u16,
    /// By what it is judged.
    pub criterion: Criterion,
    /// What is found.
    pub finding: Finding,
    /// The sequences of the entries that it cites.
    pub entries: Vec<u64>,
    /// How many files it puts forward.
    pub files: u64,
}

/// A party's signature under a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The sequence of its entry.
    pub sequence: u64,
    /// Whose it is.
    pub party: Code,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// As it was opened.
    pub opened: Opened,
    /// By whom.
    pub party: Code,
    /// The sequence of the entry that opened it.
    pub sequence: u64,
    /// The findings on lines of effort, in the order of the ledger.
    pub findings: Vec<Assessment>,
    /// The signatures, in the order of the ledger.
    pub signatures: Vec<Signature>,
    /// The sequence of the entry that closed it.
    pub closed: Option<u64>,
}

impl State {
    /// As it was after a number of entries; nothing where it was not opened yet.
    #[must_use]
    pub fn until(&self, size: u64) -> Option<Self> {
        (self.sequence < size).then(|| Self {
            findings: self.findings.iter().take_while(|found| found.sequence < size).cloned().collect(),
            signatures: self.signatures.iter().take_while(|each| each.sequence < size).cloned().collect(),
            closed: self.closed.filter(|sequence| *sequence < size),
            ..self.clone()
        })
    }

    /// Whether it goes on.
    ///
    /// # Errors
    /// [`Refusal::Closed`].
    pub fn goes_on(&self, review: &Code) -> Result<(), Refusal> {
        self.closed.map_or(Ok(()), |sequence| Err(Refusal::Closed(review.clone(), sequence)))
    }

    /// A party's latest finding on a line by a criterion.
    #[must_use]
    pub fn finding(&self, line: u16, criterion: Criterion, party: &Code) -> Option<&Assessment> {
        let same =
            |found: &&Assessment| found.line == line && found.criterion == criterion && found.party == *party;
        self.findings.iter().rev().find(same)
    }

    /// A party's latest signature.
    #[must_use]
    pub fn signature(&self, party: &Code) -> Option<&Signature> {
        self.signatures.iter().rfind(|signature| signature.party == *party)
    }

    /// The sequence of its last finding on a line, or of its opening.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.findings.last().map_or(self.sequence, |found| found.sequence)
    }
}

/// By whom, when and on what an event is said of a review.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who speaks.
    pub party: &'a Code,
    /// Every party.
    pub parties: &'a [&'a Code],
    /// The day on which it is recorded, in the zone where days begin first.
    pub today: NaiveDate,
    /// The sequence of the entry that it was signed on.
    pub base: u64,
    /// The sequence of the entry whose leaf hash the reading names, if one has it.
    pub reading: Option<u64>,
    /// The sequence of the last entry that found or decided anything in the review.
    pub last: u64,
}

/// Whether this may happen to a review. Its lines are the programme's to check, and that nothing is still proposed.
///
/// # Errors
/// [`Refusal`], by name; an unknown review is refused by the programme, which knows the near names.
pub fn decide(
    state: Option<&State>,
    event: &Event,
    review: &Code,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    let Some(state) = state else {
        let Event::Opened(opened) = event else {
            return Err(Refusal::Unknown(review.clone(), String::new()));
        };
        if opened.cutoff.end() > context.today {
            return Err(Refusal::Cutoff(opened.cutoff, context.today));
        }
        let at = opened.size.get() - 1;
        let is_one = context.reading == Some(at) && at <= context.base;
        return if is_one { Ok(()) } else { Err(Refusal::Reading { at, head: opened.head.clone() }) };
    };
    match event {
        Event::Opened(_) => Err(Refusal::Known(review.clone(), state.sequence)),
        _ if state.closed.is_some() => state.goes_on(review),
        Event::Assessed(event) => Ok(event.grounds().check(context.base)?),
        Event::Signed(_) => {
            let party = context.party;
            if context.base < context.last {
                return Err(Refusal::Unseen(party.clone(), context.base, context.last));
            }
            match state.signature(party).filter(|signature| signature.sequence > context.last) {
                Some(signature) => Err(Refusal::Signed(party.clone(), signature.sequence)),
                None => Ok(()),
            }
        }
        Event::Closed(_) => context.parties.iter().try_for_each(|party| {
            let signature = state.signature(party).ok_or_else(|| Refusal::Unsigned((*party).clone()))?;
            if signature.sequence < context.last {
                return Err(Refusal::Outdated((*party).clone(), signature.sequence, context.last));
            }
            Ok(())
        }),
    }
}

/// The state after an event.
#[must_use]
pub fn evolve(state: Option<State>, event: &Event, place: &Place<'_>) -> Option<State> {
    let party = &place.author.party;
    let sequence = place.sequence;
    match event {
        Event::Opened(opened) => Some(State {
            opened: opened.clone(),
            party: party.clone(),
            sequence,
            findings: Vec::new(),
            signatures: Vec::new(),
            closed: None,
        }),
        Event::Assessed(event) => state.map(|mut state| {
            state.findings.push(Assessment {
                sequence,
                day: place.day,
                party: party.clone(),
                line: event.line,
                criterion: event.criterion,
                finding: event.finding,
                entries: event.entries.clone(),
                files: event.evidence.len() as u64,
            });
            state
        }),
        Event::Signed(_) => state.map(|mut state| {
            state.signatures.push(Signature { sequence, party: party.clone() });
            state
        }),
        Event::Closed(_) => state.map(|state| State { closed: Some(sequence), ..state }),
    }
}
