//! A web server that serves what is published, and servers that mean no good.

use super::desks::{Mirror, Operator};
use annals::exchange::layout::{LayoutError, Source};
use annals::exchange::mirror::{Log, MirrorError, Mirrored};
use annals::exchange::web::Web;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fs, io};

/// How a server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// With the files.
    Well,
    /// With the files, packed.
    Packed,
    /// With errors, so many times, and then well.
    Late(u32),
    /// With more and more bytes.
    Endlessly,
    /// With fewer bytes than were promised.
    CutOff,
    /// With a length that nobody would take.
    Boasting,
    /// By sending elsewhere.
    Elsewhere,
    /// Not at all.
    Silently,
    /// With what is no HTTP.
    Garbled,
}

/// A server for the files of a folder, on this computer alone.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) asked: Arc<AtomicU32>,
    port: u16,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn of(public: &Path, manner: Manner) -> Self {
        let each = move |mut stream: TcpStream, public: &Path, count: &AtomicU32| {
            answer(&mut stream, public, manner, count)
        };
        Self::answering(public, "http://127.0.0.1", each)
    }

    /// One that lets `each` answer what comes; `at` is its scheme and its name.
    pub(crate) fn answering(
        public: &Path,
        at: &str,
        each: impl Fn(TcpStream, &Path, &AtomicU32) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (ends, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (public, ended, count) = (public.to_owned(), Arc::clone(&ends), Arc::clone(&asked));
        let each = Arc::new(each);
        let thread = thread::spawn(move || {
            // A test that asks for more than that does not end by itself.
            for stream in listener.incoming().take(5_000).map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (public, count, each) = (public.clone(), Arc::clone(&count), Arc::clone(&each));
                // Nobody is waited for longer than that.
                let patience = Some(Duration::from_secs(5));
                if stream.set_read_timeout(patience).and_then(|()| stream.set_write_timeout(patience)).is_ok()
                {
                    thread::spawn(move || drop(each(stream, &public, &count)));
                }
            }
        });
        let address = format!("{at}:{port}/log/");
        Self { address, asked, port, ends, thread: Some(thread) }
    }

    fn web(&self) -> Web {
        Web::new(&self.address, Duration::from_millis(400)).unwrap()
    }

    fn run(&self, mirror: &Mirror) -> Result<Mirrored, MirrorError> {
        mirror.follow(&Log::read(self.web())?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Answers one request, and closes.
pub(crate) fn answer(
    stream: &mut (impl Read + Write),
    public: &Path,
    manner: Manner,
    count: &AtomicU32,
) -> io::Result<()> {
    let mut lines = BufReader::new(&mut *stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let head: io::Result<Vec<String>> =
        lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).collect();
    let accepted =
        |line: &String| line.to_ascii_lowercase().strip_prefix("accept-encoding:").map(str::to_owned);
    // C2SP tlog-tiles: a client should list both.
    let accepted = head?.iter().find_map(accepted).unwrap_or_default();
    let takes_both = ["gzip", "identity"].iter().all(|coding| accepted.contains(coding));
    let asked = count.fetch_add(1, Ordering::SeqCst);
    let path = request.split(' ').nth(1).and_then(|path| path.strip_prefix("/log/")).unwrap_or_default();
    assert!(!path.contains(".."), "{path}");
    let Ok(bytes) = fs::read(public.join(PathBuf::from(path))) else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let head = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}Connection: close\r\n\r\n");
    match manner {
        _ if !takes_both => stream.write_all(head("406 Not Acceptable", "Content-Length: 0\r\n").as_bytes()),
        Manner::Late(times) if asked < times => {
            stream.write_all(head("503 Busy", "Content-Length: 0\r\n").as_bytes())
        }
        Manner::Well | Manner::Late(_) => {
            stream.write_all(head("200 OK", &format!("Content-Length: {}\r\n", bytes.len())).as_bytes())?;
            stream.write_all(&bytes)
        }
        Manner::Packed => {
            let bytes = packed(&bytes);
            let more = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bytes.len());
            stream.write_all(head("200 OK", &more).as_bytes())?;
            stream.write_all(&bytes)
        }
        Manner::Endlessly => {
            stream.write_all(head("200 OK", "").as_bytes())?;
            // As much as 256 MB: whoever reads it all has no limit.
            (0..256).try_for_each(|_| stream.write_all(&vec![b'x'; 1 << 20]))
        }
        Manner::CutOff => {
            stream.write_all(head("200 OK", &format!("Content-Length: {}\r\n", bytes.len())).as_bytes())?;
            stream.write_all(&bytes[..bytes.len() / 2])
        }
        Manner::Boasting => {
            stream.write_all(head("200 OK", "Content-Length: 999999999999\r\n").as_bytes())?;
            stream.write_all(&bytes)
        }
        Manner::Elsewhere => stream.write_all(
            head("302 Found", "Location: https://example.org/other\r\nContent-Length: 0\r\n").as_bytes(),
        ),
        Manner::Silently => {
            thread::sleep(Duration::from_secs(3));
            Ok(())
        }
        Manner::Garbled => stream.write_all(b"this is no answer\r\n\r\n"),
    }
}

/// As gzip has it (RFC 1952), in blocks that are stored as they are (RFC 1951 §3.2.4).
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut pieces = bytes.chunks(60_000).peekable();
    while let Some(piece) = pieces.next() {
        let length = u16::try_from(piece.len()).unwrap();
        all.push(u8::from(pieces.peek().is_none()));
        all.extend_from_slice(&length.to_le_bytes());
        all.extend_from_slice(&(!length).to_le_bytes());
        all.extend_from_slice(piece);
    }
    all.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    all.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
    all
}

#[test]
fn what_is_packed_on_the_way_is_the_same_and_has_the_same_limit() {
    let operator = Operator::of(300);
    let server = Server::of(&operator.public(), Manner::Packed);
    let mirror = Mirror::new();
    server.run(&mirror).unwrap();
    assert_eq!(mirror.ledger().head(), operator.desk.ledger.head());
    let length = fs::metadata(operator.public().join("tile/entries/000")).unwrap().len();
    assert!(server.web().read("tile/entries/000", length).unwrap().is_some());
    assert!(server.web().read("tile/entries/000", length - 1).is_err());
}

#[test]
fn a_copy_follows_a_server_as_it_follows_a_folder() {
    let mut operator = Operator::of(250);
    let mirror = Mirror::new();
    let server = Server::of(&operator.public(), Manner::Well);
    for (size, before) in [(250, 0), (300, 250), (300, 300)] {
        operator.grow(size);
        assert_eq!(server.run(&mirror).unwrap().before, before);
        assert_eq!(mirror.ledger().head(), operator.desk.ledger.head());
    }
    // Nothing new costs a checkpoint, and what proves that it is the same.
    let asked = server.asked.load(Ordering::SeqCst);
    server.run(&mirror).unwrap();
    assert_eq!(server.asked.load(Ordering::SeqCst) - asked, 1);
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let operator = Operator::of(40);
    let server = Server::of(&operator.public(), Manner::Late(2));
    server.run(&Mirror::new()).unwrap();
    let server = Server::of(&operator.public(), Manner::Late(99));
    let error = server.run(&Mirror::new()).unwrap_err();
    assert!(said(&error).contains("503"), "{}", said(&error));
    assert_eq!(server.asked.load(Ordering::SeqCst), 3);
}

#[test]
fn servers_that_mean_no_good_are_left_in_time_and_nothing_is_taken() {
    let mut operator = Operator::of(40);
    let copy = Mirror::of(&operator);
    operator.grow(44);
    for (manner, word) in [
        (Manner::Endlessly, "longer than 1000000 bytes"),
        (Manner::CutOff, ""),
        (Manner::Boasting, "999999999999 bytes, more than 1000000"),
        (Manner::Elsewhere, "https://example.org/other"),
        (Manner::Silently, "timeout"),
        (Manner::Garbled, ""),
    ] {
        let server = Server::of(&operator.public(), manner);
        let before = copy.truth();
        let begun = Instant::now();
        let error = server.run(&copy).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(20), "{manner:?}: {:?}", begun.elapsed());
        assert!(matches!(error, MirrorError::Layout(LayoutError::Read(..))), "{manner:?}: {error:?}");
        assert!(said(&error).contains(word), "{manner:?}: {}", said(&error));
        assert!(copy.truth() == before, "{manner:?}");
    }
    // It does not speak what was asked for.
    let plain = Server::of(&operator.public(), Manner::Well);
    let secret = plain.address.replace("http://", "https://");
    assert!(Web::new(&secret, Duration::from_millis(300)).unwrap().read("checkpoint", 100).is_err());
    // Nobody is there.
    let gone = Server::of(&operator.public(), Manner::Well).address.clone();
    let mut web = Web::new(&gone, Duration::from_millis(100)).unwrap();
    assert!(web.read("checkpoint", 100).is_err());
}

#[test]
fn what_is_missing_is_missing_and_what_is_too_long_is_not_read() {
    let operator = Operator::of(40);
    let server = Server::of(&operator.public(), Manner::Well);
    let mut web = server.web();
    assert_eq!(web.read("tile/0/001", 100).unwrap(), None);
    assert!(web.read("checkpoint", 10).is_err());
    let checkpoint = fs::read(operator.public().join("checkpoint")).unwrap();
    assert_eq!(web.read("checkpoint", checkpoint.len() as u64).unwrap(), Some(checkpoint));
}

#[test]
fn an_address_is_that_of_a_web_server() {
    let address = |text: &str| Web::new(text, Duration::from_secs(1)).map(drop);
    for good in
        ["http://127.0.0.1:8000", "https://example.org/dk-kr/", "https://example.org", "HTTPS://example.org"]
    {
        assert_eq!(address(good), Ok(()), "{good}");
    }
    for other in [
        "",
        "ftp://example.org",
        "https://",
        "https://example.org/?a",
        "https://example.org/#a",
        "http://a@b/",
    ] {
        assert!(address(other).is_err(), "{other}");
    }
}

/// An error with its sources.
fn said(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", said(source)))
}
