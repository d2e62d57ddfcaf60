//! What is done to proofs: a hash too many or too few, inner nodes in the place of entries, and two ends that are right with
//! something else between them (as in GHSA-672p-m5jq-mrh8, where only the ends of a linear proof were checked).

use super::two_sides::{
    Form, Lines, Sides, changed, checkpoint, go_on, ledger_key, lines, requests, root, sealed, told,
};
use annals::exchange::verification::{Trusted, Verification, VerificationError};
use annals::record::completeness::Unsound;
use annals::record::verdict::Check;
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::hash::{LeafHash, NodeHash};
use annals::trail::merkle::{self, Frontier, ProofFault, Prover, Tiles};
use annals::trail::proof::{self, Proof};
use annals::trail::tile::Tile;
use serde_json::Value;
use std::convert::Infallible;
use std::fs;
use std::path::Path;

struct Leaves(Vec<NodeHash>);

impl Tiles for Leaves {
    type Fault = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<NodeHash>, Infallible> {
        Ok(self.0.iter().copied().take(usize::from(tile.width)).collect())
    }
}

impl Leaves {
    fn of(lines: &[Vec<u8>]) -> Self {
        Self(lines.iter().map(|line| LeafHash::of(line).into()).collect())
    }
}

/// What was looked at, whether it holds, and in words.
type Looked = (String, Option<bool>, String);

/// What `annals verify` says of each check of a proof, under keys from elsewhere.
fn judged(text: &str, policy: &Path) -> (Option<i32>, Vec<Looked>) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("proof");
    fs::write(&path, text).unwrap();
    let (code, answer) = told(&path, &["--policy", policy.to_str().unwrap()]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let check = |each: &Value| (text(&each["check"]), each["holds"].as_bool(), text(&each["words"]));
    (code, answer["checks"].as_array().into_iter().flatten().map(check).collect())
}

fn wrong(checks: &[Looked]) -> Vec<&str> {
    checks.iter().filter(|(_, holds, _)| *holds == Some(false)).map(|(check, ..)| check.as_str()).collect()
}

#[test]
fn a_proof_has_exactly_its_hashes_and_proves_its_entry_alone() {
    let sides = Sides::agreed();
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("policy");
    fs::write(&policy, sides.policy().to_bytes()).unwrap();
    let signed = &sides.kept[1];
    let (size, root) = (signed.checkpoint().size(), signed.checkpoint().root());
    for index in [0, sides.word.sequence, size - 1] {
        let proof = sides.desk.ledger.prove(index, signed).unwrap();
        let text = proof.to_string();
        let (code, checks) = judged(&text, &policy);
        assert_eq!((code, wrong(&checks)), (Some(0), vec![]), "{checks:?}");
        let leaf = LeafHash::of(proof.extra().unwrap());
        let expected = proof.path().len();
        let hash = proof.path()[0].to_string();
        for (other, found) in [
            (text.replacen(&format!("{hash}\n"), "", 1), expected - 1),
            (text.replacen(&format!("{hash}\n"), &format!("{hash}\n{hash}\n"), 1), expected + 1),
            (text.replacen("\n\n", &format!("\n{hash}\n\n"), 1), expected + 1),
        ] {
            let (code, checks) = judged(&other, &policy);
            assert_eq!((code, wrong(&checks)), (Some(1), vec!["inclusion"]));
            let words = format!("{found} hashes, and {expected} belong to such a proof");
            assert!(checks.iter().any(|(_, _, each)| *each == words), "{checks:?}");
            let read = Proof::parse(other.as_bytes()).unwrap();
            let fault = Err(ProofFault::Length { expected, found });
            assert_eq!(merkle::includes(leaf, index, size, read.path(), root), fault);
        }
        // Another entry, another place.
        let other = sides.desk.ledger.prove(sides.confirmed.sequence, signed).unwrap();
        let moved =
            Proof::new(other.extra().map(<[u8]>::to_vec), index, proof.path().to_vec(), signed.clone());
        let (code, checks) = judged(&moved.unwrap().to_string(), &policy);
        assert_eq!((code, wrong(&checks)), (Some(1), vec!["entry", "inclusion"]));
        assert!(checks[0].2.ends_with(&format!("; the proof is of entry {index}")), "{checks:?}");
        // And another log's key.
        let thief = annals::trail::key::SigningKey::from_seed(
            signed.checkpoint().origin(),
            annals::trail::key::Kind::Ed25519,
            &[9; 32],
        );
        let alone = SignedCheckpoint::sign(signed.checkpoint().clone(), &thief.unwrap()).unwrap();
        let stolen = Proof::new(proof.extra().map(<[u8]>::to_vec), index, proof.path().to_vec(), alone);
        let (code, checks) = judged(&stolen.unwrap().to_string(), &policy);
        assert_eq!((code, wrong(&checks)), (Some(1), vec!["ledger"]));
        // Of the ledger alone it is recorded, and not witnessed.
        let alone = SignedCheckpoint::sign(signed.checkpoint().clone(), &ledger_key()).unwrap();
        let lone = Proof::new(proof.extra().map(<[u8]>::to_vec), index, proof.path().to_vec(), alone);
        let (code, checks) = judged(&lone.unwrap().to_string(), &policy);
        assert_eq!((code, wrong(&checks)), (Some(1), vec!["witnesses"]));
    }
    let deep = vec![NodeHash([1; 32]); 64];
    assert_eq!(Proof::new(None, 0, deep, signed.clone()), Err(proof::ProofFault::Path));
}

#[test]
fn two_inner_nodes_are_no_entry_and_half_the_tree_is_no_tree() {
    let sides = Sides::agreed();
    let lines = &sides.lines()[..16];
    let (leaves, whole) = (Leaves::of(lines), root(lines));
    let half = Checkpoint::new(sides.kept[0].checkpoint().origin(), 8, whole).unwrap();
    let half = SignedCheckpoint::sign(half, &ledger_key()).unwrap();
    let pairs: Lines = leaves.0.chunks(2).map(|pair| [pair[0].0, pair[1].0].concat()).collect();
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("policy");
    fs::write(&policy, sides.policy().to_bytes()).unwrap();
    for ((at, pair), hashes) in (0..).zip(&pairs).zip(leaves.0.chunks(2)) {
        let path = Prover::new(&leaves, 16).inclusion(2 * at).unwrap()[1..].to_vec();
        let node = NodeHash::above(hashes[0], hashes[1]);
        assert_eq!(merkle::rooted(node, at, 8, &path), Ok(whole), "the way is right, and the leaf is none");
        let found = merkle::includes(LeafHash::of(pair), at, 8, &path, whole);
        assert!(matches!(found, Err(ProofFault::Root { expected, .. }) if expected == whole));
        let proof = Proof::new(Some(pair.clone()), at, path, half.clone()).unwrap();
        let (code, checks) = judged(&proof.to_string(), &policy);
        assert_eq!((code, wrong(&checks)), (Some(1), vec!["entry", "inclusion", "witnesses"]));
    }
    // Alone they are no history at all.
    let alone = Form::Export.write(&pairs, &[], home.path());
    let found = Verification::of(&alone, Trusted::default(), None, &mut |_| {});
    assert!(matches!(found, Err(VerificationError::NoHistory)), "{found:?}");
    for form in [Form::Folder, Form::Bundle] {
        let judged = form.judge(&pairs, std::slice::from_ref(&half), std::slice::from_ref(&half));
        assert_eq!(judged.failed(), [(Check::Form, 0)], "{form:?}");
        // There is no opening, so that nobody can have signed it.
        assert!(judged.unsound().iter().all(|(_, unsound)| matches!(unsound, Unsound::Fork { .. })));
    }
}

#[test]
fn between_two_checkpoints_nothing_is_exchanged_though_both_ends_are_right() {
    let sides = Sides::agreed();
    let honest = sides.lines();
    let (from, to) = (usize::try_from(sides.kept[0].checkpoint().size()).unwrap(), honest.len());
    let (at, place) = (from + 1, from as u64 + 1);
    // What was exchanged is whole in itself, and the last entry is the true one, byte for byte.
    let mut exchanged = honest.clone();
    let mut forged = requests(&honest);
    forged[at] = changed(&forged[at], "under_way", "suspended");
    let anew = sealed(forged);
    exchanged[at..to - 1].clone_from_slice(&anew[at..to - 1]);
    assert_eq!((&exchanged[..at], &exchanged[to - 1]), (&honest[..at], &honest[to - 1]));
    for form in Form::ALL {
        let judged = form.judge(&exchanged, &sides.kept, &sides.kept[1..]);
        let failed = judged.failed();
        assert!(failed.contains(&(Check::Chain, to as u64 - 1)), "{form:?}: {failed:?}");
        assert!(failed.contains(&(Check::Signatures, place)), "{form:?}: {failed:?}");
        let unsound = judged.unsound();
        assert!(!unsound.is_empty() && unsound.iter().all(|(size, _)| *size == to as u64), "{unsound:?}");
        assert!(unsound.iter().all(|(_, unsound)| matches!(unsound, Unsound::Fork { .. })));
    }
    // With the keys of a side and of the ledger everything holds but the later root.
    let mut thief = sides.thief(from);
    go_on(&mut thief, "KR", to - from);
    let exchanged = lines(&thief.ledger);
    assert_eq!(exchanged.len(), to);
    for form in Form::ALL {
        let theirs = [sides.kept[0].clone(), checkpoint(&exchanged, &ledger_key())];
        let judged = form.judge(&exchanged, &theirs, &sides.kept[1..]);
        assert!(judged.report.holds());
        let fork = Unsound::Fork {
            size: to as u64,
            signed: sides.kept[1].checkpoint().root(),
            found: root(&exchanged),
        };
        assert_eq!(judged.unsound(), [(to as u64, fork)], "{form:?}");
        // Whoever kept the earlier one alone knows no more than that.
        assert!(form.judge(&exchanged, &theirs, &sides.kept[..1]).unsound().is_empty());
    }
    // No proof leads from the one to the other.
    let path = Prover::new(&Leaves::of(&exchanged), to as u64).consistency(from as u64).unwrap();
    let [earlier, later] = [0, 1].map(|at| sides.kept[at].checkpoint());
    let (earlier, later) = ((earlier.size(), earlier.root()), (later.size(), later.root()));
    assert!(matches!(merkle::continues(earlier, later, &path), Err(ProofFault::Root { .. })));
    let honest = Prover::new(&Leaves::of(&honest), to as u64).consistency(from as u64).unwrap();
    assert_eq!(merkle::continues(earlier, later, &honest), Ok(()));
}

#[test]
fn a_tree_is_continued_by_exactly_the_inner_nodes_that_it_has() {
    let leaves = Leaves((0..33_u8).map(|at| LeafHash::of(&[at]).into()).collect());
    let root = |size: u64| {
        let mut frontier = Frontier::default();
        (0..size).for_each(|at| frontier.push(LeafHash::of(&[u8::try_from(at).unwrap()]), &mut |_, _| {}));
        frontier.root()
    };
    for (old, new) in (1..34).flat_map(|new| (1..=new).map(move |old| (old, new))) {
        let (earlier, later) = ((old, root(old)), (new, root(new)));
        let path = Prover::new(&leaves, new).consistency(old).unwrap();
        let holds = |path: &[NodeHash]| merkle::continues(earlier, later, path);
        assert_eq!(holds(&path), Ok(()));
        let expected = path.len();
        for at in 0..expected {
            for other in [NodeHash([7; 32]), earlier.1, later.1, path[(at + 1) % expected]] {
                let mut wrong = path.clone();
                wrong[at] = other;
                let found = holds(&wrong);
                assert!(wrong == path || matches!(found, Err(ProofFault::Root { .. })), "{old} {new} {at}");
            }
            let mut fewer = path.clone();
            fewer.remove(at);
            let length = |found| Err(ProofFault::Length { expected, found });
            assert_eq!(holds(&fewer), length(expected - 1));
            assert_eq!(holds(&[&path[..], &path[at..=at]].concat()), length(expected + 1));
        }
        let beyond = merkle::continues(later, earlier, &path);
        assert!(old == new || beyond == Err(ProofFault::Sizes { old: new, new: old }));
        // Another earlier root, whatever leads from it.
        assert!(merkle::continues((old, NodeHash([7; 32])), later, &path).is_err());
    }
}
