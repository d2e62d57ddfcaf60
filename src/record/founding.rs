//! The founding: one party opens the ledger and lays the plan down, every other party accedes, and then it takes what
//! happens.
//!
//! What the opened event lists about keys is registered by [`super::authority`].

use crate::domain::sealed::Audience;
use crate::domain::value::{Code, Sha256, Text, Zone};
use crate::trail::hash::{Head, LeafHash};
use crate::trail::key::{Kind, VerifierKey};
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many authority keys a party has from the start: one of them is kept offline.
pub const AUTHORITY_KEYS: usize = 2;

/// The longest origin, in bytes.
pub const ORIGIN_LIMIT: usize = 128;

/// The only version of the rules so far.
pub const RULES: u64 = 1;

/// What happens to the ledger itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It begins.
    Opened(Opened),
    /// Another party takes part.
    Acceded(Acceded),
}

/// The ledger begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Whether recorded times are those of a clock, or told by the authors.
    pub clock: Clock,
    /// The key of the ledger, of no party; its name is the origin.
    pub ledger_key: VerifierKey,
    /// 128 random bits, as 32 lower-case hexadecimal digits: no two ledgers begin alike.
    pub nonce: Text,
    /// The ledger's name: a URL without its scheme.
    pub origin: Text,
    /// Those who sign.
    pub parties: Vec<Founder>,
    /// Of the plan document's bytes.
    pub plan_sha256: Sha256,
    /// The version of the rules by which entries are judged.
    pub rules: u64,
}

/// A party, as the opening names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founder {
    /// ISO 3166-1 alpha-2 for a country.
    pub id: Code,
    /// Its name.
    pub name: Text,
    /// In which its days end.
    pub time_zone: Zone,
    /// Its authority keys.
    pub authority: Vec<VerifierKey>,
    /// Its witness keys.
    pub witness: Vec<VerifierKey>,
}

/// What the recorded times of a ledger are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Those of the ledger's clock.
    Real,
    /// Told by the authors: a demonstration, a training, a test.
    Illustrative,
}

/// Another party takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceded {
    /// The plan that it means.
    pub plan_sha256: Sha256,
}

/// Why a ledger is not opened or acceded to, or takes nothing yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something before the opening, or a second one.
    #[error("a ledger is opened by its first entry, and by that alone")]
    First,
    /// Not an origin.
    #[error(
        "`{0}` is not an origin: 1 to 128 of a-z, 0-9, `.`, `/` and `-`, such as annals.example.org/plan"
    )]
    Origin(String),
    /// The origin is not the one that was signed.
    #[error("the opening names the origin {0}, and its entry the ledger {1}")]
    OtherOrigin(String, String),
    /// Not 128 bits.
    #[error("`{0}` is not a nonce: 32 lower-case hexadecimal digits")]
    Nonce(String),
    /// Rules of another version.
    #[error("rules version {0} is unknown: this program knows version 1")]
    Rules(u64),
    /// Fewer than two parties.
    #[error("a joint ledger has at least two parties")]
    Alone,
    /// A party twice.
    #[error("the party {0} is named twice")]
    Twice(Code),
    /// A party whose id means something else.
    #[error("a party cannot be called `{0}`: the word says for whom a withheld field is")]
    Word(Code),
    /// Too few keys.
    #[error("{0} lists {1} authority and {2} witness keys: at least two and one are needed")]
    Keys(Code, usize, usize),
    /// A key under another name.
    #[error("the key {0} must be named {1}")]
    KeyName(String, String),
    /// A key of another kind.
    #[error("the key {0} is of the wrong type: witnesses sign with 0x04, everybody else with 0x01")]
    KeyKind(String),
    /// A key that was ever registered.
    #[error("the key {0} was registered before, by its id or its bytes; make a new one")]
    KeyKnown(String),
    /// By somebody else.
    #[error("until another party accedes, only the party {0}, which opened the ledger, lays the plan down")]
    Opener(Code),
    /// Not a part of a founding.
    #[error("`{0}` is not a part of the founding: the other parties accede first, with `annals accede`")]
    Founding(String),
    /// After the founding.
    #[error("`{0}` is a part of the founding, which is over; a review adds actions later")]
    Over(String),
    /// Not a party.
    #[error("{0} is not a party of this ledger{1}")]
    Stranger(Code, String),
    /// A party that did so already.
    #[error("{0} takes part already")]
    Acceded(Code),
    /// Another plan.
    #[error("{0} signs for the plan {1}, and this ledger was opened for {2}")]
    OtherPlan(Code, Sha256, Sha256),
    /// Without having seen the whole founding.
    #[error(
        "the accession was signed before the founding was complete: verify the ledger up to {0}, then accede"
    )]
    Unseen(LeafHash),
    /// Before the plan.
    #[error("the plan is not adopted yet, so there is nothing to accede to")]
    NotAdopted,
}

/// Who founded the ledger, and how far the founding is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founding {
    /// As the ledger was opened.
    pub opened: Opened,
    /// Who opened it.
    pub opener: Code,
    /// Those who have acceded, each by the entry with this sequence.
    pub acceded: BTreeMap<Code, u64>,
    /// The last entry of the founding, and its sequence.
    pub last: (u64, LeafHash),
}

impl Opened {
    /// Checks the opening.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn check(&self, ledger: &str) -> Result<(), Refusal> {
        let origin = self.origin.as_str();
        check_origin(origin)?;
        if origin != ledger {
            return Err(Refusal::OtherOrigin(origin.to_owned(), ledger.to_owned()));
        }
        let nonce = self.nonce.as_str();
        if nonce.len() != 32 || !nonce.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Refusal::Nonce(nonce.to_owned()));
        }
        if self.rules != RULES {
            return Err(Refusal::Rules(self.rules));
        }
        if self.parties.len() < 2 {
            return Err(Refusal::Alone);
        }
        let mut seen = BTreeSet::new();
        let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
        let mut check = |key: &VerifierKey, name: &str, whole: bool, kind: Kind| {
            if if whole { key.name() != name } else { !key.name().starts_with(name) } {
                return Err(Refusal::KeyName(key.keyid(), name.to_owned() + if whole { "" } else { "…" }));
            }
            if key.kind() != kind {
                return Err(Refusal::KeyKind(key.keyid()));
            }
            // A raw key counts once, under whichever name and kind it comes; and an id, which is short, names one key.
            if ids.insert(key.keyid()) && keys.insert(key.raw().to_vec()) {
                Ok(())
            } else {
                Err(Refusal::KeyKnown(key.keyid()))
            }
        };
        check(&self.ledger_key, origin, true, Kind::Ed25519)?;
        for party in &self.parties {
            if !seen.insert(&party.id) {
                return Err(Refusal::Twice(party.id.clone()));
            }
            if Audience::WORDS.contains(&party.id.as_str()) {
                return Err(Refusal::Word(party.id.clone()));
            }
            if party.authority.len() < AUTHORITY_KEYS || party.witness.is_empty() {
                return Err(Refusal::Keys(party.id.clone(), party.authority.len(), party.witness.len()));
            }
            let name = format!("{}/", party.id);
            for key in &party.authority {
                check(key, &name, false, Kind::Ed25519)?;
            }
            for key in &party.witness {
                check(key, &name, false, Kind::Cosignature)?;
            }
        }
        Ok(())
    }
}

/// Whether a text can be a ledger's origin.
///
/// # Errors
/// [`Refusal::Origin`].
pub fn check_origin(origin: &str) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"./-".contains(&byte);
    if (1..=ORIGIN_LIMIT).contains(&origin.len()) && origin.bytes().all(plain) {
        return Ok(());
    }
    Err(Refusal::Origin(origin.chars().take(ORIGIN_LIMIT + 1).collect()))
}

impl Founding {
    /// As it was after the entries up to a head.
    #[must_use]
    pub fn until(&self, head: Head) -> Option<Self> {
        let last = head.size.checked_sub(1)?;
        let acceded = self.acceded.iter().filter(|(_, at)| **at < head.size);
        Some(Self {
            opened: self.opened.clone(),
            opener: self.opener.clone(),
            acceded: acceded.map(|(party, at)| (party.clone(), *at)).collect(),
            last: if last < self.last.0 { (last, head.leaf) } else { self.last },
        })
    }

    /// The parties, in the order of the opening.
    pub fn parties(&self) -> impl Iterator<Item = &Code> {
        self.opened.parties.iter().map(|party| &party.id)
    }

    /// The parties that have not acceded.
    pub fn awaited(&self) -> impl Iterator<Item = &Code> {
        self.parties().filter(|party| !self.takes_part(party))
    }

    /// Whether the plan is still being laid down.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.acceded.is_empty()
    }

    /// Whether every other party has acceded.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.acceded.len() + 1 == self.opened.parties.len()
    }

    /// Whether the event fits into the founding, or comes after it; `part` says where its kind belongs. The ledger itself is no
    /// party.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn admits(&self, kind: &str, party: Option<&Code>, part: Part) -> Result<(), Refusal> {
        match part {
            _ if !self.is_open() && !self.is_complete() => Err(Refusal::Founding(kind.to_owned())),
            Part::Founding if !self.is_open() => Err(Refusal::Over(kind.to_owned())),
            Part::Later if self.is_open() => Err(Refusal::Founding(kind.to_owned())),
            Part::Founding | Part::Either if self.is_open() && party != Some(&self.opener) => {
                Err(Refusal::Opener(self.opener.clone()))
            }
            Part::Founding | Part::Either | Part::Later => Ok(()),
        }
    }

    /// Whether a party opened it, or has acceded.
    #[must_use]
    pub fn takes_part(&self, party: &Code) -> bool {
        *party == self.opener || self.acceded.contains_key(party)
    }

    /// Whether a party may accede, having verified the ledger up to the entry `seen`.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn accedes(&self, party: &Code, event: &Acceded, seen: u64) -> Result<(), Refusal> {
        if self.takes_part(party) {
            return Err(Refusal::Acceded(party.clone()));
        }
        if event.plan_sha256 != self.opened.plan_sha256 {
            let (theirs, ours) = (event.plan_sha256.clone(), self.opened.plan_sha256.clone());
            return Err(Refusal::OtherPlan(party.clone(), theirs, ours));
        }
        if seen < self.last.0 {
            return Err(Refusal::Unseen(self.last.1));
        }
        Ok(())
    }

    /// The day of an instant in the zone where days end last: the day by whose end it was recorded.
    #[must_use]
    pub fn last_day(&self, instant: DateTime<Utc>) -> NaiveDate {
        self.days(instant).min().unwrap_or_else(|| instant.date_naive())
    }

    /// The day of an instant in the zone where days begin first: what lies after it is the future everywhere.
    #[must_use]
    pub fn first_day(&self, instant: DateTime<Utc>) -> NaiveDate {
        self.days(instant).max().unwrap_or_else(|| instant.date_naive())
    }

    /// The day of an instant in the zone of a party; in UTC for nobody.
    #[must_use]
    pub fn day_of(&self, party: &Code, instant: DateTime<Utc>) -> NaiveDate {
        let own = self.opened.parties.iter().find(|each| each.id == *party);
        let zone = own.map(|own| own.time_zone.get());
        zone.map_or_else(|| instant.date_naive(), |zone| instant.with_timezone(&zone).date_naive())
    }

    fn days(&self, instant: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
        self.zones().map(move |zone| instant.with_timezone(&zone).date_naive())
    }

    fn zones(&self) -> impl Iterator<Item = chrono_tz::Tz> {
        self.opened.parties.iter().map(|party| party.time_zone.get())
    }

    /// The instant at which a day is over for every party.
    #[must_use]
    pub fn end_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let next = day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN);
        // Where clocks are put forward at midnight, the next day begins with the first time that there is.
        let midnight = |zone: chrono_tz::Tz| {
            let mut quarters = (0..96).map(|quarter| next + Duration::minutes(15 * quarter));
            quarters.find_map(|time| zone.from_local_datetime(&time).earliest())
        };
        let ends = self.zones().filter_map(midnight).map(|end| end.to_utc());
        ends.max().unwrap_or_else(|| next.and_utc())
    }
}

/// When an event may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// In the founding alone.
    Founding,
    /// In the founding, by the opener, and after it.
    Either,
    /// After it.
    Later,
}
