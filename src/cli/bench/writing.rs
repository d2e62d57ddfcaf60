//! Writing: one durable entry, one with a note, 64 writers at once.

use super::super::failure::Failure;
use super::super::output;
use super::machine::{Check, Disk, Machine};
use super::measured::{Measured, Work};
use super::sample::Sample;
use super::stopwatch::{in_turn, median, microseconds, rate, timed};
use annals::exchange::specimen::{Note, Specimen, SpecimenError};
use annals::ledger::{Ledger, RecordError, quietly};
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::{Request, Seal};
use annals::trail::hash::LeafHash;
use chrono::{DateTime, Duration, Utc};
use std::thread;

/// How many write at once.
pub(super) const WRITERS: usize = 64;

const ROUNDS: usize = 5;

/// Strict checks in a round.
const CHECKS: usize = 500;

/// All of it.
pub(super) fn all(sample: &Sample, machine: &Machine) -> Result<Vec<Measured>, Failure> {
    let bar = output::waiting("opening for writing");
    let ledger = Ledger::open(&sample.ledger, &mut quietly)?;
    bar.finish_and_clear();
    let mut author = Author::new(&sample.specimen, &ledger);
    let lines = vec![
        append(sample, &ledger, &mut author, Note::Without)?,
        append(sample, &ledger, &mut author, Note::With)?,
        writers(sample, &ledger, &mut author, machine.cores)?,
    ];
    output::keep(&ledger);
    Ok(lines)
}

/// Somebody who goes on writing, a second later each time.
pub(super) struct Author<'a> {
    specimen: &'a Specimen,
    base: LeafHash,
    time: DateTime<Utc>,
}

pub(super) type Signed = (Request, Vec<Disclosure>);

impl<'a> Author<'a> {
    pub(super) fn new(specimen: &'a Specimen, ledger: &Ledger) -> Self {
        let state = ledger.state();
        Self { specimen, base: state.head.leaf, time: state.recorded }
    }

    /// Assertions on one action after the other, signed.
    pub(super) fn assertions(&mut self, count: usize, note: Note) -> Result<Vec<Signed>, SpecimenError> {
        let mut signed = Vec::with_capacity(count);
        for action in self.specimen.actions().collect::<Vec<_>>().into_iter().cycle().take(count) {
            self.time += Duration::seconds(1);
            signed.push(self.specimen.assertion(action, output::random(), self.time, self.base, note)?);
        }
        Ok(signed)
    }
}

fn append(
    sample: &Sample,
    ledger: &Ledger,
    author: &mut Author<'_>,
    note: Note,
) -> Result<Measured, Failure> {
    let bar = output::waiting("measuring durable appends");
    let times = usize::try_from(sample.entries / 100).unwrap_or(usize::MAX).clamp(20, 400);
    let check = Check::new();
    let (mut disk, mut notes) = (Disk::new(&sample.home, "appends")?, Disk::new(&sample.home, "notes")?);
    let (mut limits, mut ours) = (Vec::new(), Vec::new());
    for (request, disclosures) in author.assertions(times + WARM, note)? {
        let line = line(&request);
        let mut limit = check.time();
        for disclosure in &disclosures {
            limit += notes.time(format!("\"{}\"\n", disclosure.encoded()).as_bytes())?;
        }
        limits.push(limit + disk.time(&line)?);
        let (time, receipt) = timed(|| ledger.record(request, disclosures));
        receipt?;
        ours.push(time);
    }
    bar.finish_and_clear();
    let settled = |times: Vec<_>| microseconds(median(times.into_iter().skip(WARM).collect()));
    Ok(Measured {
        work: if note == Note::With { Work::AppendNote } else { Work::Append },
        limit: Some(settled(limits)),
        ours: Some(settled(ours)),
        how: format!("{times} times in turn, each p50; signing is not counted"),
    })
}

/// How many repetitions only warm up.
const WARM: usize = 10;

/// The bytes of an entry as they are appended.
fn line(request: &Request) -> Vec<u8> {
    let (prevhash, streamprevhash) = (LeafHash::NONE, LeafHash::NONE);
    let seal =
        Seal { sequence: 0, recordedtime: request.event.time, prevhash, streamversion: 100, streamprevhash };
    let (mut line, _) = request.clone().seal(seal);
    line.push(b'\n');
    line
}

fn writers(
    sample: &Sample,
    ledger: &Ledger,
    author: &mut Author<'_>,
    cores: usize,
) -> Result<Measured, Failure> {
    let bar = output::waiting("measuring 64 writers at once");
    let each = usize::try_from(sample.entries / 1000).unwrap_or(usize::MAX).clamp(2, 64);
    let count = WRITERS * each;
    let check = Check::new();
    let (one, all) = in_turn(
        ROUNDS,
        || Ok::<_, Failure>(median((0..CHECKS).map(|_| check.time()).collect())),
        || {
            let shares = shares(author.assertions(count, Note::Without)?);
            let (time, recorded) = timed(|| at_once(ledger, shares));
            recorded?;
            Ok(time)
        },
    )?;
    bar.finish_and_clear();
    Ok(Measured {
        work: Work::Writers,
        limit: Some(rate(cores as u64, one)),
        ours: Some(rate(count as u64, all)),
        how: format!("entries a second, {each} from each writer, the median of {ROUNDS} rounds"),
    })
}

/// Requests dealt out to the writers.
pub(super) fn shares(requests: Vec<Signed>) -> Vec<Vec<Signed>> {
    let mut shares: Vec<Vec<Signed>> = (0..WRITERS).map(|_| Vec::new()).collect();
    for (at, request) in requests.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(at % WRITERS) {
            share.push(request);
        }
    }
    shares
}

/// Each share is recorded by a writer of its own, one request after the other.
pub(super) fn at_once(ledger: &Ledger, shares: Vec<Vec<Signed>>) -> Result<(), RecordError> {
    let write = |share: Vec<Signed>| {
        share
            .into_iter()
            .try_for_each(|(request, disclosures)| ledger.record(request, disclosures).map(|_| ()))
    };
    thread::scope(|scope| {
        let writers: Vec<_> = shares.into_iter().map(|share| scope.spawn(move || write(share))).collect();
        writers.into_iter().try_for_each(|writer| match writer.join() {
            Ok(written) => written,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}
