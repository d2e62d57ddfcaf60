//! A basis of agreement, tracked beside the actions that rest on it.

use super::date::Effective;
use super::plan::{Instrument, InstrumentState};
use super::sealed::Sealed;
use super::value::Code;
use super::versions::Versions;
use serde::{Deserialize, Serialize};

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

/// Whether this may happen to an instrument.
///
/// # Errors
/// [`Refusal`], by name; an unknown instrument is refused by the programme, which knows the near names.
pub fn decide(state: Option<&Instrument>, event: &Event, reference: &Code) -> Result<(), Refusal> {
    match (event, state) {
        (Event::Registered(new), _) if new.reference != *reference => {
            Err(Refusal::Foreign { found: new.reference.clone(), expected: reference.clone() })
        }
        (Event::Registered(_), Some(_)) => Err(Refusal::Known(reference.clone())),
        (Event::Registered(_), None) => Ok(()),
        (Event::Updated(_), None) => Err(Refusal::Unknown(reference.clone(), String::new())),
        (Event::Updated(update), Some(before)) => {
            let unsigned = |state| state == InstrumentState::ToBeConfirmed;
            if unsigned(update.state) && !unsigned(before.state) {
                return Err(Refusal::Backwards(reference.clone()));
            }
            Ok(())
        }
    }
}

/// The state after an event of the entry with this sequence.
#[must_use]
pub fn evolve(
    state: Option<Versions<Instrument>>,
    event: &Event,
    sequence: u64,
) -> Option<Versions<Instrument>> {
    match event {
        Event::Registered(new) => Some(Versions::new(sequence, new.clone())),
        Event::Updated(update) => {
            let mut state = state?;
            let before = (*state).clone();
            let expires = update.expires.or(before.expires);
            state.change(sequence, Instrument { state: update.state, expires, ..before });
            Some(state)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        text.to_owned().try_into().unwrap()
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
        let state = evolve(None, &registered("signed"), 0);
        assert!(matches!(
            decide(state.as_deref(), &registered("signed"), &code("1.B1")),
            Err(Refusal::Known(_))
        ));
    }

    #[test]
    fn what_was_signed_is_never_to_be_confirmed_again() {
        let state = evolve(None, &registered("to_be_confirmed"), 0);
        assert_eq!(decide(state.as_deref(), &updated("signed"), &code("1.B1")), Ok(()));
        let state = evolve(state, &updated("signed"), 1);
        assert!(matches!(
            decide(state.as_deref(), &updated("to_be_confirmed"), &code("1.B1")),
            Err(Refusal::Backwards(_))
        ));
        assert!(matches!(decide(None, &updated("signed"), &code("1.B1")), Err(Refusal::Unknown(..))));
    }
}
