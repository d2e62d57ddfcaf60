//! What the record says, in the terms of IATI: the programme as one activity, and each action as a part of it.
//!
//! Only what all parties say becomes a code or an actual date; what they do not agree on stands in words beside it. Nothing is here of
//! what a plan does not say: recipients, sectors, budgets, who pays. How it is written is in [`super`].

use crate::domain::action::Ending;
use crate::domain::assertion::Lifecycle;
use crate::domain::date::Effective;
use crate::domain::plan::Goal;
use crate::domain::programme::{Adopted, Programme};
use crate::domain::status::{self, Joint, Voice};
use crate::domain::value::{Code, Text};
use crate::domain::word::{Said, Words};
use crate::projection::board::{self, Row};
use crate::projection::filter::Filter;
use crate::projection::reading::Reading;
use crate::record::history::{History, Spoken};
use crate::record::state::State;

/// How long the title of an action is at most, in characters: its text begins so, and stands whole in the description.
const TITLE: usize = 120;

/// An activity.
#[derive(Debug, Clone)]
pub struct Activity<'a> {
    /// What follows the publisher's reference in its identifier: `denmark-korea-2021-2024-1.G2G.3`.
    pub id: String,
    /// What it is in the ledger: `plan`, `actions/1.G2G.3`.
    pub subject: String,
    /// On which level it stands.
    pub level: Level,
    /// Its title, in the language of the plan.
    pub title: String,
    /// What it is, in the language of the plan.
    pub text: String,
    /// Where it stands and who says so, in English.
    pub standing: String,
    /// Who takes part.
    pub organisations: Vec<Organisation<'a>>,
    /// Where it stands.
    pub stage: Stage,
    /// Its dates, as they were said.
    pub dates: Vec<(Dated, Effective)>,
    /// The goals that it serves.
    pub goals: Vec<&'a Goal>,
    /// What it is to others, by their ids.
    pub related: Vec<(Relation, String)>,
}

/// Levels (`@hierarchy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The plan as a whole.
    Programme,
    /// One of its actions.
    Action,
}

/// Stages (code list `ActivityStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// “Being scoped or planned”: as the plan has it, until its parties say the same of it.
    Pipeline,
    /// “Currently being implemented.”
    Implementation,
    /// “Physical activity is complete […] but the activity remains open pending […] M&E”: reviews judge what was completed, and nobody
    /// closes it.
    Finalisation,
    /// “Cancelled”: discontinued, or going on in other actions.
    Cancelled,
    /// “Temporarily suspended.”
    Suspended,
}

/// Kinds of dates (code list `ActivityDateType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dated {
    /// As the plan has it.
    PlannedStart,
    /// As all say.
    ActualStart,
    /// As the plan has it.
    PlannedEnd,
    /// As all say.
    ActualEnd,
}

/// What an activity is to another (code list `RelatedActivityType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The other contains it.
    Parent,
    /// The other is part of it.
    Child,
    /// Both are parts of the same: it goes on in the other.
    Sibling,
}

/// Who takes part.
#[derive(Debug, Clone)]
pub struct Organisation<'a> {
    /// As what.
    pub part: Part,
    /// Its names, each in its language, or in that of the plan.
    pub names: Vec<(Option<&'a Code>, &'a Text)>,
}

/// Roles (code list `OrganisationRole`), of which a plan says two: it does not tell who funds what, or who manages a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// “Responsible for oversight of the activity and its outcomes”: a party, which signed the plan and reviews it.
    Accountable,
    /// “Physically carries out the activity”: an institution that the text of an action names, or that has taken it on.
    Implementing,
}

/// The programme, and the actions that a filter admits; nothing before a plan was adopted.
///
/// # Errors
/// Where what was said cannot be read.
pub fn all<'a, W: Spoken>(
    history: &'a History<W>,
    reading: &Reading,
    filter: &Filter,
) -> Result<Vec<Activity<'a>>, W::Fault> {
    let state = &history.state;
    let Some(plan) = state.programme.plan.as_deref() else { return Ok(Vec::new()) };
    let rows = board::of(history, reading, &Filter::default())?;
    let mut activities = vec![programme(state, plan, reading, &rows)];
    let meant = |row: &&Row<'_>| {
        filter.admits(&state.programme, row.action, reading.effective) && filter.matches(&row.status)
    };
    for row in rows.iter().filter(meant) {
        activities.push(action(state, plan, reading, row, &*history.words.of(row.action)?));
    }
    let children = activities.iter().skip(1).map(|child| (Relation::Child, child.id.clone())).collect();
    activities.iter_mut().take(1).for_each(|whole| whole.related.clone_from(&children));
    Ok(activities)
}

fn programme<'a>(state: &'a State, plan: &'a Adopted, reading: &Reading, rows: &[Row<'_>]) -> Activity<'a> {
    let lines = plan.lines.iter().map(|line| {
        let text = line.text.as_ref().map(|text| format!("\n{text}")).unwrap_or_default();
        format!("{}. {}{text}", line.number, line.title)
    });
    let text = lines.collect::<Vec<_>>().join("\n\n");
    let of = |joint| rows.iter().filter(|row| row.status.lifecycle.joint == joint).count();
    let counts = Joint::ALL.map(|joint| format!("{} {}", of(joint), spaced(joint.as_str()))).join(", ");
    let mut goals: Vec<&Goal> = plan.lines.iter().flat_map(|line| &line.goals).collect();
    goals.sort_by_key(|goal| goal.number);
    Activity {
        id: plan.id.to_string(),
        subject: "plan".to_owned(),
        level: Level::Programme,
        title: plan.title.to_string(),
        text: if text.is_empty() { plan.title.to_string() } else { text },
        standing: worth(format!("Joint status of {} actions: {counts}.", rows.len()), reading),
        organisations: parties(state).collect(),
        stage: Stage::of_all(rows),
        dates: planned(plan).to_vec(),
        goals: once(goals),
        related: Vec::new(),
    }
}

fn action<'a>(
    state: &'a State,
    plan: &'a Adopted,
    reading: &Reading,
    row: &Row<'a>,
    words: &Words,
) -> Activity<'a> {
    let action = &row.action.action;
    let id = |reference: &Code| format!("{}-{reference}", plan.id);
    let agreed = Stage::agreed(&row.status);
    let given = agreed.unwrap_or(Stage::Pipeline);
    let [begin, end] = planned(plan);
    let started = started(words, reading).filter(|_| given != Stage::Pipeline);
    let dates = [
        Some(begin),
        started.map(|date| (Dated::ActualStart, date)),
        Some(end),
        finished(&row.status, given).map(|date| (Dated::ActualEnd, date)),
    ];
    let line = plan.lines.iter().find(|line| line.number == action.line);
    // An action that ended later than it is read as effective has not ended yet.
    let ended = Option::as_ref(&row.action.ended)
        .filter(|_| row.status.lifecycle.value == Some(Lifecycle::Superseded));
    let onward = ended.iter().flat_map(|Ending { successors }| successors);
    Activity {
        id: id(&action.reference),
        subject: format!("actions/{}", action.reference),
        level: Level::Action,
        title: format!("{}: {}", action.reference, beginning(action.text.as_str())),
        text: action.text.to_string(),
        standing: worth(standing(&row.status, words, reading, agreed), reading),
        organisations: parties(state).chain(institutions(&state.programme, row, reading)).collect(),
        stage: given,
        dates: dates.into_iter().flatten().collect(),
        goals: once(line.iter().flat_map(|line| &line.goals).collect()),
        related: [(Relation::Parent, plan.id.to_string())]
            .into_iter()
            .chain(onward.map(|next| (Relation::Sibling, id(next))))
            .collect(),
    }
}

impl Stage {
    const fn of(lifecycle: Lifecycle) -> Self {
        match lifecycle {
            Lifecycle::Planned => Self::Pipeline,
            Lifecycle::UnderWay | Lifecycle::Continuing => Self::Implementation,
            Lifecycle::Completed => Self::Finalisation,
            Lifecycle::Suspended => Self::Suspended,
            Lifecycle::Discontinued | Lifecycle::Superseded => Self::Cancelled,
        }
    }

    /// To which every party's last word leads, if they lead to one: `under_way` and `continuing` do, although they differ. Silence
    /// leads nowhere, and neither does a contest.
    fn agreed(status: &status::Status<'_>) -> Option<Self> {
        let mut stages = status.lifecycle.voices.iter().map(|voice| voice.says.map(Self::of));
        let first = stages.next()??;
        stages.all(|stage| stage == Some(first)).then_some(first)
    }

    /// Of a programme, from what is agreed of its actions: one for all of them, or over when all are, or begun when one is.
    fn of_all(rows: &[Row<'_>]) -> Self {
        let stages: Vec<Self> =
            rows.iter().map(|row| Self::agreed(&row.status).unwrap_or(Self::Pipeline)).collect();
        let all = |among: &[Self]| stages.iter().all(|stage| among.contains(stage));
        let over = [Self::Finalisation, Self::Cancelled];
        match stages.first() {
            Some(first) if all(&[*first]) => *first,
            Some(_) if all(&over) => Self::Finalisation,
            Some(_) if !all(&[Self::Pipeline, Self::Suspended, Self::Cancelled]) => Self::Implementation,
            _ => Self::Pipeline,
        }
    }
}

/// Since when it is under way, where the first word of every party to the effect that it has begun says the same. What was found to be
/// continuing began at some time before.
fn started(words: &Words, reading: &Reading) -> Option<Effective> {
    let begun = |party: &Code| {
        words
            .standing()
            .filter(|word| word.is_of(party) && !matches!(word.said, Said::Contested(_) | Said::Verified(..)))
            .filter(|word| reading.effective.is_none_or(|day| word.effective.begin() <= day))
            .filter(|word| !matches!(word.lifecycle, None | Some(Lifecycle::Planned)))
            .min_by_key(|word| (word.effective.begin(), word.sequence))
            .filter(|word| word.lifecycle == Some(Lifecycle::UnderWay))
            .map(|word| word.effective)
    };
    same(reading.parties.iter().map(begun))
}

/// Since when it is over, where every party says so of the same date.
fn finished(status: &status::Status<'_>, stage: Stage) -> Option<Effective> {
    let since = |voice: &Voice<'_, Lifecycle>| voice.word.as_ref().map(|word| word.effective);
    let over = matches!(stage, Stage::Finalisation | Stage::Cancelled);
    same(status.lifecycle.voices.iter().map(since)).filter(|_| over)
}

/// What all say, if they say the same.
fn same(mut said: impl Iterator<Item = Option<Effective>>) -> Option<Effective> {
    let first = said.next()??;
    said.all(|other| other == Some(first)).then_some(first)
}

fn planned(plan: &Adopted) -> [(Dated, Effective); 2] {
    let day = |dated, day| (dated, Effective::day(day));
    [day(Dated::PlannedStart, plan.period.begin()), day(Dated::PlannedEnd, plan.period.end())]
}

fn parties(state: &State) -> impl Iterator<Item = Organisation<'_>> {
    let founders = state.founding.iter().flat_map(|founding| &founding.opened.parties);
    founders.map(|party| Organisation { part: Part::Accountable, names: vec![(None, &party.name)] })
}

/// Those that the text names, and then those that have taken it on besides, by the day of the reading.
fn institutions<'a>(
    programme: &'a Programme,
    row: &Row<'a>,
    reading: &Reading,
) -> impl Iterator<Item = Organisation<'a>> {
    let mut meant: Vec<&Code> = Vec::new();
    let assigned = row.action.assignments.tasks(reading.effective).map(|(institution, _)| institution);
    for id in row.action.action.institutions.iter().chain(assigned) {
        if !meant.contains(&id) {
            meant.push(id);
        }
    }
    meant.into_iter().filter_map(|id| {
        let mut bodies = programme.parties.values().flat_map(|party| party.institutions());
        let body = bodies.find(|body| body.id == *id)?;
        let names = body.names.iter().map(|(language, name)| (Some(language), name)).collect();
        Some(Organisation { part: Part::Implementing, names })
    })
}

fn standing(status: &status::Status<'_>, words: &Words, reading: &Reading, agreed: Option<Stage>) -> String {
    let spoke = |party: &Code| words.spoken_by(party, reading.effective);
    let said = |voice: &Voice<'_, Lifecycle>| match (&voice.word, voice.says) {
        (Some(word), Some(says)) => {
            format!("{} says {} as of {}", voice.party, spaced(says.as_str()), word.effective)
        }
        (Some(word), None) => format!("{} contests what is said as of {}", voice.party, word.effective),
        (None, _) if spoke(voice.party) => format!("{} says nothing of its lifecycle", voice.party),
        (None, _) => format!("{} says nothing", voice.party),
    };
    let voices: Vec<String> = status.lifecycle.voices.iter().map(said).collect();
    let axis = &status.lifecycle;
    let silent = axis.joint == Joint::Silent && axis.voices.iter().any(|voice| spoke(voice.party));
    let on = if silent { " on the lifecycle" } else { "" };
    let mut text = format!("Joint status: {}{on}. {}.", spaced(axis.joint.as_str()), voices.join("; "));
    if agreed.is_none() {
        text.push_str(" No activity status is agreed, so that the one given is that of the plan: planned.");
    }
    text
}

fn worth(mut standing: String, reading: &Reading) -> String {
    if reading.illustrative {
        standing.push_str(" Illustrative: recorded times were told by the authors.");
    }
    standing
}

fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

/// Each goal by its number once, as it is named first.
fn once(mut goals: Vec<&Goal>) -> Vec<&Goal> {
    let mut seen = Vec::new();
    goals.retain(|goal| {
        let new = !seen.contains(&goal.number);
        seen.push(goal.number);
        new
    });
    goals
}

/// The first words of a text, on one line.
fn beginning(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() >= TITLE && !line.is_empty() {
            line.push_str(" …");
            return line;
        }
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    line
}
