//! Withheld values: looked up, taken in from elsewhere, and removed for good where they were erased.
//!
//! An erasure is an entry first, and then what it asks for is done, which is in [`super::erasing`]. A crash between the two is made
//! good when the ledger is opened for writing.

use super::sequencer::Turn;
use super::{Ledger, LedgerError, erasing};
use crate::domain::value::Text;
use crate::ledger::past::read_entry;
use crate::record::archive::{Archive, Holding};
use crate::record::fact::Fact;
use crate::record::withheld::{self, WithheldFault};
use crate::store::Store;
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::Entry;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A value that was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Of the entry that erased it.
    pub sequence: u64,
    /// The id of the entry that held it.
    pub holder: Option<Uuid>,
    /// The law that asked for it.
    pub basis: Text,
    /// The digest of the reason.
    pub reason: Option<Digest>,
}

/// What became of a disclosure that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intake {
    /// It is kept now.
    Kept,
    /// It was here already.
    Known,
    /// It was erased by the entry with this sequence, and is not kept.
    Erased(u64),
    /// No entry holds its digest; it is not kept.
    Stray,
    /// It is not the value of the field that an entry withholds under its digest; it is not kept.
    Unfit(WithheldFault),
}

impl Ledger {
    /// The disclosure with this digest, if it is at hand; one that cannot be read is not, and neither is one that was
    /// erased.
    #[must_use]
    pub fn disclosure(&self, digest: &Digest) -> Option<Disclosure> {
        // Where the index cannot tell, the entries that erase do; where nobody can, it may have been erased.
        let erased = self.erased(digest).map(|entry| entry.is_some());
        let erased = erased.or_else(|_| Ok::<_, LedgerError>(self.erasures()?.contains_key(digest)));
        let stands = matches!(erased, Ok(false));
        self.disclosures.get(digest).ok().flatten().filter(|_| stands)
    }

    /// By which entry the disclosure with this digest was erased, if it was.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub fn erased(&self, digest: &Digest) -> Result<Option<u64>, LedgerError> {
        let mut past = self.past();
        Ok(match past.index.by_digest(digest)? {
            Some(Holding::Erased { sequence }) => Some(sequence).filter(|at| *at < past.size()),
            _ => None,
        })
    }

    /// Every disclosure at hand.
    ///
    /// # Errors
    /// [`LedgerError::Disclosures`].
    pub fn disclosures(&self) -> Result<Vec<Disclosure>, LedgerError> {
        let mut all = Vec::new();
        self.disclosures.each::<LedgerError>(&mut |each| {
            all.push(each);
            Ok(())
        })?;
        Ok(all)
    }

    /// What was erased, by the digests: every erasure is in the stream of the ledger itself.
    ///
    /// # Errors
    /// [`LedgerError`], where an entry cannot be read.
    pub fn erasures(&self) -> Result<HashMap<Digest, Erasure>, LedgerError> {
        let mut all = HashMap::new();
        self.stream("ledger", 0..u64::MAX, &mut |entry, fact| {
            if let Fact::Erased(erased) = fact {
                let sequence = entry.seal.sequence;
                let (holder, basis) = (entry.request.event.causationid, erased.basis.clone());
                let reason = Digest::parse(&erased.reason.digest);
                all.insert(erased.digest, Erasure { sequence, holder, basis, reason });
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Takes disclosures in, durable on return, and tells of each what became of it. The ledger must be open for writing.
    ///
    /// # Errors
    /// [`LedgerError`]: none of them is kept then.
    pub fn take(&self, disclosures: Vec<Disclosure>) -> Result<Vec<Intake>, LedgerError> {
        let _turn = self.queue.turn();
        let (mut taken, mut new, mut seen) =
            (Vec::with_capacity(disclosures.len()), Vec::new(), HashSet::new());
        for disclosure in disclosures {
            let (what, digest) = (self.taken(&disclosure)?, disclosure.digest());
            taken.push(if seen.contains(&digest) { Intake::Known } else { what });
            if taken.last() == Some(&Intake::Kept) {
                seen.insert(digest);
                new.push(disclosure);
            }
        }
        self.disclosures.add(new)?;
        Ok(taken)
    }

    /// Removes every value that was erased and is still here, and tells how many there were. Recording an erasure does so by
    /// itself; here is told why it could not.
    ///
    /// # Errors
    /// [`LedgerError`]: what is left is removed when the ledger is opened again.
    pub fn complete_erasures(&self) -> Result<usize, LedgerError> {
        self.complete_all(&mut self.queue.turn())
    }

    fn taken(&self, disclosure: &Disclosure) -> Result<Intake, LedgerError> {
        let digest = disclosure.digest();
        let sequence = match self.past().index.by_digest(&digest)? {
            None => return Ok(Intake::Stray),
            Some(Holding::Erased { sequence }) => return Ok(Intake::Erased(sequence)),
            Some(Holding::Held { sequence, .. }) => sequence,
        };
        let mut held = Vec::new();
        read_each(self.store.as_ref(), sequence, &mut |_, _, all| held = all)?;
        let Some(held) = held.iter().find(|held| held.digest == digest) else { return Ok(Intake::Stray) };
        Ok(match held.check(disclosure) {
            Err(fault) => Intake::Unfit(fault),
            Ok(()) if self.disclosures.has(&digest)? => Intake::Known,
            Ok(()) => Intake::Kept,
        })
    }

    /// Completes what a crash may have left of erasures, and says so.
    pub(super) fn complete(&self) -> Option<String> {
        match self.complete_erasures() {
            Ok(0) => None,
            Ok(1) => Some("a value that was erased was still here, and is removed now".to_owned()),
            Ok(many) => Some(format!("{many} values that were erased were still here, and are removed now")),
            Err(error) => {
                Some(format!("a value that was erased is still here, and cannot be removed now: {error}"))
            }
        }
    }

    fn complete_all(&self, turn: &mut Turn) -> Result<usize, LedgerError> {
        let erased: Vec<Digest> = self.erasures()?.into_keys().collect();
        let mut wanted = self.erasing();
        let mut here = 0;
        for digest in erased {
            // A line whose value is none goes as any other does.
            if self.disclosures.has(&digest)? {
                here += 1;
                wanted.push(digest);
            }
        }
        // Also where it cannot be read what is to be removed.
        let begun = self.folder.as_deref().and_then(erasing::found);
        if !wanted.is_empty() || begun.is_some() {
            self.erase(turn, &wanted, true)?;
        }
        Ok(here)
    }
}

/// Reads the entry at a sequence.
fn read_each(
    store: &dyn Store,
    sequence: u64,
    each: &mut dyn FnMut(Entry, Fact, Vec<withheld::WithheldField>),
) -> Result<(), LedgerError> {
    let mut read = Ok(());
    store.read(sequence..sequence.saturating_add(1), &mut |at, line| {
        read = read_entry(at, Entry::parse(line)).map(|(entry, fact, held)| each(entry, fact, held));
    })?;
    read
}
