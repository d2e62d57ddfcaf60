//! A return sheet: a row for each action, with what the parties said last, and columns in which one of them says what is new.
//!
//! It is derived from the head alone, so that whoever takes it back knows what was filled in. How it is written is in
//! [`super::xlsx::form`]; reading it is not here.

use super::answers::{says, windows};
use super::labels::Labels;
use super::table::Cell;
use crate::domain::date::Effective;
use crate::domain::status::Voice;
use crate::domain::value::Code;
use crate::domain::word::Word;
use crate::projection::board::{self, Row as Stands};
use crate::projection::filter::Filter;
use crate::projection::reading::Reading;
use crate::record::history::{History, Spoken};
use chrono::{DateTime, Utc};

/// A return sheet.
#[derive(Debug, Clone)]
pub struct Form {
    /// The plan.
    pub title: String,
    /// How it is made again.
    pub command: String,
    /// Whose words it takes.
    pub party: Code,
    /// For which institution, if for one.
    pub institution: Option<Code>,
    /// From which reading.
    pub reading: Reading,
    /// When the last entry of that was recorded.
    pub recorded: DateTime<Utc>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The actions.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading, by which it is found again, in the language of the sheet.
    pub heading: String,
    /// What is said in it; nothing where it is only read.
    pub field: Option<Field>,
    /// Whether it holds days.
    pub holds_days: bool,
}

/// What is said in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Where the action stands.
    Lifecycle,
    /// How it is doing.
    Health,
    /// Since when what is new in the row is true.
    Since,
    /// The window of the occurrence.
    Window,
    /// Where the occurrence stands.
    Occurrence,
    /// Its date.
    Date,
    /// A sentence on what is new in the row.
    Note,
}

impl Field {
    /// Every one, in the order of the columns.
    pub const ALL: [Self; 7] =
        [Self::Lifecycle, Self::Health, Self::Since, Self::Window, Self::Occurrence, Self::Date, Self::Note];

    /// The heading of its column.
    #[must_use]
    pub fn heading(self, labels: &Labels) -> String {
        labels.say(match self {
            Self::Lifecycle => "sheet-lifecycle",
            Self::Health => "sheet-health",
            Self::Since => "sheet-since",
            Self::Window => "sheet-window",
            Self::Occurrence => "sheet-occurrence",
            Self::Date => "sheet-date",
            Self::Note => "sheet-note",
        })
    }
}

/// Which column names the action, from 0.
pub const ACTION: usize = 0;

/// An action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its reference.
    pub action: Code,
    /// As many cells as there are columns.
    pub cells: Vec<Cell>,
    /// Its windows, where its cycle is known.
    pub windows: Vec<Effective>,
}

/// The columns: what is read, of every party what it said last, and what is filled in.
#[must_use]
pub fn columns(parties: &[&Code], labels: &Labels) -> Vec<Column> {
    let read = |heading: String, holds_days| Column { heading, field: None, holds_days };
    let said = |party: &&Code| {
        let says = |id| labels.naming(id, [("party", party.as_str())]);
        ["sheet-party-says", "sheet-party-since", "sheet-party-health"]
            .map(|id| read(says(id), id == "sheet-party-since"))
    };
    let own = |field: Field| Column { heading: field.heading(labels), field: Some(field), holds_days: false };
    ["sheet-action", "sheet-text", "sheet-windows"]
        .map(|id| read(labels.say(id), false))
        .into_iter()
        .chain(parties.iter().flat_map(said))
        .chain(Field::ALL.map(own))
        .collect()
}

/// The actions that a filter admits and that have not ended, for a party to fill in; `dated` gives the date of the occurrence that
/// a word tells of.
///
/// # Errors
/// Where what was said cannot be read.
pub fn rows<W: Spoken, E: From<W::Fault>>(
    history: &History<W>,
    reading: &Reading,
    party: &Code,
    filter: &Filter,
    dated: &dyn Fn(&Word) -> Result<Option<Effective>, E>,
) -> Result<Vec<Row>, E> {
    let board = board::of(history, reading, filter)?;
    let stands = board.iter().filter(|row| row.action.ended.is_none());
    stands.map(|stands| row(history, reading, party, stands, dated)).collect()
}

fn row<W: Spoken, E>(
    history: &History<W>,
    reading: &Reading,
    party: &Code,
    stands: &Stands<'_>,
    dated: &dyn Fn(&Word) -> Result<Option<Effective>, E>,
) -> Result<Row, E> {
    let (action, status) = (stands.action, &stands.status);
    let mut cells = vec![
        Cell::text(action.action.reference.as_str()),
        Cell::text(action.action.text.as_str()),
        windows(stands),
    ];
    for (voice, well) in status.lifecycle.voices.iter().zip(&status.health.voices) {
        let ([said, since, ..], [well, ..]) = (says(voice), says(well));
        cells.extend([said, since, well]);
    }
    let schedule = action.schedule(history.state.programme.period());
    let grid: Vec<Effective> = schedule.windows().iter().map(|(name, _)| *name).collect();
    let window = current(&grid, reading).or_else(|| last_said(stands, party));
    let told = window.and_then(|window| {
        let same = |(other, _): &&(Effective, _)| other.begin() == window.begin();
        let (_, axis) = status.occurrences.iter().find(same)?;
        own(&axis.voices, party)
    });
    let date = told.map_or(Ok(None), |(word, _)| dated(word))?;
    cells.extend(Field::ALL.map(|field| match field {
        Field::Lifecycle => Cell::maybe(own(&status.lifecycle.voices, party).map(|(_, word)| word)),
        Field::Health => Cell::maybe(own(&status.health.voices, party).map(|(_, word)| word)),
        Field::Window => Cell::maybe(window),
        Field::Occurrence => Cell::maybe(told.map(|(_, state)| state)),
        Field::Date => Cell::maybe(date),
        // A date of before would be wrong as soon as anything else in its row is new.
        Field::Since | Field::Note => Cell::Empty,
    }));
    Ok(Row { action: action.action.reference.clone(), cells, windows: grid })
}

/// What a party says on an axis, unless it is silent or only contests what another says.
fn own<'a, T: Copy>(voices: &'a [Voice<'_, T>], party: &Code) -> Option<(&'a Word, T)> {
    let voice = voices.iter().find(|voice| voice.party == party)?;
    voice.word.as_ref().zip(voice.says)
}

/// The window that is asked for: the last that has begun, or the first.
fn current(windows: &[Effective], reading: &Reading) -> Option<Effective> {
    let begun = windows.iter().rfind(|window| window.begin() <= reading.today);
    begun.or_else(|| windows.first()).copied()
}

/// Where no cycle says which windows there are: the last of which the party spoke.
fn last_said(stands: &Stands<'_>, party: &Code) -> Option<Effective> {
    let told = stands.status.occurrences.iter().filter(|(_, axis)| own(&axis.voices, party).is_some());
    told.map(|(window, _)| *window).max_by_key(Effective::begin)
}
