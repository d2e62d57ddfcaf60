//! Work on many things that do not depend on each other, which all cores share.

use std::sync::LazyLock;
use std::thread;

/// What `each` gives for ranges of things, one for each core, in their order. It is told how many stand before.
///
/// ```
/// let sums = annals::record::cores::ranges(&[1, 2, 3], &|_, range: &[i32]| range.iter().sum::<i32>());
/// assert_eq!(sums.iter().sum::<i32>(), 6);
/// ```
#[must_use]
pub fn ranges<T: Sync, R: Send>(things: &[T], each: &(impl Fn(usize, &[T]) -> R + Sync)) -> Vec<R> {
    let length = things.len().div_ceil(cores()).max(1);
    let ranges: Vec<_> = (0..).step_by(length).zip(things.chunks(length)).collect();
    share(&ranges, 1, &|(before, range)| each(*before, range))
}

/// What `each` gives for each thing, in their order. A core takes no fewer than `least` of them.
///
/// ```
/// assert_eq!(annals::record::cores::share(&[1, 2, 3], 1, &|number| number * 2), [2, 4, 6]);
/// ```
#[must_use]
pub fn share<T: Sync, R: Send>(things: &[T], least: usize, each: &(impl Fn(&T) -> R + Sync)) -> Vec<R> {
    let share = things.len().div_ceil(cores()).max(least.max(1));
    let work = |share: &[T]| share.iter().map(each).collect::<Vec<R>>();
    let mut shares = things.chunks(share);
    let first = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let begin = |share| thread::Builder::new().spawn_scoped(scope, move || work(share)).ok();
        let others: Vec<_> = shares.map(|share| (share, begin(share))).collect();
        let mut done = work(first);
        for (share, thread) in others {
            // What no thread could be had for, or could not do, is done here, where its panic is seen.
            let theirs = thread.and_then(|thread| thread.join().ok());
            done.extend(theirs.unwrap_or_else(|| work(share)));
        }
        done
    })
}

/// What two things give that do not depend on each other.
///
/// ```
/// assert_eq!(annals::record::cores::both(|| 1, &|| "two"), (1, "two"));
/// ```
#[must_use]
pub fn both<L, R: Send>(left: impl FnOnce() -> L, right: &(impl Fn() -> R + Sync)) -> (L, R) {
    thread::scope(|scope| {
        let begun = thread::Builder::new().spawn_scoped(scope, right).ok();
        let left = left();
        (left, begun.and_then(|thread| thread.join().ok()).unwrap_or_else(right))
    })
}

/// How many cores there are.
pub(super) fn cores() -> usize {
    // To ask the system takes as long as parsing several entries.
    static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
    *CORES
}
