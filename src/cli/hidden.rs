//! What is not shown of withheld values, and why; and files in a few words, as far as they may be told.

use super::failure::Failure;
use annals::domain::sealed::Audience;
use annals::exchange::disclosing;
use annals::ledger::privacy::Erasure;
use annals::ledger::{Ledger, LedgerError};
use annals::record::evidence::{File, Shown};
use annals::record::fact::Fact;
use annals::report::evidence::Availability;
use annals::report::table::Cell;
use annals::trail::disclosure::{Digest, Disclosure};
use annals::trail::entry::Entry;
use std::collections::HashMap;

/// What is not shown, and why: a value that was erased is never shown, though a copy may still be here.
pub(crate) struct Hidden(HashMap<Digest, Erasure>);

impl Hidden {
    pub(crate) fn of(ledger: &Ledger) -> Result<Self, Failure> {
        Ok(Self(ledger.erasures()?))
    }

    pub(crate) fn is_erased(&self, digest: &Digest) -> bool {
        self.0.contains_key(digest)
    }

    /// The disclosure that may be shown.
    pub(crate) fn known(&self, ledger: &Ledger, digest: &str) -> Option<Disclosure> {
        let digest = Digest::parse(digest).filter(|digest| !self.is_erased(digest))?;
        ledger.disclosure(&digest)
    }

    /// Why a value was erased, if it was: the reason as far as it is at hand, and the law.
    pub(crate) fn why(&self, ledger: &Ledger, digest: &Digest) -> Option<String> {
        let erasure = self.0.get(digest)?;
        let reason = erasure.reason.filter(|reason| !self.is_erased(reason));
        let reason = reason.and_then(|reason| ledger.disclosure(&reason));
        Some(match reason.as_ref().and_then(|reason| reason.value().as_str()) {
            Some(reason) => format!("{}; {}", reason.trim_end_matches('.'), erasure.basis),
            None => erasure.basis.to_string(),
        })
    }

    /// The sentence with which an entry gives its reasons, as far as a reader may see it; nothing where it gives none.
    pub(crate) fn reason(
        &self,
        ledger: &Ledger,
        reader: &Audience,
        entry: &Entry,
    ) -> Result<Cell, LedgerError> {
        let event = &entry.request.event;
        let (_, held) = Fact::read(event).map_err(|fault| LedgerError::Fact(entry.seal.sequence, fault))?;
        let Some(held) =
            held.iter().find(|held| ["rationale", "reason", "note"].contains(&held.name.as_str()))
        else {
            return Ok(Cell::Empty);
        };
        // Why it was erased is withheld in its turn, and may be for others; the law is in clear.
        if let Some(erasure) = self.0.get(&held.digest) {
            return Ok(Cell::Erased(erasure.basis.to_string()));
        }
        let may_see = disclosing::may_see(reader, held, &event.source);
        let shown = if may_see { ledger.disclosure(&held.digest) } else { None };
        let shown = shown.filter(|shown| held.check(shown).is_ok());
        let sentence = shown.as_ref().and_then(|shown| shown.value().as_str());
        Ok(sentence.map_or(Cell::Withheld, Cell::text))
    }

    /// How a file is found whose digest is not shown.
    pub(crate) fn without_digest(&self, file: &File) -> Availability {
        match &file.sha256 {
            Shown::Withheld(digest) if self.is_erased(digest) => Availability::Erased,
            _ => Availability::Withheld,
        }
    }

    /// A file in a few words.
    pub(crate) fn words(&self, file: &File, with_digest: bool) -> String {
        let shown = |value: &Shown, what: &str| match value {
            Shown::Clear(text) => text.clone(),
            Shown::Withheld(digest) if self.is_erased(digest) => format!("({what} erased)"),
            Shown::Withheld(_) | Shown::Absent => format!("({what} withheld)"),
        };
        let (name, File { size, mediatype, .. }) = (shown(&file.filename, "name"), file);
        let digest = if with_digest { format!(", {}", shown(&file.sha256, "digest")) } else { String::new() };
        format!("{name}, {size} bytes, {mediatype}{digest}")
    }
}

/// A file with how it is found at a glance, and where: it is not read, so that only its size tells whether it changed.
pub(crate) fn glance(ledger: &Ledger, hidden: &Hidden, file: &File) -> String {
    let words = hidden.words(file, false);
    let Some(sha256) = file.sha256.clear() else {
        return format!("{words}, {}", hidden.without_digest(file).as_str());
    };
    let path = ledger.blob_path(sha256);
    let found = match path.as_ref().map(std::fs::metadata) {
        Some(Ok(found)) if found.len() == file.size => Availability::Found,
        Some(Ok(_)) => Availability::Changed,
        _ => Availability::Missing,
    };
    let path = path.map(|path| path.display().to_string()).unwrap_or_default();
    format!("{words}, {}: {path}", found.as_str())
}
