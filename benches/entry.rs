//! What the inner loops cost that every entry passes through: its form, its hash, its signature, its fact, its seal.
//!
//! `annals bench` measures whole commands beside the machine's own limit; what they consist of is measured here.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench stops where it fails")]

use annals::exchange::specimen::{Note, Specimen};
use annals::record::fact::Fact;
use annals::trail::canonical;
use annals::trail::chain::Range;
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::{Entry, Request};
use annals::trail::hash::LeafHash;
use annals::trail::key::{Kind, SigningKey};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use std::hint::black_box;
use std::time::Duration;

/// The lines of a specimen that speak of actions.
fn lines() -> Vec<Vec<u8>> {
    let batches = Specimen::new(1_000).unwrap().map(Result::unwrap);
    batches.flat_map(|batch| batch.lines).skip(200).collect()
}

fn bytes(c: &mut Criterion) {
    let lines = lines();
    let mut group = c.benchmark_group("entry");
    // Of one line after the other, so that no branch is learnt by heart.
    let mut at = 0;
    let mut next = || {
        at = (at + 1) % lines.len();
        &lines[at]
    };
    let mean = lines.iter().map(Vec::len).sum::<usize>() / lines.len();
    group.throughput(Throughput::Bytes(mean as u64));
    group.bench_function("form", |b| b.iter(|| canonical::check(black_box(next())).unwrap()));
    group.bench_function("leaf", |b| b.iter(|| LeafHash::of(black_box(next()))));
    group.bench_function("parse", |b| b.iter(|| Entry::parse(black_box(next())).unwrap()));
    group.bench_function("any_json", |b| {
        b.iter(|| serde_json::from_slice::<Value>(black_box(next())).unwrap());
    });
    group.finish();
}

/// Form and chains of a history from its begin on, one entry after the other.
fn chain(c: &mut Criterion) {
    let batches = Specimen::new(10_000).unwrap().map(Result::unwrap);
    let lines: Vec<Vec<u8>> = batches.flat_map(|batch| batch.lines).collect();
    let mut group = c.benchmark_group("chain");
    group.throughput(Throughput::Elements(lines.len() as u64));
    let hash = |lines: &[Vec<u8>]| lines.iter().map(|line| LeafHash::of(line)).max();
    group.bench_function("hashed", |b| b.iter(|| hash(black_box(&lines))));
    group.bench_function("followed", |b| b.iter(|| Range::of(0, black_box(&lines)).head().unwrap()));
    group.finish();
}

fn values(c: &mut Criterion) {
    let entries: Vec<Entry> = lines().iter().map(|line| Entry::parse(line).unwrap()).collect();
    let mut at = 0;
    let mut next = || {
        at = (at + 1) % entries.len();
        &entries[at]
    };
    let mut group = c.benchmark_group("event");
    group.bench_function("fact", |b| b.iter(|| Fact::read(black_box(&next().request.event)).unwrap()));
    group.bench_function("bytes", |b| b.iter(|| next().request.event.to_bytes().unwrap()));
    group.bench_function("seal", |b| {
        let mut sealed = || {
            let entry = next();
            (entry.request.clone(), entry.seal.clone())
        };
        b.iter_batched(&mut sealed, |(request, seal)| request.seal(seal), BatchSize::SmallInput);
    });
    group.bench_function("request", |b| {
        let mut written = || next().request.to_bytes();
        b.iter_batched(&mut written, |bytes| Request::parse(&bytes).unwrap(), BatchSize::SmallInput);
    });
    group.finish();
}

fn signatures(c: &mut Criterion) {
    let key = SigningKey::from_seed("DK/coordinator-1", Kind::Ed25519, &[7; 32]).unwrap();
    let (verifier, message) = (key.verifier(), vec![b'.'; 700]);
    let signature = key.sign(&message);
    let mut group = c.benchmark_group("signature");
    group.bench_function("sign", |b| b.iter(|| key.sign(black_box(&message))));
    group.bench_function("strict_check", |b| b.iter(|| verifier.verifies(black_box(&message), &signature)));
    let specimen = Specimen::new(200).unwrap();
    let action = specimen.actions().next().unwrap();
    let time = "2024-12-31T12:00:00Z".parse().unwrap();
    group.bench_function("draft", |b| {
        b.iter(|| specimen.assertion(action, [7; 10], time, LeafHash::NONE, Note::With).unwrap());
    });
    let note =
        Disclosure::new([7; 16], "note", &"The working group met and agreed on the next steps.".into());
    group.bench_function("disclosure", |b| {
        b.iter(|| Disclosure::parse(black_box(note.encoded())).unwrap().digest());
    });
    group.finish();
}

fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3))
}

criterion_group! {
    name = benches;
    config = short();
    targets = bytes, chain, values, signatures
}
criterion_main!(benches);
