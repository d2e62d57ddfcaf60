//! The difference of two readings: given what was said, then what the later one says otherwise, and what made it so.

use super::desk::{ACTION, Desk, word};
use super::reviews::{decide, reviewing};
use annals::domain::assertion::Lifecycle;
use annals::domain::status::Joint;
use annals::domain::value::Code;
use annals::domain::word::Words;
use annals::ledger::index::Sayings;
use annals::ledger::{Cut, Receipt};
use annals::projection::board;
use annals::projection::diff::{self, Cause, Change, Diff, Field, Side};
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::record::history::History;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const REFERENCE: &str = "1.G2G.2";

/// A history up to an entry, or all of it, with its reading.
pub(crate) struct At(History<Sayings>, Reading);

impl At {
    pub(crate) fn new(desk: &Desk, last: Option<u64>, effective: Option<&str>, today: &str) -> Self {
        let history = desk.ledger.at(last.map(Cut::Sequence)).unwrap();
        let day = |day: &str| day.parse::<NaiveDate>().unwrap();
        let reading = Reading::of(&history.state, None, effective.map(day), Some(day(today)));
        Self(history, reading)
    }

    pub(crate) fn side(&self) -> Side<'_, Sayings> {
        Side { history: &self.0, reading: &self.1 }
    }
}

/// What the later reading says otherwise than the earlier one.
pub(crate) fn compared<'a>(desk: &Desk, before: &'a At, after: &'a At, filter: &Filter) -> Diff<'a> {
    let measured = &mut |action: &Code, words: &Words| desk.ledger.measured(&after.1, Some((action, words)));
    diff::of(before.side(), after.side(), filter, measured).unwrap()
}

pub(crate) const TODAY: &str = "2022-03-01";

/// What changed since an entry.
fn since(desk: &Desk, last: u64) -> Vec<Change> {
    changes(desk, last, &Filter::default())
}

fn changes(desk: &Desk, last: u64, filter: &Filter) -> Vec<Change> {
    let (before, after) = (At::new(desk, Some(last), None, TODAY), At::new(desk, None, None, TODAY));
    compared(desk, &before, &after, filter).changes
}

/// Each change as `field party old → new`, with `–` for what is not there.
pub(crate) fn lines(changes: &[Change]) -> Vec<String> {
    let or = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let line = |change: &Change| {
        let of = change.window.map(|window| window.to_string());
        let of = of.or_else(|| change.institution.as_ref().map(ToString::to_string));
        let of = of.or_else(|| change.indicator.as_ref().map(ToString::to_string));
        let party = change.party.as_ref().map(ToString::to_string);
        let field = change.field.as_str();
        let words: Vec<String> = [Some(field.to_owned()), of, party].into_iter().flatten().collect();
        format!("{} {} → {}", words.join(" "), or(change.old.clone()), or(change.new.clone()))
    };
    changes.iter().map(line).collect()
}

fn head(desk: &Desk) -> u64 {
    desk.ledger.head().size - 1
}

fn by(receipt: Receipt) -> impl Fn(&Change) -> bool {
    move |change| matches!(change.cause, Cause::Entry { sequence, .. } if sequence == receipt.sequence)
}

#[test]
fn each_partys_word_and_what_they_make_together_are_changes_of_their_own() {
    let mut desk = Desk::founded();
    let start = head(&desk);
    let first = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let second = desk.progress("KR", REFERENCE, word("under_way")).unwrap();
    let found = since(&desk, start);
    assert_eq!(
        lines(&found),
        [
            "joint silent → agreed",
            "lifecycle planned → under_way",
            "lifecycle DK – → under_way",
            "lifecycle KR – → under_way"
        ]
    );
    assert!(found.iter().all(|change| change.subject == ACTION));
    assert!(by(second)(&found[0]) && by(second)(&found[1]) && by(first)(&found[2]) && by(second)(&found[3]));
    let Cause::Entry { effective, .. } = &found[2].cause else { panic!("{:?}", found[2].cause) };
    assert_eq!(effective.unwrap().to_string(), "2021-06");
}

#[test]
fn what_is_said_again_is_no_change() {
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let start = head(&desk);
    desk.progress("DK", REFERENCE, json!({"effective": "2021-08", "lifecycle": "under_way"})).unwrap();
    assert_eq!(since(&desk, start), []);
}

#[test]
fn what_was_measured_is_compared_as_each_party_gives_it() {
    let measured = |effective: &str, name: &str, value: &str| json!({"effective": effective, "indicators": [{"name": name, "value": value, "unit": "days"}]});
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, measured("2021-06", "visits", "3")).unwrap();
    let start = head(&desk);
    let only = |found: &[Change]| {
        let measured = found.iter().filter(|change| change.field == Field::Indicator);
        lines(&measured.cloned().collect::<Vec<_>>())
    };
    // The same again, of an earlier day, and by the other party.
    desk.progress("DK", REFERENCE, measured("2021-07", "visits", "3")).unwrap();
    desk.progress("DK", REFERENCE, measured("2021-05", "visits", "2")).unwrap();
    let theirs = desk.progress("KR", REFERENCE, measured("2021-06", "visits", "4")).unwrap();
    let found = since(&desk, start);
    assert_eq!(only(&found), ["indicator visits KR – → 4 days"]);
    assert!(found.iter().filter(|change| change.field == Field::Indicator).all(by(theirs)));
    // Corrected, what was said before stands again; the cause is the correction.
    let wrong = desk.progress("DK", REFERENCE, measured("2021-08", "visits", "30")).unwrap();
    assert_eq!(
        only(&since(&desk, start)),
        ["indicator visits DK 3 days → 30 days", "indicator visits KR – → 4 days"]
    );
    let after = head(&desk);
    let correction = desk.answer("DK", ACTION, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    let found = since(&desk, after);
    assert_eq!(only(&found), ["indicator visits DK 30 days → 3 days"]);
    assert!(found.iter().all(by(correction)), "{found:?}");
    assert_eq!(only(&since(&desk, start)), ["indicator visits KR – → 4 days"]);
    // What was given once and corrected is gone.
    let wrong = desk.progress("DK", REFERENCE, measured("2021-08", "guests", "1")).unwrap();
    let after = head(&desk);
    desk.answer("DK", ACTION, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    assert_eq!(only(&since(&desk, after)), ["indicator guests DK 1 days → –"]);
    // On the effective axis.
    let [may, july] = ["2021-05-31", "2021-07-31"].map(|day| At::new(&desk, None, Some(day), TODAY));
    let found = compared(&desk, &may, &july, &Filter::default()).changes;
    assert_eq!(only(&found), ["indicator visits DK 2 days → 3 days", "indicator visits KR – → 4 days"]);
}

#[test]
fn a_correction_is_what_changed_a_word_back() {
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let wrong = desk.progress("DK", REFERENCE, word("continuing")).unwrap();
    let start = head(&desk);
    let correction = desk.answer("DK", ACTION, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    let found = since(&desk, start);
    assert_eq!(lines(&found), ["lifecycle continuing → under_way", "lifecycle DK continuing → under_way"]);
    assert!(found.iter().all(|change| by(correction)(change)), "{found:?}");
    let again = desk.progress("DK", REFERENCE, word("suspended")).unwrap();
    assert!(since(&desk, start).iter().all(by(again)), "what was said after it counts");
}

/// What the parties' words are together is the work of the word since which they are it, not of the newest.
#[test]
fn a_joint_change_is_told_with_the_entry_that_made_it_so() {
    let mut desk = Desk::founded();
    for party in ["DK", "KR"] {
        desk.progress(party, REFERENCE, word("under_way")).unwrap();
    }
    let start = head(&desk);
    let otherwise = desk.progress("DK", REFERENCE, word("continuing")).unwrap();
    let same = desk.progress("KR", REFERENCE, word("under_way")).unwrap();
    let found = since(&desk, start);
    let of = |found: &[Change], field| {
        found.iter().filter(|change| change.field == field).cloned().collect::<Vec<_>>()
    };
    assert_eq!(lines(&of(&found, Field::Joint)), ["joint agreed → disputed"]);
    assert!(of(&found, Field::Joint).iter().all(by(otherwise)), "{found:?}");
    assert!(
        of(&found, Field::Lifecycle).iter().filter(|change| change.party.is_none()).all(by(otherwise)),
        "{found:?}"
    );
    let settled = desk.progress("KR", REFERENCE, word("continuing")).unwrap();
    assert_eq!(lines(&of(&since(&desk, same.sequence), Field::Joint)), ["joint disputed → agreed"]);
    assert!(of(&since(&desk, same.sequence), Field::Joint).iter().all(by(settled)));
}

/// What each said last is not what each said before that: the words come one after the other.
#[test]
fn a_joint_change_that_came_and_went_is_told_with_the_entry_that_brought_it_back() {
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    desk.progress("KR", REFERENCE, word("continuing")).unwrap();
    let start = head(&desk);
    let joint = |desk: &Desk, start| {
        let found: Vec<Change> =
            since(desk, start).into_iter().filter(|change| change.field == Field::Joint).collect();
        (lines(&found), found)
    };
    desk.progress("DK", REFERENCE, word("suspended")).unwrap();
    desk.progress("KR", REFERENCE, word("under_way")).unwrap();
    let agreed = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let (told, found) = joint(&desk, start);
    assert_eq!(told, ["joint disputed → agreed"]);
    assert!(found.iter().all(by(agreed)), "{found:?}");
    desk.progress("KR", REFERENCE, word("under_way")).unwrap();
    assert!(joint(&desk, start).1.iter().all(by(agreed)), "what is said again changes nothing");
}

#[test]
fn a_joint_change_by_a_correction_alone_is_told_with_that() {
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let wrong = desk.progress("KR", REFERENCE, word("suspended")).unwrap();
    let start = head(&desk);
    desk.progress("DK", REFERENCE, json!({"effective": "2021-08", "lifecycle": "under_way"})).unwrap();
    let correction = desk.answer("KR", ACTION, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    let joint = |start| {
        let found = since(&desk, start).into_iter().filter(|change| change.field == Field::Joint);
        found.collect::<Vec<_>>()
    };
    assert_eq!(lines(&joint(start)), ["joint disputed → one_sided"]);
    assert!(joint(start).iter().all(by(correction)), "{:?}", joint(start));
    // A contest falls with what it contests.
    let mut desk = Desk::founded();
    let start = head(&desk);
    let wrong = desk.progress("DK", REFERENCE, word("suspended")).unwrap();
    desk.answer("KR", ACTION, "action.contested", wrong, json!({"reason": "no"})).unwrap();
    desk.answer("DK", ACTION, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let last = desk.progress("KR", REFERENCE, word("suspended")).unwrap();
    let found: Vec<Change> =
        since(&desk, start).into_iter().filter(|change| change.field == Field::Joint).collect();
    assert_eq!(lines(&found), ["joint silent → disputed"]);
    assert!(found.iter().all(by(last)), "{found:?}");
}

/// Each field of an action is as old as it is, whatever else was decided of it later.
#[test]
fn a_text_and_a_cycle_are_told_each_with_its_own_decision() {
    let mut desk = reviewing();
    let start = head(&desk);
    let amended = decide(&mut desk, "1.G2G.1", "amend", json!({"text": "Every spring."}));
    let clarified = decide(&mut desk, "1.G2G.1", "clarify", json!({"cycle": "P6M"}));
    let found = since(&desk, start);
    let of = |field| found.iter().filter(|change| change.field == field).cloned().collect::<Vec<_>>();
    assert!(!of(Field::Text).is_empty() && of(Field::Text).iter().all(by(amended)), "{found:?}");
    assert!(!of(Field::Cycle).is_empty() && of(Field::Cycle).iter().all(by(clarified)), "{found:?}");
}

/// What a window is called is the same, whoever says so, too.
#[test]
fn a_window_that_is_confirmed_is_no_other_one() {
    let mut desk = Desk::founded();
    let held = json!({"effective": "2021-06", "occurrence": {"window": "2021", "state": "held"}});
    let said = desk.progress("DK", "1.G2G.1", held).unwrap();
    let start = head(&desk);
    desk.answer("KR", "actions/1.G2G.1", "action.confirmed", said, json!({})).unwrap();
    assert_eq!(lines(&since(&desk, start)), ["occurrence 2021 KR – → held"]);
}

#[test]
fn a_word_that_stands_again_was_not_said_anew() {
    let mut desk = Desk::founded();
    let say = |desk: &mut Desk, lifecycle: &str, effective: &str| {
        desk.progress("DK", REFERENCE, json!({"effective": effective, "lifecycle": lifecycle})).unwrap()
    };
    let wrong = say(&mut desk, "continuing", "2021-08");
    let earlier = say(&mut desk, "under_way", "2021-05");
    let later = say(&mut desk, "suspended", "2021-10");
    let start = head(&desk);
    let side = |last, day| At::new(&desk, last, Some(day), TODAY);
    let (before, after) = (side(None, "2021-09-01"), side(None, "2021-11-01"));
    let found = compared(&desk, &before, &after, &Filter::default()).changes;
    assert!(found.iter().all(by(later)), "it was known, and is true now: {found:?}");
    let correction = desk.answer("DK", ACTION, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    let side = |last, day| At::new(&desk, last, Some(day), TODAY);
    let before = side(Some(start), "2021-09-01");
    let found = compared(&desk, &before, &side(None, "2021-09-01"), &Filter::default()).changes;
    assert_eq!(lines(&found), ["lifecycle continuing → under_way", "lifecycle DK continuing → under_way"]);
    assert!(found.iter().all(|change| by(correction)(change)), "{earlier:?} {found:?}");
    let found = compared(&desk, &before, &side(None, "2021-11-01"), &Filter::default()).changes;
    assert!(found.iter().all(by(later)), "whatever was corrected: {found:?}");
}

#[test]
fn a_contest_that_fell_was_ended_by_the_correction_of_what_it_contests() {
    let mut desk = Desk::founded();
    let wrong = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    desk.answer("KR", ACTION, "action.contested", wrong, json!({"reason": "no"})).unwrap();
    let start = head(&desk);
    let correction = desk.answer("DK", ACTION, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    let found = since(&desk, start);
    assert_eq!(
        lines(&found),
        [
            "joint disputed → silent",
            "lifecycle – → planned",
            "lifecycle DK under_way → –",
            "lifecycle KR contested → –"
        ]
    );
    assert!(found.iter().all(|change| by(correction)(change)), "{found:?}");
}

#[test]
fn the_same_entries_are_compared_as_effective() {
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, json!({"effective": "2021-07", "lifecycle": "continuing"})).unwrap();
    let early =
        desk.progress("DK", REFERENCE, json!({"effective": "2021-03", "lifecycle": "under_way"})).unwrap();
    let signed = json!({"state": "signed", "effective": "2021-05-01", "expires": "2026"});
    let signed = desk.say("DK", "instruments/1.B1", "instrument.updated", signed).unwrap();
    let at = |day: &'static str| At::new(&desk, None, Some(day), TODAY);
    let of = |from: &'static str, to: &'static str| {
        compared(&desk, &at(from), &at(to), &Filter::default()).changes
    };
    let found = of("2021-02-28", "2021-06-30");
    assert_eq!(
        lines(&found),
        [
            "joint silent → one_sided",
            "lifecycle planned → under_way",
            "lifecycle DK – → under_way",
            "state to_be_confirmed → signed",
            "expires – → 2026"
        ]
    );
    assert!(found[..3].iter().all(by(early)), "though something else was said before it: {found:?}");
    assert!(found[3..].iter().all(by(signed)), "{found:?}");
    assert_eq!(lines(&of("2021-06-30", "2021-07-01"))[0], "lifecycle under_way → continuing");
}

#[test]
fn where_nobody_spoke_time_alone_passed() {
    let mut desk = Desk::founded();
    let ill = json!({"effective": "2021-06", "health": "at_risk", "note": "late"});
    desk.progress("DK", REFERENCE, ill).unwrap();
    let (before, after) =
        (At::new(&desk, None, None, "2021-12-31"), At::new(&desk, None, None, "2022-12-31"));
    let found = compared(&desk, &before, &after, &Filter::default()).changes;
    assert_eq!(lines(&found), ["occurrence 2021 open → missed", "health_stale false → true"]);
    assert!(found.iter().all(|change| change.cause == Cause::Time));
}

#[test]
fn a_window_changes_by_what_the_parties_say_of_it() {
    let mut desk = Desk::founded();
    let start = head(&desk);
    let state =
        |state: &str| json!({"effective": "2021-06", "occurrence": {"window": "2021-01", "state": state}});
    desk.progress("DK", "1.G2G.1", state("planned")).unwrap();
    let held = desk.progress("KR", "1.G2G.1", state("held")).unwrap();
    let found = since(&desk, start);
    assert_eq!(
        lines(&found),
        [
            "occurrence 2021 missed → disputed",
            "occurrence 2021 DK – → planned",
            "occurrence 2021 KR – → held"
        ]
    );
    assert!(by(held)(&found[0]));
}

#[test]
fn who_has_an_action_and_until_when_are_changes() {
    let mut desk = Desk::founded();
    let start = head(&desk);
    let mut assign = |role: &str, more: Value| {
        let mut data = json!({"institution": "DKMA", "role": role});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        desk.say("DK", ACTION, "action.assigned", data).unwrap()
    };
    let first = assign("support", json!({"due": "2022-12"}));
    let second = assign("lead", json!({"due": "2023", "effective": "2021-09"}));
    let relieved = assign("relieved", json!({}));
    let between = |from: u64, to: Receipt| {
        let (before, after) =
            (At::new(&desk, Some(from), None, TODAY), At::new(&desk, Some(to.sequence), None, TODAY));
        compared(&desk, &before, &after, &Filter::default()).changes
    };
    let found = between(start, first);
    assert_eq!(lines(&found), ["role DKMA DK – → support", "due DKMA DK – → 2022-12"]);
    let found = between(first.sequence, second);
    assert_eq!(lines(&found), ["role DKMA DK support → lead", "due DKMA DK 2022-12 → 2023"]);
    assert!(
        matches!(found[0].cause, Cause::Entry { effective: Some(_), .. }) && found.iter().all(by(second))
    );
    let found = between(second.sequence, relieved);
    assert_eq!(lines(&found), ["role DKMA DK lead → –", "due DKMA DK 2023 → –"]);
    assert!(found.iter().all(by(relieved)), "{found:?}");
    assert_eq!(between(start, relieved), [], "as if it had never had it");
}

#[test]
fn who_has_an_action_by_a_day_is_told_by_what_began_by_then() {
    let mut desk = Desk::founded();
    let mut assign = |role: &str, effective: &str| {
        let data = json!({"institution": "DKMA", "role": role, "effective": effective});
        desk.say("DK", ACTION, "action.assigned", data).unwrap()
    };
    let first = assign("support", "2021-02");
    let lead = assign("lead", "2021-09");
    let relieved = assign("relieved", "2021-12");
    let held = |day: Option<&str>| {
        let At(history, reading) = At::new(&desk, None, day, TODAY);
        let board = board::of(&history, &reading, &Filter::default()).unwrap();
        let row = board.into_iter().find(|row| row.action.action.reference.as_str() == REFERENCE).unwrap();
        row.held
            .iter()
            .map(|held| (held.institution.to_string(), held.task.role.to_string()))
            .collect::<Vec<_>>()
    };
    let has = |role: &str| vec![("DKMA".to_owned(), role.to_owned())];
    assert_eq!(held(Some("2021-01-31")), []);
    assert_eq!(held(Some("2021-02-01")), has("support"));
    assert_eq!(held(Some("2021-09-01")), has("lead"));
    assert_eq!(held(Some("2021-11-30")), has("lead"));
    assert_eq!(held(Some("2021-12-01")), []);
    assert_eq!(held(None), []);
    let between = |from: &str, to: &str| {
        let [from, to] = [from, to].map(|day| At::new(&desk, None, Some(day), TODAY));
        let mut found = compared(&desk, &from, &to, &Filter::default()).changes;
        found.retain(|change| change.field == Field::Role);
        found
    };
    for (from, to, line, cause) in [
        ("2021-01-01", "2021-03-01", "role DKMA DK – → support", first),
        ("2021-03-01", "2021-10-31", "role DKMA DK support → lead", lead),
        ("2021-10-31", "2022-03-01", "role DKMA DK lead → –", relieved),
    ] {
        let found = between(from, to);
        assert_eq!(lines(&found), [line]);
        assert!(found.iter().all(by(cause)), "{line}: {found:?}");
    }
    assert_eq!(between("2021-01-01", "2022-03-01"), []);
}

#[test]
fn a_word_that_is_gone_went_with_its_correction_whatever_the_other_party_said() {
    let mut desk = Desk::founded();
    let gone = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let start = head(&desk);
    desk.progress("KR", REFERENCE, word("continuing")).unwrap();
    let correction = desk.answer("DK", ACTION, "action.corrected", gone, json!({"reason": "typo"})).unwrap();
    let found = since(&desk, start);
    let own = found.iter().find(|change| lines(&[(*change).clone()]) == ["lifecycle DK under_way → –"]);
    assert!(by(correction)(own.unwrap()), "{found:?}");
    // What stands again since the correction is not said anew by who repeats it.
    let mut desk = Desk::founded();
    let measured = |lifecycle: &str, value: &str| json!({"effective": "2021-06", "lifecycle": lifecycle, "indicators": [{"name": "visits", "value": value}]});
    desk.progress("DK", REFERENCE, measured("under_way", "5")).unwrap();
    let wrong = desk.progress("DK", REFERENCE, measured("continuing", "3")).unwrap();
    let start = head(&desk);
    let correction = desk.answer("DK", ACTION, "action.corrected", wrong, json!({"reason": "typo"})).unwrap();
    desk.progress("DK", REFERENCE, measured("under_way", "5")).unwrap();
    let found = since(&desk, start);
    assert_eq!(
        lines(&found),
        [
            "lifecycle continuing → under_way",
            "lifecycle DK continuing → under_way",
            "indicator visits DK 3 → 5"
        ]
    );
    assert!(found.iter().all(by(correction)), "{found:?}");
}

#[test]
fn between_two_days_a_change_is_told_with_the_word_that_is_true_since_then() {
    let said = |effective: &str, lifecycle: &str| json!({"effective": effective, "lifecycle": lifecycle});
    let causes = |desk: &Desk, from: &str, to: &str| {
        let [from, to] = [from, to].map(|day| At::new(desk, None, Some(day), TODAY));
        let found = compared(desk, &from, &to, &Filter::default()).changes;
        let cause = |change: &Change| match change.cause {
            Cause::Entry { sequence, .. } => sequence,
            Cause::Time => 0,
        };
        lines(&found).into_iter().zip(found.iter().map(cause)).collect::<Vec<_>>()
    };
    // Said in another order than it is true.
    let mut desk = Desk::founded();
    let theirs = desk.progress("KR", REFERENCE, said("2021-09", "planned")).unwrap();
    desk.progress("DK", REFERENCE, said("2021-06", "continuing")).unwrap();
    let expected = ["joint one_sided → disputed", "lifecycle continuing → –", "lifecycle KR – → planned"];
    let expected = expected.map(|line| (line.to_owned(), theirs.sequence));
    assert_eq!(causes(&desk, "2021-07-31", "2021-10-31"), expected);
    // A party's own, with another between that was said last.
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, said("2021-03", "under_way")).unwrap();
    let again = desk.progress("DK", REFERENCE, said("2021-09", "under_way")).unwrap();
    desk.progress("DK", REFERENCE, said("2021-06", "continuing")).unwrap();
    let found = causes(&desk, "2021-07-31", "2021-12-31");
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|(line, by)| line.ends_with("continuing → under_way") && *by == again.sequence));
    // Said twice, first of the later day: it is true since the earlier one.
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, said("2021-09", "under_way")).unwrap();
    let earlier = desk.progress("DK", REFERENCE, said("2021-06", "under_way")).unwrap();
    let found = causes(&desk, "2021-05-31", "2021-12-31");
    assert!(!found.is_empty() && found.iter().all(|(_, by)| *by == earlier.sequence), "{found:?}");
}

#[test]
fn a_window_that_is_missed_since_the_action_goes_on_is_told_with_the_word_that_says_so() {
    let said = |effective: &str, lifecycle: &str| json!({"effective": effective, "lifecycle": lifecycle});
    let mut desk = Desk::founded();
    for (effective, lifecycle) in [("2021-05", "under_way"), ("2021-06", "suspended")] {
        for party in ["DK", "KR"] {
            desk.progress(party, "1.G2G.1", said(effective, lifecycle)).unwrap();
        }
    }
    let goes_on = desk.progress("DK", "1.G2G.1", said("2021-09", "under_way")).unwrap();
    let [from, to] = ["2021-07-31", "2022-01-15"].map(|day| At::new(&desk, None, Some(day), TODAY));
    let found = compared(&desk, &from, &to, &Filter::default()).changes;
    let missed = found.iter().find(|change| change.field == Field::Occurrence).unwrap();
    assert_eq!(lines(std::slice::from_ref(missed)), ["occurrence 2021 – → missed"]);
    assert!(by(goes_on)(missed), "{missed:?}");
}

#[test]
fn what_is_repeated_was_made_so_by_whoever_said_it_first() {
    let mut desk = Desk::founded();
    let start = head(&desk);
    let measured = |effective: &str, value: &str| json!({"effective": effective, "lifecycle": "under_way", "indicators": [{"name": "visits", "value": value}]});
    let first = desk.progress("DK", REFERENCE, measured("2021-06", "3")).unwrap();
    let assign = |role: &str, due: &str| json!({"institution": "DKMA", "role": role, "due": due});
    let assigned = desk.say("DK", ACTION, "action.assigned", assign("lead", "2022")).unwrap();
    let base = desk.ledger.state().programme.instruments.keys().next().unwrap().clone();
    let update = |effective: &str| json!({"state": "signed", "effective": effective, "expires": "2024"});
    let subject = format!("instruments/{base}");
    let signed = desk.say("DK", &subject, "instrument.updated", update("2021-06")).unwrap();
    desk.progress("DK", REFERENCE, measured("2021-07", "3")).unwrap();
    let due = desk.say("DK", ACTION, "action.assigned", assign("lead", "2023")).unwrap();
    desk.say("DK", &subject, "instrument.updated", update("2021-07")).unwrap();
    let found = since(&desk, start);
    let cause = |line: &str| {
        let found: Vec<&Change> =
            found.iter().filter(|change| lines(&[(*change).clone()]) == [line]).collect();
        assert_eq!(found.len(), 1, "{line}: {:?}", lines(&found.into_iter().cloned().collect::<Vec<_>>()));
        found[0].cause
    };
    for (line, receipt) in [
        ("lifecycle DK – → under_way", first),
        ("indicator visits DK – → 3", first),
        ("role DKMA DK – → lead", assigned),
        ("due DKMA DK – → 2023", due),
        ("state to_be_confirmed → signed", signed),
        ("expires – → 2024", signed),
    ] {
        let Cause::Entry { sequence, .. } = cause(line) else { panic!("{line}") };
        assert_eq!(sequence, receipt.sequence, "{line}");
    }
}

#[test]
fn an_action_is_compared_where_either_reading_admits_it() {
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    desk.progress("KR", REFERENCE, word("continuing")).unwrap();
    let start = head(&desk);
    desk.progress("KR", REFERENCE, word("under_way")).unwrap();
    let filter = |joint| Filter { joint: Some(joint), ..Filter::default() };
    for joint in [Joint::Disputed, Joint::Agreed] {
        assert_eq!(lines(&changes(&desk, start, &filter(joint)))[0], "joint disputed → agreed", "{joint}");
    }
    assert_eq!(changes(&desk, start, &filter(Joint::OneSided)), []);
}

#[test]
fn what_was_laid_down_is_new() {
    let desk = Desk::founded();
    let (before, after) = (At::new(&desk, Some(0), None, TODAY), At::new(&desk, None, None, TODAY));
    let found = compared(&desk, &before, &after, &Filter::default()).changes;
    let first = |change: &&Change| match change.cause {
        Cause::Entry { sequence, .. } => {
            desk.ledger.entry(sequence).unwrap().unwrap().seal.streamversion == 1
        }
        Cause::Time => false,
    };
    let created = found.iter().filter(|change| change.field == Field::Plan).filter(first);
    assert_eq!(created.count(), 4, "three actions and a basis: {:?}", lines(&found));
    assert_eq!(lines(&found).last().unwrap(), "state – → to_be_confirmed");
}

/// Of a subject, a field and a party, what was said and what is.
type Said = BTreeMap<(String, &'static str, String), (Option<String>, Option<String>)>;

/// Where everything stands, but windows and what is stale.
fn stands(side: &At) -> BTreeMap<(String, &'static str, String), Option<String>> {
    let mut found = BTreeMap::new();
    for row in board::of(&side.0, &side.1, &Filter::default()).unwrap() {
        let subject = format!("actions/{}", row.action.action.reference);
        let (lifecycle, health) = (&row.status.lifecycle, &row.status.health);
        let silent = (lifecycle.joint == Joint::Silent).then_some(Lifecycle::Planned);
        let stands = lifecycle.value.or(silent).map(|word| word.to_string());
        let mut put = |field, party: &str, value| {
            found.insert((subject.clone(), field, party.to_owned()), value);
        };
        put("joint", "", Some(lifecycle.joint.to_string()));
        put("lifecycle", "", stands);
        put("health_joint", "", Some(health.joint.to_string()));
        put("health", "", health.value.map(|word| word.to_string()));
        let says = |spoken: bool, says: Option<String>| {
            spoken.then(|| says.unwrap_or_else(|| "contested".to_owned()))
        };
        for (life, well) in lifecycle.voices.iter().zip(&health.voices) {
            let party = life.party.as_str();
            put("lifecycle", party, says(life.word.is_some(), life.says.map(|word| word.to_string())));
            put("health", party, says(well.word.is_some(), well.says.map(|word| word.to_string())));
        }
    }
    found
}

/// What is said between any two entries turns the earlier board into the later one, and nothing differs from itself.
#[test]
fn the_changes_are_all_that_the_boards_say_otherwise() {
    let mut desk = Desk::founded();
    let start = head(&desk);
    let said = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    desk.answer("KR", ACTION, "action.confirmed", said, json!({})).unwrap();
    let at_risk =
        json!({"effective": "2021-07", "health": "at_risk", "note": "late", "lifecycle": "suspended"});
    let ill = desk.progress("KR", REFERENCE, at_risk).unwrap();
    desk.answer("DK", ACTION, "action.contested", ill, json!({"reason": "no"})).unwrap();
    desk.answer("KR", ACTION, "action.corrected", ill, json!({"reason": "typo"})).unwrap();
    let held = json!({"effective": "2021-06", "occurrence": {"window": "2021", "state": "held"}});
    desk.progress("KR", "1.G2G.1", held).unwrap();
    let end = head(&desk);
    let sides: Vec<At> = (start..=end).map(|at| At::new(&desk, Some(at), None, TODAY)).collect();
    let mut count = 0;
    for (at, before) in sides.iter().enumerate() {
        assert_eq!(compared(&desk, before, before, &Filter::default()).changes, []);
        for after in &sides[at..] {
            let found = compared(&desk, before, after, &Filter::default()).changes;
            let changed: Said = found
                .into_iter()
                .filter(|change| change.window.is_none() && change.field != Field::HealthStale)
                .map(|change| {
                    let party = change.party.map(|party| party.to_string()).unwrap_or_default();
                    ((change.subject, change.field.as_str(), party), (change.old, change.new))
                })
                .collect();
            let (old, new) = (stands(before), stands(after));
            let both = old.into_iter().zip(new).map(|((place, old), (_, new))| (place, (old, new)));
            assert_eq!(changed, both.filter(|(_, (old, new))| old != new).collect::<Said>());
            count += changed.len();
        }
    }
    assert!(count > 60, "{count}");
}
