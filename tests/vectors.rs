//! Known-answer vectors: the bytes, hashes and signatures that any implementation of the format must reproduce.
//!
//! `ANNALS_BLESS=1 cargo test --test vectors` writes them anew; a changed vector is a changed format.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use annals::trail::canonical;
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::{Entry, Event, Seal, parse_timestamp};
use annals::trail::hash::{LeafHash, NodeHash, hex};
use annals::trail::key::{KeyFault, Kind, SigningKey, VerifierKey};
use annals::trail::policy::Policy;
use annals::trail::proof::Proof;
use annals::trail::quorum::Backing;
use annals::trail::witness::cosign;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;

const ORIGIN: &str = "annals.example/vectors";

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, Kind::Ed25519, &[seed; 32]).unwrap()
}

/// Six entries in three streams by two authors, with Korean and Danish text, escapes and a disclosure.
fn entries() -> Vec<(Vec<u8>, Entry)> {
    let (dk, kr) = (key("DK/coordinator", 1), key("KR/coordinator", 2));
    let note = Disclosure::new([9; 16], "note", &Value::from("Møde udsat"));
    let said = [
        (&dk, "actions/1.G2G.1", json!({"effective": "2021-04", "lifecycle": "under_way"})),
        (&kr, "actions/1.G2G.1", json!({"effective": "2021-04-20", "lifecycle": "planned"})),
        (&dk, "actions/한국-1", json!({"_sd": {"note": note.digest().to_string()}, "effective": "2021"})),
        (&kr, "actions/1.G2G.1", json!({"text": "tab\tnewline\nquote\"backslash\\"})),
        (&kr, "plan", json!({"title": "공동 행동 계획", "n": [0, -1, 9_007_199_254_740_991_u64, true, {}]})),
        (&dk, "actions/한국-1", json!({"effective": "2022-12-31"})),
    ];
    let (mut before, mut streams) = (LeafHash::NONE, HashMap::new());
    let mut sealed = Vec::new();
    for (number, (key, subject, data)) in (0_u64..).zip(said) {
        let event = Event {
            ledger: ORIGIN.into(),
            id: format!("01784d33-3c40-7000-8000-{number:012}").parse().unwrap(),
            source: format!("parties/{}", &key.verifier().name()[..2]).into(),
            kind: "annals.vector.said.v1".into(),
            subject: subject.into(),
            time: parse_timestamp(format!("2021-04-1{number}T09:30:00.000Z")).unwrap(),
            keyid: key.verifier().keyid().into(),
            basehash: before,
            causationid: None,
            correlationid: (number > 3).then(|| "vectors".into()),
            data: data.as_object().unwrap().clone().into(),
        };
        let (streamversion, streamprevhash) = streams.get(subject).copied().unwrap_or((0, LeafHash::NONE));
        let (bytes, entry) = event.sign(key).unwrap().seal(Seal {
            sequence: number,
            recordedtime: parse_timestamp(format!("2021-04-1{number}T09:30:01.250Z")).unwrap(),
            prevhash: before,
            streamversion: streamversion + 1,
            streamprevhash,
        });
        before = entry.leaf();
        streams.insert(subject, (streamversion + 1, entry.leaf()));
        sealed.push((bytes, entry));
    }
    sealed
}

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn holds(file: &str, expected: &[u8]) {
    let path = vectors().join(file);
    if std::env::var_os("ANNALS_BLESS").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read(&path).unwrap();
    assert!(found == expected, "{file} differs: the format has changed, or the code is wrong");
}

#[test]
fn entries_keep_their_bytes() {
    let mut lines = Vec::new();
    for (bytes, _) in entries() {
        lines.extend_from_slice(&bytes);
        lines.push(b'\n');
    }
    holds("entries.jsonl", &lines);
}

#[test]
fn hashes_signatures_and_digests_keep_their_values() {
    let keys: Vec<Value> = [("DK/coordinator", 1_u8), ("KR/coordinator", 2)]
        .into_iter()
        .map(|(name, seed)| {
            let verifier = key(name, seed).verifier();
            json!({"name": name, "seed_byte": seed, "vkey": verifier.to_string(), "keyid": verifier.keyid()})
        })
        .collect();
    let entries: Vec<Value> = entries()
        .iter()
        .map(|(_, entry)| {
            json!({
                "sequence": entry.seal.sequence,
                "leaf_hash": entry.leaf().to_string(),
                "signed": String::from_utf8(entry.request.signed()).unwrap(),
            })
        })
        .collect();
    let note = Disclosure::new([9; 16], "note", &Value::from("Møde udsat"));
    let disclosure = json!({
        "salt_byte": 9, "name": "note", "value": "Møde udsat",
        "disclosure": note.encoded(), "digest": note.digest().to_string(),
    });
    let all = json!({"keys": keys, "entries": entries, "disclosure": disclosure});
    holds("values.json", format!("{}\n", serde_json::to_string_pretty(&all).unwrap()).as_bytes());
}

#[test]
fn the_stored_entries_verify_with_the_stored_keys() {
    let values: Value =
        serde_json::from_slice(&std::fs::read(vectors().join("values.json")).unwrap()).unwrap();
    let keys: Vec<VerifierKey> = values["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| VerifierKey::parse(key["vkey"].as_str().unwrap()).unwrap())
        .collect();
    let lines = std::fs::read_to_string(vectors().join("entries.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 6);
    for line in lines.lines() {
        let entry = Entry::parse(line.as_bytes()).unwrap();
        assert_eq!(keys.iter().filter(|key| entry.request.is_signed_by(key)).count(), 1);
    }
}

/// Two nodes above the six entries: over the first four, and over all.
fn nodes() -> [NodeHash; 2] {
    let leaves: Vec<NodeHash> = entries().iter().map(|(_, entry)| entry.leaf().into()).collect();
    let pairs = leaves.as_chunks().0.iter().map(|[left, right]| NodeHash::above(*left, *right));
    let [first, second, third] = pairs.collect::<Vec<_>>().try_into().unwrap();
    let four = NodeHash::above(first, second);
    [four, NodeHash::above(four, third)]
}

/// The witnesses of both parties, each with the time of its cosignature.
fn witnesses() -> [(SigningKey, u64); 2] {
    let witness = |name, seed| SigningKey::from_seed(name, Kind::Cosignature, &[seed; 32]).unwrap();
    [(witness("DK/witness-1", 4), 1_618_652_400), (witness("KR/witness-1", 5), 1_618_656_007)]
}

fn checkpoint() -> SignedCheckpoint {
    SignedCheckpoint::sign(Checkpoint::new(ORIGIN, 6, nodes()[1]).unwrap(), &key(ORIGIN, 3)).unwrap()
}

fn cosigned() -> SignedCheckpoint {
    let mut signed = checkpoint();
    for (key, time) in witnesses() {
        signed.push(cosign(&key, signed.checkpoint(), time).unwrap()).unwrap();
    }
    signed
}

#[test]
fn checkpoints_cosignatures_proofs_and_policies_keep_their_bytes() {
    holds("checkpoint.txt", checkpoint().to_string().as_bytes());
    holds("cosigned.txt", cosigned().to_string().as_bytes());
    let path = vec![entries()[5].1.leaf().into(), nodes()[0]];
    let proof = Proof::new(Some(entries()[4].0.clone()), 4, path, cosigned()).unwrap();
    holds("proof.tlog-proof", proof.to_string().as_bytes());
    let [dk, kr] = witnesses().map(|(key, _)| [key.verifier()]);
    let policy = Policy::of_parties(&key(ORIGIN, 3).verifier(), &[("DK", &dk), ("KR", &kr)]).unwrap();
    holds("policy.txt", &policy.to_bytes());
}

#[test]
fn the_stored_proof_holds_under_the_stored_policy() {
    let read = |file: &str| std::fs::read(vectors().join(file)).unwrap();
    let policy = Policy::parse(&read("policy.txt")).unwrap();
    let proof = Proof::parse(&read("proof.tlog-proof")).unwrap();
    let cosigned = SignedCheckpoint::parse(&read("cosigned.txt")).unwrap();
    assert_eq!(proof.checkpoint(), &cosigned);
    let verdict = policy.judge(proof.checkpoint()).unwrap();
    assert_eq!(verdict.witnessing.backing, Backing::Witnessed);
    let times: Vec<_> = verdict.witnessing.times.iter().map(|(_, time)| *time).collect();
    assert_eq!(times, witnesses().map(|(_, time)| Some(time)));
    let alone = SignedCheckpoint::parse(&read("checkpoint.txt")).unwrap();
    assert_eq!(policy.judge(&alone).unwrap().witnessing.backing, Backing::Unwitnessed);
    let lines = String::from_utf8(read("entries.jsonl")).unwrap();
    let line = lines.lines().nth(4).unwrap();
    assert_eq!((proof.index(), proof.extra()), (4, Some(line.as_bytes())));
    let [sibling, uncle] = proof.path() else { panic!("two hashes lie beside the way to the root") };
    let pair = NodeHash::above(LeafHash::of(line.as_bytes()).into(), *sibling);
    assert_eq!(NodeHash::above(*uncle, pair), alone.checkpoint().root());
}

fn stored(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(vectors().join(file)).unwrap()).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

fn list<'a>(value: &'a Value, member: &str) -> &'a Vec<Value> {
    value[member].as_array().unwrap()
}

#[test]
fn each_form_is_accepted_or_refused() {
    let forms = stored("canonical.json");
    for text in list(&forms, "accepted") {
        let text = text.as_str().unwrap();
        assert_eq!(canonical::check(text.as_bytes()), Ok(()), "{text}");
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(canonical::write(&value).unwrap(), text.as_bytes(), "there is one way to write it");
    }
    for form in list(&forms, "refused") {
        let bytes = match form["hex"].as_str() {
            Some(hex) => unhex(hex),
            None => form["text"].as_str().unwrap().as_bytes().to_vec(),
        };
        assert!(canonical::check(&bytes).is_err(), "{form}");
    }
}

/// Made by an implementation of RFC 8032 in another language.
#[test]
fn each_signature_holds_strictly_or_not_at_all() {
    let all = stored("signatures.json");
    let vkey = |case: &Value| {
        let key = unhex(case["public_key"].as_str().unwrap());
        let id = Sha256::new().chain_update(b"a\n\x01").chain_update(&key).finalize();
        let bytes: Vec<u8> = std::iter::once(1).chain(key).collect();
        VerifierKey::parse(&format!("a+{}+{}", hex(&id[..4]), STANDARD.encode(bytes)))
    };
    for case in list(&all, "signatures") {
        let signature = unhex(case["signature"].as_str().unwrap());
        let message = case["message"].as_str().unwrap().as_bytes();
        assert_eq!(
            vkey(case).unwrap().verifies(message, &signature),
            case["valid"].as_bool().unwrap(),
            "{case}"
        );
    }
    for case in list(&all, "refused_keys") {
        assert!(matches!(vkey(case), Err(KeyFault::Weak(_))), "{case}");
    }
}
