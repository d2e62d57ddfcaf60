//! Judging: form and chains, signatures, and replay into the board, each beside what the same bytes cost at least.

use super::super::failure::Failure;
use super::super::output;
use super::measured::{Measured, Work};
use super::sample::Sample;
use super::stopwatch::{in_turn, megabytes, rate, timed};
use annals::ledger::{Ledger, LedgerError};
use annals::projection::board;
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::record::history::{History, State};
use annals::trail::entry::{CONTEXT, Entry};
use annals::trail::hash::{Head, LeafHash};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

/// How many entries are judged at most; they are in memory.
const LINES: u64 = 65_536;
const SIGNATURES: usize = 16_384;

const ROUNDS: usize = 5;

/// All of it.
pub(super) fn all(sample: &Sample) -> Result<Vec<Measured>, Failure> {
    let bar = output::waiting("measuring form, chains, signatures and replay");
    let ledger = Ledger::open_read_only(&sample.ledger)?;
    let mut lines = Vec::new();
    let taken = ledger.read(0..LINES, &mut |_, line| {
        lines.push(line.to_vec());
        ControlFlow::Continue(())
    });
    taken.map_err(LedgerError::from)?;
    let measured = vec![links(&lines)?, signatures(&lines, &ledger.state())?, replay(&lines, &ledger)?];
    bar.finish_and_clear();
    Ok(measured)
}

fn bytes(lines: &[Vec<u8>]) -> u64 {
    lines.iter().map(|line| line.len() as u64).sum()
}

/// Shares out what is to be done among all cores, each a range of it; what comes of each, in order.
fn on_all_cores<T: Sync, R: Send>(all: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = all
            .chunks(all.len().div_ceil(cores).max(1))
            .map(|share| scope.spawn(move || work(share)))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, R>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}

fn links(lines: &[Vec<u8>]) -> Result<Measured, Failure> {
    let (limit, ours) = in_turn(
        ROUNDS,
        || {
            let hash = |share: &[Vec<u8>]| {
                for line in share {
                    black_box(LeafHash::of(line));
                }
            };
            Ok::<_, Failure>(timed(|| on_all_cores(lines, hash)).0)
        },
        || {
            let (time, whole) = timed(|| follow(on_all_cores(lines, Range::of)));
            if whole { Ok(time) } else { Err(Failure::usage("the chain does not hold".to_owned())) }
        },
    )?;
    Ok(line(Work::Links, lines, limit, ours))
}

fn line(work: Work, lines: &[Vec<u8>], limit: Duration, ours: Duration) -> Measured {
    let rate = |time: Duration| Some(megabytes(bytes(lines)) / time.as_secs_f64().max(1e-9));
    let how = format!("MB a second of {} entries, the medians of {ROUNDS} rounds in turn", lines.len());
    Measured { work, limit: rate(limit), ours: rate(ours), how }
}

/// A range of entries whose form was checked, as far as its neighbours have to know it.
struct Range {
    /// The entry before it, and its last one.
    before: LeafHash,
    last: LeafHash,
    /// Of each stream the head before, and its last.
    streams: HashMap<String, (Head, Head)>,
}

impl Range {
    /// Nothing where an entry is none, or does not follow the one before.
    fn of(lines: &[Vec<u8>]) -> Option<Self> {
        let mut range: Option<Self> = None;
        for line in lines {
            let entry = Entry::parse(line).ok()?;
            let seal = &entry.seal;
            let range = range.get_or_insert_with(|| Self {
                before: seal.prevhash,
                last: seal.prevhash,
                streams: HashMap::new(),
            });
            let before = Head { size: seal.streamversion.checked_sub(1)?, leaf: seal.streamprevhash };
            let now = Head { size: seal.streamversion, leaf: entry.leaf };
            let followed = match range.streams.entry(entry.request.event.subject) {
                Place::Occupied(mut known) => std::mem::replace(&mut known.get_mut().1, now) == before,
                Place::Vacant(free) => {
                    free.insert((before, now));
                    true
                }
            };
            if !followed || std::mem::replace(&mut range.last, entry.leaf) != seal.prevhash {
                return None;
            }
        }
        range
    }
}

/// Whether ranges follow each other, from the first entry on.
fn follow(ranges: Vec<Option<Range>>) -> bool {
    let (mut last, mut streams) = (LeafHash::NONE, HashMap::new());
    ranges.into_iter().all(|range| {
        range.is_some_and(|range| {
            let follows = range.before == last;
            last = range.last;
            let each =
                |(subject, (before, now))| streams.insert(subject, now).unwrap_or(Head::EMPTY) == before;
            follows && range.streams.into_iter().all(each)
        })
    })
}

fn signatures(lines: &[Vec<u8>], state: &State) -> Result<Measured, Failure> {
    let entries: Vec<Entry> =
        lines.iter().rev().take(SIGNATURES).filter_map(|line| Entry::parse(line).ok()).collect();
    let keys: HashMap<&str, _> = state.keys.iter().map(|(id, key)| (id, &key.vkey)).collect();
    let raw = entries.iter().filter_map(|entry| {
        let request = &entry.request;
        let key = keys.get(request.event.keyid.as_str())?;
        Some((*key, [CONTEXT, request.signed()].concat(), request.signature))
    });
    let raw: Vec<_> = raw.collect();
    let none = || Failure::usage("a signature does not hold".to_owned());
    let holds =
        |time, held: Vec<bool>| if held.into_iter().all(|held| held) { Ok(time) } else { Err(none()) };
    let (limit, ours) = in_turn(
        ROUNDS,
        || {
            let check = |share: &[(&annals::trail::key::VerifierKey, Vec<u8>, [u8; 64])]| {
                share.iter().all(|(key, message, signature)| key.verifies(message, signature))
            };
            let (time, held) = timed(|| on_all_cores(&raw, check));
            holds(time, held)
        },
        || {
            let check = |share: &[Entry]| share.iter().all(|entry| state.keys.signed(&entry.request));
            let (time, held) = timed(|| on_all_cores(&entries, check));
            holds(time, held)
        },
    )?;
    let count = entries.len() as u64;
    Ok(Measured {
        work: Work::Signatures,
        limit: Some(rate(count, limit)),
        ours: Some(rate(count, ours)),
        how: format!("checks a second of {count} entries, the medians of {ROUNDS} rounds in turn"),
    })
}

fn replay(lines: &[Vec<u8>], ledger: &Ledger) -> Result<Measured, Failure> {
    let count = lines.len() as u64;
    let (limit, ours) = in_turn(
        ROUNDS,
        || {
            let parse = |line: &Vec<u8>| {
                serde_json::from_slice::<Typed<'_>>(line).map(|typed| drop(black_box(typed)))
            };
            let (time, parsed) = timed(|| lines.iter().try_for_each(parse));
            parsed.map(|()| time).map_err(|fault| Failure::usage(fault.to_string()))
        },
        || {
            let (time, replayed) = timed(|| {
                let mut history = History::default();
                ledger.replay(0..count, &mut |entry, fact| {
                    history.evolve(entry, fact);
                    Ok(())
                })?;
                let reading = Reading::of(&history.state, None, None, None);
                let Ok(board) = board::of(&history, &reading, &Filter::default());
                black_box(board);
                Ok::<_, LedgerError>(())
            });
            replayed.map(|()| time).map_err(Failure::from)
        },
    )?;
    Ok(line(Work::Replay, lines, limit, ours))
}

/// An entry, typed as cheaply as a general parser can.
#[derive(Deserialize)]
#[expect(dead_code, reason = "what is parsed is not used")]
struct Typed<'a> {
    basehash: &'a str,
    causationid: Option<&'a str>,
    #[serde(borrow)]
    correlationid: Option<Cow<'a, str>>,
    data: Data<'a>,
    datacontenttype: &'a str,
    id: &'a str,
    keyid: &'a str,
    ledger: &'a str,
    prevhash: &'a str,
    recordedtime: &'a str,
    sequence: &'a str,
    signature: &'a str,
    source: &'a str,
    specversion: &'a str,
    streamprevhash: &'a str,
    streamversion: u64,
    subject: &'a str,
    time: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
}

/// What is said of actions; of all else the parser passes the members over.
#[derive(Deserialize)]
#[expect(dead_code, reason = "what is parsed is not used")]
struct Data<'a> {
    #[serde(rename = "_aud")]
    audiences: Option<Fields<'a>>,
    #[serde(rename = "_sd")]
    digests: Option<Fields<'a>>,
    effective: Option<&'a str>,
    lifecycle: Option<&'a str>,
    health: Option<&'a str>,
    #[serde(borrow)]
    occurrence: Option<Occurrence<'a>>,
    #[serde(borrow, default)]
    indicators: Vec<Indicator<'a>>,
    #[serde(borrow, default)]
    evidence: Vec<Evidence<'a>>,
    outcome: Option<&'a str>,
    institution: Option<&'a str>,
    role: Option<&'a str>,
    due: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is parsed is not used")]
struct Fields<'a> {
    note: Option<&'a str>,
    reason: Option<&'a str>,
    officer: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is parsed is not used")]
struct Occurrence<'a> {
    window: &'a str,
    state: &'a str,
    date: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is parsed is not used")]
struct Indicator<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    value: &'a str,
    #[serde(borrow)]
    unit: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is parsed is not used")]
struct Evidence<'a> {
    mediatype: &'a str,
    sha256: Option<&'a str>,
    size: u64,
}
