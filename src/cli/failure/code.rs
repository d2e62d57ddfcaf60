//! The code with which a command exits that could not be carried out: 1, a rule or a verification said no; 2, wrong usage or
//! malformed input; 3, the disk or the engine failed.

use super::Failure;
use annals::exchange::bundle::pack::PackError;
use annals::exchange::bundle::restore::UnpackError;
use annals::exchange::bundle::{self, BundleError};
use annals::exchange::disclosing::TakeError;
use annals::exchange::evidence::EvidenceError;
use annals::exchange::import::LineError;
use annals::exchange::keyring::KeyringError;
use annals::exchange::layout::LayoutError;
use annals::exchange::mirror::MirrorError;
use annals::exchange::page::PageError;
use annals::exchange::publish::PublishError;
use annals::exchange::restore::RestoreError;
use annals::ledger::backup::BackupError;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::proving::ProveError;
use annals::ledger::witness::CosignError;
use annals::ledger::{LedgerError, RecordError};
use annals::record::refusal::Refusal;
use annals::store::StoreError;
use annals::store::copy::CopyError;
use std::io::{self, ErrorKind};

impl Failure {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Keyring(KeyringError::System { .. })
            | Self::Answer(_)
            | Self::Process(_)
            | Self::Lingering(_)
            | Self::Restore { source: RestoreError::Append(_), .. } => 3,
            Self::File { source, .. }
            | Self::Page { source: PageError::Read(source), .. }
            | Self::Take { source: TakeError::Read(source), .. } => system(source),
            Self::Restore { source: RestoreError::Empty, .. }
            | Self::Take { source: TakeError::Form(_), .. }
            | Self::Evidence(EvidenceError::Moving(_) | EvidenceError::Name(_))
            | Self::Plan { .. }
            | Self::Usage(_)
            | Self::NoKey(_)
            | Self::Sign(_)
            | Self::Specimen(_)
            | Self::Note { .. }
            | Self::Page { .. }
            | Self::Keyring(_) => 2,
            Self::Bundle { source, .. } => bundled(source),
            Self::Unpack { source, .. } => unpack(source),
            Self::Pack { source, .. } => pack(source),
            Self::Checkpoint(error) => checkpoint(error),
            Self::Cosign(error) => cosign(error),
            Self::Prove(error) => prove(error),
            Self::Publish(error) => publish(error),
            Self::Mirror { source, .. } => mirror(source),
            Self::Record(error) => record(error),
            Self::Tried { faults, .. } => {
                faults.iter().map(|fault| line(&fault.source)).max().unwrap_or_default()
            }
            Self::Import { source, .. } | Self::Returned { source, .. } => line(source),
            Self::Sheet { faults, .. } => {
                if faults.iter().all(|fault| fault.what.is_a_refusal()) {
                    1
                } else {
                    2
                }
            }
            Self::Backup(error) => backup(error),
            Self::Restore { source: RestoreError::Refused(_), .. }
            | Self::Forked { .. }
            | Self::OtherPlan { .. }
            | Self::Evidence(_) => 1,
            Self::Restore { source: RestoreError::Store(error), .. }
            | Self::Take { source: TakeError::Ledger(error), .. }
            | Self::Ledger(error) => ledger(error),
        }
    }
}

const fn line(error: &LineError) -> u8 {
    match error {
        LineError::Record(error) => record(error),
        LineError::Ledger(_) => 3,
        LineError::Form(_)
        | LineError::Fact(_)
        | LineError::Text
        | LineError::Sign(_)
        | LineError::Key(_) => 2,
    }
}

const fn backup(error: &BackupError) -> u8 {
    match error {
        BackupError::Ledger(error) => ledger(error),
        BackupError::Checkpoints(error) => checkpoint(error),
        BackupError::Copy(CopyError::Store(error)) => store(error),
        BackupError::Copy(CopyError::Inside(_)) | BackupError::OnCopy(_) | BackupError::OnLedger(_) => 2,
        BackupError::Copy(CopyError::Another(_) | CopyError::Differs { .. } | CopyError::Ahead { .. })
        | BackupError::Lost(_)
        | BackupError::Forked(_) => 1,
        BackupError::Beside { .. } => 3,
    }
}

const fn publish(error: &PublishError) -> u8 {
    match error {
        PublishError::Unsigned | PublishError::Foreign(_) | PublishError::NotOne { .. } => 2,
        PublishError::Another { .. }
        | PublishError::Newer { .. }
        | PublishError::Differs(_)
        | PublishError::Unsound(_) => 1,
        PublishError::Checkpoint(error) => checkpoint(error),
        PublishError::System { .. } => 3,
    }
}

fn mirror(error: &MirrorError) -> u8 {
    match error {
        MirrorError::Nothing | MirrorError::Form(_) | MirrorError::Empty | MirrorError::Opening => 2,
        MirrorError::Layout(LayoutError::Read(_, error)) if is_malformed(error) => 2,
        MirrorError::Layout(LayoutError::Read(..)) | MirrorError::Append(_) => 3,
        MirrorError::Checkpoint(error) => checkpoint(error),
        MirrorError::Ledger(error) => ledger(error),
        _ => 1,
    }
}

/// Whether what was read is at fault, and not whoever read it.
fn is_malformed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::FileTooLarge | ErrorKind::InvalidData | ErrorKind::InvalidInput)
}

fn bundled(error: &bundle::verify::VerifyError) -> u8 {
    match error {
        bundle::verify::VerifyError::Bundle(error) => bundle(error),
        bundle::verify::VerifyError::Disclosures(_) => 2,
        bundle::verify::VerifyError::Store(_) => 3,
    }
}

fn unpack(error: &UnpackError) -> u8 {
    match error {
        UnpackError::Bundle(error) => bundle(error),
        UnpackError::Disclosures(_) => 2,
        UnpackError::Restore(error) => restore(error),
        UnpackError::Unfit { .. }
        | UnpackError::File(_)
        | UnpackError::Derived(_)
        | UnpackError::Unnamed(_)
        | UnpackError::Answer { .. } => 1,
        UnpackError::Checkpoint(error) => checkpoint(error),
        UnpackError::Ledger(error) => ledger(error),
    }
}

fn pack(error: &PackError) -> u8 {
    match error {
        PackError::Uncovered => 2,
        PackError::Changed(_) => 1,
        PackError::Write(_) => 3,
        PackError::Checkpoint(error) => checkpoint(error),
        PackError::Ledger(error) => ledger(error),
    }
}

const fn cosign(error: &CosignError) -> u8 {
    match error {
        CosignError::Checkpoint(error) => checkpoint(error),
        _ => 1,
    }
}

const fn prove(error: &ProveError) -> u8 {
    match error {
        ProveError::Missing(_)
        | ProveError::Uncovered(_)
        | ProveError::Unattested(_)
        | ProveError::Stream(_) => 2,
        _ => 1,
    }
}

fn bundle(error: &BundleError) -> u8 {
    match error {
        BundleError::Read { source, .. } => system(source),
        _ => 2,
    }
}

const fn restore(error: &RestoreError) -> u8 {
    match error {
        RestoreError::Append(_) => 3,
        RestoreError::Empty => 2,
        RestoreError::Refused(_) => 1,
        RestoreError::Store(error) => ledger(error),
    }
}

const fn checkpoint(error: &CheckpointError) -> u8 {
    match error {
        CheckpointError::Empty | CheckpointError::Key { .. } => 2,
        CheckpointError::Anchor(_) | CheckpointError::Damaged { .. } | CheckpointError::Misnamed { .. } => 3,
        CheckpointError::Ledger(error) => ledger(error),
        _ => 1,
    }
}

const fn store(error: &StoreError) -> u8 {
    match error {
        StoreError::NoLedger(_) | StoreError::Exists(_) | StoreError::Foreign(_) => 2,
        _ => 3,
    }
}

/// A file that is not there, or is there already, was misnamed, and one that is too large is malformed; all else is the disk's matter.
fn system(error: &io::Error) -> u8 {
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::AlreadyExists
        | ErrorKind::IsADirectory
        | ErrorKind::NotADirectory
        | ErrorKind::FileTooLarge
        | ErrorKind::InvalidData => 2,
        _ => 3,
    }
}

const fn ledger(error: &LedgerError) -> u8 {
    match error {
        LedgerError::Cut(_) => 2,
        LedgerError::Entry(..)
        | LedgerError::Fact(..)
        | LedgerError::Broken(_)
        | LedgerError::Unverified(..)
        | LedgerError::Forked(_)
        | LedgerError::NoFork(_)
        | LedgerError::NoMark(_)
        | LedgerError::Signed { .. }
        | LedgerError::Changed { .. } => 1,
        LedgerError::Store(error) => store(error),
        LedgerError::Disclosures(_)
        | LedgerError::Snapshot { .. }
        | LedgerError::Lingering { .. }
        | LedgerError::Unidentified(_) => 3,
    }
}

const fn record(error: &RecordError) -> u8 {
    match error {
        RecordError::Refused(Refusal::Fact(_))
        | RecordError::Attribute(_)
        | RecordError::Stray(_)
        | RecordError::Disclosed(_)
        | RecordError::Sized { .. } => 2,
        RecordError::Refused(_) | RecordError::Copy(_) | RecordError::NoMark(_) => 1,
        RecordError::Store(_) | RecordError::Disclosures(_) | RecordError::Doubtful => 3,
    }
}
