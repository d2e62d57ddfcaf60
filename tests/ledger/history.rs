//! Histories in which every type of event occurs, kept as vectors: their bytes never change, and they verify.

use super::desk::{Desk, ORIGIN, key_of, policy, whole};
use annals::ledger::index::Sayings;
use annals::ledger::{Cut, Ledger, LedgerError};
use annals::projection::board;
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::record::archive::Whole;
use annals::record::beside::{Beside, Kept};
use annals::record::fact::TYPES;
use annals::record::history::History;
use annals::record::role::Role;
use annals::record::verdict::{Check, Finding, Report, Verdict};
use annals::record::verify::Verifier;
use annals::record::withheld::Shown;
use annals::trail::entry::Entry;
use annals::trail::hash::Head;
use annals::trail::key::{Kind, SigningKey};
use serde_json::json;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const ACTION: &str = "actions/1.G2G.1";

pub(crate) fn told() -> Desk {
    let mut desk = Desk::founded();
    let body = json!({"id": "NST", "party": "KR", "names": {"en": "NST", "ko": "국가과학기술연구회"}, "aliases": []});
    desk.say("KR", "parties/KR", "institution.registered", body).unwrap();
    let succeeded =
        json!({"institution": "MFDS", "successor": "NST", "effective": "2022", "reason": "reform"});
    desk.say("KR", "parties/KR", "institution.succeeded", succeeded).unwrap();
    let signed =
        json!({"state": "signed", "effective": "2021-11-02", "expires": "2026", "note": "underskrevet"});
    desk.say("DK", "instruments/1.B1", "instrument.updated", signed).unwrap();
    let assigned = json!({"institution": "MSIT", "role": "lead", "due": "2022-12", "officer": "국제협력과장", "contact": "desk@example.org"});
    desk.say("KR", ACTION, "action.assigned", assigned).unwrap();
    let held = json!({
        "effective": "2021-06", "lifecycle": "continuing", "health": "on_track", "note": "회의\t개최\n\"완료\" \\",
        "occurrence": {"window": "2021", "state": "held", "date": "2021-06-14"},
        "indicators": [{"name": "visits", "value": "3.5", "unit": "days"}],
        "evidence": [{"sha256": "0".repeat(64), "size": 12, "mediatype": "application/pdf", "filename": "a.pdf"},
                     {"sha256": "1".repeat(64), "size": 13, "mediatype": "text/plain", "confidential": true}]
    });
    let first = desk.progress("KR/MSIT", "1.G2G.1", held).unwrap();
    let agreed = json!({"effective": "2021-06-14", "note": "enig"});
    let confirmed = desk.answer("DK", ACTION, "action.confirmed", first, agreed).unwrap();
    desk.answer("DK", ACTION, "action.verified", first, json!({"outcome": "upheld"})).unwrap();
    let second =
        desk.progress("DK", "1.G2G.1", json!({"effective": "2021-09", "lifecycle": "suspended"})).unwrap();
    desk.answer("KR", ACTION, "action.contested", second, json!({"reason": "아닙니다"})).unwrap();
    desk.answer("DK", ACTION, "action.corrected", second, json!({"reason": "tastefejl"})).unwrap();
    let keyid = key_of("KR/MSIT", Role::Officer).verifier().keyid();
    desk.say("KR", "parties/KR", "key.revoked", json!({"keyid": keyid, "reason": "moved on"})).unwrap();
    desk.erase("DK", confirmed, "note").unwrap();
    let next = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[2; 32]).unwrap();
    for party in ["KR", "DK"] {
        desk.say(party, "ledger", "policy.adopted", json!({"policy": policy(&next)})).unwrap();
        desk.say(party, "ledger", "rules.adopted", json!({"rules": 1})).unwrap();
    }
    let in_force =
        json!({"state": "in_force", "effective": "2022-02-01", "expires": "2026", "note": "i kraft"});
    desk.say("DK", "instruments/1.B1", "instrument.updated", in_force).unwrap();
    desk.attest(&next, |_, _| {}).unwrap();
    desk
}

fn export(desk: &Desk) -> Vec<u8> {
    let mut bytes = Vec::new();
    desk.ledger
        .read(0..u64::MAX, &mut |_, line| {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
            ControlFlow::Continue(())
        })
        .unwrap();
    bytes
}

/// The report on entries, with an archive that may know disclosures, and with what stands beside them.
fn report<'a>(archive: Whole, beside: Beside, lines: impl IntoIterator<Item = &'a [u8]>) -> Report {
    let mut verifier = Verifier::new(archive, beside);
    lines.into_iter().for_each(|line| verifier.push(line).unwrap());
    verifier.finish().unwrap()
}

fn lines(export: &[u8]) -> impl Iterator<Item = &[u8]> {
    export.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end)
}

#[test]
fn histories_of_every_type_keep_their_bytes() {
    let mut text = String::new();
    for (name, desk) in [("history", told()), ("review", super::reviews::held())] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/{name}.jsonl"));
        let bytes = export(&desk);
        if std::env::var_os("ANNALS_BLESS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let same = std::fs::read(&path).unwrap() == bytes;
        assert!(same, "{name}: the format has changed, or the code is wrong");
        text += &String::from_utf8(bytes).unwrap();
    }
    for kind in TYPES {
        assert!(text.contains(&format!("\"type\":\"{kind}\"")), "{kind} does not occur");
    }
}

#[test]
fn after_any_entry_the_history_reads_as_if_it_ended_there() {
    for desk in [told(), super::reviews::held()] {
        reads_as_if_it_ended(&desk);
    }
}

/// A ledger of so many entries, restored in a folder.
fn specimen(home: &Path, entries: u64) {
    let mut restore = annals::exchange::restore::Restore::new(home).unwrap();
    for batch in annals::exchange::specimen::Specimen::new(entries).unwrap() {
        batch.unwrap().lines.iter().for_each(|line| restore.push(line).unwrap());
    }
    restore.finish().unwrap();
}

/// The board as a filter admits it, by several days, made of the words that are looked up and of all.
fn boards_agree(history: &History<Sayings>, filter: &Filter) {
    let all = history.in_memory().unwrap();
    for effective in [None, Some("2020-12-31"), Some("2021-06-14"), Some("2022-12-31"), Some("2024-06-30")] {
        let reading = Reading::of(&all.state, None, effective.map(|day| day.parse().unwrap()), None);
        let looked_up = board::of(history, &reading, filter).unwrap();
        let Ok(folded) = board::of(&all, &reading, filter);
        assert_eq!(format!("{looked_up:?}"), format!("{folded:?}"), "{filter:?} {effective:?}");
    }
}

#[test]
fn the_board_is_the_same_of_the_latest_words_as_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("ledger");
    // So many that those of all actions are not read together.
    specimen(&home, 10_000);
    let ledger = Ledger::open_read_only(&home).unwrap();
    let of_a_line = Filter { line: Some(1), ..Filter::default() };
    for sequence in [0, 2_047, 9_999] {
        let history = ledger.at(Some(Cut::Sequence(sequence))).unwrap();
        boards_agree(&history, &Filter::default());
        boards_agree(&history, &of_a_line);
    }
}

fn reads_as_if_it_ended(desk: &Desk) {
    let mut folded = History::default();
    let at = |cut| {
        let history = desk.ledger.at(Some(cut)).unwrap();
        boards_agree(&history, &Filter::default());
        history.in_memory().unwrap()
    };
    assert_eq!(at(Cut::Start), folded);
    desk.ledger
        .replay(0..u64::MAX, &mut |entry, fact| {
            folded.evolve(entry, fact);
            assert_eq!(at(Cut::Sequence(entry.seal.sequence)), folded, "entry {}", entry.seal.sequence);
            assert_eq!(at(Cut::Leaf(entry.leaf())), folded);
            assert_eq!(desk.ledger.replayed(entry.seal.sequence + 1).unwrap(), folded);
            Ok(())
        })
        .unwrap();
    assert_eq!(whole(&desk.ledger), folded);
    let size = desk.ledger.head().size;
    assert!(matches!(desk.ledger.replayed(size + 1), Err(LedgerError::Cut(Cut::Sequence(at))) if at == size));
}

#[test]
fn the_history_verifies_with_its_disclosures_and_without() {
    let desk = told();
    let with = desk.ledger.verify(&mut |_| {}).unwrap();
    assert!(with.holds(), "{with:?}");
    assert_eq!((with.withheld.0, with.erased, with.lingering), (with.withheld.1 + 1, 1, 0));
    let without = report(Whole::default(), Beside::default(), lines(&export(&desk)));
    assert!(without.holds() && (without.withheld.1, without.erased) == (0, 1));
}

/// The history with one entry sealed anew after a change, so that chain and hashes hold and only what it says is wrong.
fn forged(change: impl Fn(&str) -> String) -> Vec<(Check, u64)> {
    let report = forged_report(change);
    report.verdicts.iter().filter_map(|each| Some((each.check, each.finding.as_ref()?.entry))).collect()
}

fn forged_findings(change: impl Fn(&str) -> String) -> Vec<Finding> {
    forged_report(change).verdicts.into_iter().filter_map(|each| each.finding).collect()
}

fn forged_report(change: impl Fn(&str) -> String) -> Report {
    let mut verifier = Verifier::<Whole>::default();
    let text = String::from_utf8(export(&told())).unwrap();
    let mut history = History::default();
    let mut streams: HashMap<String, Head> = HashMap::new();
    for line in text.lines() {
        let entry = Entry::parse(change(line).as_bytes()).unwrap();
        let stream = streams.get(&*entry.request.event.subject).copied().unwrap_or(Head::EMPTY);
        let seal = history.state.seal(stream, entry.seal.recordedtime);
        let (bytes, entry) = entry.request.seal(seal);
        streams.insert(entry.request.event.subject.to_string(), entry.stream());
        verifier.push(&bytes).unwrap();
        let fact = annals::record::fact::Fact::read(&entry.request.event);
        match fact {
            Ok((fact, _)) => history.evolve(&entry, &fact),
            Err(_) => break,
        }
    }
    verifier.finish().unwrap()
}

#[test]
fn a_forged_word_fails_at_its_own_check() {
    let said = |line: &str| line.contains("\"lifecycle\":\"suspended\"");
    let text = String::from_utf8(export(&told())).unwrap();
    let at = text.lines().position(said).unwrap() as u64;
    let changed = forged(|line| line.replace("\"lifecycle\":\"suspended\"", "\"lifecycle\":\"under_way\""));
    assert_eq!(changed.first(), Some(&(Check::Signatures, at)));
    let unknown = forged(|line| line.replace("annals.action.contested.v1", "annals.action.contested.v9"));
    assert!(unknown.contains(&(Check::Rules, at + 1)), "{unknown:?}");
    assert_eq!(forged(str::to_owned), []);
}

#[test]
fn a_disclosure_under_another_name_is_found() {
    let desk = told();
    let mut archive = Whole::default();
    for disclosure in desk.ledger.disclosures().unwrap() {
        let name = if disclosure.name() == "officer" { "note" } else { disclosure.name() };
        archive.disclosures.insert(disclosure.digest(), Shown { name: Some(name.to_owned()), fits: true });
    }
    let report = report(archive, Beside::default(), lines(&export(&desk)));
    let finding = report.verdicts.iter().find(|each| each.check == Check::Disclosures).unwrap();
    assert!(finding.finding.as_ref().unwrap().expected.contains("officer"));
}

#[test]
fn a_kept_state_that_differs_from_the_replayed_one_is_found() {
    let desk = told();
    let history = whole(&desk.ledger);
    let found = |change: &dyn Fn(&mut Kept)| {
        let actions = history.state.programme.actions.keys();
        let words = actions.map(|action| (action.clone(), Kept::digest(&history.words(action).unwrap())));
        let mut kept = Kept { state: history.state.clone(), words: words.collect() };
        change(&mut kept);
        let beside = Beside { kept: Some(kept), ..Beside::default() };
        let report = report(Whole::default(), beside, lines(&export(&desk)));
        report.verdicts.into_iter().find_map(|each| each.finding).map(|finding| finding.found)
    };
    let action = || "1.G2G.3".parse().unwrap();
    assert_eq!(found(&|_| {}), None);
    let differs = Some("a kept state that differs in actions/1.G2G.3".to_owned());
    assert_eq!(found(&|kept| drop(kept.state.programme.actions.remove(&action()))), differs);
    assert_eq!(found(&|kept| drop(kept.words.remove(&action()))), differs);
    assert_eq!(found(&|kept| drop(kept.words.insert(action(), "of other words".to_owned()))), differs);
    let differs = Some("a kept state that differs".to_owned());
    assert_eq!(found(&|kept| drop(kept.words.insert("9.NEW".parse().unwrap(), String::new()))), differs);
    assert_eq!(found(&|kept| kept.state.programme.plan = None), differs);
}

fn verdict(report: &Report, check: Check) -> &Verdict {
    report.verdicts.iter().find(|verdict| verdict.check == check).unwrap()
}

#[test]
fn where_a_signature_fails_nothing_is_claimed_of_authority_and_rules() {
    let mut verifier = Verifier::<Whole>::default();
    let text = String::from_utf8(export(&told())).unwrap();
    let at = text.lines().count() - 2;
    for (number, line) in text.lines().enumerate() {
        let mut entry = Entry::parse(line.as_bytes()).unwrap();
        if number == at {
            entry.request.signature[0] ^= 1;
        }
        verifier.push(&entry.request.seal(entry.seal).0).unwrap();
    }
    let report = verifier.finish().unwrap();
    for check in [Check::Signatures, Check::Authority, Check::Rules] {
        assert_eq!(verdict(&report, check).covered, at as u64, "{check}");
    }
    assert!(verdict(&report, Check::Authority).finding.is_none() && !report.holds());
}

#[test]
fn a_verdict_without_anything_to_check_says_so() {
    let withheld = report(Whole::default(), Beside::default(), lines(&export(&told())));
    assert_eq!(verdict(&withheld, Check::Disclosures).idle, Some("none is at hand"));
    let report = report(Whole::default(), Beside::default(), []);
    assert!(report.holds() && report.verdicts.iter().all(|verdict| verdict.idle.is_some()));
}

#[test]
fn in_an_illustrative_ledger_the_recorded_time_is_the_authors() {
    let text = String::from_utf8(export(&told())).unwrap();
    let mut verifier = Verifier::<Whole>::default();
    let last = text.lines().count() - 1;
    for (number, line) in text.lines().enumerate() {
        let year = line.find("\"recordedtime\":\"20").unwrap() + 18;
        let line = if number == last {
            format!("{}31{}", &line[..year], &line[year + 2..])
        } else {
            line.to_owned()
        };
        verifier.push(line.as_bytes()).unwrap();
    }
    let report = verifier.finish().unwrap();
    let finding = verdict(&report, Check::Order).finding.as_ref().unwrap();
    assert!(finding.entry == last as u64 && finding.found.starts_with("2031"), "{finding:?}");
}

#[test]
fn what_a_hostile_entry_says_stands_on_one_line_and_is_cut() {
    let forged = "x\\nsignatures ok\\n".to_owned() + &"y".repeat(9_000);
    let found = forged_findings(|line| line.replace("annals.action.contested.v1", &forged));
    let finding = found.iter().find(|finding| finding.found.contains("signatures ok")).unwrap();
    assert!(!finding.found.contains('\n') && finding.found.chars().count() < 500, "{finding:?}");
}

#[test]
fn a_kept_state_that_was_changed_is_found_by_verifying() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("ledger");
    let text = String::from_utf8(export(&told())).unwrap();
    let requests = text.lines().map(|line| (Entry::parse(line.as_bytes()).unwrap().request, Vec::new()));
    let ledger = Ledger::create(&home).unwrap();
    ledger.record_all(requests.collect(), chrono::Utc::now()).unwrap();
    ledger.keep().unwrap();
    drop(ledger);
    let index = home.join(annals::ledger::snapshot::FOLDER);
    let named = |what: &str| {
        let names = std::fs::read_dir(&index).unwrap().map(|entry| entry.unwrap().path());
        names.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(what)).unwrap()
    };
    let path = named("state-");
    let (_, reducer) = path.file_stem().unwrap().to_str().unwrap().rsplit_once('.').unwrap();
    let kept = std::fs::read_to_string(&path).unwrap();
    let sound = Ledger::verify_folder(&home, Vec::new(), &mut |_, _| {}).unwrap().0;
    assert!(sound.holds() && verdict(&sound, Check::ReadModels).idle.is_none());
    let (state, _) = kept.trim_end().rsplit_once('\n').unwrap();
    let state = format!("{state}\n");
    let head = sound.size;
    let read = || whole(&Ledger::open_read_only(&home).unwrap());
    let told = whole(&told().ledger);
    for (from, to, size) in [
        ("\"grace_days\":180", "\"grace_days\":181".to_owned(), head),
        (&*format!("\"size\":{head}"), "\"size\":0".to_owned(), 0),
        (&*format!("\"size\":{head}"), format!("\"size\":{}", head + 5), head + 5),
    ] {
        let changed = state.replacen(from, &to, 1);
        assert_ne!(changed, state, "{from}");
        std::fs::remove_file(&path).unwrap();
        let digest = annals::trail::hash::sha256(changed.as_bytes());
        let other = index.join(format!("state-{size:012}-{}.{reducer}.jsonl", sound.head));
        std::fs::write(&other, format!("{changed}\"{digest}\"\n")).unwrap();
        let report = Ledger::verify_folder(&home, Vec::new(), &mut |_, _| {}).unwrap().0;
        assert!(verdict(&report, Check::ReadModels).finding.is_some(), "{to}");
        // One that says something of no entry, or of more than there are, is never read from.
        if size != head {
            assert_eq!(read(), told, "{to}");
        }
        std::fs::remove_file(other).unwrap();
        std::fs::write(&path, &kept).unwrap();
    }
    // A word of the index, with the checksums that belong to it, in its file and in the state.
    let (state_path, path) = (path, named("words-"));
    let sound = std::fs::read(&path).unwrap();
    let mut words = sound.clone();
    let count = words.len() / 64;
    let lifecycle = 16 + 41;
    let records =
        (count.saturating_sub(3)..=count).find(|count| words.len() == 63 * count + 20 + 36).unwrap();
    words[lifecycle] ^= 3;
    let sum = crc32fast::hash(&words[..63 * records]).to_le_bytes();
    words[63 * records + 16..63 * records + 20].copy_from_slice(&sum);
    let end = words.len() - 4;
    let sum = crc32fast::hash(&words[63 * records..end]).to_le_bytes();
    words[end..].copy_from_slice(&sum);
    std::fs::write(&path, &words).unwrap();
    let report = Ledger::verify_folder(&home, Vec::new(), &mut |_, _| {}).unwrap().0;
    assert!(verdict(&report, Check::ReadModels).idle.unwrap().contains("damaged"), "it is another file");
    let sum_of = |bytes: &[u8]| format!("\"sum\":{}", u32::from_le_bytes(*bytes.last_chunk().unwrap()));
    let changed = state.replacen(&sum_of(&sound), &sum_of(&words), 1);
    assert_ne!(changed, state);
    let digest = annals::trail::hash::sha256(changed.as_bytes());
    std::fs::write(&state_path, format!("{changed}\"{digest}\"\n")).unwrap();
    let report = Ledger::verify_folder(&home, Vec::new(), &mut |_, _| {}).unwrap().0;
    let finding = verdict(&report, Check::ReadModels).finding.as_ref().unwrap();
    assert!(finding.found.contains("differs in actions/"), "{finding:?}");
    std::fs::write(&state_path, &kept).unwrap();
    // Without them it is damaged, and said to be.
    std::fs::write(&path, [&[sound[0] ^ 1], &sound[1..]].concat()).unwrap();
    let report = Ledger::verify_folder(&home, Vec::new(), &mut |_, _| {}).unwrap().0;
    assert!(verdict(&report, Check::ReadModels).idle.unwrap().contains("damaged"));
    std::fs::write(&path, sound).unwrap();
    let path = named("state-");
    std::fs::write(&path, kept.replacen("\"grace_days\":180", "\"grace_days\":181", 1)).unwrap();
    assert_eq!(read(), told, "damaged, so passed over");
    let report = Ledger::verify_folder(&home, Vec::new(), &mut |_, _| {}).unwrap().0;
    assert!(verdict(&report, Check::ReadModels).idle.unwrap().contains("damaged"));
}

#[test]
fn what_verifying_an_export_left_is_kept_with_the_ledger_that_is_restored_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("ledger");
    let desk = told();
    let mut restore = annals::exchange::restore::Restore::new(&home).unwrap();
    lines(&export(&desk)).for_each(|line| restore.push(line).unwrap());
    let report = restore.finish().unwrap();
    let kept = annals::ledger::snapshot::head(&home).unwrap();
    assert_eq!((kept.size, kept.leaf), (report.size, report.head));
    let report = Ledger::verify_folder(&home, Vec::new(), &mut |_, _| {}).unwrap().0;
    assert!(report.holds() && verdict(&report, Check::ReadModels).idle.is_none());
    assert_eq!(whole(&Ledger::open_read_only(&home).unwrap()), whole(&desk.ledger));
}

#[test]
fn of_a_long_history_a_snapshot_that_cannot_be_used_is_kept_anew_by_the_next_writer() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("ledger");
    specimen(&home, 5_000);
    let snapshot = || {
        let paths = std::fs::read_dir(home.join(annals::ledger::snapshot::FOLDER)).unwrap();
        let mut paths = paths.map(|entry| entry.unwrap().path());
        paths.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("state-")).unwrap()
    };
    let read = |path: PathBuf| std::fs::read(path).unwrap();
    let whole = read(snapshot());
    let keep_up = || {
        let mut entries = 0;
        let ledger = Ledger::open(&home, &mut |_| entries += 1).unwrap();
        ledger.keep_up().unwrap();
        entries
    };
    assert_eq!(keep_up(), 0, "one that was kept spares everything");
    assert!(read(snapshot()) == whole, "and is not written again");
    std::fs::write(snapshot(), b"damaged").unwrap();
    assert_eq!(keep_up(), 5_000);
    assert_ne!(read(snapshot()), b"damaged");
    assert_eq!(keep_up(), 0);
}

#[test]
fn what_somebody_saw_before_is_still_there_or_its_absence_is_found() {
    let text = String::from_utf8(export(&told())).unwrap();
    let all: Vec<&str> = text.lines().collect();
    let head = annals::trail::hash::LeafHash::of(all.last().unwrap().as_bytes());
    let seen = |lines: &[&str]| {
        let beside = Beside { seen: vec![head], ..Beside::default() };
        report(Whole::default(), beside, lines.iter().map(|line| line.as_bytes()))
    };
    assert!(seen(&all).holds());
    let cut = seen(&all[..all.len() - 1]);
    let finding = verdict(&cut, Check::Chain).finding.as_ref().unwrap();
    assert!(finding.expected.contains(&head.to_string()) && !cut.holds(), "{finding:?}");
}

#[test]
fn disclosures_that_belong_to_no_entry_are_counted() {
    let desk = told();
    let mut archive = Whole::default();
    let stray = annals::trail::disclosure::Disclosure::new([1; 16], "note", &"nobody's".into());
    for disclosure in desk.ledger.disclosures().unwrap().iter().chain([&stray]) {
        archive.disclosures.insert(disclosure.digest(), Shown::of(disclosure));
    }
    let beside = Beside { disclosures: archive.disclosures.len() as u64, ..Beside::default() };
    let report = report(archive, beside, lines(&export(&desk)));
    assert_eq!((report.stray, report.withheld.0), (1, report.withheld.1 + report.erased));
}
