//! Rules of erasing: what, by whom, once; and what is left of it.

use super::desk::{ACTION, Desk, key_of, no, refused, word};
use annals::ledger::Receipt;
use annals::ledger::privacy::Intake;
use annals::record::founding::Clock;
use annals::record::role::Role;
use annals::trail::disclosure::Disclosure;
use serde_json::{Value, json};

fn noted(desk: &mut Desk, speaker: &str, note: &str) -> Receipt {
    desk.progress(speaker, "1.G2G.2", json!({"effective": "2021-06", "note": note})).unwrap()
}

fn erasing(desk: &Desk, held: Receipt) -> Value {
    let digest = desk.digest(held, "note").to_string();
    json!({"digest": digest, "basis": "GDPR Art. 17(1)(a)", "reason": "slettet"})
}

#[test]
fn what_was_erased_is_gone_and_everything_verifies() {
    let mut desk = Desk::founded();
    let (first, second) = (noted(&mut desk, "DK", "Fru Jensen"), noted(&mut desk, "DK", "Hr. Kim"));
    let (gone, left) = (desk.digest(first, "note"), desk.digest(second, "note"));
    let erased = desk.erase("DK", first, "note").unwrap();
    assert_eq!(desk.ledger.disclosure(&gone), None);
    assert_eq!(desk.ledger.disclosure(&left).unwrap().value(), "Hr. Kim");
    let report = desk.ledger.verify(&mut |_| {}).unwrap();
    assert!(report.holds(), "{report:?}");
    assert_eq!((report.withheld, report.erased, report.lingering, report.stray), ((3, 2), 1, 0, 0));
    let known = desk.ledger.erasures().unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!((known[&gone].sequence, known[&gone].holder), (erased.sequence, Some(first.id)));
}

#[test]
fn the_authority_of_the_party_erases_and_nobody_else() {
    let mut desk = Desk::founded();
    desk.say("KR", ACTION, "action.assigned", json!({"institution": "MSIT", "role": "lead"})).unwrap();
    let held = noted(&mut desk, "KR/MSIT", "김 과장");
    let before = desk.ledger.head().leaf;
    let answer = desk.erase("DK", held, "note");
    let refusal = refused(&desk, before, answer);
    assert!(refusal.contains(&format!("entry {} is KR's", held.sequence)), "{refusal}");
    for role in [Role::Coordinator, Role::Auditor] {
        let data = erasing(&desk, held);
        let mut draft = desk.draft("KR", "ledger", "disclosure.erased", data);
        (draft.role, draft.causationid) = (Some(role), Some(held.id));
        let (request, disclosures) = desk.sign_with(&draft, &key_of("KR", role));
        let answer = desk.ledger.record(request, disclosures);
        assert!(refused(&desk, before, answer).contains(&format!("role {role} does not sign")));
    }
    assert!(desk.ledger.disclosure(&desk.digest(held, "note")).is_some());
    // What an institution wrote, its party erases.
    desk.erase("KR", held, "note").unwrap();
}

#[test]
fn only_what_an_entry_withholds_is_erased_and_that_entry_is_named() {
    let mut desk = Desk::founded();
    let (held, other) = (noted(&mut desk, "DK", "Fru Jensen"), noted(&mut desk, "DK", "Hr. Kim"));
    let nobodys = Disclosure::new([9; 16], "note", &"x".into()).digest().to_string();
    let data = json!({"digest": nobodys, "basis": "GDPR", "reason": "slettet"});
    no(&mut desk, "DK", "ledger", "disclosure.erased", data, "there is nothing to erase");
    let data = erasing(&desk, held);
    let must = format!("causationid must name entry {}", held.sequence);
    no(&mut desk, "DK", "ledger", "disclosure.erased", data.clone(), &must);
    let before = desk.ledger.head().leaf;
    let answer = desk.answer("DK", "ledger", "disclosure.erased", other, data.clone());
    assert!(refused(&desk, before, answer).contains(&must));
    no(&mut desk, "DK", ACTION, "disclosure.erased", data, "belongs to the subject ledger");
    for (missing, reason) in
        [("basis", "missing field `basis`"), ("reason", "_sd/reason"), ("digest", "missing field `digest`")]
    {
        let mut data = erasing(&desk, held);
        data.as_object_mut().unwrap().remove(missing);
        no(&mut desk, "DK", "ledger", "disclosure.erased", data, reason);
    }
}

#[test]
fn a_value_is_erased_once_and_so_is_the_reason() {
    let mut desk = Desk::founded();
    let held = noted(&mut desk, "DK", "Fru Jensen");
    let erased = desk.erase("DK", held, "note").unwrap();
    let before = desk.ledger.head().leaf;
    let answer = desk.erase("DK", held, "note");
    assert!(refused(&desk, before, answer).contains(&format!("already, by entry {}", erased.sequence)));
    // A reason is a withheld value like any other.
    desk.erase("DK", erased, "reason").unwrap();
    let report = desk.ledger.verify(&mut |_| {}).unwrap();
    assert!(report.holds() && report.erased == 2, "{report:?}");
}

#[test]
fn nothing_is_erased_before_the_founding_is_complete() {
    let mut desk = Desk::laid(Clock::Illustrative);
    let key = key_of("DK", Role::Coordinator).verifier().to_string();
    let held = json!({"role": "coordinator", "vkey": key, "holder": "Fru Jensen"});
    let held = desk.say("DK", "parties/DK", "key.registered", held).unwrap();
    let before = desk.ledger.head().leaf;
    let answer = desk.erase("DK", held, "holder");
    assert!(refused(&desk, before, answer).contains("is not a part of the founding"));
    let plan = desk.plan_sha256.clone();
    desk.say("KR", "ledger", "ledger.acceded", json!({"plan_sha256": plan})).unwrap();
    desk.erase("DK", held, "holder").unwrap();
}

#[test]
fn a_digest_that_was_erased_is_not_used_again() {
    let mut desk = Desk::founded();
    let draft =
        desk.draft("DK", ACTION, "action.progressed", json!({"effective": "2021-06", "note": "Jensen"}));
    let (request, disclosures) = desk.sign(&draft);
    let held = desk.ledger.record(request.clone(), disclosures.clone()).unwrap();
    desk.erase("DK", held, "note").unwrap();
    let mut again = request.event;
    again.id = "017e8103-8a80-7000-8000-000000000099".parse().unwrap();
    let again = again.sign(&key_of("DK", Role::Coordinator)).unwrap();
    let before = desk.ledger.head().leaf;
    let answer = desk.ledger.record(again, disclosures);
    assert!(refused(&desk, before, answer).contains("was used before"));
}

#[test]
fn an_erased_value_comes_back_neither_by_a_repeated_request_nor_by_being_handed_over() {
    let mut desk = Desk::founded();
    let draft =
        desk.draft("DK", ACTION, "action.progressed", json!({"effective": "2021-06", "note": "Jensen"}));
    let (request, disclosures) = desk.sign(&draft);
    let held = desk.ledger.record(request.clone(), disclosures.clone()).unwrap();
    let erased = desk.erase("DK", held, "note").unwrap();
    let digest = disclosures[0].digest();
    assert!(desk.ledger.record(request.clone(), disclosures.clone()).unwrap().repeated);
    assert_eq!(desk.ledger.disclosure(&digest), None);
    assert_eq!(desk.ledger.take(disclosures.clone()).unwrap(), [Intake::Erased(erased.sequence)]);
    assert_eq!(desk.ledger.disclosure(&digest), None);
    // The draft says the same as what was recorded: a field that was erased counts by its presence.
    let known = |digest: &str| desk.ledger.disclosure(&annals::trail::disclosure::Digest::parse(digest)?);
    let mut same = draft.clone();
    same.id = Some(request.event.id);
    assert!(same.says(&request.event, &known));
    same.data.insert("note".to_owned(), "Another".into());
    assert!(same.says(&request.event, &known), "nobody can tell any more");
    same.data.remove("note");
    assert!(!same.says(&request.event, &known));
}

#[test]
fn what_is_handed_over_is_taken_if_an_entry_withholds_it_and_its_field_can_hold_it() {
    let mut desk = Desk::founded();
    let note = json!({"effective": "2021-06", "note": "Jensen"});
    let draft = desk.draft("DK", ACTION, "action.progressed", note);
    let (request, own) = desk.sign(&draft);
    desk.ledger.record(request, Vec::new()).unwrap();
    let strange = Disclosure::new([9; 16], "note", &"nobody's".into());
    // A digest is over whatever its author sealed; what it is called and says is judged when it is shown.
    let odd = |name: &str, value: &Value| {
        let mut event = json!({"effective": "2021-06"});
        let disclosure = Disclosure::new([8; 16], name, value);
        event["_sd"] = json!({"note": disclosure.digest().to_string()});
        (event, disclosure)
    };
    let mut signed = |data: Value| {
        let draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
        let mut event = desk.sign(&draft).0.event;
        event.data = super::desk::object(data).into();
        desk.ledger.record(event.sign(&key_of("DK", Role::Coordinator)).unwrap(), Vec::new()).unwrap();
    };
    let (event, misnamed) = odd("reason", &"x".into());
    signed(event);
    let (event, number) = odd("note", &json!(5));
    signed(event);
    let taken = desk.ledger.take(vec![own[0].clone(), strange, misnamed, number, own[0].clone()]).unwrap();
    assert_eq!(taken[..2], [Intake::Kept, Intake::Stray]);
    assert!(matches!(taken[2..4], [Intake::Unfit(_), Intake::Unfit(_)]), "{taken:?}");
    assert_eq!(taken[4], Intake::Known);
    assert_eq!(desk.ledger.take(own.clone()).unwrap(), [Intake::Known]);
    assert_eq!(desk.ledger.disclosures().unwrap(), own);
}
