//! The answers as tables: which columns the board, the timeline and the others have.

use super::table::{Cell, Column, Report};
use crate::domain::assertion::{Health, Lifecycle};
use crate::domain::status::{Axis, Joint, Voice};
use crate::projection::board::{self, Row, Window};
use crate::projection::filter::Filter;
use crate::projection::lint::Gap;
use crate::projection::reading::Reading;
use crate::projection::timeline::{Item, speaker};
use crate::record::history::State;
use crate::trail::entry::timestamp;
use std::collections::BTreeMap;
use std::fmt::Display;

/// How much of an action's text the board shows to people.
const EXCERPT: usize = 56;

/// Where every action stands.
#[must_use]
pub fn status(state: &State, reading: &Reading, filter: &Filter) -> Report {
    let rows = board::of(state, reading, filter);
    let mut columns = vec![
        Column::new("action", "ACTION"),
        Column::new("joint", "JOINT"),
        Column::new("lifecycle", "LIFECYCLE"),
        Column::new("health", "HEALTH"),
        Column::hidden("health_joint"),
        Column::hidden("health_stale"),
    ];
    for party in state.parties() {
        columns.push(Column::new(&format!("{party}_says"), &format!("{party} SAYS")));
        columns.push(Column::hidden(&format!("{party}_effective")));
        columns.push(Column::hidden(&format!("{party}_recorded")));
        columns.push(Column::hidden(&format!("{party}_sequence")));
    }
    columns.extend([
        Column::new("windows", "WINDOWS"),
        Column::new("leads", "LEADS"),
        Column::new("excerpt", "TEXT"),
        Column::hidden("text"),
        Column::hidden("line"),
        Column::hidden("track"),
    ]);
    let facts = counts(&rows);
    Report {
        kind: "status",
        reading: reading.clone(),
        facts,
        columns,
        rows: rows.iter().map(cells).collect(),
    }
}

fn counts(rows: &[Row<'_>]) -> Vec<(&'static str, Cell)> {
    let mut facts = vec![("actions", Cell::Number(rows.len() as u64))];
    for joint in Joint::ALL {
        let count = rows.iter().filter(|row| row.status.lifecycle.joint == joint).count();
        facts.push((joint.as_str(), Cell::Number(count as u64)));
    }
    facts
}

fn cells(row: &Row<'_>) -> Vec<Cell> {
    let action = &row.action.action;
    let status = &row.status;
    let mut cells = vec![
        Cell::text(action.reference.as_str()),
        joint(status.lifecycle.joint),
        lifecycle(
            status
                .lifecycle
                .value
                .or((status.lifecycle.joint == Joint::Silent).then_some(Lifecycle::Planned)),
        ),
        health(status.health.value),
        joint(status.health.joint),
        Cell::Flag(row.stale),
    ];
    for voice in &status.lifecycle.voices {
        cells.extend(says(voice));
    }
    let windows = row.windows.iter().map(|(begin, window)| {
        format!("{} {}", begin.format(if row.windows.len() > 4 { "%Y-%m" } else { "%Y" }), known(*window))
    });
    let text = action.text.as_str();
    let excerpt: String = text.chars().take(EXCERPT).collect();
    let more = if text.chars().count() > EXCERPT { "…" } else { "" };
    cells.extend([
        Cell::List(windows.collect()),
        Cell::List(row.leads.iter().map(ToString::to_string).collect()),
        Cell::text(excerpt + more),
        Cell::text(text),
        Cell::Number(u64::from(action.line)),
        Cell::text(action.track.as_str()),
    ]);
    cells
}

/// What a party says, since when it is true, when it was recorded, and where.
fn says<T: Display + Copy + Into<Cell>>(voice: &Voice<'_, T>) -> [Cell; 4] {
    let Some(word) = voice.word else { return [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty] };
    [
        voice.says.map_or(Cell::Word("≠", "contested".to_owned()), Into::into),
        Cell::text(word.effective.to_string()),
        Cell::text(word.day.to_string()),
        Cell::Number(word.sequence),
    ]
}

impl From<Lifecycle> for Cell {
    fn from(word: Lifecycle) -> Self {
        let glyph = match word {
            Lifecycle::Planned => "○",
            Lifecycle::UnderWay => "▶",
            Lifecycle::Continuing => "↻",
            Lifecycle::Suspended => "‖",
            Lifecycle::Completed => "✓",
            Lifecycle::Discontinued => "✕",
            Lifecycle::Superseded => "→",
        };
        Self::Word(glyph, word.to_string())
    }
}

impl From<Health> for Cell {
    fn from(word: Health) -> Self {
        let glyph = match word {
            Health::OnTrack => "●",
            Health::AtRisk => "▲",
            Health::OffTrack => "■",
        };
        Self::Word(glyph, word.to_string())
    }
}

fn lifecycle(word: Option<Lifecycle>) -> Cell {
    word.map_or(Cell::Empty, Into::into)
}

fn health(word: Option<Health>) -> Cell {
    word.map_or(Cell::Empty, Into::into)
}

fn joint(joint: Joint) -> Cell {
    let glyph = match joint {
        Joint::Silent => "·",
        Joint::OneSided => "◐",
        Joint::Agreed => "=",
        Joint::Disputed => "≠",
    };
    Cell::Word(glyph, joint.to_string())
}

fn known(window: Window) -> String {
    match window {
        Window::Said(Joint::Disputed, _) => "disputed".to_owned(),
        Window::Said(_, None) => "contested".to_owned(),
        Window::Said(_, Some(state)) => state.to_string(),
        Window::Missed => "missed".to_owned(),
        Window::Open => "open".to_owned(),
    }
}

/// What was said, in the order of the ledger.
#[must_use]
pub fn timeline(reading: &Reading, items: &[Item], notes: &BTreeMap<u64, String>) -> Report {
    let rows = items.iter().map(|item| moment(item, notes)).collect();
    let facts = vec![("entries", Cell::Number(items.len() as u64))];
    Report { kind: "timeline", reading: reading.clone(), facts, columns: moments(), rows }
}

fn moments() -> Vec<Column> {
    vec![
        Column::new("sequence", "SEQ"),
        Column::new("recorded_on", "RECORDED"),
        Column::new("effective", "EFFECTIVE"),
        Column::new("source", "WHO"),
        Column::new("subject", "ABOUT"),
        Column::new("summary", "WHAT"),
        Column::new("assurance", "ASSURANCE"),
        Column::new("note", "NOTE"),
        Column::hidden("recorded"),
        Column::hidden("type"),
        Column::hidden("id"),
        Column::hidden("leaf"),
        Column::hidden("voided"),
    ]
}

fn moment(item: &Item, notes: &BTreeMap<u64, String>) -> Vec<Cell> {
    let voided = if item.voided { " (corrected later)" } else { "" };
    vec![
        Cell::Number(item.sequence),
        Cell::text(item.day.to_string()),
        Cell::maybe(item.effective.as_ref()),
        Cell::text(speaker(&item.source)),
        Cell::text(item.subject.as_str()),
        Cell::text(format!("{}{voided}", item.summary)),
        Cell::maybe(item.assurance),
        Cell::maybe(notes.get(&item.sequence)),
        Cell::text(timestamp(item.recorded)),
        Cell::text(item.kind.as_str()),
        Cell::text(item.id.to_string()),
        Cell::text(item.leaf.to_string()),
        Cell::Flag(item.voided),
    ]
}

/// One action, and all that was said of it.
#[must_use]
pub fn show(
    state: &State,
    reading: &Reading,
    row: &Row<'_>,
    items: &[Item],
    notes: &BTreeMap<u64, String>,
) -> Report {
    let action = &row.action.action;
    let list =
        |items: &[crate::domain::value::Code]| Cell::List(items.iter().map(ToString::to_string).collect());
    let assigned = row.action.assignments.iter().map(|(institution, assignment)| {
        let due = assignment.due.map(|due| format!(", due {due}")).unwrap_or_default();
        format!("{}/{institution} {}{due}", assignment.party, assignment.role)
    });
    let windows = row.windows.iter().map(|(begin, window)| format!("{begin} {}", known(*window)));
    let mut facts = vec![
        ("action", Cell::text(action.reference.as_str())),
        ("text", Cell::text(action.text.as_str())),
        ("line", Cell::Number(u64::from(action.line))),
        ("track", Cell::text(action.track.as_str())),
        ("kind", Cell::text(action.kind.as_str())),
        ("firmness", Cell::text(action.firmness.as_str())),
        ("cycle", Cell::maybe(action.cycle.as_ref())),
        ("institutions", list(&action.institutions)),
        ("basis", list(&action.basis)),
        ("notes", Cell::List(action.notes.iter().map(ToString::to_string).collect())),
        ("assigned", Cell::List(assigned.collect())),
        ("joint", joint(row.status.lifecycle.joint)),
        ("lifecycle", lifecycle(row.status.lifecycle.value)),
        ("health", health(row.status.health.value)),
        ("windows", Cell::List(windows.collect())),
    ];
    facts.push(("voices", Cell::List(voices(state, &row.status.lifecycle))));
    facts.retain(|(_, cell)| *cell != Cell::List(Vec::new()));
    let rows = items.iter().map(|item| moment(item, notes)).collect();
    Report { kind: "action", reading: reading.clone(), facts, columns: moments(), rows }
}

fn voices<T: Display>(state: &State, axis: &Axis<'_, T>) -> Vec<String> {
    let grace = state.grace_days();
    let says = |voice: &Voice<'_, T>| match (&voice.word, &voice.says) {
        (None, _) => format!("{} silent", voice.party),
        (Some(word), None) => format!("{} contests (recorded {}, grace {grace} days)", voice.party, word.day),
        (Some(word), Some(says)) => {
            format!("{} says {says} since {} (recorded {})", voice.party, word.effective, word.day)
        }
    };
    axis.voices.iter().map(says).collect()
}

/// What changed between two moments.
#[must_use]
pub fn replay(
    before: &State,
    after: &State,
    reading: &Reading,
    filter: &Filter,
    items: &[Item],
    notes: &BTreeMap<u64, String>,
) -> Report {
    let mut report = timeline(reading, items, notes);
    report.kind = "replay";
    let count = |state: &State, joint: Joint| {
        let rows = board::of(state, reading, filter);
        Cell::Number(rows.iter().filter(|row| row.status.lifecycle.joint == joint).count() as u64)
    };
    report.facts.push(("after_entries", Cell::Number(before.head.size)));
    for (key, joint) in [
        ("agreed_before", Joint::Agreed),
        ("disputed_before", Joint::Disputed),
        ("one_sided_before", Joint::OneSided),
        ("silent_before", Joint::Silent),
    ] {
        report.facts.push((key, count(before, joint)));
    }
    for (key, joint) in [
        ("agreed_after", Joint::Agreed),
        ("disputed_after", Joint::Disputed),
        ("one_sided_after", Joint::OneSided),
        ("silent_after", Joint::Silent),
    ] {
        report.facts.push((key, count(after, joint)));
    }
    report
}

/// What cannot be tracked yet.
#[must_use]
pub fn lint(reading: &Reading, gaps: &[Gap]) -> Report {
    let columns =
        vec![Column::new("subject", "ABOUT"), Column::new("rule", "RULE"), Column::new("what", "WHAT")];
    let cells = |gap: &Gap| {
        vec![Cell::text(gap.subject.as_str()), Cell::text(gap.rule), Cell::text(gap.what.as_str())]
    };
    let facts = vec![("gaps", Cell::Number(gaps.len() as u64))];
    Report { kind: "lint", reading: reading.clone(), facts, columns, rows: gaps.iter().map(cells).collect() }
}
