//! `annals sheet`: a workbook that a ministry fills in, which `out` writes, and what is new in it when it comes back.

mod out;

use super::failure::{Failure, file};
use super::inbox::takes_part;
use super::output::{self, Standing};
use super::request;
use super::settings::Settings;
use super::signing::{self, EFFECTIVE, instant, overtaken};
use annals::domain::assertion::OccurrenceState;
use annals::domain::sealed::Audience;
use annals::exchange::import::{Import, ImportError, key_for};
use annals::exchange::sheet::edits::{self, Edit};
use annals::exchange::sheet::fault::Fault;
use annals::exchange::sheet::workbook::{FILE_LIMIT, Workbook, shown};
use annals::exchange::sheet::{Made, said_since, taken_in};
use annals::ledger::{Ledger, RecordError};
use annals::projection::filter::Filter;
use annals::projection::overtaken::Overtaken;
use annals::record::ids;
use annals::record::request::{Draft, Meant, Speaker, Submission};
use annals::report::xlsx::form::key;
use annals::trail::entry::timestamp;
use annals::trail::hash::{Head, sha256};
use annals::trail::key::SigningKey;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use out::Out;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

/// Hand a workbook to a ministry to fill in, and take back what is new in it
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  annals sheet out --as KR --institution MSIT -o msit.xlsx
  annals sheet in msit.xlsx --as KR --dry-run
  annals sheet in msit.xlsx --as KR")]
pub(crate) enum Sheet {
    Out(Out),
    In(In),
}

/// Take a workbook back: each row in which something is new becomes a signed word
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals sheet in msit.xlsx --as KR --dry-run            what is new, and every fault with its cell
  annals sheet in msit.xlsx --as KR
  annals sheet in msit.xlsx --as KR -o requests.jsonl    for the side that runs the ledger

What was filled in is derived again from the head that the sheet names. Where anything is wrong, or was said otherwise since, nothing is \
recorded. The same file taken in again records nothing twice. A file has 8 MB at most, unpacked 32 MB, and 10,000 rows.")]
pub(crate) struct In {
    /// The workbook
    file: PathBuf,
    /// Who speaks: the party whose sheet it is, such as KR, or an institution of it such as KR/MSIT
    #[arg(long = "as", value_name = "WHO")]
    speaker: Speaker,
    /// When it is said, such as 2021-04-14T09:30:00.000Z [default: when the workbook was saved, as it says itself]
    #[arg(long, env = "ANNALS_TIME", value_parser = instant)]
    time: Option<DateTime<Utc>>,
    /// What it belongs to: a round of reports
    #[arg(long, value_name = "TEXT")]
    correlation: Option<String>,
    /// For whom the notes are: public, parties, or a party
    #[arg(long, default_value = "parties", value_name = "WHOM",
          value_parser = |text: &str| Audience::try_from(text.to_owned()))]
    audience: Audience,
    /// Sign what is new into this file of requests, for the side that runs the ledger, and record nothing here
    #[arg(long, short, value_name = "FILE", conflicts_with = "dry_run")]
    output: Option<PathBuf>,
    /// Tell what is new, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Sheet {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        match self {
            Self::Out(command) => command.run(settings),
            Self::In(command) => command.run(settings),
        }
    }
}

/// What is new in a row, to be signed.
struct Word {
    edit: Edit,
    draft: Draft,
    /// Whether the same workbook was taken in before, or put into the same file.
    repeated: bool,
    /// What its party said that is effective later, on the same axes; known once it is recorded, be it in a copy.
    overtaken: Vec<Overtaken>,
}

impl In {
    fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let mut bytes = Vec::new();
        // A byte more than a workbook has, so that it is told from one that is cut off here.
        File::open(&self.file)
            .and_then(|input| input.take(FILE_LIMIT + 1).read_to_end(&mut bytes))
            .map_err(file(&self.file, "read"))?;
        let workbook = Workbook::read(&bytes).map_err(|fault| Failure::Note {
            path: self.file.clone(),
            what: "no return sheet; nothing was recorded",
            source: Box::new(fault),
        })?;
        let ledger = settings.recording_unless(self.dry_run, self.output.as_deref())?;
        let before = Standing::of(&ledger);
        let made = self.made(&ledger, &workbook)?;
        let sha256 = sha256(&bytes);
        let (mut words, faults) = self.words(&ledger, &workbook, &made, &sha256)?;
        let keyring = settings.keyring()?;
        let key = words.first().map(|word| key_for(&ledger, keyring, &word.draft)).transpose();
        let faults = match &key {
            Ok(Some(key)) => judged(&ledger, &words, key, faults)?,
            _ => faults,
        };
        if !faults.is_empty() {
            return Err(Failure::Sheet { path: self.file, faults });
        }
        let key = key?;
        if let Some(path) = &self.output {
            let new = words.iter().filter(|word| !word.repeated);
            let signed = new.zip(key.iter().cycle()).map(|(Word { draft, .. }, key)| {
                let (request, disclosures) = signing::sign(&ledger, draft, key)?;
                Submission::write(&request, &disclosures).map_err(|error| Failure::Answer(error.into()))
            });
            let lines: Vec<String> = signed.collect::<Result<_, _>>()?;
            if !lines.is_empty() {
                request::add(path, &lines)?;
            }
            return self.answer(&words, &before, settings);
        }
        let mut salt = output::salt;
        let mut import = Import::new(&ledger, keyring, &sha256, &mut salt);
        let failed = |error: ImportError| Failure::Returned {
            path: self.file.clone(),
            row: error.line,
            source: error.source,
        };
        for word in &words {
            let line = serde_json::to_vec(&word.draft).map_err(|error| Failure::Answer(error.into()))?;
            import.push(u64::from(word.edit.row) + 1, &line).map_err(failed)?;
        }
        import.finish().map_err(failed)?;
        for word in words.iter_mut().filter(|word| !word.repeated) {
            let entry = word.draft.id.map_or(Ok(None), |id| ledger.recorded(id))?;
            let found = entry.map(|entry| overtaken(&ledger, &word.draft.subject, entry.seal.sequence));
            word.overtaken = found.transpose()?.unwrap_or_default();
        }
        if !self.dry_run {
            settings.keep(&ledger);
        }
        let standing = if self.dry_run { before } else { Standing::of(&ledger) };
        self.answer(&words, &standing, settings)
    }

    /// What was filled in, by the head that the sheet names.
    fn made(&self, ledger: &Ledger, workbook: &Workbook) -> Result<Made, Failure> {
        let wrong = |what: String| Failure::usage(format!("{}: {what}", self.file.display()));
        let said = |key: &str| {
            workbook.about.get(key).map(String::as_str).ok_or_else(|| {
                wrong(format!(
                    "the sheet `About` says no `{key}`: take the workbook that `annals sheet out` made"
                ))
            })
        };
        let state = ledger.state();
        let (origin, party) = (said(key::LEDGER)?, said(key::PARTY)?);
        let own = state.origin().unwrap_or_default();
        if origin != own {
            return Err(wrong(format!("it was made from the ledger {}, and this is {own}", shown(origin))));
        }
        let us = &self.speaker.0;
        if party != us.party.as_str() {
            return Err(wrong(format!("it takes the words of {}, and {us} was to sign them", shown(party))));
        }
        takes_part(&state, us)?;
        let (entries, leaf) = (said(key::ENTRIES)?, said(key::HEAD)?);
        let language = workbook
            .language()
            .map_err(|spoken| wrong(format!("its language is {spoken}, and there are en, da and ko")))?;
        let head = entries.parse().ok().zip(leaf.parse().ok()).map(|(size, leaf)| Head { size, leaf });
        let made = match head.filter(|head| head.size > 0) {
            Some(head) => Made::of(ledger, Some(head), &us.party, &Filter::default(), language)?,
            None => None,
        };
        made.ok_or_else(|| {
            wrong(format!(
                "it was made after {} entries, the last with the leaf hash {}, and this ledger has none such there: bring this copy \
                 up to date, or make a new sheet",
                shown(entries),
                shown(leaf)
            ))
        })
    }

    /// What is new, as drafts, and what is wrong; of what was recorded before nothing is.
    fn words(
        &self,
        ledger: &Ledger,
        workbook: &Workbook,
        made: &Made,
        sha256: &str,
    ) -> Result<(Vec<Word>, Vec<Fault>), Failure> {
        let state = &made.history.state;
        // A program that does not say when it saves leaves what stood there.
        let saved = workbook.saved.filter(|saved| saved.timestamp() > state.recorded.timestamp());
        let time = self.time.or(saved);
        let party = &self.speaker.0.party;
        let founding = state.founding.as_ref();
        let day = |time: DateTime<Utc>| {
            founding.map_or_else(|| time.date_naive(), |founding| founding.day_of(party, time))
        };
        let (mut edits, mut faults) = edits::of(workbook, made, day(time.unwrap_or(state.recorded)));
        if edits.is_empty() {
            return Ok((Vec::new(), faults));
        }
        let origin = state.origin().unwrap_or_default();
        let id = |row: u32, time| ids::derived(time, origin, sha256, u64::from(row) + 1);
        let file = self.output.as_deref().map(|path| request::Requests::of(path, ledger)).transpose()?;
        let mut before = None;
        for edit in &edits {
            let id = id(edit.row, state.recorded);
            let signed = || file.as_ref().and_then(|file| file.time_of(id));
            before = before.or(taken_in(ledger, &edit.action, state.head.size, id)?).or_else(signed);
        }
        // Whoever repeats it says the same, whatever time it is given now.
        if before.is_some() && before != time {
            (edits, faults) = edits::of(workbook, made, day(before.unwrap_or(state.recorded)));
        }
        let Some(time) = before.or(time) else {
            return Err(Failure::usage(format!(
                "{}: it does not say when it was saved: say when its words were said with `--time`, and say the same whenever you \
                 repeat it",
                self.file.display()
            )));
        };
        let mut words = Vec::new();
        for edit in edits {
            let id = id(edit.row, time);
            let subject = format!("actions/{}", edit.action);
            let mut draft =
                Draft::new(self.speaker.0.clone(), subject, "action.progressed", time, edit.data.clone());
            draft.id = Some(id);
            draft.correlationid.clone_from(&self.correlation);
            draft.audience = Some(Meant::All(self.audience.clone()));
            let held = file.as_ref().map(|file| file.has(id, |event, known| draft.says(event, known)));
            let repeated = ledger.recorded(id)?.is_some() || held.transpose()?.unwrap_or(false);
            match said_since(ledger, &edit.action, party, state.head.size)? {
                Some(entry) if !repeated => faults.push(edit.outdated(entry, party)),
                _ => words.push(Word { edit, draft, repeated, overtaken: Vec::new() }),
            }
        }
        faults.sort_by_key(|fault| fault.place);
        Ok((words, faults))
    }

    fn answer(&self, words: &[Word], standing: &Standing, settings: &Settings) -> Result<ExitCode, Failure> {
        let repeated = words.iter().filter(|word| word.repeated).count() as u64;
        let new = words.len() as u64 - repeated;
        let count = output::count(new, "word", "words");
        let mut lines: Vec<String> = words.iter().map(told).collect();
        lines.push(match &self.output {
            Some(path) if new == 0 => format!("{count} signed, and nothing added to {}", path.display()),
            Some(path) => format!("{count} signed, and added to {}; nothing was recorded", path.display()),
            None if self.dry_run => {
                format!("{count} would be recorded; nothing was, {repeated} had been before")
            }
            None => format!("{count} recorded, {repeated} had been before"),
        });
        let text = lines.join("\n");
        let edits: Vec<Value> = words.iter().map(listed).collect();
        let mut members =
            json!({"dry_run": self.dry_run, "recorded": new, "repeated": repeated, "edits": edits});
        if let (Some(members), Some(path)) = (members.as_object_mut(), &self.output) {
            members.insert("file".to_owned(), output::path(path));
            members.insert("recorded".to_owned(), 0.into());
        }
        output::answer("returned", &text, members, standing, settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The faults, and in their cells what the rules say to the words.
fn judged(
    ledger: &Ledger,
    words: &[Word],
    key: &SigningKey,
    mut faults: Vec<Fault>,
) -> Result<Vec<Fault>, Failure> {
    for Word { edit, draft, .. } in words.iter().filter(|word| !word.repeated) {
        let (request, disclosures) = signing::sign(ledger, draft, key)?;
        match ledger.judge(&request, &disclosures, Utc::now()) {
            Err(error @ RecordError::Refused(_)) => faults.push(edit.refused(&error)),
            judged => judged?,
        }
    }
    faults.sort_by_key(|fault| fault.place);
    Ok(faults)
}

/// What is new in a row, in a line.
fn told(Word { edit, repeated, overtaken, .. }: &Word) -> String {
    let said = |name: &str| edit.data.get(name).and_then(Value::as_str);
    let mut parts: Vec<String> =
        ["lifecycle", "health"].into_iter().filter_map(said).map(|word| word.replace('_', " ")).collect();
    parts.extend(edit.data.get("occurrence").map(|told| {
        let of = |name: &str| told.get(name).and_then(Value::as_str);
        // What is postponed has a new date.
        let on = if of("state") == Some(OccurrenceState::Postponed.as_str()) { "to" } else { "on" };
        let date = of("date").map(|date| format!(" {on} {date}")).unwrap_or_default();
        format!("{} {}{date}", of("window").unwrap_or_default(), of("state").unwrap_or_default())
    }));
    parts.extend(said("note").map(|_| "a note".to_owned()));
    let before = if *repeated { " (recorded before)" } else { "" };
    let (said, effective) = (parts.join(", "), said(EFFECTIVE).unwrap_or_default());
    let unmoved = output::unmoved(overtaken);
    format!("{}: {}: {said}, as of {effective}{before}{unmoved}", edit.place(), edit.action)
}

fn listed(Word { edit, draft, repeated, overtaken }: &Word) -> Value {
    let mut members = json!({
        "cell": edit.place().to_string(), "action": edit.action, "id": draft.id, "time": timestamp(draft.time),
        "repeated": repeated, "data": edit.data,
    });
    output::overtakes(&mut members, overtaken);
    members
}
