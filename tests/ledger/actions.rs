//! Rules of actions: which word may follow which, and who answers whom.

use super::desk::{ACTION, Desk, completed, no, refused, word};
use serde_json::{Value, json};

#[test]
fn one_lifecycle_follows_another() {
    let mut desk = Desk::founded();
    desk.progress("DK", "1.G2G.2", completed()).unwrap();
    let later = json!({"effective": "2022-01", "lifecycle": "under_way"});
    no(&mut desk, "DK", ACTION, "action.progressed", later, "`under_way` does not follow it");
    let earlier = json!({"effective": "2021-06", "lifecycle": "suspended"});
    no(&mut desk, "DK", ACTION, "action.progressed", earlier, "said `suspended`");
    assert!(desk.progress("KR", "1.G2G.2", word("under_way")).is_ok(), "each party by itself");
    assert!(desk.progress("DK", "1.G2G.2", word("under_way")).is_ok(), "before it was completed");
}

#[test]
fn what_a_party_alone_cannot_say_is_refused() {
    let mut desk = Desk::founded();
    for (data, reason) in [
        (word("discontinued"), "by an agreed review decision alone"),
        (word("superseded"), "by an agreed review decision alone"),
        (word("completed"), "`completed` needs evidence"),
        (json!({"effective": "2021", "health": "at_risk"}), "needs a note"),
        (json!({"effective": "2021"}), "says nothing"),
        (json!({"effective": "2030", "lifecycle": "under_way"}), "the future is not yet true"),
        (json!({"effective": "2021-02-30", "lifecycle": "under_way"}), "is not a date"),
        (json!({"effective": "2021", "lifecycle": "finished"}), "unknown variant `finished`"),
        (json!({"effective": "2021", "percent": 50}), "unknown field `percent`"),
    ] {
        no(&mut desk, "DK", ACTION, "action.progressed", data, reason);
    }
}

#[test]
fn an_occurrence_has_a_window_of_its_action() {
    let mut desk = Desk::founded();
    let held = |window: &str| json!({"effective": "2021-06", "occurrence": {"window": window, "state": "held", "date": "2021-06-01"}});
    no(&mut desk, "DK", "actions/1.G2G.1", "action.progressed", held("2021-06"), "2021, 2022");
    assert!(desk.progress("DK", "1.G2G.1", held("2021")).is_ok());
}

#[test]
fn an_answer_names_another_partys_standing_word_and_is_given_once() {
    let mut desk = Desk::founded();
    let said = desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    let mut no = |speaker: &str, kind: &str, data: Value, reason: &str| {
        let before = desk.ledger.head().leaf;
        let answer = desk.answer(speaker, ACTION, kind, said, data);
        let refusal = refused(&desk, before, answer);
        assert!(refusal.contains(reason), "{refusal}");
    };
    no("KR", "action.confirmed", json!({}), "does not answer itself");
    no("DK", "action.corrected", json!({"reason": "x"}), "corrects its own words alone");
    no("DK", "action.contested", json!({}), "_sd/reason");
    let answer = desk.answer("DK", ACTION, "action.confirmed", said, json!({})).unwrap();
    let before = desk.ledger.head().leaf;
    let again = desk.answer("DK", ACTION, "action.contested", said, json!({"reason": "no"}));
    assert!(refused(&desk, before, again).contains("answered"));
    let wrong = desk.answer("KR", ACTION, "action.confirmed", answer, json!({}));
    assert!(refused(&desk, before, wrong).contains("is an answer or a decision"));
    let elsewhere = desk.answer("DK", "actions/1.G2G.3", "action.confirmed", said, json!({}));
    assert!(refused(&desk, before, elsewhere).contains("is not a word on 1.G2G.3"));
}

#[test]
fn a_correction_voids_a_word_once() {
    let mut desk = Desk::founded();
    let said = desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    let corrected = desk.answer("KR", ACTION, "action.corrected", said, json!({"reason": "typo"})).unwrap();
    let before = desk.ledger.head().leaf;
    let again = desk.answer("KR", ACTION, "action.corrected", said, json!({"reason": "typo"}));
    assert!(refused(&desk, before, again).contains("was corrected"));
    let confirmed = desk.answer("DK", ACTION, "action.confirmed", said, json!({}));
    assert!(refused(&desk, before, confirmed).contains("was corrected"));
    let correction = desk.answer("KR", ACTION, "action.corrected", corrected, json!({"reason": "back"}));
    assert!(refused(&desk, before, correction).contains("that can be answered"));
}

#[test]
fn an_auditor_finds_once_on_an_assertion() {
    let mut desk = Desk::founded();
    let said = desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    for auditor in ["KR", "DK"] {
        assert!(desk.answer(auditor, ACTION, "action.verified", said, json!({"outcome": "upheld"})).is_ok());
    }
    let before = desk.ledger.head().leaf;
    let again = desk.answer("DK", ACTION, "action.verified", said, json!({"outcome": "qualified"}));
    assert!(refused(&desk, before, again).contains("answered"));
}

#[test]
fn what_is_yet_to_come_is_not_recorded_as_true() {
    let mut desk = Desk::founded();
    let state = json!({"state": "signed", "effective": "2999"});
    no(&mut desk, "DK", "instruments/1.B1", "instrument.updated", state, "the future is not yet true");
    let reform = json!({"institution": "MSIT", "successor": "MFDS", "effective": "2999"});
    no(&mut desk, "KR", "parties/KR", "institution.succeeded", reform, "the future is not yet true");
}

#[test]
fn the_present_is_when_it_is_recorded() {
    let mut desk = Desk::founded();
    let draft = |desk: &Desk, effective: &str| {
        let mut draft =
            desk.draft("DK", ACTION, "action.progressed", json!({"effective": effective, "note": "x"}));
        // Said before what was recorded last, and so recorded with it, in January 2022.
        draft.time = "2021-12-01T09:00:00.000Z".parse().unwrap();
        draft
    };
    let late = draft(&desk, "2022-01-04");
    assert!(desk.record(&late).is_ok(), "true by then, though not yet when it was said");
    let before = desk.ledger.head().leaf;
    let early = draft(&desk, "2022-02");
    let answer = desk.record(&early);
    assert!(refused(&desk, before, answer).contains("the future is not yet true"));
}
