//! Keys: how they are written and read, and what they sign.

use super::*;
use proptest::prelude::*;

// From the documentation of Go's golang.org/x/mod/sumdb/note, whose keys C2SP signed-note took over.
const GO: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

#[test]
fn a_key_of_the_go_implementation_is_read_and_written_back() {
    let key = VerifierKey::parse(GO).unwrap();
    assert_eq!((key.name(), key.kind()), ("PeterNeumann", Kind::Ed25519));
    assert_eq!((key.keyid().as_str(), key.id()), ("PeterNeumann+c74f20a3", [0xc7, 0x4f, 0x20, 0xa3]));
    assert_eq!(key.to_string(), GO);
    assert!(key.is_named(&key.keyid()));
    for other in ["PeterNeumann+c74f20a4", "PeterNeumann+c74f20a3+", "PeterNeumann", "Peter+c74f20a3", ""] {
        assert!(!key.is_named(other), "{other}");
    }
}

#[test]
fn each_fault_of_a_key_has_its_name() {
    let vkey = |byte: u8, key: [u8; 32]| {
        let bytes: Vec<u8> = std::iter::once(byte).chain(key).collect();
        format!("a+00000000+{}", STANDARD.encode(bytes))
    };
    let mut one = [0; 32];
    one[0] = 1;
    let mut beyond = [0xff; 32];
    beyond[31] = 0x7f;
    beyond[0] = 0xf0; // p + 3, a second way to write y = 3
    assert!(matches!(VerifierKey::parse("a+b"), Err(KeyFault::Form(_))));
    assert!(matches!(VerifierKey::parse(&GO.replace("c74f", "C74F")), Err(KeyFault::Id { .. })));
    assert!(matches!(VerifierKey::parse(&GO.replace("Peter", "Pe er")), Err(KeyFault::Name(_))));
    assert!(matches!(VerifierKey::parse(&format!("{GO}=")), Err(KeyFault::Form(_))));
    assert!(matches!(VerifierKey::parse(&format!("{GO}\n")), Err(KeyFault::Form(_))));
    assert!(matches!(VerifierKey::parse(&vkey(2, one)), Err(KeyFault::Unknown { byte: 2, .. })));
    assert!(matches!(VerifierKey::parse(&vkey(1, one)), Err(KeyFault::Weak(_))), "small order");
    assert!(matches!(VerifierKey::parse(&vkey(1, beyond)), Err(KeyFault::Weak(_))), "not canonical");
}

#[test]
fn a_signature_holds_for_its_message_its_key_and_its_kind_alone() {
    let key = SigningKey::from_seed("DK/a", Kind::Ed25519, &[7; 32]).unwrap();
    let other = SigningKey::from_seed("DK/a", Kind::Ed25519, &[8; 32]).unwrap();
    let mut signature = key.sign(b"said");
    assert!(key.verifier().verifies(b"said", &signature));
    assert!(!key.verifier().verifies(b"Said", &signature));
    assert!(!other.verifier().verifies(b"said", &signature));
    signature[63] |= 0x80;
    assert!(!key.verifier().verifies(b"said", &signature), "S not below the order");
    let witness = SigningKey::from_seed("DK/a", Kind::Cosignature, &[7; 32]).unwrap();
    assert_ne!(witness.verifier().keyid(), key.verifier().keyid());
}

#[test]
fn a_key_of_ml_dsa_is_read_written_back_and_verified_with_and_none_is_made() {
    let (key, sign) = post_quantum("witness.example/w", 7);
    let text = key.to_string();
    assert_eq!((key.kind(), key.raw().len()), (Kind::MlDsa44, 1312));
    assert_eq!(VerifierKey::parse(&text).unwrap(), key);
    assert_ne!(post_quantum("witness.example/w", 8).0, key);
    let signature = sign(b"said");
    assert_eq!(signature.len(), Kind::MlDsa44.signature_length());
    assert!(key.verifies(b"said", &signature));
    assert!(!key.verifies(b"Said", &signature) && !key.verifies(b"said", &signature[1..]));
    for at in (0..signature.len()).step_by(97) {
        let mut changed = signature.clone();
        changed[at] ^= 1;
        assert!(!key.verifies(b"said", &changed), "{at}");
    }
    let (name, rest) = text.split_once('+').unwrap();
    let (id, encoded) = rest.split_once('+').unwrap();
    let short = STANDARD.encode(&STANDARD.decode(encoded).unwrap()[..1312]);
    assert!(matches!(VerifierKey::parse(&format!("{name}+{id}+{short}")), Err(KeyFault::Form(_))));
    assert!(matches!(VerifierKey::parse(&format!("other+{id}+{encoded}")), Err(KeyFault::Id { .. })));
    let made = SigningKey::from_seed("a", Kind::MlDsa44, &[7; 32]);
    assert_eq!(made.unwrap_err(), KeyFault::Unmade("a".to_owned()));
}

#[test]
fn a_signing_key_survives_its_file_and_never_shows_itself() {
    let key = SigningKey::from_seed("KR/a", Kind::Ed25519, &[3; 32]).unwrap();
    let pem = key.to_pem().unwrap();
    // A sequence of 46 bytes that begins with version 0, as OpenSSL writes it.
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI"));
    let back = SigningKey::from_pem("KR/a", Kind::Ed25519, &pem).unwrap();
    assert_eq!(back.verifier(), key.verifier());
    assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.verifier().keyid()));
    assert_eq!(SigningKey::from_pem("KR/a", Kind::Ed25519, GO).unwrap_err(), KeyFault::Pem);
}

proptest! {
    #[test]
    fn what_is_accepted_is_written_back_identically(at in 0_usize..73, byte in 0x20_u8..0x7f) {
        let mut text = GO.as_bytes().to_vec();
        if let Some(place) = text.get_mut(at) { *place = byte; }
        let text = String::from_utf8(text).unwrap();
        if let Ok(key) = VerifierKey::parse(&text) {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
