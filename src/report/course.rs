//! The course of a review as a table: when it was opened, signed and closed, by whom and with which key.

use super::phrase::Phrase;
use super::table::{Cell, Column, Report};
use crate::domain::review::State as Review;
use crate::projection::reading::Reading;
use crate::projection::timeline::speaker;
use crate::record::state::State;
use crate::trail::entry::{Entry, timestamp};

/// What is done with a review itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is opened.
    Opens,
    /// A party signs what was found and decided until then.
    Signs,
    /// It is closed.
    Closes,
}

/// The steps of a review, each with the sequence of its entry, in the order of the ledger.
#[must_use]
pub fn steps(review: &Review) -> Vec<(Step, u64)> {
    let signed = review.signatures.iter().map(|signature| (Step::Signs, signature.sequence));
    let opened = std::iter::once((Step::Opens, review.sequence));
    opened.chain(signed).chain(review.closed.map(|closed| (Step::Closes, closed))).collect()
}

/// The steps, each with its entry.
#[must_use]
pub fn of(state: &State, (before, after): (&Reading, &Reading), steps: &[(Step, Entry)]) -> Report {
    let cells = |(step, entry): &(Step, Entry)| {
        let said = match step {
            Step::Opens => "opens-review",
            Step::Signs => "signs-review",
            Step::Closes => "closes-review",
        };
        vec![
            Cell::Phrase(Phrase::new(said)),
            Cell::text(speaker(&entry.request.event.source)),
            Cell::text(state.day(entry.seal.recordedtime).to_string()),
            Cell::text(entry.request.event.keyid.as_str()),
            Cell::Number(entry.seal.sequence),
            Cell::text(timestamp(entry.seal.recordedtime)),
            Cell::text(entry.leaf().to_string()),
        ]
    };
    Report {
        kind: "course",
        reading: after.clone(),
        before: Some(before.clone()),
        facts: Vec::new(),
        columns: vec![
            Column::new("said", "SAID"),
            Column::new("source", "WHO"),
            Column::new("recorded_on", "RECORDED"),
            Column::new("key", "KEY"),
            Column::new("sequence", "SEQ"),
            Column::hidden("recorded"),
            Column::hidden("leaf"),
        ],
        rows: steps.iter().map(cells).collect(),
    }
}
