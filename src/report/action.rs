//! One action as a table: its text, where it stands, what was measured of it last, and all that was said of it.

use super::answers::{health, joint, lifecycle, says, stands, windows};
use super::moments::{Told, moment, moments};
use super::table::{Cell, Fact, Report, Seen};
use super::{evaluation, indicators, version};
use crate::domain::action;
use crate::domain::assertion::{Health, Lifecycle};
use crate::domain::assignment::Responsibility;
use crate::domain::change::Change;
use crate::domain::decision::Proposal;
use crate::domain::status::{Axis, Voice};
use crate::domain::value::Code;
use crate::domain::word::{Word, Words};
use crate::projection::agenda::basis;
use crate::projection::board::Row;
use crate::projection::indicators::Series;
use crate::projection::reading::Reading;
use crate::projection::timeline::Item;
use crate::record::state::State;
use std::collections::BTreeMap;
use std::fmt;

/// One action, what was measured of it last, and all that was said of it.
#[must_use]
pub fn show(
    state: &State,
    reading: &Reading,
    row: &Row<'_>,
    words: &Words,
    series: &[Series<'_>],
    items: &[Item],
    notes: &BTreeMap<u64, Told>,
) -> Report {
    let action = &row.action.action;
    let list = |items: &[Code]| Cell::List(items.iter().map(ToString::to_string).collect());
    let assigned = row.held.iter().map(|Responsibility { institution, assigned, task, .. }| {
        let due = task.due.map(|due| format!(", due {due}")).unwrap_or_default();
        let from = if institution == assigned { String::new() } else { format!(" (from {assigned})") };
        format!("{}/{institution} {}{due}{from}", task.party, task.role)
    });
    let bases = action.basis.iter().filter_map(|base| state.programme.instruments.get(base));
    let bases = bases.map(|base| format!("{} {}", base.instrument.reference, basis(base, reading)));
    let status = &row.status;
    let mut facts = vec![
        Fact::new("action", Cell::text(action.reference.as_str())),
        Fact::new("text", Cell::text(action.text.as_str())),
        Fact::new("line", Cell::Number(u64::from(action.line))),
        Fact::new("track", Cell::text(action.track.as_str())),
        Fact::new("kind", Cell::text(action.kind.as_str())),
        Fact::new("firmness", Cell::text(action.firmness.as_str())),
        Fact::new("cycle", Cell::maybe(action.cycle.as_ref())),
        Fact::new("institutions", list(&action.institutions)),
        Fact::hidden("basis", list(&action.basis)),
        Fact::new("bases", Cell::List(bases.collect())),
        Fact::new("notes", Cell::List(action.notes.iter().map(ToString::to_string).collect())),
        Fact::new("assigned", Cell::List(assigned.collect())),
        Fact::new(
            "goes_on_in",
            list(row.action.ended.as_ref().map_or(&[], |ended| ended.successors.as_slice())),
        ),
        Fact::new("comes_from", list(&predecessors(state, &action.reference))),
        Fact::new("proposals", Cell::List(proposals(state, row))),
        Fact::new("joint", joint(status.lifecycle.joint)),
        Fact::new("lifecycle", lifecycle(stands(row))),
        Fact::new("health", health(&status.health)),
        Fact::hidden("health_joint", joint(status.health.joint)),
        Fact::hidden("health_stale", Cell::Flag(row.stale)),
        Fact::new("windows", windows(row)),
        Fact::new("voices", Cell::List(voices(state, reading, words, &status.lifecycle))),
        Fact::new("health_voices", Cell::List(health_voices(&status.health))),
    ];
    for (voice, well) in status.lifecycle.voices.iter().zip(&status.health.voices) {
        let keys = ["says", "effective", "recorded", "sequence"];
        for (key, cell) in keys.into_iter().zip(says(voice)) {
            facts.push(Fact::hidden(format!("{}_{key}", voice.party), cell));
        }
        let [cell, ..] = says(well);
        facts.push(Fact::hidden(format!("{}_health", voice.party), cell));
    }
    facts.push(Fact::new("indicators", Cell::Records(series.iter().map(indicators::last).collect())));
    let files: Vec<String> = notes
        .iter()
        .flat_map(|(sequence, told)| {
            (1..).zip(&told.places).map(move |(number, place)| format!("{sequence}/{number}: {place}"))
        })
        .collect();
    facts.push(Fact { key: "files".to_owned(), cell: Cell::List(files), seen: Seen::ByPeople });
    let rows = items.iter().map(|item| moment(item, notes)).collect();
    Report { kind: "action", reading: reading.clone(), before: None, facts, columns: moments(), rows }
}

/// The actions that go on in this one.
fn predecessors(state: &State, reference: &Code) -> Vec<Code> {
    let goes_on = |state: &action::State| {
        state.ended.as_ref().is_some_and(|ended| ended.successors.contains(reference))
    };
    let actions = state.programme.actions.iter();
    actions.filter(|(_, state)| goes_on(state)).map(|(reference, _)| reference.clone()).collect()
}

/// What was proposed of it, and what became of that; an amended text word by word.
fn proposals(state: &State, row: &Row<'_>) -> Vec<String> {
    let Some(decisions) = state.programme.decisions.get(&row.action.action.reference) else {
        return Vec::new();
    };
    let open: Vec<_> = decisions.open(Some(row.action.since())).collect();
    let told = |proposal: &Proposal| {
        let words = match &proposal.decision.change {
            change @ Change::Amend(_) => {
                let then = row.action.action.until(proposal.decided.unwrap_or(u64::MAX));
                format!("; {}", version::told(change, then.as_deref()))
            }
            _ => String::new(),
        };
        format!("{}: {}{words}", proposal.decision.review, evaluation::decided(proposal, &open))
    };
    decisions.proposals.iter().map(told).collect()
}

fn voices(state: &State, reading: &Reading, words: &Words, axis: &Axis<'_, Lifecycle>) -> Vec<String> {
    let grace = state.grace_days();
    let says = |voice: &Voice<'_, Lifecycle>| match (&voice.word, voice.says) {
        (None, _) if words.spoken_by(voice.party, reading.effective) => {
            format!("{} said nothing of its lifecycle", voice.party)
        }
        (None, _) => format!("{} silent", voice.party),
        (Some(word), None) => format!("{} contests (recorded {}, grace {grace} days)", voice.party, word.day),
        (Some(word), Some(says)) => spoken(voice.party, &says, word),
    };
    axis.voices.iter().map(says).collect()
}

/// Those who spoke of its health.
fn health_voices(axis: &Axis<'_, Health>) -> Vec<String> {
    let says = |voice: &Voice<'_, Health>| {
        let word = voice.word.as_ref()?;
        Some(match voice.says {
            Some(says) => spoken(voice.party, &says, word),
            None => format!("{} contests (recorded {})", voice.party, word.day),
        })
    };
    axis.voices.iter().filter_map(says).collect()
}

fn spoken(party: &Code, says: &dyn fmt::Display, word: &Word) -> String {
    let says = says.to_string().replace('_', " ");
    format!("{party} says {says} since {} (recorded {})", word.effective, word.day)
}
