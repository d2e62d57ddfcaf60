//! The order of the layers: a module names only modules to its left.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// From left to right; `domain` and `trail` never name each other.
const ORDER: [&str; 8] = ["domain", "trail", "record", "projection", "report", "store", "ledger", "exchange"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn rank(module: &str) -> usize {
    ORDER.iter().position(|each| *each == module).unwrap()
}

/// The modules of the library that a text names through `crate::`.
fn named(text: &str) -> Vec<&str> {
    let word = |rest: &str| rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    text.split("crate::").skip(1).filter_map(|rest| rest.get(..word(rest))).collect()
}

fn allowed(module: &str, other: &str) -> bool {
    let apart = ["domain", "trail"];
    module == other || (rank(other) < rank(module) && !(apart.contains(&module) && apart.contains(&other)))
}

#[test]
fn a_module_names_only_modules_to_its_left() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for path in files(&source) {
        let inside = path.strip_prefix(&source).unwrap();
        let module =
            inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        if ["lib", "main", "cli"].contains(&module) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for other in named(&text) {
            assert!(allowed(module, other), "{} names `{other}`, which lies to its right", inside.display());
            seen += 1;
        }
    }
    assert!(seen > 0, "no module names another: does this test still read the source?");
}

#[test]
fn what_a_text_names_is_read_off_it_and_only_what_lies_to_the_left_is_allowed() {
    assert!(!allowed("trail", "domain") && !allowed("domain", "trail") && allowed("record", "trail"));
    assert_eq!(named("use crate::trail::entry; [`crate::record`]"), ["trail", "record"]);
}
