//! Backups: whole while somebody writes, continued by the next, and refused where a beginning of this ledger is not what lies
//! there.

use super::place::{PROGRESS, Place, files, lines};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

impl Place {
    fn backup(&self) -> Value {
        serde_json::from_str(&self.done(["--format", "json", "backup", "backup"])).unwrap()
    }

    /// The backup verifies, and has every withheld value that its entries hold.
    fn verified(&self) -> Value {
        let report: Value =
            serde_json::from_str(&self.done(["--format", "json", "verify", "backup"])).unwrap();
        assert_eq!((&report["holds"], &report["withheld"]), (&json!(true), &report["disclosed"]), "{report}");
        assert_eq!((&report["damaged"], &report["unfinished"]), (&json!(0), &json!(0)), "{report}");
        report
    }

    fn refuses_a_backup(&self, code: i32, words: &[&str]) {
        let before = files(&self.path("backup"));
        self.annals(["backup", "backup"]).says(code, words);
        assert!(files(&self.path("backup")) == before, "the backup was changed");
    }
}

/// What one process records for a while.
fn requests() -> String {
    let request = |number: u32| {
        let time = format!("2021-07-01T00:{:02}:{:02}.000Z", number / 60, number % 60);
        let subject = format!("actions/1.G2G.{}", number % 3 + 1);
        let note = format!("Said as number {number}. ").repeat(20);
        let data = json!({"effective": "2021-05", "note": note});
        json!({"as": "KR", "subject": subject, "type": "annals.action.progressed.v1", "time": time, "data": data})
            .to_string()
    };
    (0..3_000).map(|number| request(number) + "\n").collect()
}

#[test]
fn while_another_process_writes_each_backup_is_a_whole_ledger() {
    let place = Place::founded();
    fs::write(place.path("minutes.txt"), "minutes ".repeat(1_000)).unwrap();
    place.done(PROGRESS.into_iter().chain(["--evidence", "minutes.txt"]));
    fs::write(place.path("requests.jsonl"), requests()).unwrap();
    let mut writer = Command::new(env!("CARGO_BIN_EXE_annals"))
        .args(["import", "requests.jsonl"])
        .current_dir(place.folder.path())
        .env("ANNALS_LEDGER", &place.ledger)
        .env("ANNALS_KEYS", place.path("keys"))
        .env("ANNALS_ANCHOR", place.path("anchor"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (mut sizes, mut before): (Vec<u64>, Vec<u8>) = (Vec::new(), Vec::new());
    loop {
        let ended = writer.try_wait().unwrap();
        let made = place.backup();
        let report = place.verified();
        assert_eq!((&report["size"], &report["head"]), (&made["size"], &made["head"]));
        assert_eq!((&report["stray"], &made["missing"], &made["files"]), (&json!(0), &json!(0), &json!(2)));
        let there = fs::read(place.path("backup/journal/000000000000.jsonl")).unwrap();
        assert!(there.starts_with(&before), "a backup is continued");
        before = there;
        sizes.push(made["size"].as_u64().unwrap());
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
    }
    assert!(place.export() == before && sizes.is_sorted());
    assert!(place.annals(["export", "--ledger", "backup"]).out == before);
    sizes.dedup();
    assert!(sizes.len() > 2, "backups were made while it was written to: {sizes:?}");
    // It is a ledger: somebody may go on with it.
    place.done(["status", "--ledger", "backup"]);
    let answer = place.annals(["--ledger", "backup"].into_iter().chain(PROGRESS));
    assert_eq!(answer.code, Some(0), "{answer:?}");
}

#[test]
fn a_backup_has_the_files_of_the_ledger_and_nothing_that_is_derived() {
    let place = Place::founded();
    let made = place.backup();
    assert_eq!((&made["added"], &made["disclosures"], &made["removed"]), (&json!(126), &json!(1), &json!(0)));
    let within = |folder: PathBuf| {
        let names = files(&folder).into_iter();
        let names = names.map(|(path, bytes)| (path.strip_prefix(&folder).unwrap().to_owned(), bytes));
        names.filter(|(path, _)| path.file_name().is_some_and(|name| name != "lock")).collect::<Vec<_>>()
    };
    let mut kept = within(place.ledger.clone());
    kept.retain(|(path, _)| ["sled", "index", "tile"].iter().all(|derived| !path.starts_with(derived)));
    assert!(within(place.path("backup")) == kept);
    place.done(PROGRESS);
    assert_eq!(place.backup()["added"], json!(1));
    assert_eq!(place.backup()["added"], json!(0));
    place.verified();
}

#[test]
fn whatever_is_no_beginning_of_this_ledger_is_refused_and_left_as_it_is() {
    let place = Place::founded();
    place.backup();
    let other = Place::founded();
    for _ in 0..2 {
        other
            .annals(["backup", place.path("backup").to_str().unwrap()])
            .says(1, &["the copy of another ledger"]);
        // It is the other's, however long it is.
        place.done(PROGRESS);
        place.backup();
    }
    let journal = place.path("backup/journal/000000000000.jsonl");
    let whole = fs::read(&journal).unwrap();
    let mut changed = whole.clone();
    changed[60_000] ^= 1;
    fs::write(&journal, &changed).unwrap();
    place.refuses_a_backup(
        1,
        &["000000000000.jsonl: byte 60000", "not what the ledger has there", "a new folder"],
    );
    fs::write(&journal, &whole).unwrap();
    // On another desk: the key of this one remembers what it signed, and would go on with one of the two alone.
    let arguments = ["--ledger", "backup", "--anchor", "elsewhere"].into_iter().chain(PROGRESS);
    assert_eq!(place.annals(arguments).code, Some(0));
    place.refuses_a_backup(
        1,
        &["129 entries, and the ledger has 128", "the ledger was cut, or the copy written to"],
    );
    place.done(PROGRESS);
    place.refuses_a_backup(1, &["not what the ledger has there"]);
    for (folder, words) in
        [("ledger", "own folder"), ("ledger/in/it", "own folder"), ("keys", "not a ledger's")]
    {
        let before = files(place.folder.path());
        place.annals(["backup", folder]).says(2, &[words, "name"]);
        assert!(files(place.folder.path()) == before && !place.path("ledger/in").exists());
    }
    place.annals(["backup", "backup", "--ledger", "nowhere"]).says(2, &["nowhere", "no ledger is here"]);
}

#[test]
fn what_was_erased_in_the_ledger_goes_from_the_backup_at_the_next_run() {
    let place = Place::founded();
    place.done(PROGRESS.into_iter().chain(["--note", "An officer's name"]));
    assert_eq!(place.backup()["disclosures"], json!(2));
    let text = fs::read_to_string(place.ledger.join("disclosures.jsonl")).unwrap();
    let erased = text.lines().last().unwrap();
    let entry = (lines(&place.export()) - 1).to_string();
    place.done(["erase", &entry, "--field", "note", "--as", "KR", "--reason", "Asked", "--basis", "GDPR"]);
    let made = place.backup();
    assert_eq!((&made["disclosures"], &made["removed"]), (&json!(2), &json!(1)), "with the reason");
    for (path, bytes) in files(&place.path("backup")) {
        let secret = erased.trim_matches('"').as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", path.display());
    }
    assert_eq!(place.backup()["removed"], json!(0));
}

#[test]
fn what_an_interrupted_backup_left_is_gone_with_the_next() {
    let place = Place::founded();
    place.backup();
    let left = place.path("backup/blobs/.part");
    fs::write(&left, "the beginning of a file that was erased since").unwrap();
    place.backup();
    assert!(!left.exists());
}

#[test]
fn of_a_journal_that_was_cut_no_backup_is_made() {
    let place = Place::founded();
    let journal = fs::read_to_string(place.segment()).unwrap();
    let kept = journal.match_indices('\n').nth(99).unwrap().0 + 1;
    place.backup();
    fs::write(place.segment(), &journal[..kept]).unwrap();
    place.refuses_a_backup(1, &["there were 126 entries", "100"]);
    place.annals(["backup", "other"]).says(1, &["there were 126 entries"]);
    assert!(!place.path("other").exists());
}

#[test]
fn a_fork_that_was_found_is_in_the_backup_and_stops_every_write_there() {
    let place = Place::founded();
    fs::write(place.ledger.join("fork"), "two checkpoints").unwrap();
    place.backup();
    assert_eq!(fs::read_to_string(place.path("backup/fork")).unwrap(), "two checkpoints");
    place.annals(PROGRESS.into_iter().chain(["--ledger", "backup"])).says(1, &["two histories"]);
    // It does not hide behind a verdict on the entries.
    for folder in ["ledger", "backup"] {
        let answer = place.annals(["verify", folder]);
        assert!(
            answer.code == Some(1) && String::from_utf8_lossy(&answer.out).contains("stops every write here"),
            "{answer:?}"
        );
    }
}

#[test]
fn a_checkpoint_that_cannot_be_read_hides_neither_the_entries_nor_the_others() {
    let place = Place::founded();
    place.done(["checkpoint"]);
    place.done(["cosign", "--as", "DK"]);
    place.done(PROGRESS);
    place.done(["checkpoint"]);
    place.backup();
    let folder = place.ledger.join("checkpoints");
    let newest = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let copied = place.path("backup/checkpoints").join(newest.file_name().unwrap());
    let whole = fs::read(&newest).unwrap();
    fs::write(&newest, "others").unwrap();

    let answer = place.annals(["--format", "json", "verify"]);
    let report: Value = serde_json::from_slice(&answer.out).unwrap();
    assert_eq!((answer.code, &report["holds"]), (Some(1), &json!(false)), "{report}");
    assert!(report["conclusion"].as_str().unwrap().starts_with("DAMAGED: the entries hold"), "{report}");
    assert!(report["unread"][0].as_str().unwrap().contains(newest.to_str().unwrap()), "{report}");
    let verdicts = report["verdicts"].as_object().unwrap().values();
    assert!(verdicts.into_iter().all(|verdict| verdict["holds"] != json!(false)), "{report}");
    assert_eq!(report["checkpoints"][0]["holds"], json!(true), "{report}");
    place.done(["prove", "3"]);
    place.done(["verify", "3.tlog-proof"]);

    assert_eq!(place.backup()["unread"], json!(1));
    assert_eq!(fs::read(&copied).unwrap(), whole, "what the backup has stays");
    // The other way round it is mended.
    fs::write(&copied, "others").unwrap();
    fs::write(&newest, &whole).unwrap();
    assert_eq!(place.backup()["unread"], json!(0));
    assert_eq!(fs::read(&copied).unwrap(), whole);
}

#[test]
fn what_only_the_backup_has_of_what_entries_hold_stays_there() {
    for lost in ["cut", "removed"] {
        let place = Place::founded();
        place.done(PROGRESS.into_iter().chain(["--note", "Kept"]));
        assert_eq!(place.backup()["disclosures"], json!(2));
        let (path, kept) = (place.ledger.join("disclosures.jsonl"), place.path("backup/disclosures.jsonl"));
        let before = fs::read_to_string(&kept).unwrap();
        if lost == "cut" {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.split_inclusive('\n').next().unwrap()).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
            // Whoever writes begins the file anew.
            place.done(PROGRESS);
        }
        let made = place.backup();
        assert_eq!((&made["disclosures"], &made["removed"]), (&json!(2), &json!(0)), "{lost}");
        let mut after: Vec<String> = fs::read_to_string(&kept).unwrap().lines().map(str::to_owned).collect();
        let mut before: Vec<&str> = before.lines().collect();
        before.sort_unstable();
        after.sort_unstable();
        assert_eq!(before, after, "{lost}");
        // And is taken back from there.
        place.done(["disclose", "--take", "backup/disclosures.jsonl"]);
        place.verified();
    }
}

/// It may be named by the value that is not at hand, and what may be needed is not left out without a word.
#[test]
fn a_file_whose_value_is_not_at_hand_is_in_the_first_backup() {
    let place = Place::founded();
    fs::write(place.path("secret.txt"), "a secret").unwrap();
    place.done(PROGRESS.into_iter().chain(["--evidence", "secret.txt", "--confidential"]));
    let own = place.ledger.join("disclosures.jsonl");
    let text = fs::read_to_string(&own).unwrap();
    fs::write(&own, "").unwrap();
    assert_eq!(place.backup()["files"], json!(2));
    let blob = annals::trail::hash::sha256(b"a secret");
    assert!(place.path("backup/blobs").join(&blob).exists());
    // One that was erased stays out, also where it came back.
    let basis = ["--as", "KR", "--reason", "Asked for", "--basis", "GDPR"];
    fs::write(&own, text).unwrap();
    place.done(["erase", "126", "--field", "evidence/1/sha256"].into_iter().chain(basis));
    fs::write(place.ledger.join("blobs").join(&blob), "a secret").unwrap();
    fs::write(&own, "").unwrap();
    fs::remove_dir_all(place.path("backup")).unwrap();
    assert_eq!(place.backup()["files"], json!(1));
    assert!(!place.path("backup/blobs").join(&blob).exists());
}

/// Nothing tells which file a value names that is not at hand, so that none goes for it.
#[test]
fn a_file_whose_value_is_damaged_in_the_backup_stays_there() {
    let place = Place::founded();
    fs::write(place.path("secret.txt"), "a secret").unwrap();
    place.done(PROGRESS.into_iter().chain(["--evidence", "secret.txt", "--confidential"]));
    place.backup();
    place.done(["export", "-o", "all.jsonl"]);
    place.done(["restore", "all.jsonl", "--ledger", "restored"]);
    let (own, blob) = (place.path("backup/disclosures.jsonl"), annals::trail::hash::sha256(b"a secret"));
    let text = fs::read_to_string(&own).unwrap();
    fs::write(&own, text.replace('"', "\"garbage")).unwrap();
    place.done(["backup", "backup", "--ledger", "restored"]);
    assert!(place.path("backup/blobs").join(&blob).exists());
    // Of one that was erased that is known.
    fs::write(&own, text).unwrap();
    let basis = ["--as", "KR", "--reason", "Asked for", "--basis", "GDPR"];
    place.done(["erase", "126", "--field", "evidence/1/sha256"].into_iter().chain(basis));
    place.backup();
    assert!(!place.path("backup/blobs").join(&blob).exists());
    // Also where the line is gone from the backup, and others are not at hand: by its size.
    fs::write(place.path("backup/blobs").join(&blob), "a secret").unwrap();
    fs::write(place.ledger.join("disclosures.jsonl"), "").unwrap();
    fs::write(&own, "").unwrap();
    place.backup();
    assert!(!place.path("backup/blobs").join(&blob).exists());
}

/// As the next writer takes it.
#[test]
fn a_last_value_that_lacks_its_newline_is_shown_and_backed_up() {
    let place = Place::founded();
    place.done(PROGRESS.into_iter().chain(["--note", "Said"]));
    let own = place.ledger.join("disclosures.jsonl");
    let text = fs::read_to_string(&own).unwrap();
    fs::write(&own, text.trim_end()).unwrap();
    assert!(place.done(["--format", "json", "timeline", "1.G2G.2"]).contains("\"note\":\"Said\""));
    assert_eq!(place.backup()["disclosures"], json!(2));
    assert_eq!(fs::read_to_string(place.path("backup/disclosures.jsonl")).unwrap(), text);
    place.done(PROGRESS.into_iter().chain(["--note", "Said again"]));
    let lines = fs::read_to_string(&own).unwrap();
    assert!(lines.starts_with(&text) && lines.lines().count() == 3, "{lines}");
}

#[test]
fn withheld_values_that_were_lost_in_the_ledger_are_not_lost_in_the_backup() {
    let place = Place::founded();
    place.backup();
    let path = place.ledger.join("disclosures.jsonl");
    let whole = fs::read(&path).unwrap();
    for damaged in [Some(&b"garbage\n"[..]), None] {
        match damaged {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        place.refuses_a_backup(1, &["disclosures.jsonl", "mend it first", "annals doctor"]);
    }
    fs::write(&path, whole).unwrap();
    place.backup();
    place.verified();
}

#[test]
fn files_that_changed_in_the_ledger_are_told_and_stay_whole_in_the_backup() {
    let place = Place::founded();
    place.backup();
    let name = fs::read_dir(place.ledger.join("blobs")).unwrap().next().unwrap().unwrap().file_name();
    fs::write(place.ledger.join("blobs").join(&name), "changed").unwrap();
    assert_eq!(place.backup()["missing"], json!(0));
    fs::remove_dir_all(place.path("backup")).unwrap();
    let made = place.backup();
    assert_eq!((&made["missing"], &made["files"]), (&json!(1), &json!(0)));
    assert!(place.done(["backup", "backup"]).contains("1 of the files that entries name are not kept here"));
}

#[test]
fn a_backup_that_met_a_full_disk_is_completed_by_repeating_it() {
    let place = Place::on_a_disk_of("2m");
    let disk = place.disk.as_ref().unwrap();
    let backup = disk.path.join("backup");
    let arguments = ["backup", backup.to_str().unwrap()];
    for room in [0, 8, 40, 100] {
        disk.fill_but(room << 10);
        place.annals(arguments).says(3, &["make room"]);
        disk.make_room();
    }
    place.done(arguments);
    assert!(place.annals(["export", "--ledger", arguments[1]]).out == place.export());
    place.done(["verify", arguments[1]]);
}
