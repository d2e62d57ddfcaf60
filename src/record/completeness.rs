//! Completeness: what checkpoints say of a history that is read, up to which entry nothing can be missing, and who vouches for it.
//!
//! That nothing was altered is another question, and [`super::verify`] answers it. A chain cannot see that its newest entries were
//! cut off; whoever cosigned a checkpoint saw as many entries as it says.

use super::state::State;
use crate::trail::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::trail::hash::{LeafHash, NodeHash};
use crate::trail::merkle::{self, Frontier};
use crate::trail::policy::{Policy, PolicyFault, Witness};
use crate::trail::quorum::Distrust;
use std::collections::BTreeMap;

/// Checkpoints that are compared with a history while it is read.
#[derive(Debug, Default)]
pub struct Completeness {
    /// Those of trees that were not reached yet, by size.
    ahead: BTreeMap<u64, Vec<SignedCheckpoint>>,
    /// Those that were, each with the root that the history had then.
    reached: Vec<(SignedCheckpoint, NodeHash)>,
    frontier: Frontier,
    /// That a checkpoint of more entries than there are continues these (RFC 6962 §2.1.2).
    continued: Vec<NodeHash>,
}

/// What checkpoints say of a history.
#[derive(Debug, Clone)]
pub struct Completed {
    /// How many entries the history has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: NodeHash,
    /// What each checkpoint says, the smallest first.
    pub standings: Vec<Standing>,
}

/// A checkpoint, and what is to be thought of it.
#[derive(Debug, Clone)]
pub struct Standing {
    /// As it was found.
    pub signed: SignedCheckpoint,
    /// Who vouches for it, or why it does not count.
    pub verdict: Result<Vouched, Unsound>,
}

/// Who vouches for a checkpoint that is of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// Whether they are enough; they never are where the policy asks for none.
    pub witnessed: bool,
    /// Each witness of the policy that cosigned, by its name there, and when, in POSIX seconds.
    pub witnesses: Vec<(String, u64)>,
}

/// Why a checkpoint does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// Of more entries than there are.
    #[error("it is of {signed} entries, and {found} are here: the newest are missing")]
    Cut {
        /// The checkpoint's.
        signed: u64,
        /// How many there are.
        found: u64,
    },
    /// Of other entries.
    #[error(
        "its root is {signed}, and that of the first {size} entries here is {found}: one of the two histories is false"
    )]
    Fork {
        /// How many entries.
        size: u64,
        /// The checkpoint's root.
        signed: NodeHash,
        /// The history's.
        found: NodeHash,
    },
    /// Of witnesses alone.
    #[error(
        "the log did not sign it, and witnesses that the policy lists cosigned it: ask them what they have seen"
    )]
    Unlogged,
    /// Of another log, not signed, or forged.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// There is no policy to judge by.
    #[error("the policy of that time cannot be read")]
    Policy(#[from] PolicyFault),
    /// There is no ledger to speak of.
    #[error("the history has no opening")]
    Unopened,
    /// Of no entries, as every history was once.
    #[error("it is of no entry, and says nothing of any history")]
    Nothing,
}

impl Unsound {
    /// Whether a checkpoint says nothing of the history: it is of no entry, or nobody signed it whom a policy lists.
    #[must_use]
    pub const fn says_nothing(&self) -> bool {
        matches!(self, Self::Nothing | Self::Distrust(Distrust::Stranger(_) | Distrust::Unsigned(_)))
    }
}

impl Completeness {
    /// Nothing read, and these checkpoints to be compared.
    #[must_use]
    pub fn new(checkpoints: impl IntoIterator<Item = SignedCheckpoint>) -> Self {
        let mut all = Self::default();
        for signed in checkpoints {
            all.ahead.entry(signed.checkpoint().size()).or_default().push(signed);
        }
        all.reach();
        all
    }

    /// The same, with a proof that a checkpoint of more entries than will be read continues these: none of them is missing then.
    #[must_use]
    pub fn continued(self, path: Vec<NodeHash>) -> Self {
        Self { continued: path, ..self }
    }

    /// Takes the next entry, given without its newline.
    pub fn push(&mut self, line: &[u8]) {
        self.take(LeafHash::of(line));
    }

    /// As above, by its hash.
    pub fn take(&mut self, leaf: LeafHash) {
        self.frontier.push(leaf, &mut |_, _| {});
        self.reach();
    }

    fn reach(&mut self) {
        let size = self.frontier.size();
        while let Some(first) = self.ahead.first_entry().filter(|first| *first.key() == size) {
            let root = self.frontier.root();
            self.reached.extend(first.remove().into_iter().map(|signed| (signed, root)));
        }
    }

    /// What the checkpoints say of the history that was read, and that left a state. Each is judged by a policy that is trusted, or
    /// else by the one that was in force in the history when the ledger was of its size.
    #[must_use]
    pub fn finish(self, state: &State, trusted: Option<&Policy>) -> Completed {
        let (size, root) = (self.frontier.size(), self.frontier.root());
        let reached = self.reached.into_iter().map(|(signed, found)| {
            // Whatever another log says of its own entries, or nobody says, is no word on these.
            let vouched = vouched(&signed, state, trusted);
            let of_history = || of_history(signed.checkpoint(), found);
            let verdict = match vouched {
                Err(unsound) if unsound.says_nothing() => Err(unsound),
                vouched => of_history().and(vouched),
            };
            Standing { signed, verdict }
        });
        let ahead = self.ahead.into_values().flatten().map(|signed| {
            let cut = Unsound::Cut { signed: signed.checkpoint().size(), found: size };
            let then = (signed.checkpoint().size(), signed.checkpoint().root());
            let continues = merkle::continues((size, root), then, &self.continued).is_ok();
            // Only what the log signed says that entries are missing.
            let vouched = vouched(&signed, state, trusted);
            let verdict = if continues { vouched } else { vouched.and(Err(cut)) };
            Standing { signed, verdict }
        });
        Completed { size, root, standings: reached.chain(ahead).collect() }
    }
}

fn of_history(checkpoint: &Checkpoint, found: NodeHash) -> Result<(), Unsound> {
    if checkpoint.root() == found {
        return Ok(());
    }
    Err(Unsound::Fork { size: checkpoint.size(), signed: checkpoint.root(), found })
}

fn vouched(signed: &SignedCheckpoint, state: &State, trusted: Option<&Policy>) -> Result<Vouched, Unsound> {
    let size = signed.checkpoint().size();
    if size == 0 {
        return Err(Unsound::Nothing);
    }
    let then;
    let policy = if let Some(policy) = trusted {
        policy
    } else {
        then = policy_at(state, size)?;
        &then
    };
    // Of entries among which its own revocation is, a key says nothing.
    let in_force = |witness: &Witness| !state.keys.is_revoked_at(&witness.key.keyid(), size);
    let verdict = match policy.judge(signed) {
        // Nobody cosigns what the log did not sign: with a key that the policy lists, or one before or after that.
        Err(Distrust::Unsigned(_))
            if state.ledger_keys().all(|key| signed.signed_by(key).is_err())
                && policy.witnessed(signed).is_ok_and(|said| said.anybody()) =>
        {
            return Err(Unsound::Unlogged);
        }
        verdict => verdict?,
    };
    let times = verdict.witnessing.times.into_iter();
    let times: Vec<_> = times.filter(|(witness, time)| time.is_some() && in_force(witness)).collect();
    let witnessed =
        !policy.asks_nobody() && policy.is_met(|witness| times.iter().any(|(each, _)| *each == witness));
    let name = |(witness, time): (&Witness, Option<u64>)| Some((witness.name.to_string(), time?));
    Ok(Vouched { witnessed, witnesses: times.into_iter().filter_map(name).collect() })
}

/// The policy that was in force in a ledger of a size.
///
/// # Errors
/// [`Unsound::Unopened`], [`Unsound::Policy`].
pub fn policy_at(state: &State, size: u64) -> Result<Policy, Unsound> {
    Ok(state.policy_at(size)?.ok_or(Unsound::Unopened)?.policy.policy().clone())
}

impl Completed {
    /// The largest checkpoint that enough witnesses vouch for: up to it nothing is missing.
    #[must_use]
    pub fn witnessed(&self) -> Option<(&Checkpoint, &Vouched)> {
        self.newest(|vouched| vouched.witnessed)
    }

    /// The largest checkpoint that the ledger signed, whoever vouches for it besides.
    #[must_use]
    pub fn signed(&self) -> Option<(&Checkpoint, &Vouched)> {
        self.newest(|_| true)
    }

    fn newest(&self, counts: impl Fn(&Vouched) -> bool) -> Option<(&Checkpoint, &Vouched)> {
        let sound = self.standings.iter().filter_map(|standing| {
            standing.verdict.as_ref().ok().map(|vouched| (standing.signed.checkpoint(), vouched))
        });
        sound.filter(|(_, vouched)| counts(vouched)).max_by_key(|(checkpoint, _)| checkpoint.size())
    }

    /// Whether every checkpoint is of the history and vouched for, but for those of no entry.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults().all(|unsound| *unsound == Unsound::Nothing)
    }

    /// Whether none says anything of the history.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.standings.iter().all(|standing| standing.verdict == Err(Unsound::Nothing))
    }

    fn faults(&self) -> impl Iterator<Item = &Unsound> {
        self.standings.iter().filter_map(|standing| standing.verdict.as_ref().err())
    }
}
