//! Changes that are asked for together: each is judged before any is recorded, and all are recorded under one commit.

use super::{Change, EFFECTIVE, Signing, judge, repeated, says_again, sign, the_one_key};
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::cli::{output, request};
use annals::domain::value::Code;
use annals::exchange::evidence::Offered;
use annals::ledger::{Ledger, Receipt};
use annals::projection::overtaken::{self, Overtaken};
use annals::record::founding::Clock;
use annals::record::ids;
use annals::record::request::{Draft, Meant};
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::{Request, timestamp};
use chrono::Utc;
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;

/// A change that was asked for, and what became of it.
pub(crate) struct Asked {
    pub(crate) subject: String,
    pub(crate) id: Uuid,
    pub(crate) correlation: Option<String>,
    /// The files that it puts forward.
    pub(crate) evidence: Vec<Offered>,
    /// Nothing where it was only judged, or put into a file of requests.
    pub(crate) receipt: Option<Receipt>,
    /// Whether the file of requests holds it already.
    pub(crate) held: bool,
    /// What its party said that is effective later, on the same axes.
    pub(crate) overtaken: Vec<Overtaken>,
}

impl Signing {
    /// The file of requests into which changes go, where they are not recorded here.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|_| !self.dry_run)
    }

    /// Signs changes that belong together, each of another stream, and records them, or has them judged alone, or puts them into
    /// a file of requests. Several have one correlation.
    pub(crate) fn ask(
        &self,
        ledger: &Ledger,
        settings: &Settings,
        changes: Vec<Change>,
    ) -> Result<Vec<Asked>, Failure> {
        if let Some(path) = &self.proof {
            if changes.len() > 1 {
                return Err(Failure::usage(
                    "a proof is of one entry: record without `--proof`, and prove each with `annals prove`"
                        .to_owned(),
                ));
            }
            settings.proves(ledger, path)?;
        }
        let mut subjects = BTreeSet::new();
        if let Some(twice) = changes.iter().find(|change| !subjects.insert(change.subject.clone())) {
            return Err(Failure::usage(format!("{} is named twice: once is enough", twice.subject)));
        }
        let (mut asked, drafts) = self.drafts(ledger, changes)?;
        let Some(first) = drafts.first() else { return Ok(asked) };
        let key = match &self.key {
            Some(keyid) => settings.keyring()?.key(keyid)?,
            None => the_one_key(ledger, settings.keyring()?, first)?,
        };
        let signed = drafts.iter().map(|draft| sign(ledger, draft, &key)).collect::<Result<Vec<_>, _>>()?;
        if let Some(path) = self.file() {
            request::put(ledger, &signed, path)?;
            return Ok(asked);
        }
        let files: Vec<&Offered> = asked.iter().flat_map(|asked| &asked.evidence).collect();
        let receipts = commit(ledger, signed, &files)?;
        for (asked, receipt) in asked.iter_mut().filter(|asked| asked.receipt.is_none()).zip(receipts) {
            asked.overtaken = overtaken(ledger, &asked.subject, receipt.sequence)?;
            asked.receipt = Some(receipt).filter(|_| !self.dry_run);
        }
        Ok(asked)
    }

    /// What is asked for, and as drafts those that were not recorded before. What a retry completes is said as of the time and
    /// the day on which it was begun, where neither is given again.
    fn drafts(&self, ledger: &Ledger, changes: Vec<Change>) -> Result<(Vec<Asked>, Vec<Draft>), Failure> {
        let state = ledger.state();
        let (time, several) = (self.time(), changes.len() > 1);
        let first = self.id.unwrap_or_else(|| ids::new(time, output::random()));
        let file = self.file().filter(|_| self.id.is_some());
        let file = file.map(|path| request::Requests::of(path, ledger)).transpose()?;
        let (mut asked, mut drafts, mut begun) = (Vec::new(), Vec::new(), None);
        for (number, Change { subject, kind, data, answers, evidence, undated }) in (1..).zip(changes) {
            let mut draft = Draft::of_party(&self.speaker.0.party, subject.clone(), kind, time, data);
            let id = ids::further(first, state.origin().unwrap_or_default(), number);
            (draft.speaker, draft.id, draft.causationid) = (self.speaker.clone(), Some(id), answers);
            let correlation = self.correlation.clone().or_else(|| several.then(|| first.to_string()));
            draft.correlationid.clone_from(&correlation);
            draft.audience = Some(Meant::All(self.audience.clone()));
            let receipt = match self.id {
                Some(_) => repeated(ledger, &mut draft, self.time.is_some(), undated)?,
                None => None,
            };
            let held = match &file {
                Some(file) if receipt.is_none() => file.has(id, |event, known| {
                    says_again(&mut draft, event, self.time.is_some(), undated, known)
                })?,
                _ => false,
            };
            match (receipt.is_some() || held, &begun) {
                (true, None) => begun = Some((draft.time, draft.data.get(EFFECTIVE).cloned())),
                (false, Some((time, effective))) => {
                    draft.time = self.time.unwrap_or(*time);
                    if let Some(effective) = effective.clone().filter(|_| undated) {
                        draft.data.insert(EFFECTIVE.to_owned(), effective);
                    }
                }
                _ => {}
            }
            if receipt.is_none() && !held {
                drafts.push(draft);
            }
            asked.push(Asked { subject, id, correlation, evidence, receipt, held, overtaken: Vec::new() });
        }
        Ok((asked, drafts))
    }
}

/// What the party whose word an entry is said that is effective later, on the same axes.
pub(crate) fn overtaken(ledger: &Ledger, subject: &str, sequence: u64) -> Result<Vec<Overtaken>, Failure> {
    let action = subject.strip_prefix("actions/").and_then(|name| name.parse::<Code>().ok());
    let words = action.map(|action| ledger.words(&action)).transpose()?;
    Ok(words.map(|words| overtaken::of(&words, sequence)).unwrap_or_default())
}

/// Records what was signed. Files are kept before the entries that name them, and after the rules have admitted these, so that a
/// refusal leaves nothing behind; and of several requests none is recorded where one would be refused.
pub(crate) fn commit(
    ledger: &Ledger,
    signed: Vec<(Request, Vec<Disclosure>)>,
    evidence: &[&Offered],
) -> Result<Vec<Receipt>, Failure> {
    if signed.len() > 1 || !evidence.is_empty() {
        judge(ledger, &signed)?;
        evidence.iter().try_for_each(|file| file.keep(ledger).map(drop))?;
    }
    let told = signed.iter().map(|(request, _)| request.event.time).max();
    let receipts = ledger.record_all(signed, Utc::now())?;
    let receipts = receipts.into_iter().collect::<Result<_, _>>()?;
    let state = ledger.state();
    if state.clock() == Some(Clock::Illustrative) && told.is_some_and(|told| told < state.recorded) {
        let recorded = timestamp(state.recorded);
        output::tell(format_args!(
            "recorded as of {recorded}, and not of the time that was told: an entry before it is of then, and times never go back"
        ));
    }
    Ok(receipts)
}
