//! The audit: what is drawn anyone draws again, and what an auditor looks at first is found.

use super::desk::{Desk, key_of, whole, word};
use annals::projection::audit::{self, Assertion, Exception, Population, Rule, Stratum};
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::projection::silence;
use annals::record::role::Role;
use annals::record::withheld;
use annals::report::phrase;
use annals::trail::disclosure::Digest;
use annals::trail::entry::Event;
use annals::trail::hash::sha256;
use annals::trail::key::{Kind, SigningKey};
use serde_json::json;

/// The assertions of all that was said at a desk, and the exceptions among them; no file is looked for.
fn audited(desk: &Desk) -> (Vec<Assertion>, Vec<Exception>) {
    let history = whole(&desk.ledger);
    let reading = Reading::of(&history.state, None, None, None);
    let holder = |event: &Event| {
        let known = |digest: &str| Digest::parse(digest).and_then(|digest| desk.ledger.disclosure(&digest));
        let clear = withheld::disclose(&event.data.members(), &known);
        clear.get("holder").and_then(|holder| holder.as_str()).map(str::to_owned)
    };
    let (filter, mut population) = (Filter::default(), Population::default());
    desk.ledger
        .replay(0..u64::MAX, &mut |entry, fact| {
            let words = fact.action().map(|action| history.words(action).unwrap()).unwrap_or_default();
            population.take((&history.state, &reading, &filter), entry, fact, &words, &holder);
            Ok(())
        })
        .unwrap();
    let population = population.all();
    let silences = silence::of(&history, &reading, &filter, reading.today).unwrap();
    let found = audit::exceptions(&history.state, &reading, &population, &[], &silences);
    (population, found)
}

fn entries(found: &[Exception], rule: Rule) -> Vec<Vec<u64>> {
    found
        .iter()
        .filter(|exception| exception.why.rule() == rule)
        .map(|exception| exception.entries.clone())
        .collect()
}

#[test]
fn what_is_recorded_more_than_90_days_after_the_last_day_of_its_date_is_late() {
    let mut desk = Desk::founded();
    // Recorded in January 2022.
    let mut say = |effective: &str| {
        desk.progress("DK", "1.G2G.2", json!({"effective": effective, "lifecycle": "continuing"}))
            .unwrap()
            .sequence
    };
    let [late, _, month, _] = ["2021-10-01", "2021-12-01", "2021-09", "2021"].map(&mut say);
    assert_eq!(entries(&audited(&desk).1, Rule::RecordedLate), [[late], [month]]);
}

#[test]
fn who_says_and_confirms_with_keys_of_one_holder_is_found_as_far_as_holders_are_disclosed() {
    let mut desk = Desk::founded();
    let held = |key: &SigningKey| json!({"vkey": key.verifier().to_string(), "holder": "Inspector Berg"});
    let mut data = held(&key_of("KR/MFDS", Role::Officer));
    (data["role"], data["institution"]) = (json!("officer"), json!("MFDS"));
    desk.say("KR", "parties/KR", "key.registered", data).unwrap();
    let dk = SigningKey::from_seed("DK/coordinator-2", Kind::Ed25519, &[7; 32]).unwrap();
    let mut data = held(&dk);
    data["role"] = json!("coordinator");
    desk.say("DK", "parties/DK", "key.registered", data).unwrap();
    let assigned = json!({"institution": "MFDS", "role": "lead"});
    desk.say("KR", "actions/1.G2G.2", "action.assigned", assigned).unwrap();
    let said = desk.progress("KR/MFDS", "1.G2G.2", word("under_way")).unwrap();
    let mut draft = desk.draft("DK", "actions/1.G2G.2", "action.confirmed", json!({}));
    draft.causationid = Some(said.id);
    let (request, disclosures) = desk.sign_with(&draft, &dk);
    let confirmed = desk.ledger.record(request, disclosures).unwrap();
    let found = audited(&desk).1;
    assert_eq!(entries(&found, Rule::SameHolder), [[said.sequence, confirmed.sequence]]);
    // Whether they are one person is for whoever knows both sides: whose keys they are is told with the name.
    let told: Vec<String> = found.iter().map(|found| phrase::exception(&found.why).to_string()).collect();
    let expected = "said with a key of KR/MFDS and confirmed with one of DK, whose holders have the same name: Inspector Berg";
    assert!(told.contains(&expected.to_owned()), "{told:?}");
}

#[test]
fn what_holds_in_part_is_no_assurance_and_is_looked_at() {
    let mut desk = Desk::founded();
    let [said, other] =
        ["1.G2G.1", "1.G2G.2"].map(|action| desk.progress("KR", action, word("under_way")).unwrap());
    desk.answer("KR", "actions/1.G2G.2", "action.verified", other, json!({"outcome": "upheld"})).unwrap();
    let found = desk
        .answer("DK", "actions/1.G2G.1", "action.verified", said, json!({"outcome": "qualified"}))
        .unwrap();
    desk.answer("KR", "actions/1.G2G.1", "action.verified", said, json!({"outcome": "upheld"})).unwrap();
    let (population, exceptions) = audited(&desk);
    let assured: Vec<_> = population.iter().map(|said| said.item.assurance.unwrap().as_str()).collect();
    assert_eq!(assured, ["qualified", "verified"]);
    assert_eq!(entries(&exceptions, Rule::Qualified), [[said.sequence, found.sequence]]);
    desk.answer("KR", "actions/1.G2G.1", "action.corrected", said, json!({"reason": "It is not so."}))
        .unwrap();
    assert!(entries(&audited(&desk).1, Rule::Qualified).is_empty());
}

#[test]
fn what_was_corrected_after_the_reading_of_a_review_is_found_and_nothing_else() {
    let mut desk = Desk::founded();
    let before = desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    let corrected = desk.progress("DK", "1.G2G.3", word("under_way")).unwrap();
    desk.answer("DK", "actions/1.G2G.3", "action.corrected", corrected, json!({"reason": "x"})).unwrap();
    let asserted = desk.progress("DK", "1.G2G.3", word("under_way")).unwrap();
    let answers = ["action.confirmed", "action.contested"].map(|kind| {
        let data = if kind == "action.confirmed" { json!({}) } else { json!({"reason": "no"}) };
        let of = if kind == "action.confirmed" {
            ("actions/1.G2G.3", asserted)
        } else {
            ("actions/1.G2G.2", before)
        };
        (of.0, desk.answer("KR", of.0, kind, of.1, data).unwrap())
    });
    let head = desk.ledger.head();
    let opened = json!({
        "period": {"start": "2021", "end": "2021"}, "axis": "recorded", "cutoff": "2021-12-31",
        "size": head.size, "head": head.leaf.to_string()
    });
    desk.say("KR", "reviews/R2021", "review.opened", opened).unwrap();
    let after = desk.progress("DK", "1.G2G.1", word("under_way")).unwrap();
    desk.answer("DK", "actions/1.G2G.1", "action.corrected", after, json!({"reason": "x"})).unwrap();
    let correction =
        desk.answer("DK", "actions/1.G2G.2", "action.corrected", before, json!({"reason": "x"})).unwrap();
    let taken = answers.map(|(action, answer)| {
        let by = desk.answer("KR", action, "action.corrected", answer, json!({"reason": "x"})).unwrap();
        vec![answer.sequence, by.sequence]
    });
    let (population, found) = audited(&desk);
    // In the order of the entries: a word, the confirmation of another, and its contest.
    let [confirmation, contest] = taken;
    let expected = [vec![before.sequence, correction.sequence], confirmation, contest];
    assert_eq!(entries(&found, Rule::CorrectedAfterCutoff), expected);
    assert_eq!(population.iter().filter(|assertion| assertion.voided.is_some()).count(), 3);
}

#[test]
fn a_sample_is_drawn_again_by_whoever_has_the_entries_and_the_seed() {
    let mut desk = Desk::founded();
    for at in 0..9 {
        let party = if at % 3 == 0 { "KR" } else { "DK" };
        desk.progress(party, "1.G2G.2", json!({"effective": "2021-12", "lifecycle": "continuing"})).unwrap();
    }
    let (population, _) = audited(&desk);
    let parts = audit::sample(&population, "2024/17", 5, Stratum::Party);
    let shares: Vec<(&str, usize, usize)> =
        parts.iter().map(|part| (part.name.as_str(), part.drawn.len(), part.size)).collect();
    assert_eq!(shares, [("DK", 3, 6), ("KR", 2, 3)]);
    for part in &parts {
        let own = population.iter().filter(|assertion| assertion.party.as_str() == part.name);
        // printf '2024/17\n%s' "$leaf" | sha256sum
        let mut numbers: Vec<String> =
            own.map(|assertion| sha256(format!("2024/17\n{}", assertion.item.leaf).as_bytes())).collect();
        numbers.sort();
        let drawn: Vec<&String> = part.drawn.iter().map(|(_, number)| number).collect();
        assert_eq!(drawn, numbers.iter().take(part.drawn.len()).collect::<Vec<_>>());
    }
    let other = audit::sample(&population, "2024/18", 5, Stratum::Party);
    assert_ne!(other, parts);
}
