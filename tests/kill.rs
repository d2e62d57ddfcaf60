//! Writers are killed at random moments, while they open a ledger and while they record: whatever they had acknowledged is
//! there, unchanged and in order, and what they had not acknowledged is there whole or not at all.
//!
//! `ANNALS_KILLS` sets how many are killed; they share a ledger, 20 of them one after another.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "ledger/desk.rs"]
#[expect(dead_code, reason = "to found a ledger takes a part of the desk")]
mod desk;

use annals::ledger::Ledger;
use annals::record::authority::Role;
use annals::record::request::{Draft, Speaker, new_id};
use annals::store::Condition;
use annals::trail::disclosure::{Digest, Disclosure};
use annals::trail::entry::{Entry, Request, parse_timestamp};
use annals::trail::hash::{LeafHash, sha256};
use annals::trail::key::SigningKey;
use chrono::{Duration as Span, Utc};
use serde_json::json;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Tells a child that it is one, and where it writes.
const FOLDER: &str = "ANNALS_KILL_FOLDER";
/// Killed in one ledger: enough to find what others left, and few enough to read it all each time.
const SHARE: usize = 20;
const ACTIONS: u64 = 3;

/// What is said as the entry at a sequence; each has its own, so that it is known which belongs there.
fn draft(sequence: u64) -> Draft {
    let time = parse_timestamp("2022-01-03T09:00:00.000Z").unwrap() + Span::seconds(sequence.cast_signed());
    let mut random = [0; 10];
    random[2..].copy_from_slice(&sequence.to_be_bytes());
    let mut data = json!({"effective": "2021-05", "note": note(sequence)});
    if let Some(evidence) = evidence(sequence) {
        data["evidence"] = json!([{"filename": "minutes.txt", "mediatype": "text/plain",
                                   "sha256": sha256(&evidence), "size": evidence.len()}]);
    }
    let author = "KR".parse::<Speaker>().unwrap().0;
    let mut draft = Draft::new(author, subject(sequence), "action.progressed", time, desk::object(data));
    draft.id = Some(new_id(time, random));
    // Now and then one that is too long for a frame.
    draft.correlationid = (sequence % 50 == 49).then(|| "x".repeat(9_000));
    draft
}

fn subject(sequence: u64) -> String {
    format!("actions/1.G2G.{}", 1 + sequence % ACTIONS)
}

fn note(sequence: u64) -> String {
    format!("Said as entry {sequence}{}", ", at length".repeat(usize::try_from(sequence * 37 % 150).unwrap()))
}

fn evidence(sequence: u64) -> Option<Vec<u8>> {
    (sequence % 8 == 3).then(|| format!("minutes of entry {sequence}\n").repeat(500).into_bytes())
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// A ledger in a folder, and what is known of it: it only ever grows.
struct Watched {
    home: tempfile::TempDir,
    founded: u64,
    acknowledged: usize,
    /// Of every entry that was seen or acknowledged.
    leaves: Vec<Option<LeafHash>>,
    /// Of every entry's note, where it was seen.
    notes: Vec<Option<Digest>>,
    blobs: Vec<(u64, String)>,
}

impl Watched {
    fn founded() -> Self {
        let desk = desk::Desk::founded();
        let mut requests: Vec<(Request, Vec<Disclosure>)> = Vec::new();
        let mut each = |_: u64, line: &[u8]| {
            requests.push((Entry::parse(line).unwrap().request, Vec::new()));
            ControlFlow::Continue(())
        };
        desk.ledger.read(0..u64::MAX, &mut each).unwrap();
        let home = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(home.path()).unwrap();
        ledger
            .record_all(requests, Utc::now())
            .unwrap()
            .into_iter()
            .for_each(|receipt| assert!(receipt.is_ok()));
        let (leaves, notes, blobs) = (Vec::new(), Vec::new(), Vec::new());
        Self { home, founded: ledger.head().size, acknowledged: 0, leaves, notes, blobs }
    }

    /// Starts a writer, kills it after a random time, and takes down what it had acknowledged.
    fn kill_a_writer(&mut self) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer", "--ignored", "--nocapture", "--test-threads=1"])
            .env(FOLDER, self.home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pipe = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || pipe.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut limit = Duration::from_micros(random(100_000));
        // Most are killed while they record, some while they open what others left.
        if random(8) > 0 {
            let opened = (0..).find_map(|_| {
                let line = lines.recv_timeout(Duration::from_mins(1)).ok();
                line.as_ref().is_none_or(|line| line == "opened").then_some(line)
            });
            let Some(_) = opened.flatten() else {
                panic!("the writer did not open the ledger: {}", ended(child));
            };
            limit = Duration::from_micros(random(150_000));
        }
        std::thread::sleep(limit);
        let said = ended(child);
        assert!(said.is_empty(), "the writer ended before it was killed: {said}");
        for line in lines {
            self.acknowledge(&line);
        }
    }

    fn acknowledge(&mut self, line: &str) {
        // The last line may have lost its end.
        match line.split('|').collect::<Vec<_>>()[..] {
            ["entry", sequence, leaf, note, "."] => {
                let sequence = sequence.parse().unwrap();
                assert_eq!(note, self::note(sequence));
                self.know(sequence, leaf.parse().unwrap());
                self.acknowledged += 1;
            }
            ["blob", sequence, digest, "."] => {
                self.blobs.push((sequence.parse().unwrap(), digest.to_owned()));
            }
            _ => {}
        }
    }

    /// The leaf hash at a sequence is this one, for ever.
    fn know(&mut self, sequence: u64, leaf: LeafHash) -> usize {
        let at = usize::try_from(sequence).unwrap();
        self.leaves.resize(self.leaves.len().max(at + 1), None);
        let known = *self.leaves[at].get_or_insert(leaf);
        assert_eq!(known, leaf, "entry {sequence} has changed");
        at
    }

    /// Every entry that was ever seen or acknowledged, with its note and its evidence, and nothing in their places.
    fn check(&mut self, ledger: &Ledger) {
        let mut size = 0;
        let mut each = |sequence: u64, line: &[u8]| {
            assert_eq!(sequence, size);
            size += 1;
            let at = self.know(sequence, LeafHash::of(line));
            self.notes.resize(self.notes.len().max(at + 1), None);
            if sequence >= self.founded && self.notes[at].is_none() {
                self.notes[at] = Some(as_drafted(sequence, line));
            }
            ControlFlow::Continue(())
        };
        ledger.read(0..u64::MAX, &mut each).unwrap();
        assert_eq!(size, ledger.head().size);
        let known = self.leaves.len();
        assert!(size >= known as u64, "{size} entries are left of {known} that were acknowledged or seen");
        for (sequence, digest) in (0..).zip(&self.notes) {
            let said = digest.as_ref().map(|digest| ledger.disclosure(digest));
            let whole = said.is_none_or(|said| said.is_some_and(|said| said.value() == &note(sequence)));
            assert!(whole, "the note of entry {sequence}");
        }
        let named = (self.founded..size).filter_map(|at| evidence(at).map(|bytes| (at, sha256(&bytes))));
        for (sequence, digest) in named.chain(self.blobs.iter().cloned()) {
            let mut bytes = Vec::new();
            let found = ledger.copy_blob(&digest, &mut bytes).unwrap();
            assert_eq!(found, Condition::Whole, "the evidence of entry {sequence}");
            assert!(Some(bytes) == evidence(sequence), "the evidence of entry {sequence}");
        }
    }

    /// As above, by who may write and heals, and every stream has its entries.
    fn check_as_writer(&mut self, verify: bool) {
        let ledger = Ledger::open(self.home.path(), &mut |_| {}).unwrap();
        self.check(&ledger);
        for action in 0..ACTIONS {
            let mut found = ledger.sequences(&subject(action)).unwrap();
            found.retain(|sequence| *sequence >= self.founded);
            let own = (self.founded..ledger.head().size).filter(|sequence| sequence % ACTIONS == action);
            assert_eq!(found, own.collect::<Vec<_>>());
        }
        if verify {
            let report = ledger.verify(&mut |_| {}).unwrap();
            assert!(report.holds(), "{report:?}");
            assert_eq!((report.size, report.withheld.0), (ledger.head().size, report.withheld.1));
        }
        // The readers that come next begin with what was kept here.
        ledger.keep().unwrap();
    }
}

/// Kills a child and returns what it had said before it ended by itself, if it did.
fn ended(mut child: Child) -> String {
    child.kill().unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = format!("{} {}", ended.status, String::from_utf8_lossy(&ended.stderr));
    if ended.status.code().is_none() { String::new() } else { said }
}

/// The digest of the note of an entry, which is what was to be said at its sequence.
fn as_drafted(sequence: u64, line: &[u8]) -> Digest {
    let (event, draft) = (Entry::parse(line).unwrap().request.event, draft(sequence));
    assert_eq!((event.id, event.subject), (draft.id.unwrap(), draft.subject));
    Digest::parse(event.data["_sd"]["note"].as_str().unwrap()).unwrap()
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let kills: usize = std::env::var("ANNALS_KILLS").map_or(200, |number| number.parse().unwrap());
    let watch = |kills: usize| {
        for share in (0..kills).step_by(SHARE) {
            let mut ledger = Watched::founded();
            let last = SHARE.min(kills - share);
            for kill in 1..=last {
                ledger.kill_a_writer();
                // A reader changes nothing, so that most writers find what the one before them left.
                ledger.check(&Ledger::open_read_only(ledger.home.path()).unwrap());
                if kill % 5 == 0 || kill == last {
                    ledger.check_as_writer(kill == last);
                }
            }
            let written = ledger.acknowledged > 0 && !ledger.blobs.is_empty();
            assert!(written || last < SHARE, "nobody came as far as writing");
        }
    };
    let watch = &watch;
    // Two at a time, so that a writer's pauses for the disk are used.
    std::thread::scope(|scope| {
        for half in [kills.div_ceil(2), kills / 2] {
            scope.spawn(move || watch(half));
        }
    });
}

#[test]
#[ignore = "a part of the test above, run as a process of its own"]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let ledger = Ledger::open(Path::new(&folder), &mut |_| {}).unwrap();
    let key = desk::key_of("KR", Role::Coordinator);
    let mut pipe = std::io::stdout().lock();
    // Ends the line that the test harness has begun.
    writeln!(pipe, "\nopened").unwrap();
    loop {
        let (from, base) = (ledger.head().size, ledger.head().leaf);
        let batch: Vec<u64> = (from..=from + random(4)).collect();
        for (sequence, bytes) in batch.iter().filter_map(|at| Some((at, evidence(*at)?))) {
            let digest = ledger.put_blob(&mut bytes.as_slice()).unwrap().sha256;
            writeln!(pipe, "blob|{sequence}|{digest}|.").unwrap();
        }
        let signed = batch.iter().map(|sequence| sign(*sequence, base, &key)).collect();
        for receipt in ledger.record_all(signed, Utc::now()).unwrap() {
            let receipt = receipt.unwrap();
            writeln!(pipe, "entry|{}|{}|{}|.", receipt.sequence, receipt.leaf, note(receipt.sequence))
                .unwrap();
        }
        pipe.flush().unwrap();
    }
}

fn sign(sequence: u64, base: LeafHash, key: &SigningKey) -> (Request, Vec<Disclosure>) {
    let draft = draft(sequence);
    let mut salt = || (u128::from(random(u64::MAX)) << 64 | u128::from(random(u64::MAX))).to_be_bytes();
    draft.sign(draft.id.unwrap(), desk::ORIGIN, base, key, &mut salt).unwrap()
}
