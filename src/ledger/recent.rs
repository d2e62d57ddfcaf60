//! The words of the actions that are spoken of now, in memory, so that they are not unpacked for each word that joins them.

use crate::domain::value::Code;
use crate::domain::word::Words;
use std::collections::HashMap;
use std::sync::Arc;

/// Words, each with when they were asked for last.
#[derive(Debug)]
pub(super) struct Recent {
    words: HashMap<Code, (u64, Arc<Words>)>,
    /// How much memory they may take, but for the longest of one action.
    room: usize,
    /// How much memory they take.
    bytes: usize,
    /// How often words were asked for.
    turn: u64,
}

impl Recent {
    /// With room for so many bytes.
    pub(super) fn new(room: usize) -> Self {
        Self { words: HashMap::new(), room, bytes: 0, turn: 0 }
    }

    /// Gives them so much room, and lets those go that have none.
    pub(super) fn give_room(&mut self, room: usize) {
        self.room = room;
        self.fit(None);
    }

    pub(super) fn get(&mut self, action: &Code) -> Option<Arc<Words>> {
        self.turn += 1;
        let (turn, words) = self.words.get_mut(action)?;
        *turn = self.turn;
        Some(Arc::clone(words))
    }

    /// Changes words that are here, in a copy only where somebody else has them too.
    pub(super) fn change<R>(&mut self, action: &Code, change: impl FnOnce(&mut Words) -> R) -> Option<R> {
        let (_, words) = self.words.get_mut(action)?;
        // Before they may be copied: a copy takes no more memory than it needs.
        self.bytes -= words.bytes();
        let words = Arc::make_mut(words);
        let changed = change(words);
        self.bytes += words.bytes();
        self.fit(Some(action));
        Some(changed)
    }

    /// Lets words go.
    pub(super) fn release(&mut self, action: &Code) {
        if let Some((_, words)) = self.words.remove(action) {
            self.bytes -= words.bytes();
        }
    }

    /// Takes words.
    pub(super) fn put(&mut self, action: &Code, words: Arc<Words>) -> Arc<Words> {
        self.release(action);
        self.bytes += words.bytes();
        self.words.insert(action.clone(), (self.turn, Arc::clone(&words)));
        self.fit(Some(action));
        words
    }

    /// Lets those go that were not asked for longest, but for one, where they have no room, until a quarter of it is free.
    fn fit(&mut self, but: Option<&Code>) {
        if self.bytes <= self.room {
            return;
        }
        let mut turns: Vec<(u64, Code)> =
            self.words.iter().map(|(action, (turn, _))| (*turn, action.clone())).collect();
        turns.sort_unstable();
        for (_, other) in turns.iter().filter(|(_, other)| Some(other) != but) {
            if self.bytes <= self.room / 4 * 3 {
                break;
            }
            self.release(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::party::Author;
    use crate::domain::word::{Place, Said, Word};
    use uuid::Uuid;

    #[test]
    fn what_words_take_is_known_whoever_has_them_too() {
        let (mut recent, action) = (Recent::new(1 << 20), "1.G2G.1".parse().unwrap());
        recent.put(&action, Arc::default());
        let author = Author { party: "KR".parse().unwrap(), institution: None };
        let (day, effective) = ("2022-01-02".parse().unwrap(), "2022".parse().unwrap());
        for sequence in 0..20 {
            // A reader has them at times, whose copy has no room to spare.
            let held = recent.get(&action).filter(|_| sequence % 3 == 0);
            let place = Place { id: Uuid::nil(), sequence, day, author: &author, answers: None };
            recent.change(&action, |words| words.say(Word::spoken(&place, effective, Said::Progressed)));
            assert_eq!(
                held.map_or(sequence, |held| held.all().len() as u64),
                sequence,
                "a reader's stay as they are"
            );
            let taken = recent.get(&action).unwrap().bytes();
            assert_eq!(recent.bytes, taken);
        }
        assert!(recent.change(&"1.G2G.2".parse().unwrap(), |_| ()).is_none());
        recent.release(&action);
        assert_eq!(recent.bytes, 0);
    }
}
