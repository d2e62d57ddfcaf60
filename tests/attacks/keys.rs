//! What is done with keys: used after their end or before their begin, and signatures that only some verifiers accept.
//!
//! Signatures with a small-order component are made here as in “Taming the many `EdDSAs`” (Chalkias, Garillot, Nikolaenko, 2020):
//! by somebody who has the key, so that a verifier that multiplies by the cofactor, or in a batch, accepts them.

use super::desk::{ACTION, ORIGIN, key_of, word};
use super::two_sides::{Form, Sides, checkpoint, ledger_key, requests, sealed, signed, witness};
use annals::ledger::RecordError;
use annals::ledger::checkpoints::CheckpointError;
use annals::record::authority;
use annals::record::completeness::Unsound;
use annals::record::refusal::Refusal;
use annals::record::role::Role;
use annals::record::verdict::Check;
use annals::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use annals::trail::entry::{CONTEXT, Request};
use annals::trail::hash::hex;
use annals::trail::key::{KeyFault, Kind, VerifierKey};
use annals::trail::note::{Forged, Signature};
use annals::trail::quorum::Distrust;
use annals::trail::witness::WitnessFault;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, IsIdentity};
use serde_json::json;
use sha2::{Digest, Sha256, Sha512};

/// What a ledger answers, and where a verifier finds it in one that took it all the same.
fn refused(sides: &Sides, request: &Request) -> authority::Refusal {
    let mut forged = requests(&sides.lines());
    forged.push(request.clone());
    let forged = sealed(forged);
    for form in Form::ALL {
        let judged = form.judge(&forged, &[checkpoint(&forged, &ledger_key())], &[]);
        assert_eq!(judged.failed(), [(Check::Signatures, forged.len() as u64 - 1)], "{form:?}");
    }
    match sides.desk.ledger.record(request.clone(), Vec::new()) {
        Err(RecordError::Refused(Refusal::Authority(refusal))) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_signs_nothing_after_it_was_revoked_and_what_it_signed_stands() {
    let mut sides = Sides::agreed();
    let late = signed(&mut sides.desk, "KR", ACTION, "action.progressed", word("under_way"));
    let keyid = key_of("KR", Role::Coordinator).verifier().keyid();
    let revoked = json!({"keyid": keyid, "reason": "lost"});
    sides.desk.say("KR", "parties/KR", "key.revoked", revoked).unwrap();
    assert_eq!(refused(&sides, &late), authority::Refusal::Revoked(keyid));
    sides.cosign();
    assert!(Form::Bundle.judge(&sides.lines(), &sides.kept, &[]).is_sound());
}

#[test]
fn a_key_signs_nothing_before_it_was_registered() {
    let mut sides = Sides::agreed();
    let draft = sides.desk.draft("KR/MFDS", "actions/1.G2G.1", "action.progressed", word("continuing"));
    let early = sides.desk.sign_with(&draft, &key_of("KR/MFDS", Role::Officer)).0;
    let keyid = key_of("KR/MFDS", Role::Officer).verifier().keyid();
    assert_eq!(refused(&sides, &early), authority::Refusal::Unknown(keyid));
    // That it is registered later makes it no better.
    let mut forged = requests(&sides.lines());
    let at = forged.len() as u64;
    sides.desk.register("KR/MFDS", Role::Officer).unwrap();
    let registered = requests(&sides.lines()).pop().unwrap();
    forged.extend([early, registered]);
    let judged = Form::Export.judge(&sealed(forged), &[], &[]);
    assert_eq!(judged.failed(), [(Check::Signatures, at)]);
    assert!(judged.found(Check::Signatures).contains("is not registered"));
}

#[test]
fn the_keys_of_witnesses_and_of_the_ledger_say_nothing_and_a_party_speaks_for_no_other() {
    let mut sides = Sides::agreed();
    let draft = sides.desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let by_witness = sides.desk.sign_with(&draft, &witness("DK")).0;
    let keyid = witness("DK").verifier().keyid();
    assert_eq!(refused(&sides, &by_witness), authority::Refusal::Cosigns(keyid));
    let by_ledger = sides.desk.sign_with(&draft, &ledger_key()).0;
    let mut forged = requests(&sides.lines());
    forged.push(by_ledger.clone());
    let judged = Form::Export.judge(&sealed(forged), &[], &[]);
    assert_eq!(judged.failed()[0], (Check::Authority, judged.report.size - 1));
    let answer = sides.desk.ledger.record(by_ledger, Vec::new());
    assert!(matches!(
        answer,
        Err(RecordError::Refused(Refusal::Authority(authority::Refusal::Source { .. })))
    ));
    let draft = sides.desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let by_kr = sides.desk.sign_with(&draft, &key_of("KR", Role::Coordinator)).0;
    let answer = sides.desk.ledger.record(by_kr, Vec::new());
    assert!(matches!(
        answer,
        Err(RecordError::Refused(Refusal::Authority(authority::Refusal::Source { .. })))
    ));
}

/// Whoever has a key, with all that an honest signer never does.
struct Holder {
    secret: Scalar,
    public: [u8; 32],
}

impl Holder {
    /// The holder of a desk's key; its seed is made of its name.
    fn of(name: &str) -> Self {
        let mut seed = [0; 32];
        seed.iter_mut().zip(name.bytes().cycle()).for_each(|(to, from)| *to = from);
        let mut half = [0; 32];
        half.copy_from_slice(&Sha512::digest(seed)[..32]);
        half[0] &= 0xf8;
        half[31] = half[31] & 0x7f | 0x40;
        let secret = Scalar::from_bytes_mod_order(half);
        Self { secret, public: (ED25519_BASEPOINT_POINT * secret).compress().to_bytes() }
    }

    /// Signs with R = r·B and something added to it.
    fn sign(&self, message: &[u8], r: u64, added: EdwardsPoint) -> [u8; 64] {
        let nonce = Scalar::from(r);
        let point = (ED25519_BASEPOINT_POINT * nonce + added).compress().to_bytes();
        let s = nonce + challenge(&point, &self.public, message) * self.secret;
        [point, s.to_bytes()].concat().try_into().unwrap()
    }
}

fn challenge(point: &[u8; 32], public: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(point).chain_update(public).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// Whether a verifier that multiplies by the cofactor accepts it.
fn holds_with_cofactor(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (point, s): ([u8; 32], [u8; 32]) =
        (signature[..32].try_into().unwrap(), signature[32..].try_into().unwrap());
    let r = CompressedEdwardsY(point).decompress().unwrap();
    let a = CompressedEdwardsY(*public).decompress().unwrap();
    let s = Scalar::from_bytes_mod_order(s);
    let left = ED25519_BASEPOINT_POINT * s - a * challenge(&point, public, message) - r;
    left.mul_by_cofactor().is_identity()
}

/// S and the order of the group: the same number to whoever does not compare it.
fn beyond_the_order(signature: &[u8; 64]) -> [u8; 64] {
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let mut beyond = *signature;
    let mut carry = 0;
    for (at, byte) in beyond[32..].iter_mut().enumerate() {
        let sum = u16::from(*byte) + u16::from_str_radix(&ORDER[2 * at..2 * at + 2], 16).unwrap() + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    beyond
}

/// Signatures of a message that a careless verifier accepts, each with what is wrong with it; the honest one is checked here.
fn careless(name: &str, kind: Kind, message: &[u8]) -> Vec<(String, [u8; 64])> {
    let (holder, key) = (Holder::of(name), super::desk::key(name, kind).verifier());
    let sound = holder.sign(message, 7, EdwardsPoint::identity());
    assert_eq!(*key.raw(), holder.public);
    assert!(key.verifies(message, &sound), "the honest twin");
    let mut all = vec![("S beyond the order".to_owned(), beyond_the_order(&sound))];
    for (at, torsion) in EIGHT_TORSION.into_iter().enumerate() {
        all.push((format!("R of small order {at}"), holder.sign(message, 0, torsion)));
        if at > 0 {
            all.push((format!("R with the component {at}"), holder.sign(message, 7, torsion)));
        }
    }
    for (what, signature) in &all {
        assert!(holds_with_cofactor(&holder.public, message, signature), "{what}: the attack is one");
        assert!(!key.verifies(message, signature), "{what}");
    }
    all
}

#[test]
fn an_entry_whose_signature_only_some_verifiers_accept_is_refused_by_all() {
    let mut sides = Sides::agreed();
    let request = signed(&mut sides.desk, "KR", ACTION, "action.progressed", word("under_way"));
    let message = [CONTEXT, &request.signed()].concat();
    let keyid = request.event.keyid.to_string();
    let careless = careless("KR/coordinator-1", Kind::Ed25519, &message);
    assert_eq!(careless.len(), 16);
    for (at, (what, signature)) in careless.into_iter().enumerate() {
        let mut forged = request.clone();
        forged.signature = signature;
        if at < 3 {
            assert_eq!(refused(&sides, &forged), authority::Refusal::Signature(keyid.clone()), "{what}");
        } else {
            let answer = sides.desk.ledger.record(forged, Vec::new());
            assert!(matches!(
                answer,
                Err(RecordError::Refused(Refusal::Authority(authority::Refusal::Signature(_))))
            ));
        }
    }
    sides.desk.ledger.record(request, Vec::new()).unwrap();
}

/// A line under the name and the id of a key.
fn line(key: &VerifierKey, bytes: &[u8]) -> Signature {
    let encoded = STANDARD.encode([&key.id()[..], bytes].concat());
    format!("— {} {encoded}", key.name()).parse().unwrap()
}

#[test]
fn a_checkpoint_whose_signature_only_some_verifiers_accept_is_refused_by_all() {
    let sides = Sides::agreed();
    let checkpoint = sides.kept[1].checkpoint();
    let key = ledger_key().verifier();
    for (what, signature) in careless(ORIGIN, Kind::Ed25519, checkpoint.to_string().as_bytes()) {
        let forged = SignedCheckpoint::with(checkpoint.clone(), [line(&key, &signature)]).unwrap();
        let fault = Forged(key.keyid());
        assert_eq!(forged.signed_by(&key), Err(CheckpointFault::Forged(fault.clone())), "{what}");
        assert_eq!(sides.policy().judge(&forged), Err(Distrust::Forged(fault.clone())), "{what}");
        let taken = sides.desk.ledger.take_cosignatures(&forged);
        assert!(matches!(taken, Err(CheckpointError::Signed(CheckpointFault::Forged(_)))), "{what}");
    }
}

#[test]
fn a_cosignature_that_only_some_verifiers_accept_is_refused_by_all() {
    let sides = Sides::agreed();
    let signed = SignedCheckpoint::sign(sides.kept[1].checkpoint().clone(), &ledger_key()).unwrap();
    let key = witness("KR").verifier();
    let message = format!("cosignature/v1\ntime 1700000000\n{}", signed.checkpoint());
    for (at, (what, signature)) in
        careless("KR/witness-1", Kind::Cosignature, message.as_bytes()).into_iter().enumerate()
    {
        let line = line(&key, &[&1_700_000_000_u64.to_be_bytes()[..], &signature].concat());
        let invalid = Err(WitnessFault::Invalid(key.keyid()));
        assert_eq!(annals::trail::witness::verify(&key, signed.checkpoint(), &line), invalid, "{what}");
        let mut forged = signed.clone();
        forged.push(line).unwrap();
        let taken = sides.desk.ledger.take_cosignatures(&forged);
        assert!(matches!(taken, Err(CheckpointError::Cosigned(WitnessFault::Invalid(_)))), "{what}");
        if at < 3 {
            let unsound = Unsound::Distrust(Distrust::Forged(Forged(key.keyid())));
            let judged = Form::Bundle.judge(&sides.lines(), &[forged], &[]);
            assert_eq!(judged.unsound(), [(sides.lines().len() as u64, unsound)], "{what}");
        }
    }
}

/// A verifier key of these bytes, with the id that belongs to them.
fn vkey(name: &str, kind: u8, public: &[u8; 32]) -> String {
    let id = Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(public).finalize();
    format!("{name}+{}+{}", hex(&id[..4]), STANDARD.encode([&[kind], &public[..]].concat()))
}

#[test]
fn a_key_with_a_small_order_component_is_never_registered() {
    let mut sides = Sides::agreed();
    let holder = Holder::of("KR/auditor-2");
    let own = CompressedEdwardsY(holder.public).decompress().unwrap();
    let mut publics: Vec<[u8; 32]> = Vec::new();
    for torsion in EIGHT_TORSION {
        publics.push(torsion.compress().to_bytes());
        publics.extend((!torsion.is_identity()).then(|| (own + torsion).compress().to_bytes()));
    }
    // The same points, of small order, written with p added, and with the sign of zero.
    for text in [
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ] {
        let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        publics.push(std::array::from_fn(byte));
    }
    for (public, kind) in publics.iter().flat_map(|public| [(public, 1), (public, 4)]) {
        let text = vkey("KR/auditor-2", kind, public);
        assert_eq!(VerifierKey::parse(&text), Err(KeyFault::Weak("KR/auditor-2".to_owned())));
    }
    let sound = vkey("KR/auditor-2", 1, &holder.public);
    for (text, taken) in [(vkey("KR/auditor-2", 1, &publics[2]), false), (sound, true)] {
        let data = json!({"role": "auditor", "vkey": text});
        let request = signed(&mut sides.desk, "KR", "parties/KR", "key.registered", data);
        let mut forged = requests(&sides.lines());
        forged.push(request.clone());
        let judged = Form::Export.judge(&sealed(forged), &[], &[]);
        match sides.desk.ledger.record(request, Vec::new()) {
            Ok(_) => assert!(taken && judged.report.holds()),
            Err(RecordError::Refused(Refusal::Fact(_))) => {
                assert!(!taken);
                assert_eq!(judged.failed(), [(Check::Rules, judged.report.size - 1)]);
                assert!(judged.found(Check::Rules).contains("of prime order"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn why_the_key_is_refused_and_not_the_signature_alone() {
    // One message in eight is signed under a key with a component of order eight, for every strict verifier of signatures.
    let holder = Holder::of("KR/auditor-2");
    let own = CompressedEdwardsY(holder.public).decompress().unwrap();
    let mixed = Holder { public: (own + EIGHT_TORSION[1]).compress().to_bytes(), ..holder };
    let key = ed25519_dalek::VerifyingKey::from_bytes(&mixed.public).unwrap();
    let strict = (0..100_u8).filter(|at| {
        let signature = mixed.sign(&[*at], 7, EdwardsPoint::identity());
        key.verify_strict(&[*at], &ed25519_dalek::Signature::from_bytes(&signature)).is_ok()
    });
    assert!((1..60).contains(&strict.count()), "it accepts some and refuses others");
}
