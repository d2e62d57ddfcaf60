//! What is done to a bundle as a file: names that come twice or belong to none, parts that are not the entries', members that
//! inflate beyond all measure, and bytes that were cut off or changed.

use super::desk::{ACTION, Desk, key_of, object, plan_text, word};
use super::two_sides::{Members, Sides, bundle, cosigned, signed, unzipped, zipped};
use annals::exchange::bundle::receive;
use annals::exchange::bundle::restore::{UnpackError, check_beside, restore};
use annals::exchange::bundle::verify::{self, Bundled, VerifyError};
use annals::exchange::bundle::{Bundle, BundleError};
use annals::exchange::disclosing::TakeError;
use annals::exchange::layout::LayoutError;
use annals::exchange::verification::{Trusted, Verification};
use annals::ledger::anchor::Anchor;
use annals::ledger::privacy::Intake;
use annals::ledger::{Ledger, quietly};
use annals::record::completeness::{Completed, Completeness};
use annals::record::role::Role;
use annals::record::verdict::{Check, Report};
use annals::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use annals::trail::disclosure::Disclosure;
use annals::trail::hash::NodeHash;
use annals::trail::key::{Kind, SigningKey};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a bundle gives to whoever verifies it.
type Given = (Vec<Vec<u8>>, Vec<SignedCheckpoint>, Verified, Completed);

/// What is found in it beside its checkpoints.
struct Verified {
    report: Report,
    bundled: Bundled,
}

impl Verified {
    fn holds(&self) -> bool {
        self.report.size > 0 && self.report.holds() && self.bundled.holds()
    }
}

fn read(path: &Path) -> Result<Given, VerifyError> {
    let mut bundle = Bundle::open(path)?;
    let checkpoints = bundle.checkpoints()?;
    let (mut lines, mut completeness) = (Vec::new(), Completeness::new(checkpoints.clone()));
    let (report, state, bundled) = verify::verify(&mut bundle, Vec::new(), &mut |_, line| {
        lines.push(line.to_vec());
        completeness.push(line);
    })?;
    let completed = completeness.finish(&state, None);
    Ok((lines, checkpoints, Verified { report, bundled }, completed))
}

struct Desktop {
    home: tempfile::TempDir,
    members: Members,
}

/// The members of a sound bundle, and a place for others.
fn sound() -> Desktop {
    let sides = Sides::agreed();
    Desktop { members: unzipped(&sides.bundle()), home: tempfile::tempdir().unwrap() }
}

impl Desktop {
    fn write(&self, members: &Members) -> PathBuf {
        let path = self.home.path().join("bundle");
        fs::write(&path, zipped(members)).unwrap();
        path
    }

    fn with(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let mut members = self.members.clone();
        members.retain(|(each, _)| each != name);
        members.push((name.to_owned(), bytes.to_vec()));
        self.write(&members)
    }

    fn without(&self, name: &str) -> PathBuf {
        let mut members = self.members.clone();
        members.retain(|(each, _)| each != name);
        self.write(&members)
    }

    /// The name of the only tile of a kind.
    fn tile(&self, kind: &str) -> String {
        let begin = format!("tile/{kind}/");
        self.members.iter().find(|(name, _)| name.starts_with(&begin)).unwrap().0.clone()
    }

    fn member(&self, name: &str) -> &[u8] {
        &self.members.iter().find(|(each, _)| each == name).unwrap().1
    }
}

#[test]
fn the_sound_bundle_holds_and_its_members_packed_again_do() {
    let desktop = sound();
    let (lines, _, verified, completed) = read(&desktop.write(&desktop.members)).unwrap();
    assert!(verified.holds() && completed.holds());
    assert_eq!(completed.witnessed().unwrap().0.size(), lines.len() as u64);
}

#[test]
fn a_name_that_comes_twice_is_no_bundles() {
    let desktop = sound();
    for name in ["checkpoint".to_owned(), "policy".to_owned(), desktop.tile("entries"), desktop.tile("0")] {
        let mut other = name.clone();
        other.replace_range(other.len() - 1.., "~");
        let mut bytes = fs::read(desktop.with(&other, b"another")).unwrap();
        let places: Vec<usize> =
            (0..bytes.len() - other.len()).filter(|at| bytes[*at..].starts_with(other.as_bytes())).collect();
        assert_eq!(places.len(), 2, "in front of it, and in the directory");
        for at in places {
            bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
        }
        let path = desktop.home.path().join("twice");
        fs::write(&path, bytes).unwrap();
        assert!(matches!(Bundle::open(&path).map(|_| ()), Err(BundleError::Twice(_))), "{name}");
    }
}

#[test]
fn a_file_that_holds_two_bundles_or_anything_beside_one_is_none() {
    let desktop = sound();
    let one = fs::read(desktop.write(&desktop.members)).unwrap();
    let other = small(desktop.home.path());
    let comment = |text: &[u8]| {
        let mut bytes = one.clone();
        let end = bytes.len() - 2;
        bytes[end..].copy_from_slice(&u16::try_from(text.len()).unwrap().to_le_bytes());
        [&bytes, text].concat()
    };
    // As the program writes it, with room for large sizes.
    let own = Sides::agreed().bundle();
    let sizes = 30 + usize::from(own[26]) + 4;
    assert_eq!(own[sizes - 4..sizes - 2], [1, 0], "the extra field of large sizes");
    let page = desktop.home.path().join("page.html");
    fs::write(&page, "<!doctype html>").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_annals"));
    let refused = program.args(["bundle", "verify"]).arg(&page).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    for (what, bytes) in [
        ("two", [&one[..], &other].concat()),
        ("something before", [b"PK\x03\x04", &one[..]].concat()),
        ("something after", [&one[..], b"\n"].concat()),
        ("a comment", comment(b"x")),
        ("one in the comment of the other", comment(&other)),
        ("something before that the directory counts", moved(&one, 0, b"a history of another ledger\n")),
        ("something between two members", moved(&one, second(&one), b"junk")),
        ("a name that the directory has otherwise", changed(&one, 30, b"x")),
        ("a member that is encrypted but in the directory", changed(&one, 6, &[1])),
        ("a sum that the directory has otherwise", changed(&one, 14, b"abcd")),
        ("a large size that the directory has otherwise", changed(&own, sizes, &[own[sizes] ^ 1])),
        (
            "something between the directory and the end",
            [&one[..one.len() - 22], &[b'x'; 76], &one[one.len() - 22..]].concat(),
        ),
        (
            "a directory that is longer than it says",
            [&one[..one.len() - 10], &[one[one.len() - 10] + 1], &one[one.len() - 9..]].concat(),
        ),
        ("a size that the directory has otherwise", changed(&one, 22, b"\xff\xff\0\0")),
    ] {
        let path = desktop.home.path().join("two");
        fs::write(&path, bytes).unwrap();
        let found = Bundle::open(&path).map(|_| ());
        assert!(matches!(found, Err(BundleError::Zip { .. })), "{what}: {found:?}");
    }
}

/// An archive with bytes of the header of its first member changed.
fn changed(archive: &[u8], at: usize, to: &[u8]) -> Vec<u8> {
    [&archive[..at], to, &archive[at + to.len()..]].concat()
}

fn number(archive: &[u8], at: usize) -> usize {
    usize::try_from(u32::from_le_bytes(archive[at..at + 4].try_into().unwrap())).unwrap()
}

/// Where the second member begins: the directory has them in their order.
fn second(archive: &[u8]) -> usize {
    let short = |at: usize| usize::from(u16::from_le_bytes(archive[at..at + 2].try_into().unwrap()));
    30 + short(26) + short(28) + number(archive, 18)
}

/// An archive with something put in at a place, of which the directory knows.
fn moved(archive: &[u8], place: usize, what: &[u8]) -> Vec<u8> {
    let mut bytes = [&archive[..place], what, &archive[place..]].concat();
    let end = bytes.len() - 22;
    let mut put = |at: usize, number: usize| {
        bytes[at..at + 4].copy_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    };
    let directory = number(archive, archive.len() - 6);
    put(end + 16, directory + what.len());
    let mut at = directory;
    while archive[at..].starts_with(b"PK\x01\x02") {
        let begins = number(archive, at + 42);
        put(at + what.len() + 42, begins + if begins >= place { what.len() } else { 0 });
        let short = |at: usize| usize::from(u16::from_le_bytes(archive[at..at + 2].try_into().unwrap()));
        at += 46 + short(at + 28) + short(at + 30) + short(at + 32);
    }
    bytes
}

#[test]
fn a_name_that_belongs_to_no_bundle_is_named() {
    let desktop = sound();
    let hash = "a".repeat(64);
    for name in [
        "../evil",
        "/etc/passwd",
        "checkpoints/../checkpoint",
        "tile/../checkpoint",
        "tile/0/000/../001",
        "evidence/../policy",
        &format!("evidence/../{hash}"),
        &format!("evidence/{}", "A".repeat(64)),
        &format!("evidence/{hash}.txt"),
        "evidence/",
        "Checkpoint",
        "checkpoint ",
        "checkpoints/1",
        "checkpoints/0000000000170",
        "tile/8/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/entries/000.p/01",
        "journal/000000000000.jsonl",
        "C:\\evil",
        "notes.txt",
    ] {
        let found = Bundle::open(&desktop.with(name, b"x")).map(|_| ());
        assert!(
            matches!(&found, Err(BundleError::Member { member, .. }) if member == name),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn a_tile_that_the_tree_does_not_have_is_no_bundles() {
    let desktop = sound();
    let whole = |name: &str| name.split(".p/").next().unwrap().to_owned();
    let (hashes, entries) = (desktop.tile("0"), desktop.tile("entries"));
    for name in
        [&*whole(&hashes), &whole(&entries), "tile/0/001", "tile/entries/007", "tile/1/000.p/1", "tile/7/000"]
    {
        // Somebody else may read that one, and not the one that was verified.
        let bytes = if name.contains("entries") { desktop.member(&entries) } else { desktop.member(&hashes) };
        let found = read(&desktop.with(name, bytes)).map(|_| ());
        assert!(
            matches!(&found, Err(VerifyError::Bundle(BundleError::Member { member, .. })) if member == name),
            "{name}: {found:?}"
        );
        let path = desktop.home.path().join("bundle");
        let new = tempfile::tempdir().unwrap();
        let found = restore(&mut Bundle::open(&path).unwrap(), new.path(), &mut quietly).map(|_| ());
        assert!(matches!(found, Err(UnpackError::Bundle(BundleError::Member { .. }))), "{name}: {found:?}");
    }
}

#[test]
fn a_policy_that_the_entries_do_not_adopt_is_told() {
    let desktop = sound();
    let policy = String::from_utf8(desktop.member("policy").to_vec()).unwrap();
    let judged = |path: &Path| {
        read(path).map(|(_, _, verified, _)| (verified.bundled.policy, verified.holds())).unwrap()
    };
    assert_eq!(judged(&desktop.write(&desktop.members)), (Some(true), true));
    // What it lists counts, not how that is written.
    let commented = format!("# As agreed in 2021.\n\n{policy}");
    let mut turned: Vec<&str> = policy.lines().collect();
    turned[..3].reverse();
    let turned = turned.join("\n").replace(" all ", " 2 ") + "\n";
    for same in [commented, turned] {
        assert_eq!(judged(&desktop.with("policy", same.as_bytes())), (Some(true), true), "{same}");
    }
    assert_eq!(judged(&desktop.without("policy")), (None, true));
    let quorum = policy.lines().find(|line| line.starts_with("quorum ")).unwrap();
    let weaker = policy.replace(quorum, "quorum none");
    let others = policy.replace("witness ", "# witness ").replace(quorum, "quorum none");
    let long = format!("{policy}#{}\n", "x".repeat(1_000_000));
    for other in [weaker.as_str(), &others, "not a policy", "", &long] {
        assert_eq!(judged(&desktop.with("policy", other.as_bytes())), (Some(false), false), "{other:.200}");
    }
    // What the entries adopt is not known where they do not hold.
    let entries = desktop.tile("entries");
    let mut members = desktop.members.clone();
    let tile = &mut members.iter_mut().find(|(name, _)| *name == entries).unwrap().1;
    let last = tile.len() - 20;
    tile[last] ^= 1;
    assert_eq!(judged(&desktop.write(&members)), (None, false));
}

#[test]
fn a_tile_a_file_or_a_checkpoint_that_is_not_of_the_entries_is_named() {
    let desktop = sound();
    let (hashes, entries) = (desktop.tile("0"), desktop.tile("entries"));
    for at in [0, 31, 32, 400] {
        let mut bytes = desktop.member(&hashes).to_vec();
        bytes[at] ^= 1;
        let (_, _, verified, completed) = read(&desktop.with(&hashes, &bytes)).unwrap();
        assert!(verified.report.holds() && completed.holds());
        assert_eq!((verified.bundled.tile, verified.report.size), (Some(hashes.clone()), completed.size));
    }
    for name in [&hashes, &entries, "checkpoint"] {
        let found = read(&desktop.without(name)).map(|_| ());
        let missing = |found: &str| found == name;
        assert!(
            matches!(&found, Err(VerifyError::Bundle(BundleError::Layout(LayoutError::Missing(found)))) if missing(found)),
            "{found:?}"
        );
    }
    for bytes in
        [&desktop.member(&entries)[1..], &[desktop.member(&entries), b"\0\0"].concat(), b"", b"\xff\xff"]
    {
        let found = read(&desktop.with(&entries, bytes)).map(|_| ());
        assert!(
            matches!(&found, Err(VerifyError::Bundle(BundleError::Layout(LayoutError::Form(found, _)))) if *found == entries),
            "{found:?}"
        );
    }
    let name = annals::trail::hash::sha256(b"the file");
    let evidence = format!("evidence/{name}");
    let (_, _, verified, _) = read(&desktop.with(&evidence, b"the file")).unwrap();
    assert!(!verified.holds() && verified.bundled.files == (1, vec![name.clone()]), "no entry names it");
    let path = desktop.with(&evidence, b"another file");
    let (_, _, verified, _) = read(&path).unwrap();
    assert!(!verified.holds() && verified.bundled.files == (1, vec![name.clone()]));
    let restored = |path: &Path, to: &str| {
        restore(&mut Bundle::open(path).unwrap(), &desktop.home.path().join(to), &mut quietly)
    };
    let mut changed = desktop.member(&hashes).to_vec();
    changed[40] ^= 1;
    let weaker = desktop.member("policy").iter().copied().chain(*b"quorum none\n").collect::<Vec<_>>();
    for (name, bytes) in [(hashes.as_str(), &changed), ("policy", &weaker)] {
        let found = restored(&desktop.with(name, bytes), "derived");
        assert!(matches!(&found, Err(UnpackError::Derived(found)) if found == name), "{found:?}");
        fs::remove_dir_all(desktop.home.path().join("derived")).unwrap();
    }
    let found = restored(&desktop.with(&evidence, b"the file"), "unnamed");
    assert!(matches!(found, Err(UnpackError::Unnamed(found)) if found == name), "no entry asks for it");
    let plan = annals::trail::hash::sha256(plan_text().as_bytes());
    let (_, _, verified, _) =
        read(&desktop.with(&format!("evidence/{plan}"), plan_text().as_bytes())).unwrap();
    assert!(verified.holds() && verified.bundled.files == (1, Vec::new()), "the entries name it");
    assert!(restored(&desktop.with(&format!("evidence/{plan}"), plan_text().as_bytes()), "plan").is_ok());
    let found = restored(&desktop.with(&format!("evidence/{plan}"), b"another plan"), "another");
    assert!(matches!(found, Err(UnpackError::File(found)) if found == plan));
    let kept = desktop.members.iter().find(|(name, _)| name.starts_with("checkpoints/")).unwrap();
    let found = read(&desktop.with("checkpoints/000000000003", &kept.1)).map(|_| ());
    assert!(matches!(found, Err(VerifyError::Bundle(BundleError::Member { .. }))), "{found:?}");
    let found = read(&desktop.with(&kept.0, b"none\n")).map(|_| ());
    assert!(matches!(found, Err(VerifyError::Bundle(BundleError::Checkpoint { .. }))), "{found:?}");
    let found = read(&desktop.with("disclosures.jsonl", b"\"none\"\n")).map(|_| ());
    assert!(matches!(found, Err(VerifyError::Disclosures(TakeError::Form(1)))), "{found:?}");
}

#[test]
fn a_checkpoint_of_no_entries_says_nothing_to_whoever_verifies_and_to_whoever_restores() {
    let desktop = sound();
    let origin = str::from_utf8(desktop.member("checkpoint")).unwrap().lines().next().unwrap();
    let key = SigningKey::from_seed(origin, Kind::Ed25519, &[9; 32]).unwrap();
    let none = Checkpoint::new(origin, 0, NodeHash::empty()).unwrap();
    let none = SignedCheckpoint::sign(none, &key).unwrap().to_string();
    let path = desktop.with("checkpoints/000000000000", none.as_bytes());
    let found = Verification::of(&path, Trusted::default(), None, &mut quietly).unwrap();
    assert!(found.holds());
    let restored =
        restore(&mut Bundle::open(&path).unwrap(), &desktop.home.path().join("restored"), &mut quietly);
    restored.unwrap();
    receive::begin(&path, &desktop.home.path().join("copy"), None, None, &mut quietly).unwrap();
    for folder in ["restored", "copy"] {
        assert!(!desktop.home.path().join(folder).join("checkpoints/000000000000").exists());
    }
}

fn verified(file: &Path) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_annals")).arg("verify").arg(file).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_bundle_with_bytes_before_its_zip_is_called_that() {
    let desktop = sound();
    let path = desktop.write(&desktop.members);
    let bundle = fs::read(&path).unwrap();
    for before in ["\n", "From: DK\n\n", "From: DK\n1\n"] {
        fs::write(&path, [before.as_bytes(), &bundle].concat()).unwrap();
        let (code, _, told) = verified(&path);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("something stands before the ZIP that a bundle is"), "{told}");
    }
    // An entry in which somebody has put such bytes is told as one that is none.
    let export: Vec<u8> = Sides::agreed().lines().join(&b'\n');
    fs::write(&path, [&export, &b"\nPK\x03\x04\n"[..]].concat()).unwrap();
    let (code, told, _) = verified(&path);
    assert!(code == Some(1) && told.contains("NOT CONSISTENT"), "{told}");
}

#[test]
fn a_value_in_a_bundle_that_was_erased_is_not_said_to_be_in_a_folder() {
    let mut sides = Sides::agreed();
    let before = unzipped(&sides.bundle());
    let (_, values) = before.iter().find(|(name, _)| name == "disclosures.jsonl").unwrap();
    sides.desk.erase("DK", sides.word, "note").unwrap();
    sides.cosign();
    let desktop = Desktop { members: unzipped(&sides.bundle()), home: tempfile::tempdir().unwrap() };
    let (code, told, _) = verified(&desktop.with("disclosures.jsonl", values));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("1 erased value is still in this file: whoever made it is to remove it"), "{told}");
}

#[test]
fn a_member_that_inflates_beyond_its_limit_is_not_read_to_its_end() {
    let desktop = sound();
    for (name, bytes) in [
        ("checkpoint".to_owned(), vec![b'a'; 1_000_001]),
        ("checkpoints/000000000017".to_owned(), vec![b'a'; 1_000_001]),
        (desktop.tile("0"), vec![0; 17_000_000]),
        (desktop.tile("entries"), vec![0; 17_000_000]),
    ] {
        let path = desktop.with(&name, &bytes);
        assert!(fs::metadata(&path).unwrap().len() < 60_000, "a bomb is small");
        let found = read(&path).map(|_| ());
        assert!(
            matches!(&found, Err(VerifyError::Bundle(BundleError::Layout(LayoutError::Read(found, error))))
                if *found == name && error.to_string().contains("it is longer than")),
            "{name}: {found:?}"
        );
    }
    let found = read(&desktop.with("disclosures.jsonl", &vec![b'a'; 3_000_000])).map(|_| ());
    assert!(matches!(found, Err(VerifyError::Disclosures(TakeError::Form(1)))), "{found:?}");
    let evidence = format!("evidence/{}", "a".repeat(64));
    let (_, _, verified, _) = read(&desktop.with(&evidence, &vec![0; 3_000_000])).unwrap();
    assert_eq!(verified.bundled.files.1, ["a".repeat(64)]);
}

/// A bundle of a short history, with all that a bundle has.
fn small(home: &Path) -> Vec<u8> {
    let mut desk = Desk::founded();
    let mut said = word("under_way");
    said["note"] = "i gang".into();
    desk.say("DK", ACTION, "action.progressed", said).unwrap();
    let anchors = ["ledger", "DK", "KR"].map(|name| Anchor::new(home.join(name)));
    cosigned(&desk.ledger, &anchors, &["DK", "KR"]);
    bundle(&desk.ledger)
}

#[test]
fn a_bundle_that_was_cut_anywhere_is_none() {
    let desktop = sound();
    let whole = fs::read(desktop.write(&desktop.members)).unwrap();
    let path = desktop.home.path().join("cut");
    for length in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        fs::write(&path, &whole[..length]).unwrap();
        let found = Bundle::open(&path).map(|_| ());
        assert!(matches!(found, Err(BundleError::Zip { .. })), "{length} of {}: {found:?}", whole.len());
        if length > 0 {
            fs::write(&path, &whole[length..]).unwrap();
            assert!(read(&path).is_err(), "the first {length} bytes are missing");
        }
    }
}

#[test]
fn a_bundle_with_a_bit_changed_anywhere_says_the_same_or_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let bytes = small(home.path());
    let path = home.path().join("bundle");
    fs::write(&path, &bytes).unwrap();
    let (lines, checkpoints, sound, _) = read(&path).unwrap();
    assert!(sound.holds() && sound.report.withheld == (1, 1));
    let mut passed = 0;
    for (turn, at) in (0..bytes.len()).step_by(37).enumerate() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (turn % 8);
        fs::write(&path, &changed).unwrap();
        let Ok((read_lines, read_checkpoints, verified, completed)) = read(&path) else { continue };
        if !verified.holds() || !completed.holds() {
            continue;
        }
        // What nobody vouches for may differ: the words of README.txt, the policy, the dates of the ZIP.
        passed += 1;
        assert!(read_lines == lines, "{at}");
        assert!(read_checkpoints == checkpoints, "{at}");
        assert_eq!(
            (verified.report, verified.bundled.files),
            (sound.report.clone(), sound.bundled.files.clone()),
            "{at}"
        );
    }
    assert!(passed > 0);
}

#[test]
fn an_entry_that_was_changed_with_all_hashes_beside_it_is_still_named() {
    let sides = Sides::agreed();
    let mut forged = super::two_sides::requests(&sides.lines());
    let last = forged.len() - 1;
    forged[last] = super::two_sides::changed(&forged[last], "under_way", "suspended");
    let lines = super::two_sides::sealed(forged);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("bundle");
    fs::write(&path, zipped(&super::two_sides::members(&lines, &sides.kept))).unwrap();
    let (_, _, verified, completed) = read(&path).unwrap();
    assert_eq!(verified.bundled.tile, None);
    let failed = verified.report.verdicts.iter().find(|each| each.finding.is_some()).unwrap();
    assert_eq!(failed.check, Check::Signatures);
    assert!(!completed.holds());
}

#[test]
fn a_log_whose_checkpoint_is_larger_than_any_is_malformed_and_the_disk_is_not() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    fs::create_dir(&log).unwrap();
    fs::write(log.join("checkpoint"), "x".repeat(1 << 21)).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_annals"));
    program.arg("mirror").arg(&log).arg("--ledger").arg(home.path().join("copy"));
    let refused = program.env("ANNALS_ANCHOR", home.path().join("anchor")).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}

#[test]
fn a_copy_takes_no_entry_of_a_bundle_of_which_something_beside_them_is_none() {
    let desktop = sound();
    let mut members = desktop.members.clone();
    let (_, values) = members.iter_mut().find(|(name, _)| name == "disclosures.jsonl").unwrap();
    values.splice(..0, *b"junk\n");
    let (bundle, copy) = (desktop.write(&members), desktop.home.path().join("copy"));
    let mirror = |bundle: &Path| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_annals"));
        program
            .arg("mirror")
            .arg(bundle)
            .arg("--ledger")
            .arg(&copy)
            .env("ANNALS_ANCHOR", desktop.home.path().join("anchor"));
        program.output().unwrap()
    };
    let refused = mirror(&bundle);
    assert_eq!((refused.status.code(), copy.exists()), (Some(2), false), "{refused:?}");
    let refused = mirror(&desktop.with("answers.jsonl", b"none\n"));
    assert_eq!((refused.status.code(), copy.exists()), (Some(2), false), "{refused:?}");
    let plan = annals::trail::hash::sha256(plan_text().as_bytes());
    let refused = mirror(&desktop.with(&format!("evidence/{plan}"), b"another plan"));
    assert_eq!((refused.status.code(), copy.exists()), (Some(1), false), "{refused:?}");
    let refused = mirror(&desktop.with("policy", b"quorum none\n"));
    assert_eq!((refused.status.code(), copy.exists()), (Some(1), false), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("`policy` is not what its entries give"));
    let taken = mirror(&desktop.write(&desktop.members));
    assert_eq!((taken.status.code(), copy.exists()), (Some(0), true), "{taken:?}");
    let refused = mirror(&desktop.with("policy", b"quorum none\n"));
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
}

/// A bundle in which an entry withholds a field under the digest of some disclosure, which lies beside it; with the entry.
fn withholding(field: &str, disclosure: &Disclosure, home: &Path) -> (Members, u64) {
    let mut desk = Desk::founded();
    let mut data = json!({"effective": "2021-06"});
    let sealed = json!({field: disclosure.digest().to_string()});
    match field {
        "sha256" => {
            let file = json!({"_sd": sealed, "confidential": true, "mediatype": "text/plain", "size": 5});
            data["evidence"] = json!([file]);
        }
        _ => data["_sd"] = sealed,
    }
    let mut event = signed(&mut desk, "DK", ACTION, "action.progressed", word("under_way")).event;
    event.data = object(data).into();
    let request = event.sign(&key_of("DK", Role::Coordinator)).unwrap();
    let entry = desk.ledger.record(request, Vec::new()).unwrap().sequence;
    let taken = desk.ledger.take(vec![disclosure.clone()]).unwrap();
    assert!(matches!(taken[..], [Intake::Unfit(_)]), "{taken:?}");
    let anchors = ["ledger", "DK", "KR"].map(|name| Anchor::new(home.join(name)));
    cosigned(&desk.ledger, &anchors, &["DK", "KR"]);
    let mut members = unzipped(&bundle(&desk.ledger));
    members.retain(|(name, _)| name != "disclosures.jsonl");
    (members, entry)
}

fn fails_at(report: &Report, entry: u64) {
    let failed: Vec<_> = report.verdicts.iter().filter(|each| each.finding.is_some()).collect();
    assert!(matches!(failed[..], [one] if one.check == Check::Disclosures), "{failed:?}");
    assert_eq!(failed[0].finding.as_ref().unwrap().entry, entry);
    assert_eq!(report.withheld.1, 0, "it is not at hand");
}

#[test]
fn what_is_not_the_value_of_its_field_is_no_disclosure_wherever_it_is_handed_over() {
    for (field, name, value) in [
        ("note", "note", json!(5)),
        ("note", "note", Value::Null),
        ("note", "note", json!({"a": 1})),
        ("note", "note", json!("a\u{1}b")),
        ("note", "note", json!(" ")),
        ("note", "note", json!("x".repeat(32_769))),
        ("sha256", "sha256", json!("hello")),
        ("note", "reason", json!("hello")),
        ("note", "another", json!("hello")),
    ] {
        let home = tempfile::tempdir().unwrap();
        let disclosure = Disclosure::new([7; 16], name, &value);
        let (mut members, entry) = withholding(field, &disclosure, home.path());
        let path = home.path().join("bundle");
        fs::write(&path, zipped(&members)).unwrap();
        let folder = home.path().join("restored");
        restore(&mut Bundle::open(&path).unwrap(), &folder, &mut |_| {}).unwrap();

        let line = format!("\"{}\"\n", disclosure.encoded());
        members.push(("disclosures.jsonl".to_owned(), line.clone().into_bytes()));
        fs::write(&path, zipped(&members)).unwrap();
        let (_, _, verified, completed) = read(&path).unwrap();
        fails_at(&verified.report, entry);
        assert!(completed.holds() && verified.bundled.holds());
        let mut opened = Bundle::open(&path).unwrap();
        let refused = restore(&mut opened, &home.path().join("again"), &mut |_| {}).map(|_| ());
        assert!(matches!(refused, Err(UnpackError::Unfit { line: 1, .. })), "{refused:?}");
        // Of what is called otherwise only the entries tell it.
        if field == name {
            let refused = check_beside(&mut opened);
            assert!(matches!(refused, Err(UnpackError::Unfit { line: 1, .. })), "{refused:?}");
        }

        // In a folder it is passed over, and told.
        fs::write(folder.join("disclosures.jsonl"), line).unwrap();
        let (report, _) = Ledger::verify_folder(&folder, Vec::new(), &mut |_, _| {}).unwrap();
        fails_at(&report, entry);
        let ledger = Ledger::open(&folder, &mut quietly).unwrap();
        let shown = ledger.disclosure(&disclosure.digest());
        assert_eq!(shown.is_some(), field != name, "{shown:?}");
        fails_at(&ledger.verify(&mut quietly).unwrap(), entry);
    }
}

#[test]
fn a_disclosure_whose_value_is_none_is_left_out_where_no_entry_asks_for_it() {
    let desktop = sound();
    let odd = Disclosure::new([7; 16], "note", &json!(5));
    let line = format!("\"{}\"\n", odd.encoded());
    let path = desktop.with("disclosures.jsonl", line.as_bytes());
    let (_, _, verified, _) = read(&path).unwrap();
    assert!(verified.holds() && (verified.report.damaged, verified.report.stray) == (1, 0));
    let mut bundle = Bundle::open(&path).unwrap();
    check_beside(&mut bundle).unwrap();
    let restored = restore(&mut bundle, &desktop.home.path().join("restored"), &mut |_| {}).unwrap();
    assert_eq!((restored.beside.disclosures, restored.beside.stray), (0, 1));
}

/// Where the local header and the entry of the directory of the member that was written last are in a ZIP.
fn headers(zip: &[u8], name: &str) -> [usize; 2] {
    let named = |begin: &[u8], length: usize| {
        let is_named = |at: &usize| zip[at + length..].starts_with(name.as_bytes());
        (0..zip.len()).rev().filter(|at| zip[*at..].starts_with(begin)).find(is_named).unwrap()
    };
    [named(b"PK\x03\x04", 30), named(b"PK\x01\x02", 46)]
}

/// A library stops where what is packed says that it ends, so that nobody sees what follows, and nobody knows what it is for.
#[test]
fn bytes_behind_what_is_packed_in_a_member_are_none_of_a_bundle() {
    let desktop = sound();
    for name in [desktop.tile("entries"), "checkpoint".to_owned(), "disclosures.jsonl".to_owned()] {
        let bytes = desktop.member(&name);
        let mut deflater = flate2::read::DeflateEncoder::new(bytes, flate2::Compression::default());
        let (mut packed, mut sum) = (Vec::new(), flate2::Crc::new());
        std::io::Read::read_to_end(&mut deflater, &mut packed).unwrap();
        sum.update(bytes);
        for (tail, holds) in [("", true), ("H", false), ("HIDDEN", false)] {
            let packed = [&packed[..], tail.as_bytes()].concat();
            let mut zip = zipped(
                &desktop.members.iter().filter(|(each, _)| *each != name).cloned().collect::<Vec<_>>(),
            );
            let mut writer = zip::ZipWriter::new_append(std::io::Cursor::new(zip)).unwrap();
            let stored = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Stored)
                .last_modified_time(zip::DateTime::default());
            writer.start_file(&name, stored).unwrap();
            std::io::Write::write_all(&mut writer, &packed).unwrap();
            zip = writer.finish().unwrap().into_inner();
            let [local, listed] = headers(&zip, &name);
            for (at, method) in [(local + 14, local + 8), (listed + 16, listed + 10)] {
                zip[method] = 8;
                zip[at..at + 4].copy_from_slice(&sum.sum().to_le_bytes());
                zip[at + 8..at + 12].copy_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
            }
            let path = desktop.home.path().join("bundle");
            fs::write(&path, zip).unwrap();
            let found = read(&path).map(|(_, _, verified, _)| verified.holds());
            let said = format!("{found:?}");
            assert_eq!(found.ok(), holds.then_some(true), "{name} {tail}: {said}");
            assert!(holds || said.contains("after the end of what is packed"), "{name}: {said}");
        }
    }
}

#[test]
fn a_member_that_not_every_reader_can_open_is_none_of_a_bundle() {
    let desktop = sound();
    // Another method; encrypted, patched, strongly encrypted.
    for (at, listed_at, byte, alone) in [
        (8, 10, 12, false),
        (6, 8, 1, false),
        (6, 8, 1 << 5, false),
        (6, 8, 1 << 6, false),
        // In the directory alone, by which another reader goes.
        (6, 8, 1 << 4, true),
        (6, 8, 1 << 5, true),
    ] {
        let mut zip = zipped(&desktop.members);
        let [local, listed] = headers(&zip, "README.txt");
        if !alone {
            zip[local + at] = byte;
        }
        zip[listed + listed_at] = byte;
        let path = desktop.home.path().join("bundle");
        fs::write(&path, zip).unwrap();
        let found = Bundle::open(&path).map(|_| ()).unwrap_err().to_string();
        assert!(found.contains("encrypted, or neither stored nor deflated"), "{found}");
    }
}
