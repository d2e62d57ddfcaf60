//! The commands, one file each, and what they share: where the ledger and the keys are, how to answer, how to fail.

mod accede;
mod again;
mod answer;
mod attest;
mod audit;
mod axes;
mod backup;
mod bench;
mod brief;
mod bundle;
mod calendar;
mod checkpoint;
mod cosign;
mod demo;
mod diff;
mod doctor;
mod document;
mod due;
mod evidence;
mod exchange;
mod failure;
mod files;
mod founding;
mod gaps;
mod handover;
mod iati;
mod inbox;
mod key;
mod manual;
mod mirror;
mod offering;
mod output;
mod place;
mod plan;
mod policy;
mod print;
mod privacy;
mod progress;
mod prove;
mod publish;
mod read;
mod record;
mod report;
mod request;
mod review;
mod settings;
mod sheet;
mod signing;
mod verify;
mod words;

pub(crate) use failure::Failure;
pub(crate) use output::complain;

use clap::{Parser, Subcommand};
use settings::Settings;
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER: &str = "\
Examples:
  annals demo                                          the whole story, in ./annals-demo
  annals init plan.json --as DK --both-sides           a ledger to try out
  annals record progress 1.G2G.3 --as KR --lifecycle under_way
  annals status --joint disputed
  annals verify

Defaults also come from ./annals.toml: `ledger`, `keys`, `anchor`, `format`; `as` for `inbox` and
`sheet out`.
Exit codes: 0 done, 1 a rule or a verification said no, 2 usage or malformed input, 3 engine or disk.";

/// The options that every command has.
const EVERYWHERE: &str = "Everywhere";

/// A progress ledger for joint action plans: signed, hash-chained, verifiable offline.
#[derive(Parser)]
#[command(version, after_help = AFTER)]
pub(crate) struct Arguments {
    /// The ledger's folder [default: ./annals-ledger]
    #[arg(long, global = true, env = "ANNALS_LEDGER", value_name = "DIR", help_heading = EVERYWHERE)]
    ledger: Option<PathBuf>,
    /// The folder of your signing keys [default: annals/keys in your configuration folder]
    #[arg(long, global = true, env = "ANNALS_KEYS", value_name = "DIR", help_heading = EVERYWHERE)]
    keys: Option<PathBuf>,
    /// Where your keys remember what they signed [default: annals in your state folder]
    #[arg(long, global = true, env = "ANNALS_ANCHOR", value_name = "DIR", help_heading = EVERYWHERE)]
    anchor: Option<PathBuf>,
    /// How to answer [default: table]
    #[arg(long, global = true, value_enum, help_heading = EVERYWHERE)]
    format: Option<output::Format>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    #[command(subcommand)]
    Key(key::Key),
    Init(founding::Init),
    Accede(accede::Accede),
    Record(record::Record),
    Handover(handover::Handover),
    Request(request::Request),
    Answer(answer::Answer),
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    Disclose(privacy::Disclose),
    Erase(privacy::Erase),
    #[command(subcommand)]
    Policy(policy::Policy),
    Attest(attest::Attest),
    #[command(subcommand)]
    Review(review::Review),
    #[command(subcommand)]
    Sheet(sheet::Sheet),
    Import(exchange::Import),
    Export(exchange::Export),
    Restore(exchange::Restore),
    #[command(subcommand)]
    Bundle(bundle::Bundle),
    Backup(backup::Backup),
    Status(read::Status),
    Show(read::Show),
    Timeline(read::Timeline),
    Replay(read::Replay),
    Diff(diff::Diff),
    #[command(subcommand)]
    Plan(plan::Plan),
    Due(due::Due),
    Calendar(calendar::Calendar),
    Iati(iati::Iati),
    Inbox(inbox::Inbox),
    Gaps(gaps::Gaps),
    Lint(read::Lint),
    #[command(subcommand)]
    Audit(audit::Audit),
    Report(report::Report),
    Brief(brief::Brief),
    Checkpoint(checkpoint::Checkpoint),
    Cosign(cosign::Cosign),
    Prove(prove::Prove),
    Publish(publish::Publish),
    Mirror(mirror::Mirror),
    Verify(verify::Verify),
    Bench(bench::Bench),
    Doctor(doctor::Doctor),
    Rebuild(doctor::Rebuild),
    Completions(manual::Completions),
    Man(manual::Man),
}

impl Arguments {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let settings = Settings::load(self.ledger, self.keys, self.anchor, self.format)?;
        match self.command {
            Command::Demo(command) => command.run(),
            Command::Key(command) => command.run(&settings),
            Command::Init(command) => command.run(&settings),
            Command::Accede(command) => command.run(&settings),
            Command::Record(command) => command.run(&settings),
            Command::Handover(command) => command.run(&settings),
            Command::Request(command) => command.run(settings),
            Command::Answer(command) => command.run(&settings),
            Command::Evidence(command) => command.run(&settings),
            Command::Disclose(command) => command.run(&settings),
            Command::Erase(command) => command.run(&settings),
            Command::Policy(command) => command.run(&settings),
            Command::Attest(command) => command.run(&settings),
            Command::Review(command) => command.run(&settings),
            Command::Sheet(command) => command.run(&settings),
            Command::Import(command) => command.run(&settings),
            Command::Export(command) => command.run(&settings),
            Command::Restore(command) => command.run(&settings),
            Command::Bundle(command) => command.run(&settings),
            Command::Backup(command) => command.run(&settings),
            Command::Status(command) => command.run(&settings),
            Command::Show(command) => command.run(&settings),
            Command::Timeline(command) => command.run(&settings),
            Command::Replay(command) => command.run(&settings),
            Command::Diff(command) => command.run(&settings),
            Command::Plan(command) => command.run(&settings),
            Command::Due(command) => command.run(&settings),
            Command::Calendar(command) => command.run(&settings),
            Command::Iati(command) => command.run(&settings),
            Command::Inbox(command) => command.run(&settings),
            Command::Gaps(command) => command.run(&settings),
            Command::Lint(command) => command.run(&settings),
            Command::Audit(command) => command.run(&settings),
            Command::Report(command) => command.run(&settings),
            Command::Brief(command) => command.run(&settings),
            Command::Checkpoint(command) => command.run(&settings),
            Command::Cosign(command) => command.run(&settings),
            Command::Prove(command) => command.run(&settings),
            Command::Publish(command) => command.run(&settings),
            Command::Mirror(command) => command.run(&settings),
            Command::Verify(command) => command.run(&settings),
            Command::Bench(command) => command.run(&settings),
            Command::Doctor(command) => command.run(&settings),
            Command::Rebuild(_) => doctor::Rebuild::run(&settings),
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_can_be_parsed() {
        Arguments::command().debug_assert();
    }
}
