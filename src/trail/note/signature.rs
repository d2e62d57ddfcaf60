//! The line of a signature: who claims to have signed, and how (C2SP signed-note, "Signatures").
//!
//! ```text
//! — DK/witness-1 y8+Y8wAAAABgeqzwbvbp…       em dash, name of the key, base64(key id, signature)
//! ```
//!
//! What was signed is not here: a line is verified with its note, or as a cosignature.

use super::{NoteFault, SIGNATURE_LIMIT, checked};
use crate::trail::key::VerifierKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;

/// One line: who signed, and how. Whether it holds is another question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Signature {
    pub(in crate::trail) fn of(key: &VerifierKey, bytes: &[u8]) -> Self {
        Self { name: key.name().to_owned(), id: key.id(), bytes: bytes.to_vec() }
    }

    /// Reads lines that stand alone, as a witness answers with them: one or more, each with its newline.
    ///
    /// # Errors
    /// [`NoteFault`], by name.
    pub fn parse_lines(bytes: &[u8]) -> Result<Vec<Self>, NoteFault> {
        lines(checked(bytes)?)
    }

    /// The name of the key, as the line claims it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key, as the line claims it.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// What the key's algorithm made, without the id.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the line names this key. Ids are short: it need not be by it.
    #[must_use]
    pub fn names(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.id == key.id()
    }
}

impl FromStr for Signature {
    type Err = NoteFault;

    /// Reads one line, given without its newline; only the form that [`fmt::Display`] writes is accepted.
    fn from_str(line: &str) -> Result<Self, NoteFault> {
        let form = || NoteFault::Line(line.chars().take(80).collect());
        let (name, encoded) =
            line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or_else(form)?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c < ' ' || c == '+') {
            return Err(NoteFault::Name(name.chars().take(80).collect()));
        }
        // Decoding is strict: padded, and the unused bits of the last character are zero.
        let bytes = STANDARD.decode(encoded).map_err(|_| form())?;
        let (id, bytes) = bytes.split_first_chunk().filter(|(_, rest)| !rest.is_empty()).ok_or_else(form)?;
        Ok(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(&self.bytes);
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// Lines, each with its newline.
pub(super) fn lines(text: &str) -> Result<Vec<Signature>, NoteFault> {
    let lines = text.strip_suffix('\n').ok_or(NoteFault::Unsigned)?;
    if lines.split('\n').nth(SIGNATURE_LIMIT).is_some() {
        return Err(NoteFault::Signatures);
    }
    lines.split('\n').map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // C2SP signed-note, "Example".
    const LINE: &str = "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";

    fn line(name: &str, bytes: &[u8]) -> String {
        format!("— {name} {}", STANDARD.encode(bytes))
    }

    #[test]
    fn each_fault_of_a_line_has_its_name() {
        let one = line("a", &[1; 68]);
        assert!(one.parse::<Signature>().is_ok());
        for line in [
            &one.replace("— ", "- "),
            &one.replace("— ", "—\u{a0}"),
            &one.replace("a ", "a\u{a0}"),
            &one.replace("— ", " — "),
            one.trim_end_matches('='),
            &format!("{one} "),
            &format!("{one}\n"),
            &format!("{one}="),
            &line("a", &[1; 4]),
            "— a AAAAAAB=",
            "— a AAAAAA-_",
            "— a ",
            "— a",
            "another text",
            "",
        ] {
            let clipped = NoteFault::Line(line.chars().take(80).collect());
            assert_eq!(line.parse::<Signature>(), Err(clipped), "{line}");
        }
        for name in ["", "a+b", "a\u{2003}b", "\u{3000}", "a\u{85}", "a\u{1}", "a\nb"] {
            assert_eq!(line(name, &[1; 68]).parse::<Signature>(), Err(NoteFault::Name(name.to_owned())));
        }
    }

    #[test]
    fn lines_are_read_alone() {
        let read = Signature::parse_lines(format!("{LINE}\n{LINE}\n").as_bytes()).unwrap();
        assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), [LINE, LINE]);
        for other in ["", "\n", LINE, &format!("\n{LINE}\n"), &format!("{LINE}\n\n"), &format!("{LINE}\r\n")]
        {
            assert!(Signature::parse_lines(other.as_bytes()).is_err(), "{other:?}");
        }
        let many = format!("{LINE}\n").repeat(SIGNATURE_LIMIT);
        assert_eq!(Signature::parse_lines(many.as_bytes()).map(|lines| lines.len()), Ok(SIGNATURE_LIMIT));
        let more = Signature::parse_lines(format!("{many}{LINE}\n").as_bytes());
        assert_eq!(more, Err(NoteFault::Signatures));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_back_identically(at in 0..104_usize, with in "[ +=A-Za\u{a0}é/]") {
            let text: String =
                LINE.chars().enumerate().map(|(place, c)| if place == at { with.clone() } else { c.into() }).collect();
            if let Ok(line) = text.parse::<Signature>() {
                prop_assert_eq!(line.to_string(), text);
            }
        }

        #[test]
        fn arbitrary_bytes_are_answered_and_never_panic(bytes: Vec<u8>, text: String) {
            let _ = (Signature::parse_lines(&bytes), text.parse::<Signature>());
        }
    }
}
