//! A report as CSV (RFC 4180) in UTF-8: its rows, under the keys of its columns.

use super::table::{Cell, Report};
use crate::domain::assertion::is_decimal;

/// The report's rows; of its reading, which is in the table and the JSON, what its clock is worth.
///
/// # Errors
/// Where the writer refuses, which in memory it does not.
pub fn of(report: &Report) -> Result<Vec<u8>, csv::Error> {
    let keys: Vec<&str> = report.columns.iter().map(|column| column.key.as_str()).collect();
    rows(&keys, &report.rows, report.reading.illustrative)
}

/// Rows under the keys of their columns, and in a last one whether recorded times are those of a clock.
///
/// # Errors
/// As [`of`].
pub fn rows(keys: &[&str], rows: &[Vec<Cell>], illustrative: bool) -> Result<Vec<u8>, csv::Error> {
    let clock = Cell::text(if illustrative { "illustrative" } else { "real" });
    let keys: Vec<&str> = keys.iter().copied().chain(["clock"]).collect();
    let rows: Vec<Vec<Cell>> =
        rows.iter().map(|row| row.iter().cloned().chain([clock.clone()]).collect()).collect();
    plain(&keys, &rows)
}

/// Rows under the keys of their columns.
///
/// # Errors
/// As [`of`].
pub fn plain(keys: &[&str], rows: &[Vec<Cell>]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(keys)?;
    for row in rows {
        writer.write_record(row.iter().map(field))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Empty | Cell::Withheld | Cell::Erased(_) | Cell::Disputed => String::new(),
        Cell::Text(text) => inert(text),
        Cell::Word(_, word) => word.clone(),
        Cell::Phrases(phrases) => {
            inert(&phrases.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        Cell::Phrase(phrase) => inert(&phrase.to_string()),
        Cell::Number(number) | Cell::Share(number, _) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::List(items) => inert(&items.join("; ")),
        // A number is no formula, though it may begin with a minus.
        Cell::Decimal(number) if is_decimal(number) => number.clone(),
        Cell::Decimal(other) => inert(other),
        Cell::Records(records) => {
            inert(&records.iter().map(|record| record.told.as_str()).collect::<Vec<_>>().join("; "))
        }
    }
}

/// A text that a spreadsheet would run as a formula begins with an apostrophe; and one of which it would run what stands behind a
/// semicolon or a tab, where it takes these for the end of a field, as some do in Denmark.
fn inert(text: &str) -> String {
    let begins =
        |part: &str| part.trim_start_matches([' ', '"']).starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) || text.split([';', '\t']).skip(1).any(begins)
    {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_below_nothing_stays_one() {
        assert_eq!(field(&Cell::Decimal("-12.5".to_owned())), "-12.5");
        assert_eq!(field(&Cell::Decimal("-1+cmd".to_owned())), "'-1+cmd");
    }

    #[test]
    fn a_formula_is_neutralised() {
        for text in ["=1+1", "+1", "-1", "@a", "\t=1"] {
            assert!(inert(text).starts_with('\''), "{text}");
        }
        // Where a semicolon ends a field, what stands behind it is another.
        for text in ["ok;=1+1", "ok; \"=1+1", "a;b;@c", "a\t=1"] {
            assert!(inert(text).starts_with('\''), "{text}");
        }
        for text in ["1.G2G.3", "first; second", "5 - 3; 4"] {
            assert_eq!(inert(text), text);
        }
    }
}
