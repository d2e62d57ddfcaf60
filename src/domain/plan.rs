//! The plan document: what was signed, as data, with every fault named by its path.

use super::date::{Cycle, Period};
use super::sealed::Audience;
use super::shape::{self, Fault};
use super::value::{Code, Sha256, Text, Zone, words};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A plan as it is signed and founded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The plan's id.
    pub id: Code,
    /// Its title.
    pub title: Text,
    /// When it is to be carried out.
    pub period: Period,
    /// How many days a party's differing word keeps a status disputed.
    pub grace_days: u16,
    /// The signed text that this was taken from.
    pub document: Document,
    /// Those who signed, at least two.
    pub parties: Vec<Party>,
    /// The bodies of the parties.
    pub institutions: Vec<Institution>,
    /// The lines of effort.
    pub lines: Vec<Line>,
    /// The tracks that occur in the lines.
    pub tracks: Vec<Track>,
    /// The bases of agreement.
    pub instruments: Vec<Instrument>,
    /// The actions, in the order of the document.
    pub actions: Vec<Action>,
}

/// The signed text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Of its bytes.
    pub sha256: Sha256,
    /// BCP 47.
    pub language: Code,
}

/// One of those who signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// ISO 3166-1 alpha-2 for a country.
    pub id: Code,
    /// Its name.
    pub name: Text,
    /// In which its days end.
    pub time_zone: Zone,
}

/// A body of a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Institution {
    /// Its abbreviation.
    pub id: Code,
    /// The party it belongs to.
    pub party: Code,
    /// Its names, by language.
    #[serde(deserialize_with = "shape::distinct")]
    pub names: BTreeMap<Code, Text>,
    /// Other spellings under which the text names it.
    pub aliases: Vec<Text>,
}

impl Institution {
    /// Whether it goes by a name, in whichever language and case.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.names.values().chain(&self.aliases).any(|known| known.as_str().to_lowercase() == name)
    }
}

/// A line of effort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// As printed.
    pub number: u16,
    /// As printed.
    pub title: Text,
    /// Its introduction, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "shape::present")]
    pub text: Option<Text>,
    /// The Sustainable Development Goals that it names.
    pub goals: Vec<Goal>,
}

/// A Sustainable Development Goal as the plan names it, which may not be its official name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// 1 to 17.
    #[serde(deserialize_with = "goal")]
    pub number: u8,
    /// As printed.
    pub printed: Text,
}

/// A kind of cooperation under which actions stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// `G2G`
    pub code: Code,
    /// Its title.
    pub title: Text,
}

/// A basis of agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Its reference.
    #[serde(rename = "ref")]
    pub reference: Code,
    /// The line it is listed under.
    pub line: u16,
    /// As printed.
    pub title: Text,
    /// In which it was or is to be signed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "shape::present")]
    pub year: Option<u16>,
    /// Where it stands.
    pub state: InstrumentState,
    /// When it lapses, where its text says so.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "shape::present")]
    pub expires: Option<super::date::Effective>,
}

words! {
    /// Where a basis of agreement stands.
    InstrumentState {
        ToBeConfirmed = "to_be_confirmed",
        Signed = "signed",
        InForce = "in_force",
        Lapsed = "lapsed",
    }
}

/// An action of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Its reference, stable for ever: `1.G2G.3`.
    #[serde(rename = "ref")]
    pub reference: Code,
    /// The line it stands in.
    pub line: u16,
    /// The track it stands in.
    pub track: Code,
    /// Verbatim.
    pub text: Text,
    /// What kind of action it is.
    pub kind: Kind,
    /// How often it recurs, where the text says so.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "shape::present")]
    pub cycle: Option<Cycle>,
    /// How firmly it is promised.
    pub firmness: Firmness,
    /// The bodies that its text names.
    pub institutions: Vec<Code>,
    /// The instruments that it rests on.
    pub basis: Vec<Code>,
    /// Doubts about the text, in clear.
    pub notes: Vec<Text>,
}

words! {
    /// What kind an action is.
    Kind {
        Recurring = "recurring",
        Continuing = "continuing",
        Deliverable = "deliverable",
        Conditional = "conditional",
    }
}

words! {
    /// How firmly an action is promised.
    Firmness {
        Stated = "stated",
        Will = "will",
        Continued = "continued",
        Possible = "possible",
        Explore = "explore",
        Conditional = "conditional",
    }
}

impl Plan {
    /// Reads a plan document.
    ///
    /// # Errors
    /// One fault where it is not of the form (`schemas/plan.json`); otherwise every contradiction in it.
    pub fn read(text: &str) -> Result<Self, Vec<Fault>> {
        let whole = |error: &serde_json::Error| vec![Fault { path: "/".to_owned(), what: error.to_string() }];
        // Some editors begin a file with a byte order mark, which is none of its text (RFC 8259 §8.1).
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        // Once from the text, for line and column, and so that no member occurs twice; once for its shape.
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut deserializer);
        read.map_err(|error| vec![Fault::of(error)])?;
        deserializer.end().map_err(|error| whole(&error))?;
        let value = serde_json::from_str(text).map_err(|error| whole(&error))?;
        let plan: Self = shape::read(&value).map_err(|fault| vec![fault])?;
        let faults = plan.faults();
        if faults.is_empty() { Ok(plan) } else { Err(faults) }
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        let parties = faults.distinct("parties", "id", self.parties.iter().map(|party| party.id.as_str()));
        let bodies =
            faults.distinct("institutions", "id", self.institutions.iter().map(|body| body.id.as_str()));
        let tracks = faults.distinct("tracks", "code", self.tracks.iter().map(|track| track.code.as_str()));
        let bases = faults.distinct(
            "instruments",
            "ref",
            self.instruments.iter().map(|base| base.reference.as_str()),
        );
        let numbers: Vec<String> = self.lines.iter().map(|line| line.number.to_string()).collect();
        let lines = faults.distinct("lines", "number", numbers.iter().map(String::as_str));
        faults.distinct("actions", "ref", self.actions.iter().map(|action| action.reference.as_str()));
        for (at, party) in self.parties.iter().enumerate() {
            if Audience::WORDS.contains(&party.id.as_str()) {
                let what =
                    format!("`{}` says for whom a withheld field is, so no party is called so", party.id);
                faults.add(format!("/parties/{at}/id"), what);
            }
        }
        if parties.len() < 2 {
            faults.add("/parties".to_owned(), "a joint plan has at least two parties".to_owned());
        }
        for (at, body) in self.institutions.iter().enumerate() {
            faults.known(&parties, "party", body.party.as_str(), || format!("/institutions/{at}/party"));
            if body.names.is_empty() {
                faults.add(
                    format!("/institutions/{at}/names"),
                    "an institution has at least one name".to_owned(),
                );
            }
        }
        for (at, base) in self.instruments.iter().enumerate() {
            faults.known(&lines, "line", &base.line.to_string(), || format!("/instruments/{at}/line"));
        }
        for (at, action) in self.actions.iter().enumerate() {
            faults.known(&lines, "line", &action.line.to_string(), || format!("/actions/{at}/line"));
            faults.known(&tracks, "track", action.track.as_str(), || format!("/actions/{at}/track"));
            for (n, body) in action.institutions.iter().enumerate() {
                faults.known(&bodies, "institution", body.as_str(), || {
                    format!("/actions/{at}/institutions/{n}")
                });
            }
            for (n, base) in action.basis.iter().enumerate() {
                faults.known(&bases, "instrument", base.as_str(), || format!("/actions/{at}/basis/{n}"));
            }
        }
        faults.0
    }
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, path: String, what: String) {
        self.0.push(Fault { path, what });
    }

    fn distinct<'a>(
        &mut self,
        list: &str,
        member: &str,
        ids: impl Iterator<Item = &'a str>,
    ) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        for (at, id) in ids.enumerate() {
            if !seen.insert(id) {
                self.add(format!("/{list}/{at}/{member}"), format!("`{id}` occurs twice"));
            }
        }
        seen
    }

    fn known(&mut self, ids: &BTreeSet<&str>, what: &str, id: &str, path: impl Fn() -> String) {
        if !ids.contains(id) {
            self.add(path(), format!("the {what} `{id}` is not in this plan"));
        }
    }
}

fn goal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(deserializer)?;
    let known = (1..=17).contains(&number);
    let fault = || format!("there is no Sustainable Development Goal {number}; they are 1 to 17");
    if known { Ok(number) } else { Err(D::Error::custom(fault())) }
}
