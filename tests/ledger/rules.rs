//! Each rule by which a request is admitted or refused: given what was said before, when this is said, then that.

use super::desk::{Desk, key, key_of, refused};
use annals::domain::party::Author;
use annals::domain::plan::Plan;
use annals::domain::sealed::Audience;
use annals::record::authority::Role;
use annals::record::charter;
use annals::record::founding::Clock;
use annals::record::request::Meant;
use annals::trail::disclosure::Digest;
use annals::trail::key::Kind;
use chrono::SubsecRound;
use serde_json::{Value, json};

/// When this is said at the desk, it is refused for this reason, and the ledger is unchanged.
fn no(desk: &mut Desk, speaker: &str, subject: &str, kind: &str, data: Value, reason: &str) {
    let before = desk.ledger.head().leaf;
    let answer = desk.say(speaker, subject, kind, data);
    let refusal = refused(desk, before, answer);
    assert!(refusal.contains(reason), "{kind} of {speaker}: {refusal}");
}

fn word(lifecycle: &str) -> Value {
    json!({"effective": "2021-06", "lifecycle": lifecycle})
}

fn completed() -> Value {
    let file = json!({"sha256": "0".repeat(64), "size": 1, "mediatype": "text/plain"});
    json!({"effective": "2021-12", "lifecycle": "completed", "evidence": [file]})
}

const ACTION: &str = "actions/1.G2G.2";

#[test]
fn the_opener_alone_lays_the_plan_down() {
    let mut desk = Desk::laid(Clock::Illustrative);
    let body = json!({"id": "X", "party": "KR", "names": {"en": "X"}, "aliases": []});
    no(&mut desk, "KR", "parties/KR", "institution.registered", body.clone(), "only the party DK");
    assert!(desk.say("DK", "parties/KR", "institution.registered", body).is_ok(), "of every party");
    desk.register("DK", Role::Coordinator).unwrap();
    no(&mut desk, "DK", ACTION, "action.progressed", word("under_way"), "is not a part of the founding");
}

#[test]
fn nothing_is_recorded_before_a_ledger_is_opened() {
    let mut desk = Desk::empty();
    no(
        &mut desk,
        "DK",
        "ledger",
        "ledger.acceded",
        json!({"plan_sha256": "0".repeat(64)}),
        "is not registered",
    );
}

#[test]
fn a_party_accedes_once_to_the_plan_that_it_knows() {
    let mut desk = Desk::laid(Clock::Illustrative);
    let plan = json!({"plan_sha256": desk.plan_sha256});
    no(
        &mut desk,
        "KR",
        "ledger",
        "ledger.acceded",
        json!({"plan_sha256": "0".repeat(64)}),
        "this ledger was opened for",
    );
    no(&mut desk, "DK", "ledger", "ledger.acceded", plan.clone(), "takes part already");
    let draft = desk.draft("KR", "ledger", "ledger.acceded", plan.clone());
    let (early, _) = desk.sign(&draft);
    let base = json!({"id": "Y", "party": "DK", "names": {"en": "Y"}, "aliases": []});
    desk.say("DK", "parties/DK", "institution.registered", base).unwrap();
    let before = desk.ledger.head().leaf;
    let answer = desk.ledger.record(early, Vec::new());
    assert!(refused(&desk, before, answer).contains("before the founding was complete"));
    desk.say("KR", "ledger", "ledger.acceded", plan.clone()).unwrap();
    no(&mut desk, "KR", "ledger", "ledger.acceded", plan, "takes part already");
}

#[test]
fn after_the_founding_no_action_is_simply_created() {
    let mut desk = Desk::founded();
    let action = serde_json::to_value(desk.plan.actions.first().unwrap()).unwrap();
    no(&mut desk, "DK", "actions/1.G2G.1", "action.created", action, "is over");
}

#[test]
fn a_key_that_was_never_registered_signs_nothing() {
    let mut desk = Desk::founded();
    let before = desk.ledger.head().leaf;
    let draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let (request, _) = desk.sign_with(&draft, &key("DK/coordinator-9", Kind::Ed25519));
    let answer = desk.ledger.record(request, Vec::new());
    assert!(refused(&desk, before, answer).contains("DK/coordinator-9+"));
}

#[test]
fn nobody_speaks_for_another_party() {
    let mut desk = Desk::founded();
    let before = desk.ledger.head().leaf;
    let draft = desk.draft("KR", ACTION, "action.progressed", word("under_way"));
    let (request, _) = desk.sign_with(&draft, &key_of("DK", Role::Coordinator));
    let answer = desk.ledger.record(request, Vec::new());
    assert!(refused(&desk, before, answer).contains("speaks for parties/DK"));
    let body = json!({"id": "X", "party": "KR", "names": {"en": "X"}, "aliases": []});
    no(&mut desk, "DK", "parties/KR", "institution.registered", body, "does not speak in the stream of KR");
    let assigned = json!({"institution": "MSIT", "role": "lead"});
    no(&mut desk, "DK", ACTION, "action.assigned", assigned, "DK has no institution MSIT");
}

#[test]
fn a_signature_of_another_key_or_over_other_bytes_counts_nothing() {
    let mut desk = Desk::founded();
    let draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let (mut request, _) = desk.sign(&draft);
    request.signature[0] ^= 1;
    let before = desk.ledger.head().leaf;
    let answer = desk.ledger.record(request, Vec::new());
    assert!(refused(&desk, before, answer).contains("the signature is not that of the key"));
}

#[test]
fn a_role_signs_its_own_types_alone() {
    let mut desk = Desk::founded();
    for (role, kind, data) in [
        (Role::Authority, "action.progressed", word("under_way")),
        (Role::Auditor, "action.progressed", word("under_way")),
        (Role::Coordinator, "action.verified", json!({"outcome": "upheld"})),
    ] {
        let before = desk.ledger.head().leaf;
        let mut draft = desk.draft("DK", ACTION, kind, data);
        draft.role = Some(role);
        let answer = desk.record(&draft);
        assert!(refused(&desk, before, answer).contains(&format!("role {role} does not sign")), "{kind}");
    }
}

#[test]
fn an_officer_speaks_on_the_actions_of_the_own_institution() {
    let mut desk = Desk::founded();
    no(&mut desk, "KR/MSIT", ACTION, "action.progressed", word("under_way"), "not assigned to MSIT");
    desk.say("KR", ACTION, "action.assigned", json!({"institution": "MSIT", "role": "support"})).unwrap();
    assert!(desk.progress("KR/MSIT", "1.G2G.2", word("under_way")).is_ok());
    desk.say("KR", ACTION, "action.assigned", json!({"institution": "MSIT", "role": "relieved"})).unwrap();
    no(&mut desk, "KR/MSIT", ACTION, "action.progressed", word("continuing"), "not assigned to MSIT");
}

#[test]
fn a_revoked_key_signs_no_more_and_the_last_authority_stays() {
    let mut desk = Desk::founded();
    let revoked = |name: &str| json!({"keyid": key(name, Kind::Ed25519).verifier().keyid()});
    desk.say("DK", "parties/DK", "key.revoked", revoked("DK/coordinator-1")).unwrap();
    no(&mut desk, "DK", ACTION, "action.progressed", word("under_way"), "was revoked");
    desk.say("DK", "parties/DK", "key.revoked", revoked("DK/authority-2")).unwrap();
    no(
        &mut desk,
        "DK",
        "parties/DK",
        "key.revoked",
        revoked("DK/authority-1"),
        "the last one is never revoked",
    );
    no(
        &mut desk,
        "DK",
        "parties/DK",
        "key.revoked",
        revoked("KR/authority-1"),
        "does not speak in the stream of KR",
    );
}

#[test]
fn a_key_is_registered_once_under_its_partys_name_and_of_its_roles_type() {
    let mut desk = Desk::founded();
    let before = desk.ledger.head().leaf;
    let answer = desk.register("DK", Role::Coordinator);
    assert!(refused(&desk, before, answer).contains("was registered before"));
    let of = |name: &str, kind: Kind, role: &str| json!({"role": role, "vkey": key(name, kind).verifier().to_string()});
    for (data, reason) in [
        (of("KR/x", Kind::Ed25519, "coordinator"), "is not one of DK"),
        (of("DK/x", Kind::Cosignature, "coordinator"), "wrong type"),
        (of("DK/x", Kind::Ed25519, "officer"), "names its institution"),
        // The same bytes under another name.
        (
            json!({"role": "auditor", "vkey": annals::trail::key::SigningKey::from_seed(
                "DK/other", Kind::Ed25519, &seed("DK/auditor-1")).unwrap().verifier().to_string()}),
            "was registered before",
        ),
    ] {
        no(&mut desk, "DK", "parties/DK", "key.registered", data, reason);
    }
}

fn seed(name: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed.iter_mut().zip(name.bytes().cycle()).for_each(|(to, from)| *to = from);
    seed
}

#[test]
fn the_same_request_is_answered_with_its_first_receipt() {
    let mut desk = Desk::founded();
    let draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let (request, disclosures) = desk.sign(&draft);
    let first = desk.ledger.record(request.clone(), disclosures.clone()).unwrap();
    let again = desk.ledger.record(request, disclosures).unwrap();
    assert_eq!((again.leaf, again.sequence, again.repeated), (first.leaf, first.sequence, true));
}

#[test]
fn a_known_id_with_other_content_is_refused() {
    let mut desk = Desk::founded();
    let first = desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    for speaker in ["DK", "KR"] {
        let before = desk.ledger.head().leaf;
        let mut draft = desk.draft(speaker, ACTION, "action.progressed", word("continuing"));
        draft.id = Some(first.id);
        let answer = desk.record(&draft);
        assert!(refused(&desk, before, answer).contains("with other content"));
    }
}

#[test]
fn a_request_stands_on_an_entry_of_this_ledger_and_answers_what_came_before() {
    let mut desk = Desk::founded();
    let mut other = Desk::founded();
    other.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    let draft = other.draft("DK", ACTION, "action.progressed", word("continuing"));
    let (foreign, _) = other.sign(&draft);
    let before = desk.ledger.head().leaf;
    let answer = desk.ledger.record(foreign, Vec::new());
    assert!(refused(&desk, before, answer).contains("is not an entry of this ledger"));
    let mut draft = desk.draft("DK", ACTION, "action.confirmed", json!({}));
    draft.causationid = Some("01784d33-3c40-7000-8000-000000000001".parse().unwrap());
    let answer = desk.record(&draft);
    assert!(refused(&desk, before, answer).contains("what does it answer"));
}

#[test]
fn a_request_for_another_ledger_is_refused() {
    let mut desk = Desk::founded();
    let draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let key = key_of("DK", Role::Coordinator);
    let id = "01784d33-3c40-7000-8000-000000000001".parse().unwrap();
    let base = desk.ledger.head().leaf;
    let (request, _) = draft.sign(id, "annals.example/other", base, &key, &mut || [0; 16]).unwrap();
    let answer = desk.ledger.record(request, Vec::new());
    assert!(refused(&desk, base, answer).contains("annals.example/other"));
    let _ = desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
}

#[test]
fn a_salt_is_used_once_and_a_disclosure_belongs_to_its_request() {
    let mut desk = Desk::founded();
    let note = json!({"effective": "2021-06", "note": "Møde"});
    let draft = desk.draft("DK", ACTION, "action.progressed", note);
    let key = key_of("DK", Role::Coordinator);
    let base = desk.ledger.head().leaf;
    let sign =
        |id: &str| draft.sign(id.parse().unwrap(), super::desk::ORIGIN, base, &key, &mut || [5; 16]).unwrap();
    let (first, disclosures) = sign("01784d33-3c40-7000-8000-000000000001");
    let (second, _) = sign("01784d33-3c40-7000-8000-000000000002");
    desk.ledger.record(first, disclosures.clone()).unwrap();
    let before = desk.ledger.head().leaf;
    let answer = desk.ledger.record(second, disclosures.clone());
    assert!(refused(&desk, before, answer).contains("a salt is used once"));
    let draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let (request, _) = desk.sign(&draft);
    assert!(desk.ledger.record(request, disclosures).unwrap_err().to_string().contains("no such digest"));
    assert_eq!(desk.ledger.head().leaf, before);
}

#[test]
fn in_a_real_ledger_nobody_speaks_in_the_future() {
    let mut desk = Desk::laid(Clock::Real);
    let body = json!({"id": "X", "party": "DK", "names": {"en": "X"}, "aliases": []});
    let mut draft = desk.draft("DK", "parties/DK", "institution.registered", body);
    draft.time = chrono::Utc::now().trunc_subsecs(3) + chrono::Duration::minutes(10);
    let before = desk.ledger.head().leaf;
    let answer = desk.record(&draft);
    assert!(refused(&desk, before, answer).contains("after"));
}

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
fn an_unknown_name_is_answered_with_the_nearest() {
    let mut desk = Desk::founded();
    no(&mut desk, "DK", "actions/1.G2G.4", "action.progressed", word("under_way"), "did you mean 1.G2G.");
    no(
        &mut desk,
        "DK",
        "instruments/1.B2",
        "instrument.updated",
        json!({"state": "signed", "effective": "2021"}),
        "did you mean 1.B1?",
    );
    no(
        &mut desk,
        "DK",
        ACTION,
        "action.progresed",
        word("under_way"),
        "did you mean annals.action.progressed.v1?",
    );
    no(
        &mut desk,
        "DK",
        "plan",
        "action.progressed",
        word("under_way"),
        "belongs to the subject actions/<ref>",
    );
}

#[test]
fn an_occurrence_has_a_window_of_its_action() {
    let mut desk = Desk::founded();
    let held = |window: &str| json!({"effective": "2021-06", "occurrence": {"window": window, "state": "held", "date": "2021-06-01"}});
    no(&mut desk, "DK", "actions/1.G2G.1", "action.progressed", held("2021-06"), "2021-01, 2022-01");
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
    assert!(refused(&desk, before, wrong).contains("is not an entry of 1.G2G.2 that can be answered"));
    let elsewhere = desk.answer("DK", "actions/1.G2G.3", "action.confirmed", said, json!({}));
    assert!(refused(&desk, before, elsewhere).contains("is not an entry of 1.G2G.3"));
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
fn an_institution_that_was_succeeded_takes_nothing_on() {
    let mut desk = Desk::founded();
    let succeeded =
        json!({"institution": "MSIT", "successor": "MFDS", "effective": "2022", "reason": "reform"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap();
    let assigned = json!({"institution": "MSIT", "role": "lead"});
    no(&mut desk, "KR", ACTION, "action.assigned", assigned, "was succeeded already, by MFDS");
}

#[test]
fn a_field_is_withheld_for_a_party_that_there_is() {
    let mut desk = Desk::founded();
    let before = desk.ledger.head().leaf;
    let mut draft =
        desk.draft("DK", ACTION, "action.progressed", json!({"effective": "2021", "note": "kun KR"}));
    draft.audience = Some(Meant::All(Audience::Party("KP".parse().unwrap())));
    let answer = desk.record(&draft);
    assert!(refused(&desk, before, answer).contains("`note` is withheld for KP, which is not a party"));
    draft.audience = Some(Meant::All(Audience::Party("KR".parse().unwrap())));
    assert!(desk.record(&draft).is_ok());
}

#[test]
fn a_disclosure_holds_words_and_nothing_else_is_kept() {
    let mut desk = Desk::founded();
    let before = desk.ledger.head().leaf;
    for note in [json!(5), json!({"a": "b"}), json!(""), json!("\u{1}")] {
        let answer = desk.progress("DK", "1.G2G.2", json!({"effective": "2021", "note": note}));
        let error = answer.unwrap_err().to_string();
        assert!(error.contains("`note` cannot hold this"), "{error}");
    }
    let file = json!({"sha256": "abc", "size": 1, "mediatype": "text/plain", "confidential": true});
    let answer = desk.progress("DK", "1.G2G.2", json!({"effective": "2021", "evidence": [file]}));
    assert!(answer.unwrap_err().to_string().contains("`abc` is not a SHA-256 digest"));
    assert_eq!(desk.ledger.head().leaf, before);
}

#[test]
fn keys_sign_in_the_order_in_which_they_were_registered() {
    let mut desk = Desk::founded();
    // By its id it would come first.
    let second = key("DK/a-coordinator", Kind::Ed25519).verifier();
    let data = json!({"role": "coordinator", "vkey": second.to_string()});
    desk.say("DK", "parties/DK", "key.registered", data).unwrap();
    let state = desk.ledger.state();
    let author = Author { party: "DK".parse().unwrap(), institution: None };
    let ids: Vec<String> =
        state.keys.of(&author, Role::Coordinator).iter().map(|key| key.vkey.keyid()).collect();
    assert_eq!(ids, [key_of("DK", Role::Coordinator).verifier().keyid(), second.keyid()]);
}

#[test]
fn a_text_is_signed_in_normal_form() {
    let mut desk = Desk::founded();
    let mut draft =
        desk.draft("DK", ACTION, "action.progressed", json!({"effective": "2021", "note": "Mo\u{308}de"}));
    draft.correlationid = Some("Mo\u{308}de".to_owned());
    let receipt = desk.record(&draft).unwrap();
    let entry = desk.ledger.entry(receipt.sequence).unwrap().unwrap();
    assert_eq!(entry.request.event.correlationid.as_deref(), Some("M\u{f6}de"));
    assert!(desk.ledger.disclosures().iter().any(|each| each.value() == "M\u{f6}de"));
    let known = |digest: &str| desk.ledger.disclosure(&Digest::parse(digest)?);
    assert!(draft.says(&entry.request.event, &known), "said again, it is the same");
}

#[test]
fn whoever_accedes_sees_where_the_plan_was_laid_down_otherwise() {
    let mut desk = Desk::laid(Clock::Illustrative);
    let digest = desk.plan_sha256.clone().try_into().unwrap();
    let differences = |desk: &Desk, plan: &Plan| -> Vec<String> {
        charter::differences(plan, &digest, &desk.ledger.state()).into_iter().map(|each| each.path).collect()
    };
    assert_eq!(differences(&desk, &desk.plan), Vec::<String>::new());
    let mut other = desk.plan.clone();
    other.actions[1].text = "Another action".parse().unwrap();
    other.instruments.clear();
    other.parties[1].name = "Korea".parse().unwrap();
    other.grace_days = 30;
    assert_eq!(differences(&desk, &other), ["/", "/parties", "/actions/1", "/instruments"]);
    let extra = |id: &str, party: &str| json!({"id": id, "party": party, "names": {"en": id}, "aliases": []});
    desk.say("DK", "parties/DK", "institution.registered", extra("SSI", "DK")).unwrap();
    assert_eq!(differences(&desk, &desk.plan), Vec::<String>::new(), "the opener may name more of its own");
    desk.say("DK", "parties/KR", "institution.registered", extra("NST", "KR")).unwrap();
    assert_eq!(differences(&desk, &desk.plan), ["/institutions"], "but not of the other party, unseen");
    let mut action = serde_json::to_value(&desk.plan.actions[0]).unwrap();
    action["ref"] = "1.G2G.9".into();
    desk.say("DK", "actions/1.G2G.9", "action.created", action).unwrap();
    assert_eq!(differences(&desk, &desk.plan), ["/institutions", "/actions"]);
}
