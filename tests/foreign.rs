//! Logs that other people's programs have made, and logs made for them, in the layout of `tests/interop/README.md`.
//!
//! Without more, what lies in `tests/vectors/foreign` is verified. `ANNALS_FOREIGN` names a folder of more such logs, and
//! `ANNALS_FOREIGN_OUT` one into which ours is written; `tests/run` has both.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::entry::{Entry, Event, Seal, parse_timestamp};
use annals::trail::hash::{LeafHash, NodeHash};
use annals::trail::key::{Kind as KeyKind, SigningKey, VerifierKey};
use annals::trail::merkle::{Frontier, Prover, Tiles, continues, includes};
use annals::trail::note::{Note, Signature};
use annals::trail::policy::Policy;
use annals::trail::proof::Proof;
use annals::trail::quorum::Backing;
use annals::trail::tile::{self, Kind, TOP, Tile, WIDTH};
use annals::trail::witness::cosign;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

type Files = BTreeMap<String, Vec<u8>>;
type Checked<T = ()> = Result<T, String>;

fn bad(fault: impl std::fmt::Display) -> String {
    fault.to_string()
}

fn need(holds: bool, why: &str) -> Checked {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}

fn read(root: &Path) -> Files {
    let (mut files, mut folders) = (Files::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    files
}

/// The tiles of a tree, read from files.
struct Tiled<'a>(&'a Files);

impl Tiles for Tiled<'_> {
    type Fault = String;

    fn tile(&self, wanted: Tile) -> Checked<Vec<NodeHash>> {
        let bytes = self.0.get(&wanted.to_string()).ok_or_else(|| format!("{wanted} is missing"))?;
        let hashes = tile::hashes(bytes).ok_or_else(|| format!("{wanted} holds a part of a hash"))?;
        need(hashes.len() == usize::from(wanted.width), &format!("{wanted} is not as wide as it says"))?;
        Ok(hashes)
    }
}

/// The tiles of a tree, computed from records.
struct Rows(Vec<Vec<NodeHash>>);

impl Rows {
    fn of(records: &[Vec<u8>]) -> (Self, Vec<NodeHash>) {
        let (mut rows, mut frontier) = (vec![Vec::new(); usize::from(TOP) + 1], Frontier::default());
        let mut roots = vec![frontier.root()];
        for record in records {
            frontier.push(LeafHash::of(record), &mut |height, hash| {
                if height % 8 == 0 {
                    rows[usize::from(height / 8)].push(hash);
                }
            });
            roots.push(frontier.root());
        }
        (Self(rows), roots)
    }
}

impl Tiles for Rows {
    type Fault = String;

    fn tile(&self, wanted: Tile) -> Checked<Vec<NodeHash>> {
        let Kind::Hashes(level) = wanted.kind else { return Err(format!("{wanted} holds no hashes")) };
        let from = usize::try_from(wanted.index * WIDTH).map_err(bad)?;
        let hashes = self.0[usize::from(level)].get(from..from + usize::from(wanted.width));
        Ok(hashes.ok_or_else(|| format!("the records have no {wanted}"))?.to_vec())
    }
}

fn bundle(records: &[Vec<u8>]) -> Vec<u8> {
    let length = |record: &Vec<u8>| u16::try_from(record.len()).unwrap().to_be_bytes();
    records.iter().flat_map(|record| [&length(record)[..], record].concat()).collect()
}

fn unbundle(mut bytes: &[u8]) -> Checked<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk().ok_or("an entry is cut off")?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (record, rest) = rest.split_at_checked(length).ok_or("an entry is cut off")?;
        records.push(record.to_vec());
        bytes = rest;
    }
    Ok(records)
}

fn entries(size: u64) -> impl Iterator<Item = Tile> {
    Tile::between(0, size).filter(|tile| tile.kind == Kind::Entries)
}

fn within(records: &[Vec<u8>], tile: Tile) -> &[Vec<u8>] {
    let from = usize::try_from(tile.index * WIDTH).unwrap();
    &records[from..from + usize::from(tile.width)]
}

fn records(files: &Files, size: u64) -> Checked<Vec<Vec<u8>>> {
    let records = if let Some(lines) = files.get("entries.jsonl") {
        let lines = lines.strip_suffix(b"\n").ok_or("the last line is cut off")?;
        lines.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    } else {
        let mut records = Vec::new();
        for tile in entries(size) {
            records.extend(unbundle(files.get(&tile.to_string()).ok_or(format!("{tile} is missing"))?)?);
        }
        records
    };
    need(records.len() as u64 == size, &format!("{} records for a size of {size}", records.len()))?;
    Ok(records)
}

struct Log<'a> {
    files: &'a Files,
    policy: Policy,
    records: Vec<Vec<u8>>,
    rows: Rows,
    roots: Vec<NodeHash>,
}

fn open(policy: &Policy, bytes: &[u8]) -> Checked<(SignedCheckpoint, Backing)> {
    let signed = SignedCheckpoint::parse(bytes).map_err(bad)?;
    need(signed.to_string().as_bytes() == bytes, "written back otherwise")?;
    let backing = policy.judge(&signed).map_err(bad)?.witnessing.backing;
    Ok((signed, backing))
}

impl Log<'_> {
    fn witnessed(&self, signed: &SignedCheckpoint) -> Checked<Checkpoint> {
        let verdict = self.policy.judge(signed).map_err(bad)?;
        need(verdict.witnessing.backing == Backing::Witnessed, "unwitnessed")?;
        Ok(signed.checkpoint().clone())
    }

    fn tree(&self, head: &Checkpoint) -> Checked {
        let size = usize::try_from(head.size()).map_err(bad)?;
        need(self.roots.get(size) == Some(&head.root()), "the records lead elsewhere")
    }

    fn tiles(&self, head: &Checkpoint) -> Checked {
        let (tiled, size) = (Tiled(self.files), head.size());
        need(Prover::new(&tiled, size).root()? == head.root(), "the tiles lead elsewhere")?;
        need(Frontier::of(&tiled, size)?.root() == head.root(), "the complete subtrees lead elsewhere")?;
        for tile in Tile::between(0, size) {
            let expected = match tile.kind {
                Kind::Entries => bundle(within(&self.records, tile)),
                Kind::Hashes(_) => tile::bytes(&self.rows.tile(tile)?),
            };
            need(
                self.files.get(&tile.to_string()) == Some(&expected),
                &format!("{tile} holds something else"),
            )?;
        }
        Ok(())
    }

    fn proof(&self, name: &str, bytes: &[u8]) -> Checked {
        let proof = Proof::parse(bytes).map_err(bad)?;
        need(proof.to_string().as_bytes() == bytes, "written back otherwise")?;
        let head = self.witnessed(proof.checkpoint())?;
        need(name == format!("{}/{}", head.size(), proof.index()), "of another place")?;
        let record = &self.records[usize::try_from(proof.index()).map_err(bad)?];
        need(proof.extra().is_none_or(|extra| extra == record), "the extra data is not the record")?;
        includes(LeafHash::of(record), proof.index(), head.size(), proof.path(), head.root()).map_err(bad)?;
        need(
            Prover::new(&self.rows, head.size()).inclusion(proof.index())? == proof.path(),
            "proved otherwise",
        )
    }

    fn consistency(&self, name: &str, bytes: &[u8]) -> Checked {
        let text = std::str::from_utf8(bytes).map_err(bad)?;
        let (lines, checkpoint) = text.split_once("\n\n").ok_or("no checkpoint follows")?;
        let mut lines = lines.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or("no old size")?;
        let path: Vec<NodeHash> = lines.map(|line| line.parse().map_err(bad)).collect::<Checked<_>>()?;
        let earlier =
            self.files.get(&format!("checkpoints/{old}")).ok_or("there is no earlier checkpoint")?;
        let earlier = open(&self.policy, earlier)?.0.checkpoint().clone();
        let later = self.witnessed(&open(&self.policy, checkpoint.as_bytes())?.0)?;
        need(name == format!("{}-{}", earlier.size(), later.size()), "of other sizes")?;
        continues((earlier.size(), earlier.root()), (later.size(), later.root()), &path).map_err(bad)?;
        need(Prover::new(&self.rows, later.size()).consistency(earlier.size())? == path, "proved otherwise")
    }
}

/// Verifies all files of a log, and says how many there were, in the words of `foreign.go` and `foreign.py`.
fn verify(files: &Files) -> Checked<String> {
    let policy = Policy::parse(files.get("policy").ok_or("there is no policy")?).map_err(bad)?;
    let mut heads = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, bytes) in files {
        let (kind, rest) = name.split_once('/').unwrap_or((name, ""));
        *counts.entry(kind).or_default() += 1;
        match kind {
            "checkpoints" | "strangers" | "unwitnessed" => {
                let (signed, backing) = open(&policy, bytes).map_err(|fault| format!("{name}: {fault}"))?;
                let head = signed.checkpoint().clone();
                need(
                    (backing == Backing::Unwitnessed) == (kind == "unwitnessed"),
                    &format!("{name}: {backing:?}"),
                )?;
                need(kind != "checkpoints" || rest == head.size().to_string(), "of another size")?;
                heads.push((kind, head));
            }
            "refused" => need(open(&policy, bytes).is_err(), &format!("{name}: accepted"))?,
            "keys" => {
                let keys = std::str::from_utf8(bytes).map_err(bad)?.strip_suffix('\n').ok_or("cut off")?;
                keys.split('\n').try_for_each(|key| VerifierKey::parse(key).map(|_| ()).map_err(bad))?;
            }
            "policy" | "entries.jsonl" | "proofs" | "consistency" | "tile" => {}
            _ => return Err(format!("{name} belongs to nothing")),
        }
    }
    let size = heads.iter().map(|(_, head)| head.size()).max().unwrap_or_default();
    let records = records(files, size)?;
    let (rows, roots) = Rows::of(&records);
    let log = Log { files, policy, records, rows, roots };
    let mut tiles = BTreeSet::new();
    for (kind, head) in &heads {
        log.tree(head)?;
        if *kind == "checkpoints" && counts.contains_key("tile") {
            log.tiles(head)?;
            tiles.extend(Tile::between(0, head.size()).map(|tile| tile.to_string()));
        }
    }
    for (name, bytes) in files {
        let checked = match name.split_once('/') {
            Some(("proofs", rest)) => log.proof(rest, bytes),
            Some(("consistency", rest)) => log.consistency(rest, bytes),
            Some(("tile", _)) => need(tiles.contains(name), "of no checkpoint"),
            _ => Ok(()),
        };
        checked.map_err(|fault| format!("{name}: {fault}"))?;
    }
    let count = |kind| counts.get(kind).copied().unwrap_or_default();
    Ok(format!(
        "{} records, {} checkpoints, {} with strangers, {} unwitnessed, {} refused, {} proofs, {} of consistency, {} tiles",
        log.records.len(),
        count("checkpoints"),
        count("strangers"),
        count("unwitnessed"),
        count("refused"),
        count("proofs"),
        count("consistency"),
        count("tile"),
    ))
}

/// Changes a byte at a time, and gives each copy that was accepted all the same.
fn accepted_although_changed(files: &Files) -> Vec<String> {
    let mut missed = Vec::new();
    let mut files = files.clone();
    // The rest holds what counts for nothing, or is to be refused anyway.
    let counts =
        |name: &String| !["strangers/", "unwitnessed/", "refused/"].iter().any(|kind| name.starts_with(kind));
    for name in files.keys().filter(|name| counts(name)).cloned().collect::<Vec<_>>() {
        let whole = files[&name].clone();
        let last = whole.len() - 1;
        let flips = (0..last).step_by(whole.len() / 3 + 1).chain([last]).map(|at| {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            (at, changed)
        });
        for (at, changed) in flips.chain([(whole.len(), whole[..last].to_vec())]) {
            files.insert(name.clone(), changed);
            if verify(&files).is_ok() {
                missed.push(format!("{name} {at}"));
            }
        }
        files.insert(name, whole);
    }
    missed
}

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/foreign")
}

/// The logs in a folder, each in a folder of its own.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut logs: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    logs.sort();
    logs
}

#[test]
fn theirs_verify() {
    let names: Vec<_> = logs(&committed()).iter().map(|log| log.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["go", "python"]);
    for log in logs(&committed()) {
        verify(&read(&log)).unwrap_or_else(|fault| panic!("{}: {fault}", log.display()));
    }
    let Some(fresh) = std::env::var_os("ANNALS_FOREIGN").map(PathBuf::from) else { return };
    assert!(!logs(&fresh).is_empty(), "{} holds no log", fresh.display());
    for log in logs(&fresh) {
        match verify(&read(&log)) {
            Ok(summary) => tell(&log, &summary),
            Err(fault) => panic!("{}: {fault}", log.display()),
        }
    }
}

/// Says what was verified in a file beside the log, where `tests/run` compares it with what others say.
fn tell(log: &Path, summary: &str) {
    std::fs::write(log.with_extension("annals"), format!("{summary}\n")).unwrap();
}

#[test]
fn a_changed_byte_of_theirs_is_refused() {
    for log in logs(&committed()) {
        assert_eq!(accepted_although_changed(&read(&log)), Vec::<String>::new(), "{}", log.display());
    }
}

#[test]
fn ours_verify_and_are_written_for_them() {
    let files = ours();
    let summary = verify(&files).unwrap();
    if let Some(out) = std::env::var_os("ANNALS_FOREIGN_OUT").map(PathBuf::from) {
        for (name, bytes) in &files {
            let path = out.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        tell(&out, &summary);
    }
}

const ORIGIN: &str = "annals.example/for-others";

fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, kind, &[seed; 32]).unwrap()
}

fn authors() -> [SigningKey; 2] {
    [key("DK/coordinator", KeyKind::Ed25519, 1), key("KR/coordinator", KeyKind::Ed25519, 2)]
}

/// Entries of two parties, in turn.
fn sealed(size: u64) -> Vec<Vec<u8>> {
    let (mut before, mut own) = (LeafHash::NONE, [LeafHash::NONE; 2]);
    let (authors, mut lines) = (authors(), Vec::new());
    for number in 0..size {
        let speaker = usize::from(number % 2 == 1);
        let key = &authors[speaker];
        let said = json!({"effective": "2021-04", "note": format!("전문가 회의 {number}: møde \"udsat\"\n")});
        let event = Event {
            ledger: ORIGIN.into(),
            id: format!("01784d33-3c40-7000-8000-{number:012}").parse().unwrap(),
            source: format!("parties/{}", &key.verifier().name()[..2]).into(),
            kind: "annals.vector.said.v1".into(),
            subject: format!("actions/{speaker}").into(),
            time: parse_timestamp("2021-04-10T09:30:00.000Z").unwrap(),
            keyid: key.verifier().keyid().into(),
            basehash: before,
            causationid: None,
            correlationid: None,
            data: said.as_object().unwrap().clone().into(),
        };
        let (bytes, entry): (Vec<u8>, Entry) = event.sign(key).unwrap().seal(Seal {
            sequence: number,
            recordedtime: parse_timestamp("2021-04-10T09:30:01.250Z").unwrap(),
            prevhash: before,
            streamversion: number / 2 + 1,
            streamprevhash: own[speaker],
        });
        (before, own[speaker]) = (entry.leaf(), entry.leaf());
        lines.push(bytes);
    }
    lines
}

/// A log of two parties, with a checkpoint at each size at which something of the tree changes its form.
fn ours() -> Files {
    const SIZES: [u64; 9] = [0, 1, 2, 3, 7, 255, 256, 257, 300];
    let log = key(ORIGIN, KeyKind::Ed25519, 3);
    let dk = key("DK/witness-1", KeyKind::Cosignature, 4);
    let kr = key("KR/witness-1", KeyKind::Cosignature, 5);
    let stranger = key("NO/witness-1", KeyKind::Cosignature, 6);
    let [by_dk, by_kr] = [[dk.verifier()], [kr.verifier()]];
    let policy = Policy::of_parties(&log.verifier(), &[("DK", &by_dk), ("KR", &by_kr)]).unwrap();
    let records = sealed(SIZES[SIZES.len() - 1]);
    let (rows, roots) = Rows::of(&records);
    let checkpoint =
        |size: u64| Checkpoint::new(ORIGIN, size, roots[usize::try_from(size).unwrap()]).unwrap();
    let by = |size: u64, witnesses: &[&SigningKey]| {
        let mut signed = SignedCheckpoint::sign(checkpoint(size), &log).unwrap();
        for (time, witness) in (1_618_652_400 + size..).zip(witnesses) {
            signed.push(cosign(witness, &checkpoint(size), time).unwrap()).unwrap();
        }
        signed
    };

    let mut files = Files::new();
    files.insert("policy".to_owned(), policy.to_bytes());
    let keys = authors().iter().fold(String::new(), |keys, key| keys + &key.verifier().to_string() + "\n");
    files.insert("keys".to_owned(), keys.into_bytes());
    files.insert(
        "entries.jsonl".to_owned(),
        records.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect(),
    );
    for (at, size) in SIZES.into_iter().enumerate() {
        let signed = by(size, &[&dk, &kr]);
        files.insert(format!("checkpoints/{size}"), signed.to_string().into_bytes());
        for tile in Tile::between(0, size) {
            let bytes = match tile.kind {
                Kind::Entries => bundle(within(&records, tile)),
                Kind::Hashes(_) => tile::bytes(&rows.tile(tile).unwrap()),
            };
            files.insert(tile.to_string(), bytes);
        }
        let mut prover = Prover::new(&rows, size);
        for index in [0, size / 2, size.saturating_sub(1)].into_iter().filter(|index| *index < size) {
            let extra = (index % 2 == 0).then(|| records[usize::try_from(index).unwrap()].clone());
            let path = prover.inclusion(index).unwrap();
            let proof = Proof::new(extra, index, path, signed.clone()).unwrap();
            files.insert(format!("proofs/{size}/{index}"), proof.to_string().into_bytes());
        }
        for old in &SIZES[..=at] {
            let mut text = format!("old {old}\n");
            for hash in prover.consistency(*old).unwrap() {
                writeln!(text, "{hash}").unwrap();
            }
            files.insert(format!("consistency/{old}-{size}"), format!("{text}\n{signed}").into_bytes());
        }
    }
    let mut put = |name: &str, note: &dyn std::fmt::Display| {
        files.insert(name.to_owned(), note.to_string().into_bytes());
    };
    let text = by(300, &[]).note().text().to_owned();
    let mut rotated = Note::new(&text).unwrap();
    rotated.sign(&key(ORIGIN, KeyKind::Ed25519, 7)).unwrap();
    put("strangers/one-more", &by(300, &[&stranger, &dk, &kr]));
    put("strangers/twice", &by(300, &[&dk, &kr, &dk]));
    let mut replaced = by(300, &[&dk, &kr]);
    replaced.push(rotated.signatures()[0].clone()).unwrap();
    put("strangers/rotated", &replaced);
    put("unwitnessed/by-the-log-alone", &by(300, &[]));
    put("unwitnessed/by-one-party", &by(300, &[&kr]));
    put("unwitnessed/by-a-stranger", &by(300, &[&dk, &stranger]));
    put("refused/by-another-key", &rotated);
    let mut moved = by(300, &[&dk]);
    moved.push(cosign(&kr, &checkpoint(257), 1_618_652_400).unwrap()).unwrap();
    put("refused/a-cosignature-of-another-size", &moved);
    let mut plain = by(300, &[&dk]);
    let signature = [&kr.verifier().id()[..], &[0; 8], &kr.sign(text.as_bytes())].concat();
    let line = format!("— KR/witness-1 {}", STANDARD.encode(signature));
    plain.push(line.parse::<Signature>().unwrap()).unwrap();
    put("refused/as-a-log-signs", &plain);
    files
}
