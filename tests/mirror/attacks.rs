//! Whatever is changed in what is published, a copy is as it was, or has what the log signed.

use super::desks::{Mirror, Operator, files, ledger_key, lines};
use super::following::copy_folder;
use annals::exchange::layout::LayoutError;
use annals::exchange::mirror::MirrorError;
use annals::ledger::checkpoints::CheckpointError;
use annals::record::verdict::Check;
use annals::trail::checkpoint::{Checkpoint, CheckpointFault, SignedCheckpoint};
use annals::trail::key::{Kind, SigningKey};
use std::fs;

/// A log of 300 entries, somebody who has 257 of them, and somebody who has none.
fn desks() -> (Operator, [Mirror; 2]) {
    let mut operator = Operator::of(257);
    let mirrors = [Mirror::of(&operator), Mirror::new()];
    operator.grow(300);
    (operator, mirrors)
}

/// Both refuse, and have what they had.
fn refused(operator: &Operator, mirrors: &[Mirror; 2], as_expected: impl Fn(&MirrorError) -> bool) {
    for mirror in mirrors {
        let before = mirror.truth();
        let error = mirror.run(operator).unwrap_err();
        assert!(as_expected(&error), "{error:?}");
        assert!(mirror.truth() == before, "{error}");
        assert!(!mirror.copy().join("fork").exists(), "{error}");
    }
}

#[test]
fn an_entry_that_was_changed_in_its_tile_is_named() {
    let (operator, mirrors) = desks();
    let last = "tile/entries/001.p/44";
    operator.change(last, |bytes| {
        let at = bytes.len() - 9;
        bytes[at] ^= 1;
    });
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Entry(299)));
    operator.change(last, |bytes| bytes[1] ^= 1);
    refused(
        &operator,
        &mirrors,
        |error| matches!(error, MirrorError::Layout(LayoutError::Form(path, _)) if path == last),
    );
    operator.change(last, |bytes| bytes.truncate(700));
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Layout(LayoutError::Form(..))));
}

#[test]
fn hashes_that_were_changed_lead_nowhere() {
    let (operator, mirrors) = desks();
    let tile = "tile/0/001.p/44";
    operator.change(tile, |bytes| bytes[40 * 32] ^= 1);
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Hashes(300)));
    operator.change(tile, |bytes| bytes.truncate(43 * 32));
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Layout(LayoutError::Form(..))));
    for length in [44 * 32 + 1, 45 * 32] {
        operator.change(tile, |bytes| bytes.resize(length, 0));
        refused(&operator, &mirrors, |error| matches!(error, MirrorError::Layout(LayoutError::Form(..))));
    }
    operator.change(tile, |bytes| bytes.resize(8193, 0));
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Layout(LayoutError::Read(..))));
}

#[test]
fn a_tail_that_was_cut_off_is_missing_and_not_the_end() {
    for path in ["tile/entries/001.p/44", "tile/0/001.p/44"] {
        let (operator, mirrors) = desks();
        fs::remove_file(operator.public().join(path)).unwrap();
        refused(
            &operator,
            &mirrors,
            |error| matches!(error, MirrorError::Layout(LayoutError::Missing(missing)) if missing == path),
        );
    }
    let (operator, mirrors) = desks();
    fs::remove_file(operator.public().join("checkpoint")).unwrap();
    for mirror in &mirrors {
        let log = super::desks::log(&operator.public());
        assert!(matches!(log, Err(MirrorError::Nothing)));
        assert!(matches!(mirror.run(&operator), Err(MirrorError::Nothing)));
    }
}

#[test]
fn a_checkpoint_of_another_origin_or_by_another_key_is_refused() {
    let (operator, mirrors) = desks();
    let (size, root) = (300, operator.log().signed().checkpoint().root());
    let sign = |origin: &str, seed: u8| {
        let key = SigningKey::from_seed(origin, Kind::Ed25519, &[seed; 32]).unwrap();
        SignedCheckpoint::sign(Checkpoint::new(origin, size, root).unwrap(), &key).unwrap()
    };
    operator.serve(&sign("annals.example/another", 1));
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Origin { .. }));
    operator.serve(&sign(super::desks::ORIGIN, 1));
    refused(&operator, &mirrors, |error| {
        matches!(error, MirrorError::Signature(CheckpointFault::Unsigned(_)))
    });
    operator.desk.ledger.newest_checkpoint().unwrap().map(|signed| operator.serve(&signed)).unwrap();
    // Another size and root under the same signature.
    operator.change("checkpoint", |bytes| {
        let at = bytes.windows(5).position(|part| part == b"\n300\n").unwrap();
        bytes[at + 3] = b'1';
    });
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Signature(CheckpointFault::Forged(_))));
    operator.change("checkpoint", |bytes| bytes.truncate(20));
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Form(_)));
    operator.change("checkpoint", |bytes| bytes.resize(2 << 20, b'x'));
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Layout(LayoutError::Read(..))));
}

#[test]
fn a_cosignature_that_does_not_hold_refuses_the_checkpoint() {
    let (operator, [mirror, _]) = desks();
    let other = Mirror::of(&operator);
    let cosigned = other.cosign("KR").to_string();
    // The last line is the witness's; its signature is changed within the base64.
    let at = cosigned.trim_end().len() - 10;
    let mut forged = cosigned.into_bytes();
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    fs::write(operator.public().join("checkpoint"), forged).unwrap();
    let checkpoints = files(&mirror.copy().join("checkpoints"));
    let error = mirror.run(&operator).unwrap_err();
    assert!(matches!(error, MirrorError::Checkpoint(CheckpointError::Cosigned(_))), "{error:?}");
    assert!(files(&mirror.copy().join("checkpoints")) == checkpoints);
}

#[test]
fn a_log_that_became_smaller_is_behind() {
    let mut operator = Operator::of(257);
    let older = Mirror::new();
    copy_folder(&operator.public(), &older.copy());
    operator.grow(300);
    let mirror = Mirror::of(&operator);
    let before = mirror.truth();
    let log = super::desks::log(&older.copy()).unwrap();
    let behind = |error| matches!(error, MirrorError::Behind { known: 300, size: 257 });
    assert!(behind(mirror.follow(&log).unwrap_err()));
    assert!(mirror.truth() == before);
    // What the log's key alone signed at this desk may not be published yet.
    let own = operator.desk.ledger.newest_checkpoint().unwrap().unwrap();
    let beside = Mirror::new();
    beside.anchor().hold(super::desks::ORIGIN).unwrap().remember(&ledger_key().verifier(), &own).unwrap();
    assert_eq!(beside.follow(&log).unwrap().taken.signed.checkpoint().size(), 257);
    // What a witness signed is remembered where the copy is not.
    mirror.cosign("KR");
    fs::remove_dir_all(mirror.copy()).unwrap();
    assert!(behind(mirror.follow(&log).unwrap_err()));
    mirror.run(&operator).unwrap();
}

#[test]
fn entries_that_the_rules_refuse_are_not_taken_whoever_signed_the_root() {
    let mut operator = Operator::of(40);
    let mirrors = [Mirror::of(&operator), Mirror::new()];
    operator.grow(42);
    let mut lines = lines(&operator.desk.ledger);
    let last = lines.last_mut().unwrap();
    let at = last.windows(13).position(|part| part == b"\"signature\":\"").unwrap() + 20;
    last[at] = if last[at] == b'A' { b'B' } else { b'A' };
    operator.publish_lines(&lines);
    let signature = |error: &MirrorError| match error {
        MirrorError::Refused(report) => report
            .verdicts
            .iter()
            .any(|verdict| verdict.check == Check::Signatures && verdict.finding.is_some()),
        _ => false,
    };
    refused(&operator, &mirrors, signature);
    // Nor does the ledger's key make an entry follow another one.
    lines.remove(40);
    operator.publish_lines(&lines);
    refused(&operator, &mirrors, |error| matches!(error, MirrorError::Refused(_)));
    assert_eq!(operator.log().signed().signed_by(&ledger_key().verifier()), Ok(()));
}

#[test]
fn whichever_byte_is_changed_a_copy_is_what_the_log_signed_or_refuses() {
    let mut operator = Operator::of(40);
    let begun = Mirror::of(&operator);
    operator.grow(44);
    let (whole, head) = (files(&operator.public()), operator.desk.ledger.head());
    let mut refusals = 0;
    for (path, bytes) in &whole {
        for at in (0..bytes.len()).step_by(bytes.len() / 8 + 1) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(path, changed).unwrap();
            let mirror = Mirror::new();
            copy_folder(&begun.copy(), &mirror.copy());
            if mirror.run(&operator).is_ok() {
                // A file of an earlier size, or a part of one that is here already.
                assert_eq!(mirror.ledger().head(), head);
            } else {
                refusals += 1;
                assert!(mirror.truth().values().eq(begun.truth().values()), "{}", path.display());
            }
        }
        fs::write(path, bytes).unwrap();
    }
    assert!(refusals > 10, "{refusals}");
}
