//! The state that a history leaves: all that a next request is judged by, but what an archive holds.
//!
//! Whether a next request fits is in [`super::judgement`]. [`State::take`] takes an entry that was admitted.

use super::adoption::{self, InForce};
use super::archive::{Archive, Holding};
use super::authority::Keys;
use super::fact::Fact;
use super::founding::{self, Clock, Founding};
use super::withheld::WithheldField;
use crate::domain::party::Author;
use crate::domain::programme::Programme;
use crate::domain::value::Code;
use crate::domain::word::{Place, Words};
use crate::trail::entry::{Entry, Event, Seal};
use crate::trail::hash::Head;
use crate::trail::key::VerifierKey;
use crate::trail::policy::PolicyFault;
use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state after a number of entries: all that a request is judged by, but what an [`Archive`] holds of the entries
/// before. It grows with the plan, not with the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// After which entry.
    pub head: Head,
    /// When that was recorded.
    pub recorded: DateTime<Utc>,
    /// Who founded the ledger.
    pub founding: Option<Founding>,
    /// Who may sign what.
    pub keys: Arc<Keys>,
    /// Which policy and rules the parties have adopted.
    pub adopted: Arc<adoption::State>,
    /// The plan, its institutions, instruments and actions.
    pub programme: Programme,
}

impl Default for State {
    fn default() -> Self {
        Self {
            head: Head::EMPTY,
            recorded: DateTime::<Utc>::MIN_UTC,
            founding: None,
            keys: Arc::default(),
            adopted: Arc::default(),
            programme: Programme::default(),
        }
    }
}

impl State {
    /// The ledger's name, once it is opened.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.founding.as_ref().map(|founding| founding.opened.origin.as_str())
    }

    /// What the recorded times are worth, once the ledger is opened.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        self.founding.as_ref().map(|founding| founding.opened.clock)
    }

    /// The day of an instant in the zone where days end last; in UTC before the ledger is opened.
    #[must_use]
    pub fn day(&self, instant: DateTime<Utc>) -> NaiveDate {
        self.founding.as_ref().map_or_else(|| instant.date_naive(), |founding| founding.last_day(instant))
    }

    /// The parties, in the order of the opening.
    #[must_use]
    pub fn parties(&self) -> Vec<&Code> {
        self.founding.iter().flat_map(Founding::parties).collect()
    }

    /// The days of grace after which a differing word leaves the other one-sided.
    #[must_use]
    pub fn grace_days(&self) -> u16 {
        self.programme.plan.as_ref().map_or(180, |plan| plan.grace_days)
    }

    /// The policy by which a checkpoint of a size is witnessed: the one in force after so many entries. Nothing before the
    /// ledger was opened.
    ///
    /// # Errors
    /// As [`adoption::State::policy_at`].
    pub fn policy_at(&self, size: u64) -> Result<Option<InForce>, PolicyFault> {
        let opened = self.founding.as_ref().filter(|_| size > 0).map(|founding| &founding.opened);
        opened.map(|opened| self.adopted.policy_at(size, opened)).transpose()
    }

    /// The version of the rules in force after a number of entries: that by which the next one is judged. Nothing before the
    /// ledger was opened.
    #[must_use]
    pub fn rules_at(&self, size: u64) -> Option<u64> {
        let founding = self.founding.as_ref().filter(|_| size > 0);
        founding.map(|founding| self.adopted.rules_at(size, &founding.opened))
    }

    /// The ledger's key in force after a number of entries: with it a checkpoint of that size is signed.
    #[must_use]
    pub fn ledger_key_at(&self, size: u64) -> Option<&VerifierKey> {
        self.keys.ledger_at(size)
    }

    /// Every key that the ledger has had, the first of them first.
    pub fn ledger_keys(&self) -> impl Iterator<Item = &VerifierKey> {
        self.keys.ledgers().into_iter().map(|key| &key.vkey)
    }

    /// As it was after the entries up to a head, the last of which was recorded at `recorded`.
    #[must_use]
    pub fn until(&self, head: Head, recorded: DateTime<Utc>) -> Self {
        if head.size == 0 {
            return Self::default();
        }
        Self {
            head,
            recorded,
            founding: self.founding.as_ref().and_then(|founding| founding.until(head)),
            keys: Arc::new(self.keys.until(head.size)),
            adopted: Arc::new(self.adopted.until(head.size)),
            programme: self.programme.until(head.size),
        }
    }

    /// When a request is recorded: never before the entry before it; by the clock, or in an illustrative ledger by its
    /// author's time. To the millisecond, as it is hashed.
    #[must_use]
    pub fn recording(&self, event: &Event, now: DateTime<Utc>) -> DateTime<Utc> {
        self.told(event).unwrap_or_else(|| now.trunc_subsecs(3).max(self.recorded))
    }

    /// When an event is recorded in an illustrative ledger; of a real one only its clock knows.
    #[must_use]
    pub fn told(&self, event: &Event) -> Option<DateTime<Utc>> {
        let clock = self.clock().or_else(|| Fact::opening(event).map(|opened| opened.clock));
        (clock == Some(Clock::Illustrative)).then(|| event.time.max(self.recorded))
    }

    /// What the ledger adds to a request, whose stream ends with the entry that is given.
    #[must_use]
    pub const fn seal(&self, stream: Head, recordedtime: DateTime<Utc>) -> Seal {
        Seal {
            sequence: self.head.size,
            recordedtime,
            prevhash: self.head.leaf,
            streamversion: stream.size + 1,
            streamprevhash: stream.leaf,
        }
    }

    /// Takes an entry that was admitted; `words` are those of the action that it speaks of.
    pub fn evolve(&mut self, entry: &Entry, fact: &Fact, words: &mut Words) {
        self.advance(entry);
        self.apply(entry, fact, words);
    }

    /// Takes an entry that was admitted, and its names and words into the archive.
    ///
    /// # Errors
    /// Where the archive cannot be written: a part of the entry may have been taken then, so that all is to be read again.
    pub fn take<A: Archive>(
        &mut self,
        archive: &mut A,
        entry: &Entry,
        fact: &Fact,
        held: &[WithheldField],
    ) -> Result<(), A::Fault> {
        archive.name(entry)?;
        let sequence = entry.seal.sequence;
        let party = self.place(&entry.request.event.source);
        for each in held {
            archive.hold(&each.digest, Holding::Held { sequence, party })?;
        }
        if let Fact::Erased(erased) = fact {
            archive.hold(&erased.digest, Holding::Erased { sequence })?;
        }
        if let Some(action) = fact.action() {
            let sequence = entry.seal.sequence;
            return archive.say(action, sequence, &mut |words| self.evolve(entry, fact, words));
        }
        self.evolve(entry, fact, &mut Words::default());
        Ok(())
    }

    /// Takes an entry's place in the chain, whatever it says.
    pub(super) fn advance(&mut self, entry: &Entry) {
        self.recorded = entry.seal.recordedtime;
        self.head = Head { size: entry.seal.sequence + 1, leaf: entry.leaf() };
    }

    /// The place in the opening of the party that a source names.
    fn place(&self, source: &str) -> u16 {
        let party = source.strip_prefix("parties/").and_then(|rest| rest.split('/').next());
        let mut parties = self.founding.iter().flat_map(Founding::parties);
        let place = party.and_then(|party| parties.position(|each| each.as_str() == party));
        place.and_then(|place| u16::try_from(place).ok()).unwrap_or(Holding::NOBODY)
    }

    /// Whom a source names, if a party.
    fn author(source: &str) -> Option<Author> {
        let rest = source.strip_prefix("parties/")?;
        let (party, institution) = match rest.split_once('/') {
            Some((party, rest)) => (party, Some(rest.strip_prefix("institutions/")?.parse().ok()?)),
            None => (rest, None),
        };
        Some(Author { party: party.parse().ok()?, institution })
    }

    /// Takes what an entry says.
    pub(super) fn apply(&mut self, entry: &Entry, fact: &Fact, words: &mut Words) {
        let event = &entry.request.event;
        let sequence = entry.seal.sequence;
        let author = Self::author(&event.source);
        match (fact, author) {
            (Fact::Founding(founding::Event::Opened(opened)), Some(author)) => {
                self.keys = Arc::new(Keys::founding(opened));
                self.founding = Some(Founding {
                    opened: opened.clone(),
                    opener: author.party,
                    acceded: BTreeMap::new(),
                    last: (sequence, entry.leaf()),
                });
            }
            (Fact::Founding(founding::Event::Acceded(_)), Some(author)) => {
                if let Some(founding) = &mut self.founding {
                    founding.acceded.insert(author.party, sequence);
                }
                return;
            }
            (Fact::Adopted(event), Some(author)) => {
                let parties: Vec<&Code> = self.founding.iter().flat_map(Founding::parties).collect();
                let adopted = Arc::make_mut(&mut self.adopted);
                if let Some(log) = adopted.evolve(event, &author.party, sequence, &parties) {
                    Arc::make_mut(&mut self.keys).succeed(log, sequence);
                }
            }
            (Fact::Key(party, event), _) => {
                Arc::make_mut(&mut self.keys).evolve(event, party, sequence);
            }
            (Fact::Programme(fact), Some(author)) => {
                let day = self.day(entry.seal.recordedtime);
                let place =
                    Place { id: event.id, sequence, day, author: &author, answers: event.causationid };
                self.programme.evolve(fact, words, &place);
            }
            // What was erased is a name that the archive knows, what is attested follows from the entries before, and neither is
            // anything that a rule asks the state for.
            (Fact::Founding(_) | Fact::Adopted(_) | Fact::Programme(_), None)
            | (Fact::Erased(_) | Fact::Attested(_), _) => {}
        }
        if let Some(founding) = self.founding.as_mut().filter(|founding| founding.is_open()) {
            founding.last = (sequence, entry.leaf());
        }
    }
}
