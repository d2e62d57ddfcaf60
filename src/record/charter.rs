//! The founding of a ledger from a plan document: the drafts that the opener signs, and whether what was laid down is the
//! plan that the others know.

use super::founding::Opened;
use super::history::State;
use super::request::Draft;
use super::role::Role;
use crate::domain::party::Author;
use crate::domain::plan::{Line, Plan};
use crate::domain::programme::Adopted;
use crate::domain::shape::Fault;
use crate::domain::value::{Code, Sha256};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

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
/// document is named too, but for institutions of the opener, who may name more of its own at any time.
#[must_use]
pub fn differences(plan: &Plan, plan_sha256: &Sha256, state: &State) -> Vec<Fault> {
    let programme = &state.programme;
    let mut found = Vec::new();
    let mut differs = |path: String, what: &str| found.push(Fault { path, what: what.to_owned() });
    match &programme.plan {
        None => differs("/".to_owned(), "no plan is laid down"),
        Some(laid) if **laid == adopted(plan, plan_sha256) => {}
        Some(laid) if laid.plan_sha256 != *plan_sha256 => {
            differs(
                "/".to_owned(),
                &format!("the ledger is for the document with SHA-256 {}", laid.plan_sha256),
            );
        }
        Some(_) => {
            differs("/".to_owned(), "title, period, grace days, lines or tracks are laid down otherwise");
        }
    }
    let opened = state.founding.iter().flat_map(|founding| &founding.opened.parties);
    let opened: Vec<_> = opened.map(|party| (&party.id, &party.name, &party.time_zone)).collect();
    if opened
        != plan.parties.iter().map(|party| (&party.id, &party.name, &party.time_zone)).collect::<Vec<_>>()
    {
        differs("/parties".to_owned(), "the opening names other parties");
    }
    for (at, body) in plan.institutions.iter().enumerate() {
        let mut laid = programme.parties.get(&body.party).into_iter().flat_map(|party| party.institutions());
        if !laid.any(|laid| laid == body) {
            differs(format!("/institutions/{at}"), &format!("{} is missing or laid down otherwise", body.id));
        }
    }
    for (at, base) in plan.instruments.iter().enumerate() {
        if programme.instruments.get(&base.reference).is_none_or(|laid| laid.instrument != *base) {
            differs(
                format!("/instruments/{at}"),
                &format!("{} is missing or laid down otherwise", base.reference),
            );
        }
    }
    for (at, action) in plan.actions.iter().enumerate() {
        if programme.actions.get(&action.reference).is_none_or(|laid| *laid.action != *action) {
            differs(
                format!("/actions/{at}"),
                &format!("{} is missing or laid down otherwise", action.reference),
            );
        }
    }
    let by = state.founding.as_ref().map(|founding| &founding.opener);
    for (party, bodies) in programme.parties.iter().filter(|(party, _)| Some(*party) != by) {
        for body in bodies.institutions().filter(|body| !plan.institutions.iter().any(|known| known == *body))
        {
            differs(
                "/institutions".to_owned(),
                &format!("the ledger has {} of {party}, which the document has not", body.id),
            );
        }
    }
    let known = |reference: &Code| plan.actions.iter().any(|action| action.reference == *reference);
    for extra in programme.actions.keys().filter(|reference| !known(reference)) {
        differs("/actions".to_owned(), &format!("the ledger has {extra}, which the document has not"));
    }
    let known = |reference: &Code| plan.instruments.iter().any(|base| base.reference == *reference);
    for extra in programme.instruments.keys().filter(|reference| !known(reference)) {
        differs("/instruments".to_owned(), &format!("the ledger has {extra}, which the document has not"));
    }
    found
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
