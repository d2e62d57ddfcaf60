//! `annals review`: a frozen reading, what each party finds, what all decide, and their signatures.

mod assess;
mod close;
mod decide;
mod open;
mod show;

use super::failure::Failure;
use super::settings::Settings;
use clap::Subcommand;
use std::process::ExitCode;

/// Review the plan: freeze a reading, assess, propose, agree, sign and close
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  annals review open R2022 --as DK --cutoff 2022-12-31
  annals review assess R2022 1.G2G.3 --as DK --finding substantial --cite 140
  annals review propose R2022 1.G2G.3 clarify --as DK --cycle P1Y --reason 'Agreed at the table'
  annals review agree 1.G2G.3 --as KR
  annals review sign R2022 --as DK
  annals review close R2022 --as DK
  annals review show R2022
  annals status --review R2022                         the reading that it was made from

Coordinators open, assess, propose, agree and close; each party's authority signs. A decision takes effect with the last
consent, and the plan has its next version when the review is closed.")]
pub(crate) enum Review {
    Open(open::Open),
    Assess(assess::Assess),
    Propose(Box<decide::Propose>),
    Agree(decide::Agree),
    Decline(decide::Decline),
    Sign(close::Sign),
    Close(close::Close),
    List(show::List),
    Show(show::Show),
}

impl Review {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        match self {
            Self::Open(command) => command.run(settings),
            Self::Assess(command) => command.run(settings),
            Self::Propose(command) => command.run(settings),
            Self::Agree(command) => command.run(settings),
            Self::Decline(command) => command.run(settings),
            Self::Sign(command) => command.run(settings),
            Self::Close(command) => command.run(settings),
            Self::List(command) => command.run(settings),
            Self::Show(command) => command.run(settings),
        }
    }
}
