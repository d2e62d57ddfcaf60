//! Each write, sync and rename of a publication fails in turn: what was published before is served, whole, and the next run
//! completes what is new.

use super::*;
use crate::ledger::anchor::Anchor;
use crate::ledger::faults::desk;
use crate::record::role::Role;
use crate::store::disk::faults::{Fault, arm};
use crate::trail::key;
use crate::trail::witness;
use serde_json::json;
use tempfile::TempDir;

/// A desk whose ledger has so many entries, the last of them signed.
pub(in crate::exchange) struct Signed {
    pub(in crate::exchange) desk: desk::Desk,
    anchor: TempDir,
}

impl Signed {
    pub(in crate::exchange) fn of(size: u64) -> Self {
        let mut signed = Self { desk: desk::Desk::founded(), anchor: tempfile::tempdir().unwrap() };
        signed.grow(size);
        signed
    }

    pub(in crate::exchange) fn grow(&mut self, size: u64) {
        while self.desk.ledger.head().size < size {
            let data = json!({"effective": "2021-05", "lifecycle": "under_way"});
            self.desk.say("KR", "actions/1.G2G.2", "action.progressed", data).unwrap();
        }
        let key = desk::key(desk::ORIGIN, key::Kind::Ed25519);
        self.desk.ledger.checkpoint(&key, &Anchor::new(self.anchor.path().to_owned())).unwrap();
    }

    /// Denmark's witness cosigns the newest checkpoint, so that it is kept.
    fn cosign(&self) {
        let ledger = &self.desk.ledger;
        let key = desk::key_of("DK", Role::Witness);
        let newest = ledger.newest_checkpoint().unwrap().unwrap();
        let line = witness::cosign(&key, newest.checkpoint(), 1_700_000_000).unwrap();
        let mut cosigned = newest;
        cosigned.push(line).unwrap();
        ledger.take_cosignatures(&cosigned).unwrap();
    }

    pub(in crate::exchange) fn publish(&self, to: &Path) -> Result<Published, PublishError> {
        publish(&self.desk.ledger, to, &mut |_| {})
    }

    /// Of how many entries a checkpoint is served, with every tile that belongs to it.
    fn served(&self, folder: &Path) -> u64 {
        let Some(signed) = served(&self.desk.ledger, folder).unwrap() else { return 0 };
        let size = signed.checkpoint().size();
        for tile in Tile::between(0, size) {
            let there = fs::read(folder.join(tile.to_string()));
            assert_eq!(there.ok(), Some(self.desk.ledger.tile(tile).unwrap()), "{tile}");
        }
        size
    }
}

pub(in crate::exchange) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn whatever_fails_the_checkpoint_before_is_served_whole_and_the_next_run_completes_it() {
    let mut signed = Signed::of(250);
    let base = tempfile::tempdir().unwrap();
    let begun = base.path().join("public");
    assert_eq!(signed.publish(&begun).unwrap().tiles, 2);
    signed.grow(260);
    for (fault, lasting) in Fault::ALL.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        // From nothing, and from what was published.
        for before in [0, 250] {
            let mut calls = 0;
            for after in 0.. {
                let folder = tempfile::tempdir().unwrap();
                let to = folder.path().join("public");
                if before > 0 {
                    copy(&begun, &to);
                }
                let armed = arm(&to, after, fault, lasting);
                let published = signed.publish(&to);
                let met = armed.met();
                drop(armed);
                let what = format!("{fault:?} after {after} calls, from {before}");
                assert!(published.is_err() || !met, "{what}");
                let now = signed.served(&to);
                // The last thing that may fail is to make the new checkpoint's name last.
                assert!(now == before || now == 260, "{what}: {now}");
                let again = signed.publish(&to).unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!((signed.served(&to), again.signed.checkpoint().size()), (260, 260), "{what}");
                assert_eq!(names(&to), ["checkpoint", "tile"], "{what}");
                if !met {
                    break;
                }
                calls += 1;
            }
            assert!(calls >= if fault == Fault::Half { 6 } else { 20 }, "{calls} calls");
        }
    }
}

#[test]
fn only_what_is_lacking_is_written_and_partial_tiles_stay() {
    let mut signed = Signed::of(250);
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path();
    assert_eq!(signed.publish(public).unwrap().before, 0);
    let again = signed.publish(public).unwrap();
    assert_eq!((again.before, again.tiles), (250, 0));
    signed.grow(257);
    let more = signed.publish(public).unwrap();
    // Two whole ones, their beginnings of the next, and the hash above.
    assert_eq!((more.before, more.tiles), (250, 5));
    let paths =
        ["tile/0/000", "tile/0/000.p/250", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000.p/250"];
    for path in paths {
        assert!(public.join(path).is_file(), "{path}");
    }
    // One that was lost is put there again.
    fs::remove_file(public.join("tile/entries/000")).unwrap();
    assert_eq!(signed.publish(public).unwrap().tiles, 1);
    assert_eq!(signed.served(public), 257);
}

#[test]
fn what_is_published_and_damaged_is_told_and_put_back_once_it_is_deleted() {
    let signed = Signed::of(300);
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path();
    signed.publish(public).unwrap();
    for path in ["tile/0/000", "tile/entries/000", "tile/entries/001.p/44", "tile/1/000.p/1"] {
        let (path, whole) = (public.join(path), fs::read(public.join(path)).unwrap());
        for damaged in [Vec::new(), whole.iter().map(|byte| byte ^ 1).collect()] {
            fs::write(&path, damaged).unwrap();
            assert!(matches!(signed.publish(public), Err(PublishError::Differs(told)) if told == path));
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(signed.publish(public).unwrap().tiles, 1);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn the_partial_tiles_of_every_checkpoint_that_is_kept_are_served() {
    let mut signed = Signed::of(250);
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path();
    signed.publish(public).unwrap();
    for size in [253, 258, 261] {
        signed.grow(size);
        signed.cosign();
    }
    signed.grow(263);
    assert_eq!(signed.desk.ledger.checkpoint_sizes().unwrap(), [253, 258, 261, 263]);
    let mut heard = Vec::new();
    publish(&signed.desk.ledger, public, &mut |entries| heard.push(entries)).unwrap();
    assert_eq!(heard, [256, 263]);
    assert_eq!(signed.served(public), 263);
    for path in ["tile/0/001.p/2", "tile/0/001.p/5", "tile/entries/001.p/2", "tile/entries/001.p/5"] {
        let tile = signed.desk.ledger.tile(path.parse().unwrap()).unwrap();
        assert_eq!(fs::read(public.join(path)).unwrap(), tile, "{path}");
    }
    // The whole one serves for its beginnings.
    assert!(public.join("tile/0/000").exists() && !public.join("tile/0/000.p/253").exists());
    assert_eq!(signed.publish(public).unwrap().tiles, 0);
}

#[test]
fn whatever_is_no_beginning_of_the_ledger_is_refused_and_left_as_it_is() {
    let signed = Signed::of(40);
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path().join("public");
    let refused = |signed: &Signed| {
        let before = names(&public);
        let error = signed.publish(&public).unwrap_err();
        assert_eq!(names(&public), before);
        error
    };
    fs::create_dir(&public).unwrap();
    fs::write(public.join("index.html"), "a page").unwrap();
    assert!(matches!(refused(&signed), PublishError::Foreign(path) if path.ends_with("index.html")));
    fs::remove_file(public.join("index.html")).unwrap();
    let checkpoint = public.join(CHECKPOINT);
    fs::write(&checkpoint, "no checkpoint").unwrap();
    assert!(matches!(refused(&signed), PublishError::NotOne { .. }));
    fs::remove_file(&checkpoint).unwrap();
    // A run that was interrupted, of another history.
    fs::create_dir_all(public.join("tile/0/000.p")).unwrap();
    fs::write(public.join("tile/0/000.p/40"), [7; 32 * 40]).unwrap();
    assert!(matches!(refused(&signed), PublishError::Differs(path) if path.ends_with("tile/0/000.p/40")));
    fs::remove_dir_all(public.join("tile")).unwrap();
    signed.publish(&public).unwrap();
    // More entries than are here, and others.
    let another = |error| match error {
        PublishError::Another { source, .. } => *source,
        error => panic!("{error}"),
    };
    let shorter = Signed::of(30);
    assert!(matches!(another(refused(&shorter)), CheckpointError::Ahead { size: 40, here: 30 }));
    let mut other = Signed::of(30);
    other
        .desk
        .say(
            "DK",
            "actions/1.G2G.1",
            "action.progressed",
            json!({"effective": "2021", "lifecycle": "under_way"}),
        )
        .unwrap();
    other.grow(50);
    assert!(matches!(another(refused(&other)), CheckpointError::Differs(40)));
    // Once there is a log, whoever serves it may put a page beside it.
    fs::write(public.join("index.html"), "a page").unwrap();
    assert_eq!(signed.publish(&public).unwrap().tiles, 0);
}

#[test]
fn nothing_is_published_that_nobody_signed() {
    let desk = desk::Desk::founded();
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path().join("public");
    let error = publish(&desk.ledger, &public, &mut |_| {}).unwrap_err();
    assert!(matches!(error, PublishError::Unsigned) && !public.exists(), "{error}");
}
