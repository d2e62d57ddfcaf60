//! What leaves the house: of a ledger that was changed nothing is handed over as if it were whole, and what is only derived and
//! damaged stands in nobody's way.

use super::place::{PROGRESS, Place, lines};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

impl Place {
    /// Changes a word of an entry in its place.
    fn change_an_entry(&self) {
        let journal = fs::read_to_string(self.segment()).unwrap();
        let (before, after) = journal.split_at(journal.match_indices('\n').nth(60).unwrap().0);
        fs::write(
            self.segment(),
            before.to_owned() + &after.replacen("\"firmness\":\"w", "\"firmness\":\"W", 1),
        )
        .unwrap();
        assert_ne!(fs::read_to_string(self.segment()).unwrap(), journal);
    }
}

#[test]
fn of_a_journal_that_was_changed_nothing_is_handed_over() {
    let place = Place::founded();
    place.change_an_entry();
    for command in [
        &["export", "-o", "out"][..],
        &["export"],
        &["bundle", "export", "--for", "parties", "-o", "out"],
        &["brief", "2", "-o", "out.html"],
        &["publish", "out"],
    ] {
        let answer = place.annals(command);
        assert_eq!(answer.code, Some(1), "{command:?}: {answer:?}");
        assert!(answer.err.contains("annals verify"), "{command:?}: {}", answer.err);
        let left = place.path("out").exists()
            && fs::read_dir(place.path("out")).is_ok_and(|mut all| all.next().is_some());
        assert!(!left && !place.path("out").is_file() && !place.path("out.html").exists(), "{command:?}");
    }
}

#[test]
fn a_tree_that_is_kept_and_damaged_is_made_anew_before_it_is_handed_over() {
    let place = Place::founded();
    for (name, at) in [("0", 32 * 100 + 5), ("4", 7)] {
        let path = place.ledger.join("tile").join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        place.done(["bundle", "export", "--for", "parties", "-o", name]);
        let found: Value = serde_json::from_str(&place.done(["--format", "json", "verify", name])).unwrap();
        assert_eq!((&found["holds"], &found["tree"]), (&true.into(), &true.into()), "{found}");
    }
}

#[test]
fn what_vouches_for_a_page_holds_and_is_led_to_anew_where_the_tree_is_damaged() {
    let place = Place::founded();
    for party in ["KR", "DK"] {
        place.done(["cosign", "--as", party]);
    }
    let page = || {
        place.done(["brief", "2", "--at", "100", "--today", "2022-01-01", "-o", "page.html"]);
        place.done(["verify", "page.html"]);
        let text = fs::read_to_string(place.path("page.html")).unwrap();
        fs::remove_file(place.path("page.html")).unwrap();
        text
    };
    let whole = page();
    let checkpoint = place.ledger.join("checkpoints/000000000126");
    let last = fs::read_to_string(&checkpoint).unwrap().lines().last().unwrap().to_owned();
    assert!(whole.contains(&last), "{whole:.3000}");
    for row in fs::read_dir(place.ledger.join("tile")).unwrap() {
        let path = row.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        // By its last hash a row is known to be of these entries.
        let end = bytes.len().saturating_sub(32);
        bytes[..end].iter_mut().for_each(|byte| *byte ^= 1);
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(page(), whole);
    let changed =
        fs::read_to_string(&checkpoint).unwrap().replace(&last[last.len() - 20..], "AAAAAAAAAAAAAAAAAAA=");
    fs::write(&checkpoint, changed).unwrap();
    assert!(!page().contains("AAAAAAAAAAAAAAAAAAA="));
}

#[test]
fn a_bundle_ends_at_a_checkpoint_of_the_entries_that_are_here() {
    let place = Place::founded();
    place.done(["cosign", "--as", "KR"]);
    let journal = fs::read(place.segment()).unwrap();
    place.done(PROGRESS);
    let size = lines(&place.export());
    // An older journal was put back, and the checkpoints stayed.
    fs::write(place.segment(), journal).unwrap();
    for derived in ["index", "sled", "tile"] {
        fs::remove_dir_all(place.ledger.join(derived)).unwrap();
    }
    let answer = place.annals(["--format", "json", "bundle", "export", "--for", "parties", "-o", "out"]);
    let cut = format!("annals: there were {size} entries, and {} are left: the journal was cut", size - 1);
    assert!(answer.code == Some(0) && answer.err.starts_with(&cut), "{answer:?}");
    let made: Value = serde_json::from_slice(&answer.out).unwrap();
    assert_eq!(
        (made["checkpoint"]["entries"].as_u64(), made["later"].as_u64()),
        (Some(size as u64 - 1), Some(0)),
        "{made}"
    );
    place.done(["verify", "out"]);
}

#[test]
fn a_bundle_has_no_checkpoint_that_cannot_be_read_or_does_not_hold() {
    let place = Place::founded();
    let mut kept = Vec::new();
    for _ in 0..3 {
        place.done(PROGRESS);
        place.done(["cosign", "--as", "KR"]);
        kept.push(place.ledger.join("checkpoints").join(format!("{:012}", lines(&place.export()))));
    }
    let signed = fs::read(&kept[1]).unwrap();
    let mut changed = signed.clone();
    *changed.iter_mut().rfind(|byte| byte.is_ascii_lowercase()).unwrap() ^= 1;
    for (number, bytes) in [&b"no checkpoint\n"[..], &changed].into_iter().enumerate() {
        fs::write(&kept[1], bytes).unwrap();
        let name = format!("{number}.bundle");
        let answer = place.annals(["bundle", "export", "--for", "parties", "-o", &name]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert!(
            answer.err.starts_with("annals: left out: 1 checkpoint kept here that cannot be read"),
            "{answer:?}"
        );
        place.done(["verify", &name]);
    }
    fs::write(&kept[1], signed).unwrap();
    place.done(["bundle", "export", "--for", "parties", "-o", "whole"]);
}

#[test]
fn nothing_is_proved_under_a_checkpoint_that_was_changed() {
    let place = Place::founded();
    place.done(["cosign", "--as", "KR"]);
    place.done(PROGRESS);
    place.done(["checkpoint"]);
    let folder = place.ledger.join("checkpoints");
    let mut kept: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    kept.sort();
    let [cosigned, newest] = kept.as_slice() else { panic!("{kept:?}") };
    // The end of the last line, which is a signature.
    let change = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let at = bytes.len() - 20;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        fs::write(path, bytes).unwrap();
    };
    change(cosigned);
    place.annals(["prove", "3", "--checkpoint", "126", "-o", "none"]).says(1, &["does not hold"]);
    place.done(["prove", "3", "-o", "by-another"]);
    let proved = fs::read_to_string(place.path("by-another")).unwrap();
    assert!(proved.contains("\n127\n") && !proved.contains("\n126\n"), "{proved}");
    change(newest);
    place.annals(["prove", "3", "-o", "none"]).says(1, &["does not hold"]);
    assert!(!place.path("none").exists());
}

#[test]
fn a_killed_command_leaves_no_half_of_a_file_under_its_name() {
    let place = Place::founded();
    place.done(["checkpoint"]);
    for command in
        [&["export"][..], &["bundle", "export", "--for", "parties"], &["disclose", "--for", "parties"]]
    {
        // The first byte that is written is one too many.
        let name = place.path("killed");
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -f 0; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_annals")]).args(command);
        limited.arg("-o").arg(&name).current_dir(place.folder.path());
        limited.env("ANNALS_LEDGER", &place.ledger).env("ANNALS_KEYS", place.path("keys"));
        let ended = limited.env("ANNALS_ANCHOR", place.path("anchor")).output().unwrap();
        assert!(!ended.status.success(), "{command:?}");
        assert!(!name.exists(), "{command:?}: {ended:?}");
    }
}

#[test]
fn what_a_program_saved_again_on_the_way_is_told_as_that() {
    let place = Place::founded();
    place.done(["review", "open", "R1", "--cutoff", "2023-12-31", "--as", "DK"]);
    place.done(["report", "R1", "-o", "page.html"]);
    let page = fs::read_to_string(place.path("page.html")).unwrap();
    fs::write(place.path("marked.html"), format!("\u{feff}{page}")).unwrap();
    fs::write(place.path("ended.html"), page.replace('\n', "\r\n")).unwrap();
    place.refused(["verify", "marked.html"], 2, &["marked.html", "byte order mark", "as it was sent"]);
    place.refused(["verify", "ended.html"], 2, &["ended.html", "saved again", "as it was sent"]);
}

/// A ledger whose key both sides replaced after its tree was cosigned, and the files of the policies before and after.
fn with_another_key() -> (Place, [&'static str; 2]) {
    let place = Place::founded();
    place.done(PROGRESS);
    for party in ["KR", "DK"] {
        place.done(["cosign", "--as", party]);
    }
    let before = place.done(["policy", "show"]);
    let log = before.lines().find(|line| line.starts_with("log ")).unwrap();
    let origin = log.strip_prefix("log ").unwrap().split('+').next().unwrap();
    let made: Value = serde_json::from_str(&place.done(["--format", "json", "key", "new", origin])).unwrap();
    let after = before.replace(log, &format!("log {}", made["keys"][0]["vkey"].as_str().unwrap()));
    fs::write(place.path("before"), &before).unwrap();
    fs::write(place.path("after"), &after).unwrap();
    for party in ["DK", "KR"] {
        place.done(["policy", "adopt", "after", "--as", party]);
    }
    (place, ["before", "after"])
}

#[test]
fn a_history_whose_key_was_replaced_is_known_by_the_policies_of_both_times() {
    let (place, policies) = with_another_key();
    let changed = lines(&place.export());
    for party in ["KR", "DK"] {
        place.done(["cosign", "--as", party]);
    }
    for policy in policies {
        let told = place.annals(["verify", "--policy", policy]);
        assert_eq!(told.code, Some(0), "{policy}: {told:?}");
    }
    // A page of before has no checkpoint under a key that its entries do not know.
    let at = (changed - 3).to_string();
    place.done(["brief", "1", "--at", &at, "-o", "page.html"]);
    place.done(["verify", "page.html"]);
}

#[test]
fn an_older_folder_of_before_the_key_was_replaced_is_not_gone_on_from() {
    let (place, _) = with_another_key();
    let size = lines(&place.export());
    let whole = fs::read(place.segment()).unwrap();
    for party in ["KR", "DK"] {
        place.done(["cosign", "--as", party]);
    }
    // As it was before the first of the two adopted the key, without whatever in the folder tells that.
    let older: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for derived in ["index", "sled", "tile", "checkpoints"] {
        let _ = fs::remove_dir_all(place.ledger.join(derived));
    }
    fs::write(place.segment(), older[..size - 2].concat()).unwrap();
    place.refused(PROGRESS, 1, &["were signed on this desk", "are here", "Record nothing"]);
}
