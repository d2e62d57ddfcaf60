//! Folders that are somebody else's, and ledgers that another version made: nothing is overwritten.

use super::place::{PLAN, PROGRESS, Place, READING, files, pipe};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const INIT: [&str; 5] = ["init", PLAN, "--as", "DK", "--both-sides"];

/// Refused with 2 and these words, and no file in the whole place was changed, made or removed.
fn untouched(place: &Place, arguments: &[&str], words: &[&str]) {
    let before = files(place.folder.path());
    place.annals(arguments).says(2, words);
    let after = files(place.folder.path());
    assert!(before == after, "{:?}", after.keys().collect::<Vec<_>>());
}

#[test]
fn a_ledger_is_never_made_in_a_folder_of_other_files() {
    let mut place = Place::founded();
    fs::write(place.path("export.jsonl"), place.export()).unwrap();
    fs::create_dir(place.path("thesis")).unwrap();
    fs::write(place.path("thesis/chapter-1.txt"), "years of work").unwrap();
    for other in ["thesis", "thesis/chapter-1.txt"] {
        place.ledger = place.path(other);
        for arguments in [&INIT[..], &["restore", "export.jsonl"]] {
            untouched(&place, arguments, &[other, "name an"]);
        }
        // A file may be an export.
        // Keys are listed before there is a ledger.
        let needs =
            |reading: &&[&str]| reading[0] != "key" && (**reading != ["verify"] || place.ledger.is_dir());
        for reading in READING.into_iter().filter(needs) {
            untouched(&place, reading, &[other, "no ledger is here"]);
        }
        untouched(&place, &PROGRESS, &[other, "no ledger is here"]);
    }
}

#[test]
fn a_slash_at_the_end_of_a_folders_name_says_nothing() {
    let mut place = Place::founded();
    fs::write(place.path("export.jsonl"), place.export()).unwrap();
    fs::create_dir(place.path("there")).unwrap();
    for name in ["new/", "new2/.", "there/"] {
        place.ledger = place.path(name);
        place.done(["restore", "export.jsonl"]);
        place.done(["verify"]);
    }
}

#[test]
fn a_folder_of_other_files_is_not_called_a_ledger() {
    let mut place = Place::empty();
    place.ledger = place.path("thesis");
    fs::create_dir(&place.ledger).unwrap();
    fs::write(place.path("thesis/chapter-1.txt"), "years of work").unwrap();
    untouched(&place, &INIT, &["thesis", "not a ledger", "name an empty folder or a new one"]);
}

#[test]
fn a_folder_of_other_files_beside_the_new_ledger_is_left_alone() {
    let mut place = Place::founded();
    fs::write(place.path("export.jsonl"), place.export()).unwrap();
    place.ledger = place.path("new");
    fs::create_dir(place.path("new.part")).unwrap();
    fs::write(place.path("new.part/chapter-1.txt"), "years of work").unwrap();
    for arguments in [&INIT[..], &["restore", "export.jsonl"]] {
        place.annals(arguments);
        assert_eq!(
            fs::read_to_string(place.path("new.part/chapter-1.txt")).ok().as_deref(),
            Some("years of work")
        );
    }
}

#[test]
fn a_ledger_is_founded_once() {
    let place = Place::founded();
    fs::write(place.path("export.jsonl"), place.export()).unwrap();
    for arguments in [&INIT[..], &["restore", "export.jsonl"]] {
        untouched(&place, arguments, &["ledger", "a ledger is here already", "name another folder"]);
    }
}

#[test]
fn the_demonstration_overwrites_nothing() {
    let place = Place::empty();
    fs::create_dir(place.path("annals-demo")).unwrap();
    untouched(&place, &["demo"], &["annals-demo", "remove it"]);
    fs::remove_dir(place.path("annals-demo")).unwrap();
    fs::write(place.path("annals-demo"), "mine").unwrap();
    untouched(&place, &["demo"], &["annals-demo", "remove it"]);
}

#[test]
fn an_export_overwrites_no_file() {
    let place = Place::founded();
    fs::write(place.path("mine.jsonl"), "mine").unwrap();
    let before = files(place.folder.path());
    let answer = place.annals(["export", "--output", "mine.jsonl"]);
    assert!(matches!(answer.code, Some(2 | 3)) && answer.err.contains("mine.jsonl"), "{answer:?}");
    assert!(files(place.folder.path()) == before);
}

#[test]
fn a_ledger_of_a_later_format_needs_a_later_program() {
    let place = Place::founded();
    fs::write(place.ledger.join("annals.json"), "{\"format\":2,\"engine\":\"other\"}\n").unwrap();
    for arguments in READING.into_iter().chain([&PROGRESS[..]]) {
        place.refused(arguments, 3, &["annals.json", "format 2", "formats up to 1", "use a newer annals"]);
    }
    untouched(&place, &INIT, &["a ledger is here already"]);
}

#[test]
fn a_marker_that_cannot_be_read_is_named_with_what_belongs_there() {
    let place = Place::founded();
    for text in [&b""[..], b"{}", b"{\"format\":0}", b"[1]", b"\xff\x00", &vec![b'['; 100_000]] {
        fs::write(place.ledger.join("annals.json"), text).unwrap();
        for arguments in READING.into_iter().chain([&PROGRESS[..]]) {
            place.refused(arguments, 3, &["annals.json", "unreadable", "write {\"format\":1}"]);
        }
    }
    fs::write(place.ledger.join("annals.json"), "{\"format\":1}\n").unwrap();
    place.done(PROGRESS);
}

#[test]
fn a_ledger_without_its_marker_is_neither_read_nor_overwritten() {
    let place = Place::founded();
    fs::remove_file(place.ledger.join("annals.json")).unwrap();
    for arguments in READING.into_iter().chain([&PROGRESS[..]]) {
        let before = files(place.folder.path());
        let answer = place.annals(arguments);
        assert!(matches!(answer.code, Some(2 | 3)), "{answer:?}");
        answer.says(answer.code.unwrap(), &["ledger"]);
        assert!(files(place.folder.path()) == before);
    }
    untouched(&place, &INIT, &["ledger", "name a"]);
}

/// A pipe that nobody writes to stands where a file should.
#[test]
fn nobody_waits_for_a_pipe() {
    let names: [fn(&Place) -> PathBuf; 11] = [
        |place| place.ledger.join("annals.json"),
        |place| place.ledger.join("disclosures.jsonl"),
        |place| place.ledger.join("sled/current.jsonl"),
        |place| place.ledger.join("lock"),
        |place| place.segment(),
        |place| place.snapshot(),
        |place| place.ledger.join("tile/0"),
        |place| files(&place.ledger.join("checkpoints")).into_keys().next().unwrap(),
        |place| files(&place.ledger.join("blobs")).into_keys().next().unwrap(),
        |place| place.ledger.join("erasing"),
        |place| files(&place.path("anchor")).into_keys().find(|path| path.ends_with("lock")).unwrap(),
    ];
    for name in names {
        let place = Place::founded();
        place.done(["record", "progress", "1.G2G.3", "--as", "KR", "--lifecycle", "under_way"]);
        let pipe = name(&place);
        assert!(fs::remove_file(&pipe).is_ok() || pipe.ends_with("erasing"));
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for command in [
            ["status"].as_slice(),
            &["verify"],
            &["doctor"],
            &["evidence", "check"],
            &["checkpoint"],
            &["rebuild"],
            &PROGRESS,
        ] {
            let answer = place.annals_in_time(command);
            assert!(matches!(answer.code, Some(0..=3)), "{} {command:?}: {answer:?}", pipe.display());
        }
    }
}

#[test]
fn no_command_goes_on_as_if_there_were_no_withheld_values_where_a_link_leads_nowhere() {
    let place = Place::founded();
    place.done(["backup", "backup"]);
    let path = place.ledger.join("disclosures.jsonl");
    fs::rename(&path, place.path("elsewhere")).unwrap();
    symlink("moved", &path).unwrap();
    let note = [&PROGRESS[..], &["--note", "Begun"]].concat();
    let before = files(place.folder.path());
    for command in [
        &note[..],
        &["show", "1.G2G.1"],
        &["timeline", "1.G2G.1"],
        &["disclose", "--for", "parties", "-o", "out"],
        &["backup", "backup"],
        &["backup", "new"],
        &["verify"],
    ] {
        let told =
            ["disclosures.jsonl: cannot be read", "`annals doctor`", "a symbolic link that leads nowhere"];
        place.annals(command).says(3, &told);
        assert!(files(place.folder.path()) == before, "{command:?}");
    }
    // Nor where it is the backup's.
    fs::remove_file(&path).unwrap();
    fs::rename(place.path("elsewhere"), &path).unwrap();
    fs::remove_file(place.path("backup/disclosures.jsonl")).unwrap();
    symlink("moved", place.path("backup/disclosures.jsonl")).unwrap();
    place.annals(["backup", "backup"]).says(3, &["backup/disclosures.jsonl: cannot be read"]);
    place.done(["show", "1.G2G.1"]);
}

#[test]
fn in_a_copy_nothing_is_recorded_and_nothing_healed_before_that_is_said() {
    let place = Place::founded();
    place.done(["backup", "backup"]);
    fs::write(place.ledger.join("copy"), "").unwrap();
    let newest =
        fs::read_dir(place.ledger.join("journal")).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let mut journal = OpenOptions::new().append(true).open(newest).unwrap();
    journal.write_all(b"{\"basehash\":\"torn").unwrap();
    // Also where nothing is derived yet.
    place.refused(PROGRESS, 1, &["ledger/copy: here is a copy"]);
    for derived in ["sled", "index"] {
        fs::remove_dir_all(place.ledger.join(derived)).unwrap();
    }
    place.refused(PROGRESS, 1, &["ledger/copy: here is a copy"]);
    // A trial says what holds, and that it is not for this folder; what is signed into a file is.
    let with = |last: &[&'static str]| place.annals(PROGRESS.iter().copied().chain(last.iter().copied()));
    for (last, told) in [(&["--dry-run"] as &[_], true), (&["-o", "request.jsonl"], false)] {
        let answer = with(last);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert_eq!(answer.err.contains("holds a copy, in which nothing is recorded"), told, "{answer:?}");
    }
}

#[test]
fn what_lies_in_the_place_of_the_mark_of_a_copy_and_is_no_file_is_told_by_its_name() {
    let damages: [fn(&Path); 3] =
        [|path| fs::create_dir(path).unwrap(), pipe, |path| symlink("nowhere", path).unwrap()];
    for damage in damages {
        let place = Place::founded();
        damage(&place.ledger.join("copy"));
        place.refused(PROGRESS, 1, &["ledger/copy", "no file that marks a copy", "move it away"]);
        place.refused(["backup", "backup"], 1, &["ledger/copy", "no file that marks a copy"]);
        assert!(!place.path("backup").exists());
        place.is_mended("copy", "grave", "lies where a file belongs");
    }
}
