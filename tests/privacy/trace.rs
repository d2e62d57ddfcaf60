//! A secret, and every form in which a folder could hold a trace of it.

use annals::trail::disclosure::Disclosure;
use annals::trail::hash::hex;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Bytes that are enough to know something longer by.
const PIECE: usize = 24;

/// What must not be found.
#[derive(Default)]
pub(crate) struct Secret {
    /// Shorter than a piece.
    short: Vec<Vec<u8>>,
    /// Any of them is a trace.
    pieces: HashSet<Vec<u8>>,
}

impl Secret {
    /// The value, the salt and the disclosure.
    pub(crate) fn of(disclosure: &Disclosure) -> Self {
        let array: Vec<serde_json::Value> =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(disclosure.encoded()).unwrap()).unwrap();
        let salt = array[0].as_str().unwrap();
        let mut secret = Self::bytes(disclosure.value().as_str().unwrap().as_bytes());
        secret.find(salt.as_bytes());
        secret.add(&URL_SAFE_NO_PAD.decode(salt).unwrap());
        secret.find(disclosure.encoded().as_bytes());
        secret
    }

    /// Bytes, as they are and as they could be written.
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        let mut secret = Self::default();
        secret.add(bytes);
        if let Ok(text) = std::str::from_utf8(bytes) {
            let escaped = serde_json::to_string(text).unwrap();
            secret.find(escaped.trim_matches('"').as_bytes());
        }
        secret
    }

    /// All of these, found in one go.
    pub(crate) fn all(secrets: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for secret in secrets {
            all.short.extend(secret.short);
            all.pieces.extend(secret.pieces);
        }
        all
    }

    fn find(&mut self, bytes: &[u8]) {
        if bytes.len() < PIECE {
            self.short.push(bytes.to_vec());
        }
        self.pieces.extend(bytes.windows(PIECE).map(<[u8]>::to_vec));
    }

    fn add(&mut self, bytes: &[u8]) {
        self.find(bytes);
        self.find(hex(bytes).as_bytes());
        // What stands before them in a longer text shifts their letters; the first and the last are of others, too.
        for before in 0..3 {
            let shifted = [&vec![0; before][..], bytes].concat();
            let from = (before * 8).div_ceil(6);
            for encoded in [URL_SAFE_NO_PAD.encode(&shifted), STANDARD.encode(&shifted)] {
                let whole = shifted.len() * 8 / 6;
                self.find(&encoded.as_bytes()[from..whole]);
            }
        }
    }

    /// The files below a folder in whose bytes or names there is a trace.
    pub(crate) fn traces(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().as_encoded_bytes().to_vec();
            if path.is_dir() {
                found.extend(self.traces(&path));
            } else if self.within(&fs::read(&path).unwrap()) || self.within(&name) {
                found.push(path.display().to_string());
            }
        }
        found
    }

    pub(crate) fn within(&self, bytes: &[u8]) -> bool {
        let holds = |short: &Vec<u8>| bytes.windows(short.len()).any(|window| window == short);
        // Most of a file of sled's is zeros.
        let zeros = [0; PIECE];
        let known = |window: &[u8]| window != zeros && self.pieces.contains(window);
        self.short.iter().any(holds) || bytes.windows(PIECE).any(known)
    }
}

#[test]
fn a_trace_is_found_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let value = "Frau \"Schmidt\",\n홍길동, 24937 Flensburg";
    let disclosure = Disclosure::new([77; 16], "note", &value.into());
    let secret = Secret::of(&disclosure);
    assert!(secret.traces(folder.path()).is_empty());
    let encoded = disclosure.encoded();
    let forms = [
        value.to_owned(),
        serde_json::to_string(value).unwrap(),
        format!("x{}", hex(value.as_bytes())),
        URL_SAFE_NO_PAD.encode(format!("1{value}2")),
        STANDARD.encode(format!("22{value}")),
        URL_SAFE_NO_PAD.encode([77; 16]),
        encoded[10..40].to_owned(),
        format!("\"{encoded}\"\n"),
    ];
    for form in forms {
        let path = folder.path().join("file");
        fs::write(&path, &form).unwrap();
        assert_eq!(secret.traces(folder.path()).len(), 1, "{form}");
        fs::write(&path, "something else of sufficient length, which says nothing of her").unwrap();
        assert!(secret.traces(folder.path()).is_empty());
    }
    fs::write(folder.path().join(format!("{}.txt", hex(value.as_bytes()))), "").unwrap();
    assert_eq!(secret.traces(folder.path()).len(), 1);
}
