//! Rules of authority: who may sign what, and with which key.

use super::desk::{ACTION, Desk, key, key_of, no, refused, word};
use annals::domain::party::Author;
use annals::record::role::Role;
use annals::trail::key::Kind;
use serde_json::json;

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
fn a_key_whose_name_is_not_in_nfc_is_registered_signs_and_is_revoked() {
    let mut desk = Desk::founded();
    let foreign = key("DK/a\u{30a}rhus-1", Kind::Ed25519);
    let vkey = foreign.verifier().to_string();
    desk.say("DK", "parties/DK", "key.registered", json!({"role": "coordinator", "vkey": vkey})).unwrap();
    let draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let (request, disclosures) = desk.sign_with(&draft, &foreign);
    desk.ledger.record(request, disclosures).unwrap();
    let keyid = foreign.verifier().keyid();
    desk.say("DK", "parties/DK", "key.revoked", json!({"keyid": keyid})).unwrap();
    assert!(desk.ledger.verify(&mut |_| {}).unwrap().holds());
}

#[test]
fn of_a_key_that_is_named_without_its_id_the_whole_id_is_told() {
    let mut desk = Desk::founded();
    let keyid = key_of("DK", Role::Coordinator).verifier().keyid();
    let revoked = |name: &str| json!({"keyid": name});
    let reason =
        format!("`DK/coordinator-1` is not the whole id of a key: give the whole id, such as {keyid}");
    no(&mut desk, "DK", "parties/DK", "key.revoked", revoked("DK/coordinator-1"), &reason);
    no(&mut desk, "DK", "parties/DK", "key.revoked", revoked("DK/coordinator-9"), "is not registered");
    no(&mut desk, "DK", "parties/DK", "key.revoked", revoked(""), "is not registered");
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
    let (request, _) = desk.sign_with(&draft, &key_of("DK", Role::Witness));
    let answer = desk.ledger.record(request, Vec::new());
    assert!(refused(&desk, before, answer).contains("cosigns checkpoints, and signs no entry"));
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
fn an_institution_that_was_succeeded_takes_nothing_on() {
    let mut desk = Desk::founded();
    let succeeded =
        json!({"institution": "MSIT", "successor": "MFDS", "effective": "2022", "reason": "reform"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap();
    let assigned = json!({"institution": "MSIT", "role": "lead"});
    no(&mut desk, "KR", ACTION, "action.assigned", assigned, "was succeeded already, by MFDS");
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
fn an_id_names_one_institution_whosever_it_is() {
    let mut desk = Desk::founded();
    let body = json!({"id": "MSIT", "party": "DK", "names": {"en": "Another"}, "aliases": []});
    no(&mut desk, "DK", "parties/DK", "institution.registered", body, "MSIT is registered already");
}

#[test]
fn an_officers_key_is_bound_to_an_acting_institution_of_the_own_party() {
    let mut desk = Desk::founded();
    for (institution, reason) in [
        ("MSIT", "DK has no institution MSIT"),
        ("DKMMA", "DK has no institution DKMMA (did you mean DKMA?)"),
    ] {
        let vkey = key(&format!("DK/{institution}/officer-1"), Kind::Ed25519).verifier().to_string();
        let data = json!({"role": "officer", "vkey": vkey, "institution": institution});
        no(&mut desk, "DK", "parties/DK", "key.registered", data, reason);
    }
}

#[test]
fn an_institution_that_was_succeeded_is_still_relieved() {
    let mut desk = Desk::founded();
    desk.say("KR", ACTION, "action.assigned", json!({"institution": "MSIT", "role": "lead"})).unwrap();
    let succeeded = json!({"institution": "MSIT", "successor": "MFDS", "effective": "2022"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap();
    let relieved = json!({"institution": "MSIT", "role": "relieved"});
    desk.say("KR", ACTION, "action.assigned", relieved.clone()).unwrap();
    no(&mut desk, "KR", ACTION, "action.assigned", relieved, "MSIT");
}
