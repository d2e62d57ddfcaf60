//! The queue: whoever comes while a commit runs waits with all others who do, and the first of them commits for all.
//!
//! No thread is kept for it: one that comes alone commits alone, at once. What a commit is, is not known here.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Jobs `J` that are answered by `A`, by whoever has the turn `T`.
#[derive(Debug)]
pub(super) struct Queue<J, A, T> {
    turn: Mutex<T>,
    next: Mutex<Next<J, A>>,
}

/// The jobs of the next commit, and where their answers will be.
#[derive(Debug)]
struct Next<J, A> {
    jobs: Vec<J>,
    answers: Arc<Answers<A>>,
}

/// The answers of a commit, in the order of its jobs; none where it panicked.
#[derive(Debug)]
struct Answers<A>(OnceLock<Vec<Mutex<Option<A>>>>);

impl<J, A> Default for Next<J, A> {
    fn default() -> Self {
        Self { jobs: Vec::new(), answers: Arc::new(Answers(OnceLock::new())) }
    }
}

impl<J, A, T> Queue<J, A, T> {
    pub(super) fn new(turn: T) -> Self {
        Self { turn: Mutex::new(turn), next: Mutex::default() }
    }

    /// The turn, for whoever has something else to do while no commit runs.
    pub(super) fn turn(&self) -> MutexGuard<'_, T> {
        // One that panicked has said in it what is to be known of that.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a job done: `commit` does all jobs that wait, where this is the first of them, and answers them in their order.
    /// There is no answer where the commit panicked that another began.
    pub(super) fn submit(&self, job: J, commit: impl FnOnce(&mut T, Vec<J>) -> Vec<A>) -> Option<A> {
        let (place, answers) = {
            let mut next = self.next();
            next.jobs.push(job);
            (next.jobs.len() - 1, Arc::clone(&next.answers))
        };
        if place == 0 {
            let mut turn = self.turn();
            // Whoever comes from here on is for the commit after this one.
            let jobs = mem::take(&mut *self.next()).jobs;
            let said = Said(&answers);
            let all = commit(&mut turn, jobs);
            // Whoever commits next is woken before the many who only go on.
            drop(turn);
            said.all(all);
        }
        let answer = answers.0.wait().get(place)?;
        answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// How many jobs wait for the next commit.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.next().jobs.len()
    }

    fn next(&self) -> MutexGuard<'_, Next<J, A>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever has to say answers; those who wait are told that there is none where it panics.
struct Said<'a, A>(&'a Answers<A>);

impl<A> Said<'_, A> {
    fn all(&self, answers: Vec<A>) {
        let answers = answers.into_iter().map(|answer| Mutex::new(Some(answer))).collect();
        // They are said once.
        let _ = self.0.0.set(answers);
    }
}

impl<A> Drop for Said<'_, A> {
    fn drop(&mut self) {
        self.all(Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    /// Waits until so many jobs are in the queue.
    fn await_jobs(queue: &Queue<u64, u64, Vec<usize>>, count: usize) {
        while queue.waiting() < count {
            thread::yield_now();
        }
    }

    fn double(turn: &mut Vec<usize>, jobs: Vec<u64>) -> Vec<u64> {
        turn.push(jobs.len());
        jobs.into_iter().map(|job| job * 2).collect()
    }

    #[test]
    fn whoever_comes_while_a_commit_runs_is_answered_by_the_next_and_each_with_its_own() {
        let queue = Queue::new(Vec::new());
        thread::scope(|scope| {
            let turn = queue.turn();
            let waiting: Vec<_> = (0..9)
                .map(|job| {
                    (
                        job,
                        scope.spawn({
                            let queue = &queue;
                            move || queue.submit(job, double)
                        }),
                    )
                })
                .collect();
            await_jobs(&queue, 9);
            drop(turn);
            for (job, answer) in waiting {
                assert_eq!(answer.join().unwrap(), Some(job * 2));
            }
        });
        assert_eq!(queue.submit(21, double), Some(42));
        assert_eq!(*queue.turn(), [9, 1], "nine in one commit, and one alone");
    }

    #[test]
    fn nobody_waits_for_a_commit_that_panicked() {
        let queue = Queue::new(Vec::new());
        thread::scope(|scope| {
            let (begun, begins) = mpsc::channel();
            let first = scope.spawn({
                let queue = &queue;
                move || {
                    queue.submit(1, |turn, jobs| {
                        begun.send(()).unwrap();
                        await_jobs(queue, 2);
                        double(turn, jobs)
                    })
                }
            });
            begins.recv().unwrap();
            let others: Vec<_> = [2, 3]
                .map(|job| {
                    scope.spawn({
                        let queue = &queue;
                        move || queue.submit(job, |_, _| panic!("as a defect would"))
                    })
                })
                .into();
            assert_eq!(first.join().unwrap(), Some(2));
            let answers: Vec<_> = others.into_iter().map(thread::ScopedJoinHandle::join).collect();
            assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1, "the one that panicked");
            assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(None))).count(), 1);
        });
        assert_eq!(queue.submit(4, double), Some(8));
    }
}
