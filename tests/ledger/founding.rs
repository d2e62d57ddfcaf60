//! Rules of the founding: given what was laid down, when this is said, then that.

use super::desk::{ACTION, Desk, ORIGIN, no, opened, refused, word};
use annals::domain::plan::Plan;
use annals::record::charter;
use annals::record::founding::{Clock, Opened};
use annals::record::role::Role;
use serde_json::{Value, json};

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
    no(&mut desk, "DK", "actions/1.G2G.1", "action.created", action, "by the last consent to its proposal");
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
    other.lines[0].title = "Blue".parse().unwrap();
    other.title = "Another plan".parse().unwrap();
    assert_eq!(
        differences(&desk, &other),
        ["/title", "/grace_days", "/lines/0", "/parties/1", "/actions/1", "/instruments"]
    );
    let mut other = desk.plan.clone();
    other.parties.reverse();
    other.tracks.clear();
    assert_eq!(differences(&desk, &other), ["/tracks", "/parties"]);
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

#[test]
fn a_plan_document_in_other_bytes_is_told_as_one() {
    let desk = Desk::laid(Clock::Illustrative);
    let differences = |plan: &Plan, digest: &str| -> Vec<String> {
        let digest = digest.to_owned().try_into().unwrap();
        let found = charter::differences(plan, &digest, &desk.ledger.state());
        found.iter().map(ToString::to_string).collect()
    };
    let found = differences(&desk.plan, &"0".repeat(64));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("/: the same content in other bytes") && found[0].contains("the file itself")
    );
    assert!(found[0].contains(&desk.plan_sha256), "{found:?}");
    // What differs is told, and no hash.
    let mut other = desk.plan.clone();
    other.title = "Another plan".parse().unwrap();
    assert_eq!(differences(&other, &"0".repeat(64)), ["/title: laid down otherwise"]);
    // Text is laid down in NFC, however the document has it.
    let mut other = desk.plan.clone();
    other.parties[1].name =
        "\u{1103}\u{1162}\u{1112}\u{1161}\u{11ab}\u{1106}\u{1175}\u{11ab}\u{1100}\u{116e}\u{11a8}"
            .parse()
            .unwrap();
    assert_eq!(differences(&other, &desk.plan_sha256), Vec::<String>::new());
}

#[test]
fn the_opener_names_institutions_of_the_parties_alone_and_each_with_a_name() {
    let mut desk = Desk::laid(Clock::Illustrative);
    let body = |party: &str, names: Value| json!({"id": "X", "party": party, "names": names, "aliases": []});
    let ghost = body("KP", json!({"en": "X"}));
    no(&mut desk, "DK", "parties/KP", "institution.registered", ghost, "KP is not a party of this ledger");
    no(&mut desk, "DK", "parties/KR", "institution.registered", body("KR", json!({})), "X has no name");
}

#[test]
fn an_opening_names_each_key_and_each_party_once() {
    let desk = Desk::empty();
    let sound = opened(&desk.plan, Clock::Real);
    assert_eq!(sound.check(ORIGIN), Ok(()));
    let fault = |change: &dyn Fn(&mut Opened)| {
        let mut changed = sound.clone();
        change(&mut changed);
        changed.check(ORIGIN).unwrap_err().to_string()
    };
    let twice = fault(&|opened| opened.parties[0].authority[1] = opened.parties[0].authority[0].clone());
    assert!(twice.contains("was registered before"), "{twice}");
    let foreign = fault(&|opened| opened.parties[0].witness = opened.parties[1].witness.clone());
    assert!(foreign.contains("must be named DK/"), "{foreign}");
    let alone = fault(&|opened| drop(opened.parties.pop()));
    assert!(alone.contains("at least two parties"), "{alone}");
    let bare = fault(&|opened| opened.parties[1].witness.clear());
    assert!(bare.contains("at least two and one are needed"), "{bare}");
    let word = fault(&|opened| opened.parties[1].id = "public".parse().unwrap());
    assert!(word.contains("cannot be called `public`"), "{word}");
    let other = fault(&|opened| opened.origin = "annals.example/other".to_owned().try_into().unwrap());
    assert!(other.contains("annals.example/other"), "{other}");
    let nonce = fault(&|opened| opened.nonce = "abc".to_owned().try_into().unwrap());
    assert!(nonce.contains("is not a nonce"), "{nonce}");
}
