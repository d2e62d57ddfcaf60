//! Lines that are prepared ahead: while some are judged, the cores that are free prepare the next, each its own.

use super::authority::Keys;
use super::cores;
use super::prepared::Prepared;
use crate::trail::lines::{Lines, Shared};
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// How many lines are prepared at a time.
const BATCH: usize = 512;
/// How many times as many are on their way beyond one for each core: whoever judges is late at times, and no core is to wait for that.
const AHEAD: usize = 1;

/// Lines on their way to be judged.
#[derive(Debug)]
pub(super) struct Ahead {
    /// Those that were taken last.
    waiting: Lines,
    /// Those that are being prepared, or are.
    begun: VecDeque<Begun>,
    /// Those that were given last: once they are judged, the next ones have their memory.
    given: Option<Arc<Shared>>,
    batch: usize,
}

#[derive(Debug)]
struct Begun {
    lines: Arc<Shared>,
    keys: Arc<Keys>,
    thread: Option<JoinHandle<Vec<Prepared>>>,
}

impl Default for Ahead {
    fn default() -> Self {
        Self::of(BATCH)
    }
}

impl Ahead {
    pub(super) fn of(batch: usize) -> Self {
        Self { waiting: Lines::default(), begun: VecDeque::new(), given: None, batch }
    }

    /// Takes the next line; gives those that are prepared by now and come before it, in their order. `keys` are those that are
    /// known so far.
    pub(super) fn push(&mut self, line: &[u8], keys: &Arc<Keys>) -> Vec<Prepared> {
        self.waiting.push(line);
        if self.waiting.len() < self.batch {
            return Vec::new();
        }
        self.begin(keys);
        // Before any key is known no signature is checked ahead: the first batch is judged before there are more of them.
        let ahead = if **keys == Keys::default() { 0 } else { cores::cores() + AHEAD };
        if self.begun.len() > ahead { self.finish().unwrap_or_default() } else { Vec::new() }
    }

    /// Gives those that were begun, and then those that wait, of which all cores have a share, until there are none.
    pub(super) fn rest(&mut self, keys: &Keys) -> Option<Vec<Prepared>> {
        self.finish().or_else(|| {
            let waiting = mem::take(&mut self.waiting);
            (!waiting.is_empty()).then(|| Prepared::all(&waiting.share(), keys))
        })
    }

    /// Begins with those that wait.
    fn begin(&mut self, keys: &Arc<Keys>) {
        let judged = self.given.take().and_then(Arc::into_inner);
        let next = judged.map_or_else(Lines::default, Shared::into_empty);
        self.begun.push_back(Begun::new(mem::replace(&mut self.waiting, next), Arc::clone(keys)));
    }

    /// Gives those that were begun first.
    fn finish(&mut self) -> Option<Vec<Prepared>> {
        let first = self.begun.pop_front()?;
        self.given = Some(Arc::clone(&first.lines));
        Some(first.finish())
    }
}

impl Begun {
    fn new(lines: Lines, keys: Arc<Keys>) -> Self {
        let lines = Arc::new(lines.share());
        let (own, known) = (Arc::clone(&lines), Arc::clone(&keys));
        let thread = thread::Builder::new().spawn(move || Prepared::each(&own, &known)).ok();
        Self { lines, keys, thread }
    }

    fn finish(self) -> Vec<Prepared> {
        // What no thread could be had for, or could not do, is done here, where its panic is seen.
        let prepared = self.thread.and_then(|thread| thread.join().ok());
        prepared.unwrap_or_else(|| Prepared::all(&self.lines, &self.keys))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::Fact;
    use super::*;
    use crate::trail::entry::Entry;
    use crate::trail::hash::LeafHash;

    const HISTORY: &str = include_str!("../../tests/vectors/history.jsonl");

    #[test]
    fn as_long_as_no_key_is_known_each_batch_is_judged_before_the_next_and_then_they_are_prepared_ahead() {
        let first = Entry::parse(HISTORY.lines().next().unwrap().as_bytes()).unwrap();
        let keys = Arc::new(Keys::founding(&Fact::opening(&first.request.event).unwrap()));
        let mut lines = HISTORY.lines().map(str::as_bytes).cycle();
        let (mut ahead, mut given, mut taken) = (Ahead::of(2), Vec::new(), Vec::new());
        let mut push = |keys: &Arc<Keys>, count: usize| {
            let before = given.len();
            for line in lines.by_ref().take(count) {
                taken.push(LeafHash::of(line));
                given.extend(ahead.push(line, keys).into_iter().map(|prepared| prepared.leaf));
            }
            given.len() - before
        };
        assert_eq!(push(&Arc::default(), 4), 4);
        let on_their_way = cores::cores() + AHEAD;
        assert_eq!(push(&keys, 2 * on_their_way + 1), 0);
        assert_eq!(push(&keys, 2), 2);
        while let Some(prepared) = ahead.rest(&keys) {
            given.extend(prepared.into_iter().map(|prepared| prepared.leaf));
        }
        assert_eq!(given, taken);
    }
}
