//! Whose the lines of a checkpoint are: the ledger's key's, a witness's, or nobody's that is known.

use super::CheckpointError;
use crate::record::authority::Key;
use crate::record::state::State;
use crate::trail::checkpoint::SignedCheckpoint;
use crate::trail::note::Signature;
use crate::trail::witness::{self, WitnessFault};

/// The witnesses that cosigned, and when; what was taken in is verified.
#[must_use]
pub fn cosigned(signed: &SignedCheckpoint, state: &State) -> Vec<(String, u64)> {
    let time = |(keyid, vkey): (&str, _)| Some((keyid.to_owned(), witness::cosigned(signed, vkey).ok()??));
    let witnesses = state.keys.iter().filter(|(_, key)| key.signer.is_witness());
    witnesses.filter_map(|(keyid, key)| time((keyid, &key.vkey))).collect()
}

/// Whether a checkpoint is signed by a key that the ledger has had.
pub(super) fn is_signed(signed: &SignedCheckpoint, state: &State) -> bool {
    state.ledger_keys().any(|key| signed.signed_by(key).is_ok())
}

/// Whether a checkpoint is of a ledger, and signed by a key that it has had or cosigned by a witness of it.
pub(in crate::ledger) fn is_known(signed: &SignedCheckpoint, state: &State) -> bool {
    state.origin() == Some(signed.checkpoint().origin())
        && (is_signed(signed, state) || !cosigned(signed, state).is_empty())
}

/// Whether a checkpoint is of a ledger and signed by a key of it, and each line of a key that is known holds.
pub(in crate::ledger) fn holds(signed: &SignedCheckpoint, state: &State) -> bool {
    let lines = signed.note().signatures();
    is_known(signed, state) && lines.iter().all(|line| by(line, signed, state).is_ok())
}

/// A checkpoint as far as it holds: whole, or with those of its lines that do; nothing where none of them is of this ledger.
pub(in crate::ledger) fn sound(signed: &SignedCheckpoint, state: &State) -> Option<SignedCheckpoint> {
    if holds(signed, state) {
        return Some(signed.clone());
    }
    holding(signed, state).ok().filter(|held| is_known(held, state))
}

/// Whose a line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A key that the ledger has had.
    Ledger,
    /// A witness, by its key id, and when it signed.
    Witness(String, u64),
    /// A witness, by its key id, that tells no time: it counts for nothing.
    Undated(String),
    /// A key that is not known, or was revoked by then.
    Nobody,
}

/// Whose a line of a checkpoint is; it holds under the key that it names, or is an error.
pub(super) fn by(line: &Signature, signed: &SignedCheckpoint, state: &State) -> Result<By, CheckpointError> {
    let checkpoint = signed.checkpoint();
    let named = |(_, key): &(&str, &Key)| {
        key.signer.is_witness() && line.names(&key.vkey) && key.is_in_force_at(checkpoint.size())
    };
    if let Some((keyid, key)) = state.keys.iter().find(named) {
        return match witness::verify(&key.vkey, checkpoint, line) {
            Err(WitnessFault::Time(0)) => Ok(By::Undated(keyid.to_owned())),
            time => Ok(By::Witness(keyid.to_owned(), time?)),
        };
    }
    let Some(key) = state.ledger_keys().find(|key| line.names(key)) else { return Ok(By::Nobody) };
    Ok(signed.signed_by(key).map(|()| By::Ledger)?)
}

/// A checkpoint with those of its lines that hold, one of each key: what lies in a folder may have been changed there.
pub(in crate::ledger) fn holding(
    signed: &SignedCheckpoint,
    state: &State,
) -> Result<SignedCheckpoint, CheckpointError> {
    let mut lines = Vec::new();
    for line in signed.note().signatures() {
        if let Ok(By::Ledger | By::Witness(..)) = by(line, signed, state) {
            witness::put(&mut lines, line);
        }
    }
    Ok(SignedCheckpoint::with(signed.checkpoint().clone(), lines)?)
}
