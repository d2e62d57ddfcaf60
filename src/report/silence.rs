//! The silences as a table.

use super::phrase;
use super::table::{Cell, Column, Fact, Report};
use crate::projection::reading::Reading;
use crate::projection::silence::{Rule, Silence};
use chrono::NaiveDate;

/// Of what nobody speaks, or not all; a party is silent that has said nothing from `since` on.
#[must_use]
pub fn gaps(reading: &Reading, silences: &[Silence], since: NaiveDate) -> Report {
    let mut facts = vec![
        Fact::new("silent_since", Cell::text(since.to_string())),
        Fact::new("gaps", Cell::Number(silences.len() as u64)),
    ];
    for rule in Rule::ALL {
        let count = silences.iter().filter(|silence| silence.why.rule() == *rule).count();
        facts.push(Fact::new(rule.as_str(), Cell::Number(count as u64)));
    }
    Report {
        kind: "gaps",
        reading: reading.clone(),
        before: None,
        facts,
        columns: vec![
            Column::new("subject", "ABOUT"),
            Column::new("rule", "RULE"),
            Column::new("since", "SINCE"),
            Column::new("days", "DAYS"),
            Column::new("what", "WHAT"),
            Column::hidden("party"),
            Column::hidden("on"),
            Column::hidden("sequence"),
        ],
        rows: silences.iter().map(|silence| cells(reading, silence)).collect(),
    }
}

fn cells(reading: &Reading, silence: &Silence) -> Vec<Cell> {
    vec![
        Cell::text(silence.subject.as_str()),
        Cell::text(silence.why.rule().as_str()),
        Cell::maybe(silence.since),
        silence.days(reading).map_or(Cell::Empty, Cell::Number),
        Cell::Phrase(phrase::silence(&silence.why)),
        Cell::maybe(silence.why.party()),
        Cell::maybe(silence.why.on()),
        silence.sequence.map_or(Cell::Empty, Cell::Number),
    ]
}
