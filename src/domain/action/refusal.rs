//! Why something may not happen to an action: each reason with what stands against it, and what to do.

use crate::domain::assertion::{self, Lifecycle};
use crate::domain::date::Effective;
use crate::domain::value::Code;
use uuid::Uuid;

/// Why something may not happen to an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// In the stream of another.
    #[error("the action {found} is created in the stream of {expected}")]
    Foreign {
        /// The reference in the event.
        found: Code,
        /// The reference of the stream.
        expected: Code,
    },
    /// Created already.
    #[error("the action {0} was created already")]
    Known(Code),
    /// Not created.
    #[error("there is no action {0}{1}")]
    Unknown(Code, String),
    /// It says something that nobody may say.
    #[error(transparent)]
    Assertion(#[from] assertion::Refusal),
    /// No lifecycle before an end that was decided.
    #[error(
        "a review decided `{end}` of {action}, and no lifecycle is put in directly before that: that it was `{word}` as of {since} can be said \
         in a note, or contested"
    )]
    BeforeTheEnd {
        /// Which action.
        action: Code,
        /// What is said of it.
        word: Lifecycle,
        /// Since when.
        since: Effective,
        /// What was decided.
        end: Lifecycle,
    },
    /// One lifecycle does not follow another.
    #[error(
        "{} of {action} as of {since}, and `{to}` does not follow it{}",
        if from.is_a_partys_word() { format!("{party} said `{from}`") } else { format!("a review decided `{from}`") },
        if from.is_a_partys_word() { ": correct the earlier word, or say what happened in between" } else { "" }
    )]
    Transition {
        /// Which action.
        action: Code,
        /// Whose words.
        party: Code,
        /// The word before.
        from: Lifecycle,
        /// Since when it was said to be true.
        since: Effective,
        /// The word after.
        to: Lifecycle,
    },
    /// Relieved of what it never had.
    #[error("{0} is not assigned to {1}")]
    Unassigned(Code, Code),
    /// A window that the action has not.
    #[error("{action} has no occurrence in the window {window}: its windows are {windows}")]
    Window {
        /// Which action.
        action: Code,
        /// As written.
        window: Effective,
        /// Those that it has.
        windows: String,
    },
    /// An officer speaks for another institution.
    #[error("{action} is not assigned to {institution}, so its officers do not speak on it: assign it first")]
    NotTheirs {
        /// Which action.
        action: Code,
        /// The officer's institution.
        institution: Code,
    },
    /// It answers nothing.
    #[error("it names no entry that it answers: give its sequence or its id")]
    Unanswered,
    /// It answers something else.
    #[error("the entry {0} is not a word on {1} that can be answered or corrected in this way")]
    NotAnAssertion(Uuid, Code),
    /// It answers an answer, or a decision.
    #[error(
        "entry {0} is an answer or a decision, which is not answered in its turn: say what holds in a word of your own"
    )]
    NotAnswered(u64),
    /// An own word answered.
    #[error("entry {0} is the own word of {1}: a party does not answer itself")]
    OwnWord(u64, Code),
    /// Another's word corrected.
    #[error("entry {0} is the word of {1}: a party corrects its own words alone")]
    OthersWord(u64, Code),
    /// A decision corrected.
    #[error("entry {0} is what all parties decided: a review decides otherwise, and nobody corrects it")]
    Decided(u64),
    /// Over.
    #[error("{0} has ended by the decision of entry {1}: nothing more is decided of it")]
    Ended(Code, u64),
    /// A decision before a word.
    #[error(
        "{party} said `{word}` of {action} as of {since}: what is decided is true from then on at the earliest"
    )]
    Before {
        /// Which action.
        action: Code,
        /// Whose word.
        party: Code,
        /// What was said.
        word: Lifecycle,
        /// Since when.
        since: Effective,
    },
    /// No lead to give a date to.
    #[error("{0} has no lead: name one with its date")]
    Leaderless(Code),
    /// Nothing new.
    #[error("{0} is so already: nothing would change")]
    Unchanged(Code),
    /// A voided word answered.
    #[error("entry {0} was corrected already: nothing answers it any more")]
    Voided(u64),
    /// Answered twice.
    #[error("{party} answered entry {word} already, in entry {answer}: correct that answer first")]
    Answered {
        /// Who.
        party: Code,
        /// What is answered.
        word: u64,
        /// The answer that stands.
        answer: u64,
    },
}
