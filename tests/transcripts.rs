//! Transcripts of every command as its users see it, held by `trycmd`: one page each in `tests/transcripts`, which its
//! README describes. `TRYCMD=overwrite` writes the answers anew; read them before you keep them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;
use std::{env, fs};
use tempfile::TempDir;
use trycmd::TestCases;

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");
/// What lies on the desk at which every page begins.
const DESK: &str = "desk";
/// When everything is said that does not say otherwise.
const NOW: &str = "2021-06-01T09:00:00.000Z";
/// The pages on which no clock is set: usage lines would list its option.
const TIMELESS: [&str; 3] = ["errors", "help", "settings"];

#[test]
fn every_command_answers_as_its_transcript_says() {
    run(|name| !TIMELESS.contains(&name), |cases| cases.env("ANNALS_TIME", NOW));
}

#[test]
fn help_settings_and_errors_read_as_their_transcripts_say() {
    run(|name| TIMELESS.contains(&name), |cases| cases);
}

/// Runs the pages with these names, each in a folder of its own that holds the desk and the page's `.in`.
fn run(wanted: impl Fn(&str) -> bool, with: impl Fn(&TestCases) -> &TestCases) {
    let own = env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANNALS_"));
    assert_eq!(own.collect::<Vec<_>>(), [], "transcripts are run without settings of your own: unset them");
    let staged = TempDir::new().unwrap();
    let pages = pages();
    let pages: Vec<&str> = pages.iter().map(String::as_str).filter(|name| wanted(name)).collect();
    let cases = TestCases::new();
    cases.register_bin("annals", Path::new(env!("CARGO_BIN_EXE_annals")));
    with(&cases)
        .env("HOME", "home")
        .env("XDG_CONFIG_HOME", "")
        .env("XDG_STATE_HOME", "")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100");
    for name in &pages {
        let page = staged.path().join(format!("{name}.md"));
        fs::copy(Path::new(PAGES).join(format!("{name}.md")), &page).unwrap();
        copy(&Path::new(PAGES).join(DESK), &page.with_extension("in"));
        copy(&Path::new(PAGES).join(format!("{name}.in")), &page.with_extension("in"));
        // That it is there asks for a copy of `.in` to work in, one for the whole page.
        fs::create_dir(page.with_extension("out")).unwrap();
        cases.case(page);
    }
    cases.run();
    if env::var_os("TRYCMD").is_some_and(|mode| mode == "overwrite") {
        for name in pages.iter().map(|name| format!("{name}.md")) {
            fs::copy(staged.path().join(&name), Path::new(PAGES).join(&name)).unwrap();
        }
    }
}

/// The names of the pages.
fn pages() -> Vec<String> {
    let files = fs::read_dir(PAGES).unwrap().map(|entry| entry.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let names = pages.map(|page| page.file_stem().unwrap().to_string_lossy().into_owned());
    names.filter(|name| name != "README").collect()
}

/// Copies a folder, if it is there, into one that may be there already.
fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for name in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().file_name()) {
            copy(&from.join(&name), &to.join(&name));
        }
    } else if from.exists() {
        fs::copy(from, to).unwrap();
    }
}
