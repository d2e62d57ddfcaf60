//! The course of an axis: how the parties' words stood to each other after each entry that changed it, in the order of the ledger, or
//! as of each day on which a word begins to be true.

use super::status::{self, Axis, Voice, is_contest};
use super::value::Code;
use super::word::{Mark, Said, Word, Words};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// What is followed: the words of an action, whose they are, and on which axes of time.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a, 'w> {
    /// All words of the action.
    pub words: &'w Words,
    /// The parties, in the order in which their voices are given.
    pub parties: &'a [&'a Code],
    /// Of what is true by this day, or of all.
    pub effective: Option<NaiveDate>,
    /// In how many days two differing words are a dispute.
    pub grace_days: u16,
    /// Of the words before this entry each counts until it was corrected; of the others, as if it had never been said.
    pub known: u64,
}

/// An entry that changed an axis.
#[derive(Debug, Clone, Copy)]
pub struct Step<'w> {
    /// Which, and when.
    pub mark: Mark,
    /// What it says; nothing where it corrects a word.
    pub word: Option<&'w Word>,
}

/// Of a party the words that stand, in the order of the effective axis.
type Standing<'w> = BTreeMap<(NaiveDate, u64), &'w Word>;

impl<'a, 'w> Course<'a, 'w> {
    /// Hands over each step from a sequence on, with the axis as it was then, and first the last one before. `value` is what a word
    /// says on it.
    pub fn follow<T: Copy + PartialEq>(
        &self,
        from: u64,
        value: impl Fn(&Word) -> Option<T>,
        each: &mut dyn FnMut(Step<'w>, &Axis<'a, T>),
    ) {
        let stands = |word: &Word| word.voided.is_none() || word.sequence < self.known;
        // A contest falls with what it contests.
        let counts = |word: &&Word| match word.said {
            Said::Contested(at) if !self.words.at(at).is_some_and(stands) => false,
            _ => self.is_within(word) && value(word).is_some() && stands(word),
        };
        let own: Vec<&'w Word> = self.words.all().iter().filter(counts).collect();
        let said = own.iter().map(|word| (word.mark(), *word, true));
        let corrected = own.iter().filter_map(|word| Some((word.voided?, *word, false)));
        let mut steps: Vec<(Mark, &'w Word, bool)> = said.chain(corrected).collect();
        steps.sort_by_key(|(mark, ..)| mark.sequence);
        let axis = |standing: &[Standing<'w>]| {
            let last = |standing: &Standing<'w>| standing.last_key_value().map(|(_, word)| *word);
            self.axis(&value, standing.iter().map(last))
        };
        let mut standing: Vec<Standing<'w>> = vec![Standing::new(); self.parties.len()];
        let mut before = None;
        for (mark, word, is_said) in steps {
            if mark.sequence >= from
                && let Some(mark) = before.take()
            {
                each(Step { mark, word: None }, &axis(&standing));
            }
            for (party, standing) in self.parties.iter().zip(&mut standing) {
                if !is_said {
                    standing.retain(|_, other| {
                        other.sequence != word.sequence && other.said != Said::Contested(word.sequence)
                    });
                } else if word.is_of(party) && !matches!(word.said, Said::Verified(..)) {
                    standing.insert(word.place(), word);
                }
            }
            if mark.sequence < from {
                before = Some(mark);
            } else {
                each(Step { mark, word: Some(word).filter(|_| is_said) }, &axis(&standing));
            }
        }
        if let Some(mark) = before {
            each(Step { mark, word: None }, &axis(&standing));
        }
    }

    /// Hands over the axis as of each day on which a word that stands begins to be true, and first, with nothing that began, as of a
    /// day before; with the words of a day in the order of the ledger, after each.
    pub fn unfold<T: Copy + PartialEq>(
        &self,
        from: NaiveDate,
        value: impl Fn(&Word) -> Option<T>,
        each: &mut dyn FnMut(Option<&'w Word>, &Axis<'a, T>),
    ) {
        let counts = |word: &&Word| self.is_within(word) && value(word).is_some();
        let standing = self.words.standing().filter(counts).filter(|word| status::counts(self.words, word));
        let mut said: Vec<&'w Word> = standing.collect();
        said.sort_by_key(|word| word.place());
        let mut last: Vec<Option<&'w Word>> = vec![None; self.parties.len()];
        let mut begun = false;
        for word in said {
            if !begun && word.effective.begin() > from {
                begun = true;
                each(None, &self.axis(&value, last.iter().copied()));
            }
            let own = self.parties.iter().zip(&mut last).filter(|(party, _)| word.is_of(party));
            own.for_each(|(_, last)| *last = Some(word));
            if begun {
                each(Some(word), &self.axis(&value, last.iter().copied()));
            }
        }
        if !begun {
            each(None, &self.axis(&value, last.iter().copied()));
        }
    }

    fn is_within(&self, word: &Word) -> bool {
        self.effective.is_none_or(|day| word.effective.begin() <= day)
    }

    /// What the parties' last words make together.
    fn axis<T: Copy + PartialEq>(
        &self,
        value: impl Fn(&Word) -> Option<T>,
        last: impl Iterator<Item = Option<&'w Word>>,
    ) -> Axis<'a, T> {
        let voice = |(party, word): (&&'a Code, Option<&'w Word>)| {
            let says = word.filter(|word| !is_contest(word)).and_then(&value);
            Voice { party, word: word.cloned(), says }
        };
        Axis::of(self.parties.iter().zip(last).map(voice).collect(), self.grace_days)
    }

    /// Since which entry the axis is what it is at last; `what` tells what is looked at.
    #[must_use]
    pub fn since<T: Copy + PartialEq, V: PartialEq>(
        &self,
        value: impl Fn(&Word) -> Option<T>,
        what: impl Fn(&Axis<'a, T>) -> V,
    ) -> Option<Mark> {
        let mut since: Option<(V, Mark)> = None;
        self.follow(0, value, &mut |step, axis| {
            let now = what(axis);
            if since.as_ref().is_none_or(|(before, _)| *before != now) {
                since = Some((now, step.mark));
            }
        });
        since.map(|(_, mark)| mark)
    }
}
