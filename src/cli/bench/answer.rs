//! How measurements are told: the machine, the ledger, and a line for each.

use super::super::failure::Failure;
use super::super::output::{self, Format};
use super::machine::Machine;
use super::measured::{Measured, Target, Unit};
use super::sample::Sample;
use super::stopwatch::megabytes;
use annals::report::table::Cell;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Prints all of it.
pub(super) fn print(
    machine: &Machine,
    sample: &Sample,
    measured: &[Measured],
    kept: Option<&Path>,
    format: Format,
) -> Result<(), Failure> {
    match format {
        Format::Table => output::words(&table(machine, sample, measured, kept)),
        Format::Json => output::object(&answer(machine, sample, measured, kept)),
        Format::Csv => output::plain(&COLUMNS, &measured.iter().map(cells).collect::<Vec<_>>()),
    }
}

fn table(machine: &Machine, sample: &Sample, measured: &[Measured], kept: Option<&Path>) -> String {
    let mut text = format!(
        "{} cores · strict check {:.1} µs · write + fdatasync {:.1} µs · SHA-256 {:.2} GB/s a core\n\
         {} entries, {:.1} MB, on {} actions, made in {:.1} s and restored in {:.1} s\n\n\
         {:<41} {:>14} {:>14} {:>8}  TO REACH\n",
        machine.cores,
        machine.strict_check,
        machine.write_sync,
        machine.sha256,
        sample.entries,
        megabytes(sample.bytes),
        sample.specimen.actions().len(),
        sample.made.as_secs_f64(),
        sample.restored.as_secs_f64(),
        "WORK",
        "LIMIT",
        "OURS",
        "RATIO",
    );
    text.extend(measured.iter().map(told));
    text.extend(kept.map(|kept| format!("\nThe ledger is in {}\n", kept.display())));
    text
}

fn told(line: &Measured) -> String {
    let unit = line.work.unit();
    let amount = |value: Option<f64>| value.map_or("–".to_owned(), |value| amount(value, unit));
    let ratio = line.ratio().map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
    format!(
        "{:<41} {:>14} {:>14} {ratio:>8}  {} {}\n",
        line.work.words().0,
        amount(line.limit),
        amount(line.ours),
        output::sign(line.met()),
        reached(line.work.target(), unit),
    )
}

fn amount(value: f64, unit: Unit) -> String {
    let number = if value >= 1_000.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    format!("{number} {}", unit.as_str())
}

fn reached(target: Target, unit: Unit) -> String {
    match target {
        Target::RatioAtMost(most) => format!("≤ {most} ×"),
        Target::RatioAtLeast(least) => format!("≥ {least} ×"),
        Target::AtMost(most) => format!("≤ {most} {}", unit.as_str()),
        Target::AtLeast(least) => format!("≥ {least} {}", unit.as_str()),
    }
}

fn answer(machine: &Machine, sample: &Sample, measured: &[Measured], kept: Option<&Path>) -> Value {
    let rows: Vec<Value> = measured.iter().map(row).collect();
    let mut value = json!({
        "kind": "bench",
        "machine": {
            "cores": machine.cores,
            "strict_check_us": rounded(machine.strict_check),
            "write_sync_us": rounded(machine.write_sync),
            "sha256_gb_s": rounded(machine.sha256),
        },
        "entries": sample.entries,
        "bytes": sample.bytes,
        "actions": sample.specimen.actions().len(),
        "made_s": rounded(sample.made.as_secs_f64()),
        "restored_s": rounded(sample.restored.as_secs_f64()),
        "rows": rows,
    });
    if let (Some(members), Some(kept)) = (value.as_object_mut(), kept) {
        members.insert("kept".to_owned(), kept.display().to_string().into());
    }
    value
}

/// The members of a row, which are the columns of the CSV.
const COLUMNS: [&str; 12] = [
    "work",
    "what",
    "unit",
    "limited_by",
    "limit",
    "ours",
    "ratio",
    "judged",
    "at_most",
    "at_least",
    "met",
    "how",
];

fn row(line: &Measured) -> Value {
    let members = COLUMNS.into_iter().filter_map(|name| Some((name.to_owned(), member(line, name)?)));
    Value::Object(members.collect::<Map<_, _>>())
}

/// A member of a row, where it has it.
fn member(line: &Measured, name: &str) -> Option<Value> {
    let (what, limited_by) = line.work.words();
    let (judged, at_most, at_least) = match line.work.target() {
        Target::RatioAtMost(most) => ("ratio", Some(most), None),
        Target::RatioAtLeast(least) => ("ratio", None, Some(least)),
        Target::AtMost(most) => ("ours", Some(most), None),
        Target::AtLeast(least) => ("ours", None, Some(least)),
    };
    match name {
        "work" => Some(line.work.key().into()),
        "what" => Some(what.into()),
        "unit" => Some(line.work.unit().as_str().into()),
        "limited_by" => line.limit.map(|_| limited_by.into()),
        "limit" => line.limit.map(rounded),
        "ours" => line.ours.map(rounded),
        "ratio" => line.ratio().map(rounded),
        "judged" => Some(judged.into()),
        "at_most" => at_most.map(Value::from),
        "at_least" => at_least.map(Value::from),
        "met" => line.met().map(Value::from),
        "how" => Some(line.how.as_str().into()),
        _ => None,
    }
}

fn cells(line: &Measured) -> Vec<Cell> {
    let cell = |value: Option<Value>| match value {
        None => Cell::Empty,
        Some(Value::String(text)) => Cell::text(text),
        Some(other) => Cell::text(other.to_string()),
    };
    COLUMNS.map(|name| cell(member(line, name))).to_vec()
}

/// To a thousandth, which is more than a measurement is worth.
fn rounded(value: f64) -> Value {
    json!((value * 1e3).round() / 1e3)
}
