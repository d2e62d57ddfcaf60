//! What lies beside the entries is evidence: the doctor's commands lose none of it, and bring back nothing that was erased.

use super::doctor::{ledger, lines, minutes};
use super::place::Place;
use serde_json::Value;
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
