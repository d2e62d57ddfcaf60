//! Decisions on an action: what is proposed in a review, who agrees, and the last consent, by which it takes effect.
//!
//! What is changed, and what that makes of the action, is in [`super::change`]; whether the review is open, and what a proposal on one action
//! asks of the others, in [`super::programme`].

use super::change::{Change, Decision, Fields, Kind, NotADecision};
use super::finding::{self, Assessed, Finding};
use super::sealed::Sealed;
use super::value::Code;
use super::word::Place;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a review does with an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A party finds something.
    Assessed(Assessed),
    /// A party proposes a change.
    Proposed(Proposed),
    /// A party agrees, and is not the last to.
    Agreed(Agreed),
    /// A party does not agree, or takes its own proposal back.
    Declined(Declined),
    /// The last party agrees, and the change takes effect.
    Modified(Modified),
}

/// A party proposes a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Proposed {
    /// What is proposed.
    pub decision: Decision,
    /// Why.
    pub reason: Sealed,
}

/// The last party agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Modified {
    /// What was proposed.
    pub decision: Decision,
    /// A sentence on it.
    pub note: Option<Sealed>,
}

/// A party agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreed {
    /// A sentence on it.
    #[serde(rename = "_sd.note", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed>,
}

/// A party does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declined {
    /// Why.
    #[serde(rename = "_sd.reason")]
    pub reason: Sealed,
}

impl TryFrom<Fields> for Proposed {
    type Error = NotADecision;

    fn try_from(fields: Fields) -> Result<Self, NotADecision> {
        let decision = fields.decision()?;
        match fields {
            Fields { reason: Some(reason), note: None, .. } => Ok(Self { decision, reason }),
            _ => Err(NotADecision::Withheld(
                "a proposal withholds its `reason`, which it needs, and nothing else",
            )),
        }
    }
}

impl From<Proposed> for Fields {
    fn from(proposed: Proposed) -> Self {
        let mut fields = Self::from(proposed.decision);
        fields.reason = Some(proposed.reason);
        fields
    }
}

impl TryFrom<Fields> for Modified {
    type Error = NotADecision;

    fn try_from(fields: Fields) -> Result<Self, NotADecision> {
        let decision = fields.decision()?;
        if matches!(decision.change, Change::Add(_)) {
            return Err(NotADecision::Members(Kind::Add, "in `action.created`, by the last consent"));
        }
        match fields {
            Fields { reason: None, note, .. } => Ok(Self { decision, note }),
            _ => Err(NotADecision::Withheld("a last consent withholds a `note`, if anything")),
        }
    }
}

impl From<Modified> for Fields {
    fn from(modified: Modified) -> Self {
        let mut fields = Self::from(modified.decision);
        fields.note = modified.note;
        fields
    }
}

/// Why nothing is decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What a finding rests on.
    #[error(transparent)]
    Finding(#[from] finding::Refusal),
    /// It answers no proposal.
    #[error("it names no proposal that it answers: give the sequence or the id of one")]
    Unanswered,
    /// It answers something else.
    #[error("the entry {0} is not a proposal on {1}")]
    NotAProposal(Uuid, Code),
    /// Settled.
    #[error("the proposal of entry {0} was settled by entry {1}: nobody agrees or declines any more")]
    Settled(u64, u64),
    /// Its own.
    #[error("entry {0} is the proposal of {1}: nobody agrees to their own proposal")]
    Own(u64, Code),
    /// Twice.
    #[error("{0} agreed to the proposal of entry {1} already, in entry {2}")]
    Agreed(Code, u64, u64),
    /// On what the action was.
    #[error(
        "{action} was changed by entry {since}, after it was proposed in entry {proposal} to change it, so that this is open no more: what is still wanted is proposed again, of the action as it is now"
    )]
    Stale {
        /// Which action.
        action: Code,
        /// The entry that changed it.
        since: u64,
        /// The proposal.
        proposal: u64,
    },
    /// Not the last to agree.
    #[error("{0} has not agreed yet, so nothing takes effect: this consent is `action.agreed`")]
    Awaited(String),
    /// The last to agree.
    #[error("all others have agreed, so by this consent it takes effect: it is `{0}`")]
    Last(&'static str),
    /// Another decision than was proposed.
    #[error("it is not what was proposed in entry {0}: agree to that, or decline it and propose another")]
    Otherwise(u64),
}

/// A finding of a party on the action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The sequence of the entry that says so.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Who finds it.
    pub party: Code,
    /// In which review.
    pub review: Code,
    /// What is found.
    pub finding: Finding,
    /// The sequences of the entries that it cites.
    pub entries: Vec<u64>,
    /// How many files it puts forward.
    pub files: u64,
}

/// A proposal, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The entry's id.
    pub id: Uuid,
    /// The entry's sequence.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Who proposes.
    pub party: Code,
    /// What.
    pub decision: Decision,
    /// Who has agreed, each in the entry with a sequence; the last to agree among them.
    pub agreed: Vec<(Code, u64)>,
    /// Who has declined.
    pub declined: Option<(Code, u64)>,
    /// The sequence of the entry by which it took effect.
    pub decided: Option<u64>,
}

impl Proposal {
    /// The sequence of the entry that settled it.
    #[must_use]
    pub fn settled(&self) -> Option<u64> {
        self.decided.or(self.declined.as_ref().map(|(_, sequence)| *sequence))
    }

    /// The parties that have not agreed.
    #[must_use]
    pub fn awaited<'p>(&self, parties: &[&'p Code]) -> Vec<&'p Code> {
        let spoke =
            |party: &Code| self.party == *party || self.agreed.iter().any(|(other, _)| other == party);
        parties.iter().copied().filter(|party| !spoke(party)).collect()
    }

    fn until(&self, size: u64) -> Option<Self> {
        let agreed = self.agreed.iter().filter(|(_, sequence)| *sequence < size).cloned().collect();
        let declined = self.declined.clone().filter(|(_, sequence)| *sequence < size);
        let decided = self.decided.filter(|sequence| *sequence < size);
        (self.sequence < size).then(|| Self { agreed, declined, decided, ..self.clone() })
    }
}

/// What reviews made of an action: what was found, proposed and decided, in the order of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Each finding.
    pub findings: Vec<Assessment>,
    /// Each proposal.
    pub proposals: Vec<Proposal>,
}

impl State {
    /// As it was after a number of entries.
    #[must_use]
    pub fn until(&self, size: u64) -> Self {
        let findings = self.findings.iter().take_while(|found| found.sequence < size).cloned().collect();
        let proposals = self.proposals.iter().map_while(|proposal| proposal.until(size)).collect();
        Self { findings, proposals }
    }

    /// A party's latest finding in a review.
    #[must_use]
    pub fn finding(&self, review: &Code, party: &Code) -> Option<&Assessment> {
        self.findings.iter().rfind(|found| found.review == *review && found.party == *party)
    }

    /// The sequence of the first entry that proposes anything.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.proposals.first().map(|proposal| proposal.sequence)
    }

    /// The sequence of the last entry by which something took effect.
    #[must_use]
    pub fn decided(&self) -> Option<u64> {
        self.proposals.iter().filter_map(|proposal| proposal.decided).max()
    }

    /// The sequence of the last entry that found or settled anything in a review.
    #[must_use]
    pub fn last(&self, review: &Code) -> Option<u64> {
        let found = self.findings.iter().filter(|found| found.review == *review).map(|found| found.sequence);
        let own = self.proposals.iter().filter(|proposal| proposal.decision.review == *review);
        found.chain(own.filter_map(Proposal::settled)).max()
    }

    /// What is proposed and not settled, on an action that was last changed by the entry with a sequence, if by any.
    pub fn open(&self, since: Option<u64>) -> impl Iterator<Item = &Proposal> {
        let stale = self.since(since);
        self.proposals
            .iter()
            .filter(move |each| each.settled().is_none() && stale.is_none_or(|since| since < each.sequence))
    }

    /// The proposal that an event answers, as long as it can be answered.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn answered(
        &self,
        action: &Code,
        answers: Option<Uuid>,
        since: Option<u64>,
    ) -> Result<&Proposal, Refusal> {
        let id = answers.ok_or(Refusal::Unanswered)?;
        let proposal = self.by_id(id).ok_or_else(|| Refusal::NotAProposal(id, action.clone()))?;
        if let Some(by) = proposal.settled() {
            return Err(Refusal::Settled(proposal.sequence, by));
        }
        match self.since(since) {
            Some(since) if since > proposal.sequence => {
                Err(Refusal::Stale { action: action.clone(), since, proposal: proposal.sequence })
            }
            _ => Ok(proposal),
        }
    }

    /// The entry that changed the action last, or left it as it is by a decision.
    fn since(&self, changed: Option<u64>) -> Option<u64> {
        changed.max(self.decided())
    }

    /// The proposal of the entry with an id.
    #[must_use]
    pub fn by_id(&self, id: Uuid) -> Option<&Proposal> {
        self.proposals.iter().find(|proposal| proposal.id == id)
    }

    fn proposal(&mut self, answers: Option<Uuid>) -> Option<&mut Proposal> {
        let id = answers?;
        self.proposals.iter_mut().find(|proposal| proposal.id == id)
    }
}

/// Whether a party may agree to a proposal; `last` says whether nobody else has to after it.
///
/// # Errors
/// [`Refusal`], by name.
pub fn consents(proposal: &Proposal, party: &Code, parties: &[&Code], last: bool) -> Result<(), Refusal> {
    if proposal.party == *party {
        return Err(Refusal::Own(proposal.sequence, party.clone()));
    }
    if let Some((_, entry)) = proposal.agreed.iter().find(|(other, _)| other == party) {
        return Err(Refusal::Agreed(party.clone(), proposal.sequence, *entry));
    }
    let others: Vec<&str> =
        proposal.awaited(parties).into_iter().filter(|other| *other != party).map(Code::as_str).collect();
    match (last, others.is_empty()) {
        (true, false) => Err(Refusal::Awaited(others.join(", "))),
        (false, true) if matches!(proposal.decision.change, Change::Add(_)) => {
            Err(Refusal::Last("action.created"))
        }
        (false, true) => Err(Refusal::Last("action.modified")),
        (true, true) | (false, false) => Ok(()),
    }
}

/// Takes an event that was admitted.
pub fn evolve(state: &mut State, event: &Event, place: &Place<'_>) {
    let party = &place.author.party;
    match event {
        Event::Assessed(event) => state.findings.push(Assessment {
            sequence: place.sequence,
            day: place.day,
            party: party.clone(),
            review: event.review.clone(),
            finding: event.finding,
            entries: event.entries.clone(),
            files: event.evidence.len() as u64,
        }),
        Event::Proposed(event) => state.proposals.push(Proposal {
            id: place.id,
            sequence: place.sequence,
            day: place.day,
            party: party.clone(),
            decision: event.decision.clone(),
            agreed: Vec::new(),
            declined: None,
            decided: None,
        }),
        Event::Agreed(_) => {
            if let Some(proposal) = state.proposal(place.answers) {
                proposal.agreed.push((party.clone(), place.sequence));
            }
        }
        Event::Declined(_) => {
            if let Some(proposal) = state.proposal(place.answers) {
                proposal.declined = Some((party.clone(), place.sequence));
            }
        }
        Event::Modified(_) => settle(state, place),
    }
}

/// Takes the last consent to what was proposed.
pub fn settle(state: &mut State, place: &Place<'_>) {
    if let Some(proposal) = state.proposal(place.answers) {
        proposal.agreed.push((place.author.party.clone(), place.sequence));
        proposal.decided = Some(place.sequence);
    }
}

#[cfg(test)]
mod tests;
