//! A copy that follows.

use super::desks::{Mirror, ORIGIN, Operator, key, ledger_key, lines, log};
use annals::exchange::layout::{Folder, LayoutError, Source};
use annals::exchange::mirror::{Log, MirrorError};
use annals::ledger::{Ledger, quietly};
use annals::trail::checkpoint::{Checkpoint, CheckpointFault, SignedCheckpoint};
use annals::trail::hash::LeafHash;
use annals::trail::key::Kind;
use chrono::Utc;
use serde_json::json;
use std::cell::Cell;
use std::fs;
use std::io;
use std::rc::Rc;
use std::sync::Barrier;
use std::thread;

#[test]
fn a_copy_has_the_same_bytes_and_follows_whatever_is_new() {
    let mut operator = Operator::of(250);
    let mirror = Mirror::new();
    for (size, before) in [(250, 0), (255, 250), (256, 255), (257, 256), (530, 257)] {
        operator.grow(size);
        let mirrored = mirror.run(&operator).unwrap();
        assert_eq!((mirrored.before, mirrored.taken.signed.checkpoint().size()), (before, size));
        let copy = mirror.ledger();
        assert_eq!(copy.head(), operator.desk.ledger.head());
        assert!(lines(&copy) == lines(&operator.desk.ledger));
        assert_eq!(copy.newest_checkpoint().unwrap().as_ref(), Some(&mirrored.taken.signed));
        assert_eq!(copy.state(), operator.desk.ledger.state(), "what was kept is what replaying gives");
        // Nothing new.
        let again = mirror.run(&operator).unwrap();
        assert_eq!((again.before, again.taken.new.len()), (size, 0));
    }
    let report = mirror.ledger().verify(&mut quietly).unwrap();
    assert!(report.holds(), "{report:?}");
    // It is a ledger like any other.
    let copy = Ledger::open(&mirror.copy(), &mut quietly).unwrap();
    assert!(copy.verify(&mut quietly).unwrap().holds());
}

#[test]
fn cosignatures_go_to_the_log_and_from_there_to_every_copy() {
    let mut operator = Operator::of(40);
    let (mine, theirs) = (Mirror::of(&operator), Mirror::of(&operator));
    let cosigned = mine.cosign("KR");
    operator.desk.ledger.take_cosignatures(&cosigned).unwrap();
    operator.grow(40);
    let mirrored = theirs.run(&operator).unwrap();
    assert_eq!((mirrored.before, mirrored.taken.new.len()), (40, 1));
    assert_eq!(theirs.ledger().newest_checkpoint().unwrap(), Some(cosigned));
    assert_eq!(theirs.run(&operator).unwrap().taken.new.len(), 0);
}

#[test]
fn whose_ledger_it_is_is_told_by_its_first_entry() {
    let operator = Operator::of(40);
    let mirror = Mirror::new();
    let first = operator.desk.ledger.entry(0).unwrap().unwrap().leaf();
    let other = LeafHash::of(b"another");
    let begin = |first| log(&operator.public()).unwrap().begin(&mirror.copy(), first, None, &mut quietly);
    let refused = begin(Some(other)).unwrap_err();
    assert!(matches!(refused, MirrorError::First { expected, found } if (expected, found) == (other, first)));
    assert!(!mirror.copy().exists(), "nothing is made before");
    assert_eq!(begin(Some(first)).unwrap().first, first);
    let follow = |first| operator.log().follow(&mirror.copy(), first, None, &mut quietly);
    assert!(matches!(follow(Some(other)), Err(MirrorError::First { .. })));
    assert_eq!(follow(Some(first)).unwrap().first, first);
}

#[test]
fn what_was_erased_goes_from_the_copy_that_takes_the_erasure() {
    let mut operator = Operator::of(40);
    let data = json!({"effective": "2021-05", "note": "An officer's name"});
    let said = operator.desk.say("KR", "actions/1.G2G.2", "action.progressed", data).unwrap();
    operator.grow(42);
    let mirror = Mirror::of(&operator);
    let digest = operator.desk.digest(said, "note");
    let copy = Ledger::open(&mirror.copy(), &mut quietly).unwrap();
    let taken = copy.take(operator.desk.ledger.disclosures().unwrap()).unwrap();
    assert!(!taken.is_empty() && copy.disclosure(&digest).is_some());
    drop(copy);
    operator.desk.erase("KR", said, "note").unwrap();
    operator.grow(43);
    mirror.run(&operator).unwrap();
    assert!(mirror.ledger().disclosures().unwrap().iter().all(|each| each.digest() != digest));
}

#[test]
fn the_key_that_all_parties_adopted_in_the_place_of_the_first_is_followed() {
    let mut operator = Operator::of(40);
    let (before, new) = (Mirror::of(&operator), Mirror::new());
    let older = operator.log().signed().clone();
    operator.replace_key(9, 45);
    for mirror in [&before, &new] {
        mirror.run(&operator).unwrap();
        assert_eq!(mirror.ledger().head(), operator.desk.ledger.head());
        assert_eq!(mirror.run(&operator).unwrap().before, 45);
        mirror.cosign("KR");
    }
    // What the new one signed is remembered without a copy.
    fs::remove_dir_all(new.copy()).unwrap();
    new.run(&operator).unwrap();
    operator.serve(&older);
    assert!(matches!(before.run(&operator), Err(MirrorError::Behind { known: 45, size: 40 })));
    // The key of before signs nothing any more.
    let root = operator.desk.ledger.root(45).unwrap();
    let checkpoint = Checkpoint::new(ORIGIN, 45, root).unwrap();
    operator.serve(&SignedCheckpoint::sign(checkpoint, &ledger_key()).unwrap());
    for mirror in [before, Mirror::new()] {
        let error = mirror.run(&operator).unwrap_err();
        assert!(matches!(error, MirrorError::Signature(CheckpointFault::Unsigned(_))), "{error:?}");
        assert!(!mirror.copy().join("fork").exists());
    }
}

#[test]
fn a_forged_line_of_the_key_of_before_refuses_what_is_published_before_anything_is_written() {
    let mut operator = Operator::of(40);
    let mirror = Mirror::of(&operator);
    let line = operator.log().signed().note().signatures()[0].clone();
    operator.replace_key(9, 45);
    let mut forged = operator.log().signed().clone();
    forged.push(line).unwrap();
    operator.serve(&forged);
    let before = mirror.truth();
    let error = mirror.run(&operator).unwrap_err();
    assert!(matches!(error, MirrorError::Signature(CheckpointFault::Forged(_))), "{error:?}");
    assert!(mirror.truth() == before);
    assert!(Mirror::new().run(&operator).is_err());
}

/// A place that gives nothing any more after so many files.
struct Cut {
    folder: Folder,
    left: Rc<Cell<u32>>,
}

impl Source for Cut {
    fn read(&mut self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let left = self.left.get().checked_sub(1).ok_or(io::ErrorKind::ConnectionReset)?;
        self.left.set(left);
        self.folder.read(path, limit)
    }
}

#[test]
fn whenever_it_is_interrupted_the_next_run_completes_it() {
    let mut operator = Operator::of(250);
    let begun = Mirror::of(&operator);
    operator.grow(530);
    let mut whole = 0;
    for reads in 0.. {
        let mirror = Mirror::new();
        copy_folder(&begun.copy(), &mirror.copy());
        let left = Rc::new(Cell::new(reads));
        let source = Cut { folder: Folder(operator.public()), left: Rc::clone(&left) };
        let interrupted = Log::read(source).and_then(|log| mirror.follow(&log));
        match &interrupted {
            Ok(_) => whole += 1,
            Err(error) => assert!(matches!(error, MirrorError::Layout(LayoutError::Read(..))), "{error}"),
        }
        let copy = mirror.ledger();
        assert!(lines(&copy).starts_with(&lines(&begun.ledger())), "{reads}");
        drop(copy);
        mirror.run(&operator).unwrap();
        assert_eq!(mirror.ledger().head(), operator.desk.ledger.head(), "{reads}");
        if whole > 0 {
            assert!(reads > 6, "{reads}");
            return;
        }
    }
}

pub(crate) fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn of_two_who_cosign_at_once_both_cosignatures_are_kept() {
    let mirror = Mirror::of(&Operator::of(40));
    let bare = mirror.truth();
    let newest = mirror.ledger().newest_checkpoint().unwrap().unwrap();
    let cosigned = ["DK", "KR"].map(|party| {
        let key = key(&format!("{party}/witness-1"), Kind::Cosignature);
        mirror.ledger().cosign(&newest, &key, &mirror.anchor(), Utc::now(), &mut quietly).unwrap()
    });
    for round in 0..200 {
        for (path, bytes) in &bare {
            fs::write(path, bytes).unwrap();
        }
        let together = Barrier::new(2);
        thread::scope(|scope| {
            for cosigned in &cosigned {
                let (ledger, together) = (mirror.ledger(), &together);
                scope.spawn(move || {
                    together.wait();
                    ledger.take_cosignatures(cosigned).unwrap();
                });
            }
        });
        let kept = mirror.ledger().newest_checkpoint().unwrap().unwrap();
        assert_eq!(kept.note().signatures().len(), 3, "round {round}: {kept}");
    }
}
