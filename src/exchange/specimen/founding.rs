//! The founding of a specimen: its keys, and what is said before anything happens.

use super::plan::PARTIES;
use super::{Keys, ORIGIN, SEED, SpecimenError, speech};
use crate::domain::plan::{Party, Plan};
use crate::domain::value::{Code, Sha256};
use crate::record::charter;
use crate::record::founding::{Clock, Founder, Opened, RULES};
use crate::record::ids;
use crate::record::request::Draft;
use crate::record::role::Role;
use crate::trail::hash::LeafHash;
use crate::trail::key::{Kind, SigningKey};
use fastrand::Rng;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// Who signs: each party's coordinator on actions, its auditor for findings.
const ROLES: [Role; 2] = [Role::Coordinator, Role::Auditor];

/// The parties; the first one opens the ledger.
pub(super) fn parties() -> Result<[Code; 2], SpecimenError> {
    let code = |party: &str| party.parse().map_err(|fault| form(&fault));
    let [one, other] = PARTIES;
    Ok([code(one)?, code(other)?])
}

/// The keys with which the parties sign.
pub(super) fn keys(parties: &[Code; 2]) -> Result<Keys, SpecimenError> {
    let mut keys = Keys::new();
    for party in parties {
        for role in [Role::Authority].into_iter().chain(ROLES) {
            keys.insert((party.clone(), role), key(&format!("{party}/{role}-1"), role.kind())?);
        }
    }
    Ok(keys)
}

/// The opening; what the opener lays down; the accession; the keys.
pub(super) fn drafts(
    plan: &Plan,
    sha256: &Sha256,
    parties: &[Code; 2],
    keys: &Keys,
) -> Result<VecDeque<Vec<Draft>>, SpecimenError> {
    let founder = |party: &Party| {
        let made = |role: &str, kind| key(&format!("{}/{role}", party.id), kind).map(|key| key.verifier());
        Ok::<_, SpecimenError>(Founder {
            id: party.id.clone(),
            name: party.name.clone(),
            time_zone: party.time_zone,
            authority: vec![made("authority-1", Kind::Ed25519)?, made("authority-2", Kind::Ed25519)?],
            witness: vec![made("witness-1", Kind::Cosignature)?],
        })
    };
    let opened = Opened {
        clock: Clock::Illustrative,
        ledger_key: key(ORIGIN, Kind::Ed25519)?.verifier(),
        nonce: "0".repeat(32).try_into().map_err(|fault| form(&fault))?,
        origin: ORIGIN.to_owned().try_into().map_err(|fault| form(&fault))?,
        parties: plan.parties.iter().map(founder).collect::<Result<_, _>>()?,
        plan_sha256: sha256.clone(),
        rules: RULES,
    };
    let (time, [one, other]) = (speech::begins(), parties);
    let mut laid = charter::drafts(plan, sha256, &opened, one, time).map_err(|fault| form(&fault))?;
    let rest = laid.split_off(1);
    let accession = object(json!({"plan_sha256": sha256}));
    let accession = Draft::of_party(other, "ledger".to_owned(), "ledger.acceded", time, accession);
    let registered = |party: &Code, role: Role| {
        let vkey = keys.get(&(party.clone(), role)).map(|key| key.verifier().to_string());
        let data = object(json!({"role": role.as_str(), "vkey": vkey}));
        Draft::of_party(party, format!("parties/{party}"), "key.registered", time, data)
    };
    let registered = parties.iter().flat_map(|party| ROLES.map(|role| registered(party, role))).collect();
    let mut founding = VecDeque::from([laid, rest, vec![accession], registered]);
    let mut ids = Rng::with_seed(SEED.wrapping_add(2));
    for draft in founding.iter_mut().flatten() {
        let mut random = [0; 10];
        ids.fill(&mut random);
        draft.id = Some(ids::new(time, random));
    }
    Ok(founding)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

/// The key of a name: its seed is the hash of that, so that it is everybody's.
pub(super) fn key(name: &str, kind: Kind) -> Result<SigningKey, SpecimenError> {
    let seed = LeafHash::of(format!("specimen\n{name}").as_bytes()).0;
    SigningKey::from_seed(name, kind, &seed).map_err(|fault| SpecimenError::Form(fault.to_string()))
}

/// A fault of this program: what it made up has no form.
pub(super) fn form(fault: &dyn std::fmt::Display) -> SpecimenError {
    SpecimenError::Form(fault.to_string())
}
