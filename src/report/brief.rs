//! A brief as tables: what changed, what is at risk, what is silent; whole, or as much of it as a page has room for.

use super::answers::{beginning, says};
use super::document::Section;
use super::labels::Labels;
use super::phrase::{self, Part, Phrase};
use super::table::{Cell, Column, Fact, Report};
use super::{diff::Spoken, tally};
use crate::domain::date::Effective;
use crate::domain::value::Code;
use crate::projection::agenda::{Item, Matter};
use crate::projection::board::Row;
use crate::projection::brief::{About, Brief, Changed, Risk, Standing};
use crate::projection::diff::{Cause, Change, Field};
use crate::projection::reading::Reading;
use crate::projection::silence::{Silence, Why};
use crate::projection::timeline::{speaker, stream};
use crate::record::state::State;
use std::collections::BTreeMap;

/// The columns before those of the parties, the text the last of them.
const TEXT: usize = 2;
/// How much of an action's text a page shows, in characters.
const BEGINNING: usize = 66;
/// How many characters a line of a page has in the column of texts, and in that of what there is to tell; one of Hangul is as wide
/// as two.
const WIDE: [usize; 2] = [33, 50];
/// How many tenths of a line the tables of a page have, how many a heading takes with what is said below it, and how many stand
/// between two rows.
const ROOM: usize = 770;
const HEADING: usize = 80;
const BETWEEN: usize = 3;

/// Where the actions stand, and how much there is to tell.
#[must_use]
pub fn facts(brief: &Brief<'_>) -> Vec<Fact> {
    let number = |key: &str, count: usize| Fact::new(key, Cell::Number(count as u64));
    let counts = [
        number("changed", brief.changed.len()),
        number("at_risk", brief.at_risk.len()),
        number("silent", brief.silent.len()),
    ];
    tally::standing(&brief.board).into_iter().chain(counts).collect()
}

/// The parts of the brief; `spoken` has the entries that its changes name.
#[must_use]
pub fn sections(
    state: &State,
    (before, after): (&Reading, &Reading),
    brief: &Brief<'_>,
    spoken: &BTreeMap<u64, Spoken>,
) -> Vec<Section> {
    let table = Table { state, board: &brief.board };
    let changed = table
        .of(after, &brief.changed, |all| all.iter().map(|entry| changed(state, entry, spoken)).collect());
    let at_risk = table.of(after, &brief.at_risk, |all| risks(all, after));
    let silent =
        table.of(after, &brief.silent, |all| all.iter().map(|silence| silence_of(silence, after)).collect());
    vec![
        Section::new("changed", Report { before: Some(before.clone()), ..changed }),
        Section::new("at_risk", at_risk),
        Section::new("silent", silent),
    ]
}

/// The subjects of a brief, and what they are.
struct Table<'a> {
    state: &'a State,
    board: &'a [Row<'a>],
}

impl Table<'_> {
    fn of<T>(&self, reading: &Reading, rows: &[About<T>], told: impl Fn(&[T]) -> Vec<Phrase>) -> Report {
        let parties = self.state.parties();
        let mut columns =
            vec![Column::hidden("subject"), Column::new("about", "ABOUT"), Column::new("text", "TEXT")];
        columns.extend(
            parties.iter().map(|party| Column::new(&format!("{party}_says"), &format!("{party} SAYS"))),
        );
        columns.push(Column::new("what", "WHAT"));
        let row = |about: &About<T>| {
            let told = Cell::Phrases(told(&about.what));
            self.subject(&about.subject, &parties).into_iter().chain([told]).collect()
        };
        Report {
            kind: "brief",
            reading: reading.clone(),
            before: None,
            facts: vec![Fact::hidden("subjects", Cell::Number(rows.len() as u64))],
            columns,
            rows: rows.iter().map(row).collect(),
        }
    }

    /// The cells that say what something is: an action with its text and what the parties say of it, or a basis with its title.
    fn subject(&self, subject: &str, parties: &[&Code]) -> Vec<Cell> {
        let row = self.board.iter().find(|row| stream(&row.action.action.reference) == subject);
        let reference = subject.split_once('/').map_or(subject, |(_, reference)| reference);
        let basis = || {
            let base = self.state.programme.instruments.get(&reference.parse::<Code>().ok()?)?;
            let about = Cell::Phrase(Phrase::new("basis").with("reference", reference));
            Some((about, Cell::text(base.instrument.title.as_str())))
        };
        let action = |row: &Row<'_>| (Cell::text(reference), Cell::text(row.action.action.text.as_str()));
        let (about, text) = row.map(action).or_else(basis).unwrap_or((Cell::text(reference), Cell::Empty));
        let voices = row.into_iter().flat_map(|row| &row.status.lifecycle.voices);
        let said = voices.map(|voice| {
            let [said, ..] = says(voice);
            said
        });
        let said = said.chain(std::iter::repeat(Cell::Empty)).take(parties.len());
        [Cell::text(subject), about, text].into_iter().chain(said).collect()
    }
}

/// What an entry, or time alone, changed.
fn changed(state: &State, changed: &Changed, spoken: &BTreeMap<u64, Spoken>) -> Phrase {
    let what = Part::Phrases(changed.changes.iter().map(change).collect());
    let Cause::Entry { sequence, effective } = changed.cause else {
        return Phrase::new("changed-by-time").with("what", what);
    };
    let (source, day) = spoken
        .get(&sequence)
        .map_or_else(Default::default, |spoken| (speaker(&spoken.source), spoken.day.to_string()));
    // What was decided is the word of all; whoever agreed last has the entry.
    let mut proposals = state.programme.decisions.values().flat_map(|decisions| &decisions.proposals);
    let source = match proposals.find(|proposal| proposal.decided == Some(sequence)) {
        None => Part::from(source),
        Some(proposal) => Part::from(
            Phrase::new("decided-in")
                .with("review", proposal.decision.review.as_str())
                .with("party", proposal.party.as_str()),
        ),
    };
    let told = |id| Phrase::new(id).with("what", what).with("source", source).with("recorded", day);
    match effective {
        Some(effective) => told("changed-since").with("effective", Effective::to_string(&effective)),
        None => told("changed"),
    }
}

/// One change: whose it is or of what, the old and the new.
fn change(change: &Change) -> Phrase {
    let is_a_word =
        matches!(change.field, Field::Lifecycle | Field::Health | Field::Occurrence | Field::Indicator);
    // An institution says whose it is, and whoever gives a value is named as its source.
    let is_told = change.institution.is_some() || change.indicator.is_some();
    let names = [
        change.party.as_ref().filter(|_| !is_told).map(ToString::to_string),
        change.institution.as_ref().map(ToString::to_string),
        change.window.map(|window| window.to_string()),
        change.indicator.as_ref().map(ToString::to_string),
    ];
    let mut of: Vec<Phrase> = names.into_iter().flatten().map(Phrase::verbatim).collect();
    // Whose word it is says what it is of.
    if change.party.is_none() || !is_a_word {
        of.push(Phrase::new("word").with("word", Part::Word(change.field.to_string())));
    }
    let value = |value: &str| match change.field {
        // A word that can be read in two ways stands there as it was printed.
        Field::Cycle if let Some(word) = value.strip_prefix("ambiguous:") => Part::Text(format!("“{word}”")),
        Field::Cycle | Field::Successors | Field::Indicator | Field::Due | Field::Expires => {
            Part::Text(value.to_owned())
        }
        _ => Part::Word(value.to_owned()),
    };
    match (change.field, change.old.as_deref(), change.new.as_deref()) {
        (Field::Plan, ..) => Phrase::new("new-in-plan"),
        (Field::Text, ..) => Phrase::new("amended"),
        (Field::HealthStale, _, Some("true")) => Phrase::new("health-stale"),
        (Field::HealthStale, ..) => Phrase::new("health-fresh"),
        (_, None, new) => {
            let new = new.map_or(Part::Text("–".to_owned()), value);
            Phrase::new("changed-to").with("of", Part::Phrases(of)).with("new", new)
        }
        (_, Some(old), new) => {
            let new = new.map_or(Part::Text("–".to_owned()), value);
            let phrase = Phrase::new("changed-from").with("of", Part::Phrases(of));
            phrase.with("old", value(old)).with("new", new)
        }
    }
}

/// Why something is at risk; windows that are overdue are told in one, where there are several.
fn risks(all: &[Risk<'_>], reading: &Reading) -> Vec<Phrase> {
    let overdue = |risk: &Risk<'_>| match risk {
        Risk::Due(Item { matter: Matter::Window(name, ..), closes, .. }, Standing::Overdue) => {
            Some((*name, *closes))
        }
        _ => None,
    };
    let windows: Vec<_> = all.iter().filter_map(overdue).collect();
    let [(first, since), _, ..] = windows.as_slice() else {
        return all.iter().map(|each| risk(each, reading)).collect();
    };
    let told = all.iter().filter_map(|each| match overdue(each) {
        None => Some(risk(each, reading)),
        Some((name, _)) if name == *first => {
            let names: Vec<String> = windows.iter().map(|(name, _)| name.to_string()).collect();
            let told = Phrase::new("windows-overdue").with("windows", names.join(", "));
            Some(told.with("day", since.to_string()))
        }
        Some(_) => None,
    });
    told.collect()
}

fn risk(risk: &Risk<'_>, reading: &Reading) -> Phrase {
    match risk {
        Risk::Health(party, health) => phrase::says(party, health.as_str()),
        Risk::Apart(silence) => phrase::lasting(phrase::silence(&silence.why), silence.days(reading)),
        Risk::Due(item, standing) => due(item, *standing),
    }
}

fn due(item: &Item<'_>, standing: Standing) -> Phrase {
    let id = match (item.matter, standing) {
        (_, Standing::Due) => "closes",
        (Matter::Instrument(_), Standing::Overdue) => "lapsed",
        (_, Standing::Overdue) => "overdue",
    };
    let due = Phrase::new(id).with("what", phrase::matter(&item.matter)).with("day", item.closes.to_string());
    match phrase::resting(item) {
        Some(resting) => Phrase::new("both").with("one", due).with("other", resting),
        None => due,
    }
}

/// A silence, in as few words as there is room for; how long it lasts is a part of what is told of a health, and a window has it in
/// its name.
fn silence_of(silence: &Silence, reading: &Reading) -> Phrase {
    let told = phrase::silence(&silence.why);
    match (&silence.why, silence.days(reading)) {
        (Why::NoWord(party, Some(_)), Some(days)) => {
            Phrase::new("silent-for").with("party", party.as_str()).with("days", days)
        }
        (Why::StaleHealth | Why::WindowPassed(_), _) => told,
        (_, days) => phrase::lasting(told, days),
    }
}

/// Cuts the parts to what fits on a page; `listing` is the command that lists all of a part.
pub fn on_a_page(sections: &mut [Section], labels: &Labels, listing: impl Fn(&'static str) -> String) {
    for row in sections.iter_mut().flat_map(|section| &mut section.report.rows) {
        if let Some(Cell::Text(text)) = row.get_mut(TEXT) {
            *text = beginning(text, BEGINNING);
        }
    }
    let heights: Vec<Vec<usize>> = sections
        .iter()
        .map(|section| section.report.rows.iter().map(|row| height(row, labels)).collect())
        .collect();
    let room = ROOM.saturating_sub(HEADING * sections.len());
    for (section, rows) in sections.iter_mut().zip(fitting(&heights, room)) {
        let more = section.report.rows.len() - rows;
        section.report.rows.truncate(rows);
        section.more = (more > 0)
            .then(|| Phrase::new("more").with("count", more as u64).with("command", listing(section.name)));
    }
}

/// How many tenths of a line a row takes.
fn height(row: &[Cell], labels: &Labels) -> usize {
    let lines = |text: &str, wide: usize| {
        let characters: usize =
            text.chars().map(|character| if character < '\u{1100}' { 1 } else { 2 }).sum();
        characters.div_ceil(wide).max(1)
    };
    let [text, what] = WIDE;
    let told = |cell: &Cell| match cell {
        Cell::Phrases(phrases) => phrases.iter().map(|phrase| lines(&labels.phrase(phrase), what)).sum(),
        Cell::Text(words) => lines(words, text),
        _ => 1,
    };
    row.iter().skip(TEXT).map(told).max().unwrap_or_default() * 10 + BETWEEN
}

/// How many rows of each part fit into the room that all have: each takes one in its turn, until nothing more fits.
fn fitting(parts: &[Vec<usize>], mut room: usize) -> Vec<usize> {
    let mut taken = vec![0; parts.len()];
    loop {
        let before = room;
        for (rows, taken) in parts.iter().zip(&mut taken) {
            if let Some(left) = rows.get(*taken).and_then(|height| room.checked_sub(*height)) {
                (room, *taken) = (left, *taken + 1);
            }
        }
        if room == before {
            return taken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_take_turns_until_nothing_more_fits() {
        let rows = |count| vec![10; count];
        assert_eq!(fitting(&[rows(2), rows(3), rows(1)], 90), [2, 3, 1]);
        assert_eq!(fitting(&[rows(9), rows(9), rows(9)], 90), [3, 3, 3]);
        assert_eq!(fitting(&[rows(9), rows(9), rows(9)], 80), [3, 3, 2]);
        assert_eq!(fitting(&[rows(9), rows(0), rows(2)], 90), [7, 0, 2]);
        // A row that does not fit is not passed over, and leaves its room to the other parts.
        assert_eq!(fitting(&[vec![10, 90, 10], rows(9)], 90), [1, 8]);
        assert_eq!(fitting(&[vec![50, 10]], 45), [0]);
        assert_eq!(fitting(&[], 45), [0; 0]);
    }
}
