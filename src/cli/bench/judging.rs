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
use annals::record::cores;
use annals::record::state::State;
use annals::trail::chain::Range as Chain;
use annals::trail::entry::{CONTEXT, Entry};
use annals::trail::hash::{Head, LeafHash};
use annals::trail::key::VerifierKey;
use annals::trail::merkle::{Compact, Frontier};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hint::black_box;
use std::ops::{ControlFlow, Range};
use std::time::Duration;

/// How many entries are in memory at a time: of so many form and chains are judged, and no more.
const LINES: u64 = 65_536;
const SIGNATURES: usize = 16_384;

const ROUNDS: usize = 5;

/// All of it.
pub(super) fn all(sample: &Sample) -> Result<Vec<Measured>, Failure> {
    let bar = output::waiting("measuring form, chains, signatures and replay");
    let ledger = Ledger::open_read_only(&sample.ledger)?;
    let lines = taken(&ledger, 0..LINES)?;
    let measured =
        vec![links(&lines)?, bundle(&lines)?, signatures(&lines, &ledger.state())?, replay(&ledger)?];
    bar.finish_and_clear();
    Ok(measured)
}

/// The lines of a range, as far as there are any.
fn taken(ledger: &Ledger, range: Range<u64>) -> Result<Vec<Vec<u8>>, Failure> {
    let mut lines = Vec::new();
    let taken = ledger.read(range, &mut |_, line| {
        lines.push(line.to_vec());
        ControlFlow::Continue(())
    });
    taken.map_err(LedgerError::from)?;
    Ok(lines)
}

fn bytes_of(lines: &[Vec<u8>]) -> u64 {
    lines.iter().map(|line| line.len() as u64).sum()
}

/// How long all cores take to hash the same bytes.
fn hashed(lines: &[Vec<u8>]) -> Duration {
    let hash = |_, share: &[Vec<u8>]| {
        for line in share {
            black_box(LeafHash::of(line));
        }
    };
    timed(|| cores::ranges(lines, &hash)).0
}

fn links(lines: &[Vec<u8>]) -> Result<Measured, Failure> {
    let measured = in_turn(
        ROUNDS,
        || Ok(hashed(lines)),
        || {
            let follow = |before, share: &[Vec<u8>]| Chain::of(before as u64, share);
            let (time, whole) = timed(|| cores::ranges(lines, &follow).into_iter().reduce(Chain::join));
            whole.map_or(Ok(Head::EMPTY), Chain::head).map(|_| time)
        },
    );
    let (limit, ours) =
        measured.map_err(|broken| Failure::usage(format!("the chain does not hold: {}", broken.fault)))?;
    Ok(line(Work::Links, lines.len() as u64, bytes_of(lines), limit, ours))
}

/// As [`links`], with the tree over the same entries.
fn bundle(lines: &[Vec<u8>]) -> Result<Measured, Failure> {
    let measured = in_turn(
        ROUNDS,
        || Ok(hashed(lines)),
        || {
            let follow = |before, share: &[Vec<u8>]| {
                let mut tree = Compact::at(before as u64);
                (Chain::with_leaves(before as u64, share, &mut |leaf| tree.push(leaf, &mut |_, _| {})), tree)
            };
            let (time, head) = timed(|| {
                let (ranges, trees): (Vec<_>, Vec<_>) = cores::ranges(lines, &follow).into_iter().unzip();
                let whole = trees.into_iter().try_fold(Compact::default(), Compact::join);
                black_box(whole.and_then(Frontier::of_range).map(|tree| tree.root()));
                ranges.into_iter().reduce(Chain::join).map_or(Ok(Head::EMPTY), Chain::head)
            });
            head.map(|_| time)
        },
    );
    let (limit, ours) =
        measured.map_err(|broken| Failure::usage(format!("the chain does not hold: {}", broken.fault)))?;
    Ok(line(Work::Bundle, lines.len() as u64, bytes_of(lines), limit, ours))
}

fn line(work: Work, entries: u64, bytes: u64, limit: Duration, ours: Duration) -> Measured {
    let rate = |time: Duration| Some(megabytes(bytes) / time.as_secs_f64().max(1e-9));
    let how = format!("MB a second of {entries} entries, the medians of {ROUNDS} rounds in turn");
    Measured { work, limit: rate(limit), ours: rate(ours), how }
}

fn signatures(lines: &[Vec<u8>], state: &State) -> Result<Measured, Failure> {
    let entries: Vec<Entry> =
        lines.iter().rev().take(SIGNATURES).filter_map(|line| Entry::parse(line).ok()).collect();
    let library =
        |key: &VerifierKey| key.raw().try_into().ok().and_then(|raw| VerifyingKey::from_bytes(raw).ok());
    let keys = state.keys.iter().filter_map(|(id, key)| Some((id, library(&key.vkey)?)));
    let keys: HashMap<&str, _> = keys.collect();
    let raw = entries.iter().filter_map(|entry| {
        let request = &entry.request;
        let key = keys.get(request.event.keyid.as_str())?;
        let signature = Signature::from_bytes(&request.signature);
        Some((*key, [CONTEXT, &request.signed()].concat(), signature))
    });
    let raw: Vec<_> = raw.collect();
    let none = || Failure::usage("a signature does not hold".to_owned());
    let holds =
        |time, held: Vec<bool>| if held.into_iter().all(|held| held) { Ok(time) } else { Err(none()) };
    let (limit, ours) = in_turn(
        ROUNDS,
        || {
            let check = |_, share: &[(VerifyingKey, Vec<u8>, Signature)]| {
                share.iter().all(|(key, message, signature)| key.verify_strict(message, signature).is_ok())
            };
            let (time, held) = timed(|| cores::ranges(&raw, &check));
            holds(time, held)
        },
        || {
            let check = |_, share: &[Entry]| share.iter().all(|entry| state.keys.signed(&entry.request));
            let (time, held) = timed(|| cores::ranges(&entries, &check));
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

/// Of all entries: of the first of a long history many create an action, and of each little was said yet.
fn replay(ledger: &Ledger) -> Result<Measured, Failure> {
    let size = ledger.state().head.size;
    let mut bytes = 0;
    let (limit, ours) = in_turn(
        ROUNDS,
        || {
            let (mut from, mut took) = (0, Duration::ZERO);
            bytes = 0;
            while from < size {
                let lines = taken(ledger, from..size.min(from + LINES))?;
                let parse = |line: &Vec<u8>| {
                    serde_json::from_slice::<Typed<'_>>(line).map(|typed| drop(black_box(typed)))
                };
                let (time, parsed) = timed(|| lines.iter().try_for_each(parse));
                parsed.map_err(|fault| Failure::usage(fault.to_string()))?;
                (from, took, bytes) = (from + LINES, took + time, bytes + bytes_of(&lines));
            }
            Ok(took)
        },
        || {
            let (time, replayed) = timed(|| {
                let history = ledger.replayed(size)?;
                let reading = Reading::of(&history.state, None, None, None);
                let Ok(board) = board::of(&history, &reading, &Filter::default());
                black_box(board);
                Ok::<_, LedgerError>(())
            });
            replayed.map(|()| time).map_err(Failure::from)
        },
    )?;
    Ok(line(Work::Replay, size, bytes, limit, ours))
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
