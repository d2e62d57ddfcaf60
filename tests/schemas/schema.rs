//! The schema files, compiled: each by its name, with references resolved among them and nowhere else.

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

const BASE: &str = "https://annals.example/schemas/";

/// Every schema file.
pub(crate) struct Schemas {
    pub(crate) files: BTreeMap<String, Value>,
    validators: BTreeMap<String, Validator>,
}

impl Schemas {
    pub(crate) fn load() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let mut files: BTreeMap<String, Value> = BTreeMap::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                let schema = serde_json::from_slice(&std::fs::read(&path).unwrap());
                files.insert(name.clone(), schema.unwrap_or_else(|error| panic!("{name}: {error}")));
            }
        }
        let mut registry = Registry::new();
        for (name, schema) in &files {
            registry = registry.add(format!("{BASE}{name}"), schema.clone()).unwrap();
        }
        let registry = registry.prepare().unwrap();
        let compile = |name: &String| {
            let whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": format!("{BASE}{name}")});
            let compiled = jsonschema::options().offline().with_registry(&registry).build(&whole);
            (name.clone(), compiled.unwrap_or_else(|error| panic!("{name}: {error}")))
        };
        let validators = files.keys().map(compile).collect();
        Self { files, validators }
    }

    pub(crate) fn admits(&self, file: &str, value: &Value) -> bool {
        self.validators[file].is_valid(value)
    }

    /// What is wrong with a value, in words; nothing where the schema admits it.
    pub(crate) fn faults(&self, file: &str, value: &Value) -> Vec<String> {
        let faults = self.validators[file].iter_errors(value);
        faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
    }

    /// Follows the reference that a schema of `file` is, if it is one: the file and the schema that it leads to.
    pub(crate) fn resolve<'a>(&'a self, file: &'a str, schema: &'a Value) -> (&'a str, &'a Value) {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return (file, schema) };
        let (other, place) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if other.is_empty() { file } else { other };
        self.resolve(file, self.files[file].pointer(place).unwrap())
    }
}
