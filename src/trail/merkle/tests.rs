//! The tree beside its definition and somebody else's: roots, proofs of every size, and proofs of anything else.

use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use std::thread;

/// The trees of numbers, and somebody else's.
#[derive(Default)]
struct Tree {
    ours: Whole,
    theirs: MemoryBackedTree<Sha256, [u8; 8]>,
}

fn leaf(number: u64) -> LeafHash {
    LeafHash::of(&number.to_be_bytes())
}

impl Tree {
    fn of(size: u64) -> Self {
        let mut tree = Self::default();
        (0..size).for_each(|_| tree.grow());
        tree
    }

    fn grow(&mut self) {
        let number = self.size();
        self.ours.push(leaf(number));
        self.theirs.push(number.to_be_bytes());
    }

    fn size(&self) -> u64 {
        self.ours.frontier.size()
    }

    fn included(&self, index: u64, size: u64) -> Vec<NodeHash> {
        Prover::new(&self.ours, size).inclusion(index).unwrap()
    }

    fn consistent(&self, old: u64, new: u64) -> Vec<NodeHash> {
        Prover::new(&self.ours, new).consistency(old).unwrap()
    }

    fn root(&self, size: u64) -> NodeHash {
        Prover::new(&self.ours, size).root().unwrap()
    }
}

fn bytes(path: &[NodeHash]) -> Vec<u8> {
    super::super::tile::bytes(path)
}

/// The root as RFC 6962 §2.1 defines it.
fn defined(leaves: &[NodeHash]) -> NodeHash {
    match leaves {
        [] => NodeHash::empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            NodeHash::above(defined(left), defined(right))
        }
    }
}

#[test]
fn ranges_that_were_computed_apart_are_joined_into_the_tree_wherever_it_was_cut() {
    let range = |from, to| {
        let mut range = Compact::at(from);
        (from..to).for_each(|number| range.push(leaf(number), &mut |_, _| {}));
        range
    };
    let tree = Tree::of(300);
    for (size, cut) in
        (0..=70).flat_map(|size| (0..=size).map(move |cut| (size, cut))).chain([(300, 127), (300, 129)])
    {
        let (left, right) = (range(0, cut), range(cut, size));
        // Each subtree of a range is as large as it can be, so that there is one way alone to have it.
        for other in cut..=size {
            assert_eq!(
                range(cut, other).join(range(other, size)).as_ref(),
                Some(&right),
                "{cut} {other} {size}"
            );
        }
        assert!(right.nodes().len() <= 126 && right.clone().join(range(size + 1, size + 2)).is_none());
        assert_eq!(Frontier::of_range(right.clone()).is_some(), cut == 0);
        let joined = left.join(right).and_then(Frontier::of_range);
        assert_eq!(joined, Some(Frontier::of(&tree.ours, size).unwrap()), "{cut} of {size}");
    }
}

#[test]
fn every_tree_up_to_300_is_as_it_is_defined_and_as_others_compute_it() {
    let (mut tree, mut roots) = (Tree::default(), Vec::new());
    for size in 0..=300 {
        let mut prover = Prover::new(&tree.ours, size);
        let root = prover.root().unwrap();
        assert_eq!(root, tree.ours.frontier.root());
        assert_eq!(root, defined(&tree.ours.rows[0]));
        roots.push(root);
        assert_eq!(root.0, <[u8; 32]>::from(*tree.theirs.root().as_bytes()));
        assert_eq!(Frontier::of(&tree.ours, size).unwrap(), tree.ours.frontier);
        for index in 0..size {
            let path = prover.inclusion(index).unwrap();
            let theirs = tree.theirs.prove_inclusion(usize::try_from(index).unwrap());
            assert_eq!(bytes(&path), theirs.as_bytes(), "{index} of {size}");
            assert_eq!(includes(leaf(index), index, size, &path, root), Ok(()));
        }
        for old in 0..=size {
            let path = prover.consistency(old).unwrap();
            let earlier = roots[usize::try_from(old).unwrap()];
            if old > 0 {
                let theirs = tree.theirs.prove_consistency(usize::try_from(size - old).unwrap());
                assert_eq!(bytes(&path), theirs.as_bytes(), "{old} to {size}");
            }
            assert_eq!(continues((old, earlier), (size, root), &path), Ok(()));
        }
        tree.grow();
    }
}

#[test]
fn every_leaf_of_a_tree_at_the_edge_of_two_levels_is_proved() {
    let tree = Tree::of(65_537);
    let check = |size| {
        let (root, mut prover) = (tree.root(size), Prover::new(&tree.ours, size));
        for index in 0..size {
            assert_eq!(includes(leaf(index), index, size, &prover.inclusion(index).unwrap(), root), Ok(()));
        }
    };
    thread::scope(|scope| {
        for size in 65_535..=65_537 {
            scope.spawn(move || check(size));
        }
    });
    let last = usize::try_from(tree.size()).unwrap() - 1;
    for index in [0, 1, 255, 256, 32_767, 32_768, last - 1, last] {
        let theirs = tree.theirs.prove_inclusion(index);
        assert_eq!(bytes(&tree.included(index as u64, tree.size())), theirs.as_bytes());
    }
}

#[test]
fn every_tree_is_continued_by_one_at_the_edge_of_two_levels() {
    let tree = Tree::of(65_537);
    let mut growing = Frontier::default();
    let mut provers = [65_535, 65_536, 65_537].map(|size| Prover::new(&tree.ours, size));
    for old in 0..=65_535 {
        let earlier = (old, growing.root());
        // Which of the three is proved is left to the number, so that each meets every remainder.
        let prover = &mut provers[usize::try_from(old % 3).unwrap()];
        let (path, later) = (prover.consistency(old).unwrap(), prover.root().unwrap());
        assert_eq!(continues(earlier, (prover.size, later), &path), Ok(()));
        growing.push(leaf(old), &mut |_, _| {});
    }
}

#[test]
fn a_proof_of_anything_else_is_refused() {
    let tree = Tree::of(70);
    for (index, size) in (1..=70).flat_map(|size| (0..size).map(move |index| (index, size))) {
        let (path, root) = (tree.included(index, size), tree.root(size));
        let holds =
            |leaf, index, size, path: &[NodeHash], root| includes(leaf, index, size, path, root).is_ok();
        assert!(holds(leaf(index), index, size, &path, root));
        assert!(!holds(leaf(index + 1), index, size, &path, root));
        assert!(!holds(leaf(index), index, size, &path, tree.root(size - 1)));
        assert_eq!(
            includes(leaf(index), size, size, &path, root),
            Err(ProofFault::Index { index: size, size })
        );
        for other in (0..size).filter(|other| *other != index) {
            assert!(!holds(leaf(index), other, size, &path, root), "{index} as {other} of {size}");
        }
        // One too many, on either side, and one too few.
        let more = [&path[..], &[root]].concat();
        let before = [&[root], &path[..]].concat();
        for wrong in [&more[..], &before].into_iter().chain(path.split_last().map(|(_, rest)| rest)) {
            let (expected, found) = (path.len(), wrong.len());
            let fault = includes(leaf(index), index, size, wrong, root);
            assert_eq!(fault, Err(ProofFault::Length { expected, found }));
        }
        for at in 0..path.len() {
            let mut changed = path.clone();
            changed[at].0[31] ^= 1;
            assert!(!holds(leaf(index), index, size, &changed, root));
        }
    }
}

#[test]
fn an_inner_node_is_no_leaf() {
    // CVE-2012-2459 and its like: without prefixes the node above two leaves passes for a leaf of a tree half as large.
    let tree = Tree::of(4);
    let node = NodeHash::above(leaf(0).into(), leaf(1).into());
    let entry = [leaf(0).0, leaf(1).0].concat();
    let path = [NodeHash::above(leaf(2).into(), leaf(3).into())];
    assert_eq!(rooted(node, 0, 2, &path), Ok(tree.root(4)), "so would it be, were the sizes believed");
    assert!(includes(LeafHash::of(&entry), 0, 2, &path, tree.root(4)).is_err());
}

#[test]
fn a_consistency_of_anything_else_is_refused() {
    let tree = Tree::of(40);
    let other = NodeHash::from(leaf(99));
    for (old, new) in (1..=40).flat_map(|new| (1..=new).map(move |old| (old, new))) {
        let (path, earlier, later) = (tree.consistent(old, new), tree.root(old), tree.root(new));
        assert!(continues((old, other), (new, later), &path).is_err());
        assert!(continues((old, earlier), (new, other), &path).is_err());
        assert_eq!(
            continues((new + 1, earlier), (new, later), &path),
            Err(ProofFault::Sizes { old: new + 1, new })
        );
        let more = [&path[..], &[later]].concat();
        for wrong in [&more[..]].into_iter().chain(path.split_last().map(|(_, rest)| rest)) {
            let (expected, found) = (path.len(), wrong.len());
            let fault = continues((old, earlier), (new, later), wrong);
            assert_eq!(fault, Err(ProofFault::Length { expected, found }));
        }
        for at in 0..path.len() {
            let mut changed = path.clone();
            changed[at].0[0] ^= 1;
            assert!(continues((old, earlier), (new, later), &changed).is_err());
        }
        for wrong in (1..new).filter(|wrong| *wrong != old) {
            assert!(continues((wrong, earlier), (new, later), &path).is_err(), "{wrong} for {old} in {new}");
        }
    }
    assert_eq!(continues((0, NodeHash::empty()), (9, tree.root(9)), &[]), Ok(()));
    assert!(continues((0, other), (9, tree.root(9)), &[]).is_err());
}

#[test]
fn the_root_of_what_was_there_before_is_told_by_a_proof_whoever_claims_another() {
    let tree = Tree::of(40);
    for old in 1..40_u64 {
        let path = tree.consistent(old, 40);
        let told = continued((old, tree.root(old)), (40, tree.root(40)), &path);
        assert_eq!(told, Ok(tree.root(old)));
        let false_root = NodeHash::from(leaf(99));
        let told = continued((old, false_root), (40, tree.root(40)), &path);
        if !old.is_power_of_two() {
            assert_eq!(told, Ok(tree.root(old)), "a proof does not depend on what is claimed");
        }
    }
}

proptest! {
    #[test]
    fn no_numbers_and_no_path_are_too_odd(
        index: u64, size: u64, old: u64, length in 0_usize..70, hash: [u8; 32]
    ) {
        let path = vec![NodeHash(hash); length];
        let root = NodeHash(hash);
        prop_assert!(includes(LeafHash(hash), index, size, &path, root).is_err() || size == 1 && index == 0);
        let _ = continued((old, root), (size, root), &path);
        let _ = continued((old % 1000, root), (size, root), &path);
    }
}
