//! `annals due`: what is overdue, and what closes soon.

use super::axes::{Axes, Which};
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use annals::domain::duration::Duration;
use annals::projection::agenda;
use annals::report::agenda::due;
use clap::Args;
use std::process::ExitCode;

/// What is due: tasks with a date, windows of recurring actions, bases of agreement that lapse; the overdue first
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals due
  annals due --within 8w --institution MSIT
  annals due --within 6m --today 2023-01-01

A deadline has no time: a day, a month or a year closes with its last day. A task is done when its own party says that the \
action is completed, a window when it was held or is cancelled and nobody says otherwise (one that was postponed is still to be \
held, until a later one was), a basis when it is said to have lapsed. Of an action that all call over, or as long as all call it suspended, no window is due: \
what was missed before, `annals gaps` tells. Beside a basis stand the actions that rest on it. What was assigned to an institution is due to the one to which its work has passed. \
`--party` and `--institution` choose actions, of which all that is due is shown.")]
pub(crate) struct Due {
    /// How far ahead to look: days, weeks, months or years, such as 60d, 8w, 6m, 1y or P60D
    #[arg(long, value_name = "DURATION", default_value = "60d")]
    within: Duration,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Due {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let filter = self.which.filter(&ledger.state())?;
        let items = agenda::of(&history, &reading, &filter, self.within)?;
        let until = self.within.after(reading.day());
        output::report(&due(&reading, &items, until), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
