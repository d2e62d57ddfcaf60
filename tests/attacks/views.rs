//! A split view: each side is shown another history, both sound, both signed by the ledger.

use super::desk::ORIGIN;
use super::two_sides::{Form, Lines, Sides, bundle, cosigned, go_on, ledger_key, lines, told};
use annals::exchange::against::{Compared, Leaves};
use annals::ledger::anchor::Anchor;
use annals::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use annals::trail::fork::{Fork, ForkFault};
use annals::trail::key::{Kind, SigningKey};

/// What a side is shown: as many words of it as it said, after the first entries that both have.
fn view(sides: &Sides, common: usize, party: &str, words: usize) -> (Lines, SignedCheckpoint, Vec<u8>) {
    let mut thief = sides.thief(common);
    go_on(&mut thief, party, words);
    let home = tempfile::tempdir().unwrap();
    let anchors = [ORIGIN, party].map(|name| Anchor::new(home.path().join(name)));
    let signed = cosigned(&thief.ledger, &anchors, &[party]);
    (lines(&thief.ledger), signed, bundle(&thief.ledger))
}

fn leaves(lines: &Lines) -> Leaves {
    let mut leaves = Leaves::new().unwrap();
    for line in lines {
        leaves.push(line).unwrap();
    }
    leaves
}

#[test]
fn two_views_part_where_they_part_and_the_fork_convinces_somebody_who_saw_neither() {
    let sides = Sides::agreed();
    let common = usize::try_from(sides.confirmed.sequence).unwrap() + 1;
    let (dk, dk_signed, dk_bundle) = view(&sides, common, "DK", 3);
    for words in [1, 3, 5] {
        let (kr, kr_signed, kr_bundle) = view(&sides, common, "KR", words);
        for (view, signed) in [(&dk, &dk_signed), (&kr, &kr_signed)] {
            for form in Form::ALL {
                let judged = form.judge(view, std::slice::from_ref(signed), &[]);
                assert!(judged.report.holds() && judged.completed.holds(), "each view alone is sound");
                assert!(judged.completed.witnessed().is_none(), "and not witnessed by both");
            }
        }
        let (ours, theirs) = (leaves(&dk), leaves(&kr));
        assert_eq!(ours.compare(&theirs).unwrap(), Compared::Parted(common as u64));
        let fork = if dk_signed.checkpoint().size() <= kr_signed.checkpoint().size() {
            theirs.fork(&dk_signed, &kr_signed).unwrap().unwrap()
        } else {
            ours.fork(&kr_signed, &dk_signed).unwrap().unwrap()
        };
        let read = Fork::parse(fork.to_string().as_bytes()).unwrap();
        assert_eq!(read.signed_by(&ledger_key().verifier()), Ok(()));
        let other = SigningKey::from_seed(ORIGIN, Kind::Ed25519, &[9; 32]).unwrap().verifier();
        let unsigned = CheckpointFault::Unsigned(other.keyid());
        assert_eq!(read.signed_by(&other), Err(ForkFault::Checkpoint("first", unsigned)));
        // As its users find it.
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        std::fs::write(path("dk"), &dk_bundle).unwrap();
        std::fs::write(path("kr"), &kr_bundle).unwrap();
        std::fs::write(path("policy"), sides.policy().to_bytes()).unwrap();
        let (other, fork) = (path("kr"), path("fork"));
        let (code, answer) =
            told(&path("dk"), &["--against", other.to_str().unwrap(), "--fork", fork.to_str().unwrap()]);
        assert_eq!((code, answer["against"]["stands"].as_str()), (Some(1), Some("parted")));
        assert_eq!(answer["against"]["entries"], common);
        let (code, answer) = told(&fork, &["--policy", path("policy").to_str().unwrap()]);
        assert_eq!(code, Some(0));
        assert!(answer["conclusion"].as_str().unwrap().starts_with("A FORK"), "{answer}");
    }
}

#[test]
fn a_history_that_goes_on_is_no_fork_and_no_file_makes_one_of_it() {
    let sides = Sides::agreed();
    let lines = sides.lines();
    let (earlier, later) = (&sides.kept[0], &sides.kept[1]);
    let size = usize::try_from(earlier.checkpoint().size()).unwrap();
    let (ours, whole) = (leaves(&lines[..size].to_vec()), leaves(&lines));
    assert_eq!(ours.compare(&whole).unwrap(), Compared::More((lines.len() - size) as u64));
    assert!(whole.fork(earlier, later).unwrap().is_none());
    assert!(sides.desk.ledger.fork(later, earlier).unwrap().is_none());
    // Whoever invents what the larger tree had then has no way to it.
    let invented = annals::trail::hash::NodeHash([7; 32]);
    let made = Fork::new(earlier.clone(), later.clone(), invented, Vec::new());
    assert!(matches!(made, Err(ForkFault::Proof(_))), "{made:?}");
    let made = Fork::new(later.clone(), later.clone(), invented, Vec::new());
    assert_eq!(made, Err(ForkFault::Stated));
}
