//! Entries, requests and their faults: what is read back, what is refused, what breaks a signature.

use super::*;
use proptest::prelude::*;

fn key() -> SigningKey {
    SigningKey::from_seed("DK/coordinator", Kind::Ed25519, &[7; 32]).unwrap()
}

fn event() -> Event {
    let data = serde_json::json!({"effective": "2021-04", "lifecycle": "under_way"});
    Event {
        ledger: "annals.example/test".into(),
        id: "01784d33-3c40-7000-8000-000000000001".parse().unwrap(),
        source: "parties/DK".into(),
        kind: "annals.action.progressed.v1".into(),
        subject: "actions/1.G2G.3".into(),
        time: parse_timestamp("2021-04-14T09:30:00.000Z").unwrap(),
        keyid: key().verifier().keyid().into(),
        basehash: LeafHash::of(b"before"),
        causationid: None,
        correlationid: Some("meeting".into()),
        data: data.as_object().unwrap().clone().into(),
    }
}

fn seal() -> Seal {
    Seal {
        sequence: 41,
        recordedtime: parse_timestamp("2021-04-14T09:30:01.250Z").unwrap(),
        prevhash: LeafHash::of(b"before"),
        streamversion: 2,
        streamprevhash: LeafHash::of(b"first"),
    }
}

#[test]
fn an_entry_is_its_signed_bytes_with_two_runs_put_in() {
    let request = event().sign(&key()).unwrap();
    let (bytes, entry) = request.clone().seal(seal());
    let text = String::from_utf8(bytes.clone()).unwrap();
    let cut = |text: &str, from: &str, to: &str| {
        format!("{}{}", &text[..text.find(from).unwrap()], &text[text.find(to).unwrap()..])
    };
    let signed = cut(&cut(&text, "\"prevhash\"", "\"source\""), "\"streamprevhash\"", "\"subject\"");
    assert_eq!(signed.as_bytes(), request.signed());
    let read = Entry::parse(&bytes).unwrap();
    assert_eq!(read, entry);
    assert_eq!((read.leaf(), read.length()), (LeafHash::of(&bytes), bytes.len()));
    assert_eq!((entry.leaf(), entry.length()), (read.leaf(), read.length()));
    assert_eq!(entry.request, request);
    assert!(entry.request.is_signed_by(&key().verifier()));
}

#[test]
fn a_request_is_read_back_as_written() {
    let request = event().sign(&key()).unwrap();
    assert_eq!(Request::parse(&request.to_bytes()).unwrap(), request);
    let (entry, _) = request.seal(seal());
    assert_eq!(Request::parse(&entry), Err(EntryFault::Unknown("prevhash".to_owned())));
}

#[test]
fn a_correlation_that_cloud_events_refuses_is_read_and_never_signed() {
    let correlated = |text: &str| Event { correlationid: Some(text.into()), ..event() };
    for text in ["", "a\nb", "a\tb", "\u{7f}", "a\u{85}", "\u{9f}b"] {
        let fault = correlated(text).sign(&key()).unwrap_err();
        assert!(matches!(fault, EntryFault::Attribute { name: "correlationid", .. }), "{text:?}: {fault}");
        assert_eq!(correlated(text).to_bytes(), Err(fault));
    }
    assert!(correlated("the council's møde, 회의").sign(&key()).is_ok());
    // As they could be signed before.
    for written in ["", "a\\nb", "a\\tb"] {
        let signed = String::from_utf8(event().to_bytes().unwrap()).unwrap().replace("meeting", written);
        let signature = STANDARD.encode(key().sign(&[CONTEXT, signed.as_bytes()].concat()));
        let line = signed.replacen("\"source\"", &format!("\"signature\":\"{signature}\",\"source\""), 1);
        assert!(Request::parse(line.as_bytes()).unwrap().is_signed_by(&key().verifier()), "{written}");
    }
}

#[test]
fn each_changed_attribute_breaks_the_signature() {
    let (bytes, _) = event().sign(&key()).unwrap().seal(seal());
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        ("annals.example/test", "annals.example/text"),
        ("under_way", "completed"),
        ("actions/1.G2G.3", "actions/1.G2G.4"),
        ("09:30:00.000Z", "09:30:00.001Z"),
        ("\"meeting\"", "\"Meeting\""),
        ("000000000001", "000000000002"),
    ] {
        let entry = Entry::parse(text.replace(from, to).as_bytes()).unwrap();
        assert!(!entry.request.is_signed_by(&key().verifier()), "{from}");
    }
    let witness = SigningKey::from_seed("DK/coordinator", Kind::Cosignature, &[7; 32]).unwrap();
    assert!(!Entry::parse(text.as_bytes()).unwrap().request.is_signed_by(&witness.verifier()));
}

#[test]
fn each_fault_of_an_entry_has_its_name() {
    let (bytes, _) = event().sign(&key()).unwrap().seal(seal());
    let text = String::from_utf8(bytes).unwrap();
    for (from, to, named) in [
        ("\"specversion\":\"1.0\"", "\"specversion\":\"1.1\"", "specversion"),
        ("\"sequence\":\"000000000041\"", "\"sequence\":\"41\"", "sequence"),
        ("\"sequence\":\"000000000041\",", "", "sequence"),
        ("\"streamversion\":2", "\"streamversion\":0", "streamversion"),
        ("\"streamversion\":2", "\"streamversion\":\"2\"", "streamversion"),
        ("09:30:00.000Z", "09:30:60.000Z", "time"),
        ("09:30:00.000Z", "09:30:00Z", "time"),
        ("2021-04-14T09:30:00.000Z", "2021-02-30T09:30:00.000Z", "time"),
        ("3c40-7000", "3c40-4000", "id"),
        ("\"subject\"", "\"sujet\":1,\"subject\"", "sujet"),
        ("\"correlationid\":\"meeting\"", "\"correlationid\":1", "correlationid"),
    ] {
        let mended = text.replacen(from, to, 1);
        assert_ne!(mended, text, "{from}");
        let fault = Entry::parse(mended.as_bytes()).unwrap_err().to_string();
        assert!(fault.contains(&format!("`{named}`")) || fault.contains("canonical"), "{from}: {fault}");
    }
}

#[test]
fn the_longest_signed_part_still_fits_as_an_entry() {
    let mut long = event();
    let room = SIGNED_LIMIT - long.to_bytes().unwrap().len() - ",\"note\":\"\"".len();
    let noted = |event: &Event, length: usize| {
        let mut members = event.data.members();
        members.insert("note".to_owned(), "x".repeat(length).into());
        members.into()
    };
    long.data = noted(&long, room);
    let (bytes, _) = long.clone().sign(&key()).unwrap().seal(Seal {
        sequence: 999_999_999_999,
        streamversion: 999_999_999_999,
        ..seal()
    });
    assert!(Entry::parse(&bytes).is_ok());
    long.data = noted(&long, room + 1);
    assert!(matches!(long.sign(&key()), Err(EntryFault::Length { limit: SIGNED_LIMIT, .. })));
}

proptest! {
    #[test]
    fn damaged_entries_are_answered_and_never_panic(at in 0_usize..900, byte in any::<u8>()) {
        let (mut bytes, entry) = event().sign(&key()).unwrap().seal(seal());
        let place = at % bytes.len();
        let changed = bytes[place] != byte;
        bytes[place] = byte;
        if let Ok(read) = Entry::parse(&bytes) {
            prop_assert_eq!(read.leaf() != entry.leaf(), changed);
        }
    }
}
