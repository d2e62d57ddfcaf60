//! The ledger's clock jumps: recorded times never go back, and whoever writes is told what is wrong with the clock.

use super::desk::{ACTION, Desk, key_of, opened, word};
use super::writers::lines;
use annals::ledger::{Ledger, Receipt, RecordError, quietly};
use annals::record::charter;
use annals::record::founding::Clock;
use annals::record::refusal::Refusal;
use annals::record::role::Role;
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::{Entry, Request};
use chrono::{DateTime, Duration, SubsecRound, Utc};
use serde_json::json;
use std::path::Path;

/// A ledger in a folder whose clock is real, founded at this moment.
fn founded(folder: &Path, at: DateTime<Utc>) -> Desk {
    let mut desk = Desk::empty();
    desk.ledger = Ledger::create(folder).unwrap();
    let (opened, sha256) = (opened(&desk.plan, Clock::Real), desk.plan_sha256.clone());
    let (party, digest) = ("DK".parse().unwrap(), sha256.clone().try_into().unwrap());
    let mut drafts = charter::drafts(&desk.plan, &digest, &opened, &party, at - Duration::hours(1)).unwrap();
    let vkey = key_of("KR", Role::Coordinator).verifier().to_string();
    drafts.push(desk.draft("KR", "ledger", "ledger.acceded", json!({"plan_sha256": sha256})));
    drafts.push(desk.draft(
        "KR",
        "parties/KR",
        "key.registered",
        json!({"role": "coordinator", "vkey": vkey}),
    ));
    for draft in drafts {
        let request = desk.sign(&draft);
        take(&desk, request, at).unwrap();
    }
    desk
}

fn said(desk: &mut Desk, time: DateTime<Utc>) -> (Request, Vec<Disclosure>) {
    let mut draft = desk.draft("KR", ACTION, "action.progressed", word("under_way"));
    draft.time = time;
    desk.sign(&draft)
}

fn take(
    desk: &Desk,
    request: (Request, Vec<Disclosure>),
    now: DateTime<Utc>,
) -> Result<Receipt, RecordError> {
    desk.ledger.record_all(vec![request], now).unwrap().remove(0)
}

fn recorded(ledger: &Ledger) -> Vec<i64> {
    let recorded = |line: &Vec<u8>| Entry::parse(line).unwrap().seal.recordedtime.timestamp_millis();
    lines(ledger).iter().map(recorded).collect()
}

/// To the millisecond, as it is signed.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

#[test]
fn when_the_clock_jumps_back_by_a_year_recorded_times_stand_still() {
    let folder = tempfile::tempdir().unwrap();
    let now = now();
    let mut desk = founded(folder.path(), now);
    let year = Duration::days(365);
    let jumps = [Duration::seconds(1), -year, -year + Duration::hours(1), Duration::seconds(2)];
    for jump in jumps {
        let request = said(&mut desk, now - Duration::days(1));
        take(&desk, request, now + jump).unwrap();
    }
    let times = recorded(&desk.ledger);
    assert!(times.is_sorted());
    let of = |seconds| (now + Duration::seconds(seconds)).timestamp_millis();
    assert_eq!(times[times.len() - 4..], [of(1), of(1), of(1), of(2)]);
    assert!(desk.ledger.verify(&mut quietly).unwrap().holds());
}

#[test]
fn a_writer_that_begins_again_with_an_earlier_clock_is_told_so_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let ahead = now() + Duration::days(365);
    let mut desk = founded(folder.path(), ahead);
    // Closed before it is opened again.
    desk.ledger = Ledger::in_memory();
    desk.ledger = Ledger::open(folder.path(), &mut quietly).unwrap();
    let [notice] = desk.ledger.notices() else { panic!("{:?}", desk.ledger.notices()) };
    for word in [&ahead.format("%Y-%m-%d").to_string(), "the clock of this computer says", "set it right"] {
        assert!(notice.contains(word), "{notice}");
    }
    let (request, disclosures) = said(&mut desk, now());
    desk.ledger.record(request, disclosures).unwrap();
    let times = recorded(&desk.ledger);
    assert!(times.is_sorted() && *times.last().unwrap() == ahead.timestamp_millis());
    assert!(desk.ledger.verify(&mut quietly).unwrap().holds());
}

#[test]
fn an_author_whose_clock_is_ahead_learns_both_times_and_that_one_of_them_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let now = now();
    let mut desk = founded(folder.path(), now - Duration::days(1));
    // The author is right, and the ledger's clock has jumped back by a year: it stands where it stood.
    let wrong = now - Duration::days(365);
    let late = said(&mut desk, now);
    let answer = take(&desk, late.clone(), wrong);
    let Err(RecordError::Refused(refusal)) = answer else { panic!("{answer:?}") };
    assert!(matches!(refusal, Refusal::Clock { .. }));
    let words = refusal.to_string();
    for word in
        [&now.format("%Y-%m-%dT").to_string(), "more than 5 minutes after", "set the clock of one of both"]
    {
        assert!(words.contains(word), "{words}");
    }
    // Once it is set right, the same request is taken.
    take(&desk, late, now).unwrap();
    assert!(desk.ledger.verify(&mut quietly).unwrap().holds());
}
