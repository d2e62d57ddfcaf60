//! A consent, or any other signed word, taken to where its author did not put it: onto another word, to another place, into
//! another stream, into another ledger.

use super::desk::{ACTION, Desk, ORIGIN, key_of, refused, word};
use super::two_sides::{Form, Sides, changed, ledger_key, requests, sealed, signed, witness};
use annals::ledger::RecordError;
use annals::ledger::checkpoints::CheckpointError;
use annals::record::authority;
use annals::record::refusal::Refusal;
use annals::record::role::Role;
use annals::record::verdict::Check;
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::entry::Request;
use annals::trail::key::{Kind, SigningKey};
use annals::trail::quorum::Distrust;
use annals::trail::witness::{WitnessFault, cosign, verify};
use serde_json::json;

const OTHER: &str = "annals.example/other";

/// A consent of KR to DK's word that is not recorded yet, and the entries before it.
fn consent() -> (Sides, Request) {
    let mut sides = Sides::agreed();
    let word = sides.desk.progress("DK", "1.G2G.1", word("continuing")).unwrap();
    let data = json!({"effective": "2021-06"});
    let mut draft = sides.desk.draft("KR", "actions/1.G2G.1", "action.confirmed", data);
    draft.causationid = Some(word.id);
    let consent = sides.desk.sign(&draft).0;
    (sides, consent)
}

/// What a ledger answers, and what a verifier finds in one that took it all the same; the second is the last entry's.
fn refusal(sides: &Sides, request: &Request, check: Check) -> Refusal {
    let answer = sides.desk.ledger.record(request.clone(), Vec::new());
    let Err(RecordError::Refused(refusal)) = answer else { panic!("{answer:?}") };
    let mut requests = requests(&sides.lines());
    requests.push(request.clone());
    let forged = sealed(requests);
    for form in Form::ALL {
        let last = super::two_sides::checkpoint(&forged, &ledger_key());
        let judged = form.judge(&forged, &[last], &[]);
        assert_eq!(judged.failed(), [(check, forged.len() as u64 - 1)], "{form:?}");
        assert_eq!(judged.found(check), refusal.to_string());
    }
    refusal
}

#[test]
fn a_consent_that_stays_where_it_was_put_is_taken_once() {
    let (sides, consent) = consent();
    let first = sides.desk.ledger.record(consent.clone(), Vec::new()).unwrap();
    let again = sides.desk.ledger.record(consent, Vec::new()).unwrap();
    assert!(again.repeated && again.sequence == first.sequence, "repeated, and recorded once");
    assert!(Form::Export.judge(&sides.lines(), &[], &[]).report.holds());
}

#[test]
fn a_consent_does_not_go_with_another_word_base_stream_or_party() {
    let (sides, consent) = consent();
    let event = &consent.event;
    let last = sides.desk.ledger.head().size - 1;
    let other_word = sides.word.id.to_string();
    let other_base = sides.desk.ledger.entry(last).unwrap().unwrap().seal.prevhash.to_string();
    let fresh = annals::record::ids::new(event.time, [7; 10]).to_string();
    let forgeries = [
        changed(&consent, &event.causationid.unwrap().to_string(), &other_word),
        changed(&consent, &event.basehash.to_string(), &other_base),
        changed(&consent, "actions/1.G2G.1", ACTION),
        changed(&consent, "2021-06", "2021-07"),
        changed(&consent, "\"source\":\"parties/KR\"", "\"source\":\"parties/DK\""),
        changed(&consent, &event.id.to_string(), &fresh),
    ];
    for forged in forgeries {
        let found = refusal(&sides, &forged, Check::Signatures);
        let keyid = key_of("KR", Role::Coordinator).verifier().keyid();
        assert_eq!(found, Refusal::Authority(authority::Refusal::Signature(keyid)));
    }
}

#[test]
fn a_consent_is_not_recorded_twice_and_not_before_what_it_answers() {
    let sides = Sides::agreed();
    let mut twice = requests(&sides.lines());
    let at = usize::try_from(sides.confirmed.sequence).unwrap();
    twice.push(twice[at].clone());
    let mut early = requests(&sides.lines())[..=at].to_vec();
    early.swap(at - 1, at);
    for form in Form::ALL {
        let judge = |requests: &[Request]| {
            let forged = sealed(requests.to_vec());
            form.judge(&forged, &[super::two_sides::checkpoint(&forged, &ledger_key())], &[])
        };
        let judged = judge(&twice);
        assert_eq!(judged.failed(), [(Check::Rules, twice.len() as u64 - 1)], "{form:?}");
        assert!(judged.found(Check::Rules).contains("was recorded already"));
        let judged = judge(&early);
        assert_eq!(judged.failed(), [(Check::Rules, at as u64 - 1)], "{form:?}");
        assert!(judged.found(Check::Rules).contains("is not an entry of this ledger"));
    }
}

#[test]
fn a_word_that_was_signed_for_another_ledger_is_refused_by_its_name() {
    let (sides, _) = consent();
    let draft = sides.desk.draft("DK", ACTION, "action.progressed", word("under_way"));
    let key = key_of("DK", Role::Coordinator);
    let base = sides.desk.ledger.head().leaf;
    let id = annals::record::ids::new(draft.time, [9; 10]);
    let (here, _) = draft.sign(id, ORIGIN, base, &key, &mut || [1; 16]).unwrap();
    let (there, _) = draft.sign(id, OTHER, base, &key, &mut || [1; 16]).unwrap();
    let ledger = Refusal::Ledger { found: OTHER.to_owned(), expected: ORIGIN.to_owned() };
    assert_eq!(refusal(&sides, &there, Check::Signatures), ledger);
    sides.desk.ledger.record(here, Vec::new()).unwrap();
    // With the name of this one put in, it is nobody's.
    let renamed = changed(&there, OTHER, ORIGIN);
    let id = annals::record::ids::new(draft.time, [8; 10]).to_string();
    let renamed = changed(&renamed, &there.event.id.to_string(), &id);
    let found = refusal(&sides, &renamed, Check::Signatures);
    assert!(matches!(found, Refusal::Authority(authority::Refusal::Signature(_))), "{found}");
}

#[test]
fn a_word_of_a_ledger_that_was_founded_again_under_the_same_name_has_no_base_here() {
    let sides = Sides::agreed();
    let mut again = Desk::founded();
    again.progress("DK", "1.G2G.1", word("continuing")).unwrap();
    // Ids are made of how often somebody spoke.
    let mut speak = || signed(&mut again, "KR", ACTION, "action.progressed", word("under_way"));
    let request = (0..20).map(|_| speak()).last().unwrap();
    let base = request.event.basehash;
    assert_eq!(refusal(&sides, &request, Check::Rules), Refusal::Base(base));
    let mut desk = again;
    let before = desk.ledger.head().leaf;
    let answer = desk.ledger.record(requests(&sides.lines()).pop().unwrap(), Vec::new());
    assert!(refused(&desk, before, answer).contains("is not an entry of this ledger"));
    // What is signed on an entry of it is taken.
    desk.say("KR", ACTION, "action.progressed", word("under_way")).unwrap();
}

#[test]
fn what_the_same_keys_sign_of_another_ledger_vouches_for_nothing_here() {
    let sides = Sides::agreed();
    let mine = sides.kept[1].checkpoint();
    let renamed = Checkpoint::new(OTHER, mine.size(), mine.root()).unwrap();
    let other_key = SigningKey::from_seed(OTHER, Kind::Ed25519, &[4; 32]).unwrap();
    let mut theirs = SignedCheckpoint::sign(renamed.clone(), &other_key).unwrap();
    let line = cosign(&witness("DK"), &renamed, 7).unwrap();
    theirs.push(line.clone()).unwrap();
    assert_eq!(sides.policy().judge(&theirs), Err(Distrust::Stranger(OTHER.to_owned())));
    let taken = sides.desk.ledger.take_cosignatures(&theirs);
    assert!(matches!(taken, Err(CheckpointError::Origin { .. })), "{taken:?}");
    // The same tree, and the cosignature moved onto it.
    let invalid = WitnessFault::Invalid(witness("DK").verifier().keyid());
    assert_eq!(verify(&witness("DK").verifier(), mine, &line), Err(invalid));
    assert_eq!(verify(&witness("DK").verifier(), &renamed, &line), Ok(7));
}
