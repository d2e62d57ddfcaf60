//! `annals request`: one change, signed and put into a file, for whoever runs the ledger to take in.

use super::failure::{Failure, file};
use super::output::{self, Format, Standing};
use super::record::Kind;
use super::settings::Settings;
use super::signing;
use annals::exchange::evidence::Offered;
use annals::ledger::Ledger;
use annals::record::authority::Keys;
use annals::record::fact::is_on_latest;
use annals::record::ids;
use annals::record::request::Submission;
use annals::trail::disclosure::Disclosure;
use annals::trail::entry::{self, Event};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;
use uuid::Uuid;

/// Sign one change into a file, for the side that runs the ledger
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals request progress 1.G2G.3 --as KR --lifecycle under_way -o requests.jsonl
  annals request confirm 1.G2G.3 --as KR -o requests.jsonl
  annals answer requests.jsonl --for KR -o answer.bundle      on the side that runs the ledger

What is said, and how, is as with `annals record`. It is judged by the entries of your copy and
signed on its newest one; nothing is recorded here. Each request is one more line of the file. What
else is signed (`key`, `policy adopt`, `erase`, `accede`) takes `-o FILE` in the same way.")]
pub(crate) struct Request {
    #[command(subcommand)]
    kind: Kind,
}

impl Request {
    pub(crate) fn run(self, mut settings: Settings) -> Result<ExitCode, Failure> {
        settings.asks = true;
        self.kind.run(&settings)
    }
}

/// Judges requests by the copy here, and adds them to a file: all of them, or none.
pub(crate) fn put(
    ledger: &Ledger,
    signed: &[(entry::Request, Vec<Disclosure>)],
    path: &Path,
) -> Result<(), Failure> {
    signing::judge(ledger, signed)?;
    Requests::of(path, ledger)?.tell_stale(signed, ledger)?;
    let line =
        |(request, disclosures): &(entry::Request, Vec<Disclosure>)| Submission::write(request, disclosures);
    let lines = signed.iter().map(line).collect::<Result<Vec<_>, _>>();
    add(path, &lines.map_err(|error| Failure::Answer(error.into()))?)
}

/// Says which requests were added to a file or were there already, and which files are to be handed over, too.
pub(crate) fn tell(
    ids: &[Uuid],
    held: usize,
    evidence: &[&Offered],
    path: &Path,
    standing: &Standing,
    format: Format,
) -> Result<(), Failure> {
    let (several, shown) = (ids.len() > 1, path.display());
    let signed = match ids.len() - held.min(ids.len()) {
        1 => "signed".to_owned(),
        new => format!("{new} requests signed"),
    };
    let mut text = match held {
        0 => format!("{signed}, and added to {shown}; nothing was recorded"),
        _ if held < ids.len() => {
            format!("{signed}, and added to {shown}, where {held} were already; nothing was recorded")
        }
        _ => format!("{shown} holds the same already; nothing was added, and nothing recorded"),
    };
    text.extend(ids.iter().map(|id| format!("\n  id    {id}")));
    for offered in evidence {
        text.extend([format!(
            "\n  hand this file over, too: {} (`annals evidence add` takes it in)",
            offered.path.display()
        )]);
    }
    let files: Vec<Value> = evidence.iter().map(|offered| output::path(&offered.path)).collect();
    let mut members = json!({"file": output::path(path), "id": ids.first(), "evidence": files});
    if several && let Some(members) = members.as_object_mut() {
        members.insert("ids".to_owned(), json!(ids));
    }
    output::answer("request", &text, members, standing, format)
}

/// The requests that a file holds, each signed by the key that it names; other lines are for whoever takes it in.
pub(crate) struct Requests<'a> {
    path: &'a Path,
    requests: HashMap<Uuid, (entry::Request, Vec<Disclosure>)>,
}

impl<'a> Requests<'a> {
    /// Those of a file, which need not be there yet.
    pub(crate) fn of(path: &'a Path, ledger: &Ledger) -> Result<Self, Failure> {
        let mut requests = HashMap::new();
        // What is no file, such as a pipe, holds nothing.
        if path.is_file() {
            let keys = &ledger.state().keys;
            let input = File::open(path).map_err(file(path, "read"))?;
            for line in BufReader::new(input).split(b'\n') {
                let line = line.map_err(file(path, "read"))?;
                let read = std::str::from_utf8(&line).ok().and_then(|text| Submission::read(text).ok());
                if let Some(Submission::Signed(request, disclosures)) = read.filter(is_signed(keys)) {
                    requests.entry(request.event.id).or_insert((request, disclosures));
                }
            }
        }
        Ok(Self { path, requests })
    }

    /// Tells of requests that the ledger will refuse, because they are signed on the latest entry of a stream in which one of the file
    /// comes before them.
    fn tell_stale(
        &self,
        signed: &[(entry::Request, Vec<Disclosure>)],
        ledger: &Ledger,
    ) -> Result<(), Failure> {
        let events = signed.iter().map(|(request, _)| &request.event);
        for Event { id, subject, .. } in events.filter(|event| is_on_latest(&event.kind)) {
            let others = self.requests.values().map(|(request, _)| &request.event);
            // A review is signed after all that was found and decided in it.
            let is_of = |other: &Event| {
                let review = other.data.members().get("review").cloned();
                let review = review.as_ref().and_then(Value::as_str);
                other.subject == *subject
                    || review.is_some_and(|review| subject.strip_prefix("reviews/") == Some(review))
            };
            for other in others.filter(|other| is_of(other) && other.id != *id) {
                if ledger.recorded(other.id)?.is_none() {
                    output::tell(format_args!(
                        "{} holds a request on {} that is not recorded here: where the ledger takes that first, it refuses this \
                         one; hand the file over, follow the answer (`annals mirror`), and sign this one then",
                        self.path.display(),
                        other.subject
                    ));
                    break;
                }
            }
        }
        Ok(())
    }

    /// The time of one whose id is the same but for that.
    pub(crate) fn time_of(&self, id: Uuid) -> Option<DateTime<Utc>> {
        self.requests.keys().find(|known| ids::same_but_for_time(**known, id)).map(|known| ids::time(*known))
    }

    /// Whether one says what is to be said under the same id, where `says` compares the two.
    pub(crate) fn has(
        &self,
        id: Uuid,
        says: impl FnOnce(&Event, &dyn Fn(&str) -> Option<Disclosure>) -> bool,
    ) -> Result<bool, Failure> {
        let Some((request, disclosures)) = self.requests.get(&id) else { return Ok(false) };
        let known =
            |digest: &str| disclosures.iter().find(|each| each.digest().to_string() == digest).cloned();
        if says(&request.event, &known) {
            return Ok(true);
        }
        Err(Failure::usage(format!(
            "{}: a request with the id {id} is there already, and says something else: give what is new another id, or name another \
             file",
            self.path.display()
        )))
    }
}

fn is_signed(keys: &Keys) -> impl Fn(&Submission) -> bool {
    move |line| matches!(line, Submission::Signed(request, _) if keys.signed(request))
}

/// Adds lines to a file of requests, durable on return: all of them, or none.
pub(crate) fn add(path: &Path, lines: &[String]) -> Result<(), Failure> {
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    let mut out = File::options().append(true).create(true).open(path).map_err(file(path, "opened"))?;
    // Nobody adds to it meanwhile whose lines would be cut off. Some network file systems lock no file.
    let _ = out.lock();
    let before = out.metadata().map_err(file(path, "read"))?.len();
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(|error| {
        // Half a line would spoil those that are added after it.
        let _ = out.set_len(before);
        file(path, "written")(error)
    })
}
