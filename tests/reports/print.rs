//! Printing: the page may hold withheld values, so nobody else reads it, and it does not outlast the command.

use super::desk::Desk;
use super::program;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// A browser that tells its folder and its process, and prints nothing for a long time.
const BROWSER: &str = "#!/bin/sh
for option; do case $option in file://*) page=${option#file://};; esac; done
echo \"$page\" > found.part && echo $$ >> found.part && mv found.part found
sleep 300
";

/// A desk whose temporary files are in `tmp`, with such a browser.
fn desk() -> Desk {
    let desk = Desk::reviewing();
    let browser = desk.path("browser");
    fs::write(&browser, BROWSER).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(desk.path("tmp")).unwrap();
    desk
}

fn print(desk: &Desk) -> Child {
    let report = ["report", "R2022", "-o", "evaluation.pdf", "--chromium", "./browser"];
    program::annals(desk.0.path()).args(report).env("TMPDIR", desk.path("tmp")).spawn().unwrap()
}

/// The page, once the browser has it, and the browser's process.
fn page(desk: &Desk) -> (PathBuf, String) {
    let found = (0..1000).find_map(|_| {
        sleep(Duration::from_millis(20));
        fs::read_to_string(desk.path("found")).ok()
    });
    let found = found.expect("the browser was begun");
    let (page, process) = found.trim_end().split_once('\n').unwrap();
    (page.into(), process.to_owned())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn kill(signal: &str, process: &str) -> bool {
    Command::new("kill").args([signal, process]).status().unwrap().success()
}

#[test]
fn a_page_that_is_printed_is_read_by_nobody_else_and_ends_with_the_command() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let desk = desk();
        let mut printing = print(&desk);
        let (page, browser) = page(&desk);
        assert_eq!((mode(&page), mode(page.parent().unwrap())), (0o600, 0o700));
        assert!(kill(signal, &printing.id().to_string()));
        // It ends as the signal ends it.
        assert_eq!(printing.wait().unwrap().code(), None);
        assert_eq!(fs::read_dir(desk.path("tmp")).unwrap().count(), 0, "{signal}");
        assert!(!kill("-0", &browser), "{signal}: the browser runs");
        assert!(!desk.path("evaluation.pdf").exists());
    }
}

#[test]
fn what_a_print_left_that_was_killed_goes_with_the_next_one() {
    let desk = desk();
    let left = |name: &str, old: bool| {
        let path = desk.path("tmp").join(name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("page.html"), "withheld").unwrap();
        if old {
            let then = SystemTime::now() - Duration::from_hours(1);
            fs::File::open(&path).unwrap().set_modified(then).unwrap();
        }
    };
    left("annals-print-old", true);
    left("annals-print-new", false);
    left("another", true);
    let mut printing = print(&desk);
    page(&desk);
    assert!(kill("-TERM", &printing.id().to_string()));
    printing.wait().unwrap();
    let mut names: Vec<_> =
        fs::read_dir(desk.path("tmp")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["annals-print-new", "another"]);
}
