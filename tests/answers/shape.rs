//! The answers and their schemas, whole.

use super::desk::Answer;
use super::occurrence::Occurrences;
use super::parts::objects;
use super::schema::Schemas;
use super::situations::answers;
use annals::domain::assertion::{Health, Lifecycle};
use annals::domain::change::Kind;
use annals::domain::finding::{self, Criterion, Finding};
use annals::domain::status::Joint;
use annals::ledger::examination::{Gravity, Part};
use annals::projection::diff::Field;
use annals::projection::inbox::Awaited;
use annals::projection::silence;
use annals::record::verdict::Check;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

#[test]
fn every_answer_is_as_the_schema_of_its_kind_says() {
    let schemas = Schemas::load();
    for answer in answers() {
        let faults = schemas.faults(&answer.schema(), &answer.value);
        assert!(faults.is_empty(), "{}: {}", answer.command, faults.join("\n"));
    }
}

#[test]
fn every_kind_has_a_schema_and_no_file_is_left_over() {
    let kinds: BTreeSet<String> = answers().iter().map(Answer::schema).collect();
    let schemas = Schemas::load();
    let files = schemas.files.keys().filter(|name| name.starts_with("answers/")).cloned();
    // What several answers hold has no kind of its own.
    assert_eq!(files.filter(|name| name != "answers/reading.json").collect::<BTreeSet<_>>(), kinds);
    for kind in kinds {
        let named = &schemas.files[&kind]["properties"]["kind"]["const"];
        assert_eq!(format!("answers/{}.json", named.as_str().unwrap()), kind);
    }
}

#[test]
fn every_member_and_every_word_of_a_schema_occurs() {
    let schemas = Schemas::load();
    let mut occurrences = Occurrences::new(&schemas);
    let kinds: BTreeSet<String> = answers().iter().map(Answer::schema).collect();
    for kind in kinds {
        let values = answers().iter().filter(|answer| answer.schema() == kind).map(|answer| &answer.value);
        occurrences.find(&kind, &values.collect::<Vec<_>>());
    }
    assert_eq!(occurrences.absent(), Vec::<&str>::new());
    // These need a browser, a clock, a user and a disk of their own.
    let elsewhere = ["\"clock\"", "\"pdf\"", "\"rights\"", "\"room\"", "\"unreadable\""];
    assert_eq!(occurrences.missing(), elsewhere.into_iter().collect());
}

#[test]
fn the_words_are_those_of_the_program() {
    let schemas = Schemas::load();
    let words = |file: &str, place: &str| schemas.files[file].pointer(place).unwrap().clone();
    let status = |name: &str| words("answers/status.json", &format!("/$defs/{name}/enum"));
    assert_eq!(status("joint"), json!(Joint::ALL.map(Joint::as_str)));
    assert_eq!(status("lifecycle"), json!(Lifecycle::ALL));
    assert_eq!(status("health"), json!(Health::ALL));
    assert_eq!(words("answers/diff.json", "/$defs/row/properties/field/enum"), json!(Field::ALL));
    assert_eq!(words("answers/inbox.json", "/$defs/row/properties/awaits/enum"), json!(Awaited::ALL));
    assert_eq!(words("answers/gaps.json", "/$defs/row/properties/rule/enum"), json!(silence::Rule::ALL));
    let review = |name: &str| words("answers/review.json", &format!("/$defs/{name}/enum"));
    assert_eq!(review("finding"), json!(Finding::ALL));
    assert_eq!(review("findings"), json!(finding::Joint::ALL));
    let judged = words("answers/review_lines.json", "/$defs/row/properties/criterion/enum");
    assert_eq!(judged, json!(Criterion::ALL));
    let decided = words("answers/plan_diff.json", "/$defs/row/properties/decision/enum");
    assert_eq!(decided, json!(Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()));
    let finding =
        |name: &str| words("answers/examination.json", &format!("/$defs/finding/properties/{name}/enum"));
    assert_eq!(finding("about"), json!(Part::ALL.map(Part::as_str)));
    assert_eq!(finding("gravity"), json!(Gravity::ALL.map(Gravity::as_str)));
    let checks = words("answers/verification.json", "/properties/verdicts/required");
    assert_eq!(checks, json!(Check::ALL.map(Check::key)));
}

/// `show` and `status` of the same reading say the same of an action.
#[test]
fn an_action_stands_as_on_the_board() {
    let of = |kind: &'static str| answers().iter().filter(move |answer| answer.kind() == kind);
    let mut compared = 0;
    for (action, board) in of("action").flat_map(|action| of("status").map(move |board| (action, board))) {
        let facts = &action.value["facts"];
        let rows = board.value["rows"].as_array().unwrap().iter();
        if action.value["reading"] != board.value["reading"] {
            continue;
        }
        for row in rows.filter(|row| row["action"] == facts["action"]) {
            let mut row = row.clone();
            // These the board alone has.
            for short in ["excerpt", "leads"] {
                assert!(row.as_object_mut().unwrap().remove(short).is_some());
            }
            for (name, value) in row.as_object().unwrap() {
                assert_eq!(facts.get(name), Some(value), "{}: {name}", action.command);
            }
            let parties = ["_says", "_effective", "_recorded", "_sequence", "_health"];
            for (name, value) in facts.as_object().unwrap() {
                if parties.iter().any(|end| name.ends_with(end))
                    || ["lifecycle", "health"].contains(&name.as_str())
                {
                    assert_eq!(row.get(name), Some(value), "{}: {name}", action.command);
                }
            }
            compared += 1;
        }
    }
    assert!(compared > 5, "{compared}");
}

#[test]
fn objects_are_closed_and_members_described() {
    let schemas = Schemas::load();
    for (file, schema) in schemas.files.iter().filter(|(name, _)| name.starts_with("answers/")) {
        for object in objects(schema) {
            if object.get("type").is_some_and(|kind| kind == "object") {
                assert_eq!(object.get("additionalProperties"), Some(&json!(false)), "{file}: {object:?}");
                members(&schemas, file, object);
            }
        }
    }
}

/// Every member says what it is, and an optional one when it is absent.
fn members(schemas: &Schemas, file: &str, object: &Map<String, Value>) {
    let required = object["required"].as_array().unwrap();
    let of = |keyword: &str| object.get(keyword).and_then(Value::as_object).into_iter().flatten();
    assert!(object.contains_key("description"), "{file}: {object:?}");
    for (name, member) in of("properties").chain(of("patternProperties")) {
        let own = member.get("description");
        let described = own.or_else(|| schemas.resolve(file, member).1.get("description"));
        assert!(described.is_some_and(Value::is_string), "{file}: {name} is not described");
        let optional = !required.contains(&json!(name));
        let condition = own.is_some_and(|text| text.as_str().unwrap().contains("Absent "));
        assert_eq!(optional, condition, "{file}: {name}");
    }
}
