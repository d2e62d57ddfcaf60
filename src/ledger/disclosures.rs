//! The disclosures of a ledger, kept beside its journal: one JSON string a line, durable before the entry that holds the
//! digest. Erasing one is not here yet.

use crate::trail::disclosure::{Digest, Disclosure};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file within a ledger's folder.
pub const FILE: &str = "disclosures.jsonl";

/// The disclosures at hand, by their digests.
#[derive(Debug, Default)]
pub struct Disclosures {
    held: HashMap<Digest, Disclosure>,
    file: Option<(File, PathBuf)>,
}

/// Why disclosures cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct DisclosuresError {
    path: PathBuf,
    what: String,
    source: Option<io::Error>,
}

impl Disclosures {
    /// Reads the disclosures in a folder, if there are any; for writing, a last line that was never finished is cut.
    ///
    /// # Errors
    /// Where the file cannot be read, or a line of it is not a disclosure.
    pub fn open(folder: &Path, writable: bool) -> Result<Self, DisclosuresError> {
        let path = folder.join(FILE);
        let failed = |what: &str| {
            let (path, what) = (path.clone(), what.to_owned());
            move |source| DisclosuresError { path, what, source: Some(source) }
        };
        let text = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed("cannot be read")(error)),
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut held = HashMap::new();
        for (at, line) in text.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let disclosure = serde_json::from_slice::<String>(line).ok();
            let disclosure = disclosure.and_then(|text| Disclosure::parse(&text).ok());
            let disclosure = disclosure.ok_or_else(|| DisclosuresError {
                path: path.clone(),
                what: format!(
                    "line {} is not a disclosure; take the line out: its field then counts as withheld",
                    at + 1
                ),
                source: None,
            })?;
            held.insert(disclosure.digest(), disclosure);
        }
        let file = if writable {
            let file = OpenOptions::new().create(true).append(true).open(&path);
            let file = file.map_err(failed("cannot be opened for writing"))?;
            file.set_len(whole as u64).map_err(failed("cannot be cut to its last whole line"))?;
            Some((file, path))
        } else {
            None
        };
        Ok(Self { held, file })
    }

    /// The disclosure with this digest, if it is at hand.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<&Disclosure> {
        self.held.get(digest)
    }

    /// The names of the fields, by digest.
    #[must_use]
    pub fn names(&self) -> HashMap<Digest, String> {
        let name =
            |(digest, disclosure): (&Digest, &Disclosure)| (digest.clone(), disclosure.name().to_owned());
        self.held.iter().map(name).collect()
    }

    /// Every disclosure at hand.
    pub fn iter(&self) -> impl Iterator<Item = &Disclosure> {
        self.held.values()
    }

    /// Keeps disclosures, durable on return.
    ///
    /// # Errors
    /// Where they cannot be written: some of them may have been.
    pub fn keep(&mut self, disclosures: Vec<Disclosure>) -> Result<(), DisclosuresError> {
        let new: Vec<Disclosure> =
            disclosures.into_iter().filter(|each| !self.held.contains_key(&each.digest())).collect();
        if let (Some((file, path)), false) = (&mut self.file, new.is_empty()) {
            let lines: Vec<&str> = new.iter().flat_map(|each| ["\"", each.encoded(), "\"\n"]).collect();
            file.write_all(lines.concat().as_bytes()).and_then(|()| file.sync_data()).map_err(|source| {
                let what = "cannot be written; make room and give this user the right to it".to_owned();
                DisclosuresError { path: path.clone(), what, source: Some(source) }
            })?;
        }
        self.held.extend(new.into_iter().map(|each| (each.digest(), each)));
        Ok(())
    }
}
