//! Accounts: all entries of an action, and the proof that they are all.

use crate::desk::{ACTION, Desk, ORIGIN, key, word};
use annals::ledger::anchor::Anchor;
use annals::ledger::proving::ProveError;
use annals::record::account::{Account, AccountFault};
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::key::Kind;
use chrono::{DateTime, Utc};

/// A desk at which somebody spoke of an action, that was attested to then; and the checkpoint above that.
fn attested() -> (Desk, SignedCheckpoint) {
    let mut desk = Desk::founded();
    desk.progress("KR", "1.G2G.2", word("under_way")).unwrap();
    desk.progress("DK", "1.G2G.1", word("under_way")).unwrap();
    desk.progress("DK", "1.G2G.2", word("continuing")).unwrap();
    attest(&desk);
    let signed = checkpoint(&desk);
    (desk, signed)
}

fn attest(desk: &Desk) {
    let (attested, head) = desk.ledger.attestable();
    let time = DateTime::<Utc>::from_timestamp(1_700_000_000, 0).unwrap();
    let id = annals::record::ids::new(time, [7; 10]);
    let request = attested.sign(id, time, ORIGIN, head.leaf, &key(ORIGIN, Kind::Ed25519)).unwrap();
    desk.ledger.record(request, Vec::new()).unwrap();
}

fn checkpoint(desk: &Desk) -> SignedCheckpoint {
    let folder = tempfile::tempdir().unwrap();
    desk.ledger.checkpoint(&key(ORIGIN, Kind::Ed25519), &Anchor::new(folder.path().to_owned())).unwrap()
}

#[test]
fn an_account_holds_every_entry_of_its_stream_and_is_verified_alone() {
    let (mut desk, signed) = attested();
    let account = desk.ledger.account(ACTION, &signed).unwrap();
    let text = account.to_string();
    let read = Account::parse(text.as_bytes()).unwrap();
    assert_eq!(read, account);
    assert_eq!(read.to_string(), text);
    let sequences = |account: &Account| -> Vec<u64> {
        account.entries().iter().map(|entry| entry.seal.sequence).collect()
    };
    assert_eq!(sequences(&read), desk.ledger.sequences(ACTION, u64::MAX).unwrap());
    assert!(read.is_attested_by(&key(ORIGIN, Kind::Ed25519).verifier()));
    assert!(!read.is_attested_by(&key("DK/authority-1", Kind::Ed25519).verifier()));
    // What comes after the attestation is not in it.
    desk.progress("KR", "1.G2G.2", word("suspended")).unwrap();
    let later = desk.ledger.account(ACTION, &checkpoint(&desk)).unwrap();
    assert_eq!(sequences(&later), sequences(&account));
}

#[test]
fn an_account_from_which_an_entry_is_missing_is_none() {
    let (desk, signed) = attested();
    let text = desk.ledger.account(ACTION, &signed).unwrap().to_string();
    let (head, rest) = text.split_once("\n\n").unwrap();
    let (entries, proof) = rest.split_once("\n\n").unwrap();
    let lines: Vec<&str> = entries.split('\n').collect();
    assert_eq!(lines.len(), 3);
    let parse = |lines: &[&str]| {
        Account::parse(format!("{head}\n\n{}\n\n{proof}", lines.join("\n")).as_bytes()).unwrap_err()
    };
    assert!(matches!(parse(&lines[..2]), AccountFault::Stream(_)), "the newest");
    assert_eq!(parse(&lines[1..]), AccountFault::Chain(1), "the first");
    assert_eq!(parse(&[lines[0], lines[2]]), AccountFault::Chain(2));
    assert_eq!(parse(&[lines[0], lines[1], lines[1], lines[2]]), AccountFault::Chain(3));
    let other = desk.ledger.account("actions/1.G2G.1", &signed).unwrap().to_string();
    let others: Vec<&str> = other.split("\n\n").nth(1).unwrap().split('\n').collect();
    assert!(matches!(parse(&others), AccountFault::Stream(_)));
    let changed = lines[1].replace("under_way", "suspended");
    assert!(matches!(parse(&[lines[0], &changed, lines[2]]), AccountFault::Chain(3)));
}

#[test]
fn each_fault_of_an_account_has_its_name() {
    let (desk, signed) = attested();
    let text = desk.ledger.account(ACTION, &signed).unwrap().to_string();
    let parse = |text: &str| Account::parse(text.as_bytes()).unwrap_err();
    assert_eq!(parse(&text.replace("account/v1", "account/v2")), AccountFault::Form);
    assert_eq!(parse(&text.replace("index ", "index 0")), AccountFault::Form);
    assert_eq!(parse(&text.replace('\n', "\r\n")), AccountFault::Returns);
    assert!(matches!(
        parse(&text.replace("actions/1.G2G.2\nindex", "actions/1.G2G.3\nindex")),
        AccountFault::Stream(_)
    ));
    assert!(matches!(parse(text.trim_end()), AccountFault::Proof(_)));
    let path: Vec<&str> = text.lines().skip(3).take_while(|line| !line.is_empty()).collect();
    assert!(matches!(parse(&text.replacen(path[0], "hash", 1)), AccountFault::Hash(4, _)));
    assert!(matches!(parse(&text.replacen(&format!("{}\n", path[0]), "", 1)), AccountFault::Stream(_)));
    let bare = desk.ledger.prove(0, &signed).unwrap().to_string();
    let (rest, _) = text.rsplit_once("c2sp.org/").unwrap();
    assert_eq!(parse(&format!("{rest}{bare}")), AccountFault::Attestation);
}

#[test]
fn without_an_attestation_or_without_the_stream_there_is_no_account() {
    let desk = Desk::founded();
    let signed = checkpoint(&desk);
    assert!(matches!(desk.ledger.account(ACTION, &signed), Err(ProveError::Unattested(_))));
    let (desk, signed) = attested();
    assert!(matches!(desk.ledger.account("actions/9.Z.9", &signed), Err(ProveError::Stream(_))));
}

#[test]
fn no_byte_of_an_account_can_be_another() {
    let (desk, signed) = attested();
    let text = desk.ledger.account(ACTION, &signed).unwrap().to_string().into_bytes();
    // The checkpoint's signatures are judged by whoever knows its keys.
    let end = text.windows(4).rposition(|bytes| bytes == "\n— ".as_bytes().get(..4).unwrap()).unwrap();
    for at in (0..end).step_by(7) {
        let mut changed = text.clone();
        changed[at] ^= 1;
        if let Ok(account) = Account::parse(&changed) {
            // Only the origin, the size and the root are left, and these are what the ledger's key signs.
            let log = key(ORIGIN, Kind::Ed25519).verifier();
            assert!(account.attestation().checkpoint().signed_by(&log).is_err(), "byte {at}");
        }
    }
}
