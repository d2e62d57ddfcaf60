//! Many writers: whatever they ask at once, all agree on one history, and it equals a fresh replay.

use super::desk::{Desk, requests as requests_of, whole};
use annals::ledger::{Cut, Ledger, Receipt, RecordError};
use annals::record::history::History;
use annals::record::verdict::{Check, Report};
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::Request;
use annals::trail::hash::LeafHash;
use annals::trail::merkle::Frontier;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

type Signed = (Request, Vec<Disclosure>);

/// What somebody may want to say: some of it is refused, some said twice.
fn requests() -> impl Strategy<Value = Vec<(usize, usize, usize, bool)>> {
    prop::collection::vec((0..3_usize, 0..3_usize, 0..5_usize, any::<bool>()), 1..24)
}

fn signed(desk: &mut Desk, wanted: &[(usize, usize, usize, bool)]) -> Vec<Signed> {
    let lifecycles = ["planned", "under_way", "continuing", "suspended", "discontinued"];
    let mut all: Vec<Signed> = Vec::new();
    for (speaker, action, word, twice) in wanted {
        let speaker = ["DK", "KR", "KR/MSIT"][*speaker];
        let data = json!({"effective": "2021-05", "lifecycle": lifecycles[*word], "note": format!("said of {action}")});
        let draft = desk.draft(speaker, &format!("actions/1.G2G.{}", action + 1), "action.progressed", data);
        let request = desk.sign(&draft);
        if *twice {
            all.push(request.clone());
        }
        all.push(request);
    }
    all
}

pub(crate) fn lines(ledger: &Ledger) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    ledger
        .read(0..u64::MAX, &mut |_, line| {
            lines.push(line.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    lines
}

fn verified(ledger: &Ledger) -> Report {
    ledger.verify(&mut |_| {}).unwrap()
}

fn the_tree_is_that_of_the_entries(ledger: &Ledger) {
    let mut tree = Frontier::default();
    for line in lines(ledger) {
        tree.push(LeafHash::of(&line), &mut |_, _| {});
    }
    assert_eq!(ledger.root(tree.size()).unwrap(), tree.root());
}

/// Each case is a ledger with its founding, so that an ordinary run has few; `PROPTEST_CASES` asks for more.
pub(crate) fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").map_or(24, |cases| cases.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn any_requests_by_any_writers_make_one_history(wanted in requests(), writers in 1..5_usize) {
        let mut desk = Desk::founded();
        let before = desk.ledger.head().size;
        let all = signed(&mut desk, &wanted);
        let ledger = &desk.ledger;
        let answers: Vec<Result<Receipt, RecordError>> = std::thread::scope(|scope| {
            let share = all.len().div_ceil(writers);
            let work = |part: &[Signed]| {
                let part = part.to_vec();
                scope.spawn(move || {
                    part.into_iter().map(|(request, notes)| ledger.record(request, notes)).collect::<Vec<_>>()
                })
            };
            let threads: Vec<_> = all.chunks(share).map(work).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let mut receipts = BTreeMap::new();
        for receipt in answers.iter().flatten() {
            let first = *receipts.entry(receipt.id).or_insert((receipt.sequence, receipt.leaf));
            prop_assert_eq!(first, (receipt.sequence, receipt.leaf), "one receipt for one request");
        }
        let lines = lines(ledger);
        prop_assert_eq!(lines.len() as u64, before + receipts.len() as u64);
        prop_assert!(verified(ledger).holds());
        the_tree_is_that_of_the_entries(ledger);
        let mut folded = History::default();
        let mut readings = Vec::new();
        ledger.replay(0..u64::MAX, &mut |entry, fact| {
            folded.evolve(entry, fact);
            readings.push((entry.seal.sequence, folded.clone()));
            Ok(())
        }).unwrap();
        for (sequence, folded) in readings {
            let at = ledger.at(Some(Cut::Sequence(sequence))).unwrap().in_memory().unwrap();
            prop_assert_eq!(at, folded, "entry {}", sequence);
        }
        prop_assert_eq!(folded, whole(ledger));
    }
}

#[test]
fn a_ledger_in_a_folder_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("ledger");
    let desk = Desk::founded();
    let mut requests = requests_of(&desk.ledger);
    let ledger = Ledger::create(&home).unwrap();
    let rest = requests.split_off(1);
    for requests in [requests, rest] {
        for receipt in ledger.record_all(requests, chrono::Utc::now()).unwrap() {
            receipt.unwrap();
        }
        the_tree_is_that_of_the_entries(&ledger);
    }
    assert_eq!(
        lines(&ledger),
        lines(&desk.ledger),
        "an illustrative history is the same wherever it is recorded"
    );
    ledger.keep().unwrap();
    assert!(Ledger::open(&home, &mut |_| {}).is_err(), "one process writes");
    let history = whole(&desk.ledger);
    assert_eq!(whole(&Ledger::open_read_only(&home).unwrap()), history);
    drop(ledger);
    let reopened = Ledger::open(&home, &mut |_| {}).unwrap();
    assert_eq!(whole(&reopened), history);
    assert!(verified(&reopened).holds());
}

#[test]
fn the_empty_ledger_is_read_and_verified() {
    let ledger = Ledger::in_memory();
    assert!(verified(&ledger).holds());
    assert_eq!(whole(&ledger), History::default());
    assert_eq!(ledger.entry(0).unwrap(), None);
    assert_eq!(ledger.sequences("plan", u64::MAX).unwrap(), Vec::<u64>::new());
}

#[test]
fn whoever_is_handed_an_entry_may_ask_the_ledger_for_more() {
    let desk = Desk::founded();
    let mut seen = 0;
    desk.ledger
        .read(0..u64::MAX, &mut |at, _| {
            assert!(desk.ledger.entry(at).unwrap().is_some());
            seen += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, desk.ledger.head().size);
}

#[test]
fn snapshots_are_kept_while_many_write_and_others_read() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("ledger");
    let mut desk = Desk::founded();
    let ledger = Ledger::create(&home).unwrap();
    let founding = ledger.record_all(requests_of(&desk.ledger), chrono::Utc::now()).unwrap();
    assert!(founding.iter().all(Result::is_ok));
    let founded = ledger.head().size;
    let wanted: Vec<_> = (0..180).map(|number| (number % 2, number % 3, 1 + number / 3 % 3, false)).collect();
    let all = signed(&mut desk, &wanted);
    let writing = AtomicBool::new(true);
    let (kept, read) = std::thread::scope(|scope| {
        let (ledger, writing) = (&ledger, &writing);
        let write = |share: Vec<Signed>| {
            scope.spawn(move || {
                for (request, notes) in share {
                    ledger.record(request, notes).unwrap();
                }
            })
        };
        let writers: Vec<_> = all.chunks(30).map(|share| write(share.to_vec())).collect();
        let keeper = scope.spawn(|| {
            let mut kept = 0;
            while writing.load(Ordering::Relaxed) {
                ledger.keep().unwrap();
                kept += 1;
            }
            kept
        });
        let reader = scope.spawn(|| {
            let mut read = 0;
            while writing.load(Ordering::Relaxed) {
                let history = ledger.at(None).unwrap().in_memory().unwrap();
                let head = history.state.head;
                let words = history.words.values().map(|words| words.all().len() as u64);
                assert_eq!(words.sum::<u64>(), head.size - founded);
                assert_eq!(ledger.entry(head.size - 1).unwrap().unwrap().leaf(), head.leaf);
                read += 1;
            }
            read
        });
        for writer in writers {
            writer.join().unwrap();
        }
        writing.store(false, Ordering::Relaxed);
        (keeper.join().unwrap(), reader.join().unwrap())
    });
    assert!(kept > 1 && read > 1, "{kept} snapshots and {read} readings");
    ledger.keep().unwrap();
    let history = whole(&ledger);
    let mut fold = History::default();
    ledger
        .replay(0..u64::MAX, &mut |entry, fact| {
            fold.evolve(entry, fact);
            Ok(())
        })
        .unwrap();
    assert_eq!(history, fold);
    drop(ledger);
    assert_eq!(whole(&Ledger::open_read_only(&home).unwrap()), history);
    let report = Ledger::verify_folder(&home, Vec::new(), &mut |_, _| {}).unwrap().0;
    assert!(report.holds() && report.size == founded + 180, "{report:?}");
    let kept = report.verdicts.iter().find(|verdict| verdict.check == Check::ReadModels).unwrap();
    assert_eq!((kept.covered, kept.idle), (report.size, None));
}
