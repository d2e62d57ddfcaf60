//! `annals audit`: the assertions of a reading, a sample that anyone can repeat, what to look at first, and a statement on all of it.

use super::axes::{Axes, Which};
use super::failure::Failure;
use super::output::{self, Format};
use super::settings::Settings;
use super::verify;
use super::words;
use annals::ledger::Cut;
use annals::projection::audit::{self, Stratum};
use annals::projection::filter::Filter;
use annals::report::audit as table;
use annals::report::json;
use annals::report::table::Cell;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Audit the assertions: the population, a sample that anyone can repeat, exceptions, a statement
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  annals audit population --by party
  annals audit sample --seed 'NAO 2024/17' --size 25
  annals audit exceptions --review R2023
  annals audit statement

An auditor's finding on an assertion is recorded with `annals record audit`.")]
pub(crate) enum Audit {
    Population(Population),
    Sample(Sample),
    Exceptions(Exceptions),
    Statement(Statement),
}

impl Audit {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        match self {
            Self::Population(command) => command.run(settings),
            Self::Sample(command) => command.run(settings),
            Self::Exceptions(command) => command.run(settings),
            Self::Statement(command) => command.run(settings),
        }
    }
}

/// Every assertion of a reading, corrected ones among them
#[derive(Args)]
#[command(
    after_help = "Examples:\n  annals audit population\n  annals audit population --review R2023 --by track --format csv"
)]
pub(crate) struct Population {
    /// By what it is divided
    #[arg(long, default_value = "line", value_parser = words::stratum())]
    by: Stratum,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

/// A sample of the assertions, that anyone with the same seed draws again
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals audit sample --seed 'NAO 2024/17' --size 25
  annals audit sample --seed 8731 --size 40 --by party --review R2023

Each assertion has a number: the SHA-256 of the seed, a newline, and the leaf hash of its entry. Of each part those with the smallest
numbers are drawn: as many as its share of the population, and at least one, as far as the size allows. So whoever has the
entries can draw the same without this program:
  printf '%s\\n%s' SEED LEAF | sha256sum")]
pub(crate) struct Sample {
    /// Any text; agree on it before anybody looks
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    seed: String,
    /// How many assertions
    #[arg(long, value_name = "NUMBER")]
    size: usize,
    /// By what the population is divided
    #[arg(long, default_value = "line", value_parser = words::stratum())]
    by: Stratum,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

/// What to look at first: recorded late, without evidence, corrected after a cut-off, one-sided, disputed, silent
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals audit exceptions
  annals audit exceptions --rule recorded_late --rule disputed --line 2

What it lists, each with its entries: `recorded_late`, more than 90 days after the last day on which it may have become true;
`unevidenced`, completed, and none of its files is at hand; `evidence_missing` and `evidence_changed`; `qualified`, an auditor
found that it holds in part; `same_holder`, said and confirmed with keys whose holders have the same name, as far as holders are
disclosed: whether that is one person, or an office of the same title on either side, the auditor finds out;
`corrected_after_cutoff`, a word or an answer that a review had read;
`one_sided`, for more than a year; `disputed`, and not settled; `no_event`, nothing was recorded since the action was created.")]
pub(crate) struct Exceptions {
    /// Only these; once for each
    #[arg(long = "rule", value_name = "RULE", value_parser = words::exception())]
    rules: Vec<audit::Rule>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

/// What the audit of all entries comes to: verdicts, method, limits, exceptions, from one head
#[derive(Args)]
#[command(
    after_help = "Examples:\n  annals audit statement\n  annals audit statement --format json > statement.json"
)]
pub(crate) struct Statement {}

impl Population {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let filter = self.which.filter(&ledger.state())?;
        let population = ledger.assertions(&history, &reading, &filter)?;
        output::report(&table::population(&reading, &population, self.by), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Sample {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let filter = self.which.filter(&ledger.state())?;
        let population = ledger.assertions(&history, &reading, &filter)?;
        let parts = audit::sample(&population, &self.seed, self.size, self.by);
        output::report(&table::sample(&reading, &parts, &self.seed, self.by), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Exceptions {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let filter = self.which.filter(&ledger.state())?;
        let population = ledger.assertions(&history, &reading, &filter)?;
        let mut found = ledger.exceptions(&history, &reading, &filter, &population)?;
        found.retain(|exception| self.rules.is_empty() || self.rules.contains(&exception.why.rule()));
        output::report(&table::exceptions(&reading, &found), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// How the statement was come to, in sentences.
const METHOD: [&str; 4] = [
    "Every entry was read, and its form, order, links, signature and authority were checked, and every rule was decided again.",
    "Checkpoints and cosignatures at hand were held against the tree over all entries.",
    "Every file that was put forward was read to its end and held against the digest that its entry names, which a verification alone does not do.",
    "The population is every assertion of a party on an action, corrected ones among them; `annals audit sample` draws from it.",
];

impl Statement {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let Self {} = self;
        let verified = verify::of(&settings.ledger)?;
        let ledger = settings.reading()?;
        // What was recorded after it was verified is not spoken of.
        let last = verified.report.size.checked_sub(1).map_or(Cut::Start, Cut::Sequence);
        let (history, reading) = Axes::of(Some(last), None, None).read(&ledger)?;
        let population = ledger.assertions(&history, &reading, &Filter::default())?;
        let found = ledger.exceptions(&history, &reading, &Filter::default(), &population)?;
        let counts: Vec<(audit::Rule, u64)> = table::counts(&found).collect();
        match settings.format {
            Format::Table => {
                let line = |(rule, count): &(audit::Rule, u64)| {
                    format!("{:<26}{count}\n", rule.as_str().replace('_', " "))
                };
                let sentence = |sentence: &&str| format!("  {sentence}\n");
                let text = format!(
                    "{}\n{:<26}{}\n{}\nMethod\n{}\n`annals audit exceptions` lists them, each with its entries.\n",
                    verify::table(&verified),
                    "assertions",
                    population.len(),
                    counts.iter().map(line).collect::<String>(),
                    METHOD.iter().map(sentence).collect::<String>()
                );
                output::words(&text)?;
            }
            Format::Csv => {
                let row = |(rule, count): &(audit::Rule, u64)| {
                    vec![Cell::text(rule.as_str()), Cell::Number(*count)]
                };
                let rows: Vec<Vec<Cell>> = counts.iter().map(row).collect();
                output::rows(&["rule", "count"], &rows, reading.illustrative)?;
            }
            Format::Json => {
                let counts: Vec<Value> =
                    counts.iter().map(|(rule, count)| json!({"rule": rule, "count": count})).collect();
                output::object(&json!({
                    "kind": "audit_statement", "reading": json::reading(&reading), "verification": verify::answer(&verified),
                    "population": population.len(), "exceptions": counts, "method": METHOD,
                }))?;
            }
        }
        Ok(ExitCode::from(u8::from(!verified.holds())))
    }
}
