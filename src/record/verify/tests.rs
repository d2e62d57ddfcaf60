//! Verdicts on a history: what a sound one and a cut one get, and which check finds which damage, at which entry.

use super::*;
use crate::record::archive::Whole;

const ENTRIES: &str = include_str!("../../../tests/vectors/entries.jsonl");

fn report<'a>(lines: impl IntoIterator<Item = &'a str>) -> Report {
    let mut verifier = Verifier::<Whole>::default();
    lines.into_iter().for_each(|line| verifier.push(line.as_bytes()).unwrap());
    verifier.finish().unwrap()
}

fn failed(report: &Report) -> Vec<(Check, u64)> {
    let chained = [Check::Form, Check::Order, Check::Chain, Check::Streams];
    let failure = |verdict: &Verdict| Some((verdict.check, verdict.finding.as_ref()?.entry));
    report.verdicts.iter().filter_map(failure).filter(|(check, _)| chained.contains(check)).collect()
}

#[test]
fn a_sound_history_holds_and_so_does_the_empty_one() {
    let whole = report(ENTRIES.lines());
    assert_eq!(failed(&whole), []);
    assert_eq!((whole.size, whole.streams), (6, 3));
    assert!(report([]).holds());
}

#[test]
fn judged_together_or_one_by_one_a_history_has_the_same_verdicts() {
    const HISTORY: &str = include_str!("../../../tests/vectors/history.jsonl");
    let report = |text: &str, batch: usize| {
        let mut verifier = Verifier::<Whole> { ahead: Ahead::of(batch), ..Verifier::default() };
        text.lines().for_each(|line| verifier.push(line.as_bytes()).unwrap());
        verifier.finish().unwrap()
    };
    assert!(report(HISTORY, 7).holds());
    // Keys and disclosures, words and revocations: something else is wrong at each place.
    let whole = |at: &usize| HISTORY.is_char_boundary(*at) && HISTORY.is_char_boundary(at + 1);
    for at in (0..HISTORY.len()).step_by(HISTORY.len() / 60).filter(whole) {
        let (before, after) = (&HISTORY[..at], &HISTORY[at + 1..]);
        let changed = format!("{before}{}{after}", if &HISTORY[at..=at] == "0" { "1" } else { "0" });
        let alone = report(&changed, 1);
        assert!(!alone.holds(), "{at}");
        for batch in [2, 5, 1024] {
            assert_eq!(report(&changed, batch), alone, "{at}");
        }
    }
}

#[test]
fn a_shorter_history_holds_too_so_a_cut_tail_is_not_seen() {
    assert_eq!(failed(&report(ENTRIES.lines().take(4))), []);
}

#[test]
fn each_damage_is_found_at_its_entry_by_its_check() {
    let lines: Vec<&str> = ENTRIES.lines().collect();
    let without = |at: usize| lines.iter().enumerate().filter(move |(n, _)| *n != at).map(|(_, line)| *line);
    assert_eq!(failed(&report(without(1))), [(Check::Order, 1), (Check::Chain, 1), (Check::Streams, 2)]);
    assert_eq!(failed(&report(without(0))), [(Check::Order, 0), (Check::Chain, 0), (Check::Streams, 0)]);

    let changed = lines[2].replace("\"2021\"", "\"2022\"");
    let history = lines.iter().enumerate().map(|(n, line)| if n == 2 { changed.as_str() } else { line });
    assert_eq!(failed(&report(history)), [(Check::Chain, 3), (Check::Streams, 5)]);

    let earlier = lines[5].replace("\"recordedtime\":\"2021-04-15", "\"recordedtime\":\"2021-04-13");
    let history = lines.iter().enumerate().map(|(n, line)| if n == 5 { earlier.as_str() } else { line });
    assert_eq!(failed(&report(history)), [(Check::Order, 5)]);
}

#[test]
fn a_line_without_its_newline_was_not_written_whole() {
    let lines: Vec<&str> = ENTRIES.lines().collect();
    let mut verifier = Verifier::<Whole>::default();
    lines[..5].iter().for_each(|line| verifier.push(line.as_bytes()).unwrap());
    verifier.push_torn(lines[5].as_bytes()).unwrap();
    assert_eq!(failed(&verifier.finish().unwrap()), [(Check::Form, 5)]);
}

#[test]
fn after_a_line_that_cannot_be_read_nothing_more_is_claimed() {
    let mut lines: Vec<&str> = ENTRIES.lines().collect();
    lines[3] = "{}";
    let report = report(lines);
    assert_eq!(failed(&report), [(Check::Form, 3)]);
    assert!(!report.holds());
    assert!(report.verdicts.iter().all(|verdict| verdict.covered <= 3));
}
