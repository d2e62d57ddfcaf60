//! A line that is as it has to be, read in one pass: names are compared with those that are expected, and each value is decoded
//! where it is met. Of any other line nothing is said; what is wrong with it is told by a reader that takes its time.

use super::{Parts, decoded, place, within};
use crate::trail::attribute::{parse_id, parse_timestamp};
use crate::trail::canonical::{Inside, Reader};
use crate::trail::entry::{SIGNED_LIMIT, Seal};
use crate::trail::hash::LeafHash;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use uuid::Uuid;

pub(super) fn request(text: &str) -> Option<Parts<'_>> {
    read(text, |_| Some(()), |_| Some(())).map(|(parts, ..)| parts)
}

pub(super) fn entry(text: &str) -> Option<(Parts<'_>, Seal)> {
    let chain = |line: &mut Reader<'_>| {
        line.literal("\"prevhash\":")?;
        let prevhash = hash(line)?;
        line.literal(",\"recordedtime\":")?;
        let recordedtime = time(line)?;
        line.literal(",\"sequence\":")?;
        let sequence = place(line.quoted()?)?;
        line.literal(",").map(|()| (prevhash, recordedtime, sequence))
    };
    let stream = |line: &mut Reader<'_>| {
        line.literal("\"streamprevhash\":")?;
        let streamprevhash = hash(line)?;
        line.literal(",\"streamversion\":")?;
        let streamversion = line.number().ok().and_then(|version| u64::try_from(version).ok())?;
        line.literal(",").filter(|()| streamversion > 0).map(|()| (streamprevhash, streamversion))
    };
    let (parts, (prevhash, recordedtime, sequence), (streamprevhash, streamversion)) =
        read(text, chain, stream)?;
    Some((parts, Seal { sequence, recordedtime, prevhash, streamversion, streamprevhash }))
}

/// Reads what an author signs, and at two places between it what the ledger adds.
#[inline]
fn read<'a, C, S>(
    all: &'a str,
    chain: impl Fn(&mut Reader<'a>) -> Option<C>,
    stream: impl Fn(&mut Reader<'a>) -> Option<S>,
) -> Option<(Parts<'a>, C, S)> {
    let mut line = Reader::new(all);
    line.literal("{\"basehash\":")?;
    let basehash = hash(&mut line)?;
    let causationid = match line.literal(",\"causationid\":") {
        Some(()) => Some(id(&mut line)?),
        None => None,
    };
    let correlationid = match line.literal(",\"correlationid\":") {
        Some(()) => Some(text(&mut line)?),
        None => None,
    };
    line.literal(",\"data\":")?;
    let begin = line.at();
    line.inner().ok()?;
    let data = begin..line.at();
    line.literal(",\"datacontenttype\":\"application/json\",\"id\":")?;
    let id = id(&mut line)?;
    line.literal(",\"keyid\":")?;
    let keyid = text(&mut line)?;
    line.literal(",\"ledger\":")?;
    let ledger = text(&mut line)?;
    line.literal(",")?;
    let first = 0..line.at();
    let chain = chain(&mut line)?;
    line.literal("\"signature\":")?;
    let signature = line.quoted().and_then(decoded)?;
    line.literal(",")?;
    let begin = line.at();
    line.literal("\"source\":")?;
    let source = text(&mut line)?;
    line.literal(",\"specversion\":\"1.0\",")?;
    let second = begin..line.at();
    let stream = stream(&mut line)?;
    let third = line.at()..all.len();
    line.literal("\"subject\":")?;
    let subject = text(&mut line)?;
    line.literal(",\"time\":")?;
    let time = time(&mut line)?;
    line.literal(",\"type\":")?;
    let kind = text(&mut line)?;
    line.literal("}")?;
    line.end().ok()?;
    let signed = [first, second, third];
    within(signed.iter().map(ExactSizeIterator::len).sum(), SIGNED_LIMIT).ok()?;
    let parts = Parts {
        ledger,
        id,
        source,
        kind,
        subject,
        time,
        keyid,
        basehash,
        causationid,
        correlationid,
        data,
        signature,
        signed,
    };
    Some((parts, chain, stream))
}

fn text<'a>(line: &mut Reader<'a>) -> Option<Cow<'a, str>> {
    line.string().ok().map(Inside::unescaped)
}

fn hash(line: &mut Reader<'_>) -> Option<LeafHash> {
    line.quoted().and_then(LeafHash::decode)
}

fn id(line: &mut Reader<'_>) -> Option<Uuid> {
    line.quoted::<36>().and_then(parse_id)
}

fn time(line: &mut Reader<'_>) -> Option<DateTime<Utc>> {
    line.quoted::<24>().and_then(parse_timestamp)
}
