//! An export: the entries of a ledger, byte for byte as they are stored, one a line.

use crate::ledger::index::Index;
use crate::ledger::{Ledger, LedgerError};
use crate::record::beside::Beside;
use crate::record::state::State;
use crate::record::verdict::Report;
use crate::record::verify::Verifier;
use crate::store::StoreError;
use crate::trail::entry::ENTRY_LIMIT;
use crate::trail::hash::LeafHash;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;

/// Why an export is not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The output takes no more.
    #[error("the export cannot be written")]
    Write(#[source] io::Error),
}

/// Takes a line, and whether it was whole.
pub type TakeLine<'a, E> = dyn FnMut(&[u8], bool) -> Result<(), E> + 'a;

/// Hands over the lines of an export without their newlines, and whether each was whole; never more of one than an entry
/// can hold.
///
/// # Errors
/// Where the input cannot be read, or what the taker says.
pub fn lines<E: From<io::Error>>(input: impl Read, each: &mut TakeLine<'_, E>) -> Result<(), E> {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than an entry and its newline: enough to see that a line is too long, whatever its length.
        if input.by_ref().take(ENTRY_LIMIT as u64 + 2).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            return each(&line, false);
        }
        each(&line, true)?;
    }
}

/// Why an export is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The input cannot be read.
    #[error("the export cannot be read")]
    Read(#[from] io::Error),
    /// There is no room for what has to be remembered of the entries.
    #[error("what verifying remembers cannot be kept")]
    Store(#[from] StoreError),
}

/// Verifies an export, with nothing beside it; `seen` are leaf hashes that somebody saw in its ledger before, and each line is
/// handed to `each`, too. With the state that the entries leave, as far as they could be judged.
///
/// # Errors
/// [`VerifyError`]. What is wrong with the entries is in the report.
pub fn verify(
    input: impl Read,
    seen: Vec<LeafHash>,
    each: &mut dyn FnMut(u64, &[u8]),
) -> Result<(Report, State), VerifyError> {
    let mut verifier = Verifier::new(Index::default(), Beside { seen, ..Beside::default() });
    let mut read = 0;
    lines(input, &mut |line, whole| {
        let taken = if whole { verifier.push(line) } else { verifier.push_torn(line) };
        taken?;
        each(read, line);
        read += 1;
        Ok::<(), VerifyError>(())
    })?;
    let (report, state, _) = verifier.finish_with_state()?;
    Ok((report, state))
}

/// Writes a ledger's entries; withheld values are not among them. Each is held to following those before it.
///
/// # Errors
/// [`ExportError`].
pub fn write(ledger: &Ledger, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut written = Ok(());
    ledger.follow(u64::MAX, &mut |line| {
        written = out.write_all(line).and_then(|()| out.write_all(b"\n"));
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    written.and_then(|()| out.flush()).map_err(ExportError::Write)
}
