//! The plan document of a specimen: as many actions as are asked for, in four lines of effort and four tracks.

use serde_json::{Value, json};

/// The parties: the first one opens the ledger.
pub(super) const PARTIES: [&str; 2] = ["DK", "KR"];

/// The bodies of each party, by abbreviation and name.
pub(super) const BODIES: [[(&str, &str); 4]; 2] = [
    [
        ("MFA", "Ministry of Foreign Affairs"),
        ("KEFM", "Ministry of Climate, Energy and Utilities"),
        ("DKMA", "Danish Medicines Agency"),
        ("UFM", "Ministry of Higher Education and Science"),
    ],
    [
        ("MOFA", "Ministry of Foreign Affairs"),
        ("MOTIE", "Ministry of Trade, Industry and Energy"),
        ("MFDS", "Ministry of Food and Drug Safety"),
        ("MSIT", "Ministry of Science and ICT"),
    ],
];

const LINES: [(&str, u8, &str); 4] = [
    ("Green transition", 13, "Climate Action"),
    ("Health and life science", 3, "Good Health and Well-Being"),
    ("Science and innovation", 9, "Industry, Innovation and Infrastructure"),
    ("Maritime affairs and trade", 14, "Life Below Water"),
];

const TRACKS: [(&str, &str); 4] = [
    ("G2G", "Between the governments"),
    ("R2R", "Between institutions of research"),
    ("B2B", "Between businesses"),
    ("P2P", "Between people"),
];

const KINDS: [(&str, &str); 4] = [
    ("recurring", "Hold a meeting every year, alternately in Copenhagen and in Seoul, on"),
    ("continuing", "Continue the exchange of knowledge between the responsible authorities on"),
    ("deliverable", "Conclude an arrangement between the institutions that are concerned with"),
    ("conditional", "Explore, where it is relevant to both sides, possibilities of cooperation on"),
];

const TOPICS: [&str; 8] = [
    "offshore wind and its connection to the grid",
    "the storage and use of captured carbon dioxide",
    "the approval of medicines and medical devices",
    "digital health and the ageing of the population",
    "quantum technology and its standards",
    "research in the polar regions",
    "green corridors for shipping",
    "food safety and the trade in agricultural products",
];

/// Whether the action at a place of the plan recurs every year.
pub(super) const fn recurs(place: usize) -> bool {
    place.is_multiple_of(KINDS.len())
}

/// The plan with a number of actions, as a document.
pub(super) fn document(actions: usize) -> String {
    let party = |id: &str, name: &str, zone: &str| json!({"id": id, "name": name, "time_zone": zone});
    let body = |party: &str, (id, name): &(&str, &str)| json!({"id": id, "party": party, "names": {"en": name}, "aliases": []});
    let bodies = PARTIES.iter().zip(&BODIES);
    let bodies: Vec<Value> =
        bodies.flat_map(|(party, bodies)| bodies.iter().map(move |each| body(party, each))).collect();
    let line = |(number, (title, goal, printed)): (usize, &(&str, u8, &str))| json!({"number": number, "title": title, "goals": [{"number": goal, "printed": printed}]});
    let base = |(line, (title, ..)): (usize, &(&str, u8, &str))| {
        json!({
            "ref": format!("{line}.B1"), "line": line, "title": format!("Memorandum of Understanding: {title}"),
            "state": "to_be_confirmed"
        })
    };
    json!({
        "id": "specimen",
        "title": "A plan that was made up to measure a ledger with",
        "period": {"start": "2021", "end": "2024"},
        "grace_days": 180,
        "document": {"sha256": "0".repeat(64), "language": "en"},
        "parties": [
            party("DK", "Kingdom of Denmark", "Europe/Copenhagen"), party("KR", "Republic of Korea", "Asia/Seoul"),
        ],
        "institutions": bodies,
        "lines": (1..).zip(&LINES).map(line).collect::<Vec<_>>(),
        "tracks": TRACKS.map(|(code, title)| json!({"code": code, "title": title})),
        "instruments": (1..).zip(&LINES).map(base).collect::<Vec<_>>(),
        "actions": (0..actions).map(action).collect::<Vec<_>>(),
    })
    .to_string()
}

fn action(place: usize) -> Value {
    let of = |count: usize, every: usize| place / every % count;
    let (line, number) = (of(LINES.len(), TRACKS.len()) + 1, place / (LINES.len() * TRACKS.len()) + 1);
    let (track, _) = TRACKS.get(of(TRACKS.len(), 1)).copied().unwrap_or_default();
    let (kind, beginning) = KINDS.get(of(KINDS.len(), 1)).copied().unwrap_or_default();
    let topic = TOPICS.get(of(TOPICS.len(), 1)).copied().unwrap_or_default();
    let named: Vec<&str> =
        BODIES.iter().filter_map(|of_party| of_party.get(of(4, 2))).map(|(id, _)| *id).collect();
    let mut action = json!({
        "ref": format!("{line}.{track}.{number}"), "line": line, "track": track, "kind": kind, "firmness": "will",
        "text": format!("{beginning} {topic}."), "institutions": named, "basis": [format!("{line}.B1")], "notes": [],
    });
    if recurs(place)
        && let Some(members) = action.as_object_mut()
    {
        members.insert("cycle".to_owned(), "P1Y".into());
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::{Kind, Plan};

    #[test]
    fn a_plan_of_any_size_is_a_plan() {
        for actions in [1, 69, 1000] {
            let plan = Plan::read(&document(actions)).unwrap();
            assert_eq!(plan.actions.len(), actions);
            for (place, action) in plan.actions.iter().enumerate() {
                assert_eq!(recurs(place), action.kind == Kind::Recurring, "{}", action.reference);
            }
        }
    }
}
