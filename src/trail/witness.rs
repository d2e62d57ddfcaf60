//! Cosignatures: a witness's dated word that a checkpoint continues all that it saw before (C2SP tlog-cosignature).
//!
//! ```text
//! cosignature/v1␊                                           what is signed: a header,
//! time 1618652400␊                                          the time in POSIX seconds,
//! annals.example/vectors␊                                   and the text of the checkpoint
//! 6␊
//! 40rzQz0MIX1r60s9bhpK1jCc5SkfFreHYYbTuWUE/cQ=␊
//! ```
//!
//! The line in the note holds the time as eight bytes, most significant first, and the signature ("Format" there; Ed25519, type
//! 0x04; elsewhere also ML-DSA-44, type 0x06, of another message). That a witness verifies before it signs, and reads the clock, is
//! not here.

use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::key::{Kind, SigningKey, VerifierKey};
use super::note::{Forged, Signature};

/// The last time that a cosignature can have, in seconds since 1970; the first is 1.
pub const TIME_LIMIT: u64 = (1 << 63) - 1;

/// Why a line is not a cosignature, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessFault {
    /// A key that signs something else.
    #[error(
        "the key {0} is not a witness's: checkpoints are cosigned with a key of type 0x04, or elsewhere 0x06"
    )]
    Kind(String),
    /// No time, or one beyond the limit.
    #[error("{0} is not the time of a cosignature: seconds since 1970, not 0, at most 9223372036854775807")]
    Time(u64),
    /// Not of the form of a cosignature.
    #[error(
        "a cosignature has 8 bytes of its time, and 64 of Ed25519 or 2420 of ML-DSA-44; this one has {0}"
    )]
    Length(usize),
    /// A line of somebody else.
    #[error("the line of `{found}` is not by the key {expected}: ask the witness that was meant")]
    Stranger {
        /// The name in the line.
        found: String,
        /// The key's name and id.
        expected: String,
    },
    /// A signature of something else.
    #[error("the cosignature by {0} does not hold for this checkpoint; ask the witness again")]
    Invalid(String),
}

/// Cosigns a checkpoint at a time, given in POSIX seconds (C2SP tlog-cosignature, "Ed25519 signed message").
///
/// # Errors
/// [`WitnessFault::Kind`], [`WitnessFault::Time`].
pub fn cosign(key: &SigningKey, checkpoint: &Checkpoint, time: u64) -> Result<Signature, WitnessFault> {
    let verifier = key.verifier();
    if verifier.kind() != Kind::Cosignature {
        return Err(WitnessFault::Kind(verifier.keyid()));
    }
    let time = dated(time)?;
    let mut bytes = time.to_be_bytes().to_vec();
    bytes.extend_from_slice(&key.sign(&message(time, checkpoint)));
    Ok(Signature::of(&verifier, &bytes))
}

/// The time in a cosignature, in POSIX seconds. It is a claim until [`verify`] has accepted it.
///
/// # Errors
/// [`WitnessFault::Length`], [`WitnessFault::Time`].
pub fn time(signature: &Signature) -> Result<u64, WitnessFault> {
    let (time, rest) = parts(signature)?;
    let is_one = [Kind::Cosignature, Kind::MlDsa44].iter().any(|kind| rest.len() == kind.signature_length());
    if is_one { dated(time) } else { Err(WitnessFault::Length(signature.bytes().len())) }
}

/// Verifies one cosignature of a checkpoint, and says of when it is.
///
/// # Errors
/// [`WitnessFault`], by name; [`WitnessFault::Time`] of 0 where it holds, and tells no time.
pub fn verify(key: &VerifierKey, checkpoint: &Checkpoint, line: &Signature) -> Result<u64, WitnessFault> {
    dated(verified(key, checkpoint, line)?)
}

/// As above, of any time or none.
fn verified(key: &VerifierKey, checkpoint: &Checkpoint, line: &Signature) -> Result<u64, WitnessFault> {
    if key.kind() == Kind::Ed25519 {
        return Err(WitnessFault::Kind(key.keyid()));
    }
    if !line.names(key) {
        let found = line.name().chars().take(80).collect();
        return Err(WitnessFault::Stranger { found, expected: key.keyid() });
    }
    let (time, signature) = parts(line)?;
    if signature.len() != key.kind().signature_length() {
        return Err(WitnessFault::Length(line.bytes().len()));
    }
    if time > TIME_LIMIT {
        dated(time)?;
    }
    let message = match key.kind() {
        Kind::MlDsa44 => subtree(key.name(), time, checkpoint),
        Kind::Cosignature | Kind::Ed25519 => Some(message(time, checkpoint)),
    };
    if message.is_some_and(|message| key.verifies(&message, signature)) {
        Ok(time)
    } else {
        Err(WitnessFault::Invalid(key.keyid()))
    }
}

/// Whether a log signed a checkpoint as witnesses do, with a key of type 0x06 (C2SP tlog-checkpoint): of what time, is for the log.
///
/// # Errors
/// As [`cosigned`].
pub fn signed_as_one(signed: &SignedCheckpoint, log: &VerifierKey) -> Result<bool, Forged> {
    let mut lines = signed.note().signatures().iter().filter(|line| line.names(log)).peekable();
    let any = lines.peek().is_some();
    if lines.all(|line| verified(log, signed.checkpoint(), line).is_ok()) {
        Ok(any)
    } else {
        Err(Forged(log.keyid()))
    }
}

/// When a witness cosigned, in POSIX seconds; `None` where it did not. Where it did more than once, the first time
/// counts: since then the history up to the checkpoint has been fixed. A line that tells no time holds, and counts for nothing.
///
/// # Errors
/// [`Forged`] where any line that names the key does not hold, even beside one that does.
pub fn cosigned(signed: &SignedCheckpoint, key: &VerifierKey) -> Result<Option<u64>, Forged> {
    let mut first = None;
    for line in signed.note().signatures().iter().filter(|line| line.names(key)) {
        let time = verified(key, signed.checkpoint(), line).map_err(|_| Forged(key.keyid()))?;
        if time > 0 {
            first = Some(first.map_or(time, |first: u64| first.min(time)));
        }
    }
    Ok(first)
}

/// Puts a line among others, of which one of each key is enough: of a witness's that which states the first time, as
/// [`cosigned`] counts it, or its repeated cosignatures would leave no room for others'. Nothing is verified. Says whether the line
/// stands there now and did not before.
pub fn put(lines: &mut Vec<Signature>, line: &Signature) -> bool {
    let Some(there) = lines.iter_mut().find(|there| there.name() == line.name() && there.id() == line.id())
    else {
        lines.push(line.clone());
        return true;
    };
    let first = match (time(there), time(line)) {
        (Ok(known), Ok(new)) => new < known,
        (Err(_), Ok(_)) => true,
        (_, Err(_)) => false,
    };
    if first {
        line.clone_into(there);
    }
    first
}

/// What is signed with a key of type 0x04 (C2SP tlog-cosignature, "Ed25519 signed message").
fn message(time: u64, checkpoint: &Checkpoint) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{checkpoint}").into_bytes()
}

/// What is signed with a key of type 0x06: the tree from its first leaf on, and the name of whoever signs (C2SP tlog-cosignature,
/// "ML-DSA-44 signed message", in the encoding of RFC 8446 §3). A name of more than 255 bytes has none.
fn subtree(cosigner: &str, time: u64, checkpoint: &Checkpoint) -> Option<Vec<u8>> {
    let lengths = [cosigner, checkpoint.origin()].map(|name| u8::try_from(name.len()));
    let [Ok(cosigner_length), Ok(origin_length)] = lengths else { return None };
    let parts: [&[u8]; 9] = [
        b"subtree/v1\n\0",
        &[cosigner_length],
        cosigner.as_bytes(),
        &time.to_be_bytes(),
        &[origin_length],
        checkpoint.origin().as_bytes(),
        &0_u64.to_be_bytes(),
        &checkpoint.size().to_be_bytes(),
        &checkpoint.root().0,
    ];
    Some(parts.concat())
}

/// A cosignature of no time says nothing of when a history was fixed (C2SP tlog-witness, "add-checkpoint").
const fn dated(time: u64) -> Result<u64, WitnessFault> {
    if time == 0 || time > TIME_LIMIT { Err(WitnessFault::Time(time)) } else { Ok(time) }
}

/// The time and the signature that a line holds (C2SP tlog-cosignature, "Format").
fn parts(line: &Signature) -> Result<(u64, &[u8]), WitnessFault> {
    let length = || WitnessFault::Length(line.bytes().len());
    let (time, signature) = line.bytes().split_first_chunk().ok_or_else(length)?;
    Ok((u64::from_be_bytes(*time), signature))
}

/// A cosignature with a key of type 0x06, which this program does not make.
#[cfg(test)]
pub(super) fn post_quantum(
    name: &str,
    seed: u8,
    time: u64,
    checkpoint: &Checkpoint,
) -> (VerifierKey, Signature) {
    let (key, sign) = super::key::post_quantum(name, seed);
    let signature = sign(&subtree(name, time, checkpoint).unwrap_or_default());
    let line = Signature::of(&key, &[&time.to_be_bytes()[..], &signature].concat());
    (key, line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::hash::NodeHash;
    use proptest::prelude::*;

    // C2SP tlog-cosignature, at its beginning.
    const COSIGNED: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

    fn key(name: &str, kind: Kind, seed: u8) -> SigningKey {
        SigningKey::from_seed(name, kind, &[seed; 32]).unwrap()
    }

    fn witness() -> SigningKey {
        key("KR/witness-1", Kind::Cosignature, 2)
    }

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint::new("a", size, NodeHash([7; 32])).unwrap()
    }

    fn with(lines: &[Signature]) -> SignedCheckpoint {
        let mut signed = SignedCheckpoint::sign(checkpoint(6), &key("a", Kind::Ed25519, 1)).unwrap();
        for line in lines {
            signed.push(line.clone()).unwrap();
        }
        signed
    }

    #[test]
    fn the_example_of_the_specification_has_its_time_and_its_message() {
        let signed = SignedCheckpoint::parse(COSIGNED.as_bytes()).unwrap();
        assert_eq!(time(&signed.note().signatures()[1]), Ok(1_679_315_147));
        assert_eq!(time(&signed.note().signatures()[0]), Err(WitnessFault::Length(64)));
        assert_eq!(
            String::from_utf8(message(1_679_315_147, signed.checkpoint())).unwrap(),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
             CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
    }

    #[test]
    fn a_cosignature_holds_for_its_checkpoint_its_time_and_its_key_alone() {
        let key_of = witness().verifier();
        let line = cosign(&witness(), &checkpoint(6), 1_679_315_147).unwrap();
        assert_eq!(verify(&key_of, &checkpoint(6), &line), Ok(1_679_315_147));
        let invalid = Err(WitnessFault::Invalid(key_of.keyid()));
        assert_eq!(verify(&key_of, &checkpoint(7), &line), invalid);
        for at in 0..72 {
            let mut bytes = line.bytes().to_vec();
            bytes[at] ^= 1;
            assert_eq!(verify(&key_of, &checkpoint(6), &Signature::of(&key_of, &bytes)), invalid, "{at}");
        }
        // The signature of the text alone is a log's, not a witness's.
        let bytes =
            [&1_u64.to_be_bytes()[..], &witness().sign(checkpoint(6).to_string().as_bytes())].concat();
        assert_eq!(verify(&key_of, &checkpoint(6), &Signature::of(&key_of, &bytes)), invalid);
        let other = key("KR/witness-1", Kind::Cosignature, 3).verifier();
        assert!(matches!(verify(&other, &checkpoint(6), &line), Err(WitnessFault::Stranger { .. })));
    }

    #[test]
    fn each_fault_of_a_cosignature_has_its_name() {
        let (author, verifier) = (key("KR/a", Kind::Ed25519, 2), witness().verifier());
        let kind = WitnessFault::Kind(author.verifier().keyid());
        assert_eq!(cosign(&author, &checkpoint(6), 1), Err(kind.clone()));
        assert_eq!(
            verify(&author.verifier(), &checkpoint(6), &Signature::of(&verifier, &[0; 72])),
            Err(kind)
        );
        assert_eq!(cosign(&witness(), &checkpoint(6), 1 << 63), Err(WitnessFault::Time(1 << 63)));
        for length in [1, 7, 8, 64, 71, 73, 2428] {
            let line = Signature::of(&verifier, &vec![0; length]);
            assert_eq!(verify(&verifier, &checkpoint(6), &line), Err(WitnessFault::Length(length)));
        }
        // Signed rightly, at no time, or at one that is too late.
        for time in [0, TIME_LIMIT + 1, u64::MAX] {
            let signature = witness().sign(&message(time, &checkpoint(6)));
            let line = Signature::of(&verifier, &[&time.to_be_bytes()[..], &signature].concat());
            assert_eq!(verify(&verifier, &checkpoint(6), &line), Err(WitnessFault::Time(time)));
            let expected = if time == 0 { Ok(None) } else { Err(Forged(verifier.keyid())) };
            assert_eq!(cosigned(&with(&[line]), &verifier), expected);
            assert_eq!(cosign(&witness(), &checkpoint(6), time), Err(WitnessFault::Time(time)));
        }
        // Of no time, and signed wrongly.
        let line = Signature::of(&verifier, &[0; 72]);
        assert_eq!(verify(&verifier, &checkpoint(6), &line), Err(WitnessFault::Invalid(verifier.keyid())));
        assert_eq!(cosigned(&with(&[line]), &verifier), Err(Forged(verifier.keyid())));
        assert!(cosign(&witness(), &checkpoint(6), TIME_LIMIT).is_ok());
        assert!(cosign(&witness(), &checkpoint(6), 1).is_ok());
    }

    #[test]
    fn the_message_of_ml_dsa_is_the_structure_of_the_specification() {
        let message = subtree("w", 1_679_315_147, &checkpoint(6)).unwrap();
        let expected = [
            &b"subtree/v1\n\0\x01w\0\0\0\0\x64\x18\x50\xcb\x01a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x06"[..],
            &[7; 32],
        ];
        assert_eq!(message, expected.concat());
        assert_eq!(subtree(&"w".repeat(255), 1, &checkpoint(6)).map(|message| message[12]), Some(255));
        assert_eq!(subtree(&"w".repeat(256), 1, &checkpoint(6)), None);
    }

    #[test]
    fn a_cosignature_of_ml_dsa_holds_for_its_checkpoint_its_time_and_its_key_alone() {
        let (key, line) = post_quantum("KR/witness-2", 5, 20, &checkpoint(6));
        assert_eq!(verify(&key, &checkpoint(6), &line), Ok(20));
        assert_eq!(time(&line), Ok(20));
        assert_eq!(cosigned(&with(std::slice::from_ref(&line)), &key), Ok(Some(20)));
        let invalid = Err(WitnessFault::Invalid(key.keyid()));
        assert_eq!(verify(&key, &checkpoint(7), &line), invalid);
        for at in [0, 7, 8, 39, 40, 2427] {
            let mut bytes = line.bytes().to_vec();
            bytes[at] ^= 1;
            assert!(verify(&key, &checkpoint(6), &Signature::of(&key, &bytes)).is_err(), "{at}");
        }
        let short = Signature::of(&key, &line.bytes()[..72]);
        assert_eq!(verify(&key, &checkpoint(6), &short), Err(WitnessFault::Length(72)));
        // A witness tells the time; a log need not.
        let (key, undated) = post_quantum("a", 5, 0, &checkpoint(6));
        let signed = with(&[undated]);
        assert_eq!(cosigned(&signed, &key), Ok(None));
        assert_eq!(signed_as_one(&signed, &key), Ok(true));
        assert_eq!(signed_as_one(&with(&[]), &key), Ok(false));
        let (_, other) = post_quantum("a", 5, 0, &checkpoint(7));
        assert_eq!(signed_as_one(&with(&[other]), &key), Err(Forged(key.keyid())));
    }

    #[test]
    fn one_line_of_each_key_stands_and_it_is_the_first() {
        let at = |time| cosign(&witness(), &checkpoint(6), time).unwrap();
        let mut signed = with(&[]);
        let log = signed.note().signatures()[0].clone();
        let mut lines = vec![log.clone()];
        for (time, stands) in [(20, true), (30, false), (20, false), (10, true), (20, false)] {
            assert_eq!(put(&mut lines, &at(time)), stands, "{time}");
        }
        assert!(!put(&mut lines, &log));
        assert_eq!(lines, [log, at(10)]);
        signed.merge(&with(&[at(30)])).unwrap();
        (11..99).for_each(|time| signed.merge(&with(&[at(time)])).unwrap());
        assert_eq!(signed, with(&[at(11)]));
    }

    #[test]
    fn the_first_time_counts_and_one_forged_line_refuses_all() {
        let verifier = witness().verifier();
        let at = |time| cosign(&witness(), &checkpoint(6), time).unwrap();
        assert_eq!(cosigned(&with(&[]), &verifier), Ok(None));
        assert_eq!(cosigned(&with(&[at(20), at(10), at(30)]), &verifier), Ok(Some(10)));
        let forged = cosign(&witness(), &checkpoint(7), 5).unwrap();
        assert_eq!(cosigned(&with(&[at(20), forged]), &verifier), Err(Forged(verifier.keyid())));
        // A log's key is no witness's, whatever it signed.
        let log = key("a", Kind::Ed25519, 1).verifier();
        assert_eq!(cosigned(&with(&[]), &log), Err(Forged(log.keyid())));
        // A cosignature is not a signature of the text.
        assert_eq!(with(&[at(20)]).note().signed_by(&verifier), Err(Forged(verifier.keyid())));
    }

    proptest! {
        #[test]
        fn a_cosignature_is_read_back_with_its_time(time_ in 1..=TIME_LIMIT, size: u32) {
            let checkpoint = checkpoint(u64::from(size) + 1);
            let line = cosign(&witness(), &checkpoint, time_).unwrap();
            let line: Signature = line.to_string().parse().unwrap();
            prop_assert_eq!(verify(&witness().verifier(), &checkpoint, &line), Ok(time_));
            prop_assert_eq!(time(&line), Ok(time_));
        }

        #[test]
        fn arbitrary_bytes_are_answered_and_never_hold(bytes in prop::collection::vec(any::<u8>(), 1..80)) {
            let line = Signature::of(&witness().verifier(), &bytes);
            prop_assert!(verify(&witness().verifier(), &checkpoint(6), &line).is_err());
        }
    }
}
