//! Evidence on its way between a file that somebody has and the ledger's folder, in which it is named by its SHA-256. However
//! large a file is, only a part of it is in memory at a time.

use super::outgoing::{Outgoing, Readers};
use crate::domain::value::in_line;
use crate::ledger::{Ledger, LedgerError};
use crate::store::{Condition, StoreError};
use crate::trail::hash::hex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file that is put forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Where it is.
    pub path: PathBuf,
    /// Of its bytes.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
}

/// Why a file is not kept or not handed out.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its name would not be one in a list, or command a terminal.
    #[error("{}: the name of the file holds what no name does, such as the end of a line; rename it", in_line(&.0.to_string_lossy()))]
    Name(PathBuf),
    /// It changed between being named and being kept.
    #[error("{}: it changed while it was being read; repeat this once nobody writes to it", .0.display())]
    Moving(PathBuf),
    /// It is not here.
    #[error("the file {0} is not here: whoever has it keeps it here with `annals evidence add FILE`")]
    Missing(String),
    /// Its bytes are others.
    #[error("the file {0} has changed here: `annals evidence add FILE` of a sound copy mends it")]
    Changed(String),
    /// It is whole, and the entry says another size.
    #[error(
        "the file {sha256} has {kept} bytes, and the entry says {said}: it is not as it was put forward; `annals evidence open {sha256}` \
         takes it out by its digest alone"
    )]
    Sized {
        /// Of its bytes.
        sha256: String,
        /// How many bytes the entry says.
        said: u64,
        /// How many it has.
        kept: u64,
    },
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Offered {
    /// Reads a file for its digest and its size.
    ///
    /// # Errors
    /// [`EvidenceError::Read`]; [`EvidenceError::Name`].
    pub fn read(path: &Path) -> Result<Self, EvidenceError> {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if in_line(&name) != name {
            return Err(EvidenceError::Name(path.to_owned()));
        }
        let failed = |source| EvidenceError::Read { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let (mut hash, mut size, mut piece) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            let read = match file.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(failed)?,
            };
            let bytes = piece.get(..read).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(Self { path: path.to_owned(), sha256: hex(&hash.finalize()), size });
            }
            hash.update(bytes);
            size += read as u64;
        }
    }

    /// Keeps it with the ledger, and tells how it was found there before.
    ///
    /// # Errors
    /// [`EvidenceError`]; [`EvidenceError::Moving`] where its bytes are others by now.
    pub fn keep(&self, ledger: &Ledger) -> Result<Condition, EvidenceError> {
        let failed = |source| EvidenceError::Read { path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(failed)?;
        let blob = ledger.put_blob(&mut file).map_err(|error| match error {
            StoreError::Input(source) => failed(source),
            other => LedgerError::from(other).into(),
        })?;
        if blob.sha256 == self.sha256 {
            Ok(blob.before)
        } else {
            Err(EvidenceError::Moving(self.path.clone()))
        }
    }
}

/// Copies a file out of the ledger's folder, under a name that is free; its bytes are checked on the way, and how many there are where
/// an entry `said` so.
///
/// # Errors
/// [`EvidenceError`]: nothing is left under that name then.
pub fn open(ledger: &Ledger, sha256: &str, said: Option<u64>, path: &Path) -> Result<u64, EvidenceError> {
    let failed = |source| EvidenceError::Write { path: path.to_owned(), source };
    let mut file = Outgoing::create(path, Readers::Usual).map_err(failed)?;
    let copied = ledger.copy_blob(sha256, &mut file).map_err(|error| match error {
        StoreError::Output(source) => failed(source),
        other => LedgerError::from(other).into(),
    });
    match copied? {
        Condition::Whole => {
            let kept = ledger.blob_size(sha256).map_err(LedgerError::from)?;
            match (said, kept) {
                (Some(said), Some(kept)) if said != kept => {
                    Err(EvidenceError::Sized { sha256: sha256.to_owned(), said, kept })
                }
                _ => file.finish().map_err(failed),
            }
        }
        Condition::Missing => Err(EvidenceError::Missing(sha256.to_owned())),
        Condition::Changed => Err(EvidenceError::Changed(sha256.to_owned())),
    }
}

/// What this program reads where it is run: nobody puts it there by sending a file.
const SETTINGS: &str = "annals.toml";

/// A name under which a file can be written here: the last part of the name that somebody else gave it, where that is one.
#[must_use]
pub fn own_name(filename: Option<&str>, sha256: &str) -> PathBuf {
    let last = filename.and_then(|name| name.rsplit(['/', '\\']).next());
    let plain = |name: &&str| {
        !name.starts_with('.')
            && !name.trim().is_empty()
            && name.len() <= 200
            && !name.contains(char::is_control)
            && !name.eq_ignore_ascii_case(SETTINGS)
    };
    PathBuf::from(last.filter(plain).unwrap_or(sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_elsewhere_leads_nowhere_else() {
        for (given, own) in [
            (Some("report.pdf"), "report.pdf"),
            (Some("회의록 (최종).hwp"), "회의록 (최종).hwp"),
            (Some("../../etc/passwd"), "passwd"),
            (Some("C:\\Users\\x\\a.txt"), "a.txt"),
            (Some(".."), "00"),
            (Some(".bashrc"), "00"),
            (Some("a/"), "00"),
            (Some("x/Annals.toml"), "00"),
            (Some("a\u{1b}[2J"), "00"),
            (Some(" "), "00"),
            (None, "00"),
        ] {
            assert_eq!(own_name(given, "00"), PathBuf::from(own), "{given:?}");
        }
        assert_eq!(own_name(Some(&"x".repeat(201)), "00"), PathBuf::from("00"));
    }
}
