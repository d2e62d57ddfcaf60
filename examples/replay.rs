//! Who knew what when: one action as it stood at the end of a day, as recorded by then and as is known now.
//!
//!     annals demo
//!     cargo run --example replay -- annals-demo/ledger 2.SCI.2 2022-11-30
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use annals::domain::value::Code;
use annals::ledger::index::Sayings;
use annals::ledger::{Cut, Ledger};
use annals::projection::reading::Reading;
use annals::projection::{board, timeline};
use annals::record::history::History;
use chrono::NaiveDate;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, action, day] = arguments.as_slice() else {
        return Err("a ledger, an action and a day are expected".into());
    };
    let (action, day): (Code, NaiveDate) = (action.parse()?, day.parse()?);
    // Readers take no lock: somebody may be writing meanwhile.
    let ledger = Ledger::open_read_only(folder.as_ref())?;

    let then = ledger.at(Some(Cut::Day(day)))?;
    println!("recorded by {day}:");
    show(&then, &Reading::of(&then.state, Some(day), None, None), &action)?;
    let now = ledger.at(None)?;
    println!("true by {day}, as is known after {} entries:", now.state.head.size);
    show(&now, &Reading::of(&now.state, None, Some(day), None), &action)?;

    println!("said since:");
    let subject = timeline::stream(&action);
    ledger.replay(then.state.head.size..u64::MAX, &mut |entry, fact| {
        if entry.request.event.subject == subject {
            let (words, effective) = timeline::words(fact);
            let since = effective.map(|date| format!(", since {date}")).unwrap_or_default();
            println!(
                "  {} {}: {words}{since}",
                entry.seal.recordedtime.date_naive(),
                entry.request.event.source
            );
        }
        Ok(())
    })?;
    Ok(())
}

fn show(history: &History<Sayings>, reading: &Reading, action: &Code) -> Result<(), Box<dyn Error>> {
    let state = &history.state;
    let found = state.programme.actions.get(action).ok_or("there is no such action by then")?;
    let row = board::row(history, found, &state.parties(), reading)?;
    println!("  {}", row.status.lifecycle.joint);
    for voice in &row.status.lifecycle.voices {
        let silent = if voice.word.is_some() { "otherwise" } else { "nothing" };
        let says = voice.says.map_or(silent, |word| word.as_str());
        println!("  {} says {says}", voice.party);
    }
    Ok(())
}
