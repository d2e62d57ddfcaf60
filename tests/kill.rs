//! Writers are killed at random moments: whatever they had acknowledged is there, unchanged and in order.
//!
//! `ANNALS_KILLS` sets how many are killed, all in one folder.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use annals::store::Store;
use annals::store::embedded::Embedded;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells a child that it is one, and where it writes.
const FOLDER: &str = "ANNALS_KILL_FOLDER";

/// Every sequence has one line that belongs there, of a length between a few bytes and more than a frame.
fn line(sequence: u64) -> Vec<u8> {
    let length = if sequence % 50 == 49 { 9_000 } else { usize::try_from(sequence * 37 % 1_500).unwrap() };
    format!("action/{} {sequence} {}", sequence % 7, "x".repeat(length)).into_bytes()
}

fn first_word(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line).ok()?.split_once(' ').map(|(word, _)| word)
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// Every acknowledged line, every line beyond, every stream and every acknowledged blob is as it was written.
fn check(store: &Embedded, acknowledged: u64, blobs: &[(u64, String)]) {
    let size = store.head().size;
    assert!(size >= acknowledged, "{size} entries are left of {acknowledged} that were acknowledged");
    let mut next = 0;
    let mut each = |sequence, found: &[u8]| {
        assert_eq!(sequence, next);
        assert!(found == line(sequence), "entry {sequence} has changed");
        next += 1;
    };
    store.read(0..u64::MAX, &mut each).unwrap();
    assert_eq!(next, size);
    for stream in 0..7 {
        let expected: Vec<u64> = (0..size).filter(|sequence| sequence % 7 == stream).collect();
        assert_eq!(store.sequences(&format!("action/{stream}")).unwrap(), expected);
    }
    for (sequence, name) in blobs {
        assert_eq!(store.blob(name).unwrap().unwrap(), line(*sequence));
    }
}

/// Starts a writer, kills it after a random time, and returns the lines that it wrote to its pipe.
fn killed(folder: &Path) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).collect());
    std::thread::sleep(Duration::from_micros(random(200_000)));
    child.kill().unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code().is_none(), "the writer ended before it was killed: {said}");
    reader.join().unwrap()
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let kills = std::env::var("ANNALS_KILLS").map_or(20, |number| number.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    drop(Embedded::create(folder.path(), first_word).unwrap());
    let (mut acknowledged, mut blobs) = (0u64, Vec::new());
    for kill in 1..=kills {
        for said in killed(folder.path()) {
            match said.split(' ').collect::<Vec<_>>()[..] {
                // The last line may have lost digits.
                ["size", size] => acknowledged = acknowledged.max(size.parse().unwrap_or(0)),
                ["blob", sequence, name] if name.len() == 64 => {
                    blobs.push((sequence.parse().unwrap(), name.to_owned()));
                }
                _ => {}
            }
        }
        // A reader changes nothing, so that most writers find what the one before them left.
        check(&Embedded::open_read_only(folder.path(), first_word).unwrap(), acknowledged, &blobs);
        if kill % 5 == 0 || kill == kills {
            check(&Embedded::open(folder.path(), first_word).unwrap(), acknowledged, &blobs);
        }
    }
    assert!(acknowledged > 0 && !blobs.is_empty(), "no writer came as far as writing");
}

#[test]
#[ignore = "a part of the test above, run as a process of its own"]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut store = Embedded::open(Path::new(&folder), first_word).unwrap();
    let mut pipe = std::io::stdout().lock();
    // Ends the line that the test harness has begun.
    pipe.write_all(b"\n").unwrap();
    loop {
        let from = store.head().size;
        let batch: Vec<_> = (from..=from + random(4)).map(line).collect();
        let head = store.append(store.head(), &batch).unwrap();
        writeln!(pipe, "size {}", head.size).unwrap();
        if random(8) == 0 {
            let name = store.put_blob(&line(from)).unwrap();
            writeln!(pipe, "blob {from} {name}").unwrap();
        }
        pipe.flush().unwrap();
    }
}
