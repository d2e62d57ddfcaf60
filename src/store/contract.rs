//! The contract of a store, as one suite that every engine runs. What an engine does when its disk fails is tested where that can be
//! made to happen: for the journal in `disk` and `damage`.

use super::embedded::Embedded;
use super::memory::Memory;
use super::{AppendError, Condition, Head, LineHint, Store, StoreError};
use crate::trail::hash::LeafHash;
use crate::trail::lines::Lines;
use std::thread;

fn every(rule: impl Fn(&dyn Store)) {
    rule(&Memory::default());
    let folder = tempfile::tempdir().unwrap();
    rule(&Embedded::create(&folder.path().join("ledger")).unwrap());
}

fn batch(lines: &[&str]) -> Lines {
    lines.iter().collect()
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
fn nothing_is_a_batch_too_and_changes_nothing() {
    every(|store| {
        for _ in 0..2 {
            let head = store.head();
            assert_eq!(store.append(head, &Lines::default()).unwrap(), head);
            assert_eq!(store.head(), head);
            store.append(head, &batch(&["a"])).unwrap();
        }
        assert_eq!(all(store, 0..9), [(0, "a".into()), (1, "a".into())]);
    });
}

#[test]
fn of_those_who_append_at_once_each_line_is_stored_once_and_readers_see_a_beginning_of_it() {
    const EACH: u64 = 40;
    let line = |writer: u64, at: u64| format!("writer {writer}, line {at}, {}", "x".repeat(200)).into_bytes();
    every(|store| {
        thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    scope.spawn(move || {
                        for at in 0..EACH {
                            let mut expected = store.head();
                            // Whoever was not first learns where the log stands, and nothing of theirs is there.
                            while let Err(error) =
                                store.append(expected, &Lines::from_iter([line(writer, at)]))
                            {
                                let AppendError::Conflict(head) = error else { panic!("{error}") };
                                assert!(head.size > expected.size);
                                expected = head;
                            }
                        }
                    })
                })
                .collect();
            let mut before: Vec<Vec<u8>> = Vec::new();
            while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
                let (head, mut now) = (store.head(), Vec::new());
                store.read(0..u64::MAX, &mut |_, line| now.push(line.to_vec())).unwrap();
                assert!(now.starts_with(&before) && now.len() as u64 >= head.size);
                let last = head.size.checked_sub(1).map(|last| &now[usize::try_from(last).unwrap()]);
                assert_eq!(last.map_or(LeafHash::NONE, |line| LeafHash::of(line)), head.leaf);
                before = now;
            }
        });
        let (mut stored, mut last) = (Vec::new(), LeafHash::NONE);
        store
            .read(0..u64::MAX, &mut |_, line| {
                stored.push(line.to_vec());
                last = LeafHash::of(line);
            })
            .unwrap();
        assert_eq!(store.head(), Head { size: 4 * EACH, leaf: last });
        stored.sort();
        let mut all: Vec<Vec<u8>> =
            (0..4).flat_map(|writer| (0..EACH).map(move |at| line(writer, at))).collect();
        all.sort();
        assert_eq!(stored, all);
    });
}

#[test]
fn an_append_waits_for_nobody_who_reads() {
    every(|store| {
        let head = store.append(Head::EMPTY, &batch(&["a", "b"])).unwrap();
        let mut seen = Vec::new();
        let mut each = |_, line: &[u8]| {
            // In a thread of its own: the one that reads asks the store for nothing.
            if seen.is_empty() {
                thread::scope(|scope| {
                    scope.spawn(|| store.append(head, &batch(&["c"])).unwrap()).join().unwrap()
                });
            }
            seen.push(line.to_vec());
        };
        store.read(0..2, &mut each).unwrap();
        assert!(batch(&["a", "b"]).iter().eq(seen));
        assert_eq!(all(store, 2..9), [(2, "c".into())]);
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
        // More than one frame of the embedded store.
        let lengths = [1, 1_000, 65_535, 2, 65_534, 65_535, 3].into_iter().cycle().take(103);
        let lines: Vec<Vec<u8>> = lengths.map(|length| vec![b'x'; length]).collect();
        store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
        for start in 0..lines.len() {
            let mut found = Vec::new();
            store.read(start as u64..u64::MAX, &mut |_, line| found.push(line.to_vec())).unwrap();
            assert_eq!(found, lines[start..]);
        }
    });
}

#[test]
fn lines_are_picked_where_hints_say_and_looked_for_where_they_are_not() {
    every(|store| {
        let lines: Vec<Vec<u8>> = (0..40_u64)
            .map(|at| {
                format!("{}\"sequence\":\"{at:012}\"", "x".repeat(usize::try_from(at * at).unwrap())).into()
            })
            .collect();
        for batch in lines.chunks(7) {
            store.append(store.head(), &batch.iter().collect()).unwrap();
        }
        let lengths =
            lines.iter().scan(0, |sum, line| Some(std::mem::replace(sum, *sum + line.len() as u64 + 1)));
        let right: Vec<LineHint> =
            (0..).zip(lengths).map(|(sequence, before)| LineHint { sequence, before }).collect();
        let wrong = |by: u64| {
            right.iter().map(move |hint| LineHint { before: hint.before.wrapping_add(by), ..*hint })
        };
        for hints in [
            right.clone(),
            wrong(1).collect(),
            wrong(u64::MAX).collect(),
            wrong(1 << 40).collect(),
            right.iter().rev().copied().collect(),
        ] {
            let mut picked = Vec::new();
            store.pick(&hints, &mut |sequence, line| picked.push((sequence, line.to_vec()))).unwrap();
            let meant = hints
                .iter()
                .map(|hint| (hint.sequence, lines[usize::try_from(hint.sequence).unwrap()].clone()));
            assert_eq!(picked, meant.collect::<Vec<_>>());
        }
        let beyond = [LineHint { sequence: 40, before: 0 }];
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
