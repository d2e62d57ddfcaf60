//! The timeline of a ledger: what was said up to a reading, with what is at hand of the withheld values; and what was measured. What
//! an entry says in a sentence is in [`crate::projection::timeline`].

use super::index::Sayings;
use super::{Ledger, LedgerError};
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::projection::indicators::Measured;
use crate::projection::reading::Reading;
use crate::projection::timeline::{self, Item, Occasion, stream};
use crate::record::fact::Fact;
use crate::record::history::{History, Recalled};
use crate::report::moments::Told;
use crate::trail::entry::Entry;
use std::collections::{BTreeMap, HashSet};

/// What was said, in the order of the ledger, and by the sequences of the entries what they say in fields that can be withheld.
pub type Timeline = (Vec<Item>, BTreeMap<u64, Told>);

impl Ledger {
    /// What was said up to a reading, from a sequence on, of an action or of all. `after` is the reading's history.
    ///
    /// # Errors
    /// [`LedgerError`], where entries cannot be read.
    pub fn timeline(
        &self,
        after: &History<Sayings>,
        reading: &Reading,
        action: Option<&Code>,
        first: u64,
    ) -> Result<Timeline, LedgerError> {
        let (mut items, mut notes) = (Vec::new(), BTreeMap::new());
        let (mut spoken, disclosed) = (Recalled::new(after), self.disclosed()?);
        let mut take = |entry: &Entry, fact: &Fact| -> Result<(), LedgerError> {
            let words = spoken.words(fact.action())?;
            let mut item = timeline::item(&after.state, entry, fact, &words);
            if let (Fact::Erased(_), Some(holder)) = (fact, entry.request.event.causationid) {
                item.answers = self.recorded(holder)?.map(|holder| holder.seal.sequence);
                item.summary.extend(item.answers.map(|answered| format!(" of entry {answered}")));
            }
            items.push(item);
            notes.extend(disclosed.told(entry).map(|told| (entry.seal.sequence, told)));
            Ok(())
        };
        let range = first..reading.head.size;
        match action {
            Some(action) => self.stream(&stream(action), range, &mut take)?,
            None => self.replay(range, &mut take)?,
        }
        timeline::gather(&mut items, &mut |sequence| {
            let entry = if sequence < reading.head.size { self.entry(sequence)? } else { None };
            Ok::<_, LedgerError>(entry.and_then(|entry| {
                let event = &entry.request.event;
                let correlation = event.correlationid.as_deref();
                Occasion::of(correlation, &event.kind, &event.source, &event.subject)
            }))
        })?;
        if let Some(day) = reading.effective {
            items.retain(|item| item.begins.is_none_or(|begins| begins <= day));
            let kept: HashSet<u64> = items.iter().map(|item| item.sequence).collect();
            notes.retain(|sequence, _| kept.contains(sequence));
        }
        Ok((items, notes))
    }

    /// What was measured up to a reading, of an action by the words that give values, or of all: the values as entries give them.
    ///
    /// # Errors
    /// [`LedgerError`], where entries cannot be read.
    pub fn measured(
        &self,
        reading: &Reading,
        action: Option<(&Code, &Words)>,
    ) -> Result<Measured, LedgerError> {
        let mut measured = Measured::default();
        let mut take = |entry: &Entry, fact: &Fact| {
            measured.take(entry, fact);
            Ok(())
        };
        let range = 0..reading.head.size;
        match action {
            Some((action, words)) => {
                let gives = |sequence| words.at(sequence).is_some_and(|word| word.measures.is_some());
                self.stream_of(&stream(action), range, &gives, &mut take)?;
            }
            None => self.replay(range, &mut take)?,
        }
        Ok(measured)
    }
}
