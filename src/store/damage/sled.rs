//! sled was lost, cut or changed: whatever happened to it, every answer is the journal's, and it is healed.

use super::{Answers, answers, copy, grow, healed, ledger, line, open};
use crate::store::embedded::Embedded;
use crate::store::generation::{Current, Generations, remove};
use crate::store::{Head, Store};
use std::fs;
use std::path::{Path, PathBuf};

/// How many damages are tried.
const DAMAGES: u64 = 500;

/// The folder that counts.
fn current(path: &Path) -> (Current, PathBuf) {
    let generations = Generations::read(&path.join("sled"));
    let current = generations.current().unwrap();
    (current, generations.folder(current.folder))
}

/// Replaces what a ledger has in `sled`.
fn replace(path: &Path, from: &Path) {
    remove(&path.join("sled")).unwrap();
    copy(&from.join("sled"), &path.join("sled"));
}

/// Every file below a folder, by its path from there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), PathBuf::from(entry.file_name()));
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|inner| name.join(inner)));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Numbers that look random and are the same in every run.
fn random(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap()
}

#[test]
fn a_deleted_sled_is_rebuilt() {
    let (folder, known) = ledger();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let notices = healed(folder.path(), &known);
    assert_eq!(notices, ["`sled` was missing: `sled` was rebuilt from the journal's 1005 entries"]);
}

#[test]
fn garbage_in_the_place_of_sled_is_replaced() {
    for name in ["sled", "sled/1", "sled/1/db", "sled/1/conf", "sled/current.jsonl"] {
        let (folder, known) = ledger();
        let path = folder.path().join(name);
        remove(&path).unwrap();
        fs::write(&path, "garbage ".repeat(10_000)).unwrap();
        assert_eq!(healed(folder.path(), &known).len(), 1, "{name}");
    }
}

#[test]
fn an_older_sled_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let older = tempfile::tempdir().unwrap();
    grow(folder.path(), 400);
    copy(&folder.path().join("sled"), &older.path().join("sled"));
    let known = grow(folder.path(), 1_005);
    replace(folder.path(), older.path());
    let notices = healed(folder.path(), &known);
    assert_eq!(notices, ["`sled` was 605 entries behind the journal: it was brought up to date"]);
}

#[test]
fn the_sled_of_another_ledger_is_replaced() {
    let (folder, known) = ledger();
    let other = tempfile::tempdir().unwrap();
    let store = Embedded::create(other.path()).unwrap();
    store.append(Head::EMPTY, &(0..500).map(|at| line(at + 1)).collect()).unwrap();
    drop(store);
    replace(folder.path(), other.path());
    assert_eq!(healed(folder.path(), &known).len(), 1);
}

#[test]
fn a_hole_in_sled_changes_no_answer() {
    for key in [490, 0] {
        let (folder, known) = ledger();
        let path = current(folder.path()).1;
        // sled's own threads may hold its lock for a moment after it was closed.
        let derived = (0..500).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            sled::open(&path).ok()
        });
        let derived = derived.unwrap();
        let tree = derived.open_tree("frames").unwrap();
        let key = tree.range(u64::to_be_bytes(key)..).next().unwrap().unwrap().0;
        tree.remove(key).unwrap();
        drop((tree, derived));
        let store = open(folder.path()).unwrap();
        assert_eq!(store.notices(), [""; 0], "nobody has looked there yet");
        assert_eq!(answers(&store), known);
        drop(store);
        assert_eq!(healed(folder.path(), &known).len(), 1);
    }
}

/// A closed ledger, the same as it was found when its writer was killed, and `sled` as it was before.
struct Bases {
    closed: tempfile::TempDir,
    killed: tempfile::TempDir,
    older: [tempfile::TempDir; 2],
    known: Answers,
}

impl Bases {
    fn grown() -> Self {
        let folder = || tempfile::tempdir().unwrap();
        let (closed, killed, older) = (folder(), folder(), [folder(), folder()]);
        for (size, older) in [400, 900].into_iter().zip(&older) {
            grow(closed.path(), size);
            copy(&closed.path().join("sled"), &older.path().join("sled"));
        }
        let known = grow(closed.path(), 1_005);
        // Nobody closes it before it is copied.
        let store = open(closed.path()).unwrap();
        copy(closed.path(), killed.path());
        drop(store);
        assert!(current(closed.path()).0.closed && !current(killed.path()).0.closed);
        Self { closed, killed, older, known }
    }
}

/// Does something to one to three files of `sled`, and says what.
fn damage(path: &Path, older: &Path, seed: &mut u64) -> String {
    let mut said = Vec::new();
    for _ in 0..[1, 1, 1, 2, 3][random(seed) % 5] {
        let files = files(&path.join("sled"));
        if files.is_empty() {
            break;
        }
        let name = &files[random(seed) % files.len()];
        let file = path.join("sled").join(name);
        let mut bytes = fs::read(&file).unwrap();
        // Beyond it there are only zeros.
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
        let what = match random(seed) % 4 {
            0 => {
                fs::remove_file(&file).unwrap();
                "deleted".to_owned()
            }
            1 => {
                let length = random(seed) % used;
                fs::write(&file, &bytes[..length.min(bytes.len())]).unwrap();
                format!("cut to {length}")
            }
            2 if !bytes.is_empty() => {
                let flips = 1 + random(seed) % 4;
                let at: Vec<_> = (0..flips).map(|_| random(seed) % used).collect();
                for at in &at {
                    bytes[*at] ^= 1 << (random(seed) % 8);
                }
                fs::write(&file, bytes).unwrap();
                format!("flipped at {at:?}")
            }
            _ => {
                // The file of the same name, or the one like it: a snapshot is named by where it was taken.
                let all = self::files(&older.join("sled"));
                let like = |other: &&PathBuf| {
                    name.extension() == other.extension() && name.parent() == other.parent()
                };
                let same = all.iter().find(|other| *other == name).or_else(|| all.iter().find(like));
                let Some(same) = same else { continue };
                fs::copy(older.join("sled").join(same), &file).unwrap();
                format!("swapped for the older {}", same.display())
            }
        };
        said.push(format!("{} {what}", name.display()));
    }
    said.join(", ")
}

#[test]
fn of_five_hundred_damages_to_sled_each_is_healed_and_no_answer_is_another() {
    let bases = Bases::grown();
    let (mut noticed, mut harmless) = (0, 0);
    let number = std::env::var("ANNALS_DAMAGES").map_or(DAMAGES, |number| number.parse().unwrap());
    for round in 0..number {
        let mut seed = round;
        random(&mut seed);
        let base = if random(&mut seed).is_multiple_of(3) { &bases.killed } else { &bases.closed };
        let place = tempfile::tempdir().unwrap();
        copy(base.path(), place.path());
        let older = &bases.older[random(&mut seed) % 2];
        let what = damage(place.path(), older.path(), &mut seed);
        let truth = |path: &Path| {
            files(&path.join("journal"))
                .iter()
                .map(|name| fs::read(path.join("journal").join(name)).unwrap())
                .collect::<Vec<_>>()
        };
        let said: Vec<String> = (0..2)
            .flat_map(|_| {
                let store =
                    open(place.path()).unwrap_or_else(|error| panic!("round {round}: {what}: {error}"));
                assert!(answers(&store) == bases.known, "round {round}: {what}");
                assert!(truth(place.path()) == truth(base.path()), "round {round}: {what}");
                store.notices()
            })
            .collect();
        // Whatever was met in the reading, the opening after it has healed.
        let store = open(place.path()).unwrap();
        assert_eq!(store.notices(), [""; 0], "round {round}: {what}: {said:?}");
        assert!(answers(&store) == bases.known, "round {round}: {what}");
        noticed += u64::from(!said.is_empty());
        harmless += u64::from(said.is_empty());
        assert!(said.iter().all(|said| said.contains("`sled`")), "{said:?}");
    }
    assert!(
        noticed > number / 2 && noticed + harmless == number,
        "{noticed} were noticed, {harmless} were not"
    );
}
