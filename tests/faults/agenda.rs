//! What is due and when, as the commands tell it: occurrences and their windows, what passes on, and what lapses.

use super::place::{PLAN, Place};
use serde_json::{Value, json};
use std::fs;

#[test]
fn what_was_said_last_of_something_due_is_called_what_it_is() {
    let place = Place::founded();
    for (said, told) in [
        ("--indicator visits=3", "KR: indicators"),
        ("--note Talks", "KR: a note or files"),
        ("--health on_track --indicator visits=4 --note Talks", "KR: on track; indicators"),
    ] {
        place.done(format!("record progress 1.G2G.3 --as KR {said}").split(' '));
        let due = place.done(["due", "--line", "1", "--today", "2022-02-01"]);
        assert!(due.contains(told), "{told}: {due}");
    }
}

#[test]
fn an_action_of_a_hundred_thousand_windows_is_read_all_the_same() {
    let mut place = Place::empty();
    place.ledger = place.path("new");
    let mut plan: Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
    plan["period"] = json!({"start": "0001", "end": "9999"});
    let actions = plan["actions"].as_array_mut().unwrap();
    actions.truncate(1);
    (actions[0]["kind"], actions[0]["cycle"]) = (json!("recurring"), json!("P1M"));
    fs::write(place.path("plan.json"), plan.to_string()).unwrap();
    place.done(["init", "plan.json", "--as", "DK", "--both-sides", "--illustrative"]);
    for command in [&["status"][..], &["due"], &["inbox", "--as", "KR"]] {
        let answer = place.annals_in_time(command);
        assert_eq!(answer.code, Some(0), "{command:?}: {}", answer.err);
    }
}

#[test]
fn what_is_postponed_has_its_window_and_what_is_put_forward_is_so_once() {
    let place = Place::founded();
    let progress = ["record", "progress", "1.G2G.1", "--as", "KR"];
    let postponed = [&progress[..], &["--occurrence", "postponed", "--date", "2021-09-05"]].concat();
    place.refused(postponed.iter(), 2, &["which occurrence is postponed", "--window"]);
    fs::write(place.path("one.pdf"), "minutes").unwrap();
    fs::write(place.path("two.pdf"), "minutes").unwrap();
    let twice =
        [&progress[..], &["--lifecycle", "under_way", "--evidence", "one.pdf", "--evidence", "two.pdf"]];
    place.refused(twice.concat(), 2, &["two.pdf is the same file as one.pdf"]);
}

#[test]
fn what_is_held_on_the_date_that_a_window_was_given_counts_for_that() {
    let place = Place::founded();
    let held = |party: &str, more: &[&str]| {
        let command = ["record", "progress", "1.G2G.3", "--as", party, "--occurrence"];
        let answer = place.annals([&command[..], more].concat());
        (answer.code, answer.err)
    };
    assert_eq!(
        held("KR", &["postponed", "--window", "2021", "--date", "2022-02", "--effective", "2021-12"]).0,
        Some(0)
    );
    for party in ["KR", "DK"] {
        let (code, told) = held(party, &["held", "--date", "2022-02-10"]);
        assert!(code == Some(0) && told.contains("the date of the window 2021 of 1.G2G.3"), "{told}");
    }
    let (code, told) = held("DK", &["held", "--date", "2022-06-10"]);
    assert!(code == Some(0) && !told.contains("counts for"), "{told}");
    let windows = place.done(["status", "--format", "csv"]);
    let row = windows.lines().find(|line| line.contains("1.G2G.3,")).unwrap().to_owned();
    assert!(row.contains("2021 held; 2022 held; 2023 missed; 2024 missed"), "{row}");
    for (state, window) in [("planned", "2023"), ("confirmed", "2024")] {
        held("KR", &[state, "--window", window, "--date", "2024-03-01", "--effective", "2023"]);
    }
    let (code, told) = held("KR", &["held", "--date", "2024-03-01"]);
    assert!(code == Some(2) && told.contains("2023 and 2024") && told.contains("--window"), "{told}");
    assert_eq!(held("KR", &["held", "--date", "2024-03-01", "--window", "2024"]).0, Some(0));
    held("KR", &["postponed", "--window", "2021", "--date", "2022", "--effective", "2022-07"]);
    let (code, told) = held("KR", &["held", "--date", "2022-09-10"]);
    assert!(code == Some(0) && !told.contains("counts for"), "a year is no date of one alone: {told}");
    let once =
        ["record", "progress", "2.TRA.2", "--as", "KR", "--occurrence", "held", "--date", "2022-06-10"];
    place.refused(once, 2, &["2.TRA.2 has no cycle", "--window 2022"]);
    place.refused(["record", "confirm", "2.TRA.2", "--as", "DK"], 2, &["nobody has asserted anything"]);
}

#[test]
fn an_occurrence_stands_in_the_calendar_on_the_date_that_it_was_given() {
    let place = Place::founded();
    for (state, window, date) in [("postponed", "2021", "2022-02-10"), ("confirmed", "2022", "2022-09-05")] {
        let said = ["--occurrence", state, "--window", window, "--date", date, "--effective", "2021-12"];
        place.done([&["record", "progress", "1.G2G.3", "--as", "KR"][..], &said].concat());
    }
    let feed = place.done(["calendar", "--within", "2y", "--today", "2022-01-01"]);
    let events = |wanted: &str| -> Vec<String> {
        let own = feed.split("BEGIN:VEVENT").filter(|event| event.contains("UID:actions/1.G2G.3/"));
        let lines = own.flat_map(|event| event.lines().filter(|line| line.starts_with(wanted)));
        lines.map(|line| line[wanted.len()..].to_owned()).collect()
    };
    assert_eq!(events("DTSTART;VALUE=DATE:"), ["20220210", "20220905", "20231231"]);
    assert_eq!(events("SUMMARY:1.G2G.3: "), ["2021\\, new date", "2022 confirmed", "window 2023 closes"]);
}

#[test]
fn a_basis_that_lapsed_is_overdue_once_however_many_actions_rest_on_it() {
    let place = Place::founded();
    let plan: Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
    let on = |basis: &Value| -> Vec<&str> {
        let actions = plan["actions"].as_array().unwrap().iter();
        let resting = actions.filter(|action| action["basis"].as_array().unwrap().contains(basis));
        resting.map(|action| action["ref"].as_str().unwrap()).collect()
    };
    let mut named =
        plan["actions"].as_array().unwrap().iter().flat_map(|action| action["basis"].as_array().unwrap());
    let basis = named.find(|basis| on(basis).len() > 1).unwrap();
    for action in &on(basis)[..2] {
        place.done(["record", "assign", action, "MSIT", "--as", "KR", "--officer", "Director, Trade"]);
    }
    let lapsed = ["--state", "in_force", "--effective", "2021-06", "--expires", "2021-07"];
    place.done(["record", "instrument", basis.as_str().unwrap(), "--as", "KR"].into_iter().chain(lapsed));
    let asked = [
        "--format",
        "json",
        "handover",
        "--as",
        "KR",
        "--from",
        "Director, Trade",
        "--to",
        "Director, Industry",
        "--dry-run",
    ];
    let answer = place.annals(asked);
    let handed: Value = serde_json::from_slice(&answer.out).unwrap_or_else(|_| panic!("{}", answer.err));
    assert_eq!(
        (&handed["facts"]["actions"], &handed["facts"]["overdue"]),
        (&json!(2), &json!(1)),
        "{handed:#}"
    );
}

/// In an illustrative ledger it is another day once something was recorded.
#[test]
fn what_passes_on_is_told_as_of_one_reading() {
    let place = Place::empty();
    let time = ["--time", "2021-05-11T08:00:00.000Z"];
    place.done(["init", PLAN, "--as", "DK", "--both-sides", "--illustrative"].into_iter().chain(time));
    let assigned = ["record", "assign", "1.G2G.3", "MSIT", "--as", "KR", "--officer", "Director, Trade"];
    place.done(assigned.into_iter().chain(time));
    let offices =
        ["--from", "Director, Trade", "--to", "Director, Industry", "--time", "2022-02-01T08:00:00.000Z"];
    let answer = place.annals(["--format", "json", "handover", "--as", "KR"].into_iter().chain(offices));
    let handed: Value = serde_json::from_slice(&answer.out).unwrap_or_else(|_| panic!("{}", answer.err));
    let (facts, row) = (&handed["facts"], &handed["rows"][0]);
    assert_eq!((&facts["overdue"], &facts["due"]), (&json!(1), &json!(0)), "{handed:#}");
    assert_eq!(row["due"], json!(["window 2021 missed (closes 2021-12-31)"]), "{handed:#}");
}

#[test]
fn a_calendar_keeps_what_has_passed_from_one_institution_to_another() {
    let place = Place::founded();
    place.done(["record", "assign", "1.G2G.7", "EKF", "--as", "DK", "--due", "2027-01"]);
    place.done(["record", "institution", "EIFO", "--as", "DK", "--name", "en=Export and Investment Fund"]);
    place.done([
        "record",
        "succeed",
        "EKF",
        "EIFO",
        "--as",
        "DK",
        "--effective",
        "2026-01",
        "--reason",
        "merged",
    ]);
    for (institution, count) in [("EKF", 1), ("EIFO", 1), ("MSIT", 0)] {
        let feed = place.done(["calendar", "--institution", institution, "--within", "20y"]);
        assert_eq!(feed.matches("1.G2G.7: due").count(), count, "{institution}: {feed}");
    }
    // On whichever day, it is found under the name of each through whose hands it passes, as on the board.
    place.done(["record", "institution", "DEIF", "--as", "DK", "--name", "en=Danish Export Fund"]);
    place.done("record succeed EIFO DEIF --as DK --effective 2026-02 --reason renamed".split(' '));
    for institution in ["EKF", "EIFO", "DEIF"] {
        for day in ["2025-12-31", "2026-01-31", "2026-02-28"] {
            let asked = ["--institution", institution, "--effective", day];
            let feed = place.done([&["calendar", "--within", "20y"][..], &asked].concat());
            assert_eq!(feed.matches("1.G2G.7: due").count(), 1, "{institution} {day}: {feed}");
            let board = place.done([&["--format", "csv", "status"][..], &asked].concat());
            assert!(board.contains("1.G2G.7,"), "{institution} {day}: {board}");
        }
    }
}

#[test]
fn a_cycle_that_can_be_read_in_two_ways_is_told_as_it_was_printed() {
    let place = Place::founded();
    place.done(["review", "open", "R", "--as", "DK", "--cutoff", "2021-06-30"]);
    place.done([
        "review",
        "propose",
        "R",
        "2.G2G.2",
        "clarify",
        "--as",
        "DK",
        "--cycle",
        "P1Y",
        "--reason",
        "Once a year",
    ]);
    place.done(["review", "agree", "2.G2G.2", "--as", "KR"]);
    let path = place.path("brief.md");
    place.done(["brief", "2", "--since", "124", "-o", path.to_str().unwrap()]);
    let brief = fs::read_to_string(path).unwrap();
    assert!(brief.contains("cycle: “Frequent” → P1Y") && !brief.contains("ambiguous"), "{brief}");
}

#[test]
fn what_is_filtered_has_what_passed_from_one_institution_to_another_and_what_is_only_proposed() {
    let place = Place::founded();
    let listed = |asked: &str, what: &str| {
        let rows = place.done(["--format", "csv"].into_iter().chain(asked.split(' ')));
        rows.lines().filter(|row| row.contains(what)).count()
    };
    place.done("record assign 1.G2G.7 EKF --as DK".split(' '));
    place.done(["record", "institution", "EIFO", "--as", "DK", "--name", "en=Export and Investment Fund"]);
    place.done("record succeed EKF EIFO --as DK --effective 2026-01 --reason merged".split(' '));
    for (filter, count) in [
        ("--line 1", 1),
        ("--line 3", 0),
        ("--institution EIFO", 1),
        ("--institution EKF --effective 2025-12-31", 0),
        ("--institution DKMA", 0),
    ] {
        for command in ["timeline", "replay", "inbox --as KR --since 120"] {
            let asked = format!("{command} {filter}");
            assert_eq!(listed(&asked, "EKF succeeded by EIFO"), count, "{asked}");
        }
    }
    let action = json!({
        "ref": "3.G2G.99", "line": 3, "track": "G2G", "text": "New", "kind": "continuing", "firmness": "will",
        "institutions": ["MFDS"], "basis": [], "notes": []
    });
    fs::write(place.path("new.json"), action.to_string()).unwrap();
    place.done("review open R --as DK --cutoff 2021-06-30".split(' '));
    place.done("review propose R 3.G2G.99 add --action new.json --as DK --reason x".split(' '));
    for (filter, count) in [
        ("--line 3", 1),
        ("--line 1", 0),
        ("--track G2G", 1),
        ("--party KR", 1),
        ("--party DK", 0),
        ("--institution MFDS", 1),
        ("--institution DKMA", 0),
        ("--joint silent", 0),
    ] {
        for command in ["timeline", "replay", "inbox --as KR --since 120 --awaiting"] {
            let asked = format!("{command} {filter}");
            assert_eq!(listed(&asked, "3.G2G.99"), count, "{asked}");
        }
        let shown = listed(&format!("review show R {filter}"), "3.G2G.99");
        assert_eq!(shown, count, "{filter}");
    }
    // What awaits an answer is counted as it is listed.
    place.done("review propose R 1.G2G.1 retain --as DK --reason x".split(' '));
    place.done("record assign 1.G2G.2 DKMA --as DK --effective 2021-04".split(' '));
    place.done("record assign 1.G2G.2 DKMA --as DK --role relieved --effective 2023-01".split(' '));
    place.done("review propose R 1.G2G.2 retain --as DK --reason x".split(' '));
    place.done("review propose R 1.G2G.3 suspend --as DK --effective 2022-06 --reason x".split(' '));
    for (filter, count) in [
        ("--joint one_sided", 1),
        ("--joint agreed", 0),
        ("--track G2G", 4),
        ("--track G2G --effective 2021-12-31", 3),
        ("--institution DKMA", 0),
        ("--institution DKMA --effective 2022-06-30", 1),
    ] {
        let asked = format!("--format json inbox --as KR --since 120 --awaiting {filter}");
        let inbox: Value = serde_json::from_str(&place.done(asked.split(' '))).unwrap();
        let counts = (inbox["rows"].as_array().unwrap().len(), inbox["facts"]["awaiting"].as_u64());
        assert_eq!(counts, (count, Some(count as u64)), "{filter}");
    }
    // An institution finds what is proposed to it in its own inbox.
    let inbox: Value =
        serde_json::from_str(&place.done("--format json inbox --as KR/MFDS --since 120".split(' '))).unwrap();
    assert_eq!(inbox["facts"]["awaiting"], 1, "{inbox}");
    assert_eq!(inbox["rows"].as_array().unwrap().last().unwrap()["awaits"], "agree_or_decline");
}
