//! Return sheets: handed to a ministry with what was said last, and taken back with what is new.
//!
//! A sheet names the head that it was made from, and what was filled in is derived from that head again ([`Made::of`]): nothing else
//! that it says of the past is believed. Each row in which something is new becomes one draft of `action.progressed`; drafts are
//! signed and recorded by [`super::import`], under the SHA-256 of the workbook and the number of the row, so that taking the same
//! workbook in again records nothing twice.
//!
//! - [`workbook`]: the cells of a file, within limits;
//! - [`edits`]: what is new in them; [`fault`]: what is wrong.

pub mod edits;
pub mod fault;
pub mod workbook;

use crate::domain::date::Effective;
use crate::domain::value::Code;
use crate::domain::word::{Said, Word};
use crate::ledger::index::Sayings;
use crate::ledger::{Cut, Ledger, LedgerError};
use crate::projection::filter::Filter;
use crate::projection::reading::Reading;
use crate::record::founding::Clock;
use crate::record::history::History;
use crate::record::ids;
use crate::report::form::{self, Column, Row};
use crate::report::labels::{Labels, Language};
use crate::trail::hash::Head;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// What a sheet is made of, at a head.
pub struct Made {
    /// The history up to the head.
    pub history: History<Sayings>,
    /// Its reading, which depends on nothing else: today is the day on which its last entry was recorded.
    pub reading: Reading,
    /// The words of its language.
    pub labels: Labels,
    /// The columns.
    pub columns: Vec<Column>,
    /// The actions that a filter admits, as they are filled in.
    pub rows: Vec<Row>,
}

impl Made {
    /// Of a ledger up to a head, or as it is, for a party, in a language; nothing where the ledger has no such head.
    ///
    /// # Errors
    /// [`LedgerError`], where it cannot be read.
    pub fn of(
        ledger: &Ledger,
        head: Option<Head>,
        party: &Code,
        filter: &Filter,
        language: Language,
    ) -> Result<Option<Self>, LedgerError> {
        let history = match ledger.at(head.map(|head| Cut::Leaf(head.leaf))) {
            Err(LedgerError::Cut(_)) => return Ok(None),
            history => history?,
        };
        if head.is_some_and(|head| head != history.state.head) {
            return Ok(None);
        }
        let mut reading = Reading::of(&history.state, None, None, None);
        reading.illustrative = ledger.state().clock() == Some(Clock::Illustrative);
        let labels = Labels::of(language);
        let columns = form::columns(&history.state.parties(), &labels);
        let rows = form::rows(&history, &reading, party, filter, &|word| dated(ledger, word))?;
        Ok(Some(Self { history, reading, labels, columns, rows }))
    }
}

/// The date of the occurrence that a word tells of, which stands in its entry alone, or in that of the word that it confirms.
fn dated(ledger: &Ledger, word: &Word) -> Result<Option<Effective>, LedgerError> {
    let told = match word.said {
        Said::Confirmed(told) => told,
        _ => word.sequence,
    };
    let entry = ledger.entry(told)?;
    let members = entry.map(|entry| entry.request.event.data.members());
    let occurrence = members.as_ref().and_then(|members| members.get("occurrence"));
    let date = occurrence.and_then(|occurrence| occurrence.get("date"));
    Ok(date.and_then(Value::as_str).and_then(|date| date.parse().ok()))
}

/// When a word on an action at or after a size was said that was taken from a row, whose words have an id but for its time.
///
/// # Errors
/// [`LedgerError`], where what was said cannot be read.
pub fn taken_in(
    ledger: &Ledger,
    action: &Code,
    size: u64,
    id: Uuid,
) -> Result<Option<DateTime<Utc>>, LedgerError> {
    let words = ledger.words(action)?;
    let mut since = words.all().iter().filter(|word| word.sequence >= size);
    Ok(since.find(|word| ids::same_but_for_time(word.id, id)).map(|word| ids::time(word.id)))
}

/// The newest entry at or after a size by which the words of a party on an action are otherwise, if there is one.
///
/// # Errors
/// [`LedgerError`], where what was said cannot be read.
pub fn said_since(
    ledger: &Ledger,
    action: &Code,
    party: &Code,
    size: u64,
) -> Result<Option<u64>, LedgerError> {
    let words = ledger.words(action)?;
    let own = words.all().iter().filter(|word| word.is_of(party) && !matches!(word.said, Said::Verified(..)));
    let entries = own.flat_map(|word| [Some(word.sequence), word.voided.map(|by| by.sequence)]).flatten();
    Ok(entries.filter(|sequence| *sequence >= size).max())
}
