//! `annals demo`: the whole story on a fresh machine, without asking anything.

use super::exchange::bring_in;
use super::failure::{Failure, file};
use super::founding::Founding;
use super::{output, verify};
use annals::domain::value::Code;
use annals::exchange::keyring::Keyring;
use annals::ledger::anchor::Anchor;
use annals::ledger::checkpoints::CheckpointError;
use annals::ledger::{Cut, Ledger};
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::record::founding::Clock;
use annals::report::{answers, text};
use annals::trail::entry::parse_timestamp;
use chrono::Utc;
use clap::Args;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

const PLAN: &[u8] = include_bytes!("../../examples/denmark-korea-2021-2024/plan.json");
const HISTORY: &[u8] = include_bytes!("../../examples/denmark-korea-2021-2024/history.jsonl");
const FOLDER: &str = "annals-demo";
const FOUNDED: &str = "2021-05-11T08:00:00.000Z";

/// The whole story in one command: a plan, four years of history, a replay, a verification, a forgery caught
#[derive(Args)]
#[command(after_help = "\
Example:
  annals demo && annals --ledger annals-demo/ledger status

Writes only ./annals-demo/{ledger,keys,anchor,tampered}, and refuses a folder that exists.")]
pub(crate) struct Demo {}

impl Demo {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let Self {} = self;
        let folder = Path::new(FOLDER);
        fs::create_dir(folder).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::usage(format!(
                "./{FOLDER} is here already, and nothing is overwritten: remove it, or run the demo in another folder"
            )),
            _ => file(folder, "made")(error),
        })?;
        let keyring = Keyring::new(folder.join("keys"));
        let home = folder.join("ledger");
        let ledger = found(&home, &keyring)?;
        step("Four years of history, from both sides: each change a signed event")?;
        let summary = bring_in(&ledger, &keyring, Path::new("history.jsonl"), HISTORY, true)?;
        output::keep(&ledger);
        output::line(&format!(
            "{} requests recorded; the ledger has {} entries",
            summary.recorded,
            ledger.head().size
        ))?;

        step("Where every action stands today")?;
        board(&ledger, None, None)?;
        step("Replayed to the end of 2022: as recorded by then, and as effective by then")?;
        let end = chrono::NaiveDate::from_ymd_opt(2022, 12, 31);
        summary_of(&ledger, end, None, "what was known by the end of 2022")?;
        summary_of(&ledger, None, end, "\nwhat was true by the end of 2022, as is known today")?;

        step("Signed by the ledger, and cosigned by the witnesses of both sides")?;
        cosign(&ledger, &keyring, &Anchor::new(folder.join("anchor")))?;
        drop(ledger);
        step("Verified, entry by entry, trusting nobody")?;
        let report = verify::of(&home)?;
        output::words(&verify::table(&report))?;

        step("One byte flipped in a copy, and caught")?;
        let tampered = folder.join("tampered");
        tamper(&home, &tampered)?;
        let caught = verify::of(&tampered.join("export.jsonl"))?;
        output::words(&verify::table(&caught))?;
        output::line(
            "\nWhat to try next:\n  \
             annals --ledger annals-demo/ledger status --joint disputed\n  \
             annals --ledger annals-demo/ledger show 1.G2G.1\n  \
             annals --ledger annals-demo/ledger lint\n  \
             annals --ledger annals-demo/ledger --keys annals-demo/keys record progress 1.G2G.1 --as KR --note 'hello'",
        )?;
        Ok(ExitCode::from(u8::from(!report.holds() || caught.holds())))
    }
}

fn found(home: &Path, keyring: &Keyring) -> Result<Ledger, Failure> {
    step("A plan of two governments, and a ledger of it")?;
    let plan = super::plan::read(Path::new("plan.json"), PLAN)?;
    output::line(&format!("{}: {} actions in {} lines", plan.title, plan.actions.len(), plan.lines.len()))?;
    let first = plan.parties.first().map(|party| party.id.clone());
    let founder: Code = first.ok_or_else(|| Failure::usage("the plan has no parties".to_owned()))?;
    let time = parse_timestamp(FOUNDED).unwrap_or_default();
    let ledger = Ledger::create(home)?;
    Founding {
        plan: &plan,
        bytes: PLAN,
        origin: "annals.local/demo",
        founder: &founder,
        keys: &[],
        keyring,
        anchor: None,
        clock: Clock::Illustrative,
        time,
        both_sides: true,
        in_earnest: true,
    }
    .lay(&ledger)?;
    output::line(
        "Both sides' keys are made on this desk: good for a demonstration, and no proof between parties.",
    )?;
    Ok(ledger)
}

fn step(title: &str) -> Result<(), Failure> {
    output::line(&format!("\n── {title}\n"))
}

fn board(
    ledger: &Ledger,
    recorded: Option<chrono::NaiveDate>,
    effective: Option<chrono::NaiveDate>,
) -> Result<(), Failure> {
    let history = ledger.at(recorded.map(Cut::Day))?;
    let reading = Reading::of(&history.state, recorded, effective, None);
    let report = answers::status(&history, &reading, &Filter::default())?;
    output::words(&text::of(&report, output::width()))
}

/// A checkpoint that both sides vouch for: nothing up to it can be cut off or changed unnoticed.
fn cosign(ledger: &Ledger, keyring: &Keyring, anchor: &Anchor) -> Result<(), Failure> {
    let state = ledger.state();
    let key = state.ledger_key_at(state.head.size).ok_or(CheckpointError::Empty)?;
    let mut signed = ledger.checkpoint(&keyring.key(&key.keyid())?, anchor)?;
    for party in state.parties() {
        let witness = super::cosign::witness_key(ledger, party, keyring)?;
        let cosigned = ledger.cosign(&signed, &witness, anchor, Utc::now(), &mut annals::ledger::quietly)?;
        signed = ledger.take_cosignatures(&cosigned)?.signed;
    }
    let entries = output::count(signed.checkpoint().size(), "entry", "entries");
    output::line(&format!("{entries} under the root {}", signed.checkpoint().root()))?;
    output::line(&super::publish::cosigners(&signed, ledger))
}

/// The counts of a board alone.
fn summary_of(
    ledger: &Ledger,
    recorded: Option<chrono::NaiveDate>,
    effective: Option<chrono::NaiveDate>,
    title: &str,
) -> Result<(), Failure> {
    let history = ledger.at(recorded.map(Cut::Day))?;
    let reading = Reading::of(&history.state, recorded, effective, None);
    let mut report = answers::status(&history, &reading, &Filter::default())?;
    (report.columns, report.rows) = (Vec::new(), Vec::new());
    output::line(&format!("{title}\n"))?;
    output::words(&text::of(&report, None))
}

const TIME: &[u8] = b"\"time\":\"";

/// A copy of the entries with one bit of one event changed.
fn tamper(home: &Path, tampered: &Path) -> Result<(), Failure> {
    fs::create_dir(tampered).map_err(file(tampered, "made"))?;
    let mut bytes = Vec::new();
    let ledger = Ledger::open_read_only(home)?;
    let middle = ledger.head().size / 2;
    ledger
        .read(0..u64::MAX, &mut |at, line| {
            let mut line = line.to_vec();
            // The year in which it was said: 2022 becomes 2023.
            let year =
                line.windows(TIME.len()).position(|window| window == TIME).map(|at| at + TIME.len() + 3);
            if at == middle
                && let Some(byte) = year.and_then(|at| line.get_mut(at))
            {
                *byte ^= 1;
            }
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
            std::ops::ControlFlow::Continue(())
        })
        .map_err(annals::ledger::LedgerError::from)?;
    let path = tampered.join("export.jsonl");
    fs::write(&path, bytes).map_err(file(&path, "written"))
}
