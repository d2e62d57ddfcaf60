//! Printing: a page on paper (PDF), by a browser that is on this computer. The page may hold withheld values: nobody else
//! reads it, and it does not outlast the command.

use super::failure::{Failure, file};
use super::{files, output};
use annals::exchange::outgoing::Readers;
#[cfg(unix)]
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
#[cfg(unix)]
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The names under which the browser is looked for.
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// How long it may take.
const LIMIT: Duration = Duration::from_mins(5);
/// How often it is asked whether it has ended.
const STEP: Duration = Duration::from_millis(20);
/// How the name of the folder begins in which the page and its print lie.
const PREFIX: &str = "annals-print-";

/// Prints a page into a file that was not there. The browser asks no network.
pub(crate) fn pdf(browser: Option<&Path>, page: &str, output: &Path) -> Result<(), Failure> {
    let browser = browser.map(Path::to_owned).or_else(found).ok_or_else(|| {
        Failure::usage(format!(
            "no browser to print with, of the names {}: install Chromium, or name it with --chromium",
            NAMES.join(", ")
        ))
    })?;
    remove_left();
    let signals = Signals::watched().map_err(file(Path::new("signals"), "watched"))?;
    let folder = folder().map_err(file(&std::env::temp_dir(), "written"))?;
    let printed = printed(&browser, page, folder.path(), &signals);
    gone(folder);
    signals.obeyed();
    files::write(output, &printed?)
}

/// What the browser makes of a page, in a folder for both.
fn printed(browser: &Path, page: &str, folder: &Path, signals: &Signals) -> Result<Vec<u8>, Failure> {
    let (source, printed) = (folder.join("page.html"), folder.join("page.pdf"));
    files::write_by(&source, Readers::Owner, |out| {
        out.write_all(page.as_bytes()).map_err(file(&source, "written"))
    })?;
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer"])
        .args([argument("--user-data-dir=", &folder.join("browser")), argument("--print-to-pdf=", &printed)])
        .arg(argument("file://", &source))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // The superuser cannot have the browser's sandbox. The page is our own, and has no program in it.
    #[cfg(unix)]
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    // A group of its own, so that all its processes end with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(file(browser, "run"))?;
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(_)) => break,
            Ok(None) if signals.come() => {
                end(&mut child);
                return Err(file(browser, "waited for")(ErrorKind::Interrupted.into()));
            }
            Ok(None) if begun.elapsed() > LIMIT => {
                end(&mut child);
                return Err(file(browser, "waited for")(ErrorKind::TimedOut.into()));
            }
            Ok(None) => sleep(STEP),
            Err(error) => {
                end(&mut child);
                return Err(file(browser, "run")(error));
            }
        }
    }
    let bytes = std::fs::read(&printed).unwrap_or_default();
    if !bytes.starts_with(b"%PDF-") {
        return Err(Failure::usage(format!(
            "{} printed nothing: try it with `{} --headless --print-to-pdf=page.pdf FILE.html`",
            browser.display(),
            browser.display()
        )));
    }
    Ok(bytes)
}

/// A folder that only this user enters.
fn folder() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

/// Removes a folder, in which processes that were ended may write a last time.
fn gone(folder: TempDir) {
    let path = folder.keep();
    for _ in 0..50 {
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => sleep(STEP),
            _ => return,
        }
    }
    output::tell(format_args!("{} cannot be removed, and holds the page that was printed", path.display()));
}

/// Removes what prints of this user left that were killed.
fn remove_left() {
    let left = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in left.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())) {
        if entry.metadata().is_ok_and(|found| found.is_dir() && is_own(&found) && is_old(&found)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(unix)]
fn is_own(found: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(found) == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_own(_: &Metadata) -> bool {
    true
}

/// Whether no print can still use what was made then.
fn is_old(found: &Metadata) -> bool {
    let age = found.modified().ok().and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age > 2 * LIMIT)
}

/// Ends the browser with all its processes.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(id) = i32::try_from(child.id()) {
        let group = rustix::process::Pid::from_raw(id);
        let _ = group.map(|group| rustix::process::kill_process_group(group, rustix::process::Signal::KILL));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The signals that end a program, which are obeyed once the page is gone.
#[cfg(unix)]
struct Signals {
    /// The one that came, or 0.
    met: Arc<AtomicUsize>,
    gone: Arc<AtomicBool>,
}

#[cfg(unix)]
impl Signals {
    fn watched() -> io::Result<Self> {
        let signals = Self { met: Arc::default(), gone: Arc::default() };
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            flag::register_conditional_default(signal, Arc::clone(&signals.gone))?;
            flag::register_usize(
                signal,
                Arc::clone(&signals.met),
                usize::try_from(signal).unwrap_or_default(),
            )?;
        }
        Ok(signals)
    }

    fn come(&self) -> bool {
        self.met.load(Ordering::Relaxed) != 0
    }

    /// What comes from now on ends the program at once, and so does what came.
    fn obeyed(&self) {
        self.gone.store(true, Ordering::Relaxed);
        let met = i32::try_from(self.met.load(Ordering::Relaxed)).unwrap_or_default();
        if met != 0 {
            let _ = signal_hook::low_level::emulate_default_handler(met);
        }
    }
}

/// Where there are no such signals, the system ends the program.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn watched() -> io::Result<Self> {
        Ok(Self)
    }

    fn come(&self) -> bool {
        false
    }

    fn obeyed(&self) {}
}

fn argument(option: &str, path: &Path) -> std::ffi::OsString {
    [OsStr::new(option), path.as_os_str()].into_iter().collect()
}

/// The first of the names that is in a folder of programs.
fn found() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}
