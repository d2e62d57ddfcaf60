//! Disclosures: values kept beside the log, of which an entry holds only the digest (SD-JWT, RFC 9901 §4.2).
//!
//! ```text
//! disclosure   base64url of ["_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius"]
//! digest       X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0      base64url of SHA-256 of the disclosure's ASCII bytes
//! in an entry  {"_sd":{"family_name":"X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"}}
//! ```
//!
//! Withholding or erasing one leaves every hash and signature valid. Where they are stored, which fields may be
//! withheld and who may see them is not here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The longest disclosure in bytes of base64url.
pub const DISCLOSURE_LIMIT: usize = 65_535;

/// Why a text is not a disclosure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a disclosure: base64url without padding of `[salt, name, value]`, at most 65535 bytes, is expected"
)]
pub struct NotADisclosure;

/// The digest of a disclosure: 43 characters of base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Reads a digest; only the form that is written is accepted.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Decoding is strict, so the unused bits of the last character are zero: one text for one digest.
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl Digest {
    /// The hash that it writes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// A value with its salt and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Disclosure {
    encoded: String,
    name: String,
    value: Value,
}

impl Disclosure {
    /// Seals a value under 128 random bits, without which the digest would let anybody guess it.
    #[must_use]
    pub fn new(salt: [u8; 16], name: &str, value: &Value) -> Self {
        let array = Value::Array(vec![URL_SAFE_NO_PAD.encode(salt).into(), name.into(), value.clone()]);
        Self {
            encoded: URL_SAFE_NO_PAD.encode(array.to_string()),
            name: name.to_owned(),
            value: value.clone(),
        }
    }

    /// Reads a disclosure, whoever wrote it: the digest is over its bytes as they are.
    ///
    /// # Errors
    /// [`NotADisclosure`].
    pub fn parse(encoded: &str) -> Result<Self, NotADisclosure> {
        if encoded.len() > DISCLOSURE_LIMIT {
            return Err(NotADisclosure);
        }
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| NotADisclosure)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| NotADisclosure)?;
        let Ok(Value::Array(array)) = super::canonical::read(text) else { return Err(NotADisclosure) };
        let Ok([Value::String(_), Value::String(name), value]) = <[Value; 3]>::try_from(array) else {
            return Err(NotADisclosure);
        };
        Ok(Self { encoded: encoded.to_owned(), name, value })
    }

    /// The field that it discloses.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The field's value.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// As it is stored and handed over.
    #[must_use]
    pub fn encoded(&self) -> &str {
        &self.encoded
    }

    /// What an entry holds in its place.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.encoded.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // RFC 9901 §4.2.1 and §4.2.3.
    const RFC: &str = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    const RFC_DIGEST: &str = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0";

    #[test]
    fn the_example_of_the_rfc_has_its_digest() {
        let disclosure = Disclosure::parse(RFC).unwrap();
        assert_eq!((disclosure.name(), disclosure.value()), ("family_name", &Value::from("Möbius")));
        assert_eq!(disclosure.digest().to_string(), RFC_DIGEST);
    }

    #[test]
    fn a_disclosure_is_read_back_and_its_salt_hides_its_value() {
        let value = Value::from("김");
        let one = Disclosure::new([1; 16], "officer", &value);
        assert_eq!(Disclosure::parse(one.encoded()).unwrap(), one);
        assert_ne!(one.digest(), Disclosure::new([2; 16], "officer", &value).digest());
        assert_eq!(Digest::parse(&one.digest().to_string()), Some(one.digest()));
    }

    #[test]
    fn other_texts_are_refused() {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for text in [
            "",
            "é",
            &format!("{RFC}="),
            &encode("[1,\"a\",2]"),
            &encode("[\"s\",\"a\"]"),
            &encode("[\"s\",\"a\",{\"b\":1,\"b\":2}]"),
            &encode(&"[".repeat(9000)),
        ] {
            assert_eq!(Disclosure::parse(text), Err(NotADisclosure), "{text}");
        }
        assert_eq!(Digest::parse(&format!("{}1", &RFC_DIGEST[..42])), None, "unused bits");
        assert_eq!(Digest::parse(&format!("{RFC_DIGEST}=")), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_answered_and_never_panics(text in "[A-Za-z0-9_-]{0,80}") {
            let _ = Disclosure::parse(&text);
        }
    }
}
