//! What the reading commands have in common: on which axes, and which actions.

use super::failure::Failure;
use super::words;
use annals::domain::assertion::{Health, Lifecycle};
use annals::domain::date::Effective;
use annals::domain::review;
use annals::domain::status::Joint;
use annals::domain::value::{Code, nearest};
use annals::ledger::index::Sayings;
use annals::ledger::{Cut, Ledger, LedgerError, reading};
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::record::history::History;
use annals::record::request::Speaker;
use annals::record::state::State;
use annals::trail::entry::{Entry, parse_id};
use annals::trail::hash::LeafHash;
use chrono::{NaiveDate, Utc};
use clap::Args;

/// On which axes to read.
#[derive(Args, Default)]
pub(crate) struct Axes {
    /// The reading on which this review was opened
    #[arg(long, conflicts_with_all = ["at", "recorded", "effective"], value_parser = words::review)]
    pub(crate) review: Option<Code>,
    /// Up to this entry, by sequence or leaf hash
    #[arg(long, value_name = "SEQUENCE|HASH", value_parser = entry_cut, conflicts_with = "recorded")]
    pub(crate) at: Option<Cut>,
    /// As recorded by the end of this day, in the zone of the party where it ends last
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub(crate) recorded: Option<NaiveDate>,
    /// As effective by this day: words whose date begins by then
    #[arg(long, value_name = "DAY", value_parser = day)]
    effective: Option<NaiveDate>,
    /// The day on which something counts as stale, and, up to that of --effective, as due or missed [default: the day of --recorded, or
    /// today; in an illustrative ledger the day of the last entry]
    #[arg(long, env = "ANNALS_TODAY", value_name = "DAY", value_parser = day)]
    today: Option<NaiveDate>,
}

/// Which actions.
#[derive(Args, Default)]
pub(crate) struct Which {
    /// In this line of effort
    #[arg(long, value_name = "NUMBER", value_parser = words::line)]
    line: Option<u16>,
    /// In this track
    #[arg(long)]
    track: Option<Code>,
    /// With an institution of this party, named in the plan or assigned (whoever spoke)
    #[arg(long)]
    party: Option<Code>,
    /// With this institution, named in the plan or assigned, or with one whose work has passed to it
    #[arg(long)]
    pub(crate) institution: Option<Code>,
    /// In a line that names this Sustainable Development Goal
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=17))]
    sdg: Option<u8>,
    /// That stand here, as both agree or one side says alone
    #[arg(long, value_parser = words::lifecycle())]
    lifecycle: Option<Lifecycle>,
    /// That do so, as both agree or one side says alone
    #[arg(long, value_parser = words::health())]
    health: Option<Health>,
    /// With this joint status
    #[arg(long, value_parser = words::joint())]
    joint: Option<Joint>,
}

/// A day, as people write it in full.
pub(crate) fn day(text: &str) -> Result<NaiveDate, String> {
    let expected = || "a day such as 2022-12-31 is expected".to_owned();
    let whole = text.parse::<Effective>().ok().filter(|_| text.len() == 10);
    whole.map(|day| day.begin()).ok_or_else(expected)
}

fn entry_cut(text: &str) -> Result<Cut, String> {
    match text.parse::<u64>() {
        Ok(sequence) if text.len() < 64 => Ok(Cut::Sequence(sequence)),
        _ => text.parse::<LeafHash>().map(Cut::Leaf).map_err(|_| {
            "a sequence or a leaf hash (64 lower-case hexadecimal digits) is expected".to_owned()
        }),
    }
}

/// A cut, or a day.
pub(crate) fn any_cut(text: &str) -> Result<Cut, String> {
    day(text).map(Cut::Day).or_else(|_| {
        entry_cut(text)
            .map_err(|_| "a day such as 2022-12-31, a sequence or a leaf hash is expected".to_owned())
    })
}

/// Up to where somebody has seen who asks for what came since: a day counts whole, so that what was said later on the day of a visit
/// is not passed over, and an entry is the last that was seen.
pub(crate) fn seen(since: Cut) -> Cut {
    match since {
        Cut::Day(day) => day.pred_opt().map_or(Cut::Start, Cut::Day),
        cut => cut,
    }
}

/// The entry that is named by its sequence or its id.
pub(crate) fn entry(ledger: &Ledger, name: &str) -> Result<Entry, Failure> {
    if let Some(sequence) = name.parse::<u64>().ok().filter(|_| name.len() < 20) {
        let entry = ledger.entry(sequence)?;
        return entry.ok_or_else(|| LedgerError::Cut(Cut::Sequence(sequence)).into());
    }
    let id = parse_id(name).ok_or_else(|| {
        Failure::usage(format!("`{name}` is not an entry: its sequence or its id is expected"))
    })?;
    ledger.recorded(id)?.ok_or_else(|| Failure::usage(format!("no entry has the id {id}")))
}

/// The review that is named, or the nearest name.
pub(crate) fn review<'a>(state: &'a State, name: &Code) -> Result<&'a review::State, Failure> {
    let reviews = &state.programme.reviews;
    reviews.get(name).map(AsRef::as_ref).ok_or_else(|| {
        let hint = nearest(name.as_str(), reviews.keys().map(Code::as_str));
        Failure::usage(format!("there is no review {name}{hint}"))
    })
}

impl Axes {
    /// Up to a moment, as effective by a day, and seen on a day.
    pub(crate) fn of(moment: Option<Cut>, effective: Option<NaiveDate>, today: Option<NaiveDate>) -> Self {
        match moment {
            Some(Cut::Day(day)) => Self { recorded: Some(day), effective, today, ..Self::default() },
            at => Self { at, effective, today, ..Self::default() },
        }
    }

    /// The reading of a review, seen on a day.
    pub(crate) fn of_review(review: Code, today: Option<NaiveDate>) -> Self {
        Self { review: Some(review), today, ..Self::default() }
    }

    pub(crate) fn read(&self, ledger: &Ledger) -> Result<(History<Sayings>, Reading), Failure> {
        if let Some(name) = &self.review {
            return Ok(ledger.reading_of(&review(&ledger.state(), name)?.opened, self.today)?);
        }
        let moment = self.at.or(self.recorded.map(Cut::Day));
        let axes = reading::Axes { moment, effective: self.effective, today: self.today };
        Ok(ledger.reading(&axes, Utc::now())?)
    }
}

impl Which {
    pub(crate) fn filter(self, state: &State) -> Result<Filter, Failure> {
        let programme = &state.programme;
        let plan = || programme.plan.iter();
        let known = |what: &str, name: &str, names: Vec<&str>| {
            if names.is_empty() || names.contains(&name) {
                return Ok(());
            }
            Err(Failure::usage(format!("the plan has no {what} {name}{}", among(name, &names))))
        };
        let lines: Vec<String> =
            plan().flat_map(|plan| &plan.lines).map(|line| line.number.to_string()).collect();
        if let Some(line) = self.line {
            known("line", &line.to_string(), lines.iter().map(String::as_str).collect())?;
        }
        if let Some(track) = &self.track {
            let tracks = plan().flat_map(|plan| &plan.tracks).map(|track| track.code.as_str());
            known("track", track.as_str(), tracks.collect())?;
        }
        self.party.as_ref().map_or(Ok(()), |named| party(state, named))?;
        if let Some(body) = &self.institution {
            let bodies = programme.parties.values().flat_map(|party| party.institutions());
            let called = programme.parties.values().find_map(|party| party.called(body.as_str()));
            let known = known("institution", body.as_str(), bodies.map(|body| body.id.as_str()).collect());
            known.map_err(|failure| {
                called.map_or(failure, |called| {
                    Failure::usage(format!("the plan has no institution {body}{called}"))
                })
            })?;
        }
        Ok(Filter {
            line: self.line,
            track: self.track,
            party: self.party,
            institution: self.institution,
            goal: self.sdg,
            lifecycle: self.lifecycle,
            health: self.health,
            joint: self.joint,
            action: None,
        })
    }
}

impl Which {
    /// Those of a line of effort.
    pub(crate) fn of_line(line: u16) -> Self {
        Self { line: Some(line), ..Self::default() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.line.is_none()
            && self.track.is_none()
            && self.party.is_none()
            && self.institution.is_none()
            && self.sdg.is_none()
            && self.lifecycle.is_none()
            && self.health.is_none()
            && self.joint.is_none()
    }
}

impl Axes {
    /// The options with which the same is read again, whatever is recorded after; but for `--today`.
    pub(crate) fn again(&self, reading: &Reading) -> Vec<(&'static str, String)> {
        let moment = match (&self.review, reading.recorded) {
            (Some(review), _) => ("--review", review.to_string()),
            (None, Some(day)) => ("--recorded", day.to_string()),
            (None, None) => ("--at", reading.head.leaf.to_string()),
        };
        let effective = self.effective.map(|day| ("--effective", day.to_string()));
        [moment].into_iter().chain(effective).collect()
    }
}

impl Which {
    /// The options with which the same is meant again.
    pub(crate) fn again(&self) -> Vec<(&'static str, String)> {
        [
            ("--line", self.line.map(|line| line.to_string())),
            ("--track", self.track.as_ref().map(Code::to_string)),
            ("--party", self.party.as_ref().map(Code::to_string)),
            ("--institution", self.institution.as_ref().map(Code::to_string)),
            ("--sdg", self.sdg.map(|goal| goal.to_string())),
            ("--lifecycle", self.lifecycle.map(|word| word.to_string())),
            ("--health", self.health.map(|word| word.to_string())),
            ("--joint", self.joint.map(|word| word.to_string())),
        ]
        .into_iter()
        .filter_map(|(option, value)| value.map(|value| (option, value)))
        .collect()
    }
}

/// Refuses a party that is none of the ledger.
pub(crate) fn party(state: &State, named: &Code) -> Result<(), Failure> {
    let parties = state.parties();
    if parties.is_empty() || parties.contains(&named) {
        return Ok(());
    }
    let known: Vec<&str> = parties.into_iter().map(Code::as_str).collect();
    Err(Failure::usage(format!(
        "{named} is not a party of this ledger; its parties are {}",
        known.join(", ")
    )))
}

/// Refuses somebody who can never have spoken: a party that is none of the ledger, an institution that never was one of the
/// party. One whose work has passed to another is heard for what it said before.
pub(crate) fn speaker(state: &State, Speaker(who): &Speaker) -> Result<(), Failure> {
    party(state, &who.party)?;
    let Some(body) = &who.institution else { return Ok(()) };
    let known = state.programme.party(&who.party);
    let names: Vec<&str> = known.institutions().map(|body| body.id.as_str()).collect();
    if names.contains(&body.as_str()) {
        return Ok(());
    }
    let hint = known.called(body.as_str()).unwrap_or_else(|| among(body.as_str(), &names));
    Err(Failure::usage(format!("{} has no institution {body}{hint}", who.party)))
}

/// The names that there are, or the nearest: a few are better listed than guessed at.
fn among(name: &str, names: &[&str]) -> String {
    match names.len() {
        0 => String::new(),
        1..=8 => format!("; there are {}", names.join(", ")),
        _ => nearest(name, names.iter().copied()),
    }
}

/// The action that is named, or the nearest name.
pub(crate) fn known(state: &State, name: &str) -> Result<Code, Failure> {
    let actions = &state.programme.actions;
    let found = Code::try_from(name.to_owned()).ok().filter(|code| actions.contains_key(code));
    found.ok_or_else(|| {
        let hint = nearest(name, actions.keys().map(Code::as_str));
        Failure::usage(format!("there is no action {name}{hint}"))
    })
}
