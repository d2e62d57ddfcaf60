//! `annals publish`: the log as files that any web server can serve.

use super::checkpoint::instant;
use super::failure::Failure;
use super::output::{self, Standing};
use super::settings::Settings;
use annals::exchange::publish::{self, PublishError};
use annals::ledger::Ledger;
use annals::ledger::checkpoints::{self, CheckpointError};
use annals::trail::checkpoint::SignedCheckpoint;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Publish the log into a folder that any web server can serve
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals checkpoint && annals publish /srv/www/dk-kr     what was recorded until now
  annals mirror https://example.org/dk-kr                on the other side, or anybody's

WARNING: whatever stands in clear in the entries is public then, for good: who said what, when, and of
which action. Withheld values and evidence are not published.

Published is the newest checkpoint that is kept, with everybody's cosignatures, and the entries up to
it, in the layout of C2SP tlog-tiles. The same command again adds what is new, and where nothing is,
it holds all that is there against the ledger. A folder that holds anything else than a beginning of
this ledger is refused, and left as it is: of a file that was damaged, delete it, and publish again.
Let the server send `checkpoint` uncached; all else never changes.")]
pub(crate) struct Publish {
    /// A folder that is new, empty, or holds what was published of this ledger before
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Publish {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let bar = output::progress("publishing");
        let published = publish::publish(&ledger, &self.folder, &mut |entries| bar.set_position(entries));
        bar.finish_and_clear();
        let published = published.map_err(|error| match error {
            // A ledger that cannot be read is told as everywhere.
            PublishError::Checkpoint(CheckpointError::Ledger(error)) => Failure::Ledger(error),
            error => Failure::Publish(error),
        })?;
        let size = published.signed.checkpoint().size();
        let added = size - published.before;
        let what = match added {
            0 if published.tiles == 0 => "nothing new".to_owned(),
            _ => format!("{} new", output::count(added, "entry", "entries")),
        };
        let text = format!(
            "{} published in {}: {what}\n{}",
            output::count(size, "entry", "entries"),
            self.folder.display(),
            cosigners(&published.signed, &ledger)
        );
        let mut members = served(&published.signed, &ledger);
        if let Some(members) = members.as_object_mut() {
            members.insert("folder".to_owned(), output::path(&self.folder));
            members.insert("added".to_owned(), added.into());
            members.insert("tiles".to_owned(), published.tiles.into());
        }
        output::answer("published", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Who cosigned a checkpoint, a line each.
pub(crate) fn cosigners(signed: &SignedCheckpoint, ledger: &Ledger) -> String {
    let known = checkpoints::cosigned(signed, &ledger.state());
    let lines: Vec<String> =
        known.iter().map(|(keyid, time)| format!("  cosigned {} by {keyid}", instant(*time))).collect();
    if lines.is_empty() { "  cosigned by nobody".to_owned() } else { lines.join("\n") }
}

/// What is told of a checkpoint that is served.
pub(crate) fn served(signed: &SignedCheckpoint, ledger: &Ledger) -> Value {
    let checkpoint = signed.checkpoint();
    let by = checkpoints::cosigned(signed, &ledger.state()).into_iter().map(|(keyid, _)| keyid);
    json!({
        "origin": checkpoint.origin(), "entries": checkpoint.size(), "root": checkpoint.root().to_string(),
        "cosigned": by.collect::<Vec<_>>(),
    })
}
