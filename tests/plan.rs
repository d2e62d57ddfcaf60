//! Plan documents: the first plan, other plans, and each fault by its path.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use annals::domain::plan::{InstrumentState, Kind, Plan};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const FIRST: &str = include_str!("../examples/denmark-korea-2021-2024/plan.json");

#[test]
fn the_first_plan_is_whole() {
    let plan = Plan::read(FIRST).unwrap();
    assert_eq!(Plan::read(&format!("\u{feff}{FIRST}")).unwrap(), plan, "as some editors save it");
    let tracks: BTreeSet<_> = plan.actions.iter().map(|action| (action.line, &action.track)).collect();
    let unconfirmed =
        plan.instruments.iter().filter(|base| base.state == InstrumentState::ToBeConfirmed).count();
    assert_eq!((plan.lines.len(), plan.actions.len(), tracks.len()), (4, 69, 16));
    assert_eq!((plan.instruments.len(), unconfirmed), (20, 3));
    let mut numbers = std::collections::BTreeMap::new();
    for action in &plan.actions {
        let number = numbers.entry((action.line, action.track.as_str())).or_insert(0);
        *number += 1;
        assert_eq!(action.reference.as_str(), format!("{}.{}.{number}", action.line, action.track));
        assert_eq!(action.cycle.is_some(), action.kind == Kind::Recurring, "{}", action.reference);
    }
}

/// Three parties, other tracks, and Hangul throughout.
fn other() -> Value {
    let action = |n: usize| {
        json!({
            "ref": format!("A-{n}"), "line": 7, "track": "EDU", "text": format!("교육 협력 {n}"),
            "kind": "continuing", "firmness": "will", "institutions": ["MOE"], "basis": ["B.1"], "notes": [],
        })
    };
    json!({
        "id": "plan", "title": "공동 행동 계획", "period": {"start": "2025-03", "end": "2027-02-28"}, "grace_days": 0,
        "document": {"sha256": "0".repeat(64), "language": "ko"},
        "parties": [
            {"id": "KR", "name": "대한민국", "time_zone": "Asia/Seoul"},
            {"id": "JP", "name": "일본", "time_zone": "Asia/Tokyo"},
            {"id": "CN", "name": "중국", "time_zone": "Asia/Shanghai"},
        ],
        "institutions": [{"id": "MOE", "party": "KR", "names": {"ko": "교육부"}, "aliases": []}],
        "lines": [{"number": 7, "title": "교육", "goals": [{"number": 4, "printed": "양질의 교육"}]}],
        "tracks": [{"code": "EDU", "title": "교육 협력"}],
        "instruments": [{"ref": "B.1", "line": 7, "title": "양해각서", "state": "in_force"}],
        "actions": (1..=400).map(action).collect::<Vec<_>>(),
    })
}

#[test]
fn other_plans_work_as_well() {
    let plan = Plan::read(&other().to_string()).unwrap();
    assert_eq!((plan.parties.len(), plan.actions.len()), (3, 400));
    assert_eq!(serde_json::to_value(&plan).unwrap(), other());
}

#[test]
fn each_fault_has_its_path() {
    let cases = [
        ("/id", json!("a b"), "/id"),
        ("/title", json!(""), "/title"),
        ("/grace_days", json!(-1), "/grace_days"),
        ("/period/end", json!("2025-02-29"), "/period/end"),
        ("/period/end", json!("2024"), "/period"),
        ("/document/sha256", json!("abc"), "/document/sha256"),
        ("/parties/1/id", json!("KR"), "/parties/1/id"),
        ("/parties/1/time_zone", json!("Asia/Nowhere"), "/parties/1/time_zone"),
        ("/institutions/0/party", json!("DK"), "/institutions/0/party"),
        ("/institutions/0/names", json!({}), "/institutions/0/names"),
        ("/lines/0/goals/0/number", json!(18), "/lines/0/goals/0/number"),
        ("/lines/0/text", json!(null), "/lines/0/text"),
        ("/instruments/0/line", json!(8), "/instruments/0/line"),
        ("/instruments/0/state", json!("draft"), "/instruments/0/state"),
        ("/actions/3/ref", json!("A-1"), "/actions/3/ref"),
        ("/actions/3/line", json!(1), "/actions/3/line"),
        ("/actions/3/track", json!("G2G"), "/actions/3/track"),
        ("/actions/3/text", json!("a\u{7}"), "/actions/3/text"),
        ("/actions/3/institutions/0", json!("MOI"), "/actions/3/institutions/0"),
        ("/actions/3/basis/0", json!("B.2"), "/actions/3/basis/0"),
        ("/actions/3/kind", json!("once"), "/actions/3/kind"),
    ];
    for (place, value, path) in cases {
        let mut plan = other();
        *plan.pointer_mut(place).unwrap_or(&mut Value::Null) = value.clone();
        if plan.pointer(place).is_none() {
            let (parent, member) = place.rsplit_once('/').unwrap();
            plan.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(member.to_owned(), value);
        }
        let faults = Plan::read(&plan.to_string()).unwrap_err();
        assert!(faults.iter().any(|fault| fault.path == path), "{place}: {faults:?}");
    }
    let unknown = other().to_string().replacen("\"grace_days\"", "\"grace\":1,\"grace_days\"", 1);
    assert!(Plan::read(&unknown).unwrap_err().iter().any(|fault| fault.what.contains("`grace`")));
    let twice = other().to_string().replacen("\"grace_days\"", "\"grace_days\":1,\"grace_days\"", 1);
    assert!(Plan::read(&twice).unwrap_err().iter().any(|fault| fault.what.contains("duplicate")));
}

/// Runs the program in a folder; its answer, where it says yes.
fn annals(folder: &std::path::Path, arguments: &[&str]) -> Result<String, String> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_annals"))
        .current_dir(folder)
        .env("ANNALS_TIME", "2026-05-04T09:00:00.000Z")
        .args(["--keys", "keys", "--anchor", "anchor"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn json(folder: &std::path::Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&annals(folder, &[arguments, &["--format", "json"]].concat()).unwrap()).unwrap()
}

#[test]
fn another_plan_is_founded_recorded_and_verified_by_three_parties() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("plan.json"), other().to_string()).unwrap();
    annals(here, &["init", "plan.json", "--as", "KR", "--both-sides", "--illustrative"]).unwrap();
    let progress = |party: &str, word: &str| {
        annals(here, &["record", "progress", "A-7", "--as", party, "--lifecycle", word])
    };
    progress("KR", "under_way").unwrap();
    let joint = || json(here, &["show", "A-7"])["facts"]["joint"].clone();
    assert_eq!(joint(), "one_sided");
    annals(here, &["record", "confirm", "A-7", "--as", "JP", "--note", "合意"]).unwrap();
    assert_eq!(joint(), "one_sided", "the third has not spoken");
    annals(here, &["record", "confirm", "A-7", "--as", "CN"]).unwrap();
    assert_eq!(joint(), "agreed");
    progress("CN", "suspended").unwrap();
    assert_eq!(joint(), "disputed");
    let board = json(here, &["status", "--joint", "disputed"]);
    assert_eq!(board["rows"][0]["text"], "교육 협력 7");
    assert_eq!(board["rows"][0]["JP_says"], "under_way");
    assert_eq!(json(here, &["status"])["rows"].as_array().unwrap().len(), 400);
    let refused = annals(here, &["record", "assign", "A-7", "MOE", "--as", "JP"]).unwrap_err();
    assert!(refused.contains("JP has no institution MOE"), "{refused}");
    let refused = progress("DK", "under_way").unwrap_err();
    assert!(refused.contains("its parties are KR, JP, CN"), "{refused}");
    assert_eq!(json(here, &["verify"])["holds"], true);
    assert_eq!(
        json(here, &["lint"])["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|gap| gap["rule"] == "goal_label")
            .count(),
        0
    );
}

#[test]
fn among_three_parties_it_is_said_whose_word_is_answered_and_who_has_agreed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("plan.json"), other().to_string()).unwrap();
    let done = |command: &str| annals(here, &command.split(' ').collect::<Vec<_>>());
    done("init plan.json --as KR --both-sides --illustrative").unwrap();
    for (party, health) in [("KR", "at_risk"), ("CN", "on_track")] {
        done(&format!("record progress A-7 --as {party} --lifecycle under_way --health {health} --note So"))
            .unwrap();
    }
    let rows = json(here, &["timeline", "A-7"])["rows"].as_array().unwrap().clone();
    let sequences: Vec<String> = rows.iter().map(|row| row["sequence"].to_string()).collect();
    let [.., kr, cn] = sequences.as_slice() else { panic!("{rows:?}") };
    // Of several words none is guessed: what is signed cannot be taken back.
    let contest =
        format!("record contest A-7 --as JP --reason No --id {}", "01795a70-9c00-7f4a-884d-de944e2fd581");
    let told = done(&contest).unwrap_err();
    let which = format!("(CN in entry {cn}, KR in entry {kr}): name the one that is meant, such as {cn}");
    assert!(told.contains(&which), "{told}");
    let refused = done(&format!("record contest A-8 --as JP --reason No --word {kr}")).unwrap_err();
    assert!(
        refused.contains(&format!("entry {kr} is about actions/A-7, and not about actions/A-8")),
        "{refused}"
    );
    // What they differ on stands on the board; a machine has it by its axis.
    assert!(done("status --joint one_sided").unwrap().contains("≠ disputed"));
    let row = &json(here, &["status", "--joint", "one_sided"])["rows"][0];
    assert!(row["health_joint"] == "disputed" && row.get("health").is_none(), "{row}");
    done("review open R1 --as KR --cutoff 2026-05-04").unwrap();
    let shown = || json(here, &["show", "A-7"])["facts"]["proposals"].to_string();
    done("review propose R1 A-7 retain --as KR --reason So").unwrap();
    assert!(shown().contains("proposed by KR (entry "), "{}", shown());
    done("review agree A-7 --as JP").unwrap();
    assert!(shown().contains("proposed by KR (entry ") && shown().contains("agreed to by JP"), "{}", shown());
    done("review decline A-7 --as KR --reason Enough").unwrap();
    assert!(shown().contains("retain: taken back by KR (entry "), "{}", shown());
    done(&format!("{contest} --word {kr} --time 2026-06-04T08:00:00.000Z")).unwrap();
    // Repeated, it is known by its id.
    done(&format!("{contest} --time 2026-06-04T08:00:00.000Z")).unwrap();
}

#[test]
fn of_three_parties_all_accede_before_anything_happens() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("plan.json"), other().to_string()).unwrap();
    let mut init = vec!["init", "plan.json", "--as", "KR"];
    annals(here, &["key", "new", "KR", "--founding"]).unwrap();
    let named: Vec<String> = ["JP", "CN"]
        .iter()
        .flat_map(|party| {
            let keys = json(here, &["key", "new", party, "--founding"]);
            let keys = keys["keys"].as_array().unwrap().clone();
            keys.into_iter().map(move |key| format!("{party}={}", key["vkey"].as_str().unwrap()))
        })
        .collect();
    init.extend(named.iter().flat_map(|key| ["--party", key]));
    annals(here, &init).unwrap();
    let refused = annals(here, &["record", "progress", "A-1", "--as", "KR", "--note", "x"]).unwrap_err();
    assert!(refused.contains("has no coordinator key"), "{refused}");
    annals(here, &["accede", "--as", "JP", "--plan", "plan.json"]).unwrap();
    let key = json(here, &["key", "new", "KR/coordinator-1"])["keys"][0]["vkey"].as_str().unwrap().to_owned();
    let register = ["key", "register", key.as_str(), "--role", "coordinator", "--as", "KR"];
    let refused = annals(here, &register).unwrap_err();
    assert!(refused.contains("the other parties accede first"), "{refused}");
    annals(here, &["accede", "--as", "CN", "--plan", "plan.json"]).unwrap();
    annals(here, &register).unwrap();
    annals(here, &["record", "progress", "A-1", "--as", "KR", "--note", "x"]).unwrap();
    assert_eq!(json(here, &["verify"])["holds"], true);
}
