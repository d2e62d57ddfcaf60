//! Withheld fields: where they stand, for whom they are, and which are refused.

use super::*;

fn data(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

#[test]
fn clear_data_is_sealed_typed_and_disclosed_again() {
    let clear = data(json!({
        "note": "회의", "effective": "2022",
        "evidence": [{"filename": "a.pdf", "sha256": "00", "size": 1, "confidential": true},
                     {"filename": "b.pdf", "sha256": "11", "size": 2}]
    }));
    let mut salt = 0;
    let (event, disclosures) = seal(&clear, &Audiences::PARTIES, &mut || {
        salt += 1;
        [salt; 16]
    });
    let names: Vec<&str> = disclosures.iter().map(Disclosure::name).collect();
    assert_eq!(names, ["filename", "sha256", "filename", "note"]);
    assert!(!serde_json::to_string(&event).unwrap().contains("회의"));
    assert_eq!(event["evidence"][1]["sha256"], "11", "not confidential, so in clear");

    let (typed, held) = unfold(&event).unwrap();
    assert_eq!(typed["_sd.note"]["audience"], "parties");
    assert_eq!(held.len(), 4);
    let known = |digest: &str| disclosures.iter().find(|each| each.digest().to_string() == digest).cloned();
    assert_eq!(disclose(&event, &known), clear);
    assert_eq!(disclose(&event, &|_| None)["_sd"], event["_sd"]);
    let found = places(&event);
    let names: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(names, ["note", "evidence/1/filename", "evidence/1/sha256", "evidence/2/filename"]);
    assert!(found.iter().all(|(_, digest)| held.iter().any(|held| held.digest == *digest)));
}

#[test]
fn each_fault_of_a_withheld_field_has_its_name() {
    let digest = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0";
    for (bad, fault) in [
        (json!({"_sd": []}), "_sd"),
        (json!({"_sd": {}}), "_sd"),
        (json!({"_sd": {"note": "short"}}), "note"),
        (json!({"_aud": {"note": "parties"}}), "note"),
        (json!({"_sd": {"note": digest}, "_aud": {"note": "public"}}), "_aud"),
        (json!({"_sd.note": {"digest": digest}}), "_sd.note"),
        (json!({"evidence": [{"_x": 1}]}), "_x"),
    ] {
        let found = unfold(&data(bad.clone())).unwrap_err().to_string();
        assert!(found.contains(fault), "{bad}: {found}");
    }
}
