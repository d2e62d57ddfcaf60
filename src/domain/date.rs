//! Dates with the precision that is known, periods and cycles.
//!
//! A date here is the date since when something is true; when the ledger learnt of it is not here.

use super::value::refused;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is not a date, a period or a cycle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotADate {
    /// Not a date.
    #[error(
        "`{0}` is not a date: a real day, month or year is expected, such as 2023-05-30, 2023-05 or 2023"
    )]
    Date(String),
    /// A period whose end lies before its start.
    #[error("the period ends in {end}, before it starts in {start}")]
    Backwards {
        /// As written.
        start: Effective,
        /// As written.
        end: Effective,
    },
    /// Not a cycle.
    #[error("`{0}` is not a cycle: P1Y, P2Y, P6M and the like, or `ambiguous:` and the word as printed")]
    Cycle(String),
}

/// A day, a month or a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Effective {
    begin: NaiveDate,
    precision: Precision,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Precision {
    Day,
    Month,
    Year,
}

impl Effective {
    /// The date that begins on a day and is written the shortest, as a year only where `years` are meant.
    #[must_use]
    pub fn named(begin: NaiveDate, years: bool) -> Self {
        let precision = match (begin.day(), begin.month()) {
            (1, 1) if years => Precision::Year,
            (1, _) => Precision::Month,
            _ => Precision::Day,
        };
        Self { begin, precision }
    }

    /// Its first day.
    #[must_use]
    pub const fn begin(&self) -> NaiveDate {
        self.begin
    }

    /// Its last day.
    #[must_use]
    pub fn end(&self) -> NaiveDate {
        let (year, month) = (self.begin.year(), self.begin.month());
        let next = match self.precision {
            Precision::Day => return self.begin,
            Precision::Month if month < 12 => NaiveDate::from_ymd_opt(year, month + 1, 1),
            Precision::Month | Precision::Year => NaiveDate::from_ymd_opt(year + 1, 1, 1),
        };
        next.and_then(|day| day.pred_opt()).unwrap_or(self.begin)
    }
}

impl FromStr for Effective {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let not = || NotADate::Date(text.chars().take(40).collect());
        let (precision, whole) = match text.len() {
            4 => (Precision::Year, format!("{text}-01-01")),
            7 => (Precision::Month, format!("{text}-01")),
            10 => (Precision::Day, text.to_owned()),
            _ => return Err(not()),
        };
        let date = NaiveDate::parse_from_str(&whole, "%Y-%m-%d").ok();
        // Written back, it refuses blanks and missing zeros, which the parser passes over; years have no sign.
        date.map(|begin| Self { begin, precision })
            .filter(|date| text.starts_with(|c: char| c.is_ascii_digit()) && date.to_string() == text)
            .ok_or_else(not)
    }
}

impl TryFrom<String> for Effective {
    type Error = NotADate;

    fn try_from(text: String) -> Result<Self, NotADate> {
        text.parse()
    }
}

impl From<Effective> for String {
    fn from(date: Effective) -> Self {
        date.to_string()
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.precision {
            Precision::Day => "%Y-%m-%d",
            Precision::Month => "%Y-%m",
            Precision::Year => "%Y",
        };
        write!(f, "{}", self.begin.format(format))
    }
}

/// From the first day of one date to the last day of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Span", into = "Span")]
pub struct Period(Span);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    start: Effective,
    end: Effective,
}

impl Period {
    /// Its first day.
    #[must_use]
    pub const fn begin(&self) -> NaiveDate {
        self.0.start.begin()
    }

    /// Its last day.
    #[must_use]
    pub fn end(&self) -> NaiveDate {
        self.0.end.end()
    }
}

impl TryFrom<Span> for Period {
    type Error = NotADate;

    fn try_from(span: Span) -> Result<Self, NotADate> {
        if span.end.end() < span.start.begin() {
            return Err(NotADate::Backwards { start: span.start, end: span.end });
        }
        Ok(Self(span))
    }
}

impl From<Period> for Span {
    fn from(period: Period) -> Self {
        period.0
    }
}

/// How often something recurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Cycle {
    /// A whole number of months or years.
    Every {
        /// How many months or years.
        count: u32,
        /// Whether years are counted.
        unit: Unit,
    },
    /// A word that each side may understand in its own way; nothing is scheduled from it.
    Ambiguous(String),
}

/// What a cycle counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `M`
    Months,
    /// `Y`
    Years,
}

impl FromStr for Cycle {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let not = || NotADate::Cycle(text.chars().take(40).collect());
        if let Some(word) = text.strip_prefix("ambiguous:") {
            let plain = !word.trim().is_empty()
                && word.len() <= 64
                && !word.contains(refused)
                && !word.contains(char::is_control);
            return if plain { Ok(Self::Ambiguous(word.to_owned())) } else { Err(not()) };
        }
        let inside = text.strip_prefix('P').ok_or_else(not)?;
        let (number, unit) = match (inside.strip_suffix('Y'), inside.strip_suffix('M')) {
            (Some(number), _) => (number, Unit::Years),
            (_, Some(number)) => (number, Unit::Months),
            _ => return Err(not()),
        };
        let count: u32 = number.parse().map_err(|_| not())?;
        if (1..=1200).contains(&count) && count.to_string() == number {
            return Ok(Self::Every { count, unit });
        }
        Err(not())
    }
}

impl TryFrom<String> for Cycle {
    type Error = NotADate;

    fn try_from(text: String) -> Result<Self, NotADate> {
        text.parse()
    }
}

impl From<Cycle> for String {
    fn from(cycle: Cycle) -> Self {
        cycle.to_string()
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every { count, unit: Unit::Months } => write!(f, "P{count}M"),
            Self::Every { count, unit: Unit::Years } => write!(f, "P{count}Y"),
            Self::Ambiguous(word) => write!(f, "ambiguous:{word}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_date_covers_the_days_of_its_precision() {
        for (text, begin, end) in [
            ("2023-05-30", "2023-05-30", "2023-05-30"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2021-12", "2021-12-01", "2021-12-31"),
            ("2021", "2021-01-01", "2021-12-31"),
        ] {
            let date: Effective = text.parse().unwrap();
            assert_eq!(
                (date.begin().to_string(), date.end().to_string()),
                (begin.to_owned(), end.to_owned())
            );
        }
    }

    #[test]
    fn a_date_that_is_none_is_refused() {
        for text in [
            "",
            "2023-02-29",
            "2023-13",
            "23",
            "2023-5-3",
            "+2023",
            " 2023",
            "2023-05-30T",
            "20230530",
            "2023-00",
            "-0001-01-01",
            "+12345-01-01",
            "-001-01",
            "-123",
        ] {
            assert!(text.parse::<Effective>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_period_never_ends_before_it_starts() {
        let period = |text: &str| serde_json::from_str::<Period>(text);
        assert!(period(r#"{"start":"2021","end":"2024"}"#).is_ok());
        assert!(period(r#"{"start":"2021-06","end":"2021"}"#).is_ok());
        assert!(period(r#"{"start":"2022","end":"2021-12-31"}"#).is_err());
    }

    #[test]
    fn a_cycle_is_a_number_of_months_or_years_or_a_word_as_printed() {
        for text in ["P1Y", "P2Y", "P6M", "ambiguous:bi-annual"] {
            assert_eq!(text.parse::<Cycle>().unwrap().to_string(), text);
        }
        for text in ["", "P", "PY", "P0Y", "P01Y", "P+1Y", "P1W", "p1y", "ambiguous:", "annual", "P1Y6M"] {
            assert!(text.parse::<Cycle>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_back_identically(text in "[P0-9YM+ -]{0,11}") {
            if let Ok(date) = text.parse::<Effective>() {
                prop_assert_eq!(date.to_string(), text.clone());
            }
            if let Ok(cycle) = text.parse::<Cycle>() {
                prop_assert_eq!(cycle.to_string(), text);
            }
        }
    }
}
