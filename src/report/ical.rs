//! The agenda as a calendar (iCalendar, RFC 5545): an all-day event for each day on which something closes.
//!
//! A deadline has no time, so that an event takes its whole day: `DTEND` is the next day, which it does not reach (§3.6.1). The same thing
//! has the same `UID` in every feed, and `DTSTAMP` is when the ledger learnt of the last that it tells of it.

use super::labels::Labels;
use super::phrase;
use crate::domain::value::Code;
use crate::projection::agenda::{Item, Matter};
use crate::projection::reading::Reading;
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, Property};
use std::fmt::Write;

/// Something with a date, what it is in words, and when the ledger learnt of what made it so.
pub struct Dated<'a> {
    /// What has a date.
    pub item: &'a Item<'a>,
    /// The action's text, or the title of the basis.
    pub text: &'a str,
    /// When the entry was recorded that said the last word on it, moved it, or laid it down.
    pub recorded: DateTime<Utc>,
}

/// The calendar, with lines that end as RFC 5545 says; its language is that of whoever reads it, and the `UID`s are the same in all.
#[must_use]
pub fn of(reading: &Reading, (name, command): (&str, &str), labels: &Labels, dated: &[Dated<'_>]) -> String {
    let mut calendar = Calendar::empty();
    let language = labels.language().as_str().to_uppercase();
    for (key, value) in [
        ("VERSION", "2.0"),
        ("PRODID", &*format!("-//annals//annals {}//{language}", env!("CARGO_PKG_VERSION"))),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::new(key, value));
    }
    calendar.name(name).description(&format!("{}\n{command}", labels.reading(reading)));
    for each in dated {
        calendar.push(event(reading, labels, each));
    }
    calendar.to_string()
}

fn event(reading: &Reading, labels: &Labels, dated: &Dated<'_>) -> Event {
    let item = dated.item;
    let reference = item.subject.split('/').next_back().unwrap_or_default();
    let (summary, which) = match item.matter {
        // It stays the same event when the institution's work passes to another.
        Matter::Task { assigned, .. } => ("calendar-task", format!("task/{assigned}")),
        Matter::Window(window, _) => ("calendar-closes", format!("window/{window}")),
        Matter::Instrument(_) => ("calendar-closes", "lapse".to_owned()),
    };
    let what = labels.phrase(&phrase::matter(&item.matter));
    let what = labels.naming(summary, [("reference", reference), ("what", &what)]);
    let mut description = dated.text.to_owned();
    if !item.leads.is_empty() {
        let leads: Vec<&str> = item.leads.iter().map(|lead| Code::as_str(lead)).collect();
        let _ = write!(description, "\n{}", labels.naming("calendar-leads", [("leads", &leads.join(", "))]));
    }
    if let Some(resting) = phrase::resting(item) {
        let _ = write!(description, "\n{}", labels.phrase(&resting));
    }
    let names = [("size", &*reading.head.size.to_string()), ("head", &*reading.head.leaf.to_string())];
    let worth =
        if reading.illustrative { format!(" ({})", labels.word("illustrative")) } else { String::new() };
    let _ = write!(description, "\n{}{worth}", labels.naming("page-footer", names));
    let next = item.closes.succ_opt().unwrap_or(item.closes);
    Event::new()
        .uid(&format!("{}/{which}@{}", item.subject, reading.origin))
        .timestamp(dated.recorded)
        .summary(&what)
        .description(&description)
        .starts(item.closes)
        .ends(next)
        .add_property("TRANSP", "TRANSPARENT")
        .done()
}
