//! What a file is that is verified alone, by its first bytes: a proof, an account, a checkpoint, or two that cannot both be true.

use super::super::failure::{Failure, file};
use annals::trail::canonical::MARK;
use annals::trail::hash::NodeHash;
use annals::trail::note::{NOTE_LIMIT, Note};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a small file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Proof,
    Checkpoint,
    Fork,
    Account,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proof => "proof",
            Self::Checkpoint => "checkpoint",
            Self::Fork => "fork",
            Self::Account => "account",
        })
    }
}

/// What stands before the first signature of a note (C2SP signed-note), and where its lines end as some mail programs end them.
const SIGNED: [&str; 2] = ["\n\n\u{2014} ", "\n\r\n\u{2014} "];
/// What a ZIP begins with, and one in which nothing lies.
const ZIP: [&[u8]; 2] = [LOCAL, b"PK\x05\x06"];
/// What stands before each file in a ZIP.
const LOCAL: &[u8] = b"PK\x03\x04";

impl Kind {
    /// What a file is by its first bytes; nothing where it is a history.
    pub(super) fn of(target: &Path) -> Result<Option<Self>, Failure> {
        if !target.is_file() {
            return Ok(None);
        }
        let mut begin = Vec::new();
        let input = File::open(target).map_err(file(target, "read"))?;
        input.take(NOTE_LIMIT as u64).read_to_end(&mut begin).map_err(file(target, "read"))?;
        let begins = |text: &str| begin.starts_with(text.as_bytes());
        if begins(MARK) && !begins(&format!("{MARK}{{")) {
            return Err(Failure::usage(format!(
                "{}: a byte order mark stands before it, as some programs put there: take the file as it was sent",
                target.display()
            )));
        }
        let has = |part: &[u8]| begin.windows(part.len()).any(|found| found == part);
        let is_zip = ZIP.iter().any(|start| begin.starts_with(start));
        // No note has such bytes; of entries and a page it is told which of them is none.
        if !is_zip && !begins("{") && !begins("<") && has(LOCAL) {
            return Err(Failure::usage(format!(
                "{}: something stands before the ZIP that a bundle is: take the file as it was sent",
                target.display()
            )));
        }
        // An entry begins with a brace, a bundle as a ZIP does, and the second line of a checkpoint is a number. What is signed as
        // a note is, and is no checkpoint, is one that is not read: it is not a history with a bad first entry.
        let second = begin.split(|byte| *byte == b'\n').nth(1).unwrap_or_default();
        // As some mail programs end a line, which is told then.
        let second = second.strip_suffix(b"\r").unwrap_or(second);
        let is_number = !second.is_empty() && second.iter().all(u8::is_ascii_digit);
        let is_signed = SIGNED.iter().any(|text| has(text.as_bytes()));
        Ok(match () {
            // Whatever its log is called.
            () if is_checkpoint(&begin) => Some(Self::Checkpoint),
            () if begins("c2sp.org/tlog-proof") => Some(Self::Proof),
            () if begins("annals/fork/") => Some(Self::Fork),
            () if begins("annals/account/") => Some(Self::Account),
            () if !begins("{") && !is_zip && !begins("<") && (is_number || is_signed) => {
                Some(Self::Checkpoint)
            }
            () => None,
        })
    }
}

/// Whether bytes are a signed note that states a size and a root after its first line.
fn is_checkpoint(bytes: &[u8]) -> bool {
    Note::parse(bytes).is_ok_and(|note| {
        let mut lines = note.text().lines().skip(1);
        let is_size = |size: &str| !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        lines.next().is_some_and(is_size) && lines.next().is_some_and(|root| root.parse::<NodeHash>().is_ok())
    })
}
