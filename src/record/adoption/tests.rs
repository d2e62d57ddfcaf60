//! Policies and rules: when they are in force, and what of them is refused.

use super::super::role::Role;
use super::*;

fn party(id: &str) -> Code {
    id.parse().unwrap()
}

#[test]
fn of_three_parties_the_last_to_adopt_puts_it_in_force() {
    let (a, b, c) = (party("A"), party("B"), party("C"));
    let (parties, mut rules) = ([&a, &b, &c], Adoption::<u64>::default());
    let mut take = |party: &Code, thing: u64, sequence: u64| rules.take(&thing, party, sequence, &parties);
    assert_eq!(
        [take(&a, 2, 10), take(&b, 2, 11), take(&c, 1, 12), take(&c, 2, 13)],
        [false, false, false, true]
    );
    // Somebody who goes elsewhere and comes back changes nothing.
    assert_eq!([take(&b, 3, 14), take(&b, 2, 15)], [false, false]);
    assert_eq!([take(&a, 3, 16), take(&b, 3, 17), take(&c, 3, 18)], [false, false, true]);
    assert_eq!(
        [13, 14, 18, 19].map(|size| rules.at(size)),
        [None, Some((13, 2)), Some((13, 2)), Some((18, 3))]
    );
    assert_eq!(rules.until(17).awaited(&3, parties), [&b, &c]);
    assert_eq!(rules.until(18).at(u64::MAX), Some((13, 2)));
    assert_eq!(rules.until(19), rules);
    assert_eq!(rules.until(0), Adoption::default());
}

#[test]
fn a_stranger_is_not_waited_for() {
    let (a, b, stranger) = (party("A"), party("B"), party("S"));
    let mut rules = Adoption::<u64>::default();
    assert!(!rules.take(&1, &stranger, 1, &[&a, &b]));
    assert!(!rules.take(&1, &a, 2, &[&a, &b]) && rules.take(&1, &b, 3, &[&a, &b]));
}

#[test]
fn no_ledger_has_a_key_of_ml_dsa_which_policies_from_elsewhere_may_list() {
    let (log, _) = crate::trail::key::post_quantum("a.example/plan", 1);
    let (witness, _) = crate::trail::key::post_quantum("A/witness-2", 2);
    let policy = Policy::parse(format!("log {log}\nquorum none\n").as_bytes()).unwrap();
    let keys = Keys::default();
    assert_eq!(check(&policy, "a.example/plan", &keys), Err(Refusal::Kind(log.keyid())));
    let registered = authority::Registered {
        role: Role::Witness,
        vkey: witness.clone(),
        institution: None,
        holder: None,
        contact: None,
    };
    let decided = keys.decide(&authority::Event::Registered(registered), &party("A"));
    assert_eq!(decided, Err(authority::Refusal::Kind(witness.keyid())));
}

#[test]
fn a_policy_keeps_its_text_and_says_why_it_is_none() {
    let key = crate::trail::key::SigningKey::from_seed("a/b", crate::trail::key::Kind::Ed25519, &[1; 32]);
    let text = format!("# two\tspaces\nlog  {}\n\nquorum\tnone\n", key.unwrap().verifier());
    let policy: PolicyText = text.parse().unwrap();
    assert_eq!((policy.as_str(), policy.policy().logs().len()), (text.as_str(), 1));
    let json = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<PolicyText>(&json).unwrap(), policy);
    let fault = text.replace("a/b+", "a/b+0").parse::<PolicyText>().unwrap_err();
    assert!(fault.to_string().contains("line 2 of the policy holds no verifier key: the id of the key"));
}
