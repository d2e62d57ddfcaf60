//! The embedded store where sled fails: no append waits, and the next opening heals.

use super::*;
use std::time::{Duration, Instant};

/// The answers are those of the lines, of all at once and of each alone.
fn answers(store: &Embedded, lines: &[Vec<u8>]) {
    let mut found = Vec::new();
    store.read(0..u64::MAX, &mut |_, line| found.push(line.to_vec())).unwrap();
    assert!(found == lines);
    for (sequence, line) in (0..).zip(lines).step_by(200) {
        let mut found = Vec::new();
        store.read(sequence..sequence + 1, &mut |_, line| found.push(line.to_vec())).unwrap();
        assert_eq!(found, std::slice::from_ref(line));
    }
}

#[test]
fn where_sled_panics_or_hangs_no_append_waits_and_the_next_opening_heals() {
    let inside: [fn(&Frames); 2] = [Frames::panic, Frames::hang];
    for inside in inside {
        let folder = tempfile::tempdir().unwrap();
        let store = Embedded::create(folder.path()).unwrap();
        let lines: Vec<_> = (0..5_000).map(|line| format!("line {line}").into_bytes()).collect();
        store.append(Head::EMPTY, &lines[..300].iter().collect()).unwrap();
        inside(store.derived().frames.as_ref().unwrap());
        let begun = Instant::now();
        // More than are waited for in the queue.
        for batch in lines[300..].chunks(100) {
            store.append(store.head(), &batch.iter().collect()).unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        drop(store);
        for _ in 0..2 {
            answers(&Embedded::open(folder.path()).unwrap(), &lines);
        }
        assert_eq!(Embedded::open(folder.path()).unwrap().notices(), [""; 0]);
    }
}

#[test]
fn no_append_waits_for_a_reader_for_whom_sled_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::create(folder.path()).unwrap();
    let lines: Vec<_> = (0..300).map(|line| format!("line {line}").into_bytes()).collect();
    let head = store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
    store.derived().frames.as_ref().unwrap().hang();
    std::thread::scope(|scope| {
        let (asked, asks) = std::sync::mpsc::channel();
        let reader = scope.spawn({
            let store = &store;
            move || {
                asked.send(()).unwrap();
                let mut found = Vec::new();
                store.read(7..8, &mut |_, line| found.push(line.to_vec())).unwrap();
                found
            }
        });
        asks.recv().unwrap();
        // Long enough for it to wait for sled, in whose queue there is room.
        std::thread::sleep(Duration::from_millis(100));
        let begun = Instant::now();
        store.append(head, &lines[..20].iter().collect()).unwrap();
        assert!(!reader.is_finished() && begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        assert_eq!(reader.join().unwrap(), lines[7..8], "the journal answered");
    });
    assert_eq!(store.head().size, 320);
}

#[test]
fn a_rebuilding_that_fails_leaves_what_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::create(folder.path()).unwrap();
    let lines: Vec<_> = (0..700).map(|line| format!("line {line}").into_bytes()).collect();
    store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
    drop(store);
    let sled = folder.path().join("sled");
    let kept = std::fs::read(sled.join("current.jsonl")).unwrap();
    // What counts is no folder, and the next number is not to be had.
    std::fs::remove_dir_all(sled.join("1")).unwrap();
    std::fs::write(sled.join(u64::MAX.to_string()), "").unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let notices = store.notices();
    let [notice] = &*notices else { panic!("{notices:?}") };
    assert!(notice.contains("rebuilding it failed") && notice.ends_with(WITHOUT), "{notice}");
    answers(&store, &lines);
    drop(store);
    let left = std::fs::read_to_string(sled.join("current.jsonl")).unwrap();
    assert_eq!(left.lines().next(), Some("{\"folder\":1,\"closed\":false,\"entries\":700,\"frames\":700}"));
    assert!(String::from_utf8(kept).unwrap().contains("\"entries\":700,\"frames\":700"));
    answers(&Embedded::open(folder.path()).unwrap(), &lines);
    assert_eq!(Embedded::open(folder.path()).unwrap().notices(), [""; 0]);
}

#[test]
fn what_was_not_closed_is_tried_in_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::create(folder.path()).unwrap();
    let lines: Vec<_> = (0..700).map(|line| format!("line {line}").into_bytes()).collect();
    store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
    drop(store);
    let path = folder.path().join("sled");
    let generations = || Generations::read(&path);
    let current = generations().current().unwrap();
    assert_eq!((current.folder, current.closed, current.entries), (1, true, 700));
    drop(Embedded::open(folder.path()).unwrap());
    assert_eq!(generations().current(), Some(current), "what was closed is opened as it is");
    generations().switch(Current { closed: false, ..current }).unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    assert_eq!(store.notices(), [""; 0], "nothing had to be healed");
    assert_eq!(generations().current().unwrap().folder, 2);
    assert!(!path.join("1").exists());
    answers(&store, &lines);
}

#[test]
fn where_sled_fails_the_journal_answers_and_the_next_opening_heals() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::create(folder.path()).unwrap();
    let lines: Vec<_> = (0..300).map(|line| format!("line {line}").into_bytes()).collect();
    let head = store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
    let sled = store.stored.clone().unwrap();
    assert!(sled.holding(0).unwrap().is_some());
    store.broken.set("sled failed".to_owned()).unwrap();
    let mut found = Vec::new();
    store.read(40..50, &mut |_, line| found.push(line.to_vec())).unwrap();
    assert_eq!(found, lines[40..50]);
    store.append(head, &lines.iter().collect()).unwrap();
    assert_eq!(sled.holding(0), Err("sled was given up".to_owned()), "nobody keeps it open");
    assert_eq!(
        store.notices(),
        ["sled failed: the ledger works without `sled`, more slowly, until it is opened again"]
    );
    drop(store);
    let store = Embedded::open(folder.path()).unwrap();
    assert_eq!(store.notices(), ["`sled` was missing: `sled` was rebuilt from the journal's 600 entries"]);
    answers(&store, &[lines.clone(), lines].concat());
}
