//! `annals verify`: what a ledger, an export, a bundle, a page, a proof, an account, a checkpoint or a fork proves, and what it
//! does not.

mod against;
mod kind;
mod note;
mod told;

pub(crate) use told::{answer, table};

use super::checkpoint;
use super::failure::{Failure, file};
use super::files;
use super::output;
use super::settings::Settings;
use against::Against;
use annals::exchange::against::{Compared, Leaves};
use annals::exchange::verification::{Trusted, Verification};
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::hash::LeafHash;
use annals::trail::policy::{POLICY_LIMIT, Policy};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Verify a ledger, an export, a bundle, a report's page, a proof, a checkpoint or a fork, trusting nobody
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals verify                                    the ledger in ./annals-ledger
  annals verify export.jsonl                       an export, with nothing beside it
  annals verify dk-kr.bundle                       a bundle: no store, no network
  annals verify evaluation.html                    the entries in a page that `annals report` made
  annals verify --first 5f0c…                      and that it is the ledger that was founded
  annals verify 129.tlog-proof --policy policy     a proof, under keys that you have from elsewhere
  annals verify --checkpoints kept/                and that nothing is missing that was signed then
  annals verify --seen 91ab…                       and that it still holds what you saw then
  annals verify --against theirs.bundle            and whether the other side's copy is the same

Which of them a file is, is told by its content. There are two verdicts on a history: whether
anything was altered, and up to which entry nothing can be missing. Whose history it is, is known
from outside: by --first or --policy, never from what is verified; --checkpoints tell what is missing.

Exit code 1 where a check fails; the first bad entry is named with what was expected.

Memory does not grow with the history: what has to be looked up again lies in the temporary
folder (TMPDIR), about 200 bytes an entry.")]
pub(crate) struct Verify {
    /// A ledger's folder or a file [default: the ledger]
    target: Option<PathBuf>,
    /// The leaf hash of entry 0, known from elsewhere: it tells whose ledger this is
    #[arg(long, visible_alias = "root", value_name = "HASH")]
    first: Option<LeafHash>,
    /// Whose signatures and cosignatures count, known from elsewhere: a policy of C2SP tlog-policy
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A folder of checkpoints that were kept elsewhere over the years, or one such file
    #[arg(long, value_name = "DIR")]
    checkpoints: Option<PathBuf>,
    /// A leaf hash that you saw in this ledger before, such as its head then; once for each
    #[arg(long, value_name = "HASH")]
    seen: Vec<LeafHash>,
    /// Another history, to compare this one with: a ledger's folder, an export or a bundle
    #[arg(long, value_name = "OTHER")]
    against: Option<PathBuf>,
    /// Where the two part, write two checkpoints that cannot both be true into this file
    #[arg(long, value_name = "FILE", requires = "against")]
    fork: Option<PathBuf>,
}

impl Verify {
    /// What is verified, unless it is the ledger.
    pub(crate) fn target(&self) -> Option<&Path> {
        self.target.as_deref()
    }

    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        if let Some(target) = self.target.as_ref().filter(|target| !target.exists()) {
            return Err(file(target, "verified")(std::io::ErrorKind::NotFound.into()));
        }
        let target = self.target.as_ref().unwrap_or(&settings.ledger);
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        if let Some(kind) = kind::Kind::of(target)? {
            let others = [self.first.is_some(), self.checkpoints.is_some(), self.against.is_some()];
            if others.contains(&true) || !self.seen.is_empty() {
                let text = format!(
                    "{}: a file of this kind ({kind}) is judged by `--policy FILE` alone; leave out what is said of histories",
                    target.display()
                );
                return Err(Failure::usage(text));
            }
            return note::verify(kind, target, policy.as_ref(), settings.format);
        }
        let checkpoints = self.checkpoints.as_deref().map_or(Ok(Vec::new()), kept)?;
        let trusted = Trusted { first: self.first, policy: policy.clone(), checkpoints, seen: self.seen };
        let Some(other) = self.against else {
            return told::show(&judged(target, trusted, None)?, None, settings.format);
        };
        if !other.exists() {
            return Err(file(&other, "verified")(std::io::ErrorKind::NotFound.into()));
        }
        if let Some(kind) = kind::Kind::of(&other)? {
            let text = format!(
                "{}: a {kind} is no history to compare with{}",
                other.display(),
                if kind == kind::Kind::Checkpoint { "; give it with `--checkpoints`" } else { "" }
            );
            return Err(Failure::usage(text));
        }
        // Before anything is read: what is found then is not to be lost for want of a place.
        if let Some(path) = &self.fork {
            files::can_be_made(path)?;
        }
        let (mut ours, mut theirs) = (Leaves::new()?, Leaves::new()?);
        let found = judged(target, trusted, Some(&mut ours))?;
        let trusted = Trusted { first: self.first, policy, ..Trusted::default() };
        let found_there = judged(&other, trusted, Some(&mut theirs))?;
        let compared = ours.compare(&theirs)?;
        let parted = matches!(compared, Compared::Parted(_));
        let fork = if parted { found.fork(&ours, &found_there, &theirs)? } else { None };
        let (fork, written) = match (fork, self.fork) {
            (Some(fork), Some(path)) => {
                let written = files::write(&path, fork.to_string().as_bytes());
                (written.is_ok().then_some(path), written)
            }
            _ => (None, Ok(())),
        };
        let bad =
            [&found, &found_there].into_iter().filter_map(|each| Some(each.report.first_bad()?.entry)).min();
        let sound = found_there.holds();
        let against = Against { target: other, compared, size: ours.size(), sound, bad, fork };
        let code = told::show(&found, Some(&against), settings.format)?;
        written.map(|()| code)
    }
}

/// What is found in a ledger's folder or a file, trusting nothing from elsewhere.
pub(crate) fn of(target: &Path) -> Result<Verification, Failure> {
    judged(target, Trusted::default(), None)
}

fn judged(target: &Path, trusted: Trusted, leaves: Option<&mut Leaves>) -> Result<Verification, Failure> {
    let bar = output::progress("verifying");
    let found = Verification::of(target, trusted, leaves, &mut |read| bar.set_position(read));
    bar.finish_and_clear();
    found.map_err(|error| Failure::verification(target, error))
}

fn read_policy(path: &Path) -> Result<Policy, Failure> {
    files::parsed(path, POLICY_LIMIT as u64, "not a policy of C2SP tlog-policy", Policy::parse)
}

/// The checkpoints in a folder, or in one file.
fn kept(path: &Path) -> Result<Vec<SignedCheckpoint>, Failure> {
    if !path.is_dir() {
        return Ok(vec![checkpoint::read(path)?]);
    }
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(path).map_err(file(path, "read"))? {
        let path = entry.map_err(file(path, "read"))?.path();
        paths.extend(path.is_file().then_some(path));
    }
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::usage(format!("{}: there is no checkpoint in it", path.display())));
    }
    paths.iter().map(|path| checkpoint::read(path)).collect()
}
