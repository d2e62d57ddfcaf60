//! Reasons as a table: why each side found what it found, proposed what it proposed, and declined what it declined.

use super::phrase::{self, Part, Phrase};
use super::table::{Cell, Column, Fact, Report};
use crate::domain::sealed::Audience;
use crate::projection::evaluation::{About, Said, What};
use crate::projection::reading::Reading;

/// What was said in a review, each with its reason as far as `reader` may see it: words, [`Cell::Withheld`], [`Cell::Erased`] under a law, or
/// nothing where none was given.
#[must_use]
pub fn of((before, after): (&Reading, &Reading), reader: &Audience, said: &[(Said<'_>, Cell)]) -> Report {
    let count = |is: fn(&Cell) -> bool| said.iter().filter(|(_, reason)| is(reason)).count() as u64;
    let cells = |(said, reason): &(Said<'_>, Cell)| {
        let (action, line, criterion) = match said.about {
            About::Action(action) => (Cell::text(action.as_str()), Cell::Empty, Cell::Empty),
            About::Line(line, criterion) => {
                (Cell::Empty, Cell::Number(u64::from(line.number)), Cell::word(criterion.as_str()))
            }
        };
        let erased = match reason {
            Cell::Erased(why) => Cell::text(why.as_str()),
            _ => Cell::Empty,
        };
        vec![
            action,
            line,
            criterion,
            Cell::text(said.party.as_str()),
            what(&said.what),
            reason.clone(),
            Cell::Flag(matches!(reason, Cell::Withheld)),
            erased,
            Cell::Number(said.sequence),
        ]
    };
    Report {
        kind: "reasons",
        reading: after.clone(),
        before: Some(before.clone()),
        facts: vec![
            Fact::new("for", Cell::text(String::from(reader.clone()))),
            Fact::new("given", Cell::Number(count(|reason| matches!(reason, Cell::Text(_))))),
            Fact::new("withheld", Cell::Number(count(|reason| matches!(reason, Cell::Withheld)))),
            Fact::new("erased", Cell::Number(count(|reason| matches!(reason, Cell::Erased(_))))),
        ],
        columns: vec![
            Column::new("action", "ACTION"),
            Column::new("line", "LINE"),
            Column::new("criterion", "CRITERION"),
            Column::new("party", "PARTY"),
            Column::new("said", "SAID"),
            Column::new("reason", "REASON"),
            Column::hidden("reason_withheld"),
            Column::hidden("reason_erased"),
            Column::new("sequence", "SEQ"),
        ],
        rows: said.iter().map(cells).collect(),
    }
}

fn what(what: &What<'_>) -> Cell {
    match *what {
        What::Finds(finding) => finding.into(),
        What::Proposes(change) => Cell::Phrase(phrase::change(change)),
        What::Declines(change) => {
            Cell::Phrase(Phrase::new("declines").with("what", Part::from(phrase::change(change))))
        }
    }
}
