//! What cannot be tracked yet: actions without a body, a lead or a cycle, bases that do not hold, goals under another name.

use super::filter::Filter;
use super::reading::Reading;
use crate::domain::assertion::Role;
use crate::domain::date::Cycle;
use crate::domain::plan::{InstrumentState, Kind};
use crate::record::history::State;

/// One thing that keeps something from being tracked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What it is about: `actions/1.G2G.3`, `lines/3`.
    pub subject: String,
    /// Its name in machine output.
    pub rule: &'static str,
    /// In words.
    pub what: String,
}

/// The official short names of the Sustainable Development Goals (A/RES/70/1, as published by the United Nations).
const GOALS: [&str; 17] = [
    "No Poverty",
    "Zero Hunger",
    "Good Health and Well-being",
    "Quality Education",
    "Gender Equality",
    "Clean Water and Sanitation",
    "Affordable and Clean Energy",
    "Decent Work and Economic Growth",
    "Industry, Innovation and Infrastructure",
    "Reduced Inequalities",
    "Sustainable Cities and Communities",
    "Responsible Consumption and Production",
    "Climate Action",
    "Life Below Water",
    "Life on Land",
    "Peace, Justice and Strong Institutions",
    "Partnerships for the Goals",
];

/// Every gap of the actions that a filter admits, of their bases and of the lines.
#[must_use]
pub fn of(state: &State, reading: &Reading, filter: &Filter) -> Vec<Gap> {
    let mut gaps = Vec::new();
    lines(state, filter, &mut gaps);
    instruments(state, reading, filter, &mut gaps);
    for row in super::board::of(state, reading, filter) {
        actions(state, row.action, &mut gaps);
    }
    gaps
}

fn lines(state: &State, filter: &Filter, gaps: &mut Vec<Gap>) {
    let lines = state.programme.plan.iter().flat_map(|plan| &plan.lines);
    for line in lines.filter(|line| filter.line.is_none_or(|number| number == line.number)) {
        for goal in line.goals.iter().filter(|goal| filter.goal.is_none_or(|number| number == goal.number)) {
            let official = usize::from(goal.number).checked_sub(1).and_then(|at| GOALS.get(at)).copied();
            let printed = goal.printed.as_str();
            let plain = |text: &str| -> String {
                text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
            };
            let Some(official) = official.filter(|official| !plain(printed).contains(&plain(official)))
            else {
                continue;
            };
            gaps.push(Gap {
                subject: format!("lines/{}", line.number),
                rule: "goal_label",
                what: format!("SDG {} is printed as “{printed}”; its name is “{official}”", goal.number),
            });
        }
    }
}

fn instruments(state: &State, reading: &Reading, filter: &Filter, gaps: &mut Vec<Gap>) {
    let end = state.programme.period().map_or(reading.today, |period| period.end());
    let wanted = state.programme.instruments.values();
    for base in wanted.filter(|base| filter.line.is_none_or(|line| line == base.line)) {
        let subject = format!("instruments/{}", base.reference);
        if base.state == InstrumentState::ToBeConfirmed {
            let what = format!("to be confirmed: {}", base.title);
            gaps.push(Gap { subject: subject.clone(), rule: "basis_unconfirmed", what });
        }
        let lapses = base.expires.filter(|expires| expires.begin() <= end);
        if base.state == InstrumentState::Lapsed || lapses.is_some() {
            let when = lapses.map(|date| format!(" in {date}")).unwrap_or_default();
            let what = format!("lapses{when}, within the period: {}", base.title);
            gaps.push(Gap { subject, rule: "basis_lapses", what });
        }
    }
}

fn actions(state: &State, action: &crate::domain::action::State, gaps: &mut Vec<Gap>) {
    let subject = format!("actions/{}", action.action.reference);
    let mut add = |rule, what: String| gaps.push(Gap { subject: subject.clone(), rule, what });
    if action.action.institutions.is_empty() && action.assignments.is_empty() {
        add("no_body", "names no body, and none is assigned".to_owned());
    }
    for party in state.parties() {
        let leads = action
            .assignments
            .values()
            .any(|assignment| assignment.role == Role::Lead && assignment.party == *party);
        if !leads {
            add("no_lead", format!("{party} has no lead"));
        }
    }
    match (&action.action.kind, &action.action.cycle) {
        (_, Some(Cycle::Ambiguous(word))) => {
            add("ambiguous_cycle", format!("“{word}” can be read in two ways: clarify it in a review"));
        }
        (Kind::Recurring, None) => add("no_cycle", "recurs, and nobody says how often".to_owned()),
        _ => {}
    }
}
