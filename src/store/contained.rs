//! What may panic, fail or hang lives in a thread of its own: whoever asks it waits for so long and no longer, and a panic is
//! an answer like another. What lives there is not here: the frames keep sled in it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// The name of every such thread; a program that shows panics to its users may pass over these, which are answered.
pub const THREAD: &str = "sled";

/// Jobs that nobody waits for, before those who bring more wait for room.
const QUEUE: usize = 256;
/// How long a full queue may stand still.
const STANDSTILL: Duration = Duration::from_secs(2);

/// What went wrong inside, in words; there is one remedy for all of it.
pub(super) type Broken = String;

/// Something in a thread of its own.
pub(super) struct Contained<T> {
    orders: SyncSender<Order<T>>,
    /// How many orders came to an end.
    done: Arc<AtomicU64>,
    /// Why it is of no more use.
    broken: Arc<OnceLock<Broken>>,
}

type Job<T> = Box<dyn FnOnce(&mut T) -> Result<(), Broken> + Send>;
type LastJob<T> = Box<dyn FnOnce(T) -> Result<(), Broken> + Send>;

enum Order<T> {
    Do(Job<T>),
    End(LastJob<T>, SyncSender<Result<(), Broken>>),
}

impl<T> fmt::Debug for Contained<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contained").field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl<T: 'static> Contained<T> {
    /// Makes something in a thread of its own. Where that takes too long, the thread is left behind.
    pub(super) fn begin(
        patience: Duration,
        make: impl FnOnce() -> Result<T, Broken> + Send + 'static,
    ) -> Result<Self, Broken> {
        let (orders, taken) = mpsc::sync_channel(QUEUE);
        let (done, broken) = (Arc::default(), Arc::default());
        let (sender, begun) = mpsc::sync_channel(1);
        let (own_done, own_broken) = (Arc::clone(&done), Arc::clone(&broken));
        let live = move || match contained(make) {
            Ok(inside) => {
                // Whoever waited too long has left; then nothing is ordered, and what was made is dropped.
                let _ = sender.send(Ok(()));
                live(inside, &taken, &own_done, &own_broken);
            }
            Err(error) => drop(sender.send(Err(error))),
        };
        let spawned = thread::Builder::new().name(THREAD.to_owned()).spawn(live);
        spawned.map_err(|error| error.to_string())?;
        begun.recv_timeout(patience).unwrap_or_else(|_| Err("sled did not open in time".to_owned()))?;
        Ok(Self { orders, done, broken })
    }

    /// What a job says, for which it is waited so long, and as long as those before it come to an end.
    pub(super) fn ask<R: Send + 'static>(
        &self,
        patience: Duration,
        job: impl FnOnce(&mut T) -> Result<R, Broken> + Send + 'static,
    ) -> Result<R, Broken> {
        let (sender, answer) = mpsc::sync_channel(1);
        self.order(Order::Do(Box::new(move |inside| {
            // Whoever waited too long has left.
            let _ = sender.send(job(inside));
            Ok(())
        })))?;
        self.wait(&answer, patience)
    }

    /// Orders a job that nobody waits for: what it says is told to whoever comes next.
    pub(super) fn tell(
        &self,
        job: impl FnOnce(&mut T) -> Result<(), Broken> + Send + 'static,
    ) -> Result<(), Broken> {
        self.order(Order::Do(Box::new(job)))
    }

    /// Ends it in its thread, after all that was ordered.
    pub(super) fn end(
        self,
        patience: Duration,
        end: impl FnOnce(T) -> Result<(), Broken> + Send + 'static,
    ) -> Result<(), Broken> {
        let (sender, answer) = mpsc::sync_channel(1);
        self.order(Order::End(Box::new(end), sender))?;
        self.wait(&answer, patience)?;
        self.broken.get().map_or(Ok(()), |reason| Err(reason.clone()))
    }

    fn wait<R>(&self, answer: &Receiver<Result<R, Broken>>, patience: Duration) -> Result<R, Broken> {
        loop {
            let done = self.done.load(Ordering::Relaxed);
            let reason = match answer.recv_timeout(patience) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) if self.done.load(Ordering::Relaxed) != done => continue,
                Err(RecvTimeoutError::Timeout) => "sled did not answer in time",
                Err(RecvTimeoutError::Disconnected) => "sled panicked",
            };
            return Err(self.broken.get_or_init(|| reason.to_owned()).clone());
        }
    }

    /// Puts an order into the queue; where that is full, waits as long as it moves.
    fn order(&self, mut order: Order<T>) -> Result<(), Broken> {
        let (mut seen, mut since) = (self.done.load(Ordering::Relaxed), Instant::now());
        loop {
            if let Some(reason) = self.broken.get() {
                return Err(reason.clone());
            }
            order = match self.orders.try_send(order) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(order)) => order,
                Err(TrySendError::Disconnected(_)) => return Err("sled panicked".to_owned()),
            };
            thread::sleep(Duration::from_millis(1));
            let done = self.done.load(Ordering::Relaxed);
            if done != seen {
                (seen, since) = (done, Instant::now());
            } else if since.elapsed() > STANDSTILL {
                let _ = self.broken.set("sled takes nothing more".to_owned());
            }
        }
    }
}

/// Runs something and turns its panic into an error.
pub(super) fn contained<T>(run: impl FnOnce() -> Result<T, Broken>) -> Result<T, Broken> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("sled panicked".to_owned()))
}

fn live<T>(mut inside: T, orders: &Receiver<Order<T>>, done: &AtomicU64, broken: &OnceLock<Broken>) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Do(job) => match catch_unwind(AssertUnwindSafe(|| job(&mut inside))) {
                Ok(Ok(())) => {}
                // Only the first reason is kept.
                Ok(Err(reason)) => drop(broken.set(reason)),
                Err(_) => {
                    let _ = broken.set("sled panicked".to_owned());
                    // What panicked once may hang or panic again when it is dropped, and the second panic ends the process.
                    std::mem::forget(inside);
                    return;
                }
            },
            Order::End(end, answer) => {
                // Whoever waited too long has left.
                let _ = answer.send(contained(|| end(inside)));
                return;
            }
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    // Nobody wants it any more, nor to know how it ends.
    let _ = contained(|| {
        drop(inside);
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(200);
    const LONG: Duration = Duration::from_mins(1);

    fn number() -> Contained<u64> {
        Contained::begin(LONG, || Ok(7)).unwrap()
    }

    #[test]
    fn orders_are_carried_out_one_after_another() {
        let contained = number();
        for _ in 0..10_000 {
            let count = |number: &mut u64| {
                *number += 1;
                Ok(())
            };
            contained.tell(count).unwrap();
        }
        assert_eq!(contained.ask(LONG, |number| Ok(*number)), Ok(10_007));
        let (sender, last) = mpsc::channel();
        contained.end(LONG, move |number| sender.send(number).map_err(|error| error.to_string())).unwrap();
        assert_eq!(last.recv(), Ok(10_007));
    }

    #[test]
    fn a_panic_is_an_error_and_the_last_that_is_answered() {
        let panicked = Err("sled panicked".to_owned());
        assert_eq!(Contained::<()>::begin(LONG, || panic!("as sled does")).map(|_| ()), panicked);
        let contained = number();
        assert_eq!(contained.ask(LONG, |_| -> Result<(), Broken> { panic!("as sled does") }), panicked);
        assert_eq!(contained.ask(LONG, |number| Ok(*number)).map(|_| ()), panicked);
        assert_eq!(contained.end(LONG, |_| Ok(())), panicked);
        assert_eq!(number().end(LONG, |_| panic!("as sled does")), panicked);
    }

    #[test]
    fn what_panicked_is_not_dropped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("as sled does, a second time")
            }
        }
        let contained = Contained::begin(LONG, || Ok(Bomb)).unwrap();
        let asked = contained.ask(LONG, |_| -> Result<(), Broken> { panic!("as sled does") });
        assert_eq!(asked, Err("sled panicked".to_owned()));
        let contained = Contained::begin(LONG, || Ok(Bomb)).unwrap();
        let end = |bomb: Bomb| {
            drop(bomb);
            Ok(())
        };
        assert_eq!(contained.end(LONG, end), Err("sled panicked".to_owned()));
    }

    #[test]
    fn an_error_of_what_nobody_waited_for_is_told_to_whoever_comes_next() {
        let contained = number();
        contained.tell(|_| Err("no room".to_owned())).unwrap();
        let _ = contained.ask(LONG, |_| Ok(()));
        assert_eq!(contained.tell(|_| Ok(())), Err("no room".to_owned()));
        let contained = number();
        contained.tell(|_| Err("no room".to_owned())).unwrap();
        assert_eq!(contained.end(LONG, |_| Ok(())), Err("no room".to_owned()));
    }

    #[test]
    fn what_hangs_is_left_behind() {
        let hang = || loop {
            thread::sleep(LONG);
        };
        assert!(Contained::<()>::begin(SOON, hang).is_err());
        let contained = number();
        let begun = Instant::now();
        assert!(contained.ask(SOON, move |_| -> Result<(), Broken> { hang() }).is_err());
        assert!(contained.tell(|_| Ok(())).is_err(), "nobody waits twice");
        assert!(number().end(SOON, move |_| hang()).is_err());
        let contained = number();
        contained.tell(move |_| hang()).unwrap();
        let refused = (0..10_000).find_map(|_| contained.tell(|_| Ok(())).err());
        assert_eq!(refused, Some("sled takes nothing more".to_owned()));
        assert!(contained.end(LONG, |_| Ok(())).is_err());
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}
