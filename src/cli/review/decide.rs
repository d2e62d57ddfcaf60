//! `annals review propose`, `agree`, `decline`: what becomes of an action, by the consent of all.

use super::super::axes;
use super::super::failure::Failure;
use super::super::files;
use super::super::settings::Settings;
use super::super::signing::{Change, Signing, put};
use super::super::words;
use annals::domain::change::{self, Kind};
use annals::domain::date::{Cycle, Effective};
use annals::domain::decision::Proposal;
use annals::domain::plan::Action;
use annals::domain::shape;
use annals::domain::value::Code;
use annals::ledger::Ledger;
use annals::record::state::State;
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Propose what becomes of an action, or a new one
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals review propose R2022 1.G2G.3 retain --as DK --reason 'It goes well'
  annals review propose R2022 1.G2G.3 amend --as DK --text 'Meet every spring' \\
      --reason 'As the ministries agreed'
  annals review propose R2022 1.G2G.3 clarify --as DK --cycle P1Y --lead MSIT --due 2023-12 \\
      --reason 'The text is silent'
  annals review propose R2022 1.G2G.3 merge --into 1.G2G.4 --as KR --reason 'One meeting'
  annals review propose R2022 1.G2G.3 split --into 1.G2G.9 --into 1.G2G.10 --as KR \\
      --reason 'Two ministries'
  annals review propose R2022 1.G2G.3 suspend --as DK --effective 2023-01-01 \\
      --reason 'No funds this year'
  annals review propose R2022 1.G2G.9 add --action action.json --as DK --reason 'New in 2023'

A new action is JSON, as in the list `actions` of a plan document. An action is split into others that exist: add them
first. It takes effect when the last party agrees.")]
pub(crate) struct Propose {
    /// The review
    #[arg(value_parser = words::review)]
    review: Code,
    /// The action, such as 1.G2G.3
    #[arg(value_parser = words::action::<Code>)]
    action: Code,
    /// What becomes of it
    #[arg(value_parser = words::decision())]
    decision: Kind,
    /// Of `amend`: the new text
    #[arg(long)]
    text: Option<String>,
    /// Of `clarify`: how often it recurs, such as P1Y
    #[arg(long, value_parser = cycle)]
    cycle: Option<Cycle>,
    /// Of `clarify`: the institution that leads it
    #[arg(long, value_name = "INSTITUTION")]
    lead: Option<Code>,
    /// Of `clarify`: until when it is to be done
    #[arg(long, value_name = "DATE")]
    due: Option<Effective>,
    /// Of `merge` and `split`: in which action it goes on; once for each
    #[arg(long, value_name = "ACTION", value_parser = words::action::<Code>)]
    into: Vec<Code>,
    /// Of `add`: the new action
    #[arg(long = "action", id = "new", value_name = "FILE")]
    new: Option<PathBuf>,
    /// Since when it is true [default: the day of the last consent]
    #[arg(long, value_name = "DATE")]
    effective: Option<Effective>,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

fn cycle(text: &str) -> Result<Cycle, String> {
    Cycle::try_from(text.to_owned()).map_err(|fault| fault.to_string())
}

impl Propose {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = self.signing.ledger(settings)?;
        let mut data = Map::new();
        put(&mut data, "review", Some(&self.review));
        put(&mut data, "decision", Some(self.decision));
        put(&mut data, "effective", self.effective);
        put(&mut data, "text", self.text);
        put(&mut data, "cycle", self.cycle);
        put(&mut data, "lead", self.lead);
        put(&mut data, "due", self.due);
        if !self.into.is_empty() {
            data.insert("into".to_owned(), json!(self.into));
        }
        if let Some(path) = &self.new {
            data.insert("action".to_owned(), action(path)?);
        }
        // What does not belong together is said before anything is signed.
        if let Err(fault) = shape::read::<change::Decision>(&Value::Object(data.clone())) {
            return Err(Failure::usage(fault.what));
        }
        put(&mut data, "reason", Some(self.reason));
        let subject = format!("actions/{}", self.action);
        self.signing.record(&ledger, settings, Change::new(subject, "action.proposed", data))
    }
}

/// Reads a new action.
fn action(path: &Path) -> Result<Value, Failure> {
    let bytes = files::read(path, files::PLAN_LIMIT)?;
    let fault = |what: String| Failure::usage(format!("{}: not an action: {what}", path.display()));
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| fault(error.to_string()))?;
    shape::read::<Action>(&value).map_err(|error| fault(error.to_string()))?;
    Ok(value)
}

/// Agree to what another party proposed; the last consent puts it into effect
#[derive(Args)]
#[command(
    after_help = "Examples:\n  annals review agree 1.G2G.3 --as KR\n  annals review agree 1.G2G.3 140 --as KR --note 'From next year on'"
)]
pub(crate) struct Agree {
    /// The action, such as 1.G2G.3
    #[arg(value_parser = words::action::<Code>)]
    action: Code,
    /// The proposal, by sequence or id [default: the one that is open]
    proposal: Option<String>,
    /// A sentence on it
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Do not agree to a proposal, or take your own back
#[derive(Args)]
#[command(
    after_help = "Example:\n  annals review decline 1.G2G.3 --as KR --reason 'Not before the budget is known'"
)]
pub(crate) struct Decline {
    /// The action, such as 1.G2G.3
    #[arg(value_parser = words::action::<Code>)]
    action: Code,
    /// The proposal, by sequence or id [default: the one that is open]
    proposal: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

impl Agree {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = self.signing.ledger(settings)?;
        let state = ledger.state();
        let proposal = meant(&ledger, &state, &self.action, self.proposal.as_deref(), &self.signing)?;
        let party = &self.signing.speaker.0.party;
        let repeated = self.signing.repeats(&ledger)?.map(|entry| entry.request.event.kind);
        let agreed = repeated.map_or_else(
            || proposal.awaited(&state.parties()).iter().any(|other| *other != party),
            |kind| kind == "annals.action.agreed.v1",
        );
        let (kind, mut data) = match &proposal.decision.change {
            _ if agreed => ("action.agreed", Map::new()),
            change::Change::Add(action) => ("action.created", object(&**action)?),
            _ => ("action.modified", object(&proposal.decision)?),
        };
        if let (Some(_), "action.created") = (&self.note, kind) {
            return Err(Failure::usage(
                "the consent that creates an action has no room for a note: leave --note out, and say it as you sign the review (`annals review sign --note`)".to_owned(),
            ));
        }
        put(&mut data, "note", self.note);
        let subject = format!("actions/{}", self.action);
        let change = Change { answers: Some(proposal.id), ..Change::new(subject, kind, data) };
        self.signing.record(&ledger, settings, change)
    }
}

fn object(thing: &impl serde::Serialize) -> Result<Map<String, Value>, Failure> {
    match serde_json::to_value(thing) {
        Ok(Value::Object(members)) => Ok(members),
        other => Err(Failure::usage(format!("not an object: {other:?}"))),
    }
}

impl Decline {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = self.signing.ledger(settings)?;
        let state = ledger.state();
        let proposal = meant(&ledger, &state, &self.action, self.proposal.as_deref(), &self.signing)?;
        let mut data = Map::new();
        put(&mut data, "reason", Some(self.reason));
        let subject = format!("actions/{}", self.action);
        let change = Change { answers: Some(proposal.id), ..Change::new(subject, "action.declined", data) };
        self.signing.record(&ledger, settings, change)
    }
}

/// The proposal that is meant: by name, by what was recorded before under the same id, or the only one that is open.
fn meant(
    ledger: &Ledger,
    state: &State,
    action: &Code,
    name: Option<&str>,
    signing: &Signing,
) -> Result<Proposal, Failure> {
    let programme = &state.programme;
    let decisions = programme.decisions.get(action);
    let repeated = signing.repeats(ledger)?.and_then(|entry| entry.request.event.causationid);
    let id = match name {
        Some(name) => Some(axes::entry(ledger, name)?.request.event.id),
        None => repeated,
    };
    if let Some(id) = id {
        let proposal = decisions.and_then(|decisions| decisions.by_id(id)).cloned();
        return proposal.ok_or_else(|| Failure::usage(format!("that entry is not a proposal on {action}")));
    }
    let since = programme.actions.get(action).map(|action| action.since());
    let open: Vec<&Proposal> = decisions.iter().flat_map(|decisions| decisions.open(since)).collect();
    match open.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::usage(format!("nothing is proposed on {action} that is open"))),
        several => {
            let sequences: Vec<String> =
                several.iter().map(|proposal| proposal.sequence.to_string()).collect();
            Err(Failure::usage(format!(
                "several proposals on {action} are open: name one, by its sequence: {}",
                sequences.join(", ")
            )))
        }
    }
}
