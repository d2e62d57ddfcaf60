//! A desk with a ledger and keys, the program, and what it answered there.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};
use tempfile::TempDir;

pub(crate) const PLAN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/plan.json");
pub(crate) const HISTORY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/history.jsonl");

/// One answer.
pub(crate) struct Answer {
    /// The command and its arguments.
    pub(crate) command: String,
    pub(crate) value: Value,
    /// The same as CSV, where it was asked for.
    pub(crate) csv: Option<Vec<u8>>,
}

impl Answer {
    pub(crate) fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap()
    }

    /// The schema of its kind.
    pub(crate) fn schema(&self) -> String {
        format!("answers/{}.json", self.kind())
    }
}

pub(crate) struct Desk {
    folder: TempDir,
    pub(crate) ledger: PathBuf,
    pub(crate) keys: PathBuf,
    pub(crate) answers: Vec<Answer>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, keys) = (folder.path().join("ledger"), folder.path().join("keys"));
        Self { folder, ledger, keys, answers: Vec::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).unwrap()
    }

    /// Runs a command, with arguments between spaces.
    pub(crate) fn run(&self, command: &str) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_annals"));
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANNALS_")) {
            program.env_remove(name);
        }
        program
            .args(command.split_whitespace())
            .current_dir(self.folder.path())
            .env("ANNALS_LEDGER", &self.ledger)
            .env("ANNALS_KEYS", &self.keys)
            .env("ANNALS_ANCHOR", self.folder.path().join("anchor"))
            .output()
            .unwrap()
    }

    /// What is answered as JSON.
    pub(crate) fn ask(&mut self, command: &str) -> &Value {
        let output = self.run(&format!("--format json {command}"));
        self.take(command, &output, None)
    }

    /// What is answered as CSV, read as the object that JSON would be: of what writes, which is not done twice.
    pub(crate) fn ask_csv(&mut self, command: &str) {
        let output = self.run(&format!("--format csv {command}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
        let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
        let headings = reader.headers().unwrap().clone();
        let object = |record: csv::StringRecord| {
            let filled = headings.iter().zip(&record).filter(|(_, text)| !text.is_empty());
            filled.map(|(heading, text)| (heading.to_owned(), typed(text))).collect::<Map<_, _>>()
        };
        let rows: Vec<_> = reader.records().map(Result::unwrap).map(object).collect();
        let value = match rows.as_slice() {
            [one] if one.contains_key("kind") => json!(one),
            _ if headings.iter().any(|heading| heading == "before") => {
                json!({"kind": "files", "dry_run": false, "files": rows})
            }
            _ => json!({"kind": "keys", "keys": rows}),
        };
        self.answers.push(Answer { command: command.to_owned(), value, csv: Some(output.stdout) });
    }

    /// What writes a file and gives the same answer each time, as JSON and as CSV; the file is there at the end.
    pub(crate) fn both_anew(&mut self, command: &str, file: &str) {
        let run = |format: &str| {
            let _ = fs::remove_file(self.path(file));
            self.run(&format!("--format {format} {command}"))
        };
        let (csv, json) = (run("csv"), run("json"));
        assert_eq!(csv.status, json.status, "{command}");
        self.take(command, &json, Some(csv.stdout));
    }

    /// What is answered as JSON and as CSV, and writes nothing: neither here nor into what the keys remember.
    pub(crate) fn read_both(&mut self, command: &str) {
        let tried = command.ends_with("--dry-run");
        let before = tried.then(|| files(self.folder.path()));
        let run = |format: &str| self.run(&format!("--format {format} {command}"));
        let (json, csv) = std::thread::scope(|scope| {
            let csv = scope.spawn(|| run("csv"));
            (run("json"), csv.join().unwrap())
        });
        assert_eq!(csv.status, json.status, "{command}");
        assert!(before == tried.then(|| files(self.folder.path())), "{command}: something was written");
        self.take(command, &json, Some(csv.stdout));
    }

    /// Takes an answer: one line, one object, and the exit code that it says.
    pub(crate) fn take(&mut self, command: &str, output: &Output, csv: Option<Vec<u8>>) -> &Value {
        let text = std::str::from_utf8(&output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let line = text.strip_suffix('\n').unwrap_or_else(|| panic!("{command}: {text:?} {said}"));
        assert!(!line.contains(['\n', '\r']), "{command}: more than one line");
        let value: Value =
            serde_json::from_str(line).unwrap_or_else(|fault| panic!("{command}: {fault}: {line}"));
        assert!(value.is_object(), "{command}: {line}");
        assert_eq!(output.status.code(), Some(code(&value)), "{command}: {said}");
        self.answers.push(Answer { command: command.to_owned(), value, csv });
        &self.answers.last().unwrap().value
    }

    /// What refuses has no answer.
    pub(crate) fn refused(&self, command: &str, code: i32) {
        let output = self.run(&format!("--format json {command}"));
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]), "{command}");
        assert!(!output.stderr.is_empty(), "{command}");
    }
}

/// The exit code of an answer.
fn code(value: &Value) -> i32 {
    let gravest = &value["findings"][0]["gravity"];
    let some = |name: &str| value["facts"][name].as_u64().is_some_and(|count| count > 0);
    match value["kind"].as_str().unwrap() {
        kind if kind == "verification" || kind.starts_with("verified_") => i32::from(value["holds"] == false),
        "examination" if *gravest == "unreadable" => 3,
        "examination" => i32::from(value["healthy"] == false),
        "evidence" => i32::from(some("missing") || some("changed")),
        "checkpoints" => i32::from(value.get("unread").is_some()),
        "answer" | "taken" => i32::from(value["refused"].as_u64() > Some(0)),
        _ => 0,
    }
}

/// A field as what it looks like: a hash and an id are texts.
fn typed(field: &str) -> Value {
    match field {
        "true" => true.into(),
        "false" => false.into(),
        _ if field.len() < 16 => field.parse::<u64>().map_or_else(|_| field.into(), Value::from),
        _ => field.into(),
    }
}

/// Every file of a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let each = |path: PathBuf| {
        if path.is_dir() { files(&path) } else { [(path.clone(), fs::read(path).unwrap())].into() }
    };
    entries.flat_map(each).collect()
}
