//! Hashes that were shortened, so that fewer bits of them would have to agree.

use super::two_sides::{Form, Sides, checkpoint, ledger_key, members, sealed, witness, zipped};
use annals::exchange::verification::{Trusted, Verification};
use annals::record::role::Role;
use annals::record::verdict::Check;
use annals::trail::attribute::EntryFault;
use annals::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use annals::trail::entry::{Entry, Request};
use annals::trail::fork::{Fork, ForkFault};
use annals::trail::key::{KeyFault, VerifierKey};
use annals::trail::note::NoteFault;
use annals::trail::proof::{Proof, ProofFault};
use std::fs;

/// A text in which a part is shortened by some characters.
fn shortened(text: &str, part: &str, left: usize) -> String {
    assert!(text.contains(part), "{part} is not in {text}");
    text.replacen(part, &part[..left], 1)
}

#[test]
fn a_shortened_hash_of_an_entry_is_no_form_of_one() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let at = lines.len() - 1;
    let text = String::from_utf8(lines[at].clone()).unwrap();
    let entry = Entry::parse(text.as_bytes()).unwrap();
    let (seal, event) = (&entry.seal, &entry.request.event);
    for (name, hash) in
        [("prevhash", seal.prevhash), ("streamprevhash", seal.streamprevhash), ("basehash", event.basehash)]
    {
        let member = format!("\"{name}\":\"{hash}\"");
        for left in [0, 8, 32, 62, 63] {
            let short = text.replace(&member, &format!("\"{name}\":\"{}\"", &hash.to_string()[..left]));
            let fault = Entry::parse(short.as_bytes()).unwrap_err();
            assert!(matches!(fault, EntryFault::Attribute { name: found, .. } if found == name), "{fault}");
            let mut damaged = lines.clone();
            damaged[at] = short.into_bytes();
            for form in Form::ALL {
                let judged = form.judge(&damaged, &[checkpoint(&damaged, &ledger_key())], &[]);
                assert_eq!(judged.failed(), [(Check::Form, at as u64)], "{form:?}");
            }
        }
        let longer = text.replace(&member, &format!("\"{name}\":\"{hash}0\""));
        assert!(Entry::parse(longer.as_bytes()).is_err());
    }
    let signature = text.split("\"signature\":\"").nth(1).unwrap().split('"').next().unwrap();
    for left in [0, 4, 44, 84, 87] {
        let fault = Entry::parse(shortened(&text, signature, left).as_bytes()).unwrap_err();
        assert!(matches!(fault, EntryFault::Attribute { name: "signature", .. }), "{fault}");
    }
}

#[test]
fn a_shortened_id_of_a_key_names_no_key() {
    let sides = Sides::agreed();
    let key = super::desk::key_of("KR", Role::Coordinator).verifier();
    let (keyid, vkey) = (key.keyid(), key.to_string());
    for left in 0..8 {
        let short = keyid[..keyid.len() - 8 + left].to_owned();
        let fault = VerifierKey::parse(&vkey.replace(&keyid, &short)).unwrap_err();
        assert!(matches!(fault, KeyFault::Id { .. }), "{fault}");
        let mut requests = super::two_sides::requests(&sides.lines());
        let text = String::from_utf8(requests.pop().unwrap().to_bytes()).unwrap();
        requests.push(Request::parse(text.replace(&keyid, &short).as_bytes()).unwrap());
        let judged = Form::Export.judge(&sealed(requests), &[], &[]);
        let last = judged.report.size - 1;
        assert_eq!(judged.failed(), [(Check::Signatures, last)]);
        let told = format!("is not the whole id of a key: give the whole id, such as {keyid}");
        assert!(judged.found(Check::Signatures).contains(&told));
    }
    // The key itself, shortened.
    let encoded = vkey.splitn(3, '+').last().unwrap();
    assert!(matches!(VerifierKey::parse(&shortened(&vkey, encoded, 40)), Err(KeyFault::Form(_))));
}

#[test]
fn a_shortened_root_hash_or_signature_is_named_wherever_it_stands() {
    let sides = Sides::agreed();
    let signed = &sides.kept[1];
    let root = signed.checkpoint().root().to_string();
    for left in [0, 4, 40, 43] {
        let text = shortened(&signed.to_string(), &root, left);
        let fault = SignedCheckpoint::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(fault, CheckpointFault::Root(_)), "{fault}");
    }
    // Fewer bytes than a key's id and a signature is no line; fewer than a cosignature has is none that holds.
    let line = signed.note().signatures()[1].to_string();
    let encoded = line.rsplit(' ').next().unwrap();
    let text = shortened(&signed.to_string(), encoded, 4);
    let fault = SignedCheckpoint::parse(text.as_bytes()).unwrap_err();
    assert!(matches!(fault, CheckpointFault::Note(NoteFault::Line(_))), "{fault}");
    let text = shortened(&signed.to_string(), encoded, 96);
    let short = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    let forged = annals::trail::witness::cosigned(&short, &witness("DK").verifier()).unwrap_err();
    assert_eq!(forged.0, witness("DK").verifier().keyid());

    let proof = sides.desk.ledger.prove(3, signed).unwrap();
    let hash = proof.path()[1].to_string();
    for left in [0, 4, 40, 43] {
        // Without anything on it, the line is the end of the hashes.
        let fault = Proof::parse(shortened(&proof.to_string(), &hash, left).as_bytes()).unwrap_err();
        let named = matches!(fault, ProofFault::Hash(2, _));
        assert!(if left == 0 { matches!(fault, ProofFault::Checkpoint(_)) } else { named }, "{fault}");
    }

    let other = checkpoint(&sides.lines()[1..], &ledger_key());
    let mine = checkpoint(&sides.lines()[..sides.lines().len() - 1], &ledger_key());
    let fork = Fork::new(mine, other.clone(), other.checkpoint().root(), Vec::new()).unwrap().to_string();
    let then = fork.lines().nth(1).unwrap();
    for left in [0, 4, 40, 43] {
        let fault = Fork::parse(shortened(&fork, then, left).as_bytes()).unwrap_err();
        assert!(matches!(fault, ForkFault::Hash(2, _) | ForkFault::Form), "{fault}");
    }
}

#[test]
fn a_tile_whose_hashes_were_shortened_is_not_that_of_the_entries() {
    let sides = Sides::agreed();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("bundle");
    let sound = members(&sides.lines(), &sides.kept);
    let at = sound.iter().position(|(name, _)| name.starts_with("tile/0/")).unwrap();
    let name = sound[at].0.clone();
    let whole = sound[at].1.clone();
    let halved: Vec<u8> = whole.chunks(32).flat_map(|hash| hash[..16].to_vec()).collect();
    for bytes in [halved, whole[..whole.len() - 1].to_vec(), whole[..whole.len() - 32].to_vec(), Vec::new()] {
        let mut bundle = sound.clone();
        bundle[at].1 = bytes;
        fs::write(&path, zipped(&bundle)).unwrap();
        let found = Verification::of(&path, Trusted::default(), None, &mut |_| {}).unwrap();
        assert!(!found.holds() && found.report.holds() && found.is_contradicted());
        assert_eq!(found.bundled.unwrap().tile.as_ref(), Some(&name));
    }
}
