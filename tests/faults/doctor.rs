//! A ledger is broken in every way: `annals doctor` names it, changes nothing, and what it says mends it.

use super::evidence::commands;
use super::place::{PROGRESS, Place, files, pipe};
use annals::ledger::Ledger;
use annals::ledger::examination::{Gravity, Part, examine};
use annals::trail::hash::LeafHash;
use chrono::{Duration, Utc};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
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

pub(super) fn sled(place: &Place, name: &str) -> std::path::PathBuf {
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
    pub(super) fn not_closed(&self) {
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

/// The journal of an older backup would bring the same finding back.
#[test]
fn a_backup_that_is_behind_is_told_and_not_put_in_the_place_of_the_journal() {
    let place = ledger();
    place.done(PROGRESS.into_iter().chain(["--note", "Later"]));
    lines(&place, |lines| lines.truncate(127));
    let found = place.is_grave_without_commands("fewer entries than were here");
    assert!(!commands(&found).iter().any(|command| command.contains("journal")), "{found:#}");
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
