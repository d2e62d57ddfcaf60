//! The inbox of a party: what others said that awaits its answer.
//!
//! What they said since a moment, whether it awaits one or not, is a part of [`super::timeline`].

use super::board;
use super::evaluation;
use super::filter::Filter;
use super::indicators::{self, Measured};
use super::reading::Reading;
use crate::domain::assertion::{Health, Lifecycle, OccurrenceState};
use crate::domain::date::Effective;
use crate::domain::programme::Refusal;
use crate::domain::status;
use crate::domain::value::{Code, Text, words};
use crate::domain::word::{Said, Word, Words};
use crate::record::history::{History, Spoken};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;

words! {
    /// Which answer is awaited: to an assertion, the same or that it does not hold; to a contest of an own word, its correction
    /// or a new word; to a proposal in a review, consent or that there is none, or this alone.
    Awaited {
        ConfirmOrContest = "confirm_or_contest",
        CorrectOrRestate = "correct_or_restate",
        AgreeOrDecline = "agree_or_decline",
        Decline = "decline",
    }
}

/// What an entry awaits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaits {
    /// Which answer.
    pub answer: Awaited,
    /// Why no other is admitted, where one would be to others like it.
    pub why: Option<Refusal>,
}

impl From<Awaited> for Awaits {
    fn from(answer: Awaited) -> Self {
        Self { answer, why: None }
    }
}

/// The entries of others that await an answer of a party, on the actions that a filter admits, by sequence.
///
/// An assertion that stands awaits one on each axis, and of each indicator, on which it says something: until the party confirms or
/// contests it, says the same or anything later there, or its author says something newer, since the same day or a later one. One
/// that says nothing there awaits one until its author says anything else. A contest of the party's own word awaits one until the
/// party says something later on the axes of that word, or either is corrected. A proposal awaits one until it is settled, or out of the
/// way since its action was changed, and the party has not agreed: where the rules would refuse that as things are, that it is declined.
/// `measured` is asked what was measured of an action by its words, where others did.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<W: Spoken, E: From<W::Fault>>(
    history: &History<W>,
    reading: &Reading,
    filter: &Filter,
    party: &Code,
    measured: &mut dyn FnMut(&Code, &Words) -> Result<Measured, E>,
) -> Result<BTreeMap<u64, Awaits>, E> {
    let mut found = BTreeMap::new();
    let rows = board::of(history, reading, filter)?;
    for row in &rows {
        let (action, words) = (&row.action.action.reference, history.words.of(row.action)?);
        let asked = asked(&words, reading, party);
        let told = if asked.all().is_empty() { Measured::default() } else { measured(action, &asked)? };
        let awaited = awaited(action, &words, &told, reading, party);
        found.extend(awaited.into_iter().map(|(sequence, answer)| (sequence, answer.into())));
    }
    let state = &history.state;
    let day = reading.today.max(state.day(state.recorded));
    let existing = rows.iter().flat_map(|row| {
        let open = evaluation::open(&state.programme, row.action).into_iter();
        open.map(|proposal| (&row.action.action.reference, Some(row.action), proposal))
    });
    let new = evaluation::proposed(&state.programme, filter).into_iter();
    let new = new.filter(|(_, proposal)| proposal.settled().is_none());
    for (reference, action, proposal) in existing.chain(new.map(|(new, proposal)| (new, None, proposal))) {
        let is_later = |since: Effective| reading.effective.is_some_and(|day| since.begin() > day);
        if proposal.awaited(&[party]) != [party] || proposal.decision.effective.is_some_and(is_later) {
            continue;
        }
        let words = action.map_or_else(|| Ok(Arc::default()), |action| history.words.of(action))?;
        let awaits = match state.programme.still_allows(reference, proposal, &words, day) {
            Ok(()) => Awaited::AgreeOrDecline.into(),
            Err(why) => Awaits { answer: Awaited::Decline, why: Some(why) },
        };
        found.insert(proposal.sequence, awaits);
    }
    Ok(found)
}

/// The words whose values tell what awaits an answer of indicators, so that those of most words are never read: of each party and
/// each choice of indicators the newest, those of others that say something of a later time than what they said since, until when that
/// holds, what the party asked says of that time with whichever choice, and its words that are contested.
fn asked(words: &Words, reading: &Reading, party: &Code) -> Words {
    let mut given: BTreeMap<(&Code, Option<NonZeroU32>), Vec<&Word>> = BTreeMap::new();
    let mut wanted: BTreeSet<u64> = BTreeSet::new();
    let measuring = || words.standing().filter(|word| word.measures.is_some() && is_within(word, reading));
    for word in measuring().filter(|word| matches!(word.said, Said::Progressed | Said::Confirmed(_))) {
        given.entry((&word.party, word.measures)).or_default().push(word);
    }
    let choices = |whose: &Code| {
        let own = given.iter().filter(move |((other, _), _)| *other == whose);
        own.map(|(_, all)| all).collect::<Vec<_>>()
    };
    let ours = choices(party);
    for ((whose, _), all) in &given {
        wanted.extend(all.last().map(|newest| newest.sequence));
        let theirs = choices(whose);
        let mut since = None;
        for word in all.iter().rev().filter(|_| *whose != party) {
            let begin = word.effective.begin();
            if since.is_some_and(|since| since >= begin) {
                continue;
            }
            since = Some(begin);
            wanted.insert(word.sequence);
            let next = |all: &Vec<&Word>| {
                let later = all.iter().filter(|other| other.effective.begin() > begin);
                later.min_by_key(|other| other.place()).map(|other| other.place())
            };
            wanted.extend(theirs.iter().filter_map(|all| next(all)).map(|(_, sequence)| sequence));
            let until = next(all).map_or(NaiveDate::MAX, |(day, _)| day);
            for ours in &ours {
                let then = ours.iter().filter(|ours| ours.effective.begin() <= begin);
                let later = ours.iter().filter(|ours| ours.sequence > word.sequence);
                let before = ours.iter().filter(|ours| ours.sequence < word.sequence);
                let within = |day: NaiveDate| begin < day && day < until;
                let meanwhile = before.filter(|ours| within(ours.effective.begin()));
                let one = [then.max_by_key(|ours| ours.place()), later.min_by_key(|ours| ours.place())];
                wanted.extend(one.into_iter().flatten().chain(meanwhile).map(|ours| ours.sequence));
            }
        }
    }
    for word in measuring() {
        let Said::Contested(at) = word.said else { continue };
        let newest = given.get(&(party, word.measures)).and_then(|ours| ours.last());
        if newest.is_some_and(|ours| ours.sequence < word.sequence) {
            wanted.insert(at);
        }
    }
    // A confirmation says what it confirms.
    let confirmed = measuring().filter(|word| wanted.contains(&word.sequence));
    let confirmed: Vec<u64> = confirmed.filter_map(|word| word.said.answers()).collect();
    wanted.extend(confirmed);
    words.all().iter().filter(|word| wanted.contains(&word.sequence)).cloned().collect()
}

fn awaited(
    action: &Code,
    words: &Words,
    measured: &Measured,
    reading: &Reading,
    party: &Code,
) -> Vec<(u64, Awaited)> {
    let claims = Claims::of(action, words, measured, reading);
    let own = words.standing().filter(|word| word.party == *party);
    let answer = |word: &Word| match word.said {
        Said::Confirmed(at) | Said::Contested(at) => Some(at),
        Said::Progressed | Said::Verified(..) | Said::Decided => None,
    };
    let answered: BTreeSet<u64> = own.filter_map(answer).collect();
    let last = |whose: &Code| words.standing().rfind(|word| word.party == *whose).map(|word| word.sequence);
    let of = |word: &Word| match word.said {
        Said::Progressed if answered.contains(&word.sequence) => None,
        Said::Progressed => {
            let places = claims.made_by(word);
            let open = places.iter().any(|on| claims.awaits(*on, word, party));
            let open = open || (places.is_empty() && last(&word.party) == Some(word.sequence));
            open.then_some(Awaited::ConfirmOrContest)
        }
        Said::Contested(at) => {
            let own = words.at(at).filter(|own| own.party == *party && own.voided.is_none())?;
            // What all decided since is not contested.
            let decided = own.lifecycle.is_some() && word.lifecycle.is_none();
            let places: Vec<On<'_>> =
                claims.made_by(own).into_iter().filter(|on| !decided || *on != On::Lifecycle).collect();
            let silent = |on: &On<'_>| claims.on(*on, party).iter().all(|claim| claim.is_before(word));
            let note = places.is_empty() && !decided && last(party) < Some(word.sequence);
            (note || places.iter().any(silent)).then_some(Awaited::CorrectOrRestate)
        }
        Said::Confirmed(_) | Said::Verified(..) | Said::Decided => None,
    };
    let others = words.standing().filter(|word| is_within(word, reading) && word.party != *party);
    others.filter_map(|word| Some((word.sequence, of(word)?))).collect()
}

fn is_within(word: &Word, reading: &Reading) -> bool {
    reading.effective.is_none_or(|day| word.effective.begin() <= day)
}

/// On what something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum On<'a> {
    Lifecycle,
    Health,
    /// The occurrence of the window that begins on a day.
    Window(NaiveDate),
    Indicator(&'a str),
}

/// What is said there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says<'a> {
    Lifecycle(Lifecycle),
    Health(Health),
    Occurrence(OccurrenceState),
    Amount(&'a Text, Option<&'a Text>),
    /// Not what another says.
    Otherwise,
}

/// What a party says on something with a word.
#[derive(Debug, Clone, Copy)]
struct Claim<'a> {
    /// Where the word stands on the effective axis.
    place: (NaiveDate, u64),
    says: Says<'a>,
}

impl Claim<'_> {
    /// Whether it was recorded before a word.
    const fn is_before(&self, word: &Word) -> bool {
        self.place.1 < word.sequence
    }
}

/// What each party says on something, in the order of the effective axis.
struct Claims<'a> {
    all: BTreeMap<(On<'a>, &'a Code), Vec<Claim<'a>>>,
    /// The indicators of which a word gives a value.
    indicators: BTreeMap<u64, Vec<&'a str>>,
}

impl<'a> Claims<'a> {
    fn of(action: &Code, words: &'a Words, measured: &'a Measured, reading: &'a Reading) -> Self {
        let mut claims = Self { all: BTreeMap::new(), indicators: BTreeMap::new() };
        let counting =
            words.standing().filter(|word| is_within(word, reading) && status::counts(words, word));
        for word in counting {
            for (on, says) in said(word) {
                let says = if matches!(word.said, Said::Contested(_)) { Says::Otherwise } else { says };
                let claim = Claim { place: word.place(), says };
                if word.said == Said::Decided {
                    reading.parties.iter().for_each(|party| claims.take(on, party, claim));
                } else {
                    claims.take(on, &word.party, claim);
                }
            }
        }
        for (party, name, given) in indicators::given(action, words, measured, reading) {
            let says = Says::Amount(given.value, given.unit);
            claims.take(On::Indicator(name.as_str()), party, Claim { place: given.place(), says });
            claims.indicators.entry(given.sequence).or_default().push(name.as_str());
        }
        claims.all.values_mut().for_each(|claims| claims.sort_by_key(|claim| claim.place));
        claims
    }

    fn take(&mut self, on: On<'a>, party: &'a Code, claim: Claim<'a>) {
        self.all.entry((on, party)).or_default().push(claim);
    }

    fn on(&self, on: On<'a>, party: &'a Code) -> &[Claim<'a>] {
        self.all.get(&(on, party)).map_or(&[], Vec::as_slice)
    }

    /// On what a word says something.
    fn made_by(&self, word: &Word) -> Vec<On<'a>> {
        let indicators = self.indicators.get(&word.sequence).into_iter().flatten();
        said(word).map(|(on, _)| on).chain(indicators.map(|name| On::Indicator(name))).collect()
    }

    /// Whether an assertion is what its author says on something of some time, and a party says otherwise of that time or has said
    /// nothing since.
    fn awaits(&self, on: On<'a>, word: &'a Word, party: &'a Code) -> bool {
        let (begin, own) = (word.effective.begin(), self.on(on, &word.party));
        let since = own.get(own.partition_point(|claim| claim.place.0 < begin)..).unwrap_or_default();
        let Some(says) = since.iter().find(|claim| claim.place == word.place()).map(|claim| claim.says)
        else {
            return false;
        };
        if since.iter().any(|claim| claim.place.1 > word.sequence) {
            return false;
        }
        let until =
            since.iter().map(|claim| claim.place.0).find(|day| *day > begin).unwrap_or(NaiveDate::MAX);
        // What it said of that time, and what held as that began.
        let ours = self.on(on, party);
        let from = ours.partition_point(|claim| claim.place.0 <= begin).saturating_sub(1);
        let to = ours.partition_point(|claim| claim.place.0 < until);
        let meant = ours.get(from..to).unwrap_or_default();
        meant.iter().all(|claim| claim.says != says)
            && ours.iter().take(to).all(|claim| claim.is_before(word))
    }
}

/// What a word says on the axes.
fn said<'a>(word: &Word) -> impl Iterator<Item = (On<'a>, Says<'a>)> + use<'a> {
    let lifecycle = word.lifecycle.map(|lifecycle| (On::Lifecycle, Says::Lifecycle(lifecycle)));
    let health = word.health.map(|health| (On::Health, Says::Health(health)));
    let occurrence =
        word.occurrence.map(|said| (On::Window(said.window.begin()), Says::Occurrence(said.state)));
    lifecycle.into_iter().chain(health).chain(occurrence)
}
