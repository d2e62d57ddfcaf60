//! Verifies a history (a ledger's folder, an export, a bundle, a page), entry by entry, with no trust in whoever handed it over.
//!
//!     annals --ledger annals-demo/ledger export --output export.jsonl
//!     cargo run --example verify -- export.jsonl [LEAF HASH OF ENTRY 0]
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use annals::exchange::verification::{Trusted, Verification};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let history = arguments.next().map(PathBuf::from).ok_or("a history is expected")?;
    // Whose it is, must be known from elsewhere: a chain proves that nothing before its end was changed.
    let first = arguments.next().map(|hash| hash.to_string_lossy().parse()).transpose()?;
    let trusted = Trusted { first, ..Trusted::default() };

    // What has to be remembered of a long history lies in files without a name; memory is the same for any length.
    let found = Verification::of(&history, trusted, None, &mut |_| {})?;

    for verdict in &found.report.verdicts {
        match (&verdict.finding, verdict.idle) {
            (Some(finding), _) => {
                println!("{}: entry {} is wrong", verdict.check, finding.entry);
                println!("  expected {}\n  found    {}", finding.expected, finding.found);
            }
            (None, Some(idle)) => println!("{}: {idle}", verdict.check),
            (None, None) => {
                println!("{}: {} of {} entries", verdict.check, verdict.covered, found.report.size);
            }
        }
    }
    println!("{}", found.conclusion());
    println!("{} entries, of which witnesses vouch for the first {}", found.report.size, found.complete());
    Ok(ExitCode::from(u8::from(!found.holds())))
}
