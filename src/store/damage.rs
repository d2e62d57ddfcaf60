//! What happens to a ledger whose files were lost, cut or changed: the journal is never guessed at, and sled, in `sled.rs`, is
//! healed.

mod sled;

use super::embedded::Embedded;
use super::folder::Folder;
use super::generation::Generations;
use super::segment::file;
use super::{Head, Store, StoreError};
use std::fs;
use std::path::{Path, PathBuf};

type Answers = (Head, Vec<Vec<u8>>);

/// Small enough for several segments.
const LIMIT: u64 = 30_000;

fn line(sequence: u64) -> Vec<u8> {
    let length = if sequence % 97 == 96 { 9_000 } else { 60 + usize::try_from(sequence).unwrap() % 40 };
    format!("action/{} {sequence:>length$}", sequence * 7 % 10).into_bytes()
}

fn open(path: &Path) -> Result<Embedded, StoreError> {
    Embedded::open_for_writing(Folder::open(path)?, LIMIT, 0)
}

/// Brings a ledger to a number of lines.
fn grow(path: &Path, size: u64) -> Answers {
    if !path.join("annals.json").exists() {
        drop(Embedded::create(path).unwrap());
    }
    let store = open(path).unwrap();
    while store.head().size < size {
        let from = store.head().size;
        let batch = (from..size.min(from + 25)).map(line).collect();
        store.append(store.head(), &batch).unwrap();
    }
    answers(&store)
}

fn answers(store: &Embedded) -> Answers {
    let mut lines = Vec::new();
    store.read(0..u64::MAX, &mut |_, line| lines.push(line.to_vec())).unwrap();
    // For short reads sled says where they are, for long ones nobody asks it.
    let mut again = Vec::new();
    for start in (0..store.head().size).step_by(100) {
        store.read(start..start + 100, &mut |_, line| again.push(line.to_vec())).unwrap();
    }
    assert!(lines == again);
    (store.head(), lines)
}

/// A ledger of 1,005 lines, closed.
fn ledger() -> (tempfile::TempDir, Answers) {
    let folder = tempfile::tempdir().unwrap();
    let known = grow(folder.path(), 1_005);
    assert_eq!(known.1, (0..1_005).map(line).collect::<Vec<_>>());
    (folder, known)
}

/// Opens a ledger that must give the known answers, twice, and returns what was noticed first.
fn healed(path: &Path, known: &Answers) -> Vec<String> {
    let store = open(path).unwrap();
    let notices = store.notices();
    assert_eq!(answers(&store), *known);
    drop(store);
    let again = open(path).unwrap();
    assert_eq!(answers(&again), *known);
    assert_eq!(again.notices(), [""; 0], "healed once is healed");
    notices
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(path.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_ledger_that_was_closed_opens_without_a_notice() {
    let (folder, known) = ledger();
    assert!(segments(folder.path()).len() > 3);
    assert_eq!(healed(folder.path(), &known), [""; 0]);
}

#[test]
fn readers_need_no_sled_and_change_nothing() {
    let (folder, known) = ledger();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let last = segments(folder.path()).pop().unwrap();
    let torn = [fs::read(&last).unwrap().as_slice(), b"torn"].concat();
    fs::write(&last, &torn).unwrap();
    let _writer = Folder::open(folder.path()).unwrap();
    let reader = Embedded::open_read_only(folder.path()).unwrap();
    assert_eq!(answers(&reader), known);
    assert_eq!(fs::read(&last).unwrap(), torn);
    assert!(!folder.path().join("sled").exists());
}

#[test]
fn a_reader_neither_appends_nor_keeps_blobs() {
    let (folder, known) = ledger();
    let reader = Embedded::open_read_only(folder.path()).unwrap();
    let refused = reader.append(known.0, &["a line"].into_iter().collect()).unwrap_err();
    assert!(matches!(refused, super::AppendError::Failed(StoreError::ReadOnly(_))));
    assert!(matches!(reader.put_blob(&mut &b"evidence"[..]), Err(StoreError::ReadOnly(_))));
}

#[test]
fn a_torn_line_is_cut_and_sled_stays() {
    let (folder, known) = ledger();
    let last = segments(folder.path()).pop().unwrap();
    let whole = fs::read(&last).unwrap();
    fs::write(&last, [whole.as_slice(), b"action/1 torn"].concat()).unwrap();
    assert_eq!(healed(folder.path(), &known), [""; 0]);
    assert_eq!(fs::read(&last).unwrap(), whole);
}

#[test]
fn a_journal_that_was_cut_is_an_alarm_until_the_shorter_history_is_accepted() {
    for lines in [1, 3, 20, 300] {
        let (folder, known) = ledger();
        let mut left = lines;
        while left > 0 {
            let last = segments(folder.path()).pop().unwrap();
            let text = fs::read_to_string(&last).unwrap();
            let keep = text.lines().count().saturating_sub(left);
            left -= text.lines().count() - keep;
            if keep == 0 {
                fs::remove_file(&last).unwrap();
            } else {
                let kept: String = text.split_inclusive('\n').take(keep).collect();
                fs::write(&last, kept).unwrap();
            }
        }
        let size = 1_005 - u64::try_from(lines).unwrap();
        for _ in 0..2 {
            let refused = open(folder.path()).unwrap_err();
            assert!(
                matches!(refused, StoreError::Cut { journal, known: 1_005, .. } if journal == size),
                "{refused}"
            );
            assert!(refused.to_string().contains("delete the folder `sled`"));
        }
        fs::remove_dir_all(folder.path().join("sled")).unwrap();
        let store = open(folder.path()).unwrap();
        assert_eq!(store.head().size, size);
        assert_eq!(answers(&store).1, known.1[..lines_of(size)]);
    }
}

fn lines_of(size: u64) -> usize {
    usize::try_from(size).unwrap()
}

#[test]
fn a_missing_segment_is_named_with_and_without_sled() {
    for sled in [true, false] {
        let (folder, _) = ledger();
        let segments = segments(folder.path());
        if !sled {
            fs::remove_dir_all(folder.path().join("sled")).unwrap();
        }
        fs::remove_file(&segments[1]).unwrap();
        let refused = open(folder.path()).unwrap_err();
        assert!(matches!(&refused, StoreError::Damaged { path, .. } if *path == segments[1]), "{refused}");
        fs::write(&segments[1], b"").unwrap();
        assert!(matches!(open(folder.path()), Err(StoreError::Damaged { path, .. }) if path == segments[1]));
    }
}

#[test]
fn a_damaged_line_is_named_with_its_place_and_nothing_is_changed() {
    for sled in [true, false] {
        let (folder, _) = ledger();
        if !sled {
            fs::remove_dir_all(folder.path().join("sled")).unwrap();
        }
        let last = segments(folder.path()).pop().unwrap();
        let text = fs::read_to_string(&last).unwrap();
        let second = text.find('\n').unwrap();
        let damaged = format!("{}\n{}", &text[..=second], &text[second + 1..]);
        fs::write(&last, &damaged).unwrap();
        let refused = open(folder.path()).unwrap_err();
        let StoreError::Damaged { path, offset, .. } = &refused else { panic!("{refused}") };
        assert_eq!((path, *offset), (&last, u64::try_from(second).unwrap() + 1));
        assert_eq!(fs::read_to_string(&last).unwrap(), damaged);
    }
}

#[test]
fn a_line_that_sled_knows_otherwise_is_the_journals() {
    let (folder, mut known) = ledger();
    // The last line of the last complete frame, whatever waits behind it.
    let at = Generations::read(&folder.path().join("sled")).current().unwrap().frames - 1;
    let first = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap();
    let last = segments(folder.path()).into_iter().rfind(|path| first(path) <= at).unwrap();
    assert_eq!(file(&folder.path().join("journal"), first(&last)), last);
    let before = String::from_utf8(line(at)).unwrap();
    let after = before.replace(' ', "-");
    fs::write(&last, fs::read_to_string(&last).unwrap().replace(&before, &after)).unwrap();
    known.1[usize::try_from(at).unwrap()] = after.into_bytes();
    let notices = healed(folder.path(), &known);
    assert_eq!(
        notices,
        ["`sled` and the journal disagreed: `sled` was rebuilt from the journal's 1005 entries"]
    );
}
