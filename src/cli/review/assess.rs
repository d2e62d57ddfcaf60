//! `annals review assess`: what a party finds of an action, or of a line of effort by a criterion.

use super::super::failure::Failure;
use super::super::offering::Offering;
use super::super::settings::Settings;
use super::super::signing::{Change, Signing, put};
use super::super::words;
use annals::domain::finding::{Criterion, Finding};
use annals::domain::value::Code;
use clap::Args;
use serde_json::Map;
use std::collections::BTreeSet;
use std::process::ExitCode;

/// Say what your side finds of an action, or of a line of effort
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals review assess R2022 1.G2G.3 --as DK --finding substantial --cite 140 --cite 151
  annals review assess R2022 1.G2G.4 --as KR --finding no_evidence --rationale 'Nobody has reported'
  annals review assess R2022 --line 1 --criterion relevance --as DK --finding complete \\
      --evidence study.pdf

The words are those of the Open Government Partnership's reports; a line is judged by the six criteria of the OECD DAC. The
last finding of each party counts. The joint finding follows from them: same, one-sided or different.")]
pub(crate) struct Assess {
    /// The review
    #[arg(value_parser = words::review)]
    review: Code,
    /// The action, such as 1.G2G.3
    #[arg(required_unless_present = "line", value_parser = words::action::<Code>)]
    action: Option<Code>,
    /// The line of effort
    #[arg(long, value_name = "NUMBER", requires = "criterion", conflicts_with = "action", value_parser = words::line)]
    line: Option<u16>,
    /// By what the line is judged
    #[arg(long, requires = "line", value_parser = words::criterion())]
    criterion: Option<Criterion>,
    /// What is found
    #[arg(long, value_parser = words::finding())]
    finding: Finding,
    /// An entry that it rests on, by its sequence; once for each
    #[arg(long = "cite", value_name = "SEQUENCE")]
    entries: Vec<u64>,
    #[command(flatten)]
    offering: Offering,
    /// Why
    #[arg(long)]
    rationale: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Assess {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = self.signing.ledger(settings)?;
        let mut data = Map::new();
        let (subject, kind) = if let Some(action) = &self.action {
            put(&mut data, "review", Some(&self.review));
            (format!("actions/{action}"), "action.assessed")
        } else {
            data.extend(self.line.map(|line| ("line".to_owned(), line.into())));
            put(&mut data, "criterion", self.criterion);
            (format!("reviews/{}", self.review), "review.assessed")
        };
        put(&mut data, "finding", Some(self.finding));
        let entries: BTreeSet<u64> = self.entries.iter().copied().collect();
        if !entries.is_empty() {
            data.insert("entries".to_owned(), entries.into_iter().collect());
        }
        put(&mut data, "rationale", self.rationale);
        let evidence = self.offering.name(&mut data)?;
        self.signing.record(&ledger, settings, Change { evidence, ..Change::new(subject, kind, data) })
    }
}
