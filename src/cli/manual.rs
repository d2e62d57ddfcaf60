//! `annals completions`, `annals man`: what shells and `man` know of the commands, out of the commands themselves.

use super::failure::{Failure, file};
use super::{Arguments, output};
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::roff::{Roff, roman};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

/// The program, as the system finds it.
const NAME: &str = "annals";

/// Completions for a shell, on standard output
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals completions bash > ~/.local/share/bash-completion/completions/annals
  annals completions zsh > ~/.zfunc/_annals
  annals completions fish > ~/.config/fish/completions/annals.fish")]
pub(crate) struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), NAME, &mut script);
        output::write(&script)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Man pages, one for each command, into a folder
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals man ~/.local/share/man/man1
  man annals-verify")]
pub(crate) struct Man {
    /// The folder; it is made where it is missing
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        fs::create_dir_all(&self.folder).map_err(file(&self.folder, "made"))?;
        let mut command = Arguments::command().disable_help_subcommand(true);
        command.build();
        write(&command, &self.folder).map_err(file(&self.folder, "written"))?;
        output::line(&format!("man pages written to {}", self.folder.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The page of a command and those of its commands.
fn write(command: &Command, folder: &Path) -> io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(more) = command.get_after_help() {
        // Examples stand in lines of their own, which are not to be filled.
        let mut notes = Roff::new();
        notes.control("SH", ["NOTES"]).control("nf", []);
        for line in more.to_string().lines() {
            notes.text([roman(line)]);
        }
        notes.control("fi", []).to_writer(&mut page)?;
    }
    fs::write(folder.join(man.get_filename()), page)?;
    command.get_subcommands().try_for_each(|command| write(command, folder))
}
