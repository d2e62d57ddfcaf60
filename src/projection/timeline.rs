//! The timeline: what was said, in the order of the ledger, with its two dates and its author.

use crate::domain::action::Event as Action;
use crate::domain::assertion::{Indicator, OccurrenceState, Progressed};
use crate::domain::change::{Change, Decision};
use crate::domain::date::Effective;
use crate::domain::decision::Event as Decided;
use crate::domain::instrument::Event as Instrument;
use crate::domain::party::Event as Party;
use crate::domain::programme::Event as Programme;
use crate::domain::review::Event as Review;
use crate::domain::status::Assurance;
use crate::domain::value::{Code, Text, counted};
use crate::domain::word::Words;
use crate::record::adoption::Event as Adoption;
use crate::record::authority::Event as Key;
use crate::record::fact::Fact;
use crate::record::founding::Event as Founding;
use crate::record::state::State;
use crate::trail::entry::Entry;
use crate::trail::hash::LeafHash;
use crate::trail::policy::Quorum;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;
use std::ops::Range;
use uuid::Uuid;

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Position in the ledger.
    pub sequence: u64,
    /// When the ledger learnt of it.
    pub recorded: DateTime<Utc>,
    /// The day of that, in the zone where a day ends last.
    pub day: NaiveDate,
    /// Since when it is true, where it says so.
    pub effective: Option<String>,
    /// Who said it.
    pub source: String,
    /// The stream.
    pub subject: String,
    /// What happened.
    pub kind: String,
    /// In a few words.
    pub summary: String,
    /// The entry that it answers or corrects.
    pub answers: Option<u64>,
    /// What it belongs to, as its author called it: a meeting, a review.
    pub correlation: Option<String>,
    /// The other actions of which the same was said together with it: a meeting that counts for several.
    pub with: Vec<String>,
    /// The entry's id.
    pub id: Uuid,
    /// The entry's leaf hash.
    pub leaf: LeafHash,
    /// Whether its author corrected it later.
    pub voided: bool,
    /// Of an assertion that stands: how well it is assured.
    pub assurance: Option<Assurance>,
    /// What it gives as the values of indicators.
    pub indicators: Vec<Indicator>,
    /// Since when it is true at the earliest: as the entry says, or as a word that says nothing of it is read.
    pub begins: Option<NaiveDate>,
}

/// An entry as an item; `state` is the one at the end of the reading, and `said` are the words of the entry's action then.
#[must_use]
pub fn item(state: &State, entry: &Entry, fact: &Fact, said: &Words) -> Item {
    let event = &entry.request.event;
    let sequence = entry.seal.sequence;
    let (mut summary, effective) = words(fact);
    let word = said.at(sequence);
    let proposals = fact.action().and_then(|action| state.programme.decisions.get(action));
    let answers = event.causationid.and_then(|id| {
        let word = said.by_id(id).map(|word| word.sequence);
        word.or_else(|| Some(proposals?.by_id(id)?.sequence))
    });
    summary.extend(answers.map(|answered| match fact {
        Fact::Programme(
            Programme::Decision(_, Decided::Modified(_)) | Programme::Action(_, Action::Created(_)),
        ) => {
            format!(" (proposed in entry {answered})")
        }
        _ => format!(" entry {answered}"),
    }));
    let said_since = effective.as_ref().and_then(|date| date.parse::<Effective>().ok());
    let begins = said_since.or(word.map(|word| word.effective)).map(|date| date.begin());
    Item {
        begins,
        sequence,
        recorded: entry.seal.recordedtime,
        day: state.day(entry.seal.recordedtime),
        effective,
        source: event.source.to_string(),
        subject: event.subject.to_string(),
        kind: event.kind.to_string(),
        summary,
        answers,
        correlation: event.correlationid.as_deref().map(str::to_owned),
        with: Vec::new(),
        id: event.id,
        leaf: entry.leaf(),
        voided: word.is_some_and(|word| word.voided.is_some()),
        assurance: Assurance::of(said, sequence),
        indicators: indicators(fact),
    }
}

fn indicators(fact: &Fact) -> Vec<Indicator> {
    match fact {
        Fact::Programme(Programme::Action(_, Action::Progressed(event))) => event.indicators.clone(),
        _ => Vec::new(),
    }
}

/// What entries have in common that were recorded together on several actions: correlation, type and author; and the action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    common: [String; 3],
    action: String,
}

impl Occasion {
    /// Of an event on an action that belongs to something.
    #[must_use]
    pub fn of(correlation: Option<&str>, kind: &str, source: &str, subject: &str) -> Option<Self> {
        let action = subject.strip_prefix("actions/")?.to_owned();
        Some(Self { common: [correlation?, kind, source].map(str::to_owned), action })
    }
}

/// How many other actions are named in an entry's words.
const NAMED: usize = 6;

/// Tells of each item which other actions the same was said of together with it. What was recorded together lies side by side;
/// `look` gives what is not among the items.
///
/// # Errors
/// Where it cannot be read.
pub fn gather<E>(
    items: &mut [Item],
    look: &mut dyn FnMut(u64) -> Result<Option<Occasion>, E>,
) -> Result<(), E> {
    let own =
        |item: &Item| Occasion::of(item.correlation.as_deref(), &item.kind, &item.source, &item.subject);
    let occasions: Vec<(u64, Option<Occasion>)> =
        items.iter().map(|item| (item.sequence, own(item))).collect();
    let mut at = |sequence: u64| match occasions.binary_search_by_key(&sequence, |(sequence, _)| *sequence) {
        Ok(at) => Ok(occasions.get(at).and_then(|(_, occasion)| occasion.clone())),
        Err(_) => look(sequence),
    };
    let mut run: (Range<u64>, BTreeSet<String>) = (0..0, BTreeSet::new());
    for item in items {
        let Some(occasion) = own(item) else { continue };
        if !run.0.contains(&item.sequence) {
            run = (item.sequence..item.sequence + 1, BTreeSet::from([occasion.action.clone()]));
            let same = |other: &Occasion| other.common == occasion.common;
            while let Some(before) = run.0.start.checked_sub(1)
                && let Some(other) = at(before)?.filter(same)
            {
                run.0.start = before;
                run.1.insert(other.action);
            }
            while let Some(other) = at(run.0.end)?.filter(same) {
                run.0.end += 1;
                run.1.insert(other.action);
            }
        }
        item.with = run.1.iter().filter(|action| **action != occasion.action).cloned().collect();
        match item.with.len() {
            0 => {}
            few if few <= NAMED => item.summary.extend([" (with ", &item.with.join(", "), ")"]),
            many => item.summary.extend([" (with ", &many.to_string(), " other actions)"]),
        }
    }
    Ok(())
}

/// An event in a few words, and since when it is true.
#[must_use]
pub fn words(fact: &Fact) -> (String, Option<String>) {
    let only = |text: &str| (text.to_owned(), None);
    match fact {
        Fact::Founding(Founding::Opened(opened)) => {
            let parties: Vec<&str> = opened.parties.iter().map(|party| party.id.as_str()).collect();
            (format!("ledger opened by and for {}", parties.join(", ")), None)
        }
        Fact::Founding(Founding::Acceded(_)) => only("acceded to the ledger"),
        Fact::Key(_, Key::Registered(event)) => {
            let of = event.institution.as_ref().map(|body| format!(" of {body}")).unwrap_or_default();
            (format!("{} key{of} registered: {}", event.role, event.vkey.keyid()), None)
        }
        Fact::Key(_, Key::Revoked(event)) => (format!("key revoked: {}", event.keyid), None),
        Fact::Adopted(Adoption::Policy(event)) => {
            let policy = event.policy.policy();
            let logs: Vec<String> = policy.logs().iter().map(|log| log.key.keyid()).collect();
            let quorum = match policy.quorum() {
                Quorum::Nobody => "none".to_owned(),
                Quorum::Of(name) => name.to_string(),
            };
            let witnesses = counted(policy.witnesses().len() as u64, "witness", "witnesses");
            (format!("policy adopted: log {}, {witnesses}, quorum {quorum}", logs.join(", ")), None)
        }
        Fact::Adopted(Adoption::Rules(event)) => (format!("rules adopted: version {}", event.rules), None),
        Fact::Attested(event) => {
            let [streams, entries] =
                [counted(event.count, "stream", "streams"), counted(event.size, "entry", "entries")];
            (format!("attested: {streams} in {entries}"), None)
        }
        Fact::Erased(event) => (format!("erased under {}: a withheld value", event.basis), None),
        Fact::Programme(Programme::Plan(plan)) => (format!("plan adopted: {}", plan.title), None),
        Fact::Programme(Programme::Party(_, Party::Registered(body))) => {
            (format!("institution registered: {}", body.id), None)
        }
        Fact::Programme(Programme::Party(_, Party::Succeeded(event))) => (
            format!("{} succeeded by {}", event.institution, event.successor),
            Some(event.effective.to_string()),
        ),
        Fact::Programme(Programme::Instrument(_, Instrument::Registered(base))) => {
            (format!("instrument registered: {}", base.title), None)
        }
        Fact::Programme(Programme::Instrument(_, Instrument::Updated(event))) => {
            (format!("instrument {}", spaced(event.state.as_str())), Some(event.effective.to_string()))
        }
        Fact::Programme(Programme::Action(_, event)) => said(event),
        Fact::Programme(Programme::Decision(_, event)) => decided(event),
        Fact::Programme(Programme::Review(_, event)) => reviewed(event),
    }
}

fn reviewed(event: &Review) -> (String, Option<String>) {
    let text = match event {
        Review::Opened(event) => {
            let entries = counted(event.size.get(), "entry", "entries");
            format!("review opened: {entries}, as {} by {}", event.axis, event.cutoff)
        }
        Review::Assessed(event) => {
            format!("line {}, {}: {}", event.line, event.criterion, spaced(event.finding.as_str()))
        }
        Review::Signed(_) => "review signed".to_owned(),
        Review::Closed(_) => "review closed".to_owned(),
    };
    (text, None)
}

fn decided(event: &Decided) -> (String, Option<String>) {
    let of = |word: &str, decision: &Decision| {
        let since = decision.effective.map(|date| date.to_string());
        (format!("{word}, in {}: {}", decision.review, change(&decision.change)), since)
    };
    match event {
        Decided::Assessed(event) => {
            (format!("assessed, in {}: {}", event.review, spaced(event.finding.as_str())), None)
        }
        Decided::Proposed(event) => of("proposed", &event.decision),
        Decided::Modified(event) => of("decided", &event.decision),
        Decided::Agreed(_) => ("agreed to".to_owned(), None),
        Decided::Declined(_) => ("declined".to_owned(), None),
    }
}

/// A change in a few words.
#[must_use]
pub fn change(change: &Change) -> String {
    let joined = |codes: &[Code]| codes.iter().map(Code::as_str).collect::<Vec<_>>().join(", ");
    match change {
        Change::Retain | Change::Suspend | Change::Discontinue | Change::Amend(_) | Change::Add(_) => {
            change.kind().to_string()
        }
        Change::Clarify { cycle, lead, due } => {
            let parts = [
                cycle.as_ref().map(|cycle| format!("cycle {cycle}")),
                lead.as_ref().map(|lead| format!("lead {lead}")),
                due.map(|due| format!("due {due}")),
            ];
            format!("clarify {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
        Change::Merge(_) | Change::Split(_) => {
            format!("{} into {}", change.kind(), joined(change.successors()))
        }
    }
}

fn said(event: &Action) -> (String, Option<String>) {
    match event {
        Action::Created(_) => ("created".to_owned(), None),
        Action::Assigned(event) => {
            let due = event.due.map(|due| format!(", due {due}")).unwrap_or_default();
            (
                format!("{} as {}{due}", event.institution, event.role),
                event.effective.map(|date| date.to_string()),
            )
        }
        Action::Progressed(event) => (progressed(event), Some(event.effective.to_string())),
        Action::Confirmed(event) => ("confirmed".to_owned(), event.effective.map(|date| date.to_string())),
        Action::Contested(_) => ("contested".to_owned(), None),
        Action::Verified(event) => (event.outcome.to_string(), None),
        Action::Corrected(_) => ("corrected".to_owned(), None),
    }
}

/// A word of an axis as people read it.
fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

fn progressed(event: &Progressed) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(event.lifecycle.map(|word| spaced(word.as_str())));
    parts.extend(event.health.map(|word| spaced(word.as_str())));
    parts.extend(event.occurrence.as_ref().map(|occurrence| {
        // What is postponed has a new date.
        let on = if occurrence.state == OccurrenceState::Postponed { "to" } else { "on" };
        let on = occurrence.date.map(|date| format!(" {on} {date}")).unwrap_or_default();
        format!("{} {}{on}", occurrence.window, occurrence.state)
    }));
    parts.extend(event.indicators.iter().map(|each| measured(&each.name, &each.value, each.unit.as_ref())));
    match event.evidence.len() {
        0 => {}
        1 => parts.push("1 file".to_owned()),
        files => parts.push(format!("{files} files")),
    }
    if parts.is_empty() { "a note".to_owned() } else { parts.join("; ") }
}

/// A value with its unit, if it has one: `3 days`.
#[must_use]
pub fn amount(value: &Text, unit: Option<&Text>) -> String {
    unit.map_or_else(|| value.to_string(), |unit| format!("{value} {unit}"))
}

/// The value of an indicator in a few words: `visits: 3 days`.
#[must_use]
pub fn measured(name: &Text, value: &Text, unit: Option<&Text>) -> String {
    format!("{name}: {}", amount(value, unit))
}

/// Whom a source names, as people write it: `KR/MSIT`.
#[must_use]
pub fn speaker(source: &str) -> String {
    source.strip_prefix("parties/").unwrap_or(source).replace("/institutions/", "/")
}

/// The stream of an action.
#[must_use]
pub fn stream(reference: &Code) -> String {
    format!("actions/{reference}")
}

/// The stream of a basis of agreement.
#[must_use]
pub fn stream_of_basis(reference: &Code) -> String {
    format!("instruments/{reference}")
}
