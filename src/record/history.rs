//! A history as far as it was read: the state that it leaves, and whether a next request fits.
//!
//! [`History::decide`] judges a request in three steps, each of which can be asked alone: [`History::authenticate`] (is
//! it signed by whom it names), [`History::authorise`] (may that key say this), [`History::judge`] (do the rules admit
//! it). It adds nothing, so that a history can be decided again. [`History::evolve`] takes an entry that was admitted.

use super::authority::{self, Key, Keys};
use super::fact::Fact;
use super::founding::{self, Clock, Founding};
use super::index::Index;
use super::refusal::Refusal;
use super::withheld::Held;
use crate::domain::action::Context;
use crate::domain::party::Author;
use crate::domain::programme::{self, Programme};
use crate::domain::sealed::Audience;
use crate::domain::value::{Code, nearest};
use crate::domain::word::Place;
use crate::trail::entry::{Entry, Event, Request, Seal, timestamp};
use crate::trail::hash::{Head, LeafHash};
use chrono::{DateTime, Duration, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far ahead of the ledger's clock an author's may be.
pub const CLOCK_TOLERANCE: Duration = Duration::minutes(5);

/// The state after a number of entries, without the index over all of them: what is kept as a snapshot.
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
    pub keys: Keys,
    /// The plan and all that was said of it.
    pub programme: Programme,
    /// The last entry of each stream.
    pub streams: BTreeMap<String, Head>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            head: Head::EMPTY,
            recorded: DateTime::<Utc>::MIN_UTC,
            founding: None,
            keys: Keys::default(),
            programme: Programme::default(),
            streams: BTreeMap::new(),
        }
    }
}

/// A history as far as it was read.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What it leaves.
    pub state: State,
    /// What is known of every entry.
    pub index: Index,
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

    /// When a request is recorded: never before the entry before it; by the clock, or in an illustrative ledger by its
    /// author's time. To the millisecond, as it is hashed.
    #[must_use]
    pub fn recording(&self, event: &Event, now: DateTime<Utc>) -> DateTime<Utc> {
        self.told(event).unwrap_or_else(|| now.trunc_subsecs(3).max(self.recorded))
    }

    /// When an event is recorded in an illustrative ledger; of a real one only its clock knows.
    #[must_use]
    pub fn told(&self, event: &Event) -> Option<DateTime<Utc>> {
        let clock = self.clock().or_else(|| opening(event).map(|opened| opened.clock));
        (clock == Some(Clock::Illustrative)).then(|| event.time.max(self.recorded))
    }

    /// What the ledger adds to a request.
    #[must_use]
    pub fn seal(&self, subject: &str, recordedtime: DateTime<Utc>) -> Seal {
        let stream = self.streams.get(subject).copied().unwrap_or(Head::EMPTY);
        Seal {
            sequence: self.head.size,
            recordedtime,
            prevhash: self.head.leaf,
            streamversion: stream.size + 1,
            streamprevhash: stream.leaf,
        }
    }

    /// Takes an entry that was admitted.
    pub fn evolve(&mut self, entry: &Entry, fact: &Fact) {
        self.advance(entry);
        self.apply(entry, fact);
    }

    /// Takes an entry's place in the chain and in its stream, whatever it says.
    pub(super) fn advance(&mut self, entry: &Entry) {
        self.recorded = entry.seal.recordedtime;
        self.head = Head { size: entry.seal.sequence + 1, leaf: entry.leaf };
        let stream = Head { size: entry.seal.streamversion, leaf: entry.leaf };
        self.streams.insert(entry.request.event.subject.clone(), stream);
    }

    /// An author whose party is the one that the opening names, so that its many words share the name.
    fn shared(&self, author: Author) -> Author {
        match self.founding.iter().flat_map(Founding::parties).find(|party| **party == author.party) {
            Some(party) => Author { party: party.clone(), ..author },
            None => author,
        }
    }

    /// Takes what an entry says.
    pub(super) fn apply(&mut self, entry: &Entry, fact: &Fact) {
        let event = &entry.request.event;
        let sequence = entry.seal.sequence;
        let author = author(&event.source).map(|author| self.shared(author));
        match (fact, author) {
            (Fact::Founding(founding::Event::Opened(opened)), Some(author)) => {
                self.keys = Keys::founding(opened);
                self.founding = Some(Founding {
                    opened: opened.clone(),
                    opener: author.party,
                    acceded: BTreeSet::new(),
                    last: (sequence, entry.leaf),
                });
            }
            (Fact::Founding(founding::Event::Acceded(_)), Some(author)) => {
                if let Some(founding) = &mut self.founding {
                    founding.acceded.insert(author.party);
                }
                return;
            }
            (Fact::Key(party, event), _) => self.keys.evolve(event, party),
            (Fact::Programme(fact), Some(author)) => {
                let day = self.day(entry.seal.recordedtime);
                let place =
                    Place { id: event.id, sequence, day, author: &author, answers: event.causationid };
                self.programme.evolve(fact, &place);
            }
            (Fact::Founding(_) | Fact::Programme(_), None) => {}
        }
        if let Some(founding) = self.founding.as_mut().filter(|founding| founding.is_open()) {
            founding.last = (sequence, entry.leaf);
        }
    }
}

impl History {
    /// Judges a request that would be recorded at `recorded`: the fact that it states, and the digests that it holds.
    ///
    /// # Errors
    /// [`Refusal`], by name; nothing has changed then.
    pub fn decide(&self, request: &Request, recorded: DateTime<Utc>) -> Result<(Fact, Vec<Held>), Refusal> {
        let (fact, held) = Fact::read(&request.event)?;
        let key = self.authenticate(request)?;
        self.authorise(&request.event, &fact, &key)?;
        self.judge(&request.event, &fact, &held, &key, recorded)?;
        Ok((fact, held))
    }

    /// Whether a request is signed by the key that it names, for this ledger, on an entry of this ledger.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn authenticate(&self, request: &Request) -> Result<Key, Refusal> {
        let event = &request.event;
        let opened = if self.state.head == Head::EMPTY { opening(event) } else { None };
        let key = match opened {
            Some(opened) => Keys::founding(&opened).in_force(&event.keyid)?.clone(),
            None => self.state.keys.in_force(&event.keyid)?.clone(),
        };
        if !request.is_signed_by(&key.vkey) {
            return Err(authority::Refusal::Signature(event.keyid.clone()).into());
        }
        if let Some(expected) = self.state.origin().filter(|origin| *origin != event.ledger) {
            let (found, expected) = (event.ledger.clone(), expected.to_owned());
            return Err(Refusal::Ledger { found, expected });
        }
        Ok(key)
    }

    /// Whether a key may sign this fact.
    ///
    /// # Errors
    /// [`Refusal::Authority`], [`Refusal::Founding`].
    pub fn authorise(&self, event: &Event, fact: &Fact, key: &Key) -> Result<(), Refusal> {
        let expected = key.author.source();
        if event.source != expected {
            let (keyid, found) = (event.keyid.clone(), event.source.clone());
            return Err(authority::Refusal::Source { keyid, expected, found }.into());
        }
        if !key.role.signs(&event.kind) {
            return Err(authority::Refusal::Role { role: key.role, kind: event.kind.clone() }.into());
        }
        let own = &key.author.party;
        let founding = self.state.founding.as_ref();
        // The opener names the institutions of every party; everything else is each party's own.
        let names_all = founding.is_some_and(|founding| founding.is_open() && founding.opener == *own);
        let other = |party: &Code| {
            let refusal = authority::Refusal::OtherParty(own.clone(), party.clone());
            if party == own { Ok(()) } else { Err(refusal) }
        };
        match fact {
            Fact::Key(party, _) => other(party)?,
            Fact::Programme(programme::Event::Party(party, _)) if !names_all => other(party)?,
            Fact::Founding(_) | Fact::Programme(_) => {}
        }
        Ok(())
    }

    /// Whether the rules admit a fact after this history.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn judge(
        &self,
        event: &Event,
        fact: &Fact,
        held: &[Held],
        key: &Key,
        recorded: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        if let Some(sequence) = self.index.by_id(event.id) {
            return Err(Refusal::Id(event.id, sequence));
        }
        let base = self.base(event)?;
        if let Some(id) = event.causationid
            && self.index.by_id(id).is_none_or(|cause| cause > base)
        {
            return Err(Refusal::Cause(id));
        }
        let clock = self.state.clock().unwrap_or(Clock::Illustrative);
        if clock == Clock::Real && event.time > recorded + CLOCK_TOLERANCE {
            return Err(Refusal::Clock { found: timestamp(event.time), now: timestamp(recorded) });
        }
        for (at, each) in held.iter().enumerate() {
            let twice = held.iter().take(at).any(|other| other.digest == each.digest);
            if twice || self.index.holds(&each.digest) {
                return Err(Refusal::Digest(each.digest, each.name.clone()));
            }
        }
        let party = &key.author.party;
        let Some(founding) = &self.state.founding else {
            return match fact {
                Fact::Founding(founding::Event::Opened(opened)) => Ok(opened.check(&event.ledger)?),
                _ => Err(founding::Refusal::First.into()),
            };
        };
        match fact {
            Fact::Founding(founding::Event::Opened(_)) => return Err(founding::Refusal::First.into()),
            Fact::Founding(founding::Event::Acceded(acceded)) => {
                if self.state.programme.plan.is_none() {
                    return Err(founding::Refusal::NotAdopted.into());
                }
                return Ok(founding.accedes(party, acceded, base)?);
            }
            _ => founding.admits(&event.kind, party, fact.part())?,
        }
        for each in held {
            if let Audience::Party(party) = &each.audience
                && founding.parties().all(|known| known != party)
            {
                let hint = nearest(party.as_str(), founding.parties().map(Code::as_str));
                return Err(Refusal::Audience(party.clone(), each.name.clone(), hint));
            }
        }
        match fact {
            Fact::Key(party, fact) => {
                let institution = fact.institution();
                if let Some(institution) = institution {
                    let own = self.state.programme.party(party);
                    own.acting(party, institution).map_err(programme::Refusal::from)?;
                }
                Ok(self.state.keys.decide(fact, party, &founding.opened.ledger_key)?)
            }
            Fact::Programme(fact) => {
                if let programme::Event::Party(party, _) = fact
                    && founding.parties().all(|known| known != party)
                {
                    let hint = nearest(party.as_str(), founding.parties().map(Code::as_str));
                    return Err(founding::Refusal::Stranger(party.clone(), hint).into());
                }
                if let programme::Event::Plan(plan) = fact
                    && plan.plan_sha256 != founding.opened.plan_sha256
                {
                    let (theirs, ours) = (plan.plan_sha256.clone(), founding.opened.plan_sha256.clone());
                    return Err(founding::Refusal::OtherPlan(party.clone(), theirs, ours).into());
                }
                let context = Context {
                    author: &key.author,
                    today: founding.first_day(recorded),
                    answers: event.causationid,
                    period: self.state.programme.period(),
                };
                Ok(self.state.programme.decide(fact, &context)?)
            }
            Fact::Founding(_) => Ok(()),
        }
    }

    /// Takes an entry that was admitted.
    pub fn evolve(&mut self, entry: &Entry, fact: &Fact, held: Vec<Held>) {
        self.learn(entry, held);
        self.state.evolve(entry, fact);
    }

    /// Takes what names an entry.
    pub(super) fn learn(&mut self, entry: &Entry, held: Vec<Held>) {
        let digests = held.into_iter().map(|each| each.digest);
        self.index.push(entry.seal.sequence, entry.request.event.id, entry.leaf, digests);
    }

    /// The sequence of the entry on which a request was signed.
    fn base(&self, event: &Event) -> Result<u64, Refusal> {
        if self.state.head == Head::EMPTY && event.basehash == LeafHash::NONE {
            return Ok(0);
        }
        self.index.by_leaf(event.basehash).ok_or(Refusal::Base(event.basehash))
    }
}

/// The opening that an event is, if it is one.
fn opening(event: &Event) -> Option<founding::Opened> {
    match Fact::read(event) {
        Ok((Fact::Founding(founding::Event::Opened(opened)), _)) => Some(opened),
        _ => None,
    }
}

/// Whom a source names, if a party.
fn author(source: &str) -> Option<Author> {
    let rest = source.strip_prefix("parties/")?;
    let (party, institution) = match rest.split_once("/institutions/") {
        Some((party, institution)) => (party, Some(institution.to_owned().try_into().ok()?)),
        None => (rest, None),
    };
    Some(Author { party: party.to_owned().try_into().ok()?, institution })
}
