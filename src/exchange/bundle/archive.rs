//! The archive of a bundle: one ZIP that every reader reads alike (PKWARE APPNOTE 6.3.10, 4.3).
//!
//! A ZIP says everything twice, before each member and in a directory at its end. That both say the same is the library's to look at;
//! that nothing else stands in the file, where another reader may look, is looked at here.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::FileExt;
use zip::result::ZipResult;
use zip::{CompressionMethod, ZipArchive};

/// Where the flags of a member are in what stands before it (4.3.7), and the one that its sum and sizes follow it (4.4.4).
const FLAGS: u64 = 6;
const STREAMED: u16 = 1 << 3;

/// The flags that change nothing for a reader: how hard was tried to deflate, what follows the member, and names in UTF-8 (4.4.4).
const PLAIN: u16 = 0b11 << 1 | STREAMED | 1 << 11;

/// What sums and sizes that follow a member begin with, where they do (4.3.9).
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// What an entry of the directory begins with, and how long it is without its three texts (4.3.12).
const LISTED: [u8; 4] = *b"PK\x01\x02";
const LISTED_LENGTH: usize = 46;

/// What an archive ends with, and how long that is without a comment (4.3.16).
const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;

/// What stands before that in a large one: the record, without more than its version has, and where it is (4.3.14, 4.3.15).
const LARGE_END: [u8; 4] = *b"PK\x06\x06";
const LARGE_LENGTH: usize = 56;
const LARGE_AT: [u8; 4] = *b"PK\x06\x07";
const LARGE_AT_LENGTH: usize = 20;

/// A member, as the directory has it: where it and its bytes begin, their sum, and how many they are, packed and unpacked.
struct Member {
    at: u64,
    flags: u16,
    begins: u64,
    sum: u32,
    packed: u64,
    unpacked: u64,
}

/// What another reader may meet, or not be able to open.
const BESIDE: &str = "something stands before, between or after its members";
const METHOD: &str = "a member is encrypted, or neither stored nor deflated, or packed in another way that not every reader knows";

/// Why an archive is not all of a file, each member once, one after the other. That no name comes twice is looked at elsewhere, and that
/// nothing stands within a member but what is packed in it, by whoever reads it.
///
/// # Errors
/// Where what stands before a member is not what the directory says of it.
pub(super) fn fault(
    archive: &mut ZipArchive<BufReader<File>>,
    file: &File,
) -> ZipResult<Option<&'static str>> {
    archive.validate_header_consistency()?;
    let directory = archive.central_directory_start();
    if archive.offset() != 0 || !archive.comment().is_empty() {
        return Ok(Some(BESIDE));
    }
    let mut members = Vec::with_capacity(archive.len());
    for number in 0..archive.len() {
        let member = archive.by_index_raw(number)?;
        let is_known =
            matches!(member.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
        let flags = flags(file, member.header_start())?;
        if flags & !PLAIN != 0 || !is_known {
            return Ok(Some(METHOD));
        }
        members.push(Member {
            at: member.header_start(),
            flags,
            begins: member.data_start().unwrap_or_default(),
            sum: member.crc32(),
            packed: member.compressed_size(),
            unpacked: member.size(),
        });
    }
    members.sort_by_key(|member| member.at);
    let mut at = 0;
    for (member, next) in members.iter().zip(members.iter().skip(1).map(|next| next.at).chain([directory])) {
        if member.at != at || !is_followed(file, member, next)? {
            return Ok(Some(BESIDE));
        }
        at = next;
    }
    Ok(match listed(file, directory)? {
        Some((_, flags)) if flags & !u64::from(PLAIN) != 0 => Some(METHOD),
        Some((count, _)) if at == directory && count == members.len() => None,
        _ => Some(BESIDE),
    })
}

/// The flags of a member that begins somewhere.
fn flags(file: &File, at: u64) -> io::Result<u16> {
    let mut flags = [0; 2];
    file.read_exact_at(&mut flags, at.saturating_add(FLAGS))?;
    Ok(u16::from_le_bytes(flags))
}

/// Whether what follows a member begins where it ends, or after its own sum and sizes.
fn is_followed(file: &File, member: &Member, next: u64) -> io::Result<bool> {
    let Some(gap) = member.begins.checked_add(member.packed).and_then(|end| next.checked_sub(end)) else {
        return Ok(false);
    };
    let length = usize::try_from(gap).unwrap_or(usize::MAX);
    if member.flags & STREAMED == 0 || !matches!(length, 12 | 16 | 20 | 24) {
        return Ok(length == 0);
    }
    let mut descriptor = vec![0; length];
    file.read_exact_at(&mut descriptor, next - gap)?;
    let sizes = [member.packed, member.unpacked];
    let sizes: Vec<u8> = if length < 20 {
        sizes.iter().flat_map(|size| u32::try_from(*size).unwrap_or(u32::MAX).to_le_bytes()).collect()
    } else {
        sizes.iter().flat_map(|size| size.to_le_bytes()).collect()
    };
    let told = [member.sum.to_le_bytes().as_slice(), &sizes].concat();
    Ok(descriptor.strip_prefix(&DESCRIPTOR).unwrap_or(&descriptor) == told)
}

/// How many entries the directory has, and all flags of them, where nothing stands between them, nor after them but what ends the file
/// and says the same.
fn listed(file: &File, directory: u64) -> io::Result<Option<(usize, u64)>> {
    let Some(end) = End::of(file)? else { return Ok(None) };
    let (mut at, mut count, mut flags) = (directory, 0, 0);
    while at < end.at {
        let mut entry = [0; LISTED_LENGTH];
        file.read_exact_at(&mut entry, at)?;
        let texts = entry.get(28..34).unwrap_or_default().as_chunks().0;
        let texts: u64 = texts.iter().map(|length| u64::from(u16::from_le_bytes(*length))).sum();
        if !entry.starts_with(&LISTED) {
            return Ok(None);
        }
        flags |= number(&entry, 8, 2);
        (at, count) = (at + LISTED_LENGTH as u64 + texts, count + 1);
    }
    let told = at == end.at && end.size == end.at - directory && end.count == count as u64;
    Ok(told.then_some((count, flags)))
}

/// What ends a file: where the directory does, how many bytes that has, and how many entries.
struct End {
    at: u64,
    size: u64,
    count: u64,
}

impl End {
    /// Nothing where a file does not end like an archive.
    fn of(file: &File) -> io::Result<Option<Self>> {
        let Some(at) = file.metadata()?.len().checked_sub(END_LENGTH as u64) else { return Ok(None) };
        let (mut end, mut large) = ([0; END_LENGTH], [0; LARGE_LENGTH + LARGE_AT_LENGTH]);
        file.read_exact_at(&mut end, at)?;
        if !end.starts_with(&END) {
            return Ok(None);
        }
        let short = Self { at, size: number(&end, 12, 4), count: number(&end, 10, 2) };
        let Some(before) = at.checked_sub(large.len() as u64) else { return Ok(Some(short)) };
        file.read_exact_at(&mut large, before)?;
        let (record, place) = large.split_at(LARGE_LENGTH);
        if !record.starts_with(&LARGE_END) || !place.starts_with(&LARGE_AT) {
            return Ok(Some(short));
        }
        let large = Self { at: before, size: number(record, 40, 8), count: number(record, 32, 8) };
        // What fits into the short one may stand there, too.
        let same = [u32::MAX.into(), large.size].contains(&short.size)
            && [u16::MAX.into(), large.count].contains(&short.count);
        Ok(same.then_some(large))
    }
}

/// A number of so many bytes at a place, the lowest first.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    let bytes = bytes.get(at..at + length).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
