//! Derived ids: what they follow from, and that they are UUIDs of version 7; and which texts are signed in NFC.

use super::*;

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
    let id = new_id(time, [7; 10]);
    let signed =
        draft.sign(id, "annals.example/desk", LeafHash::of(b"before"), &key, &mut || [7; 16]).unwrap();
    let event = signed.0.event;
    assert_eq!(Value::Object(event.data.members()), given(nfc));
    assert!(draft.says(&event, &|_| None));
}

#[test]
fn of_several_changes_each_has_an_id_that_follows_from_the_first() {
    let first = parse_id("01795a70-9c00-7f4a-884d-de944e2fd581").unwrap();
    let ids = [1, 2, 3].map(|number| further_id(first, "annals.example/desk", number).to_string());
    assert_eq!(ids[0], first.to_string());
    assert!(ids.iter().all(|id| id.starts_with("01795a70-9c00-7") && parse_id(id).is_some()), "{ids:?}");
    // printf 'annals.example/desk\n01795a70-9c00-7f4a-884d-de944e2fd581\n2' | sha256sum
    assert_eq!(ids[1], "01795a70-9c00-7517-8c3c-0bc87354b1e8");
    assert_ne!(ids[1], ids[2]);
}

#[test]
fn a_derived_id_holds_the_leading_bits_of_its_hash() {
    let time = parse_timestamp("2021-04-14T09:30:00.000Z").unwrap();
    // printf 'annals.example/desk\n%064d\n7' 0 | sha256sum
    let id = derived_id(time, "annals.example/desk", &"0".repeat(64), 7);
    let hash = Sha256::digest(format!("annals.example/desk\n{}\n7", "0".repeat(64)));
    let bits = |bytes: &[u8], from: usize, count: usize| -> Vec<u8> {
        (from..from + count).map(|bit| bytes[bit / 8] >> (7 - bit % 8) & 1).collect()
    };
    let random = [bits(id.as_bytes(), 52, 12), bits(id.as_bytes(), 66, 62)].concat();
    assert_eq!(random, bits(&hash, 0, 74));
    assert_eq!((id.get_version_num(), id.to_string().as_str()), (7, "0178cfb7-4dc0-7ab9-a648-36f03e688815"));
}
