//! What is derived was lost or changed: it is made anew, and never believed against the journal.

use super::place::{PROGRESS, Place, READING, files};
use std::fs;
use std::path::Path;

type Damage = fn(&Path);

fn remove(path: &Path) {
    if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
}

fn cut(path: &Path, length: usize) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..length.min(used(&bytes))]).unwrap();
}

/// How many of a file's bytes are used; after them sled has zeros.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// What is said of every action, for a machine.
fn board(place: &Place) -> String {
    place.done(["status", "--format", "csv"])
}

#[test]
fn whatever_happened_to_sled_the_next_writer_heals_it_and_says_so_in_a_line() {
    let damages: [Damage; 9] = [
        |sled| remove(sled),
        |sled| {
            remove(sled);
            fs::write(sled, "garbage").unwrap();
        },
        |sled| fs::write(sled.join("1/db"), "garbage ".repeat(10_000)).unwrap(),
        |sled| fs::write(sled.join("1/db"), vec![0xff; 100_000]).unwrap(),
        |sled| cut(&sled.join("1/db"), used(&fs::read(sled.join("1/db")).unwrap()) / 2),
        |sled| cut(&sled.join("1/db"), 100),
        |sled| cut(&sled.join("1/db"), 0),
        |sled| remove(&sled.join("1/db")),
        |sled| {
            remove(&sled.join("1/db"));
            fs::create_dir(sled.join("1/db")).unwrap();
        },
    ];
    for damage in damages {
        let place = Place::founded();
        let before = place.export();
        damage(&place.ledger.join("sled"));
        for reading in READING {
            place.done(reading);
        }
        let healed = place.annals(PROGRESS);
        assert_eq!(healed.code, Some(0), "{healed:?}");
        assert_eq!(healed.err.lines().count(), 1, "{}", healed.err);
        assert!(healed.err.contains("`sled` was rebuilt from the journal's 126 entries"), "{}", healed.err);
        place.done(PROGRESS);
        assert!(place.export().starts_with(&before));
        place.done(["verify"]);
    }
}

#[test]
fn a_bit_flipped_anywhere_in_sled_changes_nothing_that_is_recorded() {
    let place = Place::founded();
    for step in 1..24 {
        let before = place.export();
        // Whatever was healed has another folder.
        let path = files(&place.ledger.join("sled")).into_keys().find(|path| path.ends_with("db")).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let at = used(&bytes) * step / 24;
        bytes[at] ^= 1 << (step % 8);
        fs::write(&path, bytes).unwrap();
        assert_eq!(place.annals(PROGRESS).code, Some(0));
        let after = place.export();
        assert!(after.starts_with(&before) && after.len() > before.len());
    }
    place.done(["verify"]);
}

#[test]
fn a_kept_state_that_is_lost_or_damaged_is_worth_as_much_as_none() {
    let damages: [Damage; 8] = [
        |state| remove(state),
        |state| cut(state, 0),
        |state| cut(state, 100),
        |state| cut(state, 40_000),
        |state| fs::write(state, "garbage").unwrap(),
        |state| fs::write(state, b"\xff\xfe\x00garbage").unwrap(),
        |state| fs::write(state, "[".repeat(100_000)).unwrap(),
        |state| fs::write(state, "{\"reducer\":4294967295,\"state\":{}}").unwrap(),
    ];
    for damage in damages {
        let place = Place::founded();
        let (before, known) = (place.export(), board(&place));
        damage(&place.snapshot());
        for reading in READING {
            place.done(reading);
        }
        assert_eq!(board(&place), known);
        place.done(PROGRESS);
        assert!(place.export().starts_with(&before));
        place.done(["verify"]);
    }
}

#[test]
fn a_kept_state_that_cannot_be_replaced_hides_no_receipt() {
    let place = Place::founded();
    let (before, known) = (place.export(), board(&place));
    fs::remove_dir_all(place.ledger.join("index")).unwrap();
    fs::write(place.ledger.join("index"), "no folder").unwrap();
    assert_eq!(board(&place), known);
    let answer = place.annals(PROGRESS);
    let recorded = place.export().len() > before.len();
    assert_eq!(recorded, answer.code == Some(0), "{answer:?}");
    assert_eq!(recorded, String::from_utf8(answer.out).unwrap().contains("recorded at sequence 126"));
}

#[test]
fn a_kept_state_of_another_moment_or_ledger_changes_no_answer() {
    let (place, other) = (Place::founded(), Place::founded());
    let earlier = fs::read(place.snapshot()).unwrap();
    place.done(PROGRESS);
    let known = board(&place);
    for text in [earlier, fs::read(other.snapshot()).unwrap()] {
        fs::write(place.snapshot(), text).unwrap();
        assert_eq!(board(&place), known);
    }
    fs::copy(other.snapshot(), place.ledger.join("index").join(other.snapshot().file_name().unwrap()))
        .unwrap();
    assert_eq!(board(&place), known);
}

#[test]
fn a_kept_state_with_another_text_in_it_is_not_believed() {
    let place = Place::founded();
    let known = place.done(["status", "--format", "csv"]);
    lie(&place, |digest, _| digest.to_owned());
    assert_eq!(place.done(["status", "--format", "csv"]), known);
}

#[test]
fn a_lie_under_a_digest_of_its_own_is_found_by_verify_and_gone_with_the_index() {
    let place = Place::founded();
    let known = place.done(["status", "--format", "csv"]);
    lie(&place, |_, state| format!("\"{}\"\n", annals::trail::hash::sha256(state.as_bytes())));
    assert_ne!(place.done(["status", "--format", "csv"]), known);
    let answer = place.annals(["verify"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(String::from_utf8(answer.out).unwrap().contains("read models         ✕"));
    fs::remove_dir_all(place.ledger.join("index")).unwrap();
    assert_eq!(place.done(["status", "--format", "csv"]), known);
    place.done(["verify"]);
}

/// Puts other words into the plan: the kept state is as well-formed as before, and of the same head.
fn lie(place: &Place, digest: impl Fn(&str, &str) -> String) {
    let path = place.snapshot();
    let text = fs::read_to_string(&path).unwrap();
    let (state, known) = text.split_at(text.trim_end().rfind('\n').unwrap() + 1);
    assert!(state.contains("Annual"));
    let state = state.replace("Annual", "Yearly");
    let digest = digest(known, &state);
    fs::write(&path, state + &digest).unwrap();
}

#[test]
fn disclosures_that_are_gone_leave_their_fields_withheld_and_everything_else_valid() {
    let place = Place::founded();
    let (before, known) = (place.export(), board(&place));
    remove(&place.ledger.join("disclosures.jsonl"));
    for reading in READING {
        place.done(reading);
    }
    assert!(place.done(["verify"]).contains("0 of 1 withheld fields disclosed here"));
    place.done(["cosign", "--as", "KR"]);
    let told = place.done(["bundle", "export", "--for", "KR", "-o", "out.bundle"]);
    assert!(told.contains("1 withheld value for such a reader not at hand here"), "{told}");
    assert_eq!((place.export(), board(&place)), (before.clone(), known));
    place.done(PROGRESS);
    assert!(place.export().starts_with(&before));
}

#[test]
fn a_torn_disclosure_was_never_acknowledged_and_is_cut_by_the_next_writer() {
    let place = Place::founded();
    let path = place.ledger.join("disclosures.jsonl");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"\"WyJ0b3Ju"].concat()).unwrap();
    for reading in READING {
        place.done(reading);
    }
    place.done(PROGRESS.into_iter().chain(["--note", "Whole"]));
    assert!(fs::read(&path).unwrap().starts_with(&whole));
    assert!(place.done(["verify"]).contains("2 of 2 withheld fields disclosed here"));
}

#[test]
fn a_disclosure_that_lacks_its_newline_alone_is_whole() {
    let place = Place::founded();
    place.done(PROGRESS.into_iter().chain(["--note", "The last word"]));
    let path = place.ledger.join("disclosures.jsonl");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    place.done(["checkpoint"]);
    assert_eq!(fs::read(&path).unwrap(), whole);
    assert!(place.done(["timeline", "1.G2G.2"]).contains("The last word"));
}

#[test]
fn a_bit_that_flipped_in_the_index_hides_nothing_and_stops_nobody() {
    let place = Place::founded();
    place.done(PROGRESS.into_iter().chain(["--note", "The last word"]));
    let asked = [&["show", "1.G2G.2"][..], &["status"], &["disclose", "--for", "parties"]];
    let said = asked.map(|asked| place.done(asked.iter().copied()));
    assert!(said[0].contains("The last word"));
    for entry in fs::read_dir(place.ledger.join("index")).unwrap() {
        let path = entry.unwrap().path();
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len().div_ceil(5)) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, &flipped).unwrap();
            for (asked, said) in asked.iter().zip(&said) {
                assert_eq!(&place.done(asked.iter().copied()), said, "{} at {at}", path.display());
            }
        }
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_damaged_disclosure_is_named_with_its_line_and_everything_else_is_at_hand() {
    let garbage = [&b"garbage\n"[..], b"\"WyJ4Il0\"\n", b"\xff\x00\n", b"\n"];
    for garbage in garbage {
        let place = Place::founded();
        let (before, path) = (place.export(), place.ledger.join("disclosures.jsonl"));
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [garbage, &whole].concat()).unwrap();
        for arguments in [&["timeline", "1.G2G.1"][..], &PROGRESS] {
            let answer = place.annals(arguments);
            assert_eq!(answer.code, Some(0), "{answer:?}");
            for word in ["disclosures.jsonl", "line 1", "withheld"] {
                assert!(answer.err.contains(word), "{}", answer.err);
            }
            assert!(arguments == PROGRESS || String::from_utf8(answer.out).unwrap().contains("Begun"));
        }
        assert_eq!(fs::read(&path).unwrap(), [garbage, &whole].concat(), "it may still be restored");
        fs::write(&path, whole).unwrap();
        assert!(place.export().starts_with(&before));
        place.done(["verify"]);
    }
}
