//! Files that are put forward: kept before the entry that names them, looked after, and taken out again.

use super::place::{PROGRESS, Place};
use annals::ledger::Ledger;
use annals::store::Condition;
use annals::trail::hash::sha256;
use std::fs;
use std::io::{self, Read};

const MINUTES: &[u8] = b"Minutes of the first round";

/// Minutes that entry 126 puts forward.
fn shown() -> Place {
    let place = Place::founded();
    fs::write(place.path("minutes.txt"), MINUTES).unwrap();
    place.done([&PROGRESS[..], &["--evidence", "minutes.txt"]].concat());
    place
}

fn state(place: &Place) -> (Option<i32>, String) {
    let answer = place.annals(["evidence", "check", "1.G2G.2", "--format", "csv"]);
    let text = String::from_utf8(answer.out).unwrap();
    let row: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    (answer.code, row[7].to_owned())
}

#[test]
fn where_a_file_cannot_be_kept_nothing_names_it() {
    let place = Place::founded();
    fs::write(place.path("minutes.txt"), MINUTES).unwrap();
    let blobs = place.ledger.join("blobs");
    fs::remove_dir_all(&blobs).unwrap();
    fs::write(&blobs, "in its place").unwrap();
    let before = place.export();
    let what = [&PROGRESS[..], &["--evidence", "minutes.txt"]].concat();
    place.annals(&what).says(3, &["blobs"]);
    assert_eq!(place.export(), before, "the file was not kept, and an entry names it");
    fs::remove_file(&blobs).unwrap();
    place.done(&what);
    assert_eq!(state(&place), (Some(0), "found".to_owned()));
}

#[test]
fn a_file_is_in_the_bundles_of_whoever_may_see_its_name() {
    for (audience, readers) in [
        ("public", &["public", "parties", "KR", "DK"][..]),
        ("parties", &["parties", "KR", "DK"]),
        // Korea put it forward.
        ("KR", &["KR"]),
    ] {
        let place = Place::founded();
        fs::write(place.path("minutes.txt"), MINUTES).unwrap();
        place.done([&PROGRESS[..], &["--evidence", "minutes.txt", "--audience", audience]].concat());
        place.done(["checkpoint"]);
        for reader in ["public", "parties", "KR", "DK"] {
            let name = format!("{reader}.bundle");
            place.done(["bundle", "export", "--for", reader, "--evidence", "-o", &name]);
            let bundle = fs::read(place.path(&name)).unwrap();
            // Files are stored as they are.
            let is_in = bundle.windows(MINUTES.len()).any(|part| part == MINUTES);
            assert_eq!(is_in, readers.contains(&reader), "for {audience}, to {reader}");
            place.done(["bundle", "verify", &name]);
        }
    }
}

/// A draft of an entry that says of the minutes that they have so many bytes, with a member more.
fn draft(place: &Place, size: u64, more: &str) {
    let draft = format!(
        "{{\"as\":\"DK\",\"subject\":\"actions/2.TRA.2\",\"type\":\"annals.action.progressed.v1\",\
         \"time\":\"2022-06-01T08:00:00.000Z\",\"data\":{{\"effective\":\"2022\",\"evidence\":\
         [{{\"sha256\":\"{}\",\"size\":{size},\"mediatype\":\"text/plain\"{more}}}]}}}}\n",
        sha256(MINUTES)
    );
    fs::write(place.path("draft.jsonl"), draft).unwrap();
}

#[test]
fn a_size_that_is_not_that_of_the_file_here_is_refused_and_told_where_it_came_before_the_file() {
    let place = shown();
    let blob = place.ledger.join("blobs").join(sha256(MINUTES));
    for more in [",\"confidential\":true", ""] {
        draft(&place, 25, more);
        let said = ["line 1", "file 1 is said to have 25 bytes", "has 26"];
        place.refused(["import", "draft.jsonl"], 2, &said);
        place.refused(["import", "draft.jsonl", "--dry-run"], 2, &said);
    }
    // One that has changed here says nothing of the file that is meant; and where there is none, nobody can tell.
    fs::write(&blob, "Others").unwrap();
    place.done(["import", "draft.jsonl"]);
    fs::remove_file(&blob).unwrap();
    draft(&place, 27, "");
    place.done(["import", "draft.jsonl"]);
    place.done(["evidence", "add", "minutes.txt"]);
    let states = place.annals(["evidence", "check", "--format", "csv"]);
    let text = String::from_utf8(states.out).unwrap();
    let states_of: Vec<&str> = text.lines().skip(1).map(|row| row.split(',').nth(7).unwrap()).collect();
    assert_eq!((states.code, states_of), (Some(1), vec!["found", "changed", "changed"]));
    assert!(place.done(["show", "2.TRA.2"]).contains("(name withheld), 27 bytes, text/plain, changed: "));
    place.refused(
        ["evidence", "open", "127", "-o", "out.txt"],
        1,
        &["has 26 bytes", "the entry says 25", "annals evidence open"],
    );
    let opened = place.done(["evidence", "open", &sha256(MINUTES), "-o", "out.txt"]);
    assert!(opened.starts_with("26 bytes, as their SHA-256 says, written to"), "{opened}");
    assert_eq!(fs::read(place.path("out.txt")).unwrap(), MINUTES);
    // Of one that cannot be read nobody can tell, either.
    fs::remove_file(&blob).unwrap();
    std::os::unix::fs::symlink(&blob, &blob).unwrap();
    draft(&place, 28, "");
    place.done(["import", "draft.jsonl", "--dry-run"]);
    place.done(["import", "draft.jsonl"]);
}

#[test]
fn a_file_whose_entry_says_another_size_is_restored_and_mirrored_all_the_same() {
    let place = Place::founded();
    fs::write(place.path("minutes.txt"), MINUTES).unwrap();
    let sha256 = sha256(MINUTES);
    for size in [0, 1_000] {
        let _ = fs::remove_file(place.ledger.join("blobs").join(&sha256));
        draft(&place, size, "");
        place.done(["import", "draft.jsonl"]);
        place.done(["evidence", "add", "minutes.txt"]);
        place.done(["checkpoint"]);
        let [bundle, restored, copy] = ["bundle", "restored", "copy"].map(|name| format!("{name}-{size}"));
        place.done(["bundle", "export", "--for", "parties", "--evidence", "-o", &bundle]);
        place.done(["bundle", "restore", &bundle, "--ledger", &restored]);
        place.done(["mirror", &bundle, "--ledger", &copy]);
        for folder in [restored, copy] {
            assert_eq!(fs::read(place.path(&folder).join("blobs").join(&sha256)).unwrap(), MINUTES);
        }
    }
}

#[test]
fn a_file_that_is_missing_or_changed_is_said_and_brought_back() {
    let place = shown();
    assert_eq!(state(&place), (Some(0), "found".to_owned()));
    let blob = place.ledger.join("blobs").join(sha256(MINUTES));
    fs::write(&blob, b"Minutes of another round??").unwrap();
    assert_eq!(state(&place), (Some(1), "changed".to_owned()));
    place.refused(["evidence", "open", "126", "-o", "out.txt"], 1, &["has changed here"]);
    assert!(!place.path("out.txt").exists());
    assert!(place.done(["evidence", "add", "minutes.txt"]).starts_with("mended"));
    assert_eq!(state(&place), (Some(0), "found".to_owned()));
    fs::remove_file(&blob).unwrap();
    assert_eq!(state(&place), (Some(1), "missing".to_owned()));
    assert!(place.done(["show", "1.G2G.2"]).contains("minutes.txt, 26 bytes, text/plain, missing: "));
    place.refused(["evidence", "open", "126", "-o", "out.txt"], 1, &["is not here"]);
    assert!(place.done(["evidence", "add", "minutes.txt"]).starts_with("added"));
    let truth = place.truth();
    assert!(place.done(["evidence", "add", "minutes.txt"]).starts_with("here before"));
    assert!(place.truth() == truth, "a second time nothing happens");
    assert_eq!(state(&place), (Some(0), "found".to_owned()));
}

#[test]
fn what_was_corrected_keeps_its_files() {
    let place = shown();
    place.done(["record", "correct", "1.G2G.2", "126", "--as", "KR", "--reason", "Mistaken"]);
    fs::remove_file(place.ledger.join("blobs").join(sha256(MINUTES))).unwrap();
    assert_eq!(state(&place), (Some(1), "missing".to_owned()));
}

#[test]
fn a_file_is_opened_under_its_own_name_and_overwrites_nothing() {
    let place = shown();
    place.refused(["evidence", "open", "126"], 2, &["minutes.txt", "nothing is overwritten"]);
    fs::remove_file(place.path("minutes.txt")).unwrap();
    place.done(["evidence", "open", "126"]);
    assert_eq!(fs::read(place.path("minutes.txt")).unwrap(), MINUTES);
    place.done(["evidence", "open", &sha256(MINUTES), "--output", "by-digest"]);
    assert_eq!(fs::read(place.path("by-digest")).unwrap(), MINUTES);
    place.refused(["evidence", "open", "125"], 2, &["puts no file forward"]);
    place.refused(["evidence", "open", "126/2"], 2, &["126/1: minutes.txt"]);
    place.refused(["evidence", "open", "9999"], 2, &["no entry"]);
    place.refused(["evidence", "open", "minutes"], 2, &["is not an entry"]);
}

#[test]
fn an_entry_from_elsewhere_is_taken_though_its_file_is_not_here() {
    let place = shown();
    place.done(["export", "--output", "all.jsonl"]);
    let restored = place.path("restored");
    place.done(["restore", "all.jsonl", "--ledger", restored.to_str().unwrap()]);
    let at = |more: &[&'static str]| {
        place.annals(more.iter().copied().chain(["--ledger", restored.to_str().unwrap()]))
    };
    let checked = at(&["evidence", "check"]);
    assert_eq!(checked.code, Some(1));
    assert!(String::from_utf8(checked.out).unwrap().contains("✕ missing"));
    assert_eq!(at(&["evidence", "add", "minutes.txt"]).code, Some(0));
    assert_eq!(at(&["evidence", "check"]).code, Some(0));
}

/// As much as is asked for, without being anywhere.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        assert!(piece.len() <= 1 << 20, "{} bytes at once", piece.len());
        let read = piece.len().min(usize::try_from(self.0).unwrap());
        piece[..read].fill(7);
        self.0 -= read as u64;
        Ok(read)
    }
}

#[test]
fn a_large_file_is_kept_and_copied_piece_by_piece() {
    struct Pieces(u64);
    impl io::Write for Pieces {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            assert!(piece.len() <= 1 << 20, "{} bytes at once", piece.len());
            self.0 += piece.len() as u64;
            Ok(piece.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(&folder.path().join("ledger")).unwrap();
    let blob = ledger.put_blob(&mut Endless(20 << 20)).unwrap();
    assert_eq!((blob.size, blob.before), (20 << 20, Condition::Missing));
    let mut copied = Pieces(0);
    assert_eq!(ledger.copy_blob(&blob.sha256, &mut copied).unwrap(), Condition::Whole);
    assert_eq!(copied.0, 20 << 20);
}
