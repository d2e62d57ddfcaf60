//! A founding with exchanged keys: the same names, the same origin, and somebody else's ledger.

use super::desk::{Desk, ORIGIN, opened, plan_text};
use super::two_sides::{Form, Sides, told};
use annals::ledger::anchor::Anchor;
use annals::ledger::quietly;
use annals::record::charter;
use annals::record::completeness::Unsound;
use annals::record::founding::Clock;
use annals::record::request::Draft;
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::hash::LeafHash;
use annals::trail::key::{Kind, SigningKey};
use annals::trail::quorum::Distrust;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::fs;
use std::path::Path;

/// A key of this name that somebody else has.
fn other(name: &str, kind: Kind) -> SigningKey {
    let mut seed = [0x55; 32];
    seed.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to ^= from);
    SigningKey::from_seed(name, kind, &seed).unwrap()
}

/// The ledger that somebody founds with keys of the right names, and what they cosign of it.
fn impostor(home: &Path) -> (Desk, SignedCheckpoint) {
    let mut desk = Desk::empty();
    let mut founding = opened(&desk.plan, Clock::Illustrative);
    founding.ledger_key = other(ORIGIN, Kind::Ed25519).verifier();
    for party in &mut founding.parties {
        for (keys, kind) in [(&mut party.authority, Kind::Ed25519), (&mut party.witness, Kind::Cosignature)] {
            for key in keys {
                *key = other(key.name(), kind).verifier();
            }
        }
    }
    let time: DateTime<Utc> = annals::trail::entry::parse_timestamp("2021-05-11T08:00:00.000Z").unwrap();
    let sha256 = desk.plan_sha256.clone().try_into().unwrap();
    let mut drafts: Vec<Draft> =
        charter::drafts(&desk.plan, &sha256, &founding, &"DK".parse().unwrap(), time).unwrap();
    let plan = desk.plan_sha256.clone();
    drafts.push(desk.draft("KR", "ledger", "ledger.acceded", json!({"plan_sha256": plan})));
    for draft in drafts {
        let key = other(&format!("{}/authority-1", draft.speaker.0.party), Kind::Ed25519);
        let (request, disclosures) = desk.sign_with(&draft, &key);
        desk.ledger.record(request, disclosures).unwrap();
    }
    let anchor = Anchor::new(home.join("anchor"));
    let mut signed = desk.ledger.checkpoint(&other(ORIGIN, Kind::Ed25519), &anchor).unwrap();
    for party in ["DK", "KR"] {
        let witness = other(&format!("{party}/witness-1"), Kind::Cosignature);
        signed =
            desk.ledger.cosign(&signed, &witness, &anchor, super::two_sides::now(), &mut quietly).unwrap();
    }
    let signed = desk.ledger.take_cosignatures(&signed).unwrap().signed;
    assert_eq!(desk.plan_sha256, annals::trail::hash::sha256(plan_text().as_bytes()));
    (desk, signed)
}

#[test]
fn a_founding_with_other_keys_is_consistent_and_told_by_its_first_entry_or_by_the_policy() {
    let sides = Sides::agreed();
    let home = tempfile::tempdir().unwrap();
    let (desk, signed) = impostor(home.path());
    let lines = super::two_sides::lines(&desk.ledger);
    let policy = home.path().join("policy");
    fs::write(&policy, sides.policy().to_bytes()).unwrap();
    let first = LeafHash::of(&sides.lines()[0]).to_string();
    let policy = policy.to_str().unwrap();
    for form in Form::ALL {
        let judged = form.judge(&lines, std::slice::from_ref(&signed), &[]);
        assert!(judged.report.holds() && judged.completed.holds(), "{form:?}: nothing inside tells");
        let given = tempfile::tempdir().unwrap();
        let path = form.write(&lines, std::slice::from_ref(&signed), given.path());
        let (code, answer) = told(&path, &[]);
        assert_eq!(code, Some(0));
        assert!(answer["conclusion"].as_str().unwrap().contains("parties not authenticated"));
        for arguments in [["--first", &first], ["--policy", policy]] {
            let (code, answer) = told(&path, &arguments);
            assert_eq!((code, answer["authenticated"].as_bool()), (Some(1), Some(false)), "{arguments:?}");
            // An export has no checkpoint that another key could have signed.
            let unsigned = form == Form::Export && arguments[0] == "--policy";
            let conclusion = if unsigned { "NOT KNOWN" } else { "ANOTHER LEDGER" };
            assert!(answer["conclusion"].as_str().unwrap().starts_with(conclusion), "{answer}");
        }
    }
    // The honest twin, with what both sides know.
    let home = tempfile::tempdir().unwrap();
    for form in [Form::Folder, Form::Bundle] {
        let path = form.write(&sides.lines(), &sides.kept, home.path());
        let (code, answer) = told(&path, &["--first", &first, "--policy", policy]);
        assert_eq!((code, answer["authenticated"].as_bool()), (Some(0), Some(true)), "{answer}");
    }
}

#[test]
fn what_the_others_sign_counts_for_nothing_under_the_keys_of_the_founding() {
    let sides = Sides::agreed();
    let home = tempfile::tempdir().unwrap();
    let (desk, signed) = impostor(home.path());
    let unsigned = Distrust::Unsigned(ORIGIN.to_owned());
    assert_eq!(sides.policy().judge(&signed), Err(unsigned.clone()));
    let judged = Form::Export.judge(&super::two_sides::lines(&desk.ledger), &[], &sides.kept[1..]);
    let size = sides.kept[1].checkpoint().size();
    assert_eq!(judged.unsound(), [(size, Unsound::Distrust(unsigned))]);
    // The keys of this desk remember nothing of that ledger: they say so, and do not mistake it for theirs.
    assert!(!desk.ledger.follows(&sides.anchor("DK")).unwrap());
    assert!(sides.desk.ledger.follows(&sides.anchor("DK")).unwrap());
}
