//! Verifying a bundle: with no store, no network, and a memory that does not grow with it. It is told whether anything was
//! altered; up to which entry nothing can be missing is told by its checkpoints, in [`crate::exchange::verification`].

use super::{Bundle, BundleError, POLICY};
use crate::exchange::disclosing::{self, TakeError};
use crate::exchange::layout::{LayoutError, Source, each_entry, fetch};
use crate::ledger::LedgerError;
use crate::ledger::disclosures::AtHand;
use crate::ledger::index::Index;
use crate::record::beside::Beside;
use crate::record::completeness::policy_at;
use crate::record::evidence;
use crate::record::state::State;
use crate::record::verdict::Report;
use crate::record::verify::Verifier;
use crate::record::withheld::{self, FILE_DIGEST};
use crate::store::StoreError;
use crate::trail::entry::Entry;
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::Frontier;
use crate::trail::policy::{POLICY_LIMIT, Policy};
use crate::trail::tile::{self, Kind, TOP, WIDTH};
use std::collections::{BTreeSet, HashMap};
use std::io::{BufReader, ErrorKind};

/// Why a bundle is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is none, or not whole.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Its disclosures.
    #[error("its disclosures cannot be read")]
    Disclosures(#[from] TakeError),
    /// There is no room for what has to be remembered of the entries.
    #[error("what verifying remembers cannot be kept")]
    Store(#[from] StoreError),
}

impl From<LayoutError> for VerifyError {
    fn from(error: LayoutError) -> Self {
        Self::Bundle(error.into())
    }
}

/// What a bundle has beside its entries.
#[derive(Debug)]
pub struct Bundled {
    /// The first tile that is not the one of the entries.
    pub tile: Option<String>,
    /// How many files there are in it, and which are not those of their names, or of no entry.
    pub files: (u64, Vec<String>),
    /// Whether the policy in it is the one that its entries adopt; nothing where none is in it, or where it is not known what they
    /// adopt, because they do not hold.
    pub policy: Option<bool>,
}

impl Bundled {
    /// Whether all of it is of the entries.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.tile.is_none() && self.files.1.is_empty() && self.policy != Some(false)
    }
}

/// Verifies a bundle: entries, tree, withheld values, files and policy. Its checkpoints are judged by whoever takes every entry
/// with `each`, as [`crate::exchange::verification`] does. With the state that the entries leave, as far as they could be judged.
///
/// # Errors
/// [`VerifyError`]. What is wrong with a bundle that can be read is in what is found.
pub fn verify(
    bundle: &mut Bundle,
    seen: Vec<LeafHash>,
    each: &mut dyn FnMut(u64, &[u8]),
) -> Result<(Report, State, Bundled), VerifyError> {
    let size = bundle.checkpoint()?.checkpoint().size();
    // What they say is not judged, only whether they are answers.
    bundle.answers()?;
    let (mut at_hand, mut digests) = (AtHand::default(), HashMap::new());
    if let Some(lines) = bundle.open_disclosures()? {
        disclosing::read(&mut BufReader::new(lines), &mut |_, disclosure| {
            at_hand.push(&disclosure).map_err(LedgerError::from)?;
            // By which a confidential file is known.
            if disclosure.name() == FILE_DIGEST && withheld::check_value(&disclosure).is_ok() {
                digests.insert(disclosure.digest().to_string(), disclosure);
            }
            Ok(())
        })?;
    }
    let known = |digest: &str| digests.get(digest).cloned();
    let mut unnamed: BTreeSet<String> = bundle.evidence()?.into_iter().collect();
    let (disclosures, damaged) = (at_hand.count(), at_hand.damaged());
    let beside = Beside { disclosures, damaged, seen, ..Beside::default() };
    let mut verifier = Verifier::new(Index::beside(at_hand), beside);
    let mut rows = Rows::new(size);
    let mut waiting: Vec<(u8, NodeHash)> = Vec::new();
    let mut frontier = Frontier::default();
    for index in 0..size.div_ceil(WIDTH) {
        // One tile of entries at a time, and then the hashes that it completes.
        let to = size.min((index + 1) * WIDTH);
        each_entry(bundle, index * WIDTH, to, &mut |at, line| {
            verifier.push(line)?;
            each(at, line);
            if let Some(entry) = (!unnamed.is_empty()).then(|| Entry::parse(line).ok()).flatten() {
                for name in evidence::named(&entry.request.event, &known) {
                    unnamed.remove(&name);
                }
            }
            frontier.push(LeafHash::of(line), &mut |height, hash| {
                // Those half way between tiles are in none.
                waiting.extend((height % 8 == 0).then_some((height / 8, hash)));
            });
            Ok::<_, VerifyError>(())
        })?;
        for (level, hash) in waiting.drain(..) {
            rows.compare(bundle, level, hash)?;
        }
    }
    bundle.has_only(size)?;
    let files = verify_files(bundle, &unnamed)?;
    let (report, state, _) = verifier.finish_with_state()?;
    let policy = if report.holds() { verify_policy(bundle, &state, size)? } else { None };
    Ok((report, state, Bundled { tile: rows.wrong, files, policy }))
}

/// Whoever trusts a policy because it lies in a bundle is to be told at least that it is not the ledger's.
pub(super) fn verify_policy(
    bundle: &mut Bundle,
    state: &State,
    size: u64,
) -> Result<Option<bool>, LayoutError> {
    let bytes = match bundle.read(POLICY, POLICY_LIMIT as u64) {
        Err(error) if error.kind() == ErrorKind::FileTooLarge => return Ok(Some(false)),
        read => read.map_err(|error| LayoutError::Read(POLICY.to_owned(), error))?,
    };
    Ok(bytes.map(|bytes| {
        let adopted = policy_at(state, size);
        Policy::parse(&bytes).is_ok_and(|found| adopted.is_ok_and(|adopted| found.means(&adopted)))
    }))
}

/// The hashes of a tree as they come, compared with the tiles of a bundle.
struct Rows {
    size: u64,
    /// How many hashes of each level there were, and the tile that the next one is in.
    levels: Vec<(u64, Vec<NodeHash>)>,
    wrong: Option<String>,
}

impl Rows {
    fn new(size: u64) -> Self {
        Self { size, levels: vec![(0, Vec::new()); usize::from(TOP) + 1], wrong: None }
    }

    fn compare(&mut self, bundle: &mut Bundle, level: u8, hash: NodeHash) -> Result<(), VerifyError> {
        let Some((count, tile)) = self.levels.get_mut(usize::from(level)) else { return Ok(()) };
        let within = *count % WIDTH;
        if within == 0
            && let Some(next) = Kind::Hashes(level).tile(*count / WIDTH, self.size)
        {
            let (path, bytes, width) = fetch(bundle, next, WIDTH * 32)?;
            *tile =
                tile::hashes(&bytes).filter(|hashes| hashes.len() == usize::from(width)).unwrap_or_default();
            if tile.is_empty() {
                self.wrong.get_or_insert(path);
            }
        }
        let place = usize::try_from(within).unwrap_or(usize::MAX);
        if tile.get(place) != Some(&hash)
            && let Some(wrong) = Kind::Hashes(level).tile(*count / WIDTH, self.size)
        {
            self.wrong.get_or_insert_with(|| wrong.to_string());
        }
        *count += 1;
        Ok(())
    }
}

/// How many files there are, and which are not those of their names, or of no entry.
fn verify_files(bundle: &mut Bundle, unnamed: &BTreeSet<String>) -> Result<(u64, Vec<String>), VerifyError> {
    let names = bundle.evidence()?;
    let (count, mut wrong) = (names.len() as u64, Vec::new());
    for name in names {
        if unnamed.contains(&name) || !bundle.is_evidence(&name)? {
            wrong.push(name);
        }
    }
    Ok((count, wrong))
}
