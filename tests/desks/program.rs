//! The program as a user has it: in a folder of their own, with keys and an anchor there, and nothing from the environment of the tests.

use std::path::Path;
use std::process::{Command, Output};

/// A program that is run in a folder.
pub(crate) fn within(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    let own = std::env::vars_os().map(|(name, _)| name);
    own.filter(|name| name.to_string_lossy().starts_with("ANNALS_")).for_each(|name| {
        command.env_remove(name);
    });
    command
        .current_dir(folder)
        .env("ANNALS_KEYS", folder.join("keys"))
        .env("ANNALS_ANCHOR", folder.join("anchor"));
    command
}

/// `annals`, run in a folder.
pub(crate) fn annals(folder: &Path) -> Command {
    within(folder, env!("CARGO_BIN_EXE_annals"))
}

/// What a command that was done has said.
pub(crate) fn said(command: &str, output: Output) -> String {
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
