//! What entries name that lies beside them: withheld values by their digests, and files by their SHA-256.

use crate::record::upcast;
use crate::record::withheld::Held;
use crate::store::StoreError;
use crate::store::runs::Runs;
use crate::trail::disclosure::Disclosure;
use crate::trail::entry::Entry;
use serde_json::Value;
use std::collections::BTreeMap;

/// Digests of withheld values, and names of files.
#[derive(Debug)]
pub(super) struct Named {
    digests: Runs<32, 0>,
    withheld: u64,
    /// Whether each is wanted here: the printed document of a plan is named, and lies elsewhere.
    files: BTreeMap<String, bool>,
}

impl Default for Named {
    fn default() -> Self {
        Self { digests: Runs::new(true), withheld: 0, files: BTreeMap::new() }
    }
}

impl Named {
    /// Takes what an entry names.
    pub(super) fn take(&mut self, entry: &Entry, held: &[Held]) -> Result<(), StoreError> {
        let data = upcast::newest(&entry.request.event).data.members();
        let evidence = data.get("evidence").and_then(Value::as_array).into_iter().flatten();
        for file in evidence.map(|evidence| &evidence["sha256"]).chain(data.get("plan_sha256")) {
            self.name(file, true);
        }
        if let Some(document) = data.get("document") {
            self.name(&document["sha256"], false);
        }
        self.withheld += held.len() as u64;
        held.iter().try_for_each(|held| self.digests.insert(*held.digest.bytes(), []))
    }

    /// Whether an entry holds a disclosure's digest; a file that it names is named, too.
    pub(super) fn takes(&mut self, disclosure: &Disclosure) -> Result<bool, StoreError> {
        let known = self.digests.get(disclosure.digest().bytes())?.is_some();
        if known && disclosure.name() == "sha256" {
            self.name(disclosure.value(), true);
        }
        Ok(known)
    }

    /// How many values are withheld.
    pub(super) fn withheld(&self) -> u64 {
        self.withheld
    }

    /// The files that were named until now, and whether each is wanted here.
    pub(super) fn files(&self) -> &BTreeMap<String, bool> {
        &self.files
    }

    fn name(&mut self, sha256: &Value, wanted: bool) {
        if let Some(name) = sha256.as_str() {
            *self.files.entry(name.to_owned()).or_default() |= wanted;
        }
    }
}
