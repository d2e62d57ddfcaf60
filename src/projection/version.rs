//! Versions of the plan: the first as it was founded, and one more with each review that was closed.

use super::board;
use crate::domain::change::Change;
use crate::domain::date::Effective;
use crate::domain::decision::Proposal;
use crate::domain::plan::Action;
use crate::domain::programme::Programme;
use crate::domain::value::Code;
use crate::domain::versions::Versions;
use crate::record::state::State;

/// A version of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// From 1.
    pub number: u64,
    /// After how many entries it stands.
    pub size: u64,
    /// The review that made it; none made the first.
    pub review: Option<&'a Code>,
}

/// Every version, from the first on; none before the plan was founded.
#[must_use]
pub fn all(state: &State) -> Vec<Version<'_>> {
    let Some(founding) = state.founding.as_ref() else { return Vec::new() };
    let founded = founding.acceded.values().max().map_or(state.head.size, |last| last + 1);
    let closed = state.programme.versions().into_iter().map(|(size, review)| (size, Some(review)));
    let sizes = [(founded, None)].into_iter().chain(closed);
    (1..).zip(sizes).map(|(number, (size, review))| Version { number, size, review }).collect()
}

/// What was decided of an action, and what that changed.
#[derive(Debug, Clone)]
pub struct Decided<'a> {
    /// The action.
    pub reference: &'a Code,
    /// As it was before; nothing of a new one.
    pub before: Option<Versions<Action>>,
    /// What was proposed, and who agreed.
    pub proposal: &'a Proposal,
    /// The sequence of the entry by which it took effect.
    pub sequence: u64,
    /// Since when, where that was said; the day of that entry counts otherwise.
    pub effective: Option<Effective>,
}

/// What was decided after one number of entries and before another, action by action as in the plan, and in the order of the ledger.
#[must_use]
pub fn decided(programme: &Programme, from: u64, to: u64) -> Vec<Decided<'_>> {
    let proposals = programme
        .decisions
        .iter()
        .flat_map(|(reference, state)| state.proposals.iter().map(move |proposal| (reference, proposal)));
    let mut all: Vec<Decided<'_>> = proposals
        .filter_map(|(reference, proposal)| {
            let sequence = proposal.decided.filter(|sequence| (from..to).contains(sequence))?;
            let is_new = matches!(proposal.decision.change, Change::Add(_));
            let before = programme.actions.get(reference)?.action.until(sequence).filter(|_| !is_new);
            let effective = proposal.decision.effective;
            Some(Decided { reference, before, proposal, sequence, effective })
        })
        .collect();
    let tracks = board::tracks(programme);
    all.sort_by_cached_key(|decided| {
        let action = programme.actions.get(decided.reference);
        let rank = action.map(|action| board::rank(&tracks, &action.action, Some(action.as_ref())));
        (rank, decided.sequence)
    });
    all
}
