//! The audit: the population of assertions, a sample that anyone can repeat, and what an auditor looks at first.
//!
//! Whether the files that were put forward are at hand is told by whoever looks for them: [`Exhibited`].

use super::evidence::Exhibit;
use super::filter::Filter;
use super::reading::Reading;
use super::silence::{self, Silence};
use super::timeline::{self, Item};
use crate::domain::action;
use crate::domain::assertion::{Lifecycle, Outcome};
use crate::domain::date::Effective;
use crate::domain::party::Author;
use crate::domain::programme;
use crate::domain::review::Axis;
use crate::domain::value::{Code, words};
use crate::domain::word::Words;
use crate::record::authority;
use crate::record::fact::Fact;
use crate::record::state::State;
use crate::trail::entry::{Entry, Event};
use crate::trail::hash::sha256;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// After how many days an assertion is recorded late.
pub const LATE_DAYS: i64 = 90;

/// Who holds a key: a name is that of one person in one place, and may be another's elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// By what name, or what office.
    pub name: String,
    /// Whose key it is.
    pub of: Author,
}

/// One assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Its entry.
    pub item: Item,
    /// Of which action.
    pub action: Code,
    /// In which line of effort.
    pub line: u16,
    /// In which track.
    pub track: Code,
    /// Whose word it is.
    pub party: Code,
    /// Since when it is true.
    pub effective: Effective,
    /// Where the action stands by it.
    pub lifecycle: Option<Lifecycle>,
    /// How many files it puts forward.
    pub files: u64,
    /// Who holds the key that signed it, as far as that is disclosed.
    pub holder: Option<Holder>,
    /// The confirmations of it, each with who holds the key that signed it.
    pub confirmed: Vec<(u64, Option<Holder>)>,
    /// The findings of auditors that it holds in part.
    pub qualified: Vec<u64>,
    /// The entry that corrected it.
    pub voided: Option<u64>,
    /// The confirmations and contests of it that were corrected, each with the entry that did.
    pub corrected: Vec<(u64, u64)>,
}

/// The assertions of a reading, as its entries come one after the other.
#[derive(Debug, Default)]
pub struct Population {
    found: Vec<Assertion>,
    /// By the ids of their entries.
    places: HashMap<Uuid, usize>,
    /// The confirmations and contests by the ids of their entries: of which assertion, and their sequences.
    answers: HashMap<Uuid, (usize, u64)>,
    /// Who holds which key, as far as that is disclosed.
    holders: HashMap<String, Holder>,
}

impl Population {
    /// Takes the next entry: `words` are those of its action at the end of the reading, and `holder` gives who holds the key that an event
    /// registers, as far as that is disclosed.
    pub fn take(
        &mut self,
        (state, reading, filter): (&State, &Reading, &Filter),
        entry: &Entry,
        fact: &Fact,
        words: &Words,
        holder: &dyn Fn(&Event) -> Option<String>,
    ) {
        let (event, sequence) = (&entry.request.event, entry.seal.sequence);
        if let Fact::Key(party, authority::Event::Registered(key)) = fact {
            let of = Author { party: party.clone(), institution: key.institution.clone() };
            self.holders.extend(holder(event).map(|name| (key.vkey.keyid(), Holder { name, of })));
        }
        let Fact::Programme(programme::Event::Action(action, said)) = fact else { return };
        let signer = self.holders.get(&*event.keyid).cloned();
        let place = event.causationid.and_then(|id| self.places.get(&id)).copied();
        if let (action::Event::Confirmed(_) | action::Event::Contested(_), Some(at)) = (said, place) {
            self.answers.insert(event.id, (at, sequence));
        }
        if let (action::Event::Corrected(_), Some(id)) = (said, event.causationid)
            && let Some((at, answer)) = self.answers.get(&id)
            && let Some(assertion) = self.found.get_mut(*at)
        {
            assertion.corrected.push((*answer, sequence));
        }
        let answered = place.and_then(|at| self.found.get_mut(at));
        match (said, answered) {
            (action::Event::Confirmed(_), Some(assertion)) => assertion.confirmed.push((sequence, signer)),
            (action::Event::Corrected(_), Some(assertion)) => assertion.voided = Some(sequence),
            (action::Event::Verified(found), Some(assertion)) if found.outcome == Outcome::Qualified => {
                assertion.qualified.push(sequence);
            }
            (action::Event::Progressed(said), _) => {
                let known = state.programme.actions.get(action);
                let meant = known.filter(|known| filter.admits(&state.programme, known, reading.effective));
                let within = reading.effective.is_none_or(|day| said.effective.begin() <= day);
                let party = event.source.strip_prefix("parties/").and_then(|rest| rest.split('/').next());
                let party = party.and_then(|party| party.parse().ok()).filter(|_| within);
                let (Some(known), Some(party)) = (meant, party) else { return };
                self.places.insert(event.id, self.found.len());
                self.found.push(Assertion {
                    item: timeline::item(state, entry, fact, words),
                    action: action.clone(),
                    line: known.action.line,
                    track: known.action.track.clone(),
                    party,
                    effective: said.effective,
                    lifecycle: said.lifecycle,
                    files: said.evidence.len() as u64,
                    holder: signer,
                    confirmed: Vec::new(),
                    qualified: Vec::new(),
                    voided: None,
                    corrected: Vec::new(),
                });
            }
            _ => {}
        }
    }

    /// All of them, in the order of the ledger.
    #[must_use]
    pub fn all(self) -> Vec<Assertion> {
        self.found
    }
}

words! {
    /// By what a population is divided.
    Stratum { Line = "line", Party = "party", Track = "track" }
}

impl Stratum {
    /// In which part an assertion is.
    #[must_use]
    pub fn of(self, assertion: &Assertion) -> String {
        match self {
            Self::Line => assertion.line.to_string(),
            Self::Party => assertion.party.to_string(),
            Self::Track => assertion.track.to_string(),
        }
    }
}

/// One part of a population, and what was drawn of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its name.
    pub name: String,
    /// How many assertions it has.
    pub size: usize,
    /// Those that were drawn, each with its number, in the order of these.
    pub drawn: Vec<(&'a Assertion, String)>,
}

/// A sample of a population, divided by a stratum. Each assertion has a number, the SHA-256 of the seed, a newline and the leaf hash of
/// its entry, in hexadecimal; of each part those with the smallest numbers are drawn. The parts have their share of `size`, the
/// remainders going to the largest first, and each that has any assertion at least one, as far as `size` allows.
///
/// ```text
/// printf 'seed\n5f0c…' | sha256sum
/// ```
#[must_use]
pub fn sample<'a>(population: &'a [Assertion], seed: &str, size: usize, by: Stratum) -> Vec<Part<'a>> {
    let mut parts: BTreeMap<String, Vec<(String, &Assertion)>> = BTreeMap::new();
    for assertion in population {
        let number = sha256(format!("{seed}\n{}", assertion.item.leaf).as_bytes());
        parts.entry(by.of(assertion)).or_default().push((number, assertion));
    }
    let shares = shares(&parts.values().map(Vec::len).collect::<Vec<_>>(), size);
    let mut drawn = Vec::new();
    for ((name, mut all), share) in parts.into_iter().zip(shares) {
        all.sort_by(|one, other| one.0.cmp(&other.0));
        let size = all.len();
        all.truncate(share);
        drawn.push(Part {
            name,
            size,
            drawn: all.into_iter().map(|(number, each)| (each, number)).collect(),
        });
    }
    drawn
}

/// How many to draw of each of several parts, none of which is empty.
fn shares(parts: &[usize], size: usize) -> Vec<usize> {
    let total: usize = parts.iter().sum();
    let size = size.min(total);
    if total == 0 {
        return Vec::new();
    }
    let mut shares: Vec<usize> = parts.iter().map(|part| part * size / total).collect();
    // By the remainder, then by size, then in their order: anyone comes to the same.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let key = |at: usize| parts.get(at).map(|part| (part * size % total, *part));
    order.sort_by(|one, other| key(*other).cmp(&key(*one)).then(one.cmp(other)));
    let left = size - shares.iter().sum::<usize>();
    for at in order.iter().cycle().take(left) {
        if let Some(share) = shares.get_mut(*at) {
            *share += 1;
        }
    }
    // A part of which nothing would be drawn takes one from the largest share.
    if size >= parts.len() {
        while let Some(empty) = shares.iter().position(|share| *share == 0) {
            let Some(largest) = (0..shares.len()).max_by_key(|at| shares.get(*at)) else { break };
            for (at, change) in [(largest, -1), (empty, 1)] {
                if let Some(share) = shares.get_mut(at) {
                    *share = share.saturating_add_signed(change);
                }
            }
        }
    }
    shares
}

/// How the file of an exhibit is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhibited {
    /// As it was put forward.
    Found,
    /// Not here.
    Missing,
    /// Otherwise than it was put forward.
    Changed,
    /// Nobody can tell, because its digest is not shown.
    Unknown,
}

words! {
    /// What an auditor looks at first.
    Rule {
        RecordedLate = "recorded_late",
        Unevidenced = "unevidenced",
        EvidenceMissing = "evidence_missing",
        EvidenceChanged = "evidence_changed",
        Qualified = "qualified",
        SameHolder = "same_holder",
        CorrectedAfterCutoff = "corrected_after_cutoff",
        OneSided = "one_sided",
        Disputed = "disputed",
        NoEvent = "no_event",
    }
}

/// One thing that an auditor looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What it is about: `actions/1.G2G.3`.
    pub subject: String,
    /// Its entries, the earliest first.
    pub entries: Vec<u64>,
    /// Why.
    pub why: Why,
}

/// Why an auditor looks at something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// An assertion was recorded so many days after the last on which it may have become true.
    RecordedLate(Effective, u64),
    /// An action is called completed, and none of so many files is at hand.
    Unevidenced(u64),
    /// A file of an entry, by its number, is not here.
    EvidenceMissing(u64, u64),
    /// It is not as it was put forward.
    EvidenceChanged(u64, u64),
    /// An auditor found that an assertion holds in part.
    Qualified,
    /// By their names, the same person holds the keys that said and confirmed something: whose the one is, and the other.
    SameHolder(String, [Author; 2]),
    /// A correction came after the reading of a review, which was cut off then.
    CorrectedAfterCutoff(Code, Effective),
    /// A silence, for so many days where anybody ever spoke.
    Silent(Rule, silence::Why, Option<u64>),
}

impl Why {
    /// The rule that is met.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        match self {
            Self::RecordedLate(..) => Rule::RecordedLate,
            Self::Unevidenced(_) => Rule::Unevidenced,
            Self::EvidenceMissing(..) => Rule::EvidenceMissing,
            Self::EvidenceChanged(..) => Rule::EvidenceChanged,
            Self::Qualified => Rule::Qualified,
            Self::SameHolder(..) => Rule::SameHolder,
            Self::CorrectedAfterCutoff(..) => Rule::CorrectedAfterCutoff,
            Self::Silent(rule, ..) => *rule,
        }
    }
}

/// What an auditor looks at first, rule by rule and in the order of the ledger.
#[must_use]
pub fn exceptions(
    state: &State,
    reading: &Reading,
    population: &[Assertion],
    exhibits: &[(&Exhibit, Exhibited)],
    silences: &[Silence],
) -> Vec<Exception> {
    let mut found = Vec::new();
    let mut add = |subject: &str, entries: Vec<u64>, why: Why| {
        found.push(Exception { subject: subject.to_owned(), entries, why });
    };
    let at_hand = exhibits.iter().filter(|(_, found)| *found == Exhibited::Found);
    let at_hand: HashSet<u64> = at_hand.map(|(exhibit, _)| exhibit.sequence).collect();
    for assertion in population {
        let (subject, entry) = (assertion.item.subject.as_str(), assertion.item.sequence);
        let days = (assertion.item.day - assertion.effective.end()).num_days();
        if days > LATE_DAYS {
            add(subject, vec![entry], Why::RecordedLate(assertion.effective, days.unsigned_abs()));
        }
        let bare = !at_hand.contains(&entry);
        if assertion.lifecycle == Some(Lifecycle::Completed) && assertion.voided.is_none() && bare {
            add(subject, vec![entry], Why::Unevidenced(assertion.files));
        }
        for finding in assertion.qualified.iter().filter(|_| assertion.voided.is_none()) {
            add(subject, vec![entry, *finding], Why::Qualified);
        }
        for (confirmation, holder) in &assertion.confirmed {
            if let (Some(one), Some(other)) = (&assertion.holder, holder)
                && one.name == other.name
            {
                let why = Why::SameHolder(one.name.clone(), [one.of.clone(), other.of.clone()]);
                add(subject, vec![entry, *confirmation], why);
            }
        }
        for (name, review) in &state.programme.reviews {
            let size = review.opened.size.get();
            let own = assertion.voided.map(|correction| (entry, correction));
            for (word, correction) in own.into_iter().chain(assertion.corrected.iter().copied()) {
                let read = match review.opened.axis {
                    Axis::Recorded => true,
                    Axis::Effective => assertion.effective.begin() <= review.opened.cutoff.end(),
                };
                if read && word < size && correction >= size {
                    let why = Why::CorrectedAfterCutoff(name.clone(), review.opened.cutoff);
                    add(subject, vec![word, correction], why);
                }
            }
        }
    }
    for (exhibit, how) in exhibits {
        let (entry, file) = (exhibit.sequence, exhibit.file.number as u64);
        match how {
            Exhibited::Missing => add(&exhibit.subject, vec![entry], Why::EvidenceMissing(entry, file)),
            Exhibited::Changed => add(&exhibit.subject, vec![entry], Why::EvidenceChanged(entry, file)),
            Exhibited::Found | Exhibited::Unknown => {}
        }
    }
    for silence in silences {
        let rule = match silence.why.rule() {
            silence::Rule::OneSided => Rule::OneSided,
            silence::Rule::Disputed => Rule::Disputed,
            silence::Rule::NoEvent => Rule::NoEvent,
            silence::Rule::NoWord | silence::Rule::StaleHealth | silence::Rule::WindowPassed => continue,
        };
        let why = Why::Silent(rule, silence.why.clone(), silence.days(reading));
        add(&silence.subject, silence.sequence.into_iter().collect(), why);
    }
    found.sort_by_key(|exception| (exception.why.rule(), exception.entries.first().copied()));
    found
}

#[cfg(test)]
mod tests;
