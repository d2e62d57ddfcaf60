//! What was measured: of each indicator of an action, what each party gave first and what it gave last.
//!
//! Values are read off the entries; whose word stands, and since when it is true, is told by the words of the action. A
//! confirmation says the same as what it confirms, of indicators, too.

use super::board::Row;
use super::reading::Reading;
use super::timeline::amount;
use crate::domain::action::Event;
use crate::domain::assertion::Indicator;
use crate::domain::date::Effective;
use crate::domain::programme;
use crate::domain::value::{Code, Text};
use crate::domain::word::{Said, Word, Words};
use crate::record::fact::Fact;
use crate::record::history::{History, Spoken};
use crate::trail::entry::Entry;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// What entries say of indicators, by action and sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured(BTreeMap<Code, BTreeMap<u64, Told>>);

/// What an entry says of indicators, and who says it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    source: String,
    indicators: Vec<Indicator>,
}

impl Measured {
    /// Takes the next entry; those of an action come in the order of the ledger.
    pub fn take(&mut self, entry: &Entry, fact: &Fact) {
        let Fact::Programme(programme::Event::Action(action, event)) = fact else { return };
        let told = |indicators| Told { source: entry.request.event.source.to_string(), indicators };
        let sequence = entry.seal.sequence;
        match event {
            Event::Progressed(event) if !event.indicators.is_empty() => {
                let own = self.0.entry(action.clone()).or_default();
                own.insert(sequence, told(event.indicators.clone()));
            }
            Event::Confirmed(_) => {
                if let Some(own) = self.0.get_mut(action) {
                    own.insert(sequence, told(Vec::new()));
                }
            }
            _ => {}
        }
    }

    /// What a word gives as the value of an indicator, with its unit, whether it stands or not.
    #[must_use]
    pub fn amount(&self, action: &Code, word: &Word, name: &Text) -> Option<(&Text, Option<&Text>)> {
        let (_, indicators) = self.by(action, word)?;
        let last = indicators.iter().rfind(|indicator| indicator.name == *name)?;
        Some((&last.value, last.unit.as_ref()))
    }

    /// What the entry of a word says itself, and the values that it gives: a confirmation those of what it confirms.
    fn by(&self, action: &Code, word: &Word) -> Option<(&Told, &[Indicator])> {
        let told = self.0.get(action)?;
        let at = match word.said {
            Said::Progressed => word.sequence,
            Said::Confirmed(at) => at,
            Said::Contested(_) | Said::Verified(..) | Said::Decided => return None,
        };
        Some((told.get(&word.sequence)?, &told.get(&at)?.indicators))
    }

    /// Whether anything was measured of an action, whether it stands or not.
    #[must_use]
    pub fn is_of(&self, action: &Code) -> bool {
        self.0.contains_key(action)
    }
}

/// What a party gave as the value of an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<'a> {
    /// A decimal number, as text.
    pub value: &'a Text,
    /// Its unit.
    pub unit: Option<&'a Text>,
    /// Since when it is true.
    pub effective: Effective,
    /// Who said so: the party, or an institution of it.
    pub source: &'a str,
    /// The sequence of the entry that says so.
    pub sequence: u64,
}

impl Given<'_> {
    /// Where it stands on the effective axis, as a word does.
    pub(super) const fn place(&self) -> (NaiveDate, u64) {
        (self.effective.begin(), self.sequence)
    }

    /// The value with its unit, if it has one: `3 days`.
    #[must_use]
    pub fn amount(&self) -> String {
        amount(self.value, self.unit)
    }
}

/// An indicator of an action as a party gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series<'a> {
    /// The party.
    pub party: &'a Code,
    /// What is measured.
    pub name: &'a Text,
    /// The first value in the unit of the latest: others cannot be compared with it.
    pub first: Given<'a>,
    /// The latest value.
    pub latest: Given<'a>,
}

/// Every value that a party gave of an indicator of an action, in the order of the ledger: of the words that stand and whose date begins
/// by the day of the reading. Of several values in one entry the last counts.
#[must_use]
pub fn given<'a>(
    action: &Code,
    words: &Words,
    measured: &'a Measured,
    reading: &'a Reading,
) -> Vec<(&'a Code, &'a Text, Given<'a>)> {
    let within = |word: &&Word| reading.effective.is_none_or(|day| word.effective.begin() <= day);
    let mut given = Vec::new();
    for word in words.standing().filter(within) {
        let party = reading.parties.iter().find(|party| **party == word.party);
        let (Some(party), Some((own, indicators))) = (party, measured.by(action, word)) else { continue };
        for (at, Indicator { name, value, unit }) in indicators.iter().enumerate() {
            if indicators.iter().skip(at + 1).any(|later| later.name == *name) {
                continue;
            }
            let each = Given {
                value,
                unit: unit.as_ref(),
                effective: word.effective,
                source: &own.source,
                sequence: word.sequence,
            };
            given.push((party, name, each));
        }
    }
    given
}

/// The indicators of an action by name, and of each what every party gave, in the order of the parties, of what [`given`] tells, ties
/// by sequence.
#[must_use]
pub fn of<'a>(action: &Code, words: &Words, measured: &'a Measured, reading: &'a Reading) -> Vec<Series<'a>> {
    let mut all: BTreeMap<(&str, usize), Vec<(&Text, Given<'a>)>> = BTreeMap::new();
    for (party, name, each) in given(action, words, measured, reading) {
        let place = reading.parties.iter().position(|known| known == party);
        all.entry((name.as_str(), place.unwrap_or_default())).or_default().push((name, each));
    }
    let series = |((_, place), values): ((&str, usize), Vec<(&'a Text, Given<'a>)>)| {
        let (name, latest) = *values.iter().max_by_key(|(_, each)| each.place())?;
        let same = values.iter().map(|(_, each)| *each).filter(|each| each.unit == latest.unit);
        Some(Series {
            party: reading.parties.get(place)?,
            name,
            first: same.min_by_key(Given::place)?,
            latest,
        })
    };
    all.into_iter().filter_map(series).collect()
}

/// The same of each action of a board of which anything was measured that stands.
///
/// # Errors
/// Where what was said cannot be read.
pub fn all<'a, 'b, W: Spoken>(
    history: &History<W>,
    board: &'b [Row<'b>],
    measured: &'a Measured,
    reading: &'a Reading,
) -> Result<Vec<(&'b Row<'b>, Vec<Series<'a>>)>, W::Fault> {
    let mut all = Vec::new();
    for row in board {
        let action = &row.action.action.reference;
        if measured.is_of(action) {
            let series = of(action, &*history.words.of(row.action)?, measured, reading);
            all.extend((!series.is_empty()).then_some((row, series)));
        }
    }
    Ok(all)
}
