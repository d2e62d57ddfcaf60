//! The folder may not be written to, or not be read: who is refused learns which right is missing, and the ledger stays
//! as it is.

use super::doctor::ledger;
use super::place::{HISTORY, PLAN, PROGRESS, Place, READING};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// As it is on a disk that one may look at alone.
fn close(path: &Path) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            close(&entry.unwrap().path());
        }
    }
    set(path, if path.is_dir() { 0o555 } else { 0o444 });
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

const REMEDY: [&str; 3] =
    ["not permitted", "give this user the right to it", "what only reads the ledger needs no right to write"];

#[test]
fn what_is_withheld_is_for_its_owner_and_their_group_alone() {
    let place = Place::founded();
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    place.done([&PROGRESS[..], &["--note", "An officer's name"]].concat());
    place.done(["backup", "backup"]);
    place.done(["disclose", "--for", "KR", "-o", "disclosed"]);
    place.done(["bundle", "export", "--for", "KR", "-o", "bundled"]);
    for folder in ["ledger", "backup"] {
        assert_eq!(mode(folder) & 0o007, 0, "{folder}");
    }
    for file in ["disclosed", "bundled"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    // Who wants it otherwise has it so.
    set(&place.ledger, 0o755);
    place.done(PROGRESS);
    assert_eq!(mode("ledger"), 0o755);
}

#[test]
fn a_user_without_the_right_to_write_reads_and_is_told_which_right_is_missing() {
    let place = Place::founded();
    let (before, closed) =
        (place.export(), [place.ledger.as_path(), &place.path("keys"), place.folder.path()]);
    closed.into_iter().for_each(close);
    set(place.folder.path(), 0o755);
    let note = [&PROGRESS[..], &["--note", "Begun"]].concat();
    for arguments in
        [&PROGRESS[..], &note, &["import", HISTORY], &["record", "confirm", "1.G2G.1", "--as", "DK"]]
    {
        place.annals_as_nobody(arguments).says(3, &[&["lock"], &REMEDY[..]].concat());
    }
    for reading in READING {
        let answer = place.annals_as_nobody(reading);
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{reading:?}");
    }
    set(&place.ledger.join("lock"), 0o666);
    place.annals_as_nobody(PROGRESS).says(3, &[&["journal"], &REMEDY[..]].concat());
    assert_eq!(place.export(), before);
}

#[test]
fn a_user_without_the_right_to_read_is_told_which_file_it_is() {
    let place = Place::founded();
    let truth = place.truth();
    close(place.folder.path());
    set(place.folder.path(), 0o755);
    for file in ["annals.json", "journal/000000000000.jsonl", "disclosures.jsonl"] {
        set(&place.ledger.join(file), 0o000);
        for reading in [&["status"][..], &["export"], &["verify"], &PROGRESS] {
            let answer = place.annals_as_nobody(reading);
            answer.says(3, &["ermi"]);
            assert!(answer.err.contains(file) || reading == PROGRESS, "{}", answer.err);
            let of_writing = answer.err.contains("needs no right to write");
            assert!(!of_writing || reading == PROGRESS, "{}", answer.err);
        }
        set(&place.ledger.join(file), 0o444);
    }
    // What can be made anew is not missed.
    set(&place.ledger.join("index"), 0o000);
    set(&place.ledger.join("sled"), 0o000);
    for reading in READING {
        assert_eq!(place.annals_as_nobody(reading).code, Some(0), "{reading:?}");
    }
    assert!(place.truth() == truth);
}

#[test]
fn a_user_who_may_write_to_all_but_the_journal_writes_to_nothing() {
    let place = Place::founded();
    let truth = place.truth();
    set(place.folder.path(), 0o755);
    for (path, mode) in [("", 0o777), ("lock", 0o666), ("disclosures.jsonl", 0o666), ("index", 0o777)] {
        set(&place.ledger.join(path), mode);
    }
    close(&place.ledger.join("journal"));
    close(&place.path("keys"));
    let note = [&PROGRESS[..], &["--note", "Begun"]].concat();
    place.annals_as_nobody(note).says(3, &[&["journal"], &REMEDY[..]].concat());
    assert!(place.truth() == truth);
}

#[test]
fn on_a_disk_that_is_mounted_for_reading_only_one_reads() {
    let place = Place::on_a_disk_of("4m");
    let disk = place.disk.as_ref().unwrap();
    let before = place.export();
    disk.remount("ro");
    let remedy = ["mounted for reading only", "mount it for writing"];
    place.refused(PROGRESS, 3, &[&["lock"], &remedy[..]].concat());
    place.refused(["import", HISTORY], 3, &remedy);
    for reading in READING {
        place.done(reading);
    }
    let found = String::from_utf8(place.annals(["doctor"]).out).unwrap();
    assert!(found.contains("mount it for writing") && !found.contains("chmod"), "{found}");
    let another = disk.path.join("another");
    let init = ["--ledger", another.to_str().unwrap(), "init", PLAN, "--as", "DK", "--both-sides"];
    place.refused(init, 3, &["another", "mounted for reading only"]);
    assert_eq!(place.export(), before);
    disk.remount("rw");
    set(&place.ledger.join("journal"), 0o700);
    disk.remount("ro");
    let found = String::from_utf8(place.annals_as_nobody(["doctor"]).out).unwrap();
    assert!(
        found.contains("whose it is, gives this user the right") && !found.contains("mount it"),
        "{found}"
    );
    assert!(!found.contains("chmod"), "whoever does not own it can do nothing with that: {found}");
    disk.remount("rw");
    place.done(PROGRESS);
    assert!(place.export().starts_with(&before));
}

#[test]
fn a_folder_that_this_user_may_not_write_to_or_read_is_named_with_what_gives_the_right() {
    let place = ledger();
    for folder in [place.folder.path(), &place.ledger] {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    // Whoever may read, and nothing else, is told so, and nothing is wrong.
    let answer = place.annals_as_nobody(["doctor"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(String::from_utf8(answer.out).unwrap().contains("rights, fine: this user may read"));
    place.follow(&format!("chown -R 65534:65534 {}", place.folder.path().display()));
    for (mode, path, gravity, code, what) in [
        (0o444, place.segment(), "wrong", 1, "may not write to"),
        (0o555, place.ledger.clone(), "wrong", 1, "may not write to"),
        (0o000, place.segment(), "unreadable", 3, "may not read"),
        (0o000, place.ledger.join("disclosures.jsonl"), "unreadable", 3, "may not read"),
    ] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let answer = place.annals_as_nobody(["--format", "json", "doctor"]);
        let found: Value = serde_json::from_slice(&answer.out).unwrap();
        assert_eq!(answer.code, Some(code), "{found:#}");
        let rights =
            found["findings"].as_array().unwrap().iter().find(|finding| finding["about"] == "rights");
        let rights = rights.unwrap();
        assert_eq!(rights["gravity"], json!(gravity), "{found:#}");
        let said = rights["what"].as_str().unwrap();
        assert!(said.contains(what) && said.contains(path.to_str().unwrap()), "{said}");
        let command = rights["commands"][0].as_str().unwrap();
        place.follow(&format!("setpriv --reuid=65534 --regid=65534 --clear-groups {command}"));
        let answer = place.annals_as_nobody(["doctor"]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
    }
}
