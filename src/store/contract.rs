//! The contract of a store, as one suite that every engine runs.

use super::journal::Journal;
use super::memory::Memory;
use super::{AppendError, Head, Store, StoreError};
use crate::trail::hash::LeafHash;

fn every(rule: impl Fn(&mut dyn Store)) {
    rule(&mut Memory::default());
    let folder = tempfile::tempdir().unwrap();
    rule(&mut Journal::open(&folder.path().join("journal")).unwrap());
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
