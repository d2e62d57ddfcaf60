//! Answers: a file of signed requests taken in, each judged on its own, and what became of each, for whoever sent them.
//!
//! ```text
//! {"id":"01795a70-…","leaf":"5f0c…","line":1,"repeated":false,"sequence":129}
//! {"id":"01795a71-…","line":2,"refused":"the key … was revoked"}
//! ```
//!
//! A refused request changes nothing, and those after it are judged all the same: its sender learns why, and signs another.

use super::import;
use crate::ledger::{Ledger, RecordError};
use crate::record::causes;
use crate::record::request::Submission;
use crate::trail::hash::LeafHash;
use serde::{Deserialize, Serialize};
use std::error::Error;
use uuid::Uuid;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The line of the file of requests, from 1.
    pub line: u64,
    /// The request's id, where the line is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Recorded or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It is in the ledger.
    Recorded {
        /// At this place.
        sequence: u64,
        /// With this hash.
        leaf: LeafHash,
        /// Whether it had been before.
        repeated: bool,
    },
    /// It is not.
    Refused {
        /// Why, in words for people.
        refused: String,
    },
}

/// Takes a file of signed requests in, each for itself; `heard` is told of each what became of it.
///
/// # Errors
/// Where the ledger cannot be written to: what was heard before stands, and taking the same file in again completes it.
pub fn take(
    ledger: &Ledger,
    file: &[u8],
    heard: &mut dyn FnMut(&Answer),
) -> Result<Vec<Answer>, RecordError> {
    let mut answers = Vec::new();
    for (line, text) in (1..).zip(file.split(|byte| *byte == b'\n')) {
        let answer = match import::read(text) {
            Ok(None) => continue,
            Err(error) => Answer { line, id: None, outcome: refused(&error) },
            Ok(Some(Submission::Draft(_))) => {
                let refused = "it is not signed: `annals request` signs it".to_owned();
                Answer { line, id: None, outcome: Outcome::Refused { refused } }
            }
            Ok(Some(Submission::Signed(request, disclosures))) => {
                let id = Some(request.event.id);
                let outcome = match ledger.record(request, disclosures) {
                    Ok(receipt) => Outcome::Recorded {
                        sequence: receipt.sequence,
                        leaf: receipt.leaf,
                        repeated: receipt.repeated,
                    },
                    Err(RecordError::Refused(refusal)) => refused(&refusal),
                    Err(error) if is_refusal(&error) => refused(&error),
                    Err(error) => return Err(error),
                };
                Answer { line, id, outcome }
            }
        };
        heard(&answer);
        answers.push(answer);
    }
    Ok(answers)
}

/// Whether a rule said no, or the request itself is none.
const fn is_refusal(error: &RecordError) -> bool {
    match error {
        RecordError::Refused(_)
        | RecordError::Attribute(_)
        | RecordError::Stray(_)
        | RecordError::Disclosed(_)
        | RecordError::Sized { .. } => true,
        RecordError::Copy(_)
        | RecordError::NoMark(_)
        | RecordError::Store(_)
        | RecordError::Disclosures(_)
        | RecordError::Doubtful => false,
    }
}

fn refused(error: &dyn Error) -> Outcome {
    Outcome::Refused { refused: causes::of(error) }
}

/// Answers as a file, one a line.
///
/// # Errors
/// Never, for answers that this module made.
pub fn write(answers: &[Answer]) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::new();
    for answer in answers {
        serde_json::to_writer(&mut bytes, answer)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Answers of a file.
///
/// # Errors
/// Where a line is none.
pub fn parse(bytes: &[u8]) -> Result<Vec<Answer>, serde_json::Error> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(serde_json::from_slice).collect()
}
