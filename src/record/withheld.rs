//! Withheld fields on their way between clear text, an event's `_sd` and its typed form.
//!
//! ```text
//! clear   {"note":"Møde afholdt"}                                        in a file of requests
//! event   {"_aud":{"note":"parties"},"_sd":{"note":"X9yH…"}}            hashed and signed
//! typed   {"_sd.note":{"audience":"parties","digest":"X9yH…"}}          read by the domain
//! ```

use crate::domain::sealed::{Audience, DISCLOSABLE, PREFIX};
use crate::domain::value::{Sha256, Text};
use crate::trail::disclosure::{DISCLOSURE_LIMIT, Digest, Disclosure};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const DIGESTS: &str = "_sd";
pub(super) const AUDIENCES: &str = "_aud";
/// Withheld too, where `confidential` stands beside it.
pub const FILE_DIGEST: &str = "sha256";
const CONFIDENTIAL: &str = "confidential";

/// Why withheld fields are not well-formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithheldFault {
    /// Not of the form.
    #[error("`{0}` is an object from field names to {1}, and has at least one member")]
    Form(&'static str, &'static str),
    /// Not a digest.
    #[error("`_sd.{0}` is not a digest: 43 characters of base64url are expected")]
    Digest(String),
    /// An audience for a field that is not withheld.
    #[error("`_aud` names `{0}`, which `_sd` beside it does not hold")]
    Audience(String),
    /// A disclosure of another field.
    #[error("it is a disclosure of {0}, and the entry withholds `{1}` under its digest")]
    Name(String, String),
    /// A value that its field cannot have.
    #[error("`{0}` cannot hold this: {1}")]
    Value(String, String),
    /// A reserved name.
    #[error("`{0}` is unknown: no field begins with an underscore, but `_sd` and `_aud`")]
    Reserved(String),
}

/// A digest that an event holds, with the name of its field and for whom it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithheldField {
    /// Of the disclosure.
    pub digest: Digest,
    /// The field.
    pub name: String,
    /// As signed.
    pub audience: Audience,
}

impl WithheldField {
    /// Whether the disclosure with its digest is the value of its field: it is of that name, and holds what the field can have.
    ///
    /// # Errors
    /// [`WithheldFault::Name`], [`WithheldFault::Value`].
    pub fn check(&self, disclosure: &Disclosure) -> Result<(), WithheldFault> {
        if disclosure.name() == self.name {
            return check_value(disclosure);
        }
        Err(WithheldFault::Name(Shown::of(disclosure).field(), self.name.clone()))
    }
}

/// What is at hand under a digest, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The field that it is of, where a field of that name can be withheld.
    pub name: Option<String>,
    /// Whether it holds what that field can have: what does not is no disclosure.
    pub fits: bool,
}

impl Shown {
    /// What a disclosure shows.
    #[must_use]
    pub fn of(disclosure: &Disclosure) -> Self {
        // A name comes from outside, and there are few fields: no other is repeated.
        let name = Some(disclosure.name()).filter(|name| can_be_withheld(name));
        Self { name: name.map(str::to_owned), fits: check_value(disclosure).is_ok() }
    }

    /// Whether it is of a field.
    #[must_use]
    pub fn is_of(&self, field: &str) -> bool {
        self.name.as_deref() == Some(field)
    }

    /// The field that it is of, as people name it.
    #[must_use]
    pub fn field(&self) -> String {
        self.name
            .as_ref()
            .map_or_else(|| "no field that is ever withheld".to_owned(), |name| format!("`{name}`"))
    }
}

/// What a field holds that is withheld, as people name it.
#[must_use]
pub fn expected(field: &str) -> &'static str {
    if field == FILE_DIGEST { "a SHA-256 digest" } else { "a text" }
}

/// Where a digest stands in an event's data, as people name it: `note`, `evidence/2/filename`, items counted from 1.
#[must_use]
pub fn places(data: &Map<String, Value>) -> Vec<(String, Digest)> {
    let mut places = Vec::new();
    place_object(data, "", &mut places);
    places
}

fn place_object(object: &Map<String, Value>, within: &str, places: &mut Vec<(String, Digest)>) {
    for (name, value) in object {
        match value {
            Value::Object(digests) if name == DIGESTS => {
                let found = digests.keys().filter_map(|field| Some((field, digest_of(object, field)?)));
                places.extend(found.map(|(field, digest)| (format!("{within}{field}"), digest)));
            }
            Value::Object(_) if name == AUDIENCES => {}
            other => place_value(other, &format!("{within}{name}/"), places),
        }
    }
}

fn place_value(value: &Value, within: &str, places: &mut Vec<(String, Digest)>) {
    match value {
        Value::Object(object) => place_object(object, within, places),
        Value::Array(items) => {
            for (number, item) in (1..).zip(items) {
                place_value(item, &format!("{within}{number}/"), places);
            }
        }
        _ => {}
    }
}

/// The digest under which an object withholds a field, if it does.
#[must_use]
pub fn digest_of(object: &Map<String, Value>, name: &str) -> Option<Digest> {
    object.get(DIGESTS)?.get(name)?.as_str().and_then(Digest::parse)
}

/// Moves every digest of an event's data to its typed place, and lists them.
///
/// # Errors
/// [`WithheldFault`], by name.
pub fn unfold(data: &Map<String, Value>) -> Result<(Map<String, Value>, Vec<WithheldField>), WithheldFault> {
    let mut held = Vec::new();
    let typed = unfold_object(data, &mut held)?;
    Ok((typed, held))
}

fn unfold_object(
    object: &Map<String, Value>,
    held: &mut Vec<WithheldField>,
) -> Result<Map<String, Value>, WithheldFault> {
    let mut typed = Map::new();
    for (name, value) in object {
        if name.starts_with('_') {
            if name != DIGESTS && name != AUDIENCES {
                return Err(WithheldFault::Reserved(name.clone()));
            }
            continue;
        }
        typed.insert(name.clone(), unfold_value(value, held)?);
    }
    let empty = Map::new();
    let member = |name: &'static str, of: &'static str| match object.get(name) {
        None => Ok(&empty),
        Some(Value::Object(members)) if !members.is_empty() => Ok(members),
        Some(_) => Err(WithheldFault::Form(name, of)),
    };
    let digests = member(DIGESTS, "digests")?;
    let audiences = member(AUDIENCES, "audiences")?;
    if let Some(name) = audiences.keys().find(|name| !digests.contains_key(*name)) {
        return Err(WithheldFault::Audience(name.clone()));
    }
    for (name, digest) in digests {
        let digest = digest.as_str().and_then(Digest::parse);
        let digest = digest.ok_or_else(|| WithheldFault::Digest(name.clone()))?;
        let audience = match audiences.get(name) {
            None => Audience::Public,
            Some(value) => audience(value)
                .filter(|audience| *audience != Audience::Public)
                .ok_or(WithheldFault::Form(AUDIENCES, "`parties` or a party"))?,
        };
        let text = digest.to_string();
        typed.insert(format!("{PREFIX}{name}"), json!({"digest": text, "audience": audience}));
        held.push(WithheldField { digest, name: name.clone(), audience });
    }
    Ok(typed)
}

fn unfold_value(value: &Value, held: &mut Vec<WithheldField>) -> Result<Value, WithheldFault> {
    Ok(match value {
        Value::Object(object) => Value::Object(unfold_object(object, held)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| unfold_value(item, held)).collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

fn audience(value: &Value) -> Option<Audience> {
    Audience::try_from(value.as_str()?.to_owned()).ok()
}

/// Whether a field of this name is withheld, somewhere.
#[must_use]
pub fn can_be_withheld(name: &str) -> bool {
    DISCLOSABLE.contains(&name) || name == FILE_DIGEST
}

/// For whom the fields of a request are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audiences {
    /// Where nothing else is said.
    pub default: Audience,
    /// By field.
    pub fields: BTreeMap<String, Audience>,
}

impl Audiences {
    /// Everything for the parties.
    pub const PARTIES: Self = Self { default: Audience::Parties, fields: BTreeMap::new() };
}

/// Withholds every disclosable field of clear data: the data with digests in their places, and the disclosures. `salt`
/// gives 128 random bits at each call.
pub fn seal(
    data: &Map<String, Value>,
    audiences: &Audiences,
    salt: &mut dyn FnMut() -> [u8; 16],
) -> (Map<String, Value>, Vec<Disclosure>) {
    let mut disclosures = Vec::new();
    let sealed = seal_object(data, audiences, salt, &mut disclosures);
    (sealed, disclosures)
}

fn seal_object(
    object: &Map<String, Value>,
    audiences: &Audiences,
    salt: &mut dyn FnMut() -> [u8; 16],
    disclosures: &mut Vec<Disclosure>,
) -> Map<String, Value> {
    let mut event = Map::new();
    let (mut digests, mut marked) = (Map::new(), Map::new());
    let confidential = object.get(CONFIDENTIAL) == Some(&Value::Bool(true));
    for (name, value) in object {
        let withheld = DISCLOSABLE.contains(&name.as_str()) || (confidential && name == FILE_DIGEST);
        if !withheld {
            event.insert(name.clone(), seal_value(value, audiences, salt, disclosures));
            continue;
        }
        let disclosure = Disclosure::new(salt(), name, value);
        digests.insert(name.clone(), disclosure.digest().to_string().into());
        let audience = audiences.fields.get(name).unwrap_or(&audiences.default);
        if *audience != Audience::Public {
            marked.insert(name.clone(), String::from(audience.clone()).into());
        }
        disclosures.push(disclosure);
    }
    for (name, members) in [(DIGESTS, digests), (AUDIENCES, marked)] {
        if !members.is_empty() {
            event.insert(name.to_owned(), Value::Object(members));
        }
    }
    event
}

fn seal_value(
    value: &Value,
    audiences: &Audiences,
    salt: &mut dyn FnMut() -> [u8; 16],
    disclosures: &mut Vec<Disclosure>,
) -> Value {
    match value {
        Value::Object(object) => Value::Object(seal_object(object, audiences, salt, disclosures)),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| seal_value(item, audiences, salt, disclosures)).collect())
        }
        other => other.clone(),
    }
}

/// Whether a disclosure holds a value that its field can have: words, or a digest. What holds another is no disclosure. No rule
/// depends on it, so it is asked where a disclosure is read and before it is kept.
///
/// # Errors
/// [`WithheldFault::Value`].
pub fn check_value(disclosure: &Disclosure) -> Result<(), WithheldFault> {
    if disclosure.encoded().len() > DISCLOSURE_LIMIT {
        let what = format!("a disclosure has at most {DISCLOSURE_LIMIT} bytes of base64url: shorten it");
        return Err(WithheldFault::Value(disclosure.name().to_owned(), what));
    }
    let checked = match (disclosure.name(), disclosure.value()) {
        (FILE_DIGEST, Value::String(text)) => Sha256::try_from(text.clone()).map(|_| ()),
        (_, Value::String(text)) => Text::try_from(text.clone()).map(|_| ()),
        _ => {
            let what = "a JSON text is expected".to_owned();
            return Err(WithheldFault::Value(disclosure.name().to_owned(), what));
        }
    };
    checked.map_err(|fault| WithheldFault::Value(disclosure.name().to_owned(), fault.to_string()))
}

/// Puts disclosed values back: data as its author wrote it, as far as `known` gives the disclosures. What is withheld
/// stays a digest in `_sd`.
#[must_use]
pub fn disclose(data: &Map<String, Value>, known: &dyn Fn(&str) -> Option<Disclosure>) -> Map<String, Value> {
    let mut clear = Map::new();
    for (name, value) in data {
        match (name.as_str(), value) {
            (AUDIENCES, _) => {}
            (DIGESTS, Value::Object(digests)) => {
                let mut withheld = Map::new();
                for (field, digest) in digests {
                    let disclosure = digest.as_str().and_then(known).filter(|found| found.name() == field);
                    match disclosure {
                        Some(found) => clear.insert(field.clone(), found.value().clone()),
                        None => withheld.insert(field.clone(), digest.clone()),
                    };
                }
                if !withheld.is_empty() {
                    clear.insert(DIGESTS.to_owned(), Value::Object(withheld));
                }
            }
            (_, other) => {
                clear.insert(name.clone(), disclose_value(other, known));
            }
        }
    }
    clear
}

fn disclose_value(value: &Value, known: &dyn Fn(&str) -> Option<Disclosure>) -> Value {
    match value {
        Value::Object(object) => Value::Object(disclose(object, known)),
        Value::Array(items) => items.iter().map(|item| disclose_value(item, known)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
