//! `annals policy`: by which policy checkpoints are witnessed, shown and adopted.

use super::axes;
use super::failure::Failure;
use super::files;
use super::output::{self, Format, Standing};
use super::settings::Settings;
use super::signing::{Change, Signing};
use annals::domain::value::Code;
use annals::ledger::Cut;
use annals::record::adoption::{InForce, PolicyText};
use annals::record::state::State;
use annals::trail::policy::POLICY_LIMIT;
use clap::{Args, Subcommand};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Show or adopt the policy by which checkpoints are witnessed
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  annals policy show > policy.txt
  annals policy adopt policy.txt --as DK")]
pub(crate) enum Policy {
    Show(Show),
    Adopt(Adopt),
}

impl Policy {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        match self {
            Self::Show(command) => command.run(settings),
            Self::Adopt(command) => command.run(settings),
        }
    }
}

/// Print the policy in force: the ledger's key, the witnesses, and how many of them are needed
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals policy show > policy.txt
  annals policy show --at 140
  annals policy show --at 2022-12-31
  annals policy show --by DK          what DK has adopted, to compare and adopt it, too

It is a C2SP tlog-policy, and tells a verifier elsewhere whose signatures a checkpoint needs.
Until the parties have adopted one, all witnesses that the opening lists have to cosign.")]
pub(crate) struct Show {
    /// As it was after this entry, by sequence or leaf hash, or by the end of this day
    #[arg(long, value_name = "SEQUENCE|DATE", value_parser = axes::any_cut)]
    at: Option<Cut>,
    /// What this party has adopted last, in force or not
    #[arg(long, value_name = "PARTY")]
    by: Option<Code>,
}

impl Show {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let state = ledger.at(self.at)?.state;
        let head = state.head;
        let shown = match &self.by {
            None => in_force(&state)?,
            Some(party) => adopted(&state, party)?,
        };
        for witness in shown.revoked(&state.keys) {
            output::tell(format_args!("{} was revoked, and cosigns no more: {REMEDY}", witness.key.keyid()));
        }
        let InForce { policy, since } = shown;
        let standing = Standing { head, ..Standing::of(&ledger) };
        let members = json!({"policy": policy.as_str(), "since": since});
        match settings.format {
            Format::Table => output::write(policy.as_str().as_bytes())?,
            format => output::answer("policy", "", members, &standing, format)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What the parties do where a key of a witness that they adopted was revoked.
const REMEDY: &str = "adopt a policy without it, or with a new key, with `annals policy adopt FILE`";

/// What is to be done where the policy in force names a key that was just revoked.
pub(super) fn after_revoking(state: &State, keyid: &str) -> Option<String> {
    let policy = state.policy_at(state.head.size).ok()??;
    let named = policy.revoked(&state.keys).any(|witness| witness.key.keyid() == keyid);
    named.then(|| {
        format!("The policy in force needs or counts its cosignatures, and there will be none: {REMEDY}.")
    })
}

fn in_force(state: &State) -> Result<InForce, Failure> {
    let policy = state.policy_at(state.head.size).map_err(|fault| {
        let remedy = "adopt one, with `annals policy adopt FILE`";
        Failure::usage(format!("the opening's parties make no policy ({fault}): {remedy}"))
    })?;
    let none = || Failure::usage("the ledger was not opened by then, so no policy was in force".to_owned());
    policy.ok_or_else(none)
}

fn adopted(state: &State, party: &Code) -> Result<InForce, Failure> {
    if let Some((since, policy)) = state.adopted.policy.latest(party) {
        return Ok(InForce { policy: policy.clone(), since });
    }
    axes::party(state, party)?;
    let text = format!("{party} had adopted no policy by then; `annals policy show` shows the one in force");
    Err(Failure::usage(text))
}

/// Adopt a policy for your party; it is in force once every party has adopted the same
#[derive(Args)]
#[command(after_help = "\
Example:
  annals policy adopt policy.txt --as KR

The file is a C2SP tlog-policy of this ledger, best begun with `annals policy show`. The parties
adopt the same bytes, so hand the file over. Its witnesses have keys that are registered
(`annals key register … --role witness`). Where its log has a new key (`annals key new ORIGIN`,
which names the ledger), the ledger signs with that one from then on, and never again with the
one before.")]
pub(crate) struct Adopt {
    /// The policy
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

impl Adopt {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let bytes = files::read(&self.file, POLICY_LIMIT as u64)?;
        let text = String::from_utf8(bytes).map_err(|fault| {
            Failure::usage(format!(
                "{}: not UTF-8 from its byte {} on",
                self.file.display(),
                fault.utf8_error().valid_up_to()
            ))
        })?;
        let policy: PolicyText = text.parse().map_err(|fault| {
            Failure::usage(format!("{}: not a policy that can be adopted: {fault}", self.file.display()))
        })?;
        let ledger = self.signing.ledger(settings)?;
        let (party, dry_run) = (self.signing.speaker.0.party.clone(), self.signing.dry_run);
        let mut data = Map::new();
        data.insert("policy".to_owned(), text.into());
        let change = Change::new("ledger".to_owned(), "policy.adopted", data);
        let signed = self.signing.is_for_a_file();
        let done = self.signing.record(&ledger, settings, change)?;
        if settings.format == Format::Table && !dry_run && !signed {
            output::line(&standing(&ledger.state(), &policy, &party, &self.file))?;
        }
        Ok(done)
    }
}

/// Whether a policy that a party has adopted is in force, or who has to adopt it first.
fn standing(state: &State, policy: &PolicyText, party: &Code, file: &Path) -> String {
    let current = state.adopted.policy.at(state.head.size).is_some_and(|(_, current)| current == *policy);
    let awaited = state.adopted.policy.awaited(policy, state.parties());
    if current {
        return "It is in force.".to_owned();
    }
    // One that was adopted before, by a request that is repeated, may have been replaced since.
    if awaited.contains(&party) {
        return format!("{party} has adopted another since.");
    }
    let names: Vec<&str> = awaited.iter().map(|party| party.as_str()).collect();
    let (first, names) = (names.first().copied().unwrap_or_default(), names.join(", "));
    let command = format!("annals policy adopt {} --as {first}", file.display());
    let have = if awaited.len() == 1 { "has" } else { "have" };
    format!("It is in force once {names} {have} adopted the same: `{command}`")
}
