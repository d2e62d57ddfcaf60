//! `annals disclose` and `erase`: withheld values, handed to those who may see them, taken in from them, and removed for
//! good.

use super::axes;
use super::failure::{Failure, file};
use super::files;
use super::output::{self, Standing};
use super::settings::Settings;
use super::signing::{Change, Signing, put};
use super::words;
use annals::domain::sealed::Audience;
use annals::domain::value::{Code, nearest};
use annals::exchange::disclosing::{self, HandError, Handed, TakeError, Which};
use annals::exchange::outgoing::Readers;
use annals::ledger::Ledger;
use annals::ledger::privacy::Intake;
use annals::projection::timeline::stream;
use annals::record::withheld;
use annals::trail::disclosure::Disclosure;
use clap::Args;
use serde_json::{Map, json};
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Hand withheld values to somebody who may see them, or take in what was handed over
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals disclose --for public -o public.jsonl        what everybody may see
  annals disclose 1.G2G.3 --for KR -o for-kr.jsonl    what KR may see of one action
  annals disclose 140                                 of one entry, on standard output
  annals disclose --take for-kr.jsonl                 on the other side

A party may see what is public, what is for the parties, what is for it, and what it said itself. One value a line; the \
entries go by themselves, with `annals export`. Files are handed over as files, with `annals evidence open`.

What is taken in must belong to an entry of this ledger; what was erased is not taken in again.")]
pub(crate) struct Disclose {
    /// An entry by sequence or id, or an action [default: all]
    #[arg(value_name = "ENTRY|ACTION")]
    what: Option<String>,
    /// For whom: public, parties (what each of them may see), or a party
    #[arg(long = "for", default_value = "public", value_name = "WHOM", value_parser = words::audience)]
    reader: Audience,
    /// Into this file, which must not exist [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Take in what is in this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["what", "reader", "output"])]
    take: Option<PathBuf>,
    /// Say what would be taken in, and keep nothing
    #[arg(long, requires = "take")]
    dry_run: bool,
}

impl Disclose {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        if let Some(path) = &self.take {
            return take(settings, path, self.dry_run);
        }
        let ledger = settings.reading()?;
        let which = self.what.as_deref().map_or(Ok(Which::All), |what| which(&ledger, what))?;
        known_reader(&ledger, &self.reader)?;
        let Some(path) = &self.output else {
            return match disclosing::write(
                &ledger,
                &which,
                &self.reader,
                &mut BufWriter::new(std::io::stdout().lock()),
            ) {
                // A reader that has seen enough (`| head`) is no failure.
                Err(HandError::Write(error)) if error.kind() != ErrorKind::BrokenPipe => {
                    Err(Failure::Answer(error))
                }
                Err(HandError::Ledger(error)) => Err(error.into()),
                Err(HandError::Write(_)) => Ok(ExitCode::SUCCESS),
                Ok(handed) => {
                    let left = left_out(&handed);
                    if handed.written == 0 && !left.is_empty() {
                        output::tell(format_args!(
                            "no value for {}: {}",
                            String::from(self.reader),
                            left.join("; ")
                        ));
                    }
                    Ok(ExitCode::SUCCESS)
                }
            };
        };
        let handed = files::write_by(path, Readers::Owner, |out| {
            disclosing::write(&ledger, &which, &self.reader, out).map_err(|error| match error {
                HandError::Write(error) => file(path, "written")(error),
                HandError::Ledger(error) => error.into(),
            })
        })?;
        self.answer(handed, path, &ledger, settings)
    }

    fn answer(
        &self,
        handed: Handed,
        path: &Path,
        ledger: &Ledger,
        settings: &Settings,
    ) -> Result<ExitCode, Failure> {
        let whom = String::from(self.reader.clone());
        let mut text = format!(
            "{} for {whom} written to {}",
            output::count(handed.written, "value", "values"),
            path.display()
        );
        text.extend(left_out(&handed).iter().map(|left| format!("; {left}")));
        let mut members = json!(handed);
        if let Some(members) = members.as_object_mut() {
            members.insert("for".to_owned(), whom.into());
        }
        output::answer("disclosures", &text, members, &Standing::of(ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What was not handed over, and why.
fn left_out(handed: &Handed) -> Vec<String> {
    let all =
        [(handed.others, "for others"), (handed.missing, "not at hand here"), (handed.erased, "erased")];
    let some = all.into_iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{count} {what}")).collect()
}

fn which(ledger: &Ledger, what: &str) -> Result<Which, Failure> {
    let state = ledger.state();
    let actions = &state.programme.actions;
    if let Some(action) = words::action(what).ok().filter(|code| actions.contains_key(code)) {
        return Ok(Which::Stream(stream(&action)));
    }
    let entry = what.bytes().all(|byte| byte.is_ascii_digit()) || what.len() == 36;
    if entry {
        return Ok(Which::Entry(axes::entry(ledger, what)?.seal.sequence));
    }
    let hint = nearest(what, actions.keys().map(Code::as_str));
    Err(Failure::usage(format!("`{what}` is neither an entry nor an action{hint}")))
}

pub(crate) fn known_reader(ledger: &Ledger, reader: &Audience) -> Result<(), Failure> {
    match reader {
        Audience::Public | Audience::Parties => Ok(()),
        Audience::Party(party) => axes::party(&ledger.state(), party)
            .map_err(|unknown| Failure::usage(format!("{unknown}; `public` and `parties` are readers, too"))),
    }
}

/// How many disclosures of a file became what.
#[derive(Default, serde::Serialize)]
struct Counts {
    taken: u64,
    known: u64,
    erased: u64,
    refused: u64,
}

fn take(settings: &Settings, path: &Path, dry_run: bool) -> Result<ExitCode, Failure> {
    let open = || File::open(path).map(BufReader::new).map_err(file(path, "read"));
    let failed = |source| match source {
        TakeError::Read(source) => file(path, "read")(source),
        source => Failure::Take { path: path.to_owned(), source },
    };
    // The form of every line is read before any is kept.
    disclosing::read(&mut open()?, &mut |_, _| Ok(())).map_err(failed)?;
    let ledger = if dry_run { settings.trying()? } else { settings.writing()? };
    let mut counts = Counts::default();
    let mut heard = |line: u64, disclosure: &Disclosure, taken: Intake| {
        let name = disclosure.name();
        let (count, why) = match taken {
            Intake::Kept => (&mut counts.taken, None),
            Intake::Known => (&mut counts.known, None),
            Intake::Erased(sequence) => {
                (&mut counts.erased, Some(format!("`{name}` was erased by entry {sequence}")))
            }
            Intake::Stray => {
                let digest = disclosure.digest();
                let why = format!("no entry here withholds a field `{name}` under {digest}");
                (&mut counts.refused, Some(why))
            }
            Intake::Unfit(fault) => (&mut counts.refused, Some(fault.to_string())),
        };
        *count += 1;
        if let Some(why) = why {
            let why: String = why.chars().take(300).collect();
            output::tell(format_args!(
                "{}: line {line}: not taken: {}",
                path.display(),
                why.replace('\n', " ")
            ));
        }
    };
    disclosing::take(&ledger, &mut open()?, &mut heard).map_err(failed)?;
    let Counts { taken, known, erased, refused } = &counts;
    let word = if dry_run { "would be taken in; nothing was" } else { "taken in" };
    let mut text =
        format!("{} {word}, {known} had been here before", output::count(*taken, "value", "values"));
    let more = [(erased, "erased and not taken"), (refused, "refused")].into_iter();
    let more = more.filter(|(count, _)| **count > 0);
    text.extend(more.map(|(count, what)| format!(", {count} {what}")));
    let mut members = json!(counts);
    if let Some(members) = members.as_object_mut() {
        members.insert("dry_run".to_owned(), dry_run.into());
    }
    output::answer("taken", &text, members, &Standing::of(&ledger), settings.format)?;
    Ok(ExitCode::from(u8::from(counts.refused > 0)))
}

/// Erase a withheld value that your party recorded: it is removed for good, and every proof stays valid
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals erase 140 --field note --as KR --reason 'On request' --basis 'GDPR Art. 17(1)(a)'
  annals erase 140 --field evidence/1/sha256 --as KR --reason 'Never public' --basis 'PIPA Art. 36'

An entry, signed by your party's authority, tells everybody that the value is to be removed: every copy of the ledger that \
takes that entry removes its own. Of confidential evidence (`evidence/1/sha256`) the file goes as well, unless another \
entry names it; where one may, whose digest is not at hand, you are told, and it stays until that is \
known. Nothing brings the value back.

What erasing cannot do: remove the value from backups, from a copy of the folder whose holder does not take the entry, from \
what was handed over or printed, from a file that is evidence in clear, or from the disk's free blocks and an SSD's spare \
ones. Nobody but the party that recorded a value can erase it.")]
pub(crate) struct Erase {
    /// The entry that withholds it, by sequence or id
    entry: String,
    /// Which value: note, reason, rationale, officer, contact, holder, or of a file evidence/1/filename, evidence/1/sha256
    #[arg(long)]
    field: String,
    /// Why; withheld in the ledger
    #[arg(long)]
    reason: String,
    /// The law that asks for it, such as 'GDPR Art. 17(1)(a)'; in clear
    #[arg(long)]
    basis: String,
    #[command(flatten)]
    signing: Signing,
}

impl Erase {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = self.signing.ledger(settings)?;
        let entry = axes::entry(&ledger, &self.entry)?;
        let places = withheld::places(&entry.request.event.data.members());
        let found = places.iter().find(|(place, _)| *place == self.field);
        let Some((_, digest)) = found else {
            let names: Vec<&str> = places.iter().map(|(place, _)| place.as_str()).collect();
            let sequence = entry.seal.sequence;
            return Err(Failure::usage(if names.is_empty() {
                format!("entry {sequence} withholds nothing that could be erased")
            } else {
                format!("entry {sequence} withholds no `{}`; it withholds {}", self.field, names.join(", "))
            }));
        };
        let mut data = Map::new();
        put(&mut data, "digest", Some(digest));
        put(&mut data, "basis", Some(self.basis));
        put(&mut data, "reason", Some(self.reason));
        let answers = Some(entry.request.event.id);
        let change = Change { answers, ..Change::new("ledger".to_owned(), "disclosure.erased", data) };
        let done = self.signing.record(&ledger, settings, change)?;
        ledger.complete_erasures().map_err(Failure::Lingering)?;
        Ok(done)
    }
}
