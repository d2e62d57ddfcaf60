//! `annals inbox`: what the other side wrote since the last visit, and what of it awaits an answer.

use super::axes::{self, Axes, Which, any_cut, seen};
use super::failure::Failure;
use super::output;
use super::read::retain;
use super::settings::Settings;
use annals::domain::party::Author;
use annals::domain::value::Code;
use annals::domain::word::Words;
use annals::ledger::index::Sayings;
use annals::ledger::{Cut, Ledger, LedgerError};
use annals::projection::inbox;
use annals::record::history::History;
use annals::record::request::Speaker;
use annals::record::state::State;
use annals::report::inbox::inbox as table;
use clap::Args;
use std::process::ExitCode;

/// What the other side wrote since a moment, and what of it awaits an answer of yours
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals inbox --as KR
  annals inbox --as KR --since 2024-11-01 --line 2
  annals inbox --as KR/MSIT --since 583
  annals inbox --as KR --since 0 --awaiting            all that awaits an answer of yours

A day counts whole, and an entry is the last one that you have seen. An assertion awaits that you confirm or contest it, \
until you say anything later on the same, or its author says anything newer there; a contest of your word, that you correct that word or say \
what holds; a proposal, that you agree or decline, or only that you decline, where your consent would be refused as things are. `as` in annals.toml says whose desk this is.")]
pub(crate) struct Inbox {
    /// Whose inbox: a party such as KR, or an institution such as KR/MSIT, with the actions that it is named in or has [default:
    /// `as` in annals.toml]
    #[arg(long = "as", value_name = "WHO")]
    desk: Option<Speaker>,
    /// From this day on, or after this entry [default: after what your own last entry was signed upon]
    #[arg(long, value_name = "DATE|SEQUENCE|HASH", value_parser = any_cut)]
    since: Option<Cut>,
    /// Only what awaits an answer
    #[arg(long)]
    awaiting: bool,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Inbox {
    pub(crate) fn run(mut self, settings: &Settings) -> Result<ExitCode, Failure> {
        let Some(Speaker(us)) = self.desk.or_else(|| settings.desk.clone()) else {
            return Err(Failure::usage(
                "whose inbox? Give `--as PARTY`, or `as = \"PARTY\"` in annals.toml".to_owned(),
            ));
        };
        let ledger = settings.reading()?;
        let whole = ledger.state();
        takes_part(&whole, &us)?;
        let (history, reading) = self.axes.read(&ledger)?;
        self.which.institution = self.which.institution.or_else(|| us.institution.clone());
        let filtered = !self.which.is_empty();
        let filter = self.which.filter(&whole)?;
        let first = first(&ledger, &history, self.since, &us)?;
        let measured = &mut |action: &Code, words: &Words| ledger.measured(&reading, Some((action, words)));
        let awaited = inbox::of(&history, &reading, &filter, &us.party, measured)?;
        let ours = Author { party: us.party.clone(), institution: None };
        let (mut items, notes) = ledger.timeline(&history, &reading, None, first)?;
        items.retain(|item| !is_of(&item.source, &ours));
        if filtered {
            retain(&mut items, &history, &reading, &filter)?;
        }
        if self.awaiting {
            items.retain(|item| awaited.contains_key(&item.sequence));
        }
        output::report(&table(&reading, &us, first, &items, &notes, &awaited), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Refuses a party that is none of the ledger, and an institution that is none of the party.
pub(crate) fn takes_part(state: &State, us: &Author) -> Result<(), Failure> {
    axes::party(state, &us.party)?;
    match us.institution.as_ref().map(|body| state.programme.party(&us.party).acting(&us.party, body)) {
        Some(Err(refusal)) => Err(Failure::usage(refusal.to_string())),
        _ => Ok(()),
    }
}

/// The sequence at which the inbox begins.
fn first(
    ledger: &Ledger,
    history: &History<Sayings>,
    since: Option<Cut>,
    us: &Author,
) -> Result<u64, Failure> {
    let end = history.state.head.size;
    let first = match since {
        None => seen_last(ledger, end, us)?,
        Some(Cut::Sequence(sequence)) if sequence < ledger.head().size => sequence + 1,
        Some(cut) => ledger.at(Some(seen(cut)))?.state.head.size,
    };
    if first > end {
        return Err(Failure::usage(format!(
            "the inbox would begin after {first} entries, and the reading has {end}: give `--since` an earlier moment"
        )));
    }
    Ok(first)
}

/// How many entries are read at a time, from the newest back.
const PAGE: u64 = 256;

/// How many of the first entries somebody had seen who wrote the newest of theirs: an entry names the newest that its author had
/// verified, and a request may have been on its way for a while.
fn seen_last(ledger: &Ledger, end: u64, us: &Author) -> Result<u64, Failure> {
    let mut to = end;
    while to > 0 {
        let from = to.saturating_sub(PAGE);
        let mut found = None;
        ledger.replay(from..to, &mut |entry, _| {
            if is_of(&entry.request.event.source, us) {
                found = Some((entry.seal.sequence, entry.request.event.basehash));
            }
            Ok(())
        })?;
        if let Some((own, base)) = found {
            return match ledger.at(Some(Cut::Leaf(base))) {
                Ok(seen) if seen.state.head.size < own => Ok(seen.state.head.size),
                // Nothing came between; the opening names none.
                Ok(_) | Err(LedgerError::Cut(_)) => Ok(own + 1),
                Err(error) => Err(error.into()),
            };
        }
        to = from;
    }
    Ok(0)
}

/// Whether somebody spoke: of a party, whichever of its institutions.
fn is_of(source: &str, us: &Author) -> bool {
    let rest = source.strip_prefix(us.source().as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
