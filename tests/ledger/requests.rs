//! Rules of requests: what is signed, on which entry, and what it may withhold.

use super::desk::{ACTION, Desk, key_of, no, refused, word};
use super::writers::lines;
use annals::domain::sealed::Audience;
use annals::ledger::{Ledger, RecordError};
use annals::record::founding::Clock;
use annals::record::request::Draft;
use annals::record::request::Meant;
use annals::record::role::Role;
use annals::record::state::State;
use annals::trail::disclosure::{Digest, Disclosure};
use annals::trail::entry::{CONTEXT, Entry, Request};
use annals::trail::hash::Head;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::SubsecRound;
use serde_json::json;

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
fn a_field_is_withheld_for_a_party_that_there_is() {
    let mut desk = Desk::founded();
    let before = desk.ledger.head().leaf;
    let mut draft =
        desk.draft("DK", ACTION, "action.progressed", json!({"effective": "2021", "note": "kun KR"}));
    draft.audience = Some(Meant::All(Audience::Party("KP".parse().unwrap())));
    let answer = desk.record(&draft);
    assert!(refused(&desk, before, answer).contains("`note` is withheld for `KP`, which is not a party"));
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
fn a_text_is_signed_in_normal_form() {
    let mut desk = Desk::founded();
    let mut draft =
        desk.draft("DK", ACTION, "action.progressed", json!({"effective": "2021", "note": "Mo\u{308}de"}));
    draft.correlationid = Some("Mo\u{308}de".to_owned());
    let receipt = desk.record(&draft).unwrap();
    let entry = desk.ledger.entry(receipt.sequence).unwrap().unwrap();
    assert_eq!(entry.request.event.correlationid.as_deref(), Some("M\u{f6}de"));
    assert!(desk.ledger.disclosures().unwrap().iter().any(|each| each.value() == "M\u{f6}de"));
    let known = |digest: &str| desk.ledger.disclosure(&Digest::parse(digest)?);
    assert!(draft.says(&entry.request.event, &known), "said again, it is the same");
}

#[test]
fn what_could_not_be_read_back_is_never_signed() {
    let desk = Desk::founded();
    let draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let key = key_of("DK", Role::Coordinator);
    let sign = |draft: &Draft, id: &str| {
        let id = id.parse().unwrap();
        draft.sign(id, super::desk::ORIGIN, desk.ledger.head().leaf, &key, &mut || [0; 16])
    };
    for id in ["8c1f6c5e-3b8f-4a55-9d3b-0f2d3c4b5a69", "01784d33-3c40-7000-c000-000000000001"] {
        let refused = sign(&draft, id).unwrap_err();
        assert!(refused.to_string().contains("`id` is not a UUID of version 7"), "{refused}");
    }
    let id = "01784d33-3c40-7000-8000-000000000001";
    let mut early = draft.clone();
    early.time += chrono::Duration::microseconds(1);
    assert!(sign(&early, id).unwrap_err().to_string().contains("`time` is not an instant"));
    let mut answer = draft.clone();
    answer.causationid = Some("8c1f6c5e-3b8f-4a55-9d3b-0f2d3c4b5a69".parse().unwrap());
    assert!(sign(&answer, id).unwrap_err().to_string().contains("`causationid`"));
    assert!(sign(&draft, id).is_ok());
}

/// Somebody else's program may have signed it; entries that have one are read as they are.
#[test]
fn what_no_other_reader_takes_for_a_correlation_is_not_recorded() {
    let desk = Desk::founded();
    let before = desk.ledger.head();
    let key = key_of("DK", Role::Coordinator);
    let mut draft = desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    draft.correlationid = Some("a meeting".to_owned());
    let id = "01784d33-3c40-7000-8000-000000000001".parse().unwrap();
    let (request, _) = draft.sign(id, super::desk::ORIGIN, before.leaf, &key, &mut || [0; 16]).unwrap();
    let signed = String::from_utf8(request.signed()).unwrap();
    for (written, records) in [("", false), ("a\\nb", false), ("a\\tb", false), ("another", true)] {
        let signed = signed.replace("a meeting", written);
        let signature = STANDARD.encode(key.sign(&[CONTEXT, signed.as_bytes()].concat()));
        let line = signed.replace("\"source\"", &format!("\"signature\":\"{signature}\",\"source\""));
        let answer = desk.ledger.record(Request::parse(line.as_bytes()).unwrap(), Vec::new());
        let said = answer.as_ref().map_or_else(ToString::to_string, |receipt| receipt.sequence.to_string());
        assert_eq!(answer.is_ok(), records, "{written}: {said}");
        assert!(records || said.contains("`correlationid` is not a text on one line"), "{said}");
        assert!(records || desk.ledger.head() == before, "{written}");
    }
}

#[test]
fn a_disclosure_that_could_not_be_read_back_is_never_kept() {
    let mut desk = Desk::founded();
    let before = desk.ledger.head();
    let note = "\"".repeat(30_000);
    let answer = desk.progress("DK", "1.G2G.2", json!({"effective": "2021", "note": note}));
    let refused = answer.unwrap_err().to_string();
    assert!(refused.contains("at most 65535 bytes of base64url"), "{refused}");
    assert_eq!(desk.ledger.head(), before);
}

#[test]
fn a_request_that_is_repeated_brings_back_what_was_withheld() {
    let mut desk = Desk::founded();
    let note = json!({"effective": "2021-06", "note": "Møde"});
    let draft = desk.draft("DK", ACTION, "action.progressed", note);
    let (request, disclosures) = desk.sign(&draft);
    desk.ledger.record(request.clone(), Vec::new()).unwrap();
    let digest = disclosures[0].digest();
    assert_eq!(desk.ledger.disclosure(&digest), None);
    assert!(desk.ledger.record(request.clone(), disclosures.clone()).unwrap().repeated);
    assert_eq!(desk.ledger.disclosure(&digest).as_ref(), disclosures.first());
    let stray = vec![Disclosure::new([9; 16], "note", &"no".into())];
    assert!(desk.ledger.record(request, stray).unwrap_err().to_string().contains("no such digest"));
}

#[test]
fn an_object_is_never_an_array_of_its_members() {
    let mut desk = Desk::founded();
    for data in [
        json!({"effective": "2021", "occurrence": ["2021", "planned"]}),
        json!({"effective": "2021", "indicators": [["visits", "3"]]}),
        json!({"effective": "2021", "lifecycle": {"planned": true}}),
    ] {
        let before = desk.ledger.head().leaf;
        let answer = desk.progress("DK", "1.G2G.2", data.clone());
        assert!(!refused(&desk, before, answer).is_empty(), "{data}");
    }
}

#[test]
fn after_a_write_that_failed_the_ledger_is_what_its_store_has() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("ledger");
    drop(Ledger::create(&home).unwrap());
    let ledger = Ledger::open_read_only(&home).unwrap();
    let mut desk = Desk::laid(Clock::Illustrative);
    let first = Entry::parse(&lines(&desk.ledger)[0]).unwrap().request;
    assert!(matches!(ledger.record(first.clone(), Vec::new()), Err(RecordError::Store(_))));
    assert_eq!((ledger.head(), ledger.state()), (Head::EMPTY, State::default()));
    assert!(desk.ledger.record(first, Vec::new()).unwrap().repeated);
    let _ = desk.register("DK", Role::Auditor).unwrap();
}
