//! A specimen: a plausible ledger of any size, made up from a seed and the same each time, to measure with and to try things
//! out on.
//!
//! It is founded by two parties on a plan of an action for every 110 entries, and then says, answers, finds and corrects,
//! spread over four years, in entries of about 1,000 bytes. Every entry is signed, and admitted by the rules. Its keys are
//! made of their names: whoever has this program has them, so that a specimen is nobody's word, and illustrative.
//!
//! Its entries come as lines, with the disclosures that belong to them; putting them into a folder is not here but in
//! [`super::restore`] and [`crate::ledger::disclosures`].

mod founding;
mod plan;
mod speech;

use crate::domain::plan::Plan;
use crate::domain::value::{Code, Sha256};
use crate::record::ids;
use crate::record::request::Draft;
use crate::record::role::Role;
use crate::trail::disclosure::Disclosure;
use crate::trail::entry::{EntryFault, Request, Seal};
use crate::trail::hash::{Head, LeafHash, sha256};
use crate::trail::key::{Kind, SigningKey};
use chrono::{DateTime, Utc};
use fastrand::Rng;
use founding::form;
use speech::Speech;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::thread;
use uuid::Uuid;

/// The ledger's name.
pub const ORIGIN: &str = "annals.local/specimen";

/// The fewest entries of a specimen.
pub const FEWEST: u64 = 200;

/// Entries for each action of the plan.
pub const PER_ACTION: u64 = 110;

/// The fewest actions of its plan.
const ACTIONS: u64 = 69;

/// Entries that are signed by authors who have seen the same head, at most.
const BATCH: usize = 2048;

/// Every choice is made of this number.
const SEED: u64 = 0x0061_6e6e_616c_7301;

/// Why a specimen cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SpecimenError {
    /// Too few entries.
    #[error("{0} entries are too few: a specimen has at least {FEWEST}, half of which found it")]
    Few(u64),
    /// Something that was made up has no form.
    #[error("what was made up is not well-formed: {0}")]
    Form(String),
    /// Something that was made up cannot be signed.
    #[error("what was made up cannot be signed")]
    Sign(#[from] EntryFault),
}

/// Entries that follow each other, and the disclosures that belong to them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The entries, without their newlines.
    pub lines: Vec<Vec<u8>>,
    /// What they withhold.
    pub disclosures: Vec<Disclosure>,
}

/// Whether an assertion has a note, whose disclosure is kept beside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// It has one.
    With,
    /// It has none.
    Without,
}

/// A ledger that is made up, batch after batch.
pub struct Specimen {
    plan: Plan,
    keys: Keys,
    founding: VecDeque<Vec<Draft>>,
    speech: Speech,
    choice: Rng,
    entries: u64,
    /// Entries of the founding.
    founded: u64,
    batch: usize,
    head: Head,
    recorded: DateTime<Utc>,
    streams: HashMap<String, Head>,
}

impl Specimen {
    /// A specimen of a number of entries.
    ///
    /// # Errors
    /// [`SpecimenError::Few`]; the others would be faults of this program.
    pub fn new(entries: u64) -> Result<Self, SpecimenError> {
        if entries < FEWEST {
            return Err(SpecimenError::Few(entries));
        }
        let actions = usize::try_from((entries / PER_ACTION).max(ACTIONS)).map_err(|fault| form(&fault))?;
        let text = plan::document(actions);
        let plan = Plan::read(&text).map_err(|faults| SpecimenError::Form(format!("{faults:?}")))?;
        let sha256 = Sha256::try_from(sha256(text.as_bytes())).map_err(|fault| form(&fault))?;
        let parties = founding::parties()?;
        let keys = founding::keys(&parties)?;
        let founding = founding::drafts(&plan, &sha256, &parties, &keys)?;
        let founded = founding.iter().map(|drafts| drafts.len() as u64).sum();
        let speech = Speech::new(SEED, parties, plan.actions.iter().map(|action| &action.reference));
        Ok(Self {
            plan,
            keys,
            founding,
            speech,
            choice: Rng::with_seed(SEED.wrapping_add(1)),
            entries,
            founded,
            // So small that most actions rest while a batch is signed.
            batch: (actions / 8).clamp(8, BATCH),
            head: Head::EMPTY,
            recorded: DateTime::<Utc>::MIN_UTC,
            streams: HashMap::new(),
        })
    }

    /// The key of its ledger, which is everybody's.
    ///
    /// # Errors
    /// None but faults of this program.
    pub fn ledger_key() -> Result<SigningKey, SpecimenError> {
        founding::key(ORIGIN, Kind::Ed25519)
    }

    /// The actions of its plan.
    #[must_use]
    pub fn actions(&self) -> impl ExactSizeIterator<Item = &Code> {
        self.plan.actions.iter().map(|action| &action.reference)
    }

    /// How many of the entries that were made so far are in the stream with this subject.
    #[must_use]
    pub fn length(&self, subject: &str) -> u64 {
        self.streams.get(subject).map_or(0, |head| head.size)
    }

    /// An assertion of the first party that is not among the entries, signed on one of them; `random` makes its id, and its
    /// salts.
    ///
    /// # Errors
    /// [`SpecimenError::Sign`].
    pub fn assertion(
        &self,
        action: &Code,
        random: [u8; 10],
        time: DateTime<Utc>,
        base: LeafHash,
        note: Note,
    ) -> Result<(Request, Vec<Disclosure>), SpecimenError> {
        let [party, _] = founding::parties()?;
        let data = speech::assertion(time, note == Note::With);
        let draft = Draft {
            id: Some(ids::new(time, random)),
            correlationid: Some(speech::occasion(time)),
            ..Draft::of_party(&party, format!("actions/{action}"), "action.progressed", time, data)
        };
        let mut salts = Rng::with_seed(random.iter().fold(0, |bits, byte| bits << 7 ^ u64::from(*byte)));
        Ok(sign(&self.keys, &draft, base, &mut salts)?)
    }

    /// What is said next, all of it by people who have seen the same head.
    fn drafts(&mut self) -> Vec<Draft> {
        if let Some(drafts) = self.founding.pop_front() {
            return drafts;
        }
        let (size, of) = (self.head.size, self.entries - self.founded);
        let left = usize::try_from(self.entries - size).unwrap_or(usize::MAX);
        let said = size - self.founded;
        let next = |at: u64| {
            let time = speech::moment(&mut self.choice, said + at, of);
            self.speech.next(time, size)
        };
        (0..).take(left.min(self.batch)).map(next).collect()
    }

    /// Seals requests in their order.
    fn seal(&mut self, request: Request) -> Vec<u8> {
        let subject = request.event.subject.to_string();
        let stream = self.streams.entry(subject).or_insert(Head::EMPTY);
        self.recorded = self.recorded.max(request.event.time);
        let seal = Seal {
            sequence: self.head.size,
            recordedtime: self.recorded,
            prevhash: self.head.leaf,
            streamversion: stream.size + 1,
            streamprevhash: stream.leaf,
        };
        let (line, entry) = request.seal(seal);
        *stream = Head { size: entry.seal.streamversion, leaf: entry.leaf() };
        self.head = Head { size: self.head.size + 1, leaf: entry.leaf() };
        line
    }
}

impl Iterator for Specimen {
    type Item = Result<Batch, SpecimenError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.head.size >= self.entries {
            return None;
        }
        let drafts = self.drafts();
        let signed = match sign_all(&self.keys, &drafts, self.head) {
            Ok(signed) => signed,
            Err(fault) => return Some(Err(fault.into())),
        };
        let mut batch = Batch::default();
        for (request, disclosures) in signed {
            batch.lines.push(self.seal(request));
            batch.disclosures.extend(disclosures);
        }
        Some(Ok(batch))
    }
}

type Signed = (Request, Vec<Disclosure>);
/// By party and role.
type Keys = BTreeMap<(Code, Role), SigningKey>;

/// Signs drafts on all cores, in their order.
fn sign_all(keys: &Keys, drafts: &[Draft], head: Head) -> Result<Vec<Signed>, EntryFault> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = drafts.len().div_ceil(cores).max(1);
    let signed = |first: usize, drafts: &[Draft]| -> Result<Vec<Signed>, EntryFault> {
        // Each has salts of its own, whichever core signs it.
        let salts = |at: usize| Rng::with_seed(SEED ^ (head.size + (first + at) as u64) << 8);
        drafts.iter().enumerate().map(|(at, draft)| sign(keys, draft, head.leaf, &mut salts(at))).collect()
    };
    thread::scope(|scope| {
        let shares = (0..).step_by(share).zip(drafts.chunks(share));
        let threads: Vec<_> =
            shares.map(|(first, drafts)| scope.spawn(move || signed(first, drafts))).collect();
        let mut all = Vec::with_capacity(drafts.len());
        for thread in threads {
            match thread.join() {
                Ok(signed) => all.extend(signed?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}

fn sign(keys: &Keys, draft: &Draft, base: LeafHash, salts: &mut Rng) -> Result<Signed, EntryFault> {
    let speaker = (draft.speaker.0.party.clone(), draft.role());
    let key = keys.get(&speaker).ok_or(EntryFault::Missing("keyid"))?;
    let mut salt = || {
        let mut salt = [0; 16];
        salts.fill(&mut salt);
        salt
    };
    draft.sign(draft.id.unwrap_or(Uuid::nil()), ORIGIN, base, key, &mut salt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::archive::Whole;
    use crate::record::beside::Beside;
    use crate::record::verify::Verifier;
    use crate::record::withheld::Shown;
    use crate::trail::entry::Entry;
    use std::collections::BTreeSet;

    fn made(entries: u64) -> Vec<Batch> {
        Specimen::new(entries).unwrap().map(Result::unwrap).collect()
    }

    fn lines(batches: &[Batch]) -> impl Iterator<Item = &[u8]> {
        batches.iter().flat_map(|batch| &batch.lines).map(Vec::as_slice)
    }

    #[test]
    fn a_specimen_of_any_size_holds_in_every_verdict_and_discloses_what_it_withholds() {
        for entries in [FEWEST, 1_234, 4_000] {
            let batches = made(entries);
            let disclosures: Vec<&Disclosure> = batches.iter().flat_map(|batch| &batch.disclosures).collect();
            let mut archive = Whole::default();
            archive.disclosures = disclosures.iter().map(|each| (each.digest(), Shown::of(each))).collect();
            let beside = Beside { disclosures: disclosures.len() as u64, ..Beside::default() };
            let mut verifier = Verifier::new(archive, beside);
            lines(&batches).for_each(|line| verifier.push(line).unwrap());
            let report = verifier.finish().unwrap();
            assert!(report.holds(), "{:?}", report.verdicts);
            assert_eq!((report.size, report.stray), (entries, 0));
            assert_eq!(report.withheld, (disclosures.len() as u64, disclosures.len() as u64));
        }
    }

    #[test]
    fn everything_that_can_be_said_of_an_action_is_said_in_about_a_thousand_bytes() {
        let batches = made(6_000);
        let kinds: BTreeSet<String> =
            lines(&batches).map(|line| Entry::parse(line).unwrap().request.event.kind.to_string()).collect();
        for kind in ["progressed", "confirmed", "contested", "verified", "corrected", "assigned"] {
            assert!(kinds.contains(&format!("annals.action.{kind}.v1")), "{kind}");
        }
        let bytes: usize = lines(&batches).map(|line| line.len() + 1).sum();
        assert!((950..1_050).contains(&(bytes / 6_000)), "{} bytes an entry", bytes / 6_000);
    }

    #[test]
    fn the_same_number_of_entries_is_the_same_ledger() {
        let (one, other) = (made(500), made(500));
        assert!(lines(&one).eq(lines(&other)));
        assert_eq!(lines(&one).count(), 500);
        assert!(matches!(Specimen::new(FEWEST - 1), Err(SpecimenError::Few(_))));
    }

    #[test]
    fn an_assertion_of_its_own_is_signed_by_a_key_of_the_ledger() {
        let specimen = Specimen::new(FEWEST).unwrap();
        let action = specimen.actions().next().unwrap();
        let time = speech::begins();
        for (note, disclosures) in [(Note::With, 1), (Note::Without, 0)] {
            let said = specimen.assertion(action, [7; 10], time, LeafHash::NONE, note).unwrap();
            let key = &specimen.keys[&("DK".parse().unwrap(), Role::Coordinator)];
            assert!(said.0.is_signed_by(&key.verifier()));
            assert_eq!(said.1.len(), disclosures);
        }
    }
}
