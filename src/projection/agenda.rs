//! The agenda: what has a date and is not done, the overdue first: tasks of institutions, windows of recurring actions, bases
//! of agreement that lapse.
//!
//! A deadline is a day, a month or a year, and closes with its last day. That nobody has spoken is not here but in
//! [`super::silence`].

use super::board::{self, Row, Window};
use super::filter::Filter;
use super::reading::Reading;
use super::timeline::{stream, stream_of_basis};
use crate::domain::assertion::{Lifecycle, OccurrenceState, Role};
use crate::domain::assignment::Responsibility;
use crate::domain::date::{Effective, Period};
use crate::domain::duration::Duration;
use crate::domain::instrument::{self, Standing, Update};
use crate::domain::plan::{Action, InstrumentState};
use crate::domain::status::{Axis, Joint};
use crate::domain::value::Code;
use crate::domain::word::Word;
use crate::record::history::{History, Spoken};
use chrono::NaiveDate;

/// Something with a date.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// What it is about: `actions/1.G2G.3`, `instruments/1.B1`.
    pub subject: String,
    /// What is due.
    pub matter: Matter<'a>,
    /// Its last day.
    pub closes: NaiveDate,
    /// The leads of the action, or of the actions that rest on the basis.
    pub leads: Vec<&'a Code>,
    /// Of a basis: the actions that rest on it and are not over, as in the plan.
    pub actions: Vec<&'a Code>,
    /// What was said of it last.
    pub last: Option<Last<'a>>,
    /// The sequence of the entry that made it what it is: that said the last word, or laid it down.
    pub made: u64,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter<'a> {
    /// An institution's task.
    Task {
        /// Whose institution it is.
        party: &'a Code,
        /// Which one.
        institution: &'a Code,
        /// To which one it was assigned: the same, or one whose work has passed to it.
        assigned: &'a Code,
        /// As what it has the action.
        role: Role,
    },
    /// An occurrence of a recurring action, and on which date it is to be, where that was said.
    Window(Effective, Window, Option<Effective>),
    /// A basis of agreement lapses.
    Instrument(InstrumentState),
}

/// What was said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last<'a> {
    /// Of an action or one of its windows.
    Word(Word),
    /// Of a basis of agreement.
    Update(&'a Update),
}

impl Item<'_> {
    /// Whether its last day is over, by the day of the reading.
    #[must_use]
    pub fn is_overdue(&self, reading: &Reading) -> bool {
        self.closes < reading.day()
    }

    /// How many days there are from that day to its last one, or the other way round.
    #[must_use]
    pub fn days(&self, reading: &Reading) -> u64 {
        (self.closes - reading.day()).num_days().unsigned_abs()
    }
}

/// What is overdue, and what closes within a time from the day of the reading; the earliest first, then as in the plan.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<'a, W: Spoken>(
    history: &'a History<W>,
    reading: &Reading,
    filter: &Filter,
    within: Duration,
) -> Result<Vec<Item<'a>>, W::Fault> {
    let programme = &history.state.programme;
    let rows = board::of(history, reading, filter)?;
    let mut items: Vec<Item<'a>> = Vec::new();
    for row in &rows {
        items.extend(tasks(row));
        items.extend(windows(row, programme.period()));
    }
    let meant: Vec<&Action> = rows.iter().map(|row| &*row.action.action).collect();
    let until = within.after(reading.day());
    for base in filter.bases(programme, &meant) {
        items.extend(lapse(base, history, reading, until)?);
    }
    items.retain(|item| item.closes <= until);
    items.sort_by_key(|item| item.closes);
    Ok(items)
}

/// The tasks with a date that their own party does not call done.
fn tasks<'a>(row: &Row<'a>) -> Vec<Item<'a>> {
    let done = |party: &Code| {
        let mut voices = row.status.lifecycle.voices.iter();
        voices.any(|voice| voice.party == party && voice.says.is_some_and(Lifecycle::is_over))
    };
    let open = row.held.iter().filter(|held| row.status.over().is_none() && !done(&held.task.party));
    open.filter_map(|Responsibility { institution, assigned, task, since, .. }| {
        Some(Item {
            subject: stream(&row.action.action.reference),
            matter: Matter::Task { party: &task.party, institution, assigned, role: task.role },
            closes: task.due?.end(),
            leads: row.leads.clone(),
            actions: Vec::new(),
            last: row.status.latest.clone().map(Last::Word),
            made: laid(row, row.status.latest.as_ref()).max(task.since()).max(*since),
        })
    })
    .collect()
}

/// The sequence of the last word on an action, or of the entry that made the action what it is, if that is newer.
fn laid(row: &Row<'_>, last: Option<&Word>) -> u64 {
    row.action.since().max(last.map_or(0, |word| word.sequence))
}

/// The windows of which nobody has said what became of them, in the end: that it was held, or is cancelled. What was postponed is
/// still to be held, until a later one was; and where the parties differ, nobody knows. Of an action that is suspended nothing is due.
/// One that was given a date is due then, and not when its window closes.
fn windows<'a>(row: &Row<'a>, period: Option<Period>) -> Vec<Item<'a>> {
    let schedule = row.action.schedule(period);
    let of_window = |name: &Effective| {
        row.status.occurrences.iter().find(|(window, _)| window.begin() == name.begin()).map(|(_, axis)| axis)
    };
    let held = row.windows.iter().filter(|(_, window)| became(*window) == Some(OccurrenceState::Held));
    let held = held.map(|(name, _)| name.begin()).max();
    let (rests, rested) = (row.rests(), row.rested());
    let open = |(name, window): &&(Effective, Window)| {
        let known = match became(*window) {
            Some(OccurrenceState::Held | OccurrenceState::Cancelled) => true,
            Some(OccurrenceState::Postponed) => held > Some(name.begin()),
            _ => false,
        };
        !known && !rests && !rested(schedule.last_day(*name))
    };
    let item = |(name, window): &(Effective, Window)| {
        let voices = of_window(name).into_iter().flat_map(|axis| &axis.voices);
        let said = voices.filter_map(|voice| voice.word.as_ref()).max_by_key(|word| word.sequence);
        let last = said.or(row.status.latest.as_ref());
        let date = of_window(name).filter(|_| !matches!(window, Window::Missed)).and_then(Axis::date);
        Item {
            subject: stream(&row.action.action.reference),
            matter: Matter::Window(*name, *window, date),
            closes: date.map_or_else(|| schedule.last_day(*name), |date| date.end()),
            leads: row.leads.clone(),
            actions: Vec::new(),
            last: last.cloned().map(Last::Word),
            made: laid(row, last),
        }
    };
    row.windows.iter().filter(open).map(item).collect()
}

/// What is said of a window, where the parties do not differ.
fn became(window: Window) -> Option<OccurrenceState> {
    match window {
        Window::Said(joint, state) if joint != Joint::Disputed => state,
        _ => None,
    }
}

/// A basis of agreement in a few words: where it stands and when it lapses, seen from the day of the reading.
#[must_use]
pub fn basis(base: &instrument::State, reading: &Reading) -> String {
    let Standing { state, expires, last, .. } = base.standing(reading.effective);
    let stands = state.to_string().replace('_', " ");
    let days = |day: NaiveDate| match (day - reading.day()).num_days() {
        0 => "today".to_owned(),
        1 => "in 1 day".to_owned(),
        -1 => "1 day ago".to_owned(),
        ahead @ 2.. => format!("in {ahead} days"),
        past => format!("{} days ago", past.unsigned_abs()),
    };
    if state == InstrumentState::Lapsed {
        return last.map_or(stands.clone(), |said| {
            format!("{stands} since {}, says {}", said.effective, said.party)
        });
    }
    match expires.map(|date| date.end()) {
        Some(day) if day < reading.day() => format!("{stands}, lapsed {day}, {}", days(day)),
        Some(day) => format!("{stands}, lapses {day}, {}", days(day)),
        None => stands,
    }
}

/// A basis of agreement with a date until a day, of which nobody has said that it has lapsed; with all actions that rest on it,
/// whichever are asked for.
fn lapse<'a, W: Spoken>(
    base: &'a instrument::State,
    history: &'a History<W>,
    reading: &Reading,
    until: NaiveDate,
) -> Result<Option<Item<'a>>, W::Fault> {
    let standing = base.standing(reading.effective);
    let reference = &base.instrument.reference;
    let closes = standing.expires.map(|date| date.end()).filter(|day| *day <= until);
    let Some(closes) = closes.filter(|_| standing.state != InstrumentState::Lapsed) else { return Ok(None) };
    let (programme, parties) = (&history.state.programme, history.state.parties());
    let mut resting: Vec<Row<'a>> = Vec::new();
    for action in programme.actions.values().filter(|action| action.action.basis.contains(reference)) {
        resting.push(board::row(history, action, &parties, reading)?);
    }
    resting.retain(|row| row.status.over().is_none());
    let tracks = board::tracks(programme);
    resting.sort_by_cached_key(|row| board::rank(&tracks, &row.action.action, Some(row.action)));
    let mut leads: Vec<&Code> = resting.iter().flat_map(|row| row.leads.iter().copied()).collect();
    leads.sort_unstable();
    leads.dedup();
    Ok(Some(Item {
        subject: stream_of_basis(reference),
        matter: Matter::Instrument(standing.state),
        closes,
        leads,
        actions: resting.iter().map(|row| &row.action.action.reference).collect(),
        last: standing.last.map(Last::Update),
        made: standing.last.map_or(base.registered, |update| update.sequence),
    }))
}
