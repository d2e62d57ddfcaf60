//! Silence: given what was said, then what was not.

use super::desk::{ACTION, Desk, completed, word};
use super::reviews::{decide, reviewing};
use annals::ledger::Receipt;
use annals::projection::board;
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::projection::silence;
use annals::report::action::show;
use annals::report::table::Cell;
use serde_json::json;

/// The silences of an action, as `rule party on since`.
fn gaps(desk: &Desk, action: &str, since: &str, today: &str) -> Vec<String> {
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, today.parse().ok());
    let subject = format!("actions/{action}");
    let found = silence::of(&history, &reading, &Filter::default(), since.parse().unwrap()).unwrap();
    let line = |gap: &silence::Silence| {
        let parts = [
            Some(gap.why.rule().to_string()),
            gap.why.party().map(ToString::to_string),
            gap.why.on().map(|on| on.to_string()),
            gap.since.map(|day| day.to_string()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    found.iter().filter(|gap| gap.subject == subject).map(line).collect()
}

/// The day on which something was recorded.
fn day(desk: &Desk, receipt: Receipt) -> String {
    let entry = desk.ledger.entry(receipt.sequence).unwrap().unwrap();
    desk.ledger.state().day(entry.seal.recordedtime).to_string()
}

/// The day after.
fn next(day: &str) -> String {
    day.parse::<chrono::NaiveDate>().unwrap().succ_opt().unwrap().to_string()
}

fn of_rule(desk: &Desk, rule: &str, today: &str) -> Vec<String> {
    let all = gaps(desk, "1.G2G.2", "2021-01-01", today);
    all.into_iter().filter(|line| line.starts_with(rule)).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn of_an_action_that_was_only_created_nothing_else_is_said() {
    let mut desk = Desk::founded();
    assert_eq!(gaps(&desk, "1.G2G.2", "2022-01-01", "2022-01-31"), ["no_event"]);
    let lead = json!({"institution": "DKMA", "role": "lead"});
    desk.say("DK", ACTION, "action.assigned", lead).unwrap();
    assert_eq!(gaps(&desk, "1.G2G.2", "2022-01-01", "2022-01-31"), ["no_word DK", "no_word KR"]);
}

#[test]
fn a_party_is_silent_that_said_nothing_from_the_day_on() {
    let mut desk = Desk::founded();
    let said = desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    desk.answer("KR", ACTION, "action.contested", said, json!({"reason": "no"})).unwrap();
    let spoke = day(&desk, said);
    let silent = |since: &str| {
        let all = gaps(&desk, "1.G2G.2", since, "2022-02-01");
        all.into_iter().filter(|line| line.starts_with("no_word")).collect::<Vec<_>>()
    };
    assert_eq!(silent(&spoke), NONE, "an answer is a word, too");
    assert_eq!(silent(&next(&spoke)), [format!("no_word DK {spoke}")]);
}

#[test]
fn a_word_that_was_corrected_was_said() {
    let mut desk = Desk::founded();
    let said = desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    desk.answer("DK", ACTION, "action.corrected", said, json!({"reason": "typo"})).unwrap();
    assert_eq!(gaps(&desk, "1.G2G.2", "2022-01-01", "2022-02-01"), ["no_word KR"]);
}

/// Whoever takes a word back is not silent.
#[test]
fn a_correction_is_a_word_on_its_day_and_a_decision_is_none() {
    let mut desk = reviewing();
    let said = desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    let silent = |desk: &Desk, since: &str| {
        let all = gaps(desk, "1.G2G.2", since, "2022-06-01");
        all.into_iter().filter(|line| line.starts_with("no_word")).collect::<Vec<_>>()
    };
    let corrected = desk.answer("DK", ACTION, "action.corrected", said, json!({"reason": "typo"})).unwrap();
    let then = day(&desk, corrected);
    assert_eq!(silent(&desk, &then), ["no_word KR"]);
    assert_eq!(silent(&desk, &next(&then)), [format!("no_word DK {then}"), "no_word KR".to_owned()]);
    // What it decides with the other side says nothing of how the action goes.
    decide(&mut desk, "1.G2G.2", "suspend", json!({"effective": "2022-01-01"}));
    assert_eq!(silent(&desk, &next(&then)), [format!("no_word DK {then}"), "no_word KR".to_owned()]);
}

#[test]
fn one_side_alone_for_more_than_a_year_is_a_gap() {
    let mut desk = Desk::founded();
    let first = desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    desk.progress("DK", "1.G2G.2", word("continuing")).unwrap();
    let since = day(&desk, first);
    let year = since.replace("2022-", "2023-");
    assert_eq!(of_rule(&desk, "one_sided", &year), NONE, "a year is not over yet");
    assert_eq!(
        of_rule(&desk, "one_sided", &next(&year)),
        [format!("one_sided {since}")],
        "since it spoke first"
    );
    desk.progress("KR", "1.G2G.2", word("continuing")).unwrap();
    assert_eq!(of_rule(&desk, "one_sided", "2030-01-01"), NONE);
}

#[test]
fn a_word_that_outlived_the_other_is_one_sided_since_it_was_said() {
    let mut desk = Desk::founded();
    desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    let mut draft = desk.draft("DK", ACTION, "action.progressed", word("continuing"));
    draft.time += chrono::Duration::days(200);
    let later = desk.record(&draft).unwrap();
    assert_eq!(of_rule(&desk, "one_sided", "2030-01-01"), [format!("one_sided {}", day(&desk, later))]);
}

#[test]
fn a_side_that_repeats_itself_is_alone_since_it_was_first_and_one_whose_word_was_taken_back_since_then() {
    let mut desk = Desk::founded();
    let said = |desk: &mut Desk, party: &str, lifecycle: &str, days: i64| {
        let mut draft = desk.draft(party, ACTION, "action.progressed", word(lifecycle));
        draft.time += chrono::Duration::days(days);
        desk.record(&draft).unwrap()
    };
    said(&mut desk, "KR", "under_way", 0);
    let later = said(&mut desk, "DK", "continuing", 200);
    let since = format!("one_sided {}", day(&desk, later));
    said(&mut desk, "DK", "continuing", 500);
    assert_eq!(of_rule(&desk, "one_sided", "2030-01-01"), [since]);
    let mut desk = Desk::founded();
    desk.progress("DK", "1.G2G.2", word("continuing")).unwrap();
    let taken = desk.progress("KR", "1.G2G.2", word("continuing")).unwrap();
    let correction = desk.answer("KR", ACTION, "action.corrected", taken, json!({"reason": "typo"})).unwrap();
    assert_eq!(of_rule(&desk, "one_sided", "2030-01-01"), [format!("one_sided {}", day(&desk, correction))]);
}

#[test]
fn whoever_says_the_same_again_makes_a_dispute_no_younger() {
    let mut desk = Desk::of_three();
    let since = |desk: &Desk| {
        let history = desk.ledger.at(None).unwrap();
        let reading = Reading::of(&history.state, None, None, None);
        let found = silence::of(&history, &reading, &Filter::default(), reading.today).unwrap();
        let gap = found.into_iter().find(|gap| gap.why.rule() == silence::Rule::Disputed);
        gap.and_then(|gap| gap.sequence)
    };
    let mut say = |party: &str, said: &str| {
        let sequence = desk.progress(party, "1.G2G.2", word(said)).unwrap().sequence;
        (sequence, since(&desk))
    };
    say("DK", "under_way");
    let (begun, told) = say("KR", "suspended");
    assert_eq!(told, Some(begun));
    for (party, said) in [("KR", "suspended"), ("DK", "under_way"), ("GL", "continuing"), ("GL", "suspended")]
    {
        assert_eq!(say(party, said).1, Some(begun), "{party} says {said}");
    }
    // DK says what the others say, and is otherwise minded again.
    assert_eq!(say("DK", "suspended").1, None);
    let (again, told) = say("DK", "under_way");
    assert_eq!(told, Some(again));
    // Another word, with which they still differ, settles nothing.
    say("GL", "under_way");
    for said in ["continuing", "suspended", "planned"] {
        assert_eq!(say("KR", said).1, Some(again), "{said}");
    }
}

#[test]
fn a_dispute_is_a_gap_on_each_axis_until_it_is_settled() {
    let mut desk = Desk::founded();
    let say = |desk: &mut Desk, party: &str, health: &str, state: &str| {
        let data = json!({
            "effective": "2021-06", "health": health, "note": "so", "lifecycle": "continuing",
            "occurrence": {"window": "2021", "state": state}
        });
        desk.progress(party, "1.G2G.1", data).unwrap()
    };
    let disputes = |desk: &Desk| {
        let all = gaps(desk, "1.G2G.1", "2021-01-01", "2022-02-01");
        all.into_iter().filter(|line| line.starts_with("disputed")).collect::<Vec<_>>()
    };
    say(&mut desk, "DK", "on_track", "held");
    let other = say(&mut desk, "KR", "at_risk", "cancelled");
    let since = day(&desk, other);
    assert_eq!(disputes(&desk), [format!("disputed health {since}"), format!("disputed 2021 {since}")]);
    say(&mut desk, "DK", "at_risk", "cancelled");
    assert_eq!(disputes(&desk), NONE);
}

#[test]
fn how_something_does_that_all_call_completed_is_in_dispute_no_more() {
    let mut desk = Desk::founded();
    for (party, health) in [("DK", "on_track"), ("KR", "at_risk")] {
        let data = json!({"effective": "2021-06", "health": health, "note": "so", "lifecycle": "continuing"});
        desk.progress(party, "1.G2G.1", data).unwrap();
    }
    let disputed = |desk: &Desk| {
        let all = gaps(desk, "1.G2G.1", "2021-01-01", "2022-02-01");
        all.iter().any(|line| line.starts_with("disputed health"))
    };
    for party in ["DK", "KR"] {
        assert!(disputed(&desk), "{party} has not called it completed");
        desk.progress(party, "1.G2G.1", completed()).unwrap();
    }
    assert!(!disputed(&desk));
}

#[test]
fn a_health_is_stale_after_its_days() {
    let mut desk = Desk::founded();
    let ill = json!({"effective": "2021-06", "health": "at_risk", "note": "late"});
    let said = desk.progress("DK", "1.G2G.2", ill).unwrap();
    assert_eq!(of_rule(&desk, "stale_health", "2022-06-30"), NONE);
    assert_eq!(of_rule(&desk, "stale_health", "2022-12-31"), [format!("stale_health {}", day(&desk, said))]);
}

#[test]
fn a_window_that_passed_is_a_gap_until_somebody_says_what_became_of_it() {
    let mut desk = Desk::founded();
    let passed = |desk: &Desk, today: &str| {
        let all = gaps(desk, "1.G2G.1", "2021-01-01", today);
        all.into_iter().filter(|line| line.starts_with("window_passed")).collect::<Vec<_>>()
    };
    assert_eq!(passed(&desk, "2021-12-31"), NONE);
    assert_eq!(passed(&desk, "2022-01-01"), ["window_passed 2021 2021-12-31"]);
    // Since when it was missed counts up to the day of the reading, as what is overdue does.
    let history = desk.ledger.at(None).unwrap();
    let [effective, today] = ["2022-01-31", "2023-01-31"].map(|day| day.parse().ok());
    let reading = Reading::of(&history.state, None, effective, today);
    let found = silence::of(&history, &reading, &Filter::default(), "2021-01-01".parse().unwrap()).unwrap();
    let window = found.iter().find(|gap| gap.why.rule() == silence::Rule::WindowPassed).unwrap();
    assert_eq!(window.days(&reading), Some(31));
    let held = json!({"effective": "2021-06", "occurrence": {"window": "2021", "state": "held"}});
    desk.progress("DK", "1.G2G.1", held).unwrap();
    assert_eq!(passed(&desk, "2022-01-01"), NONE);
}

#[test]
fn of_what_all_call_completed_nothing_more_is_expected() {
    let mut desk = Desk::founded();
    let ill = json!({"effective": "2021-06", "health": "at_risk", "note": "late"});
    desk.progress("DK", "1.G2G.1", ill).unwrap();
    for party in ["DK", "KR"] {
        desk.progress(party, "1.G2G.1", completed()).unwrap();
    }
    let left = gaps(&desk, "1.G2G.1", "2024-01-01", "2024-06-30");
    assert_eq!(left, NONE, "the window in which it was completed and those after it are nobody's any more");
}

#[test]
fn whoever_spoke_of_a_window_alone_said_nothing_of_the_lifecycle_and_is_not_silent() {
    let mut desk = Desk::founded();
    let held = json!({"effective": "2021-06", "occurrence": {"window": "2021", "state": "held"}});
    desk.progress("DK", "1.G2G.1", held).unwrap();
    let history = desk.ledger.at(None).unwrap();
    let voices = |effective: Option<&str>| {
        let effective = effective.map(|day| day.parse().unwrap());
        let reading = Reading::of(&history.state, None, effective, None);
        let action = &history.state.programme.actions[&"1.G2G.1".parse().unwrap()];
        let row = board::row(&history, action, &history.state.parties(), &reading).unwrap();
        let words = history.words(&"1.G2G.1".parse().unwrap()).unwrap();
        let report = show(&history.state, &reading, &row, &words, &[], &[], &[].into());
        match &report.facts.iter().find(|fact| fact.key == "voices").unwrap().cell {
            Cell::List(voices) => voices.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(voices(None), ["DK said nothing of its lifecycle", "KR silent"]);
    assert_eq!(voices(Some("2021-05-31")), ["DK silent", "KR silent"]);
}
