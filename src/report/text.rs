//! A report as text: facts, a table, and below it the reading from which it was made.

use super::table::{Cell, Report};
use crate::domain::value::Code;
use crate::projection::reading::Reading;
use comfy_table::{ContentArrangement, Table, presets};

/// The report for a terminal of `width` columns, or for no terminal, where nothing is wrapped.
#[must_use]
pub fn of(report: &Report, width: Option<u16>) -> String {
    let facts = report.facts.iter().filter(|(_, cell)| *cell != Cell::Empty);
    let lines: Vec<String> =
        facts.map(|(key, cell)| format!("{:<18}{}\n", key.replace('_', " "), field(cell))).collect();
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
    text.push_str(&line(&report.reading));
    text.push('\n');
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
    let shown: Vec<usize> =
        report.columns.iter().enumerate().filter(|(_, column)| column.shown).map(|(at, _)| at).collect();
    let pick =
        |cells: &[String]| -> Vec<String> { shown.iter().filter_map(|at| cells.get(*at)).cloned().collect() };
    let headings: Vec<String> = report.columns.iter().map(|column| column.heading.clone()).collect();
    table.set_header(pick(&headings));
    for row in &report.rows {
        let cells: Vec<String> = row.iter().map(field).collect();
        table.add_row(pick(&cells));
    }
    table.trim_fmt()
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "–".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Word(glyph, word) => format!("{glyph} {}", word.replace('_', " ")),
        Cell::Number(number) => number.to_string(),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Cell::List(items) => items.join(", "),
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
