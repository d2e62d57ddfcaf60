//! A change that a review decides of an action: what it is given, whether the action allows it, and what it makes of it.
//!
//! Who proposes it, who agrees, and when it takes effect is in [`super::decision`].

use super::action::{Ending, Former, Refusal, State};
use super::assertion::{self, Lifecycle, Role};
use super::assignment::{Assignment, Moved};
use super::date::{Cycle, Effective};
use super::plan::Action;
use super::sealed::Sealed;
use super::value::{Code, Text, words};
use super::word::{Place, Said, Word, Words};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

words! {
    /// What may be decided of an action.
    Kind {
        Retain = "retain",
        Amend = "amend",
        Clarify = "clarify",
        Merge = "merge",
        Split = "split",
        Suspend = "suspend",
        Discontinue = "discontinue",
        Add = "add",
    }
}

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it stays in the plan.
    Retain,
    /// Its text.
    Amend(Text),
    /// What its text leaves open: how often, who leads, until when. At least one of them.
    Clarify {
        /// How often it recurs.
        cycle: Option<Cycle>,
        /// Which institution leads it.
        lead: Option<Code>,
        /// Until when it is to be done.
        due: Option<Effective>,
    },
    /// It goes on in another action.
    Merge(Code),
    /// It goes on in several others.
    Split(Vec<Code>),
    /// It rests.
    Suspend,
    /// It ends.
    Discontinue,
    /// It is new.
    Add(Box<Action>),
}

impl Change {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Retain => Kind::Retain,
            Self::Amend(_) => Kind::Amend,
            Self::Clarify { .. } => Kind::Clarify,
            Self::Merge(_) => Kind::Merge,
            Self::Split(_) => Kind::Split,
            Self::Suspend => Kind::Suspend,
            Self::Discontinue => Kind::Discontinue,
            Self::Add(_) => Kind::Add,
        }
    }

    /// The actions in which it goes on.
    #[must_use]
    pub fn successors(&self) -> &[Code] {
        match self {
            Self::Merge(into) => std::slice::from_ref(into),
            Self::Split(into) => into,
            Self::Retain
            | Self::Amend(_)
            | Self::Clarify { .. }
            | Self::Suspend
            | Self::Discontinue
            | Self::Add(_) => &[],
        }
    }
}

/// A change in a review, and since when it is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Decision {
    /// In which review.
    pub review: Code,
    /// What changes.
    pub change: Change,
    /// Since when; the day of the last consent, where nothing is said.
    pub effective: Option<Effective>,
}

/// A decision as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    review: Code,
    decision: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effective: Option<Effective>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cycle: Option<Cycle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lead: Option<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<Effective>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    into: Option<Vec<Code>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<Box<Action>>,
    #[serde(rename = "_sd.reason", default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Sealed>,
    #[serde(rename = "_sd.note", default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Sealed>,
}

/// Why members do not make a decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotADecision {
    /// Those of another.
    #[error("the decision `{0}` is given {1}, and nothing else")]
    Members(Kind, &'static str),
    /// A withheld field that it needs or has not.
    #[error("{0}")]
    Withheld(&'static str),
}

impl Kind {
    /// What it is given.
    #[must_use]
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Retain | Self::Suspend | Self::Discontinue => "its date",
            Self::Amend => "the new `text`",
            Self::Clarify => "at least one of `cycle`, `lead` and `due`",
            Self::Merge => "the one action `into` which it goes",
            Self::Split => "at least two different actions `into` which it goes",
            Self::Add => "the whole new `action`",
        }
    }
}

impl Fields {
    pub(super) fn decision(&self) -> Result<Decision, NotADecision> {
        let Self { text, cycle, lead, due, into, action, .. } = self;
        let open = cycle.is_some() || lead.is_some() || due.is_some();
        let given = (text, open, into.as_deref(), action);
        let change = match (self.decision, given) {
            (Kind::Retain, (None, false, None, None)) => Some(Change::Retain),
            (Kind::Suspend, (None, false, None, None)) => Some(Change::Suspend),
            (Kind::Discontinue, (None, false, None, None)) => Some(Change::Discontinue),
            (Kind::Amend, (Some(text), false, None, None)) => Some(Change::Amend(text.clone())),
            (Kind::Clarify, (None, true, None, None)) => {
                Some(Change::Clarify { cycle: cycle.clone(), lead: lead.clone(), due: *due })
            }
            (Kind::Merge, (None, false, Some([into]), None)) => Some(Change::Merge(into.clone())),
            (Kind::Split, (None, false, Some(into @ [_, _, ..]), None)) if distinct(into) => {
                Some(Change::Split(into.to_vec()))
            }
            (Kind::Add, (None, false, None, Some(action))) => Some(Change::Add(action.clone())),
            _ => None,
        };
        let change = change.ok_or(NotADecision::Members(self.decision, self.decision.needs()))?;
        Ok(Decision { review: self.review.clone(), change, effective: self.effective })
    }
}

fn distinct(codes: &[Code]) -> bool {
    (1..).zip(codes).all(|(next, one)| !codes.iter().skip(next).any(|other| other == one))
}

impl From<Decision> for Fields {
    fn from(decision: Decision) -> Self {
        let kind = decision.change.kind();
        let mut fields = Self {
            review: decision.review,
            decision: kind,
            effective: decision.effective,
            text: None,
            cycle: None,
            lead: None,
            due: None,
            into: None,
            action: None,
            reason: None,
            note: None,
        };
        match decision.change {
            Change::Retain | Change::Suspend | Change::Discontinue => {}
            Change::Amend(text) => fields.text = Some(text),
            Change::Clarify { cycle, lead, due } => {
                (fields.cycle, fields.lead, fields.due) = (cycle, lead, due);
            }
            Change::Merge(into) => fields.into = Some(vec![into]),
            Change::Split(into) => fields.into = Some(into),
            Change::Add(action) => fields.action = Some(action),
        }
        fields
    }
}

impl TryFrom<Fields> for Decision {
    type Error = NotADecision;

    fn try_from(fields: Fields) -> Result<Self, NotADecision> {
        if fields.reason.is_some() || fields.note.is_some() {
            return Err(NotADecision::Withheld("a decision withholds nothing"));
        }
        fields.decision()
    }
}

/// Whether a change may be decided of an action that exists. The others that it names are the programme's to check. It is recorded on
/// a day that is `today` in the zone where days begin first, and `day` in the zone where a day ends last.
///
/// # Errors
/// [`Refusal`], by name.
pub fn allows(
    state: &State,
    words: &Words,
    decision: &Decision,
    (today, day): (NaiveDate, NaiveDate),
) -> Result<(), Refusal> {
    let reference = || state.action.reference.clone();
    if state.ended.is_some() {
        return Err(Refusal::Ended(reference(), state.ended.since()));
    }
    if let Some(effective) = decision.effective {
        assertion::past("effective", effective, today)?;
    }
    match &decision.change {
        Change::Add(action) => return Err(Refusal::Known(action.reference.clone())),
        Change::Amend(text) if *text == state.action.text => return Err(Refusal::Unchanged(reference())),
        Change::Clarify { cycle: Some(cycle), lead: None, due: None }
            if state.action.cycle.as_ref() == Some(cycle) =>
        {
            return Err(Refusal::Unchanged(reference()));
        }
        Change::Clarify { lead: None, due: Some(_), .. } if state.assignments.leads().next().is_none() => {
            return Err(Refusal::Leaderless(reference()));
        }
        _ => {}
    }
    if lifecycle(&decision.change).is_none() {
        return Ok(());
    }
    let since = decision.effective.map_or(day, |effective| effective.begin());
    let later = words.standing().find(|word| {
        word.lifecycle.is_some() && !matches!(word.said, Said::Contested(_)) && word.effective.begin() > since
    });
    match later.and_then(|word| Some((word, word.lifecycle?))) {
        Some((word, lifecycle)) => Err(Refusal::Before {
            action: reference(),
            party: word.party.clone(),
            word: lifecycle,
            since: word.effective,
        }),
        None => Ok(()),
    }
}

/// Where an action stands by a change.
const fn lifecycle(change: &Change) -> Option<Lifecycle> {
    match change {
        Change::Merge(_) | Change::Split(_) => Some(Lifecycle::Superseded),
        Change::Suspend => Some(Lifecycle::Suspended),
        Change::Discontinue => Some(Lifecycle::Discontinued),
        Change::Retain | Change::Amend(_) | Change::Clarify { .. } | Change::Add(_) => None,
    }
}

/// Takes a change that all parties agreed to; `lead_of` tells whose institution a new lead is, and until when it has the action
/// to be done already, if it has it.
pub fn apply(
    state: &mut Arc<State>,
    words: &mut Words,
    decision: &Decision,
    lead_of: impl Fn(&State, &Code) -> Option<(Code, Option<Effective>)>,
    place: &Place<'_>,
) {
    let sequence = place.sequence;
    let effective = decision.effective.unwrap_or_else(|| Effective::day(place.day));
    match &decision.change {
        Change::Retain | Change::Suspend | Change::Add(_) => {}
        Change::Amend(text) => {
            let amended = Action { text: text.clone(), ..(*state.action).clone() };
            Arc::make_mut(state).action.change(sequence, amended);
        }
        Change::Clarify { cycle, lead, due } => {
            let new = lead.as_ref().and_then(|lead| Some((lead, lead_of(state, lead)?)));
            let State { action, assignments, former, .. } = Arc::make_mut(state);
            if let Some(cycle) = cycle {
                former.push(Former { cycle: action.cycle.clone(), sequence, day: place.day });
                let clarified = Action { cycle: Some(cycle.clone()), ..(**action).clone() };
                action.change(sequence, clarified);
            }
            if let Some((lead, (party, before))) = new {
                let due = due.or(before);
                let (role, effective, day) = (Role::Lead, Some(effective), place.day);
                let moved = None;
                assignments.assign(lead, Assignment { party, role, due, effective, day, sequence, moved });
            } else if let Some(due) = due {
                assignments.set_due(*due, Moved { sequence, effective });
            }
        }
        Change::Merge(_) | Change::Split(_) | Change::Discontinue => {
            let ending = Ending { successors: decision.change.successors().to_vec() };
            Arc::make_mut(state).ended.change(sequence, Some(ending));
        }
    }
    if let Some(lifecycle) = lifecycle(&decision.change) {
        words.say(Word { lifecycle: Some(lifecycle), ..Word::spoken(place, effective, Said::Decided) });
    }
}

#[cfg(test)]
mod tests {
    use super::super::decision::Proposed;
    use super::*;
    use serde_json::{Value, json};

    fn proposed(more: &Value) -> Result<Change, String> {
        let mut data = json!({"review": "R2023", "_sd.reason": {"digest": "d"}});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let read: Result<Proposed, _> = serde_json::from_value(data.clone());
        let read = read.map_err(|error| error.to_string())?;
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(written, data, "what is read is written as it was");
        Ok(read.decision.change)
    }

    #[test]
    fn a_decision_is_given_what_it_needs_and_nothing_else() {
        let action = json!({"ref": "1.G2G.9", "line": 1, "track": "G2G", "text": "New", "kind": "continuing",
            "firmness": "will", "institutions": [], "basis": [], "notes": []});
        let needs = [
            ("retain", json!({})),
            ("amend", json!({"text": "Meet twice a year"})),
            ("clarify", json!({"cycle": "P2Y"})),
            ("clarify", json!({"lead": "MSIT", "due": "2023-12"})),
            ("merge", json!({"into": ["1.G2G.2"]})),
            ("split", json!({"into": ["1.G2G.2", "1.G2G.3"]})),
            ("suspend", json!({"effective": "2023"})),
            ("discontinue", json!({})),
            ("add", json!({"action": action})),
        ];
        for (kind, members) in &needs {
            for (other, _) in &needs {
                let mut data = members.clone();
                data["decision"] = (*other).into();
                let alike =
                    [*kind, *other].iter().all(|word| ["retain", "suspend", "discontinue"].contains(word));
                let fits = kind == other || alike;
                assert_eq!(proposed(&data).is_ok(), fits, "{members} as {other}");
            }
        }
        for bad in
            [json!({"into": []}), json!({"into": ["1.G2G.2"]}), json!({"into": ["1.G2G.2", "1.G2G.2"]})]
        {
            let mut data = bad;
            data["decision"] = "split".into();
            assert!(proposed(&data).unwrap_err().contains("at least two different actions"));
        }
    }
}
