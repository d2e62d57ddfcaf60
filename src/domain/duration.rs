//! A length of time in whole days or months, as people write it: `60d`, `8w`, `6m`, `1y`, or as ISO 8601 has it, `P60D`.
//!
//! How often something recurs is not here but in [`super::date::Cycle`].

use chrono::{Days, Months, NaiveDate};
use std::fmt;
use std::str::FromStr;

/// The greatest number of any unit: ten years in days.
const LIMIT: u32 = 3660;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duration {
    /// So many days.
    Days(u32),
    /// So many months of the calendar.
    Months(u32),
}

/// Why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a duration: days, weeks, months or years are expected, up to {LIMIT}, such as 60d, 8w, 6m, 1y or P60D"
)]
pub struct NotADuration(String);

impl Duration {
    /// The day that lies so far after another, at most the last of the year 9999; where its month is too short, the last of
    /// the month.
    #[must_use]
    pub fn after(self, day: NaiveDate) -> NaiveDate {
        let found = match self {
            Self::Days(count) => day.checked_add_days(Days::new(count.into())),
            Self::Months(count) => day.checked_add_months(Months::new(count)),
        };
        let last = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX);
        found.map_or(last, |found| found.min(last))
    }

    /// The day that lies so far before another, at least the first of the year 0; where its month is too short, the last of
    /// the month.
    #[must_use]
    pub fn before(self, day: NaiveDate) -> NaiveDate {
        let found = match self {
            Self::Days(count) => day.checked_sub_days(Days::new(count.into())),
            Self::Months(count) => day.checked_sub_months(Months::new(count)),
        };
        let first = NaiveDate::from_ymd_opt(0, 1, 1).unwrap_or(NaiveDate::MIN);
        found.map_or(first, |found| found.max(first))
    }
}

impl FromStr for Duration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let plain = text.strip_prefix('P').unwrap_or(text);
        let read = || {
            let unit = plain.chars().next_back()?;
            let number = plain.strip_suffix(unit)?;
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let count: u32 = number.parse().ok().filter(|count| digits && *count <= LIMIT)?;
            match unit.to_ascii_lowercase() {
                'd' => Some(Self::Days(count)),
                'w' => Some(Self::Days(count * 7)),
                'm' => Some(Self::Months(count)),
                'y' => Some(Self::Months(count * 12)),
                _ => None,
            }
        };
        read().ok_or_else(|| NotADuration(text.chars().take(40).collect()))
    }
}

/// In the largest unit of whole numbers, as it is read.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) if days % 7 == 0 && *days > 0 => write!(f, "{}w", days / 7),
            Self::Days(days) => write!(f, "{days}d"),
            Self::Months(months) if months % 12 == 0 && *months > 0 => write!(f, "{}y", months / 12),
            Self::Months(months) => write!(f, "{months}m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_weeks_months_and_years_are_counted_as_the_calendar_has_them() {
        let after =
            |text: &str, day: &str| text.parse::<Duration>().unwrap().after(day.parse().unwrap()).to_string();
        for (text, end) in [
            ("0d", "2024-01-31"),
            ("60d", "2024-03-31"),
            ("P60D", "2024-03-31"),
            ("8w", "2024-03-27"),
            ("1m", "2024-02-29"),
            ("P6M", "2024-07-31"),
            ("1y", "2025-01-31"),
            ("3660y", "5684-01-31"),
        ] {
            assert_eq!(after(text, "2024-01-31"), end, "{text}");
        }
        assert_eq!(after("3660y", "9000-01-01"), "9999-12-31", "no date that can be written lies beyond");
        assert_eq!(Duration::Days(400).before("0000-12-31".parse().unwrap()).to_string(), "0000-01-01");
        assert_eq!(Duration::Months(1).before("2023-03-31".parse().unwrap()).to_string(), "2023-02-28");
        assert_eq!(Duration::Days(1).before("2023-03-01".parse().unwrap()).to_string(), "2023-02-28");
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in ["", "d", "P", "60", "-1d", "+1d", "1.5m", "P1Y6M", "60 d", "3661d", "9999999999d", "1일"]
        {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for text in ["0d", "60d", "8w", "600w", "14d", "6m", "1y", "24m", "3660y", "0m"] {
            let length: Duration = text.parse().unwrap();
            assert_eq!(length.to_string().parse(), Ok(length), "{text}");
        }
    }
}
