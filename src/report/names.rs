//! The names of parties and institutions as a table: what the codes of a document stand for.

use super::table::{Cell, Column, Fact, Report};
use crate::domain::party;
use crate::domain::plan::Institution;
use crate::projection::reading::Reading;
use crate::record::founding::Founder;
use crate::record::state::State;
use std::collections::BTreeSet;

/// Each party in the order of the opening, with its institutions after it.
#[must_use]
pub fn of(state: &State, reading: &Reading) -> Report {
    let mut rows = Vec::new();
    let parties = state.founding.iter().flat_map(|founding| &founding.opened.parties);
    for party in parties.clone() {
        rows.push(founder(party));
        if let Some(bodies) = state.programme.parties.get(&party.id) {
            rows.extend(bodies.institutions().map(|each| institution(bodies, each)));
        }
    }
    let parties = parties.count();
    Report {
        kind: "names",
        reading: reading.clone(),
        before: None,
        facts: vec![
            Fact::new("parties", Cell::Number(parties as u64)),
            Fact::new("institutions", Cell::Number((rows.len() - parties) as u64)),
        ],
        columns: vec![
            Column::new("code", "CODE"),
            Column::new("party", "PARTY"),
            Column::new("names", "NAMES"),
            Column::new("successor", "SUCCESSOR"),
            Column::new("effective", "EFFECTIVE"),
        ],
        rows,
    }
}

fn founder(party: &Founder) -> Vec<Cell> {
    let code = || Cell::text(party.id.as_str());
    vec![code(), code(), Cell::List(vec![party.name.to_string()]), Cell::Empty, Cell::Empty]
}

/// The next of those to which its work has passed tells of the next itself.
fn institution(bodies: &party::State, institution: &Institution) -> Vec<Cell> {
    let passed = bodies.successors(&institution.id).next();
    // Some have the same one in several languages.
    let names: BTreeSet<String> = institution.names.values().map(ToString::to_string).collect();
    vec![
        Cell::text(institution.id.as_str()),
        Cell::text(institution.party.as_str()),
        Cell::List(names.into_iter().collect()),
        Cell::maybe(passed.map(|passed| &passed.successor)),
        Cell::maybe(passed.map(|passed| passed.effective)),
    ]
}
