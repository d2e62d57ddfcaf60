//! The program `annals verify`, run as its users run it.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;
use std::process::{Command, Output};

const ENTRIES: &[u8] = include_bytes!("vectors/history.jsonl");

fn verify(arguments: &[&str], file: &Path) -> Output {
    let anchor = file.with_file_name("anchor");
    Command::new(env!("CARGO_BIN_EXE_annals"))
        .arg("verify")
        .args(arguments)
        .arg(file)
        .env("ANNALS_ANCHOR", anchor)
        .output()
        .unwrap()
}

fn of(bytes: &[u8], arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.jsonl");
    std::fs::write(&file, bytes).unwrap();
    let output = verify(arguments, &file);
    assert!(output.stderr.is_empty());
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_sound_export_is_answered_with_0_and_its_limits() {
    let (code, text) = of(ENTRIES, &[]);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("self-consistent, parties not authenticated") && text.contains("Not proved"),
        "{text}"
    );
}

#[test]
fn a_changed_byte_is_answered_with_1_and_its_entry() {
    let text = String::from_utf8(ENTRIES.to_vec()).unwrap().replacen("\"suspended\"", "\"continuing\"", 1);
    let (code, answer) = of(text.as_bytes(), &["--format", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(code, Some(1));
    let entry = answer.pointer("/verdicts/chain/entry").unwrap();
    let at = text.lines().position(|line| line.contains("tastefejl") || line.contains("\"continuing\""));
    assert!(at.is_some() && entry.as_u64().is_some());
    assert_eq!(answer.get("holds").unwrap().as_bool(), Some(false));
}

#[test]
fn the_empty_export_holds_and_hostile_bytes_are_answered() {
    assert_eq!(of(b"", &[]).0, Some(0));
    for bytes in [&b"\n"[..], b"\0\xff\n", &vec![b'x'; 200_000], b"\n\n", ENTRIES.trim_ascii_end()] {
        let (code, text) = of(bytes, &[]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("NOT CONSISTENT"), "{text}");
    }
}

#[test]
fn a_file_that_is_not_there_is_answered_with_2_and_its_name() {
    let output = verify(&[], Path::new("no-such-export.jsonl"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no-such-export.jsonl"));
}
