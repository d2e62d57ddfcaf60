//! Programs in which sixteen threads write through one ledger are killed at random moments, while they open it and while they
//! record: whatever they had acknowledged is there, unchanged and in order, what they had not is there whole or not at all,
//! nothing is there twice, and asking again completes it.
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
use annals::record::ids;
use annals::record::request::{Draft, Speaker};
use annals::record::role::Role;
use annals::store::Condition;
use annals::trail::disclosure::{Digest, Disclosure};
use annals::trail::entry::{Entry, Request, parse_timestamp};
use annals::trail::hash::{Head, LeafHash, sha256};
use annals::trail::key::SigningKey;
use chrono::{DateTime, Duration as Span, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use uuid::Uuid;

/// Tells a child that it is one, and where it writes.
const FOLDER: &str = "ANNALS_KILL_FOLDER";
/// Tells a child how many wrote before it, and the head of the founding, which everybody has verified.
const RUN: &str = "ANNALS_KILL_RUN";
const BASE: &str = "ANNALS_KILL_BASE";
/// Killed in one ledger: enough to find what others left, and few enough to read it all each time.
const SHARE: usize = 20;
const WRITERS: u64 = 16;
const ACTIONS: u64 = 3;

/// What one thread of one program says, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    run: u64,
    writer: u64,
    number: u64,
}

impl Said {
    /// Each has an id of its own, by which it is known wherever it is recorded.
    fn id(self) -> Uuid {
        let mut random = [0; 10];
        random[2..4].copy_from_slice(&self.run.to_be_bytes()[6..]);
        random[4] = u8::try_from(self.writer).unwrap();
        random[5..].copy_from_slice(&self.number.to_be_bytes()[3..]);
        ids::new(self.time(), random)
    }

    fn of(id: Uuid) -> Self {
        let bytes = id.as_bytes()[8..].try_into().map(u64::from_be_bytes).unwrap();
        Self { run: bytes >> 48 & 0x3fff, writer: bytes >> 40 & 0xff, number: bytes & 0xff_ffff_ffff }
    }

    fn time(self) -> DateTime<Utc> {
        let begin = parse_timestamp("2022-01-03T09:00:00.000Z").unwrap();
        begin + Span::seconds(self.number.cast_signed())
    }

    fn subject(self) -> String {
        format!("actions/1.G2G.{}", 1 + (self.writer + self.number) % ACTIONS)
    }

    fn note(self) -> String {
        let more = ", at length".repeat(usize::try_from(self.number * 37 % 150).unwrap());
        format!("Said as number {} of {} in {}{more}", self.number, self.writer, self.run)
    }

    fn evidence(self) -> Option<Vec<u8>> {
        let minutes = || format!("minutes of {self:?}\n").repeat(500).into_bytes();
        (self.number % 8 == 3).then(minutes)
    }

    /// The same request whenever it is made: asking again is asking the same.
    fn sign(self, base: LeafHash, key: &SigningKey) -> (Request, Vec<Disclosure>) {
        let mut data = json!({"effective": "2021-05", "note": self.note()});
        if let Some(evidence) = self.evidence() {
            data["evidence"] = json!([{"filename": "minutes.txt", "mediatype": "text/plain",
                                       "sha256": sha256(&evidence), "size": evidence.len()}]);
        }
        let author = "KR".parse::<Speaker>().unwrap().0;
        let mut draft =
            Draft::new(author, self.subject(), "action.progressed", self.time(), desk::object(data));
        // Now and then one that is too long for a frame.
        draft.correlationid = (self.number % 50 == 49).then(|| "x".repeat(9_000));
        let mut salts = 0;
        let mut salt = || {
            salts += 1;
            sha256(format!("{self:?} {salts}").as_bytes()).as_bytes()[..16].try_into().unwrap()
        };
        draft.sign(self.id(), desk::ORIGIN, base, key, &mut salt).unwrap()
    }
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// A ledger in a folder, and what is known of it: it only ever grows.
struct Watched {
    home: tempfile::TempDir,
    founded: Head,
    runs: u64,
    /// Of every entry that was seen or acknowledged.
    leaves: Vec<Option<LeafHash>>,
    /// Where each request stands that was seen, and the digest of its note.
    seen: BTreeMap<Said, (u64, Digest)>,
    /// Where each request stands that was acknowledged.
    acknowledged: BTreeMap<Said, u64>,
    blobs: Vec<String>,
}

impl Watched {
    fn founded() -> Self {
        let desk = desk::Desk::founded();
        let requests = desk::requests(&desk.ledger);
        let home = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(home.path()).unwrap();
        let receipts = ledger.record_all(requests, Utc::now()).unwrap();
        assert!(receipts.iter().all(Result::is_ok));
        let (leaves, seen, acknowledged) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { home, founded: ledger.head(), runs: 0, leaves, seen, acknowledged, blobs: Vec::new() }
    }

    /// Starts a program that writes, kills it after a random time, and takes down what it had acknowledged.
    fn kill_one(&mut self) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sixteen_writers", "--ignored", "--nocapture", "--test-threads=1"])
            .env(FOLDER, self.home.path())
            .env(RUN, self.runs.to_string())
            .env(BASE, self.founded.leaf.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        self.runs += 1;
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
                panic!("nobody opened the ledger: {}", ended(child));
            };
            limit = Duration::from_micros(random(150_000));
        }
        std::thread::sleep(limit);
        let said = ended(child);
        assert!(said.is_empty(), "the writers ended before they were killed: {said}");
        for line in lines {
            self.acknowledge(&line);
        }
    }

    fn acknowledge(&mut self, line: &str) {
        // The last line may have lost its end.
        match line.split('|').collect::<Vec<_>>()[..] {
            ["entry", id, sequence, leaf, "."] => {
                let (said, sequence) = (Said::of(id.parse().unwrap()), sequence.parse().unwrap());
                assert_eq!(said.run, self.runs - 1);
                self.know(sequence, leaf.parse().unwrap());
                assert_eq!(self.acknowledged.insert(said, sequence), None, "{said:?} was acknowledged twice");
            }
            ["blob", digest, "."] => self.blobs.push(digest.to_owned()),
            _ => {}
        }
    }

    /// The leaf hash at a sequence is this one, for ever; returns whether it is news.
    fn know(&mut self, sequence: u64, leaf: LeafHash) {
        let at = usize::try_from(sequence).unwrap();
        self.leaves.resize(self.leaves.len().max(at + 1), None);
        let known = *self.leaves[at].get_or_insert(leaf);
        assert_eq!(known, leaf, "entry {sequence} has changed");
    }

    /// Every entry that was ever seen or acknowledged, with its note and its evidence, each naming the one before, and
    /// nothing twice.
    fn check(&mut self, ledger: &Ledger) {
        let (mut size, mut before, seen) = (0, LeafHash::NONE, self.seen.len() as u64);
        let mut each = |sequence: u64, line: &[u8]| {
            assert_eq!(sequence, size);
            size += 1;
            let leaf = LeafHash::of(line);
            self.know(sequence, leaf);
            // What was seen before has the same bytes still.
            if sequence >= self.founded.size + seen {
                let entry = Entry::parse(line).unwrap();
                assert_eq!(entry.seal.prevhash, before, "entry {sequence}");
                let event = entry.request.event;
                let said = Said::of(event.id);
                assert_eq!((event.id, event.subject.as_str()), (said.id(), said.subject().as_str()));
                let note = Digest::parse(event.data.members()["_sd"]["note"].as_str().unwrap()).unwrap();
                assert_eq!(self.seen.insert(said, (sequence, note)), None, "{said:?} is there twice");
            }
            before = leaf;
            ControlFlow::Continue(())
        };
        ledger.read(0..u64::MAX, &mut each).unwrap();
        assert_eq!((size, before), (ledger.head().size, ledger.head().leaf));
        let known = self.leaves.len() as u64;
        assert!(size >= known, "{size} entries are left of {known} that were acknowledged or seen");
        for (said, sequence) in &self.acknowledged {
            let there = self.seen.get(said).map(|(sequence, _)| sequence);
            assert_eq!(there, Some(sequence), "{said:?} was acknowledged");
        }
        for (said, (_, digest)) in &self.seen {
            let whole = ledger.disclosure(digest).is_some_and(|note| note.value() == &said.note());
            assert!(whole, "the note of {said:?}");
            // Whoever says the next has an answer to the one before.
            assert!(said.number == 0 || self.seen.contains_key(&Said { number: said.number - 1, ..*said }));
        }
        let named = self.seen.keys().filter_map(|said| said.evidence());
        for digest in named.map(|bytes| sha256(&bytes)).chain(self.blobs.iter().cloned()) {
            let found = ledger.copy_blob(&digest, &mut std::io::sink()).unwrap();
            assert_eq!(found, Condition::Whole, "evidence {digest}");
        }
    }

    /// As above, by who may write and heals; every stream has its entries, and what has no answer is asked again.
    fn check_as_writer(&mut self, verify: bool) {
        let ledger = Ledger::open(self.home.path(), &mut |_| {}).unwrap();
        self.check(&ledger);
        for action in 0..ACTIONS {
            let subject = format!("actions/1.G2G.{}", action + 1);
            let mut found = ledger.sequences(&subject, u64::MAX).unwrap();
            found.retain(|sequence| *sequence >= self.founded.size);
            let own = self.seen.iter().filter(|(said, _)| said.subject() == subject);
            let mut own: Vec<u64> = own.map(|(_, (sequence, _))| *sequence).collect();
            own.sort_unstable();
            assert_eq!(found, own);
        }
        self.ask_again(&ledger);
        if verify {
            let report = ledger.verify(&mut |_| {}).unwrap();
            assert!(report.holds(), "{report:?}");
            assert_eq!((report.size, report.withheld.0), (ledger.head().size, report.withheld.1));
        }
        // The readers that come next begin with what was kept here.
        ledger.keep().unwrap();
    }

    /// Of each writer of the last program: its first request without an answer, and the last that had one.
    fn ask_again(&mut self, ledger: &Ledger) {
        let key = desk::key_of("KR", Role::Coordinator);
        for writer in 0..WRITERS {
            let run = self.runs - 1;
            let of = |number| Said { run, writer, number };
            let answered =
                (0..u64::MAX).find(|number| !self.acknowledged.contains_key(&of(*number))).unwrap();
            for said in answered.checked_sub(1).into_iter().chain([answered]).map(of) {
                if let Some(evidence) = said.evidence() {
                    ledger.put_blob(&mut evidence.as_slice()).unwrap();
                }
                let (request, disclosures) = said.sign(self.founded.leaf, &key);
                let receipt = ledger.record(request, disclosures).unwrap();
                let before = self.seen.get(&said).map(|(sequence, _)| *sequence);
                assert_eq!(receipt.repeated, before.is_some(), "{said:?}");
                assert_eq!(before.unwrap_or(receipt.sequence), receipt.sequence, "{said:?}");
                self.know(receipt.sequence, receipt.leaf);
                self.acknowledged.insert(said, receipt.sequence);
            }
        }
        self.check(ledger);
    }
}

/// Kills a child and returns what it had said before it ended by itself, if it did.
fn ended(mut child: Child) -> String {
    child.kill().unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = format!("{} {}", ended.status, String::from_utf8_lossy(&ended.stderr));
    if ended.status.code().is_none() { String::new() } else { said }
}

#[test]
fn killed_writers_lose_nothing_that_was_acknowledged_and_double_nothing() {
    let kills: usize = std::env::var("ANNALS_KILLS").map_or(100, |number| number.parse().unwrap());
    let watch = |kills: usize| {
        for share in (0..kills).step_by(SHARE) {
            let mut ledger = Watched::founded();
            let last = SHARE.min(kills - share);
            for kill in 1..=last {
                ledger.kill_one();
                // A reader changes nothing, so that most writers find what those before them left.
                ledger.check(&Ledger::open_read_only(ledger.home.path()).unwrap());
                if kill % 5 == 0 || kill == last {
                    ledger.check_as_writer(kill == last);
                }
            }
            let written = !ledger.acknowledged.is_empty() && !ledger.blobs.is_empty();
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
fn sixteen_writers() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let run: u64 = std::env::var(RUN).unwrap().parse().unwrap();
    let base: LeafHash = std::env::var(BASE).unwrap().parse().unwrap();
    let ledger = Ledger::open(Path::new(&folder), &mut |_| {}).unwrap();
    // Ends the line that the test harness has begun.
    say("\nopened\n");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let ledger = &ledger;
            scope.spawn(move || write(ledger, base, run, writer));
        }
    });
}

/// Says one thing after another for ever, now and then several under one commit.
fn write(ledger: &Ledger, base: LeafHash, run: u64, writer: u64) {
    let key = desk::key_of("KR", Role::Coordinator);
    let mut number = 0;
    loop {
        let batch: Vec<Said> =
            (number..=number + random(6) / 4).map(|number| Said { run, writer, number }).collect();
        number += batch.len() as u64;
        for bytes in batch.iter().filter_map(|said| said.evidence()) {
            say(&format!("blob|{}|.\n", ledger.put_blob(&mut bytes.as_slice()).unwrap().sha256));
        }
        let signed = batch.iter().map(|said| said.sign(base, &key)).collect();
        for receipt in ledger.record_all(signed, Utc::now()).unwrap() {
            let receipt = receipt.unwrap();
            say(&format!("entry|{}|{}|{}|.\n", receipt.id, receipt.sequence, receipt.leaf));
        }
    }
}

/// One line, whoever else speaks.
fn say(line: &str) {
    let mut pipe = std::io::stdout().lock();
    pipe.write_all(line.as_bytes()).and_then(|()| pipe.flush()).unwrap();
}
