//! Where the ledger and the keys are, and how to answer: from the command line, the environment, `annals.toml`, or the
//! defaults, in this order.

use super::failure::{Failure, file};
use super::files;
use super::output::{self, Format};
use annals::exchange::keyring::Keyring;
use annals::ledger::Ledger;
use annals::ledger::anchor::Anchor;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::copied;
use annals::record::request::Speaker;
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::key::VerifierKey;
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) struct Settings {
    pub(crate) ledger: PathBuf,
    keyring: Option<Keyring>,
    anchor: Option<Anchor>,
    pub(crate) format: Format,
    /// Whether what is signed is for whoever runs the ledger, and not to be recorded here.
    pub(crate) asks: bool,
    /// Whose desk this is, for whoever reads; what is signed always says it itself.
    pub(crate) desk: Option<Speaker>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    ledger: Option<PathBuf>,
    keys: Option<PathBuf>,
    anchor: Option<PathBuf>,
    format: Option<Format>,
    #[serde(rename = "as")]
    desk: Option<Speaker>,
}

const FILE: &str = "annals.toml";

impl Settings {
    pub(crate) fn load(
        ledger: Option<PathBuf>,
        keys: Option<PathBuf>,
        anchor: Option<PathBuf>,
        format: Option<Format>,
    ) -> Result<Self, Failure> {
        // Of a pipe nobody may ever write the other end.
        if std::fs::metadata(FILE).is_ok_and(|found| !found.is_file()) {
            return Err(Failure::usage(format!("{FILE}: it is no file: move it away")));
        }
        let defaults: Defaults = match std::fs::read_to_string(FILE) {
            Ok(text) => toml::from_str(&text).map_err(|error| Failure::usage(format!("{FILE}: {error}")))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Defaults::default(),
            Err(error) => return Err(file(Path::new(FILE), "read")(error)),
        };
        Ok(Self {
            // With no slash at its end: what is built beside a ledger's place has a name that goes on from there.
            ledger: ledger
                .or(defaults.ledger)
                .map_or_else(|| PathBuf::from("annals-ledger"), |ledger| ledger.components().collect()),
            keyring: keys.or(defaults.keys).or_else(home_of_keys).map(Keyring::new),
            anchor: anchor.or(defaults.anchor).or_else(home_of_anchors).map(Anchor::new),
            format: format.or(defaults.format).unwrap_or_default(),
            asks: false,
            desk: defaults.desk,
        })
    }

    /// The signing keys, which reading needs none of.
    pub(crate) fn keyring(&self) -> Result<&Keyring, Failure> {
        self.keyring.as_ref().ok_or_else(|| {
            Failure::usage(
                "name the folder of your keys with `--keys DIR`: neither XDG_CONFIG_HOME nor HOME is set"
                    .to_owned(),
            )
        })
    }

    /// As below, where there is one.
    pub(crate) const fn known_anchor(&self) -> Option<&Anchor> {
        self.anchor.as_ref()
    }

    /// Where the keys of this desk remember what they signed.
    pub(crate) fn anchor(&self) -> Result<&Anchor, Failure> {
        self.anchor.as_ref().ok_or_else(|| {
            Failure::usage(
                "name the folder in which your keys remember what they signed with `--anchor DIR`: neither \
                 XDG_STATE_HOME nor HOME is set"
                    .to_owned(),
            )
        })
    }

    /// The ledger for writing, with a line for each thing that was healed.
    pub(crate) fn writing(&self) -> Result<Ledger, Failure> {
        self.refuse_cutting()?;
        let bar = output::progress("reading");
        let ledger = Ledger::open(&self.ledger, &mut |read| bar.set_position(read))?;
        bar.finish_and_clear();
        notice(&ledger);
        Ok(ledger)
    }

    /// Refuses to cut what a key of this desk signed, before anything is changed. In a copy that is behind, following is what brings the
    /// entries back.
    pub(crate) fn refuse_cutting(&self) -> Result<(), Failure> {
        if Ledger::is_to_be_cut(&self.ledger) { self.refuse_older() } else { Ok(()) }
    }

    /// Refuses a ledger that is behind or beside what keys of this desk signed for it, before it is opened for writing.
    fn refuse_older(&self) -> Result<(), Failure> {
        let anchor = self.anchor.as_ref().filter(|_| !copied::is_one(&self.ledger));
        match anchor.map(|anchor| Ledger::is_followed(&self.ledger, anchor)) {
            // What cannot be read is told by whoever opens it for writing.
            None | Some(Ok(_) | Err(CheckpointError::Ledger(_))) => Ok(()),
            // What they remember and cannot be read may be more.
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// The ledger for recording: it is no copy, and at, or after, whatever keys of this desk signed for it.
    pub(crate) fn recording(&self) -> Result<Ledger, Failure> {
        // A copy, and a backup in the ledger's place, stay what they were.
        if copied::is_one(&self.ledger) {
            Ledger::refuse_changed(&self.ledger)?;
            copied::refuse(&self.ledger)?;
        }
        if Ledger::is_bare(&self.ledger) {
            Ledger::refuse_changed(&self.ledger)?;
            self.refuse_older()?;
        }
        let ledger = self.writing()?;
        if let Some(anchor) = &self.anchor {
            ledger.follows(anchor)?;
        }
        Ok(ledger)
    }

    /// Keeps what a command that wrote leaves: the state for the next one, and a checkpoint, so that an older copy of the folder
    /// is noticed. What was recorded is durable without either, so that failing is only said.
    pub(crate) fn keep(&self, ledger: &Ledger) {
        output::keep(ledger);
        if let Err(error) = self.checkpoint(ledger) {
            output::tell(format_args!("it is recorded, and no checkpoint was made: {error}"));
            output::because(&error);
        }
    }

    /// Has the ledger's key sign where the ledger stands, where that key and an anchor are here; says so where nothing of this desk
    /// would notice an older copy of the folder.
    pub(crate) fn checkpoint(&self, ledger: &Ledger) -> Result<Option<SignedCheckpoint>, Failure> {
        let state = ledger.state();
        let own = state.ledger_key_at(state.head.size);
        let (Some(own), Some(anchor)) = (own, &self.anchor) else { return Ok(None) };
        let keyid = own.keyid();
        let held = self.keyring.as_ref().filter(|keyring| keyring.holds(&keyid));
        let Some(keyring) = held else {
            if !ledger.follows(anchor)? {
                output::tell(
                    "no key of this desk has signed where this ledger stands: an older copy in its place would not be noticed \
                     here (see `annals cosign`)",
                );
            }
            return Ok(None);
        };
        let signed_here = ledger.newest_checkpoint()?.is_some_and(|newest| newest.signed_by(own).is_ok());
        let origin = state.origin().unwrap_or_default();
        if signed_here && anchor.recall(origin, [own]).map_err(CheckpointError::from)?.is_empty() {
            output::tell(format_args!(
                "{} remembers nothing of what the ledger's key signed, so that an older copy of this ledger was not noticed, if this is \
                 one: ask the other side how many entries it has",
                anchor.folder().display()
            ));
        }
        Ok(Some(ledger.checkpoint(&keyring.key(&keyid)?, anchor)?))
    }

    /// Refuses what is to be proved in a file at once and cannot be: nothing is recorded then.
    pub(crate) fn proves(&self, ledger: &Ledger, path: &Path) -> Result<(), Failure> {
        files::can_be_made(path)?;
        let state = ledger.state();
        let own = state.ledger_key_at(state.head.size).map(VerifierKey::keyid);
        let held = |keyid: String| self.keyring.as_ref().is_some_and(|keyring| keyring.holds(&keyid));
        if own.is_some_and(held) {
            return Ok(());
        }
        let text = "nothing was recorded: a proof needs a checkpoint, and the ledger's key, which signs it, is not on this desk; \
                    record it without `--proof`, and ask whoever has that key for one (`annals prove`)";
        Err(Failure::usage(text.to_owned()))
    }

    /// A copy of the ledger in memory, to try a change out on; whoever writes meanwhile is not disturbed.
    pub(crate) fn trying(&self) -> Result<Ledger, Failure> {
        Ok(self.reading()?.copy_in_memory()?)
    }

    /// The ledger to record in: a copy in memory where that is tried out, or is signed into a file.
    pub(crate) fn recording_unless(&self, tried: bool, file: Option<&Path>) -> Result<Ledger, Failure> {
        if tried && copied::is_one(&self.ledger) {
            output::tell(format_args!(
                "{} holds a copy, in which nothing is recorded: what holds here is for the ledger to record, which takes a file of \
                 requests in (`annals request`, or `-o FILE` with the command)",
                self.ledger.display()
            ));
        }
        if tried || file.is_some() { self.trying() } else { self.recording() }
    }

    /// The ledger for reading.
    pub(crate) fn reading(&self) -> Result<Ledger, Failure> {
        let ledger = Ledger::open_read_only(&self.ledger)?;
        notice(&ledger);
        Ok(ledger)
    }
}

fn notice(ledger: &Ledger) {
    for notice in ledger.notices() {
        output::tell(notice);
    }
}

fn home_of_keys() -> Option<PathBuf> {
    home("XDG_CONFIG_HOME", ".config").map(|config| config.join("annals").join("keys"))
}

fn home_of_anchors() -> Option<PathBuf> {
    home("XDG_STATE_HOME", ".local/state").map(|state| state.join("annals"))
}

fn home(variable: &str, otherwise: &str) -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set(variable).or_else(|| set("HOME").map(|home| home.join(otherwise)))
}
