//! `annals cosign`: a party's witness cosigns a checkpoint of the entries that it holds and has verified.

use super::axes;
use super::checkpoint::{self, instant};
use super::failure::Failure;
use super::files;
use super::output::{self, Standing};
use super::settings::Settings;
use annals::domain::party::Author;
use annals::domain::value::Code;
use annals::exchange::keyring::Keyring;
use annals::ledger::anchor::Anchor;
use annals::ledger::checkpoints;
use annals::ledger::witness::CosignError;
use annals::ledger::{Ledger, forked};
use annals::record::completeness::policy_at;
use annals::record::role::Role;
use annals::trail::key::SigningKey;
use chrono::Utc;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Cosign a checkpoint as a party's witness, after verifying every entry up to it
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals cosign --as DK                                     the newest checkpoint of this ledger
  annals cosign checkpoint.txt --as KR -o cosigned.txt      one that the other side handed over

The entries are those of the ledger's folder here (`--ledger DIR`). Every one up to the checkpoint
is verified, their tree must have the root that the checkpoint states, and they must continue all that
this witness cosigned before, which the anchor remembers (`--anchor DIR`).
Send the file back: `annals checkpoint --take` takes it in.")]
pub(crate) struct Cosign {
    /// A checkpoint that was handed over [default: the newest one of this ledger]
    file: Option<PathBuf>,
    /// Whose witness
    #[arg(long = "as", value_name = "PARTY")]
    party: Code,
    /// Into this file, which must not exist
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// If the checkpoint and what this witness cosigned before cannot both be true, write both into this file, too:
    /// they are in the file `fork` of the ledger's folder then, and nothing more is written there
    #[arg(long, value_name = "FILE")]
    fork: Option<PathBuf>,
}

impl Cosign {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.reading()?;
        let key = witness_key(&ledger, &self.party, settings.keyring()?)?;
        let signed = match &self.file {
            Some(path) => checkpoint::read(path)?,
            None => ledger.newest_checkpoint()?.ok_or_else(|| {
                Failure::usage(
                    "no checkpoint is kept here: make one with `annals checkpoint`, or name a file"
                        .to_owned(),
                )
            })?,
        };
        tell_forgotten(&ledger, &key, settings.anchor()?)?;
        let bar = output::progress("verifying");
        let cosigned =
            ledger.cosign(&signed, &key, settings.anchor()?, Utc::now(), &mut |read| bar.set_position(read));
        bar.finish_and_clear();
        let cosigned = cosigned.map_err(|error| self.put_down(error, settings))?;
        // Whoever has the folder keeps it there, too; where this witness cosigned before, that is what stands.
        let cosigned = ledger.take_cosignatures(&cosigned)?.signed;
        if let Some(path) = &self.output {
            files::write(path, cosigned.to_string().as_bytes())?;
        }
        let state = ledger.state();
        let to =
            self.output.as_ref().map_or_else(String::new, |path| format!(", written to {}", path.display()));
        let keyid = key.verifier().keyid();
        let time = checkpoints::cosigned(&cosigned, &state).into_iter().find(|(known, _)| *known == keyid);
        let entries = output::count(cosigned.checkpoint().size(), "entry", "entries");
        let text = format!(
            "{entries} verified, and the checkpoint cosigned{to}\n  by    {keyid}\n  at    {}\n  root  {}",
            time.map_or_else(String::new, |(_, time)| instant(time)),
            cosigned.checkpoint().root()
        );
        let members = checkpoint::members(&cosigned, &state);
        output::answer("checkpoint", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Says where a fork lies, and puts it into a file beside, where one was asked for.
    fn put_down(&self, error: CosignError, settings: &Settings) -> Failure {
        let (CosignError::Forked(_, Some(fork)) | CosignError::Parted(fork)) = &error else {
            return error.into();
        };
        if let Some(path) = &self.fork
            && let Err(failure) = files::write(path, fork.to_string().as_bytes())
        {
            return failure;
        }
        if let Some(kept) = forked::found(&settings.ledger) {
            let path = self.fork.as_ref().unwrap_or(&kept);
            output::tell(format_args!(
                "both checkpoints are in {}: show it to the other side; while {} is there, nothing more is written to this ledger",
                path.display(),
                kept.display()
            ));
        }
        error.into()
    }
}

/// Says that what a witness's key cosigned before is not remembered here.
pub(crate) fn tell_forgotten(ledger: &Ledger, key: &SigningKey, anchor: &Anchor) -> Result<(), Failure> {
    let verifier = key.verifier();
    if ledger.is_forgotten(&verifier, anchor)? {
        output::tell(format_args!(
            "{} remembers nothing of what {} cosigned, so that an older copy of this ledger was not noticed, if this is one: ask the \
             other side how many entries it has",
            anchor.folder().display(),
            verifier.keyid()
        ));
    }
    Ok(())
}

/// A party's witness key that is held here; of several, one that the policy in force asks for.
pub(crate) fn witness_key(ledger: &Ledger, party: &Code, keyring: &Keyring) -> Result<SigningKey, Failure> {
    let author = Author { party: party.clone(), institution: None };
    let state = ledger.state();
    axes::party(&state, party)?;
    let mut ids: Vec<String> =
        state.keys.of(&author, Role::Witness).into_iter().map(|key| key.vkey.keyid()).collect();
    if let Ok(policy) = policy_at(&state, state.head.size) {
        let asked = |id: &String| policy.witnesses().iter().any(|witness| witness.key.keyid() == *id);
        ids.sort_by_key(|id| !asked(id));
    }
    match ids.iter().find(|id| keyring.holds(id)).or(ids.first()) {
        Some(id) => Ok(keyring.key(id)?),
        None => Err(Failure::usage(format!(
            "{party} has no witness key in force in this ledger: register one, with `annals key register VKEY --role witness \
             --as {party}`, and adopt a policy that names it"
        ))),
    }
}
