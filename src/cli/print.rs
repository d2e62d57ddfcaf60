//! Printing: a page on paper (PDF), by a browser that is on this computer.

use super::failure::{Failure, file};
use super::files;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The names under which the browser is looked for.
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// How long it may take.
const LIMIT: Duration = Duration::from_mins(5);

/// Prints a page into a file that was not there. The page is put into a folder of its own, and the browser asks no network.
pub(crate) fn pdf(browser: Option<&Path>, page: &str, output: &Path) -> Result<(), Failure> {
    let browser = browser.map(Path::to_owned).or_else(found).ok_or_else(|| {
        Failure::usage(format!(
            "no browser to print with, of the names {}: install Chromium, or name it with --chromium",
            NAMES.join(", ")
        ))
    })?;
    let folder = tempfile::tempdir().map_err(file(Path::new("a temporary folder"), "made"))?;
    let (source, printed) = (folder.path().join("page.html"), folder.path().join("page.pdf"));
    std::fs::write(&source, page).map_err(file(&source, "written"))?;
    let mut command = Command::new(&browser);
    command
        .args(["--headless", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer"])
        .args([
            argument("--user-data-dir=", &folder.path().join("browser")),
            argument("--print-to-pdf=", &printed),
        ])
        .arg(argument("file://", &source))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // The superuser cannot have the browser's sandbox. The page is our own, and has no program in it.
    #[cfg(unix)]
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    let mut child = command.spawn().map_err(file(&browser, "run"))?;
    let begun = Instant::now();
    loop {
        if child.try_wait().map_err(file(&browser, "run"))?.is_some() {
            break;
        }
        if begun.elapsed() > LIMIT {
            let _ = child.kill().and_then(|()| child.wait());
            return Err(file(&browser, "waited for")(io::Error::from(io::ErrorKind::TimedOut)));
        }
        sleep(Duration::from_millis(20));
    }
    let bytes = std::fs::read(&printed).unwrap_or_default();
    if !bytes.starts_with(b"%PDF-") {
        return Err(Failure::usage(format!(
            "{} printed nothing: try it with `{} --headless --print-to-pdf=page.pdf FILE.html`",
            browser.display(),
            browser.display()
        )));
    }
    files::write(output, &bytes)
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
