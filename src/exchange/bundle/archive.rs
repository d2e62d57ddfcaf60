//! The archive of a bundle: one ZIP that every reader reads alike (PKWARE APPNOTE 6.3.10, 4.3).
//!
//! A ZIP says everything twice, before each member and in a directory at its end, and nothing in its form keeps the two from saying two
//! things, or other bytes from standing in between.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::FileExt;
use zip::{CompressionMethod, ZipArchive};

/// What stands before a member, and how long that is without name and extra fields (4.3.7).
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;

/// Bits of a header's flags (4.4.4): encrypted; sizes and sum behind the data.
const ENCRYPTED: u16 = 1;
const STREAMED: u16 = 1 << 3;

/// How long that may be: with or without its signature, with sizes of 4 or 8 bytes (4.3.9).
const DESCRIPTORS: [u64; 4] = [12, 16, 20, 24];

/// What an archive ends with, and how long that is without a comment (4.3.16).
const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;

/// A member, as the directory has it.
struct Member {
    name: Vec<u8>,
    at: u64,
    method: u16,
    sum: u32,
    /// Packed, and unpacked.
    sizes: [u64; 2],
}

/// Why two readers may read an archive, which is this file, in two ways; nothing where they cannot. Names that come twice are looked
/// for elsewhere.
pub(super) fn ambiguity(
    archive: &mut ZipArchive<BufReader<File>>,
    file: &File,
) -> io::Result<Option<String>> {
    const BESIDE: &str = "something stands before, between or after its members";
    let beside = || Ok(Some(BESIDE.to_owned()));
    let mut directory = archive.central_directory_start();
    if archive.offset() != 0 || !archive.comment().is_empty() || !is_ended(file, directory)? {
        return beside();
    }
    let mut members = Vec::with_capacity(archive.len());
    for number in 0..archive.len() {
        let member = archive.by_index_raw(number).map_err(io::Error::other)?;
        let method = match member.compression() {
            CompressionMethod::Stored => 0,
            CompressionMethod::Deflated => 8,
            _ => u16::MAX,
        };
        directory = directory.min(member.central_header_start());
        let sizes = [member.compressed_size(), member.size()];
        let (name, at, sum) = (member.name_raw().to_vec(), member.header_start(), member.crc32());
        members.push(Member { name, at, method, sum, sizes });
    }
    members.sort_by_key(|member| member.at);
    let ends = members.iter().skip(1).map(|member| member.at).chain([directory]).collect::<Vec<_>>();
    let mut begins = 0;
    for (member, ends) in members.iter().zip(ends) {
        let gap = |length: u64| ends.checked_sub(begins).and_then(|whole| whole.checked_sub(length));
        match local(file, member)? {
            _ if member.at != begins => return beside(),
            Some((length, false)) if gap(length) == Some(0) => {}
            Some((length, true)) if gap(length).is_some_and(|gap| DESCRIPTORS.contains(&gap)) => {}
            Some(_) => return beside(),
            None => {
                let name: String = String::from_utf8_lossy(&member.name).chars().take(120).collect();
                return Ok(Some(format!(
                    "its directory says otherwise of `{name}` than what stands before that"
                )));
            }
        }
        begins = ends;
    }
    Ok(None)
}

/// Whether the directory ends where the file does.
fn is_ended(file: &File, directory: u64) -> io::Result<bool> {
    let Some(at) = file.metadata()?.len().checked_sub(END_LENGTH as u64) else { return Ok(false) };
    let mut end = [0; END_LENGTH];
    file.read_exact_at(&mut end, at)?;
    let mut rest = end.as_slice();
    let (signature, _counts): ([u8; 4], [u8; 8]) = (next(&mut rest), next(&mut rest));
    let [size, begins] = [(); 2].map(|()| u32::from_le_bytes(next(&mut rest)));
    // Of a large one the sizes stand in a record of their own, which is of no fixed length.
    let large = size == u32::MAX || begins == u32::MAX;
    Ok(signature == END && (large || directory + u64::from(size) == at))
}

/// How long a member is with what stands before it, and whether more follows; nothing where that says otherwise than the directory.
fn local(file: &File, member: &Member) -> io::Result<Option<(u64, bool)>> {
    let mut header = [0; LOCAL_LENGTH];
    file.read_exact_at(&mut header, member.at)?;
    let mut rest = header.as_slice();
    let signature: [u8; 4] = next(&mut rest);
    let [_version, flags, method, _time, _day] = [(); 5].map(|()| u16::from_le_bytes(next(&mut rest)));
    let [sum, packed, unpacked] = [(); 3].map(|()| u32::from_le_bytes(next(&mut rest)));
    let [named, extra] = [(); 2].map(|()| u64::from(u16::from_le_bytes(next(&mut rest))));
    let mut name = vec![0; member.name.len()];
    file.read_exact_at(&mut name, member.at + LOCAL_LENGTH as u64)?;
    let streamed = flags & STREAMED != 0;
    // A size that takes more than four bytes stands in an extra field.
    let is_size = |written: u32, size: u64| written == u32::MAX || u64::from(written) == size;
    let [in_file, size] = member.sizes;
    let told = sum == member.sum && is_size(packed, in_file) && is_size(unpacked, size);
    let untold = [sum, packed, unpacked] == [0; 3] || [packed, unpacked] == [u32::MAX; 2];
    let same = signature == LOCAL
        && flags & ENCRYPTED == 0
        && method == member.method
        && named == member.name.len() as u64
        && name == member.name
        && (told || streamed && untold);
    let length = LOCAL_LENGTH as u64 + named + extra;
    Ok(same.then(|| (length.saturating_add(in_file), streamed)))
}

/// The next bytes of a header, which has them.
fn next<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (bytes, after) = rest.split_first_chunk().unwrap_or((&[0; N], &[]));
    *rest = after;
    *bytes
}
