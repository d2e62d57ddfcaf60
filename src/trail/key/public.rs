//! Public keys by their algorithm: Ed25519, checked strictly, and ML-DSA-44 (FIPS 204), which a quantum computer does not break.
//!
//! What a key is called, and what its signatures mean, is not here.

use super::Kind;
use ed25519_dalek::Signature;
use ed25519_dalek::ed25519::signature::MultipartVerifier;
use ml_dsa::{EncodedVerifyingKey, MlDsa44};
use std::sync::Arc;

/// How the point is written that changes none that it is added to.
const NEUTRAL: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};

/// A public key.
#[derive(Clone)]
pub(super) enum Public {
    /// Of prime order.
    Ed25519(ed25519_dalek::VerifyingKey),
    MlDsa44(Arc<Lattice>),
}

/// A key of ML-DSA-44, which is large, as it is written and made ready.
pub(super) struct Lattice {
    bytes: EncodedVerifyingKey<MlDsa44>,
    key: ml_dsa::VerifyingKey<MlDsa44>,
}

/// Why bytes are no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Not as many as a key of the kind has.
    Length,
    /// No point of the curve, not its canonical encoding, or not of prime order.
    Weak,
}

impl Public {
    pub(super) fn read(kind: Kind, bytes: &[u8]) -> Result<Self, Unfit> {
        match kind {
            Kind::Ed25519 | Kind::Cosignature => {
                let bytes = bytes.try_into().map_err(|_| Unfit::Length)?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| Unfit::Weak)?;
                let point = key.to_edwards();
                if key.is_weak() || !point.is_torsion_free() || point.compress().as_bytes() != bytes {
                    return Err(Unfit::Weak);
                }
                Ok(Self::Ed25519(key))
            }
            Kind::MlDsa44 => {
                // Whatever the bytes are, they are the only way to write that key.
                let bytes = EncodedVerifyingKey::<MlDsa44>::try_from(bytes).map_err(|_| Unfit::Length)?;
                let key = ml_dsa::VerifyingKey::decode(&bytes);
                Ok(Self::MlDsa44(Arc::new(Lattice { bytes, key })))
            }
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => key.as_bytes(),
            Self::MlDsa44(key) => &key.bytes,
        }
    }

    /// Whether a signature holds. Of Ed25519 (RFC 8032 §5.1.7, and stricter): S below the group's order, R and the key not of small
    /// order, and the encoding of `[S]B − [k]A` equal to R byte for byte, never in a batch, which accepts more. Of ML-DSA-44 (FIPS 204
    /// §5.3): without context. The parts of the message are as one.
    pub(super) fn verifies(&self, message: &[&[u8]], signature: &[u8]) -> bool {
        match self {
            // The library's strict check decompresses R, to tell its order, and then finds it equal to what it computes. That is
            // of prime order, as the key is, or the neutral point, which is told by its bytes.
            Self::Ed25519(key) => {
                let read = signature.try_into().map(Signature::from_bytes);
                !signature.starts_with(&NEUTRAL)
                    && read.is_ok_and(|read| key.multipart_verify(message, &read).is_ok())
            }
            Self::MlDsa44(lattice) => {
                let read = ml_dsa::Signature::<MlDsa44>::try_from(signature);
                read.is_ok_and(|read| lattice.key.multipart_verify(message, &read).is_ok())
            }
        }
    }
}

impl PartialEq for Public {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Public {}

#[cfg(test)]
mod tests {
    use super::super::SigningKey;
    use super::*;

    #[test]
    fn a_signature_holds_where_the_library_holds_it_strictly() {
        let mut random = fastrand::Rng::with_seed(5);
        let key = SigningKey::from_seed("DK/a", Kind::Ed25519, &[7; 32]).unwrap();
        let verifier = key.verifier();
        let library = ed25519_dalek::VerifyingKey::from_bytes(verifier.raw().try_into().unwrap()).unwrap();
        let strictly = |message: &[u8], signature: &[u8; 64]| {
            library.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
        };
        for round in 0..2_000 {
            let message: Vec<u8> = (0..round % 90).map(|_| random.u8(..)).collect();
            let mut signature = key.sign(&message);
            if round % 3 > 0 {
                signature[random.usize(..64)] ^= 1 << random.u8(..8);
            }
            if round % 3 > 1 {
                signature[..32].copy_from_slice(&NEUTRAL);
            }
            assert_eq!(verifier.verifies(&message, &signature), strictly(&message, &signature), "{round}");
            assert_eq!(verifier.verifies(&message, &signature), round % 3 == 0, "{round}");
        }
    }
}
