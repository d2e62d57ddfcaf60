//! `annals record`: one change, signed by the one key in force of whoever speaks, and its receipt.

use super::failure::{Failure, file};
use super::output::{self, Format};
use super::settings::Settings;
use annals::domain::action::Said;
use annals::domain::date::Effective;
use annals::domain::party::Author;
use annals::domain::sealed::Audience;
use annals::domain::value::Code;
use annals::exchange::import::{NoKey, key_for};
use annals::exchange::keyring::Keyring;
use annals::ledger::{Ledger, LedgerError, Receipt, RecordError};
use annals::record::history::Refusal;
use annals::record::request::{Draft, Meant, Speaker, new_id};
use annals::trail::disclosure::Digest;
use annals::trail::hash::sha256;
use annals::trail::key::SigningKey;
use chrono::{DateTime, SubsecRound, Utc};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use uuid::Uuid;

/// Record one change
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals record assign 1.G2G.3 MSIT --as KR --officer 'Director, International Cooperation'
  annals record progress 1.G2G.3 --as KR/MSIT --lifecycle under_way --effective 2022-03 --note 'First round held'
  annals record progress 1.G2G.3 --as KR --window 2022 --occurrence held --date 2022-06-14
  annals record confirm 1.G2G.3 --as DK
  annals record contest 1.G2G.3 --as DK --reason 'The round was postponed'
  annals record correct 1.G2G.3 17 --as KR --reason 'A typing mistake'

The receipt names sequence, id, leaf hash and head. `--id` makes a retry safe: the same change again is answered with the first
receipt. Notes, reasons, officers and names of files are withheld in the ledger and kept beside it.")]
pub(crate) struct Record {
    #[command(subcommand)]
    change: Change,
}

#[derive(Subcommand)]
enum Change {
    /// An institution of your party takes an action on, or is relieved of it
    Assign {
        /// The action
        action: String,
        /// The institution
        institution: Code,
        /// lead, support or relieved
        #[arg(long, default_value = "lead")]
        role: String,
        /// Until when
        #[arg(long)]
        due: Option<Effective>,
        /// Since when
        #[arg(long)]
        effective: Option<Effective>,
        /// Who does it there: an office, never a person
        #[arg(long)]
        officer: Option<String>,
        /// Under which address
        #[arg(long)]
        contact: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// What your side says of an action
    Progress(Box<Progress>),
    /// The other side's word holds: say the same
    Confirm {
        #[command(flatten)]
        answer: Answer,
        /// Since when, if otherwise than the other side says
        #[arg(long)]
        effective: Option<Effective>,
        /// A sentence on it
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// The other side's word does not hold
    Contest {
        #[command(flatten)]
        answer: Answer,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        signing: Signing,
    },
    /// Void an earlier word of your side
    Correct {
        /// The action
        action: String,
        /// The word: its sequence or its id
        word: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        signing: Signing,
    },
    /// An auditor's finding on an assertion
    Audit {
        #[command(flatten)]
        answer: Answer,
        /// upheld or qualified
        #[arg(long)]
        outcome: String,
        /// A sentence on it
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// A basis of agreement stands elsewhere now
    Instrument {
        /// Its reference
        instrument: String,
        /// `to_be_confirmed`, `signed`, `in_force` or `lapsed`
        #[arg(long)]
        state: String,
        /// Since when
        #[arg(long)]
        effective: Effective,
        /// When it lapses
        #[arg(long)]
        expires: Option<Effective>,
        /// A sentence on it
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// Name an institution of your party
    Institution {
        /// Its id
        institution: Code,
        /// A name with its language, such as `en=Ministry of Science and ICT`; once for each
        #[arg(long = "name", value_name = "LANGUAGE=NAME", required = true)]
        names: Vec<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// An institution's work passes to another
    Succeed {
        /// The one that ends
        institution: Code,
        /// The one that goes on
        successor: Code,
        /// Since when
        #[arg(long)]
        effective: Effective,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
}

#[derive(Args)]
struct Progress {
    /// The action
    action: String,
    /// Since when it is true: a day, a month or a year [default: today]
    #[arg(long)]
    effective: Option<Effective>,
    /// planned, `under_way`, continuing, suspended or completed
    #[arg(long)]
    lifecycle: Option<String>,
    /// `on_track`, `at_risk` or `off_track`; needs `--note`
    #[arg(long)]
    health: Option<String>,
    /// planned, confirmed, held, postponed or cancelled; needs `--window`
    #[arg(long, requires = "window")]
    occurrence: Option<String>,
    /// The window of the occurrence, named by its first year or month
    #[arg(long, requires = "occurrence")]
    window: Option<Effective>,
    /// The date of the occurrence
    #[arg(long, requires = "occurrence")]
    date: Option<Effective>,
    /// A measured value, with its unit after a colon if it has one
    #[arg(long = "indicator", value_name = "NAME=VALUE[:UNIT]")]
    indicators: Vec<String>,
    /// A file put forward; it is kept with the ledger
    #[arg(long = "evidence", value_name = "FILE")]
    evidence: Vec<PathBuf>,
    /// Withhold even the digests of the files
    #[arg(long, requires = "evidence")]
    confidential: bool,
    /// A sentence on it
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Args)]
struct Answer {
    /// The action
    action: String,
    /// The word that is answered, by sequence or id [default: the other side's latest]
    #[arg(long)]
    word: Option<String>,
}

/// Who signs, with what, and when.
#[derive(Args)]
pub(crate) struct Signing {
    /// Who speaks: a party such as KR, or an institution of it such as KR/MSIT
    #[arg(long = "as", value_name = "WHO")]
    pub(crate) speaker: Speaker,
    /// The id of the key, where several could sign
    #[arg(long, value_name = "KEYID")]
    key: Option<String>,
    /// The change's id, a `UUIDv7`: a retry under the same id records nothing twice
    #[arg(long)]
    id: Option<Uuid>,
    /// When it is said [default: now]
    #[arg(long, value_parser = super::founding::instant)]
    time: Option<DateTime<Utc>>,
    /// What it belongs to: a meeting that counts for several actions
    #[arg(long, value_name = "TEXT")]
    correlation: Option<String>,
    /// For whom withheld fields are: public, parties, or a party
    #[arg(long, default_value = "parties", value_parser = |text: &str| Audience::try_from(text.to_owned()))]
    audience: Audience,
    /// Judge it, and record nothing
    #[arg(long)]
    dry_run: bool,
}

/// A member that is there only if it has a value.
pub(crate) fn put(data: &mut Map<String, Value>, name: &str, value: Option<impl ToString>) {
    if let Some(value) = value {
        data.insert(name.to_owned(), value.to_string().into());
    }
}

/// A draft of a party.
pub(crate) fn draft(
    party: &Code,
    subject: String,
    kind: &str,
    time: DateTime<Utc>,
    data: Map<String, Value>,
) -> Draft {
    Draft {
        speaker: Speaker(Author { party: party.clone(), institution: None }),
        role: None,
        subject,
        kind: format!("annals.{kind}.v1"),
        time,
        id: None,
        causationid: None,
        correlationid: None,
        audience: None,
        data,
    }
}

/// Signs a draft on the ledger's head and records it.
pub(crate) fn commit(ledger: &Ledger, draft: &Draft, key: &SigningKey) -> Result<Receipt, Failure> {
    let state = ledger.state();
    let id = draft.id.unwrap_or_else(|| new_id(draft.time, output::random()));
    let origin = state.origin().unwrap_or_default();
    let (request, disclosures) = draft.sign(id, origin, state.head.leaf, key, &mut output::salt)?;
    Ok(ledger.record(request, disclosures)?)
}

impl Signing {
    pub(crate) fn record(
        self,
        settings: &Settings,
        subject: String,
        kind: &str,
        data: Map<String, Value>,
        answers: Option<Uuid>,
    ) -> Result<ExitCode, Failure> {
        let ledger = settings.writing()?;
        self.record_in(&ledger, settings, subject, kind, data, answers)
    }

    fn time(&self) -> DateTime<Utc> {
        self.time.unwrap_or_else(|| Utc::now().trunc_subsecs(3))
    }

    fn record_in(
        self,
        ledger: &Ledger,
        settings: &Settings,
        subject: String,
        kind: &str,
        data: Map<String, Value>,
        answers: Option<Uuid>,
    ) -> Result<ExitCode, Failure> {
        let time = self.time();
        let mut draft = draft(&self.speaker.0.party, subject, kind, time, data);
        draft.speaker = self.speaker;
        (draft.id, draft.causationid, draft.correlationid) = (self.id, answers, self.correlation);
        draft.audience = Some(Meant::All(self.audience));
        if let Some(receipt) = repeated(ledger, &mut draft, self.time.is_some())? {
            output::receipt(&receipt, ledger.head(), settings.format)?;
            return Ok(ExitCode::SUCCESS);
        }
        let key = match &self.key {
            Some(keyid) => settings.keyring.key(keyid)?,
            None => the_one_key(ledger, &settings.keyring, &draft)?,
        };
        if self.dry_run {
            commit(&ledger.copy_in_memory()?, &draft, &key)?;
            if settings.format == Format::Json {
                output::object(&json!({"kind": "receipt", "dry_run": true}))?;
            } else {
                output::line("It would be recorded; nothing was.")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let receipt = commit(ledger, &draft, &key)?;
        ledger.keep()?;
        output::receipt(&receipt, ledger.head(), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The first receipt of a change that is repeated under its id. Its time counts only where it is given again.
fn repeated(ledger: &Ledger, draft: &mut Draft, timed: bool) -> Result<Option<Receipt>, Failure> {
    let Some(id) = draft.id else { return Ok(None) };
    let Some(entry) = ledger.recorded(id)? else { return Ok(None) };
    if !timed {
        draft.time = entry.request.event.time;
    }
    let known = |digest: &str| Digest::parse(digest).and_then(|digest| ledger.disclosure(&digest));
    if draft.says(&entry.request.event, &known) {
        return Ok(Some(Receipt { sequence: entry.seal.sequence, id, leaf: entry.leaf, repeated: true }));
    }
    Err(RecordError::Refused(Refusal::Id(id, entry.seal.sequence)).into())
}

/// The one key in force that is held here and speaks so.
fn the_one_key(ledger: &Ledger, keyring: &Keyring, draft: &Draft) -> Result<SigningKey, Failure> {
    let state = ledger.state();
    let (author, role) = (&draft.speaker.0, draft.role());
    let ids = state.keys.of(author, role).into_iter().map(|key| key.vkey.keyid());
    let held: Vec<String> = ids.filter(|id| keyring.holds(id)).collect();
    // A party's authority keys are alike: which of them signs is no question to ask.
    if held.len() > 1 && role != annals::record::authority::Role::Authority {
        return Err(NoKey::Several(author.to_string(), role.to_string(), held.join(", ")).into());
    }
    Ok(key_for(ledger, keyring, draft)?)
}

impl Record {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let mut data = Map::new();
        match self.change {
            Change::Assign { action, institution, role, due, effective, officer, contact, signing } => {
                put(&mut data, "institution", Some(institution));
                put(&mut data, "role", Some(role));
                put(&mut data, "due", due);
                put(&mut data, "effective", effective);
                put(&mut data, "officer", officer);
                put(&mut data, "contact", contact);
                signing.record(settings, format!("actions/{action}"), "action.assigned", data, None)
            }
            Change::Progress(progress) => progress.run(settings),
            Change::Confirm { answer, effective, note, signing } => {
                put(&mut data, "effective", effective);
                put(&mut data, "note", note);
                answer.run(settings, signing, "action.confirmed", data)
            }
            Change::Contest { answer, reason, signing } => {
                put(&mut data, "reason", Some(reason));
                answer.run(settings, signing, "action.contested", data)
            }
            Change::Correct { action, word, reason, signing } => {
                put(&mut data, "reason", Some(reason));
                Answer { action, word: Some(word) }.run(settings, signing, "action.corrected", data)
            }
            Change::Audit { answer, outcome, note, signing } => {
                put(&mut data, "outcome", Some(outcome));
                put(&mut data, "note", note);
                answer.run(settings, signing, "action.verified", data)
            }
            Change::Instrument { instrument, state, effective, expires, note, signing } => {
                put(&mut data, "state", Some(state));
                put(&mut data, "effective", Some(effective));
                put(&mut data, "expires", expires);
                put(&mut data, "note", note);
                let subject = format!("instruments/{instrument}");
                signing.record(settings, subject, "instrument.updated", data, None)
            }
            Change::Institution { institution, names, signing } => {
                let mut by_language = Map::new();
                for name in names {
                    let (language, name) = name.split_once('=').ok_or_else(|| {
                        Failure::usage(format!("`{name}`: LANGUAGE=NAME is expected, such as en=Ministry"))
                    })?;
                    by_language.insert(language.to_owned(), name.into());
                }
                let party = signing.speaker.0.party.clone();
                data.insert("names".to_owned(), Value::Object(by_language));
                data.insert("aliases".to_owned(), json!([]));
                put(&mut data, "id", Some(institution));
                put(&mut data, "party", Some(&party));
                signing.record(settings, format!("parties/{party}"), "institution.registered", data, None)
            }
            Change::Succeed { institution, successor, effective, reason, signing } => {
                put(&mut data, "institution", Some(institution));
                put(&mut data, "successor", Some(successor));
                put(&mut data, "effective", Some(effective));
                put(&mut data, "reason", reason);
                let subject = format!("parties/{}", signing.speaker.0.party);
                signing.record(settings, subject, "institution.succeeded", data, None)
            }
        }
    }
}

impl Answer {
    fn run(
        self,
        settings: &Settings,
        signing: Signing,
        kind: &str,
        data: Map<String, Value>,
    ) -> Result<ExitCode, Failure> {
        let ledger = settings.writing()?;
        let answers = self.answered(&ledger, &signing.speaker.0)?;
        signing.record_in(&ledger, settings, format!("actions/{}", self.action), kind, data, answers)
    }

    /// The id of the word that is meant.
    fn answered(&self, ledger: &Ledger, author: &Author) -> Result<Option<Uuid>, Failure> {
        match &self.word {
            None => {
                let state = ledger.state();
                let action = Code::try_from(self.action.clone()).ok();
                let action = action.and_then(|action| state.programme.actions.get(&action).cloned());
                let others = action.iter().flat_map(|action| action.standing().rev());
                let mut others =
                    others.filter(|word| word.said == Said::Progressed && word.author.party != author.party);
                Ok(others.next().map(|word| word.id))
            }
            Some(word) => match word.parse::<u64>() {
                Ok(sequence) => match ledger.entry(sequence)? {
                    Some(entry) => Ok(Some(entry.request.event.id)),
                    None => Err(LedgerError::Cut(annals::ledger::Cut::Sequence(sequence)).into()),
                },
                Err(_) => word.parse().map(Some).map_err(|_| {
                    Failure::usage(format!(
                        "`{word}` is not a word: give the sequence or the id of its entry"
                    ))
                }),
            },
        }
    }
}

impl Progress {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = settings.writing()?;
        let mut data = Map::new();
        let today = self.signing.time().date_naive().to_string();
        put(&mut data, "effective", Some(self.effective.map_or(today, |date| date.to_string())));
        put(&mut data, "lifecycle", self.lifecycle);
        put(&mut data, "health", self.health);
        put(&mut data, "note", self.note);
        if let (Some(window), Some(state)) = (self.window, self.occurrence) {
            let mut occurrence = Map::new();
            put(&mut occurrence, "window", Some(window));
            put(&mut occurrence, "state", Some(state));
            put(&mut occurrence, "date", self.date);
            data.insert("occurrence".to_owned(), Value::Object(occurrence));
        }
        let indicators = self.indicators.iter().map(|text| indicator(text)).collect::<Result<Vec<_>, _>>()?;
        if !indicators.is_empty() {
            data.insert("indicators".to_owned(), Value::Array(indicators));
        }
        let mut files = Vec::new();
        let mut evidence = Vec::new();
        for path in &self.evidence {
            let bytes = std::fs::read(path).map_err(file(path, "read"))?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let mut item = json!({"sha256": sha256(&bytes), "size": bytes.len(), "mediatype": mediatype(path), "filename": name});
            if let (true, Some(members)) = (self.confidential, item.as_object_mut()) {
                members.insert("confidential".to_owned(), true.into());
            }
            evidence.push(item);
            files.push(bytes);
        }
        if !evidence.is_empty() {
            data.insert("evidence".to_owned(), Value::Array(evidence));
        }
        // The files are kept before the event that names them.
        if !self.signing.dry_run {
            for bytes in &files {
                ledger.put_blob(bytes).map_err(LedgerError::from)?;
            }
        }
        let subject = format!("actions/{}", self.action);
        self.signing.record_in(&ledger, settings, subject, "action.progressed", data, None)
    }
}

fn indicator(text: &str) -> Result<Value, Failure> {
    let usage =
        || Failure::usage(format!("`{text}`: NAME=VALUE or NAME=VALUE:UNIT is expected, such as visits=3"));
    let (name, value) = text.split_once('=').ok_or_else(usage)?;
    Ok(match value.split_once(':') {
        Some((value, unit)) => json!({"name": name, "value": value, "unit": unit}),
        None => json!({"name": name, "value": value}),
    })
}

/// The media type that a file's name suggests.
fn mediatype(path: &std::path::Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("pdf") => "application/pdf",
        Some("txt" | "md") => "text/plain",
        Some("csv") => "text/csv",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}
