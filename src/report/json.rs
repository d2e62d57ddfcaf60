//! A report as JSON: one object for one answer, stable.

use super::table::{Cell, Report, Seen};
use crate::projection::reading::Reading;
use serde_json::{Map, Value, json};

/// The report as one object; each kind has its schema in `schemas/answers`.
#[must_use]
pub fn of(report: &Report) -> Value {
    let rows: Vec<Value> = report
        .rows
        .iter()
        .map(|row| {
            let members =
                report.columns.iter().zip(row).map(|(column, cell)| (column.key.clone(), value(cell)));
            Value::Object(members.filter(|(_, value)| !value.is_null()).collect())
        })
        .collect();
    let facts: Map<String, Value> = report
        .facts
        .iter()
        .filter(|fact| fact.seen != Seen::ByPeople)
        .map(|fact| (fact.key.clone(), value(&fact.cell)))
        .filter(|(_, value)| !value.is_null())
        .collect();
    let mut value =
        json!({"kind": report.kind, "reading": reading(&report.reading), "facts": facts, "rows": rows});
    if let (Some(before), Some(members)) = (&report.before, value.as_object_mut()) {
        members.insert("before".to_owned(), reading(before));
    }
    value
}

/// A reading as an object.
#[must_use]
pub fn reading(reading: &Reading) -> Value {
    let mut value = json!({
        "origin": reading.origin,
        "parties": reading.parties,
        "size": reading.head.size,
        "head": reading.head.leaf,
        "today": reading.today,
        "illustrative": reading.illustrative,
    });
    if let Some(members) = value.as_object_mut() {
        if !reading.awaited.is_empty() {
            members.insert("awaited".to_owned(), json!(reading.awaited));
        }
        for (key, day) in [("recorded", reading.recorded), ("effective", reading.effective)] {
            members.extend(day.map(|day| (key.to_owned(), json!(day))));
        }
    }
    value
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty | Cell::Withheld | Cell::Erased(_) => Value::Null,
        Cell::Text(text) | Cell::Word(_, text) => text.as_str().into(),
        Cell::Number(number) => (*number).into(),
        Cell::Flag(flag) => (*flag).into(),
        Cell::List(items) => items.iter().map(String::as_str).collect(),
    }
}
