//! What is wrong with a sheet that came back: in which cell, and what to do about it.

use super::workbook::CellAddress;
use crate::domain::date::{Effective, NotADate};
use crate::domain::value::{Code, NotAValue};
use chrono::NaiveDate;

/// What is wrong in a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Fault {
    /// Where.
    pub place: CellAddress,
    /// What.
    pub what: Wrong,
}

/// What can be wrong in a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A column of somebody's own, and the heading of that for notes.
    #[error(
        "{0}is no column of this sheet, and what stands under it would be lost: move it to {1}, or delete it"
    )]
    Column(String, String),
    /// A column that is gone.
    #[error("the column {0} is missing: take the sheet as it was made")]
    Missing(String),
    /// A column that is there twice.
    #[error("the column {0} comes twice: delete the second one")]
    Doubled(String),
    /// A row of nothing.
    #[error("this row names no action: give its reference, or delete the row")]
    Nameless,
    /// An action that the sheet cannot be about.
    #[error("there is no action `{0}` that a word can be said of{1}: new ones are proposed in a review")]
    Action(String, String),
    /// An action that is there twice.
    #[error("{0} stands in row {1}, too: say one thing of it, in one row")]
    Repeated(Code, u32),
    /// Neither text nor a number nor a date.
    #[error("{0} is not taken: write the value itself")]
    Kind(&'static str),
    /// A formula: what it showed when it was signed for is not in the file.
    #[error("a formula is not taken, because what it shows can change: paste its value")]
    Formula,
    /// Changed where nothing is filled in.
    #[error("this cell is only read, and its change would be lost: {}", back(.0))]
    Read(String),
    /// Not a word of its axis.
    #[error("`{found}` is not {what}: {words}{hint}")]
    Word {
        /// As written.
        found: String,
        /// Which axis.
        what: &'static str,
        /// Its words.
        words: String,
        /// The nearest, if one is near.
        hint: String,
    },
    /// Not a date.
    #[error(transparent)]
    Date(#[from] NotADate),
    /// A year that an office program took for the number of a day.
    #[error(
        "{day} is the day with the number {year}: was the year meant? Write it as text, '{year} with the apostrophe"
    )]
    Year {
        /// What it became.
        day: NaiveDate,
        /// What was typed, maybe.
        year: u16,
    },
    /// Not a text that can be recorded.
    #[error(transparent)]
    Text(#[from] NotAValue),
    /// Emptied.
    #[error(
        "`{0}` stood here, and an emptied cell takes nothing back: put it back, or take the word back with `annals record correct`"
    )]
    Emptied(String),
    /// A date of nothing; the headings of what could be said.
    #[error("nothing in this row is said as of that date: fill in {0}, or empty it")]
    Sinceless(String),
    /// A part of an occurrence, by its heading, and the headings of what is there.
    #[error("an occurrence needs its {0}: fill it in, or leave {1} as it was")]
    Part(String, String),
    /// The date of another window.
    #[error("the window is another, and this is still the date of the former: write its date, or empty it")]
    OtherWindow,
    /// A date before the window that the sheet was made with.
    #[error("on that date the window {0} had not begun: write which one it was held for into {1}")]
    Early(Effective, String),
    /// A file that a sheet has no place for.
    #[error(
        "`completed` needs evidence, for which a sheet has no place: `annals record progress {0} --as PARTY --lifecycle completed --evidence FILE`"
    )]
    Evidence(Code),
    /// Something else was said since.
    #[error(
        "since the sheet was made, entry {0} changed what {1} says of {2}: look at it, and make a new sheet with `annals sheet out`"
    )]
    Since(u64, Code, Code),
    /// A rule's no.
    #[error("{0}")]
    Refused(String),
}

impl Wrong {
    /// Whether a rule or the ledger says no, to what is well formed.
    #[must_use]
    pub const fn is_a_refusal(&self) -> bool {
        matches!(self, Self::Evidence(_) | Self::Since(..) | Self::Refused(_))
    }
}

/// What to do with a cell that is only read.
fn back(was: &str) -> String {
    if was.is_empty() { "empty it".to_owned() } else { format!("put `{was}` back") }
}
