//! `annals backup`: the ledger's folder again in another place, while somebody writes.

use super::failure::Failure;
use super::output::{self, Standing};
use super::settings::Settings;
use annals::ledger::Ledger;
use annals::ledger::backup::{self, BackupError};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Copy the ledger's folder, while it is being written
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals backup /mnt/backup/dk-kr
  annals verify /mnt/backup/dk-kr

The copy opens as a ledger and verifies to the same head. The same command again adds what is
new, and refuses a folder that holds anything else than a beginning of this ledger, or that is
a copy kept by `annals mirror` where this ledger is none. What was erased goes at the next run.
Withheld values and files are copied, too: keep it as safe as the ledger itself.")]
pub(crate) struct Backup {
    /// A folder that is new, empty, or an earlier backup of this ledger
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Backup {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let bar = output::progress("backing up");
        let made = backup::back_up(&settings.ledger, &self.folder, &mut |read| bar.set_position(read));
        let made = made.map_err(|error| match error {
            // A folder that is no ledger is told as everywhere.
            BackupError::Ledger(error) => error.into(),
            error => Failure::Backup(error),
        })?;
        bar.finish_and_clear();
        let standing = Standing::of(&Ledger::open_read_only(&self.folder)?);
        let added = made.head.size - made.before;
        let mut lines = vec![format!(
            "backed up to {}: {} new, with {} and {}",
            self.folder.display(),
            output::count(added, "entry", "entries"),
            output::count(made.disclosures, "withheld value", "withheld values"),
            output::count(made.files, "file", "files"),
        )];
        if made.removed > 0 {
            lines.push(format!("  {} gone that the ledger holds no more", made.removed));
        }
        if made.missing > 0 {
            let missing = made.missing;
            lines.push(format!(
                "  {missing} of the files that entries name are not kept here (see `annals doctor`)"
            ));
        }
        if made.unread > 0 {
            let unread = output::count(made.unread, "checkpoint", "checkpoints");
            lines.push(format!(
                "  {unread} here cannot be read or does not verify, and what was there stays (see `annals doctor`)"
            ));
        }
        for path in &made.lost {
            output::tell(format_args!(
                "{}: cannot be read or does not verify, and the ledger has none that does: move it away",
                path.display()
            ));
        }
        let members = json!({
            "added": added, "disclosures": made.disclosures, "files": made.files, "removed": made.removed,
            "missing": made.missing, "unread": made.unread,
        });
        output::answer("backup", &lines.join("\n"), members, &standing, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
