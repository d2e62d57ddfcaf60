//! Policies: which logs and witnesses are trusted, and which of them must have signed (C2SP tlog-policy).
//!
//! ```text
//! log annals.example/vectors+f9f8e438+Ae1J…
//! witness DK DK/witness-1+cbcf98f3+BMqT…
//! witness KR KR/witness-1+e19de2e6+BG56…
//! group both all DK KR
//! quorum both
//! ```
//!
//! What a policy says of a checkpoint is not here, but in [`super::quorum`]; when one is in force is not known here.

mod draft;

use super::key::{KeyFault, VerifierKey};
use draft::Draft;
use std::fmt;

/// The longest policy, in bytes.
pub const POLICY_LIMIT: usize = 1_000_000;

/// The most lines of a policy, empty ones and comments included.
pub const LINE_LIMIT: usize = 1024;

const NONE: &[u8] = b"none";

/// Why octets are not a policy. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// Too long.
    #[error("a policy of {0} bytes is too long: at most 1000000 are accepted")]
    Long(usize),
    /// Too many lines.
    #[error("a policy has at most 1024 lines; leave comments out, or witnesses that no group needs")]
    Lines,
    /// Cut off, or written without its end.
    #[error("the last line of the policy does not end with a newline: was it copied whole?")]
    Unended,
    /// A control character.
    #[error(
        "line {0} of the policy holds the control character {1:#04x}: tabs and newlines alone are accepted"
    )]
    Octet(usize, u8),
    /// A line of no known kind.
    #[error("line {0} of the policy begins with `{1}`: log, witness, group, quorum and `#` are known")]
    Word(usize, Octets),
    /// Too few words, or too many.
    #[error("line {0} of the policy has not the form `{1}`; a comment stands on a line of its own")]
    Form(usize, &'static str),
    /// Not a key.
    #[error("line {0} of the policy holds no verifier key")]
    Key(usize, #[source] KeyFault),
    /// A key of the wrong kind.
    #[error(
        "line {0} of the policy: the key {1} is of the wrong type: logs sign with 0x01, witnesses with 0x04, and both with 0x06"
    )]
    Kind(usize, String),
    /// A key twice.
    #[error(
        "line {0} of the policy: the key {1} stands there already, perhaps under another name; leave one out"
    )]
    KeyTwice(usize, String),
    /// A name that is not one.
    #[error(
        "line {0} of the policy: `{1}` cannot be a name: `none` is reserved, white space and control are refused"
    )]
    Name(usize, Octets),
    /// A name twice.
    #[error("line {0} of the policy: the name `{1}` is taken by a witness or group before; choose another")]
    NameTwice(usize, Octets),
    /// A name that means nothing yet.
    #[error("line {0} of the policy: `{1}` is not the name of a witness or group on a line before")]
    Undefined(usize, Octets),
    /// A member twice.
    #[error("line {0} of the policy: `{1}` is a member of a group already, and would count twice")]
    MemberTwice(usize, Octets),
    /// A threshold that cannot be.
    #[error(
        "line {0} of the policy: `{1}` is no threshold: `all`, `any`, or a number from 1 to {2}, the members"
    )]
    Threshold(usize, Octets, usize),
    /// A second quorum.
    #[error("line {0} of the policy is a second quorum: exactly one is accepted")]
    QuorumTwice(usize),
    /// No quorum.
    #[error("the policy has no quorum: a line `quorum <name>` is needed, or `quorum none`")]
    NoQuorum,
}

/// A word of a policy: a name or a URL. What is not ASCII in it has no meaning, not even as UTF-8.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Octets(Vec<u8>);

impl Octets {
    /// As they were written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Octets {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Display for Octets {
    /// For people: what is not UTF-8 is replaced, what is long is cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0).chars().take(80).collect::<String>())
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// A log that is trusted. The name of its key is its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Its key, of type 0x01 or 0x06.
    pub key: VerifierKey,
    /// Where it is reached.
    pub url: Option<Octets>,
}

/// A witness that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// What the policy calls it.
    pub name: Octets,
    /// Its key, of type 0x04 or 0x06.
    pub key: VerifierKey,
    /// Where it is reached.
    pub url: Option<Octets>,
}

/// How many members of a group must have cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// Every one.
    All,
    /// One.
    Any,
    /// As many, from 1 to the number of members.
    Count(usize),
}

/// Witnesses and groups that count together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What the policy calls it.
    pub name: Octets,
    /// How many of its members are enough.
    pub threshold: Threshold,
    /// The names of witnesses and of groups before this one.
    pub members: Vec<Octets>,
}

/// What must have cosigned a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quorum {
    /// Nobody.
    Nobody,
    /// The witness or group of this name.
    Of(Octets),
}

/// Whose word on a checkpoint is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Quorum,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyFault`], by name.
    pub fn parse(octets: &[u8]) -> Result<Self, PolicyFault> {
        if octets.len() > POLICY_LIMIT {
            return Err(PolicyFault::Long(octets.len()));
        }
        let lines = match octets.strip_suffix(b"\n") {
            None if !octets.is_empty() => return Err(PolicyFault::Unended),
            lines => lines.unwrap_or_default(),
        };
        let mut draft = Draft::default();
        for line in lines.split(|octet| *octet == b'\n') {
            draft.read(line)?;
        }
        draft.finish()
    }

    /// The policy of parties that all must have cosigned what the log signed, each with all of its witnesses. With two
    /// parties the group is called `both`, with more `all-parties`; a party's witness has the party's name, and where
    /// there are more of them that of its key. Faults name the line that would have been written.
    ///
    /// # Errors
    /// [`PolicyFault::Kind`], [`PolicyFault::KeyTwice`], [`PolicyFault::Name`], [`PolicyFault::NameTwice`],
    /// [`PolicyFault::Form`] for a party without witnesses, [`PolicyFault::NoQuorum`] without parties,
    /// [`PolicyFault::Lines`].
    pub fn of_parties(log: &VerifierKey, parties: &[(&str, &[VerifierKey])]) -> Result<Self, PolicyFault> {
        let mut draft = Draft::default();
        draft.next_line().log(log.clone(), None)?;
        for (party, keys) in parties {
            for key in *keys {
                let name = if keys.len() == 1 { *party } else { key.name() };
                draft.next_line().witness(name.into(), key.clone(), None)?;
            }
        }
        for (party, keys) in parties.iter().filter(|(_, keys)| keys.len() != 1) {
            let members = keys.iter().map(|key| key.name().into()).collect();
            draft.next_line().group((*party).into(), Threshold::All, members)?;
        }
        let quorum = match parties {
            [] => return Err(PolicyFault::NoQuorum),
            [(party, _)] => *party,
            [_, _] => "both",
            _ => "all-parties",
        };
        if parties.len() > 1 {
            let members = parties.iter().map(|(party, _)| (*party).into()).collect();
            draft.next_line().group(quorum.into(), Threshold::All, members)?;
        }
        draft.next_line().quorum(quorum.into())?;
        draft.finish()
    }

    /// The logs, in the order of their lines.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses, in the order of their lines.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The groups, each after its members.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What must have cosigned.
    #[must_use]
    pub const fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// The policy without comments: logs, witnesses, groups, quorum, each line in its one form. It is read back as the
    /// same policy.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (none, mut written) = (None, Vec::new());
        let mut line = |words: &[&[u8]], url: &Option<Octets>| {
            let url = url.as_ref().map(Octets::as_bytes);
            let words: Vec<&[u8]> = words.iter().copied().chain(url).collect();
            written.extend_from_slice(&words.join(&b' '));
            written.push(b'\n');
        };
        for log in &self.logs {
            line(&[b"log", log.key.to_string().as_bytes()], &log.url);
        }
        for witness in &self.witnesses {
            let key = witness.key.to_string();
            line(&[b"witness", witness.name.as_bytes(), key.as_bytes()], &witness.url);
        }
        for group in &self.groups {
            let threshold = group.threshold.to_string();
            let mut words = vec![b"group".as_slice(), group.name.as_bytes(), threshold.as_bytes()];
            words.extend(group.members.iter().map(Octets::as_bytes));
            line(&words, &none);
        }
        let quorum = match &self.quorum {
            Quorum::Nobody => NONE,
            Quorum::Of(name) => name.as_bytes(),
        };
        line(&[b"quorum", quorum], &none);
        written
    }
}

impl fmt::Display for Policy {
    /// For people where a name or URL is not UTF-8; [`Policy::to_bytes`] is exact always.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Any => f.write_str("any"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::key::{Kind, SigningKey};

    fn key(name: &str, kind: Kind, seed: u8) -> VerifierKey {
        SigningKey::from_seed(name, kind, &[seed; 32]).unwrap().verifier()
    }

    fn witness(party: &str, seed: u8) -> VerifierKey {
        key(&format!("{party}/witness-{seed}"), Kind::Cosignature, seed)
    }

    #[test]
    fn two_parties_must_both_cosign() {
        let (log, dk, kr) = (key("a.example/plan", Kind::Ed25519, 1), witness("DK", 2), witness("KR", 3));
        let parties: [(&str, &[VerifierKey]); 2] =
            [("DK", std::slice::from_ref(&dk)), ("KR", std::slice::from_ref(&kr))];
        let policy = Policy::of_parties(&log, &parties).unwrap();
        let text =
            format!("log {log}\nwitness DK {dk}\nwitness KR {kr}\ngroup both all DK KR\nquorum both\n");
        assert_eq!(policy.to_string(), text);
        assert_eq!(Policy::parse(text.as_bytes()), Ok(policy));
    }

    #[test]
    fn more_parties_with_several_witnesses_must_all_cosign() {
        let log = key("a.example/plan", Kind::Ed25519, 1);
        let (dk, kr, no) = ([witness("DK", 2), witness("DK", 3)], [witness("KR", 4)], [witness("NO", 5)]);
        let policy = Policy::of_parties(&log, &[("DK", &dk), ("KR", &kr), ("NO", &no)]).unwrap();
        let text = policy.to_string();
        assert!(text.ends_with(
            "group DK all DK/witness-2 DK/witness-3\ngroup all-parties all DK KR NO\nquorum all-parties\n"
        ));
        assert_eq!(Policy::parse(text.as_bytes()), Ok(policy));
        let alone = Policy::of_parties(&log, &[("KR", &kr)]).unwrap();
        assert!(alone.to_string().ends_with("\nquorum KR\n") && alone.groups().is_empty());
    }

    #[test]
    fn parties_that_make_no_policy_are_refused() {
        let log = key("a.example/plan", Kind::Ed25519, 1);
        let (dk, kr) = ([witness("DK", 2)], [witness("KR", 3)]);
        let of = |parties: &[(&str, &[VerifierKey])]| Policy::of_parties(&log, parties).unwrap_err();
        assert_eq!(of(&[]), PolicyFault::NoQuorum);
        assert!(matches!(of(&[("DK", &dk), ("KR", &[])]), PolicyFault::Form(3, _)));
        assert_eq!(of(&[("DK", &dk), ("DK", &kr)]), PolicyFault::NameTwice(3, "DK".into()));
        assert!(matches!(of(&[("DK", &dk), ("KR", &dk)]), PolicyFault::KeyTwice(3, _)));
        assert!(matches!(of(&[("DK", &dk), ("KR", std::slice::from_ref(&log))]), PolicyFault::Kind(3, _)));
        for name in ["", "none", "D K", "DK\nquorum none", "D\tK", "\u{7f}"] {
            assert_eq!(of(&[(name, &dk), ("KR", &kr)]), PolicyFault::Name(2, name.into()));
        }
        assert_eq!(of(&[("both", &dk), ("KR", &kr)]), PolicyFault::NameTwice(4, "both".into()));
        assert!(matches!(Policy::of_parties(&dk[0], &[("KR", &kr)]), Err(PolicyFault::Kind(1, _))));
    }
}
