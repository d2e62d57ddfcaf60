//! What is new, and what is not.

use crate::book::Book;
use crate::desk::{Desk, PLAN};
use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::{Value, json};
use std::fs;

const IN: &str = "sheet in returned.xlsx --as KR";

#[test]
fn what_is_exported_comes_in_again_without_a_difference_for_every_institution() {
    let desk = Desk::empty();
    desk.done("demo");
    fs::rename(desk.path("annals-demo/ledger"), desk.path("annals-ledger")).unwrap();
    fs::rename(desk.path("annals-demo/keys"), desk.path("keys")).unwrap();
    let plan: Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
    let before = desk.entries();
    let mut made = 0;
    for body in plan["institutions"].as_array().unwrap() {
        let (id, party) = (body["id"].as_str().unwrap(), body["party"].as_str().unwrap());
        let out = desk.run(&format!("sheet out --as {party} --institution {id} -o {id}.xlsx"));
        if !out.status.success() {
            assert!(String::from_utf8_lossy(&out.stderr).contains("no action is meant"), "{id}");
            continue;
        }
        let found = desk.ask(&format!("sheet in {id}.xlsx --as {party}"));
        assert_eq!((&found["recorded"], &found["edits"]), (&json!(0), &json!([])), "{id}");
        made += 1;
    }
    for party in ["DK", "KR"] {
        desk.done(&format!("sheet out --as {party} -o {party}.xlsx"));
        let found = desk.ask(&format!("sheet in {party}.xlsx --as {party}"));
        assert_eq!(found["edits"], json!([]), "{party}");
    }
    assert!(made > 20, "{made}");
    assert_eq!(desk.entries(), before);
}

#[test]
fn a_sheet_of_any_language_comes_back_as_it_went_out() {
    let desk = Desk::spoken();
    let heading = |lang: &str| {
        desk.done(&format!("sheet out --as KR --lang {lang} -o {lang}.xlsx"));
        let found = desk.ask(&format!("sheet in {lang}.xlsx --as KR --dry-run"));
        assert_eq!(found["edits"], json!([]), "{lang}");
        let mut workbook: Xlsx<_> = open_workbook(desk.path(&format!("{lang}.xlsx"))).unwrap();
        workbook.worksheet_range("Return").unwrap().get((0, 9)).unwrap().to_string()
    };
    assert_eq!(["en", "da", "ko"].map(heading), ["LIFECYCLE", "STADE", "단계"]);
    // The words that are filled in are the same in all.
    let book = Book::open(&desk.path("ko.xlsx"));
    desk.save(&book.clone().set("J2", "under_way"));
    let found = desk.ask(&format!("{IN} --dry-run"));
    assert_eq!(found["edits"][0]["data"]["lifecycle"], "under_way");
    // What is wrong is named as the sheet names it.
    desk.save(&book.clone().set("M4", "2022"));
    assert!(desk.refused(IN, 2).contains("Return!N4: an occurrence needs its 개최"));
    desk.save(&book.about("B7", "se"));
    assert!(desk.refused(IN, 2).contains("its language is se, and there are en, da and ko"));
}

#[test]
fn the_same_head_gives_the_same_bytes_and_nothing_is_overwritten() {
    let desk = Desk::spoken();
    desk.done("sheet out --as KR --institution MSIT -o one.xlsx");
    desk.done("sheet out --as KR/MSIT -o two.xlsx");
    assert!(fs::read(desk.path("one.xlsx")).unwrap() == fs::read(desk.path("two.xlsx")).unwrap());
    for (command, word) in [
        ("sheet out --as KR -o one.xlsx", "nothing is overwritten"),
        ("sheet out --as KR -o one.csv", ".xlsx"),
        ("sheet out --as SE -o three.xlsx", "its parties are DK, KR"),
        ("sheet out -o three.xlsx", "--as PARTY"),
        ("sheet out --as KR --institution MSITT -o three.xlsx", "did you mean MSIT?"),
        ("sheet out --as KR --line 1 --joint disputed -o three.xlsx", "nothing to fill in"),
    ] {
        let said = desk.refused(command, 2);
        assert!(said.contains(word), "{command}: {said}");
    }
    assert!(!desk.path("three.xlsx").exists());
}

#[test]
fn a_sheet_shows_what_was_said_and_has_room_for_what_is_new() {
    let desk = Desk::spoken();
    desk.done("sheet out --as KR -o made.xlsx");
    let mut book: Xlsx<_> = open_workbook(desk.path("made.xlsx")).unwrap();
    assert_eq!(book.sheet_names(), ["About", "Return"]);
    let rows = book.worksheet_range("Return").unwrap();
    let row = |at: u32| -> Vec<String> {
        (0..16)
            .map(|column| rows.get_value((at, column)).map(ToString::to_string).unwrap_or_default())
            .collect()
    };
    assert_eq!(rows.get_size(), (70, 16));
    assert_eq!(
        row(1)[6..],
        ["○ planned", "2021-06", "–", "planned", "", "", "", "", "", ""].map(|cell| cell.replace('–', ""))
    );
    assert_eq!(row(2)[12..], ["2021", "planned", "2021-09-14", ""]);
    let Some(Data::DateTime(day)) = rows.get_value((3, 4)) else { unreachable!("a day is a date") };
    assert_eq!(day.to_ymd_hms_milli(), (2021, 6, 10, 0, 0, 0, 0));
    fs::remove_file(desk.path("made.xlsx")).unwrap();
    let book = desk.sheet();
    let (_, sheet) = book.parts.iter().find(|(name, _)| name.ends_with("sheet2.xml")).unwrap();
    for there in [
        "<sheetProtection",
        "<autoFilter",
        "state=\"frozen\"",
        "planned,under_way,continuing",
        "2021,2022,2023,2024",
    ] {
        assert!(sheet.contains(there), "{there}");
    }
}

#[test]
fn only_what_is_new_is_recorded_and_a_dry_run_records_nothing() {
    let desk = Desk::spoken();
    let book = desk.sheet().set("J2", "under_way").set("L2", "2021-08").set("P2", " 첫 회의를 열었음. ");
    let book = book.set("N3", "held").set("P4", "Only a note");
    desk.save(&book);
    let before = desk.entries();
    let tried = desk.ask(&format!("{IN} --dry-run"));
    assert_eq!((&tried["recorded"], &tried["dry_run"]), (&json!(3), &json!(true)));
    assert_eq!(desk.entries(), before);
    let done = desk.ask(IN);
    let data = |at: usize| done["edits"][at]["data"].clone();
    assert_eq!(done["recorded"], 3);
    assert_eq!(
        data(0),
        json!({"effective": "2021-08", "lifecycle": "under_way", "note": "첫 회의를 열었음."})
    );
    // Since the day on which it was held, without another word.
    let occurrence = json!({"window": "2021", "state": "held", "date": "2021-09-14"});
    assert_eq!(data(1), json!({"effective": "2021-09-14", "occurrence": occurrence}));
    // Since the day on which the sheet was saved, where its party is.
    assert_eq!(data(2), json!({"effective": "2021-10-01", "note": "Only a note"}));
    assert_eq!(done["edits"][0]["cell"], "Return!J2");
    let timeline = desk.ask("timeline 1.G2G.1");
    let said = timeline["rows"].as_array().unwrap().last().unwrap();
    assert_eq!((&said["note"], &said["effective"]), (&json!("첫 회의를 열었음."), &json!("2021-08")));
    // What was said is what the next sheet shows, and no difference to it.
    desk.save(&desk.sheet());
    assert_eq!(desk.ask(IN)["edits"], json!([]));
    assert!(desk.run("verify").status.success());
}

#[test]
fn a_date_alone_says_that_the_lifecycle_still_holds() {
    let desk = Desk::spoken();
    desk.save(&desk.sheet().set("L2", "2021-09"));
    let done = desk.ask(IN);
    assert_eq!(done["edits"][0]["data"], json!({"effective": "2021-09", "lifecycle": "planned"}));
}

#[test]
fn dates_are_taken_as_text_as_numbers_of_years_and_as_dates_of_an_office_program() {
    let desk = Desk::spoken();
    let made = desk.sheet();
    let style = made.style("E4");
    for (inside, date) in [
        ("t=\"inlineStr\"><is><t>2021-08-30</t></is>".to_owned(), "2021-08-30"),
        ("t=\"inlineStr\"><is><t>2021-08</t></is>".to_owned(), "2021-08"),
        ("><v>2021</v>".to_owned(), "2021"),
        (format!("s=\"{style}\"><v>44438</v>"), "2021-08-30"),
        ("t=\"d\"><v>2021-08-30T00:00:00</v>".to_owned(), "2021-08-30"),
    ] {
        desk.save(&made.clone().set("P2", "A note").raw("L2", &inside));
        let tried = desk.ask(&format!("{IN} --dry-run"));
        assert_eq!(tried["edits"][0]["data"]["effective"], date, "{inside}");
    }
}

#[test]
fn rows_may_be_deleted_and_moved_and_columns_stand_where_they_like() {
    let desk = Desk::spoken();
    let made = desk.sheet();
    // Row 4 becomes row 900, and column P column R.
    let moved = |text: &str| text.replace("\"P", "\"R").replace("<row r=\"4\"", "<row r=\"900\"");
    let mut book = made.without(2);
    book.edit("xl/worksheets/sheet2.xml", |text| {
        ('A'..='R').fold(moved(text), |text, letter| {
            text.replace(&format!("r=\"{letter}4\""), &format!("r=\"{letter}900\""))
        })
    });
    desk.save(&book);
    assert_eq!(desk.ask(&format!("{IN} --dry-run"))["edits"], json!([]));
    desk.save(&book.set("R900", "A note in another column"));
    let tried = desk.ask(&format!("{IN} --dry-run"));
    let edit = &tried["edits"][0];
    assert_eq!((&edit["cell"], &edit["action"]), (&json!("Return!R900"), &json!("1.G2G.3")));
}

#[test]
fn another_partys_desk_signs_into_a_file() {
    let desk = Desk::spoken();
    desk.save(&desk.sheet().set("J2", "under_way").set("N3", "held"));
    let before = desk.entries();
    let signed = desk.ask(&format!("{IN} -o requests.jsonl"));
    assert_eq!((&signed["recorded"], &signed["file"]), (&json!(0), &json!("requests.jsonl")));
    assert_eq!(desk.entries(), before);
    let answer = desk.ask("answer requests.jsonl --for KR -o answer.bundle");
    assert_eq!(answer["refused"], 0);
    let ids = |list: &Value| -> Vec<Value> {
        list.as_array().unwrap().iter().map(|each| each["id"].clone()).collect()
    };
    assert_eq!(ids(&answer["answers"]), ids(&signed["edits"]));
    // The same sheet taken in now has been said.
    assert_eq!(desk.ask(IN)["repeated"], 2);
}

#[test]
fn a_workbook_says_how_it_is_made_again_with_all_that_chose_its_rows() {
    let desk = Desk::spoken();
    desk.done("sheet out --as KR --line 2 --joint silent -o chosen.xlsx");
    let mut book: Xlsx<_> = open_workbook(desk.path("chosen.xlsx")).unwrap();
    let about = book.worksheet_range("About").unwrap();
    let said = "annals sheet out --as KR --line 2 --joint silent -o FILE";
    assert!(about.rows().flatten().any(|cell| *cell == Data::String(said.to_owned())), "{about:?}");
}
