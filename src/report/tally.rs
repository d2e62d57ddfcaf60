//! A tally: how many actions of each line of effort are where, as numbers out of all.

use super::answers::{joint, stands};
use super::evaluation::together;
use super::table::{Cell, Column, Fact, Report};
use crate::domain::assertion::Lifecycle;
use crate::domain::finding::{Finding, Joint};
use crate::domain::status;
use crate::domain::value::Code;
use crate::projection::board;
use crate::projection::evaluation::Row;
use crate::projection::reading::Reading;
use crate::record::state::State;
use std::collections::HashMap;

/// Where an action can stand.
fn stages() -> impl Iterator<Item = Cell> {
    Lifecycle::ALL.iter().map(|word| Cell::from(*word)).chain([joint(status::Joint::Disputed)])
}

/// How it can be found.
fn findings() -> impl Iterator<Item = Cell> {
    let others = [Joint::Different, Joint::None].map(together);
    Finding::ALL.iter().map(|word| Cell::from(*word)).chain(others)
}

/// The glyph of a word that a tally counts.
pub(super) fn glyph(word: &str) -> &'static str {
    let own = |cell| match cell {
        Cell::Word(glyph, own) if own == word => Some(glyph),
        _ => None,
    };
    stages().chain(findings()).find_map(own).unwrap_or_default()
}

/// Where an action stands; one on which the parties differ is counted as disputed.
fn stage(row: &board::Row<'_>) -> String {
    stands(row).map_or_else(|| status::Joint::Disputed.to_string(), |word| word.to_string())
}

/// Where the actions of each line stand.
#[must_use]
pub fn progress(state: &State, reading: &Reading, board: &[board::Row<'_>]) -> Report {
    let of = |row: &board::Row<'_>| (row.action.action.line, stage(row));
    counted(state, (reading, None), stages(), &board.iter().map(of).collect::<Vec<_>>())
}

/// How many of some actions there are, and how many stand where any does.
#[must_use]
pub fn standing(board: &[board::Row<'_>]) -> Vec<Fact> {
    let (found, all) = (board.iter().map(stage).collect::<Vec<_>>(), board.len() as u64);
    let counted = stages().filter_map(|cell| {
        let word = word(cell)?;
        let count = found.iter().filter(|found| **found == word).count() as u64;
        (count > 0).then(|| Fact::new(word, Cell::Share(count, all)))
    });
    [Fact::new("actions", Cell::Number(all))].into_iter().chain(counted).collect()
}

/// What was found of the actions of each line that stood on the board of a review's reading; those of which the parties found
/// different things are counted as different.
#[must_use]
pub fn results(
    state: &State,
    (before, after): (&Reading, &Reading),
    rows: &[Row<'_>],
    board: &[board::Row<'_>],
) -> Report {
    let lines: HashMap<&Code, u16> =
        board.iter().map(|row| (&row.action.action.reference, row.action.action.line)).collect();
    let of = |row: &Row<'_>| {
        let (joint, finding) = row.joint;
        let word = finding.map_or_else(|| joint.to_string(), |finding| finding.to_string());
        Some((*lines.get(row.reference)?, word))
    };
    counted(state, (after, Some(before)), findings(), &rows.iter().filter_map(of).collect::<Vec<_>>())
}

fn word(cell: Cell) -> Option<String> {
    match cell {
        Cell::Word(_, word) => Some(word),
        _ => None,
    }
}

fn counted(
    state: &State,
    (reading, before): (&Reading, Option<&Reading>),
    cells: impl Iterator<Item = Cell>,
    found: &[(u16, String)],
) -> Report {
    let words: Vec<String> = cells.filter_map(word).collect();
    let lines = state.programme.plan.iter().flat_map(|plan| &plan.lines);
    let row = |number: Option<u16>, title: Cell| {
        let own: Vec<&String> = found
            .iter()
            .filter(|(line, _)| number.is_none_or(|number| number == *line))
            .map(|(_, word)| word)
            .collect();
        let all = own.len() as u64;
        let count = |wanted: &String| own.iter().filter(|word| **word == wanted).count() as u64;
        let mut cells =
            vec![number.map_or(Cell::Empty, |number| Cell::Number(number.into())), title, Cell::Number(all)];
        cells.extend(words.iter().map(|word| Cell::Share(count(word), all)));
        cells
    };
    let mut rows: Vec<Vec<Cell>> =
        lines.map(|line| row(Some(line.number), Cell::text(line.title.as_str()))).collect();
    rows.push(row(None, Cell::word("all")));
    let mut columns =
        vec![Column::new("line", "LINE"), Column::new("title", "TITLE"), Column::new("actions", "ACTIONS")];
    columns.extend(words.iter().map(|word| Column::new(word, &word.to_uppercase())));
    Report {
        kind: "tally",
        reading: reading.clone(),
        before: before.cloned(),
        facts: vec![Fact::new("actions", Cell::Number(found.len() as u64))],
        columns,
        rows,
    }
}
