//! The audit as tables: population, sample, exceptions.

use super::phrase;
use super::table::{Cell, Column, Fact, Report};
use crate::projection::audit::{Assertion, Exception, Part, Rule, Stratum};
use crate::projection::reading::Reading;
use crate::projection::timeline::speaker;
use std::collections::BTreeMap;

/// Every assertion, and how many each part has.
#[must_use]
pub fn population(reading: &Reading, population: &[Assertion], by: Stratum) -> Report {
    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
    for assertion in population {
        *parts.entry(by.of(assertion)).or_default() += 1;
    }
    let facts = vec![
        Fact::new("population", Cell::Number(population.len() as u64)),
        Fact::new("by", Cell::text(by.as_str())),
        Fact::new("parts", Cell::List(parts.iter().map(|(name, size)| format!("{name}: {size}")).collect())),
    ];
    let rows = population.iter().map(cells).collect();
    Report {
        kind: "audit_population",
        reading: reading.clone(),
        before: None,
        facts,
        columns: columns(),
        rows,
    }
}

/// The sample of a seed, part by part.
#[must_use]
pub fn sample(reading: &Reading, parts: &[Part<'_>], seed: &str, by: Stratum) -> Report {
    let population: usize = parts.iter().map(|part| part.size).sum();
    let drawn: usize = parts.iter().map(|part| part.drawn.len()).sum();
    let shares = parts.iter().map(|part| format!("{}: {} of {}", part.name, part.drawn.len(), part.size));
    let facts = vec![
        Fact::new("seed", Cell::text(seed)),
        Fact::new("by", Cell::text(by.as_str())),
        Fact::new("population", Cell::Number(population as u64)),
        Fact::new("sample", Cell::Number(drawn as u64)),
        Fact::new("parts", Cell::List(shares.collect())),
    ];
    let row = |part: &Part<'_>, assertion: &Assertion, number: &str| {
        let mut row = vec![Cell::text(part.name.as_str())];
        row.extend(cells(assertion));
        row.push(Cell::text(number));
        row
    };
    let rows = parts
        .iter()
        .flat_map(|part| part.drawn.iter().map(move |(assertion, number)| row(part, assertion, number)));
    let mut all = vec![Column::new("part", "PART")];
    all.extend(columns());
    all.push(Column::hidden("number"));
    Report {
        kind: "audit_sample",
        reading: reading.clone(),
        before: None,
        facts,
        columns: all,
        rows: rows.collect(),
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("sequence", "SEQ"),
        Column::new("recorded_on", "RECORDED"),
        Column::new("effective", "EFFECTIVE"),
        Column::new("source", "WHO"),
        Column::new("action", "ACTION"),
        Column::new("summary", "WHAT"),
        Column::new("assurance", "ASSURANCE"),
        Column::new("files", "FILES"),
        Column::hidden("line"),
        Column::hidden("track"),
        Column::hidden("corrected"),
        Column::hidden("leaf"),
    ]
}

fn cells(assertion: &Assertion) -> Vec<Cell> {
    let item = &assertion.item;
    vec![
        Cell::Number(item.sequence),
        Cell::text(item.day.to_string()),
        Cell::text(assertion.effective.to_string()),
        Cell::text(speaker(&item.source)),
        Cell::text(assertion.action.as_str()),
        Cell::text(item.summary.as_str()),
        if item.voided { Cell::text("corrected") } else { Cell::maybe(item.assurance) },
        Cell::Number(assertion.files),
        Cell::Number(u64::from(assertion.line)),
        Cell::text(assertion.track.as_str()),
        assertion.voided.map_or(Cell::Empty, Cell::Number),
        Cell::text(item.leaf.to_string()),
    ]
}

/// What an auditor looks at first, and how often each rule is met.
#[must_use]
pub fn exceptions(reading: &Reading, exceptions: &[Exception]) -> Report {
    let mut facts = vec![Fact::new("exceptions", Cell::Number(exceptions.len() as u64))];
    facts.extend(counts(exceptions).map(|(rule, count)| Fact::new(rule.as_str(), Cell::Number(count))));
    let cells = |exception: &Exception| {
        vec![
            Cell::word(exception.why.rule().as_str()),
            Cell::text(exception.subject.as_str()),
            Cell::List(exception.entries.iter().map(ToString::to_string).collect()),
            Cell::Phrase(phrase::exception(&exception.why)),
        ]
    };
    Report {
        kind: "audit_exceptions",
        reading: reading.clone(),
        before: None,
        facts,
        columns: vec![
            Column::new("rule", "RULE"),
            Column::new("subject", "ABOUT"),
            Column::new("entries", "ENTRIES"),
            Column::new("what", "WHAT"),
        ],
        rows: exceptions.iter().map(cells).collect(),
    }
}

/// How often each rule is met.
pub fn counts(exceptions: &[Exception]) -> impl Iterator<Item = (Rule, u64)> {
    let count =
        |rule: Rule| exceptions.iter().filter(|exception| exception.why.rule() == rule).count() as u64;
    Rule::ALL.iter().map(move |rule| (*rule, count(*rule)))
}
