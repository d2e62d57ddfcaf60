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
    let head = crate::trail::hash::LeafHash::of(&lines[699]);
    let line =
        format!("{{\"folder\":1,\"closed\":false,\"entries\":700,\"frames\":700,\"head\":\"{head}\"}}");
    assert_eq!(left.lines().next(), Some(&*line));
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
    let notice =
        "`sled` had failed, or was of an earlier version: `sled` was rebuilt from the journal's 600 entries";
    assert_eq!(store.notices(), [notice]);
    answers(&store, &[lines.clone(), lines].concat());
}

#[test]
fn where_frames_say_other_places_the_journal_answers_and_the_next_opening_heals() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::create(folder.path()).unwrap();
    let lines: Vec<_> = (0..300).map(|line| format!("line {line}").into_bytes()).collect();
    store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
    drop(store);
    let path = folder.path().join("sled");
    let current = Generations::read(&path).current().unwrap();
    let sled = (0..500).find_map(|_| {
        // sled's own threads may hold its lock for a moment after it was closed.
        std::thread::sleep(Duration::from_millis(10));
        sled::open(path.join(current.folder.to_string())).ok()
    });
    let sled = sled.unwrap();
    let tree = sled.open_tree("frames").unwrap();
    let (key, value) = tree.get_lt(200_u64.to_be_bytes()).unwrap().unwrap();
    // One character later, with the checksum of that.
    let mut frame = crate::store::frame::Frame::decode(&key, &value).unwrap();
    frame.place.offset += 1;
    tree.insert(key, frame.encode()).unwrap();
    drop((tree, sled));
    let store = Embedded::open(folder.path()).unwrap();
    assert_eq!(store.notices(), [""; 0], "nobody has looked there yet");
    let mut found = Vec::new();
    store.read(170..171, &mut |_, line| found.push(line.to_vec())).unwrap();
    assert_eq!(found, lines[170..171]);
    drop(store);
    let store = Embedded::open(folder.path()).unwrap();
    assert_eq!(store.notices().len(), 1, "{:?}", store.notices());
    answers(&store, &lines);
}

#[test]
fn a_journal_that_cannot_be_read_costs_nothing_that_sled_knows() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::create(folder.path()).unwrap();
    let lines: Vec<_> = (0..300).map(|line| format!("line {line}").into_bytes()).collect();
    store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
    let journal = folder.path().join("journal/000000000000.jsonl");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, "line").unwrap();
    assert!(store.read(170..171, &mut |_, _| {}).is_err());
    drop(store);
    assert_eq!(Generations::read(&folder.path().join("sled")).current().unwrap().entries, 300);
    // So it is told where a shorter one is put in its place.
    std::fs::write(&journal, &whole[..whole.len() - "line 299\n".len()]).unwrap();
    assert!(matches!(Embedded::open(folder.path()), Err(StoreError::Cut { journal: 299, known: 300, .. })));
    std::fs::write(&journal, whole).unwrap();
    answers(&Embedded::open(folder.path()).unwrap(), &lines);
}

#[test]
fn a_sled_of_no_use_is_made_anew_and_how_many_entries_it_knows_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::create(folder.path()).unwrap();
    let lines: Vec<_> = (10..40).map(|line| format!("line {line}").into_bytes()).collect();
    store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
    drop(store);
    let mut generations = Generations::read(&folder.path().join("sled"));
    let current = generations.current().unwrap();
    generations.switch(Current { head: None, ..current }).unwrap();
    let journal = folder.path().join("journal/000000000000.jsonl");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &whole[..whole.len() - "line 39\n".len()]).unwrap();
    assert!(matches!(Embedded::open(folder.path()), Err(StoreError::Cut { journal: 29, known: 30, .. })));
    std::fs::write(&journal, whole).unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    assert!(store.notices()[0].starts_with("`sled` had failed, or was of an earlier version"));
    answers(&store, &lines);
}

#[test]
fn the_last_line_is_known_by_its_hash_though_no_frame_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::create(folder.path()).unwrap();
    let lines: Vec<_> = (10..40).map(|line| format!("line {line}").into_bytes()).collect();
    store.append(Head::EMPTY, &lines.iter().collect()).unwrap();
    drop(store);
    let journal = folder.path().join("journal/000000000000.jsonl");
    let other = std::fs::read_to_string(&journal).unwrap().replace("39", "93");
    std::fs::write(&journal, other).unwrap();
    let notices = Embedded::open(folder.path()).unwrap().notices();
    assert_eq!(
        notices,
        ["`sled` and the journal disagreed: `sled` was rebuilt from the journal's 30 entries"]
    );
}
