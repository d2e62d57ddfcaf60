//! What was said as a table: the timeline, and the replay between two moments.

use super::table::{Cell, Column, Fact, Record, Report, Seen};
use crate::domain::assertion::Indicator;
use crate::domain::status::Joint;
use crate::projection::board::{self, Row};
use crate::projection::filter::Filter;
use crate::projection::reading::Reading;
use crate::projection::timeline::{Item, measured, speaker};
use crate::record::history::{History, Spoken};
use crate::trail::entry::timestamp;
use std::collections::BTreeMap;

/// What an entry says in fields that can be withheld, as far as it is at hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Its sentence.
    pub note: Option<String>,
    /// Whether it has one that is withheld and not at hand.
    pub withheld: bool,
    /// Why its sentence was erased, if it was.
    pub erased: Option<String>,
    /// The files that it puts forward: name, size, media type and digest, as far as they are known.
    pub files: Vec<String>,
    /// The same for whoever wants to open them: with how each is found, and where.
    pub places: Vec<String>,
}

/// What was said, in the order of the ledger.
#[must_use]
pub fn timeline(reading: &Reading, items: &[Item], notes: &BTreeMap<u64, Told>) -> Report {
    let rows = items.iter().map(|item| moment(item, notes)).collect();
    let facts = vec![Fact::new("entries", Cell::Number(items.len() as u64))];
    Report { kind: "timeline", reading: reading.clone(), before: None, facts, columns: moments(), rows }
}

pub(super) fn moments() -> Vec<Column> {
    vec![
        Column::new("sequence", "SEQ"),
        Column::new("recorded_on", "RECORDED"),
        Column::new("effective", "EFFECTIVE"),
        Column::new("source", "WHO"),
        Column::new("subject", "ABOUT"),
        Column::new("summary", "WHAT"),
        Column::new("assurance", "ASSURANCE"),
        Column::new("note", "NOTE"),
        Column::hidden("note_withheld"),
        Column::hidden("note_erased"),
        Column::hidden("files"),
        Column::hidden("answers"),
        Column::hidden("correlation"),
        Column::hidden("with"),
        Column::hidden("recorded"),
        Column::hidden("type"),
        Column::hidden("id"),
        Column::hidden("leaf"),
        Column::hidden("voided"),
        Column::hidden("indicators"),
    ]
}

pub(super) fn moment(item: &Item, notes: &BTreeMap<u64, Told>) -> Vec<Cell> {
    let told = notes.get(&item.sequence);
    vec![
        Cell::Number(item.sequence),
        Cell::text(item.day.to_string()),
        Cell::maybe(item.effective.as_ref()),
        Cell::text(speaker(&item.source)),
        Cell::text(item.subject.as_str()),
        Cell::text(item.summary.as_str()),
        if item.voided { Cell::text("corrected") } else { Cell::maybe(item.assurance) },
        match told {
            Some(Told { note: Some(note), .. }) => Cell::text(note.as_str()),
            Some(Told { erased: Some(why), .. }) => Cell::Erased(why.clone()),
            Some(Told { withheld: true, .. }) => Cell::Withheld,
            _ => Cell::Empty,
        },
        Cell::Flag(told.is_some_and(|told| told.withheld)),
        Cell::maybe(told.and_then(|told| told.erased.as_ref())),
        Cell::List(told.map(|told| told.files.clone()).unwrap_or_default()),
        item.answers.map_or(Cell::Empty, Cell::Number),
        Cell::text(item.correlation.as_deref().unwrap_or_default()),
        Cell::List(item.with.clone()),
        Cell::text(timestamp(item.recorded)),
        Cell::text(item.kind.as_str()),
        Cell::text(item.id.to_string()),
        Cell::text(item.leaf.to_string()),
        Cell::Flag(item.voided),
        Cell::Records(item.indicators.iter().map(given).collect()),
    ]
}

/// The value of an indicator, as an entry gives it.
fn given(Indicator { name, value, unit }: &Indicator) -> Record {
    Record {
        told: measured(name, value, unit.as_ref()),
        members: vec![
            ("name", Cell::text(name.as_str())),
            ("value", Cell::Decimal(value.to_string())),
            ("unit", Cell::maybe(unit.as_ref())),
        ],
    }
}

/// What changed between two moments.
///
/// # Errors
/// Where what was said cannot be read.
pub fn replay<W: Spoken>(
    before: &History<W>,
    after: &History<W>,
    reading: &Reading,
    filter: &Filter,
    items: &[Item],
    notes: &BTreeMap<u64, Told>,
) -> Result<Report, W::Fault> {
    let mut report = timeline(reading, items, notes);
    report.kind = "replay";
    report.facts.push(Fact::new("entries_before", Cell::Number(before.state.head.size)));
    report.facts.extend(joints(&board::of(before, reading, filter)?, &board::of(after, reading, filter)?));
    Ok(report)
}

/// How many actions had which joint status before and have it after.
pub(super) fn joints(before: &[Row<'_>], after: &[Row<'_>]) -> Vec<Fact> {
    let count = |rows: &[Row<'_>], joint: Joint| {
        rows.iter().filter(|row| row.status.lifecycle.joint == joint).count() as u64
    };
    let facts = |joint: Joint| {
        let (from, to) = (count(before, joint), count(after, joint));
        [
            Fact::hidden(format!("{joint}_before"), Cell::Number(from)),
            Fact::hidden(format!("{joint}_after"), Cell::Number(to)),
            Fact {
                key: joint.to_string(), cell: Cell::text(format!("{from} → {to}")), seen: Seen::ByPeople
            },
        ]
    };
    Joint::ALL.into_iter().flat_map(facts).collect()
}
