//! Judging: whether a request fits the history before it.
//!
//! [`State::decide`] judges in three steps, each of which can be asked alone: [`State::authenticate`] (is it signed by whom
//! it names), [`State::authorise`] (may that key say this), [`State::judge`] (do the rules admit it). It adds nothing, so
//! that a history can be decided again.

use super::archive::{Archive, Holding};
use super::attestation;
use super::authority::{self, Key, Keys};
use super::fact::{Fact, is_on_latest};
use super::founding::{self, Clock};
use super::prepared::Claim;
use super::refusal::Refusal;
use super::role::Role;
use super::state::State;
use super::upcast;
use super::withheld::WithheldField;
use crate::domain::action::Context;
use crate::domain::party::Author;
use crate::domain::sealed::Audience;
use crate::domain::value::{Code, nearest};
use crate::domain::word::Words;
use crate::domain::{action, programme, review};
use crate::trail::disclosure::Digest;
use crate::trail::entry::{Event, Request, timestamp};
use crate::trail::hash::{Head, LeafHash};
use crate::trail::key::Kind;
use crate::trail::merkle::Frontier;
use chrono::{DateTime, Duration, Utc};
use std::borrow::Cow;
use std::sync::Arc;

/// How far ahead of the ledger's clock an author's may be.
pub const CLOCK_TOLERANCE: Duration = Duration::minutes(5);

/// What an admitted request states and the digests that it holds, or a rule's no.
pub type Judgement<'a> = Result<&'a (Fact, Vec<WithheldField>), Refusal>;

/// What a history knows of the names in a request, looked up before it is judged.
#[derive(Debug, Default)]
pub struct Known {
    /// The entry with the same id.
    id: Option<u64>,
    /// The entry that it was signed on.
    base: Option<u64>,
    /// The entry that it answers.
    cause: Option<u64>,
    /// Those of its digests that an entry holds.
    digests: Vec<Digest>,
    /// The last entry of its stream, where it is said of all that the stream holds.
    last: Option<u64>,
    /// The entry whose leaf hash a reading names.
    reading: Option<u64>,
    /// Where the digest is held whose disclosure is to be erased.
    erased: Option<Holding>,
    /// What was said of the action that it speaks of, if it speaks of one.
    words: Option<Arc<Words>>,
    /// The tree over all streams, where it attests to them.
    streams: Frontier,
}

impl Known {
    /// Looks up what an event names.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub fn of<A: Archive>(
        archive: &mut A,
        event: &Event,
        fact: &Fact,
        held: &[WithheldField],
    ) -> Result<Self, A::Fault> {
        let mut known =
            Self { id: archive.by_id(event.id)?, base: archive.by_leaf(event.basehash)?, ..Self::default() };
        if let Some(id) = event.causationid {
            known.cause = archive.by_id(id)?;
        }
        for each in held {
            if archive.by_digest(&each.digest)?.is_some() {
                known.digests.push(each.digest);
            }
        }
        if let Fact::Erased(erased) = fact {
            known.erased = archive.by_digest(&erased.digest)?;
        }
        if let Fact::Attested(_) = fact {
            known.streams = attestation::tree(archive.streams());
        }
        if is_on_latest(&event.kind) {
            let latest = archive.stream(&event.subject);
            known.last = if latest == Head::EMPTY { None } else { archive.by_leaf(latest.leaf)? };
        }
        if let Fact::Programme(programme::Event::Review(_, review::Event::Opened(opened))) = fact
            && let Ok(leaf) = opened.head.as_str().parse()
        {
            known.reading = archive.by_leaf(leaf)?;
        }
        if let Some(action) = fact.action() {
            known.words = Some(archive.words(action)?);
        }
        Ok(known)
    }

    /// What was said of the action that it speaks of; nothing where it speaks of none.
    fn words(&self) -> &Words {
        static NONE: Words = Words::NONE;
        self.words.as_deref().unwrap_or(&NONE)
    }
}

impl State {
    /// Judges a request that would be recorded at `recorded`, and that claims what it was prepared to.
    ///
    /// # Errors
    /// Where the archive cannot be read; a rule's no is in the [`Judgement`]. Nothing has changed then.
    pub fn decide<'a, A: Archive>(
        &self,
        archive: &mut A,
        request: &Request,
        claim: &'a Claim,
        recorded: DateTime<Utc>,
    ) -> Result<Judgement<'a>, A::Fault> {
        let read @ (fact, held) = match &claim.fact {
            Ok(read) => read,
            Err(fault) => return Ok(Err(fault.clone().into())),
        };
        let known = Known::of(archive, &request.event, fact, held)?;
        let judged = || {
            let key = self.authenticate(request, claim)?;
            self.authorise(&request.event, fact, &key)?;
            self.judge(&request.event, fact, held, &known, &key, recorded)
        };
        Ok(judged().map(|()| read))
    }

    /// Whether a request is signed by the key that it names, for this ledger, on an entry of this ledger.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn authenticate(&self, request: &Request, claim: &Claim) -> Result<Cow<'_, Key>, Refusal> {
        let event = &request.event;
        let opened = if self.head == Head::EMPTY { Fact::opening(event) } else { None };
        let key = match opened {
            Some(opened) => Cow::Owned(Keys::founding(&opened).in_force(&event.keyid)?.clone()),
            None => Cow::Borrowed(self.keys.in_force(&event.keyid)?),
        };
        // Whatever it is over, it is none of an entry's.
        if key.vkey.kind() != Kind::Ed25519 {
            return Err(authority::Refusal::Cosigns(event.keyid.to_string()).into());
        }
        if !claim.is_signed_by(request, &key.vkey) {
            return Err(authority::Refusal::Signature(event.keyid.to_string()).into());
        }
        if let Some(expected) = self.origin().filter(|origin| event.ledger != *origin) {
            let (found, expected) = (event.ledger.to_string(), expected.to_owned());
            return Err(Refusal::Ledger { found, expected });
        }
        Ok(key)
    }

    /// Whether a key may sign this fact.
    ///
    /// # Errors
    /// [`Refusal::Authority`], [`Refusal::Programme`].
    pub fn authorise(&self, event: &Event, fact: &Fact, key: &Key) -> Result<(), Refusal> {
        if !key.signer.is_source(&event.source) {
            let (keyid, found) = (event.keyid.to_string(), event.source.to_string());
            let expected = key.signer.source();
            return Err(authority::Refusal::Source { keyid, expected, found }.into());
        }
        if !key.signer.signs(&upcast::newest(event).kind) {
            let (role, kind) = (key.signer.role(), event.kind.to_string());
            return Err(authority::Refusal::Role { role, kind }.into());
        }
        // The plan's actions are the authority's, and what is decided in a review is a coordinator's.
        if matches!(fact, Fact::Programme(programme::Event::Action(_, action::Event::Created(_)))) {
            let is_open = self.founding.as_ref().is_none_or(founding::Founding::is_open);
            match (is_open, key.signer.role() == Role::Authority.as_str()) {
                (false, true) => return Err(programme::Refusal::Unproposed.into()),
                (true, false) => {
                    let (role, kind) = (key.signer.role(), event.kind.to_string());
                    return Err(authority::Refusal::Role { role, kind }.into());
                }
                (true, true) | (false, false) => {}
            }
        }
        // What the ledger itself signs is nobody's.
        let Some(own) = key.signer.author().map(|author| &author.party) else { return Ok(()) };
        let founding = self.founding.as_ref();
        // The opener names the institutions of every party; everything else is each party's own.
        let names_all = founding.is_some_and(|founding| founding.is_open() && founding.opener == *own);
        let other = |party: &Code| {
            let refusal = authority::Refusal::OtherParty(own.clone(), party.clone());
            if party == own { Ok(()) } else { Err(refusal) }
        };
        match fact {
            Fact::Key(party, _) => other(party)?,
            Fact::Programme(programme::Event::Party(party, _)) if !names_all => other(party)?,
            Fact::Founding(_)
            | Fact::Adopted(_)
            | Fact::Attested(_)
            | Fact::Programme(_)
            | Fact::Erased(_) => {}
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
        held: &[WithheldField],
        known: &Known,
        key: &Key,
        recorded: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        if let Some(sequence) = known.id {
            return Err(Refusal::Id(event.id, sequence));
        }
        let base = self.base(event, known)?;
        if let Some(id) = event.causationid
            && known.cause.is_none_or(|cause| cause > base)
        {
            return Err(Refusal::Cause(id));
        }
        let clock = self.clock().unwrap_or(Clock::Illustrative);
        if clock == Clock::Real && event.time > recorded + CLOCK_TOLERANCE {
            return Err(Refusal::Clock { found: timestamp(event.time), now: timestamp(recorded) });
        }
        for (at, each) in held.iter().enumerate() {
            let twice = held.iter().take(at).any(|other| other.digest == each.digest);
            if twice || known.digests.contains(&each.digest) {
                return Err(Refusal::Digest(each.digest, each.name.clone()));
            }
        }
        let author = key.signer.author();
        let Some(founding) = &self.founding else {
            return match fact {
                Fact::Founding(founding::Event::Opened(opened)) => Ok(opened.check(&event.ledger)?),
                _ => Err(founding::Refusal::First.into()),
            };
        };
        match (fact, author) {
            (Fact::Founding(founding::Event::Opened(_)), _) => return Err(founding::Refusal::First.into()),
            (Fact::Founding(founding::Event::Acceded(acceded)), Some(Author { party, .. })) => {
                if self.programme.plan.is_none() {
                    return Err(founding::Refusal::NotAdopted.into());
                }
                return Ok(founding.accedes(party, acceded, base)?);
            }
            _ => founding.admits(&event.kind, author.map(|author| &author.party), fact.part())?,
        }
        let creates = matches!(fact, Fact::Programme(programme::Event::Action(_, action::Event::Created(_))));
        if let Some(last) = known.last.filter(|last| *last > base && !(creates && founding.is_open())) {
            return Err(Refusal::Unseen { subject: event.subject.to_string(), last, base });
        }
        for each in held {
            if let Audience::Party(party) = &each.audience
                && founding.parties().all(|known| known != party)
            {
                let hint = nearest(party.as_str(), founding.parties().map(Code::as_str));
                return Err(Refusal::Audience(party.clone(), each.name.clone(), hint));
            }
        }
        if let Fact::Attested(attested) = fact {
            return Ok(attested.check(event.basehash, self.head, &known.streams)?);
        }
        let Some(author) = author else {
            let (role, kind) = (key.signer.role(), event.kind.to_string());
            return Err(authority::Refusal::Role { role, kind }.into());
        };
        match fact {
            Fact::Adopted(fact) => {
                let origin = founding.opened.origin.as_str();
                Ok(self.adopted.decide(fact, &author.party, origin, &self.keys)?)
            }
            Fact::Key(party, fact) => {
                let institution = fact.institution();
                if let Some(institution) = institution {
                    let own = self.programme.party(party);
                    own.acting(party, institution).map_err(programme::Refusal::from)?;
                }
                Ok(self.keys.decide(fact, party)?)
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
                    return Err(founding::Refusal::OtherPlan(author.party.clone(), theirs, ours).into());
                }
                let parties = self.parties();
                let context = Context {
                    author,
                    today: founding.first_day(recorded),
                    day: founding.last_day(recorded),
                    answers: event.causationid,
                    period: self.programme.period(),
                    parties: &parties,
                    base,
                    reading: known.reading,
                    founding: founding.is_open(),
                };
                Ok(self.programme.decide(fact, known.words(), &context)?)
            }
            Fact::Erased(erased) => {
                Ok(erased.check(known.erased, known.cause, &author.party, &self.parties())?)
            }
            Fact::Founding(_) | Fact::Attested(_) => Ok(()),
        }
    }

    /// The sequence of the entry on which a request was signed.
    fn base(&self, event: &Event, known: &Known) -> Result<u64, Refusal> {
        if self.head == Head::EMPTY && event.basehash == LeafHash::NONE {
            return Ok(0);
        }
        known.base.ok_or(Refusal::Base(event.basehash))
    }
}
