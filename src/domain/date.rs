//! Dates with the precision that is known, periods and cycles.
//!
//! A date here is the date since when something is true; when the ledger learnt of it is not here.

use super::shape;
use super::value::refused;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize};
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
    #[error("the period ends {end}, before it starts {start}")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct Effective {
    begin: NaiveDate,
    precision: Precision,
}

/// Days of the year 0, the first that can be written.
const YEAR_0: i32 = 366;

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

    /// A day.
    #[must_use]
    pub const fn day(day: NaiveDate) -> Self {
        Self { begin: day, precision: Precision::Day }
    }

    /// Its first day.
    #[must_use]
    pub const fn begin(&self) -> NaiveDate {
        self.begin
    }

    /// The date as a number, smaller than 2^24: [`Self::from_bits`] gives the date back. Without its last two bits it
    /// grows with the first day.
    #[must_use]
    pub fn to_bits(self) -> u32 {
        let precision = match self.precision {
            Precision::Day => 0,
            Precision::Month => 1,
            Precision::Year => 2,
        };
        u32::try_from(self.begin.num_days_from_ce() + YEAR_0).unwrap_or(0) << 2 | precision
    }

    /// The date that a number stands for, if one.
    #[must_use]
    pub fn from_bits(bits: u32) -> Option<Self> {
        let precision = match bits & 3 {
            0 => Precision::Day,
            1 => Precision::Month,
            2 => Precision::Year,
            _ => return None,
        };
        let begin = NaiveDate::from_num_days_from_ce_opt(i32::try_from(bits >> 2).ok()? - YEAR_0)?;
        Some(Self { begin, precision })
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

    /// Whether none of its days is before one or after another.
    ///
    /// ```
    /// use annals::domain::date::Effective;
    /// let [year, month, day]: [Effective; 3] = ["2022", "2022-06", "2022-06-14"].map(|date| date.parse().unwrap());
    /// assert!(day.is_within(month.begin(), month.end()) && !month.is_within(day.begin(), year.end()));
    /// ```
    #[must_use]
    pub fn is_within(&self, first: NaiveDate, last: NaiveDate) -> bool {
        first <= self.begin && self.end() <= last
    }
}

impl FromStr for Effective {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        // Every event has one, so they are read by hand: digits alone, and a hyphen between them.
        let number = |part: &str, digits: usize| {
            let whole = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_: &u32| whole)
        };
        let mut parts = text.split('-');
        let year = parts.next().and_then(|year| number(year, 4)).and_then(|year| i32::try_from(year).ok());
        let (month, day, more) = (parts.next(), parts.next(), parts.next());
        let precision = match (month, day) {
            (None, _) => Precision::Year,
            (Some(_), None) => Precision::Month,
            (Some(_), Some(_)) => Precision::Day,
        };
        let one = |part: Option<&str>| part.map_or(Some(1), |part| number(part, 2));
        year.zip(one(month).zip(one(day)))
            .filter(|_| more.is_none())
            .and_then(|(year, (month, day))| NaiveDate::from_ymd_opt(year, month, day))
            .map(|begin| Self { begin, precision })
            .ok_or_else(|| NotADate::Date(text.chars().take(40).collect()))
    }
}

impl<'de> Deserialize<'de> for Effective {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shape::parsed(deserializer)
    }
}

impl From<Effective> for String {
    fn from(date: Effective) -> Self {
        date.to_string()
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.begin.year(), self.begin.month(), self.begin.day());
        match self.precision {
            Precision::Day => write!(f, "{year:04}-{month:02}-{day:02}"),
            Precision::Month => write!(f, "{year:04}-{month:02}"),
            Precision::Year => write!(f, "{year:04}"),
        }
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
    fn a_date_is_read_back_from_its_number() {
        for text in ["0000", "0000-01-01", "0000-12", "2021", "2021-04", "2024-02-29", "9999-12-31", "9999"] {
            let date: Effective = text.parse().unwrap();
            assert_eq!((date.to_string().as_str(), Effective::from_bits(date.to_bits())), (text, Some(date)));
            assert!(date.to_bits() < 1 << 24);
        }
        assert_eq!(Effective::from_bits(3), None);
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
