//! A schema that admits everything says nothing: each answer is changed in one place, and refused.

use super::parts::places;
use super::schema::Schemas;
use super::situations::answers;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The members that may be absent, each for itself, with `*` for items, checks and parties.
const OPTIONAL: &str = "\
    READING/reading/awaited READING/reading/effective READING/reading/recorded \
    STANDS/*_effective STANDS/*_health STANDS/*_recorded STANDS/*_says STANDS/*_sequence STANDS/health \
    STANDS/lifecycle action/facts/cycle bench/kept \
    SAID/rows/*/answers SAID/rows/*/assurance SAID/rows/*/effective SAID/rows/*/note SAID/rows/*/note_erased inbox/rows/*/awaits \
    inbox/rows/*/why SAID/rows/*/indicators/*/unit action/facts/indicators/*/unit \
    SAID/rows/*/correlation handover/facts/correlation handover/facts/file handover/rows/*/*_effective \
    handover/rows/*/*_recorded handover/rows/*/*_says handover/rows/*/*_sequence handover/rows/*/health \
    handover/rows/*/lifecycle handover/rows/*/until request/ids receipt/overtaken_by \
    receipts/receipts/*/overtaken_by returned/edits/*/overtaken_by \
    evidence/rows/*/filename \
    diff/before/awaited diff/before/effective diff/before/recorded \
    diff/rows/*/old diff/rows/*/new diff/rows/*/source diff/rows/*/effective diff/rows/*/recorded_on \
    diff/rows/*/sequence diff/rows/*/note diff/rows/*/party diff/rows/*/window diff/rows/*/institution diff/rows/*/indicator \
    plan/facts/review plan/facts/version plan/rows/*/cycle plan/rows/*/ended \
    plan_diff/rows/*/effective plan_diff/rows/*/new_text plan_diff/rows/*/old_text \
    REVIEW/before/effective REVIEW/before/recorded REVIEW/facts/closed REVIEW/facts/version REVIEW/rows/*/*_cites \
    REVIEW/rows/*/*_finding REVIEW/rows/*/*_sequence REVIEW/rows/*/finding \
    review/rows/*/joint review/rows/*/lifecycle reviews/rows/*/closed reviews/rows/*/version \
    audit_statement/reading/awaited audit_population/rows/*/corrected audit_sample/rows/*/corrected \
    due/rows/*/which due/rows/*/last due/rows/*/party due/rows/*/said_by due/rows/*/effective \
    due/rows/*/recorded_on due/rows/*/sequence due/rows/*/assigned \
    gaps/rows/*/since gaps/rows/*/days gaps/rows/*/party gaps/rows/*/on gaps/rows/*/sequence \
    keys/keys/*/role keys/keys/*/revoked verification/authenticated review/rows/*/findings \
    verification/policy verification/fork verification/unread checkpoints/unread verification/against verification/against/fork \
    verified_proof/leaf VERIFIED/checks/*/holds answer/answers/*/id mirrored/answers mirrored/answers/*/id \
    sheet/institution returned/file returned/edits/*/data/lifecycle returned/edits/*/data/health returned/edits/*/data/note \
    returned/edits/*/data/occurrence returned/edits/*/data/occurrence/date";

/// The kinds that have a reading, where an action stands, and the kinds whose rows are what was said.
const KINDS: [(&str, &[&str]); 5] = [
    ("REVIEW", &["review", "review_lines"]),
    (
        "READING",
        &[
            "action",
            "audit_exceptions",
            "audit_population",
            "audit_sample",
            "diff",
            "due",
            "gaps",
            "inbox",
            "lint",
            "replay",
            "status",
            "timeline",
        ],
    ),
    ("STANDS", &["action/facts", "status/rows/*"]),
    ("SAID", &["action", "inbox", "replay", "timeline"]),
    ("VERIFIED", &["verified_account", "verified_checkpoint", "verified_fork", "verified_proof"]),
];

fn optional() -> BTreeSet<String> {
    let each = |place: &str| -> Vec<String> {
        match KINDS.into_iter().find(|(name, _)| place.starts_with(name)) {
            Some((name, kinds)) => kinds.iter().map(|kind| place.replace(name, kind)).collect(),
            None => vec![place.to_owned()],
        }
    };
    OPTIONAL.split_whitespace().flat_map(each).collect()
}

#[test]
fn an_answer_with_a_member_less_or_more_or_of_another_type_is_refused() {
    let schemas = Schemas::load();
    let (mut seen, mut absent, mut admitted) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for answer in answers() {
        let (file, kind) = (answer.schema(), answer.kind());
        for value in forms(&answer.value, kind, &mut seen) {
            assert!(schemas.admits(&file, &value), "{}", answer.command);
            for place in places(&value, String::new()) {
                let name = general(kind, &place);
                for (found, mutated) in changed(&value, &place) {
                    // Before a ledger is opened, its name is empty.
                    let nameless =
                        found == json!("") && ["/reading/origin", "/before/origin"].contains(&place.as_str());
                    if schemas.admits(&file, &mutated) && !nameless {
                        admitted.push(format!("{name}: {found}"));
                    }
                }
                if removed(&value, &place).is_some_and(|value| schemas.admits(&file, &value)) {
                    absent.insert(name);
                }
            }
        }
    }
    assert!(admitted.is_empty(), "{admitted:#?}");
    assert_eq!(absent, optional());
}

/// An answer once for each form of its rows, with that row alone; nothing where all of it was seen.
fn forms(value: &Value, kind: &str, seen: &mut BTreeSet<Vec<String>>) -> Vec<Value> {
    let list = ["rows", "keys", "files", "findings", "exceptions"]
        .into_iter()
        .find(|name| value.get(name).is_some_and(Value::is_array));
    let mut empty = value.clone();
    let rows = list.map(|name| empty[name].take().as_array().unwrap().clone()).unwrap_or_default();
    let with = |rows: Vec<Value>| {
        let mut value = empty.clone();
        if let Some(name) = list {
            value[name] = rows.into();
        }
        value
    };
    let form =
        |value: &Value| places(value, String::new()).iter().map(|place| general(kind, place)).collect();
    let all = std::iter::once(Vec::new()).chain(rows.into_iter().map(|row| vec![row])).map(with);
    all.filter(|value| seen.insert(form(value))).collect()
}

/// A place in answers of a kind, whichever item, check or party it is.
fn general(kind: &str, place: &str) -> String {
    let mut above = "";
    let part = |name: &str| {
        let ends = ["_says", "_effective", "_recorded", "_sequence", "_health", "_finding", "_cites"];
        let party = ends.into_iter().find(|end| name.ends_with(end));
        let any = above == "verdicts" || name.parse::<usize>().is_ok();
        above = if name == "verdicts" { "verdicts" } else { "" };
        party.map_or_else(|| if any { "*" } else { name }.to_owned(), |end| format!("*{end}"))
    };
    let parts: Vec<String> = place.split('/').map(part).collect();
    format!("{kind}{}", parts.join("/"))
}

/// The value with something else at a place, and what that is.
fn changed(value: &Value, place: &str) -> Vec<(Value, Value)> {
    let old = value.pointer(place).unwrap();
    let others = match old {
        Value::Object(members) => {
            let mut more = members.clone();
            more.insert("unknown".to_owned(), true.into());
            vec![json!(null), json!([]), json!("x"), more.into()]
        }
        Value::Array(items) => {
            vec![json!(null), json!({}), json!("x"), [&items[..], &[json!(null)]].concat().into()]
        }
        Value::String(text) => {
            vec![json!(null), json!(1), json!(true), json!([text]), json!({text: 1}), json!("")]
        }
        // What is measured may be any amount.
        Value::Number(number) => {
            let half = (!number.is_f64()).then(|| json!(0.5));
            [json!(null), json!(number.to_string()), json!(-1), json!([number])]
                .into_iter()
                .chain(half)
                .collect()
        }
        Value::Bool(flag) => vec![json!(null), json!(flag.to_string()), json!(0), json!(1), json!([flag])],
        Value::Null => panic!("{place}: what is absent is left out"),
    };
    let put = |found: Value| {
        let mut value = value.clone();
        *value.pointer_mut(place).unwrap() = found.clone();
        (found, value)
    };
    others.into_iter().map(put).collect()
}

/// The value without the member at a place; nothing where an item stands there, or the whole.
fn removed(value: &Value, place: &str) -> Option<Value> {
    let (above, name) = place.rsplit_once('/')?;
    let mut value = value.clone();
    value.pointer_mut(above)?.as_object_mut()?.remove(name)?;
    Some(value)
}
