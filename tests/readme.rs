//! The tour of the README is run as it stands there. Its `console` blocks that begin with `$ annals` are the commands and
//! their answers, one after another in one folder; all else is read by people. What a transcript may leave out, and how,
//! is told in `tests/transcripts/README.md`; the empty line that ends an answer there may be left out here.
//!
//! Another page is tried with `ANNALS_README=draft.md cargo test --test readme`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What the tour finds beside it, under the same names.
const BESIDE: [&str; 2] = ["examples/denmark-korea-2021-2024", "tests/vectors"];
/// The page that is tried instead of the README.
const PAGE: &str = "ANNALS_README";

#[test]
fn the_tour_of_the_readme_runs_as_it_stands_there() {
    let page = env::var_os(PAGE).map_or_else(|| Path::new(ROOT).join("README.md"), PathBuf::from);
    let case = tour(&fs::read_to_string(&page).unwrap());
    assert!(case.contains("\n$ annals "), "{}: no block begins with `$ annals`", page.display());

    let own =
        env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANNALS_") && name != PAGE);
    assert_eq!(own.collect::<Vec<_>>(), [], "the tour is run without settings of your own: unset them");
    let folder = tempfile::tempdir().unwrap();
    // The tour runs in a copy of `README.in`; that there is a `README.out` asks for the copy.
    fs::create_dir(folder.path().join("README.out")).unwrap();
    for name in BESIDE {
        let to = folder.path().join("README.in").join(name);
        fs::create_dir_all(&to).unwrap();
        let files = fs::read_dir(Path::new(ROOT).join(name)).unwrap().map(Result::unwrap);
        for file in files.filter(|file| file.path().is_file()) {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    fs::write(folder.path().join("README.md"), case).unwrap();
    trycmd::TestCases::new()
        .case(folder.path().join("README.md"))
        .register_bin("annals", Path::new(env!("CARGO_BIN_EXE_annals")))
        .env("HOME", "home")
        .env("XDG_CONFIG_HOME", "")
        .env("XDG_STATE_HOME", "")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100");
}

#[test]
fn a_wrong_expectation_fails() {
    for (page, word) in [
        ("```console\n$ annals --version\nannals 9.9.9\n```\n", "annals 9.9.9"),
        ("```console\n$ annals --version\n? 1\n...\n```\n", "Expected 1"),
        (
            "```console\n$ annals --version\n...\n$ annals status\n? 2\nannals: all is well\n```\n",
            "all is well",
        ),
        ("```console\n$ cargo --version\n```\n", "no block begins with `$ annals`"),
    ] {
        let (passed, words) = tried(page);
        assert!(!passed && words.contains(word), "{page}\n{words}");
    }
}

#[test]
fn what_is_no_transcript_is_not_run() {
    let page = "    $ annals made/up\n\n```sh\n$ annals made/up\n```\n```\n$ annals made/up\n```\n```console\n$ rm -r /\n```\n\
                ```console\n$ annals --version\nannals [..]\n```\n";
    let (passed, words) = tried(page);
    assert!(passed, "{words}");
}

/// Runs the first test on another page.
fn tried(page: &str) -> (bool, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), page).unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "the_tour_of_the_readme_runs_as_it_stands_there", "--nocapture"]);
    let Output { status, stdout, stderr } =
        command.env(PAGE, file.path()).env_remove("TRYCMD").output().unwrap();
    (status.success(), [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat())
}

/// The blocks to run, each on its lines, so that a failure names the line of the page. An answer ends with an empty line
/// (`trycmd` drops the last newline of what is expected); where there is none, the lines after the block catch up.
fn tour(page: &str) -> String {
    let mut case: Vec<&str> = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let mut block: Vec<&str> = Vec::new();
        for (_, line) in lines.by_ref().take_while(|(_, line)| !line.starts_with("```")) {
            if line.starts_with("$ ") {
                end_answer(&mut block);
            }
            block.push(line);
        }
        end_answer(&mut block);
        if language.trim() == "console" && block.first().is_some_and(|line| line.starts_with("$ annals ")) {
            case.resize(at.max(case.len()), "");
            case.push("```console");
            case.append(&mut block);
            case.push("```");
        }
    }
    case.push("");
    case.join("\n")
}

/// Ends the answer to the command before with an empty line, if there is an answer that has none.
fn end_answer(block: &mut Vec<&str>) {
    let answered =
        |line: &&str| !line.is_empty() && !["$ ", "> ", "? "].iter().any(|begin| line.starts_with(begin));
    if block.last().is_some_and(answered) {
        block.push("");
    }
}
