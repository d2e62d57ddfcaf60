//! What the keys of this desk remember of what they signed: it tells what nothing in the folder does, and is looked at itself.

use super::doctor::{ledger, lines};
use super::place::{PROGRESS, Place, files, pipe};
use serde_json::json;
use std::fs;
use std::path::Path;

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
