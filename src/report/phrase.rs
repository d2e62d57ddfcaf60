//! A phrase: what the program tells of something, as a message and what it names, so that it can be told in any language.
//!
//! How it reads in each is not here but in [`super::labels`].

use super::labels;
use crate::domain::change::Change;
use crate::domain::value::Code;
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
                cycle.as_ref().map(|cycle| Phrase::new("clarify-cycle").with("cycle", cycle.to_string())),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Text;
    use crate::projection::timeline;

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
}
