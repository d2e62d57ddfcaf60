//! What lies beside the entries is evidence: the doctor's commands lose none of it, and bring back nothing that was erased.

use super::doctor::{append, checkpoint, ledger, lines, minutes};
use super::place::{PLAN, PROGRESS, Place, files};
use serde_json::{Value, json};
use std::fs;

/// Every command that the doctor gives, in its order.
pub(super) fn commands(found: &Value) -> Vec<String> {
    let findings = found["findings"].as_array().unwrap();
    let commands = findings.iter().flat_map(|finding| finding["commands"].as_array().unwrap());
    commands.map(|command| command.as_str().unwrap().to_owned()).collect()
}

/// Does all that the doctor says, once.
fn follow_all(place: &Place) {
    for command in commands(&place.examined().1) {
        place.follow(&command);
    }
}

#[test]
fn what_entries_named_that_were_cut_is_not_deleted_and_no_command_is_given_twice() {
    for derived in [&["index"][..], &["sled"], &[]] {
        let place = ledger();
        lines(&place, |lines| lines.truncate(100));
        for folder in derived {
            fs::remove_dir_all(place.ledger.join(folder)).unwrap();
        }
        let found = place.examined().1;
        let said = commands(&found);
        assert!(said.iter().all(|command| !command.contains("blobs")), "{found:#}");
        assert_eq!(said.iter().filter(|command| command.starts_with("mv ")).count(), 1, "{found:#}");
        follow_all(&place);
        assert!(minutes(&place).exists());
        assert!(!place.ledger.join("journal.aside-2").exists());
        place.done(["verify"]);
    }
}

#[test]
fn what_was_erased_and_is_back_is_told_removed_and_in_no_backup() {
    let place = ledger();
    let own = place.ledger.join("disclosures.jsonl");
    let told = || fs::read_to_string(&own).unwrap();
    fs::write(place.path("befund.txt"), "Diagnose").unwrap();
    let file = place.ledger.join("blobs").join(annals::trail::hash::sha256(b"Diagnose"));
    place.done(PROGRESS.into_iter().chain(["--evidence", "befund.txt", "--confidential"]));
    place.done(["backup", "BACKUP"]);
    let all = told();
    for (entry, field) in [("126", "note"), ("127", "evidence/1/sha256")] {
        let basis = ["--as", "KR", "--reason", "Asked for", "--basis", "GDPR"];
        place.done(["erase", entry, "--field", field].into_iter().chain(basis));
    }
    place.healthy();
    let kept = told();
    assert!(!file.exists());
    // As a copy of an older backup would bring them back.
    let erased = all.lines().filter(|line| !kept.contains(line));
    erased.for_each(|line| append(&own, format!("{line}\n").as_bytes()));
    fs::write(&file, "Diagnose").unwrap();
    place.done(["backup", "newer"]);
    assert_eq!(fs::read_to_string(place.path("newer/disclosures.jsonl")).unwrap(), kept);
    assert!(!place.path("newer/blobs").join(file.file_name().unwrap()).exists());
    let (code, found) = place.examined();
    let findings = found["findings"].as_array().unwrap();
    // Beside that the backup is older.
    assert_eq!((code, findings.len()), (Some(1), 2), "{found:#}");
    assert!(findings[0]["what"].as_str().unwrap().ends_with("or are again: 2"), "{found:#}");
    follow_all(&place);
    place.healthy();
    assert_eq!((told(), file.exists()), (kept.clone(), false));
    // What is lost comes from the backup, but for what was erased since.
    fs::remove_file(&own).unwrap();
    place.done(["verify"]);
    follow_all(&place);
    place.healthy();
    // The reasons of the erasures are in no backup.
    let (taken, known) = (told(), kept.lines().count());
    assert_eq!(taken.lines().count(), known - 2);
    assert!(taken.lines().all(|line| kept.contains(line)));
}

/// Whether they ever were here, the ledger does not know where no backup tells; where a line was broken off, somebody cut them.
#[test]
fn withheld_values_that_are_not_here_are_told_with_where_they_come_from() {
    let place = ledger();
    let own = place.ledger.join("disclosures.jsonl");
    let alone = || {
        fs::rename(place.path("BACKUP"), place.path("elsewhere")).unwrap();
        let found = place.examined();
        fs::rename(place.path("elsewhere"), place.path("BACKUP")).unwrap();
        found
    };
    let whole = fs::read_to_string(&own).unwrap();
    let (first, rest) = whole.split_once('\n').unwrap();
    let torn = format!("{first}\n{}", &rest[..20]);
    for (left, missing, gravity, code) in
        [("", 3, "fine", 0), (&*format!("{first}\n"), 2, "fine", 0), (&torn, 2, "wrong", 1)]
    {
        fs::write(&own, left).unwrap();
        let (found_code, found) = alone();
        let told = &found["findings"][0];
        assert_eq!((found_code, told["gravity"].as_str().unwrap()), (Some(code), gravity), "{found:#}");
        let fact = format!("{missing} of 3 withheld values are not at hand");
        assert!(told["what"].as_str().unwrap().contains(&fact), "{found:#}");
        follow_all(&place);
        assert_eq!(place.examined().1["findings"].as_array().unwrap().len(), 0);
        assert_eq!(fs::read_to_string(&own).unwrap().lines().count(), 3);
    }
    // What was erased is not wanted any more.
    let basis = ["--as", "KR", "--reason", "Asked for", "--basis", "GDPR"];
    place.done(["erase", "126", "--field", "note"].into_iter().chain(basis));
    fs::write(&own, "").unwrap();
    let told = &alone().1["findings"][0]["what"];
    assert_eq!(told.as_str().unwrap(), "3 of 3 withheld values are not at hand");
    let told = &place.examined().1["findings"][0]["what"];
    assert_eq!(
        told.as_str().unwrap(),
        "3 of 3 withheld values are not at hand, and the backup has 2 of them"
    );
}

/// `annals verify` refuses them, too.
#[test]
fn checkpoints_that_do_not_verify_are_told_and_moved_away() {
    let (place, other) = (ledger(), Place::founded());
    let own = checkpoint(&place);
    let text = fs::read_to_string(&own).unwrap();
    let with = |line: usize, at: usize| {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let letter = if lines[line].as_bytes()[at] == b'A' { "B" } else { "A" };
        lines[line].replace_range(at..=at, letter);
        lines.concat()
    };
    let signature = text.lines().nth(4).unwrap().len() - 20;
    let others = fs::read_to_string(checkpoint(&other)).unwrap();
    for (name, text) in
        [("000000000127", with(2, 9)), ("000000000127", with(4, signature)), ("000000000126", others.clone())]
    {
        let path = place.ledger.join("checkpoints").join(name);
        let before = fs::read(&own).unwrap();
        fs::write(&path, &text).unwrap();
        assert_ne!(place.annals(["verify"]).code, Some(0));
        let (code, found) = place.examined();
        let told = &found["findings"][0];
        assert_eq!((code, told["about"].as_str().unwrap()), (Some(1), "checkpoints"), "{found:#}");
        assert_eq!(told["gravity"].as_str().unwrap(), "wrong", "{found:#}");
        follow_all(&place);
        place.healthy();
        place.done(["verify"]);
        assert!(place.ledger.join(format!("{name}.aside-1")).exists());
        fs::remove_file(place.ledger.join(format!("{name}.aside-1"))).unwrap();
        fs::write(&own, before).unwrap();
    }
}

/// Nothing else tells it where all that is derived is gone.
#[test]
fn a_checkpoint_of_more_entries_than_there_are_tells_that_the_journal_was_cut() {
    let place = ledger();
    lines(&place, |lines| lines.truncate(100));
    for folder in ["index", "sled"] {
        fs::remove_dir_all(place.ledger.join(folder)).unwrap();
    }
    let found = place.examined().1;
    assert!(commands(&found).iter().all(|command| !command.contains("blobs")), "{found:#}");
    place.is_mended("journal", "grave", "it is of 127 entries, and 100 are here");
    assert!(minutes(&place).exists());
}

/// The entries are sound, so that they stay; where they were exchanged, they do not.
#[test]
fn an_index_of_another_ledger_is_deleted_and_a_journal_of_another_is_replaced() {
    let other = ledger();
    let exchange = |place: &Place, folder: &str| {
        fs::remove_dir_all(place.ledger.join(folder)).unwrap();
        let from = other.ledger.join(folder);
        place.follow(&format!("cp -r {} {}", from.display(), place.ledger.join(folder).display()));
    };
    // Longer, as long and shorter.
    other.done(PROGRESS);
    for entries in 0..3 {
        let place = ledger();
        (0..entries).for_each(|_| drop(place.done(PROGRESS)));
        exchange(&place, "index");
        let journal = fs::read(place.segment()).unwrap();
        assert!(place.annals(PROGRESS).err.contains("delete the folder `index`"));
        place.is_mended("state", "grave", "`index` is of another ledger");
        assert!(fs::read(place.segment()).unwrap().starts_with(&journal));
        assert!(!place.ledger.join("journal.aside-1").exists());
    }
    for written in [false, true] {
        let place = ledger();
        exchange(&place, "journal");
        let read = place.annals(["status"]);
        assert!(read.code == Some(0) && read.err.contains("or exchanged for another"), "{read:?}");
        // Whoever is refused makes nothing that vouches for what was exchanged.
        if written {
            let before = files(&place.ledger);
            assert_eq!(place.annals(PROGRESS).code, Some(1));
            assert!(files(&place.ledger) == before, "a refused write changed something");
        }
        place.is_mended("journal", "grave", "it was cut or changed");
    }
}

/// So short that no frame of sled is complete: the last entry tells it.
#[test]
fn a_short_journal_of_another_ledger_is_replaced_and_what_tells_it_stays() {
    let founded = || {
        let place = Place::empty();
        let mut plan: serde_json::Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
        plan["instruments"] = serde_json::json!([]);
        plan["actions"].as_array_mut().unwrap().truncate(3);
        for action in plan["actions"].as_array_mut().unwrap() {
            action["basis"] = serde_json::json!([]);
        }
        fs::write(place.path("plan.json"), plan.to_string()).unwrap();
        let time = "2021-05-11T08:00:00.000Z";
        place.done(["init", "plan.json", "--as", "DK", "--both-sides", "--illustrative", "--time", time]);
        place
    };
    let (place, other) = (founded(), founded());
    assert!(fs::read_to_string(place.segment()).unwrap().lines().count() < 50);
    place.done(["backup", "BACKUP"]);
    fs::write(place.segment(), fs::read(other.segment()).unwrap()).unwrap();
    place.is_mended("journal", "grave", "it was cut or changed");
}

/// It would bring the same finding back.
#[test]
fn a_backup_of_another_ledger_is_told_and_not_put_in_the_place_of_the_journal() {
    let (place, other) = (ledger(), ledger());
    other.done(PROGRESS);
    fs::remove_dir_all(place.path("BACKUP/journal")).unwrap();
    let from = other.ledger.join("journal");
    place.follow(&format!("cp -r {} BACKUP/journal", from.display()));
    fs::remove_dir_all(place.ledger.join("journal")).unwrap();
    place.is_grave_without_commands("of another ledger");
}

/// The right to read it, which is what other things that cannot be read lack, would not help.
#[test]
fn a_directory_where_a_file_belongs_is_told_and_moved_away() {
    let base = ledger();
    for (path, about, gravity) in [
        ("annals.json".into(), "marker", "grave"),
        ("lock".into(), "lock", "grave"),
        ("disclosures.jsonl".into(), "disclosures", "grave"),
        ("journal/000000000000.jsonl".into(), "journal", "grave"),
        (minutes(&base).strip_prefix(&base.ledger).unwrap().to_owned(), "files", "wrong"),
        (checkpoint(&base).strip_prefix(&base.ledger).unwrap().to_owned(), "checkpoints", "wrong"),
        (std::path::PathBuf::from("tile/0"), "state", "wrong"),
    ] {
        let place = Place::empty();
        base.follow(&format!("cp -r ledger keys anchor BACKUP {}", place.folder.path().display()));
        let path = place.ledger.join(path);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let found = place.examined().1;
        assert!(commands(&found).iter().all(|command| !command.starts_with("chmod")), "{found:#}");
        place.is_mended(about, gravity, "a directory lies where a file belongs");
    }
}

/// What comes first is what the others are mended with, and no backup brings back what was erased since.
#[test]
fn directories_in_the_places_of_several_files_are_mended_in_the_order_that_is_told() {
    let place = ledger();
    let minutes = minutes(&place);
    for path in [place.ledger.join("disclosures.jsonl"), place.segment(), minutes] {
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
    }
    place.is_mended("journal", "grave", "a directory lies where a file belongs");
}

#[test]
fn a_directory_in_the_place_of_a_file_that_was_erased_is_not_replaced_from_a_backup() {
    let place = ledger();
    fs::write(place.path("befund.txt"), "Diagnose").unwrap();
    let file = place.ledger.join("blobs").join(annals::trail::hash::sha256(b"Diagnose"));
    place.done(PROGRESS.into_iter().chain(["--evidence", "befund.txt", "--confidential"]));
    place.done(["backup", "BACKUP"]);
    let basis = ["--as", "KR", "--reason", "Asked for", "--basis", "GDPR"];
    place.done(["erase", "127", "--field", "evidence/1/sha256"].into_iter().chain(basis));
    fs::create_dir(&file).unwrap();
    follow_all(&place);
    assert!(!file.exists(), "it is back");
    place.healthy();
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
