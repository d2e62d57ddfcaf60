//! A policy while its lines come in, whoever brings them: each is checked against those before it.
//!
//! What a line may say is C2SP tlog-policy, "Policy file syntax and structure"; how a policy is written is not here.

use super::{Group, LINE_LIMIT, Log, NONE, Octets, Policy, PolicyFault, Quorum, Threshold, Witness};
use crate::trail::checkpoint::decimal;
use crate::trail::key::{KeyFault, Kind, VerifierKey};
use std::collections::HashSet;

const LOG: &str = "log <vkey> [<url>]";
const WITNESS: &str = "witness <name> <vkey> [<url>]";
const GROUP: &str = "group <name> all|any|<k> <name>…";
const QUORUM: &str = "quorum <name>|none";
/// What has been read so far.
#[derive(Default)]
pub(super) struct Draft {
    line: usize,
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<Quorum>,
    defined: HashSet<Octets>,
    members: HashSet<Octets>,
}

impl Draft {
    /// Counts a line: faults name it from now on.
    pub(super) const fn next_line(&mut self) -> &mut Self {
        self.line += 1;
        self
    }

    pub(super) fn read(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        if self.next_line().line > LINE_LIMIT {
            return Err(PolicyFault::Lines);
        }
        if let Some(octet) = line.iter().find(|octet| **octet != b'\t' && is_control(**octet)) {
            return Err(PolicyFault::Octet(self.line, *octet));
        }
        let words: Vec<&[u8]> =
            line.split(|octet| is_space(*octet)).filter(|word| !word.is_empty()).collect();
        let octets = |word: &[u8]| Octets(word.to_vec());
        match words.as_slice() {
            [] | [[b'#', ..], ..] => Ok(()),
            [b"log", key] => self.log(self.key(key)?, None),
            [b"log", key, url] => self.log(self.key(key)?, Some(octets(url))),
            [b"witness", name, key] => self.witness(octets(name), self.key(key)?, None),
            [b"witness", name, key, url] => self.witness(octets(name), self.key(key)?, Some(octets(url))),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                let threshold = self.threshold(threshold, members.len())?;
                self.group(octets(name), threshold, members.iter().map(|member| octets(member)).collect())
            }
            [b"quorum", name] => self.quorum(octets(name)),
            [b"log", ..] => Err(PolicyFault::Form(self.line, LOG)),
            [b"witness", ..] => Err(PolicyFault::Form(self.line, WITNESS)),
            [b"group", ..] => Err(PolicyFault::Form(self.line, GROUP)),
            [b"quorum", ..] => Err(PolicyFault::Form(self.line, QUORUM)),
            [word, ..] => Err(PolicyFault::Word(self.line, octets(word))),
        }
    }

    pub(super) fn log(&mut self, key: VerifierKey, url: Option<Octets>) -> Result<(), PolicyFault> {
        self.check(
            &key,
            &[Kind::Ed25519, Kind::MlDsa44],
            self.logs.iter().any(|log| log.key.raw() == key.raw()),
        )?;
        self.logs.push(Log { key, url });
        Ok(())
    }

    pub(super) fn witness(
        &mut self,
        name: Octets,
        key: VerifierKey,
        url: Option<Octets>,
    ) -> Result<(), PolicyFault> {
        let twice = self.witnesses.iter().any(|witness| witness.key.raw() == key.raw());
        self.check(&key, &[Kind::Cosignature, Kind::MlDsa44], twice)?;
        self.define(&name)?;
        self.witnesses.push(Witness { name, key, url });
        Ok(())
    }

    pub(super) fn group(
        &mut self,
        name: Octets,
        threshold: Threshold,
        members: Vec<Octets>,
    ) -> Result<(), PolicyFault> {
        if members.is_empty() {
            return Err(PolicyFault::Form(self.line, GROUP));
        }
        for member in &members {
            if !self.defined.contains(member) {
                return Err(PolicyFault::Undefined(self.line, member.clone()));
            }
            if !self.members.insert(member.clone()) {
                return Err(PolicyFault::MemberTwice(self.line, member.clone()));
            }
        }
        self.define(&name)?;
        self.groups.push(Group { name, threshold, members });
        Ok(())
    }

    pub(super) fn quorum(&mut self, name: Octets) -> Result<(), PolicyFault> {
        if self.quorum.is_some() {
            return Err(PolicyFault::QuorumTwice(self.line));
        }
        self.quorum = Some(if name.as_bytes() == NONE {
            Quorum::Nobody
        } else if self.defined.contains(&name) {
            Quorum::Of(name)
        } else {
            return Err(PolicyFault::Undefined(self.line, name));
        });
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Policy, PolicyFault> {
        // Lines that were read never come as far as this; those of parties may.
        if self.line > LINE_LIMIT {
            return Err(PolicyFault::Lines);
        }
        let Self { logs, witnesses, groups, quorum, .. } = self;
        Ok(Policy { logs, witnesses, groups, quorum: quorum.ok_or(PolicyFault::NoQuorum)? })
    }

    fn key(&self, word: &[u8]) -> Result<VerifierKey, PolicyFault> {
        let shown = |_| KeyFault::Form(String::from_utf8_lossy(word).chars().take(240).collect());
        let key = std::str::from_utf8(word).map_err(shown).and_then(VerifierKey::parse);
        key.map_err(|fault| PolicyFault::Key(self.line, fault))
    }

    fn threshold(&self, word: &[u8], members: usize) -> Result<Threshold, PolicyFault> {
        match word {
            b"all" => return Ok(Threshold::All),
            b"any" => return Ok(Threshold::Any),
            _ => {}
        }
        let number = std::str::from_utf8(word).ok().and_then(decimal);
        number
            .and_then(|number| usize::try_from(number).ok())
            .filter(|count| (1..=members).contains(count))
            .map(Threshold::Count)
            .ok_or_else(|| PolicyFault::Threshold(self.line, Octets(word.to_vec()), members))
    }

    fn check(&self, key: &VerifierKey, kinds: &[Kind], twice: bool) -> Result<(), PolicyFault> {
        if !kinds.contains(&key.kind()) {
            return Err(PolicyFault::Kind(self.line, key.keyid()));
        }
        if twice { Err(PolicyFault::KeyTwice(self.line, key.keyid())) } else { Ok(()) }
    }

    fn define(&mut self, name: &Octets) -> Result<(), PolicyFault> {
        let octets = name.as_bytes();
        if octets.is_empty()
            || octets == NONE
            || octets.iter().any(|octet| is_space(*octet) || is_control(*octet))
        {
            return Err(PolicyFault::Name(self.line, name.clone()));
        }
        if !self.defined.insert(name.clone()) {
            return Err(PolicyFault::NameTwice(self.line, name.clone()));
        }
        Ok(())
    }
}

fn is_space(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

fn is_control(octet: u8) -> bool {
    octet < b' ' || octet == 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::key::SigningKey;
    use proptest::prelude::*;

    fn vkey(name: &str, kind: Kind, seed: u8) -> String {
        SigningKey::from_seed(name, kind, &[seed; 32]).unwrap().verifier().to_string()
    }

    /// `L1` is a log's key, `W1` a witness's, and so on.
    fn keyed(text: &str) -> String {
        (1..=9_u8).fold(text.to_owned(), |text, seed| {
            text.replace(&format!("L{seed}"), &vkey("example.com/log", Kind::Ed25519, seed))
                .replace(&format!("W{seed}"), &vkey(&format!("w/{seed}"), Kind::Cosignature, seed))
        })
    }

    fn read(text: &str) -> Result<Policy, PolicyFault> {
        Policy::parse(keyed(text).as_bytes())
    }

    #[test]
    fn spaces_tabs_comments_and_empty_lines_mean_nothing() {
        let plain = read("log L1 https://a.example\nwitness x W1\ngroup g any x\nquorum g\n").unwrap();
        let loose = "# log L9\n\n\t \n  log\t \tL1  https://a.example \n \t# quorum none\n\twitness x W1\n\
                     group  g any\tx\nquorum g\t\n#\n";
        assert_eq!(read(loose), Ok(plain.clone()));
        // Whatever else is a space elsewhere is a part of a word.
        for space in ["\u{a0}", "\u{2003}"] {
            assert!(matches!(read(&format!("quorum{space}none\n")), Err(PolicyFault::Word(1, _))));
        }
        let late = read("group g any x\nquorum g\nlog L1 https://a.example\nwitness x W1\n");
        assert_eq!(late, Err(PolicyFault::Undefined(1, "x".into())));
        let late = read("witness x W1\ngroup g any x\nquorum g\nlog L1 https://a.example\n");
        assert_eq!(late, Ok(plain), "logs and witnesses may stand anywhere");
    }

    #[test]
    fn each_fault_of_a_policy_has_its_name_and_its_line() {
        use PolicyFault as F;
        let key = |kind, seed| {
            let name = if kind == Kind::Ed25519 { "example.com/log".to_owned() } else { format!("w/{seed}") };
            SigningKey::from_seed(&name, kind, &[seed; 32]).unwrap().verifier().keyid()
        };
        let start = "witness x W1\nwitness y W2\n";
        for (text, fault) in [
            ("", F::NoQuorum),
            ("\n", F::NoQuorum),
            ("log L1\n", F::NoQuorum),
            ("quorum none", F::Unended),
            ("\nquorum none\r\n", F::Octet(2, b'\r')),
            ("# \u{7f}\nquorum none\n", F::Octet(1, 0x7f)),
            ("# \0\nquorum none\n", F::Octet(1, 0)),
            ("Log L1\nquorum none\n", F::Word(1, "Log".into())),
            ("quorums none\n", F::Word(1, "quorums".into())),
            ("log\n", F::Form(1, LOG)),
            ("log L1 url more\n", F::Form(1, LOG)),
            ("log L1 # why\n", F::Form(1, LOG)),
            ("witness x\n", F::Form(1, WITNESS)),
            ("witness x W1 url more\n", F::Form(1, WITNESS)),
            ("group g all\n", F::Form(1, GROUP)),
            ("group g\n", F::Form(1, GROUP)),
            ("quorum\n", F::Form(1, QUORUM)),
            ("quorum none none\n", F::Form(1, QUORUM)),
            ("log L1\nlog L1 url\nquorum none\n", F::KeyTwice(2, key(Kind::Ed25519, 1))),
            ("log W1\nquorum none\n", F::Kind(1, key(Kind::Cosignature, 1))),
            ("witness x L1\nquorum none\n", F::Kind(1, key(Kind::Ed25519, 1))),
            ("witness none W1\nquorum none\n", F::Name(1, "none".into())),
            ("witness x W1\nwitness x W2\n", F::NameTwice(2, "x".into())),
            ("quorum x\nwitness x W1\n", F::Undefined(1, "x".into())),
            ("quorum none\nquorum none\n", F::QuorumTwice(2)),
        ] {
            assert_eq!(read(text), Err(fault), "{text}");
        }
        for (text, fault) in [
            ("group x all y\n", F::NameTwice(3, "x".into())),
            ("group none all x y\n", F::Name(3, "none".into())),
            ("group g all x none\n", F::Undefined(3, "none".into())),
            ("group g all x z\n", F::Undefined(3, "z".into())),
            ("group g all g\n", F::Undefined(3, "g".into())),
            ("group g any x x\n", F::MemberTwice(3, "x".into())),
            ("group g any x\ngroup h all x y\n", F::MemberTwice(4, "x".into())),
            ("group g any X\n", F::Undefined(3, "X".into())),
            ("quorum X\n", F::Undefined(3, "X".into())),
        ] {
            assert_eq!(read(&format!("{start}{text}quorum none\n")), Err(fault), "{text}");
        }
        for k in ["0", "3", "01", "+1", "-1", "1.0", "ALL", "18446744073709551617", "١"] {
            let text = format!("{start}group g {k} x y\nquorum g\n");
            assert_eq!(read(&text), Err(F::Threshold(3, k.into(), 2)), "{k}");
        }
        assert!(matches!(read("witness x a+b+c\n"), Err(F::Key(1, _))));
        assert!(matches!(Policy::parse(b"log a\xff+b+c\nquorum none\n"), Err(F::Key(1, KeyFault::Form(_)))));
        assert_eq!(Policy::parse(&vec![b'#'; 1_000_001]), Err(F::Long(1_000_001)));
        assert!(read(&format!("{}quorum none\n", "\n".repeat(1023))).is_ok());
        assert_eq!(read(&format!("{}quorum none\n", "\n".repeat(1024))), Err(F::Lines));
    }

    #[test]
    fn many_logs_witnesses_and_groups_are_accepted() {
        let mut lines = Vec::new();
        for seed in 1..=64 {
            lines.push(format!("log {}\n", vkey("example.com/log", Kind::Ed25519, seed)));
            lines.push(format!("witness w{seed} {}\n", vkey("w", Kind::Cosignature, seed)));
            let below = format!("g{}", seed - 1);
            lines.push(format!("group g{seed} all w{seed} {}\n", if seed > 1 { &below } else { "" }));
        }
        let policy = Policy::parse(format!("{}quorum g64\n", lines.concat()).as_bytes()).unwrap();
        assert_eq!((policy.logs().len(), policy.witnesses().len(), policy.groups().len()), (64, 64, 64));
        assert!(policy.is_met(|_| true));
        assert!(!policy.is_met(|witness| witness.name.as_bytes() != b"w1"), "the innermost counts");
    }

    #[test]
    fn one_key_is_one_witness_under_whatever_name() {
        let (one, two) = (vkey("w/1", Kind::Cosignature, 1), vkey("w/2", Kind::Cosignature, 1));
        let text = format!("witness x {one}\nwitness y {two}\nquorum none\n");
        assert!(matches!(Policy::parse(text.as_bytes()), Err(PolicyFault::KeyTwice(2, _))));
    }

    #[test]
    fn keys_of_ml_dsa_are_logs_and_witnesses() {
        let key = |name| crate::trail::key::post_quantum(name, 7).0;
        let text = format!("log {}\nwitness x {}\nquorum x\n", key("a.example/plan"), key("w"));
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(policy.to_bytes(), text.as_bytes());
        let twice = text.replace("quorum x", &format!("witness y {}\nquorum x", key("other")));
        assert_eq!(Policy::parse(twice.as_bytes()), Err(PolicyFault::KeyTwice(3, key("other").keyid())));
    }

    #[test]
    fn names_are_octets() {
        let (one, two) = (keyed("W1"), keyed("W2"));
        let text = [b"witness K ", one.as_bytes(), b"\nwitness \xe2\x84\xaa ", two.as_bytes(), b" \xff\n"];
        let text = [&text.concat(), &b"group \xfe all K \xe2\x84\xaa\nquorum \xfe\n"[..]].concat();
        let policy = Policy::parse(&text).unwrap();
        assert_eq!(policy.witnesses()[1].name.as_bytes(), "\u{212a}".as_bytes());
        assert_eq!(policy.to_bytes(), text);
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_and_read_back_as_the_same_policy(
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize), 0..4),
        ) {
            let start = "log L1\nwitness x W1\nwitness y W2 u\ngroup g 2 x y\nquorum g\n";
            let mut bytes = keyed(start).into_bytes();
            for (at, with) in edits {
                let at = at.index(bytes.len());
                bytes[at] = b" \t\n#gxy012\xe9\r"[with];
            }
            if let Ok(policy) = Policy::parse(&bytes) {
                let written = policy.to_bytes();
                prop_assert_eq!(Policy::parse(&written), Ok(policy));
            }
        }

        #[test]
        fn arbitrary_octets_are_answered_and_never_panic(bytes: Vec<u8>, words in "(group |quorum |any |x |9|\n){0,40}") {
            let _ = (Policy::parse(&bytes), read(&format!("witness x W1\n{words}")));
        }
    }
}
