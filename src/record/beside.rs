//! What stands beside a history when it is verified, and is compared with it.

use super::state::State;
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::trail::hash::{LeafHash, sha256};
use std::collections::BTreeMap;

/// What stands beside a history and is compared with it.
#[derive(Debug, Default)]
pub struct Beside {
    /// How many disclosures are at hand, each under another digest; which these are, the archive knows.
    pub disclosures: u64,
    /// How many lines stand among the disclosures that are none.
    pub damaged: usize,
    /// Leaf hashes that somebody saw in this ledger before.
    pub seen: Vec<LeafHash>,
    /// The state that was kept.
    pub kept: Option<Kept>,
    /// Whether a state was kept that cannot be read.
    pub unreadable: bool,
    /// How many bytes follow the last whole line of a journal.
    pub unfinished: u64,
}

/// A state that was kept, as far as it is compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The state.
    pub state: State,
    /// Of each action, what [`Kept::digest`] gives for its words.
    pub words: BTreeMap<Code, String>,
}

impl Kept {
    /// What stands for an action's words.
    #[must_use]
    pub fn digest(words: &Words) -> String {
        serde_json::to_vec(words.all()).map_or_else(|error| error.to_string(), |bytes| sha256(&bytes))
    }
}
