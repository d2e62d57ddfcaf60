//! A reading of a ledger: up to which moment, as effective by when, and seen on which day. What it states of itself is in
//! [`crate::projection::reading`].

use super::index::Sayings;
use super::{Cut, Ledger, LedgerError};
use crate::domain::review::{Axis, Opened};
use crate::projection::reading::Reading;
use crate::record::founding::Clock;
use crate::record::history::History;
use chrono::{DateTime, NaiveDate, Utc};

/// On which axes a ledger is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Axes {
    /// Up to where: the recorded axis. The end, where nothing is said.
    pub moment: Option<Cut>,
    /// As effective by this day, or by any.
    pub effective: Option<NaiveDate>,
    /// The day on which something counts as stale, due or missed. Where nothing is said: the day that is the moment; at the end,
    /// the day that it is now, or in an illustrative ledger that of the last entry; and of any other moment that of its last entry.
    pub today: Option<NaiveDate>,
}

impl Ledger {
    /// What its entries leave on these axes. `now` is the reader's clock.
    ///
    /// # Errors
    /// [`LedgerError::Cut`], where the moment names no entry; [`LedgerError`].
    pub fn reading(
        &self,
        axes: &Axes,
        now: DateTime<Utc>,
    ) -> Result<(History<Sayings>, Reading), LedgerError> {
        let history = self.at(axes.moment)?;
        let state = &history.state;
        let whole = Reading::of(&self.state(), None, None, None);
        let day = match axes.moment {
            Some(Cut::Day(day)) => Some(day),
            Some(_) => None,
            None => (!whole.illustrative).then(|| state.day(now)),
        };
        let recorded = day.filter(|_| axes.moment.is_some());
        let mut reading = Reading::of(state, recorded, axes.effective, axes.today.or(day));
        (reading.origin, reading.illustrative) = (whole.origin, whole.illustrative);
        Ok((history, reading))
    }

    /// The reading on which a review was opened, seen on a day, or on that of its cut-off.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn reading_of(
        &self,
        opened: &Opened,
        today: Option<NaiveDate>,
    ) -> Result<(History<Sayings>, Reading), LedgerError> {
        let cutoff = Some(opened.cutoff.end());
        let (recorded, effective) = match opened.axis {
            Axis::Recorded => (cutoff, None),
            Axis::Effective => (None, cutoff),
        };
        let history = self.at(Some(Cut::Sequence(opened.size.get() - 1)))?;
        let mut reading = Reading::of(&history.state, recorded, effective, today.or(cutoff));
        reading.illustrative = self.state().clock() == Some(Clock::Illustrative);
        Ok((history, reading))
    }
}
