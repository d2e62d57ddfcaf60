//! Keys, written as C2SP verifier keys, and their signatures.
//!
//! ```text
//! vkey    DK/authority-1+89abcdef+AQ…        name + key id + base64(type byte, public key)
//! keyid   DK/authority-1+89abcdef            what an entry names
//! ```
//!
//! A vkey is written as C2SP signed-note has it, "Verifier keys". The key id is the first four bytes of SHA-256 over the name, a
//! newline, the type byte and the public key ("Signatures" there). Who may sign what is not here.

mod public;

use super::hash::{digits, hex};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use public::{Public, Unfit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The longest name of a key, in bytes.
pub const NAME_LIMIT: usize = 192;

/// What a key signs, told by its type byte (C2SP signed-note, "Signature types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `0x01`, Ed25519: entries and checkpoints.
    Ed25519,
    /// `0x04`, Ed25519 with a time: a witness's cosignatures (C2SP tlog-cosignature).
    Cosignature,
    /// `0x06`, ML-DSA-44 with a time: what logs and witnesses elsewhere sign checkpoints with (C2SP tlog-cosignature). Verified
    /// here, and not made.
    MlDsa44,
}

impl Kind {
    /// Every kind that this version knows.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::Cosignature, Self::MlDsa44];

    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
            Self::MlDsa44 => 0x06,
        }
    }

    /// How many bytes its signatures have, without a time.
    pub(super) const fn signature_length(self) -> usize {
        match self {
            Self::Ed25519 | Self::Cosignature => 64,
            Self::MlDsa44 => 2420,
        }
    }
}

/// Why a text is not a verifier key, or a file not a signing key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not of the form `name+id+key`.
    #[error("`{0}` is not a verifier key: `<name>+<8 hexadecimal digits>+<base64>` is expected")]
    Form(String),
    /// The name is empty, too long, or holds white space, a plus or a control character.
    #[error("`{0}` is not a key name: 1 to 192 bytes without white space, `+` or control characters")]
    Name(String),
    /// The id does not belong to the name and the key.
    #[error("the id of the key `{name}` is {found}, but name and key give {expected}: was it copied whole?")]
    Id {
        /// The key's name.
        name: String,
        /// As written.
        found: String,
        /// As computed.
        expected: String,
    },
    /// A type byte that this version does not know.
    #[error("the key `{name}` is of the unknown type {byte:#04x}; 0x01, 0x04 and 0x06 are known")]
    Unknown {
        /// The key's name.
        name: String,
        /// The type byte.
        byte: u8,
    },
    /// The bytes are no point of the curve, not its canonical encoding, or not of prime order.
    #[error("the key `{0}` is not a canonical Ed25519 public key of prime order")]
    Weak(String),
    /// A kind of which no keys are made here.
    #[error("keys of type 0x06 (ML-DSA-44) are not made here, only verified with: make `{0}` one of 0x04")]
    Unmade(String),
    /// Not a PKCS#8 private key in PEM.
    #[error("this is not an Ed25519 private key in PKCS#8 PEM (`-----BEGIN PRIVATE KEY-----`)")]
    Pem,
}

/// A public key with its name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VerifierKey {
    name: String,
    kind: Kind,
    id: [u8; 4],
    key: Public,
}

impl VerifierKey {
    /// Reads a verifier key (C2SP signed-note, "Verifier keys"); only the form that [`fmt::Display`] writes is accepted.
    ///
    /// # Errors
    /// [`KeyFault`], by name.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        let form = || KeyFault::Form(text.chars().take(240).collect());
        // A base64 text may hold `+` too, so the key is all that follows the second one.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(form());
        };
        let name = checked(name)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| form())?;
        let (byte, key) = bytes.split_first().ok_or_else(form)?;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.byte() == *byte)
            .ok_or_else(|| KeyFault::Unknown { name: name.clone(), byte: *byte })?;
        let key = Public::read(kind, key).map_err(|unfit| match unfit {
            Unfit::Length => form(),
            Unfit::Weak => KeyFault::Weak(name.clone()),
        })?;
        let key = Self::new(name, kind, key);
        let expected = hex(&key.id);
        if id != expected {
            return Err(KeyFault::Id { name: key.name, found: id.to_owned(), expected });
        }
        Ok(key)
    }

    fn new(name: String, kind: Kind, key: Public) -> Self {
        Self { id: key_id(&name, kind, key.as_bytes()), name, kind, key }
    }

    /// The key's name, by which a party's keys begin with its code: `DK/…`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The raw public key: 32 bytes of Ed25519, 1,312 of ML-DSA-44.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        self.key.as_bytes()
    }

    /// The key's id, as the lines of signed notes begin with it.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// `<name>+<8 hexadecimal digits>`, as an entry names its key.
    #[must_use]
    pub fn keyid(&self) -> String {
        format!("{}+{}", self.name, hex(&self.id))
    }

    /// Whether an entry names this key so.
    #[must_use]
    pub fn is_named(&self, keyid: &str) -> bool {
        let id = keyid.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('+'));
        id.is_some_and(|id| id.bytes().eq(digits(&self.id)))
    }

    /// Whether `signature` is this key's over `message`; Ed25519 is checked strictly.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verifies(&[message], signature)
    }

    /// As above, of a message in parts, which are not put together.
    pub(super) fn verifies_parts(&self, message: &[&[u8]], signature: &[u8]) -> bool {
        self.key.verifies(message, signature)
    }
}

impl TryFrom<String> for VerifierKey {
    type Error = KeyFault;

    fn try_from(text: String) -> Result<Self, KeyFault> {
        Self::parse(&text)
    }
}

impl From<VerifierKey> for String {
    fn from(key: VerifierKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend_from_slice(self.raw());
        write!(f, "{}+{}", self.keyid(), STANDARD.encode(bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A private key with its name. Its bytes are wiped when it is dropped, and never shown.
pub struct SigningKey {
    name: String,
    kind: Kind,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A key of Ed25519 from 32 random bytes, which are the secret.
    ///
    /// # Errors
    /// [`KeyFault::Name`], [`KeyFault::Unmade`].
    pub fn from_seed(name: &str, kind: Kind, seed: &[u8; 32]) -> Result<Self, KeyFault> {
        Self::new(name, kind, ed25519_dalek::SigningKey::from_bytes(seed))
    }

    fn new(name: &str, kind: Kind, key: ed25519_dalek::SigningKey) -> Result<Self, KeyFault> {
        match kind {
            Kind::Ed25519 | Kind::Cosignature => Ok(Self { name: checked(name)?, kind, key }),
            Kind::MlDsa44 => Err(KeyFault::Unmade(checked(name)?)),
        }
    }

    /// Reads a PKCS#8 PEM. The file knows neither name nor kind: its own name does.
    ///
    /// # Errors
    /// [`KeyFault::Pem`], [`KeyFault::Name`], [`KeyFault::Unmade`].
    pub fn from_pem(name: &str, kind: Kind, pem: &str) -> Result<Self, KeyFault> {
        Self::new(name, kind, ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map_err(|_| KeyFault::Pem)?)
    }

    /// The key as PKCS#8 PEM, secret.
    ///
    /// # Errors
    /// [`KeyFault::Pem`], where the encoder refuses.
    pub fn to_pem(&self) -> Result<String, KeyFault> {
        // Of the first version (RFC 8410 §7), which other programs read: the public half follows from it.
        let secret = KeypairBytes { secret_key: self.key.to_bytes(), public_key: None };
        let pem = secret.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyFault::Pem)?;
        Ok(pem.as_str().to_owned())
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.name.clone(), self.kind, Public::Ed25519(self.key.verifying_key()))
    }

    /// Signs a message (Ed25519, RFC 8032 §5.1.6, deterministic: the same message gives the same signature).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifier().keyid())
    }
}

fn checked(name: &str) -> Result<String, KeyFault> {
    let refused = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.len() > NAME_LIMIT || name.contains(refused) {
        return Err(KeyFault::Name(name.chars().take(NAME_LIMIT).collect()));
    }
    Ok(name.to_owned())
}

/// The id of a key (C2SP signed-note, "Signatures").
fn key_id(name: &str, kind: Kind, key: &[u8]) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name.as_bytes())
        .chain_update([b'\n', kind.byte()])
        .chain_update(key)
        .finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
    [a, b, c, d]
}

/// A key of type 0x06, which this program does not make, and what signs with it.
#[cfg(test)]
pub(crate) fn post_quantum(name: &str, seed: u8) -> (VerifierKey, impl Fn(&[u8]) -> Vec<u8>) {
    use ml_dsa::{Keypair, MlDsa44, SigningKey};
    let key = SigningKey::<MlDsa44>::from_seed(&[seed; 32].into());
    let public = Public::read(Kind::MlDsa44, &key.verifying_key().encode()).unwrap();
    let sign = move |message: &[u8]| key.sign(message).encode().to_vec();
    (VerifierKey::new(name.to_owned(), Kind::MlDsa44, public), sign)
}

#[cfg(test)]
mod tests;
