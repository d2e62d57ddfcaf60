//! Whether a checkpoint is signed and cosigned as a policy asks (C2SP tlog-policy, "Defining the quorum").
//!
//! How a policy is read and written is not here, but in [`super::policy`]; whether a root belongs to the entries that
//! somebody holds, and whether a cosignature is of the right time, is for the caller.

use super::checkpoint::SignedCheckpoint;
use super::key::VerifierKey;
use super::note::{Forged, Signature};
use super::policy::{Octets, Policy, Quorum, Threshold, Witness};
use super::witness;
use std::collections::{BTreeSet, HashMap};

/// Why a checkpoint is not to be believed at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// A log that the policy does not list.
    #[error(
        "the policy lists no log named `{0}`: is the checkpoint of another ledger, or the policy an older one?"
    )]
    Stranger(String),
    /// Not signed by the log.
    #[error(
        "no key that the policy lists for the log `{0}` has signed the checkpoint: was its key replaced since?"
    )]
    Unsigned(String),
    /// A signature that does not hold.
    #[error("the checkpoint is refused")]
    Forged(#[from] Forged),
}

/// Whether enough witnesses have cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backing {
    /// The quorum is met, which says nothing where the policy asks for no witness ([`Policy::asks_nobody`]).
    Witnessed,
    /// The quorum is not met: nobody but the log vouches for the checkpoint.
    Unwitnessed,
}

/// What the witnesses say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Witnessing<'a> {
    /// Whether they are enough.
    pub backing: Backing,
    /// Each witness of the policy, with the time of its cosignature in POSIX seconds, or `None`.
    pub times: Vec<(&'a Witness, Option<u64>)>,
}

/// What a policy says of a checkpoint that its log has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Verdict<'a> {
    /// The first listed key with which the log has signed.
    pub log: &'a VerifierKey,
    /// What the witnesses say.
    pub witnessing: Witnessing<'a>,
}

impl Witnessing<'_> {
    /// Whether anybody cosigned.
    #[must_use]
    pub fn anybody(&self) -> bool {
        self.times.iter().any(|(_, time)| time.is_some())
    }
}

impl Policy {
    /// Judges a checkpoint: signed by a listed log whose name is the origin, no line of any known key forged. Whether
    /// the quorum is met is in the verdict.
    ///
    /// # Errors
    /// [`Distrust`], by name.
    pub fn judge(&self, signed: &SignedCheckpoint) -> Result<Verdict<'_>, Distrust> {
        let origin = signed.checkpoint().origin();
        let (mut listed, mut by) = (false, None);
        for log in self.logs() {
            let has_signed = signed.has_line_of(&log.key)?;
            if log.key.name() == origin {
                listed = true;
                by = by.or(has_signed.then_some(&log.key));
            }
        }
        let witnessing = self.witnessed(signed)?;
        match by {
            Some(log) => Ok(Verdict { log, witnessing }),
            None if listed => Err(Distrust::Unsigned(origin.to_owned())),
            None => Err(Distrust::Stranger(origin.to_owned())),
        }
    }

    /// What the witnesses say of a checkpoint whose log is known otherwise. The log's own signature is not looked at.
    ///
    /// # Errors
    /// [`Forged`] where a line that names a witness's key does not hold.
    pub fn witnessed(&self, signed: &SignedCheckpoint) -> Result<Witnessing<'_>, Forged> {
        let times: Vec<_> = self
            .witnesses()
            .iter()
            .map(|listed| Ok((listed, witness::cosigned(signed, &listed.key)?)))
            .collect::<Result<_, Forged>>()?;
        let met: HashMap<_, _> = times.iter().map(|(listed, time)| (&listed.name, time.is_some())).collect();
        let met = self.is_met(|listed| met.get(&listed.name) == Some(&true));
        Ok(Witnessing { backing: if met { Backing::Witnessed } else { Backing::Unwitnessed }, times })
    }

    /// Whether another policy trusts the same logs and knows the same witnesses, and asks for as many of them, in groups that nest alike:
    /// the order of lines and members, names that mean nothing outside the file, addresses, and `all` or `any` for a number are free.
    #[must_use]
    pub fn means(&self, other: &Self) -> bool {
        self.meaning() == other.meaning()
    }

    /// The keys of its logs and of its witnesses, and what its quorum asks for.
    fn meaning(&self) -> (BTreeSet<String>, BTreeSet<String>, Option<String>) {
        let mut asked: HashMap<&Octets, String> =
            self.witnesses().iter().map(|witness| (&witness.name, witness.key.to_string())).collect();
        // A member is in one group, which stands after it, and may be the quorum besides.
        for group in self.groups() {
            let mut members: Vec<String> =
                group.members.iter().filter_map(|member| asked.get(member).cloned()).collect();
            members.sort_unstable();
            let count = group.threshold.of(members.len());
            let meaning = match members.as_slice() {
                [one] => one.clone(),
                _ => format!("{count} of ({})", members.join(" ")),
            };
            asked.insert(&group.name, meaning);
        }
        let quorum = match self.quorum() {
            Quorum::Nobody => None,
            Quorum::Of(name) => asked.remove(name),
        };
        let logs = self.logs().iter().map(|log| log.key.to_string()).collect();
        let witnesses = self.witnesses().iter().map(|witness| witness.key.to_string()).collect();
        (logs, witnesses, quorum)
    }

    /// Whether it asks for no witness: whatever is met then, nobody but the log vouches for a checkpoint.
    #[must_use]
    pub fn asks_nobody(&self) -> bool {
        *self.quorum() == Quorum::Nobody
    }

    /// Whether the quorum has cosigned, where `cosigned` tells of each witness whether it did.
    #[must_use]
    pub fn is_met(&self, cosigned: impl Fn(&Witness) -> bool) -> bool {
        let Quorum::Of(quorum) = self.quorum() else { return true };
        let mut met: HashMap<&Octets, bool> =
            self.witnesses().iter().map(|witness| (&witness.name, cosigned(witness))).collect();
        // Members stand before their group, so that one pass settles every group.
        for group in self.groups() {
            let count = group.members.iter().filter(|member| met.get(member) == Some(&true)).count();
            met.insert(&group.name, count >= group.threshold.of(group.members.len()));
        }
        met.get(quorum) == Some(&true)
    }

    /// The signatures by keys that the policy does not list: they count for nothing, and may be shown.
    #[must_use]
    pub fn unknown<'a>(&self, signed: &'a SignedCheckpoint) -> Vec<&'a Signature> {
        let logs = self.logs().iter().map(|log| &log.key);
        let keys: Vec<_> = logs.chain(self.witnesses().iter().map(|witness| &witness.key)).collect();
        signed.note().unknown(&keys)
    }
}

impl Threshold {
    fn of(self, members: usize) -> usize {
        match self {
            Self::All => members,
            Self::Any => 1,
            Self::Count(count) => count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::checkpoint::Checkpoint;
    use crate::trail::hash::NodeHash;
    use crate::trail::key::{Kind, SigningKey};
    use proptest::prelude::*;

    const ORIGIN: &str = "a.example/plan";

    fn log(origin: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(origin, Kind::Ed25519, &[seed; 32]).unwrap()
    }

    fn witness(seed: u8) -> SigningKey {
        SigningKey::from_seed(&format!("w/{seed}"), Kind::Cosignature, &[seed; 32]).unwrap()
    }

    fn signed(log: &SigningKey, witnesses: &[u8]) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(log.verifier().name(), 6, NodeHash([7; 32])).unwrap();
        let mut signed = SignedCheckpoint::sign(checkpoint.clone(), log).unwrap();
        for seed in witnesses {
            let line = witness::cosign(&witness(*seed), &checkpoint, 1000 + u64::from(*seed)).unwrap();
            signed.push(line).unwrap();
        }
        signed
    }

    /// Witnesses 1 to 6 of the specification's example, `X1` to `X3` and `Y1` to `Y3`, and a log of this origin.
    fn policy(groups: &str) -> Policy {
        let names = ["X1", "X2", "X3", "Y1", "Y2", "Y3"].into_iter().zip(1..);
        let witnesses = names.map(|(name, seed)| format!("witness {name} {}\n", witness(seed).verifier()));
        let (log, witnesses) = (log(ORIGIN, 9).verifier(), witnesses.collect::<String>());
        Policy::parse(format!("log {log}\n{witnesses}{groups}").as_bytes()).unwrap()
    }

    fn backing(groups: &str, witnesses: &[u8]) -> Backing {
        policy(groups).judge(&signed(&log(ORIGIN, 9), witnesses)).unwrap().witnessing.backing
    }

    const NESTED: &str = "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup X-and-Y all X Y\nquorum X-and-Y\n";

    #[test]
    fn a_policy_means_the_same_in_another_spelling_and_nothing_else() {
        let nested = policy(NESTED);
        for same in [
            "group B 1 Y3 Y2 Y1\ngroup A 2 X3 X1 X2\ngroup both 2 A B\nquorum both\n",
            "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup all-of-it all X Y\ngroup one any all-of-it\nquorum one\n",
        ] {
            assert!(nested.means(&policy(same)) && policy(same).means(&nested), "{same}");
        }
        for other in [
            "group X 3 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup X-and-Y all X Y\nquorum X-and-Y\n",
            "group X 2 X1 X2 Y3\ngroup Y any Y1 Y2 X3\ngroup X-and-Y all X Y\nquorum X-and-Y\n",
            "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup X-and-Y any X Y\nquorum X-and-Y\n",
            "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\nquorum X\n",
            "quorum none\n",
        ] {
            assert!(!nested.means(&policy(other)) && !policy(other).means(&nested), "{other}");
        }
        // The quorum may be a member of a group that is then not asked for.
        let within = ["X", "Y", "X1", "X2", "none"]
            .map(|name| policy(&NESTED.replace("quorum X-and-Y", &format!("quorum {name}"))));
        for (at, one) in within.iter().enumerate() {
            assert!(within.iter().enumerate().all(|(other, each)| one.means(each) == (at == other)), "{one}");
        }
        assert!(within[0].means(&policy("group X 2 X1 X2 X3\nquorum X\n")));
        let [log, other] = [9, 8].map(|seed| log(ORIGIN, seed).verifier());
        let of = |lines: &str| Policy::parse(format!("{lines}quorum none\n").as_bytes()).unwrap();
        let (one, both) = (of(&format!("log {log}\n")), format!("log {log}\nlog {other}\n"));
        assert!(one.means(&of(&format!("log {log} https://a.example/\n"))) && !one.means(&of(&both)));
        assert!(of(&both).means(&of(&format!("log {other}\nlog {log}\n"))));
        // A witness that is asked for nothing is known all the same.
        assert!(!one.means(&of(&format!("log {log}\nwitness W {}\n", witness(1).verifier()))));
    }

    #[test]
    fn the_example_of_the_specification_needs_two_of_x_and_one_of_y() {
        for (witnesses, expected) in [
            (&[1, 2, 4][..], Backing::Witnessed),
            (&[1, 3, 5, 6], Backing::Witnessed),
            (&[1, 2, 3, 4, 5, 6], Backing::Witnessed),
            (&[1, 2, 3], Backing::Unwitnessed),
            (&[1, 4, 5, 6], Backing::Unwitnessed),
            (&[], Backing::Unwitnessed),
        ] {
            assert_eq!(backing(NESTED, witnesses), expected, "{witnesses:?}");
        }
    }

    #[test]
    fn a_quorum_is_nobody_a_witness_or_a_group() {
        assert_eq!(backing("quorum none\n", &[]), Backing::Witnessed);
        assert_eq!(backing("quorum X1\n", &[1]), Backing::Witnessed);
        assert_eq!(backing("quorum X1\n", &[2, 3, 4, 5, 6]), Backing::Unwitnessed);
        assert_eq!(backing("group g 3 X1 X2 X3\nquorum g\n", &[1, 2]), Backing::Unwitnessed);
        assert_eq!(backing("group g 1 X1 X2 X3\nquorum g\n", &[3]), Backing::Witnessed);
    }

    #[test]
    fn a_witness_has_its_time_or_is_absent() {
        let (policy, signed) = (policy(NESTED), signed(&log(ORIGIN, 9), &[1, 4, 8]));
        let verdict = policy.judge(&signed).unwrap();
        let times: Vec<_> = verdict.witnessing.times.iter().map(|(_, time)| *time).collect();
        assert_eq!(times, [Some(1001), None, None, Some(1004), None, None]);
        assert_eq!(verdict.log, &log(ORIGIN, 9).verifier());
        let unknown: Vec<_> = policy.unknown(&signed).into_iter().map(Signature::name).collect();
        assert_eq!(unknown, ["w/8"]);
    }

    #[test]
    fn one_forged_line_of_a_known_key_refuses_the_checkpoint() {
        let whole = signed(&log(ORIGIN, 9), &[1, 2, 4]);
        for key in [witness(3).verifier(), witness(1).verifier(), log(ORIGIN, 9).verifier()] {
            let mut forged = whole.clone();
            forged.push(Signature::of(&key, &[0; 72])).unwrap();
            assert_eq!(policy(NESTED).judge(&forged), Err(Distrust::Forged(Forged(key.keyid()))));
        }
        let mut strange = whole;
        strange.push(Signature::of(&witness(8).verifier(), &[0; 72])).unwrap();
        assert!(policy(NESTED).judge(&strange).is_ok(), "unknown lines are ignored");
    }

    #[test]
    fn logs_and_witnesses_of_ml_dsa_are_judged_as_others_are() {
        let checkpoint = Checkpoint::new(ORIGIN, 6, NodeHash([7; 32])).unwrap();
        let line = |name, seed, time| witness::post_quantum(name, seed, time, &checkpoint);
        let ((log, by_log), (w, by_witness)) = (line(ORIGIN, 1, 0), line("w/1", 2, 1001));
        let text = format!(
            "log {log}\nwitness x {w}\nwitness y {}\ngroup g all x y\nquorum g\n",
            witness(3).verifier()
        );
        let policy = Policy::parse(text.as_bytes()).unwrap();
        let judged = |lines: &[&Signature]| {
            let signed =
                SignedCheckpoint::with(checkpoint.clone(), lines.iter().map(|line| (*line).clone())).unwrap();
            policy.judge(&signed).map(|verdict| verdict.witnessing.backing)
        };
        let classical = witness::cosign(&witness(3), &checkpoint, 1003).unwrap();
        assert_eq!(judged(&[&by_log, &by_witness, &classical]), Ok(Backing::Witnessed));
        assert_eq!(judged(&[&by_log, &classical]), Ok(Backing::Unwitnessed));
        assert_eq!(judged(&[&by_witness, &classical]), Err(Distrust::Unsigned(ORIGIN.to_owned())));
        // Of a witness that tells no time, it is not known what had been fixed by when.
        let (_, undated) = line("w/1", 2, 0);
        assert_eq!(judged(&[&by_log, &undated, &classical]), Ok(Backing::Unwitnessed));
        let forged = Signature::of(&log, &[7; 2428]);
        assert_eq!(judged(&[&forged, &by_log]), Err(Distrust::Forged(Forged(log.keyid()))));
    }

    #[test]
    fn a_checkpoint_is_of_a_listed_log_and_signed_by_it() {
        let other = "b.example/plan";
        let stranger = Err(Distrust::Stranger(other.to_owned()));
        assert_eq!(policy(NESTED).judge(&signed(&log(other, 9), &[1, 2, 4])), stranger);
        let unsigned = Err(Distrust::Unsigned(ORIGIN.to_owned()));
        assert_eq!(policy(NESTED).judge(&signed(&log(ORIGIN, 8), &[1, 2, 4])), unsigned);
        // Another listed log vouches for its own name alone.
        let two = format!("log {}\n{NESTED}", log(other, 8).verifier());
        let mut lent = signed(&log(ORIGIN, 7), &[1, 2, 4]);
        let line = log(other, 8).sign(lent.note().text().as_bytes());
        lent.push(Signature::of(&log(other, 8).verifier(), &line)).unwrap();
        assert_eq!(policy(&two).judge(&lent), unsigned);
        // After a rotation either key of the log is enough.
        let two = format!("log {}\n{NESTED}", log(ORIGIN, 8).verifier());
        assert_eq!(
            policy(&two).judge(&signed(&log(ORIGIN, 8), &[])).unwrap().log,
            &log(ORIGIN, 8).verifier()
        );
        let none = Policy::parse(b"quorum none\n").unwrap();
        assert_eq!(none.judge(&signed(&log(other, 9), &[])), stranger);
        assert_eq!(none.witnessed(&signed(&log(other, 9), &[])).unwrap().backing, Backing::Witnessed);
    }

    proptest! {
        #[test]
        fn one_more_cosignature_never_loses_a_quorum(had: [bool; 6], more in 0..6_usize, k in 1..4_usize) {
            let policy = policy(&format!("group X {k} X1 X2 X3\ngroup g all X Y1 Y2\nquorum g\n"));
            let met = |had: [bool; 6]| {
                policy.is_met(|witness| {
                    had[policy.witnesses().iter().position(|each| each == witness).unwrap()]
                })
            };
            let mut after = had;
            after[more] = true;
            prop_assert!(!met(had) || met(after));
            let enough = had[..3].iter().filter(|each| **each).count() >= k && had[3] && had[4];
            prop_assert_eq!(met(had), enough);
        }
    }
}
