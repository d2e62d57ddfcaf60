//! What can go wrong with a value, systematically: at every depth, each member removed, added and replaced.

use super::parts::places;
use super::samples::digest;
use super::wrong;
use annals::domain::sealed::DISCLOSABLE;
use serde_json::{Value, json};

/// A value that differs from a sample in one place.
#[derive(Debug)]
pub(crate) struct Mutation {
    /// JSON pointer of what was changed.
    pub(crate) place: String,
    /// What stands there now, where it was replaced.
    pub(crate) found: Option<Value>,
    /// The whole.
    pub(crate) value: Value,
}

/// Every mutation of a value.
pub(crate) fn mutations(sample: &Value) -> Vec<Mutation> {
    let replacements = wrong::values();
    let mut all = Vec::new();
    for place in places(sample, String::new()) {
        let old = sample.pointer(&place).unwrap();
        let mut put = |found: Value| {
            let mut value = sample.clone();
            *value.pointer_mut(&place).unwrap() = found.clone();
            all.push(Mutation { place: place.clone(), found: Some(found), value });
        };
        replacements.iter().cloned().for_each(&mut put);
        match old {
            Value::Object(_) => objects(old).into_iter().for_each(&mut put),
            Value::Array(items) => {
                let first = items.first().cloned().unwrap_or_else(|| json!("x"));
                for more in [json!([null]), json!([first])] {
                    put([items.clone(), more.as_array().unwrap().clone()].concat().into());
                }
            }
            Value::String(word) => put(json!({word: null})),
            _ => {}
        }
        if let Some((parent, name)) = place.rsplit_once('/') {
            let mut value = sample.clone();
            match value.pointer_mut(parent).unwrap() {
                Value::Object(members) => drop(members.remove(name).unwrap()),
                Value::Array(items) => drop(items.remove(name.parse().unwrap())),
                _ => panic!("{place} stands in nothing"),
            }
            all.push(Mutation { place, found: None, value });
        }
    }
    all
}

/// An object with a member more, with its withheld fields in other places, and as the list of its values.
fn objects(object: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    let mut put = |path: &[&str], value: Value| {
        let mut changed = object.clone();
        let (last, before) = path.split_last().unwrap();
        let inner = before.iter().fold(&mut changed, |value, name| &mut value[*name]);
        if inner.is_null() || inner.is_object() {
            inner[*last] = value;
            all.push(changed);
        }
    };
    let names = || DISCLOSABLE.into_iter().chain(["sha256"]);
    put(&["unknown"], json!("x"));
    put(&["_x"], json!("x"));
    put(&["_sd.note"], json!({"digest": digest(9)}));
    put(&["é"], json!("x"));
    put(&["_sd"], json!({}));
    put(&["_aud"], json!({}));
    put(&["_sd"], json!([digest(9)]));
    for name in names() {
        put(&[name], json!("0".repeat(64)));
        put(&["_sd", name], digest(9).into());
        put(&["_aud", name], json!("parties"));
    }
    put(&["_sd", "unknown"], digest(9).into());
    put(&["_aud", "unknown"], json!("parties"));
    let members = object.as_object().unwrap();
    for (name, _) in members.get("_sd").and_then(Value::as_object).into_iter().flatten() {
        // In clear, with its digest beside it and without.
        let mut moved = object.clone();
        moved[name] = "0".repeat(64).into();
        all.push(moved.clone());
        moved["_sd"].as_object_mut().unwrap().remove(name);
        all.push(moved.clone());
        moved.as_object_mut().unwrap().remove("_sd");
        moved.as_object_mut().unwrap().remove("_aud");
        all.push(moved);
    }
    if (1..=4).contains(&members.len()) {
        all.extend(orders(members.values().cloned().collect()).into_iter().map(Value::Array));
    }
    all
}

fn orders(values: Vec<Value>) -> Vec<Vec<Value>> {
    if values.len() < 2 {
        return vec![values];
    }
    let one_first = |at: usize| {
        let mut rest = values.clone();
        let first = rest.remove(at);
        orders(rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..values.len()).flat_map(one_first).collect()
}
