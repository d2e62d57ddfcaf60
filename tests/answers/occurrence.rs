//! Which members and which words of a schema occur in values.

use super::schema::Schemas;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Occurrences<'a> {
    schemas: &'a Schemas,
    /// What each list of words has that did not occur yet, by the list; where several schemas refer to it, it is one.
    missing: BTreeMap<*const Value, BTreeSet<String>>,
    /// Where each member would stand that did not occur yet; nothing once it did.
    absent: BTreeMap<*const Value, Option<String>>,
}

impl<'a> Occurrences<'a> {
    pub(crate) fn new(schemas: &'a Schemas) -> Self {
        Self { schemas, missing: BTreeMap::new(), absent: BTreeMap::new() }
    }

    /// The words that never occurred, as JSON; of a boolean, both are wanted.
    pub(crate) fn missing(&self) -> BTreeSet<&str> {
        self.missing.values().flatten().map(String::as_str).collect()
    }

    /// The members and items that never occurred.
    pub(crate) fn absent(&self) -> Vec<&str> {
        self.absent.values().flatten().map(String::as_str).collect()
    }

    /// Takes the values that a schema describes.
    pub(crate) fn find(&mut self, file: &str, values: &[&Value]) {
        let (file, schema) = self.schemas.files.get_key_value(file).unwrap();
        self.within(file, schema, values, file);
    }

    fn within(&mut self, file: &'a str, schema: &'a Value, values: &[&Value], at: &str) {
        let members = |keyword: &str| schema.get(keyword).and_then(Value::as_object).into_iter().flatten();
        for (name, member) in members("properties") {
            let found: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
            self.inside(file, member, &found, &format!("{at}/{name}"));
        }
        for (pattern, member) in members("patternProperties") {
            let named = jsonschema::validator_for(&json!({"pattern": pattern})).unwrap();
            let all = values.iter().filter_map(|value| value.as_object()).flatten();
            let found = all.filter(|(name, _)| named.is_valid(&json!(name))).map(|(_, value)| value);
            self.inside(file, member, &found.collect::<Vec<_>>(), &format!("{at}/{pattern}"));
        }
        if let Some(items) = schema.get("items") {
            let found: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
            self.inside(file, items, &found, &format!("{at}/*"));
        }
        for choice in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
            self.within(file, choice, values, at);
        }
        if schema.get("$ref").is_some() {
            let (file, schema) = self.schemas.resolve(file, schema);
            self.within(file, schema, values, at);
        }
        let words = self.missing.entry(schema).or_insert_with(|| words(schema));
        for value in values {
            words.remove(&value.to_string());
        }
    }

    fn inside(&mut self, file: &'a str, schema: &'a Value, found: &[&Value], at: &str) {
        let absent = self.absent.entry(schema).or_insert_with(|| Some(at.to_owned()));
        if !found.is_empty() {
            *absent = None;
            self.within(file, schema, found, at);
        }
    }
}

/// The words that a schema lists.
fn words(schema: &Value) -> BTreeSet<String> {
    let listed = schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
    let one = schema.get("const").cloned();
    let either = schema.get("type").is_some_and(|kind| kind == "boolean");
    let either = either.then_some([json!(true), json!(false)]).into_iter().flatten();
    listed.into_iter().chain(one).chain(either).map(|word| word.to_string()).collect()
}
