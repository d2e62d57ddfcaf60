//! A history verified: a ledger, an export, a bundle or the entries in a page, with what is known of it from elsewhere. How it is told is in `told`.

use super::super::failure::{Failure, file};
use super::super::output;
use annals::exchange::against::Leaves;
use annals::exchange::bundle::verify::{self, Verified};
use annals::exchange::bundle::{Bundle, BundleError};
use annals::exchange::export::{self, VerifyError};
use annals::exchange::page::{BEGIN, Page};
use annals::ledger::{Ledger, LedgerError, forked, shelf};
use annals::record::completeness::{Completed, Completeness};
use annals::record::history::State;
use annals::record::verdict::Report;
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::fork::Fork;
use annals::trail::hash::LeafHash;
use annals::trail::policy::Policy;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// What is known from elsewhere, and compared.
#[derive(Default)]
pub(crate) struct Trusted {
    /// The leaf hash of entry 0.
    pub(crate) first: Option<LeafHash>,
    /// Whose signatures and cosignatures count.
    pub(crate) policy: Option<Policy>,
    /// Checkpoints that were kept elsewhere.
    pub(crate) checkpoints: Vec<SignedCheckpoint>,
    /// Leaf hashes that somebody saw.
    pub(crate) seen: Vec<LeafHash>,
}

/// What was found in a history.
pub(crate) struct Found {
    pub(crate) report: Report,
    pub(super) completed: Completed,
    /// What a bundle has besides.
    pub(super) bundled: Option<Bundled>,
    /// Whether it is the history that is known from elsewhere; nothing where nothing is.
    pub(super) known: Option<bool>,
    /// Whether its checkpoints were judged by keys from elsewhere.
    judged: bool,
    /// The fork that was found in a ledger's folder.
    pub(super) forked: Option<PathBuf>,
    /// Whether its entries stand in a page, which shows more than them.
    pub(super) is_page: bool,
}

/// What was found in a bundle beside its entries.
pub(super) struct Bundled {
    /// The first tile that is not that of the entries.
    pub(super) tile: Option<String>,
    /// How many files there are, and which are not those of their names, or of no entry.
    pub(super) files: (u64, Vec<String>),
    /// Whether its policy is the one that the entries adopt, where one is in it, and they hold.
    pub(super) policy: Option<bool>,
}

impl Bundled {
    fn holds(&self) -> bool {
        self.tile.is_none() && self.files.1.is_empty() && self.policy != Some(false)
    }
}

/// Where a history lies.
enum History {
    Folder,
    Bundle(Bundle),
    Export(File),
    Page(Page),
}

impl History {
    /// Which of them something is, as its first bytes say.
    fn open(target: &Path) -> Result<Self, Failure> {
        if target.is_dir() || !target.exists() {
            return Ok(Self::Folder);
        }
        let mut begin = Vec::new();
        let mut input = File::open(target).map_err(file(target, "read"))?;
        let read = input.by_ref().take(BEGIN.len() as u64).read_to_end(&mut begin);
        read.and_then(|_| input.rewind()).map_err(file(target, "read"))?;
        if begin == BEGIN.as_bytes() {
            let refused = |error| Failure::Page { path: target.to_owned(), source: error };
            return Page::open(input).map(Self::Page).map_err(refused);
        }
        if !begin.starts_with(b"PK\x03\x04") {
            return Ok(Self::Export(input));
        }
        let refused = |error: BundleError| Failure::Bundle { path: target.to_owned(), source: error.into() };
        Bundle::open(target).map(Self::Bundle).map_err(refused)
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

impl Found {
    /// Judges a ledger's folder, an export or a bundle; `leaves` takes its hashes, where they are to be compared.
    pub(crate) fn of(target: &Path, trusted: Trusted, leaves: Option<&mut Leaves>) -> Result<Self, Failure> {
        let bar = output::progress("verifying");
        let mut leaves = Watched { leaves, failed: None };
        let Trusted { first, policy, mut checkpoints, seen } = trusted;
        let refused = |source| Failure::Bundle { path: target.to_owned(), source };
        let mut history = History::open(target)?;
        checkpoints.extend(match &mut history {
            History::Folder => shelf::in_folder(target)?,
            History::Bundle(bundle) => bundle.checkpoints().map_err(|error| refused(error.into()))?,
            History::Page(page) => page.checkpoint.iter().cloned().collect(),
            History::Export(_) => Vec::new(),
        });
        let is_page = matches!(history, History::Page(_));
        let forked = if matches!(history, History::Folder) { forked::found(target) } else { None };
        let continued = match &mut history {
            History::Page(page) => std::mem::take(&mut page.consistency),
            _ => Vec::new(),
        };
        let mut completeness = Completeness::new(checkpoints).continued(continued);
        let mut each = |at, line: &[u8]| {
            completeness.push(line);
            leaves.push(line);
            bar.set_position(at + 1);
        };
        let (report, state, bundled) = match history {
            History::Folder => {
                let (report, state) = Ledger::verify_folder(target, seen, &mut each)?;
                (report, state, None)
            }
            History::Bundle(mut bundle) => {
                let verified = verify::verify(&mut bundle, seen, &mut each).map_err(refused)?;
                let Verified { report, state, tile, files, policy } = verified;
                (report, state, Some(Bundled { tile, files, policy }))
            }
            History::Export(input) => exported(target, export::verify(input, seen, &mut each))?,
            History::Page(page) => exported(target, export::verify(page, seen, &mut each))?,
        };
        let completed = completeness.finish(&state, policy.as_ref());
        bar.finish_and_clear();
        leaves.failed.map_or(Ok(()), Err)?;
        let first = first.map(|first| report.size > 0 && first == report.first);
        // Keys that are known from elsewhere know a history by the checkpoint that they signed.
        let judged = policy.is_some();
        let policy = policy.map(|_| completed.signed().is_some());
        let known = [first, policy].into_iter().flatten().reduce(|one, other| one && other);
        Ok(Self { report, completed, bundled, known, judged, forked, is_page })
    }

    /// Of what has no entry nothing holds: an export that was cut to nothing is one.
    pub(crate) fn holds(&self) -> bool {
        self.report.size > 0 && self.report.holds() && self.parts_hold() && self.known != Some(false)
    }

    /// Checkpoints of two histories that cannot both be true, as a file.
    pub(super) fn fork(&self, ours: &Leaves, other: &Self, theirs: &Leaves) -> Result<Option<Fork>, Failure> {
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

    /// Whether tree, files and checkpoints are of these entries.
    pub(super) fn parts_hold(&self) -> bool {
        let alone = self.forked.is_none() && self.bundled.as_ref().is_none_or(Bundled::holds);
        // Under keys from elsewhere a checkpoint of somebody else is no fault of the history: it is another one, or it is known.
        alone && if self.judged { !self.completed.is_contradicted() } else { self.completed.holds() }
    }
}

/// What was found in entries with nothing beside them.
fn exported(
    target: &Path,
    verified: Result<(Report, State), VerifyError>,
) -> Result<(Report, State, Option<Bundled>), Failure> {
    let (report, state) = verified.map_err(|error| match error {
        VerifyError::Read(error) => file(target, "read")(error),
        VerifyError::Store(error) => LedgerError::from(error).into(),
    })?;
    Ok((report, state, None))
}

/// The report on a ledger's folder or an export.
pub(crate) fn of(target: &Path) -> Result<Found, Failure> {
    Found::of(target, Trusted::default(), None)
}
