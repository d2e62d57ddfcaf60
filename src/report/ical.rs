//! The agenda as a calendar (iCalendar, RFC 5545): an all-day event for each day on which something closes.
//!
//! A deadline has no time, so that an event takes its whole day: `DTEND` is the next day, which it does not reach (§3.6.1). The same thing
//! has the same `UID` in every feed, and `DTSTAMP` is when the ledger learnt of what was said of it last.

use crate::domain::value::Code;
use crate::projection::agenda::{Item, Matter};
use crate::projection::reading::Reading;
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, Property};
use std::fmt::Write;

/// Something with a date, what it is in words, and when the ledger learnt of the last that was said of it.
pub struct Dated<'a> {
    /// What has a date.
    pub item: &'a Item<'a>,
    /// The action's text, or the title of the basis.
    pub text: &'a str,
    /// When the last word on it was recorded; of what nobody spoke of, when it was laid down.
    pub recorded: DateTime<Utc>,
}

/// The calendar, with lines that end as RFC 5545 says.
#[must_use]
pub fn of(reading: &Reading, name: &str, dated: &[Dated<'_>]) -> String {
    let mut calendar = Calendar::empty();
    for (key, value) in [
        ("VERSION", "2.0"),
        ("PRODID", concat!("-//annals//annals ", env!("CARGO_PKG_VERSION"), "//EN")),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::new(key, value));
    }
    calendar.name(name);
    for each in dated {
        calendar.push(event(reading, each));
    }
    calendar.to_string()
}

fn event(reading: &Reading, dated: &Dated<'_>) -> Event {
    let item = dated.item;
    let reference = item.subject.split('/').next_back().unwrap_or_default();
    let (what, which) = match item.matter {
        // It stays the same event when the institution's work passes to another.
        Matter::Task { institution, assigned, role, .. } => {
            (format!("{reference}: due, {institution} as {role}"), format!("task/{assigned}"))
        }
        Matter::Window(window, _) => {
            (format!("{reference}: window {window} closes"), format!("window/{window}"))
        }
        Matter::Instrument(_) => (format!("{reference}: basis of agreement lapses"), "lapse".to_owned()),
    };
    let mut description = dated.text.to_owned();
    if !item.leads.is_empty() {
        let leads: Vec<&str> = item.leads.iter().map(|lead| Code::as_str(lead)).collect();
        let _ = write!(description, "\nLeads: {}", leads.join(", "));
    }
    if !item.actions.is_empty() {
        let actions: Vec<&str> = item.actions.iter().map(|action| Code::as_str(action)).collect();
        let _ = write!(description, "\nActions that rest on it: {}", actions.join(", "));
    }
    let worth = if reading.illustrative { " (illustrative)" } else { "" };
    let _ = write!(description, "\n{} entries, head {}{worth}", reading.head.size, reading.head.leaf);
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
