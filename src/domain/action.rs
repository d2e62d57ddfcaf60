//! An action of the plan: what is said of it, by whom, and which word may follow which.
//!
//! What a word may say by itself is in [`super::assertion`]; what several parties' words make together, in
//! [`super::status`]. Why one may not be said is in `refusal`; when a recurring action is due, in `schedule`.

mod refusal;
mod schedule;

use super::assertion::{
    self, Assigned, Confirmed, Contested, Corrected, Indicator, Lifecycle, Occurrence, Progressed, Verified,
};
use super::assignment::{Assignment, Assignments};
use super::date::{Effective, Period};
use super::party::Author;
use super::plan::Action;
use super::value::Code;
use super::versions::Versions;
use super::word::{Place, Said, Word, Words};
use chrono::NaiveDate;
pub use refusal::Refusal;
pub use schedule::{Former, Schedule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use uuid::Uuid;

/// What happens to an action.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its type")]
pub enum Event {
    Created(Action),
    Assigned(Assigned),
    Progressed(Progressed),
    Confirmed(Confirmed),
    Contested(Contested),
    Verified(Verified),
    Corrected(Corrected),
}

/// By whom, when and to what an event is said.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who speaks.
    pub author: &'a Author,
    /// The day on which it is recorded, in the zone where days begin first.
    pub today: NaiveDate,
    /// The entry that is answered.
    pub answers: Option<Uuid>,
    /// When the plan is carried out.
    pub period: Option<Period>,
    /// Every party.
    pub parties: &'a [&'a Code],
    /// The day on which it is recorded, in the zone where a day ends last.
    pub day: NaiveDate,
    /// The sequence of the entry that it was signed on.
    pub base: u64,
    /// The sequence of the entry whose leaf hash a reading names, if one has it.
    pub reading: Option<u64>,
    /// Whether the plan is still being founded.
    pub founding: bool,
}

/// An action: what it is, and who has it. What was said of it is apart, in its [`Words`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// As it stands in the plan.
    pub action: Versions<Action>,
    /// The institutions that have taken it on.
    pub assignments: Assignments,
    /// How it ended, once it has.
    pub ended: Versions<Option<Ending>>,
    /// The sequence of the first entry of its stream: its creation, or what proposed it.
    pub first: u64,
    /// Its cycles before, from the oldest on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Former>,
}

/// How an action ended: in others, or in none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// In which it goes on.
    pub successors: Vec<Code>,
}

impl Ending {
    /// Where the action stands by it.
    #[must_use]
    pub const fn lifecycle(&self) -> Lifecycle {
        if self.successors.is_empty() { Lifecycle::Discontinued } else { Lifecycle::Superseded }
    }
}

impl State {
    /// An action that an entry creates, and that nobody has taken on yet; `first` is the first entry of its stream.
    #[must_use]
    pub fn new(sequence: u64, first: u64, action: Action) -> Self {
        Self {
            action: Versions::new(sequence, action),
            assignments: Assignments::new(sequence),
            ended: Versions::new(sequence, None),
            first,
            former: Vec::new(),
        }
    }

    /// The sequence of the entry that made it what it is, whatever was said of it.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.action.since().max(self.assignments.since()).max(self.ended.since())
    }

    /// Whether it has, or had, a cycle.
    #[must_use]
    pub fn recurs(&self) -> bool {
        self.action.cycle.is_some() || !self.former.is_empty()
    }

    /// As it was after a number of entries; nothing where it was not created yet.
    #[must_use]
    pub fn until(self: &Arc<Self>, size: u64) -> Option<Arc<Self>> {
        if self.since() < size {
            return Some(Arc::clone(self));
        }
        let action = self.action.until(size)?;
        let (assignments, ended) = (self.assignments.until(size)?, self.ended.until(size)?);
        let former = self.former.iter().take_while(|former| former.sequence < size).cloned().collect();
        Some(Arc::new(Self { action, assignments, ended, first: self.first, former }))
    }

    fn follows(
        &self,
        words: &Words,
        party: &Code,
        effective: Effective,
        word: Lifecycle,
    ) -> Result<(), Refusal> {
        let (before, after) = words.neighbours(party, effective);
        let refused = |from, since, to| {
            Err(Refusal::Transition {
                action: self.action.reference.clone(),
                party: party.clone(),
                from,
                since,
                to,
            })
        };
        let from = before.and_then(|word| word.lifecycle).unwrap_or(Lifecycle::Planned);
        if !from.may_become(word) {
            return refused(from, before.map_or(effective, |word| word.effective), word);
        }
        match after.and_then(|word| word.lifecycle) {
            Some(end) if end.is_the_end() => {
                let action = self.action.reference.clone();
                Err(Refusal::BeforeTheEnd { action, word, since: effective, end })
            }
            Some(to) if !word.may_become(to) => refused(word, effective, to),
            _ => Ok(()),
        }
    }

    fn assertion<'a>(&self, words: &'a Words, context: &Context<'_>) -> Result<&'a Word, Refusal> {
        let id = context.answers.ok_or(Refusal::Unanswered)?;
        let word =
            words.by_id(id).ok_or_else(|| Refusal::NotAnAssertion(id, self.action.reference.clone()))?;
        if word.said != Said::Progressed {
            return Err(Refusal::NotAnswered(word.sequence));
        }
        if word.voided.is_some() { Err(Refusal::Voided(word.sequence)) } else { Ok(word) }
    }

    /// The assertion of another party that is answered, and was not by this one.
    fn answered<'a>(&self, words: &'a Words, context: &Context<'_>) -> Result<&'a Word, Refusal> {
        let word = self.assertion(words, context)?;
        let party = &context.author.party;
        if word.party == *party {
            return Err(Refusal::OwnWord(word.sequence, party.clone()));
        }
        // An answer comes after what it answers.
        let mut later = words.standing().rev().take_while(|other| other.sequence > word.sequence);
        let answer = later.find(|other| {
            matches!(other.said, Said::Confirmed(at) | Said::Contested(at) if at == word.sequence)
                && other.party == *party
        });
        match answer {
            Some(answer) => {
                Err(Refusal::Answered { party: party.clone(), word: word.sequence, answer: answer.sequence })
            }
            None => Ok(word),
        }
    }

    /// A window of the cycle, or one of a cycle before in which something was due, or of which somebody spoke then.
    fn occurs(&self, words: &Words, occurrence: &Occurrence, period: Option<Period>) -> Result<(), Refusal> {
        let begin = occurrence.window.begin();
        let windows = period.map(|period| self.windows(period)).unwrap_or_default();
        if windows.is_empty() || windows.iter().any(|(own, _)| *own == begin) {
            return Ok(());
        }
        let schedule = self.schedule(period);
        let mut spoken = words.all().iter().filter_map(|word| word.occurrence);
        if schedule.window(occurrence.window).is_some() || spoken.any(|said| said.window.begin() == begin) {
            return Ok(());
        }
        // Where two begin on a day it is called as what was due then.
        let own = windows.iter().map(|(begin, _)| self.window_name(*begin));
        let due = schedule.windows().iter().map(|(name, _)| *name);
        let all: BTreeMap<NaiveDate, Effective> = own.chain(due).map(|name| (name.begin(), name)).collect();
        Err(Refusal::Window {
            action: self.action.reference.clone(),
            window: occurrence.window,
            windows: all.values().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        })
    }
}

/// Whether this may happen to an action that exists. Institutions and the founding are the programme's to check.
///
/// # Errors
/// [`Refusal`], by name.
pub fn decide(state: &State, words: &Words, event: &Event, context: &Context<'_>) -> Result<(), Refusal> {
    let party = &context.author.party;
    match event {
        Event::Created(action) => Err(Refusal::Known(action.reference.clone())),
        Event::Assigned(event) => {
            if let Some(effective) = event.effective {
                assertion::past("effective", effective, context.today)?;
            }
            Ok(())
        }
        Event::Progressed(event) => {
            event.check(context.today)?;
            if let Some(occurrence) = &event.occurrence {
                state.occurs(words, occurrence, context.period)?;
            }
            event.lifecycle.map_or(Ok(()), |word| state.follows(words, party, event.effective, word))
        }
        Event::Confirmed(event) => {
            let word = state.answered(words, context)?;
            let effective = event.effective.unwrap_or(word.effective);
            assertion::past("effective", effective, context.today)?;
            word.lifecycle.map_or(Ok(()), |lifecycle| state.follows(words, party, effective, lifecycle))
        }
        Event::Contested(_) => state.answered(words, context).map(|_| ()),
        Event::Verified(_) => {
            let word = state.assertion(words, context)?;
            let same = |other: &&Word| {
                matches!(other.said, Said::Verified(at, _) if at == word.sequence) && other.party == *party
            };
            match words.standing().find(same) {
                Some(answer) => Err(Refusal::Answered {
                    party: party.clone(),
                    word: word.sequence,
                    answer: answer.sequence,
                }),
                None => Ok(()),
            }
        }
        Event::Corrected(_) => {
            let id = context.answers.ok_or(Refusal::Unanswered)?;
            let not = || Refusal::NotAnAssertion(id, state.action.reference.clone());
            let word = words.by_id(id).ok_or_else(not)?;
            if word.said == Said::Decided {
                return Err(Refusal::Decided(word.sequence));
            }
            if word.party != *party {
                return Err(Refusal::OthersWord(word.sequence, word.party.clone()));
            }
            if word.voided.is_some() { Err(Refusal::Voided(word.sequence)) } else { Ok(()) }
        }
    }
}

/// Takes an assignment that was admitted.
pub fn assign(state: &mut State, event: &Assigned, place: &Place<'_>) {
    let assignment = Assignment {
        party: place.author.party.clone(),
        role: event.role,
        due: event.due,
        effective: event.effective,
        moved: None,
        day: place.day,
        sequence: place.sequence,
    };
    state.assignments.assign(&event.institution, assignment);
}

/// Takes what an event that was admitted says of an action that exists. It changes nothing of the action's own, so that nobody need look
/// for that.
pub fn say(words: &mut Words, event: &Event, place: &Place<'_>) {
    match event {
        // An action begins with [`State::new`], and nothing is said of it by assigning it.
        Event::Created(_) | Event::Assigned(_) => {}
        Event::Progressed(event) => words.say(Word {
            lifecycle: event.lifecycle,
            health: event.health,
            occurrence: event.occurrence,
            measures: sum(&event.indicators),
            ..Word::spoken(place, event.effective, Said::Progressed)
        }),
        Event::Confirmed(event) => answer(words, place, event.effective, Said::Confirmed),
        Event::Contested(_) => answer(words, place, None, Said::Contested),
        Event::Verified(event) => {
            if let Some(word) = place.answers.and_then(|id| words.by_id(id)) {
                let said = Said::Verified(word.sequence, event.outcome);
                words.say(Word::spoken(place, word.effective, said));
            }
        }
        Event::Corrected(_) => place.answers.into_iter().for_each(|id| words.void(id, place.mark())),
    }
}

/// A sum of the names of indicators, in whatever order they are given; none where there are none.
fn sum(indicators: &[Indicator]) -> Option<NonZeroU32> {
    let mut names: Vec<&str> = indicators.iter().map(|indicator| indicator.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let (first, others) = names.split_first()?;
    let mut sum = crc32fast::Hasher::new();
    sum.update(first.as_bytes());
    for name in others {
        sum.update(b"\n");
        sum.update(name.as_bytes());
    }
    // A sum that is none by chance is another one.
    Some(NonZeroU32::new(sum.finalize()).unwrap_or(NonZeroU32::MIN))
}

/// An answer takes over the axes of what it answers. A contest undoes nothing that all decided after the word that it contests, as of
/// the same day: of that day it would be the newer word.
fn answer(words: &mut Words, place: &Place<'_>, effective: Option<Effective>, said: fn(u64) -> Said) {
    if let Some(answered) = place.answers.and_then(|id| words.by_id(id)) {
        let effective = effective.unwrap_or(answered.effective);
        let said = said(answered.sequence);
        let outlived = matches!(said, Said::Contested(_)) && words.decided_since(answered).is_some();
        let word = Word {
            lifecycle: answered.lifecycle.filter(|_| !outlived),
            health: answered.health,
            occurrence: answered.occurrence,
            measures: answered.measures,
            ..Word::spoken(place, effective, said)
        };
        words.say(word);
    }
}
