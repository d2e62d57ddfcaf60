//! The keys of the parties and of the ledger, and who may sign what with them: a fold of the log itself.

use super::founding::Opened;
use super::role::{Role, Signer};
use crate::domain::party::Author;
use crate::domain::sealed::Sealed;
use crate::domain::value::Code;
use crate::trail::entry::Request;
use crate::trail::key::VerifierKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happens to a party's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A key is registered.
    Registered(Registered),
    /// A key signs no more.
    Revoked(Revoked),
}

impl Event {
    /// The institution that it speaks of.
    #[must_use]
    pub const fn institution(&self) -> Option<&Code> {
        match self {
            Self::Registered(event) => event.institution.as_ref(),
            Self::Revoked(_) => None,
        }
    }
}

/// A key is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// What it may sign.
    pub role: Role,
    /// The key.
    pub vkey: VerifierKey,
    /// The institution of an officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Code>,
    /// Who holds it.
    #[serde(rename = "_sd.holder", default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Sealed>,
    /// Under which address.
    #[serde(rename = "_sd.contact", default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Sealed>,
}

/// A key signs no more, from this entry on; what it signed stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Which one.
    pub keyid: String,
    /// Why.
    #[serde(rename = "_sd.reason", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Sealed>,
}

/// Why a key may not sign, or is not registered or revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not registered.
    #[error("the key {0} is not registered: its party's authority registers it, with `annals key register`")]
    Unknown(String),
    /// The beginning of an id.
    #[error("`{0}` is not the whole id of a key: give the whole id, such as {1}")]
    Short(String, String),
    /// Revoked.
    #[error("the key {0} was revoked")]
    Revoked(String),
    /// The ledger's, and replaced.
    #[error(
        "the key {0} was the ledger's until a policy that names another came into force: sign with that one"
    )]
    Replaced(String),
    /// The signature is not the key's.
    #[error(
        "the signature is not that of the key {0} over this event: nothing of it may be changed after signing"
    )]
    Signature(String),
    /// A key that signs other things.
    #[error("the key {0} cosigns checkpoints, and signs no entry")]
    Cosigns(String),
    /// Another source.
    #[error("the key {keyid} speaks for {expected}, and the event says that {found} speaks")]
    Source {
        /// Which key.
        keyid: String,
        /// What it is bound to.
        expected: String,
        /// As written.
        found: String,
    },
    /// Another role.
    #[error("a key of the role {role} does not sign `{kind}`")]
    Role {
        /// The key's.
        role: &'static str,
        /// The event's type.
        kind: String,
    },
    /// The ledger's key, in the stream of a party.
    #[error(
        "the key {0} is the ledger's own: no party revokes it; a policy that all of them adopt replaces it, with \
         `annals policy adopt`"
    )]
    Ledgers(String),
    /// In another party's stream.
    #[error("{0} does not speak in the stream of {1}")]
    OtherParty(Code, Code),
    /// A key of another party.
    #[error("the key {0} is not one of {1}: its name begins with `{1}/`")]
    Name(String, Code),
    /// A key of another kind.
    #[error("the key {0} is of the wrong type: witnesses sign with 0x04, everybody else with 0x01")]
    Kind(String),
    /// Known already.
    #[error("the key {0} was registered before, by its id or its bytes; make a new one")]
    Known(String),
    /// An officer without an institution, or another role with one.
    #[error("an officer's key names its institution, and no other key does")]
    Institution,
    /// The last one.
    #[error("{0} has no other authority key, and the last one is never revoked: register another first")]
    Last(Code),
}

/// A key that was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The key.
    pub vkey: VerifierKey,
    /// Who signs with it.
    pub signer: Signer,
    /// How many were registered before it.
    pub place: usize,
    /// The sequence of the entry that registered it, or made it the ledger's.
    pub registered: u64,
    /// The sequence of the entry that revoked it, or made another the ledger's.
    pub revoked: Option<u64>,
}

impl Key {
    /// Whether it was not revoked by one of the first entries of a number.
    #[must_use]
    pub fn is_in_force_at(&self, size: u64) -> bool {
        self.revoked.is_none_or(|at| at >= size)
    }
}

/// Those of the ids of keys that begin with a text, to be shown; of many the first few.
#[must_use]
pub fn beginning<'a>(ids: impl IntoIterator<Item = &'a str>, text: &str) -> Option<String> {
    let begins = |id: &&str| !text.is_empty() && id.starts_with(text);
    let some: Vec<&str> = ids.into_iter().filter(begins).take(3).collect();
    (!some.is_empty()).then(|| some.join(" or "))
}

/// Every key that was ever registered, by its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keys(BTreeMap<String, Key>);

impl Keys {
    /// The keys that the opening lists.
    #[must_use]
    pub fn founding(opened: &Opened) -> Self {
        let mut all = Self::default();
        for party in &opened.parties {
            let authority = party.authority.iter().map(|key| (key, Role::Authority));
            let witness = party.witness.iter().map(|key| (key, Role::Witness));
            for (vkey, role) in authority.chain(witness) {
                let author = Author { party: party.id.clone(), institution: None };
                all.put(vkey, Signer::Party(author, role), 0);
            }
        }
        all.put(&opened.ledger_key, Signer::Ledger, 0);
        all
    }

    fn put(&mut self, vkey: &VerifierKey, signer: Signer, sequence: u64) {
        let (vkey, place) = (vkey.clone(), self.0.len());
        self.0.insert(vkey.keyid(), Key { vkey, signer, place, registered: sequence, revoked: None });
    }

    /// Those that were registered after a number of entries, and revoked by then or not.
    #[must_use]
    pub fn until(&self, size: u64) -> Self {
        let known = self.0.iter().filter(|(_, key)| key.registered < size);
        let then = |key: &Key| Key { revoked: key.revoked.filter(|at| *at < size), ..key.clone() };
        Self(known.map(|(id, key)| (id.clone(), then(key))).collect())
    }

    /// Every key, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Key)> {
        self.0.iter().map(|(id, key)| (id.as_str(), key))
    }

    /// The keys in force with which somebody speaks in a role, in the order in which they were registered.
    #[must_use]
    pub fn of(&self, author: &Author, role: Role) -> Vec<&Key> {
        let speaks = |key: &&Key| {
            key.revoked.is_none()
                && matches!(&key.signer, Signer::Party(of, own) if of == author && *own == role)
        };
        let mut keys: Vec<&Key> = self.0.values().filter(speaks).collect();
        keys.sort_by_key(|key| key.place);
        keys
    }

    /// Whether one of the first entries of a number revoked a key.
    #[must_use]
    pub fn is_revoked_at(&self, keyid: &str, size: u64) -> bool {
        self.0.get(keyid).is_some_and(|key| !key.is_in_force_at(size))
    }

    /// A key in force.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Short`], [`Refusal::Revoked`], [`Refusal::Replaced`].
    pub fn in_force(&self, keyid: &str) -> Result<&Key, Refusal> {
        match self.0.get(keyid) {
            None => Err(self.unknown(keyid)),
            Some(key) if key.revoked.is_none() => Ok(key),
            Some(Key { signer: Signer::Ledger, .. }) => Err(Refusal::Replaced(keyid.to_owned())),
            Some(_) => Err(Refusal::Revoked(keyid.to_owned())),
        }
    }

    /// Why there is no key of an id: none was registered, or only its name is given.
    fn unknown(&self, keyid: &str) -> Refusal {
        let given = keyid.chars().take(240).collect();
        match beginning(self.0.keys().map(String::as_str), keyid) {
            Some(whole) => Refusal::Short(given, whole),
            None => Refusal::Unknown(given),
        }
    }

    /// Whether a key was ever registered, by its id or by its bytes.
    #[must_use]
    pub fn knows(&self, vkey: &VerifierKey) -> bool {
        let id = vkey.keyid();
        self.0.values().any(|key| key.vkey.keyid() == id || key.vkey.raw() == vkey.raw())
    }

    /// The keys that the ledger has had, each until the next.
    #[must_use]
    pub fn ledgers(&self) -> Vec<&Key> {
        let mut keys: Vec<&Key> = self.0.values().filter(|key| key.signer == Signer::Ledger).collect();
        keys.sort_by_key(|key| key.place);
        keys
    }

    /// The ledger's key in force.
    #[must_use]
    pub fn ledger(&self) -> Option<&VerifierKey> {
        self.ledger_at(u64::MAX)
    }

    /// The ledger's key that was in force after a number of entries.
    #[must_use]
    pub fn ledger_at(&self, size: u64) -> Option<&VerifierKey> {
        let then = |key: &&Key| key.signer == Signer::Ledger && key.registered < size;
        self.0.values().filter(then).max_by_key(|key| key.place).map(|key| &key.vkey)
    }

    /// Makes a key the ledger's, in place of the one that was, if it is another.
    pub(super) fn succeed(&mut self, vkey: &VerifierKey, sequence: u64) {
        if self.ledger() == Some(vkey) {
            return;
        }
        let own = self.0.values_mut().filter(|key| key.signer == Signer::Ledger && key.revoked.is_none());
        own.for_each(|key| key.revoked = Some(sequence));
        self.put(vkey, Signer::Ledger, sequence);
    }

    /// Whether a request is signed by the key that it names, in force or not.
    #[must_use]
    pub fn signed(&self, request: &Request) -> bool {
        self.0.get(request.event.keyid.as_str()).is_some_and(|key| request.is_signed_by(&key.vkey))
    }

    /// Whether this may happen to a party's keys. The ledger's own keys count as known.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn decide(&self, event: &Event, party: &Code) -> Result<(), Refusal> {
        match event {
            Event::Registered(new) => {
                let id = new.vkey.keyid();
                if !new.vkey.name().starts_with(&format!("{party}/")) {
                    return Err(Refusal::Name(id, party.clone()));
                }
                if new.vkey.kind() != new.role.kind() {
                    return Err(Refusal::Kind(id));
                }
                if self.knows(&new.vkey) {
                    return Err(Refusal::Known(id));
                }
                if new.institution.is_some() == (new.role == Role::Officer) {
                    Ok(())
                } else {
                    Err(Refusal::Institution)
                }
            }
            Event::Revoked(event) => {
                let Signer::Party(author, role) = &self.in_force(&event.keyid)?.signer else {
                    return Err(Refusal::Ledgers(event.keyid.clone()));
                };
                if author.party != *party {
                    return Err(Refusal::OtherParty(party.clone(), author.party.clone()));
                }
                let own = Author { party: party.clone(), institution: None };
                if *role == Role::Authority && self.of(&own, Role::Authority).len() < 2 {
                    return Err(Refusal::Last(party.clone()));
                }
                Ok(())
            }
        }
    }

    /// Takes an event that was admitted, of the entry with this sequence.
    pub fn evolve(&mut self, event: &Event, party: &Code, sequence: u64) {
        match event {
            Event::Registered(new) => {
                let author = Author { party: party.clone(), institution: new.institution.clone() };
                self.put(&new.vkey, Signer::Party(author, new.role), sequence);
            }
            Event::Revoked(event) => {
                if let Some(key) = self.0.get_mut(&event.keyid) {
                    key.revoked = Some(sequence);
                }
            }
        }
    }
}
