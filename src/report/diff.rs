//! The difference of two readings as a table.

use super::answers::{joint, lifecycle};
use super::moments::{Told, joints};
use super::table::{Cell, Column, Fact, Report};
use crate::domain::assertion::{Health, Lifecycle};
use crate::domain::status::Joint;
use crate::projection::diff::{CONTESTED, Cause, Change, Diff, Field};
use crate::projection::reading::Reading;
use crate::projection::timeline::speaker;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Who spoke in an entry, and what it says in fields that can be withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// As the entry's `source` names it.
    pub source: String,
    /// When it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Its sentence, where it has one.
    pub told: Option<Told>,
}

/// What the later reading says otherwise than the earlier one; `spoken` has the entries that the changes name.
#[must_use]
pub fn diff(before: &Reading, after: &Reading, diff: &Diff<'_>, spoken: &BTreeMap<u64, Spoken>) -> Report {
    let subjects: BTreeSet<&str> = diff.changes.iter().map(|change| change.subject.as_str()).collect();
    let mut facts = vec![
        Fact::new("changes", Cell::Number(diff.changes.len() as u64)),
        Fact::new("changed", Cell::Number(subjects.len() as u64)),
    ];
    facts.extend(joints(&diff.before, &diff.after));
    Report {
        kind: "diff",
        reading: after.clone(),
        before: Some(before.clone()),
        facts,
        columns: vec![
            Column::new("subject", "ABOUT"),
            Column::new("field", "FIELD"),
            Column::new("of", "OF"),
            Column::new("old", "OLD"),
            Column::new("new", "NEW"),
            Column::new("source", "WHO"),
            Column::new("effective", "EFFECTIVE"),
            Column::new("recorded_on", "RECORDED"),
            Column::new("sequence", "SEQ"),
            Column::new("note", "NOTE"),
            Column::hidden("note_withheld"),
            Column::hidden("party"),
            Column::hidden("window"),
            Column::hidden("institution"),
            Column::hidden("indicator"),
        ],
        rows: diff.changes.iter().map(|change| cells(change, spoken)).collect(),
    }
}

fn cells(change: &Change, spoken: &BTreeMap<u64, Spoken>) -> Vec<Cell> {
    let (sequence, effective) = match change.cause {
        Cause::Entry { sequence, effective } => (Some(sequence), effective),
        Cause::Time => (None, None),
    };
    let spoken = sequence.and_then(|sequence| spoken.get(&sequence));
    let told = spoken.and_then(|spoken| spoken.told.as_ref());
    // An institution says whose it is.
    let whose = change.party.as_ref().filter(|_| change.institution.is_none()).map(ToString::to_string);
    let of = [
        whose,
        change.window.map(|window| window.to_string()),
        change.institution.as_ref().map(ToString::to_string),
        change.indicator.as_ref().map(ToString::to_string),
    ];
    vec![
        Cell::text(change.subject.as_str()),
        Cell::text(change.field.as_str()),
        Cell::List(of.into_iter().flatten().collect()),
        word(change.field, change.old.as_deref()),
        word(change.field, change.new.as_deref()),
        Cell::maybe(spoken.map(|spoken| speaker(&spoken.source))),
        Cell::maybe(effective),
        Cell::maybe(spoken.map(|spoken| spoken.day)),
        sequence.map_or(Cell::Empty, Cell::Number),
        match told {
            Some(Told { note: Some(note), .. }) => Cell::text(note.as_str()),
            Some(Told { withheld: true, .. }) => Cell::Withheld,
            _ => Cell::Empty,
        },
        Cell::Flag(told.is_some_and(|told| told.withheld)),
        Cell::maybe(change.party.as_ref()),
        Cell::maybe(change.window),
        Cell::maybe(change.institution.as_ref()),
        Cell::maybe(change.indicator.as_ref()),
    ]
}

/// A value of a field, with its glyph where the field is an axis.
fn word(field: Field, value: Option<&str>) -> Cell {
    let Some(value) = value else { return Cell::Empty };
    let known = match field {
        Field::Joint | Field::HealthJoint => {
            Joint::ALL.into_iter().find(|word| word.as_str() == value).map(joint)
        }
        Field::Lifecycle => {
            Lifecycle::ALL.iter().find(|word| word.as_str() == value).map(|word| lifecycle(Some(*word)))
        }
        Field::Health => Health::ALL.iter().find(|word| word.as_str() == value).map(|word| Cell::from(*word)),
        _ => None,
    };
    let contested = || (value == CONTESTED).then(|| Cell::Word("≠", value.to_owned()));
    known.or_else(contested).unwrap_or_else(|| Cell::text(value))
}
