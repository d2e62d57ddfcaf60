//! A desk with a ledger in which both sides have spoken, and the program.

use crate::book::Book;
use crate::program;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

pub(crate) const PLAN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/plan.json");

/// When a workbook was saved, if nothing else is said.
pub(crate) const SAVED: &str = "2021-10-01T09:00:00Z";

pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Korea has planned an action and a meeting of 2021, Denmark continues another action.
    ///
    /// In the sheet that Korea then has, 1.G2G.1 is in row 2, and LIFECYCLE to NOTE are the columns J to P.
    pub(crate) fn spoken() -> Self {
        let desk = Self::empty();
        desk.done(&format!(
            "init {PLAN} --as DK --both-sides --illustrative --time 2021-05-11T08:00:00.000Z"
        ));
        for said in [
            "1.G2G.1 --as KR --lifecycle planned --effective 2021-06",
            "1.G2G.2 --as KR --window 2021 --occurrence planned --date 2021-09-14 --effective 2021-06-10",
            "1.G2G.3 --as DK --lifecycle continuing --effective 2021-06-10",
        ] {
            desk.done(&format!("record progress {said} --time 2021-06-10T08:00:00.000Z"));
        }
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command, with arguments between spaces.
    pub(crate) fn run(&self, command: &str) -> Output {
        program::annals(self.0.path()).args(command.split_whitespace()).output().unwrap()
    }

    pub(crate) fn done(&self, command: &str) -> String {
        program::said(command, self.run(command))
    }

    pub(crate) fn ask(&self, command: &str) -> Value {
        serde_json::from_str(&self.done(&format!("--format json {command}"))).unwrap()
    }

    /// Runs what is refused with a code, changes nothing, and tells what it says.
    pub(crate) fn refused(&self, command: &str, code: i32) -> String {
        let before = self.entries();
        let output = self.run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), output.stdout.as_slice()),
            (Some(code), &b""[..]),
            "{command}: {said}"
        );
        assert!(!said.contains("panicked"), "{command}: {said}");
        assert_eq!(self.entries(), before, "{command}");
        said
    }

    /// Every byte of the entries.
    pub(crate) fn entries(&self) -> Vec<u8> {
        fs::read(self.path("annals-ledger/journal/000000000000.jsonl")).unwrap_or_default()
    }

    /// The sheet that Korea has for a ministry.
    pub(crate) fn sheet(&self) -> Book {
        self.done("sheet out --as KR -o made.xlsx");
        let book = Book::open(&self.path("made.xlsx"));
        fs::remove_file(self.path("made.xlsx")).unwrap();
        book
    }

    /// Saves a workbook as `returned.xlsx`.
    pub(crate) fn save(&self, book: &Book) {
        book.save(&self.path("returned.xlsx"), SAVED);
    }
}
