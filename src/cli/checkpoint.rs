//! `annals checkpoint`: where the ledger stands, signed by its own key; the cosignatures that come back; and what is kept of both.

use super::failure::Failure;
use super::files;
use super::output::{self, Format, Standing};
use super::settings::Settings;
use annals::domain::value;
use annals::ledger::Ledger;
use annals::ledger::checkpoints;
use annals::record::authority::Key;
use annals::record::causes;
use annals::record::state::State;
use annals::report::table::Cell;
use annals::trail::checkpoint::SignedCheckpoint;
use annals::trail::entry::timestamp;
use annals::trail::note::{NOTE_LIMIT, Signature};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Sign where the ledger stands, or take in what the witnesses cosigned
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals checkpoint -o checkpoint.txt      sign, and hand this file to the other side
  annals checkpoint --take cosigned.txt    take in what comes back
  annals checkpoint --list                 what is kept, and who cosigned it when

A checkpoint is a signed note of C2SP tlog-checkpoint: the ledger's name, how many entries it has,
and the root of the tree over them. It is signed with the ledger's own key, which remembers it in the
anchor (`--anchor DIR`) and signs nothing that does not continue it. Whatever records makes one, too,
where that key is on this desk.")]
pub(crate) struct Checkpoint {
    /// Into this file, which must not exist
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Take in the cosignatures of this copy of a checkpoint
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    take: Option<PathBuf>,
    /// List what is kept
    #[arg(long, conflicts_with_all = ["output", "take"])]
    list: bool,
}

impl Checkpoint {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        if self.list {
            return list(settings);
        }
        if let Some(path) = &self.take {
            return take(&settings.writing()?, path, settings);
        }
        let ledger = settings.recording()?;
        let state = ledger.state();
        let key = super::attest::own_key(&state, settings)?;
        let signed = ledger.checkpoint(&key, settings.anchor()?)?;
        if let Some(path) = &self.output {
            files::write(path, signed.to_string().as_bytes())?;
        }
        let to =
            self.output.as_ref().map_or_else(String::new, |path| format!(", written to {}", path.display()));
        let entries = output::count(signed.checkpoint().size(), "entry", "entries");
        let text = format!("checkpoint of {entries} signed{to}\n  root  {}", signed.checkpoint().root());
        output::answer(
            "checkpoint",
            &text,
            members(&signed, &state),
            &Standing::of(&ledger),
            settings.format,
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

fn take(ledger: &Ledger, path: &Path, settings: &Settings) -> Result<ExitCode, Failure> {
    let copy = read(path)?;
    let taken = ledger.take_cosignatures(&copy)?;
    let size = taken.signed.checkpoint().size();
    let mut text = format!(
        "{} taken in for {}",
        output::count(taken.new.len() as u64, "cosignature", "cosignatures"),
        output::count(size, "entry", "entries")
    );
    for (keyid, time) in &taken.new {
        text.extend([format!("\n  {keyid} at {}", instant(*time))]);
    }
    let state = ledger.state();
    for line in &taken.unknown {
        let was_witness = |(_, key): (&str, &Key)| key.signer.is_witness() && line.names(&key.vkey);
        let is_revoked = state.keys.iter().any(was_witness);
        let why = if is_revoked { "whose key was revoked by then" } else { "whom this ledger does not know" };
        text.extend([format!("\n  passed over: a signature by {}, {why}", shown(line))]);
    }
    for keyid in &taken.undated {
        text.extend([format!("\n  passed over: the cosignature by {keyid}, which tells no time")]);
    }
    let mut members = members(&taken.signed, &state);
    if let Some(members) = members.as_object_mut() {
        members.insert("taken".to_owned(), taken.new.iter().map(|(keyid, _)| keyid.as_str()).collect());
        members.insert("unknown".to_owned(), taken.unknown.iter().map(Signature::name).collect());
    }
    output::answer("checkpoint", &text, members, &Standing::of(ledger), settings.format)?;
    Ok(ExitCode::SUCCESS)
}

const COLUMNS: [&str; 4] = ["size", "root", "witness", "cosigned"];

fn list(settings: &Settings) -> Result<ExitCode, Failure> {
    let ledger = settings.reading()?;
    let state = ledger.state();
    let ((kept, unread), standing) = (ledger.kept_checkpoints()?, Standing::of(&ledger));
    match settings.format {
        Format::Json => {
            let kept: Vec<Value> = kept.iter().map(|signed| members(signed, &state)).collect();
            let mut members = json!({ "checkpoints": kept });
            if let Some(members) = members.as_object_mut().filter(|_| !unread.is_empty()) {
                members.insert("unread".to_owned(), unread.iter().map(|error| causes::of(error)).collect());
            }
            output::answer("checkpoints", "", members, &standing, Format::Json)?;
        }
        Format::Csv => {
            let rows: Vec<Vec<Cell>> = kept.iter().flat_map(|signed| rows(signed, &state)).collect();
            output::rows(&COLUMNS, &rows, standing.illustrative)?;
        }
        Format::Table => {
            let mut text = format!("{} kept", output::count(kept.len() as u64, "checkpoint", "checkpoints"));
            for signed in &kept {
                let checkpoint = signed.checkpoint();
                text.extend([format!("\n\n{:>9}  root {}", checkpoint.size(), checkpoint.root())]);
                for (keyid, time) in checkpoints::cosigned(signed, &state) {
                    text.extend([format!("\n           cosigned {} by {keyid}", instant(time))]);
                }
            }
            output::answer("checkpoints", &text, Value::Null, &standing, Format::Table)?;
        }
    }
    // They take nothing from what the others vouch for.
    for error in &unread {
        output::complain(error);
    }
    Ok(ExitCode::from(u8::from(!unread.is_empty())))
}

fn rows(signed: &SignedCheckpoint, state: &State) -> Vec<Vec<Cell>> {
    let checkpoint = signed.checkpoint();
    let row = |witness: Option<(String, u64)>| {
        let (keyid, time) = witness.unzip();
        vec![
            Cell::Number(checkpoint.size()),
            Cell::text(checkpoint.root().to_string()),
            Cell::maybe(keyid),
            Cell::maybe(time.map(instant)),
        ]
    };
    let mut rows: Vec<Vec<Cell>> =
        checkpoints::cosigned(signed, state).into_iter().map(|each| row(Some(each))).collect();
    if rows.is_empty() {
        rows.push(row(None));
    }
    rows
}

pub(crate) fn members(signed: &SignedCheckpoint, state: &State) -> Value {
    let checkpoint = signed.checkpoint();
    let witnesses: Vec<Value> = checkpoints::cosigned(signed, state)
        .into_iter()
        .map(|(keyid, time)| json!({"keyid": keyid, "time": instant(time)}))
        .collect();
    json!({
        "origin": checkpoint.origin(), "entries": checkpoint.size(), "root": checkpoint.root().to_string(),
        "cosigned": witnesses, "note": signed.to_string(),
    })
}

/// An instant in POSIX seconds, as it is shown.
pub(crate) fn instant(seconds: u64) -> String {
    let known = i64::try_from(seconds).ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    known.map_or_else(|| format!("second {seconds}"), timestamp)
}

/// The name in a line of somebody unknown, as it is shown: whoever chose it may have wanted it to look like a verdict.
pub(crate) fn shown(line: &Signature) -> String {
    value::shown(&line.name().chars().take(80).collect::<String>()).into_owned()
}

/// Reads a checkpoint with its signatures.
pub(crate) fn read(path: &Path) -> Result<SignedCheckpoint, Failure> {
    files::parsed(path, NOTE_LIMIT as u64, "not a signed checkpoint", SignedCheckpoint::parse)
}
