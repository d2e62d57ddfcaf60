//! The desk of whoever runs the log, the folder in which it publishes, and the copies of others.

#[path = "../ledger/desk.rs"]
#[expect(dead_code, reason = "to have something published takes a part of the desk")]
mod desk;

use annals::exchange::layout::Folder;
use annals::exchange::mirror::{Log, MirrorError, Mirrored};
use annals::exchange::publish::publish;
use annals::ledger::anchor::Anchor;
use annals::ledger::{Ledger, quietly};
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::hash::LeafHash;
use annals::trail::key::{Kind, SigningKey};
use annals::trail::merkle::Frontier;
use annals::trail::tile;
use chrono::Utc;
pub(crate) use desk::{Desk, ORIGIN, key};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Whoever runs the log.
pub(crate) struct Operator {
    pub(crate) desk: Desk,
    pub(crate) folder: TempDir,
}

pub(crate) fn ledger_key() -> SigningKey {
    key(ORIGIN, Kind::Ed25519)
}

impl Operator {
    /// So many entries, signed and published in `public`.
    pub(crate) fn of(size: u64) -> Self {
        let mut operator = Self { desk: Desk::founded(), folder: tempfile::tempdir().unwrap() };
        operator.grow(size);
        operator
    }

    /// Another history from an entry on, with which both are signed by the same key.
    pub(crate) fn otherwise(common: u64, size: u64) -> Self {
        let mut operator = Self { desk: Desk::founded(), folder: tempfile::tempdir().unwrap() };
        operator.say_until(common);
        operator
            .desk
            .say(
                "DK",
                "actions/1.G2G.1",
                "action.progressed",
                json!({"effective": "2021", "lifecycle": "under_way"}),
            )
            .unwrap();
        operator.grow(size);
        operator
    }

    fn say_until(&mut self, size: u64) {
        while self.desk.ledger.head().size < size {
            let data = json!({"effective": "2021-05", "lifecycle": "under_way"});
            self.desk.say("KR", "actions/1.G2G.2", "action.progressed", data).unwrap();
        }
    }

    pub(crate) fn grow(&mut self, size: u64) {
        self.say_until(size);
        let anchor = Anchor::new(self.folder.path().join("anchor"));
        self.desk.ledger.checkpoint(&ledger_key(), &anchor).unwrap();
        publish(&self.desk.ledger, &self.public(), &mut quietly).unwrap();
    }

    /// Both parties replace the ledger's key, and with the new one so many entries are signed and published.
    pub(crate) fn replace_key(&mut self, seed: u8, size: u64) {
        let key = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[seed; 32]).unwrap();
        for party in ["DK", "KR"] {
            let data = json!({"policy": desk::policy(&key)});
            self.desk.say(party, "ledger", "policy.adopted", data).unwrap();
        }
        self.say_until(size);
        let anchor = Anchor::new(self.folder.path().join("anchor"));
        self.desk.ledger.checkpoint(&key, &anchor).unwrap();
        publish(&self.desk.ledger, &self.public(), &mut quietly).unwrap();
    }

    pub(crate) fn public(&self) -> PathBuf {
        self.folder.path().join("public")
    }

    pub(crate) fn log(&self) -> Log<Folder> {
        log(&self.public()).unwrap()
    }

    /// Changes a file that is published.
    pub(crate) fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.public().join(path);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
    }

    /// Publishes lines that the ledger itself would not have taken, signed with its key.
    pub(crate) fn publish_lines(&self, lines: &[Vec<u8>]) {
        let public = self.public();
        fs::remove_dir_all(&public).unwrap();
        let (mut frontier, mut hashes) = (Frontier::default(), Vec::new());
        let mut entries = Vec::new();
        for line in lines {
            frontier.push(LeafHash::of(line), &mut |level, hash| hashes.extend((level == 0).then_some(hash)));
            entries.extend_from_slice(&u16::try_from(line.len()).unwrap().to_be_bytes());
            entries.extend_from_slice(line);
        }
        let width = lines.len();
        assert!(width < 256, "one tile is written");
        for (name, bytes) in [("0", tile::bytes(&hashes)), ("entries", entries)] {
            let folder = public.join(format!("tile/{name}/000.p"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(width.to_string()), bytes).unwrap();
        }
        let checkpoint = Checkpoint::new(ORIGIN, frontier.size(), frontier.root()).unwrap();
        self.serve(&SignedCheckpoint::sign(checkpoint, &ledger_key()).unwrap());
    }

    pub(crate) fn serve(&self, signed: &SignedCheckpoint) {
        fs::write(self.public().join("checkpoint"), signed.to_string()).unwrap();
    }
}

pub(crate) fn log(public: &Path) -> Result<Log<Folder>, MirrorError> {
    Log::read(Folder(public.to_owned()))
}

/// Somebody who keeps a copy.
pub(crate) struct Mirror {
    folder: TempDir,
}

impl Mirror {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With a copy of what is published.
    pub(crate) fn of(operator: &Operator) -> Self {
        let mirror = Self::new();
        mirror.run(operator).unwrap();
        mirror
    }

    pub(crate) fn copy(&self) -> PathBuf {
        self.folder.path().join("copy")
    }

    pub(crate) fn anchor(&self) -> Anchor {
        Anchor::new(self.folder.path().join("anchor"))
    }

    /// Brings the copy up to date, or makes it.
    pub(crate) fn run(&self, operator: &Operator) -> Result<Mirrored, MirrorError> {
        self.follow(&log(&operator.public())?)
    }

    pub(crate) fn follow<S: annals::exchange::layout::Source>(
        &self,
        log: &Log<S>,
    ) -> Result<Mirrored, MirrorError> {
        let (copy, anchor) = (self.copy(), self.anchor());
        if copy.join("annals.json").exists() {
            log.follow(&copy, None, Some(&anchor), &mut quietly)
        } else {
            // As the program does: what failed is thrown away.
            let begun = log.begin(&copy, None, Some(&anchor), &mut quietly);
            begun.inspect_err(|_| drop(fs::remove_dir_all(&copy)))
        }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open_read_only(&self.copy()).unwrap()
    }

    /// Cosigns the newest checkpoint of the copy, and keeps that.
    pub(crate) fn cosign(&self, party: &str) -> SignedCheckpoint {
        let ledger = self.ledger();
        let key = key(&format!("{party}/witness-1"), Kind::Cosignature);
        let newest = ledger.newest_checkpoint().unwrap().unwrap();
        let cosigned = ledger.cosign(&newest, &key, &self.anchor(), Utc::now(), &mut quietly).unwrap();
        ledger.take_cosignatures(&cosigned).unwrap().signed
    }

    /// All that must not change where a log is refused.
    pub(crate) fn truth(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let copy = self.copy();
        let kept = ["journal", "checkpoints"].map(|name| files(&copy.join(name)));
        kept.into_iter().flatten().collect()
    }
}

/// Every file below a folder.
pub(crate) fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    if !path.is_dir() {
        return fs::read(path).map(|bytes| (path.to_owned(), bytes)).into_iter().collect();
    }
    fs::read_dir(path).unwrap().flat_map(|entry| files(&entry.unwrap().path())).collect()
}

pub(crate) fn lines(ledger: &Ledger) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut each = |_, line: &[u8]| {
        lines.push(line.to_vec());
        ControlFlow::Continue(())
    };
    ledger.read(0..u64::MAX, &mut each).unwrap();
    lines
}
