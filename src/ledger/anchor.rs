//! The anchor: the last checkpoint that each key of this desk has signed, outside the ledger's folder.
//!
//! ```text
//! <folder>/<SHA-256 of the origin>/lock
//! <folder>/<SHA-256 of the origin>/89abcdef.checkpoint    signed by the key whose id is 89abcdef
//! ```
//!
//! A chain cannot see that its tail was cut off, and whoever restores an old backup and writes on makes a second history. A key
//! that remembers what it signed can do neither without being told. What is signed is in [`super::checkpoints`] and
//! [`super::witness`].

use crate::store::disk;
use crate::store::write_durably;
use crate::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use crate::trail::hash::sha256;
use crate::trail::key::{Kind, VerifierKey};
use crate::trail::witness;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Where keys remember what they signed.
#[derive(Debug, Clone)]
pub struct Anchor {
    folder: PathBuf,
}

/// Why the anchor is not read or written.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// What is there is no checkpoint, or not one that was signed.
    #[error(
        "{}: not the checkpoint that was kept there: put this file back from a backup of this desk; where there is none, move it away, \
         and go on only when the other side confirms where the ledger stands (`annals verify --against OTHER` compares the copies)",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CheckpointFault,
    },
    /// The system said no.
    #[error("{}: cannot be {doing}; `--anchor DIR` names another folder", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// The memory of the keys for one origin, for as long as nobody else looks at it.
#[derive(Debug)]
pub struct AnchorGuard {
    folder: PathBuf,
    _lock: File,
}

impl Anchor {
    /// The anchor in a folder, which need not exist yet.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the keys of this desk signed last for an origin, as far as one of these keys of a ledger has signed it, the smallest
    /// first. What was signed for another founding of the same name says nothing of this one.
    ///
    /// # Errors
    /// [`AnchorError`]; [`AnchorError::Damaged`] where a line of one of the keys does not hold.
    pub fn recall<'k>(
        &self,
        origin: &str,
        ledger: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<SignedCheckpoint>, AnchorError> {
        let keys: Vec<_> = ledger.into_iter().collect();
        let mut known = Vec::new();
        for (path, signed) in self.every(origin)? {
            let own = is_signed(&signed, &keys, &path);
            known.extend(own.map_err(damaged(&path))?.then_some(signed));
        }
        Ok(known)
    }

    /// All that is remembered for an origin, whoever signed it, and the files that hold it, the smallest first.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn every(&self, origin: &str) -> Result<Vec<(PathBuf, SignedCheckpoint)>, AnchorError> {
        let folder = self.of(origin);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(system(&folder, "read")(error)),
        };
        let mut known = Vec::new();
        for entry in entries {
            let path = entry.map_err(system(&folder, "read"))?.path();
            if path.extension().is_some_and(|extension| extension == "checkpoint")
                && let Some(signed) = read(&path)?
            {
                known.push((path, signed));
            }
        }
        known.sort_by_key(|(_, known)| known.checkpoint().size());
        Ok(known)
    }

    /// Takes the memory for an origin; whoever wants it meanwhile waits.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn hold(&self, origin: &str) -> Result<AnchorGuard, AnchorError> {
        let folder = self.of(origin);
        disk::make_folder(&folder).map_err(system(&folder, "made"))?;
        let path = folder.join("lock");
        let lock = disk::open_lock(&path).map_err(system(&path, "opened"))?;
        lock.lock().map_err(system(&path, "locked"))?;
        Ok(AnchorGuard { folder, _lock: lock })
    }

    /// Where what was signed for an origin is remembered.
    #[must_use]
    pub fn of(&self, origin: &str) -> PathBuf {
        self.folder.join(sha256(origin.as_bytes()))
    }
}

impl AnchorGuard {
    /// What a key signed last. For a key of a ledger that is what another of its keys signed, where that is what it was given to
    /// remember.
    ///
    /// # Errors
    /// [`AnchorError`]; [`AnchorError::Damaged`] where no signature of theirs holds.
    pub fn recall<'k>(
        &self,
        key: &'k VerifierKey,
        ledger: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Option<SignedCheckpoint>, AnchorError> {
        let path = self.folder.join(name(key));
        let Some(signed) = read(&path)? else { return Ok(None) };
        let own = if key.kind() == Kind::Cosignature {
            match witness::cosigned(&signed, key) {
                Ok(Some(_)) => Ok(()),
                Ok(None) => Err(CheckpointFault::Unsigned(key.keyid())),
                Err(forged) => Err(forged.into()),
            }
        } else {
            let keys: Vec<_> = std::iter::once(key).chain(ledger).collect();
            is_signed(&signed, &keys, &path).map(drop)
        };
        own.map(|()| Some(signed)).map_err(damaged(&path))
    }

    /// Remembers what a key has signed, durable on return: only then it may be given away.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn remember(&self, key: &VerifierKey, signed: &SignedCheckpoint) -> Result<(), AnchorError> {
        let path = self.folder.join(name(key));
        let written = write_durably(&self.folder, &name(key), signed.to_string().as_bytes());
        written.map_err(|error| system(&path, "written")(io::Error::other(error)))?;
        // The folder's own name is durable with the one that holds it.
        let parents = self.folder.ancestors().skip(1).take(2);
        parents
            .filter(|parent| parent.is_dir())
            .try_for_each(|parent| disk::sync_folder(parent).map_err(system(parent, "synced")))
    }
}

fn name(key: &VerifierKey) -> String {
    let keyid = key.keyid();
    format!("{}.checkpoint", keyid.rsplit_once('+').map_or(keyid.as_str(), |(_, id)| id))
}

fn read(path: &Path) -> Result<Option<SignedCheckpoint>, AnchorError> {
    let bytes = match disk::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(system(path, "read")(error)),
    };
    SignedCheckpoint::parse(&bytes).map(Some).map_err(damaged(path))
}

/// Whether one of the keys of a ledger has signed what is in a file. What names one of them, or lies under the name of one, and is
/// signed by none was changed: who believed it would take the ledger for another history.
fn is_signed(signed: &SignedCheckpoint, keys: &[&VerifierKey], path: &Path) -> Result<bool, CheckpointFault> {
    let mut changed = None;
    for key in keys {
        match signed.signed_by(key) {
            Ok(()) => return Ok(true),
            Err(CheckpointFault::Unsigned(_)) if !path.ends_with(name(key)) => {}
            Err(fault) => changed = Some(fault),
        }
    }
    changed.map_or(Ok(false), Err)
}

fn damaged(path: &Path) -> impl FnOnce(CheckpointFault) -> AnchorError {
    let path = path.to_owned();
    move |source| AnchorError::Damaged { path, source }
}

fn system(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> AnchorError {
    let path = path.to_owned();
    move |source| AnchorError::System { path, doing, source }
}
