//! What is put in the place of a ledger: an older backup, or a copy that was written to elsewhere.

use super::desk::ORIGIN;
use super::two_sides::{
    Form, Lines, Sides, cosigned, go_on, ledger_key, lines, members, now, witness, zipped,
};
use annals::exchange::bundle::Bundle;
use annals::exchange::bundle::restore::{UnpackError, restore};
use annals::exchange::restore::RestoreError;
use annals::ledger::anchor::Anchor;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::witness::CosignError;
use annals::ledger::{Ledger, quietly};
use annals::record::verdict::Check;
use annals::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use annals::trail::hash::LeafHash;
use annals::trail::key::{Kind, SigningKey};
use std::fs;
use std::path::Path;

/// The ledger that is restored from a bundle of these entries.
fn restored(lines: &Lines, signed: &SignedCheckpoint, home: &Path) -> Result<Ledger, UnpackError> {
    let path = home.join("bundle");
    fs::write(&path, zipped(&members(lines, std::slice::from_ref(signed)))).unwrap();
    let folder = home.join("ledger");
    restore(&mut Bundle::open(&path).unwrap(), &folder, &mut quietly)?;
    Ok(Ledger::open(&folder, &mut quietly).unwrap())
}

/// A refusal says what not to do, and what to do.
fn is_way_out(words: &str) {
    for part in ["Record nothing", "move this folder away", "`annals bundle restore FILE`", "FROM`"] {
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn the_newest_backup_is_followed_and_an_older_one_is_refused_with_the_way_out() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let known = lines.len() as u64;
    let home = tempfile::tempdir().unwrap();
    let ledger = restored(&lines, &sides.kept[1], home.path()).unwrap();
    assert!(ledger.follows(&sides.anchor("DK")).unwrap());
    drop(ledger);
    let older = &sides.kept[0];
    let size = older.checkpoint().size();
    let home = tempfile::tempdir().unwrap();
    let part = lines[..usize::try_from(size).unwrap()].to_vec();
    let ledger = restored(&part, older, home.path()).unwrap();
    let behind = |found: &CheckpointError| {
        assert!(
            matches!(found, CheckpointError::Behind { known: signed, size: here, .. } if (*signed, *here) == (known, size))
        );
        is_way_out(&found.to_string());
    };
    for name in [ORIGIN, "DK", "KR"] {
        behind(&ledger.follows(&sides.anchor(name)).unwrap_err());
    }
    behind(&ledger.checkpoint(&ledger_key(), &sides.anchor(ORIGIN)).unwrap_err());
    let found = ledger.cosign(older, &witness("DK"), &sides.anchor("DK"), now(), &mut quietly);
    assert!(matches!(found, Err(CosignError::Older { .. })), "{found:?}");
    // A desk whose keys never signed anything has nothing to compare with, and says so.
    assert!(!ledger.follows(&Anchor::new(home.path().join("new"))).unwrap());
}

#[test]
fn a_copy_that_was_written_to_elsewhere_is_refused_whatever_its_size() {
    let sides = Sides::agreed();
    let known = sides.kept[1].checkpoint().size();
    let from = usize::try_from(sides.kept[0].checkpoint().size()).unwrap();
    for more in [5, 6, 20] {
        let mut thief = sides.thief(from);
        go_on(&mut thief, "KR", more);
        let elsewhere = tempfile::tempdir().unwrap();
        let anchors = [ORIGIN, "KR"].map(|name| Anchor::new(elsewhere.path().join(name)));
        let signed = cosigned(&thief.ledger, &anchors, &["KR"]);
        let ledger = restored(&lines(&thief.ledger), &signed, elsewhere.path()).unwrap();
        for name in [ORIGIN, "DK", "KR"] {
            let found = ledger.follows(&sides.anchor(name)).unwrap_err();
            assert!(matches!(found, CheckpointError::Beside { known: at, .. } if at == known), "{found}");
            is_way_out(&found.to_string());
        }
        let found = ledger.checkpoint(&ledger_key(), &sides.anchor(ORIGIN)).unwrap_err();
        assert!(matches!(found, CheckpointError::Beside { .. }), "{found}");
        let found = ledger.cosign(&signed, &witness("KR"), &sides.anchor("KR"), now(), &mut quietly);
        assert!(matches!(found, Err(CosignError::Forked(at, Some(_))) if at == known));
    }
}

#[test]
fn a_copy_that_was_written_to_elsewhere_is_not_excused_by_the_hashes_that_are_kept_beside_it() {
    let sides = Sides::agreed();
    let from = usize::try_from(sides.kept[0].checkpoint().size()).unwrap();
    let mut thief = sides.thief(from);
    go_on(&mut thief, "KR", 9);
    let home = tempfile::tempdir().unwrap();
    let forged = lines(&thief.ledger);
    let folder = Form::Folder.write(&forged, &[], home.path());
    // The tree of the true entries, and at its end the last one's that is there now.
    let honest = sides.lines();
    let last = forged.last().unwrap();
    let kept = honest.iter().chain(forged[honest.len()..forged.len() - 1].iter()).chain([last]);
    let hashes: Vec<u8> = kept.flat_map(|line| LeafHash::of(line).0).collect();
    fs::create_dir_all(folder.join("tile")).unwrap();
    fs::write(folder.join("tile/0"), hashes).unwrap();
    let ledger = Ledger::open(&folder, &mut quietly).unwrap();
    for name in [ORIGIN, "DK"] {
        let found = ledger.follows(&sides.anchor(name));
        assert!(matches!(found, Err(CheckpointError::Beside { .. })), "{name}: {found:?}");
    }
    let found = ledger.checkpoint(&ledger_key(), &sides.anchor(ORIGIN));
    assert!(matches!(found, Err(CheckpointError::Beside { .. })), "{found:?}");
}

#[test]
fn an_older_checkpoint_under_the_name_of_a_newer_one_does_not_become_the_newest() {
    let sides = Sides::agreed();
    let home = tempfile::tempdir().unwrap();
    let folder = Form::Folder.write(&sides.lines(), &sides.kept, home.path());
    let older = &sides.kept[0];
    let size = older.checkpoint().size();
    let ledger = Ledger::open(&folder, &mut quietly).unwrap();
    assert_eq!(ledger.newest_checkpoint().unwrap().as_ref(), sides.kept.last());
    fs::write(folder.join("checkpoints/000000000999"), older.to_string()).unwrap();
    // A bundle would end at it, and nothing be sent of what came after.
    let unread = ledger.kept_checkpoints().unwrap().1.remove(0);
    for found in [ledger.newest_checkpoint().map(|_| ()), Err(unread)] {
        assert!(
            matches!(&found, Err(CheckpointError::Misnamed { size: found, path }) if *found == size && path.ends_with("000000000999")),
            "{found:?}"
        );
    }
}

#[test]
fn entries_that_do_not_verify_are_not_restored() {
    let sides = Sides::agreed();
    let mut lines = sides.lines();
    let last = lines.len() - 1;
    lines.swap(last - 1, last);
    let home = tempfile::tempdir().unwrap();
    match restored(&lines, &sides.kept[1], home.path()).map(|_| ()) {
        Err(UnpackError::Restore(RestoreError::Refused(report))) => {
            let failed = report.verdicts.iter().find(|each| each.finding.is_some()).unwrap();
            assert_eq!(failed.check, Check::Order);
        }
        other => panic!("{other:?}"),
    }
    // And of entries that do, no checkpoint of others is.
    let sound = sides.lines()[..last].to_vec();
    let home = tempfile::tempdir().unwrap();
    let forged = super::two_sides::checkpoint(&lines[..last], &ledger_key());
    let found = restored(&sound, &forged, home.path()).map(|_| ());
    assert!(
        matches!(found, Err(UnpackError::Checkpoint(CheckpointError::Differs(size))) if size == last as u64),
        "{found:?}"
    );
    // Nor one of another key.
    let other = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[9; 32]).unwrap();
    let home = tempfile::tempdir().unwrap();
    let found = restored(&sound, &super::two_sides::checkpoint(&sound, &other), home.path()).map(|_| ());
    let unsigned = CheckpointFault::Unsigned(ledger_key().verifier().keyid());
    assert!(
        matches!(&found, Err(UnpackError::Checkpoint(CheckpointError::Signed(fault))) if *fault == unsigned),
        "{found:?}"
    );
}
