//! The evaluation: what a review finds and decides, both sides beside each other.
//!
//! Where the actions stand in the reading of the review is not here but in [`super::board`].

use super::board;
use super::filter::Filter;
use crate::domain::action;
use crate::domain::change::Change;
use crate::domain::decision::{self, Proposal};
use crate::domain::finding::{self, Criterion, Finding, Joint};
use crate::domain::plan::{Action, Line};
use crate::domain::programme::Programme;
use crate::domain::review;
use crate::domain::value::Code;
use crate::record::state::State;

/// What a review makes of one action.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The action, as its reference.
    pub reference: &'a Code,
    /// The action, once it is created.
    pub action: Option<&'a action::State>,
    /// Each party's finding, in the order of the parties.
    pub findings: Vec<Option<&'a decision::Assessment>>,
    /// What they make together.
    pub joint: (Joint, Option<Finding>),
    /// What was proposed in the review, in the order of the ledger.
    pub proposals: Vec<&'a Proposal>,
    /// Which of these are not settled.
    pub open: Vec<&'a Proposal>,
}

/// What a review makes of one line of effort, by one criterion.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    /// The line.
    pub line: &'a Line,
    /// The criterion.
    pub criterion: Criterion,
    /// Each party's finding, in the order of the parties.
    pub findings: Vec<Option<&'a review::Assessment>>,
    /// What they make together.
    pub joint: (Joint, Option<Finding>),
}

/// What was said in a review; whoever said it may have given a reason.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Of what.
    pub about: About<'a>,
    /// What.
    pub what: What<'a>,
    /// The sequence of the entry that says so.
    pub sequence: u64,
}

/// Of what something is said in a review.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// Of an action.
    Action(&'a Code),
    /// Of a line of effort, by a criterion.
    Line(&'a Line, Criterion),
    /// Of the review itself.
    Review,
}

/// What is said in a review.
#[derive(Debug, Clone, Copy)]
pub enum What<'a> {
    /// What a party finds.
    Finds(Finding),
    /// What it proposes.
    Proposes(&'a Change),
    /// That it agrees to what is proposed.
    Agrees(&'a Change),
    /// That it does not.
    Declines(&'a Change),
    /// That it takes back what it proposed itself.
    Withdraws(&'a Change),
    /// That it signs the review.
    Signs,
    /// That the review is closed.
    Closes,
}

/// What a review makes of the actions that a filter admits, in the order of the plan; proposed actions that were not created come
/// after the others of their track.
#[must_use]
pub fn actions<'a>(state: &'a State, review: &Code, filter: &Filter) -> Vec<Row<'a>> {
    let programme = &state.programme;
    let parties = state.parties();
    let existing = programme.actions.iter().map(|(reference, action)| (reference, Some(&**action)));
    let proposed = programme.decisions.keys().filter(|reference| !programme.actions.contains_key(*reference));
    let all = existing.chain(proposed.map(|reference| (reference, None)));
    let row = |(reference, action): (&'a Code, Option<&'a action::State>)| {
        let decisions = programme.decisions.get(reference);
        let findings: Vec<Option<&decision::Assessment>> =
            parties.iter().map(|party| decisions?.finding(review, party)).collect();
        let found: Vec<Option<Finding>> =
            findings.iter().map(|found| found.map(|found| found.finding)).collect();
        let own = |proposal: &&Proposal| proposal.decision.review == *review;
        let since = action.map(action::State::since);
        Row {
            reference,
            action,
            joint: finding::of(&found),
            findings,
            proposals: decisions.iter().flat_map(|decisions| &decisions.proposals).filter(own).collect(),
            open: decisions.iter().flat_map(|decisions| decisions.open(since)).filter(own).collect(),
        }
    };
    let mut rows: Vec<Row<'a>> = all.map(row).collect();
    rows.retain(|row| match row.action {
        Some(action) => filter.admits(programme, action, None),
        None => row.definition().is_some_and(|action| filter.admits_proposed(programme, action)),
    });
    let tracks = board::tracks(programme);
    rows.sort_by_cached_key(|row| row.definition().map(|action| board::rank(&tracks, action, row.action)));
    rows
}

/// All that was said in a review, in the order of the ledger.
#[must_use]
pub fn said<'a>(review: &review::State, rows: &[Row<'a>], judged: &[Judged<'a>]) -> Vec<Said<'a>> {
    let mut said = Vec::new();
    for row in rows {
        let of = |what, sequence| Said { about: About::Action(row.reference), what, sequence };
        said.extend(
            row.findings.iter().flatten().map(|found| of(What::Finds(found.finding), found.sequence)),
        );
        for proposal in &row.proposals {
            let change = &proposal.decision.change;
            said.push(of(What::Proposes(change), proposal.sequence));
            said.extend(proposal.agreed.iter().map(|(_, sequence)| of(What::Agrees(change), *sequence)));
            said.extend(proposal.declined.iter().map(|(party, sequence)| {
                let what = if *party == proposal.party { What::Withdraws } else { What::Declines };
                of(what(change), *sequence)
            }));
        }
    }
    for judged in judged {
        let about = About::Line(judged.line, judged.criterion);
        let finds = |found: &&review::Assessment| Said {
            about,
            what: What::Finds(found.finding),
            sequence: found.sequence,
        };
        said.extend(judged.findings.iter().flatten().map(finds));
    }
    let of = |what, sequence| Said { about: About::Review, what, sequence };
    said.extend(review.signatures.iter().map(|each| of(What::Signs, each.sequence)));
    said.extend(review.closed.map(|sequence| of(What::Closes, sequence)));
    said.sort_by_key(|said| said.sequence);
    said
}

impl<'a> Row<'a> {
    /// What the action is, or is proposed to be.
    #[must_use]
    pub fn definition(&self) -> Option<&'a Action> {
        let proposed = || self.proposals.iter().rev().find_map(|proposal| added(proposal));
        self.action.map(|action| &*action.action).or_else(proposed)
    }
}

/// The action that is proposed.
fn added(proposal: &Proposal) -> Option<&Action> {
    match &proposal.decision.change {
        Change::Add(action) => Some(action),
        _ => None,
    }
}

/// What is proposed of an action and not settled.
#[must_use]
pub fn open<'a>(programme: &'a Programme, action: &action::State) -> Vec<&'a Proposal> {
    let decisions = programme.decisions.get(&action.action.reference).into_iter();
    decisions.flat_map(|decisions| decisions.open(Some(action.since()))).collect()
}

/// The proposals of actions that were not created, settled or not, of which a filter admits what the action would be.
#[must_use]
pub fn proposed<'a>(programme: &'a Programme, filter: &Filter) -> Vec<(&'a Code, &'a Proposal)> {
    let new = programme.decisions.iter().filter(|(reference, _)| !programme.actions.contains_key(*reference));
    let all = new.flat_map(|(reference, all)| all.proposals.iter().map(move |each| (reference, each)));
    let meant = |each| added(each).is_some_and(|action| filter.admits_proposed(programme, action));
    all.filter(|(_, proposal)| meant(proposal)).collect()
}

/// What a review makes of the lines of effort, each by every criterion.
#[must_use]
pub fn lines<'a>(state: &'a State, review: &'a review::State) -> Vec<Judged<'a>> {
    let parties = state.parties();
    let lines = state.programme.plan.iter().flat_map(|plan| &plan.lines);
    let judged = |(line, criterion): (&'a Line, Criterion)| {
        let findings: Vec<Option<&review::Assessment>> =
            parties.iter().map(|party| review.finding(line.number, criterion, party)).collect();
        let found: Vec<Option<Finding>> =
            findings.iter().map(|found| found.map(|found| found.finding)).collect();
        Judged { line, criterion, joint: finding::of(&found), findings }
    };
    lines
        .flat_map(|line| Criterion::ALL.iter().map(move |criterion| (line, *criterion)))
        .map(judged)
        .collect()
}
