//! The bases of agreement as a table: where each stands, who says so, and which actions rest on it.

use super::table::{Cell, Column, Fact, Report};
use crate::domain::instrument;
use crate::projection::reading::Reading;
use crate::record::state::State;

/// Every basis of agreement in a reading, in the order of the plan.
#[must_use]
pub fn of(state: &State, reading: &Reading) -> Report {
    let programme = &state.programme;
    let mut bases: Vec<&instrument::State> = programme.instruments.values().map(AsRef::as_ref).collect();
    bases.sort_by_key(|base| (base.instrument.line, base.registered));
    let cells = |base: &&instrument::State| {
        let (own, standing) = (&base.instrument, base.standing(reading.effective));
        let resting =
            programme.actions.values().filter(|action| action.action.basis.contains(&own.reference));
        vec![
            Cell::text(own.reference.as_str()),
            Cell::Number(u64::from(own.line)),
            Cell::text(own.title.as_str()),
            own.year.map_or(Cell::Empty, |year| Cell::Number(u64::from(year))),
            Cell::word(standing.state.as_str()),
            Cell::maybe(standing.last.map(|said| &said.party)),
            Cell::maybe(standing.last.map(|said| said.effective)),
            Cell::maybe(standing.expires),
            Cell::Flag(standing.has_lapsed(reading.day())),
            Cell::List(resting.map(|action| action.action.reference.to_string()).collect()),
            Cell::Number(standing.last.map_or(base.registered, |said| said.sequence)),
        ]
    };
    let lapsed =
        bases.iter().filter(|base| base.standing(reading.effective).has_lapsed(reading.day())).count();
    Report {
        kind: "bases",
        reading: reading.clone(),
        before: None,
        facts: vec![
            Fact::new("bases", Cell::Number(bases.len() as u64)),
            Fact::new("lapsed", Cell::Number(lapsed as u64)),
        ],
        columns: vec![
            Column::new("basis", "BASIS"),
            Column::new("line", "LINE"),
            Column::new("title", "TITLE"),
            Column::new("year", "YEAR"),
            Column::new("state", "STATE"),
            Column::new("source", "WHO"),
            Column::new("effective", "EFFECTIVE"),
            Column::new("expires", "EXPIRES"),
            Column::new("lapsed", "LAPSED"),
            Column::new("resting", "ACTIONS"),
            Column::new("sequence", "SEQ"),
        ],
        rows: bases.iter().map(cells).collect(),
    }
}
