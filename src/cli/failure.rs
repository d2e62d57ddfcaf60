//! Why a command could not be carried out; with which code it then exits is in `code`.

mod code;

use annals::domain::shape::Fault;
use annals::domain::value::counted;
use annals::exchange::bundle;
use annals::exchange::bundle::pack::PackError;
use annals::exchange::bundle::restore::UnpackError;
use annals::exchange::disclosing::TakeError;
use annals::exchange::evidence::EvidenceError;
use annals::exchange::import::{ImportError, LineError, NoKey};
use annals::exchange::keyring::KeyringError;
use annals::exchange::mirror::MirrorError;
use annals::exchange::page::PageError;
use annals::exchange::publish::PublishError;
use annals::exchange::restore::RestoreError;
use annals::exchange::sheet;
use annals::exchange::specimen::SpecimenError;
use annals::exchange::verification::VerificationError;
use annals::ledger::backup::BackupError;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::proving::ProveError;
use annals::ledger::witness::CosignError;
use annals::ledger::{LedgerError, RecordError};
use annals::record::causes;
use annals::store::StoreError;
use annals::trail::entry::EntryFault;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file could not be read or written.
    #[error("{}: cannot be {doing}; {}", path.display(), remedy(source.kind()))]
    File { path: PathBuf, doing: &'static str, source: io::Error },
    /// The answer could not be written.
    #[error("the answer cannot be written")]
    Answer(#[source] io::Error),
    /// A plan document that is none.
    #[error("{}: not a plan document:{}", path.display(), list(faults, 20))]
    Plan { path: PathBuf, faults: Vec<Fault> },
    /// A plan document that is not the one that the ledger lays down.
    #[error("{}: not the plan document that the ledger lays down; nothing was signed:{}", path.display(), list(differences, 20))]
    OtherPlan { path: PathBuf, differences: Vec<Fault> },
    /// Something that the user can mend.
    #[error("{0}")]
    Usage(String),
    /// No key to sign with.
    #[error("nothing to sign with")]
    NoKey(#[from] NoKey),
    /// A key on disk.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A value that cannot be signed.
    #[error("it cannot be recorded")]
    Sign(#[from] EntryFault),
    /// Not recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An import that ended early.
    #[error("{}: line {line} {}", path.display(), stage.words())]
    Import { path: PathBuf, line: u64, source: LineError, stage: Stage },
    /// An import that was only tried.
    #[error("{}: {} would be refused; nothing was recorded:{}", path.display(), counted(faults.len() as u64, "line", "lines"), told(faults))]
    Tried { path: PathBuf, faults: Vec<ImportError> },
    /// A sheet that came back with faults.
    #[error("{}: nothing was recorded:{}", path.display(), list(faults, usize::MAX))]
    Sheet { path: PathBuf, faults: Vec<sheet::fault::Fault> },
    /// A sheet of which not all could be recorded.
    #[error(
        "{}: row {row} is not recorded, and what comes before it is; take the same file in again once this is mended: nothing is \
         recorded twice",
        path.display()
    )]
    Returned { path: PathBuf, row: u64, source: LineError },
    /// A restore that was refused.
    #[error("{}: not restored", path.display())]
    Restore { path: PathBuf, source: RestoreError },
    /// A backup that was refused.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// Evidence that is not kept or not handed out.
    #[error(transparent)]
    Evidence(EvidenceError),
    /// Disclosures that are not taken in.
    #[error("{}: not taken in", path.display())]
    Take { path: PathBuf, source: TakeError },
    /// An erasure that is not complete.
    #[error(
        "an erasure is recorded, and its value is still in this folder: the next command that writes removes it"
    )]
    Lingering(#[source] LedgerError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A checkpoint that is not signed or taken in.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// A checkpoint that is not cosigned.
    #[error("not cosigned")]
    Cosign(#[source] CosignError),
    /// A proof that is not made.
    #[error("not proved")]
    Prove(#[source] ProveError),
    /// A log that is not published.
    #[error("not published")]
    Publish(#[source] PublishError),
    /// A copy that is not brought up to date.
    #[error("{from}: not mirrored")]
    Mirror { from: String, source: Box<MirrorError> },
    /// Two histories of one ledger, put down for people to decide.
    #[error("{from}: the log has forked, and both checkpoints are in {}: show it to the other side", path.display())]
    Forked { from: String, path: PathBuf, source: Box<MirrorError> },
    /// A file that is neither a checkpoint nor a proof.
    #[error("{}: {what}", path.display())]
    Note { path: PathBuf, what: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    /// A bundle that is not verified.
    #[error("{}: not verified", path.display())]
    Bundle { path: PathBuf, source: bundle::verify::VerifyError },
    /// A page that is not verified.
    #[error("{}: not verified", path.display())]
    Page { path: PathBuf, source: PageError },
    /// A bundle that is not written.
    #[error("{}: not written", path.display())]
    Pack { path: PathBuf, source: PackError },
    /// A bundle that is not restored.
    #[error("{}: not restored", path.display())]
    Unpack { path: PathBuf, source: UnpackError },
    /// A ledger that cannot be made up.
    #[error(transparent)]
    Specimen(#[from] SpecimenError),
    /// A part that is done in a process of its own.
    #[error("`annals {0}` was to be measured, and failed")]
    Process(String),
}

/// How far an import came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage {
    /// Nothing was recorded.
    Nothing,
    /// The lines before are recorded, and the file can be imported again as it is.
    Repeat,
    /// The lines before are recorded, and the file must be changed.
    Part,
}

impl Stage {
    const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "cannot be recorded, and nothing was",
            Self::Repeat => {
                "ended it, and those before it are recorded; import the same file again once this is mended"
            }
            Self::Part => {
                "is not recorded, and those before it are; put what follows into a new file, mended (in a changed file every line \
                 counts as new)"
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Ledger(error) => Self::Ledger(error),
            other => Self::Checkpoint(other),
        }
    }
}

impl From<CosignError> for Failure {
    fn from(error: CosignError) -> Self {
        match error {
            CosignError::Checkpoint(CheckpointError::Ledger(error)) => Self::Ledger(error),
            other => Self::Cosign(other),
        }
    }
}

impl From<ProveError> for Failure {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Checkpoint(error) => error.into(),
            other => Self::Prove(other),
        }
    }
}

impl From<EvidenceError> for Failure {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Read { path, source } => Self::File { path, doing: "read", source },
            EvidenceError::Write { path, source } => Self::File { path, doing: "written", source },
            EvidenceError::Ledger(error) => Self::Ledger(error),
            other => Self::Evidence(other),
        }
    }
}

impl Failure {
    /// The failure of a verification.
    pub(crate) fn verification(target: &Path, error: VerificationError) -> Self {
        let path = target.to_owned();
        match error {
            VerificationError::Read(source) => file(target, "read")(source),
            VerificationError::NoHistory => Self::usage(format!("{}: {error}", target.display())),
            VerificationError::Bundle(source) => Self::Bundle { path, source },
            VerificationError::Page(source) => Self::Page { path, source },
            VerificationError::Checkpoint(error) => error.into(),
            VerificationError::Ledger(error) => error.into(),
        }
    }

    pub(crate) const fn usage(text: String) -> Self {
        Self::Usage(text)
    }
}

const fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "check its name",
        ErrorKind::AlreadyExists => "nothing is overwritten: name another",
        ErrorKind::IsADirectory => "it is a folder: name a file",
        ErrorKind::NotADirectory => "a part of its name is no folder: check its name",
        ErrorKind::InvalidData => "it is not UTF-8 text",
        ErrorKind::FileTooLarge => "is it the right file?",
        ErrorKind::PermissionDenied => "give this user the right to it",
        ErrorKind::ReadOnlyFilesystem => {
            "its disk is mounted for reading only: mount it for writing, or name another place"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full: make room",
        _ => "check the disk",
    }
}

/// Faults, a line each, of which so many are told.
fn list<T: Display>(faults: &[T], most: usize) -> String {
    let more = faults.len().saturating_sub(most);
    let mut lines: Vec<String> = faults.iter().take(most).map(|fault| format!("\n  {fault}")).collect();
    lines.extend((more > 0).then(|| format!("\n  and {more} more")));
    lines.concat()
}

/// As [`list`], each with all that is behind it.
fn told(faults: &[ImportError]) -> String {
    list(&faults.iter().map(|fault| causes::of(fault)).collect::<Vec<_>>(), usize::MAX)
}

/// Names the file that the system refused.
pub(crate) fn file(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |source| Failure::File { path, doing, source }
}
