//! Withheld values are handed to those for whom they are, and taken in where they belong.

use super::place::{PROGRESS, Place};
use std::fs;

/// What KR said: entry 126 for everybody, 127 for the parties, 128 for DK, 129 for itself.
fn said() -> Place {
    let place = Place::founded();
    for whom in ["public", "parties", "DK", "KR"] {
        let note = format!("Meant for {whom}");
        place.done([&PROGRESS[..], &["--note", &note, "--audience", whom]].concat());
    }
    place
}

fn taken(place: &Place, ledger: &str, file: &str, code: i32) -> (String, String) {
    let answer = place.annals(["disclose", "--take", file, "--ledger", ledger]);
    assert_eq!(answer.code, Some(code), "{answer:?}");
    (String::from_utf8(answer.out).unwrap(), answer.err)
}

/// Which notes are readable in a ledger.
fn readable(place: &Place, ledger: &str) -> Vec<&'static str> {
    let timeline = place.done(["timeline", "1.G2G.2", "--ledger", ledger]);
    ["public", "parties", "DK", "KR"]
        .into_iter()
        .filter(|whom| timeline.contains(&format!("Meant for {whom}")))
        .collect()
}

#[test]
fn each_reader_is_handed_what_is_meant_for_it_and_nothing_else() {
    let place = said();
    place.done(["export", "--output", "all.jsonl"]);
    for (reader, sees) in [
        ("public", &["public"][..]),
        ("parties", &["public", "parties"]),
        ("DK", &["public", "parties", "DK"]),
        ("KR", &["public", "parties", "DK", "KR"]),
    ] {
        let file = format!("{reader}.jsonl");
        place.done(["disclose", "1.G2G.2", "--for", reader, "-o", &file]);
        let printed = place.done(["disclose", "1.G2G.2", "--for", reader]);
        assert_eq!(printed, fs::read_to_string(place.path(&file)).unwrap());
        assert_eq!(printed.lines().count(), sees.len());
        let restored = format!("restored-{reader}");
        place.done(["restore", "all.jsonl", "--ledger", &restored]);
        assert!(readable(&place, &restored).is_empty());
        let (out, err) = taken(&place, &restored, &file, 0);
        assert!(out.starts_with(&format!("{} value", sees.len())) && err.is_empty(), "{out} {err}");
        assert_eq!(readable(&place, &restored), sees);
        let (out, _) = taken(&place, &restored, &file, 0);
        assert!(out.starts_with(&format!("0 values taken in, {} had been here before", sees.len())), "{out}");
        place.done(["verify", &restored]);
    }
    assert_eq!(place.done(["disclose", "126"]).lines().count(), 1);
    let none = place.annals(["disclose", "129"]);
    assert_eq!((none.code, none.out), (Some(0), Vec::new()));
    assert!(
        none.err.starts_with("annals: no value for public: ") && none.err.contains("for others"),
        "{}",
        none.err
    );
    assert_eq!(place.done(["disclose"]).lines().count(), 1);
    place.refused(
        ["disclose", "--for", "SE"],
        2,
        &["SE is not a party of this ledger; its parties are DK, KR"],
    );
    place.refused(["disclose", "1.G2G.22"], 2, &["neither an entry nor an action", "did you mean"]);
    place.refused(["disclose", "-o", "DK.jsonl"], 2, &["nothing is overwritten"]);
}

#[test]
fn what_belongs_to_no_entry_is_named_and_what_is_no_disclosure_ends_it_before_anything_is_kept() {
    let place = said();
    place.done(["disclose", "--for", "KR", "-o", "kr.jsonl"]);
    let own = fs::read_to_string(place.path("kr.jsonl")).unwrap();
    let other = said();
    let stray = other.done(["disclose", "126"]);
    place.done(["export", "--output", "all.jsonl"]);
    place.done(["restore", "all.jsonl", "--ledger", "restored"]);
    fs::write(place.path("mixed.jsonl"), format!("{stray}\n{own}")).unwrap();
    let before = fs::read(place.path("restored/disclosures.jsonl")).unwrap_or_default();
    for (name, rest) in
        [("torn.jsonl", "\"WyJ"), ("other.jsonl", "{\"request\":1}\n"), ("text.jsonl", "\u{1b}[2J\n")]
    {
        fs::write(place.path(name), format!("{own}{rest}")).unwrap();
        let (_, err) = taken(&place, "restored", name, 2);
        assert!(err.contains(name) && err.contains("line 6 is no disclosure"), "{err}");
    }
    assert_eq!(fs::read(place.path("restored/disclosures.jsonl")).unwrap_or_default(), before);
    let dry = place.annals(["disclose", "--take", "mixed.jsonl", "--ledger", "restored", "--dry-run"]);
    assert!(
        String::from_utf8(dry.out).unwrap().starts_with("5 values would be taken in; nothing was"),
        "{}",
        dry.err
    );
    assert!(readable(&place, "restored").is_empty());
    let (out, err) = taken(&place, "restored", "mixed.jsonl", 1);
    assert!(out.starts_with("5 values taken in") && out.contains("1 refused"), "{out}");
    assert!(err.contains("line 1: not taken: no entry here withholds a field `note`"), "{err}");
    assert_eq!(readable(&place, "restored").len(), 4);
}

#[test]
fn a_line_of_more_than_a_disclosure_may_have_is_refused_and_not_read_as_two() {
    let place = Place::founded();
    place.done([&PROGRESS[..], &["--note", "Held"]].concat());
    place.done(["disclose", "--for", "parties", "-o", "values.jsonl"]);
    let values = fs::read(place.path("values.jsonl")).unwrap();
    let line = values.split_inclusive(|byte| *byte == b'\n').next().unwrap().to_vec();
    // With its newline at most 131,072 bytes.
    for (length, taken) in [(131_072, true), (131_073, false), (140_000, false), (300_000, false)] {
        let blanks = vec![b' '; length - line.len()];
        fs::write(place.path("long.jsonl"), [blanks, line.clone()].concat()).unwrap();
        if taken {
            place.done(["disclose", "--take", "long.jsonl"]);
        } else {
            place.refused(["disclose", "--take", "long.jsonl"], 2, &["line 1"]);
        }
    }
}
