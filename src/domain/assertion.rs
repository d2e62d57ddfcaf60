//! What a party can say of an action: the words of the axes, what accompanies them, and which lifecycle may follow which.
//!
//! How the words of several parties make one status is not here but in [`super::status`].

use super::date::Effective;
use super::sealed::Sealed;
use super::value::{Code, Sha256, Text, words};
use serde::{Deserialize, Serialize};

words! {
    /// Where an action stands in its life.
    Lifecycle {
        Planned = "planned",
        UnderWay = "under_way",
        Continuing = "continuing",
        Suspended = "suspended",
        Completed = "completed",
        Discontinued = "discontinued",
        Superseded = "superseded",
    }
}

words! {
    /// How an action is doing.
    Health { OnTrack = "on_track", AtRisk = "at_risk", OffTrack = "off_track" }
}

words! {
    /// Where one occurrence of a recurring action stands.
    OccurrenceState {
        Planned = "planned",
        Confirmed = "confirmed",
        Held = "held",
        Postponed = "postponed",
        Cancelled = "cancelled",
    }
}

words! {
    /// What an auditor finds of an assertion.
    Outcome { Upheld = "upheld", Qualified = "qualified" }
}

impl Lifecycle {
    /// Whether a party may say `next` after this, alone. A completed action is reopened by correcting the word that
    /// completed it; the last two are set by a review alone.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        use Lifecycle::{Completed, Continuing, Discontinued, Planned, Superseded, Suspended, UnderWay};
        match (self, next) {
            (Planned | Suspended, Planned)
            | (Planned | UnderWay | Continuing | Suspended, UnderWay | Continuing | Suspended)
            | (Planned | UnderWay | Continuing | Completed, Completed) => true,
            (UnderWay | Continuing | Completed, Planned)
            | (Completed, UnderWay | Continuing | Suspended)
            | (Suspended, Completed)
            | (_, Discontinued | Superseded)
            | (Discontinued | Superseded, _) => false,
        }
    }

    /// Whether nothing follows it.
    #[must_use]
    pub const fn is_the_end(self) -> bool {
        matches!(self, Self::Discontinued | Self::Superseded)
    }

    /// Whether by it there is nothing more to do.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed) || self.is_the_end()
    }

    /// Whether a party alone may say it.
    #[must_use]
    pub const fn is_a_partys_word(self) -> bool {
        !self.is_the_end()
    }
}

/// One occurrence of a recurring action: this year's meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Occurrence {
    /// The window in which it is due, named by its first year, month or day: `2022`.
    pub window: Effective,
    /// Where it stands.
    pub state: OccurrenceState,
    /// On which date, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Effective>,
}

/// A measured value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// What is measured.
    pub name: Text,
    /// A decimal number, as text: `12`, `3.5`.
    pub value: Text,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text>,
}

/// A file put forward. Its digest stands in clear, or withheld where the evidence is confidential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// The same, withheld.
    #[serde(rename = "_sd.sha256", default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// Its name.
    #[serde(rename = "_sd.filename", default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<Sealed>,
    /// In bytes.
    pub size: u64,
    /// Of RFC 6838: `application/pdf`.
    pub mediatype: Text,
    /// Whether even its digest is withheld.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
}

/// A party's assertion on an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progressed {
    /// Since when it is true.
    pub effective: Effective,
    /// Where the action stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// How it is doing; a sentence says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Where one occurrence stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<Occurrence>,
    /// Measured values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<Indicator>,
    /// Files put forward.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// A sentence on it.
    #[serde(rename = "_sd.note", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed>,
}

/// Why an assertion is refused for what it says, whoever says it and whatever was said before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It says nothing.
    #[error("it says nothing: give a lifecycle, a health, an occurrence, indicators, evidence or a note")]
    Nothing,
    /// The last two lifecycles belong to a review.
    #[error("`{0}` is set by an agreed review decision alone, never by one party")]
    Review(Lifecycle),
    /// Completed, and nothing to show for it.
    #[error("`completed` needs evidence: put at least one file forward, with `--evidence FILE`")]
    Unevidenced,
    /// A health without a sentence.
    #[error("the health `{0}` needs a note: a sentence that says why")]
    Unexplained(Health),
    /// A digest in clear and withheld, or neither, or not as `confidential` says.
    #[error(
        "evidence {0} names its digest either in `sha256`, or withheld where it is `confidential`, and not otherwise"
    )]
    Evidence(usize),
    /// Not a decimal number.
    #[error("the indicator `{name}` has the value `{value}`: a decimal number such as 12 or 3.5 is expected")]
    Value {
        /// The indicator.
        name: Text,
        /// As written.
        value: Text,
    },
    /// In the future.
    #[error(
        "{what} {found} begins after {today}, the day on which it is recorded: the future is not yet true"
    )]
    Future {
        /// Which member.
        what: &'static str,
        /// As written.
        found: Effective,
        /// The day.
        today: chrono::NaiveDate,
    },
}

impl Progressed {
    /// Checks what can be checked without any history. `today` is the day on which it is recorded, in the zone
    /// where days begin first.
    ///
    /// # Errors
    /// [`Refusal`], by name.
    pub fn check(&self, today: chrono::NaiveDate) -> Result<(), Refusal> {
        past("effective", self.effective, today)?;
        let silent = self.lifecycle.is_none() && self.health.is_none() && self.occurrence.is_none();
        if silent && self.indicators.is_empty() && self.evidence.is_empty() && self.note.is_none() {
            return Err(Refusal::Nothing);
        }
        match self.lifecycle {
            Some(word) if !word.is_a_partys_word() => return Err(Refusal::Review(word)),
            Some(Lifecycle::Completed) if self.evidence.is_empty() => return Err(Refusal::Unevidenced),
            _ => {}
        }
        if let (Some(health), None) = (self.health, &self.note) {
            return Err(Refusal::Unexplained(health));
        }
        if let Some(Occurrence { state: OccurrenceState::Held, date: Some(date), .. }) = &self.occurrence {
            past("the date held", *date, today)?;
        }
        if let Some(bad) = self.indicators.iter().find(|indicator| !is_decimal(indicator.value.as_str())) {
            return Err(Refusal::Value { name: bad.name.clone(), value: bad.value.clone() });
        }
        named(&self.evidence)
    }
}

/// Whether each file names its digest once, in clear or withheld.
///
/// # Errors
/// [`Refusal::Evidence`].
pub fn named(evidence: &[Evidence]) -> Result<(), Refusal> {
    let sound = |evidence: &Evidence| {
        evidence.sha256.is_some() != evidence.confidential
            && evidence.sealed.is_some() == evidence.confidential
    };
    match evidence.iter().position(|evidence| !sound(evidence)) {
        Some(at) => Err(Refusal::Evidence(at + 1)),
        None => Ok(()),
    }
}

/// Refuses what begins after the day on which it is recorded.
///
/// # Errors
/// [`Refusal::Future`].
pub fn past(what: &'static str, found: Effective, today: chrono::NaiveDate) -> Result<(), Refusal> {
    if found.begin() > today { Err(Refusal::Future { what, found, today }) } else { Ok(()) }
}

/// A party answers another's assertion with its own, equal one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// Since when it is true, where the confirmer knows it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
    /// A sentence on it.
    #[serde(rename = "_sd.note", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed>,
}

/// A party answers that another's assertion does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contested {
    /// Why.
    #[serde(rename = "_sd.reason")]
    pub reason: Sealed,
}

/// An auditor's finding on an assertion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// What was found.
    pub outcome: Outcome,
    /// A sentence on it.
    #[serde(rename = "_sd.note", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed>,
}

/// A party voids an earlier word of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// Why.
    #[serde(rename = "_sd.reason")]
    pub reason: Sealed,
}

/// An institution takes an action on, or is relieved of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assigned {
    /// Which one.
    pub institution: Code,
    /// As what.
    pub role: Role,
    /// Until when it is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Effective>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
    /// Who does it there.
    #[serde(rename = "_sd.officer", default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<Sealed>,
    /// Under which address.
    #[serde(rename = "_sd.contact", default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Sealed>,
}

words! {
    /// As what an institution takes an action on.
    Role { Lead = "lead", Support = "support", Relieved = "relieved" }
}

/// Whether a text is a decimal number: digits, up to 18 of them before a point and after it, and a minus before where it is less
/// than 0.
#[must_use]
pub fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits =
        |part: &str| (1..=18).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

#[cfg(test)]
mod tests;
