//! A document: several tables under one title, each with its reading, and the command that makes them again.
//!
//! The same head gives the same bytes in every dialect and language.

use super::labels::Labels;
use super::phrase::Phrase;
use super::table::{Column, Fact, Report, Seen};
use super::text::is_empty;

/// Several tables.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it is.
    pub title: String,
    /// In which language the plan is (BCP 47), where it is known.
    pub language: Option<String>,
    /// How it is made again.
    pub command: String,
    /// From how many entries it is made, the first ones of the ledger.
    pub size: u64,
    /// Single values of all of it.
    pub facts: Vec<Fact>,
    /// Its parts, in order.
    pub sections: Vec<Section>,
    /// How they stand on paper.
    pub layout: Layout,
}

/// How the parts of a document stand on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Each begins a page.
    Chapters,
    /// All are on one.
    Page,
}

/// A table under a heading.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its name; its heading is the label `section-<name>`, of at most 31 characters, since a sheet has it, too, and what it shows is
    /// told by `about-<name>`.
    pub name: &'static str,
    /// The table.
    pub report: Report,
    /// What of it is left out, and the command that lists it.
    pub more: Option<Phrase>,
}

impl Document {
    /// The single values that people see.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| seen(fact))
    }

    /// Whether recorded times were told by the authors.
    #[must_use]
    pub fn is_illustrative(&self) -> bool {
        self.sections.iter().any(|section| section.report.reading.illustrative)
    }
}

impl Section {
    /// A whole table.
    #[must_use]
    pub const fn new(name: &'static str, report: Report) -> Self {
        Self { name, report, more: None }
    }

    /// Its heading.
    #[must_use]
    pub fn heading(&self, labels: &Labels) -> String {
        labels.say(&format!("section-{}", self.name))
    }

    /// What it shows, in a sentence.
    #[must_use]
    pub fn about(&self, labels: &Labels) -> String {
        labels.say(&format!("about-{}", self.name))
    }

    /// The single values that people see, without those that are said of the whole document. What was found is counted of the actions
    /// there, and in another table of something else.
    pub fn facts<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = &'a Fact> {
        let is_own = |fact: &Fact| self.name != "findings" && fact.key.starts_with("found_");
        let facts = self.report.facts.iter().filter(|fact| seen(fact));
        facts.filter(move |fact| is_own(fact) || !document.facts.contains(fact))
    }

    /// The columns that people see, each with its place.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.report.columns.iter().enumerate().filter(|(_, column)| column.shown)
    }

    /// From which readings it is made, in a line for each.
    #[must_use]
    pub fn readings(&self, labels: &Labels) -> Vec<String> {
        let after = labels.reading(&self.report.reading);
        let Some(before) = &self.report.before else { return vec![after] };
        vec![
            labels.naming("reading-before", [("reading", &labels.reading(before))]),
            labels.naming("reading-after", [("reading", &after)]),
        ]
    }
}

/// Whether people see a single value.
fn seen(fact: &Fact) -> bool {
    fact.seen != Seen::ByMachines && !is_empty(&fact.cell)
}
