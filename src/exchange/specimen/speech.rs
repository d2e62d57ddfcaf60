//! Who says what next in a specimen: assertions, answers, findings, corrections and assignments on actions chosen by a
//! seeded choice, spread over the plan's period.
//!
//! Every draft is one that the rules admit: an answer names a word that stands, that is another's and was not answered, and
//! that lies before whatever the author had seen.

use super::plan::{BODIES, recurs};
use crate::domain::party::Author;
use crate::domain::value::Code;
use crate::record::ids;
use crate::record::request::Draft;
use chrono::{DateTime, Datelike, Days, Duration, Utc};
use fastrand::Rng;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The lifecycles that may follow each other in any order, on both axes.
const LIFECYCLES: [&str; 3] = ["under_way", "continuing", "suspended"];

const HEALTHS: [&str; 3] = ["on_track", "at_risk", "off_track"];

const MEETINGS: [&str; 4] = [
    "joint-committee-on-green-growth",
    "working-group-on-life-science",
    "steering-group-of-the-joint-action-plan",
    "policy-consultations-copenhagen-seoul",
];

/// What is counted, and in which unit.
const INDICATORS: [(&str, &str); 6] = [
    ("Participants from both sides", "persons"),
    ("Visits of experts", "visits"),
    ("Joint publications", "papers"),
    ("Share of the agreed steps taken", "per cent"),
    ("Funds that were granted", "million DKK"),
    ("Companies taking part", "companies"),
];

const NOTES: [&str; 6] = [
    "The working group met and agreed on the next steps; the minutes are with both secretariats.",
    "양측 실무협의회에서 다음 단계와 일정에 합의하였음.",
    "The date was moved because the delegation could not travel; a new one is being sought.",
    "Mødet er afholdt, og referatet er godkendt af begge parter.",
    "The responsible institution reports that the translation of the annexes is not finished.",
    "전문가 회의 결과를 관계 부처와 공유하고 후속 조치를 검토 중임.",
];

/// The last assertion of a party on an action.
#[derive(Debug, Clone, Copy)]
struct Spoken {
    id: Uuid,
    /// How many entries the ledger had when it was signed.
    size: u64,
    answered: bool,
    audited: bool,
}

#[derive(Debug, Default)]
struct Action {
    subject: String,
    recurs: bool,
    last: [Option<Spoken>; 2],
}

/// What is said, one draft after another.
#[derive(Debug)]
pub(super) struct Speech {
    choice: Rng,
    actions: Vec<Action>,
    authors: [Author; 2],
}

impl Speech {
    pub(super) fn new<'a>(seed: u64, parties: [Code; 2], actions: impl Iterator<Item = &'a Code>) -> Self {
        let actions = actions.enumerate().map(|(place, reference)| Action {
            subject: format!("actions/{reference}"),
            recurs: recurs(place),
            last: [None, None],
        });
        let authors = parties.map(|party| Author { party, institution: None });
        Self { choice: Rng::with_seed(seed), actions: actions.collect(), authors }
    }

    /// What is said next by somebody who has seen entries before the one with the sequence `size`.
    pub(super) fn next(&mut self, time: DateTime<Utc>, size: u64) -> Draft {
        let Self { choice, actions, authors } = self;
        let place = choice.usize(..actions.len().max(1));
        let mut nothing = Action::default();
        let action = actions.get_mut(place).unwrap_or(&mut nothing);
        let kind = choice.u8(..100);
        let id = ids::new(time, random(choice));
        // An answer needs another's word; where there is none, the other side says something instead.
        let seen = |spoken: &&mut Spoken| spoken.size < size;
        let [one, two] = &mut action.last;
        let (own, other, party) = if choice.bool() { (one, two, 0) } else { (two, one, 1) };
        let waiting = other.as_mut().filter(seen);
        let said = match (kind, waiting) {
            (0..=29, Some(word)) if !word.answered => {
                word.answered = true;
                Some(answer(choice, kind < 4, word.id))
            }
            (30..=32, Some(word)) if !word.audited => {
                word.audited = true;
                Some(Said { answers: Some(word.id), ..Said::new("action.verified", finding(choice)) })
            }
            (33..=35, _) => own.take_if(|spoken| spoken.size < size).map(|spoken| {
                let reason = json!({"reason": "A typing mistake in the date since when it is true."});
                Said { answers: Some(spoken.id), ..Said::new("action.corrected", reason) }
            }),
            (36..=38, _) => Some(Said::new("action.assigned", assigned(choice, party, time))),
            _ => None,
        };
        let said = said.unwrap_or_else(|| {
            *own = Some(Spoken { id, size, answered: false, audited: false });
            Said::new("action.progressed", progressed(choice, action.recurs, time))
        });
        let [first, second] = authors;
        let author = if party == 0 { first } else { second }.clone();
        let data = said.data.as_object().cloned().unwrap_or_default();
        Draft {
            id: Some(id),
            causationid: said.answers,
            correlationid: Some(meeting(choice, time)),
            ..Draft::new(author, action.subject.clone(), said.kind, time, data)
        }
    }
}

/// An assertion of the commonest kind, with a note or without.
pub(super) fn assertion(time: DateTime<Utc>, note: bool) -> Map<String, Value> {
    let (name, unit) = INDICATORS[0];
    let mut data = json!({
        "effective": time.date_naive(), "lifecycle": "under_way",
        "evidence": [{"mediatype": "application/pdf", "sha256": "0".repeat(64), "size": 182_044}],
        "indicators": [{"name": name, "unit": unit, "value": "24"}],
    });
    if let (true, Some(members)) = (note, data.as_object_mut()) {
        members.remove("evidence");
        members.insert("note".to_owned(), NOTES[0].into());
    }
    data.as_object().cloned().unwrap_or_default()
}

/// What it belongs to.
pub(super) fn occasion(time: DateTime<Utc>) -> String {
    format!("meetings/{}/{}", time.format("%Y-%m"), MEETINGS[0])
}

struct Said {
    kind: &'static str,
    data: Value,
    answers: Option<Uuid>,
}

impl Said {
    const fn new(kind: &'static str, data: Value) -> Self {
        Self { kind, data, answers: None }
    }
}

fn random(choice: &mut Rng) -> [u8; 10] {
    let mut bytes = [0; 10];
    choice.fill(&mut bytes);
    bytes
}

fn one<'a>(choice: &mut Rng, of: &[&'a str]) -> &'a str {
    choice.choice(of).copied().unwrap_or_default()
}

fn meeting(choice: &mut Rng, time: DateTime<Utc>) -> String {
    format!("meetings/{}/{}", time.format("%Y-%m"), one(choice, &MEETINGS))
}

fn answer(choice: &mut Rng, contested: bool, word: Uuid) -> Said {
    let said = if contested {
        Said::new("action.contested", json!({"reason": "Our institution has not taken part in it."}))
    } else if choice.u8(..8) == 0 {
        Said::new("action.confirmed", json!({"note": one(choice, &NOTES)}))
    } else {
        Said::new("action.confirmed", json!({}))
    };
    Said { answers: Some(word), ..said }
}

fn finding(choice: &mut Rng) -> Value {
    json!({"outcome": one(choice, &["upheld", "upheld", "qualified"])})
}

fn assigned(choice: &mut Rng, party: usize, time: DateTime<Utc>) -> Value {
    let bodies = BODIES.get(party).map(|bodies| bodies.map(|(id, _)| id)).unwrap_or_default();
    json!({
        "institution": one(choice, &bodies), "role": one(choice, &["lead", "support"]),
        "due": format!("{}-12", time.year()), "officer": "Head of Section, International Cooperation",
    })
}

/// A date some time before, as precisely as is known.
fn effective(choice: &mut Rng, time: DateTime<Utc>) -> String {
    let before = match choice.u8(..10) {
        0..=5 => choice.u64(..15),
        6..=8 => choice.u64(15..120),
        _ => choice.u64(120..400),
    };
    let day = time.date_naive();
    let day = day.checked_sub_days(Days::new(before)).unwrap_or(day);
    match choice.u8(..20) {
        0..=13 => day.to_string(),
        14..=18 => day.format("%Y-%m").to_string(),
        _ => day.format("%Y").to_string(),
    }
}

fn progressed(choice: &mut Rng, recurs: bool, time: DateTime<Utc>) -> Value {
    let indicator = |choice: &mut Rng| {
        let (name, unit) = choice.choice(&INDICATORS).copied().unwrap_or_default();
        json!({"name": name, "unit": unit, "value": format!("{}.{}", choice.u16(..500), choice.u8(..10))})
    };
    let indicators: Vec<Value> = (0..choice.usize(1..4)).map(|_| indicator(choice)).collect();
    let mut data = json!({"effective": effective(choice, time), "indicators": indicators});
    let Some(members) = data.as_object_mut() else { return data };
    if choice.u8(..10) < 7 {
        members.insert("lifecycle".to_owned(), one(choice, &LIFECYCLES).into());
    }
    if recurs && choice.bool() {
        let held = json!({"window": time.year().to_string(), "state": "held", "date": time.date_naive()});
        members.insert("occurrence".to_owned(), held);
    }
    if choice.u8(..10) < 4 {
        let mut digest = [0; 32];
        choice.fill(&mut digest);
        let digest = crate::trail::hash::hex(&digest);
        let file =
            json!({"mediatype": "application/pdf", "sha256": digest, "size": choice.u32(1_000..900_000)});
        members.insert("evidence".to_owned(), json!([file]));
    }
    let health = choice.u8(..8) == 0;
    if health {
        members.insert("health".to_owned(), one(choice, &HEALTHS).into());
    }
    // A health is explained.
    if health || choice.u8(..16) == 0 {
        members.insert("note".to_owned(), one(choice, &NOTES).into());
    }
    data
}

/// When each of so many things is said: evenly spread over the plan's period, and a little by chance.
pub(super) fn moment(choice: &mut Rng, said: u64, of: u64) -> DateTime<Utc> {
    let begin = begins();
    let whole = (DateTime::from_timestamp(ENDS, 0).unwrap_or(begin) - begin).num_milliseconds();
    let share = whole / i64::try_from(of.max(1)).unwrap_or(i64::MAX);
    let chance = choice.i64(0..share.max(1));
    begin + Duration::milliseconds(share.saturating_mul(i64::try_from(said).unwrap_or(i64::MAX)) + chance)
}

/// When the ledger is founded: 2021-01-04T08:00:00Z.
pub(super) fn begins() -> DateTime<Utc> {
    DateTime::from_timestamp(1_609_747_200, 0).unwrap_or_default()
}

/// The last moment: 2024-12-20T16:00:00Z.
const ENDS: i64 = 1_734_710_400;
