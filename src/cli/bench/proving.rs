//! Proving: what the tree costs each append, the proof of one entry, and the way from an entry to its verified proof.

use super::super::failure::{Failure, file};
use super::super::output;
use super::measured::{Measured, Work};
use super::sample::Sample;
use super::stopwatch::{median, microseconds, milliseconds, rate, timed};
use super::writing::Author;
use annals::exchange::specimen::{Note, Specimen};
use annals::ledger::anchor::Anchor;
use annals::ledger::{Ledger, LedgerError, quietly};
use annals::store::rows::Rows;
use annals::trail::hash::{LeafHash, NodeHash};
use annals::trail::merkle::{self, Frontier, Prover, Tiles};
use annals::trail::proof::Proof;
use std::hint::black_box;
use std::time::Duration;

/// How many proofs, and how many entries.
const TIMES: usize = 400;
/// Those that are not counted.
const WARM: usize = 20;

/// The proof of an entry from the tiles in the folder, each computed anew.
pub(super) fn proofs(sample: &Sample) -> Result<Measured, Failure> {
    let bar = output::waiting("measuring proofs");
    let rows = Rows::open(&sample.ledger)?;
    let size = rows.size();
    let root = Prover::new(&rows, size).root()?;
    let mut times = Vec::new();
    // Scattered over all of them: a step that has no divisor in common with any size.
    let indexes = (0..).map(|at: u64| at.wrapping_mul(0x9E37_79B9_7F4A_7C15) % size);
    for index in indexes.take(TIMES + WARM) {
        let (time, path) = timed(|| Prover::new(&rows, size).inclusion(index));
        let path = path?;
        let leaf = merkle::rooted(row(&rows, index)?, index, size, &path);
        if leaf != Ok(root) {
            return Err(Failure::usage("a proof does not hold".to_owned()));
        }
        times.push(time);
    }
    bar.finish_and_clear();
    let ours = microseconds(median(times.into_iter().skip(WARM).collect()));
    let how = format!("from the tree of {size} entries, {TIMES} of them scattered; opening is not counted");
    Ok(Measured { work: Work::Proof, limit: None, ours: Some(ours), how })
}

fn row(rows: &Rows, index: u64) -> Result<NodeHash, Failure> {
    let hashes = rows.nodes(0, index, 1)?.unwrap_or_default();
    hashes.first().copied().ok_or_else(|| Failure::usage("a hash is missing".to_owned()))
}

/// Appends, and what comes of them.
pub(super) fn writing(sample: &Sample) -> Result<Vec<Measured>, Failure> {
    let bar = output::waiting("measuring proofs of what is recorded");
    let ledger = Ledger::open(&sample.ledger, &mut quietly)?;
    let mut author = Author::new(&sample.specimen, &ledger);
    let lines = vec![tree(sample, &ledger, &mut author)?, proved(sample, &ledger, &mut author)?];
    bar.finish_and_clear();
    Ok(lines)
}

/// The time of an append, beside the time that its tree takes of it.
fn tree(sample: &Sample, ledger: &Ledger, author: &mut Author<'_>) -> Result<Measured, Failure> {
    let aside = sample.home.join("aside");
    let (mut rows, mut frontier) = (Rows::open(&aside)?, Frontier::default());
    let (mut appends, mut trees) = (Vec::new(), Vec::new());
    for (request, disclosures) in author.assertions(TIMES + WARM, Note::Without)? {
        let (time, receipt) = timed(|| ledger.record(request, disclosures));
        let sequence = receipt?.sequence;
        appends.push(time);
        let mut line = Vec::new();
        let read = ledger.read(sequence..sequence + 1, &mut |_, bytes| {
            line.extend_from_slice(bytes);
            std::ops::ControlFlow::Continue(())
        });
        read.map_err(LedgerError::from)?;
        let (time, kept) = timed(|| {
            frontier.push(LeafHash::of(black_box(&line)), &mut |height, hash| rows.push(height, hash));
            rows.flush()
        });
        kept?;
        trees.push(time);
    }
    let settled = |times: Vec<Duration>| median(times.into_iter().skip(WARM).collect());
    let (with, tree) = (settled(appends), settled(trees));
    Ok(Measured {
        work: Work::Tree,
        limit: Some(rate(1, with.saturating_sub(tree))),
        ours: Some(rate(1, with)),
        how: format!(
            "appends a second, p50 of {TIMES}; of {:.0} µs the tree takes {:.1}, measured beside",
            microseconds(with),
            microseconds(tree)
        ),
    })
}

/// From handing a request over to a proof that was read and verified.
fn proved(sample: &Sample, ledger: &Ledger, author: &mut Author<'_>) -> Result<Measured, Failure> {
    let made = tempfile::tempdir_in(&sample.home).map_err(file(&sample.home, "written to"))?;
    let (anchor, key) = (Anchor::new(made.path().to_owned()), Specimen::ledger_key()?);
    let mut times = Vec::new();
    for (request, disclosures) in author.assertions(TIMES + WARM, Note::Without)? {
        let (time, done) = timed(|| {
            let receipt = ledger.record(request, disclosures)?;
            let signed = ledger.checkpoint(&key, &anchor)?;
            let text = ledger.prove(receipt.sequence, &signed)?.to_string();
            let proof = Proof::parse(text.as_bytes());
            Ok::<_, Failure>(proof.is_ok_and(|proof| holds(&proof, receipt.leaf)))
        });
        if !done? {
            return Err(Failure::usage("a proof does not hold".to_owned()));
        }
        times.push(time);
    }
    let mut times: Vec<Duration> = times.into_iter().skip(WARM).collect();
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    Ok(Measured {
        work: Work::Proved,
        limit: None,
        ours: Some(milliseconds(p99)),
        how: format!(
            "recorded, a checkpoint signed and remembered, the proof written, read and verified; p99 of {TIMES}, p50 {:.2} ms",
            milliseconds(median(times))
        ),
    })
}

fn holds(proof: &Proof, leaf: LeafHash) -> bool {
    let checkpoint = proof.checkpoint().checkpoint();
    let (index, size, root) = (proof.index(), checkpoint.size(), checkpoint.root());
    let signed =
        Specimen::ledger_key().is_ok_and(|key| proof.checkpoint().signed_by(&key.verifier()).is_ok());
    signed && merkle::includes(leaf, index, size, proof.path(), root).is_ok()
}
