//! A party and its institutions, of which each speaks for itself alone.
//!
//! Keys are not here but in `record::authority`, because a key is known by its bytes.

use super::date::Effective;
use super::plan::Institution;
use super::sealed::Sealed;
use super::value::{Code, nearest};
use super::versions::{self, Versions};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

/// Who speaks: a party, or an institution of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// The party.
    pub party: Code,
    /// Its institution, where one speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Code>,
}

impl Author {
    /// As an entry's `source` names it: `parties/KR/institutions/MOTIE`.
    #[must_use]
    pub fn source(&self) -> String {
        match &self.institution {
            Some(institution) => format!("parties/{}/institutions/{institution}", self.party),
            None => format!("parties/{}", self.party),
        }
    }

    /// Whether an entry's `source` names it.
    #[must_use]
    pub fn is_source(&self, source: &str) -> bool {
        let rest = source.strip_prefix("parties/").and_then(|rest| rest.strip_prefix(self.party.as_str()));
        match &self.institution {
            Some(institution) => {
                rest.and_then(|rest| rest.strip_prefix("/institutions/")) == Some(institution.as_str())
            }
            None => rest == Some(""),
        }
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.institution {
            Some(institution) => write!(f, "{}/{institution}", self.party),
            None => write!(f, "{}", self.party),
        }
    }
}

/// What happens to a party's institutions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An institution is named.
    Registered(Institution),
    /// An institution's work passes to another.
    Succeeded(Succeeded),
}

/// An institution's work passes to another, after a reform for instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succeeded {
    /// The one that ends.
    pub institution: Code,
    /// The one that goes on.
    pub successor: Code,
    /// Since when.
    pub effective: Effective,
    /// Why.
    #[serde(rename = "_sd.reason", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Sealed>,
}

/// To which institution another's work has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succession {
    /// The one that goes on.
    pub successor: Code,
    /// Since when.
    pub effective: Effective,
}

/// Why an institution is not registered or succeeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Of another party.
    #[error("the institution {institution} is named as one of {found}, in the stream of {expected}")]
    Foreign {
        /// Which one.
        institution: Code,
        /// The party in the event.
        found: Code,
        /// The party of the stream.
        expected: Code,
    },
    /// Without a name.
    #[error("the institution {0} has no name: give one with its language, such as `en`")]
    Nameless(Code),
    /// Known already.
    #[error("the institution {0} is registered already")]
    Known(Code),
    /// Not known.
    #[error("{party} has no institution {institution}{hint}")]
    Unknown {
        /// The party.
        party: Code,
        /// As written.
        institution: Code,
        /// The nearest name, if one is near.
        hint: String,
    },
    /// Succeeded already.
    #[error("the institution {0} was succeeded already, by {1}")]
    Ended(Code, Code),
    /// By itself, or round in a circle.
    #[error("the institution {0} cannot be its own successor")]
    Circle(Code),
}

/// The institutions of a party.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    institutions: BTreeMap<Code, Versions<Institution>>,
    successors: BTreeMap<Code, Versions<Succession>>,
}

impl State {
    /// The institutions, by id.
    pub fn institutions(&self) -> impl Iterator<Item = &Institution> {
        self.institutions.values().map(Deref::deref)
    }

    /// As they were after a number of entries; nothing where there was none yet.
    #[must_use]
    pub fn until(&self, size: u64) -> Option<Self> {
        let institutions = versions::until(&self.institutions, size);
        let successors = versions::until(&self.successors, size);
        (!institutions.is_empty()).then_some(Self { institutions, successors })
    }

    /// To which institutions an institution's work has passed, one after the other, each since the entry that says so.
    pub fn successors<'a>(
        &'a self,
        institution: &Code,
    ) -> impl Iterator<Item = &'a Versions<Succession>> + use<'a> {
        let next = |institution: &Code| self.successors.get(institution);
        std::iter::successors(next(institution), move |before| next(&before.successor))
    }

    /// A sentence that offers the institution that goes by a name which is not its id.
    #[must_use]
    pub fn called(&self, name: &str) -> Option<String> {
        let body = self.institutions().find(|body| body.is_called(name))?;
        Some(format!(" ({} goes by that name)", body.id))
    }

    /// An institution that exists and was not succeeded.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Ended`].
    pub fn acting(&self, party: &Code, institution: &Code) -> Result<(), Refusal> {
        if !self.institutions.contains_key(institution) {
            let hint = self
                .called(institution.as_str())
                .unwrap_or_else(|| nearest(institution.as_str(), self.institutions.keys().map(Code::as_str)));
            return Err(Refusal::Unknown { party: party.clone(), institution: institution.clone(), hint });
        }
        match self.successors.get(institution) {
            Some(by) => Err(Refusal::Ended(institution.clone(), by.successor.clone())),
            None => Ok(()),
        }
    }
}

/// Whether this may happen to a party's institutions.
///
/// # Errors
/// [`Refusal`], by name.
pub fn decide(state: &State, event: &Event, party: &Code) -> Result<(), Refusal> {
    match event {
        Event::Registered(new) if new.party != *party => Err(Refusal::Foreign {
            institution: new.id.clone(),
            found: new.party.clone(),
            expected: party.clone(),
        }),
        Event::Registered(new) if state.institutions.contains_key(&new.id) => {
            Err(Refusal::Known(new.id.clone()))
        }
        Event::Registered(new) if new.names.is_empty() => Err(Refusal::Nameless(new.id.clone())),
        Event::Registered(_) => Ok(()),
        Event::Succeeded(Succeeded { institution, successor, .. }) => {
            state.acting(party, institution)?;
            state.acting(party, successor)?;
            // Both act, so neither has a successor yet: only the institution itself could close a circle.
            if institution == successor { Err(Refusal::Circle(institution.clone())) } else { Ok(()) }
        }
    }
}

/// The state after an event of the entry with this sequence.
pub fn evolve(state: &mut State, event: &Event, sequence: u64) {
    match event {
        Event::Registered(new) => {
            state.institutions.insert(new.id.clone(), Versions::new(sequence, new.clone()));
        }
        Event::Succeeded(event) => {
            let Succeeded { successor, effective, .. } = event;
            let succession = Succession { successor: successor.clone(), effective: *effective };
            state.successors.insert(event.institution.clone(), Versions::new(sequence, succession));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        text.to_owned().try_into().unwrap()
    }

    fn body(id: &str, party: &str) -> Event {
        let body = serde_json::json!({"id": id, "party": party, "names": {"en": id}, "aliases": []});
        Event::Registered(serde_json::from_value(body).unwrap())
    }

    fn succeeded(from: &str, to: &str) -> Event {
        let effective = "2023".parse().unwrap();
        Event::Succeeded(Succeeded { institution: code(from), successor: code(to), effective, reason: None })
    }

    fn given(events: &[Event]) -> State {
        let mut state = State::default();
        for event in events {
            assert_eq!(decide(&state, event, &code("KR")), Ok(()));
            evolve(&mut state, event, 0);
        }
        state
    }

    #[test]
    fn a_source_names_an_author_where_it_is_the_whole_of_it() {
        let author = |party: &str, institution: Option<&str>| Author {
            party: code(party),
            institution: institution.map(code),
        };
        let authors =
            [author("KR", None), author("KR", Some("MSIT")), author("KR", Some("MSI")), author("K", None)];
        for author in &authors {
            for other in &authors {
                assert_eq!(author.is_source(&other.source()), author == other, "{author} {other}");
            }
            for source in
                ["", "ledger", "KR", "parties/", "parties/KR/", "parties/KR/institutions/", "parties/KR/MSIT"]
            {
                assert!(!author.is_source(source), "{author} {source}");
            }
        }
    }

    #[test]
    fn an_institution_is_registered_once_by_its_own_party() {
        let state = given(&[body("MSIT", "KR")]);
        assert!(matches!(decide(&state, &body("MSIT", "KR"), &code("KR")), Err(Refusal::Known(_))));
        assert!(matches!(decide(&state, &body("DKMA", "DK"), &code("KR")), Err(Refusal::Foreign { .. })));
    }

    #[test]
    fn work_passes_to_an_institution_that_acts() {
        let state = given(&[body("MSIT", "KR"), body("MSS", "KR"), succeeded("MSIT", "MSS")]);
        let passed = |from: &str| -> Vec<String> {
            state.successors(&code(from)).map(|each| each.successor.to_string()).collect()
        };
        assert_eq!((passed("MSIT"), passed("MSS")), (vec!["MSS".to_owned()], Vec::new()));
        let party = code("KR");
        assert!(matches!(decide(&state, &succeeded("MSS", "MSIT"), &party), Err(Refusal::Ended(..))));
        assert!(matches!(decide(&state, &succeeded("MSS", "MSS"), &party), Err(Refusal::Circle(_))));
        let refusal = decide(&state, &succeeded("MS", "MSS"), &party).unwrap_err();
        assert!(refusal.to_string().contains("MSS"), "{refusal}");
    }
}
