//! Two users, each with a folder, keys and an anchor of their own, and a web server between them.

use super::web::{Manner, Server};
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::fork::Fork;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/plan.json");

pub(super) struct User(TempDir);

impl User {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, command: &str) -> Output {
        let mut program = super::alone::annals(self.0.path());
        // The authorities that this user's computer trusts, where the test says which.
        let authorities = self.path("authorities.pem");
        if authorities.exists() {
            program.env("SSL_CERT_FILE", authorities).env_remove("SSL_CERT_DIR");
        }
        program.args(command.split_whitespace()).env("ANNALS_LEDGER", self.path("ledger")).output().unwrap()
    }

    pub(super) fn done(&self, command: &str) -> String {
        super::alone::said(command, self.run(command))
    }

    pub(super) fn refused(&self, command: &str, code: i32, words: &[&str]) {
        let output = self.run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{command}: {said}");
        for word in words {
            assert!(said.contains(word), "{command}: `{word}` is not said: {said}");
        }
    }

    pub(super) fn json(&self, command: &str) -> Value {
        serde_json::from_str(&self.done(&format!("--format json {command}"))).unwrap()
    }
}

/// Denmark runs the log, and Korea keeps a copy: each founded with its own keys.
fn two() -> (User, User) {
    let (dk, kr) = (User::new(), User::new());
    dk.done("key new DK --founding");
    let theirs = kr.json("key new KR --founding")["keys"].clone();
    let party = |key: &Value| format!("--party KR={}", key["vkey"].as_str().unwrap());
    let theirs: Vec<String> = theirs.as_array().unwrap().iter().map(party).collect();
    dk.done(&format!(
        "init {PLAN} --as DK --illustrative --time 2021-05-11T08:00:00.000Z {}",
        theirs.join(" ")
    ));
    // The folder was handed over, and comes back.
    super::following::copy_folder(&dk.path("ledger"), &kr.path("ledger"));
    kr.done(&format!("accede --as KR --plan {PLAN} --time 2021-05-12T08:00:00.000Z"));
    kr.done("export --output acceded.jsonl");
    for user in [&dk, &kr] {
        fs::remove_dir_all(user.path("ledger")).unwrap();
    }
    let acceded = kr.path("acceded.jsonl");
    dk.done(&format!("restore {}", acceded.display()));
    let key = dk.json("key new DK/coordinator-1")["keys"][0]["vkey"].as_str().unwrap().to_owned();
    dk.done(&format!("key register {key} --role coordinator --as DK --time 2021-05-13T08:00:00.000Z"));
    (dk, kr)
}

const PROGRESS: &str = "record progress 1.G2G.2 --as DK --lifecycle under_way --effective 2021-06 --time";

#[test]
fn one_side_publishes_and_the_other_verifies_keeps_and_cosigns() {
    let (dk, kr) = two();
    let published = dk.json("publish public");
    let entries = published["entries"].as_u64().unwrap();
    assert_eq!(
        (published["added"].as_u64(), published["cosigned"].as_array().unwrap().len()),
        (Some(entries), 0)
    );
    let server = Server::of(&dk.path("public"), Manner::Well);
    let address = &server.address;
    kr.refused(&format!("mirror {address} --first {}", "0".repeat(64)), 1, &["was asked for"]);
    assert!(!kr.path("ledger").exists());
    let first = dk.json("verify")["first"].as_str().unwrap().to_owned();
    let mirrored = kr.json(&format!("mirror {address} --first {first} --as KR -o cosigned.txt"));
    assert_eq!(
        (mirrored["added"].as_u64(), mirrored["authenticated"].as_bool()),
        (Some(entries), Some(true))
    );
    assert_eq!(mirrored["head"], dk.json("verify")["head"]);
    assert_eq!(mirrored["cosigned"].as_array().unwrap().len(), 1);
    // The cosignature goes back, and is published.
    dk.done(&format!("checkpoint --take {}", kr.path("cosigned.txt").display()));
    let again = dk.json("publish public");
    assert_eq!((again["added"].as_u64(), &again["cosigned"]), (Some(0), &mirrored["cosigned"]));
    assert!(kr.done(&format!("mirror {address} --as KR")).contains("nothing new"));
    // A desk that lost what its key remembers learns it from what the key signed, before it signs another history.
    let own = |path: PathBuf| fs::read_to_string(path).is_ok_and(|kept| kept.contains("KR/witness-1"));
    let within = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let remembered = || within(kr.path("anchor")).flat_map(within).filter(|path| own(path.clone())).count();
    let known = remembered();
    fs::remove_dir_all(kr.path("anchor")).unwrap();
    assert!(kr.done(&format!("mirror {address} --as KR")).contains("nothing new"));
    assert_eq!((remembered(), known), (1, 1));
    dk.done(&format!("{PROGRESS} 2021-07-01T08:00:00.000Z"));
    dk.done("publish public");
    let said = kr.done(&format!("mirror {address} --as KR -o second.txt"));
    assert!(said.contains("1 entry verified") && said.contains("by KR/witness-1"), "{said}");
    let second = SignedCheckpoint::parse(&fs::read(kr.path("second.txt")).unwrap()).unwrap();
    assert_eq!(second.checkpoint().size(), entries + 1);
    kr.refused(&format!("mirror {address} -o second.txt"), 2, &["nothing is overwritten"]);
    assert_eq!(kr.json("verify")["holds"], true);
}

#[test]
fn a_log_that_shows_two_histories_is_found_out_and_named() {
    let (dk, kr) = two();
    dk.done("publish public");
    // The same desk goes on twice from here, as if nothing had been remembered.
    for name in ["ledger", "anchor"] {
        super::following::copy_folder(&dk.path(name), &dk.path(&format!("other-{name}")));
    }
    let other = "--ledger other-ledger --anchor other-anchor";
    dk.done(&format!("{PROGRESS} 2021-07-01T08:00:00.000Z"));
    dk.done("publish public");
    let public = dk.path("public");
    kr.done(&format!("mirror {} --as KR", public.display()));
    dk.done(&format!("{PROGRESS} 2021-07-02T08:00:00.000Z {other}"));
    dk.done(&format!("{PROGRESS} 2021-07-03T08:00:00.000Z {other}"));
    dk.refused(&format!("publish public {other}"), 1, &["public/checkpoint", "no beginning of this ledger"]);
    dk.done(&format!("publish elsewhere {other}"));
    let elsewhere = dk.path("elsewhere");
    kr.refused(
        &format!("mirror {}", elsewhere.display()),
        1,
        &["forked", "ledger/fork", "show it to the other side"],
    );
    let fork = Fork::parse(&fs::read(kr.path("ledger/fork")).unwrap()).unwrap();
    let sizes = fork.checkpoints().map(|signed| signed.checkpoint().size());
    assert_eq!(sizes[0] + 1, sizes[1]);
    for command in [format!("mirror {}", public.display()), format!("{PROGRESS} 2021-07-04T08:00:00.000Z")] {
        kr.refused(&command, 1, &["ledger/fork", "move it away"]);
    }
    let output = kr.run("status");
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("two histories"));
    // Without a copy it is put beside its place.
    fs::remove_dir_all(kr.path("ledger")).unwrap();
    kr.refused(&format!("mirror {}", elsewhere.display()), 1, &["forked", "ledger.fork"]);
    assert!(kr.path("ledger.fork").exists() && !kr.path("ledger").exists());
}

#[test]
fn what_is_asked_wrongly_is_refused_with_a_remedy() {
    let user = User::new();
    user.refused("mirror nowhere", 2, &["nowhere: cannot be read", "check its name"]);
    user.refused("mirror https://", 2, &["not the address of a log"]);
    user.refused("mirror http://127.0.0.1:1/log", 3, &["http://127.0.0.1:1/log", "cannot be read"]);
    user.refused("publish public", 2, &["no ledger is here"]);
    assert!(!user.path("public").exists());
}
