//! What was measured as a table: of each indicator of an action, the first value that a party gave and the latest.

use super::table::{Cell, Column, Fact, Record, Report};
use crate::projection::board::Row;
use crate::projection::indicators::Series;
use crate::projection::reading::Reading;
use crate::projection::timeline::{measured, speaker};
use std::collections::BTreeSet;

/// What a party gave last, with who said so, since when it is true, and the entry.
#[must_use]
pub fn last(Series { party, name, latest, .. }: &Series<'_>) -> Record {
    let (who, what) = (speaker(latest.source), measured(name, latest.value, latest.unit));
    Record {
        told: format!("{who} says {what} since {} (entry {})", latest.effective, latest.sequence),
        members: vec![
            ("party", Cell::text(party.as_str())),
            ("name", Cell::text(name.as_str())),
            ("value", Cell::Decimal(latest.value.to_string())),
            ("unit", Cell::maybe(latest.unit)),
            ("effective", Cell::text(latest.effective.to_string())),
            ("source", Cell::text(who)),
            ("sequence", Cell::Number(latest.sequence)),
        ],
    }
}

/// A row for each indicator of an action and each party that gave it, in the order of the plan.
#[must_use]
pub fn of(reading: &Reading, all: &[(&Row<'_>, Vec<Series<'_>>)]) -> Report {
    let cells = |(row, Series { party, name, first, latest }): (&Row<'_>, &Series<'_>)| {
        vec![
            Cell::text(row.action.action.reference.as_str()),
            Cell::text(party.as_str()),
            Cell::text(name.as_str()),
            Cell::Decimal(first.value.to_string()),
            Cell::text(first.effective.to_string()),
            Cell::Decimal(latest.value.to_string()),
            Cell::text(latest.effective.to_string()),
            Cell::maybe(latest.unit),
            Cell::Number(latest.sequence),
            Cell::text(speaker(latest.source)),
            Cell::Number(first.sequence),
            Cell::Number(u64::from(row.action.action.line)),
        ]
    };
    let each = || all.iter().flat_map(|(row, series)| series.iter().map(move |series| (*row, series)));
    let known: BTreeSet<(&str, &str)> =
        each().map(|(row, series)| (row.action.action.reference.as_str(), series.name.as_str())).collect();
    Report {
        kind: "indicators",
        reading: reading.clone(),
        before: None,
        facts: vec![
            Fact::new("indicators", Cell::Number(known.len() as u64)),
            Fact::new("actions", Cell::Number(all.len() as u64)),
        ],
        columns: vec![
            Column::new("action", "ACTION"),
            Column::new("party", "PARTY"),
            Column::new("indicator", "INDICATOR"),
            Column::new("first_value", "FIRST"),
            Column::new("first_effective", "SINCE"),
            Column::new("value", "LATEST"),
            Column::new("effective", "EFFECTIVE"),
            Column::new("unit", "UNIT"),
            Column::new("sequence", "SEQ"),
            Column::hidden("source"),
            Column::hidden("first_sequence"),
            Column::hidden("line"),
        ],
        rows: each().map(cells).collect(),
    }
}
