//! Requests as they are handed over: signed ones with their disclosures, and drafts that a local key is to sign.
//!
//! ```text
//! {"request":{…a signed event…},"disclosures":["WyJ…"]}
//! {"as":"KR/MSIT","subject":"actions/1.G2G.3","type":"annals.action.progressed.v1","time":"2022-06-01T08:00:00.000Z","data":{…}}
//! ```

use super::fact::{Fact, FactFault};
use super::role::Role;
use super::withheld::{self, Audiences};
use crate::domain::party::Author;
use crate::domain::sealed::Audience;
use crate::domain::shape::{self, Fault};
use crate::domain::value::Code;
use crate::trail::canonical;
use crate::trail::disclosure::{Disclosure, NotADisclosure};
use crate::trail::entry::{EntryFault, Event, Request, parse_id, parse_timestamp, timestamp};
use crate::trail::hash::LeafHash;
use crate::trail::key::SigningKey;
use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Why a line is not a request.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionFault {
    /// Not of the form.
    #[error("{}{what}", place(path))]
    Form {
        /// JSON pointer.
        path: String,
        /// What is wrong there.
        what: String,
    },
    /// Not a signed event.
    #[error("`request` is not a signed event")]
    Request(#[from] EntryFault),
    /// Not a disclosure.
    #[error("`disclosures` holds something else")]
    Disclosure(#[from] NotADisclosure),
}

fn place(path: &str) -> String {
    if path == "/" { String::new() } else { format!("{path}: ") }
}

/// A request, signed or not.
#[derive(Debug)]
pub enum Submission {
    /// Signed by its author, somewhere.
    Signed(Request, Vec<Disclosure>),
    /// To be signed here.
    Draft(Draft),
}

/// What is to be said, in clear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Who speaks: `KR`, `KR/MSIT`.
    #[serde(rename = "as")]
    pub speaker: Speaker,
    /// With a key of which role, where the type does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "shape::present")]
    pub role: Option<Role>,
    /// The stream.
    pub subject: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it is said.
    #[serde(with = "instant")]
    pub time: DateTime<Utc>,
    /// Its id, where a later line answers it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "id")]
    pub id: Option<Uuid>,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "id")]
    pub causationid: Option<Uuid>,
    /// What it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "shape::present")]
    pub correlationid: Option<String>,
    /// For whom its withheld fields are: one audience, or one for each field. The parties, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "shape::present")]
    pub audience: Option<Meant>,
    /// The event's fields.
    pub data: Map<String, Value>,
}

/// For whom withheld fields are, as a file says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "`public`, `parties` or a party is expected, or an object from fields that can be withheld to one of these"
)]
pub enum Meant {
    /// All of them.
    All(Audience),
    /// Some of them; the others are for the parties.
    Fields(#[serde(deserialize_with = "fields")] BTreeMap<String, Audience>),
}

/// Who speaks, as people write it: `KR`, `KR/MSIT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Speaker(pub Author);

/// Not somebody who can speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nobody: a party such as KR, or an institution of it such as KR/MSIT, is expected")]
pub struct Nobody(String);

impl TryFrom<String> for Speaker {
    type Error = Nobody;

    fn try_from(text: String) -> Result<Self, Nobody> {
        let code = |part: &str| Code::try_from(part.to_owned()).map_err(|_| Nobody(text.clone()));
        let (party, institution) = match text.split_once('/') {
            Some((party, institution)) => (code(party)?, Some(code(institution)?)),
            None => (code(&text)?, None),
        };
        Ok(Self(Author { party, institution }))
    }
}

impl std::str::FromStr for Speaker {
    type Err = Nobody;

    fn from_str(text: &str) -> Result<Self, Nobody> {
        text.to_owned().try_into()
    }
}

impl From<Speaker> for String {
    fn from(speaker: Speaker) -> Self {
        speaker.0.to_string()
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = "a UUID of version 7 in lower case is expected";
    parse_id(&text).map(Some).ok_or_else(|| D::Error::custom(format!("`{text}`: {expected}")))
}

/// A misspelt name would leave its field with the default audience.
fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Audience>, D::Error> {
    let fields = BTreeMap::<String, Audience>::deserialize(deserializer)?;
    match fields.keys().find(|name| !withheld::can_be_withheld(name)) {
        Some(name) => Err(D::Error::custom(format!("`{name}` is never withheld"))),
        None => Ok(fields),
    }
}

/// An instant in a file, in the one form in which it is signed.
mod instant {
    use super::{DateTime, Deserialize, Utc, parse_timestamp, timestamp};

    pub(super) fn serialize<S: serde::Serializer>(
        time: &DateTime<Utc>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&timestamp(*time))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_timestamp(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is not an instant such as 2021-04-14T09:30:00.000Z, in UTC, with milliseconds"
            ))
        })
    }
}

impl Submission {
    /// Reads one line of a file of requests.
    ///
    /// # Errors
    /// [`SubmissionFault`], by name.
    pub fn read(text: &str) -> Result<Self, SubmissionFault> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Signed<'a> {
            #[serde(borrow)]
            request: &'a RawValue,
            #[serde(default)]
            disclosures: Vec<String>,
        }
        let form =
            // A request is one line, of which only the column is worth saying.
            |error: serde_json::Error| SubmissionFault::Form { path: "/".to_owned(), what: error.to_string().replace(" line 1 ", " ") };
        // Duplicate keys are refused before anything is typed.
        // Some editors begin a file with a byte order mark, which is none of its text (RFC 8259 §8.1).
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value = canonical::read(text).map_err(form)?;
        if value.get("request").is_some() {
            let signed: Signed<'_> = serde_json::from_str(text).map_err(form)?;
            let request = Request::parse(signed.request.get().as_bytes())?;
            let disclosures = signed.disclosures.iter().map(|each| Disclosure::parse(each));
            return Ok(Self::Signed(request, disclosures.collect::<Result<_, _>>()?));
        }
        let draft =
            shape::read(&value).map_err(|Fault { path, what }| SubmissionFault::Form { path, what })?;
        Ok(Self::Draft(draft))
    }

    /// A signed request with its disclosures as such a line, without a newline; the request byte for byte as it is.
    ///
    /// # Errors
    /// Never, for a request that was signed.
    pub fn write(request: &Request, disclosures: &[Disclosure]) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Signed<'a> {
            request: &'a RawValue,
            disclosures: Vec<&'a str>,
        }
        let bytes = request.to_bytes();
        let request = serde_json::from_slice(&bytes)?;
        serde_json::to_string(&Signed {
            request,
            disclosures: disclosures.iter().map(Disclosure::encoded).collect(),
        })
    }
}

impl Draft {
    /// As [`Draft::new`], of a party itself.
    #[must_use]
    pub fn of_party(
        party: &Code,
        subject: String,
        kind: &str,
        time: DateTime<Utc>,
        data: Map<String, Value>,
    ) -> Self {
        Self::new(Author { party: party.clone(), institution: None }, subject, kind, time, data)
    }

    /// What somebody says of a stream: `kind` is the event's type without prefix and version, `action.progressed`.
    #[must_use]
    pub fn new(
        author: Author,
        subject: String,
        kind: &str,
        time: DateTime<Utc>,
        data: Map<String, Value>,
    ) -> Self {
        Self {
            speaker: Speaker(author),
            role: None,
            subject,
            kind: format!("annals.{kind}.v1"),
            time,
            id: None,
            causationid: None,
            correlationid: None,
            audience: None,
            data,
        }
    }

    /// The role that signs such an event, where the draft names none.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role.unwrap_or_else(|| match &self.speaker.0.institution {
            Some(_) => Role::Officer,
            None if self.kind == "annals.action.verified.v1" => Role::Auditor,
            // In the founding it answers nothing.
            None if self.kind == "annals.action.created.v1" && self.causationid.is_none() => Role::Authority,
            None if self.kind == "annals.review.signed.v1" => Role::Authority,
            None if ["annals.action.", "annals.review."].iter().any(|of| self.kind.starts_with(of)) => {
                Role::Coordinator
            }
            None => Role::Authority,
        })
    }

    /// Signs the draft; its disclosable fields are withheld, under salts of 128 random bits each.
    ///
    /// # Errors
    /// [`EntryFault`], where it has no canonical form or is too long.
    pub fn sign(
        &self,
        id: Uuid,
        ledger: &str,
        basehash: LeafHash,
        key: &SigningKey,
        salt: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<(Request, Vec<Disclosure>), EntryFault> {
        let (event, disclosures) = self.event(id, ledger, basehash, salt);
        let event = Event { keyid: key.verifier().keyid().into(), ..event };
        Ok((event.sign(key)?, disclosures))
    }

    /// The event, but for whose key signs it.
    fn event(
        &self,
        id: Uuid,
        ledger: &str,
        basehash: LeafHash,
        salt: &mut dyn FnMut() -> [u8; 16],
    ) -> (Event, Vec<Disclosure>) {
        let (data, disclosures) = withheld::seal(&self.normalised(), &self.audiences(), salt);
        let event = Event {
            ledger: ledger.into(),
            id,
            source: self.speaker.0.source().into(),
            kind: self.kind.as_str().into(),
            subject: self.subject.as_str().into(),
            time: self.time,
            keyid: "".into(),
            basehash,
            causationid: self.causationid,
            correlationid: self.correlation().map(Into::into),
            data: data.into(),
        };
        (event, disclosures)
    }

    /// Whether it says something that an event of its type can say, also in the values that it withholds, whatever the history is.
    ///
    /// # Errors
    /// [`FactFault`], by name.
    pub fn check(&self) -> Result<(), FactFault> {
        let (event, values) = self.event(Uuid::nil(), "", LeafHash::NONE, &mut || [0; 16]);
        Fact::read(&event)?;
        Ok(values.iter().try_for_each(withheld::check_value)?)
    }

    /// The fields with their texts in NFC, but for those that are somebody else's octets.
    fn normalised(&self) -> Map<String, Value> {
        let mut data = self.data.clone();
        normalise(&mut data);
        data
    }

    fn correlation(&self) -> Option<String> {
        self.correlationid.as_deref().map(canonical::nfc)
    }

    fn audiences(&self) -> Audiences {
        match &self.audience {
            None => Audiences::PARTIES,
            Some(Meant::All(audience)) => Audiences { default: audience.clone(), fields: BTreeMap::new() },
            Some(Meant::Fields(fields)) => Audiences { default: Audience::Parties, fields: fields.clone() },
        }
    }

    /// Whether an event that was recorded says what this draft says, as far as its disclosures are `known`: a field
    /// whose disclosure is not at hand counts by its presence.
    #[must_use]
    pub fn says(&self, event: &Event, known: &dyn Fn(&str) -> Option<Disclosure>) -> bool {
        let data = Value::Object(self.normalised());
        event.source == self.speaker.0.source()
            && event.subject == self.subject
            && event.kind == self.kind
            && self.time == event.time
            && self.causationid == event.causationid
            && self.correlation().as_deref() == event.correlationid.as_deref()
            && agrees(&data, &Value::Object(withheld::disclose(&event.data.members(), known)))
    }
}

/// Members that are signed as they are given: the id of a key is computed over its name, and the parties adopt the same bytes.
const AS_GIVEN: [&str; 6] = ["authority", "keyid", "ledger_key", "policy", "vkey", "witness"];

fn normalise(members: &mut Map<String, Value>) {
    let own = members.iter_mut().filter(|(name, _)| !AS_GIVEN.contains(&name.as_str()));
    own.for_each(|(_, value)| match value {
        Value::Object(members) => normalise(members),
        // The opening lists the keys of each party.
        Value::Array(items) => items.iter_mut().for_each(|item| match item {
            Value::Object(members) => normalise(members),
            other => canonical::normalise(other),
        }),
        other => canonical::normalise(other),
    });
}

fn agrees(draft: &Value, recorded: &Value) -> bool {
    match (draft, recorded) {
        (Value::Object(draft), Value::Object(recorded)) => {
            let erased = recorded.get("_sd").and_then(Value::as_object);
            let count = recorded.len() - usize::from(erased.is_some()) + erased.map_or(0, Map::len);
            let same = |(name, value): (&String, &Value)| match recorded.get(name) {
                Some(other) => agrees(value, other),
                None => erased.is_some_and(|names| names.contains_key(name)),
            };
            draft.len() == count && draft.iter().all(same)
        }
        (Value::Array(draft), Value::Array(recorded)) => {
            draft.len() == recorded.len() && draft.iter().zip(recorded).all(|(one, other)| agrees(one, other))
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests;
