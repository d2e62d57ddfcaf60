//! Ledgers of every age, and every command that answers in each of them.

use super::desk::{Answer, Desk, HISTORY, PLAN};
use super::returned::returned;
use super::reviewed::reviewed;
use super::signed::signed;
use serde_json::{Value, json};
use std::fs;
use std::sync::OnceLock;

/// Every answer; the commands are run once.
pub(crate) fn answers() -> &'static [Answer] {
    static ANSWERS: OnceLock<Vec<Answer>> = OnceLock::new();
    ANSWERS.get_or_init(|| {
        std::thread::scope(|scope| {
            let all: [fn() -> Vec<Answer>; 9] =
                [a_history, just_founded, between, of_three, nothing, measured, signed, reviewed, returned];
            let threads = all.map(|situation| scope.spawn(situation));
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    })
}

/// The demonstration: four years of a history of two parties.
fn a_history() -> Vec<Answer> {
    let mut desk = Desk::new();
    assert!(desk.run("demo").status.success());
    let demo = desk.ledger.with_file_name("annals-demo");
    (desk.ledger, desk.keys) = (demo.join("ledger"), demo.join("keys"));
    for command in [
        "status",
        "status --line 1 --joint one_sided",
        "status --joint disputed --today 2030-01-01",
        "status --recorded 2022-12-31 --effective 2022-06-30",
        "status --at 0",
        // No line names that goal.
        "status --line 1 --sdg 1",
        "show 1.G2G.2 --recorded 2022-12-31",
        "show 1.G2G.3 --effective 2022-06-30 --today 2023-01-01",
        "show 2.G2G.2",
        "timeline",
        "timeline 1.G2G.2 --recorded 2023-01-01",
        "timeline --party KR --effective 2022-06-30",
        "timeline --line 1 --sdg 1",
        "replay",
        "replay --from 2022-12-31 --to 2023-12-31 --line 2",
        "replay 1.G2G.3 --from 140 --to 400 --effective 2022-12-31",
        "replay --from 616",
        "lint",
        "lint --at 130",
        "lint --line 3 --recorded 2021-06-01 --effective 2021-05-31",
        "lint --joint disputed",
        "lint --track G2G --party KR --institution MSIT",
        "diff 2022-12-31 2023-12-31",
        "diff --effective-from 2021-12-31 --effective-to 2022-12-31 --line 3",
        "diff 2022-12-31 2023-12-31 --effective 2022-12-31 --joint agreed",
        "diff 124 --today 2024-12-31",
        "diff 1000 1097",
        "due --within 1y",
        "due --within 0d --today 2021-06-01 --line 1",
        "due --recorded 2022-12-31 --effective 2022-06-30",
        "gaps",
        "gaps --since 2023-06-30 --joint one_sided --effective 2024-06-30",
        "gaps --rule disputed",
        "gaps --recorded 2022-12-31",
        "inbox --as KR",
        "inbox --as DK --since 2023-06-01 --effective 2024-06-30",
        "inbox --as KR/KAIA --since 480",
        "inbox --as KR --since 0 --awaiting --recorded 2024-12-10",
        "audit population",
        "audit population --by party --line 1 --recorded 2022-12-31",
        "audit population --by track --effective 2022-12-31",
        "audit sample --seed x --size 9",
        "audit sample --seed x --size 999",
        "audit sample --seed x --size 9 --by track --effective 2023-06-30",
        "audit sample --seed x --size 5 --by party --recorded 2023-06-30",
        "audit sample --seed x --size 0",
        "audit exceptions",
        "audit exceptions --rule disputed --rule no_event --line 3",
        "audit exceptions --effective 2022-12-31",
        "audit exceptions --recorded 2022-12-31",
        "verify",
        "verify annals-demo/tampered/export.jsonl",
    ] {
        desk.read_both(command);
    }
    desk.read_both("audit statement");
    for wrong in ["audit sample --size 3", "audit sample --seed x", "audit sample --seed= --size 3"] {
        desk.refused(wrong, 2);
    }
    // A day is written in full.
    for other in ["--recorded 2022", "--effective 2022-06", "--today 20220630", "--recorded 2022-6-30"] {
        desk.refused(&format!("status {other}"), 2);
    }
    desk.refused("replay --to 2022-12", 2);
    misread(&desk);
    exported(&mut desk);
    backed_up(&mut desk);
    examined(&mut desk);
    desk.read_both("key list");
    desk.read_both(&format!("import {HISTORY} --dry-run"));
    desk.ask(&format!("import {HISTORY}"));
    desk.answers
}

/// What names nobody and nothing, or goes back in time.
fn misread(desk: &Desk) {
    for wrong in [
        "timeline --by kr",
        "timeline --by SE",
        "timeline --by KR/XX",
        "replay --by SE",
        "replay --by KR/XX",
        "diff",
        "diff 2022-12",
        "diff 2023-12-31 2022-12-31",
        "diff 2026-12-31 2025-12-31",
        "diff 2999-12-31",
        "diff --effective-to 2022-12-31",
        "diff --effective-from 2022-12-31 --effective-to 2021-12-31",
        "diff 100 --action 9.G2G.9",
        "diff 1098 1098",
        "due --within 60",
        "due --within P1Y6M",
        "gaps --since 2022",
        "gaps --rule no_lead",
        "inbox",
        "inbox --as DKK",
        "inbox --as KR/DKMA",
        "inbox --as KR --since 1098",
        "inbox --as KR --since 600 --at 500",
    ] {
        desk.refused(wrong, 2);
    }
}

/// The export, verified and restored.
fn exported(desk: &mut Desk) {
    desk.ask("export --output export.jsonl");
    desk.ask_csv("export --output again.jsonl");
    desk.refused("export --output export.jsonl", 2);
    assert_eq!(desk.read("again.jsonl"), desk.read("export.jsonl"));
    assert_eq!(desk.run("export --format json").stdout, desk.read("export.jsonl"));
    desk.read_both("verify export.jsonl");
    desk.read_both("restore export.jsonl --ledger restored --dry-run");
    desk.ask("restore export.jsonl --ledger restored");
    // No withheld text comes with an export.
    desk.read_both("timeline 2.SCI.2 --ledger restored");
    desk.read_both("diff 600 --ledger restored");
    let first = desk.ask("verify restored")["first"].as_str().unwrap().to_owned();
    desk.read_both(&format!("verify export.jsonl --first {first}"));
    desk.read_both(&format!("verify export.jsonl --first {}", "0".repeat(64)));
    let mut torn = desk.read("export.jsonl");
    torn.truncate(torn.len() - 10);
    desk.write("torn.jsonl", &torn);
    desk.read_both("verify torn.jsonl");
    desk.refused("restore torn.jsonl --ledger torn", 1);
}

/// The folder again in another place, and once more.
fn backed_up(desk: &mut Desk) {
    desk.ask("backup backup");
    let again = desk.ask("backup backup");
    assert_eq!((&again["added"], &again["removed"]), (&json!(0), &json!(0)));
    desk.ask_csv("backup backup");
    desk.read_both("verify backup");
    desk.refused("backup annals-demo/ledger/backup", 2);
    desk.refused("backup annals-demo", 2);
    desk.refused("backup restored --ledger annals-demo/tampered", 2);
}

/// A copy of the ledger is broken, and looked at.
fn examined(desk: &mut Desk) {
    desk.read_both("doctor");
    let doctor = "doctor --ledger backup --backup annals-demo/ledger";
    desk.read_both(doctor);
    desk.ask("rebuild --ledger backup");
    desk.ask_csv("rebuild --ledger backup");
    desk.read_both(doctor);
    desk.write("backup/blobs/.part", b"half");
    let plan = fs::read_dir(desk.path("backup/blobs")).unwrap().map(Result::unwrap);
    let plan =
        plan.map(|entry| entry.file_name().into_string().unwrap()).find(|name| name.len() == 64).unwrap();
    desk.write(&format!("backup/blobs/{plan}"), b"others");
    let held = fs::File::options().write(true).open(desk.path("backup/lock")).unwrap();
    held.try_lock().unwrap();
    desk.read_both(doctor);
    drop(held);
    desk.read_both(doctor);
    let disclosures = desk.read("backup/disclosures.jsonl");
    desk.write("backup/disclosures.jsonl", &[b"garbage\n", &disclosures[..]].concat());
    desk.read_both(doctor);
    fs::remove_file(desk.path("backup/disclosures.jsonl")).unwrap();
    desk.read_both(doctor);
    fs::create_dir(desk.path("backup/disclosures.jsonl")).unwrap();
    desk.read_both(doctor);
    fs::rename(desk.path("backup/blobs"), desk.path("blobs-aside")).unwrap();
    desk.write("backup/blobs", b"");
    desk.read_both(doctor);
    desk.write("backup/annals.json", b"");
    desk.write("backup/journal/000000000000.jsonl", b"");
    desk.read_both(doctor);
    desk.read_both("doctor --backup backup");
    desk.refused("rebuild --ledger backup", 3);
    desk.refused("doctor --ledger nowhere", 2);
}

/// Both sides on one desk, and nothing said yet.
fn just_founded() -> Vec<Answer> {
    let mut desk = Desk::new();
    desk.read_both("key list");
    let init = format!("init {PLAN} --as DK --both-sides --time 2026-01-05T08:00:00.000Z");
    desk.read_both(&format!("{init} --dry-run"));
    desk.read_both(&format!("{init} --illustrative --dry-run"));
    desk.ask(&init);
    desk.refused(&init, 2);
    every_reading(&mut desk, "1.G2G.2");
    desk.read_both("lint --today 2026-01-06");
    for command in ["status", "timeline", "replay", "lint"] {
        desk.read_both(&format!("{command} --line 1 --sdg 1"));
        // The day before it was opened.
        desk.read_both(&format!("{command} --recorded 2026-01-04"));
    }
    desk.read_both("replay --from 0 --to 0");
    for command in
        ["diff 2026-01-04", "diff 0 0", "due --within 1y", "gaps --today 2027-01-01", "inbox --as KR"]
    {
        desk.read_both(&format!("{command} --line 1"));
    }
    desk.refused("show 1.G2G.1 --recorded 2026-01-04", 2);
    desk.read_both("record progress 1.G2G.1 --as KR --lifecycle under_way --dry-run");
    desk.ask("import /dev/null");
    desk.refused("import nowhere.jsonl", 2);
    published(&mut desk);
    emptied(&mut desk);
    desk.answers
}

/// The log as files, and a copy that follows them and is cosigned.
fn published(desk: &mut Desk) {
    desk.ask("publish public");
    let first = desk.ask("mirror public --ledger copy")["first"].as_str().unwrap().to_owned();
    desk.ask("mirror public --ledger copy --as KR --output cosigned.txt");
    desk.refused("mirror public --ledger copy --output cosigned.txt", 2);
    desk.read_both(&format!("mirror public --ledger copy --first {first}"));
    desk.refused(&format!("mirror public --ledger copy --first {}", "0".repeat(64)), 1);
    assert!(desk.run("checkpoint --take cosigned.txt").status.success());
    desk.ask("publish public");
    desk.read_both("publish public");
    desk.refused("publish keys", 2);
    desk.refused("mirror nowhere --ledger copy", 2);
}

/// All entries are gone, and only the kept state tells it; then it is gone, too.
fn emptied(desk: &mut Desk) {
    let journal = desk.ledger.join("journal/000000000000.jsonl");
    assert!(!fs::read(&journal).unwrap().is_empty());
    fs::write(&journal, "").unwrap();
    desk.read_both("verify");
    fs::remove_dir_all(desk.ledger.join("index")).unwrap();
    for command in ["status", "timeline", "replay", "lint", "verify", "key list"].iter().chain(&FINDING) {
        desk.read_both(command);
    }
    desk.refused("show 1.G2G.1", 2);
}

/// What finds out, of the first party.
const FINDING: [&str; 4] = ["diff 2026-01-04", "due", "gaps", "inbox --as DK"];

fn every_reading(desk: &mut Desk, action: &str) {
    for command in ["status", "timeline", "replay", "lint", "verify"] {
        desk.read_both(command);
    }
    desk.read_both(&format!("show {action}"));
    desk.read_both("key list");
}

/// Each side with its own keys: founded by one, and nothing acceded; then acceded.
fn between() -> Vec<Answer> {
    let mut desk = Desk::new();
    desk.ask_csv("key new DK --founding");
    desk.refused("key new DK --founding", 2);
    let theirs = desk.ask("key new KR --founding --keys theirs")["keys"].clone();
    let party = |key: &Value| format!("--party KR={}", key["vkey"].as_str().unwrap());
    let theirs: Vec<String> = theirs.as_array().unwrap().iter().map(party).collect();
    let init = format!("init {PLAN} --as DK {}", theirs.join(" "));
    desk.ask(&format!("{init} --dry-run"));
    desk.ask(&init);
    every_reading(&mut desk, "1.G2G.2");
    for command in
        ["diff 0", "due", "gaps", "inbox --as KR", "audit population", "audit sample --seed x --size 3"]
    {
        desk.read_both(command);
    }
    desk.read_both("audit exceptions");
    desk.read_both("audit statement");
    desk.read_both("key list --keys theirs");
    desk.refused("record progress 1.G2G.1 --as DK --lifecycle under_way", 2);
    let accede = format!("accede --as KR --plan {PLAN} --keys theirs");
    desk.read_both(&format!("{accede} --dry-run"));
    desk.ask_csv(&accede);
    desk.refused(&accede, 1);
    desk.refused("key new auditor-1", 2);
    let key = desk.ask("key new DK/auditor-1")["keys"][0].clone();
    let (vkey, keyid) = (key["vkey"].as_str().unwrap(), key["keyid"].as_str().unwrap());
    assert!(vkey.starts_with(&format!("{keyid}+")), "{key}");
    desk.read_both(&format!("key register {vkey} --role auditor --as DK --holder Office --dry-run"));
    desk.ask_csv(&format!("key register {vkey} --role auditor --as DK --holder Office"));
    desk.read_both(&format!("key revoke {keyid} --as DK --reason Moved --dry-run"));
    desk.ask(&format!("key revoke {keyid} --as DK --reason Moved"));
    desk.ask("key new DK/witness-9 --witness");
    every_reading(&mut desk, "1.G2G.2");
    desk.answers
}

/// A plan of three parties with other names, and with what the first plan lacks.
fn of_three() -> Vec<Answer> {
    let mut desk = Desk::new();
    desk.write("plan.json", plan().to_string().as_bytes());
    desk.ask_csv("init plan.json --as A.1 --both-sides --illustrative --time 2025-03-01T00:00:00.000Z");
    let mut last = serde_json::Value::Null;
    for command in [
        "progress X-1 --as b_says --effective 2025-04 --health off_track --note 지연 --time 2025-05-02",
        "progress X-1 --as 3-C --effective 2025-04 --window 2025-03 --occurrence planned --time 2025-05-03",
        "contest X-1 --as A.1 --word LAST --reason Otherwise --time 2025-05-04",
        "progress X-1 --as A.1 --window 2026-07 --occurrence confirmed --note =1+1 --time 2025-05-05",
        "progress X-1 --as b_says --window 2025-07 --occurrence postponed --time 2025-08-05",
        "progress X-2 --as b_says --lifecycle under_way --time 2025-09-01",
        "contest X-2 --as 3-C --reason Otherwise --time 2025-09-02",
        "progress X-2 --as A.1 --health at_risk --note Late --time 2025-09-03",
        "contest X-2 --as b_says --reason Otherwise --time 2025-09-04",
        "progress X-1 --as b_says --window 2025-11 --occurrence planned --time 2025-09-05",
        "progress X-1 --as 3-C --window 2025-11 --occurrence confirmed --time 2025-09-05",
        "progress X-1 --as 3-C --window 2026-03 --occurrence planned --time 2025-09-05",
        "assign X-2 MOE --as b_says --role support --due 2026 --time 2025-09-05",
        "instrument B.1 --as A.1 --state to_be_confirmed --effective 2025-09 --expires 2026 --time 2025-09-05",
    ] {
        let command = command.replace("LAST", &last.to_string());
        last = desk.ask(&format!("record {command}T00:00:00.000Z"))["sequence"].clone();
    }
    let readings =
        ["status", "show X-1", "timeline", "replay --from 3", "lint", "due", "gaps", "inbox --as 3-C"].map(
            |command| format!("--format json {command} --at 16 --effective 2025-06-30 --today 2025-12-31"),
        );
    let compared = "--format json diff 5 16 --effective 2025-06-30 --today 2025-12-31";
    let compared = (compared, desk.run(compared).stdout);
    let before = readings.each_ref().map(|reading| desk.run(reading).stdout);
    every_reading(&mut desk, "X-1");
    changes(&mut desk);
    every_reading(&mut desk, "X-1");
    finding_of_three(&mut desk);
    let readings = readings.iter().map(String::as_str).zip(before).chain([compared]);
    for (reading, before) in readings {
        assert!(!before.is_empty(), "{reading}");
        assert_eq!(desk.run(reading).stdout, before, "{reading}: it has changed");
    }
    for number in 2..=5 {
        desk.read_both(&format!("show X-{number}"));
    }
    desk.answers
}

/// What changed among three, what is due to them, and what awaits each of them.
fn finding_of_three(desk: &mut Desk) {
    desk.read_both("due --within 2y --today 2025-09-06 --recorded 2025-09-05");
    for command in
        ["diff 6", "diff 2025-12-31 --today 2027-06-01", "due --within 2y", "gaps --today 2028-01-01"]
    {
        desk.read_both(command);
    }
    for party in ["b_says", "A.1", "3-C"] {
        desk.read_both(&format!("inbox --as {party} --since 2025-05-02"));
    }
    desk.read_both("inbox --as b_says/NEW --since 0");
}

/// Every kind of change: tried out, and recorded.
fn changes(desk: &mut Desk) {
    desk.write("report.pdf", b"%PDF-1.7");
    let vkey = desk.ask("key new A.1/auditor-1")["keys"][0]["vkey"].as_str().unwrap().to_owned();
    let mut last = Value::Null;
    for command in [
        &format!("key register {vkey} --role auditor --as A.1"),
        "record institution NEW --as b_says --name en=Office --alias New",
        "record succeed MOE NEW --as b_says --effective 2025-09",
        "record instrument B.1 --as A.1 --state in_force --effective 2025-09-01 --expires 2026",
        "record assign X-1 NEW --as b_says --due 2026-12-31 --officer Director",
        "record progress X-1 --as b_says --effective 2025-10 --lifecycle suspended --health at_risk --note Delayed \
         --indicator visits=3:days --indicator balance=-12.5 --evidence report.pdf",
        "record contest X-1 --as 3-C --word LAST --reason Otherwise",
        "record progress X-1 --as 3-C --effective 2025-11 --lifecycle continuing --health at_risk --note Begun",
        "record confirm X-1 --as b_says --word LAST --effective 2025-11",
        "record audit X-1 LAST --as A.1 --outcome qualified --note Partly",
        "record progress X-1 --as b_says --effective 2025-09 --health on_track --note Before",
    ] {
        let command = command.replace("LAST", &last.to_string());
        desk.read_both(&format!("{command} --dry-run"));
        let receipt = desk.ask(&command);
        // A confirmation is not audited, but what it confirms.
        if !command.contains(" confirm ") {
            last = receipt["sequence"].clone();
        }
    }
    let again = "record progress X-1 --as A.1 --effective 2025-12 --note More --id 019c0000-0000-7000-8000-000000000001";
    desk.read_both(&format!("{again} --dry-run"));
    for _ in 0..2 {
        desk.ask(again);
    }
    desk.ask_csv(again);
    desk.read_both(&format!("{again} --dry-run"));
    desk.refused(&again.replace("More", "Less"), 1);
    let word = desk.answers.last().unwrap().value["sequence"].clone();
    let correct = format!("record correct X-1 {word} --as A.1 --reason Mistaken");
    desk.read_both(&format!("{correct} --dry-run"));
    desk.ask(&correct);
    desk.refused(&correct, 1);
    files(desk);
    handed_over(desk);
    erased(desk);
    together(desk);
    handed_on(desk);
    adopted(desk);
}

/// What counts for several actions is said once.
fn together(desk: &mut Desk) {
    let meet = "record progress X-1 X-2 --as b_says --note Met";
    desk.read_both(&format!("{meet} --dry-run"));
    desk.ask(meet);
    let before = format!("{meet} --effective 2025-09 --health on_track");
    desk.read_both(&format!("{before} --dry-run"));
    desk.ask(&before);
    let meet = format!("{meet} --correlation council --id 019c0000-0000-7000-8000-000000000002");
    for _ in 0..2 {
        desk.ask(&meet);
    }
    desk.read_both(&format!("{meet} --dry-run"));
    desk.ask("record progress X-1 X-2 --as b_says --note Met --output together.jsonl");
    // What an interruption left of several is completed by the same command.
    let begun = "record progress X-4 --as b_says --note Met --id 019c0000-0000-7000-8000-000000000005";
    desk.ask(&format!("{begun} --correlation 019c0000-0000-7000-8000-000000000005"));
    let whole = desk.ask(&begun.replace("X-4", "X-4 X-5"))["receipts"].clone();
    assert_eq!((&whole[0]["repeated"], &whole[1]["repeated"]), (&json!(true), &json!(false)), "{whole}");
    for wrong in [
        "X-1 --indicator visits=3 --indicator visits=4:days",
        "X-1 X-1",
        "X-1 X-2 --proof proof.txt",
        "X-1 X-5 --occurrence held",
        "X-5 --occurrence held --date 2025-09",
    ] {
        desk.refused(&format!("record progress {wrong} --as b_says"), 2);
    }
    let before = desk.run("export").stdout;
    desk.refused("record progress X-1 X-9 --as b_says --note Met", 1);
    assert_eq!(desk.run("export").stdout, before, "of several that are asked for together none is recorded");
    desk.read_both("show X-2");
    desk.read_both("inbox --as A.1 --since 0");
}

/// An office has two actions, and one that nobody can read; then another has them.
fn handed_on(desk: &mut Desk) {
    let vkey = desk.ask("key new b_says/NEW/officer-1")["keys"][0]["vkey"].as_str().unwrap().to_owned();
    desk.ask(&format!("key register {vkey} --role officer --institution NEW --as b_says --holder Director"));
    desk.ask("record assign X-2 NEW --as b_says --role support --officer Director");
    let erased = desk.ask("record assign X-4 NEW --as b_says --officer Clerk")["sequence"].clone();
    desk.ask(&format!("erase {erased} --field officer --as b_says --reason Asked --basis GDPR"));
    let hand = "handover --as b_says --from Director --to Deputy --within 5y";
    desk.read_both(&format!("{hand} --dry-run"));
    desk.ask(&format!("{hand} --output handover.jsonl"));
    let id = "--id 019c0000-0000-7000-8000-000000000004";
    for _ in 0..2 {
        desk.ask(&format!("{hand} --institution NEW {id}"));
    }
    desk.read_both(&format!("{hand} {id} --dry-run"));
    desk.refused(hand, 2);
    desk.refused(&format!("{hand} --institution MOE"), 2);
    desk.refused("handover --as b_says --from Deputy --to Deputy", 2);
    desk.read_both("due --within 5y");
}

/// A policy that all adopt, with a new key of the ledger, and what that key signs.
fn adopted(desk: &mut Desk) {
    let policy = desk.ask("policy show")["policy"].as_str().unwrap().to_owned();
    let key =
        desk.ask("key list")["keys"].as_array().unwrap().iter().find(|key| key["role"] == "ledger").unwrap();
    let (keyid, vkey) = (key["keyid"].as_str().unwrap(), key["vkey"].as_str().unwrap().to_owned());
    let origin = keyid.split_once('+').unwrap().0.to_owned();
    let next = desk.ask(&format!("key new {origin}"))["keys"][0]["vkey"].as_str().unwrap().to_owned();
    desk.write("policy.txt", policy.replace(&vkey, &next).as_bytes());
    desk.read_both("attest --dry-run");
    desk.ask_csv("attest");
    desk.refused("policy show --by A.1", 2);
    for party in ["A.1", "b_says", "3-C"] {
        desk.read_both(&format!("policy adopt policy.txt --as {party} --dry-run"));
        desk.ask(&format!("policy adopt policy.txt --as {party}"));
        desk.read_both(&format!("policy show --by {party}"));
    }
    desk.refused("policy adopt policy.txt --as A.1", 1);
    desk.refused("policy adopt plan.json --as A.1", 2);
    desk.refused("policy show --by SE", 2);
    desk.read_both("policy show");
    desk.read_both("policy show --at 0");
    desk.refused("policy show --at 2001-01-01", 2);
    desk.read_both("key list");
    desk.ask("attest");
    desk.refused("attest --keys elsewhere", 2);
    desk.read_both("timeline");
}

/// Files that are kept, put forward, lost and changed.
fn files(desk: &mut Desk) {
    for name in ["one.pdf", "two.txt", "three"] {
        desk.write(name, name.as_bytes());
    }
    desk.read_both("evidence check");
    desk.read_both("evidence add one.pdf two.txt --dry-run");
    desk.ask_csv("evidence add one.pdf two.txt");
    desk.ask("evidence add one.pdf two.txt");
    let progress = "record progress X-3 --as A.1 --effective 2025-12 --note Shown";
    desk.ask(&format!("{progress} --evidence one.pdf --evidence two.txt --audience public"));
    let word = desk.ask(&format!("{progress} --evidence three --confidential"))["sequence"].clone();
    desk.ask(&format!("record correct X-3 {word} --as A.1 --reason Mistaken"));
    let rows = desk.ask("evidence check X-3")["rows"].clone();
    let (one, two) = (rows[0]["path"].as_str().unwrap(), rows[1]["path"].as_str().unwrap());
    fs::remove_file(one).unwrap();
    fs::write(two, "changed").unwrap();
    desk.read_both("evidence check");
    desk.refused("evidence check X-33", 2);
    desk.ask("evidence add one.pdf two.txt three");
    let open = format!("evidence open {word} --output again");
    desk.ask(&open);
    desk.refused(&open, 2);
    desk.ask_csv(&format!("evidence open {word} --output once-more"));
    assert_eq!(desk.read("again"), b"three");
    desk.ask("export --output handed.jsonl");
    desk.ask("restore handed.jsonl --ledger handed");
    // Neither files nor the digests of those that are confidential come with an export.
    desk.read_both("evidence check --ledger handed");
}

/// Withheld values, on their way to another copy of the ledger.
fn handed_over(desk: &mut Desk) {
    for (number, whom) in (1..).zip(["public", "parties", "3-C"]) {
        desk.ask(&format!("disclose --for {whom} --output values-{number}.jsonl"));
    }
    desk.ask_csv("disclose X-3 --for 3-C --output values-4.jsonl");
    desk.refused("disclose --for 3-C --output values-3.jsonl", 2);
    desk.ask("disclose --for 3-C --output values-5.jsonl --ledger handed");
    let take = "disclose --take values-3.jsonl --ledger handed";
    desk.read_both(&format!("{take} --dry-run"));
    desk.ask(take);
    desk.ask_csv(take);
    desk.write("stray.jsonl", b"\"WyJzYWx0c2FsdHNhbHRzYWx0c2EiLCJub3RlIiwieCJd\"\n");
    desk.ask("disclose --take stray.jsonl --ledger handed");
    desk.write("torn.jsonl", b"\"WyJz");
    desk.refused("disclose --take torn.jsonl --ledger handed", 2);
}

/// Values that are erased, and what is then said of them.
fn erased(desk: &mut Desk) {
    let because = "--as A.1 --reason Asked --basis GDPR";
    let word = desk.ask("evidence check X-3")["rows"][2]["sequence"].clone();
    for field in ["note", "evidence/1/sha256", "evidence/1/filename"] {
        let erase = format!("erase {word} --field {field} {because}");
        desk.read_both(&format!("{erase} --dry-run"));
        desk.ask(&erase);
        desk.refused(&erase, 1);
    }
    desk.refused(&format!("erase {word} --field officer {because}"), 2);
    desk.read_both("evidence check");
    desk.read_both("timeline X-3");
    desk.read_both("show X-3");
    desk.ask("disclose --take values-3.jsonl");
    desk.ask("disclose X-3 --for A.1 --output values-6.jsonl");
}

fn plan() -> Value {
    let action = |reference: &str, kind: &str, firmness: &str| {
        json!({
            "ref": reference, "line": 7, "track": "EDU", "text": "교육 협력", "kind": kind, "firmness": firmness,
            "institutions": [], "basis": [], "notes": []
        })
    };
    let party = |id: &str, zone: &str| json!({"id": id, "name": id, "time_zone": zone});
    let mut thrice_a_year = action("X-1", "recurring", "explore");
    thrice_a_year["cycle"] = "P4M".into();
    json!({
        "id": "plan", "title": "공동 행동 계획", "period": {"start": "2025-03", "end": "2027-02"}, "grace_days": 0,
        "document": {"sha256": "0".repeat(64), "language": "ko"},
        "parties": [party("b_says", "Asia/Seoul"), party("A.1", "UTC"), party("3-C", "America/Lima")],
        "institutions": [{"id": "MOE", "party": "b_says", "names": {"ko": "교육부"}, "aliases": []}],
        "tracks": [{"code": "EDU", "title": "교육"}],
        "instruments": [{"ref": "B.1", "line": 7, "title": "양해각서", "state": "to_be_confirmed"}],
        "lines": [{"number": 7, "title": "교육", "goals": []}],
        "actions": [
            thrice_a_year, action("X-2", "recurring", "will"), action("X-3", "deliverable", "possible"),
            action("X-4", "continuing", "continued"), action("X-5", "conditional", "conditional")
        ]
    })
}

/// An export without an entry, of which no ledger is made.
fn nothing() -> Vec<Answer> {
    let mut desk = Desk::new();
    desk.write("empty.jsonl", b"");
    desk.read_both("verify empty.jsonl");
    assert_eq!(desk.run("verify empty.jsonl").status.code(), Some(1), "of nothing, nothing holds");
    desk.read_both(&format!("verify empty.jsonl --first {}", "0".repeat(64)));
    desk.refused("restore empty.jsonl --dry-run", 2);
    desk.refused("restore empty.jsonl", 2);
    for command in ["status", "show 1.G2G.1", "timeline", "replay", "lint", "verify"] {
        desk.refused(command, 2);
    }
    desk.read_both("key list");
    desk.answers
}

/// What is measured is never the same again, so that it is asked for once; its CSV is looked at where it is compared.
fn measured() -> Vec<Answer> {
    let mut desk = Desk::new();
    desk.ask("bench --entries 200");
    let output = desk.run("bench --entries 200 --only folder --keep --json");
    desk.take("bench --entries 200 --only folder --keep", &output, None);
    desk.refused("bench --entries 199", 2);
    desk.refused("bench --folder nowhere", 2);
    desk.answers
}
