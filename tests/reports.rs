//! Reports of a review: the same head gives the same bytes, and somebody else's reader finds in them what the program answers.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/plan.json");

struct Desk(TempDir);

impl Desk {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, command: &str) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_annals"));
        let own = std::env::vars_os().map(|(name, _)| name);
        own.filter(|name| name.to_string_lossy().starts_with("ANNALS_")).for_each(|name| {
            program.env_remove(name);
        });
        program
            .args(command.split_whitespace())
            .current_dir(self.0.path())
            .env("ANNALS_KEYS", self.path("keys"))
            .env("ANNALS_ANCHOR", self.path("anchor"))
            .output()
            .unwrap()
    }

    fn done(&self, command: &str) -> String {
        let output = self.run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{command}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A review in which something was found and decided, with a text that a spreadsheet would run and Markdown would format.
    fn reviewing() -> Self {
        let desk = Self(TempDir::new().unwrap());
        let time = |hour: u32| format!("--time 2023-01-09T{hour:02}:00:00.000Z");
        desk.done(&format!(
            "init {PLAN} --as DK --both-sides --illustrative --time 2021-05-11T08:00:00.000Z"
        ));
        for (hour, command) in (1..).zip([
            "record progress 1.G2G.3 --as DK --lifecycle continuing --effective 2022-03-01 --time 2022-03-09T08:00:00.000Z",
            "review open R2022 --as DK --cutoff 2022-12-31",
            "review assess R2022 1.G2G.3 --as DK --finding substantial --cite 125",
            "review assess R2022 1.G2G.3 --as KR --finding limited",
            "review assess R2022 --line 1 --criterion impact --as KR --finding limited",
            "review propose R2022 1.G2G.3 amend --text =1+1|*bold* --as DK --reason So",
            "review agree 1.G2G.3 --as KR",
        ]) {
            let timed = if command.contains("--time") { String::new() } else { time(hour) };
            desk.done(&format!("{command} {timed}"));
        }
        desk
    }

    fn close(&self) {
        for command in
            ["review sign R2022 --as DK", "review sign R2022 --as KR", "review close R2022 --as DK"]
        {
            self.done(&format!("{command} --time 2023-02-01T08:00:00.000Z"));
        }
    }
}

#[test]
fn the_same_head_gives_the_same_bytes_whatever_is_recorded_after_the_close() {
    let desk = Desk::reviewing();
    desk.close();
    for name in ["one.xlsx", "one.md"] {
        desk.done(&format!("report R2022 -o {name}"));
    }
    desk.done("record progress 1.G2G.3 --as KR --lifecycle completed --evidence one.md --time 2023-03-01T08:00:00.000Z");
    // Whatever becomes of the files that entries name.
    fs::remove_dir_all(desk.path("annals-ledger/blobs")).unwrap();
    for (name, other) in [("one.xlsx", "two/one.xlsx"), ("one.md", "two/one.md")] {
        fs::create_dir_all(desk.path("two")).unwrap();
        desk.done(&format!("report R2022 -o {other}"));
        assert!(fs::read(desk.path(name)).unwrap() == fs::read(desk.path(other)).unwrap(), "{name}");
    }
}

#[test]
fn a_workbook_has_what_the_program_answers_with_typed_dates_and_numbers() {
    let desk = Desk::reviewing();
    desk.done("report R2022 -o evaluation.xlsx");
    let mut workbook: Xlsx<_> = open_workbook(desk.path("evaluation.xlsx")).unwrap();
    let sheets = ["About", "Findings", "Criteria", "Decisions", "Status", "Exceptions"];
    assert_eq!(workbook.sheet_names(), sheets);
    let answered: Value = serde_json::from_str(&desk.done("--format json status --review R2022")).unwrap();
    let status = workbook.worksheet_range("Status").unwrap();
    let (headings, rows) = (status.rows().next().unwrap(), status.rows().skip(1).collect::<Vec<_>>());
    assert_eq!(rows.len(), answered["rows"].as_array().unwrap().len());
    let column =
        |name: &str| headings.iter().position(|heading| *heading == Data::String(name.to_owned())).unwrap();
    let row = rows.iter().find(|row| row[0] == Data::String("1.G2G.3".to_owned())).unwrap();
    assert_eq!(row[column("DK_sequence")], Data::Float(125.0));
    let Data::DateTime(date) = &row[column("DK_effective")] else {
        panic!("{:?} is no date", row[column("DK_effective")])
    };
    assert_eq!(date.to_ymd_hms_milli(), (2022, 3, 1, 0, 0, 0, 0));
    // What looks like a formula is a text.
    let findings = workbook.worksheet_range("Findings").unwrap();
    let text =
        findings.rows().flatten().filter(|cell| **cell == Data::String("=1+1|*bold*".to_owned())).count();
    assert_eq!(text, 2);
    assert!(workbook.worksheet_formula("Findings").unwrap().is_empty());
}

#[test]
fn markdown_has_a_table_for_each_part_in_which_nothing_is_markup() {
    let desk = Desk::reviewing();
    desk.done("report R2022 -o evaluation.md");
    let text = fs::read_to_string(desk.path("evaluation.md")).unwrap();
    for heading in ["## Findings", "## Criteria", "## Decisions", "## Status", "## Exceptions"] {
        assert!(text.contains(&format!("\n{heading}\n")), "{heading}");
    }
    assert!(text.contains("=1+1\\|\\*bold\\*"), "{text}");
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut tables = text.split("\n\n").filter(|part| part.starts_with("| "));
    assert!(
        tables.all(|table| table.lines().all(|line| columns(line) == columns(table.lines().next().unwrap())))
    );
    assert!(text.contains("Illustrative"));
}

#[test]
fn nothing_is_overwritten_and_a_dialect_is_known_by_its_name() {
    let desk = Desk::reviewing();
    fs::write(desk.path("mine.xlsx"), "mine").unwrap();
    for (command, code, word) in [
        ("report R2022 -o mine.xlsx", 2, "exists"),
        ("report R2022 -o evaluation.pdf", 2, ".xlsx or .md"),
        ("report R2021 -o evaluation.md", 2, "did you mean R2022?"),
        ("report R2022 -o nowhere/evaluation.md", 2, "nowhere"),
    ] {
        let output = desk.run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{command}: {said}");
        assert!(said.contains(word), "{command}: {said}");
    }
    assert_eq!(fs::read_to_string(desk.path("mine.xlsx")).unwrap(), "mine");
}
