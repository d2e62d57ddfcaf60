//! Ids of requests: UUIDs of version 7, ordered by time, and the same each time where a request is made again.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The id of a line that gives none: a UUIDv7 of its time, whose random bits are the leading bits of SHA-256 over
/// origin, file and line number, so that importing the same file again finds the same ids.
#[must_use]
pub fn derived(time: DateTime<Utc>, origin: &str, file_sha256: &str, line: u64) -> Uuid {
    let hash = Sha256::digest(format!("{origin}\n{file_sha256}\n{line}"));
    let mut leading = [0; 16];
    leading.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    version_7(time, u128::from_be_bytes(leading) >> 54)
}

/// The id of one of several changes that are asked for together under one id, counted from 1. The first bears that id; each
/// other one is a UUIDv7 of the same millisecond, derived as [`derived`] derives it from that id in place of a file's SHA-256,
/// so that asking again finds the same ids.
#[must_use]
pub fn further(first: Uuid, origin: &str, number: u64) -> Uuid {
    if number == 1 {
        return first;
    }
    derived(time(first), origin, &first.to_string(), number)
}

/// The time that an id of version 7 bears, to the millisecond.
#[must_use]
pub fn time(id: Uuid) -> DateTime<Utc> {
    let millis = i64::try_from(id.as_u128() >> 80).ok();
    millis.and_then(DateTime::from_timestamp_millis).unwrap_or_default()
}

/// Whether two ids are the same but for the time that they bear: derived ones of the same line are.
#[must_use]
pub const fn same_but_for_time(one: Uuid, other: Uuid) -> bool {
    (one.as_u128() ^ other.as_u128()) << 48 == 0
}

/// A UUIDv7 of a time and 74 of 80 random bits.
#[must_use]
pub fn new(time: DateTime<Utc>, random: [u8; 10]) -> Uuid {
    version_7(time, random.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte)))
}

/// RFC 9562 §5.7: `unix_ts_ms (48) ver (4) rand_a (12) var (2) rand_b (62)`, the last 74 of `random` in their order.
fn version_7(time: DateTime<Utc>, random: u128) -> Uuid {
    let millis = u128::from(u64::try_from(time.timestamp_millis()).unwrap_or(0)) & ((1 << 48) - 1);
    let (a, b) = (random >> 62 & 0xFFF, random & ((1 << 62) - 1));
    Uuid::from_u128(millis << 80 | 7 << 76 | a << 64 | 0b10 << 62 | b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::entry::{parse_id, parse_timestamp, timestamp};

    #[test]
    fn of_several_changes_each_has_an_id_that_follows_from_the_first() {
        let first = parse_id("01795a70-9c00-7f4a-884d-de944e2fd581").unwrap();
        let ids = [1, 2, 3].map(|number| further(first, "annals.example/desk", number).to_string());
        assert_eq!(ids[0], first.to_string());
        assert!(ids.iter().all(|id| id.starts_with("01795a70-9c00-7") && parse_id(id).is_some()), "{ids:?}");
        // printf 'annals.example/desk\n01795a70-9c00-7f4a-884d-de944e2fd581\n2' | sha256sum
        assert_eq!(ids[1], "01795a70-9c00-7517-8c3c-0bc87354b1e8");
        assert_ne!(ids[1], ids[2]);
        let later = time(first) + chrono::Duration::days(1);
        assert!(same_but_for_time(derived(later, "a", "b", 1), derived(time(first), "a", "b", 1)));
        assert!(!same_but_for_time(derived(later, "a", "b", 1), derived(later, "a", "b", 2)));
        assert_eq!(timestamp(time(first)), "2021-05-11T08:00:00.000Z");
    }

    #[test]
    fn a_derived_id_holds_the_leading_bits_of_its_hash() {
        let time = parse_timestamp("2021-04-14T09:30:00.000Z").unwrap();
        // printf 'annals.example/desk\n%064d\n7' 0 | sha256sum
        let id = derived(time, "annals.example/desk", &"0".repeat(64), 7);
        let hash = Sha256::digest(format!("annals.example/desk\n{}\n7", "0".repeat(64)));
        let bits = |bytes: &[u8], from: usize, count: usize| -> Vec<u8> {
            (from..from + count).map(|bit| bytes[bit / 8] >> (7 - bit % 8) & 1).collect()
        };
        let random = [bits(id.as_bytes(), 52, 12), bits(id.as_bytes(), 66, 62)].concat();
        assert_eq!(random, bits(&hash, 0, 74));
        assert_eq!(
            (id.get_version_num(), id.to_string().as_str()),
            (7, "0178cfb7-4dc0-7ab9-a648-36f03e688815")
        );
    }
}
