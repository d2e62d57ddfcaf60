//! A report as text: facts, a table, and below it the reading from which it was made.

use super::table::{Cell, Column, Report, Seen};
use crate::domain::value::Code;
use crate::projection::reading::Reading;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

/// The report for a terminal of `width` columns, or for no terminal, where nothing is wrapped.
#[must_use]
pub fn of(report: &Report, width: Option<u16>) -> String {
    let facts = report.facts.iter().filter(|fact| fact.seen != Seen::ByMachines && !is_empty(&fact.cell));
    let lines: Vec<String> =
        facts.map(|fact| format!("{}{}\n", key(&fact.key), listed(&fact.cell))).collect();
    let mut text = lines.concat();
    if !report.facts.is_empty() && !report.columns.is_empty() {
        text.push('\n');
    }
    if report.rows.is_empty() && !report.columns.is_empty() {
        text.push_str("Nothing to show.\n");
    } else if !report.columns.is_empty() {
        text.push_str(&table(report, width));
        text.push('\n');
    }
    text.push('\n');
    let reading = line(&report.reading);
    match &report.before {
        Some(before) => text.extend(["before: ", &line(before), "\nafter:  ", &reading, "\n"]),
        None => text.extend([&reading, "\n"]),
    }
    text
}

fn table(report: &Report, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    // On a narrow terminal an excerpt would be a tall column of syllables, and names would be broken.
    let narrow = width.is_some_and(|width| width < WIDE);
    let fits = |column: &Column| column.shown && !(narrow && column.key == "excerpt");
    let shown: Vec<usize> =
        report.columns.iter().enumerate().filter(|(_, column)| fits(column)).map(|(at, _)| at).collect();
    let pick =
        |cells: &[String]| -> Vec<String> { shown.iter().filter_map(|at| cells.get(*at)).cloned().collect() };
    let headings: Vec<String> = report.columns.iter().map(|column| column.heading.clone()).collect();
    table.set_header(pick(&headings));
    for row in &report.rows {
        let cells: Vec<String> = row.iter().map(field).collect();
        table.add_row(pick(&cells));
    }
    for (place, at) in shown.iter().enumerate() {
        let wraps = report.columns.get(*at).is_some_and(|column| WRAPPED.contains(&column.key.as_str()));
        if let (false, Some(column)) = (wraps, table.column_mut(place)) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}

/// From how many columns on there is room for an excerpt of a text.
const WIDE: u16 = 130;

/// The columns of words, which a narrow terminal wraps; all others are names and numbers, and stay whole.
const WRAPPED: [&str; 8] = ["decisions", "excerpt", "last", "leads", "note", "summary", "what", "windows"];

/// Whether a cell says nothing.
pub(super) fn is_empty(cell: &Cell) -> bool {
    matches!(cell, Cell::Empty) || *cell == Cell::List(Vec::new())
}

/// A cell for people.
pub(super) fn field(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "–".to_owned(),
        Cell::Withheld => "(withheld)".to_owned(),
        Cell::Erased(why) => format!("(erased: {why})"),
        Cell::Text(text) => text.clone(),
        Cell::Word(glyph, word) => format!("{glyph} {}", word.replace('_', " ")),
        Cell::Number(number) => number.to_string(),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Cell::List(items) => items.join(", "),
    }
}

/// How many columns the key of a fact takes.
const KEY: usize = 18;

/// The key of a fact, with a space after it at least.
fn key(key: &str) -> String {
    format!("{:<width$} ", key.replace('_', " "), width = KEY - 1)
}

/// A fact's value; a list whose items are long has a line for each.
pub(super) fn listed(cell: &Cell) -> String {
    match cell {
        Cell::List(items) if items.iter().any(|item| item.contains(", ") || item.len() > 40) => {
            items.join(&format!("\n{:KEY$}", ""))
        }
        other => field(other),
    }
}

/// The reading in one line.
#[must_use]
pub fn line(reading: &Reading) -> String {
    let day = |day: Option<chrono::NaiveDate>| day.map_or("all".to_owned(), |day| day.to_string());
    let worth = if reading.illustrative { " · illustrative" } else { "" };
    let awaited: Vec<&str> = reading.awaited.iter().map(Code::as_str).collect();
    let founding = match awaited.as_slice() {
        [] => String::new(),
        awaited => format!("\nNot in force yet: {} has not acceded.", awaited.join(", ")),
    };
    format!(
        "as recorded: {} · as effective: {} · today: {} · {} entries, head {}{worth}{founding}",
        day(reading.recorded),
        day(reading.effective),
        reading.today,
        reading.head.size,
        reading.head.leaf
    )
}
