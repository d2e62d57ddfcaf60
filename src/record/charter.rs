//! The founding of a ledger from a plan document: the drafts that the opener signs, and whether what was laid down is the
//! plan that the others know.

use super::founding::Opened;
use super::request::Draft;
use super::role::Role;
use super::state::State;
use crate::domain::party::Author;
use crate::domain::plan::{Institution, Line, Plan};
use crate::domain::programme::Adopted;
use crate::domain::shape::Fault;
use crate::domain::value::{Code, Sha256};
use crate::trail::canonical;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Display;

/// The opening, then the plan, its institutions, its instruments and its actions, in the order of the document.
///
/// # Errors
/// Where a value has no JSON, which no plan that was read has.
pub fn drafts(
    plan: &Plan,
    plan_sha256: &Sha256,
    opened: &Opened,
    founder: &Code,
    time: DateTime<Utc>,
) -> Result<Vec<Draft>, serde_json::Error> {
    let say = |subject: String, kind: &str, data: Map<String, Value>| {
        let author = Author { party: founder.clone(), institution: None };
        Draft { role: Some(Role::Authority), ..Draft::new(author, subject, kind, time, data) }
    };
    let adopted = adopted(plan, plan_sha256);
    let mut drafts = vec![
        say("ledger".to_owned(), "ledger.opened", object(opened)?),
        say("plan".to_owned(), "plan.adopted", object(&adopted)?),
    ];
    for body in &plan.institutions {
        drafts.push(say(format!("parties/{}", body.party), "institution.registered", object(body)?));
    }
    for base in &plan.instruments {
        let subject = format!("instruments/{}", base.reference);
        drafts.push(say(subject, "instrument.registered", object(base)?));
    }
    for action in &plan.actions {
        drafts.push(say(format!("actions/{}", action.reference), "action.created", object(action)?));
    }
    Ok(drafts)
}

/// Where what a ledger lays down differs from a plan document, by the document's paths. What the ledger has beyond the
/// document is named too, but for institutions of the opener, who may name more of its own at any time. Where nothing differs but the
/// bytes of the document, that is told.
#[must_use]
pub fn differences(plan: &Plan, plan_sha256: &Sha256, state: &State) -> Vec<Fault> {
    let plan = &in_nfc(plan);
    let mut found = Differences(Vec::new());
    let laid = state.programme.plan.as_deref();
    match laid {
        None => found.add("/", "no plan is laid down".to_owned()),
        Some(laid) => found.frame(&adopted(plan, plan_sha256), laid),
    }
    found.parties(plan, state);
    found.institutions(plan, state);
    let programme = &state.programme;
    let instrument = |reference: &Code| programme.instruments.get(reference).map(|laid| &laid.instrument);
    found.missing("/instruments", &plan.instruments, |base| &base.reference, instrument);
    let action = |reference: &Code| programme.actions.get(reference).map(|laid| &*laid.action);
    found.missing("/actions", &plan.actions, |action| &action.reference, action);
    found.beyond("/actions", programme.actions.keys(), &|laid| {
        plan.actions.iter().any(|action| action.reference == **laid)
    });
    found.beyond("/instruments", programme.instruments.keys(), &|laid| {
        plan.instruments.iter().any(|base| base.reference == **laid)
    });
    let other = laid.map(|laid| &laid.plan_sha256).filter(|laid| *laid != plan_sha256);
    if let Some(other) = other.filter(|_| found.0.is_empty()) {
        found.add(
            "/",
            format!(
                "the same content in other bytes, or with other introductions to its lines, which the ledger does not hold: ask for \
                 the file itself, of which the SHA-256 is {other}"
            ),
        );
    }
    found.0
}

/// As texts are signed.
fn in_nfc(plan: &Plan) -> Plan {
    let normalised = serde_json::to_value(plan).and_then(|mut value| {
        canonical::normalise(&mut value);
        serde_json::from_value(value)
    });
    normalised.unwrap_or_else(|_| plan.clone())
}

/// What differs, in the order in which it was met.
struct Differences(Vec<Fault>);

impl Differences {
    fn add(&mut self, path: &str, what: String) {
        self.0.push(Fault { path: path.to_owned(), what });
    }

    fn frame(&mut self, ours: &Adopted, laid: &Adopted) {
        for (path, same) in [
            ("/id", ours.id == laid.id),
            ("/title", ours.title == laid.title),
            ("/period", ours.period == laid.period),
            ("/grace_days", ours.grace_days == laid.grace_days),
            ("/document", ours.document == laid.document),
        ] {
            if !same {
                self.add(path, "laid down otherwise".to_owned());
            }
        }
        self.listed("/lines", &ours.lines, &laid.lines, |line| format!("line {}", line.number));
        self.listed("/tracks", &ours.tracks, &laid.tracks, |track| format!("track {}", track.code));
    }

    fn parties(&mut self, plan: &Plan, state: &State) {
        let ours: Vec<_> =
            plan.parties.iter().map(|party| (&party.id, &party.name, &party.time_zone)).collect();
        let opened = state.founding.iter().flat_map(|founding| &founding.opened.parties);
        let opened: Vec<_> = opened.map(|party| (&party.id, &party.name, &party.time_zone)).collect();
        self.listed("/parties", &ours, &opened, |(id, ..)| id.to_string());
    }

    fn institutions(&mut self, plan: &Plan, state: &State) {
        let programme = &state.programme;
        for (at, body) in plan.institutions.iter().enumerate() {
            let mut laid =
                programme.parties.get(&body.party).into_iter().flat_map(|party| party.institutions());
            if !laid.any(|laid| laid == body) {
                self.otherwise("/institutions", at, body.id.as_str());
            }
        }
        let by = state.founding.as_ref().map(|founding| &founding.opener);
        for (party, bodies) in programme.parties.iter().filter(|(party, _)| Some(*party) != by) {
            let known = |body: &Institution| plan.institutions.iter().any(|known| known == body);
            for body in bodies.institutions().filter(|body| !known(body)) {
                self.add(
                    "/institutions",
                    format!("the ledger has {} of {party}, which the document has not", body.id),
                );
            }
        }
    }

    /// Where a list differs from the one that is laid down, whose items have the same names.
    fn listed<T: PartialEq>(&mut self, path: &str, ours: &[T], laid: &[T], name: impl Fn(&T) -> String) {
        let before = self.0.len();
        for (at, item) in ours.iter().enumerate() {
            if !laid.contains(item) {
                self.otherwise(path, at, &name(item));
            }
        }
        let names: Vec<String> = ours.iter().map(&name).collect();
        self.beyond(path, laid.iter().map(&name), &|laid| names.contains(laid));
        if self.0.len() == before && ours != laid {
            self.add(path, "laid down in another order".to_owned());
        }
    }

    /// Which items the ledger has not, or otherwise.
    fn missing<'a, T: PartialEq + 'a>(
        &mut self,
        path: &str,
        ours: &[T],
        name: impl Fn(&T) -> &Code,
        laid: impl Fn(&Code) -> Option<&'a T>,
    ) {
        for (at, item) in ours.iter().enumerate() {
            if laid(name(item)) != Some(item) {
                self.otherwise(path, at, name(item).as_str());
            }
        }
    }

    /// Which items the ledger has, and the document has not.
    fn beyond<T: Display>(&mut self, path: &str, laid: impl Iterator<Item = T>, known: &dyn Fn(&T) -> bool) {
        for extra in laid.filter(|laid| !known(laid)) {
            self.add(path, format!("the ledger has {extra}, which the document has not"));
        }
    }

    fn otherwise(&mut self, path: &str, at: usize, name: &str) {
        self.add(&format!("{path}/{at}"), format!("{name} is missing or laid down otherwise"));
    }
}

/// The plan's frame, as its event states it.
fn adopted(plan: &Plan, plan_sha256: &Sha256) -> Adopted {
    Adopted {
        id: plan.id.clone(),
        title: plan.title.clone(),
        period: plan.period,
        grace_days: plan.grace_days,
        document: plan.document.clone(),
        lines: plan.lines.iter().map(|line| Line { text: None, ..line.clone() }).collect(),
        tracks: plan.tracks.clone(),
        plan_sha256: plan_sha256.clone(),
    }
}

fn object<T: Serialize>(value: &T) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(value)?)
}
