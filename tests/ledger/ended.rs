//! An action that has ended: given that both sides discontinued it, then what is still told of its windows.

use super::desk::{Desk, completed};
use super::diff::{At, compared, lines};
use super::reviews::{decide, reviewing};
use annals::domain::duration::Duration;
use annals::projection::diff::Cause;
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::projection::{agenda, board, silence};
use serde_json::json;

const ACTION: &str = "1.G2G.1";

fn reading(desk: &Desk, effective: Option<&str>) -> Reading {
    let effective = effective.map(|day| day.parse().unwrap());
    Reading::of(&desk.ledger.state(), None, effective, "2024-06-30".parse().ok())
}

/// Its windows as seen in the middle of 2024, each with what is known of it.
fn windows(desk: &Desk, effective: Option<&str>) -> Vec<String> {
    let history = desk.ledger.at(None).unwrap();
    let rows = board::of(&history, &reading(desk, effective), &Filter::default()).unwrap();
    let row = rows.iter().find(|row| row.action.action.reference.as_str() == ACTION).unwrap();
    row.windows.iter().map(|(name, window)| format!("{name} {window}")).collect()
}

/// Its windows of which nobody said what became of them, and those that are due.
fn awaited(desk: &Desk) -> (Vec<String>, usize) {
    let (history, reading) = (desk.ledger.at(None).unwrap(), reading(desk, None));
    let gaps = silence::of(&history, &reading, &Filter::default(), "2024-01-01".parse().unwrap()).unwrap();
    let passed = gaps.iter().filter_map(|gap| match gap.why {
        silence::Why::WindowPassed(name) => Some(name.to_string()),
        _ => None,
    });
    let due = agenda::of(&history, &reading, &Filter::default(), Duration::Months(12)).unwrap();
    let of_windows = due.iter().filter(|item| matches!(item.matter, agenda::Matter::Window(..)));
    (passed.collect(), of_windows.count())
}

#[test]
fn a_window_that_was_not_over_when_its_action_ended_is_neither_open_nor_missed() {
    let mut desk = reviewing();
    decide(&mut desk, ACTION, "discontinue", json!({"effective": "2022-01-01"}));
    assert_eq!(windows(&desk, None), ["2021 missed"], "on the day before it ended, that window closed");
    assert_eq!(awaited(&desk), (vec!["2021".to_owned()], 0));
    let before = ["2021 open", "2022 open", "2023 open", "2024 open"];
    assert_eq!(windows(&desk, Some("2021-12-31")), before, "as effective before it ended");
    let mut desk = reviewing();
    decide(&mut desk, ACTION, "discontinue", json!({"effective": "2021-12-31"}));
    assert_eq!(windows(&desk, None), [""; 0]);
    assert_eq!(awaited(&desk), (vec![], 0), "the window in which it ended is missed by nobody");
}

#[test]
fn a_window_that_was_not_over_when_its_action_was_suspended_is_not_to_be_held() {
    let mut desk = reviewing();
    let planned = json!({"effective": "2021-06", "occurrence": {"window": "2023", "state": "planned"}});
    desk.progress("DK", ACTION, planned).unwrap();
    decide(&mut desk, ACTION, "suspend", json!({"effective": "2022-01-01"}));
    assert_eq!(windows(&desk, None), ["2021 missed", "2023 planned"]);
    assert_eq!(
        awaited(&desk),
        (vec!["2021".to_owned()], 0),
        "what was missed before, and nothing that is due"
    );
    for party in ["DK", "KR"] {
        desk.progress(party, ACTION, json!({"effective": "2022-01-15", "lifecycle": "under_way"})).unwrap();
    }
    assert_eq!(
        windows(&desk, None),
        ["2021 missed", "2022 missed", "2023 missed", "2024 open"],
        "it goes on"
    );
}

#[test]
fn a_window_that_closed_while_its_action_was_suspended_is_missed_by_nobody_once_that_goes_on() {
    let mut desk = reviewing();
    decide(&mut desk, ACTION, "suspend", json!({"effective": "2022-01-01"}));
    let mut say = |party, day: &str, lifecycle: &str| {
        let data = json!({"effective": day, "lifecycle": lifecycle});
        let mut draft = desk.draft(party, &format!("actions/{ACTION}"), "action.progressed", data);
        draft.time += chrono::Duration::days(800);
        desk.record(&draft).unwrap();
        windows(&desk, None)
    };
    assert_eq!(say("DK", "2023-03", "suspended"), ["2021 missed"], "it rests since the first time");
    assert_eq!(say("DK", "2023-06", "under_way"), ["2021 missed", "2023 missed", "2024 open"]);
    assert_eq!(say("KR", "2023-07", "continuing"), ["2021 missed", "2023 missed", "2024 open"]);
    // One side alone suspends nothing.
    assert_eq!(say("KR", "2023-12", "suspended"), ["2021 missed", "2023 missed", "2024 open"]);
    assert_eq!(say("DK", "2023-12-31", "suspended"), ["2021 missed"]);
    assert_eq!(say("DK", "2024-02", "under_way"), ["2021 missed", "2024 open"]);
    assert_eq!(windows(&desk, Some("2021-12-31")), ["2021 open", "2022 open", "2023 open", "2024 open"]);
    assert_eq!(windows(&desk, Some("2023-05-31")), ["2021 missed"]);
    assert_eq!(awaited(&desk).0, ["2021"]);
}

#[test]
fn what_was_said_of_a_window_is_told_though_its_action_ended() {
    let mut desk = reviewing();
    for (window, state) in [("2021", "planned"), ("2022", "postponed"), ("2023", "planned")] {
        let data = json!({"effective": "2021-06", "occurrence": {"window": window, "state": state}});
        desk.progress("DK", ACTION, data).unwrap();
    }
    decide(&mut desk, ACTION, "discontinue", json!({"effective": "2022-01-01"}));
    assert_eq!(windows(&desk, None), ["2021 missed", "2022 postponed", "2023 planned"]);
}

#[test]
fn what_one_side_alone_calls_completed_goes_on() {
    let mut desk = Desk::founded();
    desk.progress("DK", ACTION, completed()).unwrap();
    assert_eq!(windows(&desk, None), ["2021 missed", "2022 missed", "2023 missed", "2024 open"]);
    desk.progress("KR", ACTION, completed()).unwrap();
    assert_eq!(windows(&desk, None), [""; 0]);
}

#[test]
fn a_window_that_is_gone_with_its_action_was_open_or_no_longer_counts_as_missed() {
    let mut desk = reviewing();
    let start = desk.ledger.head().size - 1;
    decide(&mut desk, ACTION, "discontinue", json!({"effective": "2022-01-01"}));
    let between = |from: &str, to: &str| {
        let (before, after) = (At::new(&desk, Some(start), None, from), At::new(&desk, None, None, to));
        let found = compared(&desk, &before, &after, &Filter::default()).changes;
        lines(&found).into_iter().filter(|line| line.starts_with("occurrence")).collect::<Vec<_>>()
    };
    assert_eq!(between("2022-02-01", "2024-06-30"), [""; 0]);
    assert_eq!(between("2023-02-01", "2024-06-30"), ["occurrence 2022 missed → –"], "it was decided later");
}

#[test]
fn an_action_that_is_new_had_no_windows_before() {
    let mut desk = reviewing();
    let start = desk.ledger.head().size - 1;
    let action = json!({
        "ref": "1.G2G.9", "line": 1, "track": "G2G", "text": "New", "kind": "recurring", "cycle": "P1Y",
        "firmness": "will", "institutions": [], "basis": [], "notes": []
    });
    decide(&mut desk, "1.G2G.9", "add", json!({"action": action}));
    let between = |to: &str| {
        let (before, after) =
            (At::new(&desk, Some(start), None, "2023-02-01"), At::new(&desk, None, None, to));
        let filter = Filter { action: "1.G2G.9".parse().ok(), ..Filter::default() };
        lines(&compared(&desk, &before, &after, &filter).changes)
    };
    assert_eq!(between("2023-02-01"), ["plan – → created", "occurrence 2022 open → missed"]);
}

#[test]
fn a_window_that_comes_as_its_action_goes_on_was_none() {
    let mut desk = reviewing();
    decide(&mut desk, ACTION, "suspend", json!({"effective": "2022-01-01"}));
    let start = desk.ledger.head().size - 1;
    let mut say = |data| {
        let mut draft = desk.draft("DK", &format!("actions/{ACTION}"), "action.progressed", data);
        draft.time += chrono::Duration::days(800);
        desk.record(&draft).unwrap()
    };
    let on = say(json!({"effective": "2022-06", "lifecycle": "under_way"}));
    let held = say(
        json!({"effective": "2023-05", "occurrence": {"window": "2023", "state": "held", "date": "2023-05"}}),
    );
    let (before, after) =
        (At::new(&desk, Some(start), None, "2024-06-30"), At::new(&desk, None, None, "2024-06-30"));
    let found = compared(&desk, &before, &after, &Filter::default()).changes;
    let told: Vec<_> = lines(&found).into_iter().filter(|line| line.starts_with("occurrence")).collect();
    assert_eq!(
        told,
        ["occurrence 2022 – → missed", "occurrence 2023 – → held", "occurrence 2023 DK – → held"]
    );
    let by: Vec<u64> = found
        .iter()
        .filter(|change| change.window.is_some())
        .filter_map(|change| match change.cause {
            Cause::Entry { sequence, .. } => Some(sequence),
            Cause::Time => None,
        })
        .collect();
    assert_eq!(by, [on.sequence, held.sequence, held.sequence]);
}
