//! Every write, sync and rename fails in turn, once or for good: whatever was acknowledged is there, whatever was not is there
//! whole or not at all, and repeating it under its id completes it.

#[path = "../../tests/ledger/desk.rs"]
#[expect(dead_code, reason = "to found a ledger takes a part of the desk")]
pub(crate) mod desk;

use super::backup::back_up;
use super::{Ledger, RecordError};
use crate::store::Condition;
use crate::store::disk::faults::{Armed, Fault, arm, hold};
use crate::trail::disclosure::Disclosure;
use crate::trail::entry::Request;
use crate::trail::hash::{Head, LeafHash, sha256};
use chrono::Utc;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;

type Signed = (Request, Vec<Disclosure>);

/// A ledger that was closed, what is to be recorded in it, and the evidence that goes with it.
struct Base {
    folder: tempfile::TempDir,
    founded: Head,
    requests: Vec<Signed>,
    evidence: Vec<u8>,
}

impl Base {
    fn founded() -> Self {
        let mut desk = desk::Desk::founded();
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(folder.path()).unwrap();
        let founding = desk::requests(&desk.ledger);
        assert!(ledger.record_all(founding, Utc::now()).unwrap().iter().all(Result::is_ok));
        ledger.keep().unwrap();
        let evidence = b"minutes ".repeat(1_000);
        let mut requests = Vec::new();
        for number in 0..4 {
            let mut data = json!({"effective": "2021-05", "note": format!("Said as number {number}")});
            if number == 1 {
                data["evidence"] = json!([{"filename": "minutes.txt", "mediatype": "text/plain",
                                           "sha256": sha256(&evidence), "size": evidence.len()}]);
            }
            let subject = format!("actions/1.G2G.{}", number % 3 + 1);
            let draft = desk.draft("KR", &subject, "action.progressed", data);
            requests.push(desk.sign(&draft));
        }
        Self { founded: ledger.head(), folder, requests, evidence }
    }

    /// One writer's day: whatever of it fails, it goes on with the rest. Returns what was acknowledged.
    fn day(&self, folder: &Path) -> Acknowledged {
        let mut known = Acknowledged::default();
        let Ok(ledger) = Ledger::open(folder, &mut |_| {}) else { return known };
        known.blob = ledger.put_blob(&mut self.evidence.as_slice()).is_ok();
        let mut take = |batch: &[Signed]| match ledger.record_all(batch.to_vec(), Utc::now()) {
            Ok(receipts) => {
                let receipts = receipts.into_iter().map(Result::unwrap);
                known.receipts.extend(receipts.map(|receipt| (receipt.sequence, receipt.leaf)));
            }
            Err(error) => {
                let disk = matches!(
                    error,
                    RecordError::Store(_) | RecordError::Disclosures(_) | RecordError::Doubtful
                );
                assert!(disk, "{error:?}");
            }
        };
        for one in self.requests[..2].chunks(1) {
            take(one);
        }
        take(&self.requests[2..]);
        // Nobody waits for it.
        let _ = ledger.keep();
        known
    }

    /// What was acknowledged is there, and what was not is whole or absent; then all is asked for again.
    fn check(&self, folder: &Path, known: &Acknowledged, what: &str) {
        let ledger = Ledger::open(folder, &mut |_| {}).unwrap_or_else(|error| panic!("{what}: {error}"));
        let leaves = leaves(&ledger);
        assert_eq!(leaves[self.last()], self.founded.leaf, "{what}");
        for (sequence, leaf) in &known.receipts {
            let there = leaves.get(usize::try_from(*sequence).unwrap());
            assert_eq!(there, Some(leaf), "{what}: entry {sequence} was acknowledged");
        }
        if known.blob {
            let there = ledger.copy_blob(&sha256(&self.evidence), &mut std::io::sink()).unwrap();
            assert_eq!(there, Condition::Whole, "{what}");
        }
        let before: Vec<u64> =
            self.requests.iter().filter_map(|(request, _)| recorded(&ledger, request)).collect();
        assert_eq!(before.len() + self.last() + 1, leaves.len(), "{what}: something else is there, or twice");
        ledger.put_blob(&mut self.evidence.as_slice()).unwrap();
        for (request, disclosures) in &self.requests {
            let was = recorded(&ledger, request);
            let receipt = ledger.record(request.clone(), disclosures.clone()).unwrap();
            assert_eq!(
                (receipt.repeated, was.unwrap_or(receipt.sequence)),
                (was.is_some(), receipt.sequence)
            );
        }
        assert_eq!(self::leaves(&ledger).len(), self.last() + 1 + self.requests.len(), "{what}");
        drop(ledger);
        let ledger = Ledger::open(folder, &mut |_| {}).unwrap();
        let report = ledger.verify(&mut |_| {}).unwrap();
        assert!(report.holds(), "{what}: {report:?}");
        assert_eq!((report.size, report.damaged), (ledger.head().size, 0), "{what}");
        for each in self.requests.iter().flat_map(|(_, disclosures)| disclosures) {
            assert_eq!(ledger.disclosure(&each.digest()).as_ref(), Some(each), "{what}");
        }
        let mut evidence = Vec::new();
        ledger.copy_blob(&sha256(&self.evidence), &mut evidence).unwrap();
        assert!(evidence == self.evidence, "{what}");
        let left: Vec<_> =
            fs::read_dir(folder.join("blobs")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [&*sha256(&self.evidence)], "{what}");
    }

    fn last(&self) -> usize {
        usize::try_from(self.founded.size).unwrap() - 1
    }
}

#[derive(Debug, Default)]
struct Acknowledged {
    blob: bool,
    receipts: Vec<(u64, LeafHash)>,
}

fn leaves(ledger: &Ledger) -> Vec<LeafHash> {
    let mut leaves = Vec::new();
    let mut each = |_, line: &[u8]| {
        leaves.push(LeafHash::of(line));
        ControlFlow::Continue(())
    };
    ledger.read(0..u64::MAX, &mut each).unwrap();
    leaves
}

fn recorded(ledger: &Ledger, request: &Request) -> Option<u64> {
    ledger.recorded(request.event.id).unwrap().map(|entry| entry.seal.sequence)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Tries one fault after another, until none of the calls is left to fail; says how many there were.
pub(crate) fn each_in_turn(
    fault: Fault,
    lasting: bool,
    mut attempt: impl FnMut(&Path, Armed, &str) -> bool,
) -> u64 {
    let mut met = |after: u64| {
        let folder = tempfile::tempdir().unwrap();
        let armed = arm(folder.path(), after, fault, lasting);
        let what = format!("{fault:?} after {after} calls{}", if lasting { ", for good" } else { "" });
        attempt(folder.path(), armed, &what)
    };
    (0..1_000).find(|after| !met(*after)).unwrap()
}

#[test]
fn each_write_sync_and_rename_may_fail_and_nothing_is_lost_or_doubled() {
    let base = Base::founded();
    let mut acknowledged = 0;
    for (fault, lasting) in Fault::ALL.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        let calls = each_in_turn(fault, lasting, |folder, armed, what| {
            copy(base.folder.path(), folder);
            let known = base.day(folder);
            let met = armed.met();
            drop(armed);
            if met {
                acknowledged += known.receipts.len();
                base.check(folder, &known, what);
            } else {
                assert!(known.blob && known.receipts.len() == 4, "{what}: {known:?}");
            }
            met
        });
        // Of a half alone it is the writes that count.
        assert!(calls >= if fault == Fault::Half { 7 } else { 25 }, "{calls} calls");
    }
    assert!(acknowledged > 100, "{acknowledged} entries were acknowledged beside a fault");
}

#[test]
fn a_ledger_whose_making_failed_is_made_when_it_is_tried_again() {
    for (fault, lasting) in Fault::ALL.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        let calls = each_in_turn(fault, lasting, |folder, armed, what| {
            let path = folder.join("ledger");
            let made = Ledger::create(&path).map(drop);
            let met = armed.met();
            drop(armed);
            assert!(made.is_ok() || met, "{what}");
            // One that has its marker is whole.
            let again = Ledger::create(&path).or_else(|_| Ledger::open(&path, &mut |_| {}));
            let ledger = again.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(ledger.head(), Head::EMPTY);
            met
        });
        assert!(calls >= if fault == Fault::Half { 1 } else { 7 }, "{calls} calls");
    }
}

#[test]
fn a_backup_that_failed_is_a_ledger_of_fewer_entries_and_completed_by_the_next() {
    let base = Base::founded();
    let ledger = tempfile::tempdir().unwrap();
    copy(base.folder.path(), ledger.path());
    assert_eq!(base.day(ledger.path()).receipts.len(), 4);
    let (older, newer) = (base.folder.path(), ledger.path());
    for (fault, lasting) in Fault::ALL.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        let calls = each_in_turn(fault, lasting, |folder, armed, what| {
            let to = folder.join("backup");
            let backed_up = [older, newer].map(|from| back_up(from, &to, &mut |_| {}));
            let met = armed.met();
            drop(armed);
            if to.join("annals.json").exists() {
                let report = Ledger::verify_folder(&to, Vec::new(), &mut |_, _| {}).unwrap().0;
                let known = backed_up.iter().flatten().map(|made| made.head.size).max().unwrap_or(0);
                assert!(report.holds() && report.size >= known, "{what}: {report:?}");
                assert_eq!(report.withheld.0, report.withheld.1, "{what}");
            }
            let made = back_up(newer, &to, &mut |_| {}).unwrap_or_else(|error| panic!("{what}: {error}"));
            let report = Ledger::verify_folder(&to, Vec::new(), &mut |_, _| {}).unwrap().0;
            assert!(report.holds() && report.head == made.head.leaf, "{what}");
            assert_eq!(
                (report.size, made.disclosures, made.missing),
                (base.founded.size + 4, 5, 1),
                "{what}"
            );
            assert!(met || backed_up.iter().all(Result::is_ok), "{what}");
            met
        });
        assert!(calls >= if fault == Fault::Half { 5 } else { 15 }, "{calls} calls");
    }
}

/// What a reader sees.
fn seen(ledger: &Ledger, base: &Base) -> String {
    let history = ledger.at(None).unwrap().in_memory().unwrap();
    let actions = ["1.G2G.1", "1.G2G.2", "1.G2G.3"].map(|action| action.parse().unwrap());
    let words = actions.each_ref().map(|action| ledger.words(action).unwrap());
    let streams =
        actions.each_ref().map(|action| ledger.sequences(&format!("actions/{action}"), u64::MAX).unwrap());
    let recorded: Vec<_> = base.requests.iter().map(|(request, _)| recorded(ledger, request)).collect();
    let disclosed: Vec<_> = base
        .requests
        .iter()
        .flat_map(|(_, disclosures)| disclosures)
        .map(|each| ledger.disclosure(&each.digest()))
        .collect();
    assert_eq!(ledger.state(), history.state);
    let (state, said) = (&history.state, history.words.iter().collect::<BTreeMap<_, _>>());
    format!(
        "{state:?} {said:?} {words:?} {streams:?} {recorded:?} {disclosed:?} {:?} {:?}",
        ledger.head(),
        leaves(ledger)
    )
}

#[test]
fn while_the_disk_is_slow_readers_see_what_is_durable_and_writers_are_committed_together() {
    let base = Base::founded();
    let ledger = Ledger::open(base.folder.path(), &mut |_| {}).unwrap();
    ledger.put_blob(&mut base.evidence.as_slice()).unwrap();
    let before = seen(&ledger, &base);
    let record =
        |(request, disclosures): &Signed| ledger.record(request.clone(), disclosures.clone()).unwrap();
    let receipts = thread::scope(|scope| {
        // The disclosure first, then the entry; the others come meanwhile.
        let (first, rest) = base.requests.split_first().unwrap();
        let disclosures = hold(&base.folder.path().join(super::disclosures::FILE));
        let writer = scope.spawn(|| record(first));
        disclosures.wait();
        assert_eq!(seen(&ledger, &base), before);
        let journal = hold(&base.folder.path().join("journal"));
        drop(disclosures);
        journal.wait();
        let known = base.requests[0].1.iter().map(|each| ledger.disclosure(&each.digest()));
        assert!(
            known.clone().count() > 0 && known.into_iter().all(|known| known.is_some()),
            "durable by now"
        );
        assert_eq!((ledger.head(), recorded(&ledger, &first.0)), (base.founded, None));
        assert_eq!(ledger.state().head, base.founded);
        let rest: Vec<_> = rest.iter().map(|request| scope.spawn(move || record(request))).collect();
        while ledger.queue.waiting() < rest.len() {
            thread::yield_now();
        }
        assert_eq!(ledger.head(), base.founded);
        drop(journal);
        let rest = rest.into_iter().map(|writer| writer.join().unwrap());
        [writer.join().unwrap()].into_iter().chain(rest).collect::<Vec<_>>()
    });
    let leaves = leaves(&ledger);
    for receipt in &receipts {
        assert_eq!(leaves[usize::try_from(receipt.sequence).unwrap()], receipt.leaf);
    }
    assert_eq!(leaves.len(), base.last() + 1 + receipts.len());
    assert_eq!(receipts[0].sequence, base.founded.size);
    let after = seen(&ledger, &base);
    drop(ledger);
    let ledger = Ledger::open(base.folder.path(), &mut |_| {}).unwrap();
    assert_eq!(seen(&ledger, &base), after);
    assert!(ledger.verify(&mut |_| {}).unwrap().holds());
}

#[test]
fn what_is_asked_for_again_after_a_write_that_failed_is_kept_once() {
    for (fault, lasting) in [(Fault::NotDone, false), (Fault::NotDone, true), (Fault::Done, false)] {
        let base = Base::founded();
        let ledger = Ledger::open(base.folder.path(), &mut |_| {}).unwrap();
        let (request, disclosures) = &base.requests[0];
        let armed = arm(&base.folder.path().join("journal"), 0, fault, lasting);
        let doubtful = (0..5).filter(|_| {
            let answer = ledger.record(request.clone(), disclosures.clone());
            matches!(answer, Err(RecordError::Doubtful))
        });
        let doubtful = doubtful.count();
        // What was written and reported as failed could be taken back; nothing could be where all fails.
        assert_eq!(doubtful, if lasting { 4 } else { 0 }, "{fault:?}");
        let kept = fs::read_to_string(base.folder.path().join(super::disclosures::FILE)).unwrap();
        let copies = kept.lines().filter(|line| line.contains(disclosures[0].encoded())).count();
        assert_eq!(copies, 1, "{fault:?}");
        drop(armed);
        drop(ledger);
        let ledger = Ledger::open(base.folder.path(), &mut |_| {}).unwrap();
        assert_eq!(ledger.record(request.clone(), disclosures.clone()).unwrap().sequence, base.founded.size);
        assert!(ledger.verify(&mut |_| {}).unwrap().holds());
    }
}
