//! Disclosing: withheld values on their way to somebody who may see them, and from there into another copy of the ledger.
//!
//! ```text
//! "WyI1TlRWMnp1NGR4R0YxQzJ…"          one disclosure a line, as it lies beside the journal
//! ```

use crate::domain::sealed::Audience;
use crate::ledger::privacy::{Erasure, Intake};
use crate::ledger::{Ledger, LedgerError};
use crate::record::fact::Fact;
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::Entry;
use serde::Serialize;
use std::collections::HashMap;
use std::io::{self, BufRead, Read, Write};
use std::ops::{ControlFlow, Range};

/// The longest line that is read, in bytes.
const LINE_LIMIT: u64 = 1 << 17;

/// How many are taken in together.
const BATCH: usize = 256;

/// Which entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// Those of a stream.
    Stream(String),
    /// One.
    Entry(u64),
}

/// What was handed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Handed {
    /// Disclosures that were written.
    pub written: u64,
    /// Fields that are for others.
    pub others: u64,
    /// Fields whose disclosure is not at hand.
    pub missing: u64,
    /// Fields that were erased.
    pub erased: u64,
}

/// Why disclosures are not handed over.
#[derive(Debug, thiserror::Error)]
pub enum HandError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The output takes no more.
    #[error("the disclosures cannot be written")]
    Write(#[source] io::Error),
}

/// Writes the disclosures of entries that somebody may see, one a line.
///
/// # Errors
/// [`HandError`].
pub fn write(
    ledger: &Ledger,
    which: &Which,
    reader: &Audience,
    out: &mut dyn Write,
) -> Result<Handed, HandError> {
    write_until(ledger, which, reader, u64::MAX, out)
}

/// As [`write()`], of the entries before one.
///
/// # Errors
/// [`HandError`].
pub fn write_until(
    ledger: &Ledger,
    which: &Which,
    reader: &Audience,
    size: u64,
    out: &mut dyn Write,
) -> Result<Handed, HandError> {
    let erased = ledger.erasures()?;
    let mut hand = Hand { ledger, reader, erased, out, handed: Handed::default() };
    match which {
        Which::All => hand.over(0..size)?,
        Which::Entry(sequence) => hand.over(*sequence..sequence.saturating_add(1))?,
        Which::Stream(subject) => {
            for sequence in ledger.sequences(subject, size).map_err(LedgerError::from)? {
                hand.over(sequence..sequence + 1)?;
            }
        }
    }
    hand.out.flush().map_err(HandError::Write)?;
    Ok(hand.handed)
}

/// Disclosures on their way to a reader.
struct Hand<'a> {
    ledger: &'a Ledger,
    reader: &'a Audience,
    erased: HashMap<Digest, Erasure>,
    out: &'a mut dyn Write,
    handed: Handed,
}

impl Hand<'_> {
    /// Hands over those of a range of entries.
    fn over(&mut self, range: Range<u64>) -> Result<(), HandError> {
        let (ledger, mut failed) = (self.ledger, None);
        ledger
            .read(range, &mut |at, line| {
                failed = self.each(at, line).err();
                if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .map_err(LedgerError::from)?;
        failed.map_or(Ok(()), Err)
    }

    fn each(&mut self, at: u64, line: &[u8]) -> Result<(), HandError> {
        let entry = Entry::parse(line).map_err(|fault| LedgerError::Entry(at, fault))?;
        let event = &entry.request.event;
        let (_, held) = Fact::read(event).map_err(|fault| LedgerError::Fact(at, fault))?;
        for held in held {
            if self.erased.contains_key(&held.digest) {
                self.handed.erased += 1;
            } else if !held.audience.admits(self.reader, &event.source) {
                self.handed.others += 1;
            } else if let Some(disclosure) =
                self.ledger.disclosure(&held.digest).filter(|found| held.check(found).is_ok())
            {
                writeln!(self.out, "\"{}\"", disclosure.encoded()).map_err(HandError::Write)?;
                self.handed.written += 1;
            } else {
                self.handed.missing += 1;
            }
        }
        Ok(())
    }
}

/// Why disclosures are not taken in.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The input cannot be read.
    #[error("the disclosures cannot be read")]
    Read(#[from] io::Error),
    /// A line that is none.
    #[error(
        "line {0} is no disclosure: `[salt, name, value]` in base64url, as a JSON text, is expected, as `annals disclose` writes it"
    )]
    Form(u64),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Hears what became of the disclosure in a line.
pub type Heard<'a> = dyn FnMut(u64, &Disclosure, Intake) + 'a;

/// Takes disclosures in, one a line; `heard` is told of each what became of it.
///
/// # Errors
/// [`TakeError`]. What came before is kept, and taking the same again keeps nothing twice.
pub fn take(ledger: &Ledger, input: &mut dyn BufRead, heard: &mut Heard<'_>) -> Result<(), TakeError> {
    let mut waiting: Vec<(u64, Disclosure)> = Vec::new();
    read(input, &mut |line, disclosure| {
        waiting.push((line, disclosure));
        if waiting.len() < BATCH { Ok(()) } else { commit(ledger, &mut waiting, heard) }
    })?;
    commit(ledger, &mut waiting, heard)
}

fn commit(
    ledger: &Ledger,
    waiting: &mut Vec<(u64, Disclosure)>,
    heard: &mut Heard<'_>,
) -> Result<(), TakeError> {
    let waiting = std::mem::take(waiting);
    let taken = ledger.take(waiting.iter().map(|(_, disclosure)| disclosure.clone()).collect())?;
    for ((line, disclosure), taken) in waiting.iter().zip(taken) {
        heard(*line, disclosure, taken);
    }
    Ok(())
}

/// Reads disclosures, one a line; empty lines are passed over.
///
/// # Errors
/// [`TakeError::Read`], [`TakeError::Form`], or what the taker says.
pub fn read(
    input: &mut dyn BufRead,
    each: &mut dyn FnMut(u64, Disclosure) -> Result<(), TakeError>,
) -> Result<(), TakeError> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if input.take(LINE_LIMIT).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        // Of a longer line the rest is none.
        if line.len() as u64 == LINE_LIMIT && !line.ends_with(b"\n") {
            return Err(TakeError::Form(number));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text = serde_json::from_slice::<String>(&line).ok();
        let disclosure = text.and_then(|text| Disclosure::parse(&text).ok());
        each(number, disclosure.ok_or(TakeError::Form(number))?)?;
    }
    Ok(())
}
