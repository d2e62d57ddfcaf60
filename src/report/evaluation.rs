//! A review as a table: what each side finds, what they find together, and what is decided.

use super::answers::{excerpt, joint, lifecycle, stands};
use super::phrase::{self, Phrase};
use super::table::{Cell, Column, Fact, Report};
use crate::domain::decision::Proposal;
use crate::domain::finding::{Finding, Joint};
use crate::domain::programme::Programme;
use crate::domain::review::State as Review;
use crate::domain::value::Code;
use crate::projection::board;
use crate::projection::evaluation::{Judged, Row};
use crate::projection::reading::Reading;
use crate::record::state::State;
use std::collections::HashMap;

/// What a review makes of the actions; `board` has them as they stood in its reading, which is `before`.
#[must_use]
pub fn actions(
    state: &State,
    (name, review): (&Code, &Review),
    (before, after): (&Reading, &Reading),
    rows: &[Row<'_>],
    board: &[board::Row<'_>],
) -> Report {
    let stood: HashMap<&Code, &board::Row<'_>> =
        board.iter().map(|row| (&row.action.action.reference, row)).collect();
    let mut columns = vec![
        Column::new("action", "ACTION"),
        Column::new("joint", "JOINT"),
        Column::new("lifecycle", "LIFECYCLE"),
    ];
    for party in state.parties() {
        columns.push(Column::new(&format!("{party}_finding"), &format!("{party} FINDS")));
        columns.push(Column::hidden(&format!("{party}_sequence")));
        columns.push(Column::hidden(&format!("{party}_cites")));
    }
    columns.extend([
        Column::new("findings", "TOGETHER"),
        Column::hidden("finding"),
        Column::new("decisions", "DECISIONS"),
        Column::hidden("open"),
        Column::new("excerpt", "TEXT"),
        Column::hidden("text"),
        Column::hidden("line"),
        Column::hidden("track"),
    ]);
    let cells = |row: &Row<'_>| {
        let stood_there = stood.get(row.reference);
        let mut cells = vec![
            Cell::text(row.reference.as_str()),
            stood_there.map_or(Cell::Empty, |row| joint(row.status.lifecycle.joint)),
            stood_there.map_or(Cell::Empty, |row| lifecycle(stands(row))),
        ];
        for found in &row.findings {
            cells.extend(finds(found.map(|found| (found.finding, found.sequence, found.entries.as_slice()))));
        }
        // What was found was found of the text as it stood; one that was proposed has no other.
        let definition = stood_there.map(|row| &*row.action.action).or_else(|| row.definition());
        let text = definition.map(|action| action.text.as_str()).unwrap_or_default();
        cells.extend([
            stood_there.map_or(Cell::Empty, |_| together(row.joint.0)),
            row.joint.1.map_or(Cell::Empty, Into::into),
            Cell::Phrases(row.proposals.iter().map(|proposal| decided(proposal, &row.open)).collect()),
            Cell::Number(row.open.len() as u64),
            Cell::text(excerpt(text)),
            Cell::text(text),
            definition.map_or(Cell::Empty, |action| Cell::Number(u64::from(action.line))),
            Cell::maybe(definition.map(|action| &action.track)),
        ]);
        cells
    };
    // Of what was only proposed, nothing could be found.
    let reviewed = rows.iter().filter(|row| stood.contains_key(row.reference));
    let joints: Vec<Joint> = reviewed.map(|row| row.joint.0).collect();
    let mut facts = facts(state, name, review);
    facts.push(Fact::new("actions", Cell::Number(joints.len() as u64)));
    facts.extend(counts(&joints));
    Report {
        kind: "review",
        reading: after.clone(),
        before: Some(before.clone()),
        facts,
        columns,
        rows: rows.iter().map(cells).collect(),
    }
}

/// What a review makes of the lines of effort.
#[must_use]
pub fn lines(
    state: &State,
    (name, review): (&Code, &Review),
    (before, after): (&Reading, &Reading),
    judged: &[Judged<'_>],
) -> Report {
    let mut columns = vec![
        Column::new("line", "LINE"),
        Column::new("title", "TITLE"),
        Column::new("criterion", "CRITERION"),
    ];
    for party in state.parties() {
        columns.push(Column::new(&format!("{party}_finding"), &format!("{party} FINDS")));
        columns.push(Column::hidden(&format!("{party}_sequence")));
        columns.push(Column::hidden(&format!("{party}_cites")));
    }
    columns.extend([Column::new("findings", "TOGETHER"), Column::hidden("finding")]);
    let cells = |judged: &Judged<'_>| {
        let mut cells = vec![
            Cell::Number(u64::from(judged.line.number)),
            Cell::text(judged.line.title.as_str()),
            Cell::word(judged.criterion.as_str()),
        ];
        for found in &judged.findings {
            cells.extend(finds(found.map(|found| (found.finding, found.sequence, found.entries.as_slice()))));
        }
        cells.extend([together(judged.joint.0), judged.joint.1.map_or(Cell::Empty, Into::into)]);
        cells
    };
    let joints: Vec<Joint> = judged.iter().map(|judged| judged.joint.0).collect();
    let mut facts = facts(state, name, review);
    facts.extend(counts(&joints));
    Report {
        kind: "review_lines",
        reading: after.clone(),
        before: Some(before.clone()),
        facts,
        columns,
        rows: judged.iter().map(cells).collect(),
    }
}

/// Every review, in the order in which they were opened.
#[must_use]
pub fn list(state: &State, reading: &Reading) -> Report {
    let programme = &state.programme;
    let mut reviews: Vec<(&Code, &Review)> =
        programme.reviews.iter().map(|(name, review)| (name, &**review)).collect();
    reviews.sort_by_key(|(_, review)| review.sequence);
    let cells = |(name, review): &(&Code, &Review)| {
        let own = programme.decisions.values().flat_map(|decisions| &decisions.proposals);
        let own: Vec<&Proposal> = own.filter(|proposal| proposal.decision.review == **name).collect();
        let decided = own.iter().filter(|proposal| proposal.decided.is_some()).count();
        vec![
            Cell::text(name.as_str()),
            Cell::word(if review.closed.is_some() { "closed" } else { "open" }),
            Cell::text(review.opened.period.begin().to_string()),
            Cell::text(review.opened.period.end().to_string()),
            Cell::word(review.opened.axis.as_str()),
            Cell::text(review.opened.cutoff.to_string()),
            Cell::Number(review.opened.size.get()),
            Cell::text(review.opened.head.as_str()),
            Cell::Number(decided as u64),
            Cell::Number(programme.open(name).count() as u64),
            signed(state, review),
            Cell::Number(review.sequence),
            review.closed.map_or(Cell::Empty, Cell::Number),
            version(programme, review).map_or(Cell::Empty, Cell::Number),
        ]
    };
    let rows: Vec<Vec<Cell>> = reviews.iter().map(cells).collect();
    Report {
        kind: "reviews",
        reading: reading.clone(),
        before: None,
        facts: vec![Fact::new("reviews", Cell::Number(rows.len() as u64))],
        columns: vec![
            Column::new("review", "REVIEW"),
            Column::new("state", "STATE"),
            Column::new("from", "FROM"),
            Column::new("to", "TO"),
            Column::new("axis", "AXIS"),
            Column::new("cutoff", "CUT-OFF"),
            Column::new("size", "ENTRIES"),
            Column::hidden("head"),
            Column::new("decided", "DECIDED"),
            Column::new("open", "OPEN"),
            Column::new("signed", "SIGNED"),
            Column::new("opened", "OPENED"),
            Column::new("closed", "CLOSED"),
            Column::new("version", "VERSION"),
        ],
        rows,
    }
}

fn facts(state: &State, name: &Code, review: &Review) -> Vec<Fact> {
    let opened = &review.opened;
    let programme = &state.programme;
    vec![
        Fact::new("review", Cell::text(name.as_str())),
        Fact::new("state", Cell::word(if review.closed.is_some() { "closed" } else { "open" })),
        Fact::new("from", Cell::text(opened.period.begin().to_string())),
        Fact::new("to", Cell::text(opened.period.end().to_string())),
        Fact::new("axis", Cell::word(opened.axis.as_str())),
        Fact::new("cutoff", Cell::text(opened.cutoff.to_string())),
        Fact::new("opened", Cell::Number(review.sequence)),
        Fact::new("signed", signed(state, review)),
        Fact::new("closed", review.closed.map_or(Cell::Empty, Cell::Number)),
        Fact::new("version", version(programme, review).map_or(Cell::Empty, Cell::Number)),
        Fact::new("open_proposals", Cell::Number(programme.open(name).count() as u64)),
    ]
}

/// The version of the plan that a review made.
fn version(programme: &Programme, review: &Review) -> Option<u64> {
    let size = review.closed? + 1;
    let before = programme.versions().iter().filter(|(closed, _)| *closed < size).count();
    Some(before as u64 + 2)
}

/// Who has signed, each with the entry.
fn signed(state: &State, review: &Review) -> Cell {
    let signatures = state.parties().into_iter().filter_map(|party| review.signature(party));
    Cell::List(signatures.map(|each| format!("{} {}", each.party, each.sequence)).collect())
}

fn counts(joints: &[Joint]) -> Vec<Fact> {
    let count = |wanted: Joint| joints.iter().filter(|joint| **joint == wanted).count() as u64;
    // The word alone would be one of the axes of status.
    Joint::ALL
        .into_iter()
        .map(|joint| Fact::new(format!("found_{joint}"), Cell::Number(count(joint))))
        .collect()
}

/// A party's finding, where it says so, and what it cites.
fn finds(found: Option<(Finding, u64, &[u64])>) -> [Cell; 3] {
    match found {
        Some((finding, sequence, entries)) => [
            finding.into(),
            Cell::Number(sequence),
            Cell::List(entries.iter().map(ToString::to_string).collect()),
        ],
        None => [Cell::Empty, Cell::Empty, Cell::Empty],
    }
}

/// A proposal in a few words, and what became of it.
pub(super) fn decided(proposal: &Proposal, open: &[&Proposal]) -> Phrase {
    let what = phrase::change(&proposal.decision.change);
    let is_open = open.iter().any(|other| other.sequence == proposal.sequence);
    let phrase = |id, entry: u64| Phrase::new(id).with("what", what).with("entry", entry);
    match (&proposal.declined, proposal.decided) {
        (_, Some(sequence)) => phrase("decided", sequence),
        (Some((party, sequence)), None) => {
            let id = if *party == proposal.party { "withdrawn" } else { "declined" };
            phrase(id, *sequence).with("party", party.as_str())
        }
        (None, None) if !is_open => phrase("overtaken", proposal.sequence),
        (None, None) => {
            let agreed: Vec<&str> = proposal.agreed.iter().map(|(party, _)| party.as_str()).collect();
            let id = if agreed.is_empty() { "proposed" } else { "agreed-so-far" };
            let open = phrase(id, proposal.sequence).with("party", proposal.party.as_str());
            if agreed.is_empty() { open } else { open.with("agreed", agreed.join(", ")) }
        }
    }
}

/// What several findings make together.
pub(super) fn together(joint: Joint) -> Cell {
    let glyph = match joint {
        Joint::None => "·",
        Joint::OneSided => "◐",
        Joint::Same => "=",
        Joint::Different => "≠",
    };
    Cell::Word(glyph, joint.to_string())
}

impl From<Finding> for Cell {
    fn from(finding: Finding) -> Self {
        let glyph = match finding {
            Finding::NoEvidence => "?",
            Finding::NotStarted => "○",
            Finding::Limited => "◔",
            Finding::Substantial => "◕",
            Finding::Complete => "●",
        };
        Self::Word(glyph, finding.to_string())
    }
}
