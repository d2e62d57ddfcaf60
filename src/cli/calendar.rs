//! `annals calendar`: what has a date, as a feed for calendars.

use super::axes::{Axes, Which};
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::{again, words};
use annals::domain::duration::Duration;
use annals::domain::value::Code;
use annals::ledger::Ledger;
use annals::projection::agenda::{self, Item, Matter};
use annals::projection::reading::Reading;
use annals::record::state::State;
use annals::report::ical::{self, Dated};
use annals::report::labels::{Labels, Language};
use chrono::{DateTime, Utc};
use clap::Args;
use std::process::ExitCode;

/// Write what has a date as an iCalendar feed: tasks, windows of recurring actions, bases of agreement that lapse
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals calendar > all.ics
  annals calendar --party KR > kr.ics
  annals calendar --institution MSIT --within 2y --lang ko > msit.ics

Every deadline is an event of a whole day, its last one. What stays the same keeps its UID, so that a calendar that subscribes to the file \
moves an event, and does not double it, in whichever language; the plan's own words stay. The feed says from which reading it is, and which \
command writes it again. With --party or --institution the tasks are those of its institutions alone.")]
pub(crate) struct Calendar {
    /// How far ahead to look: days, weeks, months or years, such as 60d, 8w, 6m, 1y or P60D
    #[arg(long, value_name = "DURATION", default_value = WITHIN)]
    within: Duration,
    /// In which language: en, da or ko
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = words::language())]
    lang: Language,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Calendar {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let command = self.again(&reading);
        let filter = self.which.filter(&ledger.state())?;
        let mut items = agenda::of(&history, &reading, &filter, self.within)?;
        let state = &history.state;
        items.retain(|item| match item.matter {
            Matter::Task { party, assigned, .. } => filter.means(&state.programme, party, assigned),
            Matter::Window(..) | Matter::Instrument(_) => true,
        });
        let dated = items
            .iter()
            .map(|item| {
                let text = described(state, item);
                Ok(Dated { item, text, recorded: recorded(&ledger, item.made, state)? })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        let whose = filter.institution.as_ref().or(filter.party.as_ref()).map(Code::as_str);
        let plan = state.programme.plan.as_deref().map_or("", |plan| plan.id.as_str());
        let name = whose.map_or_else(|| plan.to_owned(), |whose| format!("{plan}: {whose}"));
        let labels = Labels::of(self.lang);
        let feed = ical::of(&reading, state.recorded, (&name, &command), &labels, &dated);
        output::write(feed.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The command that writes the same bytes again, whatever is recorded after and on whatever day.
    fn again(&self, reading: &Reading) -> String {
        let within = again::unless(WITHIN, ("--within", self.within));
        let language = again::unless(Language::En.as_str(), ("--lang", self.lang));
        let today = ("--today", reading.today.to_string());
        let read = self.which.again().into_iter().chain(self.axes.again(reading));
        again::command("calendar", within.into_iter().chain(read).chain([today]).chain(language))
    }
}

/// How far ahead is looked where nobody says it.
const WITHIN: &str = "1y";

/// The text of what has a date.
fn described<'a>(state: &'a State, item: &Item<'_>) -> &'a str {
    let programme = &state.programme;
    let Some((kind, reference)) = item.subject.split_once('/') else { return "" };
    let Ok(reference) = reference.parse::<Code>() else { return "" };
    if kind == "instruments" {
        let base = programme.instruments.get(&reference);
        return base.map_or("", |base| base.instrument.title.as_str());
    }
    let action = programme.actions.get(&reference);
    action.map_or("", |action| action.action.text.as_str())
}

fn recorded(ledger: &Ledger, sequence: u64, state: &State) -> Result<DateTime<Utc>, Failure> {
    Ok(ledger.entry(sequence)?.map_or(state.recorded, |entry| entry.seal.recordedtime))
}
