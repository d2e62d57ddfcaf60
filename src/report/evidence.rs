//! Evidence as a table: every file that was put forward, and how it is found.

use super::table::{Cell, Column, Fact, Report};
use crate::projection::evidence::Exhibit;
use crate::projection::reading::Reading;
use crate::projection::timeline::speaker;
use std::path::PathBuf;

/// How a file is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It is here, as it was named.
    Found,
    /// It is not here.
    Missing,
    /// It is not as it was named: its bytes are others, or of another number.
    Changed,
    /// Its digest is not disclosed here.
    Withheld,
    /// Its digest was erased.
    Erased,
}

impl Availability {
    /// Every one, in the order in which they are counted.
    pub const ALL: [Self; 5] = [Self::Found, Self::Missing, Self::Changed, Self::Withheld, Self::Erased];

    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Withheld => "withheld",
            Self::Erased => "erased",
        }
    }

    const fn glyph(self) -> &'static str {
        match self {
            Self::Found => "✓",
            Self::Missing => "✕",
            Self::Changed => "≠",
            Self::Withheld | Self::Erased => "–",
        }
    }
}

/// A file with how it is found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The file, and the entry that names it.
    pub exhibit: Exhibit,
    /// How it is found.
    pub found: Availability,
    /// Where it is, or would be, as far as its digest is known.
    pub path: Option<PathBuf>,
}

/// Every file that was put forward.
#[must_use]
pub fn evidence(reading: &Reading, files: &[Checked]) -> Report {
    let mut facts = vec![Fact::new("files", Cell::Number(files.len() as u64))];
    for found in Availability::ALL {
        let count = files.iter().filter(|file| file.found == found).count();
        facts.push(Fact::new(found.as_str(), Cell::Number(count as u64)));
    }
    let columns = vec![
        Column::new("sequence", "SEQ"),
        Column::new("number", "FILE"),
        Column::new("source", "WHO"),
        Column::new("subject", "ABOUT"),
        Column::new("filename", "NAME"),
        Column::new("size", "BYTES"),
        Column::new("mediatype", "TYPE"),
        Column::new("state", "STATE"),
        Column::hidden("sha256"),
        Column::hidden("path"),
        Column::hidden("voided"),
    ];
    let rows = files.iter().map(row).collect();
    Report { kind: "evidence", reading: reading.clone(), before: None, facts, columns, rows }
}

fn row(checked: &Checked) -> Vec<Cell> {
    let (exhibit, file) = (&checked.exhibit, &checked.exhibit.file);
    vec![
        Cell::Number(exhibit.sequence),
        Cell::Number(file.number as u64),
        Cell::text(speaker(&exhibit.source)),
        Cell::text(exhibit.subject.as_str()),
        Cell::maybe(file.filename.clear()),
        Cell::Number(file.size),
        Cell::text(file.mediatype.as_str()),
        Cell::Word(checked.found.glyph(), checked.found.as_str().to_owned()),
        Cell::maybe(file.sha256.clear()),
        Cell::maybe(checked.path.as_ref().map(|path| path.display())),
        Cell::Flag(exhibit.voided),
    ]
}
