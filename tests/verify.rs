//! The program `annals verify`, run as its users run it.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::hash::NodeHash;
use annals::trail::key::{Kind, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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
#[cfg(unix)]
fn an_export_is_read_through_a_pipe_too() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_annals"));
    let mut running =
        program.args(["verify", "/dev/stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut running.stdin.take().unwrap(), ENTRIES).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
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
fn of_an_empty_export_nothing_holds_and_hostile_bytes_are_answered() {
    assert_eq!(of(b"", &[]).0, Some(1));
    let begun = [&b"{\"basehash\":"[..], &vec![b'x'; 200_000], b"\0\xff\n"].concat();
    let first = ENTRIES.iter().position(|byte| *byte == b'\n').unwrap();
    // As long as one line is an entry, it is a history that was altered.
    let lost = [b"lost", &ENTRIES[first..]].concat();
    for bytes in [&begun, ENTRIES.trim_ascii_end(), &lost] {
        let (code, text) = of(bytes, &[]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("NOT CONSISTENT"), "{text}");
    }
}

/// Whoever takes the wrong file is not told of a history that was altered.
#[test]
fn a_file_that_is_no_history_is_none_and_not_one_that_was_altered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evaluation.pdf");
    let plan = include_bytes!("../examples/denmark-korea-2021-2024/plan.json");
    for bytes in [&b"\n"[..], b"\0\xff\n", &vec![b'x'; 200_000], b"\n\n", b"%PDF-1.7\n", plan] {
        std::fs::write(&file, bytes).unwrap();
        let Output { status, stdout, stderr } = verify(&[], &file);
        let said = String::from_utf8(stderr).unwrap();
        assert_eq!((status.code(), stdout.len()), (Some(2), 0), "{said}");
        assert!(
            said.contains("evaluation.pdf: no line of it is an entry") && said.contains("give an export"),
            "{said}"
        );
    }
}

/// As some programs that handle text leave it.
#[test]
fn line_ends_and_marks_that_were_added_on_the_way_are_told() {
    let text = std::str::from_utf8(ENTRIES).unwrap();
    for (changed, told) in [
        (text.replace('\n', "\r\n"), "a carriage return stands at the end of the line"),
        (format!("\u{feff}{text}"), "a byte order mark stands before it"),
        (format!("\u{feff}{}", text.replace('\n', "\r\n")), "a byte order mark stands before it"),
    ] {
        let (code, said) = of(changed.as_bytes(), &[]);
        assert!(code == Some(1) && said.contains(told) && said.contains("entry 0"), "{said}");
    }
}

#[test]
fn a_file_that_is_not_there_is_answered_with_2_and_its_name() {
    let output = verify(&[], Path::new("no-such-export.jsonl"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no-such-export.jsonl"));
}

const COSIGNED: &str = include_str!("vectors/cosigned.txt");
const POLICY: &str = include_str!("vectors/policy.txt");

/// What is said of a checkpoint, and the same as JSON; under a policy, where one is given.
fn of_checkpoint(text: &str, policy: Option<&str>) -> (Option<i32>, String, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.txt");
    let given = file.to_str().unwrap();
    let arguments = policy.map_or_else(Vec::new, |policy| {
        std::fs::write(&file, policy).unwrap();
        vec!["--policy", given]
    });
    let (code, told) = of(text.as_bytes(), &arguments);
    let (_, answer) = of(text.as_bytes(), &[&arguments[..], &["--format", "json"]].concat());
    (code, told, serde_json::from_str(&answer).unwrap())
}

#[test]
fn a_policy_that_asks_for_no_witness_has_nothing_witnessed() {
    let (code, told, answer) = of_checkpoint(COSIGNED, Some(POLICY));
    assert!(code == Some(0) && told.contains("witnessed: enough of the parties"), "{told}");
    assert_eq!(answer.get("witnessed").unwrap(), true);
    let nobody = POLICY.replace("quorum both", "quorum none");
    let log = POLICY.lines().find(|line| line.starts_with("log ")).unwrap();
    for policy in [nobody, format!("{log}\nquorum none\n")] {
        let (code, told, answer) = of_checkpoint(COSIGNED, Some(&policy));
        assert_eq!(code, Some(0));
        assert!(told.contains("the policy asks for none: nobody but the log vouches for it"), "{told}");
        assert!(
            told.contains("recorded: the ledger vouches for it") && !told.contains("witnessed:"),
            "{told}"
        );
        assert_eq!(answer.get("witnessed").unwrap(), false);
    }
}

#[test]
fn nothing_is_complete_under_a_policy_that_asks_for_no_witness() {
    let folder = tempfile::tempdir().unwrap();
    let (signed, policy) = (folder.path().join("cosigned.txt"), folder.path().join("policy.txt"));
    std::fs::write(&signed, COSIGNED).unwrap();
    for (quorum, complete) in [("both", 6), ("none", 0)] {
        std::fs::write(&policy, POLICY.replace("quorum both", &format!("quorum {quorum}"))).unwrap();
        let [signed, policy] = [&signed, &policy].map(|path| path.to_str().unwrap());
        let arguments = ["--checkpoints", signed, "--policy", policy, "--format", "json"];
        let (_, answer) = of(include_bytes!("vectors/entries.jsonl"), &arguments);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer.get("complete").unwrap(), complete, "{quorum}: {answer}");
    }
}

#[test]
fn names_that_nobody_vouches_for_are_shown_escaped() {
    let strange = format!("{COSIGNED}— a\u{202e}b\u{9b}2Jc AAAAAAA=\n");
    for policy in [None, Some(POLICY)] {
        let (code, told, answer) = of_checkpoint(&strange, policy);
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains("a\\u{202e}b\\u{9b}2Jc"), "{told}");
        assert!(!told.contains(['\u{202e}', '\u{9b}']), "{told}");
        assert!(!answer.to_string().contains(['\u{202e}', '\u{9b}']), "{answer}");
    }
}

/// A checkpoint of six entries, signed by a log of this name.
fn signed(origin: &str) -> SignedCheckpoint {
    let log = SigningKey::from_seed(origin, Kind::Ed25519, &[9; 32]).unwrap();
    SignedCheckpoint::sign(Checkpoint::new(origin, 6, NodeHash([7; 32])).unwrap(), &log).unwrap()
}

#[test]
fn a_checkpoint_is_one_whatever_its_log_is_called() {
    for origin in [
        "PKI.example/plan",
        "{a.example/plan",
        "<a.example/plan",
        "annals/fork/v1",
        "annals/account/v1",
        "c2sp.org/tlog-proof@v1",
    ] {
        let text = signed(origin).to_string();
        let (code, told, answer) = of_checkpoint(&text, None);
        assert_eq!(
            (code, answer.get("kind").unwrap().as_str()),
            (Some(0), Some("verified_checkpoint")),
            "{told}"
        );
        assert_eq!(answer.get("origin").unwrap(), origin);
    }
    // As some mail programs write it, and cut off.
    let text = signed("PKI.example/plan").to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mailed.txt");
    for damaged in [text.replace('\n', "\r\n"), text.trim_end().to_owned()] {
        std::fs::write(&file, damaged).unwrap();
        let output = verify(&[], &file);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && told.contains("not a signed checkpoint"), "{told}");
    }
}

#[test]
fn a_cosignature_of_no_time_is_told_as_one_and_refuses_nothing() {
    let (log, witness) = ("a.example/plan", "DK/witness-1");
    let key = |name, kind| SigningKey::from_seed(name, kind, &[9; 32]).unwrap();
    let (log, witness) = (key(log, Kind::Ed25519), key(witness, Kind::Cosignature));
    let policy = format!("log {}\nwitness DK {}\nquorum DK\n", log.verifier(), witness.verifier());
    let mut signed = signed("a.example/plan");
    let message = format!("cosignature/v1\ntime 0\n{}", signed.checkpoint());
    let bytes = [&witness.verifier().id()[..], &[0; 8], &witness.sign(message.as_bytes())].concat();
    signed.push(format!("\u{2014} DK/witness-1 {}", STANDARD.encode(bytes)).parse().unwrap()).unwrap();
    let (code, told, answer) = of_checkpoint(&signed.to_string(), Some(&policy));
    assert_eq!(code, Some(1));
    assert!(
        told.contains("not DK, whose cosignature tells no time") && !told.contains("does not hold"),
        "{told}"
    );
    assert!(told.contains("recorded: the ledger vouches for it"), "{told}");
    assert_eq!(answer.get("witnessed").unwrap(), false);
}
