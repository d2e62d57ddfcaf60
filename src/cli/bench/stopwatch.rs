//! How long something takes: the median of its repetitions, which a disturbance does not move.

use std::time::{Duration, Instant};

/// How long some work takes, and what comes of it.
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let done = work();
    (begin.elapsed(), done)
}

/// The time in the middle; of none, no time.
pub(super) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The median of a number of repetitions after one to warm up; of what takes longer than a second, the first alone.
pub(super) fn repeated<E>(
    times: usize,
    mut work: impl FnMut() -> Result<Duration, E>,
) -> Result<Duration, E> {
    let first = work()?;
    if first > Duration::from_secs(1) {
        return Ok(first);
    }
    (0..times).map(|_| work()).collect::<Result<Vec<_>, E>>().map(median)
}

/// The medians of two works that are done in turn, so that whatever disturbs one disturbs the other, after one round to
/// warm up.
pub(super) fn in_turn<E>(
    rounds: usize,
    mut limit: impl FnMut() -> Result<Duration, E>,
    mut ours: impl FnMut() -> Result<Duration, E>,
) -> Result<(Duration, Duration), E> {
    limit()?;
    ours()?;
    let (mut limits, mut all) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        limits.push(limit()?);
        all.push(ours()?);
    }
    Ok((median(limits), median(all)))
}

pub(super) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// So many in a time, in a second.
#[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 of anything are counted")]
pub(super) fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(1e-9)
}

/// A number of bytes in megabytes.
#[expect(clippy::cast_precision_loss, reason = "no file has 2^52 bytes")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbance_does_not_move_the_median() {
        let time = Duration::from_micros;
        assert_eq!(median([5, 3, 9_000, 4, 3].map(time).to_vec()), time(4));
        assert_eq!(median(Vec::new()), Duration::ZERO);
    }

    #[test]
    fn the_first_repetition_only_warms_up_unless_it_takes_long() {
        let of = |mut times: Vec<u64>| {
            times.reverse();
            repeated(3, || Ok::<_, ()>(Duration::from_millis(times.pop().unwrap()))).unwrap()
        };
        assert_eq!(of(vec![900, 3, 1, 2]), Duration::from_millis(2));
        assert_eq!(of(vec![1_100]), Duration::from_millis(1_100));
    }
}
