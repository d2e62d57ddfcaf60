//! Signed notes: a text, an empty line, and one line for each signature of it (C2SP signed-note, "Format").
//!
//! ```text
//! annals.example/vectors␊                      the text, which is what is signed, with its last newline
//! 6␊
//! 40rzQz0MIX1r60s9bhpK1jCc5SkfFreHYYbTuWUE/cQ=␊
//! ␊                                            the last empty line of the note
//! — annals.example/vectors +fjkOOAF…␊          em dash, name of the key, base64(key id, signature)
//! ```
//!
//! What a text says is not here: a ledger's notes are checkpoints ([`super::checkpoint`]), over which a witness signs
//! a message of its own ([`super::witness`]). Which keys are trusted is not here either ([`super::policy`]).

mod signature;

pub use signature::Signature;

use super::key::{Kind, SigningKey, VerifierKey};
use std::fmt;

/// The longest note, in bytes, as other implementations have it.
pub const NOTE_LIMIT: usize = 1_000_000;

/// The most signatures of a note, as other implementations have it.
pub const SIGNATURE_LIMIT: usize = 100;

/// Why bytes are not a signed note, or cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// Too long.
    #[error("a note of {0} bytes is too long: at most 1000000 are accepted; leave unknown signatures out")]
    Long(usize),
    /// Not UTF-8.
    #[error("the note is not UTF-8 from its byte {0} on")]
    Encoding(usize),
    /// A control character.
    #[error("the note holds the control character {0:#04x}: newlines alone (0x0a) are accepted, no `\\r\\n`")]
    Control(u8),
    /// Cut off, or written without its end.
    #[error("the note does not end with a newline: was it copied whole?")]
    Unended,
    /// No line of a signature.
    #[error(
        "the note has no signature: after the text, an empty line and `— <key name> <base64>` are expected"
    )]
    Unsigned,
    /// Not the line of a signature.
    #[error(
        "`{0}` is not the line of a signature: `— <key name> <base64>` is expected, of 5 bytes at least, padded"
    )]
    Line(String),
    /// A name that no key can have.
    #[error(
        "`{0}` signs nothing: the name of a key is not empty and has no white space, `+` or control character"
    )]
    Name(String),
    /// Too many signatures.
    #[error("a note has at most 100 signatures; leave unknown ones out")]
    Signatures,
    /// A key that signs something else.
    #[error("the key {0} signs no notes: a key of type 0x01 does, a witness's cosigns checkpoints")]
    Kind(String),
}

/// A signature of a known key that does not hold. Nothing of such a note is used (C2SP signed-note, "Signatures").
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the note is refused whole: its signature by {0} does not hold; ask for another copy")]
pub struct Forged(pub String);

/// A text and its signatures, which hold or do not: nothing is believed before [`Note::signed_by`] was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// A note that nobody has signed yet, and that is not read back before somebody has. Its text ends with a newline.
    ///
    /// # Errors
    /// [`NoteFault::Long`], [`NoteFault::Control`], [`NoteFault::Unended`].
    pub fn new(text: &str) -> Result<Self, NoteFault> {
        Ok(Self { text: checked(text.as_bytes())?.to_owned(), signatures: Vec::new() })
    }

    /// Reads a signed note (C2SP signed-note, "Format"); only the form that [`fmt::Display`] writes is accepted.
    ///
    /// # Errors
    /// [`NoteFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteFault> {
        let (text, rest) = checked(bytes)?.rsplit_once("\n\n").ok_or(NoteFault::Unsigned)?;
        Ok(Self { text: format!("{text}\n"), signatures: signature::lines(rest)? })
    }

    /// The text, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every signature in the order of the lines, whoever made it.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The signatures that name none of these keys: they are ignored (C2SP signed-note, "Signatures"), and may be shown.
    #[must_use]
    pub fn unknown(&self, known: &[&VerifierKey]) -> Vec<&Signature> {
        self.signatures.iter().filter(|line| !known.iter().any(|key| line.names(key))).collect()
    }

    /// Adds a line, unless it is there already. It is not verified.
    ///
    /// # Errors
    /// [`NoteFault::Signatures`], [`NoteFault::Long`]; the note stays as it was.
    pub fn push(&mut self, signature: Signature) -> Result<(), NoteFault> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() >= SIGNATURE_LIMIT {
            return Err(NoteFault::Signatures);
        }
        let length = self.to_string().len() + signature.to_string().len() + 1;
        if length > NOTE_LIMIT {
            return Err(NoteFault::Long(length));
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Signs the text.
    ///
    /// # Errors
    /// [`NoteFault::Kind`] where the key is a witness's, and those of [`Note::push`].
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), NoteFault> {
        let verifier = key.verifier();
        if verifier.kind() != Kind::Ed25519 {
            return Err(NoteFault::Kind(verifier.keyid()));
        }
        self.push(Signature::of(&verifier, &key.sign(self.text.as_bytes())))
    }

    /// The signature of the text by a known key, `None` where there is no line that names it.
    ///
    /// The line of a witness's key never holds here: it signs another message ([`super::witness::cosigned`]).
    ///
    /// # Errors
    /// [`Forged`] where any line that names the key does not hold, even beside one that does.
    pub fn signed_by(&self, key: &VerifierKey) -> Result<Option<&Signature>, Forged> {
        let holds = |line: &Signature| {
            key.kind() == Kind::Ed25519 && key.verifies(self.text.as_bytes(), line.bytes())
        };
        let mut found = None;
        for line in self.signatures.iter().filter(|line| line.names(key)) {
            if !holds(line) {
                return Err(Forged(key.keyid()));
            }
            found = found.or(Some(line));
        }
        Ok(found)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn checked(bytes: &[u8]) -> Result<&str, NoteFault> {
    if bytes.len() > NOTE_LIMIT {
        return Err(NoteFault::Long(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|fault| NoteFault::Encoding(fault.valid_up_to()))?;
    if let Some(byte) = text.bytes().find(|byte| *byte < b' ' && *byte != b'\n') {
        return Err(NoteFault::Control(byte));
    }
    if text.ends_with('\n') { Ok(text) } else { Err(NoteFault::Unended) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    // C2SP signed-note, "Example".
    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    // C2SP signed-note, at its beginning: a text with an empty line.
    const POEM: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

    fn key(name: &str, kind: Kind, seed: u8) -> SigningKey {
        SigningKey::from_seed(name, kind, &[seed; 32]).unwrap()
    }

    fn line(name: &str, bytes: &[u8]) -> String {
        format!("— {name} {}", STANDARD.encode(bytes))
    }

    #[test]
    fn the_example_of_the_specification_is_signed_by_its_key() {
        let (key, note) = (VerifierKey::parse(KEY).unwrap(), Note::parse(NOTE.as_bytes()).unwrap());
        assert_eq!(note.text(), "This is an example message.\n");
        assert_eq!(note.signed_by(&key), Ok(note.signatures().first()));
        assert_eq!(note.signatures()[0].id(), [0x53, 0x0d, 0x90, 0x3a]);
        assert_eq!(note.to_string(), NOTE);
    }

    #[test]
    fn a_text_ends_at_the_last_empty_line() {
        let note = Note::parse(POEM.as_bytes()).unwrap();
        assert!(note.text().ends_with("sole:\n\ned è subito sera.\n"));
        assert_eq!(note.to_string(), POEM);
        for text in ["\n", "\n\n", "a\n\n", "\n\na\n\n\n", "— a AAAAAAA=\n"] {
            let mut note = Note::new(text).unwrap();
            note.sign(&key("a", Kind::Ed25519, 1)).unwrap();
            let written = note.to_string();
            assert_eq!(Note::parse(written.as_bytes()).as_ref(), Ok(&note), "{text:?}");
            assert!(signed_note::Note::from_bytes(written.as_bytes()).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_signature_is_absent_or_holds_or_refuses_the_whole_note() {
        let (mine, other) = (key("a", Kind::Ed25519, 1), key("a", Kind::Ed25519, 2));
        let mut note = Note::new("said\n").unwrap();
        note.sign(&other).unwrap();
        assert_eq!(note.signed_by(&mine.verifier()), Ok(None), "the same name is not the same key");
        note.sign(&mine).unwrap();
        assert_eq!(note.signed_by(&mine.verifier()), Ok(Some(&note.signatures()[1])));
        note.push(Signature::of(&mine.verifier(), &mine.sign(b"Said\n"))).unwrap();
        let forged = Forged(mine.verifier().keyid());
        assert_eq!(note.signed_by(&mine.verifier()), Err(forged.clone()), "one that holds excuses no other");
        assert_eq!(note.signatures().len(), 3);
        for bytes in [&[0; 63][..], &[0; 65], &[1]] {
            let mut note = Note::new("said\n").unwrap();
            note.push(Signature::of(&mine.verifier(), bytes)).unwrap();
            assert_eq!(note.signed_by(&mine.verifier()), Err(forged.clone()));
        }
        assert!(note.signed_by(&other.verifier()).unwrap().is_some());
    }

    #[test]
    fn unknown_signatures_are_ignored_and_listed() {
        let (mine, other) = (key("a", Kind::Ed25519, 1).verifier(), key("b", Kind::Ed25519, 1).verifier());
        let mut note = Note::new("said\n").unwrap();
        note.sign(&key("a", Kind::Ed25519, 1)).unwrap();
        // Of another kind, and with an id that belongs to another name.
        note.push(Signature::of(&key("a", Kind::Cosignature, 1).verifier(), &[1])).unwrap();
        note.push(line("b", &[&mine.id()[..], &[1]].concat()).parse().unwrap()).unwrap();
        assert!(note.signed_by(&mine).unwrap().is_some());
        assert_eq!(note.signed_by(&other), Ok(None));
        assert_eq!(note.unknown(&[&mine, &other]), [&note.signatures()[1], &note.signatures()[2]]);
    }

    #[test]
    fn a_line_is_not_doubled_and_the_limits_hold() {
        let mut note = Note::new("said\n").unwrap();
        for _ in 0..3 {
            note.sign(&key("a", Kind::Ed25519, 1)).unwrap();
        }
        assert_eq!(note.signatures().len(), 1);
        let line = |number: u8| line(&format!("k{number}"), &[number; 5]).parse::<Signature>().unwrap();
        for number in 1..100 {
            note.push(line(number)).unwrap();
        }
        assert_eq!(note.push(line(100)), Err(NoteFault::Signatures));
        assert_eq!(note.push(line(7)), Ok(()));
        let full = note.to_string();
        assert_eq!(Note::parse(full.as_bytes()), Ok(note));
        assert_eq!(Note::parse(format!("{full}{}\n", line(100)).as_bytes()), Err(NoteFault::Signatures));
        let mut long = Note::new(&format!("{}\n", "a".repeat(NOTE_LIMIT - 30))).unwrap();
        assert!(matches!(long.push(line(1)), Ok(())));
        assert!(matches!(long.push(line(2)), Err(NoteFault::Long(_))));
        assert!(Note::parse(long.to_string().as_bytes()).is_ok());
        assert_eq!(Note::parse(&vec![b'a'; NOTE_LIMIT + 1]), Err(NoteFault::Long(NOTE_LIMIT + 1)));
    }

    #[test]
    fn each_fault_of_a_note_has_its_name() {
        let fault = |text: &str| Note::parse(text.as_bytes()).unwrap_err();
        let one = line("a", &[1; 68]);
        assert_eq!(Note::parse(b"a\n\xff\n\n"), Err(NoteFault::Encoding(2)));
        assert_eq!(fault(&NOTE.replace('\n', "\r\n")), NoteFault::Control(b'\r'));
        assert_eq!(fault(&NOTE.replace("This", "\tThis")), NoteFault::Control(b'\t'));
        assert_eq!(fault(NOTE.trim_end()), NoteFault::Unended);
        for text in ["a\n", "a\n\n", "\n", &format!("\n{one}\n"), &format!("a\n{one}\n")] {
            assert_eq!(fault(text), NoteFault::Unsigned, "{text:?}");
        }
        assert_eq!(fault(""), NoteFault::Unended);
        let line = one.replace("— ", "- ");
        assert_eq!(fault(&format!("a\n\n{one}\n{line}\n")), NoteFault::Line(line.chars().take(80).collect()));
        assert_eq!(Note::new("a").unwrap_err(), NoteFault::Unended);
        let witness = key("a", Kind::Cosignature, 1);
        assert!(matches!(Note::new("a\n").unwrap().sign(&witness), Err(NoteFault::Kind(_))));
    }

    #[test]
    fn another_implementation_verifies_what_is_signed_here() {
        let mine = key("annals.example/plan", Kind::Ed25519, 3);
        let mut note = Note::new("이행 현황\n\nsagt\n").unwrap();
        note.sign(&mine).unwrap();
        let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
        let verifier = signed_note::StandardVerifier::new(&mine.verifier().to_string()).unwrap();
        let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
        assert_eq!(theirs.verify(&known).unwrap().0.len(), 1);
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_back_identically(
            note in prop_oneof![Just(NOTE), Just(POEM)],
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
        ) {
            let mut bytes = note.as_bytes().to_vec();
            for (at, byte, edit) in edits {
                let at = at.index(bytes.len());
                match edit {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, if byte < 128 { b'\n' } else { byte & 0x7f }),
                    _ => { bytes.remove(at); }
                }
            }
            let theirs = signed_note::Note::from_bytes(&bytes);
            prop_assert_eq!(Note::parse(&bytes).is_ok(), theirs.is_ok());
            if let Ok(note) = Note::parse(&bytes) {
                prop_assert_eq!(note.text().as_bytes().to_vec(), theirs.unwrap().text().to_vec());
                prop_assert_eq!(note.to_string().into_bytes(), bytes);
            }
        }

        #[test]
        fn arbitrary_bytes_are_answered_and_never_panic(bytes: Vec<u8>, tail: Vec<u8>) {
            let _ = Note::parse(&bytes);
            let _ = Note::parse(&[b"a\n\n\xe2\x80\x94 ", &tail[..], b"\n"].concat());
        }
    }
}
