//! What belongs together: given entries on several actions with one correlation, then which others each of them names.

use super::desk::{Desk, word};
use annals::ledger::LedgerError;
use annals::projection::timeline::{self, Item, Occasion};
use serde_json::json;

/// A meeting is said to have been held by somebody, of each of these actions, in entries side by side.
fn meet(desk: &mut Desk, speaker: &str, correlation: &str, actions: &[&str]) -> u64 {
    let mut first = None;
    for action in actions {
        let mut draft = desk.draft(
            speaker,
            &format!("actions/{action}"),
            "action.progressed",
            json!({"effective": "2021-06-14", "note": "The joint committee met."}),
        );
        draft.correlationid = Some(correlation.to_owned());
        let receipt = desk.record(&draft).unwrap();
        first.get_or_insert(receipt.sequence);
    }
    first.unwrap()
}

/// The entries of the ledger from one on, or those of one action, each with the others that it names.
fn named(desk: &Desk, first: u64, action: Option<&str>) -> Vec<(String, Vec<String>)> {
    let (history, end) = (desk.ledger.at(None).unwrap(), desk.ledger.head().size);
    let mut items: Vec<Item> = Vec::new();
    let subject = action.map(|action| format!("actions/{action}"));
    desk.ledger
        .replay(first..end, &mut |entry, fact| {
            if subject.as_ref().is_none_or(|subject| entry.request.event.subject == *subject) {
                items.push(timeline::item(&history.state, entry, fact, &annals::domain::word::Words::NONE));
            }
            Ok(())
        })
        .unwrap();
    timeline::gather(&mut items, &mut |sequence| {
        let entry = desk.ledger.entry(sequence)?;
        Ok::<_, LedgerError>(entry.and_then(|entry| {
            let event = &entry.request.event;
            Occasion::of(event.correlationid.as_deref(), &event.kind, &event.source, &event.subject)
        }))
    })
    .unwrap();
    items.into_iter().map(|item| (item.subject.replace("actions/", ""), item.with)).collect()
}

fn with(action: &str, others: &[&str]) -> (String, Vec<String>) {
    (action.to_owned(), others.iter().map(ToString::to_string).collect())
}

#[test]
fn each_entry_of_a_meeting_names_the_other_actions_that_it_counts_for() {
    let mut desk = Desk::founded();
    let first = meet(&mut desk, "KR", "jcm-2021", &["1.G2G.1", "1.G2G.2", "1.G2G.3"]);
    let all = [
        with("1.G2G.1", &["1.G2G.2", "1.G2G.3"]),
        with("1.G2G.2", &["1.G2G.1", "1.G2G.3"]),
        with("1.G2G.3", &["1.G2G.1", "1.G2G.2"]),
    ];
    assert_eq!(named(&desk, first, None), all);
    assert_eq!(named(&desk, first + 1, None), all[1..], "also from the middle on");
    assert_eq!(named(&desk, first, Some("1.G2G.2")), all[1..2], "and on one action alone");
}

#[test]
fn another_meeting_another_party_and_another_type_are_something_else() {
    let mut desk = Desk::founded();
    let first = meet(&mut desk, "KR", "jcm-2021", &["1.G2G.1"]);
    meet(&mut desk, "KR", "gga-2021", &["1.G2G.2"]);
    meet(&mut desk, "DK", "gga-2021", &["1.G2G.3"]);
    desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    assert!(named(&desk, first, None).iter().all(|(_, with)| with.is_empty()));
}
