//! Signatures: whose lines of a checkpoint are believed, kept and given on, and what a key remembers that it signed.

use crate::checkpoints::{anchor, cosign, log_key, restored, walk, witness_key};
use crate::desk::{Desk, ORIGIN, policy};
use annals::ledger::anchor::AnchorError;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::witness::CosignError;
use annals::ledger::{Ledger, quietly};
use annals::trail::checkpoint::{Checkpoint, CheckpointFault, SignedCheckpoint};
use annals::trail::key::{Kind, SigningKey};
use annals::trail::witness;
use chrono::DateTime;
use serde_json::json;
use std::fs;
use std::path::Path;

/// A desk on which both parties replaced the ledger's key by the second.
fn rotated() -> (Desk, SigningKey) {
    let (mut desk, second) =
        (Desk::founded(), SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[2; 32]).unwrap());
    for party in ["DK", "KR"] {
        desk.say(party, "ledger", "policy.adopted", json!({"policy": policy(&second)})).unwrap();
    }
    (desk, second)
}

/// With a line of the ledger's first key that is of another checkpoint.
fn with_a_line_of_the_first_key(signed: &SignedCheckpoint) -> SignedCheckpoint {
    let other = Checkpoint::new(ORIGIN, 1, signed.checkpoint().root()).unwrap();
    let line = SignedCheckpoint::sign(other, &log_key()).unwrap().note().signatures()[0].clone();
    let mut forged = signed.clone();
    forged.push(line).unwrap();
    forged
}

#[test]
fn a_forged_line_of_a_key_that_the_ledger_had_refuses_the_whole_note() {
    let ((desk, second), (_folder, anchor)) = (rotated(), anchor());
    let signed = desk.ledger.checkpoint(&second, &anchor).unwrap();
    let forged = with_a_line_of_the_first_key(&signed);
    let refused = desk.ledger.take_cosignatures(&forged);
    assert!(matches!(refused, Err(CheckpointError::Signed(CheckpointFault::Forged(_)))), "{refused:?}");
    assert_eq!(desk.ledger.readable_checkpoints().unwrap(), std::slice::from_ref(&signed));
    let refused = cosign(&desk.ledger, &forged, "KR", &anchor);
    assert!(matches!(refused, Err(CosignError::Checkpoint(CheckpointError::Signed(_)))), "{refused:?}");
    // One that holds is kept, whichever of its keys made it.
    let own = SignedCheckpoint::sign(signed.checkpoint().clone(), &log_key()).unwrap();
    let mut both = signed;
    both.merge(&own).unwrap();
    assert_eq!(desk.ledger.take_cosignatures(&both).unwrap().signed, both);
}

#[test]
fn a_forged_line_that_lies_in_the_folder_goes_nowhere_and_is_dropped() {
    let ((desk, second), (folder, anchor)) = (rotated(), anchor());
    let home = folder.path().join("ledger");
    restored(&desk.ledger, &home);
    let ledger = Ledger::open(&home, &mut quietly).unwrap();
    let signed = ledger.checkpoint(&second, &anchor).unwrap();
    let cosigned = cosign(&ledger, &signed, "KR", &anchor).unwrap();
    let path = walk(&home.join("checkpoints")).remove(0);
    let poison = || fs::write(&path, with_a_line_of_the_first_key(&cosigned).to_string()).unwrap();
    poison();
    assert!(ledger.owns(&ledger.newest_checkpoint().unwrap().unwrap()).is_err(), "it is not published");
    assert_eq!(ledger.take_cosignatures(&signed).unwrap().signed, cosigned);
    poison();
    assert_eq!(ledger.checkpoint(&second, &anchor).unwrap(), cosigned);
    assert_eq!(ledger.newest_checkpoint().unwrap(), Some(cosigned));
}

#[test]
fn a_witness_that_cosigns_again_leaves_room_for_the_others_and_its_first_time_stands() {
    let (desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let signed = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    let mut first = signed.clone();
    for time in (1_000..1_099).rev() {
        let line = witness::cosign(&witness_key("KR"), signed.checkpoint(), time).unwrap();
        first = SignedCheckpoint::with(
            signed.checkpoint().clone(),
            [signed.note().signatures()[0].clone(), line],
        )
        .unwrap();
        let taken = desk.ledger.take_cosignatures(&first).unwrap();
        assert_eq!(
            (taken.new, taken.signed),
            (vec![(witness_key("KR").verifier().keyid(), time)], first.clone())
        );
    }
    let again = cosign(&desk.ledger, &first, "KR", &anchor).unwrap();
    assert_eq!(again, first, "what it said first stands");
    let later = cosign(&desk.ledger, &signed, "KR", &anchor).unwrap();
    assert_eq!(desk.ledger.take_cosignatures(&later).unwrap().new, []);
    let both = cosign(&desk.ledger, &first, "DK", &anchor).unwrap();
    assert_eq!(desk.ledger.take_cosignatures(&both).unwrap().signed.note().signatures().len(), 3);
    // Lines of nobody take no room either.
    let mut full = signed;
    for number in 0..99 {
        full.push(format!("— w/{number} AAAAAAA=").parse().unwrap()).unwrap();
    }
    assert_eq!(cosign(&desk.ledger, &full, "DK", &anchor).unwrap().note().signatures().len(), 2);
}

#[test]
fn nothing_is_cosigned_at_no_time() {
    let (desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let signed = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    for second in [0, -1] {
        let now = DateTime::from_timestamp(second, 0).unwrap();
        let refused = desk.ledger.cosign(&signed, &witness_key("KR"), &anchor, now, &mut quietly);
        assert!(refused.is_err(), "{refused:?}");
    }
    let verifier = witness_key("KR").verifier();
    assert_eq!(
        anchor.hold(ORIGIN).unwrap().recall(&verifier, []).unwrap(),
        None,
        "and nothing is remembered"
    );
}

/// Changes a character of the root in the only checkpoint below a folder.
fn flip_the_root(folder: &Path) {
    let found = walk(folder);
    let path = found.iter().find(|path| path.extension().is_some_and(|name| name == "checkpoint")).unwrap();
    let text = fs::read_to_string(path).unwrap();
    let root = text.lines().nth(2).unwrap();
    let other = format!("{}{}", if root.starts_with('A') { 'B' } else { 'A' }, &root[1..]);
    fs::write(path, text.replacen(root, &other, 1)).unwrap();
}

#[test]
fn a_memory_that_was_changed_is_no_other_history() {
    let (desk, (elsewhere, log), (folder, witness)) = (Desk::founded(), anchor(), anchor());
    let home = elsewhere.path().join("ledger");
    restored(&desk.ledger, &home);
    let ledger = Ledger::open(&home, &mut quietly).unwrap();
    let signed = ledger.checkpoint(&log_key(), &log).unwrap();
    cosign(&ledger, &signed, "KR", &witness).unwrap();
    flip_the_root(folder.path());
    flip_the_root(elsewhere.path());
    let damaged = |error: CheckpointError| {
        assert!(matches!(error, CheckpointError::Anchor(AnchorError::Damaged { .. })), "{error:?}");
    };
    match cosign(&ledger, &signed, "KR", &witness).unwrap_err() {
        CosignError::Checkpoint(error) => damaged(error),
        error => panic!("{error:?}"),
    }
    assert!(!home.join("fork").exists(), "nothing is written");
    damaged(ledger.checkpoint(&log_key(), &log).unwrap_err());
    for anchor in [&log, &witness] {
        damaged(ledger.follows(anchor).unwrap_err());
    }
}

#[test]
fn a_key_remembers_what_the_one_before_it_signed_and_signs_it_too() {
    let ((desk, second), (_folder, anchor)) = (rotated(), anchor());
    let (size, root) = (desk.ledger.head().size, desk.ledger.root(desk.ledger.head().size).unwrap());
    let before = SignedCheckpoint::sign(Checkpoint::new(ORIGIN, size, root).unwrap(), &log_key()).unwrap();
    anchor.hold(ORIGIN).unwrap().remember(&second.verifier(), &before).unwrap();
    assert!(desk.ledger.follows(&anchor).unwrap());
    let signed = desk.ledger.checkpoint(&second, &anchor).unwrap();
    assert_eq!(signed.signed_by(&second.verifier()), Ok(()));
    assert_eq!(signed.signed_by(&log_key().verifier()), Ok(()));
    assert_eq!(anchor.recall(ORIGIN, [&second.verifier()]).unwrap(), [signed]);
    // Of a founding with another key, it says nothing.
    let other = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[3; 32]).unwrap().verifier();
    assert_eq!(anchor.recall(ORIGIN, [&other]).unwrap(), []);
}
