//! Disclosures at hand: what is kept and removed, what is damaged, and what a failure on the way leaves.

use super::*;
use crate::store::disk::faults::{Fault, arm};
use std::io::Write;

fn note(text: &str) -> Disclosure {
    Disclosure::new([7; 16], "note", &text.into())
}

fn count(disclosures: &Disclosures) -> usize {
    let mut count = 0;
    disclosures
        .each::<DisclosuresError>(&mut |_| {
            count += 1;
            Ok(())
        })
        .unwrap();
    count
}

#[test]
fn what_could_not_be_synced_is_not_there_for_whoever_opens_the_file_next() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Disclosures::open(folder.path(), true).unwrap();
    kept.keep(vec![note("one")]).unwrap();
    // It is cut to its length, written, and the sync fails.
    let armed = arm(folder.path(), 2, Fault::NotDone, false);
    assert!(kept.keep(vec![note("two")]).is_err() && armed.met());
    let next = Disclosures::open(folder.path(), false).unwrap();
    assert!(next.get(&note("one").digest()).unwrap().is_some());
    assert!(next.get(&note("two").digest()).unwrap().is_none());
    kept.keep(vec![note("two")]).unwrap();
    assert_eq!(count(&Disclosures::open(folder.path(), false).unwrap()), 2);
}

#[test]
fn a_line_that_is_none_is_passed_over_and_an_unfinished_one_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Disclosures::open(folder.path(), true).unwrap();
    kept.keep(vec![note("one"), note("two")]).unwrap();
    let path = folder.path().join(FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("garbage\n\n{text}\"WyJ")).unwrap();
    let read = Disclosures::open(folder.path(), false).unwrap();
    assert_eq!((&*read.damaged(), count(&read)), (&[1, 2][..], 2));
    let kept = Disclosures::open(folder.path(), true).unwrap();
    kept.keep(vec![note("three"), note("one")]).unwrap();
    let read = Disclosures::open(folder.path(), false).unwrap();
    assert_eq!((&*read.damaged(), count(&read)), (&[1, 2][..], 3));
    assert_eq!(read.get(&note("three").digest()).unwrap(), Some(note("three")));
}

#[test]
fn of_a_long_file_a_reader_looks_for_lines_when_one_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = "x".repeat(9 << 20);
    let torn = "\"WyJ";
    std::fs::write(folder.path().join(FILE), format!("{garbage}\n\"{}\"\n{torn}", note("one").encoded()))
        .unwrap();
    let reader = Disclosures::open(folder.path(), false).unwrap();
    assert!(reader.damaged().is_empty(), "nobody has looked yet");
    assert_eq!(reader.get(&note("one").digest()).unwrap(), Some(note("one")));
    assert_eq!(reader.get(&note("two").digest()).unwrap(), None);
    let writer = Disclosures::open(folder.path(), true).unwrap();
    writer.add(vec![note("two")]).unwrap();
    assert!(writer.damaged().is_empty(), "nor does whoever writes");
    writer.keep(vec![note("one"), note("three"), note("two")]).unwrap();
    assert_eq!((writer.damaged(), count(&writer)), (vec![1], 3));
}

#[test]
fn what_a_failed_write_left_does_not_run_into_the_next_line() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Disclosures::open(folder.path(), true).unwrap();
    kept.keep(vec![note("one")]).unwrap();
    let path = folder.path().join(FILE);
    // A write that was cut off by a full disk.
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\"WyJ").unwrap();
    kept.keep(vec![note("two")]).unwrap();
    let read = Disclosures::open(folder.path(), false).unwrap();
    assert_eq!((read.damaged().len(), count(&read)), (0, 2));
}

#[test]
fn what_is_not_wanted_is_removed_with_every_line_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Disclosures::open(folder.path(), true).unwrap();
    kept.keep(vec![note("one"), note("two")]).unwrap();
    drop(kept);
    let path = folder.path().join(FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("garbage\n{text}")).unwrap();
    let part = folder.path().join(format!("{FILE}.part"));
    std::fs::write(&part, &text).unwrap();
    let kept = Disclosures::open(folder.path(), true).unwrap();
    assert!(!part.exists(), "what a crash left");
    kept.retain(&mut |digest| Ok(*digest != note("one").digest())).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("\"{}\"\n", note("two").encoded()));
    assert_eq!((kept.get(&note("one").digest()).unwrap(), kept.damaged().len()), (None, 0));
    kept.keep(vec![note("three"), note("two")]).unwrap();
    assert_eq!(kept.get(&note("three").digest()).unwrap(), Some(note("three")));
    assert_eq!(count(&kept), 2);
    assert!(!part.exists());
}

#[test]
fn what_is_kept_after_a_rewriting_that_failed_is_in_the_file_that_has_the_name() {
    for (fault, after) in Fault::ALL.into_iter().flat_map(|fault| (0..12).map(move |after| (fault, after))) {
        let folder = tempfile::tempdir().unwrap();
        let kept = Disclosures::open(folder.path(), true).unwrap();
        kept.keep(vec![note("one"), note("two")]).unwrap();
        let armed = arm(folder.path(), after, fault, false);
        let done = kept.retain(&mut |digest| Ok(*digest != note("one").digest()));
        assert_eq!(done.is_err(), armed.met(), "{fault:?} {after}");
        drop(armed);
        if kept.keep(vec![note("three")]).is_ok() {
            let read = Disclosures::open(folder.path(), false).unwrap();
            for text in ["two", "three"] {
                assert!(read.get(&note(text).digest()).unwrap().is_some(), "{text}: {fault:?} {after}");
            }
        }
    }
}

#[test]
fn what_its_field_cannot_hold_is_not_at_hand_and_goes_with_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let odd = Disclosure::new([7; 16], "note", &5.into());
    let lines = [&odd, &note("one")].map(|each| format!("\"{}\"\n", each.encoded()));
    std::fs::write(folder.path().join(FILE), lines.concat()).unwrap();
    let kept = Disclosures::open(folder.path(), true).unwrap();
    assert_eq!((&*kept.damaged(), count(&kept)), (&[1][..], 1));
    assert_eq!(kept.get(&odd.digest()).unwrap(), None);
    assert!(kept.has(&odd.digest()).unwrap(), "whoever erases it is told that it is there");
    let mut at_hand = kept.at_hand().unwrap();
    assert_eq!((at_hand.count(), at_hand.damaged()), (1, 1));
    let fits = |shown: Option<Shown>| shown.map(|shown| shown.fits);
    assert_eq!(fits(at_hand.shown(&odd.digest()).unwrap()), Some(false));
    assert_eq!(fits(at_hand.shown(&note("one").digest()).unwrap()), Some(true));
    kept.retain(&mut |_| Ok(true)).unwrap();
    assert!(!kept.has(&odd.digest()).unwrap());
    assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).unwrap(), lines[1]);
}

#[test]
fn a_reader_neither_keeps_nor_removes() {
    let folder = tempfile::tempdir().unwrap();
    Disclosures::open(folder.path(), true).unwrap().keep(vec![note("one")]).unwrap();
    let read = Disclosures::open(folder.path(), false).unwrap();
    assert!(read.keep(vec![note("two")]).is_err() && read.retain(&mut |_| Ok(false)).is_err());
    assert_eq!(count(&Disclosures::open(folder.path(), false).unwrap()), 1);
}
