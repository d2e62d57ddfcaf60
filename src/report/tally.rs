//! A tally: how many actions of each line of effort are where, as numbers out of all.

use super::answers::stands;
use super::table::{Cell, Column, Fact, Report};
use crate::domain::assertion::Lifecycle;
use crate::domain::finding::{Finding, Joint};
use crate::domain::status;
use crate::projection::board;
use crate::projection::evaluation::Row;
use crate::projection::reading::Reading;
use crate::record::history::State;

/// What a tally counts: a word of an axis with its glyph.
type Mark = (&'static str, String);

/// Where the actions of each line stand; those on which the parties differ are counted as disputed.
#[must_use]
pub fn progress(state: &State, reading: &Reading, board: &[board::Row<'_>]) -> Report {
    let marks = Lifecycle::ALL.iter().map(|word| Cell::from(*word)).filter_map(mark);
    let marks: Vec<Mark> = marks.chain([("≠", status::Joint::Disputed.to_string())]).collect();

    let of = |row: &board::Row<'_>| {
        let word = stands(row).map_or_else(|| status::Joint::Disputed.to_string(), |word| word.to_string());
        (row.action.action.line, word)
    };
    counted(state, (reading, None), &marks, &board.iter().map(of).collect::<Vec<_>>())
}

/// What was found of the actions of each line; those of which the parties found different things are counted as different.
#[must_use]
pub fn results(state: &State, (before, after): (&Reading, &Reading), rows: &[Row<'_>]) -> Report {
    let marks = Finding::ALL.iter().map(|word| Cell::from(*word)).filter_map(mark);
    let others = [("≠", Joint::Different.to_string()), ("·", Joint::None.to_string())];
    let of = |row: &Row<'_>| {
        let (joint, finding) = row.joint;
        let word = finding.map_or_else(|| joint.to_string(), |finding| finding.to_string());
        Some((row.definition()?.line, word))
    };
    let (marks, found): (Vec<Mark>, Vec<_>) =
        (marks.chain(others).collect(), rows.iter().filter_map(of).collect());
    counted(state, (after, Some(before)), &marks, &found)
}

fn mark(cell: Cell) -> Option<Mark> {
    match cell {
        Cell::Word(glyph, word) => Some((glyph, word)),
        _ => None,
    }
}

fn counted(
    state: &State,
    (reading, before): (&Reading, Option<&Reading>),
    marks: &[Mark],
    found: &[(u16, String)],
) -> Report {
    let lines = state.programme.plan.iter().flat_map(|plan| &plan.lines);
    let row = |number: Option<u16>, title: Cell| {
        let own: Vec<&String> = found
            .iter()
            .filter(|(line, _)| number.is_none_or(|number| number == *line))
            .map(|(_, word)| word)
            .collect();
        let all = own.len() as u64;
        let count = |(_, mark): &Mark| own.iter().filter(|word| **word == mark).count() as u64;
        let mut cells =
            vec![number.map_or(Cell::Empty, |number| Cell::Number(number.into())), title, Cell::Number(all)];
        cells.extend(marks.iter().map(|mark| Cell::Share(count(mark), all)));
        cells
    };
    let mut rows: Vec<Vec<Cell>> =
        lines.map(|line| row(Some(line.number), Cell::text(line.title.as_str()))).collect();
    rows.push(row(None, Cell::word("all")));
    let mut columns =
        vec![Column::new("line", "LINE"), Column::new("title", "TITLE"), Column::new("actions", "ACTIONS")];
    columns.extend(marks.iter().map(|(_, word)| Column::new(word, &word.to_uppercase())));
    Report {
        kind: "tally",
        reading: reading.clone(),
        before: before.cloned(),
        facts: vec![Fact::new("actions", Cell::Number(found.len() as u64))],
        columns,
        rows,
    }
}
