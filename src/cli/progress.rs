//! `annals record progress`: what a party says of an action, with the files that it puts forward.

use super::failure::Failure;
use super::offering::Offering;
use super::settings::Settings;
use super::signing::{Change, EFFECTIVE, Signing, put};
use super::words;
use annals::domain::assertion::{Health, Lifecycle, OccurrenceState};
use annals::domain::date::Effective;
use clap::Args;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

#[derive(Args)]
#[command(after_help = "\
Examples:
  annals record progress 1.G2G.3 --as KR --lifecycle under_way --effective 2022-03 --note 'First round held'
  annals record progress 1.G2G.3 --as KR/MSIT --window 2022 --occurrence held --date 2022-06-14
  annals record progress 1.G2G.3 --as DK --lifecycle completed --evidence report.pdf --indicator visits=3:visits")]
pub(crate) struct Progress {
    /// The action, such as 1.G2G.3
    action: String,
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
    /// Where an occurrence stands; needs `--window`
    #[arg(long, value_name = "STATE", value_parser = words::occurrence(), requires = "window")]
    occurrence: Option<OccurrenceState>,
    /// The window of the occurrence, named by its first year or month
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
        if let (Some(window), Some(state)) = (self.window, self.occurrence) {
            let mut occurrence = Map::new();
            put(&mut occurrence, "window", Some(window));
            put(&mut occurrence, "state", Some(state));
            put(&mut occurrence, "date", self.date);
            data.insert("occurrence".to_owned(), Value::Object(occurrence));
        }
        if !self.indicators.is_empty() {
            data.insert("indicators".to_owned(), Value::Array(self.indicators));
        }
        let evidence = self.offering.name(&mut data)?;
        let subject = format!("actions/{}", self.action);
        let undated = self.effective.or(held).is_none();
        let change = Change { evidence, undated, ..Change::new(subject, "action.progressed", data) };
        self.signing.record(&ledger, settings, change)
    }
}

fn indicator(text: &str) -> Result<Value, String> {
    let usage = || "NAME=VALUE or NAME=VALUE:UNIT is expected, such as visits=3".to_owned();
    let (name, value) = text.split_once('=').ok_or_else(usage)?;
    Ok(match value.split_once(':') {
        Some((value, unit)) => json!({"name": name, "value": value, "unit": unit}),
        None => json!({"name": name, "value": value}),
    })
}
