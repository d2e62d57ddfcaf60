//! What is done to checkpoints: a forged line under a witness's own name, a tree that is larger than what there is, and a policy
//! that somebody put beside them.

use super::desk::ORIGIN;
use super::two_sides::{
    Form, Sides, checkpoint, cosigned, go_on, ledger_key, lines, members, now, root, told, unzipped, witness,
    zipped,
};
use annals::exchange::bundle::restore::{UnpackError, restore};
use annals::exchange::bundle::verify::{self, VerifyError};
use annals::exchange::bundle::{Bundle, BundleError};
use annals::exchange::layout::LayoutError;
use annals::exchange::verification::{Conclusion, Trusted, Verification};
use annals::ledger::anchor::Anchor;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::witness::CosignError;
use annals::ledger::{Ledger, quietly};
use annals::record::authority;
use annals::record::completeness::{Standing, Unsound};
use annals::trail::checkpoint::{Checkpoint, CheckpointFault, SignedCheckpoint};
use annals::trail::hash::NodeHash;
use annals::trail::key::{Kind, SigningKey, VerifierKey};
use annals::trail::note::{Forged, Signature};
use annals::trail::policy::Policy;
use annals::trail::quorum::Distrust;
use annals::trail::witness::{WitnessFault, cosign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::fs;

/// A line under the name and the id of a key.
fn line(key: &VerifierKey, bytes: &[u8]) -> Signature {
    let encoded = STANDARD.encode([&key.id()[..], bytes].concat());
    format!("— {} {encoded}", key.name()).parse().unwrap()
}

/// With a forged line of a witness, beside the one that holds.
fn forged(signed: &SignedCheckpoint, key: &VerifierKey, bytes: &[u8]) -> SignedCheckpoint {
    let mut forged = signed.clone();
    forged.push(line(key, bytes)).unwrap();
    forged
}

#[test]
fn a_forged_line_under_a_witnesss_name_refuses_the_checkpoint_whole_in_every_form() {
    let sides = Sides::agreed();
    let (lines, signed) = (sides.lines(), &sides.kept[1]);
    let size = signed.checkpoint().size();
    for party in ["DK", "KR"] {
        let key = witness(party).verifier();
        for (bytes, fault) in [
            (vec![1; 72], WitnessFault::Invalid(key.keyid())),
            (vec![0; 72], WitnessFault::Invalid(key.keyid())),
            (vec![0; 64], WitnessFault::Length(64)),
            (vec![0xff; 72], WitnessFault::Time(u64::MAX)),
        ] {
            let forged = forged(signed, &key, &bytes);
            let before = sides.desk.ledger.readable_checkpoints().unwrap();
            match sides.desk.ledger.take_cosignatures(&forged) {
                Err(CheckpointError::Cosigned(found)) => assert_eq!(found, fault),
                other => panic!("{other:?}"),
            }
            assert_eq!(sides.desk.ledger.readable_checkpoints().unwrap(), before, "nothing of it is kept");
            let expected = Unsound::Distrust(Distrust::Forged(Forged(key.keyid())));
            for form in [Form::Folder, Form::Bundle] {
                let judged = form.judge(&lines, std::slice::from_ref(&forged), &[]);
                assert_eq!(judged.unsound(), [(size, expected.clone())], "{form:?}");
                assert!(judged.report.holds(), "the entries are as they were");
            }
            let judged = Form::Export.judge(&lines, &[], std::slice::from_ref(&forged));
            assert_eq!(judged.unsound(), [(size, expected)]);
        }
    }
}

#[test]
fn a_cosignature_of_no_time_counts_for_nothing_and_refuses_nothing() {
    let sides = Sides::agreed();
    let signed = &sides.kept[1];
    let message = format!("cosignature/v1\ntime 0\n{}", signed.checkpoint());
    let undated = [&[0; 8][..], &witness("KR").sign(message.as_bytes())].concat();
    let key = witness("KR").verifier();
    let beside = forged(signed, &key, &undated);
    let taken = sides.desk.ledger.take_cosignatures(&beside).unwrap();
    assert_eq!((taken.new.len(), taken.unknown.len(), taken.undated), (0, 0, vec![key.keyid()]));
    assert_eq!(&taken.signed, signed, "and is not kept");
    assert!(Form::Bundle.judge(&sides.lines(), &[beside], &[]).is_sound());
    // Alone, it is nobody's word on the checkpoint.
    let alone = SignedCheckpoint::sign(signed.checkpoint().clone(), &ledger_key()).unwrap();
    let alone = forged(&alone, &key, &undated);
    assert_eq!(annals::trail::witness::cosigned(&alone, &key), Ok(None));
    assert_eq!(
        annals::trail::witness::cosigned(&forged(&alone, &key, &[0; 72]), &key),
        Err(Forged(key.keyid()))
    );
}

#[test]
fn a_checkpoint_of_no_entries_is_no_word_on_any_history() {
    let sides = Sides::agreed();
    let nothing = Checkpoint::new(ORIGIN, 0, NodeHash::empty()).unwrap();
    let mut nothing = SignedCheckpoint::sign(nothing, &ledger_key()).unwrap();
    for party in ["DK", "KR"] {
        nothing.push(cosign(&witness(party), nothing.checkpoint(), 1_700_000_000).unwrap()).unwrap();
    }
    // Another ledger of the same name is not made the one that is known by what was signed of none.
    let mut thief = sides.thief(sides.lines().len() - 1);
    go_on(&mut thief, "DK", 2);
    let others = lines(&thief.ledger);
    let own = checkpoint(&others, &SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[9; 32]).unwrap());
    for form in [Form::Export, Form::Folder, Form::Bundle] {
        let home = tempfile::tempdir().unwrap();
        let path = form.write(&others, &[nothing.clone(), own.clone()], home.path());
        let trusted = Trusted {
            policy: Some(sides.policy()),
            checkpoints: vec![nothing.clone()],
            ..Trusted::default()
        };
        let found = Verification::of(&path, trusted, None, &mut |_| {}).unwrap();
        assert!(found.report.holds() && !found.holds(), "{form:?}");
        assert_eq!((found.known, found.complete()), (Some(false), 0), "{form:?}");
    }
    // Nor is it held against the honest one.
    let judged = Form::Export.judge(&sides.lines(), &[], std::slice::from_ref(&nothing));
    assert_eq!(judged.unsound(), [(0, Unsound::Nothing)]);
    assert!(judged.completed.holds());
    let trusted = Trusted { checkpoints: vec![nothing], ..Trusted::default() };
    let home = tempfile::tempdir().unwrap();
    let path = Form::Bundle.write(&sides.lines(), &sides.kept, home.path());
    let found = Verification::of(&path, trusted, None, &mut |_| {}).unwrap();
    assert!(found.holds() && found.complete() > 0);
}

#[test]
fn what_another_log_says_or_nobody_is_not_held_against_a_history() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let size = lines.len() as u64;
    let root = root(&lines[..1]);
    let stranger = SigningKey::from_seed("other.example/log", Kind::Ed25519, &[9; 32]).unwrap();
    let others = Checkpoint::new("other.example/log", size - 1, root).unwrap();
    let unsigned = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[9; 32]).unwrap();
    let nobodys = Checkpoint::new(ORIGIN, size - 1, root).unwrap();
    for signed in [SignedCheckpoint::sign(others, &stranger), SignedCheckpoint::sign(nobodys, &unsigned)] {
        let trusted = Trusted {
            policy: Some(sides.policy()),
            checkpoints: vec![signed.unwrap()],
            ..Trusted::default()
        };
        let home = tempfile::tempdir().unwrap();
        let path = Form::Bundle.write(&lines, &sides.kept, home.path());
        let found = Verification::of(&path, trusted, None, &mut |_| {}).unwrap();
        assert_eq!((found.holds(), found.conclusion()), (true, Conclusion::Known));
        let says_nothing = |standing: &Standing| standing.verdict.as_ref().is_err_and(Unsound::says_nothing);
        assert_eq!(found.completed.standings.iter().filter(|each| says_nothing(each)).count(), 1);
    }
    // Witnesses who cosigned what the log did not sign have seen another history.
    let nobodys = Checkpoint::new(ORIGIN, size - 1, root).unwrap();
    let mut seen = SignedCheckpoint::sign(nobodys, &unsigned).unwrap();
    seen.push(cosign(&witness("KR"), seen.checkpoint(), 1_700_000_000).unwrap()).unwrap();
    let trusted = Trusted { policy: Some(sides.policy()), checkpoints: vec![seen], ..Trusted::default() };
    let home = tempfile::tempdir().unwrap();
    let path = Form::Bundle.write(&lines, &sides.kept, home.path());
    let found = Verification::of(&path, trusted, None, &mut |_| {}).unwrap();
    assert_eq!((found.holds(), found.conclusion()), (false, Conclusion::Contradicted));
    // Of a history without any checkpoint no key says whose it is.
    let trusted = Trusted { policy: Some(sides.policy()), ..Trusted::default() };
    let home = tempfile::tempdir().unwrap();
    let path = Form::Export.write(&lines, &[], home.path());
    let found = Verification::of(&path, trusted, None, &mut |_| {}).unwrap();
    assert_eq!((found.holds(), found.conclusion()), (false, Conclusion::Unsigned));
}

#[test]
fn nobody_cosigns_beside_what_the_ledgers_key_signed_of_another_history() {
    let sides = Sides::agreed();
    let (lines, home) = (sides.lines(), tempfile::tempdir().unwrap());
    let other = checkpoint(&lines[1..], &ledger_key());
    let path = Form::Folder.write(&lines, &[sides.kept[1].clone(), other], home.path());
    let ledger = Ledger::open_read_only(&path).unwrap();
    let anchor = Anchor::new(home.path().join("anchor"));
    let refused = ledger.cosign(&sides.kept[1], &witness("DK"), &anchor, now(), &mut |_| {});
    assert!(matches!(refused, Err(CosignError::Parted(_))), "{refused:?}");
    let (code, _) = told(&path.join("fork"), &[]);
    assert_eq!(code, Some(0), "what convicts it is put down");
}

#[test]
fn a_bundle_with_a_forged_line_is_not_restored() {
    let sides = Sides::agreed();
    let home = tempfile::tempdir().unwrap();
    let key = witness("KR").verifier();
    let path = Form::Bundle.write(&sides.lines(), &[forged(&sides.kept[1], &key, &[1; 72])], home.path());
    let restored = restore(&mut Bundle::open(&path).unwrap(), &home.path().join("new"), &mut quietly);
    match restored {
        Err(UnpackError::Checkpoint(CheckpointError::Cosigned(found))) => {
            assert_eq!(found, WitnessFault::Invalid(key.keyid()));
        }
        other => panic!("{other:?}"),
    }
    let (code, answer) = told(&path, &[]);
    assert_eq!(code, Some(1));
    assert!(answer["checkpoints"][0]["found"].as_str().unwrap().contains("does not hold"), "{answer}");
}

#[test]
fn a_forged_line_of_the_ledgers_key_refuses_the_checkpoint_whole_and_a_strangers_line_counts_for_nothing() {
    let sides = Sides::agreed();
    let signed = &sides.kept[1];
    let key = ledger_key().verifier();
    let twice = forged(signed, &key, &[0; 64]);
    let found = sides.desk.ledger.take_cosignatures(&twice);
    match found {
        Err(CheckpointError::Signed(fault)) => {
            assert_eq!(fault, CheckpointFault::Forged(Forged(key.keyid())));
        }
        other => panic!("{other:?}"),
    }
    let stranger = SigningKey::from_seed("DK/witness-1", Kind::Cosignature, &[9; 32]).unwrap().verifier();
    let strange = forged(signed, &stranger, &[0; 72]);
    let taken = sides.desk.ledger.take_cosignatures(&strange).unwrap();
    assert_eq!((taken.new.len(), taken.unknown.len()), (0, 1));
    assert_eq!(&taken.signed, signed, "and is not kept");
    assert!(Form::Bundle.judge(&sides.lines(), &[strange], &[]).is_sound());
}

#[test]
fn a_witnesss_key_vouches_for_nothing_after_its_revocation_and_what_it_cosigned_before_stands() {
    let mut sides = Sides::agreed();
    let (key, before) = (witness("KR"), sides.kept[1].clone());
    let revoked = json!({"keyid": key.verifier().keyid(), "reason": "lost"});
    sides.desk.say("KR", "parties/KR", "key.revoked", revoked).unwrap();
    let ledger = &sides.desk.ledger;
    let signed = ledger.checkpoint(&ledger_key(), &sides.anchor(ORIGIN)).unwrap();
    let refused = ledger.cosign(&signed, &key, &sides.anchor("KR"), now(), &mut quietly);
    assert!(matches!(refused, Err(CosignError::Key(authority::Refusal::Revoked(_)))), "{refused:?}");
    // Whoever has stolen it asks nobody.
    let mut stolen =
        ledger.cosign(&signed, &witness("DK"), &sides.anchor("DK"), now(), &mut quietly).unwrap();
    stolen.push(cosign(&key, stolen.checkpoint(), 1_700_000_000).unwrap()).unwrap();
    let taken = ledger.take_cosignatures(&stolen).unwrap();
    assert_eq!((taken.new.len(), taken.unknown.len(), taken.signed.note().signatures().len()), (1, 1, 2));
    let lines = sides.lines();
    for form in Form::ALL {
        let judged = form.judge(&lines, &[before.clone(), stolen.clone()], &[before.clone(), stolen.clone()]);
        assert!(judged.report.holds() && judged.completed.holds());
        let (witnessed, _) = judged.completed.witnessed().unwrap();
        assert_eq!(witnessed, before.checkpoint(), "{form:?}: what it cosigned before stands");
    }
}

/// The text of a policy with this key of the ledger and the witnesses of these sides, all of whom have to cosign.
fn policy_text(log: &SigningKey, parties: &[&str]) -> String {
    let witnesses = parties.iter().map(|party| (*party, [witness(party).verifier()])).collect::<Vec<_>>();
    let witnesses: Vec<_> = witnesses.iter().map(|(party, keys)| (*party, &keys[..])).collect();
    Policy::of_parties(&log.verifier(), &witnesses).unwrap().to_string()
}

#[test]
fn a_policy_that_one_side_adopts_alone_lowers_no_quorum() {
    let mut sides = Sides::agreed();
    let text = policy_text(&ledger_key(), &["KR"]);
    for (party, witnessed) in [("KR", false), ("DK", true)] {
        sides.desk.say(party, "ledger", "policy.adopted", json!({"policy": text})).unwrap();
        let anchors = [ORIGIN, "KR"].map(|name| sides.anchor(name));
        let signed = cosigned(&sides.desk.ledger, &anchors, &["KR"]);
        for form in Form::ALL {
            let one = std::slice::from_ref(&signed);
            let judged = form.judge(&sides.lines(), one, one);
            assert!(judged.report.holds() && judged.completed.holds());
            assert_eq!(judged.completed.witnessed().is_some(), witnessed, "{form:?} {party}");
        }
    }
}

#[test]
fn the_ledgers_key_signs_nothing_after_it_was_replaced_and_what_it_signed_stands() {
    let mut sides = Sides::agreed();
    let new = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[9; 32]).unwrap();
    let text = policy_text(&new, &["DK", "KR"]);
    for party in ["DK", "KR"] {
        sides.desk.say(party, "ledger", "policy.adopted", json!({"policy": text})).unwrap();
    }
    let (ledger, lines) = (&sides.desk.ledger, sides.lines());
    let late = ledger.checkpoint(&ledger_key(), &sides.anchor(ORIGIN));
    assert!(matches!(late, Err(CheckpointError::Key { .. })), "{late:?}");
    let late = checkpoint(&lines, &ledger_key());
    let taken = ledger.take_cosignatures(&late);
    let unsigned = CheckpointFault::Unsigned(new.verifier().keyid());
    assert!(matches!(&taken, Err(CheckpointError::Signed(fault)) if *fault == unsigned), "{taken:?}");
    for form in [Form::Folder, Form::Bundle] {
        let judged = form.judge(&lines, &[sides.kept[1].clone(), late.clone()], &[]);
        let distrust = Unsound::Distrust(Distrust::Unsigned(ORIGIN.to_owned()));
        assert_eq!(judged.unsound(), [(lines.len() as u64, distrust)], "{form:?}");
        let mine = ledger.checkpoint(&new, &sides.anchor("new")).unwrap();
        let judged = form.judge(&lines, &[sides.kept[1].clone(), mine], &[]);
        assert!(judged.report.holds() && judged.completed.holds(), "{form:?}");
        assert_eq!(judged.completed.witnessed().unwrap().0, sides.kept[1].checkpoint());
    }
}

#[test]
fn a_checkpoint_of_more_entries_than_there_are_is_named() {
    let mut sides = Sides::agreed();
    let lines = sides.lines();
    sides.go_on("DK", 1);
    let larger = sides.cosign();
    let (size, found) = (larger.checkpoint().size(), lines.len() as u64);
    // Kept among others: the newest entries are missing.
    let mut bundle = members(&lines, &sides.kept[..2]);
    bundle.push((format!("checkpoints/{size:012}"), larger.to_string().into_bytes()));
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("bundle");
    fs::write(&path, zipped(&bundle)).unwrap();
    let (code, answer) = told(&path, &[]);
    assert_eq!(code, Some(1));
    let named = answer["checkpoints"].as_array().unwrap().iter().find(|each| each["size"] == size).unwrap();
    assert!(named["found"].as_str().unwrap().contains("the newest are missing"), "{named}");
    assert_eq!(
        Form::Folder.judge(&lines, std::slice::from_ref(&larger), &[]).unsound(),
        [(size, Unsound::Cut { signed: size, found })]
    );
    // As the one at which it ends: then it is not whole.
    let mut bundle = members(&lines, &sides.kept[..2]);
    bundle[1].1 = larger.to_string().into_bytes();
    fs::write(&path, zipped(&bundle)).unwrap();
    let verified = verify::verify(&mut Bundle::open(&path).unwrap(), Vec::new(), &mut |_, _| {});
    match verified {
        Err(VerifyError::Bundle(
            BundleError::Layout(LayoutError::Missing(_)) | BundleError::Member { .. },
        )) => {}
        other => panic!("{other:?}"),
    }
    // One of 2^63 - 1 entries is refused as soon.
    let most = annals::trail::checkpoint::Checkpoint::new(ORIGIN, (1 << 63) - 1, larger.checkpoint().root());
    let most = SignedCheckpoint::sign(most.unwrap(), &ledger_key()).unwrap();
    bundle[1].1 = most.to_string().into_bytes();
    fs::write(&path, zipped(&bundle)).unwrap();
    assert!(verify::verify(&mut Bundle::open(&path).unwrap(), Vec::new(), &mut |_, _| {}).is_err());
}

#[test]
fn the_policy_in_a_bundle_changes_no_verdict_but_that_on_itself() {
    let sides = Sides::agreed();
    let mut thief = sides.thief(usize::try_from(sides.confirmed.sequence).unwrap());
    go_on(&mut thief, "KR", 3);
    let forged = super::two_sides::lines(&thief.ledger);
    let unwitnessed = checkpoint(&forged, &ledger_key());
    let theirs = Policy::parse(format!("log {}\nquorum none\n", ledger_key().verifier()).as_bytes()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let trusted = home.path().join("policy");
    fs::write(&trusted, sides.policy().to_bytes()).unwrap();
    for (lines, signed, complete) in
        [(sides.lines(), sides.kept[1].clone(), sides.kept[1].checkpoint().size()), (forged, unwitnessed, 0)]
    {
        let path = home.path().join("bundle");
        let answers = [None, Some(theirs.to_bytes()), Some(sides.policy().to_bytes()), Some(vec![0xff; 9])]
            .map(|policy| {
                let mut bundle = members(&lines, std::slice::from_ref(&signed));
                bundle.extend(policy.map(|policy| ("policy".to_owned(), policy)));
                fs::write(&path, zipped(&bundle)).unwrap();
                [vec![], vec!["--policy", trusted.to_str().unwrap()]].map(|given| told(&path, &given))
            });
        for (judged, own) in answers.iter().zip([None, Some(false), Some(true), Some(false)]) {
            for ((code, answer), (_, without)) in judged.iter().zip(&answers[0]) {
                assert_eq!(answer["complete"].as_u64(), Some(complete), "{answer}");
                let holds = own != Some(false);
                assert_eq!((*code, &answer["holds"]), (Some(i32::from(!holds)), &holds.into()), "{answer}");
                assert_eq!(answer["policy"].as_bool(), own);
                assert_eq!(
                    [&answer["verdicts"], &answer["checkpoints"], &answer["completeness"]],
                    [&without["verdicts"], &without["checkpoints"], &without["completeness"]]
                );
            }
        }
    }
    assert!(unzipped(&sides.bundle()).iter().any(|(name, _)| name == "policy"));
}
