//! `annals mirror`: a copy that follows what a log publishes, in a folder, in a bundle or on a web server.

use super::cosign;
use super::failure::{Failure, file as file_error};
use super::files;
use super::output::{self, Standing};
use super::place;
use super::publish::{cosigners, served};
use super::settings::Settings;
use annals::domain::value::Code;
use annals::exchange::answer::Answer;
use annals::exchange::bundle::receive::{self, ReceiveError};
use annals::exchange::layout::{Folder, Source};
use annals::exchange::mirror::{Log, MirrorError, Mirrored};
use annals::exchange::web::Web;
use annals::ledger::checkpoints::{self, CheckpointError};
use annals::ledger::{Ledger, erasing, forked};
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::hash::LeafHash;
use annals::trail::witness;
use chrono::Utc;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How long a server has for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Follow a published log: verify every entry, keep a copy, and cosign it as a party's witness
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals mirror https://example.org/dk-kr --ledger copy --first 5f0c…   the first time
  annals mirror https://example.org/dk-kr --ledger copy                 whatever is new
  annals mirror /media/dk-kr --ledger copy --as KR -o cosigned.txt      and cosign it
  annals mirror answer.bundle --ledger copy --as KR -o cosigned.txt     what came by mail

The first time, every entry is verified into a new ledger; `--first` is the hash of entry 0, as the
parties gave it to you, and without it nobody knows whose ledger it is. From then on, what is new is
judged after what is here, and must lie under the root that the log signed. A log that is behind what
it signed before is refused. One that signed two histories has forked: both checkpoints are put into
the file `fork` in the copy's folder, and nothing is written there until that is moved away. An
interrupted run is completed by the next. Nothing is recorded in a copy: what `annals request` signs
is taken in by the ledger, which answers. An https:// server shows a certificate under an authority
that this computer trusts, or one in the file that SSL_CERT_FILE names. Withheld values and evidence
are not published; a bundle brings those that its reader may see, and says what became of the
requests that it answers.")]
pub(crate) struct Mirror {
    /// A published folder, a bundle, or an address that begins with http:// or https://
    #[arg(value_name = "DIR|URL|BUNDLE")]
    from: String,
    /// The hash of entry 0, from somewhere else
    #[arg(long, value_name = "HASH")]
    first: Option<LeafHash>,
    /// Cosign as the witness of this party
    #[arg(long = "as", value_name = "PARTY")]
    party: Option<Code>,
    /// Put the checkpoint, with all cosignatures, into this file, which must not exist
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Mirror {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        // What cannot be answered is not begun.
        self.output.as_deref().map_or(Ok(()), files::can_be_made)?;
        // A path has no scheme, and an address with another one is refused as one.
        let web = self.from.contains("://");
        let file = Path::new(&self.from);
        let (first, anchor) = (self.first, settings.known_anchor());
        let (mirrored, answers) = if !web && file.is_file() {
            let received = self.take(
                settings,
                |folder, progress| receive::begin(file, folder, first, anchor, progress),
                |folder, progress| receive::follow(file, folder, first, anchor, progress),
            )?;
            (received.mirrored, Some(received.answers))
        } else if web {
            let server = Web::new(&self.from, PATIENCE).map_err(|error| Failure::usage(error.to_string()))?;
            (self.mirror(server, settings)?, None)
        } else {
            file.metadata().map_err(file_error(file, "read"))?;
            (self.mirror(Folder(file.to_owned()), settings)?, None)
        };
        let ledger = Ledger::open_read_only(&settings.ledger)?;
        let (signed, new) = self.cosigned(&mirrored, &ledger, settings)?;
        if let Some(path) = &self.output {
            files::write(path, signed.to_string().as_bytes())?;
        }
        let code = self.answer(answers.as_deref(), &mirrored, (&signed, new), &ledger, settings)?;
        // What an erasure that came along could not remove is told, as to whoever writes.
        if erasing::found(&settings.ledger).is_some() {
            drop(settings.writing()?);
        }
        Ok(code)
    }

    fn mirror(&self, source: impl Source, settings: &Settings) -> Result<Mirrored, Failure> {
        let log = Log::read(source).map_err(|error| self.failed(error))?;
        let (first, anchor) = (self.first, settings.known_anchor());
        self.take(
            settings,
            |folder, progress| Ok(log.begin(folder, first, anchor, progress)?),
            |folder, progress| Ok(log.follow(folder, first, anchor, progress)?),
        )
    }

    /// Begins a copy, or has the one that is there follow.
    fn take<T>(
        &self,
        settings: &Settings,
        begin: impl FnOnce(&Path, &mut dyn FnMut(u64)) -> Result<T, ReceiveError>,
        follow: impl FnOnce(&Path, &mut dyn FnMut(u64)) -> Result<T, ReceiveError>,
    ) -> Result<T, Failure> {
        let bar = output::progress("verifying");
        let mut progress = |read| bar.set_position(read);
        let folder = &settings.ledger;
        let taken = if folder.join("annals.json").exists() {
            follow(folder, &mut progress).map_err(|error| self.refused(error, &folder.join(forked::FILE)))
        } else {
            let mut beside = folder.as_os_str().to_owned();
            beside.push(".fork");
            let beside = PathBuf::from(beside);
            place::build(folder, |part| {
                begin(part, &mut progress).map_err(|error| {
                    // One that was met before lies there.
                    if let ReceiveError::Mirror(MirrorError::Forked(fork)) = &error
                        && !beside.exists()
                        && let Err(failure) = files::write(&beside, fork.to_string().as_bytes())
                    {
                        return failure;
                    }
                    self.refused(error, &beside)
                })
            })
        };
        bar.finish_and_clear();
        taken
    }

    /// The checkpoint with the cosignature of a party's witness, where one is asked for; and whether it is new.
    fn cosigned(
        &self,
        mirrored: &Mirrored,
        ledger: &Ledger,
        settings: &Settings,
    ) -> Result<(SignedCheckpoint, bool), Failure> {
        let signed = &mirrored.taken.signed;
        let newest = signed.checkpoint().size() == ledger.head().size;
        let Some(party) = self.party.as_ref().filter(|_| newest) else { return Ok((signed.clone(), false)) };
        let key = cosign::witness_key(ledger, party, settings.keyring()?)?;
        let (verifier, anchor) = (key.verifier(), settings.anchor()?);
        let (keyid, state) = (verifier.keyid(), ledger.state());
        let was = checkpoints::cosigned(signed, &state).iter().any(|(known, _)| *known == keyid);
        let remembered = anchor.recall(signed.checkpoint().origin(), state.ledger_keys());
        let remembered = remembered.map_err(CheckpointError::from)?;
        let is_it = |known: &SignedCheckpoint| {
            known.checkpoint() == signed.checkpoint()
                && matches!(witness::cosigned(known, &verifier), Ok(Some(_)))
        };
        // What the key signed elsewhere it has to know of here, too, before it signs another.
        if was && remembered.iter().any(is_it) {
            return Ok((signed.clone(), false));
        }
        cosign::tell_forgotten(ledger, &key, anchor)?;
        let bar = output::progress("verifying");
        let cosigned = ledger.cosign(signed, &key, anchor, Utc::now(), &mut |read| bar.set_position(read));
        bar.finish_and_clear();
        Ok((ledger.take_cosignatures(&cosigned?)?.signed, !was))
    }

    fn answer(
        &self,
        answers: Option<&[Answer]>,
        mirrored: &Mirrored,
        (signed, cosigned): (&SignedCheckpoint, bool),
        ledger: &Ledger,
        settings: &Settings,
    ) -> Result<ExitCode, Failure> {
        let standing = Standing::of(ledger);
        let added = standing.head.size.saturating_sub(mirrored.before);
        let entries = output::count(added, "entry", "entries");
        let mut lines = vec![match added {
            0 if mirrored.taken.new.is_empty() && !cosigned => format!("{}: nothing new", self.from),
            0 => format!("{}: no new entry", self.from),
            _ => format!("{}: {entries} verified and taken into {}", self.from, settings.ledger.display()),
        }];
        if self.first.is_none() && mirrored.before == 0 {
            let first = mirrored.first;
            lines.push(
                "  the parties are not authenticated: compare the hash of entry 0 with what they told you"
                    .to_owned(),
            );
            lines.push(format!("  first {first}"));
        }
        lines.push(format!("  root  {}", signed.checkpoint().root()));
        lines.push(cosigners(signed, ledger));
        lines.extend(self.output.as_ref().map(|path| format!("  written to {}", path.display())));
        let mut members = served(signed, ledger);
        if let Some(members) = members.as_object_mut() {
            members.insert("from".to_owned(), json!(self.from));
            members.insert("added".to_owned(), added.into());
            members.insert("first".to_owned(), json!(mirrored.first));
            members.insert("authenticated".to_owned(), self.first.is_some().into());
            members.extend(answers.map(|answers| ("answers".to_owned(), json!(answers))));
        }
        let text = format!("{}{}", answers.map_or_else(String::new, super::answer::told), lines.join("\n"));
        output::answer("mirrored", &text, members, &standing, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Why nothing, or no more, was taken; where it is a fork, that lies at `path`.
    fn refused(&self, error: ReceiveError, path: &Path) -> Failure {
        match error {
            ReceiveError::Mirror(error @ MirrorError::Forked(_)) => {
                Failure::Forked { from: self.from.clone(), path: path.to_owned(), source: Box::new(error) }
            }
            ReceiveError::Mirror(error) => self.failed(error),
            ReceiveError::Unpack(source) => Failure::Unpack { path: PathBuf::from(&self.from), source },
        }
    }

    fn failed(&self, error: MirrorError) -> Failure {
        match error {
            // A ledger that cannot be opened is told as everywhere.
            MirrorError::Ledger(error) | MirrorError::Checkpoint(CheckpointError::Ledger(error)) => {
                error.into()
            }
            source => Failure::Mirror { from: self.from.clone(), source: Box::new(source) },
        }
    }
}
