//! A report as text: facts, a table, and below it the reading from which it was made.

use super::labels::english;
use super::table::{Cell, Column, Report, Seen};
use crate::domain::value::shown;
use crate::projection::reading::Reading;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use std::cmp::Reverse;

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

/// Columns with their headings, and what stands in them for people.
struct Shown<'a> {
    columns: Vec<(&'a Column, Vec<String>)>,
    rows: usize,
}

fn table(report: &Report, width: Option<u16>) -> String {
    let rows: Vec<Vec<String>> = report.rows.iter().map(|row| row.iter().map(field).collect()).collect();
    let cells = |at: usize| rows.iter().map(|row| row.get(at).cloned().unwrap_or_default()).collect();
    let columns = report.columns.iter().enumerate().filter(|(_, column)| column.shown);
    let shown =
        Shown { columns: columns.map(|(at, column)| (column, cells(at))).collect(), rows: rows.len() };
    let Some(width) = width else { return shown.beside(None, &[]) };
    let beneath = shown.without_room(width);
    if beneath.is_empty() {
        return shown.beside(Some(width), &[]);
    }
    let text = shown.beside(None, &beneath);
    let mut lines = text.lines();
    let mut text: Vec<String> = lines.next().map(str::to_owned).into_iter().collect();
    for (row, line) in lines.enumerate() {
        text.push(line.to_owned());
        text.extend(shown.beneath(row, &beneath, width));
    }
    text.join("\n")
}

impl Shown<'_> {
    /// A table of the columns but some, within a width.
    fn beside(&self, width: Option<u16>, but: &[usize]) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        match width {
            Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        let columns: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(at, _)| !but.contains(at))
            .map(|(_, column)| column)
            .collect();
        table.set_header(columns.iter().map(|(column, _)| column.heading.as_str()));
        for row in 0..self.rows {
            let cells = columns.iter().map(|(_, cells)| cells.get(row).map_or("", String::as_str));
            // Beneath a row of one line stands what belongs to it.
            table.add_row(
                cells.map(|cell| if but.is_empty() { cell.to_owned() } else { cell.replace('\n', " ") }),
            );
        }
        for (place, (column, _)) in columns.iter().enumerate() {
            if let (false, Some(column)) = (is_wrapped(column), table.column_mut(place)) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        table.trim_fmt()
    }

    /// The columns for which there is no room beside the others, by their places: an excerpt first, then other words, and the last of
    /// the others. What stays has room in one line, or is all.
    fn without_room(&self, width: u16) -> Vec<usize> {
        let has_room = |widths: &mut dyn Iterator<Item = u16>| {
            widths.map(|each| u32::from(each) + GAP).sum::<u32>() <= u32::from(width)
        };
        let whole: Vec<u16> = self.columns.iter().map(|(column, cells)| widest(column, cells)).collect();
        let wrapped = self.columns.iter().zip(&whole).map(|((column, _), whole)| (*whole).min(least(column)));
        let mut beneath = Vec::new();
        if has_room(&mut { wrapped }) {
            return beneath;
        }
        let mut places: Vec<usize> = (1..self.columns.len()).collect();
        places.sort_by_key(|at| {
            let column = self.columns.get(*at).map(|(column, _)| column);
            (
                !column.is_some_and(|column| is_excerpt(column)),
                !column.is_some_and(|column| is_wrapped(column)),
                Reverse(*at),
            )
        });
        for at in places {
            let beside = whole.iter().enumerate().filter(|(at, _)| !beneath.contains(at));
            if has_room(&mut beside.map(|(_, whole)| *whole)) {
                break;
            }
            beneath.push(at);
        }
        beneath.sort_unstable();
        beneath
    }

    /// What stands beneath a row, a line for each column that says something.
    fn beneath(&self, row: usize, beneath: &[usize], width: u16) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_sub(INDENT));
        let columns = beneath.iter().filter_map(|at| self.columns.get(*at));
        let said =
            columns.filter_map(|(column, cells)| Some((column.heading.as_str(), cells.get(row)?.as_str())));
        for (heading, said) in said.filter(|(_, said)| !matches!(*said, "" | "–")) {
            table.add_row([heading, said]);
        }
        if let Some(headings) = table.column_mut(0) {
            headings.set_constraint(ColumnConstraint::ContentWidth);
        }
        let text = table.trim_fmt();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| format!("{:width$}{line}", "", width = usize::from(INDENT))).collect()
    }
}

/// How many columns of a terminal lie between two of a table, and before what stands beneath a row.
const GAP: u32 = 2;
const INDENT: u16 = 4;

/// How many columns of a terminal one of a table needs: fewer would break words into syllables, and names and numbers at all.
fn least(column: &Column) -> u16 {
    match (is_excerpt(column), is_wrapped(column)) {
        (true, _) => 30,
        (false, true) => 14,
        (false, false) => u16::MAX,
    }
}

/// How many columns of a terminal one of a table has where nothing is wrapped.
fn widest(column: &Column, cells: &[String]) -> u16 {
    let mut one = Table::new();
    one.set_header([column.heading.as_str()]);
    one.add_rows(cells.iter().map(|cell| [cell.replace('\n', " ")]));
    one.column_max_content_widths().first().copied().unwrap_or_default()
}

fn is_excerpt(column: &Column) -> bool {
    column.key == "excerpt"
}

/// Whether a column has words, which a narrow terminal wraps; all others are names and numbers, and stay whole.
fn is_wrapped(column: &Column) -> bool {
    WRAPPED.contains(&column.key.as_str())
}

/// The columns of words.
const WRAPPED: [&str; 10] =
    ["decisions", "excerpt", "last", "leads", "note", "reason", "summary", "what", "why", "windows"];

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

/// A fact's value; a list whose items are long has a line for each. What goes on in another line stands further in, so that nobody's
/// words look like another item, or another fact.
fn listed(cell: &Cell, width: usize) -> String {
    let on = format!("\n{:width$}", "", width = width + usize::from(INDENT));
    let items: Vec<String> =
        english().items(cell).iter().map(|item| shown(item).replace('\n', &on)).collect();
    let long = items.len() > 1 && items.iter().any(|item| item.contains(", ") || item.len() > 40);
    items.join(&if long { format!("\n{:width$}", "") } else { ", ".to_owned() })
}

/// The reading in one line.
#[must_use]
pub fn line(reading: &Reading) -> String {
    english().reading(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_words_look_like_another_fact_or_another_item() {
        let one = listed(&Cell::text("Talks\nlifecycle  completed"), 20);
        assert_eq!(one, format!("Talks\n{:24}lifecycle  completed", ""));
        let items = ["KR: under way, since 2021", "DK: said,\nKR: completed, since 2022"].map(str::to_owned);
        let all = listed(&Cell::List(items.to_vec()), 20);
        let expected =
            format!("KR: under way, since 2021\n{0:20}DK: said,\n{0:24}KR: completed, since 2022", "");
        assert_eq!(all, expected);
    }

    #[test]
    fn on_a_narrow_terminal_no_word_is_broken_and_none_is_left_out() {
        let columns = [
            ("action", "ACTION"),
            ("joint", "JOINT"),
            ("note", "NOTE"),
            ("excerpt", "TEXT"),
            ("line", "LINE"),
        ];
        let words =
            ["2.G2G.1", "one sided", "Carried on\nas agreed", "Cooperation and dialogue on technology", "12"];
        let report = Report {
            kind: "status",
            reading: Reading::of(&crate::record::state::State::default(), None, None, None),
            before: None,
            facts: Vec::new(),
            columns: columns.map(|(key, heading)| Column::new(key, heading)).to_vec(),
            rows: vec![words.map(Cell::text).to_vec(), [words[0], "", "", "", ""].map(Cell::text).to_vec()],
        };
        for width in [120, 80, 70, 60, 50, 40, 30, 24] {
            let text = table(&report, Some(width));
            let wide = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(wide <= usize::from(width), "{wide} of {width}:\n{text}");
            for word in words.iter().flat_map(|words| words.split_whitespace()) {
                assert!(text.split_whitespace().any(|found| found == word), "`{word}` in {width}:\n{text}");
            }
            assert_eq!(text.matches(words[0]).count(), 2, "{width}:\n{text}");
        }
        assert_eq!(
            table(&report, Some(40)),
            " ACTION   JOINT      LINE\n 2.G2G.1  one sided  12\n     NOTE  Carried on\n           as agreed\n     TEXT  Cooperation and \
             dialogue on\n           technology\n 2.G2G.1  –          –"
        );
    }
}
