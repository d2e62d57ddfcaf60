//! The disk is full: nothing is recorded by half, and once there is room the same request is recorded once.

use super::place::{HISTORY, PROGRESS, Place, lines};
use serde_json::json;
use std::fs;

fn id(number: u64) -> String {
    format!("01790000-0000-7000-8000-{number:012}")
}

#[test]
fn on_a_full_disk_nothing_is_recorded_and_with_room_the_same_id_is_recorded_once() {
    let place = Place::on_a_disk_of("2m");
    let disk = place.disk.as_ref().unwrap();
    let (before, id) = (place.export(), id(1));
    // Longer than what may be left of a page that is in use.
    let correlation = "x".repeat(5_000);
    let what = [&PROGRESS[..], &["--id", &id, "--correlation", &correlation]].concat();
    // It may be deleted at any time, and its room could not be taken back from this test.
    fs::remove_dir_all(place.ledger.join("sled")).unwrap();
    for note in [None, Some("A short note"), Some(&*"A long note. ".repeat(900))] {
        let note: Vec<&str> = note.into_iter().flat_map(|note| ["--note", note]).collect();
        let arguments = [&what[..], &note].concat();
        disk.fill_but(0);
        place.annals(&arguments).says(3, &["not recorded", "make room"]);
        assert_eq!(place.export(), before);
        for reading in ["status", "verify", "timeline 1.G2G.1", "lint"] {
            place.done(reading.split(' '));
        }
        disk.make_room();
    }
    let note = "A long note. ".repeat(900);
    let arguments = [&what[..], &["--note", note.trim()]].concat();
    let healed = place.annals(&arguments);
    assert_eq!(healed.code, Some(0), "{}", healed.err);
    assert!(place.done(&arguments).contains("recorded before at sequence 126"));
    let after = place.export();
    assert!(after.starts_with(&before) && lines(&after) == 127);
    assert!(place.done(["timeline", "1.G2G.2"]).contains("A long note."));
    place.done(["verify"]);
}

/// While the disk fills up, whatever is derived makes way: some requests still go through.
#[test]
fn whether_a_request_is_recorded_is_what_the_answer_says_however_little_room_there_is() {
    let place = Place::on_a_disk_of("2m");
    let disk = place.disk.as_ref().unwrap();
    let rooms = [0, 0, 4, 8, 16, 32, 0, 48, 64, 100, 0, 150, 0, 400, 0];
    for (number, room) in (1..).zip(rooms) {
        let (id, note) = (id(number), format!("Said with {room} KB of room"));
        let arguments = [&PROGRESS[..], &["--id", &id, "--note", &note]].concat();
        disk.fill_but(room << 10);
        let answer = place.annals(&arguments);
        if answer.code != Some(0) {
            answer.says(3, &["make room"]);
        }
        assert_eq!(place.count(&id), usize::from(answer.code == Some(0)), "{room} KB: {answer:?}");
        disk.make_room();
        assert_eq!(place.annals(&arguments).code, Some(0));
        assert_eq!(place.count(&id), 1);
    }
    let timeline = place.done(["timeline", "1.G2G.2"]);
    assert_eq!(timeline.matches("KB of room").count(), rooms.len());
    place.done(["verify"]);
}

#[test]
fn an_import_that_met_a_full_disk_is_completed_by_repeating_it() {
    for room in [0, 100, 700] {
        let place = Place::on_a_disk_of("8m");
        let disk = place.disk.as_ref().unwrap();
        let before = place.export();
        fs::remove_dir_all(place.ledger.join("sled")).unwrap();
        disk.fill_but(room << 10);
        place
            .annals(["import", HISTORY, "--make-keys"])
            .says(3, &["not recorded", "the disk is full", "make room"]);
        let between = place.export();
        assert!(between.starts_with(&before));
        disk.make_room();
        let completed = place.annals(["import", HISTORY, "--make-keys"]);
        assert_eq!(completed.code, Some(0), "{}", completed.err);
        let after = place.export();
        assert!(after.starts_with(&between));
        let again = place.done(["import", HISTORY, "--make-keys", "--format", "json"]);
        let again: serde_json::Value = serde_json::from_str(&again).unwrap();
        let requests = std::fs::read_to_string(HISTORY).unwrap().lines().count();
        assert_eq!((&again["recorded"], &again["repeated"]), (&0.into(), &requests.into()));
        assert_eq!(place.export(), after);
        place.done(["verify"]);
    }
}

#[test]
fn on_a_full_disk_no_half_of_a_ledger_is_left_behind() {
    let mut place = Place::on_a_disk_of("2m");
    fs::write(place.path("export.jsonl"), place.export()).unwrap();
    let known = place.ledger.clone();
    let disk = place.disk.as_ref().unwrap();
    disk.fill_but(64 << 10);
    place.ledger = disk.path.join("another");
    place.annals(["restore", "export.jsonl"]).says(3, &["make room"]);
    place.annals(["init", super::place::PLAN, "--as", "DK", "--both-sides"]).says(3, &["make room"]);
    let mut left: Vec<_> = fs::read_dir(&disk.path).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.sort();
    assert_eq!(left, [disk.path.join("fill"), known]);
    disk.make_room();
    place.done(["restore", "export.jsonl"]);
    assert_eq!(place.export(), fs::read(place.path("export.jsonl")).unwrap());
}

#[test]
fn evidence_that_finds_no_room_is_neither_kept_nor_named() {
    let place = Place::on_a_disk_of("2m");
    let disk = place.disk.as_ref().unwrap();
    fs::write(place.path("minutes.pdf"), "minutes ".repeat(20_000)).unwrap();
    let arguments = [&PROGRESS[..], &["--evidence", "minutes.pdf"]].concat();
    let before = place.truth();
    disk.fill_but(100 << 10);
    place.annals(&arguments).says(3, &["blobs", "the disk is full", "make room"]);
    assert!(place.truth() == before);
    disk.make_room();
    assert_eq!(place.annals(&arguments).code, Some(0));
    let kept = fs::read_dir(place.ledger.join("blobs")).unwrap().count();
    assert_eq!(kept, 2, "the plan and the minutes");
    place.done(["verify"]);
}

#[test]
fn a_key_that_finds_no_room_leaves_nothing_that_stands_in_the_way() {
    let place = Place::on_a_disk_of("1m");
    let disk = place.disk.as_ref().unwrap();
    let keys = disk.path.join("keys");
    let with_keys =
        |arguments: &[&str]| place.annals([&["--keys", keys.to_str().unwrap()], arguments].concat());
    assert_eq!(with_keys(&["key", "new", "DK/officer-1"]).code, Some(0));
    disk.fill_but(0);
    with_keys(&["key", "new", "DK/officer-2"]).says(3, &["officer-2"]);
    disk.make_room();
    let list = with_keys(&["key", "list"]);
    assert_eq!((list.code, list.err.as_str()), (Some(0), ""));
    assert_eq!(String::from_utf8(list.out).unwrap().lines().count(), 1);
}

#[test]
fn a_disk_with_little_room_is_told_until_there_is_more() {
    let place = Place::on_a_disk_of("2m");
    let (code, found) = place.examined();
    let first = &found["findings"][0];
    assert_eq!(
        (code, &first["about"], &first["gravity"]),
        (Some(1), &json!("room"), &json!("wrong")),
        "{found:#}"
    );
    assert!(first["remedy"].as_str().unwrap().contains("make room"));
    place.disk.as_ref().unwrap().remount("size=200m");
    place.healthy();
}
