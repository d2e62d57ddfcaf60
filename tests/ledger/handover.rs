//! What passes from one office to another: given assignments, words and keys, then what the successor finds.

use super::desk::{ACTION, Desk, key, key_of, word};
use annals::domain::duration::Duration;
use annals::domain::value::Code;
use annals::domain::word::Words;
use annals::projection::handover::{self, Duty};
use annals::projection::reading::Reading;
use annals::record::role::Role;
use annals::trail::key::Kind;
use serde_json::json;

fn assign(desk: &mut Desk, action: &str, institution: &str, role: &str) {
    let assigned = json!({"institution": institution, "role": role, "due": "2022-12", "officer": "Director"});
    desk.say("KR", &format!("actions/{action}"), "action.assigned", assigned).unwrap();
}

/// What institutions of KR have, or one of them, each with what is due of it and how many entries await an answer.
fn duties(desk: &Desk, institution: Option<&str>) -> Vec<String> {
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, "2022-12-01".parse().ok());
    let (party, institution) = ("KR".parse().unwrap(), institution.map(|code| code.parse().unwrap()));
    let measured = &mut |action: &Code, words: &Words| desk.ledger.measured(&reading, Some((action, words)));
    let found =
        handover::of(&history, &reading, &party, institution.as_ref(), Duration::Days(60), measured).unwrap();
    let line = |Duty { row, held, due, awaits }: &Duty<'_>| {
        let action = &row.action.action.reference;
        format!(
            "{action} {} {}: {} due, {} awaited",
            held.institution,
            held.task.role,
            due.len(),
            awaits.len()
        )
    };
    found.iter().map(line).collect()
}

#[test]
fn a_duty_tells_what_is_due_and_what_awaits_an_answer() {
    let mut desk = Desk::founded();
    assign(&mut desk, "1.G2G.1", "MSIT", "lead");
    assign(&mut desk, "1.G2G.2", "MFDS", "support");
    desk.say(
        "DK",
        ACTION,
        "action.assigned",
        json!({"institution": "DKMA", "role": "lead", "due": "2022-12"}),
    )
    .unwrap();
    desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    // Of the first its task and the windows of two years; of the second its own task alone.
    let (first, second) = ("1.G2G.1 MSIT lead: 3 due, 0 awaited", "1.G2G.2 MFDS support: 1 due, 1 awaited");
    assert_eq!(duties(&desk, None), [first, second]);
    assert_eq!(duties(&desk, Some("MFDS")), [second]);
    assert_eq!(duties(&desk, Some("DKMA")), [""; 0], "what others have is theirs");
}

#[test]
fn what_has_passed_to_an_institution_is_handed_over_with_its_own() {
    let mut desk = Desk::founded();
    assign(&mut desk, "1.G2G.2", "MSIT", "lead");
    assign(&mut desk, "1.G2G.2", "MFDS", "support");
    assign(&mut desk, "1.G2G.3", "MFDS", "support");
    let succeeded = json!({"institution": "MSIT", "successor": "MFDS", "effective": "2022"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap();
    assert_eq!(
        duties(&desk, Some("MFDS")),
        ["1.G2G.2 MFDS lead: 2 due, 0 awaited", "1.G2G.3 MFDS support: 1 due, 0 awaited"]
    );
    assert_eq!(duties(&desk, Some("MSIT")), [""; 0]);
}

#[test]
fn the_keys_are_those_in_force_of_the_institution_and_of_those_before_it() {
    let mut desk = Desk::founded();
    desk.register("KR/MFDS", Role::Officer).unwrap();
    let keys = |desk: &Desk, institution: &str| -> Vec<String> {
        let state = desk.ledger.state();
        let keys = handover::keys(&state, &"KR".parse().unwrap(), &institution.parse().unwrap());
        keys.iter().map(|key| key.vkey.name().to_owned()).collect()
    };
    assert_eq!(keys(&desk, "MFDS"), ["KR/MFDS/officer-1"]);
    let succeeded = json!({"institution": "MSIT", "successor": "MFDS", "effective": "2022"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap();
    assert_eq!(keys(&desk, "MFDS"), ["KR/MSIT/officer-1", "KR/MFDS/officer-1"]);
    let keyid = key_of("KR/MSIT", Role::Officer).verifier().keyid();
    desk.say("KR", "parties/KR", "key.revoked", json!({"keyid": keyid})).unwrap();
    let second = key("KR/MFDS/officer-2", Kind::Ed25519).verifier().to_string();
    let second = json!({"role": "officer", "vkey": second, "institution": "MFDS"});
    desk.say("KR", "parties/KR", "key.registered", second).unwrap();
    assert_eq!(keys(&desk, "MFDS"), ["KR/MFDS/officer-1", "KR/MFDS/officer-2"]);
    assert_eq!(keys(&desk, "MSIT"), [""; 0], "its only one was revoked");
}
