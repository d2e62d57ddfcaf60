//! Institutions that are merged or renamed: given who had an action and whose work passed to whom, then who has it.

use super::desk::{ACTION, Desk, no, word};
use super::diff::{At, TODAY, compared, lines};
use super::reviews::{decide, reviewing};
use annals::domain::duration::Duration;
use annals::ledger::{Cut, Receipt};
use annals::projection::agenda::{self, Matter};
use annals::projection::board;
use annals::projection::diff::Cause;
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::record::role::Role;
use annals::report::iati::activity::{self, Part};
use serde_json::json;

fn assign(desk: &mut Desk, institution: &str, role: &str) -> Receipt {
    let assigned = json!({"institution": institution, "role": role, "due": "2022-12"});
    desk.say("KR", ACTION, "action.assigned", assigned).unwrap()
}

fn succeed(desk: &mut Desk, institution: &str, successor: &str) -> Receipt {
    let succeeded = json!({"institution": institution, "successor": successor, "effective": "2022-01-02"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap()
}

/// Another institution of KR.
fn register(desk: &mut Desk, institution: &str) {
    let body = json!({"id": institution, "party": "KR", "names": {"en": institution}, "aliases": []});
    desk.say("KR", "parties/KR", "institution.registered", body).unwrap();
}

/// MSIT has the action, and its work has passed to MFDS.
fn merged() -> (Desk, Receipt) {
    let mut desk = Desk::founded();
    assign(&mut desk, "MSIT", "lead");
    let passed = succeed(&mut desk, "MSIT", "MFDS");
    (desk, passed)
}

/// Who has the action, as `institution role`, with whom it was assigned to where that is another.
fn held(desk: &Desk, at: Option<Cut>, effective: Option<&str>) -> Vec<String> {
    let history = desk.ledger.at(at).unwrap();
    let effective = effective.and_then(|day| day.parse().ok());
    let action = &history.state.programme.actions[&"1.G2G.2".parse().unwrap()];
    let held = history.state.programme.held(action, effective);
    held.iter()
        .map(|held| {
            let from = Some(held.assigned).filter(|assigned| *assigned != held.institution);
            let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
            format!("{} {}{from}", held.institution, held.task.role)
        })
        .collect()
}

#[test]
fn what_an_institution_has_is_its_successors_and_was_its_own_before() {
    let (desk, passed) = merged();
    assert_eq!(held(&desk, None, None), ["MFDS lead from MSIT"]);
    assert_eq!(held(&desk, Some(Cut::Sequence(passed.sequence - 1)), None), ["MSIT lead"]);
    assert_eq!(held(&desk, None, Some("2022-01-01")), ["MSIT lead"], "true only from the next day on");
    assert_eq!(held(&desk, None, Some("2022-01-02")), ["MFDS lead from MSIT"]);
    assert!(desk.ledger.verify(&mut |_| {}).unwrap().holds());
}

#[test]
fn it_passes_on_from_one_to_the_next() {
    let (mut desk, _) = merged();
    register(&mut desk, "NST");
    succeed(&mut desk, "MFDS", "NST");
    assert_eq!(held(&desk, None, None), ["NST lead from MSIT"]);
    assert!(desk.register("KR/NST", Role::Officer).is_ok());
    assert!(desk.progress("KR/NST", "1.G2G.2", word("under_way")).is_ok());
}

#[test]
fn two_that_are_merged_leave_both_their_tasks() {
    let mut desk = Desk::founded();
    register(&mut desk, "NST");
    assign(&mut desk, "MSIT", "lead");
    assign(&mut desk, "MFDS", "support");
    assign(&mut desk, "NST", "support");
    succeed(&mut desk, "MSIT", "NST");
    succeed(&mut desk, "MFDS", "NST");
    assert_eq!(held(&desk, None, None), ["NST support from MFDS", "NST lead from MSIT", "NST support"]);
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, None);
    let rows = board::of(&history, &reading, &Filter::default()).unwrap();
    let row = rows.iter().find(|row| row.action.action.reference.as_str() == "1.G2G.2").unwrap();
    assert_eq!(row.leads, [&"NST".parse().unwrap()], "each lead once");
}

#[test]
fn an_officer_speaks_on_what_has_passed_to_the_own_institution() {
    let mut desk = Desk::founded();
    desk.register("KR/MFDS", Role::Officer).unwrap();
    assign(&mut desk, "MSIT", "support");
    no(&mut desk, "KR/MFDS", ACTION, "action.progressed", word("under_way"), "not assigned to MFDS");
    succeed(&mut desk, "MSIT", "MFDS");
    desk.progress("KR/MFDS", "1.G2G.2", word("under_way")).unwrap();
    let elsewhere = "actions/1.G2G.3";
    no(&mut desk, "KR/MFDS", elsewhere, "action.progressed", word("under_way"), "not assigned to MFDS");
    desk.progress("KR/MSIT", "1.G2G.2", word("continuing")).unwrap();
    assert!(desk.ledger.verify(&mut |_| {}).unwrap().holds(), "a key that is in force speaks as before");
}

#[test]
fn what_is_assigned_to_the_successor_counts_from_then_on() {
    let (mut desk, _) = merged();
    assign(&mut desk, "MFDS", "support");
    assert_eq!(held(&desk, None, None), ["MFDS support"]);
}

#[test]
fn the_successor_is_relieved_of_what_has_passed_to_it_once() {
    let (mut desk, _) = merged();
    desk.register("KR/MFDS", Role::Officer).unwrap();
    let relieved = json!({"institution": "MFDS", "role": "relieved"});
    desk.say("KR", ACTION, "action.assigned", relieved.clone()).unwrap();
    assert_eq!(held(&desk, None, None), [""; 0]);
    no(&mut desk, "KR", ACTION, "action.assigned", relieved, "1.G2G.2 is not assigned to MFDS");
    no(&mut desk, "KR/MFDS", ACTION, "action.progressed", word("under_way"), "not assigned to MFDS");
}

#[test]
fn work_on_an_action_passes_with_whoever_is_named_or_has_it_then() {
    let (mut desk, passed) = merged();
    register(&mut desk, "NST");
    let successions = |desk: &Desk, action: &str| -> Vec<u64> {
        let history = desk.ledger.at(None).unwrap();
        let programme = &history.state.programme;
        programme.successions(&programme.actions[&action.parse().unwrap()]).into_iter().collect()
    };
    assert_eq!(successions(&desk, "1.G2G.2"), [passed.sequence]);
    assert_eq!(successions(&desk, "1.G2G.3"), [0_u64; 0]);
    let relieved = json!({"institution": "MFDS", "role": "relieved"});
    desk.say("KR", ACTION, "action.assigned", relieved).unwrap();
    let further = succeed(&mut desk, "MFDS", "NST");
    assert_eq!(successions(&desk, "1.G2G.2"), [passed.sequence], "it had been relieved of it");
    assert_eq!(successions(&desk, "1.G2G.1"), [passed.sequence, further.sequence], "MSIT is named there");
}

#[test]
fn an_institution_is_found_by_what_was_named_and_assigned_before_it() {
    let (desk, _) = merged();
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, None);
    let found = |institution: &str| -> Vec<String> {
        let filter = Filter { institution: institution.parse().ok(), ..Filter::default() };
        let rows = board::of(&history, &reading, &filter).unwrap();
        rows.iter().map(|row| row.action.action.reference.to_string()).collect()
    };
    // The first names MSIT in its text.
    assert_eq!(found("MFDS"), ["1.G2G.1", "1.G2G.2"]);
    assert_eq!(found("MSIT"), ["1.G2G.1", "1.G2G.2"], "and by its former name");
    assert_eq!(found("DKMA"), [""; 0]);
}

#[test]
fn a_task_is_due_to_whoever_has_it_now() {
    let (desk, _) = merged();
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, "2023-01-01".parse().ok());
    let items = agenda::of(&history, &reading, &Filter::default(), Duration::Days(0)).unwrap();
    let tasks: Vec<(String, String)> = items
        .iter()
        .filter_map(|item| match item.matter {
            Matter::Task { institution, assigned, .. } => {
                Some((institution.to_string(), assigned.to_string()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(tasks, [("MFDS".to_owned(), "MSIT".to_owned())]);
}

#[test]
fn that_it_passed_is_what_two_readings_differ_in() {
    let (desk, passed) = merged();
    let (before, after) =
        (At::new(&desk, Some(passed.sequence - 1), None, TODAY), At::new(&desk, None, None, TODAY));
    let found = compared(&desk, &before, &after, &Filter::default());
    let changes: Vec<String> = found
        .changes
        .iter()
        .map(|change| {
            let Cause::Entry { sequence, .. } = change.cause else { panic!("{change:?}") };
            assert_eq!(sequence, passed.sequence);
            let institution = change.institution.as_ref().unwrap();
            let [old, new] = [&change.old, &change.new].map(|value| value.as_deref().unwrap_or("–"));
            format!("{institution} {} {old} {new}", change.field)
        })
        .collect();
    assert_eq!(changes, ["MFDS role – lead", "MFDS due – 2022-12", "MSIT role lead –", "MSIT due 2022-12 –"]);
}

/// Each row of a kind about an institution, with the entry that made it so.
fn passing(desk: &Desk, from: &At, to: &At, institution: &str) -> Vec<(String, u64)> {
    let changes = compared(desk, from, to, &Filter::default()).changes;
    let own = changes
        .iter()
        .filter(|change| change.institution.as_ref().is_some_and(|body| body.as_str() == institution));
    let cause = |cause| if let Cause::Entry { sequence, .. } = cause { sequence } else { 0 };
    own.map(|change| (lines(std::slice::from_ref(change)).remove(0), cause(change.cause))).collect()
}

#[test]
fn a_task_came_and_went_with_what_made_it_so() {
    let all = |desk: &Desk| At::new(desk, None, None, TODAY);
    let after = |desk: &Desk, receipt: Receipt| At::new(desk, Some(receipt.sequence), None, TODAY);
    let by = |desk: &Desk, day: &str| At::new(desk, None, Some(day), TODAY);
    let say = |desk: &mut Desk, institution: &str, role: &str, effective: &str| {
        let assigned = json!({"institution": institution, "role": role, "effective": effective});
        desk.say("KR", ACTION, "action.assigned", assigned).unwrap()
    };
    let pass = |desk: &mut Desk, institution: &str, successor: &str, effective: &str| {
        let succeeded = json!({"institution": institution, "successor": successor, "effective": effective});
        desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap()
    };
    // The one that it came from was relieved of it after that.
    let mut desk = Desk::founded();
    let first = say(&mut desk, "MSIT", "lead", "2021-06");
    let passed = pass(&mut desk, "MSIT", "MFDS", "2021-09");
    let relieved = say(&mut desk, "MSIT", "relieved", "2021-12");
    let row = |line: &str, receipt: Receipt| (line.to_owned(), receipt.sequence);
    let found = passing(&desk, &by(&desk, "2021-10-31"), &by(&desk, "2021-12-31"), "MFDS");
    assert_eq!(found, [row("role MFDS KR lead → –", relieved)]);
    let found = passing(&desk, &after(&desk, first), &after(&desk, passed), "MSIT");
    assert_eq!(found, [row("role MSIT KR lead → –", passed)]);
    // It was assigned to the successor, too, which had it already.
    let mut desk = Desk::founded();
    let first = say(&mut desk, "MSIT", "lead", "2021-06");
    let passed = pass(&mut desk, "MSIT", "MFDS", "2021-09");
    say(&mut desk, "MFDS", "lead", "2021-10");
    assert_eq!(
        passing(&desk, &after(&desk, first), &all(&desk), "MFDS"),
        [row("role MFDS KR – → lead", passed)]
    );
    // What the other had passed to one that led already.
    let mut desk = Desk::founded();
    let start = At::new(&desk, None, None, TODAY);
    let own = say(&mut desk, "MFDS", "lead", "2021-06");
    say(&mut desk, "MSIT", "lead", "2021-06");
    pass(&mut desk, "MSIT", "MFDS", "2021-09");
    assert_eq!(passing(&desk, &start, &all(&desk), "MFDS"), [row("role MFDS KR – → lead", own)]);
    // Its work had passed on before it was assigned.
    let mut desk = Desk::founded();
    let late = say(&mut desk, "MSIT", "lead", "2021-11");
    pass(&mut desk, "MSIT", "MFDS", "2021-09");
    let found = passing(&desk, &by(&desk, "2021-10-31"), &by(&desk, "2021-12-31"), "MFDS");
    assert_eq!(found, [row("role MFDS KR – → lead", late)]);
}

#[test]
fn of_what_begins_on_a_day_the_first_that_says_so_and_each_date_of_several_tasks_is_told() {
    let by = |desk: &Desk, day: &str| At::new(desk, None, Some(day), TODAY);
    let say = |desk: &mut Desk, institution: &str, due: &str| {
        let assigned =
            json!({"institution": institution, "role": "lead", "effective": "2021-06", "due": due});
        desk.say("KR", ACTION, "action.assigned", assigned).unwrap().sequence
    };
    let mut desk = Desk::founded();
    let (first, due) = (say(&mut desk, "MFDS", "2022"), say(&mut desk, "MFDS", "2023"));
    let found = passing(&desk, &by(&desk, "2021-01-01"), &by(&desk, "2021-12-31"), "MFDS");
    let rows = [("role MFDS KR – → lead", first), ("due MFDS KR – → 2023", due)];
    assert_eq!(found, rows.map(|(line, by)| (line.to_owned(), by)));
    say(&mut desk, "MSIT", "2022");
    let before = At::new(&desk, None, None, TODAY);
    let passed = succeed(&mut desk, "MSIT", "MFDS").sequence;
    let found = passing(&desk, &before, &At::new(&desk, None, None, TODAY), "MFDS");
    assert_eq!(found, [("due MFDS KR 2023 → 2022, 2023".to_owned(), passed)]);
}

#[test]
fn a_release_that_does_not_say_since_when_is_of_the_day_on_which_it_was_recorded() {
    let mut desk = Desk::founded();
    assign(&mut desk, "MSIT", "lead");
    assert_eq!(held(&desk, None, Some("2021-06-30")), ["MSIT lead"], "what was said first, and of no day");
    assign(&mut desk, "MSIT", "relieved");
    let day = desk.ledger.state().recorded.date_naive();
    assert_eq!(held(&desk, None, Some(&day.pred_opt().unwrap().to_string())), ["MSIT lead"]);
    assert_eq!(held(&desk, None, Some(&day.to_string())), [""; 0]);
    assert_eq!(held(&desk, None, None), [""; 0]);
}

#[test]
fn a_date_that_was_decided_is_of_its_day_and_takes_nothing_from_whom_work_passed_to() {
    let mut desk = reviewing();
    let assigned = |institution: &str, role: &str| json!({"institution": institution, "role": role, "due": "2022-06", "effective": "2021-06"});
    desk.say("KR", ACTION, "action.assigned", assigned("MFDS", "lead")).unwrap();
    desk.say("KR", ACTION, "action.assigned", assigned("MSIT", "support")).unwrap();
    succeed(&mut desk, "MSIT", "MFDS");
    let both = ["MFDS lead", "MFDS support from MSIT"];
    assert_eq!(held(&desk, None, None), both);
    let before = At::new(&desk, None, None, TODAY);
    let decided =
        decide(&mut desk, "1.G2G.2", "clarify", json!({"due": "2023-06", "effective": "2022-01-10"}));
    assert_eq!(held(&desk, None, None), both, "it is not assigned anew");
    let found = passing(&desk, &before, &At::new(&desk, None, None, TODAY), "MFDS");
    assert_eq!(found, [("due MFDS KR 2022-06 → 2022-06, 2023-06".to_owned(), decided.sequence)]);
    let due = |desk: &Desk, day: &str| {
        let (history, day) = (desk.ledger.at(None).unwrap(), day.parse().ok());
        let action = &history.state.programme.actions[&"1.G2G.2".parse().unwrap()];
        let held = history.state.programme.held(action, day);
        held.iter()
            .find(|held| held.task.role.as_str() == "lead")
            .and_then(|held| held.task.due)
            .unwrap()
            .to_string()
    };
    assert_eq!(
        (due(&desk, "2022-01-09"), due(&desk, "2022-01-10")),
        ("2022-06".to_owned(), "2023-06".to_owned())
    );
    // As of a day before it had the action nobody had it.
    decide(&mut desk, "1.G2G.2", "clarify", json!({"due": "2024-06", "effective": "2021-01"}));
    assert_eq!(
        (due(&desk, "2021-06-01"), due(&desk, "2022-01-20")),
        ("2024-06".to_owned(), "2024-06".to_owned())
    );
    assert_eq!(held(&desk, None, Some("2021-05-31")), [""; 0]);
}

#[test]
fn by_a_day_an_action_is_that_of_who_had_it_then() {
    let mut desk = Desk::founded();
    let say = |desk: &mut Desk, role: &str, effective: &str| {
        let assigned = json!({"institution": "MSIT", "role": role, "effective": effective});
        desk.say("KR", ACTION, "action.assigned", assigned).unwrap()
    };
    say(&mut desk, "lead", "2021-06");
    say(&mut desk, "relieved", "2021-12");
    let filter = Filter { institution: "MSIT".parse().ok(), ..Filter::default() };
    let found = |day: Option<&str>| {
        let history = desk.ledger.at(None).unwrap();
        let reading = Reading::of(&history.state, None, day.and_then(|day| day.parse().ok()), None);
        let rows = board::of(&history, &reading, &filter).unwrap();
        rows.iter().any(|row| row.action.action.reference.as_str() == "1.G2G.2")
    };
    // What is published of such a reading names it then.
    let published = |day: Option<&str>| {
        let history = desk.ledger.at(None).unwrap();
        let reading = Reading::of(&history.state, None, day.and_then(|day| day.parse().ok()), None);
        let all = activity::all(&history, &reading, &Filter::default()).unwrap();
        let action = all.into_iter().find(|activity| activity.subject == ACTION).unwrap();
        action.organisations.iter().any(|body| body.part == Part::Implementing)
    };
    let days = [Some("2021-05-31"), Some("2021-06-01"), Some("2021-11-30"), Some("2021-12-01"), None];
    assert_eq!(days.map(found), [false, true, true, false, false]);
    assert_eq!(days.map(published), [false, true, true, false, false]);
}
