//! The schema files, compiled: each by its name, with references resolved among them and nowhere else.

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const BASE: &str = "https://annals.example/schemas/";

/// Every schema file, by its name below `schemas/`.
pub(crate) struct Schemas {
    pub(crate) files: BTreeMap<String, Value>,
    validators: BTreeMap<String, Validator>,
}

impl Schemas {
    pub(crate) fn load() -> Self {
        let mut files: BTreeMap<String, Value> = BTreeMap::new();
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas"), "", &mut files);
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
        let folder = file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let name = match other.strip_prefix("../") {
            _ if other.is_empty() => file.to_owned(),
            Some(above) => above.to_owned(),
            None => folder + other,
        };
        let (file, whole) = self.files.get_key_value(&name).unwrap();
        self.resolve(file, whole.pointer(place).unwrap())
    }
}

/// Reads the schemas of a folder and of those below it.
fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Value>) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            read(&path, &format!("{name}/"), files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let schema = serde_json::from_slice(&std::fs::read(&path).unwrap());
            files.insert(name.clone(), schema.unwrap_or_else(|error| panic!("{name}: {error}")));
        }
    }
}
