//! A hand-over as a table: a row for each action that passes from one office to another, and what else the successor needs.

use super::answers::{excerpt, health, joint, lifecycle, says, stands};
use super::table::{Cell, Column, Fact, Report, Seen};
use crate::domain::value::Code;
use crate::projection::agenda::{Item, Matter};
use crate::projection::handover::Duty;
use crate::projection::reading::Reading;
use crate::trail::hash::LeafHash;
use std::collections::BTreeSet;
use uuid::Uuid;

/// From whom to whom, and what is done with it.
#[derive(Debug)]
pub struct Handover<'a> {
    /// The office that hands over.
    pub from: &'a str,
    /// The one that takes over.
    pub to: &'a str,
    /// Of which institution.
    pub institution: &'a Code,
    /// What the entries belong to, where they are several.
    pub correlation: Option<&'a str>,
    /// Whether they were only judged.
    pub dry_run: bool,
    /// The file of requests into which they were signed, where they were.
    pub file: Option<&'a str>,
    /// The actions of the institution whose office is not at hand, each with why.
    pub unknown: Vec<String>,
    /// The officers' keys in force that are bound to the institution.
    pub keys: Vec<String>,
    /// The commands by which the successor's key is registered and the predecessor's revoked.
    pub commands: Vec<String>,
}

/// An action that passes on, and the entry that says so, where it was recorded.
#[derive(Debug)]
pub struct Handed<'a> {
    /// The action.
    pub duty: &'a Duty<'a>,
    /// Its sequence, its id, its leaf hash, and whether it was recorded before.
    pub entry: Option<(u64, Uuid, LeafHash, bool)>,
}

/// What passes from one office to another.
#[must_use]
pub fn handover(reading: &Reading, what: &Handover<'_>, handed: &[Handed<'_>]) -> Report {
    // Several actions rest on one basis, which lapses once.
    let mut bases = BTreeSet::new();
    let items = handed.iter().flat_map(|each| &each.duty.due);
    let once: Vec<&Item<'_>> = items
        .filter(|item| !matches!(item.matter, Matter::Instrument(_)) || bases.insert(&item.subject))
        .collect();
    let overdue = once.iter().filter(|item| item.is_overdue(reading)).count();
    let awaiting: usize = handed.iter().map(|each| each.duty.awaits.len()).sum();
    let recorded = handed.iter().filter(|each| each.entry.is_some()).count();
    let number = |number: usize| Cell::Number(number as u64);
    let done = match what.file {
        Some(file) => format!("nothing: signed, and added to {file}"),
        None if what.dry_run => "nothing: it would be".to_owned(),
        None => recorded.to_string(),
    };
    let list = |items: &[String]| Cell::List(items.to_vec());
    let facts = vec![
        Fact::new("from", Cell::text(what.from)),
        Fact::new("to", Cell::text(what.to)),
        Fact::new("institution", Cell::text(what.institution.as_str())),
        Fact::new("actions", number(handed.len())),
        Fact::new("overdue", number(overdue)),
        Fact::new("due", number(once.len() - overdue)),
        Fact::new("awaiting", number(awaiting)),
        Fact::hidden("recorded", number(recorded)),
        Fact::hidden("dry_run", Cell::Flag(what.dry_run)),
        Fact::hidden("file", Cell::maybe(what.file)),
        Fact { key: "recorded".to_owned(), cell: Cell::text(done), seen: Seen::ByPeople },
        Fact::new("correlation", Cell::maybe(what.correlation)),
        Fact::new("office_unknown", list(&what.unknown)),
        Fact::new("keys", list(&what.keys)),
        Fact::new("commands", list(&what.commands)),
    ];
    let mut columns = vec![
        Column::new("action", "ACTION"),
        Column::new("role", "ROLE"),
        Column::new("until", "UNTIL"),
        Column::new("joint", "JOINT"),
        Column::new("lifecycle", "LIFECYCLE"),
        Column::new("health", "HEALTH"),
    ];
    for party in &reading.parties {
        columns.push(Column::new(&format!("{party}_says"), &format!("{party} SAYS")));
        columns.push(Column::hidden(&format!("{party}_effective")));
        columns.push(Column::hidden(&format!("{party}_recorded")));
        columns.push(Column::hidden(&format!("{party}_sequence")));
    }
    columns.extend([
        Column::new("due", "DUE"),
        Column::new("awaits", "AWAITS"),
        Column::new("sequence", "ENTRY"),
        Column::new("excerpt", "TEXT"),
        Column::hidden("text"),
        Column::hidden("assigned"),
        Column::hidden("id"),
        Column::hidden("leaf"),
        Column::hidden("repeated"),
    ]);
    let rows = handed.iter().map(|each| cells(reading, each)).collect();
    Report { kind: "handover", reading: reading.clone(), before: None, facts, columns, rows }
}

fn cells(reading: &Reading, handed: &Handed<'_>) -> Vec<Cell> {
    let Duty { row, held, due, awaits } = handed.duty;
    let (action, status) = (&row.action.action, &row.status);
    let mut cells = vec![
        Cell::text(action.reference.as_str()),
        Cell::text(held.task.role.to_string()),
        Cell::maybe(held.task.due),
        joint(status.lifecycle.joint),
        lifecycle(stands(row)),
        health(&status.health),
    ];
    status.lifecycle.voices.iter().for_each(|voice| cells.extend(says(voice)));
    let awaits = awaits
        .iter()
        .map(|(sequence, awaits)| format!("{sequence} {}", awaits.answer.as_str().replace('_', " ")));
    let entry = handed.entry;
    cells.extend([
        Cell::List(due.iter().map(|item| matter(reading, item)).collect()),
        Cell::List(awaits.collect()),
        entry.map_or(Cell::Empty, |(sequence, ..)| Cell::Number(sequence)),
        Cell::text(excerpt(action.text.as_str())),
        Cell::text(action.text.as_str()),
        Cell::text(held.assigned.as_str()),
        Cell::maybe(entry.map(|(_, id, ..)| id)),
        Cell::maybe(entry.map(|(_, _, leaf, _)| leaf)),
        entry.map_or(Cell::Empty, |(.., repeated)| Cell::Flag(repeated)),
    ]);
    cells
}

/// What is due, in a few words.
fn matter(reading: &Reading, item: &Item<'_>) -> String {
    let (closes, overdue) = (item.closes, item.is_overdue(reading));
    let basis = || item.subject.rsplit('/').next().unwrap_or_default();
    match item.matter {
        Matter::Task { .. } if overdue => format!("task overdue since {closes}"),
        Matter::Task { .. } => format!("task by {closes}"),
        Matter::Window(window, known, Some(date)) => format!("window {window} {known} ({date})"),
        Matter::Window(window, known, None) => format!("window {window} {known} (closes {closes})"),
        Matter::Instrument(_) if overdue => format!("basis {} lapsed {closes}", basis()),
        Matter::Instrument(_) => format!("basis {} lapses {closes}", basis()),
    }
}
