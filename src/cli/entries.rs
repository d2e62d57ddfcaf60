//! Entries read again from the journal, without the state before each: for those who ask what one says, not what it made.

use super::failure::Failure;
use annals::ledger::{Ledger, LedgerError};
use annals::record::fact::Fact;
use annals::trail::entry::Entry;
use std::ops::{ControlFlow, Range};

/// Reads the entries of a range, in the order of the ledger; `each` may stop.
pub(super) fn each(
    ledger: &Ledger,
    range: Range<u64>,
    each: &mut dyn FnMut(Entry) -> Result<ControlFlow<()>, LedgerError>,
) -> Result<(), Failure> {
    let mut failed = None;
    let mut read = |at: u64, line: &[u8]| {
        let entry = Entry::parse(line).map_err(|fault| LedgerError::Entry(at, fault));
        match entry.and_then(&mut *each) {
            Ok(flow) => flow,
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    ledger.read(range, &mut read).map_err(LedgerError::from)?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// What an entry states.
pub(super) fn fact(entry: &Entry) -> Result<Fact, LedgerError> {
    let read = Fact::read(&entry.request.event);
    read.map(|(fact, _)| fact).map_err(|fault| LedgerError::Fact(entry.seal.sequence, fault))
}
