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
        let words = Arc::make_mut(words);
        self.bytes -= words.bytes();
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
