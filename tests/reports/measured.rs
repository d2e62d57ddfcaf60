//! What was measured, in a report: where anything was, a table of it, with numbers that are numbers.

use crate::desk::Desk;
use crate::schema::Schemas;
use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::{Value, json};
use std::fs;

#[test]
fn a_report_has_the_first_and_the_latest_value_of_each_indicator_as_its_reading_has_them() {
    let desk = Desk::measuring();
    desk.done("report R2022 -o evaluation.json --lang ko");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(desk.path("evaluation.json")).unwrap()).unwrap();
    assert_eq!(Schemas::load().faults("documents/document.json", &document), Vec::<String>::new());
    let sections = document["sections"].as_array().unwrap();
    let at = sections.iter().position(|section| section["name"] == "indicators").unwrap();
    assert_eq!([&sections[at - 1]["name"], &sections[at + 1]["name"]], ["status", "bases"]);
    let table = &sections[at]["report"];
    assert_eq!(table["facts"], json!({"indicators": 2, "actions": 1}));
    let told =
        ["action", "party", "indicator", "first_value", "first_effective", "value", "effective", "unit"];
    let told = |row: &Value| told.map(|name| row[name].as_str().unwrap_or_default().to_owned());
    let rows: Vec<[String; 8]> = table["rows"].as_array().unwrap().iter().map(told).collect();
    let expected = [
        ["1.G2G.3", "KR", "rate", "27.30", "2021-06", "27.30", "2021-06", ""],
        ["1.G2G.3", "DK", "visits", "11", "2022-05", "11", "2022-05", "days"],
        ["1.G2G.3", "KR", "visits", "-2.5", "2021-06", "12", "2022-03-01", "days"],
    ];
    assert_eq!(rows, expected.map(|row| row.map(str::to_owned)));
    assert_eq!(
        [&table["rows"][2]["first_sequence"], &table["rows"][2]["sequence"]],
        [&json!(125), &json!(126)]
    );
}

#[test]
fn a_value_is_a_number_in_a_workbook_and_in_csv_and_a_date_is_one() {
    let desk = Desk::measuring();
    desk.done("report R2022 -o evaluation.xlsx");
    let mut workbook: Xlsx<_> = open_workbook(desk.path("evaluation.xlsx")).unwrap();
    let sheet = workbook.worksheet_range("Indicators").unwrap();
    let row = sheet.rows().nth(3).unwrap();
    assert_eq!([&row[3], &row[5]], [&Data::Float(-2.5), &Data::Float(12.0)]);
    assert!(matches!(row[6], Data::DateTime(_)), "{row:?}");
    desk.done("report R2022 -o indicators.csv --section indicators");
    let text = fs::read_to_string(desk.path("indicators.csv")).unwrap();
    assert!(text.contains("1.G2G.3,KR,visits,-2.5,2021-06,12,2022-03-01,days,126,KR,125,1,"), "{text}");
}

#[test]
fn a_report_in_which_nothing_was_measured_has_no_table_of_it_unless_it_is_asked_for() {
    let desk = Desk::reviewing();
    desk.done("report R2022 -o evaluation.md");
    assert!(!fs::read_to_string(desk.path("evaluation.md")).unwrap().contains("## Indicators"));
    desk.done("report R2022 -o indicators.csv --section indicators");
    assert_eq!(fs::read_to_string(desk.path("indicators.csv")).unwrap().lines().count(), 1);
}
