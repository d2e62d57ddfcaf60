//! A history as far as it was read: the state that it leaves, and what was said of each action.

use super::fact::Fact;
use super::state::State;
use crate::domain::action;
use crate::domain::status::{self, Rest};
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::trail::entry::Entry;
use chrono::NaiveDate;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

/// What was said of the actions of a history, wherever it lies.
pub trait Spoken: Sync {
    /// Why it cannot be had.
    type Fault: Send;

    /// What was said of an action.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn of(&self, action: &action::State) -> Result<Arc<Words>, Self::Fault>;

    /// What makes each action's status by a day, or by any: some of what was said of it, of which [`status::of`] makes the
    /// same as of all, and of one that recurs, or of whose windows anybody spoke, when it was suspended, as [`status::suspensions`] tells.
    /// The actions are given in the order in which their streams began.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn latest(
        &self,
        actions: &[&action::State],
        parties: &[&Code],
        effective: Option<NaiveDate>,
    ) -> Result<Vec<Latest>, Self::Fault>;
}

/// Words that make a status, and the suspensions of an action that has windows.
pub type Latest = (Arc<Words>, Vec<Rest>);

/// What was said of each action that anybody spoke of, in memory.
pub type Said = HashMap<Code, Arc<Words>>;

/// A history as far as it was read, for whoever reads all of it. Cheap to clone: what did not change is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History<W = Said> {
    /// What it leaves.
    pub state: State,
    /// What was said of each action.
    pub words: W,
}

impl Spoken for Said {
    type Fault = Infallible;

    fn of(&self, action: &action::State) -> Result<Arc<Words>, Infallible> {
        Ok(self.get(&action.action.reference).cloned().unwrap_or_default())
    }

    // All of it is at hand.
    fn latest(
        &self,
        actions: &[&action::State],
        parties: &[&Code],
        effective: Option<NaiveDate>,
    ) -> Result<Vec<Latest>, Infallible> {
        let latest = |action: &&action::State| {
            let words = self.of(action)?;
            let has_windows = action.recurs() || words.all().iter().any(|word| word.occurrence.is_some());
            let suspended = has_windows.then(|| status::suspensions(&words, parties, effective));
            Ok((words, suspended.unwrap_or_default()))
        };
        actions.iter().map(latest).collect()
    }
}

impl<W: Spoken> History<W> {
    /// What was said of an action; nothing of one that is not there.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn words(&self, action: &Code) -> Result<Arc<Words>, W::Fault> {
        self.state
            .programme
            .actions
            .get(action)
            .map_or_else(|| Ok(Arc::default()), |action| self.words.of(action))
    }
}

/// What was said of the actions of a history, each read once, however often it is asked for.
#[derive(Debug)]
pub struct Recalled<'a, W> {
    history: &'a History<W>,
    words: HashMap<Code, Arc<Words>>,
}

impl<'a, W: Spoken> Recalled<'a, W> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(history: &'a History<W>) -> Self {
        Self { history, words: HashMap::new() }
    }

    /// What was said of an action; nothing where it is none.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn words(&mut self, action: Option<&Code>) -> Result<Arc<Words>, W::Fault> {
        let Some(action) = action else { return Ok(Arc::default()) };
        if let Some(words) = self.words.get(action) {
            return Ok(words.clone());
        }
        let words = self.history.words(action)?;
        self.words.insert(action.clone(), words.clone());
        Ok(words)
    }
}

impl<W: Spoken> History<W> {
    /// The same with all that was said in memory.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn in_memory(&self) -> Result<History, W::Fault> {
        let mut said = Said::new();
        for (reference, action) in &self.state.programme.actions {
            let words = self.words.of(action)?;
            if !words.all().is_empty() {
                said.insert(reference.clone(), words);
            }
        }
        Ok(History { state: self.state.clone(), words: said })
    }
}

impl History {
    /// Takes an entry that was admitted.
    pub fn evolve(&mut self, entry: &Entry, fact: &Fact) {
        self.pass(entry, fact);
        self.end(entry);
    }

    /// Makes an entry that it has passed its head.
    pub(crate) fn end(&mut self, entry: &Entry) {
        self.state.advance(entry);
    }

    /// As [`Self::evolve`], but for the head, where others follow at once: of most entries there is no need to compute the hash.
    pub(crate) fn pass(&mut self, entry: &Entry, fact: &Fact) {
        let Some(action) = fact.action() else {
            return self.state.apply(entry, fact, &mut Words::default());
        };
        if let Some(words) = self.words.get_mut(action) {
            return self.state.apply(entry, fact, Arc::make_mut(words));
        }
        let mut words = Words::default();
        self.state.apply(entry, fact, &mut words);
        if !words.all().is_empty() {
            self.words.insert(action.clone(), Arc::new(words));
        }
    }
}
