//! Completions and man pages, as shells and readers of man pages take them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn annals(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_annals")).args(arguments).output().unwrap()
}

fn pages(folder: &Path) -> Vec<(String, String)> {
    let pages = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    pages.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn the_completions_are_a_script_that_the_shell_reads() {
    let script = annals(&["completions", "bash"]);
    assert!(script.status.success());
    // From a file: it is longer than an argument may be.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("annals.bash");
    fs::write(&file, &script.stdout).unwrap();
    let read = Command::new("bash")
        .args(["-c", "source \"$1\" && complete -p annals", "bash", file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(read.status.success() && read.stderr.is_empty(), "{read:?}");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = String::from_utf8(annals(&["completions", shell]).stdout).unwrap();
        assert!(script.contains("timeline") && script.contains("lifecycle"), "{shell}");
    }
    assert_eq!(annals(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_page_with_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    let man = folder.path().join("share/man1");
    assert!(annals(&["man", man.to_str().unwrap()]).status.success());
    let pages = pages(&man);
    let help = String::from_utf8(annals(&["--help"]).stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let named: Vec<&str> = commands
        .lines()
        .take_while(|line| line.starts_with(' '))
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(named.len() > 10, "{named:?}");
    for name in &named {
        let page = pages.iter().find(|(file, _)| *file == format!("annals-{name}.1"));
        assert!(page.is_some_and(|(_, text)| text.contains(".SH NAME")), "{name} has no page");
    }
    assert!(pages.iter().any(|(file, _)| file == "annals-record-progress.1"), "commands of commands too");
    let (_, verify) = pages.iter().find(|(file, _)| file == "annals-verify.1").unwrap();
    assert!(verify.contains("annals verify export.jsonl    "), "an example keeps its columns");
}

/// The help of a command and of all below it, as it is written where no terminal says how wide it is.
fn helps(command: &[String]) -> Vec<String> {
    let named: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    let help = String::from_utf8(annals(&named).stdout).unwrap();
    let commands = help.split_once("\nCommands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap());
    let mut all = Vec::new();
    for line in commands.into_iter().flat_map(str::lines) {
        let name = line.strip_prefix("  ").filter(|line| !line.starts_with(' '));
        let name = name.and_then(|line| line.split(' ').next()).filter(|name| *name != "help");
        all.extend(name.into_iter().flat_map(|name| helps(&[command, &[name.to_owned()]].concat())));
    }
    all.push(help);
    all
}

#[test]
fn an_example_is_a_line_or_says_that_it_goes_on() {
    let mut examples = 0;
    for help in helps(&[]) {
        let Some((_, rest)) = help.split_once("\nExample") else { continue };
        let mut goes_on = false;
        for line in rest.lines().skip(1).take_while(|line| !line.is_empty()) {
            // Words beside the columns of commands, and a program of another name, are meant.
            let begins = line.starts_with("  ") && !line.starts_with("       ");
            assert!(begins || line.starts_with(&" ".repeat(30)), "{line:?} was broken off:\n{help}");
            assert_eq!(
                line.starts_with("      "),
                goes_on || line.starts_with(&" ".repeat(30)),
                "{line:?}:\n{help}"
            );
            goes_on = line.ends_with(" \\");
            examples += 1;
        }
        assert!(!goes_on, "{help}");
    }
    assert!(examples > 100, "{examples}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    let answer = annals(&["man", taken.join("man1").to_str().unwrap()]);
    let said = String::from_utf8(answer.stderr).unwrap();
    assert!(answer.status.code() == Some(2) && said.contains("taken/man1"), "{said}");
}
