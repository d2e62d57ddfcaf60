//! A reading: up to which entry, as effective when, seen on which day. The same reading gives the same answer for ever.

use crate::domain::value::Code;
use crate::record::founding::{Clock, Founding};
use crate::record::state::State;
use crate::trail::hash::Head;
use chrono::NaiveDate;

/// On which axes an answer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The ledger's name; empty before it is opened.
    pub origin: String,
    /// The last entry that was read.
    pub head: Head,
    /// The day by whose end the entries were recorded, where one was asked for.
    pub recorded: Option<NaiveDate>,
    /// The day by which words are effective, where one was asked for.
    pub effective: Option<NaiveDate>,
    /// The day on which something counts as stale, due or missed.
    pub today: NaiveDate,
    /// The parties, in the order of the opening.
    pub parties: Vec<Code>,
    /// The parties that have not acceded yet: until they have, nothing is recorded.
    pub awaited: Vec<Code>,
    /// Whether recorded times were told by the authors.
    pub illustrative: bool,
}

impl Reading {
    /// A reading of a state. Without a `today` it is the day on which the last entry was recorded.
    #[must_use]
    pub fn of(
        state: &State,
        recorded: Option<NaiveDate>,
        effective: Option<NaiveDate>,
        today: Option<NaiveDate>,
    ) -> Self {
        let last = state.founding.as_ref().map(|founding| founding.last_day(state.recorded));
        Self {
            origin: state.origin().unwrap_or_default().to_owned(),
            head: state.head,
            recorded,
            effective,
            today: today.or(recorded).or(last).unwrap_or_default(),
            parties: state.parties().into_iter().cloned().collect(),
            awaited: state.founding.iter().flat_map(Founding::awaited).cloned().collect(),
            illustrative: state.clock() == Some(Clock::Illustrative),
        }
    }

    /// The day on which something counts as due or missed: of words that are effective by an earlier day than today that one, because
    /// what was done later is not among them.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.effective.map_or(self.today, |effective| effective.min(self.today))
    }
}
