//! A writer is killed at random moments while it erases: whatever the ledger says was erased is gone once it was opened, and
//! nothing else is.

use super::desk::{self, ACTION, Desk};
use super::trace::Secret;
use annals::ledger::{Ledger, quietly};
use annals::record::ids;
use annals::record::request::Draft;
use annals::record::role::Role;
use annals::record::withheld;
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::{Entry, Request, parse_timestamp};
use annals::trail::hash::sha256;
use chrono::{Duration as Span, Utc};
use serde_json::json;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells a child that it is one, and where it writes.
const FOLDER: &str = "ANNALS_ERASE_FOLDER";
const KILLS: usize = 24;

/// No two have a part in common.
fn note(sequence: u64) -> String {
    sha256(format!("a person named {sequence}").as_bytes())
}

fn file(sequence: u64) -> Vec<u8> {
    sha256(format!("findings on person {sequence}").as_bytes()).repeat(20).into_bytes()
}

fn sign(ledger: &Ledger, role: Role, draft: &Draft) -> (Request, Vec<Disclosure>) {
    let random = || RandomState::new().hash_one(0).to_be_bytes();
    let mut salt = || [random(), random()].concat().try_into().unwrap();
    let id = draft.id.unwrap();
    draft.sign(id, desk::ORIGIN, ledger.head().leaf, &desk::key_of("KR", role), &mut salt).unwrap()
}

fn draft(sequence: u64, subject: &str, kind: &str, data: serde_json::Value) -> Draft {
    let time = parse_timestamp("2023-01-03T09:00:00.000Z").unwrap() + Span::seconds(sequence.cast_signed());
    let author = "KR".parse::<annals::record::request::Speaker>().unwrap().0;
    let mut draft = Draft::new(author, subject.to_owned(), kind, time, desk::object(data));
    let mut random = [0; 10];
    random[2..].copy_from_slice(&sequence.to_be_bytes());
    draft.id = Some(ids::new(time, random));
    draft
}

#[test]
fn a_killed_writer_leaves_nothing_of_what_was_erased() {
    let home = tempfile::tempdir().unwrap();
    let desk = Desk::founded();
    let ledger = Ledger::create(home.path()).unwrap();
    let requests = desk::requests(&desk.ledger);
    assert!(ledger.record_all(requests, Utc::now()).unwrap().iter().all(Result::is_ok));
    drop(ledger);
    let mut erased = 0;
    for _ in 0..KILLS {
        kill_a_writer(home.path());
        let ledger = Ledger::open(home.path(), &mut quietly).unwrap();
        erased = check(&ledger, home.path());
        let report = ledger.verify(&mut quietly).unwrap();
        assert!(report.holds(), "{report:?}");
        assert_eq!((report.lingering, report.withheld.1 + report.erased), (0, report.withheld.0));
    }
    assert!(erased > KILLS, "hardly anything was erased: {erased}");
}

fn kill_a_writer(folder: &Path) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::writer", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "opened"), "the writer did not open the ledger");
    std::thread::sleep(Duration::from_micros(RandomState::new().hash_one(0) % 200_000));
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "the writer ended before it was killed");
}

/// Nothing of what was erased is in the folder, and everything else is; how much was erased.
fn check(ledger: &Ledger, folder: &Path) -> usize {
    let erasures = ledger.erasures().unwrap();
    let mut gone = Vec::new();
    ledger
        .read(0..u64::MAX, &mut |sequence, line| {
            let event = Entry::parse(line).unwrap().request.event;
            for (place, digest) in withheld::places(&event.data.members()) {
                let secrets = match place.as_str() {
                    "note" => vec![Secret::bytes(note(sequence).as_bytes())],
                    "evidence/1/sha256" => {
                        let bytes = file(sequence);
                        vec![Secret::bytes(&bytes[..64]), Secret::bytes(sha256(&bytes).as_bytes())]
                    }
                    _ => continue,
                };
                if erasures.contains_key(&digest) {
                    gone.push(Secret::all(secrets));
                } else {
                    assert!(ledger.disclosure(&digest).is_some(), "{place} of entry {sequence}");
                }
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let count = gone.len();
    assert_eq!(Secret::all(gone).traces(folder), [""; 0]);
    count
}

#[test]
#[ignore = "a part of the test above, run as a process of its own"]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let ledger = Ledger::open(Path::new(&folder), &mut quietly).unwrap();
    let mut pipe = std::io::stdout().lock();
    // Ends the line that the test harness has begun.
    writeln!(pipe, "\nopened").unwrap();
    loop {
        let sequence = ledger.head().size;
        let bytes = file(sequence);
        let blob = ledger.put_blob(&mut bytes.as_slice()).unwrap();
        let data = json!({
            "effective": "2021-05", "note": note(sequence),
            "evidence": [{"sha256": blob.sha256, "size": blob.size, "mediatype": "text/plain", "confidential": true}]
        });
        let said = draft(sequence, ACTION, "action.progressed", data);
        let (request, disclosures) = sign(&ledger, Role::Coordinator, &said);
        let held = ledger.record(request, disclosures.clone()).unwrap();
        for (after, disclosure) in (1..).zip(&disclosures) {
            let data =
                json!({"digest": disclosure.digest().to_string(), "basis": "GDPR", "reason": "asked for"});
            let mut draft = draft(sequence + after, "ledger", "disclosure.erased", data);
            draft.causationid = Some(held.id);
            let (request, reason) = sign(&ledger, Role::Authority, &draft);
            ledger.record(request, reason).unwrap();
        }
    }
}
