//! What cannot be tracked yet: actions without a body, a lead or a cycle, bases that do not hold and actions that rest on them,
//! what ends before it begins, goals under another name.

use super::agenda::basis;
use super::board::Row;
use super::filter::Filter;
use super::reading::Reading;
use super::timeline::{stream, stream_of_basis};
use crate::domain::assertion::Role;
use crate::domain::date::Cycle;
use crate::domain::instrument;
use crate::domain::plan::{Action, InstrumentState, Kind};
use crate::record::history::{History, Spoken};
use crate::record::state::State;

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
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<W: Spoken>(history: &History<W>, reading: &Reading, filter: &Filter) -> Result<Vec<Gap>, W::Fault> {
    let mut gaps = Vec::new();
    let state = &history.state;
    let rows = super::board::of(history, reading, filter)?;
    // Of lines and bases, those of the actions that are meant; where whole lines are, all of them.
    let of_actions = filter.is_of_actions();
    let line = |number: u16| !of_actions || rows.iter().any(|row| row.action.action.line == number);
    lines(state, filter, &line, &mut gaps);
    let meant: Vec<&Action> = rows.iter().map(|row| &*row.action.action).collect();
    for base in filter.bases(&state.programme, &meant) {
        instrument(state, reading, base, &mut gaps);
    }
    for row in &rows {
        actions(state, row, &mut gaps);
        bases(state, reading, row, &mut gaps);
    }
    Ok(gaps)
}

fn lines(state: &State, filter: &Filter, meant: &dyn Fn(u16) -> bool, gaps: &mut Vec<Gap>) {
    let lines = state.programme.plan.iter().flat_map(|plan| &plan.lines);
    let meant = |number: u16| filter.line.is_none_or(|line| line == number) && meant(number);
    for line in lines.filter(|line| meant(line.number)) {
        for goal in line.goals.iter().filter(|goal| filter.goal.is_none_or(|number| number == goal.number)) {
            let (printed, Some(official)) = (goal.printed.as_str(), official(goal.number)) else { continue };
            if is_named(official, printed) || !printed.is_ascii() {
                // What is not ASCII is in another language than the names here, and contradicts nothing.
                continue;
            }
            let other =
                (1..=17).find(|number| self::official(*number).is_some_and(|name| is_named(name, printed)));
            let other = other.map(|number| format!(", which is SDG {number}")).unwrap_or_default();
            gaps.push(Gap {
                subject: format!("lines/{}", line.number),
                rule: "goal_label",
                what: format!(
                    "SDG {} is printed as “{printed}”{other}; its name is “{official}”",
                    goal.number
                ),
            });
        }
    }
}

fn official(number: u8) -> Option<&'static str> {
    usize::from(number).checked_sub(1).and_then(|at| GOALS.get(at)).copied()
}

/// Whether a label is a goal's name, its beginning, or holds it.
fn is_named(official: &str, printed: &str) -> bool {
    let plain = |text: &str| -> String {
        let text = text.to_lowercase().replace('&', "and");
        text.chars().filter(|c| c.is_alphabetic()).collect()
    };
    let (official, printed) = (plain(official), plain(printed));
    !printed.is_empty() && (official.starts_with(&printed) || printed.contains(&official))
}

fn instrument(state: &State, reading: &Reading, base: &instrument::State, gaps: &mut Vec<Gap>) {
    let end = state.programme.period().map_or(reading.today, |period| period.end());
    let (title, standing) = (&base.instrument.title, base.standing(reading.effective));
    let subject = stream_of_basis(&base.instrument.reference);
    if standing.state == InstrumentState::ToBeConfirmed {
        let what = format!("to be confirmed: {title}");
        gaps.push(Gap { subject: subject.clone(), rule: "basis_unconfirmed", what });
    }
    let lapses = standing.expires.filter(|expires| expires.begin() <= end);
    if standing.state == InstrumentState::Lapsed || lapses.is_some() {
        let what = match lapses.filter(|_| standing.state != InstrumentState::Lapsed) {
            Some(date) => format!("lapses {date}, within the period: {title}"),
            None => format!("has lapsed: {title}"),
        };
        gaps.push(Gap { subject: subject.clone(), rule: "basis_lapses", what });
    }
    if let (Some(lapse), Some(begins)) = (standing.lapse(), base.begins(reading.effective))
        && lapse.end() < begins.begin()
    {
        let what = format!("lapses {lapse}, before it begins, {begins}: {title}");
        gaps.push(Gap { subject, rule: "basis_lapses_first", what });
    }
}

/// Actions that go on under a basis that no longer holds, or does not yet though the plan has begun.
fn bases(state: &State, reading: &Reading, row: &Row<'_>, gaps: &mut Vec<Gap>) {
    let action = &row.action.action;
    let begun = state.programme.period().is_some_and(|period| period.begin() <= reading.today);
    if row.action.ended.is_some() || row.status.over().is_some() {
        return;
    }
    for base in action.basis.iter().filter_map(|base| state.programme.instruments.get(base)) {
        let standing = base.standing(reading.effective);
        let rule = if standing.has_lapsed(reading.today) {
            "rests_on_lapsed"
        } else if begun && standing.state == InstrumentState::ToBeConfirmed {
            "rests_on_unconfirmed"
        } else {
            continue;
        };
        let what = format!("rests on {}: {}", base.instrument.reference, basis(base, reading));
        gaps.push(Gap { subject: stream(&action.reference), rule, what });
    }
}

fn actions(state: &State, row: &Row<'_>, gaps: &mut Vec<Gap>) {
    let action = row.action;
    if action.ended.is_some() {
        return;
    }
    let subject = stream(&action.action.reference);
    let mut add = |rule, what: String| gaps.push(Gap { subject: subject.clone(), rule, what });
    if action.action.institutions.is_empty() && row.held.is_empty() {
        add("no_body", "names no body, and none is assigned".to_owned());
    }
    for party in state.parties() {
        if !row.held.iter().any(|held| held.task.role == Role::Lead && held.task.party == *party) {
            add("no_lead", format!("{party} has no lead"));
        }
    }
    for held in row.held.iter().filter(|_| row.status.over().is_none()) {
        if let (Some(due), Some(begins)) = (held.task.due, action.assignments.begins(held.assigned))
            && due.end() < begins.begin()
        {
            add("due_first", format!("due {due}, before {} has it, {begins}", held.assigned));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_its_goals_name_whole_shortened_or_within() {
        for (number, printed) in [
            (17, "Partnerships"),
            (9, "Industry, Innovation & Infrastructure"),
            (13, "SDG 13: Climate action"),
        ] {
            assert!(is_named(official(number).unwrap(), printed), "{printed}");
        }
        for (number, printed) in [(13, "Responsible Consumption and Production"), (13, "Climate"), (4, "")] {
            assert_eq!(is_named(official(number).unwrap(), printed), printed == "Climate", "{printed}");
        }
    }
}
