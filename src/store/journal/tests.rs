//! The journal: its files, what is read of them, what becomes of a line that was never acknowledged, and damage.

use super::super::disk::faults::{Fault, arm};
use super::*;
use std::fs;

/// Segments of more than 8 bytes are left behind.
fn open(folder: &Path) -> Result<Journal, StoreError> {
    let mut journal = Journal::scan(folder, 8, None, &mut |_, _, _| {})?;
    journal.begin_writing(0)?;
    Ok(journal)
}

/// The head after a line, and where it went.
fn append(journal: &Journal, head: Head, line: &str) -> Result<(Head, Place), AppendError> {
    let mut place = None;
    let head = journal.append(head, &Lines::from_iter([line]), &mut |first| place = Some(first))?;
    Ok((head, place.unwrap()))
}

fn written(folder: &Path) -> Head {
    let journal = open(folder).unwrap();
    let mut head = Head::EMPTY;
    for line in ["line-0", "line-1", "line-2", "line-3", "line-4"] {
        head = append(&journal, head, line).unwrap().0;
    }
    head
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn all(journal: &Journal) -> Vec<(u64, Place, String)> {
    let mut found = Vec::new();
    let mut each =
        |at, place, line: &[u8]| found.push((at, place, String::from_utf8(line.to_vec()).unwrap()));
    journal.read(0..9, &mut each).unwrap();
    found
}

#[test]
fn a_segment_is_plain_text_named_by_its_first_sequence() {
    let folder = tempfile::tempdir().unwrap();
    let head = written(folder.path());
    assert_eq!(names(folder.path()), ["000000000000.jsonl", "000000000002.jsonl", "000000000004.jsonl"]);
    assert_eq!(fs::read(file(folder.path(), 2)).unwrap(), b"line-2\nline-3\n");
    let journal = open(folder.path()).unwrap();
    assert_eq!(journal.head(), head);
    let found = all(&journal);
    assert_eq!(found.len(), 5);
    assert_eq!(found[3], (3, Place { segment: 2, offset: 7 }, "line-3".to_owned()));
}

#[test]
fn lines_are_read_where_they_are_known_to_lie_all_of_them_or_none() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let journal = open(folder.path()).unwrap();
    let read = |lines: &[(u64, u64, usize)]| {
        let mut found = Vec::new();
        let lines = lines
            .iter()
            .map(|(sequence, offset, length)| (*sequence, Place { segment: 2, offset: *offset }, *length));
        let read = journal.at(lines, &mut |sequence, line| found.push((sequence, line.to_vec())));
        (read.is_ok(), found)
    };
    let [second, third] = [(2, b"line-2".to_vec()), (3, b"line-3".to_vec())];
    assert_eq!(read(&[(2, 0, 6), (3, 7, 6)]), (true, vec![second, third.clone()]));
    assert_eq!(read(&[(3, 7, 6)]), (true, vec![third]));
    assert_eq!(read(&[]), (true, vec![]));
    assert_eq!(read(&[(3, 8, 5)]), (false, vec![]), "the end of another");
    for lines in
        [[(2, 0, 6), (3, 7, 5)], [(2, 0, 6), (3, 7, 7)], [(2, 0, 5), (3, 6, 7)], [(2, 0, 13), (3, 14, 0)]]
    {
        assert_eq!(read(&lines), (false, vec![]), "{lines:?}");
    }
}

#[test]
fn a_known_line_spares_the_lines_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let head = written(folder.path());
    let mut seen = Vec::new();
    let from = Some((3, Place { segment: 2, offset: 7 }));
    let journal = Journal::scan(folder.path(), 8, from, &mut |at, _, _| seen.push(at)).unwrap();
    assert_eq!((journal.head(), seen), (head, vec![3, 4]));
    assert_eq!(all(&journal).len(), 5);
    for (segment, offset) in [(2, 6), (2, 14), (2, 70), (1, 0), (6, 0)] {
        let from = Some((3, Place { segment, offset }));
        assert!(Journal::scan(folder.path(), 8, from, &mut |_, _, _| {}).is_err(), "{segment} {offset}");
    }
}

#[test]
fn a_line_without_its_newline_was_never_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let head = written(folder.path());
    fs::write(file(folder.path(), 4), b"line-4\nline").unwrap();
    assert_eq!(Journal::scan(folder.path(), 8, None, &mut |_, _, _| {}).unwrap().head(), head);
    assert_eq!(fs::read(file(folder.path(), 4)).unwrap(), b"line-4\nline", "readers change nothing");
    assert_eq!(open(folder.path()).unwrap().head(), head);
    assert_eq!(fs::read(file(folder.path(), 4)).unwrap(), b"line-4\n");
}

#[test]
fn a_segment_that_was_begun_and_never_written_to_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let head = written(folder.path());
    fs::write(file(folder.path(), 5), b"").unwrap();
    let journal = open(folder.path()).unwrap();
    assert_eq!(journal.head(), head);
    let place = append(&journal, head, "line-5").unwrap().1;
    assert_eq!(place, Place { segment: 5, offset: 0 });
}

#[test]
#[cfg(target_os = "linux")]
fn after_an_append_in_doubt_nothing_is_taken_until_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let head = written(folder.path());
    let journal = open(folder.path()).unwrap();
    // It takes no bytes, and what it took cannot be taken back.
    journal.tail.lock().unwrap().writer = Some(OpenOptions::new().append(true).open("/dev/full").unwrap());
    let refused = append(&journal, head, "line-5");
    assert!(matches!(refused, Err(AppendError::InDoubt(StoreError::Full { .. }))));
    let refused = append(&journal, head, "line-5");
    assert!(matches!(refused, Err(AppendError::Failed(StoreError::Doubtful(_)))));
    drop(journal);
    assert!(append(&open(folder.path()).unwrap(), head, "line-5").is_ok());
}

#[test]
fn after_a_sync_that_failed_what_the_kernel_holds_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let head = written(folder.path());
    let journal = open(folder.path()).unwrap();
    // It is written, and the sync of it fails.
    let armed = arm(folder.path(), 1, Fault::NotDone, false);
    assert!(matches!(append(&journal, head, "line-5"), Err(AppendError::InDoubt(_))) && armed.met());
    drop((journal, armed));
    let writes = |durable| {
        let armed = arm(folder.path(), 0, Fault::Half, true);
        let mut journal = Journal::scan(folder.path(), 8, None, &mut |_, _, _| {}).unwrap();
        (journal.begin_writing(durable).is_err(), armed.met())
    };
    let there = || fs::read_to_string(file(folder.path(), 4)).unwrap();
    assert_eq!(there(), "line-4\nline-5\n");
    assert_eq!([writes(5), writes(6)], [(true, true), (false, false)]);
    assert_eq!(open(folder.path()).unwrap().head().size, 6);
    assert_eq!(there(), "line-4\nline-5\n");
}

#[test]
fn every_range_is_found_whether_lines_name_their_sequences_or_not() {
    let plain: fn(u64) -> String = |line| format!("line {line}");
    let named: fn(u64) -> String = |line| {
        format!("{}\"sequence\":\"{line:012}\"", "x".repeat(usize::try_from(line * line % 97).unwrap()))
    };
    let astray: fn(u64) -> String = |line| format!("\"sequence\":\"{:012}\"", line * 7_919 % 1_000);
    for (text, sound) in [(plain, true), (named, true), (astray, false)] {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<_> = (0..1_000).map(|line| text(line).into_bytes()).collect();
        let mut appended = Journal::scan(folder.path(), 20_000, None, &mut |_, _, _| {}).unwrap();
        appended.begin_writing(0).unwrap();
        for batch in lines.chunks(70) {
            appended.append(appended.head(), &batch.iter().collect(), &mut |_| {}).unwrap();
        }
        let scanned = Journal::scan(folder.path(), 20_000, None, &mut |_, _, _| {}).unwrap();
        let lengths = lines.iter().scan(0, |sum, line| Some(mem::replace(sum, *sum + line.len() as u64 + 1)));
        let places = (0..).zip(lengths).map(|(sequence, before)| crate::store::LineHint { sequence, before });
        let mut picked = Vec::new();
        scanned.pick(&places.collect::<Vec<_>>(), &mut |_, line| picked.push(line.to_vec())).unwrap();
        assert!(!sound || picked == lines);
        for start in [0, 1, 16, 17, 255, 256, 257, 511, 600, 999, 1_000] {
            for journal in [&appended, &scanned] {
                let mut found = Vec::new();
                let mut each = |at, _, line: &[u8]| found.push((at, line.to_vec()));
                journal.read(start..start + 300, &mut each).unwrap();
                let expected = (0..).zip(lines.clone()).filter(|(at, _)| (start..start + 300).contains(at));
                let expected: Vec<_> = expected.collect();
                assert!(!sound || found == expected, "from {start}");
                assert!(found.len() <= expected.len());
            }
        }
    }
}

#[test]
fn lines_are_picked_from_segments_that_are_kept_open_and_are_never_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let line = |at: u64| format!("{{\"sequence\":\"{at:012}\"}}").into_bytes();
    let mut journal = Journal::scan(folder.path(), 50, None, &mut |_, _, _| {}).unwrap();
    journal.begin_writing(0).unwrap();
    let append = |at| {
        journal.append(journal.head(), &Lines::from_iter([line(at)]), &mut |_| {}).unwrap();
    };
    let hint = |sequence: u64| crate::store::LineHint {
        sequence,
        before: sequence * line(0).len() as u64 + sequence,
    };
    let picked = |wanted: &[u64]| {
        let (hints, mut found): (Vec<_>, _) = (wanted.iter().map(|at| hint(*at)).collect(), Vec::new());
        journal.pick(&hints, &mut |at, line| found.push((at, line.to_vec()))).unwrap();
        assert_eq!(found, wanted.iter().map(|at| (*at, line(*at))).collect::<Vec<_>>());
    };
    (0..3 * KEPT as u64 - 1).for_each(append);
    assert!(journal.segments().len() > KEPT);
    for wanted in [&[0, 5, 94][..], &(0..95).collect::<Vec<_>>(), &(0..95).rev().collect::<Vec<_>>(), &[94]] {
        picked(wanted);
        assert!(journal.open.lock().unwrap().len() <= KEPT);
    }
    // The last one goes on while it is open.
    append(95);
    picked(&[95, 94, 0]);
}

#[test]
fn a_reader_opens_a_journal_by_the_ends_of_its_segments() {
    let folder = tempfile::tempdir().unwrap();
    let line = |at: u64| format!("\"sequence\":\"{at:012}\"").into_bytes();
    let mut journal = Journal::scan(folder.path(), 100, None, &mut |_, _, _| {}).unwrap();
    journal.begin_writing(0).unwrap();
    for at in 0..20 {
        journal.append(journal.head(), &Lines::from_iter([line(at)]), &mut |_| {}).unwrap();
    }
    let last = journal.segments().last().unwrap().first;
    let opened = || Journal::ends(folder.path(), 100).unwrap();
    assert_eq!(opened().unwrap().head(), journal.head());
    let mut torn = fs::read(file(folder.path(), last)).unwrap();
    torn.extend(b"\"sequence\":\"00");
    fs::write(file(folder.path(), last), &torn).unwrap();
    let reader = opened().unwrap();
    assert_eq!((reader.head(), reader.unfinished()), (journal.head(), 14));
    torn.extend(vec![0; 300_000]);
    fs::write(file(folder.path(), last), &torn).unwrap();
    assert!(opened().is_none(), "nothing ends near the end, so all is read");
    let reader = Journal::open(folder.path(), 100).unwrap();
    assert_eq!((reader.head(), reader.unfinished()), (journal.head(), 300_014));
    fs::remove_file(file(folder.path(), journal.segments()[1].first)).unwrap();
    assert!(opened().is_none());
    assert!(matches!(Journal::open(folder.path(), 100), Err(StoreError::Damaged { .. })));
}

#[test]
fn damage_is_named_with_its_place_and_nothing_is_changed() {
    let long = [b"line-2\n", &*vec![b'x'; 65_536], b"\n"].concat();
    let check = |segment, bytes: Option<&[u8]>, at, place, said: &str| {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let path = file(folder.path(), segment);
        match bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let refused = open(folder.path()).unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
        let StoreError::Damaged { path: named, offset, .. } = refused else { panic!("{refused}") };
        assert_eq!((named, offset), (file(folder.path(), at), place));
        assert_eq!(fs::read(&path).ok().as_deref(), bytes);
    };
    check(2, Some(b"line-2\n\nline-3\n"), 2, 7, "an empty line");
    check(2, Some(&long), 2, 7, "a line of more than 65535 bytes");
    check(2, Some(b"line-2\nline"), 2, 7, "a line without its newline");
    check(2, Some(b"line-2\n"), 3, 0, "missing: entries 3 to 3");
    check(2, Some(b"line-2\nline-3\nline-4\n"), 4, 0, "the lines before it end at 5");
    check(2, None, 2, 0, "missing: entries 2 to 3");
    check(0, None, 0, 0, "missing: entries 0 to 1");
}

#[test]
fn a_line_that_names_the_sequence_of_another_hides_none() {
    let folder = tempfile::tempdir().unwrap();
    let named = |at: u64| format!("\"sequence\":\"{at:012}\"").into_bytes();
    let mut lines: Vec<Vec<u8>> = (0..20).map(named).collect();
    lines.extend([vec![b'x'; 65_534], named(1)]);
    let mut journal = Journal::scan(folder.path(), 1 << 20, None, &mut |_, _, _| {}).unwrap();
    journal.begin_writing(0).unwrap();
    journal.append(journal.head(), &lines.iter().collect(), &mut |_| {}).unwrap();
    for (at, line) in (0..).zip(&lines) {
        let mut found = Vec::new();
        journal.read(at..at + 1, &mut |at, _, line| found.push((at, line.to_vec()))).unwrap();
        assert_eq!(found, [(at, line.clone())]);
    }
}
