//! `annals key`: keys are made and kept outside the ledger, and registered in it by their party's authority.

use super::failure::Failure;
use super::output::{self, Format};
use super::policy::after_revoking;
use super::settings::Settings;
use super::signing::{self, Change, Signing, put};
use super::words;
use annals::domain::party::Author;
use annals::domain::value::Code;
use annals::exchange::import;
use annals::exchange::keyring::{Keyring, KeyringError};
use annals::ledger::{Ledger, LedgerError};
use annals::record::founding::Clock;
use annals::record::request::{Draft, Speaker, Submission};
use annals::record::role::{Role, Signer};
use annals::record::state::State;
use annals::report::table::Cell;
use annals::store::StoreError;
use annals::trail::key::{Kind, SigningKey, VerifierKey};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::process::ExitCode;

/// Make, list, register and revoke keys
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  annals key new KR/coordinator-2
  annals key list
  annals key register VKEY --role coordinator --as KR
  annals key revoke KEYID --as KR --reason 'Left the ministry'")]
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

/// A key as a listing names it: by its id and itself, and by what the ledger knows of it.
struct Listed {
    vkey: VerifierKey,
    known: Option<annals::record::authority::Key>,
}

impl Listed {
    fn new(key: &SigningKey) -> Self {
        Self { vkey: key.verifier(), known: None }
    }

    fn role(&self) -> Option<&'static str> {
        self.known.as_ref().map(|key| key.signer.role())
    }

    fn author(&self) -> Option<&Author> {
        self.known.as_ref().and_then(|key| key.signer.author())
    }

    /// Whether it was revoked or replaced; of the ledger's own key in force there is nothing to say.
    fn revoked(&self) -> Option<bool> {
        let key = self.known.as_ref()?;
        let revoked = key.revoked.is_some();
        (revoked || key.signer != Signer::Ledger).then_some(revoked)
    }

    fn member(&self) -> Value {
        let mut value = json!({"keyid": self.vkey.keyid(), "vkey": self.vkey.to_string()});
        if let Some(members) = value.as_object_mut() {
            members.extend(self.role().map(|role| ("role".to_owned(), role.into())));
            members.extend(self.revoked().map(|revoked| ("revoked".to_owned(), revoked.into())));
            if let Some(author) = self.author() {
                members.insert("party".to_owned(), author.party.as_str().into());
                let institution = author.institution.as_ref();
                members.extend(institution.map(|body| ("institution".to_owned(), body.as_str().into())));
            }
        }
        value
    }

    fn cells(&self) -> Vec<Cell> {
        let author = self.author();
        vec![
            Cell::text(self.vkey.keyid()),
            Cell::text(self.vkey.to_string()),
            Cell::maybe(self.role()),
            Cell::maybe(author.map(|author| &author.party)),
            Cell::maybe(author.and_then(|author| author.institution.as_ref())),
            self.revoked().map_or(Cell::Empty, Cell::Flag),
        ]
    }

    fn line(&self) -> String {
        let role = match self.known.as_ref() {
            None => "not registered",
            Some(key) if key.revoked.is_none() => key.signer.role(),
            Some(key) if key.signer == Signer::Ledger => "replaced",
            Some(_) => "revoked",
        };
        format!("{role:<16}{}", self.vkey)
    }
}

fn print(keys: &[Listed], settings: &Settings, line: impl Fn(&Listed) -> String) -> Result<(), Failure> {
    match settings.format {
        Format::Json => {
            let keys: Vec<Value> = keys.iter().map(Listed::member).collect();
            output::object(&json!({"kind": "keys", "keys": keys}))
        }
        Format::Csv => {
            let rows: Vec<Vec<Cell>> = keys.iter().map(Listed::cells).collect();
            output::plain(&["keyid", "vkey", "role", "party", "institution", "revoked"], &rows)
        }
        Format::Table => keys.iter().try_for_each(|key| output::line(&line(key))),
    }
}

/// Make a key and keep it; its public half is printed, to be handed over
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals key new DK/coordinator-1     names begin with the party, and never name a person
  annals key new KR --founding        two authority keys and a witness key, for the founding

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
            let party = self.name.split_once('/').filter(|(_, rest)| !rest.is_empty());
            if party.is_none_or(|(party, _)| Code::try_from(party.to_owned()).is_err()) {
                let text = format!(
                    "`{}` does not begin with a party and a slash, such as DK/coordinator-1",
                    self.name
                );
                return Err(Failure::usage(text));
            }
            let kind = if self.witness { Kind::Cosignature } else { Kind::Ed25519 };
            vec![settings.keyring()?.make(&self.name, kind, &output::random())?]
        };
        let keys: Vec<Listed> = keys.iter().map(Listed::new).collect();
        print(&keys, settings, |key| key.vkey.to_string())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Two authority keys and a witness key.
pub(crate) fn founding_set(keyring: &Keyring, party: &str) -> Result<Vec<SigningKey>, Failure> {
    if Code::try_from(party.to_owned()).is_err() {
        return Err(Failure::usage(format!("`{party}` is not a party: a code such as DK is expected")));
    }
    let held = keyring.ids()?.into_iter().find(|id| id.starts_with(&format!("{party}/authority-")));
    if let Some(held) = held {
        return Err(Failure::usage(format!(
            "{party} has founding keys in {} already, such as {held}: hand those over, or name another folder",
            keyring.folder().display()
        )));
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
        let state = match settings.reading() {
            Ok(ledger) => ledger.state(),
            // Keys are made before there is a ledger.
            Err(Failure::Ledger(LedgerError::Store(StoreError::NoLedger(_)))) => State::default(),
            Err(failure) => return Err(failure),
        };
        let keyring = settings.keyring()?;
        let listed = |id: String| {
            let known = state.keys.iter().find(|(known, _)| *known == id).map(|(_, key)| key.clone());
            Ok(Listed { vkey: keyring.key(&id)?.verifier(), known })
        };
        let keys = keyring.ids()?.into_iter().map(listed).collect::<Result<Vec<Listed>, Failure>>()?;
        if keys.is_empty() && settings.format == Format::Table {
            let folder = keyring.folder().display();
            output::line(&format!("No keys in {folder}; `annals key new DK/coordinator-1` makes one."))?;
        }
        print(&keys, settings, Listed::line)?;
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
    #[arg(long, value_parser = words::key_role())]
    role: Role,
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
            // What looks like a key is answered as one; anything else is the id of a key that is not held.
            Err(fault) if self.key.matches('+').count() > 1 => return Err(Failure::usage(fault.to_string())),
            Err(_) => {
                if let Err(short @ KeyringError::Short { .. }) = settings.keyring()?.key(&self.key) {
                    return Err(short.into());
                }
                let folder = settings.keyring()?.folder().display();
                return Err(Failure::usage(format!(
                    "`{}` is neither a public key nor the id of a key in {folder}; `annals key list` shows those",
                    self.key
                )));
            }
        };
        let mut data = Map::new();
        data.insert("role".to_owned(), self.role.as_str().into());
        data.insert("vkey".to_owned(), vkey.to_string().into());
        put(&mut data, "institution", self.institution);
        put(&mut data, "holder", self.holder);
        put(&mut data, "contact", self.contact);
        let subject = format!("parties/{}", self.signing.speaker.0.party);
        let ledger = self.signing.ledger(settings)?;
        let change = Change::new(subject, "key.registered", data);
        self.signing.record(&ledger, settings, change)
    }
}

/// Revoke a key of your party: it signs no more, and what it signed stands
#[derive(Args)]
#[command(
    after_help = "Example:\n  annals key revoke KR/msit-1+89abcdef --as KR --reason 'the officer moved on'"
)]
pub(crate) struct Revoke {
    /// The key's id, or its public half
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
        let keyid = VerifierKey::parse(&self.keyid).map_or(self.keyid, |vkey| vkey.keyid());
        data.insert("keyid".to_owned(), keyid.as_str().into());
        put(&mut data, "reason", self.reason);
        let subject = format!("parties/{}", self.signing.speaker.0.party);
        let ledger = self.signing.ledger(settings)?;
        let change = Change::new(subject, "key.revoked", data);
        let done = self.signing.record(&ledger, settings, change)?;
        if settings.format == Format::Table
            && let Some(told) = after_revoking(&ledger.state(), &keyid)
        {
            output::line(&told)?;
        }
        Ok(done)
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
        let draft = std::str::from_utf8(line).ok().and_then(|text| Submission::read(text).ok());
        let Some(Submission::Draft(draft)) = draft else { return Ok(()) };
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
    let draft = Draft::of_party(party, format!("parties/{party}"), "key.registered", time, data);
    let signer = import::key_for(ledger, keyring, &draft)?;
    signing::commit(ledger, &draft, &signer)?;
    Ok(())
}
