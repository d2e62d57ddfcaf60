//! What is due: given what was said, then what has a date and is not done.

use super::desk::{ACTION, Desk, completed, word};
use annals::domain::duration::Duration;
use annals::projection::agenda::{self, Last, Matter};
use annals::projection::filter::Filter;
use annals::projection::lint;
use annals::projection::reading::Reading;
use serde_json::{Value, json};

/// What is due, as `subject matter closes`, with `!` before what is overdue.
fn due(desk: &Desk, today: &str, within: &str) -> Vec<String> {
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, today.parse().ok());
    let within: Duration = within.parse().unwrap();
    let items = agenda::of(&history, &reading, &Filter::default(), within).unwrap();
    let line = |item: &agenda::Item<'_>| {
        let matter = match item.matter {
            Matter::Task { institution, role, .. } => format!("{institution} {role}"),
            Matter::Window(name, known, _) => format!("{name} {known}"),
            Matter::Instrument(state) => state.to_string(),
        };
        let mark = if item.is_overdue(&reading) { "!" } else { "" };
        format!("{mark}{} {matter} {} {}", item.subject, item.closes, item.days(&reading))
    };
    items.iter().map(line).collect()
}

fn of_windows(desk: &Desk, today: &str, within: &str) -> Vec<String> {
    due(desk, today, within).into_iter().filter(|line| line.contains("1.G2G.1 ")).collect()
}

fn assign(desk: &mut Desk, party: &str, institution: &str, due: &str) {
    let data = json!({"institution": institution, "role": "lead", "due": due});
    desk.say(party, ACTION, "action.assigned", data).unwrap();
}

fn occurrence(desk: &mut Desk, party: &str, window: &str, state: &str) {
    let data = json!({"effective": "2021-06", "occurrence": {"window": window, "state": state}});
    desk.progress(party, "1.G2G.1", data).unwrap();
}

#[test]
fn a_deadline_closes_with_its_last_day() {
    let mut desk = Desk::founded();
    assign(&mut desk, "DK", "DKMA", "2022-11");
    let task = |today: &str| due(&desk, today, "60d").into_iter().find(|line| line.contains("DKMA"));
    assert_eq!(task("2022-09-30"), None, "61 days before it closes");
    assert_eq!(task("2022-10-01").unwrap(), "actions/1.G2G.2 DKMA lead 2022-11-30 60");
    assert_eq!(task("2022-11-30").unwrap(), "actions/1.G2G.2 DKMA lead 2022-11-30 0");
    assert_eq!(task("2022-12-01").unwrap(), "!actions/1.G2G.2 DKMA lead 2022-11-30 1");
}

#[test]
fn a_task_is_done_when_its_own_party_says_so() {
    let mut desk = Desk::founded();
    assign(&mut desk, "DK", "DKMA", "2022");
    assign(&mut desk, "KR", "MSIT", "2022");
    desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    desk.progress("KR", "1.G2G.2", completed()).unwrap();
    let tasks = |desk: &Desk| {
        due(desk, "2022-12-31", "0d").into_iter().filter(|line| line.contains("1.G2G.2")).collect::<Vec<_>>()
    };
    assert_eq!(tasks(&desk), ["actions/1.G2G.2 DKMA lead 2022-12-31 0"]);
    desk.progress("DK", "1.G2G.2", completed()).unwrap();
    assert_eq!(tasks(&desk), Vec::<String>::new());
}

#[test]
fn a_window_is_due_until_somebody_says_what_became_of_it() {
    let mut desk = Desk::founded();
    let open = "actions/1.G2G.1 2022 open 2022-12-31 30";
    assert_eq!(of_windows(&desk, "2022-12-01", "30d"), ["!actions/1.G2G.1 2021 missed 2021-12-31 335", open]);
    // What was postponed is still to be held, and where they differ, nobody knows whether it was.
    occurrence(&mut desk, "DK", "2021", "postponed");
    let postponed = "!actions/1.G2G.1 2021 postponed 2021-12-31 335";
    assert_eq!(of_windows(&desk, "2022-12-01", "30d"), [postponed, open]);
    occurrence(&mut desk, "DK", "2022", "held");
    assert_eq!(of_windows(&desk, "2022-12-01", "30d"), Vec::<String>::new(), "it was held a year later");
    occurrence(&mut desk, "DK", "2022", "planned");
    let open = "actions/1.G2G.1 2022 planned 2022-12-31 30";
    occurrence(&mut desk, "KR", "2021", "cancelled");
    let disputed = "!actions/1.G2G.1 2021 disputed 2021-12-31 335";
    assert_eq!(of_windows(&desk, "2022-12-01", "30d"), [disputed, open]);
    occurrence(&mut desk, "DK", "2021", "cancelled");
    assert_eq!(of_windows(&desk, "2022-12-01", "30d"), [open]);
    occurrence(&mut desk, "DK", "2022", "planned");
    assert_eq!(of_windows(&desk, "2022-12-01", "30d"), ["actions/1.G2G.1 2022 planned 2022-12-31 30"]);
    occurrence(&mut desk, "KR", "2022", "confirmed");
    let differ = "actions/1.G2G.1 2022 disputed 2022-12-31 30";
    assert_eq!(
        of_windows(&desk, "2022-12-01", "30d"),
        [differ],
        "they differ, and neither says that it was held"
    );
    assert_eq!(of_windows(&desk, "2023-01-01", "0d"), ["!actions/1.G2G.1 2022 missed 2022-12-31 1"]);
    occurrence(&mut desk, "KR", "2022", "held");
    assert_eq!(
        of_windows(&desk, "2023-01-01", "0d"),
        ["!actions/1.G2G.1 2022 disputed 2022-12-31 1"],
        "one of them still plans it"
    );
    occurrence(&mut desk, "DK", "2022", "held");
    assert_eq!(of_windows(&desk, "2023-01-01", "0d"), Vec::<String>::new());
}

#[test]
fn an_occurrence_that_was_given_a_date_is_due_then_and_not_when_its_window_closes() {
    let mut desk = Desk::founded();
    let mut say = |party: &str, window: &str, state: &str, date: &str| {
        let data =
            json!({"effective": "2021-06", "occurrence": {"window": window, "state": state, "date": date}});
        desk.progress(party, "1.G2G.1", data).unwrap();
        of_windows(&desk, "2022-08-01", "6m")
    };
    let missed = "!actions/1.G2G.1 2021 missed 2021-12-31 213";
    assert_eq!(
        say("DK", "2022", "confirmed", "2022-09-05"),
        [missed, "actions/1.G2G.1 2022 confirmed 2022-09-05 35"]
    );
    // Whoever spoke last, as long as they do not differ on what became of it.
    assert_eq!(
        say("KR", "2022", "confirmed", "2022-07-20"),
        [missed, "!actions/1.G2G.1 2022 confirmed 2022-07-20 12"]
    );
    assert_eq!(
        say("DK", "2021", "postponed", "2022-10")[1..],
        ["actions/1.G2G.1 2021 postponed 2022-10-31 91"]
    );
    assert_eq!(
        say("KR", "2021", "planned", "2021-12-01")[0],
        "!actions/1.G2G.1 2021 disputed 2021-12-31 213",
        "they differ, so that nobody knows on which date"
    );
    // What was only ever planned is missed once its window is over.
    say("DK", "2022", "planned", "2022-12-24");
    say("KR", "2022", "planned", "2022-12-24");
    let then = of_windows(&desk, "2023-01-01", "0d");
    assert_eq!(then[1], "!actions/1.G2G.1 2022 missed 2022-12-31 1", "{then:?}");
}

#[test]
fn what_is_due_by_an_earlier_day_is_what_the_board_says_of_it() {
    let mut desk = Desk::founded();
    occurrence(&mut desk, "DK", "2021", "held");
    let history = desk.ledger.at(None).unwrap();
    let (effective, today) = ("2022-12-31".parse().ok(), "2024-12-01".parse().ok());
    let reading = Reading::of(&history.state, None, effective, today);
    let items = agenda::of(&history, &reading, &Filter::default(), Duration::Days(60)).unwrap();
    let of_windows = items.iter().filter_map(|item| match item.matter {
        Matter::Window(name, known, _) => Some((name, known, item.is_overdue(&reading), item.days(&reading))),
        _ => None,
    });
    let found: Vec<_> =
        of_windows.map(|(name, known, overdue, days)| format!("{name} {known} {overdue} {days}")).collect();
    // On its last day it is not over, and those after it are not due yet.
    assert_eq!(found, ["2022 open false 0"]);
}

#[test]
fn nothing_of_an_action_is_due_that_all_call_completed() {
    let mut desk = Desk::founded();
    desk.progress("DK", "1.G2G.1", completed()).unwrap();
    assert_eq!(of_windows(&desk, "2023-06-30", "0d").len(), 2, "one side alone");
    desk.progress("KR", "1.G2G.1", completed()).unwrap();
    assert_eq!(of_windows(&desk, "2023-06-30", "0d"), Vec::<String>::new());
}

#[test]
fn a_basis_is_due_when_it_lapses_until_it_is_said_to_have_lapsed() {
    let mut desk = Desk::founded();
    let update = |desk: &mut Desk, data: Value| {
        desk.say("DK", "instruments/1.B1", "instrument.updated", data).unwrap();
    };
    update(&mut desk, json!({"state": "in_force", "effective": "2021-11-02", "expires": "2022-06-30"}));
    let bases = |desk: &Desk, today: &str| {
        due(desk, today, "8w").into_iter().filter(|line| line.contains("1.B1")).collect::<Vec<_>>()
    };
    assert_eq!(bases(&desk, "2022-05-04"), Vec::<String>::new());
    assert_eq!(bases(&desk, "2022-05-05"), ["instruments/1.B1 in_force 2022-06-30 56"]);
    assert_eq!(bases(&desk, "2022-07-01"), ["!instruments/1.B1 in_force 2022-06-30 1"]);
    update(&mut desk, json!({"state": "lapsed", "effective": "2022-01"}));
    assert_eq!(bases(&desk, "2022-07-01"), Vec::<String>::new());
}

#[test]
fn the_overdue_come_first_then_what_closes_first() {
    let mut desk = Desk::founded();
    assign(&mut desk, "DK", "DKMA", "2023-01-15");
    assign(&mut desk, "KR", "MSIT", "2022-12-20");
    let lines = due(&desk, "2022-12-31", "1m");
    let closes: Vec<&str> = lines.iter().map(|line| line.split(' ').rev().nth(1).unwrap()).collect();
    assert_eq!(closes, ["2021-12-31", "2022-12-20", "2022-12-31", "2023-01-15"], "{lines:?}");
    assert!(lines[..2].iter().all(|line| line.starts_with('!')) && !lines[2].starts_with('!'));
}

#[test]
fn each_names_the_leads_and_what_was_said_of_it_last() {
    let mut desk = Desk::founded();
    let lead = json!({"institution": "MSIT", "role": "lead"});
    desk.say("KR", "actions/1.G2G.1", "action.assigned", lead).unwrap();
    occurrence(&mut desk, "DK", "2022", "planned");
    let newest = desk.progress("KR", "1.G2G.1", word("continuing")).unwrap();
    let signed = json!({"state": "signed", "effective": "2021-11", "expires": "2022"});
    let signed = desk.say("DK", "instruments/1.B1", "instrument.updated", signed).unwrap();
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, "2022-12-31".parse().ok());
    let items = agenda::of(&history, &reading, &Filter::default(), Duration::Days(0)).unwrap();
    let said: Vec<u64> = items
        .iter()
        .map(|item| {
            assert_eq!(
                item.leads.iter().map(|lead| lead.as_str()).collect::<Vec<_>>(),
                ["MSIT"],
                "{}",
                item.subject
            );
            match item.last.as_ref().unwrap() {
                Last::Word(word) => word.sequence,
                Last::Update(update) => update.sequence,
            }
        })
        .collect();
    // Of the window 2021 nobody spoke, so what was said of the action counts; of 2022 the plan.
    assert_eq!(said, [newest.sequence, newest.sequence - 1, signed.sequence]);
}

#[test]
fn what_is_moved_was_made_by_the_entry_that_moved_it() {
    let mut desk = Desk::founded();
    let made = |desk: &Desk| {
        let history = desk.ledger.at(None).unwrap();
        let reading = Reading::of(&history.state, None, None, "2022-12-31".parse().ok());
        let items = agenda::of(&history, &reading, &Filter::default(), Duration::Days(400)).unwrap();
        let task = |item: &agenda::Item<'_>| matches!(item.matter, Matter::Task { .. }).then_some(item.made);
        items.iter().find_map(task).unwrap()
    };
    assign(&mut desk, "DK", "DKMA", "2022");
    let word = desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    assert_eq!(made(&desk), word.sequence);
    assign(&mut desk, "DK", "DKMA", "2023");
    assert_eq!(made(&desk), word.sequence + 1);
}

#[test]
fn a_basis_that_lapses_names_the_actions_that_rest_on_it_and_go_on() {
    let mut desk = Desk::founded();
    let signed = json!({"state": "signed", "effective": "2021-11", "expires": "2022"});
    desk.say("DK", "instruments/1.B1", "instrument.updated", signed).unwrap();
    let resting = |desk: &Desk| -> Vec<String> {
        let history = desk.ledger.at(None).unwrap();
        let reading = Reading::of(&history.state, None, None, "2022-12-01".parse().ok());
        let items = agenda::of(&history, &reading, &Filter::default(), Duration::Days(60)).unwrap();
        let base = items.iter().find(|item| item.subject == "instruments/1.B1").unwrap();
        base.actions.iter().map(ToString::to_string).collect()
    };
    assert_eq!(resting(&desk), ["1.G2G.1"]);
    for party in ["DK", "KR"] {
        desk.progress(party, "1.G2G.1", completed()).unwrap();
    }
    assert_eq!(resting(&desk), [""; 0], "what both call completed rests on nothing");
}

/// What a basis is said to be, and what is remarked of the action that rests on it.
fn remarked(desk: &Desk, today: &str) -> (String, Vec<&'static str>) {
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, today.parse().ok());
    let base = &history.state.programme.instruments[&"1.B1".parse().unwrap()];
    let filter = Filter { action: "1.G2G.1".parse().ok(), ..Filter::default() };
    let gaps = lint::of(&history, &reading, &filter).unwrap();
    let rules = gaps.iter().map(|gap| gap.rule).filter(|rule| rule.starts_with("rests_on"));
    (agenda::basis(base, &reading), rules.collect())
}

#[test]
fn an_action_that_goes_on_under_a_basis_that_does_not_hold_is_remarked() {
    let mut desk = Desk::founded();
    let unconfirmed = || ("to be confirmed".to_owned(), vec!["rests_on_unconfirmed"]);
    assert_eq!(
        remarked(&desk, "2020-12-31"),
        ("to be confirmed".to_owned(), vec![]),
        "the plan has not begun"
    );
    assert_eq!(remarked(&desk, "2021-01-01"), unconfirmed());
    let signed = json!({"state": "signed", "effective": "2021-11", "expires": "2022"});
    desk.say("DK", "instruments/1.B1", "instrument.updated", signed).unwrap();
    for (today, words, rules) in [
        ("2022-11-21", "signed, lapses 2022-12-31, in 40 days", vec![]),
        ("2022-12-30", "signed, lapses 2022-12-31, in 1 day", vec![]),
        ("2022-12-31", "signed, lapses 2022-12-31, today", vec![]),
        ("2023-01-01", "signed, lapsed 2022-12-31, 1 day ago", vec!["rests_on_lapsed"]),
        ("2023-01-10", "signed, lapsed 2022-12-31, 10 days ago", vec!["rests_on_lapsed"]),
    ] {
        assert_eq!(remarked(&desk, today), (words.to_owned(), rules), "{today}");
    }
    let lapsed = json!({"state": "lapsed", "effective": "2022-01"});
    desk.say("DK", "instruments/1.B1", "instrument.updated", lapsed).unwrap();
    let (words, rules) = remarked(&desk, "2022-02-01");
    assert_eq!((words.as_str(), rules), ("lapsed since 2022-01, says DK", vec!["rests_on_lapsed"]));
    for party in ["DK", "KR"] {
        desk.progress(party, "1.G2G.1", completed()).unwrap();
    }
    assert_eq!(remarked(&desk, "2022-02-01").1, [""; 0], "what is over needs no basis");
}

/// What lint says that it ends before it begins.
fn ending_first(desk: &Desk) -> Vec<String> {
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, None);
    let gaps = lint::of(&history, &reading, &Filter::default()).unwrap().into_iter();
    let gaps = gaps.filter(|gap| gap.rule.ends_with("_first"));
    gaps.map(|gap| format!("{} {}", gap.rule, gap.what)).collect()
}

fn update(desk: &mut Desk, data: Value) {
    desk.say("DK", "instruments/1.B1", "instrument.updated", data).unwrap();
}

#[test]
fn who_had_a_task_before_it_was_due_is_not_remarked_however_late_that_is_said() {
    let mut desk = Desk::founded();
    let mut assign = |institution: &str, more: Value| {
        let due = if more.get("role") == Some(&json!("relieved")) { Value::Null } else { json!("2020-12") };
        let mut data = json!({"institution": institution, "role": "lead", "due": due});
        data.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        desk.say("KR", ACTION, "action.assigned", data).unwrap();
        ending_first(&desk)
    };
    // What is said first has always been so; what is said again is still the same task.
    assert_eq!(assign("MSIT", json!({})), [""; 0]);
    assert_eq!(assign("MSIT", json!({"effective": "2021-03-15"})), [""; 0]);
    assert_eq!(assign("MFDS", json!({"role": "support", "effective": "2020-06"})), [""; 0]);
    assert_eq!(assign("MFDS", json!({"effective": "2021-03-15"})), [""; 0]);
    // After it was relieved, it has another.
    assert_eq!(assign("MFDS", json!({"role": "relieved", "effective": "2021-03-16"})), [""; 0]);
    let again = assign("MFDS", json!({"effective": "2021-03-17"}));
    assert_eq!(again, ["due_first due 2020-12, before MFDS has it, 2021-03-17"]);
    for party in ["DK", "KR"] {
        desk.progress(party, "1.G2G.2", completed()).unwrap();
    }
    assert_eq!(ending_first(&desk), [""; 0], "what is over is due no more");
}

#[test]
fn what_ends_before_it_begins_is_remarked() {
    let mut desk = Desk::founded();
    let remarked = ending_first;
    update(&mut desk, json!({"state": "signed", "effective": "2021-06", "expires": "2021-06"}));
    let assigned = |due: &str, effective: &str| json!({"institution": "MSIT", "role": "lead", "due": due, "effective": effective});
    desk.say("KR", ACTION, "action.assigned", assigned("2021-03", "2021-03-15")).unwrap();
    assert_eq!(remarked(&desk), [""; 0], "within the same month");
    // It was signed anew, and the date of before stands.
    update(&mut desk, json!({"state": "in_force", "effective": "2021-11"}));
    desk.say("KR", ACTION, "action.assigned", assigned("2021-02", "2021-03-15")).unwrap();
    let task = "due_first due 2021-02, before MSIT has it, 2021-03-15";
    let basis = |lapse: &str| format!("basis_lapses_first lapses {lapse}, before it begins, 2021-11: MoU");
    assert_eq!(remarked(&desk), [basis("2021-06"), task.to_owned()]);
    update(&mut desk, json!({"state": "lapsed", "effective": "2021-10-31"}));
    assert_eq!(remarked(&desk), [basis("2021-10-31"), task.to_owned()]);
    update(&mut desk, json!({"state": "lapsed", "effective": "2021-11"}));
    assert_eq!(remarked(&desk), [task]);
    // A date that was mistaken counts until another is said.
    update(&mut desk, json!({"state": "in_force", "effective": "2021-12", "expires": "2021-11"}));
    assert_eq!(remarked(&desk).len(), 2);
    update(&mut desk, json!({"state": "in_force", "effective": "2021-10", "expires": "2021-11"}));
    assert_eq!(remarked(&desk), [task]);
}
