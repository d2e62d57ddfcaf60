//! Facts: what is read at once is what is read step by step.

use super::*;
use crate::trail::entry::Entry;
use serde_json::json;

const HISTORY: &str = include_str!("../../../tests/vectors/history.jsonl");

fn events() -> Vec<Event> {
    HISTORY.lines().map(|line| Entry::parse(line.as_bytes()).unwrap().request.event).collect()
}

fn at_once(event: &Event) -> Option<(Fact, Vec<WithheldField>)> {
    let mut held = Vec::new();
    Fact::typed(event, Text(&event.data, &mut held)).ok().map(|fact| (fact, held))
}

/// A value that some field has, or none.
fn other(random: &mut fastrand::Rng) -> Value {
    let digest = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0";
    let others = [
        json!(null),
        json!(true),
        json!(0),
        json!(-7),
        json!(70_000),
        json!(1.5),
        json!(""),
        json!("2022-05"),
        json!("under_way"),
        json!("tab\t\"quote\\"),
        json!("\u{7}"),
        json!([]),
        json!({}),
        json!({"under_way": 1}),
        json!(["2022", "held"]),
        json!({"state": "held", "window": "2022"}),
        json!({"note": digest}),
        json!({"note": digest, "reason": digest}),
        json!({"note": digest, "rea\tson": digest}),
        json!({"note": "parties"}),
        json!({"note": "public"}),
        json!({"reason": "DK"}),
        json!({"mediatype": "text/plain", "size": 1, "confidential": true, "_sd": {"sha256": digest, "filename": digest}}),
        json!([{"_sd": {"filename": digest}, "mediatype": "text/plain", "sha256": "0".repeat(64), "size": 1}]),
    ];
    others[random.usize(..others.len())].clone()
}

/// Changes one value somewhere in another.
fn change(value: &mut Value, random: &mut fastrand::Rng) {
    const NAMES: [&str; 10] =
        ["_sd", "_aud", "_x", "note", "evidence", "indicators", "occurrence", "effective", "due", "\tname"];
    let name = NAMES[random.usize(..NAMES.len())];
    match value {
        Value::Object(members) if !members.is_empty() && random.u8(..4) > 0 => {
            let at = random.usize(..members.len());
            change(members.values_mut().nth(at).unwrap(), random);
        }
        Value::Object(members) if random.bool() => drop(members.insert(name.to_owned(), other(random))),
        Value::Object(members) if random.bool() => {
            // As a sequence an object would be read by position.
            *value = members.values().cloned().collect();
        }
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(random.usize(..members.len())).unwrap().clone();
            members.remove(&name);
        }
        Value::Array(items) if !items.is_empty() && random.bool() => {
            let at = random.usize(..items.len());
            change(&mut items[at], random);
        }
        other_value => *other_value = other(random),
    }
}

#[test]
fn a_history_is_read_at_once() {
    for event in events() {
        assert!(at_once(&event).is_some(), "{event:?}");
        assert_eq!(at_once(&event), Fact::step_by_step(&event).ok());
    }
}

#[test]
fn whatever_an_event_holds_is_read_at_once_as_it_is_step_by_step() {
    let mut random = fastrand::Rng::with_seed(5);
    let mut read = 0;
    for event in events() {
        for _ in 0..1_000 {
            let mut data = Value::Object(event.data.members());
            (0..random.u8(1..4)).for_each(|_| change(&mut data, &mut random));
            let Value::Object(members) = data else { continue };
            let changed = Event { data: members.into(), ..event.clone() };
            let at_once = at_once(&changed);
            read += u32::from(at_once.is_some());
            // What has no canonical form is left to the steps.
            if at_once.is_some() || changed.to_bytes().is_ok() {
                assert_eq!(at_once, Fact::step_by_step(&changed).ok(), "{:?}", changed.data);
            }
        }
    }
    assert!(read > 500, "only {read} were facts: do the changes still leave some of them whole?");
}
