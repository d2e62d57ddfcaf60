//! `annals iati`: the programme and its actions, as activities of IATI.

use super::again;
use super::axes::{Axes, Which};
use super::failure::Failure;
use super::files;
use super::output::{self, Standing, count};
use super::settings::Settings;
use annals::domain::value::Text;
use annals::report::iati::{self, Frame, ORGANISATION_TYPES, Publisher, Reference, activity};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the programme and its actions as activities of IATI 2.03, the International Aid Transparency Initiative
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals iati --org XM-DAC-3-1 --org-name 'Ministry of Foreign Affairs of Denmark' -o plan.xml
  annals iati --org XM-DAC-3-1 --org-name 'Ministry of Foreign Affairs of Denmark' \\
      --recorded 2022-12-31 --line 1 > line-1.xml

Who publishes is for you to say: no identifier is made up. The programme is an activity (hierarchy 1), and each action is a part of it
(hierarchy 2). The parties are accountable; the institutions that an action names, or that have taken it on, implement it.

activity-status is that to which the last words of all parties lead: planned 1, under_way and continuing 2, completed 3, discontinued
and superseded 5, suspended 6. Where one is silent, contests or says otherwise it is 1, as in the plan that all have signed, and a
description of type 4 says who says what. Planned dates are those of the plan; an actual one is given where all say the same.

The document is valid by the schema of the standard. The plan names no sector and no recipient, so that none is given, which the rules
of the registry (6.2.2, 3.7.1) find fault with: add them where you know them. The same head and axes give the same bytes.")]
pub(crate) struct Iati {
    /// The identifier under which you publish: registration agency, hyphen, number there
    #[arg(long, value_name = "REF")]
    org: Reference,
    /// The name under which you publish
    #[arg(long, value_name = "NAME")]
    org_name: Text,
    /// What you are, as IATI lists types of organisations: 10 is a government
    #[arg(long, value_name = "CODE", default_value = "10", value_parser = PossibleValuesParser::new(ORGANISATION_TYPES))]
    org_type: String,
    /// Into this file, which must not exist, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    axes: Axes,
}

impl Iati {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let (history, reading) = self.axes.read(&ledger)?;
        let Some(plan) = history.state.programme.plan.as_deref() else {
            return Err(Failure::usage(format!(
                "no plan was adopted within the {} that are read: name a later moment, or none",
                count(reading.head.size, "entry", "entries")
            )));
        };
        let publisher = Publisher { reference: self.org, kind: self.org_type, name: self.org_name };
        let command = command(&publisher, [self.axes.again(&reading), self.which.again()].concat());
        let filter = self.which.filter(&ledger.state())?;
        let activities = activity::all(&history, &reading, &filter)?;
        let frame = Frame {
            reading: &reading,
            recorded: history.state.recorded,
            language: &plan.document.language,
            publisher: &publisher,
            command: &command,
        };
        let bytes = iati::of(&frame, &activities).map_err(Failure::Answer)?;
        let Some(path) = self.output else {
            output::write(&bytes)?;
            return Ok(ExitCode::SUCCESS);
        };
        files::write(&path, &bytes)?;
        let activities = activities.len() as u64;
        let text = format!("{} written to {}", count(activities, "activity", "activities"), path.display());
        let members = json!({
            "file": output::path(&path), "activities": activities, "bytes": bytes.len(), "org": publisher.reference.to_string(),
        });
        let standing = Standing { head: reading.head, illustrative: reading.illustrative };
        output::answer("iati", &text, members, &standing, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The command that writes the same bytes again.
fn command(publisher: &Publisher, read: Vec<(&'static str, String)>) -> String {
    let Publisher { reference, kind, name } = publisher;
    let own =
        [("--org", reference.to_string()), ("--org-name", name.to_string()), ("--org-type", kind.clone())];
    again::command("iati", own.into_iter().chain(read))
}
