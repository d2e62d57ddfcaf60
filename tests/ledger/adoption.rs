//! Rules of adopting: what is in force once every party has recorded the same, and of the ledger's own key.

use super::desk::{Desk, ORIGIN, key, key_of, no, policy, refused};
use annals::record::adoption::InForce;
use annals::record::founding::Clock;
use annals::record::role::Role;
use annals::record::state::State;
use annals::trail::hash::Head;
use annals::trail::key::{Kind, SigningKey, VerifierKey};
use annals::trail::policy::Quorum;
use serde_json::{Value, json};

fn first() -> SigningKey {
    key(ORIGIN, Kind::Ed25519)
}

/// Another key under the ledger's name.
fn other(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[seed; 32]).unwrap()
}

fn adopting(text: impl Into<String>) -> Value {
    json!({"policy": text.into()})
}

fn adopt(desk: &mut Desk, party: &str, text: &str) -> u64 {
    desk.say(party, "ledger", "policy.adopted", adopting(text)).unwrap().sequence
}

/// A text in which this stands in place of that.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1)
}

fn in_force(state: &State, size: u64) -> InForce {
    state.policy_at(size).unwrap().unwrap()
}

fn refuses(desk: &mut Desk, text: &str, reason: &str) {
    no(desk, "DK", "ledger", "policy.adopted", adopting(text), reason);
}

#[test]
fn until_a_policy_is_adopted_every_first_witness_has_to_cosign() {
    let desk = Desk::founded();
    let state = desk.ledger.state();
    assert_eq!(state.policy_at(0), Ok(None));
    for size in [1, state.head.size, u64::MAX] {
        let InForce { policy, since } = in_force(&state, size);
        assert_eq!(since, 0);
        assert_eq!(policy.as_str(), with(&self::policy(&first()), "# Ours.\n", ""));
        assert_eq!(*policy.policy().quorum(), Quorum::Of("both".into()));
        assert_eq!(state.ledger_key_at(size), Some(&first().verifier()));
        assert_eq!(state.rules_at(size), Some(1));
    }
    assert_eq!((state.ledger_key_at(0), state.rules_at(0)), (None, None));
}

#[test]
fn a_policy_is_in_force_once_every_party_has_adopted_the_same() {
    let mut desk = Desk::founded();
    let (ours, theirs) = (policy(&first()), with(&policy(&first()), "Ours", "Theirs"));
    adopt(&mut desk, "DK", &ours);
    // A comment alone makes it another.
    adopt(&mut desk, "KR", &theirs);
    let state = desk.ledger.state();
    assert_eq!(in_force(&state, u64::MAX).since, 0);
    let awaited = |state: &State, text: &str| {
        let awaited = state.adopted.policy.awaited(&text.parse().unwrap(), state.parties());
        awaited.into_iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(awaited(&state, &ours), ["KR"]);
    assert_eq!(awaited(&state, &theirs), ["DK"]);
    let at = adopt(&mut desk, "KR", &ours);
    let state = desk.ledger.state();
    assert_eq!(in_force(&state, at).since, 0, "up to the entry before");
    let now = in_force(&state, at + 1);
    assert_eq!((now.policy.as_str(), now.since), (ours.as_str(), at));
    assert!(awaited(&state, &ours).is_empty());
    // What one party adopts changes nothing, and taken back it was never in force.
    adopt(&mut desk, "DK", &theirs);
    adopt(&mut desk, "DK", &ours);
    assert_eq!(in_force(&desk.ledger.state(), u64::MAX), now);
    adopt(&mut desk, "KR", &theirs);
    let last = adopt(&mut desk, "DK", &theirs);
    let state = desk.ledger.state();
    assert_eq!(in_force(&state, last), now);
    assert_eq!(in_force(&state, last + 1).policy.as_str(), theirs);
    let then = state.until(Head { size: last, ..state.head }, state.recorded);
    assert_eq!(in_force(&then, u64::MAX), now, "and as it was, it reads as it did");
    assert!(desk.ledger.verify(&mut |_| {}).unwrap().holds());
}

#[test]
fn the_octets_of_a_policy_are_adopted_as_they_are() {
    let mut desk = Desk::founded();
    let text = policy(&first()).replace("both", "a\u{30a}-begge");
    adopt(&mut desk, "DK", &text);
    let at = adopt(&mut desk, "KR", &text);
    let now = in_force(&desk.ledger.state(), u64::MAX);
    assert_eq!((now.policy.as_str(), now.since), (text.as_str(), at));
    assert!(desk.ledger.verify(&mut |_| {}).unwrap().holds());
}

#[test]
fn nothing_is_adopted_or_attested_before_the_founding_is_over() {
    let mut desk = Desk::laid(Clock::Illustrative);
    let reason = "is not a part of the founding";
    refuses(&mut desk, &policy(&first()), reason);
    no(&mut desk, "DK", "ledger", "rules.adopted", json!({"rules": 1}), reason);
    let before = desk.ledger.head().leaf;
    let answer = desk.attest(&first(), |_, _| {});
    assert!(refused(&desk, before, answer).contains(reason));
}

#[test]
fn the_authority_of_each_party_adopts_and_nobody_else() {
    let mut desk = Desk::founded();
    for (kind, data) in
        [("policy.adopted", adopting(policy(&first()))), ("rules.adopted", json!({"rules": 1}))]
    {
        let before = desk.ledger.head().leaf;
        let mut draft = desk.draft("DK", "ledger", kind, data.clone());
        draft.role = Some(Role::Coordinator);
        let answer = desk.record(&draft);
        assert!(refused(&desk, before, answer).contains("role coordinator does not sign"));
        no(&mut desk, "DK", "plan", kind, data, "belongs to the subject ledger");
    }
}

#[test]
fn what_is_no_policy_is_refused_with_its_line() {
    let mut desk = Desk::founded();
    let text = policy(&first());
    for (text, reason) in [
        (with(&text, "quorum both\n", ""), "the policy has no quorum"),
        (text.trim_end().to_owned(), "does not end with a newline"),
        (with(&text, "group both", "grp both"), "line 5 of the policy begins with `grp`"),
        (with(&text, "desk+", "desk+0"), "line 2 of the policy holds no verifier key: the id of the key"),
        ("x".repeat(32_769), "32768 are allowed"),
        (String::new(), "an empty text"),
    ] {
        refuses(&mut desk, &text, reason);
    }
}

#[test]
fn a_policy_lists_this_ledger_and_no_other_log() {
    let mut desk = Desk::founded();
    let text = policy(&first());
    let line = format!("log {}\n", first().verifier());
    refuses(&mut desk, &with(&text, &line, ""), "one line `log`, with the ledger's key, and this one has 0");
    let another = key("annals.example/other", Kind::Ed25519).verifier();
    refuses(&mut desk, &with(&text, &line, &format!("{line}log {another}\n")), "this one has 2");
    let foreign = with(&text, &line, &format!("log {another}\n"));
    refuses(&mut desk, &foreign, "of the log annals.example/other, and this ledger is annals.example/desk");
}

#[test]
fn a_policy_with_a_witness_that_is_not_registered_is_refused() {
    let mut desk = Desk::founded();
    let text = policy(&first());
    let second = key("KR/witness-2", Kind::Cosignature).verifier();
    let listed = with(&text, &key_of("KR", Role::Witness).verifier().to_string(), &second.to_string());
    let missing = format!("the witness `KR` has the key {}, which no party registered", second.keyid());
    refuses(&mut desk, &listed, &missing);
    let registered = json!({"role": "witness", "vkey": second.to_string()});
    desk.say("KR", "parties/KR", "key.registered", registered).unwrap();
    adopt(&mut desk, "DK", &listed);
    // Judged again where the next party adopts it.
    desk.say("KR", "parties/KR", "key.revoked", json!({"keyid": second.keyid()})).unwrap();
    let revoked = format!("the witness `KR` has the key {}, which was revoked", second.keyid());
    no(&mut desk, "KR", "ledger", "policy.adopted", adopting(listed), &revoked);
    // The same bytes under another name are another key.
    let renamed = SigningKey::from_seed("KR/witness-3", Kind::Cosignature, &seed("KR/witness-1")).unwrap();
    let text =
        with(&text, &key_of("KR", Role::Witness).verifier().to_string(), &renamed.verifier().to_string());
    refuses(&mut desk, &text, "KR/witness-3+");
}

fn seed(name: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed.iter_mut().zip(name.bytes().cycle()).for_each(|(to, from)| *to = from);
    seed
}

#[test]
fn a_policy_that_asks_nobody_is_refused() {
    let mut desk = Desk::founded();
    refuses(&mut desk, &with(&policy(&first()), "quorum both", "quorum none"), "witnessed by nobody");
}

#[test]
fn a_party_adopts_a_thing_once() {
    let mut desk = Desk::founded();
    let text = policy(&first());
    adopt(&mut desk, "DK", &text);
    refuses(&mut desk, &text, "DK has adopted this already");
    desk.say("DK", "ledger", "rules.adopted", json!({"rules": 1})).unwrap();
    no(&mut desk, "DK", "ledger", "rules.adopted", json!({"rules": 1}), "DK has adopted this already");
    adopt(&mut desk, "KR", &text);
}

#[test]
fn rules_that_this_program_does_not_know_are_not_adopted() {
    let mut desk = Desk::founded();
    no(&mut desk, "DK", "ledger", "rules.adopted", json!({"rules": 2}), "rules version 2 is unknown");
    for party in ["DK", "KR"] {
        desk.say(party, "ledger", "rules.adopted", json!({"rules": 1})).unwrap();
    }
    let state = desk.ledger.state();
    assert_eq!(state.adopted.rules.at(u64::MAX), Some((state.head.size - 1, 1)));
    assert_eq!(state.rules_at(u64::MAX), Some(1));
}

#[test]
fn a_replaced_ledger_key_signs_no_more() {
    let mut desk = Desk::founded();
    desk.attest(&first(), |_, _| {}).unwrap();
    adopt(&mut desk, "DK", &policy(&other(2)));
    let before = desk.ledger.head().leaf;
    let answer = desk.attest(&other(2), |_, _| {});
    assert!(refused(&desk, before, answer).contains("is not registered"), "half adopted, it is nobody's");
    desk.attest(&first(), |_, _| {}).unwrap();
    let at = adopt(&mut desk, "KR", &policy(&other(2)));
    let before = desk.ledger.head().leaf;
    let answer = desk.attest(&first(), |_, _| {});
    assert!(refused(&desk, before, answer).contains("was the ledger's until"));
    desk.attest(&other(2), |_, _| {}).unwrap();
    let state = desk.ledger.state();
    assert_eq!(state.ledger_key_at(at), Some(&first().verifier()));
    assert_eq!(state.ledger_key_at(at + 1), Some(&other(2).verifier()));
    let all: Vec<VerifierKey> = state.ledger_keys().cloned().collect();
    assert_eq!(all, [first().verifier(), other(2).verifier()]);
    let then = state.until(Head { size: at, ..state.head }, state.recorded);
    assert_eq!(then.ledger_keys().collect::<Vec<_>>(), [&first().verifier()]);
    assert_eq!(then.keys.in_force(&first().verifier().keyid()).map(|key| &key.vkey), Ok(&first().verifier()));
    assert!(desk.ledger.verify(&mut |_| {}).unwrap().holds());
}

#[test]
fn no_key_that_was_ever_registered_becomes_the_ledgers_again() {
    let mut desk = Desk::founded();
    for party in ["DK", "KR"] {
        adopt(&mut desk, party, &policy(&other(2)));
    }
    refuses(&mut desk, &policy(&first()), "was registered before");
    let coordinator = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &seed("DK/coordinator-1")).unwrap();
    refuses(&mut desk, &policy(&coordinator), "was registered before");
    // The key in force stays, whatever else changes.
    for party in ["DK", "KR"] {
        adopt(&mut desk, party, &with(&policy(&other(2)), "group both all", "group both any"));
    }
    assert_eq!(desk.ledger.state().ledger_keys().count(), 2);
}

#[test]
fn a_key_of_the_ledger_is_never_a_partys() {
    let mut desk = Desk::founded();
    for party in ["DK", "KR"] {
        adopt(&mut desk, party, &policy(&other(2)));
    }
    for seed in [seed(ORIGIN), [2; 32]] {
        let taken = SigningKey::from_seed("DK/auditor-2", Kind::Ed25519, &seed).unwrap();
        let data = json!({"role": "auditor", "vkey": taken.verifier().to_string()});
        no(&mut desk, "DK", "parties/DK", "key.registered", data, "was registered before");
    }
    let third = SigningKey::from_seed("DK/ledger-1", Kind::Ed25519, &[3; 32]).unwrap();
    let data = json!({"role": "ledger", "vkey": third.verifier().to_string()});
    no(&mut desk, "DK", "parties/DK", "key.registered", data, "unknown variant `ledger`");
    let revoked = json!({"keyid": other(2).verifier().keyid()});
    no(&mut desk, "DK", "parties/DK", "key.revoked", revoked, "is the ledger's own");
}

#[test]
fn the_ledgers_key_attests_and_says_nothing_else() {
    let mut desk = Desk::founded();
    for (speaker, kind, data) in
        [("DK", "rules.adopted", json!({"rules": 1})), ("KR", "policy.adopted", adopting(policy(&first())))]
    {
        let before = desk.ledger.head().leaf;
        let draft = desk.draft(speaker, "ledger", kind, data);
        let (request, _) = desk.sign_with(&draft, &first());
        let answer = desk.ledger.record(request.clone(), Vec::new());
        assert!(
            refused(&desk, before, answer).contains("speaks for ledger, and the event says that parties/")
        );
        let mut event = request.event;
        event.source = "ledger".into();
        let answer = desk.ledger.record(event.sign(&first()).unwrap(), Vec::new());
        assert!(refused(&desk, before, answer).contains("role ledger does not sign"));
    }
    let before = desk.ledger.head().leaf;
    let answer = desk.attest(&key_of("DK", Role::Authority), |_, _| {});
    assert!(refused(&desk, before, answer).contains("speaks for parties/DK"));
    let attested = json!({"count": 1, "root": "0".repeat(64), "size": 1});
    no(&mut desk, "DK", "ledger", "streams.attested", attested, "role authority does not sign");
}

#[test]
fn an_attestation_of_other_streams_is_refused() {
    let mut desk = Desk::founded();
    let before = desk.ledger.head().leaf;
    let mut no = |change: &dyn Fn(&mut annals::record::attestation::Attested), reason: &str| {
        let answer = desk.attest(&first(), |attested, _| change(attested));
        let refusal = refused(&desk, before, answer);
        assert!(refusal.contains(reason), "{refusal}");
    };
    no(&|attested| attested.count += 1, "streams, and the entries before it are of");
    no(&|attested| attested.size -= 1, "entries, and");
    no(&|attested| attested.root.0[31] ^= 1, "it attests to other streams");
}

#[test]
fn an_attestation_is_signed_on_the_entry_before_it() {
    let mut desk = Desk::founded();
    let earlier = desk.ledger.head().leaf;
    desk.say("DK", "ledger", "rules.adopted", json!({"rules": 1})).unwrap();
    let before = desk.ledger.head().leaf;
    let answer = desk.attest(&first(), |_, base| *base = earlier);
    assert!(refused(&desk, before, answer).contains(&format!("the entry right before it, {before}")));
    // The last entry is one of the ledger's stream, and the next attestation counts this one.
    let one = desk.attest(&first(), |_, _| {}).unwrap().sequence;
    assert_eq!(desk.attest(&first(), |_, _| {}).unwrap().sequence, one + 1);
}
