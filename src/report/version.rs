//! A version of the plan as a table, and what was decided between two.

use super::answers::excerpt;
use super::phrase::{self, Phrase};
use super::table::{Cell, Column, Fact, Report};
use super::wording;
use crate::domain::action;
use crate::domain::change::Change;
use crate::domain::plan::Action;
use crate::projection::reading::Reading;
use crate::projection::version::{Decided, Version};
use crate::record::state::State;

/// The actions of a version, in the order in which they are given; where a review has decided something since, it is the last one
/// before it.
#[must_use]
pub fn show(
    state: &State,
    reading: &Reading,
    version: Option<Version<'_>>,
    actions: &[&action::State],
) -> Report {
    let plan = state.programme.plan.as_deref();
    let since = version.map_or(0, |version| version.size);
    let decided = state.programme.decisions.values().flat_map(|decisions| &decisions.proposals);
    let decided =
        decided.filter(|proposal| proposal.decided.is_some_and(|sequence| sequence >= since)).count();
    let facts = vec![
        Fact::new("plan", Cell::maybe(plan.map(|plan| &plan.id))),
        Fact::new("title", Cell::maybe(plan.map(|plan| &plan.title))),
        Fact::new("from", Cell::maybe(plan.map(|plan| plan.period.begin()))),
        Fact::new("to", Cell::maybe(plan.map(|plan| plan.period.end()))),
        Fact::new("version", version.map_or(Cell::Empty, |version| Cell::Number(version.number))),
        Fact::new("review", Cell::maybe(version.and_then(|version| version.review))),
        Fact::new("decided_since", Cell::Number(decided as u64)),
        Fact::new("actions", Cell::Number(actions.len() as u64)),
    ];
    let cells = |state: &&action::State| {
        let action = &state.action;
        let successors = state.ended.as_ref().map(|ended| ended.successors.clone()).unwrap_or_default();
        vec![
            Cell::text(action.reference.as_str()),
            Cell::Number(u64::from(action.line)),
            Cell::text(action.track.as_str()),
            Cell::text(action.kind.as_str()),
            Cell::maybe(action.cycle.as_ref()),
            Cell::text(action.firmness.as_str()),
            state.ended.as_ref().map_or(Cell::Empty, |ended| ended.lifecycle().into()),
            Cell::List(successors.iter().map(ToString::to_string).collect()),
            Cell::text(excerpt(action.text.as_str())),
            Cell::text(action.text.as_str()),
            Cell::Number(action.since()),
        ]
    };
    Report {
        kind: "plan",
        reading: reading.clone(),
        before: None,
        facts,
        columns: vec![
            Column::new("action", "ACTION"),
            Column::new("line", "LINE"),
            Column::new("track", "TRACK"),
            Column::new("kind", "KIND"),
            Column::new("cycle", "CYCLE"),
            Column::new("firmness", "FIRMNESS"),
            Column::new("ended", "ENDED"),
            Column::new("successors", "GOES ON IN"),
            Column::new("excerpt", "TEXT"),
            Column::hidden("text"),
            Column::hidden("since"),
        ],
        rows: actions.iter().map(cells).collect(),
    }
}

/// What was decided between two versions.
#[must_use]
pub fn diff(before: &Reading, after: &Reading, decided: &[Decided<'_>]) -> Report {
    Report {
        kind: "plan_diff",
        reading: after.clone(),
        before: Some(before.clone()),
        facts: vec![Fact::new("decisions", Cell::Number(decided.len() as u64))],
        columns: vec![
            Column::new("action", "ACTION"),
            Column::new("decision", "DECISION"),
            Column::new("what", "WHAT"),
            Column::new("review", "REVIEW"),
            Column::new("proposed_by", "PROPOSED"),
            Column::new("agreed", "AGREED"),
            Column::new("effective", "EFFECTIVE"),
            Column::new("sequence", "SEQ"),
            Column::hidden("proposal"),
            Column::hidden("old_text"),
            Column::hidden("new_text"),
            Column::hidden("into"),
        ],
        rows: decided.iter().map(cells).collect(),
    }
}

fn cells(decided: &Decided<'_>) -> Vec<Cell> {
    let (decision, proposal) = (&decided.proposal.decision, decided.proposal);
    let texts = match (&decision.change, &decided.before) {
        (Change::Amend(text), Some(old)) => (Cell::text(old.text.as_str()), Cell::text(text.as_str())),
        (Change::Add(action), _) => (Cell::Empty, Cell::text(action.text.as_str())),
        _ => (Cell::Empty, Cell::Empty),
    };
    vec![
        Cell::text(decided.reference.as_str()),
        Cell::word(decision.change.kind().as_str()),
        Cell::Phrase(told(&decision.change, decided.before.as_deref())),
        Cell::text(decision.review.as_str()),
        Cell::text(proposal.party.as_str()),
        Cell::List(proposal.agreed.iter().map(|(party, _)| party.to_string()).collect()),
        Cell::maybe(decided.effective),
        Cell::Number(decided.sequence),
        Cell::Number(proposal.sequence),
        texts.0,
        texts.1,
        Cell::List(decision.change.successors().iter().map(ToString::to_string).collect()),
    ]
}

/// A change in words for people, with what it changes; an amended text word by word.
#[must_use]
pub fn told(what: &Change, before: Option<&Action>) -> Phrase {
    match (what, before) {
        (Change::Amend(text), Some(old)) => Phrase::verbatim(wording::text(old.text.as_str(), text.as_str())),
        (Change::Add(action), _) => Phrase::verbatim(action.text.as_str()),
        (Change::Clarify { cycle: Some(_), .. }, Some(Action { cycle: Some(cycle), .. })) => {
            Phrase::new("clarified").with("what", phrase::change(what)).with("before", phrase::cycle(cycle))
        }
        (other, _) => phrase::change(other),
    }
}
