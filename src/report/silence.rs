//! The silences as a table.

use super::table::{Cell, Column, Fact, Report};
use crate::projection::reading::Reading;
use crate::projection::silence::{RULES, Silence};
use chrono::NaiveDate;

/// Of what nobody speaks, or not all; a party is silent that has said nothing from `since` on.
#[must_use]
pub fn gaps(reading: &Reading, silences: &[Silence<'_>], since: NaiveDate) -> Report {
    let mut facts = vec![
        Fact::new("silent_since", Cell::text(since.to_string())),
        Fact::new("gaps", Cell::Number(silences.len() as u64)),
    ];
    for rule in RULES {
        let count = silences.iter().filter(|silence| silence.gap.rule == rule).count();
        facts.push(Fact::new(rule, Cell::Number(count as u64)));
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

fn cells(reading: &Reading, silence: &Silence<'_>) -> Vec<Cell> {
    // What was recorded after the reading's today is as recent as can be.
    let days = |since: NaiveDate| u64::try_from((reading.today - since).num_days()).unwrap_or(0);
    vec![
        Cell::text(silence.gap.subject.as_str()),
        Cell::text(silence.gap.rule),
        Cell::maybe(silence.since),
        silence.since.map_or(Cell::Empty, |since| Cell::Number(days(since))),
        Cell::text(silence.gap.what.as_str()),
        Cell::maybe(silence.party),
        Cell::maybe(silence.on.as_ref()),
        silence.sequence.map_or(Cell::Empty, Cell::Number),
    ]
}
