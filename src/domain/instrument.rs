//! A basis of agreement, tracked beside the actions that rest on it.

use super::date::Effective;
use super::plan::{Instrument, InstrumentState};
use super::sealed::Sealed;
use super::value::Code;
use super::word::Place;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What happens to a basis of agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is named.
    Registered(Instrument),
    /// It stands elsewhere now.
    Updated(Updated),
}

/// A basis of agreement stands elsewhere now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Updated {
    /// Where it stands.
    pub state: InstrumentState,
    /// Since when.
    pub effective: Effective,
    /// When it lapses, where that is known now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Effective>,
    /// A sentence on it.
    #[serde(rename = "_sd.note", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed>,
}

/// Why an instrument is not registered or updated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// In the stream of another.
    #[error("the instrument {found} is registered in the stream of {expected}")]
    Foreign {
        /// The reference in the event.
        found: Code,
        /// The reference of the stream.
        expected: Code,
    },
    /// Known already.
    #[error("the instrument {0} is registered already")]
    Known(Code),
    /// Not known.
    #[error("there is no instrument {0}{1}")]
    Unknown(Code, String),
    /// Back to what it was before it was signed.
    #[error("the instrument {0} was signed, so it is not to be confirmed again")]
    Backwards(Code),
}

/// An instrument: as it was named, and what was said of it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// As it was registered.
    pub instrument: Instrument,
    /// The sequence of the entry that registered it.
    pub registered: u64,
    /// Every update, in the order of the ledger: there are a few in its life.
    pub updates: Vec<Update>,
}

/// An update, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// The entry's sequence.
    pub sequence: u64,
    /// The day on which it was recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Who said it.
    pub party: Code,
    /// Where the instrument stands.
    pub state: InstrumentState,
    /// Since when.
    pub effective: Effective,
    /// When it lapses, where that was said with it.
    pub expires: Option<Effective>,
}

/// Where an instrument stands, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Where it stands.
    pub state: InstrumentState,
    /// When it lapses, where that is known.
    pub expires: Option<Effective>,
    /// The update that says where it stands, unless it stands as it was registered.
    pub last: Option<&'a Update>,
}

impl Standing<'_> {
    /// Whether it no longer holds on a day: it is said to have lapsed, or its last day is over.
    #[must_use]
    pub fn has_lapsed(&self, day: NaiveDate) -> bool {
        self.state == InstrumentState::Lapsed || self.expires.is_some_and(|date| date.end() < day)
    }

    /// Since when it is said to have lapsed, or when it lapses.
    #[must_use]
    pub fn lapse(&self) -> Option<Effective> {
        let said = self.last.filter(|_| self.state == InstrumentState::Lapsed);
        said.map(|update| update.effective).or(self.expires)
    }
}

impl State {
    /// As it was after a number of entries; nothing where it was not registered yet.
    #[must_use]
    pub fn until(self: &Arc<Self>, size: u64) -> Option<Arc<Self>> {
        if self.registered >= size {
            return None;
        }
        let known = self.updates.partition_point(|update| update.sequence < size);
        if known == self.updates.len() {
            return Some(Arc::clone(self));
        }
        let updates = self.updates.iter().take(known).cloned().collect();
        Some(Arc::new(Self { updates, ..(**self).clone() }))
    }

    /// Where it stands, as of the updates that are true by a day; as of all, if none is given.
    #[must_use]
    pub fn standing(&self, effective: Option<NaiveDate>) -> Standing<'_> {
        self.course(effective).last().unwrap_or_else(|| self.begin())
    }

    /// Since when it is said to be signed or in force, the last time, as of the updates that are true by a day; or the year of its text,
    /// where that was not to be confirmed.
    #[must_use]
    pub fn begins(&self, effective: Option<NaiveDate>) -> Option<Effective> {
        let holds = |state| matches!(state, InstrumentState::Signed | InstrumentState::InForce);
        let said = self.course(effective).filter(|standing| holds(standing.state));
        let since = said.filter_map(|standing| standing.last).map(|update| update.effective);
        let is_known = self.instrument.state != InstrumentState::ToBeConfirmed;
        let year = || NaiveDate::from_ymd_opt(i32::from(self.instrument.year.filter(|_| is_known)?), 1, 1);
        since.last().or_else(|| year().map(|begin| Effective::named(begin, true)))
    }

    /// Since which update something of where it stands, as of those that are true by a day, is what it is; none where it is that since
    /// it was registered.
    pub fn since_of<V: PartialEq>(
        &self,
        effective: Option<NaiveDate>,
        what: impl Fn(&Standing<'_>) -> V,
    ) -> Option<&Update> {
        let (mut now, mut since) = (what(&self.begin()), None);
        for standing in self.course(effective) {
            let then = what(&standing);
            if then != now {
                (now, since) = (then, standing.last);
            }
        }
        since
    }

    const fn begin(&self) -> Standing<'_> {
        Standing { state: self.instrument.state, expires: self.instrument.expires, last: None }
    }

    /// Where it stood after each update that is true by a day, in the order of the ledger.
    fn course(&self, effective: Option<NaiveDate>) -> impl Iterator<Item = Standing<'_>> {
        let true_by = move |update: &&Update| effective.is_none_or(|day| update.effective.begin() <= day);
        self.updates.iter().filter(true_by).scan(self.begin(), |standing, update| {
            let expires = update.expires.or(standing.expires);
            *standing = Standing { state: update.state, expires, last: Some(update) };
            Some(*standing)
        })
    }
}

/// Whether this may happen to an instrument.
///
/// # Errors
/// [`Refusal`], by name; an unknown instrument is refused by the programme, which knows the near names.
pub fn decide(state: Option<&State>, event: &Event, reference: &Code) -> Result<(), Refusal> {
    match (event, state) {
        (Event::Registered(new), _) if new.reference != *reference => {
            Err(Refusal::Foreign { found: new.reference.clone(), expected: reference.clone() })
        }
        (Event::Registered(_), Some(_)) => Err(Refusal::Known(reference.clone())),
        (Event::Registered(_), None) => Ok(()),
        (Event::Updated(_), None) => Err(Refusal::Unknown(reference.clone(), String::new())),
        (Event::Updated(update), Some(before)) => {
            let unsigned = |state| state == InstrumentState::ToBeConfirmed;
            if unsigned(update.state) && !unsigned(before.standing(None).state) {
                return Err(Refusal::Backwards(reference.clone()));
            }
            Ok(())
        }
    }
}

/// The state after an event of the entry with this sequence.
#[must_use]
pub fn evolve(state: Option<State>, event: &Event, place: &Place<'_>) -> Option<State> {
    match event {
        Event::Registered(new) => {
            Some(State { instrument: new.clone(), registered: place.sequence, updates: Vec::new() })
        }
        Event::Updated(update) => state.map(|mut state| {
            state.updates.push(Update {
                sequence: place.sequence,
                day: place.day,
                party: place.author.party.clone(),
                state: update.state,
                effective: update.effective,
                expires: update.expires,
            });
            state
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        text.to_owned().try_into().unwrap()
    }

    fn after(state: Option<State>, event: &Event) -> Option<State> {
        let author = crate::domain::party::Author { party: code("DK"), institution: None };
        let (id, day) = (uuid::Uuid::nil(), NaiveDate::default());
        evolve(state, event, &Place { id, sequence: 7, day, author: &author, answers: None })
    }

    fn registered(state: &str) -> Event {
        let new = serde_json::json!({"ref": "1.B1", "line": 1, "title": "MoU", "state": state});
        Event::Registered(serde_json::from_value(new).unwrap())
    }

    fn updated(state: &str) -> Event {
        Event::Updated(
            serde_json::from_value(serde_json::json!({"state": state, "effective": "2022-03"})).unwrap(),
        )
    }

    #[test]
    fn an_instrument_is_registered_once_in_its_own_stream() {
        assert_eq!(decide(None, &registered("signed"), &code("1.B1")), Ok(()));
        assert!(matches!(decide(None, &registered("signed"), &code("1.B2")), Err(Refusal::Foreign { .. })));
        let state = after(None, &registered("signed"));
        assert!(matches!(
            decide(state.as_ref(), &registered("signed"), &code("1.B1")),
            Err(Refusal::Known(_))
        ));
    }

    #[test]
    fn what_was_signed_is_never_to_be_confirmed_again() {
        let state = after(None, &registered("to_be_confirmed"));
        assert_eq!(decide(state.as_ref(), &updated("signed"), &code("1.B1")), Ok(()));
        let state = after(state, &updated("signed"));
        assert!(matches!(
            decide(state.as_ref(), &updated("to_be_confirmed"), &code("1.B1")),
            Err(Refusal::Backwards(_))
        ));
        assert!(matches!(decide(None, &updated("signed"), &code("1.B1")), Err(Refusal::Unknown(..))));
    }
    #[test]
    fn an_instrument_stands_as_the_updates_that_are_true_by_a_day_say() {
        let update = |state: &str, effective: &str, expires: Option<&str>| {
            let mut data = serde_json::json!({"state": state, "effective": effective});
            data["expires"] = expires.map_or(serde_json::Value::Null, Into::into);
            Event::Updated(serde_json::from_value(data).unwrap())
        };
        let state = after(None, &registered("to_be_confirmed"));
        let state = after(state, &update("in_force", "2022-06", Some("2024")));
        let state = after(state, &update("signed", "2022-03", None)).unwrap();
        let at = |day: &str| {
            let standing = state.standing(day.parse().ok());
            (standing.state, standing.expires.map(|date| date.to_string()))
        };
        assert_eq!(at("2022-02-28"), (InstrumentState::ToBeConfirmed, None));
        assert_eq!(at("2022-03-01"), (InstrumentState::Signed, None));
        let last = (InstrumentState::Signed, Some("2024".to_owned()));
        assert_eq!(at("2022-06-01"), last, "what was said last counts, and what it leaves open stands");
        assert_eq!(at("all"), last);
        let state = after(Some(state), &update("signed", "2022-09", Some("2024"))).unwrap();
        assert_eq!(state.since_of(None, |standing| standing.state), state.updates.get(1));
        assert_eq!(state.since_of(None, |standing| standing.expires), state.updates.first());
        let day = "2022-04-01".parse().ok();
        assert_eq!(state.since_of(day, |standing| standing.state), state.updates.get(1));
        assert_eq!(state.since_of(day, |standing| standing.expires), None);
    }
}
