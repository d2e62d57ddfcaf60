//! After an erasure no file of the folder holds the value, its salt or its disclosure, whenever the writer was stopped.

use super::desk::{self, ACTION, Desk};
use super::place::{PROGRESS, Place, files};
use super::trace::Secret;
use annals::ledger::{Ledger, quietly};
use annals::record::withheld;
use annals::store::Condition;
use annals::trail::disclosure::Disclosure;
use chrono::Utc;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::Path;
use tempfile::TempDir;

const NOTE: &str = "Frau \"Schmidt\" nahm teil,\n홍길동, 24937 Flensburg";
const FILE: &[u8] = b"Diagnose: Frau Schmidt, geboren 1970, arbeitsunfaehig seit Montag";
const BASIS: [&str; 6] = ["--as", "KR", "--reason", "Asked for", "--basis", "GDPR Art. 17(1)(a)"];

/// A ledger in which KR has said something personal, with a confidential file: entry 126.
fn said() -> (Place, Secret, Vec<Secret>) {
    let place = Place::founded();
    fs::write(place.path("befund.txt"), FILE).unwrap();
    let what = ["--note", NOTE, "--evidence", "befund.txt", "--confidential"];
    place.done([&PROGRESS[..], &what].concat());
    fs::remove_file(place.path("befund.txt")).unwrap();
    let ledger = Ledger::open_read_only(&place.ledger).unwrap();
    let held = disclosures(&ledger, 126);
    let secret = |name: &str| Secret::of(held.iter().find(|each| each.name() == name).unwrap());
    let evidence = vec![secret("sha256"), secret("filename"), Secret::bytes(FILE)];
    (place, secret("note"), evidence)
}

/// Those of an entry.
fn disclosures(ledger: &Ledger, sequence: u64) -> Vec<Disclosure> {
    let entry = ledger.entry(sequence).unwrap().unwrap();
    let places = withheld::places(&entry.request.event.data.members());
    places.iter().filter_map(|(_, digest)| ledger.disclosure(digest)).collect()
}

fn erase(place: &Place, field: &str) -> String {
    place.done([&["erase", "126", "--field", field], &BASIS[..]].concat())
}

#[test]
fn no_byte_of_what_was_erased_is_left_in_the_folder() {
    let (place, note, evidence) = said();
    assert!(note.traces(&place.ledger).iter().all(|file| file.ends_with("disclosures.jsonl")));
    assert_eq!(note.traces(&place.ledger).len(), 1, "the search finds what is there");
    assert_eq!(evidence.iter().map(|each| each.traces(&place.ledger).len()).sum::<usize>(), 4);
    erase(&place, "note");
    assert_eq!(note.traces(&place.ledger), [""; 0]);
    assert_eq!(evidence.iter().map(|each| each.traces(&place.ledger).len()).sum::<usize>(), 4);
    for field in ["evidence/1/filename", "evidence/1/sha256"] {
        erase(&place, field);
    }
    for secret in [&note].into_iter().chain(&evidence) {
        assert_eq!(secret.traces(&place.ledger), [""; 0]);
    }
    let verified = place.done(["verify"]);
    assert!(verified.contains("4 of 7 withheld fields disclosed here, 3 erased"), "{verified}");
    let shown = place.done(["show", "1.G2G.2"]);
    assert!(shown.contains("(erased: Asked for; GDPR Art. 17(1)(a))"), "{shown}");
    assert!(shown.contains("126/1: (name erased), 65 bytes, text/plain, erased"), "{shown}");
    assert!(place.done(["timeline", "1.G2G.1"]).contains("Begun"), "what others said is there");
    // Everything that is derived was made anew from what is left.
    fs::remove_dir_all(place.ledger.join("sled")).unwrap();
    fs::remove_dir_all(place.ledger.join("index")).unwrap();
    assert_eq!(place.annals([&PROGRESS[..], &["--note", "More"]].concat()).code, Some(0));
    for secret in [&note].into_iter().chain(&evidence) {
        assert_eq!(secret.traces(&place.ledger), [""; 0]);
    }
}

/// A copy of what is in a folder, to be put back.
fn kept(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    files(folder).into_iter().collect()
}

#[test]
fn an_erasure_that_was_cut_off_is_completed_by_the_next_writer_and_shown_to_nobody_before() {
    let (place, note, evidence) = said();
    let blobs = place.ledger.join("blobs");
    let before: Vec<_> = [kept(&place.ledger.join("disclosures.jsonl")), kept(&blobs)].concat();
    erase(&place, "note");
    erase(&place, "evidence/1/sha256");
    // As it was between the entry and the removal.
    for (path, bytes) in before {
        fs::write(path, bytes).unwrap();
    }
    // A rewriting that was cut off, and a file that was being kept.
    fs::write(place.ledger.join("disclosures.jsonl.part"), format!("\"{NOTE}")).unwrap();
    fs::write(blobs.join(".part"), FILE).unwrap();
    let linger = place.done(["verify"]);
    assert!(linger.contains("2 erased values are still in this folder"), "{linger}");
    for reading in ["show 1.G2G.2", "timeline", "replay --from 120", "evidence check", "disclose --for KR"] {
        let answer = place.done(reading.split(' '));
        assert!(!answer.contains("Schmidt"), "{reading}: {answer}");
        assert!(
            !note.within(answer.as_bytes()) && !evidence[0].within(answer.as_bytes()),
            "{reading}: {answer}"
        );
    }
    assert!(place.annals(["evidence", "open", "126"]).err.contains("is erased"));
    let healed = place.annals(PROGRESS);
    assert_eq!(healed.code, Some(0));
    assert!(
        healed.err.contains("2 values that were erased were still here, and are removed now"),
        "{healed:?}"
    );
    for secret in [&note, &evidence[0], &evidence[2]] {
        assert_eq!(secret.traces(&place.ledger), [""; 0]);
    }
    assert_eq!(evidence[1].traces(&place.ledger).len(), 1, "the name of the file was not erased");
    assert!(place.done(["verify"]).contains("2 erased"));
}

#[test]
fn a_file_that_another_entry_names_stays() {
    let (place, ..) = said();
    fs::write(place.path("befund.txt"), FILE).unwrap();
    let again = ["--evidence", "befund.txt"];
    place.done([&PROGRESS[..], &again].concat());
    erase(&place, "evidence/1/sha256");
    let checked = place.done(["evidence", "check"]);
    assert!(
        checked.contains("found             1\n") && checked.contains("erased            1\n"),
        "{checked}"
    );
    // Named by two that both withhold its digest, it goes with the second.
    let (place, _, evidence) = said();
    fs::write(place.path("befund.txt"), FILE).unwrap();
    place.done([&PROGRESS[..], &again, &["--confidential"]].concat());
    fs::remove_file(place.path("befund.txt")).unwrap();
    erase(&place, "evidence/1/sha256");
    assert!(place.done(["evidence", "check"]).contains("found             1\n"));
    place.done([&["erase", "127", "--field", "evidence/1/sha256"], &BASIS[..]].concat());
    assert_eq!(evidence[2].traces(&place.ledger), [""; 0]);
}

#[test]
fn lines_that_are_no_disclosures_go_with_what_is_erased() {
    let (place, note, _) = said();
    let path = place.ledger.join("disclosures.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let ledger = Ledger::open_read_only(&place.ledger).unwrap();
    let own = disclosures(&ledger, 126).into_iter().find(|each| each.name() == "note").unwrap();
    // Damaged, it has another digest or none, and still holds what it says.
    let flipped = own.encoded().replacen("cm", "cn", 1);
    assert_ne!(flipped, own.encoded());
    fs::write(&path, format!("\"{}\n{text}\"{flipped}\"\n", own.encoded())).unwrap();
    let answer = place.annals([&["erase", "126", "--field", "note"], &BASIS[..]].concat());
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(note.traces(&place.ledger), [""; 0]);
    assert!(place.done(["timeline", "1.G2G.1"]).contains("Begun"));
}

/// Changed by one letter, a line is still a disclosure, of a digest that no entry holds.
#[test]
fn what_is_erased_goes_though_its_line_was_changed_and_the_file_that_it_names_with_it() {
    let (place, note, evidence) = said();
    let path = place.ledger.join("disclosures.jsonl");
    let ledger = Ledger::open_read_only(&place.ledger).unwrap();
    let mut text = fs::read_to_string(&path).unwrap();
    for own in disclosures(&ledger, 126).iter().filter(|each| ["note", "sha256"].contains(&each.name())) {
        let (begin, end) = (&own.encoded()[..5], &own.encoded()[6..]);
        let others =
            ('a'..='z').filter_map(|letter| Disclosure::parse(&format!("{begin}{letter}{end}")).ok());
        let other = others.into_iter().find(|other| other.digest() != own.digest()).unwrap();
        assert_eq!(other.value(), own.value());
        text = text.replace(own.encoded(), other.encoded());
    }
    drop(ledger);
    fs::write(&path, &text).unwrap();
    erase(&place, "note");
    // One was recorded with an entry, and the reason of the erasure is new.
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), text.lines().count() - 2 + 1);
    assert_eq!(note.traces(&place.ledger), [""; 0]);
    assert_eq!(Secret::bytes(FILE).traces(&place.ledger).len(), 1, "the file was not erased");
    erase(&place, "evidence/1/sha256");
    assert_eq!(Secret::bytes(FILE).traces(&place.ledger), [""; 0], "it is known by its size");
    assert!(!place.ledger.join("erasing").exists());
    assert_eq!(evidence[0].traces(&place.ledger), [""; 0]);
    place.done(["verify"]);
}

/// Keeps a file that another entry may name: whoever cannot tell says so.
#[test]
fn a_file_that_another_entry_may_name_is_told_and_goes_once_that_is_known() {
    let (place, ..) = said();
    let path = place.ledger.join("disclosures.jsonl");
    fs::write(place.path("again.txt"), FILE).unwrap();
    place.done([&PROGRESS[..], &["--evidence", "again.txt", "--confidential"]].concat());
    let whole = fs::read_to_string(&path).unwrap();
    let ledger = Ledger::open_read_only(&place.ledger).unwrap();
    let second = disclosures(&ledger, 127).into_iter().find(|each| each.name() == "sha256").unwrap();
    drop(ledger);
    fs::write(&path, whole.replace(second.encoded(), "garbage")).unwrap();
    let told = place.annals([&["erase", "126", "--field", "evidence/1/sha256"], &BASIS[..]].concat());
    assert_eq!(told.code, Some(3), "{told:?}");
    assert!(told.err.contains("entry 127 may name it") && told.err.contains("disclose --take"), "{told:?}");
    assert_eq!(Secret::bytes(FILE).traces(&place.ledger).len(), 1);
    assert!(place.ledger.join("erasing").exists());
    // Each next writer says so, until it is known: here, that the other entry names the same.
    fs::write(place.path("second.jsonl"), format!("\"{}\"\n", second.encoded())).unwrap();
    let taken = place.annals(["disclose", "--take", "second.jsonl"]);
    assert!(taken.code == Some(0) && taken.err.contains("cannot be removed now"), "{taken:?}");
    place.done(["record", "progress", "1.G2G.4", "--as", "KR", "--lifecycle", "under_way"]);
    assert!(!place.ledger.join("erasing").exists());
    assert_eq!(Secret::bytes(FILE).traces(&place.ledger).len(), 1, "entry 127 names it");
    place.done([&["erase", "127", "--field", "evidence/1/sha256"], &BASIS[..]].concat());
    assert_eq!(Secret::bytes(FILE).traces(&place.ledger), [""; 0]);
}

/// Of several files that nothing names, nobody knows which one a value named that is not at hand: all stay, and are told.
#[test]
fn of_several_files_that_may_have_been_erased_none_goes_unseen() {
    let (place, _, evidence) = said();
    fs::write(place.path("other.txt"), vec![b'x'; FILE.len()]).unwrap();
    place.done(["evidence", "add", "other.txt"]);
    let path = place.ledger.join("disclosures.jsonl");
    let ledger = Ledger::open_read_only(&place.ledger).unwrap();
    let own = disclosures(&ledger, 126).into_iter().find(|each| each.name() == "sha256").unwrap();
    drop(ledger);
    fs::write(&path, fs::read_to_string(&path).unwrap().replace(own.encoded(), "garbage")).unwrap();
    let told = place.annals([&["erase", "126", "--field", "evidence/1/sha256"], &BASIS[..]].concat());
    assert_eq!(told.code, Some(3), "{told:?}");
    assert!(told.err.contains("nothing here tells which file was erased"), "{told:?}");
    assert_eq!(fs::read_dir(place.ledger.join("blobs")).unwrap().count(), 3, "with the plan");
    assert_eq!(evidence[0].traces(&place.ledger).len(), 1, "the name of the file");
    // It was told, and is no concern of whoever writes next.
    place.done(["record", "progress", "1.G2G.4", "--as", "KR", "--lifecycle", "under_way"]);
    assert!(!place.ledger.join("erasing").exists());
}

/// The printed plan is named by its document, and a file by whoever put it forward in clear.
#[test]
fn a_file_that_is_named_in_clear_stays() {
    let (place, ..) = said();
    fs::write(place.path("clear.txt"), FILE).unwrap();
    place.done([&PROGRESS[..], &["--evidence", "clear.txt"]].concat());
    erase(&place, "evidence/1/sha256");
    assert_eq!(Secret::bytes(FILE).traces(&place.ledger).len(), 1);
}

/// Another party's erasure of something else leaves a file whose line was changed.
#[test]
fn an_erasure_removes_no_file_but_its_own() {
    let (place, ..) = said();
    place.done([
        "record",
        "progress",
        "1.G2G.4",
        "--as",
        "DK",
        "--lifecycle",
        "under_way",
        "--note",
        "Personal",
    ]);
    let path = place.ledger.join("disclosures.jsonl");
    let ledger = Ledger::open_read_only(&place.ledger).unwrap();
    let own = disclosures(&ledger, 126).into_iter().find(|each| each.name() == "sha256").unwrap();
    drop(ledger);
    let others = ('a'..='z').filter_map(|letter| {
        Disclosure::parse(&format!("{}{letter}{}", &own.encoded()[..5], &own.encoded()[6..])).ok()
    });
    let other = others.into_iter().find(|other| other.digest() != own.digest()).unwrap();
    fs::write(&path, fs::read_to_string(&path).unwrap().replace(own.encoded(), other.encoded())).unwrap();
    place.done(["erase", "127", "--field", "note", "--as", "DK", "--reason", "Asked for", "--basis", "GDPR"]);
    assert_eq!(Secret::bytes(FILE).traces(&place.ledger).len(), 1);
}

/// A writer that was stopped between the entry and the removal leaves word of it, whatever the line is by now.
#[test]
fn an_erasure_that_was_cut_off_is_completed_though_the_line_was_changed() {
    let (place, note, _) = said();
    let path = place.ledger.join("disclosures.jsonl");
    let before = fs::read_to_string(&path).unwrap().replace("\"\n", "A\"\n");
    erase(&place, "note");
    let reason = fs::read_to_string(&path).unwrap().lines().last().unwrap().to_owned();
    fs::write(&path, format!("{before}{reason}\n")).unwrap();
    fs::write(place.ledger.join("erasing"), "").unwrap();
    assert_ne!(note.traces(&place.ledger), [""; 0]);
    let (code, told) = {
        let answer = place.annals(["doctor"]);
        (answer.code, String::from_utf8(answer.out).unwrap())
    };
    assert!(code == Some(1) && told.contains("an erasure was begun"), "{told}");
    let rebuilt = place.annals(["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:?}");
    assert_eq!(note.traces(&place.ledger), [""; 0]);
    assert!(!place.ledger.join("erasing").exists());
}

/// A ledger of this process, with a note by KR: its folder, its ledger, the note and the request that erases it.
fn noted() -> (TempDir, Ledger, Disclosure, annals::trail::entry::Request) {
    let mut desk = Desk::founded();
    let mut requests = desk::requests(&desk.ledger);
    let note = json!({"effective": "2021-06", "note": NOTE});
    let draft = desk.draft("KR", ACTION, "action.progressed", note);
    let (request, disclosures) = desk.sign(&draft);
    let held = desk.ledger.record(request.clone(), disclosures.clone()).unwrap();
    let digest = desk.digest(held, "note").to_string();
    let data: Value = json!({"digest": digest, "basis": "GDPR", "reason": "slettet"});
    let mut draft = desk.draft("KR", "ledger", "disclosure.erased", data);
    draft.causationid = Some(held.id);
    let (erasing, _) = desk.sign_with(&draft, &desk::key_of("KR", annals::record::role::Role::Authority));
    let home = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(home.path()).unwrap();
    requests.push((request, disclosures.clone()));
    assert!(ledger.record_all(requests, Utc::now()).unwrap().iter().all(Result::is_ok));
    (home, ledger, disclosures[0].clone(), erasing)
}

#[test]
fn where_a_value_cannot_be_removed_the_old_file_is_whole_and_its_user_is_told() {
    let (home, ledger, note, erasing) = noted();
    let path = home.path().join("disclosures.jsonl");
    let (before, part) = (fs::read(&path).unwrap(), home.path().join("disclosures.jsonl.part"));
    fs::create_dir(&part).unwrap();
    assert!(!ledger.record(erasing.clone(), Vec::new()).unwrap().repeated);
    let error = ledger.complete_erasures().unwrap_err().to_string();
    assert!(error.contains("disclosures.jsonl.part"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_dir(&part).unwrap();
    // The same request again tries again.
    assert!(ledger.record(erasing, Vec::new()).unwrap().repeated);
    assert_eq!(ledger.complete_erasures().unwrap(), 0);
    assert_eq!(Secret::of(&note).traces(home.path()), [""; 0]);
    assert_eq!(ledger.disclosure(&note.digest()), None);
}

#[test]
fn an_erasure_that_comes_from_elsewhere_removes_the_own_copy() {
    let (home, ledger, note, erasing) = noted();
    let secret = Secret::of(&note);
    assert_eq!(secret.traces(home.path()).len(), 1);
    // The journal of the side that erased is put in the place of the own.
    let head = ledger.head().leaf;
    drop(ledger);
    let other = tempfile::tempdir().unwrap();
    for (path, bytes) in kept(home.path()) {
        let to = other.path().join(path.strip_prefix(home.path()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }
    let theirs = Ledger::open(other.path(), &mut quietly).unwrap();
    theirs.record(erasing, Vec::new()).unwrap();
    assert_ne!(theirs.head().leaf, head);
    drop(theirs);
    let segment = "journal/000000000000.jsonl";
    fs::copy(other.path().join(segment), home.path().join(segment)).unwrap();
    let ledger = Ledger::open(home.path(), &mut quietly).unwrap();
    let said = ledger.notices().join("\n");
    assert!(said.contains("a value that was erased was still here, and is removed now"), "{said}");
    assert_eq!(secret.traces(home.path()), [""; 0]);
    // What is handed over later does not bring it back.
    ledger.take(vec![note.clone()]).unwrap();
    assert_eq!(secret.traces(home.path()), [""; 0]);
    assert!(ledger.verify(&mut quietly).unwrap().holds());
    assert_eq!(ledger.copy_blob(&"0".repeat(64), &mut io::sink()).unwrap(), Condition::Missing);
}

#[test]
fn a_restored_ledger_takes_no_erased_value_in() {
    let (place, note, _) = said();
    place.done(["disclose", "--for", "KR", "-o", "kr.jsonl"]);
    erase(&place, "note");
    place.done(["export", "--output", "all.jsonl"]);
    let restored = place.path("restored");
    place.done(["restore", "all.jsonl", "--ledger", restored.to_str().unwrap()]);
    let taken = place.annals(["disclose", "--take", "kr.jsonl", "--ledger", restored.to_str().unwrap()]);
    assert_eq!(taken.code, Some(0), "{taken:?}");
    assert!(taken.err.contains("not taken: `note` was erased by entry 127"), "{taken:?}");
    assert!(
        String::from_utf8(taken.out).unwrap().starts_with("3 values taken in"),
        "the other four less one"
    );
    assert_eq!(note.traces(&restored), [""; 0]);
    let verified = place.done(["verify", restored.to_str().unwrap()]);
    assert!(verified.contains("3 of 5 withheld fields disclosed here, 1 erased"), "{verified}");
}
