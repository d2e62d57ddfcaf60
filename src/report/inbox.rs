//! The inbox as a table: what others said, as in the timeline, and which answer it awaits.

use super::moments::{Told, moment, moments};
use super::table::{Cell, Column, Fact, Report};
use crate::domain::party::Author;
use crate::projection::inbox::Awaits;
use crate::projection::reading::Reading;
use crate::projection::timeline::Item;
use std::collections::BTreeMap;

/// What others said from a sequence on, in the order of the ledger, and what of all that they ever said awaits an answer of
/// `us`.
#[must_use]
pub fn inbox(
    reading: &Reading,
    us: &Author,
    first: u64,
    items: &[Item],
    notes: &BTreeMap<u64, Told>,
    awaited: &BTreeMap<u64, Awaits>,
) -> Report {
    let since = awaited.range(first..).count();
    let cells = |item: &Item| {
        let mut cells = moment(item, notes);
        let awaits = awaited.get(&item.sequence);
        let word = |awaits: &Awaits| Cell::Word("?", awaits.answer.to_string());
        let why = awaits.and_then(|awaits| awaits.why.as_ref());
        cells.splice(AWAITS..AWAITS, [awaits.map_or(Cell::Empty, word), Cell::maybe(why)]);
        cells
    };
    let rows: Vec<Vec<Cell>> = items.iter().map(cells).collect();
    let hindered =
        items.iter().any(|item| awaited.get(&item.sequence).is_some_and(|awaits| awaits.why.is_some()));
    let why = if hindered { Column::new("why", "WHY") } else { Column::hidden("why") };
    let mut columns = moments();
    columns.splice(AWAITS..AWAITS, [Column::new("awaits", "AWAITS"), why]);
    Report {
        kind: "inbox",
        reading: reading.clone(),
        before: None,
        facts: vec![
            Fact::new("inbox_of", Cell::text(us.to_string())),
            Fact::new("entries_before", Cell::Number(first)),
            Fact::new("entries", Cell::Number(items.len() as u64)),
            Fact::new("awaiting", Cell::Number(since as u64)),
            Fact::new("awaiting_before", Cell::Number((awaited.len() - since) as u64)),
        ],
        columns,
        rows,
    }
}

/// In which column it stands what is awaited, and why no other answer: before the note, which is long.
const AWAITS: usize = 7;
