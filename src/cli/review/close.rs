//! `annals review sign` and `close`: each party's authority accepts a review as a whole, and it ends.

use super::super::failure::Failure;
use super::super::settings::Settings;
use super::super::signing::{Change, Signing, put};
use super::super::words;
use annals::domain::value::Code;
use clap::Args;
use serde_json::Map;
use std::process::ExitCode;

/// Accept a review as a whole, with a key of your party's authority
#[derive(Args)]
#[command(after_help = "\
Example:
  annals review sign R2022 --as DK

Refused while a proposal is open. Whatever is found or decided after it asks for another signature.")]
pub(crate) struct Sign {
    /// The review
    #[arg(value_parser = words::review)]
    review: Code,
    /// A sentence on it
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// End a review that every party has signed; the plan has its next version then
#[derive(Args)]
#[command(after_help = "Example:\n  annals review close R2022 --as DK")]
pub(crate) struct Close {
    /// The review
    #[arg(value_parser = words::review)]
    review: Code,
    /// A sentence on it
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Sign {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        record(&self.review, "review.signed", self.note, self.signing, settings)
    }
}

impl Close {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        record(&self.review, "review.closed", self.note, self.signing, settings)
    }
}

fn record(
    review: &Code,
    kind: &'static str,
    note: Option<String>,
    signing: Signing,
    settings: &Settings,
) -> Result<ExitCode, Failure> {
    let ledger = signing.ledger(settings)?;
    let mut data = Map::new();
    put(&mut data, "note", note);
    signing.record(&ledger, settings, Change::new(format!("reviews/{review}"), kind, data))
}
