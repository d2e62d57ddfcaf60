//! A desk with both sides' keys and a small plan, in memory: every id, key and salt is the same at each run.

use annals::domain::plan::Plan;
use annals::ledger::{Ledger, Receipt, RecordError};
use annals::record::attestation::Attested;
use annals::record::charter;
use annals::record::founding::{Clock, Founder, Opened, RULES};
use annals::record::ids;
use annals::record::refusal::Refusal;
use annals::record::request::{Draft, Speaker};
use annals::record::role::Role;
use annals::record::withheld;
use annals::trail::disclosure::{Digest, Disclosure};
use annals::trail::entry::{Request, parse_timestamp};
use annals::trail::hash::{LeafHash, sha256};
use annals::trail::key::{Kind, SigningKey};
use chrono::Duration;
use serde_json::{Map, Value, json};

pub(crate) const ORIGIN: &str = "annals.example/desk";

/// A desk, and how often somebody spoke at it.
pub(crate) struct Desk {
    pub(crate) ledger: Ledger,
    pub(crate) plan: Plan,
    pub(crate) plan_sha256: String,
    spoken: u32,
}

pub(crate) fn plan_text() -> String {
    plan_of(&TWO)
}

/// A party: its id, its name and its time zone.
type Party = (&'static str, &'static str, &'static str);

const TWO: [Party; 2] = [("DK", "Danmark", "Europe/Copenhagen"), ("KR", "대한민국", "Asia/Seoul")];

fn plan_of(parties: &[Party]) -> String {
    let parties: Vec<Value> =
        parties.iter().map(|(id, name, zone)| json!({"id": id, "name": name, "time_zone": zone})).collect();
    let action = |reference: &str, kind: &str, more: Value| {
        let mut action = json!({
            "ref": reference, "line": 1, "track": "G2G", "text": format!("Action {reference}"), "kind": kind,
            "firmness": "will", "institutions": [], "basis": [], "notes": []
        });
        action.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        action
    };
    let body = |id: &str, party: &str| json!({"id": id, "party": party, "names": {"en": id}, "aliases": []});
    json!({
        "id": "desk", "title": "A plan for tests", "period": {"start": "2021", "end": "2024"}, "grace_days": 180,
        "document": {"sha256": "0".repeat(64), "language": "en"},
        "parties": parties,
        "institutions": [body("DKMA", "DK"), body("MSIT", "KR"), body("MFDS", "KR")],
        "lines": [{"number": 1, "title": "Green", "goals": [{"number": 13, "printed": "SDG 13"}]}],
        "tracks": [{"code": "G2G", "title": "Governments"}],
        "instruments": [{"ref": "1.B1", "line": 1, "title": "MoU", "state": "to_be_confirmed"}],
        "actions": [action("1.G2G.1", "recurring", json!({"cycle": "P1Y", "institutions": ["MSIT"], "basis": ["1.B1"]})),
                    action("1.G2G.2", "continuing", json!({})), action("1.G2G.3", "deliverable", json!({}))]
    })
    .to_string()
}

/// The key of a speaker in a role; its seed is made of its name.
pub(crate) fn key(name: &str, kind: Kind) -> SigningKey {
    let mut seed = [0; 32];
    seed.iter_mut().zip(name.bytes().cycle()).for_each(|(to, from)| *to = from);
    SigningKey::from_seed(name, kind, &seed).unwrap()
}

pub(crate) fn key_of(speaker: &str, role: Role) -> SigningKey {
    key(&format!("{speaker}/{role}-1"), role.kind())
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn opened(plan: &Plan, clock: Clock) -> Opened {
    opened_on(plan, &sha256(plan_text().as_bytes()), clock)
}

fn opened_on(plan: &Plan, plan_sha256: &str, clock: Clock) -> Opened {
    let founder = |party: &annals::domain::plan::Party| {
        let name = |role: &str| format!("{}/{role}", party.id);
        Founder {
            id: party.id.clone(),
            name: party.name.clone(),
            time_zone: party.time_zone,
            authority: ["authority-1", "authority-2"]
                .map(|role| key(&name(role), Kind::Ed25519).verifier())
                .to_vec(),
            witness: vec![key(&name("witness-1"), Kind::Cosignature).verifier()],
        }
    };
    Opened {
        clock,
        ledger_key: key(ORIGIN, Kind::Ed25519).verifier(),
        nonce: "0123456789abcdef0123456789abcdef".to_owned().try_into().unwrap(),
        origin: ORIGIN.to_owned().try_into().unwrap(),
        parties: plan.parties.iter().map(founder).collect(),
        plan_sha256: plan_sha256.to_owned().try_into().unwrap(),
        rules: RULES,
    }
}

impl Desk {
    /// Nothing recorded yet.
    pub(crate) fn empty() -> Self {
        Self::of(&plan_text())
    }

    fn of(text: &str) -> Self {
        let plan = Plan::read(text).unwrap();
        Self { ledger: Ledger::in_memory(), plan, plan_sha256: sha256(text.as_bytes()), spoken: 0 }
    }

    /// Opened and laid down by DK; KR has not acceded.
    pub(crate) fn laid(clock: Clock) -> Self {
        Self::empty().lay(clock)
    }

    fn lay(mut self, clock: Clock) -> Self {
        let desk = &mut self;
        let opened = opened_on(&desk.plan, &desk.plan_sha256, clock);
        let party = "DK".parse().unwrap();
        let time = parse_timestamp("2021-05-11T08:00:00.000Z").unwrap();
        let sha256 = desk.plan_sha256.clone().try_into().unwrap();
        for draft in charter::drafts(&desk.plan, &sha256, &opened, &party, time).unwrap() {
            desk.record(&draft).unwrap();
        }
        self
    }

    /// Laid down with actions of these numbers, in this order.
    pub(crate) fn numbered(references: &[&str]) -> Self {
        let mut plan: Value = serde_json::from_str(&plan_text()).unwrap();
        let mut action = plan["actions"][2].take();
        let numbered = |reference: &&str| {
            action["ref"] = json!(reference);
            action.clone()
        };
        plan["actions"] = references.iter().map(numbered).collect();
        Self::of(&plan.to_string()).lay(Clock::Illustrative)
    }

    /// Of three parties, each with a coordinator.
    pub(crate) fn of_three() -> Self {
        let third = ("GL", "Kalaallit Nunaat", "America/Nuuk");
        let mut desk = Self::of(&plan_of(&[TWO[0], TWO[1], third])).lay(Clock::Illustrative);
        let plan = desk.plan_sha256.clone();
        for party in ["KR", "GL"] {
            desk.say(party, "ledger", "ledger.acceded", json!({"plan_sha256": plan})).unwrap();
        }
        for party in ["DK", "KR", "GL"] {
            desk.register(party, Role::Coordinator).unwrap();
        }
        desk
    }

    /// Founded by both, with the keys of coordinators, auditors and an officer of MSIT.
    pub(crate) fn founded() -> Self {
        let mut desk = Self::laid(Clock::Illustrative);
        let plan = desk.plan_sha256.clone();
        desk.say("KR", "ledger", "ledger.acceded", json!({"plan_sha256": plan})).unwrap();
        for (speaker, role) in [
            ("DK", Role::Coordinator),
            ("KR", Role::Coordinator),
            ("DK", Role::Auditor),
            ("KR", Role::Auditor),
            ("KR/MSIT", Role::Officer),
        ] {
            desk.register(speaker, role).unwrap();
        }
        desk
    }

    pub(crate) fn register(&mut self, speaker: &str, role: Role) -> Result<Receipt, RecordError> {
        let (party, institution) = speaker.split_once('/').unwrap_or((speaker, ""));
        let mut data = json!({"role": role.as_str(), "vkey": key_of(speaker, role).verifier().to_string()});
        if !institution.is_empty() {
            data["institution"] = institution.into();
        }
        self.say(party, &format!("parties/{party}"), "key.registered", data)
    }

    /// What is said next, a day after what was said before.
    pub(crate) fn draft(&self, speaker: &str, subject: &str, kind: &str, data: Value) -> Draft {
        let begin = parse_timestamp("2022-01-03T09:00:00.000Z").unwrap();
        let author = speaker.parse::<Speaker>().unwrap().0;
        let time = begin + Duration::days(i64::from(self.spoken));
        Draft::new(author, subject.to_owned(), kind, time, object(data))
    }

    pub(crate) fn sign(&mut self, draft: &Draft) -> (Request, Vec<Disclosure>) {
        let key = key_of(&draft.speaker.0.to_string(), draft.role());
        self.sign_with(draft, &key)
    }

    pub(crate) fn sign_with(&mut self, draft: &Draft, key: &SigningKey) -> (Request, Vec<Disclosure>) {
        self.spoken += 1;
        let spoken = self.spoken;
        let mut random = [0; 10];
        random[6..].copy_from_slice(&spoken.to_be_bytes());
        let id = draft.id.unwrap_or_else(|| ids::new(draft.time, random));
        let base = self.ledger.head().leaf;
        let mut salted = 0_u8;
        draft
            .sign(id, ORIGIN, base, key, &mut || {
                salted += 1;
                let mut salt = [salted; 16];
                salt[..4].copy_from_slice(&spoken.to_be_bytes());
                salt
            })
            .unwrap()
    }

    pub(crate) fn record(&mut self, draft: &Draft) -> Result<Receipt, RecordError> {
        let (request, disclosures) = self.sign(draft);
        self.ledger.record(request, disclosures)
    }

    pub(crate) fn say(
        &mut self,
        speaker: &str,
        subject: &str,
        kind: &str,
        data: Value,
    ) -> Result<Receipt, RecordError> {
        let draft = self.draft(speaker, subject, kind, data);
        self.record(&draft)
    }

    pub(crate) fn answer(
        &mut self,
        speaker: &str,
        subject: &str,
        kind: &str,
        to: Receipt,
        data: Value,
    ) -> Result<Receipt, RecordError> {
        let mut draft = self.draft(speaker, subject, kind, data);
        draft.causationid = Some(to.id);
        self.record(&draft)
    }

    /// A party has the value of a field erased that an entry withholds.
    pub(crate) fn erase(
        &mut self,
        speaker: &str,
        held: Receipt,
        field: &str,
    ) -> Result<Receipt, RecordError> {
        let digest = self.digest(held, field);
        let data = json!({"digest": digest.to_string(), "basis": "GDPR Art. 17(1)(a)", "reason": "slettet"});
        self.answer(speaker, "ledger", "disclosure.erased", held, data)
    }

    /// Under which an entry withholds a field.
    pub(crate) fn digest(&self, held: Receipt, field: &str) -> Digest {
        let entry = self.ledger.entry(held.sequence).unwrap().unwrap();
        let places = withheld::places(&entry.request.event.data.members());
        places.iter().find(|(place, _)| place == field).unwrap().1
    }

    /// The ledger attests its streams, signed with one of its keys; `change` is made to what it would attest.
    pub(crate) fn attest(
        &mut self,
        key: &SigningKey,
        change: impl FnOnce(&mut Attested, &mut LeafHash),
    ) -> Result<Receipt, RecordError> {
        let (mut attested, head) = self.ledger.attestable();
        let mut base = head.leaf;
        change(&mut attested, &mut base);
        let draft = self.draft("DK", "ledger", "streams.attested", json!({}));
        self.spoken += 1;
        let mut random = [0; 10];
        random[6..].copy_from_slice(&self.spoken.to_be_bytes());
        let id = ids::new(draft.time, random);
        let request = attested.sign(id, draft.time, ORIGIN, base, key).unwrap();
        self.ledger.record(request, Vec::new())
    }

    pub(crate) fn progress(
        &mut self,
        speaker: &str,
        action: &str,
        data: Value,
    ) -> Result<Receipt, RecordError> {
        self.say(speaker, &format!("actions/{action}"), "action.progressed", data)
    }
}

/// The rule's no, and that the ledger is as it was.
pub(crate) fn refused(desk: &Desk, before: LeafHash, answer: Result<Receipt, RecordError>) -> String {
    assert_eq!(desk.ledger.head().leaf, before, "a refused request changed the ledger");
    match answer {
        Err(RecordError::Refused(refusal)) => sentence(&refusal),
        other => panic!("not refused: {other:?}"),
    }
}

fn sentence(refusal: &Refusal) -> String {
    refusal.to_string()
}

/// When this is said at the desk, it is refused for this reason, and the ledger is unchanged.
pub(crate) fn no(desk: &mut Desk, speaker: &str, subject: &str, kind: &str, data: Value, reason: &str) {
    let before = desk.ledger.head().leaf;
    let answer = desk.say(speaker, subject, kind, data);
    let refusal = refused(desk, before, answer);
    assert!(refusal.contains(reason), "{kind} of {speaker}: {refusal}");
}

pub(crate) fn word(lifecycle: &str) -> Value {
    json!({"effective": "2021-06", "lifecycle": lifecycle})
}

pub(crate) fn completed() -> Value {
    let file = json!({"sha256": "0".repeat(64), "size": 1, "mediatype": "text/plain"});
    json!({"effective": "2021-12", "lifecycle": "completed", "evidence": [file]})
}

/// A policy of this ledger, with this key of its, in which the first witnesses of both parties have to cosign.
pub(crate) fn policy(log: &SigningKey) -> String {
    let witness = |party: &str| format!("witness {party} {}\n", key_of(party, Role::Witness).verifier());
    let (dk, kr) = (witness("DK"), witness("KR"));
    format!("# Ours.\nlog {}\n{dk}{kr}group both all DK KR\nquorum both\n", log.verifier())
}

/// An action of the desk's plan.
pub(crate) const ACTION: &str = "actions/1.G2G.2";

/// All of a ledger's history.
pub(crate) fn whole(ledger: &annals::ledger::Ledger) -> annals::record::history::History {
    ledger.at(None).unwrap().in_memory().unwrap()
}

/// Every request of a ledger, in its order, without disclosures: recorded elsewhere, they make the same history.
pub(crate) fn requests(ledger: &annals::ledger::Ledger) -> Vec<(Request, Vec<Disclosure>)> {
    let mut requests = Vec::new();
    ledger
        .read(0..u64::MAX, &mut |_, line| {
            requests.push((annals::trail::entry::Entry::parse(line).unwrap().request, Vec::new()));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    requests
}
