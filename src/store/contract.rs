//! The contract of a store, as one suite that every engine runs.

use super::embedded::Embedded;
use super::memory::Memory;
use super::{AppendError, Condition, Head, Place, Store, StoreError};
use crate::trail::hash::LeafHash;

fn every(rule: impl Fn(&dyn Store)) {
    rule(&Memory::default());
    let folder = tempfile::tempdir().unwrap();
    rule(&Embedded::create(&folder.path().join("ledger")).unwrap());
}

fn batch(lines: &[&str]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.as_bytes().to_vec()).collect()
}

fn all(store: &dyn Store, range: std::ops::Range<u64>) -> Vec<(u64, String)> {
    let mut lines = Vec::new();
    let mut each = |sequence, line: &[u8]| lines.push((sequence, String::from_utf8(line.to_vec()).unwrap()));
    store.read(range, &mut each).unwrap();
    lines
}

#[test]
fn an_empty_store_has_the_empty_head_and_no_lines() {
    every(|store| {
        assert_eq!(store.head(), Head::EMPTY);
        assert_eq!(all(store, 0..10), []);
    });
}

#[test]
fn what_is_appended_is_read_back_in_its_order() {
    every(|store| {
        let head = store.append(Head::EMPTY, &batch(&["a", "b"])).unwrap();
        assert_eq!(head, Head { size: 2, leaf: LeafHash::of(b"b") });
        assert_eq!(store.append(head, &batch(&["c"])).unwrap(), store.head());
        assert_eq!(all(store, 0..9), [(0, "a".into()), (1, "b".into()), (2, "c".into())]);
        assert_eq!(all(store, 1..2), [(1, "b".into())]);
        assert_eq!(all(store, 3..9), []);
    });
}

#[test]
fn an_append_to_another_head_is_a_conflict_and_changes_nothing() {
    every(|store| {
        let head = store.append(Head::EMPTY, &batch(&["a"])).unwrap();
        for other in [Head::EMPTY, Head { size: 1, leaf: LeafHash::NONE }, Head { size: 2, ..head }] {
            let refused = store.append(other, &batch(&["b"]));
            assert!(matches!(refused, Err(AppendError::Conflict(known)) if known == head));
        }
        assert_eq!(all(store, 0..9), [(0, "a".into())]);
    });
}

#[test]
fn a_batch_with_a_line_that_does_not_fit_is_refused_whole() {
    every(|store| {
        for line in ["", "a\nb", &"x".repeat(65_536)] {
            let refused = store.append(Head::EMPTY, &batch(&["a", line]));
            assert!(matches!(refused, Err(AppendError::Failed(StoreError::Line(_)))));
        }
        assert_eq!(store.head(), Head::EMPTY);
        assert!(store.append(Head::EMPTY, &batch(&[&"x".repeat(65_535)])).is_ok());
    });
}

#[test]
fn lines_of_every_length_are_read_back() {
    every(|store| {
        let lines: Vec<Vec<u8>> = [1, 7_499, 7_500, 7_501, 65_535, 1, 4_000, 4_000, 65_535, 65_535, 3]
            .map(|length| vec![b'x'; length])
            .into();
        store.append(Head::EMPTY, &lines).unwrap();
        for start in 0..lines.len() {
            let mut found = Vec::new();
            store.read(start as u64..u64::MAX, &mut |_, line| found.push(line.to_vec())).unwrap();
            assert_eq!(found, lines[start..]);
        }
    });
}

#[test]
fn lines_are_picked_at_their_places_and_looked_for_where_they_are_not() {
    every(|store| {
        let lines: Vec<Vec<u8>> = (0..40_u64)
            .map(|at| {
                format!("{}\"sequence\":\"{at:012}\"", "x".repeat(usize::try_from(at * at).unwrap())).into()
            })
            .collect();
        for batch in lines.chunks(7) {
            store.append(store.head(), batch).unwrap();
        }
        let lengths =
            lines.iter().scan(0, |sum, line| Some(std::mem::replace(sum, *sum + line.len() as u64 + 1)));
        let right: Vec<Place> =
            (0..).zip(lengths).map(|(sequence, before)| Place { sequence, before }).collect();
        let wrong = |by: u64| {
            right.iter().map(move |place| Place { before: place.before.wrapping_add(by), ..*place })
        };
        for places in [
            right.clone(),
            wrong(1).collect(),
            wrong(u64::MAX).collect(),
            wrong(1 << 40).collect(),
            right.iter().rev().copied().collect(),
        ] {
            let mut picked = Vec::new();
            store.pick(&places, &mut |sequence, line| picked.push((sequence, line.to_vec()))).unwrap();
            let meant = places
                .iter()
                .map(|place| (place.sequence, lines[usize::try_from(place.sequence).unwrap()].clone()));
            assert_eq!(picked, meant.collect::<Vec<_>>());
        }
        let beyond = [Place { sequence: 40, before: 0 }];
        store.pick(&beyond, &mut |sequence, _| panic!("{sequence} is not there")).unwrap();
    });
}

fn found(store: &dyn Store, sha256: &str) -> (Condition, Vec<u8>) {
    let mut bytes = Vec::new();
    (store.copy_blob(sha256, &mut bytes).unwrap(), bytes)
}

#[test]
fn a_blob_is_found_by_its_digest_and_nothing_else() {
    every(|store| {
        // printf 'evidence' | sha256sum
        let digest = "ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e";
        let nothing = (Condition::Missing, Vec::new());
        assert_eq!(found(store, digest), nothing);
        for before in [Condition::Missing, Condition::Whole] {
            let blob = store.put_blob(&mut &b"evidence"[..]).unwrap();
            assert_eq!((blob.sha256.as_str(), blob.size, blob.before), (digest, 8, before));
        }
        assert_eq!(found(store, digest), (Condition::Whole, b"evidence".to_vec()));
        assert_eq!(found(store, &digest.to_uppercase()), nothing);
        let empty = store.put_blob(&mut &b""[..]).unwrap();
        assert_eq!(found(store, &empty.sha256), (Condition::Whole, Vec::new()));
        assert_eq!(store.head(), Head::EMPTY);
    });
}

#[test]
fn a_blob_that_was_removed_is_missing_and_the_others_are_not() {
    every(|store| {
        let (one, other) =
            (store.put_blob(&mut &b"one"[..]).unwrap(), store.put_blob(&mut &b"other"[..]).unwrap());
        for _ in 0..2 {
            store.remove_blob(&one.sha256).unwrap();
            assert_eq!(found(store, &one.sha256).0, Condition::Missing);
        }
        assert_eq!(found(store, &other.sha256), (Condition::Whole, b"other".to_vec()));
        assert_eq!(store.put_blob(&mut &b"one"[..]).unwrap().before, Condition::Missing);
    });
}
