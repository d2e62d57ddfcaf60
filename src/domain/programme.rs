//! The programme: the plan as it was adopted, with its institutions, instruments and actions; an event changes one of
//! them, and its rules may read the others.

use super::action::{self, Context, Former};
use super::assignment::Responsibility;
use super::change::{self, Change};
use super::date::{Effective, Period};
use super::decision;
use super::plan::Action;
use super::value::{Code, nearest};
use super::versions::Versions;
use super::word::{Place, Words};
use super::{assertion, instrument, party, review};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod adopted;
mod reviews;

pub use adopted::Adopted;

/// What happens in the programme, to the aggregate that its subject names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// To the plan as a whole.
    Plan(Adopted),
    /// To a party's institutions.
    Party(Code, party::Event),
    /// To an instrument.
    Instrument(Code, instrument::Event),
    /// To an action.
    Action(Code, action::Event),
    /// To what a review makes of an action.
    Decision(Code, decision::Event),
    /// To a review.
    Review(Code, review::Event),
}

/// Why something may not happen in the programme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Adopted already.
    #[error("the plan was adopted already; a review modifies its actions")]
    Adopted,
    /// Not adopted yet.
    #[error("the plan is not adopted yet, and nothing is recorded before it is")]
    NotAdopted,
    /// Something that the plan names twice.
    #[error("the plan names the {what} {name} twice")]
    Twice {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Something that the plan does not name.
    #[error("the plan has no {what} {name}{hint}")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// As written.
        name: String,
        /// The nearest name, if one is near.
        hint: String,
    },
    /// To an institution.
    #[error(transparent)]
    Party(#[from] party::Refusal),
    /// To an instrument.
    #[error(transparent)]
    Instrument(#[from] instrument::Refusal),
    /// To an action.
    #[error(transparent)]
    Action(#[from] action::Refusal),
    /// To what a review makes of an action.
    #[error(transparent)]
    Decision(#[from] decision::Refusal),
    /// To a review.
    #[error(transparent)]
    Review(#[from] review::Refusal),
    /// To what is said of an institution or an instrument.
    #[error(transparent)]
    Assertion(#[from] assertion::Refusal),
    /// An action into itself.
    #[error("{0} does not go into itself: name another action")]
    Itself(Code),
    /// Created by one party alone.
    #[error("after the founding an action is created by the last consent to its proposal, in a review")]
    Unproposed,
}

/// The programme at one moment. Cloning it is cheap: aggregates that did not change are shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// The plan, once adopted.
    pub plan: Option<Versions<Adopted>>,
    /// The parties' institutions.
    pub parties: BTreeMap<Code, Arc<party::State>>,
    /// The instruments.
    pub instruments: BTreeMap<Code, Arc<instrument::State>>,
    /// The actions, without what was said of them.
    pub actions: BTreeMap<Code, Arc<action::State>>,
    /// What reviews made of the actions, and of those that were proposed.
    pub decisions: BTreeMap<Code, Arc<decision::State>>,
    /// The reviews.
    pub reviews: BTreeMap<Code, Arc<review::State>>,
}

impl Programme {
    /// Whether this may happen; `words` are those of the action that it happens to.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn decide(&self, event: &Event, words: &Words, context: &Context<'_>) -> Result<(), Refusal> {
        match event {
            Event::Plan(_) if self.plan.is_some() => Err(Refusal::Adopted),
            Event::Plan(plan) => plan.check(),
            Event::Party(party, event) => {
                match event {
                    // An id names one institution, whosever it is: assignments and keys know it by its id alone.
                    party::Event::Registered(new) if self.party_of(&new.id).is_some() => {
                        return Err(party::Refusal::Known(new.id.clone()).into());
                    }
                    party::Event::Succeeded(event) => {
                        assertion::past("effective", event.effective, context.today)?;
                    }
                    party::Event::Registered(_) => {}
                }
                Ok(party::decide(&self.party(party), event, party)?)
            }
            Event::Instrument(reference, event) => {
                let known = self.instruments.get(reference);
                match event {
                    instrument::Event::Registered(new) => {
                        let plan = self.plan.as_deref().ok_or(Refusal::NotAdopted)?;
                        plan.line(new.line)?;
                    }
                    instrument::Event::Updated(_) if known.is_none() => {
                        return Err(unknown("instrument", reference.as_str(), self.instruments.keys()));
                    }
                    instrument::Event::Updated(update) => {
                        assertion::past("effective", update.effective, context.today)?;
                    }
                }
                Ok(instrument::decide(known.map(Arc::as_ref), event, reference)?)
            }
            Event::Action(reference, event) => self.decide_action(reference, event, words, context),
            Event::Decision(reference, event) => self.decide_decision(reference, event, words, context),
            Event::Review(review, event) => self.decide_review(review, event, context),
        }
    }

    fn decide_action(
        &self,
        reference: &Code,
        event: &action::Event,
        words: &Words,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        match (event, self.actions.get(reference)) {
            (action::Event::Created(new), None) => {
                self.fits(reference, new)?;
                if context.founding {
                    return Ok(());
                }
                let state = self.decisions.get(reference).ok_or(Refusal::Unproposed)?;
                let proposal = state.answered(reference, context.answers, None)?;
                self.review(&proposal.decision.review)?;
                decision::consents(proposal, &context.author.party, context.parties, true)?;
                match &proposal.decision.change {
                    Change::Add(proposed) if **proposed == *new => Ok(()),
                    _ => Err(decision::Refusal::Otherwise(proposal.sequence).into()),
                }
            }
            (_, None) => Err(unknown("action", reference.as_str(), self.actions.keys())),
            (event, Some(state)) => {
                let party = &context.author.party;
                if let Some(institution) = &context.author.institution
                    && !self.has(state, institution, party)
                {
                    let (action, institution) = (reference.clone(), institution.clone());
                    return Err(action::Refusal::NotTheirs { action, institution }.into());
                }
                if let action::Event::Assigned(event) = event {
                    // A party assigns its own institutions alone, and only those that act.
                    let own = self.party(party);
                    match own.acting(party, &event.institution) {
                        Err(party::Refusal::Ended(..)) if event.role == assertion::Role::Relieved => {}
                        acting => acting?,
                    }
                    if event.role == assertion::Role::Relieved && !self.has(state, &event.institution, party)
                    {
                        let (action, institution) = (reference.clone(), event.institution.clone());
                        return Err(action::Refusal::Unassigned(action, institution).into());
                    }
                }
                Ok(action::decide(state, words, event, context)?)
            }
        }
    }

    /// Whether an institution of a party has an action: it was assigned to it, or to one whose work has passed to it.
    fn has(&self, action: &action::State, institution: &Code, party: &Code) -> bool {
        let assigned = action.assignments.get(institution);
        assigned.is_some_and(|task| task.party == *party)
            || self
                .held(action, None)
                .iter()
                .any(|held| held.institution == institution && held.task.party == *party)
    }

    /// Who has an action, by a day of the effective axis, or as recorded where none is given: see [`Assignments::held`].
    ///
    /// [`Assignments::held`]: super::assignment::Assignments::held
    #[must_use]
    pub fn held<'a>(
        &'a self,
        action: &'a action::State,
        effective: Option<NaiveDate>,
    ) -> Vec<Responsibility<'a>> {
        action.assignments.held(&self.parties, effective)
    }

    /// The sequences of the entries by which work on an action has passed from one institution to another: of those that it names,
    /// and those that had it.
    #[must_use]
    pub fn successions(&self, action: &action::State) -> BTreeSet<u64> {
        let named = action.action.institutions.iter();
        let own = named.filter_map(|body| Some((body, self.parties.get(self.party_of(body)?)?)));
        let own = own.flat_map(|(body, party)| party.successors(body)).map(Versions::since);
        own.chain(action.assignments.passed(&self.parties)).collect()
    }

    /// Whether an action fits into the plan, under its reference.
    fn fits(&self, reference: &Code, new: &Action) -> Result<(), Refusal> {
        if new.reference != *reference {
            let (found, expected) = (new.reference.clone(), reference.clone());
            return Err(action::Refusal::Foreign { found, expected }.into());
        }
        let plan = self.plan.as_deref().ok_or(Refusal::NotAdopted)?;
        plan.line(new.line)?;
        let tracks: Vec<&Code> = plan.tracks.iter().map(|track| &track.code).collect();
        if !tracks.contains(&&new.track) {
            return Err(unknown("track", new.track.as_str(), tracks));
        }
        if let Some(base) = new.basis.iter().find(|base| !self.instruments.contains_key(base)) {
            return Err(unknown("instrument", base.as_str(), self.instruments.keys()));
        }
        match new.institutions.iter().find(|body| self.bodies().all(|known| known != *body)) {
            Some(body) => Err(unknown("institution", body.as_str(), self.bodies())),
            None => Ok(()),
        }
    }

    fn bodies(&self) -> impl Iterator<Item = &Code> {
        self.parties.values().flat_map(|party| party.institutions().map(|body| &body.id))
    }

    /// Takes an event that was admitted; `words` are those of the action that it happens to.
    pub fn evolve(&mut self, event: &Event, words: &mut Words, place: &Place<'_>) {
        match event {
            Event::Plan(adopted) => {
                self.plan = Some(Versions::new(place.sequence, adopted.clone()));
            }
            Event::Party(party, event) => {
                let state = self.parties.entry(party.clone()).or_default();
                party::evolve(Arc::make_mut(state), event, place.sequence);
            }
            Event::Instrument(reference, event) => {
                let before = self.instruments.remove(reference).map(Arc::unwrap_or_clone);
                if let Some(after) = instrument::evolve(before, event, place) {
                    self.instruments.insert(reference.clone(), Arc::new(after));
                }
            }
            Event::Action(reference, action::Event::Created(action)) => {
                let mut first = place.sequence;
                let proposed = self.decisions.get_mut(reference);
                let added = proposed.is_some();
                if let Some(decisions) = proposed {
                    decision::settle(Arc::make_mut(decisions), place);
                    first = decisions.first().unwrap_or(first);
                }
                let mut state = action::State::new(place.sequence, first, action.clone());
                if added {
                    // Nothing was missed of which nobody knew.
                    state.former.push(Former { cycle: None, sequence: place.sequence, day: place.day });
                }
                self.actions.insert(reference.clone(), Arc::new(state));
            }
            Event::Action(reference, action::Event::Assigned(event)) => {
                if let Some(state) = self.actions.get_mut(reference) {
                    action::assign(Arc::make_mut(state), event, place);
                }
            }
            Event::Action(reference, event) => {
                // Of an action that somebody spoke of it is known that it is there.
                if !words.all().is_empty() || self.actions.contains_key(reference) {
                    action::say(words, event, place);
                }
            }
            Event::Decision(reference, event) => {
                let decisions = self.decisions.entry(reference.clone()).or_default();
                decision::evolve(Arc::make_mut(decisions), event, place);
                if let decision::Event::Modified(event) = event
                    && let Some(mut state) = self.actions.remove(reference)
                {
                    let lead_of = |state: &action::State, lead: &Code| {
                        let own = self.held(state, None).into_iter().filter(|held| held.institution == lead);
                        let due = own.filter_map(|held| held.task.due).min_by_key(Effective::end);
                        Some((self.party_of(lead)?.clone(), due))
                    };
                    change::apply(&mut state, words, &event.decision, lead_of, place);
                    self.actions.insert(reference.clone(), state);
                }
            }
            Event::Review(name, event) => {
                let before = self.reviews.remove(name).map(Arc::unwrap_or_clone);
                if let Some(after) = review::evolve(before, event, place) {
                    self.reviews.insert(name.clone(), Arc::new(after));
                }
            }
        }
    }

    /// As it was after a number of entries.
    #[must_use]
    pub fn until(&self, size: u64) -> Self {
        Self {
            plan: self.plan.as_ref().and_then(|plan| plan.until(size)),
            parties: within(&self.parties, |party| party.until(size).map(Arc::new)),
            instruments: within(&self.instruments, |instrument| instrument.until(size)),
            actions: within(&self.actions, |action| action.until(size)),
            decisions: within(&self.decisions, |decisions| {
                let then = decisions.until(size);
                (then != decision::State::default()).then(|| Arc::new(then))
            }),
            reviews: within(&self.reviews, |review| review.until(size).map(Arc::new)),
        }
    }

    /// When the plan is carried out, once it is adopted.
    #[must_use]
    pub fn period(&self) -> Option<Period> {
        self.plan.as_ref().map(|plan| plan.period)
    }

    /// Which party an institution belongs to.
    #[must_use]
    pub fn party_of(&self, institution: &Code) -> Option<&Code> {
        let owns = |party: &party::State| party.institutions().any(|body| body.id == *institution);
        self.parties.iter().find(|(_, party)| owns(party)).map(|(party, _)| party)
    }

    /// An institution, and those to which its work has passed, one after the other.
    pub fn passed<'a>(&'a self, institution: &'a Code) -> impl Iterator<Item = &'a Code> {
        let party = self.party_of(institution).and_then(|party| self.parties.get(party));
        let next = party.into_iter().flat_map(|party| party.successors(institution));
        std::iter::once(institution).chain(next.map(|succession| &succession.successor))
    }

    /// A party's institutions.
    #[must_use]
    pub fn party(&self, party: &Code) -> Arc<party::State> {
        self.parties.get(party).cloned().unwrap_or_default()
    }
}

/// What of aggregates was there.
/// Most of it is what it was: copying it whole takes less than putting it together again.
fn within<T>(
    all: &BTreeMap<Code, Arc<T>>,
    then: impl Fn(&Arc<T>) -> Option<Arc<T>>,
) -> BTreeMap<Code, Arc<T>> {
    let mut known = all.clone();
    known.retain(|_, each| then(each).map(|then| *each = then).is_some());
    known
}

fn unknown<'a>(what: &'static str, name: &str, names: impl IntoIterator<Item = &'a Code>) -> Refusal {
    let hint = nearest(name, names.into_iter().map(Code::as_str));
    Refusal::Unknown { what, name: name.to_owned(), hint }
}
