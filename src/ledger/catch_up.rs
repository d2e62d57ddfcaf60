//! Catching up: what the entries after a known head say, read from a store.

use super::LedgerError;
use crate::record::fact::Fact;
use crate::record::withheld::Held;
use crate::store::{Head, Store};
use crate::trail::entry::Entry;
use crate::trail::hash::LeafHash;

/// An entry, what it says, and the digests that it holds.
pub(super) type Read = (Entry, Fact, Vec<Held>);

pub(super) fn read_entry(at: u64, line: &[u8]) -> Result<Read, LedgerError> {
    let entry = Entry::parse(line).map_err(|fault| LedgerError::Entry(at, fault))?;
    let (fact, held) = Fact::read(&entry.request.event).map_err(|fault| LedgerError::Fact(at, fault))?;
    Ok((entry, fact, held))
}

/// Reads the entries after a head; each names the one before, so that a ledger that was tampered with is not
/// continued. Signatures and rules are `verify`'s.
pub(super) fn fold(
    store: &dyn Store,
    from: Head,
    each: &mut dyn FnMut(Entry, Fact, Vec<Held>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut failed = None;
    let mut before = from.leaf;
    store.read(from.size..u64::MAX, &mut |at, line| {
        if failed.is_some() {
            return;
        }
        let taken = read_entry(at, line).and_then(|(entry, fact, held)| {
            if before != entry.seal.prevhash {
                return Err(LedgerError::Broken(at));
            }
            before = entry.leaf;
            each(entry, fact, held)
        });
        failed = taken.err();
    })?;
    failed.map_or(Ok(()), Err)
}

/// Whether a kept state is one of this store's: the last entry that it knows is there. One of no entries is worth nothing.
pub(super) fn follows(store: &dyn Store, head: Head) -> bool {
    let Some(last) = head.size.checked_sub(1) else { return false };
    let mut leaf = None;
    let read = store.read(last..head.size, &mut |_, line| leaf = Some(LeafHash::of(line)));
    read.is_ok() && leaf == Some(head.leaf)
}
