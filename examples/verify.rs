//! Verifies an export, entry by entry, with no store, no network and no trust in whoever handed it over.
//!
//!     annals --ledger annals-demo/ledger export --output export.jsonl
//!     cargo run --example verify -- export.jsonl [LEAF HASH OF ENTRY 0]
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use annals::ledger::index::Index;
use annals::record::verify::Verifier;
use annals::trail::hash::LeafHash;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("an export is expected")?;
    let known: Option<LeafHash> = arguments.next().map(|hash| hash.parse()).transpose()?;

    // What has to be remembered of a long history lies in files without a name; memory is the same for any length.
    let mut verifier = Verifier::<Index>::default();
    let mut input = BufReader::new(File::open(file)?);
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        match line.strip_suffix(b"\n") {
            Some(entry) => verifier.push(entry)?,
            // A line without its newline was never acknowledged, or was cut.
            None => verifier.push_torn(&line)?,
        }
        line.clear();
    }
    let report = verifier.finish()?;

    for verdict in &report.verdicts {
        match (&verdict.finding, verdict.idle) {
            (Some(finding), _) => {
                println!("{}: entry {} is wrong", verdict.check, finding.entry);
                println!("  expected {}\n  found    {}", finding.expected, finding.found);
            }
            (None, Some(idle)) => println!("{}: {idle}", verdict.check),
            (None, None) => println!("{}: {} of {} entries", verdict.check, verdict.covered, report.size),
        }
    }
    // A chain proves that nothing before its end was changed; whose chain it is, must be known from elsewhere.
    match known {
        Some(first) if first == report.first => println!("the ledger whose first entry you know"),
        Some(_) => println!("another ledger: its first entry is {}", report.first),
        None => println!("parties not authenticated: compare {} with what they told you", report.first),
    }
    let sound = report.holds() && known.is_none_or(|first| first == report.first);
    Ok(ExitCode::from(u8::from(!sound)))
}
