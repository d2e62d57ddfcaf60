//! `annals record progress`: what a party says of an action, with the files that it puts forward.

use super::failure::Failure;
use super::offering::Offering;
use super::output;
use super::settings::Settings;
use super::signing::{Change, EFFECTIVE, Signing, put};
use super::words;
use annals::domain::action;
use annals::domain::assertion::{Health, Lifecycle, OccurrenceState, is_decimal};
use annals::domain::date::Effective;
use annals::domain::status;
use annals::domain::value::{Code, shown};
use annals::ledger::Ledger;
use annals::trail::canonical::nfc;
use chrono::NaiveDate;
use clap::Args;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::process::ExitCode;

#[derive(Args)]
#[command(after_help = "\
Examples:
  annals record progress 1.G2G.3 --as KR --lifecycle under_way --effective 2022-03 \\
      --note 'First round held'
  annals record progress 1.G2G.3 --as KR/MSIT --window 2022 --occurrence held --date 2022-06-14
  annals record progress 1.G2G.3 1.G2G.4 2.SCI.1 --as KR --occurrence held --date 2022-06-14
  annals record progress 1.G2G.3 --as DK --lifecycle completed --evidence report.pdf \\
      --indicator visits=3:visits

A meeting that counts for several actions is entered once: one entry for each action, all with one correlation, under one \
commit. Without `--window` it counts for the window of each in which its date lies; of what is postponed the date is the new one, \
and its window is named. Where one of them is refused, none is \
recorded. With `--id` the first entry bears that id, and the others have ids that \
follow from it, so that the same command again completes what an interruption left, and is answered with the first receipts.")]
pub(crate) struct Progress {
    /// The action, such as 1.G2G.3; several, where one meeting counts for them
    #[arg(required = true, value_name = "ACTION", value_parser = words::action::<String>)]
    actions: Vec<String>,
    /// Since when it is true: a day, a month or a year [default: the date of what was held, or today in the party's time
    /// zone]
    #[arg(long, value_name = "DATE")]
    effective: Option<Effective>,
    /// Where the action stands; discontinued and superseded are set by a review alone
    #[arg(long, value_parser = words::lifecycle())]
    lifecycle: Option<Lifecycle>,
    /// How it is doing; needs `--note`
    #[arg(long, value_parser = words::health(), requires = "note")]
    health: Option<Health>,
    /// Where an occurrence stands; needs `--window` or `--date`
    #[arg(long, value_name = "STATE", value_parser = words::occurrence())]
    occurrence: Option<OccurrenceState>,
    /// The window of the occurrence, named by the year, month or day with which it begins [default: of each action the one in
    /// which the date lies]
    #[arg(long, value_name = "DATE", requires = "occurrence")]
    window: Option<Effective>,
    /// The date of the occurrence
    #[arg(long, requires = "occurrence")]
    date: Option<Effective>,
    /// A measured value, with its unit after a colon if it has one; once for each
    #[arg(long = "indicator", value_name = "NAME=VALUE[:UNIT]", value_parser = indicator)]
    indicators: Vec<Value>,
    #[command(flatten)]
    offering: Offering,
    /// A sentence on it
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Progress {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        once(&self.indicators)?;
        let ledger = self.signing.ledger(settings)?;
        let mut data = Map::new();
        let (time, party) = (self.signing.time(), &self.signing.speaker.0.party);
        let founding = ledger.state().founding;
        let today = founding.map_or_else(|| time.date_naive(), |founding| founding.day_of(party, time));
        let held = self.date.filter(|_| self.occurrence == Some(OccurrenceState::Held));
        let effective = self.effective.or(held).map_or(today.to_string(), |date| date.to_string());
        put(&mut data, EFFECTIVE, Some(effective));
        put(&mut data, "lifecycle", self.lifecycle);
        put(&mut data, "health", self.health);
        put(&mut data, "note", self.note);
        if !self.indicators.is_empty() {
            data.insert("indicators".to_owned(), Value::Array(self.indicators));
        }
        let mut evidence = self.offering.name(&mut data)?;
        let undated = self.effective.or(held).is_none();
        let mut changes = Vec::new();
        for action in &self.actions {
            let mut data = data.clone();
            if let Some(state) = self.occurrence {
                let mut occurrence = Map::new();
                let window = window(&ledger, action, state, (self.window, self.date))?;
                put(&mut occurrence, "window", Some(window));
                put(&mut occurrence, "state", Some(state));
                put(&mut occurrence, "date", self.date);
                data.insert("occurrence".to_owned(), Value::Object(occurrence));
            }
            let subject = format!("actions/{action}");
            // All of them name the same files, which are kept once.
            let evidence = std::mem::take(&mut evidence);
            changes.push(Change { evidence, undated, ..Change::new(subject, "action.progressed", data) });
        }
        self.signing.record_all(&ledger, settings, changes)
    }
}

/// The window of an occurrence: as it is named, or of an action's the one that was postponed to a date, or in which that lies.
fn window(
    ledger: &Ledger,
    action: &str,
    occurrence: OccurrenceState,
    (named, date): (Option<Effective>, Option<Effective>),
) -> Result<Effective, Failure> {
    let moved = occurrence == OccurrenceState::Postponed;
    let date = match (named, date) {
        (Some(named), None) => return Ok(named),
        (_, Some(date)) if named.is_some() || !moved => date,
        (None, Some(_)) => {
            let text = "which occurrence is postponed? Name the `--window` in which it was to be held: the date is the new one";
            return Err(Failure::usage(text.to_owned()));
        }
        _ => {
            let text = "which occurrence? Give its `--window`, or the `--date` that lies in it";
            return Err(Failure::usage(text.to_owned()));
        }
    };
    let state = ledger.state();
    let programme = &state.programme;
    let known = action.parse().ok().and_then(|action: Code| programme.actions.get(&action));
    // An action that is not known is refused by name, with the nearest.
    let (Some(known), Some(period)) = (known, programme.period()) else { return Ok(named.unwrap_or(date)) };
    // Those of cycles that it had before, too: what was held then is no occurrence of the one that it has.
    let schedule = known.schedule(Some(period));
    if let Some(named) = named {
        let outside = |(name, end): &&(Effective, NaiveDate)| !date.is_within(name.begin(), *end);
        if let Some((begin, end)) = schedule.window(named).filter(outside).filter(|_| !moved) {
            let begin = begin.begin();
            output::tell(format_args!(
                "{date} does not lie in the window {named} of {action}, which is from {begin} to {end}: it counts for that all the same"
            ));
        }
        return Ok(named);
    }
    let own = schedule.holding(date).map(|(name, _)| *name);
    if occurrence == OccurrenceState::Held
        && let Some(moved) = given(ledger, known, date)?
    {
        if own.is_none_or(|own| own.begin() != moved.begin()) {
            output::tell(format_args!(
                "{date} was said to be the date of the window {moved} of {action}: it counts for that, unless `--window` names another"
            ));
        }
        return Ok(moved);
    }
    own.ok_or_else(|| {
        if schedule.windows().is_empty() {
            let year = date.begin().format("%Y");
            return Failure::usage(format!(
                "{action} has no cycle, so that no window is known to hold {date}: name the one that the occurrence counts for, such as \
                 `--window {year}`"
            ));
        }
        Failure::usage(format!(
            "no window of {action} is known to hold {date}: name the window of the occurrence with `--window`"
        ))
    })
}

/// The window whose occurrence was given the date on which one was held.
fn given(ledger: &Ledger, action: &action::State, held: Effective) -> Result<Option<Effective>, Failure> {
    let (state, reference) = (ledger.state(), &action.action.reference);
    let words = ledger.words(reference)?;
    let given = status::of(&words, &state.parties(), None, state.grace_days()).given(held);
    if given.len() > 1 {
        let given: Vec<String> = given.iter().map(ToString::to_string).collect();
        return Err(Failure::usage(format!(
            "of {reference} the occurrences {} were all given the date {held}: name the one that is meant with `--window`",
            given.join(" and ")
        )));
    }
    Ok(given.first().copied())
}

/// Refuses two values of one indicator: which of them was measured, nobody could tell later.
fn once(indicators: &[Value]) -> Result<(), Failure> {
    let name = |indicator: &Value| indicator.get("name").and_then(Value::as_str).map(str::to_owned);
    let mut known = BTreeSet::new();
    match indicators.iter().filter_map(name).find(|name| !known.insert(name.clone())) {
        Some(twice) => Err(Failure::usage(format!(
            "the indicator {} is given twice: give one value for each, or another name",
            shown(&twice)
        ))),
        None => Ok(()),
    }
}

/// An indicator as it is given: `visits=3`, `length=12.5:km`.
fn indicator(text: &str) -> Result<Value, String> {
    let usage = || "NAME=VALUE or NAME=VALUE:UNIT is expected, such as visits=3".to_owned();
    let (name, given) = text.split_once('=').ok_or_else(usage)?;
    let (value, unit) = given.split_once(':').map_or((given, None), |(value, unit)| (value, Some(unit)));
    let (name, unit) = (named(name, "a name")?, unit.map(|unit| named(unit, "a unit")).transpose()?);
    if !is_decimal(value) {
        return Err(format!(
            "`{value}` is no value: a decimal number is expected, such as 12, -3 or 3.5, of at most 18 digits before its point and \
             18 after it"
        ));
    }
    let mut members = json!({"name": name, "value": value});
    if let (Some(members), Some(unit)) = (members.as_object_mut(), unit) {
        members.insert("unit".to_owned(), unit.into());
    }
    Ok(members)
}

/// A name as it is signed: on one line, without the spaces around it.
fn named(text: &str, what: &str) -> Result<String, String> {
    let name = nfc(text.trim());
    match name.chars().any(char::is_control) {
        _ if name.is_empty() => Err(format!("{what} is missing: NAME=VALUE or NAME=VALUE:UNIT is expected")),
        true => Err(format!("{what} stands on one line, without a tab")),
        false => Ok(name),
    }
}
