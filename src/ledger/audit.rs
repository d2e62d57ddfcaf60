//! What an auditor asks of a ledger: the assertions of a reading, and the exceptions among them. What is one is in
//! [`crate::projection::audit`].

use super::index::Sayings;
use super::{Ledger, LedgerError};
use crate::domain::duration::Duration;
use crate::projection::audit::{self, Assertion, Exception, Exhibited, Population, Rule};
use crate::projection::evidence::Exhibit;
use crate::projection::filter::Filter;
use crate::projection::reading::Reading;
use crate::projection::silence::{self, SILENT_DAYS};
use crate::record::history::{History, Recalled};
use crate::record::withheld;
use crate::report::evidence::{Availability, Checked};
use crate::trail::entry::Event;
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::HashSet;

impl Ledger {
    /// The assertions of a reading on the actions that a filter admits: what is drawn from, and counted. `history` is the reading's.
    ///
    /// # Errors
    /// [`LedgerError`], where entries cannot be read.
    pub fn assertions(
        &self,
        history: &History<Sayings>,
        reading: &Reading,
        filter: &Filter,
    ) -> Result<Vec<Assertion>, LedgerError> {
        let disclosed = self.disclosed()?;
        let holder = |event: &Event| {
            let clear = withheld::disclose(&event.data.members(), &|digest| disclosed.known(digest));
            clear.get("holder").and_then(Value::as_str).map(str::to_owned)
        };
        let (mut population, mut spoken) = (Population::default(), Recalled::new(history));
        self.replay(0..reading.head.size, &mut |entry, fact| {
            let words = spoken.words(fact.action())?;
            population.take((&history.state, reading, filter), entry, fact, &words, &holder);
            Ok(())
        })?;
        Ok(population.all())
    }

    /// What an auditor looks at first among the assertions of a reading: each file that any entry names is read.
    ///
    /// # Errors
    /// [`LedgerError`], where entries cannot be read, or a file that is there.
    pub fn exceptions(
        &self,
        history: &History<Sayings>,
        reading: &Reading,
        filter: &Filter,
        population: &[Assertion],
    ) -> Result<Vec<Exception>, LedgerError> {
        let files = self.exhibits(history, reading, None)?;
        let meant = |file: &&Checked| {
            let action = file.exhibit.subject.strip_prefix("actions/").and_then(|action| action.parse().ok());
            let programme = &history.state.programme;
            action
                .and_then(|action| programme.actions.get(&action))
                .is_some_and(|state| filter.admits(programme, state, reading.effective))
        };
        let asserted: HashSet<u64> = population.iter().map(|assertion| assertion.item.sequence).collect();
        let within =
            |file: &&Checked| reading.effective.is_none() || asserted.contains(&file.exhibit.sequence);
        let exhibits: Vec<(&Exhibit, Exhibited)> = files
            .iter()
            .filter(meant)
            .filter(within)
            .map(|file| (&file.exhibit, exhibited(file.found)))
            .collect();
        let silences = silence::of(history, reading, filter, since(reading))?;
        Ok(audit::exceptions(&history.state, reading, population, &exhibits, &silences))
    }

    /// The same of all actions as far as the entries tell it, whatever became of the files that they name.
    ///
    /// # Errors
    /// [`LedgerError`], where entries cannot be read.
    pub fn exceptions_told(
        &self,
        history: &History<Sayings>,
        reading: &Reading,
    ) -> Result<Vec<Exception>, LedgerError> {
        let filter = Filter::default();
        let population = self.assertions(history, reading, &filter)?;
        let silences = silence::of(history, reading, &filter, since(reading))?;
        let mut found = audit::exceptions(&history.state, reading, &population, &[], &silences);
        found.retain(|exception| exception.why.rule() != Rule::Unevidenced);
        Ok(found)
    }
}

fn since(reading: &Reading) -> NaiveDate {
    Duration::Days(SILENT_DAYS).before(reading.today)
}

const fn exhibited(found: Availability) -> Exhibited {
    match found {
        Availability::Found => Exhibited::Found,
        Availability::Missing => Exhibited::Missing,
        Availability::Changed => Exhibited::Changed,
        Availability::Withheld | Availability::Erased => Exhibited::Unknown,
    }
}
