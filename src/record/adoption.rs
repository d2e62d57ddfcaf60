//! Adoption: what is in force once every party has recorded the same. That is the policy by which checkpoints are witnessed,
//! which names the ledger's key, and the version of the rules by which entries are judged.
//!
//! ```text
//! {"policy":"log annals.example/plan+f9f8e438+Ae1J…\nwitness DK DK/witness-1+cbcf98f3+BMqT…\n…\nquorum both\n"}
//! {"rules":1}
//! ```
//!
//! What a policy says of a checkpoint is not here but in [`crate::trail::quorum`].

use super::authority::{self, Keys};
use super::causes;
use super::founding::{Opened, RULES};
use crate::domain::shape;
use crate::domain::value::{Code, NotAValue, Text};
use crate::domain::versions::Versions;
use crate::trail::key::{Kind, VerifierKey};
use crate::trail::policy::{Log, Policy, PolicyFault, Quorum, Witness};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

/// What a party adopts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Whose word on a checkpoint is believed.
    Policy(PolicyAdopted),
    /// By which rules entries are judged.
    Rules(RulesAdopted),
}

/// A party adopts a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyAdopted {
    /// Which one.
    pub policy: PolicyText,
}

/// A party adopts a version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesAdopted {
    /// Which one.
    pub rules: u64,
}

/// A policy and its text, byte for byte: with its comments, and as its author arranged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct PolicyText {
    text: Arc<str>,
    policy: Arc<Policy>,
}

/// Why a text is not a policy that can be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPolicy {
    /// Not a text that can be recorded.
    #[error(transparent)]
    Text(#[from] NotAValue),
    /// Not a policy.
    // What reads data keeps only words.
    #[error("{}", causes::of(.0))]
    Policy(PolicyFault),
}

impl PolicyText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl From<Policy> for PolicyText {
    fn from(policy: Policy) -> Self {
        Self { text: policy.to_string().into(), policy: Arc::new(policy) }
    }
}

impl From<PolicyText> for String {
    fn from(policy: PolicyText) -> Self {
        policy.text.as_ref().to_owned()
    }
}

impl FromStr for PolicyText {
    type Err = NotAPolicy;

    fn from_str(text: &str) -> Result<Self, NotAPolicy> {
        text.parse::<Text>()?;
        let policy = Policy::parse(text.as_bytes()).map_err(NotAPolicy::Policy)?;
        Ok(Self { text: text.into(), policy: Arc::new(policy) })
    }
}

impl<'de> Deserialize<'de> for PolicyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shape::parsed(deserializer)
    }
}

/// Why something is not adopted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No log, or several.
    #[error("the policy of a ledger has one line `log`, with the ledger's key, and this one has {0}")]
    Logs(usize),
    /// Another ledger's log.
    #[error("the policy is of the log {found}, and this ledger is {expected}: its key has that name")]
    Origin {
        /// As written.
        found: String,
        /// This ledger's.
        expected: String,
    },
    /// A key that cannot become the ledger's.
    #[error(
        "the log's key {0} was registered before, by its id or its bytes: name the ledger's key in force, or a new one"
    )]
    Log(String),
    /// A key of another type.
    #[error(
        "the key {0} is of the wrong type: here the ledger's key signs with type 0x01, and witnesses with 0x04"
    )]
    Kind(String),
    /// A witness that nobody registered.
    #[error(
        "the witness `{0}` has the key {1}, which no party registered: `annals key register … --role witness` comes first"
    )]
    Witness(String, String),
    /// A witness whose key is no more in force.
    #[error("the witness `{0}` has the key {1}, which was revoked: name another, or leave the witness out")]
    Revoked(String, String),
    /// Nobody has to witness anything.
    #[error("a policy with `quorum none` is witnessed by nobody: name a witness or a group of them")]
    Nobody,
    /// Rules that nobody here can judge by.
    #[error("rules version {0} is unknown: this program knows version 1")]
    Rules(u64),
    /// Adopted before.
    #[error("{0} has adopted this already; it is in force once every party has")]
    Twice(Code),
}

/// A thing that every party adopts for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adoption<T> {
    /// What each party adopted last.
    latest: BTreeMap<Code, Versions<T>>,
    /// What all of them had adopted at once.
    in_force: Option<Versions<T>>,
}

impl<T> Default for Adoption<T> {
    fn default() -> Self {
        Self { latest: BTreeMap::new(), in_force: None }
    }
}

impl<T: Clone + PartialEq> Adoption<T> {
    /// What a party adopted last, and the sequence of the entry with which it did.
    #[must_use]
    pub fn latest(&self, party: &Code) -> Option<(u64, &T)> {
        self.latest.get(party).map(|latest| (latest.since(), &**latest))
    }

    fn has(&self, party: &Code, thing: &T) -> bool {
        self.latest(party).is_some_and(|(_, latest)| latest == thing)
    }

    /// What is in force after a number of entries, and the sequence of the entry that made it so.
    #[must_use]
    pub fn at(&self, size: u64) -> Option<(u64, T)> {
        let then = self.in_force.as_ref()?.until(size)?;
        Some((then.since(), T::clone(&then)))
    }

    /// Those of the parties that have not adopted this, or something else since.
    pub fn awaited<'a>(&self, thing: &T, parties: impl IntoIterator<Item = &'a Code>) -> Vec<&'a Code> {
        parties.into_iter().filter(|party| !self.has(party, thing)).collect()
    }

    /// As it was after a number of entries.
    fn until(&self, size: u64) -> Self {
        let latest = self.latest.iter();
        let latest = latest.filter_map(|(party, thing)| Some((party.clone(), thing.until(size)?)));
        Self {
            latest: latest.collect(),
            in_force: self.in_force.as_ref().and_then(|thing| thing.until(size)),
        }
    }

    /// Takes what a party adopts, and says whether it comes into force.
    fn take(&mut self, thing: &T, party: &Code, sequence: u64, parties: &[&Code]) -> bool {
        match self.latest.get_mut(party) {
            Some(latest) => latest.change(sequence, thing.clone()),
            None => drop(self.latest.insert(party.clone(), Versions::new(sequence, thing.clone()))),
        }
        let current = self.in_force.as_ref().is_some_and(|current| **current == *thing);
        if current || !self.awaited(thing, parties.iter().copied()).is_empty() {
            return false;
        }
        match &mut self.in_force {
            Some(current) => current.change(sequence, thing.clone()),
            none => *none = Some(Versions::new(sequence, thing.clone())),
        }
        true
    }
}

/// What was adopted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// By which policy checkpoints are witnessed.
    pub policy: Adoption<PolicyText>,
    /// By which rules entries are judged.
    pub rules: Adoption<u64>,
}

/// A policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Which one.
    pub policy: PolicyText,
    /// The sequence of the entry since which it is: 0 where all parties' first witnesses have to cosign, because nothing was
    /// adopted yet.
    pub since: u64,
}

impl InForce {
    /// The witnesses that it names and whose keys were revoked since: no checkpoint of later entries has their cosignatures.
    pub fn revoked<'a>(&'a self, keys: &'a Keys) -> impl Iterator<Item = &'a Witness> {
        let is_revoked = |keyid: String| keys.is_revoked_at(&keyid, u64::MAX);
        self.policy.policy().witnesses().iter().filter(move |witness| is_revoked(witness.key.keyid()))
    }
}

impl State {
    /// The policy in force after a number of entries. Until one is adopted, every witness has to cosign that the opening lists.
    ///
    /// # Errors
    /// [`PolicyFault`], where none is adopted and the parties of the opening have names that make no policy: `none`, `both`.
    pub fn policy_at(&self, size: u64, opened: &Opened) -> Result<InForce, PolicyFault> {
        if let Some((since, policy)) = self.policy.at(size) {
            return Ok(InForce { policy, since });
        }
        let parties = opened.parties.iter().map(|party| (party.id.as_str(), party.witness.as_slice()));
        let policy = Policy::of_parties(&opened.ledger_key, &parties.collect::<Vec<_>>())?;
        Ok(InForce { policy: policy.into(), since: 0 })
    }

    /// The version of the rules in force after a number of entries.
    #[must_use]
    pub fn rules_at(&self, size: u64, opened: &Opened) -> u64 {
        self.rules.at(size).map_or(opened.rules, |(_, rules)| rules)
    }

    /// As it was after a number of entries.
    #[must_use]
    pub fn until(&self, size: u64) -> Self {
        Self { policy: self.policy.until(size), rules: self.rules.until(size) }
    }

    /// Whether a party may adopt this, in the ledger of an origin and with its keys.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn decide(&self, event: &Event, party: &Code, origin: &str, keys: &Keys) -> Result<(), Refusal> {
        let twice = match event {
            Event::Policy(event) => {
                check(event.policy.policy(), origin, keys)?;
                self.policy.has(party, &event.policy)
            }
            Event::Rules(event) => {
                event.check()?;
                self.rules.has(party, &event.rules)
            }
        };
        if twice { Err(Refusal::Twice(party.clone())) } else { Ok(()) }
    }

    /// Takes what a party adopts in the entry with this sequence. Where a policy comes into force, its log's key is the
    /// ledger's from then on.
    pub fn evolve<'e>(
        &mut self,
        event: &'e Event,
        party: &Code,
        sequence: u64,
        parties: &[&Code],
    ) -> Option<&'e VerifierKey> {
        match event {
            Event::Policy(event) => {
                let comes = self.policy.take(&event.policy, party, sequence, parties);
                let log = event.policy.policy().logs().first().filter(|_| comes)?;
                Some(&log.key)
            }
            Event::Rules(event) => {
                self.rules.take(&event.rules, party, sequence, parties);
                None
            }
        }
    }
}

impl RulesAdopted {
    /// Whether this program can judge by them.
    ///
    /// # Errors
    /// [`Refusal::Rules`].
    pub const fn check(&self) -> Result<(), Refusal> {
        if self.rules == RULES { Ok(()) } else { Err(Refusal::Rules(self.rules)) }
    }
}

/// Whether a policy can be that of a ledger.
fn check(policy: &Policy, origin: &str, keys: &Keys) -> Result<(), Refusal> {
    let [Log { key: log, .. }] = policy.logs() else { return Err(Refusal::Logs(policy.logs().len())) };
    if log.name() != origin {
        return Err(Refusal::Origin { found: log.name().to_owned(), expected: origin.to_owned() });
    }
    if log.kind() != Kind::Ed25519 {
        return Err(Refusal::Kind(log.keyid()));
    }
    if keys.ledger() != Some(log) && keys.knows(log) {
        return Err(Refusal::Log(log.keyid()));
    }
    for witness in policy.witnesses() {
        let keyid = witness.key.keyid();
        if witness.key.kind() != Kind::Cosignature {
            return Err(Refusal::Kind(keyid));
        }
        // Of that type are the keys of witnesses alone.
        match keys.in_force(&keyid) {
            Ok(key) if key.vkey == witness.key => {}
            Err(authority::Refusal::Revoked(_)) => {
                return Err(Refusal::Revoked(witness.name.to_string(), keyid));
            }
            _ => return Err(Refusal::Witness(witness.name.to_string(), keyid)),
        }
    }
    if *policy.quorum() == Quorum::Nobody { Err(Refusal::Nobody) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
