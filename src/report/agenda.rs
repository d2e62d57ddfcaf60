//! The agenda as a table.

use super::table::{Cell, Column, Fact, Report};
use crate::domain::word::{Said, Word};
use crate::projection::agenda::{Item, Last, Matter};
use crate::projection::reading::Reading;
use chrono::NaiveDate;

/// What is due until a day.
#[must_use]
pub fn due(reading: &Reading, items: &[Item<'_>], until: NaiveDate) -> Report {
    let overdue = items.iter().filter(|item| item.is_overdue(reading)).count();
    Report {
        kind: "due",
        reading: reading.clone(),
        before: None,
        facts: vec![
            Fact::new("overdue", Cell::Number(overdue as u64)),
            Fact::new("due", Cell::Number((items.len() - overdue) as u64)),
            Fact::new("until", Cell::text(until.to_string())),
        ],
        columns: vec![
            Column::new("standing", "STANDING"),
            Column::new("days", "DAYS"),
            Column::new("closes", "CLOSES"),
            Column::new("subject", "ABOUT"),
            Column::new("matter", "MATTER"),
            Column::new("which", "WHICH"),
            Column::new("stands", "STANDS"),
            Column::new("leads", "LEADS"),
            Column::new("actions", "RESTING"),
            Column::new("last", "LAST SAID"),
            Column::hidden("party"),
            Column::hidden("assigned"),
            Column::hidden("said_by"),
            Column::hidden("effective"),
            Column::hidden("recorded_on"),
            Column::hidden("sequence"),
        ],
        rows: items.iter().map(|item| cells(reading, item)).collect(),
    }
}

fn cells(reading: &Reading, item: &Item<'_>) -> Vec<Cell> {
    let (matter, which, stands) = match item.matter {
        Matter::Task { institution, role, .. } => {
            ("task", Cell::text(institution.as_str()), role.to_string())
        }
        Matter::Window(window, known, _) => ("window", Cell::text(window.to_string()), known.to_string()),
        Matter::Instrument(state) => ("instrument", Cell::Empty, state.to_string()),
    };
    let (party, assigned) = match item.matter {
        Matter::Task { party, assigned, .. } => (Some(party), Some(assigned)),
        Matter::Window(..) | Matter::Instrument(_) => (None, None),
    };
    let mut cells = vec![
        Cell::text(if item.is_overdue(reading) { "overdue" } else { "due" }),
        Cell::Number(item.days(reading)),
        Cell::text(item.closes.to_string()),
        Cell::text(item.subject.as_str()),
        Cell::text(matter),
        which,
        Cell::text(stands),
        Cell::List(item.leads.iter().map(ToString::to_string).collect()),
        Cell::List(item.actions.iter().map(ToString::to_string).collect()),
    ];
    let (said, party_of, effective, day, sequence) = match &item.last {
        None => {
            cells.extend([
                Cell::Empty,
                Cell::maybe(party),
                Cell::maybe(assigned),
                Cell::Empty,
                Cell::Empty,
                Cell::Empty,
                Cell::Empty,
            ]);
            return cells;
        }
        Some(Last::Word(word)) => (spoken(word), &word.party, word.effective, word.day, word.sequence),
        Some(Last::Update(update)) => {
            let state = update.state.to_string().replace('_', " ");
            (state, &update.party, update.effective, update.day, update.sequence)
        }
    };
    cells.extend([
        Cell::text(format!("{party_of}: {said} ({day})")),
        Cell::maybe(party),
        Cell::maybe(assigned),
        Cell::text(party_of.as_str()),
        Cell::text(effective.to_string()),
        Cell::text(day.to_string()),
        Cell::Number(sequence),
    ]);
    cells
}

/// A word in a few words.
fn spoken(word: &Word) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(word.lifecycle.map(|word| word.to_string()));
    parts.extend(word.health.map(|word| word.to_string()));
    parts.extend(word.occurrence.map(|said| format!("{} {}", said.window, said.state)));
    let measured = word.measures.filter(|_| word.said == Said::Progressed);
    parts.extend(measured.map(|_| "indicators".to_owned()));
    let parts = parts.join("; ").replace('_', " ");
    match (word.said, parts.as_str()) {
        // Which of the two, the entry tells.
        (Said::Progressed, "") => "a note or files".to_owned(),
        (Said::Progressed | Said::Verified(..) | Said::Decided, _) => parts,
        (Said::Confirmed(at), "") => format!("confirmed entry {at}"),
        (Said::Contested(at), "") => format!("contested entry {at}"),
        (Said::Confirmed(_), _) => format!("confirmed {parts}"),
        (Said::Contested(_), _) => format!("contested {parts}"),
    }
}
