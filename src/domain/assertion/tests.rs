//! Assertions: what one may say by itself, and what it may not.

use super::*;
use serde_json::{Value, json};

fn check(mut data: Value) -> Result<(), Refusal> {
    data["effective"] = data.get("effective").cloned().unwrap_or_else(|| json!("2022"));
    let event: Progressed = serde_json::from_value(data).unwrap();
    event.check(chrono::NaiveDate::from_ymd_opt(2022, 6, 30).unwrap())
}

fn evidence(more: &Value) -> Value {
    let mut item = json!({"size": 9, "mediatype": "application/pdf"});
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    item
}

#[test]
fn an_assertion_says_something() {
    assert_eq!(check(json!({})), Err(Refusal::Nothing));
    assert_eq!(check(json!({"_sd.note": {"digest": "d"}})), Ok(()));
}

#[test]
fn discontinued_and_superseded_are_a_reviews_words() {
    for word in ["discontinued", "superseded"] {
        assert!(matches!(check(json!({"lifecycle": word})), Err(Refusal::Review(_))), "{word}");
    }
}

#[test]
fn completed_needs_evidence() {
    assert_eq!(check(json!({"lifecycle": "completed"})), Err(Refusal::Unevidenced));
    let shown = evidence(&json!({"sha256": "0".repeat(64)}));
    assert_eq!(check(json!({"lifecycle": "completed", "evidence": [shown]})), Ok(()));
}

#[test]
fn a_health_is_explained() {
    assert!(matches!(check(json!({"health": "at_risk"})), Err(Refusal::Unexplained(_))));
    assert_eq!(check(json!({"health": "at_risk", "_sd.note": {"digest": "d"}})), Ok(()));
}

#[test]
fn evidence_names_its_digest_once() {
    let (clear, sealed) =
        (json!({"sha256": "0".repeat(64)}), json!({"_sd.sha256": {"digest": "d"}, "confidential": true}));
    let mut both = clear.clone();
    both.as_object_mut().unwrap().extend(sealed.as_object().unwrap().clone());
    assert_eq!(check(json!({"evidence": [evidence(&clear), evidence(&sealed)]})), Ok(()));
    for bad in [both, json!({}), json!({"confidential": true})] {
        assert_eq!(check(json!({"evidence": [evidence(&bad)]})), Err(Refusal::Evidence(1)));
    }
}

#[test]
fn the_future_is_not_yet_true() {
    assert!(matches!(
        check(json!({"effective": "2022-07", "lifecycle": "under_way"})),
        Err(Refusal::Future { .. })
    ));
    let held = json!({"window": "2022", "state": "held", "date": "2022-07-01"});
    assert!(matches!(check(json!({"occurrence": held})), Err(Refusal::Future { .. })));
    let planned = json!({"window": "2022", "state": "planned", "date": "2022-10-01"});
    assert_eq!(check(json!({"occurrence": planned})), Ok(()));
}

#[test]
fn indicators_are_decimal_numbers() {
    for (value, good) in [("12", true), ("-3.5", true), ("1e5", false), (".5", false), ("--1", false)] {
        let found = check(json!({"indicators": [{"name": "visits", "value": value}]}));
        assert_eq!(found.is_ok(), good, "{value}");
    }
}

#[test]
fn a_completed_action_stays_so_and_a_suspended_one_is_resumed_first() {
    use Lifecycle::{Completed, Planned, Suspended, UnderWay};
    assert!(Planned.may_become(Completed) && Completed.may_become(Completed));
    assert!(!Completed.may_become(UnderWay) && !Suspended.may_become(Completed));
    assert!(Suspended.may_become(Planned) && !UnderWay.may_become(Planned));
    for &word in Lifecycle::ALL {
        assert!(!word.may_become(Lifecycle::Discontinued) && !Lifecycle::Superseded.may_become(word));
    }
}
