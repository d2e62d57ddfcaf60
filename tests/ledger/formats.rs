//! A ledger of every released format, as the program of its time wrote it: whichever way it is read, it says what it said then.
//!
//! `ANNALS_BLESS=1 cargo test --test ledger formats` makes what is missing, and changes nothing that is there: a ledger that
//! cannot be read any more is a defect of the program, and so is another answer.

use super::desk::{requests, whole};
use super::history::told;
use annals::exchange::restore::Restore;
use annals::ledger::disclosures::FILE;
use annals::ledger::{Ledger, quietly};
use annals::record::history::History;
use annals::trail::hash::sha256;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is asked of it, and the file that has the answer.
const ASKED: [(&str, &str); 11] = [
    ("status", "status"),
    ("status-recorded", "status --recorded 2022-01-17"),
    ("status-effective", "status --effective 2021-06-30"),
    ("status-at", "status --at 20"),
    ("timeline", "timeline"),
    ("show", "show 1.G2G.1"),
    ("show-evidence", "show 1.G2G.2"),
    ("diff", "diff 18 26"),
    ("due", "due --within 400d"),
    ("gaps", "gaps"),
    ("evidence", "evidence check"),
];

const MINUTES: &[u8] = b"Minutes of the first meeting\n";
const FIGURES: &[u8] = b"Draft figures\n";

fn released(format: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/history/{format}"))
}

fn is_blessed() -> bool {
    std::env::var_os("ANNALS_BLESS").is_some()
}

/// A ledger in which every type of event occurs, with evidence in clear and in confidence.
fn make(folder: &Path) {
    let mut desk = told();
    let ledger = Ledger::create(folder).unwrap();
    let disclosures = desk.ledger.disclosures().unwrap();
    let all = ledger.record_all(requests(&desk.ledger), chrono::Utc::now()).unwrap();
    assert!(all.iter().all(Result::is_ok));
    ledger.take(disclosures).unwrap();
    let file = |bytes: &[u8], confidential| {
        ledger.put_blob(&mut &*bytes).unwrap();
        json!({"sha256": sha256(bytes), "size": bytes.len(), "mediatype": "text/plain", "filename": "a.txt",
               "confidential": confidential})
    };
    let mut minutes = file(MINUTES, false);
    minutes.as_object_mut().unwrap().remove("confidential");
    let held = json!({"effective": "2021-12", "lifecycle": "completed", "note": "afsluttet",
                      "evidence": [minutes, file(FIGURES, true)]});
    let (request, disclosures) = desk.sign(&desk.draft("DK", "actions/1.G2G.2", "action.progressed", held));
    ledger.record(request, disclosures).unwrap();
    ledger.keep().unwrap();
    drop(ledger);
    // What only helps the program that runs is none of the format.
    fs::remove_dir_all(folder.join("sled")).unwrap();
    fs::remove_file(folder.join("lock")).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The ways in which a ledger is read: as it lies, without what is derived, made anew, backed up, restored from its export.
fn ways(from: &Path, place: &Path) -> Vec<PathBuf> {
    let [lies, bare, anew, backup, restored] =
        ["lies", "bare", "anew", "backup", "restored"].map(|name| place.join(name));
    for to in [&lies, &bare, &anew] {
        copy(from, to);
    }
    fs::remove_dir_all(bare.join("index")).unwrap();
    annals::ledger::backup::back_up(from, &backup, &mut quietly).unwrap();
    answer(&anew, "rebuild");
    let mut restore = Restore::new(&restored).unwrap();
    let mut journal: Vec<_> =
        fs::read_dir(from.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    journal.sort();
    for segment in journal {
        fs::read(segment).unwrap().split_inclusive(|byte| *byte == b'\n').for_each(|line| {
            restore.push(line.trim_ascii_end()).unwrap();
        });
    }
    assert!(restore.finish().unwrap().holds());
    fs::copy(from.join(FILE), restored.join(FILE)).unwrap();
    copy(&from.join("blobs"), &restored.join("blobs"));
    vec![lies, bare, anew, backup, restored]
}

fn answer(ledger: &Path, asked: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_annals"));
    program.arg("--ledger").arg(ledger).args(asked.split(' ')).args(["--format", "json"]);
    program
        .env_remove("ANNALS_LEDGER")
        .env_remove("ANNALS_TODAY")
        .env("ANNALS_ANCHOR", ledger.join("../anchor"));
    let output = program.output().unwrap();
    let (said, error) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    // A file that is missing is an answer, too.
    assert!(output.status.code().is_some_and(|code| code < 2), "{asked}: {error}");
    said.replace(&*ledger.to_string_lossy(), "[LEDGER]")
}

/// Whether an answer says all that it said then: members are added to it, and nothing else changes.
fn says(then: &Value, now: &Value) -> bool {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            then.iter().all(|(name, value)| now.get(name).is_some_and(|now| says(value, now)))
        }
        (Value::Array(then), Value::Array(now)) => {
            then.len() == now.len() && then.iter().zip(now).all(|(then, now)| says(then, now))
        }
        (then, now) => then == now,
    }
}

#[test]
fn a_ledger_of_format_1_says_on_every_way_what_it_said_then() {
    let released = released(1);
    let ledger = released.join("ledger");
    if is_blessed() && !ledger.exists() {
        make(&ledger);
    }
    let place = tempfile::tempdir().unwrap();
    for way in ways(&ledger, place.path()) {
        for (name, asked) in ASKED {
            let (said, file) = (answer(&way, asked), released.join(format!("{name}.json")));
            if is_blessed() && !file.exists() {
                fs::write(&file, &said).unwrap();
            }
            let then = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let now = serde_json::from_str(&said).unwrap();
            assert!(says(&then, &now), "`{asked}` in {}: {said}", way.display());
        }
        let opened = Ledger::open(&way, &mut quietly).unwrap();
        assert!(opened.verify(&mut quietly).unwrap().holds());
    }
}

#[test]
fn a_ledger_of_format_1_has_every_type_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    copy(&released(1).join("ledger"), place.path());
    let mut desk = told();
    desk.ledger = Ledger::open(place.path(), &mut quietly).unwrap();
    let (mut history, mut types) = (History::default(), BTreeSet::new());
    desk.ledger
        .replay(0..u64::MAX, &mut |entry, fact| {
            history.evolve(entry, fact);
            types.insert(entry.request.event.kind.to_string());
            Ok(())
        })
        .unwrap();
    assert_eq!(whole(&desk.ledger), history);
    assert_eq!(types.len(), 17, "the types of version 1 are {types:?}");
    let said = json!({"effective": "2022-01", "lifecycle": "under_way"});
    let draft = desk.draft("DK", "actions/1.G2G.3", "action.progressed", said);
    // The id that comes next is the last one of the ledger's.
    desk.sign(&draft);
    assert_eq!(desk.record(&draft).unwrap().sequence, history.state.head.size);
    assert!(desk.ledger.verify(&mut quietly).unwrap().holds());
}
