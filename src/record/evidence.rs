//! Evidence: the files that an event puts forward, by their digests. Their bytes are not in the log, and where they are kept
//! is not here.

use super::{upcast, withheld};
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::Event;
use serde_json::{Map, Value};

/// A file, as an event names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its place among the files of the event, from 1.
    pub number: usize,
    /// The digest of its bytes.
    pub sha256: Shown,
    /// Its name.
    pub filename: Shown,
    /// In bytes.
    pub size: u64,
    /// Of RFC 6838: `application/pdf`.
    pub mediatype: String,
}

/// A value that may be withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// It was never given.
    Absent,
    /// In clear, or disclosed.
    Clear(String),
    /// Withheld under this digest, and not disclosed.
    Withheld(Digest),
}

impl Shown {
    /// What it says, where it is shown.
    #[must_use]
    pub fn clear(&self) -> Option<&str> {
        match self {
            Self::Clear(text) => Some(text),
            Self::Absent | Self::Withheld(_) => None,
        }
    }
}

/// The files of an event, in its order, as far as `known` gives their disclosures.
#[must_use]
pub fn files(event: &Event, known: &dyn Fn(&str) -> Option<Disclosure>) -> Vec<File> {
    let event = upcast::newest(event);
    // Few events have any, and to look costs less than to parse.
    if !event.data.as_str().contains("\"evidence\"") {
        return Vec::new();
    }
    let data = event.data.members();
    let items = data.get("evidence").and_then(Value::as_array).into_iter().flatten();
    let objects = (1..).zip(items).filter_map(|(number, item)| Some((number, item.as_object()?)));
    objects.map(|(number, item)| file(number, item, known)).collect()
}

/// The SHA-256 of each file that an event names: in clear, or as far as `known` gives the disclosures of the digests.
#[must_use]
pub fn named(event: &Event, known: &dyn Fn(&str) -> Option<Disclosure>) -> Vec<String> {
    shown(event, known, &|_| true)
}

/// As [`named`], for somebody who may see the values under some digests: a file is for whom its name is. What it holds is no more to be
/// told to others than what it is called, though its digest stands in clear.
#[must_use]
pub fn shown(
    event: &Event,
    known: &dyn Fn(&str) -> Option<Disclosure>,
    may_see: &dyn Fn(&Digest) -> bool,
) -> Vec<String> {
    let mut files = files(event, known);
    files.retain(|file| match &file.filename {
        Shown::Withheld(digest) => may_see(digest),
        Shown::Absent | Shown::Clear(_) => true,
    });
    let plan =
        upcast::newest(event).data.members().get("plan_sha256").and_then(Value::as_str).map(str::to_owned);
    files.iter().filter_map(|file| file.sha256.clear().map(str::to_owned)).chain(plan).collect()
}

fn file(number: usize, item: &Map<String, Value>, known: &dyn Fn(&str) -> Option<Disclosure>) -> File {
    let clear = withheld::disclose(item, known);
    let shown = |name: &str| match clear.get(name).and_then(Value::as_str) {
        Some(text) => Shown::Clear(text.to_owned()),
        None => withheld::digest_of(&clear, name).map_or(Shown::Absent, Shown::Withheld),
    };
    File {
        number,
        sha256: shown(withheld::FILE_DIGEST),
        filename: shown("filename"),
        size: clear.get("size").and_then(Value::as_u64).unwrap_or_default(),
        mediatype: clear.get("mediatype").and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}
