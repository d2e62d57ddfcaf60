//! Checkpoints that are kept were lost or damaged: what was cosigned is brought back from where it is.

use super::doctor::{checkpoint, ledger, lines};
use super::place::{PROGRESS, Place, files};
use serde_json::json;
use std::fs;

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
