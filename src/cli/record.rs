//! `annals record`: one change, signed by the one key in force of whoever speaks, and its receipt.

use super::failure::Failure;
use super::output::{self, Format};
use super::progress::Progress;
use super::settings::Settings;
use super::signing::{Change, Signing, put};
use super::words;
use annals::domain::assertion::{Outcome, Role};
use annals::domain::date::Effective;
use annals::domain::party::Author;
use annals::domain::plan::InstrumentState;
use annals::domain::value::Code;
use annals::domain::word::{Said, Word};
use annals::ledger::{Cut, Ledger, LedgerError};
use annals::projection::timeline;
use annals::record::fact::Fact;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::process::ExitCode;
use std::sync::Arc;
use uuid::Uuid;

/// Record one change
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals record assign 1.G2G.3 MSIT --as KR --officer 'Director, International Cooperation'
  annals record progress 1.G2G.3 --as KR --lifecycle under_way --note 'First round held'
  annals record progress 1.G2G.3 1.G2G.4 --as KR --occurrence held --date 2022-06-14
  annals record confirm 1.G2G.3 --as DK
  annals record contest 1.G2G.3 --as DK --reason 'The round was postponed'
  annals record correct 1.G2G.3 17 --as KR --reason 'A typing mistake'

The receipt names sequence, id, leaf hash and head. `--id` makes a retry safe: the same change again is answered with the \
first receipt. Notes, reasons, officers and names of files are withheld in the ledger and kept beside it.")]
pub(crate) struct Record {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
pub(crate) enum Kind {
    /// An institution of your party takes an action on, or is relieved of it
    #[command(
        after_help = "Example:\n  annals record assign 1.G2G.3 DKMA --as DK --due 2022-12\n  annals record assign 1.G2G.3 DKMA --as DK --role relieved"
    )]
    Assign {
        /// The action, such as 1.G2G.3
        #[arg(value_parser = words::action::<String>)]
        action: String,
        /// The institution
        institution: Code,
        /// As what it takes the action on, or that it is relieved of it
        #[arg(long, default_value = "lead", value_parser = words::role())]
        role: Role,
        /// Until when it is to be done
        #[arg(long, value_name = "DATE")]
        due: Option<Effective>,
        /// Since when [default: what is said first has always been so, what changes it begins on the day on which it is recorded]
        #[arg(long, value_name = "DATE")]
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
    #[command(
        after_help = "Example:\n  annals record confirm 1.G2G.3 --as DK\n  annals record confirm 1.G2G.3 140 --as DK --effective 2022-03"
    )]
    Confirm {
        #[command(flatten)]
        answer: Answer,
        /// Since when, if otherwise than the other side says
        #[arg(long, value_name = "DATE")]
        effective: Option<Effective>,
        /// A sentence on it
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// The other side's word does not hold
    #[command(
        after_help = "Example:\n  annals record contest 1.G2G.3 --as DK --reason 'The round was postponed'"
    )]
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
    #[command(
        after_help = "Example:\n  annals record correct 1.G2G.3 140 --as KR --reason 'A typing mistake'"
    )]
    Correct {
        /// The action, such as 1.G2G.3
        #[arg(value_parser = words::action::<String>)]
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
    #[command(after_help = "Example:\n  annals record audit 1.G2G.3 140 --as KR --outcome upheld")]
    Audit {
        /// The action, such as 1.G2G.3
        #[arg(value_parser = words::action::<String>)]
        action: String,
        /// The assertion: its sequence or its id
        word: String,
        /// What was found
        #[arg(long, value_parser = words::outcome())]
        outcome: Outcome,
        /// A sentence on it
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// A basis of agreement stands elsewhere now
    #[command(
        after_help = "Example:\n  annals record instrument 1.1 --as DK --state signed --effective 2021-11-02 --expires 2026"
    )]
    Instrument {
        /// Its reference in the plan, such as 1.1
        #[arg(value_parser = words::basis)]
        instrument: String,
        /// Where it stands
        #[arg(long, value_parser = words::instrument())]
        state: InstrumentState,
        /// Since when
        #[arg(long, value_name = "DATE")]
        effective: Effective,
        /// When it lapses, where that is known
        #[arg(long, value_name = "DATE")]
        expires: Option<Effective>,
        /// A sentence on it
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// Name an institution of your party
    #[command(
        after_help = "Example:\n  annals record institution NST --as KR --name 'en=National Research Council' --name ko=국가과학기술연구회"
    )]
    Institution {
        /// Its id
        institution: Code,
        /// Another spelling under which texts name it; once for each
        #[arg(long = "alias", value_name = "NAME")]
        aliases: Vec<String>,
        /// A name with its language, such as `en=Ministry of Science and ICT`; once for each
        #[arg(long = "name", value_name = "LANGUAGE=NAME", required = true)]
        names: Vec<String>,
        #[command(flatten)]
        signing: Signing,
    },
    /// An institution's work passes to another
    #[command(after_help = "\
Example:
  annals record succeed EKF EIFO --as DK --effective 2023-01 --reason 'Merged by law'

Nothing has to be assigned again: what the one had is the other's from then on, its officers speak on it, and it is found under \
both names; earlier readings say who had it then. Officers' keys stay bound to the institution that ended: register new ones for \
the other, and revoke those.")]
    Succeed {
        /// The one that ends
        institution: Code,
        /// The one that goes on
        successor: Code,
        /// Since when
        #[arg(long, value_name = "DATE")]
        effective: Effective,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        signing: Signing,
    },
}

#[derive(Args)]
pub(crate) struct Answer {
    /// The action, such as 1.G2G.3
    #[arg(value_parser = words::action::<String>)]
    action: String,
    /// The word that is answered, by sequence or id [default: the latest of the other party; it is named where words of several stand]
    #[arg(value_name = "WORD")]
    word: Option<String>,
    /// The same
    #[arg(long = "word", value_name = "WORD", conflicts_with = "word", hide = true)]
    named: Option<String>,
}

impl Record {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        self.kind.run(settings)
    }
}

impl Kind {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let mut data = Map::new();
        let (subject, kind, signing) = match self {
            Kind::Progress(progress) => return progress.run(settings),
            Kind::Confirm { answer, effective, note, signing } => {
                put(&mut data, "effective", effective);
                put(&mut data, "note", note);
                return answer.run(settings, signing, "action.confirmed", data);
            }
            Kind::Contest { answer, reason, signing } => {
                put(&mut data, "reason", Some(reason));
                return answer.run(settings, signing, "action.contested", data);
            }
            Kind::Correct { action, word, reason, signing } => {
                put(&mut data, "reason", Some(reason));
                let answer = Answer { action, word: Some(word), named: None };
                return answer.run(settings, signing, "action.corrected", data);
            }
            Kind::Audit { action, word, outcome, note, signing } => {
                let answer = Answer { action, word: Some(word), named: None };
                put(&mut data, "outcome", Some(outcome));
                put(&mut data, "note", note);
                return answer.run(settings, signing, "action.verified", data);
            }
            Kind::Assign { action, institution, role, due, effective, officer, contact, signing } => {
                put(&mut data, "institution", Some(institution));
                put(&mut data, "role", Some(role));
                put(&mut data, "due", due);
                put(&mut data, "effective", effective);
                put(&mut data, "officer", officer);
                put(&mut data, "contact", contact);
                (format!("actions/{action}"), "action.assigned", signing)
            }
            Kind::Instrument { instrument, state, effective, expires, note, signing } => {
                put(&mut data, "state", Some(state));
                put(&mut data, "effective", Some(effective));
                put(&mut data, "expires", expires);
                put(&mut data, "note", note);
                (format!("instruments/{instrument}"), "instrument.updated", signing)
            }
            Kind::Institution { institution, names, aliases, signing } => {
                let party = &signing.speaker.0.party;
                put(&mut data, "id", Some(institution));
                put(&mut data, "party", Some(party));
                data.insert("names".to_owned(), by_language(&names)?);
                data.insert("aliases".to_owned(), json!(aliases));
                (format!("parties/{party}"), "institution.registered", signing)
            }
            Kind::Succeed { institution, successor, effective, reason, signing } => {
                put(&mut data, "institution", Some(institution));
                put(&mut data, "successor", Some(successor));
                put(&mut data, "effective", Some(effective));
                put(&mut data, "reason", reason);
                (format!("parties/{}", signing.speaker.0.party), "institution.succeeded", signing)
            }
        };
        let ledger = signing.ledger(settings)?;
        signing.record(&ledger, settings, Change::new(subject, kind, data))
    }
}

fn by_language(names: &[String]) -> Result<Value, Failure> {
    let pair = |name: &String| {
        let (language, name) = name.split_once('=').ok_or_else(|| {
            Failure::usage(format!("`{name}`: LANGUAGE=NAME is expected, such as en=Ministry"))
        })?;
        Ok::<_, Failure>((language.to_owned(), name.into()))
    };
    let mut all = Map::new();
    for name in names {
        let (language, name) = pair(name)?;
        if all.insert(language.clone(), name).is_some() {
            return Err(Failure::usage(format!("two names are given in the language {language}: give one")));
        }
    }
    Ok(Value::Object(all))
}

impl Answer {
    fn run(
        mut self,
        settings: &Settings,
        signing: Signing,
        kind: &'static str,
        data: Map<String, Value>,
    ) -> Result<ExitCode, Failure> {
        self.word = self.word.or(self.named.take());
        let ledger = signing.ledger(settings)?;
        let answers = match signing.repeats(&ledger)? {
            // Whoever repeats it means the word that it answered.
            Some(first) if self.word.is_none() => first.request.event.causationid,
            _ => self.answered(&ledger, &signing.speaker.0)?,
        };
        let chosen =
            answers.filter(|_| self.word.is_none()).map(|id| told(&ledger, id)).transpose()?.flatten();
        let subject = format!("actions/{}", self.action);
        let done =
            signing.record(&ledger, settings, Change { answers, ..Change::new(subject, kind, data) })?;
        if let Some(told) = chosen.filter(|_| settings.format == Format::Table) {
            output::line(&told)?;
        }
        Ok(done)
    }

    /// The id of the word that is meant; the latest is taken where none is named.
    fn answered(&self, ledger: &Ledger, author: &Author) -> Result<Option<Uuid>, Failure> {
        let Some(word) = &self.word else {
            let state = ledger.state();
            let action = Code::try_from(self.action.clone()).ok();
            let action = action.and_then(|action| state.programme.actions.get(&action).cloned());
            let words = match &action {
                Some(action) => ledger.words(&action.action.reference)?,
                None => Arc::default(),
            };
            // The latest of each other party.
            let mut others: Vec<&Word> = Vec::new();
            for word in words.standing().rev().filter(|word| word.said == Said::Progressed) {
                if word.party != author.party && others.iter().all(|other| other.party != word.party) {
                    others.push(word);
                }
            }
            return match (&action, others.as_slice()) {
                // An action that is not known is refused by name, with the nearest.
                (None, _) => Ok(None),
                (Some(action), []) => {
                    let own = words.standing().any(|word| word.party == author.party);
                    let but = if own { format!(" but {}", author.party) } else { String::new() };
                    Err(Failure::usage(format!(
                        "nobody{but} has asserted anything of {} that stands: there is no word to answer",
                        action.action.reference
                    )))
                }
                (Some(action), [word]) => {
                    match words.decided_since(word).filter(|_| word.lifecycle.is_some()) {
                        None => Ok(Some(word.id)),
                        // It no longer says where the action stands, and a confirmation would be a newer word than the decision.
                        Some(decided) => Err(Failure::usage(format!(
                            "entry {}, of {}, is from before what all decided of {} in entry {}, as of the same day: to answer it all the \
                         same, name it",
                            word.sequence, word.party, action.action.reference, decided.sequence
                        ))),
                    }
                }
                // What is signed cannot be taken back.
                (Some(action), [latest, ..]) => {
                    let each = others.iter().map(|word| format!("{} in entry {}", word.party, word.sequence));
                    Err(Failure::usage(format!(
                        "of {} words of several parties stand ({}): name the one that is meant, such as {}",
                        action.action.reference,
                        each.collect::<Vec<_>>().join(", "),
                        latest.sequence
                    )))
                }
            };
        };
        match word.parse::<u64>() {
            Ok(sequence) => match ledger.entry(sequence)? {
                Some(entry) if entry.request.event.subject == format!("actions/{}", self.action) => {
                    Ok(Some(entry.request.event.id))
                }
                Some(entry) => Err(Failure::usage(format!(
                    "entry {sequence} is about {}, and not about actions/{}",
                    entry.request.event.subject, self.action
                ))),
                None => Err(LedgerError::Cut(Cut::Sequence(sequence)).into()),
            },
            Err(_) => word.parse().map(Some).map_err(|_| {
                Failure::usage(format!("`{word}` is not a word: give the sequence or the id of its entry"))
            }),
        }
    }
}

/// Which word is answered, for whoever named none.
fn told(ledger: &Ledger, id: Uuid) -> Result<Option<String>, Failure> {
    let Some(entry) = ledger.recorded(id)? else { return Ok(None) };
    let (sequence, source) = (entry.seal.sequence, timeline::speaker(&entry.request.event.source));
    let fact = Fact::read(&entry.request.event).ok();
    let what = fact.map_or_else(String::new, |(fact, _)| format!(": {}", timeline::words(&fact).0));
    Ok(Some(format!("It answers entry {sequence}, of {source}{what}")))
}
