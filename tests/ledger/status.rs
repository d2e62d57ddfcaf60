//! Joint status and the two time axes: given what the parties said, then what they make together.

use super::desk::Desk;
use annals::domain::assertion::Lifecycle;
use annals::domain::plan::Action;
use annals::domain::status::{self, Joint};
use annals::domain::versions::Versions;
use annals::ledger::{Cut, Receipt};
use annals::projection::board::{self, Window};
use annals::projection::filter::Filter;
use annals::projection::overtaken;
use annals::projection::reading::Reading;
use chrono::NaiveDate;
use serde_json::{Value, json};

const ACTION: &str = "1.G2G.2";

fn under_way(effective: &str) -> Value {
    json!({"effective": effective, "lifecycle": "under_way"})
}

fn continuing(effective: &str) -> Value {
    json!({"effective": effective, "lifecycle": "continuing"})
}

fn joint(desk: &Desk, effective: Option<&str>) -> (Joint, Option<Lifecycle>) {
    let state = desk.ledger.state();
    let words = desk.ledger.words(&ACTION.parse().unwrap()).unwrap();
    let effective = effective.map(|day| day.parse::<NaiveDate>().unwrap());
    let status = status::of(&words, &state.parties(), effective, state.grace_days());
    (status.lifecycle.joint, status.lifecycle.value)
}

fn say_later(desk: &mut Desk, speaker: &str, days: i64, data: Value) -> Receipt {
    let mut draft = desk.draft(speaker, &format!("actions/{ACTION}"), "action.progressed", data);
    draft.time += chrono::Duration::days(days);
    desk.record(&draft).unwrap()
}

#[test]
fn silence_is_not_consent() {
    let mut desk = Desk::founded();
    assert_eq!(joint(&desk, None), (Joint::Silent, None));
    desk.progress("DK", ACTION, under_way("2021")).unwrap();
    assert_eq!(joint(&desk, None), (Joint::OneSided, Some(Lifecycle::UnderWay)));
}

#[test]
fn words_that_match_agree_and_words_that_differ_are_disputed() {
    let mut desk = Desk::founded();
    desk.progress("DK", ACTION, under_way("2021-03")).unwrap();
    desk.progress("KR", ACTION, under_way("2021-05")).unwrap();
    assert_eq!(joint(&desk, None), (Joint::Agreed, Some(Lifecycle::UnderWay)));
    desk.progress("KR", ACTION, continuing("2021-06")).unwrap();
    assert_eq!(joint(&desk, None), (Joint::Disputed, None));
}

#[test]
fn a_confirmation_is_the_confirmers_own_equal_word_even_if_the_first_is_corrected() {
    let mut desk = Desk::founded();
    let said = desk.progress("DK", ACTION, under_way("2021-03")).unwrap();
    let subject = format!("actions/{ACTION}");
    desk.answer("KR", &subject, "action.confirmed", said, json!({})).unwrap();
    assert_eq!(joint(&desk, None).0, Joint::Agreed);
    desk.answer("DK", &subject, "action.corrected", said, json!({"reason": "typo"})).unwrap();
    assert_eq!(joint(&desk, None), (Joint::OneSided, Some(Lifecycle::UnderWay)));
}

#[test]
fn a_contest_differs_until_a_new_word() {
    let mut desk = Desk::founded();
    let said = desk.progress("DK", ACTION, under_way("2021-03")).unwrap();
    let subject = format!("actions/{ACTION}");
    desk.answer("KR", &subject, "action.contested", said, json!({"reason": "no"})).unwrap();
    assert_eq!(joint(&desk, None), (Joint::Disputed, None));
    desk.progress("KR", ACTION, under_way("2021-04")).unwrap();
    assert_eq!(joint(&desk, None).0, Joint::Agreed);
}

#[test]
fn a_differing_word_older_than_the_days_of_grace_leaves_the_other_one_sided() {
    let mut desk = Desk::founded();
    say_later(&mut desk, "DK", 0, under_way("2021-03"));
    say_later(&mut desk, "KR", 179, continuing("2021-06"));
    assert_eq!(joint(&desk, None).0, Joint::Disputed, "180 days apart");
    let mut desk = Desk::founded();
    say_later(&mut desk, "DK", 0, under_way("2021-03"));
    say_later(&mut desk, "KR", 180, continuing("2021-06"));
    assert_eq!(joint(&desk, None), (Joint::OneSided, Some(Lifecycle::Continuing)), "181 days apart");
}

#[test]
fn as_effective_counts_the_words_that_begin_by_then() {
    let mut desk = Desk::founded();
    desk.progress("DK", ACTION, continuing("2021-07-02")).unwrap();
    desk.progress("DK", ACTION, under_way("2021-03")).unwrap();
    assert_eq!(joint(&desk, Some("2021-02-28")).0, Joint::Silent);
    assert_eq!(joint(&desk, Some("2021-07-01")).1, Some(Lifecycle::UnderWay));
    assert_eq!(joint(&desk, None).1, Some(Lifecycle::Continuing), "though it was said first");
}

#[test]
fn as_recorded_counts_the_entries_of_the_day_in_the_later_zone() {
    let mut desk = Desk::founded();
    let last = desk.ledger.head().size - 1;
    // 23:30 in Copenhagen on 30 June, 06:30 in Seoul on 1 July.
    let mut draft = desk.draft("DK", &format!("actions/{ACTION}"), "action.progressed", under_way("2021"));
    draft.time = "2022-06-30T21:30:00.000Z".parse().unwrap();
    desk.record(&draft).unwrap();
    draft.time = "2022-06-30T22:00:00.000Z".parse().unwrap();
    desk.record(&draft).unwrap();
    let at = |cut| desk.ledger.at(Some(cut)).unwrap().state.head.size;
    let day = |text: &str| Cut::Day(text.parse().unwrap());
    assert_eq!(at(day("2022-06-29")), last + 1);
    assert_eq!(at(day("2022-06-30")), last + 2, "the second was recorded on 1 July everywhere");
    assert_eq!(at(day("2022-07-01")), last + 3);
    assert_eq!(at(Cut::Sequence(last)), last + 1);
    assert!(desk.ledger.at(Some(Cut::Sequence(last + 3))).is_err(), "no such entry");
    assert_eq!(at(day("1999-01-01")), 0);
}

#[test]
fn actions_stand_as_the_document_has_them_however_they_are_numbered() {
    let references = ["1.9", "1.10", "C-3", "C-12", "viii", "ix", "a", "A", "2", "1.1"];
    let desk = Desk::numbered(&references);
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, None);
    let rows = board::of(&history, &reading, &Filter::default()).unwrap();
    let found: Vec<&str> = rows.iter().map(|row| row.action.action.reference.as_str()).collect();
    assert_eq!(found, references);
}

#[test]
fn a_window_is_missed_when_it_is_over_and_nobody_spoke() {
    let mut desk = Desk::founded();
    let held = json!({"effective": "2021-06", "occurrence": {"window": "2021", "state": "held"}});
    desk.progress("DK", "1.G2G.1", held).unwrap();
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, "2023-07-01".parse().ok());
    let rows = board::of(&history, &reading, &Filter::default()).unwrap();
    let windows: Vec<Window> = rows[0].windows.iter().map(|(_, window)| *window).collect();
    assert!(matches!(windows[0], Window::Said(Joint::OneSided, Some(_))));
    assert_eq!(windows[1..], [Window::Missed, Window::Open, Window::Open]);
}

#[test]
fn a_contest_falls_with_the_word_that_it_contests() {
    let mut desk = Desk::founded();
    let subject = format!("actions/{ACTION}");
    desk.progress("KR", ACTION, continuing("2021-03")).unwrap();
    let wrong = desk.progress("DK", ACTION, under_way("2021-04")).unwrap();
    desk.answer("KR", &subject, "action.contested", wrong, json!({"reason": "no"})).unwrap();
    assert_eq!(joint(&desk, None).0, Joint::Disputed);
    desk.answer("DK", &subject, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    assert_eq!(joint(&desk, None), (Joint::OneSided, Some(Lifecycle::Continuing)));
    desk.progress("DK", ACTION, continuing("2021-05")).unwrap();
    assert_eq!(joint(&desk, None), (Joint::Agreed, Some(Lifecycle::Continuing)));
}

fn windows(desk: &Desk, today: &str) -> Vec<Window> {
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, today.parse().ok());
    let rows = board::of(&history, &reading, &Filter::default()).unwrap();
    rows[0].windows.iter().map(|(_, window)| *window).collect()
}

fn occurrence(window: &str, state: &str) -> Value {
    json!({"effective": "2021-06", "occurrence": {"window": window, "state": state}})
}

#[test]
fn a_window_is_the_same_in_two_precisions() {
    let mut desk = Desk::founded();
    desk.progress("DK", "1.G2G.1", occurrence("2021", "held")).unwrap();
    desk.progress("KR", "1.G2G.1", occurrence("2021-01", "held")).unwrap();
    let windows = windows(&desk, "2021-12-31");
    assert!(matches!(windows[..], [Window::Said(Joint::Agreed, Some(_)), Window::Open, ..]), "{windows:?}");
    assert_eq!(windows.len(), 4);
}

#[test]
fn what_was_only_planned_is_missed_once_its_window_is_over() {
    let mut desk = Desk::founded();
    desk.progress("DK", "1.G2G.1", occurrence("2021", "planned")).unwrap();
    desk.progress("DK", "1.G2G.1", occurrence("2022", "postponed")).unwrap();
    assert!(matches!(windows(&desk, "2021-12-31")[0], Window::Said(Joint::OneSided, Some(_))));
    let later = windows(&desk, "2023-06-30");
    assert_eq!(later[0], Window::Missed);
    assert!(matches!(later[1], Window::Said(..)), "a word that settles it stands");
}

#[test]
fn windows_do_not_drift_where_months_are_short() {
    let mut state =
        Desk::founded().ledger.state().programme.actions[&"1.G2G.1".parse().unwrap()].as_ref().clone();
    let monthly = Action { cycle: Some("P1M".parse().unwrap()), ..(*state.action).clone() };
    state.action = Versions::new(0, monthly);
    let period = serde_json::from_value(json!({"start": "2021-01-31", "end": "2021-05"})).unwrap();
    let begins: Vec<String> = state.windows(period).iter().map(|(begin, _)| begin.to_string()).collect();
    assert_eq!(begins, ["2021-01-31", "2021-02-28", "2021-03-31", "2021-04-30", "2021-05-31"]);
}

#[test]
fn a_day_ends_where_clocks_are_put_forward_at_midnight() {
    let desk = Desk::founded();
    let mut founding = desk.ledger.state().founding.unwrap();
    for party in &mut founding.opened.parties {
        party.time_zone = "Africa/Cairo".parse().unwrap();
    }
    // On 28 April 2023 there was no midnight in Cairo: 27 April ended at 22:00 UTC, when it became one o'clock.
    let end = founding.end_of("2023-04-27".parse().unwrap());
    assert_eq!(end.to_rfc3339(), "2023-04-27T22:00:00+00:00");
}

/// What a word changes nothing of, each with the entry that counts instead.
fn overtaken_by(desk: &Desk, action: &str, word: Receipt) -> Vec<String> {
    let words = desk.ledger.words(&action.parse().unwrap()).unwrap();
    let found = overtaken::of(&words, word.sequence);
    found.iter().map(|later| format!("{} {} {}", later.on, later.by, later.since)).collect()
}

#[test]
fn a_word_changes_nothing_where_its_party_said_what_is_effective_later() {
    let mut desk = Desk::founded();
    let said = |window: &str, state: &str, effective: &str| json!({"effective": effective, "occurrence": {"window": window, "state": state}});
    let late = desk.progress("DK", "1.G2G.1", said("2021", "postponed", "2021-11-30")).unwrap();
    assert_eq!(overtaken_by(&desk, "1.G2G.1", late), [""; 0]);
    let held = desk.progress("DK", "1.G2G.1", said("2021-01", "held", "2021-06-14")).unwrap();
    let by = format!("2021-01 {} 2021-11-30", late.sequence);
    assert_eq!(overtaken_by(&desk, "1.G2G.1", held), [by]);
    // Another window, another party, and what is effective on the same day change something.
    for (party, window, effective) in
        [("DK", "2022", "2021-06-14"), ("KR", "2021", "2021-06-14"), ("DK", "2021", "2021-11-30")]
    {
        let said = desk.progress(party, "1.G2G.1", said(window, "held", effective)).unwrap();
        assert_eq!(overtaken_by(&desk, "1.G2G.1", said), [""; 0], "{party} {window} {effective}");
    }
    // What was corrected counts no more.
    let wrong = desk.progress("DK", ACTION, continuing("2021-07")).unwrap();
    let both = json!({"effective": "2021-03", "lifecycle": "under_way", "health": "on_track", "note": "so"});
    let early = desk.progress("DK", ACTION, both).unwrap();
    assert_eq!(overtaken_by(&desk, ACTION, early), [format!("lifecycle {} 2021-07", wrong.sequence)]);
    let subject = format!("actions/{ACTION}");
    desk.answer("DK", &subject, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    assert_eq!(overtaken_by(&desk, ACTION, early), [""; 0]);
}
