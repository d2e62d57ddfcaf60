//! Whatever lies where something derived belongs: `annals rebuild` makes it anew from the journal, and the doctor says so.

use super::doctor::{ledger, lines, sled};
use super::place::{self, HISTORY, PROGRESS, Place, files, pipe};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

#[test]
fn what_is_derived_is_made_anew_whatever_it_was() {
    let place = ledger();
    let tile = || files(&place.ledger.join("tile"));
    place.done(["rebuild"]);
    let (before, truth) = (tile(), place.truth());
    assert!(!before.is_empty());
    for path in before.keys() {
        fs::write(path, "not hashes").unwrap();
    }
    place.done(["rebuild"]);
    assert!(tile() == before && place.truth() == truth);
}

#[test]
fn a_journal_that_was_cut_is_not_rebuilt_from() {
    let place = ledger();
    lines(&place, |lines| lines.truncate(90));
    place.refused(["rebuild"], 3, &["there were 127", "the journal was cut"]);
    place.is_mended("journal", "grave", "there were 127");
}

#[test]
fn whatever_lies_where_a_derived_folder_belongs_is_made_anew() {
    for name in ["sled", "index", "tile"] {
        let damages: [fn(&Path); 3] =
            [|path| fs::write(path, "no folder").unwrap(), pipe, |path| symlink("nowhere", path).unwrap()];
        for damage in damages {
            let place = Place::founded();
            let path = place.ledger.join(name);
            let _ = fs::remove_dir_all(&path);
            damage(&path);
            let rebuilt = place.annals_in_time(["rebuild"]);
            assert_eq!(rebuilt.code, Some(0), "{name}: {rebuilt:?}");
            assert!(fs::symlink_metadata(&path).unwrap().is_dir());
            place.healthy();
            place.done(["verify"]);
        }
    }
}

#[test]
fn nobody_waits_for_a_pipe_within_sled() {
    let place = ledger();
    for name in ["conf", "db"] {
        for closed in [true, false] {
            if !closed {
                place.not_closed();
            }
            pipe(&sled(&place, name));
            let answer = place.annals_in_time(["--format", "json", "doctor"]);
            assert_eq!(answer.code, Some(1), "{answer:?}");
            let found: Value = serde_json::from_slice(&answer.out).unwrap();
            let (first, command) =
                (&found["findings"][0], format!("annals rebuild --ledger {}", place.ledger.display()));
            assert_eq!(
                (&first["about"], &first["commands"]),
                (&json!("sled"), &json!([command])),
                "{found:#}"
            );
            assert!(!closed || first["what"].as_str().unwrap().contains("is no file"), "{found:#}");
            let answer = place.annals_in_time(PROGRESS);
            assert!(
                answer.code == Some(0) && answer.err.contains("was rebuilt from the journal"),
                "{answer:?}"
            );
            place.healthy();
        }
    }
}

#[test]
fn a_damaged_record_of_the_index_is_found_before_a_reader_meets_it() {
    let place = ledger();
    let index = place.ledger.join("index");
    let words = files(&index).into_keys().find(|path| path.to_string_lossy().contains("/words-")).unwrap();
    let mut bytes = fs::read(&words).unwrap();
    bytes[20] ^= 1;
    fs::write(&words, bytes).unwrap();
    place.is_mended("state", "untidy", "cannot be used");
}

#[test]
fn whoever_proves_changes_nothing_where_the_tree_is_damaged() {
    let place = ledger();
    place.done(["checkpoint"]);
    let path = place.ledger.join("tile/0");
    let mut bytes = fs::read(&path).unwrap();
    bytes[0] ^= 1;
    fs::write(&path, bytes).unwrap();
    let before = files(&place.ledger);
    place.done(["prove", "5"]);
    assert!(files(&place.ledger) == before);
}

#[test]
fn the_tree_that_is_kept_is_held_against_the_entries() {
    fn change(path: &Path, at: usize) {
        let mut bytes = fs::read(path).unwrap();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    }
    let base = Place::founded();
    // A part of it is enough, for which all keys are here.
    base.annals(["import", HISTORY]);
    while place::lines(&base.export()) <= 256 {
        base.done(PROGRESS);
    }
    base.done(["backup", "BACKUP"]);
    base.healthy();
    let damages: [fn(&Path); 7] = [
        |tile| change(&tile.join("0"), 0),
        |tile| {
            change(
                &tile.join("0"),
                usize::try_from(fs::metadata(tile.join("0")).unwrap().len()).unwrap() - 1,
            );
        },
        |tile| change(&tile.join("8"), 31),
        |tile| change(&tile.join("4"), 100),
        |tile| fs::write(tile.join("4"), "").unwrap(),
        |tile| fs::write(tile.join("0"), "garbage ".repeat(4 * 127)).unwrap(),
        |tile| fs::remove_file(tile.join("0")).unwrap(),
    ];
    for damage in damages {
        let place = Place::empty();
        base.follow(&format!("cp -r ledger keys anchor BACKUP {}", place.folder.path().display()));
        let kept = files(&place.ledger.join("tile"));
        damage(&place.ledger.join("tile"));
        let (code, found) = place.examined();
        let first = &found["findings"][0];
        let command = format!("annals rebuild --ledger {}", place.ledger.display());
        assert_eq!(
            (code, &first["about"], &first["gravity"], &first["commands"]),
            (Some(1), &json!("state"), &json!("wrong"), &json!([command])),
            "{found:#}"
        );
        assert!(first["what"].as_str().unwrap().contains("is not the tree of the entries"), "{found:#}");
        place.follow(&command);
        assert!(files(&place.ledger.join("tile")) == kept);
        place.healthy();
    }
    // One that is behind is read up by whoever needs it.
    fs::write(base.ledger.join("tile/0"), &fs::read(base.ledger.join("tile/0")).unwrap()[..100 * 32])
        .unwrap();
    base.healthy();
}
