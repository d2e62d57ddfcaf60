//! Reviews: from a frozen reading to a signed close, by both sides' consent alone.

use super::desk::{ACTION, Desk, no, object, refused, whole, word};
use annals::domain::assertion::Lifecycle;
use annals::domain::change::Kind;
use annals::domain::finding::Finding;
use annals::domain::status::{self, Joint};
use annals::domain::value::Code;
use annals::ledger::{Receipt, RecordError};
use annals::projection::overtaken;
use annals::record::role::Role;
use serde_json::{Value, json};

const REVIEW: &str = "reviews/R2022";

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

fn opening(desk: &Desk) -> Value {
    let head = desk.ledger.head();
    json!({
        "period": {"start": "2021", "end": "2021"}, "axis": "recorded", "cutoff": "2021-12-31",
        "size": head.size, "head": head.leaf.to_string()
    })
}

pub(crate) fn reviewing() -> Desk {
    let mut desk = Desk::founded();
    let data = opening(&desk);
    desk.say("DK", REVIEW, "review.opened", data).unwrap();
    desk
}

fn proposal(decision: &str, more: Value) -> Value {
    let mut data = json!({"review": "R2022", "decision": decision, "reason": "As we said at the table"});
    data.as_object_mut().unwrap().extend(object(more));
    data
}

/// What the last consent to a proposal says.
fn consent(proposal: &Value) -> Value {
    let mut data = proposal.clone();
    data.as_object_mut().unwrap().remove("reason");
    data
}

fn propose(desk: &mut Desk, speaker: &str, action: &str, decision: &str, more: Value) -> (Receipt, Value) {
    let data = proposal(decision, more);
    let receipt = desk.say(speaker, &format!("actions/{action}"), "action.proposed", data.clone()).unwrap();
    (receipt, data)
}

/// A proposal of DK to which KR agrees at once.
pub(crate) fn decide(desk: &mut Desk, action: &str, decision: &str, more: Value) -> Receipt {
    let (receipt, data) = propose(desk, "DK", action, decision, more);
    let (kind, data) = match data.get("action") {
        Some(action) => ("action.created", action.clone()),
        None => ("action.modified", consent(&data)),
    };
    desk.answer("KR", &format!("actions/{action}"), kind, receipt, data).unwrap()
}

fn sign(desk: &mut Desk, party: &str) -> Result<Receipt, RecordError> {
    desk.say(party, REVIEW, "review.signed", json!({}))
}

fn lifecycle(desk: &Desk, action: &str) -> (Joint, Option<Lifecycle>) {
    let history = whole(&desk.ledger);
    let words = history.words(&code(action)).unwrap();
    let axis = status::of(&words, &history.state.parties(), None, 180).lifecycle;
    (axis.joint, axis.value)
}

fn new_action(reference: &str) -> Value {
    json!({
        "ref": reference, "line": 1, "track": "G2G", "text": "Something new", "kind": "continuing",
        "firmness": "will", "institutions": ["MSIT"], "basis": [], "notes": []
    })
}

/// A whole review of three parties, in which every type of a review's events occurs.
pub(crate) fn held() -> Desk {
    let mut desk = Desk::of_three();
    desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    let data = opening(&desk);
    desk.say("DK", REVIEW, "review.opened", data).unwrap();
    let file = json!({"sha256": "2".repeat(64), "size": 9, "mediatype": "application/pdf", "filename": "referat.pdf"});
    let last = desk.ledger.head().size - 1;
    let found = json!({"review": "R2022", "finding": "limited", "entries": [last - 1, last], "evidence": [file],
        "rationale": "첫 회의만 개최됨"});
    desk.say("KR", ACTION, "action.assessed", found).unwrap();
    let found = json!({"line": 1, "criterion": "coherence", "finding": "substantial", "entries": [last],
        "rationale": "Godt samspil"});
    desk.say("DK", REVIEW, "review.assessed", found).unwrap();
    let agree = |desk: &mut Desk, action: &str, (receipt, data): (Receipt, Value)| {
        let stream = format!("actions/{action}");
        desk.answer("KR", &stream, "action.agreed", receipt, json!({"note": "동의함"})).unwrap();
        let (kind, data) = match data.get("action") {
            Some(action) => ("action.created", action.clone()),
            None => ("action.modified", consent(&data)),
        };
        desk.answer("GL", &stream, kind, receipt, data).unwrap();
    };
    for (action, decision, more) in [
        ("1.G2G.1", "retain", json!({})),
        ("1.G2G.2", "amend", json!({"text": "Mødes to gange om året"})),
        ("1.G2G.2", "clarify", json!({"cycle": "P6M", "lead": "MFDS", "due": "2023-12"})),
        ("1.G2G.3", "suspend", json!({"effective": "2022-01"})),
        ("1.G2G.4", "add", json!({"action": new_action("1.G2G.4")})),
        ("1.G2G.5", "add", json!({"action": new_action("1.G2G.5")})),
        ("1.G2G.1", "split", json!({"into": ["1.G2G.4", "1.G2G.5"]})),
        ("1.G2G.3", "merge", json!({"into": ["1.G2G.2"]})),
        ("1.G2G.4", "discontinue", json!({})),
    ] {
        let proposed = propose(&mut desk, "DK", action, decision, more);
        agree(&mut desk, action, proposed);
    }
    let (receipt, _) = propose(&mut desk, "GL", "1.G2G.5", "suspend", json!({}));
    desk.answer("DK", "actions/1.G2G.5", "action.declined", receipt, json!({"reason": "Ikke endnu"}))
        .unwrap();
    for party in ["DK", "KR", "GL"] {
        desk.say(party, REVIEW, "review.signed", json!({"note": "set"})).unwrap();
    }
    desk.say("KR", REVIEW, "review.closed", json!({"note": "종료"})).unwrap();
    desk
}

#[test]
fn of_three_parties_all_agree_and_all_sign() {
    let desk = held();
    assert!(desk.ledger.verify(&mut |_| {}).unwrap().holds());
    let state = desk.ledger.state();
    assert_eq!(state.programme.actions[&code("1.G2G.2")].action.text.as_str(), "Mødes to gange om året");
    assert_eq!(lifecycle(&desk, "1.G2G.4"), (Joint::Agreed, Some(Lifecycle::Discontinued)));
    let proposals = state.programme.decisions.values().flat_map(|state| &state.proposals);
    let settled: Vec<(usize, bool)> =
        proposals.map(|proposal| (proposal.agreed.len(), proposal.decided.is_some())).collect();
    assert_eq!(settled.iter().filter(|settled| **settled == (2, true)).count(), 9);
    assert_eq!(settled.iter().filter(|settled| **settled == (0, false)).count(), 1);
}

#[test]
fn a_review_opens_on_a_reading_of_this_ledger() {
    let mut desk = Desk::founded();
    let good = opening(&desk);
    for (member, value, reason) in [
        ("head", json!("0".repeat(64)), "is no reading of this ledger"),
        ("size", json!(3), "is no reading of this ledger"),
        ("size", json!(0), "expected a nonzero u64"),
        ("cutoff", json!("2030"), "the cut-off 2030 ends after 2022-01-21"),
    ] {
        let mut data = good.clone();
        data[member] = value;
        no(&mut desk, "DK", REVIEW, "review.opened", data, reason);
    }
    no(&mut desk, "DK", REVIEW, "review.closed", json!({}), "the plan has no review R2022");
    desk.say("DK", REVIEW, "review.opened", good.clone()).unwrap();
    no(&mut desk, "KR", REVIEW, "review.opened", good, "was opened already, by entry");
}

#[test]
fn the_findings_of_both_sides_stand_side_by_side_and_the_last_of_each_counts() {
    let mut desk = reviewing();
    let found = |finding: &str| json!({"review": "R2022", "finding": finding, "entries": [0, 3], "rationale": "We saw it"});
    for (party, finding) in [("DK", "limited"), ("KR", "substantial"), ("DK", "substantial")] {
        desk.say(party, ACTION, "action.assessed", found(finding)).unwrap();
    }
    let state = desk.ledger.state();
    let decisions = &state.programme.decisions[&code("1.G2G.2")];
    let of = |party: &str| decisions.finding(&code("R2022"), &code(party)).unwrap();
    assert_eq!((of("DK").finding, of("KR").finding), (Finding::Substantial, Finding::Substantial));
    assert_eq!((decisions.findings.len(), of("DK").entries.as_slice()), (3, [0, 3].as_slice()));
    let mut unseen = found("limited");
    unseen["entries"] = json!([999_999]);
    no(&mut desk, "DK", ACTION, "action.assessed", unseen, "it cites entry 999999");
    let mut other = found("limited");
    other["review"] = json!("R2021");
    no(&mut desk, "DK", ACTION, "action.assessed", other, "no review R2021 (did you mean R2022?)");
    no(&mut desk, "DK", "actions/1.G2G.9", "action.assessed", found("limited"), "no action 1.G2G.9");
    let line = json!({"line": 1, "criterion": "relevance", "finding": "complete"});
    desk.say("KR", REVIEW, "review.assessed", line.clone()).unwrap();
    let mut other = line;
    other["line"] = json!(9);
    no(&mut desk, "KR", REVIEW, "review.assessed", other, "no line 9");
}

#[test]
fn nobody_agrees_to_their_own_proposal_and_the_others_consent_takes_effect() {
    let mut desk = reviewing();
    let (receipt, data) = propose(&mut desk, "DK", "1.G2G.2", "amend", json!({"text": "Meet twice a year"}));
    let before = desk.ledger.head().leaf;
    for (party, kind, data, reason) in [
        ("DK", "action.modified", consent(&data), "nobody agrees to their own proposal"),
        ("KR", "action.agreed", json!({}), "it is `action.modified`"),
        (
            "KR",
            "action.modified",
            consent(&proposal("amend", json!({"text": "Meet"}))),
            "not what was proposed",
        ),
        ("KR", "action.created", new_action("1.G2G.2"), "was created already"),
    ] {
        let answer = desk.answer(party, ACTION, kind, receipt, data);
        let refusal = refused(&desk, before, answer);
        assert!(refusal.contains(reason), "{kind} of {party}: {refusal}");
    }
    let decided = desk.answer("KR", ACTION, "action.modified", receipt, consent(&data)).unwrap();
    let state = desk.ledger.state();
    let action = &state.programme.actions[&code("1.G2G.2")];
    assert_eq!((action.action.text.as_str(), action.action.since()), ("Meet twice a year", decided.sequence));
    let proposals = &state.programme.decisions[&code("1.G2G.2")].proposals;
    assert_eq!(proposals[0].decided, Some(decided.sequence));
    let answer = desk.answer("KR", ACTION, "action.modified", receipt, consent(&data));
    assert!(refused(&desk, decided.leaf, answer).contains("was settled by entry"));
    // As it was before, whenever it is asked for.
    let then = state.programme.until(decided.sequence);
    assert_eq!(then.actions[&code("1.G2G.2")].action.text.as_str(), "Action 1.G2G.2");
    assert_eq!(then.decisions[&code("1.G2G.2")].proposals[0].decided, None);
    assert!(state.programme.until(receipt.sequence).decisions.is_empty());
}

#[test]
fn a_proposal_made_on_a_state_that_has_since_changed_is_made_again() {
    let mut desk = reviewing();
    let (stale, data) = propose(&mut desk, "DK", "1.G2G.2", "amend", json!({"text": "Meet once"}));
    decide(&mut desk, "1.G2G.2", "clarify", json!({"cycle": "P1Y"}));
    let before = desk.ledger.head().leaf;
    let answer = desk.answer("KR", ACTION, "action.modified", stale, consent(&data));
    assert!(refused(&desk, before, answer).contains("what is still wanted is proposed again"));
    // What became stale does not keep the review from being signed.
    sign(&mut desk, "DK").unwrap();
}

#[test]
fn a_consent_is_signed_on_all_that_its_stream_holds() {
    let mut desk = reviewing();
    let (receipt, data) = propose(&mut desk, "DK", "1.G2G.2", "retain", json!({}));
    let mut draft = desk.draft("KR", ACTION, "action.modified", consent(&data));
    draft.causationid = Some(receipt.id);
    let (request, disclosures) = desk.sign(&draft);
    desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    let before = desk.ledger.head().leaf;
    let answer = desk.ledger.record(request, disclosures);
    assert!(refused(&desk, before, answer).contains("look at it, and sign again"));
    desk.record(&draft).unwrap();
}

#[test]
fn what_is_declined_is_settled_and_its_author_may_take_it_back() {
    let mut desk = reviewing();
    for party in ["KR", "DK"] {
        let (receipt, data) = propose(&mut desk, "DK", "1.G2G.2", "suspend", json!({}));
        let declined =
            desk.answer(party, ACTION, "action.declined", receipt, json!({"reason": "Not yet"})).unwrap();
        let answer = desk.answer("KR", ACTION, "action.modified", receipt, consent(&data));
        assert!(refused(&desk, declined.leaf, answer).contains("was settled by entry"));
    }
    assert_eq!(lifecycle(&desk, "1.G2G.2"), (Joint::Silent, None));
}

#[test]
fn what_ends_an_action_is_the_word_of_both_sides_and_the_last() {
    let mut desk = reviewing();
    desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    desk.progress("KR", "1.G2G.2", json!({"effective": "2022-01-10", "lifecycle": "continuing"})).unwrap();
    no(
        &mut desk,
        "DK",
        ACTION,
        "action.proposed",
        proposal("discontinue", json!({"effective": "2021-12"})),
        "KR said `continuing` of 1.G2G.2 as of 2022-01-10",
    );
    let decided = decide(&mut desk, "1.G2G.2", "discontinue", json!({}));
    assert_eq!(lifecycle(&desk, "1.G2G.2"), (Joint::Agreed, Some(Lifecycle::Discontinued)));
    no(
        &mut desk,
        "KR",
        ACTION,
        "action.progressed",
        json!({"effective": "2022-01-24", "lifecycle": "continuing"}),
        "`continuing` does not follow it",
    );
    no(
        &mut desk,
        "DK",
        ACTION,
        "action.proposed",
        proposal("retain", json!({})),
        "has ended by the decision of entry",
    );
    let before = desk.ledger.head().leaf;
    let answer = desk.answer("KR", ACTION, "action.corrected", decided, json!({"reason": "A mistake"}));
    assert!(refused(&desk, before, answer).contains("a review decides otherwise"));
    // The parties go on with what was only suspended.
    decide(&mut desk, "1.G2G.3", "suspend", json!({}));
    assert_eq!(lifecycle(&desk, "1.G2G.3"), (Joint::Agreed, Some(Lifecycle::Suspended)));
    desk.progress("KR", "1.G2G.3", json!({"effective": "2022-01-29", "lifecycle": "under_way"})).unwrap();
}

#[test]
fn a_contest_of_an_older_word_says_that_it_undoes_nothing_that_all_decided_as_of_its_day() {
    let mut desk = reviewing();
    let said =
        desk.progress("DK", "1.G2G.2", json!({"effective": "2022-01-01", "lifecycle": "under_way"})).unwrap();
    let decided = decide(&mut desk, "1.G2G.2", "suspend", json!({"effective": "2022-01-01"}));
    let contest = desk.answer("KR", ACTION, "action.contested", said, json!({"reason": "no"})).unwrap();
    assert_eq!(lifecycle(&desk, "1.G2G.2"), (Joint::Agreed, Some(Lifecycle::Suspended)));
    let words = whole(&desk.ledger).words(&code("1.G2G.2")).unwrap();
    let overtaken = overtaken::of(&words, contest.sequence);
    assert!(matches!(overtaken.as_slice(), [by] if by.decided && by.by == decided.sequence), "{overtaken:?}");
}

#[test]
fn directly_before_the_end_of_an_action_no_lifecycle_is_put_in() {
    let mut desk = reviewing();
    let said =
        desk.progress("DK", "1.G2G.2", json!({"effective": "2021-01-01", "lifecycle": "under_way"})).unwrap();
    decide(&mut desk, "1.G2G.2", "discontinue", json!({"effective": "2022-01-01"}));
    let before = desk.ledger.head().leaf;
    let answer = desk.answer("KR", ACTION, "action.confirmed", said, json!({}));
    let why = "a review decided `discontinued` of 1.G2G.2, and no lifecycle is put in directly before that";
    assert!(refused(&desk, before, answer).contains(why));
}

#[test]
fn merged_and_split_actions_point_to_what_they_go_on_in() {
    let mut desk = reviewing();
    for (into, reason) in
        [(json!(["1.G2G.2"]), "1.G2G.2 does not go into itself"), (json!(["1.G2G.7"]), "no action 1.G2G.7")]
    {
        no(&mut desk, "DK", ACTION, "action.proposed", proposal("merge", json!({"into": into})), reason);
    }
    decide(&mut desk, "1.G2G.2", "merge", json!({"into": ["1.G2G.3"]}));
    assert_eq!(lifecycle(&desk, "1.G2G.2"), (Joint::Agreed, Some(Lifecycle::Superseded)));
    no(
        &mut desk,
        "DK",
        "actions/1.G2G.1",
        "action.proposed",
        proposal("merge", json!({"into": ["1.G2G.2"]})),
        "1.G2G.2 has ended",
    );
    for reference in ["1.G2G.4", "1.G2G.5"] {
        decide(&mut desk, reference, "add", json!({"action": new_action(reference)}));
    }
    decide(&mut desk, "1.G2G.1", "split", json!({"into": ["1.G2G.4", "1.G2G.5"]}));
    let state = desk.ledger.state();
    let ended = |action: &str| {
        state.programme.actions[&code(action)].ended.as_ref().map(|end| end.successors.clone())
    };
    assert_eq!(ended("1.G2G.2"), Some(vec![code("1.G2G.3")]));
    assert_eq!(ended("1.G2G.1"), Some(vec![code("1.G2G.4"), code("1.G2G.5")]));
    assert_eq!(ended("1.G2G.3"), None);
}

#[test]
fn of_an_action_that_a_review_added_no_window_was_missed_before() {
    let mut desk = reviewing();
    let mut yearly = new_action("1.G2G.4");
    (yearly["kind"], yearly["cycle"]) = (json!("recurring"), json!("P1Y"));
    decide(&mut desk, "1.G2G.4", "add", json!({"action": yearly}));
    let state = desk.ledger.state();
    let windows = |action: &str| -> Vec<String> {
        let period = state.programme.period().unwrap();
        let windows = state.programme.actions[&code(action)].schedule(Some(period));
        windows.windows().iter().map(|(name, _)| name.to_string()).collect()
    };
    // It is the year 2022.
    assert_eq!(windows("1.G2G.4"), ["2022", "2023", "2024"]);
    assert_eq!(windows("1.G2G.1")[0], "2021");
}

#[test]
fn a_new_action_is_created_by_the_last_consent_and_by_nobody_alone() {
    let mut desk = reviewing();
    let new = new_action("1.G2G.4");
    let mut draft = desk.draft("DK", "actions/1.G2G.4", "action.created", new.clone());
    for (role, reason) in [
        (Role::Authority, "by the last consent to its proposal"),
        (Role::Coordinator, "by the last consent to its proposal"),
    ] {
        draft.role = Some(role);
        let before = desk.ledger.head().leaf;
        let answer = desk.record(&draft);
        assert!(refused(&desk, before, answer).contains(reason));
    }
    no(
        &mut desk,
        "DK",
        "actions/1.G2G.4",
        "action.proposed",
        proposal("retain", json!({})),
        "no action 1.G2G.4",
    );
    no(
        &mut desk,
        "DK",
        "actions/1.G2G.5",
        "action.proposed",
        proposal("add", json!({"action": new})),
        "is created in the stream of 1.G2G.5",
    );
    let (receipt, _) = propose(&mut desk, "DK", "1.G2G.4", "add", json!({"action": new}));
    assert!(!desk.ledger.state().programme.actions.contains_key(&code("1.G2G.4")));
    let mut other = new.clone();
    other["text"] = json!("Something else");
    let before = desk.ledger.head().leaf;
    let answer = desk.answer("KR", "actions/1.G2G.4", "action.created", receipt, other);
    assert!(refused(&desk, before, answer).contains("not what was proposed"));
    desk.answer("KR", "actions/1.G2G.4", "action.created", receipt, new).unwrap();
    // What is said of it is found, though its stream began with the proposal.
    desk.progress("KR", "1.G2G.4", json!({"effective": "2022-01", "lifecycle": "under_way"})).unwrap();
    assert_eq!(lifecycle(&desk, "1.G2G.4"), (Joint::OneSided, Some(Lifecycle::UnderWay)));
}

#[test]
fn a_lead_and_a_date_are_clarified_together_or_for_who_leads() {
    let mut desk = reviewing();
    no(
        &mut desk,
        "DK",
        ACTION,
        "action.proposed",
        proposal("clarify", json!({"due": "2023"})),
        "has no lead",
    );
    no(
        &mut desk,
        "DK",
        ACTION,
        "action.proposed",
        proposal("clarify", json!({"lead": "MFSD"})),
        "no institution MFSD (did you mean MFDS?)",
    );
    decide(&mut desk, "1.G2G.2", "clarify", json!({"lead": "MFDS", "due": "2023"}));
    decide(&mut desk, "1.G2G.2", "clarify", json!({"due": "2024"}));
    let state = desk.ledger.state();
    let assigned = &state.programme.actions[&code("1.G2G.2")].assignments[&code("MFDS")];
    assert_eq!((assigned.party.as_str(), assigned.due), ("KR", "2024".parse().ok()));
    no(
        &mut desk,
        "DK",
        ACTION,
        "action.proposed",
        proposal("amend", json!({"text": "Action 1.G2G.2"})),
        "so already",
    );
}

#[test]
fn a_review_closes_when_all_have_signed_a_history_that_holds_every_decision() {
    let mut desk = reviewing();
    no(&mut desk, "DK", REVIEW, "review.closed", json!({}), "DK has not signed the review");
    let (receipt, data) = propose(&mut desk, "DK", "1.G2G.2", "retain", json!({}));
    no(&mut desk, "KR", REVIEW, "review.signed", json!({}), "1 proposal is open, the first on 1.G2G.2");
    let (other, _) = propose(&mut desk, "KR", "1.G2G.3", "suspend", json!({}));
    no(&mut desk, "KR", REVIEW, "review.closed", json!({}), "2 proposals are open");
    desk.answer("KR", ACTION, "action.modified", receipt, consent(&data)).unwrap();
    sign(&mut desk, "DK").unwrap_err();
    desk.answer("DK", "actions/1.G2G.3", "action.declined", other, json!({"reason": "No"})).unwrap();
    sign(&mut desk, "DK").unwrap();
    no(&mut desk, "DK", REVIEW, "review.signed", json!({}), "nothing was found or decided since");
    // Signed on less than all that was decided, though on all of the review's own stream.
    let mut draft = desk.draft("KR", REVIEW, "review.signed", json!({}));
    draft.role = Some(Role::Authority);
    let (request, _) = desk.sign(&draft);
    decide(&mut desk, "1.G2G.3", "retain", json!({}));
    let before = desk.ledger.head().leaf;
    let answer = desk.ledger.record(request, Vec::new());
    assert!(refused(&desk, before, answer).contains("was found or decided after it"));
    sign(&mut desk, "KR").unwrap();
    no(&mut desk, "KR", REVIEW, "review.closed", json!({}), "DK has to sign again");
    sign(&mut desk, "DK").unwrap();
    let closed = desk.say("KR", REVIEW, "review.closed", json!({})).unwrap();
    assert_eq!(desk.ledger.state().programme.versions(), [(closed.sequence + 1, &code("R2022"))]);
    for (speaker, subject, kind, data) in [
        ("DK", REVIEW, "review.signed", json!({})),
        ("DK", REVIEW, "review.assessed", json!({"line": 1, "criterion": "impact", "finding": "limited"})),
        ("DK", ACTION, "action.assessed", json!({"review": "R2022", "finding": "limited"})),
        ("DK", ACTION, "action.proposed", proposal("suspend", json!({}))),
    ] {
        no(&mut desk, speaker, subject, kind, data, "was closed by entry");
    }
    assert_eq!(
        desk.ledger.state().programme.decisions[&code("1.G2G.2")].proposals[0].decision.change.kind(),
        Kind::Retain
    );
}

#[test]
fn roles_keep_to_their_part_of_a_review() {
    let mut desk = Desk::founded();
    let data = opening(&desk);
    let mut draft = desk.draft("DK", REVIEW, "review.opened", data.clone());
    draft.role = Some(Role::Authority);
    let before = desk.ledger.head().leaf;
    let answer = desk.record(&draft);
    assert!(refused(&desk, before, answer).contains("role authority does not sign"));
    desk.say("DK", REVIEW, "review.opened", data).unwrap();
    let mut draft = desk.draft("DK", REVIEW, "review.signed", json!({}));
    draft.role = Some(Role::Coordinator);
    let before = desk.ledger.head().leaf;
    let answer = desk.record(&draft);
    assert!(refused(&desk, before, answer).contains("role coordinator does not sign"));
    no(
        &mut desk,
        "KR/MSIT",
        "actions/1.G2G.1",
        "action.proposed",
        proposal("retain", json!({})),
        "role officer does not sign",
    );
}

#[test]
fn a_lead_to_which_an_action_has_passed_keeps_until_when_it_is_to_be_done() {
    let mut desk = Desk::founded();
    let assigned = json!({"institution": "MSIT", "role": "lead", "due": "2022-12"});
    desk.say("KR", ACTION, "action.assigned", assigned).unwrap();
    let succeeded = json!({"institution": "MSIT", "successor": "MFDS", "effective": "2022"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap();
    let data = opening(&desk);
    desk.say("DK", REVIEW, "review.opened", data).unwrap();
    decide(&mut desk, "1.G2G.2", "clarify", json!({"lead": "MFDS"}));
    let state = desk.ledger.state();
    let held = state.programme.held(&state.programme.actions[&code("1.G2G.2")], None);
    let tasks: Vec<_> = held.iter().map(|held| (held.assigned.as_str(), held.task.due)).collect();
    assert_eq!(tasks, [("MFDS", "2022-12".parse().ok())]);
}
