//! A table: what every answer is before it is written in a dialect.

use super::phrase::Phrase;
use crate::projection::reading::Reading;

/// An answer.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it answers: `status`, `timeline`.
    pub kind: &'static str,
    /// From which reading.
    pub reading: Reading,
    /// With which earlier one it is compared, where it is.
    pub before: Option<Reading>,
    /// Single values.
    pub facts: Vec<Fact>,
    /// The columns.
    pub columns: Vec<Column>,
    /// As many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Report {
    /// The same with whole texts where people see their beginnings: what is printed has room for them.
    #[must_use]
    pub fn in_full(mut self) -> Self {
        let begins = self.columns.iter().any(|column| column.key == "excerpt");
        for column in self.columns.iter_mut().filter(|_| begins) {
            match column.key.as_str() {
                "excerpt" => column.shown = false,
                "text" => (column.shown, column.heading) = (true, "TEXT".to_owned()),
                _ => {}
            }
        }
        self
    }
}

/// A single value, under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its key in machine output, stable.
    pub key: String,
    /// The value.
    pub cell: Cell,
    /// In which answers it stands.
    pub seen: Seen,
}

/// In which answers a single value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// In all.
    Everywhere,
    /// In those for machines.
    ByMachines,
    /// In those for people.
    ByPeople,
}

impl Fact {
    /// A value for everybody.
    pub fn new(key: impl Into<String>, cell: Cell) -> Self {
        Self { key: key.into(), cell, seen: Seen::Everywhere }
    }

    /// A value of machine output alone.
    pub fn hidden(key: impl Into<String>, cell: Cell) -> Self {
        Self { key: key.into(), cell, seen: Seen::ByMachines }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its key in machine output, stable.
    pub key: String,
    /// Its heading.
    pub heading: String,
    /// Whether people see it, too.
    pub shown: bool,
}

impl Column {
    /// A column for everybody.
    #[must_use]
    pub fn new(key: &str, heading: &str) -> Self {
        Self { key: key.to_owned(), heading: heading.to_owned(), shown: true }
    }

    /// A column of machine output alone.
    #[must_use]
    pub fn hidden(key: &str) -> Self {
        Self { key: key.to_owned(), heading: key.to_owned(), shown: false }
    }

    /// Whether it holds days, by its key: what others wrote stays a text in every other one, whatever it looks like.
    #[must_use]
    pub fn holds_days(&self) -> bool {
        let key = self.key.as_str();
        DAYS.contains(&key) || ["_effective", "_recorded"].iter().any(|end| key.ends_with(end))
    }
}

/// The keys of columns that hold days.
const DAYS: [&str; 16] = [
    "closed",
    "closes",
    "cutoff",
    "due",
    "effective",
    "ended",
    "expires",
    "from",
    "on",
    "open",
    "opened",
    "recorded",
    "recorded_on",
    "since",
    "to",
    "until",
];

/// A value in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A word of the program, such as one of an axis, with the glyph that people see before it, or none.
    Word(&'static str, String),
    /// What the program tells of something.
    Phrase(Phrase),
    /// Several things that it tells.
    Phrases(Vec<Phrase>),
    /// A number.
    Number(u64),
    /// A number out of another; to a machine, the first.
    Share(u64, u64),
    /// Yes or no.
    Flag(bool),
    /// Several values.
    List(Vec<String>),
    /// A decimal number, as text.
    Decimal(String),
    /// Several things that have members of their own.
    Records(Vec<Record>),
    /// Words that are there and not at hand; to a machine, nothing.
    Withheld,
    /// Words that were there and were erased, and why; to a machine, nothing.
    Erased(String),
    /// A word of the program on which the parties differ; to a machine, nothing.
    Disputed,
}

/// One of several things in a cell that have members of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// In a few words, for people.
    pub told: String,
    /// What a machine reads, under its keys; what is empty is absent.
    pub members: Vec<(&'static str, Cell)>,
}

impl Cell {
    /// Words, or nothing where there are none.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// A word of the program that has no glyph.
    pub fn word(word: impl Into<String>) -> Self {
        Self::Word("", word.into())
    }

    /// Words that may be absent.
    pub fn maybe(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.to_string()))
    }
}
