//! `annals gaps`: where nobody speaks, or not all, or not lately.

use super::axes::{Axes, Which, day};
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::words;
use annals::domain::duration::Duration;
use annals::projection::silence::{self, Rule, SILENT_DAYS};
use annals::report::silence::gaps;
use chrono::NaiveDate;
use clap::Args;
use std::process::ExitCode;

/// Silence: actions of which nothing was said, or not by both sides, or not lately; and disputes that nobody settled
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals gaps
  annals gaps --since 2024-01-01 --line 2
  annals gaps --rule disputed --rule one_sided
  annals gaps --recorded 2022-12-31 --format csv > silence.csv

What it lists: `no_event`, nothing was recorded since the action was created; `no_word`, a party has said nothing of its \
progress since the day, whatever it found or decided in a review; `one_sided`, for more than a year; `disputed`, and not \
settled; `stale_health`, for more than 180 days; `window_passed`, and nobody said what became of it. What cannot be tracked \
at all is listed by `annals lint`.")]
pub(crate) struct Gaps {
    /// A party is silent that has said nothing from this day on [default: 180 days before today]
    #[arg(long, value_name = "DAY", value_parser = day)]
    since: Option<NaiveDate>,
    /// Only these; once for each
    #[arg(long = "rule", value_name = "RULE", value_parser = words::silence())]
    rules: Vec<Rule>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Gaps {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let filter = self.which.filter(&ledger.state())?;
        let since = self.since.unwrap_or_else(|| Duration::Days(SILENT_DAYS).before(reading.today));
        let mut silences = silence::of(&history, &reading, &filter, since)?;
        silences.retain(|silence| self.rules.is_empty() || self.rules.contains(&silence.why.rule()));
        output::report(&gaps(&reading, &silences, since), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
