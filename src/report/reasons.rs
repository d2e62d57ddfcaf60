//! Reasons as a table: why each side found, proposed, agreed to and declined what it did, and what it said as it signed.

use super::phrase::{self, Phrase};
use super::table::{Cell, Column, Fact, Report};
use crate::domain::sealed::Audience;
use crate::projection::evaluation::{About, Said, What};
use crate::projection::reading::Reading;

/// What was said in a review with a reason, each with who said it and that reason, as far as `reader` may see it: words,
/// [`Cell::Withheld`], or [`Cell::Erased`] under a law.
#[must_use]
pub fn of(
    (before, after): (&Reading, &Reading),
    reader: &Audience,
    reasons: &[(Said<'_>, String, Cell)],
) -> Report {
    let count = |is: fn(&Cell) -> bool| reasons.iter().filter(|(_, _, reason)| is(reason)).count() as u64;
    let cells = |(said, who, reason): &(Said<'_>, String, Cell)| {
        let (action, line, criterion) = match said.about {
            About::Action(action) => (Cell::text(action.as_str()), Cell::Empty, Cell::Empty),
            About::Line(line, criterion) => {
                (Cell::Empty, Cell::Number(u64::from(line.number)), Cell::word(criterion.as_str()))
            }
            About::Review => (Cell::Empty, Cell::Empty, Cell::Empty),
        };
        let erased = match reason {
            Cell::Erased(why) => Cell::text(why.as_str()),
            _ => Cell::Empty,
        };
        vec![
            action,
            line,
            criterion,
            Cell::text(who.as_str()),
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
            Fact::new("for", whom(reader)),
            Fact::new("given", Cell::Number(count(|reason| matches!(reason, Cell::Text(_))))),
            Fact::new("withheld", Cell::Number(count(|reason| matches!(reason, Cell::Withheld)))),
            Fact::new("erased", Cell::Number(count(|reason| matches!(reason, Cell::Erased(_))))),
        ],
        columns: vec![
            Column::new("action", "ACTION"),
            Column::new("line", "LINE"),
            Column::new("criterion", "CRITERION"),
            Column::new("source", "WHO"),
            Column::new("said", "SAID"),
            Column::new("reason", "REASON"),
            Column::hidden("reason_withheld"),
            Column::hidden("reason_erased"),
            Column::new("sequence", "SEQ"),
        ],
        rows: reasons.iter().map(cells).collect(),
    }
}

/// For whom it is: a word of the program, or a party.
fn whom(reader: &Audience) -> Cell {
    match reader {
        Audience::Public | Audience::Parties => Cell::word(String::from(reader.clone())),
        Audience::Party(party) => Cell::text(party.as_str()),
    }
}

fn what(what: &What<'_>) -> Cell {
    let of = |id, change| Cell::Phrase(Phrase::new(id).with("what", phrase::change(change)));
    match *what {
        What::Finds(finding) => finding.into(),
        What::Proposes(change) => of("proposes", change),
        What::Agrees(change) => of("agrees", change),
        What::Declines(change) => of("declines", change),
        What::Withdraws(change) => of("withdraws", change),
        What::Signs => Cell::Phrase(Phrase::new("signs-review")),
        What::Closes => Cell::Phrase(Phrase::new("closes-review")),
    }
}
