//! Requests: which texts are signed in NFC.

use super::*;
use crate::record::ids;

#[test]
fn words_are_signed_in_nfc_and_the_octets_of_others_as_they_are() {
    use crate::trail::key::{Kind, SigningKey};
    use serde_json::json;

    let (nfd, nfc) = ("DK/K\u{f8}benhavn-a\u{30a}", "DK/K\u{f8}benhavn-\u{e5}");
    let given = |words: &str| {
        json!({
            "keyid": nfd, "ledger_key": nfd, "policy": nfd, "vkey": nfd, "name": words, "names": {"da": words},
            "parties": [{"authority": [nfd], "name": words, "notes": [words], "witness": [nfd]}],
        })
    };
    let time = parse_timestamp("2021-04-14T09:30:00.000Z").unwrap();
    let data = serde_json::from_value(given(nfd)).unwrap();
    let draft =
        Draft::of_party(&"DK".parse().unwrap(), "parties/DK".to_owned(), "key.registered", time, data);
    let key = SigningKey::from_seed("DK/authority-1", Kind::Ed25519, &[7; 32]).unwrap();
    let id = ids::new(time, [7; 10]);
    let signed =
        draft.sign(id, "annals.example/desk", LeafHash::of(b"before"), &key, &mut || [7; 16]).unwrap();
    let event = signed.0.event;
    assert_eq!(Value::Object(event.data.members()), given(nfc));
    assert!(draft.says(&event, &|_| None));
}
