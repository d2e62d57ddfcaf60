//! The files that entries put forward, each with its entry, whether that was corrected or not. How a file is found where it
//! is kept is not here.

use crate::domain::word::Words;
use crate::record::evidence::{self, File};
use crate::trail::disclosure::Disclosure;
use crate::trail::entry::Entry;

/// A file, and the entry that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhibit {
    /// Of the entry.
    pub sequence: u64,
    /// Who put it forward.
    pub source: String,
    /// The stream.
    pub subject: String,
    /// Whether the entry was corrected.
    pub voided: bool,
    /// The file.
    pub file: File,
}

/// The files that an entry names; `said` are the words of its action at the end of the reading.
#[must_use]
pub fn exhibits(entry: &Entry, said: &Words, known: &dyn Fn(&str) -> Option<Disclosure>) -> Vec<Exhibit> {
    let (event, sequence) = (&entry.request.event, entry.seal.sequence);
    let voided = said.at(sequence).is_some_and(|word| word.voided.is_some());
    let exhibit = |file| Exhibit {
        sequence,
        source: event.source.to_string(),
        subject: event.subject.to_string(),
        voided,
        file,
    };
    evidence::files(event, known).into_iter().map(exhibit).collect()
}
