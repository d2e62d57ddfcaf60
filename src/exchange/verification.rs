//! Verification: a history judged wherever it lies (a ledger's folder, an export, a bundle, the entries in a page), with what is
//! known of it from elsewhere.
//!
//! There are two verdicts: whether anything was altered ([`Verification::holds`]), and up to which entry nothing can be missing
//! ([`Verification::complete`]). Trust comes from outside ([`Trusted`]), never from what is verified.
//!
//! ```no_run
//! use annals::exchange::verification::{Trusted, Verification};
//!
//! let export = std::path::Path::new("dk-kr.jsonl");
//! let found = Verification::of(export, Trusted::default(), None, &mut |_| {})?;
//! assert!(found.holds(), "{:?}", found.report.verdicts);
//! # Ok::<_, annals::exchange::verification::VerificationError>(())
//! ```

use super::against::Leaves;
use super::bundle::verify::{self, Bundled};
use super::bundle::{Bundle, BundleError};
use super::export;
use super::page::{BEGIN, Page, PageError};
use crate::ledger::checkpoints::CheckpointError;
use crate::ledger::{Ledger, LedgerError, forked, shelf};
use crate::record::completeness::{Completed, Completeness, Unsound};
use crate::record::verdict::Report;
use crate::store::StoreError;
use crate::trail::canonical::MARK;
use crate::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::trail::entry::Entry;
use crate::trail::fork::Fork;
use crate::trail::hash::LeafHash;
use crate::trail::policy::Policy;
use std::fmt;
use std::fs::File;
use std::io::{self, Chain, Cursor, Read};
use std::mem;
use std::path::{Path, PathBuf};

/// Why there is no verdict. What is wrong with a history that can be read is in what is found.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// The file cannot be read.
    #[error("it cannot be read")]
    Read(#[from] io::Error),
    /// A bundle that is none, or not whole.
    #[error(transparent)]
    Bundle(#[from] verify::VerifyError),
    /// A page that holds no entries.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The checkpoints in a ledger's folder.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Something else than a history: that it is none is not told as if it had been altered.
    #[error(
        "no line of it is an entry, nor does it begin like one: give an export, a bundle, a page that `annals report` made, a \
         proof, an account, a checkpoint, a fork, or a ledger's folder"
    )]
    NoHistory,
    /// A ledger's folder, or no room for what has to be remembered of the entries.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<BundleError> for VerificationError {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error.into())
    }
}

impl From<StoreError> for VerificationError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<export::VerifyError> for VerificationError {
    fn from(error: export::VerifyError) -> Self {
        match error {
            export::VerifyError::Read(error) => Self::Read(error),
            export::VerifyError::Store(error) => error.into(),
        }
    }
}

/// What is known from elsewhere, and compared.
#[derive(Debug, Default)]
pub struct Trusted {
    /// The leaf hash of entry 0.
    pub first: Option<LeafHash>,
    /// Whose signatures and cosignatures count.
    pub policy: Option<Policy>,
    /// Checkpoints that were kept elsewhere.
    pub checkpoints: Vec<SignedCheckpoint>,
    /// Leaf hashes that somebody saw.
    pub seen: Vec<LeafHash>,
}

/// What was found in a history.
#[derive(Debug)]
pub struct Verification {
    /// What its entries come to.
    pub report: Report,
    /// What its checkpoints vouch for.
    pub completed: Completed,
    /// What a bundle has besides.
    pub bundled: Option<Bundled>,
    /// Whether it is the history that is known from elsewhere; nothing where nothing is.
    pub known: Option<bool>,
    /// The file in a ledger's folder that says that a fork was found, and whether it holds one that the ledger's key signed.
    pub forked: Option<(PathBuf, bool)>,
    /// What lies in a ledger's folder where checkpoints are kept, and is none.
    pub unread: Vec<CheckpointError>,
    /// In what it lies.
    pub kind: Kind,
    /// Whether its checkpoints were judged by keys from elsewhere.
    judged: bool,
    /// Whether nothing is against its being the one that is known but that there is no checkpoint of it.
    unsigned: bool,
}

/// In what a history lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ledger's folder.
    Folder,
    /// An export: entries with nothing beside them.
    Export,
    /// A bundle, which has tree, checkpoints, files and a policy besides.
    Bundle,
    /// A page, which shows more than its entries.
    Page,
}

/// What a verification comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// An entry is bad.
    Inconsistent,
    /// The entries hold by themselves, and something beside them says otherwise.
    Contradicted,
    /// The entries hold by themselves, and a checkpoint that was kept beside them cannot be read.
    Damaged,
    /// It has no entry, and nothing is known of it.
    Empty,
    /// It has no entry, so that it is not the one that is known.
    Cut,
    /// It is consistent, and no checkpoint is there by which trusted keys would know it.
    Unsigned,
    /// It is consistent, and not the one that is known.
    Another,
    /// It is consistent, and the one that is known.
    Known,
    /// It is consistent, and whose it is remains open.
    Unauthenticated,
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inconsistent => "NOT CONSISTENT: do not rely on it beyond the first bad entry",
            Self::Contradicted => {
                "CONTRADICTED: the entries hold by themselves, and a checkpoint, the tree, a file, the policy or a fork says otherwise"
            }
            Self::Damaged => {
                "DAMAGED: the entries hold by themselves, and a checkpoint that was kept beside them cannot be read"
            }
            Self::Empty => "empty: there is nothing to verify",
            Self::Cut => "EMPTY: it has no first entry, so it is not the ledger that you know",
            Self::Unsigned => {
                "NOT KNOWN: consistent, and no checkpoint is there by which the keys of your policy would know it"
            }
            Self::Another => "ANOTHER LEDGER: consistent, and not the one that you know",
            Self::Known => "consistent, and the ledger that you know",
            Self::Unauthenticated => {
                "self-consistent, parties not authenticated (give `--first` the hash of entry 0)"
            }
        })
    }
}

/// What an entry begins with, in canonical form.
const ENTRY: &[u8] = b"{\"basehash\":";

/// So many bytes are looked at: an entry with a mark before it is one that has a fault.
const _: () = assert!(BEGIN.len() >= MARK.len() + ENTRY.len());

/// A history that is open.
enum History {
    Folder,
    Bundle(Bundle),
    /// And whether it begins like one.
    Export(Chain<Cursor<Vec<u8>>, File>, bool),
    Page(Page),
}

impl History {
    const fn kind(&self) -> Kind {
        match self {
            Self::Folder => Kind::Folder,
            Self::Bundle(_) => Kind::Bundle,
            Self::Export(..) => Kind::Export,
            Self::Page(_) => Kind::Page,
        }
    }

    /// Which of them something is, as its first bytes say.
    fn open(target: &Path) -> Result<Self, VerificationError> {
        if target.is_dir() || !target.exists() {
            return Ok(Self::Folder);
        }
        let (mut begin, mut input) = (Vec::new(), File::open(target)?);
        input.by_ref().take(BEGIN.len() as u64).read_to_end(&mut begin)?;
        Ok(if begin == BEGIN.as_bytes() {
            Self::Page(Page::open(input)?)
        } else if begin.starts_with(b"PK\x03\x04") {
            Self::Bundle(Bundle::open(target)?)
        } else {
            // It may come through a pipe.
            let begins = begin.strip_prefix(MARK.as_bytes()).unwrap_or(&begin).starts_with(ENTRY);
            Self::Export(Cursor::new(begin).chain(input), begins)
        })
    }
}

/// Hashes that are kept while a history is read, until there is no room for them.
struct Watched<'a> {
    leaves: Option<&'a mut Leaves>,
    failed: Option<LedgerError>,
}

impl Watched<'_> {
    fn push(&mut self, line: &[u8]) {
        if let Some(leaves) = self.leaves.as_mut().filter(|_| self.failed.is_none()) {
            self.failed = leaves.push(line).err();
        }
    }
}

impl Verification {
    /// Judges a ledger's folder, an export, a bundle or a page; `leaves` takes its hashes, where they are to be compared, and
    /// `progress` hears how many entries were read. A folder is read without a lock, in whatever state it is.
    ///
    /// # Errors
    /// [`VerificationError`].
    pub fn of(
        target: &Path,
        trusted: Trusted,
        leaves: Option<&mut Leaves>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, VerificationError> {
        let mut leaves = Watched { leaves, failed: None };
        let Trusted { first, policy, mut checkpoints, seen } = trusted;
        let mut history = History::open(target)?;
        let kind = history.kind();
        let (mut found, mut unread, mut continued) = (None, Vec::new(), Vec::new());
        match &mut history {
            History::Folder => {
                let (kept, others) = shelf::in_folder(target)?;
                checkpoints.extend(kept);
                (found, unread) = (forked::found(target), others);
            }
            History::Bundle(bundle) => checkpoints.extend(bundle.checkpoints()?),
            History::Page(page) => {
                checkpoints.extend(page.checkpoint.clone());
                continued = mem::take(&mut page.consistency);
            }
            History::Export(..) => {}
        }
        let mut completeness = Completeness::new(checkpoints).continued(continued);
        let mut each = |at, line: &[u8]| {
            completeness.push(line);
            leaves.push(line);
            progress(at + 1);
        };
        let mut bundled = None;
        let (report, state) = match history {
            History::Folder => Ledger::verify_folder(target, seen, &mut each)?,
            History::Export(input, mut is_one) => {
                let judged = export::verify(input, seen, &mut |at, line| {
                    is_one = is_one || Entry::parse(line).is_ok();
                    each(at, line);
                })?;
                if !is_one && judged.0.size > 0 {
                    return Err(VerificationError::NoHistory);
                }
                judged
            }
            History::Page(page) => export::verify(page, seen, &mut each)?,
            History::Bundle(mut bundle) => {
                let (report, state, besides) = verify::verify(&mut bundle, seen, &mut each)?;
                bundled = Some(besides);
                (report, state)
            }
        };
        let completed = completeness.finish(&state, policy.as_ref());
        leaves.failed.map_or(Ok(()), Err)?;
        let forked = found.map(|path| {
            let fork = forked::read(&path);
            let signed = |fork: Fork| state.ledger_keys().any(|key| fork.signed_by(key).is_ok());
            (path, fork.is_some_and(signed))
        });
        let first = first.map(|first| report.size > 0 && first == report.first);
        let judged = policy.is_some();
        let unsigned = judged && first != Some(false) && completed.is_unsigned();
        // Keys that are known from elsewhere know a history by the checkpoint that they signed.
        let policy = policy.map(|_| completed.signed().is_some());
        let known = [first, policy].into_iter().flatten().reduce(|one, other| one && other);
        Ok(Self { report, completed, bundled, known, forked, unread, kind, judged, unsigned })
    }

    /// Whether nothing was altered, and it is the history that is known from elsewhere, where one is. Of what has no entry nothing
    /// holds: an export that was cut to nothing is one.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.report.size > 0 && self.report.holds() && self.parts_hold() && self.known != Some(false)
    }

    /// Whether tree, files and checkpoints can be read, and are of these entries.
    #[must_use]
    pub fn parts_hold(&self) -> bool {
        self.unread.is_empty() && !self.is_contradicted()
    }

    /// Whether something beside the entries says otherwise than they do.
    #[must_use]
    pub fn is_contradicted(&self) -> bool {
        let bundled = self.bundled.as_ref().is_none_or(Bundled::holds);
        let mut verdicts = self.completed.standings.iter().map(|standing| &standing.verdict);
        let signed =
            verdicts.all(|verdict| verdict.as_ref().err().is_none_or(|unsound| self.is_passed_over(unsound)));
        self.forked.is_some() || !bundled || !signed
    }

    /// Whether a checkpoint that does not count says nothing of the history. Under keys from elsewhere one of somebody else is no fault
    /// of it: it is another history, or it is known.
    #[must_use]
    pub fn is_passed_over(&self, unsound: &Unsound) -> bool {
        *unsound == Unsound::Nothing || self.judged && unsound.says_nothing()
    }

    /// What it comes to.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        match (self.report.holds(), self.is_contradicted(), self.known) {
            (false, ..) => Conclusion::Inconsistent,
            (true, true, _) => Conclusion::Contradicted,
            _ if !self.unread.is_empty() => Conclusion::Damaged,
            (.., None) if self.report.size == 0 => Conclusion::Empty,
            (.., Some(_)) if self.report.size == 0 => Conclusion::Cut,
            (.., Some(false)) if self.unsigned => Conclusion::Unsigned,
            (.., Some(false)) => Conclusion::Another,
            (.., Some(true)) => Conclusion::Known,
            (.., None) => Conclusion::Unauthenticated,
        }
    }

    /// So many entries, from the first, of which enough witnesses say that nothing is missing; 0 where none do.
    #[must_use]
    pub fn complete(&self) -> u64 {
        let size = |checkpoint: &Checkpoint| checkpoint.size().min(self.completed.size);
        self.completed.witnessed().map_or(0, |(checkpoint, _)| size(checkpoint))
    }

    /// Two checkpoints, one of each history, that cannot both be true, where they parted; `ours` and `theirs` are their leaves.
    ///
    /// # Errors
    /// Where the leaves cannot be read again.
    pub fn fork(&self, ours: &Leaves, other: &Self, theirs: &Leaves) -> Result<Option<Fork>, LedgerError> {
        let sound = |found: &Self| -> Vec<SignedCheckpoint> {
            let standings = found.completed.standings.iter().filter(|standing| standing.verdict.is_ok());
            standings.map(|standing| standing.signed.clone()).collect()
        };
        for (one, two) in
            sound(self).iter().flat_map(|one| sound(other).into_iter().map(move |two| (one, two)))
        {
            let fork = if one.checkpoint().size() <= two.checkpoint().size() {
                theirs.fork(one, &two)?
            } else {
                ours.fork(&two, one)?
            };
            if fork.is_some() {
                return Ok(fork);
            }
        }
        Ok(None)
    }
}
