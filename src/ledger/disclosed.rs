//! What is shown of withheld values, and why others are not; and files in a few words, as far as they may be told. Where values are
//! kept is in [`super::disclosures`], and how they are erased in [`super::privacy`].

use super::privacy::Erasure;
use super::{Ledger, LedgerError};
use crate::domain::sealed::Audience;
use crate::domain::value::in_line;
use crate::record::evidence::{self, File, Shown};
use crate::record::fact::Fact;
use crate::record::withheld;
use crate::report::evidence::Availability;
use crate::report::moments::Told;
use crate::report::table::Cell;
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::Entry;
use serde_json::Value;
use std::collections::HashMap;

/// The fields in which an entry says something in a sentence or names somebody, the one that is shown first.
const SENTENCES: [&str; 5] = ["note", "reason", "rationale", "officer", "holder"];

/// The withheld values of a ledger, as far as they are shown: one that was erased never is, though a copy may still be here.
pub struct Disclosed<'a> {
    ledger: &'a Ledger,
    erased: HashMap<Digest, Erasure>,
}

impl Ledger {
    /// What is shown of withheld values.
    ///
    /// # Errors
    /// [`LedgerError`], where the entries that erase some cannot be read.
    pub fn disclosed(&self) -> Result<Disclosed<'_>, LedgerError> {
        Ok(Disclosed { ledger: self, erased: self.erasures()? })
    }
}

impl Disclosed<'_> {
    /// Whether the value with a digest was erased.
    #[must_use]
    pub fn is_erased(&self, digest: &Digest) -> bool {
        self.erased.contains_key(digest)
    }

    /// The disclosure with a digest, as it is written in an event, if it may be shown.
    #[must_use]
    pub fn known(&self, digest: &str) -> Option<Disclosure> {
        let digest = Digest::parse(digest).filter(|digest| !self.is_erased(digest))?;
        self.ledger.disclosure(&digest)
    }

    /// Why a value was erased, if it was: the reason as far as it is at hand, and the law.
    #[must_use]
    pub fn why(&self, digest: &Digest) -> Option<String> {
        let erasure = self.erased.get(digest)?;
        let reason = erasure.reason.filter(|reason| !self.is_erased(reason));
        let reason = reason.and_then(|reason| self.ledger.disclosure(&reason));
        Some(match reason.as_ref().and_then(|reason| reason.value().as_str()) {
            Some(reason) => format!("{}; {}", reason.trim_end_matches('.'), erasure.basis),
            None => erasure.basis.to_string(),
        })
    }

    /// The sentence with which an entry gives its reasons, as far as a reader may see it; nothing where it gives none.
    ///
    /// # Errors
    /// [`LedgerError::Fact`], where it says nothing that is known here.
    pub fn reason(&self, reader: &Audience, entry: &Entry) -> Result<Cell, LedgerError> {
        let event = &entry.request.event;
        let (_, held) = Fact::read(event).map_err(|fault| LedgerError::Fact(entry.seal.sequence, fault))?;
        let Some(held) =
            held.iter().find(|held| ["rationale", "reason", "note"].contains(&held.name.as_str()))
        else {
            return Ok(Cell::Empty);
        };
        // Why it was erased is withheld in its turn, and may be for others; the law is in clear.
        if let Some(erasure) = self.erased.get(&held.digest) {
            return Ok(Cell::Erased(erasure.basis.to_string()));
        }
        let may_see = held.audience.admits(reader, &event.source);
        let shown = if may_see { self.ledger.disclosure(&held.digest) } else { None };
        let shown = shown.filter(|shown| held.check(shown).is_ok());
        let sentence = shown.as_ref().and_then(|shown| shown.value().as_str());
        Ok(sentence.map_or(Cell::Withheld, Cell::text))
    }

    /// What an entry says in fields that can be withheld; nothing where it has none.
    #[must_use]
    pub fn told(&self, entry: &Entry) -> Option<Told> {
        let event = &entry.request.event;
        let known = |digest: &str| self.known(digest);
        let clear = withheld::disclose(&event.data.members(), &known);
        let text = |name: &str| clear.get(name).and_then(Value::as_str).map(str::to_owned);
        let left = || SENTENCES.into_iter().filter_map(|name| withheld::digest_of(&clear, name));
        let files = evidence::files(event, &known);
        let told = Told {
            note: SENTENCES.into_iter().find_map(text),
            withheld: left().any(|digest| !self.is_erased(&digest)),
            erased: left().find_map(|digest| self.why(&digest)),
            files: files.iter().map(|file| self.words(file, true)).collect(),
            places: files.iter().map(|file| self.glance(file)).collect(),
        };
        (told != Told::default()).then_some(told)
    }

    /// How a file is found whose digest is not shown.
    #[must_use]
    pub fn without_digest(&self, file: &File) -> Availability {
        match &file.sha256 {
            Shown::Withheld(digest) if self.is_erased(digest) => Availability::Erased,
            _ => Availability::Withheld,
        }
    }

    /// A file in a few words.
    #[must_use]
    pub fn words(&self, file: &File, with_digest: bool) -> String {
        let shown = |value: &Shown, what: &str| match value {
            Shown::Clear(text) => in_line(text),
            Shown::Withheld(digest) if self.is_erased(digest) => format!("({what} erased)"),
            Shown::Withheld(_) | Shown::Absent => format!("({what} withheld)"),
        };
        let (name, File { size, mediatype, .. }) = (shown(&file.filename, "name"), file);
        let digest = if with_digest { format!(", {}", shown(&file.sha256, "digest")) } else { String::new() };
        let unit = if *size == 1 { "byte" } else { "bytes" };
        format!("{name}, {size} {unit}, {mediatype}{digest}")
    }

    /// A file with whether it is here, and where: it is not read, so that nobody says that it is as it was named.
    fn glance(&self, file: &File) -> String {
        let words = self.words(file, false);
        let Some(sha256) = file.sha256.clear() else {
            return format!("{words}, {}", self.without_digest(file).as_str());
        };
        let found = match self.ledger.blob_size(sha256) {
            Ok(Some(size)) if size == file.size => "here",
            Ok(Some(_)) => Availability::Changed.as_str(),
            _ => Availability::Missing.as_str(),
        };
        let path = self.ledger.blob_path(sha256);
        let path = path.map(|path| path.display().to_string()).unwrap_or_default();
        format!("{words}, {found}: {path}")
    }
}
