//! Reading: from opening to the first answer, the board on either axis, one action's state and its history.

use super::super::failure::Failure;
use super::super::output;
use super::measured::{Measured, Work};
use super::sample::Sample;
use super::stopwatch::{median, microseconds, milliseconds, repeated, timed};
use super::writing::Author;
use annals::domain::status;
use annals::domain::value::Code;
use annals::exchange::specimen::{Note, PER_ACTION};
use annals::ledger::{Cut, Ledger, LedgerError};
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::projection::{board, timeline};
use chrono::{Days, NaiveDate};
use std::hint::black_box;
use std::time::Duration;

/// How often what does not take long is repeated.
const TIMES: usize = 5;

/// Actions whose state is asked for, and whose history.
const STATES: usize = 500;
const HISTORIES: usize = 60;

/// After so long the median is what it is.
const LONG: Duration = Duration::from_secs(5);

/// From opening to the first answer: the board, and the receipt.
pub(super) fn opening(sample: &Sample) -> Result<Measured, Failure> {
    let bar = output::waiting("measuring opening");
    let board = repeated(TIMES, || {
        let (time, read) = timed(|| {
            let ledger = Ledger::open_read_only(&sample.ledger)?;
            let rows = read(&ledger, None, None)?;
            Ok::<_, LedgerError>((ledger, rows))
        });
        read?;
        Ok::<_, Failure>(time)
    })?;
    let receipt = repeated(TIMES, || {
        let (time, ledger) = timed(|| Ledger::open(&sample.ledger, &mut annals::ledger::quietly));
        let ledger = ledger?;
        let request = Author::new(&sample.specimen, &ledger).assertions(1, Note::Without)?.pop();
        let (request, disclosures) = request.ok_or_else(|| Failure::usage("no action".to_owned()))?;
        let (more, receipt) = timed(|| ledger.record(request, disclosures));
        receipt?;
        output::keep(&ledger);
        Ok::<_, Failure>(time + more)
    })?;
    bar.finish_and_clear();
    Ok(Measured {
        work: Work::Opening,
        limit: None,
        ours: Some(milliseconds(board.max(receipt))),
        how: format!(
            "the slower one of two: opened for reading, to the board, {:.1} ms; opened for writing, to the first receipt, \
             {:.1} ms",
            milliseconds(board),
            milliseconds(receipt)
        ),
    })
}

/// The board as recorded by a day, as effective by a day; how many actions it has.
fn read(
    ledger: &Ledger,
    recorded: Option<NaiveDate>,
    effective: Option<NaiveDate>,
) -> Result<usize, LedgerError> {
    let history = ledger.at(recorded.map(Cut::Day))?;
    let reading = Reading::of(&history.state, recorded, effective, None);
    Ok(black_box(board::of(&history, &reading, &Filter::default())?).len())
}

/// Everything that is read of an open ledger.
pub(super) fn readings(sample: &Sample) -> Result<Vec<Measured>, Failure> {
    let bar = output::waiting("measuring readings");
    let ledger = Ledger::open_read_only(&sample.ledger)?;
    let lines = vec![board_of(&ledger)?, state_of(sample, &ledger)?, history_of(sample, &ledger)?];
    bar.finish_and_clear();
    Ok(lines)
}

/// The worst of several readings: at three days, on the one axis, the other, and both.
fn board_of(ledger: &Ledger) -> Result<Measured, Failure> {
    let last = ledger.state().day(ledger.state().recorded);
    let mut worst: Option<(Duration, String)> = None;
    for years in [3_u64, 2, 1] {
        let day = last.checked_sub_days(Days::new(365 * years));
        for (recorded, effective) in [(day, None), (None, day), (day, day)] {
            let time = repeated(TIMES, || {
                let (time, read) = timed(|| read(ledger, recorded, effective));
                read.map(|_| time)
            })?;
            if worst.as_ref().is_none_or(|(worst, _)| *worst < time) {
                let words = |word: &str, day: Option<NaiveDate>| {
                    day.map(|day| format!("as {word} by {day}")).unwrap_or_default()
                };
                let both = [words("recorded", recorded), words("effective", effective)];
                worst = Some((time, both.join(" ").trim().to_owned()));
            }
        }
    }
    let (time, which) = worst.unwrap_or_default();
    Ok(Measured {
        work: Work::Reading,
        limit: None,
        ours: Some(milliseconds(time)),
        how: format!("the board in an open ledger, the slowest of nine: {which}"),
    })
}

fn state_of(sample: &Sample, ledger: &Ledger) -> Result<Measured, Failure> {
    let state = ledger.state();
    let (parties, grace) = (state.parties(), state.grace_days());
    let actions: Vec<&Code> = sample.specimen.actions().collect();
    let every = (actions.len() / STATES).max(1);
    let mut times = Vec::new();
    for action in actions.into_iter().step_by(every) {
        let (time, stood) = timed(|| {
            let words = ledger.words(action)?;
            black_box(status::of(&words, &parties, None, grace));
            Ok::<_, LedgerError>(())
        });
        stood?;
        times.push(time);
    }
    let how = format!("its words and what they make together, p50 of {} actions", times.len());
    Ok(Measured { work: Work::State, limit: None, ours: Some(microseconds(median(times))), how })
}

fn history_of(sample: &Sample, ledger: &Ledger) -> Result<Measured, Failure> {
    // Those whose histories are nearest to the length that is meant.
    let length = |action| {
        let subject = timeline::stream(action);
        (sample.specimen.length(&subject), subject)
    };
    let mut lengths: Vec<(u64, String)> = sample.specimen.actions().map(length).collect();
    lengths.sort_by_key(|(length, _)| length.abs_diff(PER_ACTION));
    lengths.truncate(HISTORIES);
    let mut times: Vec<Duration> = Vec::new();
    for (_, subject) in &lengths {
        if times.iter().sum::<Duration>() > LONG {
            break;
        }
        let (time, read) = timed(|| {
            ledger.stream(subject, 0..u64::MAX, &mut |entry, fact| {
                black_box((entry, fact));
                Ok(())
            })
        });
        read?;
        times.push(time);
    }
    let (least, most) = lengths
        .iter()
        .fold((u64::MAX, 0), |(least, most), (length, _)| (least.min(*length), most.max(*length)));
    let how =
        format!("every entry of its stream, p50 of {} actions with {least} to {most} events", times.len());
    Ok(Measured { work: Work::History, limit: None, ours: Some(microseconds(median(times))), how })
}
