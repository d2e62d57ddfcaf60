//! The board: where every action stands, as the parties' words make it.

use super::filter::Filter;
use super::reading::Reading;
use crate::domain::action;
use crate::domain::assertion::{OccurrenceState, Role};
use crate::domain::assignment::Responsibility;
use crate::domain::date::Effective;
use crate::domain::plan::Action;
use crate::domain::programme::Programme;
use crate::domain::status::{self, Axis, Joint, Rest, Status};
use crate::domain::value::Code;
use crate::record::cores;
use crate::record::history::{History, Latest, Spoken};
use crate::record::state::State;
use chrono::{Days, NaiveDate};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// After how many days without a word a health is stale.
pub const STALE_DAYS: u64 = 180;
/// Actions that are worth a thread.
const SHARE: usize = 256;

/// One action on the board.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The action.
    pub action: &'a action::State,
    /// What was said of it makes this.
    pub status: Status<'a>,
    /// Who has it, by institution.
    pub held: Vec<Responsibility<'a>>,
    /// Its leads.
    pub leads: Vec<&'a Code>,
    /// When all parties agreed that it was suspended, from the first time on; nothing where nobody knows of windows.
    pub suspended: Vec<Rest>,
    /// Its windows, each with what is agreed or said of it, or that it was missed.
    pub windows: Vec<(Effective, Window)>,
    /// Whether the latest word on its health is older than [`STALE_DAYS`].
    pub stale: bool,
}

impl Row<'_> {
    /// Whether all parties agree that there is nothing to do, for good or as long as it is suspended.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.status.over().is_some() || self.suspended.last().is_some_and(|rest| rest.until.is_none())
    }

    /// Tells of a day whether all parties agreed that there was nothing to do.
    pub fn rested(&self) -> impl Fn(NaiveDate) -> bool {
        rested(self.status.over(), &self.suspended)
    }
}

fn rested(over: Option<NaiveDate>, suspended: &[Rest]) -> impl Fn(NaiveDate) -> bool {
    move |day| over.is_some_and(|since| since <= day) || suspended.iter().any(|rest| rest.holds(day))
}

/// What is known of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// What the parties' words make of it.
    Said(Joint, Option<OccurrenceState>),
    /// It is over, and nobody said more than that it was planned.
    Missed,
    /// Nobody said a word, and it is not over.
    Open,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(Joint::Disputed, _) => f.pad("disputed"),
            Self::Said(_, None) => f.pad("contested"),
            Self::Said(_, Some(state)) => state.fmt(f),
            Self::Missed => f.pad("missed"),
            Self::Open => f.pad("open"),
        }
    }
}

/// The actions that a filter admits, in the order of the plan: by line and track, and there as its document has them.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<'a, W: Spoken>(
    history: &'a History<W>,
    reading: &Reading,
    filter: &Filter,
) -> Result<Vec<Row<'a>>, W::Fault> {
    let parties = history.state.parties();
    let programme = &history.state.programme;
    let meant =
        programme.actions.values().filter(|action| filter.admits(programme, action, reading.effective));
    let mut meant: Vec<&action::State> = meant.map(Arc::as_ref).collect();
    meant.sort_unstable_by_key(|action| action.first);
    let groups: Vec<&[&action::State]> = meant.chunks(SHARE).collect();
    let rows = cores::share(&groups, 1, &|group| {
        let latest = history.words.latest(group, &parties, reading.effective)?;
        let rows = group
            .iter()
            .zip(latest)
            .map(|(action, latest)| told(&history.state, action, latest, &parties, reading));
        Ok(rows.filter(|row| filter.matches(&row.status)).collect())
    });
    let rows: Vec<Vec<Row<'a>>> = rows.into_iter().collect::<Result<_, _>>()?;
    let mut rows: Vec<Row<'a>> = rows.into_iter().flatten().collect();
    let tracks = tracks(programme);
    rows.sort_by_cached_key(|row| rank(&tracks, &row.action.action, Some(row.action)));
    Ok(rows)
}

/// The tracks of the plan, in its order.
pub(super) fn tracks(programme: &Programme) -> Vec<&Code> {
    programme.plan.iter().flat_map(|plan| &plan.tracks).map(|track| &track.code).collect()
}

/// By what actions are ordered: line, track, and when their streams began, which is the order of the document; those that are only
/// proposed come last. Whatever a plan's numbers are, `1.10`, `iv` or `C-3`, nobody needs to understand them.
pub(super) fn rank<'a>(
    tracks: &[&Code],
    action: &'a Action,
    state: Option<&action::State>,
) -> (u16, Option<usize>, u64, &'a Code) {
    let track = tracks.iter().position(|track| **track == action.track);
    (action.line, track, state.map_or(u64::MAX, |state| state.first), &action.reference)
}

/// One action as it stands.
///
/// # Errors
/// Where what was said of it cannot be read.
pub fn row<'a, W: Spoken>(
    history: &'a History<W>,
    action: &'a action::State,
    parties: &[&'a Code],
    reading: &Reading,
) -> Result<Row<'a>, W::Fault> {
    let latest = history.words.latest(&[action], parties, reading.effective)?.pop().unwrap_or_default();
    Ok(told(&history.state, action, latest, parties, reading))
}

/// One action as words tell of it.
fn told<'a>(
    state: &'a State,
    action: &'a action::State,
    (words, suspended): Latest,
    parties: &[&'a Code],
    reading: &Reading,
) -> Row<'a> {
    let status = status::of(&words, parties, reading.effective, state.grace_days());
    let fresh =
        |day: NaiveDate| day.checked_add_days(Days::new(STALE_DAYS)).is_none_or(|end| end >= reading.today);
    let latest =
        status.health.voices.iter().filter_map(|voice| voice.word.as_ref()).map(|word| word.day).max();
    let held = state.programme.held(action, reading.effective);
    let mut leads: Vec<&Code> =
        held.iter().filter(|held| held.task.role == Role::Lead).map(|held| held.institution).collect();
    leads.dedup();
    Row {
        held,
        leads,
        windows: windows(state, action, &status, &suspended, reading),
        suspended,
        stale: latest.is_some_and(|day| !fresh(day)),
        action,
        status,
    }
}

/// What is known of each window. One whose last day came once the action was over, or as long as it was suspended, is neither open nor
/// missed: it counts where somebody spoke of it.
fn windows(
    state: &State,
    action: &action::State,
    status: &Status<'_>,
    suspended: &[Rest],
    reading: &Reading,
) -> Vec<(Effective, Window)> {
    let today = reading.day();
    let schedule = action.schedule(state.programme.period());
    let end_of = |window: &Effective| schedule.last_day(*window);
    let rested = rested(status.over(), suspended);
    // A window of the cycle has one name; any other is called as it was said.
    let name = |window: Effective| schedule.window(window).map_or(window, |(name, _)| *name);
    let said = |(window, axis): &(Effective, Axis<'_, OccurrenceState>)| {
        let settled =
            |state: OccurrenceState| !matches!(state, OccurrenceState::Planned | OccurrenceState::Confirmed);
        // Where a window is over and was only ever planned, it was missed; a contest leaves that open.
        let expected = axis.voices.iter().all(|voice| match (&voice.word, voice.says) {
            (Some(_), says) => says.is_some_and(|state| !settled(state)),
            (None, _) => true,
        });
        let missed = expected && end_of(window) < today && !rested(end_of(window));
        (name(*window), if missed { Window::Missed } else { Window::Said(axis.joint, axis.value) })
    };
    let mut windows: Vec<(Effective, Window)> = status.occurrences.iter().map(said).collect();
    let told: BTreeSet<NaiveDate> = windows.iter().map(|(window, _)| window.begin()).collect();
    for (name, end) in schedule.windows().iter().filter(|(_, end)| !rested(*end)) {
        if !told.contains(&name.begin()) {
            windows.push((*name, if *end < today { Window::Missed } else { Window::Open }));
        }
    }
    windows.sort_by_key(|(window, _)| window.begin());
    windows
}
