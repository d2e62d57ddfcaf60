//! What entries name that lies beside them: withheld values by their digests, and files by their SHA-256.

use crate::record::fact::Fact;
use crate::record::upcast;
use crate::record::withheld::{FILE_DIGEST, WithheldField};
use crate::store::StoreError;
use crate::store::runs::Runs;
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::entry::Entry;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Digests of withheld values, and names of files.
#[derive(Debug)]
pub(super) struct Named {
    digests: Runs<32, 0>,
    withheld: u64,
    /// Those of the digests that withhold which file is meant, with its size.
    of_files: Runs<32, 8>,
    /// How many of these are of a size, and how many of them were erased.
    sizes: BTreeMap<u64, (u64, u64)>,
    /// Those of the digests of which an entry says that the value is to be gone, and how many they are.
    erased: Runs<32, 0>,
    gone: u64,
    /// Files that are named by values which are to be gone, and are still here.
    lingering: BTreeSet<String>,
    /// Whether each is wanted here: the printed document of a plan is named, and lies elsewhere.
    files: BTreeMap<String, bool>,
}

/// What entries say of a withheld value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Withheld {
    /// One holds its digest.
    Held,
    /// One held its digest, and another erased it.
    Erased,
    /// None holds its digest.
    Stray,
}

impl Default for Named {
    fn default() -> Self {
        Self {
            digests: Runs::new(true),
            withheld: 0,
            of_files: Runs::new(true),
            sizes: BTreeMap::new(),
            erased: Runs::new(true),
            gone: 0,
            lingering: BTreeSet::new(),
            files: BTreeMap::new(),
        }
    }
}

impl Named {
    /// Takes what an entry names.
    pub(super) fn take(
        &mut self,
        entry: &Entry,
        fact: &Fact,
        held: &[WithheldField],
    ) -> Result<(), StoreError> {
        let data = upcast::newest(&entry.request.event).data.members();
        let evidence = data.get("evidence").and_then(Value::as_array).into_iter().flatten();
        for file in evidence.map(|evidence| &evidence["sha256"]).chain(data.get("plan_sha256")) {
            self.name(file, true);
        }
        if let Some(document) = data.get("document") {
            self.name(&document["sha256"], false);
        }
        if let Fact::Erased(erased) = fact {
            let digest = erased.digest.bytes();
            let first = self.digests.get(digest)?.is_some() && self.erased.get(digest)?.is_none();
            self.gone += u64::from(first);
            let size = self.of_files.get(digest)?.map(u64::from_be_bytes).filter(|_| first);
            if let Some((_, erased)) = size.and_then(|size| self.sizes.get_mut(&size)) {
                *erased += 1;
            }
            self.erased.insert(*digest, [])?;
        }
        self.withheld += held.len() as u64;
        let evidence = data.get("evidence").and_then(Value::as_array).into_iter().flatten();
        for file in evidence {
            let digest =
                file.get("_sd").and_then(|withheld| withheld.get(FILE_DIGEST)).and_then(Value::as_str);
            let size = file.get("size").and_then(Value::as_u64);
            if let (Some(digest), Some(size)) = (digest.and_then(Digest::parse), size) {
                self.of_files.insert(*digest.bytes(), size.to_be_bytes())?;
                self.sizes.entry(size).or_default().0 += 1;
            }
        }
        held.iter().try_for_each(|held| self.digests.insert(*held.digest.bytes(), []))
    }

    /// What entries say of a disclosure, by its digest; a file that it names is named, too, unless it was erased.
    pub(super) fn takes(&mut self, disclosure: &Disclosure) -> Result<Withheld, StoreError> {
        let digest = disclosure.digest();
        if self.digests.get(digest.bytes())?.is_none() {
            return Ok(Withheld::Stray);
        }
        let erased = self.erased.get(digest.bytes())?.is_some();
        if disclosure.name() == FILE_DIGEST {
            if !erased {
                self.name(disclosure.value(), true);
            } else if let Some(name) = disclosure.value().as_str() {
                self.lingering.insert(name.to_owned());
            }
        }
        Ok(if erased { Withheld::Erased } else { Withheld::Held })
    }

    /// Whether an entry holds a digest of a value that was not erased.
    pub(super) fn holds(&self, digest: &Digest) -> Result<bool, StoreError> {
        Ok(self.digests.get(digest.bytes())?.is_some() && self.erased.get(digest.bytes())?.is_none())
    }

    /// How many values are withheld and were not erased.
    pub(super) const fn withheld(&self) -> u64 {
        self.withheld.saturating_sub(self.gone)
    }

    /// Whether any file was erased, so that one that nobody names may be that.
    pub(super) fn has_erased_file(&self) -> bool {
        self.sizes.values().any(|(_, erased)| *erased > 0)
    }

    /// Whether files of a size were erased, and no value that is held may name another of that size.
    pub(super) fn is_erased_size(&self, size: u64) -> bool {
        self.sizes.get(&size).is_some_and(|(all, erased)| *erased > 0 && all == erased)
    }

    /// Whether a file goes with an erased value that is still here.
    pub(super) fn is_lingering(&self, name: &str) -> bool {
        self.lingering.contains(name) && !self.files.contains_key(name)
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
