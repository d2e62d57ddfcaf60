//! Import: a file of requests, line by line, into a ledger. Interrupted, it is completed by repeating it.

use super::keyring::{Keyring, KeyringError};
use crate::domain::date::Effective;
use crate::domain::party;
use crate::domain::review::Axis;
use crate::domain::value::Code;
use crate::ledger::{Ledger, LedgerError, Receipt, RecordError};
use crate::record::fact::{Fact, FactFault, is_on_latest};
use crate::record::ids;
use crate::record::refusal::Refusal;
use crate::record::request::{Draft, Submission, SubmissionFault};
use crate::record::withheld::check_value;
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::{EntryFault, Request};
use crate::trail::key::SigningKey;
use chrono::Utc;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;

/// How many requests are recorded under one commit.
const BATCH: usize = 256;

/// The longest line of a file of requests, in bytes: a request and its disclosures.
pub const LINE_LIMIT: usize = 1 << 20;

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Requests recorded now.
    pub recorded: u64,
    /// Requests that had been recorded before.
    pub repeated: u64,
    /// Disclosures that were not taken in, because they were erased.
    pub erased: u64,
}

/// Why an import ended early; what came before the line is recorded.
#[derive(Debug, thiserror::Error)]
#[error("line {line}")]
pub struct ImportError {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub source: LineError,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Not a request.
    #[error(transparent)]
    Form(#[from] SubmissionFault),
    /// It says nothing that can be said.
    #[error(transparent)]
    Fact(#[from] FactFault),
    /// Not UTF-8, or too long.
    #[error("not a line of UTF-8 text of at most 1 MB")]
    Text,
    /// It cannot be signed.
    #[error("it cannot be signed")]
    Sign(#[from] EntryFault),
    /// No key at hand speaks so.
    #[error(transparent)]
    Key(#[from] NoKey),
    /// Not recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// No key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// Nobody of this ledger.
    #[error("{0} is not a party of this ledger; its parties are {1}")]
    Party(Code, String),
    /// No institution of the party.
    #[error(transparent)]
    Institution(#[from] party::Refusal),
    /// None registered.
    #[error(
        "{0} has no {1} key in force: `annals key new {0}/{1}-1` makes one, and its authority registers it, with `annals key register … \
         --role {1} --as {2}`"
    )]
    Registered(String, String, Code),
    /// None held here.
    #[error("none of the {1} keys of {0} is in {2}; `--keys DIR` names another folder")]
    Held(String, String, String),
    /// Several.
    #[error("{0} has several {1} keys here: name one with `--key`: {2}")]
    Several(String, String, String),
    /// The key cannot be read.
    #[error("the key cannot be read")]
    Read(#[from] KeyringError),
}

/// The first registered key in force that is held here and speaks for the draft's author in its role.
///
/// # Errors
/// [`NoKey`].
pub fn key_for(ledger: &Ledger, keyring: &Keyring, draft: &Draft) -> Result<SigningKey, NoKey> {
    let state = ledger.state();
    let (author, role) = (&draft.speaker.0, draft.role());
    let keys = state.keys.of(author, role);
    if keys.is_empty() {
        let parties: Vec<&str> = state.parties().into_iter().map(Code::as_str).collect();
        if !parties.contains(&author.party.as_str()) {
            return Err(NoKey::Party(author.party.clone(), parties.join(", ")));
        }
        if let Some(institution) = &author.institution {
            state.programme.party(&author.party).acting(&author.party, institution)?;
        }
        return Err(NoKey::Registered(author.to_string(), role.to_string(), author.party.clone()));
    }
    let held = keys.iter().map(|key| key.vkey.keyid()).find(|id| keyring.holds(id));
    let held = held.ok_or_else(|| {
        NoKey::Held(author.to_string(), role.to_string(), keyring.folder().display().to_string())
    })?;
    Ok(keyring.key(&held)?)
}

/// Whether a line has the form of a request, and says what an event of its type can say; empty ones are passed over. Reading a whole
/// file so before any of it is imported spares its user a file that is recorded in part: mended, it would be another file, with other ids.
///
/// # Errors
/// [`ImportError`].
pub fn check(line: u64, bytes: &[u8]) -> Result<(), ImportError> {
    let says = |submission| match submission {
        Submission::Signed(request, disclosures) => {
            Fact::read(&request.event)?;
            Ok(disclosures.iter().try_for_each(check_value)?)
        }
        // What it leaves out is known once what stands before it is recorded.
        Submission::Draft(draft) if is_cut_off_alone(&draft).is_some() => Ok(()),
        Submission::Draft(draft) => draft.check(),
    };
    let read = read(bytes).and_then(|read| Ok(read.map(says).transpose()?));
    read.map(drop).map_err(|source| ImportError { line, source })
}

/// On which axis, and at which date, a review is opened of which its draft says no more.
fn is_cut_off_alone(draft: &Draft) -> Option<(Axis, Effective)> {
    let said = |name: &str| draft.data.get(name).and_then(Value::as_str);
    let axis = said("axis").and_then(|word| Axis::ALL.iter().find(|axis| axis.as_str() == word))?;
    let cutoff = said("cutoff").and_then(|date| date.parse::<Effective>().ok())?;
    let given = ["size", "head"].iter().any(|name| draft.data.contains_key(*name));
    (draft.kind == OPENED && !given).then_some((*axis, cutoff))
}

/// Reads a line; nothing of an empty one.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Submission>, LineError> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LINE_LIMIT);
    let text = text.ok_or(LineError::Text)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    Ok(Some(Submission::read(text)?))
}

/// Why a line was not taken.
enum Failure {
    /// For a reason of its own.
    Here(LineError),
    /// Because one before it, which waited for its commit, was refused.
    Before(ImportError),
}

impl From<LineError> for Failure {
    fn from(error: LineError) -> Self {
        Self::Here(error)
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        Self::Before(error)
    }
}

/// The event that opens a review.
const OPENED: &str = "annals.review.opened.v1";

/// Events that change who may sign.
const KEYS: &str = "annals.key.";

/// Imports one line after another.
pub struct Import<'a> {
    ledger: &'a Ledger,
    keyring: &'a Keyring,
    file_sha256: &'a str,
    origin: String,
    salt: &'a mut dyn FnMut() -> [u8; 16],
    keys: HashMap<(String, &'static str), SigningKey>,
    pending: Vec<(u64, Request, Vec<Disclosure>)>,
    summary: Summary,
}

impl<'a> Import<'a> {
    /// Begins an import of the file with this SHA-256; `salt` gives 128 random bits at each call.
    #[must_use]
    pub fn new(
        ledger: &'a Ledger,
        keyring: &'a Keyring,
        file_sha256: &'a str,
        salt: &'a mut dyn FnMut() -> [u8; 16],
    ) -> Self {
        let origin = ledger.state().origin().unwrap_or_default().to_owned();
        let (keys, pending) = (HashMap::new(), Vec::new());
        Self { ledger, keyring, file_sha256, origin, salt, keys, pending, summary: Summary::default() }
    }

    /// Takes a line, counted from 1. Empty ones are passed over.
    ///
    /// # Errors
    /// [`ImportError`], for this line or one before it that waited for its commit. What came before is recorded.
    pub fn push(&mut self, line: u64, bytes: &[u8]) -> Result<(), ImportError> {
        let taken = self.take(line, bytes);
        if taken.is_err() || self.pending.len() >= BATCH {
            self.commit()?;
        }
        taken.map_err(|failure| match failure {
            Failure::Here(source) => ImportError { line, source },
            Failure::Before(error) => error,
        })
    }

    fn take(&mut self, line: u64, bytes: &[u8]) -> Result<(), Failure> {
        let keys = match read(bytes)? {
            None => return Ok(()),
            Some(Submission::Signed(request, disclosures)) => {
                let keys = request.event.kind.starts_with(KEYS);
                for each in &disclosures {
                    let erased = self.ledger.erased(&each.digest()).map_err(LineError::from)?;
                    self.summary.erased += u64::from(erased.is_some());
                }
                self.pending.push((line, request, disclosures));
                keys
            }
            Some(Submission::Draft(draft)) => {
                self.draft(line, &draft)?;
                draft.kind.starts_with(KEYS)
            }
        };
        if keys {
            // Who may sign the next line is known once this one is recorded.
            self.commit()?;
            self.keys.clear();
        }
        Ok(())
    }

    /// Commits what waits for its commit.
    ///
    /// # Errors
    /// [`ImportError`], for the line that was refused.
    pub fn commit(&mut self) -> Result<(), ImportError> {
        let pending = std::mem::take(&mut self.pending);
        let lines: Vec<u64> = pending.iter().map(|(line, ..)| *line).collect();
        let Some(&first) = lines.first() else { return Ok(()) };
        let requests = pending.into_iter().map(|(_, request, disclosures)| (request, disclosures)).collect();
        let receipts = self.ledger.record_all(requests, Utc::now());
        let receipts = receipts.map_err(|error| ImportError { line: first, source: error.into() })?;
        for (line, receipt) in lines.into_iter().zip(receipts) {
            match receipt {
                Ok(Receipt { repeated: true, .. }) => self.summary.repeated += 1,
                Ok(_) => self.summary.recorded += 1,
                Err(error) => return Err(ImportError { line, source: error.into() }),
            }
        }
        Ok(())
    }

    /// Commits what is left.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn finish(mut self) -> Result<Summary, ImportError> {
        self.commit()?;
        Ok(self.summary)
    }

    /// A review that is opened by its cut-off alone: on the reading that this names once what stands before it in the file is recorded,
    /// or, where it was opened before, on the same one again.
    fn opening<'d>(&mut self, id: Uuid, draft: &'d Draft) -> Result<Cow<'d, Draft>, Failure> {
        let Some((axis, cutoff)) = is_cut_off_alone(draft) else { return Ok(Cow::Borrowed(draft)) };
        self.commit()?;
        let mut opened = draft.clone();
        if let Some(entry) = self.ledger.recorded(id).map_err(LineError::from)? {
            let recorded = entry.request.event.data.members().into_iter();
            opened.data.extend(recorded.filter(|(name, _)| ["size", "head"].contains(&name.as_str())));
        } else {
            let head = self.ledger.frozen(axis, cutoff).map_err(LineError::from)?;
            opened.data.insert("size".to_owned(), head.size.into());
            opened.data.insert("head".to_owned(), head.leaf.to_string().into());
        }
        Ok(Cow::Owned(opened))
    }

    fn draft(&mut self, line: u64, draft: &Draft) -> Result<(), Failure> {
        let id = draft.id.unwrap_or_else(|| ids::derived(draft.time, &self.origin, self.file_sha256, line));
        let draft = &*self.opening(id, draft)?;
        // What it answers, or says again, must be recorded before it can be looked up.
        let waits = |wanted: Uuid| self.pending.iter().any(|(_, request, _)| request.event.id == wanted);
        // So must be what its stream holds, where it is said of all of that; of a review, what was decided in any.
        let on = |(_, request, _): &(u64, Request, _)| {
            request.event.subject == draft.subject || draft.subject.starts_with("reviews/")
        };
        let latest = is_on_latest(&draft.kind) && self.pending.iter().any(on);
        // And what a finding cites.
        let cited =
            draft.data.get("entries").and_then(Value::as_array).and_then(|cited| cited.last()?.as_u64());
        let cited = cited.is_some_and(|sequence| sequence >= self.ledger.head().size);
        if waits(id) || draft.causationid.is_some_and(waits) || latest || cited {
            self.commit()?;
        }
        if let Some(entry) = self.ledger.recorded(id).map_err(LineError::from)? {
            let known =
                |digest: &str| Digest::parse(digest).and_then(|digest| self.ledger.disclosure(&digest));
            if draft.says(&entry.request.event, &known) {
                self.summary.repeated += 1;
                return Ok(());
            }
            let refusal = Refusal::Id(id, entry.seal.sequence);
            return Err(LineError::from(RecordError::Refused(refusal)).into());
        }
        let key = match self.keys.entry((draft.speaker.0.to_string(), draft.role().as_str())) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(free) => {
                let key = key_for(self.ledger, self.keyring, draft).map_err(LineError::from)?;
                free.insert(key)
            }
        };
        let base = self.ledger.head().leaf;
        let signed = draft.sign(id, &self.origin, base, key, self.salt).map_err(LineError::from)?;
        self.pending.push((line, signed.0, signed.1));
        Ok(())
    }
}
