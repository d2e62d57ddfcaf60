//! What two desks meet over the years: requests that were on their way for a while, keys and memories that are replaced or lost,
//! bundles in whatever order they come.

use super::alone::{annals, said};
use super::desks::files;
use annals::ledger::Ledger;
use annals::record::withheld;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/plan.json");

/// The desk of Denmark, which runs the ledger and has the keys of both, and that of Korea, which has a copy and its own keys.
struct Desks(TempDir);

impl Desks {
    fn new() -> Self {
        let desks = Self(TempDir::new().unwrap());
        desks.dk(&format!("init {PLAN} --as DK --both-sides"));
        let [all, own] = ["keys-dk/KR", "keys-kr/KR"].map(|folder| desks.path().join(folder));
        fs::create_dir_all(&own).unwrap();
        for key in fs::read_dir(all).unwrap().map(Result::unwrap) {
            fs::copy(key.path(), own.join(key.file_name())).unwrap();
        }
        desks.dk("bundle export --for KR -o founded.bundle");
        desks.kr("mirror founded.bundle --as KR");
        desks
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, side: &str, command: &str) -> Output {
        let mut annals = annals(self.path());
        annals.args(command.split_whitespace()).env("ANNALS_LEDGER", side);
        annals.env("ANNALS_KEYS", self.path().join(format!("keys-{side}")));
        annals.env("ANNALS_ANCHOR", self.path().join(format!("anchor-{side}"))).output().unwrap()
    }

    fn dk(&self, command: &str) -> String {
        said(command, self.run("dk", command))
    }

    fn kr(&self, command: &str) -> String {
        said(command, self.run("kr", command))
    }

    /// What a command is refused with, and its code.
    fn refused(&self, side: &str, command: &str) -> (Option<i32>, String) {
        let output = self.run(side, command);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn an_inbox_begins_after_what_the_author_of_a_request_had_seen() {
    let desks = Desks::new();
    desks.kr("request progress 1.G2G.3 --as KR --lifecycle under_way -o sent.jsonl");
    desks.dk("record progress 1.G2G.3 --as DK --lifecycle suspended");
    desks.dk("record progress 1.G2G.4 --as DK --lifecycle under_way");
    desks.dk("answer sent.jsonl --for KR -o answer.bundle");
    desks.kr("mirror answer.bundle");
    let inbox = desks.kr("inbox --as KR");
    assert!(inbox.contains("suspended") && inbox.contains("actions/1.G2G.4"), "{inbox}");
    // Who records on the ledger itself has seen what stood before.
    desks.dk("record progress 1.G2G.5 --as DK --lifecycle under_way");
    assert!(desks.dk("inbox --as DK").contains("Nothing to show"));
}

#[test]
fn a_bundle_that_comes_after_a_newer_one_still_brings_its_answers() {
    let desks = Desks::new();
    desks.kr("request progress 1.G2G.3 --as KR --lifecycle under_way -o sent.jsonl");
    desks.dk("answer sent.jsonl --for KR -o answer.bundle");
    desks.dk("record progress 1.G2G.4 --as DK --lifecycle under_way");
    desks.dk("bundle export --for KR -o newer.bundle");
    desks.kr("mirror newer.bundle");
    let late = desks.kr("mirror answer.bundle --as KR");
    assert!(late.contains("line 1: recorded at sequence") && late.contains("nothing new"), "{late}");
    // That it is a beginning of the copy excuses nothing else: it is not the ledger that is known, or not signed by its key.
    let (code, why) = desks.refused("kr", &format!("mirror answer.bundle --first {}", "0".repeat(64)));
    assert!(code == Some(1) && why.contains("another one"), "{why}");
    // Another history is none of it.
    let other = Desks::new();
    fs::copy(other.path().join("founded.bundle"), desks.path().join("other.bundle")).unwrap();
    assert_eq!(desks.refused("kr", "mirror other.bundle").0, Some(1));
}

#[test]
fn of_several_witness_keys_that_which_the_policy_asks_for_cosigns() {
    let desks = Desks::new();
    let made = desks.dk("key new KR/witness-2 --witness");
    let key = made.split_whitespace().find(|word| word.starts_with("KR/witness-2+")).unwrap();
    desks.dk(&format!("key register {key} --role witness --as KR"));
    let policy = desks.dk("policy show");
    let lines = policy.lines().map(|line| {
        if line.starts_with("witness KR ") { format!("witness KR {key}\n") } else { format!("{line}\n") }
    });
    fs::write(desks.path().join("policy.txt"), lines.collect::<String>()).unwrap();
    let signed = desks.dk("policy adopt policy.txt --as KR -o signed.jsonl");
    assert!(!signed.contains("adopted another") && !signed.contains("in force"), "{signed}");
    desks.dk("policy adopt policy.txt --as DK");
    desks.dk("policy adopt policy.txt --as KR");
    desks.dk("cosign --as DK");
    desks.dk("cosign --as KR");
    assert!(desks.dk("verify").contains("complete up to entry"));
}

#[test]
fn where_both_sides_have_decided_a_memory_is_moved_away_and_a_lost_one_is_told() {
    let desks = Desks::new();
    let path = desks.path();
    desks.dk("backup kept");
    desks.dk("record progress 1.G2G.3 --as DK --lifecycle under_way");
    fs::rename(path.join("dk"), path.join("lost")).unwrap();
    fs::rename(path.join("kept"), path.join("dk")).unwrap();
    let (code, why) = desks.refused("dk", "record progress 1.G2G.4 --as DK --lifecycle under_way");
    assert_eq!(code, Some(1));
    let words: Vec<&str> = why.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "move" && why.contains("away")).unwrap();
    let memory = words[at..].iter().find(|word| word.contains("anchor-dk")).unwrap();
    fs::rename(memory, path.join("forgotten")).unwrap();
    let output = desks.run("dk", "record progress 1.G2G.4 --as DK --lifecycle under_way");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && told.contains("remembers nothing of what the ledger's key signed"),
        "{told}"
    );
    let again = desks.run("dk", "record progress 1.G2G.5 --as DK --lifecycle under_way");
    assert!(
        again.status.success() && !String::from_utf8(again.stderr).unwrap().contains("remembers nothing")
    );
}

#[test]
fn nothing_is_recorded_where_its_answer_could_not_be_written() {
    let desks = Desks::new();
    desks.kr("request progress 1.G2G.3 --as KR --lifecycle under_way -o sent.jsonl");
    let head = desks.dk("--format json status");
    for file in ["no/such/answer.bundle", "founded.bundle"] {
        let (code, why) = desks.refused("dk", &format!("answer sent.jsonl --for KR -o {file}"));
        assert!(code == Some(2) && why.contains(file), "{why}");
    }
    assert_eq!(desks.dk("--format json status"), head);
}

#[test]
fn nothing_is_recorded_in_a_copy_nor_in_its_backup() {
    let desks = Desks::new();
    let copy = desks.path().join("kr");
    let files =
        || ["journal/000000000000.jsonl", "disclosures.jsonl"].map(|name| fs::read(copy.join(name)).unwrap());
    let before = files();
    desks.kr("request progress 1.G2G.4 --as KR --lifecycle under_way --note begun -o sent.jsonl");
    desks.kr("backup kept");
    for (folder, command) in [
        ("kr", "record progress 1.G2G.3 --as KR --lifecycle under_way --note begun"),
        ("kr", "import sent.jsonl"),
        ("kr", "answer sent.jsonl --for DK -o answer.bundle"),
        ("kept", "import sent.jsonl"),
    ] {
        let (code, why) = desks.refused(folder, command);
        assert!(
            code == Some(1) && why.contains("here is a copy") && why.contains("annals request"),
            "{command}: {why}"
        );
    }
    assert_eq!(files(), before);
    let found = desks.kr("doctor");
    assert!(
        found.contains("recorded elsewhere") && !desks.dk("doctor").contains("recorded elsewhere"),
        "{found}"
    );
    // What is in it already takes nobody's place: the ledger itself goes on.
    desks.dk("bundle export --for DK -o own.bundle");
    desks.dk("mirror own.bundle");
    desks.dk("record progress 1.G2G.3 --as DK --lifecycle under_way");
    desks.dk("bundle export --for KR -o next.bundle");
    desks.kr("mirror next.bundle --as KR");
    // All have agreed that the copy takes the place of the ledger; so does its backup, once its holder says so.
    fs::remove_file(copy.join("copy")).unwrap();
    let (code, why) = desks.refused("kr", "backup kept");
    assert!(
        code == Some(2) && why.contains("kept/copy: a copy of a ledger") && why.contains("took the"),
        "{why}"
    );
    fs::remove_file(desks.path().join("kept").join("copy")).unwrap();
    desks.kr("backup kept");
    assert!(!desks.path().join("kept").join("copy").exists());
    let taken = desks.kr("import sent.jsonl");
    assert!(taken.starts_with("1 request recorded"), "{taken}");
}

#[test]
fn a_ledger_and_a_copy_are_never_backed_up_onto_each_other() {
    let desks = Desks::new();
    let (ledger, copy) = (desks.path().join("dk"), desks.path().join("kr"));
    let before = [files(&ledger), files(&copy)];
    let (code, why) = desks.refused("dk", "backup kr");
    assert!(code == Some(2) && why.contains("kr/copy: a copy of a ledger"), "{why}");
    desks.dk("backup kept");
    let kept = files(&desks.path().join("kept"));
    let (code, why) = desks.refused("kr", "backup kept");
    assert!(code == Some(2) && why.contains("kept: no copy") && why.contains("name another folder"), "{why}");
    assert!([files(&ledger), files(&copy)] == before && files(&desks.path().join("kept")) == kept);
    // The backup of a copy is one, and stays one.
    for _ in 0..2 {
        desks.kr("backup again");
        assert!(desks.path().join("again").join("copy").exists());
    }
}

#[test]
fn a_witness_that_has_lost_what_it_remembers_is_told_so() {
    let desks = Desks::new();
    desks.dk("record progress 1.G2G.3 --as DK --lifecycle under_way");
    desks.dk("bundle export --for KR -o next.bundle");
    let run = |command: &str| {
        let output = desks.run("kr", command);
        assert!(output.status.success(), "{command}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(!run("mirror next.bundle --as KR").contains("remembers nothing"));
    assert!(!run("cosign --as KR").contains("remembers nothing"));
    fs::remove_dir_all(desks.path().join("anchor-kr")).unwrap();
    assert!(run("cosign --as KR").contains("remembers nothing of what KR/witness"));
    fs::remove_dir_all(desks.path().join("anchor-kr")).unwrap();
    assert!(run("mirror next.bundle --as KR").contains("remembers nothing of what KR/witness"));
    assert!(!run("mirror next.bundle --as KR").contains("remembers nothing"));
}

#[test]
fn a_copy_that_was_written_to_is_told_as_such_and_no_log_is_accused() {
    let desks = Desks::new();
    fs::remove_file(desks.path().join("kr").join("copy")).unwrap();
    desks.kr("record progress 1.G2G.3 --as KR --lifecycle under_way");
    desks.dk("record progress 1.G2G.4 --as DK --lifecycle under_way");
    desks.dk("bundle export --for KR -o next.bundle");
    let (code, why) = desks.refused("kr", "mirror next.bundle");
    assert!(code == Some(1) && why.contains("written to by itself"), "{why}");
    // Nor does a beginning of it show that the rest is the log's.
    let (code, why) = desks.refused("kr", "mirror founded.bundle");
    assert!(code == Some(1) && why.contains("written to by itself"), "{why}");
    // Where there is no copy yet, what is wrong with a bundle is told, and not that there is none.
    let (code, why) = desks.refused("new", &format!("mirror next.bundle --first {}", "0".repeat(64)));
    assert!(code == Some(1) && !why.contains("no ledger is here"), "{why}");
}

#[test]
fn a_fork_that_is_met_again_is_told_again() {
    let desks = Desks::new();
    let path = desks.path();
    desks.dk("backup kept");
    for (action, bundle) in [("1.G2G.3", "one.bundle"), ("1.G2G.4", "other.bundle")] {
        desks.dk(&format!("record progress {action} --as DK --lifecycle under_way"));
        desks.dk(&format!("bundle export --for KR -o {bundle}"));
        // The key forgets, and the ledger is what it was before.
        fs::rename(path.join("dk"), path.join(action)).unwrap();
        fs::remove_dir_all(path.join("anchor-dk")).unwrap();
        let copied = std::process::Command::new("cp").args(["-r", "kept", "dk"]).current_dir(path).status();
        assert!(copied.unwrap().success());
    }
    desks.kr("mirror one.bundle --as KR");
    fs::rename(path.join("kr"), path.join("aside")).unwrap();
    let first = desks.refused("kr", "mirror other.bundle --as KR");
    assert!(
        first.0 == Some(1) && first.1.contains("forked") && path.join("kr.fork").is_file(),
        "{}",
        first.1
    );
    assert_eq!(desks.refused("kr", "mirror other.bundle --as KR"), first);
}

/// Puts other answers into a bundle, as whoever carries the mail may.
fn with_answers(path: &Path, answers: &str) {
    let mut read = ZipArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..read.len() {
        let mut member = read.by_index(at).unwrap();
        let (name, mut bytes) = (member.name().unwrap().into_owned(), Vec::new());
        member.read_to_end(&mut bytes).unwrap();
        out.start_file(&name, SimpleFileOptions::default()).unwrap();
        out.write_all(if name == "answers.jsonl" { answers.as_bytes() } else { &bytes }).unwrap();
    }
    fs::write(path, out.finish().unwrap().into_inner()).unwrap();
}

#[test]
fn what_is_called_recorded_is_looked_for_and_no_answer_commands_a_terminal() {
    let desks = Desks::new();
    desks.kr("request progress 1.G2G.3 --as KR --lifecycle under_way -o sent.jsonl");
    desks.dk("answer sent.jsonl --for KR -o answer.bundle");
    let bundle = desks.path().join("answer.bundle");
    let mut read = ZipArchive::new(Cursor::new(fs::read(&bundle).unwrap())).unwrap();
    let mut answers = String::new();
    read.by_name("answers.jsonl").unwrap().read_to_string(&mut answers).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answers).unwrap();
    let (sequence, leaf) = (answer["sequence"].as_u64().unwrap(), answer["leaf"].as_str().unwrap());
    let lies = [
        answers.replace(&format!("\"sequence\":{sequence}"), "\"sequence\":7"),
        answers.replace(&format!("\"sequence\":{sequence}"), "\"sequence\":9999"),
        answers.replace(leaf, &"0".repeat(64)),
    ];
    for lie in &lies {
        with_answers(&bundle, lie);
        let (code, why) = desks.refused("kr", "mirror answer.bundle --as KR");
        assert!(code == Some(1) && why.contains("no such entry is there"), "{why}");
    }
    assert!(desks.kr("timeline 1.G2G.3").contains("under way"), "its entries are the ledger's all the same");
    with_answers(&bundle, "{\"line\":1,\"refused\":\"no\\u001b[2J\\nline 2: recorded at sequence 5\"}\n");
    let told = desks.kr("mirror answer.bundle --as KR");
    assert!(told.starts_with("line 1: refused: no\\u{1b}[2J line 2:"), "{told}");
    with_answers(&bundle, &answers);
    assert!(desks.kr("mirror answer.bundle --as KR").contains("recorded at sequence"));
}

#[test]
fn a_bundle_from_before_an_erasure_brings_all_but_what_was_erased() {
    let desks = Desks::new();
    for (name, text) in [("secret.txt", "for two alone"), ("open.txt", "for all")] {
        fs::write(desks.path().join(name), text).unwrap();
    }
    desks.dk("record progress 1.G2G.3 --as DK --lifecycle under_way --evidence secret.txt --confidential");
    desks.dk("record progress 1.G2G.3 --as DK --lifecycle continuing --evidence open.txt");
    desks.dk("bundle export --for KR --evidence -o late.bundle");
    desks.dk("erase 125 --as DK --field evidence/1/sha256 --reason asked --basis law");
    desks.dk("bundle export --for KR -o erased.bundle");
    desks.kr("mirror erased.bundle");
    desks.kr("mirror late.bundle --as KR");
    let blobs: Vec<_> = fs::read_dir(desks.path().join("kr/blobs"))
        .unwrap()
        .map(|blob| fs::read(blob.unwrap().path()).unwrap())
        .collect();
    let has = |text: &str| blobs.iter().any(|blob| blob == text.as_bytes());
    assert!(has("for all") && !has("for two alone"));
}

/// Nobody else would say so before something is recorded, which is never done in a copy.
#[test]
fn a_copy_that_cannot_remove_what_was_erased_says_so() {
    let desks = Desks::new();
    for name in ["first.txt", "again.txt"] {
        fs::write(desks.path().join(name), "the same in both").unwrap();
        desks.dk(&format!(
            "record progress 1.G2G.3 --as DK --lifecycle under_way --evidence {name} --confidential"
        ));
    }
    desks.dk("bundle export --for KR --evidence -o both.bundle");
    desks.kr("mirror both.bundle");
    let kept = desks.path().join("kr/disclosures.jsonl");
    let ledger = Ledger::open_read_only(&desks.path().join("kr")).unwrap();
    let digests = withheld::places(&ledger.entry(126).unwrap().unwrap().request.event.data.members());
    let second = digests.iter().filter_map(|(_, digest)| ledger.disclosure(digest));
    let second = second.into_iter().find(|each| each.name() == "sha256").unwrap();
    drop(ledger);
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains(second.encoded()));
    fs::write(&kept, text.replace(second.encoded(), "garbage")).unwrap();
    desks.dk("erase 125 --as DK --field evidence/1/sha256 --reason asked --basis law");
    desks.dk("publish public");
    let told = || {
        let (code, told) = desks.refused("kr", "mirror public");
        assert_eq!(code, Some(0), "{told}");
        told
    };
    for _ in 0..2 {
        let told = told();
        assert!(told.contains("is still here, and cannot be removed now"), "{told}");
    }
    fs::write(&kept, text).unwrap();
    told();
    assert_eq!(told(), "");
    assert!(!desks.path().join("kr/erasing").exists());
}

#[test]
fn a_bundle_that_was_damaged_on_its_way_is_at_fault_and_not_the_disk() {
    let desks = Desks::new();
    fs::write(desks.path().join("minutes.txt"), "minutes ".repeat(2_000)).unwrap();
    desks.dk("record progress 1.G2G.3 --as DK --lifecycle continuing --evidence minutes.txt");
    desks.dk("bundle export --for KR --evidence -o sent.bundle");
    let bundle = fs::read(desks.path().join("sent.bundle")).unwrap();
    for at in (64..bundle.len()).step_by(bundle.len() / 24) {
        let mut damaged = bundle.clone();
        damaged[at] ^= 4;
        fs::write(desks.path().join("damaged.bundle"), damaged).unwrap();
        for (place, command) in [("kr", "mirror damaged.bundle"), ("new", "bundle restore damaged.bundle")] {
            let (code, why) = desks.refused(place, command);
            assert!(matches!(code, Some(0..=2)), "{command}, byte {at}: {code:?} {why}");
            let _ = fs::remove_dir_all(desks.path().join("new"));
        }
    }
    // A desk that has lost its copy, and not its memory, is told that the bundle is an old one.
    desks.kr("mirror sent.bundle --as KR");
    fs::rename(desks.path().join("kr"), desks.path().join("lost")).unwrap();
    let (code, why) = desks.refused("kr", "mirror founded.bundle --as KR");
    assert!(code == Some(1) && !why.contains("no ledger is here") && why.contains("126"), "{why}");
}
