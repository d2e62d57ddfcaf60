//! A web server from which a published log is read, over HTTP or HTTPS.
//!
//! It is believed no more than a folder: what it answers is limited in time and in length, and verified like any other bytes. It is
//! asked for nothing but the files of the layout, below one address; where it sends elsewhere, nobody goes. Over HTTPS it must show a
//! certificate under an authority that this computer trusts, which may be a ministry's own.

use super::layout::{Source, limited};
use std::io::{self, ErrorKind};
use std::thread;
use std::time::Duration;
use ureq::http::{Response, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Error};

/// How often something is asked for before it counts as unreachable.
const TRIES: u32 = 3;

/// A server, and the address below which the files are.
#[derive(Debug)]
pub struct Web {
    agent: Agent,
    base: String,
    /// How long is waited before asking again; each time four times as long.
    pause: Duration,
}

/// Why a text is not the address of a published log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the address of a log: http:// or https://, a host, and a path without `?` or `#` are expected"
)]
pub struct NotAnAddress(String);

impl Web {
    /// The server at an address, with up to `patience` for each answer.
    ///
    /// # Errors
    /// [`NotAnAddress`].
    pub fn new(address: &str, patience: Duration) -> Result<Self, NotAnAddress> {
        let asked = address;
        let not_one = || NotAnAddress(asked.chars().take(200).collect());
        // Schemes are compared without regard to case (RFC 3986 §3.1).
        let (scheme, rest) = address.split_once("://").ok_or_else(not_one)?;
        let address = format!("{}://{rest}", scheme.to_ascii_lowercase());
        let uri: Uri = address.parse().map_err(|_| not_one())?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        let plain = uri.query().is_none() && !address.contains(['#', '@']);
        if !known || !plain || uri.host().is_none_or(str::is_empty) {
            return Err(not_one());
        }
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .timeout_connect(Some(patience.min(Duration::from_secs(15))))
            .timeout_recv_response(Some(patience))
            .timeout_recv_body(Some(patience))
            .timeout_global(Some(patience * 2))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            // C2SP tlog-tiles asks clients for both.
            .accept_encoding("gzip, identity")
            .user_agent(concat!("annals/", env!("CARGO_PKG_VERSION")))
            .build();
        let base = address.trim_end_matches('/').to_owned();
        Ok(Self { agent: config.into(), base, pause: patience.min(Duration::from_millis(500)) })
    }

    fn ask(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Trouble> {
        let answer = self.agent.get(format!("{}/{path}", self.base)).call().map_err(trouble)?;
        let status = answer.status().as_u16();
        match status {
            200 => {}
            404 | 410 => return Ok(None),
            300..=399 => return Err(Trouble::Lasting(elsewhere(&answer))),
            429 | 500..=599 => return Err(Trouble::Passing(said(format!("the server answers {status}")))),
            _ => return Err(Trouble::Lasting(said(format!("the server answers {status}")))),
        }
        // One that says how long it is need not be read to be refused.
        if let Some(length) = answer.body().content_length().filter(|length| *length > limit) {
            return Err(Trouble::Lasting(said(format!("it is {length} bytes, more than {limit}"))));
        }
        match limited(answer.into_body().into_reader(), limit) {
            Ok(bytes) => Ok(Some(bytes)),
            // What was cut off on the way may come whole the next time.
            Err(error) if error.kind() == ErrorKind::FileTooLarge => Err(Trouble::Lasting(error)),
            Err(error) => Err(Trouble::Passing(error)),
        }
    }
}

impl Source for Web {
    fn read(&mut self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let mut pause = self.pause;
        for _ in 1..TRIES {
            match self.ask(path, limit) {
                Ok(found) => return Ok(found),
                Err(Trouble::Lasting(error)) => return Err(error),
                Err(Trouble::Passing(_)) => thread::sleep(pause),
            }
            pause *= 4;
        }
        self.ask(path, limit).map_err(Trouble::error)
    }
}

/// Why nothing was answered.
enum Trouble {
    /// The next time it may go well.
    Passing(io::Error),
    /// It will be the same.
    Lasting(io::Error),
}

impl Trouble {
    fn error(self) -> io::Error {
        match self {
            Self::Passing(error) | Self::Lasting(error) => error,
        }
    }
}

fn trouble(error: Error) -> Trouble {
    let is_passing = matches!(
        error,
        Error::Io(_) | Error::Timeout(_) | Error::ConnectionFailed | Error::HostNotFound | Error::Protocol(_)
    );
    // Whatever is wrong with a connection, nothing is with the files that were asked for.
    let error = io::Error::other(error.into_io());
    if is_passing { Trouble::Passing(error) } else { Trouble::Lasting(error) }
}

/// Nobody is led to another place than the one that was named.
fn elsewhere(answer: &Response<Body>) -> io::Error {
    let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
    let to: String = to.chars().filter(|c| !c.is_control()).take(200).collect();
    said(format!("the server sends to {to}: if that is the right address, name it"))
}

fn said(what: String) -> io::Error {
    io::Error::other(what)
}
