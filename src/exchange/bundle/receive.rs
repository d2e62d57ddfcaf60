//! Receiving a bundle: a copy follows its entries as it follows a published log, and takes in what came with them.

use super::restore::{self, UnpackError};
use super::{Bundle, BundleError};
use crate::exchange::answer::Answer;
use crate::exchange::mirror::{Log, MirrorError, Mirrored};
use crate::ledger::anchor::Anchor;
use crate::ledger::{Ledger, quietly};
use crate::trail::checkpoint::SignedCheckpoint;
use crate::trail::hash::LeafHash;
use std::path::Path;

/// Where a copy stands, and what became of the requests that its owner had sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Where the copy stands.
    pub mirrored: Mirrored,
    /// What the bundle says of the requests that it answers; what it calls recorded is there.
    pub answers: Vec<Answer>,
}

/// Why a bundle is not received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// Its entries.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// The bundle, or what lies beside its entries.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
}

impl From<BundleError> for ReceiveError {
    fn from(error: BundleError) -> Self {
        Self::Unpack(error.into())
    }
}

/// Makes a copy in a folder that is new or empty; as [`Log::begin`].
///
/// # Errors
/// [`ReceiveError`]: the folder is then to be thrown away.
pub fn begin(
    path: &Path,
    folder: &Path,
    first: Option<LeafHash>,
    anchor: Option<&Anchor>,
    progress: &mut dyn FnMut(u64),
) -> Result<Received, ReceiveError> {
    let mirrored = Log::read(checked(path)?)?.begin(folder, first, anchor, progress)?;
    take_beside(path, folder, mirrored)
}

/// Brings the copy in a folder up to date; as [`Log::follow`]. A bundle that came later than one with more entries is a beginning of
/// the copy: what lies beside its entries may be new all the same.
///
/// # Errors
/// [`ReceiveError`]. What is wrong beside the entries in its form refuses the bundle before any entry is taken; what only they can
/// tell, after those that hold.
pub fn follow(
    path: &Path,
    folder: &Path,
    first: Option<LeafHash>,
    anchor: Option<&Anchor>,
    progress: &mut dyn FnMut(u64),
) -> Result<Received, ReceiveError> {
    let log = Log::read(checked(path)?)?;
    let mirrored = match log.follow(folder, first, anchor, progress) {
        // Any other fault is one, whatever the copy has.
        Err(behind @ MirrorError::Behind { .. }) => beginning(log.signed(), folder)?.ok_or(behind)?,
        mirrored => mirrored?,
    };
    take_beside(path, folder, mirrored)
}

fn checked(path: &Path) -> Result<Bundle, ReceiveError> {
    let mut bundle = Bundle::open(path)?;
    restore::check_beside(&mut bundle)?;
    Ok(bundle)
}

fn take_beside(path: &Path, folder: &Path, mirrored: Mirrored) -> Result<Received, ReceiveError> {
    let mut bundle = Bundle::open(path)?;
    let answers = bundle.answers()?;
    restore::take_beside(&mut bundle, &Ledger::open(folder, &mut quietly).map_err(MirrorError::from)?)?;
    Ok(Received { mirrored, answers })
}

/// Where a copy stands of which a checkpoint is a beginning; nothing where it is none.
fn beginning(signed: &SignedCheckpoint, folder: &Path) -> Result<Option<Mirrored>, MirrorError> {
    let ledger = Ledger::open_read_only(folder)?;
    let (size, before) = (signed.checkpoint().size(), ledger.head().size);
    if before < size || !ledger.has_root(size, signed.checkpoint().root())? {
        return Ok(None);
    }
    let first = ledger.entry(0)?.map_or(LeafHash::NONE, |entry| entry.leaf());
    Ok(Some(Mirrored { taken: ledger.take_cosignatures(signed)?, before, first }))
}
