//! `annals request`: one change, signed and put into a file, for whoever runs the ledger to take in.

use super::failure::{Failure, file};
use super::output::{self, Format, Standing};
use super::record::Kind;
use super::settings::Settings;
use super::signing;
use annals::exchange::evidence::Offered;
use annals::ledger::Ledger;
use annals::record::request::{Draft, Line};
use annals::trail::key::SigningKey;
use chrono::Utc;
use clap::Args;
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

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

/// Signs a change, judges it by the copy here, and adds it to a file.
pub(crate) fn put(
    ledger: &Ledger,
    draft: &Draft,
    key: &SigningKey,
    path: &Path,
    evidence: &[Offered],
    format: Format,
) -> Result<ExitCode, Failure> {
    let (request, disclosures) = signing::sign(ledger, draft, key)?;
    ledger.judge(&request, &disclosures, Utc::now())?;
    let line = Line::write(&request, &disclosures).map_err(|error| Failure::Answer(error.into()))?;
    let mut out = File::options().append(true).create(true).open(path).map_err(file(path, "opened"))?;
    out.write_all(format!("{line}\n").as_bytes())
        .and_then(|()| out.sync_all())
        .map_err(file(path, "written"))?;
    let id = request.event.id;
    let mut text = format!("signed, and added to {}; nothing was recorded\n  id    {id}", path.display());
    for offered in evidence {
        text.extend([format!(
            "\n  hand this file over, too: {} (`annals evidence add` takes it in)",
            offered.path.display()
        )]);
    }
    let files: Vec<String> = evidence.iter().map(|offered| offered.path.display().to_string()).collect();
    let members = json!({"file": path, "id": id, "evidence": files});
    output::answer("request", &text, members, &Standing::of(ledger), format)?;
    Ok(ExitCode::SUCCESS)
}
