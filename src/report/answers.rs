//! The board and the gaps as tables, and the words of the axes as cells.

use super::phrase::{Part, Phrase};
use super::table::{Cell, Column, Fact, Report};
use crate::domain::assertion::{Health, Lifecycle};
use crate::domain::date::Effective;
use crate::domain::status::{Axis, Joint, Voice};
use crate::projection::board::{self, Row, Window};
use crate::projection::filter::Filter;
use crate::projection::lint::Gap;
use crate::projection::reading::Reading;
use crate::record::history::{History, Spoken};
use std::fmt::Display;

/// How much of an action's text the board shows to people.
const EXCERPT: usize = 56;

/// Where every action stands.
///
/// # Errors
/// Where what was said cannot be read.
pub fn status<W: Spoken>(
    history: &History<W>,
    reading: &Reading,
    filter: &Filter,
) -> Result<Report, W::Fault> {
    let rows = board::of(history, reading, filter)?;
    let mut columns = vec![
        Column::new("action", "ACTION"),
        Column::new("joint", "JOINT"),
        Column::new("lifecycle", "LIFECYCLE"),
        Column::new("health", "HEALTH"),
        Column::hidden("health_joint"),
        Column::hidden("health_stale"),
    ];
    for party in history.state.parties() {
        columns.push(Column::new(&format!("{party}_says"), &format!("{party} SAYS")));
        columns.push(Column::hidden(&format!("{party}_effective")));
        columns.push(Column::hidden(&format!("{party}_recorded")));
        columns.push(Column::hidden(&format!("{party}_sequence")));
        columns.push(Column::hidden(&format!("{party}_health")));
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
    let rows = rows.iter().map(cells).collect();
    Ok(Report { kind: "status", reading: reading.clone(), before: None, facts, columns, rows })
}

fn counts(rows: &[Row<'_>]) -> Vec<Fact> {
    let mut facts = vec![Fact::new("actions", Cell::Number(rows.len() as u64))];
    for joint in Joint::ALL {
        let count = rows.iter().filter(|row| row.status.lifecycle.joint == joint).count();
        facts.push(Fact::new(joint.as_str(), Cell::Number(count as u64)));
    }
    facts
}

fn cells(row: &Row<'_>) -> Vec<Cell> {
    let action = &row.action.action;
    let status = &row.status;
    let mut cells = vec![
        Cell::text(action.reference.as_str()),
        joint(status.lifecycle.joint),
        lifecycle(stands(row)),
        health(&status.health),
        joint(status.health.joint),
        Cell::Flag(row.stale),
    ];
    for (voice, well) in status.lifecycle.voices.iter().zip(&status.health.voices) {
        cells.extend(says(voice));
        let [well, ..] = says(well);
        cells.push(well);
    }
    let text = action.text.as_str();
    cells.extend([
        windows(row),
        Cell::List(row.leads.iter().map(ToString::to_string).collect()),
        Cell::text(excerpt(text)),
        Cell::text(text),
        Cell::Number(u64::from(action.line)),
        Cell::text(action.track.as_str()),
    ]);
    cells
}

/// The beginning of a text, for people.
#[must_use]
pub fn excerpt(text: &str) -> String {
    beginning(text, EXCERPT)
}

/// So many characters of a text.
pub(super) fn beginning(text: &str, characters: usize) -> String {
    let begins: String = text.chars().take(characters).collect();
    let more = if text.chars().count() > characters { "…" } else { "" };
    begins + more
}

/// Where an action stands: what nobody has spoken of is planned.
pub(super) fn stands(row: &Row<'_>) -> Option<Lifecycle> {
    let axis = &row.status.lifecycle;
    axis.value.or((axis.joint == Joint::Silent).then_some(Lifecycle::Planned))
}

/// Each window with what is known of it.
pub(super) fn windows(row: &Row<'_>) -> Cell {
    let told = |(name, window): &(Effective, Window)| {
        Phrase::new("window").with("window", name.to_string()).with("state", Part::Word(window.to_string()))
    };
    Cell::Phrases(row.windows.iter().map(told).collect())
}

/// What a party says, since when it is true, when it was recorded, and where.
pub(super) fn says<T: Display + Copy + Into<Cell>>(voice: &Voice<'_, T>) -> [Cell; 4] {
    let Some(word) = &voice.word else { return [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty] };
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

pub(super) fn lifecycle(word: Option<Lifecycle>) -> Cell {
    word.map_or(Cell::Empty, Into::into)
}

pub(super) fn health(axis: &Axis<'_, Health>) -> Cell {
    if axis.joint == Joint::Disputed { Cell::Disputed } else { axis.value.map_or(Cell::Empty, Into::into) }
}

pub(super) fn joint(joint: Joint) -> Cell {
    let glyph = match joint {
        Joint::Silent => "·",
        Joint::OneSided => "◐",
        Joint::Agreed => "=",
        Joint::Disputed => "≠",
    };
    Cell::Word(glyph, joint.to_string())
}

/// What cannot be tracked yet.
#[must_use]
pub fn lint(reading: &Reading, gaps: &[Gap]) -> Report {
    let columns =
        vec![Column::new("subject", "ABOUT"), Column::new("rule", "RULE"), Column::new("what", "WHAT")];
    let cells = |gap: &Gap| {
        vec![Cell::text(gap.subject.as_str()), Cell::text(gap.rule), Cell::text(gap.what.as_str())]
    };
    let facts = vec![Fact::new("gaps", Cell::Number(gaps.len() as u64))];
    Report {
        kind: "lint",
        reading: reading.clone(),
        before: None,
        facts,
        columns,
        rows: gaps.iter().map(cells).collect(),
    }
}
