//! `annals key`: keys are made and kept outside the ledger, and registered in it by their party's authority.

use super::failure::Failure;
use super::output::{self, Format};
use super::settings::Settings;
use super::signing::{self, Change, Signing, put};
use annals::domain::value::Code;
use annals::exchange::import;
use annals::exchange::keyring::Keyring;
use annals::ledger::Ledger;
use annals::record::authority::Role;
use annals::record::founding::Clock;
use annals::record::request::{Line, Speaker};
use annals::trail::key::{Kind, SigningKey, VerifierKey};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::process::ExitCode;

/// Make, list, register and revoke keys
#[derive(Subcommand)]
pub(crate) enum Key {
    New(New),
    List(List),
    Register(Register),
    Revoke(Revoke),
}

impl Key {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        match self {
            Self::New(command) => command.run(settings),
            Self::List(command) => command.run(settings),
            Self::Register(command) => command.run(settings),
            Self::Revoke(command) => command.run(settings),
        }
    }
}

/// What a key may sign, on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    Authority,
    Coordinator,
    Officer,
    Auditor,
    Witness,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Authority => Self::Authority,
            RoleName::Coordinator => Self::Coordinator,
            RoleName::Officer => Self::Officer,
            RoleName::Auditor => Self::Auditor,
            RoleName::Witness => Self::Witness,
        }
    }
}

/// Make a key and keep it; its public half is printed, to be handed over
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals key new DK/coordinator-1            one key; names begin with the party and never name a person
  annals key new KR --founding               what a party needs at the founding: two authority keys and a witness key

The private key stays in the folder of your keys, readable by you alone. Keep one authority key offline.")]
pub(crate) struct New {
    /// The key's name, or with `--founding` a party
    name: String,
    /// A witness's key, which signs checkpoints and never entries
    #[arg(long, conflicts_with = "founding")]
    witness: bool,
    /// The keys that a party needs at the founding
    #[arg(long)]
    founding: bool,
}

impl New {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let keys = if self.founding {
            founding_set(settings.keyring()?, &self.name)?
        } else {
            let kind = if self.witness { Kind::Cosignature } else { Kind::Ed25519 };
            vec![settings.keyring()?.make(&self.name, kind, &output::random())?]
        };
        let vkeys: Vec<String> = keys.iter().map(|key| key.verifier().to_string()).collect();
        if settings.format == Format::Json {
            output::object(&json!({"kind": "keys", "keys": vkeys}))?;
        } else {
            vkeys.iter().try_for_each(|vkey| output::line(vkey))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Two authority keys and a witness key.
pub(crate) fn founding_set(keyring: &Keyring, party: &str) -> Result<Vec<SigningKey>, Failure> {
    if Code::try_from(party.to_owned()).is_err() {
        return Err(Failure::usage(format!("`{party}` is not a party: a code such as DK is expected")));
    }
    let make = |name: &str, kind| Ok(keyring.make(&format!("{party}/{name}"), kind, &output::random())?);
    [("authority-1", Kind::Ed25519), ("authority-2", Kind::Ed25519), ("witness-1", Kind::Cosignature)]
        .into_iter()
        .map(|(name, kind)| make(name, kind))
        .collect()
}

/// List the keys that are held here, and what the ledger knows of them
#[derive(Args)]
#[command(after_help = "Example:\n  annals key list --keys ./keys")]
pub(crate) struct List {}

impl List {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let Self {} = self;
        let ledger = if settings.ledger.exists() { Some(settings.reading()?) } else { None };
        let state = ledger.map(|ledger| ledger.state()).unwrap_or_default();
        let own = state.founding.as_ref().map(|founding| founding.opened.ledger_key.keyid());
        let mut rows = Vec::new();
        for id in settings.keyring()?.ids()? {
            let vkey = settings.keyring()?.key(&id)?.verifier();
            let known = state.keys.iter().find(|(known, _)| *known == id).map(|(_, key)| key);
            let unknown = if own.as_ref() == Some(&id) { "ledger" } else { "not registered" };
            let role = known.map_or(unknown, |key| key.role.as_str());
            let revoked = known.is_some_and(|key| key.revoked);
            rows.push((vkey.to_string(), role, revoked));
        }
        if settings.format == Format::Json {
            let keys: Vec<Value> = rows
                .iter()
                .map(|(vkey, role, revoked)| json!({"vkey": vkey, "role": role, "revoked": revoked}))
                .collect();
            output::object(&json!({"kind": "keys", "keys": keys}))?;
        } else if rows.is_empty() {
            let folder = settings.keyring()?.folder().display();
            output::line(&format!("No keys in {folder}; `annals key new DK/coordinator-1` makes one."))?;
        } else {
            for (vkey, role, revoked) in rows {
                output::line(&format!("{role:<15}{}{vkey}", if revoked { "revoked  " } else { "" }))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Register a key of your party in the ledger
#[derive(Args)]
#[command(after_help = "\
Example:
  annals key register KR/msit-1+89abcdef+AQ… --role officer --institution MSIT --as KR")]
pub(crate) struct Register {
    /// The public key as printed by `key new`, or the id of a key that is held here
    key: String,
    /// What it may sign
    #[arg(long, value_enum)]
    role: RoleName,
    /// The institution of an officer
    #[arg(long)]
    institution: Option<Code>,
    /// Who holds it: an office, never a person; withheld in the ledger
    #[arg(long)]
    holder: Option<String>,
    /// Under which address; withheld in the ledger
    #[arg(long)]
    contact: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Register {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let vkey = match VerifierKey::parse(&self.key) {
            Ok(vkey) => vkey,
            Err(_) if settings.keyring()?.holds(&self.key) => settings.keyring()?.key(&self.key)?.verifier(),
            Err(fault) => return Err(Failure::usage(fault.to_string())),
        };
        let mut data = Map::new();
        data.insert("role".to_owned(), Role::from(self.role).as_str().into());
        data.insert("vkey".to_owned(), vkey.to_string().into());
        put(&mut data, "institution", self.institution);
        put(&mut data, "holder", self.holder);
        put(&mut data, "contact", self.contact);
        let subject = format!("parties/{}", self.signing.speaker.0.party);
        let ledger = self.signing.ledger(settings)?;
        let change = Change { subject, kind: "key.registered", data, answers: None, evidence: Vec::new() };
        self.signing.record(&ledger, settings, change)
    }
}

/// Revoke a key of your party: it signs no more, and what it signed stands
#[derive(Args)]
#[command(
    after_help = "Example:\n  annals key revoke KR/msit-1+89abcdef --as KR --reason 'the officer moved on'"
)]
pub(crate) struct Revoke {
    /// The key's id
    keyid: String,
    /// Why; withheld in the ledger
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Revoke {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let mut data = Map::new();
        data.insert("keyid".to_owned(), self.keyid.into());
        put(&mut data, "reason", self.reason);
        let subject = format!("parties/{}", self.signing.speaker.0.party);
        let ledger = self.signing.ledger(settings)?;
        let change = Change { subject, kind: "key.revoked", data, answers: None, evidence: Vec::new() };
        self.signing.record(&ledger, settings, change)
    }
}

/// Makes and registers the key that whoever speaks in a line of requests lacks. It is registered when it is first needed,
/// because an officer's institution may be registered a few lines before.
pub(crate) struct Maker<'a> {
    ledger: &'a Ledger,
    keyring: &'a Keyring,
    seen: BTreeSet<(String, &'static str)>,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(ledger: &'a Ledger, keyring: &'a Keyring) -> Result<Self, Failure> {
        if ledger.state().clock() != Some(Clock::Illustrative) {
            return Err(Failure::usage(
                "`--make-keys` is for illustrative ledgers: in a real one each party's authority registers its own keys"
                    .to_owned(),
            ));
        }
        Ok(Self { ledger, keyring, seen: BTreeSet::new() })
    }

    /// Makes the key for a line, after what came before it is recorded by `flush`.
    pub(crate) fn make(
        &mut self,
        line: &[u8],
        flush: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        // What is not a draft is refused by the import itself, with its line.
        let draft = std::str::from_utf8(line).ok().and_then(|text| Line::read(text).ok());
        let Some(Line::Draft(draft)) = draft else { return Ok(()) };
        if self.seen.insert((draft.speaker.0.to_string(), draft.role().as_str())) {
            flush()?;
            register(self.ledger, self.keyring, &draft.speaker, draft.role(), draft.time)?;
        }
        Ok(())
    }
}

/// Makes a key for a speaker and a role, and registers it, unless one is held already.
pub(crate) fn register(
    ledger: &Ledger,
    keyring: &Keyring,
    speaker: &Speaker,
    role: Role,
    time: chrono::DateTime<chrono::Utc>,
) -> Result<(), Failure> {
    let state = ledger.state();
    if state.keys.of(&speaker.0, role).iter().any(|key| keyring.holds(&key.vkey.keyid())) {
        return Ok(());
    }
    let party = &speaker.0.party;
    let body = speaker.0.institution.as_ref().map(|body| format!("/{body}")).unwrap_or_default();
    let key = keyring.make(&format!("{party}{body}/{role}-1"), role.kind(), &output::random())?;
    let mut data = Map::new();
    data.insert("role".to_owned(), role.as_str().into());
    data.insert("vkey".to_owned(), key.verifier().to_string().into());
    put(&mut data, "institution", speaker.0.institution.clone());
    let draft = signing::draft(party, format!("parties/{party}"), "key.registered", time, data);
    let signer = import::key_for(ledger, keyring, &draft)?;
    signing::commit(ledger, &draft, &signer, &[])?;
    Ok(())
}
