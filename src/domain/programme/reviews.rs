//! Reviews in the programme: what may be found, proposed and decided, where a rule on one action or one review reads the others.

use super::{Programme, Refusal, unknown};
use crate::domain::action::{self, Context};
use crate::domain::change::{self, Change, Decision};
use crate::domain::decision::{self, Proposal};
use crate::domain::review;
use crate::domain::value::Code;
use crate::domain::word::Words;
use chrono::NaiveDate;
use std::sync::Arc;

impl Programme {
    /// What is proposed in a review and not settled, each with its action.
    pub fn open<'a>(&'a self, review: &'a Code) -> impl Iterator<Item = (&'a Code, &'a Proposal)> {
        self.decisions.iter().flat_map(move |(action, state)| {
            let since = self.actions.get(action).map(|action| action.since());
            let own = move |proposal: &&Proposal| proposal.decision.review == *review;
            state.open(since).filter(own).map(move |proposal| (action, proposal))
        })
    }

    /// How many entries each version of the plan has: those up to the close of each review, in their order.
    #[must_use]
    pub fn versions(&self) -> Vec<(u64, &Code)> {
        let closed = |(name, review): (_, &Arc<review::State>)| Some((review.closed? + 1, name));
        let mut closed: Vec<(u64, &Code)> = self.reviews.iter().filter_map(closed).collect();
        closed.sort_unstable();
        closed
    }

    /// Whether a change fits, of an action or of one that is new.
    fn allows(
        &self,
        reference: &Code,
        decision: &Decision,
        words: &Words,
        days: (NaiveDate, NaiveDate),
    ) -> Result<(), Refusal> {
        self.review(&decision.review)?;
        let Some(state) = self.actions.get(reference) else {
            return match &decision.change {
                Change::Add(new) => self.fits(reference, new),
                _ => Err(unknown("action", reference.as_str(), self.actions.keys())),
            };
        };
        change::allows(state, words, decision, days)?;
        for into in decision.change.successors() {
            if into == reference {
                return Err(Refusal::Itself(into.clone()));
            }
            let Some(successor) = self.actions.get(into) else {
                let standing = self.actions.iter().filter(|(_, action)| action.ended.is_none());
                let others = standing.map(|(other, _)| other).filter(|other| *other != reference);
                return Err(unknown("action", into.as_str(), others));
            };
            if successor.ended.is_some() {
                return Err(action::Refusal::Ended(into.clone(), successor.ended.since()).into());
            }
        }
        if let Change::Clarify { lead: Some(lead), .. } = &decision.change {
            let party =
                self.party_of(lead).ok_or_else(|| unknown("institution", lead.as_str(), self.bodies()))?;
            self.party(party).acting(party, lead)?;
        }
        Ok(())
    }

    /// Whether what is proposed and not settled can still be agreed to on a day: what fitted when it was proposed may fit no more, and is
    /// declined. `words` are those of the action.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn still_allows(
        &self,
        reference: &Code,
        proposal: &Proposal,
        words: &Words,
        day: NaiveDate,
    ) -> Result<(), Refusal> {
        // Its date was not in the future when it was proposed.
        self.allows(reference, &proposal.decision, words, (NaiveDate::MAX, day))
    }

    /// Whether this may happen to what a review makes of an action.
    pub(super) fn decide_decision(
        &self,
        reference: &Code,
        event: &decision::Event,
        words: &Words,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let known = self.decisions.get(reference).cloned().unwrap_or_default();
        let (party, days) = (&context.author.party, (context.today, context.day));
        let changed = self.actions.get(reference).map(|action| action.since());
        let answered = || Ok::<_, Refusal>(known.answered(reference, context.answers, changed)?);
        match event {
            decision::Event::Assessed(event) => {
                self.review(&event.review)?;
                if !self.actions.contains_key(reference) {
                    return Err(unknown("action", reference.as_str(), self.actions.keys()));
                }
                Ok(event.grounds().check(context.base).map_err(decision::Refusal::from)?)
            }
            decision::Event::Proposed(event) => self.allows(reference, &event.decision, words, days),
            decision::Event::Agreed(_) => {
                let proposal = answered()?;
                self.allows(reference, &proposal.decision, words, days)?;
                Ok(decision::consents(proposal, party, context.parties, false)?)
            }
            decision::Event::Declined(_) => {
                // What became stale is out of the way by itself.
                self.review(&answered()?.decision.review).map(drop)
            }
            decision::Event::Modified(event) => {
                let proposal = answered()?;
                self.allows(reference, &proposal.decision, words, days)?;
                decision::consents(proposal, party, context.parties, true)?;
                if event.decision == proposal.decision {
                    Ok(())
                } else {
                    Err(decision::Refusal::Otherwise(proposal.sequence).into())
                }
            }
        }
    }

    /// Whether this may happen to a review.
    pub(super) fn decide_review(
        &self,
        name: &Code,
        event: &review::Event,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let known = self.reviews.get(name);
        match event {
            review::Event::Opened(_) => {
                self.plan.as_deref().ok_or(Refusal::NotAdopted)?;
            }
            _ if known.is_none() => return Err(unknown("review", name.as_str(), self.reviews.keys())),
            review::Event::Assessed(event) => {
                self.plan.as_deref().ok_or(Refusal::NotAdopted)?.line(event.line)?;
            }
            review::Event::Signed(_) | review::Event::Closed(_) => {
                let open: Vec<&Code> = self.open(name).map(|(action, _)| action).collect();
                if let Some(first) = open.first() {
                    return Err(review::Refusal::Open { count: open.len(), first: (*first).clone() }.into());
                }
            }
        }
        let review = review::Context {
            party: &context.author.party,
            parties: context.parties,
            today: context.today,
            base: context.base,
            reading: context.reading,
            last: self.last(name),
        };
        Ok(review::decide(known.map(Arc::as_ref), event, name, &review)?)
    }

    /// A review that goes on.
    pub(super) fn review(&self, name: &Code) -> Result<(), Refusal> {
        let review = self.reviews.get(name);
        let review = review.ok_or_else(|| unknown("review", name.as_str(), self.reviews.keys()))?;
        Ok(review.goes_on(name)?)
    }

    /// The sequence of the last entry that found or settled anything in a review.
    fn last(&self, review: &Code) -> u64 {
        let own = self.reviews.get(review).map_or(0, |review| review.last());
        self.decisions.values().filter_map(|state| state.last(review)).max().unwrap_or(0).max(own)
    }
}
