//! The course of an axis: how the parties' words stood to each other after each entry that changed it, in the order of the ledger.

use super::status::{Axis, Voice, is_contest};
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
    /// Whether a word that was corrected counts until it was; or as if it had never been said.
    pub corrected: bool,
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
        let within = |word: &&Word| self.effective.is_none_or(|day| word.effective.begin() <= day);
        let stands = |word: &Word| self.corrected || word.voided.is_none();
        // A contest falls with what it contests.
        let counts = |word: &&Word| match word.said {
            Said::Contested(at) if !self.words.at(at).is_some_and(stands) => false,
            _ => value(word).is_some() && stands(word),
        };
        let own: Vec<&'w Word> = self.words.all().iter().filter(counts).filter(within).collect();
        let said = own.iter().map(|word| (word.mark(), *word, true));
        let corrected = own.iter().filter_map(|word| Some((word.voided?, *word, false)));
        let mut steps: Vec<(Mark, &'w Word, bool)> = said.chain(corrected).collect();
        steps.sort_by_key(|(mark, ..)| mark.sequence);
        let voice = |(party, standing): (&&'a Code, &Standing<'w>)| {
            let word = standing.last_key_value().map(|(_, word)| *word);
            let says = word.filter(|word| !is_contest(word)).and_then(&value);
            Voice { party, word: word.cloned(), says }
        };
        let axis = |standing: &[Standing<'w>]| {
            Axis::of(self.parties.iter().zip(standing).map(voice).collect(), self.grace_days)
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
