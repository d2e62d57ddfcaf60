//! The inbox: given what others said, then what awaits an answer.

use super::desk::{ACTION, Desk, refused, word};
use super::reviews::{decide, reviewing};
use super::writers::cases;
use annals::domain::assertion::Lifecycle;
use annals::domain::status::Joint;
use annals::domain::value::Code;
use annals::domain::word::Words;
use annals::ledger::Receipt;
use annals::projection::board;
use annals::projection::filter::Filter;
use annals::projection::inbox::{self, Awaited, Awaits};
use annals::projection::reading::Reading;
use proptest::prelude::*;
use serde_json::{Value, json};

const REFERENCE: &str = "1.G2G.2";

/// What awaits an answer of a party.
fn awaited(desk: &Desk, party: &str) -> Vec<(u64, Awaited)> {
    awaits(desk, party).into_iter().map(|(sequence, awaits)| (sequence, awaits.answer)).collect()
}

fn awaits(desk: &Desk, party: &str) -> Vec<(u64, Awaits)> {
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, None);
    let measured = &mut |action: &Code, words: &Words| desk.ledger.measured(&reading, Some((action, words)));
    let found = inbox::of(&history, &reading, &Filter::default(), &party.parse().unwrap(), measured);
    found.unwrap().into_iter().collect()
}

fn answer(desk: &mut Desk, party: &str, kind: &str, to: Receipt) -> Receipt {
    let data = if kind == "action.confirmed" { json!({}) } else { json!({"reason": "no"}) };
    desk.answer(party, ACTION, kind, to, data).unwrap()
}

#[test]
fn an_assertion_awaits_until_it_is_confirmed_or_contested() {
    for kind in ["action.confirmed", "action.contested"] {
        let mut desk = Desk::founded();
        let said = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
        assert_eq!(awaited(&desk, "KR"), [(said.sequence, Awaited::ConfirmOrContest)]);
        assert_eq!(awaited(&desk, "DK"), [], "nobody answers themselves");
        answer(&mut desk, "KR", kind, said);
        assert_eq!(awaited(&desk, "KR"), [], "{kind}");
    }
}

#[test]
fn what_both_say_by_themselves_awaits_nothing() {
    let mut desk = Desk::founded();
    desk.progress("KR", REFERENCE, word("under_way")).unwrap();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    assert_eq!((awaited(&desk, "KR"), awaited(&desk, "DK")), (Vec::new(), Vec::new()));
    let other = desk.progress("DK", REFERENCE, word("continuing")).unwrap();
    assert_eq!(awaited(&desk, "KR"), [(other.sequence, Awaited::ConfirmOrContest)]);
    desk.progress("KR", REFERENCE, word("suspended")).unwrap();
    assert_eq!(awaited(&desk, "KR"), [], "whatever was said after it answers it");
}

#[test]
fn a_newer_word_of_its_author_awaits_in_its_place() {
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let newer = desk.progress("DK", REFERENCE, word("continuing")).unwrap();
    let ill = json!({"effective": "2021-07", "health": "at_risk", "note": "late"});
    let ill = desk.progress("DK", REFERENCE, ill).unwrap();
    let expected = [newer, ill].map(|said| (said.sequence, Awaited::ConfirmOrContest));
    assert_eq!(awaited(&desk, "KR"), expected, "each axis for itself");
}

/// A word of an earlier time says nothing of a later one, nor the later one of it.
#[test]
fn a_word_of_an_earlier_time_awaits_beside_the_newest() {
    let say = |lifecycle: &str, day: &str| json!({"effective": day, "lifecycle": lifecycle});
    let mut desk = Desk::founded();
    let newest = desk.progress("DK", REFERENCE, say("continuing", "2021-10")).unwrap();
    let earlier = desk.progress("DK", REFERENCE, say("under_way", "2021-03")).unwrap();
    let awaits = |said: &[Receipt]| -> Vec<_> {
        said.iter().map(|said| (said.sequence, Awaited::ConfirmOrContest)).collect()
    };
    assert_eq!(awaited(&desk, "KR"), awaits(&[newest, earlier]));
    // What KR says of the later time answers that alone, and what it says of the earlier one, that.
    desk.progress("KR", REFERENCE, say("suspended", "2021-11")).unwrap();
    assert_eq!(awaited(&desk, "KR"), awaits(&[earlier]));
    desk.progress("KR", REFERENCE, say("under_way", "2021-04")).unwrap();
    assert_eq!(awaited(&desk, "KR"), []);
    // Since the same day, or a later one, it is outlived.
    let other = desk.progress("DK", REFERENCE, say("planned", "2021-02")).unwrap();
    assert_eq!(awaited(&desk, "KR"), awaits(&[other]));
    let again = desk.progress("DK", REFERENCE, say("under_way", "2021-02-01")).unwrap();
    assert_eq!(awaited(&desk, "KR"), awaits(&[again]));
}

#[test]
fn whatever_is_said_of_the_time_of_a_word_answers_it() {
    let say = |lifecycle: &str, day: &str| json!({"effective": day, "lifecycle": lifecycle});
    let mut desk = Desk::founded();
    desk.progress("KR", REFERENCE, say("under_way", "2021-02")).unwrap();
    let later = desk.progress("KR", REFERENCE, say("suspended", "2021-11")).unwrap();
    let earlier = desk.progress("DK", REFERENCE, say("continuing", "2021-06")).unwrap();
    assert!(awaited(&desk, "KR").contains(&(earlier.sequence, Awaited::ConfirmOrContest)), "{later:?}");
    desk.progress("KR", REFERENCE, say("continuing", "2021-06")).unwrap();
    assert_eq!(awaited(&desk, "KR"), []);
    // What held as it began is what it was asked for, too.
    desk.progress("DK", REFERENCE, say("under_way", "2021-02")).unwrap();
    assert_eq!(awaited(&desk, "KR"), []);
    // A contest of a word of an earlier time is answered by another one of that time.
    let doubted = desk.progress("DK", REFERENCE, say("planned", "2021-01")).unwrap();
    let contest = answer(&mut desk, "KR", "action.contested", doubted);
    assert!(awaited(&desk, "DK").contains(&(contest.sequence, Awaited::CorrectOrRestate)));
    desk.progress("DK", REFERENCE, say("under_way", "2021-01-01")).unwrap();
    assert!(awaited(&desk, "DK").iter().all(|(_, awaited)| *awaited != Awaited::CorrectOrRestate));
}

#[test]
fn a_contest_of_what_all_have_decided_since_awaits_nothing_of_that() {
    let mut desk = reviewing();
    let said = desk
        .progress("DK", REFERENCE, json!({"effective": "2022-01-01", "lifecycle": "continuing"}))
        .unwrap();
    decide(&mut desk, REFERENCE, "discontinue", json!({"effective": "2022-01-01"}));
    answer(&mut desk, "KR", "action.contested", said);
    assert_eq!(awaited(&desk, "DK"), []);
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, None);
    let rows = board::of(&history, &reading, &Filter::default()).unwrap();
    let row = rows.iter().find(|row| row.action.action.reference.as_str() == REFERENCE).unwrap();
    let axis = &row.status.lifecycle;
    assert_eq!((axis.joint, axis.value), (Joint::Agreed, Some(Lifecycle::Discontinued)));
}

#[test]
fn each_indicator_awaits_whatever_else_its_author_says() {
    let measure = |value: &str, name: &str, day: &str| json!({"effective": day, "indicators": [{"name": name, "value": value, "unit": "teams"}]});
    let mut desk = Desk::founded();
    let teams = desk.progress("DK", REFERENCE, measure("31", "teams", "2021-06")).unwrap();
    let visits = desk.progress("DK", REFERENCE, measure("2", "visits", "2021-06")).unwrap();
    let said = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let awaits = |said: &[Receipt]| -> Vec<_> {
        said.iter().map(|said| (said.sequence, Awaited::ConfirmOrContest)).collect()
    };
    assert_eq!(awaited(&desk, "KR"), awaits(&[teams, visits, said]));
    // The same, or a newer value, by whichever side, takes its place.
    desk.progress("KR", REFERENCE, measure("2", "visits", "2021-07")).unwrap();
    assert_eq!(awaited(&desk, "KR"), awaits(&[teams, said]));
    assert_eq!(awaited(&desk, "DK"), [], "that is what DK says");
    let more = desk.progress("DK", REFERENCE, measure("54", "teams", "2021-09")).unwrap();
    assert_eq!(awaited(&desk, "KR"), awaits(&[said, more]));
    answer(&mut desk, "KR", "action.confirmed", more);
    assert_eq!(awaited(&desk, "KR"), awaits(&[said]));
    // A contested value is to be given anew, whatever else is said.
    let doubted = desk.progress("DK", REFERENCE, measure("90", "teams", "2021-10")).unwrap();
    let contest = answer(&mut desk, "KR", "action.contested", doubted);
    desk.progress("DK", REFERENCE, word("continuing")).unwrap();
    assert_eq!(awaited(&desk, "DK"), [(contest.sequence, Awaited::CorrectOrRestate)]);
    desk.progress("DK", REFERENCE, measure("60", "teams", "2021-10")).unwrap();
    assert_eq!(awaited(&desk, "DK"), []);
}

/// What was measured later is none of an earlier day's.
#[test]
fn as_effective_on_a_day_the_newest_values_of_that_day_await() {
    let measure = |value: &str, day: &str| json!({"effective": day, "indicators": [{"name": "teams", "value": value, "unit": "teams"}]});
    let mut desk = Desk::founded();
    desk.progress("DK", REFERENCE, measure("20", "2021-03")).unwrap();
    let then = desk.progress("DK", REFERENCE, measure("31", "2021-06")).unwrap();
    let later = desk.progress("DK", REFERENCE, measure("54", "2021-09")).unwrap();
    desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let history = desk.ledger.at(None).unwrap();
    let awaited = |day: Option<&str>| {
        let reading = Reading::of(&history.state, None, day.map(|day| day.parse().unwrap()), None);
        let measured =
            &mut |action: &Code, words: &Words| desk.ledger.measured(&reading, Some((action, words)));
        let found = inbox::of(&history, &reading, &Filter::default(), &"KR".parse().unwrap(), measured);
        found.unwrap().into_keys().filter(|sequence| *sequence <= later.sequence).collect::<Vec<_>>()
    };
    assert_eq!(awaited(None), [later.sequence]);
    assert_eq!(awaited(Some("2021-07-31")), [then.sequence]);
}

#[test]
fn what_was_corrected_awaits_nothing() {
    let mut desk = Desk::founded();
    let said = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    answer(&mut desk, "DK", "action.corrected", said);
    assert_eq!(awaited(&desk, "KR"), []);
}

#[test]
fn a_note_awaits_until_something_newer_is_said() {
    let mut desk = Desk::founded();
    let said = desk.progress("DK", REFERENCE, json!({"effective": "2021-06", "note": "A visit."})).unwrap();
    assert_eq!(awaited(&desk, "KR"), [(said.sequence, Awaited::ConfirmOrContest)]);
    let later = desk.progress("DK", REFERENCE, json!({"effective": "2021-07", "note": "Another."})).unwrap();
    assert_eq!(awaited(&desk, "KR"), [(later.sequence, Awaited::ConfirmOrContest)]);
    answer(&mut desk, "KR", "action.confirmed", later);
    assert_eq!(awaited(&desk, "KR"), []);
}

#[test]
fn a_contest_awaits_that_its_word_is_corrected_or_said_anew() {
    for corrected in [true, false] {
        let mut desk = Desk::founded();
        let said = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
        let contest = answer(&mut desk, "KR", "action.contested", said);
        assert_eq!(awaited(&desk, "DK"), [(contest.sequence, Awaited::CorrectOrRestate)]);
        if corrected {
            answer(&mut desk, "DK", "action.corrected", said);
        } else {
            desk.progress("DK", REFERENCE, word("continuing")).unwrap();
        }
        assert_eq!(awaited(&desk, "DK"), [], "corrected: {corrected}");
    }
}

#[test]
fn a_contest_that_was_taken_back_awaits_nothing() {
    let mut desk = Desk::founded();
    let said = desk.progress("DK", REFERENCE, word("under_way")).unwrap();
    let contest = answer(&mut desk, "KR", "action.contested", said);
    answer(&mut desk, "KR", "action.corrected", contest);
    assert_eq!(awaited(&desk, "DK"), []);
    assert_eq!(
        awaited(&desk, "KR"),
        [(said.sequence, Awaited::ConfirmOrContest)],
        "and its word awaits again"
    );
}

#[test]
fn a_proposal_awaits_the_others_until_they_agree_or_anybody_declines() {
    let mut desk = Desk::founded();
    let head = desk.ledger.head();
    let opened = json!({
        "period": {"start": "2021", "end": "2021"}, "axis": "recorded", "cutoff": "2021-12-31",
        "size": head.size, "head": head.leaf.to_string()
    });
    desk.say("DK", "reviews/R2021", "review.opened", opened).unwrap();
    let retain = json!({"review": "R2021", "decision": "retain"});
    for (kind, data) in [("action.modified", retain.clone()), ("action.declined", json!({"reason": "no"}))] {
        let mut proposal = retain.clone();
        proposal["reason"] = json!("It goes well");
        let proposed = desk.say("DK", ACTION, "action.proposed", proposal).unwrap();
        assert_eq!(awaited(&desk, "KR"), [(proposed.sequence, Awaited::AgreeOrDecline)]);
        assert_eq!(awaited(&desk, "DK"), [], "nobody agrees to their own proposal");
        desk.answer("KR", ACTION, kind, proposed, data).unwrap();
        assert_eq!(awaited(&desk, "KR"), [], "{kind}");
    }
}

#[test]
fn a_proposal_to_which_consent_would_be_refused_awaits_that_it_is_declined() {
    let mut desk = reviewing();
    let propose = |desk: &mut Desk, action: &str, decision: Value| {
        let mut data = json!({"review": "R2022", "reason": "As we said"});
        data.as_object_mut().unwrap().extend(decision.as_object().unwrap().clone());
        desk.say("DK", &format!("actions/{action}"), "action.proposed", data).unwrap()
    };
    let suspend = json!({"decision": "suspend", "effective": "2021-06-01"});
    let suspended = propose(&mut desk, REFERENCE, suspend);
    let merged = propose(&mut desk, "1.G2G.1", json!({"decision": "merge", "into": ["1.G2G.3"]}));
    let led = propose(&mut desk, "1.G2G.1", json!({"decision": "clarify", "lead": "MSIT"}));
    let proposed = [suspended, merged, led].map(|proposal| proposal.sequence);
    assert_eq!(awaited(&desk, "KR"), proposed.map(|sequence| (sequence, Awaited::AgreeOrDecline)));
    // Each fits no more: a word of a later time, an action that ended, an institution that was succeeded.
    let word = json!({"effective": "2021-07-01", "lifecycle": "continuing"});
    let word = desk.progress("KR", REFERENCE, word).unwrap();
    decide(&mut desk, "1.G2G.3", "discontinue", json!({}));
    let succeeded = json!({"institution": "MSIT", "successor": "MFDS", "effective": "2022-01"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap();
    let told = awaits(&desk, "KR");
    assert_eq!(awaited(&desk, "KR"), proposed.map(|sequence| (sequence, Awaited::Decline)));
    for ((_, awaits), (action, proposal, decision, words)) in told.into_iter().zip([
        (REFERENCE, suspended, json!({"decision": "suspend", "effective": "2021-06-01"}), "2021-07-01"),
        ("1.G2G.1", merged, json!({"decision": "merge", "into": ["1.G2G.3"]}), "1.G2G.3"),
        ("1.G2G.1", led, json!({"decision": "clarify", "lead": "MSIT"}), "succeeded already"),
    ]) {
        let why = awaits.why.unwrap().to_string();
        assert!(why.contains(words), "{why}");
        // It is what consent is refused by.
        let (mut data, before) = (decision, desk.ledger.head().leaf);
        data["review"] = json!("R2022");
        let subject = format!("actions/{action}");
        let answer = desk.answer("KR", &subject, "action.modified", proposal, data);
        assert!(refused(&desk, before, answer).contains(&why), "{why}");
    }
    // What stands in the way may go, and what is declined awaits nothing.
    answer(&mut desk, "KR", "action.corrected", word);
    let left = [(suspended.sequence, Awaited::AgreeOrDecline), (led.sequence, Awaited::Decline)];
    desk.answer("KR", "actions/1.G2G.1", "action.declined", merged, json!({"reason": "no"})).unwrap();
    assert_eq!(awaited(&desk, "KR"), left);
}

/// What is read of indicators is chosen by their names together; each of them is answered for itself.
#[test]
fn a_value_is_answered_whichever_others_were_given_with_it() {
    let mut desk = Desk::founded();
    let mut measure = |party: &str, day: &str, values: &[(&str, &str)]| {
        let each = |(name, value): &(&str, &str)| json!({"name": name, "value": value});
        let indicators: Vec<Value> = values.iter().map(each).collect();
        desk.progress(party, REFERENCE, json!({"effective": day, "indicators": indicators})).unwrap()
    };
    let later = measure("DK", "2021-08", &[("teams", "4"), ("guests", "9")]);
    measure("DK", "2021-06", &[("teams", "3"), ("visits", "7")]);
    measure("KR", "2021-06", &[("teams", "3")]);
    measure("KR", "2021-06", &[("visits", "7")]);
    measure("KR", "2021-09", &[("teams", "5")]);
    assert_eq!(awaited(&desk, "KR"), [(later.sequence, Awaited::ConfirmOrContest)], "the guests alone");
}

/// A party, the answer that it gives to what was said last, or a month and which value it gives of which indicators.
type Saying = (bool, Option<&'static str>, u32, [Option<u8>; 3]);

fn saying() -> impl Strategy<Value = Saying> {
    let value = || proptest::option::of(0..2_u8);
    let answers = prop::sample::select(vec!["action.confirmed", "action.contested", "action.corrected"]);
    let answer = proptest::option::weighted(0.3, answers);
    (any::<bool>(), answer, 1..7_u32, [value(), value(), value()])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn what_is_read_of_indicators_tells_the_same_as_all_of_them(
        said in proptest::collection::vec(saying(), 2..14)
    ) {
        let mut desk = Desk::founded();
        let mut given: Vec<(bool, Receipt)> = Vec::new();
        for (korean, answer, month, values) in said {
            let party = if korean { "KR" } else { "DK" };
            if let Some(kind) = answer {
                let own = kind == "action.corrected";
                if let Some((_, to)) = given.iter().rfind(|(who, _)| (*who == korean) == own) {
                    let data = if kind == "action.confirmed" { json!({}) } else { json!({"reason": "no"}) };
                    // What was answered or corrected already is refused.
                    let _ = desk.answer(party, ACTION, kind, *to, data);
                }
                continue;
            }
            let names = ["teams", "visits", "guests"].into_iter().zip(values);
            let each = names.filter_map(|(name, value)| Some(json!({"name": name, "value": value?.to_string()})));
            let indicators: Vec<Value> = each.collect();
            if !indicators.is_empty() {
                let data = json!({"effective": format!("2021-{month:02}"), "indicators": indicators});
                given.push((korean, desk.progress(party, REFERENCE, data).unwrap()));
            }
        }
        let history = desk.ledger.at(None).unwrap();
        let reading = Reading::of(&history.state, None, None, None);
        for party in ["DK", "KR"] {
            let all = &mut |_: &Code, _: &Words| desk.ledger.measured(&reading, None);
            let all = inbox::of(&history, &reading, &Filter::default(), &party.parse().unwrap(), all).unwrap();
            prop_assert_eq!(awaits(&desk, party), all.into_iter().collect::<Vec<_>>());
        }
    }
}
