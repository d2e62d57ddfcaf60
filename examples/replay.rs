//! Who knew what when: one action as it stood at the end of a day, as recorded by then and as is known now.
//!
//!     annals demo
//!     cargo run --example replay -- annals-demo/ledger 2.SCI.2 2022-11-30
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use annals::domain::value::Code;
use annals::ledger::index::Sayings;
use annals::ledger::reading::Axes;
use annals::ledger::{Cut, Ledger};
use annals::projection::board;
use annals::projection::reading::Reading;
use annals::record::history::History;
use chrono::{NaiveDate, Utc};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, action, day] = arguments.as_slice() else {
        return Err("a ledger, an action and a day are expected".into());
    };
    let (action, day): (Code, NaiveDate) = (action.parse()?, day.parse()?);
    // Readers take no lock: somebody may be writing meanwhile.
    let ledger = Ledger::open_read_only(folder.as_ref())?;

    let axes = Axes { moment: Some(Cut::Day(day)), ..Axes::default() };
    let (then, reading) = ledger.reading(&axes, Utc::now())?;
    println!("recorded by {day}:");
    show(&then, &reading, &action)?;
    let axes = Axes { effective: Some(day), ..Axes::default() };
    let (now, reading) = ledger.reading(&axes, Utc::now())?;
    println!("true by {day}, as is known after {} entries:", reading.head.size);
    show(&now, &reading, &action)?;

    println!("said since:");
    let (now, reading) = ledger.reading(&Axes::default(), Utc::now())?;
    let (items, told) = ledger.timeline(&now, &reading, Some(&action), then.state.head.size)?;
    for item in items {
        let since = item.effective.map(|date| format!(", since {date}")).unwrap_or_default();
        println!("  {} {}: {}{since}", item.recorded.date_naive(), item.source, item.summary);
        // What is withheld is shown as far as it is at hand.
        if let Some(note) = told.get(&item.sequence).and_then(|told| told.note.as_ref()) {
            println!("    {note}");
        }
    }
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
