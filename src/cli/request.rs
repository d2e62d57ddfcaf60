//! `annals request`: one change, signed and put into a file, for whoever runs the ledger to take in.

use super::failure::{Failure, file};
use super::output::{self, Format, Standing};
use super::record::Kind;
use super::settings::Settings;
use super::signing;
use annals::exchange::evidence::Offered;
use annals::ledger::Ledger;
use annals::record::request::Line;
use annals::trail::disclosure::Disclosure;
use annals::trail::entry;
use clap::Args;
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use uuid::Uuid;

/// Sign one change into a file, for the side that runs the ledger
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals request progress 1.G2G.3 --as KR --lifecycle under_way -o requests.jsonl
  annals request confirm 1.G2G.3 --as KR -o requests.jsonl
  annals answer requests.jsonl --for KR -o answer.bundle      on the side that runs the ledger

What is said, and how, is as with `annals record`. It is judged by the entries of your copy and
signed on its newest one; nothing is recorded here. Each request is one more line of the file. What
else is signed (`key`, `policy adopt`, `erase`, `accede`) takes `-o FILE` in the same way.")]
pub(crate) struct Request {
    #[command(subcommand)]
    kind: Kind,
}

impl Request {
    pub(crate) fn run(self, mut settings: Settings) -> Result<ExitCode, Failure> {
        settings.asks = true;
        self.kind.run(&settings)
    }
}

/// Judges requests by the copy here, and adds them to a file: all of them, or none.
pub(crate) fn put(
    ledger: &Ledger,
    signed: &[(entry::Request, Vec<Disclosure>)],
    path: &Path,
) -> Result<(), Failure> {
    signing::judge(ledger, signed)?;
    let line = |(request, disclosures): &(entry::Request, Vec<Disclosure>)| Line::write(request, disclosures);
    let lines = signed.iter().map(line).collect::<Result<Vec<_>, _>>();
    add(path, &lines.map_err(|error| Failure::Answer(error.into()))?)
}

/// Says which requests were added to a file, and which files are to be handed over, too.
pub(crate) fn tell(
    ids: &[Uuid],
    evidence: &[&Offered],
    path: &Path,
    standing: &Standing,
    format: Format,
) -> Result<(), Failure> {
    let several = ids.len() > 1;
    let signed = if several { format!("{} requests signed", ids.len()) } else { "signed".to_owned() };
    let mut text = format!("{signed}, and added to {}; nothing was recorded", path.display());
    text.extend(ids.iter().map(|id| format!("\n  id    {id}")));
    for offered in evidence {
        text.extend([format!(
            "\n  hand this file over, too: {} (`annals evidence add` takes it in)",
            offered.path.display()
        )]);
    }
    let files: Vec<String> = evidence.iter().map(|offered| offered.path.display().to_string()).collect();
    let mut members = json!({"file": path, "id": ids.first(), "evidence": files});
    if several && let Some(members) = members.as_object_mut() {
        members.insert("ids".to_owned(), json!(ids));
    }
    output::answer("request", &text, members, standing, format)
}

/// Adds lines to a file of requests, durable on return.
pub(crate) fn add(path: &Path, lines: &[String]) -> Result<(), Failure> {
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    let mut out = File::options().append(true).create(true).open(path).map_err(file(path, "opened"))?;
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(file(path, "written"))
}
