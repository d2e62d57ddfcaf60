//! What every dialect looks like: each file as it was written last, kept among the examples' reports or in `tests/snapshots`.
//!
//! `ANNALS_BLESS=1` writes them anew, from the entries that the page among the examples holds; look at them before you keep them.

use crate::desk::{Desk, PLAN, held};
use calamine::{Reader, Xlsx};
use serde_json::Value;
use similar::TextDiff;
use std::fmt::Write;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

/// The ledger of the examples' reports.
fn restored() -> Desk {
    let page = fs::read_to_string(examples().join("evaluation.html")).unwrap();
    let desk = Desk(TempDir::new().unwrap());
    fs::write(desk.path("all.jsonl"), held(&page, "entries").unwrap()).unwrap();
    fs::write(desk.path("checkpoint"), held(&page, "checkpoint").unwrap()).unwrap();
    desk.done("restore all.jsonl");
    desk.done("checkpoint --take checkpoint");
    desk
}

fn examples() -> PathBuf {
    Path::new(PLAN).parent().unwrap().join("reports")
}

/// Holds what was written against the file that is kept.
fn hold(kept: &Path, written: &[u8]) {
    if std::env::var_os("ANNALS_BLESS").is_some() {
        fs::write(kept, written).unwrap();
    }
    let before = fs::read(kept).unwrap_or_default();
    if before != written {
        let (before, after) = (legible(kept, &before), legible(kept, written));
        let diff = TextDiff::from_lines(&before, &after);
        let diff = diff.unified_diff().context_radius(1).header("as it is kept", "as it is now").to_string();
        let diff: Vec<&str> = diff.lines().take(200).collect();
        panic!("{}: keep it with ANNALS_BLESS=1, if it is right\n{}", kept.display(), diff.join("\n"));
    }
}

/// A file in lines that people can read.
fn legible(path: &Path, bytes: &[u8]) -> String {
    let lines = match path.extension().unwrap().to_str().unwrap() {
        "json" => serde_json::from_slice::<Value>(bytes).ok().map(|value| format!("{value:#}")),
        "xlsx" => Xlsx::new(Cursor::new(bytes)).ok().map(cells),
        _ => None,
    };
    lines.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
}

/// The cells of a workbook, a line each.
fn cells(mut workbook: Xlsx<Cursor<&[u8]>>) -> String {
    let mut cells = String::new();
    for (sheet, range) in workbook.worksheets() {
        for (row, column, cell) in range.used_cells() {
            writeln!(cells, "{sheet} {}:{}: {cell}", row + 1, column + 1).unwrap();
        }
    }
    cells
}

#[test]
fn the_reports_among_the_examples_are_what_the_program_writes_from_the_entries_in_their_page() {
    let desk = restored();
    for (name, command) in [
        ("evaluation.html", "report FINAL2024"),
        ("evaluation.md", "report FINAL2024"),
        ("evaluation.xlsx", "report FINAL2024"),
        ("findings.csv", "report FINAL2024 --section findings"),
        ("brief.md", "brief 2 --since-review R2023 --review FINAL2024"),
    ] {
        desk.done(&format!("{command} -o {name}"));
        hold(&examples().join(name), &fs::read(desk.path(name)).unwrap());
    }
}

#[test]
fn every_other_dialect_is_written_as_it_was_kept() {
    let desk = restored();
    let brief = "brief 2 --since-review R2022 --at 1097";
    for (name, command) in [
        ("evaluation.json", "report FINAL2024".to_owned()),
        ("exceptions.ko.md", "report FINAL2024 --section exceptions --lang ko".to_owned()),
        ("brief.html", brief.to_owned()),
        ("brief.da.md", format!("{brief} --lang da")),
        ("brief.json", brief.to_owned()),
        ("brief.xlsx", brief.to_owned()),
        ("changed.csv", format!("{brief} --section changed")),
        ("activities.xml", "iati --org XM-DAC-3-1 --org-name Annals --line 2".to_owned()),
    ] {
        desk.done(&format!("{command} -o {name}"));
        let written = fs::read(desk.path(name)).unwrap();
        // Its style, its program and its entries stand in the page among the examples.
        let page = str::from_utf8(&written).ok().filter(|_| name == "brief.html").map(main);
        hold(&Path::new(SNAPSHOTS).join(name), page.unwrap_or(&written));
    }
    let calendar = "calendar --recorded 2022-12-31 --within 1y";
    for (name, command) in
        [("calendar.ics", calendar.to_owned()), ("calendar.ko.ics", format!("{calendar} --lang ko"))]
    {
        hold(&Path::new(SNAPSHOTS).join(name), desk.done(&command).as_bytes());
    }
}

/// What people read of a page.
fn main(page: &str) -> &[u8] {
    let (_, words) = page.split_once("<main").unwrap();
    words.split_once("</main>").unwrap().0.as_bytes()
}

#[test]
fn a_feed_is_written_again_by_the_command_in_it() {
    let desk = restored();
    let feed = desk.done("calendar --party KR --recorded 2022-12-31 --within 18m --lang da");
    let whole = feed.replace("\r\n ", "");
    let about = whole.lines().find_map(|line| line.strip_prefix("DESCRIPTION:")).unwrap();
    assert!(about.starts_with("som registreret: 2022-12-31"), "{about}");
    let (_, command) = about.rsplit_once("\\nannals ").unwrap();
    assert_eq!(desk.done(command), feed);
}

#[test]
fn a_feed_in_which_nothing_is_due_says_so_in_a_component() {
    let desk = restored();
    for (language, words) in [("en", "Nothing to show."), ("ko", "해당 없음.")] {
        let feed = desk.done(&format!("calendar --recorded 2021-05-11 --within 1d --lang {language}"));
        let component = feed.split_once("BEGIN:VJOURNAL\r\n").unwrap().1;
        let (component, end) = component.split_once("END:VJOURNAL\r\n").unwrap();
        assert_eq!(end, "END:VCALENDAR\r\n");
        for line in [&format!("SUMMARY:{words}"), "UID:nothing@annals.local/demo", "DTSTAMP:20210511T"] {
            assert!(component.lines().any(|found| found.starts_with(line)), "{line}: {component}");
        }
        assert!(!feed.contains("VEVENT") && !feed.contains("METHOD"), "{feed}");
    }
}

#[test]
fn what_differs_from_a_snapshot_is_told_line_by_line() {
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("kept.json");
    fs::write(&kept, "{\"a\":1,\"b\":2}").unwrap();
    hold(&kept, b"{\"a\":1,\"b\":2}");
    if std::env::var_os("ANNALS_BLESS").is_some() {
        return;
    }
    let told = std::panic::catch_unwind(|| hold(&kept, b"{\"a\":1,\"b\":3}")).unwrap_err();
    let told = told.downcast_ref::<String>().unwrap();
    assert!(told.contains("-  \"b\": 2\n+  \"b\": 3"), "{told}");
}
