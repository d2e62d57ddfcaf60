//! What is mutated: the vectors, and values in which every member that a schema knows occurs.

use annals::record::fact::TYPES;
use annals::trail::disclosure::Disclosure;
use annals::trail::key::{Kind, SigningKey};
use serde_json::{Value, json};

const HISTORY: &str =
    concat!(include_str!("../vectors/history.jsonl"), include_str!("../vectors/review.jsonl"));

/// A value, and the file that says how it is formed.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) file: String,
    pub(crate) value: Value,
}

impl Sample {
    fn new(file: &str, value: Value) -> Self {
        Self { file: file.to_owned(), value }
    }
}

pub(crate) fn file_of(kind: &str) -> String {
    format!("{kind}.json")
}

/// The entries of the vector, one for each line.
pub(crate) fn entries() -> Vec<Value> {
    HISTORY.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the author of an entry handed over.
pub(crate) fn request_of(entry: &Value) -> Value {
    let mut request = entry.clone();
    for name in ["prevhash", "recordedtime", "sequence", "streamprevhash", "streamversion"] {
        request.as_object_mut().unwrap().remove(name).unwrap();
    }
    request
}

pub(crate) fn vkey(name: &str, seed: u8, kind: Kind) -> String {
    SigningKey::from_seed(name, kind, &[seed; 32]).unwrap().verifier().to_string()
}

pub(crate) fn digest(salt: u8) -> String {
    disclosure(salt).digest().to_string()
}

fn disclosure(salt: u8) -> Disclosure {
    Disclosure::new([salt; 16], "note", &Value::from("Møde udsat"))
}

/// Every value from which mutations are derived.
pub(crate) fn all() -> Vec<Sample> {
    let entries = entries();
    let event = |entry: &Value| Sample::new(&file_of(entry["type"].as_str().unwrap()), entry["data"].clone());
    let mut samples: Vec<Sample> = Vec::new();
    for kind in TYPES {
        // One event of each type: more of the same form would be the same mutations again.
        let mut found = entries.iter().filter(|entry| entry["type"] == kind);
        samples.push(event(found.next_back().unwrap()));
    }
    samples.extend(events().chain(reviews()));
    let answer = entries.iter().find(|entry| entry.get("causationid").is_some()).unwrap();
    let mut entry = answer.clone();
    entry["correlationid"] = "reviews/2022".into();
    samples.push(Sample::new("entry.json", entry.clone()));
    samples.push(Sample::new("request.json", request_of(&entry)));
    samples.push(Sample::new("plan.json", plan()));
    let signed = json!({"request": request_of(&entry), "disclosures": [disclosure(1).encoded()]});
    samples.push(Sample::new("requests.json", signed));
    samples.extend(drafts().map(|draft| Sample::new("requests.json", draft)));
    samples
}

fn events() -> impl Iterator<Item = Sample> {
    let withheld = |names: [&str; 2]| {
        let audiences = json!({names[0]: "parties", names[1]: "DK"});
        (audiences, json!({names[0]: digest(1), names[1]: digest(2)}))
    };
    let ((holder_aud, holder_sd), (officer_aud, officer_sd)) =
        (withheld(["contact", "holder"]), withheld(["contact", "officer"]));
    let cycle = |cycle: &str, kind: &str| {
        json!({
            "ref": "1.G2G.1", "line": 1, "track": "G2G", "text": "Årligt møde", "kind": kind, "cycle": cycle,
            "firmness": "will", "institutions": ["MSIT"], "basis": ["1.B1"], "notes": ["“annual”?"]
        })
    };
    [
        ("action.created", cycle("P6M", "recurring")),
        ("action.created", cycle("ambiguous:bi-annual", "conditional")),
        (
            "action.assigned",
            json!({
                "institution": "MSIT", "role": "support", "due": "2022-12", "effective": "2022-03-01",
                "_sd": officer_sd, "_aud": officer_aud
            }),
        ),
        (
            "action.progressed",
            json!({
                "effective": "2024-02-29", "lifecycle": "completed", "health": "at_risk",
                "occurrence": {"window": "2022", "state": "held", "date": "2022-05-30"},
                "indicators": [{"name": "이용자", "value": "-12.5", "unit": "days"}],
                "evidence": evidence(),
                "_sd": {"note": digest(4)}, "_aud": {"note": "parties"}
            }),
        ),
        ("action.progressed", json!({"effective": "2021", "lifecycle": "under_way"})),
        ("action.progressed", json!({"effective": "2021-06", "_sd": {"note": digest(5)}})),
        ("action.confirmed", json!({})),
        (
            "disclosure.erased",
            json!({
                "digest": digest(7), "basis": "GDPR Art. 17(1)(a)", "_sd": {"reason": digest(8)},
                "_aud": {"reason": "KR"}
            }),
        ),
        (
            "action.verified",
            json!({"outcome": "qualified", "_sd": {"note": digest(6)}, "_aud": {"note": "DK"}}),
        ),
        (
            "key.registered",
            json!({
                "role": "officer", "vkey": vkey("KR/MSIT/officer-2", 7, Kind::Ed25519), "institution": "MSIT",
                "_sd": holder_sd, "_aud": holder_aud
            }),
        ),
        ("key.registered", json!({"role": "witness", "vkey": vkey("KR/witness-2", 7, Kind::Cosignature)})),
        ("institution.registered", institution("MSIT", "KR")),
        ("instrument.registered", instrument()),
        ("plan.adopted", adopted()),
    ]
    .into_iter()
    .map(|(kind, data)| Sample::new(&format!("annals.{kind}.v1.json"), data))
}

/// What happens in reviews.
fn reviews() -> impl Iterator<Item = Sample> {
    let action = json!({
        "ref": "1.G2G.1", "line": 1, "track": "G2G", "text": "Årligt møde", "kind": "recurring", "cycle": "P6M",
        "firmness": "will", "institutions": ["MSIT"], "basis": ["1.B1"], "notes": ["“annual”?"]
    });
    [
        ("action.assessed", json!({"review": "R2022", "finding": "limited", "entries": [3, 7]})),
        (
            "action.assessed",
            json!({
                "review": "R2022", "finding": "complete", "entries": [], "_sd": {"rationale": digest(9)},
                "_aud": {"rationale": "parties"},
                "evidence": evidence()
            }),
        ),
        ("action.proposed", proposed(json!({"decision": "retain", "effective": "2023"}))),
        ("action.proposed", proposed(json!({"decision": "amend", "text": "Årligt møde"}))),
        (
            "action.proposed",
            proposed(json!({"decision": "clarify", "cycle": "P1Y", "lead": "MSIT", "due": "2023"})),
        ),
        ("action.proposed", proposed(json!({"decision": "clarify", "due": "2023"}))),
        ("action.proposed", proposed(json!({"decision": "merge", "into": ["1.G2G.2"]}))),
        ("action.proposed", proposed(json!({"decision": "split", "into": ["1.G2G.2", "1.G2G.3"]}))),
        ("action.proposed", proposed(json!({"decision": "add", "action": action}))),
        (
            "action.modified",
            json!({"review": "R2022", "decision": "clarify", "cycle": "P1Y", "lead": "MSIT", "due": "2023"}),
        ),
        (
            "action.modified",
            json!({
                "review": "R2022", "decision": "amend", "text": "Årligt møde", "effective": "2022-11-01",
                "_sd": {"note": digest(4)}, "_aud": {"note": "DK"}
            }),
        ),
        ("action.modified", json!({"review": "R2022", "decision": "split", "into": ["1.G2G.2", "1.G2G.3"]})),
        ("action.agreed", json!({"_sd": {"note": digest(4)}, "_aud": {"note": "DK"}})),
        ("action.agreed", json!({})),
        ("action.declined", json!({"_sd": {"reason": digest(4)}, "_aud": {"reason": "DK"}})),
        (
            "review.assessed",
            json!({
                "line": 1, "criterion": "impact", "finding": "no_evidence", "entries": [0],
                "evidence": evidence(),
                "_sd": {"rationale": digest(9)}, "_aud": {"rationale": "KR"}
            }),
        ),
        ("review.signed", json!({"_sd": {"note": digest(4)}, "_aud": {"note": "DK"}})),
        ("review.closed", json!({"_sd": {"note": digest(4)}, "_aud": {"note": "DK"}})),
    ]
    .into_iter()
    .map(|(kind, data)| Sample::new(&format!("annals.{kind}.v1.json"), data))
}

/// A file in clear, and one that is confidential.
fn evidence() -> Value {
    json!([
        {"sha256": "0".repeat(64), "size": 0, "mediatype": "application/pdf", "confidential": false,
         "_sd": {"filename": digest(3)}, "_aud": {"filename": "KR"}},
        {"size": 9, "mediatype": "text/plain", "confidential": true,
         "_sd": {"filename": digest(1), "sha256": digest(2)}, "_aud": {"filename": "parties", "sha256": "DK"}}
    ])
}

/// A proposal, which has its reason.
fn proposed(mut data: Value) -> Value {
    data["review"] = "R2022".into();
    (data["_sd"], data["_aud"]) = (json!({"reason": digest(6)}), json!({"reason": "KR"}));
    data
}

fn institution(id: &str, party: &str) -> Value {
    json!({"id": id, "party": party, "names": {"en": id}, "aliases": ["한국"]})
}

fn instrument() -> Value {
    json!({"ref": "1.B1", "line": 1, "title": "MoU", "year": 2019, "state": "in_force", "expires": "2026-05"})
}

fn line() -> Value {
    json!({"number": 1, "title": "Green", "text": "녹색\n성장", "goals": [{"number": 13, "printed": "SDG 13"}]})
}

fn adopted() -> Value {
    json!({
        "id": "desk", "title": "A plan", "period": {"start": "2021-06", "end": "2024"}, "grace_days": 180,
        "document": {"sha256": "0".repeat(64), "language": "en"}, "lines": [line()],
        "tracks": [{"code": "G2G", "title": "Governments"}], "plan_sha256": "1".repeat(64)
    })
}

fn plan() -> Value {
    let action = |reference: &str, cycle: &str| {
        json!({
            "ref": reference, "line": 1, "track": "G2G", "text": "Årligt møde", "kind": "recurring", "cycle": cycle,
            "firmness": "possible", "institutions": ["MSIT"], "basis": ["1.B1"], "notes": ["“annual”?"]
        })
    };
    json!({
        "id": "desk", "title": "A plan", "period": {"start": "2021-06-30", "end": "2024"}, "grace_days": 0,
        "document": {"sha256": "0".repeat(64), "language": "da"},
        "parties": [{"id": "DK", "name": "Danmark", "time_zone": "Europe/Copenhagen"},
                    {"id": "KR", "name": "대한민국", "time_zone": "Asia/Seoul"}],
        "institutions": [institution("DKMA", "DK"), institution("MSIT", "KR")],
        "lines": [line()], "tracks": [{"code": "G2G", "title": "Governments"}], "instruments": [instrument()],
        "actions": [action("1.G2G.1", "P1Y"), action("1.G2G.2", "ambiguous:bi-annual")]
    })
}

fn drafts() -> impl Iterator<Item = Value> {
    let draft = |audience: Value| {
        json!({
            "as": "KR/MSIT", "role": "officer", "subject": "actions/1.G2G.1", "type": "annals.action.confirmed.v1",
            "time": "2022-06-01T08:00:00.000Z", "id": "017e8103-8a80-7000-8000-000000000099",
            "causationid": "017e8103-8a80-7000-8000-000000000014", "correlationid": "reviews/2022",
            "audience": audience, "data": {"note": "enig"}
        })
    };
    [draft(json!("parties")), draft(json!({"note": "public", "sha256": "DK"}))].into_iter()
}
