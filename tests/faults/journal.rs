//! The journal was damaged: `verify` names where, nobody continues it, and whoever reads is answered.

use super::place::{HISTORY, PROGRESS, Place, READING, files, lines};
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::key::{Kind, SigningKey};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

type Change = fn(&mut Vec<Vec<u8>>);

/// Of the 126 entries.
const BAD: usize = 60;

impl Place {
    /// Writes the journal anew, with its lines changed.
    fn damage(&self, change: impl Fn(&mut Vec<Vec<u8>>)) {
        let bytes = fs::read(self.segment()).unwrap();
        let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        change(&mut lines);
        fs::write(self.segment(), lines.join(&b'\n')).unwrap();
    }

    /// Nobody goes on writing, with sled or without, and the damage stays as it is: evidence, and a chance to restore it.
    fn is_not_continued(&self) {
        for without in [false, true] {
            if without {
                fs::remove_dir_all(self.ledger.join("sled")).unwrap();
            }
            let before = self.truth();
            let answer = self.annals(PROGRESS);
            assert!(matches!(answer.code, Some(1 | 3)), "a damaged journal was continued: {answer:?}");
            answer.says(answer.code.unwrap(), &[]);
            let remedy =
                ["annals verify", "restore", "backup"].iter().any(|remedy| answer.err.contains(remedy));
            assert!(remedy, "no remedy is said: {}", answer.err);
            assert!(self.truth() == before, "a damaged journal was changed");
        }
    }

    fn is_read_without_a_panic(&self) {
        let before = self.truth();
        for reading in READING {
            self.annals(reading);
        }
        assert!(self.truth() == before, "a reader changed something");
    }

    /// The first bad entry.
    fn first_bad(&self) -> u64 {
        let answer = self.annals(["verify", "--format", "json"]);
        assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""));
        let report: Value = serde_json::from_slice(&answer.out).unwrap();
        let verdicts = report["verdicts"].as_object().unwrap().values();
        let in_the_entries = verdicts.filter_map(|verdict| verdict["entry"].as_u64());
        in_the_entries.min().unwrap()
    }
}

/// Flips the lowest bit of a byte in the middle of a line: the line is as long as it was.
fn flip(lines: &mut [Vec<u8>], line: usize) {
    let middle = lines[line].len() / 2;
    lines[line][middle] ^= 1;
}

#[test]
fn a_changed_byte_is_named_by_verify_wherever_it_is() {
    let place = Place::founded();
    let whole = fs::read(place.segment()).unwrap();
    let newlines: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    let ends = [newlines[0], newlines[BAD], newlines[124]];
    for at in (0..whole.len()).step_by(whole.len() / 40).chain(ends) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(place.segment(), &bytes).unwrap();
        let entry = newlines.iter().filter(|newline| **newline < at).count() as u64;
        let named = place.first_bad();
        // Where the entry is still one, the next no longer names it.
        assert!((entry..=entry + 1).contains(&named), "byte {at} of entry {entry}: {named}");
    }
    flip_and_read(&place, &whole);
}

fn flip_and_read(place: &Place, whole: &[u8]) {
    fs::write(place.segment(), whole).unwrap();
    place.damage(|lines| flip(lines, BAD));
    place.is_read_without_a_panic();
}

#[test]
fn a_long_journal_with_a_changed_byte_is_not_continued() {
    let place = Place::founded();
    place.done(["import", HISTORY, "--make-keys"]);
    place.damage(|lines| flip(lines, 300));
    place.is_not_continued();
}

#[test]
fn a_short_journal_that_changed_in_place_is_not_continued() {
    let changes: [Change; 2] = [|lines| flip(lines, BAD), |lines| lines.swap(BAD, BAD + 1)];
    for change in changes {
        let place = Place::founded();
        place.damage(change);
        place.is_not_continued();
    }
}

#[test]
fn a_journal_whose_last_entry_was_changed_is_not_continued() {
    let place = Place::founded();
    place.damage(|lines| {
        // Another word in the place of the one that was signed: in canonical form, and as long.
        let text = String::from_utf8(lines[125].clone()).unwrap().replace("under_way", "suspended");
        lines[125] = text.into_bytes();
    });
    assert!((125..=126).contains(&place.first_bad()));
    place.is_not_continued();
}

#[test]
fn lines_that_are_no_entries_are_named_and_not_continued() {
    let changes: [(Change, u64); 7] = [
        (|lines| lines[BAD] = vec![0; 900], 60),
        (|lines| lines[BAD] = b"garbage".to_vec(), 60),
        (|lines| lines[BAD] = vec![0xff; 65_535], 60),
        (|lines| lines[BAD] = vec![b'['; 65_000], 60),
        (|lines| drop(lines.remove(BAD)), 60),
        (|lines| lines.insert(BAD, lines[BAD].clone()), 61),
        (|lines| lines.insert(126, lines[125].clone()), 126),
    ];
    for (change, entry) in changes {
        let place = Place::founded();
        place.damage(change);
        assert_eq!(place.first_bad(), entry);
        place.is_read_without_a_panic();
        place.is_not_continued();
    }
}

#[test]
fn lines_that_cannot_be_read_are_named_by_their_byte_and_not_continued() {
    let changes: [(Change, &str); 2] = [
        (|lines| lines[BAD].clear(), "an empty line"),
        (|lines| lines[BAD] = vec![b'x'; 70_000], "a line of more than 65535 bytes"),
    ];
    for (change, what) in changes {
        let place = Place::founded();
        place.damage(change);
        for reading in READING {
            place.refused(reading, 3, &["journal/000000000000.jsonl", "byte", what, "restore this file"]);
        }
        place.is_not_continued();
    }
}

#[test]
fn a_missing_segment_is_named_and_the_rest_is_not_continued() {
    let place = Place::founded();
    let next = place.ledger.join("journal/000000000060.jsonl");
    let bytes = fs::read(place.segment()).unwrap();
    let at = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(59).unwrap().0 + 1;
    fs::write(place.segment(), &bytes[..at]).unwrap();
    fs::write(&next, &bytes[at..]).unwrap();
    place.done(["verify"]);
    assert_eq!(place.annals(PROGRESS).code, Some(0), "two segments are a journal, too");

    let last = fs::read(&next).unwrap();
    fs::remove_file(&next).unwrap();
    let cut = ["60 entries, and there were 127", "the journal was cut", "restore it"];
    place.refused(PROGRESS, 3, &cut);
    assert!(place.annals(["verify"]).code != Some(0), "the state that was kept knows of more");
    place.is_read_without_a_panic();

    fs::write(&next, last).unwrap();
    fs::remove_file(place.segment()).unwrap();
    for reading in READING {
        place.refused(reading, 3, &["journal/000000000000.jsonl", "missing: entries 0 to 59", "restore"]);
    }
    place.is_not_continued();
}

#[test]
fn a_journal_that_was_cut_or_emptied_is_not_continued() {
    for keep in [0, 1, 60, 125] {
        let place = Place::founded();
        place.damage(|lines| {
            lines.truncate(keep);
            lines.push(Vec::new());
        });
        if keep == 0 {
            fs::write(place.segment(), "").unwrap();
        }
        let there = format!("{keep} entries, and there were 126");
        place.refused(PROGRESS, 3, &[&there, "the journal was cut", "restore it"]);
        assert_eq!(place.annals(["verify"]).code, Some(1), "the state that was kept knows of more");
        place.is_read_without_a_panic();
    }
}

#[test]
fn a_journal_whose_folder_is_gone_is_not_begun_anew() {
    let place = Place::founded();
    fs::remove_dir_all(place.ledger.join("journal")).unwrap();
    for reading in READING {
        place.refused(reading, 3, &["journal", "missing", "restore"]);
    }
    place.is_not_continued();
}

#[test]
fn what_the_ledgers_key_signed_is_neither_cut_nor_gone_on_from_without_it() {
    let place = Place::founded();
    place.done(PROGRESS);
    let whole = fs::read(place.segment()).unwrap();
    let shorter = whole.iter().rposition(|byte| *byte == b'\n').unwrap();
    let before = whole[..shorter].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    // What else there is that tells: checkpoints alone, the kept state alone, and both beside a damaged sled.
    let kept = files(&place.ledger);
    let gone = |names: &'static [&str]| {
        move |ledger: &Path| {
            let all = names.iter().map(|name| ledger.join(name));
            all.for_each(|folder| fs::remove_dir_all(folder).unwrap());
        }
    };
    let (states, checkpoints) = (gone(&["index", "sled", "tile"]), gone(&["checkpoints", "sled", "tile"]));
    let damaged = |ledger: &Path| {
        fs::remove_dir_all(ledger.join("sled")).unwrap();
        fs::write(ledger.join("sled"), "none").unwrap();
    };
    let told: [&dyn Fn(&Path); 3] = [&states, &checkpoints, &damaged];
    for without in told {
        // The last line without its newline, and without it at all; whether or not the keys of this desk remember.
        for (left, code) in [(shorter, 3), (before, 1)] {
            for anchor in ["anchor", "another"] {
                fs::remove_dir_all(&place.ledger).unwrap();
                for (path, bytes) in &kept {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, bytes).unwrap();
                }
                without(&place.ledger);
                fs::write(place.segment(), &whole[..left]).unwrap();
                for writing in [&["checkpoint"][..], &["rebuild"], &PROGRESS] {
                    let asked = [writing, &["--anchor", anchor]].concat();
                    place.refused(asked, code, &["127 entries", "the journal has 126 now"]);
                    assert_eq!(fs::read(place.segment()).unwrap(), &whole[..left], "{writing:?}");
                }
                let doctor = String::from_utf8(place.annals(["doctor"]).out).unwrap();
                assert!(doctor.contains("grave") && !doctor.contains("never acknowledged"), "{doctor}");
                let answer = place.annals(["status"]);
                assert!(answer.err.contains("there were 127 entries, and 126 are left"), "{}", answer.err);
            }
        }
    }
    fs::remove_dir_all(&place.ledger).unwrap();
    for (path, bytes) in &kept {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    // Nobody's checkpoint stops anybody.
    let kept = place.ledger.join("checkpoints");
    let signed = SignedCheckpoint::parse(&fs::read(kept.join("000000000127")).unwrap()).unwrap();
    let (origin, root) = (signed.checkpoint().origin().to_owned(), signed.checkpoint().root());
    let stranger = SigningKey::from_seed(&origin, Kind::Ed25519, &[9; 32]).unwrap();
    let forged = SignedCheckpoint::sign(Checkpoint::new(&origin, 999, root).unwrap(), &stranger).unwrap();
    fs::write(kept.join("000000000999"), forged.to_string()).unwrap();
    place.done(["status"]);
    place.done(PROGRESS);
}

#[test]
fn a_torn_last_line_is_cut_by_the_next_writer_and_nothing_that_was_acknowledged_is_lost() {
    for torn in [&b"{"[..], b"{\"basehash\":\"00", b"\xff\x00\xfe", &[0; 4_096], &vec![b'x'; 60_000]] {
        let place = Place::founded();
        let before = fs::read(place.segment()).unwrap();
        fs::write(place.segment(), [&before, torn].concat()).unwrap();
        for reading in READING {
            place.done(reading);
        }
        assert_eq!(place.export(), before);
        assert_eq!(fs::read(place.segment()).unwrap(), [&before, torn].concat(), "readers change nothing");
        place.done(PROGRESS);
        let after = place.export();
        assert!(after.starts_with(&before) && after == fs::read(place.segment()).unwrap());
        assert_eq!(lines(&after), 127);
        place.done(["verify"]);
    }
}

#[test]
fn a_journal_that_is_refused_leaves_all_in_the_folder_as_it_was() {
    let place = Place::founded();
    place.done(PROGRESS);
    let other = Place::founded();
    let (whole, kept) = (fs::read(place.segment()).unwrap(), files(&place.ledger));
    let shorter = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let foreign = fs::read(other.segment()).unwrap();
    let damaged = [&whole[..shorter], b"\n", &whole[shorter..]].concat();
    // What is no entry, one that comes twice, and one that was changed, after which the last one is torn, too.
    let garbage = [&whole[..], b"garbage\n"].concat();
    let twice = [&whole[..], &whole[shorter..]].concat();
    let mut flipped = whole.clone();
    flipped[shorter / 2] ^= 1;
    let journals = [
        &foreign[..],
        &whole[..shorter],
        &whole[..whole.len() - 1],
        &damaged,
        &garbage,
        &twice,
        &flipped,
        &flipped[..whole.len() - 20],
    ];
    for (journal, without) in journals.into_iter().flat_map(|journal| {
        [&[][..], &["sled"], &["index"], &["sled", "index"]].map(|without| (journal, without))
    }) {
        fs::remove_dir_all(&place.ledger).unwrap();
        for (path, bytes) in &kept {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        for derived in without {
            fs::remove_dir_all(place.ledger.join(derived)).unwrap();
        }
        // Of another founding the checkpoints say nothing; without sled and the kept state it is a ledger that was put here.
        if journal == foreign && without.len() == 2 {
            continue;
        }
        fs::write(place.segment(), journal).unwrap();
        let before = files(&place.ledger);
        for command in [&PROGRESS[..], &["rebuild"]] {
            let answer = place.annals(command.iter().copied());
            assert!(matches!(answer.code, Some(1 | 3)), "{command:?} {without:?}: {answer:?}");
            let after = files(&place.ledger);
            let changed = |path: &&PathBuf| before.get(*path) != after.get(*path);
            let changed: Vec<_> = before.keys().chain(after.keys()).filter(changed).collect();
            assert!(changed.is_empty(), "{without:?}, {} bytes: {changed:?}: {answer:?}", journal.len());
        }
    }
}
