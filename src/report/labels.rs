//! What the program says, in the languages of its readers (Project Fluent); the words of a plan and of its parties stay as they are.
//!
//! Keys of machine output and the words of events are the same in every language: a label is for people alone.

use super::phrase::{Part, Phrase};
use super::table::{Cell, Column, Record};
use super::text::share;
use crate::domain::value::{Code, words};
use crate::projection::reading::Reading;
use chrono::NaiveDate;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

words! {
    /// A language of readers (BCP 47).
    Language { En = "en", Da = "da", Ko = "ko" }
}

impl Language {
    /// Its labels, in the syntax of Fluent.
    const fn source(self) -> &'static str {
        match self {
            Self::En => include_str!("labels/en.ftl"),
            Self::Da => include_str!("labels/da.ftl"),
            Self::Ko => include_str!("labels/ko.ftl"),
        }
    }
}

/// The labels of a language.
pub struct Labels {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

/// English, as answers have it that are not of one reader.
#[must_use]
pub fn english() -> &'static Labels {
    static ENGLISH: LazyLock<Labels> = LazyLock::new(|| Labels::of(Language::En));
    &ENGLISH
}

impl Labels {
    /// Those of a language. A message that cannot be read would be missing: a test reads all of them.
    #[must_use]
    pub fn of(language: Language) -> Self {
        let tag: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks that Fluent puts around names are seen in plain text.
        bundle.set_use_isolating(false);
        let (Ok(labels) | Err((labels, _))) = FluentResource::try_new(language.source().to_owned());
        bundle.add_resource_overriding(labels);
        Self { language, bundle }
    }

    /// Which language it is.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// A message, where there is one.
    fn message(&self, id: &str, names: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        Some(self.bundle.format_pattern(pattern, Some(names), &mut Vec::new()).into_owned())
    }

    /// What is said under a name; the name, where nothing is.
    #[must_use]
    pub fn say(&self, id: &str) -> String {
        self.naming(id, [])
    }

    /// The same, naming something.
    #[must_use]
    pub fn naming<const N: usize>(&self, id: &str, names: [(&str, &str); N]) -> String {
        let names: FluentArgs<'_> = names.into_iter().collect();
        self.message(id, &names).unwrap_or_else(|| id.to_owned())
    }

    /// What is said under names that begin so, by what comes after (`result-failed` as `result.failed`); the places in braces are filled by
    /// whoever says it.
    #[must_use]
    pub fn templates(&self, beginning: &str) -> BTreeMap<String, String> {
        let source = self.language.source().lines();
        let own = source.filter_map(|line| line.strip_prefix(beginning)?.split_once(" = "));
        own.map(|(rest, text)| (rest.replacen('-', ".", 1), text.replace("{ $", "{").replace(" }", "}")))
            .collect()
    }

    /// A word of the program.
    #[must_use]
    pub fn word(&self, word: &str) -> String {
        self.message(&format!("word-{word}"), &FluentArgs::new()).unwrap_or_else(|| word.replace('_', " "))
    }

    /// The key of a single value.
    #[must_use]
    pub fn fact(&self, key: &str) -> String {
        self.message(&format!("fact-{key}"), &FluentArgs::new()).unwrap_or_else(|| self.word(key))
    }

    /// The heading of a column, which may be a party's own: `DK_finding`; a column for machines alone has its key.
    #[must_use]
    pub fn heading(&self, column: &Column, parties: &[Code]) -> String {
        if !column.shown {
            return column.key.clone();
        }
        let own = parties.iter().find_map(|party| {
            let rest = column.key.strip_prefix(party.as_str())?.strip_prefix('_')?;
            let names = [("party", party.as_str())].into_iter().collect();
            self.message(&format!("column-party-{rest}"), &names)
        });
        let common = || self.message(&format!("column-{}", column.key), &FluentArgs::new());
        own.or_else(common).unwrap_or_else(|| self.word(&column.key))
    }

    /// What the program tells of something.
    #[must_use]
    pub fn phrase(&self, phrase: &Phrase) -> String {
        let value = |part: &Part| match part {
            Part::Text(text) => FluentValue::from(text.clone()),
            Part::Word(word) => FluentValue::from(self.word(word)),
            // A number as it is, without the marks of thousands.
            Part::Number(number) => FluentValue::from(number.to_string()),
            Part::Phrases(phrases) => FluentValue::from(self.phrases(phrases).join(", ")),
        };
        let names: FluentArgs<'_> = phrase.parts.iter().map(|(place, part)| (*place, value(part))).collect();
        self.message(&format!("phrase-{}", phrase.id), &names).unwrap_or_else(|| phrase.id.to_owned())
    }

    fn phrases(&self, phrases: &[Phrase]) -> Vec<String> {
        phrases.iter().map(|phrase| self.phrase(phrase)).collect()
    }

    /// A cell for people.
    #[must_use]
    pub fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Empty => "–".to_owned(),
            Cell::Withheld => self.say("cell-withheld"),
            Cell::Erased(why) => self.naming("cell-erased", [("why", why)]),
            Cell::Disputed => format!("≠ {}", self.word("disputed")),
            Cell::Text(text) | Cell::Decimal(text) => text.clone(),
            Cell::Word("", word) => self.word(word),
            Cell::Word(glyph, word) => format!("{glyph} {}", self.word(word)),
            Cell::Phrase(phrase) => self.phrase(phrase),
            Cell::Phrases(phrases) => self.phrases(phrases).join(", "),
            Cell::Number(number) => number.to_string(),
            Cell::Share(number, all) => share(*number, *all),
            Cell::Flag(flag) => self.say(if *flag { "cell-yes" } else { "cell-no" }),
            Cell::List(items) => items.join(", "),
            Cell::Records(records) => told(records).join(", "),
        }
    }

    /// The items of a cell that has several, or the one.
    #[must_use]
    pub fn items(&self, cell: &Cell) -> Vec<String> {
        match cell {
            Cell::List(items) => items.clone(),
            Cell::Records(records) => told(records),
            Cell::Phrases(phrases) => self.phrases(phrases),
            other => vec![self.cell(other)],
        }
    }

    /// The reading in one line; in a second one, who has not acceded yet.
    #[must_use]
    pub fn reading(&self, reading: &Reading) -> String {
        let day = |day: Option<NaiveDate>| day.map_or_else(|| self.say("reading-all"), |day| day.to_string());
        let line = self.naming(
            "reading",
            [
                ("recorded", &day(reading.recorded)),
                ("effective", &day(reading.effective)),
                ("today", &reading.today.to_string()),
                ("size", &reading.head.size.to_string()),
                ("head", &reading.head.leaf.to_string()),
            ],
        );
        let worth = reading.illustrative.then(|| format!(" · {}", self.word("illustrative")));
        let awaited: Vec<&str> = reading.awaited.iter().map(Code::as_str).collect();
        let founding = (!awaited.is_empty())
            .then(|| format!("\n{}", self.naming("reading-awaited", [("parties", &awaited.join(", "))])));
        [Some(line), worth, founding].into_iter().flatten().collect()
    }
}

fn told(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.told.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assertion::{Health, Lifecycle, OccurrenceState, Role};
    use crate::domain::finding::{Criterion, Finding};
    use crate::domain::plan::InstrumentState;
    use crate::domain::review::Axis;
    use crate::domain::{change, finding, status};
    use crate::projection::audit::Rule;
    use crate::projection::diff::Field;
    use std::collections::BTreeSet;

    /// The names of the messages of a language, and after each the places that it fills.
    fn messages(language: Language) -> BTreeSet<String> {
        let source = language.source();
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(_, errors)| {
            panic!("{language}: {errors:?}");
        });
        let mut bundle = FluentBundle::new_concurrent(vec![]);
        bundle.add_resource(resource).unwrap_or_else(|errors| panic!("{language}: {errors:?}"));
        let lines = source.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
        let told = |line: &str| {
            let (id, text) = line.split_once(" =").unwrap();
            let places: BTreeSet<&str> =
                text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.trim())).collect();
            format!("{id} {places:?}")
        };
        lines.map(told).collect()
    }

    #[test]
    fn every_language_says_the_same_things_and_names_the_same_in_them() {
        let english = messages(Language::En);
        assert!(english.len() > 100);
        for language in [Language::Da, Language::Ko] {
            let other = messages(language);
            let apart: Vec<_> = english.symmetric_difference(&other).collect();
            assert!(apart.is_empty(), "{language}: {apart:?}");
        }
    }

    #[test]
    fn every_word_of_the_axes_has_a_label() {
        let labels = Labels::of(Language::Ko);
        let words = Lifecycle::ALL.iter().map(ToString::to_string);
        let words = words
            .chain(Health::ALL.iter().map(ToString::to_string))
            .chain(OccurrenceState::ALL.iter().map(ToString::to_string))
            .chain(Finding::ALL.iter().map(ToString::to_string))
            .chain(Criterion::ALL.iter().map(ToString::to_string))
            .chain(change::Kind::ALL.iter().map(ToString::to_string))
            .chain(Axis::ALL.iter().map(ToString::to_string))
            .chain(Rule::ALL.iter().map(ToString::to_string))
            .chain(status::Joint::ALL.iter().map(ToString::to_string))
            .chain(finding::Joint::ALL.iter().map(ToString::to_string))
            .chain(Role::ALL.iter().map(ToString::to_string))
            .chain(InstrumentState::ALL.iter().map(ToString::to_string))
            // What is new in the plan or amended, and a health that is stale, are told in sentences of their own.
            .chain(
                Field::ALL
                    .iter()
                    .filter(|field| !matches!(field, Field::Plan | Field::Text | Field::HealthStale))
                    .map(ToString::to_string),
            )
            .chain(["missed", "open", "closed", "contested", "illustrative"].map(ToOwned::to_owned));
        for word in words {
            let label = labels.word(&word);
            assert!(label.chars().any(|character| ('가'..='힣').contains(&character)), "{word}: {label}");
        }
    }

    #[test]
    fn what_is_told_names_things_in_the_order_of_the_language() {
        let told = Phrase::new("window").with("window", "2022").with("state", Part::Word("held".to_owned()));
        assert_eq!(told.to_string(), "2022 held");
        assert_eq!(Labels::of(Language::Da).phrase(&told), "2022 afholdt");
        assert_eq!(Labels::of(Language::Ko).phrase(&told), "2022 개최");
        let column = Column::new("KR_finding", "KR FINDS");
        assert_eq!(Labels::of(Language::Ko).heading(&column, &["KR".parse().unwrap()]), "KR 평가");
    }
}
