//! Whatever bytes come, every reader answers, and nothing panics; a sound document with one byte changed is another
//! document, or none.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use annals::domain::plan::Plan;
use annals::exchange::export;
use annals::record::archive::Whole;
use annals::record::fact::Fact;
use annals::record::request::Submission;
use annals::record::verify::Verifier;
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::{Entry, Request};
use annals::trail::key::VerifierKey;
use proptest::collection::vec;
use proptest::prelude::*;

const HISTORY: &str = include_str!("vectors/history.jsonl");
const REQUESTS: &str = include_str!("../examples/denmark-korea-2021-2024/history.jsonl");
const PLAN: &str = include_str!("../examples/denmark-korea-2021-2024/plan.json");

/// Every reader of bytes from outside.
fn read_by_all(bytes: &[u8]) {
    let _ = Request::parse(bytes);
    if let Ok(entry) = Entry::parse(bytes) {
        let _ = Fact::read(&entry.request.event);
    }
    let mut verifier = Verifier::<Whole>::default();
    verifier.push(bytes).unwrap();
    verifier.push_torn(bytes).unwrap();
    let _ = verifier.finish();
    let report = export::verify(bytes, Vec::new(), &mut |_, _| {}).unwrap().0;
    assert!(bytes.is_empty() || report.size > 0);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Submission::read(text);
        let _ = Plan::read(text);
        let _ = Disclosure::parse(text);
        let _ = VerifierKey::parse(text);
    }
}

/// A text with one byte replaced, one inserted or one cut out.
fn changed(text: &str, place: usize, byte: u8, how: u8) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = place % bytes.len();
    match how % 3 {
        0 => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        _ => drop(bytes.remove(at)),
    }
    bytes
}

fn line(of: &'static str, number: usize) -> &'static str {
    of.lines().nth(number % of.lines().count()).unwrap()
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered(bytes in vec(any::<u8>(), 0..300)) {
        read_by_all(&bytes);
    }

    #[test]
    fn arbitrary_json_is_answered(text in "[{}\\[\\]\",:a-c0-9.eE\\\\ _-]{0,200}") {
        read_by_all(text.as_bytes());
    }

    #[test]
    fn deep_and_wide_json_is_answered(depth in 0_usize..40_000, open in "[\\[{]", name in "(\"a\":)?") {
        read_by_all(format!("{open}{name}").repeat(depth).as_bytes());
    }

    #[test]
    fn an_entry_with_a_byte_changed_is_another_or_none(n in any::<usize>(), at in any::<usize>(), byte in any::<u8>(), how in any::<u8>()) {
        let sound = line(HISTORY, n);
        let bytes = changed(sound, at, byte, how);
        read_by_all(&bytes);
        if let (Ok(entry), true) = (Entry::parse(&bytes), bytes != sound.as_bytes()) {
            prop_assert_ne!(entry.leaf(), Entry::parse(sound.as_bytes()).unwrap().leaf());
        }
    }

    #[test]
    fn a_request_with_a_byte_changed_is_answered(n in any::<usize>(), at in any::<usize>(), byte in any::<u8>(), how in any::<u8>()) {
        read_by_all(&changed(line(REQUESTS, n), at, byte, how));
    }

    #[test]
    fn a_history_with_a_byte_changed_never_holds(at in any::<usize>(), byte in any::<u8>(), how in any::<u8>()) {
        let bytes = changed(HISTORY, at, byte, how);
        let report = export::verify(bytes.as_slice(), Vec::new(), &mut |_, _| {}).unwrap().0;
        prop_assert_eq!(report.holds(), bytes == HISTORY.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_plan_with_a_byte_changed_is_answered(at in any::<usize>(), byte in any::<u8>(), how in any::<u8>()) {
        let bytes = changed(PLAN, at, byte, how);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = Plan::read(text);
        }
    }
}
