//! A request or a line made ready to be judged: what can be said of it without the entries before it, which is most of the
//! work, and which all cores share.

use super::authority::Keys;
use super::cores;
use super::fact::{Fact, FactFault};
use super::withheld::WithheldField;
use crate::trail::disclosure::Digest;
use crate::trail::entry::{Entry, EntryFault, Request};
use crate::trail::hash::LeafHash;
use crate::trail::key::VerifierKey;
use crate::trail::lines::Shared;

/// Lines that are worth a thread.
const SHARE: usize = 64;

/// What a request claims, as far as it speaks for itself.
#[derive(Debug)]
pub struct Claim {
    /// What it states, and the digests that it holds.
    pub(super) fact: Result<(Fact, Vec<WithheldField>), FactFault>,
    /// The bytes of the key that it was held against, and whether it is signed by it.
    signed: Option<([u8; 32], bool)>,
}

/// A line, as far as it speaks for itself.
#[derive(Debug)]
pub struct Prepared {
    /// Its hash, whatever it is.
    pub(super) leaf: LeafHash,
    /// The entry that it is, or why it is none.
    pub(super) read: Result<Read, EntryFault>,
}

/// An entry, as far as it speaks for itself.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) entry: Entry,
    pub(super) claim: Claim,
}

impl Claim {
    /// What a request claims. `keys` are those that are known so far: whether the one that it names is in force where it is
    /// recorded, is judged then.
    #[must_use]
    pub fn of(request: &Request, keys: &Keys) -> Self {
        let key = keys.in_force(&request.event.keyid).ok();
        let signed = key.and_then(|key| {
            let bytes = key.vkey.raw().try_into().ok()?;
            Some((bytes, request.is_signed_by(&key.vkey)))
        });
        Self { fact: Fact::read(&request.event), signed }
    }

    /// The digests that it holds; none where it states no fact.
    #[must_use]
    pub fn held(&self) -> &[WithheldField] {
        self.fact.as_ref().map_or(&[], |(_, held)| held)
    }

    /// The digest of the value that it erases.
    #[must_use]
    pub fn erased(&self) -> Option<Digest> {
        match &self.fact {
            Ok((Fact::Erased(erased), _)) => Some(erased.digest),
            _ => None,
        }
    }

    /// Whether the request is signed by a key; what is known already is not asked again.
    pub(super) fn is_signed_by(&self, request: &Request, key: &VerifierKey) -> bool {
        match &self.signed {
            // One of these bytes that the request names so is the same key.
            Some((held, signed)) if held == key.raw() && key.is_named(&request.event.keyid) => *signed,
            _ => request.is_signed_by(key),
        }
    }
}

impl Prepared {
    /// Prepares lines on every core, in their order. `keys` are as in [`Claim::of`].
    #[must_use]
    pub fn all(lines: &Shared, keys: &Keys) -> Vec<Self> {
        let places: Vec<usize> = (0..lines.len()).collect();
        cores::share(&places, SHARE, &|place| Self::of(lines, *place, keys))
    }

    /// As [`Self::all`], on this core alone.
    pub(super) fn each(lines: &Shared, keys: &Keys) -> Vec<Self> {
        (0..lines.len()).map(|place| Self::of(lines, place, keys)).collect()
    }

    fn of(lines: &Shared, place: usize, keys: &Keys) -> Self {
        let read = lines.entry(place).map(|entry| Read { claim: Claim::of(&entry.request, keys), entry });
        let leaf = read.as_ref().map_or_else(|_| LeafHash::of(lines.line(place)), |read| read.entry.leaf());
        Self { leaf, read }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::lines::Lines;

    #[test]
    fn many_lines_are_prepared_as_each_alone_and_in_their_order() {
        const ENTRIES: &str = include_str!("../../tests/vectors/entries.jsonl");
        let one = ENTRIES.lines().map(|line| line.as_bytes().to_vec());
        for count in [0, 1, SHARE - 1, SHARE, SHARE + 1, 5 * SHARE] {
            let lines: Vec<Vec<u8>> = one.clone().chain([b"{}".to_vec()]).cycle().take(count).collect();
            let keys = Keys::default();
            let alone = lines
                .chunks(1)
                .flat_map(|line| Prepared::all(&line.iter().collect::<Lines>().share(), &keys));
            let alone: Vec<Prepared> = alone.collect();
            let shared = lines.iter().collect::<Lines>().share();
            let together = Prepared::all(&shared, &keys);
            assert_eq!(format!("{together:?}"), format!("{alone:?}"));
            assert_eq!(format!("{together:?}"), format!("{:?}", Prepared::each(&shared, &keys)));
            assert!(together.iter().map(|each| each.leaf).eq(lines.iter().map(|line| LeafHash::of(line))));
        }
    }
}
