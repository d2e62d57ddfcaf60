//! Of two copies of a thing one is damaged: the sound one stays, and where both are, people are told and no command goes round.

use super::doctor::{append, checkpoint, ledger, lines, minutes};
use super::evidence::commands;
use super::place::{PROGRESS, Place, files};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// With a checkpoint that both sides cosigned, and its backup.
fn cosigned() -> (Place, PathBuf) {
    let place = ledger();
    for party in ["DK", "KR"] {
        place.done(["cosign", "--as", party]);
    }
    place.done(["backup", "BACKUP"]);
    let path = checkpoint(&place);
    (place, path)
}

/// Changes a character of a signature, which is in a line of a checkpoint.
fn spoil(path: &Path, line: usize) {
    let mut lines: Vec<String> =
        fs::read_to_string(path).unwrap().split_inclusive('\n').map(str::to_owned).collect();
    let at = lines[line].len() - 20;
    let other = if lines[line].as_bytes()[at] == b'A' { "B" } else { "A" };
    lines[line].replace_range(at..=at, other);
    fs::write(path, lines.concat()).unwrap();
}

#[test]
fn what_was_published_is_never_taken_back() {
    let place = ledger();
    place.done(["cosign", "--as", "DK"]);
    place.done(PROGRESS);
    place.done(["publish", "public"]);
    let served = fs::read(place.path("public/checkpoint")).unwrap();
    // The entries are whole.
    fs::remove_file(files(&place.ledger.join("checkpoints")).into_keys().next_back().unwrap()).unwrap();
    let told = ["public/checkpoint: of 128 entries", "is of 127", "annals checkpoint --take"];
    place.refused(["publish", "public"], 1, &told);
    assert_eq!(fs::read(place.path("public/checkpoint")).unwrap(), served);
    place.done(["checkpoint", "--take", "public/checkpoint"]);
    assert!(place.done(["publish", "public"]).contains("128 entries published in public: nothing new"));
    // Nor is who cosigned it.
    place.done(["cosign", "--as", "KR"]);
    place.done(["publish", "public"]);
    let served = fs::read(place.path("public/checkpoint")).unwrap();
    without(&files(&place.ledger.join("checkpoints")).into_keys().next_back().unwrap(), "— KR/witness");
    place.done(["publish", "public"]);
    assert_eq!(fs::read(place.path("public/checkpoint")).unwrap(), served);
}

#[test]
fn the_sound_lines_of_a_backups_disclosures_are_taken_and_no_other() {
    for damaged in ["\"WyJ\"\n", "no line of JSON\n", ""] {
        let place = ledger();
        let kept = place.path("BACKUP/disclosures.jsonl");
        let sound = fs::read_to_string(&kept).unwrap();
        let (first, rest) = sound.split_once('\n').unwrap();
        let torn = if damaged.is_empty() { "\"WyJ" } else { "" };
        fs::write(&kept, format!("{first}\n{damaged}{rest}{torn}")).unwrap();
        fs::write(place.ledger.join("disclosures.jsonl"), "").unwrap();
        place.is_mended("disclosures", "wrong", "3 of 3 withheld values are not at hand");
        assert_eq!(fs::read_to_string(place.ledger.join("disclosures.jsonl")).unwrap().lines().count(), 3);
        assert!(!place.ledger.join("disclosures.sound").exists());
    }
}

#[test]
fn a_checkpoint_that_does_not_hold_replaces_none_that_does() {
    // The ledger's, and a witness's.
    for line in [4, 5] {
        let (place, path) = cosigned();
        let kept = place.path("BACKUP/checkpoints").join(path.file_name().unwrap());
        let sound = fs::read(&kept).unwrap();
        spoil(&path, line);
        let told = place.done(["backup", "BACKUP"]);
        assert!(told.contains("1 checkpoint here cannot be read or does not verify"), "{told}");
        assert_eq!(fs::read(&kept).unwrap(), sound);
        place.done(["verify", "BACKUP"]);
        // The other way round it is mended.
        fs::rename(&path, &kept).unwrap();
        fs::write(&path, &sound).unwrap();
        place.done(["backup", "BACKUP"]);
        let (made, sound) = (fs::read_to_string(&kept).unwrap(), String::from_utf8(sound).unwrap());
        assert!(sound.lines().all(|line| made.contains(line)) && made.len() == sound.len(), "{made}");
    }
}

/// Without a line that begins so.
fn without(path: &Path, line: &str) {
    let text = fs::read_to_string(path).unwrap();
    let left: String = text.split_inclusive('\n').filter(|each| !each.starts_with(line)).collect();
    assert_ne!(text, left);
    fs::write(path, left).unwrap();
}

#[test]
fn of_two_copies_of_a_checkpoint_each_line_that_holds_stays() {
    for of_ledger in [true, false] {
        let (place, path) = cosigned();
        let kept = place.path("BACKUP/checkpoints").join(path.file_name().unwrap());
        let sound = fs::read_to_string(&path).unwrap();
        // The one has a witness less, and in the other another's line was changed.
        let (less, changed) = if of_ledger { (&path, &kept) } else { (&kept, &path) };
        without(less, "— KR/witness");
        spoil(changed, 5);
        let answer = place.annals(["backup", "BACKUP"]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        let made = fs::read_to_string(&kept).unwrap();
        assert!(sound.lines().all(|line| made.contains(line)), "{made}");
        place.done(["verify", "BACKUP"]);
        if of_ledger {
            place.is_mended("checkpoints", "untidy", "cosigned it, and only the backup has that");
        } else {
            place.is_mended("checkpoints", "wrong", "does not verify");
        }
    }
}

#[test]
fn where_two_histories_were_signed_no_backup_is_changed_and_none_is_to_be_deleted() {
    let place = ledger();
    place.follow("cp -r ledger other && cp -r anchor memory");
    place.done(PROGRESS);
    place.done(PROGRESS.into_iter().chain(["--ledger", "other", "--anchor", "memory"]));
    let name = files(&place.ledger.join("checkpoints")).into_keys().next_back().unwrap();
    let kept = place.path("BACKUP/checkpoints").join(name.file_name().unwrap());
    fs::copy(place.path("other/checkpoints").join(name.file_name().unwrap()), &kept).unwrap();
    let before = files(&place.path("BACKUP"));
    let told = ["BACKUP/checkpoints/000000000128", "neither is to be deleted", "annals checkpoint --take"];
    place.refused(["backup", "BACKUP"], 1, &told);
    assert!(files(&place.path("BACKUP")) == before, "the backup was changed");
    // Also where the ledger has let go of its own of that size.
    place.done(PROGRESS);
    place.refused(["backup", "BACKUP"], 1, &told);
    assert!(files(&place.path("BACKUP")) == before, "the backup was changed");
    let (code, found) = place.examined();
    let first = &found["findings"][0];
    assert_eq!((code, &first["about"], &first["gravity"]), (Some(1), &json!("fork"), &json!("wrong")));
    let what = first["what"].as_str().unwrap();
    assert!(what.starts_with("BACKUP/checkpoints/000000000128: it was signed, and is of another"), "{what}");
    assert!(first["remedy"].as_str().unwrap().contains("not to be deleted: back up into another folder"));
    assert!(!commands(&found).iter().any(|command| command.starts_with("annals backup")), "{found:#}");
    place.done(["backup", "ANOTHER"]);
    // One of the ledger's own goes into no backup.
    let own = place.ledger.join("checkpoints").join(name.file_name().unwrap());
    let sound = fs::read(&own).ok();
    fs::copy(&kept, &own).unwrap();
    place.refused(["backup", "NEW"], 1, &["ledger/checkpoints/000000000128: it was signed"]);
    assert!(!place.path("NEW").exists() && files(&place.path("BACKUP")) == before);
    sound.map_or_else(|| fs::remove_file(&own), |bytes| fs::write(&own, bytes)).unwrap();
    let answer = place.annals(["checkpoint", "--take", kept.to_str().unwrap()]);
    assert!(answer.code == Some(1) && place.ledger.join("fork").exists(), "{answer:?}");
}

#[test]
fn a_backup_that_is_a_beginning_of_the_ledger_is_sound_however_much_was_signed_since() {
    let place = ledger();
    place.done(PROGRESS);
    place.done(PROGRESS);
    let (code, found) = place.examined();
    let first = &found["findings"][0];
    assert_eq!(
        (code, &first["about"], &first["gravity"]),
        (Some(0), &json!("backup"), &json!("fine")),
        "{found:#}"
    );
    assert!(first["what"].as_str().unwrap().contains("the first 127 entries"), "{found:#}");
    assert!(first["what"].as_str().unwrap().ends_with("2 came after it"), "{found:#}");
    for command in commands(&found) {
        place.follow(&command);
    }
    assert_eq!(place.examined().1["findings"], json!([]));
    // Another history, one that was changed, and one with more than the ledger are no beginning of it.
    let journal = place.path("BACKUP/journal/000000000000.jsonl");
    let whole = fs::read_to_string(&journal).unwrap();
    let changed = whole.replacen("\"track\":\"", "\"track\":\"x", 1);
    let more = format!("{whole}{}", whole.lines().last().unwrap()) + "\n";
    let founded = fs::read_to_string(Place::founded().segment()).unwrap();
    for (text, told) in [
        (changed, "not what the ledger has there"),
        (more, "130 entries, and the ledger has 129"),
        (founded, "the copy of another ledger"),
        ("\n".to_owned(), "an empty line"),
    ] {
        fs::write(&journal, text).unwrap();
        let (code, found) = place.examined();
        let first = &found["findings"][0];
        assert_eq!((code, &first["about"], &first["gravity"]), (Some(1), &json!("backup"), &json!("wrong")));
        assert!(first["what"].as_str().unwrap().contains(told), "{found:#}");
        assert_eq!(first["commands"], json!([]));
    }
}

/// What is done to a backup, and what is told of it.
type Damage = (fn(&Place), &'static str);

fn values(place: &Place) -> PathBuf {
    place.path("BACKUP/disclosures.jsonl")
}

fn saved_minutes(place: &Place) -> PathBuf {
    place.path("BACKUP/blobs").join(minutes(place).file_name().unwrap())
}

/// However many entries came after it.
#[test]
fn a_backup_in_which_something_would_restore_nothing_is_told_and_mended_from_the_ledger() {
    let damages: [Damage; 4] = [
        (|place| append(&values(place), b"\"WyJ"), "1 line of its withheld values is none"),
        (|place| append(&values(place), b"none\nnor this\n"), "2 lines of its withheld values are none"),
        (|place| append(&saved_minutes(place), b"x"), "1 file is missing or has changed there"),
        (
            |place| {
                append(&values(place), b"none\n");
                append(&saved_minutes(place), b"x");
            },
            "1 line of its withheld values is none, 1 file is missing or has changed there",
        ),
    ];
    for ((damage, told), more) in damages.into_iter().flat_map(|damage| [(damage, false), (damage, true)]) {
        let place = ledger();
        damage(&place);
        if more {
            place.done(PROGRESS);
        }
        place.is_mended("backup", "wrong", told);
    }
}

#[test]
fn a_backup_that_lacks_what_its_entries_name_is_told_and_mended_from_the_ledger() {
    let damages: [Damage; 4] = [
        (|place| fs::remove_file(values(place)).unwrap(), "3 withheld values are here and not there"),
        (|place| fs::write(values(place), "").unwrap(), "3 withheld values are here and not there"),
        (|place| fs::remove_file(saved_minutes(place)).unwrap(), "1 file is missing or has changed there"),
        (
            |place| fs::remove_dir_all(place.path("BACKUP/blobs")).unwrap(),
            "2 files are missing or have changed there",
        ),
    ];
    for (damage, told) in damages {
        let place = ledger();
        damage(&place);
        place.is_mended("backup", "wrong", told);
    }
    let place = ledger();
    fs::remove_file(values(&place)).unwrap();
    fs::create_dir(values(&place)).unwrap();
    let (code, found) = place.examined();
    let first = &found["findings"][0];
    assert_eq!((code, &first["about"], &first["gravity"]), (Some(1), &json!("backup"), &json!("wrong")));
    assert!(first["what"].as_str().unwrap().contains("its values and files cannot be read"), "{found:#}");
}

/// From which the journal is to be taken.
#[test]
fn what_would_restore_nothing_is_told_of_a_backup_that_has_more_entries_as_well() {
    let place = ledger();
    lines(&place, |lines| {
        lines.pop();
    });
    for derived in ["sled", "index", "tile", "checkpoints"] {
        let _ = fs::remove_dir_all(place.ledger.join(derived));
    }
    fs::remove_dir_all(place.path("anchor")).unwrap();
    append(&values(&place), b"none\n");
    // Whatever follows the last whole line here, which a write would cut.
    for tail in [&b""[..], b"{\"a\":", &[0; 100]] {
        append(&place.segment(), tail);
        let (code, found) = place.examined();
        let first = &found["findings"][0];
        assert_eq!((code, &first["about"], &first["gravity"]), (Some(1), &json!("journal"), &json!("grave")));
        assert!(
            first["what"].as_str().unwrap().contains("a backup of 127 entries, of which the first 126"),
            "{found:#}"
        );
        assert!(found.to_string().contains("1 line of its withheld values is none"), "{found:#}");
    }
}

#[test]
fn a_backup_whose_journal_ends_with_what_no_backup_wrote_is_not_called_sound() {
    let place = ledger();
    let journal = place.path("BACKUP/journal/000000000000.jsonl");
    let whole = fs::read(&journal).unwrap();
    place.done(PROGRESS);
    let next = fs::read(place.segment()).unwrap()[whole.len()..].to_vec();
    // What an interrupted run left is, and the next one completes it.
    append(&journal, &next[..300]);
    let (code, found) = place.examined();
    assert_eq!((code, &found["findings"][0]["gravity"]), (Some(0), &json!("fine")), "{found:#}");
    fs::write(&journal, &whole).unwrap();
    let more = [&next[..], &next].concat();
    for junk in [b"{\"basehash\":7", &more[..next.len() + 9]] {
        fs::write(&journal, [&whole[..], junk].concat()).unwrap();
        let (code, found) = place.examined();
        let first = &found["findings"][0];
        assert_eq!((code, &first["about"], &first["gravity"]), (Some(1), &json!("backup"), &json!("wrong")));
        let told = "not what the ledger has there";
        assert!(first["what"].as_str().unwrap().contains(told), "{found:#}");
        // As whoever backs up says.
        place.refused(["backup", "BACKUP"], 1, &[told]);
    }
}

/// Where the journals of both are as one another.
#[test]
fn a_checkpoint_of_more_entries_in_the_backup_tells_that_the_journal_was_cut() {
    let place = ledger();
    place.done(PROGRESS);
    let signed = checkpoint(&place);
    fs::copy(&signed, place.path("BACKUP/checkpoints").join(signed.file_name().unwrap())).unwrap();
    lines(&place, |lines| {
        lines.pop();
    });
    for derived in ["sled", "index", "tile", "checkpoints"] {
        let _ = fs::remove_dir_all(place.ledger.join(derived));
    }
    fs::remove_dir_all(place.path("anchor")).unwrap();
    let found = place.is_grave_without_commands("the backup has fewer entries than were here");
    let what = found["findings"][0]["what"].as_str().unwrap();
    assert!(what.contains("BACKUP/checkpoints/000000000128: a checkpoint of 128 entries"), "{found:#}");
}

#[test]
fn a_backup_that_is_named_and_not_there_is_told() {
    let place = ledger();
    for named in ["nowhere", "keys"] {
        let answer = place.annals(["--format", "json", "doctor", "--backup", named]);
        let found: Value = serde_json::from_slice(&answer.out).unwrap();
        let first = &found["findings"][0];
        assert_eq!(
            (answer.code, &first["about"], &first["gravity"]),
            (Some(1), &json!("backup"), &json!("wrong"))
        );
        assert_eq!(first["what"], format!("{named}: no backup is there"));
    }
    place.follow("mv BACKUP elsewhere");
    place.healthy();
}

/// Where nothing in the folder, and no memory of a key, tells that there were more.
#[test]
fn a_backup_of_which_the_ledger_is_a_beginning_tells_that_the_journal_was_cut() {
    let mut place = ledger();
    let whole = fs::read(place.segment()).unwrap();
    let shorter = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for journal in [&whole[..shorter], b""] {
        for derived in ["sled", "index", "tile", "checkpoints"] {
            let _ = fs::remove_dir_all(place.ledger.join(derived));
        }
        fs::write(place.segment(), journal).unwrap();
        let _ = fs::remove_dir_all(place.path("anchor"));
        place.is_mended("journal", "grave", "a backup of 127 entries, of which the first");
        assert!(fs::read(place.segment()).unwrap().starts_with(&whole));
    }
    // Of a copy it is no more than what it lacks.
    place.done(["publish", "public"]);
    place.done(["mirror", "public", "--ledger", "mirrored"]);
    let copied = place.path("mirrored");
    fs::write(copied.join("journal/000000000000.jsonl"), &whole[..shorter]).unwrap();
    for derived in ["sled", "index", "tile", "checkpoints"] {
        let _ = fs::remove_dir_all(copied.join(derived));
    }
    place.ledger = copied;
    let found = place.examined().1;
    let behind =
        found["findings"].as_array().unwrap().iter().find(|finding| {
            finding["what"].as_str().is_some_and(|what| what.ends_with("this copy is behind"))
        });
    assert_eq!((&behind.unwrap()["about"], &behind.unwrap()["gravity"]), (&json!("copy"), &json!("fine")));
}

/// Whether it lies in the place of the ledger, nothing in it tells.
#[test]
fn a_backup_that_is_looked_at_as_a_ledger_is_told_as_older_than_what_this_desk_knows() {
    let mut place = ledger();
    place.done(PROGRESS);
    let (ledger, backup) = (place.ledger.clone(), place.path("BACKUP"));
    place.ledger = backup;
    let found = place.is_grave_without_commands("where the ledger is at hand, `annals backup`");
    let first = &found["findings"][0];
    let what = first["what"].as_str().unwrap();
    let told = ["128 entries were signed on this desk, and 127 are here", "a backup that is older than"];
    assert!(told.iter().all(|words| what.contains(words)), "{what}");
    assert!(first["remedy"].as_str().unwrap().contains("where the ledger is lost, record nothing"));
    let before = files(&place.ledger);
    place.refused(PROGRESS, 1, &["Record nothing"]);
    assert!(files(&place.ledger) == before, "what is refused changes nothing");
    let answer = place.annals(["--format", "json", "doctor", "--backup", ledger.to_str().unwrap()]);
    let found: serde_json::Value = serde_json::from_slice(&answer.out).unwrap();
    let command = format!("annals backup {} --ledger {}", place.ledger.display(), ledger.display());
    assert_eq!(found["findings"][0]["commands"], json!([command]));
    place.follow(&command);
    place.done(["verify"]);
    assert!(!place.examined().1.to_string().contains("grave"));
}

#[test]
fn a_checkpoint_of_a_backup_that_nothing_mends_is_told() {
    let place = ledger();
    let kept = place.path("BACKUP/checkpoints").join(checkpoint(&place).file_name().unwrap());
    // It is of fewer entries, and nobody but the ledger signed it.
    place.done(PROGRESS);
    fs::write(&kept, "others").unwrap();
    let answer = place.annals(["backup", "BACKUP"]);
    assert!(
        answer.code == Some(0) && answer.err.contains(kept.file_name().unwrap().to_str().unwrap()),
        "{answer:?}"
    );
    assert!(answer.err.contains("move it away"), "{answer:?}");
}

#[test]
fn a_cosignature_that_only_the_backup_has_is_told_and_taken_in_again() {
    let (place, path) = cosigned();
    let whole = fs::read_to_string(&path).unwrap();
    without(&path, "— KR/witness");
    place.is_mended("checkpoints", "untidy", "cosigned it, and only the backup has that");
    let mended = fs::read_to_string(&path).unwrap();
    assert!(whole.lines().all(|line| mended.contains(line)), "{mended}");
}

#[test]
fn a_copy_that_is_behind_what_this_desk_signed_follows_and_is_not_grave() {
    let place = Place::founded();
    place.done(["publish", "public"]);
    place.done(["mirror", "public", "--ledger", "copy"]);
    place.done(PROGRESS);
    let answer = place.annals(["doctor", "--ledger", "copy"]);
    let told = String::from_utf8_lossy(&answer.out);
    assert!(answer.code == Some(0) && told.contains("this copy has 126: it is behind"), "{answer:?}");
    place.done(["publish", "public"]);
    place.done(["mirror", "public", "--ledger", "copy"]);
    assert!(!place.done(["doctor", "--ledger", "copy"]).contains("it is behind"));
}

/// Where nothing in the folder tells it.
#[test]
fn nothing_is_cut_that_a_key_of_this_desk_signed() {
    for command in [&["rebuild"][..], &PROGRESS, &["checkpoint", "--take", "kept"]] {
        let place = ledger();
        fs::copy(checkpoint(&place), place.path("kept")).unwrap();
        let whole = fs::read(place.segment()).unwrap();
        fs::write(place.segment(), &whole[..whole.len() - 1]).unwrap();
        for derived in ["sled", "index", "tile", "checkpoints"] {
            fs::remove_dir_all(place.ledger.join(derived)).unwrap();
        }
        let found = place.examined().1;
        assert!(!found.to_string().contains("never acknowledged"), "{found:#}");
        place.annals(command).says(1, &["127 entries were signed", "126 are here"]);
        assert_eq!(fs::read(place.segment()).unwrap(), &whole[..whole.len() - 1], "{command:?}");
        // What is remembered and cannot be read may be more.
        for (path, _) in files(&place.path("anchor")).iter().filter(|(path, _)| !path.ends_with("lock")) {
            fs::write(path, "junk").unwrap();
        }
        place.annals(command).says(3, &["what the key signed before is not known"]);
        assert_eq!(fs::read(place.segment()).unwrap(), &whole[..whole.len() - 1], "{command:?}");
    }
}

#[test]
fn where_the_backup_is_damaged_too_nothing_is_taken_from_it() {
    let place = ledger();
    fs::remove_file(place.segment()).unwrap();
    // Nor is anything else to be taken in before people have decided.
    fs::remove_file(place.ledger.join("tile/0")).unwrap();
    fs::create_dir(place.ledger.join("tile/0")).unwrap();
    let journal = place.path("BACKUP/journal/000000000000.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("\"track\":\"", "\"track\":\"x", 1)).unwrap();
    let found = place.is_grave_without_commands("the journal of the backup does not verify, either");
    assert!(found.to_string().contains("once the journal is mended, ask again"), "{found:#}");
    assert!(commands(&found).iter().all(|command| !command.starts_with("annals ")), "{found:#}");
    // Whether or not it has a marker.
    fs::remove_file(place.path("BACKUP/annals.json")).unwrap();
    place.is_grave_without_commands("the journal of the backup does not verify, either");
    // Of the last entry nothing but the kept state tells that it was another.
    let at = text.rfind("\"signature\":\"").unwrap() + 20;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    fs::write(&journal, format!("{}{other}{}", &text[..at], &text[at + 1..])).unwrap();
    place.is_grave_without_commands("the backup has other entries than were here");
    fs::remove_dir_all(place.path("BACKUP/journal")).unwrap();
    place.is_grave_without_commands("the backup has no journal");

    let place = ledger();
    lines(&place, |_| {});
    append(&place.path("BACKUP/blobs").join(minutes(&place).file_name().unwrap()), b"x");
    for damage in
        [|path: &Path| fs::remove_file(path).unwrap(), |path: &Path| fs::write(path, "other").unwrap()]
    {
        damage(&minutes(&place));
        let found = place.examined().1;
        assert!(commands(&found).iter().all(|command| !command.contains("BACKUP/blobs")), "{found:#}");
        fs::write(minutes(&place), "minutes").unwrap();
    }
}
