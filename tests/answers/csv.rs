//! The CSV: of what reads, the rows of the JSON under fixed headings, and what the clock is worth; of keys, the keys; of
//! what writes, the members of the object in one row.

use super::desk::{Answer, Desk};
use super::schema::Schemas;
use super::situations::answers;
use annals::record::verdict::Check;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const STATUS: &str = "action joint lifecycle health health_joint health_stale";
const PARTY: [&str; 5] = ["says", "effective", "recorded", "sequence", "health"];
const STATUS_MORE: &str = "windows leads excerpt text line track";
const TIMELINE: &str = "sequence recorded_on effective source subject summary assurance note note_withheld note_erased files answers correlation with recorded type id leaf voided indicators";
const LINT: &str = "subject rule what";
const DIFF: &str = "subject field of old new source effective recorded_on sequence note note_withheld party window institution indicator";
const DUE: &str = "standing days closes subject matter which stands leads actions last party assigned said_by effective recorded_on sequence";
const GAPS: &str = "subject rule since days what party on sequence";
const INBOX: &str = "sequence recorded_on effective source subject summary assurance awaits why note note_withheld note_erased files answers correlation with recorded type id leaf voided indicators";
const RECEIPTS: &str = "subject sequence id leaf repeated overtaken_by";
const HANDOVER: &str = "action role until joint lifecycle health";
const HANDOVER_MORE: &str = "due awaits sequence excerpt text assigned id leaf repeated";
const VERIFICATION: &str = "check holds covered entry expected found idle";
const EXAMINATION: &str = "about gravity what remedy commands";
const KEYS: &str = "keyid vkey role party institution revoked";
const EVIDENCE: &str = "sequence number source subject filename size mediatype state sha256 path voided";
const REVIEWS: &str = "review state from to axis cutoff size head decided open signed opened closed version";
const REVIEW: [&str; 3] = ["finding", "sequence", "cites"];
const PLAN: &str = "action line track kind cycle firmness ended successors excerpt text since";
const PLAN_DIFF: &str =
    "action decision what review proposed_by agreed effective sequence proposal old_text new_text into";
const ASSERTION: &str =
    "sequence recorded_on effective source action summary assurance files line track corrected leaf";
const CHECKPOINTS: &str = "size root witness cosigned";
const CHECKED: &str = "check holds words";
const FILES: &str = "path sha256 size mediatype before";

/// The parties in the order of their plan; none before the ledger is opened.
const PARTIES: [&[&str]; 3] = [&[], &["DK", "KR"], &["b_says", "A.1", "3-C"]];

/// The headings of an answer, in their order; of the board's, those of its parties among them.
fn headings(answer: &Answer, found: &[String]) -> Vec<String> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    match answer.kind() {
        "status" => {
            let says = found.iter().filter_map(|heading| heading.strip_suffix("_says"));
            let parties: Vec<&str> = says.collect();
            assert!(PARTIES.contains(&parties.as_slice()), "{}: {found:?}", answer.command);
            let of = |party: &&str| PARTY.map(|what| format!("{party}_{what}"));
            [words(STATUS), parties.iter().flat_map(of).collect(), words(STATUS_MORE)].concat()
        }
        "review" | "review_lines" => {
            let own = ["DK", "KR"].iter().flat_map(|party| REVIEW.map(|what| format!("{party}_{what}")));
            let (before, after) = if answer.kind() == "review" {
                ("action joint lifecycle", "findings finding decisions open excerpt text line track")
            } else {
                ("line title criterion", "findings finding")
            };
            [words(before), own.collect(), words(after)].concat()
        }
        "handover" => {
            let own = ["b_says", "A.1", "3-C"].iter();
            let own = own.flat_map(|party| PARTY.iter().take(4).map(move |what| format!("{party}_{what}")));
            [words(HANDOVER), own.collect(), words(HANDOVER_MORE)].concat()
        }
        "receipts" => words(RECEIPTS),
        "reviews" => words(REVIEWS),
        "plan" => words(PLAN),
        "plan_diff" => words(PLAN_DIFF),
        "audit_population" => words(ASSERTION),
        "audit_sample" => [words("part"), words(ASSERTION), words("number")].concat(),
        "audit_statement" => words("rule count"),
        "audit_exceptions" => words("rule subject entries what"),
        "lint" => words(LINT),
        "diff" => words(DIFF),
        "due" => words(DUE),
        "gaps" => words(GAPS),
        "inbox" => words(INBOX),
        "verification" => words(VERIFICATION),
        "examination" => words(EXAMINATION),
        "keys" => words(KEYS),
        "evidence" => words(EVIDENCE),
        "files" => words(FILES),
        "checkpoints" => words(CHECKPOINTS),
        kind if kind.starts_with("verified_") => words(CHECKED),
        "action" | "replay" | "timeline" => words(TIMELINE),
        _ => answer.value.as_object().unwrap().keys().cloned().collect(),
    }
}

/// The rows of an answer; those of a verification are its verdicts, in the order of the checks, and what writes is one.
fn rows(answer: &Answer) -> Vec<Value> {
    let row = |check: Check| {
        let mut row = answer.value["verdicts"][check.key()].clone();
        row["check"] = json!(check.key());
        row
    };
    let lists = ["rows", "keys", "files", "findings", "checks", "exceptions", "receipts"]
        .into_iter()
        .find_map(|name| answer.value.get(name).filter(|list| list.is_array()));
    match (lists, answer.kind()) {
        (Some(rows), _) => rows.as_array().unwrap().clone(),
        (None, "verification") => Check::ALL.map(row).to_vec(),
        (None, "checkpoints") => {
            answer.value["checkpoints"].as_array().unwrap().iter().flat_map(cosigned).collect()
        }
        (None, _) => vec![answer.value.clone()],
    }
}

/// A row for each cosignature of a checkpoint, or one where there is none.
fn cosigned(signed: &Value) -> Vec<Value> {
    let row = json!({"size": signed["entries"], "root": signed["root"]});
    let with = |by: &Value| {
        let mut row = row.clone();
        (row["witness"], row["cosigned"]) = (by["keyid"].clone(), by["time"].clone());
        row
    };
    let rows: Vec<Value> = signed["cosigned"].as_array().unwrap().iter().map(with).collect();
    if rows.is_empty() { vec![row] } else { rows }
}

/// What a row says in a last column: of what reads entries, what their clock is worth.
fn clock(answer: &Answer) -> Option<String> {
    let verified = Some(&answer.value["illustrative"])
        .filter(|_| ["verification", "examination", "checkpoints", "receipts"].contains(&answer.kind()));
    let illustrative = answer.value.pointer("/reading/illustrative").or(verified)?;
    Some(if *illustrative == true { "illustrative" } else { "real" }.to_owned())
}

/// A value as a field: empty where it is absent, a list with semicolons, and never the beginning of a formula.
fn field(value: Option<&Value>) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        // The value of an indicator.
        Value::Object(each) if each.contains_key("name") => {
            let unit = each.get("unit").map(|unit| format!(" {}", unit.as_str().unwrap()));
            let [name, value] = ["name", "value"].map(|key| each[key].as_str().unwrap());
            format!("{name}: {value}{}", unit.unwrap_or_default())
        }
        other => other.to_string(),
    };
    let text = match value {
        None => String::new(),
        Some(Value::Array(items)) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        Some(value) => text(value),
    };
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text }
}

#[test]
fn the_rows_are_those_of_the_json() {
    let mut neutralised = false;
    for answer in answers() {
        let Some(bytes) = &answer.csv else { continue };
        let command = &answer.command;
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let found: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let headings = headings(answer, &found);
        let clock = clock(answer);
        let last = clock.as_ref().map(|_| "clock".to_owned());
        assert_eq!(found, headings.iter().cloned().chain(last).collect::<Vec<_>>(), "{command}");
        let mut records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let rows = rows(answer);
        if answer.kind() == "verification" {
            // What lies beside the entries has rows of its own; nothing that does not hold is left out.
            let is_false = |record: &csv::StringRecord| record.get(1) == Some("false");
            let empty = answer.value["size"] == 0;
            let holds = !records.iter().any(is_false) && !empty;
            assert_eq!(holds, answer.value["holds"] == true, "{command}: {records:?}");
            for beside in records.split_off(Check::ALL.len()) {
                assert!(is_false(&beside) != beside[5].is_empty(), "{command}: {beside:?}");
            }
        }
        assert_eq!(records.len(), rows.len(), "{command}");
        for (record, row) in records.iter().zip(&rows) {
            let known = |name: &String| headings.contains(name);
            assert!(row.as_object().unwrap().keys().all(known), "{command}: {row} has more than {found:?}");
            let cells = headings.iter().map(|heading| field(row.get(heading))).chain(clock.clone());
            assert_eq!(
                record.iter().map(str::to_owned).collect::<Vec<_>>(),
                cells.collect::<Vec<_>>(),
                "{command}"
            );
            neutralised |= record.iter().any(|cell| cell.starts_with("'="));
        }
    }
    assert!(neutralised, "no field begins like a formula");
}

#[test]
fn the_headings_are_the_members_of_the_schemas() {
    let schemas = Schemas::load();
    let members = |file: &str, place: &str| -> BTreeSet<String> {
        let members = schemas.files[file].pointer(place).and_then(|row| row.get("properties"));
        members.and_then(Value::as_object).unwrap().keys().cloned().collect()
    };
    let set = |text: &str| text.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(members("answers/status.json", "/$defs/row"), set(&format!("{STATUS} {STATUS_MORE}")));
    assert_eq!(members("answers/timeline.json", "/$defs/row"), set(TIMELINE));
    assert_eq!(members("answers/receipts.json", "/$defs/receipt"), set(RECEIPTS));
    assert_eq!(members("answers/handover.json", "/$defs/row"), set(&format!("{HANDOVER} {HANDOVER_MORE}")));
    assert_eq!(members("answers/lint.json", "/$defs/row"), set(LINT));
    assert_eq!(members("answers/diff.json", "/$defs/row"), set(DIFF));
    assert_eq!(members("answers/due.json", "/$defs/row"), set(DUE));
    assert_eq!(members("answers/gaps.json", "/$defs/row"), set(GAPS));
    assert_eq!(members("answers/inbox.json", "/$defs/row"), set(INBOX));
    let mut verdict = members("answers/verification.json", "/$defs/verdict");
    assert!(verdict.insert("check".to_owned()));
    assert_eq!(verdict, set(VERIFICATION));
    assert_eq!(members("answers/examination.json", "/$defs/finding"), set(EXAMINATION));
    assert_eq!(members("answers/keys.json", "/$defs/key"), set(KEYS));
    assert_eq!(members("answers/evidence.json", "/$defs/row"), set(EVIDENCE));
    assert_eq!(members("answers/files.json", "/$defs/file"), set(FILES));
    assert_eq!(members("answers/reading.json", "/$defs/checked"), set(CHECKED));
}

#[test]
fn every_kind_was_asked_for_as_csv() {
    let kinds = |all: &mut dyn Iterator<Item = &'static Answer>| -> BTreeSet<&str> {
        all.map(Answer::kind).collect()
    };
    let mut as_csv = kinds(&mut answers().iter().filter(|answer| answer.csv.is_some()));
    // What was measured is measured again below.
    as_csv.insert("bench");
    assert_eq!(as_csv, kinds(&mut answers().iter()));
}

#[test]
fn what_is_measured_has_the_same_columns_and_targets_as_csv() {
    let desk = Desk::new();
    let output = desk.run("bench --entries 200 --only folder,history --format csv");
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let schemas = Schemas::load();
    let members = schemas.files["answers/bench.json"]["$defs"]["row"]["properties"].as_object().unwrap();
    let headings: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(headings.iter().collect::<BTreeSet<_>>(), members.keys().collect());
    let json =
        answers().iter().find(|answer| answer.kind() == "bench").unwrap().value["rows"].as_array().unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 2);
    for record in records {
        let same = json.iter().find(|row| field(row.get("work")) == record[0]).unwrap();
        for (heading, cell) in headings.iter().zip(&record) {
            let measured = ["limit", "ours", "ratio", "met", "how"].contains(&heading.as_str());
            assert_eq!(cell.is_empty(), same.get(heading).is_none(), "{heading}");
            assert!(measured || field(same.get(heading)) == cell, "{heading}: {cell}");
        }
    }
}
