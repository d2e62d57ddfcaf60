//! A place of its own for each test: a founded ledger, the keys of both sides, and the program.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fmt, fs};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_annals");
pub(crate) const PLAN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/plan.json");
pub(crate) const HISTORY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/history.jsonl");

/// What is recorded where it does not matter what.
pub(crate) const PROGRESS: [&str; 7] =
    ["record", "progress", "1.G2G.2", "--as", "KR", "--lifecycle", "under_way"];
/// What only reads.
pub(crate) const READING: [&[&str]; 8] = [
    &["status"],
    &["show", "1.G2G.2"],
    &["timeline", "1.G2G.2"],
    &["replay"],
    &["lint"],
    &["export"],
    &["verify"],
    &["key", "list"],
];

pub(crate) struct Place {
    // Unmounted before the folder is removed.
    pub(crate) disk: Option<Disk>,
    pub(crate) folder: TempDir,
    pub(crate) ledger: PathBuf,
}

/// What the program answered.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Place {
    /// Founded, with one word said: 126 entries, in `ledger` beside `keys`.
    pub(crate) fn founded() -> Self {
        Self::empty().found()
    }

    /// As above, with the ledger on a disk of its own.
    pub(crate) fn on_a_disk_of(size: &str) -> Self {
        let mut place = Self::empty();
        let disk = Disk::mount(&place.folder.path().join("disk"), size);
        place.ledger = disk.path.join("ledger");
        place.disk = Some(disk);
        place.found()
    }

    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger");
        Self { disk: None, folder, ledger }
    }

    fn found(self) -> Self {
        let time = "2021-05-11T08:00:00.000Z";
        self.done(["init", PLAN, "--as", "DK", "--both-sides", "--illustrative", "--time", time]);
        self.done("record progress 1.G2G.1 --as KR --lifecycle under_way --note Begun".split(' '));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, in this place.
    pub(crate) fn annals<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        self.run(&mut Command::new(PROGRAM), arguments)
    }

    /// The program as a user without any rights of its own.
    pub(crate) fn annals_as_nobody<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        let program = self.path("annals");
        if !program.exists() {
            fs::copy(PROGRAM, &program).unwrap();
        }
        let nobody = || {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
            command
        };
        let possible = nobody().arg("test").arg("-x").arg(&program).output();
        assert!(
            possible.as_ref().is_ok_and(|output| output.status.success()),
            "this test runs the program as another user: it needs root, `setpriv` (package util-linux) and a folder \
             for temporary files that every user can enter: {possible:?}"
        );
        self.run(nobody().arg(&program), arguments)
    }

    /// As above, and ended where it waits for ever.
    pub(crate) fn annals_in_time<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        self.run(Command::new("timeout").args(["20", env!("CARGO_BIN_EXE_annals")]), arguments)
    }

    /// As above, where nothing can be written on standard error.
    pub(crate) fn annals_unheard<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        self.run(Command::new("sh").args(["-c", "exec \"$0\" \"$@\" 2>/dev/full", PROGRAM]), arguments)
    }

    /// As above, where no file grows beyond so many bytes.
    pub(crate) fn annals_within<S: AsRef<OsStr>>(
        &self,
        bytes: u64,
        arguments: impl IntoIterator<Item = S>,
    ) -> Answer {
        // What is written beyond is refused, and ends nothing.
        let limited = format!("trap '' XFSZ; exec prlimit --fsize={bytes} \"$0\" \"$@\"");
        self.run(Command::new("sh").args(["-c", &limited, PROGRAM]), arguments)
    }

    fn run<S: AsRef<OsStr>>(&self, command: &mut Command, arguments: impl IntoIterator<Item = S>) -> Answer {
        let Output { status, stdout, stderr } = command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("ANNALS_LEDGER", &self.ledger)
            .env("ANNALS_KEYS", self.path("keys"))
            .env("ANNALS_ANCHOR", self.path("anchor"))
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        let answer = Answer { code: status.code(), out: stdout, err: String::from_utf8(stderr).unwrap() };
        answer.check();
        answer
    }

    /// Carried out; the answer.
    pub(crate) fn done<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let answer = self.annals(arguments);
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
        String::from_utf8(answer.out).unwrap()
    }

    /// Refused with this code and these words; the ledger's bytes are those that they were.
    pub(crate) fn refused<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        code: i32,
        words: &[&str],
    ) {
        let before = self.truth();
        self.annals(arguments).says(code, words);
        assert!(self.truth() == before, "the ledger was changed");
    }

    pub(crate) fn export(&self) -> Vec<u8> {
        let answer = self.annals(["export"]);
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
        answer.out
    }

    /// How often an id stands in the export.
    pub(crate) fn count(&self, id: &str) -> usize {
        String::from_utf8(self.export()).unwrap().matches(&format!("\"id\":\"{id}\"")).count()
    }

    /// What must outlive every fault: all that is not derived from it.
    pub(crate) fn truth(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let derived = |path: &PathBuf| {
            ["sled", "index", "tile", "lock"].iter().any(|name| path.starts_with(self.ledger.join(name)))
        };
        let files = files(&self.ledger);
        files.into_iter().filter(|(path, _)| !derived(path)).collect()
    }

    /// The newest snapshot.
    pub(crate) fn snapshot(&self) -> PathBuf {
        let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("state-");
        let paths = fs::read_dir(self.ledger.join("index")).unwrap().map(|entry| entry.unwrap().path());
        paths.filter(named).max().unwrap()
    }

    pub(crate) fn segment(&self) -> PathBuf {
        self.ledger.join("journal/000000000000.jsonl")
    }
}

/// How many lines an export has.
pub(crate) fn lines(export: &[u8]) -> usize {
    export.split_inclusive(|byte| *byte == b'\n').count()
}

/// Puts a pipe that nobody writes to in the place of what is there.
pub(crate) fn pipe(path: &Path) {
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        let _ = fs::remove_file(path);
    }
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Every file below a folder, or the file itself; of a pipe, that there is one.
pub(crate) fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    if !path.is_dir() {
        let is_other = fs::metadata(path).is_ok_and(|data| !data.is_file());
        let bytes = if is_other { Ok(b"a pipe".to_vec()) } else { fs::read(path) };
        return bytes.map(|bytes| (path.to_owned(), bytes)).into_iter().collect();
    }
    fs::read_dir(path).unwrap().flat_map(|entry| files(&entry.unwrap().path())).collect()
}

impl Answer {
    /// Whatever happens: lines for people, and no trace of the program's inside.
    fn check(&self) {
        let Self { code, err, .. } = self;
        assert!(matches!(code, Some(0..=3)), "{self:?}");
        for inside in ["panicked", "backtrace", "unwrap", "src/"] {
            assert!(!err.contains(inside), "{err}");
        }
        // The readers of arguments and of settings explain themselves at more length.
        if !err.starts_with("error: ") && !err.starts_with("annals: annals.toml: ") {
            let line = |line: &str| ["annals: ", "  "].iter().any(|begin| line.starts_with(begin));
            assert!(err.lines().all(line) && (err.is_empty() || err.starts_with("annals: ")), "{err}");
        }
    }

    /// The answer is this code and one failure with these words; what was healed before may be said, too.
    pub(crate) fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.out.is_empty(), "a failure has no answer: {self:?}");
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not said: {}", self.err);
        }
        // What was healed or found before is said first, a line each.
        let said = self.err.lines().filter(|line| line.starts_with("annals: ")).count();
        assert!(said <= 3, "{}", self.err);
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}\n{}\n{}", self.code, self.err, String::from_utf8_lossy(&self.out))
    }
}

/// A small file system in memory.
pub(crate) struct Disk {
    pub(crate) path: PathBuf,
}

impl Disk {
    fn mount(path: &Path, size: &str) -> Self {
        fs::create_dir(path).unwrap();
        let disk = Self { path: path.to_owned() };
        let options = format!("size={size},mode=0755");
        run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs"], path);
        disk
    }

    pub(crate) fn remount(&self, option: &str) {
        run("mount", &["-o", &format!("remount,{option}")], &self.path);
    }

    /// Takes all the room but so many bytes.
    pub(crate) fn fill_but(&self, rest: u64) {
        use std::io::Write;
        let mut file = fs::File::create(self.path.join("fill")).unwrap();
        let full = (0..1 << 20).find_map(|_| file.write_all(&[b'x'; 4096]).err());
        assert_eq!(full.map(|error| error.kind()), Some(std::io::ErrorKind::StorageFull));
        let taken = file.metadata().unwrap().len();
        file.set_len(taken.saturating_sub(rest)).unwrap();
    }

    pub(crate) fn make_room(&self) {
        fs::remove_file(self.path.join("fill")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, so that it goes even where something still has a file open there.
        let gone = Command::new("umount").arg("-l").arg(&self.path).status();
        assert!(gone.is_ok_and(|status| status.success()) || std::thread::panicking(), "still mounted");
    }
}

fn run(program: &str, arguments: &[&str], path: &Path) {
    let output = Command::new(program).args(arguments).arg(path).output();
    assert!(
        output.as_ref().is_ok_and(|output| output.status.success()),
        "this test mounts a small file system at {}: it needs root and the right to mount (in a container \
         `--cap-add SYS_ADMIN`): {output:?}",
        path.display()
    );
}
