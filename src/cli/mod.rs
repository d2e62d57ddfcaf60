//! The commands, one file each. Exit codes: 0 done, 1 a verification said no, 2 usage, 3 disk.

mod verify;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// A progress ledger for joint action plans: signed, hash-chained, verifiable offline.
#[derive(Parser)]
#[command(version, after_help = "Exit codes: 0 done, 1 a verification said no, 2 usage, 3 disk.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Verify),
}

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file could not be read.
    #[error("{} cannot be read: name an export, one entry a line", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Arguments {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self.command {
            Command::Verify(verify) => verify.run(),
        }
    }
}
