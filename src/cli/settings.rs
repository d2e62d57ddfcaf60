//! Where the ledger and the keys are, and how to answer: from the command line, the environment, `annals.toml`, or the
//! defaults, in this order.

use super::failure::{Failure, file};
use super::output::Format;
use annals::exchange::keyring::Keyring;
use annals::ledger::Ledger;
use annals::record::request::Speaker;
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) struct Settings {
    pub(crate) ledger: PathBuf,
    keyring: Option<Keyring>,
    pub(crate) format: Format,
    /// Whose desk this is, for whoever reads; what is signed always says it itself.
    pub(crate) desk: Option<Speaker>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    ledger: Option<PathBuf>,
    keys: Option<PathBuf>,
    format: Option<Format>,
    #[serde(rename = "as")]
    desk: Option<Speaker>,
}

const FILE: &str = "annals.toml";

impl Settings {
    pub(crate) fn load(
        ledger: Option<PathBuf>,
        keys: Option<PathBuf>,
        format: Option<Format>,
    ) -> Result<Self, Failure> {
        let defaults: Defaults = match std::fs::read_to_string(FILE) {
            Ok(text) => toml::from_str(&text).map_err(|error| Failure::usage(format!("{FILE}: {error}")))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Defaults::default(),
            Err(error) => return Err(file(Path::new(FILE), "read")(error)),
        };
        Ok(Self {
            ledger: ledger.or(defaults.ledger).unwrap_or_else(|| PathBuf::from("annals-ledger")),
            keyring: keys.or(defaults.keys).or_else(home_of_keys).map(Keyring::new),
            format: format.or(defaults.format).unwrap_or_default(),
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

    /// The ledger for writing, with a line for each thing that was healed.
    pub(crate) fn writing(&self) -> Result<Ledger, Failure> {
        let bar = super::output::progress("reading");
        let ledger = Ledger::open(&self.ledger, &mut |read| bar.set_position(read))?;
        bar.finish_and_clear();
        notice(&ledger);
        Ok(ledger)
    }

    /// A copy of the ledger in memory, to try a change out on; whoever writes meanwhile is not disturbed.
    pub(crate) fn trying(&self) -> Result<Ledger, Failure> {
        Ok(self.reading()?.copy_in_memory()?)
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
        eprintln!("annals: {notice}");
    }
}

fn home_of_keys() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    config.map(|config| config.join("annals").join("keys"))
}
