//! Taking the same workbook in again records nothing twice, and completes what was interrupted.

use crate::desk::Desk;
use serde_json::json;
use std::fs;

const IN: &str = "sheet in returned.xlsx --as KR";

fn returned() -> Desk {
    let desk = Desk::spoken();
    desk.save(
        &desk.sheet().set("J2", "under_way").set("P2", "Begun").set("N3", "held").set("J4", "continuing"),
    );
    desk
}

#[test]
fn a_workbook_that_was_taken_in_is_passed_over() {
    let desk = returned();
    assert_eq!(desk.ask(IN)["recorded"], 3);
    let before = desk.entries();
    for command in [IN.to_owned(), format!("{IN} --dry-run")] {
        let again = desk.ask(&command);
        assert_eq!((&again["recorded"], &again["repeated"]), (&json!(0), &json!(3)));
    }
    assert_eq!(desk.entries(), before);
    // Also when something else was said later.
    desk.done("record progress 1.G2G.1 --as KR --lifecycle continuing --effective 2021-12 --time 2022-01-01T08:00:00.000Z");
    assert_eq!(desk.ask(IN)["repeated"], 3);
}

#[test]
fn a_workbook_is_signed_into_a_file_once_whatever_time_it_is_given() {
    let desk = returned();
    let into = |time: &str| desk.ask(&format!("{IN} -o requests.jsonl --time {time}"));
    assert_eq!(into("2021-11-01T08:00:00.000Z")["repeated"], 0);
    assert_eq!(into("2021-11-02T08:00:00.000Z")["repeated"], 3);
    assert_eq!(fs::read_to_string(desk.path("requests.jsonl")).unwrap().lines().count(), 3);
    desk.done("import requests.jsonl");
    assert_eq!(desk.ask(IN)["repeated"], 3);
}

#[test]
fn what_is_postponed_is_told_with_the_new_date() {
    let desk = Desk::spoken();
    desk.save(&desk.sheet().set("N3", "postponed").set("O3", "2021-11-09"));
    let told = desk.done(&format!("{IN} --dry-run"));
    assert!(told.contains("2021 postponed to 2021-11-09"), "{told}");
}

#[test]
fn what_was_interrupted_is_completed() {
    let desk = returned();
    let whole = desk.ask(IN)["head"].clone();
    desk.done("export --output all.jsonl");
    let lines = fs::read_to_string(desk.path("all.jsonl")).unwrap();
    // As far as the first of three words.
    let part: String = lines.lines().take(129).flat_map(|line| [line, "\n"]).collect();
    fs::write(desk.path("part.jsonl"), part).unwrap();
    desk.done("restore part.jsonl --ledger part");
    let completed = desk.ask(&format!("{IN} --ledger part --anchor another"));
    assert_eq!((&completed["recorded"], &completed["repeated"]), (&json!(2), &json!(1)));
    assert_eq!(completed["size"], 131);
    assert_ne!(whole, json!(null));
    let timeline = desk.ask("timeline 1.G2G.1 --ledger part");
    assert_eq!(timeline["facts"]["entries"], 3);
}

#[test]
fn a_workbook_that_is_changed_after_it_was_taken_in_doubles_nothing() {
    let desk = returned();
    let book = crate::book::Book::open(&desk.path("returned.xlsx"));
    desk.done(IN);
    desk.save(&book.set("J5", "planned"));
    let said = desk.refused(IN, 1);
    for cell in ["Return!J2: since the sheet was made", "Return!N3: since", "Return!J4: since"] {
        assert!(said.contains(cell), "{cell}: {said}");
    }
}

#[test]
fn a_workbook_that_does_not_say_when_it_was_saved_is_told_it() {
    let desk = Desk::spoken();
    // As it was made, but for one cell.
    fs::write(desk.path("returned.xlsx"), desk.sheet().set("J2", "under_way").bytes()).unwrap();
    let said = desk.refused(IN, 2);
    assert!(said.contains("--time"), "{said}");
    let timed = format!("{IN} --time 2021-09-01T08:00:00.000Z");
    assert_eq!(desk.ask(&timed)["edits"][0]["data"]["effective"], "2021-09-01");
    assert_eq!(desk.ask(&timed)["repeated"], 1);
    // Whatever time it is given then, or none.
    for again in [&*format!("{IN} --time 2021-09-02T08:00:00.000Z"), IN] {
        let again = desk.ask(again);
        assert_eq!((&again["recorded"], &again["repeated"]), (&json!(0), &json!(1)));
        assert_eq!(again["edits"][0]["data"]["effective"], "2021-09-01");
    }
}
