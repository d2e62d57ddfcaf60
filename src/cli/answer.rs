//! `annals answer`: the requests that the other side signed, taken in one by one, and a bundle that says what became of each.

use super::axes;
use super::bundle;
use super::failure::Failure;
use super::files;
use super::output::{self, Standing};
use super::settings::Settings;
use annals::domain::sealed::Audience;
use annals::domain::value::Code;
use annals::exchange::answer::{self, Outcome};
use annals::exchange::bundle::pack::Recipe;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Take in the requests that the other side signed, and answer with a bundle
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals answer requests.jsonl --for KR -o answer.bundle
  annals mirror answer.bundle --ledger copy --as KR -o cosigned.txt     on the other side

Each request is judged on its own: one that is refused changes nothing, and goes back with its
reason. What was recorded before is answered with its first receipt. The bundle ends at a new
checkpoint, which needs the ledger's key.")]
pub(crate) struct Answer {
    /// The file of signed requests
    requests: PathBuf,
    /// The party that sent it: the bundle holds what it may see
    #[arg(long = "for", value_name = "PARTY")]
    party: Code,
    /// With the files that it may see
    #[arg(long)]
    evidence: bool,
    /// The bundle, a file which must not exist
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

impl Answer {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let bytes = files::requests(&self.requests)?;
        let ledger = settings.recording()?;
        axes::party(&ledger.state(), &self.party)?;
        // Nothing is taken in that could not be answered then.
        files::can_be_made(&self.output)?;
        let signing = settings.checkpoint(&ledger)?;
        if signing.is_none() {
            return Err(Failure::usage(
                "the ledger's key is not on this desk, and a bundle ends at a checkpoint that it signs: whoever runs the \
                 ledger answers; where that key is lost, `annals import` takes the requests in, among them the adoption of a \
                 policy with another (`annals policy adopt`)"
                    .to_owned(),
            ));
        }
        let bar = output::progress("taking in");
        let answers = answer::take(&ledger, &bytes, &mut |_| bar.inc(1))?;
        bar.finish_and_clear();
        ledger.complete_erasures().map_err(Failure::Lingering)?;
        output::keep(&ledger);
        settings.checkpoint(&ledger)?;
        let mut text = told(&answers);
        let refusals =
            answers.iter().filter(|answer| matches!(answer.outcome, Outcome::Refused { .. })).count();
        let listed: Value = answers.iter().map(|answer| json!(answer)).collect();
        let recipe = Recipe { reader: Audience::Party(self.party), evidence: self.evidence, answers };
        let (written, mut members) = bundle::write(&ledger, &recipe, &self.output)?;
        text += &written;
        if let Some(members) = members.as_object_mut() {
            members.insert("answers".to_owned(), listed);
            members.insert("refused".to_owned(), refusals.into());
        }
        output::answer("answer", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::from(u8::from(refusals > 0)))
    }
}

/// What became of each request, a line each.
pub(crate) fn told(answers: &[answer::Answer]) -> String {
    let line = |answer: &answer::Answer| match &answer.outcome {
        Outcome::Recorded { sequence, repeated: false, .. } => {
            format!("line {}: recorded at sequence {sequence}\n", answer.line)
        }
        Outcome::Recorded { sequence, .. } => {
            format!("line {}: recorded before, at sequence {sequence}\n", answer.line)
        }
        // Whoever sent it wrote that, in one line.
        Outcome::Refused { refused } => {
            format!("line {}: refused: {}\n", answer.line, refused.replace(['\n', '\t'], " "))
        }
    };
    answers.iter().map(line).collect()
}
