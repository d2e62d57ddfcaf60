//! A document: several tables under one title, each with its reading, and the command that makes them again.
//!
//! The same head gives the same bytes in every dialect.

use super::table::Report;

/// Several tables.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it is.
    pub title: String,
    /// How it is made again.
    pub command: String,
    /// Its parts, in order.
    pub sections: Vec<Section>,
}

/// A table under a heading.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its heading, of at most 31 characters: it is the name of a sheet, too.
    pub heading: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// The table.
    pub report: Report,
}

impl Document {
    /// Whether recorded times were told by the authors.
    #[must_use]
    pub fn is_illustrative(&self) -> bool {
        self.sections.iter().any(|section| section.report.reading.illustrative)
    }
}
