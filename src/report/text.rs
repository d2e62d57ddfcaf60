//! A report as text: facts, a table, and below it the reading from which it was made.

use super::labels::english;
use super::table::{Cell, Column, Report, Seen};
use crate::domain::value::shown;
use crate::projection::reading::Reading;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

/// The report for a terminal of `width` columns, or for no terminal, where nothing is wrapped.
#[must_use]
pub fn of(report: &Report, width: Option<u16>) -> String {
    let facts = report.facts.iter().filter(|fact| fact.seen != Seen::ByMachines && !is_empty(&fact.cell));
    let keys = facts.clone().map(|fact| fact.key.chars().count() + 2).fold(KEY, usize::max);
    let lines: Vec<String> =
        facts.map(|fact| format!("{}{}\n", key(&fact.key, keys), listed(&fact.cell, keys))).collect();
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
const WRAPPED: [&str; 9] =
    ["decisions", "excerpt", "last", "leads", "note", "reason", "summary", "what", "windows"];

/// Whether a cell says nothing.
pub(super) fn is_empty(cell: &Cell) -> bool {
    match cell {
        Cell::Empty => true,
        Cell::List(items) => items.is_empty(),
        Cell::Phrases(phrases) => phrases.is_empty(),
        Cell::Records(records) => records.is_empty(),
        _ => false,
    }
}

/// A cell for people.
pub(super) fn field(cell: &Cell) -> String {
    shown(&english().cell(cell)).into_owned()
}

/// A number out of another, with its percentage: `12 (35 %)`.
pub(super) fn share(number: u64, all: u64) -> String {
    match (number * 100 + all / 2).checked_div(all) {
        Some(percent) => format!("{number} ({percent} %)"),
        None => number.to_string(),
    }
}

/// How many columns the keys of facts take at least.
const KEY: usize = 18;

/// The key of a fact, in a column of so many characters.
fn key(key: &str, width: usize) -> String {
    format!("{:<width$}", key.replace('_', " "))
}

/// A fact's value; a list whose items are long has a line for each.
fn listed(cell: &Cell, width: usize) -> String {
    let items: Vec<String> = english().items(cell).iter().map(|item| shown(item).into_owned()).collect();
    let long = items.len() > 1 && items.iter().any(|item| item.contains(", ") || item.len() > 40);
    items.join(&if long { format!("\n{:width$}", "") } else { ", ".to_owned() })
}

/// The reading in one line.
#[must_use]
pub fn line(reading: &Reading) -> String {
    english().reading(reading)
}
