//! A ledger is broken in every way: `annals doctor` names it, changes nothing, and what it says mends it.

use super::evidence::commands;
use super::place::{self, HISTORY, PROGRESS, Place, files, pipe};
use annals::ledger::Ledger;
use annals::ledger::examination::{Gravity, Part, examine};
use annals::trail::hash::LeafHash;
use chrono::{Duration, Utc};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

/// What is broken, what is found of it and how grave that is.
type Case = (fn(&Place), &'static str, &'static str, &'static str);

/// With two withheld values, evidence, and a backup of all of it.
pub(super) fn ledger() -> Place {
    let place = Place::founded();
    fs::write(place.path("minutes.txt"), "minutes").unwrap();
    place.done(PROGRESS.into_iter().chain(["--evidence", "minutes.txt", "--note", "Said"]));
    place.done(["backup", "BACKUP"]);
    place
}

pub(super) fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// The evidence.
pub(super) fn minutes(place: &Place) -> std::path::PathBuf {
    place.ledger.join("blobs").join(annals::trail::hash::sha256(b"minutes"))
}

/// The one that is kept: the newest.
pub(super) fn checkpoint(place: &Place) -> std::path::PathBuf {
    files(&place.ledger.join("checkpoints")).into_keys().next().unwrap()
}

fn sled(place: &Place, name: &str) -> std::path::PathBuf {
    files(&place.ledger.join("sled")).into_keys().find(|path| path.ends_with(name)).unwrap()
}

pub(super) fn lines(place: &Place, change: impl Fn(&mut Vec<&str>)) {
    let text = fs::read_to_string(place.segment()).unwrap();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    change(&mut lines);
    fs::write(place.segment(), lines.concat()).unwrap();
}

impl Place {
    /// Sled is as if whoever wrote last had not closed it.
    fn not_closed(&self) {
        let path = sled(self, "current.jsonl");
        let line = fs::read_to_string(&path).unwrap().lines().next().unwrap().replace("true", "false");
        let sum = annals::trail::hash::sha256(line.as_bytes());
        fs::write(path, format!("{line}\n{sum}\n")).unwrap();
    }

    /// What the doctor finds, and that it changes nothing.
    pub(super) fn examined(&self) -> (Option<i32>, Value) {
        let before = files(&self.ledger);
        let answer = self.annals_in_time(["--format", "json", "doctor"]);
        assert!(files(&self.ledger) == before, "the doctor changed something");
        assert_eq!(answer.err, "");
        (answer.code, serde_json::from_slice(&answer.out).unwrap())
    }

    pub(super) fn healthy(&self) {
        let (code, found) = self.examined();
        assert_eq!((code, &found["healthy"]), (Some(0), &json!(true)), "{found:#}");
    }

    /// That the gravest of what is found is mended by no command, and what is said instead.
    pub(super) fn is_grave_without_commands(&self, remedy: &str) -> Value {
        let (code, found) = self.examined();
        let first = &found["findings"][0];
        let told = (code, &first["gravity"], &first["commands"]);
        assert_eq!(told, (Some(1), &json!("grave"), &json!([])), "{found:#}");
        assert!(first["remedy"].as_str().unwrap().contains(remedy), "{found:#}");
        found
    }

    /// Does what is said, as a user would.
    pub(super) fn follow(&self, command: &str) {
        let program = Path::new(env!("CARGO_BIN_EXE_annals")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("ANNALS_ANCHOR", self.path("anchor"))
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
    }

    /// Of what is found, this is the gravest; then all that is said is done, and it is healthy.
    pub(super) fn is_mended(&self, about: &str, gravity: &str, what: &str) {
        let (code, found) = self.examined();
        let first = &found["findings"][0];
        assert_eq!(
            (&first["about"], &first["gravity"]),
            (&json!(about), &json!(gravity)),
            "{what}: {found:#}"
        );
        assert!(first["what"].as_str().unwrap().contains(what), "{what}: {found:#}");
        assert_eq!(code, Some(if gravity == "unreadable" { 3 } else { 1 }), "{found:#}");
        // What was grave may have hidden more.
        for _ in 0..3 {
            let (code, found) = self.examined();
            if code == Some(0) {
                break;
            }
            let findings = found["findings"].as_array().unwrap();
            let gravest = &findings[0]["gravity"];
            for finding in findings.iter().filter(|finding| finding["gravity"] == *gravest) {
                for command in finding["commands"].as_array().unwrap() {
                    self.follow(command.as_str().unwrap());
                }
            }
        }
        self.healthy();
        self.done(["verify"]);
        self.done(PROGRESS);
    }
}

/// Everything that can be mended in a folder of one's own.
const CASES: [Case; 31] = [
    (
        |place| fs::remove_file(place.ledger.join("annals.json")).unwrap(),
        "marker",
        "grave",
        "missing or damaged",
    ),
    (
        |place| fs::write(place.ledger.join("annals.json"), "{}").unwrap(),
        "marker",
        "grave",
        "missing or damaged",
    ),
    (
        |place| fs::remove_dir_all(place.ledger.join("journal")).unwrap(),
        "journal",
        "grave",
        "the folder is missing",
    ),
    (|place| fs::remove_file(place.segment()).unwrap(), "journal", "grave", "there were 127 entries"),
    (|place| lines(place, |lines| lines[60] = "\n"), "journal", "grave", "an empty line"),
    (|place| lines(place, |lines| lines[60] = "garbage\n"), "journal", "grave", "entry 60 is not an entry"),
    (|place| lines(place, |lines| lines.swap(60, 61)), "journal", "grave", "entry 60 does not follow"),
    (|place| lines(place, |lines| lines.truncate(90)), "journal", "grave", "there were 127 entries"),
    (
        |place| {
            let text = fs::read_to_string(place.segment()).unwrap();
            let (before, last) = text.trim_end().rsplit_once('\n').unwrap();
            let last = last.replace("under_way", "suspended");
            fs::write(place.segment(), format!("{before}\n{last}\n")).unwrap();
            fs::remove_dir_all(place.ledger.join("index")).unwrap();
        },
        "journal",
        "grave",
        "an entry that does not verify: entry 126",
    ),
    (
        |place| {
            lines(place, |lines| lines.truncate(90));
            fs::remove_dir_all(place.ledger.join("index")).unwrap();
        },
        "journal",
        "grave",
        "when `sled` was closed",
    ),
    (|place| append(&place.segment(), b"{\"basehash\""), "journal", "untidy", "11 bytes of a line"),
    (|place| fs::remove_dir_all(place.ledger.join("sled")).unwrap(), "sled", "untidy", "is missing"),
    (|place| fs::remove_file(sled(place, "current.jsonl")).unwrap(), "sled", "untidy", "is missing"),
    (|place| fs::write(sled(place, "db"), "garbage").unwrap(), "sled", "untidy", "not what the journal has"),
    (
        |place| {
            let path = sled(place, "db");
            let mut bytes = fs::read(&path).unwrap();
            // In the frame that ends with the entry of this sequence.
            let journal = fs::read_to_string(place.segment()).unwrap();
            let last = LeafHash::of(journal.lines().nth(99).unwrap().as_bytes());
            let at = bytes.windows(32).rposition(|window| window == last.0).unwrap();
            bytes[at] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        "sled",
        "untidy",
        "not what the journal has",
    ),
    (
        |place| {
            place.not_closed();
        },
        "sled",
        "untidy",
        "did not close",
    ),
    (
        |place| {
            let (older, now) = (place.path("older"), place.ledger.join("sled"));
            place.follow(&format!("cp -r {} {}", now.display(), older.display()));
            place.done(PROGRESS);
            place.follow(&format!("rm -r {0} && mv {1} {0}", now.display(), older.display()));
        },
        "sled",
        "untidy",
        "1 entry behind",
    ),
    (|place| fs::remove_dir_all(place.ledger.join("index")).unwrap(), "state", "untidy", "is missing"),
    (|place| fs::write(place.snapshot(), "{}").unwrap(), "state", "untidy", "cannot be used"),
    (
        |place| {
            let (index, older) = (place.ledger.join("index"), place.path("older"));
            fs::rename(&index, &older).unwrap();
            place.done(PROGRESS);
            fs::remove_dir_all(&index).unwrap();
            fs::rename(older, index).unwrap();
        },
        "state",
        "untidy",
        "1 entry behind",
    ),
    (
        |place| fs::remove_file(place.ledger.join("disclosures.jsonl")).unwrap(),
        "disclosures",
        "wrong",
        "is missing",
    ),
    (
        |place| {
            let path = place.ledger.join("disclosures.jsonl");
            let text = fs::read_to_string(&path).unwrap().replacen("\"W", "\"X\u{7f}", 1);
            fs::write(path, format!("{text}garbage\n")).unwrap();
        },
        "disclosures",
        "wrong",
        "in line 1, 4:",
    ),
    (
        |place| append(&place.ledger.join("disclosures.jsonl"), b"\"WyJ"),
        "disclosures",
        "untidy",
        "never acknowledged",
    ),
    (|place| fs::write(minutes(place), "others").unwrap(), "files", "wrong", "not those that an entry names"),
    (
        |place| fs::write(checkpoint(place), "garbage").unwrap(),
        "checkpoints",
        "wrong",
        "not the checkpoint that was kept there",
    ),
    (
        |place| fs::rename(checkpoint(place), place.ledger.join("checkpoints/000000000009")).unwrap(),
        "checkpoints",
        "wrong",
        "it is of 127 entries",
    ),
    (
        |place| fs::write(place.ledger.join("checkpoints/.part"), "half").unwrap(),
        "leftovers",
        "untidy",
        "checkpoints/.part",
    ),
    (
        |place| fs::write(place.ledger.join("blobs/.part"), "half").unwrap(),
        "leftovers",
        "untidy",
        "blobs/.part",
    ),
    (
        |place| fs::write(place.ledger.join("disclosures.jsonl.part"), "").unwrap(),
        "leftovers",
        "untidy",
        "disclosures.jsonl.part",
    ),
    (
        |place| fs::create_dir(place.path("ledger.part-0a1b")).unwrap(),
        "leftovers",
        "untidy",
        "ledger.part-0a1b",
    ),
    (|place| fs::write(place.ledger.join("sled/current.jsonl"), "").unwrap(), "sled", "untidy", "is missing"),
];

#[test]
fn each_thing_that_is_wrong_is_named_and_mended_by_what_is_said() {
    let cases = std::sync::Mutex::new(CASES.into_iter());
    // Two at a time.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let base = ledger();
                base.healthy();
                loop {
                    let next = cases.lock().unwrap().next();
                    let Some((broken, about, gravity, what)) = next else { break };
                    let place = Place::empty();
                    base.follow(&format!(
                        "cp -r ledger keys anchor BACKUP {}",
                        place.folder.path().display()
                    ));
                    broken(&place);
                    place.is_mended(about, gravity, what);
                }
            });
        }
    });
}

/// Whether they ever were here, the ledger does not know.
#[test]
fn files_that_are_not_kept_here_are_told_with_where_they_come_from() {
    let place = ledger();
    fs::remove_dir_all(place.ledger.join("blobs")).unwrap();
    fs::rename(place.path("BACKUP"), place.path("elsewhere")).unwrap();
    let (code, found) = place.examined();
    fs::rename(place.path("elsewhere"), place.path("BACKUP")).unwrap();
    let first = &found["findings"][0];
    assert_eq!(
        (code, &first["about"], &first["gravity"]),
        (Some(0), &json!("files"), &json!("fine")),
        "{found:#}"
    );
    assert!(
        first["what"].as_str().unwrap().starts_with("2 of the files that entries name are not kept here")
    );
    place.follow(first["commands"][0].as_str().unwrap());
    assert_eq!(place.examined().1["findings"], json!([]));
}

/// The journal of an older backup would bring the same finding back.
#[test]
fn a_backup_that_is_behind_is_told_and_not_put_in_the_place_of_the_journal() {
    let place = ledger();
    place.done(PROGRESS.into_iter().chain(["--note", "Later"]));
    lines(&place, |lines| lines.truncate(127));
    let found = place.is_grave_without_commands("fewer entries than were here");
    assert!(!commands(&found).iter().any(|command| command.contains("journal")), "{found:#}");
}

/// It may be there for an entry that is to come; once something was erased, it may be that.
#[test]
fn a_file_that_no_entry_names_is_told_and_to_be_deleted_only_where_it_may_have_been_erased() {
    let place = ledger();
    fs::write(place.path("draft.txt"), "draft").unwrap();
    place.done(["evidence", "add", "draft.txt"]);
    let blob = place.ledger.join("blobs").join(annals::trail::hash::sha256(b"draft"));
    let found = || {
        let (code, found) = place.examined();
        let first = found["findings"][0].clone();
        assert!(first["what"].as_str().unwrap().ends_with(": no entry names it"), "{found:#}");
        (code, first)
    };
    let (code, first) = found();
    assert_eq!((code, &first["gravity"], &first["commands"]), (Some(0), &json!("fine"), &json!([])));
    let basis = ["--as", "KR", "--reason", "Asked for", "--basis", "GDPR"];
    place.done(["erase", "126", "--field", "note"].into_iter().chain(basis));
    assert_eq!(found().0, Some(0), "no file was erased");
    fs::write(place.path("secret.txt"), "a secret").unwrap();
    place.done(PROGRESS.into_iter().chain(["--evidence", "secret.txt", "--confidential"]));
    place.done(["erase", "128", "--field", "evidence/1/sha256"].into_iter().chain(basis));
    let (code, first) = found();
    assert_eq!((code, &first["gravity"]), (Some(1), &json!("untidy")));
    place.follow(first["commands"][0].as_str().unwrap());
    assert!(!blob.exists());
    place.healthy();
}

/// What a backup has beside them may have been erased since.
#[test]
fn only_the_files_that_entries_name_are_taken_from_a_backup() {
    let place = ledger();
    fs::write(place.path("BACKUP/blobs").join(annals::trail::hash::sha256(b"erased")), "erased").unwrap();
    let named = fs::read_dir(place.ledger.join("blobs")).unwrap().count();
    for alone in [false, true] {
        fs::remove_dir_all(place.ledger.join("blobs")).unwrap();
        if alone {
            fs::rename(place.path("BACKUP"), place.path("elsewhere")).unwrap();
        }
        let found = place.examined().1;
        if alone {
            fs::rename(place.path("elsewhere"), place.path("BACKUP")).unwrap();
        }
        place.follow(found["findings"][0]["commands"][0].as_str().unwrap());
        assert_eq!(fs::read_dir(place.ledger.join("blobs")).unwrap().count(), named);
        place.healthy();
    }
}

/// No command decides which of two histories counts.
#[test]
fn a_fork_that_was_found_is_grave_and_for_people_to_decide() {
    let place = ledger();
    let fork = place.ledger.join("fork");
    fs::write(&fork, "annals/fork/v1\n").unwrap();
    let found = place.annals(["--format", "json", "doctor"]);
    let answer: Value = serde_json::from_slice(&found.out).unwrap();
    let first = &answer["findings"][0];
    assert_eq!((found.code, &first["about"], &first["gravity"]), (Some(1), &json!("fork"), &json!("grave")));
    assert_eq!(first["commands"], json!([]));
    assert!(first["remedy"].as_str().unwrap().contains("agree with the other side which history counts"));
    place.refused(PROGRESS, 1, &["two histories"]);
    fs::rename(fork, place.path("put-aside")).unwrap();
    place.healthy();
    place.done(PROGRESS);
}

#[test]
fn a_ledger_of_a_later_version_is_not_judged() {
    let place = ledger();
    fs::write(place.ledger.join("annals.json"), "{\"format\":2}\n").unwrap();
    let (code, found) = place.examined();
    let first = &found["findings"][0];
    assert_eq!((code, &first["about"], &first["gravity"]), (Some(1), &json!("marker"), &json!("grave")));
    assert_eq!((&first["remedy"], &first["commands"]), (&json!("use a newer annals"), &json!([])));
}

#[test]
fn a_word_that_was_damaged_is_no_newer_word() {
    let place = ledger();
    lines(&place, |lines| {
        let damaged = lines.iter().position(|line| line.contains("action.progressed")).unwrap();
        let line = lines[damaged].replace("under_way", "under_wby").leak();
        lines[damaged] = line;
    });
    place.is_mended("journal", "grave", "states nothing that this program knows");
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
fn whoever_writes_is_named_and_nothing_of_what_they_are_doing_is_wrong() {
    let place = ledger();
    let ledger = Ledger::open(&place.ledger, &mut |_| {}).unwrap();
    append(&place.segment(), b"{\"basehash\"");
    fs::write(place.ledger.join("blobs/.part"), "half").unwrap();
    let (code, found) = place.examined();
    let first = &found["findings"][0];
    assert_eq!((code, found["findings"].as_array().unwrap().len()), (Some(0), 1), "{found:#}");
    assert_eq!((&first["about"], &first["gravity"]), (&json!("lock"), &json!("fine")));
    assert!(first["what"].as_str().unwrap().contains(&format!("process {} is writing", std::process::id())));
    drop(ledger);
    place.is_mended("leftovers", "untidy", "blobs/.part");
}

#[test]
fn a_folder_that_this_user_may_not_write_to_or_read_is_named_with_what_gives_the_right() {
    let place = ledger();
    for folder in [place.folder.path(), &place.ledger] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    // Whoever may read, and nothing else, is told so, and nothing is wrong.
    let answer = place.annals_as_nobody(["doctor"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(String::from_utf8(answer.out).unwrap().contains("rights, fine: this user may read"));
    place.follow(&format!("chown -R 65534:65534 {}", place.folder.path().display()));
    for (mode, path, gravity, code, what) in [
        (0o444, place.segment(), "wrong", 1, "may not write to"),
        (0o555, place.ledger.clone(), "wrong", 1, "may not write to"),
        (0o000, place.segment(), "unreadable", 3, "may not read"),
        (0o000, place.ledger.join("disclosures.jsonl"), "unreadable", 3, "may not read"),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let answer = place.annals_as_nobody(["--format", "json", "doctor"]);
        let found: Value = serde_json::from_slice(&answer.out).unwrap();
        assert_eq!(answer.code, Some(code), "{found:#}");
        let rights =
            found["findings"].as_array().unwrap().iter().find(|finding| finding["about"] == "rights");
        let rights = rights.unwrap();
        assert_eq!(rights["gravity"], json!(gravity), "{found:#}");
        let said = rights["what"].as_str().unwrap();
        assert!(said.contains(what) && said.contains(path.to_str().unwrap()), "{said}");
        let command = rights["commands"][0].as_str().unwrap();
        place.follow(&format!("setpriv --reuid=65534 --regid=65534 --clear-groups {command}"));
        let answer = place.annals_as_nobody(["doctor"]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
    }
}

#[test]
fn a_disk_with_little_room_is_told_until_there_is_more() {
    let place = Place::on_a_disk_of("2m");
    let (code, found) = place.examined();
    let first = &found["findings"][0];
    assert_eq!(
        (code, &first["about"], &first["gravity"]),
        (Some(1), &json!("room"), &json!("wrong")),
        "{found:#}"
    );
    assert!(first["remedy"].as_str().unwrap().contains("make room"));
    place.disk.as_ref().unwrap().remount("size=200m");
    place.healthy();
}

#[test]
fn a_clock_behind_the_last_entry_is_told_until_it_has_caught_up() {
    let place = Place::empty();
    place.done(["init", super::place::PLAN, "--as", "DK", "--both-sides"]);
    let examined = |now| examine(&place.ledger, Path::new("BACKUP"), None, now, &mut |_| {}).unwrap();
    let found = examined(Utc::now() - Duration::days(365));
    let first = &found.findings[0];
    assert_eq!(
        (first.about, first.gravity, found.findings.len()),
        (Part::Clock, Gravity::Wrong, 1),
        "{first:?}"
    );
    assert!(first.what.contains("the clock of this computer says") && first.remedy.contains("set the clock"));
    assert_eq!(examined(Utc::now()).findings, []);
}

#[test]
fn a_place_without_a_ledger_is_refused_as_everywhere() {
    let place = Place::empty();
    for command in ["doctor", "rebuild"] {
        place.annals([command]).says(2, &["no ledger is here"]);
    }
}

#[test]
fn what_this_desk_signed_tells_that_entries_are_missing_where_nothing_in_the_folder_does() {
    let place = ledger();
    lines(&place, |lines| lines.truncate(126));
    for derived in ["sled", "index", "tile", "checkpoints"] {
        let _ = fs::remove_dir_all(place.ledger.join(derived));
    }
    let (code, found) = place.examined();
    let told = found.to_string();
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("127 entries were signed on this desk, and 126 are here"), "{told}");
    assert!(found["findings"][0]["gravity"] == "grave" && !told.contains("no entry names it"), "{told}");
}

#[test]
fn that_no_checkpoint_is_kept_is_good_to_know_where_this_desk_signed_some() {
    let place = ledger();
    place.done(["cosign", "--as", "DK"]);
    fs::rename(place.ledger.join("checkpoints"), place.path("BACKUP/checkpoints")).unwrap_or_else(|_| {
        fs::remove_dir_all(place.path("BACKUP/checkpoints")).unwrap();
        fs::rename(place.ledger.join("checkpoints"), place.path("BACKUP/checkpoints")).unwrap();
    });
    // Where nobody tells what a backup has, nothing is known to be lost.
    fs::rename(place.path("BACKUP"), place.path("elsewhere")).unwrap();
    let (code, found) = place.examined();
    fs::rename(place.path("elsewhere"), place.path("BACKUP")).unwrap();
    let finding = &found["findings"][0];
    assert_eq!(
        (code, &finding["about"], &finding["gravity"]),
        (Some(0), &json!("checkpoints"), &json!("fine"))
    );
    let (code, found) = place.examined();
    let finding = &found["findings"][0];
    assert!(
        (code, &finding["gravity"]) == (Some(1), &json!("untidy"))
            && finding["what"].as_str().unwrap().ends_with("the backup has 1 checkpoint that was cosigned")
            && found["findings"].as_array().unwrap().len() == 1,
        "{found:#}"
    );
    place.follow(finding["commands"][0].as_str().unwrap());
    let (_, found) = place.examined();
    assert!(!found.to_string().contains("no checkpoint is kept"), "{found}");
    assert!(!files(&place.ledger.join("checkpoints")).is_empty());
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

/// Where the journal is not as it was, nothing tells that checkpoints are not.
#[test]
fn a_checkpoint_is_not_moved_away_where_the_journal_is_to_be_mended() {
    let damages: [fn(&Place); 5] = [
        |place| fs::write(place.segment(), "").unwrap(),
        |place| fs::remove_file(place.segment()).unwrap(),
        |place| fs::remove_dir_all(place.ledger.join("journal")).unwrap(),
        |place| lines(place, |lines| lines.truncate(90)),
        |place| lines(place, |lines| lines[60] = "garbage\n"),
    ];
    for (damage, alone) in damages.into_iter().flat_map(|damage| [(damage, false), (damage, true)]) {
        let place = ledger();
        place.done(["cosign", "--as", "DK"]);
        place.done(["backup", "BACKUP"]);
        damage(&place);
        if alone {
            for derived in ["sled", "index", "tile"] {
                fs::remove_dir_all(place.ledger.join(derived)).unwrap();
            }
            fs::rename(place.path("anchor"), place.path("elsewhere")).unwrap();
        }
        let kept = files(&place.ledger.join("checkpoints"));
        let (_, found) = place.examined();
        let told = found.to_string();
        assert!(!told.contains("checkpoints.aside") && !told.contains("no opening"), "{found:#}");
        assert!(!told.contains(&format!("mv {}", checkpoint(&place).display())), "{found:#}");
        assert_eq!(found["findings"][0]["about"], json!("journal"), "{found:#}");
        if alone {
            fs::rename(place.path("elsewhere"), place.path("anchor")).unwrap();
        }
        place.is_mended("journal", "grave", "");
        assert!(kept.iter().all(|(path, bytes)| fs::read(path).unwrap() == *bytes));
    }
}

#[test]
fn a_damaged_checkpoint_is_taken_from_the_backup_with_what_was_cosigned() {
    let place = ledger();
    place.done(["cosign", "--as", "DK"]);
    place.done(["backup", "BACKUP"]);
    let path = checkpoint(&place);
    let kept = fs::read(&path).unwrap();
    for damage in [&b"garbage"[..], b""] {
        fs::write(&path, damage).unwrap();
        let (code, found) = place.examined();
        let commands = found["findings"][0]["commands"].as_array().unwrap();
        assert_eq!((code, commands.len()), (Some(1), 2), "{found:#}");
        let take = commands[1].as_str().unwrap();
        assert!(take.starts_with("annals checkpoint --take BACKUP/checkpoints/000000000127 "), "{take}");
        for command in commands {
            place.follow(command.as_str().unwrap());
        }
        assert!(fs::read(&path).unwrap() == kept);
        place.healthy();
    }
    // One that the backup has not is not asked for.
    fs::remove_file(place.path("BACKUP/checkpoints/000000000127")).unwrap();
    fs::write(&path, "garbage").unwrap();
    let (_, found) = place.examined();
    assert_eq!(found["findings"][0]["commands"].as_array().unwrap().len(), 1, "{found:#}");
}

#[test]
fn whatever_lies_in_the_place_of_a_file_or_folder_is_told_moved_away_and_restored() {
    let base = ledger();
    let within = |path: std::path::PathBuf| path.strip_prefix(&base.ledger).unwrap().to_owned();
    let file: fn(&Path) = |path| fs::write(path, "no folder").unwrap();
    let link: fn(&Path) = |path| symlink("nowhere", path).unwrap();
    let others = [
        (pipe as fn(&Path), "a pipe, a socket or a device lies where a "),
        (link, "a symbolic link that leads nowhere lies where a "),
    ];
    let folder = [(file, "a file lies where a folder belongs")];
    for (path, about, gravity, is_folder) in [
        ("annals.json".into(), "marker", "grave", false),
        ("lock".into(), "lock", "grave", false),
        ("disclosures.jsonl".into(), "disclosures", "grave", false),
        ("journal".into(), "journal", "grave", true),
        ("journal/000000000000.jsonl".into(), "journal", "grave", false),
        ("blobs".into(), "files", "wrong", true),
        (within(minutes(&base)), "files", "wrong", false),
        ("checkpoints".into(), "checkpoints", "wrong", true),
        (within(checkpoint(&base)), "checkpoints", "wrong", false),
        ("tile".into(), "state", "wrong", true),
        ("tile/0".into(), "state", "wrong", false),
    ] {
        for (damage, what) in others.into_iter().chain(folder.into_iter().filter(|_| is_folder)) {
            let place = Place::empty();
            base.follow(&format!("cp -r ledger keys anchor BACKUP {}", place.folder.path().display()));
            let path: &Path = &place.ledger.join(&path);
            let before = files(path);
            if is_folder {
                fs::remove_dir_all(path).unwrap();
            } else {
                fs::remove_file(path).unwrap();
            }
            damage(path);
            let (_, found) = place.examined();
            assert!(!found.to_string().contains("chmod"), "{found:#}");
            let mut said = commands(&found);
            place.follow(&said.join("\n"));
            if about == "files" {
                // Which of the backup's files entries name is told once that is away.
                let then = commands(&place.examined().1);
                place.follow(&then.join("\n"));
                said.extend(then);
            }
            assert!(about == "lock" || about == "state" || said.len() == 2, "{found:#}");
            assert!(about == "lock" || files(path) == before, "{found:#}");
            let _ = fs::remove_dir_all(path);
            let _ = fs::remove_file(path);
            damage(path);
            place.is_mended(about, gravity, what);
        }
    }
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

/// The file in which a key of this desk remembers that it signed so many entries.
fn memory(place: &Place, size: u64) -> std::path::PathBuf {
    let size = format!("\n{size}\n");
    let kept = files(&place.path("anchor")).into_iter();
    kept.filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains(&size))
        .map(|(path, _)| path)
        .next()
        .unwrap()
}

#[test]
fn a_memory_of_this_desk_that_cannot_be_read_is_told_before_somebody_records() {
    let damages: [fn(&Path); 5] = [
        |path| fs::write(path, "").unwrap(),
        |path| fs::write(path, "garbage").unwrap(),
        |path| fs::write(path, fs::read_to_string(path).unwrap().replace("127", "126")).unwrap(),
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
        pipe,
    ];
    for damage in damages {
        let place = ledger();
        let path = memory(&place, 127);
        let kept = fs::read(&path).unwrap();
        damage(&path);
        assert_eq!(place.annals_in_time(PROGRESS).code, Some(3));
        let (code, found) = place.examined();
        let first = &found["findings"][0];
        let command = format!("mv {0} {0}.aside-1", path.display());
        assert_eq!(
            (code, &first["about"], &first["gravity"], &first["commands"]),
            (Some(1), &json!("anchor"), &json!("grave"), &json!([command])),
            "{found:#}"
        );
        assert!(first["what"].as_str().unwrap().starts_with(path.to_str().unwrap()), "{found:#}");
        place.follow(&command);
        // As from a backup of the desk.
        fs::write(&path, kept).unwrap();
        place.healthy();
        place.done(PROGRESS);
    }
    let place = ledger();
    pipe(&memory(&place, 127).with_file_name("lock"));
    let (_, found) = place.examined();
    assert!(found["findings"][0]["what"].as_str().unwrap().contains("a pipe"), "{found:#}");
    place.is_mended("anchor", "grave", "lies where a file belongs");
}

#[test]
fn that_the_newest_checkpoint_of_this_desk_was_lost_is_told_and_it_is_taken_in_again() {
    let place = ledger();
    place.done(["cosign", "--as", "DK"]);
    place.done(["backup", "BACKUP"]);
    let older = files(&place.path("BACKUP/checkpoints"));
    place.done(PROGRESS);
    place.healthy();
    let folder = place.ledger.join("checkpoints");
    let newest = folder.join("000000000128");
    let kept = fs::read(&newest).unwrap();
    let damages: [fn(&Path); 2] = [
        |folder| fs::remove_file(folder.join("000000000128")).unwrap(),
        |folder| {
            fs::remove_dir_all(folder).unwrap();
            fs::create_dir(folder).unwrap();
        },
    ];
    for damage in damages {
        damage(&folder);
        if files(&folder).is_empty() {
            for (path, bytes) in &older {
                fs::write(folder.join(path.file_name().unwrap()), bytes).unwrap();
            }
        }
        let (code, found) = place.examined();
        let first = &found["findings"][0];
        let take = "annals checkpoint --take";
        let command = format!("{take} {} --ledger {}", memory(&place, 128).display(), place.ledger.display());
        assert_eq!((code, &first["about"]), (Some(1), &json!("checkpoints")), "{found:#}");
        assert!(first["commands"].as_array().unwrap().contains(&json!(command)), "{found:#}");
        for command in first["commands"].as_array().unwrap() {
            place.follow(command.as_str().unwrap());
        }
        assert!(fs::read(&newest).unwrap() == kept);
        place.healthy();
    }
}

/// A backup tells that what is missing was here.
#[test]
fn withheld_values_and_files_that_a_backup_has_are_wrong_to_miss() {
    let base = ledger();
    let older = fs::read_to_string(base.ledger.join("disclosures.jsonl")).unwrap();
    let older = older.split_inclusive('\n').next().unwrap();
    for (left, missing) in [("", "3 of 3"), (older, "2 of 3")] {
        let place = Place::empty();
        base.follow(&format!("cp -r ledger keys anchor BACKUP {}", place.folder.path().display()));
        let path = place.ledger.join("disclosures.jsonl");
        fs::write(&path, left).unwrap();
        // Whoever has no backup may never have had them.
        fs::rename(place.path("BACKUP"), place.path("elsewhere")).unwrap();
        let (code, found) = place.examined();
        assert_eq!((code, &found["findings"][0]["gravity"]), (Some(0), &json!("fine")), "{found:#}");
        fs::rename(place.path("elsewhere"), place.path("BACKUP")).unwrap();
        let command =
            format!("annals disclose --take BACKUP/disclosures.jsonl --ledger {}", place.ledger.display());
        assert_eq!(place.examined().1["findings"][0]["commands"], json!([command]));
        place.is_mended("disclosures", "wrong", &format!("{missing} withheld values are not at hand"));
    }
    let place = base;
    let kept = files(&place.ledger.join("blobs"));
    let stranger = place.path("BACKUP/blobs").join(annals::trail::hash::sha256(b"erased"));
    fs::write(&stranger, "erased").unwrap();
    for name in kept.keys() {
        fs::remove_file(name).unwrap();
    }
    place.is_mended("files", "wrong", "the backup has 2 of them");
    assert!(kept.iter().all(|(path, bytes)| fs::read(path).unwrap() == *bytes));
    assert!(!place.ledger.join("blobs").join(stranger.file_name().unwrap()).exists());
}

#[test]
fn a_cosigned_checkpoint_that_only_the_backup_has_is_told_and_taken_in_again() {
    let place = ledger();
    place.done(["cosign", "--as", "DK"]);
    place.done(["backup", "BACKUP"]);
    let path = checkpoint(&place);
    let kept = fs::read(&path).unwrap();
    place.done(PROGRESS);
    place.healthy();
    fs::remove_file(&path).unwrap();
    let (code, found) = place.examined();
    let first = &found["findings"][0];
    assert_eq!(
        (code, &first["about"], &first["gravity"]),
        (Some(1), &json!("checkpoints"), &json!("untidy")),
        "{found:#}"
    );
    assert!(
        first["what"].as_str().unwrap().ends_with("it was cosigned, and only the backup has it"),
        "{found:#}"
    );
    for command in first["commands"].as_array().unwrap() {
        place.follow(command.as_str().unwrap());
    }
    assert!(fs::read(&path).unwrap() == kept);
    place.healthy();
}
