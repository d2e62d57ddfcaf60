//! A page: a report with the entries that it rests on and what vouches for them, written for whoever has nothing else, and read
//! back. Where they stand in it is told by [`crate::report::html`].
//!
//! What a page says in its own words is not looked at: it is made from the entries, and can be made again.

use crate::ledger::proving::ProveError;
use crate::ledger::{Ledger, LedgerError};
use crate::report::document::Document;
use crate::report::html::{self, PageProof, unescaped};
use crate::report::labels::Labels;
use crate::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use crate::trail::entry::ENTRY_LIMIT;
use crate::trail::hash::NodeHash;
use crate::trail::note::NOTE_LIMIT;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::ops::ControlFlow;

/// With what a page begins.
pub const BEGIN: &str = "<!DOCTYPE html>";

/// The most bytes of a line that is looked at: an entry in which each byte is an escaped one.
const LINE_LIMIT: u64 = 6 * ENTRY_LIMIT as u64;
/// The most hashes of a consistency proof: two for each level of a tree of 2^63.
const HASHES: usize = 128;

/// Why a page is not read.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Not read.
    #[error("the page cannot be read")]
    Read(#[from] io::Error),
    /// No report, one for paper, or one whose lines end otherwise than they did.
    #[error(
        "the page holds no entries: `annals report … -o FILE.html` makes one that does; one that a program saved again on the way is \
         taken as it was sent"
    )]
    Empty,
    /// Its checkpoint.
    #[error("the checkpoint in the page is none")]
    Checkpoint(#[from] CheckpointFault),
    /// Its proof.
    #[error("line {0} of the consistency proof in the page is not a hash in base64")]
    Consistency(usize),
}

/// Why a page is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// What vouches for its entries.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The entries.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The output takes no more.
    #[error("the page cannot be written")]
    Write(#[from] io::Error),
}

/// Writes a document as a page, with the entries of the ledger that it rests on, which are never all in memory.
///
/// # Errors
/// [`WriteError`]; what was written is no page then.
pub fn write(
    ledger: &Ledger,
    document: &Document,
    labels: &Labels,
    out: &mut dyn Write,
) -> Result<(), WriteError> {
    let proof =
        ledger.vouched(document.size)?.map_or_else(PageProof::default, |(checkpoint, path)| PageProof {
            checkpoint: Some(checkpoint.to_string()),
            consistency: path.iter().map(ToString::to_string).collect(),
        });
    let page = html::of(document, labels, Some(&proof));
    out.write_all(page.head.as_bytes())?;
    let mut written = Ok(());
    ledger.follow(document.size, &mut |line| {
        let line = html::escaped(&String::from_utf8_lossy(line));
        written = out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n"));
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    written?;
    Ok(out.write_all(page.tail.as_bytes())?)
}

/// A page: what vouches for its entries; read, it gives these, one a line.
#[derive(Debug)]
pub struct Page {
    /// The checkpoint.
    pub checkpoint: Option<SignedCheckpoint>,
    /// Where the checkpoint has more entries, that it continues these.
    pub consistency: Vec<NodeHash>,
    input: BufReader<File>,
    line: io::Cursor<Vec<u8>>,
    ended: bool,
}

impl Page {
    /// Reads a page up to its entries.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn open(mut file: File) -> Result<Self, PageError> {
        file.rewind()?;
        let mut input = BufReader::new(file);
        let (mut checkpoint, mut consistency) = (None, Vec::new());
        loop {
            let line = line(&mut input)?;
            match line.as_slice() {
                b"" => return Err(PageError::Empty),
                b"<pre id=\"entries\" hidden>\n" => break,
                b"<pre id=\"checkpoint\" hidden>\n" => {
                    checkpoint = Some(SignedCheckpoint::parse(&element(&mut input, NOTE_LIMIT)?)?);
                }
                b"<pre id=\"consistency\" hidden>\n" => {
                    let text = element(&mut input, HASHES * 64)?;
                    let hashes = (1..).zip(text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()));
                    let parsed = hashes.map(|(number, hash)| {
                        let text = std::str::from_utf8(hash).ok();
                        text.and_then(|text| text.parse().ok()).ok_or(PageError::Consistency(number))
                    });
                    consistency = parsed.collect::<Result<_, _>>()?;
                }
                _ => {}
            }
        }
        Ok(Self { checkpoint, consistency, input, line: io::Cursor::default(), ended: false })
    }
}

/// The next line, or as much of it as is looked at; nothing at the end.
fn line(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// The text of an element up to the line that ends it, of no more than so many bytes; the rest of a longer one is passed over.
fn element(input: &mut impl BufRead, limit: usize) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let line = line(input)?;
        if line.is_empty() || line.starts_with(b"</pre>") {
            return Ok(text);
        }
        // One byte too many is as wrong as all of them.
        if text.len() <= limit {
            text.extend(unescaped(&String::from_utf8_lossy(&line)).bytes());
        }
    }
}

/// The entries, one a line.
impl Read for Page {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.line.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.ended {
                return Ok(read);
            }
            let next = line(&mut self.input)?;
            self.ended = next.is_empty() || next.starts_with(b"</pre>");
            if !self.ended {
                // Bytes that are no text stay what they are, and are no entry.
                let text = match String::from_utf8(next) {
                    Ok(text) => unescaped(&text).into_bytes(),
                    Err(error) => error.into_bytes(),
                };
                self.line = io::Cursor::new(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> Result<Vec<u8>, PageError> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        let (mut page, mut entries) = (Page::open(file)?, Vec::new());
        page.read_to_end(&mut entries)?;
        Ok(entries)
    }

    const WHOLE: &str = "<!DOCTYPE html>\n<pre id=\"consistency\" hidden>\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n</pre>\n\
                         <pre id=\"entries\" hidden>\n{&lt;&amp;lt;}\n{}\n</pre>\nmore";

    #[test]
    fn the_entries_are_what_stands_between_their_lines() {
        assert_eq!(read(WHOLE.as_bytes()).unwrap(), b"{<&lt;}\n{}\n");
        let cut = WHOLE.strip_suffix("\n</pre>\nmore").unwrap();
        assert_eq!(read(cut.as_bytes()).unwrap(), b"{<&lt;}\n{}", "a last line that is cut off stays so");
        assert!(matches!(read(b"<!DOCTYPE html>\n<p>"), Err(PageError::Empty)));
        let wrong = WHOLE.replace("CsUY", "CsU");
        assert!(matches!(read(wrong.as_bytes()), Err(PageError::Consistency(1))));
    }

    #[test]
    fn a_line_without_an_end_is_not_kept_in_memory() {
        let long = format!("<!DOCTYPE html>{}\n{WHOLE}", "x".repeat(4 << 20));
        assert_eq!(read(long.as_bytes()).unwrap(), b"{<&lt;}\n{}\n");
    }

    proptest! {
        #[test]
        fn whatever_bytes_are_read_or_refused(bytes: Vec<u8>, at in 0..WHOLE.len(), flip: u8) {
            let _ = read(&bytes);
            let mut changed = WHOLE.as_bytes().to_vec();
            changed[at] ^= flip;
            let _ = read(&changed);
            let _ = read(&[&changed[..at], &bytes].concat());
        }
    }
}
