//! The schema files themselves, and what is validated whole.

use super::parts::objects;
use super::samples::{self, file_of};
use super::schema::Schemas;
use annals::domain::sealed::DISCLOSABLE;
use annals::record::fact::{Fact, TYPES};
use annals::trail::entry::Entry;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PLAN: &str = include_str!("../../examples/denmark-korea-2021-2024/plan.json");
const REQUESTS: &str = include_str!("../../examples/denmark-korea-2021-2024/history.jsonl");
const HISTORY: &str =
    concat!(include_str!("../vectors/history.jsonl"), include_str!("../vectors/review.jsonl"));

/// The files that are no event's.
const OTHERS: [&str; 5] = ["entry.json", "plan.json", "request.json", "requests.json", "values.json"];

/// Those of what the program answers and writes, which `tests/answers` and `tests/reports` hold against it.
const ELSEWHERE: [&str; 2] = ["answers/", "documents/"];

#[test]
fn every_type_has_a_schema_and_no_file_is_left_over() {
    let schemas = Schemas::load();
    let expected: BTreeSet<String> =
        TYPES.into_iter().map(file_of).chain(OTHERS.map(str::to_owned)).collect();
    assert_eq!(recorded(&schemas).map(|(name, _)| name.clone()).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn every_file_is_a_schema_under_its_own_name() {
    for (name, schema) in &Schemas::load().files {
        jsonschema::meta::validate(schema).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        // One of a folder is relative to that.
        let own = ELSEWHERE.iter().find_map(|folder| name.strip_prefix(folder));
        assert_eq!(schema["$id"], json!(own.unwrap_or(name)));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    }
}

/// The schemas of what is recorded or handed over.
fn recorded(schemas: &Schemas) -> impl Iterator<Item = (&String, &Value)> {
    schemas.files.iter().filter(|(name, _)| !ELSEWHERE.iter().any(|folder| name.starts_with(folder)))
}

fn holds(schemas: &Schemas, file: &str, value: &Value) {
    let faults = schemas.faults(file, value);
    assert!(faults.is_empty(), "{file}: {value}\n{}", faults.join("\n"));
}

#[test]
fn the_vectors_and_the_example_are_as_their_schemas_say() {
    let schemas = Schemas::load();
    for line in HISTORY.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        holds(&schemas, "entry.json", &entry);
        holds(&schemas, "request.json", &samples::request_of(&entry));
        holds(&schemas, &file_of(entry["type"].as_str().unwrap()), &entry["data"]);
        Fact::read(&Entry::parse(line.as_bytes()).unwrap().request.event).unwrap();
    }
    holds(&schemas, "plan.json", &serde_json::from_str(PLAN).unwrap());
    for line in REQUESTS.lines() {
        holds(&schemas, "requests.json", &serde_json::from_str(line).unwrap());
    }
}

#[test]
fn every_sample_is_as_its_schema_says_and_every_member_occurs() {
    let schemas = Schemas::load();
    let samples = samples::all();
    let mut values: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for sample in &samples {
        holds(&schemas, &sample.file, &sample.value);
        values.entry(&sample.file).or_default().push(&sample.value);
    }
    let files: BTreeSet<&str> = recorded(&schemas).map(|(name, _)| name.as_str()).collect();
    assert_eq!(values.keys().copied().chain(["values.json"]).collect::<BTreeSet<_>>(), files);
    for (file, values) in values {
        occur(&schemas, file, &schemas.files[file], &values, file);
    }
}

/// Every member that a schema names is there in one of the values, at every depth.
fn occur(schemas: &Schemas, file: &str, schema: &Value, values: &[&Value], at: &str) {
    if let Some(Value::Object(members)) = schema.get("properties") {
        for (name, member) in members.iter().filter(|(_, member)| member.is_object()) {
            let found: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
            assert!(!found.is_empty(), "{at}/{name} occurs in no sample");
            occur(schemas, file, member, &found, &format!("{at}/{name}"));
        }
    }
    if let Some(items) = schema.get("items").filter(|_| !at.contains("/data")) {
        let found: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
        assert!(!found.is_empty(), "{at} holds nothing in any sample");
        occur(schemas, file, items, &found, &format!("{at}/0"));
    }
    for choice in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        occur(schemas, file, choice, values, at);
    }
    if schema.get("$ref").is_some() {
        let (file, schema) = schemas.resolve(file, schema);
        occur(schemas, file, schema, values, at);
    }
}

#[test]
fn what_may_be_withheld_is_marked_where_it_is_and_nowhere_in_clear() {
    let (schemas, mut marked) = (Schemas::load(), BTreeSet::new());
    for (file, schema) in recorded(&schemas) {
        for object in objects(schema) {
            let names = |member: &str| {
                let members =
                    object.get("properties").and_then(|members| members.get(member)?.get("properties"));
                members.and_then(Value::as_object).map(|members| members.keys().cloned().collect::<Vec<_>>())
            };
            let digests = names("_sd").filter(|_| object.contains_key("additionalProperties"));
            let Some(digests) = digests else {
                assert!(!object.contains_key("disclosable"), "{file}: {object:?}");
                continue;
            };
            assert_eq!(object["disclosable"], json!(digests), "{file}");
            assert_eq!(names("_aud"), Some(digests.clone()), "{file}");
            for part in ["_sd", "_aud"].map(|name| &object["properties"][name]) {
                assert_eq!(
                    (&part["additionalProperties"], &part["minProperties"]),
                    (&json!(false), &json!(1))
                );
            }
            marked.extend(digests);
        }
        let withheld = [json!("values.json#/$defs/digest"), json!("values.json#/$defs/audience")];
        for members in objects(schema).into_iter().filter_map(|object| object.get("properties")?.as_object())
        {
            let clear =
                |name: &&str| members.get(*name).is_some_and(|member| !withheld.contains(&member["$ref"]));
            assert_eq!(DISCLOSABLE.into_iter().find(clear), None, "{file}");
        }
    }
    let known: BTreeSet<String> =
        DISCLOSABLE.iter().chain(&["sha256"]).map(|name| (*name).to_owned()).collect();
    assert_eq!(marked, known);
}
