//! The parts of a document: the places of its values, and its objects.

use serde_json::{Map, Value};

/// The place of every value, the whole first.
pub(crate) fn places(value: &Value, at: String) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let deeper: Vec<String> =
        inside.into_iter().flat_map(|(name, value)| places(value, format!("{at}/{name}"))).collect();
    std::iter::once(at).chain(deeper).collect()
}

/// Every object, the whole first.
pub(crate) fn objects(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Object(members) => {
            std::iter::once(members).chain(members.values().flat_map(objects)).collect()
        }
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}
