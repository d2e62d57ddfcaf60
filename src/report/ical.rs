//! The agenda as a calendar (iCalendar, RFC 5545): an all-day event for each day on which something closes. Where nothing does, a journal
//! entry says so, since a calendar has a component (§3.6); it stands on no day.
//!
//! A deadline has no time, so that an event takes its whole day: `DTEND` is the next day, which it does not reach (§3.6.1). The same thing
//! has the same `UID` in every feed, and `DTSTAMP` is when the ledger learnt of the last that it tells of it. Nobody is invited, so that
//! there is no `METHOD`, which would ask for an organizer (RFC 5546 §3.2.1).

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
/// `recorded` is when the last entry was that it is read from.
#[must_use]
pub fn of(
    reading: &Reading,
    recorded: DateTime<Utc>,
    (name, command): (&str, &str),
    labels: &Labels,
    dated: &[Dated<'_>],
) -> String {
    let mut calendar = Calendar::empty();
    let language = labels.language().as_str().to_uppercase();
    for (key, value) in [
        ("VERSION", "2.0"),
        ("PRODID", &*format!("-//annals//annals {}//{language}", env!("CARGO_PKG_VERSION"))),
        ("CALSCALE", "GREGORIAN"),
    ] {
        calendar.append_property(Property::new(key, value));
    }
    calendar.name(name).description(&format!("{}\n{command}", labels.reading(reading)));
    for each in dated {
        calendar.push(event(reading, labels, each));
    }
    let text = calendar.to_string();
    match text.strip_suffix(END).filter(|_| dated.is_empty()) {
        Some(begin) => format!("{begin}{}{END}", nothing(reading, recorded, labels)),
        None => text,
    }
}

/// What a calendar ends with.
const END: &str = "END:VCALENDAR\r\n";

/// That nothing is listed, as a journal entry. `icalendar` has none: its properties are written as those of an event.
fn nothing(reading: &Reading, recorded: DateTime<Utc>, labels: &Labels) -> String {
    let event = Event::new()
        .uid(&format!("nothing@{}", reading.origin))
        .timestamp(recorded)
        .summary(&labels.naming("page-nothing", []))
        .description(&footer(reading, labels))
        .done();
    let text = event.try_into_string().unwrap_or_default();
    let properties =
        text.strip_prefix("BEGIN:VEVENT\r\n").and_then(|rest| rest.strip_suffix("END:VEVENT\r\n"));
    format!("BEGIN:VJOURNAL\r\n{}END:VJOURNAL\r\n", properties.unwrap_or_default())
}

/// Of which entries it is, and what they are worth.
fn footer(reading: &Reading, labels: &Labels) -> String {
    let names = [("size", &*reading.head.size.to_string()), ("head", &*reading.head.leaf.to_string())];
    let worth =
        if reading.illustrative { format!(" ({})", labels.word("illustrative")) } else { String::new() };
    format!("{}{worth}", labels.naming("page-footer", names))
}

fn event(reading: &Reading, labels: &Labels, dated: &Dated<'_>) -> Event {
    let item = dated.item;
    let reference = item.subject.split('/').next_back().unwrap_or_default();
    let (summary, which) = match item.matter {
        // It stays the same event when the institution's work passes to another.
        Matter::Task { assigned, .. } => ("calendar-task", format!("task/{assigned}")),
        Matter::Window(window, ..) => ("calendar-closes", format!("window/{window}")),
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
    let _ = write!(description, "\n{}", footer(reading, labels));
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
