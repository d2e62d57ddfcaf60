//! What is signed and handed over: checkpoints and cosignatures, proofs, accounts, requests, bundles, and forks.

use super::desk::{Answer, Desk, PLAN};
use std::fs;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Both sides on one desk; a copy is the other side's, which has its own anchor where it matters.
pub(crate) fn signed() -> Vec<Answer> {
    let mut desk = Desk::new();
    desk.ask(&format!("init {PLAN} --as DK --both-sides"));
    desk.ask(&format!("init {PLAN} --as DK --both-sides --ledger other --keys others"));
    for (ledger, policy) in [("ledger", "policy.txt"), ("other", "other.txt")] {
        let shown = desk.run(&format!("policy show --ledger {ledger}"));
        assert!(shown.status.success());
        desk.write(policy, &shown.stdout);
    }
    witnessed(&mut desk);
    proved(&mut desk);
    accounted(&mut desk);
    requested(&mut desk);
    bundled(&mut desk);
    parted(&mut desk);
    examined(&mut desk);
    desk.answers
}

/// With no policy, with that of the ledger, and with that of another one.
fn verified(desk: &mut Desk, file: &str) {
    desk.read_both(&format!("verify {file}"));
    desk.read_both(&format!("verify {file} --policy policy.txt"));
    desk.read_both(&format!("verify {file} --policy other.txt"));
}

fn witnessed(desk: &mut Desk) {
    desk.both_anew("checkpoint", "none");
    desk.ask("checkpoint --output first.txt");
    desk.refused("checkpoint --output first.txt", 2);
    desk.refused("checkpoint --keys others", 2);
    desk.read_both("checkpoint --list");
    verified(desk, "first.txt");
    desk.both_anew("bundle export --for parties --output first.bundle", "first.bundle");
    desk.ask("bundle restore first.bundle --ledger copy");
    desk.ask("cosign first.txt --as KR --ledger copy --output theirs.txt");
    desk.refused("cosign first.txt --as SE --ledger copy", 2);
    desk.ask("cosign --as DK");
    let mut theirs = desk.read("theirs.txt");
    theirs.extend("\u{2014} somebody AAAAAAAAAAAA\n".as_bytes());
    desk.write("theirs.txt", &theirs);
    desk.ask("checkpoint --take theirs.txt");
    desk.both_anew("checkpoint --take theirs.txt", "none");
    desk.refused("checkpoint --take policy.txt", 2);
    desk.read_both("checkpoint --list");
    desk.ask("checkpoint --output cosigned.txt");
    verified(desk, "cosigned.txt");
    desk.refused("verify cosigned.txt --policy first.txt", 2);
    desk.refused(&format!("verify cosigned.txt --seen {}", "0".repeat(64)), 2);
    desk.read_both("verify --checkpoints cosigned.txt");
    // One that cannot be read is no history whose first entry is bad.
    let cosigned = String::from_utf8(desk.read("cosigned.txt")).unwrap();
    let (origin, rest) = cosigned.split_once('\n').unwrap();
    desk.write("unread.txt", format!("{origin}\n+{rest}").as_bytes());
    desk.refused("verify unread.txt", 2);
    // As some mail programs write it.
    desk.write("mailed.txt", cosigned.replace('\n', "\r\n").as_bytes());
    desk.refused("verify mailed.txt", 2);
    desk.read_both("verify --policy policy.txt");
    desk.read_both("verify --policy other.txt");
}

fn proved(desk: &mut Desk) {
    desk.both_anew("prove 0 --output 0.tlog-proof", "0.tlog-proof");
    verified(desk, "0.tlog-proof");
    desk.refused("prove 0 --output 0.tlog-proof", 2);
    desk.refused("prove 1000 --output 1000.tlog-proof", 2);
    let proof = String::from_utf8(desk.read("0.tlog-proof")).unwrap();
    let extra = proof.lines().find(|line| line.starts_with("extra ")).unwrap();
    desk.write("bare.tlog-proof", proof.replace(&format!("{extra}\n"), "").as_bytes());
    desk.read_both("verify bare.tlog-proof --policy policy.txt");
    // Base64 of two braces.
    desk.write("other.tlog-proof", proof.replace(extra, "extra e30=").as_bytes());
    desk.read_both("verify other.tlog-proof --policy policy.txt");
    let progress = "record progress 1.G2G.1 --as DK --lifecycle under_way --proof receipt.tlog-proof";
    desk.ask(progress);
    desk.read_both("verify receipt.tlog-proof --policy policy.txt");
    desk.refused(progress, 2);
    desk.refused(&format!("{} --keys others", progress.replace("receipt", "another")), 2);
}

fn accounted(desk: &mut Desk) {
    desk.refused("prove 1.G2G.1 --output early.account", 2);
    desk.ask("attest");
    desk.both_anew("prove 1.G2G.1 --output 1.account", "1.account");
    verified(desk, "1.account");
    // An entry left out is what it is verified for.
    let account = fs::read_to_string(desk.path("1.account")).unwrap();
    let (head, rest) = account.split_once("\n\n").unwrap();
    let (entries, proof) = rest.split_once("\n\n").unwrap();
    let shorter = entries.rsplit_once('\n').unwrap().0;
    fs::write(desk.path("shorter.account"), format!("{head}\n\n{shorter}\n\n{proof}")).unwrap();
    assert!(
        desk.ask("verify shorter.account")["checks"][0]["words"]
            .as_str()
            .unwrap()
            .contains("entries are missing")
    );
    desk.read_both("verify shorter.account --policy policy.txt");
    for party in ["DK", "KR"] {
        desk.ask(&format!("cosign --as {party}"));
    }
    desk.both_anew("prove 1.G2G.1 --output 1.account", "1.account");
    verified(desk, "1.account");
}

/// Signed on the copy, recorded here, and answered.
fn requested(desk: &mut Desk) {
    desk.write("report.pdf", b"%PDF-1.7");
    desk.refused("request confirm 1.G2G.1 --as KR --ledger copy", 2);
    let id = "019c0000-0000-7000-8000-000000000001";
    let progress =
        "request progress 1.G2G.2 --as KR --lifecycle under_way --evidence report.pdf --ledger copy";
    desk.both_anew(
        &format!("{progress} --id {id} --output requests.jsonl --time {}", now()),
        "requests.jsonl",
    );
    // Under the same id something else is refused.
    desk.refused(&format!("{progress} --note More --id {id} --output requests.jsonl"), 2);
    // Signed elsewhere, it is refused by the ledger.
    desk.ask(&format!("{progress} --note More --id {id} --output others.jsonl"));
    let mut requests = [desk.read("requests.jsonl"), desk.read("others.jsonl")].concat();
    requests.extend(b"{}\n");
    desk.write("requests.jsonl", &requests);
    desk.ask("answer requests.jsonl --for KR --output answer.bundle");
    desk.refused("answer requests.jsonl --for KR --output answer.bundle", 2);
    desk.refused("answer requests.jsonl --for SE --output none.bundle", 2);
    desk.refused("answer requests.jsonl --for KR --output none.bundle --keys others", 2);
    desk.ask("evidence add report.pdf");
    let again = "answer requests.jsonl --for KR --evidence --output again.bundle";
    desk.both_anew(again, "again.bundle");
    desk.ask("mirror answer.bundle --ledger copy --as KR --output back.txt");
    desk.both_anew("mirror answer.bundle --ledger copy", "none");
    desk.ask("checkpoint --take back.txt");
}

/// The present, which is never that of an entry after this one.
fn now() -> String {
    annals::trail::entry::timestamp(chrono::Utc::now())
}

fn bundled(desk: &mut Desk) {
    desk.ask("bundle export --for public --output public.bundle");
    desk.refused("bundle export --for public --output public.bundle", 2);
    desk.refused("bundle export --for SE --output se.bundle", 2);
    desk.refused("bundle verify", 2);
    desk.read_both("bundle verify again.bundle");
    desk.read_both("verify again.bundle --policy policy.txt");
    desk.ask("bundle restore again.bundle --ledger restored");
    desk.refused("bundle restore again.bundle --ledger restored", 2);
    let bundle = desk.read("again.bundle");
    let changed = rewritten(&bundle, &|name, bytes| {
        // A hash of the tree, and the first byte of each file and of the policy.
        let first = name.starts_with("evidence/") || name == "policy";
        let at = if name.starts_with("tile/0/") { Some(40) } else { first.then_some(0) };
        if let Some(byte) = at.and_then(|at| bytes.get_mut(at)) {
            *byte ^= 1;
        }
    });
    desk.write("changed.bundle", &changed);
    desk.read_both("verify changed.bundle");
    desk.refused("bundle restore changed.bundle --ledger changed", 1);
    for dry in ["", " --dry-run"] {
        // A bundle is no export, whether one is to be made of it or not.
        desk.refused(&format!("restore first.bundle --ledger changed{dry}"), 1);
        desk.refused(&format!("restore nowhere --ledger changed{dry}"), 2);
        desk.refused(&format!("restore ledger --ledger changed{dry}"), 2);
    }
}

/// A ZIP with other bytes in its members.
fn rewritten(bundle: &[u8], change: &dyn Fn(&str, &mut [u8])) -> Vec<u8> {
    let mut read = ZipArchive::new(Cursor::new(bundle)).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..read.len() {
        let mut member = read.by_index(at).unwrap();
        let (name, mut bytes) = (member.name().unwrap().into_owned(), Vec::new());
        member.read_to_end(&mut bytes).unwrap();
        change(&name, &mut bytes);
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// One key signs two histories.
fn parted(desk: &mut Desk) {
    desk.read_both("verify --against copy");
    desk.read_both("verify --against first.bundle");
    desk.read_both("verify first.bundle --against ledger");
    desk.read_both("verify --against changed.bundle");
    desk.refused("verify --against nowhere", 2);
    desk.refused("verify --against cosigned.txt", 2);
    desk.refused("verify 0.tlog-proof --against ledger", 2);
    fs::create_dir(desk.path("nothing")).unwrap();
    desk.refused("verify --checkpoints nothing", 2);
    desk.refused("verify --against first.bundle --fork cosigned.txt", 2);
    desk.write("noise", b"{\"basehash\":\"noise\"}\n");
    desk.write("else", b"noise\n");
    desk.refused("verify --against else", 2);
    let noise = desk.ask("verify --against noise");
    assert!(
        noise["against"]["words"].as_str().unwrap().contains("where one of the two does not hold"),
        "{noise}"
    );
    desk.ask("bundle restore first.bundle --ledger older");
    desk.refused("record progress 1.G2G.2 --as DK --lifecycle completed --ledger older", 1);
    desk.ask("record progress 1.G2G.2 --as DK --lifecycle continuing --ledger older --anchor elsewhere");
    desk.read_both("verify --against older");
    desk.ask("verify --against older --fork fork.txt");
    verified(desk, "fork.txt");
    // One that its own proof leads elsewhere.
    let fork = String::from_utf8(desk.read("fork.txt")).unwrap();
    let stated = fork.lines().nth(1).unwrap();
    let other = if stated.starts_with('A') { "B" } else { "A" };
    desk.write("wrong.txt", fork.replacen(stated, &format!("{other}{}", &stated[1..]), 1).as_bytes());
    assert_eq!(
        desk.ask("verify wrong.txt")["conclusion"],
        "NOT SHOWN: this file proves no fork as it is; take it as it was sent"
    );
    desk.read_both("verify wrong.txt --policy policy.txt");
    // What a checkpoint says of a history that ends before it, and of another one.
    desk.read_both("verify first.bundle --checkpoints back.txt");
    desk.read_both("verify older --checkpoints back.txt");
    desk.write("older/fork", &desk.read("fork.txt"));
    desk.read_both("verify older");
}

/// What the folder of a copy has beside the entries.
fn examined(desk: &mut Desk) {
    let kept = fs::read_dir(desk.path("copy/checkpoints")).unwrap().next().unwrap().unwrap();
    fs::write(kept.path(), "others").unwrap();
    desk.read_both("doctor --ledger copy");
    desk.read_both("verify copy");
    desk.read_both("checkpoint --list --ledger copy");
    desk.ask("backup spare --ledger copy");
    desk.write("copy/fork", &desk.read("fork.txt"));
    desk.read_both("doctor --ledger copy");
    desk.refused("record progress 1.G2G.2 --as DK --lifecycle completed --ledger copy", 1);
    // What the keys of this desk remember.
    fs::remove_file(desk.path("copy/fork")).unwrap();
    let memory = fs::read_dir(desk.path("anchor")).unwrap().next().unwrap().unwrap().path();
    fs::rename(&memory, desk.path("memory")).unwrap();
    fs::write(&memory, "others").unwrap();
    desk.read_both("doctor --ledger copy");
    fs::remove_file(&memory).unwrap();
    fs::rename(desk.path("memory"), memory).unwrap();
}
