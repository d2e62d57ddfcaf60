//! A log that shows different histories to different people.

use super::desks::{Mirror, Operator, ledger_key};
use annals::exchange::mirror::MirrorError;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::witness::CosignError;
use annals::ledger::{Ledger, LedgerError, quietly};
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::fork::Fork;
use annals::trail::key::Kind;
use chrono::Utc;
use std::fs;

/// The fork that was put down, after it was verified with the ledger's key alone.
fn put_down(mirror: &Mirror, sizes: [u64; 2]) {
    let bytes = fs::read(mirror.copy().join("fork")).unwrap();
    let fork = Fork::parse(&bytes).unwrap();
    assert_eq!(fork.signed_by(&ledger_key().verifier()), Ok(()));
    assert_eq!(fork.checkpoints().map(|signed| signed.checkpoint().size()), sizes);
}

fn is_forked(error: &LedgerError, mirror: &Mirror) -> bool {
    matches!(error, LedgerError::Forked(path) if *path == mirror.copy().join("fork"))
}

#[test]
fn of_two_histories_both_are_put_down_whatever_their_sizes() {
    for (here, shown, sizes) in
        [(40, 40, [40, 40]), (40, 300, [40, 300]), (300, 40, [40, 300]), (257, 258, [257, 258])]
    {
        let (one, other) = (Operator::of(here), Operator::otherwise(35, shown));
        let mirror = Mirror::of(&one);
        let before = mirror.truth();
        let error = mirror.run(&other).unwrap_err();
        assert!(matches!(error, MirrorError::Forked(_)), "{here} {shown}: {error:?}");
        put_down(&mirror, sizes);
        assert!(mirror.truth() == before, "{here} {shown}");
    }
}

#[test]
fn a_checkpoint_of_another_history_that_is_handed_over_is_put_down_with_one_that_is_kept() {
    for (shown, sizes) in [(36, [36, 40]), (40, [40, 40])] {
        for takes in [false, true] {
            let (one, other) = (Operator::of(40), Operator::otherwise(35, shown));
            let mirror = Mirror::of(&one);
            let bytes = fs::read(other.public().join("checkpoint")).unwrap();
            let signed = SignedCheckpoint::parse(&bytes).unwrap();
            let copy = Ledger::open(&mirror.copy(), &mut quietly).unwrap();
            if takes {
                let taken = copy.take_cosignatures(&signed).unwrap_err();
                assert!(
                    matches!(&taken, CheckpointError::Ledger(error) if is_forked(error, &mirror)),
                    "{taken}"
                );
            } else {
                let key = super::desks::key("KR/witness-1", Kind::Cosignature);
                let cosigned = copy.cosign(&signed, &key, &mirror.anchor(), Utc::now(), &mut quietly);
                assert!(matches!(cosigned, Err(CosignError::Parted(_))), "{cosigned:?}");
            }
            put_down(&mirror, sizes);
            drop(copy);
            let refused = Ledger::open(&mirror.copy(), &mut quietly).map(drop).unwrap_err();
            assert!(is_forked(&refused, &mirror), "{refused}");
        }
    }
}

#[test]
fn where_a_log_forked_nothing_is_written_until_people_have_decided() {
    let (mut one, other) = (Operator::of(40), Operator::otherwise(35, 41));
    let mirror = Mirror::of(&one);
    mirror.run(&other).unwrap_err();
    one.grow(42);
    // Neither of the two is followed any more.
    for operator in [&one, &other] {
        match mirror.run(operator).unwrap_err() {
            MirrorError::Ledger(error) => assert!(is_forked(&error, &mirror), "{error}"),
            error => panic!("{error}"),
        }
    }
    let refused = Ledger::open(&mirror.copy(), &mut quietly).map(drop).unwrap_err();
    assert!(is_forked(&refused, &mirror) && refused.to_string().contains("move it away"), "{refused}");
    // It can be read, says so, and does not cosign.
    let copy = mirror.ledger();
    assert!(copy.notices().iter().any(|notice| notice.contains("two histories")), "{:?}", copy.notices());
    let key = super::desks::key("KR/witness-1", Kind::Cosignature);
    let newest = copy.newest_checkpoint().unwrap().unwrap();
    let cosigned = copy.cosign(&newest, &key, &mirror.anchor(), Utc::now(), &mut quietly);
    assert!(matches!(cosigned, Err(CosignError::Checkpoint(_))), "{cosigned:?}");
    assert!(copy.take_cosignatures(one.log().signed()).is_err());
    assert!(copy.verify(&mut quietly).unwrap().holds());
    drop(copy);
    fs::rename(mirror.copy().join("fork"), mirror.copy().with_extension("fork")).unwrap();
    assert_eq!(mirror.run(&one).unwrap().before, 40);
}

#[test]
fn a_fork_that_a_witness_meets_stops_the_copy_that_it_was_shown() {
    let (one, other) = (Operator::of(40), Operator::otherwise(35, 41));
    let (mirror, shown) = (Mirror::of(&one), Mirror::of(&other));
    mirror.cosign("KR");
    let (copy, key) = (shown.ledger(), super::desks::key("KR/witness-1", Kind::Cosignature));
    let newest = copy.newest_checkpoint().unwrap().unwrap();
    let cosigned = copy.cosign(&newest, &key, &mirror.anchor(), Utc::now(), &mut quietly);
    assert!(matches!(cosigned, Err(CosignError::Forked(40, Some(_)))), "{cosigned:?}");
    put_down(&shown, [40, 41]);
    drop(copy);
    let refused = Ledger::open(&shown.copy(), &mut quietly).map(drop).unwrap_err();
    assert!(is_forked(&refused, &shown), "{refused}");
}

#[test]
fn what_a_witness_cosigned_once_it_remembers_in_a_new_copy() {
    let (one, other) = (Operator::of(40), Operator::otherwise(35, 50));
    let mirror = Mirror::of(&one);
    mirror.cosign("KR");
    fs::remove_dir_all(mirror.copy()).unwrap();
    match mirror.run(&other).unwrap_err() {
        MirrorError::Forked(fork) => {
            assert_eq!(Fork::parse(fork.to_string().as_bytes()).unwrap(), *fork);
            assert_eq!(fork.signed_by(&ledger_key().verifier()), Ok(()));
        }
        error => panic!("{error}"),
    }
    assert!(!mirror.copy().exists());
    // Of a larger one that was cosigned, nothing can be proved without its entries; it is behind.
    let smaller = Operator::otherwise(35, 38);
    assert!(matches!(mirror.run(&smaller), Err(MirrorError::Behind { known: 40, size: 38 })));
    mirror.run(&one).unwrap();
}

#[test]
fn a_copy_that_was_written_to_by_itself_is_no_fork() {
    let (one, other) = (Operator::of(40), Operator::otherwise(36, 45));
    let mirror = Mirror::of(&one);
    // The copy has only the common entries signed, and others that nobody signed.
    let kept = mirror.copy().join("checkpoints");
    fs::remove_dir_all(&kept).unwrap();
    let error = mirror.run(&other).unwrap_err();
    assert!(matches!(error, MirrorError::Beside { here: 40 }), "{error:?}");
    assert!(!mirror.copy().join("fork").exists());
    mirror.run(&one).unwrap();
}
