//! What is done to the entries themselves: cut off, changed, dropped, repeated, moved, or written anew from the middle on.

use super::desk::{ORIGIN, key_of};
use super::two_sides::{
    Form, Sides, changed, checkpoint, cosigned, go_on, ledger_key, now, requests, sealed, told, witness,
};
use annals::ledger::anchor::Anchor;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::examination::{Gravity, Part, UNNAMED, examine};
use annals::ledger::witness::CosignError;
use annals::ledger::{Ledger, LedgerError, quietly};
use annals::record::completeness::Unsound;
use annals::record::role::Role;
use annals::record::verdict::Check;
use annals::trail::entry::{Entry, Seal};
use annals::trail::hash::LeafHash;
use annals::trail::key::{Kind, SigningKey};
use annals::trail::quorum::{Backing, Distrust};
use std::fs;
use std::path::Path;

#[test]
fn the_sound_ledger_passes_in_every_form_and_is_witnessed_by_both_sides() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    for form in Form::ALL {
        let judged = form.judge(&lines, &sides.kept, &sides.kept);
        assert!(judged.is_sound(), "{form:?}: {:?} {:?}", judged.report, judged.unsound());
    }
    assert_eq!(sealed(requests(&lines)), lines, "what is sealed here is what the ledger seals");
}

#[test]
fn a_tail_that_was_cut_off_is_seen_by_a_checkpoint_and_by_an_anchor_and_not_by_the_chain() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let (size, first) = (lines.len() as u64, sides.kept[0].checkpoint().size());
    for left in [size - 1, first] {
        let cut = &lines[..usize::try_from(left).unwrap()];
        // A bundle ends at a checkpoint: an older one, or one that the stolen key of the ledger signs.
        let mut inside = sides.kept[..1].to_vec();
        inside.extend((left != first).then(|| checkpoint(cut, &ledger_key())));
        for form in Form::ALL {
            let alone = form.judge(cut, &inside, &[]);
            assert!(alone.report.holds() && alone.completed.holds(), "a chain alone does not know its end");
            let witnessed = alone.completed.witnessed().map(|(checkpoint, _)| checkpoint.size());
            assert_eq!(witnessed, (form != Form::Export).then_some(first), "{form:?}");
            let judged = form.judge(cut, &inside, &sides.kept);
            assert!(judged.report.holds());
            assert_eq!(judged.unsound(), [(size, Unsound::Cut { signed: size, found: left })], "{form:?}");
        }
        let home = tempfile::tempdir().unwrap();
        let folder = Form::Folder.write(cut, &sides.kept[..1], home.path());
        let ledger = Ledger::open(&folder, &mut quietly).unwrap();
        for name in [ORIGIN, "DK", "KR"] {
            let found = ledger.follows(&sides.anchor(name));
            assert!(
                matches!(found, Err(CheckpointError::Behind { known, size, .. }) if (known, size) == (lines.len() as u64, left)),
                "{name}: {found:?}"
            );
        }
        let signed = ledger.checkpoint(&ledger_key(), &sides.anchor(ORIGIN));
        assert!(matches!(signed, Err(CheckpointError::Behind { .. })), "{signed:?}");
        // As its users are told.
        let kept = home.path().join("kept");
        fs::write(&kept, sides.kept[1].to_string()).unwrap();
        let (code, answer) = told(&folder, &["--checkpoints", kept.to_str().unwrap()]);
        let found =
            answer["checkpoints"].as_array().unwrap().iter().find(|each| each["size"] == size).unwrap();
        assert_eq!(code, Some(1));
        assert!(found["found"].as_str().unwrap().contains("the newest are missing"), "{answer}");
        assert_eq!(told(&folder, &[]).0, Some(0), "with nothing from elsewhere it is not seen");
    }
}

#[test]
fn an_entry_that_hides_another_of_its_stream_is_named_by_the_stream_chains() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let last = Entry::parse(&lines[lines.len() - 1]).unwrap();
    let before = Entry::parse(&lines[lines.len() - 2]).unwrap();
    let sound = last.seal.clone();
    for seal in [
        Seal {
            streamversion: sound.streamversion - 1,
            streamprevhash: before.seal.streamprevhash,
            ..sound.clone()
        },
        Seal { streamversion: sound.streamversion + 1, ..sound.clone() },
        Seal { streamprevhash: LeafHash::NONE, ..sound.clone() },
    ] {
        let mut damaged = lines.clone();
        damaged.pop();
        damaged.push(last.request.clone().seal(seal).0);
        for form in Form::ALL {
            let judged = form.judge(&damaged, &[checkpoint(&damaged, &ledger_key())], &[]);
            assert_eq!(judged.failed(), [(Check::Streams, lines.len() as u64 - 1)], "{form:?}");
        }
    }
}

#[test]
fn of_what_was_seen_before_the_absence_is_found_by_the_chain() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let seen = vec![LeafHash::of(&lines[lines.len() - 1])];
    let cut = super::two_sides::export(&lines[..lines.len() - 1]);
    let report = annals::exchange::export::verify(cut.as_slice(), seen, &mut |_, _| {}).unwrap().0;
    let failed: Vec<Check> =
        report.verdicts.iter().filter(|each| each.finding.is_some()).map(|each| each.check).collect();
    assert_eq!(failed, [Check::Chain]);
}

#[test]
fn an_entry_that_was_dropped_repeated_or_moved_is_named_by_its_sequence_and_by_the_chain() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    for at in 0..lines.len() - 1 {
        let (mut dropped, mut repeated, mut moved) = (lines.clone(), lines.clone(), lines.clone());
        dropped.remove(at);
        repeated.insert(at, lines[at].clone());
        moved.swap(at, at + 1);
        for (damaged, place) in [(dropped, at), (repeated, at + 1), (moved, at)] {
            let failed = Form::Export.judge(&damaged, &[], &[]).failed();
            let place = place as u64;
            assert_eq!(failed[..2], [(Check::Order, place), (Check::Chain, place)], "{at}");
        }
    }
    let mut damaged = lines.clone();
    damaged.remove(lines.len() - 3);
    for form in [Form::Folder, Form::Bundle] {
        let cut = checkpoint(&damaged, &ledger_key());
        let judged = form.judge(&damaged, &[cut], &[]);
        let place = lines.len() as u64 - 3;
        assert_eq!(judged.failed()[..2], [(Check::Order, place), (Check::Chain, place)], "{form:?}");
    }
}

#[test]
fn an_entry_that_was_changed_is_named_by_its_signature_and_by_the_chain_after_it() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let at = usize::try_from(sides.word.sequence).unwrap();
    let text = String::from_utf8(lines[at].clone()).unwrap();
    let mut damaged = lines.clone();
    damaged[at] = text.replace("\"effective\":\"2021-06\"", "\"effective\":\"2021-07\"").into_bytes();
    let place = at as u64;
    for form in Form::ALL {
        let last = [checkpoint(&damaged, &ledger_key())];
        let judged = form.judge(&damaged, &last, &sides.kept);
        let failed = judged.failed();
        assert!(failed.contains(&(Check::Chain, place + 1)), "{form:?} {failed:?}");
        assert!(failed.contains(&(Check::Signatures, place)), "{form:?} {failed:?}");
        let forks = judged.unsound();
        assert_eq!(forks.len(), 2, "{forks:?}");
        assert!(forks.iter().all(|(_, unsound)| matches!(unsound, Unsound::Fork { .. })));
    }
}

#[test]
fn a_last_entry_that_was_changed_is_named_by_its_signature_and_not_by_the_chain() {
    let sides = Sides::agreed();
    let mut lines = sides.lines();
    let last = lines.len() - 1;
    let text = String::from_utf8(lines[last].clone()).unwrap();
    lines[last] = text.replace("under_way", "suspended").into_bytes();
    for form in [Form::Export, Form::Folder] {
        let judged = form.judge(&lines, &[], &[]);
        assert_eq!(judged.failed(), [(Check::Signatures, last as u64)], "{form:?}");
    }
    let home = tempfile::tempdir().unwrap();
    let folder = Form::Folder.write(&lines, &[], home.path());
    let opened = Ledger::open(&folder, &mut quietly).map(|_| ());
    assert!(matches!(opened, Err(LedgerError::Unverified(found)) if found.entry == last as u64));
}

#[test]
fn what_a_newer_version_recorded_is_not_called_damaged() {
    let sides = Sides::agreed();
    let own = requests(&sides.lines());
    let mut event = own[usize::try_from(sides.word.sequence).unwrap()].event.clone();
    event.kind = "annals.action.progressed.v9".into();
    let newer = event.sign(&key_of("DK", Role::Coordinator)).unwrap();
    let (at, home) = (own.len() as u64, tempfile::tempdir().unwrap());
    let folder = Form::Folder.write(&sealed([own, vec![newer]].concat()), &[], home.path());
    let opened = Ledger::open(&folder, &mut quietly).map(|_| ());
    assert!(matches!(&opened, Err(LedgerError::Fact(found, _)) if *found == at), "{opened:?}");
    let examined = examine(&folder, Path::new(UNNAMED), None, now(), &mut quietly).unwrap();
    assert_eq!(examined.findings[0].remedy, "use a newer annals", "{examined:?}");
}

#[test]
fn nobody_goes_on_after_entries_that_somebody_else_put_behind_the_last() {
    let sides = Sides::agreed();
    let (lines, word) = (sides.lines(), usize::try_from(sides.word.sequence).unwrap());
    let own = requests(&lines);
    let forged = changed(&own[word], "\"effective\":\"2021-06\"", "\"effective\":\"2021-07\"");
    // What was recorded before is signed, whoever repeats it, so that the last signature holds.
    for behind in [vec![own[word].clone()], vec![forged, own[word].clone()]] {
        let longer = sealed([own.clone(), behind].concat());
        for keeps in [false, true] {
            let home = tempfile::tempdir().unwrap();
            let folder = Form::Folder.write(&lines, &[], home.path());
            if keeps {
                Ledger::open(&folder, &mut quietly).unwrap().keep().unwrap();
            }
            let journal = folder.join("journal/000000000000.jsonl");
            fs::write(&journal, [longer.join(&b'\n').as_slice(), b"\n"].concat()).unwrap();
            let opened = Ledger::open(&folder, &mut quietly).map(|_| ());
            let at = lines.len() as u64;
            assert!(
                matches!(&opened, Err(LedgerError::Unverified(found)) if found.entry == at),
                "{keeps}: {opened:?}"
            );
            let examined = examine(&folder, Path::new(UNNAMED), None, now(), &mut quietly).unwrap();
            let gravest = &examined.findings[0];
            assert_eq!(
                (gravest.about, gravest.gravity),
                (Part::Journal, Gravity::Grave),
                "{keeps}: {gravest:?}"
            );
        }
    }
}

#[test]
fn a_chain_that_is_written_anew_without_its_authors_keys_fails_at_their_signatures() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let mut forged = requests(&lines);
    let at = usize::try_from(sides.word.sequence).unwrap();
    forged[at] = changed(&forged[at], "\"effective\":\"2021-06\"", "\"effective\":\"2021-07\"");
    let without_bases = sealed(forged.clone());
    // What was signed on it later names the entry that was there, until that is exchanged, too.
    let old = LeafHash::of(&lines[at]).to_string();
    let new = LeafHash::of(&without_bases[at]).to_string();
    forged[at + 1] = changed(&forged[at + 1], &old, &new);
    let with_a_base = sealed(forged);
    let place = at as u64;
    for (forged, rules) in [(without_bases, place + 1), (with_a_base, place + 2)] {
        for form in Form::ALL {
            let judged = form.judge(&forged, &[checkpoint(&forged, &ledger_key())], &sides.kept);
            assert_eq!(judged.failed(), [(Check::Signatures, place), (Check::Rules, rules)], "{form:?}");
            assert!(judged.found(Check::Signatures).contains("nothing of it may be changed after signing"));
            assert!(judged.found(Check::Rules).contains("is not an entry of this ledger"));
            assert_eq!(judged.unsound().len(), 2, "and whoever kept a checkpoint has another root");
        }
    }
}

#[test]
fn with_the_keys_of_one_side_and_of_the_ledger_entries_verify_and_the_other_side_does_not() {
    let sides = Sides::agreed();
    let from = usize::try_from(sides.confirmed.sequence).unwrap();
    let mut thief = sides.thief(from);
    go_on(&mut thief, "KR", 9);
    let forged = super::two_sides::lines(&thief.ledger);
    let home = tempfile::tempdir().unwrap();
    let anchors = [ORIGIN, "KR"].map(|name| Anchor::new(home.path().join(name)));
    let stolen = cosigned(&thief.ledger, &anchors, &["KR"]);
    for form in Form::ALL {
        let alone = form.judge(&forged, std::slice::from_ref(&stolen), &[]);
        assert!(alone.report.holds() && alone.completed.holds(), "{form:?}: stolen keys sign");
        assert!(alone.completed.witnessed().is_none(), "{form:?}: and DK's witness is still missing");
        let judged = form.judge(&forged, std::slice::from_ref(&stolen), &sides.kept);
        let named: Vec<u64> = judged.unsound().iter().map(|(size, _)| *size).collect();
        assert_eq!(named, [sides.kept[0].checkpoint().size(), sides.kept[1].checkpoint().size()]);
        for (size, unsound) in judged.unsound() {
            let signed = sides.kept.iter().find(|kept| kept.checkpoint().size() == size).unwrap();
            let found = super::two_sides::root(&forged[..usize::try_from(size).unwrap()]);
            let signed = signed.checkpoint().root();
            assert_eq!(unsound, Unsound::Fork { size, signed, found }, "{form:?}");
        }
    }
    let witnessing = sides.policy();
    let verdict = witnessing.judge(&stolen).unwrap();
    assert_eq!(verdict.witnessing.backing, Backing::Unwitnessed);
    // DK's witness, whose folder was exchanged.
    let folder = Form::Folder.write(&forged, &[], home.path());
    let exchanged = Ledger::open(&folder, &mut quietly).unwrap();
    let known = sides.kept[1].checkpoint().size();
    match exchanged.cosign(&stolen, &witness("DK"), &sides.anchor("DK"), now(), &mut quietly) {
        Err(CosignError::Forked(size, Some(fork))) => {
            assert_eq!(size, known);
            assert_eq!(fork.signed_by(&ledger_key().verifier()), Ok(()));
            let [first, second] = fork.checkpoints().map(|signed| signed.checkpoint().size());
            assert_eq!((first, second), (known, forged.len() as u64));
        }
        other => panic!("{other:?}"),
    }
    // The ledger's key, whose folder was: what it remembers stands against it.
    for name in [ORIGIN, "DK"] {
        let found = exchanged.follows(&sides.anchor(name));
        assert!(matches!(found, Err(CheckpointError::Beside { known: at, .. }) if at == known), "{name}");
    }
    // And where DK still has its own copy, the root is not that of its entries.
    let mut sides = sides;
    sides.go_on("DK", 9);
    let found = sides.desk.ledger.cosign(&stolen, &witness("DK"), &sides.anchor("DK"), now(), &mut quietly);
    let size = forged.len() as u64;
    assert!(
        matches!(found, Err(CosignError::Checkpoint(CheckpointError::Differs(at))) if at == size),
        "{found:?}"
    );
    let taken = sides.desk.ledger.take_cosignatures(&stolen);
    assert!(matches!(taken, Err(CheckpointError::Differs(at)) if at == size), "{taken:?}");
}

#[test]
fn without_the_ledgers_key_a_checkpoint_of_entries_that_verify_is_nobodys() {
    let sides = Sides::agreed();
    let from = usize::try_from(sides.confirmed.sequence).unwrap();
    let mut thief = sides.thief(from);
    go_on(&mut thief, "KR", 2);
    let forged = super::two_sides::lines(&thief.ledger);
    let other = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[9; 32]).unwrap();
    for form in [Form::Folder, Form::Bundle] {
        let judged = form.judge(&forged, &[checkpoint(&forged, &other)], &[]);
        assert!(judged.report.holds());
        let unsigned = Unsound::Distrust(Distrust::Unsigned(ORIGIN.to_owned()));
        assert_eq!(judged.unsound(), [(forged.len() as u64, unsigned)], "{form:?}");
    }
}
