//! How the program answers: a report in the dialect that was asked for, colour and progress on a terminal alone.

use super::Failure;
use super::signing::Asked;
use annals::domain::value::shown;
use annals::ledger::{Ledger, Receipt};
use annals::projection::overtaken::Overtaken;
use annals::projection::silence::On;
use annals::record::founding::Clock;
use annals::report::table::{Cell, Report};
use annals::report::{csv, json, text};
use annals::trail::hash::Head;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// One object
    Json,
    /// Rows for a spreadsheet
    Csv,
}

/// Writes bytes to standard output; a reader that has seen enough (`| head`) is no failure.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Answer(error)),
        _ => Ok(()),
    }
}

/// Writes words for people: of what others wrote nothing commands a terminal.
pub(crate) fn words(text: &str) -> Result<(), Failure> {
    write(tame(text).as_bytes())
}

pub(crate) fn line(text: &str) -> Result<(), Failure> {
    words(&format!("{text}\n"))
}

/// A text with whatever would command a terminal escaped, but the colours of this program's own signs.
fn tame(text: &str) -> String {
    let signs = [Some(true), Some(false), None].map(sign);
    let (mut tame, mut rest) = (String::with_capacity(text.len()), text);
    loop {
        let next = signs.iter().filter_map(|sign| Some((rest.find(sign.as_str())?, sign)));
        let Some((at, sign)) = next.min_by_key(|(at, _)| *at) else {
            tame.push_str(&shown(rest));
            return tame;
        };
        let (before, after) = rest.split_at(at);
        tame.push_str(&shown(before));
        tame.push_str(sign);
        rest = after.strip_prefix(sign.as_str()).unwrap_or_default();
    }
}

pub(crate) fn object(value: &Value) -> Result<(), Failure> {
    write(format!("{value}\n").as_bytes())
}

pub(crate) fn report(report: &Report, format: Format) -> Result<(), Failure> {
    match format {
        Format::Table => words(&text::of(report, width())),
        Format::Json => object(&json::of(report)),
        Format::Csv => write(&csv::of(report).map_err(unwritten)?),
    }
}

/// Prints rows as CSV, under the keys of their columns.
pub(crate) fn rows(keys: &[&str], rows: &[Vec<Cell>], illustrative: bool) -> Result<(), Failure> {
    write(&csv::rows(keys, rows, illustrative).map_err(unwritten)?)
}

/// Prints rows as CSV that no ledger's clock bears on.
pub(crate) fn plain(keys: &[&str], rows: &[Vec<Cell>]) -> Result<(), Failure> {
    write(&csv::plain(keys, rows).map_err(unwritten)?)
}

fn unwritten(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::Answer(io::Error::other(error))
}

/// How wide the terminal is, if there is one.
pub(crate) fn width() -> Option<u16> {
    let terminal = io::stdout().is_terminal();
    terminal.then(|| terminal_size::terminal_size().map_or(120, |(columns, _)| columns.0))
}

/// Where a ledger stands, as whatever writes says it.
pub(crate) struct Standing {
    pub(crate) head: Head,
    /// Whether its recorded times were told by the authors.
    pub(crate) illustrative: bool,
}

impl Standing {
    pub(crate) fn of(ledger: &Ledger) -> Self {
        let state = ledger.state();
        Self { head: state.head, illustrative: state.clock() == Some(Clock::Illustrative) }
    }
}

/// Prints what a command did: its words or its members, and where the ledger stands now.
pub(crate) fn answer(
    kind: &str,
    text: &str,
    members: Value,
    standing: &Standing,
    format: Format,
) -> Result<(), Failure> {
    let Standing { head, illustrative } = standing;
    let mut value = json!({"kind": kind, "size": head.size, "head": head.leaf, "illustrative": illustrative});
    if let (Some(all), Value::Object(members)) = (value.as_object_mut(), members) {
        all.extend(members);
    }
    match format {
        Format::Json => object(&value),
        Format::Csv => row(&value),
        Format::Table => {
            let worth = if *illustrative { ", illustrative" } else { "" };
            let entries = count(head.size, "entry", "entries");
            line(&format!("{text}\n  head  {} ({entries}{worth})", head.leaf))
        }
    }
}

/// One object as a row under the names of its members.
fn row(value: &Value) -> Result<(), Failure> {
    let members: Vec<_> =
        value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()).collect();
    let keys: Vec<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cell = |value: &Value| match value.as_array() {
        Some(items) => Cell::text(items.iter().map(text).collect::<Vec<_>>().join("; ")),
        None => Cell::text(text(value)),
    };
    write(&csv::plain(&keys, &[members.iter().map(|(_, value)| cell(value)).collect()]).map_err(unwritten)?)
}

pub(crate) use annals::domain::value::counted as count;

/// What a word changes nothing of, with a line for each axis: where its party stands, another one of its own says.
pub(crate) fn unmoved(overtaken: &[Overtaken]) -> String {
    let line = |Overtaken { on, by, since, decided }: &Overtaken| {
        let of = match on {
            On::Window(window) => format!("occurrence {window}"),
            on => on.to_string(),
        };
        let why = if *decided { "is what all decided since, as of" } else { "is effective later" };
        let since = if *decided { since.to_string() } else { format!("({since})") };
        format!("\n  {of}: does not change where it stands: entry {by} {why} {since}")
    };
    overtaken.iter().map(line).collect()
}

/// The same for a program: the entries that are effective later, where there are any.
pub(crate) fn overtakes(members: &mut Value, overtaken: &[Overtaken]) {
    if let Some(members) = members.as_object_mut().filter(|_| !overtaken.is_empty()) {
        members.insert("overtaken_by".to_owned(), json!(entries(overtaken)));
    }
}

fn entries(overtaken: &[Overtaken]) -> BTreeSet<u64> {
    overtaken.iter().map(|later| later.by).collect()
}

/// Prints a receipt.
pub(crate) fn receipt(
    receipt: &Receipt,
    overtaken: &[Overtaken],
    standing: &Standing,
    dry_run: bool,
    format: Format,
) -> Result<(), Failure> {
    let word = if receipt.repeated { "recorded before" } else { "recorded" };
    let text = format!(
        "{word} at sequence {}\n  id    {}\n  leaf  {}{}",
        receipt.sequence,
        receipt.id,
        receipt.leaf,
        unmoved(overtaken)
    );
    let mut members = json!(receipt);
    overtakes(&mut members, overtaken);
    if let Some(members) = members.as_object_mut() {
        members.insert("dry_run".to_owned(), dry_run.into());
    }
    answer("receipt", &text, members, standing, format)
}

/// Prints the receipts of changes that belong together; what would be recorded has none.
pub(crate) fn receipts(
    asked: &[Asked],
    standing: &Standing,
    dry_run: bool,
    format: Format,
) -> Result<(), Failure> {
    let receipt = |asked: &Asked| {
        let mut members = match &asked.receipt {
            None => json!({"subject": asked.subject}),
            Some(Receipt { sequence, id, leaf, repeated }) => {
                json!({"subject": asked.subject, "sequence": sequence, "id": id, "leaf": leaf, "repeated": repeated})
            }
        };
        overtakes(&mut members, &asked.overtaken);
        members
    };
    let correlation = asked.first().and_then(|asked| asked.correlation.as_ref());
    let members = json!({
        "receipts": asked.iter().map(receipt).collect::<Vec<_>>(), "correlation": correlation, "dry_run": dry_run
    });
    if format == Format::Csv {
        let cells = |asked: &Asked| {
            let receipt = asked.receipt.as_ref();
            vec![
                Cell::text(asked.subject.as_str()),
                receipt.map_or(Cell::Empty, |receipt| Cell::Number(receipt.sequence)),
                Cell::maybe(receipt.map(|receipt| receipt.id)),
                Cell::maybe(receipt.map(|receipt| receipt.leaf)),
                receipt.map_or(Cell::Empty, |receipt| Cell::Flag(receipt.repeated)),
                Cell::List(entries(&asked.overtaken).iter().map(u64::to_string).collect()),
            ]
        };
        let keys = ["subject", "sequence", "id", "leaf", "repeated", "overtaken_by"];
        return rows(&keys, &asked.iter().map(cells).collect::<Vec<_>>(), standing.illustrative);
    }
    let mut text = String::new();
    for Asked { subject, receipt, overtaken, .. } in asked {
        match receipt {
            None => text.extend([subject, ": would be recorded; nothing was"]),
            Some(Receipt { sequence, id, leaf, repeated }) => {
                let word = if *repeated { "recorded before" } else { "recorded" };
                text.extend([format!(
                    "{subject}: {word} at sequence {sequence}\n  id    {id}\n  leaf  {leaf}"
                )]);
            }
        }
        text.extend([&*unmoved(overtaken), "\n"]);
    }
    text.extend(["together as ", correlation.map_or("nothing", String::as_str)]);
    answer("receipts", &text, members, standing, format)
}

/// Says that a change would be recorded; `standing` is that of the ledger as it is.
pub(crate) fn tried(overtaken: &[Overtaken], standing: &Standing, format: Format) -> Result<(), Failure> {
    let text = format!("It would be recorded; nothing was.{}", unmoved(overtaken));
    let mut members = json!({"dry_run": true});
    overtakes(&mut members, overtaken);
    answer("receipt", &text, members, standing, format)
}

/// Keeps the state for the next command; what was recorded is durable without it, so that failing is only said.
pub(crate) fn keep(ledger: &Ledger) {
    if let Err(error) = ledger.keep_up() {
        tell(error);
    }
}

/// A path as a member of an object. What is not Unicode in it has no JSON; people are shown it the same way.
pub(crate) fn path(path: &Path) -> Value {
    path.to_string_lossy().into()
}

/// Says something on standard error that is no answer.
pub(crate) fn tell(what: impl Display) {
    aside(&format!("annals: {}\n", shown(&what.to_string())));
}

/// Writes on standard error. Where nobody can be told, the exit code still says what became of it.
pub(crate) fn aside(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Says what is wrong, and why.
pub(crate) fn complain(error: &dyn Error) {
    tell(error);
    because(error);
}

/// Says why something is wrong that was told.
pub(crate) fn because(error: &dyn Error) {
    let mut source = error.source();
    while let Some(cause) = source {
        aside(&format!("  because: {}\n", shown(&cause.to_string())));
        source = cause.source();
    }
}

/// A bar that counts entries on standard error, on a terminal alone.
pub(crate) fn progress(doing: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: entry {pos}, {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(doing);
    bar
}

/// A spinner that tells on standard error what takes its time, on a terminal alone.
pub(crate) fn waiting(doing: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(doing);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A verdict's sign, coloured where colour is wanted; colour is never alone.
pub(crate) fn sign(good: Option<bool>) -> String {
    let (style, glyph) = match good {
        Some(true) => (anstyle::AnsiColor::Green.on_default(), "✓"),
        Some(false) => (anstyle::AnsiColor::Red.on_default().bold(), "✕"),
        None => (anstyle::Style::new().dimmed(), "–"),
    };
    format!("{style}{glyph}{style:#}")
}

/// 128 random bits.
pub(crate) fn salt() -> [u8; 16] {
    random()
}

/// Random bytes from the system; without them nothing can be signed or withheld safely.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        tell("the system gives no random bytes");
        std::process::exit(3);
    }
    bytes
}
