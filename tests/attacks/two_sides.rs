//! A sound ledger of two sides, DK and KR, with the keys of both, and every form in which somebody may be handed it.

use super::desk::{ACTION, Desk, ORIGIN, key, key_of, word};
use annals::domain::sealed::Audience;
use annals::exchange::bundle::pack::{Recipe, pack};
use annals::exchange::verification::{Trusted, Verification};
use annals::ledger::anchor::Anchor;
use annals::ledger::{Ledger, Receipt, quietly};
use annals::record::completeness::{Completed, Unsound, policy_at};
use annals::record::role::Role;
use annals::record::verdict::{Check, Report};
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::entry::{Entry, Request, Seal, parse_timestamp};
use annals::trail::hash::{Head, LeafHash, NodeHash};
use annals::trail::key::{Kind, SigningKey};
use annals::trail::merkle::Frontier;
use annals::trail::policy::Policy;
use annals::trail::tile;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

pub(crate) type Lines = Vec<Vec<u8>>;

/// A ledger of both sides, and what is kept elsewhere of it.
pub(crate) struct Sides {
    pub(crate) desk: Desk,
    /// Where the keys of the ledger and of both sides remember what they signed.
    pub(crate) home: TempDir,
    /// What both sides cosigned, the smaller first.
    pub(crate) kept: Vec<SignedCheckpoint>,
    /// A word of DK, and KR's confirmation of it.
    pub(crate) word: Receipt,
    pub(crate) confirmed: Receipt,
}

impl Sides {
    /// Founded; DK said something, and KR confirmed it; both cosigned that; and then each said something more.
    pub(crate) fn agreed() -> Self {
        let mut desk = Desk::founded();
        let mut said = word("under_way");
        said["note"] = "i gang".into();
        let word = desk.progress("DK", "1.G2G.2", said).unwrap();
        let consent = json!({"effective": "2021-06", "note": "동의"});
        let confirmed = desk.answer("KR", ACTION, "action.confirmed", word, consent).unwrap();
        let home = tempfile::tempdir().unwrap();
        let mut sides = Self { desk, home, kept: Vec::new(), word, confirmed };
        sides.cosign();
        sides.go_on("DK", 2);
        sides.go_on("KR", 3);
        sides.cosign();
        sides
    }

    /// A side says something more, on an action of which nobody spoke before.
    pub(crate) fn go_on(&mut self, speaker: &str, times: usize) {
        go_on(&mut self.desk, speaker, times);
    }

    /// The ledger's key signs all entries, and both sides cosign and keep it.
    pub(crate) fn cosign(&mut self) -> SignedCheckpoint {
        let anchors = [ORIGIN, "DK", "KR"].map(|name| self.anchor(name));
        let cosigned = cosigned(&self.desk.ledger, &anchors, &["DK", "KR"]);
        self.kept.push(cosigned.clone());
        cosigned
    }

    /// What the ledger's key or the witness of a side remembers.
    pub(crate) fn anchor(&self, name: &str) -> Anchor {
        Anchor::new(self.home.path().join(name))
    }

    pub(crate) fn lines(&self) -> Lines {
        lines(&self.desk.ledger)
    }

    pub(crate) fn policy(&self) -> Policy {
        policy_at(&self.desk.ledger.state(), self.desk.ledger.head().size).unwrap()
    }

    /// The first so many entries at a desk of somebody who has stolen keys, to go on from there.
    pub(crate) fn thief(&self, size: usize) -> Desk {
        let mut desk = Desk::empty();
        let requests = requests(&self.lines()[..size]).into_iter().map(|request| (request, Vec::new()));
        for receipt in desk.ledger.record_all(requests.collect(), now()).unwrap() {
            receipt.unwrap();
        }
        // Ids are made of how often somebody spoke.
        let draft = desk.draft("DK", ACTION, "action.progressed", word("continuing"));
        for _ in 0..100 {
            desk.sign(&draft);
        }
        desk
    }

    /// The bundle that the ledger makes of itself for DK.
    pub(crate) fn bundle(&self) -> Vec<u8> {
        bundle(&self.desk.ledger)
    }
}

pub(crate) fn go_on(desk: &mut Desk, speaker: &str, times: usize) {
    for _ in 0..times {
        desk.progress(speaker, "1.G2G.3", word("under_way")).unwrap();
    }
}

/// A request that a coordinator signs, as the next one at a desk.
pub(crate) fn signed(desk: &mut Desk, speaker: &str, subject: &str, kind: &str, data: Value) -> Request {
    let draft = desk.draft(speaker, subject, kind, data);
    desk.sign(&draft).0
}

pub(crate) fn now() -> DateTime<Utc> {
    parse_timestamp("2024-01-02T03:04:05.000Z").unwrap()
}

pub(crate) fn ledger_key() -> SigningKey {
    key(ORIGIN, Kind::Ed25519)
}

pub(crate) fn witness(party: &str) -> SigningKey {
    key_of(party, Role::Witness)
}

/// The checkpoint of all entries, cosigned by the witnesses of some sides, and kept by the ledger. The anchors are those of
/// the ledger's key and of each of them.
pub(crate) fn cosigned(ledger: &Ledger, anchors: &[Anchor], parties: &[&str]) -> SignedCheckpoint {
    let mut signed = ledger.checkpoint(&ledger_key(), &anchors[0]).unwrap();
    for (party, anchor) in parties.iter().zip(&anchors[1..]) {
        signed = ledger.cosign(&signed, &witness(party), anchor, now(), &mut quietly).unwrap();
    }
    ledger.take_cosignatures(&signed).unwrap().signed
}

pub(crate) fn lines(ledger: &Ledger) -> Lines {
    let mut lines = Vec::new();
    let mut each = |_, line: &[u8]| {
        lines.push(line.to_vec());
        ControlFlow::Continue(())
    };
    ledger.read(0..u64::MAX, &mut each).unwrap();
    lines
}

pub(crate) fn requests(lines: &[Vec<u8>]) -> Vec<Request> {
    lines.iter().map(|line| Entry::parse(line).unwrap().request).collect()
}

/// A request with a text in it exchanged, and the signature that it had.
pub(crate) fn changed(request: &Request, from: &str, to: &str) -> Request {
    let text = String::from_utf8(request.to_bytes()).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    Request::parse(text.replace(from, to).as_bytes()).unwrap()
}

/// Requests as a ledger would seal them: all that it adds is right, whatever they say.
pub(crate) fn sealed(requests: Vec<Request>) -> Lines {
    let (mut head, mut recorded) = (Head::EMPTY, DateTime::UNIX_EPOCH);
    let mut streams: HashMap<String, Head> = HashMap::new();
    let mut lines = Vec::new();
    for request in requests {
        recorded = recorded.max(request.event.time);
        let subject = request.event.subject.to_string();
        let stream = streams.get(&subject).copied().unwrap_or(Head::EMPTY);
        let (line, entry) = request.seal(Seal {
            sequence: head.size,
            recordedtime: recorded,
            prevhash: head.leaf,
            streamversion: stream.size + 1,
            streamprevhash: stream.leaf,
        });
        head = Head { size: head.size + 1, leaf: entry.leaf() };
        streams.insert(subject, entry.stream());
        lines.push(line);
    }
    lines
}

/// What somebody signs of entries with a key, whether or not it is the ledger's.
pub(crate) fn checkpoint(lines: &[Vec<u8>], key: &SigningKey) -> SignedCheckpoint {
    let checkpoint = Checkpoint::new(key.verifier().name(), lines.len() as u64, root(lines)).unwrap();
    SignedCheckpoint::sign(checkpoint, key).unwrap()
}

pub(crate) fn root(lines: &[Vec<u8>]) -> NodeHash {
    let mut frontier = Frontier::default();
    for line in lines {
        frontier.push(LeafHash::of(line), &mut |_, _| {});
    }
    frontier.root()
}

/// In which form a history is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Export,
    Folder,
    Bundle,
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::Export, Self::Folder, Self::Bundle];

    /// Writes lines in this form. The checkpoints go with a folder and a bundle, which ends at the last of them.
    pub(crate) fn write(self, lines: &[Vec<u8>], inside: &[SignedCheckpoint], home: &Path) -> PathBuf {
        let path = home.join(format!("{self:?}"));
        match self {
            Self::Export => fs::write(&path, export(lines)).unwrap(),
            Self::Folder => {
                drop(Ledger::create(&path).unwrap());
                fs::write(path.join("journal/000000000000.jsonl"), export(lines)).unwrap();
                fs::create_dir_all(path.join("checkpoints")).unwrap();
                for signed in inside {
                    let name = format!("checkpoints/{:012}", signed.checkpoint().size());
                    fs::write(path.join(name), signed.to_string()).unwrap();
                }
            }
            Self::Bundle => fs::write(&path, zipped(&members(lines, inside))).unwrap(),
        }
        path
    }

    /// What is found of lines in this form, with checkpoints in it and others that were kept elsewhere.
    pub(crate) fn judge(
        self,
        lines: &[Vec<u8>],
        inside: &[SignedCheckpoint],
        elsewhere: &[SignedCheckpoint],
    ) -> Judged {
        let home = tempfile::tempdir().unwrap();
        let path = self.write(lines, inside, home.path());
        let trusted = Trusted { checkpoints: elsewhere.to_vec(), ..Trusted::default() };
        let found = Verification::of(&path, trusted, None, &mut |_| {}).unwrap();
        assert!(found.bundled.is_none_or(|bundled| bundled.tile.is_none()));
        Judged { report: found.report, completed: found.completed }
    }
}

pub(crate) fn export(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect()
}

/// What was found of a history.
pub(crate) struct Judged {
    pub(crate) report: Report,
    pub(crate) completed: Completed,
}

impl Judged {
    /// Which checks failed first at which entry.
    pub(crate) fn failed(&self) -> Vec<(Check, u64)> {
        let failed =
            |each: &annals::record::verdict::Verdict| Some((each.check, each.finding.as_ref()?.entry));
        self.report.verdicts.iter().filter_map(failed).collect()
    }

    /// What a check found.
    pub(crate) fn found(&self, check: Check) -> &str {
        let verdict = self.report.verdicts.iter().find(|verdict| verdict.check == check).unwrap();
        &verdict.finding.as_ref().unwrap().found
    }

    /// Which checkpoints do not count, by their sizes, and why.
    pub(crate) fn unsound(&self) -> Vec<(u64, Unsound)> {
        let standings = self.completed.standings.iter();
        let unsound = standings.map(|each| (each.signed.checkpoint().size(), each.verdict.clone().err()));
        unsound.filter_map(|(size, unsound)| Some((size, unsound?))).collect()
    }

    /// Whether all holds, and everything is witnessed by both sides.
    pub(crate) fn is_sound(&self) -> bool {
        let witnessed = self.completed.witnessed().map(|(checkpoint, _)| checkpoint.size());
        self.report.holds() && self.completed.holds() && witnessed == Some(self.report.size)
    }
}

/// The bundle that a ledger makes of itself for DK.
pub(crate) fn bundle(ledger: &Ledger) -> Vec<u8> {
    let reader = Audience::try_from("DK".to_owned()).unwrap();
    let recipe = Recipe { reader, evidence: true, answers: Vec::new() };
    let mut out = Cursor::new(Vec::new());
    pack(ledger, &recipe, &mut out, &mut quietly).unwrap();
    out.into_inner()
}

pub(crate) type Members = Vec<(String, Vec<u8>)>;

/// The members of a bundle of lines, of less than 256.
pub(crate) fn members(lines: &[Vec<u8>], checkpoints: &[SignedCheckpoint]) -> Members {
    let hashes: Vec<NodeHash> = lines.iter().map(|line| LeafHash::of(line).into()).collect();
    let entry = |line: &Vec<u8>| [&u16::try_from(line.len()).unwrap().to_be_bytes(), &line[..]].concat();
    let name = |kind: &str| format!("tile/{kind}/000.p/{}", lines.len());
    let mut members = vec![
        ("README.txt".to_owned(), b"A bundle.\n".to_vec()),
        ("checkpoint".to_owned(), checkpoints.last().unwrap().to_string().into_bytes()),
        (name("0"), tile::bytes(&hashes)),
        (name("entries"), lines.iter().flat_map(entry).collect()),
    ];
    for signed in checkpoints {
        let name = format!("checkpoints/{:012}", signed.checkpoint().size());
        members.push((name, signed.to_string().into_bytes()));
    }
    members
}

pub(crate) fn zipped(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn unzipped(bundle: &[u8]) -> Members {
    let mut zip = ZipArchive::new(Cursor::new(bundle)).unwrap();
    let mut members = Vec::new();
    for at in 0..zip.len() {
        let mut member = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        members.push((String::from_utf8(member.name_raw().to_vec()).unwrap(), bytes));
    }
    members
}

/// What `annals verify` says of a file, with what is given to it from elsewhere.
pub(crate) fn told(target: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_annals"));
    program.args(["verify", "--format", "json"]).args(arguments).arg(target);
    let output = program.env("ANNALS_ANCHOR", target.with_file_name("anchor")).output().unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), answer)
}
