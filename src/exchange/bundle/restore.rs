//! Restoring a bundle: a ledger that ends at its head, with the values, files and checkpoints that came with it. So the log goes
//! on elsewhere, whoever ran it before.

use super::verify::verify_policy;
use super::{Bundle, BundleError, POLICY};
use crate::exchange::answer::{Answer, Outcome};
use crate::exchange::disclosing::{self, TakeError};
use crate::exchange::layout::{each_entry, fetch};
use crate::exchange::restore::{Restore, RestoreError};
use crate::ledger::checkpoints::CheckpointError;
use crate::ledger::privacy::Intake;
use crate::ledger::{Ledger, LedgerError, quietly};
use crate::record::evidence;
use crate::record::fact::Fact;
use crate::record::verdict::Report;
use crate::record::withheld::{self, WithheldFault};
use crate::store::runs::Runs;
use crate::store::{Condition, StoreError};
use crate::trail::disclosure::Digest;
use crate::trail::entry::Entry;
use crate::trail::tile::{Kind, Tile, WIDTH};
use std::collections::{BTreeSet, HashSet};
use std::io::BufReader;
use std::path::Path;

/// Why a bundle is not restored.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Its entries.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Its disclosures.
    #[error("its disclosures cannot be taken in")]
    Disclosures(#[from] TakeError),
    /// A disclosure that is none.
    #[error("line {line} of `disclosures.jsonl` is not what an entry withholds")]
    Unfit {
        /// The line.
        line: u64,
        /// Why.
        source: WithheldFault,
    },
    /// Its checkpoints.
    #[error("a checkpoint in it does not hold")]
    Checkpoint(#[from] CheckpointError),
    /// A tile or a policy that is another one than its entries give.
    #[error("`{0}` is not what its entries give: it was changed on the way; ask for the bundle again")]
    Derived(String),
    /// A file that no entry names.
    #[error("`evidence/{0}` is named by no entry: it belongs to another bundle, or to none")]
    Unnamed(String),
    /// A file that is not the one of its name.
    #[error("`evidence/{0}` is not the file that its name says")]
    File(String),
    /// An answer that its own entries do not bear out.
    #[error(
        "`answers.jsonl` says that line {line} was recorded at sequence {sequence}, and no such entry is there: what it says of your \
         requests is not true, and its entries are"
    )]
    Answer {
        /// Of the file of requests, as it says.
        line: u64,
        /// Where, as it says.
        sequence: u64,
    },
    /// The new ledger.
    #[error("the ledger cannot be made")]
    Ledger(#[from] LedgerError),
}

impl From<crate::exchange::layout::LayoutError> for UnpackError {
    fn from(error: crate::exchange::layout::LayoutError) -> Self {
        Self::Bundle(error.into())
    }
}

/// What was restored.
#[derive(Debug)]
pub struct Unpacked {
    /// What the entries come to.
    pub report: Report,
    /// What came with them.
    pub beside: Beside,
}

/// What comes with entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    /// How many withheld values were taken in.
    pub disclosures: u64,
    /// How many were left out, because no entry holds their digests.
    pub stray: u64,
    /// How many files.
    pub files: u64,
    /// How many checkpoints.
    pub checkpoints: u64,
}

/// Restores a bundle into a folder that is new or empty.
///
/// # Errors
/// [`UnpackError`]: the folder is then to be thrown away.
pub fn restore(
    bundle: &mut Bundle,
    folder: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Unpacked, UnpackError> {
    let size = bundle.checkpoint()?.checkpoint().size();
    let mut restore = Restore::new(folder)?;
    each_entry(bundle, 0, size, &mut |at, line| {
        progress(at + 1);
        Ok::<_, UnpackError>(restore.push(line)?)
    })?;
    let report = restore.finish()?;
    let beside = take_beside(bundle, &Ledger::open(folder, &mut quietly)?)?;
    Ok(Unpacked { report, beside })
}

/// Refuses a bundle of which something besides its entries could not be taken in for its form, for a value that no field can have, or
/// for a file that is not the one of its name, before any entry is.
///
/// # Errors
/// [`UnpackError`], by name.
pub fn check_beside(bundle: &mut Bundle) -> Result<(), UnpackError> {
    let size = bundle.checkpoint()?.checkpoint().size();
    bundle.has_only(size)?;
    let (mut unfit, mut count) = (Runs::<32, 8>::new(true), 0);
    if let Some(lines) = bundle.open_disclosures()? {
        disclosing::read(&mut BufReader::new(lines), &mut |line, disclosure| {
            if withheld::check_value(&disclosure).is_ok() {
                return Ok(());
            }
            count += 1;
            let inserted = unfit.insert(*disclosure.digest().bytes(), line.to_be_bytes());
            Ok(inserted.map_err(LedgerError::from)?)
        })?;
    }
    if count > 0 {
        refuse_held(bundle, size, &unfit)?;
    }
    bundle.checkpoints()?;
    bundle.answers()?;
    for name in bundle.evidence()? {
        if !bundle.is_evidence(&name)? {
            return Err(UnpackError::File(name));
        }
    }
    Ok(())
}

/// Refuses disclosures, each by its digest with its line, of which an entry holds one: those that none holds are left out.
fn refuse_held(bundle: &mut Bundle, size: u64, unfit: &Runs<32, 8>) -> Result<(), UnpackError> {
    each_entry(bundle, 0, size, &mut |_, line| {
        let event = Entry::parse(line).map(|entry| entry.request.event);
        // What cannot be read is refused when the entries are.
        let held = event.ok().and_then(|event| Fact::read(&event).ok()).map(|(_, held)| held);
        for each in held.unwrap_or_default() {
            let line = unfit.get(each.digest.bytes()).map_err(LedgerError::from)?;
            if let Some(line) = line.map(u64::from_be_bytes) {
                let what = format!("{} is expected", withheld::expected(&each.name));
                return Err(UnpackError::Unfit { line, source: WithheldFault::Value(each.name, what) });
            }
        }
        Ok(())
    })
}

/// Takes in what came with the entries that a ledger has: withheld values, files and checkpoints. Nobody has signed what it says
/// became of its reader's requests: whatever it calls recorded is looked for.
///
/// # Errors
/// [`UnpackError`]. What came before is kept, and taking the same again keeps nothing twice.
pub fn take_beside(bundle: &mut Bundle, ledger: &Ledger) -> Result<Beside, UnpackError> {
    let size = bundle.checkpoint()?.checkpoint().size();
    bundle.has_only(size)?;
    is_derived(bundle, ledger, size)?;
    bear_out(&bundle.answers()?, ledger)?;
    let (mut disclosures, mut stray, mut unfit, mut erased) = (0, 0, None, HashSet::new());
    if let Some(lines) = bundle.open_disclosures()? {
        disclosing::take(ledger, &mut BufReader::new(lines), &mut |line, disclosure, taken| match taken {
            Intake::Kept => disclosures += 1,
            Intake::Known => {}
            Intake::Erased(_) => erased.extend(disclosure.value().as_str().map(str::to_owned)),
            Intake::Stray => stray += 1,
            Intake::Unfit(source) => {
                unfit.get_or_insert(UnpackError::Unfit { line, source });
            }
        })?;
    }
    unfit.map_or(Ok(()), Err)?;
    let (mut names, wanted) = (bundle.evidence()?, named(ledger)?);
    // A file whose digest was erased is named by no entry any more.
    names.retain(|name| wanted.contains(name) || !erased.contains(name));
    for name in &names {
        // Nothing is kept that no entry asks for. How large it is says its digest: the size that an author wrote down may be another, and
        // what was recorded with it could never be restored then.
        if !wanted.contains(name) {
            return Err(UnpackError::Unnamed(name.clone()));
        }
        let mut bytes = bundle.open_evidence(name)?;
        let blob = ledger.put_blob(&mut bytes).map_err(|error| match error {
            StoreError::Input(_) => UnpackError::File(name.clone()),
            error => LedgerError::from(error).into(),
        })?;
        if blob.sha256 != *name {
            if blob.before == Condition::Missing {
                ledger.remove_blob(&blob.sha256).map_err(LedgerError::from)?;
            }
            return Err(UnpackError::File(name.clone()));
        }
    }
    let mut checkpoints = bundle.checkpoints()?;
    // One of no entries says nothing, and no ledger signs one.
    checkpoints.retain(|signed| signed.checkpoint().size() > 0);
    for signed in &checkpoints {
        ledger.take_cosignatures(signed)?;
    }
    Ok(Beside { disclosures, stray, files: names.len() as u64, checkpoints: checkpoints.len() as u64 })
}

/// Whether the hashes and the policy in a bundle are those that a ledger's own entries give. Nobody believes them here; whoever reads
/// the bundle with another program may.
fn is_derived(bundle: &mut Bundle, ledger: &Ledger, size: u64) -> Result<(), UnpackError> {
    for tile in Tile::between(0, size).filter(|tile| tile.kind != Kind::Entries) {
        let (path, bytes, _) = fetch(bundle, tile, WIDTH * 32)?;
        if bytes != ledger.tile(tile)? {
            return Err(UnpackError::Derived(path));
        }
    }
    match verify_policy(bundle, &ledger.state(), size)? {
        Some(false) => Err(UnpackError::Derived(POLICY.to_owned())),
        Some(true) | None => Ok(()),
    }
}

/// Whether whatever answers call recorded is in a ledger, as they say.
fn bear_out(answers: &[Answer], ledger: &Ledger) -> Result<(), UnpackError> {
    for answer in answers {
        let Outcome::Recorded { sequence, leaf, .. } = answer.outcome else { continue };
        let entry = ledger.entry(sequence)?;
        if entry.is_none_or(|entry| entry.leaf() != leaf || Some(entry.request.event.id) != answer.id) {
            return Err(UnpackError::Answer { line: answer.line, sequence });
        }
    }
    Ok(())
}

/// The files that entries name, as far as their digests are known here.
fn named(ledger: &Ledger) -> Result<BTreeSet<String>, LedgerError> {
    let mut named = BTreeSet::new();
    let known = |digest: &str| Digest::parse(digest).and_then(|digest| ledger.disclosure(&digest));
    ledger.replay(0..u64::MAX, &mut |entry, _| {
        named.extend(evidence::named(&entry.request.event, &known));
        Ok(())
    })?;
    Ok(named)
}
