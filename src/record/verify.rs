//! The verdicts on a history, given entry by entry in bounded memory: what each check found, and where it first failed.
//!
//! Memory follows the number of streams, not of entries. Reading the entries from a file or a store is not here, and
//! neither are signatures, authority and rules yet: a verdict that is not given is not claimed.

use crate::trail::entry::{ENTRY_LIMIT, Entry, EntryFault, timestamp};
use crate::trail::hash::LeafHash;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;

/// What is checked, each with a verdict of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Each line is an entry in canonical form, within its limits.
    Form,
    /// Sequences count from 0 and recorded times never go back.
    Order,
    /// Each entry names the leaf hash of the one before.
    Chain,
    /// Each entry names its position and its predecessor within its stream.
    Streams,
}

impl Check {
    /// Every check, in the order in which verdicts are given.
    pub const ALL: [Self; 4] = [Self::Form, Self::Order, Self::Chain, Self::Streams];

    /// The check's name in machine output.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Order => "order",
            Self::Chain => "chain",
            Self::Streams => "streams",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "canonical form",
            Self::Order => "sequence and times",
            Self::Chain => "chain",
            Self::Streams => "stream chains",
        })
    }
}

/// The first entry at which a check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Position of the entry, counted from 0.
    pub entry: u64,
    /// What was expected there.
    pub expected: String,
    /// What was found.
    pub found: String,
}

/// What is said of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many entries were given.
    pub size: u64,
    /// Leaf hash of the last one.
    pub head: LeafHash,
    /// How many streams they belong to.
    pub streams: u64,
    /// A verdict for each check: how many entries it covered, and the first failure, if any.
    pub verdicts: Vec<(Check, u64, Option<Finding>)>,
}

impl Report {
    /// Whether every check covered every entry and found nothing.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(|(_, covered, finding)| finding.is_none() && *covered == self.size)
    }
}

/// Takes entries one after another.
#[derive(Debug)]
pub struct Verifier {
    size: u64,
    head: LeafHash,
    recorded: DateTime<Utc>,
    streams: HashMap<String, (u64, LeafHash)>,
    /// Entries up to the first that could not be read: what follows it in its stream cannot be judged.
    read: u64,
    findings: [Option<Finding>; Check::ALL.len()],
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            size: 0,
            head: LeafHash::NONE,
            recorded: DateTime::<Utc>::MIN_UTC,
            streams: HashMap::new(),
            read: 0,
            findings: Default::default(),
        }
    }
}

impl Verifier {
    /// Takes the next line, without its newline.
    pub fn push(&mut self, line: &[u8]) {
        let leaf = LeafHash::of(line);
        match Entry::parse(line) {
            _ if self.findings.first().is_some_and(Option::is_some) => {}
            Ok(entry) => self.judge(&entry),
            Err(fault) => {
                let found = sentence(&fault);
                self.find(Check::Form, "an entry in canonical form", &found);
            }
        }
        self.head = leaf;
        self.size += 1;
    }

    /// Takes what stands where a whole line should: cut off before its newline, or longer than any entry.
    pub fn push_torn(&mut self, bytes: &[u8]) {
        let expected = format!("at most {ENTRY_LIMIT} bytes and a newline");
        self.find(Check::Form, &expected, &format!("{} bytes without a newline", bytes.len()));
        self.head = LeafHash::of(bytes);
        self.size += 1;
    }

    /// The report on what was taken.
    #[must_use]
    pub fn finish(self) -> Report {
        let covered = self.read;
        let verdicts = Check::ALL
            .into_iter()
            .zip(self.findings)
            .map(|(check, finding)| {
                (check, finding.as_ref().map_or(covered, |finding| finding.entry), finding)
            })
            .collect();
        Report { size: self.size, head: self.head, streams: self.streams.len() as u64, verdicts }
    }

    fn judge(&mut self, entry: &Entry) {
        let seal = &entry.seal;
        self.same(Check::Order, "sequence", self.size, seal.sequence);
        if seal.recordedtime < self.recorded {
            let expected = format!("recordedtime not before {}", timestamp(self.recorded));
            self.find(Check::Order, &expected, &timestamp(seal.recordedtime));
        }
        self.same(Check::Chain, "prevhash", self.head, seal.prevhash);
        let subject = &entry.request.event.subject;
        let (version, before) = self.streams.get(subject).copied().unwrap_or((0, LeafHash::NONE));
        self.same(Check::Streams, "streamversion", version + 1, seal.streamversion);
        self.same(Check::Streams, "streamprevhash", before, seal.streamprevhash);
        self.recorded = seal.recordedtime;
        self.streams.insert(subject.clone(), (seal.streamversion, entry.leaf));
        self.read += 1;
    }

    fn same<T: Copy + PartialEq + fmt::Display>(&mut self, check: Check, name: &str, expected: T, found: T) {
        if expected != found {
            self.find(check, &format!("{name} {expected}"), &found.to_string());
        }
    }

    fn find(&mut self, check: Check, expected: &str, found: &str) {
        let entry = self.size;
        if let Some(first) =
            Check::ALL.iter().position(|each| *each == check).and_then(|at| self.findings.get_mut(at))
        {
            first.get_or_insert_with(|| Finding {
                entry,
                expected: expected.to_owned(),
                found: found.to_owned(),
            });
        }
    }
}

/// A fault with its source, which its own message never repeats.
fn sentence(fault: &EntryFault) -> String {
    fault.source().map_or_else(|| fault.to_string(), |source| format!("{fault}: {source}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: &str = include_str!("../../tests/vectors/entries.jsonl");

    fn report<'a>(lines: impl IntoIterator<Item = &'a str>) -> Report {
        let mut verifier = Verifier::default();
        lines.into_iter().for_each(|line| verifier.push(line.as_bytes()));
        verifier.finish()
    }

    fn failed(report: &Report) -> Vec<(Check, u64)> {
        let failure =
            |(check, _, finding): &(Check, u64, Option<Finding>)| Some((*check, finding.as_ref()?.entry));
        report.verdicts.iter().filter_map(failure).collect()
    }

    #[test]
    fn a_sound_history_holds_and_so_does_the_empty_one() {
        let whole = report(ENTRIES.lines());
        assert!(whole.holds());
        assert_eq!((whole.size, whole.streams), (6, 3));
        assert!(report([]).holds());
    }

    #[test]
    fn a_shorter_history_holds_too_so_a_cut_tail_is_not_seen() {
        assert!(report(ENTRIES.lines().take(4)).holds());
    }

    #[test]
    fn each_damage_is_found_at_its_entry_by_its_check() {
        let lines: Vec<&str> = ENTRIES.lines().collect();
        let without =
            |at: usize| lines.iter().enumerate().filter(move |(n, _)| *n != at).map(|(_, line)| *line);
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
        let mut verifier = Verifier::default();
        lines[..5].iter().for_each(|line| verifier.push(line.as_bytes()));
        verifier.push_torn(lines[5].as_bytes());
        assert_eq!(failed(&verifier.finish()), [(Check::Form, 5)]);
    }

    #[test]
    fn after_a_line_that_cannot_be_read_nothing_more_is_claimed() {
        let mut lines: Vec<&str> = ENTRIES.lines().collect();
        lines[3] = "{}";
        let report = report(lines);
        assert_eq!(failed(&report), [(Check::Form, 3)]);
        assert!(!report.holds());
        assert!(report.verdicts.iter().all(|(_, covered, _)| *covered == 3));
    }
}
