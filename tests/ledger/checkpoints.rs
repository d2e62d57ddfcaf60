//! Checkpoints, cosignatures and proofs: what the ledger's key and the witnesses sign, and what they refuse to.

use crate::desk::{Desk, ORIGIN, key, key_of, word};
use annals::domain::value::Code;
use annals::exchange::restore::Restore;
use annals::ledger::anchor::Anchor;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::witness::CosignError;
use annals::ledger::{Ledger, quietly};
use annals::record::role::Role;
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::hash::LeafHash;
use annals::trail::key::{Kind, SigningKey};
use annals::trail::merkle;
use annals::trail::proof::Proof;
use annals::trail::witness;
use chrono::{DateTime, Utc};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use tempfile::TempDir;

pub(crate) fn log_key() -> SigningKey {
    key(ORIGIN, Kind::Ed25519)
}

pub(crate) fn witness_key(party: &str) -> SigningKey {
    key_of(party, Role::Witness)
}

pub(crate) fn anchor() -> (TempDir, Anchor) {
    let folder = tempfile::tempdir().unwrap();
    let anchor = Anchor::new(folder.path().join("state/annals"));
    (folder, anchor)
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

pub(crate) fn cosign(
    ledger: &Ledger,
    signed: &SignedCheckpoint,
    party: &str,
    anchor: &Anchor,
) -> Result<SignedCheckpoint, CosignError> {
    ledger.cosign(signed, &witness_key(party), anchor, now(), &mut quietly)
}

/// The same history in a folder.
pub(crate) fn restored(ledger: &Ledger, folder: &Path) {
    let mut restore = Restore::new(folder).unwrap();
    ledger
        .read(0..u64::MAX, &mut |_, line| {
            restore.push(line).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
    restore.finish().unwrap();
}

/// A desk, and a copy of it on which the last words are others.
fn parted() -> (Desk, Desk) {
    let (mut one, mut other) = (Desk::founded(), Desk::founded());
    one.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    other.progress("KR", "1.G2G.2", word("continuing")).unwrap();
    (one, other)
}

#[test]
fn the_ledgers_key_signs_where_it_stands_and_gives_the_same_again() {
    let (mut desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let signed = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    let size = desk.ledger.head().size;
    assert_eq!((signed.checkpoint().origin(), signed.checkpoint().size()), (ORIGIN, size));
    assert_eq!(signed.signed_by(&log_key().verifier()), Ok(()));
    assert_eq!(desk.ledger.checkpoint(&log_key(), &anchor).unwrap(), signed);
    desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    let next = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    assert_eq!(next.checkpoint().size(), size + 1);
    let kept = desk.ledger.readable_checkpoints().unwrap();
    assert_eq!(kept, [next], "one that nobody cosigned is followed by the next");
}

#[test]
fn no_other_key_signs_a_checkpoint() {
    let (desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let other = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[9; 32]).unwrap();
    assert!(matches!(desk.ledger.checkpoint(&other, &anchor), Err(CheckpointError::Key { .. })));
    assert!(matches!(Ledger::in_memory().checkpoint(&log_key(), &anchor), Err(CheckpointError::Empty)));
}

#[test]
fn a_key_signs_nothing_that_does_not_continue_what_it_signed() {
    let ((one, other), (_folder, anchor)) = (parted(), anchor());
    let size = one.ledger.head().size;
    one.ledger.checkpoint(&log_key(), &anchor).unwrap();
    for refused in
        [other.ledger.checkpoint(&log_key(), &anchor).map(drop), other.ledger.follows(&anchor).map(drop)]
    {
        assert!(
            matches!(refused, Err(CheckpointError::Beside { known, .. }) if known == size),
            "{refused:?}"
        );
    }
    let older = Desk::founded();
    for refused in
        [older.ledger.checkpoint(&log_key(), &anchor).map(drop), older.ledger.follows(&anchor).map(drop)]
    {
        let behind = |known, here| (known, here) == (size, size - 1);
        assert!(matches!(refused, Err(CheckpointError::Behind { known, size, .. }) if behind(known, size)));
    }
    assert!(one.ledger.follows(&anchor).unwrap());
}

#[test]
fn what_a_key_remembers_is_read_again_and_a_damaged_memory_is_named() {
    let (desk, (folder, anchor)) = (Desk::founded(), anchor());
    assert!(!desk.ledger.follows(&anchor).unwrap(), "nothing is remembered yet");
    let signed = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    assert_eq!(anchor.recall(ORIGIN, [&log_key().verifier()]).unwrap(), [signed]);
    assert_eq!(anchor.recall("another.example", [&log_key().verifier()]).unwrap(), []);
    let found = walk(folder.path());
    let path = found.iter().find(|path| path.extension().is_some_and(|name| name == "checkpoint")).unwrap();
    fs::write(path, "damaged").unwrap();
    let refused = desk.ledger.checkpoint(&log_key(), &anchor).unwrap_err();
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(
        cause.contains("from a backup of this desk") && cause.contains(path.to_str().unwrap()),
        "{cause}"
    );
}

pub(crate) fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_witness_cosigns_what_it_holds_and_each_cosignature_is_taken_in_once() {
    let (desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let signed = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    for party in ["DK", "KR"] {
        let cosigned = cosign(&desk.ledger, &signed, party, &anchor).unwrap();
        let key = witness_key(party).verifier();
        assert_eq!(witness::cosigned(&cosigned, &key), Ok(Some(1_700_000_000)));
        let taken = desk.ledger.take_cosignatures(&cosigned).unwrap();
        assert_eq!(taken.new, [(key.keyid(), 1_700_000_000)]);
        assert_eq!(desk.ledger.take_cosignatures(&cosigned).unwrap().new, []);
    }
    let kept = desk.ledger.newest_checkpoint().unwrap().unwrap();
    assert_eq!(kept.note().signatures().len(), 3);
    assert_eq!(desk.ledger.checkpoint(&log_key(), &anchor).unwrap(), kept, "the same, with its cosignatures");
}

#[test]
fn a_witness_goes_back_behind_nothing_that_it_cosigned() {
    let (mut desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let before = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    let signed = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    cosign(&desk.ledger, &signed, "KR", &anchor).unwrap();
    let refused = cosign(&desk.ledger, &before, "KR", &anchor);
    assert!(matches!(refused, Err(CosignError::Older { known, size }) if known == size + 1), "{refused:?}");
    let older = Desk::founded();
    assert!(cosign(&older.ledger, &before, "DK", &anchor).is_ok(), "another witness has a memory of its own");
}

#[test]
fn a_witness_that_has_seen_a_newer_checkpoint_cosigns_no_older_one() {
    let (mut desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let before = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    let newest = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    let (older, newer) = (before.checkpoint().size(), newest.checkpoint().size());
    let refused = cosign(&desk.ledger, &before, "KR", &anchor);
    let sizes = |known, size| (known, size) == (newer, older);
    assert!(matches!(refused, Err(CosignError::Newer { known, size }) if sizes(known, size)), "{refused:?}");
    let text = refused.unwrap_err().to_string();
    assert!(text.contains(&newer.to_string()) && text.contains("`annals cosign --as PARTY`"), "{text}");
    assert!(cosign(&desk.ledger, &newest, "KR", &anchor).is_ok());
}

#[test]
fn a_witness_that_is_shown_another_history_puts_both_into_one_file() {
    let ((one, mut other), (_folder, witness), (_elsewhere, log)) = (parted(), anchor(), anchor());
    let signed = one.ledger.checkpoint(&log_key(), &anchor().1).unwrap();
    cosign(&one.ledger, &signed, "KR", &witness).unwrap();
    other.progress("DK", "1.G2G.2", word("planned")).unwrap();
    let later = other.ledger.checkpoint(&log_key(), &log).unwrap();
    let Err(CosignError::Forked(size, Some(fork))) = cosign(&other.ledger, &later, "KR", &witness) else {
        panic!("a fork is not seen");
    };
    assert_eq!(size, signed.checkpoint().size());
    assert_eq!(fork.signed_by(&log_key().verifier()), Ok(()));
    assert_eq!(fork.checkpoints().map(|signed| signed.checkpoint().size()), [size, size + 1]);
}

#[test]
fn a_witness_cosigns_nothing_of_another_log_of_other_entries_or_that_it_does_not_hold() {
    let ((one, other), (_folder, anchor), (_elsewhere, log)) = (parted(), anchor(), anchor());
    let of_other = other.ledger.checkpoint(&log_key(), &log).unwrap();
    let refused = |signed: &SignedCheckpoint| match cosign(&one.ledger, signed, "KR", &anchor) {
        Err(CosignError::Checkpoint(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(&of_other), CheckpointError::Differs(_)));
    let (size, root) = (of_other.checkpoint().size(), of_other.checkpoint().root());
    let ahead = SignedCheckpoint::sign(Checkpoint::new(ORIGIN, size + 1, root).unwrap(), &log_key()).unwrap();
    assert!(matches!(refused(&ahead), CheckpointError::Ahead { .. }));
    let stranger = SigningKey::from_seed("b.example", Kind::Ed25519, &[1; 32]).unwrap();
    let strange =
        SignedCheckpoint::sign(Checkpoint::new("b.example", size, root).unwrap(), &stranger).unwrap();
    assert!(matches!(refused(&strange), CheckpointError::Origin { .. }));
    let coordinator = key_of("KR", Role::Coordinator);
    let refused = one.ledger.cosign(&of_other, &coordinator, &anchor, now(), &mut quietly);
    assert!(matches!(refused, Err(CosignError::Role(_))), "{refused:?}");
    let unknown = key("KR/witness-9", Kind::Cosignature);
    let refused = one.ledger.cosign(&of_other, &unknown, &anchor, now(), &mut quietly);
    assert!(matches!(refused, Err(CosignError::Key(_))), "{refused:?}");
    assert_eq!(
        anchor.recall(ORIGIN, [&log_key().verifier()]).unwrap(),
        [],
        "nothing was signed, and nothing remembered"
    );
}

#[test]
fn a_line_that_does_not_hold_is_never_stored_and_one_of_nobody_is_passed_over() {
    let (desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let signed = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    let other = Checkpoint::new(ORIGIN, 1, signed.checkpoint().root()).unwrap();
    let mut forged = signed.clone();
    forged.push(witness::cosign(&witness_key("KR"), &other, 7).unwrap()).unwrap();
    assert!(matches!(desk.ledger.take_cosignatures(&forged), Err(CheckpointError::Cosigned(_))));
    let mut strange = signed.clone();
    let stranger = key("c.example/w", Kind::Cosignature);
    strange.push(witness::cosign(&stranger, signed.checkpoint(), 7).unwrap()).unwrap();
    let taken = desk.ledger.take_cosignatures(&strange).unwrap();
    assert_eq!((taken.new.len(), taken.unknown.len()), (0, 1));
    assert_eq!(desk.ledger.newest_checkpoint().unwrap(), Some(signed));
}

#[test]
fn every_entry_is_proved_under_every_checkpoint_that_covers_it() {
    let (mut desk, (_folder, anchor)) = (Desk::founded(), anchor());
    let early = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    let late = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    for under in [&early, &late] {
        for sequence in 0..under.checkpoint().size() {
            let proof = desk.ledger.prove(sequence, under).unwrap();
            let proof = Proof::parse(proof.to_string().as_bytes()).unwrap();
            let leaf = LeafHash::of(proof.extra().unwrap());
            assert_eq!(leaf, desk.ledger.entry(sequence).unwrap().unwrap().leaf());
            let checkpoint = proof.checkpoint().checkpoint();
            let included =
                merkle::includes(leaf, sequence, checkpoint.size(), proof.path(), checkpoint.root());
            assert_eq!(included, Ok(()));
        }
    }
    assert!(desk.ledger.prove(early.checkpoint().size(), &early).is_err());
}

#[test]
fn the_tree_is_kept_up_in_the_folder_and_made_anew_where_it_is_damaged() {
    let (folder, (_elsewhere, anchor)) = (tempfile::tempdir().unwrap(), anchor());
    let home = folder.path().join("ledger");
    let mut desk = Desk::founded();
    restored(&desk.ledger, &home);
    let row = home.join("tile/0");
    let size = desk.ledger.head().size;
    assert_eq!(fs::metadata(&row).unwrap().len(), 32 * size, "restoring makes it");
    let root = desk.ledger.root(size).unwrap();
    let sound = fs::read(&row).unwrap();
    for damage in
        [&sound[..40], &[], &[7; 4096], &[&[1; 32], &sound[32..]].concat(), &[&sound[..], &[0; 64]].concat()]
    {
        fs::write(&row, damage).unwrap();
        let ledger = Ledger::open(&home, &mut quietly).unwrap();
        // A key that remembers nothing trusts no hash that lies there.
        let (_new, fresh) = self::anchor();
        let signed = ledger.checkpoint(&log_key(), &fresh).unwrap();
        assert_eq!(signed.checkpoint().root(), root);
        ledger.prove(3, &signed).unwrap();
        fs::remove_dir_all(home.join("checkpoints")).unwrap();
    }
    fs::remove_dir_all(home.join("tile")).unwrap();
    desk.ledger = Ledger::open(&home, &mut quietly).unwrap();
    let party: Code = "KR".parse().unwrap();
    assert!(desk.ledger.state().parties().contains(&&party));
    desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    assert_eq!(fs::metadata(&row).unwrap().len(), 32 * (size + 1), "and each commit keeps it up");
    let signed = desk.ledger.checkpoint(&log_key(), &anchor).unwrap();
    drop(desk);
    let reader = Ledger::open_read_only(&home).unwrap();
    assert_eq!(reader.newest_checkpoint().unwrap(), Some(signed.clone()));
    reader.prove(size, &signed).unwrap();
}
