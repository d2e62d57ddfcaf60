//! The verdicts on a history, given entry by entry: what each check found, and where it first failed.
//!
//! What grows with the entries is in the [`Archive`] that a verifier is given; the verifier itself grows with the plan.
//! Reading the entries from a file or a store is not here. A verdict that is not given is not claimed.

use super::ahead::Ahead;
use super::archive::{Archive, Holding};
use super::beside::{Beside, Kept};
use super::fact::Fact;
use super::founding::Clock;
use super::judgement::Known;
use super::prepared::{Prepared, Read};
use super::state::State;
use super::verdict::{Check, Finding, Report, Verdict};
use super::withheld::{self, WithheldField};
use crate::domain::value::shown;
use crate::trail::entry::{ENTRY_LIMIT, timestamp};
use crate::trail::hash::{Head, LeafHash};
use chrono::{DateTime, Utc};
use std::error::Error;
use std::fmt;

/// Takes entries one after another.
#[derive(Debug)]
pub struct Verifier<A> {
    archive: A,
    beside: Beside,
    /// Lines that were taken and not judged yet.
    ahead: Ahead,
    size: u64,
    first: LeafHash,
    head: LeafHash,
    state: State,
    /// How many streams there are.
    streams: u64,
    /// Entries up to the first that could not be read: what follows it in its stream cannot be judged.
    read: u64,
    /// Entries up to the first that states no fact: what follows it cannot be judged by the state.
    known: u64,
    /// Entries up to the first whose signature does not hold.
    authentic: Option<u64>,
    withheld: (u64, u64),
    /// Fields that were erased, and how many of them are at hand all the same.
    erased: (u64, u64),
    findings: [Option<Finding>; Check::ALL.len()],
}

impl<A: Archive + Default> Default for Verifier<A> {
    fn default() -> Self {
        Self::new(A::default(), Beside::default())
    }
}

impl<A: Archive> Verifier<A> {
    /// A verifier with an empty archive, that compares what stands beside the history, too.
    #[must_use]
    pub fn new(archive: A, beside: Beside) -> Self {
        Self {
            archive,
            beside,
            ahead: Ahead::default(),
            size: 0,
            first: LeafHash::NONE,
            head: LeafHash::NONE,
            state: State::default(),
            streams: 0,
            read: 0,
            known: 0,
            authentic: None,
            withheld: (0, 0),
            erased: (0, 0),
            findings: Default::default(),
        }
    }

    /// A verifier of what comes after a history that was verified before: its archive and the state that it leaves. What the report
    /// counts is of the entries that come, but for its size, which is that of all.
    #[must_use]
    pub fn after(archive: A, state: State) -> Self {
        let Head { size, leaf } = state.head;
        let begun = Self::new(archive, Beside::default());
        Self { size, head: leaf, read: size, known: size, state, ..begun }
    }

    /// Takes the next line, without its newline. It is judged when some more have come, so that all cores have a share in it.
    ///
    /// # Errors
    /// Where the archive cannot be read or written.
    pub fn push(&mut self, line: &[u8]) -> Result<(), A::Fault> {
        self.push_hashed(line).map(drop)
    }

    /// As [`Self::push`]; gives the leaf hashes of those that were judged now.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_hashed(&mut self, line: &[u8]) -> Result<Vec<LeafHash>, A::Fault> {
        let prepared = self.ahead.push(line, &self.state.keys);
        prepared.into_iter().map(|prepared| self.take(prepared)).collect()
    }

    /// Whether nothing was found that is wrong, in what is judged by now.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.iter().all(Option::is_none)
    }

    fn judge_waiting(&mut self) -> Result<(), A::Fault> {
        while let Some(prepared) = self.ahead.rest(&self.state.keys) {
            prepared.into_iter().try_for_each(|prepared| self.take(prepared).map(drop))?;
        }
        Ok(())
    }

    /// Judges a line, and gives its leaf hash.
    fn take(&mut self, prepared: Prepared) -> Result<LeafHash, A::Fault> {
        match prepared.read {
            _ if self.found(Check::Form) => {}
            Ok(read) => self.judge(&read)?,
            Err(fault) => self.find(Check::Form, "an entry in canonical form", &sentence(&fault)),
        }
        self.advance(prepared.leaf)?;
        Ok(prepared.leaf)
    }

    /// Takes what stands where a whole line should: cut off before its newline, or longer than any entry.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub fn push_torn(&mut self, bytes: &[u8]) -> Result<(), A::Fault> {
        self.judge_waiting()?;
        let expected = format!("at most {ENTRY_LIMIT} bytes and a newline");
        self.find(Check::Form, &expected, &format!("{} bytes without a newline", bytes.len()));
        self.advance(LeafHash::of(bytes))
    }

    fn advance(&mut self, leaf: LeafHash) -> Result<(), A::Fault> {
        if self.size == 0 {
            self.first = leaf;
        }
        self.head = leaf;
        self.size += 1;
        if let Some(kept) = self.beside.kept.take_if(|kept| kept.state.head.size == self.size) {
            self.compare(&kept)?;
            self.beside.kept = Some(kept);
        }
        Ok(())
    }

    /// The report on what was taken.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub fn finish(self) -> Result<Report, A::Fault> {
        self.finish_with_state().map(|(report, ..)| report)
    }

    /// As [`Self::finish`], with what the history leaves, where the report holds: for whoever goes on from there.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub fn finish_with_state(mut self) -> Result<(Report, State, A), A::Fault> {
        self.judge_waiting()?;
        match self.beside.kept.as_ref().map(|kept| kept.state.head.size) {
            Some(0) => self.compare_first(),
            Some(size) if size > self.size => {
                let expected = format!("at least {size} entries, as the kept state says");
                let found = self.size.to_string();
                self.find(Check::ReadModels, &expected, &found);
            }
            _ => {}
        }
        for leaf in std::mem::take(&mut self.beside.seen) {
            if self.archive.by_leaf(leaf)?.is_none() {
                let expected = format!("an entry with the leaf hash {leaf}, which was seen before");
                self.find(Check::Chain, &expected, &format!("none among {} entries", self.size));
            }
        }
        let idle = |check| match check {
            _ if self.size == 0 => Some("there are no entries"),
            Check::Disclosures if self.withheld.0 == 0 && self.known == self.size => {
                Some("no entry withholds a field")
            }
            Check::Disclosures if self.withheld.1 == 0 => Some("none is at hand"),
            Check::ReadModels if self.beside.unreadable => {
                Some("what is kept is damaged or of another version, and passed over")
            }
            Check::ReadModels if self.beside.kept.is_none() => Some("none kept beside these entries"),
            _ => None,
        };
        let verdict = |(check, finding): (Check, Option<Finding>)| {
            let reach = match check {
                Check::Form | Check::Order | Check::Chain | Check::Streams => self.read,
                // Who may say what, and whether the rules admit it, is judged of entries whose author is known.
                Check::Authority | Check::Rules => self.known.min(self.authentic.unwrap_or(u64::MAX)),
                Check::Signatures | Check::Disclosures | Check::ReadModels => self.known,
            };
            let covered = finding.as_ref().map_or(reach, |finding| finding.entry.min(reach));
            let idle = if finding.is_some() { None } else { idle(check) };
            Verdict { check, covered, finding, idle }
        };
        let findings = self.findings.clone();
        let report = Report {
            size: self.size,
            first: self.first,
            head: self.head,
            streams: self.streams,
            withheld: (self.withheld.0, self.withheld.1.saturating_sub(self.erased.1)),
            erased: self.erased.0,
            lingering: self.erased.1,
            stray: self.beside.disclosures.saturating_sub(self.withheld.1),
            damaged: self.beside.damaged,
            unfinished: self.beside.unfinished,
            illustrative: self.state.clock() == Some(Clock::Illustrative),
            verdicts: Check::ALL.into_iter().zip(findings).map(verdict).collect(),
        };
        Ok((report, self.state, self.archive))
    }

    fn judge(&mut self, read: &Read) -> Result<(), A::Fault> {
        let entry = &read.entry;
        let seal = &entry.seal;
        let state = &self.state;
        let stream = self.archive.stream(&entry.request.event.subject);
        self.streams += u64::from(stream == Head::EMPTY);
        let (recorded, expected) = (state.recorded, state.seal(stream, seal.recordedtime));
        let told = state.told(&entry.request.event);
        self.same(Check::Order, "sequence", self.size, seal.sequence);
        if self.size > 0 && seal.recordedtime < recorded {
            let expected = format!("recordedtime not before {}", timestamp(recorded));
            self.find(Check::Order, &expected, &timestamp(seal.recordedtime));
        }
        if let Some(told) = told {
            self.same(Check::Order, "recordedtime", Time(told), Time(seal.recordedtime));
        }
        self.same(Check::Chain, "prevhash", self.head, seal.prevhash);
        self.same(Check::Streams, "streamversion", expected.streamversion, seal.streamversion);
        self.same(Check::Streams, "streamprevhash", expected.streamprevhash, seal.streamprevhash);
        self.read += 1;
        // Nothing is judged by a state that an entry before has left unknown.
        match &read.claim.fact {
            Ok((fact, held)) if self.known + 1 == self.read => {
                self.judge_fact(read, fact, held)?;
                self.state.take(&mut self.archive, entry, fact, held)?;
                self.known += 1;
                return Ok(());
            }
            Err(fault) if self.known + 1 == self.read => {
                self.find(Check::Rules, "an event of a known type, as its schema says", &sentence(fault));
            }
            _ => {}
        }
        self.archive.name(entry)?;
        self.state.advance(entry);
        Ok(())
    }

    fn judge_fact(&mut self, read: &Read, fact: &Fact, held: &[WithheldField]) -> Result<(), A::Fault> {
        let event = &read.entry.request.event;
        for each in held {
            self.withheld.0 += 1;
            match self.archive.disclosed(&each.digest)? {
                Some(shown) if !shown.is_of(&each.name) => {
                    let expected = format!("a disclosure of `{}`", each.name);
                    self.find(Check::Disclosures, &expected, &format!("one of {}", shown.field()));
                }
                Some(shown) if !shown.fits => {
                    let expected =
                        format!("{} in the disclosure of `{}`", withheld::expected(&each.name), each.name);
                    self.find(Check::Disclosures, &expected, "a value that is none");
                }
                Some(_) => self.withheld.1 += 1,
                None => {}
            }
        }
        if let Fact::Erased(erased) = fact
            && let Some(Holding::Held { .. }) = self.archive.by_digest(&erased.digest)?
        {
            self.erased.0 += 1;
            self.erased.1 += u64::from(self.archive.disclosed(&erased.digest)?.is_some());
        }
        let names = Known::of(&mut self.archive, event, fact, held)?;
        let time = read.entry.seal.recordedtime;
        let judged = self.state.authenticate(&read.entry.request, &read.claim).map(|key| {
            let authorised = self.state.authorise(event, fact, &key);
            (authorised, self.state.judge(event, fact, held, &names, &key, time))
        });
        match judged {
            Err(refusal) => {
                self.find(Check::Signatures, "a valid signature of a key in force", &sentence(&refusal));
                self.authentic.get_or_insert(self.size);
            }
            Ok((authorised, admitted)) => {
                if let Err(refusal) = authorised {
                    self.find(Check::Authority, "a key that may say this", &sentence(&refusal));
                }
                if let Err(refusal) = admitted {
                    self.find(Check::Rules, "an event that the rules admit", &sentence(&refusal));
                }
            }
        }
        Ok(())
    }

    /// A state of no entries says nothing.
    fn compare_first(&mut self) {
        if self.beside.kept.as_ref().is_some_and(|kept| *kept != Kept::default()) {
            self.find(
                Check::ReadModels,
                "a kept state that says nothing before the first entry",
                "one that does",
            );
        }
    }

    fn compare(&mut self, kept: &Kept) -> Result<(), A::Fault> {
        if self.known < self.size {
            return Ok(());
        }
        let (ours, theirs) = (&self.state.programme.actions, &kept.state.programme.actions);
        let mut differing = None;
        for (reference, action) in ours {
            let digest = Kept::digest(&*self.archive.words(reference)?);
            let same = theirs.get(reference) == Some(action) && kept.words.get(reference) == Some(&digest);
            if !same {
                differing = Some(format!("a kept state that differs in actions/{reference}"));
                break;
            }
        }
        if differing.is_none() && (kept.state != self.state || kept.words.len() != ours.len()) {
            differing = Some("a kept state that differs".to_owned());
        }
        if let Some(found) = differing {
            self.size -= 1;
            self.find(Check::ReadModels, "the state that replaying gives", &found);
            self.size += 1;
        }
        Ok(())
    }

    fn same<T: Copy + PartialEq + fmt::Display>(&mut self, check: Check, name: &str, expected: T, found: T) {
        if expected != found {
            self.find(check, &format!("{name} {expected}"), &found.to_string());
        }
    }

    fn found(&self, check: Check) -> bool {
        Check::ALL.iter().zip(&self.findings).any(|(each, finding)| *each == check && finding.is_some())
    }

    fn find(&mut self, check: Check, expected: &str, found: &str) {
        let entry = self.size;
        let first = Check::ALL.iter().zip(&mut self.findings).find(|(each, _)| **each == check);
        if let Some((_, first)) = first {
            first.get_or_insert_with(|| Finding { entry, expected: plain(expected), found: plain(found) });
        }
    }
}

/// An instant, as an entry writes it.
#[derive(Clone, Copy, PartialEq)]
struct Time(DateTime<Utc>);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&timestamp(self.0))
    }
}

/// What a hostile entry says, on one line and of a bounded length: it must not look like a verdict.
fn plain(text: &str) -> String {
    let begin: String = text.chars().take(PLAIN).collect();
    let line = shown(&begin).replace('\n', "\\n").replace('\t', "\\t");
    if text.chars().nth(PLAIN).is_some() { line + "…" } else { line }
}

/// How many characters of what was found are repeated in a finding.
const PLAIN: usize = 400;

/// An error with its sources, which its own message never repeats.
fn sentence(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", sentence(source)))
}

#[cfg(test)]
mod tests;
