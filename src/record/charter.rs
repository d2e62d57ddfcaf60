//! The founding as drafts: what the opener signs to lay a plan down.

use super::authority::Role;
use super::founding::Opened;
use super::request::{Draft, Speaker};
use crate::domain::party::Author;
use crate::domain::plan::{Line, Plan};
use crate::domain::programme::Adopted;
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
    let say = |subject: String, kind: &str, data: Map<String, Value>| Draft {
        speaker: Speaker(Author { party: founder.clone(), institution: None }),
        role: Some(Role::Authority),
        subject,
        kind: format!("annals.{kind}.v1"),
        time,
        id: None,
        causationid: None,
        correlationid: None,
        audience: None,
        data,
    };
    let lines = plan.lines.iter().map(|line| Line { text: None, ..line.clone() }).collect();
    let adopted = Adopted {
        id: plan.id.clone(),
        title: plan.title.clone(),
        period: plan.period,
        grace_days: plan.grace_days,
        document: plan.document.clone(),
        lines,
        tracks: plan.tracks.clone(),
        plan_sha256: plan_sha256.clone(),
    };
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

fn object<T: Serialize>(value: &T) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(value)?)
}
