//! The program `annals`: a thin shell over the library.

mod cli;

use annals::exchange::sheet::workbook;
use annals::store::contained;
use clap::Parser;
use std::process::ExitCode;
use std::{panic, thread};

fn main() -> ExitCode {
    pass_over_contained_panics();
    match cli::Arguments::parse().run() {
        Ok(code) => code,
        Err(error) => {
            cli::complain(&error);
            ExitCode::from(error.code())
        }
    }
}

/// A panic inside sled or inside the reader of workbooks is contained, and said in a line of its own where it matters.
fn pass_over_contained_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let contained = [contained::THREAD, workbook::THREAD];
        let name = thread::current().name().map(str::to_owned).unwrap_or_default();
        if !contained.iter().any(|thread| name.starts_with(thread)) {
            usual(panic);
        }
    }));
}
