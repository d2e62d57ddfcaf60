//! What is new in a sheet that came back, row by row, against what was filled in.

use super::Made;
use super::fault::{Fault, Wrong};
use super::workbook::{CellAddress, FORMULA, Value, Workbook};
use crate::domain::action;
use crate::domain::assertion::{self, Health, Lifecycle, OccurrenceState};
use crate::domain::date::{Effective, NotADate};
use crate::domain::programme;
use crate::domain::value::{Code, Text, nearest};
use crate::ledger::RecordError;
use crate::record::causes;
use crate::record::refusal::Refusal;
use crate::report::answers::excerpt;
use crate::report::form::{ACTION, Column, Field, Row};
use crate::report::labels::Labels;
use crate::report::xlsx::form::RETURN;
use crate::report::xlsx::written;
use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// What is new in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The row, from 0.
    pub row: u32,
    /// What was filled in, and in which column, from 0.
    pub filled: BTreeMap<Field, u32>,
    /// The action.
    pub action: Code,
    /// The fields of its `action.progressed`, with the note in clear.
    pub data: Map<String, Json>,
}

impl Edit {
    /// The first cell that is new.
    #[must_use]
    pub fn place(&self) -> CellAddress {
        self.at(None)
    }

    /// The cell of a field where it is new, or else the first one that is.
    fn at(&self, field: Option<Field>) -> CellAddress {
        let column = field.and_then(|field| self.filled.get(&field)).or_else(|| self.filled.values().next());
        CellAddress { sheet: RETURN, row: self.row, column: column.copied().unwrap_or_default() }
    }

    /// That something else was said since, in an entry.
    #[must_use]
    pub fn outdated(&self, entry: u64, party: &Code) -> Fault {
        Fault { place: self.place(), what: Wrong::Since(entry, party.clone(), self.action.clone()) }
    }

    /// Why it is not recorded, in the cell that it is about.
    #[must_use]
    pub fn refused(&self, error: &RecordError) -> Fault {
        let field = match error {
            RecordError::Refused(Refusal::Programme(programme::Refusal::Action(refusal))) => match refusal {
                action::Refusal::Transition { .. }
                | action::Refusal::Assertion(assertion::Refusal::Review(_)) => Some(Field::Lifecycle),
                action::Refusal::Assertion(assertion::Refusal::Unexplained(_)) => Some(Field::Health),
                action::Refusal::Assertion(assertion::Refusal::Future { what: "effective", .. }) => {
                    Some(Field::Since)
                }
                action::Refusal::Assertion(assertion::Refusal::Future { .. }) => Some(Field::Date),
                action::Refusal::Window { .. } => Some(Field::Window),
                _ => None,
            },
            _ => None,
        };
        let why: &dyn std::error::Error = match error {
            RecordError::Refused(refusal) => refusal,
            other => other,
        };
        Fault { place: self.at(field), what: Wrong::Refused(causes::of(why)) }
    }
}

/// What is new in a workbook against what was filled in, and all that is wrong with it, both in the order of its rows. What is true
/// since a day that nobody gives is so since the date of what was held, or since `today`.
#[must_use]
pub fn of(workbook: &Workbook, made: &Made, today: NaiveDate) -> (Vec<Edit>, Vec<Fault>) {
    let labels = &made.labels;
    let mut reader = Rows { workbook, labels, faults: Vec::new(), columns: Vec::new(), today };
    reader.find_columns(&made.columns);
    let mut edits = Vec::new();
    // Without its columns no row says what it is.
    if reader.faults.iter().all(|fault| !matches!(fault.what, Wrong::Missing(_) | Wrong::Doubled(_))) {
        let known: BTreeMap<&str, &Row> = made.rows.iter().map(|row| (row.action.as_str(), row)).collect();
        let mut seen = BTreeMap::new();
        let mut rows: Vec<u32> = workbook.cells.keys().map(|(row, _)| *row).filter(|row| *row > 0).collect();
        rows.dedup();
        for row in rows {
            edits.extend(reader.row(row, &known, &mut seen));
        }
    }
    reader.faults.sort_by_key(|fault| fault.place);
    (edits, reader.faults)
}

struct Rows<'a> {
    workbook: &'a Workbook,
    labels: &'a Labels,
    faults: Vec<Fault>,
    /// The columns as they were made, each with the number that it had and the place where it stands now.
    columns: Vec<(usize, &'a Column, u32)>,
    today: NaiveDate,
}

impl<'a> Rows<'a> {
    fn fault(&mut self, row: u32, column: u32, what: impl Into<Wrong>) {
        self.faults.push(Fault { place: CellAddress { sheet: RETURN, row, column }, what: what.into() });
    }

    /// A part of an occurrence that is not there, beside those that are.
    fn part(&self, missing: Field, there: &[Field]) -> Wrong {
        Wrong::Part(missing.heading(self.labels), self.headings(there, "and"))
    }

    /// The headings of some fields in a sentence.
    fn headings(&self, fields: &[Field], before_the_last: &str) -> String {
        let names: Vec<String> = fields.iter().map(|field| field.heading(self.labels)).collect();
        match names.split_last() {
            Some((last, names @ [_, ..])) => format!("{} {before_the_last} {last}", names.join(", ")),
            _ => names.concat(),
        }
    }

    /// Finds the columns by their headings, wherever they stand.
    fn find_columns(&mut self, columns: &'a [Column]) {
        let cells = &self.workbook.cells;
        let mut places: Vec<u32> = cells.keys().map(|(_, column)| *column).collect();
        places.sort_unstable();
        places.dedup();
        for place in places {
            let heading = cells.get(&(0, place)).and_then(Value::written).unwrap_or_default();
            let column = |name: String| Wrong::Column(name, Field::Note.heading(self.labels));
            match columns.iter().enumerate().find(|(_, column)| column.heading == heading) {
                Some((number, _)) if self.columns.iter().any(|(other, ..)| *other == number) => {
                    self.fault(0, place, Wrong::Doubled(heading));
                }
                Some((number, column)) => self.columns.push((number, column, place)),
                None if heading.is_empty() => self.fault(0, place, column("this ".to_owned())),
                None => self.fault(0, place, column(format!("`{heading}` "))),
            }
        }
        let found = |column: &&Column| self.columns.iter().any(|(_, other, _)| other == column);
        let missing: Vec<String> =
            columns.iter().filter(|column| !found(column)).map(|column| column.heading.clone()).collect();
        for heading in missing {
            self.fault(0, 0, Wrong::Missing(heading));
        }
    }

    /// What is new in a row.
    fn row(
        &mut self,
        at: u32,
        known: &BTreeMap<&str, &'a Row>,
        seen: &mut BTreeMap<Code, u32>,
    ) -> Option<Edit> {
        let place = self.columns.iter().find(|(number, ..)| *number == ACTION)?.2;
        let Some(name) = self.workbook.cells.get(&(at, place)).and_then(Value::written) else {
            // What stands outside the columns was told at their heading.
            if self.columns.iter().any(|(.., column)| self.workbook.cells.contains_key(&(at, *column))) {
                self.fault(at, place, Wrong::Nameless);
            }
            return None;
        };
        let Some(row) = known.get(name.as_str()).copied() else {
            let hint = nearest(&name, known.keys().copied());
            self.fault(at, place, Wrong::Action(name, hint));
            return None;
        };
        if let Some(other) = seen.insert(row.action.clone(), at) {
            self.fault(at, place, Wrong::Repeated(row.action.clone(), other + 1));
            return None;
        }
        let mut given = Given { at, fields: BTreeMap::new() };
        for (number, column, place) in self.columns.clone() {
            let was = row.cells.get(number).map(|cell| written(cell, self.labels)).unwrap_or_default();
            let cell = self.workbook.cells.get(&(at, place));
            match (column.field, cell) {
                (_, Some(Value::Other(what))) if *what == FORMULA => self.fault(at, place, Wrong::Formula),
                (_, Some(Value::Other(what))) => self.fault(at, place, Wrong::Kind(what)),
                (None, cell) if cell.and_then(Value::written).unwrap_or_default() != was => {
                    self.fault(at, place, Wrong::Read(excerpt(&was)));
                }
                (None, _) => {}
                (Some(field), cell) => {
                    given.fields.insert(field, Filled { place, was, now: cell });
                }
            }
        }
        self.edit(row, &given)
    }

    /// What the fields of a row say; nothing where one of them is wrong, or none is new.
    fn edit(&mut self, row: &Row, given: &Given<'_>) -> Option<Edit> {
        let before = self.faults.len();
        if given.fields.len() < Field::ALL.len() {
            // One of them is a formula or the like, which was told.
            return None;
        }
        let mut data = Map::new();
        let lifecycle = self.word(given, Field::Lifecycle);
        let health = self.word(given, Field::Health);
        let occurrence = self.occurrence(given);
        let note = self.note(given);
        let since = self.date(given, Field::Since);
        let alone = lifecycle.is_none() && health.is_none() && occurrence.is_none() && note.is_none();
        let mut lifecycle = lifecycle;
        if alone && since.is_some() {
            // It still holds, as of then.
            let filled = given.fields.get(&Field::Lifecycle)?;
            if filled.was.is_empty() {
                let said = [Field::Lifecycle, Field::Health, Field::Occurrence, Field::Note];
                self.fault(given.at, given.place(Field::Since), Wrong::Sinceless(self.headings(&said, "or")));
            } else {
                lifecycle = Some(filled.was.clone());
            }
        }
        if lifecycle.as_deref() == Some(Lifecycle::Completed.as_str()) {
            let place = given.place(if alone { Field::Since } else { Field::Lifecycle });
            self.fault(given.at, place, Wrong::Evidence(row.action.clone()));
        }
        if self.faults.len() > before || (alone && since.is_none()) {
            return None;
        }
        let held = occurrence.as_ref().filter(|told| told["state"] == OccurrenceState::Held.as_str());
        let held = held.and_then(|told| told.get("date")).and_then(Json::as_str).map(str::to_owned);
        let effective = since.map(|since| since.to_string()).or(held).unwrap_or(self.today.to_string());
        data.insert("effective".to_owned(), effective.into());
        let mut say = |name: &str, value: Option<Json>| {
            data.extend(value.map(|value| (name.to_owned(), value)));
        };
        say("lifecycle", lifecycle.map(Json::from));
        say("health", health.map(Json::from));
        say("occurrence", occurrence);
        say("note", note.map(Json::from));
        let new = given.fields.iter().filter(|(_, filled)| filled.is_new());
        let filled = new.map(|(field, filled)| (*field, filled.place)).collect();
        Some(Edit { row: given.at, filled, action: row.action.clone(), data })
    }

    /// A word that is new.
    fn word(&mut self, given: &Given<'_>, field: Field) -> Option<String> {
        let filled = given.fields.get(&field).filter(|filled| filled.is_new())?;
        let Some(found) = filled.written() else {
            self.fault(given.at, filled.place, Wrong::Emptied(filled.was.clone()));
            return None;
        };
        let (what, words, others) = words(field);
        if words.iter().chain(&others).any(|word| *word == found) {
            return Some(found);
        }
        let hint = nearest(&found, words.iter().copied());
        let found = found.chars().take(40).collect();
        self.fault(given.at, filled.place, Wrong::Word { found, what, words: words.join(", "), hint });
        None
    }

    /// An occurrence in which something is new.
    fn occurrence(&mut self, given: &Given<'_>) -> Option<Json> {
        let of = |field| given.fields.get(&field);
        let (window, state, date) = (of(Field::Window)?, of(Field::Occurrence)?, of(Field::Date)?);
        if ![window, state, date].iter().any(|filled| filled.is_new()) {
            return None;
        }
        // The window is there for orientation: alone, nothing is said of it, and it may go.
        if state.was.is_empty() && [state, date].iter().all(|filled| filled.now.is_none()) {
            if window.now.is_some() {
                self.fault(given.at, state.place, self.part(Field::Occurrence, &[Field::Window]));
            }
            return None;
        }
        let mut occurrence = Map::new();
        let word = if state.is_new() { self.word(given, Field::Occurrence) } else { state.written() };
        match word {
            Some(word) => drop(occurrence.insert("state".to_owned(), word.into())),
            None if !state.is_new() => {
                self.fault(
                    given.at,
                    state.place,
                    self.part(Field::Occurrence, &[Field::Window, Field::Date]),
                );
            }
            None => {}
        }
        let begins = self.date_in(given, window);
        match begins {
            Some(begins) => drop(occurrence.insert("window".to_owned(), begins.to_string().into())),
            None if window.now.is_none() => {
                self.fault(
                    given.at,
                    window.place,
                    self.part(Field::Window, &[Field::Occurrence, Field::Date]),
                );
            }
            None => {}
        }
        if window.is_new() && !date.is_new() && date.now.is_some() {
            self.fault(given.at, date.place, Wrong::OtherWindow);
        }
        if let Some(day) = self.date_in(given, date) {
            // Nobody chose the window that the sheet was made with.
            let early = begins.filter(|window| date.is_new() && day.end() < window.begin());
            if let Some(begins) = early.filter(|_| !window.is_new()) {
                self.fault(given.at, date.place, Wrong::Early(begins, Field::Window.heading(self.labels)));
            }
            occurrence.insert("date".to_owned(), day.to_string().into());
        }
        Some(json!(occurrence))
    }

    fn date(&mut self, given: &Given<'_>, field: Field) -> Option<Effective> {
        given.fields.get(&field).and_then(|filled| self.date_in(given, filled))
    }

    fn date_in(&mut self, given: &Given<'_>, filled: &Filled<'_>) -> Option<Effective> {
        let found = match filled.now? {
            // Days of these numbers lie between 1900 and 1906, and years do not.
            Value::Day(day) if day.year() < FIRST_YEAR => {
                let number = (*day - NaiveDate::from_ymd_opt(1899, 12, 30)?).num_days();
                let year = u16::try_from(number).unwrap_or_default();
                self.fault(given.at, filled.place, Wrong::Year { day: *day, year });
                return None;
            }
            value => value.written()?,
        };
        found.parse().map_err(|error: NotADate| self.fault(given.at, filled.place, error)).ok()
    }

    fn note(&mut self, given: &Given<'_>) -> Option<String> {
        let filled = given.fields.get(&Field::Note)?;
        let found = filled.written()?;
        match found.parse::<Text>() {
            Ok(_) => Some(found),
            Err(error) => {
                self.fault(given.at, filled.place, error);
                None
            }
        }
    }
}

/// What the words of a field are called, which they are, and which others there are that the rules refuse by name.
fn words(field: Field) -> (&'static str, Vec<&'static str>, Vec<&'static str>) {
    match field {
        Field::Health => ("a health", Health::ALL.iter().map(|word| word.as_str()).collect(), Vec::new()),
        Field::Occurrence => {
            ("an occurrence", OccurrenceState::ALL.iter().map(|word| word.as_str()).collect(), Vec::new())
        }
        Field::Lifecycle | Field::Since | Field::Window | Field::Date | Field::Note => {
            let (own, others): (Vec<Lifecycle>, _) =
                Lifecycle::ALL.iter().partition(|word| word.is_a_partys_word());
            let named = |words: Vec<Lifecycle>| words.into_iter().map(Lifecycle::as_str).collect();
            ("a lifecycle", named(own), named(others))
        }
    }
}

/// Before this year no plan was signed, and what an office program shows as a day of then was typed as a year.
const FIRST_YEAR: i32 = 1950;

/// What stands in the columns of a row that are filled in.
struct Given<'a> {
    at: u32,
    fields: BTreeMap<Field, Filled<'a>>,
}

impl Given<'_> {
    fn place(&self, field: Field) -> u32 {
        self.fields.get(&field).map(|filled| filled.place).unwrap_or_default()
    }
}

struct Filled<'a> {
    place: u32,
    /// What was filled in.
    was: String,
    /// What stands there now.
    now: Option<&'a Value>,
}

impl Filled<'_> {
    fn written(&self) -> Option<String> {
        self.now.and_then(Value::written)
    }

    fn is_new(&self) -> bool {
        self.written().unwrap_or_default() != self.was
    }
}
