//! A phrase: what the program tells of something, as a message and what it names, so that it can be told in any language.
//!
//! How it reads in each is not here but in [`super::labels`].

use super::labels;
use crate::domain::assertion::OccurrenceState;
use crate::domain::change::Change;
use crate::domain::date::Cycle;
use crate::domain::value::Code;
use crate::projection::agenda::{Item, Matter};
use crate::projection::board::{STALE_DAYS, Window};
use crate::projection::{audit, silence};
use std::borrow::Borrow;
use std::fmt;

/// A message, and what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The message: `phrase-<id>` in the files of labels.
    pub id: &'static str,
    /// What it names, by the places of the message.
    pub parts: Vec<(&'static str, Part)>,
}

/// Something that a message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words that are the same in every language.
    Text(String),
    /// A word of the program, such as one of an axis.
    Word(String),
    /// A number.
    Number(u64),
    /// What is told in its turn.
    Phrases(Vec<Phrase>),
}

impl Phrase {
    /// A message that names nothing yet.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        Self { id, parts: Vec::new() }
    }

    /// Words that are the same in every language.
    pub fn verbatim(text: impl Into<String>) -> Self {
        Self::new("verbatim").with("text", Part::Text(text.into()))
    }

    /// The same, naming something.
    #[must_use]
    pub fn with(mut self, place: &'static str, part: impl Into<Part>) -> Self {
        self.parts.push((place, part.into()));
        self
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Part {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<Phrase> for Part {
    fn from(phrase: Phrase) -> Self {
        Self::Phrases(vec![phrase])
    }
}

/// As answers for machines and terminals have it.
impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&labels::english().phrase(self))
    }
}

/// A change of a plan in a few words: `merge into 1.G2G.3`.
#[must_use]
pub fn change(change: &Change) -> Phrase {
    let kind = Part::Word(change.kind().to_string());
    match change {
        Change::Retain | Change::Suspend | Change::Discontinue | Change::Amend(_) | Change::Add(_) => {
            Phrase::new("change").with("kind", kind)
        }
        Change::Clarify { cycle, lead, due } => {
            let parts = [
                cycle.as_ref().map(|cycle| Phrase::new("clarify-cycle").with("cycle", self::cycle(cycle))),
                lead.as_ref().map(|lead| Phrase::new("clarify-lead").with("lead", lead.as_str())),
                due.map(|due| Phrase::new("clarify-due").with("due", due.to_string())),
            ];
            let parts = Part::Phrases(parts.into_iter().flatten().collect());
            Phrase::new("change-of").with("kind", kind).with("what", parts)
        }
        Change::Merge(_) | Change::Split(_) => {
            let into: Vec<&str> = change.successors().iter().map(Code::as_str).collect();
            Phrase::new("change-into").with("kind", kind).with("into", into.join(", "))
        }
    }
}

/// A cycle for people: one that is not clear, as it is printed.
#[must_use]
pub fn cycle(cycle: &Cycle) -> String {
    match cycle {
        Cycle::Ambiguous(word) => format!("“{word}”"),
        clear @ Cycle::Every { .. } => clear.to_string(),
    }
}

/// A silence.
#[must_use]
pub fn silence(why: &silence::Why) -> Phrase {
    use silence::{On, Why};
    match why {
        Why::NoEvent => Phrase::new("no-event"),
        Why::NoWord(party, None) => Phrase::new("no-word").with("party", party.as_str()),
        Why::NoWord(party, Some(entry)) => {
            Phrase::new("no-word-since").with("party", party.as_str()).with("entry", *entry)
        }
        Why::OneSided { spoken, silent } if silent.is_empty() => {
            Phrase::new("stands-alone").with("party", named(spoken))
        }
        Why::OneSided { spoken, silent } => {
            Phrase::new("one-sided").with("spoken", named(spoken)).with("silent", named(silent))
        }
        Why::Disputed(on, said) => {
            let on = match on {
                On::Lifecycle | On::Health => Part::Word(on.to_string()),
                On::Window(name) => Part::Text(name.to_string()),
            };
            let said = said.iter().map(|(party, said)| match said {
                None => Phrase::new("contests").with("party", party.as_str()),
                Some(said) => says(party, said),
            });
            Phrase::new("disputed").with("on", on).with("said", Part::Phrases(said.collect()))
        }
        Why::StaleHealth => Phrase::new("stale-health").with("days", STALE_DAYS),
        Why::WindowPassed(window) => Phrase::new("window-passed").with("window", window.to_string()),
    }
}

/// A word of the program that a party says.
pub(super) fn says(party: &Code, word: &str) -> Phrase {
    Phrase::new("says").with("party", party.as_str()).with("word", Part::Word(word.to_owned()))
}

/// What has a date.
#[must_use]
pub fn matter(matter: &Matter<'_>) -> Phrase {
    match matter {
        Matter::Task { institution, role, .. } => Phrase::new("task")
            .with("institution", institution.as_str())
            .with("role", Part::Word(role.to_string())),
        // It is told with the day on which it is to be, which is not that of its window.
        Matter::Window(window, Window::Said(_, Some(OccurrenceState::Postponed)), Some(_)) => {
            Phrase::new("window-moved").with("window", window.to_string())
        }
        Matter::Window(window, known, Some(_)) => Phrase::new("window")
            .with("window", window.to_string())
            .with("state", Part::Word(known.to_string())),
        Matter::Window(window, ..) => Phrase::new("window-closes").with("window", window.to_string()),
        Matter::Instrument(_) => Phrase::new("lapses"),
    }
}

/// The actions that rest on a basis that has a date, if there are any.
#[must_use]
pub fn resting(item: &Item<'_>) -> Option<Phrase> {
    let actions = named(&item.actions);
    (!actions.is_empty()).then(|| Phrase::new("resting").with("actions", actions))
}

/// What an auditor looks at first.
#[must_use]
pub fn exception(why: &audit::Why) -> Phrase {
    use audit::Why;
    let file = |id, entry, file| Phrase::new(id).with("file", file).with("entry", entry);
    match why {
        Why::RecordedLate(effective, days) => {
            Phrase::new("recorded-late").with("effective", effective.to_string()).with("days", *days)
        }
        Why::Unevidenced(1) => Phrase::new("unevidenced-file"),
        Why::Unevidenced(_) => Phrase::new("unevidenced"),
        Why::EvidenceMissing(entry, number) => file("evidence-missing", *entry, *number),
        Why::EvidenceChanged(entry, number) => file("evidence-changed", *entry, *number),
        Why::Qualified => Phrase::new("qualified"),
        Why::SameHolder(holder, [said, confirmed]) => Phrase::new("same-holder")
            .with("holder", holder.as_str())
            .with("said", said.to_string())
            .with("confirmed", confirmed.to_string()),
        Why::CorrectedAfterCutoff(review, cutoff) => Phrase::new("corrected-after-cutoff")
            .with("review", review.as_str())
            .with("cutoff", cutoff.to_string()),
        Why::Silent(_, why, days) => lasting(silence(why), *days),
    }
}

/// What is so, and for how long, where anybody knows.
#[must_use]
pub fn lasting(what: Phrase, days: Option<u64>) -> Phrase {
    match days {
        None => what,
        Some(1) => Phrase::new("lasting-day").with("what", what),
        Some(days) => Phrase::new("lasting").with("what", what).with("days", days),
    }
}

fn named(names: &[impl Borrow<Code>]) -> String {
    names.iter().map(|name| name.borrow().as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::party::Author;
    use crate::domain::value::Text;
    use crate::projection::timeline;
    use crate::report::labels::{Labels, Language};

    #[test]
    fn a_change_reads_as_in_the_timeline() {
        let code = |code: &str| -> Code { code.parse().unwrap() };
        let due = Some("2023-05".parse().unwrap());
        for each in [
            Change::Retain,
            Change::Suspend,
            Change::Discontinue,
            Change::Amend(Text::try_from("Meet".to_owned()).unwrap()),
            Change::Clarify { cycle: Some("P1Y".parse().unwrap()), lead: Some(code("MSIT")), due },
            Change::Clarify { cycle: None, lead: Some(code("MSIT")), due: None },
            Change::Merge(code("1.G2G.3")),
            Change::Split(vec![code("1.G2G.3a"), code("1.G2G.3b")]),
        ] {
            assert_eq!(change(&each).to_string(), timeline::change(&each));
        }
    }

    #[test]
    fn what_is_missing_and_what_an_auditor_looks_at_is_told_in_the_language_of_the_reader() {
        let code = |code: &str| -> Code { code.parse().unwrap() };
        let (dk, kr) = (code("DK"), code("KR"));
        let silences = [
            silence::Why::NoEvent,
            silence::Why::NoWord(dk.clone(), None),
            silence::Why::NoWord(dk.clone(), Some(7)),
            silence::Why::OneSided { spoken: vec![dk.clone()], silent: vec![kr.clone()] },
            silence::Why::OneSided { spoken: vec![dk.clone()], silent: Vec::new() },
            silence::Why::Disputed(
                silence::On::Lifecycle,
                vec![(dk, Some("under_way".to_owned())), (kr, None)],
            ),
            silence::Why::StaleHealth,
            silence::Why::WindowPassed("2022".parse().unwrap()),
        ];
        let day = "2022-12-31".parse().unwrap();
        let ours = Author { party: code("DK"), institution: None };
        let theirs = Author { party: code("KR"), institution: Some(code("MSIT")) };
        let mut told: Vec<Phrase> = silences.iter().map(silence).collect();
        assert_eq!(told[5].to_string(), "lifecycle: DK says under way, KR contests");
        told.extend(
            [
                audit::Why::RecordedLate(day, 91),
                audit::Why::Unevidenced(1),
                audit::Why::Unevidenced(2),
                audit::Why::EvidenceMissing(7, 1),
                audit::Why::EvidenceChanged(7, 1),
                audit::Why::Qualified,
                audit::Why::SameHolder("Head of Section".to_owned(), [ours, theirs]),
                audit::Why::CorrectedAfterCutoff(code("R2022"), day),
                audit::Why::Silent(audit::Rule::NoEvent, silence::Why::NoEvent, Some(1)),
                audit::Why::Silent(audit::Rule::NoEvent, silence::Why::NoEvent, Some(2)),
            ]
            .iter()
            .map(exception),
        );
        let korean = Labels::of(Language::Ko);
        for phrase in told {
            let told = korean.phrase(&phrase);
            assert!(told.chars().any(|character| ('가'..='힣').contains(&character)), "{told}");
            assert!(!told.contains('{') && !told.contains('_'), "{told}");
        }
    }
}
