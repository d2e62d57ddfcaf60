//! Facts: an event's type, subject and data, read into what the domain knows.

use super::typed::{self, Refused};
use super::withheld::{self, WithheldFault, WithheldField};
use super::{adoption, attestation, authority, erasure, founding, upcast};
use crate::domain::shape::{self, Fault};
use crate::domain::value::{Code, nearest};
use crate::domain::{action, decision, instrument, party, programme, review, sealed};
use crate::trail::data::Data;
use crate::trail::entry::Event;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What happened, typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// To the ledger itself.
    Founding(founding::Event),
    /// To what is in force once every party has adopted it.
    Adopted(adoption::Event),
    /// To the streams, which are attested.
    Attested(attestation::Attested),
    /// To a party's keys.
    Key(Code, authority::Event),
    /// To a withheld value.
    Erased(erasure::Erased),
    /// In the programme.
    Programme(programme::Event),
}

/// Why an event is not a fact that this version knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactFault {
    /// An unknown type.
    #[error("the type `{0}` is unknown{1}")]
    Type(String, String),
    /// A stream that the type does not belong to.
    #[error("`{kind}` belongs to the subject {expected}, not to `{found}`")]
    Subject {
        /// The event's type.
        kind: String,
        /// What the subject has to be.
        expected: &'static str,
        /// As written.
        found: String,
    },
    /// A member of the data that is not as its schema says.
    #[error("data{path}: {what}")]
    Data {
        /// JSON pointer.
        path: String,
        /// What is wrong there.
        what: String,
    },
    /// Withheld fields that are not well-formed.
    #[error(transparent)]
    Withheld(#[from] WithheldFault),
}

/// Every type of event that this version knows.
pub const TYPES: [&str; 29] = [
    "annals.ledger.opened.v1",
    "annals.ledger.acceded.v1",
    "annals.policy.adopted.v1",
    "annals.rules.adopted.v1",
    "annals.streams.attested.v1",
    "annals.disclosure.erased.v1",
    "annals.plan.adopted.v1",
    "annals.key.registered.v1",
    "annals.key.revoked.v1",
    "annals.institution.registered.v1",
    "annals.institution.succeeded.v1",
    "annals.instrument.registered.v1",
    "annals.instrument.updated.v1",
    "annals.action.created.v1",
    "annals.action.assigned.v1",
    "annals.action.progressed.v1",
    "annals.action.confirmed.v1",
    "annals.action.contested.v1",
    "annals.action.verified.v1",
    "annals.action.corrected.v1",
    "annals.action.assessed.v1",
    "annals.action.proposed.v1",
    "annals.action.agreed.v1",
    "annals.action.declined.v1",
    "annals.action.modified.v1",
    "annals.review.opened.v1",
    "annals.review.assessed.v1",
    "annals.review.signed.v1",
    "annals.review.closed.v1",
];

/// What is said of all that its stream holds: refused where an entry came into the stream that its author had not seen. The
/// creation of an action is so after the founding alone.
const ON_LATEST: [&str; 7] = [
    "annals.action.created.v1",
    "annals.action.proposed.v1",
    "annals.action.agreed.v1",
    "annals.action.declined.v1",
    "annals.action.modified.v1",
    "annals.review.signed.v1",
    "annals.review.closed.v1",
];

/// Whether an event of a type is signed on the latest entry of its stream.
#[must_use]
pub fn is_on_latest(kind: &str) -> bool {
    ON_LATEST.contains(&kind)
}

impl Fact {
    /// Reads an event, of whichever version of its type; the digests that it holds are listed beside it.
    ///
    /// # Errors
    /// [`FactFault`], by name.
    pub fn read(event: &Event) -> Result<(Self, Vec<WithheldField>), FactFault> {
        let event = &*upcast::newest(event);
        let mut held = Vec::new();
        if let Ok(fact) = Self::typed(event, Text(&event.data, &mut held)) {
            return Ok((fact, held));
        }
        Self::step_by_step(event)
    }

    /// Reads an event and names the first fault.
    fn step_by_step(event: &Event) -> Result<(Self, Vec<WithheldField>), FactFault> {
        let (data, held) = withheld::unfold(&event.data.members())?;
        Ok((Self::typed(event, data)?, held))
    }

    /// The opening that an event is, if it is one.
    #[must_use]
    pub fn opening(event: &Event) -> Option<founding::Opened> {
        match Self::read(event) {
            Ok((Self::Founding(founding::Event::Opened(opened)), _)) => Some(opened),
            _ => None,
        }
    }

    /// The action that it speaks of.
    #[must_use]
    pub const fn action(&self) -> Option<&Code> {
        match self {
            Self::Programme(programme::Event::Action(action, _) | programme::Event::Decision(action, _)) => {
                Some(action)
            }
            _ => None,
        }
    }

    fn typed<F: Fields>(event: &Event, data: F) -> Result<Self, F::Fault> {
        use action::Event as A;
        use decision::Event as D;
        use programme::Event as P;
        use review::Event as R;
        let unknown = || FactFault::Type(event.kind.to_string(), nearest(&event.kind, TYPES.into_iter()));
        let word = event.kind.strip_prefix("annals.").and_then(|rest| rest.strip_suffix(".v1"));
        let (aggregate, word) = word.and_then(|word| word.split_once('.')).ok_or_else(unknown)?;
        Ok(match (aggregate, word) {
            ("ledger", "opened") => {
                subject(event, "ledger")?;
                Self::Founding(founding::Event::Opened(data.read()?))
            }
            ("ledger", "acceded") => {
                subject(event, "ledger")?;
                Self::Founding(founding::Event::Acceded(data.read()?))
            }
            ("policy", "adopted") => {
                subject(event, "ledger")?;
                Self::Adopted(adoption::Event::Policy(data.read()?))
            }
            ("rules", "adopted") => {
                subject(event, "ledger")?;
                Self::Adopted(adoption::Event::Rules(data.read()?))
            }
            ("streams", "attested") => {
                subject(event, "ledger")?;
                Self::Attested(data.read()?)
            }
            ("plan", "adopted") => {
                subject(event, "plan")?;
                Self::Programme(P::Plan(data.read()?))
            }
            ("key", "registered") => {
                Self::Key(code(event, "parties/<id>")?, authority::Event::Registered(data.read()?))
            }
            ("key", "revoked") => {
                Self::Key(code(event, "parties/<id>")?, authority::Event::Revoked(data.read()?))
            }
            ("disclosure", "erased") => {
                subject(event, "ledger")?;
                Self::Erased(data.read()?)
            }
            ("institution", "registered") => {
                let party = code(event, "parties/<id>")?;
                Self::Programme(P::Party(party, party::Event::Registered(data.read()?)))
            }
            ("institution", "succeeded") => {
                let party = code(event, "parties/<id>")?;
                Self::Programme(P::Party(party, party::Event::Succeeded(data.read()?)))
            }
            ("instrument", "registered") => {
                let reference = code(event, "instruments/<ref>")?;
                Self::Programme(P::Instrument(reference, instrument::Event::Registered(data.read()?)))
            }
            ("instrument", "updated") => {
                let reference = code(event, "instruments/<ref>")?;
                Self::Programme(P::Instrument(reference, instrument::Event::Updated(data.read()?)))
            }
            ("action", word @ ("assessed" | "proposed" | "agreed" | "declined" | "modified")) => {
                let action = code(event, "actions/<ref>")?;
                let event = match word {
                    "assessed" => D::Assessed(data.read()?),
                    "proposed" => D::Proposed(data.read()?),
                    "agreed" => D::Agreed(data.read()?),
                    "declined" => D::Declined(data.read()?),
                    _ => D::Modified(data.read()?),
                };
                Self::Programme(P::Decision(action, event))
            }
            ("review", word) => {
                let review = code(event, "reviews/<id>")?;
                let event = match word {
                    "opened" => R::Opened(data.read()?),
                    "assessed" => R::Assessed(data.read()?),
                    "signed" => R::Signed(data.read()?),
                    "closed" => R::Closed(data.read()?),
                    _ => return Err(unknown().into()),
                };
                Self::Programme(P::Review(review, event))
            }
            ("action", word) => {
                let event_of: fn(F) -> Result<A, F::Fault> = match word {
                    "created" => |data| data.read().map(A::Created),
                    "assigned" => |data| data.read().map(A::Assigned),
                    "progressed" => |data| data.read().map(A::Progressed),
                    "confirmed" => |data| data.read().map(A::Confirmed),
                    "contested" => |data| data.read().map(A::Contested),
                    "verified" => |data| data.read().map(A::Verified),
                    "corrected" => |data| data.read().map(A::Corrected),
                    _ => return Err(unknown().into()),
                };
                Self::Programme(P::Action(code(event, "actions/<ref>")?, event_of(data)?))
            }
            _ => return Err(unknown().into()),
        })
    }

    /// When the fact may occur.
    #[must_use]
    pub const fn part(&self) -> founding::Part {
        use founding::Part;
        match self {
            Self::Programme(programme::Event::Plan(_)) | Self::Founding(founding::Event::Opened(_)) => {
                Part::Founding
            }
            Self::Key(..)
            | Self::Programme(
                programme::Event::Action(_, action::Event::Created(_))
                | programme::Event::Party(_, party::Event::Registered(_))
                | programme::Event::Instrument(_, instrument::Event::Registered(_)),
            ) => Part::Either,
            Self::Adopted(_)
            | Self::Attested(_)
            | Self::Erased(_)
            | Self::Programme(_)
            | Self::Founding(founding::Event::Acceded(_)) => Part::Later,
        }
    }
}

fn subject(event: &Event, expected: &'static str) -> Result<(), FactFault> {
    if event.subject == expected {
        return Ok(());
    }
    Err(FactFault::Subject { kind: event.kind.to_string(), expected, found: event.subject.to_string() })
}

/// The code after the slash of a subject such as `actions/<ref>`.
fn code(event: &Event, expected: &'static str) -> Result<Code, FactFault> {
    let prefix = expected.split_once('<').map_or(expected, |(prefix, _)| prefix);
    let code = event.subject.strip_prefix(prefix).and_then(|id| id.parse().ok());
    code.ok_or_else(|| FactFault::Subject {
        kind: event.kind.to_string(),
        expected,
        found: event.subject.to_string(),
    })
}

/// The fields of an event, to be typed.
trait Fields {
    type Fault: From<FactFault>;

    fn read<T: DeserializeOwned>(self) -> Result<T, Self::Fault>;
}

/// As they stand in the event, and where the digests go that they hold: read at once, or refused without a word.
struct Text<'a>(&'a Data, &'a mut Vec<WithheldField>);

impl Fields for Text<'_> {
    type Fault = Refused;

    fn read<T: DeserializeOwned>(self) -> Result<T, Refused> {
        typed::read(self.0, self.1)
    }
}

impl From<FactFault> for Refused {
    fn from(_: FactFault) -> Self {
        Self
    }
}

/// Each in its typed place: what is wrong with them is told.
impl Fields for Map<String, Value> {
    type Fault = FactFault;

    fn read<T: DeserializeOwned>(self) -> Result<T, FactFault> {
        shape::read(&Value::Object(self)).map_err(|Fault { path, what }| {
            let clear =
                sealed::DISCLOSABLE.iter().find(|name| what.starts_with(&format!("unknown field `{name}`")));
            let what = match clear {
                Some(name) => format!("`{name}` is never in clear: its digest stands in `_sd`, if anywhere"),
                None => what.replace(sealed::PREFIX, "_sd/"),
            };
            FactFault::Data { path, what }
        })
    }
}

#[cfg(test)]
mod tests;
