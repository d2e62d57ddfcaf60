//! Briefs: one page on a line of effort, that cuts nothing silently and verifies itself.

use crate::desk::{Desk, held};
use crate::schema::Schemas;
use serde_json::Value;
use std::fs;

fn read(desk: &Desk, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(desk.path(name)).unwrap()).unwrap()
}

fn subjects(document: &Value, section: &str) -> Vec<String> {
    let mut sections = document["sections"].as_array().unwrap().iter();
    let rows = &sections.find(|each| each["name"] == section).unwrap()["report"]["rows"];
    rows.as_array().unwrap().iter().map(|row| row["subject"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_changed_stands_first_then_what_is_at_risk_then_what_is_silent_and_each_action_once_in_each() {
    let desk = Desk::reviewing();
    for said in [
        "1.G2G.4 --as DK --health off_track --note Late --time 2023-01-10T08:00:00.000Z",
        "1.G2G.3 --as KR --lifecycle completed --evidence all.txt --time 2023-01-11T08:00:00.000Z",
    ] {
        fs::write(desk.path("all.txt"), "done").unwrap();
        desk.done(&format!("record progress {said}"));
    }
    desk.done("brief 1 -o brief.json");
    let document = read(&desk, "brief.json");
    assert_eq!(Schemas::load().faults("documents/document.json", &document), Vec::<String>::new());
    let names: Vec<&str> =
        document["sections"].as_array().unwrap().iter().map(|each| each["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["changed", "at_risk", "silent"]);
    // Since the review, the newest first, and last what time alone changed.
    assert_eq!(document["facts"]["since"], "R2022");
    let changed = subjects(&document, "changed");
    assert_eq!(changed[..3], ["actions/1.G2G.3", "actions/1.G2G.4", "actions/1.G2G.2"]);
    let passed = "2022, occurrence: open → missed (by the passing of time)";
    assert_eq!(document["sections"][0]["report"]["rows"][2]["what"][0], passed);
    assert_eq!(subjects(&document, "at_risk")[0], "actions/1.G2G.4");
    let silent = subjects(&document, "silent");
    assert!(silent.contains(&"actions/1.G2G.1".to_owned()), "{silent:?}");
    let mut once = silent.clone();
    once.dedup();
    assert_eq!(once.len(), silent.len());
    let what = document["sections"][0]["report"]["rows"][0]["what"].clone();
    assert_eq!(what[0], "KR: completed (KR, since 2023-01-11, recorded 2023-01-11)");
    assert_eq!(what[1], "text amended (all in R2022, proposed by DK, recorded 2023-01-09)");
    // What that review looked at changed since the founding.
    desk.done("brief 1 -o then.json --review R2022");
    let then = read(&desk, "then.json");
    assert_eq!(subjects(&then, "changed")[0], "actions/1.G2G.3");
    assert_eq!(then["facts"]["since"], "122");
}

#[test]
fn what_a_page_has_no_room_for_is_counted_and_listed_by_the_command_that_it_names() {
    let desk = Desk::reviewing();
    desk.done("brief 1 -o brief.md");
    let page = fs::read_to_string(desk.path("brief.md")).unwrap();
    let (_, silent) = page.split_once("## Silent").unwrap();
    let shown = silent.lines().filter(|line| line.starts_with("| 1.")).count();
    let (_, told) = silent.split_once("\nAnd ").unwrap();
    let (more, command) = told.split_once(" more. All of them: annals ").unwrap();
    let command = command.lines().next().unwrap().replace('\\', "");
    desk.done(&command);
    let all = fs::read_to_string(desk.path("silent.csv")).unwrap().lines().count() - 1;
    assert!(shown > 3, "{page}");
    assert_eq!(shown + more.parse::<usize>().unwrap(), all);
    assert!(page.contains(&format!("- Silent: {all}\n")), "{page}");
}

#[test]
fn a_brief_holds_its_entries_and_the_command_that_it_names_makes_it_again() {
    let desk = Desk::reviewing();
    desk.done("brief 1 -o brief.html --lang da --since 2021-06-01");
    let page = fs::read_to_string(desk.path("brief.html")).unwrap();
    desk.done("export -o all.jsonl");
    assert_eq!(held(&page, "entries").unwrap(), fs::read_to_string(desk.path("all.jsonl")).unwrap());
    desk.done("verify brief.html");
    let (_, again) = page.split_once("<code>annals ").unwrap();
    let (again, _) = again.split_once("</code>").unwrap();
    // Whatever is recorded after it.
    desk.done("record progress 1.G2G.4 --as DK --lifecycle under_way --time 2023-03-01T08:00:00.000Z");
    fs::rename(desk.path("brief.html"), desk.path("before.html")).unwrap();
    desk.done(again);
    assert!(fs::read_to_string(desk.path("brief.html")).unwrap() == page);
}

#[test]
fn a_brief_is_of_a_line_and_since_a_moment_that_there_are() {
    let desk = Desk::reviewing();
    for (command, word) in [
        ("brief 9 -o brief.md", "there are 1, 2, 3, 4"),
        ("brief 1 -o brief.md --since-review R2021", "did you mean R2022?"),
        ("brief 1 -o brief.md --since 126 --at 125", "give `--since` an earlier moment"),
        ("brief 1 -o brief.csv", "--section, one of changed, at_risk, silent"),
        ("brief 1 -o brief.md --section at-risk", "did you mean at_risk?"),
    ] {
        let output = desk.run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        assert!(said.contains(word), "{command}: {said}");
    }
}

#[test]
fn what_changed_is_told_by_the_day_by_which_the_review_reads_on_the_effective_axis() {
    let desk = Desk::reviewing();
    desk.close();
    desk.done(
        "review open R2023 --as DK --cutoff 2023-01-31 --axis effective --time 2023-03-01T08:00:00.000Z",
    );
    desk.done("brief 1 -o brief.json --review R2023 --since 126");
    let report = &read(&desk, "brief.json")["sections"][0]["report"];
    assert_eq!(report["reading"]["effective"], "2023-01-31");
    assert_eq!(report["before"]["effective"], "2023-01-31");
}
