//! Decisions: which fields they have, and what is proposed or consented to.

use super::*;
use serde_json::json;

#[test]
fn a_proposal_has_its_reason_and_a_last_consent_has_none() {
    let data = json!({"review": "R2023", "decision": "retain"});
    assert!(serde_json::from_value::<Proposed>(data.clone()).is_err());
    assert!(serde_json::from_value::<Modified>(data.clone()).is_ok());
    let mut reasoned = data;
    reasoned["_sd.reason"] = json!({"digest": "d"});
    assert!(serde_json::from_value::<Proposed>(reasoned.clone()).is_ok());
    assert!(serde_json::from_value::<Modified>(reasoned).is_err());
}

#[test]
fn of_three_parties_the_last_to_agree_puts_it_into_effect() {
    let code = |text: &str| -> Code { text.parse().unwrap() };
    let (a, b, c) = (code("A"), code("B"), code("C"));
    let parties = [&a, &b, &c];
    let decision = Decision { review: code("R"), change: Change::Retain, effective: None };
    let mut proposal = Proposal {
        id: Uuid::nil(),
        sequence: 7,
        day: NaiveDate::default(),
        party: a.clone(),
        decision,
        agreed: Vec::new(),
        declined: None,
        decided: None,
    };
    assert_eq!(consents(&proposal, &a, &parties, false), Err(Refusal::Own(7, a.clone())));
    assert_eq!(consents(&proposal, &b, &parties, true), Err(Refusal::Awaited("C".to_owned())));
    assert_eq!(consents(&proposal, &b, &parties, false), Ok(()));
    proposal.agreed.push((b.clone(), 8));
    assert_eq!(consents(&proposal, &b, &parties, false), Err(Refusal::Agreed(b.clone(), 7, 8)));
    assert_eq!(consents(&proposal, &c, &parties, false), Err(Refusal::Last("action.modified")));
    assert_eq!(consents(&proposal, &c, &parties, true), Ok(()));
}
