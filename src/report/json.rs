//! A report as JSON: one object for one answer, stable.

use super::document::{Document, Section};
use super::table::{Cell, Fact, Record, Report, Seen};
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
    let mut value = json!({"kind": report.kind, "reading": reading(&report.reading), "facts": facts(&report.facts), "rows": rows});
    if let (Some(before), Some(members)) = (&report.before, value.as_object_mut()) {
        members.insert("before".to_owned(), reading(before));
    }
    value
}

fn facts(facts: &[Fact]) -> Map<String, Value> {
    facts
        .iter()
        .filter(|fact| fact.seen != Seen::ByPeople)
        .map(|fact| (fact.key.clone(), value(&fact.cell)))
        .filter(|(_, value)| !value.is_null())
        .collect()
}

/// A document as one object, with its tables as they are answered one by one.
#[must_use]
pub fn document(document: &Document) -> Value {
    let section = |section: &Section| json!({"name": section.name, "report": of(&section.report)});
    let sections: Vec<Value> = document.sections.iter().map(section).collect();
    let facts = facts(&document.facts);
    json!({"kind": "document", "title": document.title, "command": document.command, "facts": facts, "sections": sections})
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
        Cell::Empty | Cell::Withheld | Cell::Erased(_) | Cell::Disputed => Value::Null,
        Cell::Text(text) | Cell::Word(_, text) | Cell::Decimal(text) => text.as_str().into(),
        Cell::Phrases(phrases) => phrases.iter().map(ToString::to_string).collect(),
        Cell::Phrase(phrase) => phrase.to_string().into(),
        Cell::Number(number) | Cell::Share(number, _) => (*number).into(),
        Cell::Flag(flag) => (*flag).into(),
        Cell::List(items) => items.iter().map(String::as_str).collect(),
        Cell::Records(records) => records.iter().map(record).collect(),
    }
}

fn record(record: &Record) -> Value {
    let members = record.members.iter().map(|(key, cell)| ((*key).to_owned(), value(cell)));
    Value::Object(members.filter(|(_, value)| !value.is_null()).collect())
}
